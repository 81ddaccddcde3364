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
    }
    let spans: Vec<Range<usize>> = mail.items.iter().map(|item| item.span.clone()).collect();
    for range in without(&spans, |index| goes.get(index) == Some(&false)) {
        splice.remove(range);
    }
    let leaving: Vec<&Item> = mail.items.iter().zip(&goes).filter(|(_, goes)| **goes).map(|(item, _)| item).collect();
    header(mail, &leaving, batch, &mut splice)?;
    edit(&leaving, batch, &mut splice)?;
    Ok(splice)
}

/// Takes declarations out, and puts header fields into the `headers` of each personalization: fields may name
/// their recipient. One of that name for all goes, so that a mail has one.
fn header(mail: &Mail, leaving: &[&Item], batch: Batch<'_>, splice: &mut Splice) -> Result<(), Unfit> {
    let fields_of = |item: &Item| -> Vec<(&str, &str)> {
        let edits = batch.edits.iter().filter(|(content, _)| *content == item.content).flat_map(|(_, edits)| edits);
        edits.filter_map(|edit| edit.as_field()).collect()
    };
    let named = |fields: &[(&str, &str)], name: &str| fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
    for row in &mail.declarations {
        let replaced = |name: &str| row.name == "headers" && leaving.iter().any(|item| named(&fields_of(item), name));
        if row.names.iter().any(|name| replaced(name) && !leaving.iter().all(|item| named(&fields_of(item), name))) {
            return Err(Unfit("a header for all stands where some need their own: send them apart".to_owned()));
        }
        take_members(row, replaced, splice);
    }
    for item in leaving {
        let fields = fields_of(item);
        for row in &item.declarations {
            take_members(row, |name| row.name == "headers" && named(&fields, name), splice);
        }
        if fields.is_empty() {
            continue;
        }
        if item.has_null_headers {
            return Err(Unfit("`headers` is null, and no field can be put there".to_owned()));
        }
        let members = json::members(&fields);
        match item.declarations.iter().find(|row| row.name == "headers") {
            Some(row) => {
                let stays = |at: usize| !row.declares[at] && !named(&fields, &row.names[at]);
                let comma = if (0..row.spans.len()).any(stays) { "," } else { "" };
                splice.replace(row.object.start + 1..row.object.start + 1, format!("{members}{comma}"));
            }
            // A personalization has addressees, so a member follows.
            None => {
                splice.replace(item.span.start + 1..item.span.start + 1, format!("\"headers\":{{{members}}},"));
            }
        }
    }
    Ok(())
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

fn take_members(row: &Row, replaced: impl Fn(&str) -> bool, splice: &mut Splice) {
    let gone = |index: usize| {
        row.declares.get(index) == Some(&true) || row.names.get(index).is_some_and(|name| replaced(name))
    };
    without(&row.spans, gone).into_iter().for_each(|range| splice.remove(range));
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
            if edit.as_field().is_some() {
                continue;
            }
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
