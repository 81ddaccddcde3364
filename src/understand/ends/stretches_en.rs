//! Stretches of time told in English: "within 48 hours", "last 3 days", "valid for 7 days", "ends in 02:14:59".

use std::sync::LazyLock;

use jiff::Zoned;
use regex::Regex;

use crate::understand::days::calendar::{count, days_after, end_of, more_units, seconds_from};
use crate::understand::ends::claim::End;
use crate::understand::ends::ends_en::lead_of;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [
        &ONLY_STRETCH,
        &UNTIL_CLOSE,
        &ALL_DAY,
        &HOUR_AHEAD,
        &FROM_RECEIPT,
        &CLOCK_LEFT,
        &TIME_AFTER_WORD,
        &TIME_BEFORE_WORD,
        &COUNTDOWN,
    ]
    .into_iter()
}

/// The end of a stretch that begins now, or when the message is received.
pub(in crate::understand) fn stretch_in(now: &Zoned, may: &May, words: &str) -> Option<End> {
    from_receipt(now, may, words)
        .or_else(|| hour_ahead(now, may, words))
        .or_else(|| time_left(now, may, words))
        .or_else(|| only_stretch(now, may, words))
}

/// "48 hrs." and nothing else, "2 hours, then poof".
fn only_stretch(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let found = ONLY_STRETCH.groups(may, words)?;
    let (amount, unit) = (found.name("count")?, found.name("unit")?);
    let at = seconds_from(now, count(amount.as_str())?, seconds_of(unit.as_str())?)?;
    Some(End { at, kind: DeadlineKind::Relative, words: amount.start()..unit.end(), is_stretch: true })
}

/// "Half price cakes until close": the end of this day, unless it closes so every day ("4pm until close").
pub(in crate::understand) fn close_of_this_day(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let range = UNTIL_CLOSE.groups(may, words)?.get(1)?.range();
    let is_hour = says(&OPEN_FROM, lead_of(words, range.start));
    let at = end_of(now.date(), None, now.time_zone()).filter(|_| !is_hour)?;
    Some(End { at, kind: DeadlineKind::Relative, words: range, is_stretch: false })
}

/// "Dozen for $24, not $30, all day long": the end of this day.
pub(in crate::understand) fn all_this_day(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let range = ALL_DAY.groups(may, words)?.get(1)?.range();
    // "Breakfast £6 all day" is so every day.
    let recurs = says(&OPEN_FROM, words.get(..range.start)?) || !says(&OTHERWISE, words);
    let at = end_of(now.date(), None, now.time_zone()).filter(|_| !recurs)?;
    Some(End { at, kind: DeadlineKind::Relative, words: range, is_stretch: false })
}

/// "For the next hour", "within the hour", "half an hour left".
fn hour_ahead(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let found = HOUR_AHEAD.groups(may, words)?;
    let range = found.get(0)?.range();
    if says(&ANSWERS, lead_of(words, range.start)) {
        return None;
    }
    let minutes = if found[0].contains("quarter") {
        15
    } else if found[0].contains("half") {
        30
    } else {
        60
    };
    Some(End { at: seconds_from(now, minutes, 60)?, kind: DeadlineKind::Relative, words: range, is_stretch: true })
}

/// "Valid for 7 days", "within 3 days of receiving", "when you order within 24 hours". Nothing where a
/// countdown runs for everybody ("48-hour sale", "last 3 days").
fn from_receipt(now: &Zoned, may: &May, words: &str) -> Option<End> {
    let found = FROM_RECEIPT.groups(may, words)?;
    if TIME_BEFORE_WORD.is_in(may, words) || COUNTDOWN.is_in(may, words) {
        return None;
    }
    // "Get 1.5GB for N500 valid for 7 days": how long it serves.
    if VOLUME.as_ref()?.is_match(words) {
        return None;
    }
    let group = |names: [&str; 3]| names.into_iter().find_map(|name| found.name(name));
    let (amount, unit) = (group(["valid", "own", "after"])?, group(["valid_unit", "own_unit", "after_unit"])?);
    // "Gift vouchers are valid for 12 months from purchase": so all of them.
    if says(&FROM_PURCHASE, words.get(unit.end()..)?) {
        return None;
    }
    let at = seconds_from(now, count(amount.as_str())?, seconds_of(unit.as_str())?)?;
    // "Held for you for 15 minutes" runs now, whoever reads it when.
    let is_held = ["held", "reserved", "saved", "kept", "on"].iter().any(|held| found[0].starts_with(held));
    let kind = if is_held { DeadlineKind::Relative } else { DeadlineKind::FromReceipt };
    Some(End { at, kind, words: amount.start()..unit.end(), is_stretch: true })
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
        && !found[0].contains(" more ")
        && (is_days(unit.as_str()) || !says(&TAKEN_OFF, lead_of(words, found.get(0)?.start())))
    {
        return None;
    }
    // "Switch to another flight within 7 days of the original date", "returns within 30 days", "we answer, usually within a day".
    let behind = words.get(unit.end()..).unwrap_or_default();
    if lead == "within" && (says(&OF_SOMETHING, behind) || says(&TERMS, words)) {
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

/// How long one of a unit is.
pub(in crate::understand) fn seconds_of(unit: &str) -> Option<i64> {
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
            r"(?P<count>[0-9]{1,4}|(?:an?|",
            words!(number),
            r")(?-u:\b))[ \n-]?(?:more[ \n]|short[ \n]|full[ \n])?(?P<unit>hours?|hrs?|h|days?|d|minutes?|mins?|weeks?)(?-u:\b)"
        )
    };
    (left) => {
        r"(?P<tail>[ \n-](?:only|more|left|remaining|and[ \n]counting|to[ \n](?:go|claim|use|save|order|shop|get|grab|book|redeem|enjoy|buy|spend|lock)|sale|flash|deal|offer|event))"
    };
}

/// "We reply within 24 hours", "ships in 3 days": the shop's promise.
static ANSWERS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:ship|deliver|dispatch|arriv|repl(?:y|ies)|respon|sent|send|contact|get[ \n]back|process|refund|answer)[a-z]*[ \n](?:[a-z]{1,12}[ \n]){0,4}$"
);
static FROM_PURCHASE: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:from|after|of)[ \n](?:the[ \n])?(?:date[ \n]of[ \n])?(?:purchase|issue|delivery|activation)(?-u:\b)"
);
/// "Within 14 days of delivery": counted from something that happens later.
static OF_SOMETHING: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:of|from|after)[ \n](?:the|your|this|each|an?|purchase|departure|signing|order|ordering|delivery|payment)(?-u:\b)"
);
/// What is promised for later, to whoever has bought.
static TERMS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:you[ \n](?:need|must)|paid[ \n]in|returns?|returned|refund(?:s|ed)?|exchanges?|exchanged|money[ \n]back|cooling|guarantee|warranty|usually|normally|typically|released|installed|installation|fitted|ready|replac(?:e|ed|ement))(?-u:\b)"
);
static UNTIL_CLOSE: Expression = expression!(
    r"(?-u:\b)((?:until|till?) (?:(?:we|they|the (?:shop|stall|store|bakery|kitchen|market|doors?)) )?(?:close|closing(?: time)?|shut|closes|shuts|pack up))(?: today| tonight)?(?:$|[.,;!?)]| -)"
);
static ALL_DAY: Expression =
    expression!(r"(?-u:\b)(all day(?: long| today)?)(?:$|[.!]| (?:at|in store|in the shop|for one day|here)(?-u:\b))");
static OTHERWISE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:not|instead|was|were|usually|normally|reg|rather[ \n]than|tomorrow|off|half[ \n]price|free|today)(?-u:\b)"
);
static OPEN_FROM: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:open|from|daily|every|each|hours?)(?-u:\b)|[0-9][ \n]?(?:am|pm)(?-u:\b)");
static HOUR_AHEAD: Expression = expression!(
    r"(?-u:\b)(?:(?:within|in|for|over|next|only|just|last|final) (?:(?:the|only|just|about) )?(?:next |last |final )?(?:half an hour|half[ -]hour|quarter of an hour)|(?:within|in|for|over) the (?:next )?hour|(?:half an hour|half[ -]hour|quarter of an hour) (?:left|only|to go|remaining))(?-u:\b)"
);
/// "26% off for 26 hours": how long something is taken off.
static TAKEN_OFF: LazyLock<Option<Regex>> = pattern!(
    r"(?:%|half[ \n]price|2[ \n-]for[ \n-]1)[^.!?]{0,24}(?-u:\b)$|(?-u:\b)(?:off|sale|sale[ \n]on|prices?|fares|it's)[ \n]?$|(?:%|half[ \n]price)[^.!?]{0,24}[ \n]$"
);
static VOLUME: LazyLock<Option<Regex>> = pattern!(r"[0-9][ \n]?[gm]b(?-u:\b)");
static FROM_RECEIPT: Expression = expression!(
    r"(?-u:\b)(?:valid|good|yours|redeemable|(?:held|reserved|saved|kept|on[ \n]hold)(?:[ \n](?:for|4)[ \n](?:you|u)|[ \n]aside)?)[ \n]for[ \n](?:only[ \n]|just[ \n]|the[ \n]next[ \n]|the[ \n])?(?P<valid>[0-9]{1,4}|",
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
static ONLY_STRETCH: Expression = expression!(
    r"^(?:just |only )?(?P<count>[0-9]{1,3}|",
    words!(number),
    r"|half an|an)[ -](?P<unit>hours?|hrs?|minutes?|mins?)(?: flat| only| tops)?(?:[.!]|, then |$)"
);
static COUNTDOWN: Expression =
    expression!(r"(?-u:\b)(?:last|final|ends[ \n]in|ending[ \n]in)[ \n](?:the[ \n])?", words!(count));
/// `ends in 02:14:59`, `00 days 04:43:35 left`.
static CLOCK_LEFT: Expression = expression!(
    r"(?-u:\b)(?:ends?|ending|expir(?:es|ing)|closes|closing|left|remaining)(?:[ \n]in)?:?[ \n]?(?P<clock>(?:(?P<days>[0-9]{1,3})[ \n]?d(?:ays?)?[ \n,:]{0,2})?(?P<hours>[0-9]{1,3}):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2}))(?-u:\b)",
);
static TIME_AFTER_WORD: Expression = expression!(
    r"(?-u:\b)(?P<lead>within|(?:ends?|ending|over|gone|clos(?:es|ing)|expir(?:es|ing)|(?:leaves|leaving)[ \n](?:the|our)[ \n](?:shop|store|site|app|menu|shelves)|disappears?|vanish(?:es)?|finish(?:es)?|stops?|dies?|dying|runs?[ \n]out|running[ \n]out|lapses?|self-destructs?|invalid|void|worthless|up)(?:[ \n][a-z]{1,8}){0,3}[ \n]in|for[ \n]another|t[ -]minus|for|next|only|just|last|final)[ \n](?:the[ \n])?(?:next[ \n]|only[ \n]|just[ \n]|last[ \n]|final[ \n])?",
    words!(count),
    words!(left),
    r"?",
);
static TIME_BEFORE_WORD: Expression = expression!(r"(?-u:\b)(?P<lead>)", words!(count), words!(left), r"(?-u:\b)");
static MORE_UNITS: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n]?(?:and[ \n])?(?P<count>[0-9]{1,3})[ \n]?(?P<unit>hours?|hrs?|h|days?|d|minutes?|mins?|m|seconds?|secs?|s)(?-u:\b)"
);
