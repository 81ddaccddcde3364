//! How many pieces a price buys: "2 for $50", 两件99元, 99元任选3件.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::amounts::numerals::{digit_of, english, value_of};
use crate::understand::patterns::pattern;

/// The pieces, by the words before and after the amount; `None` for one.
pub(in crate::understand) fn pieces_of(near: &str, after: &str) -> Option<u16> {
    let first = |pattern: &LazyLock<Option<Regex>>, words: &str| {
        if words.is_empty() {
            return None;
        }
        let groups = pattern.as_ref()?.captures(words)?;
        count_of((1..groups.len()).find_map(|group| groups.get(group))?.as_str())
    };
    first(&BEFORE, near).or_else(|| first(&AFTER, after)).filter(|count| (2..=99).contains(count))
}

fn count_of(written: &str) -> Option<u16> {
    if let Some(count) = english(written) {
        return u16::try_from(count).ok();
    }
    if written.chars().all(|c| digit_of(c).is_some() || c == '十') {
        return value_of(written).and_then(|count| u16::try_from(count).ok());
    }
    written.parse().ok()
}

macro_rules! count {
    (en) => {
        r"([2-9]|1[0-9]|two|three|four|five|six|seven|eight|nine|ten|twelve)"
    };
    (zh) => {
        r"([2-9]|1[0-9]|两|二|三|四|五|六|七|八|九|十)"
    };
    (measure) => {
        r"(?:件|双|瓶|盒|袋|包|条|支|只|份|套|罐|箱|斤|提|杯|张|本|片|枚|串|对|桶|个|顶|把|副|听|卷|块|台|次)"
    };
}

static BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[^0-9a-z.])(?:any[ ])?",
    count!(en),
    r"[ ]?(?:(?:pairs?|packs?|items?|pieces?|bottles?|boxes|tickets?|shirts?|books?|cans?|tubs?|bags?|meals?|pizzas?)[ ])?(?:for|/)[ ]?(?:only[ ]|just[ ])?$",
    r"|(?:^|[^第满0-9.每])",
    count!(zh),
    count!(measure),
    r"(?:装|组合|套装|打包)?(?:仅需|仅售|仅|只要|只需|才|共|一共|合计|到手价?|特价|现价|打包价|组合价|=|:)?[ ]?$",
    r"|(?:^|[^第满每])([两二三四五六七八九十])",
    count!(measure),
    r"(?:装|组合|套装|打包)?(?:仅需|仅售|仅|只要|只需|才|共|一共|合计|到手价?|特价|现价|打包价|组合价|=|:)?[ ]?$",
);

static AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^[ ]?(?:for|buys(?: you)?)[ ](?:any[ ])?",
    count!(en),
    r"(?:[ ,.!]|$)",
    r"|^[ ]?(?:任选|任意|任拿|任挑|选|买|拿|得|抢|带走|/)?",
    count!(zh),
    count!(measure),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_before_or_after_the_price() {
        for (near, after, wanted) in [
            ("2 for ", "", Some(2)),
            ("any three shirts for ", "", Some(3)),
            ("两件", "", Some(2)),
            ("3件仅需", "", Some(3)),
            ("", "任选3件", Some(3)),
            ("", "/2盒", Some(2)),
            ("", " for 2", Some(2)),
            ("bt-200两件", "", Some(2)),
            ("第2件", "", None),
            ("满2件", "", None),
            ("", "/件", None),
            ("bt-200 for ", "", None),
            ("", "起，2件包邮", None),
        ] {
            assert_eq!(pieces_of(near, after), wanted, "{near}|{after}");
        }
    }
}
