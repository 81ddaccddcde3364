//! How many bytes of bodies the door holds at once, over all connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for bodies; clones share it.
#[derive(Debug, Clone)]
pub struct Room {
    left: Arc<AtomicUsize>,
}

/// Bytes held; dropping it gives them back.
#[derive(Debug)]
pub struct Held {
    room: Room,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Room {
        Room { left: Arc::new(AtomicUsize::new(bytes)) }
    }

    /// Holds nothing yet.
    pub fn enter(&self) -> Held {
        Held { room: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Holds so many more, if there is room.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        let grown = self.room.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok();
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
        let room = Room::new(10);
        let (mut one, mut two) = (room.enter(), room.enter());
        assert!(one.grow(6) && !two.grow(5) && two.grow(4) && !one.grow(1));
        drop(one);
        assert!(two.grow(6) && !two.grow(1));
    }
}
