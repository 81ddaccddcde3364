//! Offers of this very day, in English, told without `until`: "kids eat free tonight", "bouquets usually £45, today £30", "9-10am
//! this morning all lip tints £4", "half price till 4". Not "shop today and save", which says only to hurry.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::understand::days::hours_en::is_tomorrow;
use crate::understand::days::moments::Moment;
use crate::understand::ends::ends_en::Around;
use crate::understand::patterns::{pattern, says};

/// "Kids eat free tonight", "half price supper this evening", "usually £45, today £30".
pub(in crate::understand) fn is_of_this_day(
    words: &str,
    lead: &str,
    tail: &str,
    moment: &Moment,
    around: Around,
) -> bool {
    let Some(own) = words.get(moment.range.clone()) else { return false };
    let gives = around.takes_off || around.gives;
    // "I close the early-bird list tonight".
    if moment.is_this_day && !moment.is_clock && around.beside && says(&CLOSES_LIST, lead) {
        return true;
    }
    if !moment.is_this_day || moment.is_clock || !gives || says(&HAPPENS_THEN, lead) || says(&ASKS, lead) {
        return false;
    }
    let is_part = says(&PART_OF_DAY, own) && moment.begins.is_some();
    let is_day = own == "today" || own == "2day";
    let is_priced = || says(&OTHERWISE, words) && (says(&PRICED_THEN, tail) || says(&PRICED, lead));
    !says(&BUSY, tail) && (is_part && !says(&HAPPENS, words) || is_day && is_priced())
}

/// "9-10am this morning all lip tints £4": the hours of this day.
pub(in crate::understand) fn is_hour_of_this_day(
    words: &str,
    lead: &str,
    moment: &Moment,
    before: Option<&Moment>,
    around: Around,
) -> bool {
    let own = words.get(moment.range.clone()).unwrap_or_default();
    let is_day =
        ["this morning", "today", "tonight", "this evening", "this afternoon"].iter().any(|day| own.ends_with(day));
    let begins_before = before.is_none_or(|before| before.is_clock);
    is_day && begins_before && moment.begins.is_none() && (around.takes_off || around.gives) && says(&FROM_HOUR, lead)
}

/// "Half price till 4pm": today, unless it is so every day; "£6 before 4pm" is.
pub(in crate::understand) fn is_until_hour(words: &str, lead: &str, around: Around) -> bool {
    let is_until = ["until ", "till ", "til "].iter().any(|until| lead.ends_with(until));
    let is_lowered = around.takes_off || around.gives || around.sells || around.beside && says(&OTHERWISE, words);
    is_until && is_lowered && !says(&EVERY_DAY, words)
}

/// "Tomorrow's the fair, first pint free if you're in before 3pm": the hour of the day told before.
pub(in crate::understand) fn at_hour_of_tomorrow(
    words: &str,
    lead: &str,
    moment: &Moment,
    before: Option<&Moment>,
) -> Option<Timestamp> {
    const DAY: i64 = 86_400;
    let day = before.filter(|day| moment.is_clock && words.get(day.range.clone()).is_some_and(is_tomorrow))?;
    let begins = day.begins.filter(|_| says(&TOLD, lead))?;
    let later = (moment.at.as_second() - begins.as_second()).rem_euclid(DAY);
    Timestamp::from_second(begins.as_second() + later).ok()
}

static PART_OF_DAY: LazyLock<Option<Regex>> =
    pattern!(r"^(?:tonight|tonite|2nite|2night|this[ \n](?:evening|eve|afternoon|arvo|avo|aft))$");
static CLOSES_LIST: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:i|we|i'm|we're|i'll|we'll)[ \n])?(?:clos(?:e|ing)|shut(?:ting)?)[ \n](?:the|my|our)[ \n](?:[a-z-]{1,14}[ \n]){0,3}(?:books?|list|orders?|bookings?|door|doors|offer|waitlist|cart|sign-?ups?|registrations?|entries)(?:[ \n](?:for|to|on)[ \n](?:[a-z-]{1,14}[ \n]){1,5}|[ \n])$"
);
/// "Tonight from 7", "today we're back": something begins.
static BUSY: LazyLock<Option<Regex>> = pattern!(
    r"^(?:'s(?-u:\b)|[ \n](?:from|as[ \n]usual|and[ \n](?:every|save|get|receive|we'll)|for[ \n](?:your|a|an|the)|to[ \n]|or[ \n]tomorrow))"
);
static HAPPENS_THEN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:start|begin|open|launch|live|back|new|arriv|deliver|out|post|sent|seen|met|here|play|playing|game|match|show|on|for|until|till|before|by|from|since|so[ \n]far|left|you|(?:you|u|are|r|is|am|be|i'm|we're|everyone|get)[ \n](?:all[ \n])?free)(?:s|ing|ed|es|d)?[ \n]$"
);
/// "Shop today", "book your seat tonight": no end, only haste.
static ASKS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:shop|order|book|join|buy|visit|get|save|start|claim|call|ring|text|apply|try|register|sign[ \n]up|switch|upgrade|grab|subscribe|enrol|reply|see[ \n]you|use|redeem|shopping|pop[ \n]in|come|pick[ \n]up|treat|donate|give|take|took|collect|fetch|could|can|would|shall)(?:[ \n][a-z0-9%£$€'-]{1,14}){0,5}[ \n]$"
);
static HAPPENS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:start(?:s|ing)?|begins?|launch(?:es|ing)?|opens?|opening|deliver(?:y|ed|ing)?|every|each|weekly|usual[ \n]time|meeting|home|dinner[ \n]at|pick[ \n]you|are[ \n]you|r[ \n]u|u[ \n]free)(?-u:\b)"
);
static OTHERWISE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:was|were|usually|normally|usual|normal|reg|regular|rrp|instead|not|rather[ \n]than|tomorrow|yesterday|half[ \n]price|off)(?-u:\b)"
);
static PRICED_THEN: LazyLock<Option<Regex>> =
    pattern!(r"^(?:'s)?:?,?[ \n](?:it's[ \n]|they're[ \n]|only[ \n]|just[ \n]|for[ \n])?[$£€₹]?[0-9]");
static PRICED: LazyLock<Option<Regex>> =
    pattern!(r"(?:[$£€₹][0-9.]{1,8}|[0-9](?:p|quid)?|half[ \n]price)(?:[ \n](?:a|per|each)[ \n][a-z]{1,10})?,?[ \n]$");
static FROM_HOUR: LazyLock<Option<Regex>> =
    pattern!(r"(?:^|[ \n(])[0-9]{1,2}(?:[.:][0-9]{2})?[ \n]?(?:[ap]m)?[ \n]?(?:-|to|till?|until|and)[ \n]?$");
static EVERY_DAY: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:every|each|any)[ \n](?:day|night|morning|evening|afternoon|week|weekday|weekend|mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|daily|weekdays?|weekends|(?:mon|tues|wednes|thurs|fri|satur|sun)days|happy[ \n]hours?|mon|always[ \n](?:[a-z]|open))(?-u:\b)"
);
static TOLD: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:before|b4|by|until|till?)[ \n]$");

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::ends::ends_en::ends_in;
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    fn ends(text: &str) -> Vec<String> {
        // A Tuesday.
        let now: Zoned = "2026-01-20T07:00:00+00:00[Europe/London]".parse().unwrap();
        let around = Around { takes_off: true, offers: true, beside: true, gives: true, ..Around::default() };
        let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
        ends.iter().map(|end| local(&now, end.at)).collect()
    }

    #[test]
    fn an_offer_is_of_this_day() {
        for (text, wanted) in [
            ("kids eat free tonight at the plough", "2026-01-21T00:00"),
            ("half price fish supper this evening for pensioners", "2026-01-21T00:00"),
            ("bouquets usually 45, today 30", "2026-01-21T00:00"),
            ("was £40, today only £20", "2026-01-21T00:00"),
            ("9-10am this morning all lip tints £4 (usually £9)", "2026-01-20T10:00"),
            ("half price till 4pm when we lock the door", "2026-01-20T16:00"),
            ("two quid off every loaf till 4.", "2026-01-20T16:00"),
            ("flat whites 2 quid till 9 this morning", "2026-01-20T09:00"),
            ("under 10s eat free till 7 this evening", "2026-01-20T19:00"),
            ("a third off if it's out the door by 9 tomorrow night", "2026-01-21T21:00"),
            ("from 8.30 this morning until 9.30 tonight", "2026-01-20T21:30"),
            ("75% off, shutters come down 5.30 & we're off", "2026-01-20T17:30"),
            ("come between now and 5 and it's a dollar a cone", "2026-01-20T17:00"),
            ("dresses from £25, tomorrow 10-3, cash only", "2026-01-21T15:00"),
            ("tomorrow from 11 til 3 everything is half price", "2026-01-21T15:00"),
            ("2-for-1 gin flights tonight between 7 and 9 only", "2026-01-20T21:00"),
            ("tmrw is market day so first pint is free if ur in before 3pm", "2026-01-21T15:00"),
            ("the code works until 7 pm tomorrow", "2026-01-21T19:00"),
            ("full valet £45 if you're on the forecourt before 1pm", "2026-01-20T13:00"),
            ("pre orders shut at 6 this eve", "2026-01-20T18:00"),
            ("i close the early-bird list for the easter week tonight", "2026-01-21T00:00"),
            ("until half past four", "2026-01-20T16:30"),
            ("half price til midnite", "2026-01-21T00:00"),
            ("2 bao $15 not $21, today 'til 3 arvo", "2026-01-20T15:00"),
            ("50% off everything until ten am", "2026-01-20T10:00"),
            ("40% off til the clock strikes 12 tonight", "2026-01-21T00:00"),
        ] {
            assert_eq!(ends(text).first().map_or("", String::as_str), wanted, "{text}");
        }
    }

    #[test]
    fn haste_and_chat_are_no_end() {
        for text in [
            "shop today and save 20%",
            "order your free sample tonight",
            "are you free tonight",
            "the 20% off sale starts tonight",
            "happy hour: half-price cocktails until 7pm, every day",
            "20% off orders placed, see you tonight",
            "get 20% off today",
            "would you do 70 for the buggy, we could take it tonight, save you hanging on",
            "free coffee b4 11am",
            "your free gift will be out for delivery tonight",
        ] {
            assert!(ends(text).is_empty(), "{text}: {:?}", ends(text));
        }
    }
}
