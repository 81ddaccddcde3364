//! Stops: selling to a person whose complaint is still open, or was closed only days ago — the shop
//! that hurt a customer and goes on as if nothing had happened.
//! Avoids: holding back what helps with the complaint (leave those purposes out with `purposes`).
//! Prefers: waiting, once the complaint is closed; blocking while it is open, since no end is known.
//! Settings: `after_closing` (rest after a complaint was closed, 14 days).

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::FactKind;
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["ticket", "state", "since", "ago"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rest after closing.
    pub after_closing: Window,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { after_closing: Window::days(14) }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let seen = |ticket: &str, state: &str, since: jiff::Timestamp| {
        Objection::because([
            ("ticket", Evidence::Name(ticket.to_owned())),
            ("state", Evidence::Name(state.to_owned())),
            ("since", Evidence::At(since)),
            ("ago", Evidence::Seconds(case.now.duration_since(since).as_secs())),
        ])
    };
    let begun = |at: Option<jiff::Timestamp>| at.filter(|at| *at <= case.now);
    let open = customer
        .complaints
        .iter()
        .filter(|c| begun(c.closed_at).is_none())
        .filter_map(|c| begun(c.opened_at).map(|at| (at, &c.id)))
        .max();
    if let Some((since, ticket)) = open {
        return Answer::Objects(seen(ticket, "open", since));
    }
    let closed = customer.complaints.iter().filter_map(|c| begun(c.closed_at).map(|at| (at, &c.id))).max();
    if let Some((since, ticket)) = closed {
        let free_at = settings.after_closing.after(since);
        if free_at > case.now {
            return Answer::Objects(seen(ticket, "closed", since).until(free_at));
        }
    }
    match case.facts.since(FactKind::Complaints, settings.after_closing.before(case.now)) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// Nothing to check.
pub fn check(_: &Settings) -> Result<(), Misfit> {
    Ok(())
}

/// Complaints are never trimmed: no window.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}
