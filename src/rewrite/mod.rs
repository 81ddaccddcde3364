//! PURE: change a message, all or nothing. An action makes edits on decoded text; the dialect that
//! read the message carries them into its bytes.

pub mod actions;

mod html;
mod ranges;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::decide::WantedRewrite;
use crate::message::{Content, Edit, Language, Span};
use crate::providers::Unfit;

pub use actions::Action;

/// A change, ready for the dialect and for reading again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Ascending, never overlapping. Empty when nothing had to change.
    pub edits: Vec<Edit>,
    /// The content with the edits made.
    pub content: Content,
}

/// Makes every wanted rewrite, or none. The order of wishes does not matter: all read the original,
/// deletions are united, insertions at one place stand side by side in the order of rules.
pub fn apply(content: &Content, wanted: &[WantedRewrite], language: Language) -> Result<Rewritten, Unfit> {
    // The same action wanted by several rules is done once, for all their places.
    let mut actions: Vec<(&Action, Vec<Span>)> = Vec::new();
    for wish in wanted {
        match actions.iter_mut().find(|(action, _)| *action == &wish.action) {
            Some((_, spans)) => spans.extend_from_slice(&wish.spans),
            None => actions.push((&wish.action, wish.spans.clone())),
        }
    }
    let mut edits = Vec::new();
    for (action, spans) in actions {
        edits.extend(action.edits(content, &spans, language)?);
    }
    let edits = merged(edits)?;
    let content = after(content, &edits)?;
    Ok(Rewritten { edits, content })
}

/// One list of edits that do not overlap.
fn merged(edits: Vec<Edit>) -> Result<Vec<Edit>, Unfit> {
    let mut by_part: BTreeMap<u16, Vec<(Range<usize>, String)>> = BTreeMap::new();
    for edit in edits {
        by_part.entry(edit.span.part).or_default().push((edit.span.range(), edit.replacement));
    }
    let mut merged = Vec::new();
    for (part, mut edits) in by_part {
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut kept: Vec<(Range<usize>, String)> = Vec::with_capacity(edits.len());
        for (range, replacement) in edits {
            match kept.last_mut() {
                Some((before, text)) if range.start < before.end || (range == *before && range.is_empty()) => {
                    before.end = before.end.max(range.end);
                    if !text.contains(&replacement) {
                        text.push_str(&replacement);
                    }
                }
                _ => kept.push((range, replacement)),
            }
        }
        for (range, replacement) in kept {
            let span = Span::new(usize::from(part), range).ok_or_else(|| Unfit("a part is too long".to_owned()))?;
            merged.push(Edit { span, replacement });
        }
    }
    Ok(merged)
}

fn after(content: &Content, edits: &[Edit]) -> Result<Content, Unfit> {
    let mut changed = content.clone();
    for edit in edits.iter().rev() {
        let part = changed.parts.get_mut(usize::from(edit.span.part));
        let part = part.ok_or_else(|| Unfit("a place names a part that is not there".to_owned()))?;
        if part.text.get(edit.span.range()).is_none() {
            return Err(Unfit("a place does not stand on characters of its part".to_owned()));
        }
        part.text.replace_range(edit.span.range(), &edit.replacement);
    }
    Ok(changed)
}
