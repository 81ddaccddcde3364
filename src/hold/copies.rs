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

const TO_COPY: &str = "
    SELECT h.id, h.state, h.due, h.expires, h.must_send, h.priority, h.attempts, h.fence, h.body, h.note, b.sealed,
    h.copy FROM hold h LEFT JOIN body b ON b.name = h.body WHERE h.copy IN (1, 3) AND h.state = 0 LIMIT ?1";

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

    /// Notes how the copy of a hold stands, unless the hold has moved on since it was read.
    pub async fn copy_stands(&self, id: &str, fence: i64, copy: StoreCopy) -> Result<(), HoldError> {
        let id = id.to_owned();
        let note = "UPDATE hold SET copy = ?3 WHERE id = ?1 AND fence = ?2 AND settled_at IS NULL";
        self.step(move |connection, _| {
            connection.prepare_cached(note)?.execute(params![id, fence, copy as i64])?;
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
    /// whoever works on it here is fenced off. `leaving` = its last owner stopped while bytes may have left.
    pub async fn take_over(&self, message: HeldMessage, attempts: u32, leaving: bool) -> Result<(), HoldError> {
        let sealed = self.seal(message)?;
        self.step(move |connection, _| take_over(connection, &sealed, attempts, leaving)).await?;
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

fn take_over(connection: &Connection, sealed: &Sealed, attempts: u32, leaving: bool) -> Result<(), HoldError> {
    let m = &sealed.message;
    let last: Option<i64> =
        connection.query_row("SELECT fence FROM hold WHERE id = ?1", [&m.id], |row| row.get(0)).optional()?;
    if last.is_some() {
        rows::end(connection, &m.id, State::Moved, m.due)?;
        connection.prepare_cached("DELETE FROM hold WHERE id = ?1")?.execute([&m.id])?;
    }
    let state = if leaving { State::Forwarding } else { State::Held };
    connection
        .prepare_cached(
            "INSERT INTO hold(id, state, wake, due, expires, must_send, priority, attempts, fence, body, note, copy)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            m.id,
            state as i64,
            m.due.min(m.expires).as_microsecond(),
            m.due.as_microsecond(),
            m.expires.as_microsecond(),
            m.must_send,
            m.priority,
            attempts,
            last.unwrap_or(0) + 1,
            sealed.body_name,
            sealed.note,
            StoreCopy::Made as i64
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
        hold.take_over(message, 1, false).await.unwrap();
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), woken).await;
        assert!(waited.is_ok(), "it sleeps until its own next hold is due");
    }
}
