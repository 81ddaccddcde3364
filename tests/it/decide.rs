//! What holds for every decision, whatever the rules: order does not matter, more rules never protect
//! less, windows slide exactly, clocks may jump.

use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::decide::{
    Answer, Decision, Verdict, after_rewrite, claim_additions, decide, harm_left, is_must_send, not_rewritten,
};
use tactgate::facts::{
    Attempt, Complaint, Customer, Facts, HeldSend, Known, OptOutFact, Preference, Purchase, SendEvent, SendState,
    ShownOffer, SurveyFact, SurveyStep, Why,
};
use tactgate::message::{Address, Channel, Class, Content, Declared, Message, PRIORITY_NORMAL, Part, PartKind, Stream};
use tactgate::policy::{Limits, PolicySet, Selection};
use tactgate::understand::{Context, Meaning, ProductLinks, understand};

use crate::policies::shipped;
use crate::sends::send;

const NOW: &str = "2026-11-20T10:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn rules(text: &str) -> PolicySet {
    PolicySet::load(&[("policies/test.toml".to_owned(), text.to_owned())], &Limits::default())
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|e| e.render()).collect::<String>()))
}

fn everything(set: &PolicySet) -> Selection<'_> {
    Selection::for_everyone(set.rules.iter().map(|rule| rule.as_ref()))
}

fn message(channel: Channel, class: Class, text: &str, at: Timestamp) -> (Message, Meaning) {
    let content = Content { parts: vec![Part { kind: PartKind::Plain, text: text.into() }], ..Content::default() };
    let recipient = match channel {
        Channel::Email => Address::email("li@example.com").unwrap(),
        Channel::Sms => Address::phone("+8613800138000", None).unwrap(),
    };
    let stream = Stream { name: "s".into(), brand: "b".into(), class, ..Stream::default() };
    let message = Message { channel, recipient, content: Arc::new(content), declared: Declared::default(), stream };
    let (zone, links) = (jiff::tz::TimeZone::UTC, ProductLinks::default());
    let context = Context { now: at, zone: &zone, links: &links, catalogue: tactgate::understand::Catalogue::none() };
    let meaning = understand(&context, channel, &message.content, &message.declared);
    (message, meaning)
}

/// A promotion that arrived.
fn sent(at: Timestamp, channel: Channel) -> SendEvent {
    let (state, purpose) = (SendState::Sent, Some("promotion".to_owned()));
    SendEvent { state, purpose, lease_until: None, ..send(&at.to_string(), at, channel, "k") }
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

const TEXTS: &[&str] = &[
    "【某某商城】蓝牙车载播放器BT-200限时299元，本周日截止，回T退订",
    "BT-200 car player now only $39.99, ends November 29. Reply STOP to opt out",
    "诚邀您参加满意度调查，只需3分钟：https://s.example/q?id=88",
    "Please take our 5-minute survey about your visit.",
    "您的验证码是482913，5分钟内有效，请勿泄露。",
    "您的订单20260614001已发货，快递单号SF1234567890，金额399元已支付。特惠推荐：BT-200限时特价299元，立即抢购。",
    "All sneakers are 20% off.",
    "hello",
];

fn channels() -> impl Strategy<Value = Channel> {
    prop_oneof![Just(Channel::Email), Just(Channel::Sms)]
}

fn customers() -> impl Strategy<Value = Customer> {
    let seconds = || 0..40 * 86_400i64;
    let sends = prop::collection::vec((seconds(), channels(), any::<bool>(), any::<bool>()), 0..8);
    let bought = prop::option::of((seconds(), 1_000..60_000i64));
    let (opted, complained, surveyed) =
        (prop::option::of(seconds()), prop::option::of(seconds()), prop::option::of(seconds()));
    let zone = prop_oneof![Just(None), Just(Some("Asia/Shanghai")), Just(Some("America/New_York"))];
    (sends, bought, opted, complained, surveyed, any::<bool>(), zone).prop_map(
        |(sends, bought, opted, complained, surveyed, avoids, zone)| {
            let mut customer = Customer { zone: zone.map(str::to_owned), ..Customer::default() };
            let from = || "k".to_owned();
            for (at, channel, survey, offer) in sends {
                let mut event = sent(ago(at), channel);
                event.survey = survey.then(|| "nps".to_owned());
                if offer {
                    let price = "259 CNY".parse().ok();
                    event.offers.push(ShownOffer {
                        product: Some("BT-200".into()),
                        price,
                        exclusive: None,
                        ..ShownOffer::default()
                    });
                }
                customer.sends.push(event);
            }
            if let Some((at, minor)) = bought {
                let price =
                    tactgate::message::Money::new(minor, "1 CNY".parse::<tactgate::message::Money>().unwrap().currency);
                let product = "BT-200".to_owned();
                customer.purchases.push(Purchase {
                    order: None,
                    product,
                    price: Some(price),
                    at: ago(at),
                    from: from(),
                });
            }
            if let Some(at) = opted {
                let (channel, why) = (Some(Channel::Sms), "opt-out".to_owned());
                let fact = OptOutFact { channel, purpose: None, refused: true, why, at: ago(at), from: from() };
                customer.opt_outs.push(fact);
            }
            if let Some(at) = complained {
                let (opened_at, closed_at) = (Some(ago(at)), None);
                customer.complaints.push(Complaint { id: "T".into(), opened_at, closed_at, from: from() });
            }
            if let Some(at) = surveyed {
                let step = SurveyStep::Answered;
                let fact =
                    SurveyFact { survey: "x".into(), department: None, step, minutes: None, at: ago(at), from: from() };
                customer.surveys.push(fact);
            }
            if avoids {
                let word = Preference { topic: "shoes".into(), wanted: false, at: ago(9), from: from() };
                customer.preferences.push(word);
            }
            customer
        },
    )
}

fn shipped_set() -> &'static PolicySet {
    static SET: LazyLock<PolicySet> = LazyLock::new(|| PolicySet::load(&shipped(), &Limits::default()).unwrap());
    &SET
}

fn protects(decision: &Decision) -> (u8, Option<Timestamp>) {
    let until = if let Verdict::Delay { until, .. } = decision.verdict { Some(until) } else { None };
    (decision.verdict.severity(), until)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_order_of_rules_never_matters(
        customer in customers(),
        text in prop::sample::select(TEXTS),
        channel in channels(),
        must in any::<bool>(),
        order in Just((0..shipped_set().rules.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let set = shipped_set();
        let class = if must { Class::MustSend } else { Class::Ordinary };
        let (message, meaning) = message(channel, class, text, now());
        let facts = Facts::of(customer);
        let shuffled = Selection::for_everyone(order.iter().map(|at| set.rules[*at].as_ref()));
        let one = decide(now(), &message, &meaning, &facts, &everything(set));
        prop_assert_eq!(one, decide(now(), &message, &meaning, &facts, &shuffled));
    }

    #[test]
    fn one_more_rule_never_protects_less(
        customer in customers(),
        text in prop::sample::select(TEXTS),
        channel in channels(),
        must in any::<bool>(),
        kept in prop::collection::vec(any::<bool>(), 64),
        added in 0..9usize,
    ) {
        let set = shipped_set();
        let class = if must { Class::MustSend } else { Class::Ordinary };
        let (message, meaning) = message(channel, class, text, now());
        let facts = Facts::of(customer);
        let some = |extra: Option<usize>| {
            let chosen = set.rules.iter().enumerate().filter(|(at, _)| kept[*at] || Some(*at) == extra);
            Selection::for_everyone(chosen.map(|(_, rule)| rule.as_ref()))
        };
        let fewer = decide(now(), &message, &meaning, &facts, &some(None));
        let more = decide(now(), &message, &meaning, &facts, &some(Some(added % set.rules.len())));
        prop_assert!(protects(&more) >= protects(&fewer), "{:?} then {:?}", fewer, more);
    }

    #[test]
    fn courtesy_never_stops_what_must_be_sent(customer in customers(), text in prop::sample::select(TEXTS)) {
        let set = shipped_set();
        let (message, meaning) = message(Channel::Email, Class::MustSend, text, now());
        prop_assume!(is_must_send(&message, &meaning));
        let facts = Facts::of(customer);
        let decision = decide(now(), &message, &meaning, &facts, &everything(set));
        // The only law here is an SMS opt-out, and quiet hours for SMS promotions.
        let courtesy = decision.findings.iter().filter(|f| f.guard != "suppression" && f.guard != "quiet_hours");
        for finding in courtesy {
            prop_assert!(finding.wants.severity() <= 1, "{:?}", finding);
        }
    }

    #[test]
    fn the_window_slides_as_a_naive_count_does(
        times in prop::collection::vec(0..20_000i64, 0..12),
        at_most in 1..5u32,
        window in 1..150i64,
    ) {
        let set = rules(&format!(
            "[[frequency_cap]]\nid = \"cap\"\ntitle.en = \"t\"\nat_most = {at_most}\nwithin = \"{window} minutes\"\n\
             then = {{ delay = {{ at_most = \"100 days\" }} }}"
        ));
        let customer = Customer { sends: times.iter().map(|s| sent(ago(*s), Channel::Email)).collect(), ..Customer::default() };
        let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
        let window = SignedDuration::from_mins(window);
        let running = |at: Timestamp| customer.sends.iter().filter(|s| s.at > at - window && s.at <= at).count();
        let decision = decide(now(), &message, &meaning, &Facts::of(customer.clone()), &everything(&set));
        match decision.verdict {
            Verdict::Pass => prop_assert!(running(now()) < at_most as usize),
            Verdict::Delay { until, .. } => {
                prop_assert!(running(now()) >= at_most as usize);
                prop_assert!(running(until) < at_most as usize);
                let a_moment_before = until - SignedDuration::from_secs(1);
                prop_assert!(running(a_moment_before) >= at_most as usize, "free earlier than {}", until);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn two_delays_find_an_instant_that_suits_both() {
    // The cap is free at 22:00, which is quiet; the morning is free for both.
    let set = rules(
        r#"
        [[frequency_cap]]
        id = "cap"
        title.en = "t"
        at_most = 1
        within = "12 hours"
        [[quiet_hours]]
        id = "night"
        title.en = "t"
        from = 21
        until = 8
        "#,
    );
    let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
    let sends = vec![sent(now(), Channel::Email)];
    let customer = Customer { sends, zone: Some("UTC".into()), ..Customer::default() };
    let decision = decide(now(), &message, &meaning, &Facts::of(customer), &everything(&set));
    let Verdict::Delay { until, .. } = decision.verdict else { panic!("{decision:?}") };
    assert_eq!(until.to_string(), "2026-11-21T08:00:00Z");
}

#[test]
fn the_last_moment_of_a_rules_patience_is_still_in_time() {
    for (patience, verdict) in [("60 minutes", "delay"), ("59 minutes", "block")] {
        let set = rules(&format!(
            "[[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = 9\nuntil = 11\n\
             then = {{ delay = {{ at_most = \"{patience}\" }} }}"
        ));
        let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
        let facts = Facts::of(Customer { zone: Some("UTC".into()), ..Customer::default() });
        let decision = decide(now(), &message, &meaning, &facts, &everything(&set));
        assert_eq!(decision.verdict.name(), verdict, "{patience}: {decision:?}");
    }
}

#[test]
fn those_who_wait_already_come_first() {
    let set = rules(
        "[[frequency_cap]]\nid = \"cap\"\ntitle.en = \"t\"\nat_most = 1\nwithin = \"1 day\"\n\
         then = { delay = { at_most = \"9 days\" } }",
    );
    let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
    let due = now() + SignedDuration::from_hours(1);
    let until_beside = |priority| {
        let held = HeldSend {
            id: "h".into(),
            due,
            expires: due + SignedDuration::from_hours(90),
            channel: Channel::Email,
            priority,
            attempt: Attempt::default(),
        };
        let customer = Customer { sends: vec![sent(ago(3600), Channel::Sms)], held: vec![held], ..Customer::default() };
        let decision = decide(now(), &message, &meaning, &Facts::of(customer), &everything(&set));
        let Verdict::Delay { until, .. } = decision.verdict else { panic!("{decision:?}") };
        until
    };
    // The held one leaves 23 hours from now, a day after the sent one; this one a day after that.
    assert_eq!(until_beside(PRIORITY_NORMAL), ago(3600) + SignedDuration::from_hours(48));
    assert_eq!(until_beside(900), ago(3600) + SignedDuration::from_hours(48));
    assert_eq!(until_beside(300), ago(3600) + SignedDuration::from_hours(24), "what weighs less waits behind");
}

#[test]
fn a_message_weighs_what_its_stream_or_a_rule_says_and_what_must_be_sent_goes_first() {
    let set = rules(
        "[[suppression]]\nid = \"recall\"\ntitle.en = \"t\"\nlanguages = [\"en\"]\npriority = 700\n\
         [[suppression]]\nid = \"low\"\ntitle.en = \"t\"\nlanguages = [\"en\"]\npriority = 600\n\
         [[suppression]]\nid = \"watched\"\nmode = \"shadow\"\ntitle.en = \"t\"\npriority = 1000\n",
    );
    let weight = |text: &str, class, stream| {
        let (mut message, meaning) = message(Channel::Sms, class, text, now());
        message.stream.priority = stream;
        let judges: Vec<_> = set.select(&message, &meaning).judges;
        let rules = tactgate::policy::Selection::for_everyone(judges);
        decide(now(), &message, &meaning, &Facts::of(Customer::default()), &rules).priority
    };
    assert_eq!(weight("秋装上新，全场8折", Class::Ordinary, PRIORITY_NORMAL), PRIORITY_NORMAL);
    assert_eq!(weight("秋装上新，全场8折", Class::Ordinary, 300), 300, "a stream");
    assert_eq!(weight("New coats are in: 20% off.", Class::Ordinary, 300), 700, "the weightier of two rules");
    assert_eq!(weight("您的验证码是482913，5分钟内有效，请勿泄露。", Class::MustSend, 300), 900);
    assert_eq!(weight("秋装上新，全场8折", Class::MustSend, 300), 300, "claimed, and not so");
}

#[test]
fn what_ends_today_is_not_sent_tomorrow() {
    let set = rules("[[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = 9\nuntil = 8\n");
    for (text, sent) in [
        ("全场5折，仅限今天！", false),
        ("Everything 50% off, today only!", false),
        ("全场5折，11月30日截止", true),
        ("Everything 50% off until November 30", true),
    ] {
        let (message, meaning) = message(Channel::Sms, Class::Ordinary, text, now());
        let facts = Facts::of(Customer::default());
        let decision = decide(now(), &message, &meaning, &facts, &everything(&set));
        assert_eq!(decision.verdict.name(), if sent { "delay" } else { "block" }, "{text}: {decision:?}");
        assert!(decision.decisive().is_some());
    }
}

#[test]
fn quiet_hours_follow_the_clocks_when_they_jump() {
    let zone = Some("America/New_York".to_owned());
    // (from, until, now, free at): spring forward on 2026-03-08 at 02:00, back on 2026-11-01 at 02:00.
    for (from, until, at, free) in [
        ("21:00", "08:00", "2026-03-08T01:30:00-05:00", "2026-03-08T08:00:00-04:00"),
        ("21:00", "08:00", "2026-11-01T00:30:00-04:00", "2026-11-01T08:00:00-05:00"),
        // The end does not exist that night: open from the jump on.
        ("21:00", "02:30", "2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        // An hour is lived twice: the end comes in the first, and the second is quiet again before it.
        ("21:00", "01:30", "2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-04:00"),
        ("21:00", "01:30", "2026-11-01T01:10:00-05:00", "2026-11-01T01:30:00-05:00"),
        // Over midnight, and the last second before the end.
        ("21:00", "08:00", "2026-06-01T21:00:00-04:00", "2026-06-02T08:00:00-04:00"),
        ("21:00", "08:00", "2026-06-01T07:59:59-04:00", "2026-06-01T08:00:00-04:00"),
    ] {
        let set = rules(&format!(
            "[[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = \"{from}\"\nuntil = \"{until}\""
        ));
        let (at, free): (Timestamp, Timestamp) = (at.parse().unwrap(), free.parse().unwrap());
        let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", at);
        let facts = Facts::of(Customer { zone: zone.clone(), ..Customer::default() });
        let decide_at = |at| decide(at, &message, &meaning, &facts, &everything(&set)).verdict;
        let Verdict::Delay { until: got, .. } = decide_at(at) else { panic!("{from}–{until} at {at} is not quiet") };
        assert_eq!(got, free, "{from}–{until} at {at}");
        assert_eq!(decide_at(free), Verdict::Pass);
    }
}

#[test]
fn no_sundays_means_monday() {
    let set = rules(
        "[[quiet_hours]]\nid = \"sunday\"\ntitle.en = \"t\"\nfrom = 0\nuntil = 24\ndays = [\"sunday\"]\n\
         [[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = 21\nuntil = 8\n",
    );
    let saturday_night: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
    let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", saturday_night);
    let facts = Facts::of(Customer { zone: Some("UTC".into()), ..Customer::default() });
    let decision = decide(saturday_night, &message, &meaning, &facts, &everything(&set));
    let Verdict::Delay { until, .. } = decision.verdict else { panic!("{decision:?}") };
    assert_eq!(until.to_string(), "2026-11-23T08:00:00Z");
}

#[test]
fn a_phone_s_country_says_when_it_is_night_where_neither_person_nor_brand_does() {
    let set = rules("[[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = 21\nuntil = 8\n");
    // 14:00 in London, 22:00 in China: the recipient's phone is Chinese.
    let afternoon: Timestamp = "2026-11-20T14:00:00Z".parse().unwrap();
    let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", afternoon);
    let verdict = |facts: &Facts| decide(afternoon, &message, &meaning, facts, &everything(&set)).verdict;
    let Verdict::Delay { until, .. } = verdict(&Facts::of(Customer::default())) else { panic!("night in China") };
    assert_eq!(until.to_string(), "2026-11-21T00:00:00Z");
    // Who told where they live, or whose brand did, is believed.
    let in_london = Customer { zone: Some("Europe/London".into()), ..Customer::default() };
    assert_eq!(verdict(&Facts::of(in_london)), Verdict::Pass);
    let brand_zone = tactgate::facts::zone("Europe/London").unwrap();
    assert_eq!(verdict(&Facts { brand_zone, ..Facts::of(Customer::default()) }), Verdict::Pass);
}

#[test]
fn without_the_store_law_waits_courtesy_passes_and_codes_go() {
    let set = shipped_set();
    let mut facts = Facts::of(Customer::default());
    facts.customer = Known::Unknown(Why::StoreDown);
    facts.claims = Known::Unknown(Why::StoreDown);
    let (sale, meaning) = message(Channel::Email, Class::Ordinary, "BT-200 only $39.99, ends November 29.", now());
    let decision = decide(now(), &sale, &meaning, &facts, &set.select(&sale, &meaning));
    assert_eq!(decision.verdict.name(), "delay");
    assert!(decision.findings.iter().any(|f| f.guard == "below_price_paid" && f.degraded));
    assert!(decision.findings.iter().all(|f| matches!(f.answer, Answer::CannotTell(Why::StoreDown))));
    let (code, meaning) = message(Channel::Sms, Class::MustSend, "您的验证码是482913，5分钟内有效，请勿泄露。", now());
    let decision = decide(now(), &code, &meaning, &facts, &set.select(&code, &meaning));
    assert_eq!(decision.verdict, Verdict::Pass);
    assert!(decision.must_send && decision.findings.iter().all(|f| f.degraded));
}

#[test]
fn must_send_is_believed_with_evidence_only() {
    let set = shipped_set();
    let customer = Customer {
        complaints: vec![Complaint { id: "T".into(), opened_at: Some(ago(60)), closed_at: None, from: "k".into() }],
        ..Customer::default()
    };
    // A sale in a receipt's clothes.
    let (sale, meaning) = message(Channel::Email, Class::MustSend, "全场5折大促，立即抢购！", now());
    let decision = decide(now(), &sale, &meaning, &Facts::of(customer), &set.select(&sale, &meaning));
    assert_eq!((decision.must_send, decision.verdict.name()), (false, "block"));
}

#[test]
fn a_notice_whose_offers_cannot_be_taken_out_goes_as_it_is() {
    let set = rules("[[open_complaint]]\nid = \"complaint\"\npurposes = [\"promotion\"]\ntitle.en = \"t\"\n");
    let opened_at = Some(ago(60));
    let complaints = vec![Complaint { id: "T".into(), opened_at, closed_at: None, from: "k".into() }];
    let facts = Facts::of(Customer { complaints, ..Customer::default() });
    let parcel = "您的订单48213已发货，快递单号77341902，预计6月18日送达，请留意来电。蓝牙车载播放器BT-200限时299元！";
    let (notice, meaning) = message(Channel::Sms, Class::Ordinary, parcel, now());
    let before = decide(now(), &notice, &meaning, &facts, &set.select(&notice, &meaning));
    assert_eq!((before.verdict.name(), before.receipt, before.of_offers.len()), ("rewrite", true, 1), "{before:?}");
    let settled = not_rewritten(before);
    assert_eq!(settled.verdict, Verdict::Pass);
    assert!(settled.findings[0].not_removed, "{settled:?}");
    // A promotion is stopped.
    let (sale, meaning) = message(Channel::Sms, Class::Ordinary, "20元终端特惠套餐包，立即办理，限时5折！", now());
    let decision = decide(now(), &sale, &meaning, &facts, &set.select(&sale, &meaning));
    assert_eq!(decision.verdict, Verdict::Block);
}

#[test]
fn a_shadow_rule_only_watches() {
    let set = rules(
        "[[suppression]]\nid = \"out\"\ntitle.en = \"t\"\nmode = \"shadow\"\n\
         [[frequency_cap]]\nid = \"off\"\ntitle.en = \"t\"\nmode = \"off\"\nat_most = 1\nwithin = \"1 day\"\n",
    );
    let why = "opt-out".to_owned();
    let fact = OptOutFact { channel: None, purpose: None, refused: true, why, at: ago(9), from: "k".into() };
    let customer = Customer { opt_outs: vec![fact], sends: vec![sent(ago(5), Channel::Sms)], ..Customer::default() };
    let facts = Facts::of(customer);
    let (message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
    let decision = decide(now(), &message, &meaning, &facts, &everything(&set));
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(decision.findings.len(), 1);
    assert!(decision.findings[0].shadow && decision.findings[0].wants == Verdict::Block);
    assert_eq!(decision.decisive(), None, "nothing is refused");

    let set = rules(
        "[[suppression]]\nid = \"a-watches\"\ntitle.en = \"t\"\nmode = \"shadow\"\n\
         [[suppression]]\nid = \"b-stops\"\ntitle.en = \"t\"\n",
    );
    let decision = decide(now(), &message, &meaning, &facts, &everything(&set));
    let named: Vec<&str> = decision.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(named, ["a-watches", "b-stops"]);
    assert_eq!(decision.decisive().map(|finding| finding.rule.as_str()), Some("b-stops"), "who watches refuses nobody");
}

#[test]
fn a_canary_is_the_same_people_every_time() {
    let set = rules("[[suppression]]\nid = \"out\"\ntitle.en = \"t\"\nshare = 20\n");
    let why = "opt-out".to_owned();
    let fact = OptOutFact { channel: None, purpose: None, refused: true, why, at: ago(9), from: "k".into() };
    let facts = Facts::of(Customer { opt_outs: vec![fact], ..Customer::default() });
    let (mut message, meaning) = message(Channel::Email, Class::Ordinary, "hello", now());
    let mut stopped = |n: u32| {
        message.recipient = Address::email(&format!("customer{n}@example.com")).unwrap();
        let selection = set.select(&message, &meaning);
        decide(now(), &message, &meaning, &facts, &selection).verdict == Verdict::Block
    };
    let first: Vec<bool> = (0..2_000).map(&mut stopped).collect();
    assert_eq!(first, (0..2_000).map(&mut stopped).collect::<Vec<_>>());
    let share = first.iter().filter(|hit| **hit).count();
    assert!((320..480).contains(&share), "{share} of 2,000 for a share of 20 in a hundred");
    // Whoever is in today is in after every update: the first eight bytes of `sha256(rule, 0, person)`, modulo 100.
    let among: Vec<usize> = (0..60).filter(|n| first[*n]).collect();
    assert_eq!(among, [5, 6, 8, 14, 16, 27, 40, 47, 48, 51, 56]);
    assert_eq!((first[275], first[120]), (true, false), "numbers 19 and 20 of a hundred");
}

#[test]
fn a_thousand_campaign_rules_cost_a_message_only_its_own() {
    let mut text = String::new();
    for n in 0..1_000 {
        text += &format!(
            "[[suppression]]\nid = \"r-{n}\"\ntitle.en = \"t\"\ncampaigns = [\"c-{n}\"]\nchannels = [\"sms\"]\n"
        );
    }
    text += "[[suppression]]\nid = \"all\"\ntitle.en = \"t\"\n";
    let set = rules(&text);
    let (mut message, meaning) = message(Channel::Sms, Class::Ordinary, "hello", now());
    assert_eq!(set.select(&message, &meaning).judges.len(), 1);
    message.declared.campaign = Some("C-7".into());
    let ids: Vec<&str> = set.select(&message, &meaning).judges.iter().map(|j| j.head().id).collect();
    assert_eq!(ids, ["r-7", "all"]);
    message.channel = Channel::Email;
    assert_eq!(set.select(&message, &meaning).judges.len(), 1);
}

#[test]
fn after_a_rewrite_harm_left_means_block_or_an_unchanged_receipt() {
    let set = rules("[[below_price_paid]]\nid = \"cheaper\"\ntitle.en = \"t\"\nthen = { remove_sentence = {} }\n");
    let price = "399 CNY".parse().ok();
    let bought = Purchase { order: None, product: "BT-200".into(), price, at: ago(99), from: "k".into() };
    let facts = Facts::of(Customer { purchases: vec![bought], ..Customer::default() });
    let look = |class, text: &str| {
        let (message, meaning) = message(Channel::Email, class, text, now());
        decide(now(), &message, &meaning, &facts, &everything(&set))
    };
    let harmful = "感谢关注本店。BT-200限时特价299元，立即抢购。";
    let before = look(Class::Ordinary, harmful);
    assert_eq!((before.verdict.name(), before.rewrites.len()), ("rewrite", 1));
    let clean = look(Class::Ordinary, "感谢关注本店。");
    assert!(!harm_left(&before, &clean));
    assert_eq!(after_rewrite(before.clone(), &clean), before);
    let still = look(Class::Ordinary, harmful);
    assert!(harm_left(&before, &still));
    assert_eq!(after_rewrite(before, &still).verdict, Verdict::Block);

    let receipt =
        "您的订单20260614001已发货，快递单号SF1234567890，金额399元已支付。\n特惠推荐：BT-200限时特价299元，立即抢购。";
    let before = look(Class::MustSend, receipt);
    assert!(before.must_send && before.verdict == Verdict::Rewrite, "{before:?}");
    let settled = after_rewrite(before.clone(), &look(Class::MustSend, receipt));
    assert_eq!((settled.verdict, settled.rewrites.len()), (Verdict::Pass, 0));
    assert!(settled.findings[0].not_removed);
}

#[test]
fn a_claim_is_one_entry_however_often_it_is_sent() {
    for text in ["BT-200 only $39.99, within the next 48 hours.", "BT-200特价299元，仅限48小时。"] {
        let ends: std::collections::BTreeSet<_> = (0..20)
            .flat_map(|n| {
                let at = "2026-11-20T10:05:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(n * 60);
                let (message, meaning) = message(Channel::Email, Class::Ordinary, text, at);
                claim_additions(at, &message, &meaning).into_iter().filter_map(|a| a.deadline)
            })
            .collect();
        assert_eq!(ends.len(), 1, "{text}: {ends:?}");
    }
}
