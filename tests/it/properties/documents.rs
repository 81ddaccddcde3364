//! Whatever a customer's document holds is read back as it was written, in this format and in the older
//! ones; whatever bytes come instead are an error.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use tactgate::facts::customer::Member;
use tactgate::facts::{
    Attempt, Browsed, Complaint, Customer, Experience, ExperienceKind, Folded, HeldSend, MessageKey, OptOutFact,
    Parting, Preference, PriceAlert, Purchase, Return, SendEvent, SendState, ShownOffer, SurveyFact, SurveyStep,
};
use tactgate::message::{AddressKind, Channel, Class, Currency, Language, Money, PRIORITY_NORMAL};
use tactgate::store::document::{FORMAT, FORMAT_OLDEST, decode, encode};

fn instant() -> impl Strategy<Value = Timestamp> {
    let all = Timestamp::MIN.as_microsecond()..Timestamp::MAX.as_microsecond();
    prop_oneof![all, 1_700_000_000_000_000..1_900_000_000_000_000i64]
        .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

/// Few words, since documents repeat them, and some that look like something else.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["", "news", "售后", "01934f3c-9a3e-7c7e-8a53-0123456789ab", "a\0b\u{202e}"])
            .prop_map(str::to_owned),
        "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}",
        ".{0,12}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    "[0-9a-f]{32}"
}

fn maybe<T: std::fmt::Debug>(what: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(what)
}

fn some<T: std::fmt::Debug>(what: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(what, 0..4)
}

fn channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(vec![Channel::Email, Channel::Sms])
}

fn money() -> impl Strategy<Value = Money> {
    let codes = prop::sample::select(vec!["CNY", "USD", "JPY", "KWD", "CLF", "XAU", "ZWL", "HKD"]);
    (any::<i64>(), codes).prop_map(|(minor, code)| Money::new(minor, Currency::from_code(code).unwrap()))
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let key = maybe((any::<u64>(), any::<bool>()).prop_map(|(hash, given)| MessageKey { hash, given }));
    let flags = (any::<bool>(), any::<bool>());
    (key, maybe(any::<u32>()), any::<u8>(), flags).prop_map(|(key, owner, times, (unanswered, released))| Attempt {
        key,
        owner,
        times,
        unanswered,
        released,
    })
}

fn send() -> impl Strategy<Value = SendEvent> {
    let state = prop::sample::select(vec![SendState::Reserved, SendState::Sent, SendState::Unknown]);
    let offer = (maybe(word()), maybe(money()), maybe(channel()), maybe(word()), maybe(instant()), any::<bool>())
        .prop_map(|(product, price, exclusive, family, ends, pressing)| ShownOffer {
            product,
            price,
            exclusive,
            family,
            ends,
            pressing,
        });
    let names = (word(), maybe(word()), maybe(word()), maybe(word()), maybe(word()));
    let seen =
        (maybe(any::<u32>()), any::<bool>(), maybe(any::<u64>()), prop_oneof![Just(PRIORITY_NORMAL), any::<u16>()]);
    let rest = (seen, some(offer), maybe(instant()), key(), attempt());
    (word(), instant(), state, channel(), any::<bool>(), names, rest).prop_map(
        |(id, at, state, channel, must, (stream, department, campaign, purpose, survey), rest)| {
            let ((survey_minutes, survey_reminder, content, priority), offers, lease_until, from, attempt) = rest;
            let class = if must { Class::MustSend } else { Class::Ordinary };
            SendEvent {
                id,
                at,
                state,
                channel,
                class,
                priority,
                stream,
                department,
                campaign,
                purpose,
                survey,
                survey_minutes,
                survey_reminder,
                content,
                offers,
                lease_until,
                from,
                attempt,
            }
        },
    )
}

fn held() -> impl Strategy<Value = HeldSend> {
    (word(), instant(), instant(), channel(), any::<u16>(), attempt()).prop_map(
        |(id, due, expires, channel, priority, attempt)| HeldSend { id, due, expires, channel, priority, attempt },
    )
}

fn told_customer() -> impl Strategy<Value = Customer> {
    let purchase = (maybe(word()), word(), maybe(money()), instant(), key())
        .prop_map(|(order, product, price, at, from)| Purchase { order, product, price, at, from });
    let returned = (maybe(word()), word(), instant(), key()).prop_map(|(order, product, at, from)| Return {
        order,
        product,
        at,
        from,
    });
    let step = prop::sample::select(vec![SurveyStep::Invited, SurveyStep::Answered, SurveyStep::Declined]);
    let survey = (word(), maybe(word()), step, maybe(any::<u32>()), instant(), key()).prop_map(
        |(survey, department, step, minutes, at, from)| SurveyFact { survey, department, step, minutes, at, from },
    );
    let complaint = (word(), maybe(instant()), maybe(instant()), key())
        .prop_map(|(id, opened_at, closed_at, from)| Complaint { id, opened_at, closed_at, from });
    let opt_out = (maybe(channel()), maybe(word()), any::<bool>(), word(), instant(), key())
        .prop_map(|(channel, purpose, refused, why, at, from)| OptOutFact { channel, purpose, refused, why, at, from });
    let preference = (word(), any::<bool>(), instant(), key()).prop_map(|(topic, wanted, at, from)| Preference {
        topic,
        wanted,
        at,
        from,
    });
    use ExperienceKind::{Delivered, StayEnded, TicketClosed, Used, Visited};
    let kind = prop::sample::select(vec![Delivered, Used, StayEnded, TicketClosed, Visited]);
    let experience = (kind, maybe(word()), maybe(word()), maybe(word()), instant(), key()).prop_map(
        |(kind, product, order, department, at, from)| Experience { kind, product, order, department, at, from },
    );
    let alert = (word(), instant(), key()).prop_map(|(product, at, from)| PriceAlert { product, at, from });
    let browsed = (maybe(word()), maybe(word()), instant(), key()).prop_map(|(topic, product, at, from)| Browsed {
        topic,
        product,
        at,
        from,
    });
    let deeds = (some(experience), some(alert), some(browsed));
    let facts = (some(purchase), some(returned), some(survey), some(complaint), some(opt_out), some(preference));
    (facts, deeds, some(send()), some(held()), some(any::<u64>())).prop_map(
        |(facts, (experiences, price_alerts, browsed), sends, held, seen)| {
            let (purchases, returns, surveys, complaints, opt_outs, preferences) = facts;
            Customer {
                purchases,
                returns,
                surveys,
                complaints,
                opt_outs,
                preferences,
                experiences,
                price_alerts,
                browsed,
                sends,
                held,
                seen,
                ..Customer::default()
            }
        },
    )
}

fn customer() -> impl Strategy<Value = Customer> {
    let member = (key(), any::<bool>(), instant()).prop_map(|(key, phone, at)| {
        let kind = if phone { AddressKind::Phone } else { AddressKind::Email };
        Member { key, kind, at }
    });
    let language = maybe(prop::sample::select(vec![Language::En, Language::Zh]));
    let instants = (maybe(instant()), maybe(instant()), maybe(instant()), maybe(instant()));
    let profile = (maybe(word()), some(member), maybe(word()), language, instants);
    let folded = some((key(), any::<u64>()).prop_map(|(key, version)| Folded { key, version }));
    let parting = some((key(), any::<u64>(), told_customer()).prop_map(|(key, version, customer)| Parting {
        key,
        version,
        customer,
    }));
    let extra = prop::collection::btree_map(200..=255u8, prop::collection::vec(any::<u8>(), 0..9), 0..3);
    (told_customer(), profile, folded, some(key()), parting, extra).prop_map(
        |(told, (record_id, members, zone, language, instants), folded, joining, parting, extra): (
            _,
            _,
            _,
            _,
            _,
            BTreeMap<u8, Vec<u8>>,
        )| {
            let (zone_told_at, language_told_at, last_now, whole_since) = instants;
            Customer {
                record_id,
                members,
                zone,
                zone_told_at,
                language,
                language_told_at,
                last_now,
                whole_since,
                folded,
                joining,
                parting,
                extra,
                ..told
            }
        },
    )
}

/// What a format could hold.
fn as_told_in(format: u8, mut customer: Customer) -> Customer {
    if format < 2 {
        customer.sends.iter_mut().for_each(|send| send.attempt = Attempt::default());
        customer.held.iter_mut().for_each(|held| held.attempt = Attempt::default());
    }
    if format < 3 {
        (customer.experiences, customer.price_alerts, customer.browsed) = Default::default();
        customer.surveys.iter_mut().for_each(|told| told.minutes = None);
        for send in &mut customer.sends {
            (send.content, send.survey_reminder) = (None, false);
            send.offers.iter_mut().for_each(|offer| (offer.ends, offer.pressing) = (None, false));
        }
    }
    if format < 4 {
        customer.sends.iter_mut().for_each(|send| send.priority = PRIORITY_NORMAL);
    }
    customer.parting.iter_mut().for_each(|leaving| leaving.customer = as_told_in(format, leaving.customer.clone()));
    customer
}

proptest! {
    #![proptest_config(super::config(96))]

    #[test]
    fn what_is_written_is_read(customer in customer()) {
        let document = encode(&customer).unwrap();
        prop_assert_eq!(document[0], FORMAT);
        prop_assert_eq!(decode(&document).unwrap(), customer);
    }

    #[test]
    fn documents_of_every_older_format_are_read(customer in customer()) {
        for format in FORMAT_OLDEST..FORMAT {
            let customer = as_told_in(format, customer.clone());
            let mut older = encode(&customer).unwrap();
            older[0] = format;
            prop_assert_eq!(decode(&older).unwrap(), customer.clone(), "format {}", format);
        }
    }

    #[test]
    fn damaged_documents_never_panic(customer in told_customer(), hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut document = encode(&customer).unwrap();
        for (place, byte) in hits {
            let place = place.index(document.len());
            document[place] = byte;
        }
        // Read or refused; what is read can be written again.
        if let Ok(read) = decode(&document) {
            prop_assert!(encode(&read).is_ok());
        }
    }
}

#[test]
fn every_currency_survives() {
    for numeric in 0..1_000u16 {
        let Some(currency) = Currency::from_numeric(numeric) else { continue };
        let from = "0".repeat(32);
        let bought = Purchase {
            order: None,
            product: "P".to_owned(),
            price: Some(Money::new(1, currency)),
            at: Timestamp::UNIX_EPOCH,
            from,
        };
        let customer = Customer { purchases: vec![bought], ..Customer::default() };
        assert_eq!(decode(&encode(&customer).unwrap()).unwrap(), customer, "{}", currency.code());
    }
}
