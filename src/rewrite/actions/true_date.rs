//! Says the date and zone that "this weekend" or 本周末 stands for, in the message's language. The date is
//! the finding's own evidence, else what the text was understood to mean; none is invented. Refuses when no
//! relative end with a known date stands in the finding's places.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::super::Original;
use crate::decide::{Evidence, WantedRewrite};
use crate::message::{Edit, Language, Span};
use crate::providers::Unfit;
use crate::understand::DeadlineKind;

/// English words that lead to an end and stay.
const LEADS: [&str; 20] = [
    "valid until",
    "valid through",
    "good until",
    "good through",
    "only until",
    "expires on",
    "expires",
    "ends on",
    "ends",
    "ending on",
    "ending",
    "end",
    "closes on",
    "closes",
    "until",
    "till",
    "through",
    "thru",
    "by",
    "before",
];
/// Chinese words before an end: they stay, and the date follows.
const LEADS_ZH: [&str; 8] = ["截止到", "截止至", "截至", "截止", "有效期至", "持续到", "至", "到"];
/// Chinese words behind one.
const TAILS_ZH: [&str; 8] = ["截止", "结束", "結束", "为止", "為止", "止", "前", "到期"];
/// Words that say "no longer than": the date says it, too.
const ONLY_ZH: [&str; 5] = ["仅限", "僅限", "只限", "限", "仅"];

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
    let mut edits: Vec<Edit> = Vec::new();
    for wish in wishes {
        let told = match wish.because.get("end") {
            Some(Evidence::At(at)) => Some(*at),
            _ => None,
        };
        for deadline in original.meaning.deadlines.iter().filter(|d| d.kind == DeadlineKind::Relative) {
            let found = |span: &Span| wish.spans.is_empty() || wish.spans.iter().any(|place| place.overlaps(span));
            let Some(end) = deadline.instant.filter(|end| told.is_none_or(|told| told == *end)) else { continue };
            // Words that a tag cuts in two are no phrase that can be replaced.
            let [words] = &deadline.words[..] else { continue };
            if !found(words) {
                continue;
            }
            let edit =
                edit(original, words, end).ok_or_else(|| Unfit("the end's words cannot be replaced".to_owned()))?;
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    if edits.is_empty() {
        return Err(Unfit("no relative end with a known date stands in the message".to_owned()));
    }
    Ok(edits)
}

fn edit(original: &Original<'_>, words: &Span, end: Timestamp) -> Option<Edit> {
    let text = original.content().parts.get(usize::from(words.part))?.text.as_str();
    let said = text.get(words.range())?;
    let is_chinese = said.chars().any(|c| c > '\u{2e7f}') || !said.is_ascii();
    let language = if is_chinese { Language::Zh } else { Language::En };
    let (date, zone) = date(end, original.zone, language);
    let (range, with) = match language {
        Language::Zh => in_chinese(text, words.range(), &date, &zone),
        Language::En => in_english(text, words.range(), &format!("{date} ({zone})")),
    };
    Some(Edit { span: Span::new(usize::from(words.part), range)?, replacement: with })
}

fn in_english(text: &str, words: Range<usize>, date: &str) -> (Range<usize>, String) {
    let (mut start, mut end) = (words.start, words.end);
    let said = text[words].to_ascii_lowercase();
    let lead = LEADS.iter().find(|lead| said.strip_prefix(*lead).is_some_and(|rest| rest.starts_with(' ')));
    if let Some(lead) = lead {
        return (start + lead.len()..end, format!(" {date}"));
    }
    // "today only", "only this weekend": the date says so.
    end += only_behind(&text[end..]);
    let head = text[..start].trim_end().to_ascii_lowercase();
    let led = LEADS
        .iter()
        .any(|lead| head.strip_suffix(lead).is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric())));
    if led {
        return (start..end, date.to_owned());
    }
    for word in ["only", "just"] {
        if let Some(rest) = head.strip_suffix(word).filter(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
        {
            start = rest.len();
            break;
        }
    }
    let begins = text[..start].trim_end().chars().next_back().is_none_or(|c| matches!(c, '.' | '!' | '?' | '\n' | '>'));
    let until = if begins { "Until" } else { "until" };
    (start..end, format!("{until} {date}"))
}

/// How long ` only` is.
fn only_behind(tail: &str) -> usize {
    let rest = tail.trim_start_matches(' ');
    let is_word = rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("only"))
        && !rest[4..].starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_word { tail.len() - rest.len() + 4 } else { 0 }
}

fn in_chinese(text: &str, words: Range<usize>, date: &str, zone: &str) -> (Range<usize>, String) {
    let (start, end) = (words.start, words.end);
    let said = &text[words.clone()];
    let ends_in = TAILS_ZH.iter().find(|tail| said.ends_with(*tail) && said.len() > tail.len());
    if let Some(tail) = ends_in.or(TAILS_ZH.iter().find(|tail| text[end..].starts_with(*tail))) {
        // The zone stands behind the word: date and word are one phrase.
        let end = if ends_in.is_some() { end } else { end + tail.len() };
        return (without_only(text, start)..end, format!("{date}{tail}（{zone}）"));
    }
    if let Some(lead) = LEADS_ZH.iter().find(|lead| said.starts_with(*lead)) {
        return (start + lead.len()..end, format!("{date}（{zone}）"));
    }
    if LEADS_ZH.iter().any(|lead| text[..start].ends_with(lead)) {
        return (start..end, format!("{date}（{zone}）"));
    }
    (without_only(text, start)..end, format!("截至{date}（{zone}）"))
}

fn without_only(text: &str, start: usize) -> usize {
    ONLY_ZH.iter().find_map(|word| text[..start].strip_suffix(word)).map_or(start, str::len)
}

/// `November 29, 2026` and `UTC+8`, 2026年11月29日 and 北京时间: the end of a day is that day, any other hour is told.
fn date(end: Timestamp, zone: &TimeZone, language: Language) -> (String, String) {
    let local = end.to_zoned(zone.clone());
    let whole_day = local.time() == Time::midnight();
    let day = if whole_day { local.date().yesterday().unwrap_or(local.date()) } else { local.date() };
    let offset = offset(local.offset().seconds());
    let time = |form: &str| if whole_day { String::new() } else { local.strftime(form).to_string() };
    match language {
        Language::En => (format!("{}{}", day.strftime("%B %-d, %Y"), time(", %H:%M")), offset),
        Language::Zh => {
            let beijing = matches!(zone.iana_name(), Some("Asia/Shanghai" | "Asia/Chongqing" | "PRC"));
            let name = if beijing { "北京时间".to_owned() } else { offset };
            (format!("{}{}", day.strftime("%Y年%-m月%-d日"), time("%H:%M")), name)
        }
    }
}

fn offset(seconds: i32) -> String {
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() % 3_600 / 60);
    let sign = if seconds < 0 { '-' } else { '+' };
    match (seconds, minutes) {
        (0, _) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}
