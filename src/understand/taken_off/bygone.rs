//! What was taken off before, is over, or is somebody's own luck: "you saved $5", 已优惠20元, "I got it half off". It is no
//! offer; what stands beside it may be one: 她们都买了，全场5折; and "discount applied at checkout" is yet to come.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};

/// Tellings of the past looked at in one sentence.
const TOLD_MAX: usize = 8;

/// How much of a sentence tells of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) enum Bygone {
    /// Nothing.
    Nothing,
    /// One clause, and another takes something off: 她们都买了，全场5折.
    Clause(Range<usize>),
    /// All of it.
    Sentence,
}

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&IS_OVER, &NEXT_TIME].into_iter()
}

/// Whether something is taken off for whoever comes again, as notices end: 下次結帳輸入WARM10打九折,
/// "NEXTTIME takes 10% off your next order".
pub(in crate::understand) fn is_for_next_time(may: &May, words: &str) -> bool {
    NEXT_TIME.is_in(may, words)
}

/// How much of a sentence tells of reductions that are done, over, or one's own.
pub(in crate::understand) fn bygone_in(may: &May, words: &str) -> Bygone {
    let Some(pattern) = IS_OVER.within(may) else { return Bygone::Nothing };
    let mut told = pattern.find_iter(words).take(TOLD_MAX).map(|found| found.range());
    let Some(found) = told.find(|found| !is_to_come(words, found)) else { return Bygone::Nothing };
    let told = words.get(found.clone()).unwrap_or_default();
    // Who tells a friend of their own bargain tells of nothing else, and a bill has many lines.
    if ["我", "咱", "i ", "i\n"].iter().any(|own| told.starts_with(own)) || says(&OF_A_BILL, words) {
        return Bygone::Sentence;
    }
    let clause = clause_around(words, &found);
    let is_lowered = |words: Option<&str>| words.is_some_and(|words| says(&LOWERED, words));
    if is_lowered(words.get(..clause.start)) || is_lowered(words.get(clause.end..)) {
        Bygone::Clause(clause)
    } else {
        Bygone::Sentence
    }
}

/// "Discount applied at checkout", "we got you 25% off", 我们帮您抢到: worded as done, and to be had.
fn is_to_come(words: &str, found: &Range<usize>) -> bool {
    words.get(found.end..).is_some_and(|tail| says(&TO_COME, tail))
        || words.get(found.clone()).is_some_and(|told| says(&FOR_THE_READER, told))
}

/// The words around a range up to the nearest marks.
fn clause_around(words: &str, range: &Range<usize>) -> Range<usize> {
    let is_mark = |c: char| matches!(c, ',' | '，' | ';' | '；' | ':' | '：' | '(' | ')' | '。' | '!' | '！');
    let start = words.get(..range.start).and_then(|head| head.rfind(is_mark)).unwrap_or(0);
    let end = words.get(range.end..).and_then(|tail| tail.find(is_mark)).map_or(words.len(), |at| range.end + at);
    start..end
}

static NEXT_TIME: Expression = expression!(
    r"下(?:次|回|一?单)[^，,。0-9]{0,12}(?:[，,]?[^，,。]{0,12})(?:折|减|抵|省)|再次(?:光临|下单|购买|消费)|回购|复购|(?:结[帐账]|下单|付款)时?(?:输入|出示|填写)|(?:送|奉|附|献)上|(?:若|如|要是)[^，,。0-9]{1,8}(?:可|能)?(?:再|另)?省",
    r"|(?-u:\b)(?:off|towards?|discount on|voucher for|save on|saves? you [^.!?]{1,12} on) (?:all |any |of )?(?:your|the|a) (?:next|following|future|second|first)(?-u:\b)|(?-u:\b)your (?:next|second|third|first|[0-9]{1,2}(?:st|nd|rd|th))(?: [a-z]+){1,3} (?:is|are|comes?|always costs?|costs?|will be) (?:at )?(?:half|free|nothing|on us|[0-9]{1,2} ?% )",
);

static TO_COME: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:at[ ](?:the[ ]|your[ ])?(?:checkout|till|counter|register|desk)|automatically|instantly|in[ ](?:your[ ]|the[ ])?(?:cart|basket|bag|price|app)|when[ ]you|as[ ]you|once[ ]you|if[ ]you|(?:for[ ])?(?:you|u)[ ](?:[a-z]+[ ]){0,2}[0-9]|an?[ ](?:cheaper|new|better|closer|bigger)[ ](?:warehouse|supplier|factory|maker|workshop|source|way|mill|farm|printer|roaster)|an?[ ]way[ ]to)"
);
static FOR_THE_READER: LazyLock<Option<Regex>> =
    pattern!(r"^(?:我们|咱们)(?:已|也|都|特地|专门)*(?:帮|为|替|给)(?:您|你|大家)");
/// One of these makes the whole sentence a line of a bill: 已优惠100元，实付299元.
static OF_A_BILL: LazyLock<Option<Regex>> = pattern!(
    r"手续费|服务费|电费|账单|实付|应付|合计|总计|本单|您的订单|(?-u:\b)(?:bill|total|subtotal|receipt|invoice|your order|you paid|used this (?:month|period|year))(?-u:\b)"
);
/// A figure that is offered to all.
static LOWERED: LazyLock<Option<Regex>> = pattern!(
    r"[0-9]{1,2}[ ]?(?:%|percent)[ ]off|[0-9一二三四五六七八九][.]?[0-9五]?折|半价|half[ -](?:price|off)|满[0-9]+[^，,。]{0,2}减[0-9]+|(?:限时|现价|仅|只要)[0-9]+元|(?-u:\b)for[ ](?:only|just)[ ][$£€][0-9]"
);

/// "You saved $5", 已优惠20元, "discount applied". A new alternative needs its sign in `reduction_signs`.
static IS_OVER: Expression = expression!(
    r"(?:已成功|成功|已为您)(?:办理|开通|订购|申请|续费)|(?:申请|办理|分期|订购|开通)[^，,。!！]{0,8}已?成功|(?:充电|行程|骑行|订单|服务|维修|停车)[^，,。!！]{0,6}已(?:完成|结束|支付)|话费已经?(?:赠送|发放|存入)|已(?:为您|经|成功|自动)*(?:享受?|优惠|减免|立减|抵扣|使用|核销|省|节省|兑换)|共(?:为您)?(?:优惠|节省|省|减)|返现.{0,16}(?:已(?:充入|到账|存入|入账|退回|返还|发放至))|(?:优惠|折扣|减免|抵扣|红包抵扣|优惠券)(?:金额|合计|抵扣|总额)|(?:活动|优惠|促销)(?:已|现已)(?:结束|截止|过期|失效)",
    // 满300减50优惠已计入实付, 您参与的“秒杀”拼团, 您反映的满减券: it is the reader's own, or was a complaint.
    r"|(?:优惠|满减|折扣|立减|红包|券)[^，,。0-9]{0,4}已(?:计入|体现|包含|扣除)|已(?:含|计入|扣除)[^，,。]{0,10}(?:折|优惠|减|券)|您(?:此前|之前|已)?(?:(?:参与|参加|反映|投诉|反馈|申诉)的|订购的[“「\x22])|(?:无法|未能|没能)(?:正常|自动|成功)*(?:使用|抵扣|核销)|关于您投诉|(?:会员|本月|累计|折扣)[^，,。]{0,6}节省:|期[初末]余额|对账单|(?:本月|本期)(?:充值|消费):|券[^，,。0-9]{0,4}(?:重新|原样|一并)(?:发放|退|返|补)",
    // 其中享受通行优惠15.92元, 该订单使用了满200减30的券, 折扣 -240.00元, 所购为特价舱等: lines of a bill, terms of what was bought.
    r"|其中[^，,。0-9]{0,12}(?:优惠|减免|折扣)|(?:该|此|本|原)(?:笔)?(?:订单|单)[^，,。]{0,6}(?:使用|参[加与]|享受?)了?|(?:折扣|优惠)[ :]{0,2}-[ ]?(?:¥|nt\$|hk\$|\$)?[0-9]|您[^，,。]{0,20}(?:优惠|折扣|合约|体验|套餐)期[^，,。]{0,12}(?:到期|届满|结束|期满|终止)|优惠[ ]?¥?[0-9.]{1,8}元?[，,][ ]?(?:实付|应付|实收)|获赠的|(?:奖品|赠品|礼品)[^，,。]{0,2}(?:延期|延迟|延后|补发|补寄)|(?:所购|购买的|订购的|所订)[^，,。]{0,4}(?:特价|特惠|优惠)",
    // 不法分子以“打折补偿”为由: a warning of others' words.
    r"|不法分子|诈骗|骗子|冒充(?:客服|我司|本店|我行|官方|工作人员|快递|平台)|假冒[“「\x22]|谎称|(?:不会|以)[^，,。]{0,24}为由",
    r"|(?:我|他|她|我们|咱)(?:们|昨天|刚|才|前天|上次|之前|也|都|就)*[^，,。!！]{0,8}(?:买的|买了|抢到|入手|买到)",
    r"|(?-u:\b)(?:discounts?|promo|coupon|savings|voucher)[ \n]-[ \n]?[$£€¥0-9]|(?-u:\b)(?:bill|balance|payments?|instal?ments?|council tax|premium|emi)[ \n](?:[a-z]{2,8}[ \n]){0,3}(?:reduced|lowered|cut)[ \n]by(?-u:\b)|(?-u:\b)(?:i|we|he|she|they)[ \n](?:just[ \n]|only[ \n]|already[ \n])?(?:bought|got|paid|found|ordered|picked)(?-u:\b)|(?-u:\b)you(?:'ve| have)?[ \n](?:just[ \n])?saved[ \n](?:a total of[ \n]|over[ \n]|up to[ \n])?(?:[a-z]{0,3}[$£€¥₹₦₱]|[a-z]{1,3}[ .]?[0-9]|[0-9])|(?-u:\b)(?:discounts?|coupon|promo(?: code)?|voucher|savings)(?:[ \n](?:has|have|was|were)(?:[ \n]been)?)?[ \n](?:applied|used|redeemed|expired|included)(?-u:\b)|(?-u:\b)(?:discounts?|coupon|promo(?:tion)?|savings|you saved|shipping|delivery)[ \n]?(?:\([^)]{0,24}\))?:[ \n]?(?:-|free|[$£€¥])|(?-u:\b)(?:includes|including|incl\.?|after|less|net of)[ \n](?:the[ \n]|an?[ \n]|your[ \n]|our[ \n])?(?:[0-9]{1,2} ?(?:%|percent)[ \n])?(?:[a-z]+s?'?[ \n]){0,2}discount(?-u:\b)|(?-u:\b)discount[ \n](?:is[ \n]|was[ \n]|has[ \n]been[ \n]|already[ \n])*(?:taken off|included|deducted|finished|approved|we agreed|you agreed|as agreed)(?-u:\b)|(?-u:\b)(?:voucher|coupon|code|offers?|discount)s?[ \n](?:that[ \n])?(?:you[ \n](?:have[ \n])?used|used this)(?-u:\b)|(?-u:\b)(?:if you qualify for|proposal to offer|confirm your)[ \n][^.!?]{0,32}(?:discount|cash ?back)|(?-u:\b)(?:sale|offer|promotion)[ \n](?:has|is)[ \n](?:now[ \n])?(?:ended|over|expired)(?-u:\b)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    fn read(text: &str) -> Bygone {
        bygone_in(&May::ANY, &fold_phrase(text))
    }

    #[test]
    fn a_receipt_gives_for_another_time() {
        for (text, wanted) in [
            ("nexttime takes 10% off your next order", true),
            ("should you change your mind, your first box back is half price", true),
            ("here's £5 towards your second visit", true),
            ("total rm42.10 after 10% senior discount", false),
            ("10% off applied", false),
            ("your first payment is due", false),
        ] {
            assert_eq!(is_for_next_time(&May::ANY, text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_past_is_no_offer() {
        for past in [
            "已优惠20元",
            "优惠金额5元",
            "You saved $5",
            "Discount: -$5.00",
            "I got it half price",
            "促销已结束",
            "您已优惠100元",
            "其中享受省内通行优惠15.92元，",
            "该订单使用了满200减30的券，退一件后不再满足门槛",
            "折扣 -240.00元，属正常开票方式",
            "您8月参加的宽带优惠期将于9月30日到期，",
            "您办理的校园套餐优惠期于今日24时到期，",
            "您本次停车费12元，会员优惠2元，实付10元",
            "关于满赠活动奖品延期寄送的致歉",
            "因所购为特价舱等，票款不得退还",
            "您已优惠100元，实付299元",
            "账单已优惠20元，5折权益已用",
            "我昨天买的，5折",
            "i bought two, 50% off",
            "Discount applied, total $48, 20% off",
            "Your order: you saved $12, 20% off boots",
        ] {
            assert_eq!(read(past), Bygone::Sentence, "{past}");
        }
        for now in ["立减20元", "save $5", "you get a discount", "优惠券20元"] {
            assert_eq!(read(now), Bygone::Nothing, "{now}");
        }
    }

    #[test]
    fn what_is_worded_as_done_may_be_yet_to_come() {
        for now in [
            "25% off all running shoes, discount applied at checkout",
            "25% off, coupon applied automatically",
            "We got you 25% off",
            "we found you an extra 25% off",
            "我们帮您抢到全场运动鞋5折",
        ] {
            assert_eq!(read(now), Bygone::Nothing, "{now}");
        }
    }

    #[test]
    fn what_stands_beside_the_past_may_be_an_offer() {
        for beside in [
            "她们都买了，全场运动鞋5折",
            "播放器限时299元，已优惠100元",
            "25% off all running shoes (coupon included)",
            "they bought it at full price, you pay half price",
            "They paid $49.99, you get it for only $29.99",
        ] {
            assert!(matches!(read(beside), Bygone::Clause(_)), "{beside}");
        }
    }
}
