//! What is claimed to end, and where is it said? An end as a reader of one language tells it, and a sentence with its ends.

use std::ops::Range;

use jiff::Timestamp;

use crate::understand::meaning::{Deadline, DeadlineKind};

/// Ends read of one sentence.
pub(in crate::understand) const ENDS_MAX: usize = 4;

/// An end as the readers of one language tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct End {
    /// When.
    pub at: Timestamp,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// The words that tell it, as a range of the sentence.
    pub words: Range<usize>,
    /// Told as a stretch of time from now (最后3天, `within 48 hours`), not as a day.
    pub is_stretch: bool,
}

/// An end and where it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct ClaimedEnd {
    /// When, if it says.
    pub instant: Option<Timestamp>,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// The words that tell it, in the normalised text.
    pub range: Range<usize>,
    /// Told as a stretch of time from now.
    pub is_stretch: bool,
    /// Told as this very day: `tonight`, 今日.
    pub names_today: bool,
}

/// A deadline and the sentence it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Claim {
    /// Index into the readings.
    pub reading: usize,
    /// Index of the sentence.
    pub sentence: usize,
    /// What it claims.
    pub ends: Vec<ClaimedEnd>,
    /// The same, for the meaning.
    pub deadlines: Vec<Deadline>,
}

impl Claim {
    /// True when it says when.
    pub fn tells_an_instant(&self) -> bool {
        self.ends.iter().any(|end| end.instant.is_some())
    }
}
