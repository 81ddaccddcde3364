//! What is weighed beside the words: whether it is a mail, is signed, leads to a page, names a price, tells of an order,
//! when what it offers ends, and whether fixed words of hurry are in it. The same words press in a shop's message and not
//! in a friend's.

use jiff::{SignedDuration, Timestamp};

use super::{Needs, Said};
use crate::understand::ends::claim::{Claim, ClaimedEnd};
use crate::understand::kind::tally::Tally;
use crate::understand::meaning::UrgencyKind;

/// An end within so many hours is near, within so many more is of this week.
const NEAR_HOURS: i64 = 30;
const WEEK_HOURS: i64 = 8 * 24;

/// The names of the signals of a message, as the files of weights have them, each once.
pub(in crate::understand) fn signals(now: Timestamp, tally: Tally, claims: &[Claim], said: &Said) -> Vec<&'static str> {
    let told = tally.signals().into_iter().filter(|(_, is)| *is).map(|(name, _)| name);
    let ends = claims.iter().flat_map(|claim| &claim.ends).map(|end| end_signal(now, end));
    let fixed = said.hits.iter().map(|(_, _, hit)| fixed_signal(hit.kind, hit.needs <= Needs::Nothing));
    let mut signals: Vec<&'static str> = told.chain(ends).chain(fixed).collect();
    signals.extend(said.has_calm.then_some("says-calm"));
    signals.sort_unstable();
    signals.dedup();
    signals
}

fn end_signal(now: Timestamp, end: &ClaimedEnd) -> &'static str {
    let Some(at) = end.instant else { return "ends-some-time" };
    let within = |hours| at.duration_since(now) <= SignedDuration::from_hours(hours);
    match (within(NEAR_HOURS), within(WEEK_HOURS)) {
        (true, _) => "ends-soon",
        (false, true) => "ends-this-week",
        (false, false) => "ends-later",
    }
}

fn fixed_signal(kind: UrgencyKind, surely: bool) -> &'static str {
    match (kind, surely) {
        (UrgencyKind::Hurry, true) => "says-hurry",
        (UrgencyKind::Hurry, false) => "may-say-hurry",
        (UrgencyKind::LastChance, true) => "says-last-chance",
        (UrgencyKind::LastChance, false) => "may-say-last-chance",
        (UrgencyKind::Countdown, true) => "says-countdown",
        (UrgencyKind::Countdown, false) => "may-say-countdown",
        (UrgencyKind::Scarcity, true) => "says-scarcity",
        (UrgencyKind::Scarcity, false) => "may-say-scarcity",
        (UrgencyKind::Closing, _) => "says-closing",
    }
}
