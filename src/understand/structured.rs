//! Offers told in data beside the text: schema.org and the promotion annotations of mail programs, as JSON-LD
//! and as microdata. An order, an invoice or a reservation told the same way is no offer.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::message::{Content, Currency, Money, PartKind, Span};

use super::Context;
use super::amounts::prices::amounts_in;
use super::expression::May;
use super::meaning::{
    Confidence, Deadline, DeadlineKind, Discount, DiscountTold, Doubt, Offer, PriceKind, PriceTold, Source,
    VoucherKind, VoucherTold,
};
use super::microdata::items_in;
use super::offers::blank;
use super::taken_off::reductions::reductions_in;
use super::text::normal::fold_phrase;
use super::vouchers::code_of;

/// Blocks of data read in one message.
const BLOCKS_MAX: usize = 32;
/// Bytes of one block.
const BLOCK_BYTES_MAX: usize = 256 * 1024;
/// Nodes looked at in one message, and how deep.
const NODES_MAX: usize = 4_096;
const DEPTH_MAX: usize = 24;
/// Offers kept.
const OFFERS_MAX: usize = 128;
/// A sender's own data is surer than any reading of its text, and less than a declaration to us.
const CONFIDENCE: Confidence = Confidence(95);

/// What the data of a message tells.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// Offers, each with the block it stands in.
    pub offers: Vec<Offer>,
    /// What is taken off.
    pub discounts: Vec<DiscountTold>,
    /// Codes.
    pub vouchers: Vec<VoucherTold>,
    /// Ends that a mail program shows.
    pub deadlines: Vec<Deadline>,
    /// What could not be read.
    pub doubts: Vec<Doubt>,
    nodes: usize,
}

/// Reads the data of every HTML part.
pub(super) fn structured_of(context: &Context<'_>, content: &Content, bytes_max: usize) -> Structured {
    let mut structured = Structured::default();
    for (index, part) in content.parts.iter().enumerate() {
        if part.kind != PartKind::Html || part.text.len() > bytes_max {
            continue;
        }
        let source = part.text.as_str();
        for block in blocks_in(source) {
            let doubt = |why: &str| Doubt(format!("part {index}: {why}"));
            let Some(json) = source.get(block.json.clone()) else { continue };
            if json.len() > BLOCK_BYTES_MAX {
                structured.doubts.push(doubt("a block of structured data is too long to read"));
                continue;
            }
            match serde_json::from_str::<Value>(json.trim()) {
                Ok(data) => {
                    let span = Span::new(index, block.whole);
                    Walk { context, found: &mut structured, span }.walk(&data, None, 0);
                }
                Err(_) => structured.doubts.push(doubt("a block of structured data is not valid JSON")),
            }
        }
        for (item, place) in items_in(source) {
            let span = Span::new(index, place);
            Walk { context, found: &mut structured, span }.walk(&item, None, 0);
        }
    }
    if structured.nodes >= NODES_MAX || structured.offers.len() >= OFFERS_MAX {
        structured.doubts.push(Doubt("there is more structured data than is read".into()));
    }
    structured
}

impl Structured {
    /// The prices of its offers.
    pub fn prices(&self) -> Vec<PriceTold> {
        let told = |money: Option<Money>, kind: PriceKind, offer: &Offer| {
            money.map(|money| PriceTold {
                money,
                kind,
                source: Source::Structured,
                confidence: CONFIDENCE,
                spans: offer.spans.clone(),
            })
        };
        let each = |offer: &Offer| {
            [told(offer.price, PriceKind::Current, offer), told(offer.list_price, PriceKind::List, offer)]
        };
        self.offers.iter().flat_map(each).flatten().collect()
    }
}

/// One block: the JSON, and the whole element that holds it.
struct Block {
    json: Range<usize>,
    whole: Range<usize>,
}

fn blocks_in(source: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut from = 0;
    while let Some(at) = source.get(from..).and_then(|rest| rest.find("ld+json")).map(|at| from + at) {
        from = at + "ld+json".len();
        let start = source[..at].rfind('<').filter(|start| starts_with(&source[*start..], "<script"));
        let (Some(start), Some(open)) = (start, source[from..].find('>').map(|open| from + open + 1)) else { continue };
        let Some(end) = find_closing(&source[open..]).map(|end| open + end) else { break };
        let close = source[end..].find('>').map_or(source.len(), |close| end + close + 1);
        blocks.push(Block { json: open..end, whole: start..close });
        from = close;
        if blocks.len() == BLOCKS_MAX {
            break;
        }
    }
    blocks
}

fn starts_with(text: &str, tag: &str) -> bool {
    text.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag))
}

fn find_closing(text: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| starts_with(&text[*at..], "</script"))
}

/// A walk through one block.
struct Walk<'w, 'c> {
    context: &'w Context<'c>,
    found: &'w mut Structured,
    span: Option<Span>,
}

impl Walk<'_, '_> {
    /// `product` is the one that the node belongs to.
    fn walk(&mut self, value: &Value, product: Option<&str>, depth: usize) {
        self.found.nodes += 1;
        if depth > DEPTH_MAX || self.found.nodes > NODES_MAX {
            return;
        }
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.walk(value, product, depth + 1)),
            Value::Object(node) => self.node(node, product, depth),
            _ => {}
        }
    }

    fn node(&mut self, node: &Map<String, Value>, product: Option<&str>, depth: usize) {
        let types = types_of(node);
        let is = |wanted: &[&str]| types.iter().any(|kind| wanted.contains(kind));
        if is(&["Order", "OrderItem", "Invoice", "ParcelDelivery", "Ticket"])
            || types.iter().any(|kind| kind.ends_with("Reservation"))
        {
            return;
        }
        let own = self.product_of(node);
        let product = own.as_deref().or(product).map(str::to_owned);
        if is(&["DiscountOffer"]) {
            self.discount(node);
        } else if is(&["PromotionCard"]) {
            self.card(node, product.as_deref());
        } else if is(&["Offer", "AggregateOffer", "OfferForPurchase", "Demand"]) {
            self.offer(node, product.as_deref());
        }
        for (key, value) in node {
            if matches!(key.as_str(), "acceptedOffer" | "orderedItem" | "partOfOrder" | "partOfInvoice" | "review") {
                continue;
            }
            if value.is_array() || value.is_object() {
                self.walk(value, product.as_deref(), depth + 1);
            }
        }
    }

    fn offer(&mut self, node: &Map<String, Value>, product: Option<&str>) {
        let currency = text_of(node, "priceCurrency").map(str::to_owned);
        let money = |key: &str, node: &Map<String, Value>| {
            let own = text_of(node, "priceCurrency").or(currency.as_deref())?;
            money_of(node.get(key)?, own)
        };
        let mut price = money("price", node).or_else(|| money("lowPrice", node));
        let mut list = None;
        for told in each(node.get("priceSpecification")) {
            let amount = money("price", told).or_else(|| money("minPrice", told));
            let kind = text_of(told, "priceType").unwrap_or_default();
            if kind.ends_with("StrikethroughPrice") || kind.ends_with("ListPrice") || kind.ends_with("MSRP") {
                list = list.or(amount);
            } else {
                price = price.or(amount);
            }
        }
        let product =
            each(node.get("itemOffered")).find_map(|item| self.product_of(item)).or(product.map(str::to_owned));
        let ends = ["availabilityEnds", "priceValidUntil", "validThrough"];
        let ends = ends.iter().find_map(|key| self.instant(text_of(node, key)?));
        if price.is_some() || product.is_some() {
            self.push(Offer { product, price, list_price: list, ends, ..blank(Source::Structured) });
        }
    }

    /// The annotation behind "20% off · code SAVE20 · ends Dec 31" in a mail program's list.
    fn discount(&mut self, node: &Map<String, Value>) {
        let ends = ["availabilityEnds", "validThrough"].iter().find_map(|key| self.instant(text_of(node, key)?));
        let mut percent_off = None;
        if let Some(description) = text_of(node, "description") {
            let words = fold_phrase(description);
            let amounts = amounts_in(&words, 0..words.len());
            for off in reductions_in(&May::ANY, &words, 0..words.len(), &amounts) {
                if let Discount::Percent(percent) = off.discount {
                    percent_off = percent_off.or(Some(percent));
                }
                self.reduction(off.discount);
            }
        }
        if let Some(code) = text_of(node, "discountCode").and_then(code_of) {
            self.found.vouchers.push(VoucherTold {
                kind: VoucherKind::Coupon,
                code: Some(code),
                expires: ends,
                source: Source::Structured,
                confidence: CONFIDENCE,
                spans: self.span.into_iter().collect(),
            });
        }
        self.shown_end(ends);
        if percent_off.is_some() || ends.is_some() {
            self.push(Offer { percent_off, ends, ..blank(Source::Structured) });
        }
    }

    fn card(&mut self, node: &Map<String, Value>, product: Option<&str>) {
        let currency = text_of(node, "priceCurrency");
        let money = |key: &str| money_of(node.get(key)?, currency?);
        let (full, off) = (money("price"), money("discountValue").filter(|off| off.minor > 0));
        let price = match (full, off) {
            (Some(full), Some(off)) => Some(Money::new(full.minor.saturating_sub(off.minor).max(0), full.currency)),
            (full, _) => full,
        };
        if let Some(off) = off {
            self.reduction(Discount::Amount(off));
        }
        let ends = ["availabilityEnds", "validThrough"].iter().find_map(|key| self.instant(text_of(node, key)?));
        self.shown_end(ends);
        if price.is_some() {
            let list_price = full.filter(|_| off.is_some());
            self.push(Offer {
                product: product.map(str::to_owned),
                price,
                list_price,
                ends,
                ..blank(Source::Structured)
            });
        }
    }

    fn push(&mut self, offer: Offer) {
        if self.found.offers.len() < OFFERS_MAX {
            let spans = self.span.into_iter().collect();
            self.found.offers.push(Offer { confidence: CONFIDENCE, spans, ..offer });
        }
    }

    fn reduction(&mut self, discount: Discount) {
        let spans = self.span.into_iter().collect();
        self.found.discounts.push(DiscountTold { discount, source: Source::Structured, confidence: CONFIDENCE, spans });
    }

    fn shown_end(&mut self, ends: Option<jiff::Timestamp>) {
        if ends.is_some() && self.found.deadlines.iter().all(|known| known.instant != ends) {
            self.found.deadlines.push(Deadline {
                instant: ends,
                kind: DeadlineKind::Absolute,
                source: Source::Structured,
                confidence: CONFIDENCE,
                span: None,
                words: Vec::new(),
            });
        }
    }

    fn product_of(&self, node: &Map<String, Value>) -> Option<String> {
        let types = types_of(node);
        let by_url = || {
            let url = ["url", "promoUrl", "@id"].iter().find_map(|key| text_of(node, key))?;
            self.context.links.sku_of(url).or_else(|| self.context.catalogue.sku_of_link(url))
        };
        let number = || {
            let is_goods = types.iter().any(|kind| !matches!(*kind, "Organization" | "Brand" | "Person" | "Event"));
            let keys = ["sku", "mpn", "productID", "gtin13", "gtin14", "gtin12", "gtin8", "gtin"];
            keys.iter().filter(|_| is_goods).find_map(|key| text_of(node, key))
        };
        let fits = |sku: &&str| !sku.is_empty() && sku.len() <= 64 && !sku.chars().any(char::is_control);
        let told = number().map(str::trim).filter(fits).map(str::to_uppercase);
        let by_name = || {
            let name = fold_phrase(text_of(node, "name").or_else(|| text_of(node, "headline"))?);
            self.context.catalogue.names_in(&name).first().map(|(_, sku)| (*sku).to_owned())
        };
        told.or_else(by_url).or_else(by_name)
    }

    /// An instant; a bare date lasts to its end in the brand's zone.
    fn instant(&self, written: &str) -> Option<jiff::Timestamp> {
        let written = written.trim();
        if let Ok(instant) = written.parse::<jiff::Timestamp>() {
            return Some(instant);
        }
        let zone = self.context.zone.clone();
        if written.len() > "2026-12-31".len() {
            let local = written.parse::<jiff::civil::DateTime>().ok()?;
            return Some(local.to_zoned(zone).ok()?.timestamp());
        }
        let day = written.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        Some(day.to_zoned(zone).ok()?.timestamp())
    }
}

fn types_of(node: &Map<String, Value>) -> Vec<&str> {
    let named = |value: &'_ Value| value.as_str().map(str::len).is_some();
    let types: Vec<&Value> = match node.get("@type") {
        Some(Value::Array(types)) => types.iter().take(8).filter(|kind| named(kind)).collect(),
        Some(kind) => vec![kind],
        None => Vec::new(),
    };
    types
        .into_iter()
        .filter_map(Value::as_str)
        .map(|kind| kind.rsplit(['/', ':', '#']).next().unwrap_or(kind))
        .collect()
}

/// A text, also where it stands in a list of one.
fn text_of<'v>(node: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    match node.get(key)? {
        Value::Array(values) => values.first()?.as_str(),
        value => value.as_str(),
    }
}

/// One object or a list of them.
fn each(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let list = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_object)
}

fn money_of(value: &Value, currency: &str) -> Option<Money> {
    let currency = Currency::from_code(&currency.trim().to_ascii_uppercase())?;
    let written = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().trim_start_matches(['$', '¥', '€', '£']).replace(',', ""),
        _ => return None,
    };
    Money::from_decimal(&written, currency)
}
