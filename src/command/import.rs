//! `tactgate import FILE`: events from a file, with a progress bar on a terminal.

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Arguments, FINE, FOUND, Format, customer, runtime};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::opening::record_settings;
use crate::learn::Learnt;
use crate::learn::Reading;
use crate::learn::{Progress, import};
use crate::record::entry::{JournalEntry, Line, OutcomeEntry};
use crate::record::log::Record;

/// Imports; tells every line that was refused.
pub fn run(arguments: &Arguments, file: &Path, brand: Option<&str>) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let brand = customer::named_brand(&config, brand)?;
    let (input, bytes): (Box<dyn std::io::Read + Send>, Option<u64>) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), None)
    } else {
        let open = std::fs::File::open(file).map_err(|e| anyhow::anyhow!("{}: {e}", file.display()))?;
        let length = open.metadata()?.len();
        (Box::new(open), Some(length))
    };
    let bar = bar(bytes);
    let imported = runtime()?.block_on(async {
        let store = customer::open_store(&config).await?;
        let reading = Reading { region: brand.region.as_deref(), now: Clock::Wall.now() };
        let record = Record::open(&record_settings(&config), Clock::Wall.now())?;
        let mut learnt = Vec::new();
        let progress = |step: Progress<'_>| {
            bar.set_position(step.bytes);
            learnt.extend_from_slice(step.learnt);
        };
        let imported = import(&store, &brand.name, reading, BufReader::new(input), &[], progress).await?;
        for Learnt { brand, key, event } in learnt {
            let at = Clock::Wall.now();
            if let Some(outcome) = OutcomeEntry::told(at, &event) {
                record.append(&Line::Outcome(outcome)).await?;
            }
            let line = JournalEntry { at, brand, customer: key.map(|key| key.0).unwrap_or_default(), event };
            record.append(&Line::Event(line)).await?;
        }
        record.close().await?;
        store.close().await?;
        anyhow::Ok(imported)
    })?;
    bar.finish_and_clear();
    if arguments.format == Format::Json {
        let refused: Vec<_> = imported
            .refused
            .iter()
            .map(|refused| serde_json::json!({"line": refused.line, "why": refused.why}))
            .collect();
        let (accepted, duplicate) = (imported.accepted, imported.duplicate);
        say!("{}", serde_json::json!({"accepted": accepted, "duplicate": duplicate, "refused": refused}));
    } else {
        for refused in &imported.refused {
            eprintln!("{}:{}: {}", file.display(), refused.line, refused.why);
        }
        let (new, known, refused) = (imported.accepted, imported.duplicate, imported.refused_count);
        say!("{new} events taken in, {known} known already, {refused} refused");
    }
    Ok(if imported.refused_count == 0 { FINE } else { FOUND })
}

/// Hidden where nobody looks: indicatif draws on a terminal only.
pub(super) fn bar(bytes: Option<u64>) -> ProgressBar {
    let Some(bytes) = bytes else {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(200));
        return spinner;
    };
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    bar
}
