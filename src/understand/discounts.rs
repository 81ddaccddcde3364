//! What does it take off, and which prices does it name?

use super::meaning::{DiscountTold, Offer, PriceTold};
use super::purpose::Tally;
use super::reading::Reading;

/// The prices offers name.
pub(super) fn prices_of(_: &[Reading<'_>], _: Tally, _: &[Offer]) -> Vec<PriceTold> {
    Vec::new()
}

/// What is taken off.
pub(super) fn discounts_of(_: &[Reading<'_>], _: Tally, _: &[Offer]) -> Vec<DiscountTold> {
    Vec::new()
}
