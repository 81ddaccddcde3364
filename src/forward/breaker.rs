//! A breaker as a tower layer of our own, since its state must be seen in metrics and the console:
//! closed until a row of failures, then open for a while, then one probe at a time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

use crate::message::HttpReply;

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One probe.
    HalfOpen,
}

impl BreakerState {
    /// The number for it, in `/metrics`: 0 lets all through, 2 nothing.
    pub fn level(self) -> i64 {
        match self {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        }
    }

    /// The stable word for it, in `/readyz`.
    pub fn name(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half-open",
        }
    }
}

/// The call was not made: the breaker is open.
#[derive(Debug, thiserror::Error)]
#[error("too many failures in a row; the next try is in {} ms", wait.as_millis())]
pub struct BreakerOpen {
    /// Until the next probe.
    pub wait: Duration,
}

/// The breaker of one upstream; clones share their state.
#[derive(Debug, Clone)]
pub struct Breaker {
    failures_max: u32,
    cool_down: Duration,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    failures: u32,
    opened: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Opens after `failures_max` failures in a row, probes after `cool_down`.
    pub fn new(failures_max: u32, cool_down: Duration) -> Breaker {
        Breaker { failures_max: failures_max.max(1), cool_down, inner: Arc::default() }
    }

    /// What it lets through now.
    pub fn state(&self) -> BreakerState {
        match self.locked().opened {
            None => BreakerState::Closed,
            Some(opened) if opened.elapsed() < self.cool_down => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self) -> Result<Admitted, BreakerOpen> {
        let mut inner = self.locked();
        let probe = match inner.opened {
            None => false,
            Some(opened) => {
                let wait = self.cool_down.saturating_sub(opened.elapsed());
                if !wait.is_zero() || inner.probing {
                    return Err(BreakerOpen { wait });
                }
                inner.probing = true;
                true
            }
        };
        Ok(Admitted { breaker: self.clone(), probe, settled: false })
    }
}

/// A call under way. One that is given up without a result frees the probe's place and says nothing.
struct Admitted {
    breaker: Breaker,
    probe: bool,
    settled: bool,
}

impl Admitted {
    fn settle(mut self, failed: Option<bool>) {
        self.settled = true;
        let mut inner = self.breaker.locked();
        if self.probe {
            inner.probing = false;
        }
        match failed {
            None => {}
            Some(false) if self.probe || inner.opened.is_none() => {
                inner.failures = 0;
                inner.opened = None;
            }
            // A success that began before the breaker opened proves nothing of now.
            Some(false) => {}
            Some(true) => {
                inner.failures = inner.failures.saturating_add(1);
                if self.probe || (inner.opened.is_none() && inner.failures >= self.breaker.failures_max) {
                    inner.opened = Some(Instant::now());
                }
            }
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.probe && !self.settled {
            self.breaker.locked().probing = false;
        }
    }
}

impl<S> Layer<S> for Breaker {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { breaker: self.clone(), inner }
    }
}

/// A service behind a breaker.
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    breaker: Breaker,
    inner: S,
}

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R, Response = HttpReply, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = HttpReply;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpReply, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let admitted = match self.breaker.admit() {
            Ok(admitted) => admitted,
            Err(open) => return Box::pin(async { Err(open.into()) }),
        };
        let call = self.inner.call(request);
        Box::pin(async move {
            let result = call.await;
            admitted.settle(failed(&result));
            result
        })
    }
}

/// Whether a result speaks against the upstream; `None` when it says nothing of it.
fn failed(result: &Result<HttpReply, BoxError>) -> Option<bool> {
    match result {
        Ok(reply) => Some(matches!(reply.status.as_u16(), 500 | 502..=504)),
        Err(error) if error.is::<tower::load_shed::error::Overloaded>() => None,
        Err(_) => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn ask(breaker: &Breaker, status: u16) -> Result<StatusCode, BoxError> {
        let service = breaker.layer(tower::service_fn(move |()| async move {
            Ok::<_, BoxError>(HttpReply { status: StatusCode::from_u16(status)?, ..HttpReply::default() })
        }));
        service.oneshot(()).await.map(|reply| reply.status)
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_a_row_of_failures_and_closes_after_a_good_probe() {
        let breaker = Breaker::new(3, Duration::from_secs(10));
        for status in [500, 503, 200, 500, 502] {
            ask(&breaker, status).await.unwrap();
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "not in a row");
        ask(&breaker, 504).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(ask(&breaker, 200).await.unwrap_err().is::<BreakerOpen>());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        ask(&breaker, 500).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Open, "the probe failed");
        tokio::time::advance(Duration::from_secs(11)).await;
        ask(&breaker, 429).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed, "an answer, if not the wished one");
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_at_a_time_and_a_dropped_one_gives_its_place_back() {
        let breaker = Breaker::new(1, Duration::from_secs(1));
        ask(&breaker, 500).await.unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err());
        drop(probe);
        ask(&breaker, 200).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
