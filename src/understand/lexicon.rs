//! Words that mean something, as data: one file of cues (what a sentence does) and one of topics
//! (what it is about), compiled once into one automaton. A `[section]` names what its words
//! tell; one phrase a line; `#` begins a comment.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem;

use super::amounts::asking;
use super::amounts::currencies;
use super::amounts::price_links_en;
use super::amounts::price_pairs_zh;
use super::audience;
use super::ends::beside_en;
use super::ends::end_of_what;
use super::ends::end_signs;
use super::ends::gains_en;
use super::ends::gains_zh;
use super::ends::stretches_en;
use super::expression::{Expression, May};
use super::kind::codes;
use super::kind::hearsay;
use super::kind::sale_words;
use super::kind::tally;
use super::kind::voice::Voice;
use super::kind::work_talk;
use super::needed::A_DIGIT;
use super::optout;
use super::surveys;
use super::taken_off::bundles_zh;
use super::taken_off::bygone;
use super::taken_off::cuts_zh;
use super::taken_off::reductions;
use super::taken_off::reductions_en;
use super::taken_off::terms;
use super::taken_off::thresholds_zh;
use super::text::normal::fold_phrase;
use super::urgency::{self, Urge};
use super::vouchers;

/// What a word tells of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
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
    /// It asks for an opinion (not in the file: see `surveys`).
    SurveyPhrase,
    /// A weak sign of it: an opinion is asked about.
    SurveyQuestion,
    /// A weak sign: opinions are said to matter.
    SurveyFeedback,
    /// A weak sign: a favour, or the time it takes.
    SurveyImprove,
    /// A weak sign: a scale to answer on.
    SurveyScale,
    /// The last chance.
    LastChance,
    /// Said for a shop or a firm, by no friend.
    Sender,
    /// A sign without which no end is told in words (not in the file: see `deadlines`).
    MayEnd,
    /// A sign without which no date is told in English.
    MayBeDate,
    /// A sign without which nothing costs anything (see `prices`).
    MayCost,
    /// A sign without which nothing is taken off (see `prices`).
    MayTakeOff,
    /// A sign without which nobody speaks of a code (see `codes`).
    MayBeCode,
}

const CUES: [(&str, Cue); 11] = [
    ("sale", Cue::Sale),
    ("offer", Cue::Offer),
    ("list-price", Cue::ListPrice),
    ("current-price", Cue::CurrentPrice),
    ("billing", Cue::Billing),
    ("notice", Cue::Notice),
    ("code", Cue::Code),
    ("survey-noun", Cue::SurveyNoun),
    ("survey-ask", Cue::SurveyAsk),
    ("last-chance", Cue::LastChance),
    ("sender", Cue::Sender),
];

/// A set of cues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cues(u64);

impl Cues {
    /// True when it is in.
    pub fn has(self, cue: Cue) -> bool {
        self.0 & (1 << cue as u64) != 0
    }

    /// True when one of them is in.
    pub fn any(self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    /// Takes these out.
    pub fn remove(&mut self, cues: &[Cue]) {
        cues.iter().for_each(|cue| self.0 &= !(1 << *cue as u64));
    }

    /// Puts it in.
    pub fn add(&mut self, cue: Cue) {
        self.0 |= 1 << cue as u64;
    }
}

/// What a normalised text has of the lexicons' words.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Each cue and where its word stands.
    cues: Vec<(Cue, Range<usize>)>,
    /// The topics spoken of, by their index, and where.
    pub topics: Vec<(usize, Range<usize>)>,
    /// Where signs of a way to refuse begin, in order (see `optout`).
    pub opt_out_signs: Vec<usize>,
    /// Words that hurry, and where they stand, in order (see `urgency`).
    pub urges: Vec<(Urge, Range<usize>)>,
    /// How many words are said of goods, of duties, among friends (see `urgency`).
    pub voices: Voice,
    /// The expressions that may match somewhere in it.
    pub may: May,
    /// The places of expressions whose words were heard, and where.
    needed: Vec<(u16, Range<usize>)>,
    /// Two blanks in a row: words apart by them are not heard.
    double_blanks: Vec<Range<usize>>,
}

/// Listens to a normalised text, once for all questions.
pub(super) fn heard_in(text: &str) -> Heard {
    let mut heard = Heard::default();
    let Some(words) = WORDS.as_ref() else { return heard };
    // A mail program's line end stands for a blank; a phrase that runs into the next sentence is none.
    let flat = if text.contains('\n') { Cow::Owned(text.replace('\n', " ")) } else { Cow::Borrowed(text) };
    words.each(&flat, |tells, at| match tells {
        Tells::Cue(cue) => heard.cues.push((cue, at)),
        Tells::Topic(topic) if heard.topics.len() < TOPIC_WORDS_MAX => heard.topics.push((topic, at)),
        Tells::Topic(_) => {}
        Tells::OptOutSign => heard.opt_out_signs.push(at.start),
        Tells::Urge(urge) => heard.urges.push((urge, at)),
        Tells::Voice(voice) => heard.voices = heard.voices.with(voice),
        Tells::Needed(place) => {
            heard.may.add(usize::from(place));
            heard.needed.push((place, at));
        }
    });
    heard.double_blanks.extend(memmem::find_iter(flat.as_bytes(), b"  ").map(|at| at..at + 2));
    heard.may = if heard.double_blanks.is_empty() { heard.may.or(words.with_digit) } else { May::ANY };
    heard.opt_out_signs.sort_unstable();
    heard.urges.sort_by_key(|(_, at)| at.start);
    heard
}

impl Heard {
    /// The cues of every sentence, and what may match in it.
    pub fn cues(&self, sentences: &[Range<usize>]) -> Vec<(Cues, May)> {
        let mut told = vec![(Cues::default(), May::ALWAYS); sentences.len()];
        let index_of = |at: &Range<usize>| {
            let index = sentences.partition_point(|sentence| sentence.end <= at.start);
            let holds = |sentence: &&Range<usize>| sentence.start <= at.start && at.end <= sentence.end;
            sentences.get(index).filter(holds).map(|_| index)
        };
        for (cue, at) in &self.cues {
            if let Some((cues, _)) = index_of(at).and_then(|index| told.get_mut(index)) {
                cues.add(*cue);
            }
        }
        for blanks in &self.double_blanks {
            if let Some((_, may)) = index_of(blanks).and_then(|index| told.get_mut(index)) {
                *may = May::ANY;
            }
        }
        for (place, at) in &self.needed {
            if let Some((_, may)) = index_of(at).and_then(|index| told.get_mut(index)) {
                may.add(usize::from(*place));
            }
        }
        told
    }
}

/// What may match where there is a digit, too.
pub(super) fn with_digit(may: May) -> May {
    WORDS.as_ref().map_or(May::ANY, |words| may.or(words.with_digit))
}

/// Topic words kept of one text.
const TOPIC_WORDS_MAX: usize = 512;

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

/// The name of the topic of that index.
pub(super) fn topic_name(index: usize) -> Option<&'static str> {
    WORDS.as_ref()?.topics.get(index).map(String::as_str)
}

/// The topics whose words a text has, each once, in the order of the file.
pub(super) fn topics_in(text: &str) -> Vec<usize> {
    let mut topics: Vec<usize> = heard_in(text).topics.into_iter().map(|(topic, _)| topic).collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

/// `tablet` and `tablets`, `dress` and `dresses`, `battery` and `batteries`. A word that ends in `!` is known in
/// this form only.
fn forms(phrase: &str) -> Vec<String> {
    if let Some(exact) = phrase.strip_suffix('!') {
        return vec![exact.to_owned()];
    }
    let last = phrase.bytes().last().unwrap_or(b's');
    let plural = match last {
        b's' if !phrase.ends_with("ss") => None,
        b'y' if !phrase.ends_with("ey") && !phrase.ends_with("ay") && !phrase.ends_with("oy") => {
            Some(format!("{}ies", &phrase[..phrase.len() - 1]))
        }
        b's' | b'x' | b'z' => Some(format!("{phrase}es")),
        b'h' if phrase.ends_with("ch") || phrase.ends_with("sh") => Some(format!("{phrase}es")),
        b'a'..=b'z' => Some(format!("{phrase}s")),
        _ => None,
    };
    std::iter::once(phrase.to_owned()).chain(plural).collect()
}

/// What a word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    Cue(Cue),
    /// Index of the topic.
    Topic(usize),
    OptOutSign,
    Urge(Urge),
    Voice(Voice),
    /// Place of an expression that needs it, or another word of its own.
    Needed(u16),
}

/// Everything listened for.
struct Words {
    patterns: AhoCorasick,
    /// What each pattern tells, and whether parts of words count, too.
    tells: Vec<(Tells, bool)>,
    topics: Vec<String>,
    /// The expressions that need a digit, whichever.
    with_digit: May,
}

const CUE_FILE: &str = include_str!("lexicon/cues.txt");
const URGENCY_FILE: &str = include_str!("lexicon/urgency.txt");
const VOICE_FILE: &str = include_str!("lexicon/voices.txt");
const TOPIC_FILE: &str = include_str!("lexicon/topics.txt");

/// Both files and the signs together: a text is gone through once for all questions.
static WORDS: LazyLock<Option<Words>> = LazyLock::new(Words::compile);

/// Every phrase of a file with the section it stands in.
pub(super) fn phrases(file: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(move |line| {
        let name = line.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        section = name.unwrap_or(section);
        let line = if name.is_some() { "" } else { line };
        let here = section;
        line.split('|').map(str::trim).filter(|phrase| !phrase.is_empty()).map(move |phrase| (here, phrase))
    })
}

/// The expressions that are asked of sentences.
fn asked() -> impl Iterator<Item = &'static Expression> {
    (audience::asked().chain(tally::asked()).chain(surveys::asked()).chain(urgency::asked()))
        .chain(asking::asked())
        .chain(bygone::asked())
        .chain(terms::asked())
        .chain(gains_en::asked())
        .chain(gains_zh::asked())
        .chain(beside_en::asked())
        .chain(end_of_what::asked())
        .chain(hearsay::asked())
        .chain(price_pairs_zh::asked())
        .chain(cuts_zh::asked())
        .chain(bundles_zh::asked())
        .chain(reductions::asked())
        .chain(thresholds_zh::asked())
        .chain(price_links_en::asked())
        .chain(reductions_en::asked())
        .chain(sale_words::asked())
        .chain(vouchers::asked())
        .chain(stretches_en::asked())
        .chain(work_talk::asked())
}

impl Words {
    fn compile() -> Option<Words> {
        let mut topics = Vec::<String>::new();
        let mut with_digit = May::ALWAYS;
        let mut words: Vec<(String, Tells, bool)> = Vec::new();
        for (section, phrase) in phrases(CUE_FILE) {
            let cue = CUES.iter().find(|(name, _)| *name == section)?.1;
            words.push((fold_phrase(phrase), Tells::Cue(cue), false));
        }
        for (section, phrase) in phrases(URGENCY_FILE) {
            words.push((fold_phrase(phrase), Tells::Urge(Urge::of_section(section)?), false));
        }
        for (section, phrase) in phrases(VOICE_FILE) {
            words.push((fold_phrase(phrase), Tells::Voice(Voice::of_section(section)?), false));
        }
        for (section, phrase) in phrases(TOPIC_FILE) {
            if topics.last().is_none_or(|last| last != section) {
                topics.push(section.to_owned());
            }
            let topic = Tells::Topic(topics.len() - 1);
            words.extend(forms(&fold_phrase(phrase)).into_iter().map(|form| (form, topic, false)));
        }
        for (tell, signs) in [
            (Tells::Cue(Cue::MayEnd), end_signs::signs()),
            (Tells::Cue(Cue::MayBeDate), end_signs::date_signs()),
            (Tells::Cue(Cue::MayCost), currencies::money_signs()),
            (Tells::Cue(Cue::MayTakeOff), reductions::reduction_signs()),
            (Tells::Cue(Cue::MayBeCode), codes::code_signs()),
            (Tells::Cue(Cue::MayTakeOff), vouchers::voucher_signs()),
            (Tells::OptOutSign, optout::signs()),
        ] {
            let parts = !matches!(tell, Tells::Cue(Cue::MayTakeOff));
            words.extend(signs.into_iter().map(|sign| (sign, tell, parts)));
        }
        for (place, expression) in asked().enumerate() {
            let needed = expression.listened_for_at(place).unwrap_or_default();
            let tells = Tells::Needed(u16::try_from(place).ok()?);
            if needed.iter().any(|word| word == A_DIGIT) {
                with_digit.add(place);
            }
            let spelt = needed.into_iter().filter(|word| word != A_DIGIT);
            words.extend(spelt.map(|word| (word, tells, true)));
        }
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // A table of all transitions would be ten times as large, and no quicker for not staying in the cache.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            // Something begins at almost every word: to look ahead for the first is no gain.
            .prefilter(false)
            .build(words.iter().map(|(word, ..)| word))
            .ok()?;
        let tells = words.into_iter().map(|(_, tells, parts)| (tells, parts)).collect();
        Some(Words { patterns, tells, topics, with_digit })
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
    fn every_expression_is_one_and_is_listened_for() {
        assert!(WORDS.is_some());
        assert!(asked().count() < May::PLACES_MAX);
        for expression in asked() {
            assert!(expression.regex().is_some(), "{expression:?}");
        }
    }

    /// Whatever matches in a sentence, words of it were heard there: in a third of the lines of all labelled texts.
    #[test]
    fn what_matches_was_heard() {
        let texts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/texts");
        let mut matches = 0;
        for file in std::fs::read_dir(texts).unwrap() {
            for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines().step_by(3) {
                let text = fold_phrase(line);
                let may = with_digit(heard_in(&text).cues(std::slice::from_ref(&(0..text.len())))[0].1);
                for expression in asked() {
                    let found = expression.find(&May::ANY, &text);
                    assert_eq!(expression.find(&may, &text), found, "{expression:?} in {line}");
                    matches += usize::from(found.is_some());
                }
            }
        }
        assert!(matches > 500, "{matches}");
    }

    #[test]
    fn words_are_whole_words() {
        let cues = |text: &str| heard_in(text).cues(std::slice::from_ref(&(0..text.len())))[0].0;
        assert!(cues("big sale today").has(Cue::Sale));
        assert!(!cues("wholesaler").has(Cue::Sale));
        assert!(cues("大促销来了").has(Cue::Sale));
    }
}
