//! What the weights of hurry are fitted to: every labelled text of the two folders, as the reader itself hears it.

use jiff::Timestamp;
use serde_json::json;
use tactgate::command::understand::Reader;
use tactgate::config::Brand;

use super::texts::{Text, hurry, parse};

/// What the weights are fitted to: the phrases as the reader hears them.
pub fn print() {
    let brand = Brand::named("eval");
    let reader = Reader::of(&brand).unwrap();
    for (text, presses) in weighed() {
        let phrases = reader.weighed_for_hurry(&text.input.to_string(), Timestamp::UNIX_EPOCH).unwrap();
        println!(
            "{}",
            json!({"place": text.place, "language": text.language, "held": text.held, "presses": presses, "phrases": phrases})
        );
    }
}

/// Every text of the two folders with whether it presses, where that is not left open: what the weights are fitted to,
/// and, of the files in `-held`, what they are tried on.
fn weighed() -> Vec<(Text, bool)> {
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
    let presses = |text: Text| {
        let told = text.labelled().into_iter().find(|(task, _)| *task == "pressure")?.1?;
        Some((text, !told.is_empty()))
    };
    all.into_iter().filter_map(presses).collect()
}
