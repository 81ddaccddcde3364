//! One line of the record. Field names are the contract (design §5, *Decision record*): what `replay`
//! needs to decide again and what `explain` needs to say why. No address, no text.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::CheckpointEntry;
use super::chain::BeginEntry;
use super::receipt::{ClosedEntry, ReceivedEntry, RetiredEntry};
use super::sends::{ClaimedEntry, ForwardingEntry, GivenBackEntry};
use crate::decide::{Finding, Verdict};
use crate::facts::event::{Event, What, WhetherSent};
use crate::message::{Channel, Segments, Stream};
use crate::policy::Texts;
use crate::providers::Outcome;
use crate::understand::Meaning;

/// A line of `decisions/<day>.jsonl` or `journal/<day>.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
pub enum Line {
    /// A decision.
    Decision(Box<DecisionEntry>),
    /// What became of one, when it was known only later.
    Outcome(OutcomeEntry),
    /// Something the shop told.
    Event(JournalEntry),
    /// Sends that are about to leave.
    Forwarding(ForwardingEntry),
    /// Sends that did not reach anybody.
    #[serde(rename = "given-back")]
    GivenBack(GivenBackEntry),
    /// Entered into a brand's ledger.
    Claimed(ClaimedEntry),
    /// The first line of a file.
    Begin(BeginEntry),
    /// A submission was taken.
    Received(ReceivedEntry),
    /// A submission ended without a decision.
    Closed(ClosedEntry),
    /// Where the chain stood, signed.
    Checkpoint(CheckpointEntry),
    /// Old day files were removed.
    Retired(RetiredEntry),
}

/// One decision about one recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionEntry {
    /// `d-…`.
    pub id: String,
    /// The gateway that decided.
    pub gateway: String,
    /// `s-…`: the transaction it was part of.
    pub submission: String,
    /// The `now` of the decision.
    pub at: Timestamp,
    /// Whose message.
    pub stream: StreamNames,
    /// By which way out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub route: String,
    /// How it travels.
    pub channel: Channel,
    /// The customer's random record id; absent when the store was down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The sender's label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// What was decided, with its times.
    pub verdict: Verdict,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// The findings' reasons as sentences, by rule id: the rule's words with the evidence filled in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, Texts>,
    /// Must-send by evidence.
    #[serde(default)]
    pub must_send: bool,
    /// A code or a receipt by its words alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub receipt: bool,
    /// Hash of the policy set that decided.
    pub policy: String,
    /// Why it was decided without its customer's history: the store's error; absent when it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_store: Option<String>,
    /// Version of the customer's document it was decided on; absent when the store was down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_version: Option<u64>,
    /// From the last byte of the submission to the decision.
    pub latency_us: u64,
    /// What an SMS that was changed took before, and takes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<(Segments, Segments)>,
    /// What became of it, when known before this line was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Fate>,
    /// The decision this one took up again, when a hold came due or a client's retry came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// What the message was understood to say.
    pub meaning: Arc<Meaning>,
}

/// A stream's names, for filters and reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StreamNames {
    /// The stream.
    pub name: String,
    /// The brand.
    pub brand: String,
    /// The department: declared, else the stream's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The purpose: declared, else the stream's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

impl From<&Stream> for StreamNames {
    fn from(stream: &Stream) -> StreamNames {
        StreamNames {
            name: stream.name.clone(),
            brand: stream.brand.clone(),
            department: stream.department.clone(),
            purpose: stream.purpose.clone(),
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The provider took it.
    Accepted,
    /// The provider refused it for good.
    Refused,
    /// The client was asked to come again.
    TryLater,
    /// The provider's answer was lost: counts as sent.
    Unknown,
    /// Not sent, by decision.
    Blocked,
    /// Held until its time.
    Held,
    /// Held again at its time.
    Requeued,
    /// Left after a hold; the provider's answer follows in its own line.
    Released,
    /// Decided against at its time, or cancelled.
    Dropped,
    /// Its time passed before it could be sent.
    Expired,
    /// Held again too often, or damaged.
    Failed,
    /// A client's retry, answered from the record of an earlier attempt.
    Repeated,
    /// Decided, but never to be sent: `POST /tactgate/v1/decide` or the sandbox.
    Sandboxed,
    /// The answer had been lost; an event said that the provider has it.
    ToldSent,
    /// The answer had been lost; an event said that the provider does not have it: no longer counts.
    ToldNotSent,
}

impl Fate {
    /// The stable word for it.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Accepted => "accepted",
            Fate::Refused => "refused",
            Fate::TryLater => "try-later",
            Fate::Unknown => "unknown",
            Fate::Blocked => "blocked",
            Fate::Held => "held",
            Fate::Requeued => "requeued",
            Fate::Released => "released",
            Fate::Dropped => "dropped",
            Fate::Expired => "expired",
            Fate::Failed => "failed",
            Fate::Repeated => "repeated",
            Fate::Sandboxed => "sandboxed",
            Fate::ToldSent => "told-sent",
            Fate::ToldNotSent => "told-not-sent",
        }
    }
}

impl From<Outcome> for Fate {
    fn from(outcome: Outcome) -> Fate {
        match outcome {
            Outcome::Accepted => Fate::Accepted,
            Outcome::Refused => Fate::Refused,
            Outcome::TryLater => Fate::TryLater,
            Outcome::Unknown => Fate::Unknown,
        }
    }
}

/// What became of a decision, known later. Written to the day file of the decision it speaks of, so
/// that one file tells the whole story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeEntry {
    /// The decision.
    pub decision: String,
    /// When it was known.
    pub at: Timestamp,
    /// What.
    pub outcome: Fate,
    /// The decision taken at the end of a hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// For people; never quotes the message or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl OutcomeEntry {
    /// What an event says of a decision whose outcome was unknown; none for any other event.
    pub fn told(at: Timestamp, event: &Event) -> Option<OutcomeEntry> {
        let What::Outcome { decision, outcome } = &event.what else { return None };
        let outcome = match outcome {
            WhetherSent::Sent => Fate::ToldSent,
            WhetherSent::NotSent => Fate::ToldNotSent,
        };
        Some(OutcomeEntry { decision: decision.clone(), at, outcome, next: None, note: None })
    }
}

/// Something the shop told, by keyed hash of the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it was told.
    pub at: Timestamp,
    /// Whose customer.
    pub brand: String,
    /// The address key; empty for an event that is the brand's own.
    pub customer: String,
    /// What.
    pub event: Event,
}

impl JournalEntry {
    /// An event as it may be kept: the other address of an identity link is replaced by its key.
    pub fn new(at: Timestamp, brand: &str, customer: &str, mut event: Event, other_key: Option<&str>) -> JournalEntry {
        if let What::IdentityLink { also } = &mut event.what {
            *also = other_key.unwrap_or("").to_owned();
        }
        JournalEntry { at, brand: brand.to_owned(), customer: customer.to_owned(), event }
    }
}
