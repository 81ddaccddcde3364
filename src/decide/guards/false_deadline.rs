//! Stops: invented urgency. An end announced for an offer that was already announced to end earlier
//! (`extended`); the same offer again soon after it "ended" (`relaunched`); an end that has passed
//! when the message leaves (`expired`); a new end every time (`evergreen`); a "last chance" with days
//! to go (`early`).
//! Avoids: honest ends. One end, kept, reminded of as often as you like, is fine; so is a weekly
//! newsletter whose offers change, because the ledger is kept per offer family.
//! Prefers: taking the claiming sentences out, where the rule rewrites.
//! Settings: `relaunch_within` (30 days after the claimed end), `slack` (ends this close are one
//! claim, 6 hours), `ends_at_most` (distinct ends one family may have, 4), `margin` (an end this soon
//! after sending has passed when it is read; none), `last_chance_at_most` (a "last chance" this long
//! before the known end is fine, 48 hours), `confidence` (how surely an end must be read, 50 of 100;
//! below it the answer is "cannot tell").

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::claims::{claimed_ends, families, is_from_receipt, same_end};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, FamilyClaims, Known, Why};
use crate::message::Span;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::DeadlineKind;

/// A courtesy by class, though laws name it too (Washington CEMA RCW 19.190.020, UCPD Annex I no. 7,
/// Order 56): a receipt must not be lost over an offer in it.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["kind", "end", "earlier_end", "first_claimed", "count"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long after its claimed end an offer must rest.
    pub relaunch_within: Window,
    /// Ends this close are one claim.
    pub slack: Window,
    /// Distinct ends a family may have.
    pub ends_at_most: u32,
    /// How soon an end is too soon.
    pub margin: Option<Window>,
    /// How early a "last chance" may be.
    pub last_chance_at_most: Window,
    /// The least confidence in a claimed end.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            relaunch_within: Window::days(30),
            slack: Window(SignedDuration::from_hours(6)),
            ends_at_most: 4,
            margin: None,
            last_chance_at_most: Window::days(2),
            confidence: 50,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let meaning = case.meaning;
    let last_chance = meaning.deadlines.iter().any(|d| d.kind == DeadlineKind::LastChance);
    // "Valid for 7 days" is each person's own end: nothing announced to everybody could contradict it.
    let public = |end: &Timestamp| !is_from_receipt(meaning, *end);
    if meaning.deadlines.iter().all(|d| d.kind == DeadlineKind::FromReceipt)
        && meaning.offers.iter().filter_map(|o| o.ends).all(|end| !public(&end))
    {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let of_offers = meaning.offers.iter().filter(|o| o.ends.is_some()).map(|o| o.confidence);
    let surest = of_offers.chain(meaning.deadlines.iter().map(|d| d.confidence)).max();
    if surest.is_some_and(|surest| surest.0 < settings.confidence) {
        return Answer::CannotTell(Why::Unread);
    }
    // An end that has passed needs no ledger.
    let soonest = settings.margin.map_or(case.now, |margin| margin.after(case.now));
    let all_ends =
        meaning.offers.iter().filter_map(|o| o.ends).chain(meaning.deadlines.iter().filter_map(|d| d.instant));
    if let Some(end) = all_ends.filter(public).min().filter(|end| *end <= soonest) {
        return Answer::Objects(objection(case, "expired", end, None));
    }
    let claims = match &case.facts.claims {
        Known::Known(claims) => claims,
        Known::Unknown(why) => return Answer::CannotTell(*why),
    };
    let mut judged = false;
    for (at, family) in families(meaning) {
        let Some(offer) = meaning.offers.get(at) else { continue };
        let ends = claimed_ends(meaning, offer);
        judged = judged || !ends.is_empty() || last_chance;
        let Some(ledger) = claims.get(&family) else { continue };
        if let Some(found) = ends.iter().find_map(|end| against_ledger(settings, case, *end, ledger)) {
            return Answer::Objects(found);
        }
        if last_chance && let Some(found) = last_chance_against_ledger(settings, case, &ends, ledger) {
            return Answer::Objects(found);
        }
    }
    let known = case.facts.since(FactKind::Claims, settings.relaunch_within.before(case.now));
    match (judged, known.and_then(|()| case.read_whole())) {
        // It claims an end, of what cannot be said.
        (false, _) => Answer::CannotTell(Why::Unread),
        (true, Err(why)) => Answer::CannotTell(why),
        (true, Ok(())) => Answer::Fine,
    }
}

/// Two ends are the least that can contradict each other.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.ends_at_most == 0 {
        return Err(Misfit { key: "ends_at_most", why: "is 1 or more: an honest offer has one end".into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("relaunch_within", settings.relaunch_within)]
}

fn against_ledger(settings: &Settings, case: &Case<'_>, end: Timestamp, ledger: &FamilyClaims) -> Option<Objection> {
    let distinct = distinct_ends(ledger, end, settings.slack.0);
    // Two seconds of delay at the same claim is not a new one: compared with the slack.
    let earlier = |d: &&Timestamp| **d < end && !same_end(**d, end, settings.slack.0);
    let before: Vec<&Timestamp> = ledger.deadlines.keys().filter(earlier).collect();
    // An end still to come, and now a later one: it was moved.
    if let Some(d) = before.iter().find(|d| ***d > case.now) {
        return Some(objection(case, "extended", end, Some((**d, ledger))));
    }
    if distinct > u64::from(settings.ends_at_most) {
        let newest = before.last().map(|d| (**d, ledger));
        let mut found = objection(case, "evergreen", end, newest);
        found.because.insert("count".to_owned(), Evidence::Count(distinct));
        return Some(found);
    }
    // An end that passed, and the offer is back too soon.
    let relaunched = before.into_iter().rev().find(|d| settings.relaunch_within.after(**d) > case.now)?;
    Some(objection(case, "relaunched", end, Some((*relaunched, ledger))))
}

fn last_chance_against_ledger(
    settings: &Settings,
    case: &Case<'_>,
    ends: &[Timestamp],
    ledger: &FamilyClaims,
) -> Option<Objection> {
    let known = ledger.deadlines.keys().copied().chain(ends.iter().copied());
    let latest = known.max()?;
    if latest > settings.last_chance_at_most.after(case.now) {
        return Some(objection(case, "early", latest, Some((latest, ledger))));
    }
    // "Last chance" without a date, for an offer whose end has passed.
    let passed = ends.is_empty() && latest <= case.now && settings.relaunch_within.after(latest) > case.now;
    passed.then(|| objection(case, "relaunched", latest, Some((latest, ledger))))
}

/// How many ends the family has, this one among them.
fn distinct_ends(ledger: &FamilyClaims, end: Timestamp, slack: SignedDuration) -> u64 {
    let mut last: Option<Timestamp> = None;
    let mut count = u64::from(ledger.deadlines_more);
    let mut all: Vec<Timestamp> = ledger.deadlines.keys().copied().chain([end]).collect();
    all.sort_unstable();
    for d in all {
        if last.is_none_or(|l| !same_end(l, d, slack)) {
            count = count.saturating_add(1);
            last = Some(d);
        }
    }
    count
}

fn objection(case: &Case<'_>, kind: &str, end: Timestamp, earlier: Option<(Timestamp, &FamilyClaims)>) -> Objection {
    let mut found =
        Objection::because([("kind", Evidence::Name(kind.to_owned())), ("end", Evidence::At(end))]).at(spans(case));
    // Reasons are written once for all kinds, so every name is always there.
    let (earlier_end, first) = match earlier {
        Some((d, ledger)) => (d, ledger.deadlines.get(&d).copied().or(ledger.first_seen).unwrap_or(case.now)),
        None => (end, case.now),
    };
    found.because.insert("earlier_end".to_owned(), Evidence::At(earlier_end));
    found.because.insert("first_claimed".to_owned(), Evidence::At(first));
    found.because.insert("count".to_owned(), Evidence::Count(1));
    found
}

/// The sentences that claim an end; an end that was only declared has none.
fn spans(case: &Case<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = case.meaning.deadlines.iter().filter_map(|d| d.span).collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}
