//! The admin door, on a listener of its own: `/healthz` (the process runs), `/readyz` (it can take
//! messages, and if not, why) and `/metrics`. It shows no message, no address, no secret.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};

use super::socket::Listen;

/// What the admin door asks of the gateway.
pub trait AdminView: Send + Sync + 'static {
    /// How it stands.
    fn readiness(&self) -> impl Future<Output = Readiness> + Send;

    /// The page `/metrics`, as [`crate::record::Metrics::encode`] gives it.
    fn metrics(&self) -> impl Future<Output = String> + Send;
}

/// How the gateway stands. Ready means: it takes messages and every law rule can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Readiness {
    /// All of the below is well.
    pub ready: bool,
    /// No route is configured: nothing leaves.
    pub sandbox: bool,
    /// The policies in force.
    pub policies: PolicyReadiness,
    /// The store.
    pub store: PartReadiness,
    /// The hold file.
    pub hold: PartReadiness,
    /// The routes, by name.
    pub routes: Vec<RouteReadiness>,
}

/// Which policies decide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PolicyReadiness {
    /// Hash of the set in force; empty before the first.
    pub hash: String,
    /// When it was taken.
    pub loaded_at: Option<jiff::Timestamp>,
    /// Why the newest files are not in force.
    pub error: Option<String>,
}

/// Whether a part of the gateway works.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PartReadiness {
    /// It does.
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
}

/// Whether a route takes messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RouteReadiness {
    /// Its name.
    pub name: String,
    /// It does.
    pub ok: bool,
    /// `closed`, `half-open`, `open`.
    pub breaker: String,
}

/// The door's pages, for whoever adds more (the console) to the same listener.
pub fn router<V: AdminView>(view: Arc<V>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz::<V>))
        .route("/metrics", get(metrics::<V>))
        .with_state(view)
}

/// The pages for holders of a credential only: `admits` judges the field `Authorization`. `/healthz`
/// stays open, it tells nothing.
pub fn only_for(router: Router, admits: impl Fn(&str) -> bool + Clone + Send + Sync + 'static) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let admitted = request.uri().path() == "/healthz" || shown.is_some_and(&admits);
        async move {
            match admitted {
                true => next.run(request).await,
                // A browser asks its user then; the token is the password, any user name does.
                false => (
                    StatusCode::UNAUTHORIZED,
                    [(header::WWW_AUTHENTICATE, "Basic realm=\"tactgate\"")],
                    "a token is needed\n",
                )
                    .into_response(),
            }
        }
    }))
}

/// Answers until `stop` resolves, then lets what was asked before be answered, for at most
/// [`DRAIN_SECONDS`]. The accept loop is our own because `axum::serve` sets no timer: a client that
/// dribbles its headers would keep its connection, and the stop, for ever.
pub async fn serve<V: AdminView>(
    listener: TcpListener,
    view: Arc<V>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_router(listener, router(view), |_| true, stop).await
}

/// [`serve`] for a router with more pages on it, or fewer visitors.
pub async fn serve_router(
    listener: impl Listen,
    router: Router,
    may_connect: impl Fn(IpAddr) -> bool + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let pages = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEADER_SECONDS)).max_headers(64);
    let (drain, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &room, &may_connect) => accepted,
        };
        let Some((client, place)) = accepted else { continue };
        let serving = drain.watch(http.serve_connection(TokioIo::new(client), pages.clone()));
        tokio::spawn(async move {
            if let Err(why) = serving.await {
                debug!(%why, "an admin connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    // Whoever is still slow after that is cut off with the process.
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS), drain.shutdown()).await;
    Ok(())
}

/// Seconds for a request's header.
pub const HEADER_SECONDS: u64 = 5;
/// Seconds for open requests once the door closes.
pub const DRAIN_SECONDS: u64 = 5;
const CONNECTIONS_MAX: usize = 64;

async fn accept<L: Listen>(
    listener: &L,
    room: &Arc<Semaphore>,
    may_connect: &impl Fn(IpAddr) -> bool,
) -> Option<(L::Stream, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((client, peer)) => may_connect(peer.ip()).then_some((client, place)),
        Err(why) => {
            // Out of file descriptors, say: wait, rather than turn in a loop.
            warn!(%why, "the admin door could not take a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn readyz<V: AdminView>(State(view): State<Arc<V>>) -> Response {
    let readiness = view.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

async fn metrics<V: AdminView>(State(view): State<Arc<V>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], view.metrics().await).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    struct Gateway(bool);

    impl AdminView for Gateway {
        async fn readiness(&self) -> Readiness {
            let error = (!self.0).then(|| "the store does not answer".to_owned());
            Readiness { ready: self.0, store: PartReadiness { ok: self.0, error }, ..Readiness::default() }
        }

        async fn metrics(&self) -> String {
            crate::record::Metrics::new().encode()
        }
    }

    async fn get(ready: bool, path: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(serve(listener, Arc::new(Gateway(ready)), stopped));
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn the_three_pages_answer() {
        assert!(get(false, "/healthz").await.starts_with("HTTP/1.1 200"), "alive although not ready");
        let ready = get(true, "/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains(r#""ready":true"#), "{ready}");
        let unready = get(false, "/readyz").await;
        assert!(unready.starts_with("HTTP/1.1 503") && unready.contains("the store does not answer"), "{unready}");
        let page = get(true, "/metrics").await;
        assert!(page.contains("openmetrics-text") && page.trim_end().ends_with("# EOF"), "{page}");
        assert!(get(true, "/secrets").await.starts_with("HTTP/1.1 404"));
    }
}
