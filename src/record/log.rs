//! The append-only record: JSON lines, one file a UTC day, `decisions/2026-11-22.jsonl` and
//! `journal/2026-11-22.jsonl`. One thread writes; a line is whole or absent; an answer says how far it
//! got: to the operating system ([`Record::append`], before a reply) or to the disk
//! ([`Record::append_durable`], for holds). Everything reaches the disk within `fsync_ms`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::entry::Line;
use super::ids;
use super::impersonal::impersonal;

mod day_file;
mod keeping;
mod signing;
mod thread;

pub use keeping::{Forget, Forgotten};

/// Where the record is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSettings {
    /// Folder of `decisions/` and `journal/`.
    pub folder: PathBuf,
    /// Everything written is on disk after so long.
    pub fsync_ms: u64,
    /// Lines that may wait for the writer; beyond it callers wait.
    pub lines_waiting_max: usize,
    /// The key that signs checkpoints; made when there is none.
    pub key_path: PathBuf,
    /// A checkpoint after so many lines of decisions, besides one an hour, a day, a stop.
    pub checkpoint_lines: u64,
}

impl RecordSettings {
    /// The defaults in a folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> RecordSettings {
        let folder = folder.into();
        let key_path = folder.join("audit.key");
        RecordSettings { folder, fsync_ms: 1_000, lines_waiting_max: 4_096, key_path, checkpoint_lines: 50_000 }
    }
}

/// Why a line is not in the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The disk refused: full, read-only, broken.
    #[error("the record cannot be written: {0}")]
    Io(String),
    /// The entry has no JSON form.
    #[error("the entry cannot be written: {0}")]
    Entry(String),
    /// Another process writes this record: two would break each other's chain.
    #[error("another tactgate writes the record in {0}")]
    InUse(String),
    /// The writer has stopped.
    #[error("the record is closed")]
    Closed,
}

/// A handle to the record's writer. Cheap to clone; when the last one goes, what waits is written and
/// brought to disk.
#[derive(Debug, Clone)]
pub struct Record {
    folder: Arc<Path>,
    waiting: Arc<Semaphore>,
    jobs: mpsc::Sender<thread::Job>,
    errors: Arc<AtomicU64>,
}

impl Record {
    /// Opens the folder, mends torn ends of the newest files, starts the writer. `now` says which day
    /// is today.
    pub fn open(settings: &RecordSettings, now: Timestamp) -> Result<Record, RecordError> {
        let errors = Arc::new(AtomicU64::new(0));
        let jobs = thread::start(settings, now, Arc::clone(&errors))?;
        let folder = Arc::from(settings.folder.as_path());
        Ok(Record { folder, waiting: Arc::new(Semaphore::new(settings.lines_waiting_max.max(1))), jobs, errors })
    }

    /// Writes a line; `Ok` = the operating system has it: it survives this process, not a power loss.
    pub async fn append(&self, line: &Line) -> Result<(), RecordError> {
        self.give(line, false).await
    }

    /// Writes a line; `Ok` = it is on disk.
    pub async fn append_durable(&self, line: &Line) -> Result<(), RecordError> {
        self.give(line, true).await
    }

    /// Writes a line that nobody waits for: in its place before whatever is given later; told and counted
    /// when it could not be written.
    pub async fn note(&self, line: &Line) -> Result<(), RecordError> {
        let room = Arc::clone(&self.waiting).acquire_owned().await.map_err(|_| RecordError::Closed)?;
        self.send(line, false, None, Some(room))
    }

    /// The same from where nothing can wait: a walk that was torn down.
    pub fn note_at_once(&self, line: &Line) -> Result<(), RecordError> {
        self.send(line, false, None, None)
    }

    /// Everything given so far is on disk and signed: this run ended by itself.
    pub async fn close(&self) -> Result<(), RecordError> {
        self.task(|writer| {
            let synced = writer.sync();
            writer.sign_stop();
            synced
        })
        .await?
    }

    /// Lines and syncs that failed since the start.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    async fn give(&self, line: &Line, durable: bool) -> Result<(), RecordError> {
        let room = Arc::clone(&self.waiting).acquire_owned().await.map_err(|_| RecordError::Closed)?;
        let (answer, answered) = oneshot::channel();
        self.send(line, durable, Some(answer), Some(room))?;
        answered.await.map_err(|_| RecordError::Closed)?
    }

    fn send(
        &self,
        line: &Line,
        durable: bool,
        answer: Option<oneshot::Sender<Result<(), RecordError>>>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<(), RecordError> {
        let text = serde_json::to_string(line).and_then(impersonal).map_err(|e| RecordError::Entry(e.to_string()))?;
        let (folder, day) = place(line).ok_or_else(|| RecordError::Entry("only the writer writes this".into()))?;
        let job = thread::LineJob { folder, day, text, durable, answer, _room: room };
        self.jobs.send(thread::Job::Line(job)).map_err(|_| RecordError::Closed)
    }

    /// Runs something on the writer's thread, between two writes.
    async fn task<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut thread::Writer) -> T + Send + 'static,
    ) -> Result<T, RecordError> {
        let (answer, answered) = oneshot::channel();
        let task = move |writer: &mut thread::Writer| {
            // Who asked may have gone; what was done stays done.
            let _ = answer.send(task(writer));
        };
        self.jobs.send(thread::Job::Task(Box::new(task))).map_err(|_| RecordError::Closed)?;
        answered.await.map_err(|_| RecordError::Closed)
    }
}

/// The file of a day.
pub(super) fn day_path(folder: &Path, day: jiff::civil::Date) -> PathBuf {
    folder.join(format!("{day}.jsonl"))
}

/// The UTC day of an instant.
pub(super) fn day_of(at: Timestamp) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(at).date()
}

/// Folder of decisions and outcomes.
pub(super) const DECISIONS: &str = "decisions";
/// Folder of learned events.
pub(super) const JOURNAL: &str = "journal";

/// Folder and day of a line; none for what the writer alone writes.
fn place(line: &Line) -> Option<(&'static str, jiff::civil::Date)> {
    let of_id = |id: &str, at: Timestamp| day_of(ids::read(id).map_or(at, |(_, made)| made));
    match line {
        Line::Begin(_) | Line::Checkpoint(_) | Line::Retired(_) => None,
        Line::Received(entry) => Some((DECISIONS, of_id(&entry.submission, entry.at))),
        Line::Closed(entry) => Some((DECISIONS, of_id(&entry.submission, entry.at))),
        Line::Decision(entry) => Some((DECISIONS, of_id(&entry.id, entry.at))),
        Line::Outcome(entry) => Some((DECISIONS, of_id(&entry.decision, entry.at))),
        Line::Event(entry) => Some((JOURNAL, day_of(entry.at))),
    }
}

/// Puts new bytes in a file's place: whole and on disk, or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
