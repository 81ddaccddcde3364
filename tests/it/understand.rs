//! What messages say, in both languages: `tests/understand/*.txt`, and what no message may do to the
//! reader.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use tactgate::message::{Channel, Content, Declared, Part, PartKind, Span};
use tactgate::understand::{Context, DeadlineKind, Meaning, OptOut, ProductLinks, Purpose, Source, understand};

#[derive(Default, Debug)]
struct Case {
    line: usize,
    parts: Vec<Part>,
    sms: bool,
    expected: Vec<(String, String)>,
}

fn cases(file: &str) -> Vec<Case> {
    let mut cases = vec![Case::default()];
    for (number, line) in file.lines().enumerate() {
        if line.trim().is_empty() {
            cases.push(Case::default());
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        let last = cases.last_mut().unwrap();
        let kind = match key {
            "text" | "plain" => Some(PartKind::Plain),
            "subject" => Some(PartKind::Subject),
            "html" => Some(PartKind::Html),
            _ => None,
        };
        match kind {
            Some(kind) => {
                last.sms |= key == "text";
                last.line = number + 1;
                last.parts.push(Part { kind, text: value.to_owned() });
            }
            None => last.expected.push((key.to_owned(), value.to_owned())),
        }
    }
    cases.retain(|case| !case.parts.is_empty());
    cases
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn read(parts: Vec<Part>, sms: bool, declared: &Declared) -> (Content, Meaning) {
    let content = Content { parts, ..Content::default() };
    let links = ProductLinks::new(&["https://shop.example/p/{sku}".into()]).unwrap();
    let zone = zone();
    let context = Context { now: "2026-11-20T10:00:00+08:00".parse().unwrap(), zone: &zone, links: &links };
    let channel = if sms { Channel::Sms } else { Channel::Email };
    let meaning = understand(&context, channel, &content, declared);
    (content, meaning)
}

fn plain(text: &str) -> (Content, Meaning) {
    read(vec![Part { kind: PartKind::Plain, text: text.into() }], true, &Declared::default())
}

fn html(text: &str) -> (Content, Meaning) {
    read(vec![Part { kind: PartKind::Html, text: text.into() }], false, &Declared::default())
}

fn slice(content: &Content, span: Span) -> &str {
    &content.parts[usize::from(span.part)].text[span.range()]
}

/// What was understood, in the words of the test files.
fn told(content: &Content, meaning: &Meaning) -> Vec<(String, String)> {
    let local = |at: jiff::Timestamp| at.to_zoned(zone()).strftime("%Y-%m-%dT%H:%M").to_string();
    let mut told: Vec<(String, String)> = Vec::new();
    let mut tell = |key: &str, value: String| {
        let line = (key.to_owned(), value);
        if !told.contains(&line) {
            told.push(line);
        }
    };
    let kebab = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    tell("purpose", kebab(serde_json::to_value(meaning.purpose).unwrap()));
    if let Some(audience) = meaning.audience {
        tell("audience", kebab(serde_json::to_value(audience).unwrap()));
    }
    for offer in &meaning.offers {
        let mut words = vec![offer.product.clone().unwrap_or("-".into())];
        words.extend(offer.price.map(|price| price.to_string()));
        words.extend(offer.list_price.map(|price| format!("was {price}")));
        words.extend(offer.percent_off.map(|percent| format!("-{percent}%")));
        words.extend(offer.ends.map(|at| format!("until {}", local(at))));
        words.extend(offer.exclusive.map(|channel| format!("{channel}-only")));
        tell("offer", words.join(" "));
    }
    for deadline in &meaning.deadlines {
        let kind = kebab(serde_json::to_value(deadline.kind).unwrap());
        tell("deadline", deadline.instant.map_or(kind.clone(), |at| format!("{kind} {}", local(at))));
    }
    for survey in &meaning.surveys {
        let id = survey.id.clone().unwrap_or("-".into());
        tell("survey", survey.minutes.map_or(id.clone(), |minutes| format!("{id} {minutes}min")));
    }
    match &meaning.opt_out {
        Some(OptOut::Text(span)) => tell("opt-out", slice(content, *span).to_owned()),
        Some(OptOut::Header) => tell("opt-out", "header".into()),
        None => {}
    }
    told
}

fn run(name: &str, file: &str) -> usize {
    let cases = cases(file);
    let mut wrong = Vec::new();
    for case in &cases {
        let (content, meaning) = read(case.parts.clone(), case.sms, &Declared::default());
        check_spans(&content, &meaning);
        let (topics, expected): (Vec<_>, Vec<_>) = case.expected.iter().cloned().partition(|(key, _)| key == "topic");
        let told = told(&content, &meaning);
        if told != expected {
            wrong.push(format!("{name}:{}\n  expected {expected:?}\n  told     {told:?}", case.line));
        }
        for (_, topic) in topics {
            if !meaning.topics.contains(&topic) {
                wrong.push(format!("{name}:{} topic {topic} not in {:?}", case.line, meaning.topics));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

/// Every span lies on character boundaries of its part.
fn check_spans(content: &Content, meaning: &Meaning) {
    let spans = meaning
        .offers
        .iter()
        .flat_map(|offer| &offer.spans)
        .chain(meaning.surveys.iter().flat_map(|survey| &survey.spans))
        .chain(meaning.deadlines.iter().filter_map(|deadline| deadline.span.as_ref()));
    for span in spans {
        let text = &content.parts[usize::from(span.part)].text;
        assert!(text.get(span.range()).is_some_and(|words| !words.is_empty()), "{span:?}");
    }
}

#[test]
fn chinese_messages_say_what_they_say() {
    assert!(run("zh.txt", include_str!("../understand/zh.txt")) >= 45);
}

#[test]
fn english_messages_say_what_they_say() {
    assert!(run("en.txt", include_str!("../understand/en.txt")) >= 35);
}
