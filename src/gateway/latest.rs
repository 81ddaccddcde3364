//! The latest ends that were handed over for settling. A document loaded meanwhile may not say them yet, and
//! an equal message that follows on the reply's heels must not be taken for a retry of something still in
//! flight.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use super::ending::{End, Settlement, reserved_anew, same_instant};
use crate::facts::{Customer, SendState};

/// Ends remembered: as many as may wait in the queue.
const LATEST_MAX: usize = 20_000;

/// What was handed over lately.
#[derive(Debug, Default)]
pub struct Latest {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By send or hold: when it was reserved, and its end.
    ends: HashMap<String, (Timestamp, End)>,
    order: VecDeque<String>,
    /// Replies on their way to the store, by message key.
    replies: HashMap<String, Bytes>,
}

impl Latest {
    /// Remembers one end.
    pub fn remember(&self, one: &Settlement) {
        let mut inner = self.lock();
        if inner.ends.insert(one.id.clone(), (one.at, one.end.clone())).is_none() {
            inner.order.push_back(one.id.clone());
        }
        inner.replies.extend(one.reply.clone());
        while inner.order.len() > LATEST_MAX {
            if let Some(oldest) = inner.order.pop_front() {
                inner.ends.remove(&oldest);
            }
        }
    }

    /// Writes into a document just loaded what was handed over of it.
    pub fn catch_up(&self, customer: &mut Customer) {
        let sends = customer.sends.iter().filter(|send| send.state == SendState::Reserved).map(|send| &send.id);
        let held = customer.held.iter().filter(|held| held.attempt.unanswered).map(|held| &held.id);
        let open: Vec<String> = sends.chain(held).cloned().collect();
        if open.is_empty() {
            return;
        }
        let inner = self.lock();
        for (id, (at, end)) in open.iter().filter_map(|id| Some((id, inner.ends.get(id)?))) {
            if !reserved_anew(customer, id, *at) {
                end.write(customer, id, *at, u64::MAX);
            }
        }
    }

    /// What became of a send that was reserved at that time, and whether its client was told; none while its walk
    /// may not be over.
    pub fn ended(&self, id: &str, at: Timestamp) -> Option<(SendState, bool)> {
        let inner = self.lock();
        let (reserved_at, end) = inner.ends.get(id)?;
        match end {
            _ if !same_instant(*reserved_at, at) => None,
            End::Is { state, told } => Some((*state, *told)),
            End::Enter(send) => Some((send.state, !send.attempt.unanswered)),
            End::Back(_) | End::BackFrom(..) | End::Held { .. } | End::NotHeld => None,
        }
    }

    /// A reply that is on its way to the store.
    pub fn reply(&self, message_key: &str) -> Option<Bytes> {
        self.lock().replies.get(message_key).cloned()
    }

    /// These replies are in the store, or will never be.
    pub fn replies_kept(&self, replies: &[(String, Bytes)]) {
        let mut inner = self.lock();
        for (message_key, _) in replies {
            inner.replies.remove(message_key);
        }
    }

    /// That send is begun again: its end is to come.
    pub fn begun_again(&self, send: &str) {
        let mut inner = self.lock();
        inner.ends.remove(send);
        inner.order.retain(|id| id != send);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::store::CustomerKey;

    #[test]
    fn what_is_remembered_is_the_end_of_that_reservation_and_whether_its_client_was_told() {
        let reserved = send("d1", 0);
        let mut untold = reserved.clone();
        (untold.state, untold.attempt.unanswered) = (SendState::Unknown, true);
        for (end, known) in [
            (End::Is { state: SendState::Sent, told: false }, Some((SendState::Sent, false))),
            (End::Is { state: SendState::Sent, told: true }, Some((SendState::Sent, true))),
            (End::Enter(Box::new(untold)), Some((SendState::Unknown, false))),
            (End::Back(None), None),
            (End::NotHeld, None),
        ] {
            let latest = Latest::default();
            let (brand, root, id) = ("shop".into(), CustomerKey("0".repeat(32)), reserved.id.clone());
            latest.remember(&Settlement { brand, root, id, at: reserved.at, end, reply: None, document: None });
            assert_eq!(latest.ended("d1", reserved.at), known);
            assert_eq!(latest.ended("d1", send("d1", 5).at), None, "it was reserved once more: that is another's end");
            assert_eq!(latest.ended("d2", reserved.at), None);
            latest.begun_again("d1");
            assert_eq!(latest.ended("d1", reserved.at), None);
        }
    }
}
