//! The moments Chinese words name: 11月30日晚上8点, 十一月三十日, 11.20-11.30, 本周末, 双11. Whether one of
//! them is an end is for `ends_zh` to say.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::{ToSpan, Zoned};
use regex::{Captures, Match, Regex};

use crate::understand::days::calendar::{count, date_of, day_of_month, days_after, end_of, monday_of, number};
use crate::understand::days::holidays::{self, day_of_last_moon, holiday, holiday_in};
use crate::understand::days::moments::{Moment, told_once};
use crate::understand::days::zones::zone_of;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::pattern;

/// Moments looked at in one sentence.
const MOMENTS_MAX: usize = 12;

/// The moments in normalised words, in order.
pub(in crate::understand) fn moments_in(now: &Zoned, words: &str) -> Vec<Moment> {
    let Some(pattern) = MOMENT.as_ref() else { return Vec::new() };
    let moments =
        pattern.captures_iter(words).filter_map(|found| moment(now, &found, words)).take(MOMENTS_MAX).collect();
    told_once(now, words, moments)
}

fn moment(now: &Zoned, found: &Captures<'_>, words: &str) -> Option<Moment> {
    let mut range = found.get(0)?.range();
    // 12.28,周一休演: the weekday is told of something else.
    let tail = words.get(range.end..)?;
    if let Some(comma) = words.get(range.clone())?.rfind(',')
        && ["休", "闭", "停", "除外", "至", "到", "不", "晚", "下午", "上午"].iter().any(|sign| tail.starts_with(sign))
    {
        range.end = range.start + comma;
    }
    let before = words.get(..range.start)?.chars().next_back();
    let after = words.get(range.end..)?.chars().next();
    let zone = found.name("zone").and_then(|zone| zone_of(zone.as_str(), now.time_zone()));
    let zone = zone.as_ref().unwrap_or(now.time_zone());
    let here = now.with_time_zone(zone.clone());
    // 8月31日18点后入园: from that hour on, every day.
    let is_from = words.get(range.end..).is_some_and(|tail| {
        ["后入", "后进", "后到店", "后可", "起入", "后凭"].iter().any(|sign| tail.starts_with(sign))
    });
    let clock_words =
        found.name("clock").filter(|_| !is_from).or_else(|| found.name("lone")).map(|clock| clock.as_str());
    let clock = |night: bool| clock_of(clock_words?, night);
    let nothing = Moment {
        range: range.clone(),
        at: now.timestamp(),
        begins: None,
        kind: DeadlineKind::Relative,
        is_range: false,
        month_begins: None,
        is_bare: false,
        is_clock: false,
        is_this_day: false,
        is_name: false,
    };
    let told = |date: Option<Date>, is_range: bool| {
        let at = end_of(date?, clock(false), zone)?;
        let kind = DeadlineKind::Absolute;
        Some(Moment { range: range.clone(), at, kind, is_range, ..nothing.clone() })
    };
    if let Some(month) = number(found, "month") {
        // 11月20日至30日: a range ends with its second day, in the first one's month unless it says another.
        let (first_day, first_year) = (number(found, "day")?, year(&here, found, "year"));
        // 1月20、21、22日: the last of them.
        if let Some(last) = number(found, "listed").filter(|last| *last > first_day) {
            return told(date_of(&here, first_year, month, last), true);
        }
        let Some(day) = number(found, "to_day") else {
            return told(date_of(&here, first_year, month, first_day), false);
        };
        let last = number(found, "to_month").unwrap_or(month);
        // 2025年12月1日至1月20日, 民国114年12月1日至1月20日: over the turn of a year.
        let turns = i64::from((last, day) < (month, first_day));
        let last_year = match found.name("to_year") {
            Some(_) => year(&here, found, "to_year"),
            None => first_year.map(|year| year + turns),
        };
        return told(date_of(&here, last_year, last, day), true);
    }
    if let Some(month) = number(found, "in_month") {
        // 十一月(1日至30日), 10月整月(1-31号).
        return told(date_of(&here, year(&here, found, "in_year"), month, number(found, "in_to")?), true);
    }
    if let Some(from) = number(found, "from_month") {
        // 7-9月, 11月至次年2月, 12月中旬至次年4月10日.
        let last = number(found, "last_month")?;
        let is_other = !(1..=12).contains(&from)
            || before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '¥' | '$'))
            || after.is_some_and(|c| "龄宝婴大".contains(c));
        let last_year = match (found.name("last_year"), year(&here, found, "from_year")) {
            (None, Some(first)) => Some(first + i64::from(last < from)),
            _ => year(&here, found, "last_year"),
        };
        if is_other {
            return None;
        }
        let Some(day) = number(found, "last_day") else {
            return told(part_of_month(month_of(&here, last_year, last)?, found.name("last_part")), true);
        };
        return told(date_of(&here, last_year, last, day), true);
    }
    if let Some(day) = found.name("ymd").map(|day| day.as_str()) {
        // 优惠截止日:20260131.
        let part = |range: Range<usize>| count(day.get(range)?.trim_start_matches('0'));
        let is_other =
            [before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        let date = if is_other { None } else { date_of(&here, part(0..4), part(4..6)?, part(6..8)?) };
        return told(date, false);
    }
    if let (Some(month), Some(day)) = (number(found, "fig_month"), number(found, "fig_day")) {
        // A price, a percentage, a version or a telephone number is written in figures, too.
        let is_other = before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '¥' | '$' | '.' | '第'))
            || after.is_some_and(|c| {
                c.is_ascii_alphanumeric() || "元块折%倍万米寸斤克公kmgl°版分成亿匹升吨度级".contains(c)
            });
        if is_other {
            return None;
        }
        let year = number(found, "fig_year");
        // 115/1/20, as Taiwan counts years; 112.5.3 may be anything.
        let is_version = year.is_some_and(|year| year < 1_000) && words.get(range.clone())?.contains(['.', '-']);
        return told(date_of(&here, year.map(full_year), month, day).filter(|_| !is_version), false);
    }
    if let Some(day) = number(found, "nth") {
        let next = found.name("of_month").is_some_and(|which| which.as_str().starts_with('下'));
        let is_span = after.is_some_and(|c| "内游后起".contains(c));
        let digits = found.name("nth").map_or("", |nth| nth.as_str());
        let own = words.get(range.clone())?;
        // 7号楼, 一号门店, 300327号: a number of something.
        let is_number = own.ends_with('号')
            && (after.is_some_and(|c| c.is_ascii_digit())
                || before.is_some_and(|c| "路街巷道弄区楼馆座层场市城村".contains(c))
                || after.is_some_and(|c| "楼线院门馆店厅机码球车航站出口铺幢栋室房街路键会仓档柜桌库摊台".contains(c))
                || !digits.is_ascii() && found.name("of_month").is_none());
        if is_span || is_number || before.is_some_and(|c| c == '第' || c == '.' || c.is_ascii_alphanumeric()) {
            return None;
        }
        let day = number(found, "to_nth").unwrap_or(day);
        let date = if next { day_of_next_month(&here, day) } else { day_of_month(&here, day) };
        return told(date, found.name("to_nth").is_some());
    }
    if let Some(month) = number(found, "whole_month") {
        // 12月底, 截至12月, 明年三月中旬; 12个月 and 11月特惠 are for whoever looks at the words around.
        let first = month_of(&here, year(&here, found, "whole_year"), month)?;
        // 4月最后一个周日.
        if let Some(day) = found.name("last_weekday").and_then(|day| weekday(day.as_str().chars().next()?)) {
            return told(first.nth_weekday_of_month(-1, day).ok(), false);
        }
        return told(part_of_month(first, found.name("part")), false);
    }
    if let Some(day) = number(found, "last_moon") {
        return told(day_of_last_moon(here.date(), day), false);
    }
    // 年廿八(2月4日), as it is said in the south.
    if let Some(day) = number(found, "year_moon") {
        return Some(Moment { is_name: true, ..told(day_of_last_moon(here.date(), day), false)? });
    }
    if let Some(name) = found.name("holiday") {
        let day = match year(&here, found, "holiday_year") {
            Some(year) => holiday_in(i16::try_from(year).ok()?, name.as_str())?,
            None => holiday(here.date(), name.as_str())?,
        };
        return Some(Moment { is_name: true, ..told(holiday_with(day, name.as_str(), &words[range.end..]), false)? });
    }
    let Some(named) = found.name("named").map(|named| named.as_str().replace([' ', '\n'], "")) else {
        // 晚8点截止: today's, or tomorrow's when it is past.
        let clock = clock(false);
        clock?;
        let today = end_of(here.date(), clock, zone)?;
        // 六点前回复, said at ten in the morning: six in the evening.
        // 过了12点, said in the evening: midnight.
        let is_plain = clock_words.is_some_and(|words| words.starts_with(['1', '十']));
        let half = clock.map(|(hour, minute)| match hour {
            1..=11 => (hour + 12, minute),
            12 if is_plain && minute == 0 => (24, 0),
            _ => (hour, minute),
        });
        let is_half_told = clock_words.is_none_or(|words| words.starts_with(['上', '早', '凌', '朝', '0']));
        let later = if is_half_told { today } else { end_of(here.date(), half, zone)? };
        let today = if today <= now.timestamp() { later } else { today };
        let is_past = today <= now.timestamp();
        let at = if is_past { end_of(here.date().tomorrow().ok()?, clock, zone)? } else { today };
        return Some(Moment { at, is_bare: true, is_clock: true, ..nothing });
    };
    // 年前下单: before the new year of the moon; 十年前 is long ago.
    if named == "年前" && before.is_some_and(|c| !",，。;；!！:]】)在于赶过限请 \n".contains(c)) {
        return None;
    }
    let (date, is_bare) = named_day(here.date(), &named)?;
    let at = end_of(date, clock(named.ends_with(['晚', '夜'])), zone)?;
    Some(Moment { at, is_bare, is_name: true, ..nothing })
}

/// 国庆期间, 五一假期: the last of the days off; 五一前 ends before the first of them.
fn holiday_with(day: Date, name: &str, tail: &str) -> Option<Date> {
    let tail = tail.trim_start_matches("节");
    if tail.starts_with("期间") || tail.starts_with("假期") || tail.starts_with("长假") || tail.starts_with("黄金周")
    {
        let more = match name {
            "国庆" | "国庆节" | "春节" => 6,
            "五一" | "劳动节" => 4,
            _ => 0,
        };
        return days_after(day, more);
    }
    if tail.starts_with('前') && !tail.starts_with("前夕") { days_after(day, -1) } else { Some(day) }
}

/// The year told in one of the groups. 次年 is the one behind the first, and so the next that such a day has.
fn year(now: &Zoned, found: &Captures<'_>, group: &str) -> Option<i64> {
    let this = i64::from(now.year());
    match found.name(group)?.as_str() {
        "今" | "本" => Some(this),
        "明" | "来" => Some(this + 1),
        written => count(written).map(full_year),
    }
}

/// 26年, 民国115年, 2026年.
fn full_year(written: i64) -> i64 {
    match written {
        0..=99 => 2_000 + written,
        100..=199 => 1_911 + written,
        year => year,
    }
}

/// The first day of a month, the next such one unless its year is told.
fn month_of(now: &Zoned, year: Option<i64>, month: i64) -> Option<Date> {
    let first = date_of(now, year, month, 1)?;
    let is_past = year.is_none() && first.last_of_month() < now.date();
    if is_past { first.checked_add(1.year()).ok() } else { Some(first) }
}

/// The last day of a month, or of a part of it: 初, 上旬, 中旬, 底.
fn part_of_month(first: Date, part: Option<Match<'_>>) -> Option<Date> {
    match part.map(|part| part.as_str()) {
        Some("初" | "上旬") => days_after(first, 9),
        Some("中" | "中旬") => days_after(first, 19),
        _ => Some(first.last_of_month()),
    }
}

fn day_of_next_month(now: &Zoned, day: i64) -> Option<Date> {
    let next = now.date().first_of_month().checked_add(1.month()).ok()?;
    // 下月30日, said in January: the last of February.
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    Date::new(next.year(), next.month(), day.min(next.days_in_month())).ok()
}

/// The day a name means, and whether it is a mere day of the week.
fn named_day(today: Date, named: &str) -> Option<(Date, bool)> {
    let later = i64::from(named.starts_with('下')) * 7;
    let date = match named {
        "今日" | "今天" | "今儿" | "今晚" | "今夜" | "当天" | "当日" | "本日" | "今明" | "午夜" => {
            today
        }
        "明天" | "明日" | "明晚" | "明早" | "明儿" | "明晨" | "听日" | "听晚" | "听朝" | "今明两天" | "今明两日" => {
            today.tomorrow().ok()?
        }
        "年前" => days_after(holiday(today, "春节")?, -1)?,
        "后天" | "后日" | "今起三天" => days_after(today, 2)?,
        "大后天" => days_after(today, 3)?,
        "下月底" | "下月末" | "下个月底" | "下个月末" => {
            today.checked_add(1.month()).ok()?.last_of_month()
        }
        "年底" | "本年底" | "年末" | "今年底" | "今年" | "本年" => today.last_of_year(),
        _ if named.contains('季') => {
            // 第一季度末, 本季度末.
            let told = (1..=4).find(|nth| named.contains(["一季", "二季", "三季", "四季"][nth - 1]));
            let last = match told {
                Some(nth) => i8::try_from(nth).ok()? * 3,
                None => (today.month() + 2) / 3 * 3,
            };
            let end = Date::new(today.year(), last, 1).ok()?.last_of_month();
            if end < today { end.checked_add(1.year()).ok()?.last_of_month() } else { end }
        }
        _ if named.contains('月') => today.last_of_month(),
        _ if named.ends_with("周末")
            || matches!(named, "本周" | "这周" | "本周内" | "这周内" | "本星期" | "这个星期" | "下周") =>
        {
            days_after(monday_of(today)?, 6 + later)?
        }
        _ => {
            let weekday = weekday(named.chars().next_back()?)?;
            let date = days_after(monday_of(today)?, i64::from(weekday.to_monday_zero_offset()) + later)?;
            // 周三 said on a Friday is next week's; 本周三 is gone.
            let gone = date < today && !named.starts_with(['本', '这']);
            return Some((if gone { days_after(date, 7)? } else { date }, true));
        }
    };
    Some((date, false))
}

/// 晚上8点, 20:00, 下午3点半, 零点. `night`: the day was told as a night (今晚12点 is its end).
fn clock_of(written: &str, night: bool) -> Option<(i64, i64)> {
    let found = CLOCK.as_ref()?.captures(written)?;
    let part = found.name("part").map_or("", |part| part.as_str());
    if let Some(word) = found.name("word") {
        return Some(match word.as_str() {
            "正午" | "中午" => (12, 0),
            "零点" | "0点" if !night && !part.starts_with('晚') => (0, 0),
            _ => (24, 0),
        });
    }
    let hour = number(&found, "hour").or_else(|| number(&found, "hours"))?;
    let evening = night || part.starts_with('晚') || matches!(part, "夜里" | "夜晚" | "深夜" | "午夜");
    let hour = match hour {
        // 今晚12点 and 今晚0点 are the midnight that ends the day.
        0 | 12 if evening => 24,
        // 今晚两点 is past midnight.
        1..=3 if evening => hour + 24,
        1..=11 if evening || matches!(part, "下午" | "傍晚") || part.starts_with(['下', '晏']) => hour + 12,
        1..=2 if part == "中午" => hour + 12,
        _ => hour,
    };
    let minute = match found.name("half") {
        Some(_) => 30,
        None => number(&found, "minute").or_else(|| number(&found, "minutes")).unwrap_or(0),
    };
    (hour <= 27).then_some((hour, minute))
}

fn weekday(day: char) -> Option<Weekday> {
    let at = "一二三四五六".chars().position(|known| known == day).unwrap_or(6);
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const NUMBER: &str = r"(?:[0-9]{1,2}|[一二三四五六七八九十廿]{1,3})";
    const WEEKDAY: &str =
        r"(?:[ \n]?[(,]?(?:本|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]\)?|[ \n]?\([一二三四五六日天]\))?";
    const TO: &str = r"[ \n]?[至到~-]{1,2}[ \n]?";
    const PART: &str = r"底|末|初|上旬|中旬|中下旬|下旬";
    let year = |group: &str| {
        format!(
            r"(?:(?:民国)?(?P<{group}>20[0-9]{{2}}|1[1-3][0-9]|[0-9]{{2}}|二[〇零][一二三四五六七八九〇零]{{2}}|今|明|本|次|翌|来|隔)[ \n]?年(?:度)?[ \n]?)?"
        )
    };
    let date = format!(
        r"{}(?P<month>{NUMBER})[ \n]?月(?:份)?[ \n]?(?P<day>{NUMBER})(?:[日号]?[、&和](?:{NUMBER}[日号]?[、&和])*(?P<listed>{NUMBER})[日号])?(?:[ \n]?[日号])?{WEEKDAY}(?:{TO}{}(?:(?P<to_month>{NUMBER})[ \n]?月)?(?P<to_day>{NUMBER})[ \n]?[日号]{WEEKDAY})?",
        year("year"),
        year("to_year"),
    );
    let in_month = format!(
        r"{}(?P<in_month>{NUMBER})[ \n]?月(?:份|整月|全月)?[ \n]?\({NUMBER}[ \n]?[日号]?{TO}(?P<in_to>{NUMBER})[ \n]?[日号]\)",
        year("in_year"),
    );
    let months = format!(
        r"{}(?P<from_month>{NUMBER})[ \n]?(?:月(?:份)?(?:{PART}|中)?)?{TO}{}(?P<last_month>{NUMBER})[ \n]?月(?:份)?(?:(?P<last_part>{PART})|[ \n]?(?P<last_day>{NUMBER})[ \n]?[日号])?",
        year("from_year"),
        year("last_year"),
    );
    let figures = format!(
        r"(?P<ymd>20[2-4][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))|(?:(?P<fig_year>20[0-9]{{2}}|1[1-3][0-9])[/.-])?(?P<fig_month>1[0-2]|0?[1-9])[/.-](?P<fig_day>3[01]|[0-2]?[0-9])[日号]?{WEEKDAY}"
    );
    let nth = format!(
        r"(?:(?P<of_month>本月|当月|下个?月|这个?月)[ \n]?)?(?P<nth>{NUMBER})[ \n]?(?:[日号]?[至到~-](?P<to_nth>{NUMBER}))?[日号]{WEEKDAY}"
    );
    let named = concat!(
        r"(?P<named>今起三天|今明两[天日]|今日|今天|今儿|今晚|今夜|当天|当日|本日|明天|明日|明晚|明早|明儿|明晨|听日|听晚|听朝|大后天|后天|后日|下个?月[底末]|(?:本|这个?|今)?月[底末]|本月|这个月|今?年底|年末|今年|年前|(?:本|这个?)季度?[底末]|第?[一二三四]季度[底末内]|季度[底末]|",
        r"(?:本|这|这个|下|下个)?周末|(?:本|这|下)?(?:个)?(?:周|星期|礼拜)六[、和及&,，~-]?(?:周|星期|礼拜)?[日天]|(?:本|这|下|呢)(?:个)?(?:周|星期|礼拜)[一二三四五六日天]|(?:周|星期|礼拜)[一二三四五六日天]|(?:本|这)周内?|(?:本|这个)星期|下周)",
    );
    let whole = format!(
        r"{}(?P<whole_month>{NUMBER})月(?:份)?(?:(?P<part>{PART})|的?最后一?个(?:周|星期|礼拜)(?P<last_weekday>[一二三四五六日天]))?",
        year("whole_year")
    );
    Regex::new(&format!(
        r"(?:{in_month}|{date}|{months}|{figures}|{nth}|(?:(?P<holiday_year>今|明|来|20[0-9]{{2}})年)?(?P<holiday>{}){WEEKDAY}|腊月初?(?P<last_moon>{NUMBER})|年(?P<year_moon>廿[一二三四五六七八九])|{named}|{whole})(?:[ \n]?(?:[,()的]|(?:打烊|闭店|关门|收市|收工|下班|收班|收摊)[(]?)?[ \n]?(?P<zone>北京时间|香港时间)?[ \n]?(?P<clock>{CLOCK_WORDS}))?|(?P<lone>{CLOCK_WORDS})",
        holidays::names(true),
    ))
    .ok()
});

/// A clock time, with a part of the day or without.
const CLOCK_WORDS: &str = r"(?:晚上|晚黑|夜晚|朝早|上[昼晝]|[下晏][昼晝]|下午|上午|中午|早上|凌晨|晚间|傍晚|夜里|深夜|午夜|晚|早)?[ \n]?(?:零点整?|正午|午夜|(?:[0-9]{1,2}|[一二两三四五六七八九十]{1,3})[ \n]?[点时](?:半|[0-9]{1,2}分?)?[整正]?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|中午)";

/// The same in parts.
static CLOCK: LazyLock<Option<Regex>> = pattern!(
    r"^(?P<part>晚上|晚黑|夜晚|朝早|上[昼晝]|[下晏][昼晝]|下午|上午|中午|早上|凌晨|晚间|傍晚|夜里|深夜|午夜|晚|早)?[ \n]?",
    r"(?:(?P<word>零点|正午|中午|0点|午夜)整?$|(?P<hour>[0-9]{1,2}|[一二两三四五六七八九十]{1,3})[ \n]?[点时](?:(?P<half>半)|(?P<minute>[0-9]{1,2})分?)?|(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2}))",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn chinese_words_name_moments() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now = "2026-11-20T10:00:00+08:00".parse::<Timestamp>().unwrap().to_zoned(zone.clone());
        for (words, at) in [
            ("11月30日", "2026-12-01T00:00"),
            ("2027年1月3日18:00", "2027-01-03T18:00"),
            ("十一月三十日", "2026-12-01T00:00"),
            ("11月30日(周一)晚上8点", "2026-11-30T20:00"),
            ("11月20日至30日", "2026-12-01T00:00"),
            ("11月28日-12月2日", "2026-12-03T00:00"),
            ("12.5", "2026-12-06T00:00"),
            ("2026-11-30 23:59", "2026-12-01T00:00"),
            ("25号", "2026-11-26T00:00"),
            ("20-24日", "2026-11-25T00:00"),
            ("今晚8点半", "2026-11-20T20:30"),
            ("今晚零点", "2026-11-21T00:00"),
            ("明天中午12点", "2026-11-21T12:00"),
            ("本周日", "2026-11-23T00:00"),
            ("周六日", "2026-11-23T00:00"),
            ("这周六、周日", "2026-11-23T00:00"),
            ("下周三", "2026-11-26T00:00"),
            ("双十二", "2026-12-13T00:00"),
            ("12月底", "2027-01-01T00:00"),
            ("元旦", "2027-01-02T00:00"),
            ("月底", "2026-12-01T00:00"),
            ("晚8点", "2026-11-20T20:00"),
            ("本周日(11月22日)24点", "2026-11-23T00:00"),
            ("正月十五(2月20日)", "2027-02-21T00:00"),
            // Hours of this day, however they are told: it is ten in the morning.
            ("六点", "2026-11-20T18:00"),
            ("8点半", "2026-11-20T20:30"),
            ("三点", "2026-11-20T15:00"),
            ("11点半", "2026-11-20T11:30"),
            ("上午9点", "2026-11-21T09:00"),
            ("今晚两点", "2026-11-21T02:00"),
            ("今晚凌晨1点半", "2026-11-21T01:30"),
            ("今天下午6时", "2026-11-20T18:00"),
            ("中午12点", "2026-11-20T12:00"),
            ("明天中午", "2026-11-21T12:00"),
            ("周五中午", "2026-11-20T12:00"),
            ("到晚上9点", "2026-11-20T21:00"),
            ("今晚24时", "2026-11-21T00:00"),
            ("聽日", "2026-11-22T00:00"),
            ("聽朝10:00", "2026-11-21T10:00"),
            ("第一季度末", "2027-04-01T00:00"),
            ("四季度内", "2027-01-01T00:00"),
            ("11月20、21、22日", "2026-11-23T00:00"),
            ("12月1日、2日和3日", "2026-12-04T00:00"),
            ("十二月最后一个周日", "2026-12-28T00:00"),
            ("周三下班(18:00)", "2026-11-25T18:00"),
            ("呢個禮拜日下午五點", "2026-11-22T17:00"),
        ] {
            let words = fold_phrase(words);
            let moments = moments_in(&now, &words);
            assert_eq!(moments.len(), 1, "{words}: {moments:?}");
            assert_eq!(local(&now, moments[0].at), at, "{words}");
        }
        for other in ["低至1.5元", "9.9折", "v2.11", "400-123-4567", "第3日", "3号仓", "西市场3号档", "B馆22号"]
        {
            assert_eq!(moments_in(&now, other), [], "{other}");
        }
    }
}
