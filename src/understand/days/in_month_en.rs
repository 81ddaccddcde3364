//! Of which month is "the 9th"? Of the one that was named before it: "from 3 March until the 9th", "12 October … till the 5th".

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use regex::Regex;

use crate::understand::days::calendar::end_of;
use crate::understand::days::moments::Moment;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// The same moments, each bare "the 9th" in the month of the date before it: "from 3 March until the 9th".
pub(in crate::understand) fn in_their_month(now: &Zoned, words: &str, mut moments: Vec<Moment>) -> Vec<Moment> {
    for at in 1..moments.len() {
        let (Some(before), Some(own)) = (moments.get(at - 1), moments.get(at)) else { break };
        let gap = words.get(before.range.end..own.range.start).unwrap_or_default();
        if let Some(moment) = beside(now, words, own, before, says(&RUNS_TO, gap)) {
            moments[at] = moment;
        }
    }
    moments
}

/// A day of the calendar, and no more than an hour or a weekday.
pub(in crate::understand) fn is_dated(moment: &Moment) -> bool {
    moment.kind == DeadlineKind::Absolute && !moment.is_clock && !moment.is_bare
}

/// A bare "the 9th" in the month of a date told before it; `runs`: as the end of the stretch that begins there.
pub(in crate::understand) fn beside(
    now: &Zoned,
    words: &str,
    own: &Moment,
    before: &Moment,
    runs: bool,
) -> Option<Moment> {
    let named = words.get(own.range.clone()).filter(|named| says(&NTH, named))?;
    if !is_dated(before) {
        return None;
    }
    let zone = now.time_zone();
    let day: i8 = named.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    let start = before.month_begins.or(before.begins).unwrap_or(before.at).to_zoned(zone.clone()).date();
    let month = if runs && day < start.day() { start.first_of_month().checked_add(1.month()).ok()? } else { start };
    let date = Date::new(month.year(), month.month(), day).ok()?;
    Some(Moment { at: end_of(date, None, zone)?, begins: end_of(date, Some((0, 0)), zone), ..own.clone() })
}

static NTH: LazyLock<Option<Regex>> = pattern!(r"^the[ \n][0-9]{1,2}(?:st|nd|rd|th)$");
static RUNS_TO: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n]?(?:-|to|until|till?|through|thru|up[ \n]to|and[ \n]ends[ \n](?:on)?)[ \n]?$");
