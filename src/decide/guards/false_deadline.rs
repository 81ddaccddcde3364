//! Stops: invented urgency. An end announced for an offer that was already announced to end earlier
//! (`extended`); the same offer again soon after it "ended" (`relaunched`); an end that has passed when the
//! message leaves (`expired`), or so soon that it has when it is read (`late`); a new end every time, or one that
//! moves along with the day of sending (`evergreen`).
//! Avoids: honest ends. One end, kept, reminded of as often as you like, is fine; so is a weekly newsletter whose
//! offers change, because the ledger is kept per offer family (an offer told in other words is the same); so is
//! one extension that is called one; so is the end of a code that was just issued to this person.
//! Prefers: taking the claiming sentences out, where the rule rewrites.
//! Settings: `relaunch_within` (30 days after the claimed end), `slack` (ends this close are one claim, 6 hours),
//! `ends_at_most` (distinct ends one family may have, 4), `margin_email` and `margin_sms` (an end this soon after
//! sending has passed when it is read; 6 hours, 1 hour), `extension_percent` (one extension that says so may add
//! this much of the original run, 25; 0 allows none), `own_code_within` (a code issued so recently is its
//! person's own, and so is its end, 7 days), `confidence` (how surely an end must be read, 50 of 100; below it
//! the answer is "cannot tell"), `on` (`"message"`, or only the ends that the `"subject"` announces).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::claims::{claimed_ends, families, is_from_receipt, same_end};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, FamilyClaims, Known, VoucherStep, Why};
use crate::message::{Channel, PartKind, Span};
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{DeadlineKind, Meaning};

/// A courtesy by class, though laws name it too (Washington CEMA RCW 19.190.020, UCPD Annex I no. 7,
/// Order 56): a receipt must not be lost over an offer in it.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["kind", "end", "earlier_end", "first_claimed", "count"];

/// Where an announced end is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Wherever it is announced, and where it is only declared.
    #[default]
    Message,
    /// In the subject line of a mail.
    Subject,
}

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
    /// How soon an end is too soon for a mail.
    pub margin_email: Window,
    /// And for a text message.
    pub margin_sms: Window,
    /// Of 100 of the original run, how much one extension may add.
    pub extension_percent: u8,
    /// How recently issued a code is its person's own.
    pub own_code_within: Window,
    /// The least confidence in a claimed end.
    pub confidence: u8,
    /// Where an end is judged.
    pub on: On,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            relaunch_within: Window::days(30),
            slack: Window(SignedDuration::from_hours(6)),
            ends_at_most: 4,
            margin_email: Window(SignedDuration::from_hours(6)),
            margin_sms: Window(SignedDuration::from_hours(1)),
            extension_percent: 25,
            own_code_within: Window::days(7),
            confidence: 50,
            on: On::Message,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    match settings.on {
        On::Message => judge(settings, case),
        On::Subject => judge(settings, &Case { meaning: &in_subject(case), ..*case }),
    }
}

/// What the message means, with no end but those that its subject announces.
fn in_subject(case: &Case<'_>) -> Meaning {
    let is_subject = |span: &Span| {
        case.message.content.parts.get(usize::from(span.part)).is_some_and(|p| p.kind == PartKind::Subject)
    };
    let mut meaning = case.meaning.clone();
    meaning.deadlines.retain(|deadline| deadline.span.as_ref().is_some_and(is_subject));
    let announced: Vec<Timestamp> = meaning.deadlines.iter().filter_map(|deadline| deadline.instant).collect();
    for offer in &mut meaning.offers {
        offer.ends = offer.ends.filter(|end| announced.contains(end));
    }
    meaning
}

fn judge(settings: &Settings, case: &Case<'_>) -> Answer {
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
    let margin = match case.message.channel {
        Channel::Email => settings.margin_email,
        Channel::Sms => settings.margin_sms,
    };
    let all_ends =
        meaning.offers.iter().filter_map(|o| o.ends).chain(meaning.deadlines.iter().filter_map(|d| d.instant));
    if let Some(end) = all_ends.filter(public).min().filter(|end| *end <= margin.after(case.now)) {
        let kind = if end <= case.now { "expired" } else { "late" };
        return Answer::Objects(objection(case, kind, end, None));
    }
    let claims = match &case.facts.claims {
        Known::Known(claims) => claims,
        Known::Unknown(why) => return Answer::CannotTell(*why),
    };
    let mut judged = false;
    let families = families(meaning);
    for (at, family) in families.iter().filter(|(_, family)| !family.is_seen()) {
        let Some(offer) = meaning.offers.get(*at) else { continue };
        let ends = claimed_ends(meaning, offer);
        judged = judged || !ends.is_empty() || last_chance;
        let Some(ledger) = claims.get(family) else { continue };
        let moved = ends.iter().filter(|end| !is_of_own_code(settings, case, **end));
        if let Some(found) = moved.filter_map(|end| against_ledger(settings, case, *end, ledger)).next() {
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
    if settings.extension_percent > 100 {
        return Err(Misfit { key: "extension_percent", why: "is 0 to 100".into() });
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
    let slack = settings.slack.0;
    let distinct = distinct_ends(ledger, end, slack);
    // Two seconds of delay at the same claim is not a new one: compared with the slack.
    let earlier = |d: &&Timestamp| **d < end && !same_end(**d, end, slack);
    let before: Vec<&Timestamp> = ledger.deadlines.keys().filter(earlier).collect();
    let counted = |kind, earlier: Option<Timestamp>| {
        let mut found = objection(case, kind, end, earlier.map(|d| (d, ledger)));
        found.because.insert("count".to_owned(), Evidence::Count(distinct));
        Some(found)
    };
    // "Ends in 24 hours", whenever it is sent: the end moves along.
    if rolls(settings, case.now, end, ledger, &before) {
        return counted("evergreen", before.last().map(|d| **d));
    }
    if distinct > u64::from(settings.ends_at_most) {
        return counted("evergreen", before.last().map(|d| **d));
    }
    let moved = before.iter().find(|d| ***d > case.now);
    let passed = before.iter().rev().find(|d| settings.relaunch_within.after(***d) > case.now);
    let (kind, first) = moved.map(|d| ("extended", **d)).or(passed.map(|d| ("relaunched", **d)))?;
    if is_fair_extension(settings, case, end, ledger, &before) {
        return None;
    }
    Some(objection(case, kind, end, Some((first, ledger))))
}

/// True when the ends announced lately were all as far from their announcement as this one is from now: at
/// least two of them, besides this.
fn rolls(settings: &Settings, now: Timestamp, end: Timestamp, ledger: &FamilyClaims, before: &[&Timestamp]) -> bool {
    let away = end.duration_since(now);
    let lately = before.iter().filter_map(|d| Some((**d, *ledger.deadlines.get(*d)?)));
    let lately: Vec<_> = lately.filter(|(_, claimed)| settings.relaunch_within.after(*claimed) > now).collect();
    let moves = |(d, claimed): &&(Timestamp, Timestamp)| {
        (d.duration_since(*claimed) - away).abs() <= settings.slack.0 && !same_end(*claimed, now, settings.slack.0)
    };
    let mut rolling: Vec<Timestamp> = lately.iter().filter(moves).map(|(d, _)| *d).collect();
    rolling.dedup_by(|a, b| same_end(*a, *b, settings.slack.0));
    rolling.len() >= 2
}

/// "Extended, once": the message says so, or repeats an extension that did; the offer had one end before, and
/// at most so much of its run is added.
fn is_fair_extension(
    settings: &Settings,
    case: &Case<'_>,
    end: Timestamp,
    ledger: &FamilyClaims,
    before: &[&Timestamp],
) -> bool {
    let told = case.meaning.extends || ledger.deadlines.keys().any(|d| same_end(*d, end, settings.slack.0));
    let Some((first, claimed)) = before.first().and_then(|d| Some((**d, *ledger.deadlines.get(*d)?))) else {
        return false;
    };
    let one = before.iter().all(|d| same_end(**d, first, settings.slack.0));
    let added = i128::from(end.duration_since(first).as_secs()) * 100;
    let run = i128::from(first.duration_since(claimed).as_secs());
    told && one && run > 0 && added <= run * i128::from(settings.extension_percent)
}

/// True when the end is that of a code that was issued just now: this person's own, and kept by the shop.
fn is_of_own_code(settings: &Settings, case: &Case<'_>, end: Timestamp) -> bool {
    let Ok(brand) = case.facts.brand() else { return false };
    case.meaning.vouchers.iter().any(|told| {
        let steps = told.code.as_deref().and_then(|code| brand.vouchers.get(code));
        let first = steps.and_then(|steps| steps.iter().map(|(_, at)| *at).min());
        let live = told.code.as_deref().and_then(|code| brand.voucher(code)).map(|(step, _)| step);
        told.expires.is_some_and(|expires| same_end(expires, end, settings.slack.0))
            && live == Some(VoucherStep::Issued)
            && first.is_some_and(|first| settings.own_code_within.after(first) > case.now)
    })
}

/// "Last chance" without a date, for an offer whose end has passed.
fn last_chance_against_ledger(
    settings: &Settings,
    case: &Case<'_>,
    ends: &[Timestamp],
    ledger: &FamilyClaims,
) -> Option<Objection> {
    let latest = *ledger.deadlines.keys().next_back()?;
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
