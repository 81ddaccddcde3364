//! What signs of a place in a message weigh (see `signs`), in hundredths of a logit; the files are fitted by `tests/eval/weigh`.

use rustc_hash::FxHashMap;

use crate::understand::lexicon::phrases;
use crate::understand::weights::columns;

/// The weights of one language, in hundredths of a logit.
pub(super) struct SignWeights<const COLUMNS: usize> {
    intercepts: [i32; COLUMNS],
    signs: FxHashMap<&'static str, [i32; COLUMNS]>,
}

impl<const COLUMNS: usize> SignWeights<COLUMNS> {
    /// Reads a file; what is no number there weighs nothing (a test holds that there is none).
    pub fn read(file: &'static str) -> SignWeights<COLUMNS> {
        let mut weights = SignWeights { intercepts: [0; COLUMNS], signs: FxHashMap::default() };
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

    /// Begins to weigh a place.
    pub fn begin(&'static self) -> Scales<COLUMNS> {
        Scales { weights: self, sums: self.intercepts, met: Vec::new() }
    }
}

/// A place that is weighed.
pub(super) struct Scales<const COLUMNS: usize> {
    weights: &'static SignWeights<COLUMNS>,
    sums: [i32; COLUMNS],
    /// The signs that were met: each weighs once.
    met: Vec<&'static str>,
}

impl<const COLUMNS: usize> Scales<COLUMNS> {
    /// Adds a sign.
    pub fn add(&mut self, sign: &str) {
        let Some((sign, numbers)) = self.weights.signs.get_key_value(sign) else { return };
        if !self.met.iter().any(|met| std::ptr::eq(*met, *sign)) {
            self.met.push(sign);
            self.sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
    }

    /// What all of them weigh, in hundredths of a logit.
    pub fn sums(&self) -> [i32; COLUMNS] {
        self.sums
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::understand::weights::tests::assert_whole;

    /// A file of weights says something of many signs, and nothing that is not read.
    pub fn assert_weighs<const COLUMNS: usize>(file: &'static str, signs_min: usize) {
        assert_whole(file, &[("intercepts", COLUMNS), ("signs", COLUMNS)]);
        let weights = SignWeights::<COLUMNS>::read(file);
        assert!(weights.signs.len() > signs_min && weights.intercepts[0] != 0);
    }
}
