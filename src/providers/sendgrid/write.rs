//! What of a mail request may leave: addressees taken out of their arrays, declarations out of their
//! objects, edits carried back through the substitutions into the text all personalizations share.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::providers::json;
use crate::providers::splice::{Splice, without};
use crate::providers::{Batch, Unfit};

use super::body::{Item, Mail, Row};

/// Those of `allowed` who can leave: copies need an addressee in `to` beside them.
pub fn can_leave(mail: &Mail, allowed: &[usize]) -> Vec<usize> {
    let mut left = Vec::new();
    for (item, first) in numbered(mail) {
        let leaving: Vec<usize> = (first..first + item.recipients.len()).filter(|r| allowed.contains(r)).collect();
        if addressed(item, first, &leaving) {
            left.extend(leaving);
        }
    }
    left
}

/// The addressees of each personalization that has several: SendGrid makes one mail of them.
pub fn companies(mail: &Mail) -> Vec<Vec<usize>> {
    let several = numbered(mail).filter(|(item, _)| item.recipients.len() > 1);
    several.map(|(item, first)| (first..first + item.recipients.len()).collect()).collect()
}

/// The edits that make the request of a batch out of the client's bytes.
pub fn splice(mail: &Mail, batch: Batch<'_>) -> Result<Splice, Unfit> {
    if batch.recipients.is_empty() {
        return Err(Unfit("nobody is left to write to".to_owned()));
    }
    let mut splice = Splice::default();
    let mut goes = Vec::with_capacity(mail.items.len());
    for row in &mail.declarations {
        take_declarations(row, &mut splice);
    }
    for (item, first) in numbered(mail) {
        let leaving: Vec<usize> =
            (first..first + item.recipients.len()).filter(|r| batch.recipients.binary_search(r).is_ok()).collect();
        goes.push(!leaving.is_empty());
        if leaving.is_empty() {
            continue;
        }
        if !addressed(item, first, &leaving) {
            return Err(Unfit("copies cannot leave without an addressee in `to`".to_owned()));
        }
        take_addressees(item, first, &leaving, &mut splice);
        item.declarations.iter().for_each(|row| take_declarations(row, &mut splice));
    }
    let spans: Vec<Range<usize>> = mail.items.iter().map(|item| item.span.clone()).collect();
    for range in without(&spans, |index| goes.get(index) == Some(&false)) {
        splice.remove(range);
    }
    let leaving: Vec<&Item> = mail.items.iter().zip(&goes).filter(|(_, goes)| **goes).map(|(item, _)| item).collect();
    edit(&leaving, batch, &mut splice)?;
    Ok(splice)
}

/// Items with the number of their first recipient.
fn numbered(mail: &Mail) -> impl Iterator<Item = (&Item, usize)> {
    mail.items.iter().scan(0, |next, item| {
        let first = *next;
        *next += item.recipients.len();
        Some((item, first))
    })
}

/// True when somebody in `to` is among those who leave.
fn addressed(item: &Item, first: usize, leaving: &[usize]) -> bool {
    let mut number = first;
    item.rows.iter().any(|row| {
        let range = number..number + row.spans.len();
        number = range.end;
        row.name == "to" && leaving.iter().any(|recipient| range.contains(recipient))
    })
}

fn take_addressees(item: &Item, first: usize, leaving: &[usize], splice: &mut Splice) {
    let mut number = first;
    let mut empty = Vec::new();
    for row in &item.rows {
        let gone = |index: usize| leaving.binary_search(&(number + index)).is_err();
        let all = !row.spans.is_empty() && (0..row.spans.len()).all(gone);
        if all {
            // SendGrid refuses an empty `cc` or `bcc`: the member goes with its last addressee.
            empty.push(row.member);
        } else {
            without(&row.spans, gone).into_iter().for_each(|range| splice.remove(range));
        }
        number += row.spans.len();
    }
    without(&item.members, |index| empty.contains(&index)).into_iter().for_each(|range| splice.remove(range));
}

fn take_declarations(row: &Row, splice: &mut Splice) {
    for range in without(&row.spans, |index| row.declares.get(index) == Some(&true)) {
        splice.remove(range);
    }
}

/// Carries the edits into the text. Items that share a text must want the same of it.
fn edit(leaving: &[&Item], batch: Batch<'_>, splice: &mut Splice) -> Result<(), Unfit> {
    if batch.edits.is_empty() {
        return Ok(());
    }
    let mut wanted: BTreeMap<usize, Changes> = BTreeMap::new();
    for item in leaving {
        // By where the text begins in the body: a subject of one's own is shared with nobody.
        let mut mine: BTreeMap<usize, Changes> =
            item.parts.iter().map(|part| (part.origin(), Changes::new())).collect();
        for edit in batch.edits.iter().filter(|(content, _)| *content == item.content).flat_map(|(_, edits)| edits) {
            let part = item.parts.get(usize::from(edit.span.part));
            let part = part.ok_or_else(|| Unfit("an edit names no part".to_owned()))?;
            let range = part
                .raw(edit.span.range())
                .ok_or_else(|| Unfit("an edit cuts through a substituted word".to_owned()))?;
            let changes = mine.entry(part.origin()).or_default();
            let text = changes.entry((range.start, range.end)).or_default();
            if !text.is_empty() && !range.is_empty() {
                return Err(Unfit("edits overlap".to_owned()));
            }
            text.push_str(&json::escaped(&edit.replacement));
        }
        for (origin, changes) in mine {
            if wanted.get(&origin).is_some_and(|theirs| *theirs != changes) {
                return Err(Unfit("recipients who share a text need different changes: send them apart".to_owned()));
            }
            wanted.insert(origin, changes);
        }
    }
    for ((start, end), with) in wanted.into_values().flatten() {
        splice.replace(start..end, with);
    }
    Ok(())
}

/// What changes in one text: raw range → what stands there instead.
type Changes = BTreeMap<(usize, usize), String>;
