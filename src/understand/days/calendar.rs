//! Dates and clock times as instants, for the readers of ends in both languages.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use regex::{Captures, Match, Regex};

/// A year is not written: a date so long ago is meant for next year.
const PAST_DAYS_MAX: i32 = 60;
/// Nor is a month: a day so long ago is meant for the next month.
const LATE_DAYS_MAX: i32 = 7;

/// Without a year, the nearest date that may be meant: this year's unless it is long gone.
pub(in crate::understand) fn date_of(now: &Zoned, year: Option<i64>, month: i64, day: i64) -> Option<Date> {
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

/// 05/06 is 5 June or May 6: as people write where the sender is, unless only the other is a day, or only the other
/// is near: "ends 05/06", said on 4 June, is tomorrow.
pub(in crate::understand) fn date_in_figures(now: &Zoned, year: Option<i64>, first: i64, second: i64) -> Option<Date> {
    const AHEAD_DAYS: i32 = 120;
    let american = date_of(now, year, first, second);
    let other = date_of(now, year, second, first);
    let (told, other) = if is_month_first(now) { (american, other) } else { (other, american) };
    let is_near = |date: &Date| {
        let ahead = now.date().until(*date).map_or(i32::MAX, |span| span.get_days());
        (-LATE_DAYS_MAX..=AHEAD_DAYS).contains(&ahead)
    };
    match (told, other) {
        (Some(told), Some(other)) if !is_near(&told) && is_near(&other) => Some(other),
        (told, other) => told.or(other),
    }
}

/// The Americas and some of East Asia write 11/30; of a mere offset the western ones are taken for American.
fn is_month_first(now: &Zoned) -> bool {
    const EASTERN: [&str; 6] =
        ["Asia/Shanghai", "Asia/Manila", "Asia/Taipei", "Asia/Tokyo", "Asia/Seoul", "Pacific/Honolulu"];
    match now.time_zone().iana_name() {
        Some(name) if name.contains('/') => {
            EASTERN.contains(&name) || name.starts_with("America/") || name.starts_with("US/")
        }
        _ => now.offset().seconds() <= -4 * 3_600,
    }
}

/// A day of a month that is not named: this month's, unless it is longer gone than a late message is.
pub(in crate::understand) fn day_of_month(now: &Zoned, day: i64) -> Option<Date> {
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
pub(in crate::understand) fn end_of(date: Date, clock: Option<(i64, i64)>, zone: &TimeZone) -> Option<Timestamp> {
    let (hour, minute) = clock.unwrap_or((24, 0));
    let at = if hour >= 24 || (hour == 23 && minute == 59) {
        // 今晚两点: of the night that follows, as hour 26.
        let hour = i8::try_from((hour - 24).max(0)).ok()?;
        let minute = if hour == 0 { 0 } else { i8::try_from(minute).ok()? };
        Date::at(date.tomorrow().ok()?, hour, minute, 0, 0)
    } else {
        let minute = i8::try_from(minute).ok().filter(|minute| (0..60).contains(minute))?;
        date.at(i8::try_from(hour).ok()?, minute, 0, 0)
    };
    Some(at.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The day so many days after `date`.
pub(in crate::understand) fn days_after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// The Monday of the week of `date`.
pub(in crate::understand) fn monday_of(date: Date) -> Option<Date> {
    days_after(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

/// `2 days, 5 hours and 3 minutes`, 2天5小时30分: what stands behind the first unit, in seconds, and where it ends.
/// `more` names the `count` and the `unit` of one such piece at the beginning of what follows.
pub(in crate::understand) fn more_units(
    words: &str,
    first: Match<'_>,
    more: Option<&Regex>,
    seconds_of: impl Fn(&str, &str) -> Option<i64>,
) -> (i64, usize) {
    let (mut seconds, mut end) = (0_i64, first.end());
    let Some(more) = more else { return (0, end) };
    for _ in 0..3 {
        let Some(found) = words.get(end..).and_then(|rest| more.captures(rest)) else { break };
        let (Some(amount), Some(unit)) = (found.name("count"), found.name("unit")) else { break };
        let Some(piece) = seconds_of(amount.as_str(), unit.as_str()) else { break };
        seconds = seconds.saturating_add(piece);
        end += unit.end();
    }
    (seconds, end)
}

/// So many seconds from now.
pub(in crate::understand) fn seconds_from(now: &Zoned, count: i64, each: i64) -> Option<Timestamp> {
    now.timestamp().checked_add(SignedDuration::from_secs(count.checked_mul(each)?)).ok()
}

/// A group of digits, or of Chinese ones: 30, 三十.
pub(in crate::understand) fn number(found: &Captures<'_>, name: &str) -> Option<i64> {
    digits(found.name(name)?.as_str())
}

/// 3, `three`, 三, 十五; nothing beyond 10,000.
pub(in crate::understand) fn count(written: &str) -> Option<i64> {
    const ENGLISH: [(&str, i64); 16] = [
        ("a", 1),
        ("an", 1),
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("twelve", 12),
        ("twenty-four", 24),
        ("forty-eight", 48),
        ("seventy-two", 72),
    ];
    let english = ENGLISH.iter().find(|(word, _)| *word == written).map(|(_, count)| *count);
    english.or_else(|| digits(written)).filter(|count| (1..=10_000).contains(count))
}

/// Figures, or a Chinese number below a hundred: 三, 十五, 二十四, 廿五; 二〇二六 digit by digit.
fn digits(written: &str) -> Option<i64> {
    if written.is_ascii() {
        return written.parse().ok();
    }
    let value = |c: char| "〇一二三四五六七八九".chars().chain(['两']).position(|known| known == c);
    let value = |c: char| value(c).map(|at| if c == '两' { 2 } else { i64::try_from(at).unwrap_or_default() });
    let value = |c: char| if c == '零' { Some(0) } else { value(c) };
    if let Some(rest) = written.strip_prefix('廿') {
        return Some(20 + if rest.is_empty() { 0 } else { value(rest.chars().next()?)? });
    }
    match written.split_once('十') {
        Some((tens, ones)) => {
            let digit = |part: &str, none: i64| match part.chars().next() {
                None => Some(none),
                Some(c) => value(c).filter(|_| part.chars().nth(1).is_none()),
            };
            Some(digit(tens, 1)? * 10 + digit(ones, 0)?)
        }
        None if written.chars().count() <= 4 => written.chars().try_fold(0, |sum, c| Some(sum * 10 + value(c)?)),
        None => None,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An instant as a clock on the wall of `now` shows it.
    pub fn local(now: &Zoned, at: Timestamp) -> String {
        at.to_zoned(now.time_zone().clone()).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    #[test]
    fn figures_are_read_as_the_sender_writes_them() {
        for (now, first, second, day) in [
            ("2026-11-20T10:00:00-05:00[America/New_York]", 12, 5, "2026-12-05"),
            ("2026-11-20T10:00:00+00:00[Europe/London]", 5, 12, "2026-12-05"),
            ("2026-11-20T10:00:00+00:00[Europe/London]", 11, 30, "2026-11-30"),
            ("2026-11-20T10:00:00-05:00[America/New_York]", 30, 11, "2026-11-30"),
            ("2027-06-04T10:00:00-04:00[America/New_York]", 5, 6, "2027-06-05"),
            ("2026-11-20T10:00:00+08:00[Asia/Shanghai]", 12, 5, "2026-12-05"),
        ] {
            let now: Zoned = now.parse().unwrap();
            assert_eq!(date_in_figures(&now, None, first, second), day.parse().ok(), "{first}/{second}");
        }
    }

    #[test]
    fn numbers_in_both_writings() {
        for (written, number) in [
            ("3", 3),
            ("three", 3),
            ("三", 3),
            ("两", 2),
            ("十", 10),
            ("十五", 15),
            ("二十四", 24),
            ("廿五", 25),
            ("二〇二六", 2026),
        ] {
            assert_eq!(count(written), Some(number), "{written}");
        }
        for none in ["", "0", "二十四五", "x", "十十"] {
            assert_eq!(count(none), None, "{none}");
        }
    }
}
