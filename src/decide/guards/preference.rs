//! Stops: what a person said they do not want, and, if `strict`, whatever they did not ask for though
//! they said what they want.
//! Avoids: judging a message whose topics cannot be told; being stricter than the person, who lately looked at what
//! they did not name.
//! Prefers: the newest word on a topic.
//! Settings: `strict` (with stated wishes, a message about other topics only is an objection; off), `looked_within`
//! (a topic or product looked at in so long a time is as good as asked for, 90 days).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, Why};
use crate::message::same_product;
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["topic", "stated", "since", "ago"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether wishes exclude everything else.
    pub strict: bool,
    /// How long what was looked at counts as asked for.
    pub looked_within: Window,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { strict: false, looked_within: Window::days(90) }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let stated = newest_word(customer, case.now);
    let seen = |topic: &str, stated: &str, since: jiff::Timestamp| {
        Objection::because([
            ("topic", Evidence::Name(topic.to_owned())),
            ("stated", Evidence::Name(stated.to_owned())),
            ("since", Evidence::At(since)),
            ("ago", Evidence::Seconds(case.now.duration_since(since).as_secs())),
        ])
    };
    let topics: Vec<String> = case.meaning.topics.iter().map(|t| t.name.to_lowercase()).collect();
    for topic in &topics {
        if let Some((since, false)) = stated.get(topic) {
            return Answer::Objects(seen(topic, "unwanted", *since));
        }
    }
    let wanted: Vec<(&String, jiff::Timestamp)> =
        stated.iter().filter_map(|(topic, (at, wanted))| wanted.then_some((topic, *at))).collect();
    let disappoints = settings.strict && !wanted.is_empty() && !looked_at(settings, case, customer, &topics);
    if disappoints && !topics.is_empty() && !wanted.iter().any(|(topic, _)| topics.contains(topic)) {
        let since = wanted.iter().map(|(_, at)| *at).max().unwrap_or(case.now);
        let wishes = wanted.iter().map(|(topic, _)| topic.as_str()).collect::<Vec<_>>().join(", ");
        return Answer::Objects(seen(&topics.join(", "), &wishes, since));
    }
    let matters = disappoints || stated.values().any(|(_, wanted)| !wanted);
    if matters && (topics.is_empty() || case.read_whole().is_err()) {
        return Answer::CannotTell(Why::Unread);
    }
    match case.facts.since(FactKind::Preferences, case.now) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// Nothing to check.
pub fn check(_: &Settings) -> Result<(), Misfit> {
    Ok(())
}

/// A stated wish holds until the next word on it; what was looked at does not.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("looked_within", settings.looked_within)]
}

/// Whether the person lately looked at one of the topics, or at a product that is offered.
fn looked_at(settings: &Settings, case: &Case<'_>, customer: &Customer, topics: &[String]) -> bool {
    let from = settings.looked_within.before(case.now);
    let offered = |product: &str| {
        let skus = case.meaning.offers.iter().filter_map(|offer| offer.product.as_deref());
        skus.into_iter().any(|sku| same_product(sku, product))
    };
    customer.browsed.iter().filter(|look| look.at > from && look.at <= case.now).any(|look| {
        look.topic.as_deref().is_some_and(|topic| topics.iter().any(|of| of.eq_ignore_ascii_case(topic)))
            || look.product.as_deref().is_some_and(offered)
    })
}

/// Topic → when it was last spoken of, and how. "Not wanted" wins a tie.
fn newest_word(customer: &Customer, now: jiff::Timestamp) -> BTreeMap<String, (jiff::Timestamp, bool)> {
    let mut stated: BTreeMap<String, (jiff::Timestamp, bool)> = BTreeMap::new();
    for word in customer.preferences.iter().filter(|p| p.at <= now) {
        let newest = stated.entry(word.topic.to_lowercase()).or_insert((word.at, word.wanted));
        if (word.at, !word.wanted) > (newest.0, !newest.1) {
            *newest = (word.at, word.wanted);
        }
    }
    stated
}
