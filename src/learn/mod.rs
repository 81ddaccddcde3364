//! Doors for facts: what the shop tells us, over HTTP or from a file. Telling the same event twice
//! changes nothing, so a client that got no answer, or a 503, tells the whole body again.

pub mod import;
pub mod read;
mod take;

use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

pub use import::{Imported, Progress, import};
pub use read::{Reading, Refused, Told};
pub use take::{Learnt, Taken};

use crate::facts::Event;
use crate::message::HttpReply;
use crate::store::{Store, StoreError};

/// What became of a request to the events door.
#[derive(Debug)]
pub struct Lesson {
    /// The answer to the client.
    pub reply: HttpReply,
    /// What was learnt, for the journal: keyed hashes, no addresses.
    pub learnt: Vec<Learnt>,
}

/// Takes a body of events for a brand: `application/x-ndjson`, `application/cloudevents+json` or
/// `application/cloudevents-batch+json`. Good lines are applied whatever stands beside them.
///
/// Answers 200 (all taken or known before), 207 (some refused), 400 (nothing could be taken), 413,
/// 415, and 503 when the store does not answer; then the same body may simply be sent again.
pub async fn learn(
    store: &Store,
    brand: &str,
    region: Option<&str>,
    content_type: &str,
    body: &[u8],
    now: Timestamp,
) -> Lesson {
    if body.len() > read::BODY_BYTES_MAX {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body is larger than {} bytes", read::BODY_BYTES_MAX),
        );
    }
    let reading = Reading { region, now };
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let lines = match media_type.as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(read::ndjson(body, reading)),
        "application/cloudevents+json" => read::cloud_events(body, false, reading),
        "application/cloudevents-batch+json" => read::cloud_events(body, true, reading),
        _ => {
            let why = "send application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json";
            return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        }
    };
    let lines = match lines {
        Ok(lines) if lines.is_empty() => return refusal(StatusCode::BAD_REQUEST, "the body has no events"),
        Ok(lines) if lines.len() > read::LINES_MAX => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, &format!("more than {} events", read::LINES_MAX));
        }
        Ok(lines) => lines,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, &why),
    };
    match take::take(store, brand, lines, now).await {
        Ok(taken) => Lesson { reply: answer(&taken), learnt: taken.learnt },
        Err(why) => Lesson { reply: unavailable(&why), learnt: Vec::new() },
    }
}

fn answer(taken: &Taken) -> HttpReply {
    let good = taken.learnt.len() + taken.duplicate;
    let status = match (good, taken.refused.is_empty()) {
        (_, true) => StatusCode::OK,
        (0, false) => StatusCode::BAD_REQUEST,
        (_, false) => StatusCode::MULTI_STATUS,
    };
    let refused: Vec<_> = taken.refused.iter().map(|r| json!({ "line": r.line, "why": r.why })).collect();
    let body = json!({ "accepted": taken.learnt.len(), "duplicate": taken.duplicate, "refused": refused });
    HttpReply::json(status, &body)
}

fn refusal(status: StatusCode, why: &str) -> Lesson {
    Lesson { reply: HttpReply::json(status, &json!({ "error": why })), learnt: Vec::new() }
}

/// The store's own words stay in the log: they may name hosts.
fn unavailable(why: &StoreError) -> HttpReply {
    tracing::warn!(%why, "events were not taken");
    let error = "the store does not answer; send the same events again";
    let mut reply = HttpReply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": error }));
    reply.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    reply
}

/// The event as the journal keeps it: an identity link names the other address by its key.
fn for_journal(event: &Event, other: Option<String>) -> Event {
    let mut event = event.clone();
    if let (crate::facts::What::IdentityLink { also }, Some(other)) = (&mut event.what, other) {
        *also = other;
    }
    event
}
