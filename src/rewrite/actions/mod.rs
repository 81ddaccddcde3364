//! The ways a message can be changed: one file an action, one line in the list.

mod add_list_unsubscribe;
mod add_opt_out;
mod add_signature;
mod channel_code;
mod limit_segments;
mod price_already_got;
mod price_protection;
mod remove_offer;
mod remove_sentence;
mod remove_survey;
mod remove_urgency;
mod true_date;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Original;
use crate::decide::WantedRewrite;
use crate::message::{Channel, Edit, Money, Segments, Span};
use crate::policy::Texts;
use crate::providers::Unfit;

/// A named way to produce edits, with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Take the harmful sentences away, in text and HTML parts alike.
    RemoveSentence {},
    /// Take an offer away with its block, its picture and its button.
    RemoveOffer {},
    /// Take the invitation to a survey away, with its link.
    RemoveSurvey {},
    /// Cut claims of urgency out, the subject's too.
    RemoveUrgency {},
    /// Say the date that "this weekend" stands for.
    TrueDate {},
    /// Put the price this person was already given in place of another.
    PriceAlreadyGot {},
    /// Put the channel's own code in place of another channel's.
    ChannelCode {
        /// The code of each channel that has one.
        codes: BTreeMap<Channel, String>,
    },
    /// Append how the difference to the price paid can be claimed.
    PriceProtection {
        /// What to append; names in braces are the finding's evidence.
        text: Texts,
    },
    /// Append the way to refuse, if the message has none.
    AddOptOut {
        /// What to append.
        text: Texts,
        /// Mail only: the link behind the words, when there is one.
        #[serde(default)]
        url: Option<String>,
    },
    /// Say who sends an SMS, if it does not.
    AddSignature {
        /// The signature: `【某某商城】`, `Brand:`.
        text: Texts,
        /// Where it stands.
        #[serde(default)]
        at: SignatureAt,
    },
    /// Mail only: header fields by which a mailbox offers to unsubscribe in one click (RFC 8058).
    AddListUnsubscribe {
        /// An `https` address with `{recipient}` in it.
        url: String,
        /// An address that takes unsubscriptions by mail, when there is one.
        #[serde(default)]
        mailto: Option<String>,
    },
    /// Make no change of an SMS that costs more than so many further segments.
    LimitSegments {
        /// How many more than before.
        max_more: u32,
    },
}

/// Where a signature stands in an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureAt {
    /// Before the words.
    #[default]
    Start,
    /// Behind them.
    End,
}

impl Action {
    /// The edits it makes for all the findings that want it.
    pub(super) fn edits(&self, original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
        let language = original.language();
        match self {
            Action::RemoveSentence {} => remove_sentence::edits(original, &places(wishes)),
            Action::RemoveOffer {} => remove_offer::edits(original, wishes),
            Action::RemoveSurvey {} => remove_survey::edits(original, wishes),
            Action::RemoveUrgency {} => remove_urgency::edits(original, wishes),
            Action::TrueDate {} => true_date::edits(original, wishes),
            Action::PriceAlreadyGot {} => price_already_got::edits(original, wishes),
            Action::ChannelCode { codes } => channel_code::edits(original, wishes, codes),
            Action::PriceProtection { text } => price_protection::edits(original, wishes, text),
            Action::AddOptOut { text, url } => add_opt_out::edits(original, text.in_language(language), url.as_deref()),
            Action::AddSignature { text, at } => add_signature::edits(original, text.in_language(language), *at),
            Action::AddListUnsubscribe { url, mailto } => add_list_unsubscribe::edits(original, url, mailto.as_deref()),
            Action::LimitSegments { .. } => Ok(Vec::new()),
        }
    }

    /// Refuses a change that makes an SMS dearer than this action allows.
    pub(super) fn check_segments(&self, before: Segments, after: Segments) -> Result<(), Unfit> {
        match self {
            Action::LimitSegments { max_more } => limit_segments::check(*max_more, before, after),
            _ => Ok(()),
        }
    }

    /// What makes no sense in its settings, for whoever wrote the rule.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Action::ChannelCode { codes } => channel_code::check(codes),
            Action::AddListUnsubscribe { url, mailto } => add_list_unsubscribe::check(url, mailto.as_deref()),
            Action::AddSignature { text, .. } => add_signature::check(text),
            _ => Ok(()),
        }
    }

    /// Texts of its settings with names in braces for the finding's evidence.
    pub fn template(&self) -> Option<&Texts> {
        match self {
            Action::PriceProtection { text } => Some(text),
            _ => None,
        }
    }

    /// True when it leaves what was objected to where it stands and makes it good: the rule will object
    /// again, and has its answer.
    pub fn makes_good(&self) -> bool {
        matches!(self, Action::PriceProtection { .. })
    }

    /// The price shown and the one the person was given, by a finding's evidence.
    pub(super) fn prices(&self, wish: &WantedRewrite) -> Option<(Money, Money)> {
        price_already_got::prices(wish)
    }
}

/// All places of the findings.
fn places(wishes: &[&WantedRewrite]) -> Vec<Span> {
    wishes.iter().flat_map(|wish| wish.spans.iter().copied()).collect()
}
