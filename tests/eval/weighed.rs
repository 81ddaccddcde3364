//! What the weights are fitted to: every labelled text of the two folders, as the reader itself hears it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use tactgate::command::understand::Reader;
use tactgate::config::Brand;

use super::texts::{Text, hurry, parse};

/// What the weights are fitted to: the phrases as the reader hears them.
pub fn print() {
    let brand = Brand::named("eval");
    let reader = Reader::of(&brand).unwrap();
    for text in weighed() {
        let labelled = text.labelled();
        let told = |task: &str| labelled.iter().find(|(name, _)| *name == task).and_then(|(_, told)| told.clone());
        let presses = told("pressure").map(|told| !told.is_empty());
        let asks = told("survey").map(|told| !told.is_empty());
        let lowers = told("has-discount").map(|told| !told.is_empty());
        // What is offered with an end, or in haste, sells: the label says so.
        let sells = presses == Some(true) || told("dated").is_some_and(|told| !told.is_empty());
        let purpose = told("purpose").and_then(|told| told.into_iter().next());
        let purpose = purpose.or_else(|| sells.then(|| "promotion".to_owned()));
        if presses.is_none() && purpose.is_none() && lowers.is_none() {
            continue;
        }
        // What is neither dated nor presses offers nothing that ends.
        let is_none = presses.as_ref() == Some(&false) && told("dated").is_some_and(|told| told.is_empty());
        let ends = told("deadline").or_else(|| is_none.then(BTreeSet::new));
        let heard = reader.weighable(&text.input.to_string(), Timestamp::UNIX_EPOCH).unwrap();
        let told = json!({
            "place": text.place, "language": text.language, "held": text.held, "presses": presses, "purpose": purpose,
            "asks": asks, "lowers": lowers, "phrases": heard.phrases, "signals": heard.signals,
            "sent_at": text.input["sent_at"], "ends": ends, "moments": heard.moments,
            "reductions": heard.reductions,
        });
        println!("{told}");
    }
}

/// Every text of the two folders: what the weights are fitted to, and, of the files in `-held`, what they are tried on.
fn weighed() -> Vec<Text> {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval");
    let mut paths: Vec<_> =
        ["texts", "hurry"].iter().flat_map(|folder| home.join(folder).read_dir().unwrap()).collect();
    paths.sort_by_key(|path| path.as_ref().unwrap().path());
    let mut all = Vec::new();
    for path in paths.into_iter().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let language = if name.starts_with("zh") { "zh" } else { "en" };
        let file = std::fs::read_to_string(&path).unwrap();
        let held = path.file_stem().unwrap().to_str().unwrap().ends_with("-held");
        let is_hurry = path.extension().is_some_and(|extension| extension == "ndjson");
        let texts = if is_hurry { hurry(name, language, &file) } else { parse(name, language, held, &file) };
        all.extend(texts.into_iter().map(|mut text| {
            text.held = held;
            text
        }));
    }
    all
}
