//! What words weigh. A text is put on the scales with all its words and pairs of words (Chinese: one to three characters
//! in a row), each once, whatever their order: for hurry (`urgency/weighing`) and for what the message is for
//! (`leaning`). The weights (`lexicon/weights-en.txt`, `weights-zh.txt`) are fitted to labelled texts by
//! `tests/eval/weigh`; a text is heard once for all of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::lexicon::phrases;
use super::phrases::tokens;
use super::reading::Reading;

/// Phrases weighed of one text.
const PHRASES_MAX: usize = 20_000;

/// What is weighed: the columns of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    /// It presses.
    Hurry,
    /// It tells of something done, due or fixed, or is a code.
    Notice,
    /// It sells, offers, invites.
    Offer,
    /// It asks for an opinion.
    Opinion,
}

/// How many columns there are.
const MODELS: usize = 4;

/// One phrase of the file: its number, and its weights in hundredths of a logit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phrase {
    /// Unlike that of any other.
    number: u16,
    hundredths: [i16; MODELS],
}

impl Phrase {
    /// What it weighs.
    pub fn weight(&self, model: Model) -> i32 {
        self.hundredths.get(model as usize).copied().map_or(0, i32::from)
    }
}

/// The weights of one language.
#[derive(Default)]
pub(super) struct Weights {
    /// What a text without any known phrase weighs.
    intercepts: [i16; MODELS],
    /// What is known of a message beside its words; weighed for hurry only.
    signals: FxHashMap<&'static str, i32>,
    /// Words with their numbers, and what they weigh alone.
    words: FxHashMap<&'static str, (u16, Option<Phrase>)>,
    /// Two words, by their numbers.
    pairs: FxHashMap<(u16, u16), Phrase>,
    /// How many phrases there are.
    count: usize,
}

/// The weights of texts without Chinese and with.
static WEIGHTS: LazyLock<[Weights; 2]> = LazyLock::new(|| {
    [include_str!("lexicon/weights-en.txt"), include_str!("lexicon/weights-zh.txt")].map(Weights::read)
});

impl Weights {
    /// Reads a file; what is no number there weighs nothing (a test holds that there is none).
    fn read(file: &'static str) -> Weights {
        let mut weights = Weights::default();
        for (section, line) in phrases(file) {
            match section {
                "intercepts" => weights.intercepts = columns(line).0,
                "signals" => {
                    let (number, signal) = line.split_once(' ').unwrap_or((line, ""));
                    weights.signals.insert(signal, number.parse().unwrap_or_default());
                }
                _ => {
                    let (hundredths, phrase) = columns(line);
                    weights.add(phrase, hundredths);
                }
            }
        }
        weights
    }

    fn add(&mut self, phrase: &'static str, hundredths: [i16; MODELS]) {
        let weighed = Phrase { number: u16::try_from(self.count).unwrap_or(u16::MAX), hundredths };
        self.count += 1;
        match phrase.split_once(' ') {
            Some((first, second)) => {
                let pair = (self.number_of(first), self.number_of(second));
                self.pairs.insert(pair, weighed);
            }
            None => {
                let number = self.number_of(phrase);
                self.words.insert(phrase, (number, Some(weighed)));
            }
        }
    }

    fn number_of(&mut self, word: &'static str) -> u16 {
        let next = u16::try_from(self.words.len()).unwrap_or(u16::MAX);
        self.words.entry(word).or_insert((next, None)).0
    }

    /// The phrases of a text that weigh anything, in the order of their ends.
    fn heard_in(&self, text: &str) -> Vec<(Phrase, Range<usize>)> {
        let mut heard = Vec::with_capacity((text.len() / 4).min(PHRASES_MAX));
        let mut before: Option<(u16, usize)> = None;
        tokens(text, |token| {
            let Some((number, phrase)) = self.words.get(token.phrase) else {
                before = None;
                return;
            };
            if heard.len() >= PHRASES_MAX {
                return;
            }
            if let Some((first, start)) = before.filter(|_| token.joins)
                && let Some(pair) = self.pairs.get(&(first, *number))
            {
                heard.push((*pair, start..token.range.end));
            }
            before = Some((*number, token.range.start));
            if let Some(phrase) = phrase {
                heard.push((*phrase, token.range));
            }
        });
        heard
    }
}

/// The numbers a line of a file of weights begins with, and the rest of it; what is no number weighs nothing.
pub(super) fn columns<T: Copy + Default + FromStr, const COUNT: usize>(
    line: &'static str,
) -> ([T; COUNT], &'static str) {
    let (mut hundredths, mut rest) = ([T::default(); COUNT], line);
    for place in &mut hundredths {
        let (number, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        (*place, rest) = (number.parse().unwrap_or_default(), behind);
    }
    (hundredths, rest)
}

/// The known phrases of a message.
pub(super) struct Heard {
    weights: &'static Weights,
    /// Those of each part, in the order of their ends.
    pub parts: Vec<Vec<(Phrase, Range<usize>)>>,
}

impl Heard {
    /// Hears all parts.
    pub fn of(readings: &[Reading<'_>]) -> Heard {
        let [latin, chinese] = &*WEIGHTS;
        let weights = if readings.iter().any(Reading::has_chinese) { chinese } else { latin };
        Heard { weights, parts: readings.iter().map(|reading| weights.heard_in(&reading.normal.text)).collect() }
    }

    /// What a text weighs whatever its words.
    pub fn intercept(&self, model: Model) -> i32 {
        self.weights.intercepts.get(model as usize).copied().map_or(0, i32::from)
    }

    /// What signals weigh for hurry.
    pub fn weigh_signals(&self, signals: &[&str]) -> i32 {
        signals.iter().filter_map(|signal| self.weights.signals.get(signal)).sum()
    }

    /// The phrases of a part that stand in a stretch of it.
    pub fn inside(&self, part: usize, stretch: &Range<usize>) -> impl Iterator<Item = Phrase> {
        let heard = self.parts.get(part).map_or(&[][..], Vec::as_slice);
        let from = heard.partition_point(|(_, at)| at.end <= stretch.start);
        let (start, end) = (stretch.start, stretch.end);
        let till = heard.iter().skip(from).take_while(move |(_, at)| at.end <= end);
        till.filter(move |(_, at)| at.start >= start).map(|(phrase, _)| *phrase)
    }

    /// Remembers which of its phrases were met.
    pub fn met(&self) -> Met {
        Met { stamps: vec![0; self.weights.count], now: 0 }
    }
}

/// Which phrases were met in the stretch that is weighed: a stamp a phrase, so that little is cleared between two.
pub(super) struct Met {
    stamps: Vec<u8>,
    now: u8,
}

impl Met {
    /// Begins a stretch.
    pub fn begin(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.stamps.fill(0);
            self.now = 1;
        }
    }

    /// True the first time a phrase is met in it.
    pub fn is_first(&mut self, phrase: &Phrase) -> bool {
        let now = self.now;
        let stamp = self.stamps.get_mut(usize::from(phrase.number));
        stamp.is_some_and(|stamp| std::mem::replace(stamp, now) != now)
    }
}

/// What may be weighed of a message, each once: every phrase, known or not.
pub(super) fn phrases_of(readings: &[Reading<'_>]) -> Vec<String> {
    let mut all = BTreeSet::new();
    for reading in readings {
        let mut before = String::new();
        tokens(&reading.normal.text, |token| {
            if token.joins {
                all.insert(format!("{before} {}", token.phrase));
            }
            all.insert(token.phrase.to_owned());
            token.phrase.clone_into(&mut before);
        });
    }
    all.into_iter().collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every line of a file is of a known section, begins with its numbers, says something and stands there once.
    pub fn assert_whole(file: &'static str, sections: &[(&str, usize)]) {
        let mut seen = BTreeSet::new();
        for (section, line) in phrases(file) {
            let numbers = sections.iter().find(|(known, _)| *known == section).map(|(_, numbers)| *numbers);
            let numbers = numbers.unwrap_or_else(|| panic!("{section}"));
            let words: Vec<&str> = line.splitn(numbers + 1, ' ').collect();
            let read: Vec<i16> = words.iter().take(numbers).filter_map(|number| number.parse().ok()).collect();
            assert_eq!(read.len(), numbers, "{line}");
            assert!(read.iter().any(|number| *number != 0), "{line}");
            assert!(seen.insert((section, words.get(numbers).copied())), "{line} stands twice");
        }
    }

    #[test]
    fn the_files_of_weights_are_whole() {
        for file in [include_str!("lexicon/weights-en.txt"), include_str!("lexicon/weights-zh.txt")] {
            assert_whole(file, &[("intercepts", MODELS), ("signals", 1), ("phrases", MODELS)]);
            let told = Weights::read(file);
            assert!(told.count > 1_000 && told.count < usize::from(u16::MAX) && !told.signals.is_empty());
            assert!(told.words.len() < usize::from(u16::MAX) && told.intercepts.iter().all(|number| *number != 0));
        }
    }
}
