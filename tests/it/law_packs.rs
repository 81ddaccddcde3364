//! The packs of `policies/law`: what they must say of themselves, that a rule which is off does nothing, and that each pack
//! keeps its word when an officer turns it on.

use std::sync::Arc;

use tactgate::decide::decide;
use tactgate::facts::{Customer, Facts};
use tactgate::message::{Address, Channel, Content, Declared, Language, Message, Part, PartKind, Stream};
use tactgate::policy::{Limits, Mode, PolicySet, run_cases};
use tactgate::understand::{Catalogue, Context, ProductLinks, understand};

use crate::policies::shipped;

/// The packs, by file.
fn packs() -> Vec<(String, String)> {
    let packs: Vec<_> = shipped().into_iter().filter(|(name, _)| name.starts_with("policies/law/")).collect();
    assert!(packs.len() >= 9, "{} packs", packs.len());
    packs
}

fn load(files: &[(String, String)]) -> PolicySet {
    PolicySet::load(files, &Limits::default())
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|error| error.render()).collect::<String>()))
}

#[test]
fn each_rule_of_a_pack_names_its_source_and_is_off_unless_it_is_about_a_refusal() {
    for rule in &load(&packs()).rules {
        let head = rule.head();
        let source = head.source.unwrap_or_default();
        let kinds = [
            "Statute",
            "Regulation",
            "Directive",
            "Judgment",
            "Vendor",
            "Platform",
            "Industry",
            "Provider",
            "Law firms",
        ];
        assert!(kinds.iter().any(|kind| source.starts_with(kind)), "{}: what is `{source}`?", head.id);
        // A date is that of the text; what has none, or was not read, says so.
        let confessed = ["Undated", "not read"].iter().any(|word| source.contains(word));
        assert!(head.checked.is_some() || confessed, "{}: of which day is its source?", head.id);
        let in_force = rule.guard() == "suppression" && !head.id.ends_with("-consent");
        assert_eq!(head.mode, if in_force { Mode::Enforce } else { Mode::Off }, "{}", head.id);
        for language in [Language::En, Language::Zh] {
            assert!(!head.title.in_language(language).is_empty(), "{}", head.id);
        }
    }
}

#[test]
fn each_pack_has_an_honest_twin_for_what_it_stops() {
    for file in packs() {
        let set = load(std::slice::from_ref(&file));
        let passing = set.cases.iter().filter(|case| format!("{:?}", case.spec.expect) == "Pass").count();
        assert!(passing >= set.rules.len(), "{}: {passing} honest twins for {} rules", file.0, set.rules.len());
    }
}

#[test]
fn a_pack_that_is_turned_on_keeps_its_word() {
    for (name, text) in packs() {
        let on = load(&[(name.clone(), text.replace("\"off\"", "\"enforce\""))]);
        assert!(on.rules.iter().all(|rule| rule.head().mode == Mode::Enforce), "{name}");
        let failed: Vec<String> = run_cases(&on).into_iter().filter_map(|r| r.failure.map(|f| f.render())).collect();
        assert!(failed.is_empty(), "{name}: {}", failed.join("\n"));
    }
}

/// A text that half of the packs would have something against: at night, without signature or way to refuse.
fn night_text(set: &PolicySet, to: &str) -> Vec<String> {
    let content = Content {
        parts: vec![Part { kind: PartKind::Plain, text: "20% off all coats this week.".into() }],
        ..Content::default()
    };
    let message = Message {
        channel: Channel::Sms,
        recipient: Address::phone(to, None).unwrap(),
        content: Arc::new(content),
        declared: Declared::default(),
        stream: Stream::default(),
    };
    let now = "2026-11-22T09:30:00Z".parse().unwrap();
    let (zone, links) = (jiff::tz::TimeZone::UTC, ProductLinks::default());
    let context = Context { now, zone: &zone, links: &links, catalogue: Catalogue::none() };
    let meaning = understand(&context, message.channel, &message.content, &message.declared);
    let decision = decide(now, &message, &meaning, &Facts::of(Customer::default()), &set.select(&message, &meaning));
    decision.findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_rule_that_is_off_does_nothing_and_one_that_is_on_does() {
    let (off, texan) = (load(&packs()), "+12145550100");
    assert!(night_text(&off, texan).is_empty(), "{:?}", night_text(&off, texan));
    let on: Vec<_> = packs().into_iter().map(|(name, text)| (name, text.replace("\"off\"", "\"enforce\""))).collect();
    let heard = night_text(&load(&on), texan);
    for rule in ["us-sms-hours-federal", "us-sms-hours-texas", "us-sms-says-how-to-stop"] {
        assert!(heard.iter().any(|id| id == rule), "{rule} in {heard:?}");
    }
    assert!(!heard.iter().any(|id| id == "us-sms-hours-florida" || id.starts_with("cn-")), "{heard:?}");
}
