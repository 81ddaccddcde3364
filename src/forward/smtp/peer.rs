//! One connection to a provider, greeted, secured and logged in: lines out, replies in, every wait
//! bounded.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use rustls_pki_types::ServerName;
use smtp_proto::response::parser::ResponseReceiver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::{RelaySettings, RelayTls};
use crate::forward::dial::Pipe;
use crate::message::{Secret, SmtpReply};

/// Most bytes of one reply, all its lines together.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Why a connection or a mail on it came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// Certain: the message's end did not leave.
    Lost(String),
    /// Certain, and the provider said why (greeting, EHLO, STARTTLS).
    Refused(SmtpReply),
    /// The provider refused the login.
    Login(SmtpReply),
    /// The message's end may have left.
    Unknown(String),
}

/// What the provider offers (EHLO).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub pipelining: bool,
    pub eight_bit: bool,
    pub smtputf8: bool,
    pub dsn: bool,
    pub size: Option<usize>,
    pub starttls: bool,
    pub auth_plain: bool,
    pub auth_login: bool,
}

impl Offers {
    fn read(reply: &SmtpReply) -> Offers {
        let mut offers = Offers::default();
        for line in reply.text.lines().skip(1) {
            let upper = line.to_ascii_uppercase();
            let mut words = upper.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SMTPUTF8") => offers.smtputf8 = true,
                Some("DSN") => offers.dsn = true,
                Some("STARTTLS") => offers.starttls = true,
                // RFC 1870 §4: no number, or 0, means that no limit is told.
                Some("SIZE") => offers.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0)),
                Some("AUTH") => {
                    for mechanism in words {
                        offers.auth_plain |= mechanism == "PLAIN";
                        offers.auth_login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

/// An open connection.
pub(super) struct Peer {
    pipe: Box<dyn Pipe>,
    input: BytesMut,
    receiver: ResponseReceiver,
    command_wait: Duration,
    ends: Instant,
    pub offers: Offers,
    /// False once it cannot take another mail.
    pub usable: bool,
}

impl Peer {
    /// Connects, secures, greets and logs in.
    pub async fn open(
        settings: &RelaySettings,
        tls: &TlsConnector,
        login: Option<(&str, &Secret)>,
    ) -> Result<Peer, Failure> {
        let connect_wait = Duration::from_millis(settings.connect_ms);
        let pipe = timeout(connect_wait, settings.dial.dial(&settings.host, settings.port))
            .await
            .map_err(|_| Failure::Lost("connecting took too long".to_owned()))?
            .map_err(lost)?;
        let mut peer = Peer {
            pipe,
            input: BytesMut::with_capacity(4 * 1024),
            receiver: ResponseReceiver::default(),
            command_wait: Duration::from_millis(settings.command_ms),
            ends: Instant::now() + Duration::from_millis(settings.total_ms),
            offers: Offers::default(),
            usable: true,
        };
        let mut secure = settings.tls == RelayTls::Implicit;
        if secure {
            peer = peer.secured(settings, tls, connect_wait).await?;
        }
        let greeting = peer.reply().await?;
        positive(greeting)?;
        peer.hello(&settings.helo).await?;
        let wants = match settings.tls {
            RelayTls::Off | RelayTls::Implicit => false,
            RelayTls::StartTls if !peer.offers.starttls => {
                return Err(Failure::Lost("the provider does not offer STARTTLS".to_owned()));
            }
            RelayTls::StartTls => true,
            RelayTls::Opportunistic => peer.offers.starttls,
        };
        if wants {
            let answer = peer.ask("STARTTLS\r\n").await?;
            positive(answer)?;
            if !peer.input.is_empty() {
                // Replies sent before the handshake would be taken for the provider's own words after
                // it (CVE-2011-0411 and its kin).
                return Err(Failure::Lost("plaintext followed the answer to STARTTLS".to_owned()));
            }
            peer = peer.secured(settings, tls, connect_wait).await?;
            peer.hello(&settings.helo).await?;
            secure = true;
        }
        if let Some((user, password)) = login {
            if !secure && settings.tls == RelayTls::Opportunistic {
                // Whoever strips STARTTLS from the offer must not be given a password for it.
                return Err(Failure::Lost("no TLS to send a login through".to_owned()));
            }
            peer.login(user, password).await?;
        }
        Ok(peer)
    }

    /// Begins another mail: all of it within `total_ms`.
    pub fn begin(&mut self, total_ms: u64) {
        self.ends = Instant::now() + Duration::from_millis(total_ms);
    }

    /// True when nothing came and nobody left since the last reply.
    pub fn is_alive(&mut self) -> bool {
        let mut byte = [0; 1];
        self.usable && self.input.is_empty() && self.pipe.read(&mut byte).now_or_never().is_none()
    }

    /// Writes, wholly.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = timeout_at(self.until(self.command_wait), async {
            self.pipe.write_all(bytes).await?;
            self.pipe.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_) => Err(self.broken(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Writes a mail's content with its final dot. `Lost` while the final byte has not been taken by
    /// the transport, `Unknown` from then on.
    pub async fn write_content(&mut self, wire: &[u8]) -> Result<(), Failure> {
        let mut at = 0;
        while at < wire.len() {
            match timeout_at(self.until(self.command_wait), self.pipe.write(&wire[at..])).await {
                Ok(Ok(0)) => return Err(self.broken(io::ErrorKind::WriteZero.into())),
                Ok(Ok(n)) => at += n,
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => return Err(self.broken(io::ErrorKind::TimedOut.into())),
            }
        }
        match timeout_at(self.until(self.command_wait), self.pipe.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.unknown(error)),
            Err(_) => Err(self.unknown(io::ErrorKind::TimedOut.into())),
        }
    }

    /// The next reply, within the wait for commands.
    pub async fn reply(&mut self) -> Result<SmtpReply, Failure> {
        self.reply_within(self.command_wait).await
    }

    /// The next reply.
    pub async fn reply_within(&mut self, wait: Duration) -> Result<SmtpReply, Failure> {
        match timeout_at(self.until(wait), self.read_reply()).await {
            Ok(Ok(reply)) => {
                // RFC 5321 §3.8: 421 announces the end of the connection.
                self.usable &= reply.code != 421;
                Ok(reply)
            }
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_) => Err(self.broken(io::ErrorKind::TimedOut.into())),
        }
    }

    /// One command, one reply.
    pub async fn ask(&mut self, line: &str) -> Result<SmtpReply, Failure> {
        self.write(line.as_bytes()).await?;
        self.reply().await
    }

    /// Ends a transaction that came to nothing, so that the next mail finds a clean session.
    pub async fn reset(&mut self) {
        if self.usable {
            self.usable = self.ask("RSET\r\n").await.is_ok_and(|reply| reply.is_positive());
        }
    }

    /// Says goodbye without waiting for the answer.
    pub async fn quit(mut self) {
        if self.usable {
            let _ = timeout(Duration::from_millis(500), self.pipe.write_all(b"QUIT\r\n")).await;
        }
        let _ = timeout(Duration::from_millis(500), self.pipe.shutdown()).await;
    }

    async fn read_reply(&mut self) -> io::Result<SmtpReply> {
        let mut bytes_read = 0;
        loop {
            if !self.input.is_empty() {
                let mut rest = self.input.iter();
                let parsed = self.receiver.parse(&mut rest);
                let used = self.input.len() - rest.len();
                bytes_read += used;
                self.input.advance(used);
                match parsed {
                    Ok(response) => {
                        self.receiver.reset();
                        if !(200..600).contains(&response.code) {
                            return Err(io::Error::other("a reply without a valid code"));
                        }
                        let [class, subject, detail] = response.esc;
                        let enhanced = (class > 0).then(|| format!("{class}.{subject}.{detail}"));
                        let text = response.message.replace('\r', "");
                        return Ok(SmtpReply { code: response.code, enhanced, text });
                    }
                    Err(smtp_proto::Error::NeedsMoreData { .. }) if bytes_read < REPLY_BYTES_MAX => {}
                    Err(error) => return Err(io::Error::other(format!("not an SMTP reply: {error}"))),
                }
            }
            self.input.reserve(4 * 1024);
            if self.pipe.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn hello(&mut self, helo: &str) -> Result<(), Failure> {
        let answer = self.ask(&format!("EHLO {helo}\r\n")).await?;
        if answer.is_positive() {
            self.offers = Offers::read(&answer);
            return Ok(());
        }
        if !matches!(answer.code, 500..=504) {
            return Err(Failure::Refused(answer));
        }
        self.offers = Offers::default();
        let answer = self.ask(&format!("HELO {helo}\r\n")).await?;
        positive(answer)
    }

    async fn secured(self, settings: &RelaySettings, tls: &TlsConnector, wait: Duration) -> Result<Peer, Failure> {
        let Peer { pipe, input, receiver, command_wait, ends, offers, usable } = self;
        let name = ServerName::try_from(settings.host.clone())
            .map_err(|_| Failure::Lost("the upstream's name cannot be in a certificate".to_owned()))?;
        let pipe = timeout(wait, tls.connect(name, pipe))
            .await
            .map_err(|_| Failure::Lost("the TLS handshake took too long".to_owned()))?
            .map_err(lost)?;
        Ok(Peer { pipe: Box::new(pipe), input, receiver, command_wait, ends, offers, usable })
    }

    async fn login(&mut self, user: &str, password: &Secret) -> Result<(), Failure> {
        if user.contains('\0') || password.reveal().contains('\0') {
            return Err(Failure::Login(SmtpReply::new(535, "5.7.8", "the login cannot hold a NUL")));
        }
        let answer = if self.offers.auth_plain {
            let response = STANDARD.encode(format!("\0{user}\0{}", password.reveal()));
            self.ask(&format!("AUTH PLAIN {response}\r\n")).await?
        } else if self.offers.auth_login {
            let mut answer = self.ask("AUTH LOGIN\r\n").await?;
            for line in [user, password.reveal()] {
                if answer.code == 334 {
                    answer = self.ask(&format!("{}\r\n", STANDARD.encode(line))).await?;
                }
            }
            answer
        } else {
            return Err(Failure::Lost("the provider offers neither AUTH PLAIN nor LOGIN".to_owned()));
        };
        if answer.code == 235 { Ok(()) } else { Err(Failure::Login(answer)) }
    }

    fn until(&self, wait: Duration) -> Instant {
        self.ends.min(Instant::now() + wait)
    }

    fn broken(&mut self, error: io::Error) -> Failure {
        self.usable = false;
        lost(error)
    }

    fn unknown(&mut self, error: io::Error) -> Failure {
        self.usable = false;
        Failure::Unknown(error.to_string())
    }
}

fn lost(error: io::Error) -> Failure {
    Failure::Lost(error.to_string())
}

fn positive(reply: SmtpReply) -> Result<(), Failure> {
    if reply.is_positive() { Ok(()) } else { Err(Failure::Refused(reply)) }
}
