//! Takes an offer away with its block: the card, row, list item or paragraph that is about it alone, its
//! picture and its button, and in a plain text the address behind it. Other offers, and words that are no
//! offer's, stay. Refuses when nothing would be left to say.

use super::super::Original;
use super::super::blocks::{self, Taken};
use super::super::links::Goes;
use super::super::removal::{Share, take_away};
use crate::decide::{Evidence, WantedRewrite};
use crate::message::{Edit, PartKind, Span, same_product};
use crate::providers::Unfit;
use crate::understand::Offer;

/// A receipt may be shorter than the offer in it.
const SHARE: Share = Share { percent_max: 90, must_say_something: true };
/// Words of fewer letters name nothing.
const NAME_BYTES_MIN: usize = 3;

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
    let wanted = |span: &Span| wishes.iter().any(|wish| wish.spans.iter().any(|s| s.overlaps(span)));
    let product = |offer: &Offer| {
        wishes.iter().any(|wish| match (wish.because.get("product"), &offer.product) {
            (Some(Evidence::Name(name)), Some(product)) => same_product(name, product),
            _ => false,
        })
    };
    let (going, staying): (Vec<&Offer>, Vec<&Offer>) =
        original.meaning.offers.iter().partition(|offer| offer.spans.iter().any(&wanted) || product(offer));
    let found = wishes.iter().flat_map(|wish| wish.spans.iter().copied());
    let mut mine: Vec<Span> = found.chain(going.iter().flat_map(|offer| offer.spans.iter().copied())).collect();
    let others: Vec<Span> = staying.iter().flat_map(|offer| offer.spans.iter().copied()).collect();
    // Words shared with an offer that stays are not this one's alone.
    mine.retain(|span| !others.contains(span));
    mine.sort_unstable();
    mine.dedup();
    let mut spans = Vec::new();
    if going.len() > 1 {
        // Each with its own block; they may stand anywhere.
        for offer in &going {
            let own: Vec<Span> = offer.spans.iter().copied().filter(|span| mine.contains(span)).collect();
            let rest: Vec<Span> = others.iter().chain(mine.iter().filter(|s| !own.contains(s))).copied().collect();
            spans.extend(blocks_of(original, &own, &rest, &names_of(offer), Goes::Offer)?);
        }
        spans.extend(mine.iter().copied());
    } else {
        let names: Vec<String> = going.iter().flat_map(|offer| names_of(offer)).collect();
        spans = blocks_of(original, &mine, &others, &names, Goes::Offer)?;
    }
    take_away(original.content(), &spans, SHARE)
}

/// The blocks around these places, part by part.
pub(super) fn blocks_of(
    original: &Original<'_>,
    mine: &[Span],
    others: &[Span],
    names: &[String],
    goes: Goes,
) -> Result<Vec<Span>, Unfit> {
    let mut spans = Vec::new();
    for (index, part) in original.content().parts.iter().enumerate() {
        let within = |spans: &[Span]| {
            let here = spans.iter().filter(|span| usize::from(span.part) == index).map(Span::range);
            let mut ranges: Vec<_> = here.filter(|range| part.text.get(range.clone()).is_some()).collect();
            ranges.sort_by_key(|range| (range.start, range.end));
            ranges
        };
        let (mine, others) = (within(mine), within(others));
        if mine.is_empty() {
            continue;
        }
        let taken = Taken { goes, mine: &mine, others: &others, names };
        let ranges = match part.kind {
            PartKind::Html => blocks::in_html(&part.text, &taken)?,
            PartKind::Plain => blocks::in_plain(&part.text, &taken),
            PartKind::Subject => mine.clone(),
        };
        spans.extend(ranges.into_iter().filter_map(|range| Span::new(index, range)));
    }
    Ok(spans)
}

/// What names it in addresses and pictures.
fn names_of(offer: &Offer) -> Vec<String> {
    let names = offer.product.iter().chain(&offer.id).map(|name| name.to_lowercase());
    names.filter(|name| name.len() >= NAME_BYTES_MIN).collect()
}
