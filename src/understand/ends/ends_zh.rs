//! Ends told in Chinese: 截至11月30日, 仅限今日, 今晚24点, 本周末截止, 最后3天, 限时24小时.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::moments::{Moment, NamedMoments};
use crate::understand::ends::claim::{ENDS_MAX, End};
use crate::understand::ends::closes_zh::{self, closes_as_usual, shuts};
use crate::understand::ends::open_days_zh::{RECURS, is_left_aside, is_open_then, of_days_that_recur};
use crate::understand::ends::other_days_zh::is_of_something_else;
use crate::understand::ends::sale_days_zh::{is_held_with_a_sale, is_just_today, is_of_a_deal, of_days_of_sale};
use crate::understand::ends::stretches_zh::{from_receipt, time_left};
use crate::understand::ends::turned_zh::{begin_of, is_left_out, turns_after, turns_back};
use crate::understand::ends::until_zh::{self, of_days, until_at};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// How far back the words stand that make a moment an end.
const LEAD_BYTES_MAX: usize = 64;

/// The ends of Chinese words (see [`ends_among`]).
#[cfg(test)]
pub(in crate::understand) fn ends_in(now: &Zoned, words: &str, offers: bool, of_use: bool) -> Vec<End> {
    let moments = crate::understand::days::days_zh::moments_in(now, words);
    if words.is_ascii() { Vec::new() } else { ends_among(now, words, &moments, offers, of_use) }
}

/// The ends normalised words tell, of the moments they name; `offers`: they take something off, or name a price; `of_use`: days
/// of use may be the days of the offer, since the message tells no other end.
pub(in crate::understand) fn ends_among(
    now: &Zoned,
    words: &str,
    moments: &[Moment],
    offers: bool,
    of_use: bool,
) -> Vec<End> {
    let mut ends = told_in(now, words, moments, offers, false);
    if ends.is_empty() && of_use && !moments.is_empty() {
        ends = told_in(now, words, moments, offers, true);
    }
    if ends.is_empty() {
        ends.extend(from_receipt(now, words).or_else(|| time_left(now, words)));
    }
    ends
}

/// 只有一天: where something is sold and no other end is told.
pub(in crate::understand) fn one_day(now: &Zoned, words: &str, named: &NamedMoments) -> Option<End> {
    // Which day is named is asked of the few sentences that may mean it.
    closes_zh::may_name_one_day(words).then(|| closes_zh::one_day(now, words, named.chinese(now, words)))?
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
        let about = About::of(words, moment, before, own).map(|about| About { offers, of_use, ..about });
        if ends.len() < ENDS_MAX && !begins && about.is_some_and(|about| is_end(&about).unwrap_or(false)) {
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

/// A moment that is asked whether it is an end, and what stands around it.
pub(in crate::understand) struct About<'m> {
    /// The sentence.
    pub words: &'m str,
    pub moment: &'m Moment,
    /// The words of the moment.
    pub own: &'m str,
    /// What stands before it, as far as it tells.
    pub lead: &'m str,
    /// What stands behind it, up to the words that speak of another moment.
    pub tail: &'m str,
    /// The moment told before it.
    pub before: Option<&'m Moment>,
    /// The same, if the two are the beginning and the end of a stretch.
    pub joined: Option<&'m Moment>,
    /// What stands between the two.
    pub gap: &'m str,
    /// The sentence takes something off, or names a price.
    pub offers: bool,
    /// Whether days of use may be the days of the offer.
    pub of_use: bool,
}

impl<'m> About<'m> {
    /// `until`: the words behind this place speak of another moment.
    pub fn of(words: &'m str, moment: &'m Moment, before: Option<&'m Moment>, until: usize) -> Option<About<'m>> {
        let tail = words.get(moment.range.end..until)?;
        // 5月31日(含)之前.
        let included = INCLUDED.as_ref()?.find(tail).map_or(0, |included| included.end());
        Some(About {
            words,
            moment,
            own: words.get(moment.range.clone())?,
            lead: lead_of(words, moment),
            tail: tail.get(included..)?,
            before,
            joined: before.filter(|before| joins(words, before, moment)),
            gap: words.get(before.map_or(0, |before| before.range.end)..moment.range.start)?,
            offers: false,
            of_use: false,
        })
    }

    /// Told with its beginning.
    pub fn is_stretch(&self) -> bool {
        self.moment.is_range || self.joined.is_some()
    }

    /// What stands before the stretch that it ends.
    pub fn first_lead(&self) -> &'m str {
        lead_of(self.words, self.joined.unwrap_or(self.moment))
    }

    /// What stands before the moment told before it.
    pub fn lead_before(&self) -> &'m str {
        self.before.map_or("", |before| lead_of(self.words, before))
    }

    /// It is delivered or held then.
    pub fn delivers(&self) -> bool {
        says(&DELIVERS, self.tail)
    }

    /// Something begins then, in the words behind it.
    pub fn begins(&self) -> bool {
        says(&BEGINS, self.tail)
    }

    /// The same, in the words before it.
    pub fn begins_behind(&self) -> bool {
        says(&BEGINS_AT, self.lead)
    }

    /// Those words tell when it is used.
    pub fn is_used_after(&self, lead: &str) -> bool {
        says(&IS_USED, lead)
    }
}

/// Whether the words around the moment say that something ends there; none where they do not tell.
pub(in crate::understand) fn is_end(about: &About<'_>) -> Option<bool> {
    let About { words, moment, lead, tail, joined, offers, .. } = *about;
    // 三天后零点: a stretch of time.
    if moment.is_clock && says(&DAYS_LATER, lead) {
        return Some(false);
    }
    let is_alone = joined.is_none_or(|_| !moment.is_clock);
    if is_alone && shuts(words, moment) && !says(&RECURS, lead) && !is_left_aside(lead) {
        return Some(true);
    }
    if closes_as_usual(words, moment) || !is_held_with_a_sale(about) && is_of_another_thing(about) {
        return Some(false);
    }
    if is_of_a_deal(about) {
        return Some(true);
    }
    if is_of_use(about) {
        return Some(false);
    }
    if let Some(is_end) = of_days_that_recur(about) {
        return Some(is_end);
    }
    if is_just_today(about) {
        return Some(true);
    }
    if is_open_then(about) {
        return Some(false);
    }
    if turns_back(words, moment, offers) || turns_after(words, moment, offers) {
        return Some(true);
    }
    if says(&RECURS, lead)
        || !about.is_stretch() && (about.begins() || about.begins_behind())
        || says(&AS_OF, lead) && says(&AS_OF_THEN, tail)
    {
        return Some(false);
    }
    if let Some(is_end) = of_days_of_sale(about).or_else(|| of_days(about)) {
        return Some(is_end);
    }
    if is_held_with_a_sale(about) { Some(true) } else { until_zh::of_any(about) }
}

/// It is held, fetched or repaired then.
fn is_of_another_thing(about: &About<'_>) -> bool {
    let first = about.first_lead();
    let of_use = (about.of_use, about.of_use && says(&HOLDS_FOR, first));
    is_of_something_else((first, about.lead), about.tail, about.moment, about.is_stretch(), of_use, about.own)
}

/// 旅行时间10月10日-12月20日: the days on which it is used are no end of the offer.
fn is_of_use(about: &About<'_>) -> bool {
    let used = |lead: &str| about.is_used_after(lead) && !(about.of_use && says(&HOLDS_FOR, lead));
    used(about.lead) || used(about.first_lead())
}

/// Where the words begin that make the next moment an end.
fn ends_next(words: &str, moment: &Moment, next: &Moment) -> Option<usize> {
    let gap = words.get(moment.range.end..next.range.start)?;
    Some(moment.range.end + until_at(gap)?)
}

fn lead_of<'w>(words: &'w str, moment: &Moment) -> &'w str {
    let start = moment.range.start;
    words.get(words.floor_char_boundary(start.saturating_sub(LEAD_BYTES_MAX))..start).unwrap_or_default()
}

/// 11月20日10:00至12月1日: the first of the two is a beginning.
pub(in crate::understand) fn joins(words: &str, moment: &Moment, next: &Moment) -> bool {
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

/// Between two moments: the second one ends what the first begins.
static JOINS: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n)]?(?:\((?:包?含|不含)[^)]{0,6}\))?(?:起|开始)?[ \n]?(?:[至到~-]{1,2}|持续到|截止到?)[ \n]?$");
/// What is used, travelled or delivered then, not bought until then.
static IS_USED: LazyLock<Option<Regex>> = pattern!(
    r"(?:旅行|旅游|出行|出发|演出季|音乐季|乘机|乘车|航班|飞行|返程|入住|住宿|观影|观演|演出|上课|开课|授课|培训|发货|配送|送达|到货|取货|取件|提货|考试|比赛|会议|直播|展览|开奖|开播|服务|生产|施工|自取|自提|取餐|提车|取车|报到|签到|就诊|入营|入园|用餐|就餐|送餐|接种|执教|直播|签售|试驾|看房)(?:时间|日期?|有效期|期限|期间?|时段)?(?:为|是|从|自|:)?[ \n]?$"
);
/// 适用入住日期, 预订及入住期: of the days of use, those for which the offer is made.
static HOLDS_FOR: LazyLock<Option<Regex>> = pattern!(
    r"(?:适用|可用|可选|有效|优惠|特价|套票|套餐)的?[^，,。;；:]{0,4}(?:入住|住宿|取车|提车|用车|乘机|乘车|出行|旅行|拍摄|用餐|就餐|游玩|入园|观影|服务|使用)[^，,。;；]{0,4}(?:为|是|:)?[ \n]?[^，,。;；]{0,32}$|(?:预订|预约|预定|购买|购票|下单|兑换|报名)(?:及|和|与|、|/)[^，,。;；]{1,8}(?:为|是|:)?[ \n]?[^，,。;；]{0,32}$"
);
static DAYS_LATER: LazyLock<Option<Regex>> = pattern!(r"[0-9一二两三四五六七八九十][天日](?:之|以)?后的?$");
/// 31日(含)之前, 3月25日(含当日)前.
static INCLUDED: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?\((?:包?含|包括)[^)]{0,12}\)");
/// 截至11月20日，您已使用…: the day of an account, not the end of an offer.
static AS_OF: LazyLock<Option<Regex>> = pattern!(r"(?:截至|截止)(?:到|至|于)?[ \n]?$");
static AS_OF_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[,，]?[ \n]?(?:当月|本月|套餐|已|共有|累计|账户|目前|剩余|(?:您|你)(?:的|已|定制|有|在|名下|本|当|账|尾|套餐)|[^，,。!！]{0,10}(?:只剩|还剩|仅剩|已售|已报|售出|剩下|余)[0-9一二两三四五六七八九十]{1,3}[^天日小0-9])"
);
/// 11月20日起, 今晚8点开抢: a beginning.
static BEGINS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[)]?(?:起(?:$|[^至到~-])|开始|开启|开抢|开售|开门|开业|开幕|首发|上线|上市|上架|启动|发售|预售|见|送达|到货|发货|到店|起飞|出发)"
);
static BEGINS_AT: LazyLock<Option<Regex>> = pattern!(
    r"(?:自|从|始于|开始(?:于|时间):?|预计|开抢时间:?|开售时间:?|改咗|改约|覆诊|复诊|定[在于]|[安改排约]在|安排在)[ \n]?$"
);
static DELIVERS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?(?:内|期间?)?(?:(?:到店|来店|到场|前来|前往[^，,。!！]{0,8})?(?:取车|提车|取件|取货|提货|就诊|复查|面签|报到)|送达|到货|发货|送到|到达|派送|停|休|放假|开营|出行|入住|乘机|出发|旅行|起飞|开课|开班|上课|开赛|举行|举办|营业|演出|播出|面试|考试|开考|(?:成立|提交|产生|付款)的(?:订单|包裹))"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

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
            ("12月1日到次年1月20日,周日至周四入住住二免一", vec!["2027-01-21T00:00"]),
            // Doors, lists, lamps and prices that somebody shuts, prints or changes.
            ("周五傍晚六点我封窑门，260元一位", vec!["2026-11-20T18:00"]),
            ("今晚八点锁名单，180元一位", vec!["2026-11-20T20:00"]),
            ("7折券包19.9元，今晚9点准时停发", vec!["2026-11-20T21:00"]),
            ("会员价599，晚上10点收银系统切价", vec!["2026-11-20T22:00"]),
            ("夜场票59元，明天中午12点系统撤票", vec!["2026-11-21T12:00"]),
            ("今晚七点拉铁门，欧包半价", vec!["2026-11-20T19:00"]),
            ("锁价11月26日(周四)18:00自动解除", vec!["2026-11-26T18:00"]),
            ("0点后链接就变灰，第3盒0元", vec!["2026-11-21T00:00"]),
            ("专属价只锁24小时，减400", vec!["2026-11-21T10:00"]),
            ("景观房就剩一间，我替您按住半小时", vec!["2026-11-20T10:30"]),
            ("跨年团截单就剩30小时，980元", vec!["2026-11-21T16:00"]),
            ("去年到最后两天有人加价，今年98元", vec![]),
            ("今晚最后两桌靠窗位，两人520", vec![]),
            ("12月的读书会定在14号下午，免费", vec![]),
            ("周二到周日下午都有老师在，免费试听", vec![]),
        ] {
            let ends = ends_in(&now, &fold_phrase(text), true, true);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }
}
