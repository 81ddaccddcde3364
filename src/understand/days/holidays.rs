//! Days with a name (Black Friday, 双11, 中秋), as dates. Names and rules are data; the moon's days come
//! from a small table, since no rule of arithmetic gives them.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use crate::understand::days::calendar::days_after;
use crate::understand::lexicon::phrases;
use crate::understand::text::normal::fold_phrase;

/// A holiday so long gone is meant for next year.
const PAST_DAYS_MAX: i32 = 30;

/// The next day of that name, or one that was just now.
pub(in crate::understand) fn holiday(today: Date, name: &str) -> Option<Date> {
    let name = name.replace('\n', " ");
    let rule = HOLIDAYS.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)?;
    if let Rule::Bank = rule {
        return next_bank_holiday(today);
    }
    let gone = |date: &Date| date.until(today).is_ok_and(|gone| gone.get_days() > PAST_DAYS_MAX);
    let this = rule.in_year(today.year());
    // 元旦 said in November is next year's.
    this.filter(|date| !gone(date)).or_else(|| rule.in_year(today.year().checked_add(1)?))
}

/// The day of that name in a year that is told: 明年元宵节.
pub(in crate::understand) fn holiday_in(year: i16, name: &str) -> Option<Date> {
    HOLIDAYS.iter().find(|(known, _)| known == name).and_then(|(_, rule)| rule.in_year(year))
}

/// 腊月二十: a day of the moon's last month, counted back from the new year behind it.
pub(in crate::understand) fn day_of_last_moon(today: Date, day: i64) -> Option<Date> {
    let in_year = |year: i16| {
        let length = if LONG_LAST_MOONS.contains(&year) { 30 } else { 29 };
        let day = (1..=length).contains(&day).then(|| day - 1 - length)?;
        days_after(Rule::Moon(0, 0).in_year(year)?, day)
    };
    let gone = |date: &Date| date.until(today).is_ok_and(|gone| gone.get_days() > PAST_DAYS_MAX);
    in_year(today.year()).filter(|date| !gone(date)).or_else(|| in_year(today.year().checked_add(1)?))
}

/// All names of one writing, as alternatives of a regular expression, longer ones first.
pub(in crate::understand) fn names(of_chinese: bool) -> String {
    let mut names: Vec<&str> = HOLIDAYS
        .iter()
        .map(|(name, _)| name.as_str())
        // 双11, 618 and 520 are said in Chinese.
        .filter(|name| (!name.is_ascii() || name.bytes().all(|b| b.is_ascii_digit())) == of_chinese)
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().map(|name| regex::escape(name).replace(' ', "[ \\n]")).collect::<Vec<_>>().join("|")
}

/// All names, in the spelling of normalised words.
pub(in crate::understand) fn all_names() -> impl Iterator<Item = String> {
    HOLIDAYS.iter().map(|(name, _)| name.clone())
}

/// When a holiday is.
#[derive(Debug, Clone, Copy)]
enum Rule {
    Fixed(i8, i8),
    /// Month, weekday, which one (-1 = the last), and so many days later.
    Nth(i8, Weekday, i8, i64),
    /// Column of the moon's table, and so many days later.
    Moon(usize, i64),
    /// So many days after Easter Sunday.
    Easter(i64),
    /// The next of the British Mondays without work.
    Bank,
    /// 清明, the fifteenth day behind the spring equinox.
    Qingming,
}

/// "Until bank holiday Monday": of those that fall on Mondays, whichever comes next.
fn next_bank_holiday(today: Date) -> Option<Date> {
    const MONDAYS: [Rule; 4] = [
        Rule::Easter(1),
        Rule::Nth(5, Weekday::Monday, 1, 0),
        Rule::Nth(5, Weekday::Monday, -1, 0),
        Rule::Nth(8, Weekday::Monday, -1, 0),
    ];
    let of_year = |year: i16| MONDAYS.iter().filter_map(move |rule| rule.in_year(year));
    of_year(today.year()).chain(of_year(today.year().checked_add(1)?)).filter(|date| *date >= today).min()
}

impl Rule {
    fn parse(written: &str) -> Option<Rule> {
        if written == "bank" {
            return Some(Rule::Bank);
        }
        if written == "qingming" {
            return Some(Rule::Qingming);
        }
        if let Some(later) = written.strip_prefix("easter") {
            return Some(Rule::Easter(if later.is_empty() { 0 } else { later.trim().parse().ok()? }));
        }
        if let Some(moon) = written.strip_prefix("lunar ") {
            let (day, later) = moon.split_once(' ').unwrap_or((moon, "0"));
            return Some(Rule::Moon(MOON_DAYS.iter().position(|known| *known == day)?, later.parse().ok()?));
        }
        if let Some((month, day)) = written.split_once('-').filter(|(month, _)| !month.contains(' ')) {
            return Some(Rule::Fixed(month.parse().ok()?, day.parse().ok()?));
        }
        let mut words = written.split(' ');
        let month = words.next()?.parse().ok()?;
        let weekday = match words.next()? {
            "monday" => Weekday::Monday,
            "thursday" => Weekday::Thursday,
            "sunday" => Weekday::Sunday,
            _ => return None,
        };
        let nth = words.next()?.parse().ok()?;
        Some(Rule::Nth(month, weekday, nth, words.next().map_or(Some(0), |later| later.parse().ok())?))
    }

    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Rule::Fixed(month, day) => Date::new(year, month, day).ok(),
            Rule::Nth(month, weekday, nth, later) => {
                days_after(Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()?, later)
            }
            Rule::Moon(column, later) => {
                let (_, days) = MOON.iter().find(|(known, _)| *known == year)?;
                let day = *days.get(column)?;
                days_after(Date::new(year, i8::try_from(day / 100).ok()?, i8::try_from(day % 100).ok()?).ok()?, later)
            }
            Rule::Qingming => {
                // Good for every year of this century.
                let of_century = i32::from(year.rem_euclid(100));
                let day = (of_century * 2_422 + 48_100) / 10_000 - of_century / 4;
                Date::new(year, 4, i8::try_from(day).ok()?).ok()
            }
            Rule::Easter(later) => days_after(easter(year)?, later),
            Rule::Bank => next_bank_holiday(Date::new(year, 1, 1).ok()?),
        }
    }
}

/// The Gregorian computus (Meeus, Astronomical Algorithms, ch. 8).
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let (golden, century, rest) = (year_number % 19, year_number / 100, year_number % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * late + 114;
    Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()
}

/// The days of the table's columns, as month-day of the Chinese calendar.
const MOON_DAYS: [&str; 6] = ["1-1", "1-15", "5-5", "7-7", "8-15", "9-9"];

/// Their Gregorian days as month·100 + day, in the Chinese calendar as GB/T 33661-2017 defines it. A year outside has no such day that we could tell.
const MOON: [(i16, [u16; 6]); 15] = [
    (2024, [210, 224, 610, 810, 917, 1011]),
    (2025, [129, 212, 531, 829, 1006, 1029]),
    (2026, [217, 303, 619, 819, 925, 1018]),
    (2027, [206, 220, 609, 808, 915, 1008]),
    (2028, [126, 209, 528, 826, 1003, 1026]),
    (2029, [213, 227, 616, 816, 922, 1016]),
    (2030, [203, 217, 605, 805, 912, 1005]),
    (2031, [123, 206, 624, 824, 1001, 1024]),
    (2032, [211, 225, 612, 812, 919, 1012]),
    (2033, [131, 214, 601, 801, 908, 1001]),
    (2034, [219, 305, 620, 820, 927, 1020]),
    (2035, [208, 222, 610, 810, 916, 1009]),
    (2036, [128, 211, 530, 828, 1004, 1027]),
    (2037, [215, 301, 618, 817, 924, 1017]),
    (2038, [204, 218, 607, 807, 913, 1007]),
];

/// The years of the table whose new year comes behind a last month of thirty days; the others' has twenty-nine.
const LONG_LAST_MOONS: [i16; 8] = [2024, 2030, 2033, 2034, 2035, 2036, 2037, 2038];

static HOLIDAYS: LazyLock<Vec<(String, Rule)>> = LazyLock::new(|| {
    phrases(include_str!("../lexicon/holidays.txt"))
        .filter_map(|(rule, name)| Some((fold_phrase(name), Rule::parse(rule)?)))
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_file_is_read() {
        for (rule, name) in phrases(include_str!("../lexicon/holidays.txt")) {
            assert!(Rule::parse(rule).is_some_and(|rule| rule.in_year(2027).is_some()), "{rule}: {name}");
        }
    }

    #[test]
    fn holidays_fall_where_they_fall() {
        let today: Date = "2026-11-20".parse().unwrap();
        for (name, day) in [
            ("black friday", "2026-11-27"),
            ("cyber monday", "2026-11-30"),
            ("thanksgiving", "2026-11-26"),
            ("双11", "2026-11-11"),
            ("元旦", "2027-01-01"),
            ("春节", "2027-02-06"),
            ("除夕", "2027-02-05"),
            ("中秋", "2027-09-15"),
            ("清明", "2027-04-05"),
            ("easter", "2027-03-28"),
            ("good friday", "2027-03-26"),
            ("easter monday", "2027-03-29"),
            ("memorial day", "2027-05-31"),
            ("christmas", "2026-12-25"),
        ] {
            assert_eq!(holiday(today, name), Some(day.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn days_of_the_last_moon_count_back_from_the_new_year() {
        let today: Date = "2026-01-20".parse().unwrap();
        for (day, wanted) in [(1, "2026-01-19"), (8, "2026-01-26"), (20, "2026-02-07"), (29, "2026-02-16")] {
            assert_eq!(day_of_last_moon(today, day), Some(wanted.parse().unwrap()), "{day}");
        }
        assert_eq!(day_of_last_moon(today, 30), day_of_last_moon("2029-12-01".parse().unwrap(), 31));
        let later: Date = "2029-12-01".parse().unwrap();
        assert_eq!(day_of_last_moon(later, 30), Some("2030-02-02".parse().unwrap()));
    }
}
