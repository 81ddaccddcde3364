//! Watches the store: keeps the gateway's clock at the store's time, and finds out when the store forgot
//! what it had acknowledged (a failover, a restart without its file, a flush). Then, and after every call
//! that failed, the gateway is *uncertain*: rules speak as if the store were down, `/readyz` says so, until
//! the store has been told again what this gateway's own journal knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::deciding::LEASE_SECONDS;
use super::item::Item;
use super::{Errand, Gateway};
use crate::record::ids;

/// Whether the store can be taken at its word.
#[derive(Debug)]
pub struct Watch {
    certain: watch::Sender<Certainty>,
    poke: Notify,
    /// The canary as it was last acknowledged; `NEVER` = by nobody.
    acknowledged_us: AtomicI64,
    /// Failed calls of the store that were looked into.
    faults: AtomicU64,
    /// A store that other gateways write, too, and that has a clock of its own.
    shared: bool,
}

/// What the gateway makes of the store's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It knows what it acknowledged.
    Certain,
    /// A call failed; it is being asked whether it forgot.
    Asking,
    /// It forgot; it is being told again.
    Retelling,
}

const NEVER: i64 = i64::MIN;
/// Between two looks at a store that many gateways share: writes lost between the last look and a
/// failover are told again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two canaries in a store of the gateway's own, which forgets only while the gateway is down.
const OWN_CANARY_EVERY: Duration = Duration::from_secs(60);
/// Least time between looks at a store that fails.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// Between two measurements of the clock, and two writes of what a next run must know.
const KEEP_EVERY: Duration = Duration::from_secs(30);
/// What was written just before a canary may have arrived after it, over another connection.
const MARGIN: SignedDuration = SignedDuration::from_secs(2);

impl Watch {
    /// Uncertain until the first look.
    pub fn new(shared: bool, canary_us: Option<i64>) -> Watch {
        Watch {
            certain: watch::Sender::new(Certainty::Asking),
            poke: Notify::new(),
            acknowledged_us: AtomicI64::new(canary_us.unwrap_or(NEVER)),
            faults: AtomicU64::new(0),
            shared,
        }
    }

    /// What the gateway makes of the store's answers now.
    pub fn certainty(&self) -> Certainty {
        *self.certain.borrow()
    }

    /// A call failed: who answers next may be another server, which does not know what this one knew.
    fn suspect(&self) {
        self.certain.send_if_modified(|now| {
            let was_certain = *now == Certainty::Certain;
            if was_certain {
                *now = Certainty::Asking;
            }
            was_certain
        });
        self.poke.notify_one();
    }

    /// Waits a while for certainty; says whether it came.
    pub async fn certain_within(&self, patience: Duration) -> bool {
        let mut told = self.certain.subscribe();
        tokio::time::timeout(patience, told.wait_for(|now| *now == Certainty::Certain)).await.is_ok_and(|it| it.is_ok())
    }

    /// What failed before was looked into; what fails after is not.
    fn certain_since(&self, faults: u64) {
        self.faults.store(faults, Ordering::Release);
        self.certain.send_if_modified(|now| std::mem::replace(now, Certainty::Certain) != Certainty::Certain);
    }

    fn acknowledged_us(&self) -> Option<i64> {
        Some(self.acknowledged_us.load(Ordering::Acquire)).filter(|at| *at != NEVER)
    }
}

/// When what is done seldom was done last.
#[derive(Debug, Default)]
struct Done {
    clock: Option<Instant>,
    canary: Option<Instant>,
    kept: Option<Instant>,
}

fn is_due(done: Option<Instant>, every: Duration) -> bool {
    done.is_none_or(|at| at.elapsed() >= every)
}

impl Gateway {
    /// True when decisions may go by what the store says: no call failed since it was last asked whether it
    /// forgot.
    pub(super) fn is_certain(&self) -> bool {
        if self.store.faults() != self.watch.faults.load(Ordering::Acquire) {
            self.watch.suspect();
        }
        self.watch.certainty() == Certainty::Certain
    }

    /// Why the store is not taken at its word now: for the record.
    pub(super) fn why_uncertain(&self) -> String {
        let last = self.store.last_fault();
        match (self.watch.certainty(), last) {
            (Certainty::Retelling, _) => "the store forgot what it had acknowledged and is told again".to_owned(),
            (_, Some(fault)) => fault.to_string(),
            (_, None) => "the store was not asked yet whether it forgot anything".to_owned(),
        }
    }

    /// The first look, before any door opens; what was under way when the gateway last stopped is settled
    /// by [`Gateway::keep_watch`], behind open doors.
    pub(super) async fn first_look(&self) {
        let faults = self.store.faults();
        let forgot = async {
            self.steer_clock().await?;
            Ok::<_, anyhow::Error>(self.forgotten_since().await?.is_some())
        };
        match forgot.await {
            Ok(false) => self.watch.certain_since(faults),
            Ok(true) => drop(self.watch.certain.send_replace(Certainty::Retelling)),
            Err(_) => {}
        }
    }

    /// Looks again and again until told to stop.
    pub async fn keep_watch(self: Arc<Gateway>, stop: CancellationToken) {
        let mut done = Done::default();
        if let Some(since) = self.identity.before.settled_until {
            self.settle.keep_overflow(since);
        }
        loop {
            match self.look(&mut done).await {
                Ok(()) => {
                    if let Some(since) = self.settle.take_overflow()
                        && let Err(error) = self.retell(since).await
                    {
                        tracing::warn!(%error, "what was under way is not settled yet");
                        self.settle.keep_overflow(since);
                    }
                }
                Err(error) => {
                    if self.watch.certainty() == Certainty::Certain {
                        tracing::warn!(%error, "the store cannot be taken at its word now");
                    }
                    self.watch
                        .certain
                        .send_if_modified(|now| std::mem::replace(now, Certainty::Asking) != Certainty::Asking);
                    tokio::time::sleep(LOOK_PAUSE).await;
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.watch.poke.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        self.keep_identity().await;
    }

    async fn look(&self, done: &mut Done) -> anyhow::Result<()> {
        let (certain, faults) = (self.is_certain(), self.store.faults());
        if !certain || is_due(done.clock, KEEP_EVERY) {
            self.steer_clock().await?;
            done.clock = Some(Instant::now());
        }
        let forgotten = self.forgotten_since().await?;
        if let Some(since) = forgotten {
            tracing::error!(%since, "the store forgot what it acknowledged; telling it again from the journal");
            self.watch.certain.send_replace(Certainty::Retelling);
            self.metrics.store_error("forgot");
            let now = self.clock.now();
            let installed = self.identity.kept().installed.unwrap_or(now);
            self.keep(move |kept| kept.lost_at = Some(now)).await?;
            self.store.restore(installed).await?;
        }
        // A server that keeps its word up to the canary may have lost what came right after it.
        let at_least =
            self.watch.acknowledged_us().filter(|_| !certain).and_then(|at| Timestamp::from_microsecond(at).ok());
        if let Some(since) = forgotten.or(at_least) {
            let told = self.retell(since.checked_sub(MARGIN).unwrap_or(since)).await?;
            if forgotten.is_some() {
                tracing::info!(told, "the store knows again what this gateway's journal knows");
            }
        }
        let every = if self.watch.shared { LOOK_EVERY } else { OWN_CANARY_EVERY };
        if !certain || is_due(done.canary, every - LOOK_PAUSE) {
            let next = self.clock.now().as_microsecond().max(self.watch.acknowledged_us().unwrap_or(0) + 1);
            self.store.set_canary(self.identity.gateway(), self.watch.shared, next).await?;
            self.watch.acknowledged_us.store(next, Ordering::Release);
            done.canary = Some(Instant::now());
        }
        if is_due(done.kept, KEEP_EVERY) {
            let installed = self.store.installed().await?;
            self.keep(move |kept| kept.installed = kept.installed.or(installed)).await?;
            self.keep_identity().await;
            done.kept = Some(Instant::now());
        }
        self.watch.certain_since(faults);
        Ok(())
    }

    /// A canary that somebody else moved: this gateway's folder is a copy of another's that runs, too.
    async fn take_new_name(&self) -> anyhow::Result<()> {
        tracing::error!("another gateway runs on a copy of this data folder; this one takes a name of its own");
        let (identity, now) = (Arc::clone(&self.identity), self.clock.now());
        let number = self.ids.number();
        self.blocking(move || identity.rename(now, number)).await??;
        self.watch.acknowledged_us.store(NEVER, Ordering::Release);
        Ok(())
    }

    /// Since when the store forgot; none when it knows the canary it acknowledged.
    async fn forgotten_since(&self) -> anyhow::Result<Option<Timestamp>> {
        let Some(acknowledged) = self.watch.acknowledged_us() else { return Ok(None) };
        let certain = self.is_certain();
        let found = self.store.canary(self.identity.gateway(), self.watch.shared).await?.unwrap_or(0);
        match found > acknowledged {
            true if certain && self.watch.shared => self.take_new_name().await?,
            // Set by this gateway: in its last run, or by a call whose answer was lost.
            true => self.watch.acknowledged_us.store(found, Ordering::Release),
            false => {}
        }
        if found >= acknowledged {
            return Ok(None);
        }
        Ok(Some(Timestamp::from_microsecond(found).context("a canary is no time")?))
    }

    /// True for a hold that was made before the store forgot: that no document lists it proves nothing.
    pub(super) fn may_be_forgotten(&self, errand: &Errand<'_>, item: &Item) -> bool {
        let made = errand.held_by(item.index).and_then(|held| ids::read(&held.id));
        made.zip(self.identity.kept().lost_at).is_some_and(|((_, made), lost_at)| made <= lost_at)
    }

    async fn steer_clock(&self) -> anyhow::Result<()> {
        if self.watch.shared {
            self.clock.steer(self.store.clock_offset(&self.clock).await?);
        }
        Ok(())
    }

    /// Writes down what the next run must know.
    async fn keep_identity(&self) {
        let canary_us = self.watch.acknowledged_us();
        let lease = SignedDuration::from_secs(LEASE_SECONDS);
        let settled = self.clock.now().checked_sub(lease).ok().filter(|_| self.settle.is_idle());
        let kept = self.keep(move |kept| {
            kept.canary_us = canary_us;
            kept.settled_until = settled.or(kept.settled_until);
        });
        if let Err(error) = kept.await {
            tracing::error!(%error, "gateway.json was not written");
        }
    }

    async fn keep(&self, change: impl FnOnce(&mut super::identity::Kept) + Send + 'static) -> anyhow::Result<()> {
        let identity = Arc::clone(&self.identity);
        Ok(self.blocking(move || identity.keep(change)).await??)
    }
}
