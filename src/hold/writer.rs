//! The one thread that writes `hold.db`: takes the jobs that wait, runs each in a savepoint, commits
//! them together (one fsync for all), and answers only then. When a full disk takes the whole
//! transaction away, every job is tried once more alone, so that one big message fails only itself.
//!
//! In a simulation there is no thread: the calling task does the same work at its own turn.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{HoldError, HoldKey};
use crate::clock::Pause;

/// Jobs that may wait; beyond it callers wait.
const JOBS_WAITING_MAX: usize = 1024;
/// Jobs in one transaction.
const JOBS_TOGETHER_MAX: usize = 128;

/// A handle to the thread. When the last one goes the thread finishes what waits and closes the file.
#[derive(Clone)]
pub(super) enum Writer {
    /// To the thread.
    Thread(mpsc::Sender<Box<dyn Job>>),
    /// No thread: a simulation's.
    Here(Arc<Here>),
}

/// What the calling task needs to do the thread's work.
pub(super) struct Here {
    connection: Mutex<Connection>,
    key: Arc<HoldKey>,
    pause: Pause,
}

impl Writer {
    /// Starts the thread on an open file.
    pub(super) fn start(connection: Connection, key: Arc<HoldKey>) -> Result<Writer, HoldError> {
        let (jobs, waiting) = mpsc::channel(JOBS_WAITING_MAX);
        std::thread::Builder::new()
            .name("hold-writer".into())
            .spawn(move || write_all(&connection, &key, waiting))
            .map_err(|e| HoldError::File(e.to_string()))?;
        Ok(Writer::Thread(jobs))
    }

    /// Works on the calling task, each step between two pauses.
    pub(super) fn here(connection: Connection, key: Arc<HoldKey>, pause: Pause) -> Writer {
        Writer::Here(Arc::new(Here { connection: Mutex::new(connection), key, pause }))
    }

    /// Runs `step` in a transaction; the answer is durable. `step` may run twice, never half.
    pub(super) async fn run<T, F>(&self, step: F) -> Result<T, HoldError>
    where
        T: Send + 'static,
        F: FnMut(&Connection, &HoldKey) -> Result<T, HoldError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Step { step, result: None, answer });
        match self {
            Writer::Thread(jobs) => jobs.send(job).await.map_err(|_| HoldError::Closed)?,
            Writer::Here(here) => here.work(job).await,
        }
        answered.await.map_err(|_| HoldError::Closed)?
    }
}

impl Here {
    async fn work(&self, mut job: Box<dyn Job>) {
        tokio::time::sleep((self.pause)()).await;
        {
            let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
            let committed = commit(&connection, &self.key, std::slice::from_mut(&mut job));
            job.answer(committed);
        }
        tokio::time::sleep((self.pause)()).await;
    }
}

pub(super) trait Job: Send {
    fn run(&mut self, connection: &Connection, key: &HoldKey) -> Result<(), HoldError>;
    fn answer(self: Box<Self>, committed: Result<(), HoldError>);
}

struct Step<T, F> {
    step: F,
    result: Option<Result<T, HoldError>>,
    answer: oneshot::Sender<Result<T, HoldError>>,
}

impl<T, F> Job for Step<T, F>
where
    T: Send,
    F: FnMut(&Connection, &HoldKey) -> Result<T, HoldError> + Send,
{
    fn run(&mut self, connection: &Connection, key: &HoldKey) -> Result<(), HoldError> {
        let result = (self.step)(connection, key);
        let done = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        done
    }

    fn answer(self: Box<Self>, committed: Result<(), HoldError>) {
        let result = self.result.unwrap_or(Err(HoldError::Closed));
        // The one who asked may have gone; what was done stays done.
        let _ = self.answer.send(committed.and(result));
    }
}

fn write_all(connection: &Connection, key: &HoldKey, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
    let mut jobs = Vec::with_capacity(JOBS_TOGETHER_MAX);
    while waiting.blocking_recv_many(&mut jobs, JOBS_TOGETHER_MAX) > 0 {
        let alone = jobs.len() == 1;
        match commit(connection, key, &mut jobs) {
            Err(why) if !alone && why != HoldError::Busy => {
                for mut job in jobs.drain(..) {
                    let committed = commit(connection, key, std::slice::from_mut(&mut job));
                    job.answer(committed);
                }
            }
            committed => jobs.drain(..).for_each(|job| job.answer(committed.clone())),
        }
    }
}

fn commit(connection: &Connection, key: &HoldKey, jobs: &mut [Box<dyn Job>]) -> Result<(), HoldError> {
    bounds(connection, "BEGIN IMMEDIATE")?;
    let done = in_transaction(connection, key, jobs);
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    if matches!(done, Err(HoldError::File(_) | HoldError::Full)) {
        overwrite_refused(connection);
    }
    done
}

/// A commit that failed at its fsync has left its frames in the log, whole: a process that starts then
/// would find them and send what was refused. Another small transaction takes their place, and breaks the
/// chain of checksums behind it. Should that fail as well, the customer's document is the last to say no.
fn overwrite_refused(connection: &Connection) {
    let overwritten = connection
        .execute_batch("INSERT OR REPLACE INTO meta(name, value) VALUES('refused', randomblob(8))")
        .or_else(|failed| if connection.is_autocommit() { Err(failed) } else { connection.execute_batch("ROLLBACK") });
    if let Err(error) = overwritten {
        tracing::warn!(%error, "the hold file could not be written after a failed commit");
    }
}

fn in_transaction(connection: &Connection, key: &HoldKey, jobs: &mut [Box<dyn Job>]) -> Result<(), HoldError> {
    for job in jobs.iter_mut() {
        bounds(connection, "SAVEPOINT job")?;
        let done = job.run(connection, key);
        // SQLite may have rolled the whole transaction back on a full disk or an I/O error.
        if connection.is_autocommit() {
            return Err(done.err().unwrap_or(HoldError::Full));
        }
        if done.is_err() {
            bounds(connection, "ROLLBACK TO job")?;
        }
        bounds(connection, "RELEASE job")?;
    }
    bounds(connection, "COMMIT")
}

/// A transaction's bounds are said for each batch: parsed once.
fn bounds(connection: &Connection, said: &str) -> Result<(), HoldError> {
    connection.prepare_cached(said)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::super::{Hold, HoldSettings, rows};
    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        rows::prepare(&connection).unwrap();
        Writer::start(connection, Arc::new(HoldKey::shared(&[1; 32]).unwrap())).unwrap()
    }

    /// A step under which SQLite takes the whole transaction back, as on a full disk; and how often it ran.
    async fn too_big(writer: &Writer, runs: Arc<AtomicU32>) -> Result<(), HoldError> {
        let step = move |connection: &Connection, _: &HoldKey| {
            runs.fetch_add(1, Ordering::Relaxed);
            connection.execute_batch("ROLLBACK")?;
            Err(HoldError::Full)
        };
        writer.run(step).await
    }

    async fn small(writer: &Writer, name: &'static str) -> Result<(), HoldError> {
        let kept = "INSERT INTO meta(name, value) VALUES(?1, x'01')";
        writer.run(move |connection, _| Ok(connection.execute(kept, [name]).map(|_| ())?)).await
    }

    #[tokio::test]
    async fn one_that_takes_the_transaction_away_fails_alone_and_is_not_tried_again_when_it_was_alone() {
        let (writer, runs) = (writer(), Arc::new(AtomicU32::new(0)));
        assert_eq!(too_big(&writer, Arc::clone(&runs)).await, Err(HoldError::Full));
        assert_eq!(runs.swap(0, Ordering::Relaxed), 1);

        // They gather while the writer is at something else: it has begun, alone, before they are queued. Gathered with
        // them it would run twice, as any step may, and wait a second time for a word that comes once.
        let (has_begun, begun) = tokio::sync::oneshot::channel::<()>();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let mut has_begun = Some(has_begun);
        let busy = writer.run(move |_, _| {
            has_begun.take().into_iter().for_each(|told| told.send(()).unwrap());
            Ok(waits.recv().is_ok())
        });
        let gathered = async {
            for _ in 0..9 {
                tokio::task::yield_now().await;
            }
            go_on.send(()).unwrap();
        };
        let (before, big, after) =
            (small(&writer, "before"), too_big(&writer, Arc::clone(&runs)), small(&writer, "after"));
        let then = async {
            begun.await.unwrap();
            tokio::join!(before, big, after, gathered)
        };
        let (busy, (before, big, after, ())) = tokio::join!(busy, then);
        assert_eq!((busy, before, big, after), (Ok(true), Ok(()), Err(HoldError::Full), Ok(())));
        assert_eq!(runs.load(Ordering::Relaxed), 2, "once with the others, once alone");
        // And what was refused is no longer in the log.
        let kept = "SELECT count(*) FROM meta WHERE name IN ('before', 'after', 'refused')";
        let kept = writer.run(move |connection, _| Ok(connection.query_row(kept, [], |row| row.get::<_, i64>(0))?));
        assert_eq!(kept.await, Ok(3));
    }

    #[tokio::test]
    async fn without_a_thread_the_same_work_is_done_at_the_callers_turn() {
        let folder = tempfile::tempdir().unwrap();
        let settings = HoldSettings::in_folder(folder.path());
        let hold = Hold::open_here(&settings, Arc::new(|| Duration::ZERO)).unwrap();
        let late = "INSERT INTO meta(name, value) VALUES('done', x'01')";
        hold.step(move |connection, _| Ok(connection.execute(late, []).map(|_| ())?)).await.unwrap();
        let refused = hold.step(move |connection, _| Ok(connection.execute(late, []).map(|_| ())?)).await;
        assert!(matches!(refused, Err(HoldError::File(_))), "it is there already: {refused:?}");
    }
}
