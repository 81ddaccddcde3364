//! Whom does the wording speak to: one who has not bought yet, or one who has?

use std::sync::LazyLock;

use super::expression::Expression;
use super::meaning::{Audience, AudienceTold, Confidence};
use super::patterns::Patterns;
use super::reading::Reading;

/// Places kept; more say nothing more.
const TOLD_MAX: usize = 32;

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/audience.txt")));

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    PATTERNS.all()
}

/// The words that tell whom it speaks to.
pub(super) fn audiences_of(readings: &[Reading<'_>]) -> Vec<AudienceTold> {
    let mut told = Vec::new();
    for reading in readings {
        for sentence in &reading.sentences {
            let words = reading.words(sentence);
            for (section, audience) in [("prospect", Audience::Prospect), ("customer", Audience::Customer)] {
                for found in PATTERNS.find_all(section, &sentence.may, words) {
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
    use crate::understand::expression::May;

    #[test]
    fn the_file_is_whole() {
        let has = |section, words| PATTERNS.has(section, &May::ANY, words);
        assert!(has("prospect", "your first order") && has("customer", "老顾客回馈"));
    }
}
