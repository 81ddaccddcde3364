//! Ends told in English: `until November 30`, `ends tonight`, `within 48 hours`, `last 3 days`.

use std::sync::LazyLock;

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan, Zoned};
use regex::{Captures, Regex};

use super::calendar::{count, date_of, day_of_month, days_after, end_of, monday_of, number, seconds_from};
use super::meaning::DeadlineKind;

/// The end normalised words tell, if they tell one. `dated`: there is a digit and one of the
/// [`date_signs`] in them; `named`: so is a name of a time (`tonight`, `weeks`).
pub(super) fn end_in(now: &Zoned, words: &str, dated: bool, named: bool) -> Option<(Timestamp, DeadlineKind)> {
    let date = if dated { date(now, words).or_else(|| day_number(now, words)) } else { None };
    if date.is_some() || !named {
        return date.map(|at| (at, DeadlineKind::Absolute));
    }
    named_day(now, words)
        .map(|at| (at, DeadlineKind::Relative))
        .or_else(|| from_receipt(now, words).map(|at| (at, DeadlineKind::FromReceipt)))
        .or_else(|| time_left(now, words).map(|at| (at, DeadlineKind::Relative)))
}

/// What every date has one of: a month, the stroke of 11/30, the year of 2026-11-30, the `th` of 20th.
pub(super) fn date_signs() -> Vec<String> {
    let years = (2_000..2_100).flat_map(|year| ["-", "."].map(|mark| format!("{year}{mark}")));
    let ordinals =
        ["1st", "2nd", "3rd"].map(str::to_owned).into_iter().chain((0..10).map(|digit| format!("{digit}th")));
    MONTHS.into_iter().chain(["/"]).map(str::to_owned).chain(years).chain(ordinals).collect()
}

fn date(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = DATE.as_ref()?.captures(words)?;
    let date = if let Some(year) = number(&found, "iso_year") {
        date_of(now, Some(year), number(&found, "iso_month")?, number(&found, "iso_day")?)?
    } else if let (Some(month), Some(day)) = (number(&found, "us_month"), number(&found, "us_day")) {
        // 30/11 can only be a day first.
        let (month, day) = if month > 12 { (day, month) } else { (month, day) };
        let year = number(&found, "us_year").map(|year| if year < 100 { 2_000 + year } else { year });
        date_of(now, year, month, day)?
    } else {
        let name = found.name("month").or_else(|| found.name("month_after"))?.as_str();
        let month = MONTHS.iter().position(|known| name.starts_with(known))?;
        let day =
            number(&found, "range_day").or_else(|| number(&found, "day")).or_else(|| number(&found, "day_before"))?;
        date_of(now, number(&found, "year"), i64::try_from(month).ok()? + 1, day)?
    };
    end_of(date, clock(&found), now.time_zone())
}

/// "Until the 20th", "on the 20th only": a day of a month that is not named.
fn day_number(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found =
        DAY_NUMBER_AFTER_WORD.as_ref()?.captures(words).or_else(|| DAY_NUMBER_BEFORE_WORD.as_ref()?.captures(words))?;
    end_of(day_of_month(now, number(&found, "day")?)?, None, now.time_zone())
}

fn named_day(now: &Zoned, words: &str) -> Option<Timestamp> {
    let today = now.date();
    let found = DAY_AFTER_WORD.as_ref()?.captures(words).or_else(|| DAY_BEFORE_WORD.as_ref()?.captures(words))?;
    let day = found.name("named")?.as_str();
    let next = day.starts_with("next ");
    let next_week = i64::from(next) * 7;
    let name = day.trim_start_matches("next ").trim_start_matches("this ").trim_start_matches("the ").trim();
    let date = match name {
        "today" | "tonight" | "midnight" => today,
        "tomorrow" => today.tomorrow().ok()?,
        "weekend" | "week" => days_after(monday_of(today)?, 6 + next_week)?,
        "month" if next => today.checked_add(1.month()).ok()?.last_of_month(),
        "month" => today.last_of_month(),
        "year" => today.last_of_year(),
        weekday => {
            let weekday = i64::from(weekday_of(weekday)?.to_monday_zero_offset());
            let date = days_after(monday_of(today)?, weekday + next_week)?;
            if date < today { days_after(date, 7)? } else { date }
        }
    };
    end_of(date, clock(&found), now.time_zone())
}

/// "Valid for 7 days", "within 3 days of receiving", "when you order within 24 hours". Nothing where a
/// countdown runs for everybody ("48-hour sale", "last 3 days").
fn from_receipt(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = FROM_RECEIPT.as_ref()?.captures(words)?;
    if TIME_BEFORE_WORD.as_ref()?.is_match(words) || COUNTDOWN.as_ref()?.is_match(words) {
        return None;
    }
    let group = |names: [&str; 3]| names.into_iter().find_map(|name| found.name(name));
    let amount = count(group(["valid", "own", "after"])?.as_str())?;
    let each = match group(["valid_unit", "own_unit", "after_unit"])?.as_str().get(..2)? {
        "mi" => 60,
        "ho" | "hr" => 3_600,
        "we" => 7 * 86_400,
        "mo" => 30 * 86_400,
        _ => 86_400,
    };
    seconds_from(now, amount, each)
}

fn time_left(now: &Zoned, words: &str) -> Option<Timestamp> {
    let (after, before) = (TIME_AFTER_WORD.as_ref()?, TIME_BEFORE_WORD.as_ref()?);
    // "48-hour sale, coupons valid for 7 days": the sale's end is everybody's.
    let (first, second) = if FROM_RECEIPT.as_ref()?.is_match(words) { (before, after) } else { (after, before) };
    let found = first.captures(words).or_else(|| second.captures(words))?;
    let amount = count(found.name("count")?.as_str())?;
    let lead = found.name("lead").map_or("", |lead| lead.as_str());
    let tail = found.name("tail").map_or("", |tail| tail.as_str().trim_start_matches([' ', '-']));
    match found.name("unit")?.as_str().chars().next()? {
        'm' => seconds_from(now, amount, 60),
        'h' => seconds_from(now, amount, 3_600),
        'w' => seconds_from(now, amount, 7 * 86_400),
        // "Last 3 days" and "3-day sale" count today as one of them; "within 3 days" counts from now.
        _ if matches!(lead, "last" | "final")
            || matches!(tail, "only" | "sale" | "flash" | "deal" | "offer" | "event") =>
        {
            end_of(days_after(now.date(), amount - 1)?, None, now.time_zone())
        }
        _ => seconds_from(now, amount, 86_400),
    }
}

fn clock(found: &Captures<'_>) -> Option<(i64, i64)> {
    let hour = number(found, "hour")?;
    let hour = match found.name("half").map(|half| half.as_str().starts_with('p')) {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 24,
        _ => hour,
    };
    Some((hour, number(found, "minute").unwrap_or(0))).filter(|(hour, _)| *hour <= 24)
}

fn weekday_of(name: &str) -> Option<Weekday> {
    Some(match name.get(..3)? {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

macro_rules! words {
    (until) => {
        r"(?-u:\b)(?:until|till|through|thru|before|by|ends?|ending|expires?|expiring|valid[ \n](?:until|through|till|to)|closes?|closing|last[ \n]day(?:[ \n]is)?|deadline(?:[ \n]is)?|good[ \n](?:until|through)|up[ \n]to|runs?[ \n](?:to|until|through)|offer[ \n]ends|-|to|only)(?:[ \n](?:on|at|by|is))?:?[ \n]?"
    };
    (filler) => {
        r"(?:(?:midnight|on|at|the|end[ \n]of|close[ \n]of|coming|night),?[ \n]){0,4}"
    };
    (month) => {
        r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
    };
    (weekday) => {
        r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    };
    (clock) => {
        r"(?:,?[ \n](?:at[ \n])?(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?[ \n]?(?P<half>am|pm|a\.m|p\.m))?"
    };
    (number) => {
        r"one|two|three|four|five|six|seven|eight|nine|ten"
    };
    (unit) => {
        r"hours?|hrs?|days?|minutes?|mins?|weeks?|months?"
    };
    (count) => {
        r"(?P<count>[0-9]{1,4}|one|two|three|four|five|six|seven|eight|nine|ten)[ -]?(?:more[ \n])?(?P<unit>hours?|hrs?|days?|minutes?|mins?|weeks?)"
    };
}

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        words!(until),
        words!(filler),
        r"(?:",
        words!(weekday),
        r"\.?,?[ \n])?",
        r"(?:(?P<iso_year>20[0-9]{2})[-/.](?P<iso_month>[0-9]{1,2})[-/.](?P<iso_day>[0-9]{1,2})(?-u:\b)",
        r"|(?P<us_month>[0-9]{1,2})/(?P<us_day>[0-9]{1,2})(?:/(?P<us_year>(?:20)?[0-9]{2}))?(?-u:\b)",
        r"|(?P<month>",
        words!(month),
        r")\.?[ \n](?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?-u:\b)(?:[ \n]?-[ \n]?(?P<range_day>[0-9]{1,2})(?-u:\b))?",
        r"|(?P<day_before>[0-9]{1,2})(?:st|nd|rd|th)?[ \n](?:of[ \n])?(?P<month_after>",
        words!(month),
        r")(?-u:\b)\.?)",
        r"(?:,?[ \n](?P<year>20[0-9]{2})(?-u:\b))?",
        words!(clock),
    ))
    .ok()
});
static DAY_NUMBER_AFTER_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u:\b)(?:until|till|through|ends?|ending|expires?|valid|only)(?:[ \n](?:on|until|till|through))?[ \n]the[ \n](?P<day>[0-9]{1,2})(?:st|nd|rd|th)(?-u:\b)(?:[ \n]of[ \n]th(?:is|e)[ \n]month)?(?:[.,;!]|$|[ \n]only(?-u:\b))",
    )
    .ok()
});
static DAY_NUMBER_BEFORE_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u:\b)on[ \n]the[ \n](?P<day>[0-9]{1,2})(?:st|nd|rd|th)[ \n]only(?-u:\b)").ok());
static DAY_AFTER_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        words!(until), words!(filler),
        r"(?P<named>today|tonight|midnight|tomorrow|(?:this|next|the)?[ \n]?(?:weekend|week|month|year)|(?:next[ \n]|this[ \n])?",
        r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))(?-u:\b)", words!(clock),
    ))
    .ok()
});
static DAY_BEFORE_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?P<named>today|tonight|tomorrow|this[ \n]weekend|this[ \n]week|(?:this[ \n])?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))",
        words!(clock), r"[ \n](?:only|is[ \n]the[ \n]last[ \n]day|is[ \n]your[ \n]last)",
    ))
    .ok()
});
static FROM_RECEIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?:valid|good|yours)[ \n]for[ \n](?:only[ \n])?(?P<valid>[0-9]{1,4}|",
        words!(number), r")[ -](?P<valid_unit>", words!(unit), r")(?-u:\b)",
        r"|(?:(?-u:\b)(?:when|if)[ \n]you[ \n](?:order|buy|shop|check[ \n]?out)|(?-u:\b)your[ \n](?:cart|basket|bag|shopping)(?-u:\b)[^.!?]{0,120}?)[ \n](?:it[ \n])?within[ \n](?P<own>[0-9]{1,4}|",
        words!(number), r")[ -](?P<own_unit>", words!(unit), r")(?-u:\b)",
        r"|(?-u:\b)(?P<after>[0-9]{1,4}|",
        words!(number), r")[ -](?P<after_unit>", words!(unit), r")[ \n](?:of|from|after)[ \n]",
        r"(?:(?:the[ \n])?(?:day|date)[ \n](?:of[ \n])?)?(?:you[ \n](?:receive|get)|your[ \n](?:receipt|registration)|receiving|receipt|getting|activat|registration|sign(?:ing)?[ -]?up|this[ \n](?:e-?mail|text|message|sms))",
    ))
    .ok()
});
static COUNTDOWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(r"(?-u:\b)(?:last|final|ends[ \n]in|ending[ \n]in)[ \n](?:the[ \n])?", words!(count))).ok()
});
static TIME_AFTER_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?P<lead>within|ends[ \n]in|ending[ \n]in|expires[ \n]in|for|next|only|just|last|final)[ \n](?:the[ \n])?(?:next[ \n]|only[ \n]|just[ \n]|last[ \n]|final[ \n])?",
        words!(count), r"(?-u:\b)(?P<tail>[ -](?:only|left|remaining|to[ \n]go|sale|flash|deal|offer|event))?",
    ))
    .ok()
});
static TIME_BEFORE_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?P<lead>)",
        words!(count),
        r"(?P<tail>[ -](?:only|left|remaining|to[ \n]go|sale|flash|deal|offer|event))(?-u:\b)",
    ))
    .ok()
});
