//! What is it about? Topics of the catalogue, of links and of words.

use super::meaning::{Confidence, Offer, Source, Topic};
use super::reading::Reading;
use super::{Context, lexicon};

/// The topics, the most spoken of first.
pub(super) fn topics_of(_: &Context<'_>, readings: &[Reading<'_>], _: &[Offer], topics_max: usize) -> Vec<Topic> {
    let names = lexicon::topics_of(readings.iter().map(|reading| &reading.heard), topics_max);
    let told = |name| Topic { name, source: Source::Text, confidence: Confidence(60), spans: Vec::new() };
    names.into_iter().map(told).collect()
}
