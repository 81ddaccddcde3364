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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::dialect;

    #[test]
    fn it_answers_as_the_provider_says_that_it_is_not_and_keeps_the_last_ones() {
        let (sandbox, now) = (Sandbox::new(2), Timestamp::UNIX_EPOCH);
        let twilio = dialect("twilio").unwrap();
        for text in ["one", "两", "three"] {
            let mut request =
                HttpRequest { path: "/2010-04-01/Accounts/AC1/Messages.json".to_owned(), ..HttpRequest::default() };
            request.headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            request.body = format!("To=%2B8613800138000&Body={text}").into();
            let reading = twilio.read(&request, None).unwrap();
            let reply = sandbox.request(twilio, &request, &reading, "1", now);
            assert_eq!((reply.status.as_u16(), &reply.headers[SANDBOX_FIELD]), (201, &HeaderValue::from_static("1")));
        }
        let shown: Vec<_> = sandbox.shown().into_iter().map(|shown| (shown.text, shown.recipients)).collect();
        let to = vec!["+8613800138000".to_owned()];
        assert_eq!(shown, [("three".to_owned(), to.clone()), ("两".to_owned(), to)]);
        assert!(!format!("{sandbox:?}").contains("138"), "no log shows a number");
        let mail = sandbox.mail(vec!["a@b.cn".to_owned()], &Content::default(), "1", now);
        assert!(mail.is_positive());
    }
}
