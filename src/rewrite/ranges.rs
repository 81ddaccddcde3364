//! Sets of byte ranges in a text.

use std::ops::Range;

/// Ascending and apart; two with a gap that `joins` says is nothing become one.
pub(super) fn united(mut ranges: Vec<Range<usize>>, joins: impl Fn(Range<usize>) -> bool) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start <= last.end || joins(last.end..range.start) => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

/// What two ranges share; empty if nothing.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// The text without these ranges, which are ascending and apart.
pub(super) fn without(text: &str, removed: &[Range<usize>]) -> String {
    left_of(text, &(0..text.len()), removed)
}

/// What a range of the text still holds.
pub(super) fn left_of(text: &str, range: &Range<usize>, removed: &[Range<usize>]) -> String {
    let mut left = String::new();
    let mut at = range.start;
    for gone in removed.iter().map(|gone| overlap(gone, range)).filter(|gone| !gone.is_empty()) {
        left.push_str(text.get(at..gone.start).unwrap_or_default());
        at = gone.end;
    }
    left.push_str(text.get(at..range.end).unwrap_or_default());
    left
}
