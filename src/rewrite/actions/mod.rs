//! The ways a message can be changed: one file an action, one line in the list.

use serde::{Deserialize, Serialize};

/// A named way to produce edits, with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Take the harmful sentences away, in text and HTML parts alike.
    RemoveSentence {},
    /// Append the way to refuse, if the message has none.
    AddOptOut {
        /// What to append.
        text: crate::policy::Texts,
        /// Mail only: the link behind the words, when there is one.
        #[serde(default)]
        url: Option<String>,
    },
}
