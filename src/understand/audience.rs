//! Whom does the wording speak to: one who has not bought yet, or one who has?

use super::lexicon::Cue;
use super::meaning::{Audience, AudienceTold, Confidence};
use super::reading::Reading;

/// Every sentence that tells whom it speaks to.
pub(super) fn audiences_of(readings: &[Reading<'_>]) -> Vec<AudienceTold> {
    let mut told = Vec::new();
    for reading in readings {
        for sentence in &reading.sentences {
            for (cue, audience) in [(Cue::Prospect, Audience::Prospect), (Cue::Customer, Audience::Customer)] {
                if sentence.cues.has(cue) {
                    let spans = reading.spans(sentence.range.clone());
                    told.push(AudienceTold { audience, confidence: Confidence(70), spans });
                }
            }
        }
    }
    told
}

/// The one audience of the whole, when all that is told agrees.
pub(super) fn audience_of(told: &[AudienceTold]) -> Option<Audience> {
    let first = told.first()?.audience;
    told.iter().all(|one| one.audience == first).then_some(first)
}
