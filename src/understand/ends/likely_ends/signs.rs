//! What is known of a moment, as signs that are weighed: what sort of moment it is and how far ahead (`far-week`), and what is
//! known of any place (`understand/signs`), the words beside it also with its sort: `clock&<1 at` (right behind "at", of an hour).

use jiff::{SignedDuration, Timestamp};

use super::candidates::{Candidate, Sort};
use crate::understand::kind::tally::Tally;
use crate::understand::reading::Reading;
use crate::understand::signs::{of_message, of_sentence, words_beside};

/// What is known of all moments of a message.
pub(super) struct Setting {
    tally: Tally,
    presses: bool,
    /// The instants of its moments, in order, each once.
    instants: Vec<Timestamp>,
    last: usize,
}

impl Setting {
    /// Of a message and its moments.
    pub fn of(tally: Tally, presses: bool, candidates: &[Candidate]) -> Setting {
        let mut instants: Vec<Timestamp> = candidates.iter().map(|candidate| candidate.at).collect();
        instants.sort_unstable();
        instants.dedup();
        Setting { tally, presses, instants, last: candidates.len().saturating_sub(1) }
    }

    /// Tells every sign of a moment, each once or more; `place`: which of the message's moments it is.
    pub fn signs(
        &self,
        now: Timestamp,
        reading: &Reading<'_>,
        (place, candidate): (usize, &Candidate),
        mut found: impl FnMut(&str),
    ) {
        let Some(sentence) = reading.sentences.get(candidate.sentence) else { return };
        let (sort, far) = (sort_of(candidate), far_of(candidate, now));
        let many = match self.instants.len() {
            0 | 1 => "moments-1",
            2 => "moments-2",
            3 => "moments-3",
            _ => "moments-4",
        };
        let which = [
            sort,
            far,
            many,
            if candidate.begins.is_none() { "clocked" } else { "unclocked" },
            if place == 0 { "first" } else { "not-first" },
            if place == self.last { "last" } else { "not-last" },
            if self.instants.first() == Some(&candidate.at) { "soonest" } else { "not-soonest" },
            if self.instants.last() == Some(&candidate.at) { "latest" } else { "not-latest" },
        ];
        let of_message = of_message(self.tally, self.presses);
        let mut joined = String::new();
        // What a word beside it means depends on what sort of moment it is: "at" an hour, "at" Christmas.
        let mut with_sort = |sign: &str, found: &mut dyn FnMut(&str)| {
            joined.clear();
            joined.extend([sort, "&", sign]);
            found(&joined);
        };
        for sign in which.into_iter().chain(of_sentence(reading, sentence)).chain(of_message.iter().copied()) {
            found(sign);
        }
        for sign in [far, many].into_iter().chain(of_message.iter().copied().filter(|sign| is_of_tone(sign))) {
            with_sort(sign, &mut found);
        }
        words_beside(reading, sentence, &candidate.range, |sign, is_near| {
            found(sign);
            if is_near {
                with_sort(sign, &mut found);
            }
        });
    }
}

/// Weighed together with what sort of moment it is, too.
fn is_of_tone(sign: &str) -> bool {
    matches!(sign, "presses" | "sells-plainly" | "sells-nothing")
}

fn sort_of(candidate: &Candidate) -> &'static str {
    match candidate.sort {
        Sort::Stretch => "stretch",
        Sort::Clock => "clock",
        Sort::Month => "month",
        Sort::Range => "range",
        Sort::ThisDay => "this-day",
        Sort::Weekday => "weekday",
        Sort::Relative => "relative",
        Sort::Date => "date",
    }
}

fn far_of(candidate: &Candidate, now: Timestamp) -> &'static str {
    const FAR: [(i64, &str); 6] = [
        (1, "far-hour"),
        (14, "far-day"),
        (48, "far-two-days"),
        (8 * 24, "far-week"),
        (45 * 24, "far-month"),
        (180 * 24, "far-season"),
    ];
    let ahead = candidate.at.duration_since(now);
    FAR.into_iter().find(|(hours, _)| ahead <= SignedDuration::from_hours(*hours)).map_or("far-year", |(_, far)| far)
}
