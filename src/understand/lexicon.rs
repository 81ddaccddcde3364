//! Words that mean something, as data: one file of cues (what a sentence does) and one of topics
//! (what it is about), compiled once into one automaton. A `[section]` names what its words
//! tell; one phrase a line; `#` begins a comment.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::normal::fold_phrase;
use super::{deadlines, ends_en, money, optout, purpose, reductions, vouchers};

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
    /// A sign without which no end is told in words (not in the file: see `deadlines`).
    MayEnd,
    /// A sign without which no date is told in English.
    MayBeDate,
    /// A sign without which nothing costs anything (see `prices`).
    MayCost,
    /// A sign without which nothing is taken off (see `prices`).
    MayTakeOff,
    /// A sign without which nobody speaks of a code (see `purpose`).
    MayBeCode,
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

    /// Takes these out.
    pub fn remove(&mut self, cues: &[Cue]) {
        cues.iter().for_each(|cue| self.0 &= !(1 << *cue as u32));
    }

    fn add(&mut self, cue: Cue) {
        self.0 |= 1 << cue as u32;
    }
}

/// What a normalised text has of the lexicons' words.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Each cue and where its word begins.
    cues: Vec<(Cue, usize)>,
    /// How often each topic is spoken of.
    topics: Vec<u32>,
    /// Where signs of a way to refuse begin, in order (see `optout`).
    pub opt_out_signs: Vec<usize>,
}

/// Listens to a normalised text, once for all questions.
pub(super) fn heard_in(text: &str) -> Heard {
    let mut heard = Heard::default();
    let Some(words) = WORDS.as_ref() else { return heard };
    heard.topics.resize(words.topics.len(), 0);
    words.each(text, |tells, at| match tells {
        Tells::Cue(cue) => heard.cues.push((cue, at.start)),
        Tells::Topic(topic) => heard.topics[topic] += 1,
        Tells::OptOutSign => heard.opt_out_signs.push(at.start),
    });
    heard.opt_out_signs.sort_unstable();
    heard
}

impl Heard {
    /// The cues of every sentence.
    pub fn cues(&self, sentences: &[Range<usize>]) -> Vec<Cues> {
        let mut cues = vec![Cues::default(); sentences.len()];
        for (cue, start) in &self.cues {
            let index = sentences.partition_point(|sentence| sentence.end <= *start);
            if let (Some(sentence), Some(found)) = (sentences.get(index), cues.get_mut(index))
                && sentence.start <= *start
            {
                found.add(*cue);
            }
        }
        cues
    }
}

/// Which of `wanted` stands last in a few words.
pub(super) fn last_cue_in(words: &str, wanted: &[Cue]) -> Option<Cue> {
    let known = WORDS.as_ref()?;
    // Of two words that end together the longer tells: `regular price`, not `price`.
    let mut last: Option<(usize, usize, Cue)> = None;
    known.each(words, |tells, at| {
        if let Tells::Cue(cue) = tells
            && wanted.contains(&cue)
            && last.is_none_or(|(end, len, _)| (at.end, at.len()) > (end, len))
        {
            last = Some((at.end, at.len(), cue));
        }
    });
    last.map(|(_, _, cue)| cue)
}

/// Topics of the texts, the most spoken of first.
pub(super) fn topics_of<'a>(texts: impl Iterator<Item = &'a Heard>, topics_max: usize) -> Vec<String> {
    let Some(words) = WORDS.as_ref() else { return Vec::new() };
    let mut counts = vec![0u32; words.topics.len()];
    for heard in texts {
        counts.iter_mut().zip(&heard.topics).for_each(|(sum, count)| *sum += count);
    }
    let mut found: Vec<usize> = (0..counts.len()).filter(|topic| counts[*topic] > 0).collect();
    found.sort_by_key(|topic| std::cmp::Reverse(counts[*topic]));
    found.into_iter().take(topics_max).map(|topic| words.topics[topic].clone()).collect()
}

/// What a word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    Cue(Cue),
    /// Index of the topic.
    Topic(usize),
    OptOutSign,
}

/// Latin and Chinese words apart: small tables for the many texts that have only the first.
struct Words {
    ascii: Automaton,
    other: Automaton,
    topics: Vec<String>,
}

struct Automaton {
    patterns: AhoCorasick,
    /// What each pattern tells, and whether parts of words count, too.
    tells: Vec<(Tells, bool)>,
}

const CUE_FILE: &str = include_str!("lexicon/cues.txt");
const TOPIC_FILE: &str = include_str!("lexicon/topics.txt");

/// Both files and the signs together: a text is gone through once for all questions.
static WORDS: LazyLock<Option<Words>> = LazyLock::new(Words::compile);

/// Every phrase of a file with the section it stands in.
fn phrases(file: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(move |line| {
        let name = line.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        section = name.unwrap_or(section);
        let line = if name.is_some() { "" } else { line };
        let here = section;
        line.split('|').map(str::trim).filter(|phrase| !phrase.is_empty()).map(move |phrase| (here, phrase))
    })
}

impl Words {
    fn compile() -> Option<Words> {
        let mut topics = Vec::<String>::new();
        let mut words: Vec<(String, Tells, bool)> = Vec::new();
        for (section, phrase) in phrases(CUE_FILE) {
            let cue = CUES.iter().find(|(name, _)| *name == section)?.1;
            words.push((fold_phrase(phrase), Tells::Cue(cue), false));
        }
        for (section, phrase) in phrases(TOPIC_FILE) {
            if topics.last().is_none_or(|last| last != section) {
                topics.push(section.to_owned());
            }
            words.push((fold_phrase(phrase), Tells::Topic(topics.len() - 1), false));
        }
        for (tell, signs) in [
            (Tells::Cue(Cue::MayEnd), deadlines::signs()),
            (Tells::Cue(Cue::MayBeDate), ends_en::date_signs()),
            (Tells::Cue(Cue::MayCost), money::money_signs()),
            (Tells::Cue(Cue::MayTakeOff), reductions::reduction_signs()),
            (Tells::Cue(Cue::MayBeCode), purpose::code_signs()),
            (Tells::Cue(Cue::MayTakeOff), vouchers::voucher_signs()),
            (Tells::OptOutSign, optout::signs()),
        ] {
            let parts = !matches!(tell, Tells::Cue(Cue::MayTakeOff));
            words.extend(signs.into_iter().map(|sign| (sign, tell, parts)));
        }
        let (ascii, other): (Vec<_>, Vec<_>) = words.into_iter().partition(|(word, ..)| word.is_ascii());
        Some(Words {
            ascii: Automaton::compile(ascii, AhoCorasickKind::DFA)?,
            other: Automaton::compile(other, AhoCorasickKind::ContiguousNFA)?,
            topics,
        })
    }

    fn each(&self, text: &str, mut found: impl FnMut(Tells, Range<usize>)) {
        self.ascii.each(text, &mut found);
        if !text.is_ascii() {
            self.other.each(text, &mut found);
        }
    }
}

impl Automaton {
    fn compile(words: Vec<(String, Tells, bool)>, kind: AhoCorasickKind) -> Option<Automaton> {
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            // Something begins at almost every word: to look ahead for the first is no gain.
            .prefilter(false)
            .build(words.iter().map(|(word, ..)| word))
            .ok()?;
        Some(Automaton { patterns, tells: words.into_iter().map(|(_, tells, parts)| (tells, parts)).collect() })
    }

    /// Every whole word found: Latin words end where letters and digits end; Chinese has no such ends.
    fn each(&self, text: &str, mut found: impl FnMut(Tells, Range<usize>)) {
        let bytes = text.as_bytes();
        let word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        for hit in self.patterns.find_overlapping_iter(text) {
            let (start, end) = (hit.start(), hit.end());
            let cut_before = || word(Some(start)) && word(start.checked_sub(1));
            let cut_after = || word(end.checked_sub(1)) && word(Some(end));
            let (tells, parts) = self.tells[hit.pattern().as_usize()];
            if parts || !cut_before() && !cut_after() {
                found(tells, start..end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        assert!(WORDS.as_ref().unwrap().topics.len() > 10);
        for (name, _) in CUES {
            assert!(phrases(CUE_FILE).any(|(section, _)| section == name), "{name}");
        }
    }

    #[test]
    fn words_are_whole_words() {
        let cues = |text: &str| heard_in(text).cues(std::slice::from_ref(&(0..text.len())))[0];
        assert!(cues("big sale today").has(Cue::Sale));
        assert!(!cues("wholesaler").has(Cue::Sale));
        assert!(cues("大促销来了").has(Cue::Sale));
    }
}
