//! Which days are those on which a shop is open, or come every week and month? 每周二至周日开放, 周一至周四10点到22点,
//! 晚上八点前都有人在店里, 不限周末: they end nothing.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::ends_zh::About;
use crate::understand::patterns::{pattern, says};

/// Whether the words before a moment except it: 不限周末, 除周六日.
pub(in crate::understand) fn is_left_aside(lead: &str) -> bool {
    says(&EXCEPT, lead)
}

/// Whether the words before a moment tell that it comes every week or every day.
pub(in crate::understand) fn is_every_day(lead: &str) -> bool {
    says(&EVERY_DAY, lead)
}

/// 9月每周三 and 每月8日至12日 recur, 周一至周四 are when the shop is open: whether days that come again end something.
pub(in crate::understand) fn of_days_that_recur(about: &About<'_>) -> Option<bool> {
    let About { words, moment, joined, .. } = *about;
    // 每月8日至12日,本月牛肉85折 tells this month's.
    let is_monthly =
        about.is_stretch() && about.first_lead().ends_with("每月") || moment.is_range && about.lead.ends_with("每月");
    if about.offers && is_monthly {
        return Some(says(&THIS_MONTH, about.tail));
    }
    // 周一至周四, 10点到22点 are when the shop is open.
    let first = joined.filter(|first| first.is_bare).and_then(|first| words.get(first.range.clone()));
    if moment.is_bare && first.is_some_and(|first| moment.is_clock || first.contains('一')) {
        return Some(false);
    }
    // 周二到周日,下午一点到晚上九点.
    if moment.is_bare && first.is_some() && says(&HOURS_THEN, about.tail) {
        return Some(false);
    }
    // 12月1日到1月20日,周日至周四入住: the first of the two was told with the date.
    if moment.is_bare && joined.is_none() && says(&FROM_WEEKDAY, about.lead) {
        return Some(false);
    }
    // 周日至周四入住: days of use, since a sale does not run backwards.
    let is_backwards = moment.is_bare && first.is_some_and(|first| first.ends_with(['日', '天']));
    is_backwards.then_some(false)
}

/// Whether somebody is there then, or something is free; or it is so every week.
pub(in crate::understand) fn is_open_then(about: &About<'_>) -> bool {
    let About { moment, tail, before, joined, .. } = *about;
    // 双11前最后一批仓位: the last before a day, not until it; 晚上八点前都有人在店里.
    if says(&LAST_BEFORE, tail) || moment.is_bare && moment.is_clock && says(&MANNED, tail) {
        return true;
    }
    // 10月2日至5日的海景房: of what is for sale.
    if says(&OF_THE_WARES, tail) && about.is_stretch() {
        return true;
    }
    // 周二到周日下午都有老师在.
    if moment.is_bare && joined.is_some_and(|first| first.is_bare) && says(&IS_OPEN, tail) {
        return true;
    }
    // 每周二至周日开放, 逢星期一至五12时前: so every week.
    let recurs = before.is_some_and(|first| {
        first.is_bare && says(&RECURS, about.lead_before()) && moment.range.start - first.range.end <= "至五上午".len()
    });
    moment.is_bare && recurs || says(&EXCEPT, about.lead)
}

/// 不限周末, 节假日除外.
static EXCEPT: LazyLock<Option<Regex>> =
    pattern!(r"(?:不限|不含|不包括|不分|不再|不会|除了?|避开|非|无论|(?:营业|上班|在线|值班|在店)[到至])[ \n]?$");
static EVERY_DAY: LazyLock<Option<Regex>> =
    pattern!(r"[每逢]$|(?:每天|每晚|每日|每周|天天|逢|工作日|平日|周[一二三四五六日末]|早市|夜市)[^，,。!！]{0,12}$");
/// 六一前最后一次大促.
static LAST_BEFORE: LazyLock<Option<Regex>> =
    pattern!(r"^节?(?:之|以)?前(?:的)?(?:最后|仅剩|就剩|只剩)(?:一|的|这)?[^，,。天日]{0,3}[批次波轮场班车拨期]");
/// 晚上八点前都有人在店里.
static MANNED: LazyLock<Option<Regex>> =
    pattern!(r"^(?:之|以)?前(?:都|均|一直)?(?:有人|在店|在线|营业|开门)|^(?:之|以)?前(?:都|均)在");
/// 10月2日至5日的海景房.
static OF_THE_WARES: LazyLock<Option<Regex>> =
    pattern!(r"^的[^，,。!！]{0,8}(?:房|票|航班|床|团|车|座|档期|场次|席位|班次|船)");
/// 每月8日至12日,本月….
static THIS_MONTH: LazyLock<Option<Regex>> = pattern!(r"^[^。!！?？]{0,12}(?:本月|这个?月|当月)");
/// 周二到周日下午都有老师在: when the shop is open.
static IS_OPEN: LazyLock<Option<Regex>> =
    pattern!(r"^(?:上午|下午|晚上|白天|全天)?[,，]?(?:都有|均有|都在|均在|都可|均可|开放|营业|照常|有人)");
/// 每周五, 营业时间: what recurs is no end.
pub(in crate::understand) static RECURS: LazyLock<Option<Regex>> =
    pattern!(r"(?:每|逢|营业时间:?|服务时间:?|工作时间:?|开放时间:?|至每|上|去年)[ \n]?(?:天|日|晚|月|年)?$");
/// 周二到周日,下午一点到晚上九点.
static HOURS_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[,，:]?[ \n]?(?:上午|下午|中午|早上|清晨|早|晚上)?(?:[0-9]{1,2}:|[0-9一二三四五六七八九十]{1,3}点)[^，,。!！]{0,6}[至到~-]"
);
/// 周日至: before a day of the week.
static FROM_WEEKDAY: LazyLock<Option<Regex>> = pattern!(r"(?:周|星期|礼拜)[一日天][至到~-]$");
