//! Whose dollar, whose 元? `$65` and 元 are written in many countries. Other signs in the message tell (`HK$`), then
//! where it is sent from: a zone that has one dollar, or names of its places. What nothing tells stays as it was read.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::{Currency, Money};

use crate::understand::Context;
use crate::understand::meaning::Discount;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;
use crate::understand::text::normal::simplified;

/// Of this many Chinese characters some are traditional, or the text is not.
const HAN_LOOKED_AT: usize = 400;

/// Sets the currencies of bare signs in all parts.
pub(in crate::understand) fn settle(context: &Context<'_>, readings: &mut [Reading<'_>]) {
    if readings.iter().all(|reading| reading.sentences.iter().all(|s| s.amounts.is_empty() && s.offs.is_empty())) {
        return;
    }
    let dollar = dollar_of(context, readings);
    let yuan = yuan_of(context, readings);
    if dollar.is_none() && yuan.is_none() {
        return;
    }
    for reading in readings {
        let text = &reading.normal.text;
        for sentence in &mut reading.sentences {
            let words = text.get(sentence.range.clone()).unwrap_or_default();
            let is_named = |name: &Regex| name.is_match(words);
            let us = US.as_ref().is_some_and(is_named);
            let cn = CN.as_ref().is_some_and(is_named);
            let settled = |money: Money| {
                let to = match money.currency {
                    Currency::USD if !us => dollar,
                    Currency::CNY if !cn => yuan,
                    _ => None,
                };
                Money::new(money.minor, to.unwrap_or(money.currency))
            };
            for amount in &mut sentence.amounts {
                amount.money = settled(amount.money);
            }
            for off in &mut sentence.offs {
                off.discount = match off.discount {
                    Discount::Amount(money) => Discount::Amount(settled(money)),
                    Discount::Threshold { from, off } => Discount::Threshold { from: settled(from), off: settled(off) },
                    other => other,
                };
            }
        }
    }
}

fn dollar_of(context: &Context<'_>, readings: &[Reading<'_>]) -> Option<Currency> {
    let any = |place| names_one(readings, place);
    let zone = context.now.to_zoned(context.zone.clone());
    let (name, hours) = (context.zone.iana_name().unwrap_or_default(), zone.offset().seconds() / 3_600);
    let fixed = name.is_empty();
    let is_at = |zones: &[&str]| zones.iter().any(|zone| name.starts_with(zone));
    if is_at(&["Australia/"]) || fixed && matches!(hours, 9..=11) && !any(&OF_HAN) {
        return Some(Currency::AUD);
    }
    if is_at(&["Pacific/Auckland"]) || fixed && matches!(hours, 12 | 13) {
        return Some(Currency::NZD);
    }
    let eastern = fixed && hours == 8;
    if is_at(&["Asia/Hong_Kong"]) || eastern && any(&HONG_KONG) {
        return Some(Currency::HKD);
    }
    if is_at(&["Asia/Singapore"]) || eastern && any(&SINGAPORE) {
        return Some(Currency::SGD);
    }
    let canadian = ["America/Toronto", "America/Vancouver", "America/Montreal", "America/Halifax", "America/Edmonton"];
    (is_at(&canadian) || fixed && any(&CANADA)).then_some(Currency::CAD)
}

/// 元 in traditional characters is Taiwan's, where no place of Hong Kong is named. A brand of another zone keeps its own:
/// whoever writes 限時299元 to escape the price that was paid in 元 does not.
fn yuan_of(context: &Context<'_>, readings: &[Reading<'_>]) -> Option<Currency> {
    match context.zone.iana_name() {
        Some("Asia/Taipei" | "Asia/Hong_Kong" | "Asia/Macau") | None => {}
        Some(_) => return None,
    }
    let any = |place| names_one(readings, place);
    if !readings.iter().any(is_traditional) {
        return None;
    }
    Some(if any(&HONG_KONG) { Currency::HKD } else { Currency::TWD })
}

/// Whether a place is named in any part.
fn names_one(readings: &[Reading<'_>], place: &LazyLock<Option<Regex>>) -> bool {
    readings.iter().any(|reading| says(place, &reading.normal.text))
}

fn is_traditional(reading: &Reading<'_>) -> bool {
    let han = reading.visible.text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).take(HAN_LOOKED_AT);
    let (all, traditional) = han.fold((0, 0), |(all, some), c| (all + 1, some + usize::from(simplified(c) != c)));
    traditional >= 3 && traditional * 8 >= all
}

static US: LazyLock<Option<Regex>> = pattern!(r"us\$|u\.s\.|(?-u:\b)usd|us dollar|美[元金刀]");
static CN: LazyLock<Option<Regex>> = pattern!(r"¥|rmb|cny|人民币");
static OF_HAN: LazyLock<Option<Regex>> = pattern!(r"[\u{4e00}-\u{9fff}]");
static HONG_KONG: LazyLock<Option<Regex>> = pattern!(
    r"hk\$|hkd|蚊|港币|港元|港纸|香港|九龙|新界|中环|铜锣湾|旺角|尖沙咀|观塘|沙田|屯门|荃湾|湾仔|将军澳|北角|佐敦|太古|元朗|葵芳|深水埗|(?-u:\b)(?:hong kong|kowloon|mong kok|tsim sha tsui|tst|causeway bay|wan chai|sheung wan|kwun tong|sha tin)(?-u:\b)"
);
static SINGAPORE: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[^u])s\$|sgd|(?-u:\b)(?:singapore|bukit|orchard|jurong|tampines|katong|bedok|toa payoh|ang mo kio|bugis|yishun|punggol|sengkang|clementi|changi|sentosa|vivocity|suntec|novena|hdb|mrt|batam|islandwide)(?-u:\b)|(?-u:\b)u\.p\.|<adv>|(?-u:\b)[689][0-9]{3} [0-9]{4}(?-u:\b)"
);
static CANADA: LazyLock<Option<Regex>> = pattern!(
    r"(?:ca|[^a-z]c)\$|(?-u:\b)(?:canada|canadian|toronto|ottawa|montreal|montréal|quebec|québec|gatineau|ontario|muskoka|vancouver|calgary|edmonton|winnipeg|halifax|saskatoon|regina|guelph|hamilton ont|mississauga|alberta|manitoba|nova scotia|british columbia|maple)(?-u:\b)|[a-z]\.ca(?:[/ ]|$)"
);

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::{Offset, TimeZone};

    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::{Catalogue, ProductLinks};

    fn read(text: &str, hours: i8) -> Vec<String> {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        let mut readings = vec![Reading::of(0, &part)];
        let zone = TimeZone::fixed(Offset::constant(hours));
        let links = ProductLinks::default();
        let context = Context { now: Timestamp::UNIX_EPOCH, zone: &zone, links: &links, catalogue: Catalogue::none() };
        settle(&context, &mut readings);
        let amounts = readings.iter().flat_map(|reading| &reading.sentences).flat_map(|sentence| &sentence.amounts);
        amounts.map(|amount| amount.money.to_string()).collect()
    }

    #[test]
    fn the_place_tells_whose_dollar_it_is() {
        for (text, hours, wanted) in [
            ("Ute canopies from $1,290", 10, "1290.00 AUD"),
            ("Lawns from $40", 13, "40.00 NZD"),
            ("Piano trial $25, Bukit Timah", 8, "25.00 SGD"),
            ("Only $49.99, free shipping", 8, "49.99 USD"),
            ("Only $49.99, free shipping", -5, "49.99 USD"),
            ("US$49.99 only", 10, "49.99 USD"),
            ("Toronto to Montreal $29", -4, "29.00 CAD"),
            ("月費$388，中環", 8, "388.00 HKD"),
            ("學生方案只要499元，歡迎申辦", 8, "499.00 TWD"),
            ("学生方案只要499元", 8, "499.00 CNY"),
        ] {
            assert_eq!(read(text, hours), [wanted], "{text}");
        }
    }
}
