//! Stops: two prices for one product to one person, on two channels, within days.
//! Avoids: stopping channel-exclusive offers that were declared as such — the legitimate way to two
//! prices.
//! Prefers: waiting until the other price is forgotten, where the rule delays.
//! Settings: `within` (14 days), `confidence` (50 of 100; below it the answer is "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit, effective_price};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, SendEvent, Why};
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["product", "price", "channel", "other_price", "other_channel", "ago"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a shown price is remembered.
    pub within: Window,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { within: Window::days(14), confidence: 50 }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let here = case.message.channel;
    // Exclusive to this channel: said to be so, and true.
    let offers: Vec<_> = case.meaning.offers.iter().filter(|o| o.exclusive != Some(here)).collect();
    if offers.is_empty() {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let from = settings.within.before(case.now);
    // Reserved, sent and unknown sends all count: the person saw it, or may have.
    let mut elsewhere: Vec<&SendEvent> =
        customer.sends.iter().filter(|s| s.channel != here && s.at > from && s.at <= case.now).collect();
    elsewhere.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    let mut doubt = None;
    for offer in offers {
        for (send, shown) in elsewhere.iter().flat_map(|s| s.offers.iter().map(move |o| (s, o))) {
            let (Some(product), Some(same)) = (&offer.product, &shown.product) else { continue };
            if !product.eq_ignore_ascii_case(same) || shown.exclusive == Some(send.channel) {
                continue;
            }
            match (effective_price(offer), shown.price) {
                (Some(price), Some(other)) if price == other => {}
                (Some(price), Some(other)) if offer.confidence.0 >= settings.confidence => {
                    return Answer::Objects(
                        Objection::because([
                            ("product", Evidence::Name(product.clone())),
                            ("price", Evidence::Money(price)),
                            ("channel", Evidence::Name(here.to_string())),
                            ("other_price", Evidence::Money(other)),
                            ("other_channel", Evidence::Name(send.channel.to_string())),
                            ("ago", Evidence::Seconds(case.now.duration_since(send.at).as_secs())),
                        ])
                        .at(offer.spans.iter().copied())
                        .until(settings.within.after(send.at)),
                    );
                }
                _ => doubt = doubt.or(Some(Why::Unread)),
            }
        }
    }
    let known = case.facts.since(FactKind::Sends, from).and_then(|()| case.read_whole());
    match (doubt, known) {
        (Some(why), _) | (None, Err(why)) => Answer::CannotTell(why),
        (None, Ok(())) => Answer::Fine,
    }
}

/// Confidence is a percentage.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("within", settings.within)]
}
