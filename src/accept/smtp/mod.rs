//! The SMTP door: what a mail server or an application submits mail to. It frames strictly (a body
//! can never become commands), is never an open relay, and bounds everything.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::Inside;
use crate::accept::admission::share;
use crate::accept::http::room::Room;
use crate::accept::socket::{Listen, Socket};

pub mod auth;
mod command;
mod connection;
pub mod data;
mod reply;
pub mod session;
pub mod tls;
mod transaction;

/// Settings of one SMTP listener.
#[derive(Debug, Clone)]
pub struct SmtpDoor {
    /// The name it greets with.
    pub host: String,
    /// Who may connect; empty: everybody.
    pub peers: Vec<IpNet>,
    /// Who may send without a login.
    pub networks: Vec<IpNet>,
    /// Offer AUTH.
    pub login: bool,
    /// Offer AUTH without TLS to clients on this machine.
    pub clear_login_on_loopback: bool,
    /// The certificate; offers STARTTLS unless `tls_implicit`.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// TLS from the first byte (port 465).
    pub tls_implicit: bool,
    /// Most bytes of a mail.
    pub message_bytes_max: usize,
    /// Most bytes of a line of a mail, without CRLF (RFC 5321 §4.5.3.1.6).
    pub line_bytes_max: usize,
    /// What a bare CR or LF in a mail means.
    pub bare: data::Bare,
    /// Most recipients of a mail.
    pub recipients_max: usize,
    /// `Received:` fields at which a mail is taken to go in circles.
    pub hops_max: usize,
    /// Refused commands after which the session ends.
    pub errors_max: usize,
    /// Commands such as NOOP and RSET between two mails after which the session ends.
    pub idle_commands_max: usize,
    /// Refused logins after which the session ends.
    pub login_failures_max: usize,
    /// Wait before the answer to a refused login; doubles each time.
    pub login_pause_ms: u64,
    /// Most bytes of mails being taken at once, over all connections.
    pub in_flight_bytes_max: usize,
    /// Open connections.
    pub connections_max: usize,
    /// Open connections of one client address.
    pub connections_per_ip_max: usize,
    /// Wait for a command, a handshake or a write.
    pub command_ms: u64,
    /// Wait for a whole mail.
    pub data_ms: u64,
    /// Wait for what becomes of a mail; after it the client is told that nobody knows, and what is under
    /// way goes on. Clients wait ten minutes (RFC 5321 §4.5.3.2.6).
    pub answer_ms: u64,
    /// Length of a session.
    pub session_ms: u64,
    /// Watch for clients that talk before they are greeted.
    pub greet_pause_ms: u64,
    /// How much of connections and mails is kept for must-send messages.
    pub reserve_percent: usize,
    /// Time open sessions get when the gateway stops.
    pub drain_ms: u64,
}

impl Default for SmtpDoor {
    fn default() -> SmtpDoor {
        SmtpDoor {
            host: "localhost".to_owned(),
            peers: Vec::new(),
            networks: vec![
                IpNet::from(ipnet::Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
                IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ],
            login: false,
            clear_login_on_loopback: false,
            tls: None,
            tls_implicit: false,
            message_bytes_max: 25 * 1024 * 1024,
            line_bytes_max: 998,
            bare: data::Bare::Refuse,
            // Postfix's default; RFC 5321 §4.5.3.1.8 asks for at least 100. Applications do not come
            // back with the recipients a 452 left over, so the number is generous.
            recipients_max: 1_000,
            hops_max: 50,
            errors_max: 10,
            idle_commands_max: 100,
            login_failures_max: 5,
            login_pause_ms: 250,
            in_flight_bytes_max: 512 * 1024 * 1024,
            connections_max: 1_000,
            connections_per_ip_max: 250,
            // RFC 5321 §4.5.3.2.7: "An SMTP server SHOULD have a timeout of at least 5 minutes".
            command_ms: 300_000,
            data_ms: 600_000,
            answer_ms: 540_000,
            session_ms: 3_600_000,
            greet_pause_ms: 1,
            reserve_percent: 20,
            drain_ms: 30_000,
        }
    }
}

/// Accepts until `stop`, then lets open sessions end within `drain_ms`.
pub async fn serve<I: Inside>(listener: impl Listen, door: Arc<SmtpDoor>, inside: Arc<I>, stop: CancellationToken) {
    let places = Places::new(&door);
    let room = Room::new(door.in_flight_bytes_max, door.reserve_percent);
    let spare = door.connections_max - share(door.connections_max, door.reserve_percent).min(door.connections_max);
    let (mut sessions, under_way) = (JoinSet::new(), TaskTracker::new());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((tcp, address)) => {
                    let peer = address.ip().to_canonical();
                    if !door.peers.is_empty() && !door.peers.iter().any(|network| network.contains(&peer)) {
                        continue;
                    }
                    let place = match places.take(peer) {
                        Ok(place) => place,
                        Err(refusal) => {
                            turn_away(&tcp, refusal);
                            continue;
                        }
                    };
                    let is_spare = places.all.available_permits() < spare;
                    let seat = connection::Seat { room: room.clone(), is_spare, under_way: under_way.clone() };
                    let (door, inside, stop) = (Arc::clone(&door), Arc::clone(&inside), stop.clone());
                    sessions.spawn(async move {
                        if let Err(error) = connection::run(tcp, peer, door, inside, stop, seat).await {
                            tracing::debug!(%error, "an SMTP session ended early");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, mostly: wait for sessions to end, do not spin.
                    tracing::warn!(%error, "an SMTP connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    while let Some(Ok((tcp, _))) = listener.accept().now_or_never() {
        // Whom the system had let in already hears why, instead of a reset.
        turn_away(&tcp, STOPPING);
    }
    drop(listener);
    under_way.close();
    let drained = async {
        while sessions.join_next().await.is_some() {}
        // A mail whose client has left is carried to its end all the same.
        under_way.wait().await;
    };
    if tokio::time::timeout(Duration::from_millis(door.drain_ms), drained).await.is_err() {
        tracing::warn!(sessions = sessions.len(), "SMTP sessions did not end in time");
        sessions.abort_all();
    }
}

/// As much as fits without waiting: who is turned away gets no task of its own.
fn turn_away(tcp: &impl Socket, refusal: &[u8]) {
    let _ = tcp.try_write(refusal);
}

/// The gateway goes.
const STOPPING: &[u8] = b"421 4.3.2 the server is stopping\r\n";
/// There is no place at all; it will be better soon.
const FULL: &[u8] = b"421 4.3.2 too many connections, try again\r\n";
/// This client has too many of them.
const TOO_MANY: &[u8] = b"421 4.7.0 too many connections\r\n";

/// Who is connected.
struct Places {
    all: Arc<Semaphore>,
    per_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
    per_ip_max: usize,
}

struct Place {
    _one_of_all: OwnedSemaphorePermit,
    per_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
    peer: IpAddr,
}

impl Places {
    fn new(door: &SmtpDoor) -> Places {
        let all = Arc::new(Semaphore::new(door.connections_max.min(Semaphore::MAX_PERMITS)));
        Places { all, per_ip: Arc::default(), per_ip_max: door.connections_per_ip_max.max(1) }
    }

    fn take(&self, peer: IpAddr) -> Result<Place, &'static [u8]> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| FULL)?;
        let mut per_ip = self.per_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let count = per_ip.entry(peer).or_insert(0);
        if *count >= self.per_ip_max {
            return Err(TOO_MANY);
        }
        *count += 1;
        Ok(Place { _one_of_all: one_of_all, per_ip: Arc::clone(&self.per_ip), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut per_ip = self.per_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = per_ip.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                per_ip.remove(&self.peer);
            }
        }
    }
}
