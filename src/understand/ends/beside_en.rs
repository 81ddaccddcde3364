//! Ends told by what stands beside them, in English: "the 5th" behind a sentence that names October is of that October, "before then" is the
//! day named before, and "we close at 5" after "Saturday is the last day" is five o'clock of that Saturday.

use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::days_en::moments_in;
use crate::understand::days::in_month_en::{beside, is_dated};
use crate::understand::days::moments::Moment;
use crate::understand::ends::ends_en::lead_of;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&THEN].into_iter()
}

/// The end "the 5th" as of the month named in the sentence before: "Workshop 12 October. Booking is open till the 5th".
pub(in crate::understand) fn of_month_before(
    now: &Zoned,
    words: &str,
    place: usize,
    before: &str,
) -> Option<Timestamp> {
    let own = moments_in(now, words).into_iter().find(|moment| moment.range.start == place)?;
    let date = moments_in(now, before).into_iter().rfind(|moment| is_dated(moment) && moment.at > own.at)?;
    Some(beside(now, words, &own, &date, false)?.at)
}

/// "Prices rise on 1 May. If you move before then": the day named in the sentence, or in the one before it; with the words
/// that tell it.
pub(in crate::understand) fn then(
    now: &Zoned,
    may: &May,
    words: &str,
    before: &str,
) -> Option<(Timestamp, std::ops::Range<usize>)> {
    let range = THEN.groups(may, words)?.get(0)?.range();
    let is_day = |moment: &Moment| !moment.is_clock && moment.month_begins.is_none() && !moment.is_this_day;
    let own = moments_in(now, words.get(..range.start)?).into_iter().rfind(is_day);
    let day = own.or_else(|| moments_in(now, before).into_iter().rfind(is_day));
    // "Our rider leaves at 11am. Order before then".
    let orders = || says(&ORDERS, words.get(..range.start).unwrap_or_default());
    let hour = || moments_in(now, before).into_iter().rfind(|moment| moment.is_clock).filter(|_| orders());
    let is_before = words.get(range.clone())?.starts_with("before");
    let day = day.or_else(hour)?;
    let at = if is_before { day.begins.unwrap_or(day.at) } else { day.at };
    Some((at, range))
}

/// "We close at 5" told beside a later day: five o'clock of that day. `place`: where the hour stands in the words.
pub(in crate::understand) fn hour_of_day_beside(
    now: &Zoned,
    words: &str,
    place: usize,
    day: Timestamp,
) -> Option<Timestamp> {
    const DAY: i64 = 24;
    let zone = now.time_zone();
    let own = moments_in(now, words).into_iter().find(|moment| moment.range.start == place)?;
    let day_ends = day.to_zoned(zone.clone());
    let is_later = day.duration_since(now.timestamp()) > SignedDuration::from_hours(DAY);
    let names_a_day = ["today", "tonight", "tonite", "tomorrow", "now"].iter().any(|named| words.contains(named));
    let lead = lead_of(words, place);
    if !own.is_clock || !is_later || day_ends.time() != Time::midnight() || names_a_day || !says(&CLOSES, lead) {
        return None;
    }
    let hour = own.at.to_zoned(zone.clone()).time();
    if hour == Time::midnight() {
        return Some(day);
    }
    Some(day_ends.date().yesterday().ok()?.to_datetime(hour).to_zoned(zone.clone()).ok()?.timestamp())
}

static THEN: Expression =
    expression!(r"(?-u:\b)(?:by|before|until|till?|up to|on or before) (?:then|that (?:date|day)|this date)(?-u:\b)");
static ORDERS: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:order|book|buy|pay|reserve|join|claim|be[ \n]in|grab[ \n]it)[ \n](?:[a-z]{2,10}[ \n]){0,2}$");
static CLOSES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:close[sd]?|closing|shuts?|ends?|ending|doors?|until|till?|finish(?:es)?|stops?)(?:[ \n](?:at|by|time|shut|close|is|until))*[ \n:@]{1,2}$"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

    fn now() -> Zoned {
        // A Tuesday.
        "2026-01-20T10:00:00+00:00[Europe/London]".parse().unwrap()
    }

    #[test]
    fn then_is_the_day_named_before() {
        for (before, words, wanted) in [
            ("our prices change on 1 may.", "if you move before then, you keep the price", Some("2026-05-01T00:00")),
            ("your fix finishes on 4 may", "choose the saver by then and pay £20", Some("2026-05-05T00:00")),
            ("it comes up for renewal on 14 february", "18% off orders up to that date", Some("2026-02-15T00:00")),
            ("", "the fair is on 9 march and until then entry is half price", Some("2026-03-10T00:00")),
            ("our rider leaves at 11am", "order before then", Some("2026-01-20T11:00")),
            ("we're open until 5pm", "see you before then", None),
            ("", "we'll be in touch before then", None),
        ] {
            let told = then(&now(), &May::ANY, &fold_phrase(words), &fold_phrase(before));
            assert_eq!(told.map(|(at, _)| local(&now(), at)).as_deref(), wanted, "{words}");
        }
    }

    #[test]
    fn an_hour_is_of_the_day_told_beside_it() {
        let saturday: Timestamp = "2026-01-25T00:00:00Z".parse().unwrap();
        for (words, hour, wanted) in [
            ("we close at 5pm", "5pm", Some("2026-01-24T17:00")),
            ("doors shut at 4pm", "4pm", Some("2026-01-24T16:00")),
            ("ends 10pm", "10pm", Some("2026-01-24T22:00")),
            ("ends 10pm today", "10pm", None),
            ("open from 9am", "9am", None),
        ] {
            let place = words.find(hour).unwrap();
            let told = hour_of_day_beside(&now(), words, place, saturday);
            assert_eq!(told.map(|at| local(&now(), at)).as_deref(), wanted, "{words}");
        }
    }

    #[test]
    fn a_day_is_of_the_month_told_before_it() {
        let words = "booking is open til the 5th";
        let place = words.find("the 5th").unwrap();
        let told = |before: &str| of_month_before(&now(), words, place, before).map(|at| local(&now(), at));
        assert_eq!(told("bulbs workshop 12 oct").as_deref(), Some("2026-10-06T00:00"));
        assert_eq!(told("bulbs workshop on friday"), None);
    }
}
