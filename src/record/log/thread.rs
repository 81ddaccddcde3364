//! The writer: takes the lines that wait, writes each file once, answers, and syncs at once for
//! durable lines, else when `fsync_ms` has passed since the first unsynced line. A line that finds nobody
//! writing is written by whoever brings it: waking the thread costs more than the write.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::error;

use super::day_file::DayFile;
use super::signing::Signing;
use super::{DECISIONS, JOURNAL, RecordError, RecordSettings, day_of, day_path};

/// Lines in one write.
const LINES_TOGETHER_MAX: usize = 512;
/// A line that nobody waits for waits so long for others to be written with: one write, not two, for a
/// message that comes alone.
const NOTED_WAIT: Duration = Duration::from_millis(5);
/// Rounds in which one caller writes what others bring.
const TURNS_MAX: usize = 8;
/// Day files kept open: today's two, and those that late outcomes go to.
const OPEN_FILES_MAX: usize = 8;

const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What the writer is asked to do.
pub(super) enum Job {
    /// Write a line.
    Line(LineJob),
    /// Something else that only the owner of the files may do, between two writes.
    Task(Box<dyn FnOnce(&mut Writer) + Send>),
}

/// One line to write.
pub(super) struct LineJob {
    pub(super) folder: &'static str,
    pub(super) day: Date,
    pub(super) text: String,
    pub(super) durable: bool,
    /// None: nobody waits for it.
    pub(super) answer: Option<oneshot::Sender<Result<(), RecordError>>>,
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

/// A way to the thread, and to what it writes with.
#[derive(Clone)]
pub(super) struct Jobs {
    /// None: look again when something has to be done by itself.
    jobs: mpsc::Sender<Option<Job>>,
    shared: Arc<Shared>,
}

/// What those who bring lines and the thread have in common.
struct Shared {
    waiting: Mutex<Waiting>,
    writer: Mutex<Writer>,
}

/// Lines that are not written yet, and when the thread looks for them.
#[derive(Default)]
struct Waiting {
    lines: Vec<LineJob>,
    /// True when somebody waits for one of them.
    awaited: bool,
    /// Since when a line waits that nobody waits for.
    noted_since: Option<Instant>,
    /// When what was written has to be synced or signed.
    due: Option<Instant>,
    /// When the thread looks again by itself; past while it is at work, none while it sleeps until it is woken.
    wakes: Option<Instant>,
}

impl Jobs {
    /// Writes an undurable line at once, with all that wait, when nobody else writes; whoever writes then
    /// writes this one, too. Anything else goes to the thread. A disk that does not move can hold up one caller
    /// so, never two. False when the thread is gone.
    pub(super) fn give(&self, job: Job, may_write: bool) -> bool {
        let line = match job {
            Job::Line(line) if may_write && !line.durable => line,
            other => return self.jobs.send(Some(other)).is_ok(),
        };
        let awaited = line.answer.is_some();
        {
            let mut waiting = locked(&self.shared.waiting);
            waiting.lines.push(line);
            waiting.awaited |= awaited;
            if !awaited {
                waiting.noted_since.get_or_insert_with(Instant::now);
            }
        }
        let through = !awaited || self.shared.write_waiting();
        let wakes = !through || self.shared.must_wake();
        !wakes || self.jobs.send(None).is_ok()
    }
}

impl Shared {
    /// Writes what waits, until nobody waits for any of it or somebody else writes. False when it is the
    /// thread's turn: a checkpoint is due, or others bring more without end.
    fn write_waiting(&self) -> bool {
        for _ in 0..TURNS_MAX {
            let Ok(mut writer) = self.writer.try_lock() else { return true };
            if writer.signing.is_due() {
                return false;
            }
            self.write_by(&mut writer);
            drop(writer);
            // What came meanwhile from those who found the writer taken.
            if !locked(&self.waiting).awaited {
                return true;
            }
        }
        false
    }

    fn write_by(&self, writer: &mut Writer) {
        let lines = {
            let mut waiting = locked(&self.waiting);
            (waiting.awaited, waiting.noted_since) = (false, None);
            std::mem::take(&mut waiting.lines)
        };
        if !lines.is_empty() {
            writer.write(lines);
            locked(&self.waiting).due = writer.wait().map(|wait| Instant::now() + wait);
        }
    }

    /// How long the thread sleeps. Woken once, it looks again soon by itself: in a rush it need not be woken
    /// for every line.
    fn sleeps(&self, woken: bool) -> Option<Duration> {
        {
            let writer = locked(&self.writer);
            // While it is held: whoever writes next says anew what is due, and is not written over.
            locked(&self.waiting).due = writer.wait().map(|wait| Instant::now() + wait);
        }
        let mut waiting = locked(&self.waiting);
        if waiting.awaited {
            // Brought while the writer was taken here just now: whoever brought it counts on this thread.
            return Some(Duration::ZERO);
        }
        let now = Instant::now();
        let noted = waiting.noted_since.map(|since| since + NOTED_WAIT);
        let again = woken.then_some(now + NOTED_WAIT);
        waiting.wakes = waiting.due.into_iter().chain(noted).chain(again).min();
        waiting.wakes.map(|wakes| wakes.saturating_duration_since(now))
    }

    /// True, once, when something is due before the thread looks again.
    fn must_wake(&self) -> bool {
        // Not by the writer's lock: whoever finds it taken counts on its holder to write.
        let mut waiting = locked(&self.waiting);
        let noted = waiting.noted_since.map(|since| since + NOTED_WAIT);
        let Some(due) = waiting.due.into_iter().chain(noted).min() else { return false };
        let early = waiting.wakes.is_none_or(|wakes| due < wakes);
        if early {
            waiting.wakes = Some(due);
        }
        early
    }
}

pub(super) fn start(settings: &RecordSettings, now: Timestamp, errors: Arc<AtomicU64>) -> Result<Jobs, RecordError> {
    let writer = Mutex::new(writer(settings, now, errors)?);
    let (jobs, incoming) = mpsc::channel();
    let shared = Arc::new(Shared { waiting: Mutex::default(), writer });
    let jobs = Jobs { jobs, shared: Arc::clone(&shared) };
    let run = move || run(&shared, &incoming);
    let started = std::thread::Builder::new().name("record-writer".into()).spawn(run);
    started.map_err(|e| RecordError::Io(e.to_string()))?;
    Ok(jobs)
}

fn run(shared: &Shared, incoming: &mpsc::Receiver<Option<Job>>) {
    let mut woken = false;
    loop {
        let first = match shared.sleeps(std::mem::take(&mut woken)) {
            None => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => incoming.recv_timeout(wait),
        };
        let mut writer = locked(&shared.writer);
        // What was brought before is written before.
        shared.write_by(&mut writer);
        match first {
            Ok(first) => {
                let rest = incoming.try_iter().take(LINES_TOGETHER_MAX - 1);
                let brought: Vec<Option<Job>> = std::iter::once(first).chain(rest).collect();
                woken = brought.iter().any(Option::is_none);
                writer.work(brought.into_iter().flatten().collect());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let _ = writer.sync(); // said and counted inside
                writer.sign_stop();
                return;
            }
        }
        writer.do_what_is_due();
        drop(writer);
        // What came meanwhile from those who found the writer taken.
        woken |= !shared.write_waiting();
    }
}

/// Whole whatever happened: a line is appended or not.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What writes: folders made, torn ends mended.
pub(super) fn writer(settings: &RecordSettings, now: Timestamp, errors: Arc<AtomicU64>) -> Result<Writer, RecordError> {
    let io = |e: std::io::Error| RecordError::Io(e.to_string());
    fs::create_dir_all(&settings.folder).map_err(io)?;
    let mut writer = Writer {
        _lock: lock(&settings.folder)?,
        root: settings.folder.clone(),
        files: BTreeMap::new(),
        sync_every: Duration::from_millis(settings.fsync_ms),
        first_unsynced: None,
        errors,
        signing: Signing::open(settings, now).map_err(io)?,
    };
    let today = day_of(now);
    for folder in [DECISIONS, JOURNAL] {
        fs::create_dir_all(settings.folder.join(folder)).map_err(io)?;
        // The last run may have ended yesterday: its torn line is mended now, not when somebody asks.
        for day in [today.yesterday().unwrap_or(today), today] {
            if day_path(&settings.folder.join(folder), day).exists() {
                writer.file(folder, day).map_err(io)?;
            }
        }
    }
    writer.mend_all().map_err(io)?;
    writer.sign_start(today);
    Ok(writer)
}

/// The folder's lock; waits a little for a predecessor that is just stopping.
fn lock(folder: &Path) -> Result<File, RecordError> {
    let io = |e: std::io::Error| RecordError::Io(e.to_string());
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock")).map_err(io)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(fs::TryLockError::Error(why)) => return Err(io(why)),
        }
    }
    Err(RecordError::InUse(folder.display().to_string()))
}

/// The thread's own: the files and what is still to be done to them.
pub(super) struct Writer {
    /// Held until the last line is on disk.
    _lock: File,
    pub(super) root: PathBuf,
    files: BTreeMap<(&'static str, Date), DayFile>,
    sync_every: Duration,
    first_unsynced: Option<Instant>,
    errors: Arc<AtomicU64>,
    pub(super) signing: Signing,
}

impl Writer {
    fn do_what_is_due(&mut self) {
        if self.first_unsynced.is_some_and(|since| since.elapsed() >= self.sync_every) {
            let _ = self.sync(); // said and counted inside
        }
        self.sign_when_due();
    }

    /// How long nothing has to be done by itself.
    fn wait(&self) -> Option<Duration> {
        let sync = self.first_unsynced.map(|since| self.sync_every.saturating_sub(since.elapsed()));
        let sign = if self.signing.is_due() { Some(Duration::ZERO) } else { self.signing.wait() };
        sync.into_iter().chain(sign).min()
    }

    pub(super) fn work(&mut self, jobs: Vec<Job>) {
        let mut lines = Vec::new();
        for job in jobs {
            match job {
                Job::Line(line) => lines.push(line),
                Job::Task(task) => {
                    // What was asked before the task is done before it.
                    self.write(std::mem::take(&mut lines));
                    task(self);
                }
            }
        }
        self.write(lines);
    }

    fn write(&mut self, jobs: Vec<LineJob>) {
        fail::fail_point!(format!("record {}", self.root.display()).as_str());
        let mut by_file: BTreeMap<(&'static str, Date), Vec<LineJob>> = BTreeMap::new();
        for job in jobs {
            by_file.entry((job.folder, job.day)).or_default().push(job);
        }
        let mut durable = Vec::new();
        for ((folder, day), jobs) in by_file {
            let lines = jobs.iter().map(|job| job.text.as_str());
            let written = self.file(folder, day).and_then(|file| file.append(lines));
            if let Err(why) = &written {
                self.failed(jobs.len(), &why.to_string());
                // Opened again next time, which mends what it left.
                self.files.remove(&(folder, day));
            } else {
                self.first_unsynced.get_or_insert_with(Instant::now);
                self.signing.written(folder, day, jobs.len());
            }
            for job in jobs {
                match &written {
                    Err(why) => answer(job, Err(RecordError::Io(why.to_string()))),
                    Ok(()) if job.durable => durable.push(job),
                    Ok(()) => answer(job, Ok(())),
                }
            }
        }
        if !durable.is_empty() {
            let synced = self.sync();
            durable.into_iter().for_each(|job| answer(job, synced.clone()));
        }
    }

    pub(super) fn sync(&mut self) -> Result<(), RecordError> {
        self.first_unsynced = None;
        let mut result = Ok(());
        for file in self.files.values_mut() {
            if let Err(why) = file.sync() {
                result = Err(RecordError::Io(why.to_string()));
            }
        }
        if let Err(why) = &result {
            self.failed(1, &why.to_string());
        }
        result
    }

    pub(super) fn file(&mut self, folder: &'static str, day: Date) -> std::io::Result<&mut DayFile> {
        if !self.files.contains_key(&(folder, day)) {
            self.sign_before(folder, day);
        }
        if !self.files.contains_key(&(folder, day)) && self.files.len() >= OPEN_FILES_MAX {
            let oldest = self.files.keys().min_by_key(|(_, day)| *day).copied();
            if let Some(mut closed) = oldest.and_then(|oldest| self.files.remove(&oldest)) {
                closed.sync()?;
            }
        }
        match self.files.entry((folder, day)) {
            std::collections::btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => {
                Ok(free.insert(DayFile::open(&day_path(&self.root.join(folder), day), folder == DECISIONS)?))
            }
        }
    }

    /// Lets go of a file, whole and on disk, so that it may be changed.
    pub(super) fn let_go(&mut self, folder: &'static str, day: Date) -> std::io::Result<()> {
        self.files.remove(&(folder, day)).map_or(Ok(()), |mut file| file.sync())
    }

    pub(super) fn failed(&self, lines: usize, why: &str) {
        self.errors.fetch_add(lines as u64, Ordering::Relaxed);
        error!(lines, why, "the record could not be written");
    }
}

fn answer(job: LineJob, result: Result<(), RecordError>) {
    if let Some(answer) = job.answer {
        // Who asked may have gone.
        let _ = answer.send(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_synced_already_wakes_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let settings = RecordSettings { fsync_ms: 1, ..RecordSettings::in_folder(dir.path()) };
        let writer = Mutex::new(writer(&settings, Timestamp::UNIX_EPOCH, Arc::default()).unwrap());
        let shared = Shared { waiting: Mutex::default(), writer };
        let (text, day, answer) = ("{}".to_owned(), Date::constant(1970, 1, 1), Some(oneshot::channel().0));
        let line = LineJob { folder: JOURNAL, day, text, durable: false, answer, _room: None };
        locked(&shared.waiting).lines.push(line);
        assert!(shared.write_waiting() && shared.must_wake(), "the thread slept without end: it is told");
        assert!(!shared.must_wake(), "once");
        std::thread::sleep(Duration::from_millis(2));
        locked(&shared.writer).do_what_is_due();
        shared.sleeps(false);
        assert!(!shared.must_wake());
    }
}
