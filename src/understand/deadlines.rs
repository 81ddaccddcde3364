//! When does it say it ends? English and Chinese, as instants in the brand's zone. The end of a day is
//! its 24:00. Only ends of offers: the last day to pay a bill presses nobody to buy.

use jiff::{SignedDuration, Timestamp, Zoned};

use crate::message::Declared;

use super::lexicon::Cue;
use super::meaning::{Confidence, Deadline, DeadlineKind, Source};
use super::purpose::Tally;
use super::reading::{Reading, Sentence};
use super::{Context, ends_en, ends_zh};

/// Deadlines kept of one message; more is a catalogue of ends, not a message.
pub(super) const DEADLINES_MAX: usize = 64;
/// Ends further away than this are slips of reading, not promises.
const AHEAD_DAYS_MAX: i64 = 3 * 366;

/// A deadline and the sentence it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// Index into the readings.
    pub reading: usize,
    /// Index of the sentence.
    pub sentence: usize,
    /// What it claims.
    pub deadlines: Vec<Deadline>,
}

/// Every promotional deadline in the text.
pub(super) fn deadlines_of(context: &Context<'_>, readings: &[Reading<'_>], tally: Tally) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut count = 0;
    let now = context.now.to_zoned(context.zone.clone());
    let promotes = readings.iter().flat_map(|reading| &reading.sentences).any(sells);
    for (at, reading) in readings.iter().enumerate() {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            if count >= DEADLINES_MAX {
                return claims;
            }
            if !may_press(sentence, promotes, tally) {
                continue;
            }
            let Some((instant, kind)) = end_in(&now, reading.words(sentence), sentence) else { continue };
            let sure = if sells(sentence) { 85 } else { 70 };
            let deadlines: Vec<Deadline> = reading
                .spans(sentence.range.clone())
                .into_iter()
                .map(|span| Deadline {
                    instant,
                    kind,
                    source: Source::Text,
                    confidence: Confidence(sure),
                    span: Some(span),
                })
                .collect();
            count += deadlines.len();
            claims.push(Claim { reading: at, sentence: index, deadlines });
        }
    }
    claims
}

/// The list for the meaning: declared ends first.
pub(super) fn with_declared(claims: Vec<Claim>, declared: &Declared) -> Vec<Deadline> {
    let said = declared.offers.iter().filter_map(|offer| offer.ends).map(|ends| Deadline {
        instant: Some(ends),
        kind: DeadlineKind::Absolute,
        source: Source::Declared,
        confidence: Confidence::CERTAIN,
        span: None,
    });
    let mut all: Vec<Deadline> = said.collect();
    all.dedup();
    all.extend(claims.into_iter().flat_map(|claim| claim.deadlines));
    all
}

fn sells(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Sale, Cue::Offer])
        || sentence.percent_off.is_some()
        || sentence.threshold_deal
        || sentence.amounts.iter().any(|amount| amount.said) && !sentence.cues.has(Cue::Billing)
}

fn may_press(sentence: &Sentence, promotes: bool, tally: Tally) -> bool {
    let cues = sentence.cues;
    let other = cues.any(&[Cue::Billing, Cue::Code, Cue::SurveyPhrase, Cue::Notice])
        || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk);
    if tally.is_transactional() {
        sentence.is_plainly_a_sale() && !cues.has(Cue::Code)
    } else {
        promotes && (!other || cues.has(Cue::Sale))
    }
}

/// The end a sentence claims: a date or a span of time beats a mere last chance.
fn end_in(now: &Zoned, words: &str, sentence: &Sentence) -> Option<(Option<Timestamp>, DeadlineKind)> {
    let (digit, named) = (sentence.has_digit, sentence.cues.has(Cue::MayEnd));
    let dated = digit && sentence.cues.has(Cue::MayBeDate);
    if (digit || named)
        && let Some((at, kind)) =
            ends_zh::end_in(now, words, digit).or_else(|| ends_en::end_in(now, words, dated, named))
    {
        let ahead = at.duration_since(now.timestamp());
        return (ahead <= SignedDuration::from_hours(24 * AHEAD_DAYS_MAX)).then_some((Some(at), kind));
    }
    sentence.cues.has(Cue::LastChance).then_some((None, DeadlineKind::LastChance))
}

/// Every end has a digit in it (a date, so many hours) or one of these (`tonight`, 周末, 三天内).
pub(super) fn signs() -> Vec<String> {
    let english = ["day", "night", "tomorrow", "week", "month", "year", "hour", "hr", "min"];
    let chinese = ["今", "明", "当", "月", "年", "周", "星期", "礼拜", "时", "天", "日", "钟"];
    // 限时三h: a lone `h` is in too many words.
    let hours = "一二两三四五六七八九十".chars().flat_map(|c| ["", " ", "\n"].map(|blank| format!("{c}{blank}h")));
    english.into_iter().chain(chinese).map(str::to_owned).chain(hours).collect()
}
