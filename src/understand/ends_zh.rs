//! Ends told in Chinese: 截至11月30日, 仅限今日, 今晚24点, 本周末截止, 最后3天, 限时24小时.

use std::sync::LazyLock;

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan, Zoned};
use regex::{Captures, Regex};

use super::calendar::{count, date_of, day_of_month, days_after, end_of, monday_of, number, seconds_from};
use super::meaning::DeadlineKind;

/// The end normalised words tell, if they tell one. `digit`: there is one in them.
pub(super) fn end_in(now: &Zoned, words: &str, digit: bool) -> Option<(Timestamp, DeadlineKind)> {
    if words.is_ascii() {
        return None;
    }
    let date = if digit { date(now, words).or_else(|| day_number(now, words)) } else { None };
    date.map(|at| (at, DeadlineKind::Absolute))
        .or_else(|| named_day(now, words).map(|at| (at, DeadlineKind::Relative)))
        .or_else(|| from_receipt(now, words).map(|at| (at, DeadlineKind::FromReceipt)))
        .or_else(|| time_left(now, words).map(|at| (at, DeadlineKind::Relative)))
}

fn date(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = DATE_AFTER_WORD
        .as_ref()?
        .captures(words)
        .or_else(|| DATE_BEFORE_WORD.as_ref()?.captures(words))
        .or_else(|| DATE_IN_FIGURES.as_ref()?.captures(words))?;
    let (month, day) = (number(&found, "month")?, number(&found, "day")?);
    // 11月20日至30日: a range ends with its second day, in the first one's month unless it says another.
    let (month, day) = (number(&found, "to_month").unwrap_or(month), number(&found, "to_day").unwrap_or(day));
    let date = date_of(now, number(&found, "year"), month, day)?;
    end_of(date, clock(&found), now.time_zone())
}

/// 仅限20日当天, 截至20号: a day of a month that is not named, never so many days.
fn day_number(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = DAY_NUMBER.as_ref()?.captures(words)?;
    end_of(day_of_month(now, number(&found, "day")?)?, None, now.time_zone())
}

fn named_day(now: &Zoned, words: &str) -> Option<Timestamp> {
    let today = now.date();
    let zone = now.time_zone();
    let found = DAY_AFTER_WORD.as_ref()?.captures(words).or_else(|| DAY_BEFORE_WORD.as_ref()?.captures(words))?;
    let day = found.name("named")?.as_str();
    let next_week = i64::from(day.starts_with('下')) * 7;
    let date = match day {
        "今日" | "今天" | "今晚" | "今夜" | "当天" | "当日" => today,
        "明天" | "明日" | "明晚" => today.tomorrow().ok()?,
        "月底" | "本月底" | "本月末" | "月末" | "这个月底" | "本月" => today.last_of_month(),
        "下月底" => today.checked_add(1.month()).ok()?.last_of_month(),
        "年底" | "本年底" => today.last_of_year(),
        "周末" | "本周末" | "这周末" | "本周" | "这个周末" | "下周末" => {
            days_after(monday_of(today)?, 6 + next_week)?
        }
        _ => {
            let weekday = weekday(day.chars().next_back()?)?;
            let date = days_after(monday_of(today)?, i64::from(weekday.to_monday_zero_offset()) + next_week)?;
            // 周三 said on a Friday is next week's; 本周三 is gone.
            let gone = date < today && !day.starts_with('本') && !day.starts_with('这');
            if gone { days_after(date, 7)? } else { date }
        }
    };
    let night = day.ends_with(['晚', '夜']);
    let clock = clock(&found).map(|(hour, minute)| match hour {
        // 今晚12点 and 今晚0点 are the midnight that ends the day.
        0 | 12 if night => (24, 0),
        1..=11 if night => (hour + 12, minute),
        _ => (hour, minute),
    });
    end_of(date, clock, zone)
}

/// 7天内有效, 有效期7天, 收到后3天内, 您…24小时内下单. Nothing where a countdown runs for everybody
/// (限时48小时, 最后3天).
fn from_receipt(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = FROM_RECEIPT.as_ref()?.captures(words)?;
    if TIME_LEFT.as_ref()?.captures_iter(words).any(|left| left.name("lead").is_some()) {
        return None;
    }
    // 48小时内下单 by itself calls on everybody; it is one's own when it speaks of what is yours.
    if found.name("order").is_some() && !words.get(..found.get(0)?.start())?.contains(['您', '你']) {
        return None;
    }
    let amount = count(found.name("count").or_else(|| found.name("counted"))?.as_str())?;
    let each = match found.name("unit").or_else(|| found.name("united"))?.as_str() {
        "分钟" => 60,
        "小时" | "个小时" | "h" => 3_600,
        "周" => 7 * 86_400,
        "个月" => 30 * 86_400,
        _ => 86_400,
    };
    seconds_from(now, amount, each)
}

fn time_left(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = TIME_LEFT.as_ref()?.captures(words)?;
    let lead = found.name("lead").map_or("", |lead| lead.as_str());
    if lead.is_empty() && found.name("tail").is_none() {
        return None;
    }
    let amount = count(found.name("count")?.as_str())?;
    let unit = found.name("unit")?.as_str();
    // 最后一天 names no day: a last chance.
    if lead == "最后" && amount == 1 && matches!(unit, "天" | "日") {
        return None;
    }
    match unit {
        "分钟" => seconds_from(now, amount, 60),
        "小时" | "个小时" | "h" => seconds_from(now, amount, 3_600),
        "周" => seconds_from(now, amount, 7 * 86_400),
        // 最后3天 counts today as one of them; 3天内 counts from this moment.
        _ if matches!(lead, "最后" | "限时" | "仅限") => {
            end_of(days_after(now.date(), amount - 1)?, None, now.time_zone())
        }
        _ => seconds_from(now, amount, 86_400),
    }
}

fn clock(found: &Captures<'_>) -> Option<(i64, i64)> {
    let hour = number(found, "hour")?;
    let hour = match found.name("part").map_or("", |part| part.as_str()) {
        "晚上" | "晚" if hour == 12 || hour == 0 => 24,
        "晚上" | "晚" | "下午" if hour < 12 => hour + 12,
        _ => hour,
    };
    Some((hour, number(found, "minute").unwrap_or(0))).filter(|(hour, _)| *hour <= 24)
}

fn weekday(day: char) -> Option<Weekday> {
    let at = "一二三四五六".chars().position(|known| known == day).unwrap_or(6);
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

macro_rules! words {
    (until) => {
        r"(?:截至|截止|截止(?:时间|日期)?(?:到|至|于|为|是|:)|有效期(?:限)?(?:至|到|:)?|活动(?:时间|期间?)?(?:至|到|截止到?|:)|持续(?:到|至)|延长至|仅限(?:于)?|仅到|只到|仅在|直至|直到|[至到~-]|前往|倒数)[ \n]?"
    };
    (ends) => {
        r"[ \n]?(?:之?前(?:下单|购买|有效|抢|付|使用|领|完成|参与|享|可)|之?前[,，!！。]?$|[,，]?[ \n]?(?:活动|优惠|促销)?(?:截止|结束|止[ \n]|止[,，。!！]|止$|为止|过期|到期|失效|恢复原价|收官|关闭|最后)|(?:限定|专享价?|有效|限时|特供|一天|疯抢))"
    };
    (date) => {
        r"(?:(?P<year>20[0-9]{2})[ \n]?年[ \n]?)?(?P<month>[0-9]{1,2})[ \n]?月[ \n]?(?P<day>[0-9]{1,2})(?:[ \n]?[日号])?(?:[ \n]?[至到~-][ \n]?(?:20[0-9]{2}年)?(?:(?P<to_month>[0-9]{1,2})月)?(?P<to_day>[0-9]{1,2})[日号])?"
    };
    (day) => {
        r"(?P<named>今日|今天|今晚|今夜|当天|当日|明天|明日|明晚|本月底|本月末|下月底|这个月底|月底|月末|年底|本周末|这个?周末|下周末|周末|(?:本|这|下)?(?:个)?(?:周|星期|礼拜)[一二三四五六日天])"
    };
    (clock) => {
        r"(?:[ \n]?(?P<part>晚上|下午|上午|中午|早上|凌晨|晚)?[ \n]?(?P<hour>[0-9]{1,2})[ \n]?(?:[点时]|:(?P<minute>[0-9]{2}))(?:整|半)?)?"
    };
}

static DATE_AFTER_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(concat!(words!(until), words!(date), words!(clock))).ok());
static DATE_BEFORE_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(concat!(words!(date), words!(clock), words!(ends))).ok());
/// 截至2026-11-30, 有效期至11.30: only after words that can mean nothing else; 低至1.5 is no date.
static DATE_IN_FIGURES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:截至|截止(?:时间|日期)?(?:到|至|于|为|是|:)?|有效期(?:限)?(?:至|到|:)?|活动(?:时间|期间?)?(?:至|到|截止到?|:)|延长至)[ \n]?",
        r"(?:(?P<year>20[0-9]{2})[/.-])?(?P<month>[0-9]{1,2})[/.-](?P<day>[0-9]{1,2})(?:[ \n]?[至到~-][ \n]?(?:20[0-9]{2}[/.-])?(?P<to_month>[0-9]{1,2})[/.-](?P<to_day>[0-9]{1,2}))?",
        words!(clock),
    ))
    .ok()
});
static DAY_NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:仅限(?:于|在)?|仅在|只在|截至|截止(?:时间|日期)?(?:到|至|于|为|是|:)?|有效期(?:限)?(?:至|到)|延长至|直至|直到)[ \n]?(?:本月|当月)?",
        r"(?P<day>[0-9]{1,2})[ \n]?(?:[日号](?:当天|当日|一天|这一?天)|号)",
    ))
    .ok()
});
static DAY_AFTER_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(concat!(words!(until), words!(day), words!(clock))).ok());
static DAY_BEFORE_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(concat!(words!(day), words!(clock), words!(ends))).ok());
static FROM_RECEIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:有效期(?:限)?(?:为|是|:)?|(?:收到|收件|领取|领券|领到|到账|注册|激活|入会|发放)(?:此|本|该)?(?:优惠券|券|短信|消息|邮件|信息)?(?:之?后|之?日起|起)的?)[ \n]?",
        r"(?P<count>[0-9]{1,4}|[一二两三四五六七八九十])[ \n]?(?P<unit>个小时|小时|个月|天|日|分钟|周|h)",
        r"|(?P<counted>[0-9]{1,4}|[一二两三四五六七八九十])[ \n]?(?P<united>个小时|小时|个月|天|日|分钟|周|h)[ \n]?",
        r"(?:之?内(?:均|都)?(?:使用)?有效|有效|之?内(?:均|都)?可(?:用|使用)|(?P<order>之?内(?:下单|购买|付款|完成)))",
    ))
    .ok()
});
static TIME_LEFT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<lead>最后|限时|仅剩|还剩|只剩|剩余|剩下|倒计时|仅限|未来|接下来|距(?:离)?(?:活动)?结束(?:还有|仅剩|仅)?)?[ \n]?:?",
        r"(?P<count>[0-9]{1,4}|[一二两三四五六七八九十])[ \n]?(?P<unit>个小时|小时|天|日|分钟|周|h)[ \n]?",
        r"(?P<tail>之?内(?:下单|购买|有效|抢|付|使用|领|完成|参与|享)|后(?:结束|截止|恢复|失效)|(?:限时)?(?:特卖|秒杀|闪购))?",
    ))
    .ok()
});
