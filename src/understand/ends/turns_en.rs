//! When does a price turn back, in English? "Full price again on Monday", "£60 (£85 from Monday)", "on 2 November it goes back to
//! $89": over when that day begins, and the price before is the offer.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::patterns::{pattern, says};

/// "Full price again on Monday", "£40 from 1 June": over when that day begins.
pub(in crate::understand) fn begin_when_turned_back(lead: &str, tail: &str, moment: &Moment) -> Option<Timestamp> {
    // "Our play mornings are back from this week".
    let is_day = !moment.is_clock
        && !moment.is_range
        && !moment.is_this_day
        && moment.month_begins.is_none()
        && !lead.ends_with("back from ");
    let is_until = ["until ", "till ", " til "].iter().any(|until| lead.contains(until));
    let begins_then = says(&THEN_TURNS_BACK, tail) && !lead.ends_with("after ") && !is_until
        || says(&FROM, lead) && says(&WILL_COST, tail)
        || says(&IS_FULL_PRICE, tail);
    if is_day && moment.begins.is_some() {
        return (begins_then || TURNS_BACK.as_ref()?.is_match(lead)).then_some(moment.begins?);
    }
    // "At 8:45 tomorrow morning it becomes $145"; "£48 today, £60 tomorrow" is over with this day.
    let is_dearer_then = || moment.is_this_day && says(&DEARER_TOMORROW, tail);
    let is_hour = !moment.is_range && !moment.is_this_day && moment.month_begins.is_none();
    (is_hour && begins_then || says(&IS_FULL_PRICE, tail) || is_dearer_then()).then_some(moment.at)
}

/// "Prices go up on Monday", "back to £40 from 1 June".
static TURNS_BACK: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:prices?|fares?|rates?|fees?|it|they)[ \n](?:will[ \n])?(?:rises?|go(?:es)?[ \n]up|go(?:es)?[ \n]back(?:[ \n]up)?|increases?|jumps?|returns?|reverts?)|back|(?:full|regular|normal|usual|standard)[ \n]price(?:[ \n](?:again|returns?|resumes?|applies))?)",
    r"(?:[ \n]to[ \n](?:(?:full|normal|regular|usual|standard)[ \n](?:price|rate|whack)s?|normal|regular|full|usual|standard|(?:[a-z]{0,3}[$£€₦₱₹]?)[0-9][0-9.,]{0,8}))?[ \n](?:again[ \n])?(?:from[ \n]|on[ \n]|come[ \n]|starting[ \n]|as[ \n]of[ \n])?(?:first[ \n]thing[ \n](?:on[ \n])?)?(?:the[ \n])?$",
    // "£60 a kid (£85 from Monday)".
    r"|[$£€₹][ \n]?[0-9][^.!?]{0,20}(?:[(,;:/-]|then|but|and|goes[ \n]to)[ \n]?[$£€₹][ \n]?[0-9][0-9.,]{0,8}[ \n](?:from|as[ \n]of|starting|come)[ \n](?:first[ \n]thing[ \n](?:on[ \n])?)?(?:the[ \n])?$",
);
/// "On 2 November the price goes back to $89".
static THEN_TURNS_BACK: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n](?:(?:the|our|all|these|this)[ \n])?(?:prices?|fares?|rates?|fees?|it|they)(?:[ \n](?:will|all))?[ \n](?:(?:rises?|go(?:es)?[ \n](?:back|up)|increases?|jumps?|climbs?|returns?|reverts?|is[ \n]back|'s[ \n]back)(?-u:\b)|(?:(?:becomes?|turns?[ \n]into|costs?|will[ \n]be|is)[ \n]|'s[ \n])(?:[a-z]{0,3}[$£€₦₱₹]|rs\.?|rm|aed|usd|php|ngn)[ \n]?[0-9]|becomes?[ \n]full[ \n]price)"
);
/// "From 6 September a ten-class pass will cost £92".
static WILL_COST: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n](?:an?|the|every|each)[ \n](?:[a-z-]{2,14}[ \n]){1,4}(?:will[ \n](?:cost|be)|goes[ \n](?:up[ \n])?to|becomes|costs|rises[ \n]to)[ \n][$£€₹]"
);
static FROM: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:from|as[ \n]of|starting)[ \n](?:the[ \n])?$");
/// "Midnight = full price".
static IS_FULL_PRICE: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?(?:=|:|means|it's)[ \n]?(?:back[ \n]to[ \n])?(?:full|normal|usual|regular)[ \n](?:price|whack|rate)"
);
/// "£48 today, £60 tomorrow", "S$58 tonight, tmr S$68".
static DEARER_TOMORROW: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[ \n]only)?[,;:/.-]?[ \n](?:-[ \n])?(?:and[ \n]|but[ \n]|then[ \n])?",
    r"(?:(?:it's|it[ \n]is|back[ \n]to)[ \n])?(?:(?:tomorrow|tmrw?|tmw)(?:'s|:|[ \n]is|[ \n]it's|[ \n]at|[ \n]back[ \n]to)?[ \n](?:[a-z]{0,3}[$£€₦₱₹]|rs\.?|rm|aed|usd|php|ngn)[ \n]?[0-9]",
    r"|(?:[a-z]{0,3}[$£€₦₱₹]|rs\.?|rm|aed|usd|php|ngn)[ \n]?[0-9][0-9.,]{0,8}(?:/[a-z]{1,6})?[ \n](?:from[ \n])?(?:tomorrow|tmrw?|tmw)(?-u:\b))",
);

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use crate::understand::days::calendar::tests::local;
    use crate::understand::ends::ends_en::{Around, ends_in};
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_price_turns_back_when_a_day_begins() {
        // A Tuesday.
        let now: Zoned = "2026-01-20T10:00:00+00:00[Europe/London]".parse().unwrap();
        let around = Around { offers: true, beside: true, ..Around::default() };
        for (text, wanted) in [
            ("camp: £60 a kid (£85 from monday)", "2026-01-26T00:00"),
            ("prices go back up first thing monday", "2026-01-26T00:00"),
            ("prices go back up first thing tomorrow", "2026-01-21T00:00"),
            ("back to full price from 1 may", "2026-05-01T00:00"),
            ("from monday 6 april a ten-class pass will cost £92", "2026-04-06T00:00"),
            ("from 1 may it goes back to £1,149", "2026-05-01T00:00"),
            ("midnight = full price", "2026-01-21T00:00"),
            ("it's £40 again as of 3 march", ""),
        ] {
            let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends.first().map_or("", String::as_str), wanted, "{text}");
        }
        for text in [
            "your box will cost £27 rather than £25 from 20 april",
            "tables from £40, rooms from £60 on monday",
            "from monday the bus stops at the pier",
        ] {
            assert!(ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around).is_empty(), "{text}");
        }
    }
}
