//! Whether the servers are ones that may keep facts: asked at the start, again and again while running,
//! and at once when a master changed. What is wrong is said in `/readyz`; mended, it is well again
//! without a restart.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::node::Node;
use super::topology::{Topology, words};

/// The oldest server that knows `ZADD LT`.
const VERSION_MIN: (u32, u32) = (6, 2);
/// How far a server's clock may be from this machine's: its scripts judge decisions by it.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(2);
/// How often it is looked whether something changed, or something wrong was mended.
const TICK: Duration = Duration::from_secs(1);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Findings {
    /// Why the servers may not be used: as if they were down.
    pub(super) unfit: Option<Unfit>,
    /// Why the gateway is not ready, though the store is used.
    pub(super) unready: Option<String>,
    /// What an operator should know.
    pub(super) warnings: Vec<String>,
}

/// Why a server may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It forgets when it is full; by this policy.
    Evicting(String),
    /// Anything else, in words.
    Because(String),
}

/// What was found last, kept up to date by [`Health::watch`].
#[derive(Debug, Default)]
pub(super) struct Health {
    found: ArcSwap<Findings>,
    look: Notify,
}

impl Health {
    pub(super) fn found(&self) -> Arc<Findings> {
        self.found.load_full()
    }

    /// Why nothing may be asked now.
    pub(super) fn unfit(&self) -> Option<String> {
        self.found.load().unfit.as_ref().map(ToString::to_string)
    }

    pub(super) fn look_again(&self) {
        self.look.notify_one();
    }

    /// Looks now. A server that does not answer is no finding: asking it says so.
    pub(super) async fn look(&self, topology: &Topology, patience: Duration) {
        let mut found = Findings::default();
        for node in topology.masters() {
            if let Some(one) = examine(&node, patience).await {
                let at = |text: String| format!("{}: {text}", node.address());
                found.unfit = found.unfit.or(one.unfit);
                found.unready = found.unready.or(one.unready.map(at));
                found.warnings.extend(one.warnings.into_iter().map(at));
            }
        }
        let before = self.found.swap(Arc::new(found.clone()));
        if *before == found {
            return;
        }
        for warning in &found.warnings {
            tracing::warn!("Redis: {warning}");
        }
        match (&found.unfit, &found.unready) {
            (Some(why), _) => tracing::error!("Redis is not used until this is mended: {why}"),
            (None, Some(why)) => tracing::error!("not ready: Redis {why}"),
            (None, None) => tracing::info!("Redis is fit to keep facts"),
        }
    }

    /// Looks for ever: every `every`, each second while something is wrong, and when a master changed.
    pub(super) async fn watch(&self, topology: &Topology, every: Duration, patience: Duration) {
        let mut looked = Instant::now();
        let mut known = places(topology);
        loop {
            let told = timeout(TICK, self.look.notified()).await.is_ok();
            let found = self.found();
            let wrong = found.unfit.is_some() || found.unready.is_some();
            let now = places(topology);
            if told || wrong || looked.elapsed() >= every || now != known {
                self.look(topology, patience).await;
                (looked, known) = (Instant::now(), now);
                // Told in a row by many: at most once a tick.
                tokio::time::sleep(TICK / 10).await;
            }
        }
    }
}

fn places(topology: &Topology) -> Vec<String> {
    topology.masters().iter().map(Node::address).collect()
}

async fn examine(node: &Node, patience: Duration) -> Option<Findings> {
    // Managed servers forbid CONFIG; INFO is allowed everywhere.
    let info = node.ask_one(redis::cmd("INFO"), Instant::now() + patience).await.ok()?;
    let before = Timestamp::now();
    let time = node.ask_one(redis::cmd("TIME"), Instant::now() + patience).await.ok()?;
    let after = Timestamp::now();
    let info = words(&info).join("\n");
    let mut found = findings(&info);
    if let Some(theirs) = words(&time).first().and_then(|s| s.parse().ok()).and_then(|s| Timestamp::from_second(s).ok())
    {
        // Their clock was read between the two, and says whole seconds only.
        let behind = before.duration_since(theirs) - SignedDuration::from_secs(1);
        let off = behind.max(theirs.duration_since(after));
        if off > SKEW_MAX {
            let seconds = off.as_secs();
            found.unready = Some(format!("its clock is {seconds} s off this machine's; set both by NTP"));
        }
    }
    Some(found)
}

/// What an answer to INFO says.
fn findings(info: &str) -> Findings {
    let said =
        |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let mut found = Findings::default();
    let policy = said("maxmemory_policy").unwrap_or("unknown");
    let version = said("redis_version").unwrap_or("unknown");
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let number = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if policy != "noeviction" {
        found.unfit = Some(Unfit::Evicting(policy.to_owned()));
    } else if number < VERSION_MIN {
        let (major, minor) = VERSION_MIN;
        found.unfit = Some(Unfit::Because(format!("version {version} is too old, {major}.{minor} is needed")));
    } else if said("role").is_some_and(|role| role != "master") {
        found.unfit = Some(Unfit::Because("it is a replica; name the master, sentinels, or a cluster".to_owned()));
    }
    if said("aof_enabled") == Some("0") {
        let why = "its append-only file is off: after a crash it has lost what came since its last snapshot";
        found.warnings.push(why.to_owned());
    }
    for (name, what) in [("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot")] {
        if said(name).is_some_and(|status| status != "ok") {
            found.warnings.push(format!("its last write to the {what} failed"));
        }
    }
    found
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unfit::Evicting(policy) => {
                write!(f, "it evicts keys when it is full (maxmemory-policy {policy}); set it to noeviction")
            }
            Unfit::Because(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n\
        aof_last_write_status:ok\r\nrdb_last_bgsave_status:ok\r\n";

    #[test]
    fn a_server_is_judged_by_what_it_says_of_itself() {
        assert_eq!(findings(WELL), Findings::default());
        let with = |from: &str, to: &str| findings(&WELL.replace(from, to));
        let unfit = |found: Findings| found.unfit.map(|why| why.to_string()).unwrap_or_default();
        assert!(unfit(with("noeviction", "volatile-ttl")).contains("volatile-ttl"));
        assert!(unfit(with("7.0.15", "6.0.16")).contains("too old"));
        assert!(unfit(with("role:master", "role:slave")).contains("replica"));
        assert_eq!(with("7.0.15", "6.2.0"), Findings::default());
        assert_eq!(with("aof_enabled:1", "aof_enabled:0").warnings.len(), 1);
        assert_eq!(with("bgsave_status:ok", "bgsave_status:err").warnings.len(), 1);
    }
}
