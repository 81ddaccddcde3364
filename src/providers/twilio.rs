//! Twilio's Programmable Messaging: `POST /2010-04-01/Accounts/{sid}/Messages.json`, a form with one
//! recipient. The API has no field for metadata, so declarations come as `Tactgate-*` request headers
//! (or as form fields of that name); neither leaves.

use std::sync::Arc;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::message::{Address, Channel, Content, Declared, HttpReply, HttpRequest, Part, PartKind, segments};

use super::form::{self, Field};
use super::splice::Splice;
use super::{
    Batch, Claim, Dialect, IN_FLIGHT, Malformed, OTHER_CONTENT, Outcome, Reading, Recipient, Refusal, Unfit,
    request as http_request,
};

/// Fields that the API takes several times; any other twice is an error, since Twilio might read the
/// other one.
const REPEATABLE: [&str; 2] = ["MediaUrl", "PersistentAction"];

/// Fields that decide what is sent to whom; in another case they are refused, since whether Twilio takes
/// them too cannot be seen from here.
const KNOWN: [&str; 7] = ["To", "From", "Body", "ContentSid", "ContentVariables", "MediaUrl", "MessagingServiceSid"];
const TO_MISSING: &str = "A 'To' phone number is required.";

/// The dialect.
#[derive(Debug)]
pub struct Twilio;

impl Dialect for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn claim(&self, request: &HttpRequest) -> Claim {
        let path = http_request::folded_path(&request.path);
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (&request.method, segments.as_slice()) {
            (&Method::POST, ["2010-04-01", "accounts", _, "messages.json"]) => Claim::Send,
            // Cancelling, redacting and deleting a message send nothing.
            (&Method::POST | &Method::DELETE, ["2010-04-01", "accounts", _, "messages", message])
                if message.starts_with("sm") || message.starts_with("mm") =>
            {
                Claim::Blind
            }
            _ if http_request::only_reads(request) => Claim::Blind,
            _ => Claim::Other,
        }
    }

    fn read(&self, request: &HttpRequest, region: Option<&str>) -> Result<Reading, Malformed> {
        let fields = fields(request)?;
        let mut declared = http_request::declared(&request.headers)?;
        for field in fields.iter().filter(|field| Declared::is_declaration(&field.name)) {
            declared.take(&field.name, &field.value.text)?;
        }
        let given = value(&fields, "To").filter(|to| !to.trim().is_empty());
        let given = given.ok_or_else(|| wrong("To", TO_MISSING))?;
        let mut content = Content::default();
        if let Some(body) = value(&fields, "Body") {
            content.parts.push(Part { kind: PartKind::Plain, text: body.to_owned() });
        }
        if let Some(template) = value(&fields, "ContentSid") {
            content.unreadable.push(format!("template {template} is not in the request"));
        }
        let pictures = fields.iter().filter(|field| field.name == "MediaUrl").count();
        if pictures > 0 {
            content.unreadable.push(format!("{pictures} media"));
        }
        if content.unreadable.is_empty() && content.parts.iter().all(|part| part.text.is_empty()) {
            return Err(wrong("Body", "Message body is required."));
        }
        for (name, field) in [("from", "From"), ("messaging-service", "MessagingServiceSid")] {
            if let Some(value) = value(&fields, field) {
                content.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        let number = given.strip_prefix("whatsapp:").unwrap_or(given);
        Ok(Reading {
            channel: Channel::Sms,
            contents: vec![Arc::new(content)],
            recipients: vec![Recipient {
                given: given.to_owned(),
                address: Address::phone(number, region),
                content: 0,
                declared,
            }],
            idempotency_key: http_request::idempotency_key(&request.headers)?,
        })
    }

    fn write(&self, request: &HttpRequest, reading: &Reading, batch: Batch<'_>) -> Result<HttpRequest, Unfit> {
        if batch.recipients != [0] || reading.recipients.len() != 1 {
            return Err(Unfit("a request has exactly one recipient".to_owned()));
        }
        let fields = fields(request).map_err(|error| Unfit(error.to_string()))?;
        let mut splice = Splice::default();
        for range in form::without(&fields, |field| Declared::is_declaration(&field.name)) {
            splice.remove(range);
        }
        for (content, edits) in batch.edits {
            for edit in edits {
                let body = fields.iter().find(|field| field.name == "Body");
                let range = body
                    .filter(|_| *content == 0 && edit.span.part == 0)
                    .and_then(|body| body.value.raw(edit.span.range()))
                    .ok_or_else(|| Unfit("an edit is outside the text".to_owned()))?;
                splice.replace(range, form::escaped(&edit.replacement));
            }
        }
        let mut left = http_request::without_declarations(request);
        left.body = splice.apply(&request.body).ok_or_else(|| Unfit("edits overlap".to_owned()))?;
        Ok(left)
    }

    fn recipient_field(&self, _request: &HttpRequest, _recipient: usize) -> String {
        "To".to_owned()
    }

    fn outcome(&self, reply: &HttpReply) -> Outcome {
        http_request::outcome(reply.status)
    }

    fn accepted(&self, request: &HttpRequest, reading: &Reading, id: &str, now: Timestamp) -> HttpReply {
        let fields = fields(request).unwrap_or_default();
        let account = request.path.split('/').nth(3).unwrap_or_default();
        let sid = sid(id);
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let text = reading.contents.first().and_then(|content| content.parts.first()).map_or("", |p| p.text.as_str());
        let media = fields.iter().filter(|field| field.name == "MediaUrl").count();
        let uri = format!("/2010-04-01/Accounts/{account}/Messages/{sid}");
        let scheduled = value(&fields, "SendAt").is_some();
        let service = value(&fields, "MessagingServiceSid");
        let status = match (scheduled, service) {
            (true, _) => "scheduled",
            (false, Some(_)) => "accepted",
            (false, None) => "queued",
        };
        let body = json!({
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": text,
            "date_created": date,
            "date_sent": null,
            "date_updated": date,
            "direction": "outbound-api",
            "error_code": null,
            "error_message": null,
            "from": value(&fields, "From"),
            "messaging_service_sid": service,
            "num_media": media.to_string(),
            "num_segments": segments(text).count.to_string(),
            "price": null,
            "price_unit": "USD",
            "sid": sid,
            "status": status,
            "subresource_uris": {"media": format!("{uri}/Media.json")},
            "tags": null,
            "to": reading.recipients.first().map(|recipient| recipient.given.as_str()),
            "uri": format!("{uri}.json"),
        });
        HttpReply::json(StatusCode::CREATED, &body)
    }

    fn refused(&self, _request: &HttpRequest, refusal: &Refusal<'_>) -> HttpReply {
        let say = |status: StatusCode, code: u32, message: String| {
            let body = json!({
                "code": code,
                "message": message,
                "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
                "status": status.as_u16(),
            });
            HttpReply::json(status, &body)
        };
        match refusal {
            Refusal::Blocked { why, .. } => say(
                StatusCode::BAD_REQUEST,
                21610,
                format!("Attempt to send to unsubscribed recipient: refused by the brand's policy {why}"),
            ),
            Refusal::Malformed(malformed @ Malformed::Field { field, why }) => {
                let code = match field.as_str() {
                    "To" if why == TO_MISSING => 21604,
                    "To" => 21211,
                    "Body" => 21602,
                    _ => 20001,
                };
                say(StatusCode::BAD_REQUEST, code, malformed.to_string())
            }
            Refusal::Malformed(malformed) => say(StatusCode::BAD_REQUEST, 20001, malformed.to_string()),
            Refusal::Unauthorized => say(StatusCode::UNAUTHORIZED, 20003, "Authenticate".to_owned()),
            Refusal::NoRoute(why) => say(StatusCode::NOT_FOUND, 20404, (*why).to_owned()),
            Refusal::TooLarge(max) => {
                say(StatusCode::PAYLOAD_TOO_LARGE, 20413, format!("The request is larger than {max} bytes"))
            }
            Refusal::TryLater { why, retry_after_seconds } => http_request::retry_after(
                say(StatusCode::SERVICE_UNAVAILABLE, 20503, (*why).to_owned()),
                *retry_after_seconds,
            ),
            // Twilio's own: "20429 Too many requests".
            Refusal::Busy { retry_after_seconds } => http_request::retry_after(
                say(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests".to_owned()),
                *retry_after_seconds,
            ),
            Refusal::OutcomeUnknown => say(
                StatusCode::GATEWAY_TIMEOUT,
                20504,
                "The provider's answer was lost; the message may have been sent".to_owned(),
            ),
            Refusal::InFlight { retry_after_seconds } => {
                http_request::retry_after(say(StatusCode::CONFLICT, 20409, IN_FLIGHT.to_owned()), *retry_after_seconds)
            }
            Refusal::OtherContent => say(StatusCode::UNPROCESSABLE_ENTITY, 20422, OTHER_CONTENT.to_owned()),
            Refusal::Door { status, why } => say(*status, 20000 + u32::from(status.as_u16()), (*why).to_owned()),
        }
    }
}

fn wrong(field: &str, why: &str) -> Malformed {
    Malformed::Field { field: field.to_owned(), why: why.to_owned() }
}

/// The body's fields; each name once.
fn fields(request: &HttpRequest) -> Result<Vec<Field>, Malformed> {
    // The provider may take parameters from both places; then the text judged is not the text sent.
    if request.query.as_deref().is_some_and(|query| !query.is_empty()) {
        return Err(wrong("query", "parameters of a message belong in the body"));
    }
    http_request::body_is(&request.headers, "application/x-www-form-urlencoded")?;
    let fields = form::parse(&request.body).map_err(|error| wrong("body", &error.to_string()))?;
    for (index, field) in fields.iter().enumerate() {
        let known = |known: &&&str| known.eq_ignore_ascii_case(&field.name) && **known != field.name;
        if let Some(known) = KNOWN.iter().find(known) {
            return Err(wrong(&field.name, &format!("is written `{known}`")));
        }
        let same = |other: &Field| other.name.eq_ignore_ascii_case(&field.name);
        let repeatable = REPEATABLE.contains(&field.name.as_str()) || Declared::is_declaration(&field.name);
        if !repeatable && fields[..index].iter().any(same) {
            return Err(wrong(&field.name, "stands twice in the request"));
        }
    }
    Ok(fields)
}

fn value<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.text.as_str())
}

/// `SM` and 32 hexadecimal digits, as clients check it.
fn sid(id: &str) -> String {
    let mut digits: String = id.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect();
    digits.truncate(32);
    format!("SM{digits:0>32}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sids_have_the_length_that_clients_check() {
        assert_eq!(sid("0198f0c2-0000-7000-8000-00000000000A"), "SM0198f0c200007000800000000000000a");
        assert_eq!(sid("7").len(), 34);
    }
}
