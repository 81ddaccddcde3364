//! The brand's ledger of claims: for every offer family the deadlines it announced and the prices it
//! named, a grow-only set, so that any number of gateways may add at once (design §3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, Money};

/// Distinct deadlines kept per family; beyond it only the count grows, itself the evergreen signal.
pub const DEADLINES_MAX: usize = 64;

/// What one offer family ever claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyClaims {
    /// Claimed end → when it was first claimed.
    pub deadlines: BTreeMap<Timestamp, Timestamp>,
    /// Deadlines beyond [`DEADLINES_MAX`].
    pub deadlines_more: u32,
    /// (channel, price) → when first shown.
    pub prices: Vec<(Channel, Money, Timestamp)>,
    /// When the family was first seen.
    pub first_seen: Option<Timestamp>,
}

/// One thing to add to a family's claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAddition {
    /// The family.
    pub family: super::Family,
    /// When it was claimed.
    pub at: Timestamp,
    /// A claimed end.
    pub deadline: Option<Timestamp>,
    /// A price on a channel.
    pub price: Option<(Channel, Money)>,
}

impl FamilyClaims {
    /// Adds; true when something new was learnt. Idempotent, and the order of additions does not
    /// matter: of two times for one claim the earlier stays.
    pub fn add(&mut self, addition: &ClaimAddition) -> bool {
        let before = self.clone();
        let earlier = |old: Timestamp| old.min(addition.at);
        self.first_seen = Some(self.first_seen.map_or(addition.at, earlier));
        if let Some(deadline) = addition.deadline {
            if let Some(first) = self.deadlines.get_mut(&deadline) {
                *first = earlier(*first);
            } else if self.deadlines.len() < DEADLINES_MAX {
                self.deadlines.insert(deadline, addition.at);
            } else {
                self.deadlines_more = self.deadlines_more.saturating_add(1);
            }
        }
        if let Some((channel, price)) = addition.price {
            match self.prices.iter_mut().find(|(c, p, _)| *c == channel && *p == price) {
                Some((_, _, first)) => *first = earlier(*first),
                None => self.prices.push((channel, price, addition.at)),
            }
        }
        *self != before
    }
}
