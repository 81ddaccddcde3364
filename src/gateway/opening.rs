//! Puts a gateway together from its settings: files opened, policies judged, routes made. What is
//! wrong refuses to start, saying where and what.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;

use super::fleet::Fleet;
use super::surroundings::Surroundings;
use super::{Gateway, identity::Identity, leases::Leases, queue, route, watching::Watch};
use crate::accept::Admission;
use crate::clock::{Clock, Pause};
use crate::config::policies::PolicyFolder;
use crate::config::watch::{Judged, Live};
use crate::config::{Config, PolicySettings};
use crate::hold::room::Reserve;
use crate::hold::{Hold, HoldError, HoldSettings};
use crate::policy::{Limits, PolicyError, PolicySet, Window, cases, error::rendered};
use crate::record::ids::Ids;
use crate::record::log::{Record, RecordSettings};
use crate::record::metrics::Metrics;
use crate::store::{Refusals, Store, StoreKind, StoreSettings};
use crate::understand::ProductLinks;

impl Gateway {
    /// Opens everything; `settled` ends when the last reservation is settled after the gateway is gone.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<(Gateway, tokio::task::JoinHandle<()>)> {
        Gateway::open_in(Surroundings::with(clock), config).await
    }

    /// The same in surroundings of one's own.
    pub async fn open_in(
        surroundings: Surroundings,
        config: Config,
    ) -> anyhow::Result<(Gateway, tokio::task::JoinHandle<()>)> {
        let Surroundings { clock, store, dial, ids, pause } = surroundings;
        let settings = store_settings(&config);
        let clock = clock.steered();
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
        let policies = live_policies(&config.policies, &config.data_dir, clock.clone(), settings.history_days)?;
        let store = match store {
            None => Store::open(&settings, clock.now()).await.context("the store does not open")?,
            Some(model) => Store::modelled(model, settings.keep(), clock.now()).await?,
        };
        let hold = open_hold(&config, store.is_shared(), clock.now(), pause.clone()).await;
        let hold = hold.context("the hold does not open")?;
        let record_settings = record_settings(&config);
        let works_here = pause.is_some();
        let ids = ids.map_or_else(Ids::new, |secret| Ok(Ids::seeded(&secret))).context("ids")?;
        let log = match pause {
            None => Record::open(&record_settings, clock.now()),
            Some(pause) => Record::open_here(&record_settings, clock.now(), pause),
        };
        let log = log.context("the record does not open")?;
        // The record's lock is held: nobody else counts a run here.
        let identity = Arc::new(Identity::open(&config.data_dir, clock.now(), ids.number())?);
        let lease = Duration::from_secs(u64::from(config.hold.takeover_seconds.get()));
        let fleet = Fleet::open(identity.name(), ids.word(), &store, lease)?;
        let leases = Leases::open(&config.data_dir, &identity, clock.now()).context("the journal cannot be read")?;
        let watch = Watch::new(settings.kind == StoreKind::Redis, identity.before.canary_us);
        let refusals = Refusals::open(&config.data_dir, config.limits.refusals_remembered_max)
            .context("the local refusals do not open")?;
        let host_name = host_name(&config);
        let routes = route::open_all(&config, &host_name, dial.as_ref())?;
        let mut links = std::collections::BTreeMap::new();
        for brand in &config.brands {
            let compiled = ProductLinks::new(&brand.product_links)
                .map_err(|why| anyhow::anyhow!("brand `{}`: product_links: {why}", brand.name))?;
            links.insert(brand.name.clone(), compiled);
        }
        let metrics = Arc::new(Metrics::new());
        let (settle, settled) = queue::Queue::start(store.clone(), Arc::clone(&metrics));
        let gateway = Gateway {
            host_name,
            clock,
            store,
            policies: Arc::new(policies),
            refusals,
            hold,
            fleet,
            log,
            metrics,
            admission: Admission::new(config.limits.submissions_max, config.limits.must_send_reserve_percent),
            routes,
            links,
            catalogues: super::catalogues::Catalogues::default(),
            ids,
            settle,
            identity,
            works_here,
            leases,
            watch,
            config,
        };
        gateway.first_look().await;
        gateway.meet_fleet().await;
        gateway.look_for_catalogues().await;
        Ok((gateway, settled))
    }
}

/// Opens the hold file, takes back what an earlier process had claimed, and looks for damage.
async fn open_hold(config: &Config, copies: bool, now: Timestamp, pause: Option<Pause>) -> Result<Hold, HoldError> {
    let settings = HoldSettings { copies, ..hold_settings(config) };
    let hold = match pause {
        None => Hold::open(&settings)?,
        Some(pause) => Hold::open_here(&settings, pause)?,
    };
    let taken_back = hold.take_back().await?;
    if taken_back > 0 {
        tracing::info!(taken_back, "releases that stopped before anything left are begun again");
    }
    for damaged in hold.mend(now).await? {
        tracing::error!(hold = damaged.id, why = damaged.why, "a held message is damaged and was put aside");
    }
    Ok(hold)
}

/// `[record]`, in the data folder the rest of the gateway uses.
pub fn record_settings(config: &Config) -> RecordSettings {
    let usual = RecordSettings::in_folder(&config.data_dir);
    RecordSettings {
        fsync_ms: config.record.fsync_ms,
        checkpoint_lines: config.record.checkpoint_lines,
        key_path: config.record.key_file.clone().unwrap_or(usual.key_path.clone()),
        ..usual
    }
}

/// `[hold]`, with the data folder the rest of the gateway uses.
pub fn hold_settings(config: &Config) -> HoldSettings {
    let usual = HoldSettings::in_folder(&config.data_dir);
    let largest = config.listeners.iter().map(|listener| listener.limits.body_bytes_max as u64).max().unwrap_or(0);
    HoldSettings {
        key_path: config.hold.key_file.clone().unwrap_or(usual.key_path),
        file_bytes_max: config.hold.file_bytes_max,
        attempts_max: config.hold.reholds_max,
        reserve: Reserve { free_bytes_min: config.hold.free_bytes_min, bytes_min: largest + largest / 2 },
        alone: true,
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
