//! Sets that are no part of the project and are read only where they lie beside it, in `shared/data`: other
//! people's texts, to see false alarms and what the reader does on words that nobody here wrote.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::score::Score;

type Understand<'a> = &'a dyn Fn(&Value) -> Value;

/// A row for each set that is there; none where there is no such folder.
pub fn sets(understand: Understand<'_>) -> Vec<Value> {
    let Some(data) = folder() else { return Vec::new() };
    let mut rows = Vec::new();
    rows.extend(dark_patterns(&data.join("ec_darkpattern/ec_darkpattern_open.jsonl"), understand));
    for (name, file, label) in [
        ("nus_sms en", "nus_sms/nus_en_open.jsonl", None),
        ("nus_sms zh", "nus_sms/nus_zh_open.jsonl", None),
        ("uci_sms spam=0", "uci_sms/uci_open.jsonl", Some(0)),
        ("zh_sms_2014 spam=0", "zh_sms_2014/zh_sms_open.jsonl", Some(0)),
        ("zh_sms_2014 spam=1", "zh_sms_2014/zh_sms_open.jsonl", Some(1)),
        ("uci_sms spam=1", "uci_sms/uci_open.jsonl", Some(1)),
    ] {
        rows.extend(alarms(name, &data.join(file), label, understand));
    }
    let specs = data.join("recognizers_specs");
    for language in ["en", "zh"] {
        rows.extend(dates(language, &specs, understand));
        rows.extend(money(language, &specs, understand));
        rows.extend(percents(language, &specs, understand));
    }
    rows
}

fn folder() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().skip(1).map(|above| above.join("shared/data")).find(|folder| folder.is_dir())
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn tell(text: &str) {
    if std::env::args().any(|argument| argument == "--show") {
        println!("{text}");
    }
}

fn text_of(row: &Value) -> Value {
    json!({"channel": "sms", "text": row["text"], "sent_at": "2026-11-20T10:00:00Z"})
}

/// Lines of shop pages that hurry or tell of scarcity.
fn dark_patterns(file: &Path, understand: Understand<'_>) -> Option<Value> {
    let (mut pressure, mut any) = (Score::default(), Score::default());
    let rows = lines(file);
    for row in &rows {
        let told = understand(&text_of(row));
        let set = |is: bool| if is { BTreeSet::from(["yes".to_owned()]) } else { BTreeSet::new() };
        let so = set(row["urgency_or_scarcity"] == 1);
        pressure.add(&so, &set(told["urgency"] == "pressure"));
        any.add(&so, &set(told["urgency"] != "none"));
        if so != set(told["urgency"] == "pressure") {
            tell(&format!("ec_darkpattern {} {} {}", row["category"], told["urgency"], row["text"]));
        }
    }
    let row = json!({"set": "ec_darkpattern", "texts": rows.len(), "pressure_precision": pressure.precision(),
        "pressure_recall": pressure.recall(), "pressure_f1": pressure.f1(), "any_urgency_f1": any.f1()});
    (!rows.is_empty()).then_some(row)
}

/// How many of 1,000 texts the default policies might stop: those with a discount, a survey or pressure.
fn alarms(name: &str, file: &Path, spam: Option<u64>, understand: Understand<'_>) -> Option<Value> {
    let rows: Vec<Value> =
        lines(file).into_iter().filter(|row| spam.is_none() || row["spam"].as_u64() == spam).collect();
    let mut counts = [0usize; 6];
    for row in &rows {
        let told = understand(&text_of(row));
        let has = |list: &str| told[list].as_array().is_some_and(|all| !all.is_empty());
        let sells = told["purpose"] == "promotion";
        let signs = [has("discounts"), told["survey"] == true, told["urgency"] == "pressure", has("prices")];
        let any = signs[..3].contains(&true);
        for (count, is) in counts.iter_mut().zip(signs.into_iter().chain([sells, any])) {
            *count += usize::from(is);
        }
        if any || sells {
            tell(&format!("{name} {signs:?} {} {}", told["purpose"], row["text"]));
        }
    }
    let of_1000 = |count: usize| (count as f64 * 1000.0 / rows.len().max(1) as f64 * 100.0).round() / 100.0;
    let [discount, survey, pressure, price, promotion, any] = counts.map(of_1000);
    let row = json!({"set": name, "texts": rows.len(), "of_1000": "", "discount": discount, "survey": survey, "pressure": pressure,
        "price": price, "promotion": promotion, "any": any});
    (!rows.is_empty()).then_some(row)
}

/// Dates, in a sentence that ends an offer with them.
fn dates(language: &str, specs: &Path, understand: Understand<'_>) -> Option<Value> {
    let (mut right, mut all) = (0, 0);
    for row in lines(&specs.join(format!("dt_{language}_open.jsonl"))) {
        let (Some(reference), [result]) =
            (row["ref"].as_str(), row["results"].as_array().map_or(&[][..], Vec::as_slice))
        else {
            continue;
        };
        let values = result["Resolution"]["values"].as_array().cloned().unwrap_or_default();
        let kind = result["TypeName"].as_str().unwrap_or_default().trim_start_matches("datetimeV2.");
        let last = values.iter().filter_map(|value| value["value"].as_str()).max().unwrap_or_default();
        let wanted = match kind {
            "date" if last.len() == 10 => {
                let day: jiff::civil::Date = last.parse().unwrap();
                format!("{}T00:00", day.tomorrow().unwrap())
            }
            "datetime" if last.len() == 19 => last[..16].replace(' ', "T"),
            _ => continue,
        };
        // What is past ends nothing.
        if wanted.as_str() < &reference[..16] {
            continue;
        }
        let said = result["Text"].as_str().unwrap_or_default();
        let text = match language {
            "en" => format!("All shoes 20% off, ends {said}. Reply STOP to opt out"),
            _ => format!("全场8折，{said}截止，回T退订"),
        };
        let told = understand(&json!({"text": text, "sent_at": reference}));
        let ends: Vec<String> = told["deadlines"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|end| Some(end["instant"].as_str()?.chars().take(16).collect()))
            .collect();
        all += 1;
        right += usize::from(ends == [wanted.clone()]);
        if ends != [wanted.clone()] {
            tell(&format!("dates {language} {reference} {said} so {wanted} told {ends:?}"));
        }
    }
    row_of("dates", language, right, all)
}

/// Amounts of currencies that prices are in, in a sentence that asks them.
fn money(language: &str, specs: &Path, understand: Understand<'_>) -> Option<Value> {
    let (mut right, mut all) = (0, 0);
    for row in lines(&specs.join(format!("money_{language}_open.jsonl"))) {
        for result in row["results"].as_array().into_iter().flatten() {
            let resolution = &result["Resolution"];
            let currency = match (resolution["isoCurrency"].as_str(), resolution["unit"].as_str()) {
                (Some(code @ ("CNY" | "USD" | "EUR" | "GBP" | "HKD" | "TWD" | "JPY")), _) => code,
                (None, Some("Dollar")) => "USD",
                (None, Some("Pound")) => "GBP",
                _ => continue,
            };
            let (Some(value), Some(said)) =
                (resolution["value"].as_str().and_then(|v| v.parse::<f64>().ok()), result["Text"].as_str())
            else {
                continue;
            };
            let text = match language {
                "en" => format!("Now only {said}. Reply STOP to opt out"),
                _ => format!("现价{said}，回T退订"),
            };
            let told = understand(&json!({"text": text, "sent_at": "2026-11-20T10:00:00Z"}));
            all += 1;
            let prices = told["prices"].as_array().unwrap();
            let hit = prices.len() == 1
                && prices[0]["amount"].as_f64().is_some_and(|amount| (amount - value).abs() < 0.005)
                && prices[0]["currency"] == currency;
            right += usize::from(hit);
            if !hit {
                tell(&format!("money {language} {said} so {value} {currency} told {prices:?}"));
            }
        }
    }
    row_of("money", language, right, all)
}

/// Percentages that may be taken off: `8折` leaves 80.
fn percents(language: &str, specs: &Path, understand: Understand<'_>) -> Option<Value> {
    let (mut right, mut all) = (0, 0);
    for row in lines(&specs.join(format!("percent_{language}_open.jsonl"))) {
        let [result] = row["results"].as_array().map_or(&[][..], Vec::as_slice) else { continue };
        let (Some(said), Some(value)) = (
            result["Text"].as_str(),
            result["Resolution"]["value"].as_str().and_then(|v| v.trim_end_matches('%').parse::<f64>().ok()),
        ) else {
            continue;
        };
        let is_zhe = said.ends_with(['折', '摺']);
        let off = if is_zhe { 100.0 - value } else { value };
        // Only what can be taken off a price, in the whole percents that the record keeps.
        if !(1.0..100.0).contains(&off) || off.fract() != 0.0 || language == "zh" && !is_zhe {
            continue;
        }
        let text =
            if is_zhe { format!("全场{said}，回T退订") } else { format!("Get {said} off all shoes. Reply STOP") };
        let told = understand(&json!({"text": text, "sent_at": "2026-11-20T10:00:00Z"}));
        all += 1;
        let hit = told["discounts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|d| d["kind"] == "percent" && d["value"].as_f64() == Some(off));
        right += usize::from(hit);
        if !hit {
            tell(&format!("percent {language} {said} so {off} told {}", told["discounts"]));
        }
    }
    row_of("percents", language, right, all)
}

fn row_of(task: &str, language: &str, right: usize, all: usize) -> Option<Value> {
    let share = right as f64 / all.max(1) as f64;
    (all > 0).then(|| json!({"set": format!("recognizers_specs {task} {language}"), "texts": all, "right": share}))
}
