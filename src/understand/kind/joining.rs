//! Which price belongs to which product of a sentence.

use std::ops::Range;

use crate::message::Money;

use crate::understand::amounts::prices::{Amount, AmountKind};
use crate::understand::goods::met::Met;
use crate::understand::meaning::{Offer, Source};
use crate::understand::offers::blank;
use crate::understand::reading::Reading;

/// Where an amount stands in the text as shown.
pub(in crate::understand) fn shown_at(reading: &Reading<'_>, amount: &Amount) -> Option<Range<usize>> {
    reading.normal.shown(amount.range.clone())
}

/// Gives every product its price: in the order they stand.
pub(in crate::understand) fn join(
    reading: &Reading<'_>,
    products: &[Met],
    amounts: &[Amount],
    before: Option<&Met>,
) -> Vec<Offer> {
    if products.len() <= 1 {
        let mut offer = of(products.first());
        if products.is_empty()
            && let Some(before) = before
        {
            offer = of(Some(before));
        }
        price(&mut offer, amounts);
        return vec![offer];
    }
    let prices = amounts.iter().filter(|amount| amount.kind == AmountKind::Price).count();
    if prices <= 1 {
        // "A and B, now ¥299 each".
        return products
            .iter()
            .map(|met| {
                let mut offer = of(Some(met));
                price(&mut offer, amounts);
                offer
            })
            .collect();
    }
    // "A ¥1, B ¥2" or "¥1 A, ¥2 B": whichever stands first opens each pair.
    let at = |amount: &Amount| shown_at(reading, amount).map_or(0, |shown| shown.start);
    let amount_first = amounts.first().is_some_and(|first| products.first().is_some_and(|met| at(first) < met.at));
    let mut own: Vec<Vec<Amount>> = vec![Vec::new(); products.len()];
    for amount in amounts {
        let place = at(amount);
        let passed = products.partition_point(|met| met.at <= place);
        let index = if amount_first { passed } else { passed.saturating_sub(1) };
        if let Some(own) = own.get_mut(index.min(products.len() - 1)) {
            own.push(amount.clone());
        }
    }
    let each = products.iter().zip(own);
    each.map(|(met, own)| {
        let mut offer = of(Some(met));
        price(&mut offer, &own);
        offer
    })
    .collect()
}

fn of(product: Option<&Met>) -> Offer {
    Offer {
        product: product.filter(|met| !met.accessory).map(|met| met.sku.clone()),
        ..blank(product.map_or(Source::Text, |met| met.source))
    }
}

/// The first price is the price; of two with no word to tell them apart the higher was the old one.
fn price(offer: &mut Offer, amounts: &[Amount]) {
    offer.list_price = amounts.iter().find(|amount| amount.kind == AmountKind::ListPrice).map(|amount| amount.money);
    let mut prices = amounts.iter().filter(|amount| amount.kind == AmountKind::Price);
    let first = prices.find(|a| a.said).or_else(|| amounts.iter().find(|a| a.kind == AmountKind::Price));
    offer.price = first.map(|amount| amount.money);
    offer.pieces = first.and_then(|amount| amount.pieces);
    let unsaid: Vec<Money> =
        amounts.iter().filter(|a| a.kind == AmountKind::Price && !a.said).map(|a| a.money).collect();
    if let ([old, new], None) = (unsaid.as_slice(), offer.list_price)
        && amounts.len() == 2
        && new.compare(old) == Some(std::cmp::Ordering::Less)
    {
        (offer.list_price, offer.price) = (Some(*old), Some(*new));
    }
}
