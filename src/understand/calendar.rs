//! Dates and clock times as instants, for the readers of ends in both languages.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use regex::Captures;

/// A year is not written: a date so long ago is meant for next year.
const PAST_DAYS_MAX: i32 = 180;
/// Nor is a month: a day so long ago is meant for the next month.
const LATE_DAYS_MAX: i32 = 7;

/// Without a year, the nearest date that may be meant: this year's unless it is long gone.
pub(super) fn date_of(now: &Zoned, year: Option<i64>, month: i64, day: i64) -> Option<Date> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    if let Some(year) = year {
        return Date::new(i16::try_from(year).ok()?, month, day).ok();
    }
    let today = now.date();
    match Date::new(today.year(), month, day) {
        Ok(date) if date.until(today).is_ok_and(|gone| gone.get_days() <= PAST_DAYS_MAX) => Some(date),
        _ => Date::new(today.year().checked_add(1)?, month, day).ok(),
    }
}

/// A day of a month that is not named: this month's, unless it is longer gone than a late message is.
pub(super) fn day_of_month(now: &Zoned, day: i64) -> Option<Date> {
    let (today, day) = (now.date(), i8::try_from(day).ok()?);
    match Date::new(today.year(), today.month(), day) {
        Ok(date) if today.since(date).is_ok_and(|gone| gone.get_days() <= LATE_DAYS_MAX) => Some(date),
        _ => {
            let next = today.first_of_month().checked_add(1.month()).ok()?;
            Date::new(next.year(), next.month(), day).ok()
        }
    }
}

/// A clock time on a day; none, 24:00 and 23:59 all mean the end of the day.
pub(super) fn end_of(date: Date, clock: Option<(i64, i64)>, zone: &TimeZone) -> Option<Timestamp> {
    let (hour, minute) = clock.unwrap_or((24, 0));
    let at = if hour >= 24 || (hour == 23 && minute == 59) {
        date.tomorrow().ok()?.at(0, 0, 0, 0)
    } else {
        let minute = i8::try_from(minute).ok().filter(|minute| (0..60).contains(minute))?;
        date.at(i8::try_from(hour).ok()?, minute, 0, 0)
    };
    Some(at.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The day so many days after `date`.
pub(super) fn days_after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// The Monday of the week of `date`.
pub(super) fn monday_of(date: Date) -> Option<Date> {
    days_after(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

/// So many seconds from now.
pub(super) fn seconds_from(now: &Zoned, count: i64, each: i64) -> Option<Timestamp> {
    now.timestamp().checked_add(SignedDuration::from_secs(count.checked_mul(each)?)).ok()
}

/// A group of digits.
pub(super) fn number(found: &Captures<'_>, name: &str) -> Option<i64> {
    found.name(name)?.as_str().parse().ok()
}

/// 3, `three`, 三; nothing beyond 10,000.
pub(super) fn count(written: &str) -> Option<i64> {
    let english = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let chinese = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let at = english.iter().position(|w| *w == written).or_else(|| chinese.iter().position(|w| *w == written));
    let count = match (at, written) {
        (Some(at), _) => i64::try_from(at).ok()? + 1,
        (None, "两") => 2,
        (None, digits) => digits.parse().ok()?,
    };
    (1..=10_000).contains(&count).then_some(count)
}
