//! Microdata (`itemscope`, `itemtype`, `itemprop`) of schema.org as flat objects, as much of it as mail uses.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::patterns::pattern;

/// Items and properties read.
const PROPERTIES_MAX: usize = 512;
/// Longest value.
const VALUE_BYTES_MAX: usize = 512;

/// The items in an HTML source, each with where its properties stand; an offer that stands after a product
/// lies in it. Nothing where the source tells of an order.
pub(super) fn items_in(source: &str) -> Vec<(Value, Range<usize>)> {
    if !source.contains("itemscope") || !source.contains("schema.org/") {
        return Vec::new();
    }
    let mut items: Vec<(Map<String, Value>, Range<usize>)> = Vec::new();
    let (Some(kinds), Some(values)) = (PROPERTY.as_ref(), VALUE.as_ref()) else { return Vec::new() };
    for groups in kinds.captures_iter(source).take(PROPERTIES_MAX) {
        let Some(tag) = groups.get(0) else { continue };
        if let Some(kind) = groups.get(1) {
            if kind.as_str().ends_with("Order") || kind.as_str().ends_with("Reservation") || kind.as_str() == "Invoice"
            {
                return Vec::new();
            }
            let mut item = Map::new();
            item.insert("@type".into(), kind.as_str().into());
            // An offer is of the product before it.
            if kind.as_str().ends_with("Offer")
                && let Some((of, _)) = items.iter().rev().find(|(item, _)| item.contains_key("sku"))
                && let Some(sku) = of.get("sku")
            {
                item.insert("sku".into(), sku.clone());
            }
            items.push((item, tag.range()));
            continue;
        }
        let (Some(name), Some((item, place))) = (groups.get(2), items.last_mut()) else { continue };
        let end = source[tag.end()..].find('>').map_or(source.len(), |end| tag.end() + end);
        let start = source[..tag.start()].rfind('<').unwrap_or(tag.start());
        let inside = source.get(start..end).unwrap_or_default();
        let value = values.captures(inside).and_then(|groups| groups.get(1)).map(|value| value.as_str());
        let value = value.or_else(|| source.get(end + 1..)?.split('<').next()).map(str::trim).unwrap_or_default();
        if !value.is_empty() && value.len() <= VALUE_BYTES_MAX {
            item.entry(name.as_str()).or_insert_with(|| value.into());
            place.end = end.min(source.len());
        }
    }
    items.into_iter().map(|(item, place)| (Value::Object(item), place)).collect()
}

static PROPERTY: LazyLock<Option<Regex>> = pattern!(
    r#"(?i)itemtype\s*=\s*["']https?://schema\.org/([a-z]{2,40})["']|itemprop\s*=\s*["']([a-z0-9]{2,40})["'](?:\s+itemscope)?"#
);

static VALUE: LazyLock<Option<Regex>> = pattern!(r#"(?i)\s(?:content|href|datetime)\s*=\s*["']([^"']{1,512})["']"#);
