//! What does the message take off? The reductions of its sentences, where they are offered and not merely
//! spoken of: not those of a receipt, and of a chat no words without a figure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::message::{Money, Span};
use crate::understand::amounts::prices::AmountKind;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::Cue;
use crate::understand::meaning::{Confidence, Discount, DiscountTold, Offer, PriceKind, PriceTold, Source};
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};
use crate::understand::structured::Structured;
use crate::understand::taken_off::bygone::is_for_next_time;
use crate::understand::taken_off::offered::Setting;
use crate::understand::taken_off::reductions::Off;
use crate::understand::text::clauses::selling_stretch;

/// Reductions kept of one message, and the places of each.
const DISCOUNTS_MAX: usize = 64;
const SPANS_MAX: usize = 64;
/// What a reduction that its sentence offers must weigh to be offered, in hundredths of a logit: odds of three to two against it
/// are not enough to drop what fixed words tell.
const OFFERED_WEIGHT_MIN: i32 = -40;

/// What is taken off, each reduction once; `is_told_of`: colleagues speak of sales, and only what is marked up as an offer is one.
pub(in crate::understand) fn discounts_of(
    readings: &[Reading<'_>],
    (tally, presses): (Tally, bool),
    offers: &[Offer],
    prices: &[PriceTold],
    structured: &Structured,
    is_told_of: bool,
) -> Vec<DiscountTold> {
    if is_told_of {
        return structured.discounts.clone();
    }
    let (mut told, mut pairs) = (Vec::new(), Vec::new());
    for discount in &structured.discounts {
        push(&mut told, discount.clone());
    }
    let setting = Setting::of(readings, tally, presses);
    let is_offered = |reading: &Reading<'_>, sentence: &Sentence, off: &Off| {
        is_told(reading, sentence, tally, off)
            && (is_given(off)
                || is_a_deal(reading, sentence, tally, off)
                || setting.weigh(reading, sentence, off) >= OFFERED_WEIGHT_MIN)
    };
    for reading in readings {
        for sentence in &reading.sentences {
            let offs = sentence.offs.iter().filter(|off| is_offered(reading, sentence, off));
            for off in offs {
                let sure = sentence.cues.any(&[Cue::Sale, Cue::Offer]);
                let confidence = Confidence(match (off.is_figure(), sure) {
                    (true, true) => 85,
                    (true, false) => 70,
                    (false, _) => 55,
                });
                let spans = reading.spans(off.range.clone());
                let one = DiscountTold { discount: off.discount, source: Source::Text, confidence, spans };
                push(if off.is_pair { &mut pairs } else { &mut told }, one);
            }
        }
    }
    join_thresholds(readings, &mut told);
    join_halves(&mut told);
    if told.iter().any(|one| one.discount == Discount::Unsaid) && reports_usage(readings) {
        told.retain(|one| one.discount != Discount::Unsaid);
    }
    let is_figure =
        |discount: &Discount| !matches!(discount, Discount::Unsaid | Discount::FreeShipping | Discount::Gift);
    // What is taken off is told in words: then the prices before and after tell the same once more.
    if !told.iter().any(|one| is_figure(&one.discount)) {
        pairs.into_iter().for_each(|pair| push(&mut told, pair));
    }
    if !told.iter().any(|one| is_figure(&one.discount))
        && !tally.leans_to_a_notice(false)
        && !tally.tells_of_no_customer()
    {
        // Two prices in a row may be two things; "was" and a line through it say more.
        let was = |offer: &&Offer| {
            let list = |price: &PriceTold| price.kind == PriceKind::List && Some(price.money) == offer.list_price;
            prices.iter().any(list)
        };
        for offer in offers.iter().filter(was) {
            if let Some(off) = difference(offer) {
                let (source, spans) = (offer.source, offer.spans.clone());
                push(&mut told, DiscountTold { discount: off, source, confidence: Confidence(60), spans });
            }
        }
    }
    told
}

/// "£200 off" in the subject and "£200 off any bike over £1,500" in the text are one; and "AED 50 off. … Minimum
/// basket AED 200." tells the threshold in a sentence of its own.
fn join_thresholds(readings: &[Reading<'_>], told: &mut Vec<DiscountTold>) {
    let thresholds: Vec<Money> = told
        .iter()
        .filter_map(|one| if let Discount::Threshold { off, .. } = one.discount { Some(off) } else { None })
        .collect();
    told.retain(|one| !matches!(one.discount, Discount::Amount(off) if thresholds.contains(&off)));
    let mut amounts = told.iter_mut().filter(|one| matches!(one.discount, Discount::Amount(_)));
    let (Some(only), None) = (amounts.next(), amounts.next()) else { return };
    let Discount::Amount(off) = only.discount else { return };
    let said = readings.iter().flat_map(|reading| &reading.sentences).flat_map(|sentence| &sentence.amounts);
    let mut from = said.filter(|amount| amount.kind == AmountKind::Threshold).map(|amount| amount.money);
    if let Some(first) = from.next()
        && first.compare(&off) == Some(std::cmp::Ordering::Greater)
        && thresholds.is_empty()
        && from.all(|other| other == first)
    {
        only.discount = Discount::Threshold { from: first, off };
    }
}

/// "Half-price pizza" in the subject and "get a second half price" in the text are one.
fn join_halves(told: &mut Vec<DiscountTold>) {
    if told.iter().any(|one| one.discount == Discount::NextOne(50)) {
        told.retain(|one| one.discount != Discount::Percent(50));
    }
}

/// 流量剩余30MB … 优惠早知道: what is left of a plan; a word of sale in it is a name or a courtesy.
fn reports_usage(readings: &[Reading<'_>]) -> bool {
    static USAGE: LazyLock<Option<Regex>> = pattern!(
        r"(?:流量|语音|短信|通话|话费|套餐)[^。!！\n]{0,60}(?:剩余|已使用|已用|总额|余额)|(?:剩余|已使用|已用|余额)[^。!！\n]{0,40}(?:流量|分钟|mb|gb|话费)",
        r"|(?-u:\b)(?:data|minutes|texts|allowance)[^.!\n]{0,40}(?:remaining|left|used)(?-u:\b)",
    );
    readings.iter().any(|reading| says(&USAGE, &reading.normal.text))
}

/// Between "was" and "now".
fn difference(offer: &Offer) -> Option<Discount> {
    let (list, price) = (offer.list_price?, offer.price?);
    let off = (list.currency == price.currency).then(|| list.minor.checked_sub(price.minor))??;
    (off > 0).then(|| Discount::Amount(Money::new(off, list.currency)))
}

/// The reductions of a message, with all that is weighed of each: what the weights are fitted to.
pub(in crate::understand) fn weighable(readings: &[Reading<'_>], tally: Tally, presses: bool) -> Vec<Vec<String>> {
    let setting = Setting::of(readings, tally, presses);
    let mut all = Vec::new();
    for reading in readings {
        let offs = reading.sentences.iter().flat_map(|one| one.offs.iter().map(move |off| (one, off)));
        for (sentence, off) in offs.filter(|(_, off)| !is_given(off)) {
            let mut signs = BTreeSet::new();
            setting.signs(reading, sentence, off, |sign| {
                signs.insert(sign.to_owned());
            });
            all.push(signs.into_iter().collect());
        }
    }
    all
}

/// 您的订单已发货，BT-300限时特惠199元，满300减50: whether it stands in the stretch that sells, of a sentence that tells a notice and
/// sells in a stretch of its own; none of any other sentence.
fn stands_apart(reading: &Reading<'_>, sentence: &Sentence, off: &Off) -> Option<bool> {
    let tells = sentence.cues.any(&[Cue::Billing, Cue::Notice, Cue::Code]);
    let stretch = tells.then(|| selling_stretch(&reading.normal.text, sentence))??;
    Some(stretch.start <= off.range.start && off.range.end <= stretch.end)
}

/// 满300减50 in such a stretch, or in a sentence that tells no notice: no receipt tells so what was taken off.
fn is_a_deal(reading: &Reading<'_>, sentence: &Sentence, tally: Tally, off: &Off) -> bool {
    matches!(off.discount, Discount::Threshold { .. })
        && stands_apart(reading, sentence, off).unwrap_or(!tally.sells_nothing() && !tally.is_personal())
}

/// Whether what is given along takes anything off people see differently: there is nothing to fit a weight to.
fn is_given(off: &Off) -> bool {
    matches!(off.discount, Discount::FreeShipping | Discount::Gift)
}

/// Whether its sentence tells that it is offered.
fn is_told(reading: &Reading<'_>, sentence: &Sentence, tally: Tally, off: &Off) -> bool {
    if sentence.is_refund || tally.is_code() {
        return false;
    }
    let cues = sentence.cues;
    if let Some(apart) = stands_apart(reading, sentence, off) {
        return apart;
    }
    match off.discount {
        _ if cues.has(Cue::Code) => false,
        _ if off.is_pair => !tally.is_transactional(),
        Discount::Percent(_) | Discount::Threshold { .. } | Discount::NextOne(_) => true,
        Discount::Amount(_) => {
            !tally.is_transactional()
                || !cues.has(Cue::Billing)
                    && (cues.has(Cue::Sale) || is_for_next_time(&sentence.may, reading.words(sentence)))
        }
        Discount::FreeShipping | Discount::Gift => {
            !tally.is_transactional() || cues.has(Cue::Sale) && !cues.any(&[Cue::Notice, Cue::Billing])
        }
        Discount::Unsaid => !tally.is_transactional(),
    }
}

fn push(told: &mut Vec<DiscountTold>, one: DiscountTold) {
    if let Some(known) = told.iter_mut().find(|known| known.discount == one.discount) {
        known.confidence = known.confidence.max(one.confidence);
        known.source = known.source.max(one.source);
        add(&mut known.spans, one.spans);
    } else if told.len() < DISCOUNTS_MAX {
        told.push(one);
    }
}

fn add(known: &mut Vec<Span>, spans: Vec<Span>) {
    let room = SPANS_MAX.saturating_sub(known.len());
    known.extend(spans.into_iter().take(room));
}
