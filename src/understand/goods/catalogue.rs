//! The shop's catalogue: what its products are called in both languages, where their pages are, what they
//! cost and what sort of goods they are. Imported by the shop, compiled once, asked by every message.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde::{Deserialize, Serialize};

use crate::message::Money;
use crate::understand::meaning::Goods;
use crate::understand::text::normal::fold_phrase;

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

/// Products of one catalogue that are kept.
pub const ITEMS_MAX: usize = 200_000;
/// Names of one product.
pub const NAMES_MAX: usize = 16;
/// Longest sku, name, category and address, in bytes.
pub const FIELD_BYTES_MAX: usize = 512;
/// A shorter name stands in too many sentences: two Chinese characters, four letters.
const NAME_BYTES_MIN: usize = 4;

/// The catalogue of one brand.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    items: BTreeMap<String, Item>,
    /// Skus without hyphens and case: `bt200` is `BT-200`.
    plain: HashMap<String, String>,
    /// Addresses of product pages.
    links: HashMap<String, String>,
    names: Option<Names>,
}

/// Every name, in the spelling that texts are matched in.
#[derive(Debug, Clone)]
struct Names {
    patterns: AhoCorasick,
    skus: Vec<String>,
}

static NONE: LazyLock<Catalogue> = LazyLock::new(Catalogue::default);

impl Catalogue {
    /// No catalogue.
    pub fn none() -> &'static Catalogue {
        &NONE
    }

    /// Compiles it; of two items of one sku the later stands. A name that two products share names neither.
    pub fn new(items: impl IntoIterator<Item = Item>) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for mut item in items.into_iter().take(ITEMS_MAX) {
            item.sku = item.sku.trim().to_uppercase();
            item.names.truncate(NAMES_MAX);
            item.category = item.category.map(|category| category.trim().to_lowercase());
            catalogue.items.insert(item.sku.clone(), item);
        }
        let mut owners: BTreeMap<String, Option<&str>> = BTreeMap::new();
        for item in catalogue.items.values() {
            let (plain, whole) = (plain(&item.sku), item.sku.clone());
            catalogue.plain.entry(plain).or_insert(whole);
            if let Some(page) = item.url.as_deref().map(page_of).filter(|page| page.contains('/')) {
                catalogue.links.insert(page, item.sku.clone());
            }
            for name in item.names.iter().map(|name| fold_phrase(name.trim())) {
                let owner = owners.entry(name).or_insert(Some(&item.sku));
                if *owner != Some(item.sku.as_str()) {
                    *owner = None;
                }
            }
        }
        let known = |name: &str| name.len() >= NAME_BYTES_MIN && name.chars().any(char::is_alphabetic);
        let named: Vec<(String, String)> = owners
            .into_iter()
            .filter(|(name, _)| known(name))
            .filter_map(|(name, owner)| Some((name, owner?.to_owned())))
            .collect();
        if !named.is_empty() {
            let (names, skus): (Vec<String>, Vec<String>) = named.into_iter().unzip();
            let patterns = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&names);
            catalogue.names = patterns.ok().map(|patterns| Names { patterns, skus });
        }
        catalogue
    }

    /// The item of that sku, with or without its hyphens.
    pub fn item(&self, sku: &str) -> Option<&Item> {
        self.items.get(sku).or_else(|| self.items.get(self.plain.get(&plain(sku))?))
    }

    /// How many products it has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True where nothing was imported.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The sku whose page a link leads to.
    pub(in crate::understand) fn sku_of_link(&self, url: &str) -> Option<String> {
        if self.links.is_empty() {
            return None;
        }
        let page = page_of(url);
        let without_query = page.split('?').next().unwrap_or_default().trim_end_matches('/');
        self.links.get(&page).or_else(|| self.links.get(without_query)).cloned()
    }

    /// Where the names of products stand in a normalised text, the longest of those that begin together.
    pub(in crate::understand) fn names_in(&self, text: &str) -> Vec<(Range<usize>, &str)> {
        let Some(names) = &self.names else { return Vec::new() };
        let bytes = text.as_bytes();
        let letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let whole = |range: &Range<usize>| {
            let cut_before = letter(Some(range.start)) && letter(range.start.checked_sub(1));
            let cut_after = letter(range.end.checked_sub(1)) && letter(Some(range.end));
            !cut_before && !cut_after
        };
        let found = names.patterns.find_iter(text).take(NAMES_FOUND_MAX);
        found
            .filter(|hit| whole(&hit.range()))
            .filter_map(|hit| Some((hit.range(), names.skus.get(hit.pattern().as_usize())?.as_str())))
            .collect()
    }
}

/// Names looked at in one text.
const NAMES_FOUND_MAX: usize = 2_000;

/// A sku without what people leave out.
fn plain(sku: &str) -> String {
    sku.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Host without `www.`, path and query of an address: what tells one page from another.
fn page_of(url: &str) -> String {
    let rest = url.trim().split_once("://").map_or(url.trim(), |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, place) = rest.split_at(end);
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    format!("{}{}", host.strip_prefix("www.").unwrap_or(&host), place.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(sku: &str, names: &[&str], url: Option<&str>) -> Item {
        Item {
            sku: sku.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            category: Some("Car".into()),
            url: url.map(str::to_owned),
            list_price: None,
            goods: Goods::Durable,
        }
    }

    #[test]
    fn a_product_is_found_by_name_link_and_number() {
        let catalogue = Catalogue::new([
            item("bt-200", &["蓝牙车载播放器", "Car Player"], Some("https://www.shop.example/car-player/")),
            item("BT-300", &["蓝牙车载播放器 Pro", "Speaker"], None),
            item("SP-1", &["Speaker"], None),
        ]);
        let names = |text: &str| {
            let text = fold_phrase(text);
            catalogue.names_in(&text).into_iter().map(|(_, sku)| sku.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("藍牙車載播放器限時特價"), ["BT-200"]);
        assert_eq!(names("蓝牙车载播放器 Pro 和 CAR PLAYER"), ["BT-300", "BT-200"]);
        assert!(names("a scar player, a speaker").is_empty(), "part of a word; two products of one name");
        assert_eq!(catalogue.sku_of_link("http://shop.example/car-player?utm=1").as_deref(), Some("BT-200"));
        assert_eq!(catalogue.item("BT200").unwrap().category.as_deref(), Some("car"));
    }
}
