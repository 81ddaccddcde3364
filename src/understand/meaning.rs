//! The typed meaning of a message: what guards judge and what the decision record keeps, so that
//! `replay` can decide again without the text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, Language, Money, Span};

/// Where a statement came from, best first (design §3, *Source of an offer's facts*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Read from the text.
    Text,
    /// From a link or the catalogue.
    Link,
    /// From structured data in the mail.
    Structured,
    /// The sender said so.
    Declared,
}

/// How sure the reader is, 0 to 100; a rule states the least it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(pub u8);

impl Confidence {
    /// Declared by the sender.
    pub const CERTAIN: Confidence = Confidence(100);
}

/// What a message is for, by its words and structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sells something.
    Promotion,
    /// Asks for opinions.
    Survey,
    /// Carries a one-time code: must-send evidence.
    OneTimeCode,
    /// Order confirmation, receipt, delivery or appointment notice: must-send evidence.
    Notice,
    /// None of these could be told.
    #[default]
    Other,
}

/// Whether the wording speaks to a prospect or to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// "first order", 新人专享.
    Prospect,
    /// "thank you for your purchase", 老客户.
    Customer,
}

/// One product offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The product's sku, upper-cased, when known.
    pub product: Option<String>,
    /// The sender's id of the offer, when declared.
    pub id: Option<String>,
    /// What it costs here.
    pub price: Option<Money>,
    /// The struck-out or "was" price.
    pub list_price: Option<Money>,
    /// Percent off, when that is all it says.
    pub percent_off: Option<u8>,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// The only channel it may be shown on.
    pub exclusive: Option<Channel>,
    /// Hash of the offer's sentences without names, codes, numbers and dates: part of its family.
    pub simhash: Option<u64>,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentences that make it.
    pub spans: Vec<Span>,
}

/// What sort of end a deadline claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKind {
    /// A calendar date: "until November 30", 截至11月30日.
    Absolute,
    /// Relative to now: "this weekend", "within 48 hours", 仅限今日.
    Relative,
    /// "Last chance", 最后一天, with no date.
    LastChance,
    /// Counted from the moment each person receives it: "valid for 7 days", 7天内有效. Everybody's own,
    /// so no claim to the public that a later message could contradict.
    FromReceipt,
}

/// A claimed end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// When the claim says it ends, if it says.
    pub instant: Option<Timestamp>,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentence that makes it; `None` when declared.
    pub span: Option<Span>,
}

/// An invitation to a survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAsk {
    /// Which survey, when declared or told by its link.
    pub id: Option<String>,
    /// How long it takes, when said.
    pub minutes: Option<u32>,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentences or links that invite.
    pub spans: Vec<Span>,
}

/// How the message lets a person refuse more of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOut {
    /// Words or a link in the text.
    Text(Span),
    /// A List-Unsubscribe header only.
    Header,
}

/// Something that could not be read, in words for the record. Never quotes the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Doubt(pub String);

/// All that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meaning {
    /// The language most of it is in.
    pub language: Option<Language>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it speaks to, when the wording tells.
    pub audience: Option<Audience>,
    /// What it offers.
    pub offers: Vec<Offer>,
    /// The ends it claims.
    pub deadlines: Vec<Deadline>,
    /// The surveys it invites to.
    pub surveys: Vec<SurveyAsk>,
    /// What it is about: catalogue or lexicon topics, lower-case (`shoes`, `bags`).
    pub topics: Vec<String>,
    /// How it can be refused.
    pub opt_out: Option<OptOut>,
    /// What could not be read. Not empty: guards that need the text answer "cannot tell".
    pub doubts: Vec<Doubt>,
}

impl Meaning {
    /// True when the text is evidence that the message must be sent (design §3: "transactional"
    /// needs evidence, not only a claim).
    pub fn is_transactional(&self) -> bool {
        matches!(self.purpose, Purpose::OneTimeCode | Purpose::Notice)
    }
}
