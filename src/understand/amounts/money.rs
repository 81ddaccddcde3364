//! Amounts of money as they are written: `US$1,299.00`, `1.299,00 €`, 199元, 一百九十九元, 九块九, 1.5万元, 99-199元.
//! What each of them is, is told by `prices`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{CaptureLocations, Match, Regex};

use crate::message::{Currency, Money};

use crate::understand::amounts::currencies::{currency, currency_has_comma, named_before, number, signs, units};
use crate::understand::amounts::lettered::lettered;
use crate::understand::amounts::numerals::{NUMERALS, digit_of, value_of};
use crate::understand::patterns::{pattern, says};
use crate::understand::text::language::is_han;

/// Amounts read per sentence; a price list may have hundreds of lines, a sentence has not.
const AMOUNTS_MAX: usize = 64;

/// An amount as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Written {
    /// Where, in the words given.
    pub range: Range<usize>,
    /// How much.
    pub money: Money,
}

/// The amounts in some normalised words, in order.
pub(in crate::understand) fn money_in(words: &str) -> Vec<Written> {
    let mut found = in_digits(words);
    found.extend(lettered(words));
    found.extend(bare_list_prices(words, &found));
    sort_out(&mut found);
    if !words.is_ascii() {
        found.extend(bare(words));
        sort_out(&mut found);
    }
    if !words.is_ascii() && words.contains(['元', '块', '圆']) {
        found.extend(in_characters(words));
        sort_out(&mut found);
    }
    found.truncate(AMOUNTS_MAX);
    found
}

/// In order, and of two readings of one place the longer.
fn sort_out(found: &mut Vec<Written>) {
    found.sort_by_key(|written| (written.range.start, std::cmp::Reverse(written.range.end)));
    found.dedup_by(|later, earlier| later.range.start < earlier.range.end);
}

/// `NZ$3,999 (RRP 6,500)`: of two prices the second needs no sign.
fn bare_list_prices(words: &str, found: &[Written]) -> Vec<Written> {
    let read = |price: &Written| {
        let tail = words.get(price.range.end..)?;
        let number = BARE_LIST.as_ref()?.captures(tail)?.get(1)?;
        let money = Money::from_decimal(&number.as_str().replace(',', ""), price.money.currency)?;
        let range = price.range.end + number.start()..price.range.end + number.end();
        (money.minor > price.money.minor).then_some(Written { range, money })
    };
    found.iter().filter_map(read).collect()
}

fn in_digits(words: &str) -> Vec<Written> {
    let Some(money) = MONEY.as_ref() else { return Vec::new() };
    let mut found: Vec<Written> = Vec::new();
    let mut groups = money.capture_locations();
    let mut from = 0;
    while let Some(whole) = money.captures_read_at(&mut groups, words, from) {
        let Some(read) = amount(whole, &groups, words) else {
            // In `BT-200 RMB 199` the first reading (`200 RMB`) is none, the next is.
            from = whole.start() + words[whole.start()..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        from = read.range.end.max(whole.start() + 1);
        let free_from = found.last().map_or(0, |last| last.range.end);
        found.extend(lower_end(words, &read).filter(|lower| lower.range.start >= free_from));
        found.push(read);
        if found.len() >= AMOUNTS_MAX {
            break;
        }
    }
    found
}

/// The groups of [`MONEY`]: a sign and the number after it, or a number and the unit after it.
const SIGN: usize = 1;
const AFTER_SIGN: usize = 2;
const TIMES_AFTER_SIGN: usize = 3;
const BEFORE_UNIT: usize = 4;
const TIMES: usize = 5;
const UNIT: usize = 6;

fn amount(whole: Match<'_>, groups: &CaptureLocations, words: &str) -> Option<Written> {
    let group = |group: usize| groups.get(group).and_then(|(start, end)| words.get(start..end));
    let at = |group: usize| groups.get(group).map(|(start, end)| start..end);
    let (mut range, mut signed) = (whole.range(), true);
    let (sign, number, times, place) = match (group(SIGN), group(AFTER_SIGN)) {
        (Some(sign), Some(number)) => (sign, number, group(TIMES_AFTER_SIGN), at(AFTER_SIGN)?),
        _ => {
            signed = false;
            (group(UNIT)?, group(BEFORE_UNIT)?, group(TIMES), at(BEFORE_UNIT)?)
        }
    };
    let mut currency = currency(sign.trim())?;
    let digits = match number.rsplit_once(',') {
        // `12,50 €`; but in a list `10,20,50元` each comma parts two numbers.
        Some((whole, cents)) if cents.len() <= 2 => {
            if currency_has_comma(currency) || whole.contains('.') {
                format!("{}.{cents}", whole.replace(['.', ','], ""))
            } else if signed {
                range.end = place.start + whole.len();
                whole.to_owned()
            } else {
                range.start = place.start + whole.len() + 1;
                cents.to_owned()
            }
        }
        // `Rp 60.000`: no sen are written.
        _ if matches!(currency, Currency::IDR | Currency::VND) => number.replace(['.', ',', '\''], ""),
        _ => number.replace([',', '\''], ""),
    };
    if !stands_alone(words, &range) {
        return None;
    }
    let tail = &words[range.end..];
    // `2 RMB 199`, `tier 2 £109`: the sign belongs to what follows.
    let before_next = if sign.is_ascii() { tail.trim_start_matches(' ') } else { tail };
    if !signed && !is_han_unit(sign) && before_next.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if !signed {
        if is_no_unit(sign.trim(), &digits, tail) {
            return None;
        }
        currency = named_before(&words[..range.start]).unwrap_or(currency);
    }
    let money = if matches!(sign, "¢" | "cents" | "p") {
        Money::new(digits.parse().ok().filter(|cents| *cents < 100)?, currency)
    } else {
        Money::from_decimal(&digits, currency)?
    };
    let times = match times.map(str::trim) {
        Some("万") => 10_000,
        Some("千" | "k") => 1_000,
        // "One-bedroom units at AED 1.2M": only a house costs millions, and only where it is asked.
        Some("m")
            if ["price of", "from", "priced at", "starting at"]
                .iter()
                .any(|asks| words[..range.start].trim_end().ends_with(asks)) =>
        {
            1_000_000
        }
        // Millions are nobody's offer.
        Some(_) => return None,
        None => 1,
    };
    Some(Written { range, money: Money::new(money.minor.checked_mul(times)?, currency) })
}

/// False for a part of a longer number, a code or a word: `BT$100x`, `1.299.5元`, `v2.199 usd`.
fn stands_alone(words: &str, range: &Range<usize>) -> bool {
    let (Some(own), Some(head), Some(tail)) =
        (words.get(range.clone()), words.get(..range.start), words.get(range.end..))
    else {
        return false;
    };
    let mut ahead = head.chars().rev();
    let (before, second) = (ahead.next(), ahead.next());
    let (after, second_is_digit) = (tail.chars().next(), second.is_some_and(|c| c.is_ascii_digit()));
    if own.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let touches = match before {
            Some('.' | ':' | '/') => second_is_digit,
            Some('-') => {
                let ranged = says(&RANGE, last_bytes(head, 24));
                !ranged && second.is_some_and(|c| c.is_ascii_alphanumeric())
            }
            // A list of numbers; its last has the unit.
            Some(',') => second_is_digit && own.contains(','),
            Some(c) => c == '#' || c.is_ascii_alphanumeric(),
            None => false,
        };
        if touches {
            return false;
        }
    }
    let digits_last = own.ends_with(|c: char| c.is_ascii_digit());
    let letters_last = own.ends_with(|c: char| c.is_ascii_alphabetic());
    !(digits_last && after.is_some_and(|c| c.is_ascii_digit() || c == '%')
        || letters_last && after.is_some_and(|c| c.is_ascii_alphanumeric()))
}

/// 元 and the like stand behind their number, whatever follows.
fn is_han_unit(unit: &str) -> bool {
    unit.trim().chars().any(is_han)
}

/// 2元素, 3块蛋糕: a word that only begins like a unit.
fn is_no_unit(unit: &str, digits: &str, tail: &str) -> bool {
    let next = tail.chars().next();
    match unit {
        "元" => next.is_some_and(|c| "旦素宵气件老勋凶帅始朝桥里".contains(c)),
        // 50p; "at 5 p.m.", 1080p, "2p mode" are no pence.
        "p" => {
            digits.len() != 2
                || tail.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '&' | '\''))
                || tail.starts_with(".m")
        }
        "块" => {
            let few = digits.len() == 1;
            few && next
                .is_some_and(|c| !c.is_ascii() && c.is_alphabetic() && !"起包每左多不就到以抢秒带购拿".contains(c))
        }
        _ => false,
    }
}

/// Of `99-199元` and `99元~199元` the first, when only the second has a unit.
fn lower_end(words: &str, upper: &Written) -> Option<Written> {
    let from = words.floor_char_boundary(upper.range.start.saturating_sub(24));
    let head = words.get(from..upper.range.start)?;
    let found = RANGE.as_ref()?.captures(head)?;
    let number = found.get(1)?;
    let currency = upper.money.currency;
    let money = Money::from_decimal(&number.as_str().replace(',', ""), currency)?;
    let lower = money.minor > 0 && money.minor < upper.money.minor;
    lower.then(|| Written { range: from + number.start()..from + number.end(), money })
}

/// 原价399，现仅需259; 5斤装29.9，: a price without its unit, told by the word before it or by its pennies.
fn bare(words: &str) -> Vec<Written> {
    let Some(bare) = BARE.as_ref() else { return Vec::new() };
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(groups) = bare.captures_at(words, from)
        && let Some(number) = (1..=3).find_map(|group| groups.get(group))
        && found.len() < AMOUNTS_MAX
    {
        let (range, times) = groups.get(4).map_or((number.range(), 1), |wan| (number.start()..wan.end(), 10_000));
        from = range.end;
        let currency = named_before(&words[..number.start()]).unwrap_or(Currency::CNY);
        found.extend(
            Money::from_decimal(&number.as_str().replace(',', ""), currency)
                .filter(|money| money.minor > 0)
                .map(|money| Written { range, money: Money::new(money.minor.saturating_mul(times), currency) }),
        );
    }
    found
}

fn in_characters(words: &str) -> Vec<Written> {
    let Some(spoken) = SPOKEN.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for groups in spoken.captures_iter(words).take(AMOUNTS_MAX) {
        let (Some(whole), Some(number), Some(unit)) = (groups.get(0), groups.get(1), groups.get(2)) else { continue };
        let tenth = groups.get(3).filter(|tenth| {
            let next = words[tenth.end()..].chars().next();
            unit.as_str() == "块" && !next.is_some_and(|c| "折件个双瓶盒袋包条支只份套天张杯次人".contains(c))
        });
        let end = tenth.map_or(unit.end(), |_| whole.end());
        let tail = &words[end..];
        // What is written in digits was read there, but for 9块9.
        if number.as_str().is_ascii()
            && (tenth.is_none() || words[..whole.start()].ends_with(|c: char| c.is_ascii_digit() || c == '.'))
        {
            continue;
        }
        let tenth = tenth.and_then(|tenth| {
            let c = tenth.as_str().chars().next()?;
            digit_of(c).or_else(|| c.to_digit(10).map(u64::from))
        });
        // 一块去, 两块手表: together, or pieces; 九块九 and 十块 are money.
        let value = number.as_str().parse().ok().or_else(|| value_of(number.as_str()));
        let Some(value) = value else { continue };
        let is_piece = unit.as_str() == "块" && tenth.is_none() && value < 10;
        if is_piece || is_no_unit(unit.as_str(), "10", tail) {
            continue;
        }
        let currency = named_before(&words[..whole.start()]).or_else(|| currency(unit.as_str()));
        let minor = value.checked_mul(100).and_then(|minor| i64::try_from(minor + tenth.unwrap_or(0) * 10).ok());
        if let (Some(currency), Some(minor)) = (currency, minor) {
            found.push(Written { range: whole.start()..end, money: Money::new(minor, currency) });
        }
    }
    found
}

fn last_bytes(text: &str, bytes: usize) -> &str {
    &text[text.floor_char_boundary(text.len().saturating_sub(bytes))..]
}

static MONEY: LazyLock<Option<Regex>> = pattern!(
    "(",
    signs!(),
    r")[ \n]?(",
    number!(),
    r")([ \n]?(?:万|千|亿)|k(?-u:\b)|m(?-u:\b)|bn?(?-u:\b)|[ \n](?:m|b|tr)illion)?",
    r"|(",
    number!(),
    r")[ \n]?(万|千|亿|(?:m|b|tr)illion[ \n])?[ \n]?(",
    units!(),
    ")",
);

/// The lower end of a range, in front of its upper end.
static RANGE: LazyLock<Option<Regex>> =
    pattern!(r"(?:^|[^0-9a-z.,-])([0-9]{1,6}(?:\.[0-9]{1,2})?)[ ]?(?:-|~|to|至|到)[ ]?$");

static BARE_LIST: LazyLock<Option<Regex>> = pattern!(
    r"^[ ]?(?:[a-z]+[ ])?\(?(?:rrp|was|reg\.?|regular|usual(?:ly)?|normal(?:ly)?|u\.?p\.?|originally|instead of|rather than|down from|list)[: ]+([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,6}(?:\.[0-9]{2})?)(?:[).,!;]|[ ]|$)"
);

/// A date has no such numbers, and a mark no such end.
static BARE: LazyLock<Option<Regex>> = pattern!(
    r"(?:价|仅需|只需|只要|仅售|只售|到手|券后|月租|月费|每人|每位|人均|单程|往返|每晚|[一二两三四五六七八]件套|单[只件份张盒]|一[对份套碗盒箱])(?:仅要?|只要?|低至|才|为|是|约|:)?[ \n]?",
    r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6}(?:\.[0-9]{1,2})?)(?:[ \n]?[,，。!！;；、()/~+]|[ \n]|$|起|带走|包邮|吃到饱|任选|一|/|现价|现)",
    r"|[^0-9./:-](1[3-9]\.[89][089]?|[2-9][0-9]\.[89][089]?|[0-9]{3}\.[89][089]?)(?:[ \n]?[,，。!！;；]|[ \n]?$|起|包邮)",
    // 实木餐桌1.98万
    r"|(?:[^0-9./:-]|^)([0-9]{1,3}\.[0-9]{1,2})(万)(?:[,，。!！;；]|$|起|/|每)",
);

/// 一百九十九元, 九块九, 9块9.
static SPOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let units = "元整|元|块钱|圆|美元|美金|港币|港元|新台币|台币|欧元|英镑|日元|块";
    Regex::new(&format!("([{NUMERALS}]{{1,12}}|[0-9]{{1,4}})({units})(?:([一二三四五六七八九1-9])(?:毛|角)?)?")).ok()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    fn read(text: &str) -> Vec<String> {
        money_in(&fold_phrase(text)).into_iter().map(|written| written.money.to_string()).collect()
    }

    #[test]
    fn every_spelling_of_an_amount() {
        for (text, wanted) in [
            ("¥199", "199.00 CNY"),
            ("￥１，２９９．５０", "1299.50 CNY"),
            ("199元", "199.00 CNY"),
            ("RMB 199", "199.00 CNY"),
            ("299.00 CNY", "299.00 CNY"),
            ("人民币1,299元", "1299.00 CNY"),
            ("$19.99", "19.99 USD"),
            ("US$1,299", "1299.00 USD"),
            ("U.S.$5", "5.00 USD"),
            ("19.99$", "19.99 USD"),
            ("99¢", "0.99 USD"),
            ("HK$88", "88.00 HKD"),
            ("港幣88元", "88.00 HKD"),
            ("NT$ 990", "990.00 TWD"),
            ("新台幣990元", "990.00 TWD"),
            ("€5", "5.00 EUR"),
            ("1.299,00 €", "1299.00 EUR"),
            ("€12,50", "12.50 EUR"),
            ("CHF 1'299", "1299.00 CHF"),
            ("£12.50", "12.50 GBP"),
            ("1.5万元", "15000.00 CNY"),
            ("$5k", "5000.00 USD"),
            ("一百九十九元", "199.00 CNY"),
            ("兩百塊", "200.00 CNY"),
            ("九块九", "9.90 CNY"),
            ("9块9", "9.90 CNY"),
            ("十元", "10.00 CNY"),
            ("三块钱", "3.00 CNY"),
            ("九十九美元", "99.00 USD"),
            ("₱1,499", "1499.00 PHP"),
            ("KSh 1,500", "1500.00 KES"),
            ("₦150k", "150000.00 NGN"),
            ("AED 29.90", "29.90 AED"),
            ("120 dirhams", "120.00 AED"),
            ("Rs 499/-", "499.00 INR"),
            ("499/-", "499.00 INR"),
            ("₹5,00,000", "500000.00 INR"),
            ("R1 450", "1450.00 ZAR"),
            ("99p", "0.99 GBP"),
            ("€9,99", "9.99 EUR"),
            ("1.98万", "19800.00 CNY"),
        ] {
            assert_eq!(read(text), [wanted], "{text}");
        }
    }

    #[test]
    fn ranges_lists_and_what_only_looks_like_money() {
        for (text, wanted) in [
            ("99-199元", vec!["99.00 CNY", "199.00 CNY"]),
            ("99元~199元", vec!["99.00 CNY", "199.00 CNY"]),
            ("$19 to $49", vec!["19.00 USD", "49.00 USD"]),
            ("10,20,50元", vec!["50.00 CNY"]),
            ("¥199，100件", vec!["199.00 CNY"]),
            ("$75 million", vec![]),
            ("8亿元", vec![]),
            ("编号A199元气森林 BT$", vec![]),
            ("一块去吃饭", vec![]),
            ("3块蛋糕", vec![]),
            ("多元素", vec![]),
            ("10GB", vec![]),
            ("三元桥", vec![]),
            ("$5%", vec![]),
            ("at 10 p.m. in 1080p", vec![]),
            ("价格：12元，BT-200元", vec!["12.00 CNY"]),
            ("99元9折", vec!["99.00 CNY"]),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
