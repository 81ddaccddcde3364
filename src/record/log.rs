//! The append-only record: JSON lines, one file a UTC day, `decisions/2026-11-22.jsonl` and
//! `journal/2026-11-22.jsonl`. One thread writes; a line is whole or absent; an answer says how far it
//! got: to the operating system ([`Record::append`], before a reply) or to the disk
//! ([`Record::append_durable`], for holds). Everything reaches the disk within `fsync_ms`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::entry::Line;
use super::ids;
use super::impersonal::impersonal;
use crate::clock::Pause;

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
    /// The disk takes too long; the line may be written yet.
    #[error("the record is not written in time")]
    Late,
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
    jobs: Jobs,
    errors: Arc<AtomicU64>,
    stuck: Arc<AtomicBool>,
}

/// Who does the writing.
#[derive(Clone)]
enum Jobs {
    /// The thread, or whoever brings a line while nobody writes.
    Thread(thread::Jobs),
    /// The calling task: a simulation's.
    Here(Arc<Mutex<thread::Writer>>, Pause),
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Jobs::Thread(_)) { "Thread" } else { "Here" })
    }
}

/// How long a line may take. A disk that takes longer takes nothing for now: then nobody waits for it, and
/// new messages stay with their senders (see [`Record::is_stuck`]).
const LINE_WAIT: Duration = Duration::from_secs(2);
/// The same once the record is known to be stuck.
const LINE_WAIT_STUCK: Duration = Duration::from_millis(50);

impl Record {
    /// Opens the folder, mends torn ends of the newest files, starts the writer. `now` says which day
    /// is today.
    pub fn open(settings: &RecordSettings, now: Timestamp) -> Result<Record, RecordError> {
        let errors = Arc::new(AtomicU64::new(0));
        let jobs = Jobs::Thread(thread::start(settings, now, Arc::clone(&errors))?);
        Ok(Record::of(settings, jobs, errors))
    }

    /// The same without a thread: every line is written on the calling task, between two pauses. For
    /// simulations.
    pub fn open_here(settings: &RecordSettings, now: Timestamp, pause: Pause) -> Result<Record, RecordError> {
        let errors = Arc::new(AtomicU64::new(0));
        let jobs = Jobs::Here(Arc::new(Mutex::new(thread::writer(settings, now, Arc::clone(&errors))?)), pause);
        Ok(Record::of(settings, jobs, errors))
    }

    fn of(settings: &RecordSettings, jobs: Jobs, errors: Arc<AtomicU64>) -> Record {
        let waiting = Arc::new(Semaphore::new(settings.lines_waiting_max.max(1)));
        let folder = Arc::from(settings.folder.as_path());
        Record { folder, waiting, jobs, errors, stuck: Arc::default() }
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
        let room = self.room().await?;
        self.hand(Record::unawaited(line, Some(room))?).await
    }

    /// The same from where nothing can wait: a walk that was torn down.
    pub fn note_at_once(&self, line: &Line) -> Result<(), RecordError> {
        self.hand_at_once(Record::unawaited(line, None)?)
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

    /// True from a line that was not written in time until it is.
    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }

    async fn give(&self, line: &Line, durable: bool) -> Result<(), RecordError> {
        let (folder, at) = place(line).ok_or_else(|| RecordError::Entry("only the writer writes this".into()))?;
        self.give_text(serde_json::to_string(line), folder, at, durable).await
    }

    /// Writes what was made a line, into the file of a day.
    pub(super) async fn give_text(
        &self,
        text: serde_json::Result<String>,
        folder: &'static str,
        at: Timestamp,
        durable: bool,
    ) -> Result<(), RecordError> {
        let text = text.and_then(impersonal).map_err(|e| RecordError::Entry(e.to_string()))?;
        let wait = self.line_wait();
        let room = Some(self.room().await?);
        let (answer, mut answered) = oneshot::channel();
        let job = thread::LineJob { folder, day: day_of(at), text, durable, answer: Some(answer), _room: room };
        self.hand(thread::Job::Line(job)).await?;
        // Nearly always whoever brought it has written it.
        if let Ok(written) = answered.try_recv() {
            return written;
        }
        if let Ok(written) = tokio::time::timeout(wait, &mut answered).await {
            return written.map_err(|_| RecordError::Closed)?;
        }
        self.stuck.store(true, Ordering::Release);
        let stuck = Arc::clone(&self.stuck);
        tokio::spawn(async move {
            // Whatever it answers: it moves again.
            let _ = answered.await;
            stuck.store(false, Ordering::Release);
        });
        Err(self.late())
    }

    fn unawaited(line: &Line, room: Option<OwnedSemaphorePermit>) -> Result<thread::Job, RecordError> {
        let text = serde_json::to_string(line).and_then(impersonal).map_err(|e| RecordError::Entry(e.to_string()))?;
        let (folder, at) = place(line).ok_or_else(|| RecordError::Entry("only the writer writes this".into()))?;
        let (day, durable, answer) = (day_of(at), false, None);
        Ok(thread::Job::Line(thread::LineJob { folder, day, text, durable, answer, _room: room }))
    }

    async fn room(&self) -> Result<OwnedSemaphorePermit, RecordError> {
        if let Ok(room) = Arc::clone(&self.waiting).try_acquire_owned() {
            return Ok(room);
        }
        let room = tokio::time::timeout(self.line_wait(), Arc::clone(&self.waiting).acquire_owned()).await;
        room.map_err(|_| self.late())?.map_err(|_| RecordError::Closed)
    }

    fn line_wait(&self) -> Duration {
        if self.is_stuck() { LINE_WAIT_STUCK } else { LINE_WAIT }
    }

    fn late(&self) -> RecordError {
        self.errors.fetch_add(1, Ordering::Relaxed);
        RecordError::Late
    }

    /// To the writer, or done here between two pauses.
    async fn hand(&self, job: thread::Job) -> Result<(), RecordError> {
        if let Jobs::Here(_, pause) = &self.jobs {
            tokio::time::sleep(pause()).await;
        }
        self.hand_at_once(job)?;
        if let Jobs::Here(_, pause) = &self.jobs {
            tokio::time::sleep(pause()).await;
        }
        Ok(())
    }

    fn hand_at_once(&self, job: thread::Job) -> Result<(), RecordError> {
        match &self.jobs {
            Jobs::Thread(jobs) => jobs.give(job, !self.is_stuck()).then_some(()).ok_or(RecordError::Closed),
            Jobs::Here(writer, _) => {
                writer.lock().unwrap_or_else(PoisonError::into_inner).work(vec![job]);
                Ok(())
            }
        }
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
        self.hand(thread::Job::Task(Box::new(task))).await?;
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
/// Folder of learned events and of what left.
pub(super) const JOURNAL: &str = "journal";

/// Folder of a line and the instant whose day it belongs to; none for what the writer alone writes.
fn place(line: &Line) -> Option<(&'static str, Timestamp)> {
    let of_id = |id: &str, at: Timestamp| ids::read(id).map_or(at, |(_, made)| made);
    match line {
        Line::Begin(_) | Line::Checkpoint(_) | Line::Retired(_) => None,
        Line::Received(entry) => Some((DECISIONS, of_id(&entry.submission, entry.at))),
        Line::Closed(entry) => Some((DECISIONS, of_id(&entry.submission, entry.at))),
        Line::Decision(entry) => Some((DECISIONS, of_id(&entry.id, entry.at))),
        Line::Outcome(entry) => Some((DECISIONS, of_id(&entry.decision, entry.at))),
        Line::Event(entry) => Some((JOURNAL, entry.at)),
        Line::Forwarding(entry) => Some((JOURNAL, entry.at)),
        Line::GivenBack(entry) => Some((JOURNAL, entry.at)),
        Line::Claimed(entry) => Some((JOURNAL, entry.at)),
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
