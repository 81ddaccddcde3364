//! Takes places away, with the blanks, empty lines and empty list items they would leave. Refuses
//! when too little would be left, when the way to refuse would go with them, or when the HTML would
//! not hold together.

use std::ops::Range;

use super::html::{Outline, Tag, TagKind, visible};
use super::links::has_opt_out;
use super::ranges::{left_of, overlap, united, without};
use super::says::says_something;
use crate::message::{Content, Edit, Part, PartKind, Span};
use crate::providers::Unfit;

/// Elements that go when nothing is left in them. Table cells and boxes stay: they hold the layout.
const EMPTIED: [&str; 25] = [
    "a",
    "b",
    "big",
    "blockquote",
    "dd",
    "del",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "li",
    "mark",
    "ol",
    "p",
    "s",
    "small",
    "span",
    "strong",
    "u",
];

/// How much of a part may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// Of 100 visible characters, how many: a message that was mostly harm is blocked.
    pub(super) percent_max: usize,
    /// Whether what is left must be more than a greeting, a signature and the way to refuse.
    pub(super) must_say_something: bool,
}

/// The edits that take these places away, all or none.
pub(super) fn take_away(content: &Content, spans: &[Span], share: Share) -> Result<Vec<Edit>, Unfit> {
    if spans.is_empty() {
        return Err(unfit("the finding names no place to take away"));
    }
    let mut edits = Vec::new();
    let mut parts: Vec<u16> = spans.iter().map(|span| span.part).collect();
    parts.sort_unstable();
    parts.dedup();
    for index in parts {
        let part =
            content.parts.get(usize::from(index)).ok_or_else(|| unfit("a place names a part that is not there"))?;
        let mut ranges = Vec::new();
        for span in spans.iter().filter(|span| span.part == index) {
            let sentence = part.text.get(span.range()).ok_or_else(|| unfit("a place does not stand on characters"))?;
            let lead = sentence.len() - sentence.trim_start().len();
            let start = span.range().start + lead;
            if !sentence.trim().is_empty() {
                ranges.push(start..start + sentence.trim().len());
            }
        }
        let removed = match part.kind {
            PartKind::Html => from_html(&part.text, ranges)?,
            PartKind::Plain => from_lines(&part.text, ranges),
            PartKind::Subject => from_subject(&part.text, ranges)?,
        };
        check_share(part, &removed, share)?;
        for range in removed {
            let span = Span::new(usize::from(index), range).ok_or_else(|| unfit("a part is too long"))?;
            edits.push(Edit { span, replacement: String::new() });
        }
    }
    Ok(edits)
}

/// Refuses to take too much, or the way to refuse.
fn check_share(part: &Part, removed: &[Range<usize>], share: Share) -> Result<(), Unfit> {
    if removed.iter().any(|range| part.text.get(range.clone()).is_some_and(has_opt_out)) {
        return Err(unfit("the way to refuse stands in what would be taken away"));
    }
    let shown = |text: &str| match part.kind {
        PartKind::Html => Outline::read(text).map(|outline| outline.shown(text)),
        _ => Ok(text.to_owned()),
    };
    let left = shown(&without(&part.text, removed))?;
    let (before, after) = (visible(&shown(&part.text)?), visible(&left));
    let taken = before.saturating_sub(after);
    if taken * 100 > before * share.percent_max {
        return Err(unfit("too little of the message would be left"));
    }
    if share.must_say_something && taken > 0 && part.kind != PartKind::Subject && !says_something(&left) {
        return Err(unfit("nothing would be left but a greeting, a signature or the way to refuse"));
    }
    Ok(())
}

fn from_subject(text: &str, ranges: Vec<Range<usize>>) -> Result<Vec<Range<usize>>, Unfit> {
    let removed = from_lines(text, ranges);
    if visible(&without(text, &removed)) == 0 {
        return Err(unfit("the subject would be empty"));
    }
    Ok(removed)
}

fn from_lines(text: &str, ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    // Sentences with only blanks between them go as one.
    let ranges = united(ranges, |gap| text.get(gap).is_some_and(|gap| gap.trim().is_empty()));
    let tidied = ranges.into_iter().map(|range| tidied(text, range)).collect();
    united(tidied, |gap| gap.is_empty())
}

/// With the comma behind it that would follow a full stop, or begin the text.
fn with_stray_comma(text: &str, range: Range<usize>) -> Range<usize> {
    let opens = text[..range.start].trim_end().chars().next_back().is_none_or(|c| "。！？!?.】\n".contains(c));
    match text[range.end..].chars().next() {
        Some(comma @ ('，' | ',' | '、' | '；' | ';')) if opens => range.start..range.end + comma.len_utf8(),
        _ => range,
    }
}

/// The range with the blanks, or the whole lines, that would be left over.
fn tidied(text: &str, range: Range<usize>) -> Range<usize> {
    let range = with_stray_comma(text, range);
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let (before, after) = (&text[line_start..range.start], &text[range.end..line_end]);
    let at_line_end = after.trim().is_empty();
    if at_line_end && is_list_mark(before) && (line_start > 0 || line_end < text.len()) {
        // The line is gone; of the blank lines around it one stays.
        let blank_before = text[..line_start].is_empty() || is_blank_line_end(&text[..line_start]);
        let next_end = text[line_end..].find('\n').map_or(text.len(), |at| line_end + at + 1);
        let blank_after = text[line_end..next_end].trim().is_empty();
        return line_start..if blank_before && blank_after { next_end } else { line_end };
    }
    if before.trim().is_empty() || before.ends_with(char::is_whitespace) {
        let blanks = after.len() - after.trim_start_matches([' ', '\t', '\u{3000}']).len();
        if !at_line_end {
            return range.start..range.end + blanks;
        }
    }
    if at_line_end {
        let kept = before.trim_end().len();
        return line_start + kept..range.end + after.trim_end_matches(['\r', '\n']).len();
    }
    range
}

/// True when the text ends in an empty line.
fn is_blank_line_end(text: &str) -> bool {
    let Some(line) = text.strip_suffix('\n') else { return false };
    line.rsplit('\n').next().is_some_and(|line| line.trim().is_empty())
}

/// Blanks, a bullet, or a number: what stands before a list item's words.
fn is_list_mark(before: &str) -> bool {
    let mark = before.trim().trim_matches(['-', '*', '+', '•', '·', '●', '○', '▪', '◆', '■', '★', '☆', '>', '–', '—']);
    let number = mark.trim_end_matches(['.', ')', '、', '．', '）', ':', '：']);
    mark.trim().is_empty() || (number.len() < mark.len() && number.chars().all(|c| c.is_ascii_digit()))
}

fn from_html(source: &str, ranges: Vec<Range<usize>>) -> Result<Vec<Range<usize>>, Unfit> {
    let outline = Outline::read(source)?;
    let mut removed = Vec::new();
    for range in united(ranges, |gap| gap.is_empty()) {
        if is_balanced(&outline, &range) {
            removed.push(range);
        } else {
            // Tags stay: only the pieces of text between them go.
            let before = removed.len();
            removed.extend(outline.texts.iter().map(|text| overlap(text, &range)).filter(|piece| !piece.is_empty()));
            if removed.len() == before {
                return Err(unfit("a place holds no text that is shown"));
            }
        }
    }
    let removed = with_emptied(source, &outline, united(removed, |gap| gap.is_empty()));
    check_kept(source, &outline, &removed)?;
    Ok(removed)
}

/// True when every byte is text or a tag whose partner goes too. A comment may be half of a
/// conditional one, an end tag without a start may close what the reader opened: neither goes.
fn is_balanced(outline: &Outline, range: &Range<usize>) -> bool {
    let inside = |place: &Range<usize>| range.start <= place.start && place.end <= range.end;
    let touched: Vec<&Tag> = outline.tags.iter().filter(|tag| !overlap(&tag.place, range).is_empty()).collect();
    let whole = touched.iter().all(|tag| {
        inside(&tag.place)
            && match &tag.kind {
                TagKind::Start(Some(partner)) | TagKind::End(partner) => inside(partner),
                TagKind::Start(None) | TagKind::Comment => false,
                TagKind::Void => true,
            }
    });
    let tags: usize = touched.iter().map(|tag| tag.place.len()).sum();
    let texts: usize = outline.texts.iter().map(|text| overlap(text, range).len()).sum();
    whole && tags + texts == range.len()
}

/// With the elements that have nothing left in them, inner ones first, and the line break left alone.
fn with_emptied(source: &str, outline: &Outline, mut removed: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut pairs: Vec<(Range<usize>, Range<usize>)> = outline
        .tags
        .iter()
        .filter(|tag| EMPTIED.contains(&tag.name.as_str()))
        .filter_map(|tag| match &tag.kind {
            TagKind::Start(Some(end)) => Some((tag.place.start..end.end, tag.place.end..end.start)),
            _ => None,
        })
        .filter(|(_, inner)| removed.iter().any(|range| !overlap(range, inner).is_empty()))
        .collect();
    pairs.sort_by_key(|(outer, _)| outer.len());
    let mut kept: Vec<Range<usize>> = Vec::new();
    for (outer, inner) in pairs {
        // What holds a kept element is kept: without this, deep nesting costs its square.
        if kept.iter().any(|kept| !overlap(kept, &inner).is_empty()) {
            continue;
        }
        if is_blank(&left_of(source, &inner, &removed)) {
            removed.push(outer);
            removed = united(removed, |gap| gap.is_empty());
        } else {
            kept.push(outer);
        }
    }
    for range in &mut removed {
        // `…<br>[gone]<br>…` would leave an empty line.
        let next = source[range.end..].len() - source[range.end..].trim_start().len() + range.end;
        let follows = outline.tags.iter().find(|tag| tag.place.start == next && tag.name == "br");
        let before = source[..range.start].trim_end().len();
        let leads = before == 0 || outline.tags.iter().any(|tag| tag.place.end == before && tag.name != "a");
        if let (Some(line_break), true) = (follows, leads) {
            range.end = line_break.place.end;
        }
    }
    united(removed, |gap| gap.is_empty())
}

fn is_blank(left: &str) -> bool {
    let left = left.to_ascii_lowercase().replace("<br>", "").replace("<br/>", "").replace("<br />", "");
    visible(&left) == 0
}

/// INVARIANT: the tags outside what was removed are the same, in the same order and pairs.
fn check_kept(source: &str, before: &Outline, removed: &[Range<usize>]) -> Result<(), Unfit> {
    let after = Outline::read(&without(source, removed))?;
    let mut kept: Vec<&Tag> =
        before.tags.iter().filter(|tag| removed.iter().all(|range| overlap(range, &tag.place).is_empty())).collect();
    let mut found: Vec<&Tag> = after.tags.iter().collect();
    kept.sort_by_key(|tag| tag.place.start);
    found.sort_by_key(|tag| tag.place.start);
    let same = kept.len() == found.len()
        && kept
            .iter()
            .zip(&found)
            .all(|(a, b)| a.name == b.name && std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind));
    if same { Ok(()) } else { Err(unfit("the HTML would not hold together")) }
}

fn unfit(why: &str) -> Unfit {
    Unfit(why.to_owned())
}
