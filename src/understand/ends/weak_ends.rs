//! Which ends are told of something else? "Sale ends Monday" is beside what is sold; "unworn items can be exchanged to 30 September"
//! and "phones back on 29 December" stand in sentences that sell nothing. Such an end counts only where nothing better is told,
//! and where all words of the message together sell: "consent closes Wednesday" is the school's.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::claim::Claim;
use crate::understand::ends::end_of_what::is_only_an_end;
use crate::understand::ends::gains_en::Gains;
use crate::understand::ends::may_end::around;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::Cue;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// Takes away the ends told of nothing that is sold, where another is, or where the message does not sell; `presses`: it hurries
/// the reader, who must be done before the last of the ends.
pub(in crate::understand) fn without_weak_ends(
    readings: &[Reading<'_>],
    gains: &Gains,
    tally: Tally,
    presses: bool,
    claims: &mut Vec<Claim>,
) {
    let weak: Vec<bool> = claims.iter().map(|claim| is_weak(readings, gains, tally, claim)).collect();
    let ends = |claim: &Claim| claim.ends.iter().filter_map(|end| end.instant).max();
    let last = claims.iter().zip(&weak).filter(|(_, weak)| !**weak).filter_map(|(claim, _)| ends(claim)).max();
    let asks = readings.iter().flat_map(|reading| &reading.sentences).any(|one| one.cues.has(Cue::SurveyPhrase));
    if last.is_none() && tally.seems_to_sell(false) && !asks {
        return;
    }
    let mut weak = weak.into_iter();
    claims.retain(|claim| {
        let is_weak = weak.next().unwrap_or(false);
        let Some(at) = ends(claim).filter(|_| is_weak) else { return true };
        presses && last.is_some_and(|last| at <= last)
    });
}

/// Nothing is taken off, given, priced or asked to be taken in the sentence of the end.
fn is_weak(readings: &[Reading<'_>], gains: &Gains, tally: Tally, claim: &Claim) -> bool {
    let Some(reading) = readings.get(claim.reading) else { return false };
    let Some(sentence) = reading.sentences.get(claim.sentence) else { return false };
    let words = reading.words(sentence);
    let gives = gains.here(claim.reading, claim.sentence);
    let around = around(reading, claim.sentence, gives, false, tally);
    !around.offers && !gives && !is_only_an_end(words) && !says(&TAKEN, words)
}

/// What is bought, joined or offered until then.
static TAKEN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:book(?:ed|ings?)?|orders?|ordered|pre-?orders?|join(?:ing|ed|s)?|apply|applications?|applied|register(?:ed)?|registrations?|sign(?:ed|ing)?[ \n-]?ups?|sign(?:ed)?|enrol(?:l|led|ment|ments)?|subscribe|reserv(?:e|ed|ations?)|buy|bought|purchases?|purchased|shop|offers?|offered|promo(?:tion|tional)?|sale|deal|gifts?|donat(?:e|ions?)|claim|redeem(?:ed)?|tickets?|switch|renew(?:ed)?|prices?|rates?|fares?|tariff|discount|codes?|coupons?|vouchers?|save|ends?|(?:it|this)[ \n](?:is[ \n]due|closes|expires|runs|stops|finishes|goes)|deposit|names|spend|last)(?-u:\b)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn what_is_taken_until_then_is_told_from_terms() {
        for text in [
            "Book by Friday",
            "The sale is on until Monday",
            "Names & deposit to Brenda by 22nd Oct",
            "Registration closes on 19 September",
            "Pre-orders until noon",
        ] {
            assert!(says(&TAKEN, &fold_phrase(text)), "{text}");
        }
        for text in [
            "Unworn items can be exchanged until 30 September",
            "Phones back on 29 December",
            "It's open until 31 July 2027",
            "Consent closes Wednesday",
            "The office closes at noon on Thursday and reopens on Tuesday",
            "Expiry: 22 February 2026",
        ] {
            assert!(!says(&TAKEN, &fold_phrase(text)), "{text}");
        }
    }
}
