//! What two amounts say of each other: "will rise by £3, from £31.99 to £34.99" and 由15元调整为18元 raise a price and
//! offer none; "from ₦25,000 to ₦250,000" is a range; of "the $2,150 telescope for $1,290" the first was the price.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::amounts::prices::{Amount, AmountKind};
use crate::understand::patterns::{pattern, says};

/// Sets the kinds of the amounts of one sentence, which begins at `start` of the text `words` was taken from.
pub(in crate::understand) fn mark_moves(words: &str, start: usize, amounts: &mut [Amount]) {
    let between = |amounts: &[Amount], at: usize| {
        let (one, next) = (amounts.get(at)?, amounts.get(at + 1)?);
        words.get(one.range.end.checked_sub(start)?..next.range.start.checked_sub(start)?)
    };
    let told_to_rise = amounts.len() > 1 && says(&RISES, words);
    for at in 0..amounts.len().saturating_sub(1) {
        let Some(link) = between(amounts, at).map(str::to_owned) else { continue };
        let [one, next, ..] = amounts.get_mut(at..).unwrap_or_default() else { continue };
        if one.money.currency != next.money.currency {
            continue;
        }
        let grows = next.money.minor > one.money.minor;
        if told_to_rise && grows && says(&TO, &link) {
            for amount in [one, next] {
                (amount.kind, amount.said, amount.asks) = (AmountKind::Other, false, false);
            }
        } else if told_to_rise && !grows && says(&TO, &link) && !says(&FROM, &link) {
            (one.kind, one.said, next.kind, next.said) = (AmountKind::ListPrice, true, AmountKind::Price, true);
        } else if grows && one.kind == AmountKind::ListPrice && link.trim() == "to" {
            (one.kind, one.said) = (AmountKind::Price, true);
        } else if grows && one.kind == AmountKind::Price && next.kind == AmountKind::Price && says(&THEN, &link) {
            (next.kind, next.said, one.asks) = (AmountKind::ListPrice, true, true);
        } else if one.kind == AmountKind::ListPrice && next.kind == AmountKind::Price && one.money == next.money {
            // "It was £46 and will probably be £46 again."
            (next.kind, next.said) = (AmountKind::ListPrice, true);
        } else if !grows
            && one.kind == AmountKind::Price
            && !one.said
            && next.kind == AmountKind::Price
            && says(&GOODS_FOR, &link)
            && words
                .get(..one.range.start.saturating_sub(start))
                .is_some_and(|head| head.ends_with("the ") || head.ends_with("that "))
        {
            (one.kind, one.said, next.asks) = (AmountKind::ListPrice, true, true);
        }
    }
    lone_list_price(words, start, amounts);
}

/// 签名本定价68元，会员9折: what is set and lowered by no other amount is the price.
fn lone_list_price(words: &str, start: usize, amounts: &mut [Amount]) {
    let [only] = amounts else { return };
    let head = only.range.start.checked_sub(start).and_then(|end| words.get(..end)).unwrap_or_default();
    if only.kind == AmountKind::ListPrice && says(&SET_PRICE, head) {
        only.kind = AmountKind::Price;
    }
}

static RISES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:rise|rises|rising|increase|increases|increased|increasing|go(?:es|ing)? up|went up|revised|adjusted|change|changes|changed|changing|moves?|moving)(?-u:\b)|调整|上调|上涨|涨"
);
static TO: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[ ]?(?:/|per |a )[a-z]{1,8})?,?[ \n](?:(?:up )?to|from|and will be)[ \n]$|^(?:元|块)?(?:/[年月季天次])?(?:统一)?(?:上?调整?|上涨|涨|变更|改|提高)(?:至|到|为)[ ]?$"
);
static FROM: LazyLock<Option<Regex>> = pattern!(r"from[ \n]$");
/// "£12 until Friday, then it's back up to £20".
static THEN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:back(?: up)? to|up to|goes (?:back )?(?:up )?to|going (?:back )?(?:up )?to|rises? to|will (?:probably |then )?be|reverts to|returns to|rather than|instead of|, not|face value(?: of)?|usual(?:ly)?(?: price)?|normal(?:ly)?|norm|regular(?:ly)?|u\.p\.|list(?: price)?)[ \n(:]*$|恢复(?:至|到|原价)?$|涨[回到至]$",
    // "99p for three months. After that it's £10", "£280; from 16 July the fee is £340", 10月1日起1600元.
    r"|(?-u:\b)(?:after that|tomorrow|tmrw|2moro)(?:,? (?:it's|it is|they're|they are|it goes to|only))?,?[ ]$|(?-u:\b)from (?:the )?(?:[0-9]{1,2}(?:st|nd|rd|th)? )?(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec|monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week|next month)[a-z]{0,7}(?: [0-9]{1,2}(?:st|nd|rd|th)?)?,? (?:(?:the|our) (?:fee|price|rate|fare)s? (?:is|are|will be) |(?:it's|it is|it will be) )?$|(?:[0-9][日月号]|明[天早晨日]|后天|下周|下月|元旦|节|开始|上市)[ \n]?(?:起|后|之后|醒来)[^，,。0-9]{0,3}(?:就是|价格为|价格|学费|票价|价|为|涨至?|调至?|变)?[ ]?(?:¥|nt|hk)?$"
);
static GOODS_FOR: LazyLock<Option<Regex>> = pattern!(r"^(?: [a-z][a-z-]+){1,3} for $");
static SET_PRICE: LazyLock<Option<Regex>> = pattern!(
    r"(?:定价|官方价|指导价|正价|挂牌价|零售价|平日价|官网价)(?:为|是|:)?[ ]?(?:¥|rmb)?[ ]?$|(?:正价|原价)[^,，。0-9]{0,6}一律[ ]?(?:hk|nt)?$|(?-u:\b)mrp(?: of| is|:| only)?[ ]$"
);

#[cfg(test)]
mod tests {
    use crate::understand::amounts::prices::amounts_in;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn two_amounts_tell_of_each_other() {
        for (text, wanted) in [
            ("your price will rise by £3, from £31.99 to £34.99", vec!["Other", "Other", "Other"]),
            ("your plan will be revised from $18 to $20", vec!["Other", "Other"]),
            ("包月会员价格由15元/月调整为18元/月", vec!["Other", "Other"]),
            ("hampers from £25 to £250", vec!["Price", "Price"]),
            ("reduced from £25 to £20", vec!["ListPrice", "Price"]),
            ("由99元调整为79元", vec!["ListPrice", "Price"]),
            ("£59 til midnight, then it's back up to £118", vec!["Price", "ListPrice"]),
            ("deckchairs are £65 rather than £88", vec!["Price", "ListPrice"]),
            ("garden lights at £12, not £30", vec!["Price", "ListPrice"]),
            ("like buying the $2,150 telescope for $1,290", vec!["ListPrice", "Price"]),
            ("签名本定价68元", vec!["Price"]),
            ("预定价148元", vec!["Price"]),
            ("正价戏票一律hk$60", vec!["Price"]),
            ("biscuits mrp rs 40", vec!["Price"]),
            ("early bird fee of rs 45,000 (regular fee rs 60,000)", vec!["Price", "ListPrice"]),
            ("coats were $149, this week $99", vec!["ListPrice", "Price"]),
            ("nz$3,999 (rrp 6,500)", vec!["Price", "ListPrice"]),
            ("7-day europe pass s$15 (usual s$20)", vec!["Price", "ListPrice"]),
            ("tickets are £280 until 15 july; from 16 july the price is £340", vec!["Price", "ListPrice"]),
            ("kilims £70 this week, from monday £95", vec!["Price", "ListPrice"]),
            ("£1 a month for half a year, after that £10", vec!["Price", "ListPrice"]),
            ("注册费1200元，10月1日起1600元", vec!["Price", "ListPrice"]),
            ("年卡588元，明天醒来就是988元", vec!["Price", "ListPrice"]),
            ("季卡2380元，雪季开始后价格为2980元", vec!["Price", "ListPrice"]),
            ("lunch £12, dinner from 6 pm £18", vec!["Price", "Price"]),
            ("成人票88元，17点后128元", vec!["Price", "Price"]),
            ("浮潜120元，两人起200元", vec!["Price", "Price"]),
        ] {
            let text = fold_phrase(text);
            let kinds: Vec<String> =
                amounts_in(&text, 0..text.len()).iter().map(|amount| format!("{:?}", amount.kind)).collect();
            assert_eq!(kinds, wanted, "{text}");
        }
    }
}
