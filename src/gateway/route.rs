//! The ways out, made from `[[route]]`: an upstream client, a pace, and how refusals are told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::config::{self, Config, Mixed, OtherPaths, RouteCredentials, UpstreamTls};
use crate::forward::dial::Dial;
use crate::forward::http::{HttpUpstream, HttpUpstreamSettings};
use crate::forward::pace::Pace;
use crate::forward::sandbox::Sandbox;
use crate::forward::smtp::{Relay, RelayLogin, RelaySettings, RelayTls};
use crate::message::HttpRequest;

/// One way out.
#[derive(Debug)]
pub struct Route {
    /// Its name, in records and metrics.
    pub name: String,
    /// Where it leads.
    pub upstream: Upstream,
    /// How long a submission may take until it begins to leave.
    pub start_within: Duration,
    /// The provider's pace.
    pub pace: Option<Pace>,
    /// The client's own credentials go along.
    pub pass_credentials: bool,
    own_authorization: Option<HeaderValue>,
    /// Paths that might send by another way are let through.
    pub forwards_other_paths: bool,
    /// Prepend a `Received:` line.
    pub trace: bool,
    /// A DSN tells of blocked recipients among accepted ones.
    pub dsn: bool,
    /// The country of national phone numbers.
    pub region: Option<String>,
}

/// Where a route leads.
#[derive(Debug)]
pub enum Upstream {
    /// A provider's API.
    Http(Box<HttpUpstream>),
    /// A mail server.
    Mail(Box<Relay>),
    /// Nowhere: accepts everything and shows it.
    Sandbox(Arc<Sandbox>),
}

/// Messages the sandbox remembers for whoever wants to look.
const SHOWN_MAX: usize = 100;

impl Route {
    /// The request with the gateway's own credentials in place of the client's, where the route has
    /// them: Basic with a user, else a bearer token.
    pub fn with_own_credentials(&self, mut request: HttpRequest) -> HttpRequest {
        if let Some(value) = &self.own_authorization {
            request.headers.insert(http::header::AUTHORIZATION, value.clone());
        }
        request
    }
}

fn authorization(credentials: &RouteCredentials) -> anyhow::Result<Option<HeaderValue>> {
    let RouteCredentials::Own { user, secret } = credentials else { return Ok(None) };
    let text = match user {
        Some(user) => format!("Basic {}", BASE64.encode(format!("{user}:{}", secret.reveal()))),
        None => format!("Bearer {}", secret.reveal()),
    };
    let mut value = HeaderValue::from_str(&text).context("own credentials do not fit a header field")?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn pace(rate: &config::Rate) -> Option<Pace> {
    Pace::new(f64::from(rate.count) * 1_000.0 / rate.per_ms.max(1) as f64, rate.burst)
}

fn http_settings(route: &config::Route) -> anyhow::Result<HttpUpstreamSettings> {
    let config::Upstream::Http { tls, host, port, path } = &route.upstream else {
        anyhow::bail!("route `{}` leads to no HTTP API", route.name);
    };
    let scheme = if *tls { "https" } else { "http" };
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
    let extra_roots = match &route.ca {
        Some(file) => CertificateDer::pem_file_iter(file)
            .with_context(|| format!("{}", file.display()))?
            .collect::<Result<_, _>>()
            .with_context(|| format!("{}", file.display()))?,
        None => Vec::new(),
    };
    Ok(HttpUpstreamSettings {
        connect_ms: route.timeouts.connect_ms,
        answer_ms: route.timeouts.reply_ms(&route.upstream),
        idle_ms: route.timeouts.idle_ms,
        concurrency_max: route.connections_max,
        extra_roots,
        ..HttpUpstreamSettings::new(format!("{scheme}://{host}:{port}{path}"))
    })
}

/// Makes every route's client. Fails when a certificate file cannot be read.
pub fn open_all(
    config: &Config,
    host_name: &str,
    dial: Option<&Arc<dyn Dial>>,
) -> anyhow::Result<BTreeMap<String, Route>> {
    let sandbox = Arc::new(Sandbox::new(SHOWN_MAX));
    config.routes.iter().map(|route| Ok((route.name.clone(), open(route, host_name, &sandbox, dial)?))).collect()
}

fn open(
    route: &config::Route,
    host_name: &str,
    sandbox: &Arc<Sandbox>,
    dial: Option<&Arc<dyn Dial>>,
) -> anyhow::Result<Route> {
    let upstream = match &route.upstream {
        config::Upstream::Sandbox => Upstream::Sandbox(Arc::clone(sandbox)),
        config::Upstream::Http { .. } => {
            let settings = HttpUpstreamSettings { dial: dial.cloned(), ..http_settings(route)? };
            Upstream::Http(Box::new(HttpUpstream::new(&settings)?))
        }
        config::Upstream::Smtp { .. } => {
            let mut settings = relay_settings(route, host_name);
            if let Some(dial) = dial {
                settings.dial = Arc::clone(dial);
            }
            Upstream::Mail(Box::new(Relay::new(settings)?))
        }
    };
    Ok(Route {
        name: route.name.clone(),
        upstream,
        start_within: Duration::from_millis(route.timeouts.start_ms(&route.upstream)),
        pace: route.rate.as_ref().and_then(pace),
        pass_credentials: route.credentials == RouteCredentials::Pass,
        own_authorization: authorization(&route.credentials)?,
        forwards_other_paths: route.other_paths == OtherPaths::Forward,
        trace: route.trace,
        dsn: route.mixed == Mixed::Dsn,
        region: route.region.clone(),
    })
}

fn relay_settings(route: &config::Route, host_name: &str) -> RelaySettings {
    let (host, port, implicit) = match &route.upstream {
        config::Upstream::Smtp { implicit_tls, host, port } => (host.clone(), *port, *implicit_tls),
        _ => (String::new(), 0, false),
    };
    let tls = match (implicit, route.tls) {
        (true, _) => RelayTls::Implicit,
        (false, UpstreamTls::Required) => RelayTls::StartTls,
        (false, UpstreamTls::Opportunistic) => RelayTls::Opportunistic,
        (false, UpstreamTls::Off) => RelayTls::Off,
    };
    let login = match &route.credentials {
        RouteCredentials::Own { user: Some(user), secret } => {
            RelayLogin::Own { user: user.clone(), password: secret.clone() }
        }
        _ => RelayLogin::None,
    };
    RelaySettings {
        host,
        port,
        tls,
        tls_roots: route.ca.clone(),
        helo: host_name.to_owned(),
        connect_ms: route.timeouts.connect_ms,
        command_ms: route.timeouts.command_ms,
        data_ms: route.timeouts.reply_ms(&route.upstream),
        total_ms: route.timeouts.reply_ms(&route.upstream),
        connections_max: route.connections_max,
        idle_ms: route.timeouts.idle_ms,
        login,
        ..RelaySettings::default()
    }
}
