//! What ends there is no offer: a paper ("RK19 ZZT expires 19/06"), a payment, something of the reader's own
//! ("your parking ends at 5"), a colleague's answer. Asked only of sentences that name an end.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::patterns::{pattern, says};

/// True when normalised words tell of something of the reader's that ends. `takes_off`: "Renew by Sunday and save 20%"
/// sells all the same; `has_figure`: so does "your plan ends, take 20% off", where a mere word of sale may be a clearance
/// of the police.
pub(in crate::understand) fn is_duty(words: &str, takes_off: bool, has_figure: bool) -> bool {
    let is = |pattern| says(pattern, words);
    is(&FINED)
        || is(&BILLED_CHINESE)
        || !has_figure && (says(&PAPERS, &without_praise(words)) || is_of_the_reader(words))
        || !takes_off && (is(&TO_DO) && !is(&PAYS_LESS) && !is(&ORDERED) || is(&DO_CHINESE) && !is(&TAKES_A_SEAT))
}

/// "Outstanding deals", "fine furniture": praised, and neither owed nor a penalty.
fn without_praise(words: &str) -> Cow<'_, str> {
    PRAISE.as_ref().map_or(Cow::Borrowed(words), |praise| praise.replace_all(words, " "))
}

/// "Your coverage ends on 1 May", 您的车位将于8月31日到期: what somebody has, unless it is to be spent.
fn is_of_the_reader(words: &str) -> bool {
    let found = [&YOURS, &YOURS_CHINESE].into_iter().find_map(|yours| yours.as_ref()?.captures(words)?.get(1));
    let names = |what: &str, words: &[&str]| words.iter().any(|word| what.contains(word));
    found.is_some_and(|what| !names(what.as_str(), &TO_SPEND) || names(what.as_str(), &BORROWED))
}

/// "Your fixed rate of 3.15% ends on 30 April": a bank's, not a shop's.
const BORROWED: [&str; 18] = [
    "introductory price",
    "promotional price",
    "half price period",
    "half price months",
    "premium price",
    "fixed rate",
    "fixed-rate",
    "mortgage",
    "loan",
    "tariff",
    "interest",
    "fixed deal",
    "fixed-term",
    "fixed term",
    "contract",
    "promotional discount",
    "month discount",
    "introductory discount",
];

/// What is somebody's, and is an offer all the same.
const TO_SPEND: [&str; 44] = [
    "offer", "code", "coupon", "voucher", "reward", "point", "pts", "credit", "discount", "gift", "bonus", "price",
    "deal", "cart", "basket", "bag", "cash", "saving", "perk", "rate", "invit", "spot", "miles", "% off", "券", "积分",
    "权益", "红包", "优惠", "礼", "奖", "折", "额度", "福利", "特权", "机会", "余额", "名额", "补贴", "价", "促",
    "专场", "特卖", "活动",
];

static YOURS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:your|ur)[ \n]((?:[^.!?,;]|\.[0-9]){2,48}?)[ \n](?:will[ \n]|is[ \n]|are[ \n])?(?:(?:set|due|about|going)[ \n]to[ \n])?(?:expir(?:es?|ing)|ends?|ending|finish(?:es)?|runs?[ \n]out|lapses?|be[ \n](?:cancell?ed|terminated|suspended|deactivated|closed))(?-u:\b)"
);
static YOURS_CHINESE: LazyLock<Option<Regex>> = pattern!(
    r"(?:您|你)(?:的|于|在|名下|所)([^，,。!！?？]{1,24}?)(?:将于|将在|于|已于|即将在?)[^，,。!！?？]{2,16}(?:到期|失效|停用|作废|过期|届满|截止)"
);
/// "If it is paid within 14 days of the date of service it will be reduced by 50%": a fine, whatever it takes off.
static FINED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:settlement[ \n]discount|discount[ \n]period[ \n]ends)(?-u:\b)|(?-u:\b)(?:pay|paid|payment|settled?)(?-u:\b)[^.!?]{0,32}(?-u:\b)within[ \n][0-9a-z]{1,10}[ \n](?:working[ \n]|calendar[ \n])?days[ \n](?:of|from|after)[ \n](?:the[ \n]|this[ \n])?(?:date[ \n]of[ \n])?(?:the[ \n]|this[ \n])?(?:service|issue|notice|letter|offence|ticket|invoice)(?-u:\b)"
);
/// 应缴512元，到期日10月26日，将自动转账; 逾期订单将自动取消; 医保减征: owed, whatever discount is named beside it.
static BILLED_CHINESE: LazyLock<Option<Regex>> = pattern!(
    r"应[缴还付](?:金额|费|款|总额)?(?:为|是|:)?[^，,。0-9]{0,4}[0-9]|缴费截止日|缴款(?:期限|截止)|(?:医保|社保|养老保险)[^，,。!！]{0,12}(?:减征|缴费|申报|参保|政策)|订单(?:将|会)?自动(?:取消|关闭)|(?:如有不符|如有疑义|有误)[^，,。]{0,2}[,，]?[^，,。!！]{0,16}前|(?:您|你)(?:订购|开通|办理|选用)的[^，,。]{0,24}(?:将于|将在)[^，,。]{1,12}(?:结束|到期)[,，][^。]{0,20}(?:收取|扣费|计费|资费)"
);
/// 请在10月14日前填写报名表, 请于7月6日前回复是否出席，以便安排座席.
static TAKES_A_SEAT: LazyLock<Option<Regex>> = pattern!(
    r"(?:填写|填好|提交|回复|回传|发送)[^，,。!！]{0,8}(?:报名|预约|意向|订购|参观|参会|出席)|报名(?:表|材料|资料|信息)?(?:提交|递交|填写|上交)|(?:安排|预留|保留)[^，,。]{0,4}(?:席|座|位)"
);
/// "Stay 3, pay 2 until 15 February", "pay only half": a price, not a bill.
static PAYS_LESS: LazyLock<Option<Regex>> = pattern!(
    // "Members pay £44, provided they book by Saturday".
    r"(?-u:\b)(?:members|friends|guests|subscribers|students|pensioners|seniors|couples|families|residents|locals|customers|children|kids|under-?[0-9]{1,2}s|and|you|you'd|you'll)[ \n][^.!?]{0,32}pay[ \n][$£€₹][0-9][^.!?]{0,24}(?:if|provided|when|as[ \n]long[ \n]as)(?-u:\b)|(?-u:\b)pay(?:ing)?[ \n](?:for[ \n])?(?:(?:only|just)(?-u:\b)|(?:less|half|no|nothing|zero|one|two|three|[1-9])(?-u:\b))"
);
/// "Bookings must be made by 30 November": what a shop asks for.
static ORDERED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:orders?|pre-?orders?|bookings?|reservations?|purchases?|tickets?|deposits?|trade-ins?|entries|enrolments?|registrations?)[ \n](?:[a-z]{2,12}[ \n]){0,3}(?:must|should|needs?[ \n]to|to|shall)[ \n]be[ \n]"
);
static PRAISE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)fine[ \n](?:dining|furniture|jewell?ery|arts?|foods?|wines?|china|leather|wool|goods|linens?|watches|prints?|rugs?|teas?|chocolates?|cheeses?|cuts|menswear|tailoring)(?-u:\b)",
    r"|(?-u:\b)outstanding[ \n](?:(?:black[ ]friday|[a-z]+)[ \n])?(?:value|deals?|offers?|quality|savings?|prices?|service|sale|range|choice|selection|designs?|bargains?|discounts?)(?-u:\b)",
);
static PAPERS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:mot|licen[cs]e|permit|visa|passport|clearance[ \n][(]?(?:ref|no)|insurance|registration[ \n](?:no|number|of)|certificate|lease|tenancy|road[ \n]tax|id[ \n]card)(?-u:\b)[^.!?]{0,60}(?-u:\b)(?:expir(?:es?|ed|ing|y)|runs?[ \n]out|lapses?|renewal|valid[ \n](?:until|till?))(?-u:\b)",
    r"|(?-u:\b)mot[ \n](?:reminder|due|expir)|(?-u:\b)(?:fine|penalty|penalt(?:y|ies)[ \n]charge|tax[ \n]returns?|court|enforcement|arrears|overdue|outstanding)(?-u:\b)|(?-u:\b)your[ \n](?:current|existing)[ \n](?:plan|contract|deal|tariff)(?-u:\b)",
    r"|(?:驾驶证|行驶证|身份证|护照|签证|居住证|社保卡|社会保险卡|保险卡|营业执照|许可证|资格证|合同|租约|租期|保单|车险|域名|年检|年审)[^，,。!！]{0,24}(?:到期|失效|停用|过期|届满|截止|作废)",
);
/// "Pay by 5 May", "inputs are due by COB", "cancel without penalty by 28 Feb".
static TO_DO: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:pay|settle|renew|submit|reply|respond|rsvp|vote|cancel|appeal|object|file[ \n](?:your|a|an|the)|return[ \n](?:it|them|the|your|this)|complete[ \n](?:the|your|this)|fill[ \n](?:in|out)|confirm[ \n]your|send[ \n](?:me|us|it|your)|let[ \n](?:me|us)[ \n]know|hand[ \n]in|draw[ \n]a|drop[ \n/](?:a|add)|withdraw)(?-u:\b)[^.!?]{0,48}(?-u:\b)(?:by|before|within|until|no[ \n]later[ \n]than|is|on)[ \n]",
    // "Must be received by", "please sign and return the letter by", "unless you choose another by".
    r"|(?-u:\b)(?:must|should|need(?:s)?[ \n]to|to|shall)[ \n]be[ \n](?:received|submitted|returned|lodged|made|completed|paid|filed|sent|emptied|removed|vacated|cleared)(?-u:\b)[^.!?]{0,32}(?-u:\b)(?:by|before|within|until|no[ \n]later[ \n]than)[ \n]",
    r"|(?-u:\b)sign[ \n](?:(?:and|it|the|this|your|off|below|here)(?-u:\b)[^.!?]{0,48}(?-u:\b))?(?:by|before)[ \n]|(?-u:\b)unless[ \n](?:you|we)[ \n](?:choose|tell|contact|opt|notify|inform|hear|object|cancel|switch|respond|reply|act|decide|pay)(?-u:\b)[^.!?]{2,48}(?-u:\b)(?:by|before)[ \n]",
    r"|(?-u:\b)due[ \n](?:by|on|back|date)(?-u:\b)|(?-u:\b)no[ \n]later[ \n]than[^.!?]{0,24}(?:or|otherwise)[ \n]",
);
static DO_CHINESE: LazyLock<Option<Regex>> = pattern!(
    r"新股|申购|考[^，,。!！]{0,12}报名费|准考证|考试报名|报名考试|(?:缴付|缴纳|交纳|缴清|交清|归还|提交|上交|报送|换领|补办|年检|年审|续租|退租|搬离|清退)[^，,。!！]{0,16}|(?:请|须|需|务必)[^，,。!！]{0,16}(?:前|之前|内)[^，,。!！]{0,8}(?:缴|交齐|归还|提交|办理|回复|确认|反馈|换领|登记|填写|填报|上传|报到|完成[^，,。!！]{0,8}(?:采集|登记|注册|认证|填报|核对|确认|学习|体检|培训|整改|自查))"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_duty_is_told_from_an_offer() {
        for text in [
            "Mr T Osei, your MOT reminder: RK19 ZZT expires 19/06/27.",
            "The fine of £70 ends as a court matter on 8 March.",
            "Your outstanding balance runs out of time on 8 March.",
            "Your NBX clearance (ref 2027-0412-118) will expire on 30 Apr 2027.",
            "Pay within 10 days or it may be passed to enforcement agents, adding £75.",
            "The discounts on your current plan end on 15 June 2027.",
            "You may cancel w/o penalty by 28 Feb.",
            "All inputs for the discount policy are due by COB tomorrow.",
            "Your parking permit runs out on 3 May.",
            "If it is paid within 14 days of the date of service it will be reduced by 50% to £35.",
            "Option changes must be received on or before 31 December 2026.",
            "Claims should be lodged with HR by 5 May",
            "Please sign and return the attached offer by Monday, 16 November.",
            "Job offer - please sign by Monday",
            "Unless you choose a new rate by 23 April, your loan moves to the standard variable rate",
            "Your fixed rate of 3.15% ends on 30 April 2027.",
            "请务必于8月25日前在迎新系统完成信息采集。",
            "请于9月1日前登录平台填报志愿",
            "Last day to draw a name is tomorrow",
            "您于尖沙咀广场的月租车位将于8月31日到期，如需续租请于8月25日前缴付HK$3,200。",
            "您的社会保险卡将于2026年12月31日停用旧卡功能",
            "您的驾驶证将于5月1日到期",
            "Your Harbour Broadband promotional discount ends on 14 January.",
            "Ur 12-month discount ends 1 March.",
            "Your fixed deal ends on 31 July",
            "Your 6-month half price period finishes on 2 June.",
            "Your introductory price of $5.99/month ends with your bill on August 9.",
            "Your half price months end on 30 June, as shown in your contract.",
        ] {
            assert!(is_duty(&fold_phrase(text), false, false), "{text}");
        }
        for text in [
            "Your 20% off code expires on 30 November",
            "Outstanding winter sale ends Sunday 8 March.",
            "Sale ends Sunday 8 March. Don't miss outstanding deals.",
            "Winter sale of fine furniture ends Sunday 8 March.",
            "Your points expire 5/31!",
            "Book by 31 March 2027.",
            "Offer ends Sunday",
            "Sign up online by 30 June 2027.",
            "Bookings must be made by 30 November",
            "Members of the Potting Shed pay £44, provided they book by Saturday 21 November.",
            "Orders for the set must be received by Friday",
            "Unless you book by Friday, it's full price",
            "Book three nights and pay for only two, from now until 15 February 2027.",
            "Stay 3, pay 2 until 15 February",
            "您的免费升房权益将于2026年12月31日到期，欢迎使用",
            "您的10元红包将于今晚过期",
            "您的专场大促将于3月8日截止",
            "您的会员特卖将于3月8日截止",
            "活动截止11月30日",
        ] {
            assert!(!is_duty(&fold_phrase(text), false, false), "{text}");
        }
    }
}
