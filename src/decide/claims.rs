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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::{Confidence, Deadline, Source};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn offer(ends: Option<&str>) -> Offer {
        Offer {
            product: Some("BT-200".into()),
            id: None,
            price: None,
            list_price: None,
            percent_off: Some(20),
            ends: ends.map(at),
            exclusive: None,
            pieces: None,
            goods: crate::understand::Goods::default(),
            category: None,
            usual_price: None,
            simhash: Some(7),
            source: Source::Text,
            confidence: Confidence(90),
            spans: Vec::new(),
        }
    }

    fn announcing(ends: &[(&str, DeadlineKind)]) -> Meaning {
        let told = |(end, kind): &(&str, DeadlineKind)| Deadline {
            instant: Some(at(end)),
            kind: *kind,
            words: Default::default(),
            source: Source::Text,
            confidence: Confidence(90),
            span: None,
        };
        Meaning { deadlines: ends.iter().map(told).collect(), ..Meaning::default() }
    }

    const FRIDAY: &str = "2026-11-27T10:00:00Z";
    const SUNDAY: &str = "2026-11-29T10:00:00Z";

    #[test]
    fn an_offer_claims_its_own_end_and_one_without_whatever_is_announced() {
        let both = announcing(&[(FRIDAY, DeadlineKind::Absolute), (SUNDAY, DeadlineKind::Absolute)]);
        assert_eq!(claimed_ends(&both, &offer(Some(SUNDAY))), [at(SUNDAY)]);
        assert_eq!(claimed_ends(&both, &offer(None)), [at(FRIDAY), at(SUNDAY)]);
        // An end that the text does not repeat is still claimed.
        assert_eq!(claimed_ends(&announcing(&[]), &offer(Some(SUNDAY))), [at(SUNDAY)]);
    }

    #[test]
    fn an_end_counted_from_receipt_claims_nothing_unless_it_is_also_announced() {
        let own = announcing(&[(SUNDAY, DeadlineKind::FromReceipt)]);
        assert!(claimed_ends(&own, &offer(Some(SUNDAY))).is_empty());
        assert!(claimed_ends(&own, &offer(None)).is_empty());
        let public = announcing(&[(SUNDAY, DeadlineKind::FromReceipt), (SUNDAY, DeadlineKind::Absolute)]);
        assert_eq!(claimed_ends(&public, &offer(Some(SUNDAY))), [at(SUNDAY)]);
        assert!(is_from_receipt(&own, at(SUNDAY)) && !is_from_receipt(&public, at(SUNDAY)));
        assert!(!is_from_receipt(&own, at(FRIDAY)), "an end of which nothing is told is nobody's own");
    }

    #[test]
    fn a_written_minute_is_kept_and_hours_from_now_are_taken_to_the_hour() {
        let half_past = "2026-11-29T10:29:40Z";
        let kept = announcing(&[(half_past, DeadlineKind::Absolute)]);
        let counted = announcing(&[(half_past, DeadlineKind::Relative)]);
        assert_eq!(claimed_ends(&kept, &offer(Some(half_past))), [at("2026-11-29T10:30:00Z")]);
        assert_eq!(claimed_ends(&counted, &offer(Some(half_past))), [at(SUNDAY)]);
        // How it is told decides, for the offer that has that end, whatever else is announced.
        let beside = announcing(&[(FRIDAY, DeadlineKind::Relative), (half_past, DeadlineKind::Absolute)]);
        assert_eq!(claimed_ends(&beside, &offer(Some(half_past))), [at("2026-11-29T10:30:00Z")]);
    }

    #[test]
    fn one_claim_of_two_ends_is_told_the_ledger_as_two_and_its_price_once() {
        let message = |meaning: &Meaning| {
            let recipient = crate::message::Address::email("li@example.com").unwrap();
            let (channel, content) = (crate::message::Channel::Email, std::sync::Arc::default());
            let (declared, stream) = Default::default();
            let message = Message { channel, recipient, content, declared, stream };
            claim_additions(at(FRIDAY), &message, meaning)
        };
        let offers = vec![Offer { price: "299 CNY".parse().ok(), ..offer(None) }];
        let two = announcing(&[(FRIDAY, DeadlineKind::Absolute), (SUNDAY, DeadlineKind::Absolute)]);
        let told = message(&Meaning { offers: offers.clone(), ..two });
        let ends: Vec<_> = told.iter().map(|one| (one.deadline, one.price.is_some())).collect();
        assert_eq!(ends, [(Some(at(FRIDAY)), true), (Some(at(SUNDAY)), false)]);
        // The same offer twice says nothing new; without a price and an end it says nothing at all.
        let again =
            Meaning { offers: [offers.clone(), offers].concat(), ..announcing(&[(FRIDAY, DeadlineKind::Absolute)]) };
        assert_eq!(message(&again).len(), 1);
        assert!(message(&Meaning { offers: vec![offer(None)], ..Meaning::default() }).is_empty());
    }

    #[test]
    fn ends_a_little_apart_are_the_same_claim_either_way_round() {
        let slack = SignedDuration::from_hours(6);
        let (end, edge) = (at(FRIDAY), at("2026-11-27T16:00:00Z"));
        assert!(same_end(end, edge, slack) && same_end(edge, end, slack));
        let beyond = at("2026-11-27T16:00:01Z");
        assert!(!same_end(end, beyond, slack) && !same_end(beyond, end, slack));
    }

    #[test]
    fn a_percentage_off_is_a_price_where_the_old_one_is_told() {
        let money = |text: &str| text.parse().ok();
        let off = |percent| Offer { list_price: money("399 CNY"), percent_off: Some(percent), ..offer(None) };
        assert_eq!(effective_price(&off(20)), money("319.20 CNY"));
        assert_eq!(effective_price(&off(0)), money("399 CNY"));
        assert_eq!(effective_price(&off(200)), money("0 CNY"), "nobody is paid for taking it");
        assert_eq!(effective_price(&Offer { price: money("299 CNY"), ..off(20) }), money("299 CNY"));
        assert_eq!(effective_price(&offer(None)), None, "off what?");
    }
}
