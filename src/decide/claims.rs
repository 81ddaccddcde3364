//! What a message claims, in the terms of the brand's ledger: which offer families it speaks of, which
//! ends it announces for them, at which prices. Read by the guard `false_deadline`; the gateway asks
//! it which families to load, and what to add once a message has left.

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

use crate::facts::{ClaimAddition, Family, FamilyClaims};
use crate::message::{Message, Span};
use crate::policy::Window;
use crate::understand::{DeadlineKind, Discount, Meaning, Offer, UrgencyKind};

use super::guards::effective_price;

/// Offers without a product whose wording is looked up in all its near names.
const WORDED_MAX: usize = 16;

/// The families of each offer that has some, by the offer's index: its own first, then those under which it
/// meets the same offer in other words, then those of the closing sale it is part of, with the weeks in which
/// that was seen.
pub fn families(meaning: &Meaning) -> Vec<(usize, Family)> {
    let particular = meaning.offers.iter().any(is_particular);
    let saved = saved_by_all(meaning);
    let closing = closing_offers(meaning);
    let mut worded = 0;
    let mut families = Vec::new();
    for (at, offer) in meaning.offers.iter().enumerate() {
        // "This week's offers, until Sunday" above a list: the ends are those of the list.
        if particular && !is_particular(offer) {
            continue;
        }
        let saves = effective_price(offer)
            .map(|price| price.to_string())
            .or_else(|| offer.percent_off.map(|percent| format!("-{percent}%")))
            .or_else(|| saved.clone().filter(|_| offer.product.is_none()));
        let (product, wording) = (offer.product.as_deref(), offer.simhash);
        families.extend(Family::of(offer.id.as_deref(), product, saves.as_deref(), wording).map(|own| (at, own)));
        if let (None, None, Some(wording), true) = (&offer.id, product, wording, worded < WORDED_MAX) {
            worded += 1;
            families.extend(Family::near(wording, saves.as_deref()).into_iter().map(|near| (at, near)));
        }
        if closing.contains(&at) {
            let closing = Family::closing(product, wording);
            families
                .extend(closing.into_iter().flat_map(|closing| [closing.seen(), closing]).map(|family| (at, family)));
        }
    }
    families
}

/// The offers that are part of a closing sale: those told in its words; where no offer is, the first ones.
fn closing_offers(meaning: &Meaning) -> Vec<usize> {
    let claims = meaning.urgencies.iter().filter(|claim| claim.kind == UrgencyKind::Closing);
    let spans: Vec<Span> = claims.clone().flat_map(|claim| claim.spans.iter().copied()).collect();
    if claims.count() == 0 {
        return Vec::new();
    }
    let told = |offer: &Offer| offer.spans.iter().any(|own| spans.iter().any(|span| own.overlaps(span)));
    let of = |fits: &dyn Fn(&Offer) -> bool| {
        let offers = meaning.offers.iter().enumerate().filter(|(_, offer)| fits(offer));
        offers.map(|(at, _)| at).take(WORDED_MAX).collect::<Vec<_>>()
    };
    let closing = of(&told);
    if closing.is_empty() { of(&|_| true) } else { closing }
}

/// True when it tells what is sold, or what is saved.
fn is_particular(offer: &Offer) -> bool {
    offer.id.is_some() || offer.product.is_some() || effective_price(offer).is_some() || offer.percent_off.is_some()
}

/// What the whole message takes off, when it says one thing: 满300减50.
fn saved_by_all(meaning: &Meaning) -> Option<String> {
    let mut told = meaning.discounts.iter().filter_map(|told| match told.discount {
        Discount::Percent(percent) => Some(format!("-{percent}%")),
        Discount::Amount(off) => Some(format!("-{off}")),
        Discount::Threshold { from, off } => Some(format!("{from}-{off}")),
        Discount::NextOne(percent) => Some(format!("next-{percent}%")),
        Discount::FreeShipping | Discount::Gift | Discount::Unsaid => None,
    });
    let first = told.next()?;
    told.all(|other| other == first).then_some(first)
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
    let mut last = None;
    for (at, family) in families(meaning) {
        let Some(offer) = meaning.offers.get(at) else { continue };
        let ends = if family.is_seen() { vec![week_of(now)] } else { claimed_ends(meaning, offer) };
        // A price is entered under the offer's own name.
        let own = last != Some(at);
        last = Some(at);
        let price = effective_price(offer).filter(|_| own).map(|price| (message.channel, price));
        let first = ClaimAddition { family: family.clone(), at: now, deadline: ends.first().copied(), price };
        let rest = ends.iter().skip(1).map(|end| ClaimAddition { deadline: Some(*end), price: None, ..first.clone() });
        for addition in std::iter::once(first.clone()).chain(rest) {
            let says_something = addition.deadline.is_some() || addition.price.is_some() || family.is_closing();
            if says_something && !additions.contains(&addition) {
                additions.push(addition);
            }
        }
    }
    additions
}

/// Since when a closing sale goes on, by the weeks in which it was seen: back from now as long as no gap between
/// two of them is longer than `gap`.
pub fn seen_since(weeks: &FamilyClaims, gap: Window, now: Timestamp) -> Option<Timestamp> {
    let (mut since, mut before) = (None, now);
    for (end, first) in weeks.deadlines.iter().rev().filter(|(_, first)| **first <= now) {
        if gap.after(*end) < before {
            break;
        }
        (since, before) = (Some(*first), *first);
    }
    since
}

/// The week an instant is in, by its last second: a closing sale leaves one mark a week.
fn week_of(now: Timestamp) -> Timestamp {
    const WEEK_SECONDS: i64 = 7 * 86_400;
    let end = (now.as_second().div_euclid(WEEK_SECONDS) + 1).saturating_mul(WEEK_SECONDS) - 1;
    Timestamp::from_second(end).unwrap_or(now)
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
