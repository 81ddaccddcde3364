//! Stops: a "was" price, or a percentage off, that is not counted from the lowest price of the weeks before the
//! reduction (`was`, `percent`): the price raised for a day to be cut again.
//! Avoids: counting the reduction itself as the lower price: what was cut step by step is compared with what it
//! cost before the first step; a product whose prices nobody told is "cannot tell".
//! Prefers: the public prices the shop told; what a declared offer was announced at before counts too.
//! Settings: `within` (the weeks before the reduction, 30 days: EU Directive 98/6/EC, article 6a; China's rules
//! on price promotion ask for 7 days), `reduced_at_most` (a price reduced for longer is the price, 60 days),
//! `tolerance_percent` (of the lowest price, and points of a percentage, 1), `confidence` (how surely an offer
//! must be read, 50 of 100; below it the answer is "cannot tell").

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::goods::unit_price;
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{BrandFacts, Family, FamilyClaims, Known, Why};
use crate::message::Money;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{Discount, Offer};

/// A courtesy by class, though laws name it (article 6a; CJEU C-330/23: a percentage "must be calculated on
/// the basis of" the lowest price of 30 days): a receipt must not be lost over an offer in it.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons; `was` is what the message says or its percentage is counted from, `percent` what it would
/// be, counted from the lowest price.
pub const PLACEHOLDERS: &[&str] = &["kind", "product", "was", "lowest", "since", "percent"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The weeks before the reduction.
    pub within: Window,
    /// How long a price may be called reduced.
    pub reduced_at_most: Window,
    /// Percent of the lowest price, and points of a percentage, that do not matter.
    pub tolerance_percent: u8,
    /// The least confidence in an offer.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { within: Window::days(30), reduced_at_most: Window::days(60), tolerance_percent: 1, confidence: 50 }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let meaning = case.meaning;
    let compares = |offer: &&Offer| offer.list_price.is_some() || offer.percent_off.is_some();
    let judged: Vec<&Offer> = meaning.offers.iter().filter(compares).collect();
    let unnamed = meaning.discounts.iter().any(|told| matches!(told.discount, Discount::Percent(_)));
    if judged.is_empty() {
        // A percentage off nobody says what.
        let whole = if unnamed { Err(Why::Unread) } else { case.read_whole() };
        return whole.map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let brand = match case.facts.brand() {
        Ok(brand) => brand,
        Err(why) => return Answer::CannotTell(why),
    };
    let families = crate::decide::claims::families(meaning);
    let mut doubt = None;
    for offer in judged {
        let family =
            families.iter().find(|(at, _)| meaning.offers.get(*at).is_some_and(|one| std::ptr::eq(one, offer)));
        let announced = announced(case, offer, family.map(|(_, family)| family));
        match judge(settings, case, offer, brand, announced) {
            Ok(Some(objection)) if offer.confidence.0 >= settings.confidence => return Answer::Objects(objection),
            Ok(Some(_)) => doubt = doubt.or(Some(Why::Unread)),
            Ok(None) => {}
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    match (doubt, case.read_whole()) {
        (Some(why), _) | (None, Err(why)) => Answer::CannotTell(why),
        (None, Ok(())) => Answer::Fine,
    }
}

/// A tolerance of everything stops nothing.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.tolerance_percent >= 100 {
        return Err(Misfit { key: "tolerance_percent", why: "is 0 to 99 percent of the lowest price".into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// Public prices are no customer's history, and kept for two years: no window.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}

/// The objection to one offer, or that there is none; `Err` when the prices before it are not known.
fn judge(
    settings: &Settings,
    case: &Case<'_>,
    offer: &Offer,
    brand: &BrandFacts,
    announced: Option<&FamilyClaims>,
) -> Result<Option<Objection>, Why> {
    let product = offer.product.as_deref().ok_or(Why::Unread)?;
    let told = brand.prices.get(product).map(Vec::as_slice).unwrap_or_default();
    let in_force = told.iter().rev().find(|(at, _)| *at <= case.now).map(|(_, price)| *price);
    let pieces = i64::from(offer.pieces.unwrap_or(1).max(1));
    // What is only counted from a catalogue tells nothing of the price it is counted from.
    let says_what_is_left = offer.price.is_some() || offer.list_price.is_some();
    let left = unit_price(case.meaning, offer).filter(|_| says_what_is_left);
    // "Was 399" of three pieces is 133 of one.
    let was = offer.list_price.map(|was| Money::new(was.minor / pieces, was.currency));
    let counted = offer.percent_off.zip(left).and_then(|(percent, left)| counted_from(left, percent));
    // A percentage alone is taken off what it costs today.
    let reference = was.or(counted).or(in_force).ok_or(Why::NotTold)?;
    let start = reduced_since(settings, case.now, told, reference);
    let lowest = lowest(told, announced, start, settings.within.before(start), left);
    let Some((since, low, whole)) = lowest else { return Err(Why::NotTold) };
    if low.currency != reference.currency {
        return Err(Why::Unread);
    }
    let tolerance = i128::from(settings.tolerance_percent);
    let true_percent = left.and_then(|left| percent_between(low, left));
    let honest = i128::from(reference.minor) * 100 <= i128::from(low.minor) * (100 + tolerance);
    let fair = match (offer.percent_off, true_percent) {
        (Some(claimed), Some(percent)) => i128::from(claimed) <= percent + tolerance,
        (Some(_), None) => honest,
        (None, _) => true,
    };
    let kind = match (was.is_none() || honest, fair) {
        (false, _) => "was",
        (true, false) => "percent",
        (true, true) if whole => return Ok(None),
        (true, true) => return Err(Why::TooYoung),
    };
    let percent = u64::try_from(true_percent.unwrap_or(0).max(0)).unwrap_or(0);
    Ok(Some(
        Objection::because([
            ("kind", Evidence::Name(kind.to_owned())),
            ("product", Evidence::Name(product.to_owned())),
            ("was", Evidence::Money(reference)),
            ("lowest", Evidence::Money(low)),
            ("since", Evidence::At(since)),
            ("percent", Evidence::Count(percent)),
        ])
        .at(offer.spans.iter().copied()),
    ))
}

/// What the percentage must have been taken off, if this is what is left.
fn counted_from(price: Money, percent: u8) -> Option<Money> {
    let rest = i64::from(100u8.checked_sub(percent)?);
    (rest > 0).then(|| price.minor.checked_mul(100).map(|minor| Money::new(minor / rest, price.currency)))?
}

/// Whole points, rounded up as a shop rounds them.
fn percent_between(low: Money, price: Money) -> Option<i128> {
    low.compare(&price)?;
    let (low, price) = (i128::from(low.minor), i128::from(price.minor));
    (low > 0).then(|| ((low - price) * 100 + low - 1).div_euclid(low))
}

/// Since when the price has been below the reference without rising again: the beginning of the reduction, which
/// may have come step by step. Now, where the shop has told of no reduction yet, or where it has lasted so long
/// that the reduced price is the price.
fn reduced_since(settings: &Settings, now: Timestamp, told: &[(Timestamp, Money)], reference: Money) -> Timestamp {
    let mut start = now;
    let mut later: Option<Money> = None;
    for (at, price) in told.iter().rev().filter(|(at, _)| *at <= now) {
        let below = price.compare(&reference) == Some(std::cmp::Ordering::Less);
        let rising = later.is_some_and(|later| price.compare(&later) == Some(std::cmp::Ordering::Less));
        if !below || rising {
            break;
        }
        (start, later) = (*at, Some(*price));
    }
    if settings.reduced_at_most.after(start) <= now { now } else { start }
}

/// The lowest price in force from `from` until before `start`, since when it was, and whether all of that time is
/// known.
fn lowest(
    told: &[(Timestamp, Money)],
    announced: Option<&FamilyClaims>,
    start: Timestamp,
    from: Timestamp,
    left: Option<Money>,
) -> Option<(Timestamp, Money, bool)> {
    let before = told.iter().rev().find(|(at, _)| *at <= from);
    let public = before.into_iter().chain(told.iter().filter(|(at, _)| *at > from && *at < start)).copied();
    // What was announced dearer than now is the same reduction, step by step.
    let lower = |price: &Money| left.is_some_and(|left| price.minor < left.minor);
    let announced = announced.into_iter().flat_map(|claims| &claims.prices);
    let announced = announced.filter(|(_, price, at)| *at > from && *at < start && lower(price));
    let announced = announced.map(|(_, price, at)| (*at, *price));
    let all: Vec<(Timestamp, Money)> = public.chain(announced).collect();
    let currency = all.first()?.1.currency;
    let lowest =
        all.into_iter().filter(|(_, price)| price.currency == currency).min_by_key(|(at, price)| (price.minor, *at))?;
    Some((lowest.0, lowest.1, before.is_some()))
}

/// What the ledger has of a declared offer: of one without an id the price is part of its name.
fn announced<'c>(case: &'c Case<'_>, offer: &Offer, family: Option<&Family>) -> Option<&'c FamilyClaims> {
    let Known::Known(claims) = &case.facts.claims else { return None };
    offer.id.as_ref()?;
    claims.get(family?)
}
