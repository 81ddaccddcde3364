//! Held messages of a person who is erased: looked through a page at a time, and dropped; a message that
//! waits for several people loses the one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{self, Stored};
use super::states::State;
use super::{HeldMessage, Hold, HoldError, HoldKey};

const PAGE: &str = "
    SELECT h.id, h.state, h.due, h.expires, h.must_send, h.priority, h.attempts, h.fence, h.body, h.note, b.sealed,
    h.copy FROM hold h LEFT JOIN body b ON b.name = h.body WHERE h.state <= 1 AND h.id > ?1 ORDER BY h.id LIMIT ?2";

const ONE: &str = "
    SELECT h.id, h.state, h.due, h.expires, h.must_send, h.priority, h.attempts, h.fence, h.body, h.note, b.sealed,
    h.copy FROM hold h LEFT JOIN body b ON b.name = h.body WHERE h.state <= 1 AND h.id = ?1";

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
