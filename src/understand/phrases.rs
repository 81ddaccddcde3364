//! The words and pairs of words of a text, as they are weighed (see `weights`): Latin words and numbers, each with the
//! one before it, and one to three Chinese characters in a row. Which number it is does not matter: "only 3 left" and
//! 仅剩5件 are "only 0 left" and 仅剩0件.

use std::ops::Range;

use crate::understand::text::language::is_han;

/// A phrase of a text.
pub(super) struct Token<'t> {
    /// As it is written in the files of weights.
    pub phrase: &'t str,
    /// Where it stands.
    pub range: Range<usize>,
    /// It stands beside the Latin word, number or mark that was told before it.
    pub joins: bool,
}

/// Chinese characters taken together at most.
const CHARACTERS_MAX: usize = 3;

/// Tells every word, number, mark and run of Chinese characters of a normalised text, in the order of their ends.
pub(super) fn tokens(text: &str, mut found: impl FnMut(Token<'_>)) {
    let bytes = text.as_bytes();
    let (mut run, mut folded) = (Run::default(), String::new());
    let (mut at, mut before) = (0, None);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        let joins = |start: usize| before.is_some_and(|end: usize| is_beside(bytes, end, start));
        if byte.is_ascii_alphanumeric() {
            let (end, has_digit) = word_end(bytes, at);
            at = end;
            let word = &text[start..at];
            let phrase = if has_digit { fold_numbers(word, &mut folded) } else { word };
            found(Token { phrase, range: start..at, joins: joins(start) });
            before = Some(at);
            if phrase == "0" {
                run.add(start..at, phrase, &mut found);
            }
        } else if byte.is_ascii() {
            at += 1;
            if matches!(byte, b'!' | b'%' | b'$' | b'?') {
                found(Token { phrase: &text[start..at], range: start..at, joins: joins(start) });
                before = Some(at);
            }
        } else {
            let Some(c) = text[at..].chars().next() else { break };
            at += c.len_utf8();
            let mark = match c {
                '！' => "!",
                '？' => "?",
                '£' | '€' | '₹' | '¥' => "$",
                _ => "",
            };
            if !mark.is_empty() {
                found(Token { phrase: mark, range: start..at, joins: joins(start) });
                before = Some(at);
            } else if is_han(c) {
                run.add(start..at, &text[start..at], &mut found);
            }
        }
    }
}

/// The last characters and numbers in a row.
#[derive(Default)]
struct Run {
    text: String,
    /// Where each begins, in the message and in `text`.
    starts: Vec<(usize, usize)>,
    end: usize,
}

impl Run {
    /// Puts one behind the others, and tells what ends with it.
    fn add(&mut self, at: Range<usize>, one: &str, found: &mut impl FnMut(Token<'_>)) {
        if at.start != self.end || self.starts.is_empty() {
            self.starts.clear();
            self.text.clear();
        }
        if self.starts.len() == CHARACTERS_MAX {
            let first = self.starts.get(1).map_or(0, |(_, start)| *start);
            self.text.drain(..first);
            self.starts.remove(0);
            self.starts.iter_mut().for_each(|(_, start)| *start -= first);
        }
        self.starts.push((at.start, self.text.len()));
        self.text.push_str(one);
        self.end = at.end;
        for (start, from) in self.starts.iter().rev() {
            let phrase = &self.text[*from..];
            // A number alone is told as a word.
            if phrase.len() > 1 {
                found(Token { phrase, range: *start..at.end, joins: false });
            }
        }
    }
}

/// Letters and digits, apostrophes between them (`don't`), points and commas between digits (`1,299.00`): where the word
/// ends, and whether a digit is in it.
fn word_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut has_digit) = (start, false);
    loop {
        match bytes.get(at) {
            Some(b'a'..=b'z' | b'A'..=b'Z') => at += 1,
            Some(b'0'..=b'9') => {
                has_digit = true;
                at += 1;
            }
            Some(b'\'') if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => at += 1,
            Some(b'.' | b',')
                if bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                at += 1;
            }
            _ => return (at, has_digit),
        }
    }
}

/// `24h` as `0h`, `1,299.00` as `0`.
fn fold_numbers<'f>(word: &str, folded: &'f mut String) -> &'f str {
    folded.clear();
    let mut in_number = false;
    for c in word.chars() {
        let is_number = c.is_ascii_digit() || in_number && matches!(c, '.' | ',');
        if !is_number {
            folded.push(c);
        } else if !in_number {
            folded.push('0');
        }
        in_number = is_number;
    }
    folded
}

/// Nothing, a blank or a hyphen between the two.
fn is_beside(bytes: &[u8], end: usize, start: usize) -> bool {
    start == end || start == end + 1 && bytes.get(end).is_some_and(|b| matches!(b, b' ' | b'\n' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut told = Vec::new();
        tokens(text, |token| told.push(format!("{}{}", if token.joins { "+" } else { "" }, token.phrase)));
        told
    }

    #[test]
    fn words_numbers_and_marks_are_told_with_what_they_join() {
        assert_eq!(told("only 3 left!"), ["only", "+0", "+left", "+!"]);
        assert_eq!(told("don't wait. 50% off till 9pm"), ["don't", "+wait", "0", "+%", "+off", "+till", "+0pm"]);
        assert_eq!(told("$1,299.00 today, last-minute"), ["$", "+0", "+today", "last", "+minute"]);
    }

    #[test]
    fn characters_are_told_in_runs_of_three_at_most() {
        assert_eq!(told("仅剩5件"), ["仅", "剩", "仅剩", "0", "剩0", "仅剩0", "件", "0件", "剩0件"]);
        assert_eq!(told("快 来！"), ["快", "来", "!"]);
    }

    #[test]
    fn what_is_no_word_is_passed_over() {
        assert_eq!(told(" ' . , é 🎉 "), [""; 0]);
        assert_eq!(told("a'"), ["a"]);
        assert_eq!(told("5."), ["0"]);
    }
}
