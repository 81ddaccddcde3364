//! So much off from so much on, in Chinese: 满300减50, 每300减50, 满千折百, 充300送50, 15元券满99可用.

use std::ops::Range;

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::value_of;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::meaning::Discount;

/// Thresholds looked at in one sentence, of each sort.
const THRESHOLDS_MAX: usize = 16;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&THRESHOLD_ZH, &THRESHOLD_SPOKEN].into_iter()
}

/// What a sentence takes off so, with the place of the words in it; `unit` is the currency it speaks of.
pub(in crate::understand) fn thresholds_in(may: &May, words: &str, unit: Currency) -> Vec<(Range<usize>, Discount)> {
    let mut found = Vec::new();
    for (expression, unit) in [(&THRESHOLD_ZH, unit), (&THRESHOLD_SPOKEN, Currency::CNY)] {
        let Some(regex) = expression.within(may) else { continue };
        for groups in regex.captures_iter(words).take(THRESHOLDS_MAX) {
            let money = |name: &str| groups.name(name).and_then(|written| told(written.as_str(), unit));
            let (from, off) =
                (money("from").or_else(|| money("from_after")), money("off").or_else(|| money("off_first")));
            if let (Some(whole), Some(from), Some(off)) = (groups.get(0), from, off) {
                found.push((whole.range(), Discount::Threshold { from, off }));
            }
        }
    }
    found
}

/// In digits or in words; 满千 is one thousand.
fn told(written: &str, currency: Currency) -> Option<Money> {
    number(written, currency).or_else(|| {
        let value = value_of(written).or_else(|| value_of(&format!("一{written}")))?;
        number(&value.to_string(), currency)
    })
}

/// 1,280.
pub(in crate::understand) fn number(written: &str, currency: Currency) -> Option<Money> {
    Money::from_decimal(&written.replace(',', ""), currency).filter(|money| money.minor > 0)
}

/// 满300减50, 每满200元立减30元; 充300送50; 15元券满99可用.
static THRESHOLD_ZH: Expression = expression!(
    r"(?:满|达到?|每|(?:充值?|储值?|预存|存|办卡)(?:满|值)?)[ \n]?¥?[ ]?(?:nt\$|hk\$|\$)?(?P<from>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,6})[ \n]?(?:元|块)?[ \n,，]?(?:即可|即|可|就|再|直|享受?|最高|最多|额外|可用|可以|现场|下单|使用|减免)*[ \n]?(?:立减|直减|立省|现减|减|省|立返|返现|返还|返|送|赠|抵扣|抵|直降|降|优惠|现折|折抵|折|减掉|-)(?:券|红包|现金|¥)?[ \n]?(?P<off>[0-9]{1,6})(?:元|块)?",
    r"|(?P<off_first>[0-9]{1,6})[ \n]?(?:元|块)?(?:[^0-9，,。!！ ]{0,6}券|红包)[(，,]?满[ \n]?(?P<from_after>[0-9]{2,6})[ \n]?(?:元|块)?(?:可用|可以?使用|使用|即可用|起用|减)",
);

/// 满千折百, 满五百送五十.
static THRESHOLD_SPOKEN: Expression = expression!(
    r"满(?P<from>[一二两三四五六七八九]?[百千万])(?:元|块)?(?:再|即|可|就|立|现)?(?:折|送|减|返|抵|省|赠)(?:现金?|券)?(?P<off>[0-9]{2,6}|[一二两三四五六七八九]?[十百千](?:[一二两三四五六七八九]十)?)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn so_much_off_from_so_much_on() {
        for (text, wanted) in [
            ("满300减50", Some((300, 50))),
            ("每满200元立减30元", Some((200, 30))),
            ("订单满一万返现800元", Some((10_000, 800))),
            ("满千折百", Some((1_000, 100))),
            ("跨店每300减50", Some((300, 50))),
            ("满500折50,冬茶产量稳定", Some((500, 50))),
            ("結帳滿 2,000 現折 300，", Some((2_000, 300))),
            ("15元代金券，满99可用", Some((99, 15))),
            ("会员卡储300送50", Some((300, 50))),
            ("充200元送60元", Some((200, 60))),
            ("每300米一个路口", None),
            ("满300人减员50", None),
            ("充电300次", None),
        ] {
            let told = thresholds_in(&May::ANY, &fold_phrase(text), Currency::CNY).into_iter().next();
            let told = told.and_then(|(_, discount)| match discount {
                Discount::Threshold { from, off } => Some((from.minor / 100, off.minor / 100)),
                _ => None,
            });
            assert_eq!(told, wanted, "{text}");
        }
    }
}
