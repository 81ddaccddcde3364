//! PURE: change a message, all or nothing. An action makes edits on decoded text; the dialect that
//! read the message carries them into its bytes.

pub mod actions;

mod appending;
mod blocks;
mod clauses;
mod declarations;
mod html;
mod joined;
mod links;
mod original;
mod ranges;
mod removal;
mod says;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::decide::WantedRewrite;
use crate::message::{Content, Declared, Edit, Segments, Span, segments};

pub use actions::Action;
pub use original::Original;

pub use crate::providers::Unfit;

/// A change, ready for the dialect and for reading again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Ascending, never overlapping. Empty when nothing had to change.
    pub edits: Vec<Edit>,
    /// The content with the edits made.
    pub content: Content,
    /// What the sender's declarations still say of it.
    pub declared: Declared,
    /// What an SMS takes before and after.
    pub segments: Option<(Segments, Segments)>,
}

/// Makes every wanted rewrite, or none. The order of wishes does not matter: all read the original,
/// deletions are united, insertions at one place stand side by side in the order of rules.
pub fn apply(original: &Original<'_>, wanted: &[WantedRewrite]) -> Result<Rewritten, Unfit> {
    let content = original.content();
    // The same action wanted by several rules is done once, for all their places.
    let mut actions: Vec<(&Action, Vec<&WantedRewrite>)> = Vec::new();
    let mut by_rule: Vec<&WantedRewrite> = wanted.iter().collect();
    by_rule.sort_by(|a, b| a.rule.cmp(&b.rule));
    for wish in by_rule {
        match actions.iter_mut().find(|(action, _)| *action == &wish.action) {
            Some((_, wishes)) => wishes.push(wish),
            None => actions.push((&wish.action, vec![wish])),
        }
    }
    let (mut edits, mut fields) = (Vec::new(), Vec::new());
    for (action, wishes) in &actions {
        for edit in action.edits(original, wishes)? {
            match edit.as_field() {
                Some(_) => fields.push(edit),
                None => edits.push(edit),
            }
        }
    }
    let mut edits = merged(content, edits)?;
    edits.extend(one_of_each_name(fields)?);
    let changed = after(content, &edits)?;
    let segments = original.is_sms().then(|| (segments_of(content), segments_of(&changed)));
    if let Some((before, after)) = segments {
        for (action, _) in &actions {
            action.check_segments(before, after)?;
        }
    }
    let declared = declarations::still_said(original, &edits, wanted);
    Ok(Rewritten { edits, content: changed, declared, segments })
}

fn segments_of(content: &Content) -> Segments {
    segments(content.parts.first().map_or("", |part| part.text.as_str()))
}

/// One list of edits that do not overlap.
fn merged(content: &Content, edits: Vec<Edit>) -> Result<Vec<Edit>, Unfit> {
    let mut by_part: BTreeMap<u16, Vec<(Range<usize>, String)>> = BTreeMap::new();
    for edit in edits {
        by_part.entry(edit.span.part).or_default().push((edit.span.range(), edit.replacement));
    }
    let mut merged = Vec::new();
    for (part, mut edits) in by_part {
        // What is taken away by one rule need not be put right for another.
        let gone: Vec<Range<usize>> =
            edits.iter().filter(|(range, with)| with.is_empty() && !range.is_empty()).map(|(r, _)| r.clone()).collect();
        let is_gone = |range: &Range<usize>| gone.iter().any(|gone| gone.start <= range.start && range.end <= gone.end);
        edits.retain(|(range, with)| with.is_empty() || range.is_empty() || !is_gone(range));
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        edits.dedup();
        let mut kept: Vec<(Range<usize>, String)> = Vec::with_capacity(edits.len());
        for (range, replacement) in edits {
            match kept.last_mut() {
                Some((before, text)) if range.start < before.end || (range == *before && range.is_empty()) => {
                    let both_say = !text.is_empty() && !replacement.is_empty();
                    if both_say && before.start < before.end && !range.is_empty() {
                        return Err(Unfit("two rules want other words in one place".to_owned()));
                    }
                    before.end = before.end.max(range.end);
                    if !text.contains(&replacement) {
                        text.push_str(&replacement);
                    }
                }
                _ => kept.push((range, replacement)),
            }
        }
        let text = content.parts.get(usize::from(part)).map_or("", |part| part.text.as_str());
        for (range, mut replacement) in kept {
            // Words that stand in place of whole lines end as those did.
            let gone = text.get(range.clone()).unwrap_or_default();
            if gone.ends_with('\n') && !replacement.is_empty() && !replacement.ends_with('\n') {
                replacement.push_str(if gone.ends_with("\r\n") { "\r\n" } else { "\n" });
            }
            let span = Span::new(usize::from(part), range).ok_or_else(|| Unfit("a part is too long".to_owned()))?;
            merged.push(Edit { span, replacement });
        }
    }
    Ok(merged)
}

/// Header fields, as their actions ordered them: two rules may want the same one, not two of one name.
fn one_of_each_name(fields: Vec<Edit>) -> Result<Vec<Edit>, Unfit> {
    let mut kept: Vec<Edit> = Vec::with_capacity(fields.len());
    for field in fields {
        let name = |edit: &Edit| edit.as_field().map(|(name, _)| name.to_ascii_lowercase());
        match kept.iter().find(|one| name(one) == name(&field)) {
            Some(same) if *same == field => {}
            Some(_) => return Err(Unfit("two rules want one header field, each its own".to_owned())),
            None => kept.push(field),
        }
    }
    Ok(kept)
}

fn after(content: &Content, edits: &[Edit]) -> Result<Content, Unfit> {
    let mut changed = content.clone();
    for edit in edits.iter().rev() {
        if let Some((name, value)) = edit.as_field() {
            let name = name.to_ascii_lowercase();
            changed.headers.retain(|(known, _)| *known != name);
            changed.headers.push((name, value.to_owned()));
            continue;
        }
        let part = changed.parts.get_mut(usize::from(edit.span.part));
        let part = part.ok_or_else(|| Unfit("a place names a part that is not there".to_owned()))?;
        if part.text.get(edit.span.range()).is_none() {
            return Err(Unfit("a place does not stand on characters of its part".to_owned()));
        }
        part.text.replace_range(edit.span.range(), &edit.replacement);
    }
    Ok(changed)
}
