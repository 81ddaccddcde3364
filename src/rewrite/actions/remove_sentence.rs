//! Takes the sentences of a finding away, with the blanks, empty lines and empty list items they would
//! leave. Refuses when too little would be left, when the way to refuse would go with them, or when the
//! HTML would not hold together.

use super::super::Original;
use super::super::removal::{Share, take_away};
use crate::message::{Edit, Span};
use crate::providers::Unfit;

/// A message that was mostly harm is blocked.
const SHARE: Share = Share { percent_max: 60, must_say_something: false };

pub(super) fn edits(original: &Original<'_>, spans: &[Span]) -> Result<Vec<Edit>, Unfit> {
    take_away(original.content(), spans, SHARE)
}
