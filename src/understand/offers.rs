//! What does it offer? Joins products, prices, discounts and deadlines into offers: the declared ones
//! first, each with the sentences that speak of it, then what structured data and the text tell.

use std::cell::LazyCell;
use std::ops::Range;

use jiff::Timestamp;

use crate::message::{Declared, DeclaredOffer, PartKind};

use super::Context;
use super::amounts::asking::{Talk, is_owed, talk_of};
use super::amounts::prices::{Amount, AmountKind};
use super::drafts::{Draft, OFFERS_MAX, fold, merge};
use super::ends::claim::Claim;
use super::goods::likeness::likeness;
use super::goods::met::{Met, products_in};
use super::kind::joining::{join, shown_at};
use super::kind::tally::Tally;
use super::lexicon::Cue;
use super::meaning::{Confidence, Goods, Offer, PriceKind, PriceTold, Source};
use super::reading::{Reading, Sentence};
use super::structured::Structured;
use super::text::clauses::selling_stretch;

/// A line of a price list is no longer than this.
const LINE_BYTES_MAX: usize = 60;
/// A price stands so near behind the one that is struck out.
const BESIDE_BYTES_MAX: usize = 4;
/// Prices kept of one message.
const PRICES_MAX: usize = 512;

/// All offers of the message, and the prices they name.
pub(super) fn offers_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    claims: &[Claim],
    declared: &Declared,
    structured: &Structured,
) -> (Vec<Offer>, Vec<PriceTold>) {
    let mut drafts: Vec<Draft> = declared.offers.iter().take(OFFERS_MAX).map(said).collect();
    let mut prices = structured.prices();
    for offer in &structured.offers {
        merge(&mut drafts, offer.clone(), None, declared.offers.len());
    }
    let talk = LazyCell::new(|| talk_of(readings, tally.is_of_a_shop()));
    for (at, reading) in readings.iter().enumerate() {
        let names = context.catalogue.names_in(&reading.normal.text);
        let mut before: Option<Met> = None;
        for (index, sentence) in reading.sentences.iter().enumerate() {
            let found = in_sentence(context, reading, sentence, tally, &talk, before.as_ref(), &names);
            before = match found.products.as_slice() {
                [only] if found.offers.iter().all(|offer| offer.price.is_none()) => Some(only.clone()),
                // The struck-out price came first; the price may be in the next cell.
                [] if found.offers.iter().all(|offer| offer.price.is_none()) && reading.kind == PartKind::Html => {
                    before
                }
                _ => None,
            };
            let ends = ends_of(claims, at, index);
            prices.extend(found.amounts.iter().map(|amount| told(reading, amount, found.worded)));
            for mut offer in found.offers {
                offer.ends = ends;
                offer.spans = reading.spans(found.stretch.clone());
                merge(&mut drafts, offer, Some((at, index)), declared.offers.len());
            }
        }
    }
    prices.truncate(PRICES_MAX);
    fold(&mut drafts);
    let common = common_end(claims);
    let offers = drafts.into_iter().map(|draft| {
        let words = draft.sentences.iter().filter_map(|(reading, sentence)| {
            let reading = readings.get(*reading)?;
            Some(reading.words(reading.sentences.get(*sentence)?))
        });
        let mut offer = draft.offer;
        offer.simhash = likeness(words);
        offer.ends = offer.ends.or(common);
        if let Some(item) = offer.product.as_deref().and_then(|sku| context.catalogue.item(sku)) {
            offer.product = Some(item.sku.clone());
            offer.goods = item.goods;
            offer.category.clone_from(&item.category);
            offer.usual_price = item.list_price;
        }
        offer
    });
    (offers.collect(), prices)
}

fn said(declared: &DeclaredOffer) -> Draft {
    let offer = Offer {
        product: Some(declared.product.to_uppercase()),
        id: declared.id.clone(),
        price: declared.price,
        list_price: declared.list_price,
        ends: declared.ends,
        exclusive: declared.exclusive,
        confidence: Confidence::CERTAIN,
        ..blank(Source::Declared)
    };
    Draft { offer, sentences: Vec::new() }
}

/// An offer of which nothing is known yet.
pub(super) fn blank(source: Source) -> Offer {
    Offer {
        product: None,
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
        source,
        confidence: Confidence(0),
        spans: Vec::new(),
    }
}

fn told(reading: &Reading<'_>, amount: &Amount, worded: bool) -> PriceTold {
    let kind = if amount.kind == AmountKind::ListPrice { PriceKind::List } else { PriceKind::Current };
    let confidence = Confidence(match (amount.said, worded) {
        (true, true) => 80,
        (true, false) | (false, true) => 65,
        (false, false) => 50,
    });
    let spans = reading.spans(amount.range.clone());
    PriceTold { money: amount.money, kind, source: Source::Text, confidence, spans }
}

#[derive(Default)]
struct Found {
    offers: Vec<Offer>,
    products: Vec<Met>,
    /// The prices, where something is offered.
    amounts: Vec<Amount>,
    /// The part of the sentence that sells.
    stretch: Range<usize>,
    worded: bool,
}

fn in_sentence(
    context: &Context<'_>,
    reading: &Reading<'_>,
    sentence: &Sentence,
    tally: Tally,
    talk: &LazyCell<Talk, impl FnOnce() -> Talk>,
    before: Option<&Met>,
    names: &[(Range<usize>, &str)],
) -> Found {
    let cues = sentence.cues;
    let mut found = Found { stretch: sentence.range.clone(), ..Found::default() };
    let mut products = products_in(context, reading, sentence, names);
    found.products = products.iter().filter(|met| !met.accessory).cloned().collect();
    let mut amounts = sentence.amounts.clone();
    strike(reading, &mut amounts);
    let sells = sentence.is_plainly_a_sale() || sentence.asks_little();
    let asked = || amounts.iter().any(|amount| amount.kind == AmountKind::Price && amount.asks);
    let bills = cues.has(Cue::Billing)
        && (tally.is_transactional() || !(sells || tally.is_refusable() || asked() && sells_perhaps(**talk)));
    if let Some(stretch) = selling_stretch(&reading.normal.text, sentence) {
        // The order's own goods and money stay with the order.
        let inside = reading.normal.shown(stretch.clone()).unwrap_or(0..0);
        products.retain(|met| inside.contains(&met.at));
        amounts.retain(|amount| stretch.start <= amount.range.start && amount.range.end <= stretch.end);
        found.stretch = stretch;
    } else if bills
        || cues.has(Cue::Code)
        || !sells && !amounts.is_empty() && is_owed(reading, sentence)
        || sentence.is_refund
        || sentence.is_past
        || tally.is_transactional() && !sells && (tally.bills || !lowers(sentence))
    {
        // A bill or a balance is no offer, whatever it costs; nor is a survey with a prize.
        return found;
    }
    let percent = sentence.percent_off;
    let takes_off = sentence.takes_off_a_figure();
    amounts.retain(|amount| matches!(amount.kind, AmountKind::Price | AmountKind::ListPrice));
    let worded = cues.any(&[Cue::Sale, Cue::Offer]) || takes_off;
    // "BT-200 ¥299" is a line of a list; in a longer sentence a number and a price may be any talk.
    let listed = products.iter().any(|met| met.source == Source::Link)
        || !products.is_empty() && sentence.range.len() <= LINE_BYTES_MAX
        || before.is_some() && reading.kind == PartKind::Html;
    // "Lechon belly 3kg ₱1,950, pre-order 2 days ahead" sells in no word of sale.
    let invites = || !tally.is_personal() && !tally.is_transactional() && **talk == Talk::Invites;
    let asks = || amounts.iter().any(|amount| amount.asks) && sells_perhaps(**talk);
    let said = amounts.iter().any(|amount| amount.said);
    let priced = !amounts.is_empty() && (worded || listed || tally.promotes() || said || asks() || invites());
    let names_goods = worded && !products.is_empty();
    if sentence.asks_for_opinion() && amounts.is_empty() || !(priced || takes_off || cues.has(Cue::Sale) || names_goods)
    {
        return found;
    }
    found.worded = worded;
    found.offers = join(reading, &products, &amounts, before);
    found.amounts = amounts;
    for offer in &mut found.offers {
        offer.percent_off = percent;
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

/// "BT-200 is $29.99, usually $49.99" behind "your order has shipped": it names a price and the one before in words, and
/// is of no order. A line through the one before is on receipts, too.
fn lowers(sentence: &Sentence) -> bool {
    let names = |kind: AmountKind| sentence.amounts.iter().any(|amount| amount.kind == kind);
    !sentence.cues.any(&[Cue::Billing, Cue::Notice]) && names(AmountKind::Price) && names(AmountKind::ListPrice)
}

fn sells_perhaps(talk: Talk) -> bool {
    matches!(talk, Talk::Invites | Talk::Unknown)
}

/// What is struck out was the price.
fn strike(reading: &Reading<'_>, amounts: &mut [Amount]) {
    let mut struck_at: Option<usize> = None;
    for amount in amounts.iter_mut() {
        let Some(shown) = shown_at(reading, amount) else { continue };
        let struck = &reading.visible.struck;
        let next = struck.partition_point(|struck| struck.end < shown.end);
        if struck.get(next).is_some_and(|struck| struck.start <= shown.start) {
            (amount.kind, amount.said) = (AmountKind::ListPrice, true);
            struck_at = Some(amount.range.end);
        } else if struck_at.take().is_some_and(|end| amount.range.start.saturating_sub(end) <= BESIDE_BYTES_MAX)
            && matches!(amount.kind, AmountKind::Other | AmountKind::Price)
        {
            // "Fee: <s>150,000</s> 95,000": what was lowered is asked.
            (amount.kind, amount.said, amount.asks) = (AmountKind::Price, true, true);
        }
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::message::Part;
    use crate::understand::kind::leaning::Leaning;
    use crate::understand::kind::tally::tally;
    use crate::understand::weights::Heard;
    use crate::understand::{Catalogue, ProductLinks};

    fn prices(kind: PartKind, text: &str) -> usize {
        let part = Part { kind, text: text.to_owned() };
        let readings = [Reading::of(0, &part)];
        let (zone, links) = (TimeZone::UTC, ProductLinks::default());
        let context = Context { now: Timestamp::UNIX_EPOCH, zone: &zone, links: &links, catalogue: Catalogue::none() };
        let structured = Structured::default();
        let tally = tally(&readings, Leaning::of(&readings, &Heard::of(&readings)));
        offers_of(&context, &readings, tally, &[], &Declared::default(), &structured).1.len()
    }

    #[test]
    fn an_order_in_front_hides_no_lowered_price() {
        let plain = |text: &str| prices(PartKind::Plain, text);
        assert!(plain("AutoHub: your order 48213 has shipped. BT-200 is $29.99, usually $49.99.") > 0);
        for receipt in [
            "Receipt: order 4821. Boots $59.99 (was $89.99). Total $59.99. Thanks!",
            "Order 4821 confirmed: Boots $59.99, was $89.99. Paid by Visa.",
            "您的订单48213已支付：靴子299元，原价399元，合计299元。",
        ] {
            assert_eq!(plain(receipt), 0, "{receipt}");
        }
        let struck = "<p>Your order 4821 has shipped.</p><p>Boots <s>$89.99</s> $59.99</p><p>Total $59.99</p>";
        assert_eq!(prices(PartKind::Html, struck), 0);
    }
}
