//! Which of the shop's products is it? The catalogue, names that look alike, and links that lead to a product.

pub(super) mod accessories;
pub(super) mod catalogue;
pub(super) mod catalogue_entry;
pub(super) mod likeness;
pub(super) mod met;
pub(super) mod products;
