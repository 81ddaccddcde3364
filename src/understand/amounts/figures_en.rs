//! Figures that may be prices, though no sign of money stands beside them: "skin fades are 12 not 18", "a fiver", "it was
//! thirty two", "18k". What is plainly something else (a time, a date, a count, a size) is left out; whether a figure is
//! a price at all, only the words between two of them tell (see `price_pairs_en`).

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::english;
use crate::understand::amounts::prices::Amount;
use crate::understand::patterns::{pattern, says};

/// Figures looked at in one sentence.
const FIGURES_MAX: usize = 16;
/// How far beside a figure the words stand that make it none.
const BESIDE_BYTES_MAX: usize = 16;

/// "Twelve for £50": no longer is what tells how many.
const COUNT_BYTES_MAX: usize = 6;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Figure {
    /// In the normalised text.
    pub range: Range<usize>,
    /// In hundredths of whatever it is counted in.
    pub hundredths: u64,
    /// Known where a sign or a word tells it.
    pub currency: Option<Currency>,
    /// Its place among the sentence's amounts, when it is one.
    pub amount: Option<usize>,
}

impl Figure {
    /// How much it is less than another, in the currency that one of both tells.
    pub fn below(&self, other: &Figure) -> Option<Money> {
        let currency = self.currency.or(other.currency)?;
        money_of(other.hundredths.checked_sub(self.hundredths)?, currency)
    }

    /// Whether both can be told in one currency.
    pub fn is_like(&self, other: &Figure) -> bool {
        self.currency.is_none() || other.currency.is_none() || self.currency == other.currency
    }
}

/// So many hundredths of that currency's unit.
pub(in crate::understand) fn money_of(hundredths: u64, currency: Currency) -> Option<Money> {
    let unit = 10_i64.pow(u32::from(currency.exponent().unwrap_or(2)));
    let minor = i64::try_from(hundredths).ok()?.checked_mul(unit)? / 100;
    (minor > 0).then(|| Money::new(minor, currency))
}

/// The figures of one sentence, in order: its amounts, and the bare ones between them.
pub(in crate::understand) fn figures_in(text: &str, sentence: Range<usize>, amounts: &[Amount]) -> Vec<Figure> {
    let (Some(words), Some(bare)) = (text.get(sentence.clone()), BARE.as_ref()) else { return Vec::new() };
    let mut figures: Vec<Figure> = Vec::new();
    for (index, amount) in amounts.iter().take(FIGURES_MAX).enumerate() {
        let unit = 10_u64.pow(u32::from(amount.money.currency.exponent().unwrap_or(2)));
        let Some(hundredths) = u64::try_from(amount.money.minor).ok().and_then(|minor| minor.checked_mul(100)) else {
            continue;
        };
        figures.push(Figure {
            range: amount.range.clone(),
            hundredths: hundredths / unit,
            currency: Some(amount.money.currency),
            amount: Some(index),
        });
    }
    for groups in bare.captures_iter(words).take(FIGURES_MAX) {
        let Some(whole) = groups.name("figure") else { continue };
        let range = sentence.start + whole.start()..sentence.start + whole.end();
        let is_read = figures.iter().any(|known| known.range.start < range.end && range.start < known.range.end);
        let (head, tail) = (words.get(..whole.start()), words.get(whole.end()..));
        if is_read || is_no_price(head.unwrap_or_default(), tail.unwrap_or_default()) {
            continue;
        }
        // "A fiver not eight", "they have been nine": beside a word that compares, and not "two for £10".
        let is_small = groups.name("small").is_some();
        // "£18 each or 2 for £30".
        let is_count = whole.len() <= COUNT_BYTES_MAX && tail.is_some_and(|tail| says(&SO_MANY_FOR, tail));
        if is_count
            || is_small && !(says(&COMPARED, head.unwrap_or_default()) && says(&ALONE, tail.unwrap_or_default()))
        {
            continue;
        }
        if let Some((hundredths, currency)) = value_of(&groups).filter(|(hundredths, _)| *hundredths > 0) {
            figures.push(Figure { range, hundredths, currency, amount: None });
        }
    }
    figures.sort_by_key(|figure| figure.range.start);
    figures
}

/// "At 5", "room 12", "30 mins", "12th", "10-3", "06:45".
fn is_no_price(head: &str, tail: &str) -> bool {
    let head = head.get(head.ceil_char_boundary(head.len().saturating_sub(BESIDE_BYTES_MAX))..).unwrap_or_default();
    let tail = tail.get(..tail.floor_char_boundary(BESIDE_BYTES_MAX)).unwrap_or_default();
    says(&NO_PRICE_BEFORE, head) || says(&NO_PRICE_AFTER, tail)
}

fn value_of(groups: &Captures<'_>) -> Option<(u64, Option<Currency>)> {
    if let Some(note) = groups.name("note") {
        let hundredths = if note.as_str().starts_with('f') { 500 } else { 1_000 };
        return Some((hundredths, Some(Currency::GBP)));
    }
    if let Some(one) = groups.name("one") {
        return Some((100, Some(coin(one.as_str()))));
    }
    if let (Some(few), Some(coins)) = (groups.name("few"), groups.name("coins")) {
        return Some((english(few.as_str())? * 100, Some(coin(coins.as_str()))));
    }
    if let Some(small) = groups.name("small") {
        return Some((english(small.as_str())? * 100, None));
    }
    if let Some(spelled) = groups.name("spelled") {
        let value: u64 = spelled.as_str().split([' ', '-']).filter_map(english).sum();
        return Some((value * 100, groups.name("unit").map(|unit| coin(unit.as_str()))));
    }
    let digits = groups.name("digits")?.as_str().replace(',', "");
    let (whole, cents) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole: u64 = whole.parse().ok()?;
    let cents: u64 = if cents.is_empty() { 0 } else { format!("{cents:0<2}").parse().ok()? };
    let times = if groups.name("thousands").is_some() { 1_000 } else { 1 };
    Some((whole.checked_mul(100)?.checked_add(cents)?.checked_mul(times)?, None))
}

/// Quid and pounds, euros, or dollars and bucks.
fn coin(name: &str) -> Currency {
    match name.as_bytes().first() {
        Some(b'q' | b'p') => Currency::GBP,
        Some(b'e') => Currency::EUR,
        _ => Currency::USD,
    }
}

static BARE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?P<figure>(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?|[0-9]{1,6}(?:\.[0-9]{1,2})?)(?P<thousands>k)?",
    r"|(?:a )?(?P<note>fiver|tenner)|(?:a|one) (?P<one>quid|pound|dollar)",
    r"|(?P<few>two|three|four|five|six|seven|eight|nine|ten) (?P<coins>quid|pounds?|dollars?|bucks|euros?)",
    r"|(?P<spelled>ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)(?: (?P<unit>quid|pounds?|dollars?|bucks|euros?))?",
    r"|(?P<small>two|three|four|five|six|seven|eight|nine))(?-u:\b)"
);
/// Behind how many are bought for a price.
static SO_MANY_FOR: LazyLock<Option<Regex>> = pattern!(r"^ for (?:just |only )?[a-z]{0,2}[$£€₹₦₱]");
/// In front of a small number that is a price.
static COMPARED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:not|instead of|rather than|down from|used to be|(?:has|have|had|'ve|'s) been|was|were|usually|normally|up to)(?: a| about)? $"
);
/// Behind one.
static ALONE: LazyLock<Option<Regex>> =
    pattern!(r"^(?:[.,;!?)]|$| (?:since|before|until|till?|last|on|if|after|all)(?-u:\b))");
/// "Instead of 3.40" and "for 20" are prices, so few words are left out.
static NO_PRICE_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"[0-9a-z][.:/,'-]$|[-#@/+:][0-9]*$|[$£€₹][ ]?$|(?-u:\b)(?:at|by|until|till?|before|after|since|past|room|gate|page|bus|platform|no|number|age|aged|chapter|week|size|unit|line|lane|flat|table|row|seat|grade|year|blk|block|ave|lvl|level|under|over|score[ds]?|lots?|season|episode|part|route|exit|junction|tier|phase|wave|release|round|batch|step|stage|option|vol|zone|band|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|may|january|february|march|april|august|september|october|november|december|mon|tues?|wed|thurs?|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)[ .]{1,2}$"
);
static NO_PRICE_AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[%:/'-][0-9a-z%]?|\.[0-9]|,[0-9]|st(?-u:\b)|nd(?-u:\b)|rd(?-u:\b)|th(?-u:\b)|x[0-9 ])|^[ -]?(?:am|pm|a\.m|p\.m|noon|o'clock|mins?|minutes?|hours?|hrs?|secs?|seconds?|days?|nights?|weeks?|wks?|months?|mths?|years?|yrs?|yo|people|persons?|guests|pax|ppl|seats?|stops?|left|kgs?|g|lbs?|oz|km|miles?|mi|m|cm|mm|inch|inches|ft|ml|l|litres?|gb|mb|percent|per cent|pct|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|january|february|march|april|june|july|august|september|october|november|december|of|points?|pts|goals?|marks|degrees|classes|lessons|sessions|times|copies|pages|items|pieces|pcs|boxes|bottles|steps|calories|reps|sets|students|kids|players|tickets|cars|rooms|tables|patients|staff|volunteers)(?-u:\b)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::amounts::prices::amounts_in;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn bare_figures_and_what_only_looks_like_them() {
        for (text, wanted) in [
            ("skin fades are 12 not 18", vec![1_200, 1_800]),
            ("6 bucks, normally 9.50", vec![600, 950]),
            ("now 9k, then 12k", vec![900_000, 1_200_000]),
            ("it was thirty two", vec![3_200]),
            ("two quid till 9", vec![200]),
            ("12 quid, 16 in autumn", vec![1_200, 1_600]),
            ("a fiver instead of 6.60", vec![500, 660]),
            ("na 2,500 instead of 3,200", vec![250_000, 320_000]),
            ("£6 each instead of 8.50", vec![600, 850]),
            ("at 5 instead of 6pm", vec![]),
            ("room 12, 30 mins, 4th june, 10:45", vec![]),
            ("5% of 30 people", vec![]),
        ] {
            let text = fold_phrase(text);
            let amounts = amounts_in(&text, 0..text.len());
            let read: Vec<u64> = figures_in(&text, 0..text.len(), &amounts).iter().map(|one| one.hundredths).collect();
            assert_eq!(read, wanted, "{text}");
        }
    }
}
