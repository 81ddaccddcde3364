//! `hold.db`: the durable store of held messages. An answer of `put` means the message is on disk
//! (WAL, `synchronous = FULL`, COMMIT done); an error means nothing of it is there. Several gateways
//! or wheels may share one file: fences keep them apart.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tokio::sync::Notify;

use super::rows::{self, Sealed};
use super::writer::Writer;
use super::{
    Cancelled, Counts, Due, HOLD_ATTEMPTS_MAX, HeldMessage, HoldError, HoldKey, HoldStatus, Requeued, Settled,
};

const CANARY: &[u8] = b"tactgate hold";
const PAGE_BYTES: u64 = 4096;

/// Where holds live, and how much room they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldSettings {
    /// `hold.db`.
    pub path: PathBuf,
    /// The key file. Where that is possible, keep it outside the folder of `path`, so that a copy of the
    /// data is unreadable; it must outlive the process wherever the data does.
    pub key_path: PathBuf,
    /// The file's greatest size; beyond it `put` answers [`HoldError::Full`].
    pub file_bytes_max: u64,
    /// Times a hold may be decided "not now" again.
    pub attempts_max: u32,
    /// How long another process may keep the file locked before a step fails.
    pub busy_ms: u64,
}

impl HoldSettings {
    /// The defaults in a data folder: `hold.db` there and its key, since the data folder is the one place
    /// that surely is kept (a container's volume, say).
    pub fn in_folder(data: &std::path::Path) -> HoldSettings {
        HoldSettings {
            path: data.join("hold.db"),
            key_path: data.join("hold.key"),
            file_bytes_max: 4 << 30,
            attempts_max: HOLD_ATTEMPTS_MAX,
            busy_ms: 2_000,
        }
    }
}

/// The open hold file. Cheap to clone; all clones share one writer.
#[derive(Clone)]
pub struct Hold {
    pub(super) writer: Writer,
    key: Arc<HoldKey>,
    attempts_max: u32,
    changed: Arc<Notify>,
}

impl Hold {
    /// Opens or makes the file and its key. A key that does not fit refuses; a missing key for a file
    /// that has one refuses, rather than making a key that fits nothing.
    pub fn open(settings: &HoldSettings) -> Result<Hold, HoldError> {
        if let Some(folder) = settings.path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| HoldError::File(e.to_string()))?;
        }
        let connection = Connection::open(&settings.path)?;
        connection.busy_timeout(Duration::from_millis(settings.busy_ms))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let pages = (settings.file_bytes_max / PAGE_BYTES).clamp(16, u64::from(u32::MAX - 1));
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        rows::prepare(&connection)?;
        let key = Arc::new(fitting_key(&connection, settings)?);
        connection.execute_batch("COMMIT")?;
        let writer = Writer::start(connection, Arc::clone(&key))?;
        Ok(Hold { writer, key, attempts_max: settings.attempts_max, changed: Arc::new(Notify::new()) })
    }

    /// Keeps a message. `Ok` = it is on disk and will be handed out at its time. Whoever drops this
    /// future before the answer must look with [`Hold::get`] or [`Hold::cancel`].
    pub async fn put(&self, message: HeldMessage) -> Result<(), HoldError> {
        let sealed = Sealed::of(message, &self.key)?;
        self.writer.run(move |connection, _| rows::put(connection, &sealed)).await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Takes up to `limit` holds whose time has come, for `lease`: must-send first, then priority, then
    /// time. Damaged ones are quarantined and reported among them.
    pub async fn claim_due(&self, now: Timestamp, limit: usize, lease: SignedDuration) -> Result<Vec<Due>, HoldError> {
        let until = now.saturating_add(lease).map_err(|e| HoldError::File(e.to_string()))?;
        self.writer.run(move |connection, key| rows::claim_due(connection, key, now, limit, until)).await
    }

    /// To be called just before the first byte leaves for the provider; an error means: do not send.
    /// After it, a lease that ends without `settle` is handed out as [`Due::Unknown`], never released
    /// again.
    pub async fn forwarding(&self, id: &str, fence: i64, lease_until: Timestamp) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::forwarding(connection, &id, fence, lease_until)).await
    }

    /// Ends a hold and deletes its message.
    pub async fn settle(&self, id: &str, fence: i64, settled: Settled, now: Timestamp) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::settle(connection, &id, fence, settled, now)).await
    }

    /// Holds it again until `due`, because its rules say so; gives up after `attempts_max` times.
    pub async fn requeue(&self, id: &str, fence: i64, due: Timestamp, now: Timestamp) -> Result<Requeued, HoldError> {
        let id = id.to_owned();
        let max = self.attempts_max;
        let requeue = move |connection: &Connection, _: &HoldKey| rows::requeue(connection, &id, fence, due, now, max);
        let requeued = self.writer.run(requeue).await?;
        self.changed.notify_waiters();
        Ok(requeued)
    }

    /// Holds it again until `due`, because its provider cannot take it yet: as often as its expiry allows.
    pub async fn postpone(&self, id: &str, fence: i64, due: Timestamp) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::postpone(connection, &id, fence, due)).await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Writes anew whom a claimed hold is still about, and what was told of them.
    pub async fn amend(&self, message: HeldMessage, fence: i64) -> Result<(), HoldError> {
        self.writer.run(move |connection, key| rows::amend(connection, key, &message, fence)).await
    }

    /// Those of `ids` that this file knows and that have ended.
    pub async fn ended(&self, ids: Vec<String>) -> Result<BTreeSet<String>, HoldError> {
        self.writer.run(move |connection, _| rows::ended(connection, &ids)).await
    }

    /// Drops a hold that is not being forwarded yet.
    pub async fn cancel(&self, id: &str, now: Timestamp) -> Result<Cancelled, HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::cancel(connection, &id, now)).await
    }

    /// How a hold stands.
    pub async fn get(&self, id: &str) -> Result<Option<HoldStatus>, HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::status(connection, &id)).await
    }

    /// How many there are.
    pub async fn count(&self) -> Result<Counts, HoldError> {
        self.writer.run(|connection, _| rows::count(connection)).await
    }

    /// When a wheel must look next.
    pub async fn next_wake(&self) -> Result<Option<Timestamp>, HoldError> {
        self.writer.run(|connection, _| rows::next_wake(connection)).await
    }

    /// Forgets holds that ended before `before`; returns how many.
    pub async fn forget(&self, before: Timestamp) -> Result<usize, HoldError> {
        self.writer.run(move |connection, _| rows::forget(connection, before)).await
    }

    /// Resolves when a hold was put or requeued after this call.
    pub(super) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hold")
    }
}

fn fitting_key(connection: &Connection, settings: &HoldSettings) -> Result<HoldKey, HoldError> {
    match rows::canary(connection)? {
        Some(sealed) => {
            let key = HoldKey::read(&settings.key_path)?;
            key.open(CANARY, &sealed).ok_or(HoldError::WrongKey)?;
            Ok(key)
        }
        None => {
            let there = settings.key_path.exists();
            let key = if there { HoldKey::read } else { HoldKey::generate }(&settings.key_path)?;
            rows::set_canary(connection, &key.seal(CANARY, CANARY)?)?;
            Ok(key)
        }
    }
}
