//! What a sentence takes off: percent and 折, amounts, thresholds, the next one, carriage, gifts, and words of
//! sale without a figure. Whether the message offers it is asked in `discounts`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::digit_of;
use crate::understand::amounts::prices::{Amount, AmountKind};
use crate::understand::expression::{Expression, May, expression};
use crate::understand::kind::sale_words::is_word_of_sale;
use crate::understand::meaning::Discount;
use crate::understand::patterns::{pattern, says};
use crate::understand::taken_off::bundles_zh::bundles_in;
use crate::understand::taken_off::cuts_zh::cuts_in;
use crate::understand::taken_off::reductions_en;
use crate::understand::taken_off::thresholds_zh::{number, thresholds_in};

/// Reductions kept of one sentence.
const OFFS_MAX: usize = 16;

/// One reduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Off {
    /// What is taken off.
    pub discount: Discount,
    /// The words, in the normalised text.
    pub range: Range<usize>,
    /// Told by two prices of one thing, and not in words of its own.
    pub is_pair: bool,
}

impl Off {
    /// True for a figure: percent, an amount, the next one.
    pub fn is_figure(&self) -> bool {
        matches!(
            self.discount,
            Discount::Percent(_) | Discount::Amount(_) | Discount::Threshold { .. } | Discount::NextOne(_)
        )
    }
}

/// What every reduction has one of: whole words in English, any part of a text in Chinese.
pub(in crate::understand) fn reduction_signs() -> Vec<String> {
    const SIGNS: &str = "% percent pct half off free save saves saving savings saved discount discounts discounted coupon \
                         coupons voucher vouchers code codes deal deals sale sales price prices pricing clearance bargain \
                         bargains rebate rebates cashback back bogo b1g1 b2g1 credit credits bonus gift gifts markdown \
                         markdowns marked third thirds quarter two 2 3 three four complimentary promo promos promotion \
                         promotions promotional fifth below under minus drops 1-for-1 one-for-one vat gst cost pays fare fee second 2nd buy purchase get ships shipped shipping delivery delivered \
                         postage freight p&p less cheaper reduced slashed doorbuster doorbusters offer offers \
                         折 半 减 降 送 赠 省 返 抵 券 红包 邮 运费 免 特价 优惠 促销 秒杀 清仓 惠 让利 特卖 甩卖 买 礼 第 低 \
                         补贴 福利 底价 满 惊喜价 成 团购价 到手价 活动价 限时价 会员价 捡漏 羊毛 福袋 津贴 内购 出清 下杀 闪购 \
                         抢购价 惊爆价 尝鲜价 员工价 内部价 出厂价 跳楼价 冰点价 拼团价 付 配送";
    SIGNS
        .split_whitespace()
        .chain(crate::understand::taken_off::cuts_zh::SIGNS.split_whitespace())
        .map(str::to_owned)
        .collect()
}

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&NEXT_ONE, &PERCENT_ZH, &PERCENT_EN, &BARE_AMOUNT_ZH, &FREE_SHIPPING, &GIFT].into_iter()
}

/// The reductions of one sentence, in order; `amounts` are those of the sentence.
pub(in crate::understand) fn reductions_in(
    may: &May,
    text: &str,
    sentence: Range<usize>,
    amounts: &[Amount],
) -> Vec<Off> {
    let Some(words) = text.get(sentence.clone()) else { return Vec::new() };
    let mut offs = Vec::new();
    let at = |range: Range<usize>| sentence.start + range.start..sentence.start + range.end;
    // What was read first keeps its words: of 第二件半价 the 半价 is no half price of its own.
    let mut add = |discount: Discount, range: Range<usize>| {
        let range = at(range);
        let taken = |off: &Off| off.range.start < range.end && range.start < off.range.end;
        if offs.len() < OFFS_MAX && !offs.iter().any(taken) {
            offs.push(Off { discount, range, is_pair: false });
        }
    };
    each(&NEXT_ONE, may, words, |groups, range| {
        // 押一付三: how rent is paid.
        if !words.get(..range.start).is_some_and(|head| head.ends_with('押')) {
            add(Discount::NextOne(next_one(groups)), range);
        }
    });
    if !words.is_ascii() {
        let unit = amounts.first().map_or(Currency::CNY, |amount| amount.money.currency);
        for (range, discount) in thresholds_in(may, words, unit) {
            add(discount, range);
        }
        each(&PERCENT_ZH, may, words, |groups, range| {
            if let Some(percent) = percent_zh(groups, words, &range) {
                add(Discount::Percent(percent), range);
            }
        });
    }
    each(&PERCENT_EN, may, words, |groups, range| {
        let (head, tail) = (words.get(..range.start), words.get(range.end..));
        let is_spoken_of = is_spoken_of(head.unwrap_or_default(), tail.unwrap_or_default());
        if let Some(percent) = percent_en(groups).filter(|_| !is_spoken_of) {
            add(Discount::Percent(percent), range);
        }
    });
    for (range, discount) in from_amounts(amounts) {
        let range = range.start - sentence.start..range.end - sentence.start;
        // "The prize for the best costume is a £50 voucher" takes nothing off, nor does "we're £400 off".
        if !words.get(..range.start).is_some_and(|head| says(&A_PRIZE, head)) && !is_short_of(words, &range) {
            add(discount, range);
        }
    }
    each(&BARE_AMOUNT_ZH, may, words, |groups, range| {
        let times = if groups.get(2).is_some() { 10_000 } else { 1 };
        if let Some(money) = groups.get(1).and_then(|digits| number(digits.as_str(), Currency::CNY)) {
            let money = Money::new(money.minor.saturating_mul(times), money.currency);
            add(Discount::Amount(money), range);
        }
    });
    for (discount, range) in reductions_en::told_in_words(may, text, &sentence, amounts) {
        let head = &words[..range.start];
        if !is_denied(head) && !says(&A_PRIZE, head) && !is_short_of(words, &range) {
            add(discount, range);
        }
    }
    if !words.is_ascii() {
        for (range, discount) in cuts_in(may, words).into_iter().chain(bundles_in(may, words)) {
            if !is_denied(&words[..range.start]) {
                add(discount, range);
            }
        }
    }
    each(&FREE_SHIPPING, may, words, |_, range| {
        // 免运资格不受影响 speaks of what somebody has.
        let is_a_right = words.get(range.end..).is_some_and(|tail| tail.starts_with("资格"));
        if !is_denied(&words[..range.start]) && !is_a_right {
            add(Discount::FreeShipping, range);
        }
    });
    each(&GIFT, may, words, |_, range| {
        // 退订请发送0000; "满赠"活动延期: what is called so.
        let is_sent = words.get(range.clone()).is_some_and(|told| told.contains("发送") || told.contains(['"', '”']));
        if !is_denied(&words[..range.start]) && !is_sent {
            add(Discount::Gift, range);
        }
    });
    if offs.is_empty()
        && let Some(range) = is_word_of_sale(may, words).filter(|range| !is_denied(&words[..range.start]))
    {
        offs.push(Off { discount: Discount::Unsaid, range: at(range), is_pair: false });
    }
    offs.sort_by_key(|off| off.range.start);
    offs
}

fn each(pattern: &Expression, may: &May, words: &str, mut found: impl FnMut(&Captures<'_>, Range<usize>)) {
    let Some(pattern) = pattern.within(may) else { return };
    for groups in pattern.captures_iter(words).take(OFFS_MAX) {
        if let Some(whole) = groups.get(0) {
            found(&groups, whole.range());
        }
    }
}

/// "The 20% discount scenario" is somebody's sum, 而不是20%off somebody's wording; "25% off model trains" sells.
fn is_spoken_of(head: &str, tail: &str) -> bool {
    head.ends_with("不是") || says(&QUOTED, tail) || says(&SUPPOSED, tail) && says(&THE, head)
}

/// "We're £400 off": so much is wanting to a goal.
fn is_short_of(words: &str, range: &Range<usize>) -> bool {
    let (Some(head), Some(told)) = (words.get(..range.start), words.get(range.start..)) else { return false };
    says(&SHORT, told) && says(&SHORT_OF, head)
}

/// "No discount", 不打折, 暂无优惠. What is without strings, 无门槛5折, or more than that, 不止5折, is not denied.
fn is_denied(before: &str) -> bool {
    static DENIAL: LazyLock<Option<Regex>> = pattern!(
        r"(?:不|无|没有?|未|非|暂无|取消|结束|停止|谢绝|拒绝|并非|不能|不可|不支持|不参与|不享受?|唔|冇)[^，,。]{0,4}$",
        r"|(?-u:\b)(?:no|not|without|never|isn't|aren't|don't|doesn't|didn't|won't|cannot|can't|excludes?|excluding|ineligible for)[ \n](?:[a-z]+[ \n]){0,2}$",
    );
    static PRAISE: LazyLock<Option<Regex>> = pattern!(
        r"(?:[无没零](?:有|任何|需|须|用|消费|使用)*(?:门槛|套路|条件|限制|凑单|等待|排队|领券|抢券|办卡|预约)|不(?:用|需|必|须|需要|玩|设|看)*(?:门槛|套路|条件|凑单|等待?|排队|领券|抢券|办卡|预约)|不限[^，,。]{0,3}|不[止仅单只]|唔(?:使|需|限)[^，,。]{0,4}|不到|不可错过|没错(?:就是)?|非会员也|非常|无论)[^，,。不无没未]{0,4}$"
    );
    let from = before.floor_char_boundary(before.len().saturating_sub(40));
    let near = before.get(from..).unwrap_or_default();
    says(&DENIAL, near) && !says(&PRAISE, near)
}

/// Savings, each with the threshold beside it when there is one.
fn from_amounts(amounts: &[Amount]) -> Vec<(Range<usize>, Discount)> {
    let mut found = Vec::new();
    let mut used = vec![false; amounts.len()];
    for (index, saving) in amounts.iter().enumerate() {
        if saving.kind != AmountKind::Saving {
            continue;
        }
        let is_threshold = |at: &usize| {
            amounts
                .get(*at)
                .is_some_and(|a| a.kind == AmountKind::Threshold && a.money.currency == saving.money.currency)
                && !used.get(*at).copied().unwrap_or(true)
        };
        let beside = [index.checked_sub(1), Some(index + 1)].into_iter().flatten().find(is_threshold);
        let Some(beside) = beside else {
            found.push((saving.range.clone(), Discount::Amount(saving.money)));
            continue;
        };
        if let (Some(used), Some(threshold)) = (used.get_mut(beside), amounts.get(beside)) {
            *used = true;
            let range = saving.range.start.min(threshold.range.start)..saving.range.end.max(threshold.range.end);
            found.push((range, Discount::Threshold { from: threshold.money, off: saving.money }));
        }
    }
    found
}

fn next_one(groups: &Captures<'_>) -> u8 {
    let percent = |name: &str| groups.name(name).and_then(|m| m.as_str().parse::<u8>().ok());
    if let Some(zhe) = groups.name("zhe").and_then(|zhe| kept_percent(zhe.as_str())) {
        return 100u8.saturating_sub(zhe);
    }
    match percent("off").or_else(|| percent("less")).or_else(|| percent("off_next")) {
        Some(off) => off.min(100),
        None if ["half", "halves", "half_next", "half_second"].into_iter().any(|name| groups.name(name).is_some()) => {
            50
        }
        None => 100,
    }
}

/// What 8折, 85折, 8.5折, 七五折 leave of the price, in percent.
fn kept_percent(written: &str) -> Option<u8> {
    let mut digits = written.chars().filter(|c| !matches!(c, '.' | '点' | ' '));
    let digit = |c: char| digit_of(c).or_else(|| c.to_digit(10).map(u64::from)).and_then(|d| u8::try_from(d).ok());
    let first = digit(digits.next()?)?;
    let second = digits.next().map_or(Some(0), digit)?;
    Some(first * 10 + second)
}

fn percent_zh(groups: &Captures<'_>, words: &str, range: &Range<usize>) -> Option<u8> {
    let before = &words[..range.start];
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(18))..];
    if ["税率", "估值", "股价", "写法"].iter().any(|word| near.contains(word))
        || says(&OF_LOANS, near) && !says(&LENT_FOR_LESS, near)
        || is_denied(before)
    {
        return None;
    }
    if let Some(zhe) = groups.name("zhe") {
        // 三折伞, 三折屏, 一波三折: it folds.
        let tail = &words[range.end..];
        let next = tail.chars().next();
        if says(&EXCEPTED, tail) {
            return None;
        }
        if next.is_some_and(|c| "叠伞屏页扇床椅纸腾磨断合桌尺线射返回返旧".contains(c))
            || near.ends_with(|c: char| "波一百曲转第".contains(c) && !zhe.as_str().is_ascii())
        {
            return None;
        }
        return 100u8.checked_sub(kept_percent(zhe.as_str())?).filter(|percent| (1..=99).contains(percent));
    }
    if let Some(tenths) = groups.name("cheng") {
        let tenths = digit_of(tenths.as_str().chars().next()?)?;
        return u8::try_from(tenths * 10).ok().filter(|percent| *percent > 0 && *percent < 100);
    }
    if groups.name("half").is_some() {
        return Some(50);
    }
    let percent = groups.name("before").or_else(|| groups.name("after"))?;
    percent.as_str().parse().ok().filter(|percent| (1..=100).contains(percent))
}

/// 首套房利率85折: what banks ask of all is news; 分期利率限时4.2折 is offered.
static OF_LOANS: LazyLock<Option<Regex>> = pattern!(r"利率|利息|首套|房贷|按揭|存款");
static LENT_FOR_LESS: LazyLock<Option<Regex>> = pattern!(
    r"(?:分期|借款|借钱|现金|您|专享|专属)[^，,。]{0,6}(?:利率|利息)|(?:利率|利息)[^，,。]{0,4}(?:限时|专享|立享|低至|直降)"
);

/// 3折商品除外: the figure itself is left out. 全场5折新品除外 leaves out something else.
static EXCEPTED: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[起款区券]|及?以下|的|商品|产品|单品|专区|活动|系列){0,3}(?:均|都|暂|概)?(?:除外|不参加|不参与|不享受?|不可用)"
);

/// In front of what only a winner gets.
static A_PRIZE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)prizes?(?: for [a-z ]{1,32})?(?: is| are|:| of| -|,)[^.!&]{0,12}$|(?-u:\b)(?:winners?|runners?-up|best [a-z]+)(?: will)? (?:gets?|takes?|receives?|wins?)[^.!&]{0,12}$"
);

/// In front of what is wanting to a goal: "we're £400 off".
static SHORT_OF: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:we're|we are|i'm|i am|they're|still) (?:now |still |just |only |about |around |roughly )*$");
static SHORT: LazyLock<Option<Regex>> =
    pattern!(r"^[a-z]{0,3}[$£€]?[ ]?[0-9][0-9.,]*k?[ ](?:off|short)(?:[.,;!?)]|$|[ ](?:our|the|what))");

/// Behind a figure that is no offer, where `THE` stands before it.
static SUPPOSED: LazyLock<Option<Regex>> =
    pattern!(r"^[ ](?:scenario|assumption|policy|case|model|threshold|target)s?(?-u:\b)");
static THE: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:the|an?|our|your|this|that|each)[ ]$");
/// Behind somebody's wording.
static QUOTED: LazyLock<Option<Regex>> = pattern!(
    r"^[^\x22”’'.!?]{0,24}[\x22”’'][ ](?:rarely|never|often|usually|claims?|becomes?|reads?|signs?|banners?|stickers?|wording|copy|should|must)(?-u:\b)"
);

fn percent_en(groups: &Captures<'_>) -> Option<u8> {
    if let Some(word) = groups.name("words") {
        let tens = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
        let at = tens.iter().position(|tens| word.as_str().starts_with(tens))?;
        let unit = ["five"].iter().any(|unit| word.as_str().ends_with(unit));
        return u8::try_from((at + 1) * 10 + if unit { 5 } else { 0 }).ok();
    }
    if groups.name("half").is_some() {
        return Some(50);
    }
    if let Some(part) = groups.name("part") {
        return Some(if part.as_str().starts_with(['t', '2']) {
            67
        } else if part.as_str().contains("third") || part.as_str().ends_with('3') {
            33
        } else if part.as_str().contains("fifth") || part.as_str().ends_with('5') {
            20
        } else {
            25
        });
    }
    let percent = groups.name("off").or_else(|| groups.name("save")).or_else(|| groups.name("cut"))?;
    percent.as_str().parse().ok().filter(|percent| (1..=100).contains(percent))
}

// A new alternative in any of these needs its sign in `reduction_signs`.

static PERCENT_EN: Expression = expression!(
    r"(?-u:\b)(?P<off>[0-9]{1,3})(?:\.[0-9])?[ \n]?(?:%|percent|per cent|pct)[ \n-]?(?:(?:instant|student|trade|wholesale|resident|corporate|extra|member|members?'?|staff|teacher|military|senior|welcome|birthday|loyalty|introductory|flat|price|exclusive|early[ -]bird|sitewide|promotional|group|bulk|friends[ ]and[ ]family|nhs|off[ -]peak|anniversary|thank[- ]you)[ \n])?(?:off|discounts?|treat|codes?|vouchers?|savings?|cheaper|reductions?|rebate|cash[ -]?back|price cut|cut|markdown|coupon|less|lower prices|bonus|back on)(?-u:\b)",
    r"|(?-u:\b)(?:save|saving|saves|an? (?:extra|additional|further)|extra|a further|discounts? of|savings of|reductions? of|reduced by|marked down|price cut of|take)[ \n](?:up to[ \n]|as much as[ \n]|over[ \n]|at least[ \n]|an?[ \n](?:extra|additional|further)[ \n])?(?P<save>[0-9]{1,2})[ \n]?(?:%|percent|per cent)",
    r"|(?-u:\b)(?:prices?|everything|charges?|rates?|fees?|fares?|rents?|tariffs?)[ \n](?:(?:are|is|have|has|been|were|was|just|now)[ \n]){0,3}(?:reduced|cut|slashed|dropped|lowered|down|off)[ \n](?:by[ \n])?(?:up to[ \n])?(?P<cut>[0-9]{1,2})[ \n]?(?:%|percent)",
    r"|(?-u:\b)(?P<half>half[ -](?:price|off)|1/2[ ](?:price|off)|½[ ](?:price|off))(?-u:\b)",
    r"|(?-u:\b)(?P<words>(?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]five)?)[ ](?:percent|per cent)[ ](?:off|discount)(?-u:\b)",
    r"|(?-u:\b)(?P<part>(?:a|one|two)[- ](?:thirds?|quarter|fifth)|1/3|2/3|1/4|1/5)[ ](?:off|cheaper|less)(?-u:\b)",
);

static PERCENT_ZH: Expression = expression!(
    r"(?P<zhe>[0-9][ ]?\.[ ]?[0-9]{1,2}|[1-9][0-9]|[1-9]|[一二三四五六七八九](?:[ ]?点?[ ]?[一二三四五六七八九])?)[ ]?折",
    r"|(?P<half>半价|对折|五折|减半优惠|减半收|(?:费|价|票|款|租|金)[^，,。0-9]{0,3}减半)",
    r"|(?:立减|直降|优惠|降价|降幅|直减|省|立省|减免?|让利|返现?|返利|返还|返|降|折扣)(?:高达|最高|可达|达|了|:)?[ \n]?(?P<before>[0-9]{1,2})[ \n]?%",
    r"|(?P<after>[0-9]{1,3})[ \n]?%[ \n]?的?(?:优惠|折扣|off|返现|返利|让利|减免|回馈|现金返还|返还)",
    r"|(?:优惠|让利|减|降|便宜|直降|立省|省)(?:了|近|达|高达|约|将近|差不多|大约|至少|足足|整整|:)?(?P<cheng>[一二两三四五六七八九])成",
);

static BARE_AMOUNT_ZH: Expression = expression!(
    r"(?:立减|直降|直减|立省|再减|最高减|下单减|现减|随机减|领券减|券后减|立返|再省|学费减免|费用减免|(?:报名|下单|到店|学生|学员|会员|新人|首单|每[单件台位人])(?:可|即|再)?减)(?:高达|最高|至高|达)?[ \n]?([0-9]{1,5})(万)?(?:[^0-9%.折个件斤公天小度岁分秒kg]|$)"
);

static NEXT_ONE: Expression = expression!(
    r"第[ ]?(?:二|两|三|2|3)[ ]?(?:件|杯|份|双|张|个|支|瓶|盒|位|人|套|条|台|只|箱|本|桶|袋|包|晚|间|片|斤|客|副|款)(?:商品|起)?[ ]?(?:仅需?|只要|立享|享|打|低至|可享)?[ ]?(?:(?P<half>半价|五折|5折)|(?P<zhe>[0-9](?:\.[0-9])?|[一二三四五六七八九])折|免费|免单|[01一零]元|[01]块)",
    r"|(?:买|拍|购|充|吃|点)?(?:一|二|两|三|四|五|[1-9][0-9]?)[ ]?(?:件|杯|份|双|盒|瓶|个|年|月|箱|包|斤|次)?[ ]?(?:送|赠|免|付)[ ]?(?:一|二|两|三|四|五|[1-9])(?:[ ]?(?:件|杯|份|双|盒|瓶|个|年|月|箱|包|次))?(?:[^0-9a-z元块%天年月日点]|$)",
    // 拍1发3, 买一得二.
    r"|(?:买|拍|囤|抢)(?:一|二|两|三|[1-5])[ ]?(?:件|份|盒|袋|箱|包|瓶)?(?:发|得|到手|享|变)(?:一|二|两|三|四|五|六|[1-9])[ ]?(?:件|份|盒|袋|箱|包|瓶)?(?:[^0-9a-z元块%天年月日点]|$)",
    r"|(?-u:\b)(?:buy|purchase|order|take|pay for)[ \n](?:one|[1-9]|two|three|four|five|six|nine|ten|any[ ](?:one|two|three|[1-5])|an?y?)[ \n]?(?:[a-z]+[ \n]?){0,3}[, \n/+&-]*(?:and[ \n])?(?:get|receive)[ \n](?:a[ ](?P<half_second>second (?:one )?(?:at )?half[ -](?:price|off))|one|[1-9](?:[^0-9a-z]|$)|two|three|(?:the|your|a)[ ](?:second|third|fourth|fifth|sixth|tenth|other|next|last|cheapest|[1-9][0-9]?(?:st|nd|rd|th))|another)(?:[ \n][a-z]+)?[ \n]?(?:for[ \n])?(?:at[ \n])?(?:(?P<off>[0-9]{1,2})[ ]?%[ ]?off|(?P<halves>half[ -](?:price|off))|free)?",
    r"|(?:^|[^/.a-z0-9_-])bogo(?-u:\b)(?:[ ](?:(?P<less>[0-9]{1,2})[ ]?%|free|half))?",
    r"|(?-u:\b)(?:b1g1|b2g1|b1t1|buy (?:1|one),? take (?:1|one))(?-u:\b)|(?-u:\b)(?:(?:3|three|4|four)[ -]for[ -](?:the price of )?(?:2|two|3|three)|(?:5|five)[ -]for[ -](?:the price of )?(?:3|4|three|four)|(?:6|six)[ -]for[ -](?:the price of )?(?:4|5|four|five)|(?:3|three|2|two) for the price of (?:one|1))(?-u:\b)|(?-u:\b)(?:two|2|one|1)[ -]for[ -](?:one|1)(?-u:\b)(?:[^0-9.]|$)",
    r"|(?-u:\b)(?:second|2nd|third|3rd|fourth|4th|fifth|5th|sixth|6th|tenth|10th)[ \n](?:[a-z]+[ \n]){0,2}(?:is[ ]|at[ ]|for[ ])?(?:(?P<half_next>half[ -](?:price|off))|(?P<off_next>[0-9]{1,2})[ ]?%[ ]?off|free(?-u:\b))",
);

static FREE_SHIPPING: Expression = expression!(
    r"包邮|免邮|免(?:全部|国内|基础|首重|同城)?(?:运费|配送费|快递费|邮费|运)|(?:运费|邮费|配送费)(?:全免|全包|减免|0元|为0)|[0零][ ]?元?(?:运费|配送费|邮费)|免费(?:配送|送货|送货上门|邮寄)",
    r"|(?-u:\b)free[ \n](?:[a-z0-9-]+[ \n]){0,3}(?:shipping|delivery|postage|p&p|freight)(?-u:\b)|(?-u:\b)(?:ships?|shipped|delivered)[ \n](?:for[ \n])?free(?-u:\b)|(?-u:\b)(?:shipping|delivery|postage)(?: is|'s|:)?[ \n](?:free|on us)(?-u:\b)|[$£€]0[ \n](?:shipping|delivery)(?: fee)?|(?-u:\b)(?:shipping|delivery)[ \n]fees?[ \n]waived|(?-u:\b)no (?:delivery|postage|shipping) (?:charges?|fees?|costs?)(?-u:\b)",
);

static GIFT: Expression = expression!(
    r"(?:加|附|另|再|还|即|就|均|免费|限量|随单|到店|入会|注册|开卡|首单|签到|(?:买|购|交|存|订|办|充|缴|定|续|消费|开户|入金|签约|报名|下单|满)[^，,。!！;；?？]{0,12})(?:即|就|再|还|可|并|均)?(?:赠送?|送)(?:出|价值)?[^，,。!！货达到完信走上你我他她它给去来人过回别出]",
    r"|(?:^|[，,。!！;；、+])(?:赠送?|送)(?:[0-9一二两三四五六七八九十]+(?:元|份|个|件|台|部|套|张|次)|(?:精美|豪华|限量|品牌|价值|神秘|超值|惊喜|高档|时尚|原装|进口))",
    r"|(?:赠送?|送|领|得|享|获|兑)(?:您|你|出|取|受)?(?:[0-9一二两三四五六七八九十千百万]+(?:元|份|个|件|大|重|套|张|次|积分)?)?(?:价值[^，,。]{1,10}?的?)?(?:精美|惊喜|超值|神秘|豪华|定制|专属|新人|开业|到店|入会|品牌|多重|千元|万元|百元|生日)*(?:好礼|大礼|豪礼|厚礼|礼品|赠品|礼包|礼盒|伴手礼|小礼物|试用装|体验装|小样|正装|话费|现金|流量|油卡|购物卡|加油卡|免单|大奖)",
    r"|(?:买|购)(?:就|即|满)?(?:赠|送)|(?:好礼|豪礼|大礼|厚礼|有礼)(?:相送|大放送|免费领|等你拿|送不停|乐享|来袭)?(?:[，,。!！;；~]|$)|(?:进店|到店|购车|下单|预约|签到|入会|注册|充值|订房|认购|集赞)(?:即|就|可)?有礼|免费(?:赠送?|领取?|拿|体验装|试用装)",
    r"|(?-u:\b)(?:free|complimentary|bonus)[ \n](?:[a-z0-9-]+[ \n]){0,4}(?:with[ \n](?:every|any|your|each|all|a|the|purchase|order|orders|purchases)(?-u:\b)|when you (?:buy|spend|order|purchase))",
    r"|(?-u:\b)(?:free|bonus|complimentary|surprise)[ \n](?:[a-z]+[ \n])?(?:gifts?|sample|samples|gift set|tote|goodie bag|mystery gift)(?-u:\b)|(?-u:\b)gifts?[ \n]with[ \n](?:any[ \n]|every[ \n]|your[ \n]|each[ \n])?(?:purchase|order)|(?-u:\b)(?:get|receive|enjoy|claim|yours?)[ \n](?:an?[ \n]|your[ \n])?free[ \n](?:[a-z]+[ \n]){0,3}(?:worth|valued)|(?-u:\b)(?:[0-9]|one|two|three|first|second|six)[ \n](?:months?|weeks?|years?|nights?)[ \n](?:is[ ]|are[ ])?free(?-u:\b)|(?:首月|首年|前[一二三0-9]个月)免费",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::amounts::prices::amounts_in;
    use crate::understand::text::normal::fold_phrase;

    fn told(text: &str) -> Vec<String> {
        let text = fold_phrase(text);
        let amounts = amounts_in(&text, 0..text.len());
        reductions_in(&May::ANY, &text, 0..text.len(), &amounts)
            .into_iter()
            .map(|off| match off.discount {
                Discount::Percent(percent) => format!("{percent}%"),
                Discount::Amount(money) => money.to_string(),
                Discount::Threshold { from, off } => format!("{off} from {from}"),
                Discount::NextOne(percent) => format!("next {percent}%"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn reductions_in_chinese() {
        for (text, wanted) in [
            ("全场8折", vec!["20%"]),
            ("8.5折", vec!["15%"]),
            ("85折", vec!["15%"]),
            ("七五折", vec!["25%"]),
            ("七折起", vec!["30%"]),
            ("低至3折", vec!["70%"]),
            ("全場對折", vec!["50%"]),
            ("半价", vec!["50%"]),
            ("优惠两成", vec!["20%"]),
            ("让利三成", vec!["30%"]),
            ("立减50", vec!["50.00 CNY"]),
            ("直降300元", vec!["300.00 CNY"]),
            ("第二件半价", vec!["next 50%"]),
            ("第2件0元", vec!["next 100%"]),
            ("买一送一", vec!["next 100%"]),
            ("全场包邮", vec!["FreeShipping"]),
            ("下单即送精美礼品", vec!["Gift"]),
            ("领20元优惠券", vec!["20.00 CNY"]),
            ("限时秒杀", vec!["Unsaid"]),
            ("直降10万", vec!["100000.00 CNY"]),
            ("学生报名减200，", vec!["200.00 CNY"]),
            ("会员价18元", vec![]),
            ("双人自助餐券398元", vec![]),
            ("折扣写法统一成8折而不是20%off", vec![]),
            ("100%纯棉", vec![]),
            ("电量剩20%", vec![]),
            ("首套房利率85折", vec![]),
            ("三折屏手机", vec![]),
            ("无门槛5折", vec!["50%"]),
            ("无套路全场5折", vec!["50%"]),
            ("运动鞋不限款5折", vec!["50%"]),
            ("没错就是5折", vec!["50%"]),
            ("运动鞋不止5折", vec!["50%"]),
            ("无需凑单5折", vec!["50%"]),
            ("不享受5折", vec![]),
            ("暂无5折", vec![]),
            ("没有5折", vec![]),
            ("无门槛也不打5折", vec![]),
            ("全场运动鞋5折(新品除外)", vec!["50%"]),
            ("全场运动鞋5折新品不参与", vec!["50%"]),
            ("5折商品除外", vec![]),
            ("3折起专区不参加", vec![]),
            ("质量不打折", vec![]),
            ("押一付三，押金不变", vec![]),
            ("退订请发送0000", vec![]),
            ("免运资格不受影响", vec![]),
            ("定金50抵150", vec!["100.00 CNY"]),
            ("免月租", vec!["Unsaid"]),
            ("今次唔搞开张优惠", vec![]),
            ("唔使排队5折", vec!["50%"]),
            ("拍1发3!手慢无", vec!["next 100%"]),
            ("买一得二，手慢无", vec!["next 100%"]),
            ("比单买便宜约四成", vec!["40%"]),
            ("6只指数产品申购费率1折", vec!["90%"]),
            ("现金分期利率限时4.2折", vec!["58%"]),
            ("房贷利率85折", vec![]),
            ("首套房贷款利率打8.5折", vec![]),
            ("榴槤劈價$88兩個", vec!["Unsaid"]),
            ("次卡跳水價!30次588", vec!["Unsaid"]),
            ("熟客第二碗三塊", vec!["Unsaid"]),
            ("第二个3分钟", vec![]),
            ("动态减价的逻辑", vec![]),
            ("早鳥NT$2,500（4月10日前匯款）", vec!["Unsaid"]),
            ("第二批早鸟已售罄", vec![]),
        ] {
            assert_eq!(told(text), wanted, "{text}");
        }
    }

    #[test]
    fn reductions_in_english() {
        for (text, wanted) in [
            ("up to 70% off", vec!["70%"]),
            ("save 20%", vec!["20%"]),
            ("half price", vec!["50%"]),
            ("$10 off", vec!["10.00 USD"]),
            ("Save $20 today", vec!["20.00 USD"]),
            ("$20 off orders over $100", vec!["20.00 USD from 100.00 USD"]),
            ("Spend $50, get $10", vec!["10.00 USD from 50.00 USD"]),
            ("Buy one get one 50% off", vec!["next 50%"]),
            ("BOGO free", vec!["next 100%"]),
            ("buy 3 get the 4th free", vec!["next 100%"]),
            ("buy 1 take 1 burgers", vec!["next 100%"]),
            ("second pair 50% off", vec!["next 50%"]),
            ("every 5th coffee free", vec!["next 100%"]),
            ("2nd pizza half price", vec!["next 50%"]),
            ("5 for 4 on all plants", vec!["next 100%"]),
            ("Buy one, get one 50% off at shoebarn.example/bogo", vec!["next 50%"]),
            ("making charges slashed by 30%", vec!["30%"]),
            ("save AED 50 on any clean", vec!["50.00 AED"]),
            ("receive ₱1,000 off the ₱9,500 course", vec!["1000.00 PHP"]),
            ("Rs. 500 off on orders above Rs. 1999", vec!["500.00 INR from 1999.00 INR"]),
            ("save R2 000 on the TV", vec!["2000.00 ZAR"]),
            ("£200 off any e-bike over £1,500", vec!["200.00 GBP from 1500.00 GBP"]),
            ("your NBI clearance will expire", vec![]),
            ("the discounts on your current plan end", vec![]),
            ("the 20% discount scenario", vec![]),
            ("our 25% discount policy", vec![]),
            ("a \"25% off\" rarely is one", vec![]),
            ("25% off model trains", vec!["25%"]),
            ("25% off cases", vec!["25%"]),
            ("\"25% off\" really means all shoes", vec!["25%"]),
            ("Buy one, get one free", vec!["next 100%"]),
            ("3 for 2 on books", vec!["next 100%"]),
            ("Free shipping on all orders", vec!["FreeShipping"]),
            ("a free gift with every order", vec!["Gift"]),
            ("Flash sale starts now", vec!["Unsaid"]),
            ("reduced by a further 30%", vec!["30%"]),
            ("Order a large pizza and get a second half price", vec!["next 50%"]),
            ("The prize for the best costume is a £50 voucher", vec![]),
            ("20% of customers", vec![]),
            ("no discount", vec![]),
            ("we're £400 off. could you be it?", vec![]),
            ("we're taking £40 off every bike", vec!["40.00 GBP"]),
            ("a saving of £18 on the fee", vec!["18.00 GBP"]),
        ] {
            assert_eq!(told(text), wanted, "{text}");
        }
    }
}
