//! One request and its answer: the body within its limits, hop-by-hop fields off both ways, and the
//! path below the first segment handed inside in a task of its own, so that neither a client that
//! hangs up nor a panic takes anything with it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::accept::admission::RETRY_AFTER_SECONDS;
use crate::accept::{Client, Inside, Place, Sender, Shed, Telling};
use crate::message::{HttpReply, HttpRequest};
use crate::providers::{self, Refusal};

use super::answer::{Answer, Outbox};
use super::framing::{REFUSAL_FIELD, Refused};
use super::room::{Held, Room};
use super::{HttpDoor, target};

/// What a connection's requests share.
pub struct Exchange<I> {
    pub door: Arc<HttpDoor>,
    pub inside: Arc<I>,
    pub peer: IpAddr,
    pub under_way: TaskTracker,
    pub room: Room,
    /// One of the last connections there is a place for: kept for must-send messages.
    pub is_spare: bool,
    pub outbox: Outbox,
}

impl<I: Inside> Exchange<I> {
    /// Answers one request; always answers.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Answer> {
        let (version, head) = (request.version(), request.method() == Method::HEAD);
        let (dialect, path) = split(request.uri().path());
        let dialect = dialect.to_owned();
        let shape = HttpRequest { method: request.method().clone(), path: path.to_owned(), ..HttpRequest::default() };
        let ((reply, telling), close) = match self.take(&dialect, request).await {
            Ok((taken, held, place)) => (self.carry(dialect, taken, held, place).await, false),
            Err(refusal) => ((worded(&dialect, &shape, &refusal), None), true),
        };
        written(reply, version, head, close).map(|body| Answer::new(body, telling, &self.outbox))
    }

    /// The whole request, within the door's limits.
    async fn take(&self, dialect: &str, request: Request<Incoming>) -> Result<(HttpRequest, Held, Place), Cut> {
        self.checked(&request)?;
        let (mut parts, body) = request.into_parts();
        let sender = Sender::Request(dialect, &parts.headers);
        if let Some(shed) = self.turns_away(sender) {
            return Err(self.shed(sender, shed));
        }
        let mut held = self.room.enter();
        let body = self.body(body, &mut held, sender).await?;
        let place = self.inside.enter(sender).map_err(|shed| self.shed(sender, shed))?;
        hop_by_hop(&mut parts.headers);
        parts.headers.remove(header::EXPECT);
        parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        let path = split(parts.uri.path()).1.to_owned();
        let request = HttpRequest {
            method: parts.method,
            path,
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
            spelling: parts.extensions,
        };
        Ok((request, held, place))
    }

    /// Decided from the header alone: a body that will not be carried is not read.
    fn turns_away(&self, sender: Sender<'_>) -> Option<Shed> {
        let crowded = || self.is_spare && !self.inside.is_must_send(sender);
        self.inside.turns_away(sender).or_else(|| crowded().then_some(Shed::Crowded))
    }

    fn shed(&self, sender: Sender<'_>, shed: Shed) -> Cut {
        self.inside.turned_away(sender);
        Cut::Shed(shed)
    }

    fn checked(&self, request: &Request<Incoming>) -> Result<(), Cut> {
        if request.version() != Version::HTTP_2 {
            // The framing check has seen these bytes; only its own replacement carries the field.
            return match request.headers().get(REFUSAL_FIELD) {
                None => Ok(()),
                Some(value) => Err(Cut::Refused(refusal(value))),
            };
        }
        target::method(request.method().as_str().as_bytes()).map_err(told)?;
        let aimed = request.uri().path_and_query().map_or("", |target| target.as_str());
        target::path_and_query(aimed.as_bytes()).map_err(told)?;
        let bad = |why: &str| Cut::Refused((StatusCode::BAD_REQUEST, why.to_owned()));
        let authority = request.uri().authority().map(|authority| authority.as_str());
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = hosts.next().map(HeaderValue::as_bytes);
        match (authority, host) {
            (None, None) => return Err(bad("exactly one Host is required")),
            (Some(authority), Some(host)) if !host.eq_ignore_ascii_case(authority.as_bytes()) => {
                return Err(bad("Host and :authority differ"));
            }
            (Some(one), _) => target::host(one.as_bytes()).map_err(told)?,
            (None, Some(one)) => target::host(one).map_err(told)?,
        }
        if hosts.next().is_some() {
            return Err(bad("exactly one Host is required"));
        }
        if request.headers().get_all(header::CONTENT_LENGTH).iter().count() > 1 {
            return Err(bad("the length of the body is ambiguous"));
        }
        if request.headers().contains_key(REFUSAL_FIELD) {
            return Err(bad("a header field is reserved"));
        }
        if [Method::GET, Method::HEAD].contains(request.method()) && !request.body().is_end_stream() {
            return Err(bad("a reading request has a body"));
        }
        let unknown = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"100-continue");
        if request.headers().get(header::EXPECT).is_some_and(unknown) {
            return Err(Cut::Refused((StatusCode::EXPECTATION_FAILED, "unknown expectation".to_owned())));
        }
        Ok(())
    }

    /// Reads the body against the clock: the whole within `request_timeout_ms`, and every piece before
    /// the slowest sender we bear would have sent it.
    async fn body(&self, mut body: Incoming, held: &mut Held, sender: Sender<'_>) -> Result<Bytes, Cut> {
        let (door, began) = (&self.door, Instant::now());
        if body.size_hint().lower() > door.body_bytes_max as u64 {
            return Err(Cut::TooLarge(door.body_bytes_max));
        }
        let whole_by = began + Duration::from_millis(door.request_timeout_ms);
        let mut read = BytesMut::new();
        loop {
            let earned_ms = (read.len() as u64).saturating_mul(1_000) / door.body_bytes_per_second_min.max(1);
            let piece_by = began + Duration::from_millis(door.body_grace_ms.saturating_add(earned_ms));
            let frame = match tokio::time::timeout_at(whole_by.min(piece_by), body.frame()).await {
                Err(_) => {
                    let why = "the body arrives too slowly".to_owned();
                    return Err(Cut::Refused((StatusCode::REQUEST_TIMEOUT, why)));
                }
                Ok(None) => return Ok(read.freeze()),
                Ok(Some(Err(_))) => {
                    let why = "the body is malformed or ends early".to_owned();
                    return Err(Cut::Refused((StatusCode::BAD_REQUEST, why)));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            if let Ok(data) = frame.into_data() {
                if data.len() > door.body_bytes_max.saturating_sub(read.len()) {
                    return Err(Cut::TooLarge(door.body_bytes_max));
                }
                if !held.grow(data.len(), || self.inside.is_must_send(sender)) {
                    return Err(self.shed(sender, Shed::Full));
                }
                read.extend_from_slice(&data);
            }
        }
    }

    /// Hands it inside. The task is its own: a connection that dies does not cancel what may already
    /// have reached the provider.
    /// With it comes who is told of it; a reply of the door's own in its place tells the client nothing of
    /// what became of its message.
    async fn carry(
        &self,
        dialect: String,
        request: HttpRequest,
        held: Held,
        place: Place,
    ) -> (HttpReply, Option<Telling>) {
        if dialect.is_empty() {
            return (providers::unknown_segment("", &[]), None);
        }
        let shape =
            HttpRequest { method: request.method.clone(), path: request.path.clone(), ..HttpRequest::default() };
        let (inside, peer, name) = (Arc::clone(&self.inside), self.peer, dialect.clone());
        let (client, telling) = Client::waiting();
        let task = self.under_way.spawn(async move {
            let _held = (held, place);
            inside.request(peer, &name, request, client).await
        });
        match tokio::time::timeout(Duration::from_millis(self.door.answer_timeout_ms), task).await {
            Ok(Ok(reply)) => (reply, Some(telling)),
            Ok(Err(error)) => {
                tracing::error!(panicked = error.is_panic(), "a request failed inside");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let failed = Cut::Refused((status, "the gateway failed on this request".to_owned()));
                (worded(&dialect, &shape, &failed), None)
            }
            Err(_) => (worded(&dialect, &shape, &Cut::Unanswered), None),
        }
    }
}

/// Why a request is not carried inside, or its answer not awaited.
enum Cut {
    TooLarge(usize),
    Refused((StatusCode, String)),
    Unanswered,
    Shed(Shed),
}

fn told(refused: Refused) -> Cut {
    Cut::Refused((refused.status, refused.why.to_owned()))
}

/// `400 why`, as the framing check wrote it.
fn refusal(value: &HeaderValue) -> (StatusCode, String) {
    let (status, why) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or(("400", "refused"));
    (status.parse().unwrap_or(StatusCode::BAD_REQUEST), why.to_owned())
}

/// In the dialect's own words, or in plain JSON where there is none.
fn worded(dialect: &str, request: &HttpRequest, cut: &Cut) -> HttpReply {
    let refusal = match cut {
        Cut::TooLarge(max) => Refusal::TooLarge(*max),
        Cut::Refused((status, why)) => Refusal::Door { status: *status, why },
        Cut::Unanswered => Refusal::OutcomeUnknown,
        // The whole gateway goes: another one is to be asked, at once.
        Cut::Shed(Shed::Stopping) => Refusal::TryLater { why: "the gateway is stopping", retry_after_seconds: 1 },
        Cut::Shed(Shed::Full | Shed::Crowded) => Refusal::Busy { retry_after_seconds: RETRY_AFTER_SECONDS },
    };
    let dialect = providers::dialect(dialect).unwrap_or(&providers::tactgate::Tactgate);
    dialect.refused(request, &refusal)
}

/// `/sendgrid/v3/x` → `sendgrid`, `/v3/x`.
fn split(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.find('/') {
        Some(slash) => path.split_at(slash),
        None => (path, "/"),
    }
}

fn written(reply: HttpReply, version: Version, head: bool, close: bool) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    *response.extensions_mut() = reply.spelling;
    let headers = response.headers_mut();
    hop_by_hop(headers);
    if !head {
        headers.remove(header::CONTENT_LENGTH);
    }
    if close && version != Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// RFC 9110 §7.6.1: "intermediaries MUST parse a received Connection header field before a message is
/// forwarded and, for each connection-option in this field, remove any header [...] with the same name".
pub fn hop_by_hop(headers: &mut HeaderMap) {
    let nominated: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let always = ["keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];
    let named = [header::CONNECTION, header::TE, header::TRAILER, header::TRANSFER_ENCODING, header::UPGRADE];
    for name in nominated.into_iter().chain(named) {
        headers.remove(name);
    }
    for name in always {
        headers.remove(name);
    }
}
