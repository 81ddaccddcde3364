//! How `then` is written: `"block"`, `{ delay = { at_most = "2 days" } }`, one rewrite
//! (`{ remove_sentence = {} }`), or a list of rewrites.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Then, Window};
use crate::rewrite::Action;

/// `then`, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written(pub Then);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Table {
    Delay(DelaySpec),
    RemoveSentence(Nothing),
    AddOptOut(AddOptOutSpec),
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
struct AddOptOutSpec {
    text: super::Texts,
    #[serde(default)]
    url: Option<String>,
}

impl Table {
    fn action(self) -> Option<Action> {
        match self {
            Table::Delay(_) => None,
            Table::RemoveSentence(Nothing {}) => Some(Action::RemoveSentence {}),
            Table::AddOptOut(AddOptOutSpec { text, url }) => Some(Action::AddOptOut { text, url }),
        }
    }
}

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
            "remove_sentence" => Ok(Written(Then::Rewrite(vec![Action::RemoveSentence {}]))),
            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Written(match table {
            Table::Delay(DelaySpec { at_most }) => Then::Delay { at_most },
            other => Then::Rewrite(other.action().into_iter().collect()),
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Written, A::Error> {
        let tables = Vec::<Table>::deserialize(SeqAccessDeserializer::new(seq))?;
        let actions: Option<Vec<Action>> = tables.into_iter().map(Table::action).collect();
        match actions {
            Some(actions) if !actions.is_empty() => Ok(Written(Then::Rewrite(actions))),
            Some(_) => Err(A::Error::custom("an empty list does nothing; write a rewrite or `\"block\"`")),
            None => Err(A::Error::custom("a list holds rewrites only; a delay stands alone")),
        }
    }
}
