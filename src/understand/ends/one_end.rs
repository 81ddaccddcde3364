//! Do several sentences tell one end? A day and the hour beside it, "last day!" beside a date, a stretch of time and the day it
//! leads to.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::understand::ends::beside_en;
use crate::understand::ends::claim::{Claim, ClaimedEnd};
use crate::understand::meaning::DeadlineKind;
use crate::understand::reading::Reading;

/// "Saturday is the last day. We close at 5pm": of that Saturday.
pub(in crate::understand) fn hours_of_their_days(now: &Zoned, readings: &[Reading<'_>], claims: &mut [Claim]) {
    let days: Vec<(usize, usize, Timestamp)> = claims
        .iter()
        .filter_map(|claim| match claim.ends.as_slice() {
            [only] if !only.names_today => Some((claim.reading, claim.sentence, only.instant?)),
            _ => None,
        })
        .collect();
    for claim in claims {
        let beside = |day: &&(usize, usize, Timestamp)| day.0 == claim.reading && day.1.abs_diff(claim.sentence) == 1;
        let Some((_, _, day)) = days.iter().find(beside) else { continue };
        let Some(reading) = readings.get(claim.reading) else { continue };
        let Some(sentence) = reading.sentences.get(claim.sentence) else { continue };
        for end in &mut claim.ends {
            let place = end.range.start.saturating_sub(sentence.range.start);
            let Some(at) = beside_en::hour_of_day_beside(now, reading.words(sentence), place, *day) else { continue };
            let told = claim.deadlines.iter_mut().filter(|deadline| deadline.instant == end.instant);
            told.for_each(|deadline| deadline.instant = Some(at));
            end.instant = Some(at);
        }
    }
}

/// "Last day!" is this day, where no other is told.
pub(in crate::understand) fn without_last_day(claims: &mut [Claim]) {
    let is_last_day = |kind: DeadlineKind| kind == DeadlineKind::LastChance;
    let told = |end: &ClaimedEnd| end.instant.is_some() && !is_last_day(end.kind);
    if !claims.iter().flat_map(|claim| &claim.ends).any(told) {
        return;
    }
    for claim in claims {
        claim.ends.iter_mut().filter(|end| is_last_day(end.kind)).for_each(|end| end.instant = None);
        let last = claim.deadlines.iter_mut().filter(|deadline| is_last_day(deadline.kind));
        last.for_each(|deadline| deadline.instant = None);
    }
}

/// "Ends Friday … on Friday, October 9 at 6 pm" and 最后两天…周二晚10点 tell one end: the clock time of a day is more
/// than the day, and a day more than a stretch of time.
pub(in crate::understand) fn agree(now: &Zoned, claims: &mut [Claim]) {
    const SAME_HOURS: i64 = 24;
    let told: Vec<(Timestamp, bool)> =
        claims.iter().flat_map(|claim| &claim.ends).filter_map(|end| Some((end.instant?, end.is_stretch))).collect();
    let is_day = |at: Timestamp| at.to_zoned(now.time_zone().clone()).time() == Time::midnight();
    let exact = |at: Timestamp, is_stretch: bool| {
        let same = |other: &&(Timestamp, bool)| {
            let ahead = at.duration_since(other.0);
            !other.1
                && !ahead.is_zero()
                && ahead.abs() < SignedDuration::from_hours(SAME_HOURS)
                && (is_stretch || ahead.is_positive() && is_day(at) && !is_day(other.0))
        };
        told.iter().find(same).map(|other| other.0)
    };
    for claim in claims {
        for end in &mut claim.ends {
            let Some(at) = end.instant else { continue };
            if let Some(other) = exact(at, end.is_stretch) {
                end.instant = Some(other);
                let same = claim.deadlines.iter_mut().filter(|deadline| deadline.instant == Some(at));
                same.for_each(|deadline| deadline.instant = Some(other));
            }
        }
    }
}
