//! SendGrid's v3 mail API: `POST /v3/mail/send`, JSON. One text, many personalizations: each has its
//! own addressees, may override the subject, and may substitute words in the text, so one body can
//! hold many contents that share bytes.

mod body;
mod text;
mod write;

use http::header::HeaderValue;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::message::{Channel, HttpReply, HttpRequest};

use super::{
    Batch, Claim, Dialect, IN_FLIGHT, Malformed, OTHER_CONTENT, Outcome, Reading, Refusal, Unfit,
    request as http_request,
};

/// Paths that take a POST and send nothing: they may go through blind.
const SENDS_NOTHING: [&str; 2] = ["/v3/mail/batch", "/v3/validations/email"];

/// The dialect.
#[derive(Debug)]
pub struct SendGrid;

impl Dialect for SendGrid {
    fn name(&self) -> &'static str {
        "sendgrid"
    }

    fn claim(&self, request: &HttpRequest) -> Claim {
        let path = http_request::folded_path(&request.path);
        match path.as_str() {
            "/v3/mail/send" if request.method == Method::POST => Claim::Send,
            nothing if request.method == Method::POST && SENDS_NOTHING.contains(&nothing) => Claim::Blind,
            _ if http_request::only_reads(request) => Claim::Blind,
            _ => Claim::Other,
        }
    }

    fn read(&self, request: &HttpRequest, _region: Option<&str>) -> Result<Reading, Malformed> {
        let mail = body::Mail::read(request)?;
        Ok(Reading {
            channel: Channel::Email,
            contents: mail.contents,
            recipients: mail.items.into_iter().flat_map(|item| item.recipients).collect(),
            idempotency_key: http_request::idempotency_key(&request.headers)?,
        })
    }

    fn can_leave(&self, request: &HttpRequest, allowed: &[usize]) -> Vec<usize> {
        body::Mail::read(request).map(|mail| write::can_leave(&mail, allowed)).unwrap_or_default()
    }

    fn companies(&self, request: &HttpRequest) -> Vec<Vec<usize>> {
        body::Mail::read(request).map(|mail| write::companies(&mail)).unwrap_or_default()
    }

    fn write(&self, request: &HttpRequest, reading: &Reading, batch: Batch<'_>) -> Result<HttpRequest, Unfit> {
        if http_request::leaves_as_it_came(request, reading, batch) {
            return Ok(http_request::without_declarations(request));
        }
        let mail = body::Mail::read(request).map_err(|error| Unfit(error.to_string()))?;
        let splice = write::splice(&mail, batch)?;
        let mut left = http_request::without_declarations(request);
        left.body = splice.apply(&request.body).ok_or_else(|| Unfit("edits overlap".to_owned()))?;
        Ok(left)
    }

    fn recipient_field(&self, request: &HttpRequest, recipient: usize) -> String {
        let field = body::Mail::read(request).ok().and_then(|mail| mail.field_of(recipient));
        field.unwrap_or_else(|| "personalizations".to_owned())
    }

    fn outcome(&self, reply: &HttpReply) -> Outcome {
        http_request::outcome(reply.status)
    }

    fn accepted(&self, _request: &HttpRequest, _reading: &Reading, id: &str, _now: Timestamp) -> HttpReply {
        let mut reply = HttpReply { status: StatusCode::ACCEPTED, ..HttpReply::default() };
        if let Ok(id) = HeaderValue::from_str(id) {
            reply.headers.insert("X-Message-Id", id);
        }
        reply
    }

    fn refused(&self, request: &HttpRequest, refusal: &Refusal<'_>) -> HttpReply {
        let say = |status: StatusCode, message: String, field: Option<&str>| {
            HttpReply::json(status, &json!({"errors": [{"message": message, "field": field, "help": null}]}))
        };
        match refusal {
            Refusal::Blocked { recipient, why } => {
                let field = body::Mail::read(request).ok().and_then(|mail| mail.field_of(*recipient));
                say(StatusCode::BAD_REQUEST, format!("refused by the brand's policy {why}"), field.as_deref())
            }
            Refusal::Malformed(Malformed::Field { field, why }) => {
                say(StatusCode::BAD_REQUEST, why.clone(), Some(field))
            }
            Refusal::Malformed(malformed) => say(StatusCode::BAD_REQUEST, malformed.to_string(), None),
            Refusal::Unauthorized => say(
                StatusCode::UNAUTHORIZED,
                "The provided authorization grant is invalid, expired, or revoked".to_owned(),
                None,
            ),
            Refusal::NoRoute(why) => say(StatusCode::FORBIDDEN, (*why).to_owned(), None),
            Refusal::TooLarge(max) => {
                say(StatusCode::PAYLOAD_TOO_LARGE, format!("the request is larger than {max} bytes"), None)
            }
            Refusal::TryLater { why, retry_after_seconds } => http_request::retry_after(
                say(StatusCode::SERVICE_UNAVAILABLE, (*why).to_owned(), None),
                *retry_after_seconds,
            ),
            // As SendGrid's own limiter says it.
            Refusal::Busy { retry_after_seconds } => http_request::retry_after(
                say(StatusCode::TOO_MANY_REQUESTS, "too many requests".to_owned(), None),
                *retry_after_seconds,
            ),
            Refusal::OutcomeUnknown => say(
                StatusCode::GATEWAY_TIMEOUT,
                "the provider's answer was lost; the message may have been sent".to_owned(),
                None,
            ),
            Refusal::InFlight { retry_after_seconds } => {
                http_request::retry_after(say(StatusCode::CONFLICT, IN_FLIGHT.to_owned(), None), *retry_after_seconds)
            }
            Refusal::OtherContent => say(StatusCode::UNPROCESSABLE_ENTITY, OTHER_CONTENT.to_owned(), None),
            Refusal::Door { status, why } => say(*status, (*why).to_owned(), None),
        }
    }
}
