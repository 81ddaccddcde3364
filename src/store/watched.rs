//! The one way to a backend. Every call that fails is counted: a connection that broke is told to whoever
//! called next and comes back by itself, perhaps to another server, and whoever goes by the store's word must
//! hear of it, too. In front of files stands a breaker: a disk that hangs is left alone after some failures
//! in a row, so that no message waits for it in vain; then one message at a time tries whether it is back. A
//! Redis has a breaker in front of each of its servers instead (`redis/node.rs`), and the modelled store
//! needs none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use super::backend::{Answer, Ask, Backend, Kept, Mark, Note, RecordWrite, Wrote};
use super::settings::StoreSettings;
use super::standing::Standing;
use super::{CustomerKey, Store, StoreError};
use crate::breaker::{Admitted, Breaker, BreakerState};

/// How long a store that failed too often is left alone between tries.
const COOL_DOWN: Duration = Duration::from_millis(500);

/// A backend, watched.
#[derive(Debug)]
pub(super) struct Watched {
    backend: Backend,
    breaker: Option<Breaker>,
    sends_safe: bool,
    failures: Failures,
    /// Calls that failed, whatever the reason.
    faults: AtomicU64,
    /// What the last of them said.
    last_fault: ArcSwapOption<String>,
}

/// Failures by kind, of a store that has no servers to count them.
#[derive(Debug, Default)]
struct Failures {
    down: AtomicU64,
    unknown: AtomicU64,
    breaker_open: AtomicU64,
}

impl Watched {
    pub(super) fn new(backend: Backend, settings: &StoreSettings) -> Watched {
        let breaker = match &backend {
            Backend::Embedded(_) => Some(Breaker::new(settings.breaker_failures, COOL_DOWN)),
            Backend::Redis(_) | Backend::Modelled(_) => None,
        };
        Watched { breaker, sends_safe: settings.replicas_acknowledge_sends, ..Watched::unguarded(backend) }
    }

    /// Without a breaker: what is in memory does not hang.
    pub(super) fn unguarded(backend: Backend) -> Watched {
        Watched {
            backend,
            breaker: None,
            sends_safe: false,
            failures: Failures::default(),
            faults: AtomicU64::new(0),
            last_fault: ArcSwapOption::empty(),
        }
    }

    /// True when no other process can use what is kept here.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.backend, Backend::Embedded(_))
    }

    pub(super) fn standing(&self) -> Standing {
        if let Backend::Redis(redis) = &self.backend {
            return redis.standing();
        }
        let count = |kind, count: &AtomicU64| (kind, count.load(Ordering::Relaxed));
        let mut errors = vec![
            count("down", &self.failures.down),
            count("unknown", &self.failures.unknown),
            count("breaker-open", &self.failures.breaker_open),
        ];
        errors.retain(|(_, count)| *count > 0);
        let breaker = self.breaker.as_ref().map_or(BreakerState::Closed, Breaker::state);
        Standing { breaker, errors, ..Standing::default() }
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        self.guarded(self.backend.read(ask)).await
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        match self.sends_safe {
            true => self.write_safe(writes).await,
            false => self.guarded(self.backend.write(writes)).await,
        }
    }

    /// Writes that count only when the replicas the settings ask for have them.
    pub(super) async fn write_safe(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => self.counted(redis.write_safe(writes).await),
            Backend::Embedded(_) | Backend::Modelled(_) => self.guarded(self.backend.write(writes)).await,
        }
    }

    /// Answers when replicas have what was written for these keys.
    pub(super) async fn barrier(&self, keys: &[CustomerKey]) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Redis(redis) => self.counted(redis.barrier(keys).await),
            Backend::Embedded(_) | Backend::Modelled(_) => Ok(()),
        }
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        self.guarded(self.backend.mark(marks)).await
    }

    pub(super) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        self.guarded(self.backend.note(notes)).await
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        self.guarded(self.backend.unmark(members)).await
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        self.guarded(self.backend.remove(records)).await
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        self.guarded(self.backend.keep(values)).await
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.guarded(self.backend.kept(names)).await
    }

    /// Asked by whoever wants to know how the store itself is: not by the breaker's word.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.counted(self.backend.ping().await)
    }

    pub(super) async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.counted(self.backend.time().await)
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.backend.close().await
    }

    /// Past the breaker, which hears how it went.
    async fn guarded<T>(&self, asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let admitted = match self.admitted() {
            Ok(admitted) => admitted,
            Err(open) => return self.counted(Err(open)),
        };
        let Some(admitted) = admitted else { return self.counted(asking.await) };
        let answer = asking.await;
        let failed = match &answer {
            Ok(_) | Err(StoreError::NewerFormat(_) | StoreError::Damaged(_)) => false,
            Err(StoreError::Down(_)) => {
                self.failures.down.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(StoreError::Unknown(_)) => {
                self.failures.unknown.fetch_add(1, Ordering::Relaxed);
                true
            }
        };
        admitted.settle(Some(failed));
        self.counted(answer)
    }

    fn admitted(&self) -> Result<Option<Admitted>, StoreError> {
        let Some(breaker) = &self.breaker else { return Ok(None) };
        breaker.admit().map(Some).map_err(|open| {
            self.failures.breaker_open.fetch_add(1, Ordering::Relaxed);
            StoreError::Down(format!("breaker-open: {open}"))
        })
    }

    fn counted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer {
            self.last_fault.store(Some(Arc::new(error.to_string())));
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
        self.inner.backend.last_fault.load_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_fails_in_a_row_is_left_alone_and_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let files = super::super::embedded::Embedded::open(dir.path(), Duration::from_secs(20)).unwrap();
        let watched = Watched {
            breaker: Some(Breaker::new(3, Duration::from_millis(20))),
            ..Watched::new(Backend::Embedded(files), &StoreSettings::default())
        };
        for _ in 0..3 {
            let failing = watched.guarded(async { Err::<(), _>(StoreError::Down("disk".to_owned())) }).await;
            assert_eq!(failing, Err(StoreError::Down("disk".to_owned())));
        }
        let refused = watched.read(&Ask::default()).await.unwrap_err();
        assert!(refused.to_string().contains("breaker-open"), "{refused}");
        let refused = watched.kept(&["{a}:b".to_owned()]).await.unwrap_err();
        assert!(refused.to_string().contains("breaker-open"), "{refused}");
        let standing = watched.standing();
        assert_eq!((standing.breaker, standing.errors), (BreakerState::Open, vec![("down", 3), ("breaker-open", 2)]));
        assert_eq!(watched.faults.load(Ordering::Acquire), 5, "each is a fault, asked or not");
        watched.ping().await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        watched.read(&Ask::default()).await.unwrap();
        assert_eq!(watched.standing().breaker, BreakerState::Closed);
    }
}
