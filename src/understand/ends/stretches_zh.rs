//! Stretches of time in Chinese at whose end something is over: 最后3天, 限时24小时, 3天内有效, 还剩00:47:12.

use std::sync::LazyLock;

use jiff::Zoned;
use regex::{Captures, Regex};

use crate::understand::days::calendar::{count, days_after, end_of, more_units, seconds_from};
use crate::understand::ends::claim::End;
use crate::understand::ends::closes_zh::{is_of_last_time, over_after};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// 7天内有效, 有效期7天, 收到后3天内, 您…24小时内下单. Nothing where a countdown runs for everybody
/// (限时48小时, 最后3天).
pub(in crate::understand) fn from_receipt(now: &Zoned, words: &str) -> Option<End> {
    let found = FROM_RECEIPT.as_ref()?.captures(words)?;
    if TIME_LEFT.as_ref()?.captures_iter(words).any(|left| left.name("lead").is_some()) {
        return None;
    }
    // 链接30天内有效: nobody's offer.
    if words.get(..found.get(0)?.start()).is_some_and(|lead| lead.ends_with("链接") || lead.ends_with("二维码")) {
        return None;
    }
    // 48小时内下单 by itself calls on everybody; it is one's own when it speaks of what is yours.
    if found.name("order").is_some() && !words.get(..found.get(0)?.start())?.contains(['您', '你']) {
        return None;
    }
    let (amount, unit) =
        (found.name("count").or_else(|| found.name("counted"))?, found.name("unit").or_else(|| found.name("united"))?);
    let at = seconds_from(now, count(amount.as_str())?, seconds_of(unit.as_str()))?;
    Some(End { at, kind: DeadlineKind::FromReceipt, words: amount.start()..unit.end(), is_stretch: true })
}

/// 最后3天, 限时48小时, 还剩02:17:44.
pub(in crate::understand) fn time_left(now: &Zoned, words: &str) -> Option<End> {
    if let Some(end) = counted_down(now, words).or_else(|| over_after(now, words)) {
        return Some(end);
    }
    // 等到最后一小时才想起来: what others did.
    let is_told = |found: &Captures<'_>| {
        let behind = found.get(0).and_then(|found| words.get(found.end()..)).unwrap_or_default();
        found.name("lead").or(found.name("tail")).is_some() && !behind.starts_with('才')
    };
    let found = TIME_LEFT.as_ref()?.captures_iter(words).find(is_told)?;
    let lead = found.name("lead").map_or("", |lead| lead.as_str());
    let (amount, unit) = (found.name("count")?, found.name("unit")?);
    // 新馆开业倒计时7天, 距离开幕还有3天, 倒计时7天:新馆见: something begins then.
    let place = found.get(0)?;
    let (before, behind) = (words.get(..place.start())?, words.get(place.end()..)?);
    if says(&OPENS_THEN, before) || says(&SEEN_THEN, behind) || is_of_last_time(before) {
        return None;
    }
    // 替您按住半小时.
    if amount.as_str() == "半" {
        let at = seconds_from(now, seconds_of(unit.as_str()) / 2, 1)?;
        return Some(End { at, kind: DeadlineKind::Relative, words: place.range(), is_stretch: true });
    }
    let number = count(amount.as_str())?;
    let is_days = matches!(unit.as_str(), "天" | "日");
    // 最后一天 names no day: a last chance.
    if lead == "最后" && number == 1 && is_days {
        return None;
    }
    let (more, end) = more_units(words, unit, MORE_UNITS.as_ref(), |number, unit| {
        count(number).unwrap_or(0).checked_mul(seconds_of(unit))
    });
    let at = if is_days && more == 0 && matches!(lead, "最后" | "仅此" | "限时" | "仅限" | "活动仅" | "为期")
    {
        // 最后3天 counts today as one of them; 3天内 counts from this moment.
        end_of(days_after(now.date(), number - 1)?, None, now.time_zone())?
    } else {
        seconds_from(now, number.checked_mul(seconds_of(unit.as_str()))?.checked_add(more)?, 1)?
    };
    let start = found.name("lead").map_or(amount.start(), |lead| lead.start());
    Some(End { at, kind: DeadlineKind::Relative, words: start..end, is_stretch: true })
}

/// How long one of a unit is.
pub(in crate::understand) fn seconds_of(unit: &str) -> i64 {
    match unit {
        "秒" => 1,
        "分钟" | "分" => 60,
        "小时" | "个小时" | "h" | "个钟头" | "钟头" | "个钟" | "钟" => 3_600,
        "周" | "个星期" | "星期" => 7 * 86_400,
        "个月" => 30 * 86_400,
        _ => 86_400,
    }
}

/// 拼团剩余00:47:12, 距结束02:17:44: a clock that runs down.
fn counted_down(now: &Zoned, words: &str) -> Option<End> {
    let found = RUNS_DOWN.as_ref()?.captures(words)?;
    let part = |name: &str| count(found.name(name)?.as_str());
    let seconds = part("hours").unwrap_or(0) * 3_600 + part("minutes").unwrap_or(0) * 60 + part("seconds").unwrap_or(0);
    let at = seconds_from(now, seconds, 1).filter(|_| seconds > 0)?;
    Some(End { at, kind: DeadlineKind::Relative, words: found.get(0)?.range(), is_stretch: true })
}

macro_rules! words {
    (count) => {
        r"(?P<count>[0-9]{1,4}|[一二两三四五六七八九十]{1,3}|半)[ \n]?"
    };
    (unit) => {
        r"(?P<unit>个小时|小时|个钟头|天|日|分钟|周|个星期|h)"
    };
}

static FROM_RECEIPT: LazyLock<Option<Regex>> = pattern!(
    r"(?:有效期(?:限)?(?:为|是|:)?|(?:收到|收件|领取|领券|领到|到账|注册|激活|入会|发放)(?:此|本|该)?(?:优惠券|券|短信|消息|邮件|信息)?(?:之?后|之?日起|起)的?)[ \n]?",
    r"(?P<count>[0-9]{1,4}|[一二两三四五六七八九十]{1,3})[ \n]?(?P<unit>个小时|小时|个月|天|日|分钟|周|h)",
    r"|(?P<counted>[0-9]{1,4}|[一二两三四五六七八九十]{1,3})[ \n]?(?P<united>个小时|小时|个月|天|日|分钟|周|h)[ \n]?",
    r"(?:之?内(?:均|都)?(?:使用)?有效|有效|之?内(?:均|都)?可(?:用|使用)|(?P<order>之?内(?:下单|购买|付款|完成)))",
);
static TIME_LEFT: LazyLock<Option<Regex>> = pattern!(
    r"(?P<lead>最后|仅此|限时|仅剩|还剩|只剩|就剩|(?:[只仅就]|[为给帮替][您你](?:只|仅)?)(?:能|再)?(?:锁|留|按住|压|扣|捂|存)(?:住|着|了)?|剩余|剩下|尚余|尚剩|净返|还有|倒计时|倒数|仅限|维持|(?:系统|价格?|优惠|名额|只|仅|折扣|[为给帮][您你])(?:只|仅)?保留|只活|只留|活动仅|为期|未来|接下来|距(?:离)?(?:活动|优惠|促销|大促)?(?:结束|截止)(?:还有|还剩|仅剩|仅)?)?(?:不到|不足)?[ \n]?:?[ \n]?",
    words!(count),
    words!(unit),
    r"[ \n]?",
    r"(?P<tail>(?:之?内|里)(?:办|充|买|报名|下单|购买|有效|抢|付|使用|领|完成|参与|享|预订|报名|点|戳|锁|回复)|后(?:就|将)?(?:系统)?(?:将|会)?(?:自动|准时|全部)?(?:结束|截止|恢复|失效|涨价|过期|到期|作废|释放|关闭|下架|下线|停售|消失|清零|收回|取消|回收)|(?:限时)?(?:特卖|秒杀|闪购))?",
);
static MORE_UNITS: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n]?(?P<count>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})[ \n]?(?P<unit>个小时|小时|分钟|分|秒)");

static RUNS_DOWN: LazyLock<Option<Regex>> = pattern!(
    r"(?:剩余|剩下|仅剩|还剩|只剩|还有|倒计时|倒数|距(?:离)?[^，,。]{0,8}(?:结束|截止|关闭|失效)(?:还有|还剩|仅剩|仅)?)[ \n]?:?[ \n]?(?P<hours>[0-9]{1,2}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])"
);
static OPENS_THEN: LazyLock<Option<Regex>> = pattern!(
    r"(?:开业|开馆|开幕|开园|开学|开课|开考|开赛|首发|首映|上线|上市|发布|见面|亮相|搬[^，,。!！]{0,12}|(?:中|高)考|婚礼|演出|比赛|出发)[^，,。!！]{0,4}$"
);
static SEEN_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[,，:!！ \n]{0,2}[^，,。!！]{0,8}(?:见$|见[。!！\n]|提醒[^。!！]{0,24}(?:开抢|开售|开始|开启|开播)|相见|见面|开业|开馆|开幕|与您见)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn what_runs_down_is_an_end_and_what_opens_is_none() {
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("拼团剩余00:47:12", Some("2026-11-20T10:47")),
            ("距结束02:17:44", Some("2026-11-20T12:17")),
            ("倒计时 03:59:12", Some("2026-11-20T13:59")),
            ("仅剩:10:00:00", Some("2026-11-20T20:00")),
            ("距離活動結束還有01:00:00", Some("2026-11-20T11:00")),
            ("20分钟后系统自动释放", Some("2026-11-20T10:20")),
            ("3小时后自动失效", Some("2026-11-20T13:00")),
            ("报名将于6小时后关闭", Some("2026-11-20T16:00")),
            ("最后3天", Some("2026-11-23T00:00")),
            ("限时48小时", Some("2026-11-22T10:00")),
            ("距离新馆开业还有7天", None),
            ("新店开幕倒计时3天", None),
            ("倒计时7天:新馆见", None),
            ("播放时长02:17:44", None),
            ("距离高考还有100天", None),
        ] {
            let end = time_left(&now, &fold_phrase(text));
            let end = end.map(|end| local(&now, end.at));
            assert_eq!(end.as_deref(), wanted, "{text}");
        }
    }
}
