//! The steps of the state table as SQL, each run inside one transaction by the writer. A row's
//! unchanging columns are authenticated with its sealed note, so that a changed expiry or a swapped
//! body shows as damage.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::states::{
    Cancelled, Counts, Damaged, Due, Held, HeldMessage, HoldStatus, Requeued, Settled, State, StoreCopy,
};
use super::{HoldError, HoldKey};

/// Of the tables below.
pub(super) const FILE_FORMAT: i64 = 3;

/// `wake` is when a wheel must look: due or expiry while held, the lease's end while claimed.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS body(name BLOB PRIMARY KEY, sealed BLOB NOT NULL, refs INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS hold(
        id TEXT PRIMARY KEY, state INTEGER NOT NULL, wake INTEGER NOT NULL, due INTEGER NOT NULL,
        expires INTEGER NOT NULL, must_send INTEGER NOT NULL, priority INTEGER NOT NULL,
        attempts INTEGER NOT NULL, fence INTEGER NOT NULL, settled_at INTEGER, body BLOB, note BLOB,
        copy INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE INDEX IF NOT EXISTS hold_wake ON hold(wake) WHERE state <= 2;
    CREATE INDEX IF NOT EXISTS hold_order ON hold(must_send DESC, priority DESC, wake, id) WHERE state <= 2;
    CREATE INDEX IF NOT EXISTS hold_settled ON hold(settled_at) WHERE settled_at IS NOT NULL;
";

/// A query for what [`Stored::of`] reads: columns of a hold `h` and of its message `b`, then the rest of the query.
macro_rules! stored {
    ($which:literal) => {
        concat!(
            "SELECT h.id, h.state, h.due, h.expires, h.must_send, h.priority, h.attempts, h.fence, h.body, h.note,
             b.sealed, h.copy, h.answered FROM hold h ",
            $which
        )
    };
}
pub(super) use stored;

/// In the order of release, so that the first of a morning's backlog is found without sorting it.
const DUE: &str = stored!(
    "INDEXED BY hold_order LEFT JOIN body b ON b.name = h.body WHERE h.state <= 2 AND h.wake <= ?1
     ORDER BY h.must_send DESC, h.priority DESC, h.wake, h.id LIMIT ?2"
);

/// Makes the tables; refuses a newer format.
pub(super) fn prepare(connection: &Connection) -> Result<(), HoldError> {
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format > FILE_FORMAT {
        return Err(HoldError::NewerFormat(format));
    }
    connection.execute_batch(TABLES)?;
    if format == 1 {
        connection.execute_batch("ALTER TABLE hold ADD COLUMN copy INTEGER NOT NULL DEFAULT 0")?;
    }
    if (1..=2).contains(&format) {
        connection.execute_batch("ALTER TABLE hold ADD COLUMN answered INTEGER NOT NULL DEFAULT 0")?;
    }
    connection.execute_batch(super::copies::INDEX)?;
    Ok(connection.pragma_update(None, "user_version", FILE_FORMAT)?)
}

pub(super) fn canary(connection: &Connection) -> Result<Option<Vec<u8>>, HoldError> {
    let read = connection.query_row("SELECT value FROM meta WHERE name = 'canary'", [], |row| row.get(0));
    Ok(read.optional()?)
}

pub(super) fn set_canary(connection: &Connection, sealed: &[u8]) -> Result<(), HoldError> {
    connection.execute("INSERT INTO meta(name, value) VALUES('canary', ?1)", [sealed])?;
    Ok(())
}

/// A message, sealed and ready to be written.
#[derive(Clone)]
pub(super) struct Sealed {
    pub(super) message: HeldMessage,
    pub(super) body_name: Vec<u8>,
    body: Vec<u8>,
    pub(super) note: Vec<u8>,
}

impl Sealed {
    pub(super) fn of(message: HeldMessage, key: &HoldKey) -> Result<Sealed, HoldError> {
        let body_name = key.name_of(&message.parcel);
        let body = key.seal(&body_name, &message.parcel)?;
        let note = note(&message, &body_name, key)?;
        Ok(Sealed { message, body_name, body, note })
    }
}

pub(super) fn put(connection: &Connection, sealed: &Sealed, copy: StoreCopy) -> Result<(), HoldError> {
    let m = &sealed.message;
    let wake = m.due.min(m.expires).as_microsecond();
    let row = params![
        m.id,
        State::Held as i64,
        wake,
        m.due.as_microsecond(),
        m.expires.as_microsecond(),
        m.must_send,
        m.priority,
        sealed.body_name,
        sealed.note,
        copy as i64
    ];
    let added = connection
        .prepare_cached(
            "INSERT INTO hold(id, state, wake, due, expires, must_send, priority, attempts, fence, body, note, copy)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
        )?
        .execute(row)?;
    if added == 0 {
        return Err(HoldError::Exists);
    }
    add_body(connection, sealed)
}

/// Equal bytes are stored once.
pub(super) fn add_body(connection: &Connection, sealed: &Sealed) -> Result<(), HoldError> {
    connection
        .prepare_cached(
            "INSERT INTO body(name, sealed, refs) VALUES(?1, ?2, 1) ON CONFLICT DO UPDATE SET refs = refs + 1",
        )?
        .execute(params![sealed.body_name, sealed.body])?;
    Ok(())
}

/// Claims what is due, must-send first, then by priority, then by time.
pub(super) fn claim_due(
    connection: &Connection,
    key: &HoldKey,
    now: Timestamp,
    limit: usize,
    lease_until: Timestamp,
) -> Result<Vec<Due>, HoldError> {
    if next_wake(connection)?.is_none_or(|wake| wake > now) {
        return Ok(Vec::new());
    }
    let mut query = connection.prepare_cached(DUE)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // A row that cannot be read must not keep the others from being released: it is damaged, too.
    let rows = query.query_map(params![now.as_microsecond(), limit], |row| Ok((row.get(0)?, Stored::of(row))))?;
    let stored: Vec<(String, Result<Stored, rusqlite::Error>)> = rows.collect::<Result<_, _>>()?;
    let mut due = Vec::with_capacity(stored.len());
    for (id, row) in stored {
        let opened = row.map_err(|_| "its row cannot be read").and_then(|row| row.open(key));
        due.push(match opened {
            Ok((state, held)) => claimed(connection, state, held, now, lease_until)?,
            Err(why) => {
                connection
                    .prepare_cached("UPDATE hold SET state = ?2, fence = fence + 1 WHERE id = ?1")?
                    .execute(params![id, State::Quarantined as i64])?;
                Due::Damaged(Damaged { id, why: why.to_owned() })
            }
        });
    }
    Ok(due)
}

fn claimed(
    connection: &Connection,
    state: State,
    mut held: Held,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Due, HoldError> {
    held.fence += 1;
    let next = if state == State::Forwarding { State::Forwarding } else { State::Claimed };
    connection.prepare_cached("UPDATE hold SET state = ?2, wake = ?3, fence = ?4 WHERE id = ?1")?.execute(params![
        held.message.id,
        next as i64,
        lease_until.as_microsecond(),
        held.fence
    ])?;
    Ok(match next {
        State::Forwarding => Due::Unknown(held),
        _ if held.message.expires <= now => Due::Expired(held),
        _ => Due::Release(held),
    })
}

/// Just before the first byte leaves: from here on nobody releases it a second time.
pub(super) fn forwarding(
    connection: &Connection,
    id: &str,
    fence: i64,
    lease_until: Timestamp,
) -> Result<(), HoldError> {
    match owned(connection, id, fence)?.state {
        State::Claimed | State::Forwarding => {
            connection.prepare_cached("UPDATE hold SET state = ?2, wake = ?3 WHERE id = ?1")?.execute(params![
                id,
                State::Forwarding as i64,
                lease_until.as_microsecond()
            ])?;
            Ok(())
        }
        other => Err(HoldError::WrongState(other)),
    }
}

pub(super) fn settle(
    connection: &Connection,
    id: &str,
    fence: i64,
    settled: Settled,
    now: Timestamp,
) -> Result<(), HoldError> {
    let row = owned(connection, id, fence)?;
    match row.state {
        State::Claimed | State::Forwarding => end(connection, id, settled.into(), now),
        other => Err(HoldError::WrongState(other)),
    }
}

pub(super) fn requeue(
    connection: &Connection,
    id: &str,
    fence: i64,
    due: Timestamp,
    now: Timestamp,
    attempts_max: u32,
) -> Result<Requeued, HoldError> {
    let row = owned(connection, id, fence)?;
    if !matches!(row.state, State::Claimed | State::Forwarding) {
        return Err(HoldError::WrongState(row.state));
    }
    if row.attempts >= attempts_max {
        end(connection, id, State::Failed, now)?;
        return Ok(Requeued::GaveUp);
    }
    connection
        .prepare_cached(
            "UPDATE hold SET state = ?2, due = ?3, wake = min(?3, expires), attempts = attempts + 1,
             fence = fence + 1, copy = CASE copy WHEN 2 THEN 3 ELSE copy END WHERE id = ?1",
        )?
        .execute(params![id, State::Held as i64, due.as_microsecond()])?;
    Ok(Requeued::Again(row.attempts + 1))
}

/// Held again for a reason that is not the message's own: counted once at most, so that only its expiry
/// ends the waiting; not at all when it was not even decided again.
pub(super) fn postpone(
    connection: &Connection,
    id: &str,
    fence: i64,
    due: Timestamp,
    decided: bool,
) -> Result<(), HoldError> {
    match owned(connection, id, fence)?.state {
        State::Claimed | State::Forwarding => {
            connection
                .prepare_cached(
                    "UPDATE hold SET state = ?2, due = ?3, wake = min(?3, expires), attempts = max(attempts, ?4),
                     fence = fence + 1, copy = CASE copy WHEN 2 THEN 3 ELSE copy END WHERE id = ?1",
                )?
                .execute(params![id, State::Held as i64, due.as_microsecond(), decided])?;
            Ok(())
        }
        other => Err(HoldError::WrongState(other)),
    }
}

/// Writes the note anew: whom the hold is still about, and what was told of them.
pub(super) fn amend(
    connection: &Connection,
    key: &HoldKey,
    message: &HeldMessage,
    fence: i64,
) -> Result<(), HoldError> {
    owned(connection, &message.id, fence)?;
    let body_name: Option<Vec<u8>> =
        connection.query_row("SELECT body FROM hold WHERE id = ?1", [&message.id], |row| row.get(0))?;
    let note = note(message, &body_name.unwrap_or_default(), key)?;
    connection.prepare_cached("UPDATE hold SET note = ?2 WHERE id = ?1")?.execute(params![message.id, note])?;
    Ok(())
}

/// Those of `ids` that this file knows and that have ended.
pub(super) fn ended(connection: &Connection, ids: &[String]) -> Result<BTreeSet<String>, HoldError> {
    // One that moved waits elsewhere.
    let mut query =
        connection.prepare_cached("SELECT 1 FROM hold WHERE id = ?1 AND settled_at IS NOT NULL AND state <> ?2")?;
    let mut ended = BTreeSet::new();
    for id in ids {
        if query.exists(params![id, State::Moved as i64])? {
            ended.insert(id.clone());
        }
    }
    Ok(ended)
}

pub(super) fn cancel(connection: &Connection, id: &str, now: Timestamp) -> Result<Cancelled, HoldError> {
    match status(connection, id)?.map(|status| status.state) {
        None => Ok(Cancelled::NoSuch),
        Some(State::Held | State::Claimed) => {
            connection.prepare_cached("UPDATE hold SET fence = fence + 1 WHERE id = ?1")?.execute([id])?;
            end(connection, id, State::Dropped, now)?;
            Ok(Cancelled::Dropped)
        }
        Some(state) => Ok(Cancelled::TooLate(state)),
    }
}

pub(super) fn status(connection: &Connection, id: &str) -> Result<Option<HoldStatus>, HoldError> {
    let read = connection
        .prepare_cached(
            "SELECT id, state, due, expires, must_send, priority, attempts, settled_at FROM hold WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let settled: Option<i64> = row.get(7)?;
            Ok(HoldStatus {
                id: row.get(0)?,
                state: state_at(row, 1)?,
                due: time_at(row, 2)?,
                expires: time_at(row, 3)?,
                must_send: row.get(4)?,
                priority: row.get(5)?,
                attempts: row.get(6)?,
                settled_at: settled.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
            })
        });
    Ok(read.optional()?)
}

pub(super) fn count(connection: &Connection) -> Result<Counts, HoldError> {
    let mut counts = Counts::default();
    let mut query =
        connection.prepare_cached("SELECT state, count(*) FROM hold WHERE settled_at IS NULL GROUP BY state")?;
    for row in query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))? {
        let (state, number) = row?;
        let number = u64::try_from(number).unwrap_or(0);
        match State::from_number(state) {
            Some(State::Held) => counts.held += number,
            Some(State::Claimed | State::Forwarding) => counts.claimed += number,
            _ => counts.quarantined += number,
        }
    }
    Ok(counts)
}

pub(super) fn next_wake(connection: &Connection) -> Result<Option<Timestamp>, HoldError> {
    let micros: Option<i64> =
        connection.prepare_cached("SELECT min(wake) FROM hold WHERE state <= 2")?.query_row([], |row| row.get(0))?;
    // A number that is no time is damage, and no reason to look at nothing.
    let no_time = |micros: i64| if micros.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    Ok(micros.map(|micros| Timestamp::from_microsecond(micros).unwrap_or_else(|_| no_time(micros))))
}

/// Forgets holds that ended before `before`. A row that still has its message has not ended, whatever
/// stands in it (see [`super::mending`]); one whose copy in the store is still to be taken away stays.
pub(super) fn forget(connection: &Connection, before: Timestamp) -> Result<usize, HoldError> {
    let forget = "DELETE FROM hold WHERE settled_at < ?1 AND state > 2 AND body IS NULL AND copy = 0";
    Ok(connection.prepare_cached(forget)?.execute([before.as_microsecond()])?)
}

pub(super) struct Owned {
    pub(super) state: State,
    attempts: u32,
}

pub(super) fn owned(connection: &Connection, id: &str, fence: i64) -> Result<Owned, HoldError> {
    let row = connection
        .prepare_cached("SELECT state, attempts, fence FROM hold WHERE id = ?1")?
        .query_row([id], |row| Ok((Owned { state: state_at(row, 0)?, attempts: row.get(1)? }, row.get::<_, i64>(2)?)));
    match row.optional()? {
        None => Err(HoldError::NoSuch),
        Some((_, newest)) if newest != fence => Err(HoldError::Fenced),
        Some((owned, _)) => Ok(owned),
    }
}

/// Ends a hold and lets its sealed bytes go.
pub(super) fn end(connection: &Connection, id: &str, state: State, now: Timestamp) -> Result<(), HoldError> {
    connection
        .prepare_cached("UPDATE body SET refs = refs - 1 WHERE name = (SELECT body FROM hold WHERE id = ?1)")?
        .execute([id])?;
    connection
        .prepare_cached("DELETE FROM body WHERE refs <= 0 AND name = (SELECT body FROM hold WHERE id = ?1)")?
        .execute([id])?;
    connection
        .prepare_cached(
            "UPDATE hold SET state = ?2, settled_at = ?3, body = NULL, note = NULL,
             copy = CASE copy WHEN 0 THEN 0 ELSE 4 END WHERE id = ?1",
        )?
        .execute(params![id, state as i64, now.as_microsecond()])?;
    Ok(())
}

pub(super) struct Stored {
    pub(super) copy: StoreCopy,
    state: State,
    message: HeldMessage,
    attempts: u32,
    fence: i64,
    answered: bool,
    body_name: Vec<u8>,
    note: Vec<u8>,
    body: Option<Vec<u8>>,
}

impl Stored {
    pub(super) fn of(row: &Row<'_>) -> Result<Stored, rusqlite::Error> {
        let message = HeldMessage {
            id: row.get(0)?,
            due: time_at(row, 2)?,
            expires: time_at(row, 3)?,
            must_send: row.get(4)?,
            priority: row.get(5)?,
            parcel: Bytes::new(),
            recipients: Vec::new(),
            decisions: Vec::new(),
        };
        Ok(Stored {
            copy: StoreCopy::from_number(row.get(11)?),
            state: state_at(row, 1)?,
            message,
            attempts: row.get(6)?,
            fence: row.get(7)?,
            answered: row.get(12)?,
            body_name: row.get::<_, Option<_>>(8)?.unwrap_or_default(),
            note: row.get::<_, Option<_>>(9)?.unwrap_or_default(),
            body: row.get(10)?,
        })
    }

    pub(super) fn open(&self, key: &HoldKey) -> Result<(State, Held), &'static str> {
        let mut message = self.message.clone();
        let note = key.open(&belonging(&message, &self.body_name), &self.note).ok_or("its note does not verify")?;
        (message.recipients, message.decisions) = rmp_serde::from_slice(&note)
            // Earlier builds kept the recipients alone.
            .or_else(|_| rmp_serde::from_slice(&note).map(|recipients| (recipients, Vec::new())))
            .map_err(|_| "its note cannot be read")?;
        let sealed = self.body.as_ref().ok_or("its message is missing")?;
        let parcel = key.open(&self.body_name, sealed).ok_or("its message does not verify")?;
        message.parcel = Bytes::from(parcel);
        let (attempts, fence, copy, answered) = (self.attempts, self.fence, self.copy, self.answered);
        Ok((self.state, Held { message, attempts, fence, copy, answered }))
    }
}

fn note(message: &HeldMessage, body_name: &[u8], key: &HoldKey) -> Result<Vec<u8>, HoldError> {
    let note = rmp_serde::to_vec(&(&message.recipients, &message.decisions));
    key.seal(&belonging(message, body_name), &note.map_err(|e| HoldError::File(e.to_string()))?)
}

/// What a note is authenticated with: everything of its row that never changes.
fn belonging(message: &HeldMessage, body_name: &[u8]) -> Vec<u8> {
    let fixed = (&message.id, message.expires.as_microsecond(), message.must_send, message.priority);
    let mut bytes = format!("{fixed:?}").into_bytes();
    bytes.extend_from_slice(body_name);
    bytes
}

fn state_at(row: &Row<'_>, column: usize) -> Result<State, rusqlite::Error> {
    let number: i64 = row.get(column)?;
    State::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn time_at(row: &Row<'_>, column: usize) -> Result<Timestamp, rusqlite::Error> {
    let micros: i64 = row.get(column)?;
    Timestamp::from_microsecond(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_query_of_the_wheel_sorts_or_reads_the_whole_table() {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection).unwrap();
        for (query, index) in [(DUE, "hold_order"), ("SELECT min(wake) FROM hold WHERE state <= 2", "hold_wake")] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let wanted = plan.parameter_count();
            let steps = plan.query_map(rusqlite::params_from_iter(vec![1i64; wanted]), |row| row.get::<_, String>(3));
            let steps: Vec<String> = steps.unwrap().collect::<Result<_, _>>().unwrap();
            let steps = steps.join("; ");
            assert!(steps.contains(index) && !steps.contains("B-TREE"), "{query}: {steps}");
        }
    }

    #[test]
    fn a_wake_that_is_no_time_is_looked_at_at_once_or_hides_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection).unwrap();
        assert_eq!(next_wake(&connection), Ok(None));
        let row = "INSERT OR REPLACE INTO hold(id, state, wake, due, expires, must_send, priority, attempts, fence)
                   VALUES('h-1', 0, ?1, 0, 0, 0, 0, 0, 0)";
        for (micros, next) in [(i64::MIN, Timestamp::MIN), (-1, "1969-12-31T23:59:59.999999Z".parse().unwrap())] {
            connection.execute(row, [micros]).unwrap();
            assert_eq!(next_wake(&connection), Ok(Some(next)));
        }
        connection.execute(row, [i64::MAX]).unwrap();
        assert_eq!(next_wake(&connection), Ok(Some(Timestamp::MAX)));
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", FILE_FORMAT + 1).unwrap();
        assert_eq!(prepare(&connection), Err(HoldError::NewerFormat(FILE_FORMAT + 1)));
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }
}
