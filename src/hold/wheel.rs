//! The release wheel: wakes when the next hold is due, at latest every `sweep_ms`, takes no more than
//! it can carry, and starts them paced, so that a morning's backlog does not arrive in one second.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::{Due, Hold, HoldError};
use crate::clock::Clock;

/// How the wheel turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelSettings {
    /// It looks at least this often: other gateways may put holds in the file, and clocks jump.
    pub sweep_ms: u64,
    /// Holds in work at once.
    pub concurrency_max: usize,
    /// Holds started a second.
    pub release_per_second: u32,
    /// How long a claimed hold is its wheel's before another may take it.
    pub lease_seconds: u32,
    /// How long ended holds answer status calls.
    pub keep_ended_days: u32,
}

impl Default for WheelSettings {
    fn default() -> WheelSettings {
        WheelSettings {
            sweep_ms: 1_000,
            concurrency_max: 16,
            release_per_second: 50,
            lease_seconds: 180,
            keep_ended_days: 7,
        }
    }
}

/// Turns until `stop` resolves, then waits for what is in work. `on_due` decides again and settles or
/// requeues; if it panics or forgets, the lease ends and the hold is handed out again.
pub async fn run<F, Fut>(
    hold: Hold,
    clock: Clock,
    settings: WheelSettings,
    stop: impl Future<Output = ()> + Send,
    on_due: F,
) where
    F: Fn(Due) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut wheel = Wheel::new(hold.clone(), clock, settings);
    let (mut stop, on_due) = (std::pin::pin!(stop), Arc::new(on_due));
    loop {
        let changed = hold.changed();
        let Some(nap) = wheel.turn(stop.as_mut(), &on_due).await else { break };
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = changed => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
    while wheel.work.join_next().await.is_some() {}
}

struct Wheel {
    hold: Hold,
    clock: Clock,
    settings: WheelSettings,
    room: Arc<Semaphore>,
    work: JoinSet<()>,
    /// When rows that contradict themselves were last looked for; opening the file does it first.
    mended: tokio::time::Instant,
}

/// How often rows that contradict themselves are looked for.
const MEND_EVERY: Duration = Duration::from_secs(600);

impl Wheel {
    fn new(hold: Hold, clock: Clock, settings: WheelSettings) -> Wheel {
        let room = Arc::new(Semaphore::new(settings.concurrency_max.max(1)));
        Wheel { hold, clock, settings, room, work: JoinSet::new(), mended: tokio::time::Instant::now() }
    }

    /// Starts what is due; returns how long to sleep, or nothing once `stop` has resolved.
    async fn turn<F, Fut>(&mut self, stop: Pin<&mut impl Future<Output = ()>>, on_due: &Arc<F>) -> Option<Duration>
    where
        F: Fn(Due) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let sweep = Duration::from_millis(self.settings.sweep_ms.max(1));
        match self.start_due(stop, on_due).await {
            Ok(Turned::Stopped) => None,
            Ok(Turned::Through(next)) => Some(nap(self.clock.now(), next, sweep)),
            Err(why) => {
                error!(%why, "held messages could not be looked at; trying again");
                Some(sweep)
            }
        }
    }

    /// `stop` is heeded between holds, never while one is being claimed: it would lie claimed until its
    /// lease ends.
    async fn start_due<F, Fut>(
        &mut self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
        on_due: &Arc<F>,
    ) -> Result<Turned, HoldError>
    where
        F: Fn(Due) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let pace = Duration::from_secs(1) / self.settings.release_per_second.max(1);
        let lease = SignedDuration::from_secs(i64::from(self.settings.lease_seconds.max(1)));
        let kept = SignedDuration::from_hours(24 * i64::from(self.settings.keep_ended_days));
        let forgotten = self.clock.now().saturating_sub(kept).unwrap_or(Timestamp::MIN);
        if let Err(why) = self.hold.forget(forgotten).await {
            // No reason not to release: on a full disk that is what makes room.
            warn!(%why, "ended holds could not be forgotten");
        }
        if self.mended.elapsed() >= MEND_EVERY {
            self.mended = tokio::time::Instant::now();
            for damaged in self.hold.mend(self.clock.now()).await? {
                self.work.spawn(on_due(Due::Damaged(damaged)));
            }
        }
        loop {
            while let Some(done) = self.work.try_join_next() {
                if let Err(failed) = done {
                    error!(%failed, "a release stopped halfway; its lease will end");
                }
            }
            // One at a time: a claimed hold whose turn is far off would lose its lease in the queue.
            let room = tokio::select! {
                biased;
                () = stop.as_mut() => return Ok(Turned::Stopped),
                room = Arc::clone(&self.room).acquire_owned() => room,
            };
            let Ok(room) = room else { return Ok(Turned::Stopped) };
            let Some(due) = self.hold.claim_due(self.clock.now(), 1, lease).await?.pop() else { break };
            if let Due::Damaged(damaged) = &due {
                warn!(hold = damaged.id, why = damaged.why, "a held message is damaged: quarantined, not sent");
            }
            let on_due = Arc::clone(on_due);
            self.work.spawn(async move {
                on_due(due).await;
                drop(room);
            });
            tokio::select! {
                biased;
                () = stop.as_mut() => return Ok(Turned::Stopped),
                () = tokio::time::sleep(pace) => {}
            }
        }
        Ok(Turned::Through(self.hold.next_wake().await?))
    }
}

enum Turned {
    /// Nothing more is due; when to look next.
    Through(Option<Timestamp>),
    /// Asked to stop.
    Stopped,
}

fn nap(now: Timestamp, next: Option<Timestamp>, sweep: Duration) -> Duration {
    let until = next.map(|next| next.duration_since(now));
    until.map_or(sweep, |until| Duration::try_from(until).unwrap_or(Duration::ZERO).min(sweep))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_until_the_next_is_due_and_looks_at_least_once_a_sweep() {
        let (now, sweep) = (Timestamp::UNIX_EPOCH, Duration::from_secs(1));
        let due = |ms| Some(now + SignedDuration::from_millis(ms));
        for (next, sleeps_ms) in [(None, 1_000), (due(300), 300), (due(5_000), 1_000), (due(0), 0), (due(-9), 0)] {
            assert_eq!(nap(now, next, sweep), Duration::from_millis(sleeps_ms), "{next:?}");
        }
    }
}
