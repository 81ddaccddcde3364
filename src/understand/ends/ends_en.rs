//! Ends told in English: `until November 30`, `ends tonight`, `within 48 hours`, `last 3 days`.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::ends::claim::{ENDS_MAX, End};
use crate::understand::ends::does_en::{offer_does, then_does};
use crate::understand::ends::happens_en::{
    BEGINS_AT, BEGINS_SOMEWHERE, EVENT_NEAR, IS_EVENT, IS_TAUGHT, IS_USED, OPEN, RECURS, SERVED, STARTS,
};
use crate::understand::ends::joined_en::{FROM_NOW, follows, is_saturday_with, is_tomorrow_with, is_with_tomorrow};
use crate::understand::ends::no_end_en::{ARRIVES, BEGINS, is_no_end};
use crate::understand::ends::periods_en::{
    LEFT, are_days_of_every_week, begin_if_before, is_always_to_be_had, is_held_to, is_no_day, is_whole_month,
};
use crate::understand::ends::same_day_en::{at_hour_of_tomorrow, is_hour_of_this_day, is_of_this_day, is_until_hour};
use crate::understand::ends::stretches_en::{all_this_day, close_of_this_day, stretch_in};
use crate::understand::ends::turns_en::begin_when_turned_back;
use crate::understand::expression::May;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// How far back the words stand that make a moment an end.
const LEAD_BYTES_MAX: usize = 64;

/// What stands in a sentence, and beside it, that an end may be of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::understand) struct Around {
    /// It takes something off, or has a word of sale.
    pub takes_off: bool,
    /// It does, or names a price.
    pub offers: bool,
    /// It does so, or the sentence before it or behind it.
    pub beside: bool,
    /// It gives something, in no word of sale.
    pub gives: bool,
    /// It does, and names no price and takes nothing off.
    pub only_gives: bool,
    /// All words of the message together sell.
    pub sells: bool,
    /// The days on which something is used are those of the offer: nothing else is told to end.
    pub uses: bool,
}

/// The ends of words that name something that may be one (see [`ends_among`]).
#[cfg(test)]
pub(in crate::understand) fn ends_in(
    now: &Zoned,
    may: &May,
    words: &str,
    (dated, named): (bool, bool),
    around: Around,
) -> Vec<End> {
    let moments = crate::understand::days::days_en::moments_in(now, words);
    if dated || named { ends_among(now, may, words, (&moments, named), around) } else { Vec::new() }
}

/// The ends normalised words tell, of the moments they name; to be asked where there is a digit and one of the [`date_signs`](crate::understand::ends::end_signs::date_signs) in
/// them, or a name of a time (`named`: `tonight`, `weeks`).
pub(in crate::understand) fn ends_among(
    now: &Zoned,
    may: &May,
    words: &str,
    (moments, named): (&[Moment], bool),
    around: Around,
) -> Vec<End> {
    let mut ends: Vec<End> = Vec::new();
    for (at, moment) in moments.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| moments.get(before));
        // "Shutters down 4.30 til next year" is over at half past four.
        let begins = moments
            .get(at + 1)
            .is_some_and(|next| follows(words, next, Some(moment)) && (next.is_clock || !moment.is_clock));
        if ends.len() < ENDS_MAX
            && !begins
            && let Some(instant) = ends_at(words, moment, before, around)
            && ends.iter().all(|end| end.at != instant)
        {
            ends.push(End { at: instant, kind: moment.kind, words: moment.range.clone(), is_stretch: false });
        }
    }
    if ends.is_empty() && named {
        ends.extend(stretch_in(now, may, words));
    }
    if ends.is_empty() && around.offers && moments.is_empty() {
        ends.extend(close_of_this_day(now, may, words));
    }
    if ends.is_empty() && around.offers && moments.is_empty() {
        ends.extend(all_this_day(now, may, words));
    }
    ends
}

/// The instant at which something ends there, when the words around the moment say that it does.
fn ends_at(words: &str, moment: &Moment, before: Option<&Moment>, around: Around) -> Option<Timestamp> {
    let lead = lead_of(words, moment.range.start);
    let tail = words.get(moment.range.end..).unwrap_or_default();
    if RECURS.as_ref()?.is_match(lead)
        || BEGINS_AT.as_ref()?.is_match(lead) && !UNTIL_THEN.as_ref()?.is_match(lead)
        || ARRIVES.as_ref()?.is_match(lead) && !(lead.contains("free ") && is_until(lead) || says(&FROM_NOW, lead))
        || BEGINS.as_ref()?.is_match(tail)
    {
        return None;
    }
    let follows = follows(words, moment, before);
    // "Travel Sep 1 - Nov 15": the days on which it is used are no end of the offer.
    let first = before.filter(|_| follows).map_or(lead, |before| lead_of(words, before.range.start));
    let own = words.get(moment.range.clone())?;
    let is_used = || {
        let use_of = |lead: &str| says(&IS_USED, lead) || !around.takes_off && !around.gives && says(&IS_TAUGHT, lead);
        use_of(lead) || use_of(first)
    };
    if !around.uses && is_used()
        || is_no_day(lead, own, tail, moment, around)
        || is_always_to_be_had(first, around)
        || is_no_end(lead, first, tail, moment)
    {
        return None;
    }
    // "Open daily 5am-11pm", "4-6pm": the hours of every day, unless they are today's.
    let is_of_day = moment.is_clock && follows && before.is_some_and(|before| before.is_clock);
    if follows && !moment.is_clock && before.is_some_and(|before| before.is_clock) && own.starts_with("next ") {
        return None;
    }
    if let Some(at) = at_hour_of_day(words, first, moment, before.filter(|_| follows)) {
        let until = is_until(lead) && before.is_some_and(|day| day.is_this_day);
        return at
            .filter(|_| until || around.takes_off || around.offers && before.is_some_and(|day| day.begins.is_some()));
    }
    // "Every Tuesday thru Nov 25" ends then; "every Tuesday to Friday" does not.
    let is_date = moment.kind == DeadlineKind::Absolute && moment.month_begins.is_none() && !moment.is_clock;
    // "Tomorrow the first pint is free if you're in before 3pm".
    if let Some(at) = at_hour_of_tomorrow(words, lead, moment, before) {
        return Some(at).filter(|_| around.beside || around.gives);
    }
    let recurs = RECURS.as_ref()?.is_match(first) && before.is_none_or(|first| first.is_bare && !is_date || !follows);
    // "30% off 7am-10am for everyone in zone 1".
    let is_sold_then = around.takes_off && around.sells && first.ends_with("off ");
    if recurs || is_of_day && !is_sold_then && !words.contains("today") && !words.contains("tonight") {
        return None;
    }
    let between = |before: &Moment| words.get(before.range.end..moment.range.start);
    let gap = || before.and_then(between).unwrap_or_default().trim();
    // "From November to March I take £500 off": so every winter.
    if follows
        && moment.month_begins.is_some()
        && before.is_some_and(|before| before.month_begins.is_some())
        && matches!(gap(), "-" | "to")
    {
        return None;
    }
    // "£84 a night, Sunday through Thursday": so every week, where nothing is taken off.
    if follows
        && moment.is_bare
        && !moment.is_clock
        && matches!(gap(), "through" | "thru" | "to" | "-")
        && before.is_some_and(|before| {
            before.is_bare && !before.is_clock && are_days_of_every_week(words, before, moment, around)
        })
        && !tail.starts_with(" this week")
    {
        return None;
    }
    // "Served Wednesday through Saturday": so every week.
    let is_weekday = |day: &Moment| day.is_bare && !day.is_clock;
    if follows
        && is_weekday(moment)
        && before.is_some_and(is_weekday)
        && SERVED.as_ref()?.is_match(first)
        && !around.takes_off
    {
        return None;
    }
    // "30% off this weekend", "this Saturday and Sunday": the days of a sale.
    let own_weekend = ["weekend", "wknd", "wkend"].iter().any(|name| own.ends_with(name));
    let is_all_day = lead.ends_with(" all ") && moment.is_bare && !moment.is_clock && around.takes_off;
    let is_weekend = is_all_day
        || own_weekend && own.starts_with("this ")
        || is_whole_month(lead, own, moment, around)
        || own == "this week"
            && around.takes_off
            && !lead.ends_with("from ")
            && !tail.starts_with('\'')
            && !LEFT.as_ref()?.is_match(lead)
        || is_tomorrow_with(words, before, moment)
        || around.takes_off && moment.is_bare && !moment.is_clock && is_with_tomorrow(words, before, moment)
        || own_weekend && !own.contains(' ') && (lead.ends_with("all ") || lead.ends_with("whole "))
        || moment.is_bare && !moment.is_clock && before.is_some_and(|before| is_saturday_with(words, before, moment));
    let at_midnight = || {
        let at = ["at ", "by ", "before ", "'til ", "@ "].iter().any(|word| lead.ends_with(word));
        at && own.contains("midnight")
            && !says(&TOASTED, lead)
            && STARTS.as_ref().is_some_and(|starts| !starts.is_match(lead))
    };
    // "Midnight tonight." and nothing else.
    let is_alone = || words.trim_matches(|c: char| !c.is_alphanumeric()) == own && own.contains("night");
    if let Some(begin) = begin_when_turned_back(lead, tail, moment) {
        return Some(begin);
    }
    // "Kids eat free tonight", "9-10am this morning all lip tints £4".
    if is_of_this_day(words, lead, tail, moment, around) || is_hour_of_this_day(words, lead, moment, before, around) {
        return Some(moment.at);
    }
    // "HALF PRICE POOLS. Today, Saturday and Sunday at Toyland".
    let offers_all = || around.beside && (own.starts_with("all ") || words.starts_with("today"));
    if is_weekend && (around.offers || offers_all())
        || at_midnight()
        || is_alone()
        || offer_does(words, lead, around) == Some(true)
        || then_does(tail)
    {
        return Some(moment.at);
    }
    // "Ladies get 20% off on 8 March": the day of a sale.
    let is_day_of_sale = around.takes_off
        && lead.ends_with("on ")
        && moment.kind == DeadlineKind::Absolute
        && !BEGINS_SOMEWHERE.as_ref()?.is_match(words);
    if is_day_of_sale {
        return Some(moment.at);
    }
    let told = UNTIL.as_ref()?.is_match(lead) || UNTIL_THEN.as_ref()?.is_match(lead) || is_held_to(lead);
    if moment.is_bare && !told && follows && before.is_some_and(|before| before.is_bare) {
        let hours = before.is_some_and(|before| are_days_of_every_week(words, before, moment, around));
        return (!hours || tail.starts_with(" this week")).then_some(moment.at);
    }
    let only = || says(&ONLY_BEFORE, lead) && !lead.ends_with("s only ");
    // "The fall colours weekend, Oct 16-18", "camp Aug 3-7": the days of something, not of its offer.
    let is_stretch = (moment.is_range || follows) && !told;
    // "Pay for one during half term (24-28 May)".
    let is_event =
        || (says(&IS_EVENT, first) || !around.takes_off && says(&EVENT_NEAR, first)) && !first.contains("during ");
    let is_of_offer =
        |words: &str| [&FROM_NOW, &PERIOD, &UNTIL].iter().any(|of| of.as_ref().is_some_and(|of| of.is_match(words)));
    let is_priced_event = || !around.takes_off && !around.gives && says(&EVENT_NEAR, first);
    let offers = around.offers && !(around.only_gives && is_event() || is_priced_event());
    if is_stretch
        && !offers
        && !is_of_offer(first)
        && !is_of_offer(lead)
        && (!(around.beside || around.sells && says(&OTHERWISE, words)) || is_event())
    {
        return None;
    }
    // "We close at 7": so every day, where nothing is taken off.
    let is_mere_hour = moment.is_clock && own.bytes().all(|c| c.is_ascii_digit());
    // "I'm shutting at 6" is said of today.
    let closes_now = lead.ends_with("ing at ") && around.beside;
    if is_mere_hour && lead.ends_with(" at ") && !closes_now && !around.takes_off && !around.gives {
        return None;
    }
    // "Order by 2pm for same-day delivery": so every day.
    if moment.is_clock
        && tail
            .get(..tail.floor_char_boundary(LEAD_BYTES_MAX))
            .is_some_and(|tail| tail.contains("-day ") || tail.contains("same day") || tail.contains("next day"))
    {
        return None;
    }
    if !(told || follows || moment.is_range || only() || AFTER.as_ref()?.is_match(tail)) {
        return None;
    }
    // "Matinees are $6 before 4pm": so every day, unless it says that something ends or is to be ordered.
    let is_today =
        [" today", " tonight", " tonite", " sharp", " this ", " arvo"].iter().any(|day| tail.starts_with(day));
    if moment.is_clock
        && !is_today
        && !is_until_hour(words, lead, around)
        && BEFORE_MONTH.as_ref()?.is_match(lead)
        && !ENDS_SOMETHING.as_ref()?.is_match(lead)
    {
        return None;
    }
    // "Ends in 02:14" counts hours; "open until 9pm" is of every day.
    if moment.is_bare
        && (OPEN.as_ref()?.is_match(lead) && !lead.contains("in store ")
            || lead.trim_end_matches([' ', ':', '\n']).ends_with(" in"))
    {
        return None;
    }
    if let Some(begin) = begin_if_before(lead, own, moment) {
        return Some(begin);
    }
    let begins = || says(&BEFORE_MONTH, lead);
    match moment.month_begins {
        // "Until December" ends when December begins; "through December" when it is over.
        Some(begin) if !words.get(moment.range.clone())?.contains("end of") && begins() => Some(begin),
        _ => Some(moment.at),
    }
}

/// "$3 oysters tomorrow until 9pm": the hour of that day; "Saturday 16 May, 11am-3pm" are the hours of a sale or of anything
/// else. `None` where no day stands before the hour, or the shop is open then.
fn at_hour_of_day(words: &str, first: &str, moment: &Moment, day: Option<&Moment>) -> Option<Option<Timestamp>> {
    let day = day.filter(|day| moment.is_clock && !day.is_clock && day.month_begins.is_none())?;
    let is_open = words.contains("open") || RECURS.as_ref()?.is_match(first);
    Some(Some(hours_later(day.begins.unwrap_or(day.at), moment.at)).filter(|_| !is_open))
}

/// "Free delivery until Thursday" is an offer; "free delivery by Thursday" is the courier's promise.
fn is_until(lead: &str) -> bool {
    ["until ", "till ", "til ", "'til "].iter().any(|until| lead.ends_with(until))
}

/// The next time after `from` at which it is the time of day of `clock`.
fn hours_later(from: Timestamp, clock: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    let later = (clock.as_second() - from.as_second()).rem_euclid(DAY);
    from.checked_add(SignedDuration::from_secs(later)).unwrap_or(from)
}

/// "Bookings close on", "if you pay by": whatever stands behind it ends something.
pub(in crate::understand) fn is_told_as_end(lead: &str) -> bool {
    says(&UNTIL, lead) || says(&UNTIL_THEN, lead)
}

/// The words just before a place.
pub(in crate::understand) fn lead_of(words: &str, start: usize) -> &str {
    let from = words.floor_char_boundary(start.saturating_sub(LEAD_BYTES_MAX));
    words.get(from..start).unwrap_or_default()
}

/// "A bucket is R480 (normally R560)": a price of that time.
static OTHERWISE: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:normally|usually|ordinarily|ord|instead[ \n]of|rather[ \n]than|reg)(?-u:\b)");
/// "Fizz at midnight": what is had then.
static TOASTED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:fizz|fireworks?|countdown|toast|champagne|prosecco|bubbly|party|show|set|band|dj|buffet|supper|mass)[ \n](?:at|@)[ \n]$"
);
/// Ends in what makes the moment behind it an end.
static UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:until|untill|till?|through|thru|before|b4|by|ends?|ending|expir(?:es?|ing|y|ation)|exp|valid|redeemable|close[sd]?|shuts?|closing|shutting|shutters?[ \n](?:(?:come|go|are)[ \n])?down|clos(?:e|ing)[ \n]date|(?:deal|offer|sale|all)[ \n](?:is[ \n])?done|strikes",
    r"|(?:last|final)[ \n](?:day|date|call|chance|orders?|bookings?|entries|entry|sign-?ups?)(?:[ \n](?:for|to|at)[ \n](?:the[ \n]|this[ \n])?(?:[a-z]{3,14})(?:[ \n]price)?)?|deadline|hingga|hanggang|sampai|w/e|week[ \n]ending|not[ \n](?:valid|available|redeemable)[ \n]after|cut-?off|good|up[ \n]?to|stops?[ \n](?:serving|selling|taking|baking|frying|grilling|cooking|pouring|accepting)(?:[ \n](?:new[ \n])?(?:orders|bookings|entries|walk-ins))?|runs?|running|no[ \n]later[ \n]than|wrap(?:s|ping)?[ \n]up|finish(?:es|ing)?|lock(?:s|ing)?(?:[ \n]up|[ \n](?:the|our)[ \n]doors?)|over|gone|stops?|lasts?|extended|available|disappears?|vanish(?:es)?|dies?|lapses?|concludes?|leaves|returns?|go(?:es)?[ \n](?:(?:back[ \n])?up|pop|bang|poof|dark|away|dead|to[ \n]sleep|up[ \n]in[ \n](?:smoke|flames))|rises?|reverts?|dies|(?:jumps?|increases?|doubles?|rises?|go(?:es)?[ \n]up)[ \n](?:by[ \n])?(?:[$£€][0-9.]{1,8}[ \n])?(?:after|from))",
    r"(?:\.?[ \n](?:(?:and|&)[ \n]incl(?:uding|uded|usive|\.)?|or[ \n]before|or[ \n]by|upto|'til|@|out|working|coming|date|time|is|are|until|till?|through|thru|to|on|at|by|before|in|after|this|coming|the|end[ \n]of|close[ \n]of|midnight|night|late|day|of|from|now|only|just|with|inclusive|order|book|shop|strictly|w/e|lunch(?:time)?|tea-?time|dusk|sunset|first[ \n]thing)){0,5}[.,]?[ \n]?[:(-]?[ \n]?$",
);
/// "Promo runs from April 1 to June 30", "booking period: April 10-12".
static PERIOD: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:offer|sale|promo|promotion|deal|prices?|rates?|campaign|special|savings|discount|booking|bookings|order|orders|redemption|validity)(?:[ \n](?:period|dates?|window|runs?|is|are|on|live|available|applies|valid|from|between)){0,4}[:,]?[ \n][(]?$"
);
/// "Until term starts on 2 September", "till the shutters come down @5", "until Eid (26 June)".
static UNTIL_THEN: LazyLock<Option<Regex>> = pattern!(
    // "Until the last tram, ie midnight", "till you go to bed (ok, 11:59pm)".
    r"(?-u:\b)(?:until|till?|before)[ \n](?:[a-z'-]{1,14}[ \n,]{1,2}){1,6}[(]?(?:ie|i\.e\.|ok|okay|so|that's|that[ \n]is|aka|meaning|say)[ \n,.]{1,2}(?:at[ \n])?$|(?-u:\b)(?:before|by|b4|to)[ \n](?:[a-z'-]{1,14}[ \n]){1,6}[(]$|(?-u:\b)(?:until|till?|thru|through|up[ \n]to)[ \n](?:[a-z'-]{1,14}[ \n]){0,3}[a-z'-]{3,14},[ \n]$|(?-u:\b)(?:ends?|ending|closes|closing|finish(?:es)?|stops?)[ \n]with[ \n](?:[a-z'-]{1,14}[ \n]){1,4}(?:on|of)[ \n](?:the[ \n])?$|(?-u:\b)(?:until|untill|till?|thru|through)[ \n](?:[a-z'-]{1,14}[ \n]){1,6}(?:(?:on|at|in)[ \n](?:the[ \n])?|@[ \n]?|[(])$|(?-u:\b)(?:until|till?|thru|through|to)[ \n](?:the[ \n])?end[ \n]of[ \n](?:the[ \n])?(?:term|semester|season|summer|winter|spring|autumn|half[ -]term|holidays)[,]?[ \n][(]?$|(?-u:\b)(?:ends?|ending|expir(?:es|ing)|clos(?:es|ing))[ \n](?:in|within)[ \n][a-z0-9 ]{1,16}[,(-]?[ \n](?:on[ \n])?[(]?(?:the[ \n])?$|(?-u:\b)(?:last|final|closing)[ \n](?:date|day)[ \n](?:to|for)[ \n][^.!?]{1,40}?(?::|[ \n](?:is|on|-))[ \n]?(?:on[ \n])?$"
);
static ONLY_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:only|one[ \n]day[ \n]only|24[ \n]hours[ \n]only)[:,!-]?[ \n]?(?:on[ \n]|for[ \n])?(?:-[ \n])?$"
);
/// Stands right behind a moment that is an end.
static AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^[),]?[ \n](?:only(?-u:\b)|(?:is|be)[ \n](?:the|your|our|ur|yr|my)[ \n](?:very[ \n])?(?:last|final)|is[ \n](?:the|your)[ \n]deadline|deadline|cut-?off",
    r"|(?:is[ \n])?when[ \n](?:it|this|the[ \n](?:offer|sale|deal))[ \n]ends|(?:the[ \n])?(?:last|final)[ \n](?:day|chance|call)|or[ \n](?:it|they|you)|and[ \n]it's[ \n]gone)|^,?[ \n]which-?ever(?-u:\b)|^'s[ \n](?:the|your|our|ur|my)[ \n](?:very[ \n])?(?:last|final)[ \n](?:day|night|evening|chance)|^[:,]?[ \n](?:(?:for[ \n])?(?:one|1)[ \n](?:day|night)[ \n]only)",
);
static ENDS_SOMETHING: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:ends?|expires?|closes?|closing|valid|good|runs?|have|got|sale|offer|deal|code|orders?|book|buy|shop|only|use|redeem|claim|join|grab|come|hurry|left|online|anything|(?:if|when|as[ \n]long[ \n]as|so[ \n]long[ \n]as)[ \n](?:you|u|you're|ur|your|it's|it)|hold|holding|held|reserved|saved|saving|keep|keeping|today|tonight)(?-u:\b)"
);
static BEFORE_MONTH: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:until|till?|before|b4|by|up[ \n]to)[ \n]$");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn an_end_is_told_from_the_days_of_its_use() {
        // A Friday.
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("book by nov 24, travel jan 5 - feb 9", vec!["2026-11-25T00:00"]),
            ("20% off this weekend", vec!["2026-11-23T00:00"]),
            ("half price sat & sun", vec!["2026-11-23T00:00"]),
            ("this deal melts at noon", vec!["2026-11-20T12:00"]),
            ("prices go up at midnight", vec!["2026-11-21T00:00"]),
            ("20% off storewide, nov 27-29.", vec!["2026-11-30T00:00"]),
            ("code nov15 thru 11/24", vec!["2026-11-25T00:00"]),
            ("apply between now and 18 december and we take £200 off", vec!["2026-12-19T00:00"]),
            ("10% advance between now and dhanteras (6 december 2026)", vec!["2026-12-07T00:00"]),
            ("from 6 may to 6 june 2027 a full service costs £18", vec!["2027-06-07T00:00"]),
            ("aed 275/adult, from 1 to 4 dec 2026", vec!["2026-12-05T00:00"]),
            ("enrol on or before friday, 27 november 2026", vec!["2026-11-28T00:00"]),
            ("3 for £5 until christmas eve 24 december", vec!["2026-12-25T00:00"]),
            ("nov. 1 through nov. 22, 2026", vec!["2026-11-23T00:00"]),
            ("20% off til nov 25", vec!["2026-11-26T00:00"]),
            ("ends today 12nn", vec!["2026-11-20T12:00"]),
            ("every sunday this november (8, 15 & 22)", vec!["2026-12-01T00:00"]),
            ("book before the end of the month", vec!["2026-12-01T00:00"]),
            ("need a yes b4 2 today", vec!["2026-11-20T14:00"]),
            ("half price, closing at 4", vec!["2026-11-20T16:00"]),
            ("20% off until closing time at 5", vec!["2026-11-20T17:00"]),
            ("30% off ends at 12", vec!["2026-11-20T12:00"]),
            ("ends 10 o'clock tonight", vec!["2026-11-20T22:00"]),
            ("ends today at 17h00", vec!["2026-11-20T17:00"]),
            ("until 2300hrs tonight", vec!["2026-11-20T23:00"]),
            ("ends on friday week", vec!["2026-11-28T00:00"]),
            ("ends first thing monday", vec!["2026-11-24T00:00"]),
            ("order by lunchtime saturday", vec!["2026-11-22T00:00"]),
            ("30% off today and tomorrow", vec!["2026-11-22T00:00"]),
            ("half price cakes until close", vec!["2026-11-21T00:00"]),
            ("half price cakes till we close!", vec!["2026-11-21T00:00"]),
            ("20% off for the next hour", vec!["2026-11-20T11:00"]),
            ("ends in half an hour", vec!["2026-11-20T10:30"]),
            ("gone within the hour", vec!["2026-11-20T11:00"]),
            ("20% off for the next half hour", vec!["2026-11-20T10:30"]),
            ("only half an hour left", vec!["2026-11-20T10:30"]),
            ("your 40% code dies in 6 hours", vec!["2026-11-20T16:00"]),
            ("the upgrade for £0 runs out in 2 hrs", vec!["2026-11-20T12:00"]),
            ("we can only hold it for another 45 minutes", vec!["2026-11-20T10:45"]),
            ("closing in t minus 5 hours", vec!["2026-11-20T15:00"]),
            ("20% off for two more days", vec!["2026-11-22T10:00"]),
            ("free coffee b4 11am", vec![]),
            ("tables for kids up to 6", vec![]),
            ("happy hour from 4pm until close", vec![]),
            ("we reply within the hour", vec![]),
            ("55% off till the shutters come down @5", vec!["2026-11-20T17:00"]),
            ("closes at 7pm sharp", vec!["2026-11-20T19:00"]),
            ("20% off until term starts on 2 december", vec!["2026-12-03T00:00"]),
            ("ends 11.25", vec!["2026-11-26T00:00"]),
            ("half price through mlk weekend", vec!["2027-01-19T00:00"]),
            ("sale starts 27 november until 29 november", vec!["2026-11-30T00:00"]),
            ("prices go up on monday", vec!["2026-11-23T00:00"]),
            ("book by 24 nov, travel by 30 june", vec!["2026-11-25T00:00"]),
            ("last orders 9pm tonight", vec!["2026-11-20T21:00"]),
            ("this price dies with today", vec!["2026-11-21T00:00"]),
            ("by cob friday 27 november", vec!["2026-11-28T00:00"]),
            ("promo runs from april 1 to june 30, 2027", vec!["2027-07-01T00:00"]),
            ("order by 2pm for same-day delivery", vec![]),
            ("passes go up $100 after november 25", vec!["2026-11-26T00:00"]),
            ("on nov 25 the price goes back to $89", vec!["2026-11-25T00:00"]),
            ("this fri & sat: buy one get one free", vec!["2026-11-22T00:00"]),
            ("combos $8.99 until 5 today", vec!["2026-11-20T17:00"]),
            ("20% off saturday 28 november, 11am-3pm", vec!["2026-11-28T15:00"]),
            ("until mon 23", vec!["2026-11-24T00:00"]),
            ("expires in 3 days, on 23 november", vec!["2026-11-24T00:00"]),
            ("you have 48 hours to claim it", vec!["2026-11-22T10:00"]),
            ("ladies get 20% off facials on 8 december", vec!["2026-12-09T00:00"]),
            ("our 20% off event begins on 8 december", vec![]),
            ("free delivery until thursday at midnight", vec!["2026-11-27T00:00"]),
            ("sample sale, 30-31 january, 10am-6pm", vec!["2027-01-31T18:00"]),
            ("$3 oysters tomorrow until 9pm", vec!["2026-11-21T21:00"]),
            ("ends tonight 11:59", vec!["2026-11-21T00:00"]),
            ("£4 cocktails today till 6pm", vec!["2026-11-20T18:00"]),
            ("last date to avail 10% cashback: 27 nov 2026", vec!["2026-11-28T00:00"]),
            ("offer valid upto 30-11-2026", vec!["2026-12-01T00:00"]),
            ("trade in before black friday even starts", vec![]),
            ("it's joseph's last day today", vec![]),
            ("1/2 price vitamins, this week.", vec!["2026-11-23T00:00"]),
            ("only 3 tables left this week", vec![]),
            ("in this week's issue: 20% off", vec![]),
            ("spa day £49 up to & including 3 dec", vec!["2026-12-04T00:00"]),
            ("up to and incl. 3 dec", vec!["2026-12-04T00:00"]),
            ("pay for only two, from now until 15 february 2027", vec!["2027-02-16T00:00"]),
            ("at 8:45 tomorrow morning it becomes $145 for everybody", vec!["2026-11-21T08:45"]),
            ("at 6pm it goes back to £40", vec!["2026-11-20T18:00"]),
            ("on monday the price is $89 again", vec!["2026-11-23T00:00"]),
            ("£48 today, £60 tomorrow", vec!["2026-11-21T00:00"]),
            ("s$58/kg tonight, tmr s$68", vec!["2026-11-21T00:00"]),
            ("$20 today, tomorrow it's $30", vec!["2026-11-21T00:00"]),
            ("kitchen stop grilling 8pm sharp", vec!["2026-11-20T20:00"]),
            ("we stop taking orders at 5pm today", vec!["2026-11-20T17:00"]),
            ("45% off boots til 1:30 today", vec!["2026-11-20T13:30"]),
            ("20% off until 9:30 today", vec!["2026-11-20T21:30"]),
            ("half-price sale till 6:30", vec!["2026-11-20T18:30"]),
            ("open daily sat 14 feb to sun 22 feb", vec!["2027-02-23T00:00"]),
            ("seat held 4 u for 15 minutes", vec!["2026-11-20T10:15"]),
            ("your cart is reserved for 2 hours", vec!["2026-11-20T12:00"]),
            ("we expect to be full by the weekend", vec![]),
            ("bonus cards valid jan 2-mar 31, 2027", vec![]),
            ("1.5gb for n500 valid for 7 days", vec![]),
            ("payment is due by 30 november", vec![]),
            ("only 4 slots left this month", vec![]),
            ("£4.99 until stocks last", vec![]),
            ("the sale starts at midnight", vec![]),
            ("we can't restock before christmas", vec![]),
            ("open daily 5am-11pm", vec![]),
            ("20 wings for $15.99, reg $21.99, all sunday", vec!["2026-11-23T00:00"]),
            ("you've got 20% off until the last tram, ie midnight", vec!["2026-11-21T00:00"]),
            ("20% off till you go to bed (ok, 11:59pm)", vec!["2026-11-21T00:00"]),
            ("last orders for the discount 7pm", vec!["2026-11-20T19:00"]),
            ("from 8.30 till the shelves are bare or 3pm, whichever's first", vec!["2026-11-20T15:00"]),
            ("say so today, by 3", vec!["2026-11-20T15:00"]),
            ("reserve by saturday lunchtime (1pm)", vec!["2026-11-21T13:00"]),
            ("prices go back to regular on nov 25", vec!["2026-11-25T00:00"]),
            ("48 hrs.", vec!["2026-11-22T10:00"]),
            ("2 hours, then poof", vec!["2026-11-20T12:00"]),
            ("4 hrs more only", vec!["2026-11-20T14:00"]),
            ("frozen prices for 20 mins", vec!["2026-11-20T10:20"]),
            ("and only 3 left", vec![]),
            ("2 hours of music", vec![]),
            ("returns within 30 days", vec![]),
            ("switch to another flight within 7 days of the original date", vec![]),
            ("we look at it, usually within a day", vec![]),
            ("gift vouchers are valid for 12 months from purchase", vec![]),
            ("from november to march i take £500 off", vec![]),
            ("£95 incl. fizz at midnight", vec![]),
            ("matinees are $6 before 4pm", vec![]),
            ("appetizers 4-6pm, mon to fri", vec![]),
        ] {
            let around = Around { takes_off: true, offers: true, beside: true, ..Around::default() };
            let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }

    #[test]
    fn the_days_of_an_event_are_no_end() {
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        let (none, beside) = (Around::default(), Around { beside: true, ..Around::default() });
        for (text, around, is_end) in [
            ("tasting menu served wednesday through saturday", beside, false),
            ("lunch served thu-sun", beside, false),
            ("two cabins remain for the ski weekend, dec 4-6", beside, false),
            ("summer camp 3-7 december", beside, false),
            ("easter tennis camp, ages 6-12, 4-6 december, £30 a day", Around { offers: true, ..beside }, false),
            ("the winter craft fair in the corn hall (4-6 december)", beside, false),
            ("£84 a night, sunday through thursday", beside, false),
            ("dec 4-6", none, false),
            ("dec 4-6", beside, true),
            ("offer valid dec 4-6", none, true),
            ("promo runs from dec 4 to dec 6", none, true),
            ("our birthday week, dec 4-6", Around { offers: true, ..beside }, true),
        ] {
            let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
            assert_eq!(!ends.is_empty(), is_end, "{text}");
        }
    }
}
