//! `hold.db`: the durable store of held messages. An answer of `put` means the message is on disk
//! (WAL, `synchronous = FULL`, COMMIT done); an error means nothing of it is there. Several gateways
//! or wheels may share one file: fences keep them apart.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::Notify;

use super::room::{Reserve, Room};
use super::rows::{self, Sealed};
use super::writer::Writer;
use super::{
    Cancelled, Counts, Due, HOLD_ATTEMPTS_MAX, HeldMessage, HoldError, HoldKey, HoldStatus, Requeued, Settled,
    StoreCopy,
};
use crate::clock::Pause;

const CANARY: &[u8] = b"tactgate hold";
/// All of them.
const STATEMENTS_KEPT: usize = 64;
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
    /// How much of the disk stays free.
    pub reserve: Reserve,
    /// The store is shared: each hold wants a copy there.
    pub copies: bool,
    /// This process must be the only one on the file; then what an earlier one had claimed can be taken
    /// back at once ([`Hold::take_back`]).
    pub alone: bool,
}

impl HoldSettings {
    /// The defaults in a data folder: `hold.db` there and its key, since the data folder is the one place
    /// that surely is kept (a container's volume, say).
    pub fn in_folder(data: &Path) -> HoldSettings {
        HoldSettings {
            path: data.join("hold.db"),
            key_path: data.join("hold.key"),
            file_bytes_max: 4 << 30,
            attempts_max: HOLD_ATTEMPTS_MAX,
            busy_ms: 2_000,
            reserve: Reserve::NONE,
            copies: false,
            alone: false,
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
    room: Room,
    copies: bool,
    /// Held for as long as the file is open.
    _lock: Option<Arc<File>>,
}

impl Hold {
    /// Opens or makes the file and its key. A key that does not fit refuses; a missing key for a file
    /// that has one refuses, rather than making a key that fits nothing.
    pub fn open(settings: &HoldSettings) -> Result<Hold, HoldError> {
        let (connection, key, lock) = open_file(settings)?;
        let writer = Writer::start(connection, Arc::clone(&key))?;
        Ok(Hold::of(settings, writer, key, lock))
    }

    /// The same without a thread of its own: every step is done on the calling task, between two pauses.
    /// For simulations.
    pub fn open_here(settings: &HoldSettings, pause: Pause) -> Result<Hold, HoldError> {
        let (connection, key, lock) = open_file(settings)?;
        let writer = Writer::here(connection, Arc::clone(&key), pause);
        Ok(Hold::of(settings, writer, key, lock))
    }

    fn of(settings: &HoldSettings, writer: Writer, key: Arc<HoldKey>, lock: Option<Arc<File>>) -> Hold {
        Hold {
            writer,
            key,
            attempts_max: settings.attempts_max,
            changed: Arc::new(Notify::new()),
            room: Room::under(&settings.path, settings.reserve.clone()),
            copies: settings.copies,
            _lock: lock,
        }
    }

    /// Keeps a message. `Ok` = it is on disk and will be handed out at its time. Whoever drops this
    /// future before the answer must look with [`Hold::get`] or [`Hold::cancel`].
    pub async fn put(&self, message: HeldMessage) -> Result<(), HoldError> {
        let (bytes, room) = (message.parcel.len() as u64, self.room.clone());
        let copy = if self.copies { StoreCopy::Wanted } else { StoreCopy::None };
        let sealed = self.seal(message)?;
        self.step(move |connection, _| {
            room.for_bytes(bytes)?;
            rows::put(connection, &sealed, copy)
        })
        .await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Whether another hold would find room.
    pub async fn has_room(&self) -> Result<(), HoldError> {
        let room = self.room.clone();
        self.step(move |_, _| room.for_bytes(0)).await
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
        self.writer.run(move |connection, _| rows::postpone(connection, &id, fence, due, true)).await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Lays it back until `due` as it was claimed: it was not even decided again.
    pub async fn lay_back(&self, id: &str, fence: i64, due: Timestamp) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.writer.run(move |connection, _| rows::postpone(connection, &id, fence, due, false)).await?;
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

    /// Runs one step in the file; the answer is durable.
    pub(super) async fn step<T, F>(&self, step: F) -> Result<T, HoldError>
    where
        T: Send + 'static,
        F: FnMut(&Connection, &HoldKey) -> Result<T, HoldError> + Send + 'static,
    {
        self.writer.run(step).await
    }

    /// A message, ready to be written.
    pub(super) fn seal(&self, message: HeldMessage) -> Result<Sealed, HoldError> {
        Sealed::of(message, &self.key)
    }

    /// Wakes the wheel.
    pub(super) fn tell_of_change(&self) {
        self.changed.notify_waiters();
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

/// What [`open_file`] opens: the file, its key, and its lock.
type Opened = (Connection, Arc<HoldKey>, Option<Arc<File>>);

/// The file, made if need be, and the key that fits it.
fn open_file(settings: &HoldSettings) -> Result<Opened, HoldError> {
    if let Some(folder) = settings.path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| HoldError::File(e.to_string()))?;
    }
    let lock = if settings.alone { Some(Arc::new(locked(&settings.path)?)) } else { None };
    let connection = Connection::open(&settings.path)?;
    connection.busy_timeout(Duration::from_millis(settings.busy_ms))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Else a statement is parsed anew whenever a parameter is bound that an index could be chosen by.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let pages = (settings.file_bytes_max / PAGE_BYTES).clamp(16, u64::from(u32::MAX - 1));
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    sound(&connection)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    rows::prepare(&connection)?;
    let key = Arc::new(fitting_key(&connection, settings)?);
    connection.execute_batch("COMMIT")?;
    Ok((connection, key, lock))
}

/// The lock of the only process on the file. It goes with the process, however that ends.
fn locked(path: &Path) -> Result<File, HoldError> {
    let failed = |e: std::io::Error| HoldError::File(format!("its lock: {e}"));
    let lock = File::options().create(true).truncate(false).write(true).open(path.with_extension("lock"));
    let lock = lock.map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(HoldError::InUse),
        Err(std::fs::TryLockError::Error(e)) => Err(failed(e)),
    }
}

/// A damaged page may hide rows: then the file is not used, rather than used with holds missing.
fn sound(connection: &Connection) -> Result<(), HoldError> {
    let told: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if told == "ok" { Ok(()) } else { Err(HoldError::Damaged(told)) }
}

/// The key of a file that has one.
pub(super) fn sound_key(connection: &Connection, settings: &HoldSettings) -> Result<Option<HoldKey>, HoldError> {
    let Some(sealed) = rows::canary(connection)? else { return Ok(None) };
    let key = HoldKey::read(&settings.key_path)?;
    key.open(CANARY, &sealed).ok_or(HoldError::WrongKey)?;
    Ok(Some(key))
}

fn fitting_key(connection: &Connection, settings: &HoldSettings) -> Result<HoldKey, HoldError> {
    match sound_key(connection, settings)? {
        Some(key) => Ok(key),
        None => {
            let there = settings.key_path.exists();
            let key = if there { HoldKey::read } else { HoldKey::generate }(&settings.key_path)?;
            rows::set_canary(connection, &key.seal(CANARY, CANARY)?)?;
            Ok(key)
        }
    }
}
