//! At which hour is it over, where whoever presses says so in words of their own? "At 9pm the needle gets put away", "on Monday at
//! midnight Geraint shuts the laptop", "our crowdfunder goes to sleep tomorrow at 11pm": no verb tells an end, but a seller who
//! hurries the reader and names one hour, and no other, names the hour at which it is over.

use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::{SignedDuration, Zoned};
use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::ends::claim::{Claim, ClaimedEnd};
use crate::understand::ends::deadlines::likely_claim;
use crate::understand::ends::ends_en::lead_of;
use crate::understand::ends::happens_en::{BEGINS_AT, IS_USED, OPEN, RECURS, STARTS};
use crate::understand::ends::no_end_en::is_no_end;
use crate::understand::lexicon::Cue;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// Hours further ahead than this are of something that happens then.
const AHEAD_HOURS_MAX: i64 = 7 * 24;

/// The only hour that a message names, where nothing else in it ends.
pub(in crate::understand) fn only_hour(now: &Zoned, readings: &[Reading<'_>]) -> Option<Claim> {
    let mut found: Option<(usize, usize, &Moment)> = None;
    for (part, reading) in readings.iter().enumerate() {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            if !sentence.has_digit && !sentence.cues.has(Cue::MayEnd) {
                continue;
            }
            let words = reading.words(sentence);
            for moment in sentence.named.english(now, words).iter().filter(|moment| is_hour(now, words, moment)) {
                // Two hours are a timetable.
                if found.as_ref().is_some_and(|(_, _, other)| other.at != moment.at) || !may_be_last(now, words, moment)
                {
                    return None;
                }
                found = found.or(Some((part, index, moment)));
            }
        }
    }
    let (part, index, moment) = found?;
    let start = readings.get(part)?.sentences.get(index)?.range.start;
    let end = ClaimedEnd {
        instant: Some(moment.at),
        kind: moment.kind,
        range: start + moment.range.start..start + moment.range.end,
        is_stretch: false,
        names_today: moment.is_this_day || moment.is_clock,
    };
    likely_claim(readings, (part, index), end)
}

/// True of "9pm", "Monday at midnight", "tomorrow at 11", and of no day.
fn is_hour(now: &Zoned, words: &str, moment: &Moment) -> bool {
    let own = words.get(moment.range.clone()).unwrap_or_default();
    moment.at.to_zoned(now.time_zone().clone()).time() != Time::midnight()
        || own.contains("midnight")
        || own.contains("11:59")
        || own.ends_with("day night")
}

fn may_be_last(now: &Zoned, words: &str, moment: &Moment) -> bool {
    let lead = lead_of(words, moment.range.start);
    let tail = words.get(moment.range.end..).unwrap_or_default();
    let ahead = moment.at.duration_since(now.timestamp());
    let is_near = ahead > SignedDuration::ZERO && ahead <= SignedDuration::from_hours(AHEAD_HOURS_MAX);
    let happens = [&RECURS, &BEGINS_AT, &STARTS, &OPEN, &IS_USED].iter().any(|happens| says(happens, lead));
    is_near
        && !moment.is_range
        && !happens
        && !says(&HAPPENS, words)
        && !says(&RUNS_ON, tail)
        && !is_no_end(lead, lead, tail, moment)
}

/// What something that happens at an hour is called, and what it does: of none of it is the hour the end.
static HAPPENS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:open(?:s|ed|ing)?|doors|start(?:s|ed|ing)?|begin(?:s|ning)?|began|kick-?off|launch(?:es|ing)?|drops?|dropping|lands?|live|from|since|after|show|gig|concert|match|game|session|class|flight|train|ferry|boat|sails?|departs?|arriv(?:e|es|al)|deliver(?:y|s|ed|ies)?|appointment|appt|meet(?:ing)?|webinar|masterclass|tour|served|serving|hours|yesterday|lines|slot|spot|spaces?|seats?|tables?|courses?|pilates|yoga|dinner|came|went|put[ \n](?:it|them)|out[ \n]at|(?:do|wo)n'?t[ \n]be)(?-u:\b)"
);
/// "9pm-11pm": it goes on.
static RUNS_ON: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?(?:-|to[ \n]|till?[ \n]|until[ \n]|and[ \n][0-9])");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::days::calendar::tests::local;

    #[test]
    fn the_only_hour_of_a_seller_is_the_end() {
        // A Friday.
        let now: Zoned = "2026-11-20T10:00:00+00:00[Europe/London]".parse().unwrap();
        let told = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            let readings = [Reading::of(0, &part)];
            let at = only_hour(&now, &readings).and_then(|claim| claim.deadlines.first()?.instant);
            at.map(|at| local(&now, at))
        };
        for (text, wanted) in [
            ("Flash sheet $80 not $130, needle gets put away at 9pm & so does the price", "2026-11-20T21:00"),
            ("On Monday at midnight Geraint puts the laptop away.", "2026-11-24T00:00"),
            ("25% cheaper. Agnes locks up at half four, she has bowls", "2026-11-20T16:30"),
            ("Our crowdfunder goes to sleep tomorrow at 11pm", "2026-11-21T23:00"),
            ("The courier takes the final bag on Wednesday at 6pm.", "2026-11-25T18:00"),
            ("When it gutters out on Sunday night, so does the code", "2026-11-23T00:00"),
        ] {
            assert_eq!(told(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "Only 6 seats left for the show tonight, doors 7pm",
            "Sat pilates 9am has 1 space",
            "The sale starts at 9pm",
            "Open till 9pm",
            "Vouchers at 9pm and 10pm",
            "Table of 6 just fell through, tomorrow 8pm",
            "They came at 9 this morning and were gone by 11am",
            "We meet every Friday at 6pm",
            "9am-11am at the hall",
            "Grab it before Friday",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
