//! Vouchers that a message only tells the end of: "your gift card … has been used", 卡号…已核销. It hands over
//! nothing, and reminds of nothing that could still be spent.

use std::sync::LazyLock;

use regex::Regex;

use super::meaning::VoucherTold;
use super::patterns::{pattern, says};
use super::reading::Reading;

/// Takes them out.
pub(super) fn without_spent(readings: &[Reading<'_>], vouchers: &mut Vec<VoucherTold>) {
    vouchers.retain(|told| !readings.iter().any(|reading| tells_its_end(reading, told)));
}

fn tells_its_end(reading: &Reading<'_>, told: &VoucherTold) -> bool {
    let own = || told.spans.iter().filter(|span| usize::from(span.part) == reading.part);
    own().next().is_some()
        && reading.sentences.iter().any(|sentence| {
            says(&ENDED, reading.words(sentence))
                && reading.spans(sentence.range.clone()).iter().any(|span| own().any(|own| own.overlaps(span)))
        })
}

static ENDED: LazyLock<Option<Regex>> = pattern!(
    r"已(?:经|被|全部|成功|于[^，,。]{1,16})*(?:使用|核销|兑换|用完|用掉|失效|过期|作废|注销|冻结|消费|退)|(?:余额|面值)(?:为|是|:)?[ ]?0(?:\.0+)?(?:元|[ ]|[^0-9.]|$)|使用成功|核销成功|兑换成功",
    r"|(?-u:\b)(?:has|have|had|was|were)[ \n](?:already[ \n]|now[ \n]|been[ \n]|fully[ \n]|successfully[ \n]|just[ \n])*(?:used|redeemed|spent|cancel+ed|voided|expired|refunded|deactivated|blocked)(?-u:\b)",
    r"|(?-u:\b)you[ \n](?:have[ \n]|just[ \n]|already[ \n]|successfully[ \n])*(?:used|redeemed|spent)(?-u:\b)|(?-u:\b)no[ \n]longer[ \n](?:valid|active|usable)|(?-u:\b)(?:balance|value)(?: is| of|:)?[ \n][$£€¥]?0(?:\.0+)?(?:[^0-9.]|\.[^0-9]|\.?$)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn an_end_told_is_no_handing_over() {
        let ended = |text: &str| ENDED.as_ref().unwrap().is_match(&fold_phrase(text));
        for told in [
            "您的礼品卡GC12345678已于11月3日核销",
            "礼品卡已被使用",
            "您的禮品卡餘額為0元",
            "Your gift card GC12345678 has been redeemed.",
            "You have used your voucher XMAS-2026.",
            "Card GC12345678 is no longer valid",
            "Remaining balance: $0.00.",
        ] {
            assert!(ended(told), "{told}");
        }
        for handed in [
            "您的礼品卡GC12345678尚未使用",
            "礼品卡已到账，请尽快使用",
            "Your gift card GC12345678 has not been used yet",
            "Redeem your gift card GC12345678 today",
            "balance: $50.00",
        ] {
            assert!(!ended(handed), "{handed}");
        }
    }
}
