//! Where facts live. One contract, kept by one shared suite against every backend: load → decide →
//! commit, a compare-and-set on the customer's version. Never in a script what can be decided
//! outside it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::facts::{Customer, FactKind, Family, FamilyClaims};

/// The keyed hash of (brand, address): hex, 32 digits. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerKey(pub String);

impl fmt::Display for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the store did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, too slow, or refusing: nothing was read. For a write: see `Unknown`.
    #[error("the store does not answer: {0}")]
    Down(String),
    /// A write was asked for and the answer is lost: it may have been applied.
    #[error("the store's answer was lost: {0}")]
    Unknown(String),
    /// The document is of a newer format than this build reads: treated as down, never overwritten.
    #[error("a document in format {0} was written by a newer tactgate")]
    NewerFormat(u8),
    /// The stored bytes cannot be read.
    #[error("a document cannot be read: {0}")]
    Damaged(String),
}

/// One customer as loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCustomer {
    /// The root under which the history is kept (the key asked for, or where it moved).
    pub root: CustomerKey,
    /// Version to compare at commit; 0 = not there yet.
    pub version: u64,
    /// The document; empty when not there yet.
    pub customer: Customer,
}

/// One round trip's worth of facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// In the order of the keys asked for; two keys of one person give the same root twice.
    pub customers: Vec<LoadedCustomer>,
    /// Claims of the families asked for; absent = never claimed.
    pub claims: BTreeMap<Family, FamilyClaims>,
    /// Since when each kind of fact is known for this brand.
    pub known_since: BTreeMap<FactKind, Timestamp>,
}

/// A compare-and-set of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The root.
    pub root: CustomerKey,
    /// The version that was loaded.
    pub expect: u64,
    /// The new document.
    pub customer: Customer,
}

/// What became of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Done; the new version.
    Done(u64),
    /// Somebody else wrote first: load and decide again.
    Stale,
}
