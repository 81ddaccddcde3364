//! What comes out of a decision: findings with their evidence, and the verdict they add up to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::Why;
use crate::message::{Money, PRIORITY_NORMAL, Span};
use crate::policy::Place;
use crate::rewrite::Action;

/// Whether a guard protects a right or a courtesy (design §3, *Classes*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardClass {
    /// Opt-out, suppression, legal hours: must-send messages obey it too.
    Law,
    /// Caps, surveys, prices: never harms a must-send message.
    Courtesy,
}

/// One piece of evidence, typed, so that each language words it in its own way. No address, no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A word of the shop's own: sku, survey id, department, campaign, topic, channel.
    Name(String),
    /// An amount.
    Money(Money),
    /// A moment.
    At(Timestamp),
    /// A length of time, in seconds.
    Seconds(i64),
    /// A number of things.
    Count(u64),
}

/// What the guard saw, by placeholder name: `{paid}`, `{ago}` … `now` and the customer are always there.
pub type Because = BTreeMap<String, Evidence>;

/// A guard's answer about one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing to object to.
    Fine,
    /// An objection.
    Objects(Objection),
    /// Not enough is known.
    CannotTell(Why),
}

/// Why a guard objects, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Objection {
    /// The evidence.
    pub because: Because,
    /// The places in the message that do the harm: what a rewrite takes away.
    pub spans: Vec<Span>,
    /// The next instant at which it would not object, if time alone mends it.
    pub free_at: Option<Timestamp>,
    /// True when what is objected to is what the message is for, as a gift card that cannot be used in the mail
    /// that hands it over: take it away, and no receipt is left to protect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_its_purpose: bool,
    /// True when the store was down and this is from what the machine last knew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remembered: bool,
}

impl Objection {
    /// An objection with this evidence.
    pub fn because<const N: usize>(evidence: [(&str, Evidence); N]) -> Objection {
        Objection {
            because: evidence.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Objection::default()
        }
    }

    /// With the places that do the harm.
    pub fn at(mut self, spans: impl IntoIterator<Item = Span>) -> Objection {
        self.spans.extend(spans);
        self
    }

    /// With the instant from which it would be fine.
    pub fn until(mut self, free_at: Timestamp) -> Objection {
        self.free_at = Some(free_at);
        self
    }
}

/// What happens to the message, least to most protective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Goes as it is.
    Pass,
    /// Goes changed by the decision's `rewrites`.
    Rewrite,
    /// Goes later, decided again then.
    Delay {
        /// Not before this.
        until: Timestamp,
        /// Not after this: then it is blocked.
        expires: Timestamp,
    },
    /// Does not go.
    Block,
}

impl Verdict {
    /// 0 pass, 1 rewrite, 2 delay, 3 block.
    pub fn severity(&self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Rewrite => 1,
            Verdict::Delay { .. } => 2,
            Verdict::Block => 3,
        }
    }

    /// The stable word for it.
    pub fn name(&self) -> &'static str {
        ["pass", "rewrite", "delay", "block"][usize::from(self.severity().min(3))]
    }
}

/// What one rule's guard said, and what the rule makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The guard's name.
    pub guard: String,
    /// The rule's id.
    pub rule: String,
    /// Where the rule stands.
    pub place: Place,
    /// The answer.
    pub answer: Answer,
    /// What the rule wants because of it.
    pub wants: Verdict,
    /// True when the rule only watches.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// True when a must-send message went on in spite of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_removed: bool,
    /// True when the store was down and the rule let it go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
}

/// A wanted change: an action, and the places of the finding that wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedRewrite {
    /// The rule that wants it.
    pub rule: String,
    /// What to do.
    pub action: Action,
    /// Where the harm is.
    pub spans: Vec<Span>,
    /// The finding's evidence: what an action may say is only what the finding knows.
    pub because: Because,
}

/// A decision about one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The outcome.
    pub verdict: Verdict,
    /// Everything that was found (fine answers left out), in the order of rule ids.
    pub findings: Vec<Finding>,
    /// What to change when the verdict is rewrite (or a later pass after a delay).
    pub rewrites: Vec<WantedRewrite>,
    /// True when the message is must-send by evidence: courtesy guards could not harm it.
    pub must_send: bool,
    /// True when it is a code or a receipt by its words alone: courtesy guards could take something out of it.
    pub receipt: bool,
    /// Rules that object only to what a receipt sells: where that cannot be taken out, the receipt goes with it.
    pub of_offers: Vec<String>,
    /// Which of several waiting messages leaves first; higher first.
    pub priority: u16,
}

impl Decision {
    /// Before any guard has spoken.
    pub fn open() -> Decision {
        Decision {
            verdict: Verdict::Pass,
            findings: Vec::new(),
            rewrites: Vec::new(),
            must_send: false,
            receipt: false,
            of_offers: Vec::new(),
            priority: PRIORITY_NORMAL,
        }
    }

    /// The finding a refusal names: the first, by rule id, that wants the verdict.
    pub fn decisive(&self) -> Option<&Finding> {
        self.findings.iter().find(|f| !f.shadow && !f.not_removed && f.wants.severity() == self.verdict.severity())
    }
}
