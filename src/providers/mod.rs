//! Dialects, PURE: bytes ↔ messages ↔ replies; one file a provider, one line in [`DIALECTS`]. A
//! dialect reads a submission into messages, writes back what may leave by editing the original
//! bytes (never composing them anew), words refusals as its provider would, and tells what the
//! provider's answer meant.

pub mod form;
pub mod json;
pub mod mime;
pub mod relay;
pub mod request;
pub mod sendgrid;
pub mod splice;
pub mod tactgate;
pub mod twilio;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use crate::message::{
    Address, Channel, Content, Declaration, Declared, Edit, HttpReply, HttpRequest, Message, SmtpReply, Stream,
    Submission, Unaddressable,
};

/// Every HTTP dialect. A new provider is one new file and one line here.
pub const DIALECTS: &[&dyn Dialect] = &[&sendgrid::SendGrid, &twilio::Twilio, &tactgate::Tactgate];

/// The dialect of that first path segment.
pub fn dialect(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.name() == name)
}

/// What a path of no dialect is answered: `404`, and the first segments that exist. `others` are those
/// that the gateway serves beside the dialects.
pub fn unknown_segment(segment: &str, others: &[&str]) -> HttpReply {
    let known: Vec<String> =
        DIALECTS.iter().map(|dialect| dialect.name()).chain(others.iter().copied()).map(|n| format!("/{n}")).collect();
    let shown: String = segment.chars().filter(|c| !c.is_control()).take(64).collect();
    let message = format!("no dialect is called `{shown}`; paths begin with one of {}", known.join(", "));
    let body = serde_json::json!({"error": {"code": "not_found", "message": message, "known": known}});
    HttpReply::json(StatusCode::NOT_FOUND, &body)
}

/// What a dialect does with a request before reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Sends messages: read it.
    Send,
    /// Reads, or is listed as sending nothing: goes through blind.
    Blind,
    /// Might send by another way: refused unless the route says `other_paths = "forward"`.
    Other,
}

/// One recipient of a submission, in request order.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// As the wire gave it: for replies to the sender only, never for records.
    pub given: String,
    /// Canonical, or why it cannot be.
    pub address: Result<Address, Unaddressable>,
    /// Which of [`Reading::contents`] they are shown.
    pub content: usize,
    /// What was declared for them.
    pub declared: Declared,
}

/// A submission, read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// How its messages travel.
    pub channel: Channel,
    /// The distinct contents.
    pub contents: Vec<Arc<Content>>,
    /// The recipients.
    pub recipients: Vec<Recipient>,
    /// The client's own idempotency key, when the protocol has one.
    pub idempotency_key: Option<String>,
}

impl Reading {
    /// The message that recipient number `index` would get.
    pub fn message(&self, index: usize, stream: &Stream) -> Option<Message> {
        let recipient = self.recipients.get(index)?;
        Some(Message {
            channel: self.channel,
            recipient: recipient.address.clone().ok()?,
            content: Arc::clone(self.contents.get(recipient.content)?),
            declared: recipient.declared.clone(),
            stream: stream.clone(),
        })
    }
}

/// A submission that cannot be read; answered in the dialect's own shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A field is wrong or missing.
    #[error("{field}: {why}")]
    Field {
        /// Its name as the provider writes it: `personalizations.0.to`, `Body`.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// A declaration is wrong.
    #[error(transparent)]
    Declaration(#[from] Declaration),
    /// Beyond a limit of the gateway.
    #[error("{what} is more than {max}")]
    TooMuch {
        /// What there is too much of.
        what: String,
        /// The limit, with its unit.
        max: String,
    },
}

/// A rewrite that cannot be carried into the bytes: the message is then blocked, never half-changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change does not fit the message: {0}")]
pub struct Unfit(pub String);

/// Which recipients leave together, with which edits.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Indices into [`Reading::recipients`], ascending. Everyone else is removed from the bytes.
    pub recipients: &'a [usize],
    /// Edits per content: `(index into Reading::contents, its edits)`; contents not named stay as
    /// they are. Empty, with all recipients, means the original bytes without `Tactgate-*` fields.
    pub edits: &'a [(usize, Vec<Edit>)],
}

/// What leaves for the provider.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A request to the route's upstream.
    Http(HttpRequest),
    /// Mail data for these recipients (indices into the submission's).
    Mail {
        /// Indices into [`Reading::recipients`].
        recipients: Vec<usize>,
        /// The content, strict CRLF.
        data: Bytes,
    },
}

/// What a provider's answer means for the messages it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Refused for good: the reservation is given back.
    Refused,
    /// Try later: the reservation is given back, the client retries.
    TryLater,
    /// No answer: counts as sent.
    Unknown,
}

/// Why the gateway itself answers, for wording in the provider's shape.
#[derive(Debug, Clone)]
pub enum Refusal<'a> {
    /// Guards blocked every recipient: rule id, fact-free title, decision id.
    Blocked {
        /// The first blocked recipient's index, for shapes that name a field.
        recipient: usize,
        /// What is said of each blocked recipient.
        why: &'a BlockedBecause,
    },
    /// The submission cannot be read.
    Malformed(&'a Malformed),
    /// No valid credential for this door.
    Unauthorized,
    /// No route takes this, or `other_paths` refuses it.
    NoRoute(&'a str),
    /// Body larger than this many bytes.
    TooLarge(usize),
    /// Not now: store down for a law rule, hold full, provider unreachable. Try again after seconds.
    TryLater {
        /// For people.
        why: &'a str,
        /// When to come back.
        retry_after_seconds: u32,
    },
    /// More comes than can be carried; this one is to come again.
    Busy {
        /// When to come back.
        retry_after_seconds: u32,
    },
    /// The provider's answer was lost after the request left.
    OutcomeUnknown,
    /// An earlier attempt with the client's own key is still under way.
    InFlight {
        /// When to come back.
        retry_after_seconds: u32,
    },
    /// The client gave its key to another content before.
    OtherContent,
    /// The door's own refusal: framing, deadlines, a fault inside.
    Door {
        /// The status.
        status: StatusCode,
        /// For people; no fact of a customer.
        why: &'a str,
    },
}

/// What is said of a retry that comes too early.
pub const IN_FLIGHT: &str = "an earlier attempt at this message is still under way";
/// What is said of a key that was given to another content.
pub const OTHER_CONTENT: &str = "this idempotency key was given to another content before";

/// What a refusal may say (design §4, *Doors learn little*).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedBecause {
    /// The rule's id.
    pub rule: String,
    /// The rule's fact-free title, in the message's language.
    pub title: String,
    /// The decision's id, for `tactgate explain`.
    pub decision: String,
}

impl std::fmt::Display for BlockedBecause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} (decision {})", self.rule, self.title, self.decision)
    }
}

/// An HTTP dialect. Everything is pure: ids and times come as arguments.
pub trait Dialect: Sync {
    /// Its first path segment and its name in `[[route]]`.
    fn name(&self) -> &'static str;

    /// What to do with a request to this path (below the first segment).
    fn claim(&self, request: &HttpRequest) -> Claim;

    /// Reads it. `region` reads national phone numbers.
    fn read(&self, request: &HttpRequest, region: Option<&str>) -> Result<Reading, Malformed>;

    /// What two attempts at one request have in common, piece by piece: clients that retry send the same
    /// bytes. A dialect whose body holds an id of the attempt leaves that out.
    fn fingerprint(&self, request: &HttpRequest, feed: &mut dyn FnMut(&[u8])) {
        request::fingerprint(request, feed);
    }

    /// Of those who may leave, those who can when the rest may not: a copy cannot leave without the
    /// addressee it stands beside. [`Dialect::write`] refuses a batch in which somebody cannot.
    fn can_leave(&self, request: &HttpRequest, allowed: &[usize]) -> Vec<usize> {
        let _ = request;
        allowed.to_vec()
    }

    /// Recipients that travel in one message, an addressee and the copies beside them: each company by
    /// its indices. They leave together or wait together; whoever is in none travels alone.
    fn companies(&self, request: &HttpRequest) -> Vec<Vec<usize>> {
        let _ = request;
        Vec::new()
    }

    /// The request that carries this batch: the original bytes, spliced. Where two contents share
    /// bytes (one text, personal substitutions), a batch with edits names recipients of one content.
    fn write(&self, request: &HttpRequest, reading: &Reading, batch: Batch<'_>) -> Result<HttpRequest, Unfit>;

    /// How the provider names the place of a recipient: for a refusal because of their address.
    fn recipient_field(&self, request: &HttpRequest, recipient: usize) -> String;

    /// What the provider's answer means.
    fn outcome(&self, reply: &HttpReply) -> Outcome;

    /// The provider's own success shape: answers for the sandbox and for holds. `id` is unique,
    /// `now` goes where the provider writes a date.
    fn accepted(&self, request: &HttpRequest, reading: &Reading, id: &str, now: jiff::Timestamp) -> HttpReply;

    /// The provider's own refusal shape and code.
    fn refused(&self, request: &HttpRequest, refusal: &Refusal<'_>) -> HttpReply;
}

/// The wording of a refusal for SMTP doors (design §4: `550 5.7.1`).
pub fn smtp_refusal(refusal: &Refusal<'_>) -> SmtpReply {
    match refusal {
        Refusal::Blocked { why, .. } => SmtpReply::new(550, "5.7.1", why.to_string()),
        Refusal::Malformed(malformed) => SmtpReply::new(550, "5.6.0", malformed.to_string()),
        Refusal::Unauthorized => SmtpReply::new(530, "5.7.0", "authentication required"),
        Refusal::NoRoute(why) => SmtpReply::new(550, "5.7.1", (*why).to_owned()),
        Refusal::TooLarge(max) => SmtpReply::new(552, "5.3.4", format!("the message is larger than {max} bytes")),
        Refusal::TryLater { why, .. } => SmtpReply::new(451, "4.3.0", (*why).to_owned()),
        Refusal::Busy { .. } => SmtpReply::new(451, "4.3.2", "too much is being carried, try again"),
        Refusal::OutcomeUnknown => {
            SmtpReply::new(451, "4.4.2", "the provider's answer was lost; the message may have been sent")
        }
        Refusal::InFlight { .. } => SmtpReply::new(451, "4.3.0", IN_FLIGHT),
        Refusal::OtherContent => SmtpReply::new(550, "5.6.0", OTHER_CONTENT),
        Refusal::Door { status, why } if status.is_server_error() => SmtpReply::new(451, "4.3.0", (*why).to_owned()),
        Refusal::Door { why, .. } => SmtpReply::new(554, "5.5.0", (*why).to_owned()),
    }
}

/// A submission that dialects read: kept together for the gateway.
pub fn http_request(submission: &Submission) -> Option<&HttpRequest> {
    match &submission.wire {
        crate::message::Wire::Http(request) => Some(request),
        crate::message::Wire::Smtp(_) => None,
    }
}
