//! `[[route]]`: where messages leave, with whose credentials, how fast, and how refusals are told.

use std::path::PathBuf;

use serde::Deserialize;

use crate::message::Secret;

mod upstream;
mod written;

pub(super) use upstream::is_this_machine;
pub(super) use written::RawRoute;

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
    /// For the reply to a whole mail or request; absent = 25 s for HTTP, 100 s for SMTP.
    pub reply_ms: Option<u64>,
    /// From the last byte of a submission to its answer; absent = 30 s for HTTP, 120 s for SMTP. What has not
    /// begun to leave when `reply_ms` would not end in it any more is not sent, and its sender comes again.
    pub total_ms: Option<u64>,
    /// How long an idle connection is kept for the next one.
    pub idle_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect_ms: 5_000, command_ms: 30_000, reply_ms: None, total_ms: None, idle_ms: 30_000 }
    }
}

/// However the times are set, so long a decision may take at least: two trips to the store, and some.
const START_MS_MIN: u64 = 500;

impl Timeouts {
    /// For the reply to a whole mail or request. Postfix gives a before-queue filter 100 s; applications that
    /// post to an API mostly give up after 30.
    pub fn reply_ms(&self, upstream: &Upstream) -> u64 {
        self.reply_ms.unwrap_or(if matches!(upstream, Upstream::Smtp { .. }) { 100_000 } else { 25_000 })
    }

    /// From the last byte of a submission to its answer.
    pub fn total_ms(&self, upstream: &Upstream) -> u64 {
        self.total_ms.unwrap_or(if matches!(upstream, Upstream::Smtp { .. }) { 120_000 } else { 30_000 })
    }

    /// How long a submission may take until it begins to leave. For mail, a connection comes before the reply.
    pub fn start_ms(&self, upstream: &Upstream) -> u64 {
        let connect_ms = if matches!(upstream, Upstream::Smtp { .. }) { 2 * self.connect_ms } else { 0 };
        let after = self.reply_ms(upstream).saturating_add(connect_ms);
        self.total_ms(upstream).saturating_sub(after).max(START_MS_MIN)
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
