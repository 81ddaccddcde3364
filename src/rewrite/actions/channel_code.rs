//! Puts the channel's own code in place of another channel's, in words and in links. Refuses when the rule
//! has no code for this channel, or when no code stands in the finding's places.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::super::Original;
use crate::decide::{Evidence, WantedRewrite};
use crate::message::{Channel, Edit, Span};
use crate::providers::Unfit;
use crate::understand::VoucherKind;

/// Longest code.
const CODE_BYTES_MAX: usize = 40;

#[allow(clippy::expect_used, reason = "a pattern of this file, tried by its tests")]
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*").expect("the pattern is right"));

pub(super) fn edits(
    original: &Original<'_>,
    wishes: &[&WantedRewrite],
    codes: &BTreeMap<Channel, String>,
) -> Result<Vec<Edit>, Unfit> {
    let channel = original.message.channel;
    let own = codes.get(&channel).ok_or_else(|| Unfit(format!("the rule has no code for {channel}")))?;
    let wrong = told(original, wishes);
    let mut edits = Vec::new();
    for (index, part) in original.content().parts.iter().enumerate() {
        for token in TOKEN.find_iter(&part.text).filter(|token| wrong.contains(&bare(token.as_str()))) {
            if token.as_str() != own {
                edits.extend(Span::new(index, token.range()).map(|span| Edit { span, replacement: own.clone() }));
            }
        }
    }
    if edits.is_empty() { Err(Unfit("no other code stands in the message".to_owned())) } else { Ok(edits) }
}

/// A code is one word: what else would not be found again.
pub(super) fn check(codes: &BTreeMap<Channel, String>) -> Result<(), String> {
    let fits = |code: &String| code.len() <= CODE_BYTES_MAX && TOKEN.find(code).is_some_and(|all| all.as_str() == code);
    match codes.values().find(|code| !fits(code)) {
        _ if codes.is_empty() => Err("`codes` names no channel: write `codes = { sms = \"SMS20\" }`".to_owned()),
        Some(code) => {
            Err(format!("`{code}` is no code: letters and digits, hyphens between, at most {CODE_BYTES_MAX}"))
        }
        None => Ok(()),
    }
}

/// The codes that the findings are about: named by them, else those that stand in their places.
fn told(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Vec<String> {
    let named = wishes.iter().filter_map(|wish| match wish.because.get("code") {
        Some(Evidence::Name(code)) => Some(bare(code)),
        _ => None,
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        return named;
    }
    let places: Vec<&Span> = wishes.iter().flat_map(|wish| &wish.spans).collect();
    let coupons = || original.meaning.vouchers.iter().filter(|voucher| voucher.kind == VoucherKind::Coupon);
    let found = |spans: &[Span]| spans.iter().any(|span| places.iter().any(|place| place.overlaps(span)));
    let mut codes: Vec<String> =
        coupons().filter(|voucher| found(&voucher.spans)).filter_map(|voucher| voucher.code.clone()).collect();
    if codes.is_empty() {
        // The code may stand in another sentence than the offer it is for.
        codes = coupons().filter_map(|voucher| voucher.code.clone()).collect();
    }
    codes
}

/// As the meaning names codes: upper-case letters and digits.
fn bare(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
