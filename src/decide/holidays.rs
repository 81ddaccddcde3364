//! Days off that a rule may name, computed by their own rules for any year: no table of years to run out.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// A list of public holidays, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holidays {
    /// The eleven of the United States (5 U.S.C. § 6103(a)), and the days on which those that fall on a weekend are
    /// observed (§ 6103(b), Executive Order 11582): Friday for a Saturday, Monday for a Sunday.
    UsFederal,
    /// Those, and the ones of Alabama besides (Code of Alabama § 1-3-8): Confederate Memorial Day, on the fourth Monday
    /// of April, and the first Monday of June. Mardi Gras, which two counties keep, is one of them.
    UsAlabama,
}

impl Holidays {
    /// Whether the day is one of them.
    pub fn has(self, day: Date) -> bool {
        let federal = is_us_federal(day);
        match self {
            Holidays::UsFederal => federal,
            Holidays::UsAlabama => federal || is_of_alabama(day),
        }
    }
}

fn is_us_federal(day: Date) -> bool {
    // New Year's Day on a Saturday is observed in the old year.
    let years = [day.year().checked_sub(1), Some(day.year()), day.year().checked_add(1)];
    years.into_iter().flatten().flat_map(us_federal).any(|holiday| {
        let observed = match holiday.weekday() {
            Weekday::Saturday => holiday.yesterday(),
            Weekday::Sunday => holiday.tomorrow(),
            _ => Ok(holiday),
        };
        holiday == day || observed.is_ok_and(|observed| observed == day)
    })
}

/// Those of a year; years the calendar does not know have none.
fn us_federal(year: i16) -> impl Iterator<Item = Date> {
    use Weekday::{Monday, Thursday};
    let fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)];
    let fixed = fixed.into_iter().map(move |(month, day)| Date::new(year, month, day).ok());
    let moving = [(1, 3, Monday), (2, 3, Monday), (5, -1, Monday), (9, 1, Monday), (10, 2, Monday), (11, 4, Thursday)];
    fixed.chain(moving.into_iter().map(move |(month, nth, weekday)| nth_of(year, month, nth, weekday))).flatten()
}

fn is_of_alabama(day: Date) -> bool {
    let mondays = [(4, 4), (6, 1)];
    let monday = mondays.into_iter().any(|(month, nth)| nth_of(day.year(), month, nth, Weekday::Monday) == Some(day));
    let mardi_gras = easter(day.year()).and_then(|easter| easter.checked_sub(47.days()).ok());
    monday || mardi_gras == Some(day)
}

/// The n-th such weekday of a month; -1 is the last.
fn nth_of(year: i16, month: i8, nth: i8, weekday: Weekday) -> Option<Date> {
    Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
}

/// Easter Sunday of the western churches, by the Gregorian computus (Meeus, Jones, Butcher).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19).rem_euclid(32);
    (1583..=9999).contains(&y).then_some(())?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// The days of a year in the list, as `MM-DD`.
    fn of(list: Holidays, year: i16) -> Vec<String> {
        let days = date(year, 1, 1).series(1.day()).take_while(|day| day.year() == year);
        days.filter(|day| list.has(*day)).map(|day| day.strftime("%m-%d").to_string()).collect()
    }

    #[test]
    fn the_federal_holidays_of_two_years_as_the_office_of_personnel_management_lists_them() {
        let of_2026 = "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25";
        assert_eq!(of(Holidays::UsFederal, 2026).join(" "), of_2026, "4 July is a Saturday");
        // New Year's Day 2028 is a Saturday: its Friday stands in 2027.
        let of_2027 = "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31";
        assert_eq!(of(Holidays::UsFederal, 2027).join(" "), of_2027);
    }

    #[test]
    fn alabama_keeps_more_days() {
        let more: Vec<String> =
            of(Holidays::UsAlabama, 2026).into_iter().filter(|d| !of(Holidays::UsFederal, 2026).contains(d)).collect();
        assert_eq!(more, ["02-17", "04-27", "06-01"]);
    }

    #[test]
    fn easter_falls_where_it_fell() {
        for known in ["1818-03-22", "1943-04-25", "2000-04-23", "2024-03-31", "2026-04-05", "2038-04-25"] {
            let known: Date = known.parse().unwrap();
            assert_eq!(easter(known.year()), Some(known));
        }
        assert_eq!(easter(1500), None);
    }
}
