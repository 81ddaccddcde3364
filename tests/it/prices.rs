//! What holds for every price: asking more never insults a buyer who was not insulted; a "was" above all that
//! was ever asked is never fine, one below all is no lie; pieces bought together are judged as one is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::decide::{Decision, Verdict, decide};
use tactgate::facts::{BrandFacts, Customer, Facts, Known, Purchase};
use tactgate::message::{Address, Channel, Content, Declared, Message, Money, Stream};
use tactgate::policy::{Limits, PolicySet, Selection};
use tactgate::understand::{Confidence, Goods, Meaning, Offer, Source};

const RULES: &str = r#"
    [[below_price_paid]]
    id = "cheaper"
    title.en = "t"
    [[reference_price]]
    id = "was"
    title.en = "t"
"#;

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn money(minor: i64) -> Money {
    Money::new(minor, "1 CNY".parse::<Money>().unwrap().currency)
}

fn offer(price: i64, was: Option<i64>, pieces: Option<u16>, goods: Goods) -> Offer {
    Offer {
        product: Some("BT-200".into()),
        id: None,
        price: Some(money(price)),
        list_price: was.map(money),
        usual_price: None,
        percent_off: None,
        ends: None,
        exclusive: None,
        pieces,
        goods,
        category: None,
        simhash: None,
        source: Source::Text,
        confidence: Confidence(75),
        spans: Vec::new(),
    }
}

fn decided(rules: &PolicySet, offer: Offer, customer: Customer, prices: Vec<(Timestamp, Money)>) -> Decision {
    let stream = Stream { name: "s".into(), brand: "b".into(), ..Stream::default() };
    let recipient = Address::email("li@example.com").unwrap();
    let content = Arc::new(Content::default());
    let declared = Declared::default();
    let message = Message { channel: Channel::Email, recipient, content, declared, stream };
    let meaning = Meaning { offers: vec![offer], ..Meaning::default() };
    let mut facts = Facts::of(customer);
    let prices = BTreeMap::from([("BT-200".to_owned(), prices)]);
    facts.brand = Known::Known(BrandFacts { prices, ..BrandFacts::default() });
    let selection = Selection::for_everyone(rules.rules.iter().map(|rule| rule.as_ref()));
    decide(now(), &message, &meaning, &facts, &selection)
}

fn objects(decision: &Decision, rule: &str) -> bool {
    decision.findings.iter().any(|finding| finding.rule == rule && finding.wants == Verdict::Block)
}

fn rules() -> PolicySet {
    PolicySet::load(&[("policies/test.toml".to_owned(), RULES.to_owned())], &Limits::default()).unwrap()
}

fn bought(purchases: &[(i64, i64)]) -> Customer {
    let each = purchases.iter().map(|(days, paid)| Purchase {
        order: None,
        product: "BT-200".into(),
        price: Some(money(*paid)),
        at: ago(*days),
        from: "k".into(),
    });
    Customer { purchases: each.collect(), ..Customer::default() }
}

fn goods() -> impl Strategy<Value = Goods> {
    prop_oneof![Just(Goods::Ordinary), Just(Goods::Durable), Just(Goods::Consumable), Just(Goods::Single)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn asking_more_never_insults_who_was_not_insulted(
        purchases in prop::collection::vec((0..120i64, 1..100_000i64), 0..5),
        price in 1..100_000i64,
        more in 0..50_000i64,
        pieces in prop::option::of(2..6u16),
        goods in goods(),
    ) {
        let (rules, customer) = (rules(), bought(&purchases));
        let blocks = |price| objects(&decided(&rules, offer(price, None, pieces, goods), customer.clone(), Vec::new()), "cheaper");
        prop_assert!(blocks(price) || !blocks(price + more));
        // The same for one piece, as a hand counts it.
        let window = match goods { Goods::Ordinary => 30, Goods::Consumable => 0, Goods::Durable | Goods::Single => 90 };
        let count = i64::from(pieces.unwrap_or(1));
        let each = (price + count - 1) / count;
        let by_hand = purchases.iter().any(|(days, paid)| *days < window && each * 100 < paid * 99);
        prop_assert_eq!(blocks(price), by_hand);
    }

    #[test]
    fn a_was_above_all_that_was_asked_is_never_fine_and_one_below_all_is_no_lie(
        told in prop::collection::vec((1..100i64, 1..1_000i64), 1..8),
        price in 1..1_000i64,
        less in 1..1_000i64,
    ) {
        let rules = rules();
        let mut told: Vec<(Timestamp, Money)> = told.into_iter().map(|(days, minor)| (ago(days), money(minor))).collect();
        told.sort_by_key(|(at, _)| *at);
        let asked = told.iter().map(|(_, price)| price.minor);
        let (lowest, highest) = (asked.clone().min().unwrap(), asked.max().unwrap());
        let says = |was| decided(&rules, offer(price, Some(was), None, Goods::Ordinary), Customer::default(), told.clone());
        let high = says(highest * 102 / 100 + 2);
        prop_assert!(high.findings.iter().any(|finding| finding.rule == "was"), "objected to, or not known");
        prop_assert!(!objects(&says(lowest.min(less)), "was"));
    }
}
