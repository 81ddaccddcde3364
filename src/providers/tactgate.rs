//! Tactgate's own API, for those who have no tool yet: `POST /v1/messages`, one JSON for e-mail and
//! SMS, with declarations as plain members. What leaves is the same JSON, spliced, for an upstream that
//! speaks it; the gateway answers `/v1/decide` and `/v1/events` itself, before any dialect is asked.

use std::sync::Arc;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::message::{Address, Channel, Content, Declared, HttpReply, HttpRequest, Part, PartKind};

use super::json::{self as spans, Node, Value};
use super::splice::{Splice, without};
use super::{
    Batch, Claim, Dialect, IN_FLIGHT, Malformed, OTHER_CONTENT, Outcome, Reading, Recipient, Refusal, Unfit,
    request as http_request,
};

/// Recipients in one request.
pub const RECIPIENTS_MAX: usize = 1_000;

/// Every member there is: a typing error must not switch a guard off in silence.
const MEMBERS: [&str; 14] = [
    "channel",
    "to",
    "recipients",
    "from",
    "subject",
    "text",
    "html",
    "campaign",
    "department",
    "purpose",
    "survey",
    "offers",
    "headers",
    "idempotency_key",
];

/// The dialect.
#[derive(Debug)]
pub struct Tactgate;

impl Dialect for Tactgate {
    fn name(&self) -> &'static str {
        "tactgate"
    }

    fn claim(&self, request: &HttpRequest) -> Claim {
        match http_request::folded_path(&request.path).as_str() {
            "/v1/messages" if request.method == Method::POST => Claim::Send,
            _ if http_request::only_reads(request) => Claim::Blind,
            _ => Claim::Other,
        }
    }

    fn read(&self, request: &HttpRequest, region: Option<&str>) -> Result<Reading, Malformed> {
        let root = root(request)?;
        for member in root.members().unwrap_or_default() {
            if !MEMBERS.contains(&member.name.as_str()) {
                return Err(wrong(&member.name, &format!("is not one of {}", MEMBERS.join(", "))));
            }
        }
        let channel = match text(&root, "channel")? {
            Some("email") => Channel::Email,
            Some("sms") => Channel::Sms,
            _ => return Err(wrong("channel", "must be `email` or `sms`")),
        };
        let mut content = Content::default();
        let kinds = [("subject", PartKind::Subject), ("text", PartKind::Plain), ("html", PartKind::Html)];
        for (name, kind) in kinds {
            if let Some(text) = text(&root, name)? {
                if channel == Channel::Sms && kind != PartKind::Plain {
                    return Err(wrong(name, "an SMS has only `text`"));
                }
                if kind == PartKind::Subject && text.contains(['\r', '\n', '\0']) {
                    return Err(wrong(name, "must not contain line breaks"));
                }
                content.parts.push(Part { kind, text: text.to_owned() });
            }
        }
        if content.parts.iter().all(|part| part.kind == PartKind::Subject) {
            return Err(wrong("text", "is required (or `html`)"));
        }
        if let Some(from) = text(&root, "from")? {
            if from.contains(['\r', '\n', '\0']) {
                return Err(wrong("from", "must not contain line breaks"));
            }
            content.headers.push(("from".to_owned(), from.to_owned()));
        }
        headers(&root, &mut content)?;
        let declared = declared(request, &root)?;
        let recipients = recipients(&root)?
            .into_iter()
            .map(|given| Recipient {
                given: given.to_owned(),
                address: Address::for_channel(channel, given, region),
                content: 0,
                declared: declared.clone(),
            })
            .collect();
        let own_key = text(&root, "idempotency_key")?.map(str::to_owned);
        let fits = |key: &String| {
            (1..=http_request::IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if own_key.as_ref().is_some_and(|key| !fits(key)) {
            return Err(wrong("idempotency_key", "must have 1 to 256 visible ASCII characters"));
        }
        let idempotency_key = match own_key {
            Some(key) => Some(key),
            None => http_request::idempotency_key(&request.headers)?,
        };
        Ok(Reading { channel, contents: vec![Arc::new(content)], recipients, idempotency_key })
    }

    fn write(&self, request: &HttpRequest, reading: &Reading, batch: Batch<'_>) -> Result<HttpRequest, Unfit> {
        let root = root(request).map_err(|error| Unfit(error.to_string()))?;
        if batch.recipients.is_empty() {
            return Err(Unfit("nobody is left to write to".to_owned()));
        }
        let mut splice = Splice::default();
        if batch.recipients.len() < reading.recipients.len() {
            let row = root.get("recipients").and_then(Node::elements);
            let row = row.ok_or_else(|| Unfit("`to` has exactly one recipient".to_owned()))?;
            let spans: Vec<_> = row.iter().map(|node| node.span.clone()).collect();
            for range in without(&spans, |index| batch.recipients.binary_search(&index).is_err()) {
                splice.remove(range);
            }
        }
        let parts: Vec<&Node> = ["subject", "text", "html"].iter().filter_map(|name| root.get(name)).collect();
        let parts: Vec<_> = parts.into_iter().filter_map(Node::text).collect();
        for (_, edits) in batch.edits.iter().filter(|(content, _)| *content == 0) {
            let fields: Vec<(&str, &str)> = edits.iter().filter_map(|edit| edit.as_field()).collect();
            carry(&root, &fields, &mut splice);
            for edit in edits.iter().filter(|edit| edit.as_field().is_none()) {
                let part = parts.get(usize::from(edit.span.part));
                let range = part.and_then(|part| part.raw(edit.span.range()));
                let range = range.ok_or_else(|| Unfit("an edit is outside the text".to_owned()))?;
                splice.replace(range, spans::escaped(&edit.replacement));
            }
        }
        let mut left = http_request::without_declarations(request);
        left.body = splice.apply(&request.body).ok_or_else(|| Unfit("edits overlap".to_owned()))?;
        Ok(left)
    }

    fn recipient_field(&self, request: &HttpRequest, recipient: usize) -> String {
        let many = root(request).is_ok_and(|root| root.get("recipients").is_some());
        if many { format!("recipients.{recipient}") } else { "to".to_owned() }
    }

    fn outcome(&self, reply: &HttpReply) -> Outcome {
        http_request::outcome(reply.status)
    }

    fn accepted(&self, _request: &HttpRequest, reading: &Reading, id: &str, now: Timestamp) -> HttpReply {
        let body = json!({
            "id": id,
            "status": "accepted",
            "channel": reading.channel,
            "recipients": reading.recipients.len(),
            "accepted_at": now,
        });
        HttpReply::json(StatusCode::ACCEPTED, &body)
    }

    fn refused(&self, _request: &HttpRequest, refusal: &Refusal<'_>) -> HttpReply {
        let say = |status: StatusCode, code: &str, message: String| {
            HttpReply::json(status, &json!({"error": {"code": code, "message": message}}))
        };
        match refusal {
            Refusal::Blocked { recipient, why } => HttpReply::json(
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!({"error": {
                    "code": "blocked",
                    "message": why.to_string(),
                    "recipient": recipient,
                    "rule": why.rule,
                    "title": why.title,
                    "decision": why.decision,
                }}),
            ),
            Refusal::Malformed(Malformed::Field { field, why }) => HttpReply::json(
                StatusCode::BAD_REQUEST,
                &json!({"error": {"code": "malformed", "message": format!("{field}: {why}"), "field": field}}),
            ),
            Refusal::Malformed(malformed) => say(StatusCode::BAD_REQUEST, "malformed", malformed.to_string()),
            Refusal::Unauthorized => {
                say(StatusCode::UNAUTHORIZED, "unauthorized", "no valid credential was given".to_owned())
            }
            Refusal::NoRoute(why) => say(StatusCode::NOT_FOUND, "no_route", (*why).to_owned()),
            Refusal::TooLarge(max) => {
                say(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the request is larger than {max} bytes"))
            }
            Refusal::TryLater { why, retry_after_seconds } => http_request::retry_after(
                say(StatusCode::SERVICE_UNAVAILABLE, "try_later", (*why).to_owned()),
                *retry_after_seconds,
            ),
            Refusal::Busy { retry_after_seconds } => http_request::retry_after(
                say(StatusCode::TOO_MANY_REQUESTS, "busy", "too much is being carried, try again".to_owned()),
                *retry_after_seconds,
            ),
            Refusal::OutcomeUnknown => say(
                StatusCode::GATEWAY_TIMEOUT,
                "outcome_unknown",
                "the provider's answer was lost; the message may have been sent".to_owned(),
            ),
            Refusal::InFlight { retry_after_seconds } => http_request::retry_after(
                say(StatusCode::CONFLICT, "in_flight", IN_FLIGHT.to_owned()),
                *retry_after_seconds,
            ),
            Refusal::OtherContent => say(StatusCode::UNPROCESSABLE_ENTITY, "other_content", OTHER_CONTENT.to_owned()),
            Refusal::Door { status, why } => say(*status, "door", (*why).to_owned()),
        }
    }
}

/// Puts header fields into `headers`, in place of those of their names.
fn carry(root: &Node, fields: &[(&str, &str)], splice: &mut Splice) {
    if fields.is_empty() {
        return;
    }
    let members = spans::members(fields);
    let Some((object, known)) = root.get("headers").and_then(|node| Some((node.span.start + 1, node.members()?)))
    else {
        // A message has a channel, so a member follows.
        let start = root.span.start + 1;
        return splice.replace(start..start, format!("\"headers\":{{{members}}},"));
    };
    let replaced = |at: usize| fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(&known[at].name));
    let places: Vec<_> = known.iter().map(|member| member.span.clone()).collect();
    without(&places, replaced).into_iter().for_each(|range| splice.remove(range));
    let comma = if (0..known.len()).all(replaced) { "" } else { "," };
    splice.replace(object..object, format!("{members}{comma}"));
}

fn wrong(field: &str, why: &str) -> Malformed {
    Malformed::Field { field: field.to_owned(), why: why.to_owned() }
}

fn root(request: &HttpRequest) -> Result<Node, Malformed> {
    http_request::body_is(&request.headers, "application/json")?;
    let root = spans::parse(&request.body).map_err(|error| wrong("body", &error.to_string()))?;
    root.members().ok_or_else(|| wrong("body", "must be an object"))?;
    Ok(root)
}

fn text<'a>(node: &'a Node, name: &str) -> Result<Option<&'a str>, Malformed> {
    match node.get(name).map(|member| &member.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(&text.text)),
        Some(_) => Err(wrong(name, "must be a string")),
    }
}

fn recipients(root: &Node) -> Result<Vec<&str>, Malformed> {
    match (text(root, "to")?, root.get("recipients")) {
        (Some(to), None) => Ok(vec![to]),
        (None, Some(node)) => {
            let row = node.elements().ok_or_else(|| wrong("recipients", "must be an array of strings"))?;
            if row.is_empty() {
                return Err(wrong("recipients", "names nobody"));
            }
            if row.len() > RECIPIENTS_MAX {
                return Err(Malformed::TooMuch { what: "recipients".to_owned(), max: RECIPIENTS_MAX.to_string() });
            }
            row.iter()
                .enumerate()
                .map(|(index, node)| {
                    node.str().ok_or_else(|| wrong(&format!("recipients.{index}"), "must be a string"))
                })
                .collect()
        }
        _ => Err(wrong("to", "one of `to` and `recipients` is required")),
    }
}

fn headers(root: &Node, content: &mut Content) -> Result<(), Malformed> {
    let Some(node) = root.get("headers") else { return Ok(()) };
    for member in node.members().ok_or_else(|| wrong("headers", "must be an object"))? {
        let field = format!("headers.{}", member.name);
        let value = member.value.str().ok_or_else(|| wrong(&field, "must be a string"))?;
        if value.contains(['\r', '\n', '\0']) || Declared::is_declaration(&member.name) {
            return Err(wrong(&field, "has a line break, or is a declaration: those are members of the message"));
        }
        content.headers.push((member.name.to_ascii_lowercase(), value.to_owned()));
    }
    Ok(())
}

/// The members that declare, and the request headers that do; a member is the more specific place.
/// `survey` and each of `offers` are structured fields (RFC 9651), as in the headers of that name.
fn declared(request: &HttpRequest, root: &Node) -> Result<Declared, Malformed> {
    let mut declared = http_request::declared(&request.headers)?;
    for (name, declaration) in [
        ("campaign", "Tactgate-Campaign"),
        ("department", "Tactgate-Department"),
        ("purpose", "Tactgate-Purpose"),
        ("survey", "Tactgate-Survey"),
    ] {
        if let Some(value) = text(root, name)? {
            declared.take(declaration, value)?;
        }
    }
    if let Some(node) = root.get("offers") {
        let row = node.elements().ok_or_else(|| wrong("offers", "must be an array of strings"))?;
        for (index, offer) in row.iter().enumerate() {
            let offer = offer.str().ok_or_else(|| wrong(&format!("offers.{index}"), "must be a string"))?;
            declared.take("Tactgate-Offer", offer)?;
        }
    }
    Ok(declared)
}
