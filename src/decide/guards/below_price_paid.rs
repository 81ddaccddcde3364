//! Stops: offering a person the very product they just bought, for less than they paid, by a price, a
//! reduction of a known price, or a price for several pieces.
//! Avoids: comparing two currencies, two sizes (another number is another product) or one piece with many;
//! objecting to a thing that was given back, to goods bought anew each week, to a person who asked to be
//! told of a lower price, to a difference within `tolerance_percent`. A percentage off everything names
//! nothing that was bought: the answer is "cannot tell".
//! Prefers: taking the newest purchase that the offer undercuts.
//! Settings: `within` (how long after the purchase, 30 days), `durable_within` (of goods kept for years or
//! bought once, by the catalogue, 90 days), `consumable_within` (of goods used up and bought again; none: never),
//! `tolerance_percent` (1), `confidence` (how surely an offer must be read, 50 of 100; below it the answer is
//! "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::goods::{undercuts, unit_price};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, Purchase, Why};
use crate::message::same_product;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{Goods, Offer};

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
    /// How long for goods kept for years.
    pub durable_within: Window,
    /// How long for goods that are used up, if at all.
    pub consumable_within: Option<Window>,
    /// Percent of the price paid that does not matter.
    pub tolerance_percent: u8,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            within: Window::days(30),
            durable_within: Window::days(90),
            consumable_within: None,
            tolerance_percent: 1,
            confidence: 50,
        }
    }
}

impl Settings {
    /// How long a purchase of such goods is remembered.
    fn window(&self, goods: Goods) -> Option<Window> {
        match goods {
            Goods::Ordinary => Some(self.within),
            Goods::Durable | Goods::Single => Some(self.durable_within),
            Goods::Consumable => self.consumable_within,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let judged: Vec<(&Offer, Window)> =
        case.meaning.offers.iter().filter_map(|offer| Some((offer, settings.window(offer.goods)?))).collect();
    let Some(widest) = judged.iter().map(|(_, window)| *window).max() else {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    };
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let from = widest.before(case.now);
    let kept = customer.kept_purchases();
    let bought_before: Vec<&Purchase> = kept.into_iter().filter(|p| p.at <= case.now).collect();
    let mut doubt = None;
    for (offer, window) in judged {
        let since = window.before(case.now);
        let bought = bought_before.iter().filter(|p| p.at > since);
        let Some(product) = &offer.product else {
            // What it names nothing of may be any of those bought: "20% off everything".
            doubt = doubt.or((bought.count() > 0).then_some(Why::Unread));
            continue;
        };
        // They asked to be told: the one lower price that is no insult.
        if customer.price_alerts.iter().any(|wish| wish.at <= case.now && same_product(&wish.product, product)) {
            continue;
        }
        for bought in bought.filter(|p| same_product(&p.product, product)) {
            let undercut = match (bought.price, unit_price(case.meaning, offer)) {
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
                        .until(window.after(bought.at)),
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
    let consumable = settings.consumable_within.map(|window| ("consumable_within", window));
    [("within", settings.within), ("durable_within", settings.durable_within)].into_iter().chain(consumable).collect()
}
