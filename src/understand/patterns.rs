//! Lexicons of patterns: a `[section]` names what its lines tell; each line is a regular expression over the
//! normalised text. `\b` is the end of a Latin word, a blank also a line's wrapped end. A `[signs]` section
//! lists words without which no pattern of the file can match, for the automaton of `lexicon.rs`.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Room for the compiled patterns of a section.
const COMPILED_BYTES_MAX: usize = 16 << 20;

/// One expression in the code, written in pieces, compiled when it is first asked; `None` when it is no expression.
macro_rules! pattern {
    ($($piece:expr),+ $(,)?) => {
        std::sync::LazyLock::new(|| regex::Regex::new(concat!($($piece),+)).ok())
    };
}
pub(super) use pattern;

/// A file of patterns, each section one expression.
pub(super) struct Patterns {
    sections: Vec<(&'static str, Regex)>,
}

impl Patterns {
    /// Compiles a file; `None` when one of its lines is no expression.
    pub fn compile(file: &'static str) -> Option<Patterns> {
        let mut written: Vec<(&str, String)> = Vec::new();
        for (section, line) in lines(file).filter(|(section, _)| *section != "signs") {
            let line = written_out(line);
            match written.iter_mut().find(|(known, _)| *known == section) {
                Some((_, all)) => {
                    all.push('|');
                    all.push_str(&line);
                }
                None => written.push((section, line)),
            }
        }
        let compile = |(section, all): (&'static str, String)| {
            let built =
                RegexBuilder::new(&all).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build();
            Some((section, built.ok()?))
        };
        Some(Patterns { sections: written.into_iter().map(compile).collect::<Option<_>>()? })
    }

    /// Where a pattern of the section first matches.
    pub fn find(&self, section: &str, words: &str) -> Option<Range<usize>> {
        self.section(section)?.find(words).map(|found| found.range())
    }

    /// Everywhere.
    pub fn find_all<'a>(&'a self, section: &str, words: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.section(section).into_iter().flat_map(move |section| section.find_iter(words).map(|found| found.range()))
    }

    /// Whether one matches.
    pub fn has(&self, section: &str, words: &str) -> bool {
        self.section(section).is_some_and(|section| section.is_match(words))
    }

    fn section(&self, name: &str) -> Option<&Regex> {
        self.sections.iter().find(|(known, _)| *known == name).map(|(_, section)| section)
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

/// The words of the `[signs]` section.
pub(super) fn signs(file: &'static str) -> impl Iterator<Item = String> {
    let signs = lines(file).filter(|(section, _)| *section == "signs");
    let signs = signs.flat_map(|(_, line)| line.split('|')).map(str::trim).filter(|sign| !sign.is_empty());
    signs.flat_map(|sign| {
        let wrapped = sign.contains(' ').then(|| sign.replace(' ', "\n"));
        std::iter::once(sign.to_owned()).chain(wrapped)
    })
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
