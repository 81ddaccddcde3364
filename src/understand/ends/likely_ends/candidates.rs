//! The moments of a message that lie ahead: its days and hours, and its stretches of time from now, whatever is said of them.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, Zoned};
use regex::{Captures, Regex};

use crate::understand::amounts::numerals::english;
use crate::understand::days::calendar::{count, seconds_from};
use crate::understand::days::hours_en::{at_hour_of, is_alone};
use crate::understand::days::moments::Moment;
use crate::understand::ends::deadlines::AHEAD_DAYS_MAX;
use crate::understand::ends::{stretches_en, stretches_zh};
use crate::understand::lexicon::Cue;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// Moments weighed of one message.
const CANDIDATES_MAX: usize = 32;

/// What sort of moment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// "48 hours": from now on.
    Stretch,
    /// No more than a clock time.
    Clock,
    /// A whole month.
    Month,
    /// Told with its beginning.
    Range,
    /// This very day.
    ThisDay,
    /// No more than a day of the week.
    Weekday,
    /// Another day that counts from now.
    Relative,
    /// A date of the calendar.
    Date,
}

impl Sort {
    fn of(moment: &Moment) -> Sort {
        if moment.is_clock {
            Sort::Clock
        } else if moment.month_begins.is_some() {
            Sort::Month
        } else if moment.is_range {
            Sort::Range
        } else if moment.is_this_day {
            Sort::ThisDay
        } else if moment.is_bare {
            Sort::Weekday
        } else if moment.kind == DeadlineKind::Relative {
            Sort::Relative
        } else {
            Sort::Date
        }
    }
}

/// A moment that may be an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Index into the readings.
    pub reading: usize,
    /// Index of the sentence.
    pub sentence: usize,
    /// Its words, in the normalised text.
    pub range: Range<usize>,
    /// The end of it.
    pub at: Timestamp,
    /// The begin of it, where it is a day or more.
    pub begins: Option<Timestamp>,
    /// What sort of claim it would be.
    pub kind: DeadlineKind,
    /// What sort of moment it is.
    pub sort: Sort,
    /// As its sentence names it; none where it is a stretch of time.
    pub moment: Option<Moment>,
}

impl Candidate {
    /// Told as a stretch of time from now.
    pub fn is_stretch(&self) -> bool {
        self.sort == Sort::Stretch
    }

    /// It ends or begins then.
    pub fn is_at(&self, at: Timestamp) -> bool {
        at == self.at || Some(at) == self.begins
    }

    /// Told as this very day.
    pub fn is_this_day(&self) -> bool {
        self.sort == Sort::ThisDay
    }
}

/// The moments of a message that lie ahead, in the order in which they stand.
pub(super) fn candidates_in(now: &Zoned, readings: &[Reading<'_>]) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (part, reading) in readings.iter().enumerate() {
        let is_chinese = reading.has_chinese();
        for (index, sentence) in reading.sentences.iter().enumerate() {
            if all.len() >= CANDIDATES_MAX {
                return all;
            }
            let may = sentence.cues.has(Cue::MayEnd) || sentence.has_digit && sentence.cues.has(Cue::MayBeDate);
            if !may {
                continue;
            }
            let words = reading.words(sentence);
            let days = if is_chinese { sentence.named.chinese(now, words) } else { sentence.named.english(now, words) };
            let stretches = stretches_in(now, words, days);
            let hours = if is_chinese { Vec::new() } else { hours_in(now, words, days) };
            let from = all.len();
            let place = |words: &Range<usize>| sentence.range.start + words.start..sentence.range.start + words.end;
            all.extend(days.iter().map(|moment| Candidate {
                reading: part,
                sentence: index,
                range: place(&moment.range),
                at: moment.at,
                begins: moment.month_begins.or(moment.begins).or_else(|| begin_of_day(now, moment)),
                kind: moment.kind,
                sort: Sort::of(moment),
                moment: Some(moment.clone()),
            }));
            let counted = |sort: Sort| {
                move |(words, at): (Range<usize>, Timestamp)| Candidate {
                    reading: part,
                    sentence: index,
                    range: place(&words),
                    at,
                    begins: None,
                    kind: DeadlineKind::Relative,
                    sort,
                    moment: None,
                }
            };
            all.extend(stretches.into_iter().map(counted(Sort::Stretch)));
            all.extend(hours.into_iter().map(counted(Sort::Clock)));
            // What is over, or further ahead than any promise, takes no place.
            let mut own = all.split_off(from);
            own.retain(|candidate: &Candidate| {
                let ahead = candidate.at.duration_since(now.timestamp());
                ahead.is_positive() && ahead <= SignedDuration::from_hours(24 * AHEAD_DAYS_MAX)
            });
            own.sort_by_key(|candidate| candidate.range.start);
            own.truncate(CANDIDATES_MAX - from);
            all.append(&mut own);
        }
    }
    all
}

/// When the day begins that a moment is the end of, where no clock time is told.
fn begin_of_day(now: &Zoned, moment: &Moment) -> Option<Timestamp> {
    let end = moment.at.to_zoned(now.time_zone().clone());
    let is_day = !moment.is_clock && end.time() == Time::midnight();
    Some(end.yesterday().ok().filter(|_| is_day)?.timestamp())
}

/// "48 hours", 三天: so long from now, where no day or hour stands there.
fn stretches_in(now: &Zoned, words: &str, days: &[Moment]) -> Vec<(Range<usize>, Timestamp)> {
    let Some(stretch) = STRETCH.as_ref() else { return Vec::new() };
    let read = |found: Captures<'_>| {
        let group = |names: [&str; 2]| names.into_iter().find_map(|name| found.name(name)).map(|group| group.as_str());
        let (whole, unit) = (found.get(0)?.range(), group(["unit", "unit_zh"])?);
        let seconds = if unit.is_ascii() { stretches_en::seconds_of(unit)? } else { stretches_zh::seconds_of(unit) };
        let is_other = days.iter().any(|day| day.range.start < whole.end && whole.start < day.range.end);
        let at = seconds_from(now, count(group(["count", "count_zh"])?)?, seconds).filter(|_| !is_other)?;
        Some((whole, at))
    };
    stretch.captures_iter(words).filter_map(read).take(CANDIDATES_MAX).collect()
}

/// "Till the shutters come down at six", "at 8 the phones go off", "up to nine": an hour by itself, of this day or the next one.
fn hours_in(now: &Zoned, words: &str, days: &[Moment]) -> Vec<(Range<usize>, Timestamp)> {
    let Some(hour) = HOUR.as_ref() else { return Vec::new() };
    let read = |found: Captures<'_>| {
        let (written, minute) = (found.name("hour")?, found.name("minute").map(|minute| minute.as_str()));
        let end = found.name("minute").map_or(written.end(), |minute| minute.end());
        let range = written.start()..end;
        let tail = words.get(end..)?;
        let day = DAY_BEHIND.as_ref()?.captures(tail).and_then(|found| Some(found.get(1)?.as_str()));
        let is_other = days.iter().any(|day| day.range.start < end && range.start < day.range.end);
        if is_other || day.is_none() && !is_alone(tail) && !says(&CLAUSE_BEHIND, tail) {
            return None;
        }
        let hour =
            english(written.as_str()).map_or_else(|| written.as_str().parse().ok(), |hour| i64::try_from(hour).ok())?;
        let minute = minute.map_or(Some(0), |minute| minute.parse().ok())?;
        Some((range, at_hour_of(now, day.unwrap_or_default(), (hour, minute))?))
    };
    hour.captures_iter(words).filter_map(read).take(CANDIDATES_MAX).collect()
}

static HOUR: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:at|by|til|till|until|to|from|of|strikes|before|b4|after|closes?|closed|that's|nearly|about|@|past)[ \n]?(?P<hour>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|1[0-2]|[1-9])(?:[.:](?P<minute>[0-5][05]))?(?-u:\b)"
);
static DAY_BEHIND: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n](?:sharp[ \n]|in[ \n]the[ \n])?(today|tonight|tonite|this[ \n](?:morning|afternoon|evening|arvo)|tomorrow(?:[ \n](?:morning|night|evening|afternoon))?|tmrw|tmr|tomoz|morning|afternoon|evening|sharp)(?-u:\b)"
);
/// "At nine the needle gets put away", "at 8 I close the book".
static CLAUSE_BEHIND: LazyLock<Option<Regex>> =
    pattern!(r"^,?[ \n](?:the|we|i|my|our|it|this|that|they|she|he|because|if|after|cos|n)(?-u:\b)");
static STRETCH: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?P<count>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty-four|forty-eight|seventy-two|an)[ \n-]?(?:more[ \n]|short[ \n])?(?P<unit>hours?|hrs?|h|minutes?|mins?|days?|weeks?)(?-u:\b)",
    r"|(?P<count_zh>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})[ ]?(?P<unit_zh>个?小时|个?钟头?|分钟|天|个星期|周)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;

    fn now() -> Zoned {
        "2026-11-20T10:00:00+00:00[Europe/London]".parse().unwrap()
    }

    #[test]
    fn hours_by_themselves_are_of_this_day_or_the_next() {
        for (words, told) in [
            ("till the shutters come down at six.", Some("2026-11-20T18:00")),
            ("at 8 the phones go off", Some("2026-11-20T20:00")),
            ("i pick up the phone up to nine, after which i'm at choir", Some("2026-11-20T21:00")),
            ("when st mary's clock strikes four the book tables get folded", Some("2026-11-20T16:00")),
            ("full price from 9 in the morning", Some("2026-11-21T09:00")),
            ("the order goes at twelve tomorrow", Some("2026-11-21T12:00")),
            ("doors close 5.30 and we're off", Some("2026-11-20T17:30")),
            ("two of 6 boxes", None),
            ("from 3 people", None),
            ("at 4 kings road", None),
        ] {
            let hours: Vec<String> = hours_in(&now(), words, &[]).iter().map(|(_, at)| local(&now(), *at)).collect();
            assert_eq!(hours.first().map(String::as_str), told, "{words}");
        }
    }

    #[test]
    fn stretches_count_from_now() {
        for (words, told) in [
            ("72hrs. that's how long it is £399", Some("2026-11-23T10:00")),
            ("book inside 48 hours", Some("2026-11-22T10:00")),
            ("dies in 57 min", Some("2026-11-20T10:57")),
            ("only by another twelve hours", Some("2026-11-20T22:00")),
            ("抢单还剩三个小时", Some("2026-11-20T13:00")),
            ("只留两天", Some("2026-11-22T10:00")),
            ("48 boxes", None),
        ] {
            let found: Vec<String> =
                stretches_in(&now(), words, &[]).iter().map(|(_, at)| local(&now(), *at)).collect();
            assert_eq!(found.first().map(String::as_str), told, "{words}");
        }
    }
}
