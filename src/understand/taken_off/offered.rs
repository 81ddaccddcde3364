//! Is a reduction offered here, or only spoken of? "Black Friday 30% off: -£18.00" stands on a receipt, "they want another 5% off
//! or they walk" among colleagues, and "over-65s still half price" in a club's letter about its rents; no list of such words is
//! long enough. Every reduction is weighed, by the words on both sides of it and by what is known of the message, as the moments
//! are that may be ends. The weights are fitted to labelled texts by `tests/eval/weigh`.

use std::sync::LazyLock;

use crate::understand::kind::tally::Tally;
use crate::understand::meaning::Discount;
use crate::understand::reading::{Reading, Sentence};
use crate::understand::sign_weights::SignWeights;
use crate::understand::signs::{of_message, of_sentence, words_beside};
use crate::understand::taken_off::reductions::Off;

/// The weights of texts without Chinese and with: for being offered.
static WEIGHTS: LazyLock<[SignWeights<1>; 2]> = LazyLock::new(|| {
    [include_str!("../lexicon/offs-en.txt"), include_str!("../lexicon/offs-zh.txt")].map(SignWeights::read)
});

/// What is known of all reductions of a message.
pub(in crate::understand) struct Setting {
    of_message: Vec<&'static str>,
    many: &'static str,
}

impl Setting {
    /// Of a message; `presses`: it hurries its reader.
    pub fn of(readings: &[Reading<'_>], tally: Tally, presses: bool) -> Setting {
        let many = match readings.iter().flat_map(|reading| &reading.sentences).map(|one| one.offs.len()).sum::<usize>()
        {
            0 | 1 => "offs-1",
            2 => "offs-2",
            3 => "offs-3",
            _ => "offs-4",
        };
        Setting { of_message: of_message(tally, presses), many }
    }

    /// What speaks for its being offered, in hundredths of a logit.
    pub fn weigh(&self, reading: &Reading<'_>, sentence: &Sentence, off: &Off) -> i32 {
        let [latin, chinese] = &*WEIGHTS;
        let mut scales = if reading.has_chinese() { chinese } else { latin }.begin();
        self.signs(reading, sentence, off, |sign| scales.add(sign));
        let [offered] = scales.sums();
        offered
    }

    /// Tells every sign of a reduction, each once or more.
    pub fn signs(&self, reading: &Reading<'_>, sentence: &Sentence, off: &Off, mut found: impl FnMut(&str)) {
        let sort = sort_of(off);
        let mut joined = String::new();
        let mut with_sort = |sign: &str, found: &mut dyn FnMut(&str)| {
            joined.clear();
            joined.extend([sort, "&", sign]);
            found(&joined);
        };
        for sign in
            [sort, self.many].into_iter().chain(of_sentence(reading, sentence)).chain(self.of_message.iter().copied())
        {
            found(sign);
        }
        for sign in self.of_message.iter().copied() {
            with_sort(sign, &mut found);
        }
        words_beside(reading, sentence, &off.range, |sign, is_near| {
            found(sign);
            if is_near {
                with_sort(sign, &mut found);
            }
        });
    }
}

fn sort_of(off: &Off) -> &'static str {
    match off.discount {
        _ if off.is_pair => "pair",
        Discount::Percent(_) => "percent",
        Discount::Amount(_) => "amount",
        Discount::Threshold { .. } => "threshold",
        Discount::NextOne(_) => "next-one",
        Discount::FreeShipping => "free-shipping",
        Discount::Gift => "gift",
        Discount::Unsaid => "unsaid",
    }
}

#[cfg(test)]
mod tests {
    use crate::understand::sign_weights::tests::assert_weighs;

    #[test]
    fn the_files_of_weights_are_whole() {
        for file in [include_str!("../lexicon/offs-en.txt"), include_str!("../lexicon/offs-zh.txt")] {
            assert_weighs::<1>(file, 500);
        }
    }
}
