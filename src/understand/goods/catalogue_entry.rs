//! One line of a shop's catalogue, as exported, made an item; or why not.

use serde::Deserialize;

use crate::message::Money;
use crate::understand::goods::catalogue::{FIELD_BYTES_MAX, Item, NAMES_MAX};
use crate::understand::meaning::Goods;

/// The columns of a catalogue, all but `sku` optional. What else an export has is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CatalogueEntry {
    /// The shop's number of the product.
    pub sku: String,
    /// What it is called; several parted by `|`.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// In Chinese.
    pub name_zh: String,
    /// More names, where a list can be written.
    pub names: Vec<String>,
    /// Its category.
    pub category: String,
    /// The address of its page.
    pub url: String,
    /// What it costs without any offer, as in `399.00 CNY`.
    pub list_price: String,
    /// `ordinary`, `durable`, `consumable` or `single`.
    pub goods: String,
}

/// Columns that are read.
pub const CATALOGUE_COLUMNS: &[&str] =
    &["sku", "name", "name_en", "name_zh", "names", "category", "url", "list_price", "goods"];

impl CatalogueEntry {
    /// Sets a column by its name.
    pub fn set(&mut self, column: &str, value: &str) {
        let place = match column {
            "sku" => &mut self.sku,
            "name" => &mut self.name,
            "name_en" => &mut self.name_en,
            "name_zh" => &mut self.name_zh,
            "category" => &mut self.category,
            "url" => &mut self.url,
            "list_price" => &mut self.list_price,
            "goods" => &mut self.goods,
            "names" => {
                self.names.push(value.to_owned());
                return;
            }
            _ => return,
        };
        value.clone_into(place);
    }

    /// The item.
    pub fn item(&self) -> Result<Item, String> {
        let sku = self.sku.trim();
        if sku.is_empty() {
            return Err("has no `sku`".to_owned());
        }
        let names = [&self.name, &self.name_en, &self.name_zh].into_iter().chain(&self.names);
        let names: Vec<String> = names
            .flat_map(|names| names.split('|'))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if names.len() > NAMES_MAX {
            return Err(format!("has more than {NAMES_MAX} names"));
        }
        let fields = names.iter().map(String::as_str).chain([sku, &self.category, &self.url]);
        for field in fields {
            if field.len() > FIELD_BYTES_MAX {
                return Err(format!("has a field of more than {FIELD_BYTES_MAX} bytes"));
            }
            if field.chars().any(char::is_control) {
                return Err("has a control character in a field".to_owned());
            }
        }
        let told = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let list_price = match told(&self.list_price) {
            None => None,
            Some(price) => Some(price.parse::<Money>().map_err(|why| format!("`list_price`: {why}"))?),
        };
        let goods = match self.goods.trim().to_lowercase().as_str() {
            "" | "ordinary" => Goods::Ordinary,
            "durable" => Goods::Durable,
            "consumable" => Goods::Consumable,
            "single" => Goods::Single,
            _ => return Err("`goods` is `ordinary`, `durable`, `consumable` or `single`".to_owned()),
        };
        let sku = sku.to_uppercase();
        Ok(Item { sku, names, category: told(&self.category), url: told(&self.url), list_price, goods })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_item_or_says_why_not() {
        let entry = |pairs: &[(&str, &str)]| {
            let mut entry = CatalogueEntry::default();
            pairs.iter().for_each(|(column, value)| entry.set(column, value));
            entry.item()
        };
        let item = entry(&[
            ("sku", "bt-200"),
            ("name_en", "Car player | Bluetooth player"),
            ("name_zh", "蓝牙车载播放器"),
            ("list_price", "399.00 CNY"),
            ("goods", "Durable"),
            ("colour", "red"),
        ])
        .unwrap();
        assert_eq!((item.sku.as_str(), item.names.len(), item.goods), ("BT-200", 3, Goods::Durable));
        for (pairs, why) in [
            (vec![("name", "x")], "no `sku`"),
            (vec![("sku", "a"), ("list_price", "399")], "`list_price`"),
            (vec![("sku", "a"), ("goods", "rare")], "`goods`"),
            (vec![("sku", "a\u{7}b")], "control character"),
        ] {
            assert!(entry(&pairs).unwrap_err().contains(why), "{pairs:?}");
        }
        assert!(entry(&[("sku", &"x".repeat(FIELD_BYTES_MAX + 1))]).unwrap_err().contains("bytes"));
    }
}
