//! Which days are those of a sale, so that it ends with them? 会员日3月18日全场88折, 这个周末七折, 整个十一月, 今晚下单只要298.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::ends_zh::About;
use crate::understand::ends::open_days_zh::{RECURS, is_every_day};
use crate::understand::ends::until_zh::{is_until, is_within};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// 22点-24点全场6.6折, 今天是早鸟价最后一天, 今晚下单只要298: what the words behind it sell then.
pub(in crate::understand) fn is_of_a_deal(about: &About<'_>) -> bool {
    let About { moment, own, tail, offers, .. } = *about;
    // 22点-24点全场6.6折, 8点到10点,下播改价.
    let is_hours = offers && moment.is_clock && about.joined.is_some();
    if is_hours && says(&DEAL_THEN, tail) && !is_every_day(about.first_lead()) {
        return true;
    }
    // 今天是暑期价最后一天, 今晚下单只要298.
    let is_today = own.starts_with('今') && !moment.is_range;
    says(&LAST_DAY_OF, tail) || offers && is_today && says(&BOUGHT_TODAY, tail)
}

/// 就今天, 只剩今晚; 只剩周二晚一个空档 is what is free.
pub(in crate::understand) fn is_just_today(about: &About<'_>) -> bool {
    let own = about.own;
    own.starts_with('今')
        && !about.moment.is_range
        && own.len() <= "今明两天".len()
        && !own.contains(['年', '月'])
        && says(&JUST, about.lead)
}

/// Of days that are those of a sale, or only may be: whether they end it.
pub(in crate::understand) fn of_days_of_sale(about: &About<'_>) -> Option<bool> {
    let About { moment, own, lead, tail, before, offers, .. } = *about;
    let listed = moment.kind == DeadlineKind::Absolute && matches!(about.gap, "、" | "和" | "及" | "&");
    if before.is_some() && listed {
        let lead = about.lead_before();
        let is_busy = about.is_used_after(lead) || says(&RECURS, lead) || says(&TAKEN, tail);
        return Some(!is_busy && !about.delivers());
    }
    // 12月10日当天，线下同享: the day of a sale.
    if offers && moment.kind == DeadlineKind::Absolute && says(&THAT_DAY, tail) {
        return Some(!about.begins_behind());
    }
    // 9-11月换购免工费, 整个十一月, 十月整月: all of them; 7-8月是旺季 is none.
    let is_whole = || moment.is_range || lead.ends_with("整个") || says(&WHOLE, tail);
    if own.ends_with(['月', '份']) && offers && is_whole() {
        return Some(!about.delivers() && !says(&OF_SEASON, tail) && !about.begins());
    }
    // 年前下单: told with its own end.
    if own == "年前" {
        return Some(offers && says(&BOUGHT_THEN, tail));
    }
    // 截至12月 and 12月内 are ends; 5月最后机会 and 今年最后一批 are none, nor is 12月初.
    if own.ends_with(['月', '份', '年', '旬', '初']) && !moment.is_range {
        return Some(is_until(lead) || is_within(tail));
    }
    // 这个周末七折, 周六日两天: the days of a sale.
    let is_days_of_sale = offers && says(&DAYS_OF_SALE, own)
        || own.ends_with("周末") && (own.len() > "周末".len() && offers || tail.starts_with("两天"));
    if is_days_of_sale || own.ends_with('内') || is_within(tail) {
        return Some(!about.delivers());
    }
    // 国庆期间…双人票268元; 会员日3月18日全场88折: the day of a sale is its end.
    let is_day_told = moment.kind == DeadlineKind::Absolute && about.joined.is_none() && says(&OFFERS_THEN, tail);
    let is_days_off = offers && moment.is_name && says(&DAYS_OFF, tail);
    (is_days_off || is_day_told && !about.begins_behind()).then_some(true)
}

/// 品鉴专场4月12日至25日举行,期间8.8折.
pub(in crate::understand) fn is_held_with_a_sale(about: &About<'_>) -> bool {
    about.offers && about.is_stretch() && says(&HELD_THEN, about.tail)
}

/// 就今天.
static JUST: LazyLock<Option<Regex>> = pattern!(r"(?:只剩|只有|就(?:是|到|剩)?|(?:^|[,，。!！ \n])得(?:返)?)[ \n]?$");
/// 全场6.6折 behind a range of hours.
static DEAL_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[,，]?(?:[^，,。!！0-9]{0,6}(?:[0-9一二三四五六七八九](?:\.[0-9])?[ ]?折|半价|买[一二三1-9][送赠]|立减|秒杀)|[^，,。!！]{0,3}(?:下播|散场|过时不候|过点|逾期不候))"
);
/// 今天是早鸟价最后一天; 明天是8月的最后一天,也是这个价的最后一天.
static LAST_DAY_OF: LazyLock<Option<Regex>> = pattern!(
    r"^(?:就?是|[,，])[^。!！?？\n]{0,20}?(?:价格?|惠|折扣?|活动|报名|促销?|特卖|团购|预售|早鸟|福利|清仓|大促|[节季庆]卡?)[^，,。!！不没0-9]{0,3}最后(?:一|1)(?:天|日|晚|夜)"
);
/// 今晚下单只要298, 今天报按680收, 今晚订折200.
static BOUGHT_TODAY: LazyLock<Option<Regex>> = pattern!(
    r"^(?:内|就)?(?:下单|下定|报名?|预?订|付款?|买|拍|交|定|充|办)[^，,。!！0-9前]{0,5}?(?:只要|只需|仅需|仅|就是?|按|折|减|省|享|优惠|便宜)[ ]?(?:nt|hk)?[¥$]?[0-9]"
);
/// 28号、29号全满.
static TAKEN: LazyLock<Option<Regex>> =
    pattern!(r"^[^，,。!！]{0,10}?(?:全满|已满|满了|约满|变红|没了|没有了|订满|售罄|还有|仅剩|只剩)");
/// 年前下单; 年前烫染需提前预约 tells of a busy time.
static BOUGHT_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^(?:下单|下定|订|预订|预定|预约|办|充|预存|购|买|报名|签|到店|来店|进店|成交|付|装|入手|囤)[^，,。!！]*(?:[，,]|[赠送减免享折包抵省])"
);
/// 十月整月, 11月全月.
static WHOLE: LazyLock<Option<Regex>> = pattern!(r"^(?:一?整个?月|全月|(?:全|全部)?都(?:可|能)|均可)");
/// 7-8月是旺季: of the weather and of fruits.
static OF_SEASON: LazyLock<Option<Regex>> =
    pattern!(r"^(?:是|为|正|的|气温|天气|成熟|开花|盛|采收|结|新|间?(?:举行|举办|开学|出发|出行|考试))");
/// 举行,期间两支装8.8折.
static HELD_THEN: LazyLock<Option<Regex>> =
    pattern!(r"^(?:举行|举办|进行|开展|推出)[^，,。!！]{0,8}[，,][ \n]?(?:活动|展会|展览)?期间");
/// 周六日两天, 周六、周日.
static DAYS_OF_SALE: LazyLock<Option<Regex>> = pattern!(r"六[、和及&,，~-]?(?:周|星期|礼拜)?[日天]");
/// 3月18日全场88折.
static OFFERS_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?(?:当天|当日|这天|一天)?[,，]?(?:全场|全店|全馆|全线|全部|全单|所有|会员|店内|到店|进店|消费|下单|单笔|满[0-9])[^，。,!！?？]{0,10}(?:[0-9一二三四五六七八九]折|立?减[0-9]|半价)"
);
/// 12月10日当天，线下门店同享.
static THAT_DAY: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?当[天日](?:[,，。;；!！]|$)");
/// 国庆期间, 五一假期.
static DAYS_OFF: LazyLock<Option<Regex>> =
    pattern!(r"^节?(?:期间|假期|长假|黄金周)(?:[^不正照除快物停放暂客收关早0-9]|$)");
