//! Whom does the wording speak to: one who has not bought yet, or one who has?

use std::sync::LazyLock;

use super::lexicon::Cue;
use super::meaning::{Audience, AudienceTold, Confidence};
use super::patterns::{self, Patterns};
use super::reading::Reading;

/// Places kept; more say nothing more.
const TOLD_MAX: usize = 32;

const FILE: &str = include_str!("lexicon/audience.txt");

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| Patterns::compile(FILE));

/// What every sentence that tells whom it speaks to has one of.
pub(super) fn signs() -> impl Iterator<Item = String> {
    patterns::signs(FILE)
}

/// The words that tell whom it speaks to.
pub(super) fn audiences_of(readings: &[Reading<'_>]) -> Vec<AudienceTold> {
    let Some(patterns) = PATTERNS.as_ref() else { return Vec::new() };
    let mut told = Vec::new();
    for reading in readings {
        for sentence in reading.sentences.iter().filter(|sentence| sentence.cues.has(Cue::MayAddress)) {
            let words = reading.words(sentence);
            for (section, audience) in [("prospect", Audience::Prospect), ("customer", Audience::Customer)] {
                for found in patterns.find_all(section, words) {
                    if told.len() >= TOLD_MAX {
                        return told;
                    }
                    let at = sentence.range.start + found.start..sentence.range.start + found.end;
                    told.push(AudienceTold { audience, confidence: Confidence(75), spans: reading.spans(at) });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let patterns = PATTERNS.as_ref().unwrap();
        assert!(patterns.has("prospect", "your first order") && patterns.has("customer", "老顾客回馈"));
        assert!(signs().count() > 20);
    }
}
