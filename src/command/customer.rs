//! `tactgate customer show|export|erase ADDRESS`: what is known of one person (their right to see it and to
//! have it erased), over every place that keeps something.

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Arguments, FINE, FOUND, Format, runtime};
use crate::clock::Clock;
use crate::config::{Brand, Config};
use crate::gateway::erasing::{Files, held_export};
use crate::gateway::opening::{hold_settings, record_settings, store_settings};
use crate::hold::{Hold, HoldError, HoldReader, HoldSettings};
use crate::message::Address;
use crate::record::RecordError;
use crate::record::log::Record;
use crate::record::person::{decisions_about, journal_about};
use crate::store::erasures::Erasure;
use crate::store::{CustomerKey, LoadedCustomer, OpenError, Refusals, Store, StoreKind};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// A summary
    Show,
    /// Everything, as JSON: document, journal, decisions, held messages
    Export,
    /// Forget it everywhere; the decision log keeps its lines, which then lead to nobody
    Erase,
}

/// Does it.
pub fn run(arguments: &Arguments, action: Action, address: &str, brand: Option<&str>) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let brand = named_brand(&config, brand)?;
    let address = Address::any(address, brand.region.as_deref())?;
    runtime()?.block_on(async {
        let store = open_store(&config).await?;
        let key = store.key(&brand.name, &address);
        let loaded = store.load(&brand.name, std::slice::from_ref(&key), &[]).await?;
        let found = loaded.customers.into_iter().next().filter(|found| found.version > 0);
        let keys = keys_of(&key, found.as_ref());
        let status = match action {
            Action::Show => show(found.as_ref()),
            Action::Export => {
                let document = store.customer_export(&brand.name, &address).await?;
                export(&config, &store, document, found.as_ref(), &keys).await?
            }
            Action::Erase => {
                let erased = store.customer_erase(&brand.name, &address).await?;
                let told = erase_files(&config, &store, &keys).await?;
                tell(arguments.format, erased, &told)
            }
        };
        store.close().await?;
        Ok(status)
    })
}

/// The brand of that name, else the configuration's first.
pub fn named_brand<'a>(config: &'a Config, name: Option<&str>) -> anyhow::Result<&'a Brand> {
    let found = match name {
        Some(name) => config.brand(name),
        None => config.brands.first(),
    };
    found.ok_or_else(|| anyhow::anyhow!("there is no brand `{}`", name.unwrap_or("default")))
}

/// The store of the configuration.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let opened = Store::open(&store_settings(config), Clock::Wall.now()).await;
    if matches!(opened, Err(OpenError::InUse { .. })) {
        // Two writers of one file would each know half; Redis is the store for several processes.
        return opened.context(
            "a running gateway has the embedded store to itself: stop it for this command, tell events to its door \
             `/tactgate/v1/events`, or keep the facts in Redis",
        );
    }
    Ok(opened?)
}

/// Every address key of the person: the one asked for, and those of their other addresses.
fn keys_of(key: &CustomerKey, found: Option<&LoadedCustomer>) -> Vec<String> {
    let mut keys = vec![key.0.clone()];
    if let Some(found) = found {
        keys.push(found.root.0.clone());
        keys.extend(found.customer.members.iter().map(|member| member.key.clone()));
    }
    keys.sort();
    keys.dedup();
    keys
}

fn show(found: Option<&LoadedCustomer>) -> u8 {
    let Some(LoadedCustomer { customer, .. }) = found else {
        say!("nothing is known of this address");
        return FOUND;
    };
    let record = customer.record_id.as_deref().unwrap_or("(none yet)");
    say!("record id    {record}");
    say!("addresses    {}", customer.members.len());
    say!("purchases    {} ({} returned)", customer.purchases.len(), customer.returns.len());
    say!("surveys      {}", customer.surveys.len());
    say!("complaints   {}", customer.complaints.len());
    say!("refusals     {}", customer.opt_outs.len());
    say!("preferences  {}", customer.preferences.len());
    say!("sent         {}", customer.sends.len());
    say!("held         {}", customer.held.len());
    FINE
}

async fn export(
    config: &Config,
    store: &Store,
    document: Option<Value>,
    found: Option<&LoadedCustomer>,
    keys: &[String],
) -> anyhow::Result<u8> {
    let journal = journal_about(&config.data_dir, keys)?;
    let decisions = match found.and_then(|found| found.customer.record_id.as_deref()) {
        Some(record_id) => decisions_about(&config.data_dir, record_id)?,
        None => Vec::new(),
    };
    // Beside a running gateway, too: nothing is made, locked or written by asking.
    let held = match HoldReader::open(&hold_settings(config))? {
        Some(hold) => held_export(config, store, &hold, keys)?,
        None => Vec::new(),
    };
    if document.is_none() && journal.is_empty() && held.is_empty() {
        say!("nothing is known of this address");
        return Ok(FOUND);
    }
    let mut whole = document.unwrap_or_else(|| json!({}));
    if let Value::Object(members) = &mut whole {
        members.insert("journal".to_owned(), journal.into());
        members.insert("decisions".to_owned(), decisions.into());
        members.insert("held".to_owned(), held.into());
    }
    if config.store.kind == StoreKind::Redis {
        eprintln!(
            "tactgate: journal, decisions and held messages are those of {}: ask beside each gateway",
            config.data_dir.display()
        );
    }
    say!("{}", serde_json::to_string_pretty(&whole)?);
    Ok(FINE)
}

/// What became of the files.
enum FilesErased {
    /// Done here and now; `elsewhere` = other gateways were left word.
    Now { journal_lines: u64, held: u64, leaving: u64, elsewhere: bool },
    /// A running gateway has them: left word, which it finds within seconds.
    WordLeft,
}

async fn erase_files(config: &Config, store: &Store, keys: &[String]) -> anyhow::Result<FilesErased> {
    let at: Timestamp = Clock::Wall.now();
    let erasures: Vec<Erasure> = keys.iter().map(|key| Erasure { key: key.clone(), at }).collect();
    let fleet = config.store.kind == StoreKind::Redis;
    if fleet {
        store.leave_erasures(&erasures).await?;
    }
    let log = match Record::open(&record_settings(config), at) {
        Err(RecordError::InUse(_)) if fleet => return Ok(FilesErased::WordLeft),
        log => log?,
    };
    let hold = match Hold::open(&HoldSettings { copies: fleet, ..hold_settings(config) }) {
        // It is just starting: it finds the word.
        Err(HoldError::InUse) if fleet => return Ok(FilesErased::WordLeft),
        hold => hold?,
    };
    let refusals = Refusals::open(&config.data_dir, config.limits.refusals_remembered_max)?;
    let files = Files { config, store, hold: &hold, log: &log, refusals: &refusals };
    let erased = files.erase(&erasures, at).await?;
    refusals.close();
    log.close().await?;
    Ok(FilesErased::Now {
        journal_lines: erased.journal_lines,
        held: erased.held,
        leaving: erased.leaving,
        elsewhere: fleet,
    })
}

fn tell(format: Format, document: bool, files: &FilesErased) -> u8 {
    let known =
        document || matches!(files, FilesErased::Now { journal_lines: 1.., .. } | FilesErased::Now { held: 1.., .. });
    if format == Format::Json {
        let files = match files {
            FilesErased::Now { journal_lines, held, leaving, elsewhere } => {
                json!({"done": true, "journal_lines": journal_lines, "held": held, "leaving": leaving, "elsewhere_within_minutes": elsewhere})
            }
            FilesErased::WordLeft => json!({"done": false, "elsewhere_within_minutes": true}),
        };
        say!("{}", json!({"document": document, "files": files}));
        return if known { FINE } else { FOUND };
    }
    match document {
        true => say!("document       erased; what they refused stays under a keyed hash, to be honoured"),
        false => say!("document       there was none"),
    }
    match files {
        FilesErased::Now { journal_lines, held, leaving, elsewhere } => {
            say!("journal        {journal_lines} lines erased");
            say!("held messages  {held} dropped");
            if *leaving > 0 {
                say!("               {leaving} were leaving at this moment");
            }
            if *elsewhere {
                say!("other gateways were left word; each erases its own journal and held messages within minutes");
            }
        }
        FilesErased::WordLeft => {
            say!("journal        word left: every running gateway erases its own within minutes");
            say!("held messages  word left: every running gateway drops its own within minutes");
        }
    }
    say!("decision log   leads to nobody now; its chain stays whole");
    say!("stored replies end by themselves within 24 hours");
    if known { FINE } else { FOUND }
}
