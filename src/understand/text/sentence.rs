//! Normalised text → sentences, Chinese and English. A sentence is what a rewrite takes away, so a
//! signature 【某某】 and the clause that tells how to refuse (回T退订) are sentences of their own.

use std::ops::Range;

use memchr::{memchr2_iter, memchr3_iter};

/// A line this long was wrapped by a mail program: its end is no end of a sentence.
const WRAPPED_CHARS_MIN: usize = 60;

/// A sentence longer than this is cut: no writer means it as one, and every rule stays linear.
const SENTENCE_BYTES_MAX: usize = 4_096;

/// The sentences, in order, trimmed, none empty. `opt_outs` are the clauses that tell how to refuse.
pub(in crate::understand) fn split_sentences(text: &str, opt_outs: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let (mut start, mut line) = (0, 0);
    for mark in marks(text.as_bytes()) {
        // Nothing ended it up to here: whatever is too long is cut.
        start = cut_long(text, start, mark, &mut sentences);
        let Some(c) = text.get(mark..).and_then(|rest| rest.chars().next()) else { break };
        let after = mark + c.len_utf8();
        let next = text.get(after..).and_then(|rest| rest.chars().next());
        let ends = match c {
            '。' | '！' | '？' | '；' | '】' | '…' => !next.is_some_and(is_closing),
            '!' | '?' | ';' => next.is_none_or(|next| next.is_whitespace() || !next.is_ascii()),
            '.' => next.is_none_or(char::is_whitespace) && !is_abbreviation(&text[start..mark]),
            '\n' => {
                let wrapped = text[line..mark].chars().nth(WRAPPED_CHARS_MIN - 1).is_some()
                    && next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '$' | '¥' | '"' | '('));
                line = after;
                !wrapped
            }
            _ => false,
        };
        let ends = ends || after - start >= SENTENCE_BYTES_MAX;
        if c == '【' {
            push(text, start..mark, &mut sentences);
            start = mark;
        }
        if ends {
            push(text, start..after, &mut sentences);
            start = after;
        }
    }
    start = cut_long(text, start, text.len(), &mut sentences);
    push(text, start..text.len(), &mut sentences);
    part_from_opt_outs(text, sentences, opt_outs)
}

/// Where characters stand that may end or begin a sentence; perhaps, since every character that begins
/// with the same byte is told.
fn marks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let mut usual = memchr3_iter(b'.', b'\n', b'!', bytes).peekable();
    let mut rare = memchr2_iter(b'?', b';', bytes).peekable();
    // `…`, `。】【` and `！？；` begin with these.
    let mut chinese = memchr3_iter(0xE2, 0xE3, 0xEF, bytes).peekable();
    std::iter::from_fn(move || {
        let first = *[usual.peek(), rare.peek(), chinese.peek()].into_iter().flatten().min()?;
        let is_first = |at: &usize| *at == first;
        usual.next_if(is_first).or_else(|| rare.next_if(is_first)).or_else(|| chinese.next_if(is_first))
    })
}

/// Cuts what is too long between `start` and `end`; the rest begins where it says.
fn cut_long(text: &str, mut start: usize, end: usize, sentences: &mut Vec<Range<usize>>) -> usize {
    while end - start >= SENTENCE_BYTES_MAX {
        let cut = text.ceil_char_boundary(start + SENTENCE_BYTES_MAX);
        push(text, start..cut, sentences);
        start = cut;
    }
    start
}

fn push(text: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let Some(words) = text.get(range.clone()) else { return };
    let start = range.start + (words.len() - words.trim_start().len());
    let end = start + words.trim().len();
    // A stray mark belongs to the sentence before it.
    if words.chars().all(|c| !c.is_alphanumeric()) {
        return;
    }
    sentences.push(start..end);
}

fn is_closing(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '…' | '”' | '"' | '」' | '』' | ')' | '!' | '?')
}

/// `Nov. 30`, `6 p.m. PST`, `No. 5`: a full stop that ends no sentence.
fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    // "Min. P1,500"; "in 30 min." may end one.
    if word == "min" {
        let head = before.strip_suffix(word).unwrap_or_default().trim_end();
        return !head.ends_with(|c: char| c.is_ascii_digit());
    }
    matches!(
        word,
        "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
            | "mr"
            | "mrs"
            | "ms"
            | "dr"
            | "no"
            | "vs"
            | "inc"
            | "ltd"
            | "co"
            | "approx"
            | "reg"
            | "orig"
            | "norm"
            | "rrp"
            | "rs"
            | "dhs"
            | "ksh"
            | "incl"
            | "u"
            | "a"
            | "p"
            | "m"
    )
}

/// Cuts every sentence around the clauses that tell how to refuse.
fn part_from_opt_outs(text: &str, sentences: Vec<Range<usize>>, clauses: &[Range<usize>]) -> Vec<Range<usize>> {
    if clauses.is_empty() {
        return sentences;
    }
    let mut cut = Vec::with_capacity(sentences.len() + clauses.len());
    let mut clauses = clauses.iter().peekable();
    for sentence in sentences {
        let mut from = sentence.start;
        while let Some(clause) = clauses.next_if(|clause| clause.start < sentence.end) {
            if clause.start < from {
                continue;
            }
            // The clause begins after the nearest comma or blank in front of it; in "Ends 30 Nov. STOP" the full
            // stop that it begins with ends the sentence before.
            let after_mark = text[clause.start..].starts_with(['.', '!']).then_some(clause.start + 1);
            let head = &text[from..clause.start];
            let begin = head
                .char_indices()
                .rev()
                .find(|(_, c)| matches!(c, ',' | '，' | '、' | ';' | '；' | ' ' | '.' | ':' | '(' | '。'))
                .map_or(clause.start, |(at, c)| {
                    if ends_clause(&head[at + c.len_utf8()..]) { from + at + c.len_utf8() } else { clause.start }
                });
            let begin = after_mark.unwrap_or(begin);
            push(text, from..begin, &mut cut);
            from = begin;
        }
        push(text, from..sentence.end, &mut cut);
    }
    cut
}

/// The words between a comma and the refusal belong to it when they are few.
fn ends_clause(words: &str) -> bool {
    words.chars().count() <= 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::lexicon::heard_in;
    use crate::understand::optout::opt_out_clauses;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn both_languages_split_where_a_reader_pauses() {
        for (text, wanted) in [
            (
                "【某某商城】蓝牙车载播放器BT-200限时299元，回T退订",
                vec!["【某某商城】", "蓝牙车载播放器bt-200限时299元，", "回t退订"],
            ),
            ("Hi! BT-200 is $19.99. Ends Nov. 30!", vec!["hi!", "bt-200 is $19.99.", "ends nov. 30!"]),
            ("满意吗？很好。", vec!["满意吗？", "很好。"]),
            ("see https://a.example/?x=1.5 now", vec!["see https://a.example/?x=1.5 now"]),
            ("one\ntwo", vec!["one", "two"]),
        ] {
            let text = fold_phrase(text);
            let opt_outs = opt_out_clauses(&text, &heard_in(&text).opt_out_signs);
            let got: Vec<&str> = split_sentences(&text, &opt_outs).into_iter().map(|range| &text[range]).collect();
            assert_eq!(got, wanted);
        }
    }
}
