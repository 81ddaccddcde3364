//! Does a text tell a postal address? By the way addresses are written in the United States, Canada, the United Kingdom
//! and China; of other countries this says nothing, and a rule then asks for the shop's own address in its words.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::{pattern, says};

/// The signs of an address in a folded text: a state and a ZIP code, a post office box, a Canadian or British postal code,
/// a Chinese street and number.
static SIGNS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:a[kzr]|c[at]|dc|fl|ga|i[al]|k[sy]|m[dinst]|n[cdehjmvy]|ri|s[cd]|t[nx]|ut|v[at]|w[aivy]|pr)\.?,? [0-9]{5}(?:-[0-9]{4})?(?-u:\b)",
    // These are words as well ("in 12345 shops"): nothing but an end, a sign or the way to unsubscribe comes after.
    r"|, (?:al|co|de|hi|i[dn]|la|m[aeo]|o[hkr]|pa)\.?,? [0-9]{5}(?:-[0-9]{4})?(?:$| ?[^a-z0-9 ]| u)",
    r"|(?-u:\b)p\.? ?o\.? box [0-9]+",
    r"|(?-u:\b)[abceghj-nprstvxy][0-9][abceghj-nprstv-z] [0-9][abceghj-nprstv-z][0-9](?-u:\b)",
    r"|(?-u:\b)[a-z]{1,2}[0-9][a-z0-9]? [0-9][abd-hjlnp-uw-z]{2}(?-u:\b)",
    r"|\p{Han}(?:路|街|大道|巷|弄|胡同)[\p{Han}0-9]{0,8}?[0-9]+ ?[号號弄]",
);

/// Whether the text (as [`super::shown_text::ShownText`] has it) tells one.
pub fn tells_address(text: &str) -> bool {
    says(&SIGNS, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn addresses_are_told_from_prices_and_dates() {
        for address in [
            "Shop Ltd., 1 Main Street, Springfield, IL 62701",
            "PO Box 1234, Austin, TX 78701-1234",
            "1 Circle Drive, Indianapolis, IN 46204 Unsubscribe",
            "1 Market Square, Portland, OR 97201.",
            "P.O. Box 12",
            "100 King St W, Toronto, ON M5X 1A9",
            "10 Downing Street, London SW1A 2AA",
            "上海市浦东新区世纪大道100号",
            "北京市朝阳区建国路甲93号",
        ] {
            assert!(tells_address(&fold_phrase(address)), "{address}");
        }
        for other in [
            "Save $50 on order 62701",
            "Ends November 30, 2026",
            "BT-200 for $39.99, in 12345 shops",
            "全场8折，11月30日截止",
            "回复1号键",
            "room B12 at 3pm",
        ] {
            assert!(!tells_address(&fold_phrase(other)), "{other}");
        }
    }
}
