//! What does it offer? Joins products, prices, discounts and deadlines into offers: the declared ones
//! first, each with the sentences that speak of it, then those only the text tells of.

use jiff::Timestamp;

use crate::message::{Channel, Declared, DeclaredOffer, Money, PartKind};

use super::Context;
use super::accessories::is_of_accessory;
use super::deadlines::Claim;
use super::drafts::{Draft, OFFERS_MAX, fold, merge, same_sku};
use super::lexicon::Cue;
use super::meaning::{Confidence, Goods, Offer, Source};
use super::prices::{Amount, AmountKind};
use super::products::{Named, model_numbers_in};
use super::purpose::Tally;
use super::reading::{Reading, Sentence};
use super::simhash::simhash;

/// A line of a price list is no longer than this.
const LINE_BYTES_MAX: usize = 60;

/// All offers of the message.
pub(super) fn offers_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    claims: &[Claim],
    declared: &Declared,
) -> Vec<Offer> {
    let mut drafts: Vec<Draft> = declared.offers.iter().take(OFFERS_MAX).map(said).collect();
    for (at, reading) in readings.iter().enumerate() {
        let mut before: Option<Named> = None;
        for (index, sentence) in reading.sentences.iter().enumerate() {
            let found = in_sentence(context, reading, sentence, tally, before.as_ref());
            before = match found.products.as_slice() {
                [only] if found.offers.iter().all(|offer| offer.price.is_none()) => Some(only.clone()),
                // The struck-out price came first; the price may be in the next cell.
                [] if found.offers.iter().all(|offer| offer.price.is_none()) && reading.kind == PartKind::Html => {
                    before
                }
                _ => None,
            };
            let ends = ends_of(claims, at, index);
            for mut offer in found.offers {
                offer.ends = ends;
                offer.spans = reading.spans(sentence.range.clone());
                merge(&mut drafts, offer, (at, index), declared.offers.len());
            }
        }
    }
    fold(&mut drafts);
    let common = common_end(claims);
    drafts
        .into_iter()
        .map(|draft| {
            let words = draft.sentences.iter().filter_map(|(reading, sentence)| {
                let reading = readings.get(*reading)?;
                Some(reading.words(reading.sentences.get(*sentence)?))
            });
            let mut offer = draft.offer;
            offer.simhash = simhash(words);
            offer.ends = offer.ends.or(common);
            offer
        })
        .collect()
}

fn said(declared: &DeclaredOffer) -> Draft {
    let offer = Offer {
        product: Some(declared.product.to_uppercase()),
        id: declared.id.clone(),
        price: declared.price,
        list_price: declared.list_price,
        usual_price: None,
        percent_off: None,
        ends: declared.ends,
        exclusive: declared.exclusive,
        pieces: None,
        goods: Goods::default(),
        category: None,
        simhash: None,
        source: Source::Declared,
        confidence: Confidence::CERTAIN,
        spans: Vec::new(),
    };
    Draft { offer, sentences: Vec::new() }
}

#[derive(Default)]
struct Found {
    offers: Vec<Offer>,
    products: Vec<Named>,
}

/// A product as it was met: by link or by its number.
struct Met {
    sku: String,
    at: usize,
    source: Source,
    /// Something that goes with the product is spoken of, not the product.
    accessory: bool,
}

fn in_sentence(
    context: &Context<'_>,
    reading: &Reading<'_>,
    sentence: &Sentence,
    tally: Tally,
    before: Option<&Named>,
) -> Found {
    let cues = sentence.cues;
    let products = products_in(context, reading, sentence);
    let mut found = Found {
        products: products
            .iter()
            .filter(|met| !met.accessory)
            .map(|met| Named { sku: met.sku.clone(), range: met.at..met.at })
            .collect(),
        offers: Vec::new(),
    };
    // A bill or a balance is no offer, whatever it costs; nor is a survey with a prize.
    if cues.has(Cue::Billing) && (tally.is_transactional() || !cues.has(Cue::Sale))
        || cues.has(Cue::Code)
        || sentence.is_refund
        || tally.is_transactional() && !sentence.is_plainly_a_sale()
    {
        return found;
    }
    let mut amounts = sentence.amounts.clone();
    strike(reading, &mut amounts);
    let percent = sentence.percent_off;
    let saves = amounts.iter().any(|amount| matches!(amount.kind, AmountKind::Saving | AmountKind::Threshold));
    amounts.retain(|amount| matches!(amount.kind, AmountKind::Price | AmountKind::ListPrice));
    let deal = sentence.threshold_deal;
    let worded = cues.any(&[Cue::Sale, Cue::Offer]) || percent.is_some() || deal;
    // "BT-200 ¥299" is a line of a list; in a longer sentence a number and a price may be any talk.
    let listed = products.iter().any(|met| met.source == Source::Link)
        || !products.is_empty() && sentence.range.len() <= LINE_BYTES_MAX
        || before.is_some() && reading.kind == PartKind::Html;
    let priced = !amounts.is_empty() && (worded || listed || amounts.iter().any(|amount| amount.said));
    let sells = worded && !products.is_empty();
    let surveys = cues.has(Cue::SurveyPhrase) || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk);
    if surveys && amounts.is_empty()
        || !(priced || percent.is_some() || saves && worded || deal || cues.has(Cue::Sale) || sells)
    {
        return found;
    }
    found.offers = join(&products, &amounts, before);
    for offer in &mut found.offers {
        offer.percent_off = percent;
        offer.exclusive = match (cues.has(Cue::SmsOnly), cues.has(Cue::EmailOnly)) {
            (true, false) => Some(Channel::Sms),
            (false, true) => Some(Channel::Email),
            _ => None,
        };
        offer.confidence = match (offer.source, &offer.product, offer.price) {
            (Source::Link, _, Some(_)) => Confidence(90),
            (Source::Link, _, None) => Confidence(75),
            (_, Some(_), Some(_)) => Confidence(if worded { 75 } else { 60 }),
            (_, Some(_), None) => Confidence(55),
            (_, None, Some(_)) => Confidence(if worded { 60 } else { 45 }),
            (_, None, None) => Confidence(if percent.is_some() { 55 } else { 45 }),
        };
    }
    found
}

fn products_in(context: &Context<'_>, reading: &Reading<'_>, sentence: &Sentence) -> Vec<Met> {
    let shown = reading.shown(sentence);
    let mut met: Vec<Met> = reading
        .links(sentence)
        .filter_map(|link| {
            let sku = context.links.sku_of(&link.url)?;
            Some(Met { sku, at: link.shown.start, source: Source::Link, accessory: false })
        })
        .collect();
    let text = reading.visible.text.get(shown.clone()).unwrap_or_default();
    // A link's own letters are no model numbers.
    let bare: Vec<_> =
        reading.links(sentence).map(|link| &link.shown).filter(|shown| is_bare(reading, shown)).collect();
    let linked = |at: usize| bare.iter().any(|shown| shown.contains(&at));
    let named = model_numbers_in(text).into_iter().map(|named| Met {
        at: shown.start + named.range.start,
        sku: named.sku,
        source: Source::Text,
        accessory: is_of_accessory(text, &named.range),
    });
    met.extend(named.filter(|named| !linked(named.at)).collect::<Vec<_>>());
    met.sort_by_key(|met| met.at);
    let mut products: Vec<Met> = Vec::new();
    for one in met {
        match products.iter_mut().find(|known| known.accessory == one.accessory && same_sku(&known.sku, &one.sku)) {
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

fn is_bare(reading: &Reading<'_>, shown: &std::ops::Range<usize>) -> bool {
    reading.visible.text.get(shown.clone()).is_some_and(|text| text.contains('.') && !text.contains(' '))
}

/// What is struck out was the price.
fn strike(reading: &Reading<'_>, amounts: &mut [Amount]) {
    for amount in amounts.iter_mut() {
        let Some(shown) = reading.normal.shown(amount.range.clone()) else { continue };
        let struck = &reading.visible.struck;
        let next = struck.partition_point(|struck| struck.end < shown.end);
        if struck.get(next).is_some_and(|struck| struck.start <= shown.start) {
            (amount.kind, amount.said) = (AmountKind::ListPrice, true);
        }
    }
}

/// Gives every product its price: in the order they stand.
fn join(products: &[Met], amounts: &[Amount], before: Option<&Named>) -> Vec<Offer> {
    let blank = |product: Option<&Met>| Offer {
        product: product.filter(|met| !met.accessory).map(|met| met.sku.clone()),
        id: None,
        price: None,
        list_price: None,
        usual_price: None,
        percent_off: None,
        ends: None,
        exclusive: None,
        pieces: None,
        goods: Goods::default(),
        category: None,
        simhash: None,
        source: product.map_or(Source::Text, |met| met.source),
        confidence: Confidence(0),
        spans: Vec::new(),
    };
    if products.len() <= 1 {
        let mut offer = blank(products.first());
        if products.is_empty() {
            offer.product = before.map(|named| named.sku.clone());
        }
        price(&mut offer, amounts);
        return vec![offer];
    }
    let prices = amounts.iter().filter(|amount| amount.kind == AmountKind::Price).count();
    if prices <= 1 {
        // "A and B, now ¥299 each".
        return products
            .iter()
            .map(|met| {
                let mut offer = blank(Some(met));
                price(&mut offer, amounts);
                offer
            })
            .collect();
    }
    // "A ¥1, B ¥2" or "¥1 A, ¥2 B": whichever stands first opens each pair.
    let mut offers: Vec<Offer> = products.iter().map(|met| blank(Some(met))).collect();
    let plain: Vec<&Amount> = amounts.iter().collect();
    let per = plain.len().div_ceil(products.len()).max(1);
    for (offer, own) in offers.iter_mut().zip(plain.chunks(per)) {
        let own: Vec<Amount> = own.iter().map(|amount| (*amount).clone()).collect();
        price(offer, &own);
    }
    offers
}

/// The first price is the price; of two with no word to tell them apart the higher was the old one.
fn price(offer: &mut Offer, amounts: &[Amount]) {
    offer.list_price = amounts.iter().find(|amount| amount.kind == AmountKind::ListPrice).map(|amount| amount.money);
    let mut prices = amounts.iter().filter(|amount| amount.kind == AmountKind::Price);
    let first = prices.find(|a| a.said).or_else(|| amounts.iter().find(|a| a.kind == AmountKind::Price));
    offer.price = first.map(|amount| amount.money);
    let unsaid: Vec<Money> =
        amounts.iter().filter(|a| a.kind == AmountKind::Price && !a.said).map(|a| a.money).collect();
    if let ([old, new], None) = (unsaid.as_slice(), offer.list_price)
        && amounts.len() == 2
        && new.compare(old) == Some(std::cmp::Ordering::Less)
    {
        (offer.list_price, offer.price) = (Some(*old), Some(*new));
    }
}

fn ends_of(claims: &[Claim], reading: usize, sentence: usize) -> Option<Timestamp> {
    let at = claims.binary_search_by_key(&(reading, sentence), |claim| (claim.reading, claim.sentence)).ok()?;
    claims.get(at)?.deadlines.first()?.instant
}

/// The one end the whole message tells, when it tells just one.
fn common_end(claims: &[Claim]) -> Option<Timestamp> {
    let mut ends = claims.iter().flat_map(|claim| &claim.deadlines).filter_map(|deadline| deadline.instant);
    let first = ends.next()?;
    ends.all(|end| end == first).then_some(first)
}
