//! The one place that reads the clock: the wall, or one that tests turn by hand. Everything below
//! the gateway takes `now` as an argument.

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
}

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
        }
    }

    /// Turns a hand clock forward (or back); the wall cannot be turned.
    pub fn turn(&self, by: SignedDuration) {
        if let Clock::Hand(shown) = self {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            *shown = shown.saturating_add(by).unwrap_or(*shown);
        }
    }
}
