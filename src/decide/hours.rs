//! When it may be sent, by the clock on the wall: opening times by weekday, or one quiet time, and days off. A calendar
//! and nothing else: which clock a person lives by, and what follows from a closed door, is the guard's.
//!
//! The next opening is exact. Between two changes of the clocks a civil calendar changes only at the times it names, so
//! the first instant that is open is one of those, in each of the hours a clock set back lives twice, or such a change.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::holidays::Holidays;

/// How many days ahead an opening is looked for; each number is tried in turn. A calendar of one weekday whose next two
/// are days off (Christmas and New Year's Day) still opens within the last.
const DAYS_AHEAD: [i64; 3] = [3, 10, 30];

/// Days on either side of a found instant within which another zone's candidate may come earlier.
const DAYS_OF_DOUBT: i64 = 2;

/// Changes of the clocks looked at.
const CHANGES_MAX: usize = 8;

/// Minutes since midnight, 0 to 1440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(u16);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A stretch of the clock, on some days. It may run over midnight; it belongs to the day on which it begins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// The days on which it begins; absent = every day.
    #[serde(default)]
    pub days: Option<Vec<Day>>,
    /// When.
    pub from: ClockTime,
    /// Until when; not later than `from` = on the day after.
    pub until: ClockTime,
}

/// A calendar.
#[derive(Debug, Clone, Copy)]
pub enum Hours<'a> {
    /// Open but in this stretch.
    Quiet(&'a Stretch),
    /// Open in one of these, and at no other time.
    Open(&'a [Stretch]),
}

/// A calendar with its days off, on which it is closed from midnight to midnight.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    /// When it is open on other days.
    pub hours: Hours<'a>,
    /// Lists of days off.
    pub off: &'a [Holidays],
}

impl Calendar<'_> {
    /// Whether it is open at that civil time.
    pub fn is_open(&self, local: DateTime) -> bool {
        let open = match self.hours {
            Hours::Quiet(quiet) => !quiet.covers(local),
            Hours::Open(stretches) => stretches.iter().any(|stretch| stretch.covers(local)),
        };
        open && !self.off.iter().any(|list| list.has(local.date()))
    }

    /// The first instant after `now` at which it is open by every one of the clocks; `None` if there is none within
    /// [`DAYS_AHEAD`].
    pub fn next_opening(&self, clocks: &[TimeZone], now: Timestamp) -> Option<Timestamp> {
        for days in DAYS_AHEAD {
            let sure_until = now.checked_add((24 * (days - DAYS_OF_DOUBT)).hours()).ok()?;
            let mut candidates = self.candidates(clocks, now, days);
            candidates.sort_unstable();
            // Zones of one time open together.
            candidates.dedup();
            let open = |at: &Timestamp| clocks.iter().all(|clock| self.is_open(clock.to_datetime(*at)));
            let found = candidates.into_iter().find(open);
            if let Some(at) = found.filter(|at| *at <= sure_until || Some(&days) == DAYS_AHEAD.last()) {
                return Some(at);
            }
        }
        None
    }

    /// The civil time at which the closed stretch around `local` began; `local` itself where it is open, or closed for
    /// longer than anybody looks back.
    pub fn closed_since(&self, local: DateTime) -> DateTime {
        let dates = (0..=DAYS_AHEAD[1]).filter_map(|days| local.date().checked_sub(days.days()).ok());
        let mut turns: Vec<DateTime> = dates.flat_map(|date| self.turns(date)).filter(|turn| *turn <= local).collect();
        turns.sort_unstable();
        let open_before = |turn: &DateTime| turn.checked_sub(1.minute()).is_ok_and(|before| self.is_open(before));
        turns.into_iter().rev().find(open_before).unwrap_or(local)
    }

    /// The stretches that are open on the day, as they are written: `09:00-21:00`. Empty on a day off, and for a
    /// calendar that only knows when it is quiet.
    pub fn openings_on(&self, date: Date) -> Vec<String> {
        let Hours::Open(stretches) = self.hours else { return Vec::new() };
        if self.off.iter().any(|list| list.has(date)) {
            return Vec::new();
        }
        let begins = stretches.iter().filter(|stretch| stretch.begins_on(date));
        begins.map(|stretch| format!("{}-{}", stretch.from, stretch.until)).collect()
    }

    /// Every instant of the next days, after `now`, at which it can open.
    fn candidates(&self, clocks: &[TimeZone], now: Timestamp, days: i64) -> Vec<Timestamp> {
        let mut candidates = Vec::new();
        let end = now.checked_add((24 * days).hours()).unwrap_or(Timestamp::MAX);
        for clock in clocks {
            // Where clocks jump over a beginning, it is open from the jump on.
            candidates.extend(clock.following(now).take(CHANGES_MAX).map(|change| change.timestamp()));
            let today = clock.to_datetime(now).date();
            for date in (-1..=days).filter_map(|ahead| today.checked_add(ahead.days()).ok()) {
                for turn in self.turns(date) {
                    // Clocks set back live an hour twice, and may open in either.
                    let ambiguous = clock.to_ambiguous_timestamp(turn);
                    candidates.extend(ambiguous.earlier());
                    candidates.extend(ambiguous.later());
                }
            }
        }
        candidates.retain(|at| *at > now && *at <= end);
        candidates
    }

    /// The civil times belonging to a day at which it may open or close.
    fn turns(&self, date: Date) -> Vec<DateTime> {
        let stretches = match self.hours {
            Hours::Quiet(quiet) => std::slice::from_ref(quiet),
            Hours::Open(stretches) => stretches,
        };
        let ends = stretches.iter().filter_map(|stretch| stretch.on(date)).flat_map(|(from, until)| [from, until]);
        let midnight = date.to_datetime(Time::midnight());
        ends.chain([midnight]).collect()
    }
}

impl Stretch {
    /// Whether the civil time lies in it: in that of its day, or that of the day before, run over midnight.
    fn covers(&self, local: DateTime) -> bool {
        let today = local.date();
        let days = [today.yesterday().ok(), Some(today)].into_iter().flatten();
        let mut stretches = days.filter(|day| self.begins_on(*day)).filter_map(|day| self.on(day));
        stretches.any(|(from, until)| from <= local && local < until)
    }

    fn begins_on(&self, date: Date) -> bool {
        self.days.as_ref().is_none_or(|days| days.contains(&Day::of(date)))
    }

    /// From when to when it lasts, if it begins on that day.
    fn on(&self, day: Date) -> Option<(DateTime, DateTime)> {
        let end_day = if self.until <= self.from { day.tomorrow().ok()? } else { day };
        Some((self.from.on(day)?, self.until.on(end_day)?))
    }

    /// What makes no sense in it, in the words of an error about the key.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.from == self.until {
            return Some(("until", "is the same as `from`: no time is meant, or all is"));
        }
        if self.from.0 == 1440 {
            return Some(("from", "is 00:00 to 23:59; only `until` may be 24:00"));
        }
        if self.days.as_ref().is_some_and(Vec::is_empty) {
            return Some(("days", "an empty list is no day; leave the key out for every day"));
        }
        None
    }

    /// True when it leaves nothing out, day or night.
    pub fn is_always(&self) -> bool {
        self.from.0 == 0 && self.until.0 == 1440 && self.days.is_none()
    }
}

impl Day {
    /// The weekday of a date.
    pub fn of(date: Date) -> Day {
        match date.weekday() {
            Weekday::Monday => Day::Monday,
            Weekday::Tuesday => Day::Tuesday,
            Weekday::Wednesday => Day::Wednesday,
            Weekday::Thursday => Day::Thursday,
            Weekday::Friday => Day::Friday,
            Weekday::Saturday => Day::Saturday,
            Weekday::Sunday => Day::Sunday,
        }
    }
}

impl ClockTime {
    fn on(self, day: Date) -> Option<DateTime> {
        let start = day.to_datetime(Time::midnight());
        start.checked_add(i64::from(self.0).minutes()).ok()
    }

    fn read(text: &str) -> Option<ClockTime> {
        let (hours, minutes) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
        let number = |s: &str| (s.len() <= 2).then(|| s.parse::<u16>().ok()).flatten();
        ClockTime::of(number(hours)?, number(minutes)?)
    }

    fn of(hours: u16, minutes: u16) -> Option<ClockTime> {
        let at = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && at <= 1440).then_some(ClockTime(at))
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ClockTime, D::Error> {
        struct Written;
        impl serde::de::Visitor<'_> for Written {
            type Value = ClockTime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a time of day: `\"21:00\"`, or a whole hour from 0 to 24")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ClockTime, E> {
                ClockTime::read(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, hour: i64) -> Result<ClockTime, E> {
                let read = u16::try_from(hour).ok().and_then(|hour| ClockTime::of(hour, 0));
                read.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(hour), &self))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::zone;

    fn stretch(days: &[Day], from: u16, until: u16) -> Stretch {
        let days = (!days.is_empty()).then(|| days.to_vec());
        Stretch { days, from: ClockTime(from * 60), until: ClockTime(until * 60) }
    }

    /// The opening by one clock after a moment of it, both as they are read on the wall.
    fn opens(calendar: &Calendar<'_>, name: &str, now: &str) -> String {
        let clock = zone(name).unwrap();
        let now = clock.to_timestamp(now.parse().unwrap()).unwrap();
        clock.to_datetime(calendar.next_opening(std::slice::from_ref(&clock), now).unwrap()).to_string()
    }

    #[test]
    fn sunday_opens_at_noon_and_a_day_off_stays_closed() {
        use Day::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let texas =
            [stretch(&[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday], 9, 21), stretch(&[Sunday], 12, 21)];
        let hours = Calendar { hours: Hours::Open(&texas), off: &[] };
        assert_eq!(opens(&hours, "America/Chicago", "2026-11-21T21:00:00"), "2026-11-22T12:00:00");
        assert_eq!(opens(&hours, "America/Chicago", "2026-11-22T21:30:00"), "2026-11-23T09:00:00");
        assert!(hours.is_open("2026-11-22T12:00:00".parse().unwrap()));
        assert!(!hours.is_open("2026-11-22T11:59:59".parse().unwrap()));
        assert_eq!(hours.openings_on("2026-11-22".parse().unwrap()), ["12:00-21:00"]);
        assert_eq!(hours.closed_since("2026-11-22T11:00:00".parse().unwrap()).to_string(), "2026-11-21T21:00:00");
        let off = Calendar { off: &[Holidays::UsFederal], ..hours };
        assert_eq!(opens(&off, "America/Chicago", "2026-11-25T22:00:00"), "2026-11-27T09:00:00", "Thanksgiving");
        assert!(off.openings_on("2026-11-26".parse().unwrap()).is_empty());
    }

    #[test]
    fn one_weekday_opens_again_after_two_days_off() {
        let fridays = [stretch(&[Day::Friday], 9, 17)];
        let hours = Calendar { hours: Hours::Open(&fridays), off: &[Holidays::UsFederal] };
        // Christmas and New Year's Day are Fridays in 2026/27.
        assert_eq!(opens(&hours, "America/New_York", "2026-12-18T17:00:00"), "2027-01-08T09:00:00");
    }

    #[test]
    fn several_clocks_open_when_the_last_does_and_never_if_they_do_not_meet() {
        let day = [stretch(&[], 9, 21)];
        let hours = Calendar { hours: Hours::Open(&day), off: &[] };
        let clocks: Vec<TimeZone> =
            ["America/New_York", "America/Los_Angeles"].iter().map(|n| zone(n).unwrap()).collect();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let opens = hours.next_opening(&clocks, at("2026-11-20T03:00:00Z"));
        assert_eq!(opens, Some(at("2026-11-20T17:00:00Z")), "nine in Los Angeles");
        let short = [stretch(&[], 9, 10)];
        let hours = Calendar { hours: Hours::Open(&short), off: &[] };
        assert_eq!(hours.next_opening(&clocks, at("2026-11-20T03:00:00Z")), None);
    }
}
