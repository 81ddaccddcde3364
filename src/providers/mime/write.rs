//! [`Mail`] and edits → bytes: a list of replacements on the original, nothing else.

use std::ops::Range;

use bytes::Bytes;

use super::leaf::{Splice, TextEdit};
use super::{LINE_BYTES_MAX, Mail, Place, dkim, encoded_word, field, read};
use crate::message::{Content, Edit};
use crate::providers::Unfit;

pub(super) fn write(data: &Bytes, mail: &Mail, edits: &[Edit], prepend: Option<&str>) -> Result<Bytes, Unfit> {
    let prepend = prepend.unwrap_or_default();
    check_line(prepend)?;
    let mut splices: Vec<Splice> = mail.declarations.iter().map(|range| (range.clone(), Vec::new())).collect();
    let (added, edits): (Vec<&Edit>, Vec<&Edit>) = edits.iter().partition(|edit| edit.as_field().is_some());
    let added: Vec<(&str, &str)> = added.into_iter().filter_map(Edit::as_field).collect();
    let edits: Vec<Edit> = edits.into_iter().cloned().collect();
    let edits = &edits[..];
    let mut changed: Vec<String> = added.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let mut body_changes = false;
    for (part, edits) in by_part(&mail.content, edits)? {
        match mail.places.get(part) {
            None => return Err(unfit("an edit names a part that is not there")),
            Some(Place::Subject(value)) => {
                changed.push("subject".to_owned());
                splices.push(subject(data, &mail.content, part, value, &edits));
            }
            Some(Place::Leaf(leaf)) => {
                body_changes = true;
                splices.extend(leaf.splices(data, &edits)?);
            }
        }
    }
    if body_changes || !changed.is_empty() {
        splices.extend(header(data, &added, &changed, body_changes)?);
    }
    if splices.is_empty() && prepend.is_empty() {
        return Ok(data.clone());
    }
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    let mut written = Vec::with_capacity(data.len() + prepend.len() + 1_024);
    written.extend_from_slice(prepend.as_bytes());
    let mut copied = 0;
    for (range, bytes) in &splices {
        let untouched = data.get(copied..range.start).ok_or_else(|| unfit("two edits touch the same bytes"))?;
        written.extend_from_slice(untouched);
        written.extend_from_slice(bytes);
        copied = range.end;
    }
    written.extend_from_slice(data.get(copied..).unwrap_or_default());
    let written = Bytes::from(written);
    if !edits.is_empty() || !added.is_empty() {
        if is_strict(data) && !is_strict(&written) {
            return Err(unfit("a line would not end with CRLF"));
        }
        check_written(&written, mail, edits, &added)?;
    }
    Ok(written)
}

/// The fields that the mail is to carry behind its others, without those of their names, and without the
/// signatures that no longer hold.
fn header(data: &[u8], added: &[(&str, &str)], changed: &[String], body_changes: bool) -> Result<Vec<Splice>, Unfit> {
    let (fields, _) = field::fields(data, 0);
    let is_added = |name: &str| added.iter().any(|(added, _)| added.eq_ignore_ascii_case(name));
    let mut splices: Vec<Splice> = fields
        .iter()
        .filter(|field| {
            let value = data.get(field.value.clone()).unwrap_or_default();
            let broken = field.name == "dkim-signature" && dkim::is_broken(value, body_changes, changed);
            broken || is_added(&field.name)
        })
        .map(|field| (field.whole.clone(), Vec::new()))
        .collect();
    let end = fields.last().map_or(0, |field| field.whole.end);
    let mut block = String::new();
    for (name, value) in added {
        if value.chars().any(char::is_control) || !value.is_ascii() {
            return Err(unfit("a header field holds more than one line of ASCII"));
        }
        // Folded behind the commas between addresses; unfolding gives the value back.
        let field = format!("{name}: {}", value.replace(", ", ",\r\n "));
        if field.split("\r\n").any(|line| line.len() > LINE_BYTES_MAX) {
            return Err(unfit("a header field has too long a line"));
        }
        block.push_str(&field);
        block.push_str("\r\n");
    }
    if !block.is_empty() {
        splices.push((end..end, block.into_bytes()));
    }
    Ok(splices)
}

/// A part's index and its edits.
type PartEdits = (usize, Vec<TextEdit>);

/// The edits of each part, ascending, their line breaks as the part has them.
fn by_part(content: &Content, edits: &[Edit]) -> Result<Vec<PartEdits>, Unfit> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let mut grouped: Vec<PartEdits> = Vec::new();
    for edit in sorted {
        let (part, range) = (usize::from(edit.span.part), edit.span.range());
        let text = &content.parts.get(part).ok_or_else(|| unfit("an edit names a part that is not there"))?.text;
        if text.get(range.clone()).is_none() {
            return Err(unfit("an edit does not stand on characters of its part"));
        }
        let replacement = as_lines_of(text, &edit.replacement)?;
        match grouped.last_mut() {
            Some((last, edits)) if *last == part => {
                if edits.last().is_some_and(|(before, _)| before.end > range.start) {
                    return Err(unfit("two edits overlap"));
                }
                edits.push((range, replacement));
            }
            _ => grouped.push((part, vec![(range, replacement)])),
        }
    }
    Ok(grouped)
}

/// CRLF, except in a part whose (encoded) text uses bare LF throughout.
fn as_lines_of(text: &str, replacement: &str) -> Result<String, Unfit> {
    if replacement.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t')) {
        return Err(unfit("the new text holds control characters"));
    }
    let plain = replacement.replace("\r\n", "\n").replace('\r', "\n");
    let bare = text.contains('\n') && !text.contains("\r\n");
    Ok(if bare { plain } else { plain.replace('\n', "\r\n") })
}

fn subject(data: &[u8], content: &Content, part: usize, value: &Range<usize>, edits: &[TextEdit]) -> Splice {
    let mut text = content.parts.get(part).map(|p| p.text.clone()).unwrap_or_default();
    for (range, replacement) in edits.iter().rev() {
        text.replace_range(range.clone(), replacement);
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let raw = &data[value.clone()];
    let label = encoded_word::label(&field::unfold(raw));
    (value.clone(), format!(" {}", encoded_word::encode(text.trim(), label.as_deref())).into_bytes())
}

/// INVARIANT: what was written reads as what was decided. An edit that makes a boundary line, ends the
/// header early or changes another part is found here, whatever the reason.
fn check_written(written: &Bytes, mail: &Mail, edits: &[Edit], added: &[(&str, &str)]) -> Result<(), Unfit> {
    let again = read::read(written).map_err(|why| Unfit(why.to_string()))?;
    let grouped = by_part(&mail.content, edits)?;
    let expected = mail.content.parts.iter().enumerate().map(|(index, part)| {
        let mut text = part.text.clone();
        if let Some((_, edits)) = grouped.iter().find(|(part, _)| *part == index) {
            for (range, replacement) in edits.iter().rev() {
                text.replace_range(range.clone(), replacement);
            }
            if matches!(mail.places.get(index), Some(Place::Subject(_))) {
                text = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            }
        }
        text
    });
    let carried = added.iter().all(|(name, value)| again.content.header(&name.to_ascii_lowercase()) == Some(*value));
    let same = carried
        && again.content.parts.len() == mail.content.parts.len()
        && again.content.parts.iter().zip(expected).all(|(part, text)| part.text == text)
        && again.content.unreadable == mail.content.unreadable;
    if same { Ok(()) } else { Err(unfit("the changed mail would not read as intended")) }
}

/// Every line, the last too, ends with CRLF, and CR and LF stand nowhere else (RFC 5321 §2.3.8).
fn is_strict(bytes: &[u8]) -> bool {
    let mut before = b'\n';
    for &byte in bytes {
        if (before == b'\r') != (byte == b'\n') {
            return false;
        }
        before = byte;
    }
    before == b'\n'
}

/// A finished header field: its own CRLF, folds only, short lines.
fn check_line(prepend: &str) -> Result<(), Unfit> {
    if prepend.is_empty() {
        return Ok(());
    }
    let lines = prepend.strip_suffix("\r\n").ok_or_else(|| unfit("the trace line does not end with CRLF"))?;
    let fit = lines.split("\r\n").enumerate().all(|(index, line)| {
        line.len() <= LINE_BYTES_MAX
            && !line.trim().is_empty()
            && !line.contains(['\r', '\n', '\0'])
            && (index == 0) != line.starts_with([' ', '\t'])
    });
    if fit { Ok(()) } else { Err(unfit("the trace line is not one header field")) }
}

fn unfit(why: &str) -> Unfit {
    Unfit(why.to_owned())
}
