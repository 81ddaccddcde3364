//! Stops: asking for an opinion of what the person has not experienced yet: before the goods came, before the
//! stay was over; or so long after that nobody remembers; or twice about one experience; or in the middle of a
//! complaint.
//! Avoids: asking every brand for every event. Where experiences were never told it cannot tell, but a purchase
//! of yesterday is no experience yet.
//! Prefers: the instant from which the experience can be judged, when it is known.
//! Settings: `after_delivery` (goods are judged this long after they came, 1 day), `fresh_for` (an experience
//! older than this is no longer asked about, 60 days), `least_after_purchase` (so soon after a purchase without
//! a delivery nothing was experienced, whatever was told, 3 days), `once` (one invitation for one experience,
//! true), `rest_after_complaint` (since a complaint was closed, 14 days; while one is open nobody is asked),
//! `confidence` (how surely an invitation must be read, 50 of 100; below it the answer is "cannot tell").

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::invited::{Ask, invitations};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, Experience, ExperienceKind, FactKind, Purchase};
use crate::message::same_product;
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks: whoever asks too early asks again. Lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["kind", "product", "experience", "at", "ago", "free_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Goods are judged so long after they came.
    pub after_delivery: Window,
    /// Older experiences are not asked about.
    pub fresh_for: Window,
    /// So soon after a purchase nothing was experienced.
    pub least_after_purchase: Window,
    /// One invitation for one experience.
    pub once: bool,
    /// Rest after a complaint was closed.
    pub rest_after_complaint: Window,
    /// The least confidence in an invitation.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            after_delivery: Window::days(1),
            fresh_for: Window::days(60),
            least_after_purchase: Window::days(3),
            once: true,
            rest_after_complaint: Window::days(14),
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
    let objects = |found: Found<'_>| Answer::Objects(found.objection(case).at(ask.spans.iter().copied()));
    if let Some(found) = complained(settings, case, customer) {
        return objects(found);
    }
    let experiences: Vec<&Experience> = customer.experiences.iter().filter(|one| is_of(case, one)).collect();
    let usable_from = |one: &Experience| match one.kind {
        ExperienceKind::Delivered => settings.after_delivery.after(one.at),
        _ => one.at,
    };
    let from = settings.fresh_for.before(case.now);
    let usable = experiences.iter().copied().filter(|one| usable_from(one) <= case.now && one.at > from);
    if let Some(newest) = usable.max_by_key(|one| one.at) {
        let asked = invitations(customer, case.now).into_iter().find(|one| !one.reminder && one.at > newest.at);
        return match asked {
            // A reminder of it is the business of `survey_fatigue`.
            Some(asked) if settings.once && !ask.reminder => {
                objects(Found { kind: "asked-already", at: asked.at, of: Some(newest), product: None, free_at: None })
            }
            _ => Answer::Fine,
        };
    }
    let next = experiences.iter().copied().filter(|one| usable_from(one) > case.now).min_by_key(|one| usable_from(one));
    if let Some(next) = next {
        let (at, free_at) = (next.at, Some(usable_from(next)));
        return objects(Found { kind: "not-yet", at, of: Some(next), product: None, free_at });
    }
    let pending = awaited(settings, case, customer);
    match case.facts.since(FactKind::Experiences, from) {
        Err(why) => match pending.filter(|one| settings.least_after_purchase.after(one.at) > case.now) {
            Some(one) => {
                let free_at = Some(settings.least_after_purchase.after(one.at));
                let product = Some(one.product.as_str());
                objects(Found { kind: "not-delivered", at: one.at, of: None, product, free_at })
            }
            // An old experience is told, and perhaps a newer one is not.
            None => Answer::CannotTell(why),
        },
        Ok(()) => {
            let stale = experiences.iter().copied().max_by_key(|one| one.at);
            objects(match (pending, stale) {
                (Some(one), _) => {
                    let product = Some(one.product.as_str());
                    Found { kind: "not-delivered", at: one.at, of: None, product, free_at: None }
                }
                (None, Some(old)) => Found { kind: "stale", at: old.at, of: Some(old), product: None, free_at: None },
                (None, None) => Found { kind: "nothing", at: case.now, of: None, product: None, free_at: None },
            })
        }
    }
}

/// Confidence is a percentage.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    if settings.after_delivery >= settings.fresh_for {
        let why = "is shorter than `fresh_for`: else nobody could ever be asked".into();
        return Err(Misfit { key: "after_delivery", why });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("fresh_for", settings.fresh_for)]
}

struct Found<'a> {
    kind: &'static str,
    at: Timestamp,
    of: Option<&'a Experience>,
    product: Option<&'a str>,
    free_at: Option<Timestamp>,
}

impl Found<'_> {
    fn objection(&self, case: &Case<'_>) -> Objection {
        let product = self.product.or(self.of.and_then(|one| one.product.as_deref()));
        let experience = self.of.map_or("none", |one| name(one.kind));
        let found = Objection::because([
            ("kind", Evidence::Name(self.kind.to_owned())),
            ("product", Evidence::Name(product.unwrap_or("?").to_owned())),
            ("experience", Evidence::Name(experience.to_owned())),
            ("at", Evidence::At(self.at)),
            ("ago", Evidence::Seconds(case.now.duration_since(self.at).as_secs().max(0))),
        ]);
        match self.free_at {
            Some(free_at) => {
                let mut found = found.until(free_at);
                found.because.insert("free_at".to_owned(), Evidence::At(free_at));
                found
            }
            None => found,
        }
    }
}

fn name(kind: ExperienceKind) -> &'static str {
    match kind {
        ExperienceKind::Delivered => "delivered",
        ExperienceKind::Used => "used",
        ExperienceKind::StayEnded => "stay-ended",
        ExperienceKind::TicketClosed => "ticket-closed",
        ExperienceKind::Visited => "visited",
    }
}

/// Another department's experience is not this one's to ask about.
fn is_of(case: &Case<'_>, experience: &Experience) -> bool {
    match (case.message.department(), experience.department.as_deref()) {
        (Some(asking), Some(of)) => asking.eq_ignore_ascii_case(of),
        _ => true,
    }
}

fn complained<'a>(settings: &Settings, case: &Case<'_>, customer: &Customer) -> Option<Found<'a>> {
    let told = customer.complaints.iter().filter(|one| one.opened_at.is_none_or(|opened| opened <= case.now));
    let found = told.filter_map(|one| {
        let (kind, at, free_at) = match one.closed_at.filter(|closed| *closed <= case.now) {
            Some(closed) => ("complained", closed, Some(settings.rest_after_complaint.after(closed))),
            None => ("complaining", one.opened_at.unwrap_or(case.now), None),
        };
        let runs = free_at.is_none_or(|free_at| free_at > case.now);
        runs.then_some(Found { kind, at, of: None, product: None, free_at })
    });
    found.max_by_key(|found| found.free_at.unwrap_or(Timestamp::MAX))
}

/// The newest purchase of which nothing came yet.
fn awaited<'a>(settings: &Settings, case: &Case<'_>, customer: &'a Customer) -> Option<&'a Purchase> {
    let from = settings.fresh_for.before(case.now);
    let came = |bought: &Purchase| {
        customer.experiences.iter().any(|one| {
            let same_order = one.order.is_some() && one.order == bought.order;
            let same = one.product.as_deref().is_some_and(|product| same_product(product, &bought.product));
            let unsaid = one.order.is_none() && one.product.is_none();
            one.at >= bought.at && one.at <= case.now && (same_order || same || unsaid)
        })
    };
    customer.kept_purchases().into_iter().find(|bought| bought.at <= case.now && bought.at > from && !came(bought))
}
