//! What a message claims, in the terms of the brand's ledger: which offer families it speaks of, which
//! ends it announces for them, at which prices. Read by the guard `false_deadline`; the gateway asks
//! it which families to load, and what to add once a message has left.

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

use crate::facts::{ClaimAddition, Family};
use crate::message::Message;
use crate::understand::{DeadlineKind, Meaning, Offer};

use super::guards::effective_price;

/// The family of each offer that has one, by the offer's index.
pub fn families(meaning: &Meaning) -> Vec<(usize, Family)> {
    meaning.offers.iter().enumerate().filter_map(|(at, offer)| Some((at, family(offer)?))).collect()
}

/// The ends claimed for an offer: its own, and those the message announces for everything in it.
/// "Within 48 hours" means another second in each message of a batch; such ends are taken to the hour,
/// so that one claim stays one entry in the ledger. "Valid for 7 days" is each person's own end and
/// claims nothing to the others.
pub fn claimed_ends(meaning: &Meaning, offer: &Offer) -> Vec<Timestamp> {
    let announced: Vec<(Timestamp, DeadlineKind)> = meaning
        .deadlines
        .iter()
        .filter(|d| d.kind != DeadlineKind::FromReceipt)
        .filter_map(|d| Some((d.instant?, d.kind)))
        .collect();
    let mut ends: Vec<Timestamp> = match offer.ends {
        // Its own end says more than the message's, which may speak of another offer.
        Some(own) if !is_from_receipt(meaning, own) => {
            let kind = announced.iter().find(|(instant, _)| *instant == own).map(|(_, kind)| *kind);
            vec![coarse(own, kind.unwrap_or(DeadlineKind::Absolute))]
        }
        _ => announced.into_iter().map(|(instant, kind)| coarse(instant, kind)).collect(),
    };
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// True when an end counts from the moment each person receives the message, and from nothing else.
pub fn is_from_receipt(meaning: &Meaning, end: Timestamp) -> bool {
    let mut told = meaning.deadlines.iter().filter(|d| d.instant == Some(end)).peekable();
    told.peek().is_some() && told.all(|d| d.kind == DeadlineKind::FromReceipt)
}

/// What to add to the brand's ledger once this message has left (or may have).
pub fn claim_additions(now: Timestamp, message: &Message, meaning: &Meaning) -> Vec<ClaimAddition> {
    let mut additions: Vec<ClaimAddition> = Vec::new();
    for (at, family) in families(meaning) {
        let Some(offer) = meaning.offers.get(at) else { continue };
        let price = effective_price(offer).map(|price| (message.channel, price));
        let ends = claimed_ends(meaning, offer);
        let first = ClaimAddition { family, at: now, deadline: ends.first().copied(), price };
        let rest = ends.iter().skip(1).map(|end| ClaimAddition { deadline: Some(*end), price: None, ..first.clone() });
        for addition in std::iter::once(first.clone()).chain(rest) {
            let says_something = addition.deadline.is_some() || addition.price.is_some();
            if says_something && !additions.contains(&addition) {
                additions.push(addition);
            }
        }
    }
    additions
}

fn family(offer: &Offer) -> Option<Family> {
    let discount = effective_price(offer)
        .map(|price| price.to_string())
        .or_else(|| offer.percent_off.map(|percent| format!("-{percent}%")));
    Family::of(offer.id.as_deref(), offer.product.as_deref(), discount.as_deref(), offer.simhash)
}

fn coarse(end: Timestamp, kind: DeadlineKind) -> Timestamp {
    let unit = if kind == DeadlineKind::Absolute { Unit::Minute } else { Unit::Hour };
    // "Until midnight" is read as 23:59:59 or as 00:00 of the next day: rounding makes them one.
    end.round(TimestampRound::new().smallest(unit)).unwrap_or(end)
}

/// True when two ends are the same claim, told a little differently.
pub fn same_end(a: Timestamp, b: Timestamp, slack: SignedDuration) -> bool {
    a.duration_since(b).abs() <= slack
}
