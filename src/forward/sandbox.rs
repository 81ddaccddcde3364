//! The provider that accepts everything and sends nothing: for the first run and for trying policies.
//! It answers as the real one would, says that it is not, and keeps the last messages for display.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use jiff::Timestamp;

use crate::message::{Channel, Content, HttpReply, HttpRequest, PartKind, SmtpReply};
use crate::providers::{Dialect, Reading};

/// Says in an answer that nothing was sent.
pub const SANDBOX_FIELD: &str = "Tactgate-Sandbox";

/// Most characters kept of one text.
const SHOWN_CHARS_MAX: usize = 4_000;

/// A message as the console shows it. It holds an address and a text: no `Debug`, so no log shows it.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// When it came.
    pub at: Timestamp,
    /// How it would have travelled.
    pub channel: Channel,
    /// To whom, as the client wrote it.
    pub recipients: Vec<String>,
    /// The subject, if it has one.
    pub subject: Option<String>,
    /// Its text, or the source of its HTML.
    pub text: String,
}

/// See the module.
pub struct Sandbox {
    shown_max: usize,
    shown: Mutex<VecDeque<Shown>>,
}

impl Sandbox {
    /// Keeps the last `shown_max` messages.
    pub fn new(shown_max: usize) -> Sandbox {
        Sandbox { shown_max, shown: Mutex::default() }
    }

    /// Accepts a request. `outgoing` is what would have left, `reading` what it says.
    pub fn request(
        &self,
        dialect: &dyn Dialect,
        outgoing: &HttpRequest,
        reading: &Reading,
        id: &str,
        now: Timestamp,
    ) -> HttpReply {
        for (index, content) in reading.contents.iter().enumerate() {
            let mine = reading.recipients.iter().filter(|recipient| recipient.content == index);
            self.keep(now, reading.channel, mine.map(|recipient| recipient.given.clone()).collect(), content);
        }
        let mut reply = dialect.accepted(outgoing, reading, id, now);
        reply.headers.insert(SANDBOX_FIELD, HeaderValue::from_static("1"));
        reply
    }

    /// Accepts a mail.
    pub fn mail(&self, recipients: Vec<String>, content: &Content, id: &str, now: Timestamp) -> SmtpReply {
        self.keep(now, Channel::Email, recipients, content);
        SmtpReply::new(250, "2.0.0", format!("accepted by the sandbox, nothing is sent; {id}"))
    }

    /// The last messages, newest first.
    pub fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    fn keep(&self, at: Timestamp, channel: Channel, recipients: Vec<String>, content: &Content) {
        let part = |kind| content.parts.iter().find(|part| part.kind == kind).map(|part| part.text.as_str());
        let short = |text: &str| text.chars().take(SHOWN_CHARS_MAX).collect::<String>();
        let text = part(PartKind::Plain).or(part(PartKind::Html)).unwrap_or_default();
        let subject = part(PartKind::Subject).map(short);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.push_back(Shown { at, channel, recipients, subject, text: short(text) });
        while shown.len() > self.shown_max {
            shown.pop_front();
        }
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("shown_max", &self.shown_max).finish_non_exhaustive()
    }
}
