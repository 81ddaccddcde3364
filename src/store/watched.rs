//! The breaker in front of a store without servers. A disk that hangs is left alone after some failures in
//! a row, so that no message waits for it in vain; then one message at a time tries whether it is back. A
//! Redis has a breaker in front of each of its servers instead (`redis/node.rs`), and the modelled store
//! needs none.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::backend::{Answer, Ask, Mark, Note, RecordWrite, Wrote};
use super::settings::StoreSettings;
use super::standing::Standing;
use super::{Backend, StoreError};
use crate::breaker::{Admitted, Breaker, BreakerState};

/// How long a store that failed too often is left alone between tries.
const COOL_DOWN: Duration = Duration::from_millis(500);

/// A backend, watched. What is not watched goes to the backend as it is.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    backend: Backend,
    breaker: Option<Breaker>,
    sends_safe: bool,
    failures: Arc<Failures>,
}

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
        let sends_safe = settings.replicas_acknowledge_sends;
        Watched { backend, breaker, sends_safe, failures: Arc::default() }
    }

    /// In memory: nothing to watch.
    pub(super) fn unwatched(backend: Backend) -> Watched {
        Watched { backend, breaker: None, sends_safe: false, failures: Arc::default() }
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
        self.judged(self.backend.read(ask)).await
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        if self.sends_safe {
            return self.write_safe(writes).await;
        }
        self.judged(self.backend.write(writes)).await
    }

    /// Writes that count only when the replicas the settings ask for have them.
    pub(super) async fn write_safe(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.write_safe(writes).await,
            Backend::Embedded(_) | Backend::Modelled(_) => self.judged(self.backend.write(writes)).await,
        }
    }

    /// Answers when replicas have what was written for these keys.
    pub(super) async fn barrier(&self, keys: &[super::CustomerKey]) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.barrier(keys).await,
            Backend::Embedded(_) | Backend::Modelled(_) => Ok(()),
        }
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        self.judged(self.backend.mark(marks)).await
    }

    pub(super) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        self.judged(self.backend.note(notes)).await
    }

    async fn judged<T>(&self, asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let Some(admitted) = self.admitted()? else { return asking.await };
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
        answer
    }

    fn admitted(&self) -> Result<Option<Admitted>, StoreError> {
        let Some(breaker) = &self.breaker else { return Ok(None) };
        breaker.admit().map(Some).map_err(|open| {
            self.failures.breaker_open.fetch_add(1, Ordering::Relaxed);
            StoreError::Down(format!("breaker-open: {open}"))
        })
    }
}

impl Deref for Watched {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
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
            let failing = watched.judged(async { Err::<(), _>(StoreError::Down("disk".to_owned())) }).await;
            assert_eq!(failing, Err(StoreError::Down("disk".to_owned())));
        }
        let refused = watched.read(&Ask::default()).await.unwrap_err();
        assert!(refused.to_string().contains("breaker-open"), "{refused}");
        let standing = watched.standing();
        assert_eq!((standing.breaker, standing.errors), (BreakerState::Open, vec![("down", 3), ("breaker-open", 1)]));
        tokio::time::sleep(Duration::from_millis(30)).await;
        watched.read(&Ask::default()).await.unwrap();
        assert_eq!(watched.standing().breaker, BreakerState::Closed);
    }
}
