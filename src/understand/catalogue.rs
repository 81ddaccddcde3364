//! The shop's catalogue: what its products are called in both languages, where their pages are, what they
//! cost and what sort of goods they are. Imported by the shop, compiled once, asked by every message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::meaning::Goods;
use crate::message::Money;

/// One product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The shop's number of it, upper-cased.
    pub sku: String,
    /// What it is called, in any language.
    #[serde(default)]
    pub names: Vec<String>,
    /// Its category, lower-case: a topic (`shoes`).
    #[serde(default)]
    pub category: Option<String>,
    /// Where its page is: a pattern without `{sku}`, or the address itself.
    #[serde(default)]
    pub url: Option<String>,
    /// What it costs without any offer.
    #[serde(default)]
    pub list_price: Option<Money>,
    /// What sort of goods it is.
    #[serde(default)]
    pub goods: Goods,
}

/// The catalogue of one brand.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    items: BTreeMap<String, Item>,
}

static NONE: Catalogue = Catalogue { items: BTreeMap::new() };

impl Catalogue {
    /// No catalogue.
    pub fn none() -> &'static Catalogue {
        &NONE
    }

    /// Compiles it; of two items of one sku the later stands.
    pub fn new(items: impl IntoIterator<Item = Item>) -> Catalogue {
        let items = items.into_iter().map(|item| (item.sku.to_uppercase(), item)).collect();
        Catalogue { items }
    }

    /// The item of that sku.
    pub fn item(&self, sku: &str) -> Option<&Item> {
        self.items.get(sku)
    }
}
