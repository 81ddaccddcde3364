//! Masters by slot. The map is read from any server of the cluster; a redirection mends one slot of it at
//! once, and trouble has the whole read again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ConnectionInfo, Value};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::access::{Access, elsewhere};
use super::node::Node;
use super::slots::SLOTS;
use super::topology::words;
use super::trouble::{Counts, Kind, Trouble};
use crate::message::Secret;
use crate::store::settings::OpenError;

/// How often the map is read while all is well, and while a master is away.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_EVERY_UNEASY: Duration = Duration::from_millis(250);
/// The least time between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// Masters of one cluster; the specification recommends at most 1,000.
const MASTERS_MAX: usize = 1_024;

/// Follows a cluster. Ends with the value.
pub(super) struct Cluster {
    shared: Arc<Shared>,
    looking: AbortHandle,
}

struct Shared {
    access: Access,
    /// The servers of the settings: asked when no other answers.
    seeds: Vec<Node>,
    /// Servers met, also those that a slot is only on its way to.
    met: Mutex<Vec<Node>>,
    map: watch::Sender<Arc<Map>>,
    look: Notify,
    counts: Arc<Counts>,
}

#[derive(Clone)]
struct Map {
    masters: Vec<Node>,
    /// For each slot its master's place above; `NOBODY` when no one has it.
    owner: Vec<u16>,
}

const NOBODY: u16 = u16::MAX;

impl Cluster {
    /// Begins to look.
    pub(super) fn new(nodes: &[Secret], access: Access, counts: &Arc<Counts>) -> Result<Cluster, OpenError> {
        let mut seeds = Vec::with_capacity(nodes.len());
        for url in nodes {
            let node = Node::new(access.server(url)?, &access, counts);
            seeds.push(node.map_err(|trouble| OpenError::Redis { why: trouble.to_string() })?);
        }
        let empty = Map { masters: Vec::new(), owner: vec![NOBODY; SLOTS] };
        let shared = Arc::new(Shared {
            access,
            met: Mutex::new(seeds.clone()),
            seeds,
            map: watch::Sender::new(Arc::new(empty)),
            look: Notify::new(),
            counts: Arc::clone(counts),
        });
        let looking = tokio::spawn(look(Arc::clone(&shared))).abort_handle();
        Ok(Cluster { shared, looking })
    }

    /// The master of a slot; the first map is waited for.
    pub(super) async fn master(&self, slot: u16, deadline: Instant) -> Result<Node, Trouble> {
        let mut map = self.shared.map.borrow().clone();
        if map.masters.is_empty() {
            let mut changes = self.shared.map.subscribe();
            let read = timeout_at(deadline, changes.wait_for(|map| !map.masters.is_empty())).await;
            match read {
                Ok(Ok(read)) => map = Arc::clone(&read),
                _ => return Err(Trouble::new(Kind::Unreachable, "no server of the cluster gives its map")),
            }
        }
        let owner = map.owner.get(usize::from(slot)).and_then(|place| map.masters.get(usize::from(*place)));
        owner.cloned().ok_or_else(|| Trouble::new(Kind::ClusterDown, format!("slot {slot} is not served")))
    }

    pub(super) fn masters(&self) -> Vec<Node> {
        self.shared.map.borrow().masters.clone()
    }

    /// A slot has a new master.
    pub(super) fn moved(&self, slot: u16, host: &str, port: u16) -> Option<Node> {
        let node = self.node_at(host, port)?;
        self.shared.map.send_if_modified(|map| {
            let known = map.masters.iter().position(|master| master.is(&node));
            if known.is_some_and(|place| map.owner.get(usize::from(slot)).is_some_and(|o| usize::from(*o) == place)) {
                return false;
            }
            let mut mended = Map::clone(map);
            let place = known.unwrap_or_else(|| {
                mended.masters.push(node.clone());
                mended.masters.len() - 1
            });
            if let (Some(owner), Ok(place)) = (mended.owner.get_mut(usize::from(slot)), u16::try_from(place)) {
                *owner = place;
            }
            *map = Arc::new(mended);
            true
        });
        self.look_again();
        Some(node)
    }

    /// The server at a place.
    pub(super) fn node_at(&self, host: &str, port: u16) -> Option<Node> {
        self.shared.node_at(host, port)
    }

    pub(super) fn look_again(&self) {
        self.shared.look.notify_one();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(shared: Arc<Shared>) {
    // Another server every time, so that one with an old view does not keep us in it.
    let mut turn = 0_usize;
    loop {
        let known = shared.map.borrow().masters.clone();
        let mut candidates: Vec<Node> = known.iter().filter(|node| node.is_up()).cloned().collect();
        candidates.extend(shared.seeds.iter().cloned());
        turn += 1;
        let first = turn % candidates.len().max(1);
        candidates.rotate_left(first);
        for node in &candidates {
            let deadline = Instant::now() + shared.access.limits.answer;
            let mut question = redis::cmd("CLUSTER");
            question.arg("SLOTS");
            if let Ok(answer) = node.ask_one(question, deadline).await
                && shared.learn(node, &answer)
            {
                break;
            }
        }
        let masters = shared.map.borrow().masters.clone();
        let easy = !masters.is_empty() && masters.iter().all(Node::is_up);
        tokio::time::sleep(LOOK_PAUSE).await;
        let pause = if easy { LOOK_EVERY } else { LOOK_EVERY_UNEASY };
        let _ = timeout(pause, shared.look.notified()).await;
    }
}

impl Shared {
    /// Takes a map: rows of first slot, last slot, master, replicas. False when there is nothing in it.
    fn learn(&self, asked: &Node, answer: &Value) -> bool {
        let Value::Array(rows) = answer else { return false };
        let mut map = Map { masters: Vec::new(), owner: vec![NOBODY; SLOTS] };
        for row in rows {
            let Value::Array(row) = row else { continue };
            let [Value::Int(first), Value::Int(last), master, ..] = row.as_slice() else { continue };
            let master = words(master);
            let [host, port, ..] = master.as_slice() else { continue };
            let Ok(port) = port.parse() else { continue };
            // No name = the one that was asked; `?` = it does not know.
            let server = match host.as_str() {
                "" => asked.server().clone(),
                "?" => continue,
                host => elsewhere(asked.server(), host, port),
            };
            let Some(node) = self.node_of(server) else { continue };
            let place = map.masters.iter().position(|known| known.is(&node)).unwrap_or_else(|| {
                map.masters.push(node);
                map.masters.len() - 1
            });
            let (Ok(first), Ok(last), Ok(place)) =
                (usize::try_from(*first), usize::try_from(*last), u16::try_from(place))
            else {
                continue;
            };
            if let Some(slots) = map.owner.get_mut(first..last.saturating_add(1)) {
                slots.fill(place);
            }
        }
        if map.masters.is_empty() || map.masters.len() > MASTERS_MAX {
            return false;
        }
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.retain(|node| map.masters.iter().chain(&self.seeds).any(|kept| kept.is(node)));
        drop(met);
        self.map.send_replace(Arc::new(map));
        true
    }

    fn node_at(&self, host: &str, port: u16) -> Option<Node> {
        let like = self.seeds.first()?.server();
        self.node_of(elsewhere(like, host, port))
    }

    fn node_of(&self, server: ConnectionInfo) -> Option<Node> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = met.iter().find(|node| node.server().addr() == server.addr()) {
            return Some(node.clone());
        }
        let node = Node::new(server, &self.access, &self.counts).ok()?;
        met.push(node.clone());
        Some(node)
    }
}
