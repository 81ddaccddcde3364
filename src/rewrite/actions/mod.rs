//! The ways a message can be changed: one file an action, one line in the list.

mod add_opt_out;
mod remove_sentence;

use serde::{Deserialize, Serialize};

use crate::message::{Content, Edit, Language, PartKind, Span};
use crate::providers::Unfit;

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

impl Action {
    /// The edits it makes; `spans` are the places of the findings that want it.
    pub(super) fn edits(&self, content: &Content, spans: &[Span], language: Language) -> Result<Vec<Edit>, Unfit> {
        match self {
            Action::RemoveSentence {} => remove_sentence::edits(content, spans),
            Action::AddOptOut { text, url } => {
                add_opt_out::edits(content, text.in_language(language), url.as_deref(), language)
            }
        }
    }
}

/// Words by which a person can refuse: never taken away, not added twice.
const OPT_OUT_WORDS: [&str; 16] = [
    "unsubscribe",
    "opt out",
    "opt-out",
    "optout",
    "reply stop",
    "text stop",
    "stop to end",
    "退订",
    "退訂",
    "取消订阅",
    "取消訂閱",
    "拒收",
    "回t",
    "回复t",
    "回覆t",
    "回td",
];

/// True when `text` (or a link in it) lets a person refuse.
fn has_opt_out(text: &str) -> bool {
    let text = text.to_lowercase();
    OPT_OUT_WORDS.iter().any(|word| text.contains(word))
}

/// An SMS is one plain part without header fields; a mail has fields.
fn is_sms(content: &Content) -> bool {
    content.headers.is_empty() && matches!(&content.parts[..], [part] if part.kind == PartKind::Plain)
}

/// The line break a part uses.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") || !text.contains('\n') { "\r\n" } else { "\n" }
}
