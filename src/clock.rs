//! The one place that reads the clock: the wall, or one that tests turn by hand. Everything below
//! the gateway takes `now` as an argument.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long a simulation's disk takes for the next step: asked before it and after it, so that a simulated
/// stop of the process falls on either side.
pub type Pause = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A source of `now`.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Wall,
    /// Stands still until it is turned.
    Hand(Arc<Mutex<Timestamp>>),
    /// Another clock, put right by the store's: gateways whose clocks differ still agree.
    Steered(Arc<Steered>),
}

/// A clock and how far it is off the store's.
#[derive(Debug, Default)]
pub struct Steered {
    shown: Clock,
    offset_us: AtomicI64,
    /// How far a test turned it: the store's hours, which nobody can turn, are taken to have passed too.
    turned_us: AtomicI64,
}

/// Less than this is the network's doing, not the clock's.
const STEER_MIN_US: i64 = 100_000;

impl Clock {
    /// A clock that stands at `now`.
    pub fn standing_at(now: Timestamp) -> Clock {
        Clock::Hand(Arc::new(Mutex::new(now)))
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::Wall => Timestamp::now(),
            Clock::Hand(shown) => *shown.lock().unwrap_or_else(PoisonError::into_inner),
            Clock::Steered(steered) => later(steered.shown.now(), steered.offset_us.load(Ordering::Relaxed)),
        }
    }

    /// The same clock, to be put right by [`Clock::steer`].
    pub fn steered(self) -> Clock {
        match self {
            Clock::Steered(_) => self,
            shown => Clock::Steered(Arc::new(Steered { shown, ..Steered::default() })),
        }
    }

    /// Puts a steered clock right: the store's clock is `off` ahead of what this one shows.
    pub fn steer(&self, off: SignedDuration) {
        let Clock::Steered(steered) = self else { return };
        let off = i64::try_from(off.as_micros()).unwrap_or(0) + steered.turned_us.load(Ordering::Relaxed);
        if off.abs() >= STEER_MIN_US {
            steered.offset_us.fetch_add(off, Ordering::Relaxed);
        }
    }

    /// An instant of this clock as the store's clock shows it.
    pub fn as_stored(&self, at: Timestamp) -> Timestamp {
        match self {
            Clock::Steered(steered) => later(at, -steered.turned_us.load(Ordering::Relaxed)),
            Clock::Wall | Clock::Hand(_) => at,
        }
    }

    /// Turns a hand clock forward (or back); the wall cannot be turned.
    pub fn turn(&self, by: SignedDuration) {
        match self {
            Clock::Wall => {}
            Clock::Hand(shown) => {
                let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                *shown = shown.saturating_add(by).unwrap_or(*shown);
            }
            Clock::Steered(steered) => {
                steered.shown.turn(by);
                if matches!(steered.shown, Clock::Hand(_)) {
                    steered.turned_us.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::Relaxed);
                }
            }
        }
    }
}

fn later(at: Timestamp, by_us: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_micros(by_us)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steered_clock_shows_the_stores_time_and_a_turned_one_stays_turned() {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        let stored = Timestamp::UNIX_EPOCH + hour;
        let clock = Clock::standing_at(stored + 10 * minute).steered();
        clock.steer(stored.duration_since(clock.now()));
        assert_eq!(clock.now(), stored);
        clock.turn(hour);
        assert_eq!((clock.now(), clock.as_stored(clock.now())), (stored + hour, stored));
        clock.steer((stored + minute).duration_since(clock.now()));
        assert_eq!((clock.now(), clock.as_stored(clock.now())), (stored + hour + minute, stored + minute));
        let before = clock.now();
        clock.steer(SignedDuration::from_millis(20) - hour);
        assert_eq!(clock.now(), before, "the way of an answer is no error of the clock");
    }
}
