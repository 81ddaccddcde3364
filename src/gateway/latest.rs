//! The latest ends that were handed over for settling. A document loaded meanwhile may not say them yet, and
//! an equal message that follows on the reply's heels must not be taken for a retry of something still in
//! flight.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use super::ending::{End, Settlement, reserved_anew};
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
