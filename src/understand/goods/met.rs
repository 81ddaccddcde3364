//! The products a sentence speaks of: by a link the shop's patterns or catalogue know, by a name of the
//! catalogue, or by a token that looks like a model number.

use std::ops::Range;

use crate::message::same_product;
use crate::understand::Context;
use crate::understand::goods::accessories::is_of_accessory;
use crate::understand::goods::products::model_numbers_in;
use crate::understand::meaning::Source;
use crate::understand::reading::{Reading, Sentence};
use crate::understand::vouchers::codes_of;

/// A product as it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Met {
    /// Upper-cased.
    pub sku: String,
    /// Where, in the text as shown.
    pub at: usize,
    /// By link or catalogue, or by its number alone.
    pub source: Source,
    /// Something that goes with the product is spoken of, not the product.
    pub accessory: bool,
}

/// The products of one sentence, in order; `names` are the catalogue's in the normalised text.
pub(in crate::understand) fn products_in(
    context: &Context<'_>,
    reading: &Reading<'_>,
    sentence: &Sentence,
    names: &[(Range<usize>, &str)],
) -> Vec<Met> {
    let mut met: Vec<Met> = reading
        .links(sentence)
        .filter_map(|link| {
            let sku = context.links.sku_of(&link.url).or_else(|| context.catalogue.sku_of_link(&link.url))?;
            Some(Met { sku, at: link.shown.start, source: Source::Link, accessory: false })
        })
        .collect();
    let text = &reading.normal.text;
    let at = |range: &Range<usize>| reading.normal.shown(range.clone()).map_or(0, |shown| shown.start);
    let first = names.partition_point(|(range, _)| range.start < sentence.range.start);
    let named = names.iter().skip(first).take_while(|(range, _)| range.end <= sentence.range.end);
    met.extend(named.map(|(range, sku)| Met {
        sku: (*sku).to_owned(),
        at: at(range),
        source: Source::Link,
        accessory: is_of_accessory(text, range),
    }));
    if sentence.has_digit {
        // A link's own letters are no model numbers.
        let bare: Vec<_> =
            reading.links(sentence).map(|link| &link.shown).filter(|shown| is_bare(reading, shown)).collect();
        let codes = codes_of(reading, sentence);
        let numbers = model_numbers_in(text, sentence.range.clone(), context.catalogue, |range| shown(reading, range));
        met.extend(numbers.into_iter().filter_map(|named| {
            let at = at(&named.range);
            let accessory = is_of_accessory(text, &named.range);
            let linked = bare.iter().any(|shown| shown.contains(&at));
            let source = if named.known { Source::Link } else { Source::Text };
            let code = codes.iter().any(|code| code.start < named.range.end && named.range.start < code.end);
            (!linked && !code).then_some(Met { sku: named.sku, at, source, accessory })
        }));
    }
    met.sort_by_key(|met| met.at);
    let mut products: Vec<Met> = Vec::new();
    for one in met {
        match products.iter_mut().find(|known| known.accessory == one.accessory && same_product(&known.sku, &one.sku)) {
            Some(known) if one.source > known.source => (known.sku, known.source) = (one.sku, one.source),
            Some(_) => {}
            None => products.push(one),
        }
    }
    // Where links name products, a number beside them is a feature of theirs.
    if products.iter().any(|met| met.source == Source::Link) {
        products.retain(|met| met.source == Source::Link);
    }
    products
}

fn shown<'r>(reading: &'r Reading<'_>, range: Range<usize>) -> &'r str {
    reading.normal.shown(range).and_then(|shown| reading.visible.text.get(shown)).unwrap_or_default()
}

fn is_bare(reading: &Reading<'_>, shown: &Range<usize>) -> bool {
    reading.visible.text.get(shown.clone()).is_some_and(|text| text.contains('.') && !text.contains(' '))
}
