//! Several pieces for less than as many single ones cost, in Chinese: 任选2件99元（单件59）, 一只58，两只98, 双人1288（单人799）;
//! 一盒拿168，十盒拿138 tells what each costs. Both prices stand, and what is taken off is the difference.

use std::ops::Range;

use regex::Captures;

use crate::message::{Currency, Money};

use super::expression::{Expression, May, expression};
use super::meaning::Discount;
use super::numerals::value_of;

/// Bundles looked at in one sentence.
const BUNDLES_MAX: usize = 4;

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&BUNDLE_FIRST, &SINGLE_FIRST].into_iter()
}

/// What the bundles of a sentence save, with the place of the words.
pub(super) fn bundles_in(may: &May, words: &str) -> Vec<(Range<usize>, Discount)> {
    let mut found = Vec::new();
    for expression in [&BUNDLE_FIRST, &SINGLE_FIRST] {
        let Some(regex) = expression.within(may) else { continue };
        for groups in regex.captures_iter(words).take(BUNDLES_MAX) {
            if let (Some(whole), Some(saving)) = (groups.get(0), saving(&groups)) {
                found.push((whole.range(), Discount::Amount(saving)));
            }
        }
    }
    found
}

fn saving(groups: &Captures<'_>) -> Option<Money> {
    let price = |name: &str| Money::from_decimal(groups.name(name)?.as_str(), Currency::CNY);
    let (all, one) = (price("all")?, price("one")?);
    let count = match groups.name("n")?.as_str() {
        "双" => 2,
        written => written.parse().ok().or_else(|| i64::try_from(value_of(written)?).ok())?,
    };
    // 十盒拿138 is asked for each of them, 两只98 for both.
    let singly = if all.minor < one.minor { one.minor } else { one.minor.checked_mul(count)? };
    let off = singly.checked_sub(all.minor).filter(|off| *off > 0 && off.saturating_mul(2) <= singly)?;
    (count > 1).then(|| Money::new(off, all.currency))
}

/// 任选2件99元（单件59）.
static BUNDLE_FIRST: Expression = expression!(
    r"(?P<n>[2-9]|10|[两二三四五六七八九十双])[件人份盒个箱张杯瓶包条支位只桶袋斤套][^0-9，,。!！;；()]{0,4}(?P<all>[0-9]{1,5}(?:\.[0-9]{1,2})?)(?:元|块)?[ ]?[(，,、 ][^0-9，,。!！;；()]{0,3}(?:单[件人份盒个箱张杯瓶包条支位只桶袋套买卖独]|零售|一[件人份盒个箱张杯瓶包条支位只桶袋斤套])[^0-9，,。!！;；()]{0,4}(?P<one>[0-9]{2,5}(?:\.[0-9]{1,2})?)(?:元|块|[)，,。!！;；、~ 一/]|$)"
);
/// 一只58，两只98.
static SINGLE_FIRST: Expression = expression!(
    r"(?:单|一)[件人份盒个箱张杯瓶包条支位只桶袋斤套][^0-9，,。!！;；()]{0,4}(?P<one>[0-9]{2,5}(?:\.[0-9]{1,2})?)(?:元|块)?[ ]?[(，,、 ][^0-9，,。!！;；()]{0,3}(?P<n>[2-9]|10|[两二三四五六七八九十双])[件人份盒个箱张杯瓶包条支位只桶袋斤套][^0-9，,。!！;；()]{0,4}(?P<all>[0-9]{2,5}(?:\.[0-9]{1,2})?)(?:元|块|[)，,。!！;；、~ ]|$)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::normal::fold_phrase;

    #[test]
    fn several_cost_less_than_as_many_single_ones() {
        for (text, wanted) in [
            ("白T恤任选2件99元（单件59），不挑码", Some(19)),
            ("体检双人1288（单人799）", Some(310)),
            ("烤鸭一只58，两只98", Some(18)),
            ("单人票80，双人票129", Some(31)),
            ("一盒拿168，十盒拿138，想做了随时找我", Some(30)),
            ("士多啤梨兩盒$50，零售$32一盒", Some(14)),
            ("一张80，两张160", None),
            ("一箱24瓶，两箱48瓶", None),
            ("一人5分钟，两人8分钟", None),
            ("一份合同12页，两份20页", None),
            ("一件300，两件100", None),
        ] {
            let told =
                bundles_in(&May::ANY, &fold_phrase(text)).into_iter().next().map(|(_, discount)| match discount {
                    Discount::Amount(money) => money.minor / 100,
                    _ => 0,
                });
            assert_eq!(told, wanted, "{text}");
        }
    }
}
