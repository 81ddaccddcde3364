//! Prices in cells of their own: a table whose head says "Was | Now" (原价 | 活动价) or whose rows say "Reg. price |
//! $129". A cell is a sentence of its own, so the word that tells what an amount is stands in another sentence.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::amounts::prices::AmountKind;
use crate::understand::patterns::pattern;
use crate::understand::reading::Sentence;

/// A cell with more in it than an amount and its unit says itself what it is.
const BESIDE_CHARS_MAX: usize = 8;
/// A word that heads prices is short.
const HEAD_BYTES_MAX: usize = 48;

/// Gives the amounts of such cells the kind that the head of their column or row tells.
pub(in crate::understand) fn mark_price_cells(text: &str, sentences: &mut [Sentence]) {
    let heads: Vec<(usize, AmountKind)> = sentences
        .iter()
        .enumerate()
        .filter_map(|(at, sentence)| Some((at, head_of(text.get(sentence.range.clone())?)?)))
        .collect();
    for (index, &(at, kind)) in heads.iter().enumerate() {
        let beside = heads.get(index + 1).filter(|(next, other)| *next == at + 1 && *other != kind);
        if index > 0 && heads.get(index - 1).is_some_and(|(before, other)| *before + 1 == at && *other != kind) {
            continue;
        }
        let until = heads.get(index + 1 + usize::from(beside.is_some())).map_or(sentences.len(), |(next, _)| *next);
        match beside {
            // A head over two columns: every two cells with amounts below it are a row's.
            Some((_, other)) => mark_rows(text, sentences.get_mut(at + 2..until).unwrap_or_default(), [kind, *other]),
            None => {
                if let Some(cell) = sentences.get_mut(at + 1).filter(|cell| is_amount_cell(text, cell)) {
                    mark(cell, kind);
                }
            }
        }
    }
}

fn mark_rows(text: &str, sentences: &mut [Sentence], kinds: [AmountKind; 2]) {
    let mut at = 0;
    while let [first, second, ..] = sentences.get_mut(at..).unwrap_or_default() {
        if is_amount_cell(text, first) && is_amount_cell(text, second) {
            mark(first, kinds[0]);
            mark(second, kinds[1]);
            at += 1;
        }
        at += 1;
    }
}

fn mark(sentence: &mut Sentence, kind: AmountKind) {
    for amount in &mut sentence.amounts {
        amount.kind = kind;
        amount.said = true;
    }
}

/// An amount and hardly more: `$129`, 396元/年.
fn is_amount_cell(text: &str, sentence: &Sentence) -> bool {
    let [amount] = sentence.amounts.as_slice() else { return false };
    let beside = [sentence.range.start..amount.range.start, amount.range.end..sentence.range.end];
    let chars: usize = beside.into_iter().map(|range| text.get(range).map_or(0, |words| words.chars().count())).sum();
    chars <= BESIDE_CHARS_MAX && matches!(amount.kind, AmountKind::Price | AmountKind::ListPrice)
}

fn head_of(words: &str) -> Option<AmountKind> {
    if words.len() > HEAD_BYTES_MAX {
        return None;
    }
    if LIST_HEAD.as_ref()?.is_match(words) {
        return Some(AmountKind::ListPrice);
    }
    NOW_HEAD.as_ref()?.is_match(words).then_some(AmountKind::Price)
}

static LIST_HEAD: LazyLock<Option<Regex>> = pattern!(
    r"^(?:was|before|then|old price|(?:reg(?:\.|ular)?|list|original|retail|usual|normal|full|standard|old|previous) ?price|rrp|msrp|reg\.|regular|original|原价|市场价|吊牌价|门市价|零售价|日常价|平时价|标价|定价|挂牌价)(?: ?\([^()]{1,12}\))?:?$"
);
static NOW_HEAD: LazyLock<Option<Regex>> = pattern!(
    r"^(?:now|today|after|new price|you pay|(?:your|our|sale|special|deal|offer|promo|member|members'?|today's|current|discounted|new|now) ?price|price now|sale|现价|活动价|优惠价|特价|促销价|会员价|折后价?|到手价|券后价?|秒杀价|团购价|特惠价|抢购价|惊喜价|专享价)(?: ?\([^()]{1,12}\))?:?$"
);

#[cfg(test)]
mod tests {
    use crate::message::{Part, PartKind};
    use crate::understand::reading::Reading;

    fn read(html: &str) -> Vec<String> {
        let part = Part { kind: PartKind::Html, text: html.to_owned() };
        let reading = Reading::of(0, &part);
        let amounts = reading.sentences.iter().flat_map(|sentence| &sentence.amounts);
        amounts.map(|amount| format!("{:?} {}", amount.kind, amount.money)).collect()
    }

    #[test]
    fn a_cell_takes_the_kind_of_its_head() {
        for (html, wanted) in [
            (
                "<tr><th>Plan</th><th>Was</th><th>Now</th></tr><tr><td>Team</td><td>$240</td><td>$192</td></tr>\
                 <tr><td>Studio</td><td>$480</td><td>$384</td></tr>",
                vec!["ListPrice 240.00 USD", "Price 192.00 USD", "ListPrice 480.00 USD", "Price 384.00 USD"],
            ),
            (
                "<tr><td>Reg. price</td><td>$129</td></tr><tr><td>Your price</td><td>$89</td></tr>",
                vec!["ListPrice 129.00 USD", "Price 89.00 USD"],
            ),
            (
                "<tr><th>原价</th><th>活动价</th></tr><tr><td>1200元/年</td><td>396元/年</td></tr>",
                vec!["ListPrice 1200.00 CNY", "Price 396.00 CNY"],
            ),
            // Without a head two prices are two prices.
            ("<tr><td>$240</td><td>$192</td></tr>", vec!["Price 240.00 USD", "Price 192.00 USD"]),
            ("<tr><td>Was</td><td>Team</td><td>$240</td></tr>", vec!["Price 240.00 USD"]),
        ] {
            assert_eq!(read(html), wanted, "{html}");
        }
    }
}
