//! `[[route]]`: where messages leave, with whose credentials, how fast, and how refusals are told.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problems, did_you_mean};
use super::secret::SecretSource;
use crate::message::Secret;

/// The names a route's `provider` may have: the dialects, mail by SMTP, and the sandbox.
pub const PROVIDERS: &[&str] = &["sendgrid", "twilio", "relay", "tactgate", "sandbox"];

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// Nowhere: everything is accepted and shown.
    Sandbox,
    /// A provider's API.
    Http {
        /// `https` or not.
        tls: bool,
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// Put before the request's path: empty, or with a leading and no trailing `/`.
        path: String,
    },
    /// A mail server.
    Smtp {
        /// TLS from the first byte.
        implicit_tls: bool,
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
}

/// Whose credentials go to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RouteCredentials {
    /// The client's, unchanged.
    #[default]
    Pass,
    /// The gateway's.
    Own {
        /// The user; for a bearer token `None`.
        user: Option<String>,
        /// The secret.
        secret: Secret,
    },
}

/// How a refusal is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RefusalStyle {
    /// No, at once.
    #[default]
    Strict,
    /// Accepted, then the provider's own failed event to this address.
    Native {
        /// Where the event goes.
        callback: String,
    },
}

/// A pace: so many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how many milliseconds.
    pub per_ms: u64,
    /// How many may go at once.
    pub burst: u32,
}

/// Paths of the provider that might send by another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtherPaths {
    /// Refused, so that no send bypasses the guards.
    #[default]
    Refuse,
    /// Forwarded blind.
    Forward,
}

/// How SMTP tells of blocked recipients in a mail whose others were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mixed {
    /// By a delivery status notification.
    #[default]
    Dsn,
    /// Only in the record and its events.
    Event,
}

/// TLS towards an `smtp://` upstream (STARTTLS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpstreamTls {
    /// Without TLS nothing is sent.
    Required,
    /// When the server offers it; the certificate is not the point then.
    #[default]
    Opportunistic,
    /// Never.
    Off,
}

/// How long the upstream may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect_ms: u64,
    /// For an SMTP command's reply.
    pub command_ms: u64,
    /// For the reply to a whole mail or request.
    pub reply_ms: u64,
    /// How long an idle connection is kept for the next one.
    pub idle_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect_ms: 10_000, command_ms: 60_000, reply_ms: 60_000, idle_ms: 30_000 }
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name, in records.
    pub name: String,
    /// One of [`PROVIDERS`].
    pub provider: String,
    /// Where it leads.
    pub upstream: Upstream,
    /// Only messages of this stream; and the stream of messages that come without credential.
    pub stream: Option<String>,
    /// Whose credentials go along.
    pub credentials: RouteCredentials,
    /// How a refusal is told.
    pub refusal: RefusalStyle,
    /// The provider's pace.
    pub rate: Option<Rate>,
    /// Paths that might send by another way.
    pub other_paths: OtherPaths,
    /// Prepend a `Received:` line (SMTP).
    pub trace: bool,
    /// How SMTP tells of blocked recipients among accepted ones.
    pub mixed: Mixed,
    /// The country of national phone numbers, before the brand's.
    pub region: Option<String>,
    /// How long the upstream may take.
    pub timeouts: Timeouts,
    /// TLS towards `smtp://`.
    pub tls: UpstreamTls,
    /// A PEM file of authorities trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// Connections at once.
    pub connections_max: usize,
}

impl Route {
    /// The route that exists when none is configured: takes every provider's messages, sends none.
    pub fn sandbox() -> Route {
        Route {
            name: "sandbox".to_owned(),
            provider: "sandbox".to_owned(),
            upstream: Upstream::Sandbox,
            stream: None,
            credentials: RouteCredentials::Pass,
            refusal: RefusalStyle::Strict,
            rate: None,
            other_paths: OtherPaths::Refuse,
            trace: true,
            mixed: Mixed::Dsn,
            region: None,
            timeouts: Timeouts::default(),
            tls: UpstreamTls::Opportunistic,
            ca: None,
            connections_max: 256,
        }
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    pub(super) name: Spanned<String>,
    provider: Spanned<String>,
    pub(super) upstream: Option<Spanned<String>>,
    pub(super) stream: Option<Spanned<String>>,
    credentials: Option<Spanned<Whose>>,
    own: Option<Spanned<RawOwn>>,
    refusal: Option<Spanned<Style>>,
    callback: Option<Spanned<String>>,
    rate: Option<Spanned<String>>,
    burst: Option<Spanned<u32>>,
    #[serde(default)]
    other_paths: OtherPaths,
    trace: Option<bool>,
    #[serde(default)]
    mixed: Mixed,
    region: Option<Spanned<String>>,
    #[serde(default)]
    timeouts: Timeouts,
    tls: Option<Spanned<UpstreamTls>>,
    ca: Option<Spanned<PathBuf>>,
    connections_max: Option<Spanned<usize>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Whose {
    Pass,
    Own,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Style {
    Strict,
    Native,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwn {
    user: Option<String>,
    secret: Option<Secret>,
    secret_file: Option<PathBuf>,
    secret_env: Option<String>,
}

impl RawRoute {
    pub(super) fn check(&self, problems: &mut Problems, warnings: &mut Vec<String>) -> Option<Route> {
        let provider = self.provider.get_ref().as_str();
        if !PROVIDERS.contains(&provider) {
            let help = did_you_mean(provider, PROVIDERS.iter().copied())
                .unwrap_or_else(|| format!("one of: {}", PROVIDERS.join(", ")));
            problems.add_with_help(self.provider.span(), format!("there is no provider `{provider}`"), help);
            return None;
        }
        let upstream = self.check_upstream(provider, problems)?;
        let credentials = self.check_credentials(problems, warnings)?;
        let tls = self.check_tls(&upstream, &credentials, problems);
        if let Some(region) = &self.region {
            super::stream::check_region(region, problems);
        }
        if let Some(ca) = &self.ca
            && !ca.get_ref().is_file()
        {
            problems.add(ca.span(), format!("{} is not a file that can be read", ca.get_ref().display()));
        }
        if let Some(zero) = self.connections_max.as_ref().filter(|n| *n.get_ref() == 0) {
            problems.add(zero.span(), "with no connection nothing can leave");
        }
        Some(Route {
            name: self.name.get_ref().clone(),
            provider: provider.to_owned(),
            upstream,
            stream: self.stream.as_ref().map(|s| s.get_ref().clone()),
            credentials,
            refusal: self.check_refusal(problems)?,
            rate: self.check_rate(problems),
            other_paths: self.other_paths,
            trace: self.trace.unwrap_or(true),
            mixed: self.mixed,
            region: self.region.as_ref().map(|r| r.get_ref().clone()),
            timeouts: self.timeouts.clone(),
            tls,
            ca: self.ca.as_ref().map(|c| c.get_ref().clone()),
            connections_max: self.connections_max.as_ref().map_or(256, |n| *n.get_ref()),
        })
    }

    fn check_upstream(&self, provider: &str, problems: &mut Problems) -> Option<Upstream> {
        let (text, span) = match (&self.upstream, provider) {
            (Some(upstream), _) => (upstream.get_ref().as_str(), upstream.span()),
            (None, "sandbox") => return Some(Upstream::Sandbox),
            (None, "sendgrid") => ("https://api.sendgrid.com", self.provider.span()),
            (None, "twilio") => ("https://api.twilio.com", self.provider.span()),
            (None, _) => {
                problems.add_with_help(
                    self.name.span(),
                    "where does this route lead?",
                    "add `upstream = \"smtp://host:25\"`",
                );
                return None;
            }
        };
        if text == "sandbox" {
            return Some(Upstream::Sandbox);
        }
        let upstream = match parse_upstream(text) {
            Ok(upstream) => upstream,
            Err(why) => {
                problems.add_with_help(
                    span,
                    format!("this is not an upstream: {why}"),
                    "write `https://api.example.com`, `smtp://host:25`, `smtps://host:465` or `sandbox`",
                );
                return None;
            }
        };
        let fits = match (&upstream, provider) {
            (_, "tactgate") => true,
            (Upstream::Smtp { .. }, provider) => provider == "relay",
            (Upstream::Http { .. }, provider) => provider != "relay" && provider != "sandbox",
            (Upstream::Sandbox, _) => true,
        };
        if !fits {
            problems.add(span, format!("`{provider}` cannot leave by `{text}`"));
            return None;
        }
        Some(upstream)
    }

    fn check_credentials(&self, problems: &mut Problems, warnings: &mut Vec<String>) -> Option<RouteCredentials> {
        let what = format!("route `{}`", self.name.get_ref());
        match (self.credentials.as_ref().map(|c| *c.get_ref()), &self.own) {
            (None | Some(Whose::Pass), None) => Some(RouteCredentials::Pass),
            (Some(Whose::Pass), Some(own)) => {
                problems.add(own.span(), "`own` is given, but `credentials` says \"pass\"");
                None
            }
            (Some(Whose::Own), None) => {
                problems.add_with_help(
                    self.credentials.as_ref().map_or_else(|| self.name.span(), Spanned::span),
                    format!("{what}: own credentials are not given"),
                    "add `own = { user = \"…\", secret_env = \"…\" }`",
                );
                None
            }
            (_, Some(own)) => {
                let raw = own.get_ref();
                let source = SecretSource {
                    inline: raw.secret.clone(),
                    file: raw.secret_file.clone(),
                    env: raw.secret_env.clone(),
                };
                let before = problems.0.len();
                let Some(secret) = source.fetch(own.span(), &what, problems, warnings) else {
                    if problems.0.len() == before {
                        problems.add(own.span(), format!("{what}: `own` needs `secret_file` or `secret_env`"));
                    }
                    return None;
                };
                Some(RouteCredentials::Own { user: raw.user.clone(), secret })
            }
        }
    }

    fn check_tls(&self, upstream: &Upstream, credentials: &RouteCredentials, problems: &mut Problems) -> UpstreamTls {
        let tls = self.tls.as_ref().map(|t| *t.get_ref());
        match upstream {
            Upstream::Smtp { implicit_tls: false, host, .. } => {
                let here = is_this_machine(host);
                if matches!(credentials, RouteCredentials::Own { .. }) && !here && tls != Some(UpstreamTls::Required) {
                    match &self.tls {
                        Some(said) => problems.add_with_help(
                            said.span(),
                            "own credentials would travel in clear text",
                            "off this machine they need `tls = \"required\"` or an `smtps://` upstream",
                        ),
                        None => return UpstreamTls::Required,
                    }
                }
                tls.unwrap_or_default()
            }
            _ => {
                if let Some(said) = &self.tls
                    && *said.get_ref() != UpstreamTls::Required
                {
                    problems.add(said.span(), "`tls` is for `smtp://` upstreams; here the scheme says it");
                }
                UpstreamTls::Required
            }
        }
    }

    fn check_refusal(&self, problems: &mut Problems) -> Option<RefusalStyle> {
        match (self.refusal.as_ref().map(|r| *r.get_ref()), &self.callback) {
            (Some(Style::Native), Some(callback)) => {
                Some(RefusalStyle::Native { callback: callback.get_ref().clone() })
            }
            (Some(Style::Native), None) => {
                problems.add_with_help(
                    self.refusal.as_ref().map_or_else(|| self.name.span(), Spanned::span),
                    "a native refusal is accepted first and told later, but nobody would be told",
                    "add `callback = \"https://…\"`, the address your tool receives the provider's events at, or use \"strict\"",
                );
                None
            }
            (_, Some(callback)) => {
                problems.add(callback.span(), "`callback` is only used with `refusal = \"native\"`");
                None
            }
            _ => Some(RefusalStyle::Strict),
        }
    }

    fn check_rate(&self, problems: &mut Problems) -> Option<Rate> {
        let Some(text) = &self.rate else {
            if let Some(burst) = &self.burst {
                problems.add(burst.span(), "`burst` is only used with `rate`");
            }
            return None;
        };
        let Some((count, per_ms)) = parse_rate(text.get_ref()) else {
            problems.add_with_help(
                text.span(),
                format!("`{}` is not a rate", text.get_ref()),
                "write `50 per second`, `1000 per minute`, `20000 per hour` or `100000 per day`",
            );
            return None;
        };
        let burst = self.burst.as_ref().map_or(count, |b| *b.get_ref());
        if burst == 0 {
            problems.add(
                self.burst.as_ref().map_or_else(|| text.span(), Spanned::span),
                "with a burst of 0 nothing can leave",
            );
        }
        Some(Rate { count, per_ms, burst })
    }
}

/// True for names and addresses that lead to this machine.
pub(super) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn parse_upstream(text: &str) -> Result<Upstream, String> {
    let uri: http::Uri = text.parse().map_err(|_| "not a URL".to_owned())?;
    let scheme = uri.scheme_str().ok_or("no scheme")?;
    let authority = uri.authority().ok_or("no host")?;
    if authority.as_str().contains('@') {
        return Err("credentials do not belong in a URL, use `own`".to_owned());
    }
    if uri.query().is_some() {
        return Err("it has a query".to_owned());
    }
    let host = authority.host().to_owned();
    if host.is_empty() {
        return Err("no host".to_owned());
    }
    let said_port = authority.as_str().strip_prefix(host.as_str()).and_then(|rest| rest.strip_prefix(':'));
    let port = |default: u16| match said_port {
        Some(port) => port.parse::<u16>().ok().filter(|p| *p > 0).ok_or(format!("`{port}` is not a port")),
        None => Ok(default),
    };
    let path = uri.path().trim_end_matches('/').to_owned();
    match scheme {
        "http" => Ok(Upstream::Http { tls: false, host, port: port(80)?, path }),
        "https" => Ok(Upstream::Http { tls: true, host, port: port(443)?, path }),
        "smtp" | "smtps" if !path.is_empty() => Err("a mail server has no path".to_owned()),
        "smtp" => Ok(Upstream::Smtp { implicit_tls: false, host, port: port(25)? }),
        "smtps" => Ok(Upstream::Smtp { implicit_tls: true, host, port: port(465)? }),
        other => Err(format!("the scheme `{other}` is not known")),
    }
}

fn parse_rate(text: &str) -> Option<(u32, u64)> {
    let (count, unit) = text.split_once(" per ")?;
    let count: u32 = count.trim().parse().ok().filter(|n| *n > 0)?;
    let per_ms = match unit.trim() {
        "second" => 1_000,
        "minute" => 60_000,
        "hour" => 3_600_000,
        "day" => 86_400_000,
        _ => return None,
    };
    Some((count, per_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_are_read_with_their_default_ports() {
        let smtp = |implicit_tls, port| Upstream::Smtp { implicit_tls, host: "mx.example".into(), port };
        assert_eq!(parse_upstream("smtp://mx.example").unwrap(), smtp(false, 25));
        assert_eq!(parse_upstream("smtps://mx.example").unwrap(), smtp(true, 465));
        assert_eq!(parse_upstream("smtp://mx.example:587/").unwrap(), smtp(false, 587));
        let http = |path: &str| Upstream::Http { tls: true, host: "api.example".into(), port: 443, path: path.into() };
        assert_eq!(parse_upstream("https://api.example").unwrap(), http(""));
        assert_eq!(parse_upstream("https://api.example/eu/").unwrap(), http("/eu"));
        let six = Upstream::Smtp { implicit_tls: false, host: "[::1]".into(), port: 2526 };
        assert_eq!(parse_upstream("smtp://[::1]:2526").unwrap(), six);
        for wrong in [
            "api.example",
            "ftp://x",
            "https://user:pw@x",
            "https://x?y=1",
            "smtp://x/y",
            "",
            "https://",
            "smtp://x:99999",
        ] {
            assert!(parse_upstream(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_read() {
        assert_eq!(parse_rate("50 per second"), Some((50, 1_000)));
        assert_eq!(parse_rate("20000 per day"), Some((20_000, 86_400_000)));
        for wrong in ["50", "0 per second", "-1 per second", "50 per fortnight", "fifty per second"] {
            assert_eq!(parse_rate(wrong), None, "{wrong}");
        }
    }
}
