//! Stops: an offer for one channel alone that leaves by another (`leaving`); its price shown on another channel
//! after all (`shown_after`); an offer called exclusive that another channel showed before (`shown_before`).
//! Avoids: holding an exclusive offer against the shop once its own end has passed; objecting to a better price
//! for the channel it is meant for — the legitimate way to two prices.
//! Prefers: what the sender declared; words like "SMS exclusive" and 短信专享 where nothing is.
//! Settings: `within` (how long a shown offer is remembered, 14 days), `confidence` (how surely an offer must be
//! read, 50 of 100; below it the answer is "cannot tell").

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::claims::families;
use crate::decide::goods::unit_price;
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, Family, Known, ShownOffer, Why};
use crate::message::{Channel, Money, same_product};
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::Offer;

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known. An offer on the wrong channel needs no facts: it is always stopped.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons; `product` and `price` only where the offer names them.
pub const PLACEHOLDERS: &[&str] = &["kind", "exclusive_to", "channel", "product", "price"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a shown offer is remembered.
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
    if case.meaning.offers.is_empty() {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let here = case.message.channel;
    let mut doubt = None;
    for offer in &case.meaning.offers {
        if let Some(only) = offer.exclusive.filter(|only| *only != here) {
            if offer.confidence.0 >= settings.confidence {
                return Answer::Objects(found("leaving", only, here, case, offer));
            }
            doubt = Some(Why::Unread);
        }
    }
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let from = settings.within.before(case.now);
    let families = families(case.meaning);
    let mut elsewhere: Vec<_> =
        customer.sends.iter().filter(|send| send.channel != here && send.at > from && send.at <= case.now).collect();
    elsewhere.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    for (index, offer) in case.meaning.offers.iter().enumerate() {
        let family = families.iter().find(|(at, _)| *at == index).map(|(_, family)| family);
        let price = unit_price(case.meaning, offer);
        let seen = |shown: &ShownOffer| is_shown(offer, price, family, shown);
        let objection = elsewhere.iter().find_map(|send| {
            let shown = send.offers.iter().filter(|shown| shown.ends.is_none_or(|end| end > case.now));
            let shown = shown.filter(|shown| seen(shown)).collect::<Vec<_>>();
            if offer.exclusive == Some(here) {
                let openly = shown.iter().any(|shown| shown.exclusive != Some(send.channel));
                openly.then(|| found("shown_before", here, send.channel, case, offer))
            } else {
                let alone = shown.iter().any(|shown| shown.exclusive == Some(send.channel));
                alone.then(|| {
                    let free_at = settings.within.after(send.at);
                    found("shown_after", send.channel, here, case, offer).until(free_at)
                })
            }
        });
        let objection = objection.or_else(|| told_to_others(settings, case, offer, price, family?));
        match objection {
            Some(objection) if offer.confidence.0 >= settings.confidence => return Answer::Objects(objection),
            Some(_) => doubt = Some(Why::Unread),
            None => {}
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

/// The same declared offer, or the same product for no more.
fn is_shown(offer: &Offer, price: Option<Money>, family: Option<&Family>, shown: &ShownOffer) -> bool {
    let declared = offer.id.is_some() && family.is_some_and(|family| shown.family.as_ref() == Some(&family.0));
    let same = offer.product.as_deref().zip(shown.product.as_deref()).is_some_and(|(a, b)| same_product(a, b));
    let at_most = |one: Money, other: Money| one.compare(&other).is_some_and(std::cmp::Ordering::is_le);
    // For whom it was said to be exclusive, nobody else may get it as cheap.
    let cheap = price.zip(shown.price).is_some_and(|(price, shown_at)| match offer.exclusive {
        Some(_) => at_most(shown_at, price),
        None => at_most(price, shown_at),
    });
    declared || same && cheap
}

/// Exclusive to this channel, and the brand's ledger has it on another, to anybody.
fn told_to_others(
    settings: &Settings,
    case: &Case<'_>,
    offer: &Offer,
    price: Option<Money>,
    family: &Family,
) -> Option<Objection> {
    let here = case.message.channel;
    let (true, Known::Known(claims)) = (offer.exclusive == Some(here), &case.facts.claims) else { return None };
    // What a family without a number is: this product at this very price. Other things may read alike.
    if offer.id.is_none() && offer.product.is_none() {
        return None;
    }
    let pieces = i64::from(offer.pieces.unwrap_or(1).max(1));
    let told = &claims.get(family)?.prices;
    let other = told.iter().find(|(channel, shown, first)| {
        let as_cheap =
            price.is_some_and(|price| price.currency == shown.currency && shown.minor <= price.minor * pieces);
        *channel != here && *first > settings.within.before(case.now) && *first <= case.now && as_cheap
    });
    other.map(|(channel, ..)| found("shown_before", here, *channel, case, offer))
}

fn found(kind: &str, only: Channel, shown_by: Channel, case: &Case<'_>, offer: &Offer) -> Objection {
    let mut objection = Objection::because([
        ("kind", Evidence::Name(kind.to_owned())),
        ("exclusive_to", Evidence::Name(only.to_string())),
        ("channel", Evidence::Name(shown_by.to_string())),
    ])
    .at(offer.spans.iter().copied());
    if let Some(product) = &offer.product {
        objection.because.insert("product".to_owned(), Evidence::Name(product.clone()));
    }
    if let Some(price) = unit_price(case.meaning, offer) {
        objection.because.insert("price".to_owned(), Evidence::Money(price));
    }
    objection
}
