//! What is it the end of? Of an offer, where somebody sells, gives or asks a price; not of an answer among colleagues.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::PartKind;

use super::lexicon::{Cue, heard_in};
use super::patterns::{pattern, says};
use super::prices::AmountKind;
use super::reading::{Reading, Sentence};
use super::tally::Tally;
use super::voice::Voice;

/// "Re: minutes of last meeting": an answer, of nobody who sends to many.
pub(super) fn is_headed_as_answer(readings: &[Reading<'_>]) -> bool {
    let answers = |reading: &Reading<'_>| {
        reading.kind == PartKind::Subject
            && ["re:", "fw:", "fwd:", "回复:", "答复:", "转发:"]
                .iter()
                .any(|sign| reading.normal.text.starts_with(sign))
    };
    readings.iter().any(answers)
}

/// The same, or begun as colleagues begin.
pub(super) fn is_an_answer(readings: &[Reading<'_>]) -> bool {
    let is_told_off =
        || readings.iter().flat_map(|reading| &reading.sentences).any(|sentence| sentence.percent_off.is_some());
    let greets = |reading: &Reading<'_>| {
        reading.kind == PartKind::Plain
            && COLLEAGUES.iter().any(|sign| reading.normal.text.trim_start().starts_with(sign))
    };
    (is_headed_as_answer(readings) || readings.iter().any(greets) && !is_told_off())
        && readings.iter().all(|reading| reading.kind != PartKind::Html && reading.visible.links.is_empty())
}

/// How colleagues begin.
const COLLEAGUES: [&str; 15] = [
    "hi team",
    "hi both",
    "hello both",
    "hi folks",
    "hello team",
    "hey team",
    "team,",
    "hi all",
    "hello all",
    "dear all",
    "all,",
    "everyone,",
    "hi everyone",
    "dear colleagues",
    "各位同事",
];

pub(super) fn names_a_price(readings: &[Reading<'_>]) -> bool {
    let is_price = |sentence: &Sentence| sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price);
    readings.iter().flat_map(|reading| &reading.sentences).any(is_price)
}

/// Names a price, or takes something off, or speaks of goods more than of anything else; not as friends do.
pub(super) fn is_priced_by_a_firm(readings: &[Reading<'_>], tally: Tally) -> bool {
    if tally.is_personal() || tally.is_transactional() {
        return false;
    }
    let priced = |sentence: &Sentence| {
        !sentence.cues.any(&[Cue::Billing, Cue::Notice])
            && (!sentence.offs.is_empty() || sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price))
    };
    let speaks = || voice_of(readings).says() >= GOODS_SAYS;
    let is_latin = || !readings.iter().any(Reading::has_chinese);
    (is_a_mail(readings) || tally.is_of_a_firm() || is_latin()) && speaks()
        || readings.iter().flat_map(|reading| &reading.sentences).any(priced)
}

/// "1-for-1 kopi until 14 June": a sentence that speaks of goods, in a message that does not otherwise; in a receipt only
/// one that says what a price does.
pub(super) fn speaks_of_goods(words: &str, tally: Tally) -> bool {
    if tally.is_transactional() {
        return says(&PRICE_DOES, words);
    }
    heard_in(words).voices.says() >= GOODS_SAYS
}

/// "Prices rise at midnight", "earn triple points on flights booked before …".
static PRICE_DOES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:prices?|fares?|rates|offer|sale|deals?|discount|promo|promotion|pre-?sale|pricing|early[ -]bird)[ \n](?:will[ \n])?(?:rises?|goes?[ \n](?:back[ \n])?up|ends?|increases?|expires?|jumps?|finish(?:es)?)(?-u:\b)|(?-u:\b)earn[ \n][a-z0-9, ]{1,16}points(?-u:\b)"
);

pub(super) fn voice_of(readings: &[Reading<'_>]) -> Voice {
    readings.iter().fold(Voice::default(), |all, reading| all.with(reading.heard.voices))
}

pub(super) fn is_a_mail(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(|reading| reading.kind == PartKind::Subject)
}

/// What a text says that has two words of goods and none of duties.
const GOODS_SAYS: i32 = 3;

/// Hands over a reward or a voucher: its end is an offer's, too.
pub(super) fn hands_over(readings: &[Reading<'_>], text: &str) -> bool {
    // Nor is the last day of a survey one, whatever it hands over.
    let asks = |sentence: &Sentence| {
        sentence.cues.has(Cue::SurveyPhrase) || sentence.cues.has(Cue::SurveyNoun) && sentence.cues.has(Cue::SurveyAsk)
    };
    if readings.iter().flat_map(|reading| &reading.sentences).any(asks) {
        return false;
    }
    // What points are left is told by whoever keeps the account.
    !text.contains("points")
        && ["reward", "redeem", "voucher", "gift card", "券"].iter().any(|word| text.contains(word))
}

pub(super) fn sells(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Sale, Cue::Offer])
        || sentence.percent_off.is_some()
        || sentence.threshold_deal
        || sentence.amounts.iter().any(|amount| amount.said) && !sentence.cues.has(Cue::Billing)
}

/// "Ends 30 Nov": a line with nothing else, as shops write it over a picture.
pub(super) fn is_only_an_end(text: &str) -> bool {
    text.len() <= ONLY_BYTES_MAX
        && ["ends ", "ending ", "offer ends", "sale ends", "截止", "截至", "活动截止"]
            .iter()
            .any(|end| text.trim_start().starts_with(end))
}

/// A line longer than this has more in it than an end.
pub(super) const ONLY_BYTES_MAX: usize = 48;

/// It takes something off, or has a word of sale.
pub(super) fn takes_off(sentence: &Sentence) -> bool {
    !sentence.offs.is_empty() || sentence.cues.has(Cue::Sale)
}
