//! What belongs to a brand rather than to a customer: the ledger of claims and since when each kind of
//! fact is known. Both are grow-only sets of marks, so gateways add without asking one another.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use jiff::Timestamp;

use super::backend::{Mark, Marks};
use super::{Store, StoreError};
use crate::facts::claims::DEADLINES_MAX;
use crate::facts::{ClaimAddition, FactKind, Family, FamilyClaims};
use crate::hex::hex;
use crate::message::{Channel, Currency, Money};

/// Prices handed out per family.
const PRICES_MAX: usize = 256;

impl Store {
    /// Adds to the brand's ledger of claims; idempotent, in any order, acknowledged when it returns.
    pub async fn claim(&self, brand: &str, additions: &[ClaimAddition]) -> Result<(), StoreError> {
        let tag = self.inner.pepper.brand(brand);
        let mut marks = Vec::with_capacity(2 * additions.len());
        for addition in additions {
            let [(deadlines, _), (prices, _)] = family_sets(&tag, &addition.family);
            let at = addition.at.as_microsecond();
            if let Some(deadline) = addition.deadline {
                marks.push(Mark { set: deadlines, member: deadline.as_microsecond().to_string(), at });
            }
            if let Some((channel, price)) = addition.price {
                let member = format!("{channel} {} {}", price.minor, price.currency.code());
                marks.push(Mark { set: prices.clone(), member, at });
            }
            marks.push(Mark { set: prices, member: FIRST_SEEN.to_owned(), at });
        }
        self.inner.backend.mark(marks).await
    }

    /// From `at` on every fact of this kind is told for the brand: said by an import, or by the first
    /// event of the kind. The earliest word stands.
    pub async fn mark_known(&self, brand: &str, kind: FactKind, at: Timestamp) -> Result<(), StoreError> {
        let set = since_set(&self.inner.pepper.brand(brand));
        self.inner.backend.mark(vec![Mark { set, member: kind.name().to_owned(), at: at.as_microsecond() }]).await
    }
}

/// Member of a family's prices that says when the family was first seen: always the earliest.
const FIRST_SEEN: &str = "first";

pub(super) fn since_set(tag: &str) -> String {
    format!("{{{tag}}}:since")
}

/// A family's two sets with how many members to hand out: its deadlines, its prices.
pub(super) fn family_sets(tag: &str, family: &Family) -> [(String, usize); 2] {
    let name = hashed(&family.0);
    [(format!("{{{tag}}}:d:{name}"), DEADLINES_MAX), (format!("{{{tag}}}:p:{name}"), PRICES_MAX)]
}

/// A name of a set that says nothing to whoever looks, and has one length.
pub(super) fn hashed(name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, name.as_bytes());
    hex(&hash.as_ref()[..16])
}

/// The brand's own word per kind, and for what the gateway itself does the installation.
pub(super) fn known_since(sets: &[Marks]) -> BTreeMap<FactKind, Timestamp> {
    let mut known = BTreeMap::new();
    let earliest = |set: Option<&Marks>| set.and_then(|s| s.earliest.first()).map(|(_, at)| *at);
    if let Some(installed) = earliest(sets.first()).and_then(instant) {
        for kind in [FactKind::Sends, FactKind::Surveys, FactKind::Claims] {
            known.insert(kind, installed);
        }
    }
    for (member, at) in sets.get(1).map(|set| set.earliest.as_slice()).unwrap_or_default() {
        let kind = FactKind::ALL.into_iter().find(|kind| kind.name() == member);
        if let (Some(kind), Some(at)) = (kind, instant(*at)) {
            let since = known.entry(kind).or_insert(at);
            *since = at.min(*since);
        }
    }
    known
}

/// A family's claims from its two sets; `None` when it never claimed anything.
pub(super) fn of_sets(sets: &[Marks]) -> Option<FamilyClaims> {
    let [deadlines, prices] = sets else { return None };
    if deadlines.count + prices.count == 0 {
        return None;
    }
    let mut claims = FamilyClaims::default();
    for (member, at) in &deadlines.earliest {
        if let (Some(end), Some(at)) = (member.parse().ok().and_then(instant), instant(*at)) {
            claims.deadlines.insert(end, at);
        }
    }
    let more = deadlines.count.saturating_sub(deadlines.earliest.len());
    claims.deadlines_more = u32::try_from(more).unwrap_or(u32::MAX);
    for (member, at) in &prices.earliest {
        let Some(at) = instant(*at) else { continue };
        if member == FIRST_SEEN {
            claims.first_seen = Some(at);
        } else if let Some((channel, price)) = price(member) {
            claims.prices.push((channel, price, at));
        }
    }
    Some(claims)
}

fn price(member: &str) -> Option<(Channel, Money)> {
    let mut words = member.split(' ');
    let channel = match words.next()? {
        "email" => Channel::Email,
        "sms" => Channel::Sms,
        _ => return None,
    };
    let minor = words.next()?.parse().ok()?;
    Some((channel, Money::new(minor, Currency::from_code(words.next()?)?)))
}

pub(super) fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}
