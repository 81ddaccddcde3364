//! May what ends in a sentence be an offer? By the sentence, those beside it and the whole message.

use jiff::Zoned;
use jiff::civil::Time;

use crate::understand::amounts::prices::AmountKind;
use crate::understand::ends::claim::ClaimedEnd;
use crate::understand::ends::end_of_what::{ONLY_BYTES_MAX, sells, takes_off};
use crate::understand::ends::ends_en::Around;
use crate::understand::ends::gains_en::asks_to_take;
use crate::understand::ends::gains_zh;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::Cue;
use crate::understand::meaning::DeadlineKind;
use crate::understand::reading::{Reading, Sentence};

/// True when an end told in the sentence may be that of an offer.
pub(in crate::understand) fn may_press(sentence: &Sentence, promotes: bool, is_refusable: bool, tally: Tally) -> bool {
    let cues = sentence.cues;
    let asks = sentence.asks_for_opinion();
    // What can be refused and is no notice speaks of fees and payments as a shop does: 9月12日前缴费享早鸟价.
    // So does a firm that writes of no order: "the early bird fee", "no joining fee".
    let billed = cues.has(Cue::Billing) && !tally.is_of_a_firm() && !tally.sells_plainly();
    let other =
        asks || cues.has(Cue::Code) || !is_refusable && (billed || cues.has(Cue::Notice) && !tally.sells_plainly());
    if tally.is_transactional() {
        sentence.is_plainly_a_sale() && !cues.has(Cue::Code)
    } else {
        promotes && (!other || cues.has(Cue::Sale))
    }
}

/// What a sentence gives it gives for a time, even in a letter that looks like a notice, unless the sentence itself is one;
/// what stands beside a gift does so where it asks to book or to join, or is hardly more than a date.
pub(in crate::understand) fn may_be_of_a_gift(
    sentence: &Sentence,
    words: &str,
    gives: bool,
    near: bool,
    tally: Tally,
) -> bool {
    let cues = sentence.cues;
    if sentence.asks_for_opinion()
        || cues.has(Cue::Code)
        || sentence.is_refund && !words.contains("waive")
        || tally.tells_a_notice() && cues.has(Cue::Notice) && !words.contains("waiv")
    {
        return false;
    }
    let is_short = words.len() <= ONLY_BYTES_MAX && !tally.tells_a_notice();
    let is_plain = !tally.is_transactional() && !cues.any(&[Cue::Billing, Cue::Notice]);
    gives || near && (is_short || is_plain && asks_to_take(&sentence.may, words))
}

/// What the sentence offers, and those beside it; `gives`: it gives in no word of sale, `near`: one beside it does.
pub(in crate::understand) fn around(
    reading: &Reading<'_>,
    index: usize,
    gives: bool,
    near: bool,
    tally: Tally,
) -> Around {
    let names_a_price = |sentence: &Sentence| {
        sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price && !sentence.is_refund)
    };
    let offers = |sentence: &Sentence| {
        takes_off(sentence) || sells(sentence) || names_a_price(sentence) || gains_zh::gives(reading, sentence)
    };
    let at = |index: usize| reading.sentences.get(index);
    let beside =
        [index.checked_sub(1), Some(index), index.checked_add(1)].into_iter().flatten().filter_map(at).any(offers);
    let own = at(index).is_some_and(offers);
    Around {
        takes_off: at(index).is_some_and(takes_off),
        offers: own || gives,
        beside: beside || near,
        gives,
        only_gives: gives && !own,
        sells: tally.sells_plainly(),
        uses: false,
    }
}

/// "£8 off. The code is good until 24 May": no code that is asked for at the door of an account lives until a day.
pub(in crate::understand) fn is_code_of_offer(now: &Zoned, words: &str, ends: &[ClaimedEnd]) -> bool {
    let is_day = |end: &ClaimedEnd| {
        let at = end.instant.map(|at| at.to_zoned(now.time_zone().clone()).time());
        let is_day = end.kind == DeadlineKind::Absolute || !end.is_stretch && !end.names_today;
        is_day && at == Some(Time::midnight())
    };
    words.contains("code") && ends.iter().all(is_day)
}
