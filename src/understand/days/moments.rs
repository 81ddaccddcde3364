//! A moment that words name, in either language, and two names of one moment: "Easter Monday 6 April", 本周日（1月17日）.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::{Timestamp, Zoned};
use regex::Regex;

use crate::understand::days::calendar::days_after;
use crate::understand::days::{days_en, days_zh};
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// A moment that words name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Moment {
    /// Where the words stand.
    pub range: Range<usize>,
    /// The end of it: of the day, unless a clock time is told.
    pub at: Timestamp,
    /// When the day begins, where no clock time is told.
    pub begins: Option<Timestamp>,
    /// A date of the calendar, or one that counts from now.
    pub kind: DeadlineKind,
    /// Told with its beginning: `20-24 November`.
    pub is_range: bool,
    /// A whole month; then `at` is its end and this its beginning.
    pub month_begins: Option<Timestamp>,
    /// No more than a clock time, or a day of the week: it may recur.
    pub is_bare: bool,
    /// No more than a clock time.
    pub is_clock: bool,
    /// No more than this very day: `today`, `tonight`.
    pub is_this_day: bool,
    /// A day by its name, which a date may follow: `Easter Monday`, `tonight`, 本周日.
    pub is_name: bool,
}

/// The moments a sentence names, found once however many ask: a message has one `now`.
#[derive(Debug, Clone, Default)]
pub(in crate::understand) struct NamedMoments {
    english: OnceCell<Vec<Moment>>,
    chinese: OnceCell<Vec<Moment>>,
}

impl NamedMoments {
    /// Those in English words.
    pub fn english(&self, now: &Zoned, words: &str) -> &[Moment] {
        self.english.get_or_init(|| days_en::moments_in(now, words))
    }

    /// Those in Chinese words.
    pub fn chinese(&self, now: &Zoned, words: &str) -> &[Moment] {
        self.chinese.get_or_init(|| days_zh::moments_in(now, words))
    }
}

/// Where a name and a date stand side by side they are one moment, and the date tells which.
pub(in crate::understand) fn told_once(now: &Zoned, words: &str, moments: Vec<Moment>) -> Vec<Moment> {
    let mut told: Vec<Moment> = Vec::with_capacity(moments.len());
    for moment in moments {
        match told.last_mut() {
            Some(name) if is_same(words, name, &moment) => *name = both(now, words, name, moment),
            _ => told.push(moment),
        }
    }
    told
}

fn is_same(words: &str, name: &Moment, date: &Moment) -> bool {
    let gap = words.get(name.range.end..date.range.start).unwrap_or_default();
    let is_date = !date.is_name && !date.is_clock && date.month_begins.is_none() && date.kind == DeadlineKind::Absolute;
    // 卖到月底,9月1号就关: two of them.
    let own = words.get(name.range.clone()).unwrap_or_default();
    let is_span = own.ends_with(['底', '末']) && !gap.contains('(');
    name.is_name && is_date && !is_span && says(&SIDE_BY_SIDE, gap)
}

/// The date, at the clock time that may stand with its name: "11:59pm Sunday (18 January)".
fn both(now: &Zoned, words: &str, name: &Moment, date: Moment) -> Moment {
    let zone = now.time_zone();
    let (named, dated) = (name.at.to_zoned(zone.clone()), date.at.to_zoned(zone.clone()));
    let is_clock = named.time() != Time::midnight() && dated.time() == Time::midnight();
    let clocked = || {
        let day = days_after(dated.date(), -1)?;
        Some(day.to_datetime(named.time()).to_zoned(zone.clone()).ok()?.timestamp())
    };
    let at = if is_clock { clocked().unwrap_or(date.at) } else { date.at };
    let closes = words.get(date.range.end..).is_some_and(|rest| rest.starts_with(')'));
    let range = name.range.start..date.range.end + usize::from(closes && words[name.range.end..].contains('('));
    Moment { range, at, begins: date.begins.filter(|_| !is_clock), ..date }
}

static SIDE_BY_SIDE: LazyLock<Option<Regex>> = pattern!(r"^,?[ \n]?[(]?(?:the[ \n])?$");
