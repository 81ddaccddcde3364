//! Which rules apply to a message. Each rule is filed under its most telling filter, so that a
//! thousand campaign rules cost a message of one campaign no more than its own.

use std::collections::HashMap;

use super::{Filters, Judge, Mode};
use crate::decide::guards::{is_for_purpose, understood_purpose};
use crate::message::{Channel, Language, Message};
use crate::understand::Meaning;

/// The rules one message must pass.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// Them.
    pub judges: Vec<&'a dyn Judge>,
    /// Those that would apply to a receipt if it were the promotion that it carries: what they object to is what it
    /// sells (see [`crate::decide::standing`]). Empty for every other message.
    pub of_offers: Vec<&'a dyn Judge>,
    /// True where every customer is in every rule's `share`: in cases and in `replay`.
    pub everyone: bool,
    /// Every rule speaks as if it were enforced, also one that is off or in shadow: cases try what a rule
    /// says, not whether it is switched on.
    pub rehearsal: bool,
}

impl<'a> Selection<'a> {
    /// Whether a rule acts, watches or is silent among these.
    pub fn mode(&self, judge: &dyn Judge) -> Mode {
        if self.rehearsal { Mode::Enforce } else { judge.head().mode }
    }

    /// These rules, for all customers.
    pub fn for_everyone(judges: impl IntoIterator<Item = &'a dyn Judge>) -> Selection<'a> {
        Selection { judges: judges.into_iter().collect(), everyone: true, ..Selection::default() }
    }
}

/// Positions of rules, by what a message must have for them to apply.
#[derive(Debug, Clone, Default)]
pub struct Index {
    filed: HashMap<Key, Vec<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Campaign(String),
    Department(String),
    Brand(String),
    Purpose(String),
    Language(Language),
    Channel(Channel),
    Any,
}

impl Index {
    /// Files every rule.
    pub fn of(judges: &[Box<dyn Judge>]) -> Index {
        let mut index = Index::default();
        for (at, judge) in judges.iter().enumerate().filter(|(_, judge)| judge.head().mode != Mode::Off) {
            for key in keys_of_rule(judge.head().filters) {
                let filed = index.filed.entry(key).or_default();
                if filed.last() != Some(&at) {
                    filed.push(at);
                }
            }
        }
        index
    }

    /// Positions of the rules whose filters let this message through, each once.
    pub fn candidates(&self, message: &Message, meaning: &Meaning) -> Vec<usize> {
        let keys = keys_of_message(message, meaning);
        let mut found: Vec<usize> = keys.iter().filter_map(|key| self.filed.get(key)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether the filters let this message through. An absent filter lets all through; a present one
/// lets through nothing of which the property is not known, but for `countries`: there it lets through whoever may be
/// in one of them.
pub fn applies(filters: &Filters, message: &Message, meaning: &Meaning) -> bool {
    let among = |list: &Option<Vec<String>>, value: Option<&str>| {
        list.as_ref().is_none_or(|list| value.is_some_and(|v| list.iter().any(|l| l.eq_ignore_ascii_case(v))))
    };
    filters.channels.as_ref().is_none_or(|channels| channels.contains(&message.channel))
        && among(&filters.brands, Some(&message.stream.brand))
        && among(&filters.departments, message.department())
        && among(&filters.campaigns, message.campaign())
        && filters.purposes.as_ref().is_none_or(|list| list.iter().any(|p| is_for_purpose(message, meaning, p)))
        && filters.languages.as_ref().is_none_or(|list| meaning.language.is_some_and(|l| list.contains(&l)))
        && filters.countries.as_ref().is_none_or(|list| list.iter().any(|place| place.may_have(&message.recipient)))
}

fn keys_of_rule(filters: &Filters) -> Vec<Key> {
    let words = |list: &Option<Vec<String>>, key: fn(String) -> Key| -> Option<Vec<Key>> {
        Some(list.as_ref()?.iter().map(|word| key(word.to_ascii_lowercase())).collect())
    };
    words(&filters.campaigns, Key::Campaign)
        .or_else(|| words(&filters.departments, Key::Department))
        .or_else(|| words(&filters.brands, Key::Brand))
        .or_else(|| words(&filters.purposes, Key::Purpose))
        .or_else(|| Some(filters.languages.as_ref()?.iter().map(|l| Key::Language(*l)).collect()))
        .or_else(|| Some(filters.channels.as_ref()?.iter().map(|c| Key::Channel(*c)).collect()))
        .unwrap_or_else(|| vec![Key::Any])
}

fn keys_of_message(message: &Message, meaning: &Meaning) -> Vec<Key> {
    let lower = |word: &str| word.to_ascii_lowercase();
    let mut keys = vec![
        Key::Any,
        Key::Channel(message.channel),
        Key::Brand(lower(&message.stream.brand)),
        Key::Purpose(understood_purpose(meaning).to_owned()),
    ];
    keys.extend(message.campaign().map(|c| Key::Campaign(lower(c))));
    keys.extend(message.department().map(|d| Key::Department(lower(d))));
    keys.extend(message.purpose().map(|p| Key::Purpose(lower(p))));
    keys.extend(meaning.language.map(Key::Language));
    keys
}
