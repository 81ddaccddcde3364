//! Stops: asking the same person for opinions again and again, too long, from every department at once.
//! Avoids: counting per tool or per channel: an invitation is an invitation, whoever sent it, by this gateway
//! or told by an event; survey ids are compared without case; a mail that the survey tool also tells of is one.
//! Prefers: the next instant at which every clock has run out.
//! Settings: clocks, each optional, at least one: `invited_any` (since any invitation), `invited_same` (since an
//! invitation to this very survey), `invited_department` (since an invitation by this department),
//! `answered_any` (since any answer), `answered_same` (since an answer to this very survey), `declined` (since
//! the person said no). A reminder counts half: it rests half the gap, takes half the minutes; one that says
//! what it is (`reminders_at_most`, 1) may come `reminder_after` (3 days) after its invitation, unless the person
//! answered or complained since. A budget: `minutes_at_most` (none) within `minutes_within` (90 days), a survey
//! that does not say how long it takes counting `minutes_unknown` (5); `department_at_most` (none) invitations
//! by one department within `department_within` (90 days). Backing off: an invitation unanswered for
//! `ignored_after` (none: never) is ignored; `ignored_doubles` (2) in a row double the gaps after invitations,
//! `ignored_stops` (4) stop for `stopped_for` (365 days). `confidence` (how surely an invitation must be read,
//! 50 of 100; below it the answer is "cannot tell").

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::invited::{Ask, Invitation, Reply, invitations, replies, same_department};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind};
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks: a survey about an experience long past is worth nothing. Lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["clock", "gap", "ago", "survey", "department", "minutes", "count", "free_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rest after any invitation.
    pub invited_any: Option<Window>,
    /// Rest after an invitation to the same survey.
    pub invited_same: Option<Window>,
    /// Rest after an invitation by the same department.
    pub invited_department: Option<Window>,
    /// Rest after any answer.
    pub answered_any: Option<Window>,
    /// Rest after an answer to the same survey.
    pub answered_same: Option<Window>,
    /// Rest after a refusal of any survey.
    pub declined: Option<Window>,
    /// Reminders of one invitation.
    pub reminders_at_most: u32,
    /// How soon after the invitation.
    pub reminder_after: Window,
    /// Minutes asked for in all.
    pub minutes_at_most: Option<u32>,
    /// Within this.
    pub minutes_within: Window,
    /// Minutes of a survey that does not say.
    pub minutes_unknown: u32,
    /// Invitations by one department.
    pub department_at_most: Option<u32>,
    /// Within this.
    pub department_within: Window,
    /// From when an unanswered invitation is ignored.
    pub ignored_after: Option<Window>,
    /// So many ignored in a row double the gaps.
    pub ignored_doubles: u32,
    /// So many stop everything.
    pub ignored_stops: u32,
    /// For so long.
    pub stopped_for: Window,
    /// The least confidence in an invitation.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            invited_any: None,
            invited_same: None,
            invited_department: None,
            answered_any: None,
            answered_same: None,
            declined: None,
            reminders_at_most: 1,
            reminder_after: Window::days(3),
            minutes_at_most: None,
            minutes_within: Window::days(90),
            minutes_unknown: 5,
            department_at_most: None,
            department_within: Window::days(90),
            ignored_after: None,
            ignored_doubles: 2,
            ignored_stops: 4,
            stopped_for: Window::days(365),
            confidence: 50,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let (ask, customer) = match Ask::with_customer(case, settings.confidence) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let past = Past { invitations: invitations(customer, case.now), replies: replies(customer, case.now) };
    let mut running = clocks(settings, case, &ask, &past, customer);
    running.extend(budgets(settings, case, &ask, &past));
    running.retain(|clock| clock.free_at.is_none_or(|free_at| free_at > case.now));
    // What time does not mend comes first, then what takes longest.
    let Some(longest) = running.iter().max_by_key(|clock| clock.free_at.unwrap_or(Timestamp::MAX)) else {
        let furthest = windows(settings).into_iter().map(|(_, window)| window).max();
        let known = case.facts.since(FactKind::Surveys, furthest.map_or(case.now, |window| window.before(case.now)));
        return known.map_or_else(Answer::CannotTell, |()| Answer::Fine);
    };
    let mut found = Objection::because([
        ("clock", Evidence::Name(longest.clock.to_owned())),
        ("gap", Evidence::Seconds(longest.gap.0.as_secs())),
        ("ago", Evidence::Seconds(case.now.duration_since(longest.at).as_secs())),
        ("survey", Evidence::Name(longest.survey.to_owned())),
        ("department", Evidence::Name(longest.department.unwrap_or("?").to_owned())),
        ("minutes", Evidence::Count(u64::from(ask.minutes.unwrap_or(settings.minutes_unknown)))),
        ("count", Evidence::Count(longest.count)),
    ])
    .at(ask.spans.iter().copied());
    if let Some(free_at) = longest.free_at {
        found.because.insert("free_at".to_owned(), Evidence::At(free_at));
        found = found.until(free_at);
    }
    Answer::Objects(found)
}

/// At least one clock or budget.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    let clocks = [
        settings.invited_any,
        settings.invited_same,
        settings.invited_department,
        settings.answered_any,
        settings.answered_same,
        settings.declined,
    ];
    let budgets = settings.minutes_at_most.is_some() || settings.department_at_most.is_some();
    let misfit = |key, why: &str| Err(Misfit { key, why: why.into() });
    if clocks.iter().all(Option::is_none) && !budgets {
        return misfit(
            "invited_any",
            "or another clock is needed: give at least one of invited_any, invited_same, invited_department, \
             answered_any, answered_same, declined, minutes_at_most, department_at_most",
        );
    }
    if settings.minutes_at_most == Some(0) || settings.department_at_most == Some(0) {
        let key = if settings.minutes_at_most == Some(0) { "minutes_at_most" } else { "department_at_most" };
        return misfit(key, "is 1 or more; to stop every survey, use `preference` or `suppression`");
    }
    if settings.ignored_doubles == 0 || settings.ignored_stops == 0 {
        let key = if settings.ignored_doubles == 0 { "ignored_doubles" } else { "ignored_stops" };
        return misfit(key, "is 1 or more: before the first invitation nothing was ignored");
    }
    if settings.confidence > 100 {
        return misfit("confidence", "is 0 to 100");
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    // Somebody who does not answer is given twice the gap, so twice as much must be known.
    let invited = |gap: Option<Window>| gap.map(|gap| rest(gap, if settings.ignored_after.is_some() { 4 } else { 2 }));
    [
        ("invited_any", invited(settings.invited_any)),
        ("invited_same", invited(settings.invited_same)),
        ("invited_department", invited(settings.invited_department)),
        ("answered_any", settings.answered_any),
        ("answered_same", settings.answered_same),
        ("declined", settings.declined),
        ("minutes_within", settings.minutes_at_most.map(|_| settings.minutes_within)),
        ("department_within", settings.department_at_most.map(|_| settings.department_within)),
        ("stopped_for", settings.ignored_after.map(|_| settings.stopped_for)),
    ]
    .into_iter()
    .filter_map(|(key, window)| Some((key, window?)))
    .collect()
}

struct Past<'a> {
    invitations: Vec<Invitation<'a>>,
    replies: Vec<Reply<'a>>,
}

/// Something that still speaks against asking.
struct Running<'a> {
    clock: &'static str,
    gap: Window,
    at: Timestamp,
    survey: &'a str,
    department: Option<&'a str>,
    count: u64,
    free_at: Option<Timestamp>,
}

impl<'a> Running<'a> {
    fn since(clock: &'static str, gap: Window, last: &Invitation<'a>) -> Running<'a> {
        let (at, survey, department) = (last.at, last.survey, last.department);
        Running { clock, gap, at, survey, department, count: 1, free_at: Some(gap.after(at)) }
    }
}

/// A gap in halves of itself: two are the whole.
fn rest(gap: Window, halves: i32) -> Window {
    Window(gap.0.checked_mul(halves).map_or(gap.0, |twice| twice / 2))
}

fn clocks<'a>(
    settings: &Settings,
    case: &Case<'a>,
    ask: &Ask<'_>,
    past: &Past<'a>,
    customer: &Customer,
) -> Vec<Running<'a>> {
    let reminded = ask.reminder.then(|| reminded(ask, past)).flatten();
    let mut running: Vec<Running<'a>> = Vec::new();
    if let Some(invitation) = reminded {
        running.extend(of_reminder(settings, case, ask, past, customer, &invitation));
    }
    let ignored = ignored_in_a_row(settings, case.now, past);
    let doubled = if ignored >= settings.ignored_doubles { 2 } else { 1 };
    let department = case.message.department();
    let mut invited = |clock: &'static str, gap: Option<Window>, counts: &dyn Fn(&Invitation<'a>) -> bool| {
        let Some(gap) = gap else { return };
        // A reminder need not wait for the invitation it reminds of: for that there is `reminder_after`.
        let own = |one: &&Invitation<'a>| reminded.is_none_or(|of| one.at < of.at || !ask.may_be(one.survey));
        let counted = past.invitations.iter().filter(|one| counts(one)).filter(own);
        let clocks = counted.map(|one| {
            let halves = if one.reminder || reminded.is_some() { 1 } else { 2 };
            Running::since(clock, rest(gap, halves * doubled), one)
        });
        running.extend(clocks.max_by_key(|clock| clock.free_at));
    };
    invited("invited_any", settings.invited_any, &|_| true);
    invited("invited_same", settings.invited_same, &|one| ask.names(one.survey));
    invited("invited_department", settings.invited_department, &|one| same_department(one.department, department));
    let mut replied = |clock: &'static str, gap: Option<Window>, counts: &dyn Fn(&Reply<'a>) -> bool| {
        let Some((gap, last)) = gap.zip(past.replies.iter().rfind(|reply| counts(reply))) else { return };
        let (at, survey, department) = (last.at, last.survey, last.department);
        running.push(Running { clock, gap, at, survey, department, count: 1, free_at: Some(gap.after(at)) });
    };
    replied("answered_any", settings.answered_any, &|reply| !reply.declined);
    replied("answered_same", settings.answered_same, &|reply| !reply.declined && ask.names(reply.survey));
    replied("declined", settings.declined, &|reply| reply.declined);
    if let (true, Some(last)) = (ignored >= settings.ignored_stops, past.invitations.last()) {
        let stopped = Running::since("ignored", settings.stopped_for, last);
        running.push(Running { count: u64::from(ignored), ..stopped });
    }
    running
}

/// The invitation that a reminder is of: the latest one it may mean.
fn reminded<'a>(ask: &Ask<'_>, past: &Past<'a>) -> Option<Invitation<'a>> {
    past.invitations.iter().rfind(|one| !one.reminder && ask.may_be(one.survey)).copied()
}

fn of_reminder<'a>(
    settings: &Settings,
    case: &Case<'_>,
    ask: &Ask<'_>,
    past: &Past<'a>,
    customer: &Customer,
    of: &Invitation<'a>,
) -> Vec<Running<'a>> {
    let never = |clock, count| Running { free_at: None, count, ..Running::since(clock, settings.reminder_after, of) };
    let reminders = past.invitations.iter().filter(|one| one.reminder && one.at >= of.at && ask.may_be(one.survey));
    let reminders = reminders.count();
    let answered = past.replies.iter().any(|reply| reply.at >= of.at && ask.may_be(reply.survey));
    let complained = customer.complaints.iter().any(|complaint| {
        let opened = complaint.opened_at.is_none_or(|opened| opened <= case.now);
        let open = complaint.closed_at.is_none_or(|closed| closed > case.now);
        opened && (open || complaint.opened_at.is_some_and(|opened| opened >= of.at))
    });
    let mut running = vec![Running::since("reminder_early", settings.reminder_after, of)];
    if answered {
        running.push(never("reminder_answered", 1));
    }
    if complained {
        running.push(never("reminder_complaint", 1));
    }
    if reminders >= usize::try_from(settings.reminders_at_most).unwrap_or(usize::MAX) {
        running.push(never("reminder_again", reminders as u64));
    }
    running
}

/// Invitations since the last reply that were given time and got none.
fn ignored_in_a_row(settings: &Settings, now: Timestamp, past: &Past<'_>) -> u32 {
    let Some(after) = settings.ignored_after else { return 0 };
    let (from, until) = (settings.stopped_for.before(now), after.before(now));
    let last = past.replies.last().map_or(from, |reply| reply.at.max(from));
    let ignored = past.invitations.iter().filter(|one| !one.reminder && one.at > last && one.at <= until);
    u32::try_from(ignored.count()).unwrap_or(u32::MAX)
}

/// Minutes in all, and invitations by one department.
fn budgets<'a>(settings: &Settings, case: &Case<'a>, ask: &Ask<'_>, past: &Past<'a>) -> Vec<Running<'a>> {
    let mut running = Vec::new();
    let unit = |reminder: bool| if reminder { 1 } else { 2 };
    if let Some(at_most) = settings.minutes_at_most {
        let minutes =
            |said: Option<u32>, reminder| u64::from(said.unwrap_or(settings.minutes_unknown)) * unit(reminder);
        let cost = |one: &Invitation<'_>| minutes(one.minutes, one.reminder);
        let (own, budget) = (minutes(ask.minutes, ask.reminder), u64::from(at_most) * 2);
        running.extend(spent("minutes", settings.minutes_within, case, past, own, budget, |_| true, cost));
    }
    let department = case.message.department();
    if let (Some(at_most), true) = (settings.department_at_most, department.is_some()) {
        let counts = |one: &Invitation<'_>| same_department(one.department, department);
        let cost = |one: &Invitation<'_>| unit(one.reminder);
        let (own, budget) = (unit(ask.reminder), u64::from(at_most) * 2);
        let within = settings.department_within;
        running.extend(spent("department_at_most", within, case, past, own, budget, counts, cost));
    }
    running
}

/// A budget that this invitation would overdraw, and when enough of it is free again.
#[allow(clippy::too_many_arguments, reason = "what is counted, within what, at what cost: two callers above")]
fn spent<'a>(
    clock: &'static str,
    within: Window,
    case: &Case<'a>,
    past: &Past<'a>,
    own: u64,
    budget: u64,
    counts: impl Fn(&Invitation<'_>) -> bool,
    cost: impl Fn(&Invitation<'_>) -> u64,
) -> Option<Running<'a>> {
    let from = within.before(case.now);
    let counted: Vec<&Invitation<'a>> = past.invitations.iter().filter(|one| one.at > from && counts(one)).collect();
    let mut used: u64 = counted.iter().map(|one| cost(one)).sum();
    if used + own <= budget {
        return None;
    }
    let spent = used.div_ceil(2);
    let mut free_at = None;
    for one in &counted {
        used -= cost(one);
        free_at = Some(within.after(one.at));
        if used + own <= budget {
            break;
        }
    }
    let last = counted.last();
    Some(Running {
        clock,
        gap: within,
        at: last.map_or(case.now, |one| one.at),
        survey: last.map_or("?", |one| one.survey),
        department: last.and_then(|one| one.department),
        count: spent,
        free_at: free_at.filter(|_| used + own <= budget),
    })
}
