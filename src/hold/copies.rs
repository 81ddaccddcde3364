//! What the file knows of the copies of its holds in a shared store: which must be made, brought up to
//! date or taken away, and how a hold comes over from another gateway or goes to one. The store's
//! own note says whose a hold is; this is the owner's reminder of what it still has to tell.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::file::Hold;
use super::rows::{self, Sealed, Stored};
use super::states::{Held, HeldMessage, State, StoreCopy};
use super::{HoldError, HoldKey};

/// Finds what is to be told to the store without reading the rest.
pub(super) const INDEX: &str = "CREATE INDEX IF NOT EXISTS hold_copy ON hold(copy) WHERE copy IN (1, 3, 4)";

const TO_COPY: &str =
    rows::stored!("LEFT JOIN body b ON b.name = h.body WHERE h.copy IN (1, 3) AND h.state = 0 LIMIT ?1");

/// How a hold stands that comes over from another gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Times it was held again.
    pub attempts: u32,
    /// Its last owner stopped while bytes may have left.
    pub leaving: bool,
    /// Its client was told that it waits.
    pub answered: bool,
}

impl Hold {
    /// True when a copy is to be made, brought up to date or taken away.
    pub async fn copies_differ(&self) -> Result<bool, HoldError> {
        let any = "SELECT 1 FROM hold WHERE copy IN (1, 3, 4) LIMIT 1";
        self.step(move |connection, _| Ok(connection.prepare_cached(any)?.exists([])?)).await
    }

    /// Holds that wait and whose copy is missing or behind.
    pub async fn to_copy(&self, limit: usize) -> Result<Vec<Held>, HoldError> {
        self.step(move |connection, key| to_copy(connection, key, limit)).await
    }

    /// Notes how the copy of a hold stands, unless the hold has moved on, or its client was told, since it was
    /// read: then the copy does not say all of it.
    pub async fn copy_stands(&self, held: &Held, copy: StoreCopy) -> Result<(), HoldError> {
        let (id, fence, answered) = (held.message.id.clone(), held.fence, held.answered);
        let note = "UPDATE hold SET copy = CASE WHEN answered = ?4 OR ?3 <> 2 THEN ?3 ELSE 3 END
                    WHERE id = ?1 AND fence = ?2 AND settled_at IS NULL";
        self.step(move |connection, _| {
            connection.prepare_cached(note)?.execute(params![id, fence, copy as i64, answered])?;
            Ok(())
        })
        .await
    }

    /// Holds that have ended here and whose copy may still stand.
    pub async fn copies_to_remove(&self, limit: usize) -> Result<Vec<String>, HoldError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.step(move |connection, _| {
            let mut query = connection.prepare_cached("SELECT id FROM hold WHERE copy = 4 LIMIT ?1")?;
            let ids = query.query_map([limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })
        .await
    }

    /// The copy of a hold that has ended is gone.
    pub async fn copy_removed(&self, id: &str) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.step(move |connection, _| {
            connection.prepare_cached("UPDATE hold SET copy = 0 WHERE id = ?1 AND copy = 4")?.execute([&id])?;
            Ok(())
        })
        .await
    }

    /// Takes in a hold that this gateway has claimed in the store. A row of that id is replaced, and
    /// whoever works on it here is fenced off.
    pub async fn take_over(&self, message: HeldMessage, stands: Standing) -> Result<(), HoldError> {
        let sealed = self.seal(message)?;
        self.step(move |connection, _| take_over(connection, &sealed, stands)).await?;
        self.tell_of_change();
        Ok(())
    }

    /// Another gateway has it: its row ends here, and nothing is told to anybody.
    pub async fn moved(&self, id: &str, fence: i64, now: Timestamp) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.step(move |connection, _| {
            rows::owned(connection, &id, fence)?;
            rows::end(connection, &id, State::Moved, now)?;
            // The copy is another's.
            connection.prepare_cached("UPDATE hold SET copy = 0 WHERE id = ?1")?.execute([&id])?;
            Ok(())
        })
        .await
    }
}

fn to_copy(connection: &Connection, key: &HoldKey, limit: usize) -> Result<Vec<Held>, HoldError> {
    let mut query = connection.prepare_cached(TO_COPY)?;
    let rows = query.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| Ok(Stored::of(row)))?;
    let stored: Vec<Result<Stored, rusqlite::Error>> = rows.collect::<Result<_, _>>()?;
    // A damaged one is found, put aside and told of when it is due.
    Ok(stored.into_iter().filter_map(|row| row.ok()?.open(key).ok()).map(|(_, held)| held).collect())
}

fn take_over(connection: &Connection, sealed: &Sealed, stands: Standing) -> Result<(), HoldError> {
    let m = &sealed.message;
    let known = "SELECT fence, answered FROM hold WHERE id = ?1";
    let last: Option<(i64, bool)> =
        connection.query_row(known, [&m.id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if last.is_some() {
        rows::end(connection, &m.id, State::Moved, m.due)?;
        connection.prepare_cached("DELETE FROM hold WHERE id = ?1")?.execute([&m.id])?;
    }
    let state = if stands.leaving { State::Forwarding } else { State::Held };
    let (fence, told_here) = last.unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO hold(id, state, wake, due, expires, must_send, priority, attempts, fence, body, note, copy,
             answered) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            m.id,
            state as i64,
            m.due.min(m.expires).as_microsecond(),
            m.due.as_microsecond(),
            m.expires.as_microsecond(),
            m.must_send,
            m.priority,
            stands.attempts,
            fence + 1,
            sealed.body_name,
            sealed.note,
            StoreCopy::Made as i64,
            stands.answered || told_here
        ])?;
    rows::add_body(connection, sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::HoldSettings;

    #[tokio::test]
    async fn what_is_taken_over_wakes_a_wheel_that_sleeps() {
        let folder = tempfile::tempdir().unwrap();
        let hold = Hold::open(&HoldSettings::in_folder(folder.path())).unwrap();
        let woken = hold.changed();
        let now = Timestamp::UNIX_EPOCH;
        let expires = now + jiff::SignedDuration::from_hours(1);
        let (id, parcel) = ("h-1".to_owned(), bytes::Bytes::from_static(b"p"));
        let (recipients, decisions) = (vec![0], Vec::new());
        let (must_send, priority) = (false, 0);
        let message = HeldMessage { id, due: now, expires, must_send, priority, parcel, recipients, decisions };
        hold.take_over(message, Standing { attempts: 1, leaving: false, answered: true }).await.unwrap();
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), woken).await;
        assert!(waited.is_ok(), "it sleeps until its own next hold is due");
    }
}
