//! The shared nouns of the path: what a client handed over, one content to one customer, who that
//! customer is, money, and places in text. Plain data: this folder uses no other folder, does no IO,
//! reads no clock.

pub mod address;
pub mod declared;
pub mod money;
pub mod path;
pub mod segments;
pub mod sku;
pub mod span;
pub mod submission;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use address::{Address, AddressKind, Unaddressable};
pub use declared::{Declaration, Declared, DeclaredOffer};
pub use money::{Currency, Money};
pub use segments::{Segments, segments};
pub use sku::same_product;
pub use span::{Edit, Span};
pub use submission::{
    HttpReply, HttpRequest, MailEnvelope, MailRecipient, MailSubmission, Secret, SmtpReply, Submission, Wire,
};

/// How a message reaches a person. Push may come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// RFC 5322 mail, by whatever door it came.
    Email,
    /// A text message to a phone.
    Sms,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
        })
    }
}

/// A language the lexicons speak. Guards must work in both (design §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese, simplified or traditional.
    Zh,
}

/// Whether a stream's messages may be stopped for courtesy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Marketing, surveys, newsletters: every guard speaks.
    #[default]
    Ordinary,
    /// One-time codes, receipts: claimed here, believed only with evidence in the text (design §3).
    MustSend,
}

/// The priority of messages of which nobody says another; 0 to [`PRIORITY_MAX`], higher first.
pub const PRIORITY_NORMAL: u16 = 500;

/// The highest priority there is.
pub const PRIORITY_MAX: u16 = 1000;

/// What a door credential or route belongs to: whose message it is and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Name in `tactgate.toml`, or `default`.
    pub name: String,
    /// The brand: facts are kept per brand, never shared between two.
    pub brand: String,
    /// The department that sends, when known: `sales`, `after-sales` …
    pub department: Option<String>,
    /// What the messages are for: `promotion`, `survey`, `receipt` …
    pub purpose: Option<String>,
    /// The class claimed for its messages.
    pub class: Class,
    /// Which of several waiting messages leaves first, and who may have the last places of a cap.
    #[serde(default = "priority_normal")]
    pub priority: u16,
}

fn priority_normal() -> u16 {
    PRIORITY_NORMAL
}

impl Default for Stream {
    fn default() -> Stream {
        Stream {
            name: String::new(),
            brand: String::new(),
            department: None,
            purpose: None,
            class: Class::default(),
            priority: PRIORITY_NORMAL,
        }
    }
}

/// What a part of a content is, and so how its text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// The subject line, encoded words decoded.
    Subject,
    /// Plain text: a text/plain part, or the text of an SMS.
    Plain,
    /// HTML source; the reader makes visible text of it.
    Html,
}

/// One readable part: text after transfer encoding and charset are undone. For [`PartKind::Html`] it
/// is the HTML source, tags and entities still in it. Spans of meanings and edits are byte ranges of
/// this `text`; the dialect that read the part knows which raw bytes it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How to read `text`.
    pub kind: PartKind,
    /// Decoded text, UTF-8.
    pub text: String,
}

/// What one or many recipients are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// In the order of the wire; the subject first when there is one.
    pub parts: Vec<Part>,
    /// Header fields of a mail or of the JSON `headers` object, lower-case name and unfolded value,
    /// declarations already taken out: `list-unsubscribe`, `list-id` …
    pub headers: Vec<(String, String)>,
    /// Why some of the text could not be read (`template d-1f4 is not in the request`): guards that
    /// need the text answer "cannot tell".
    pub unreadable: Vec<String>,
}

impl Content {
    /// The value of the first header field of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// One content to one customer: what guards judge.
#[derive(Debug, Clone)]
pub struct Message {
    /// How it travels.
    pub channel: Channel,
    /// Who it is for, in the one spelling that facts are kept under.
    pub recipient: Address,
    /// What they will read, shared by all recipients of the same content.
    pub content: Arc<Content>,
    /// What the sender declared about it.
    pub declared: Declared,
    /// Whose message it is.
    pub stream: Stream,
}

impl Message {
    /// The department: declared, else the stream's.
    pub fn department(&self) -> Option<&str> {
        self.declared.department.as_deref().or(self.stream.department.as_deref())
    }

    /// The purpose: declared, else the stream's.
    pub fn purpose(&self) -> Option<&str> {
        self.declared.purpose.as_deref().or(self.stream.purpose.as_deref())
    }

    /// The sender's label for a group of messages.
    pub fn campaign(&self) -> Option<&str> {
        self.declared.campaign.as_deref()
    }
}
