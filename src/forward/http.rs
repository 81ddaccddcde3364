//! HTTP to a provider: one upstream, fixed by the configuration and never by a request, with a limit
//! on everything and an exact answer to "did it leave?". Redirects are answers like any other.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderName, Request, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Frame, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::CertificateDer;
use tower::load_shed::error::Overloaded;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

use crate::message::{Declared, HttpReply, HttpRequest};

use super::NotForwarded;
use super::breaker::{Breaker, BreakerOpen, BreakerState};
use super::dial::{Dial, Dialled};

/// How an upstream is reached.
#[derive(Debug, Clone)]
pub struct HttpUpstreamSettings {
    /// `https://api.sendgrid.com`, possibly with a path in front of every request's.
    pub base_url: String,
    /// Plain `http` beyond this machine: credentials and addresses would travel in the open.
    pub plain_allowed: bool,
    /// Certificate authorities to trust beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// A connection, TLS included, must stand after this.
    pub connect_ms: u64,
    /// The whole answer must be there after this.
    pub answer_ms: u64,
    /// Requests at once; more are shed.
    pub concurrency_max: usize,
    /// An idle connection is dropped after this: keep it below the provider's, else a message can meet
    /// a closing connection and its outcome is unknown.
    pub idle_ms: u64,
    /// Largest answer.
    pub answer_bytes_max: usize,
    /// The breaker opens after so many failures in a row.
    pub failures_max: u32,
    /// The breaker probes after this.
    pub cool_down_ms: u64,
    /// How connections are made, where it is not TCP; plain `http` only.
    pub dial: Option<Arc<dyn Dial>>,
}

impl HttpUpstreamSettings {
    /// The defaults, for this upstream.
    pub fn new(base_url: impl Into<String>) -> HttpUpstreamSettings {
        HttpUpstreamSettings {
            base_url: base_url.into(),
            plain_allowed: false,
            extra_roots: Vec::new(),
            connect_ms: 5_000,
            answer_ms: 30_000,
            concurrency_max: 256,
            idle_ms: 20_000,
            answer_bytes_max: 4 << 20,
            failures_max: 20,
            cool_down_ms: 5_000,
            dial: None,
        }
    }
}

/// Why an upstream cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamUnfit {
    /// Not a URL as wanted.
    #[error("`{0}` is not an upstream: write `https://host[:port][/path]`, without user, query or fragment")]
    Url(String),
    /// Plain http to another machine.
    #[error("`{0}` would send credentials and addresses in the open; write https")]
    Plain(String),
    /// A certificate authority cannot be used.
    #[error("a certificate authority cannot be used: {0}")]
    Root(String),
}

type Call = (Request<Outbound>, Arc<AtomicBool>);

/// One upstream.
#[derive(Debug, Clone)]
pub struct HttpUpstream {
    scheme: Scheme,
    authority: Authority,
    prefix: String,
    breaker: Breaker,
    service: BoxCloneSyncService<Call, HttpReply, BoxError>,
}

impl HttpUpstream {
    /// Sets it up; nothing is connected yet.
    pub fn new(settings: &HttpUpstreamSettings) -> Result<HttpUpstream, UpstreamUnfit> {
        let (scheme, authority, prefix) = aim(settings)?;
        let breaker = Breaker::new(settings.failures_max, Duration::from_millis(settings.cool_down_ms));
        let service = match settings.dial.clone() {
            None => service(settings, &breaker, connector(settings, scheme == Scheme::HTTPS)?),
            Some(dial) => {
                let wait = Duration::from_millis(settings.connect_ms);
                service(
                    settings,
                    &breaker,
                    tower::service_fn(move |uri| Box::pin(Dialled::to(uri, dial.clone(), wait))),
                )
            }
        };
        Ok(HttpUpstream { scheme, authority, prefix, breaker, service })
    }

    /// What the breaker lets through, for metrics and the console.
    pub fn breaker(&self) -> BreakerState {
        self.breaker.state()
    }

    /// Sends one request and waits for the whole answer. Never sends twice what may have left once.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpReply, NotForwarded> {
        let begun = Arc::new(AtomicBool::new(false));
        let request = self.outgoing(request, &begun)?;
        match self.service.clone().oneshot((request, Arc::clone(&begun))).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(fate(&*error, begun.load(Ordering::Acquire))),
        }
    }

    fn outgoing(&self, request: HttpRequest, begun: &Arc<AtomicBool>) -> Result<Request<Outbound>, NotForwarded> {
        let unfit = |why: &str| NotForwarded::NotSent(why.to_owned());
        if !request.path.starts_with('/') {
            return Err(unfit("the path does not begin with `/`"));
        }
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{}{query}", self.prefix, request.path);
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(|_| unfit("the path is not one"))?;
        let body = Outbound { body: Full::new(request.body), begun: Arc::clone(begun) };
        let mut outgoing = Request::new(body);
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.headers;
        *outgoing.extensions_mut() = request.spelling;
        let headers = outgoing.headers_mut();
        // Host becomes the upstream's, Content-Length the spliced body's: hyper writes both. What ends
        // here, and what is said to the gateway alone, does not go on.
        let ours: Vec<HeaderName> =
            headers.keys().filter(|name| Declared::is_declaration(name.as_str())).cloned().collect();
        let fixed = [header::HOST, header::CONTENT_LENGTH, header::EXPECT];
        let ends_here = [header::CONNECTION, header::TE, header::TRAILER, header::TRANSFER_ENCODING, header::UPGRADE];
        for name in ours.into_iter().chain(fixed).chain(ends_here) {
            headers.remove(name);
        }
        for name in ["keep-alive", "proxy-connection", "proxy-authorization"] {
            headers.remove(name);
        }
        Ok(outgoing)
    }
}

/// The client over a connector, within its limits.
fn service<C>(
    settings: &HttpUpstreamSettings,
    breaker: &Breaker,
    connector: C,
) -> BoxCloneSyncService<Call, HttpReply, BoxError>
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    let client: Client<C, Outbound> = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_millis(settings.idle_ms))
        .pool_max_idle_per_host(settings.concurrency_max)
        .http1_preserve_header_case(true)
        .build(connector);
    let answer_bytes_max = settings.answer_bytes_max;
    let exchange = tower::service_fn(move |(request, _): Call| exchange(client.clone(), request, answer_bytes_max));
    let service = ServiceBuilder::new()
        .layer(breaker.clone())
        .load_shed()
        .concurrency_limit(settings.concurrency_max)
        .timeout(Duration::from_millis(settings.answer_ms))
        .service(exchange);
    BoxCloneSyncService::new(service)
}

fn aim(settings: &HttpUpstreamSettings) -> Result<(Scheme, Authority, String), UpstreamUnfit> {
    let unfit = || UpstreamUnfit::Url(settings.base_url.clone());
    if settings.base_url.contains(['#', '?', '@']) {
        return Err(unfit());
    }
    let parts = settings.base_url.parse::<Uri>().map_err(|_| unfit())?.into_parts();
    let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(unfit()) };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match scheme.as_str() {
        "https" => {}
        "http" if loopback || settings.plain_allowed => {}
        "http" => return Err(UpstreamUnfit::Plain(settings.base_url.clone())),
        _ => return Err(unfit()),
    }
    let prefix = parts.path_and_query.map_or(String::new(), |path| path.as_str().trim_end_matches('/').to_owned());
    Ok((scheme, authority, prefix))
}

type Connecting = Pin<Box<dyn Future<Output = Result<Connected, BoxError>> + Send>>;
type Connected = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;

/// TCP and TLS within `connect_ms`, by certificates that the system or the configuration trusts.
fn connector(
    settings: &HttpUpstreamSettings,
    secure: bool,
) -> Result<
    impl Service<Uri, Response = Connected, Error = BoxError, Future = Connecting> + Clone + Send + Sync + 'static,
    UpstreamUnfit,
> {
    let mut roots = rustls::RootCertStore::empty();
    if secure {
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::warn!(%error, "a certificate authority of the system cannot be read");
        }
        roots.add_parsable_certificates(native.certs);
        for root in &settings.extra_roots {
            roots.add(root.clone()).map_err(|error| UpstreamUnfit::Root(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(UpstreamUnfit::Root("there is none, and https needs one".to_owned()));
        }
    }
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connect = Duration::from_millis(settings.connect_ms);
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect));
    // HTTP/1.1 alone: it keeps the spelling of field names, which some providers' gateways look at.
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(tower::service_fn(move |uri: Uri| -> Connecting {
        let mut https = https.clone();
        Box::pin(async move {
            match tokio::time::timeout(connect, https.call(uri)).await {
                Ok(connected) => connected,
                Err(_) => Err("the connection was not made in time".into()),
            }
        })
    }))
}

async fn exchange<C>(
    client: Client<C, Outbound>,
    request: Request<Outbound>,
    bytes_max: usize,
) -> Result<HttpReply, BoxError>
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    let (parts, body) = client.request(request).await?.into_parts();
    let body = Limited::new(body, bytes_max).collect().await?.to_bytes();
    let mut headers = parts.headers;
    headers.remove(header::TRANSFER_ENCODING);
    Ok(HttpReply { status: parts.status, headers, body, spelling: parts.extensions })
}

/// What an error means for the message. `begun`: hyper had taken bytes of the body to write.
fn fate(error: &(dyn Error + Send + Sync + 'static), begun: bool) -> NotForwarded {
    if error.is::<BreakerOpen>() || error.is::<Overloaded>() {
        return NotForwarded::Busy(error.to_string());
    }
    let why = match error {
        _ if error.is::<LengthLimitError>() => "the answer is too large".to_owned(),
        _ if error.is::<tower::timeout::error::Elapsed>() => "no answer in time".to_owned(),
        _ => chain(error),
    };
    match begun {
        true => NotForwarded::Unknown(why),
        false => NotForwarded::NotSent(why),
    }
}

/// An error and its causes in one line; none of hyper's holds a byte of a message.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// A body that remembers whether anybody began to send it.
#[derive(Debug)]
struct Outbound {
    body: Full<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        let this = self.get_mut();
        this.begun.store(true, Ordering::Release);
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        // Asked before the head is written: of a request without a body this is the beginning.
        if self.body.is_end_stream() {
            self.begun.store(true, Ordering::Release);
        }
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
