//! `tactgate serve`: opens the gateway, its doors and its release wheel; drains and stops on SIGINT
//! or SIGTERM.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Arguments, FINE, runtime};
use crate::accept::http::HttpDoor;
use crate::accept::smtp::SmtpDoor;
use crate::accept::smtp::tls::server_config;
use crate::accept::socket::Listen;
use crate::accept::{admin, http, smtp};
use crate::clock::Clock;
use crate::config::{Config, Listener, Protocol};
use crate::gateway::Gateway;
use crate::gateway::inside::Carrier;
use crate::gateway::surroundings::Surroundings;
use crate::gateway::viewing::View;
use crate::hold::{WheelSettings, wheel};
use crate::policy::Mode;

/// What doors and tasks may take beyond the drain to close.
const CLOSING: Duration = Duration::from_secs(2);
/// How long what waits to be settled, and then the store, may take to be written.
const SETTLING: Duration = Duration::from_secs(5);

/// A gateway with open doors.
#[derive(Debug)]
pub struct Running {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Its doors, with the ports they really have.
    pub doors: Vec<(Protocol, SocketAddr)>,
    stop: CancellationToken,
    /// The admin door closes last: until then it says that this gateway is not ready.
    stopped: CancellationToken,
    admin: JoinSet<()>,
    tasks: JoinSet<()>,
    settled: JoinHandle<()>,
}

/// Runs until told to stop.
pub fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    log_to_stderr(arguments);
    anyhow::ensure!(
        !cfg!(feature = "naive-store"),
        "this build does not compare before it writes (feature `naive-store`): it exists to fail a test, and serves nobody"
    );
    let config = Config::load(arguments.config.as_deref())?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    runtime()?.block_on(async {
        let running = start(config, Clock::Wall).await?;
        greet(&running);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new connections, what is under way is finished");
        let hurry = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("told to stop once more: what is under way is left as it is");
        };
        running.stop_unless(hurry).await;
        Ok(FINE)
    })
}

/// Opens the gateway, its doors and its wheel.
pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Running> {
    let mut bound = Vec::new();
    for listener in &config.listeners {
        let socket = TcpListener::bind(listener.address).await;
        let socket = socket.with_context(|| format!("cannot listen on {}", listener.address))?;
        bound.push((listener.clone(), socket));
    }
    let mut running = start_in(Surroundings::with(clock), config, bound).await?;
    let (policies, stop) = (Arc::clone(&running.gateway.policies), running.stop.clone());
    running.tasks.spawn(policies.watch(stop));
    Ok(running)
}

/// The same in surroundings of one's own, with doors already bound there; nobody watches the policies.
pub async fn start_in<L: Listen>(
    surroundings: Surroundings,
    config: Config,
    bound: Vec<(Listener, L)>,
) -> anyhow::Result<Running> {
    let (gateway, settled) = Gateway::open_in(surroundings, config).await?;
    let gateway = Arc::new(gateway);
    let stop = CancellationToken::new();
    let (stopped, admin) = (CancellationToken::new(), JoinSet::new());
    let mut running = Running { gateway, doors: Vec::new(), stop, stopped, admin, tasks: JoinSet::new(), settled };
    for (listener, socket) in bound {
        running.open_door(&listener, socket)?;
    }
    running.turn_wheel();
    running.tasks.spawn(Arc::clone(&running.gateway).keep_watch(running.stop.clone()));
    running.tasks.spawn(Arc::clone(&running.gateway).keep_house(running.stop.clone()));
    running.tasks.spawn(Arc::clone(&running.gateway).keep_catalogues(running.stop.clone()));
    Ok(running)
}

impl Running {
    /// The address of the first door of that protocol.
    pub fn door(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.doors.iter().find(|(p, _)| *p == protocol).map(|(_, address)| *address)
    }

    /// Closes the doors, lets what is under way end, settles and writes what waits.
    pub async fn stop(self) {
        self.stop_unless(std::future::pending()).await;
    }

    /// The same, but what is under way is not waited for longer than `[limits] drain_seconds`, nor once
    /// `hurry` resolves: its reservations stand, and count, until their leases end.
    pub async fn stop_unless(mut self, hurry: impl Future<Output = ()>) {
        self.gateway.admission.stop();
        self.stop.cancel();
        let drain = Duration::from_secs(self.gateway.config.limits.drain_seconds) + CLOSING;
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        let late = tokio::select! {
            drained = tokio::time::timeout(drain, drained) => drained.is_err(),
            () = hurry => true,
        };
        if late {
            tracing::warn!("stopped before all that was under way had ended");
            self.tasks.shutdown().await;
        }
        self.stopped.cancel();
        if tokio::time::timeout(CLOSING, async { while self.admin.join_next().await.is_some() {} }).await.is_err() {
            self.admin.shutdown().await;
        }
        self.gateway.refusals.close();
        // What is left as it is still holds the gateway: settling will not end by itself.
        let settling = if late { CLOSING } else { SETTLING };
        if let Err(error) = self.gateway.log.close().await {
            tracing::error!(%error, "the record has no last checkpoint of this run");
        }
        let store = self.gateway.store.clone();
        // The last handle of the gateway ends the settling queue, which then settles what waits.
        drop(self.gateway);
        match tokio::time::timeout(settling, self.settled).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("settling stopped early; leases settle the rest"),
            Err(_) => tracing::error!("settling took too long; leases settle the rest"),
        }
        match tokio::time::timeout(settling, store.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the store did not close"),
            Err(_) => tracing::error!("the store did not close in time"),
        }
    }

    fn open_door(&mut self, listener: &Listener, socket: impl Listen) -> anyhow::Result<()> {
        self.doors.push((listener.protocol, socket.local_addr()?));
        let inside = Arc::new(Carrier { gateway: Arc::clone(&self.gateway), asks_for_credential: listener.auth });
        let stop = self.stop.clone();
        let tls = match &listener.tls {
            Some(files) => Some(server_config(&files.cert, &files.key)?),
            None => None,
        };
        match listener.protocol {
            Protocol::Smtp | Protocol::Smtps => {
                let door = smtp_door(listener, tls, &self.gateway);
                self.tasks.spawn(async move { smtp::serve(socket, Arc::new(door), inside, stop).await });
            }
            Protocol::Http | Protocol::Https => {
                let door = http_door(listener, tls, &self.gateway.config);
                self.tasks.spawn(async move { http::serve(socket, Arc::new(door), inside, stop).await });
            }
            Protocol::Admin => {
                let mut pages = admin::router(Arc::new(View(Arc::clone(&self.gateway))));
                if listener.auth {
                    let settings = self.gateway.config.admin.clone();
                    pages = admin::only_for(pages, move |field| settings.admits(field));
                }
                let door = listener.clone();
                let may_connect = move |peer| door.admits(peer);
                let stopped = self.stopped.clone().cancelled_owned();
                self.admin.spawn(async move {
                    if let Err(error) = admin::serve_router(socket, pages, may_connect, stopped).await {
                        tracing::error!(%error, "the admin door closed");
                    }
                });
            }
        }
        Ok(())
    }

    fn turn_wheel(&mut self) {
        let gateway = Arc::clone(&self.gateway);
        let stop = self.stop.clone().cancelled_owned();
        let settings =
            WheelSettings { release_per_second: gateway.config.hold.releases_per_second, ..WheelSettings::default() };
        let (hold, clock) = (gateway.hold.clone(), gateway.clock.clone());
        self.tasks.spawn(Arc::clone(&gateway).keep_in_fleet(self.stop.clone().cancelled_owned()));
        self.tasks.spawn(wheel::run(hold, clock, settings, stop, move |due| Arc::clone(&gateway).release(due)));
    }
}

fn smtp_door(listener: &Listener, tls: Option<Arc<rustls::ServerConfig>>, gateway: &Gateway) -> SmtpDoor {
    let (limits, all) = (&listener.limits, &gateway.config.limits);
    SmtpDoor {
        host: listener.hostname.clone().unwrap_or_else(|| gateway.host_name.clone()),
        // Never an open relay: without a login only from the listed networks, loopback by default.
        peers: listener.networks.clone(),
        networks: match (listener.auth, listener.networks.is_empty()) {
            // `auth = true`: nobody is trusted for where they come from.
            (true, _) => Vec::new(),
            (false, true) => SmtpDoor::default().networks,
            (false, false) => listener.networks.clone(),
        },
        login: listener.auth,
        clear_login_on_loopback: listener.is_loopback(),
        tls,
        tls_implicit: listener.protocol == Protocol::Smtps,
        message_bytes_max: limits.body_bytes_max,
        recipients_max: limits.recipients_max,
        in_flight_bytes_max: limits.bodies_bytes_max,
        connections_max: limits.connections_max,
        connections_per_ip_max: limits.connections_per_address_max,
        command_ms: limits.idle_ms,
        data_ms: limits.submission_ms,
        answer_ms: answer_ms(&gateway.config, |provider| provider == "relay"),
        reserve_percent: all.must_send_reserve_percent,
        drain_ms: all.drain_seconds.saturating_mul(1_000),
        ..SmtpDoor::default()
    }
}

fn http_door(listener: &Listener, tls: Option<Arc<rustls::ServerConfig>>, config: &Config) -> HttpDoor {
    let (limits, all) = (&listener.limits, &config.limits);
    HttpDoor {
        body_bytes_max: limits.body_bytes_max,
        header_bytes_max: limits.header_bytes_max,
        connections_max: limits.connections_max,
        connections_per_peer_max: limits.connections_per_address_max,
        bodies_bytes_max: limits.bodies_bytes_max,
        header_timeout_ms: limits.idle_ms,
        request_timeout_ms: limits.submission_ms,
        answer_timeout_ms: answer_ms(config, |provider| provider != "relay"),
        reserve_percent: all.must_send_reserve_percent,
        drain_ms: all.drain_seconds.saturating_mul(1_000),
        networks: listener.networks.clone(),
        tls,
        ..HttpDoor::default()
    }
}

/// How long a client waits at most: the longest of the routes' times, and what recording may take after it.
fn answer_ms(config: &Config, is_asked_there: impl Fn(&str) -> bool) -> u64 {
    let routes = config.routes.iter().filter(|route| is_asked_there(&route.provider));
    routes.map(|route| route.timeouts.total_ms(&route.upstream)).max().unwrap_or(30_000).saturating_add(15_000)
}

/// Ten lines that say what to try.
fn greet(running: &Running) {
    let door = |protocol| running.door(protocol).map_or_else(|| "-".to_owned(), |address| address.to_string());
    let (smtp, http, admin) = (door(Protocol::Smtp), door(Protocol::Http), door(Protocol::Admin));
    let set = running.gateway.policies.current();
    let version = env!("CARGO_PKG_VERSION");
    let off = set.rules.iter().filter(|rule| rule.head().mode == Mode::Off).count();
    let in_force = set.rules.len() - off;
    let (hash, at) = (set.hash.get(..12).unwrap_or_default(), running.gateway.clock.now().strftime("%FT%TZ"));
    let sandbox = match running.gateway.config.has_sandbox() {
        true => "  sandbox: no provider is configured, so messages are accepted and shown, never sent\n",
        false => "",
    };
    let greeting = format!(
        r#"tactgate {version} 分寸: {in_force} rules in force, {off} off ({hash})
  SMTP    {smtp}    e.g. swaks --server {smtp} --to you@example.com
  HTTP    {http}    base URLs: http://{http}/sendgrid  http://{http}/twilio
  admin   {admin}    /readyz /metrics
{sandbox}try: curl -s http://{http}/tactgate/v1/events -H 'content-type: application/x-ndjson' \
  -d '{{"id":"o-1","type":"purchase","at":"{at}","customer":"you@example.com","product":"BT-200","price":"399 CNY"}}'
then offer BT-200 to you@example.com for less, and run `tactgate explain` with the id in the refusal;
or `tactgate demo`: five stories, told by the gateway itself. Ctrl-C stops it."#
    );
    // A gateway whose standard output is closed serves all the same.
    if let Err(error) = writeln!(std::io::stdout().lock(), "{greeting}") {
        tracing::debug!(%error, "nobody reads the greeting");
    }
}

/// Whose words about their work quote addresses: unheard, whatever RUST_LOG asks for.
const UNHEARD: &str = "rlibphonenumber";

/// Logs for the operator: to standard error; RUST_LOG says how much; JSON with `--format json`.
fn log_to_stderr(arguments: &Arguments) {
    use std::io::IsTerminal as _;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    use tracing_subscriber::{EnvFilter, Layer as _, filter::filter_fn, fmt};
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if arguments.format == super::Format::Json {
        lines.json().boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).boxed()
    };
    let heard = filter_fn(|said| !said.target().starts_with(UNHEARD));
    let started = tracing_subscriber::registry().with(asked).with(heard).with(lines).try_init();
    // A second subscriber in one process (tests) keeps the first: nothing is lost but a duplicate.
    drop(started);
}
