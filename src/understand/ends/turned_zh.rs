//! What is dearer, or over, from a moment on: 12月1日起恢复原价, 明天2380, 过了今晚按原价. The offer ends when that begins.

use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::{Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::calendar::{days_after, end_of};
use crate::understand::days::moments::Moment;
use crate::understand::ends::closes_zh::is_over_then;
use crate::understand::patterns::{pattern, says};

/// 12月1日起恢复原价, 明天涨到2680: what is over when that day begins; `offers`: 今天198,明天398 tells two prices.
pub(in crate::understand) fn turns_back(words: &str, moment: &Moment, offers: bool) -> bool {
    let tail = words.get(moment.range.end..).unwrap_or_default();
    let lead = words.get(..moment.range.start).unwrap_or_default();
    let is_day_after = || {
        let own = words.get(moment.range.clone()).unwrap_or_default();
        NEXT_DAYS.contains(&own) && (offers && says(&DEARER, tail) || says(&TODAY, lead) && says(&GONE, tail))
    };
    !moment.is_range
        && !is_passed(words, moment)
        && (says(&TURNS_BACK, tail) || is_day_after() || rises_from(lead, tail))
}

/// 过了2月8日按原价, 2月8日过后恢复, 周日一过,一律原价: over when that day is.
pub(in crate::understand) fn turns_after(words: &str, moment: &Moment, offers: bool) -> bool {
    let tail = words.get(moment.range.end..).unwrap_or_default();
    let is_passed = is_passed(words, moment);
    let is_over = is_passed || tail.starts_with("过后") || tail.starts_with("之后");
    // 12月12日一过免单入口下线, 过了今天25, 周五24:00后1580.
    let once_over = || ["一过", "一到"].iter().find_map(|once| tail.strip_prefix(once)).is_some_and(is_over_then);
    let own = words.get(moment.range.clone()).unwrap_or_default();
    let is_hour = own.contains(['点', '时', ':']) && tail.starts_with('后');
    is_over && (says(&AFTER_THAT, tail) || is_over_then(tail))
        || offers && (says(&ONCE_OVER, tail) || once_over() || (is_passed || is_hour) && says(&DEARER, tail))
}

/// 现价3980元，8月1日起4380元: dearer then, and never cheaper.
fn rises_from(lead: &str, tail: &str) -> bool {
    let figure = |pattern: &LazyLock<Option<Regex>>, words: &str, group: usize| {
        pattern.as_ref()?.captures(words)?.get(group)?.as_str().parse::<u32>().ok()
    };
    figure(&PRICE_BEFORE, lead, 1).zip(figure(&PRICE_THEN, tail, 1)).is_some_and(|(first, then)| then > first)
}

/// 至12月20日(不含).
pub(in crate::understand) fn is_left_out(words: &str, moment: &Moment) -> bool {
    words.get(moment.range.end..).is_some_and(|tail| tail.starts_with("(不含"))
}

/// 过了2月8日, 错过今天: when that day is over.
fn is_passed(words: &str, moment: &Moment) -> bool {
    words
        .get(..moment.range.start)
        .is_some_and(|lead| ["过了", "过咗", "错过", "过完"].iter().any(|over| lead.ends_with(over)))
}

/// The beginning of a day told without a clock time; of 下周, of its Monday.
pub(in crate::understand) fn begin_of(now: &Zoned, words: &str, moment: &Moment) -> Option<Timestamp> {
    let own = words.get(moment.range.clone())?;
    let is_early = matches!(own, "明早" | "明晨" | "听朝");
    if !is_early && own.contains(['点', '时', ':', '午', '夜', '晚', '早']) {
        return None;
    }
    let at = moment.at.to_zoned(now.time_zone().clone());
    // 8月涨价: with its first day.
    if own.ends_with('月') && !own.starts_with(['本', '这', '今']) {
        let first = days_after(at.date(), -1)?.first_of_month();
        return end_of(first, Some((0, 0)), now.time_zone());
    }
    let days = if own == "下周" { 7 } else { 1 };
    let day = days_after(at.date(), -days).filter(|_| at.time() == Time::midnight())?;
    end_of(day, Some((0, 0)), now.time_zone())
}

/// Days of which the other price is told: 明天2380.
const NEXT_DAYS: [&str; 8] = ["明天", "明日", "明早", "后天", "听日", "明儿", "下周", "明晨"];

static TURNS_BACK: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?起?[,，]?(?:就|即|将|会|要|便|价格|统一|全部|又|马上|全面|一律|的?价格?就?)*(?:恢复(?:至|到|为)?(?:原价|正价|日常价|标准价|[0-9])|恢复(?:$|[,，。!！;；])|涨价|涨至|涨到|涨回|上涨|上调|调价|提价|跳涨|回到|回归|变回|没有(?:这|此|该)|不再(?:有|享|优惠|赠|送|打折|参加)|(?:按|执行|改回)(?:原价|正价|新价)|取消(?:优惠|活动|折扣|减免)|(?:收费|收费标准|费用|票价|学费|价目)?(?:就要|就|将|要)*换(?:成|上|用)?新(?:价|表|牌|标|的?收费))",
    // 1月1日起全线课程上调18%, 后天起,宴席每桌统一加280.
    r"|^[)]?起[,，]?[^，,。!！?？;；:前不没未内止无再]{0,10}?(?:恢复(?:至|到|为)?(?:原价|正价|[0-9])|涨价|上调|调价|涨至|涨到|涨回|提价|(?:每[^，,。]{1,2}|统一|一律|再)(?:加|涨)[ \n]?[¥$]?[0-9])",
    // 明天现场只有原价, 周一价格就跳回去, 9月1号系统自动跳1580, 明天的价我没有权限给.
    r"|^起?[,，]?[^，,。!！?？;；0-9前后]{0,8}?(?:(?:只有|只剩|就是|就|按|回|得返)(?:原价|正价|门市价|老价|平价)|(?:跳|弹|换|改|变|调)回|(?:跳|变|涨|调|改)(?:到|成|至|为)?[ \n]?[¥$]?[0-9]{2})|^的价[^，,。0-9]{0,8}(?:没|不)"
);
/// The last price told before.
static PRICE_BEFORE: LazyLock<Option<Regex>> =
    pattern!(r"(?:^|[^0-9])([0-9]{2,6})(?:元|块)(?:/[^，,。0-9]{1,2})?[,，;；][^，,。0-9]{0,4}$");
static PRICE_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^起[,，]?(?:价格|票价|学费|年费|统一|收费)?(?:为|是|按|要|就是?)?[ \n]?[¥$]?([0-9]{2,6})(?:元|块|[,，。;；!！])"
);
/// 明天2380, 明起129, 明早醒来是2680, 聽日開始$580.
static DEARER: LazyLock<Option<Regex>> = pattern!(
    r"^(?:起|之?后|开始|醒来)*[,，]?(?:就|将|要|是|按|变|变成|得|便|卖)*[ \n]?[¥$]?[ \n]?[0-9]{2,6}(?:元|块|/|[，,。;；!！ \n]|$)"
);
static TODAY: LazyLock<Option<Regex>> = pattern!(r"今(?:天|日|晚|儿)");
/// 今天不用明天作废, 优惠明天取消,今天续费: gone when it begins.
static GONE: LazyLock<Option<Regex>> =
    pattern!(r"^(?:就|即|将|便|自动|全部|统一)*(?:作废|失效|没了|没有了|取消|清零|消失|打不开|贵)");
/// 过了2月8日按原价, 2月8日过后恢复.
static AFTER_THAT: LazyLock<Option<Regex>> = pattern!(
    r"^(?:过后|之后|以后|后)?[,，]?(?:就|即|将|都|一律|统一|全部)*(?:恢复|按(?:原|正|新|[0-9])|涨|上调|不再|回到|没有|没了|再?也?没|贵)"
);
/// 周日一过,一律原价; 零点一到恢复原价.
static ONCE_OVER: LazyLock<Option<Regex>> =
    pattern!(r"^(?:一过|一到)[,，]?[^，,。!！]{0,6}(?:恢复|原价|正价|涨|失效|作废|关闭|没|结束|下架|截止|取消|停)");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::ends::ends_zh::ends_in;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn what_is_dearer_then_ends_when_that_begins() {
        // A Friday.
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("年卡今天1680，明天2380", vec!["2026-11-21T00:00"]),
            ("换电池69元，明日起129，快来", vec!["2026-11-21T00:00"]),
            ("早鳥$380，聽日開始$580", vec!["2026-11-21T00:00"]),
            ("1月1日起全线课程上调18%", vec!["2027-01-01T00:00"]),
            ("后天起,宴席每桌统一加280", vec!["2026-11-22T00:00"]),
            ("下周涨价", vec!["2026-11-23T00:00"]),
            ("下周一就恢复，附近的赶紧来", vec!["2026-11-23T00:00"]),
            ("今天不用明天作废", vec!["2026-11-21T00:00"]),
            ("优惠到今天，明天取消优惠", vec!["2026-11-21T00:00"]),
            ("买二送一，错过今天恢复98元一份", vec!["2026-11-21T00:00"]),
            ("过了今天没有这个价，98元", vec!["2026-11-21T00:00"]),
            ("周日一过，一律原价599", vec!["2026-11-23T00:00"]),
            ("油价今晚24时上调，现减0.5元", vec!["2026-11-21T00:00"]),
            ("11月21日(含)至12月20日(不含)购买送安装", vec!["2026-12-20T00:00"]),
            ("滨江双人票158元，预售今晚22:00截止，别拖到明天", vec!["2026-11-20T22:00"]),
            ("全程班现价3980元，12月1日起4380元，1月1日起4780元", vec!["2026-12-01T00:00", "2027-01-01T00:00"]),
            ("今晚订折200，明天现场只有原价", vec!["2026-11-21T00:00"]),
            ("今天报按680收，明天的价我没有权限再给", vec!["2026-11-21T00:00"]),
            ("这团收到周日晚上10点，周一价格就跳回去", vec!["2026-11-22T22:00", "2026-11-23T00:00"]),
            ("价格牌周一就换回去了", vec!["2026-11-23T00:00"]),
            ("12月1日系统自动跳1580", vec!["2026-12-01T00:00"]),
            ("玫瑰今天12一枝，过了今天25。", vec!["2026-11-21T00:00"]),
            ("早报1200，周五24:00后1580。", vec!["2026-11-21T00:00"]),
            ("12月1日收费标准就要换新表", vec!["2026-12-01T00:00"]),
            ("明天就换新价目表，年卡998", vec!["2026-11-21T00:00"]),
            ("12月12日一过免单入口下线", vec!["2026-12-13T00:00"]),
            ("8折券明早就变回一张白纸", vec!["2026-11-21T00:00"]),
            ("公司换新址，12月1日换新名片", vec![]),
            ("门票180元，12月1日起120元", vec![]),
            ("元旦后每平涨15，先订一批", vec![]),
            ("明天10点见，票价98元", vec![]),
            ("明天发200份，免费领", vec![]),
            ("下周一恢复正常更新", vec![]),
            ("过了春节再来，98元", vec![]),
            ("明天28度，伞19元", vec![]),
        ] {
            let ends = ends_in(&now, &fold_phrase(text), true, true);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }
}
