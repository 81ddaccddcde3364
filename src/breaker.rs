//! A breaker's state: closed until a row of failures, then open for a while, then one probe at a time.
//! Our own, since its state must be seen in metrics and `/readyz`. `forward` makes a tower layer of it,
//! `store` puts it in front of each of its servers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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

/// The breaker of one upstream or store; clones share their state.
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

    /// Lets a call through, or says that it is not to be made. When open for long enough one caller at a
    /// time is let through as a probe.
    pub fn admit(&self) -> Result<Admitted, BreakerOpen> {
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

    /// Lets a call through while closed only, for callers that must not be the ones to probe.
    pub fn admit_closed(&self) -> Result<Admitted, BreakerOpen> {
        match self.locked().opened {
            None => Ok(Admitted { breaker: self.clone(), probe: false, settled: false }),
            Some(opened) => Err(BreakerOpen { wait: self.cool_down.saturating_sub(opened.elapsed()) }),
        }
    }
}

/// A call under way. One that is given up without a result frees the probe's place and says nothing.
#[derive(Debug)]
pub struct Admitted {
    breaker: Breaker,
    probe: bool,
    settled: bool,
}

impl Admitted {
    /// How it ended: `Some(true)` speaks against the other side, `Some(false)` for it, `None` says nothing.
    pub fn settle(mut self, failed: Option<bool>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_may_not_probe_waits_for_the_one_who_does() {
        let breaker = Breaker::new(2, Duration::from_secs(1));
        for _ in 0..2 {
            breaker.admit_closed().unwrap().settle(Some(true));
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.admit_closed().is_err(), "no probe of a caller's");
        breaker.admit().unwrap().settle(Some(false));
        assert!(breaker.admit_closed().is_ok());
    }
}
