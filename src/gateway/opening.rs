//! Puts a gateway together from its settings: files opened, policies judged, routes made. What is
//! wrong refuses to start, saying where and what.

use std::sync::Arc;

use anyhow::Context as _;

use super::{Gateway, route, settling};
use crate::clock::Clock;
use crate::config::policies::PolicyFolder;
use crate::config::watch::{Judged, Live};
use crate::config::{Config, PolicySettings};
use crate::hold::{Hold, HoldSettings};
use crate::policy::{Limits, PolicyError, PolicySet, Window, cases, error::rendered};
use crate::record::ids::Ids;
use crate::record::log::{Record, RecordSettings};
use crate::record::metrics::Metrics;
use crate::store::{Store, StoreSettings};
use crate::understand::ProductLinks;

impl Gateway {
    /// Opens everything; `settled` ends when the last reservation is settled after the gateway is gone.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<(Gateway, tokio::task::JoinHandle<()>)> {
        let settings = store_settings(&config);
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
        let policies = live_policies(&config.policies, &config.data_dir, clock.clone(), settings.history_days)?;
        let store = Store::open(&settings, clock.now()).await.context("the store does not open")?;
        let hold = Hold::open(&hold_settings(&config)).context("the hold does not open")?;
        let record_settings =
            RecordSettings { fsync_ms: config.record.fsync_ms, ..RecordSettings::in_folder(&config.data_dir) };
        let log = Record::open(&record_settings, clock.now()).context("the record does not open")?;
        let host_name = host_name(&config);
        let routes = route::open_all(&config, &host_name)?;
        let mut links = std::collections::BTreeMap::new();
        for brand in &config.brands {
            let compiled = ProductLinks::new(&brand.product_links)
                .map_err(|why| anyhow::anyhow!("brand `{}`: product_links: {why}", brand.name))?;
            links.insert(brand.name.clone(), compiled);
        }
        let (settle, settled) = settling::Queue::start(store.clone());
        let gateway = Gateway {
            host_name,
            clock,
            store,
            policies: Arc::new(policies),
            hold,
            log,
            metrics: Arc::new(Metrics::new()),
            routes,
            links,
            ids: Ids::new().context("ids")?,
            settle,
            config,
        };
        Ok((gateway, settled))
    }
}

/// `[hold]`, with the data folder the rest of the gateway uses.
fn hold_settings(config: &Config) -> HoldSettings {
    let usual = HoldSettings::in_folder(&config.data_dir);
    HoldSettings {
        key_path: config.hold.key_file.clone().unwrap_or(usual.key_path),
        file_bytes_max: config.hold.file_bytes_max,
        attempts_max: config.hold.reholds_max,
        ..usual
    }
}

/// `[store]`, with the data folder the rest of the gateway uses.
pub fn store_settings(config: &Config) -> StoreSettings {
    StoreSettings { dir: config.data_dir.clone(), ..config.store.clone() }
}

/// The policies of a folder, judged now and at every change: read, checked, their cases run.
pub fn live_policies(
    settings: &PolicySettings,
    data_dir: &std::path::Path,
    clock: Clock,
    history_days: u32,
) -> anyhow::Result<Live<PolicySet>> {
    let judge = move |folder: &PolicyFolder| judge(folder, history_days);
    Ok(Live::start(settings, data_dir, clock, judge)?)
}

/// Reads, checks and tries one set.
pub fn judge(folder: &PolicyFolder, history_days: u32) -> Judged<PolicySet> {
    let limits = Limits { history: Window::days(i64::from(history_days)) };
    let set = match PolicySet::load(&folder.files, &limits) {
        // One name for the set everywhere: in the record, in `/readyz` and among the accepted.
        Ok(mut set) => {
            set.hash.clone_from(&folder.hash);
            set
        }
        Err(errors) => return Judged::Refused(rendered(&errors)),
    };
    let failed: Vec<PolicyError> = cases::run_cases(&set).into_iter().filter_map(|result| result.failure).collect();
    if failed.is_empty() { Judged::Accepted(set) } else { Judged::Doubtful(set, rendered(&failed)) }
}

/// What the gateway calls itself: the first listener's host name, else the machine's.
fn host_name(config: &Config) -> String {
    let named = config.listeners.iter().find_map(|listener| listener.hostname.clone());
    let machine = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    let fit =
        |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    named.or_else(machine).filter(fit).unwrap_or_else(|| "localhost".to_owned())
}
