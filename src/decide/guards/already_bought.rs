//! Stops: selling a person what they own: goods one buys once (a licence, a membership), or goods kept for
//! years that were bought not long ago. What goods are is told by the catalogue.
//! Avoids: objecting to what is used up and bought again; to what was given back; to what goes with the thing
//! (another product); to a letter that also offers something new; to a person who asked for word of it.
//! Prefers: the newest purchase as evidence.
//! Settings: `durable_within` (how long goods kept for years are not bought again, 365 days), `ordinary_within`
//! (the same for goods of which the catalogue says nothing; none: never), `among_others` (false; true: object
//! also where other things are offered too, for a rule that takes the offer out), `confidence` (how surely an
//! offer must be read, 50 of 100; below it the answer is "cannot tell").

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, Purchase, Why};
use crate::message::same_product;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{Goods, Offer};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["product", "goods", "ago", "bought_at", "count"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long goods kept for years are not bought again.
    pub durable_within: Window,
    /// How long ordinary goods are not, if at all.
    pub ordinary_within: Option<Window>,
    /// Object also where other things are offered too.
    pub among_others: bool,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { durable_within: Window::days(365), ordinary_within: None, among_others: false, confidence: 50 }
    }
}

impl Settings {
    /// Since when a purchase of such goods counts; `None` when none does.
    fn since(&self, goods: Goods, now: Timestamp) -> Option<Timestamp> {
        match goods {
            Goods::Single => Some(Timestamp::MIN),
            Goods::Durable => Some(self.durable_within.before(now)),
            Goods::Ordinary => self.ordinary_within.map(|window| window.before(now)),
            Goods::Consumable => None,
        }
    }

    fn free_at(&self, goods: Goods, bought: Timestamp) -> Option<Timestamp> {
        match goods {
            Goods::Durable => Some(self.durable_within.after(bought)),
            Goods::Ordinary => self.ordinary_within.map(|window| window.after(bought)),
            Goods::Single | Goods::Consumable => None,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let named: Vec<(&Offer, &str)> =
        case.meaning.offers.iter().filter_map(|offer| Some((offer, offer.product.as_deref()?))).collect();
    // Only goods that one has enough of ask for the person's history.
    if named.iter().all(|(offer, _)| settings.since(offer.goods, case.now).is_none()) {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let kept = customer.kept_purchases();
    let owned: Vec<(&Offer, &Purchase)> = named
        .iter()
        .filter_map(|(offer, product)| Some((*offer, owned(settings, case, customer, &kept, offer, product)?)))
        .collect();
    // Beside an offer that names its product, words of sale and a percentage are most likely of the same.
    let something_new = named.len() > owned.len()
        || case.meaning.offers.iter().any(|offer| offer.product.is_none() && offer.price.is_some());
    let sure = owned.iter().all(|(offer, _)| offer.confidence.0 >= settings.confidence);
    let newest = owned.iter().max_by_key(|(offer, bought)| (bought.at, &offer.product));
    match newest {
        Some((offer, bought)) if sure && (settings.among_others || !something_new) => {
            let mut objection = Objection::because([
                ("product", Evidence::Name(bought.product.clone())),
                ("goods", Evidence::Name(word(offer.goods).to_owned())),
                ("ago", Evidence::Seconds(case.now.duration_since(bought.at).as_secs())),
                ("bought_at", Evidence::At(bought.at)),
                ("count", Evidence::Count(owned.len() as u64)),
            ]);
            objection = objection.at(owned.iter().flat_map(|(offer, _)| offer.spans.iter().copied()));
            objection.free_at = settings.free_at(offer.goods, bought.at);
            return Answer::Objects(objection);
        }
        Some(_) if !sure => return Answer::CannotTell(Why::Unread),
        _ => {}
    }
    let from = settings.durable_within.before(case.now);
    match case.facts.since(FactKind::Purchases, from).and_then(|()| case.read_whole()) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// Confidence is a percentage.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// How far back. Goods bought once are remembered as long as history is kept.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    let ordinary = settings.ordinary_within.map(|window| ("ordinary_within", window));
    [("durable_within", settings.durable_within)].into_iter().chain(ordinary).collect()
}

/// The purchase by which the person has enough of it.
fn owned<'a>(
    settings: &Settings,
    case: &Case<'_>,
    customer: &Customer,
    kept: &[&'a Purchase],
    offer: &Offer,
    product: &str,
) -> Option<&'a Purchase> {
    let since = settings.since(offer.goods, case.now)?;
    if customer.price_alerts.iter().any(|wish| wish.at <= case.now && same_product(&wish.product, product)) {
        return None;
    }
    kept.iter().copied().find(|p| p.at > since && p.at <= case.now && same_product(&p.product, product))
}

fn word(goods: Goods) -> &'static str {
    match goods {
        Goods::Ordinary => "ordinary",
        Goods::Durable => "durable",
        Goods::Consumable => "consumable",
        Goods::Single => "single",
    }
}
