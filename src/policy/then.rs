//! How `then` is written: `"block"`, `{ delay = { at_most = "2 days" } }`, one rewrite
//! (`{ remove_sentence = {} }`), or a list of rewrites.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Then, Window};
use crate::message::Channel;
use crate::rewrite::Action;
use crate::rewrite::actions::SignatureAt;

/// `then`, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written(pub Then);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Table {
    Delay(DelaySpec),
    RemoveSentence(Nothing),
    RemoveOffer(Nothing),
    RemoveSurvey(Nothing),
    RemoveUrgency(Nothing),
    TrueDate(Nothing),
    PriceAlreadyGot(Nothing),
    ChannelCode(ChannelCodeSpec),
    PriceProtection(PriceProtectionSpec),
    AddOptOut(AddOptOutSpec),
    AddSignature(AddSignatureSpec),
    AddListUnsubscribe(AddListUnsubscribeSpec),
    LimitSegments(LimitSegmentsSpec),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelaySpec {
    at_most: Window,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelCodeSpec {
    codes: BTreeMap<Channel, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceProtectionSpec {
    text: super::Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddOptOutSpec {
    text: super::Texts,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddSignatureSpec {
    text: super::Texts,
    #[serde(default)]
    at: SignatureAt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddListUnsubscribeSpec {
    url: String,
    #[serde(default)]
    mailto: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitSegmentsSpec {
    max_more: u32,
}

impl Table {
    fn action(self) -> Option<Action> {
        Some(match self {
            Table::Delay(_) => return None,
            Table::RemoveSentence(Nothing {}) => Action::RemoveSentence {},
            Table::RemoveOffer(Nothing {}) => Action::RemoveOffer {},
            Table::RemoveSurvey(Nothing {}) => Action::RemoveSurvey {},
            Table::RemoveUrgency(Nothing {}) => Action::RemoveUrgency {},
            Table::TrueDate(Nothing {}) => Action::TrueDate {},
            Table::PriceAlreadyGot(Nothing {}) => Action::PriceAlreadyGot {},
            Table::ChannelCode(ChannelCodeSpec { codes }) => Action::ChannelCode { codes },
            Table::PriceProtection(PriceProtectionSpec { text }) => Action::PriceProtection { text },
            Table::AddOptOut(AddOptOutSpec { text, url }) => Action::AddOptOut { text, url },
            Table::AddSignature(AddSignatureSpec { text, at }) => Action::AddSignature { text, at },
            Table::AddListUnsubscribe(AddListUnsubscribeSpec { url, mailto }) => {
                Action::AddListUnsubscribe { url, mailto }
            }
            Table::LimitSegments(LimitSegmentsSpec { max_more }) => Action::LimitSegments { max_more },
        })
    }

    /// The action, if it makes sense.
    fn checked<E: Error>(self) -> Result<Option<Action>, E> {
        let action = self.action();
        action.as_ref().map_or(Ok(()), Action::check).map_err(E::custom)?;
        Ok(action)
    }
}

/// Rewrites without settings, which may be written as a word.
const BARE: [(&str, Action); 6] = [
    ("remove_sentence", Action::RemoveSentence {}),
    ("remove_offer", Action::RemoveOffer {}),
    ("remove_survey", Action::RemoveSurvey {}),
    ("remove_urgency", Action::RemoveUrgency {}),
    ("true_date", Action::TrueDate {}),
    ("price_already_got", Action::PriceAlreadyGot {}),
];

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`\"block\"`, `{ delay = { at_most = \"2 days\" } }`, a rewrite, or a list of rewrites")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Written, E> {
        match word {
            "block" => Ok(Written(Then::Block)),
            "delay" => Err(E::custom("`delay` wants a limit: write `{ delay = { at_most = \"2 days\" } }`")),
            other => match BARE.into_iter().find(|(name, _)| *name == other) {
                Some((_, action)) => Ok(Written(Then::Rewrite(vec![action]))),
                None => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
            },
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Written(match table {
            Table::Delay(DelaySpec { at_most }) => Then::Delay { at_most },
            other => Then::Rewrite(other.checked()?.into_iter().collect()),
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Written, A::Error> {
        let tables = Vec::<Table>::deserialize(SeqAccessDeserializer::new(seq))?;
        let actions: Result<Vec<Option<Action>>, A::Error> = tables.into_iter().map(Table::checked).collect();
        match actions?.into_iter().collect::<Option<Vec<Action>>>() {
            Some(actions) if !actions.is_empty() => Ok(Written(Then::Rewrite(actions))),
            Some(_) => Err(A::Error::custom("an empty list does nothing; write a rewrite or `\"block\"`")),
            None => Err(A::Error::custom("a list holds rewrites only; a delay stands alone")),
        }
    }
}
