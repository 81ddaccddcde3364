//! The writer: takes the lines that wait, writes each file once, answers, and syncs at once for
//! durable lines, else when `fsync_ms` has passed since the first unsynced line. A line that finds nobody
//! writing is written by whoever brings it: waking the thread costs more than the write.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    /// Look again when something has to be done by itself.
    Wake,
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
    jobs: mpsc::Sender<Job>,
    /// Jobs on their way to the thread.
    waiting: Arc<AtomicUsize>,
    writer: Arc<Mutex<Writer>>,
}

impl Jobs {
    /// Writes an undurable line at once when nobody else writes and nothing waits; anything else goes to the
    /// thread. A disk that does not move can hold up one caller so, never two. False when the thread is gone.
    pub(super) fn give(&self, job: Job, may_write: bool) -> bool {
        let here = may_write && matches!(&job, Job::Line(LineJob { durable: false, .. }));
        if here
            && self.waiting.load(Ordering::Acquire) == 0
            && let Ok(mut writer) = self.writer.try_lock()
            && !writer.signing.is_due()
        {
            writer.take(std::iter::once(job));
            let wakes = writer.must_wake();
            drop(writer);
            return !wakes || self.send(Job::Wake);
        }
        self.send(job)
    }

    fn send(&self, job: Job) -> bool {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.jobs.send(job).is_ok()
    }
}

pub(super) fn start(settings: &RecordSettings, now: Timestamp, errors: Arc<AtomicU64>) -> Result<Jobs, RecordError> {
    let writer = Arc::new(Mutex::new(writer(settings, now, errors)?));
    let (jobs, incoming) = mpsc::channel();
    let jobs = Jobs { jobs, waiting: Arc::default(), writer: Arc::clone(&writer) };
    let waiting = Arc::clone(&jobs.waiting);
    let run = move || run(&writer, &incoming, &waiting);
    let started = std::thread::Builder::new().name("record-writer".into()).spawn(run);
    started.map_err(|e| RecordError::Io(e.to_string()))?;
    Ok(jobs)
}

fn run(writer: &Mutex<Writer>, incoming: &mpsc::Receiver<Job>, waiting: &AtomicUsize) {
    let mut woken = false;
    loop {
        let wait = locked(writer).sleeps(woken);
        woken = false;
        let first = match wait {
            None => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => incoming.recv_timeout(wait),
        };
        let mut writer = locked(writer);
        match first {
            Ok(first) => {
                let rest = incoming.try_iter().take(LINES_TOGETHER_MAX - 1);
                let mut jobs: Vec<Job> = std::iter::once(first).chain(rest).collect();
                let taken = jobs.len();
                jobs.retain(|job| !matches!(job, Job::Wake));
                woken = jobs.len() < taken;
                if !jobs.is_empty() {
                    writer.take(jobs.into_iter());
                }
                waiting.fetch_sub(taken, Ordering::AcqRel);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                writer.write_noted();
                let _ = writer.sync(); // said and counted inside
                writer.sign_stop();
                return;
            }
        }
        writer.do_what_is_due();
    }
}

/// Whole whatever happened: a line is appended or not.
fn locked(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
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
        noted: Vec::new(),
        noted_since: None,
        wakes: None,
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
    /// Lines that nobody waits for, and since when they wait.
    noted: Vec<Job>,
    noted_since: Option<Instant>,
    /// When the thread looks again by itself.
    wakes: Option<Instant>,
}

impl Writer {
    fn do_what_is_due(&mut self) {
        if self.noted_since.is_some_and(|since| since.elapsed() >= NOTED_WAIT) {
            self.write_noted();
        }
        if self.first_unsynced.is_some_and(|since| since.elapsed() >= self.sync_every) {
            let _ = self.sync(); // said and counted inside
        }
        self.sign_when_due();
    }

    /// How long the thread sleeps. Woken once, it looks again soon by itself: in a rush it need not be woken
    /// for every line.
    fn sleeps(&mut self, woken: bool) -> Option<Duration> {
        let wait = self.wait();
        let wait = if woken { Some(wait.map_or(NOTED_WAIT, |wait| wait.min(NOTED_WAIT))) } else { wait };
        self.wakes = wait.map(|wait| Instant::now() + wait);
        wait
    }

    /// True, once, when something is due before the thread looks again.
    fn must_wake(&mut self) -> bool {
        let Some(due) = self.wait().map(|wait| Instant::now() + wait) else { return false };
        let early = self.wakes.is_none_or(|wakes| due < wakes);
        if early {
            self.wakes = Some(due);
        }
        early
    }

    /// How long nothing has to be done by itself.
    fn wait(&self) -> Option<Duration> {
        let sync = self.first_unsynced.map(|since| self.sync_every.saturating_sub(since.elapsed()));
        let noted = self.noted_since.map(|since| NOTED_WAIT.saturating_sub(since.elapsed()));
        sync.into_iter().chain(noted).chain(self.signing.wait()).min()
    }

    /// Does what is asked, in its order; what nobody waits for waits a moment for company.
    fn take(&mut self, jobs: impl Iterator<Item = Job>) {
        let before = self.noted.len();
        self.noted.extend(jobs);
        let awaited = |job: &Job| !matches!(job, Job::Line(LineJob { answer: None, durable: false, .. }));
        let many = self.noted.len() >= LINES_TOGETHER_MAX;
        if many || self.noted.get(before..).unwrap_or_default().iter().any(awaited) {
            self.write_noted();
        } else {
            self.noted_since.get_or_insert_with(Instant::now);
        }
    }

    fn write_noted(&mut self) {
        self.noted_since = None;
        let jobs = std::mem::take(&mut self.noted);
        if !jobs.is_empty() {
            self.work(jobs);
        }
    }

    pub(super) fn work(&mut self, jobs: Vec<Job>) {
        let mut lines = Vec::new();
        for job in jobs {
            match job {
                Job::Wake => {}
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
