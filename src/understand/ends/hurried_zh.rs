//! Which hour does a seller mean who presses, whatever happens then? 今晚九点护士下班锁抽屉, 三点潮一退船就开走, 22:00我把单子交给
//! 司机: no list of what may happen is long enough. Asked only where it presses and tells no other end; what begins then, or
//! comes, ends nothing.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::moments::{Moment, NamedMoments};
use crate::understand::ends::claim::{Claim, End};
use crate::understand::ends::closes_zh::is_of_last_time;
use crate::understand::ends::deadlines::{claimed, likely_claim};
use crate::understand::ends::ends_zh::{About, begins_then, is_end, joins};
use crate::understand::ends::open_days_zh::is_every_day;
use crate::understand::lexicon::Cue;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// Nobody hurries with an hour that is further away.
const HURRY_HOURS_MAX: i64 = 5 * 24;

/// 今晚九点护士下班锁抽屉: where a seller presses and no words of an end are known, the first hour told is one.
pub(in crate::understand) fn hour_of_hurry(now: &Zoned, readings: &[Reading<'_>]) -> Option<Claim> {
    // 明天中午12点,上次83秒完售, and then: 8/22 12:00启售.
    let sentences = readings.iter().flat_map(|reading| reading.sentences.iter().map(move |told| (reading, told)));
    let begins: Vec<Timestamp> = sentences
        .filter(|(_, sentence)| sentence.has_digit)
        .flat_map(|(reading, sentence)| begins_in(now, reading.words(sentence), &sentence.named))
        .collect();
    readings.iter().enumerate().find_map(|(at, reading)| {
        reading.sentences.iter().enumerate().find_map(|(index, sentence)| {
            let may = sentence.has_digit || sentence.cues.has(Cue::MayEnd);
            if !may || sentence.cues.any(&[Cue::Code, Cue::SurveyPhrase, Cue::Notice]) {
                return None;
            }
            let words = reading.words(sentence);
            let end = claimed(sentence, words, hour_in(now, words, &sentence.named, &begins)?);
            likely_claim(readings, (at, index), end)
        })
    })
}

/// 今晚九点护士下班锁抽屉, 三点潮一退船就开走: the hour that a seller names, whatever happens then, unless something begins.
/// For whoever presses and tells no other end; `begins`: when something begins.
fn hour_in(now: &Zoned, words: &str, named: &NamedMoments, begins: &[Timestamp]) -> Option<End> {
    if words.is_ascii() {
        return None;
    }
    let moments = named.chinese(now, words);
    let is_soon = |moment: &Moment| {
        let ahead = moment.at.duration_since(now.timestamp());
        ahead.is_positive() && ahead <= SignedDuration::from_hours(HURRY_HOURS_MAX)
    };
    let is_of_hurry = |at: usize, moment: &Moment| {
        let before = at.checked_sub(1).and_then(|before| moments.get(before));
        let is_first = moments.get(at + 1).is_some_and(|next| joins(words, moment, next));
        let Some(about) = About::of(words, moment, before, words.len()) else { return false };
        let is_hour = about.own.contains(['点', '时', ':']) || about.own.ends_with("中午");
        // 一点点奶油: hardly an hour.
        is_hour
            && about.own != "一点"
            && !is_first
            && !about.is_stretch()
            && is_soon(moment)
            && !begins.contains(&moment.at)
            && is_end(&about).is_none()
            && !says(&COMES_THEN, about.tail)
            && !is_of_last_time(about.lead)
            && !is_every_day(about.lead)
    };
    let (_, moment) = moments.iter().enumerate().find(|(at, moment)| is_of_hurry(*at, moment))?;
    Some(End { at: moment.at, kind: moment.kind, words: moment.range.clone(), is_stretch: false })
}

/// The moments at which words say that something begins, or comes.
fn begins_in(now: &Zoned, words: &str, named: &NamedMoments) -> Vec<Timestamp> {
    let tail = |moment: &Moment| words.get(moment.range.end..).unwrap_or_default();
    let begins = |moment: &Moment| begins_then(tail(moment)) || says(&COMES_THEN, tail(moment));
    if words.is_ascii() {
        return Vec::new();
    }
    named.chinese(now, words).iter().filter(|moment| begins(moment)).map(|moment| moment.at).collect()
}

/// 12点开抢, 两点靠岸, 八点见, 三点出炉: something begins, or comes.
static COMES_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[,，]?(?:[ \n]?(?:之|以)?后|[ \n]?[^，,。!！0-9]{0,6}?(?:起(?:$|[^点])|见|开(?:始|抢|售|门|业|播|课|场|营|放|馆|票|奖|讲|会|炉|箱|卖|演|赛|考|启|拍|工|餐|团|档)|启|靠岸|出(?:炉|锅|摊|发|票|货)|到(?:货|店|港|站|齐|账|家|$|[，,。!！])|上(?:架|线|新|市|车|课|班|菜|门)|发(?:车|货|布|放|券|团)|送(?:达|到|货|上|餐|出|来)|取|直播|集合|公布|更新|营业|抽奖|播出|同|和|、))"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn an_hour_that_a_seller_names_ends_the_offer_unless_something_begins() {
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        let hour = |text: &str| {
            let words = fold_phrase(text);
            let named = NamedMoments::default();
            let begins = begins_in(&now, &words, &named);
            hour_in(&now, &words, &named, &begins).map(|end| local(&now, end.at))
        };
        for (text, wanted) in [
            ("今晚九点护士下班锁抽屉", "2026-11-20T21:00"),
            ("今晚22:00我把单子交给司机", "2026-11-20T22:00"),
            ("小妹先写了铅笔字，明天中午十二点擦掉", "2026-11-21T12:00"),
            ("八点一到我要去接女儿下课", "2026-11-20T20:00"),
            ("三点潮一退船就开走", "2026-11-20T15:00"),
            ("今天18:00名单送印，没交费的就不留名了", "2026-11-20T18:00"),
        ] {
            assert_eq!(hour(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "船两点靠岸",
            "明天中午12点 启售",
            "今晚八点见",
            "今晚八点直播间，加开场8点开抢",
            "早上六点前送到奶箱",
            "每天下午三点出炉",
            "晚上八点半以后一律半价",
            "门店9:30-22:00",
            "一点点奶油就够了",
            "去年这时候七点就没了",
            "12月30日18点再说",
        ] {
            assert_eq!(hour(text), None, "{text}");
        }
    }
}
