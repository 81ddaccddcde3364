//! The moments English words name: `Nov 30 at 6 pm PST`, `20-24 November`, `this weekend`, `Cyber Monday`.
//! Whether one of them is an end is for `ends_en` to say.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::{ToSpan, Zoned};
use regex::{Captures, Match, Regex};

use crate::understand::days::calendar::{
    date_in_figures, date_of, day_of_month, days_after, end_of, monday_of, number,
};
use crate::understand::days::holidays::{self, holiday};
use crate::understand::days::hours_en::{
    at_hour_of, clock_of, half_of_day, is_alone, is_night, later_half, lone_hour_of,
};
use crate::understand::days::in_month_en::in_their_month;
use crate::understand::days::moments::{Moment, told_once};
use crate::understand::days::zones::{self, zone_of};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// Moments looked at in one sentence.
const MOMENTS_MAX: usize = 12;

/// The moments in normalised words, in order.
pub(in crate::understand) fn moments_in(now: &Zoned, words: &str) -> Vec<Moment> {
    let Some(pattern) = MOMENT.as_ref() else { return Vec::new() };
    let (mut moments, mut from) = (Vec::new(), 0);
    while moments.len() < MOMENTS_MAX
        && let Some(found) = pattern.captures_at(words, from)
        && let Some(whole) = found.get(0)
    {
        // In "code MAY15 thru 5/17" the 5 is of the date behind it.
        let is_cut = found.name("range_day").is_some_and(|day| {
            let mut tail = words[day.end()..].chars();
            matches!(tail.next(), Some('/' | '.' | ':')) && tail.next().is_some_and(|c| c.is_ascii_digit())
        });
        // "Thru Oct. 2-hr sail": the 2 is of the next sentence.
        let is_of_next = |day: &Match<'_>| {
            let tail = &words[day.end()..];
            // "Jan 2-Mar 31".
            let is_stretch = || says(&TO_A_MONTH, tail);
            says(&OF_NEXT, tail) && !is_stretch()
        };
        if let Some(day) = found.name("day").filter(is_of_next) {
            let cut = &words[..day.start()];
            moments.extend(pattern.captures_at(cut, from).and_then(|found| moment(now, &found, cut)));
            from = day.end();
        } else if is_cut {
            from = found.name("day").map_or(whole.end(), |day| day.end());
        } else {
            let told = moment(now, &found, words);
            from = told.as_ref().map_or(0, |told| told.range.end).max(whole.end());
            moments.extend(told);
        }
    }
    in_their_month(now, words, told_once(now, words, moments))
}

fn moment(now: &Zoned, found: &Captures<'_>, words: &str) -> Option<Moment> {
    let mut range = found.get(0)?.range();
    // "Today at 12", "Friday @5": an hour by itself, where nothing follows that it might count.
    let hour = found.name("hour").filter(|hour| is_alone(&words[hour.end()..]));
    if hour.is_none() {
        range.end = found.name("hour_lead").map_or(range.end, |lead| lead.start());
    }
    let text = |name: &str| found.name(name).map(|part| part.as_str());
    let clock_words = text("clock").or_else(|| text("early"));
    let named = text("named").map(|named| named.replace('\n', " "));
    let clock = clock_words.and_then(clock_of);
    let zone = text("zone").or_else(|| text("early_zone")).and_then(|zone| zone_of(zone, now.time_zone()));
    let zone = zone.as_ref().unwrap_or(now.time_zone());
    let here = now.with_time_zone(zone.clone());
    let mut moment = Moment {
        range,
        at: now.timestamp(),
        begins: None,
        kind: DeadlineKind::Absolute,
        is_range: found.name("range_day").or_else(|| found.name("range_from")).is_some(),
        month_begins: None,
        is_bare: false,
        is_clock: false,
        is_this_day: false,
        is_name: false,
    };
    // "Tonight 11:59".
    let is_late = |hour: i64| (1..12).contains(&hour) && named.as_deref().is_some_and(is_night);
    let has_half = clock_words.is_some_and(|words| words.contains(['a', 'p']));
    let clock =
        clock.map(|(hour, minute)| if !has_half && is_late(hour) { (hour + 12, minute) } else { (hour, minute) });
    // "Til 1:30 today": shops close in the afternoon; 01:30 is written for the night.
    let is_morning = || named.as_deref().is_some_and(|named| named.contains("morning"));
    let is_half = clock_words.is_some_and(|words| !has_half && (words.contains(':') || words.ends_with("clock")))
        && !is_morning();
    let is_open = |hour: i64| is_half && (1..8).contains(&hour) && !clock_words.is_some_and(|w| w.starts_with('0'));
    let clock = clock.map(|(hour, minute)| if is_open(hour) { (hour + 12, minute) } else { (hour, minute) });
    let mut clock =
        clock.or_else(|| Some((half_of_day(hour?.as_str().parse().ok()?, named.as_deref().unwrap_or_default()), 0)));
    if let Some(date) = calendar_date(&here, found) {
        moment.at = end_of(date?, clock, zone)?;
        moment.begins = end_of(date?, Some((0, 0)), zone).filter(|_| clock.is_none());
        return Some(moment);
    }
    if let (Some(first), Some(second)) = (found.name("dot_first"), found.name("dot_second")) {
        let is_date = is_led_as_date(&words[..first.start()]) && is_alone(&words[second.end()..]);
        let date = date_in_figures(&here, None, number(found, "dot_first")?, number(found, "dot_second")?);
        let told = (number(found, "dot_first")?, number(found, "dot_second")?);
        let (lead, tail) = (&words[..first.start()], &words[second.end()..]);
        // "Shutters down 4.30", "until 9.30 tonight": an hour, where it is no date.
        if !is_date || lone_hour_of("", tail).is_some() {
            return at_hour(&here, moment, (lead, tail), told);
        }
        moment.at = end_of(date?, None, zone)?;
        return Some(moment);
    }
    if let Some(hour) = found.name("lone_hour") {
        let hours = hour.as_str().parse().ok()?;
        return at_hour(&here, moment, (&words[..hour.start()], &words[hour.end()..]), (hours, 0));
    }
    if let Some(month) = text("whole_month") {
        let named = month_of(month)?;
        let last = match number(found, "month_year") {
            Some(year) => date_of(&here, Some(year), named, 1)?.last_of_month(),
            None => last_of(&here, named)?,
        };
        moment.month_begins = end_of(last.first_of_month(), Some((0, 0)), zone);
        moment.at = end_of(last, clock, zone)?;
        return Some(moment);
    }
    if let Some(only) = text("only_clock") {
        let is_afternoon =
            only.trim_end_matches([' ', '\'', 'o', 'c', 'l', 'k']).bytes().all(|c| c.is_ascii_digit() || c == b':')
                && !only.starts_with('0');
        let clock = clock_of(only)
            .map(|(hour, minute)| (if is_afternoon && (1..8).contains(&hour) { hour + 12 } else { hour }, minute));
        let today = end_of(here.date(), clock, zone)?;
        let at = if today <= now.timestamp() { end_of(here.date().tomorrow().ok()?, clock, zone)? } else { today };
        return Some(Moment { at, kind: DeadlineKind::Relative, is_bare: true, is_clock: true, ..moment });
    }
    let mut named = named?;
    // "Until Mon 25": only where that day is a Monday; else the number is of what follows.
    if let Some(nth) = found.name("weekday_nth") {
        let weekday = weekday_of(&named);
        let date = number(found, "weekday_nth").and_then(|day| day_of_month(&here, day));
        let is_date = date.is_some_and(|date| Some(date.weekday()) == weekday)
            && (clock.is_some() || is_alone(&words[nth.end()..]));
        if let Some(date) = date.filter(|_| is_date) {
            moment.at = end_of(date, clock, zone)?;
            return Some(moment);
        }
        moment.range.end = nth.start();
        // "Sunday, 10.06pm": the number is of the clock.
        if let Some(found) = AT_CLOCK.as_ref().and_then(|clock| clock.find(&words[nth.start()..])) {
            clock = clock.or_else(|| clock_of(found.as_str()));
            moment.range.end = nth.start() + found.end();
        }
        named.truncate(named.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == ',').len());
        named = named.trim_end_matches(" the").to_owned();
    }
    moment.is_name = !matches!(named.as_str(), "weekend" | "week" | "month" | "year");
    let (name, is_weekend) = named.strip_suffix(" weekend").map_or((named.as_str(), false), |name| (name, true));
    if let Some(date) = holiday(here.date(), name) {
        let date = if is_weekend { end_of_long_weekend(date)? } else { date };
        moment.at = end_of(date, clock, zone)?;
        moment.begins = end_of(date, Some((0, 0)), zone).filter(|_| clock.is_none() && !is_weekend);
        return Some(moment);
    }
    moment.kind = DeadlineKind::Relative;
    let (date, is_bare) = named_day(here.date(), &named)?;
    (moment.is_bare, moment.is_this_day) = (is_bare, date == here.date() && !is_bare);
    let clock =
        clock.or_else(|| if named.ends_with("noon") && !named.ends_with("afternoon") { Some((12, 0)) } else { None });
    moment.at = end_of(date, clock, zone)?;
    moment.begins = end_of(date, Some((0, 0)), zone).filter(|_| clock.is_none());
    if hour.is_some() || is_half && moment.is_this_day {
        moment.at = later_half(now, moment.at, clock.map_or(0, |(hour, _)| hour));
    }
    Some(moment)
}

/// "Till 9 this morning", "today 10-3": an hour by itself, between the words before it and behind it.
fn at_hour(here: &Zoned, moment: Moment, (lead, tail): (&str, &str), (hour, minute): (i64, i64)) -> Option<Moment> {
    let day = lone_hour_of(lead, tail).filter(|_| hour <= 12 && minute < 60)?;
    let at = at_hour_of(here, day, (hour, minute))?;
    Some(Moment { at, kind: DeadlineKind::Relative, is_bare: true, is_clock: true, ..moment })
}

/// "Memorial Day weekend" ends with its Monday, "Thanksgiving weekend" with the Sunday behind it, Easter's with the
/// Monday behind it.
fn end_of_long_weekend(day: Date) -> Option<Date> {
    match i64::from(day.weekday().to_monday_zero_offset()) {
        0 => Some(day),
        6 => days_after(day, 1),
        days => days_after(day, 6 - days),
    }
}

/// "Ends 11.22": a date without its year, not a price.
fn is_led_as_date(lead: &str) -> bool {
    let lead = lead.trim_end_matches([' ', '\n', ':', '(']);
    [
        "ends", "ending", "end", "until", "till", "til", "thru", "through", "expires", "exp", "by", "before", "valid",
        "now", "-",
    ]
    .iter()
    .any(|word| lead.ends_with(word))
}

/// A date written out; `Some(None)` when it is written and is none.
fn calendar_date(now: &Zoned, found: &Captures<'_>) -> Option<Option<Date>> {
    let year = |name: &str| number(found, name).map(|year| if year < 100 { 2_000 + year } else { year });
    if let Some(year) = number(found, "iso_year") {
        return Some(
            number(found, "iso_month").and_then(|month| date_of(now, Some(year), month, number(found, "iso_day")?)),
        );
    }
    if let (Some(month), Some(day)) = (number(found, "us_month"), number(found, "us_day")) {
        return Some(date_in_figures(now, year("us_year"), month, day));
    }
    if let (Some(first), Some(second)) = (number(found, "dashed_first"), number(found, "dashed_second")) {
        return Some(date_in_figures(now, year("dashed_year"), first, second));
    }
    if let (Some(day), Some(month)) = (number(found, "dotted_day"), number(found, "dotted_month")) {
        return Some(date_of(now, year("dotted_year"), month, day));
    }
    if found.name("weekday_nth").is_none_or(|_| found.name("suffix").is_some())
        && let Some(day) = number(found, "nth").or_else(|| number(found, "weekday_nth"))
    {
        let date = day_of_month(now, day);
        let is_next = found.name("nth_month").is_some_and(|month| month.as_str().contains("next"));
        let is_soon = date.is_some_and(|date| date.month() == now.month() && date.year() == now.year());
        return Some(if is_next && is_soon { date.and_then(|date| date.checked_add(1.month()).ok()) } else { date });
    }
    let name = ["month", "month_after", "month_of"].into_iter().find_map(|name| found.name(name))?.as_str();
    let day = number(found, "range_day")
        .or_else(|| number(found, "day"))
        .or_else(|| number(found, "day_before"))
        .or_else(|| ordinal_of(found.name("nth_word")?.as_str()));
    let (year, month) = (year("year"), month_of(name));
    // "2 Jan-29 Feb", written for a leap year, is the whole of February.
    let is_leap_day = year.is_none() && (month, day) == (Some(2), Some(29));
    let told = |day| date_of(now, year, month?, day);
    Some(day.and_then(|day| told(day).or_else(|| if is_leap_day { told(28) } else { None })))
}

/// The day a name means, and whether it is a mere day of the week.
fn named_day(today: Date, named: &str) -> Option<(Date, bool)> {
    let next = named.contains("next ");
    let later = i64::from(next) * 7;
    let name = [
        "next ",
        "this coming ",
        "this ",
        "coming ",
        "the ",
        "end of the ",
        "end of this ",
        "end of ",
        "rest of the ",
        "next ",
    ]
    .iter()
    .fold(named, |name, lead| name.strip_prefix(lead).unwrap_or(name));
    let name =
        name.trim_start_matches("last day of the ").trim_start_matches("last day of ").trim_start_matches("this ");
    let first = name.split([' ', '-']).next()?;
    let date = match first {
        "day" if name.contains("after tomorrow") => days_after(today, 2)?,
        "today" | "tonight" | "tonite" | "2nite" | "2night" | "midnight" | "midnite" | "2day" | "eod" | "cob"
        | "day" | "business" | "close" | "evening" | "afternoon" | "morning" | "night" | "eve" | "arvo" | "aft"
        | "avo" => today,
        "tomorrow" | "tmrw" | "tmr" | "tmw" | "tomoz" | "2moro" | "2morrow" => today.tomorrow().ok()?,
        "weekend" | "week" | "wknd" | "wkend" => days_after(monday_of(today)?, 6 + later)?,
        "month" if next => today.checked_add(1.month()).ok()?.last_of_month(),
        "month" | "eom" => today.last_of_month(),
        "year" if next => today.checked_add(1.year()).ok()?.last_of_year(),
        "year" | "eoy" => today.last_of_year(),
        "a" => {
            let day = name.rsplit(' ').next()?;
            let (date, is_weekday) = named_day(today, day)?;
            return Some((days_after(date, 7)?, is_weekday && day.is_empty()));
        }
        _ if name.ends_with(" quarter") || name.starts_with('q') => last_of_quarter(today, first)?,
        weekday if name.ends_with(" week") => {
            let days = i64::from(weekday_of(weekday)?.since(today.weekday()));
            return Some((days_after(today, days + 7)?, false));
        }
        weekday => {
            let weekday = i64::from(weekday_of(weekday)?.to_monday_zero_offset());
            let date = days_after(monday_of(today)?, weekday + later)?;
            return Some((if date < today { days_after(date, 7)? } else { date }, true));
        }
    };
    Some((date, false))
}

/// "The end of Q1".
fn last_of_quarter(today: Date, which: &str) -> Option<Date> {
    let quarter: i8 = match which {
        "q1" | "first" => 1,
        "q2" | "second" => 2,
        "q3" | "third" => 3,
        _ => 4,
    };
    let last = Date::new(today.year(), quarter * 3, 1).ok()?.last_of_month();
    if last < today { Some(last.checked_add(1.year()).ok()?.last_of_month()) } else { Some(last) }
}

fn last_of(now: &Zoned, month: i64) -> Option<Date> {
    let first = Date::new(now.year(), i8::try_from(month).ok()?, 1).ok()?;
    let last = first.last_of_month();
    let is_gone = last < now.date();
    if is_gone { Some(first.checked_add(1.year()).ok()?.last_of_month()) } else { Some(last) }
}

fn month_of(name: &str) -> Option<i64> {
    i64::try_from(MONTHS.iter().position(|known| name.starts_with(known))? + 1).ok()
}

/// "The first of March".
fn ordinal_of(word: &str) -> Option<i64> {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    const TENS: [(&str, i64); 3] = [("fifteenth", 15), ("twentieth", 20), ("thirtieth", 30)];
    let place = WORDS.iter().position(|known| *known == word).and_then(|at| i64::try_from(at + 1).ok());
    place.or_else(|| TENS.iter().find(|(known, _)| *known == word).map(|(_, day)| *day))
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

/// The beginnings of the months' names.
pub(in crate::understand) const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Stands behind a number that counts hours or pieces.
static OF_NEXT: LazyLock<Option<Regex>> = pattern!(
    r"^(?:-[a-z]|[ \n]for[ \n]?(?:the[ \n]price|[a-z]{0,3}[$£€₹]?[ \n]?[0-9])|[ \n](?:hours?|hrs?|days?|weeks?|months?|mins?|minutes?|pack|x|pairs?|seats?|left)(?-u:\b)|[%.][0-9%])"
);

/// "Jan 2-Mar 31", "Thu Apr 10-Wed Apr 23".
static TO_A_MONTH: LazyLock<Option<Regex>> = pattern!(
    r"^-(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?[ \n])?(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?[ \n])?[0-9]"
);

static AT_CLOCK: LazyLock<Option<Regex>> = pattern!(r"^[0-9]{1,2}[:.][0-9]{2}[ \n]?[ap]\.?m(?-u:\b)");

static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
    const WEEKDAY: &str =
        r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)";
    const CLOCK: &str = r"(?:12[ \n]?(?:nn|mn|noon|midnight)(?-u:\b)|(?:half[ \n](?:past[ \n])?|quarter[ \n](?:past|to)[ \n])(?:1[0-2]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:[ \n]?[ap]m)?(?-u:\b)|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[ \n](?:[ap]m|o'?clock)(?-u:\b)|[0-9]{1,2}(?:[:.][0-9]{2})?[ \n]?(?:am(?-u:\b)|pm(?-u:\b)|a\.m\.?|p\.m\.?)|[0-9]{1,2}[ \n]?o'?clock(?-u:\b)|[0-2]?[0-9]h[0-5][0-9](?-u:\b)|[0-2][0-9][0-5][0-9][ \n]?h(?:ou)?rs(?-u:\b)|[0-9]{1,2}:[0-9]{2}(?-u:\b)|midnight|midnite|noon|midday)";
    const DAY: &str = r"[0-9]{1,2}(?:st|nd|rd|th)?";
    const JOIN: &str = r"[ \n]?(?:-|&|to|thru|through|until|till?|and)[ \n]?(?:the[ \n])?";
    let zone = |name: &str| format!(r"(?:[ \n]?\(?(?P<{name}>{})(?-u:\b)\)?)?", zones::NAMES);
    let figures = concat!(
        r"(?P<iso_year>20[0-9]{2})[-/.](?P<iso_month>[0-9]{1,2})[-/.](?P<iso_day>[0-9]{1,2})",
        r"|(?P<us_month>[0-9]{1,2})/(?P<us_day>[0-9]{1,2})(?:/(?P<us_year>(?:20)?[0-9]{2}))?",
        r"|(?P<dotted_day>[0-9]{1,2})\.(?P<dotted_month>[0-9]{1,2})\.(?P<dotted_year>(?:20)?[0-9]{2})",
        r"|(?P<dashed_first>[0-9]{1,2})-(?P<dashed_second>[0-9]{1,2})-(?P<dashed_year>20[0-9]{2})",
    );
    let month_first = format!(
        r"(?P<month>{MONTH})\.?[ \n]?(?:the[ \n])?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?-u:\b)(?:{JOIN}(?:{WEEKDAY}\.?,?[ \n])?(?P<range_day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?-u:\b))?"
    );
    let day_first = format!(
        r"(?:the[ \n])?(?:(?P<range_from>{DAY}){JOIN}(?:{WEEKDAY}\.?,?[ \n])?)?(?P<day_before>[0-9]{{1,2}})(?:st|nd|rd|th)?[ \n-]?(?:of[ \n])?(?P<month_after>{MONTH})(?-u:\b)\.?"
    );
    let in_words = format!(
        r"(?:the[ \n])?(?P<nth_word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|fifteenth|twentieth|thirtieth)[ \n]of[ \n](?P<month_of>{MONTH})"
    );
    let date = format!(
        r"(?:(?:this[ \n])?{WEEKDAY}\.?,?[ \n]\(?(?:the[ \n])?)?(?:{figures}|{month_first}|{day_first}|{in_words}|the[ \n](?P<nth>[0-9]{{1,2}})(?:st|nd|rd|th)(?P<nth_month>[ \n]of[ \n](?:next|this|the)[ \n]month)?)(?-u:\b)(?:,?[ \n-](?:of[ \n]|in[ \n])?(?P<year>20[0-9]{{2}})(?-u:\b))?"
    );
    let of_today = concat!(
        r"the[ \n]day[ \n]after[ \n]tomorrow|today|tonight|tonite|2nite|2night|2day|eom|eoy|(?:tomorrow|tmrw|tmr|tmw|tomoz|2moro|2morrow)(?:[ \n](?:night|evening|morning|afternoon|arvo))?|this[ \n](?:evening|eve|afternoon|arvo|avo|aft|morning)",
        r"|(?:the[ \n])?end[ \n]of[ \n](?:the[ \n]|this[ \n]|next[ \n])?(?:business(?:[ \n]day)?|day|week|weekend|month|year)|close[ \n]of[ \n]business|eod|cob",
        r"|(?:the[ \n])?end[ \n]of[ \n](?:the[ \n])?(?:q[1-4]|(?:first|second|third|fourth|last)[ \n]quarter)",
        r"|(?:the[ \n])?(?:year|month)[ -]end|(?:the[ \n])?last[ \n]day[ \n]of[ \n](?:the[ \n]|this[ \n])?(?:week|month|year)|(?:next|this[ \n]coming|this|the|coming)[ \n](?:weekend|wknd|wkend|week|month|year)|weekend|wknd|wkend|midnight|midnite",
    );
    let named = format!(
        r"(?P<named>(?:{})(?:[ \n]weekend)?|a[ \n]week[ \n](?:today|tomorrow|(?:on[ \n])?{WEEKDAY})|{WEEKDAY}[ \n]week|{WEEKDAY},?[ \n](?:the[ \n])?(?P<weekday_nth>[0-9]{{1,2}})(?P<suffix>st|nd|rd|th)?|(?:next[ \n]|this[ \n]coming[ \n]|this[ \n]|coming[ \n])?{WEEKDAY}(?:[ \n](?:night|evening|morning|afternoon|midnight|noon|lunchtime|teatime))?|{of_today})(?-u:\b)",
        holidays::names(false),
    );
    let whole_month = format!(
        r"(?:the[ \n])?(?:end[ \n]of[ \n]|all[ \n]of[ \n]|all[ \n])?(?P<whole_month>{MONTH})(?-u:\b)(?:,?[ \n](?P<month_year>20[0-9]{{2}})(?-u:\b))?"
    );
    Regex::new(&format!(
        r"(?-u:\b)(?:(?P<early>{CLOCK}|eod|cob|close[ \n]of[ \n](?:business|play)|end[ \n]of[ \n]day){},?[ \n](?:on[ \n]|of[ \n])?(?:the[ \n])?)?(?:{date}|{named}|{whole_month}|(?P<only_clock>{CLOCK})|(?P<dot_first>[0-9]{{1,2}})\.(?P<dot_second>[0-9]{{2}})(?-u:\b)|(?P<lone_hour>1[0-2]|[1-9])(?-u:\b))(?:,?[ \n]?\(?(?:at[ \n]|by[ \n]|@[ \n]?)?(?P<clock>{CLOCK})|(?P<hour_lead>[ \n](?:at[ \n]|@[ \n]?))(?P<hour>1[0-2]|[1-9])(?-u:\b))?{}",
        zone("early_zone"),
        zone("zone"),
    ))
    .ok()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn english_words_name_moments() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now = "2026-11-20T10:00:00+08:00".parse::<Timestamp>().unwrap().to_zoned(zone.clone());
        for (words, at) in [
            ("november 30", "2026-12-01T00:00"),
            ("the first of march", "2027-03-02T00:00"),
            ("the end of march 2027", "2027-04-01T00:00"),
            ("the 20th of december", "2026-12-21T00:00"),
            ("the 3rd to the 9th of march", "2027-03-10T00:00"),
            ("29 feb", "2027-03-01T00:00"),
            ("hogmanay", "2027-01-01T00:00"),
            ("xmas eve", "2026-12-25T00:00"),
            ("nov 30th, 2027", "2027-12-01T00:00"),
            ("30 november at 6 pm", "2026-11-30T18:00"),
            ("nov. 20-24", "2026-11-25T00:00"),
            ("20-24 november", "2026-11-25T00:00"),
            ("11/30", "2026-12-01T00:00"),
            ("30/11/26", "2026-12-01T00:00"),
            ("30.11.2026", "2026-12-01T00:00"),
            ("friday, december 4 at 23:59", "2026-12-05T00:00"),
            ("11:59 pm est on dec 1", "2026-12-02T13:00"),
            ("sunday at midnight pst", "2026-11-23T16:00"),
            ("sunday", "2026-11-23T00:00"),
            ("tomorrow at noon", "2026-11-21T12:00"),
            ("this weekend", "2026-11-23T00:00"),
            ("end of the month", "2026-12-01T00:00"),
            ("the end of november", "2026-12-01T00:00"),
            ("cyber monday", "2026-12-01T00:00"),
            ("eod", "2026-11-21T00:00"),
            ("the 25th", "2026-11-26T00:00"),
            ("easter monday 29 march", "2027-03-30T00:00"),
            ("easter monday", "2027-03-30T00:00"),
            ("11:59pm tomorrow (21 november)", "2026-11-22T00:00"),
            ("6pm sunday, 22 november", "2026-11-22T18:00"),
            ("black friday, 27 nov", "2026-11-28T00:00"),
            ("1 to 4 dec 2027", "2027-12-05T00:00"),
            ("fri 4 - sun 6 december", "2026-12-07T00:00"),
            ("memorial day weekend", "2027-06-01T00:00"),
            ("easter weekend", "2027-03-30T00:00"),
            ("today at 12", "2026-11-20T12:00"),
            ("tonight at 9", "2026-11-20T21:00"),
            ("12nn", "2026-11-20T12:00"),
            ("end of next month", "2027-01-01T00:00"),
            ("tonight at 12", "2026-11-21T00:00"),
            ("10 o'clock tonight", "2026-11-20T22:00"),
            ("5 o'clock today", "2026-11-20T17:00"),
            ("5 o'clock", "2026-11-20T17:00"),
            ("17h30 today", "2026-11-20T17:30"),
            ("1730hrs today", "2026-11-20T17:30"),
            ("friday week", "2026-11-28T00:00"),
            ("end of q1", "2027-04-01T00:00"),
            ("the end of the second quarter", "2027-07-01T00:00"),
            ("the 14th of next month", "2026-12-15T00:00"),
            ("the 14th of the month", "2026-11-15T00:00"),
            ("hallowe'en", "2026-11-01T00:00"),
            ("sunday, 10.06pm", "2026-11-22T22:06"),
            ("a week today", "2026-11-28T00:00"),
            ("a week on monday", "2026-12-01T00:00"),
            ("sat week", "2026-11-29T00:00"),
            ("weds 25 nov", "2026-11-26T00:00"),
            ("bank holiday monday", "2027-03-30T00:00"),
            ("canada day", "2027-07-02T00:00"),
            ("this wknd", "2026-11-23T00:00"),
            ("tomoz evening", "2026-11-22T00:00"),
            ("half past four today", "2026-11-20T16:30"),
        ] {
            let moments = moments_in(&now, words);
            assert_eq!(moments.len(), 1, "{words}: {moments:?}");
            let local = local(&now, moments[0].at);
            assert_eq!((local.as_str(), moments[0].range.clone()), (at, 0..words.len()), "{words}");
        }
    }
}
