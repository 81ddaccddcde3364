//! Rows that no wheel would ever find again: claims of a process that is gone, and rows that a damaged
//! disk has changed. A message is whole and released, or put aside and told of; it is never lost in
//! silence because a number beside it changed.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::HoldError;
use super::file::Hold;
use super::states::{Damaged, State};

/// No lease is longer: a wake beyond it is no lease but damage.
pub const LEASE_MAX: SignedDuration = SignedDuration::from_hours(1);

impl Hold {
    /// Takes back what an earlier process of this file had claimed: for the only process that has the file
    /// (see [`super::file::HoldSettings::alone`]). Nothing has left of a claimed one. One being forwarded is
    /// handed out at once, as unknown. Returns how many were claimed.
    pub async fn take_back(&self) -> Result<usize, HoldError> {
        self.step(|connection, _| take_back(connection)).await
    }

    /// Finds rows that contradict themselves: mends what has one right answer, puts aside what has not.
    pub async fn mend(&self, now: Timestamp) -> Result<Vec<Damaged>, HoldError> {
        self.step(move |connection, _| mend(connection, now)).await
    }
}

fn take_back(connection: &Connection) -> Result<usize, HoldError> {
    let taken = connection.execute(
        "UPDATE hold SET state = 0, wake = min(due, expires), fence = fence + 1,
         copy = CASE copy WHEN 2 THEN 3 ELSE copy END WHERE state = 1 AND settled_at IS NULL",
        [],
    )?;
    connection.execute("UPDATE hold SET wake = min(wake, due) WHERE state = 2 AND settled_at IS NULL", [])?;
    // Whether the store heard of them before the process ended is not known.
    connection.execute("UPDATE hold SET copy = 3 WHERE copy = 1 AND settled_at IS NULL", [])?;
    Ok(taken)
}

fn mend(connection: &Connection, now: Timestamp) -> Result<Vec<Damaged>, HoldError> {
    // Released too early it is only decided again too early; released never it would be lost.
    connection.execute("UPDATE hold SET settled_at = NULL WHERE state <= 2 AND settled_at IS NOT NULL", [])?;
    connection.execute(
        "UPDATE hold SET wake = max(0, min(wake, due, expires)) WHERE state = 0 AND wake <> min(due, expires)",
        [],
    )?;
    let latest = now.saturating_add(LEASE_MAX).unwrap_or(Timestamp::MAX).as_microsecond();
    connection
        .execute("UPDATE hold SET wake = ?1 WHERE state IN (1, 2) AND wake > ?2", [now.as_microsecond(), latest])?;
    // An ended row has no message, a row with one has not ended.
    let lost = "SELECT id FROM hold WHERE NOT state BETWEEN 0 AND 2 AND state <> ?1
                AND (body IS NOT NULL OR NOT state BETWEEN 0 AND 9)";
    let mut query = connection.prepare_cached(lost)?;
    let ids: Vec<String> = query.query_map([State::Quarantined as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let aside = "UPDATE hold SET state = ?2, settled_at = NULL, fence = fence + 1 WHERE id = ?1";
    for id in &ids {
        connection.prepare_cached(aside)?.execute(params![id, State::Quarantined as i64])?;
    }
    Ok(ids
        .into_iter()
        .map(|id| Damaged { id, why: "its state and its message contradict each other".into() })
        .collect())
}
