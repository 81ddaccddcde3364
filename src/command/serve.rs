//! `tactgate serve`: opens the gateway, its doors and its release wheel; drains and stops on SIGINT
//! or SIGTERM.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Arguments, FINE, runtime};
use crate::accept::http::HttpDoor;
use crate::accept::smtp::SmtpDoor;
use crate::accept::smtp::tls::server_config;
use crate::accept::{admin, http, smtp};
use crate::clock::Clock;
use crate::config::{Config, Listener, Protocol};
use crate::gateway::Gateway;
use crate::gateway::inside::Carrier;
use crate::gateway::viewing::View;
use crate::hold::{WheelSettings, wheel};

/// A gateway with open doors.
#[derive(Debug)]
pub struct Running {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Its doors, with the ports they really have.
    pub doors: Vec<(Protocol, SocketAddr)>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    settled: JoinHandle<()>,
}

/// Runs until told to stop.
pub fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    log_to_stderr(arguments);
    let config = Config::load(arguments.config.as_deref())?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    runtime()?.block_on(async {
        let running = start(config, Clock::Wall).await?;
        greet(&running);
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        tracing::info!("stopping: no new connections, what is under way is finished");
        running.stop().await;
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
    let (gateway, settled) = Gateway::open(config, clock).await?;
    let gateway = Arc::new(gateway);
    let stop = CancellationToken::new();
    let mut running = Running { gateway, doors: Vec::new(), stop, tasks: JoinSet::new(), settled };
    for (listener, socket) in bound {
        running.open_door(&listener, socket)?;
    }
    running.turn_wheel();
    let (policies, stop) = (Arc::clone(&running.gateway.policies), running.stop.clone());
    running.tasks.spawn(policies.watch(stop.clone()));
    running.tasks.spawn(Arc::clone(&running.gateway).keep_house(stop));
    Ok(running)
}

impl Running {
    /// The address of the first door of that protocol.
    pub fn door(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.doors.iter().find(|(p, _)| *p == protocol).map(|(_, address)| *address)
    }

    /// Closes the doors, lets what is under way end, settles and writes what waits.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        if let Err(error) = self.gateway.log.close().await {
            tracing::error!(%error, "the record has no last checkpoint of this run");
        }
        let store = self.gateway.store.clone();
        // The last handle of the gateway ends the settling queue, which then settles what waits.
        drop(self.gateway);
        if self.settled.await.is_err() {
            tracing::error!("settling stopped early; leases settle the rest");
        }
        if let Err(error) = store.close().await {
            tracing::error!(%error, "the store did not close");
        }
    }

    fn open_door(&mut self, listener: &Listener, socket: TcpListener) -> anyhow::Result<()> {
        self.doors.push((listener.protocol, socket.local_addr()?));
        let inside = Arc::new(Carrier { gateway: Arc::clone(&self.gateway), asks_for_credential: listener.auth });
        let stop = self.stop.clone();
        let tls = match &listener.tls {
            Some(files) => Some(server_config(&files.cert, &files.key)?),
            None => None,
        };
        match listener.protocol {
            Protocol::Smtp | Protocol::Smtps => {
                let door = smtp_door(listener, tls, &self.gateway.host_name);
                self.tasks.spawn(async move { smtp::serve(socket, Arc::new(door), inside, stop).await });
            }
            Protocol::Http | Protocol::Https => {
                let door = http_door(listener, tls);
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
                self.tasks.spawn(async move {
                    if let Err(error) = admin::serve_router(socket, pages, may_connect, stop.cancelled_owned()).await {
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
        self.tasks.spawn(wheel::run(hold, clock, settings, stop, move |due| Arc::clone(&gateway).release(due)));
    }
}

fn smtp_door(listener: &Listener, tls: Option<Arc<rustls::ServerConfig>>, host_name: &str) -> SmtpDoor {
    let limits = &listener.limits;
    SmtpDoor {
        host: listener.hostname.clone().unwrap_or_else(|| host_name.to_owned()),
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
        ..SmtpDoor::default()
    }
}

fn http_door(listener: &Listener, tls: Option<Arc<rustls::ServerConfig>>) -> HttpDoor {
    let limits = &listener.limits;
    HttpDoor {
        body_bytes_max: limits.body_bytes_max,
        header_bytes_max: limits.header_bytes_max,
        connections_max: limits.connections_max,
        connections_per_peer_max: limits.connections_per_address_max,
        networks: listener.networks.clone(),
        tls,
        ..HttpDoor::default()
    }
}

/// Ten lines that say what to try.
fn greet(running: &Running) {
    let door = |protocol| running.door(protocol).map_or_else(|| "-".to_owned(), |address| address.to_string());
    let (smtp, http, admin) = (door(Protocol::Smtp), door(Protocol::Http), door(Protocol::Admin));
    let set = running.gateway.policies.current();
    let (version, rules) = (env!("CARGO_PKG_VERSION"), set.rules.len());
    let (hash, at) = (set.hash.get(..12).unwrap_or_default(), running.gateway.clock.now().strftime("%FT%TZ"));
    let sandbox = match running.gateway.config.has_sandbox() {
        true => "  sandbox: no provider is configured, so messages are accepted and shown, never sent\n",
        false => "",
    };
    let greeting = format!(
        r#"tactgate {version} 分寸: {rules} rules in force ({hash})
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
