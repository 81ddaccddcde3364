//! When does it say it ends? English and Chinese, as instants in the brand's zone. The end of a day is
//! its 24:00. Only ends of offers: the last day to pay a bill presses nobody to buy.

use std::ops::Range;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::message::{Declared, PartKind};

use super::lexicon::Cue;
use super::meaning::{Confidence, Deadline, DeadlineKind, Source};
use super::prices::AmountKind;
use super::purpose::Tally;
use super::reading::{Reading, Sentence};
use super::sale_words::names_a_plan;
use super::urgency::{tells_of_a_plan, tells_of_a_service};
use super::voice::Voice;
use super::{Context, ends_en, ends_zh, holidays};

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
    // Whoever must say how to refuse more of it promotes; 即日起 is said to everybody.
    let is_public = |reading: &Reading<'_>| !reading.opt_outs.is_empty() || reading.normal.text.contains("即日起");
    let is_refusable = readings.iter().any(is_public);
    let promotes = is_refusable
        || tally.promotes()
        || is_priced_by_a_firm(readings, tally)
        || readings.iter().flat_map(|reading| &reading.sentences).any(sells)
        || readings.iter().any(|reading| hands_over(&reading.normal.text) || is_only_an_end(&reading.normal.text));
    for (at, reading) in readings.iter().enumerate() {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            if count >= DEADLINES_MAX {
                return claims;
            }
            if !may_press(sentence, promotes, is_refusable, tally) {
                continue;
            }
            let ends = ends_in(&now, reading.words(sentence), sentence);
            let words = reading.words(sentence);
            let is_service = || !is_refusable && !sentence.is_plainly_a_sale() && tells_of_a_service(words);
            if ends.is_empty() || tells_of_a_plan(words) || names_a_plan(&sentence.may, words) || is_service() {
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
    agree(&now, &mut claims);
    claims
}

/// "Ends Friday … on Friday, October 9 at 6 pm" and 最后两天…周二晚10点 tell one end: the clock time of a day is more
/// than the day, and a day more than a stretch of time.
fn agree(now: &Zoned, claims: &mut [Claim]) {
    const SAME_HOURS: i64 = 24;
    let told: Vec<(Timestamp, bool)> =
        claims.iter().flat_map(|claim| &claim.ends).filter_map(|end| Some((end.instant?, end.is_stretch))).collect();
    let is_day = |at: Timestamp| at.to_zoned(now.time_zone().clone()).time() == Time::midnight();
    let exact = |at: Timestamp, is_stretch: bool| {
        let same = |other: &&(Timestamp, bool)| {
            let ahead = at.duration_since(other.0);
            !other.1
                && !ahead.is_zero()
                && ahead.abs() < SignedDuration::from_hours(SAME_HOURS)
                && (is_stretch || ahead.is_positive() && is_day(at) && !is_day(other.0))
        };
        told.iter().find(same).map(|other| other.0)
    };
    for claim in claims {
        for end in &mut claim.ends {
            let Some(at) = end.instant else { continue };
            if let Some(other) = exact(at, end.is_stretch) {
                end.instant = Some(other);
                let same = claim.deadlines.iter_mut().filter(|deadline| deadline.instant == Some(at));
                same.for_each(|deadline| deadline.instant = Some(other));
            }
        }
    }
}

/// Names a price, or takes something off, or speaks of goods more than of anything else; not as friends do.
fn is_priced_by_a_firm(readings: &[Reading<'_>], tally: Tally) -> bool {
    if tally.is_personal() || tally.is_transactional() {
        return false;
    }
    let priced = |sentence: &Sentence| {
        !sentence.cues.any(&[Cue::Billing, Cue::Notice])
            && (!sentence.offs.is_empty() || sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price))
    };
    let speaks =
        || readings.iter().fold(Voice::default(), |all, reading| all.with(reading.heard.voices)).says() >= GOODS_SAYS;
    let is_mail = readings.iter().any(|reading| reading.kind == PartKind::Subject);
    (is_mail || tally.is_of_a_firm()) && speaks() || readings.iter().flat_map(|reading| &reading.sentences).any(priced)
}

/// What a text says that has two words of goods and none of duties.
const GOODS_SAYS: i32 = 3;

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

/// Hands over a reward or a voucher: its end is an offer's, too.
fn hands_over(text: &str) -> bool {
    // What points are left is told by whoever keeps the account.
    !text.contains("points")
        && ["reward", "redeem", "voucher", "gift card", "券"].iter().any(|word| text.contains(word))
}

fn sells(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Sale, Cue::Offer])
        || sentence.percent_off.is_some()
        || sentence.threshold_deal
        || sentence.amounts.iter().any(|amount| amount.said) && !sentence.cues.has(Cue::Billing)
}

/// "Ends 30 Nov": a line with nothing else, as shops write it over a picture.
fn is_only_an_end(text: &str) -> bool {
    text.len() <= ONLY_BYTES_MAX
        && ["ends ", "ending ", "offer ends", "sale ends", "截止", "截至", "活动截止"]
            .iter()
            .any(|end| text.trim_start().starts_with(end))
}

/// A line longer than this has more in it than an end.
const ONLY_BYTES_MAX: usize = 48;

fn may_press(sentence: &Sentence, promotes: bool, is_refusable: bool, tally: Tally) -> bool {
    let cues = sentence.cues;
    let asks = cues.has(Cue::SurveyPhrase) || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk);
    // What can be refused and is no notice speaks of fees and payments as a shop does: 9月12日前缴费享早鸟价.
    // So does a firm that writes of no order: "the early bird fee", "no joining fee".
    let billed = cues.has(Cue::Billing) && !tally.is_of_a_firm();
    let other = asks || cues.has(Cue::Code) || !is_refusable && (billed || cues.has(Cue::Notice));
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
        let offers = !sentence.offs.is_empty() || sells(sentence);
        ends = ends_zh::ends_in(now, words, offers);
        if ends.is_empty() {
            ends = ends_en::ends_in(now, &sentence.may, words, (dated, named), offers);
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
    ["today", "tonight", "midnight", "eod", "this evening", "this afternoon", "end of the day", "今", "午夜"]
        .iter()
        .any(|word| words.contains(word))
}

/// Every end has a digit in it (a date, so many hours) or one of these (`tonight`, 周末, 三天内).
pub(super) fn signs() -> Vec<String> {
    let english = [
        " mon", " tue", " wed", " thu", " fri", " sat", " sun", "day", "night", "tonite", "tomorrow", "week", "month",
        "year", "hour", "hr", "min", "eod", "cob", "noon", "close of",
    ];
    let chinese = ["今", "明", "当", "月", "年", "周", "星期", "礼拜", "时", "天", "日", "钟", "点"];
    // A clock time by itself: `ends at 8pm`, 20:00截止.
    let clocks =
        (0..10).flat_map(|digit| ["pm", " pm", "am", " am", " p.m", " a.m"].map(|half| format!("{digit}{half}")));
    let minutes = (0..6).map(|digit| format!(":{digit}"));
    // 限时三h: a lone `h` is in too many words.
    let hours = "一二两三四五六七八九十".chars().flat_map(|c| ["", " ", "\n"].map(|blank| format!("{c}{blank}h")));
    let words = english.into_iter().chain(chinese).map(str::to_owned);
    words.chain(hours).chain(clocks).chain(minutes).chain(holidays::all_names()).collect()
}
