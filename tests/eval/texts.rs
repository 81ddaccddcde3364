//! The labelled texts: a few lines each, in files of two languages, one half used while the reader is
//! written, the other (`-held`) not. The form is told in `README.md`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// One text with what a compliance officer says of it.
#[derive(Debug, Clone)]
pub struct Text {
    /// `zh.txt:12`.
    pub place: String,
    /// `zh` or `en`.
    pub language: &'static str,
    /// Not looked at while the reader is written.
    pub held: bool,
    /// As `tactgate understand` takes it.
    pub input: Value,
    /// The words of its label line.
    labels: Vec<String>,
}

/// What is told of one text, by its labels or by the reader, task by task; `None` where the label leaves it open.
pub type Told = Vec<(&'static str, Option<BTreeSet<String>>)>;

/// The tasks, in the order of the table.
pub const TASKS: &[&str] = &[
    "language",
    "purpose",
    "must-send",
    "pressure",
    "dated",
    "deadline",
    "survey",
    "minutes",
    "has-discount",
    "discount",
    "price",
    "topic",
    "voucher",
    "audience",
];

const FILES: &[(&str, &str, bool, &str)] = &[
    ("zh.txt", "zh", false, include_str!("texts/zh.txt")),
    ("en.txt", "en", false, include_str!("texts/en.txt")),
    ("zh-trades.txt", "zh", false, include_str!("texts/zh-trades.txt")),
    ("en-trades.txt", "en", false, include_str!("texts/en-trades.txt")),
    ("zh-trades-2.txt", "zh", false, include_str!("texts/zh-trades-2.txt")),
    ("en-trades-2.txt", "en", false, include_str!("texts/en-trades-2.txt")),
    ("zh-november.txt", "zh", false, include_str!("texts/zh-november.txt")),
    ("en-november.txt", "en", false, include_str!("texts/en-november.txt")),
    ("zh-ordinary.txt", "zh", false, include_str!("texts/zh-ordinary.txt")),
    ("en-ordinary.txt", "en", false, include_str!("texts/en-ordinary.txt")),
    ("zh-held.txt", "zh", true, include_str!("texts/zh-held.txt")),
    ("en-held.txt", "en", true, include_str!("texts/en-held.txt")),
    ("zh-winter.txt", "zh", false, include_str!("texts/zh-winter.txt")),
    ("en-winter.txt", "en", false, include_str!("texts/en-winter.txt")),
    ("zh-october-held.txt", "zh", true, include_str!("texts/zh-october-held.txt")),
    ("en-august.txt", "en", false, include_str!("texts/en-august.txt")),
    ("en-october.txt", "en", false, include_str!("texts/en-october.txt")),
    ("en-tones.txt", "en", false, include_str!("texts/en-tones.txt")),
    ("en-tones-2.txt", "en", false, include_str!("texts/en-tones-2.txt")),
    ("en-tones-3.txt", "en", false, include_str!("texts/en-tones-3.txt")),
    ("en-tones-held.txt", "en", true, include_str!("texts/en-tones-held.txt")),
    ("en-tones-2-held.txt", "en", true, include_str!("texts/en-tones-2-held.txt")),
    ("en-tones-3-held.txt", "en", true, include_str!("texts/en-tones-3-held.txt")),
    ("en-tones-4.txt", "en", false, include_str!("texts/en-tones-4.txt")),
    ("en-tones-5.txt", "en", false, include_str!("texts/en-tones-5.txt")),
    ("en-plain.txt", "en", false, include_str!("texts/en-plain.txt")),
    ("zh-plain.txt", "zh", false, include_str!("texts/zh-plain.txt")),
    ("en-plain-2.txt", "en", false, include_str!("texts/en-plain-2.txt")),
    ("zh-plain-2.txt", "zh", false, include_str!("texts/zh-plain-2.txt")),
    ("en-spring-held.txt", "en", true, include_str!("texts/en-spring-held.txt")),
    ("zh-spring-held.txt", "zh", true, include_str!("texts/zh-spring-held.txt")),
    ("zh-tones.txt", "zh", false, include_str!("texts/zh-tones.txt")),
    ("zh-tones-2.txt", "zh", false, include_str!("texts/zh-tones-2.txt")),
    ("zh-tones-held.txt", "zh", true, include_str!("texts/zh-tones-held.txt")),
    ("zh-tones-2-held.txt", "zh", true, include_str!("texts/zh-tones-2-held.txt")),
];

/// Texts of which only the urgency is told, or everything but prices and topics: those the weights were not fitted to.
const HURRY: &[(&str, &str, &str)] = &[
    ("zh-hurry-held.ndjson", "zh", include_str!("hurry/zh-held.ndjson")),
    ("en-hurry-held.ndjson", "en", include_str!("hurry/en-held.ndjson")),
    ("zh-exam-2-held.ndjson", "zh", include_str!("hurry/zh-exam-2-held.ndjson")),
    ("en-exam-2-held.ndjson", "en", include_str!("hurry/en-exam-2-held.ndjson")),
    ("zh-exam-3-held.ndjson", "zh", include_str!("hurry/zh-exam-3-held.ndjson")),
    ("en-exam-3-held.ndjson", "en", include_str!("hurry/en-exam-3-held.ndjson")),
    ("zh-exam-4-held.ndjson", "zh", include_str!("hurry/zh-exam-4-held.ndjson")),
    ("en-exam-4-held.ndjson", "en", include_str!("hurry/en-exam-4-held.ndjson")),
];

/// All texts.
pub fn texts() -> Vec<Text> {
    let hurry = HURRY.iter().flat_map(|(name, language, file)| hurry(name, language, file));
    let texts = FILES.iter().flat_map(|(name, language, held, file)| parse(name, language, *held, file));
    texts.chain(hurry).collect()
}

/// One text a line; what is not labelled is left open.
pub fn hurry(name: &str, language: &'static str, file: &str) -> Vec<Text> {
    const OPEN: [&str; 6] = ["?price", "?to", "?voucher", "?topic", "?off", "?minutes"];
    let text = |(number, line): (usize, &str)| {
        let mut input: Map<String, Value> = serde_json::from_str(line).unwrap();
        let mut labels: Vec<String> = OPEN.map(str::to_owned).to_vec();
        let mut label = |name: &str, told: &dyn Fn(&Value) -> Option<String>| {
            let label = input.remove(name).map_or_else(|| Some(format!("?{name}")), |value| told(&value));
            labels.extend(label);
        };
        label("purpose", &|purpose| purpose.as_str().map(str::to_owned));
        label("urgency", &|urgency| urgency.as_str().map(str::to_owned));
        label("survey", &|survey| (*survey == true).then(|| "survey".to_owned()));
        label("discount", &|has| has.as_bool().map_or(Some("?discount".into()), |has| has.then(|| "sale".to_owned())));
        match input.remove("deadlines") {
            None => labels.push("?until".to_owned()),
            Some(ends) => labels.extend(ends.as_array().unwrap().iter().map(|end| match end["instant"].as_str() {
                Some(at) => format!("until={at}"),
                None => "?until".to_owned(),
            })),
        }
        input.entry("sent_at").or_insert_with(|| json!("2026-11-18T10:00:00+08:00"));
        Text { place: format!("{name}:{}", number + 1), language, held: true, input: Value::Object(input), labels }
    };
    file.lines().enumerate().map(text).collect()
}

/// The texts of a file of `texts/`.
pub fn parse(name: &str, language: &'static str, held: bool, file: &str) -> Vec<Text> {
    let (mut texts, mut input, mut sent_at) = (Vec::new(), Map::new(), String::new());
    for (number, line) in file.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        if let Some(moment) = line.strip_prefix("@ ") {
            sent_at = moment.to_owned();
        } else if let Some(labels) = line.strip_prefix("= ") {
            let mut input = std::mem::take(&mut input);
            assert!(!input.is_empty(), "{place}: labels of nothing");
            input.insert("sent_at".into(), json!(sent_at));
            let labels: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
            for label in &labels {
                assert!(is_label(label), "{place}: `{label}` is no label");
            }
            texts.push(Text { place, language, held, input: Value::Object(input), labels });
        } else if let Some((key, value)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
            let key = match key {
                "text" | "plain" => "text",
                "subject" | "html" => key,
                _ => panic!("{place}: {line}"),
            };
            input.insert(key.into(), json!(value.replace("\\n", "\n")));
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{place}: {line}");
        }
    }
    texts
}

const PURPOSES: [&str; 5] = ["promotion", "survey", "one-time-code", "notice", "other"];

fn is_label(label: &str) -> bool {
    let known = ["until", "off", "second", "survey", "price", "was", "topic", "voucher", "to"];
    PURPOSES.contains(&label)
        || ["dated", "pressure", "freeship", "gift", "sale"].contains(&label)
        || label.starts_with('?')
        || label.split_once('=').is_some_and(|(key, _)| known.contains(&key))
}

impl Text {
    /// What the labels say.
    pub fn labelled(&self) -> Told {
        let open = |name: &str| {
            self.labels.iter().filter_map(|label| label.strip_prefix('?')).any(|open| task_of(open) == name)
        };
        let values = |key: &str| -> Vec<&str> {
            let all = self.labels.iter().filter_map(|label| label.split_once('='));
            all.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
        };
        let has = |name: &str| self.labels.iter().any(|label| label == name);
        let set = |words: Vec<String>| Some(words.into_iter().collect::<BTreeSet<_>>());
        let one = |is: bool| set(if is { vec!["yes".into()] } else { vec![] });
        let purpose = self.labels.iter().find(|label| PURPOSES.contains(&label.as_str())).cloned();
        let purpose = purpose.filter(|_| !open("purpose"));
        let is_survey = self.labels.iter().skip(1).any(|label| label == "survey") || !values("survey").is_empty();
        let mut discounts: Vec<String> = values("off").iter().map(|off| discount(off)).collect();
        discounts.extend(values("second").iter().map(|percent| format!("next-one {}", percent.trim_end_matches('%'))));
        let is_discount = !discounts.is_empty() || has("sale");
        // Whether carriage, a gift or a price before is a discount, people see differently.
        let is_before = !values("was").is_empty();
        let may_be = open("discount") || !is_discount && (has("freeship") || has("gift") || is_before);
        let price = |kind: &str, written: &str| format!("{kind} {}", money(written));
        let mut prices: Vec<String> = values("price").iter().map(|written| price("current", written)).collect();
        prices.extend(values("was").iter().map(|written| price("list", written)));
        let topics: Vec<String> = values("topic").iter().map(|topic| (*topic).to_owned()).collect();
        let told = |name: &str, told: Option<BTreeSet<String>>| if open(name) { None } else { told };
        vec![
            ("language", set(vec![self.language.to_owned()])),
            ("must-send", purpose.as_ref().and_then(|purpose| one(is_must_send(purpose)))),
            ("purpose", purpose.and_then(|purpose| set(vec![purpose]))),
            ("pressure", told("urgency", one(has("pressure")))),
            ("dated", told("urgency", one(has("dated")))),
            ("deadline", told("until", set(values("until").iter().map(|at| (*at).to_owned()).collect()))),
            ("survey", told("survey", one(is_survey))),
            (
                "minutes",
                told("survey", set(values("survey").iter().map(|at| (*at).to_owned()).collect()))
                    .filter(|_| !open("minutes")),
            ),
            ("has-discount", if may_be { None } else { one(is_discount) }),
            (
                "discount",
                if open("discount") || open("off") || is_before && discounts.is_empty() {
                    None
                } else {
                    set(discounts)
                },
            ),
            ("price", if open("price") || open("was") { None } else { set(prices) }),
            ("topic", if topics.is_empty() { None } else { told("topic", set(topics)) }),
            ("voucher", told("voucher", set(values("voucher").iter().map(|kind| (*kind).to_owned()).collect()))),
            ("audience", told("to", set(values("to").iter().map(|whom| (*whom).to_owned()).collect()))),
        ]
    }
}

/// What is left open may be named as the label or as the task.
fn task_of(open: &str) -> &str {
    match open {
        "deadline" => "until",
        "dated" | "pressure" => "urgency",
        "audience" => "to",
        other => other,
    }
}

/// What the reader told, in the words of the labels.
pub fn read(told: &Value) -> Told {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let set = |words: Vec<String>| Some(words.into_iter().filter(|word| !word.is_empty()).collect::<BTreeSet<_>>());
    let one = |is: bool| set(if is { vec!["yes".into()] } else { vec![] });
    let each = |list: &str, word: &dyn Fn(&Value) -> String| -> Vec<String> {
        told[list].as_array().into_iter().flatten().map(word).collect()
    };
    let amount = |value: &Value| number(value.as_f64().unwrap_or_default());
    let money = |item: &Value| format!("{} {}", amount(&item["amount"]), word(&item["currency"]));
    let purpose = word(&told["purpose"]);
    vec![
        ("language", set(vec![word(&told["language"])])),
        ("must-send", one(is_must_send(&purpose))),
        ("purpose", set(vec![purpose])),
        ("pressure", one(told["urgency"] == "pressure")),
        ("dated", one(told["urgency"] == "dated")),
        ("deadline", set(each("deadlines", &|end| word(&end["instant"]).chars().take(16).collect()))),
        ("survey", one(told["survey"] == true)),
        ("minutes", set(told["minutes"].as_u64().map(|minutes| minutes.to_string()).into_iter().collect())),
        ("has-discount", one(told["discounts"].as_array().is_some_and(|all| !all.is_empty()))),
        (
            "discount",
            set(each("discounts", &|off| match off["kind"].as_str() {
                Some(kind @ ("percent" | "next-one")) => format!("{kind} {}", amount(&off["value"])),
                Some("amount") => format!("amount {} {}", amount(&off["value"]), word(&off["currency"])),
                Some("threshold") => {
                    format!("threshold {} {} {}", amount(&off["from"]), amount(&off["value"]), word(&off["currency"]))
                }
                _ => String::new(),
            })),
        ),
        ("price", set(each("prices", &|price| format!("{} {}", word(&price["kind"]), money(price))))),
        ("topic", set(each("topics", &|topic| word(&topic["name"])))),
        ("voucher", set(each("vouchers", &|voucher| word(&voucher["kind"])))),
        ("audience", set(each("audiences", &|whom| word(&whom["audience"])))),
    ]
}

fn is_must_send(purpose: &str) -> bool {
    matches!(purpose, "one-time-code" | "notice")
}

/// `20%`, `50CNY`, `300-50CNY`.
fn discount(written: &str) -> String {
    if let Some(percent) = written.strip_suffix('%') {
        return format!("percent {percent}");
    }
    match written.split_once('-') {
        Some((from, off)) => format!("threshold {from} {}", money(off)),
        None => format!("amount {}", money(written)),
    }
}

/// `9.90CNY` as `9.9 CNY`.
fn money(written: &str) -> String {
    let (digits, currency) = written.split_at(written.len() - 3);
    format!("{} {currency}", number(digits.parse().unwrap()))
}

fn number(value: f64) -> String {
    value.to_string()
}
