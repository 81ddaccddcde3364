//! Several pieces for less than as many single ones cost, in Chinese: 任选2件99元（单件59）, 一只58，两只98, 双人1288（单人799）;
//! 一盒拿168，十盒拿138 tells what each costs. Both prices stand, and what is taken off is the difference.

use std::ops::Range;

use regex::Captures;

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::value_of;
use crate::understand::expression::{Expression, May, Places, expression};
use crate::understand::meaning::Discount;

/// Bundles looked at in one sentence.
const BUNDLES_MAX: usize = 4;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&BUNDLE_FIRST, &SINGLE_FIRST, &COUNT_BEHIND, &COUNT_BEHIND_LATER].into_iter()
}

/// Whether any of them may stand in a text in which `may` was heard.
pub(in crate::understand) fn may_be_told(may: &May) -> bool {
    static PLACES: Places = Places::new();
    PLACES.any_in(may, asked)
}

/// What the bundles of a sentence save, with the place of the words.
pub(in crate::understand) fn bundles_in(may: &May, words: &str) -> Vec<(Range<usize>, Discount)> {
    let mut found = Vec::new();
    for expression in [&BUNDLE_FIRST, &SINGLE_FIRST, &COUNT_BEHIND, &COUNT_BEHIND_LATER] {
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
    let price = |name: &str| {
        let written = groups.name(name)?.as_str();
        let spoken = || Money::from_decimal(&value_of(written)?.to_string(), Currency::CNY);
        Money::from_decimal(written, Currency::CNY).or_else(spoken)
    };
    let (all, one) = (price("all").or_else(|| price("all_card"))?, price("one").or_else(|| price("one_before"))?);
    let count = match groups.name("n").or_else(|| groups.name("n_card"))?.as_str() {
        "双" => 2,
        written => written.parse().ok().or_else(|| i64::try_from(value_of(written)?).ok())?,
    };
    // 十盒拿138 is asked for each of them, 两只98 for both.
    let singly = if all.minor < one.minor { one.minor } else { one.minor.checked_mul(count)? };
    let off = singly.checked_sub(all.minor).filter(|off| {
        let (times, parts) = if all.minor < one.minor { (5, 3) } else { (3, 2) };
        *off > 0 && off.saturating_mul(times) <= singly.saturating_mul(parts)
    })?;
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
/// The price stands before the pieces: 99元任选3件（单件原价49起）, 十蚊三斤(朝早十蚊一斤).
static COUNT_BEHIND: Expression = expression!(
    r"(?P<all>[0-9]{1,4}(?:\.[0-9]{1,2})?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]百)(?:元|块钱?|蚊|圆)?(?:任选|随便[挑选]|任挑)?(?P<n>[2-9]|10|[两二三四五六七八九十])[件份盒个箱张杯瓶包条支只桶袋斤套对双磅串副枚根颗碗尾扎捆板筐提罐本册朵把盆棵打][^0-9。!！;；]{0,8}(?:(?:[单一][件份盒个箱张杯瓶包条支只袋副枚根颗碗尾扎捆板筐提罐本册朵把盆棵打斤磅串对双]|零售)[^0-9，,。!！;；()]{0,4}(?P<one>[0-9]{1,4}(?:\.[0-9]{1,2})?)(?:元|块|蚊|起|[)，,。 ]|$)|(?:[^0-9。!！;；]{0,4}?)(?P<one_before>[0-9]{1,4}|[二两三四五六七八九]|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]百)(?:元|块钱?|蚊|圆)?一[件份盒个箱张杯瓶包条支只桶袋斤套对双磅串副枚根颗碗尾扎捆板筐提罐本册朵把盆棵打])"
);
/// The same, the single one first: $10一對,而家$10三對; 洗车25元一次，办十次卡200元.
static COUNT_BEHIND_LATER: Expression = expression!(
    r"(?P<one>[0-9]{1,4}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]百)(?:元|块钱?|蚊|圆)?(?:一|每|/)[件份盒个箱张杯瓶包条支只桶袋斤套对双磅串副枚根颗碗尾扎捆板筐提罐本册朵把盆棵打次节][^0-9。!！;；]{0,8}(?:[hn]?k?t?\$)?(?:(?P<all>[0-9]{1,4}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]百)(?:元|块钱?|蚊|圆)?(?P<n>[2-9]|[两二三四五六七八九])[件份盒个箱张杯瓶包条支只桶袋斤套对双磅串副枚根颗碗尾扎捆板筐提罐本册朵把盆棵打]|(?P<n_card>[1-9]?[0-9]|[二三五八]?十|[五八])[次节张]卡?票?[^0-9，,。]{0,3}(?:¥|nt\$|hk\$|\$)?(?P<all_card>[0-9]{2,5})(?:元|块|[，,。!！;； ]|$))"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn several_cost_less_than_as_many_single_ones() {
        for (text, wanted) in [
            ("白T恤任选2件99元（单件59），不挑码", Some(19)),
            ("体检双人1288（单人799）", Some(310)),
            ("烤鸭一只58，两只98", Some(18)),
            ("单人票80，双人票129", Some(31)),
            ("一盒拿168，十盒拿138，想做了随时找我", Some(30)),
            ("士多啤梨兩盒$50，零售$32一盒", Some(14)),
            ("整箱零食99元任选3件(单件原价49起)", Some(48)),
            ("菜心芥兰十蚊三斤(朝早十蚊一斤)", Some(20)),
            ("袜仔平时$10一对,而家$10三对", Some(20)),
            ("洗车25元一次，办十次卡200元", Some(50)),
            ("瑜伽单节80/节，10节卡600元", Some(200)),
            ("草莓20块两斤，12块一斤", Some(4)),
            ("粉底液159两支(柜台一支320)", Some(161)),
            ("现在120元两张，之后一张80", Some(40)),
            ("对联摊10块3副(平时4块一副)", Some(2)),
            ("二手书十块三本(平时五块一本)", Some(5)),
            ("粽叶5块三捆(一捆2块)", Some(1)),
            ("10块一斤，买了3斤", None),
            ("每次20元一次，今年做了5次花了100元", None),
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
