//! Ends told in English: `until November 30`, `ends tonight`, `within 48 hours`, `last 3 days`.

use std::sync::LazyLock;

use jiff::{Timestamp, Zoned};
use regex::Regex;

use super::calendar::{count, days_after, end_of, more_units, seconds_from};
use super::days_en::{MONTHS, Moment, moments_in};
use super::deadlines::{ENDS_MAX, End};
use super::expression::{Expression, May, expression};
use super::meaning::DeadlineKind;

/// How far back the words stand that make a moment an end.
const LEAD_BYTES_MAX: usize = 64;

/// The ends normalised words tell. `dated`: there is a digit and one of the [`date_signs`] in them;
/// `named`: so is a name of a time (`tonight`, `weeks`).
/// `offers`: they take something off, or name a price.
pub(super) fn ends_in(now: &Zoned, may: &May, words: &str, (dated, named): (bool, bool), offers: bool) -> Vec<End> {
    if !dated && !named {
        return Vec::new();
    }
    let moments = moments_in(now, words);
    let mut ends: Vec<End> = Vec::new();
    for (at, moment) in moments.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| moments.get(before));
        let begins = moments.get(at + 1).is_some_and(|next| follows(words, next, Some(moment)));
        if ends.len() < ENDS_MAX
            && !begins
            && let Some(instant) = ends_at(words, moment, before, offers)
            && ends.iter().all(|end| end.at != instant)
        {
            ends.push(End { at: instant, kind: moment.kind, words: moment.range.clone(), is_stretch: false });
        }
    }
    if ends.is_empty() && named {
        ends.extend(from_receipt(now, may, words).or_else(|| time_left(now, may, words)));
    }
    ends
}

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&FROM_RECEIPT, &CLOCK_LEFT, &TIME_AFTER_WORD, &TIME_BEFORE_WORD, &COUNTDOWN].into_iter()
}

/// What every date has one of: a month, the stroke of 11/30, the year of 2026-11-30, the `th` of 20th.
pub(super) fn date_signs() -> Vec<String> {
    let years = (2_000..2_100).flat_map(|year| ["-", ".", "/"].map(|mark| format!("{year}{mark}")));
    let dotted = (2_000..2_100).chain(24..40).map(|year| format!(".{year}"));
    let ordinals =
        ["1st", "2nd", "3rd"].map(str::to_owned).into_iter().chain((0..10).map(|digit| format!("{digit}th")));
    MONTHS.into_iter().chain(["/"]).map(str::to_owned).chain(years).chain(dotted).chain(ordinals).collect()
}

/// The instant at which something ends there, when the words around the moment say that it does.
fn ends_at(words: &str, moment: &Moment, before: Option<&Moment>, offers: bool) -> Option<Timestamp> {
    let lead = lead_of(words, moment.range.start);
    let tail = words.get(moment.range.end..).unwrap_or_default();
    if RECURS.as_ref()?.is_match(lead) || ARRIVES.as_ref()?.is_match(lead) {
        return None;
    }
    let follows = follows(words, moment, before);
    // "Travel Sep 1 - Nov 15": the days on which it is used are no end of the offer.
    let first = before.filter(|_| follows).map_or(lead, |before| lead_of(words, before.range.start));
    if IS_USED.as_ref()?.is_match(lead) || IS_USED.as_ref()?.is_match(first) || DENIED.as_ref()?.is_match(lead) {
        return None;
    }
    // "Open daily 5am-11pm", "4-6pm": the hours of every day, unless they are today's.
    let is_of_day = moment.is_clock && follows && before.is_some_and(|before| before.is_clock);
    if RECURS.as_ref()?.is_match(first) || is_of_day && !words.contains("today") && !words.contains("tonight") {
        return None;
    }
    let own = words.get(moment.range.clone())?;
    // "30% off this weekend", "this Saturday and Sunday": the days of a sale.
    let is_weekend = own.starts_with("this weekend")
        || own.starts_with("this coming weekend")
        || own == "weekend" && (lead.ends_with("all ") || lead.ends_with("whole "))
        || own.contains("sun") && before.is_some_and(|before| is_saturday_with(words, before, moment));
    let at_midnight = || {
        let at = ["at ", "by ", "before ", "'til ", "@ "].iter().any(|word| lead.ends_with(word));
        at && own.contains("midnight") && STARTS.as_ref().is_some_and(|starts| !starts.is_match(lead))
    };
    // "This deal melts at noon", "the code dies on Friday": whatever an offer does then, unless it begins.
    let does = || {
        let found = OFFER_DOES.as_ref()?.captures(lead)?;
        Some(!BEGINS_VERBS.contains(&found.get(1)?.as_str()))
    };
    // "Midnight tonight." and nothing else.
    let is_alone = || words.trim_matches(|c: char| !c.is_alphanumeric()) == own && own.contains("night");
    if offers && is_weekend || at_midnight() || is_alone() || does() == Some(true) {
        return Some(moment.at);
    }
    let told = UNTIL.as_ref()?.is_match(lead);
    if moment.is_bare && !told && follows && before.is_some_and(|before| before.is_bare) {
        // Monday to Friday is when the shop is open; Friday to Sunday may be the days of a sale.
        let hours = before.is_some_and(|before| words.get(before.range.clone()).is_some_and(|w| w.contains("mon")));
        return (!hours).then_some(moment.at);
    }
    let only = || ONLY_BEFORE.as_ref().is_some_and(|only| only.is_match(lead));
    if !(told || follows || moment.is_range || only() || AFTER.as_ref()?.is_match(tail)) {
        return None;
    }
    // "Matinees are $6 before 4pm": so every day, unless it says that something ends or is to be ordered.
    if moment.is_clock && BEFORE_MONTH.as_ref()?.is_match(lead) && !ENDS_SOMETHING.as_ref()?.is_match(lead) {
        return None;
    }
    // "Ends in 02:14" counts hours; "open until 9pm" is of every day.
    if moment.is_bare && (OPEN.as_ref()?.is_match(lead) || lead.trim_end_matches([' ', ':', '\n']).ends_with(" in")) {
        return None;
    }
    let begins = || BEFORE_MONTH.as_ref().is_some_and(|before| before.is_match(lead));
    match moment.month_begins {
        // "Until December" ends when December begins; "through December" when it is over.
        Some(begin) if !words.get(moment.range.clone())?.contains("end of") && begins() => Some(begin),
        _ => Some(moment.at),
    }
}

/// "Nov 20 - Dec 1", "now to Sunday": the second end of a stretch.
fn follows(words: &str, moment: &Moment, before: Option<&Moment>) -> bool {
    let from = before.map_or(0, |before| before.range.end);
    let gap = words.get(from..moment.range.start).unwrap_or_default();
    let joins = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(gap));
    let is_choice = matches!(gap.trim(), "and" | "&") && !before.is_some_and(|before| is_between(words, before));
    before.is_some() && joins(&JOINS) && !is_choice || joins(&FROM_NOW)
}

/// "Sat & Sun", "this Saturday and Sunday".
fn is_saturday_with(words: &str, before: &Moment, sunday: &Moment) -> bool {
    let gap = words.get(before.range.end..sunday.range.start).unwrap_or_default();
    let first = words.get(before.range.clone()).unwrap_or_default();
    let day = first.trim_start_matches("this ").trim_start_matches("coming ").trim_start_matches("next ");
    day.starts_with("sat") && matches!(gap.trim(), "and" | "&" | "+" | "/" | "-" | "to")
}

/// "Between Nov 20 and Nov 24".
fn is_between(words: &str, moment: &Moment) -> bool {
    lead_of(words, moment.range.start).trim_end().ends_with("between")
}

fn lead_of(words: &str, start: usize) -> &str {
    let from = words.floor_char_boundary(start.saturating_sub(LEAD_BYTES_MAX));
    words.get(from..start).unwrap_or_default()
}

/// "Valid for 7 days", "within 3 days of receiving", "when you order within 24 hours". Nothing where a
/// countdown runs for everybody ("48-hour sale", "last 3 days").
fn from_receipt(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let found = FROM_RECEIPT.groups(may, words)?;
    if TIME_BEFORE_WORD.is_in(may, words) || COUNTDOWN.is_in(may, words) {
        return None;
    }
    let group = |names: [&str; 3]| names.into_iter().find_map(|name| found.name(name));
    let (amount, unit) = (group(["valid", "own", "after"])?, group(["valid_unit", "own_unit", "after_unit"])?);
    let at = seconds_from(now, count(amount.as_str())?, seconds_of(unit.as_str())?)?;
    Some(End { at, kind: DeadlineKind::FromReceipt, words: amount.start()..unit.end(), is_stretch: true })
}

fn time_left(now: &Zoned, may: &May, words: &str) -> Option<End> {
    if let Some(found) = CLOCK_LEFT.groups(may, words) {
        let part = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<i64>().ok()).unwrap_or(0);
        let seconds = part("days") * 86_400 + part("hours") * 3_600 + part("minutes") * 60 + part("seconds");
        let at = seconds_from(now, seconds, 1)?;
        return Some(End { at, kind: DeadlineKind::Relative, words: found.name("clock")?.range(), is_stretch: true });
    }
    let (after, before) = (&TIME_AFTER_WORD, &TIME_BEFORE_WORD);
    // "48-hour sale, coupons valid for 7 days": the sale's end is everybody's.
    let (first, second) = if FROM_RECEIPT.is_in(may, words) { (before, after) } else { (after, before) };
    let found = first.groups(may, words).or_else(|| second.groups(may, words))?;
    let (amount, unit) = (found.name("count")?, found.name("unit")?);
    if ANSWERS.as_ref()?.is_match(lead_of(words, found.get(0)?.start())) {
        return None;
    }
    // "2 GB a day for 28 days": how long it serves, not how long it is sold.
    let lead = found.name("lead").map_or("", |lead| lead.as_str());
    if lead == "for"
        && words.get(found.get(0)?.start() + lead.len()..amount.start()).is_some_and(|gap| gap.trim().is_empty())
    {
        return None;
    }
    let (more, end) =
        more_units(words, unit, MORE_UNITS.as_ref(), |number, unit| count(number)?.checked_mul(seconds_of(unit)?));
    let number = count(amount.as_str())?;
    let tail = found.name("tail").map_or("", |tail| tail.as_str().trim_start_matches([' ', '-', '\n']));
    let at = if is_days(unit.as_str())
        && more == 0
        && (matches!(lead, "last" | "final") || matches!(tail, "only" | "sale" | "flash" | "deal" | "offer" | "event"))
    {
        // "Last 3 days" and "3-day sale" count today as one of them; "within 3 days" counts from now.
        end_of(days_after(now.date(), number - 1)?, None, now.time_zone())?
    } else {
        seconds_from(now, number.checked_mul(seconds_of(unit.as_str())?)?.checked_add(more)?, 1)?
    };
    let start = if lead.is_empty() { amount.start() } else { found.get(0)?.start() };
    Some(End { at, kind: DeadlineKind::Relative, words: start..end, is_stretch: true })
}

fn is_days(unit: &str) -> bool {
    unit.starts_with('d')
}

fn seconds_of(unit: &str) -> Option<i64> {
    Some(match unit.as_bytes().first()? {
        b's' => 1,
        b'm' if unit.starts_with("mo") => 30 * 86_400,
        b'm' => 60,
        b'h' => 3_600,
        b'w' => 7 * 86_400,
        _ => 86_400,
    })
}

macro_rules! words {
    (number) => {
        r"twenty-four|forty-eight|seventy-two|one|two|three|four|five|six|seven|eight|nine|ten|twelve"
    };
    (unit) => {
        r"hours?|hrs?|days?|minutes?|mins?|weeks?|months?"
    };
    (count) => {
        concat!(
            r"(?P<count>[0-9]{1,4}|an?|",
            words!(number),
            r")[ \n-]?(?:more[ \n]|short[ \n]|full[ \n])?(?P<unit>hours?|hrs?|h|days?|d|minutes?|mins?|weeks?)(?-u:\b)"
        )
    };
    (left) => {
        r"(?P<tail>[ \n-](?:only|left|remaining|to[ \n]go|sale|flash|deal|offer|event))"
    };
}

/// Ends in what makes the moment behind it an end.
static UNTIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?:until|untill|till?|through|thru|before|by|ends?|ending|expir(?:es?|ing|y|ation)|exp|valid|redeemable|close[sd]?|shuts?|closing|clos(?:e|ing)[ \n]date",
        r"|(?:last|final)[ \n](?:day|date|call|chance)|deadline|cut-?off|good|up[ \n]to|runs?|running|no[ \n]later[ \n]than|wrap(?:s|ping)?[ \n]up|finish(?:es|ing)?|over|gone|stops?|lasts?|extended|available|disappears?|vanish(?:es)?|lapses?|concludes?|leaves|returns?|goes?[ \n](?:back[ \n])?up|rises?|reverts?|dies|(?:jumps?|increases?|doubles?|rises?|goes?[ \n]up)[ \n](?:by[ \n])?(?:[$£€][0-9.]{1,8}[ \n])?(?:after|from))",
        r"(?:\.?[ \n](?:and[ \n]including|@|out|working|coming|date|time|is|are|until|till?|through|thru|to|on|at|by|before|in|after|this|coming|the|end[ \n]of|close[ \n]of|midnight|night|late|day|of|from|now|only|just|inclusive|order|book|shop|strictly)){0,5}[.,]?[ \n]?[:(-]?[ \n]?$",
    ))
    .ok()
});
static ONLY_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u:\b)(?:only|one[ \n]day[ \n]only|24[ \n]hours[ \n]only)[:,!-]?[ \n]?(?:on[ \n]|for[ \n])?(?:-[ \n])?$",
    )
    .ok()
});
/// Stands right behind a moment that is an end.
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[),]?[ \n](?:only(?-u:\b)|is[ \n](?:the|your|our)[ \n](?:very[ \n])?(?:last|final)|is[ \n](?:the|your)[ \n]deadline|deadline|cut-?off",
        r"|(?:is[ \n])?when[ \n](?:it|this|the[ \n](?:offer|sale|deal))[ \n]ends|(?:the[ \n])?(?:last|final)[ \n](?:day|chance|call)|or[ \n](?:it|they|you)|and[ \n]it's[ \n]gone)",
    ))
    .ok()
});
/// "Nov 20 - Dec 1" and "now through Sunday" join two moments.
static JOINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^[,)]?[ \n]?(?:-|to|thru|through|until|till?|and|&|and[ \n]ends?(?:[ \n]on)?)[ \n]?(?:\(?the[ \n]|on[ \n])?$",
    )
    .ok()
});
static FROM_NOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:now|today)[ \n]?(?:-|to|thru|through|until|till?)[ \n]?(?:the[ \n])?$").ok()
});
/// What happens every week is no end of anything.
static RECURS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:every|each|daily|hours:?|since|(?:start|begin)(?:s|ning|ing)?(?:[ \n](?:on|at|from|of))?|opens?(?:[ \n](?:on|at))?)[ \n](?:the[ \n])?$").ok()
});
/// The day a parcel arrives is the courier's promise, not the offer's end.
static ARRIVES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:deliver(?:y|ed|s)?|arriv(?:es?|ing|al)|ships?|shipped|shipping|get[ \n](?:it|them|yours)|receive(?:[ \n](?:it|them|yours))?|back[ \n]in[ \n]stock|in[ \n]time[ \n]for|here)[ \n](?:[a-z']{1,12}[ \n]){0,2}(?:by|before|on|until)[ \n](?:the[ \n])?$").ok()
});
/// What is used, travelled or played then, not bought until then.
static IS_USED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:travel(?:ling)?|fly|flying|depart(?:s|ing)?|departures?|sail(?:s|ing)?|sailings|stays?|arriv(?:e|ing)|dates|performances|screenings|check[- ]in|classes|sessions)(?:[ \n](?:on|from|between|dates?|period|is|are|valid|any[ \n]?time|through|thru|until|till?|to|in|for))*[:]?[ \n]?$").ok()
});
static OFFER_DOES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:offer|deal|sale|price|pricing|discount|code|coupon|promo|promotion|event|savings|fare|rate|reward|window|chance)s?[ \n](?:(?:will|is|are|officially|really)[ \n])?([a-z]{3,12})(?:[ \n](?:away|out|off|up|for[ \n]good))?[ \n](?:at|on|by|this|@)[ \n](?:the[ \n])?$").ok()
});
/// What an offer does when it begins, or all the time.
const BEGINS_VERBS: [&str; 24] = [
    "starts",
    "start",
    "begins",
    "begin",
    "opens",
    "open",
    "launches",
    "launch",
    "drops",
    "lands",
    "arrives",
    "returns",
    "works",
    "applies",
    "apply",
    "goes",
    "kicks",
    "comes",
    "unlocks",
    "valid",
    "available",
    "live",
    "starting",
    "coming",
];
/// "We can't restock before Christmas": nothing ends there.
static DENIED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:can't|cannot|won't|not|never|unable[ \n]to)[ \n](?:[a-z]{2,12}[ \n]){1,4}(?:before|until|till|by)[ \n](?:the[ \n])?$").ok()
});
/// "Starts at midnight".
static STARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:starts?|starting|begins?|opens?|opening|launch(?:es|ing)?|live|drops?|kicks?[ \n]off|unlocks?|lands?|arrives?)[ \n](?:[a-z]{1,8}[ \n]){0,2}(?:at|by|@)[ \n]$").ok()
});
/// "We reply within 24 hours", "ships in 3 days": the shop's promise.
static ANSWERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:ship|deliver|dispatch|arriv|repl(?:y|ies)|respon|sent|send|contact|get[ \n]back|process|refund|answer)[a-z]*[ \n](?:[a-z]{1,12}[ \n]){0,4}$").ok()
});
static OPEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:open|opened|hours|stores?|lines?|call(?:[ \n]us)?|chat)[ \n](?:[a-z]{1,9}[ \n]){0,2}(?:until|till?|from|to|by|before)[ \n]$").ok()
});
static ENDS_SOMETHING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:ends?|expires?|closes?|valid|good|runs?|have|got|sale|offer|deal|code|order|book|buy|shop|only|use|redeem|claim|hold|holding|held|reserved|saved|saving|keep|keeping|today|tonight)(?-u:\b)").ok()
});
static BEFORE_MONTH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u:\b)(?:until|till?|before|by|up[ \n]to)[ \n]$").ok());
static FROM_RECEIPT: Expression = expression!(
    r"(?-u:\b)(?:valid|good|yours|redeemable)[ \n]for[ \n](?:only[ \n]|just[ \n]|the[ \n]next[ \n]|the[ \n])?(?P<valid>[0-9]{1,4}|",
    words!(number),
    r")[ \n-](?P<valid_unit>",
    words!(unit),
    r")(?-u:\b)",
    r"|(?:(?-u:\b)(?:when|if)[ \n]you[ \n](?:order|buy|shop|check[ \n]?out)|(?-u:\b)your[ \n](?:cart|basket|bag|shopping)(?-u:\b)[^.!?]{0,120}?)[ \n](?:it[ \n])?within[ \n](?P<own>[0-9]{1,4}|",
    words!(number),
    r")[ -](?P<own_unit>",
    words!(unit),
    r")(?-u:\b)",
    r"|(?-u:\b)(?P<after>[0-9]{1,4}|",
    words!(number),
    r")[ -](?P<after_unit>",
    words!(unit),
    r")[ \n](?:of|from|after)[ \n]",
    r"(?:(?:the[ \n])?(?:day|date)[ \n](?:of[ \n])?)?(?:you[ \n](?:receive|get)|your[ \n](?:receipt|registration)|receiving|receipt|getting|activat|registration|sign(?:ing)?[ -]?up|this[ \n](?:e-?mail|text|message|sms))",
);
static COUNTDOWN: Expression =
    expression!(r"(?-u:\b)(?:last|final|ends[ \n]in|ending[ \n]in)[ \n](?:the[ \n])?", words!(count));
/// `ends in 02:14:59`, `00 days 04:43:35 left`.
static CLOCK_LEFT: Expression = expression!(
    r"(?-u:\b)(?:ends?|ending|expir(?:es|ing)|closes|closing|left|remaining)(?:[ \n]in)?:?[ \n]?(?P<clock>(?:(?P<days>[0-9]{1,3})[ \n]?d(?:ays?)?[ \n,:]{0,2})?(?P<hours>[0-9]{1,3}):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2}))(?-u:\b)",
);
static TIME_AFTER_WORD: Expression = expression!(
    r"(?-u:\b)(?P<lead>within|(?:ends?|ending|over|gone|clos(?:es|ing)|expir(?:es|ing)|(?:leaves|leaving)[ \n](?:the|our)[ \n](?:shop|store|site|app|menu|shelves)|disappears?|vanish(?:es)?|finish(?:es)?|stops?|up)(?:[ \n][a-z]{1,8}){0,3}[ \n]in|for|next|only|just|last|final)[ \n](?:the[ \n])?(?:next[ \n]|only[ \n]|just[ \n]|last[ \n]|final[ \n])?",
    words!(count),
    words!(left),
    r"?",
);
static TIME_BEFORE_WORD: Expression = expression!(r"(?-u:\b)(?P<lead>)", words!(count), words!(left), r"(?-u:\b)");
static MORE_UNITS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^,?[ \n]?(?:and[ \n])?(?P<count>[0-9]{1,3})[ \n]?(?P<unit>hours?|hrs?|h|days?|d|minutes?|mins?|m|seconds?|secs?|s)(?-u:\b)",
    )
    .ok()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::normal::fold_phrase;

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
            ("the sale starts at midnight", vec![]),
            ("we can't restock before christmas", vec![]),
            ("open daily 5am-11pm", vec![]),
            ("matinees are $6 before 4pm", vec![]),
            ("appetizers 4-6pm, mon to fri", vec![]),
        ] {
            let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), true);
            let ends: Vec<String> = ends
                .iter()
                .map(|end| end.at.to_zoned(now.time_zone().clone()).strftime("%Y-%m-%dT%H:%M").to_string())
                .collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }
}
