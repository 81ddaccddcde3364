//! Facts in SQLite under a directory, for one gateway without any server. One thread writes: it takes
//! what has queued up, applies it in order of arrival in one transaction with a savepoint each, and
//! answers only after COMMIT (design §6). WAL, so readers never wait; `synchronous=FULL`, so what was
//! answered survives a power cut as far as the disk keeps its word.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::backend::{Answer, Ask, Kept, Mark, Marks, Note, Record, RecordWrite, SET_MEMBERS_MAX, Wrote};
use super::settings::OpenError;
use super::{CustomerKey, StoreError};

/// Writes waiting for the writer before the next one waits at the door.
const QUEUE_MAX: usize = 4_096;
/// Jobs in one transaction.
const GROUP_MAX: usize = 256;
/// Connections that read at once.
const READERS_MAX: usize = 4;

/// The layout. STRICT, so that a foreign tool cannot put a text where a number belongs.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS customers (
    key      TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    document BLOB,
    moved    TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS marks (
    name   TEXT NOT NULL,
    member TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (name, member)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS kept_until ON kept (until);
CREATE TABLE IF NOT EXISTS marks_until (
    name  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS marks_until_until ON marks_until (until);
";

/// The store in a directory. Clones share it.
#[derive(Debug, Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    jobs: mpsc::Sender<Job>,
    readers: Mutex<Vec<Connection>>,
    reading: Semaphore,
    path: std::path::PathBuf,
    patience: Duration,
    /// Held for as long as the store is open: keeps a second process out.
    _lock: File,
}

enum Job {
    Write(Vec<RecordWrite>, oneshot::Sender<Result<Vec<Wrote>, StoreError>>),
    Mark(Vec<Mark>, oneshot::Sender<Result<(), StoreError>>),
    /// The notes, and the second they were given in.
    Note(Vec<Note>, i64, oneshot::Sender<Result<(), StoreError>>),
    Unmark(Vec<(String, String)>, oneshot::Sender<Result<(), StoreError>>),
    Remove(Vec<(CustomerKey, u64)>, oneshot::Sender<Result<Vec<bool>, StoreError>>),
    /// The values, and the second they were given in.
    Keep(Vec<Kept>, i64, oneshot::Sender<Result<(), StoreError>>),
    /// Answers when everything before it is written.
    Flush(oneshot::Sender<Result<(), StoreError>>),
}

impl Embedded {
    /// Opens or makes `facts.db` in `dir`. Blocking; call it outside the runtime's threads.
    pub fn open(dir: &Path, patience: Duration) -> Result<Embedded, OpenError> {
        let failed = |what: &str, e: &dyn std::fmt::Display| OpenError::Embedded {
            dir: dir.to_owned(),
            why: format!("{what}: {e}"),
        };
        let mut making = std::fs::DirBuilder::new();
        // What is in it is personal data, pseudonymised or not.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
        making.recursive(true).create(dir).map_err(|e| failed("the directory cannot be made", &e))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join("facts.lock"))
            .map_err(|e| failed("facts.lock cannot be opened", &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(std::fs::TryLockError::Error(e)) => return Err(failed("facts.lock cannot be locked", &e)),
        }
        let path = dir.join("facts.db");
        let writer = connect(&path).map_err(|e| failed("facts.db cannot be opened", &e))?;
        writer.execute_batch(SCHEMA).map_err(|e| failed("facts.db cannot be prepared", &e))?;
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("facts-writer".to_owned())
            .spawn(move || write_until_closed(writer, queue))
            .map_err(|e| failed("the writer thread cannot start", &e))?;
        let inner = Inner {
            jobs,
            readers: Mutex::new(Vec::new()),
            reading: Semaphore::new(READERS_MAX),
            path,
            patience,
            _lock: lock,
        };
        Ok(Embedded { inner: Arc::new(inner) })
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        let ask = ask.clone();
        self.on_reader(move |reader| read(reader, &ask)).await
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = tokio::time::timeout(self.inner.patience, self.inner.reading.acquire())
            .await
            .map_err(|_| StoreError::Down("no reader became free".to_owned()))?
            .map_err(down)?;
        let inner = self.inner.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let idle = inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = idle.map_or_else(|| connect(&inner.path), Ok).map_err(down)?;
            let answer = work(&reader).map_err(down);
            inner.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            answer
        });
        reading.await.map_err(down)?
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.ask_writer(|answer| Job::Write(writes, answer)).await
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        self.ask_writer(|answer| Job::Unmark(members, answer)).await
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        self.ask_writer(|answer| Job::Remove(records, answer)).await
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        // Only garbage collection goes by this clock, as a server's expiry goes by the server's.
        let now = jiff::Timestamp::now().as_second();
        self.ask_writer(|answer| Job::Keep(values, now, answer)).await
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let names = names.to_vec();
        self.on_reader(move |reader| {
            let mut value = reader.prepare_cached("SELECT value FROM kept WHERE name = ?1")?;
            names.iter().map(|name| value.query_row([name], |row| row.get(0)).optional()).collect()
        })
        .await
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        self.ask_writer(|answer| Job::Mark(marks, answer)).await
    }

    pub(super) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        // As for what is kept: only garbage collection goes by this clock.
        let now = jiff::Timestamp::now().as_second();
        self.ask_writer(|answer| Job::Note(notes, now, answer)).await
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.read(&Ask::default()).await.map(|_| ())
    }

    /// It has no clock but the gateway's.
    pub(super) async fn time(&self) -> Result<Option<jiff::Timestamp>, StoreError> {
        Ok(None)
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.ask_writer(Job::Flush).await
    }

    async fn ask_writer<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let place = tokio::time::timeout(self.inner.patience, self.inner.jobs.reserve())
            .await
            .map_err(|_| StoreError::Down("the writer's queue is full".to_owned()))?
            .map_err(down)?;
        place.send(job(answer));
        match tokio::time::timeout(self.inner.patience, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unknown("the writer stopped".to_owned())),
            Err(_) => Err(StoreError::Unknown("the writer did not answer in time".to_owned())),
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // An erased history must not be readable in free pages of the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

fn read(reader: &Connection, ask: &Ask) -> rusqlite::Result<Answer> {
    // One read transaction: records and claims are of one instant.
    let snapshot = reader.unchecked_transaction()?;
    let mut answer = Answer::default();
    let mut record = snapshot.prepare_cached("SELECT version, document, moved FROM customers WHERE key = ?1")?;
    for key in &ask.records {
        let found = record
            .query_row([&key.0], |row| {
                let moved: Option<String> = row.get(2)?;
                let version = row.get::<_, i64>(0)?.cast_unsigned();
                Ok(Record { version, document: row.get(1)?, moved: moved.map(CustomerKey) })
            })
            .optional()?;
        answer.records.push(found.unwrap_or_default());
    }
    let mut count = snapshot.prepare_cached("SELECT count(*) FROM marks WHERE name = ?1")?;
    let mut marks =
        snapshot.prepare_cached("SELECT member, at FROM marks WHERE name = ?1 ORDER BY at, member LIMIT ?2")?;
    for (name, most) in &ask.sets {
        let earliest = marks
            .query_map(params![name, i64::try_from(*most).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let count: i64 = count.query_row([name], |row| row.get(0))?;
        answer.sets.push(Marks { count: usize::try_from(count).unwrap_or(0), earliest });
    }
    Ok(answer)
}

fn write_until_closed(mut writer: Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        write_group(&mut writer, group);
    }
    // A clean end leaves one file, for backups and for people who look inside.
    if let Err(why) = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%why, "the facts log was not folded into facts.db; it will be at the next start");
    }
}

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// One transaction. Nobody is answered before COMMIT; when COMMIT fails nobody knows.
fn write_group(writer: &mut Connection, group: Vec<Job>) {
    let mut replies: Vec<Reply> = Vec::with_capacity(group.len());
    let mut applied: Result<(), StoreError> = writer.execute_batch("BEGIN IMMEDIATE").map_err(down);
    for job in group {
        match job {
            Job::Write(writes, answer) => {
                let mut done = Vec::with_capacity(writes.len());
                for write in &writes {
                    if applied.is_ok() {
                        match savepoint(writer, |at| compare_and_set(at, write)) {
                            Ok(fits) => done.push(if fits { Wrote::Done } else { Wrote::Stale }),
                            Err(why) => applied = Err(down(why)),
                        }
                    }
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome.map(|()| done))));
            }
            Job::Mark(marks, answer) => {
                for mark in &marks {
                    if applied.is_ok() {
                        applied = savepoint(writer, |at| add(at, mark)).map_err(down);
                    }
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome)));
            }
            Job::Note(notes, now, answer) => {
                if applied.is_ok() {
                    applied = savepoint(writer, |at| take_notes(at, &notes, now)).map_err(down);
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome)));
            }
            Job::Unmark(members, answer) => {
                for (set, member) in &members {
                    if applied.is_ok() {
                        applied = savepoint(writer, |at| unmark(at, set, member)).map(|_| ()).map_err(down);
                    }
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome)));
            }
            Job::Remove(records, answer) => {
                let mut done = Vec::with_capacity(records.len());
                for (key, version) in &records {
                    if applied.is_ok() {
                        match savepoint(writer, |at| remove(at, key, *version)) {
                            Ok(fits) => done.push(fits),
                            Err(why) => applied = Err(down(why)),
                        }
                    }
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome.map(|()| done))));
            }
            Job::Keep(values, now, answer) => {
                if applied.is_ok() {
                    applied = savepoint(writer, |at| keep(at, &values, now)).map_err(down);
                }
                replies.push(Box::new(move |outcome| _ = answer.send(outcome)));
            }
            Job::Flush(answer) => replies.push(Box::new(move |outcome| _ = answer.send(outcome))),
        }
    }
    let outcome = match applied {
        Ok(()) => writer.execute_batch("COMMIT").map_err(|e| StoreError::Unknown(e.to_string())),
        Err(why) => Err(why),
    };
    if outcome.is_err() && !writer.is_autocommit() {
        let _ = writer.execute_batch("ROLLBACK");
    }
    for reply in replies {
        reply(outcome.clone());
    }
}

fn savepoint<T>(writer: &Connection, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    writer.prepare_cached("SAVEPOINT one")?.execute([])?;
    let done = work(writer);
    if done.is_err() {
        writer.prepare_cached("ROLLBACK TO one")?.execute([])?;
    }
    writer.prepare_cached("RELEASE one")?.execute([])?;
    done
}

/// No row touched = somebody else wrote first.
fn compare_and_set(writer: &Connection, write: &RecordWrite) -> rusqlite::Result<bool> {
    let (key, record) = (&write.key.0, &write.record);
    let moved = record.moved.as_ref().map(|key| &key.0);
    let touched = if record.version == 0 {
        writer
            .prepare_cached(
                "INSERT INTO customers (key, version, document, moved) VALUES (?1, 1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![key, record.document, moved])?
    } else {
        writer
            .prepare_cached(
                "UPDATE customers SET version = version + 1, document = ?3, moved = ?4 WHERE key = ?1 AND version = ?2",
            )?
            .execute(params![key, record.version.cast_signed(), record.document, moved])?
    };
    Ok(touched == 1)
}

fn add(writer: &Connection, mark: &Mark) -> rusqlite::Result<()> {
    writer
        .prepare_cached(
            "INSERT INTO marks (name, member, at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET at = min(at, excluded.at)",
        )?
        .execute(params![mark.set, mark.member, mark.at])?;
    let count: i64 = writer
        .prepare_cached("SELECT count(*) FROM marks WHERE name = ?1")?
        .query_row([&mark.set], |row| row.get(0))?;
    if count > SET_MEMBERS_MAX as i64 {
        writer
            .prepare_cached(
                "DELETE FROM marks WHERE name = ?1 AND member =
                 (SELECT member FROM marks WHERE name = ?1 ORDER BY at DESC, member DESC LIMIT 1)",
            )?
            .execute([&mark.set])?;
    }
    Ok(())
}

/// The smallest members stay, a set is good for so long after its last note, and a few sets that are past it
/// go along with every note: more than one note can add.
fn take_notes(writer: &Connection, notes: &[Note], now: i64) -> rusqlite::Result<()> {
    writer
        .prepare_cached(
            "DELETE FROM marks WHERE name IN (SELECT name FROM marks_until WHERE until < ?1 ORDER BY until LIMIT 16)",
        )?
        .execute([now])?;
    writer
        .prepare_cached(
            "DELETE FROM marks_until WHERE name IN
             (SELECT name FROM marks_until WHERE until < ?1 ORDER BY until LIMIT 16)",
        )?
        .execute([now])?;
    let mut add = writer.prepare_cached(
        "INSERT INTO marks (name, member, at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET at = min(at, excluded.at)",
    )?;
    let mut bound = writer.prepare_cached(
        "DELETE FROM marks WHERE name = ?1 AND member IN
         (SELECT member FROM marks WHERE name = ?1 ORDER BY at, member LIMIT -1 OFFSET ?2)",
    )?;
    let mut last = writer.prepare_cached("INSERT OR REPLACE INTO marks_until (name, until) VALUES (?1, ?2)")?;
    for note in notes {
        add.execute(params![note.set, note.member, note.at])?;
        bound.execute(params![note.set, i64::try_from(note.members_max).unwrap_or(i64::MAX)])?;
        last.execute(params![note.set, now.saturating_add(i64::from(note.seconds))])?;
    }
    Ok(())
}

fn unmark(writer: &Connection, set: &str, member: &str) -> rusqlite::Result<usize> {
    writer.prepare_cached("DELETE FROM marks WHERE name = ?1 AND member = ?2")?.execute([set, member])
}

fn remove(writer: &Connection, key: &CustomerKey, version: u64) -> rusqlite::Result<bool> {
    let mut statement = writer.prepare_cached("DELETE FROM customers WHERE key = ?1 AND version = ?2")?;
    Ok(statement.execute(params![key.0, version.cast_signed()])? == 1)
}

fn keep(writer: &Connection, values: &[Kept], now: i64) -> rusqlite::Result<()> {
    writer.prepare_cached("DELETE FROM kept WHERE until < ?1")?.execute([now])?;
    let mut statement =
        writer.prepare_cached("INSERT OR REPLACE INTO kept (name, value, until) VALUES (?1, ?2, ?3)")?;
    for kept in values {
        statement.execute(params![kept.name, kept.value, now.saturating_add(i64::from(kept.seconds))])?;
    }
    Ok(())
}

fn down(why: impl std::fmt::Display) -> StoreError {
    StoreError::Down(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, version: u64) -> RecordWrite {
        let record = Record { version, document: Some(vec![1]), moved: None };
        RecordWrite { key: CustomerKey(key.to_owned()), record, now: None }
    }

    async fn versions(store: &Embedded, keys: &[&str]) -> Vec<u64> {
        let records = keys.iter().map(|key| CustomerKey((*key).to_owned())).collect();
        let answer = store.read(&Ask { records, sets: Vec::new() }).await.unwrap();
        answer.records.iter().map(|record| record.version).collect()
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_unknown_to_all_in_it_and_the_next_one_works() {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path(), Duration::from_secs(20)).unwrap();
        let saboteur = connect(&dir.path().join("facts.db")).unwrap();
        let mode: String = saboteur.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        // A reference that is only checked at COMMIT, and never holds.
        saboteur
            .execute_batch(
                "CREATE TABLE there (id INTEGER PRIMARY KEY);
                 CREATE TABLE here (id INTEGER REFERENCES there(id) DEFERRABLE INITIALLY DEFERRED);
                 CREATE TRIGGER spoil AFTER INSERT ON customers WHEN new.key = 'spoilt'
                 BEGIN INSERT INTO here VALUES (1); END;",
            )
            .unwrap();
        let both = store.write(vec![write("whole", 0), write("spoilt", 0)]).await;
        assert!(matches!(both, Err(StoreError::Unknown(_))), "{both:?}");
        assert_eq!(versions(&store, &["whole", "spoilt"]).await, [0, 0]);
        assert_eq!(store.write(vec![write("whole", 0), write("whole", 0)]).await, Ok(vec![Wrote::Done, Wrote::Stale]));
        assert_eq!(versions(&store, &["whole"]).await, [1]);
    }

    #[tokio::test]
    async fn notes_past_their_time_go_along_with_later_ones() {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path(), Duration::from_secs(20)).unwrap();
        let note = |set: &str, seconds| {
            let (set, member) = (set.to_owned(), "m".to_owned());
            Note { set, member, at: 1, members_max: 2, seconds }
        };
        let mark = Mark { set: "law".to_owned(), member: "m".to_owned(), at: 1 };
        store.mark(vec![mark]).await.unwrap();
        store.note(vec![note("brief", 10), note("long", 1_000_000), note("renewed", 10)]).await.unwrap();
        let clock = connect(&dir.path().join("facts.db")).unwrap();
        clock.execute("UPDATE marks_until SET until = until - 3600", []).unwrap();
        store.note(vec![note("renewed", 10)]).await.unwrap();
        let sets = ["law", "brief", "long", "renewed"].map(|name| (name.to_owned(), 9)).to_vec();
        let answer = store.read(&Ask { records: Vec::new(), sets }).await.unwrap();
        let counts: Vec<usize> = answer.sets.iter().map(|set| set.count).collect();
        assert_eq!(counts, [1, 0, 1, 1], "marks stay for ever");
        let rows: i64 = clock.query_row("SELECT count(*) FROM marks_until", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 2);
    }

    #[tokio::test]
    async fn writes_of_one_moment_are_applied_in_the_order_they_came() {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path(), Duration::from_secs(20)).unwrap();
        let one_after_another = (0..30).map(|n| store.write(vec![write("k", n)]));
        let written = futures_util::future::join_all(one_after_another).await;
        assert!(written.iter().all(|written| *written == Ok(vec![Wrote::Done])));
        assert_eq!(versions(&store, &["k"]).await, [30]);
    }
}
