//! Stops: two prices for one product to one person, on two channels, within days.
//! Avoids: stopping channel-exclusive offers that say they are — the legitimate way to two prices;
//! comparing one piece with many.
//! Prefers: waiting until the other price is forgotten, where the rule delays.
//! Settings: `within` (14 days), `blocks` (which of the two may not go: the `later` one, which is this
//! message, whatever it asks; or the `dearer` one, so that a better price may still follow a worse),
//! `tolerance_percent` (a difference this small is one price, 0), `confidence` (50 of 100; below it the answer
//! is "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::goods::{undercuts, unit_price};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, SendEvent, Why};
use crate::message::{Money, same_product};
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["product", "price", "channel", "other_price", "other_channel", "ago"];

/// Which of two prices may not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocked {
    /// The one that comes second.
    Later,
    /// The one that comes second and asks more.
    Dearer,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a shown price is remembered.
    pub within: Window,
    /// Which of the two may not go.
    pub blocks: Blocked,
    /// Percent that make no difference.
    pub tolerance_percent: u8,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { within: Window::days(14), blocks: Blocked::Later, tolerance_percent: 0, confidence: 50 }
    }
}

impl Settings {
    /// Whether this price may not follow that one; `None` across currencies.
    fn conflicts(&self, price: Money, shown: Money) -> Option<bool> {
        let dearer = undercuts(shown, price, self.tolerance_percent)?;
        let cheaper = undercuts(price, shown, self.tolerance_percent)?;
        Some(dearer || cheaper && self.blocks == Blocked::Later)
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
            if !same_product(product, same) || shown.exclusive == Some(send.channel) {
                continue;
            }
            let prices = unit_price(case.meaning, offer).zip(shown.price);
            match prices.map(|(price, other)| (price, other, settings.conflicts(price, other))) {
                Some((_, _, Some(false))) => {}
                Some((price, other, Some(true))) if offer.confidence.0 >= settings.confidence => {
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

/// Confidence is a percentage; a tolerance of everything stops nothing.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.tolerance_percent >= 100 {
        return Err(Misfit { key: "tolerance_percent", why: "is 0 to 99 percent of the other price".into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("within", settings.within)]
}
