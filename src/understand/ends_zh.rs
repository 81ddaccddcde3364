//! Ends told in Chinese: 截至11月30日, 仅限今日, 今晚24点, 本周末截止, 最后3天, 限时24小时.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use super::claim::{ENDS_MAX, End};
use super::closes_zh::{self, closes_as_usual, shuts};
use super::days_zh::moments_in;
use super::meaning::DeadlineKind;
use super::moments::Moment;
use super::other_days_zh::is_of_something_else;
use super::patterns::{pattern, says};
use super::stretches_zh::{from_receipt, time_left};
use super::turned_zh::{begin_of, is_left_out, turns_after, turns_back};

/// How far back the words stand that make a moment an end.
const LEAD_BYTES_MAX: usize = 64;

/// The ends normalised words tell; `offers`: they take something off, or name a price; `of_use`: days of use may be the
/// days of the offer, since the message tells no other end.
pub(super) fn ends_in(now: &Zoned, words: &str, offers: bool, of_use: bool) -> Vec<End> {
    if words.is_ascii() {
        return Vec::new();
    }
    let moments = moments_in(now, words);
    let mut ends = told_in(now, words, &moments, offers, false);
    if ends.is_empty() && of_use && !moments.is_empty() {
        ends = told_in(now, words, &moments, offers, true);
    }
    if ends.is_empty() {
        ends.extend(from_receipt(now, words).or_else(|| time_left(now, words)));
    }
    ends
}

/// 只有一天: where something is sold and no other end is told.
pub(super) fn one_day(now: &Zoned, words: &str) -> Option<End> {
    closes_zh::one_day(now, words, &moments_in(now, words))
}

/// The moments that are ends; `of_use`: 适用入住日期12月1日至3月31日, for want of another end, tells how long an
/// offer holds.
fn told_in(now: &Zoned, words: &str, moments: &[Moment], offers: bool, of_use: bool) -> Vec<End> {
    let mut ends: Vec<End> = Vec::new();
    let mut is_told_as_range = false;
    for (at, moment) in moments.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| moments.get(before));
        let next = moments.get(at + 1);
        let begins = next.is_some_and(|next| joins(words, moment, next));
        // 元旦特惠截止1月3日: 截止 is of the date behind it.
        // 今晚22:00截止,别拖到明天: the words before it are of this one.
        let own = next.and_then(|next| ends_next(words, moment, next)).unwrap_or(words.len());
        let asked = Asked { own, before, offers, of_use };
        if ends.len() < ENDS_MAX && !begins && is_end(words, moment, asked).unwrap_or(false) {
            let joined = before.filter(|before| joins(words, before, moment));
            let named = moments.get(..at).and_then(|told| same_hour(now, words, told, moment));
            let at = joined.map_or(named.unwrap_or(moment.at), |before| after(now, before, moment));
            let at = if turns_back(words, moment, offers) || is_left_out(words, moment) {
                begin_of(now, words, moment).unwrap_or(at)
            } else {
                at
            };
            is_told_as_range |= joined.is_some() || moment.is_range;
            if ends.iter().all(|end| end.at != at) {
                ends.push(End { at, kind: moment.kind, words: moment.range.clone(), is_stretch: false });
            }
        }
    }
    // 黑五全场8折,时间11月24日至30日: the days of the sale, not the one that it is called after.
    if is_told_as_range && ends.len() > 1 {
        let is_holiday = |end: &End| {
            moments.iter().any(|told| told.is_name && told.kind == DeadlineKind::Absolute && told.range == end.words)
        };
        ends.retain(|end| !is_holiday(end));
    }
    ends
}

/// What is known where a moment is asked whether it is an end.
#[derive(Clone, Copy)]
struct Asked<'m> {
    /// The words behind this place speak of another moment.
    own: usize,
    /// The moment told before it.
    before: Option<&'m Moment>,
    /// The sentence takes something off, or names a price.
    offers: bool,
    /// Whether days of use may be the days of the offer.
    of_use: bool,
}

/// 11月20日10:00至12月1日: the first of the two is a beginning.
fn joins(words: &str, moment: &Moment, next: &Moment) -> bool {
    let gap = words.get(moment.range.end..next.range.start).unwrap_or_default();
    says(&JOINS, gap)
}

/// 今晚8点到10点: a clock time behind another one is of its day, and of its half of the day.
fn after(now: &Zoned, before: &Moment, moment: &Moment) -> Timestamp {
    if !moment.is_clock {
        return moment.at;
    }
    // 22点-24点, said at half past ten: tonight's, and not those of tomorrow.
    if before.is_clock && moment.at < before.at {
        return moment.at;
    }
    let zone = now.time_zone();
    let time = moment.at.to_zoned(zone.clone()).time();
    let first = before.at.to_zoned(zone.clone());
    let mut at = first.date().to_datetime(time).to_zoned(zone.clone()).map_or(moment.at, |at| at.timestamp());
    for _ in 0..2 {
        if at <= before.at {
            at = at.checked_add(SignedDuration::from_hours(12)).unwrap_or(at);
        }
    }
    at
}

/// 明早10点就要下单,要的10点以前喊我: the hour of the day told before.
fn same_hour(now: &Zoned, words: &str, told: &[Moment], moment: &Moment) -> Option<Timestamp> {
    let hour = |at: Timestamp| {
        let time = at.to_zoned(now.time_zone().clone()).time();
        (time.hour() % 12, time.minute())
    };
    let has_clock = |other: &Moment| words.get(other.range.clone()).is_some_and(|own| own.contains(['点', '时', ':']));
    let is_same = |other: &&Moment| !other.is_clock && has_clock(other) && hour(other.at) == hour(moment.at);
    told.iter().rfind(is_same).filter(|_| moment.is_clock).map(|other| other.at)
}

/// Where the words begin that make the next moment an end.
fn ends_next(words: &str, moment: &Moment, next: &Moment) -> Option<usize> {
    let gap = words.get(moment.range.end..next.range.start)?;
    Some(moment.range.end + UNTIL.as_ref()?.find(gap)?.start())
}

/// Whether the words around the moment say that something ends there.
fn is_end(words: &str, moment: &Moment, asked: Asked<'_>) -> Option<bool> {
    let Asked { own, before, offers, of_use } = asked;
    let lead = lead_of(words, moment.range.start)?;
    let tail = words.get(moment.range.end..own)?;
    // 5月31日(含)之前.
    let tail = tail.get(INCLUDED.as_ref()?.find(tail).map_or(0, |included| included.end())..)?;
    let own = words.get(moment.range.clone())?;
    let joined = before.filter(|before| joins(words, before, moment));
    // 三天后零点: a stretch of time.
    if moment.is_clock && says(&DAYS_LATER, lead) {
        return Some(false);
    }
    if joined.is_none_or(|_| !moment.is_clock) && shuts(words, moment) && !says(&RECURS, lead) && !says(&EXCEPT, lead) {
        return Some(true);
    }
    let first_lead = joined.map_or(Some(lead), |first| lead_of(words, first.range.start))?;
    let is_two = joined.is_some() || moment.is_range;
    if closes_as_usual(words, moment)
        || !(offers && is_two && says(&HELD_THEN, tail))
            && is_of_something_else(
                (first_lead, lead),
                tail,
                moment,
                is_two,
                (of_use, of_use && says(&HOLDS_FOR, first_lead)),
            )
    {
        return Some(false);
    }
    // 22点-24点全场6.6折, 8点到10点,下播改价.
    if offers && moment.is_clock && joined.is_some() && says(&DEAL_THEN, tail) && !says(&EVERY_DAY, first_lead) {
        return Some(true);
    }
    // 今天是暑期价最后一天, 今晚下单只要298.
    let is_today = own.starts_with('今') && !moment.is_range;
    if says(&LAST_DAY_OF, tail) || offers && is_today && says(&BOUGHT_TODAY, tail) {
        return Some(true);
    }
    // 旅行时间10月10日-12月20日: the days on which it is used are no end of the offer.
    let used = |lead: &str| says(&IS_USED, lead) && !(of_use && says(&HOLDS_FOR, lead));
    if used(lead) || joined.is_some_and(|first| lead_of(words, first.range.start).is_some_and(used)) {
        return Some(false);
    }
    // 9月每周三 and 每月8日至12日 recur; 每月8日至12日,本月牛肉85折 tells this month's.
    let monthly = |first: &Moment| lead_of(words, first.range.start).is_some_and(|lead| lead.ends_with("每月"));
    if offers && (moment.is_range && monthly(moment) || joined.is_some_and(monthly)) {
        return Some(says(&THIS_MONTH, tail));
    }
    // 周一至周四, 10点到22点 are when the shop is open.
    let first = joined.filter(|first| first.is_bare).and_then(|first| words.get(first.range.clone()));
    if moment.is_bare && first.is_some_and(|first| moment.is_clock || first.contains('一')) {
        return Some(false);
    }
    // 周日至周四入住: days of use, since a sale does not run backwards.
    if moment.is_bare && first.is_some_and(|first| first.ends_with(['日', '天'])) {
        return Some(false);
    }
    // 就今天, 只剩今晚; 只剩周二晚一个空档 is what is free.
    if own.starts_with('今')
        && !moment.is_range
        && own.len() <= "今明两天".len()
        && !own.contains(['年', '月'])
        && says(&JUST, lead)
    {
        return Some(true);
    }
    // 双11前最后一批仓位: the last before a day, not until it; 晚上八点前都有人在店里.
    if says(&LAST_BEFORE, tail) || moment.is_bare && moment.is_clock && says(&MANNED, tail) {
        return Some(false);
    }
    // 10月2日至5日的海景房: of what is for sale.
    if says(&OF_THE_WARES, tail) && (moment.is_range || joined.is_some()) {
        return Some(false);
    }
    // 周二到周日下午都有老师在.
    if moment.is_bare && joined.is_some_and(|first| first.is_bare) && says(&IS_OPEN, tail) {
        return Some(false);
    }
    // 每周二至周日开放, 逢星期一至五12时前: so every week.
    let recurs = |first: &Moment| {
        first.is_bare
            && RECURS
                .as_ref()
                .is_some_and(|recurs| lead_of(words, first.range.start).is_some_and(|lead| recurs.is_match(lead)))
    };
    let is_near = |first: &Moment| moment.range.start - first.range.end <= "至五上午".len();
    if moment.is_bare && before.is_some_and(|first| recurs(first) && is_near(first)) {
        return Some(false);
    }
    if EXCEPT.as_ref()?.is_match(lead) {
        return Some(false);
    }
    if turns_back(words, moment, offers) {
        return Some(true);
    }
    if turns_after(words, moment, offers) {
        return Some(true);
    }
    let is_stretch = moment.is_range || joined.is_some();
    if RECURS.as_ref()?.is_match(lead)
        || !is_stretch && (BEGINS.as_ref()?.is_match(tail) || BEGINS_AT.as_ref()?.is_match(lead))
        || AS_OF.as_ref()?.is_match(lead) && AS_OF_THEN.as_ref()?.is_match(tail)
    {
        return Some(false);
    }
    let gap = words.get(before.map_or(0, |before| before.range.end)..moment.range.start)?;
    let listed = moment.kind == DeadlineKind::Absolute && matches!(gap, "、" | "和" | "及" | "&");
    if before.is_some() && listed {
        let lead = before.and_then(|first| lead_of(words, first.range.start))?;
        let is_busy = says(&IS_USED, lead) || says(&RECURS, lead) || says(&TAKEN, tail);
        return Some(!is_busy && !says(&DELIVERS, tail));
    }
    // 12月10日当天，线下同享: the day of a sale.
    if offers && moment.kind == DeadlineKind::Absolute && THAT_DAY.as_ref()?.is_match(tail) {
        return Some(!BEGINS_AT.as_ref()?.is_match(lead));
    }
    // 9-11月换购免工费, 整个十一月, 十月整月: all of them; 7-8月是旺季 is none.
    let is_whole = || moment.is_range || lead.ends_with("整个") || says(&WHOLE, tail);
    if own.ends_with(['月', '份']) && offers && is_whole() {
        return Some(!says(&DELIVERS, tail) && !says(&OF_SEASON, tail) && !says(&BEGINS, tail));
    }
    // 年前下单: told with its own end.
    if own == "年前" {
        return Some(offers && says(&BOUGHT_THEN, tail));
    }
    // 截至12月 and 12月内 are ends; 5月最后机会 and 今年最后一批 are none, nor is 12月初.
    if own.ends_with(['月', '份', '年', '旬', '初']) && !moment.is_range {
        return Some(UNTIL.as_ref()?.is_match(lead) || WITHIN.as_ref()?.is_match(tail));
    }
    // 这个周末七折, 周六日两天: the days of a sale.
    let is_days_of_sale = offers && DAYS_OF_SALE.as_ref()?.is_match(own)
        || own.ends_with("周末") && (own.len() > "周末".len() && offers || tail.starts_with("两天"));
    if is_days_of_sale || own.ends_with('内') || WITHIN.as_ref()?.is_match(tail) {
        return Some(!DELIVERS.as_ref()?.is_match(tail));
    }
    // 国庆期间…双人票268元; 会员日3月18日全场88折: the day of a sale is its end.
    let is_day_told = moment.kind == DeadlineKind::Absolute && joined.is_none() && OFFERS_THEN.as_ref()?.is_match(tail);
    let is_days_off = offers && moment.is_name && DAYS_OFF.as_ref()?.is_match(tail);
    if is_days_off || is_day_told && !BEGINS_AT.as_ref()?.is_match(lead) {
        return Some(true);
    }
    // 仅限3日, 最后3日: so many days, never a day of the month.
    if SPAN_OF_DAYS.as_ref()?.is_match(own) {
        let day =
            own.ends_with('号') || tail.starts_with('当') || tail.starts_with('一') || DAY_OF.as_ref()?.is_match(lead);
        if !day
            || SO_MANY.as_ref()?.is_match(lead)
                && !(tail.starts_with('当') || tail.starts_with('一') || own.ends_with('号'))
        {
            return Some(DAY_END.as_ref()?.is_match(tail) && !SO_MANY.as_ref()?.is_match(lead));
        }
        // 30号还有两个上午的车 ends nothing.
        let is_told = says(&DAY_OF, lead) || tail.starts_with(['当', '一']) || says(&ENDS, tail) || says(&UNTIL, lead);
        return Some(is_told || moment.is_range && !says(&DELIVERS, tail));
    }
    // 品鉴专场4月12日至25日举行,期间8.8折.
    if offers && is_stretch && says(&HELD_THEN, tail) {
        return Some(true);
    }
    if UNTIL.as_ref()?.is_match(lead) || moment.is_range && (offers || !own.ends_with('月')) && !says(&DELIVERS, tail)
    {
        return Some(true);
    }
    // 11月26日当天: the day just told.
    if before.is_some() && gap.trim().is_empty() && matches!(own, "当天" | "当日") {
        return Some(false);
    }
    if before.is_some() && JOINS.as_ref()?.is_match(gap) {
        return Some(!DELIVERS.as_ref()?.is_match(tail));
    }
    let only = || moment.kind == DeadlineKind::Relative && says(&DAY_OF_SALE, tail);
    Some(ENDS.as_ref()?.is_match(tail) || only())
}

fn lead_of(words: &str, start: usize) -> Option<&str> {
    words.get(words.floor_char_boundary(start.saturating_sub(LEAD_BYTES_MAX))..start)
}

/// Ends in what makes the moment behind it an end.
static UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?:截至|截止(?:时间|日期|日)?(?:到|至|于|为|是)?|有效(?:期|至|到)(?:限)?(?:至|到|为)?(?:截止)?(?:到|至)?|(?:活动|优惠|促销|使用|兑换|领取|抢购|销售|特惠|特价|有效|参与|开抢)(?:时间|日期|期限|期间?|时段|周期)(?:为|是)?|持续(?:到|至)|延长(?:到|至)|延期(?:到|至)|顺延至|最后[^，,。]{0,4}日(?:期)?(?:为|是|:)",
    // 预售至, 开放到, 售卖至; but 推迟至, 预计到 and 送到 tell when something comes.
    r"|(?:^|[^改迟整误送寄运达前计等来发收从由拖撑熬忙看])[至到]|(?:预订|预约|预售|购票|购买|售票|出票|下单|报名|申请|申领|办理|投保|入会|续费|拼团|团购|订购|缴费|认购|招募|征集|秒杀|福利|折扣|早鸟|执行|惠民|展销|预约|订房|订票|充值)(?:(?:时间|日期|期限|有效期|通道|入口)(?:为|是|:)?|:)",
    r"|仅(?:限)?(?:于|在)?|只限(?:于|在)?|限于?|仅到|只到|仅在|只在|直至|直到|即日起[-~至到]*|今日起[-~至到]*|[0-9日号天起][ \n]?[至到]|最晚|最迟|赶在|务必(?:于|在)|须(?:于|在)|结束(?:于|时间)|(?:到|过)期(?:日|时间)?(?:为)?|请(?:您)?(?:于|在)|倒数|尽在|就在|(?:团|单|龙|只|报名|预订|订单|名额|再|可)收[到至]|(?:券|卡|码|优惠|折扣|活动|特惠|特卖)[至到将于]{1,2})[ \n]?[:至到]?[ \n]?(?:北京时间)?$",
);
/// 不限周末, 节假日除外.
static EXCEPT: LazyLock<Option<Regex>> =
    pattern!(r"(?:不限|不含|不包括|不分|不再|不会|除了?|避开|非|无论|(?:营业|上班|在线|值班|在店)[到至])[ \n]?$");
/// What is used, travelled or delivered then, not bought until then.
static IS_USED: LazyLock<Option<Regex>> = pattern!(
    r"(?:旅行|旅游|出行|出发|演出季|音乐季|乘机|乘车|航班|飞行|返程|入住|住宿|观影|观演|演出|上课|开课|授课|培训|发货|配送|送达|到货|取货|取件|提货|考试|比赛|会议|直播|展览|开奖|开播|服务|生产|施工|自取|自提|取餐|提车|取车|报到|签到|就诊|入营|入园|用餐|就餐|送餐|接种|执教|直播|签售|试驾|看房)(?:时间|日期?|有效期|期限|期间?|时段)?(?:为|是|从|自|:)?[ \n]?$"
);
/// 适用入住日期, 预订及入住期: of the days of use, those for which the offer is made.
static HOLDS_FOR: LazyLock<Option<Regex>> = pattern!(
    r"(?:适用|可用|可选|有效|优惠|特价|套票|套餐)的?[^，,。;；:]{0,4}(?:入住|住宿|取车|提车|用车|乘机|乘车|出行|旅行|拍摄|用餐|就餐|游玩|入园|观影|服务|使用)[^，,。;；]{0,4}(?:为|是|:)?[ \n]?[^，,。;；]{0,32}$|(?:预订|预约|预定|购买|购票|下单|兑换|报名)(?:及|和|与|、|/)[^，,。;；]{1,8}(?:为|是|:)?[ \n]?[^，,。;；]{0,32}$"
);
/// 就今天.
static JUST: LazyLock<Option<Regex>> = pattern!(r"(?:只剩|只有|就(?:是|到|剩)?|(?:^|[,，。!！ \n])得(?:返)?)[ \n]?$");
/// 全场6.6折 behind a range of hours.
static DEAL_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[,，]?(?:[^，,。!！0-9]{0,6}(?:[0-9一二三四五六七八九](?:\.[0-9])?[ ]?折|半价|买[一二三1-9][送赠]|立减|秒杀)|[^，,。!！]{0,3}(?:下播|散场|过时不候|过点|逾期不候))"
);
static DAYS_LATER: LazyLock<Option<Regex>> = pattern!(r"[0-9一二两三四五六七八九十][天日](?:之|以)?后的?$");
static EVERY_DAY: LazyLock<Option<Regex>> =
    pattern!(r"[每逢]$|(?:每天|每晚|每日|每周|天天|逢|工作日|平日|周[一二三四五六日末]|早市|夜市)[^，,。!！]{0,12}$");
/// 今天是早鸟价最后一天; 明天是8月的最后一天,也是这个价的最后一天.
static LAST_DAY_OF: LazyLock<Option<Regex>> = pattern!(
    r"^(?:就?是|[,，])[^。!！?？\n]{0,20}?(?:价格?|惠|折扣?|活动|报名|促销?|特卖|团购|预售|早鸟|福利|清仓|大促|[节季庆]卡?)[^，,。!！不没0-9]{0,3}最后(?:一|1)(?:天|日|晚|夜)"
);
/// 今晚下单只要298, 今天报按680收, 今晚订折200.
static BOUGHT_TODAY: LazyLock<Option<Regex>> = pattern!(
    r"^(?:内|就)?(?:下单|下定|报名?|预?订|付款?|买|拍|交|定|充|办)[^，,。!！0-9前]{0,5}?(?:只要|只需|仅需|仅|就是?|按|折|减|省|享|优惠|便宜)[ ]?(?:nt|hk)?[¥$]?[0-9]"
);
/// 六一前最后一次大促.
static LAST_BEFORE: LazyLock<Option<Regex>> =
    pattern!(r"^节?(?:之|以)?前(?:的)?(?:最后|仅剩|就剩|只剩)(?:一|的|这)?[^，,。天日]{0,3}[批次波轮场班车拨期]");
/// 晚上八点前都有人在店里.
static MANNED: LazyLock<Option<Regex>> =
    pattern!(r"^(?:之|以)?前(?:都|均|一直)?(?:有人|在店|在线|营业|开门)|^(?:之|以)?前(?:都|均)在");
/// 10月2日至5日的海景房.
static OF_THE_WARES: LazyLock<Option<Regex>> =
    pattern!(r"^的[^，,。!！]{0,8}(?:房|票|航班|床|团|车|座|档期|场次|席位|班次|船)");
/// 28号、29号全满.
static TAKEN: LazyLock<Option<Regex>> =
    pattern!(r"^[^，,。!！]{0,10}?(?:全满|已满|满了|约满|变红|没了|没有了|订满|售罄|还有|仅剩|只剩)");
/// 31日(含)之前, 3月25日(含当日)前.
static INCLUDED: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?\((?:包?含|包括)[^)]{0,12}\)");
/// 年前下单; 年前烫染需提前预约 tells of a busy time.
static BOUGHT_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^(?:下单|下定|订|预订|预定|预约|办|充|预存|购|买|报名|签|到店|来店|进店|成交|付|装|入手|囤)[^，,。!！]*(?:[，,]|[赠送减免享折包抵省])"
);
/// 每月8日至12日,本月….
static THIS_MONTH: LazyLock<Option<Regex>> = pattern!(r"^[^。!！?？]{0,12}(?:本月|这个?月|当月)");
/// 周二到周日下午都有老师在: when the shop is open.
static IS_OPEN: LazyLock<Option<Regex>> =
    pattern!(r"^(?:上午|下午|晚上|白天|全天)?[,，]?(?:都有|均有|都在|均在|都可|均可|开放|营业|照常|有人)");
/// 十月整月, 11月全月.
static WHOLE: LazyLock<Option<Regex>> = pattern!(r"^(?:一?整个?月|全月|(?:全|全部)?都(?:可|能)|均可)");
/// 7-8月是旺季: of the weather and of fruits.
static OF_SEASON: LazyLock<Option<Regex>> =
    pattern!(r"^(?:是|为|正|的|气温|天气|成熟|开花|盛|采收|结|新|间?(?:举行|举办|开学|出发|出行|考试))");
/// 举行,期间两支装8.8折.
static HELD_THEN: LazyLock<Option<Regex>> =
    pattern!(r"^(?:举行|举办|进行|开展|推出)[^，,。!！]{0,8}[，,][ \n]?(?:活动|展会|展览)?期间");
/// 9月内申请有效.
static WITHIN: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?(?:之|以)?内(?:[^容部外衣饰地]|$)");
/// 周六日两天, 周六、周日.
static DAYS_OF_SALE: LazyLock<Option<Regex>> = pattern!(r"六[、和及&,，~-]?(?:周|星期|礼拜)?[日天]");
/// Stands right behind a moment that is an end.
static ENDS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[)]?(?:晚上?)?(?:[或及]?(?:之|以)?前(?:[^往台后面排夕提瞻十百0-9一二三四五六七八九]|$)|[,，、]?[ \n]?(?:的)?(?:本次|此次|本轮)?(?:活动|优惠|促销|特卖|特惠|折扣|大促|狂欢|福利|报名|售完|准时|正式|即将|就|全部|统一|将|自动|表单|入口)*(?:截止|结束|为止|止[ \n,，。;；!！)]|止$|截(?:票|团|单)?(?:[ \n,，。;；!！)]|$)|到期|过期|失效|作废|后?(?:系统|通道|价格|报名|活动)?(?:自动)?(?:关闭|停止)|收回|消失|清场|散场|收锤|撤柜|撤展|撤店|闭店|关门|收单|封单|关单|关团|收炉|收档|收尾|收铺|下播|清退|完结|完[,，。!！]|(?:下班|打烊|关门|闭店|关店|闭馆|收摊|收工|收市|收档|收铺|营业结束|结束|开课|开班|上课|开场|开赛|发车|发团|开团)(?:之|以)?前|(?:价格|原价)?恢复(?:正[价式]|[^正营日供运开更通办课]|$)|(?:价格)?(?:涨价|上涨|上调|回调)|收官|关闭|关店|闭幕|截单|下架|下线|停售|收摊|停止|失效|清零|归零|回收|打烊|最后)",
    r"|(?:一天|仅此|之内|内有效|有效)|当[天日](?:一天|有效|使用|止|购买|下单|到店|消费|预订|报名|开通|办理|可))",
);
/// 3月18日全场88折.
static OFFERS_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?(?:当天|当日|这天|一天)?[,，]?(?:全场|全店|全馆|全线|全部|全单|所有|会员|店内|到店|进店|消费|下单|单笔|满[0-9])[^，。,!！?？]{0,10}(?:[0-9一二三四五六七八九]折|立?减[0-9]|半价)"
);
/// 12月10日当天，线下门店同享.
static THAT_DAY: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?当[天日](?:[,，。;；!！]|$)");
/// 国庆期间, 五一假期.
static DAYS_OFF: LazyLock<Option<Regex>> =
    pattern!(r"^节?(?:期间|假期|长假|黄金周)(?:[^不正照除快物停放暂客收关早0-9]|$)");
/// 今日专享, 本周限定: a day of its own.
static DAY_OF_SALE: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?(?:限定|专享|限时|特供|疯抢|限量)");
/// 截至11月20日，您已使用…: the day of an account, not the end of an offer.
static AS_OF: LazyLock<Option<Regex>> = pattern!(r"(?:截至|截止)(?:到|至|于)?[ \n]?$");
static AS_OF_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[,，]?[ \n]?(?:当月|本月|套餐|已|共有|累计|账户|目前|剩余|(?:您|你)(?:的|已|定制|有|在|名下|本|当|账|尾|套餐)|[^，,。!！]{0,10}(?:只剩|还剩|仅剩|已售|已报|售出|剩下|余)[0-9一二两三四五六七八九十]{1,3}[^天日小0-9])"
);
/// Between two moments: the second one ends what the first begins.
static JOINS: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n)]?(?:\((?:包?含|不含)[^)]{0,6}\))?(?:起|开始)?[ \n]?(?:[至到~-]{1,2}|持续到|截止到?)[ \n]?$");
/// 每周五, 营业时间: what recurs is no end.
static RECURS: LazyLock<Option<Regex>> =
    pattern!(r"(?:每|逢|营业时间:?|服务时间:?|工作时间:?|开放时间:?|至每|上|去年)[ \n]?(?:天|日|晚|月|年)?$");
/// 11月20日起, 今晚8点开抢: a beginning.
static BEGINS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[)]?(?:起(?:$|[^至到~-])|开始|开启|开抢|开售|开门|开业|开幕|首发|上线|上市|上架|启动|发售|预售|见|送达|到货|发货|到店|起飞|出发)"
);
static BEGINS_AT: LazyLock<Option<Regex>> = pattern!(
    r"(?:自|从|始于|开始(?:于|时间):?|预计|开抢时间:?|开售时间:?|改咗|改约|覆诊|复诊|定[在于]|[安改排约]在|安排在)[ \n]?$"
);
static DELIVERS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?(?:内|期间?)?(?:(?:到店|来店|到场|前来|前往[^，,。!！]{0,8})?(?:取车|提车|取件|取货|提货|就诊|复查|面签|报到)|送达|到货|发货|送到|到达|派送|停|休|放假|出行|入住|乘机|出发|旅行|起飞|开课|开班|上课|开赛|举行|举办|营业|演出|播出|面试|考试|开考|(?:成立|提交|产生|付款)的(?:订单|包裹))"
);
/// 3日 by itself.
static SPAN_OF_DAYS: LazyLock<Option<Regex>> = pattern!(r"^(?:[0-9]{1,2}|[一二三四五六七八九十廿]{1,3})[ \n]?[日号]");
/// What 3日 follows when it means so many.
static SO_MANY: LazyLock<Option<Regex>> =
    pattern!(r"(?:仅限|只限|限时|最后|仅剩|还剩|只剩|剩余|为期|连续|共|仅)[ \n]?$");
/// What 25日 follows when it means a day.
static DAY_OF: LazyLock<Option<Regex>> = pattern!(
    r"(?:截至|截止(?:时间|日期|日)?(?:到|至|于|为|是)?:?|有效(?:期)?(?:限)?(?:至|到):?|延长(?:到|至)|直至|直到|持续(?:到|至)|最晚|最迟|即日起[至到~-]|[日号0-9][ \n]?[至到~-]|(?:活动|优惠|促销)(?:时间|日期|期限|期间?):?|(?:^|[^改迟整误送寄运达前计等来发收从由])[至到])[ \n]?$"
);
static DAY_END: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n]?(?:(?:之|以)?前(?:[^往台后面]|$)|[,，]?(?:活动|优惠)?(?:截止|结束|为止|止|到期|过期|恢复原价))");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::calendar::tests::local;
    use crate::understand::normal::fold_phrase;

    #[test]
    fn an_end_is_told_from_a_beginning_and_from_days_of_use() {
        // A Friday.
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("12月1日起恢复原价", vec!["2026-12-01T00:00"]),
            ("明天零点恢复原价", vec!["2026-11-21T00:00"]),
            ("仅今天，明日恢复19.8元", vec!["2026-11-21T00:00"]),
            ("早鸟票199，明天18点恢复399", vec!["2026-11-21T18:00"]),
            ("今晚20点后系统关闭", vec!["2026-11-20T20:00"]),
            ("本周日(11月22日)24点截止", vec!["2026-11-23T00:00"]),
            ("会员日12月18日全场88折", vec!["2026-12-19T00:00"]),
            ("优惠到正月十五(2月20日)", vec!["2027-02-21T00:00"]),
            ("元旦前下单免费上门", vec!["2027-01-01T00:00"]),
            ("国庆期间双人票268元", vec!["2027-10-08T00:00"]),
            ("8折券48小时内有效", vec!["2026-11-22T10:00"]),
            ("11月26日前报名立减200，出行日期12月5日-12月20日", vec!["2026-11-27T00:00"]),
            ("购买截止11月29日，有效期至2027年3月31日", vec!["2026-11-30T00:00", "2027-04-01T00:00"]),
            ("入营日期不限周末", vec![]),
            ("会员日全场8.8折，12月10日当天，线下门店同享", vec!["2026-12-11T00:00"]),
            ("每圈15元，每周二至周日开放", vec![]),
            ("逢星期一至五12时前入场，正价戏票60元", vec![]),
            ("这是今年最后一批，售完即下架", vec![]),
            ("春节前夕，提醒商家规范明码标价", vec![]),
            ("车辆已修好，可于12月14日9:00-18:00到店取车，维修费3260元", vec![]),
            ("报到时间为12月29日至30日，住宿费1200元", vec![]),
            ("元旦假期除外", vec![]),
            ("12月1日起全场8折", vec![]),
            ("自取日期12月4日至5日", vec![]),
            // Periods, however they are written.
            ("12.5—12.28,周一休", vec!["2026-12-29T00:00"]),
            ("展期11/25(三)~12/31(四)", vec!["2027-01-01T00:00"]),
            ("方案期间为民國115年12月1日至116年1月20日", vec!["2027-01-21T00:00"]),
            ("2026年12月1日至1月20日下单减50", vec!["2027-01-21T00:00"]),
            ("受理時間為2026年11月至2027年1月", vec!["2027-02-01T00:00"]),
            ("9-12月换购免工费", vec!["2027-01-01T00:00"]),
            ("适用 11–12 月周一至周四", vec!["2027-01-01T00:00"]),
            ("整个十二月(1日至30日)均赠一张", vec!["2026-12-31T00:00"]),
            ("十二月整月(1-31号)沙发8折", vec!["2027-01-01T00:00"]),
            ("整个12月购椅均赠边几", vec!["2027-01-01T00:00"]),
            ("二零二六年十二月一日至二零二七年二月十五日", vec!["2027-02-16T00:00"]),
            ("草莓采摘期为12月中旬至次年4月10日", vec!["2027-04-11T00:00"]),
            ("每月8日至12日,本月牛肉85折", vec!["2026-12-13T00:00"]),
            ("品鉴专场12月12日至25日举行,期间两支装8.8折", vec!["2026-12-26T00:00"]),
            ("适用取车时间11.28-12.30,可异地还车", vec!["2026-12-31T00:00"]),
            ("适用入住日期为12月1日至次年3月31日", vec!["2027-04-01T00:00"]),
            ("预订及入住期:12月1日至12月20日", vec!["2026-12-21T00:00"]),
            // One day, however it is told.
            ("优惠截止日:20261231", vec!["2027-01-01T00:00"]),
            ("赠阅持续至明年三月底", vec!["2027-04-01T00:00"]),
            ("优惠做到明年元宵节", vec!["2027-02-21T00:00"]),
            ("接单至腊月二十", vec!["2027-01-28T00:00"]),
            ("套装销售至本年度12月31日", vec!["2027-01-01T00:00"]),
            ("12月31日(含)之前报名减300元", vec!["2027-01-01T00:00"]),
            ("本季最后适用日为12月25日", vec!["2026-12-26T00:00"]),
            ("有效期至下月30日", vec!["2026-12-31T00:00"]),
            ("年前下单包安装", vec!["2027-02-06T00:00"]),
            ("过了12月8日按原价", vec!["2026-12-09T00:00"]),
            ("12月8日过后恢复98元", vec!["2026-12-09T00:00"]),
            ("12月9日起不再赠送", vec!["2026-12-09T00:00"]),
            ("十二月份都可以来办", vec!["2027-01-01T00:00"]),
            ("做到本季度末", vec!["2027-01-01T00:00"]),
            ("执行到12月中旬", vec!["2026-12-21T00:00"]),
            // Near to these, and no end of an offer.
            ("演出日期11月28日至12月3日", vec![]),
            ("出发日期:12月5日至3月20日", vec![]),
            ("入住日期12月5日至12月7日", vec![]),
            ("7-8月是出行旺季", vec![]),
            ("适合3-6月龄宝宝", vec![]),
            ("每月8日至12日抄表", vec![]),
            ("十年前的老价钱", vec![]),
            ("3-5月上市的新茶", vec![]),
            ("12月上旬发货", vec![]),
            ("订单编号20261231004", vec![]),
            ("12月12日至15日举行", vec![]),
            ("交货期12月初", vec![]),
            ("积分不再年底清零", vec![]),
            ("剪发38元，营业到腊月廿九", vec![]),
            ("年前烫染需提前预约，套餐298元", vec![]),
            // Ends of this day and of others, as shops close.
            ("今晚12點截！！雪櫃減$500", vec!["2026-11-21T00:00"]),
            ("团购69元，今晚十点关团", vec!["2026-11-20T22:00"]),
            ("23:59自动失效，88元红包", vec!["2026-11-21T00:00"]),
            ("内购会三折起，下午5点准时清场", vec!["2026-11-20T17:00"]),
            ("储值卡烧鹅58元，周日晚关门", vec!["2026-11-23T00:00"]),
            ("今天下班前付定金享9折", vec!["2026-11-21T00:00"]),
            ("本周日闭店前结束，大衣1折", vec!["2026-11-23T00:00"]),
            ("十块钱一米，就今天，下雨也卖", vec!["2026-11-21T00:00"]),
            ("感恩节全场3件8折，时间11月24日至11/30", vec!["2026-12-01T00:00"]),
            ("早鸟价388元(12月18日及以前下单)，之后460元", vec!["2026-12-19T00:00"]),
            ("老学员700，12月23日9点开课前交费都按这个价", vec!["2026-12-23T09:00"]),
            ("深夜档22点-24点全场6.6折", vec!["2026-11-21T00:00"]),
            ("每晚22点-24点全场6.6折", vec![]),
            ("我这儿还是20，就剩今明两天", vec!["2026-11-22T00:00"]),
            ("活动只到这周日打烊21:30", vec!["2026-11-22T21:30"]),
            ("優惠至年廿八(2月4日)", vec!["2027-02-05T00:00"]),
            ("今天是早鸟价最后一天", vec!["2026-11-21T00:00"]),
            ("降价仅维持12小时", vec!["2026-11-20T22:00"]),
            ("清明前付清尾款享此价", vec!["2027-04-05T00:00"]),
            ("百天照88元就今天", vec!["2026-11-21T00:00"]),
            ("运费全免，只有今天", vec!["2026-11-21T00:00"]),
            ("直播券立减50，8点半就下播", vec!["2026-11-20T20:30"]),
            ("精酿第二杯半价，今晚两点前", vec!["2026-11-21T02:00"]),
            ("宽带0元装机今晚24点系统自动关闭", vec!["2026-11-21T00:00"]),
            ("您的会员价198元将在明早9点消失", vec!["2026-11-21T09:00"]),
            ("11月25、26、27日全场8折", vec!["2026-11-28T00:00"]),
            ("周日至周四入住享7折", vec![]),
            ("双12前最后一批仓位，月租500", vec![]),
            ("28号、29号全满，搬家298元", vec![]),
            ("晚上八点前都有人在店里，换电池99", vec![]),
            ("撑到今年底，每桌880元", vec![]),
            ("12月2日至5日的海景房仅剩3间，468元", vec![]),
            ("培训班每月1号都开班，学费1800", vec![]),
            ("每月1日、15日开班，减800元", vec![]),
            ("客服每天在线到晚上十一点，600元起", vec![]),
            ("演出季从12月15日到12月31日，套票880元", vec![]),
            ("12月的读书会定在14号下午，免费", vec![]),
            ("周二到周日下午都有老师在，免费试听", vec![]),
        ] {
            let ends = ends_in(&now, &fold_phrase(text), true, true);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }
}
