//! How a reservation ends, and what its end does to the customer's document: each may be written more than
//! once, and never touches what was reserved later under the same id.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::facts::{Customer, SendEvent, SendState, attempts, outcomes, sends};
use crate::store::CustomerKey;

/// One reservation's end.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Whose customer.
    pub brand: String,
    /// The root under which it was reserved.
    pub root: CustomerKey,
    /// The send, or the hold.
    pub id: String,
    /// When it was reserved.
    pub at: Timestamp,
    /// How it ends.
    pub end: End,
    /// The reply that a retry will be given, by its message key.
    pub reply: Option<(String, Bytes)>,
    /// The document in which it was reserved, where this gateway still has it.
    pub document: Option<Box<AsWritten>>,
}

/// A customer's document as this gateway wrote it. While nobody else has written it since, a settlement need
/// not load it; a compare-and-set finds out.
#[derive(Debug, Clone, PartialEq)]
pub struct AsWritten {
    /// Its version.
    pub version: u64,
    /// What it says.
    pub customer: Customer,
    /// When it was written.
    pub at: Instant,
}

/// How long a document is taken to stand as it was written. Short: a failover may take versions back, and
/// what fits the old version then is another's.
const STANDS_FOR: Duration = Duration::from_secs(1);

impl AsWritten {
    /// A document that was written just now.
    pub(super) fn now(version: u64, customer: Customer) -> AsWritten {
        AsWritten { version, customer, at: Instant::now() }
    }

    /// The latest of some documents of one customer, if it may still stand.
    pub(super) fn latest(ends: &mut [Settlement]) -> Option<AsWritten> {
        let documents = ends.iter_mut().filter_map(|end| end.document.take());
        let latest = documents.max_by_key(|document| document.version)?;
        (latest.at.elapsed() < STANDS_FOR).then_some(*latest)
    }
}

/// How a reservation ends.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It stands in the document and is that now; and whether its client was told.
    Is {
        /// What it is.
        state: SendState,
        /// False when a retry is to be answered from the record.
        told: bool,
    },
    /// It may not stand there: entered as it is.
    Enter(Box<SendEvent>),
    /// It stands there and is taken out; what an earlier attempt left stands again.
    Back(Option<Box<SendEvent>>),
    /// A commit at this version may have written it, or may still do so: it is taken out, or the version
    /// is used up so that the late commit loses; what an earlier attempt left stands again.
    BackFrom(u64, Option<Box<SendEvent>>),
    /// A hold, and whether its client was told.
    Held {
        /// False when a retry is to be answered from the record.
        told: bool,
    },
    /// A hold that is taken back: its line is taken out, so that no retry is told that it waits.
    NotHeld,
}

impl Settlement {
    /// Writes it into its customer's document, loaded at this version; see [`End::write`].
    pub(super) fn write(&self, customer: &mut Customer, version: u64) -> bool {
        self.end.write(customer, &self.id, self.at, version)
    }
}

impl End {
    /// Writes it, of what was reserved `at` that time, into the document loaded at this version; true when that
    /// changed something or the version has to be used up. Idempotent: a step repeated after a lost answer
    /// changes nothing.
    pub(super) fn write(&self, customer: &mut Customer, id: &str, at: Timestamp, version: u64) -> bool {
        let anew = reserved_anew(customer, id, at);
        match self {
            End::BackFrom(asked, _) if anew => version <= *asked,
            End::Back(_) if anew => false,
            End::Is { state, told } => sends::settle(customer, id, *state) | attempts::tell(customer, id, *told),
            End::Enter(send) => {
                let told = !send.attempt.unanswered;
                sends::enter(customer, send) | attempts::tell(customer, id, told)
            }
            End::Back(before) => give_back(customer, id, at, before.as_deref()),
            End::BackFrom(asked, before) => give_back(customer, id, at, before.as_deref()) || version <= *asked,
            End::Held { told } => attempts::tell(customer, id, *told),
            End::NotHeld => {
                let listed = customer.held.len();
                customer.held.retain(|held| held.id != id);
                customer.held.len() < listed
            }
        }
    }
}

/// A hold's later release, here or elsewhere, reserves under the same id: no earlier end speaks of that.
pub(super) fn reserved_anew(customer: &Customer, id: &str, at: Timestamp) -> bool {
    let later = |send: &SendEvent| send.at > at && !same_instant(send.at, at);
    customer.sends.iter().any(|send| send.id == id && later(send))
}

/// Takes a send out; what an earlier attempt left under the same id stands again. Several retries share that
/// id: what stands there and was not reserved at that instant is another's, which may be leaving now.
fn give_back(customer: &mut Customer, id: &str, at: Timestamp, before: Option<&SendEvent>) -> bool {
    let Some(before) = before else { return sends::give_back(customer, id) };
    let another = |send: &SendEvent| send.id == id && (!same_instant(send.at, at) || send.state == SendState::Sent);
    if customer.sends.iter().any(another) {
        return false;
    }
    let back = sends::give_back(customer, id);
    match outcomes::was_not_sent(customer, id) {
        true => back,
        false => sends::reserve(customer, before.clone()),
    }
}

/// As documents tell instants apart: they hold microseconds.
pub(super) fn same_instant(one: Timestamp, other: Timestamp) -> bool {
    one.as_microsecond() == other.as_microsecond()
}
