//! Normalised text → sentences, Chinese and English. A sentence is what a rewrite takes away, so a
//! signature 【某某】 and the clause that tells how to refuse (回T退订) are sentences of their own.

use std::ops::Range;

use super::optout::opt_out_clauses;

/// A line this long was wrapped by a mail program: its end is no end of a sentence.
const WRAPPED_CHARS_MIN: usize = 60;

/// A sentence longer than this is cut: no writer means it as one, and every rule stays linear.
const SENTENCE_BYTES_MAX: usize = 4_096;

/// The sentences, in order, trimmed, none empty.
pub(super) fn split_sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut line_chars = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = at + c.len_utf8();
        let next = chars.peek().map(|(_, next)| *next);
        line_chars = if c == '\n' { line_chars } else { line_chars + 1 };
        let ends = match c {
            '。' | '！' | '？' | '；' | '】' | '…' => !next.is_some_and(is_closing),
            '!' | '?' | ';' => next.is_none_or(|next| next.is_whitespace() || !next.is_ascii()),
            '.' => next.is_none_or(char::is_whitespace) && !is_abbreviation(&text[start..at]),
            '\n' => {
                let wrapped = line_chars >= WRAPPED_CHARS_MIN
                    && next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '$' | '¥' | '"' | '('));
                line_chars = 0;
                !wrapped
            }
            _ => false,
        };
        let ends = ends || after - start >= SENTENCE_BYTES_MAX;
        if c == '【' {
            push(text, start..at, &mut sentences);
            start = at;
        }
        if ends {
            push(text, start..after, &mut sentences);
            start = after;
        }
    }
    push(text, start..text.len(), &mut sentences);
    part_from_opt_outs(text, sentences)
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

/// `Nov. 30`, `a.m. today`, `No. 5`: a full stop that ends no sentence.
fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
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
            | "incl"
            | "u"
            | "a"
            | "p"
    )
}

/// Cuts every sentence around the clauses that tell how to refuse.
fn part_from_opt_outs(text: &str, sentences: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let clauses = opt_out_clauses(text);
    if clauses.is_empty() {
        return sentences;
    }
    let mut cut = Vec::with_capacity(sentences.len() + clauses.len());
    let mut clauses = clauses.into_iter().peekable();
    for sentence in sentences {
        let mut from = sentence.start;
        while let Some(clause) = clauses.next_if(|clause| clause.start < sentence.end) {
            if clause.start < from {
                continue;
            }
            // The clause begins after the nearest comma or blank in front of it.
            let head = &text[from..clause.start];
            let begin = head
                .char_indices()
                .rev()
                .find(|(_, c)| matches!(c, ',' | '，' | '、' | ';' | '；' | ' ' | '.' | ':' | '(' | '。'))
                .map_or(clause.start, |(at, c)| {
                    if ends_clause(&head[at + c.len_utf8()..]) { from + at + c.len_utf8() } else { clause.start }
                });
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
    use crate::understand::normal::fold_phrase;

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
            let got: Vec<&str> = split_sentences(&text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(got, wanted);
        }
    }
}
