//! `tactgate.toml`: doors, streams, routes, stores; unknown keys are errors with their place and a
//! suggestion, and everything wrong is told at once. Also the policy folder: read, watched, reloaded.

pub mod accepted;
pub mod dkim;
pub mod limits;
pub mod listener;
pub mod policies;
pub mod problem;
pub mod route;
pub mod secret;
pub mod sections;
pub mod stream;
pub mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

pub use dkim::DkimKey;
pub use limits::LimitSettings;
pub use listener::{DoorLimits, Listener, Protocol, TlsFiles};
pub use policies::{PolicyFolder, PolicyFolderError};
pub use problem::{ConfigErrors, Problem};
pub use route::{Mixed, OtherPaths, PROVIDERS, Rate, Route, RouteCredentials, Timeouts, Upstream, UpstreamTls};
pub use secret::SecretHash;
pub use sections::{AdminSettings, EventSettings, EventToken, HoldSettings, PolicySettings, RecordSettings};
pub use stream::{Brand, Credential, Identified, Shown, StreamSettings};
pub use watch::{ColdStart, Judged, Live, ReloadStatus};

use crate::message::Stream;
use crate::store::{StoreKind, StoreSettings};
use problem::{Problems, did_you_mean};

/// The settings file looked for when none is named.
pub const FILE: &str = "tactgate.toml";

/// A settings file is written by hand.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// All settings, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The doors.
    pub listeners: Vec<Listener>,
    /// At least one.
    pub brands: Vec<Brand>,
    /// Who sends.
    pub streams: Vec<StreamSettings>,
    /// Where messages leave; the sandbox when none is configured.
    pub routes: Vec<Route>,
    /// Keys that changed mail is signed with.
    pub dkim: Vec<DkimKey>,
    /// Where facts live.
    pub store: StoreSettings,
    /// Where this gateway keeps files, also with a store elsewhere: `[store] dir`.
    pub data_dir: PathBuf,
    /// Messages that wait.
    pub hold: HoldSettings,
    /// What happened and why.
    pub record: RecordSettings,
    /// Where the rules are.
    pub policies: PolicySettings,
    /// The door for people.
    pub admin: AdminSettings,
    /// Who may tell facts.
    pub events: EventSettings,
    /// What is taken on at once.
    pub limits: LimitSettings,
    /// Things to tell the operator that are not errors.
    pub warnings: Vec<String>,
    stream_by_default: Stream,
}

impl Default for Config {
    /// The gateway without a settings file: loopback doors, embedded store, sandbox.
    fn default() -> Config {
        let brand = Brand::named("default");
        Config {
            listeners: default_listeners(),
            stream_by_default: Stream { name: "default".into(), brand: brand.name.clone(), ..Stream::default() },
            brands: vec![brand],
            streams: Vec::new(),
            routes: vec![Route::sandbox()],
            dkim: Vec::new(),
            store: StoreSettings::default(),
            data_dir: StoreSettings::default().dir,
            hold: HoldSettings::default(),
            record: RecordSettings::default(),
            policies: PolicySettings::default(),
            admin: AdminSettings::default(),
            events: EventSettings::default(),
            limits: LimitSettings::default(),
            warnings: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a settings file: the one named (which must exist), else `./tactgate.toml` if present, else
    /// the defaults.
    pub fn load(path: Option<&Path>) -> Result<Config, ConfigErrors> {
        let named = path.unwrap_or(Path::new(FILE));
        let refuse = |why: String| ConfigErrors {
            file: named.display().to_string(),
            text: String::new(),
            problems: vec![Problem { message: why, help: None, span: None }],
        };
        match std::fs::metadata(named) {
            Err(e) if path.is_none() && e.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(e) => return Err(refuse(e.to_string())),
            Ok(meta) if meta.len() > FILE_BYTES_MAX => {
                return Err(refuse(format!("larger than {FILE_BYTES_MAX} bytes")));
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(named).map_err(|e| refuse(e.to_string()))?;
        Config::from_text(&named.display().to_string(), &text)
    }

    /// Reads settings from `text`; `name` stands in errors. Looks at no file but those that `text`
    /// names (secrets and certificates).
    pub fn from_text(name: &str, text: &str) -> Result<Config, ConfigErrors> {
        let refuse = |problems| ConfigErrors { file: name.to_owned(), text: text.to_owned(), problems };
        let raw: Raw = toml::from_str(text).map_err(|e| refuse(vec![problem::from_toml(&e)]))?;
        let mut problems = Problems::default();
        let config = raw.check(&mut problems);
        if problems.0.is_empty() { Ok(config) } else { Err(refuse(problems.0)) }
    }

    /// The route for a provider's messages of this stream: the stream's own before one for all, the
    /// first in the file before later ones. `None` = the submission is refused.
    pub fn route_for(&self, provider: &str, stream: &str) -> Option<&Route> {
        let takes = |route: &&Route| route.provider == provider || route.provider == "sandbox";
        let routes = || self.routes.iter().filter(takes);
        let own = routes().find(|route| route.stream.as_deref() == Some(stream));
        own.or_else(|| routes().find(|route| route.stream.is_none()))
    }

    /// The route of this name.
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.name == name)
    }

    /// The stream that a credential leads to.
    pub fn identify(&self, shown: Shown<'_>) -> Option<Identified<'_>> {
        stream::identify(&self.streams, shown)
    }

    /// The stream of a provider's messages that come without a known credential, where the door asks
    /// for none: the stream of the provider's first route that names one, else `default`.
    pub fn stream_without_credential(&self, provider: &str) -> &Stream {
        let takes = |route: &&Route| route.provider == provider || route.provider == "sandbox";
        let named = self.routes.iter().filter(takes).find_map(|route| route.stream.as_deref());
        named.and_then(|name| self.stream(name)).unwrap_or(&self.stream_by_default)
    }

    /// The stream of this name.
    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.iter().map(|s| &s.stream).find(|stream| stream.name == name)
    }

    /// The brand of this name.
    pub fn brand(&self, name: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| brand.name == name)
    }

    /// True when something may be accepted that no one will get.
    pub fn has_sandbox(&self) -> bool {
        self.routes.iter().any(|route| route.upstream == Upstream::Sandbox)
    }
}

fn default_listeners() -> Vec<Listener> {
    vec![
        Listener::on_loopback(Protocol::Smtp, 2525),
        Listener::on_loopback(Protocol::Http, 8700),
        Listener::on_loopback(Protocol::Admin, 8701),
    ]
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    listener: Vec<listener::RawListener>,
    #[serde(default)]
    brand: Vec<stream::RawBrand>,
    #[serde(default)]
    stream: Vec<stream::RawStream>,
    #[serde(default)]
    route: Vec<route::RawRoute>,
    #[serde(default)]
    dkim: Vec<dkim::RawDkim>,
    store: Option<Spanned<StoreSettings>>,
    #[serde(default)]
    hold: HoldSettings,
    #[serde(default)]
    record: RecordSettings,
    #[serde(default)]
    policies: PolicySettings,
    #[serde(default)]
    admin: sections::RawAdmin,
    #[serde(default)]
    events: sections::RawEvents,
    #[serde(default)]
    limits: limits::RawLimits,
}

impl Raw {
    fn check(&self, problems: &mut Problems) -> Config {
        let mut warnings = Vec::new();
        let listeners = self.check_listeners(problems);
        let brands = self.check_brands(problems);
        let streams = self.check_streams(&brands, problems, &mut warnings);
        let routes = self.check_routes(&listeners, problems, &mut warnings);
        let events = self.events.check(&brands, problems);
        let admin = self.admin.check(problems);
        let limits = self.limits.check(problems);
        self.check_doors(&listeners, &streams, &routes, &events, problems);
        let store = self.check_store(problems);
        self.record.check(store.history_days, self.hold.wait_hours_max, problems);
        let brand = brands.first().map_or("default", |b| b.name.as_str()).to_owned();
        Config {
            listeners,
            brands,
            streams,
            routes,
            dkim: self.dkim.iter().filter_map(|raw| raw.check(problems)).collect(),
            data_dir: store.dir.clone(),
            store,
            hold: self.hold.clone(),
            record: self.record.clone(),
            policies: self.policies.clone(),
            admin,
            events,
            limits,
            warnings,
            stream_by_default: Stream { name: "default".to_owned(), brand, ..Stream::default() },
        }
    }

    fn check_store(&self, problems: &mut Problems) -> StoreSettings {
        let Some(written) = &self.store else { return StoreSettings::default() };
        let store = written.get_ref();
        if store.kind == StoreKind::Redis
            && let Err(why) = store.servers()
        {
            problems.add(written.span(), why.to_string());
        }
        if store.replicas_acknowledge_sends && store.replicas_acknowledge == 0 {
            let why = "`replicas_acknowledge_sends` waits for nobody while `replicas_acknowledge` is 0";
            problems.add(written.span(), why);
        }
        store.clone()
    }

    fn check_listeners(&self, problems: &mut Problems) -> Vec<Listener> {
        if self.listener.is_empty() {
            return default_listeners();
        }
        let mut listeners: Vec<Listener> = Vec::new();
        for raw in &self.listener {
            let Some(listener) = raw.check(problems) else { continue };
            if listener.address.port() != 0 && listeners.iter().any(|other| other.address == listener.address) {
                problems.add(raw.address.span(), format!("{} has a listener already", listener.address));
            }
            listeners.push(listener);
        }
        listeners
    }

    /// With no `[[brand]]`, every brand that a stream names exists, with defaults.
    fn check_brands(&self, problems: &mut Problems) -> Vec<Brand> {
        unique(self.brand.iter().map(|b| &b.name), "brand", problems);
        let mut brands: Vec<Brand> = self.brand.iter().map(|raw| raw.check(problems)).collect();
        if brands.is_empty() {
            for name in self.stream.iter().filter_map(|s| s.brand.as_ref()) {
                if !brands.iter().any(|b| b.name == *name.get_ref()) {
                    brands.push(Brand::named(name.get_ref()));
                }
            }
        }
        if brands.is_empty() {
            brands.push(Brand::named("default"));
        }
        brands
    }

    fn check_streams(
        &self,
        brands: &[Brand],
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) -> Vec<StreamSettings> {
        unique(self.stream.iter().map(|s| &s.name), "stream", problems);
        let mut streams = Vec::new();
        for raw in &self.stream {
            let brand = match (&raw.brand, brands) {
                (Some(brand), _) => {
                    known_brand(brand, brands, problems);
                    brand.get_ref().clone()
                }
                (None, [only]) => only.name.clone(),
                (None, _) => {
                    problems.add(raw.name.span(), "which brand does this stream belong to? Add `brand = \"…\"`");
                    continue;
                }
            };
            streams.push(raw.check(brand, problems, warnings));
        }
        streams
    }

    fn check_routes(&self, listeners: &[Listener], problems: &mut Problems, warnings: &mut Vec<String>) -> Vec<Route> {
        unique(self.route.iter().map(|r| &r.name), "route", problems);
        let streams: Vec<&str> = self.stream.iter().map(|s| s.name.get_ref().as_str()).collect();
        let mut routes = Vec::new();
        for raw in &self.route {
            if let Some(stream) = &raw.stream {
                known(stream, &streams, "stream", problems);
            }
            let Some(route) = raw.check(problems, warnings) else { continue };
            if let Some(upstream) = &raw.upstream
                && listeners.iter().any(|listener| leads_to(&route.upstream, listener))
            {
                problems.add(upstream.span(), "this upstream is a door of this gateway: messages would go in circles");
            }
            routes.push(route);
        }
        if self.route.is_empty() {
            routes.push(Route::sandbox());
        }
        routes
    }

    fn check_doors(
        &self,
        listeners: &[Listener],
        streams: &[StreamSettings],
        routes: &[Route],
        events: &EventSettings,
        problems: &mut Problems,
    ) {
        let http = |l: &Listener| matches!(l.protocol, Protocol::Http | Protocol::Https);
        let nobody = streams.iter().all(|s| s.credentials.is_empty())
            && !routes.iter().any(|r| r.upstream != Upstream::Sandbox && r.credentials == RouteCredentials::Pass);
        for raw in &self.listener {
            let Some(listener) = listeners.iter().find(|l| l.address.to_string() == *raw.address.get_ref()) else {
                continue;
            };
            if http(listener) && !listener.is_loopback() && events.tokens.is_empty() {
                problems.add_with_help(
                    raw.address.span(),
                    "off loopback, the events and decide APIs of this door need a token",
                    "add `[events]` with `tokens = [{ name = \"shop\", sha256 = \"…\" }]`",
                );
            }
            if listener.auth && listener.protocol != Protocol::Admin && nobody {
                problems.add_with_help(
                    raw.address.span(),
                    "nobody can pass this door: it asks for a credential, and no stream has one",
                    "add `credentials = [{ user = \"…\", secret_sha256 = \"…\" }]` to a `[[stream]]`",
                );
            }
            if listener.auth && listener.protocol == Protocol::Admin && self.admin.is_open() {
                problems.add_with_help(
                    raw.address.span(),
                    "nobody can pass this door: it asks for a token, and there is none",
                    "add `[admin]` with `token_sha256 = \"…\"`",
                );
            }
        }
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a Spanned<String>>, what: &str, problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for name in names {
        if name.get_ref().trim().is_empty() {
            problems.add(name.span(), format!("a {what} needs a name"));
        } else if seen.insert(name.get_ref(), ()).is_some() {
            problems.add(name.span(), format!("there are two {what}s named `{}`", name.get_ref()));
        }
    }
}

fn known(name: &Spanned<String>, names: &[&str], what: &str, problems: &mut Problems) {
    let word = name.get_ref().as_str();
    if !names.contains(&word) {
        let help = did_you_mean(word, names.iter().copied()).unwrap_or_else(|| match names {
            [] => format!("there is no `[[{what}]]` in this file"),
            names => format!("known: {}", names.join(", ")),
        });
        problems.add_with_help(name.span(), format!("there is no {what} `{word}`"), help);
    }
}

fn known_brand(name: &Spanned<String>, brands: &[Brand], problems: &mut Problems) {
    let names: Vec<&str> = brands.iter().map(|b| b.name.as_str()).collect();
    known(name, &names, "brand", problems);
}

fn leads_to(upstream: &Upstream, listener: &Listener) -> bool {
    let (Upstream::Http { host, port, .. } | Upstream::Smtp { host, port, .. }) = upstream else { return false };
    let ip = listener.address.ip().to_canonical();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let same_host = match bare.parse::<std::net::IpAddr>() {
        Ok(target) => target.to_canonical() == ip,
        Err(_) => false,
    };
    let here = route::is_this_machine(host) && (ip.is_loopback() || ip.is_unspecified());
    listener.protocol != Protocol::Admin && *port == listener.address.port() && (same_host || here)
}
