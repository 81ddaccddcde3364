//! What a message leaves in its customer's history of its offers, and which of the brand's own facts it needs
//! to be judged by. The gateway asks both; so do policy cases.

use crate::facts::brand::NAMED_MAX;
use crate::facts::{Named, ShownOffer};
use crate::understand::{Meaning, PriceKind, UrgencyClaim, UrgencyKind};

use super::claims::families;
use super::goods::unit_price;

/// The offers of a message as its reader sees them.
pub fn shown_offers(meaning: &Meaning) -> Vec<ShownOffer> {
    let families = families(meaning);
    let family = |index: usize| families.iter().find(|(at, _)| *at == index).map(|(_, family)| family.0.clone());
    let announced = meaning.deadlines.iter().filter_map(|deadline| deadline.instant).min();
    let pressing = is_pressing(meaning);
    let offers = meaning.offers.iter().enumerate();
    offers
        .map(|(index, offer)| ShownOffer {
            product: offer.product.clone(),
            price: unit_price(meaning, offer),
            exclusive: offer.exclusive,
            family: family(index),
            ends: offer.ends.or(announced),
            pressing,
        })
        .collect()
}

/// True when the person is pressed by one of its claims.
pub fn is_pressing(meaning: &Meaning) -> bool {
    meaning.urgencies.iter().any(presses)
}

/// True for what presses a person who is told it twice: the end in words, a running clock, so many pieces left.
/// A plain date, a bare "hurry", "while supplies last" and a closing sale do not.
pub fn presses(claim: &UrgencyClaim) -> bool {
    match claim.kind {
        UrgencyKind::LastChance | UrgencyKind::Countdown => true,
        UrgencyKind::Scarcity => claim.left.is_some(),
        UrgencyKind::Hurry | UrgencyKind::Closing => false,
    }
}

/// Which of the brand's own facts the message is judged by: those of its offer families and vouchers, the
/// stock of what it hurries for, and the public prices of what it says was dearer. What no claim asks for is
/// not fetched.
pub fn named(meaning: &Meaning) -> Named {
    let products = || meaning.offers.iter().filter_map(|offer| offer.product.clone());
    let hurries = !meaning.urgencies.is_empty();
    let was_dearer = !meaning.discounts.is_empty()
        || meaning.prices.iter().any(|told| told.kind == PriceKind::List)
        || meaning.offers.iter().any(|offer| offer.list_price.is_some() || offer.percent_off.is_some());
    Named {
        families: families(meaning).into_iter().map(|(_, family)| family).collect(),
        vouchers: meaning.vouchers.iter().filter_map(|told| told.code.clone()).take(NAMED_MAX).collect(),
        stock: products().filter(|_| hurries).take(NAMED_MAX).collect(),
        prices: products().filter(|_| was_dearer).take(NAMED_MAX).collect(),
    }
}
