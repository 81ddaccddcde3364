//! Stops: asking the same person for opinions again and again, from every department at once.
//! Avoids: counting per tool or per channel: an invitation is an invitation, whoever sent it; survey
//! ids are compared without case.
//! Prefers: the next instant at which every clock has run out.
//! Settings: clocks, each optional, at least one: `invited_any` (since any invitation),
//! `answered_any` (since any answer), `same_department` (since an invitation of this department),
//! `same_survey` (since an invitation to, or answer of, this very survey). And `confidence` (how surely
//! an invitation must be read, 50 of 100; below it the answer is "cannot tell").

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, SurveyStep, Why};
use crate::message::Span;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::Purpose;

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks: a survey about an experience long past is worth nothing. Lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["clock", "gap", "ago", "survey", "department", "free_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rest after any invitation.
    pub invited_any: Option<Window>,
    /// Rest after any answer.
    pub answered_any: Option<Window>,
    /// Rest after an invitation by the same department.
    pub same_department: Option<Window>,
    /// Rest after an invitation to, or an answer of, the same survey.
    pub same_survey: Option<Window>,
    /// The least confidence in an invitation.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { invited_any: None, answered_any: None, same_department: None, same_survey: None, confidence: 50 }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let asks = !case.meaning.surveys.is_empty()
        || case.message.declared.survey.is_some()
        || case.meaning.purpose == Purpose::Survey;
    if !asks {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let surest = case.meaning.surveys.iter().map(|s| s.confidence.0).max();
    if case.message.declared.survey.is_none() && surest.is_some_and(|surest| surest < settings.confidence) {
        return Answer::CannotTell(Why::Unread);
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let ids = asked_ids(case);
    let contacts = contacts(customer);
    let newest = |clock: &'static str, gap: Option<Window>, counts: &dyn Fn(&Contact<'_>) -> bool| {
        let gap = gap?;
        let last = contacts.iter().filter(|c| c.at <= case.now && counts(c)).max_by_key(|c| (c.at, c.survey))?;
        let free_at = gap.after(last.at);
        (free_at > case.now).then_some((free_at, clock, gap, last))
    };
    let department = case.message.department();
    let running = [
        newest("invited_any", settings.invited_any, &|c| !c.answered),
        newest("answered_any", settings.answered_any, &|c| c.answered),
        newest("same_department", settings.same_department, &|c| {
            !c.answered && department.is_some_and(|d| c.department.is_some_and(|of| of.eq_ignore_ascii_case(d)))
        }),
        newest("same_survey", settings.same_survey, &|c| ids.iter().any(|id| c.survey.eq_ignore_ascii_case(id))),
    ];
    if let Some((free_at, clock, gap, last)) = running.into_iter().flatten().max_by_key(|(free_at, ..)| *free_at) {
        let spans: Vec<Span> = case.meaning.surveys.iter().flat_map(|s| s.spans.iter().copied()).collect();
        return Answer::Objects(
            Objection::because([
                ("clock", Evidence::Name(clock.to_owned())),
                ("gap", Evidence::Seconds(gap.0.as_secs())),
                ("ago", Evidence::Seconds(case.now.duration_since(last.at).as_secs())),
                ("survey", Evidence::Name(last.survey.to_owned())),
                ("department", Evidence::Name(last.department.unwrap_or("?").to_owned())),
                ("free_at", Evidence::At(free_at)),
            ])
            .at(spans)
            .until(free_at),
        );
    }
    let longest = windows(settings).into_iter().map(|(_, window)| window).max();
    match case.facts.since(FactKind::Surveys, longest.map_or(case.now, |window| window.before(case.now))) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// At least one clock.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if windows(settings).is_empty() {
        let why =
            "or another clock is needed: give at least one of invited_any, answered_any, same_department, same_survey";
        return Err(Misfit { key: "invited_any", why: why.into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    [
        ("invited_any", settings.invited_any),
        ("answered_any", settings.answered_any),
        ("same_department", settings.same_department),
        ("same_survey", settings.same_survey),
    ]
    .into_iter()
    .filter_map(|(key, window)| Some((key, window?)))
    .collect()
}

/// One time somebody asked, or the person answered.
struct Contact<'a> {
    at: Timestamp,
    survey: &'a str,
    department: Option<&'a str>,
    answered: bool,
}

fn contacts(customer: &Customer) -> Vec<Contact<'_>> {
    let sent = customer.sends.iter().filter_map(|s| {
        let department = s.department.as_deref();
        Some(Contact { at: s.at, survey: s.survey.as_deref()?, department, answered: false })
    });
    let told = customer.surveys.iter().map(|s| Contact {
        at: s.at,
        survey: &s.survey,
        department: s.department.as_deref(),
        // Declining is an answer to the invitation, not to the survey: it keeps the invitation's clock.
        answered: s.step == SurveyStep::Answered,
    });
    sent.chain(told).collect()
}

/// The surveys this message asks for, as far as they have names.
fn asked_ids<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let declared = case.message.declared.survey.iter().map(|s| s.id.as_str());
    declared.chain(case.meaning.surveys.iter().filter_map(|s| s.id.as_deref())).filter(|id| *id != "?").collect()
}
