//! Amounts of money and what each is: the price, the struck-out price, a saving, a threshold, or no
//! offer at all (a bill, a balance, a share). Also percent off and 折.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{CaptureLocations, Match, Regex};

use crate::message::{Currency, Money};

use super::lexicon::{Cue, last_cue_in};

/// Amounts read per sentence; a price list may have hundreds of lines, a sentence has not.
const AMOUNTS_MAX: usize = 64;

/// What an amount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AmountKind {
    /// What it costs.
    Price,
    /// What it is said to have cost.
    ListPrice,
    /// Taken off: 立减50元, `$10 off`.
    Saving,
    /// To be spent first: 满199, `orders over $50`.
    Threshold,
}

/// An amount in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    /// Where, in the normalised text.
    pub range: Range<usize>,
    /// How much.
    pub money: Money,
    /// What it is.
    pub kind: AmountKind,
    /// True when a word said so, not only its place.
    pub said: bool,
}

/// The amounts of one sentence (`sentence` is a range of the normalised `text`).
pub(super) fn amounts_in(text: &str, sentence: Range<usize>) -> Vec<Amount> {
    let Some(words) = text.get(sentence.clone()) else { return Vec::new() };
    let Some(money) = MONEY.as_ref() else { return Vec::new() };
    let mut amounts: Vec<Amount> = Vec::new();
    let mut before = 0;
    let mut from = 0;
    let mut groups = money.capture_locations();
    while let Some(whole) = money.captures_read_at(&mut groups, words, from) {
        let Some(money) = amount(whole, &groups, words) else {
            // In `BT-200 RMB 199` the first reading (`200 RMB`) is none, the next is.
            from = whole.start() + words[whole.start()..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        from = whole.end();
        let (kind, said) = kind_of(&words[before..whole.start()], &words[whole.end()..]);
        before = whole.end();
        amounts.push(Amount { range: sentence.start + whole.start()..sentence.start + whole.end(), money, kind, said });
        if amounts.len() == AMOUNTS_MAX {
            break;
        }
    }
    amounts
}

/// What every amount has one of.
pub(super) fn money_signs() -> Vec<String> {
    [
        "¥",
        "$",
        "€",
        "£",
        "rmb",
        "cny",
        "usd",
        "hkd",
        "ntd",
        "twd",
        "jpy",
        "sgd",
        "aud",
        "cad",
        "eur",
        "gbp",
        "yuan",
        "dollar",
        "bucks",
        "pounds",
        "元",
        "块",
        "圆",
        "人民币",
        "台币",
        "港币",
        "美金",
        "英镑",
        "円",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What every discount has one of.
pub(super) fn percent_signs() -> Vec<String> {
    ["%", "percent", "折", "half", "半价"].map(str::to_owned).to_vec()
}

/// Percent off in a sentence: 8.5折 is 15, `up to 70% off` is 70, half price is 50.
pub(super) fn percent_off_in(words: &str) -> Option<u8> {
    let off = PERCENT.as_ref()?.captures(words)?;
    let tenths = |digits: &str| -> Option<u32> {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        Some(whole.parse::<u32>().ok()? * 10 + fraction.get(..1)?.parse::<u32>().ok()?)
    };
    if let Some(percent) = off.name("percent").or_else(|| off.name("saved")) {
        return percent.as_str().parse().ok().filter(|percent| (1..=99).contains(percent));
    }
    if let Some(zhe) = off.name("zhe") {
        let digits = chinese_tenths(zhe.as_str()).or_else(|| tenths(zhe.as_str()))?;
        // 8折 keeps 80 percent; 85折 is a spelling of 8.5折.
        let kept = if digits > 100 { digits / 10 } else { digits };
        return u8::try_from(100u32.checked_sub(kept)?).ok().filter(|percent| (1..=99).contains(percent));
    }
    off.name("half").map(|_| 50)
}

/// True for 满199减50 and its kin, which need no unit to be understood.
pub(super) fn has_threshold_deal(words: &str) -> bool {
    static DEAL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"满[ \n]?[0-9]{1,6}[ \n]?元?[ \n]?(?:立?减|送|返|享|打|赠)").ok());
    words.contains('满') && DEAL.as_ref().is_some_and(|deal| deal.is_match(words))
}

/// 七 → 70, 八五 → 85, 六点八 → 68.
fn chinese_tenths(written: &str) -> Option<u32> {
    let mut digits =
        written.chars().filter(|c| *c != '点').map(|c| "零一二三四五六七八九".chars().position(|d| d == c));
    let first = u32::try_from(digits.next()??).ok()?;
    let second = digits.next().flatten().and_then(|d| u32::try_from(d).ok()).unwrap_or(0);
    Some(first * 10 + second)
}

/// The groups of [`MONEY`]: a sign and the number after it, or a number and the unit after it.
const SIGN: usize = 1;
const AFTER_SIGN: usize = 2;
const BEFORE_UNIT: usize = 3;
const TIMES: usize = 4;
const UNIT: usize = 5;

fn amount(whole: Match<'_>, groups: &CaptureLocations, words: &str) -> Option<Money> {
    let group = |group: usize| groups.get(group).and_then(|(start, end)| words.get(start..end));
    let (sign, number) = match (group(SIGN), group(AFTER_SIGN)) {
        (Some(sign), Some(number)) => (sign, number),
        _ => (group(UNIT)?, group(BEFORE_UNIT)?),
    };
    // Part of a longer number, a code or a word: `BT$100x`, `1.299元`, `v2.199 usd`.
    let touches = |c: char| c.is_ascii_alphanumeric();
    let head = words[..whole.start()].chars().next_back();
    let tail = words[whole.end()..].chars().next();
    let letters_first = whole.as_str().starts_with(|c: char| c.is_ascii_alphanumeric());
    let digits_last = whole.as_str().ends_with(|c: char| c.is_ascii_digit());
    if letters_first && head.is_some_and(|c| touches(c) || matches!(c, '.' | ',' | '-' | '/' | ':' | '#')) {
        return None;
    }
    if digits_last && tail.is_some_and(|c| c.is_ascii_digit())
        || whole.as_str().ends_with(|c: char| c.is_ascii_alphabetic()) && tail.is_some_and(touches)
    {
        return None;
    }
    // `2 RMB 199`: the sign belongs to what follows.
    let after = words[whole.end()..].trim_start_matches(' ');
    if group(UNIT).is_some() && sign.is_ascii() && after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let currency = currency(sign.trim())?;
    let digits: String = number.chars().filter(|c| *c != ',' && *c != ' ').collect();
    let money = Money::from_decimal(&digits, currency)?;
    let times = match group(TIMES) {
        Some("万") => 10_000,
        Some("千") => 1_000,
        _ => 1,
    };
    Some(Money::new(money.minor.checked_mul(times)?, currency)).filter(|money| money.minor > 0)
}

fn currency(sign: &str) -> Option<Currency> {
    Some(match sign {
        "¥" | "rmb" | "cny" | "rmb¥" | "cny¥" | "元" | "块" | "块钱" | "圆" | "人民币" | "yuan" | "元人民币" => {
            Currency::CNY
        }
        "$" | "us$" | "usd" | "usd$" | "美元" | "美金" | "dollars" | "dollar" | "bucks" => Currency::USD,
        "hk$" | "hkd" | "hkd$" | "港元" | "港币" => Currency::HKD,
        "nt$" | "ntd" | "twd" | "台币" | "新台币" => Currency::TWD,
        "€" | "eur" | "欧元" | "euro" | "euros" => Currency::EUR,
        "£" | "gbp" | "英镑" | "pounds" => Currency::GBP,
        "jp¥" | "jpy" | "日元" | "円" => Currency::JPY,
        "s$" | "sgd" => Currency::SGD,
        "a$" | "aud" => Currency::AUD,
        "c$" | "cad" => Currency::CAD,
        _ => return None,
    })
}

/// What an amount is, by the words since the amount before it and the few after it.
fn kind_of(before: &str, after: &str) -> (AmountKind, bool) {
    let near = last_chars(before, 14);
    let follows = first_chars(after, 8).trim_start();
    let ends = |words: &[&str]| words.iter().any(|word| near.trim_end().ends_with(word));
    if ends(&[
        "满",
        "每满",
        "满足",
        "超过",
        "over",
        "above",
        "spend",
        "spending",
        "at least",
        "more than",
        "spent",
        "充",
        "充值",
    ]) {
        return (AmountKind::Threshold, true);
    }
    let saves = [
        "减",
        "立减",
        "直降",
        "省",
        "节省",
        "立省",
        "优惠",
        "返",
        "返现",
        "抵",
        "抵扣",
        "送",
        "赠",
        "领",
        "券",
        "红包",
        "补贴",
        "最高减",
        "便宜",
        "save",
        "saves",
        "saving",
        "an extra",
        "take",
        "get",
        "off",
        "up to",
        "extra",
    ];
    let taken = [
        "off",
        "优惠券",
        "代金券",
        "券",
        "红包",
        "discount",
        "coupon",
        "voucher",
        "无门槛",
        "补贴",
        "gift card",
        "back",
        "rebate",
        "话费",
        "减",
    ];
    if follows.starts_with("-") && !follows.starts_with("- ") && follows.starts_with("-off")
        || taken.iter().any(|word| follows.starts_with(word))
        || ends(&saves)
    {
        return (AmountKind::Saving, true);
    }
    // The nearest word decides: 原价399元，现价299元.
    let nearest = last_cue_in(near, &[Cue::ListPrice, Cue::CurrentPrice])
        .map(|cue| if cue == Cue::ListPrice { AmountKind::ListPrice } else { AmountKind::Price });
    match nearest {
        Some(kind) => (kind, true),
        None => (AmountKind::Price, false),
    }
}

fn last_chars(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[start..]
}

fn first_chars(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

static MONEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A new currency needs its sign in `money_signs`.
    Regex::new(concat!(
        r"(rmb[ \n]?¥?|cny[ \n]?¥?|us\$|usd[ \n]?\$?|hk\$|hkd[ \n]?\$?|nt\$|ntd|twd|jp¥|jpy|[sac]\$|sgd|aud|cad|eur|gbp|[¥$€£])[ \n]?",
        r"([0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,2})?|[0-9]{1,9}(?:\.[0-9]{1,2})?)",
        r"|([0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,2})?|[0-9]{1,9}(?:\.[0-9]{1,2})?)[ \n]?(万|千)?[ \n]?",
        r"(元人民币|元|块钱|块|圆|人民币|新台币|台币|港元|港币|美元|美金|欧元|英镑|日元|円|rmb|cny|yuan|usd|dollars?|bucks|hkd|twd|ntd|euros?|eur|€|gbp|£|pounds|jpy|sgd|aud|cad)",
    ))
    .ok()
});

static PERCENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A new alternative needs its sign in `percent_signs`.
    Regex::new(concat!(
        r"(?P<percent>[0-9]{1,2})[ \n]?(?:%|percent)[ \n]?(?:off|discount|savings|less|的?优惠|折扣)",
        r"|(?:save|saving|extra|立减|直降|优惠|降价|省)[ \n]?(?:up to[ \n]|高达|最高)?(?P<saved>[0-9]{1,2})[ \n]?%",
        r"|(?P<zhe>[0-9](?:\.[0-9])?|[1-9][0-9]|[一二三四五六七八九](?:点?[一二三四五六七八九])?)折",
        r"|(?P<half>half[ -]price|half off|半价)",
    ))
    .ok()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::normal::fold_phrase;

    fn read(text: &str) -> Vec<String> {
        let text = fold_phrase(text);
        amounts_in(&text, 0..text.len()).into_iter().map(|a| format!("{:?} {}", a.kind, a.money)).collect()
    }

    #[test]
    fn every_spelling_of_a_price() {
        for (text, wanted) in [
            ("¥199", "199.00 CNY"),
            ("￥１，２９９．５０", "1299.50 CNY"),
            ("199元", "199.00 CNY"),
            ("RMB 199", "199.00 CNY"),
            ("299.00 CNY", "299.00 CNY"),
            ("$19.99", "19.99 USD"),
            ("US$1,299", "1299.00 USD"),
            ("HK$88", "88.00 HKD"),
            ("NT$ 990", "990.00 TWD"),
            ("€5", "5.00 EUR"),
            ("£12.50", "12.50 GBP"),
            ("1.5万元", "15000.00 CNY"),
        ] {
            assert_eq!(read(text), [format!("Price {wanted}")], "{text}");
        }
    }

    #[test]
    fn what_an_amount_is() {
        for (text, wanted) in [
            ("原价399元，现价299元", vec!["ListPrice 399.00 CNY", "Price 299.00 CNY"]),
            ("was $49.99, now $29.99", vec!["ListPrice 49.99 USD", "Price 29.99 USD"]),
            ("满199元减50元", vec!["Threshold 199.00 CNY", "Saving 50.00 CNY"]),
            ("$10 off orders over $50", vec!["Saving 10.00 USD", "Threshold 50.00 USD"]),
            ("领20元优惠券", vec!["Saving 20.00 CNY"]),
            ("编号A199元气森林 BT$", vec![]),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn percent_off_in_both_languages() {
        for (text, wanted) in [
            ("全场8折", Some(20)),
            ("8.5折", Some(15)),
            ("85折", Some(15)),
            ("七折起", Some(30)),
            ("up to 70% off", Some(70)),
            ("save 20%", Some(20)),
            ("half price", Some(50)),
            ("100%纯棉", None),
            ("电量剩20%", None),
            ("打折", None),
        ] {
            assert_eq!(percent_off_in(&fold_phrase(text)), wanted, "{text}");
        }
    }
}
