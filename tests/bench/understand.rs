//! What reading a message and deciding about it cost, in µs a call (design §7: a 50 kB HTML mail
//! ≤ 1 ms, a decision ≤ 20 µs). Started by `cargo bench --bench understand`. Where other people's mail templates lie
//! beside the project, those of about 50 kB are read too: most of a real mail's bytes are style and markup, while
//! the catalogue made here says something with nearly every one of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made stops, with its reason")]

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tactgate::decide::decide;
use tactgate::facts::{Attempt, Customer, Facts, Purchase, SendEvent, SendState};
use tactgate::message::{Address, Channel, Class, Content, Declared, Message, Part, PartKind, Stream};
use tactgate::policy::{Limits, PolicySet};
use tactgate::understand::{Context, Meaning, ProductLinks, understand};

/// Rounds of each measurement; the median is told, so that a busy machine spoils few.
const ROUNDS: usize = 21;
/// How long a round lasts.
const ROUND: Duration = Duration::from_millis(20);
/// The HTML mail's size.
const HTML_BYTES: usize = 50_000;
/// How long those of other people are.
const TEMPLATE_BYTES: RangeInclusive<usize> = 40_000..=60_000;
/// The customer's history, all kinds of events together.
const EVENTS: usize = 200;

fn main() {
    // `cargo test --all-targets` runs bench targets, too: only `cargo bench` says `--bench`.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("| {:<44} | {:>10} | {:>10} |", "what", "µs a call", "aim");
    println!("|{:-<46}|{:->12}|{:->12}|", "", "", "");
    for (what, aim, channel, parts) in [
        ("understand: English mail, plain text, 1.7 kB", "<= 15", Channel::Email, english()),
        ("understand: Chinese SMS", "", Channel::Sms, chinese()),
        ("understand: catalogue of 119 goods, 50 kB", "<= 1000", Channel::Email, html()),
    ] {
        let content = Content { parts, ..Content::default() };
        let now = now();
        row(what, aim, || read(now, channel, black_box(&content)));
    }
    templates();
    let content = Content { parts: chinese(), ..Content::default() };
    let (message, meaning) =
        (message(content), read(now(), Channel::Sms, &Content { parts: chinese(), ..Content::default() }));
    let (facts, set) = (Facts::of(customer()), rules());
    let what = format!("decide: {} rules, {EVENTS} events", set.rules.len());
    let now = now();
    row(&what, "<= 20", || {
        let rules = set.select(&message, &meaning);
        decide(now, &message, &meaning, black_box(&facts), &rules)
    });
}

/// Other people's HTML mails of about 50 kB, each with its own bytes: the median of them all, and the slowest.
fn templates() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(folder) =
        here.ancestors().skip(1).map(|above| above.join("shared/data/email_templates")).find(|folder| folder.is_dir())
    else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "jsonl"));
    files.sort();
    let mut times: Vec<(Duration, usize)> = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let template: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = template["content"].as_str().unwrap();
            if !TEMPLATE_BYTES.contains(&text.len()) {
                continue;
            }
            let content =
                Content { parts: vec![Part { kind: PartKind::Html, text: text.to_owned() }], ..Content::default() };
            let now = now();
            times.push((median(|| read(now, Channel::Email, black_box(&content))), text.len()));
        }
    }
    times.sort();
    if let (Some((middle, _)), Some((slowest, bytes))) = (times.get(times.len() / 2), times.last()) {
        told(&format!("understand: {} HTML mails, 40-60 kB, median", times.len()), "<= 1000", *middle);
        told(&format!("understand: the slowest of them, {} kB", bytes / 1000), "<= 1000", *slowest);
    }
}

/// Measures one thing and prints its line.
fn row<T>(what: &str, aim: &str, call: impl FnMut() -> T) {
    told(what, aim, median(call));
}

fn told(what: &str, aim: &str, time: Duration) {
    println!("| {what:<44} | {:>10.1} | {aim:>10} |", time.as_secs_f64() * 1e6);
}

fn median<T>(mut call: impl FnMut() -> T) -> Duration {
    let mut calls_per_round = 0u32;
    let warm = Instant::now();
    while warm.elapsed() < ROUND {
        black_box(call());
        calls_per_round += 1;
    }
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls_per_round {
                black_box(call());
            }
            start.elapsed() / calls_per_round
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}

fn read(now: Timestamp, channel: Channel, content: &Content) -> Meaning {
    let (zone, links) = (TimeZone::UTC, ProductLinks::default());
    understand(
        &Context { now, zone: &zone, links: &links, catalogue: tactgate::understand::Catalogue::none() },
        channel,
        content,
        &Declared::default(),
    )
}

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// The mail of `tests/bench/mail.lua`.
fn english() -> Vec<Part> {
    let filler = "It plays from a phone, a card or a stick, and it is as easy to use as before. ".repeat(20);
    let text = format!(
        "Dear customer,\nThe bluetooth car player BT-200 is 399.00 CNY. {filler}\nUnsubscribe: \
         https://shop.example/u/1234567"
    );
    let subject = Part { kind: PartKind::Subject, text: "New in the shop this month".into() };
    vec![subject, Part { kind: PartKind::Plain, text }]
}

fn chinese() -> Vec<Part> {
    let text =
        "【某某商城】蓝牙车载播放器BT-200限时299元，原价399元，活动截至11月30日，详情 shop.example/bt200 回T退订";
    vec![Part { kind: PartKind::Plain, text: text.into() }]
}

/// A catalogue in the usual tables and inline styles, in both languages.
fn html() -> Vec<Part> {
    let mut text = String::from(
        "<html><head><title>Shop</title><style>td{font-family:Arial}</style></head><body><div \
         style=\"display:none\">Preheader</div><table width=\"600\" cellpadding=\"0\">",
    );
    for number in 1.. {
        if text.len() >= HTML_BYTES {
            break;
        }
        text.push_str(&format!(
            "<tr><td align=\"center\" style=\"padding:10px 20px;font-size:14px;color:#333333\"><a \
             href=\"https://shop.example/p/WH-{number}?utm_source=mail&amp;utm_campaign=november\" \
             style=\"color:#0066cc;text-decoration:none\"><img src=\"https://cdn.shop.example/i/{number}.jpg\" \
             width=\"200\" alt=\"Headphones WH-{number}\"></a><p style=\"margin:0\">Headphones <b>WH-{number}</b>, \
             comfortable &amp; light, for the office and the road. 头戴式耳机，轻便舒适。</p><p><s>${}.00</s> <b>now \
             only ${}.99</b></p></td></tr>\n",
            100 + number,
            50 + number
        ));
    }
    text.push_str(
        "<tr><td>Offer ends November 30. 优惠截至11月30日。<a \
         href=\"https://shop.example/unsubscribe?u=1\">Unsubscribe</a></td></tr></table></body></html>",
    );
    let subject = Part { kind: PartKind::Subject, text: "Headphones week: up to 50% off".into() };
    vec![subject, Part { kind: PartKind::Html, text }]
}

fn message(content: Content) -> Message {
    Message {
        channel: Channel::Sms,
        recipient: Address::phone("+8613800138000", None).unwrap(),
        content: Arc::new(content),
        declared: Declared::default(),
        stream: Stream { name: "s".into(), brand: "b".into(), class: Class::Ordinary, ..Stream::default() },
    }
}

/// One purchase for every nine messages, over the last hundred days.
fn customer() -> Customer {
    let mut customer = Customer::default();
    for number in 0..EVENTS {
        let at = now() - SignedDuration::from_hours(12 * i64::try_from(number).unwrap());
        if number % 10 == 9 {
            customer.purchases.push(purchase(number, at));
        } else {
            customer.sends.push(send(number, at));
        }
    }
    customer
}

fn purchase(number: usize, at: Timestamp) -> Purchase {
    let order = Some(format!("o{number}"));
    Purchase { order, product: format!("WH-{number}"), price: "199 CNY".parse().ok(), at, from: "k".into() }
}

fn send(number: usize, at: Timestamp) -> SendEvent {
    SendEvent {
        id: format!("s{number}"),
        at,
        state: SendState::Sent,
        channel: Channel::Email,
        class: Class::Ordinary,
        priority: tactgate::message::PRIORITY_NORMAL,
        stream: "s".into(),
        department: None,
        campaign: Some("weekly".into()),
        purpose: Some("promotion".into()),
        survey: None,
        survey_minutes: None,
        survey_reminder: false,
        content: None,
        offers: Vec::new(),
        lease_until: None,
        from: "k".into(),
        attempt: Attempt::default(),
    }
}

/// The shipped rules, three of each.
fn rules() -> PolicySet {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let shipped: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut files = Vec::new();
    for path in shipped.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let text = std::fs::read_to_string(path).unwrap();
        let rules = text.split("[[case]]").next().unwrap();
        for copy in 1..=3 {
            let name = path.file_stem().unwrap().to_string_lossy();
            files.push((format!("policies/{name}-{copy}.toml"), again(rules, copy)));
        }
    }
    PolicySet::load(&files, &Limits::default())
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|error| error.render()).collect::<String>()))
}

/// The same rules under other ids.
fn again(rules: &str, copy: usize) -> String {
    let line = |line: &str| match line.strip_prefix("id").filter(|_| copy > 1) {
        Some(_) => format!("{}-{copy}\"\n", line.trim_end().trim_end_matches('"')),
        None => format!("{line}\n"),
    };
    rules.lines().map(line).collect()
}
