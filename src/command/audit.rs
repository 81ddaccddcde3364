//! `tactgate audit verify|reconcile|key`: is the decision log what was written, does it balance, and with
//! which key is it signed?

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr as _;

use super::{Arguments, FINE, FOUND, Format};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::opening::record_settings;
use crate::record::audit::key::PublicKey;
use crate::record::audit::verify::Trusted;
use crate::record::audit::{AuditKey, Verified, checkpoints_in, verify};
use crate::record::{Books, Days, reconcile};

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Audit {
    /// Read the decision log again and tell whatever was changed, removed, moved, inserted or cut off
    ///
    /// That everything after a checkpoint was cut off, and every word about it beside the record, shows only
    /// against a checkpoint that was kept elsewhere: the gateway logs each one, and --checkpoint takes it.
    Verify {
        /// The data folder [default: the configuration's]
        folder: Option<PathBuf>,
        /// A checkpoint kept elsewhere: its JSON, or a file with some in it, such as the gateway's log
        #[arg(long = "checkpoint", value_name = "HEAD")]
        checkpoints: Vec<String>,
        /// The key that must have signed, as `audit key` prints it [default: that of the key file]
        #[arg(long = "public-key", value_name = "HEX")]
        keys: Vec<String>,
    },
    /// Hold what was received against what became of it, per day and route: it must balance to 0
    Reconcile {
        /// The first UTC day [default: yesterday]
        #[arg(long, value_name = "DAY")]
        from: Option<Date>,
        /// The last UTC day [default: today]
        #[arg(long, value_name = "DAY")]
        to: Option<Date>,
        /// The data folder [default: the configuration's]
        folder: Option<PathBuf>,
    },
    /// Print the public half of the key that signs checkpoints
    Key,
}

/// Does it.
pub fn run(arguments: &Arguments, audit: &Audit) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    match audit {
        Audit::Verify { folder, checkpoints, keys } => {
            let folder = folder.as_deref().unwrap_or(&config.data_dir);
            let trusted = trusted(&config, checkpoints, keys)?;
            tell(arguments.format, &verified(folder, &trusted)?)
        }
        Audit::Reconcile { from, to, folder } => {
            let now = Clock::Wall.now();
            let today = now.to_zoned(TimeZone::UTC).date();
            let to = to.unwrap_or(today);
            let days = Days { from: from.unwrap_or(to.min(today.yesterday().unwrap_or(today))), to };
            anyhow::ensure!(days.from <= days.to, "{} is after {}", days.from, days.to);
            let folder = folder.as_deref().unwrap_or(&config.data_dir);
            let bar = bar(folder)?;
            let books = reconcile(folder, days, now, |read| bar.inc(read))?;
            bar.finish_and_clear();
            match arguments.format {
                Format::Json => say!("{}", serde_json::to_string_pretty(&books)?),
                Format::Text => tell_books(&books),
            }
            Ok(if books.balance() { FINE } else { FOUND })
        }
        Audit::Key => {
            let path = record_settings(&config).key_path;
            let key = AuditKey::read(&path)?.with_context(|| format!("there is no key yet in {}", path.display()))?;
            match arguments.format {
                Format::Json => {
                    let (key, id) = (key.public().to_string(), key.public().id());
                    say!("{}", serde_json::json!({"public_key": key, "id": id}));
                }
                Format::Text => say!("{}", key.public()),
            }
            Ok(FINE)
        }
    }
}

fn trusted(config: &Config, checkpoints: &[String], keys: &[String]) -> anyhow::Result<Trusted> {
    let mut trusted = Trusted::default();
    for key in keys {
        let key = PublicKey::from_hex(key);
        trusted
            .keys
            .push(key.context("--public-key takes 64 hexadecimal digits, as `tactgate audit key` prints them")?);
    }
    if keys.is_empty() {
        trusted.keys.extend(AuditKey::read(&record_settings(config).key_path)?.map(|key| key.public().clone()));
    }
    for given in checkpoints {
        trusted.kept.extend(checkpoints_in(given).map_err(anyhow::Error::msg)?);
    }
    Ok(trusted)
}

fn verified(folder: &Path, trusted: &Trusted) -> anyhow::Result<Verified> {
    let bar = bar(folder)?;
    let found = verify(folder, trusted, |read| bar.inc(read)).with_context(|| format!("{}", folder.display()))?;
    bar.finish_and_clear();
    Ok(found)
}

/// Hidden where nobody looks: indicatif draws on a terminal only.
fn bar(folder: &Path) -> anyhow::Result<ProgressBar> {
    let decisions = folder.join("decisions");
    anyhow::ensure!(decisions.is_dir(), "there is no decision log in {}", folder.display());
    let mut bytes = 0;
    for entry in std::fs::read_dir(&decisions)? {
        bytes += entry?.metadata()?.len();
    }
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    Ok(bar)
}

fn tell_books(books: &Books) {
    const NUMBERS: [&str; 10] = [
        "received",
        "passed",
        "rewritten",
        "blocked",
        "held",
        "refused",
        "unknown",
        "repeated",
        "unanswered",
        "difference",
    ];
    let width = books.rows.iter().map(|row| row.route.width()).max().unwrap_or(0).max("(no route)".len());
    say!("day         {:width$}  {}", "route", NUMBERS.join("  "));
    for row in &books.rows {
        let route = if row.route.is_empty() { "(no route)" } else { &row.route };
        let counts = [
            row.received,
            row.passed,
            row.rewritten,
            row.blocked,
            row.held,
            row.refused,
            row.unknown,
            row.repeated,
            row.unanswered,
        ];
        let counts = counts.iter().map(u64::to_string).chain([row.difference.to_string()]);
        let cells: Vec<String> =
            counts.zip(NUMBERS).map(|(count, name)| format!("{count:>w$}", w = name.len())).collect();
        let pad = " ".repeat(width.saturating_sub(route.width()));
        say!("{}  {route}{pad}  {}", row.day, cells.join("  "));
        for (what, parts) in [("held, now", &row.holds), ("refused", &row.refusals)] {
            let parts: Vec<String> = parts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            if !parts.is_empty() {
                say!("            {:width$}  {what}: {}", "", parts.join(", "));
            }
        }
    }
    if books.before_receipts > 0 {
        say!("note: {} decisions of an earlier version, which kept no receipts, are left out", books.before_receipts);
    }
    if books.unreadable_lines > 0 {
        say!("{} lines cannot be read: `tactgate audit verify` says where", books.unreadable_lines);
    }
    say!("{}", if books.balance() { "it balances" } else { "IT DOES NOT BALANCE" });
}

fn tell(format: Format, found: &Verified) -> anyhow::Result<u8> {
    match format {
        Format::Json => say!("{}", serde_json::to_string_pretty(found)?),
        Format::Text => {
            for broken in &found.breaks {
                let place =
                    if broken.line == 0 { broken.file.clone() } else { format!("{}:{}", broken.file, broken.line) };
                say!("{place}: {}", broken.why);
            }
            for note in &found.notes {
                say!("note: {note}");
            }
            if !found.retired.is_empty() {
                say!("note: {} day files were removed by the retention, as the log itself says", found.retired.len());
            }
            let (files, lines, signed) = (found.files, found.lines, found.checkpoints);
            say!(
                "{files} day files, {lines} lines, {signed} checkpoints, {} lines after the last",
                found.lines_after_checkpoints
            );
            match (found.is_whole(), &found.last_checkpoint) {
                (false, _) => say!("NOT WHOLE: {} places do not fit", found.breaks_count),
                (true, None) => say!("whole, but nothing in it is signed"),
                (true, Some(last)) => {
                    let (number, at, head) = (last.number, last.at.strftime("%FT%TZ"), &last.head);
                    say!("whole; last checkpoint {number} of {at}: {} line {} {head}", last.file, last.lines);
                }
            }
        }
    }
    Ok(if found.is_whole() { FINE } else { FOUND })
}
