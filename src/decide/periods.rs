//! Days, weeks and months of the calendar, as stretches of real time by somebody's clock.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::hours::Day;

/// A named stretch of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// The word for it in evidence.
    pub fn name(self) -> &'static str {
        match self {
            Period::Day => "calendar-day",
            Period::Week => "calendar-week",
            Period::Month => "calendar-month",
        }
    }

    /// Its length in days, at most.
    pub fn days_at_most(self) -> i64 {
        match self {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 31,
        }
    }
}

/// The period an instant lies in: from its first midnight by the clock until the next one's. A day that begins at
/// 01:00, because midnight was skipped, begins there.
pub fn period(each: Period, week_starts: Day, clock: &TimeZone, at: Timestamp) -> Range<Timestamp> {
    let today = clock.to_datetime(at).date();
    let first = match each {
        Period::Day => Some(today),
        Period::Week => {
            (0..7).filter_map(|back| today.checked_sub(back.days()).ok()).find(|d| Day::of(*d) == week_starts)
        }
        Period::Month => Some(today.first_of_month()),
    };
    let next = first.and_then(|first| match each {
        Period::Day => first.tomorrow().ok(),
        Period::Week => first.checked_add(7.days()).ok(),
        Period::Month => first.checked_add(1.month()).ok(),
    });
    let starts = |day: Option<Date>| day.and_then(|day| Some(day.to_zoned(clock.clone()).ok()?.timestamp()));
    starts(first).unwrap_or(Timestamp::MIN)..starts(next).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::zone;

    fn of(each: Period, starts: Day, name: &str, at: &str) -> [String; 2] {
        let clock = zone(name).unwrap();
        let range = period(each, starts, &clock, at.parse().unwrap());
        [range.start, range.end].map(|at| clock.to_datetime(at).to_string())
    }

    #[test]
    fn periods_begin_at_the_midnight_of_the_clock() {
        let shanghai = |each, at| of(each, Day::Monday, "Asia/Shanghai", at);
        assert_eq!(shanghai(Period::Day, "2026-11-20T16:00:00Z"), ["2026-11-21T00:00:00", "2026-11-22T00:00:00"]);
        assert_eq!(shanghai(Period::Week, "2026-11-22T15:59:59Z"), ["2026-11-16T00:00:00", "2026-11-23T00:00:00"]);
        assert_eq!(shanghai(Period::Month, "2026-12-31T16:00:00Z"), ["2027-01-01T00:00:00", "2027-02-01T00:00:00"]);
        let sunday = of(Period::Week, Day::Sunday, "UTC", "2026-11-22T12:00:00Z");
        assert_eq!(sunday, ["2026-11-22T00:00:00", "2026-11-29T00:00:00"]);
    }

    #[test]
    fn a_day_without_midnight_begins_when_it_does_and_one_with_two_at_the_first() {
        // Santiago skips from 24:00 to 01:00 on 6 September 2026, Havana lives midnight twice on 1 November.
        let skipped = of(Period::Day, Day::Monday, "America/Santiago", "2026-09-06T12:00:00Z");
        assert_eq!(skipped, ["2026-09-06T01:00:00", "2026-09-07T00:00:00"]);
        let havana = zone("America/Havana").unwrap();
        let twice = period(Period::Day, Day::Monday, &havana, "2026-11-01T12:00:00Z".parse().unwrap());
        assert_eq!(twice.end.duration_since(twice.start).as_hours(), 25);
    }
}
