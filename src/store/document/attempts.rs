//! The stored form of attempts: beside the sends and the holds, and only of those that have something
//! to say, since a settled send soon has nothing left.

use crate::facts::{Attempt, MessageKey};

/// Position among the sends (or holds), (hash, flags), owner, times.
pub(super) type WireAttempt = (u32, Option<u64>, u8, Option<u32>, u8);

const GIVEN: u8 = 1;
const UNANSWERED: u8 = 2;
const RELEASED: u8 = 4;

/// What is to be written.
pub(super) fn wire<'a>(attempts: impl Iterator<Item = &'a Attempt>) -> Vec<WireAttempt> {
    let said = attempts.enumerate().filter(|(_, attempt)| **attempt != Attempt::default());
    said.map(|(at, attempt)| {
        let given = if attempt.key.is_some_and(|key| key.given) { GIVEN } else { 0 };
        let unanswered = if attempt.unanswered { UNANSWERED } else { 0 };
        let released = if attempt.released { RELEASED } else { 0 };
        let flags = given | unanswered | released;
        (at as u32, attempt.key.map(|key| key.hash), flags, attempt.owner, attempt.times)
    })
    .collect()
}

/// Puts what was read where it belongs; false when there is no such place.
pub(super) fn unwire<'a>(written: Vec<WireAttempt>, places: impl Iterator<Item = &'a mut Attempt>) -> bool {
    let mut places: Vec<&mut Attempt> = places.collect();
    written.into_iter().all(|(at, hash, flags, owner, times)| {
        let key = hash.map(|hash| MessageKey { hash, given: flags & GIVEN != 0 });
        let (unanswered, released) = (flags & UNANSWERED != 0, flags & RELEASED != 0);
        let attempt = Attempt { key, owner, times, unanswered, released };
        places.get_mut(at as usize).map(|place| **place = attempt).is_some()
    })
}
