//! Lexicons of patterns: a `[section]` names what its lines tell; each line is a regular expression over the
//! normalised text. `\b` is the end of a Latin word, a blank also a line's wrapped end.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::expression::{Expression, May, Places};

/// Matches of one line in one sentence.
const FOUND_MAX: usize = 64;

/// One expression in the code, written in pieces, compiled when it is first asked; `None` when it is no expression.
macro_rules! pattern {
    ($($piece:expr),+ $(,)?) => {
        std::sync::LazyLock::new(|| regex::Regex::new(concat!($($piece),+)).ok())
    };
}
pub(super) use pattern;

/// Whether words match such an expression.
pub(super) fn says(pattern: &LazyLock<Option<Regex>>, words: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(words))
}

/// A file of patterns. Each line is an expression by itself, so that it is tried only where its own words are.
pub(super) struct Patterns {
    sections: Vec<Section>,
}

struct Section {
    name: &'static str,
    lines: Vec<Expression>,
    places: Places,
}

impl Patterns {
    /// Reads a file.
    pub fn read(file: &'static str) -> Patterns {
        let mut sections: Vec<Section> = Vec::new();
        for (section, line) in lines(file) {
            let line = Expression::of(written_out(line));
            match sections.iter_mut().find(|known| known.name == section) {
                Some(known) => known.lines.push(line),
                None => sections.push(Section { name: section, lines: vec![line], places: Places::new() }),
            }
        }
        Patterns { sections }
    }

    /// Every line.
    pub fn all(&self) -> impl Iterator<Item = &Expression> {
        self.sections.iter().flat_map(|section| &section.lines)
    }

    /// Where a pattern of the section first matches in words of a text in which `may` was heard.
    pub fn find(&self, section: &str, may: &May, words: &str) -> Option<Range<usize>> {
        self.lines(section, may).filter_map(|line| line.find(may, words)).min_by_key(|found| found.start)
    }

    /// Everywhere there; where two match in one place, the first.
    pub fn find_all(&self, section: &str, may: &May, words: &str) -> Vec<Range<usize>> {
        let lines = self.lines(section, may).filter_map(|line| line.within(may));
        let mut found: Vec<Range<usize>> =
            lines.flat_map(|line| line.find_iter(words).take(FOUND_MAX)).map(|found| found.range()).collect();
        found.sort_by_key(|range| range.start);
        found.dedup_by(|later, earlier| later.start < earlier.end);
        found
    }

    /// Whether one matches there.
    pub fn has(&self, section: &str, may: &May, words: &str) -> bool {
        self.lines(section, may).any(|line| line.is_in(may, words))
    }

    /// The lines of a section, if one of them may match.
    fn lines(&self, name: &str, may: &May) -> impl Iterator<Item = &Expression> {
        let section = self.sections.iter().find(|section| section.name == name);
        let section = section.filter(|section| section.places.any_in(may, || section.lines.iter()));
        section.into_iter().flat_map(|section| &section.lines)
    }
}

/// A line as the expression it stands for: `\b` between Latin letters only; a blank, outside of brackets, may be
/// where a mail program wrapped the line.
fn written_out(line: &str) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut in_brackets = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek() == Some(&'b') => {
                rest.next();
                out.push_str("(?-u:\\b)");
            }
            '\\' => {
                out.push(c);
                out.extend(rest.next());
            }
            ' ' if in_brackets => out.push_str(" \\n"),
            ' ' if rest.peek() == Some(&'?') => {
                rest.next();
                out.push_str("[ \\n]{0,3}");
            }
            ' ' => out.push_str("[ \\n]{1,3}"),
            _ => {
                in_brackets = c == '[' || in_brackets && c != ']';
                out.push(c);
            }
        }
    }
    out
}

fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(move |line| {
        match line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(name) => {
                section = name;
                None
            }
            None => Some((section, line)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_may_be_a_wrapped_end() {
        assert_eq!(written_out(r"\ba b ?[c d]\."), "(?-u:\\b)a[ \\n]{1,3}b[ \\n]{0,3}[c \\nd]\\.");
    }
}
