//! The SMTP client towards providers: exact bytes, pipelined, a fate per recipient, connections kept
//! per credential. Why not lettre's transport: it adds a CRLF, passes bare LF on, and fails all
//! recipients for one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::dial::{Dial, Tcp};
use super::{MailAnswer, NotForwarded};
use crate::message::{MailEnvelope, MailRecipient, Secret, SmtpReply};

mod peer;
pub mod stuffing;
mod transaction;

use peer::{Failure, Peer};
use transaction::Mail;

/// How the way to the provider is secured. Certificates are always verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelayTls {
    /// Not at all: for an upstream on this machine or a private network.
    Off,
    /// STARTTLS, or nothing is sent.
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// STARTTLS where offered; a login is never sent without it.
    Opportunistic,
}

/// The gateway's own login at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RelayLogin {
    /// None of its own: the client's, when `send` is given one.
    #[default]
    None,
    /// Its own.
    Own {
        /// Who.
        user: String,
        /// The secret.
        password: Secret,
    },
}

/// Settings of one upstream.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// Name or address of the provider's server; the name its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way is secured.
    pub tls: RelayTls,
    /// A PEM file of authorities to trust instead of the machine's.
    pub tls_roots: Option<PathBuf>,
    /// What it calls itself in EHLO.
    pub helo: String,
    /// Wait for a connection, and for a handshake.
    pub connect_ms: u64,
    /// Wait for the answer to a command.
    pub command_ms: u64,
    /// Wait for the answer to a whole mail.
    pub data_ms: u64,
    /// Wait for all of it, once connected: what is over by then and has not left is not sent.
    pub total_ms: u64,
    /// Connections open at once.
    pub connections_max: usize,
    /// Wait for one of them to be free.
    pub wait_ms: u64,
    /// How long an unused connection is kept.
    pub idle_ms: u64,
    /// The login.
    pub login: RelayLogin,
    /// How connections are made.
    pub dial: Arc<dyn Dial>,
}

impl Default for RelaySettings {
    fn default() -> RelaySettings {
        RelaySettings {
            host: "localhost".to_owned(),
            port: 587,
            tls: RelayTls::default(),
            tls_roots: None,
            helo: "localhost".to_owned(),
            connect_ms: 5_000,
            command_ms: 30_000,
            data_ms: 100_000,
            total_ms: 120_000,
            connections_max: 20,
            wait_ms: 5_000,
            // Below the five minutes after which servers close, and the four of cloud firewalls.
            idle_ms: 60_000,
            login: RelayLogin::None,
            dial: Arc::new(Tcp),
        }
    }
}

/// Why a relay cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RelaySetup {
    /// The authorities' file cannot be read.
    #[error("{path}: {why}")]
    Roots {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The name for EHLO would break the line.
    #[error("`{0}` is not a name for EHLO")]
    Helo(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// What a provider says of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginAnswer {
    /// Right.
    Welcome,
    /// Wrong.
    Refused,
    /// Cannot be checked now.
    TryLater(String),
}

/// One upstream with its connections.
pub struct Relay {
    settings: RelaySettings,
    tls: TlsConnector,
    slots: Semaphore,
    parked: Mutex<Vec<Parked>>,
}

/// Whose connection it is: a digest, so that secrets do not lie about in a list.
type Credential = Option<[u8; 32]>;

struct Parked {
    credential: Credential,
    peer: Peer,
    since: Instant,
}

impl Relay {
    /// Sets up; connects to nothing yet.
    pub fn new(settings: RelaySettings) -> Result<Relay, RelaySetup> {
        let fit = !settings.helo.is_empty() && settings.helo.bytes().all(|b| b.is_ascii_graphic());
        if !fit {
            return Err(RelaySetup::Helo(settings.helo));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(&settings)?)
            .with_no_client_auth();
        let slots = Semaphore::new(settings.connections_max.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Relay { settings, tls: TlsConnector::from(Arc::new(config)), slots, parked: Mutex::default() })
    }

    /// Sends one mail. `login` stands before the relay's own. A reply for each recipient, in order,
    /// or the certainty (or not) that nothing left.
    pub async fn send(
        &self,
        login: Option<(&str, &Secret)>,
        envelope: &MailEnvelope,
        recipients: &[MailRecipient],
        data: &Bytes,
    ) -> Result<MailAnswer, NotForwarded> {
        if recipients.is_empty() {
            return Err(NotForwarded::NotSent("a mail without recipients".to_owned()));
        }
        let wire = stuffing::stuffed(data).map_err(|error| NotForwarded::NotSent(error.to_string()))?;
        let mail = Mail {
            envelope,
            recipients,
            wire: &wire,
            size: data.len(),
            eight_bit: stuffing::is_eight_bit(data),
            utf8_header: stuffing::has_utf8_header(data),
            data_wait: Duration::from_millis(self.settings.data_ms),
        };
        let own_login = login.is_none();
        let login = self.effective(login);
        let credential = credential(login);
        let _slot = self.slot().await?;
        if let Some(mut peer) = self.unpark(credential) {
            peer.begin(self.settings.total_ms);
            match mail.send(&mut peer).await {
                // The provider hung up on an unused connection; nothing of the mail's end left.
                Err(Failure::Lost(_)) => {}
                Ok(answer) if answer.data.is_none() && answer.recipients.iter().all(|reply| reply.code == 421) => {}
                other => return self.finish(other, peer, credential),
            }
        }
        match Peer::open(&self.settings, &self.tls, login).await {
            Ok(mut peer) => {
                let outcome = mail.send(&mut peer).await;
                self.finish(outcome, peer, credential)
            }
            Err(failure) => answer(failure, own_login, recipients.len()),
        }
    }

    /// Asks the provider whether a login is right; the connection is kept for its mail.
    pub async fn check_login(&self, user: &str, password: &Secret) -> LoginAnswer {
        let login = Some((user, password));
        let Ok(_slot) = self.slot().await else {
            return LoginAnswer::TryLater("no connection is free".to_owned());
        };
        match Peer::open(&self.settings, &self.tls, login).await {
            Ok(peer) => {
                self.park(peer, credential(login));
                LoginAnswer::Welcome
            }
            Err(Failure::Login(reply)) if reply.code / 100 == 5 => LoginAnswer::Refused,
            Err(Failure::Login(reply) | Failure::Refused(reply)) => {
                LoginAnswer::TryLater(format!("the provider answered {}", reply.code))
            }
            Err(Failure::Lost(why) | Failure::Unknown(why)) => LoginAnswer::TryLater(why),
        }
    }

    /// Closes the unused connections politely: when the gateway stops or a route is dropped.
    pub async fn close(&self) {
        let parked = std::mem::take(&mut *self.lock());
        for parked in parked {
            parked.peer.quit().await;
        }
    }

    fn effective<'a>(&'a self, login: Option<(&'a str, &'a Secret)>) -> Option<(&'a str, &'a Secret)> {
        login.or(match &self.settings.login {
            RelayLogin::None => None,
            RelayLogin::Own { user, password } => Some((user, password)),
        })
    }

    async fn slot(&self) -> Result<SemaphorePermit<'_>, NotForwarded> {
        let wait = Duration::from_millis(self.settings.wait_ms);
        match tokio::time::timeout(wait, self.slots.acquire()).await {
            Ok(Ok(slot)) => Ok(slot),
            _ => Err(NotForwarded::Busy("all connections to the provider are in use".to_owned())),
        }
    }

    fn finish(
        &self,
        outcome: Result<MailAnswer, Failure>,
        peer: Peer,
        credential: Credential,
    ) -> Result<MailAnswer, NotForwarded> {
        match outcome {
            Ok(given) => {
                self.park(peer, credential);
                Ok(given)
            }
            Err(failure) => answer(failure, false, 0),
        }
    }

    fn unpark(&self, credential: Credential) -> Option<Peer> {
        let idle = Duration::from_millis(self.settings.idle_ms);
        let mut parked = self.lock();
        parked.retain(|p| p.since.elapsed() < idle);
        // The youngest first: the others grow old and are closed.
        while let Some(at) = parked.iter().rposition(|p| p.credential == credential) {
            let mut peer = parked.remove(at).peer;
            if peer.is_alive() {
                return Some(peer);
            }
        }
        // A new one will be opened: with it and those in use there must not be more than allowed.
        let in_use = self.settings.connections_max.saturating_sub(self.slots.available_permits());
        let surplus = (parked.len() + in_use).saturating_sub(self.settings.connections_max).min(parked.len());
        parked.drain(..surplus);
        None
    }

    fn park(&self, peer: Peer, credential: Credential) {
        if peer.usable && self.settings.idle_ms > 0 {
            self.lock().push(Parked { credential, peer, since: Instant::now() });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("host", &self.settings.host).finish_non_exhaustive()
    }
}

fn answer(failure: Failure, own_login: bool, recipients: usize) -> Result<MailAnswer, NotForwarded> {
    let all = |reply: SmtpReply| Ok(MailAnswer { recipients: vec![reply; recipients], data: None });
    match failure {
        Failure::Lost(why) => Err(NotForwarded::NotSent(why)),
        Failure::Unknown(why) => Err(NotForwarded::Unknown(why)),
        Failure::Refused(reply) => all(reply),
        // The client's own login is the client's to mend; the gateway's is not, so its mail waits.
        Failure::Login(reply) if own_login => {
            Err(NotForwarded::NotSent(format!("the provider refused the gateway's login with {}", reply.code)))
        }
        Failure::Login(reply) => all(reply),
    }
}

fn credential(login: Option<(&str, &Secret)>) -> Credential {
    let (user, password) = login?;
    let text = format!("{user}\0{}", password.reveal());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let mut key = [0; 32];
    key.iter_mut().zip(digest.as_ref()).for_each(|(key, byte)| *key = *byte);
    Some(key)
}

fn roots(settings: &RelaySettings) -> Result<RootCertStore, RelaySetup> {
    let mut store = RootCertStore::empty();
    if settings.tls == RelayTls::Off {
        return Ok(store);
    }
    match &settings.tls_roots {
        Some(path) => {
            let bad = |why: String| RelaySetup::Roots { path: path.clone(), why };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| bad(e.to_string()))? {
                store.add(certificate.map_err(|e| bad(e.to_string()))?)?;
            }
            if store.is_empty() {
                return Err(bad("holds no certificate".to_owned()));
            }
        }
        None => {
            let native = rustls_native_certs::load_native_certs();
            for error in &native.errors {
                tracing::warn!(%error, "a trusted authority of this machine cannot be read");
            }
            store.add_parsable_certificates(native.certs);
        }
    }
    Ok(store)
}
