//! Which ends are only days on which what was bought is used, or on which something is held? 使用时间:7月1日至9月6日 beside
//! 办卡时间:6月24日至7月12日. Where nothing else ends they may be the days of the offer; beside the day of ordering they
//! are none.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::claim::Claim;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// How far back the label of a date stands.
const LABEL_BYTES_MAX: usize = 64;

/// Leaves out days of use where another end is told.
pub(in crate::understand) fn without_days_of_use(readings: &[Reading<'_>], claims: &mut Vec<Claim>) {
    let is_use = |claim: &Claim, range: &std::ops::Range<usize>| {
        readings.get(claim.reading).is_some_and(|reading| is_of_use(&reading.normal.text, range))
    };
    let ends = || claims.iter().flat_map(|claim| claim.ends.iter().map(move |end| (claim, end)));
    let others: Vec<_> =
        ends().filter(|(claim, end)| !is_use(claim, &end.range)).filter_map(|(_, end)| end.instant).collect();
    if others.is_empty() {
        return;
    }
    for claim in claims.iter_mut() {
        let Some(reading) = readings.get(claim.reading) else { continue };
        let text = &reading.normal.text;
        let gone: Vec<_> =
            claim.ends.iter().filter(|end| is_of_use(text, &end.range)).filter_map(|end| end.instant).collect();
        claim.ends.retain(|end| !is_of_use(text, &end.range));
        claim.deadlines.retain(|told| {
            told.instant.is_none_or(|at| !gone.contains(&at) || claim.ends.iter().any(|end| end.instant == Some(at)))
        });
    }
    claims.retain(|claim| !claim.ends.is_empty());
}

fn is_of_use(text: &str, range: &std::ops::Range<usize>) -> bool {
    let start = text.floor_char_boundary(range.start.saturating_sub(LABEL_BYTES_MAX));
    let (lead, tail) = (text.get(start..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    says(&LABEL, lead) || says(&USED_THEN, tail)
}

/// 使用时间:, 入园日期可选至, 课程可用到, 领物:.
static LABEL: LazyLock<Option<Regex>> = pattern!(
    r"(?:使用|可用|上门|入园|入场|入馆|入住|到店|开卡|激活|取票|取件|取货|提货|供应|用餐|观影|展览|展出|演出|比赛|赛事|开营|拍摄|配送|送达|送货|发货|服务|体验|上课|课程|出行|参观|游玩|开园|开放)(?:的)?(?:时间|日期|日子|期限|期间|期|时段|日)(?:段)?[ \n]?(?:为|是|:|：)*[ \n]?(?:[0-9]{1,2}月[0-9月日号至到~、和及/-]*、)?(?:可(?:以)?(?:选|约|延后|延长|延|顺延)?(?:择)?)?(?:从|自|在|[至到])?[ \n]?$",
    r"|(?:可用|可使用|均可用|用得|能用)[至到][ \n]?$|(?:领物|领取物资|物资领取|参赛包领取|领包|取票|演出|比赛|赛期|展期|供应)[ \n]?(?:为|是|:|：)?[ \n]?$|活动日期[ \n]?[:：]?[ \n]?$|[当次]月生效[、,，]$"
);
/// 十一月到一月,我们每周三晚.
static USED_THEN: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[，,]?[^，,。!！0-9]{0,4}每(?:周|月|个?星期|晚|天|日)[^，,。!！]{0,8}(?:摆|办|开|上|有|讲|练|聚|见|演|放映)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_label_tells_days_of_use() {
        for (lead, tail) in [
            ("使用时间：", "，仅限儿童"),
            ("次卡使用期:", "，过期作废"),
            ("入园日期可选至", "，周末不加价"),
            ("上门时间可选到", "。"),
            ("私教课，课程可用到", "。"),
            ("领物：", "，会展中心"),
            ("供應日子：", ""),
            ("活动日期：", "，凤凰湖北岸"),
            ("", "，我们每周三晚会摆一张长桌"),
        ] {
            let (lead, tail) = (fold_phrase(lead), fold_phrase(tail));
            assert!(says(&LABEL, &lead) || says(&USED_THEN, &tail), "{lead} {tail}");
        }
        for (lead, tail) in [
            ("活动时间:即日起至", "。"),
            ("办卡时间：", "，前台"),
            ("报名截止", "。"),
            ("优惠期至", "，每周三半价"),
            ("优惠券有效期至", ""),
        ] {
            let (lead, tail) = (fold_phrase(lead), fold_phrase(tail));
            assert!(!says(&LABEL, &lead) && !says(&USED_THEN, &tail), "{lead} {tail}");
        }
    }
}
