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
