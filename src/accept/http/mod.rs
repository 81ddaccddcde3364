//! The HTTP door: our own accept loop over hyper, HTTP/1.1 and HTTP/2, plain or TLS. It takes whole
//! requests within limits, hands them inside, and writes the answers; a client that leaves early does
//! not stop what it began.

mod answer;
mod exchange;
mod framing;
mod peers;
pub(super) mod room;
mod target;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Inside;
use super::admission::share;
use super::socket::{Listen, Socket as _};
use answer::Outbox;
use exchange::Exchange;
use peers::Peers;
use room::Room;
use wire::Wire;

/// The gateway goes; another one may be asked at once.
const STOPPING: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

/// How the door is set up. Every limit has a default that suits a brand's own tools.
#[derive(Debug, Clone)]
pub struct HttpDoor {
    /// Largest body.
    pub body_bytes_max: usize,
    /// Largest sum of all bodies held at once; beyond it a request is told to come back.
    pub bodies_bytes_max: usize,
    /// Largest request line with header section.
    pub header_bytes_max: usize,
    /// A header section must be whole after this; also how long an idle connection is kept, and how
    /// long a TLS handshake may take.
    pub header_timeout_ms: u64,
    /// A whole request must have arrived after this.
    pub request_timeout_ms: u64,
    /// A body that arrives slower than this, after `body_grace_ms`, is given up.
    pub body_bytes_per_second_min: u64,
    /// See `body_bytes_per_second_min`.
    pub body_grace_ms: u64,
    /// After this the client is told that the outcome is unknown; what is under way inside goes on.
    pub answer_timeout_ms: u64,
    /// A client that takes nothing of its answer for this long is cut.
    pub write_stall_ms: u64,
    /// Connections at once; more wait to be accepted.
    pub connections_max: usize,
    /// Connections at once from one address; more are closed.
    pub connections_per_peer_max: usize,
    /// How much of connections and bodies is kept for must-send messages.
    pub reserve_percent: usize,
    /// How long a stop waits for requests under way.
    pub drain_ms: u64,
    /// With a certificate: speaks TLS, and nothing else.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Who may connect; empty: everybody.
    pub networks: Vec<IpNet>,
}

impl Default for HttpDoor {
    fn default() -> HttpDoor {
        HttpDoor {
            body_bytes_max: 32 << 20,
            bodies_bytes_max: 512 << 20,
            header_bytes_max: 32 << 10,
            header_timeout_ms: 10_000,
            request_timeout_ms: 60_000,
            body_bytes_per_second_min: 500,
            body_grace_ms: 10_000,
            answer_timeout_ms: 120_000,
            write_stall_ms: 30_000,
            connections_max: 4_096,
            connections_per_peer_max: 512,
            reserve_percent: 20,
            drain_ms: 30_000,
            tls: None,
            networks: Vec::new(),
        }
    }
}

/// Serves until `stop`, then takes no more connections, lets requests under way finish within
/// `drain_ms`, and returns.
pub async fn serve<I: Inside>(listener: impl Listen, door: Arc<HttpDoor>, inside: Arc<I>, stop: CancellationToken) {
    let peers = Peers::new(door.connections_per_peer_max);
    let places = Arc::new(Semaphore::new(door.connections_max));
    let (connections, under_way) = (TaskTracker::new(), TaskTracker::new());
    let room = Room::new(door.bodies_bytes_max, door.reserve_percent);
    let spare = door.connections_max - share(door.connections_max, door.reserve_percent).min(door.connections_max);
    let graceful = GracefulShutdown::new();
    let cut = CancellationToken::new();
    let tls = door.tls.clone().map(TlsAcceptor::from);
    let header_timeout = Duration::from_millis(door.header_timeout_ms);
    loop {
        let arrival = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, (stream, peer)) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            (place, accepted) = arrival => match accepted {
                Ok(accepted) => (place, accepted),
                Err(error) => {
                    // Out of descriptors, or the peer left already: neither ends the door.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let peer = peer.ip().to_canonical();
        if !door.networks.is_empty() && !door.networks.iter().any(|network| network.contains(&peer)) {
            continue;
        }
        let Some(guest) = peers.admit(peer) else { continue };
        if let Err(error) = stream.set_nodelay() {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let exchange = Exchange {
            door: Arc::clone(&door),
            inside: Arc::clone(&inside),
            peer,
            under_way: under_way.clone(),
            room: room.clone(),
            is_spare: places.available_permits() < spare,
            outbox: Outbox::default(),
        };
        let (watcher, tls, cut) = (graceful.watcher(), tls.clone(), cut.clone());
        connections.spawn(async move {
            let _held = (place, guest);
            let served = async {
                match tls {
                    None => converse(stream, exchange, watcher).await,
                    Some(tls) => match tokio::time::timeout(header_timeout, tls.accept(stream)).await {
                        Ok(Ok(stream)) => converse(stream, exchange, watcher).await,
                        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                        Err(_) => tracing::debug!("TLS handshake timed out"),
                    },
                }
            };
            tokio::select! {
                biased;
                () = served => {}
                () = cut.cancelled() => {}
            }
        });
    }
    if door.tls.is_none() {
        while let Some(Ok((stream, _))) = listener.accept().now_or_never() {
            // Whom the system had let in already hears why, as far as that fits, instead of a reset.
            let _ = stream.try_write(STOPPING);
        }
    }
    drop(listener);
    connections.close();
    under_way.close();
    let drained = async {
        graceful.shutdown().await;
        connections.wait().await;
        under_way.wait().await;
    };
    if tokio::time::timeout(Duration::from_millis(door.drain_ms), drained).await.is_err() {
        tracing::warn!(connections = connections.len(), requests = under_way.len(), "stopped before all was answered");
        cut.cancel();
    }
}

/// Serves one connection to its end.
async fn converse<I, T>(stream: T, exchange: Exchange<I>, watcher: hyper_util::server::graceful::Watcher)
where
    I: Inside,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let door = Arc::clone(&exchange.door);
    let header_timeout = Duration::from_millis(door.header_timeout_ms);
    let stall = Duration::from_millis(door.write_stall_ms);
    let wire = Wire::new(stream, door.header_bytes_max, header_timeout, stall, exchange.outbox.clone());
    let exchange = Arc::new(exchange);
    let service = service_fn(move |request| {
        let exchange = Arc::clone(&exchange);
        async move { Ok::<_, std::convert::Infallible>(exchange.answer(request).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .preserve_header_case(true)
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        // Ours counts exactly (framing); hyper's must only not be the smaller one.
        .max_buf_size((door.header_bytes_max + (16 << 10)).max(64 << 10))
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_pending_accept_reset_streams(20)
        .max_header_list_size(u32::try_from(door.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(header_timeout);
    let connection = builder.serve_connection(TokioIo::new(wire), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// The reserved spelling of an address for counting: IPv6 by its /64, since one customer has all of it.
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => IpAddr::V6(std::net::Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}
