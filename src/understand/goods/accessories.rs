//! A model number that only tells what something is made for: BT-200专用收纳包, "a case for your BT-200".
//! Its price is the accessory's, never the product's.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::patterns::{pattern, says};

/// Bytes looked at before and after a model number.
const NEAR_BYTES_MAX: usize = 96;

/// True when the model number at `named` in the text as shown belongs to an accessory's name.
pub(in crate::understand) fn is_of_accessory(shown: &str, named: &Range<usize>) -> bool {
    let start = shown.floor_char_boundary(named.start.saturating_sub(NEAR_BYTES_MAX));
    let end = shown.floor_char_boundary(named.end.saturating_add(NEAR_BYTES_MAX));
    let (Some(before), Some(after)) = (shown.get(start..named.start), shown.get(named.end..end)) else { return false };
    says(&BEFORE, before) || says(&AFTER, after)
}

macro_rules! words {
    (things) => {
        r"(?:case|cover|bag|pouch|strap|sleeve|skin|stand|mount|dock|holder|charger|cable|adapter|adaptor|battery|remote|protector|filter|band|lid|kit|(?:ear[ -]?)?tips?|accessory|accessories)(?:e?s)?"
    };
}

static BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?i)(?-u:\b)",
    words!(things),
    r"[ \n](?:(?:made|designed|suitable)[ \n])?(?:for|to[ \n]fit|that[ \n]fits?|fits|compatible[ \n]with)[ \n](?:(?:your|the|our|any|all)[ \n])?$",
    r"|(?:适用于|適用於|适配|適配|兼容|相容)[ \n]?$",
);

static AFTER: LazyLock<Option<Regex>> = pattern!(
    r"(?i)^[ \n]?的?(?:专用|專用|适用的?|適用的?|配套的?)",
    r"|^[ \n]?的?(?:原装|原裝|官方|便携|便攜|硅胶|矽膠|真皮|防摔|旅行)?(?:收纳包|收納包|收纳盒|收納盒|保护套|保護套|保护壳|保護殼|保护膜|保護膜|手机壳|手機殼|钢化膜|鋼化膜|皮套|耳塞套|充电线|充電線|数据线|數據線|充电座|充電座|支架|底座|挂绳|掛繩|表带|錶帶|滤芯|濾芯|遥控器|遙控器)",
    r"|^[ \n](?:(?:carrying|protective|charging|silicone|leather|replacement|travel|spare|screen)[ \n])?(?:case|cover|pouch|sleeve|strap|skin|protector|stand|mount|dock)s?(?-u:\b)",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accessory(text: &str) -> bool {
        let at = text.find("BT-200").unwrap();
        is_of_accessory(text, &(at..at + "BT-200".len()))
    }

    #[test]
    fn an_accessory_is_told_from_its_product() {
        for yes in [
            "BT-200专用收纳包39元",
            "BT-200專用收納包39元",
            "BT-200保护套19元",
            "适用于BT-200的充电线，19元",
            "A carrying case for your BT-200, 49 CNY",
            "BT-200 carrying case, 49 CNY",
            "Replacement cables compatible with BT-200",
        ] {
            assert!(is_accessory(yes), "{yes}");
        }
        for no in [
            "BT-200限时299元，送收纳包",
            "BT-200 299元，专用收纳包39元",
            "Sale price for the BT-200: 299 CNY",
            "BT-200 with a carrying case, 299 CNY",
            "BT-200，配件齐全，299元",
        ] {
            assert!(!is_accessory(no), "{no}");
        }
    }
}
