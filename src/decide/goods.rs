//! What one piece of a product costs by an offer: what every guard of prices must agree on. Like is compared with
//! like: one piece with one piece.

use crate::message::{Money, Span};
use crate::understand::{Discount, Meaning, Offer};

use super::guards::effective_price;

/// What one piece costs whoever takes the offer: its price, else what it is said to have cost (else its usual
/// price in the catalogue) less what is taken off, shared among the pieces it buys. Rounded up, so that no
/// rounding makes it look cheaper than it is.
pub fn unit_price(meaning: &Meaning, offer: &Offer) -> Option<Money> {
    let whole = effective_price(offer).or_else(|| reduced(meaning, offer))?;
    let pieces = i64::from(offer.pieces.unwrap_or(1).max(1));
    let each = whole.minor.div_euclid(pieces) + i64::from(whole.minor.rem_euclid(pieces) > 0);
    Some(Money::new(each, whole.currency))
}

/// `price < than × (1 − tolerance)`, exactly; `None` across currencies.
pub fn undercuts(price: Money, than: Money, tolerance_percent: u8) -> Option<bool> {
    price.compare(&than)?;
    Some(i128::from(price.minor) * 100 < i128::from(than.minor) * i128::from(100 - tolerance_percent.min(100)))
}

/// Known only by what is taken off: "20% off the BT-200", BT-200立减100元.
fn reduced(meaning: &Meaning, offer: &Offer) -> Option<Money> {
    let usual = offer.list_price.or(offer.usual_price)?;
    let minor = match (offer.percent_off, amount_off(meaning, offer)) {
        (Some(percent), _) => usual.minor.checked_mul(100 - i64::from(percent.min(100)))? / 100,
        (None, Some(off)) if off.compare(&usual) == Some(std::cmp::Ordering::Less) => usual.minor - off.minor,
        _ => return None,
    };
    Some(Money::new(minor, usual.currency))
}

/// The amount taken off in the very sentences of the offer.
fn amount_off(meaning: &Meaning, offer: &Offer) -> Option<Money> {
    let inside = |span: &Span| {
        let (part, range) = (span.part, span.range());
        offer.spans.iter().any(|own| {
            let own_range = own.range();
            own.part == part && own_range.start <= range.start && range.end <= own_range.end
        })
    };
    meaning.discounts.iter().find_map(|told| match told.discount {
        Discount::Amount(off) if !told.spans.is_empty() && told.spans.iter().all(inside) => Some(off),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::{Confidence, DiscountTold, Goods, Source};

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn offer() -> Offer {
        Offer {
            product: Some("BT-200".to_owned()),
            id: None,
            price: None,
            list_price: None,
            usual_price: Some(money("399 CNY")),
            percent_off: None,
            ends: None,
            exclusive: None,
            pieces: None,
            goods: Goods::default(),
            category: None,
            simhash: None,
            source: Source::Text,
            confidence: Confidence(75),
            spans: Span::new(0, 10..40).into_iter().collect(),
        }
    }

    #[test]
    fn a_price_is_that_of_one_piece_and_known_by_what_is_taken_off() {
        let price = |offer: &Offer, meaning: &Meaning| unit_price(meaning, offer).map(|price| price.minor);
        let none = Meaning::default();
        assert_eq!(price(&offer(), &none), None, "a usual price is no offer");
        assert_eq!(price(&Offer { percent_off: Some(20), ..offer() }, &none), Some(31_920));
        let two = Offer { price: Some(money("100 CNY")), pieces: Some(3), ..offer() };
        assert_eq!(price(&two, &none), Some(3_334), "rounded up");
        let off = |range| DiscountTold {
            discount: Discount::Amount(money("100 CNY")),
            source: Source::Text,
            confidence: Confidence(70),
            spans: Span::new(0, range).into_iter().collect(),
        };
        let taken = Meaning { discounts: vec![off(20..30)], ..Meaning::default() };
        assert_eq!(price(&offer(), &taken), Some(29_900));
        let elsewhere = Meaning { discounts: vec![off(50..60)], ..Meaning::default() };
        assert_eq!(price(&offer(), &elsewhere), None, "another sentence's reduction");
    }

    #[test]
    fn less_than_the_tolerance_is_no_difference() {
        assert_eq!(undercuts(money("299 CNY"), money("399 CNY"), 1), Some(true));
        assert_eq!(undercuts(money("396 CNY"), money("399 CNY"), 1), Some(false));
        assert_eq!(undercuts(money("299 CNY"), money("399 USD"), 1), None);
    }
}
