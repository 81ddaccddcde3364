//! Appends how the difference to the price paid can be claimed, in the rule's words with the finding's
//! evidence. Refuses when the evidence lacks what the words name.

use super::super::Original;
use super::super::appending::{append, escaped, one_line};
use crate::decide::WantedRewrite;
use crate::message::Edit;
use crate::policy::{Texts, wording};
use crate::providers::Unfit;

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite], text: &Texts) -> Result<Vec<Edit>, Unfit> {
    let language = original.language();
    let mut edits = Vec::new();
    for wish in wishes {
        let names = wording::placeholders(text.in_language(language));
        if let Some(unknown) = names.iter().find(|name| !wish.because.contains_key(name.as_str())) {
            return Err(Unfit(format!("the finding does not know `{unknown}`")));
        }
        // No moment of now stands in the words: evidence has its own.
        let reader = wording::Reader { language, zone: original.zone.clone(), now: jiff::Timestamp::UNIX_EPOCH };
        let words = wording::reason(text, &wish.because, &reader);
        let words = one_line(&words, "the price-protection text")?;
        let has = |part: &str| part.contains(words) || part.contains(&escaped(words));
        edits.extend(append(original, words, None, has)?);
    }
    Ok(edits)
}
