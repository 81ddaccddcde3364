//! Amounts whose sign is a single letter: `R1 450`, `N18,000`, `P799`. A model number looks the same (`P30`,
//! `N95`), so the number must be written as money is (thousands apart, cents), or the words beside it must ask a price.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::message::{Currency, Money};

use crate::understand::amounts::money::Written;
use crate::understand::patterns::{pattern, says};

/// Looked at in one sentence.
const FOUND_MAX: usize = 64;

/// The amounts of a sentence; where one is surely money, its neighbours with that letter are.
pub(in crate::understand) fn lettered(words: &str) -> Vec<Written> {
    let Some(letters) = LETTERED.as_ref() else { return Vec::new() };
    let mut found: Vec<(&str, bool, Written)> = Vec::new();
    for groups in letters.captures_iter(words).take(FOUND_MAX) {
        if let (Some(written), Some(letter)) = (read(&groups), groups.get(1)) {
            let is_sure = is_sure(&groups, words, &written);
            found.push((letter.as_str(), is_sure, written));
        }
    }
    let mut sure: Vec<&str> = found.iter().filter(|(_, sure, _)| *sure).map(|(letter, ..)| *letter).collect();
    // "Box braids R350, cornrows R150": goods and numbers in turn are a price list.
    let mut listed = found.iter().filter(|(.., written)| is_listed(words, written)).map(|(letter, ..)| *letter);
    if let Some(first) = listed.next()
        && listed.any(|other| other == first)
    {
        sure.push(first);
    }
    found.into_iter().filter(|(letter, ..)| sure.contains(letter)).map(|(.., written)| written).collect()
}

/// Behind goods, and the last of its clause.
fn is_listed(words: &str, written: &Written) -> bool {
    let (head, tail) = (words.get(..written.range.start), words.get(written.range.end..));
    let mut ahead = head.unwrap_or_default().chars().rev();
    let behind_goods = ahead.next() == Some(' ') && ahead.take(3).all(|c| c.is_ascii_lowercase());
    behind_goods && tail.is_some_and(|tail| tail.is_empty() || tail.starts_with([',', '.', ';', '!', '&', '\n']))
}

fn read(groups: &Captures<'_>) -> Option<Written> {
    let (letter, number) = (groups.get(1)?, groups.get(2)?);
    let currency = match letter.as_str() {
        "r" => Currency::ZAR,
        "n" => Currency::NGN,
        _ => Currency::PHP,
    };
    let times = if groups.get(3).is_some() { 1_000 } else { 1 };
    let money = Money::from_decimal(&number.as_str().replace([',', ' ', '\u{a0}'], ""), currency)?;
    let end = groups.get(3).map_or(number.end(), |times| times.end());
    let minor = money.minor.checked_mul(times).filter(|minor| *minor >= 1_000)?;
    Some(Written { range: letter.start()..end, money: Money::new(minor, currency) })
}

fn is_sure(groups: &Captures<'_>, words: &str, written: &Written) -> bool {
    let number = groups.get(2).map_or("", |number| number.as_str());
    if number.contains([',', '.', ' ']) {
        return true;
    }
    let head = words.get(..written.range.start).unwrap_or_default();
    let head = head.get(head.floor_char_boundary(head.len().saturating_sub(20))..).unwrap_or_default();
    let tail = words.get(written.range.end..).unwrap_or_default();
    says(&ASKED_AFTER, tail)
        || (number.len() >= 3 || groups.get(1).is_some_and(|l| l.as_str() == "r")) && says(&ASKED_BEFORE, head)
}

static LETTERED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)([rnp])([0-9]{1,3}(?:[ ][0-9]{3})+(?:\.[0-9]{2})?(?-u:\b)|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{2})?|[0-9]{2,6}(?:\.[0-9]{2})?)(k)?(?-u:\b)"
);
static ASKED_AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^[ ]?(?:off|per|p/m|pm|pps?|pax|each|ea|lang|only|a (?:month|week|day|night|year|person)|monthly|weekly|/[a-z]+|/-|for [0-9]+[a-z]*|entry|combo|cash ?back|voucher|discount)(?-u:\b)|^[ ]?\((?:was|reg|norm|usual|orig|rrp|list)"
);
static ASKED_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:from|for|only|now|save|was|just|under|over|above|spend|price|fee|pay|get|buy[ ]at|worth|special|deal|large|regular|medium|small|at|@)[: ]+$|[a-z]{3},[ ]$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_a_sign_where_money_is_asked() {
        for (text, wanted) in [
            ("from r1 450 per person", vec!["1450.00 ZAR"]),
            ("r99.99, coke 2l r19.99, maize r89.", vec!["99.99 ZAR", "19.99 ZAR", "89.00 ZAR"]),
            ("1.2gb anytime for r85, 30 days", vec!["85.00 ZAR"]),
            ("n18,000 - n35,000", vec!["18000.00 NGN", "35000.00 NGN"]),
            ("get 1.5gb for n500 valid for 7 days", vec!["500.00 NGN"]),
            ("lash lift this sat, p799!", vec!["799.00 PHP"]),
            ("p15k monthly", vec!["15000.00 PHP"]),
            ("p99 lang", vec!["99.00 PHP"]),
            ("weekly clean r380/mth x4", vec!["380.00 ZAR"]),
            ("wings special r89 dies", vec!["89.00 ZAR"]),
            ("r29 for 1gb all-nite", vec!["29.00 ZAR"]),
            ("milktea large p120", vec!["120.00 PHP"]),
            ("get p150 off min. spend p800", vec!["150.00 PHP", "800.00 PHP"]),
            ("box braids r350, cornrows r150.", vec!["350.00 ZAR", "150.00 ZAR"]),
            ("the p30 pro", vec![]),
            ("rooms r204, r205", vec![]),
            ("now p50 with leica", vec![]),
            ("n95 masks", vec![]),
            ("room r204", vec![]),
        ] {
            let read: Vec<String> = lettered(text).into_iter().map(|written| written.money.to_string()).collect();
            assert_eq!(read, wanted, "{text}");
        }
    }
}
