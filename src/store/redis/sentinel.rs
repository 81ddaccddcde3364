//! The master that sentinels name. All of them are asked, every second and whenever the master is not what
//! it was; the answer of the latest election counts, once the server itself says that it is a master.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, ConnectionInfo};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::access::{Access, elsewhere};
use super::node::{Node, unlimited};
use super::topology::words;
use super::trouble::{Counts, Kind, Trouble};
use crate::message::Secret;
use crate::store::settings::OpenError;

/// How often the sentinels are asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// Follows the master. Ends with the value.
pub(super) struct Sentinel {
    shared: Arc<Shared>,
    looking: AbortHandle,
}

struct Shared {
    access: Access,
    name: String,
    like: ConnectionInfo,
    master: watch::Sender<Option<Node>>,
    look: Notify,
    counts: Arc<Counts>,
}

/// One sentinel, and the connection to it while it answers.
struct Watcher {
    client: Client,
    line: Option<MultiplexedConnection>,
}

impl Sentinel {
    /// Begins to look.
    pub(super) fn new(
        sentinels: &[Secret],
        name: &str,
        access: Access,
        counts: &Arc<Counts>,
    ) -> Result<Sentinel, OpenError> {
        let servers = sentinels.iter().map(|url| access.named(url)).collect::<Result<Vec<_>, _>>()?;
        let Some(like) = servers.first().map(|server| access.with_login(server)) else {
            return Err(OpenError::Settings("`sentinels` names no sentinel".to_owned()));
        };
        let clients = servers.into_iter().map(|server| access.client(server)).collect::<Result<Vec<_>, _>>();
        let clients = clients.map_err(|e| OpenError::Redis { why: Trouble::of(&e).to_string() })?;
        let watchers = clients.into_iter().map(|client| Watcher { client, line: None }).collect();
        let shared = Arc::new(Shared {
            access,
            name: name.to_owned(),
            like,
            master: watch::Sender::new(None),
            look: Notify::new(),
            counts: Arc::clone(counts),
        });
        let looking = tokio::spawn(look(Arc::clone(&shared), watchers)).abort_handle();
        Ok(Sentinel { shared, looking })
    }

    /// The master; the first is waited for.
    pub(super) async fn master(&self, deadline: Instant) -> Result<Node, Trouble> {
        if let Some(node) = self.known() {
            return Ok(node);
        }
        let mut changes = self.shared.master.subscribe();
        let found = timeout_at(deadline, changes.wait_for(Option::is_some)).await;
        let found = found.ok().and_then(Result::ok).and_then(|node| node.clone());
        found.ok_or_else(|| {
            Trouble::new(Kind::Unreachable, format!("no sentinel names a master `{}`", self.shared.name))
        })
    }

    pub(super) fn known(&self) -> Option<Node> {
        self.shared.master.borrow().clone()
    }

    pub(super) fn look_again(&self) {
        self.shared.look.notify_one();
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(shared: Arc<Shared>, mut watchers: Vec<Watcher>) {
    loop {
        let patience = shared.access.limits.connect;
        let asking = watchers.iter_mut().map(|watcher| watcher.ask(&shared.name, patience));
        let named = futures_util::future::join_all(asking).await;
        if let Some((_, host, port)) = named.into_iter().flatten().max_by_key(|(epoch, ..)| *epoch) {
            shared.follow(&host, port).await;
        }
        // At most every LOOK_PAUSE, at least every LOOK_EVERY.
        tokio::time::sleep(LOOK_PAUSE).await;
        let _ = timeout(LOOK_EVERY, shared.look.notified()).await;
    }
}

impl Shared {
    async fn follow(&self, host: &str, port: u16) {
        let server = elsewhere(&self.like, host, port);
        let current = self.master.borrow().clone();
        if current.is_some_and(|node| node.server().addr() == server.addr()) {
            return;
        }
        let Ok(node) = Node::new(server, &self.access, &self.counts) else { return };
        let deadline = Instant::now() + self.access.limits.connect;
        // A sentinel names the new master a moment before it is one.
        let role = node.ask_one(redis::cmd("ROLE"), deadline).await;
        if role.is_ok_and(|role| words(&role).first().is_some_and(|role| role == "master")) {
            tracing::info!(master = node.address(), "the sentinels named a master");
            self.master.send_replace(Some(node));
        }
    }
}

impl Watcher {
    /// What this sentinel says: the election's number, and where the master is.
    async fn ask(&mut self, name: &str, patience: Duration) -> Option<(u64, String, u16)> {
        let deadline = Instant::now() + patience;
        if self.line.is_none() {
            let config = unlimited();
            let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
            self.line = timeout_at(deadline, connecting).await.ok()?.ok();
        }
        let mut question = Cmd::new();
        question.arg("SENTINEL").arg("MASTER").arg(name);
        let answer = timeout_at(deadline, self.line.as_mut()?.send_packed_command(&question)).await;
        let Ok(Ok(answer)) = answer else {
            self.line = None;
            return None;
        };
        let words = words(&answer);
        let said = |name: &str| words.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1].as_str());
        let epoch = said("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
        Some((epoch, said("ip")?.to_owned(), said("port")?.parse().ok()?))
    }
}
