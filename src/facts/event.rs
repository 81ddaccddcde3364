//! What the shop tells us, as one schema (design §5, *Events*): plain data. Most events are about one
//! customer; a voucher's life, the stock and the public prices are the brand's own and name nobody. Taking
//! an event in is idempotent by its id and commutes with other events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, Language, Money};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The shop's id: the same id applied twice changes nothing.
    pub id: String,
    /// When it happened (not when it was told).
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

/// What happened. The CloudEvents `type` is `tactgate.<name>`; the NDJSON `type` is the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// Bought.
    Purchase {
        /// The product's sku.
        product: String,
        /// What was paid for one.
        #[serde(default)]
        price: Option<Money>,
        /// The order.
        #[serde(default)]
        order: Option<String>,
    },
    /// Given back, or cancelled.
    Return {
        /// The product's sku.
        product: String,
        /// The order.
        #[serde(default)]
        order: Option<String>,
    },
    /// A survey contact outside this gateway, or an answer.
    Survey {
        /// Which survey.
        survey: String,
        /// Invited, answered or declined.
        step: super::SurveyStep,
        /// Whose.
        #[serde(default)]
        department: Option<String>,
        /// How many minutes it asks for, when told.
        #[serde(default)]
        minutes: Option<u32>,
    },
    /// The person had something to have an opinion of: it came, was used, ended.
    Experience {
        /// What sort.
        kind: ExperienceKind,
        /// The product's sku.
        #[serde(default)]
        product: Option<String>,
        /// The order, stay or ticket.
        #[serde(default)]
        order: Option<String>,
        /// Whose experience it was: the department that may ask about it.
        #[serde(default)]
        department: Option<String>,
    },
    /// The person asked to be told when this costs less.
    PriceAlert {
        /// The product's sku.
        product: String,
    },
    /// The person looked at something; at least one of the two is told.
    Browse {
        /// A topic (`shoes`).
        #[serde(default)]
        topic: Option<String>,
        /// A product's sku.
        #[serde(default)]
        product: Option<String>,
    },
    /// A voucher, gift card or code: brand-wide, whoever holds it.
    Voucher {
        /// What became of it.
        step: VoucherStep,
        /// Its code, in any spelling (see [`super::brand::code`]).
        code: String,
    },
    /// How many pieces there are: brand-wide.
    Stock {
        /// The product's sku.
        product: String,
        /// How many.
        left: u32,
    },
    /// The public price from now on: brand-wide.
    Price {
        /// The product's sku.
        product: String,
        /// What one costs whoever asks.
        price: Money,
    },
    /// A complaint or ticket was opened.
    ComplaintOpened {
        /// Its id.
        ticket: String,
    },
    /// It was closed.
    ComplaintClosed {
        /// Its id.
        ticket: String,
    },
    /// The person refuses more.
    OptOut {
        /// The channel refused; absent = all.
        #[serde(default)]
        channel: Option<Channel>,
        /// The purpose refused; absent = all.
        #[serde(default)]
        purpose: Option<String>,
    },
    /// The person agrees again: lifts an earlier refusal of the same scope or narrower.
    Consent {
        /// The channel; absent = all.
        #[serde(default)]
        channel: Option<Channel>,
        /// The purpose; absent = all.
        #[serde(default)]
        purpose: Option<String>,
    },
    /// The address does not exist (a hard bounce).
    Bounce {
        /// The channel it bounced on.
        channel: Channel,
    },
    /// Interests stated.
    Preference {
        /// Topics wanted.
        #[serde(default)]
        wants: Vec<String>,
        /// Topics not wanted.
        #[serde(default)]
        avoids: Vec<String>,
        /// The person's IANA time zone.
        #[serde(default)]
        zone: Option<String>,
        /// The person's language.
        #[serde(default)]
        language: Option<Language>,
    },
    /// What became of a message whose answer was lost, as somebody outside knows it.
    Outcome {
        /// The decision's id, as the answer to the sender named it.
        decision: String,
        /// What became of it.
        outcome: WhetherSent,
    },
    /// Another address of the same person.
    IdentityLink {
        /// The other address, in any spelling; becomes a key at the door and is not kept.
        also: String,
    },
}

/// What a person went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExperienceKind {
    /// The goods came.
    Delivered,
    /// They were used: the first start, the first wash, the first login.
    Used,
    /// A stay, a journey, a course is over.
    StayEnded,
    /// A ticket or repair was closed.
    TicketClosed,
    /// The person was in the shop or branch.
    Visited,
}

/// What became of a message whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhetherSent {
    /// The provider has it.
    Sent,
    /// It never reached the provider, or the provider refused it.
    NotSent,
}

/// What became of a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoucherStep {
    /// It was given out, or filled up again.
    Issued,
    /// It was used up.
    Redeemed,
    /// Its time is over, or it was cancelled.
    Expired,
}

impl What {
    /// True for an event that is the brand's own: it names no customer.
    pub fn is_of_brand(&self) -> bool {
        matches!(self, What::Voucher { .. } | What::Stock { .. } | What::Price { .. })
    }
}
