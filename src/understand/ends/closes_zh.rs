//! What shuts at a moment, in the words of whoever keeps a stall, a live room or a group: 今晚九点截单, 22:30封桌,
//! 六点半我收进屋, 零点钟声一响活动就关, 24小时后价格自动弹回. When a shop closes as on other days ends nothing.

use std::sync::LazyLock;

use jiff::Zoned;
use regex::Regex;

use crate::understand::days::calendar::{count, days_after, end_of, seconds_from};
use crate::understand::days::moments::Moment;
use crate::understand::ends::claim::End;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// Words that say that it is over.
macro_rules! over {
    () => {
        concat!(
            r"(?:(?:截|封|锁|关|撤|停|断|清|熄|拉|落)(?:了|下|掉|上)?(?:铁|卷|大|窑|仓|库|店|馆|炉)?(?:价|单|团|龙|数|拍|款|票|班|名|名单|门|闸|帘|灯|账|帐|号|位|座|席|摊|柜|窗|盘|箱|车|群|桌|仓|档|发|订|做|播|牌)|(?:切|跳|变|换|改|调|翻|弹)(?:回)?(?:新)?(?:价|价目|表价|灰)|解除|截止|截团购|散(?:团|场|摊)|收(?:钟|摊|档|工|团|铺|单|口|网|炉|锅|进屋|走|回|掉|官|尾|盘|市)|关(?:账|帐|团|单|闸|窗|闭|档|通道|报名|[,，。!！;；\n ]|$)|撤(?:了|走|柜|店|档|摊|架|下|[,，。!！]|$)|下(?:线|架|播)|落(?:闸|锤|幕)|打烊|停(?:止|售|接|收|卖)",
            r"|失效|作废|自毁|消失|清零|归零|过期|睡过去|化掉|化了|换(?:掉|下来|走|回)|交回|(?:改|弹|跳|变|涨|调)回|回(?:弹|到原|到正|归原|升原|调原)|恢复(?:原|正价|平日|门市|[¥$0-9]|[,，。!！]|$)|涨价|(?:就|便|也|都)(?:没了|没有了|冇|没这|没有这|不是这|不再|关|撤|收|停|完)|不(?:再(?:有|享|送|减|卖|接|收)|认|膨胀)|不[接做收卖送减刻补等]了)"
        )
    };
}

/// Whether something is over at the moment, and not merely as on every day.
pub(in crate::understand) fn shuts(words: &str, moment: &Moment) -> bool {
    let tail = words.get(moment.range.end..).unwrap_or_default();
    let own = words.get(moment.range.clone()).unwrap_or_default();
    // 明天不送了 is over when that day begins; a clock time is exact.
    let is_exact = own.contains(['点', '时', ':', '午', '夜', '晚', '早', '刻']);
    !moment.is_range
        && is_exact
        && (says(&SHUTS, tail) || says(&AT_THE_BELL, tail) || says(&MUST_GO, tail))
        && !closes_as_usual(words, moment)
        && !words.get(..moment.range.start).is_some_and(|lead| says(&LAST_TIME, lead))
}

/// 五一照常开门，下午五点半收摊: as on other days.
pub(in crate::understand) fn closes_as_usual(words: &str, moment: &Moment) -> bool {
    let lead = words.get(..moment.range.start).unwrap_or_default();
    let tail = words.get(moment.range.end..).unwrap_or_default();
    moment.is_clock && says(&AS_USUAL, lead) && says(&SHOP_SHUTS, tail)
}

/// Whether it was so the last time: 去年到最后两天.
pub(in crate::understand) fn is_of_last_time(lead: &str) -> bool {
    says(&LAST_TIME, lead)
}

/// 过了12点系统自动改回原价: over once that is past.
pub(in crate::understand) fn is_over_then(tail: &str) -> bool {
    says(&SHUTS, tail) || says(&WAITS, tail)
}

/// 24小时后价格自动弹回, 三天后零点，价格回到原来, 半小时后定金就不膨胀了.
pub(in crate::understand) fn over_after(now: &Zoned, words: &str) -> Option<End> {
    let found = OVER_AFTER.as_ref()?.captures(words)?;
    let (amount, unit) = (found.name("count")?, found.name("unit")?);
    let is_half = found.name("half").is_some();
    let seconds = match unit.as_str() {
        "分钟" => 60,
        "天" | "日" => 86_400,
        _ => 3_600,
    };
    let at = match (amount.as_str(), found.name("clock")) {
        ("半", _) => seconds_from(now, 1, seconds / 2)?,
        (whole, Some(_)) => end_of(days_after(now.date(), count(whole)?)?, Some((0, 0)), now.time_zone())?,
        (whole, None) => seconds_from(now, count(whole)? * 2 + i64::from(is_half), seconds / 2)?,
    };
    Some(End { at, kind: DeadlineKind::Relative, words: amount.start()..unit.end(), is_stretch: true })
}

/// Whether 只有一天 may be in it at all.
pub(in crate::understand) fn may_name_one_day(words: &str) -> bool {
    words.contains(['天', '日'])
}

/// 只有一天, 就这一天: this one, or the one just named.
pub(in crate::understand) fn one_day(now: &Zoned, words: &str, moments: &[Moment]) -> Option<End> {
    let found = ONE_DAY.as_ref()?.captures(words)?.name("told")?;
    let named = moments.iter().rfind(|named| named.range.end <= found.start() && named.kind == DeadlineKind::Absolute);
    let at = match named {
        Some(named) => named.at,
        None => end_of(now.date(), None, now.time_zone())?,
    };
    Some(End { at, kind: DeadlineKind::Relative, words: found.range(), is_stretch: false })
}

static SHUTS: LazyLock<Option<Regex>> = pattern!(r"^[)]?[,，]?[^，,。!！?？;；:、\n0-9前起]{0,8}?", over!());
/// 零点钟声一响，满减和券同时下线.
static AT_THE_BELL: LazyLock<Option<Regex>> =
    pattern!(r"^整?的?(?:钟声?|时钟|闹钟|铃声?|哨声?)?一(?:响|敲|到|过|声)[,，]?[^。!！?？;；\n]{0,16}?", over!());
/// 明早10点就要跟厂商下单.
static MUST_GO: LazyLock<Option<Regex>> =
    pattern!(r"^[^，,。!！?？;；\n0-9]{0,4}?就要[^，,。!！?？;；\n]{0,8}?(?:下单|报单|交单|出发|发车|出门|锁单|走车)");
static WAITS: LazyLock<Option<Regex>> =
    pattern!(r"^[^，,。!！?？;；\n0-9]{0,2}(?:就|只能|得)?(?:再?等|要等)(?:明年|下[次个一周月])");
static AS_USUAL: LazyLock<Option<Regex>> =
    pattern!(r"(?:照常|营业|开门|开店|正常|上班|每天|每日|每晚|天天|平时)[^。!！]{0,12}$");
/// 去年这时候七点就没了.
static LAST_TIME: LazyLock<Option<Regex>> = pattern!(r"(?:去年|上年|往年|上次|上回|昨[天晚日])[^，,。!！]{0,12}$");
static SHOP_SHUTS: LazyLock<Option<Regex>> =
    pattern!(r"^[^，,。0-9]{0,3}(?:收摊|打烊|关门|闭店|关店|收工|收市|收档|下班|停止)");
static OVER_AFTER: LazyLock<Option<Regex>> = pattern!(
    r"(?P<count>半|[0-9]{1,3}|[一二两三四五六七八九十]{1,3})[ \n]?(?:个(?P<half>半))?(?P<unit>个小时|小时|个钟头|个钟|钟头|分钟|天|日)(?:之|以)?后(?P<clock>零点|0点|凌晨零点)?[,，]?[^，,。!！?？;；:\n]{0,8}?",
    over!()
);
static ONE_DAY: LazyLock<Option<Regex>> = pattern!(
    r"(?P<told>(?:只有|就这|就做|只做|仅有|只此|仅此|就得|得呢|只限|仅限|就|只|仅)(?:这|呢)?(?:一|1)(?:天|日))(?:[,，。!！:;；\n(]|$)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::ends::ends_zh::ends_in;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn what_shuts_then_is_an_end() {
        // A Friday evening.
        let now: Zoned = "2026-11-20T17:40:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("鲜菜配送今晚九点截单，明天全天停送", vec!["2026-11-20T21:00"]),
            ("两人同行一人免单，22:30封桌", vec!["2026-11-20T22:30"]),
            ("268元变159，凌晨1点散团", vec!["2026-11-21T01:00"]),
            ("今夜十二点收钟，之后没有下一个", vec!["2026-11-21T00:00"]),
            ("鸡蛋今天18，六点半我收进屋", vec!["2026-11-20T18:30"]),
            ("青团15变12，八点半就撤了，趁早来", vec!["2026-11-20T20:30"]),
            ("买2赠2，零点钟声一响活动就关", vec!["2026-11-21T00:00"]),
            ("零点钟声一响，满300减50和店铺券同时下线", vec!["2026-11-21T00:00"]),
            ("面膜便宜80，公司系统明晚8点关账", vec!["2026-11-21T20:00"]),
            ("定金100抵200，11月30日20:00定金通道关闭", vec!["2026-11-30T20:00"]),
            ("报名今晚10点关，来不来给句话", vec!["2026-11-20T22:00"]),
            ("展示车5万的折扣，经理明天中午就要交回总公司", vec!["2026-11-21T12:00"]),
            ("聽日朝早十點正截止留名", vec!["2026-11-21T10:00"]),
            ("汽水五折，聽日下晝三點落閘之後就冇", vec!["2026-11-21T15:00"]),
            ("租单车免费，过了12点系统自动改回原价", vec!["2026-11-21T00:00"]),
            ("这批外套明早10点就要跟厂商下单，要的10点以前喊我", vec!["2026-11-21T10:00"]),
            ("过了明晚就不刻了，立减52", vec!["2026-11-22T00:00"]),
            ("手机6999，24小时后价格自动弹回", vec!["2026-11-21T17:40"]),
            ("半小时后定金就不膨胀了", vec!["2026-11-20T18:10"]),
            ("两个小时后它就要永远睡过去了", vec!["2026-11-20T19:40"]),
            ("一个半小时后作废", vec!["2026-11-20T19:10"]),
            ("三天后零点，所有商品恢复原价", vec!["2026-11-23T00:00"]),
            // Nothing ends.
            ("黄瓜苗1.5元，五一照常开门，下午五点半收摊", vec![]),
            ("每天早上9点开门，晚上9点打烊，88元", vec![]),
            ("今晚8点直播间见，券后99", vec![]),
            ("明天上午10点开抢，抢完下架", vec![]),
            ("3天后发货", vec![]),
        ] {
            let ends = ends_in(&now, &fold_phrase(text), true, true);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }

    #[test]
    fn one_day_is_this_one_or_the_one_named() {
        let now: Zoned = "2026-11-20T17:40:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("只有一天！", Some("2026-11-21T00:00")),
            ("感恩节就这一天：全场8折", Some("2026-11-27T00:00")),
            ("就一天班", None),
            ("只有一天假", None),
        ] {
            let words = fold_phrase(text);
            let moments = crate::understand::days::days_zh::moments_in(&now, &words);
            let end = one_day(&now, &words, &moments).map(|end| local(&now, end.at));
            assert_eq!(end.as_deref(), wanted, "{text}");
        }
    }
}
