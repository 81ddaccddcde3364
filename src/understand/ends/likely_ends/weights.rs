//! What signs of a moment weigh: for an end of an offer, and, of an end, for the begin of the day (`lexicon/ends-en.txt`,
//! `ends-zh.txt`; fitted by `tests/eval/weigh`).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::understand::lexicon::phrases;

/// How many columns there are: an end, and the begin of its day.
const COLUMNS: usize = 2;

/// The weights of one language, in hundredths of a logit.
#[derive(Default)]
pub(super) struct Weights {
    intercepts: [i32; COLUMNS],
    signs: FxHashMap<&'static str, [i32; COLUMNS]>,
}

/// The weights of texts without Chinese and with.
static WEIGHTS: LazyLock<[Weights; 2]> = LazyLock::new(|| {
    [include_str!("../../lexicon/ends-en.txt"), include_str!("../../lexicon/ends-zh.txt")].map(Weights::read)
});

impl Weights {
    /// Those of a language.
    pub fn of(is_chinese: bool) -> &'static Weights {
        let [latin, chinese] = &*WEIGHTS;
        if is_chinese { chinese } else { latin }
    }

    /// Reads a file; what is no number there weighs nothing (a test holds that there is none).
    fn read(file: &'static str) -> Weights {
        let mut weights = Weights::default();
        for (section, line) in phrases(file) {
            let (numbers, sign) = columns(line);
            match section {
                "intercepts" => weights.intercepts = numbers,
                _ => {
                    weights.signs.insert(sign, numbers);
                }
            }
        }
        weights
    }

    /// Begins to weigh a moment.
    pub fn begin(&'static self) -> Scales {
        Scales { weights: self, sums: self.intercepts, met: Vec::new() }
    }
}

/// The numbers a line begins with, and the sign behind them.
fn columns(line: &'static str) -> ([i32; COLUMNS], &'static str) {
    let (mut numbers, mut rest) = ([0; COLUMNS], line);
    for place in &mut numbers {
        let (number, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        (*place, rest) = (number.parse().unwrap_or_default(), behind);
    }
    (numbers, rest)
}

/// A moment that is weighed.
pub(super) struct Scales {
    weights: &'static Weights,
    sums: [i32; COLUMNS],
    /// The signs that were met: each weighs once.
    met: Vec<&'static str>,
}

impl Scales {
    /// Adds a sign.
    pub fn add(&mut self, sign: &str) {
        let Some((sign, numbers)) = self.weights.signs.get_key_value(sign) else { return };
        if !self.met.iter().any(|met| std::ptr::eq(*met, *sign)) {
            self.met.push(sign);
            self.sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
    }

    /// What speaks for an end, in hundredths of a logit.
    pub fn end(&self) -> i32 {
        self.sums[0]
    }

    /// What speaks, where it is an end, for the begin of the day.
    pub fn begin(&self) -> i32 {
        self.sums[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_weights_are_whole() {
        for file in [include_str!("../../lexicon/ends-en.txt"), include_str!("../../lexicon/ends-zh.txt")] {
            let mut seen = std::collections::BTreeSet::new();
            for (section, line) in phrases(file) {
                let words: Vec<&str> = line.splitn(COLUMNS + 1, ' ').collect();
                let read = words.iter().take(COLUMNS).filter_map(|number| number.parse::<i32>().ok());
                assert!(read.clone().count() == COLUMNS && read.clone().any(|number| number != 0), "{line}");
                assert!(["intercepts", "signs"].contains(&section), "{section}");
                assert!(seen.insert((section, words.get(COLUMNS).copied())), "{line} stands twice");
            }
            assert!(Weights::read(file).signs.len() > 500 && Weights::read(file).intercepts[0] != 0);
        }
    }
}
