//! One mail's envelope while it is being said: MAIL, then each RCPT (RFC 5321 §3.3).

use std::collections::HashSet;

use super::reply;
use crate::message::{MailEnvelope, MailRecipient, SmtpReply};

/// The envelope so far.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    envelope: Option<MailEnvelope>,
    recipients: Vec<MailRecipient>,
    seen: HashSet<String>,
}

/// What became of a RCPT.
#[derive(Debug)]
pub(super) enum Added {
    /// One more.
    Taken,
    /// The same mailbox twice gets one mail.
    Again,
    /// No more in this mail.
    Full(SmtpReply),
    /// Not this one.
    Refused(SmtpReply),
}

impl Transaction {
    /// After MAIL.
    pub fn begin(envelope: MailEnvelope) -> Transaction {
        Transaction { envelope: Some(envelope), ..Transaction::default() }
    }

    /// True from MAIL to the answer.
    pub fn is_open(&self) -> bool {
        self.envelope.is_some()
    }

    /// True when SMTPUTF8 was said: then replies may be UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.envelope.as_ref().is_some_and(|envelope| envelope.smtputf8)
    }

    /// Why DATA cannot come now.
    pub fn not_ready(&self) -> Option<SmtpReply> {
        match (&self.envelope, self.recipients.is_empty()) {
            (None, _) => Some(reply::own(503, "5.5.1", "MAIL first")),
            (Some(_), true) => Some(reply::own(554, "5.5.1", "no valid recipients")),
            (Some(_), false) => None,
        }
    }

    /// Adds a recipient.
    pub fn add(&mut self, recipient: MailRecipient, max: usize) -> Added {
        match &self.envelope {
            None => Added::Refused(reply::own(503, "5.5.1", "MAIL first")),
            Some(envelope) if !recipient.address.is_ascii() && !envelope.smtputf8 => {
                Added::Refused(reply::own(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8"))
            }
            Some(_) if self.seen.contains(&recipient.address) => Added::Again,
            Some(_) if self.recipients.len() >= max => {
                Added::Full(reply::own(452, "4.5.3", "too many recipients; send the rest in another mail"))
            }
            Some(_) => {
                self.seen.insert(recipient.address.clone());
                self.recipients.push(recipient);
                Added::Taken
            }
        }
    }

    /// The envelope, to be handed on. The transaction stays open until the answer is said.
    pub fn take(&mut self) -> (MailEnvelope, Vec<MailRecipient>) {
        (self.envelope.clone().unwrap_or_default(), std::mem::take(&mut self.recipients))
    }
}
