//! Days that only name when something happens give way, in English, to an end that is told as one: of "wreath workshops 28 & 29
//! Nov, bookings close on 13 November" the thirteenth is the end, and of "$99 for Feb if you sign up by Sunday" the Sunday.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::days::days_en::MONTHS;
use crate::understand::ends::claim::{Claim, ClaimedEnd};
use crate::understand::ends::ends_en::{is_told_as_end, lead_of};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};

/// Takes away the ends that are mere days of something, where another is told plainly.
pub(in crate::understand) fn without_mere_days(readings: &[Reading<'_>], claims: &mut [Claim]) {
    let is_any_plain = claims.iter().any(|claim| {
        let sentence = sentence_of(readings, claim);
        sentence.is_some_and(|(words, sentence)| claim.ends.iter().any(|end| is_plain(words, sentence, end)))
    });
    for claim in claims {
        let Some((words, sentence)) = sentence_of(readings, claim) else { continue };
        let is_dated = claim.ends.iter().any(|end| end.kind == DeadlineKind::Absolute);
        let is_mere = |end: &ClaimedEnd| {
            is_any_plain && is_mere_day(words, sentence, end) || is_dated && are_weekdays(words, sentence, end)
        };
        let (gone, kept): (Vec<ClaimedEnd>, Vec<ClaimedEnd>) = claim.ends.drain(..).partition(is_mere);
        let is_kept = |instant| kept.iter().any(|end| end.instant == instant);
        let is_gone = |instant| gone.iter().any(|end| end.instant == instant) && !is_kept(instant);
        claim.deadlines.retain(|deadline| !is_gone(deadline.instant));
        claim.ends = kept;
    }
}

fn sentence_of<'r>(readings: &'r [Reading<'_>], claim: &Claim) -> Option<(&'r str, &'r Sentence)> {
    let reading = readings.get(claim.reading)?;
    let sentence = reading.sentences.get(claim.sentence)?;
    Some((reading.words(sentence), sentence))
}

/// The words of an end, and those before it.
fn told<'w>(words: &'w str, sentence: &Sentence, end: &ClaimedEnd) -> (&'w str, &'w str) {
    let start = end.range.start.saturating_sub(sentence.range.start);
    let own = words.get(start..end.range.end.saturating_sub(sentence.range.start)).unwrap_or_default();
    (lead_of(words, start), own)
}

/// "Bookings close on 13 November", "by this Sunday".
fn is_plain(words: &str, sentence: &Sentence, end: &ClaimedEnd) -> bool {
    let (lead, own) = told(words, sentence, end);
    end.instant.is_some() && !end.is_stretch && !own.is_empty() && is_told_as_end(lead) && !is_range(lead, own)
}

/// "28 & 29 Nov", "5 Dec-3 Jan", "in July and August", unless something is taken off then.
fn is_mere_day(words: &str, sentence: &Sentence, end: &ClaimedEnd) -> bool {
    let (lead, own) = told(words, sentence, end);
    let is_month = MONTHS.iter().any(|month| own.starts_with(month)) && !own.contains(|c: char| c.is_ascii_digit());
    if end.kind == DeadlineKind::Absolute && is_range(lead, own) && says(&EVENT_RUNS, lead) {
        return true;
    }
    end.kind == DeadlineKind::Absolute
        && !is_told_as_end(lead)
        && (is_month && !says(&WHOLE, lead)
            || is_range(lead, own) && sentence.offs.is_empty() && !says(&OFFERED, words))
}

/// "Tue to Thu, whole of December".
fn are_weekdays(words: &str, sentence: &Sentence, end: &ClaimedEnd) -> bool {
    let (lead, own) = told(words, sentence, end);
    let is_weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| own.starts_with(day));
    end.kind == DeadlineKind::Relative && is_weekday && says(&FROM_WEEKDAY, lead)
}

fn is_range(lead: &str, own: &str) -> bool {
    says(&SECOND, lead) || says(&RANGE, own)
}

/// "Camp runs 24-28 August", "performances of an opera, 14-30 April".
static EVENT_RUNS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:camps?|school|course|festival|fair|retreat|tour|classes|workshops?|show|exhibition|conference|summit)[ \n](?:runs?|is|are|takes[ \n]place|returns)[ \n](?:on[ \n]|from[ \n])?(?:[0-9a-z]{1,9}[ \n]?(?:-|to)[ \n]?)?$|(?-u:\b)(?:performances|screenings|sessions|shows)[ \n][^.!?]{0,40},[ \n]$"
);
static SECOND: LazyLock<Option<Regex>> =
    pattern!(r"[0-9a-z)](?:[ \n]?(?:-|&|/)[ \n]?|[ \n](?:to|and|or)[ \n])(?:the[ \n])?$");
static RANGE: LazyLock<Option<Regex>> = pattern!(r"[0-9](?:st|nd|rd|th)?[ \n]?(?:-|&|to|and)[ \n]?[a-z, ]{0,11}[0-9]");
static FROM_WEEKDAY: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[ \n]?(?:-|to|thru|through)[ \n]?$");
static WHOLE: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:whole[ \n]of|throughout|all[ \n]of|all|end[ \n]of)[ \n](?:the[ \n])?$");
/// "The offer runs 1-31 May", "booking period 2-9 June": days of an offer all the same.
static OFFERED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:offer|promo|promotion|sale|deal|discount)s?[ \n]?(?:runs?|running|from|is|are|on|valid|dates?|:|-)|booking[ \n](?:period|window)|valid|period|save|off|free|redeem(?:able|ed)?)(?-u:\b)"
);
