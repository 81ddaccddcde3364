//! Words of sale that name no figure: "clearance", "flash sale", 特价, 大促, 秒杀. Each of them has a plain
//! sense as well (秒杀对手, "for sale", "deals with"), which is no sale.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};

/// Words of sale looked at in one sentence.
const FOUND_MAX: usize = 8;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&PLAN_NAME, &CHINESE, &OTHER_SENSE_ZH, &ENGLISH, &OTHER_SENSE_EN].into_iter()
}

/// 您的29元特惠流量包将于11月30日到期: what the reader has is called so, and nothing is offered.
pub(in crate::understand) fn names_a_plan(may: &May, words: &str) -> bool {
    PLAN_NAME.is_in(may, words)
}

/// The first of them in some normalised words.
pub(in crate::understand) fn is_word_of_sale(may: &May, words: &str) -> Option<Range<usize>> {
    let chinese = || {
        let found = CHINESE.find(may, words)?;
        (!OTHER_SENSE_ZH.is_in(may, words)).then_some(found)
    };
    let english = || {
        let mut found = ENGLISH.within(may)?.find_iter(words).take(FOUND_MAX).map(|found| found.range());
        let found = found.find(|found| !is_a_name(words, found) && !is_bought_there(words, found))?;
        (!OTHER_SENSE_EN.is_in(may, words)).then_some(found)
    };
    chinese().or_else(english)
}

/// "Clearance Kings, Unit 4": who sells is called so.
fn is_a_name(words: &str, found: &Range<usize>) -> bool {
    words.get(found.end..).is_some_and(|tail| says(&NAME_TAIL, tail))
}

/// "On sale 1 to 14 June", "tickets are on sale from the box office": when and where it can be bought at all; "everything is on
/// sale" lowers prices.
fn is_bought_there(words: &str, found: &Range<usize>) -> bool {
    let (Some(head), Some(told), Some(tail)) =
        (words.get(..found.start), words.get(found.clone()), words.get(found.end..))
    else {
        return false;
    };
    told == "on sale" && !says(&LOWERED, head) && (says(&BOUGHT_THERE, tail) || says(&MADE_ANEW, head))
}

static NAME_TAIL: LazyLock<Option<Regex>> = pattern!(
    r"^ (?:kings?|queens?|barn|bin|basement|hunters?|superstores?|warehouse (?:co|ltd)|bros|brothers|land|city|corner|depot|shack|shed|cave|co|ltd)(?:[.,;:!]|$| (?:of|on|in|at|@|unit|ltd|co)(?-u:\b))"
);
/// In front of "on sale", where prices are lowered and not only asked.
static LOWERED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:all|everything|every|half|most|selected|many|hundreds|thousands|dozens|favou?rites?|bestsellers|winter|last season's|last year's)(?-u:\b)"
);
/// Behind "on sale": the place, the days, or the price it is had at.
static BOUGHT_THERE: LazyLock<Option<Regex>> = pattern!(
    r"^(?: now| already| today)? (?:in (?:the app|reception|our app|person|branch|the foyer|the bar)|(?:from|at) (?:the |our )?(?:box office|reception|bar|gate|door|office|till|desk|club|library|town hall|post office|venue|usual outlets)|via|through (?:the|our) (?:app|website|site|box office|link|portal|usual)|[0-9]{1,2}(?:st|nd|rd|th)? (?:to|-|–|until|till) [0-9])"
);
/// What is newly made or printed, and not lowered, when it goes on sale.
static MADE_ANEW: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:hampers?|programmes?|calendars?|merch(?:andise)?|memberships?|albums?|edition|issue|novel|paperback|cookbook|gift cards?|wreaths?|puddings?|plots|apartments|homes|season (?:cards?|passes)|raffle|subscriptions?|poppies|stamps|(?:new|latest|[0-9]{4}) (?:range|collection|book|line|model)|vouchers)(?: [a-z]+)? (?:is|are|go|goes|now|will be|will go|currently|already)(?: now| already| finally)? $"
);

static PLAN_NAME: Expression = expression!(
    r"(?:您的|您已|您订购的|您开通的|您当前|您本月|已订购|已开通|已办理|已生效|已续订|退订)[^，,。!！]{0,24}(?:特惠|优惠|促销|畅享|福利)[^，,。!！]{0,8}(?:包|套餐)|(?:特惠|优惠|促销)[^，,。!！]{0,8}(?:包|套餐)[^，,。!！]{0,16}(?:已(?:生效|到期|开通|办理|续订|为您)|将于[^，,。]{1,12}(?:到期|生效|失效|续订))",
    r"|(?-u:\b)your[ \n](?:[a-z0-9$£€.]+[ \n]){0,4}(?:saver|special|discount|promo|offer)[ \n](?:[a-z]+[ \n])?plan[ \n](?:[a-z]+[ \n]){0,2}(?:renews?|expires?|ends|starts|is active|has)(?-u:\b)",
);

static CHINESE: Expression = expression!(
    r"第[二三23][件杯份双张支瓶盒](?:[0-9]|只|仅|加)|第[ ]?[二两三23](?:件|杯|份|双|张|支|瓶|盒|碗|个|串|笼|袋|包|斤|只|箱|桶|罐|条|碟|锅)(?:只[要收]?|仅需?|加|算|收|才)?(?:[0-9]{1,4}(?:\.[0-9]{1,2})?|[一二两三四五六七八九十]{1,3})(?:元|块|蚊|毛)|劈价|割价|跳水价|地板价|(?:大|季|末|全[场线店]|清货|节日|限时|今[日晚天]|开仓|激|劲)减价|减价(?:到|至|中|货|发售|促销|酬宾|大|[0-9]|[，,。!！~ ]|$)|早鸟(?:票|团)?(?:价|专享|(?:[: ]|nt|hk|\$|¥)*[0-9])|特价|特惠|特卖|促销|清仓|甩卖|大促|秒杀|抢购价|钜惠|巨惠|聚惠|惠享|让利|骨折价|打折|折扣|折上折|优惠|降价|直降|冰点价|抄底价|跳楼价|闪购|团购价|超值价|满减|满赠|买赠|立减",
    r"|限时价|活动价|福利价|大放价|捡漏|超低价|最低价|全网低价|出厂价|内部价|员工价|白菜价|薅羊毛|撸羊毛|羊毛党|羊毛价|惠售|惠购|团购惠|生日惠|惠民(?:价|活动|特卖|专场|专区|大?促|季|周|月|日|节|购|团购|福利|行|补贴|来|到|大)|百亿补贴|购机补贴|下杀|出清|特供价|尝鲜价|惊爆价|(?:享|专享|低至)[^，,。0-9]{0,4}会员价|拼团价|内购|福利购|到手价",
    r"|(?:领|抢|送|发|赠|用|得|享|有|张|元|大额|神|满减|无门槛|新人|生日|专属|叠)[^，,。!！]{0,6}(?:券|红包)|(?:优惠|代金|抵用|现金|折扣|满减|消费|购物|抵扣)券|红包雨|返现|返利|免单|[0零]元购|津贴|年货节价|福袋",
);

static OTHER_SENSE_ZH: Expression = expression!(
    r"(?:折扣|优惠|促销|活动)的?(?:写法|文案|政策|方案|规则)|(?:剩余|已使用|已用).{0,16}(?:流量|分钟|mb|gb|条)|流量.{0,24}(?:剩余|已使用|已用)|券(?:密码|码)|参加.{0,6}(?:奥数|比赛)|秒杀(?:对手|一切|众|所有|他|她|你|我|明星|敌|同|全网颜值)|促销(?:员|岗|人员|主管)|清仓(?:了|离场|出局|股|卖出|止损)|税收优惠|(?:券|红包|津贴|优惠)[^,，。0-9]{0,4}(?:已|也|均|同时|一并|将|会)[^,，。0-9]{0,6}(?:退还|退回|返还至|归还)|优惠(?:早知道|信息|资讯)|未?参加[^，,。]{0,12}优惠活动|(?:方便|便捷)又?(?:打折|优惠|实惠)|优惠(?:利率|税率|政策|贷款)|质量.{0,4}打折|打折扣",
    // What somebody has, or had: 优惠资格, 已领的券, 折扣适用范围; and what went wrong with it.
    r"|(?:优惠|折扣|免运|包邮)(?:代[缴扣]|资格|权益)|(?:申办|申请|办理)优惠|(?:折扣|优惠)(?:适用)?(?:范围|条款|标准|规定|由)|已领取?的|券[^，,。]{0,4}(?:自动)?(?:释放|发错|故障|异常)|(?:券|优惠|折扣)[^，,。]{0,10}(?:故障|异常)[^，,。]{0,4}致歉|(?:券|红包)[^,，。0-9]{0,4}(?:一并|原样|重新|同时)(?:发放|返还|补发)|优惠(?:次数|磁条|卡|证)|使用[^，,。0-9]{0,6}(?:优惠|券)请|降价寄卖",
    r"|(?:股|基金|持仓|大盘|药品|油价|房价|电价).{0,10}(?:清仓|降价|折扣|让利)|(?:有|有没有|有啥|有什么|能不能|可以|能|会).{0,8}(?:优惠|打折|折扣|便宜|降价|特价|促销).{0,3}(?:吗|么|没|\?|？|啊)|骨折(?:线|了|住院|手术)|微信红包|拜年红包|压岁|(?:发|收|抢|领)(?:了|到|个|的|过)*(?:你|我|他|她|群里|大家)?的?红包(?:了|吗|啊|呀|吧)",
);

static ENGLISH: Expression = expression!(
    r"(?-u:\b)(?:flash|clearance|winter|summer|spring|autumn|fall|holiday|christmas|xmas|new year'?s?|black friday|cyber monday|cyber week|boxing day|memorial day|labor day|presidents'? day|easter|mother'?s day|father'?s day|valentine'?s(?: day)?|thanksgiving|weekend|mega|big|huge|biggest|annual|anniversary|semi-annual|end[- ]of[- ](?:season|year|summer|winter|line)|mid-?season|private|members?'?(?:[- ]only)?|vip|online|store-?wide|site-?wide|stock|closing[- ]down|moving|warehouse|liquidation|pre|early[- ]access|final|entire|whole|special|super|our|outlet|birthday|friends (?:and|&) family|(?:24|48|72)[- ]hour|one[- ]day|[0-9]-day|two[- ]day|three[- ]day|today's|tonight's|back[- ]to[- ]school|prime day|singles'? day|double 11|sample|surprise|secret|exclusive|massive|inventory|fire|tent|white|grand opening|seat|(?:january|february|march|april|june|july|august|september|october|november|december)(?: [a-z]+)?)[ -]sales?(?-u:\b)",
    r"|(?-u:\b)sale (?:fares?|rates?|ends?|ending|starts?|is (?:on|here|live|now)|on now|now on|prices?|items?|events?|extended|continues|today|preview|must|season|alert|last|runs|closes|finishes|up to|from|has (?:started|begun|arrived))(?-u:\b)|(?-u:\b)(?:on|shop the|shop our|in the|the|this|summer's|it's) sale(?-u:\b)|(?-u:\b)sale[!:]|^sale(?-u:\b)",
    r"|(?-u:\b)clearance(?-u:\b)|(?-u:\b)mark(?:ed)?[- ]?downs?(?-u:\b)|(?-u:\b)prices? (?:drops?|dropped|cuts?|slashed|reduced|just dropped|have (?:dropped|been slashed)|are down|reductions?)(?-u:\b)|(?-u:\b)(?:reduced|slashed|lowered|discounted|special|sale|bargain|rock[- ]bottom|unbeatable|promo(?:tional)?|introductory|members?'?(?:[- ]only)?|best|lowest|early[- ]bird|crazy|insane|unbelievable|cheapest) (?:prices?|pricing)(?-u:\b)",
    r"|(?-u:\b)discount(?:s|ed)?(?-u:\b)|(?-u:\b)coupons?(?-u:\b)|(?-u:\b)(?:promo(?:tion)?(?:al)?|discount|coupon|voucher|offer|savings) codes?(?-u:\b)|(?-u:\b)use (?:the )?(?:code|promo|coupon)(?-u:\b)|(?-u:\b)with code(?-u:\b)|(?-u:\b)(?:special|limited[- ]time|exclusive|amazing|unbeatable|today'?s|flash|lightning|weekly|incredible|last[- ]minute|festive|holiday|sizzling|fantastic|hottest|black friday|cyber monday|early[- ]bird|insider|members?'?(?:[- ]only)?|introductory) (?:offers?|deals?|bargains?|savings?|promotions?)(?-u:\b)|(?-u:\b)(?:great|hot|best|big|biggest|bigger|top) (?:offers|deals|bargains|savings|promotions)(?-u:\b)",
    r"|(?-u:\b)deals? of the (?:day|week|month)(?-u:\b)|(?-u:\b)deals (?:on|at|from|this|end|ends|inside|start|today|now|too)(?-u:\b)|(?-u:\b)(?:our|these|more|shop) deals(?-u:\b)|(?-u:\b)(?:doorbusters?|bargains?|rebates?|cash ?back)(?-u:\b)|(?-u:\b)save (?:big|even more|on your|a bundle|hundreds)(?-u:\b)|(?-u:\b)(?:big|huge|extra|massive|more|great) savings(?-u:\b)|(?-u:\b)money off(?-u:\b)",
);

static OTHER_SENSE_EN: Expression = expression!(
    // "Your NBI clearance will expire": a paper, a height, a permission.
    r"(?-u:\b)(?:your|nbi|nbx|police|security|customs|barangay|medical|tax|port|import|flight|background|employment|exit|ground|head|low|legal|environmental)[ \n](?:[a-z]{2,5}[ \n])?clearance(?-u:\b)|(?-u:\b)clearance (?:\(?ref|certificate|form|fee|id|level|process|will|has been|is (?:valid|ready|required)|no\.?|number|of (?:\d|the|your))|(?-u:\b)discounts? (?:on your (?:current )?(?:plan|bill|account|policy|tariff)|polic(?:y|ies)|scenario|model)(?-u:\b)",
    r"|(?-u:\b)(?:s&p|nasdaq|dow jones|retailers?)(?-u:\b)|(?-u:\b)(?:gas|petrol|oil|fuel|house|home|food|energy|consumer|stock|share|gold|crude|wholesale)[ ]prices?(?-u:\b)|(?-u:\b)(?:shares|stocks|forecasts?|analysts|economists|inflation|quarterly|year-on-year)(?-u:\b)|(?-u:\b)entries for(?-u:\b)|(?-u:\b)sale of (?:the|an?|his|her|my|our|your)(?-u:\b)|(?-u:\b)(?:tickets?|seats?|passes|dates|tables|menus?|bookings|reservations|pre-?orders|house|home|property|car) (?:is |are |go(?:es)? |went )?(?:now )?(?:on|for) sale(?-u:\b)|(?-u:\b)(?:tickets?|tix|seats?|passes|places|spaces|slots|stalls|dates|bookings)(?-u:\b)[^.!?]{0,60}(?-u:\b)on sale(?-u:\b)|(?-u:\b)sale [0-9]{3,}(?-u:\b)|(?-u:\b)(?:your|all|[a-z]+) lots (?:have|has|were|are|will)(?-u:\b)|(?-u:\b)(?:go|goes|going|gone|went|put|puts|putting)(?: (?:it|them|these|those|this|the [a-z]+|[a-z]+))? on (?:general )?sale(?-u:\b)|(?-u:\b)(?:tax(?:payer)?s?|council|government|energy|income|rates|water|solar|rent)[ ](?:[a-z]+[ ]){0,2}rebates?(?-u:\b)|(?-u:\b)(?:coupons?|vouchers?) (?:has|have|was|were) (?:also |now )?(?:been )?(?:returned|restored|reinstated|credited back|put back|cancel+ed|refunded)(?-u:\b)|(?-u:\b)point[- ]of[- ]sale|(?-u:\b)(?:sale|sales) (?:team|rep|representative|manager|figures|tax|call|report|agreement|contract)|(?-u:\b)sales? (?:agreed|memo|crowd|rota|week|stock|signs?|stickers?|labels?|fell through|particulars|room|ledger|invoice|order|receipt)(?-u:\b)|(?-u:\b)(?:parcel|package|delivery|order) (?:from|#)|(?-u:\b)your order(?-u:\b)|(?-u:\b)(?:lot [0-9]+|bids?|bidders?|auctions?|auctioneers?|consign(?:ed|ment)?|vendor's|solicitors?|hammer price|bake sale|jumble sale|car boot sale)(?-u:\b)|(?-u:\b)deals? with(?-u:\b)|(?-u:\b)discount rate|(?-u:\b)(?:discounts?|coupons?|deals?)(?-u:\b)[^.!]*\?$|(?-u:\b)can (?:u|you|i)(?-u:\b)|(?-u:\b)(?:is|are) there (?:a|any) (?:discount|sale|deal|coupon)|(?-u:\b)any (?:discounts?|coupons?|deals?)[^.!]*\?|(?-u:\b)discounted cash flow|(?-u:\b)(?:no|big|great|real) deal[.,!?]",
    r"|(?-u:\b)(?:i|u|we|he|she|they) (?:want|need|get|juz|just|got|get|bought|found|saw|had|have|went|was|were|am|can|could|will)(?-u:\b)",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_is_told_from_the_other_sense() {
        for yes in [
            "特价来袭",
            "双11大促",
            "限时秒杀",
            "送您一张大额券",
            "big clearance",
            "the sale ends today",
            "today's deals",
            "all boots are now on sale",
            "boots are on sale, from £20",
            "everything is on sale from the red rail",
            "clearance at kings road",
            "winter coats are on sale from monday",
            "boots are on sale through sunday",
        ] {
            assert!(is_word_of_sale(&May::ANY, yes).is_some(), "{yes}");
        }
        for no in [
            "他的颜值秒杀对手",
            "招聘促销员",
            "已清仓离场",
            "有优惠吗?",
            "this house is for sale",
            "he deals with it",
            "any discounts for students?",
            "i got it on sale",
            "wholesaler",
            "our new menu goes on sale right now",
            "tix for santa's grotto are now on sale",
            "tickets for symphony in the gardens (sat 8 aug) are on sale now at $45",
            "we put these on sale on monday",
            "sale 1184: all five of your lots sold",
            "last date to pay property tax with rebate",
            "优惠券已一并退还至您的账户",
            "your coupon has been returned",
            "get here. clearance kings",
            "bargain barn, unit 4",
            "on sale 1 to 14 june, valid for classes",
            "it's on sale in the app until 31 march",
            "our hampers are on sale.",
            "the pass is on sale from the box office",
            "the 2027 calendars are now on sale",
        ] {
            assert!(is_word_of_sale(&May::ANY, no).is_none(), "{no}");
        }
    }
}
