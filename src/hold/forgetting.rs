//! Held messages of a person who is erased: looked through a page at a time, and dropped; a message that
//! waits for several people loses the one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{self, Stored};
use super::states::State;
use super::{HeldMessage, Hold, HoldError, HoldKey};

const PAGE: &str =
    rows::stored!("LEFT JOIN body b ON b.name = h.body WHERE h.state <= 1 AND h.id > ?1 ORDER BY h.id LIMIT ?2");

const ONE: &str = rows::stored!("LEFT JOIN body b ON b.name = h.body WHERE h.state <= 1 AND h.id = ?1");

impl Hold {
    /// Messages that nobody is sending, in the order of their ids, after one. A damaged one is not among
    /// them: the wheel puts it aside at its time.
    pub async fn waiting_after(&self, id: &str, most: usize) -> Result<Vec<HeldMessage>, HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, key| waiting_after(connection, key, &id, most)).await
    }

    /// Takes recipients out of a message that waits; with the last of them it is dropped. A wheel that has it
    /// in hand loses it, and its copy in a shared store is brought up to date or taken away. False when bytes may be leaving already, or it has ended.
    pub async fn leave_out(&self, id: &str, recipients: Vec<u32>, now: Timestamp) -> Result<bool, HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, key| leave_out(connection, key, &id, &recipients, now)).await
    }
}

impl HeldMessage {
    /// Takes recipients out, with what decided about them. True when somebody is left.
    pub fn leave_out(&mut self, recipients: &[u32]) -> bool {
        let stays: Vec<bool> = self.recipients.iter().map(|index| !recipients.contains(index)).collect();
        let mut kept = stays.iter();
        self.recipients.retain(|_| *kept.next().unwrap_or(&true));
        let mut kept = stays.iter();
        self.decisions.retain(|_| *kept.next().unwrap_or(&true));
        !self.recipients.is_empty()
    }
}

pub(super) fn waiting_after(
    connection: &Connection,
    key: &HoldKey,
    id: &str,
    most: usize,
) -> Result<Vec<HeldMessage>, HoldError> {
    let mut query = connection.prepare_cached(PAGE)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.query_map(params![id, most], Stored::of)?;
    let mut waiting = Vec::new();
    for row in rows {
        match row?.open(key) {
            Ok((_, held)) => waiting.push(held.message),
            Err(why) => tracing::warn!(why, "a held message is damaged; it is put aside at its time"),
        }
    }
    Ok(waiting)
}

fn leave_out(
    connection: &Connection,
    key: &HoldKey,
    id: &str,
    recipients: &[u32],
    now: Timestamp,
) -> Result<bool, HoldError> {
    let Some(stored) = connection.prepare_cached(ONE)?.query_row([id], Stored::of).optional()? else {
        return Ok(false);
    };
    let Ok((_, mut held)) = stored.open(key) else { return Ok(false) };
    let message = &mut held.message;
    if !message.leave_out(recipients) {
        rows::cancel(connection, id, now)?;
        return Ok(true);
    }
    let fence = held.fence + 1;
    connection
        .prepare_cached(
            "UPDATE hold SET state = ?2, fence = ?3, wake = min(due, expires),
             copy = CASE copy WHEN 2 THEN 3 ELSE copy END WHERE id = ?1",
        )?
        .execute(params![id, State::Held as i64, fence])?;
    rows::amend(connection, key, message, fence)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::hold::{HoldReader, HoldSettings, StoreCopy};

    #[tokio::test]
    async fn who_is_left_out_leaves_the_copy_too_and_the_last_one_takes_it_away() {
        let folder = tempfile::tempdir().unwrap();
        let settings = HoldSettings { copies: true, alone: true, ..HoldSettings::in_folder(folder.path()) };
        let hold = Hold::open(&settings).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let (id, parcel) = ("h-1".to_owned(), Bytes::from_static(b"to two"));
        let (recipients, decisions) = (vec![0, 1], Vec::new());
        let expires = now + jiff::SignedDuration::from_hours(1);
        let (must_send, priority) = (false, 0);
        let message = HeldMessage { id, due: now, expires, must_send, priority, parcel, recipients, decisions };
        hold.put(message).await.unwrap();
        let new = hold.to_copy(9).await.unwrap().remove(0);
        hold.copy_stands(&new, StoreCopy::Made).await.unwrap();
        assert!(hold.to_copy(9).await.unwrap().is_empty());

        assert!(hold.leave_out("h-1", vec![1], now).await.unwrap());
        assert_eq!(hold.to_copy(9).await.unwrap()[0].message.recipients, [0], "the copy is behind");
        let reader = HoldReader::open(&settings).unwrap().expect("read beside the gateway that has it");
        assert_eq!(reader.waiting_after("", 9).unwrap()[0].recipients, [0]);
        assert!(hold.leave_out("h-1", vec![0], now).await.unwrap());
        assert_eq!(hold.copies_to_remove(9).await.unwrap(), ["h-1"]);
        assert!(reader.waiting_after("", 9).unwrap().is_empty());
    }

    #[tokio::test]
    async fn whoever_had_it_in_hand_for_all_cannot_send_it_to_who_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let hold = Hold::open(&HoldSettings::in_folder(folder.path())).unwrap();
        let (now, minute) = (Timestamp::UNIX_EPOCH, jiff::SignedDuration::from_mins(1));
        let (id, parcel) = ("h-1".to_owned(), Bytes::from_static(b"to two"));
        let (recipients, decisions) = (vec![0, 1], Vec::new());
        let (must_send, priority) = (false, 0);
        let expires = now + minute * 60;
        let message = HeldMessage { id, due: now, expires, must_send, priority, parcel, recipients, decisions };
        hold.put(message).await.unwrap();
        let mut in_hand = Vec::new();
        // Two of them, one after the other: neither of their tokens is ever good again.
        for _ in 0..2 {
            let due = hold.claim_due(now, 1, minute).await.unwrap().pop();
            let Some(crate::hold::Due::Release(held)) = due else { panic!("{due:?}") };
            in_hand.push(held.fence);
            assert!(hold.leave_out("h-1", vec![1], now).await.unwrap());
            let back = hold.amend(held.message, held.fence).await;
            assert_eq!(back, Err(HoldError::Fenced), "who was left out does not come back");
        }
        let due = hold.claim_due(now, 1, minute).await.unwrap().pop();
        let Some(crate::hold::Due::Release(held)) = due else { panic!("{due:?}") };
        assert_eq!(held.message.recipients, [0]);
        for fence in in_hand {
            assert_eq!(hold.forwarding("h-1", fence, now + minute).await, Err(HoldError::Fenced));
        }
        hold.forwarding("h-1", held.fence, now + minute).await.unwrap();
    }
}
