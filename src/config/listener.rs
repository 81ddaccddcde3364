//! `[[listener]]`: where the doors stand, who may come in, and how much they take.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::problem::Problems;

/// What is spoken at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// SMTP, with STARTTLS when a certificate is given.
    Smtp,
    /// SMTP inside TLS.
    Smtps,
    /// HTTP.
    Http,
    /// HTTP inside TLS.
    Https,
    /// Health, metrics and console.
    Admin,
}

/// A certificate and its key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The chain, the leaf first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// How much a door takes. Mail and HTTP differ in what is usual, so each has its own defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorLimits {
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address.
    pub connections_per_address_max: usize,
    /// Bytes of one mail or request body.
    pub body_bytes_max: usize,
    /// Bytes of a request's header.
    pub header_bytes_max: usize,
    /// Recipients of one mail (SMTP).
    pub recipients_max: usize,
    /// How long a client may say nothing.
    pub idle_ms: u64,
    /// How long a client may take for one mail's data or one request.
    pub submission_ms: u64,
    /// Bytes of all mails and request bodies held at once.
    pub bodies_bytes_max: usize,
}

impl DoorLimits {
    /// What is usual at a door of that protocol.
    pub fn of(protocol: Protocol) -> DoorLimits {
        let mail = matches!(protocol, Protocol::Smtp | Protocol::Smtps);
        DoorLimits {
            connections_max: 4_096,
            connections_per_address_max: 512,
            // SendGrid: "The total size of your email … must be less than 30MB".
            body_bytes_max: 32 * 1024 * 1024,
            header_bytes_max: 32 * 1024,
            recipients_max: 1_000,
            // RFC 5321 §4.5.3.2.7: "An SMTP server SHOULD have a timeout of at least 5 minutes".
            idle_ms: if mail { 300_000 } else { 10_000 },
            submission_ms: if mail { 600_000 } else { 60_000 },
            bodies_bytes_max: 512 * 1024 * 1024,
        }
    }
}

/// A door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where.
    pub address: SocketAddr,
    /// The certificate.
    pub tls: Option<TlsFiles>,
    /// Peers that may connect; empty = all.
    pub networks: Vec<IpNet>,
    /// Only for those who show a credential.
    pub auth: bool,
    /// What the SMTP door calls itself; `None` = the machine's name.
    pub hostname: Option<String>,
    /// How much it takes.
    pub limits: DoorLimits,
}

impl Listener {
    /// A door on loopback with every default.
    pub fn on_loopback(protocol: Protocol, port: u16) -> Listener {
        Listener {
            protocol,
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            tls: None,
            networks: Vec::new(),
            auth: false,
            hostname: None,
            limits: DoorLimits::of(protocol),
        }
    }

    /// True when this peer may connect. A mapped IPv4 address counts as IPv4.
    pub fn admits(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&peer))
    }

    /// True when only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListener {
    pub(super) protocol: Spanned<Protocol>,
    pub(super) address: Spanned<String>,
    tls: Option<TlsFiles>,
    #[serde(default)]
    networks: Vec<Spanned<String>>,
    auth: Option<bool>,
    hostname: Option<String>,
    #[serde(default)]
    limits: RawLimits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    connections_max: Option<usize>,
    connections_per_address_max: Option<usize>,
    body_bytes_max: Option<usize>,
    header_bytes_max: Option<usize>,
    recipients_max: Option<usize>,
    idle_ms: Option<u64>,
    submission_ms: Option<u64>,
    bodies_bytes_max: Option<usize>,
}

impl RawLimits {
    fn of(&self, protocol: Protocol) -> DoorLimits {
        let usual = DoorLimits::of(protocol);
        DoorLimits {
            connections_max: self.connections_max.unwrap_or(usual.connections_max),
            connections_per_address_max: self.connections_per_address_max.unwrap_or(usual.connections_per_address_max),
            body_bytes_max: self.body_bytes_max.unwrap_or(usual.body_bytes_max),
            header_bytes_max: self.header_bytes_max.unwrap_or(usual.header_bytes_max),
            recipients_max: self.recipients_max.unwrap_or(usual.recipients_max),
            idle_ms: self.idle_ms.unwrap_or(usual.idle_ms),
            submission_ms: self.submission_ms.unwrap_or(usual.submission_ms),
            bodies_bytes_max: self.bodies_bytes_max.unwrap_or(usual.bodies_bytes_max),
        }
    }
}

impl RawListener {
    pub(super) fn check(&self, problems: &mut Problems) -> Option<Listener> {
        let protocol = *self.protocol.get_ref();
        let address: SocketAddr = match self.address.get_ref().parse() {
            Ok(address) => address,
            Err(_) => {
                problems.add_with_help(
                    self.address.span(),
                    format!("`{}` is not an address", self.address.get_ref()),
                    "write an IP address and a port: `127.0.0.1:2525` or `[::1]:2525`",
                );
                return None;
            }
        };
        let mut networks = Vec::new();
        for network in &self.networks {
            let text = network.get_ref();
            match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
                Ok(net) => networks.push(net),
                Err(_) => problems.add_with_help(
                    network.span(),
                    format!("`{text}` is not a network"),
                    "write it as `10.0.0.0/8` or `2001:db8::/32`",
                ),
            }
        }
        let listener = Listener {
            protocol,
            address,
            tls: self.tls.clone(),
            networks,
            auth: self.auth.unwrap_or(false),
            hostname: self.hostname.clone(),
            limits: self.limits.of(protocol),
        };
        if matches!(protocol, Protocol::Smtps | Protocol::Https) && listener.tls.is_none() {
            problems.add_with_help(
                self.protocol.span(),
                "this protocol needs a certificate",
                "add `tls = { cert = \"….pem\", key = \"….pem\" }`",
            );
        }
        if matches!(protocol, Protocol::Http) && listener.tls.is_some() {
            problems.add(self.protocol.span(), "`http` uses no certificate; did you mean `https`?");
        }
        if let Some(tls) = &listener.tls {
            for path in [&tls.cert, &tls.key] {
                if !path.is_file() {
                    problems.add(self.protocol.span(), format!("{} is not a file that can be read", path.display()));
                }
            }
        }
        if protocol == Protocol::Admin && listener.tls.is_some() {
            problems.add(self.protocol.span(), "the admin door speaks no TLS; put a proxy before it");
        }
        // An open relay is found within hours; an open admin door shows what the brand sends.
        if !listener.is_loopback() && !listener.auth && self.networks.is_empty() {
            problems.add_with_help(
                self.address.span(),
                "this door would be open to everybody",
                "off loopback, say who may use it: `networks = [\"10.0.0.0/8\"]` or `auth = true`",
            );
        }
        Some(listener)
    }
}
