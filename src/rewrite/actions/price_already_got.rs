//! Puts the price that this person paid or was shown in place of the message's, figure for figure. Refuses
//! when the evidence names no such price, when it is in another currency, when the figure does not stand in
//! the text, and when a discount told beside it would no longer be true.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::Original;
use crate::decide::{Evidence, WantedRewrite};
use crate::message::{Edit, Money, Span};
use crate::providers::Unfit;
use crate::understand::PriceKind;

/// What guards call the price of the message, and that which the person has already.
const SHOWN: &str = "price";
const GOT: [&str; 4] = ["got", "paid", "shown", "other_price"];

#[allow(clippy::expect_used, reason = "a pattern of this file, tried by its tests")]
static FIGURE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?").expect("the pattern is right"));
#[allow(clippy::expect_used, reason = "a pattern of this file, tried by its tests")]
static DISCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[%％折]|\boff\b|\bsave\b|立减|立減|直降|立省|满\d|滿\d|半价|半價").expect("the pattern is right")
});
/// Signs and words of money beside a figure.
const MONEY: [&str; 16] =
    ["¥", "￥", "$", "€", "£", "元", "块", "塊", "圆", "cny", "rmb", "usd", "hkd", "eur", "yuan", "dollars"];

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
    let mut edits: Vec<Edit> = Vec::new();
    for wish in wishes {
        let (shown, got) =
            prices(wish).ok_or_else(|| unfit("the finding knows no price that this person has already"))?;
        if shown.currency != got.currency {
            return Err(unfit("the price this person has already is in another currency"));
        }
        let mut places: Vec<Span> = original
            .meaning
            .prices
            .iter()
            .filter(|price| price.money == shown && price.kind == PriceKind::Current)
            .flat_map(|price| price.spans.iter().copied())
            .collect();
        let within_money = !places.is_empty();
        places.extend(wish.spans.iter().copied());
        if wish.spans.iter().any(|span| original.text(span).is_some_and(|text| DISCOUNT.is_match(text))) {
            return Err(unfit("a discount told beside the price would no longer be true"));
        }
        let before = edits.len();
        for (number, place) in places.iter().enumerate() {
            let is_price = within_money && number < places.len() - wish.spans.len();
            for edit in figures(original, place, shown, got, is_price) {
                if !edits.contains(&edit) {
                    edits.push(edit);
                }
            }
        }
        if edits.len() == before {
            return Err(unfit("the price does not stand in the text as a figure"));
        }
    }
    Ok(edits)
}

/// The price shown and the one the person has, when both are told.
pub(super) fn prices(wish: &WantedRewrite) -> Option<(Money, Money)> {
    let money = |name: &str| match wish.because.get(name) {
        Some(Evidence::Money(money)) => Some(*money),
        _ => None,
    };
    Some((money(SHOWN)?, GOT.iter().find_map(|name| money(name))?))
}

/// The figures of that amount in a place: `is_price` = it is known to be a price, else money must stand beside.
fn figures(original: &Original<'_>, place: &Span, shown: Money, got: Money, is_price: bool) -> Vec<Edit> {
    let Some(text) = original.text(place) else { return Vec::new() };
    let part = usize::from(place.part);
    let equal = FIGURE.find_iter(text).filter(|figure| {
        let digits = figure.as_str().replace(',', "");
        Money::from_decimal(&digits, shown.currency) == Some(shown) && (is_price || has_money(text, figure.range()))
    });
    equal
        .filter_map(|figure| {
            let start = place.start as usize;
            let span = Span::new(part, start + figure.start()..start + figure.end())?;
            Some(Edit { span, replacement: like(figure.as_str(), got) })
        })
        .collect()
}

fn has_money(text: &str, figure: Range<usize>) -> bool {
    let head = text[..figure.start].trim_end().to_lowercase();
    let tail = text[figure.end..].trim_start().to_lowercase();
    MONEY.iter().any(|sign| head.ends_with(sign) || tail.starts_with(sign))
}

/// The amount as the figure was written: with its separators, and cents where either has them.
fn like(figure: &str, money: Money) -> String {
    let written = money.to_string();
    let digits = written.split(' ').next().unwrap_or_default();
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = if figure.contains(',') { with_separators(whole) } else { whole.to_owned() };
    let plain = !figure.contains('.') && cents.chars().all(|c| c == '0');
    if plain || cents.is_empty() { whole } else { format!("{whole}.{cents}") }
}

fn with_separators(whole: &str) -> String {
    let mut written = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

fn unfit(why: &str) -> Unfit {
    Unfit(why.to_owned())
}
