//! The words that must go with an urgent phrase: its clause, where that holds nothing else; else the
//! phrase alone. "Hurry, BT-200 is $29" loses "Hurry,".

use std::ops::Range;

use crate::understand::reading::{Reading, Sentence};

/// A clause with more than this besides its urgent words says something else, too.
const OTHER_BYTES_MAX: usize = 24;

/// What of the sentence goes with the words at `range`.
pub(super) fn clause_of(reading: &Reading<'_>, sentence: &Sentence, range: &Range<usize>) -> Range<usize> {
    let text = &reading.normal.text;
    let head = text.get(sentence.range.start..range.start).unwrap_or_default();
    let tail = text.get(range.end..sentence.range.end).unwrap_or_default();
    let before = |at: usize| head[..at].chars().next_back().is_some_and(|c| c.is_ascii_digit());
    let start = head
        .char_indices()
        .rev()
        .take(200)
        .find(|(at, c)| is_mark(*c, head[at + c.len_utf8()..].chars().next(), before(*at)))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let mut end = tail.len();
    let mut previous = text.get(range.clone()).and_then(|words| words.chars().next_back()).unwrap_or(' ');
    for (at, c) in tail.char_indices() {
        if is_mark(c, tail[at + c.len_utf8()..].chars().next(), previous.is_ascii_digit()) {
            end = at + c.len_utf8();
            break;
        }
        previous = c;
    }
    let clause = sentence.range.start + start..range.end + end;
    let words = text.get(clause.clone()).unwrap_or_default();
    let clause = clause.start + (words.len() - words.trim_start().len())..clause.end;
    let others = [clause.start..range.start.max(clause.start), range.end..clause.end.max(range.end)];
    let other_bytes: usize = others.iter().map(|other| text.get(other.clone()).unwrap_or_default().trim().len()).sum();
    let tells = |other: &Range<usize>| {
        text.get(other.clone())
            .is_some_and(|words| words.contains(|c: char| c.is_ascii_digit() || matches!(c, '%' | '折' | '【' | '】')))
    };
    let shown = reading.normal.shown(clause.clone()).unwrap_or(0..0);
    let is_linked = || reading.links(sentence).any(|link| link.shown.start < shown.end && link.shown.end > shown.start);
    if other_bytes > OTHER_BYTES_MAX.max(range.len()) || others.iter().any(tells) || is_linked() {
        return range.clone();
    }
    clause
}

/// Marks between clauses; a comma or a point between figures is none.
fn is_mark(c: char, next: Option<char>, after_digit: bool) -> bool {
    match c {
        '，' | '、' | ';' | '；' | '：' | '!' | '！' | '?' | '？' | '。' | '~' | '|' | '·' | '…' | '★' | '\n' | '('
        | ')' | '【' | '】' => true,
        ',' | '.' | ':' => !(after_digit && next.is_some_and(|next| next.is_ascii_digit())),
        _ => false,
    }
}
