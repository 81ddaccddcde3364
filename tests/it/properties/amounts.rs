//! No amount, span or instant is too large, too small or too far away to be decided about.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::decide::decide;
use tactgate::facts::{Attempt, Keep};
use tactgate::facts::{Customer, Facts, HeldSend, Purchase, ShownOffer, trim};
use tactgate::message::{
    Address, Channel, Content, Currency, Declared, DeclaredOffer, Message, Money, Part, PartKind, Stream,
};
use tactgate::policy::{Limits, PolicySet, Selection, Window};
use tactgate::understand::{Context, ProductLinks, understand};

use crate::sends::send;

const CODES: [&str; 5] = ["CNY", "JPY", "KWD", "CLF", "XAU"];

fn minor() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0), -200..200i64]
}

fn money() -> impl Strategy<Value = Money> {
    (minor(), prop::sample::select(CODES.to_vec()))
        .prop_map(|(minor, code)| Money::new(minor, Currency::from_code(code).unwrap()))
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let near = 1_795_000_000_000_000..1_795_900_000_000_000i64;
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        (Timestamp::MIN.as_microsecond()..Timestamp::MAX.as_microsecond())
            .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap()),
        near.prop_map(|micros| Timestamp::from_microsecond(micros).unwrap()),
    ]
}

fn rules() -> PolicySet {
    let text = r#"
        [[below_price_paid]]
        id = "a"
        title.en = "t"
        within = "3650 days"
        tolerance_percent = 99
        [[price_conflict]]
        id = "b"
        title.en = "t"
        within = "3650 days"
        [[frequency_cap]]
        id = "c"
        title.en = "t"
        at_most = 1
        within = "3650 days"
        then = { delay = { at_most = "3650 days" } }
        [[quiet_hours]]
        id = "d"
        title.en = "t"
        from = 21
        until = 8
        [[quiet_hours]]
        id = "g"
        title.en = "t"
        open = [{ days = ["friday"], from = 9, until = 8 }]
        holidays = ["us-federal", "us-alabama"]
        places = ["US", "CA", "CN"]
        [[frequency_cap]]
        id = "h"
        title.en = "t"
        at_most = 2
        per_calendar = "month"
        week_starts = "sunday"
        reserve = 1
        [[false_deadline]]
        id = "e"
        title.en = "t"
        [[survey_fatigue]]
        id = "f"
        title.en = "t"
        invited_any = "3650 days"
    "#;
    let limits = Limits { history: Window::days(3650) };
    PolicySet::load(&[("policies/far.toml".to_owned(), text.to_owned())], &limits)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

proptest! {
    #![proptest_config(super::config(256))]

    #[test]
    fn amounts_are_written_and_compared_whatever_they_are(a in money(), b in money()) {
        let written = a.to_string();
        prop_assert!(written.ends_with(a.currency.code()));
        if a.minor >= 0 {
            prop_assert_eq!(written.parse::<Money>().unwrap(), a);
        } else {
            prop_assert!(written.starts_with('-'));
            // What stands behind the sign is the amount.
            let parts: String = written.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(parts.parse::<u128>().unwrap(), u128::from(a.minor.unsigned_abs()));
        }
        prop_assert_eq!(a.compare(&b).is_some(), a.currency == b.currency);
    }

    #[test]
    fn anything_written_as_an_amount_is_read_or_refused(digits in "[0-9]{1,30}(\\.[0-9]{0,30})?", code in prop::sample::select(CODES.to_vec())) {
        if let Ok(money) = format!("{digits} {code}").parse::<Money>() {
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }
    }

    #[test]
    fn decisions_at_any_time_about_any_amounts_are_made(
        (now, last_now) in (instant(), instant()),
        bought in prop::collection::vec((money(), instant()), 0..3),
        shown in prop::collection::vec((money(), instant(), instant()), 0..4),
        (price, list, ends) in (money(), money(), instant()),
        held in prop::collection::vec((instant(), instant()), 0..3),
    ) {
        let rules = rules();
        let from = "k".to_owned();
        let purchase = |(price, at)| Purchase { order: None, product: "BT-200".into(), price: Some(price), at, from: from.clone() };
        let offer = |price| ShownOffer { product: Some("BT-200".into()), price: Some(price), ..ShownOffer::default() };
        let sends = shown.into_iter().enumerate().map(|(n, (price, at, lease))| {
            let lease_until = Some(lease);
            tactgate::facts::SendEvent { offers: vec![offer(price)], lease_until, ..send(&n.to_string(), at.min(Timestamp::MAX - SignedDuration::from_secs(180)), Channel::Sms, "k") }
        });
        let held = held.into_iter().enumerate().map(|(n, (due, expires))| HeldSend {
            id: n.to_string(), due, expires, channel: Channel::Sms, priority: 500, attempt: Attempt::default(),
        });
        let mut customer = Customer {
            purchases: bought.into_iter().map(purchase).collect(),
            sends: sends.collect(),
            held: held.collect(),
            last_now: Some(last_now),
            ..Customer::default()
        };
        let declared = Declared {
            offers: vec![DeclaredOffer {
                product: "BT-200".into(), id: None, price: Some(price), list_price: Some(list), ends: Some(ends), exclusive: None, left: Some(u32::MAX),
            }],
            ..Declared::default()
        };
        let text = "BT-200 60% off, 2 for 1, ends tomorrow";
        let content = Content { parts: vec![Part { kind: PartKind::Plain, text: text.into() }], ..Content::default() };
        let (channel, recipient) = (Channel::Email, Address::email("li@example.com").unwrap());
        let message = Message { channel, recipient, content: Arc::new(content), declared, stream: Stream::default() };
        let (zone, links) = (jiff::tz::TimeZone::UTC, ProductLinks::default());
        let meaning = understand(&Context { now, zone: &zone, links: &links, catalogue: tactgate::understand::Catalogue::none() }, channel, &message.content, &message.declared);
        let selection = Selection::for_everyone(rules.rules.iter().map(|rule| rule.as_ref()));
        let facts = Facts::of(customer.clone());
        let decision = decide(now, &message, &meaning, &facts, &selection);
        prop_assert_eq!(&decision, &decide(now, &message, &meaning, &facts, &selection));
        tactgate::decide::claim_additions(now, &message, &meaning);
        trim(&mut customer, now, Keep { history_days: u32::MAX, events_max: 1 });
    }
}
