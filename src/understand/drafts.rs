//! Offers while they are joined: copies of one offer (subject, text, HTML) become one, and what stands
//! in sentences of its own goes to the offer it must belong to.

use crate::message::{Money, Span, same_product};

use super::meaning::{Offer, Source};

/// Offers kept of one message; the caller is told when they are so many.
pub(super) const OFFERS_MAX: usize = 128;
/// Spans kept of one offer.
const SPANS_MAX: usize = 256;

/// An offer being joined, and the sentences it was read from.
pub(super) struct Draft {
    /// What is known of it so far.
    pub offer: Offer,
    /// (reading, sentence)
    pub sentences: Vec<(usize, usize)>,
}

/// Joins an offer to the one it repeats (the HTML copy, the subject), else keeps it.
pub(super) fn merge(drafts: &mut Vec<Draft>, offer: Offer, place: Option<(usize, usize)>, declared: usize) {
    let agree = |one: Option<Money>, other: Option<Money>| one.is_none() || other.is_none() || one == other;
    let same = |known: &Offer| match (&known.product, &offer.product) {
        (Some(one), Some(other)) => same_product(one, other) && agree(known.price, offer.price),
        (None, None) => known.price == offer.price && known.percent_off == offer.percent_off,
        // "Only 299!" in the subject is the product's offer when the price is the same.
        (Some(_), None) if offer.price.is_some() => known.price == offer.price,
        (None, Some(_)) if known.price.is_some() => known.price == offer.price,
        (Some(_), None) => known.source == Source::Declared && declared == 1,
        _ => false,
    };
    if let Some(draft) = drafts.iter_mut().find(|draft| same(&draft.offer)) {
        absorb(&mut draft.offer, offer);
        if draft.sentences.len() < SPANS_MAX {
            draft.sentences.extend(place);
        }
    } else if drafts.len() < OFFERS_MAX {
        drafts.push(Draft { offer, sentences: place.into_iter().collect() });
    }
}

/// Joins what stands in sentences of its own: "Regular price $89. Sale price $49. BT-200, this weekend
/// only!" is one offer. Only where nothing else could be meant.
pub(super) fn fold(drafts: &mut Vec<Draft>) {
    let text = |offer: &Offer| offer.source != Source::Declared;
    let loose = |offer: &Offer| text(offer) && offer.product.is_none();
    fold_one(
        drafts,
        |o| loose(o) && o.price.is_some() && o.list_price.is_none(),
        |o| loose(o) && o.price.is_none() && o.list_price.is_some(),
    );
    fold_one(drafts, |o| o.product.is_some(), |o| loose(o) && (o.price.is_some() || o.list_price.is_some()));
    let bare = |o: &Offer| loose(o) && o.price.is_none() && o.list_price.is_none() && o.percent_off.is_none();
    fold_one(drafts, |o| !bare(o), bare);
}

/// When one draft alone is `whole` and one alone is `part` of something, the part goes into the whole.
fn fold_one(drafts: &mut Vec<Draft>, whole: impl Fn(&Offer) -> bool, part: impl Fn(&Offer) -> bool) {
    let sole = |fits: &dyn Fn(&Offer) -> bool| {
        let mut all = drafts.iter().enumerate().filter(|(_, draft)| fits(&draft.offer)).map(|(at, _)| at);
        all.next().filter(|_| all.next().is_none())
    };
    let (Some(into), Some(from)) = (sole(&whole), sole(&part)) else { return };
    let clash = drafts.get(into).zip(drafts.get(from)).is_none_or(|(into, from)| {
        let agree = |one: Option<Money>, other: Option<Money>| one.is_none() || other.is_none() || one == other;
        !agree(into.offer.price, from.offer.price) || !agree(into.offer.list_price, from.offer.list_price)
    });
    if into == from || clash {
        return;
    }
    let part = drafts.remove(from);
    if let Some(draft) = drafts.get_mut(if from < into { into - 1 } else { into }) {
        absorb(&mut draft.offer, part.offer);
        draft.sentences.extend(part.sentences);
        draft.sentences.sort_unstable();
        draft.offer.spans.sort_unstable();
    }
}

/// Takes over what the other copy of an offer says more.
fn absorb(known: &mut Offer, offer: Offer) {
    if known.product.is_none() && offer.product.is_some() {
        known.product = offer.product;
    }
    known.price = known.price.or(offer.price);
    known.list_price = known.list_price.or(offer.list_price);
    known.percent_off = known.percent_off.or(offer.percent_off);
    known.pieces = known.pieces.or(offer.pieces);
    known.exclusive = known.exclusive.or(offer.exclusive);
    known.ends = known.ends.or(offer.ends);
    known.confidence = known.confidence.max(offer.confidence);
    known.source = known.source.max(offer.source);
    add_spans(known, offer.spans);
}

fn add_spans(offer: &mut Offer, spans: Vec<Span>) {
    for span in spans {
        if offer.spans.len() < SPANS_MAX && offer.spans.last() != Some(&span) && !offer.spans.contains(&span) {
            offer.spans.push(span);
        }
    }
}
