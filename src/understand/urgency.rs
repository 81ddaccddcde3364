//! How does it hurry? Pressure, last chances, countdowns, scarcity and closing sales, each with its words.

use super::meaning::{Offer, UrgencyClaim};
use super::purpose::Tally;
use super::reading::Reading;

/// Every claim of urgency.
pub(super) fn urgencies_of(_: &[Reading<'_>], _: Tally, _: &[Offer]) -> Vec<UrgencyClaim> {
    Vec::new()
}
