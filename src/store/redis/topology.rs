//! Which server keeps which key: one server, the one that sentinels name, or the master of a slot.

use redis::Value;
use tokio::time::Instant;

use super::cluster::Cluster;
use super::node::Node;
use super::sentinel::Sentinel;
use super::trouble::{Kind, Trouble};

/// The servers.
pub(super) enum Topology {
    /// One server.
    Standalone(Node),
    /// The master that sentinels name.
    Sentinel(Sentinel),
    /// Masters by slot.
    Cluster(Cluster),
}

impl Topology {
    /// The server for a slot.
    pub(super) async fn node(&self, slot: u16, deadline: Instant) -> Result<Node, Trouble> {
        match self {
            Topology::Standalone(node) => Ok(node.clone()),
            Topology::Sentinel(sentinel) => sentinel.master(deadline).await,
            Topology::Cluster(cluster) => cluster.master(slot, deadline).await,
        }
    }

    /// Every server that takes writes.
    pub(super) fn masters(&self) -> Vec<Node> {
        match self {
            Topology::Standalone(node) => vec![node.clone()],
            Topology::Sentinel(sentinel) => sentinel.known().into_iter().collect(),
            Topology::Cluster(cluster) => cluster.masters(),
        }
    }

    /// Where a server sent us: the server to ask instead.
    pub(super) fn redirected(&self, trouble: &Trouble) -> Option<Node> {
        let (Topology::Cluster(cluster), Some((slot, host, port))) = (self, trouble.redirection()) else {
            return None;
        };
        match trouble.kind {
            Kind::Moved => cluster.moved(slot, host, port),
            Kind::Ask => cluster.node_at(host, port),
            _ => None,
        }
    }

    /// Looks for the masters anew, soon, when what was met means that they may have changed.
    pub(super) fn met(&self, trouble: &Trouble) {
        let uneasy = matches!(
            trouble.kind,
            Kind::ReadOnly
                | Kind::MasterDown
                | Kind::ClusterDown
                | Kind::Moved
                | Kind::Timeout
                | Kind::Lost
                | Kind::Unreachable
                | Kind::BreakerOpen
                | Kind::Loading
        );
        match self {
            Topology::Sentinel(sentinel) if uneasy => sentinel.look_again(),
            Topology::Cluster(cluster) if uneasy => cluster.look_again(),
            _ => {}
        }
    }
}

/// Words of an answer: servers of one protocol version say lists, of another maps.
pub(super) fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) | Value::Set(values) => values.iter().flat_map(words).collect(),
        Value::Map(pairs) => pairs.iter().flat_map(|(name, value)| [words(name), words(value)].concat()).collect(),
        Value::BulkString(bytes) => vec![String::from_utf8_lossy(bytes).into_owned()],
        Value::SimpleString(text) => vec![text.clone()],
        Value::Int(number) => vec![number.to_string()],
        _ => vec![String::new()],
    }
}
