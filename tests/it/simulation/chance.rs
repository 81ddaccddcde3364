//! Chance from a seed: SplitMix64 (Steele, Lea and Flood 2014). Each role of a run draws from a stream
//! of its own, so that a draw more here moves nothing there.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One stream of draws; clones draw from the same stream.
#[derive(Debug, Clone)]
pub struct Chance(Arc<Mutex<u64>>);

impl Chance {
    /// The stream of a role in the run of a seed.
    pub fn of(seed: u64, role: &str) -> Chance {
        let mut start = DefaultHasher::new();
        (seed, role).hash(&mut start);
        Chance(Arc::new(Mutex::new(start.finish())))
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` up to, but not, `to`.
    pub fn between(&self, from: u64, to: u64) -> u64 {
        from + self.number() % (to - from).max(1)
    }

    /// True so many times in a thousand.
    pub fn permille(&self, share: u64) -> bool {
        self.between(0, 1000) < share
    }

    /// So many milliseconds.
    pub fn millis(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }

    /// One of them.
    pub fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[self.between(0, of.len() as u64) as usize]
    }
}
