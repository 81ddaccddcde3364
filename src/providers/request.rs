//! What every HTTP dialect does alike: declarations in request headers, the client's idempotency key,
//! which requests only read, and what a status says of the message's fate.

use std::sync::Arc;

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Method, StatusCode};

use crate::message::{Content, Declaration, Declared, HttpReply, HttpRequest};

use super::{Batch, Malformed, Outcome, Reading};

/// Longest idempotency key, as the providers that have one document it.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 256;

/// What the `Tactgate-*` request headers declare (design §5: at every door).
pub fn declared(headers: &HeaderMap) -> Result<Declared, Malformed> {
    let mut declared = Declared::default();
    for (name, value) in headers.iter().filter(|(name, _)| Declared::is_declaration(name.as_str())) {
        let text = std::str::from_utf8(value.as_bytes())
            .map_err(|_| Declaration { name: name.to_string(), why: "is not UTF-8".to_owned() })?;
        declared.take(name.as_str(), text)?;
    }
    Ok(declared)
}

/// The request without its `Tactgate-*` headers.
pub fn without_declarations(request: &HttpRequest) -> HttpRequest {
    let mut left = request.clone();
    let gone: Vec<_> = left.headers.keys().filter(|name| Declared::is_declaration(name.as_str())).cloned().collect();
    for name in gone {
        left.headers.remove(name);
    }
    left
}

/// True when a JSON body leaves with the bytes it came with: everybody in it may go, nothing is edited,
/// and no declaration stands in it. A name may be written with `\u` escapes, so a body that has both no
/// `tactgate-` and no such escape surely has none; any other is parsed.
pub fn leaves_as_it_came(request: &HttpRequest, reading: &Reading, batch: Batch<'_>) -> bool {
    const WORD: &[u8] = b"tactgate";
    let body = &request.body;
    let declares = || {
        memchr::memchr_iter(b'-', body).any(|at| {
            let before = at.checked_sub(WORD.len()).and_then(|from| body.get(from..at));
            before.is_some_and(|word| word.eq_ignore_ascii_case(WORD))
        })
    };
    batch.edits.is_empty()
        && batch.recipients.len() == reading.recipients.len()
        && memchr::memmem::find(body, b"\\u").is_none()
        && !declares()
}

/// Request headers in which a client names its message, the first that stands: the key of
/// draft-ietf-httpapi-idempotency-key-header, and the id that every attempt of an AWS SDK's call has.
const KEY_HEADERS: [&str; 2] = ["Idempotency-Key", "amz-sdk-invocation-id"];

/// The client's own key: one, 1 to 256 visible characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Malformed> {
    for name in KEY_HEADERS {
        let wrong = |why: &str| Malformed::Field { field: name.to_owned(), why: why.to_owned() };
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else { continue };
        if values.next().is_some() {
            return Err(wrong("stands twice"));
        }
        let text = value.to_str().map_err(|_| wrong("must be visible ASCII"))?.trim();
        return match text.len() {
            1..=IDEMPOTENCY_KEY_BYTES_MAX if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Some(text.to_owned()))
            }
            1..=IDEMPOTENCY_KEY_BYTES_MAX => Err(wrong("must be visible ASCII")),
            _ => Err(wrong("must have 1 to 256 characters")),
        };
    }
    Ok(None)
}

/// What two attempts at one request have in common: where it goes, what it declares, and its body to the
/// byte. Clients send the same bytes again.
pub fn fingerprint(request: &HttpRequest, feed: &mut dyn FnMut(&[u8])) {
    feed(request.method.as_str().as_bytes());
    feed(request.path.as_bytes());
    feed(request.query.as_deref().unwrap_or_default().as_bytes());
    let declarations = request.headers.iter().filter(|(name, _)| Declared::is_declaration(name.as_str()));
    let mut declarations: Vec<_> = declarations.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    declarations.sort_unstable();
    for (name, value) in declarations {
        feed(name.as_bytes());
        feed(value);
    }
    feed(b"body");
    feed(&request.body);
}

/// Refuses a body that is not as it will be read: compressed, or of another media type.
pub fn body_is(headers: &HeaderMap, media_type: &str) -> Result<(), Malformed> {
    let wrong = |field: &str, why: String| Malformed::Field { field: field.to_owned(), why };
    for coding in headers.get_all(CONTENT_ENCODING) {
        if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(wrong("Content-Encoding", "a compressed body cannot be read; send it plain".to_owned()));
        }
    }
    let mut types = headers.get_all(http::header::CONTENT_TYPE).iter();
    let (given, twice) = (types.next(), types.next().is_some());
    let essence = given.and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
    match essence {
        Some(essence) if !twice && essence.trim().eq_ignore_ascii_case(media_type) => Ok(()),
        _ => Err(wrong("Content-Type", format!("must be `{media_type}`"))),
    }
}

/// True when the request can only read. A method-override header makes a reading method doubtful.
pub fn only_reads(request: &HttpRequest) -> bool {
    let overrides = ["x-http-method-override", "x-http-method", "x-method-override"];
    let reading = [Method::GET, Method::HEAD].contains(&request.method);
    reading && !overrides.iter().any(|name| request.headers.contains_key(*name))
}

/// The path as servers compare it: percent-decoding undone, lower case, no slash at the end. For
/// recognising a sending path in any spelling; never for forwarding.
pub fn folded_path(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().to_lowercase();
    decoded.trim_end_matches('/').to_owned()
}

/// What a provider's status says: 2xx taken; 429, 500 and 503 come before the message is taken; behind
/// a 502 or 504 somebody in between lost the answer, so it counts as sent.
pub fn outcome(status: StatusCode) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Accepted,
        408 | 425 | 429 | 500 | 503 => Outcome::TryLater,
        502 | 504 => Outcome::Unknown,
        501 | 505..=599 => Outcome::Unknown,
        _ => Outcome::Refused,
    }
}

/// Sets `Retry-After`, in seconds.
pub fn retry_after(mut reply: HttpReply, seconds: u32) -> HttpReply {
    reply.headers.insert(http::header::RETRY_AFTER, seconds.into());
    reply
}

/// The index of a content among those seen, adding it when it is new.
pub fn content_index(contents: &mut Vec<Arc<Content>>, content: Content) -> usize {
    match contents.iter().position(|known| **known == content) {
        Some(index) => index,
        None => {
            contents.push(Arc::new(content));
            contents.len() - 1
        }
    }
}
