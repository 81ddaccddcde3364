//! Words that mean something, as data: one file of cues (what a sentence does) and one of topics
//! (what it is about), each compiled once into one automaton. A `[section]` names what its words
//! tell; one phrase a line; `#` begins a comment.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::normal::fold_phrase;

/// What a word tells of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Cue {
    /// A sale, a discount: 促销, `clearance`.
    Sale,
    /// Words that go with an offer and mean little alone: 限时, `limited`.
    Offer,
    /// The price that follows is the old one: 原价, `was`.
    ListPrice,
    /// The price that follows is what it costs: 现价, `only`.
    CurrentPrice,
    /// Money that is not an offer: bills, balances, payments, shares.
    Billing,
    /// An order, a delivery, an appointment.
    Notice,
    /// A one-time code.
    Code,
    /// A survey, a rating.
    SurveyNoun,
    /// Please do it.
    SurveyAsk,
    /// A survey question by itself.
    SurveyPhrase,
    /// A survey that is over, or a score boasted of.
    SurveyPast,
    /// The last chance.
    LastChance,
    /// Speaks to one who has not bought.
    Prospect,
    /// Speaks to one who has.
    Customer,
    /// For readers of text messages only.
    SmsOnly,
    /// For readers of mail only.
    EmailOnly,
}

const CUES: [(&str, Cue); 16] = [
    ("sale", Cue::Sale),
    ("offer", Cue::Offer),
    ("list-price", Cue::ListPrice),
    ("current-price", Cue::CurrentPrice),
    ("billing", Cue::Billing),
    ("notice", Cue::Notice),
    ("code", Cue::Code),
    ("survey-noun", Cue::SurveyNoun),
    ("survey-ask", Cue::SurveyAsk),
    ("survey-phrase", Cue::SurveyPhrase),
    ("survey-past", Cue::SurveyPast),
    ("last-chance", Cue::LastChance),
    ("prospect", Cue::Prospect),
    ("customer", Cue::Customer),
    ("sms-only", Cue::SmsOnly),
    ("email-only", Cue::EmailOnly),
];

/// A set of cues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cues(u32);

impl Cues {
    /// True when it is in.
    pub fn has(self, cue: Cue) -> bool {
        self.0 & (1 << cue as u32) != 0
    }

    /// True when one of them is in.
    pub fn any(self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    fn add(&mut self, cue: Cue) {
        self.0 |= 1 << cue as u32;
    }
}

/// The cues of every sentence of a normalised text.
pub(super) fn cues_in(text: &str, sentences: &[Range<usize>]) -> Vec<Cues> {
    let mut cues = vec![Cues::default(); sentences.len()];
    let Some(words) = CUE_WORDS.as_ref() else { return cues };
    words.each(text, |section, at| {
        let index = sentences.partition_point(|sentence| sentence.end <= at.start);
        if let (Some(sentence), Some(found)) = (sentences.get(index), cues.get_mut(index))
            && sentence.start <= at.start
            && let Some((_, cue)) = CUES.iter().find(|(name, _)| *name == words.sections[section])
        {
            found.add(*cue);
        }
    });
    cues
}

/// Which of `wanted` stands last in a few words.
pub(super) fn last_cue_in(words: &str, wanted: &[Cue]) -> Option<Cue> {
    let known = CUE_WORDS.as_ref()?;
    // Of two words that end together the longer tells: `regular price`, not `price`.
    let mut last: Option<(usize, usize, Cue)> = None;
    known.each(words, |section, at| {
        if let Some((_, cue)) = CUES.iter().find(|(name, _)| *name == known.sections[section])
            && wanted.contains(cue)
            && last.is_none_or(|(end, len, _)| (at.end, at.len()) > (end, len))
        {
            last = Some((at.end, at.len(), *cue));
        }
    });
    last.map(|(_, _, cue)| cue)
}

/// Topics of a normalised text, the most spoken of first.
pub(super) fn topics_in(texts: &[&str], topics_max: usize) -> Vec<String> {
    let Some(words) = TOPIC_WORDS.as_ref() else { return Vec::new() };
    let mut counts = vec![0u32; words.sections.len()];
    for text in texts {
        words.each(text, |section, _| counts[section] += 1);
    }
    let mut found: Vec<usize> = (0..counts.len()).filter(|section| counts[*section] > 0).collect();
    found.sort_by_key(|section| std::cmp::Reverse(counts[*section]));
    found.into_iter().take(topics_max).map(|section| words.sections[section].clone()).collect()
}

struct Words {
    automaton: AhoCorasick,
    sections: Vec<String>,
    /// Section of each pattern.
    of: Vec<usize>,
}

static CUE_WORDS: LazyLock<Option<Words>> = LazyLock::new(|| Words::compile(include_str!("lexicon/cues.txt")));
static TOPIC_WORDS: LazyLock<Option<Words>> = LazyLock::new(|| Words::compile(include_str!("lexicon/topics.txt")));

impl Words {
    fn compile(file: &str) -> Option<Words> {
        let (mut sections, mut of, mut patterns) = (Vec::<String>::new(), Vec::new(), Vec::new());
        for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                Some(name) => sections.push(name.to_owned()),
                None => {
                    for phrase in line.split('|').map(str::trim).filter(|phrase| !phrase.is_empty()) {
                        of.push(sections.len().checked_sub(1)?);
                        patterns.push(fold_phrase(phrase));
                    }
                }
            }
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok()?;
        Some(Words { automaton, sections, of })
    }

    /// Every whole word found: Latin words end where letters and digits end; Chinese has no such ends.
    fn each(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = text.as_bytes();
        let word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        for hit in self.automaton.find_overlapping_iter(text) {
            let (start, end) = (hit.start(), hit.end());
            let cut_before = word(Some(start)) && word(start.checked_sub(1));
            let cut_after = word(end.checked_sub(1)) && word(Some(end));
            if !cut_before && !cut_after {
                found(self.of[hit.pattern().as_usize()], start..end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        let cues = CUE_WORDS.as_ref().unwrap();
        for (name, _) in CUES {
            assert!(cues.sections.iter().any(|section| section == name), "{name}");
        }
        for section in &cues.sections {
            assert!(CUES.iter().any(|(name, _)| name == section), "{section}");
        }
        assert!(TOPIC_WORDS.as_ref().unwrap().sections.len() > 10);
    }

    #[test]
    fn words_are_whole_words() {
        let cues = |text: &str| cues_in(text, std::slice::from_ref(&(0..text.len())))[0];
        assert!(cues("big sale today").has(Cue::Sale));
        assert!(!cues("wholesaler").has(Cue::Sale));
        assert!(cues("大促销来了").has(Cue::Sale));
    }
}
