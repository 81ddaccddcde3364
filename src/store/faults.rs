//! Counts the calls that a store failed. A connection that broke is told to whoever called next and comes
//! back by itself, perhaps to another server: whoever goes by the store's word must hear of it, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use super::backend::{Answer, Ask, Backend, Kept, Mark, Note, RecordWrite, Wrote};
use super::standing::Standing;
use super::watched::Watched;
use super::{CustomerKey, Store, StoreError};

/// A backend whose failures are counted.
#[derive(Debug)]
pub(super) struct Counted {
    backend: Watched,
    faults: AtomicU64,
    /// What the last of them said.
    last: ArcSwapOption<String>,
}

#[allow(dead_code, reason = "all that a backend can do, whether or not it is asked for today")]
impl Counted {
    pub(super) fn new(backend: Watched) -> Counted {
        Counted { backend, faults: AtomicU64::new(0), last: ArcSwapOption::empty() }
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        self.counted(self.backend.read(ask).await)
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.counted(self.backend.write(writes).await)
    }

    pub(super) async fn write_safe(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.counted(self.backend.write_safe(writes).await)
    }

    pub(super) async fn barrier(&self, keys: &[CustomerKey]) -> Result<(), StoreError> {
        self.counted(self.backend.barrier(keys).await)
    }

    pub(super) fn standing(&self) -> Standing {
        self.backend.standing()
    }

    /// Where the facts are.
    pub(super) fn place(&self) -> &Backend {
        &self.backend
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        self.counted(self.backend.mark(marks).await)
    }

    pub(super) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        self.counted(self.backend.note(notes).await)
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        self.counted(self.backend.unmark(members).await)
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        self.counted(self.backend.remove(records).await)
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        self.counted(self.backend.keep(values).await)
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.counted(self.backend.kept(names).await)
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.counted(self.backend.ping().await)
    }

    pub(super) async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.counted(self.backend.time().await)
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.backend.close().await
    }

    fn counted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer {
            self.last.store(Some(Arc::new(error.to_string())));
            self.faults.fetch_add(1, Ordering::AcqRel);
        }
        answer
    }
}

impl Store {
    /// Calls that failed since it was opened.
    pub fn faults(&self) -> u64 {
        self.inner.backend.faults.load(Ordering::Acquire)
    }

    /// What the last failed call said.
    pub fn last_fault(&self) -> Option<Arc<String>> {
        self.inner.backend.last.load_full()
    }
}
