//! Stops: courting a customer as if a stranger ("welcome offer", "your first order", 新人专享), and thanking a
//! stranger for a purchase that never was ("thank you for your purchase", 老客户).
//! Avoids: a message that speaks to both; calling somebody a customer who gave everything back; saying "never
//! bought" where purchases have not been told for long; the receipt that is quicker than the shop's event.
//! Prefers: the newest purchase as evidence.
//! Settings: `audiences` (which wording is judged: `prospect`, `customer`; both), `known_for` (how long
//! purchases must have been told before "never bought" can be said, 365 days), `confidence` (how surely the
//! wording must be read, 50 of 100; below it the answer is "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, Why};
use crate::message::Span;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::Audience;

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons. `product`, `ago` and `bought_at` tell of the newest purchase, and there is one only
/// where the wording is for prospects.
pub const PLACEHOLDERS: &[&str] = &["audience", "count", "product", "ago", "bought_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which wording is judged.
    pub audiences: Vec<Audience>,
    /// How long purchases must have been told.
    pub known_for: Window,
    /// The least confidence in the wording.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            audiences: vec![Audience::Prospect, Audience::Customer],
            known_for: Window::days(365),
            confidence: 50,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let told = &case.meaning.audiences;
    // "New or old, everybody gets …" is wrong for nobody.
    let first = told.first().map(|one| one.audience);
    let only = first.filter(|first| told.iter().all(|one| one.audience == *first));
    let Some(audience) = only.filter(|audience| settings.audiences.contains(audience)) else {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    };
    // "Thank you for your order" in the receipt: the shop's event of it may come a second later.
    if audience == Audience::Customer && case.meaning.is_transactional() {
        return Answer::Fine;
    }
    if told.iter().all(|one| one.confidence.0 < settings.confidence) {
        return Answer::CannotTell(Why::Unread);
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let spans = told.iter().flat_map(|one| one.spans.iter().copied());
    match audience {
        Audience::Prospect => to_prospect(settings, case, customer, spans),
        Audience::Customer => to_customer(settings, case, customer, spans),
    }
}

/// An audience of nobody is none; confidence is a percentage.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.audiences.is_empty() {
        let why = "names none: leave it out for both, or set the rule's `mode` to \"off\"";
        return Err(Misfit { key: "audiences", why: why.into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("known_for", settings.known_for)]
}

fn to_prospect(settings: &Settings, case: &Case<'_>, customer: &Customer, spans: impl Iterator<Item = Span>) -> Answer {
    let kept = customer.kept_purchases();
    let kept: Vec<_> = kept.into_iter().filter(|bought| bought.at <= case.now).collect();
    if let Some(newest) = kept.first() {
        return Answer::Objects(
            Objection::because([
                ("audience", Evidence::Name("prospect".to_owned())),
                ("count", Evidence::Count(kept.len() as u64)),
                ("product", Evidence::Name(newest.product.clone())),
                ("ago", Evidence::Seconds(case.now.duration_since(newest.at).as_secs())),
                ("bought_at", Evidence::At(newest.at)),
            ])
            .at(spans),
        );
    }
    let from = settings.known_for.before(case.now);
    match case.facts.since(FactKind::Purchases, from).and_then(|()| case.read_whole()) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

fn to_customer(settings: &Settings, case: &Case<'_>, customer: &Customer, spans: impl Iterator<Item = Span>) -> Answer {
    // Bought and given back is bought all the same: there is something to thank for.
    if customer.purchases.iter().any(|bought| bought.at <= case.now) {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    match case.facts.since(FactKind::Purchases, settings.known_for.before(case.now)) {
        Err(why) => Answer::CannotTell(why),
        Ok(()) => Answer::Objects(
            Objection::because([("audience", Evidence::Name("customer".to_owned())), ("count", Evidence::Count(0))])
                .at(spans),
        ),
    }
}
