//! What is known of a place in a message, as signs that are weighed: the words before it, behind it and in it, what its sentence
//! does, and what the message is. A sign is a short text, as it is written in the files of weights: `<until` (that word stands
//! before it in its sentence, `<<until`: in the one before), `>1 only` (right behind it), `own-sunday` (it is one of its own words).

use std::ops::Range;

use crate::message::PartKind;
use crate::understand::amounts::prices::AmountKind;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::Cue;
use crate::understand::phrases::tokens;
use crate::understand::reading::{Reading, Sentence};

/// Words weighed on either side.
const WORDS_NEAR: usize = 8;
/// Chinese is told in runs of one to three characters: so many of them.
const RUNS_NEAR: usize = 24;
/// How far they may stand.
const NEAR_BYTES_MAX: usize = 64;
/// The words right beside it, which are weighed together.
const WORDS_BESIDE: usize = 3;

/// What a message is.
pub(super) fn of_message(tally: Tally, presses: bool) -> Vec<&'static str> {
    let own = [
        (if presses { "presses" } else { "calm" }, true),
        ("promotes", tally.promotes()),
        ("sells-plainly", tally.sells_plainly()),
        ("sells-nothing", tally.sells_nothing()),
        ("personal", tally.is_personal()),
        ("transactional", tally.is_transactional()),
        ("tells", tally.tells_a_notice()),
        ("of-a-firm", tally.is_of_a_firm()),
        ("refusable", tally.is_refusable()),
        ("reports", tally.reports()),
    ];
    tally.signals().into_iter().chain(own).filter_map(|(sign, is)| is.then_some(sign)).collect()
}

/// What its sentence does.
pub(super) fn of_sentence(reading: &Reading<'_>, sentence: &Sentence) -> impl Iterator<Item = &'static str> {
    let has = |cue: Cue| sentence.cues.has(cue);
    [
        ("takes-off", sentence.takes_off_a_figure()),
        ("priced", sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price)),
        ("sale", has(Cue::Sale)),
        ("offer", has(Cue::Offer)),
        ("billing", has(Cue::Billing)),
        ("notice", has(Cue::Notice)),
        ("code", has(Cue::Code)),
        ("asks-opinion", sentence.asks_for_opinion()),
        ("past", sentence.is_past),
        ("subject", reading.kind == PartKind::Subject),
    ]
    .into_iter()
    .filter_map(|(sign, is)| is.then_some(sign))
}

/// A word or run of characters near a place.
struct Word {
    phrase: String,
    range: Range<usize>,
}

/// The words before a place, behind it and in it; true beside those that stand in it, the nearest on either side, and the ends of the text.
pub(super) fn words_beside(
    reading: &Reading<'_>,
    sentence: &Sentence,
    at: &Range<usize>,
    mut found: impl FnMut(&str, bool),
) {
    let text = &reading.normal.text;
    let from = text.floor_char_boundary(at.start.saturating_sub(NEAR_BYTES_MAX));
    let till = text.ceil_char_boundary((at.end + NEAR_BYTES_MAX).min(text.len()));
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    let mut sign = String::new();
    tokens(text.get(from..till).unwrap_or_default(), |token| {
        let range = from + token.range.start..from + token.range.end;
        if range.end <= at.start {
            before.push(Word { phrase: token.phrase.to_owned(), range });
        } else if range.start >= at.end {
            behind.push(Word { phrase: token.phrase.to_owned(), range });
        } else if range.start >= at.start && range.end <= at.end {
            sign.clear();
            sign.extend(["own-", token.phrase]);
            found(&sign, true);
        }
    });
    before.reverse();
    for (words, mark, ends) in [(&before, "<", "<1 ^"), (&behind, ">", ">1 $")] {
        let near = if reading.has_chinese() { RUNS_NEAR } else { WORDS_NEAR };
        for word in words.iter().take(near) {
            let is_inside = word.range.start >= sentence.range.start && word.range.end <= sentence.range.end;
            sign.clear();
            sign.extend([mark, if is_inside { "" } else { mark }, &word.phrase]);
            found(&sign, false);
            let touches = word.range.end == at.start || word.range.start == at.end;
            if reading.has_chinese() && touches {
                sign.clear();
                sign.extend([mark, "1 ", &word.phrase]);
                found(&sign, true);
            }
        }
        if !reading.has_chinese() {
            words_in_a_row(text, words, at, mark, &mut found);
        }
        if words.is_empty() {
            found(ends, true);
        }
    }
}

/// The one, two and three words right beside it, in the order in which they stand: `<2 orders by`; a stop between is a `/`.
fn words_in_a_row(text: &str, words: &[Word], at: &Range<usize>, mark: &str, found: &mut impl FnMut(&str, bool)) {
    let is_before = mark == "<";
    let (mut row, mut edge) = (String::new(), if is_before { at.start } else { at.end });
    for (place, word) in words.iter().take(WORDS_BESIDE).enumerate() {
        let gap = if is_before { word.range.end..edge } else { edge..word.range.start };
        edge = if is_before { word.range.start } else { word.range.end };
        let stop = if text.get(gap).is_some_and(|gap| gap.contains(STOPS)) { "/" } else { "" };
        row =
            if is_before { [&word.phrase, stop, " ", &row].concat() } else { [&row, " ", stop, &word.phrase].concat() };
        found(&[mark, ["1 ", "2 ", "3 "][place.min(2)], row.trim()].concat(), place == 0);
    }
}

/// What sets words apart.
const STOPS: &[char] = &['.', '!', '?', '\n', ';', ':', ',', '(', ')', '-', '。'];
