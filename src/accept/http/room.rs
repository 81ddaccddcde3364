//! How many bytes of bodies the door holds at once, over all connections. The last part of it is kept
//! for must-send messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::accept::admission::share;

/// Room for bodies; clones share it.
#[derive(Debug, Clone)]
pub struct Room {
    left: Arc<AtomicUsize>,
    /// Bytes that ordinary messages leave free.
    kept: usize,
}

/// Bytes held; dropping it gives them back.
#[derive(Debug)]
pub struct Held {
    room: Room,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes, of which `reserve_percent` are kept for must-send messages.
    pub fn new(bytes: usize, reserve_percent: usize) -> Room {
        Room { left: Arc::new(AtomicUsize::new(bytes)), kept: bytes - share(bytes, reserve_percent).min(bytes) }
    }

    /// Holds nothing yet.
    pub fn enter(&self) -> Held {
        Held { room: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Holds so many more, if there is room. `is_must_send` is asked only when it makes a difference.
    pub fn grow(&mut self, bytes: usize, is_must_send: impl FnOnce() -> bool) -> bool {
        let take = |kept: usize| move |left: usize| left.checked_sub(bytes).filter(|after| *after >= kept);
        let fits = |kept| self.room.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, take(kept)).is_ok();
        let grown = fits(self.room.kept) || (is_must_send() && fits(0));
        self.bytes += if grown { bytes } else { 0 };
        grown
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.left.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let room = Room::new(10, 0);
        let (mut one, mut two) = (room.enter(), room.enter());
        let ordinary = || false;
        assert!(one.grow(6, ordinary) && !two.grow(5, ordinary) && two.grow(4, ordinary) && !one.grow(1, ordinary));
        drop(one);
        assert!(two.grow(6, ordinary) && !two.grow(1, ordinary));
    }

    #[test]
    fn the_last_part_is_kept_for_what_must_be_sent() {
        let room = Room::new(10, 20);
        let mut held = room.enter();
        assert!(held.grow(8, || false) && !held.grow(1, || false) && held.grow(2, || true) && !held.grow(1, || true));
    }
}
