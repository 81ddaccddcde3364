//! What signs of a moment weigh: for an end of an offer, and, of an end, for the begin of the day (`lexicon/ends-en.txt`,
//! `ends-zh.txt`; fitted by `tests/eval/weigh`).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::understand::lexicon::phrases;
use crate::understand::weights::columns;

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
    use crate::understand::weights::tests::assert_whole;

    #[test]
    fn the_files_of_weights_are_whole() {
        for file in [include_str!("../../lexicon/ends-en.txt"), include_str!("../../lexicon/ends-zh.txt")] {
            assert_whole(file, &[("intercepts", COLUMNS), ("signs", COLUMNS)]);
            assert!(Weights::read(file).signs.len() > 500 && Weights::read(file).intercepts[0] != 0);
        }
    }
}
