//! What the doors hand in: finds whose a submission is and by which route it leaves, starts its walk,
//! and words what does not start. The doors give every submission a task of its own: a client that
//! hangs up does not stop what is being forwarded, and a panic costs one submission its reply and
//! nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use http::{HeaderMap, StatusCode, header};

use super::walking::{Ended, TOO_LATE, Walk};
use super::{Gateway, NotStarted, Upstream};
use crate::accept::{Client, Inside, Login, Place, Sender, Shed};
use crate::config::{self, EventToken, Identified, RouteCredentials, Shown};
use crate::forward::smtp::LoginAnswer;
use crate::message::{Class, HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply, Stream, Submission, Wire};
use crate::providers::{self, Claim, Dialect, Refusal, smtp_refusal};

/// Given up before anything left.
const LATE: Refusal<'static> = Refusal::TryLater { why: TOO_LATE, retry_after_seconds: 5 };
/// The gateway's own fault.
const FAILED: Refusal<'static> =
    Refusal::Door { status: StatusCode::INTERNAL_SERVER_ERROR, why: "the gateway failed on this message" };

/// What an HTTP client showed of itself.
enum Credential {
    Login(String, Secret),
    Bearer(Secret),
    Nothing,
}

/// The gateway as one door sees it.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// What the door leads to.
    pub gateway: Arc<Gateway>,
    /// The listener says `auth = true`: only for those who show a credential.
    pub asks_for_credential: bool,
}

impl Inside for Carrier {
    async fn login(&self, user: &str, password: &Secret, _peer: IpAddr) -> Login {
        self.gateway.login(user, password).await
    }

    async fn mail(&self, peer: IpAddr, mail: MailSubmission, client: Client) -> SmtpReply {
        self.gateway.take_mail(peer, mail, &client).await
    }

    async fn request(&self, peer: IpAddr, dialect: &str, request: HttpRequest, client: Client) -> HttpReply {
        self.gateway.take_request(peer, dialect, request, self.asks_for_credential, &client).await
    }

    fn turns_away(&self, sender: Sender<'_>) -> Option<Shed> {
        let class = || self.gateway.class_of(sender);
        let stuck = || (self.gateway.is_stuck() && class() != Class::MustSend).then_some(Shed::Full);
        self.gateway.admission.turns_away(class).or_else(stuck)
    }

    fn enter(&self, sender: Sender<'_>) -> Result<Place, Shed> {
        self.gateway.admission.enter(|| self.gateway.class_of(sender))
    }

    fn is_must_send(&self, sender: Sender<'_>) -> bool {
        self.gateway.class_of(sender) == Class::MustSend
    }

    fn turned_away(&self, sender: Sender<'_>) {
        let door = if matches!(sender, Sender::Mail(_)) { "smtp" } else { "http" };
        self.gateway.metrics.shed(door, self.gateway.class_of(sender));
    }
}

impl Gateway {
    /// Something that every submission needs has stopped moving. Until it moves again ordinary messages
    /// stay with their senders, who can keep them, and do not pile up here.
    fn is_stuck(&self) -> bool {
        self.log.is_stuck()
    }

    /// The class of the stream that a sender's credential or door leads to; never the client's own word.
    fn class_of(&self, sender: Sender<'_>) -> Class {
        let (dialect, shown) = match sender {
            Sender::Mail(None) => ("relay", Credential::Nothing),
            Sender::Mail(Some((user, password))) => ("relay", Credential::Login(user.to_owned(), password.clone())),
            Sender::Request(dialect, headers) => (dialect, credential(headers)),
        };
        let found = self.identified(&shown);
        found.map_or_else(|| self.config.stream_without_credential(dialect).class, |found| found.stream.class)
    }

    fn identified(&self, shown: &Credential) -> Option<Identified<'_>> {
        match shown {
            Credential::Login(user, secret) => self.config.identify(Shown::Login(user, secret)),
            Credential::Bearer(secret) => self.config.identify(Shown::Bearer(secret)),
            Credential::Nothing => None,
        }
    }

    async fn login(&self, user: &str, password: &Secret) -> Login {
        match self.config.identify(Shown::Login(user, password)) {
            Some(found) if found.proven => return Login::Welcome(Box::new(found.stream.clone())),
            _ => {}
        }
        // Nobody here knows the secret: where the client's own credentials go to the provider, the
        // provider is the one to check them.
        let stream = match self.config.identify(Shown::Account(user)) {
            Some(found) => found.stream,
            None => self.config.stream_without_credential("relay"),
        };
        let Some(route) = self.config.route_for("relay", &stream.name) else { return Login::Refused };
        match (&route.credentials, self.routes.get(&route.name).map(|r| &r.upstream)) {
            (RouteCredentials::Pass, Some(Upstream::Mail(relay))) => match relay.check_login(user, password).await {
                LoginAnswer::Welcome => Login::Welcome(Box::new(stream.clone())),
                LoginAnswer::Refused => Login::Refused,
                LoginAnswer::TryLater(why) => {
                    tracing::warn!(why, "a login could not be checked with the provider");
                    Login::TryLater
                }
            },
            (RouteCredentials::Pass, Some(Upstream::Sandbox(_))) => Login::Welcome(Box::new(stream.clone())),
            _ => Login::Refused,
        }
    }

    async fn take_mail(self: &Arc<Self>, peer: IpAddr, mail: MailSubmission, client: &Client) -> SmtpReply {
        let stream = match (&mail.user, &mail.password) {
            (Some(user), Some(password)) => self
                .config
                .identify(Shown::Login(user, password))
                .map_or_else(|| self.config.stream_without_credential("relay"), |found| found.stream),
            _ => self.config.stream_without_credential("relay"),
        };
        let Some(submission) = self.submission(peer, "relay", stream, Wire::Smtp(mail)) else {
            self.unrouted().await;
            return smtp_refusal(&Refusal::NoRoute("no route takes mail of this stream"));
        };
        self.metrics.submission("smtp", "relay");
        let walk = self.walk_of(&submission, client);
        let (gateway, its) = (Arc::clone(self), walk.clone());
        let going = Box::pin(async move {
            match gateway.answer_smtp(&submission, &its).await {
                Ok(reply) => reply,
                Err(NotStarted::Malformed(malformed)) => smtp_refusal(&Refusal::Malformed(&malformed)),
                Err(NotStarted::NoRoute(why)) => smtp_refusal(&Refusal::NoRoute(&why)),
            }
        });
        match self.in_time(&walk, going).await {
            Ended::Answered(reply) => reply,
            Ended::TooLate => smtp_refusal(&LATE),
            Ended::Failed => smtp_refusal(&FAILED),
        }
    }

    async fn take_request(
        self: &Arc<Self>,
        peer: IpAddr,
        dialect: &str,
        request: HttpRequest,
        asked: bool,
        client: &Client,
    ) -> HttpReply {
        if dialect == "tactgate" && request.path == "/v1/events" {
            return Box::pin(self.take_events(peer, request, asked)).await;
        }
        if dialect == "tactgate" && request.path == "/v1/decide" {
            return Box::pin(self.take_question(peer, request, asked)).await;
        }
        let Some(dialect) = providers::dialect(dialect) else {
            return providers::unknown_segment(dialect, &[]);
        };
        let shown = credential(&request.headers);
        let found = self.identified(&shown);
        let stream = found.map_or_else(|| self.config.stream_without_credential(dialect.name()), |found| found.stream);
        let proven = found.is_some_and(|found| found.proven);
        let Some(route) = self.config.route_for(dialect.name(), &stream.name) else {
            if dialect.claim(&request) == Claim::Send {
                self.unrouted().await;
            }
            return dialect.refused(&request, &Refusal::NoRoute("no route takes messages of this stream"));
        };
        // `auth = true`: a secret known here, or one that the provider will check.
        let provider_checks =
            route.credentials == RouteCredentials::Pass && route.upstream != config::Upstream::Sandbox;
        let will_be_checked = provider_checks && !matches!(shown, Credential::Nothing);
        if asked && !proven && !will_be_checked {
            return dialect.refused(&request, &Refusal::Unauthorized);
        }
        // With the gateway's own credentials behind it, a door off loopback is open to nobody unknown.
        if route.credentials != RouteCredentials::Pass && !proven && !peer.is_loopback() {
            return dialect.refused(&request, &Refusal::Unauthorized);
        }
        self.metrics.submission("http", dialect.name());
        match dialect.claim(&request) {
            Claim::Send => self.take_submission(peer, dialect, stream, request, client).await,
            Claim::Blind => Box::pin(self.pass_blind(dialect, &route.name, request)).await,
            Claim::Other if self.routes.get(&route.name).is_some_and(|r| r.forwards_other_paths) => {
                Box::pin(self.pass_blind(dialect, &route.name, request)).await
            }
            Claim::Other => dialect.refused(
                &request,
                &Refusal::NoRoute("this path may send past the guards; the route's `other_paths` refuses it"),
            ),
        }
    }

    async fn take_submission(
        self: &Arc<Self>,
        peer: IpAddr,
        dialect: &'static dyn Dialect,
        stream: &Stream,
        request: HttpRequest,
        client: &Client,
    ) -> HttpReply {
        let shape =
            HttpRequest { method: request.method.clone(), path: request.path.clone(), ..HttpRequest::default() };
        let Some(submission) = self.submission(peer, dialect.name(), stream, Wire::Http(request)) else {
            return dialect.refused(&shape, &Refusal::NoRoute("no route takes this"));
        };
        let walk = self.walk_of(&submission, client);
        let (gateway, its) = (Arc::clone(self), walk.clone());
        let going = Box::pin(async move {
            let Wire::Http(request) = &submission.wire else { return HttpReply::default() };
            match gateway.answer_http(&submission, &its).await {
                Ok(reply) => reply,
                Err(NotStarted::Malformed(malformed)) => dialect.refused(request, &Refusal::Malformed(&malformed)),
                Err(NotStarted::NoRoute(why)) => dialect.refused(request, &Refusal::NoRoute(&why)),
            }
        });
        match self.in_time(&walk, going).await {
            Ended::Answered(reply) => reply,
            Ended::TooLate => dialect.refused(&shape, &LATE),
            Ended::Failed => dialect.refused(&shape, &FAILED),
        }
    }

    /// A submission's time is its route's.
    fn walk_of(&self, submission: &Submission, client: &Client) -> Walk {
        let walk = match self.routes.get(&submission.route) {
            Some(route) => Walk::starting_within(route.start_within),
            None => Walk::unhurried(),
        };
        walk.for_client(client)
    }

    /// Reading paths, and those listed as sending nothing, go through as they are.
    async fn pass_blind(&self, dialect: &'static dyn Dialect, route: &str, request: HttpRequest) -> HttpReply {
        let Some(route) = self.routes.get(route) else {
            return dialect.refused(&request, &Refusal::NoRoute("there is no such route any more"));
        };
        match &route.upstream {
            Upstream::Http(upstream) => match upstream.send(route.with_own_credentials(request.clone())).await {
                Ok(reply) => reply,
                Err(failed) => {
                    let why = failed.to_string();
                    dialect.refused(&request, &Refusal::TryLater { why: &why, retry_after_seconds: 30 })
                }
            },
            Upstream::Sandbox(_) => dialect.refused(&request, &Refusal::NoRoute("the sandbox keeps nothing to read")),
            Upstream::Mail(_) => dialect.refused(&request, &Refusal::NoRoute("this route leads to no HTTP API")),
        }
    }

    fn submission(&self, peer: IpAddr, dialect: &str, stream: &Stream, wire: Wire) -> Option<Submission> {
        let route = self.config.route_for(dialect, &stream.name)?;
        let received_at = self.clock.now();
        Some(Submission {
            id: self.ids.submission(received_at),
            received_at,
            peer,
            dialect: dialect.to_owned(),
            stream: stream.clone(),
            route: route.name.clone(),
            wire,
        })
    }

    /// Whose token of `[events]` was shown; `None` where the door asks for none: on loopback, unless
    /// tokens exist or the listener says `auth = true`. A proxy that ends TLS on this machine makes every
    /// client a loopback one: then one of these two must close the door.
    pub(super) fn token_holder(
        &self,
        peer: IpAddr,
        request: &HttpRequest,
        asked: bool,
    ) -> Result<Option<&EventToken>, (StatusCode, &'static str)> {
        if request.method != http::Method::POST {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "this is posted"));
        }
        let shown = match credential(&request.headers) {
            Credential::Bearer(token) => self.config.events.holder(&token),
            _ => None,
        };
        let open = self.config.events.tokens.is_empty() && peer.is_loopback() && !asked;
        if shown.is_none() && !open {
            return Err((StatusCode::UNAUTHORIZED, "a token of `[events]` is needed: Authorization: Bearer …"));
        }
        Ok(shown)
    }

    /// `POST /tactgate/v1/events`: facts of the shop. Off loopback it needs a token.
    async fn take_events(&self, peer: IpAddr, request: HttpRequest, asked: bool) -> HttpReply {
        let shown = match self.token_holder(peer, &request, asked) {
            Ok(shown) => shown,
            Err((status, why)) => return refuse(status, why),
        };
        let asked = query_value(&request, "brand");
        let granted = shown.and_then(|token| token.brand.clone());
        if let (Some(asked), Some(granted)) = (&asked, &granted)
            && asked != granted
        {
            return refuse(StatusCode::FORBIDDEN, "this token speaks of another brand");
        }
        let name = granted.or(asked);
        let brand = match &name {
            Some(name) => self.config.brand(name),
            None => self.config.brands.first(),
        };
        let Some(brand) = brand else { return refuse(StatusCode::NOT_FOUND, "there is no such brand") };
        self.learn(brand, &request).await
    }
}

/// A refusal of the gateway's own API.
pub(super) fn refuse(status: StatusCode, why: &str) -> HttpReply {
    HttpReply::json(status, &serde_json::json!({"error": why}))
}

/// A value of the query.
pub(super) fn query_value(request: &HttpRequest, name: &str) -> Option<String> {
    let query = request.query.as_deref()?;
    form_urlencoded::parse(query.as_bytes()).find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
}

/// What stands in `Authorization`: Basic (RFC 7617) or Bearer (RFC 6750).
fn credential(headers: &HeaderMap) -> Credential {
    let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return Credential::Nothing;
    };
    let Some((scheme, rest)) = value.split_once(' ') else { return Credential::Nothing };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credential::Bearer(Secret::new(rest.trim()));
    }
    if scheme.eq_ignore_ascii_case("basic")
        && let Ok(decoded) = base64::engine::general_purpose::STANDARD.decode(rest.trim())
        && let Ok(text) = String::from_utf8(decoded)
        && let Some((user, secret)) = text.split_once(':')
    {
        return Credential::Login(user.to_owned(), Secret::new(secret));
    }
    Credential::Nothing
}
