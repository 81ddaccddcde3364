//! Which moments of an English sentence belong together? "Nov 20 - Dec 1", "Sat & Sun", "today and tomorrow", "now to Sunday".

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::days::hours_en::is_tomorrow;
use crate::understand::days::moments::Moment;
use crate::understand::ends::ends_en::lead_of;
use crate::understand::ends::periods_en::is_month_after;
use crate::understand::patterns::{pattern, says};

/// "Nov 20 - Dec 1", "now to Sunday": the second end of a stretch.
pub(in crate::understand) fn follows(words: &str, moment: &Moment, before: Option<&Moment>) -> bool {
    let from = before.map_or(0, |before| before.range.end);
    let gap = words.get(from..moment.range.start).unwrap_or_default();
    let is_choice = matches!(gap.trim(), "and" | "&") && !before.is_some_and(|before| is_between(words, before));
    before.is_some_and(|before| is_month_after(gap, moment, before))
        || before.is_some() && says(&JOINS, gap) && !is_choice
        || says(&FROM_NOW, gap)
}

/// "Sat & Sun", "this Saturday and Sunday".
pub(in crate::understand) fn is_saturday_with(words: &str, before: &Moment, sunday: &Moment) -> bool {
    let gap = words.get(before.range.end..sunday.range.start).unwrap_or_default();
    let first = words.get(before.range.clone()).unwrap_or_default();
    if first.starts_with("this ")
        && first.ends_with(|c: char| c.is_ascii_alphabetic())
        && matches!(gap.trim(), "and" | "&" | "+")
    {
        return true;
    }
    let day = first.trim_start_matches("this ").trim_start_matches("coming ").trim_start_matches("next ");
    let own = words.get(sunday.range.clone()).unwrap_or_default();
    own.contains("sun") && day.starts_with("sat") && matches!(gap.trim(), "and" | "&" | "+" | "/" | "-" | "to")
}

/// "Today and tomorrow".
pub(in crate::understand) fn is_tomorrow_with(words: &str, before: Option<&Moment>, moment: &Moment) -> bool {
    let own = words.get(moment.range.clone()).unwrap_or_default();
    let gap = |before: &Moment| words.get(before.range.end..moment.range.start).unwrap_or_default().trim();
    own.starts_with("tomorrow")
        && before.is_some_and(|before| before.is_this_day && matches!(gap(before), "and" | "&" | "+" | "n" | "or"))
}

/// "Facials tomorrow & Friday".
pub(in crate::understand) fn is_with_tomorrow(words: &str, before: Option<&Moment>, moment: &Moment) -> bool {
    let own = |moment: &Moment| words.get(moment.range.clone()).unwrap_or_default();
    let gap = |before: &Moment| words.get(before.range.end..moment.range.start).unwrap_or_default().trim();
    before.is_some_and(|before| is_tomorrow(own(before)) && matches!(gap(before), "and" | "&" | "+" | "n"))
}

/// "Between Nov 20 and Nov 24".
pub(in crate::understand) fn is_between(words: &str, moment: &Moment) -> bool {
    ["between", "btwn", "betw", "btw"].iter().any(|word| lead_of(words, moment.range.start).trim_end().ends_with(word))
}

/// "Nov 20 - Dec 1" and "now through Sunday" join two moments.
static JOINS: LazyLock<Option<Regex>> = pattern!(
    r"^(?:,?[ \n](?:from[ \n]|between[ \n]|at[ \n])?[0-9]{1,2}(?:st|nd|rd|th|[.:][0-9]{2})?(?:[ap]m)?)?[,)]?[ \n]?(?:-|to|thru|through|until|till?|'til|hingga|hanggang|t/m|(?:to|until|till?|thru)[ \n]w/e|up[ \n](?:to|until)|to[ \n]and[ \n]including|and|&|and[ \n]ends?(?:[ \n]on)?)[ \n]?(?:\(?the[ \n]|on[ \n])?$"
);

pub(in crate::understand) static FROM_NOW: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:now|today|immediately)[ \n]?(?:-|to|thru|through|until|till?|'til|up[ \n](?:to|until))",
    r"|between[ \n](?:now|today)[ \n](?:and|&)|from[ \n]now[ \n](?:on[ \n])?(?:to|until|till?))[ \n]?(?:the[ \n]|and[ \n]including[ \n])?(?:(?:[a-z'-]{2,14}[ \n]){1,3}[(])?$",
);
