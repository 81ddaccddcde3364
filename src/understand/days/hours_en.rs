//! Hours of the day in English, with or without their half of the day: "11:59pm", "17h30", "half past four", and "till 4", "by 9
//! tomorrow night", "today 10-3", "shutters down 4.30", where nothing follows that the number might count.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::understand::amounts::numerals::english;
use crate::understand::days::calendar::end_of;
use crate::understand::patterns::{pattern, says};

/// What is written for the next day.
const TOMORROW: [&str; 6] = ["tomorrow", "tmrw", "tmr", "tmw", "tomoz", "2mor"];

/// "Tonight", "this evening": the hours are those behind noon.
pub(in crate::understand) fn is_night(named: &str) -> bool {
    ["night", "nite", "evening", "this eve"].iter().any(|night| named.contains(night))
}

/// "Tomorrow night", `tmrw`: not this day.
pub(in crate::understand) fn is_tomorrow(named: &str) -> bool {
    TOMORROW.iter().any(|tomorrow| named.starts_with(tomorrow))
}

/// Ends what was said: nothing follows that a number before it counts.
pub(in crate::understand) fn is_alone(tail: &str) -> bool {
    says(&ALONE, tail)
}

/// An hour without its half of the day, of a day so named: shops close in the afternoon.
pub(in crate::understand) fn half_of_day(hour: i64, day: &str) -> i64 {
    let is_afternoon = ["afternoon", "arvo", "avo", "aft"].iter().any(|word| day.contains(word));
    // "Tonight at 12" is midnight.
    let later = hour < 8 && !day.contains("morn") || is_night(day) || is_afternoon && hour < 12;
    if later { hour + 12 } else { hour }
}

/// "By 9 today", said at noon, is nine in the evening.
pub(in crate::understand) fn later_half(now: &Zoned, at: Timestamp, hour: i64) -> Timestamp {
    let later = at.checked_add(SignedDuration::from_hours(12)).unwrap_or(at);
    let is_today = later.duration_since(now.timestamp()) < SignedDuration::from_hours(12);
    if at <= now.timestamp() && hour < 12 && is_today { later } else { at }
}

/// When it is that hour of a day so named ("this morning", "tomorrow night", or nothing: this day): "from 9 in the morning", said at
/// ten, is of the next one, and "till 9 this morning" is over: none.
pub(in crate::understand) fn at_hour_of(now: &Zoned, day: &str, (hour, minute): (i64, i64)) -> Option<Timestamp> {
    let date = if is_tomorrow(day) { now.date().tomorrow().ok()? } else { now.date() };
    let hour = half_of_day(hour, day);
    let at = end_of(date, Some((hour, minute)), now.time_zone())?;
    if at <= now.timestamp() && day.contains("morn") {
        let next = (day == "morning").then(|| date.tomorrow().ok())??;
        return end_of(next, Some((hour, minute)), now.time_zone());
    }
    Some(later_half(now, at, hour))
}

/// "b4 2 today", "@5", "today 10-3": the day of an hour that stands by itself.
pub(in crate::understand) fn lone_hour_of<'w>(lead: &'w str, tail: &'w str) -> Option<&'w str> {
    let day = |pattern: &LazyLock<Option<Regex>>, words: &'w str| {
        pattern.as_ref()?.captures(words)?.get(1).map(|day| day.as_str())
    };
    if let Some(day) = day(&HOUR_OF, tail) {
        return Some(day);
    }
    // A name longer than this is none of a day.
    let near = lead.get(lead.floor_char_boundary(lead.len().saturating_sub(SPAN_BYTES_MAX))..).unwrap_or(lead);
    let is_from = ["from ", "between "].iter().any(|from| near.contains(from));
    if !is_alone(tail) && !is_from {
        return None;
    }
    if is_from && !is_alone(tail) {
        return day(&HOURS_OF, near);
    }
    let is_either = tail.trim_start_matches([',', ' ']).starts_with("whichever") && lead.ends_with(" at ");
    let says_end = || is_either || lead.trim_end_matches(' ').ends_with('@') || says(&ENDS_AT, lead);
    day(&HOURS_OF, near).or_else(|| says_end().then_some("today"))
}

/// How far back the day stands whose hours are told.
const SPAN_BYTES_MAX: usize = 48;

/// "Half past four", "quarter to 5", "ten am".
fn in_words(written: &str) -> Option<(i64, i64)> {
    let minutes = if written.starts_with("half") {
        30
    } else if written.starts_with("quarter") {
        if written.contains("to ") { -15 } else { 15 }
    } else {
        0
    };
    let hour = written.split([' ', '\n']).find_map(|word| {
        let spelled = english(word).filter(|hour| *hour <= 12).and_then(|hour| i64::try_from(hour).ok());
        spelled.or_else(|| if minutes == 0 { None } else { word.parse().ok() })
    })?;
    let hour = match written.trim_end_matches('.').rsplit([' ', '\n']).next()? {
        "am" | "a.m" => hour % 12,
        "pm" | "p.m" => hour % 12 + 12,
        _ if hour < 8 => hour + 12,
        _ => hour,
    };
    let told = hour * 60 + minutes;
    Some((told / 60, told % 60))
}

/// `6 pm`, `11:59pm`, `18:00`, `midnight` (the end of the day), `noon`.
pub(in crate::understand) fn clock_of(written: &str) -> Option<(i64, i64)> {
    match written.trim_start_matches("12").trim_start() {
        "midnight" | "midnite" | "mn" | "eod" | "cob" | "close of business" | "close of play" | "end of day" => {
            return Some((24, 0));
        }
        "noon" | "midday" | "nn" => return Some((12, 0)),
        _ => {}
    }
    if let Some(told) = in_words(written) {
        return Some(told);
    }
    // "17h30", "1730hrs".
    let is_french = written.split_once('h').is_some_and(|(hour, minute)| {
        hour.len() <= 2 && minute.len() == 2 && minute.bytes().all(|c| c.is_ascii_digit())
    });
    let hours = written.replacen('h', ":", 1);
    let written = if is_french { hours.as_str() } else { written };
    let digits = written.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(written.len());
    if digits == 4 && !written[..digits].contains([':', '.']) {
        let (hour, minute) = (written[..2].parse::<i64>().ok()?, written[2..4].parse::<i64>().ok()?);
        return (hour <= 24).then_some((hour, minute));
    }
    let (hour, minute) = written[..digits].split_once([':', '.']).unwrap_or((&written[..digits], "0"));
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse().ok()?);
    let half = written[digits..].trim_start().chars().next();
    let hour = match half {
        Some('p') if hour < 12 => hour + 12,
        Some('a') if hour == 12 => 24,
        _ => hour,
    };
    (hour <= 24).then_some((hour, minute))
}

/// "Today at 12, full or not", "@5. Two hrs": nothing that an hour or a date might count.
static ALONE: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[ \n]?$|[,;!?)]|\.(?:[^0-9]|$)|\n|[ \n](?:or|and|&|then|til|so|as|sharp|when|on|in|at|-|@|only|for)(?:[ \n]|[,.!]|$)|[ \n][(])"
);
/// "Closing at 4", "everything half price till 6", "shutters down 4.30", "between now and 5".
static ENDS_AT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:until|untill|till?|'til|(?:until|till?)[ \n](?:[a-z]{2,12}[ \n]){1,5}at|(?:today|tonight|tonite),?[ \n](?:by|before|b4)|between[ \n]now[ \n](?:and|&)|now[ \n]?(?:-|to)|(?:ends?|ending|clos(?:es?|ing)|shuts?|shutting|finish(?:es|ing)?|expires?|gone|over|closing[ \n]time|close[ \n]up|pack(?:ing)?[ \n]up|shutters?[ \n](?:(?:come|go|are)[ \n])?down|doors?[ \n]shut)(?:[ \n](?:at|by|@))|(?:ends|clos(?:es|ing)|shuts|shutting|finishes|shutters?[ \n](?:(?:come|go)[ \n])?down|doors?[ \n]shut))[ \n]$"
);
/// "Till 9 this morning", "by 9 tomorrow night", "4 sharp".
static HOUR_OF: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:in[ \n]the[ \n])?(sharp|prompt|today|2day|tonight|tonite|2nite|this[ \n](?:morning|morn|evening|eve|afternoon|arvo|aft|avo)|(?:tomorrow|tmrw|tmr|tmw|tomoz|2moro|2morrow)(?:[ \n](?:night|evening|morning|afternoon|arvo))?|arvo|morning|afternoon|evening)(?-u:\b)"
);
/// "Today 10-", "tonight between 7 and": the other hour stands before.
static HOURS_OF: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(today|2day|tonight|tonite|2nite|this[ \n](?:morning|evening|afternoon|arvo)|tomorrow|tmrw|tmr|tmw|tomoz|2moro)(?:[ \n]only)?[,:]?[ \n](?:from[ \n]|between[ \n]|at[ \n])?[0-9]{1,2}(?:[.:][0-9]{2})?[ \n]?(?:am|pm)?[ \n]?(?:-|to|til|till|until|and|&)[ \n]?$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_told_in_words() {
        for (words, told) in [
            ("half past four", Some((16, 30))),
            ("half 4", Some((16, 30))),
            ("quarter to 5", Some((16, 45))),
            ("quarter past ten", Some((10, 15))),
            ("ten am", Some((10, 0))),
            ("nine pm", Some((21, 0))),
            ("twelve pm", Some((12, 0))),
            ("five o'clock", Some((17, 0))),
            ("midnite", Some((24, 0))),
            ("6 pm", Some((18, 0))),
        ] {
            assert_eq!(clock_of(words), told, "{words}");
        }
    }

    #[test]
    fn an_hour_stands_by_itself_beside_a_day() {
        for (lead, tail, day) in [
            ("two quid off till ", ".", Some("today")),
            ("till ", " this morning", Some("this morning")),
            ("by ", " tomorrow night", Some("tomorrow night")),
            ("tomorrow 10-", ", cash only", Some("tomorrow")),
            ("tonight between 7 and ", " only", Some("tonight")),
            ("shutters come down ", " & we're off", Some("today")),
            ("come between now and ", " & win", Some("today")),
            ("buy till ", " people come", None),
            ("tables for kids up to ", "", None),
            ("we have ", " left", None),
        ] {
            assert_eq!(lone_hour_of(lead, tail), day, "{lead}|{tail}");
        }
    }
}
