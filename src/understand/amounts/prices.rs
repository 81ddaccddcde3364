//! What an amount of money is: the price, the struck-out price, a saving, a threshold, or no part of an
//! offer (a bill, a balance, a share). The words around it tell; how it is written is told by `money`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexSet, SetMatches};

use crate::message::Money;

use crate::understand::amounts::asking::asks;
use crate::understand::amounts::money::money_in;
use crate::understand::amounts::pieces::pieces_of;
use crate::understand::amounts::price_moves::mark_moves;
use crate::understand::lexicon::{Cue, last_cue_in};
use crate::understand::patterns::{pattern, says};

/// What an amount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::understand) enum AmountKind {
    /// What it costs.
    Price,
    /// What it is said to have cost.
    ListPrice,
    /// Taken off: 立减50元, `$10 off`.
    Saving,
    /// To be spent first: 满199, `orders over $50`.
    Threshold,
    /// Paid, owed, earned, sent, or what a gift is worth: no part of an offer.
    Other,
}

/// An amount in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Amount {
    /// Where, in the normalised text.
    pub range: Range<usize>,
    /// How much.
    pub money: Money,
    /// What it is.
    pub kind: AmountKind,
    /// True when a word said so, not only its place.
    pub said: bool,
    /// True when it is said to be little: "only $29", 仅需29元.
    pub little: bool,
    /// True when the words beside it ask it for goods: "a panel", "for two", 每斤.
    pub asks: bool,
    /// How many pieces it buys, when it is not one.
    pub pieces: Option<u16>,
}

/// Characters looked at before and after an amount.
const BEFORE_CHARS_MAX: usize = 28;
const AFTER_CHARS_MAX: usize = 24;

/// The amounts of one sentence (`sentence` is a range of the normalised `text`).
pub(in crate::understand) fn amounts_in(text: &str, sentence: Range<usize>) -> Vec<Amount> {
    let Some(words) = text.get(sentence.clone()) else { return Vec::new() };
    let written = money_in(words);
    let mut amounts: Vec<Amount> = Vec::with_capacity(written.len());
    let mut before = 0;
    for (index, found) in written.iter().enumerate() {
        let next = written.get(index + 1).map_or(words.len(), |next| next.range.start);
        let near = last_chars(words.get(before..found.range.start).unwrap_or_default(), BEFORE_CHARS_MAX);
        let after = first_chars(words.get(found.range.end..next).unwrap_or_default(), AFTER_CHARS_MAX);
        before = found.range.end;
        let previous = amounts.last().map(|amount| amount.kind);
        let around = Around::of(near, after);
        let takes = around.takes_home();
        let asks = asks(near, after) || around.before(Before::Course) || takes;
        let (kind, said) = kind_of(near, &around, previous, next < words.len(), asks);
        if found.money.minor == 0 && !is_nothing_to_pay(&around) {
            continue;
        }
        amounts.push(Amount {
            range: sentence.start + found.range.start..sentence.start + found.range.end,
            money: found.money,
            kind,
            said,
            little: kind == AmountKind::Price && (takes || around.before(Before::Little)),
            asks,
            pieces: pieces_of(near, after),
        });
    }
    for amount in &mut amounts {
        amount.asks |= amount.pieces.is_some();
    }
    mark_moves(words, sentence.start, &mut amounts);
    amounts
}

/// What an amount is, by the words since the amount before it and the few after it.
fn kind_of(near: &str, around: &Around, previous: Option<AmountKind>, more: bool, asks: bool) -> (AmountKind, bool) {
    if around.after(After::Tariff) || around.before(Before::Worth) || around.before(Before::AtMost) {
        return (AmountKind::Other, false);
    }
    // 从369元降至299元: what it fell from. 余额由58元降到12元 fell, too, and was no price.
    if around.before(Before::From) && around.after(After::Falls) && !says(&NO_GOODS, near)
        || around.after(After::Once)
        || more && around.after(After::Arrow)
    {
        return (AmountKind::ListPrice, true);
    }
    if around.before(Before::OldPrice) || previous == Some(AmountKind::Price) && around.before(Before::NotThat) {
        return (AmountKind::ListPrice, true);
    }
    if around.before(Before::Course) {
        return (AmountKind::Price, true);
    }
    if around.before(Before::Threshold)
        || around.before(Before::PaidIn) && around.after(After::Gives)
        || previous == Some(AmountKind::Saving) && around.before(Before::Off)
        || around.after(After::Threshold) && (more || previous == Some(AmountKind::Saving))
    {
        return (AmountKind::Threshold, true);
    }
    if around.after(After::Card) {
        let given = around.before(Before::Gives);
        return (if given { AmountKind::Saving } else { AmountKind::Other }, given);
    }
    // 双人自助晚餐券398元: a ticket is bought.
    if around.before(Before::Ticket) && !around.after(After::Saving) {
        return (AmountKind::Price, true);
    }
    if around.after(After::Saving) || around.before(Before::Saving) {
        return (AmountKind::Saving, true);
    }
    // 支付299元即可带走: what is paid is the price.
    if around.takes_home() {
        return (AmountKind::Price, true);
    }
    if around.after(After::Given) {
        return (AmountKind::Other, false);
    }
    if around.after(After::Billed) && !around.after(After::TaxIn)
        || around.before(Before::Billed) && !(asks && around.before(Before::Hired))
    {
        return (AmountKind::Other, false);
    }
    // The nearest word decides: 原价399元，现价299元.
    // "Before Friday and pay $96" tells no old price; "before $144" does.
    let near = near.strip_suffix("before ").map_or_else(|| near.rsplit("before ").next().unwrap_or(near), |_| near);
    match last_cue_in(near, &[Cue::ListPrice, Cue::CurrentPrice, Cue::Billing]) {
        Some(Cue::ListPrice) => (AmountKind::ListPrice, true),
        Some(Cue::CurrentPrice) => (AmountKind::Price, true),
        // "The Lisbon fare is £31 return" asks it.
        Some(_) if !asks => (AmountKind::Other, false),
        _ => (AmountKind::Price, false),
    }
}

/// 0元购, "for $0": nothing to pay, said so. 0元运费 and a balance of $0 are no prices.
fn is_nothing_to_pay(around: &Around) -> bool {
    around.after(After::Nothing) || around.before(Before::Little)
}

/// What the words around an amount tell: all patterns are looked for together, in one pass on either side.
struct Around {
    before: Option<SetMatches>,
    after: Option<SetMatches>,
}

impl Around {
    fn of(near: &str, after: &str) -> Around {
        Around {
            before: BEFORE.as_ref().map(|set| set.matches(near)),
            after: AFTER.as_ref().map(|set| set.matches(after)),
        }
    }

    /// 支付299元即可带走, 到手实付只要299元.
    fn takes_home(&self) -> bool {
        self.after(After::TakesHome) || self.before(Before::PaysOnly)
    }

    fn before(&self, which: Before) -> bool {
        self.before.as_ref().is_some_and(|found| found.matched(which as usize))
    }

    fn after(&self, which: After) -> bool {
        self.after.as_ref().is_some_and(|found| found.matched(which as usize))
    }
}

/// Places in `BEFORE`.
#[derive(Debug, Clone, Copy)]
enum Before {
    Worth,
    AtMost,
    From,
    Threshold,
    PaidIn,
    Off,
    Gives,
    Saving,
    Billed,
    Little,
    OldPrice,
    NotThat,
    Course,
    Hired,
    Ticket,
    PaysOnly,
}

/// Places in `AFTER`.
#[derive(Debug, Clone, Copy)]
enum After {
    Tariff,
    Falls,
    Once,
    Arrow,
    Gives,
    Threshold,
    Card,
    Saving,
    Billed,
    Nothing,
    Given,
    TakesHome,
    TaxIn,
}

static BEFORE: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        WORTH_BEFORE,
        AT_MOST_BEFORE,
        FROM_BEFORE,
        THRESHOLD_BEFORE,
        PAID_IN_BEFORE,
        OFF_BEFORE,
        GIVES_BEFORE,
        SAVING_BEFORE,
        BILLED_BEFORE,
        LITTLE,
        OLD_PRICE_BEFORE,
        NOT_THAT_BEFORE,
        COURSE_BEFORE,
        HIRED_BEFORE,
        TICKET_BEFORE,
        PAYS_ONLY_BEFORE,
    ])
    .ok()
});
static AFTER: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        TARIFF_AFTER,
        FALLS_AFTER,
        ONCE_AFTER,
        ARROW_AFTER,
        GIVES_AFTER,
        THRESHOLD_AFTER,
        CARD_AFTER,
        SAVING_AFTER,
        BILLED_AFTER,
        NOTHING_AFTER,
        GIVEN_AFTER,
        TAKES_HOME_AFTER,
        TAX_IN_AFTER,
    ])
    .ok()
});

/// 花299元就能抱走, 到手实付只要299元: what is yet to be paid, and for goods.
pub(in crate::understand) fn takes_home(words: &str) -> bool {
    says(&TAKEN_HOME, words)
}

static TAKEN_HOME: LazyLock<Option<Regex>> = pattern!(
    r"(?:支付|付款?|花)(?:只要|仅需?)?[ ]?¥?[0-9][0-9.,]*[ ]?(?:元|块)?钱?(?:即可|就能|就可以?|便可|即能|就)(?:带走|抱走|带回家|开回家|搬回家|拿下|入手|到手|拥有|抱回家|牵走|提走)|实付(?:只要|只需|仅需?|低至|才)[ ]?¥?[0-9]"
);

/// "No joining fee", 免手续费: what is not charged is no bill. One fee that is left makes it one.
pub(in crate::understand) fn waives_fees(words: &str) -> bool {
    says(&WAIVED, words) && !says(&FEES_LEFT, words)
}

static WAIVED: LazyLock<Option<Regex>> = pattern!(
    r"免(?:收)?(?:手续费|服务费|入会费|会费|押金|定金|报名费|年费)|(?-u:\b)(?:no|zero|without)[ ](?:[a-z-]+[ ]){0,2}fees?(?-u:\b)"
);
static FEES_LEFT: LazyLock<Option<Regex>> = pattern!(
    r"账单|余额|尾号|转账|还款|扣款|(?-u:\b)(?:bill|balance|invoice|due|paid|charged|transaction|payment|account|transfer)(?-u:\b)"
);

fn last_chars(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[start..]
}

fn first_chars(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// "(regular fee Rs 60,000)", "rather than £88", "face value CA$340".
const OLD_PRICE_BEFORE: &str = r"(?-u:\b)(?:rather than|face value(?: of)?|u\.p\.?|rrp(?: of)?|(?:regular|normal|usual|standard|original|full|walk-in)[ ](?:course[ ])?(?:fees?|fares?|rates?|price|tuition|cost)(?: of| is| was|:)?|\(list|were|used to be|previously|formerly)[ \n:]$|[^a-z]fr[ ]$|[,(/][ ]?(?:reg|orig|norm|ord|u/p|srp|mrp|m\.r\.p|list)\.?:?[ \n]$";
/// "At £12, not £30".
const NOT_THAT_BEFORE: &str = r"^,?[ ]not[ ]$";
/// "The early bird fee of Rs 45,000", "at our partner rate of S$1,200".
const COURSE_BEFORE: &str = r"(?-u:\b)(?:early[- ]bird|introductory|intro|launch|promo(?:tional)?|special|partner|member|members'?|student|group|discounted|reduced|offer|base)[ ](?:fees?|fares?|rates?|price|tuition)(?: of| is|:| from| at)?[ \n]$";
const HIRED_BEFORE: &str = r"(?-u:\b)(?:course|class|batch|workshop|camp|lesson|session|entry|entrance|program(?:me)?)[ ]fees?(?: is|:| of)?[ ]$|^(?:fees?|entry|admission)[ :-]{1,3}$|(?-u:\b)(?:for|to)[ ]rent[ ](?:at|from|for)[ ]$|(?-u:\b)(?:fares?|total:?|payment of|rent)[ ]$";
const TICKET_BEFORE: &str = r"(?:餐|门票|套票|体验|住宿|洗车|按摩|自助|通用|温泉|游玩|月饼|蛋糕|提货)券[ ]?$";
/// "A $200 bonus", "$2 ride credit": handed over, not asked.
const GIVEN_AFTER: &str = r"^[ \n](?:[a-z]+[ \n]){0,2}(?:bonus|prize|dollars|credits?|giveaway|jackpot|rewards?|shopping spree|(?:in )?compensation|weekly draw|prize draw)(?-u:\b)|^[ ]?元?花(?:[^0-9]|$)|^[ \n]per(?:cent|[ ]unit)";
/// "$29.99 tax included": no tax of that much.
const TAX_IN_AFTER: &str =
    r"^[ \n](?:all[ ])?(?:tax(?:es)?|fees?|delivery|shipping|postage)(?:[ ]and[ ][a-z]+)?[ ](?:is[ ]|are[ ])?incl";
static NO_GOODS: LazyLock<Option<Regex>> = pattern!(
    r"(?:余额|[电水气]费|管理费|物业费|请求|索赔|赔偿|工资|补贴|养老金|保额|贷款|负债|营收|成本|市值)[^，,。0-9]{0,6}[从由][ ]?$"
);
/// 支付299元即可带走, 到手实付只要299元.
const TAKES_HOME_AFTER: &str = r"^[ ]?(?:元|块)?钱?(?:就?(?:带走|抱走|带回家|开回家|搬回家)|(?:即可|就能|就可以?|便可|即能|就)(?:拿下|入手|到手|拥有|抱回家|牵走|提走))|^[ ]?(?:元|块)?钱?(?:即可|就能|就可以?|便可|即能)(?:带走|抱走|带回家|开回家|搬回家)";
const PAYS_ONLY_BEFORE: &str = r"实付(?:只要|只需|仅需?|低至|才)[ ]?$|到手实付[ ]?$";
const THRESHOLD_BEFORE: &str = concat!(
    r"(?:满|满足|超过|高于|达到?|至少|累计|单笔|(?:订单|消费|购物|购买)(?:金额)?(?:满|达|超)?)[ \n]?(?:人民币)?$",
    r"|(?-u:\b)(?:over|above|exceeding|spend(?:ing)?|spent|at least|more than|totall?ing|when you spend|(?:orders?|purchases?|baskets?|bookings?|subtotals?|minimum|min\.?)(?:[ \n](?:of|from|worth|spend|order|purchase|is|:))*|minimum (?:order|spend|purchase)(?: value)?:?)[ \n](?:a minimum of[ \n]|at least[ \n])?$",
);
const PAID_IN_BEFORE: &str = r"(?:充值?|预?存(?:话费|款)?|缴(?:费|纳)?|交(?:费|定金|订金|款)?|付|花|买|购|消费|定金|订金)[ \n]?$|(?-u:\b)(?:buy|load|deposit)[ ]$";
const GIVES_AFTER: &str = r"^[ \n,，]?(?:元|块)?[ \n,，]?(?:即可|即|就|可|再|立|最高|额外)?(?:送|返|抵|得|享|赠|减|当|变|膨胀)|^,?[ \n](?:and[ \n])?(?:you'll[ \n])?(?:get|receive|earn)(?-u:\b)";
const OFF_BEFORE: &str = r"(?-u:\b)off[ \n](?:a[ \n]|an[ \n]|any[ \n]|all[ \n]|your[ \n])?(?:first[ \n]|next[ \n])?$";
const THRESHOLD_AFTER: &str = r"^(?:\+(?:[^+]|$)|[ \n]?(?:or more|or over|and up|& up|and above|and over|minimum|min\.? (?:spend|order|purchase))|元?(?:以上|及以上|起用|可用|使用))";
const CARD_AFTER: &str = r"^[ \n](?:[a-z]+[ \n]){0,2}e?-?gift[ \n-]?(?:cards?|certificates?)|^[ \n]?(?:面值|面额)?的?(?:[^0-9，,。]{0,4})(?:礼品卡|购物卡|储值卡|充值卡|油卡|e卡|提货券|提货卡)";
const GIVES_BEFORE: &str = r"(?-u:\b)(?:get|receive|earn|free|bonus|win|claim)(?-u:\b)[ \na-z]{0,12}$|(?:送|赠|领|返|得|享|奖)[^0-9，,。]{0,4}$";
const SAVING_AFTER: &str = concat!(
    r"^[ \n]?(?:元|块)?(?:的|无门槛|通用|全场|现金|立减|满减|新人|专享|专属|生日|会员|平台|店铺)*(?:优惠|券|红包|补贴|话费|抵用|代金|折扣|津贴|返现|减免|抵扣)",
    r"|^[ \n]?(?:元|块)?[^0-9，,。!！;；、 ]{0,6}券|^[ \n]?(?:元|块)?(?:[^0-9，,。!！;； ]{0,14})(?:优惠券|代金券|抵用券|现金券|礼券|购物券|消费券|兑换券|折扣券|红包)",
    r"|^[ \n-](?:(?:instant|mail-in|extra|in|store|statement|total|student|member|online|account|welcome|sign-up|signup|referral|birthday|discount|loyalty|thank[ -]you|e-?)[ \n-]?){0,3}(?:off|discount|rewards?|coupons?|vouchers?|back|rebate|cash ?back|credits?|savings?|less|cheaper)(?-u:\b)|^[ \n](?:[a-z]+[ \n]){0,3}(?:(?:is|are|gets?)[ \n])?waived(?-u:\b)|^[ ]?(?:/|a |per )[ ]?(?:mo|mth|month|wk|week|yr|year|night|person|head|pax|pp|kg|lb|litre|item|pair|ticket|bottle|box)\.?[ ](?:off|cheaper|less)(?-u:\b)",
);
const SAVING_BEFORE: &str = concat!(
    r"(?:^|[^0-9.一二三四五六七八九])折[ \n]?$|(?:再|加|额外|最高|立|直)补贴?[ \n]?$|(?:减|立减|直降|降|省|立省|节省|优惠|让利|返|返现|返还|抵|抵扣|折抵|折价|现折|送|赠|赠送|领|领取|奖|券|红包|补贴|津贴|便宜|(?:送|返|赠|得|领)[^，,。0-9]{0,4}话费)(?:了|高达|最高|至高|达|至多|最多|共|:)?[ \n]?$",
    r"|(?-u:\b)(?:save|saves|saving|savings? of|cash ?back(?: of| up ?to| upto)?|discount(?: up to| upto)?|an extra|an additional|take|get|extra|discounts? of|voucher worth|coupon worth|benefits? of|reduced by|credit of|bonus of|cut by|price cut of|waiv(?:e|es|ed|ing)(?: the| our| your| all| its| their| any| a)?)[ \n](?:up to[ \n]|an?[ \n](?:extra|additional)[ \n]|over[ \n]|at least[ \n])?$",
);
const WORTH_BEFORE: &str = r"(?:发行价|股价|现货价|收盘价|开盘价|金价|油价|铜价)(?:格)?(?:已|再)?(?:突破|报|涨至|跌至|升至|为)?(?:每[克股桶吨])?[ \n]?$|(?:价值|总值|市值|保额|月薪|年薪|底薪|日薪|时薪|奖金|首付|月供)(?:高达|约|最高)?[ \n]?$|(?-u:\b)(?:worth|worth of|valued at|value of|win|won|winning|awarded(?: either)?|entitled to|chance (?:of|at)|prize of|jackpot of|salary of|earn|fine of|fined|deductible of|gift of|under|below|less than|donation of|loans? of|approved for|credit (?:limit )?of|cover(?:ed|age)?(?: of)?|protected|insured for|borrow|budget of|raised|limit of|rise by|increase by|(?:gold|silver|oil|brent|crude|bitcoin|index) (?:is |was |closed )?(?:at|near|above|below)|jumps?|increases?|rises?|climbs?|go up|goes up)[ \n](?:an?[ \n]|the[ \n]|our[ \n])?(?:up to[ \n]|over[ \n])?$";
const AT_MOST_BEFORE: &str = r"\(an?[ \n]$|\((?:max\.?|maximum|up to|capped at)[ \n]$|(?-u:\b)(?:max\.?|maximum|capped at|cap of)[ \n](?:of[ \n])?$|(?:最高|封顶|上限)[ \n]?$";
const FROM_BEFORE: &str = r"(?:从|由)[ \n]?$|(?-u:\b)from[ \n]$";
/// 299元 → 149元.
const ARROW_AFTER: &str = r"^[ \n]?(?:元|块)?(?:/年|/月)?[ \n]?(?:→|->|=>|»)[ \n]?$";
const FALLS_AFTER: &str = r"^[ \n]?(?:元|块)?[ \n]?(?:直?降|跌|减|下调)(?:至|到|为|了)|^[ \n](?:down[ \n])?to[ \n]";
/// "$36 value", "$79 elsewhere", "$429 after".
const ONCE_AFTER: &str =
    r"^[ \n](?:value(?-u:\b)|elsewhere(?-u:\b)|retail(?-u:\b)|rrp(?-u:\b)|msrp(?-u:\b)|list(?:[ \n]price)?[),. ])";
const TARIFF_AFTER: &str = r"^[ \n]worth(?-u:\b)|^[ \n]in[ \n](?:interest|early|late|after|pre)|^[ \n](?:a|an|per)[ \n](?:barrel|ounce|oz|tonne|ton|gallon|unit|kwh)(?-u:\b)|^[ \n]?(?:/|每|per[ \n]?|a[ \n])[ \n]?(?:kwh|[0-9]*(?:[mk]b?|gb)(?-u:\b)|[0-9]{0,2}g(?-u:\b)|min(?-u:\b)|minute|分钟|条|msg|text|sms|share|股|call)|^(?:p[ ]?/|ppm)|^[ \n]?(?:流量|话费余额|余额)";
const BILLED_AFTER: &str = concat!(
    r"^[ \n]?(?:元|块)?[ \n]?(?:已|成功)?(?:支付|付款|到账|入账|扣款|转账|转出|存入|支出|收入|消费|充值成功|的?(?:押金|罚款|工资|账单|话费账单|违约金|手续费|运费|学费|房租|欠款|定金|订金|首付))",
    r"|^[ \n](?:was|has been|have been|is|will be|were)[ \n](?:successfully[ \n])?(?:charged|paid|debited|credited|deducted|transferred|due|refunded|received|sent|billed|withdrawn|deposited|posted|owed)(?-u:\b)",
    r"|^[ \n](?:(?:handling|admin|administration|booking|service|late|processing|convenience|cancellation|cleaning|reconnection|call-?out|no-show)[ \n])?(?:fee|fine|fees|bill|balance|payment|transfer|deposit|loan|refund|salary|penalty|deductible|shipping|delivery|postage|tip|tax|charge|raise|rent|debt)(?-u:\b)",
    r"|^[ \n](?:from|to)[ \n](?:your|my|the)[ \n](?:[a-z]+[ \n])?(?:account|card|wallet)",
    r"|^[ \n](?:a|per)[ \n]share(?-u:\b)",
);
const BILLED_BEFORE: &str = concat!(
    r"(?:金额|余额|实付款?|合计|总计|总额|总价|共计|应付款?|应还款?|支付|付款|付了|消费|支出|收入|存入|运费|当|涨价?|配送费|维修费|赔款|理赔款|服务费|手续费|押金|工资|罚款|账单|扣款|扣费|扣除|欠费|花了|转账|转出|转入|还款|借|提现|充值|(?:充|交|缴)话费|话费(?:总额|总计)?(?:为|是)?)[:为是]?[ \n]?(?:人民币|rmb)?[ \n]?$",
    r"|(?-u:\b)(?:total|subtotal|balance|amount|paid|charged|fees?|fine|refund|transferr?e?d?|deposit|withdrawal|withdrew|sent(?: you| me)?|owe[sd]?(?: you| me)?|lend(?: me)?|lent(?: me)?|borrow(?:ed)?|tax|tip|salary|rent|bill|spent|cost me|credited|debited|invoice|payment|amount due|shipping|delivery|handling)(?:[ ](?:of|is|was|for|by|with))?[ ]?[:(]?[ \n]?$",
);
const LITTLE: &str = concat!(
    r"(?:仅|仅需|仅售|仅要|只要|只需|只卖|只售|才|低至|券后|到手价?|秒杀价?|特价|抢购价|限时价|直降至|降至|降到|惊爆价|一口价|尝鲜价|活动价|促销价|惊喜价|现价|现仅|现只要?)[:为]?[ \n]?(?:¥|rmb)?[ \n]?$",
    r"|(?-u:\b)(?:only|just|for only|for just|from just|from only|now only|now just|now|reduced to|down to|as low as|starting at|sale price:?|yours for|today's price:?|our price:?)[ \n]$",
);
const NOTHING_AFTER: &str =
    r"^[ \n]?(?:元|块)?(?:购|领|抢|秒|带走|带回家|试|吃|喝|玩|体验|拿|得|起|入手|换|开通)|^[ \n]?(?:!|！|$)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    fn read(text: &str) -> Vec<String> {
        let text = fold_phrase(text);
        amounts_in(&text, 0..text.len()).into_iter().map(|a| format!("{:?} {}", a.kind, a.money)).collect()
    }

    #[test]
    fn what_an_amount_is() {
        for (text, wanted) in [
            ("原价399元，现价299元", vec!["ListPrice 399.00 CNY", "Price 299.00 CNY"]),
            ("was $49.99, now $29.99", vec!["ListPrice 49.99 USD", "Price 29.99 USD"]),
            ("now $49 (was $89)", vec!["Price 49.00 USD", "ListPrice 89.00 USD"]),
            ("满199元减50元", vec!["Threshold 199.00 CNY", "Saving 50.00 CNY"]),
            ("$10 off orders over $50", vec!["Saving 10.00 USD", "Threshold 50.00 USD"]),
            ("$10 off $50", vec!["Saving 10.00 USD", "Threshold 50.00 USD"]),
            ("Spend $50 and get $10 back", vec!["Threshold 50.00 USD", "Saving 10.00 USD"]),
            ("领20元优惠券", vec!["Saving 20.00 CNY"]),
            ("存100元送30元话费", vec!["Threshold 100.00 CNY", "Saving 30.00 CNY"]),
            ("your balance is $50", vec!["Other 50.00 USD"]),
            ("收入43.67元", vec!["Other 43.67 CNY"]),
            ("支付金额29.80元", vec!["Other 29.80 CNY"]),
            ("a $500 fine", vec!["Other 500.00 USD"]),
            ("送价值299元的耳机", vec!["Other 299.00 CNY"]),
            ("$98 a share", vec!["Other 98.00 USD"]),
            ("0元购", vec!["Price 0.00 CNY"]),
            ("rs.500 fee waived", vec!["Saving 500.00 INR"]),
            ("we're waiving the $49 joining fee", vec!["Saving 49.00 USD"]),
            ("late orders carry a $6 handling charge", vec!["Other 6.00 USD"]),
            ("queens from $299 (reg $499)", vec!["Price 299.00 USD", "ListPrice 499.00 USD"]),
            ("inr 999 (mrp inr 2500)", vec!["Price 999.00 INR", "ListPrice 2500.00 INR"]),
            ("was $128++, now $98++", vec!["ListPrice 128.00 USD", "Price 98.00 USD"]),
            ("$20/mo off fibre", vec!["Saving 20.00 USD"]),
            ("tier 2 £109", vec!["Price 109.00 GBP"]),
            ("sofa: rs 18,990, mrp rs 27,500", vec!["Price 18990.00 INR", "ListPrice 27500.00 INR"]),
            ("7公斤前置式HK$2,380，舊價HK$2,980", vec!["Price 2380.00 HKD", "ListPrice 2980.00 HKD"]),
            ("羔羊卷39.8元/500g", vec!["Price 39.80 CNY"]),
            ("套餐外1元/1g", vec!["Other 1.00 CNY"]),
            ("buy $50, get a $10 bonus card", vec!["Threshold 50.00 USD", "Other 10.00 USD"]),
            ("tickets £12 not £26", vec!["Price 12.00 GBP", "ListPrice 26.00 GBP"]),
            ("0元运费", vec![]),
            ("支付299元即可带走播放器", vec!["Price 299.00 CNY"]),
            ("花299元就能抱走播放器", vec!["Price 299.00 CNY"]),
            ("消费299元即可带走小礼品", vec!["Threshold 299.00 CNY"]),
            ("到手实付只要299元", vec!["Price 299.00 CNY"]),
            ("$29.99 tax included", vec!["Price 29.99 USD"]),
            ("$29.99 tax", vec!["Other 29.99 USD"]),
            ("从369元降至299元", vec!["ListPrice 369.00 CNY", "Price 299.00 CNY"]),
            ("您的话费余额由58元降到12元", vec!["Other 58.00 CNY", "Price 12.00 CNY"]),
            ("支付299元", vec!["Other 299.00 CNY"]),
            ("实付299元", vec!["Other 299.00 CNY"]),
            ("工资5000元到手", vec!["Other 5000.00 CNY"]),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
