//! Sockets out: what providers are given, and what they answered, with a fate for each recipient.

pub mod breaker;
pub mod dial;
pub mod dsn;
pub mod http;
pub mod pace;
pub mod sandbox;
pub mod smtp;

use crate::message::{HttpReply, SmtpReply};

/// Why there is no answer of the provider to give back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotForwarded {
    /// Certain: not a byte of the message's end left. Safe to try again.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The last byte may have left and no answer came (reliability: counts as sent).
    #[error("the provider's answer was lost: {0}")]
    Unknown(String),
    /// The breaker is open or the concurrency limit reached; nothing was sent.
    #[error("the provider is not taking messages now: {0}")]
    Busy(String),
}

/// The provider's answer to a mail: one reply per recipient, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAnswer {
    /// For each recipient the reply that decided it: its RCPT refusal, or the end-of-data reply.
    pub recipients: Vec<SmtpReply>,
    /// The end-of-data reply, when it came to that.
    pub data: Option<SmtpReply>,
}

/// The provider's answer to a request.
pub type HttpAnswer = HttpReply;
