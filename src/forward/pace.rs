//! How fast a provider is given messages: GCRA, which spreads them evenly. What does not fit waits (a
//! hold); it is never answered 429, which most senders' tools take for a loss.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

/// The pace of one route, of which each gateway of a fleet keeps its share.
pub struct Pace<C: Clock = DefaultClock> {
    share: ArcSwap<Share<C>>,
    clock: C,
    /// Of the whole route.
    burst: NonZeroU32,
    /// Of the whole route.
    period: Duration,
    /// Messages let go in one batch beyond a burst; they are paid off before the next.
    owed: Mutex<u32>,
    /// The turn of the last message that was told to wait.
    last_turn: Mutex<Option<C::Instant>>,
}

/// What one of so many gateways may take.
struct Share<C: Clock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    burst: NonZeroU32,
    period: Duration,
    gateways: u32,
}

impl<C: Clock + Clone> Share<C> {
    fn of(period: Duration, burst: NonZeroU32, gateways: u32, clock: C) -> Option<Share<C>> {
        let period = period.checked_mul(gateways)?;
        let burst = NonZeroU32::new(burst.get() / gateways.max(1)).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(period)?.allow_burst(burst);
        Some(Share { limiter: RateLimiter::direct_with_clock(quota, clock), burst, period, gateways })
    }
}

impl Pace {
    /// `per_second` messages on average, `burst` at once; `None` when the rate is not a positive number.
    pub fn new(per_second: f64, burst: u32) -> Option<Pace> {
        Pace::with_clock(per_second, burst, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Pace<C> {
    /// As [`Pace::new`], by a given clock.
    pub fn with_clock(per_second: f64, burst: u32, clock: C) -> Option<Pace<C>> {
        let period = Duration::try_from_secs_f64(per_second.recip()).ok().filter(|_| per_second > 0.0)?;
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let share = ArcSwap::from_pointee(Share::of(period, burst, 1, clock.clone())?);
        Some(Pace { share, clock, burst, period, owed: Mutex::new(0), last_turn: Mutex::new(None) })
    }

    /// From now on the rate is shared by so many gateways. A new share begins used up: a gateway that
    /// comes or goes gives nobody a second burst.
    pub fn share(&self, gateways: u32) {
        let gateways = gateways.max(1);
        if self.share.load().gateways == gateways {
            return;
        }
        let Some(share) = Share::of(self.period, self.burst, gateways, self.clock.clone()) else { return };
        let _ = share.limiter.check_n(share.burst);
        self.share.store(Arc::new(share));
    }

    /// Takes `n` messages' worth of the rate, or says how long to wait and takes nothing.
    pub fn ready(&self, n: u32) -> Result<(), Duration> {
        let share = self.share.load();
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        while *owed > 0 {
            let part = (*owed).min(share.burst.get());
            self.take(&share, part)?;
            *owed -= part;
        }
        let part = n.min(share.burst.get());
        self.take(&share, part)?;
        *owed = n - part;
        Ok(())
    }

    /// Takes one message's worth of the rate, or says when its turn is: behind all who were told to
    /// wait before, each with a turn of its own. At its turn it asks [`Pace::ready`].
    pub fn turn(&self) -> Result<(), Duration> {
        let mut last_turn = self.last_turn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let wait = match *last_turn {
            Some(last) if last > now => {
                Duration::from(last.duration_since(now)).saturating_add(self.share.load().period)
            }
            _ => match self.ready(1) {
                Ok(()) => return Ok(()),
                Err(wait) => wait,
            },
        };
        *last_turn = Some(now + wait.into());
        Err(wait)
    }

    fn take(&self, share: &Share<C>, n: u32) -> Result<(), Duration> {
        let Some(n) = NonZeroU32::new(n) else { return Ok(()) };
        let wait = |until: NotUntil<C::Instant>| until.wait_time_from(self.clock.now());
        match share.limiter.check_n(n) {
            Ok(taken) => taken.map_err(wait),
            // `n` is at most the burst, so this cannot be; waiting is the safe answer.
            Err(_) => Err(Duration::from_secs(1)),
        }
    }
}

impl<C: Clock> std::fmt::Debug for Pace<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pace").field("burst", &self.burst).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn those_who_wait_have_turns_of_their_own_and_nobody_overtakes_them() {
        let clock = FakeRelativeClock::default();
        let pace = Pace::with_clock(10.0, 1, clock.clone()).unwrap();
        assert_eq!(pace.turn(), Ok(()));
        let told: Vec<u128> = (0..3).map(|_| pace.turn().unwrap_err().as_millis()).collect();
        assert_eq!(told, [100, 200, 300]);
        clock.advance(Duration::from_millis(100));
        assert_eq!(pace.turn().unwrap_err().as_millis(), 300, "a newcomer goes to the end");
        for _ in 0..4 {
            assert_eq!(pace.ready(1), Ok(()), "the turn that was told");
            clock.advance(Duration::from_millis(100));
        }
        assert_eq!(pace.turn(), Ok(()));
    }

    #[test]
    fn the_rate_is_kept_over_any_batches() {
        let clock = FakeRelativeClock::default();
        let pace = Pace::with_clock(10.0, 5, clock.clone()).unwrap();
        let mut sent = 0;
        for step in 0..1_000 {
            let batch = [1, 3, 12][step % 3];
            if pace.ready(batch).is_ok() {
                sent += batch;
            }
            clock.advance(Duration::from_millis(10));
        }
        assert!((90..=118).contains(&sent), "10 s at 10/s, a burst of 5 and one batch beyond: {sent}");
    }

    #[test]
    fn a_fleet_keeps_the_rate_of_one() {
        let clock = FakeRelativeClock::default();
        let fleet: Vec<_> = (0..4).map(|_| Pace::with_clock(10.0, 4, clock.clone()).unwrap()).collect();
        let mut sent = 0;
        for step in 0..2_000 {
            // One gateway, then four, then two that are left.
            let live = [1, 4, 4, 2][step / 500];
            fleet.iter().take(live).for_each(|pace| pace.share(u32::try_from(live).unwrap()));
            sent += fleet.iter().take(live).filter(|pace| pace.ready(1).is_ok()).count();
            clock.advance(Duration::from_millis(10));
        }
        assert!((190..=208).contains(&sent), "20 s at 10/s and one burst of 4: {sent}");
    }

    #[test]
    fn the_wait_it_names_is_enough() {
        let clock = FakeRelativeClock::default();
        let pace = Pace::with_clock(0.5, 1, clock.clone()).unwrap();
        pace.ready(1).unwrap();
        let wait = pace.ready(1).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(2));
        clock.advance(wait);
        pace.ready(1).unwrap();
        assert!(Pace::new(0.0, 1).is_none() && Pace::new(-1.0, 1).is_none() && Pace::new(f64::NAN, 1).is_none());
    }
}
