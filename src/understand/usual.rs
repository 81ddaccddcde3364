//! What the shop's catalogue knows of the products offered: what sort of goods they are, and what they usually
//! cost, beside what the message says of them.

use super::catalogue::Catalogue;
use super::meaning::Offer;

/// Adds what the catalogue knows.
pub(super) fn complete(catalogue: &Catalogue, offers: &mut [Offer]) {
    for offer in offers {
        if let Some(item) = offer.product.as_deref().and_then(|sku| catalogue.item(sku)) {
            offer.goods = item.goods;
            offer.category.clone_from(&item.category);
            offer.usual_price = item.list_price;
        }
    }
}
