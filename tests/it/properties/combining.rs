//! How findings add up, on rules of every kind that answer anything: the strictest wins, every finding
//! is kept, watching and passing rules change nothing, a delay ends at the first instant that suits all,
//! and courtesy never harms what must be sent. Beside each decision stands a slow one, made by the rules
//! as the design words them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::decide::{Answer, Case, Decision, GuardClass, Objection, Verdict, decide};
use tactgate::facts::{Customer, Facts, Why};
use tactgate::message::{
    Address, Channel, Class, Content, Declared, Message, PRIORITY_NORMAL, Part, PartKind, Span, Stream,
};
use tactgate::policy::{Filters, Head, Judge, Mode, OnUnknown, Place, Selection, Texts, Then, Window};
use tactgate::rewrite::Action;
use tactgate::understand::{Context, Meaning, ProductLinks, understand};

/// What a rule's guard sees, in minutes from now.
#[derive(Debug, Clone)]
pub(super) enum Sight {
    Fine,
    /// Objects for ever.
    Harm {
        marked: bool,
    },
    /// Objects during these, and says when each ends.
    Times(Vec<(i64, i64)>),
    CannotTell(Why),
}

/// A rule whose guard answers as it is told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) class: GuardClass,
    pub(super) mode: Mode,
    pub(super) then: Then,
    pub(super) on_unknown: OnUnknown,
    pub(super) on_store_down: OnUnknown,
    pub(super) sight: Sight,
    pub(super) filters: Filters,
    pub(super) texts: Texts,
    pub(super) place: Place,
}

impl Judge for Told {
    fn guard(&self) -> &'static str {
        "told"
    }

    fn class(&self) -> GuardClass {
        self.class
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            formerly: &[],
            mode: self.mode,
            share: 100,
            filters: &self.filters,
            then: &self.then,
            on_unknown: self.on_unknown,
            on_store_down: self.on_store_down,
            title: &self.texts,
            reason: &self.texts,
            owner: None,
            priority: None,
            source: None,
            checked: None,
            place: &self.place,
        }
    }

    fn examine(&self, case: &Case<'_>) -> Answer {
        let minute = case.now.duration_since(now()).as_mins();
        match &self.sight {
            Sight::Fine => Answer::Fine,
            Sight::CannotTell(why) => Answer::CannotTell(*why),
            Sight::Harm { marked } => {
                let spans = if *marked { Span::new(0, 0..1) } else { None };
                Answer::Objects(Objection::default().at(spans))
            }
            Sight::Times(times) => match times.iter().find(|(from, until)| (*from..*until).contains(&minute)) {
                Some((_, until)) => Answer::Objects(Objection::default().until(minutes(*until))),
                None => Answer::Fine,
            },
        }
    }
}

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

pub(super) fn minutes(from_now: i64) -> Timestamp {
    now() + SignedDuration::from_mins(from_now)
}

pub(super) fn told() -> impl Strategy<Value = Told> {
    let class = prop::sample::select(vec![GuardClass::Law, GuardClass::Courtesy]);
    let mode = prop::sample::select(vec![Mode::Enforce, Mode::Enforce, Mode::Enforce, Mode::Shadow, Mode::Off]);
    let add = Action::AddOptOut { text: Texts { en: Some("Reply STOP".into()), zh: None }, url: None };
    let then = prop_oneof![
        Just(Then::Block),
        (1..90i64).prop_map(|m| Then::Delay { at_most: Window(SignedDuration::from_mins(m)) }),
        (1..90i64).prop_map(|m| Then::Delay { at_most: Window(SignedDuration::from_mins(m)) }),
        Just(Then::Rewrite(vec![Action::RemoveSentence {}])),
        Just(Then::Rewrite(vec![add])),
    ];
    let says = || prop::sample::select(vec![OnUnknown::Pass, OnUnknown::Delay, OnUnknown::Block]);
    let times = prop::collection::vec((-20..60i64, 1..30i64), 1..4);
    let sight = prop_oneof![
        Just(Sight::Fine),
        any::<bool>().prop_map(|marked| Sight::Harm { marked }),
        times
            .clone()
            .prop_map(|times| Sight::Times(times.into_iter().map(|(from, long)| (from, from + long)).collect())),
        times.prop_map(|times| Sight::Times(times.into_iter().map(|(_, long)| (0, long)).collect())),
        prop::sample::select(vec![Why::StoreDown, Why::TooYoung, Why::NotTold]).prop_map(Sight::CannotTell),
    ];
    (class, mode, then, says(), says(), sight).prop_map(|(class, mode, then, on_unknown, on_store_down, sight)| Told {
        id: String::new(),
        class,
        mode,
        then,
        on_unknown,
        on_store_down,
        sight,
        filters: Filters::default(),
        texts: Texts::default(),
        place: Place::default(),
    })
}

pub(super) fn rules() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec(told(), 0..7).prop_map(|mut rules| {
        rules.iter_mut().enumerate().for_each(|(n, rule)| rule.id = format!("r{n}"));
        rules
    })
}

/// A message, must-send or not.
pub(super) fn message(must: bool) -> (Message, Meaning) {
    // A receipt with an offer in it: from a code, or a receipt alone, there is nothing to take.
    let receipt =
        "您的订单20260614001已发货，快递单号SF1234567890，金额399元已支付。\n特惠推荐：BT-200限时特价299元，立即抢购。";
    let text = if must { receipt } else { "hello" };
    let content = Content { parts: vec![Part { kind: PartKind::Plain, text: text.into() }], ..Content::default() };
    let class = if must { Class::MustSend } else { Class::Ordinary };
    let stream = Stream { name: "s".into(), brand: "b".into(), class, ..Stream::default() };
    let (channel, recipient) = (Channel::Email, Address::email("li@example.com").unwrap());
    let message = Message { channel, recipient, content: Arc::new(content), declared: Declared::default(), stream };
    let (zone, links) = (jiff::tz::TimeZone::UTC, ProductLinks::default());
    let context =
        Context { now: now(), zone: &zone, links: &links, catalogue: tactgate::understand::Catalogue::none() };
    let meaning = understand(&context, channel, &message.content, &message.declared);
    assert_eq!(tactgate::decide::is_must_send(&message, &meaning), must);
    (message, meaning)
}

pub(super) fn decided(rules: &[Told], (message, meaning): &(Message, Meaning)) -> Decision {
    let judges = rules.iter().map(|rule| rule as &dyn Judge);
    let facts = Facts::of(Customer::default());
    decide(now(), message, meaning, &facts, &Selection::for_everyone(judges))
}

/// What one rule wants, by the design's words; none when it has nothing to say.
pub(super) fn wants(rule: &Told, must: bool, message: &(Message, Meaning)) -> Option<Verdict> {
    let facts = Facts::of(Customer::default());
    let case = Case { now: now(), message: &message.0, meaning: &message.1, facts: &facts, priority: PRIORITY_NORMAL };
    let shielded = must && rule.class == GuardClass::Courtesy;
    let marked = |objection: &Objection| !objection.spans.is_empty();
    Some(match rule.examine(&case) {
        _ if rule.mode == Mode::Off => return None,
        Answer::Fine => return None,
        Answer::Objects(objection) if shielded => {
            if marked(&objection) {
                Verdict::Rewrite
            } else {
                Verdict::Pass
            }
        }
        Answer::Objects(objection) => match &rule.then {
            Then::Delay { at_most: Window(at_most) } => match objection.free_at {
                Some(until) if until <= now() + *at_most => Verdict::Delay { until, expires: now() + *at_most },
                _ => Verdict::Block,
            },
            Then::Rewrite(actions) if marked(&objection) || actions[0] != (Action::RemoveSentence {}) => {
                Verdict::Rewrite
            }
            _ => Verdict::Block,
        },
        Answer::CannotTell(why) => match if why == Why::StoreDown { rule.on_store_down } else { rule.on_unknown } {
            _ if shielded => Verdict::Pass,
            OnUnknown::Pass => Verdict::Pass,
            OnUnknown::Delay if must => Verdict::Pass,
            OnUnknown::Delay => Verdict::Delay { until: minutes(5), expires: minutes(24 * 60) },
            OnUnknown::Block => Verdict::Block,
        },
    })
}

/// The verdict, found slowly: every minute is tried.
fn verdict(rules: &[Told], must: bool, message: &(Message, Meaning)) -> Verdict {
    let acting: Vec<Verdict> =
        rules.iter().filter(|rule| rule.mode == Mode::Enforce).filter_map(|rule| wants(rule, must, message)).collect();
    if acting.contains(&Verdict::Block) {
        return Verdict::Block;
    }
    let delays = acting.iter().filter_map(|verdict| match verdict {
        Verdict::Delay { until, expires } => Some((*until, *expires)),
        _ => None,
    });
    if let Some((first, expires)) = delays.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1))) {
        let facts = Facts::of(Customer::default());
        let objects_at = |at: Timestamp, rule: &&Told| {
            let case =
                Case { now: at, message: &message.0, meaning: &message.1, facts: &facts, priority: PRIORITY_NORMAL };
            matches!(rule.examine(&case), Answer::Objects(_))
        };
        let may_delay = |rule: &&Told| {
            rule.mode == Mode::Enforce
                && matches!(rule.then, Then::Delay { .. })
                && !(must && rule.class == GuardClass::Courtesy)
        };
        let delaying: Vec<&Told> = rules.iter().filter(may_delay).collect();
        for minute in 0..=24 * 60 {
            let at = minutes(minute);
            if at >= first && at <= expires && !delaying.iter().any(|rule| objects_at(at, rule)) {
                return Verdict::Delay { until: at, expires };
            }
        }
        return Verdict::Block;
    }
    if acting.contains(&Verdict::Rewrite) { Verdict::Rewrite } else { Verdict::Pass }
}

proptest! {
    #![proptest_config(super::config(1_024))]

    #[test]
    fn the_verdict_is_the_one_found_slowly(rules in rules(), must in any::<bool>()) {
        let message = message(must);
        let decision = decided(&rules, &message);
        prop_assert_eq!(&decision.verdict, &verdict(&rules, must, &message), "{:?}", decision);
        prop_assert_eq!(decision.must_send, must);
    }

    #[test]
    fn every_finding_is_kept_as_it_was_found(rules in rules(), must in any::<bool>()) {
        let message = message(must);
        let decision = decided(&rules, &message);
        let facts = Facts::of(Customer::default());
        let case = Case { now: now(), message: &message.0, meaning: &message.1, facts: &facts, priority: PRIORITY_NORMAL };
        let speaking: Vec<&Told> = rules.iter().filter(|rule| wants(rule, must, &message).is_some()).collect();
        let names = |rules: &[&Told]| rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        let found: Vec<String> = decision.findings.iter().map(|finding| finding.rule.clone()).collect();
        prop_assert_eq!(found, names(&speaking));
        let blocked = decision.verdict == Verdict::Block;
        for (rule, finding) in speaking.iter().zip(&decision.findings) {
            prop_assert_eq!(&finding.answer, &rule.examine(&case));
            prop_assert_eq!(finding.shadow, rule.mode == Mode::Shadow);
            let wanted = wants(rule, must, &message).unwrap();
            // Those who wanted to wait block when no instant suits all of them.
            let turned = blocked && finding.wants == Verdict::Block && wanted.severity() == 2 && !finding.shadow;
            prop_assert!(turned || finding.wants == wanted, "{:?} is not {:?}", finding, wanted);
            let down = matches!(finding.answer, Answer::CannotTell(Why::StoreDown));
            prop_assert_eq!(finding.degraded, down && wanted == Verdict::Pass);
            let shielded = must && rule.class == GuardClass::Courtesy;
            let stays = shielded && matches!(finding.answer, Answer::Objects(_)) && wanted == Verdict::Pass;
            prop_assert_eq!(finding.not_removed, stays);
        }
        if blocked {
            let decisive = decision.decisive();
            prop_assert!(decisive.is_some_and(|finding| finding.wants == Verdict::Block), "{:?}", decision);
        }
    }

    #[test]
    fn rewrites_are_those_of_the_rules_that_act(rules in rules(), must in any::<bool>()) {
        let message = message(must);
        let decision = decided(&rules, &message);
        let acting = rules.iter().filter(|rule| rule.mode == Mode::Enforce);
        let rewriting = acting.filter(|rule| wants(rule, must, &message) == Some(Verdict::Rewrite));
        let wanted: Vec<String> = rewriting.map(|rule| rule.id.clone()).collect();
        let got: Vec<String> = decision.rewrites.iter().map(|rewrite| rewrite.rule.clone()).collect();
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn a_rule_that_passes_or_only_watches_changes_nothing(rules in rules(), extra in told(), at in 0..8usize, must in any::<bool>()) {
        let message = message(must);
        let before = decided(&rules, &message);
        let mut more = rules.clone();
        let fine = Told { id: "s0".into(), sight: Sight::Fine, mode: Mode::Enforce, ..extra.clone() };
        more.insert(at.min(rules.len()), fine);
        // One that delays and is fine now may still not be fine at the instant the others chose.
        prop_assert_eq!(&before, &decided(&more, &message));
        let watching = Told { id: "s0".into(), mode: Mode::Shadow, ..extra };
        more[at.min(rules.len())] = watching;
        let after = decided(&more, &message);
        prop_assert_eq!((&before.verdict, &before.rewrites), (&after.verdict, &after.rewrites));
        prop_assert!(after.findings.iter().filter(|f| f.rule != "s0").eq(before.findings.iter()));
    }

    #[test]
    fn every_rule_twice_is_every_rule_once(rules in rules(), must in any::<bool>()) {
        let message = message(must);
        let once = decided(&rules, &message);
        let copies = rules.iter().map(|rule| Told { id: format!("{}-again", rule.id), ..rule.clone() });
        let twice: Vec<Told> = rules.iter().cloned().chain(copies).collect();
        prop_assert_eq!(once.verdict, decided(&twice, &message).verdict);
        prop_assert_eq!(decided(&rules, &message), decided(&rules, &message));
    }

    #[test]
    fn courtesy_never_harms_what_must_be_sent(rules in rules()) {
        let message = message(true);
        let courtesy: Vec<Told> = rules.into_iter().map(|rule| Told { class: GuardClass::Courtesy, ..rule }).collect();
        let verdict = decided(&courtesy, &message).verdict;
        prop_assert!(verdict.severity() <= 1, "{:?}", verdict);
    }
}
