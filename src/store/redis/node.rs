//! One server. Its connection is made and kept in the background, so nobody waits longer for it than for
//! an answer; a breaker in front of it ends even that wait; every answer is checked to belong to its
//! question. Nothing is tried twice here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, Value};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::access::{Access, Limits};
use super::acknowledged::Acknowledged;
use super::trouble::{Counts, Kind, Trouble};
use crate::breaker::{Breaker, BreakerState};

/// Pipelines under way on one connection; more would only queue in front of the server.
const IN_FLIGHT_MAX: usize = 256;
/// How often an idle connection is tried.
const PING_EVERY: Duration = Duration::from_secs(1);
/// How long a server that failed too often is left alone between probes.
const COOL_DOWN: Duration = Duration::from_millis(500);
/// Pauses between attempts to connect.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// A server and the connection to it. Clones share both.
#[derive(Clone)]
pub(super) struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    server: ConnectionInfo,
    kept: Arc<Kept>,
    places: Semaphore,
    acknowledged: Acknowledged,
    keeper: AbortHandle,
}

/// What the background task and those who ask have in common.
struct Kept {
    client: Client,
    limits: Limits,
    line: watch::Sender<Line>,
    lost: Notify,
    /// The latest connection that somebody found broken.
    lost_number: AtomicU64,
    breaker: Breaker,
    counts: Arc<Counts>,
}

#[derive(Clone)]
enum Line {
    Connecting,
    Up(MultiplexedConnection, u64),
    Away(Trouble),
}

impl Node {
    /// Begins to connect.
    pub(super) fn new(server: ConnectionInfo, access: &Access, counts: &Arc<Counts>) -> Result<Node, Trouble> {
        let client = access.client(server.clone()).map_err(|e| Trouble::of(&e).unreached())?;
        let kept = Arc::new(Kept {
            client: client.clone(),
            limits: access.limits,
            line: watch::Sender::new(Line::Connecting),
            lost: Notify::new(),
            lost_number: AtomicU64::new(0),
            breaker: Breaker::new(access.limits.failures_max, COOL_DOWN),
            counts: Arc::clone(counts),
        });
        let keeper = tokio::spawn(keep_connected(Arc::clone(&kept))).abort_handle();
        let acknowledged = Acknowledged::new(client);
        let inner = Inner { server, kept, places: Semaphore::new(IN_FLIGHT_MAX), acknowledged, keeper };
        Ok(Node { inner: Arc::new(inner) })
    }

    /// How it is reached.
    pub(super) fn server(&self) -> &ConnectionInfo {
        &self.inner.server
    }

    /// Where it is, `host:port`.
    pub(super) fn address(&self) -> String {
        self.inner.server.addr().to_string()
    }

    pub(super) fn is(&self, other: &Node) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// What its breaker lets through.
    pub(super) fn breaker(&self) -> BreakerState {
        self.inner.kept.breaker.state()
    }

    /// Whether there is a connection.
    pub(super) fn is_up(&self) -> bool {
        matches!(*self.inner.kept.line.borrow(), Line::Up(..)) && self.breaker() == BreakerState::Closed
    }

    /// Asks in one pipeline. As many answers as commands; each may be the server's refusal.
    pub(super) async fn ask(&self, commands: &mut Pipeline, deadline: Instant) -> Result<Vec<Value>, Trouble> {
        self.judged(self.on_shared_line(commands, deadline)).await
    }

    /// Asks on a connection of its own, then waits until `replicas` have what was written; answers with
    /// how many have. `WAIT` would stop everybody else on a shared connection.
    pub(super) async fn ask_acknowledged(
        &self,
        commands: &mut Pipeline,
        replicas: u32,
        deadline: Instant,
    ) -> Result<(Vec<Value>, u32), Trouble> {
        self.judged(self.inner.acknowledged.ask(commands, replicas, deadline)).await
    }

    /// Asks one thing.
    pub(super) async fn ask_one(&self, command: Cmd, deadline: Instant) -> Result<Value, Trouble> {
        let mut commands = Pipeline::with_capacity(2);
        commands.add_command(command);
        match self.ask(&mut commands, deadline).await?.into_iter().next() {
            Some(Value::ServerError(error)) => Err(Trouble::said(&error)),
            Some(value) => Ok(value),
            None => Err(Trouble::new(Kind::WrongBytes, "no answer among the answers")),
        }
    }

    async fn judged<T>(&self, asking: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let kept = &self.inner.kept;
        let Ok(admitted) = kept.breaker.admit_closed() else {
            kept.counts.add(Kind::BreakerOpen);
            return Err(Trouble::new(Kind::BreakerOpen, "the server failed too often in a row"));
        };
        let answer = asking.await;
        match &answer {
            Ok(_) => admitted.settle(Some(false)),
            Err(trouble) => {
                admitted.settle(trouble.kind.speaks_against_server().then_some(true));
                if self.breaker() != BreakerState::Closed {
                    kept.lost.notify_one();
                }
            }
        }
        answer
    }

    async fn on_shared_line(&self, commands: &mut Pipeline, deadline: Instant) -> Result<Vec<Value>, Trouble> {
        let kept = &self.inner.kept;
        let (mut line, number) = kept.line_by(deadline).await?;
        let _place = match timeout_at(deadline, self.inner.places.acquire()).await {
            Ok(Ok(place)) => place,
            _ => return Err(Trouble::new(Kind::Crowded, "too much is under way")),
        };
        let answer = exchange(&mut line, commands, deadline).await;
        if answer.as_ref().is_err_and(|trouble| matches!(trouble.kind, Kind::Lost | Kind::WrongBytes)) {
            kept.lost_number.fetch_max(number, Ordering::Relaxed);
            kept.lost.notify_one();
        }
        answer
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Sends a pipeline with a word of its own at the end, and hands out the answers when that word came back
/// in its place: then each of them is the answer to its question, and none another customer's.
pub(super) async fn exchange(
    line: &mut MultiplexedConnection,
    commands: &mut Pipeline,
    deadline: Instant,
) -> Result<Vec<Value>, Trouble> {
    static WORDS: AtomicU64 = AtomicU64::new(1);
    let word = WORDS.fetch_add(1, Ordering::Relaxed).to_string();
    let asked = commands.len();
    // Not PING: a server that cannot write its file refuses that one, and still answers what only reads.
    commands.cmd("ECHO").arg(&word);
    let mut answers = match timeout_at(deadline, line.send_packed_commands(commands, 0, asked + 1)).await {
        Ok(Ok(answers)) => answers,
        Ok(Err(error)) => return Err(Trouble::of(&error)),
        Err(_) => return Err(Trouble::new(Kind::Timeout, "no answer in time")),
    };
    let last = answers.pop();
    let refused = answers.iter().all(|answer| matches!(answer, Value::ServerError(_)));
    let first = answers.first();
    match (&last, first) {
        _ if answers.len() != asked => {}
        // BUSY, NOAUTH: refused as a whole; LOADING: but for the word.
        (Some(Value::ServerError(error)), _) if refused => return Err(Trouble::said(error)),
        (Some(Value::BulkString(said)), Some(Value::ServerError(error))) if refused && said == word.as_bytes() => {
            let trouble = Trouble::said(error);
            return if trouble.kind.speaks_against_server() { Err(trouble) } else { Ok(answers) };
        }
        (Some(Value::BulkString(said)), _) if said == word.as_bytes() => return Ok(answers),
        _ => {}
    }
    Err(Trouble::new(Kind::WrongBytes, "the answers do not belong to the questions"))
}

fn ping() -> Pipeline {
    let mut ping = Pipeline::with_capacity(2);
    ping.cmd("PING");
    ping
}

/// How connections are made here: the time limits are ours, not the library's.
pub(super) fn unlimited() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None)
}

impl Kept {
    /// The connection, or why there is none. The first is waited for, as long as for an answer.
    async fn line_by(&self, deadline: Instant) -> Result<(MultiplexedConnection, u64), Trouble> {
        let now = self.line.borrow().clone();
        match now {
            Line::Up(line, number) => return Ok((line, number)),
            Line::Away(trouble) => return Err(trouble),
            Line::Connecting => {}
        }
        let mut changes = self.line.subscribe();
        let settled = timeout_at(deadline, changes.wait_for(|line| !matches!(line, Line::Connecting))).await;
        match settled.ok().and_then(Result::ok).map(|line| line.clone()) {
            Some(Line::Up(line, number)) => Ok((line, number)),
            Some(Line::Away(trouble)) => Err(trouble),
            _ => Err(Trouble::new(Kind::Unreachable, "not connected in time")),
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Trouble> {
        let config = unlimited();
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let deadline = Instant::now() + self.limits.connect;
        let mut line = match timeout_at(deadline, connecting).await {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => return Err(Trouble::of(&error).unreached()),
            Err(_) => return Err(Trouble::new(Kind::Unreachable, "not connected in time")),
        };
        // A server that loads its file takes connections, too.
        exchange(&mut line, &mut ping(), deadline).await.map_err(Trouble::unreached)?;
        Ok(line)
    }
}

/// Connects, watches, connects again, until the node is dropped. It alone probes a server whose breaker
/// is open, so no message ever pays for that.
async fn keep_connected(kept: Arc<Kept>) {
    let (mut number, mut pause) = (0, PAUSE_MIN);
    loop {
        let probe = match kept.breaker.state() {
            BreakerState::Closed => None,
            BreakerState::Open | BreakerState::HalfOpen => match kept.breaker.admit() {
                Ok(probe) => Some(probe),
                Err(open) => {
                    tokio::time::sleep(open.wait.max(PAUSE_MIN)).await;
                    continue;
                }
            },
        };
        let connected = kept.connect().await;
        if let Some(probe) = probe {
            probe.settle(Some(connected.is_err()));
        }
        match connected {
            Ok(line) => {
                (number, pause) = (number + 1, PAUSE_MIN);
                kept.line.send_replace(Line::Up(line.clone(), number));
                watch_line(&kept, line, number).await;
                kept.line.send_replace(Line::Connecting);
            }
            Err(trouble) => {
                kept.counts.add(trouble.kind);
                kept.line.send_replace(Line::Away(trouble));
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Returns when the connection is of no use any more.
async fn watch_line(kept: &Kept, mut line: MultiplexedConnection, number: u64) {
    loop {
        let told = timeout(PING_EVERY, kept.lost.notified()).await;
        if kept.lost_number.load(Ordering::Relaxed) >= number || kept.breaker.state() != BreakerState::Closed {
            return;
        }
        if told.is_err() {
            let deadline = Instant::now() + kept.limits.connect;
            if let Err(trouble) = exchange(&mut line, &mut ping(), deadline).await
                && trouble.kind.speaks_against_server()
            {
                return;
            }
        }
    }
}
