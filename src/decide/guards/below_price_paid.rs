//! Stops: offering a person the very product they just bought, for less than they paid.
//! Avoids: comparing two currencies; objecting to a thing that was given back; a difference within
//! `tolerance_percent`.
//! Prefers: taking the newest purchase that the offer undercuts.
//! Settings: `within` (how long after the purchase, 30 days), `tolerance_percent` (1), `confidence`
//! (how surely an offer must be read, 50 of 100; below it the answer is "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit, effective_price};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, Purchase, Why};
use crate::message::Money;
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["paid", "product", "ago", "price", "bought_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long after the purchase.
    pub within: Window,
    /// Percent of the price paid that does not matter.
    pub tolerance_percent: u8,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { within: Window::days(30), tolerance_percent: 1, confidence: 50 }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    if case.meaning.offers.is_empty() {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let from = settings.within.before(case.now);
    let kept = customer.kept_purchases();
    let recent: Vec<&Purchase> = kept.into_iter().filter(|p| p.at > from && p.at <= case.now).collect();
    let mut doubt = None;
    for offer in &case.meaning.offers {
        let Some(product) = &offer.product else {
            // An unnamed product may be any of those bought.
            doubt = doubt.or((!recent.is_empty()).then_some(Why::Unread));
            continue;
        };
        for bought in recent.iter().filter(|p| p.product.eq_ignore_ascii_case(product)) {
            let undercut = match (bought.price, effective_price(offer)) {
                (None, _) => Err(Why::NotTold),
                (_, None) => Err(Why::Unread),
                (Some(paid), Some(price)) => match undercuts(price, paid, settings.tolerance_percent) {
                    Some(true) => Ok(Some((paid, price))),
                    Some(false) => Ok(None),
                    None => Err(Why::Unread),
                },
            };
            match undercut {
                Ok(Some((paid, price))) if offer.confidence.0 >= settings.confidence => {
                    return Answer::Objects(
                        Objection::because([
                            ("paid", Evidence::Money(paid)),
                            ("price", Evidence::Money(price)),
                            ("product", Evidence::Name(product.clone())),
                            ("ago", Evidence::Seconds(case.now.duration_since(bought.at).as_secs())),
                            ("bought_at", Evidence::At(bought.at)),
                        ])
                        .at(offer.spans.iter().copied())
                        .until(settings.within.after(bought.at)),
                    );
                }
                Ok(Some(_)) => doubt = doubt.or(Some(Why::Unread)),
                Ok(None) => {}
                Err(why) => doubt = doubt.or(Some(why)),
            }
        }
    }
    let known = case.facts.since(FactKind::Purchases, from).and_then(|()| case.read_whole());
    match (doubt, known) {
        (Some(why), _) | (None, Err(why)) => Answer::CannotTell(why),
        (None, Ok(())) => Answer::Fine,
    }
}

/// A tolerance of everything stops nothing.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.tolerance_percent >= 100 {
        return Err(Misfit { key: "tolerance_percent", why: "is 0 to 99 percent of the price paid".into() });
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

/// `price < paid × (1 − tolerance)`, exactly; `None` across currencies.
fn undercuts(price: Money, paid: Money, tolerance_percent: u8) -> Option<bool> {
    price.compare(&paid)?;
    Some(i128::from(price.minor) * 100 < i128::from(paid.minor) * i128::from(100 - tolerance_percent.min(100)))
}
