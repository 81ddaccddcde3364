//! Facts in Redis or Valkey, shared by any number of gateways: one server, the master that sentinels name,
//! or a cluster. `commands` says what is asked, `dispatch` brings it to the servers that `topology` names,
//! `node` is one of them, `health` whether they may keep facts, `trouble` what can go wrong.

mod access;
mod acknowledged;
mod cluster;
mod commands;
mod dispatch;
mod health;
mod node;
mod script;
mod sentinel;
mod slots;
mod topology;
mod trouble;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::access::Access;
use self::cluster::Cluster;
use self::dispatch::Care;
use self::health::{Health, Unfit};
use self::node::Node;
use self::sentinel::Sentinel;
use self::topology::Topology;
use self::trouble::{Counts, Kind, Trouble};
use super::StoreError;
use super::settings::{OpenError, Servers, StoreSettings};
use super::standing::Standing;
use crate::breaker::BreakerState;

/// What a server's refusal means: to whoever only read, and to whoever wrote.
pub fn refusal(error: &redis::ServerError) -> [StoreError; 2] {
    let trouble = Trouble::said(error);
    [trouble.clone().for_read(), trouble.for_write()]
}

/// The store on servers. Clones share the connections, which come back by themselves.
#[derive(Clone)]
pub struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    topology: Arc<Topology>,
    prefix: String,
    answer: Duration,
    replicas: u32,
    counts: Arc<Counts>,
    health: Arc<Health>,
    watching: AbortHandle,
}

impl Redis {
    /// Connects, and refuses servers that would throw facts away when they are full.
    pub async fn open(settings: &StoreSettings) -> Result<Redis, OpenError> {
        let access = Access::of(settings)?;
        let (limits, counts) = (access.limits, Arc::new(Counts::default()));
        let unreachable = |trouble: Trouble| OpenError::Redis { why: trouble.to_string() };
        let topology = match settings.servers()? {
            Servers::One(url) => {
                let node = Node::new(access.server(url)?, &access, &counts);
                Topology::Standalone(node.map_err(unreachable)?)
            }
            Servers::Sentinels(urls, master) => Topology::Sentinel(Sentinel::new(urls, master, access, &counts)?),
            Servers::Cluster(urls) => Topology::Cluster(Cluster::new(urls, access, &counts)?),
        };
        // The first connection may take its time; then every master answers, or the gateway does not start.
        let deadline = Instant::now() + limits.connect + limits.answer;
        topology.node(0, deadline).await.map_err(unreachable)?;
        for node in topology.masters() {
            node.ask_one(redis::cmd("TIME"), deadline).await.map_err(unreachable)?;
        }
        let (topology, health) = (Arc::new(topology), Arc::new(Health::default()));
        health.look(&topology, limits.connect).await;
        match &health.found().unfit {
            Some(Unfit::Evicting(policy)) => return Err(OpenError::Evicting { policy: policy.clone() }),
            Some(why) => tracing::error!("Redis is not used until this is mended: {why}"),
            None => {}
        }
        let watching = {
            let (topology, health) = (Arc::clone(&topology), Arc::clone(&health));
            let every = Duration::from_secs(settings.check_seconds.max(1));
            tokio::spawn(async move { health.watch(&topology, every, limits.connect).await }).abort_handle()
        };
        let inner = Inner {
            topology,
            prefix: settings.prefix.clone(),
            answer: limits.answer,
            replicas: settings.replicas_acknowledge,
            counts,
            health,
            watching,
        };
        Ok(Redis { inner: Arc::new(inner) })
    }

    /// How it stands: the worst of its breakers, what was found of the servers, what went wrong how often.
    pub(super) fn standing(&self) -> Standing {
        let found = self.inner.health.found();
        let breakers = self.inner.topology.masters().into_iter().map(|node| node.breaker());
        Standing {
            breaker: breakers.max_by_key(|state| state.level()).unwrap_or(BreakerState::Closed),
            unready: found.unready.clone(),
            warnings: found.warnings.clone(),
            errors: self.inner.counts.told(),
        }
    }

    fn fit(&self) -> Result<(), Trouble> {
        match self.inner.health.unfit() {
            None => Ok(()),
            Some(why) => {
                self.inner.counts.add(Kind::Unfit);
                Err(Trouble::new(Kind::Unfit, why))
            }
        }
    }

    fn care(&self) -> Care {
        match self.inner.replicas {
            0 => Care::Master,
            replicas => Care::Replicas(replicas),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.inner.prefix).finish_non_exhaustive()
    }
}
