//! What left, and what came back: the lines that make a gateway's journal its own truth about its sends.
//! A `forwarding` line reaches the operating system before the first byte may leave, so a send without
//! one has not left; a `given-back` line says that the provider refused. What was accepted needs no line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::{JOURNAL, Record, RecordError};
use crate::facts::{ClaimAddition, SendEvent};

/// Sends that leave together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardingEntry {
    /// When.
    pub at: Timestamp,
    /// Whose customers.
    pub brand: String,
    /// To whom.
    pub sends: Vec<ForwardedSend>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedSend {
    /// The customer's root key.
    pub customer: String,
    /// As it stands in the customer's document.
    pub send: SendEvent,
}

/// Sends that were on their way and did not reach anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBackEntry {
    /// When.
    pub at: Timestamp,
    /// Their ids.
    pub sends: Vec<String>,
}

/// What the brand claimed in messages, as it was entered into its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedEntry {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub brand: String,
    /// What.
    pub claims: Vec<ClaimAddition>,
}

/// The same as [`ForwardingEntry`], without a copy of anything.
#[derive(Serialize)]
struct Forwarding<'a> {
    line: &'static str,
    at: Timestamp,
    brand: &'a str,
    sends: Vec<Forwarded<'a>>,
}

#[derive(Serialize)]
struct Forwarded<'a> {
    customer: &'a str,
    send: &'a SendEvent,
}

impl Record {
    /// Writes down what is about to leave; `Ok` = the operating system has it.
    pub async fn forwarding<'a>(
        &self,
        at: Timestamp,
        brand: &str,
        sends: impl Iterator<Item = (&'a str, &'a SendEvent)>,
    ) -> Result<(), RecordError> {
        let sends = sends.map(|(customer, send)| Forwarded { customer, send }).collect();
        let text = serde_json::to_string(&Forwarding { line: "forwarding", at, brand, sends });
        self.give_text(text, JOURNAL, at, false).await
    }
}
