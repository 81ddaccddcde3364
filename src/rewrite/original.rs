//! What an action may look at: the message as it came, what it was understood to say, and the brand's
//! clock. Nothing else: an action invents nothing.

use jiff::tz::TimeZone;

use crate::message::{Channel, Content, Language, Message, PartKind, Span};
use crate::understand::Meaning;

/// A message that is to be changed.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// As it came.
    pub message: &'a Message,
    /// What it says.
    pub meaning: &'a Meaning,
    /// The brand's zone: dates are told in it.
    pub zone: &'a TimeZone,
}

impl<'a> Original<'a> {
    /// Its parts and header fields.
    pub fn content(&self) -> &'a Content {
        &self.message.content
    }

    /// The language most of it is in.
    pub fn language(&self) -> Language {
        self.meaning.language.unwrap_or_default()
    }

    /// An SMS is one plain text; a mail has fields and may have parts.
    pub fn is_sms(&self) -> bool {
        self.message.channel == Channel::Sms && self.content().parts.iter().all(|part| part.kind == PartKind::Plain)
    }

    /// The text at a place.
    pub fn text(&self, span: &Span) -> Option<&'a str> {
        self.content().parts.get(usize::from(span.part))?.text.get(span.range())
    }
}
