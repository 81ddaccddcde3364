//! What the shop tells us, as one schema (design §5, *Events*): plain data, and how an event changes
//! a customer's document. Applying is idempotent by the event's id and commutes with other events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, Language, Money};

/// One event about one customer.
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
    /// Another address of the same person.
    IdentityLink {
        /// The other address, in any spelling; becomes a key at the door and is not kept.
        also: String,
    },
}
