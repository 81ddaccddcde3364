//! What must stand in a text for an expression to match in it? Words are looked for once, in one automaton
//! (`lexicon`), for all expressions together; an expression is tried only on a sentence that holds one of
//! its own. They are told from the expression itself, so that no list beside it can fall behind.
//!
//! `regex-filtered` does the same for a set that goes through each text by itself; here the words join the
//! lexicon's, so that no text is gone through a second time.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Words of one expression.
const WORDS_MAX: usize = 400;
/// Words that the parts of a sequence may be multiplied into.
const PRODUCT_MAX: usize = 96;
/// Members of a character class that are words of their own.
const CLASS_MAX: u32 = 16;
/// Stands for any digit.
pub(super) const A_DIGIT: &str = "\u{1}";
/// Longer words tell no more: they only make the automaton larger.
const WORD_BYTES_MAX: usize = 12;

/// Words of which every match of the expression holds at least one, a line's end written as a blank; `None` where
/// there are none that are worth looking for. That holds for texts in which no two blanks follow one another
/// ([`May::ANY`](super::expression::May) for others).
pub(super) fn needed_words(expression: &str) -> Option<Vec<String>> {
    let parsed = regex_syntax::Parser::new().parse(expression).ok()?;
    let needed = parts_of(&parsed).best()?;
    let needed: Vec<String> = needed.into_iter().map(|word| shortened(&word)).collect();
    let mut words: Vec<String> = Vec::new();
    let mut by_length = needed;
    by_length.sort_by_key(String::len);
    for word in by_length {
        if !words.iter().any(|known| word.contains(known.as_str())) {
            words.push(word);
        }
    }
    Some(words)
}

/// What is known of a part of an expression.
struct Parts {
    /// All that it can match, when that is little.
    exact: Option<Vec<String>>,
    /// Words of which every match holds one.
    needed: Option<Vec<String>>,
}

impl Parts {
    const UNKNOWN: Parts = Parts { exact: None, needed: None };

    fn exactly(words: Vec<String>) -> Parts {
        Parts { exact: Some(words), needed: None }
    }

    /// The better of both, when it is worth anything.
    fn best(self) -> Option<Vec<String>> {
        better(self.exact, self.needed).filter(|words| worth(words) > 0)
    }
}

fn parts_of(hir: &Hir) -> Parts {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Parts::exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Parts::exactly(vec![text.replace('\n', " ")]),
            Err(_) => Parts::UNKNOWN,
        },
        HirKind::Class(class) if is_digit(class) => Parts { exact: None, needed: Some(vec![A_DIGIT.to_owned()]) },
        HirKind::Class(class) => members(class).map_or(Parts::UNKNOWN, Parts::exactly),
        HirKind::Capture(capture) => parts_of(&capture.sub),
        HirKind::Repetition(times) => {
            let inner = parts_of(&times.sub);
            // In a text without two blanks in a row some blanks are one.
            if inner.exact.as_ref().is_some_and(|words| words.iter().all(|word| word == " ")) {
                let none = (times.min == 0).then(String::new);
                return Parts::exactly(none.into_iter().chain([" ".to_owned()]).collect());
            }
            match (times.min, times.max) {
                (1, Some(1)) => inner,
                (0, Some(1)) => Parts {
                    exact: inner.exact.map(|mut words| {
                        words.push(String::new());
                        words
                    }),
                    needed: None,
                },
                (0, _) => Parts::UNKNOWN,
                _ => Parts { exact: None, needed: inner.best() },
            }
        }
        HirKind::Concat(parts) => sequence(parts),
        HirKind::Alternation(ways) => choice(ways),
    }
}

/// Several digits, and nothing else.
fn is_digit(class: &Class) -> bool {
    let Class::Unicode(class) = class else { return false };
    let digits = class.ranges().iter().all(|range| range.start() >= '0' && range.end() <= '9');
    digits && class.ranges().iter().any(|range| range.start() < range.end())
}

fn members(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let count: u32 = class.ranges().iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum();
    if count == 0 || count > CLASS_MAX {
        return None;
    }
    let all = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let mut words: Vec<String> = all.map(|c| if c == '\n' { ' ' } else { c }.to_string()).collect();
    words.sort();
    words.dedup();
    Some(words)
}

/// One part behind the other: neighbours that match little are multiplied into longer words.
fn sequence(parts: &[Hir]) -> Parts {
    let mut run = vec![String::new()];
    let mut needed: Option<Vec<String>> = None;
    let mut is_exact = true;
    for part in parts {
        let Parts { exact, needed: inside } = parts_of(part);
        match exact {
            Some(words) if run.len() * words.len() <= PRODUCT_MAX => {
                run = run.iter().flat_map(|head| words.iter().map(move |tail| format!("{head}{tail}"))).collect();
            }
            exact => {
                is_exact = false;
                let ended = std::mem::replace(&mut run, exact.unwrap_or_else(|| vec![String::new()]));
                needed = better(needed, Some(ended));
                needed = better(needed, inside);
            }
        }
    }
    if is_exact {
        return Parts::exactly(run);
    }
    Parts { exact: None, needed: better(needed, Some(run)) }
}

/// One of several: a word of each.
fn choice(ways: &[Hir]) -> Parts {
    let mut exact = Some(Vec::new());
    let mut needed = Some(Vec::new());
    for way in ways {
        let parts = parts_of(way);
        exact = exact.zip(parts.exact.clone()).map(|(mut all, words)| {
            all.extend(words);
            all
        });
        needed = needed.zip(parts.best()).map(|(mut all, words)| {
            all.extend(words);
            all
        });
    }
    let few = |words: &Vec<String>| words.len() <= WORDS_MAX;
    Parts { exact: exact.filter(few), needed: needed.filter(few) }
}

/// The one whose commonest word is rarer; of equals the shorter list.
fn better(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let (a, b) = (worth(&one), worth(&other));
            Some(if a > b || a == b && one.len() <= other.len() { one } else { other })
        }
        (one, other) => one.or(other),
    }
}

/// How rare the commonest of the words is, by its length; 0 when it is in almost every sentence.
fn worth(words: &[String]) -> usize {
    let rarity = |word: &String| {
        let letters = word.bytes().filter(|b| *b != b' ').count();
        match word.as_str() {
            "" | " " => 0,
            A_DIGIT => 1,
            // A letter, a digit or a point is everywhere; 折 and % are not.
            one if one.len() == 1 && (one.as_bytes()[0].is_ascii_alphanumeric() || ".,'-:/()".contains(one)) => 0,
            _ if letters < 2 && word.is_ascii() && word.bytes().any(|b| b.is_ascii_alphanumeric()) => 0,
            _ => letters.min(6) + usize::from(word.contains(' ')),
        }
    };
    words.iter().map(rarity).min().unwrap_or(0)
}

fn shortened(word: &str) -> String {
    word.get(..word.floor_char_boundary(WORD_BYTES_MAX)).unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_match_holds_one_of_the_words() {
        for (expression, wanted) in [
            (r"(?-u:\b)before[ \n](?:they|it)(?-u:\b)", Some(vec!["before it", "before they"])),
            (r"[0-9]{1,3}[ \n]?days? left", Some(vec!["day left", "days left"])),
            ("满[0-9]+减", Some(vec!["满"])),
            ("第[二2]件", Some(vec!["第2件", "第二件"])),
            ("[0-9]+%", Some(vec![A_DIGIT])),
            ("(?:ends|closes)[^.]{0,9}(?:soon|now)", Some(vec!["ends", "closes"])),
            ("(?:[0-9]|7x)[a-z]+", Some(vec![A_DIGIT, "7x"])),
            ("[a-z]+", None),
            ("sale|", None),
            ("a?b?", None),
        ] {
            let wanted = wanted.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            let sorted = |words: Option<Vec<String>>| {
                words.map(|mut words| {
                    words.sort();
                    words
                })
            };
            assert_eq!(sorted(needed_words(expression)), sorted(wanted), "{expression}");
        }
    }
}
