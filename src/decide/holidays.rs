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
    let observed_for = match day.weekday() {
        Weekday::Friday => day.tomorrow().ok(),
        Weekday::Monday => day.yesterday().ok(),
        _ => None,
    };
    // Of the neighbours only one on the weekend is observed on this day: those of fixed dates.
    is_us_federal_itself(day) || observed_for.is_some_and(is_us_federal_itself)
}

/// Whether it is a holiday by its date, not only observed.
fn is_us_federal_itself(day: Date) -> bool {
    match (day.month(), day.day(), day.weekday()) {
        (1, 1, _) | (6, 19, _) | (7, 4, _) | (11, 11, _) | (12, 25, _) => true,
        // The third Monday of January and February, the last of May, the first of September, the second of October.
        (1 | 2, 15..=21, Weekday::Monday) | (5, 25..=31, Weekday::Monday) => true,
        (9, 1..=7, Weekday::Monday) | (10, 8..=14, Weekday::Monday) => true,
        // The fourth Thursday of November.
        (11, 22..=28, Weekday::Thursday) => true,
        _ => false,
    }
}

fn is_of_alabama(day: Date) -> bool {
    match (day.month(), day.day(), day.weekday()) {
        (4, 22..=28, Weekday::Monday) | (6, 1..=7, Weekday::Monday) => true,
        // Mardi Gras is the Tuesday 47 days before Easter.
        (2 | 3, _, Weekday::Tuesday) => easter(day.year()) == day.checked_add(47.days()).ok(),
        _ => false,
    }
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

    /// The calendar's own rule (Lilius and Clavius, as in Knuth, TAOCP 1.3.2, exercise 14): epact, full moon, next Sunday.
    #[test]
    fn easter_is_the_sunday_behind_the_full_moon_of_spring() {
        for year in 1583_i16..=9999 {
            let y = i64::from(year);
            let (golden, century) = (y % 19 + 1, y / 100 + 1);
            let (solar, lunar) = (3 * century / 4 - 12, (8 * century + 5) / 25 - 5);
            let mut epact = (11 * golden + 20 + lunar - solar).rem_euclid(30);
            if epact == 25 && golden > 11 || epact == 24 {
                epact += 1;
            }
            let full = if epact > 23 { 74 - epact } else { 44 - epact };
            let sunday = full + 7 - (5 * y / 4 - solar - 10 + full).rem_euclid(7);
            let march = date(year, 2, 28).checked_add(i64::from(date(year, 1, 1).in_leap_year()).days()).unwrap();
            assert_eq!(easter(year), march.checked_add(sunday.days()).ok(), "{year}");
        }
    }
}
