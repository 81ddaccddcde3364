//! Does it say that an announced end is put off? "Extended until Sunday", 延长至周日. An extended warranty, an
//! extended range and 延长保修 put off nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::{pattern, says};
use super::reading::Reading;

/// Words read of a sentence: who writes more in one means something else.
const WORDS_BYTES_MAX: usize = 1_024;

/// True when a sentence says so.
pub(super) fn is_extension(readings: &[Reading<'_>]) -> bool {
    readings.iter().filter(|reading| has_sign(&reading.normal.text)).any(|reading| {
        reading.sentences.iter().any(|sentence| {
            let text = &reading.normal.text;
            let end = text.floor_char_boundary(sentence.range.end.min(sentence.range.start + WORDS_BYTES_MAX));
            text.get(sentence.range.start..end).is_some_and(says_so)
        })
    })
}

fn has_sign(text: &str) -> bool {
    ["exten", "延", "加时", "加场"].iter().any(|sign| text.contains(sign))
}

fn says_so(words: &str) -> bool {
    has_sign(words) && says(&EXTENDED, words) && !is_of_goods(words)
}

fn is_of_goods(words: &str) -> bool {
    says(&GOODS, words)
}

static EXTENDED: LazyLock<Option<Regex>> = pattern!(
    r"\b(?:sale|offer|offers|deal|deals|event|promotion|promo|discount|discounts|deadline|prices?|savings|clearance|weekend|code|days?)\b[^.!?]{0,40}\bexten(?:ded|sion)\b",
    r"|\b(?:we(?:'ve| have|'re| are)?|now|officially|just)\b[ \n]{1,3}(?:\w+[ \n]{1,3}){0,2}extend(?:ed|ing)\b[^.!?]{0,60}",
    r"|\bextend(?:ed|ing)\b[^.!?]{0,40}\b(?:until|till|til|through|thru|to|by|for|sale|offer|offers|deal|deals|event|promotion|discount|deadline|hours?|days?|week|weekend)\b",
    r"|^[^a-z]{0,6}extended\b|\bextension\b[^.!?]{0,30}\b(?:sale|offer|deal|promotion|deadline)\b",
    r"|延长(?:至|到|了|[0-9一二两三四五六七]{1,3}(?:天|日|小时)|活动|优惠|促销|特惠|期限|截止)",
    r"|(?:活动|优惠|促销|特惠|大促|折扣|截止|期限|时间|福利|特卖|清仓)[^。！？!?]{0,12}(?:延长|延期|顺延|延至|延到|加时)",
    r"|(?:延期|顺延|推迟|延后)(?:至|到)|延至|加时[^。！？!?]{0,6}(?:活动|优惠|天|小时|场)|加场"
);

static GOODS: LazyLock<Option<Regex>> = pattern!(
    r"\bextended[ \n-]{1,3}(?:warrant|size|sizing|range|stay|family|car|coverage|edition|version|cut|wear|release|battery|network|hours)|延长(?:保修|质保|寿命|使用|续航|线|保质|有效寿命|退换|退货)|延保|延误|(?:发货|配送|送达|交付)[^。！？!?]{0,8}(?:延|推迟)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_put_off_is_told_from_goods_that_are_longer() {
        for words in [
            "sale extended until sunday",
            "by popular demand we've extended our winter sale by one day",
            "extended: 20% off through monday",
            "we are extending the deadline to december 1",
            "活动延长至12月1日",
            "应广大顾客要求，优惠延长一天",
            "双十一特惠再延期两天",
            "截止时间顺延至周一",
        ] {
            assert!(says_so(words), "{words}");
        }
        for words in [
            "with an extended warranty for two years",
            "now in extended sizes until sunday",
            "延长保修一年",
            "购买即享延保服务",
            "由于天气原因，发货时间延长两天",
            "sale ends sunday",
            "活动周日截止",
        ] {
            assert!(!says_so(words), "{words}");
        }
    }
}
