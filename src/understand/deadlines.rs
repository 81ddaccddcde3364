//! When does it say it ends? English and Chinese, as instants in the brand's zone. The end of a day is
//! its 24:00. Only ends of offers: the last day to pay a bill presses nobody to buy.

use std::ops::Range;

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

/// Ends read of one sentence.
pub(super) const ENDS_MAX: usize = 4;

/// An end as the readers of one language tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// When.
    pub at: Timestamp,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// The words that tell it, as a range of the sentence.
    pub words: Range<usize>,
    /// Told as a stretch of time from now (最后3天, `within 48 hours`), not as a day.
    pub is_stretch: bool,
}

/// An end and where it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClaimedEnd {
    /// When, if it says.
    pub instant: Option<Timestamp>,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// The words that tell it, in the normalised text.
    pub range: Range<usize>,
    /// Told as a stretch of time from now.
    pub is_stretch: bool,
    /// Told as this very day: `tonight`, 今日.
    pub names_today: bool,
}

/// A deadline and the sentence it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// Index into the readings.
    pub reading: usize,
    /// Index of the sentence.
    pub sentence: usize,
    /// What it claims.
    pub ends: Vec<ClaimedEnd>,
    /// The same, for the meaning.
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
            let ends = ends_in(&now, reading.words(sentence), sentence);
            if ends.is_empty() {
                continue;
            }
            let sure = if sells(sentence) { 85 } else { 70 };
            let spans = reading.spans(sentence.range.clone());
            let deadlines: Vec<Deadline> = ends
                .iter()
                .flat_map(|end| {
                    let is_all = end.range == sentence.range;
                    let words = if is_all { Vec::new() } else { reading.spans(end.range.clone()) };
                    spans.iter().map(move |span| Deadline {
                        instant: end.instant,
                        kind: end.kind,
                        source: Source::Text,
                        confidence: Confidence(sure),
                        span: Some(*span),
                        words: words.clone(),
                    })
                })
                .collect();
            count += deadlines.len();
            claims.push(Claim { reading: at, sentence: index, ends, deadlines });
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
        words: Vec::new(),
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

/// The ends a sentence claims: a date or a span of time beats a mere last chance.
fn ends_in(now: &Zoned, words: &str, sentence: &Sentence) -> Vec<ClaimedEnd> {
    let (digit, named) = (sentence.has_digit, sentence.cues.has(Cue::MayEnd));
    let dated = digit && sentence.cues.has(Cue::MayBeDate);
    let mut ends = Vec::new();
    if digit || named {
        ends = ends_zh::ends_in(now, words);
        if ends.is_empty() {
            ends = ends_en::ends_in(now, words, dated, named);
        }
        ends.retain(|end| end.at.duration_since(now.timestamp()) <= SignedDuration::from_hours(24 * AHEAD_DAYS_MAX));
    }
    if ends.is_empty() && sentence.cues.has(Cue::LastChance) {
        let (kind, range) = (DeadlineKind::LastChance, sentence.range.clone());
        return vec![ClaimedEnd { instant: None, kind, range, is_stretch: false, names_today: false }];
    }
    let claimed = |end: End| ClaimedEnd {
        instant: Some(end.at),
        kind: end.kind,
        names_today: words.get(end.words.clone()).is_some_and(names_today),
        range: sentence.range.start + end.words.start..sentence.range.start + end.words.end,
        is_stretch: end.is_stretch,
    };
    ends.into_iter().map(claimed).collect()
}

fn names_today(words: &str) -> bool {
    [
        "today",
        "tonight",
        "midnight",
        "eod",
        "this evening",
        "this afternoon",
        "end of the day",
        "今",
        "当天",
        "当日",
        "午夜",
    ]
    .iter()
    .any(|word| words.contains(word))
        || !words.contains(|c: char| c.is_alphabetic() && !"apm点时分晚上下午中早半".contains(c))
}

/// Every end has a digit in it (a date, so many hours) or one of these (`tonight`, 周末, 三天内).
pub(super) fn signs() -> Vec<String> {
    let english = ["day", "night", "tomorrow", "week", "month", "year", "hour", "hr", "min"];
    let chinese = ["今", "明", "当", "月", "年", "周", "星期", "礼拜", "时", "天", "日", "钟"];
    // 限时三h: a lone `h` is in too many words.
    let hours = "一二两三四五六七八九十".chars().flat_map(|c| ["", " ", "\n"].map(|blank| format!("{c}{blank}h")));
    english.into_iter().chain(chinese).map(str::to_owned).chain(hours).collect()
}
