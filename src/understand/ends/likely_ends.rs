//! Is a moment that the message names an end of what it offers? Fixed words tell most ends (`ends_en`, `ends_zh`). But "at nine the
//! needle gets put away", "Christmas Eve being the final day" and "back to school Mon 20 April, and so are our prices" end an
//! offer, too, and no list is long enough: every moment is weighed, by the words on both sides of it and by what is known of
//! the message, as hurry is. The weights are fitted to labelled texts by `tests/eval/weigh`.

mod candidates;
mod signs;

use std::sync::LazyLock;

use jiff::{Timestamp, Zoned};

use crate::understand::ends::claim::{Claim, ClaimedEnd};
use crate::understand::ends::deadlines::{DEADLINES_MAX, likely_claim};
use crate::understand::ends::ends_en::lead_of;
use crate::understand::ends::ends_zh::About;
use crate::understand::ends::happens_en::BEGINS_AT;
use crate::understand::ends::no_end_en::{ARRIVES, BEGINS, is_no_end};
use crate::understand::ends::one_end::agree;
use crate::understand::kind::tally::Tally;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::says;
use crate::understand::reading::Reading;
use crate::understand::sign_weights::SignWeights;
use candidates::{Candidate, candidates_in};
use signs::Setting;

/// The weights of texts without Chinese and with: for an end, and, of an end, for the begin of its day.
static WEIGHTS: LazyLock<[SignWeights<2>; 2]> = LazyLock::new(|| {
    [include_str!("../lexicon/ends-en.txt"), include_str!("../lexicon/ends-zh.txt")].map(SignWeights::read)
});

/// What a moment must weigh to be an end that no fixed words tell, in hundredths of a logit: odds of three to two.
const END_WEIGHT_MIN: i32 = 40;
/// The same in Chinese, where fixed words tell more: odds of two to one.
const CHINESE_END_WEIGHT_MIN: i32 = 85;
/// What an end that fixed words tell must weigh to stay one: odds of sixteen to one against it.
const TOLD_WEIGHT_MIN: i32 = -280;
/// The same beside an end that is plainly one: odds of three to one against.
const BESIDE_WEIGHT_MIN: i32 = -110;
/// What such a plain end weighs.
const PLAIN_WEIGHT_MIN: i32 = 50;
/// What a moment must weigh more in a message of which all words speak against anything sold.
const DOUBTFUL_WEIGHT: i32 = 100;
/// From this weight on the offer is over when the day begins, not when it ends: "from Monday it is £40 again".
const BEGIN_WEIGHT_MIN: i32 = 0;

/// Adds the ends that no fixed words tell to those that are told, and takes away those that all words around speak against.
/// True when anything changed.
pub(in crate::understand) fn settle(
    now: &Zoned,
    readings: &[Reading<'_>],
    tally: Tally,
    presses: bool,
    claims: &mut Vec<Claim>,
) -> bool {
    // What a notice ends is a duty: 学费减免申请截止11月30日; an offer in it is told by fixed words.
    if tally.is_transactional() || tally.leans_to_a_notice(false) || tally.is_personal() && !presses {
        return false;
    }
    let candidates = candidates_in(now, readings);
    if candidates.is_empty() {
        return false;
    }
    let weighed = weigh(now, readings, tally, presses, &candidates);
    let found = untold(now.timestamp(), readings, (tally, presses), (&candidates, &weighed), claims);
    let changed = without_what_is_spoken_against(&candidates, &weighed, !found.is_empty(), claims) || !found.is_empty();
    if changed {
        claims.extend(found);
        claims.sort_by_key(|claim| (claim.reading, claim.sentence));
        agree(now, claims);
    }
    changed
}

/// What speaks for each moment, in hundredths of a logit.
struct Weighed {
    /// Its being an end.
    end: i32,
    /// Its being over when the day begins, if it is an end.
    begin: i32,
}

fn weigh(now: &Zoned, readings: &[Reading<'_>], tally: Tally, presses: bool, candidates: &[Candidate]) -> Vec<Weighed> {
    let setting = Setting::of(tally, presses, candidates);
    let weigh = |(place, candidate): (usize, &Candidate)| {
        let reading = readings.get(candidate.reading);
        let [latin, chinese] = &*WEIGHTS;
        let mut scales = if reading.is_some_and(Reading::has_chinese) { chinese } else { latin }.begin();
        if let Some(reading) = reading {
            setting.signs(now.timestamp(), reading, (place, candidate), |sign| scales.add(sign));
        }
        let [end, begin] = scales.sums();
        Weighed { end, begin }
    };
    candidates.iter().enumerate().map(weigh).collect()
}

/// The ends that no fixed words tell.
fn untold(
    now: Timestamp,
    readings: &[Reading<'_>],
    (tally, presses): (Tally, bool),
    (candidates, weighed): (&[Candidate], &[Weighed]),
    claims: &[Claim],
) -> Vec<Claim> {
    let is_doubtful = !presses && tally.sells_nothing() && !tally.promotes();
    let least = |reading: &Reading<'_>| {
        let least = if reading.has_chinese() { CHINESE_END_WEIGHT_MIN } else { END_WEIGHT_MIN };
        if is_doubtful { least + DOUBTFUL_WEIGHT } else { least }
    };
    let read = |(candidate, weighed): (&Candidate, &Weighed)| {
        let reading = readings.get(candidate.reading)?;
        let begins = candidate.begins.filter(|begins| *begins > now && weighed.begin >= BEGIN_WEIGHT_MIN);
        let is_end = weighed.end >= least(reading)
            && !is_read(claims, candidate)
            && (begins.is_some() || !is_something_else(reading, candidate));
        if is_end { claim_of(readings, candidate, begins.unwrap_or(candidate.at)) } else { None }
    };
    // One end is told once, and a message of many ends has no more of them than fixed words would tell.
    let mut count = claims.iter().map(|claim| claim.deadlines.len()).sum::<usize>();
    let mut found: Vec<Claim> = Vec::new();
    for claim in candidates.iter().zip(weighed).filter_map(read) {
        let is_told = found
            .iter()
            .any(|other| other.ends.first().map(|end| end.instant) == claim.ends.first().map(|end| end.instant));
        count += claim.deadlines.len();
        if count > DEADLINES_MAX {
            break;
        }
        if !is_told {
            found.push(claim);
        }
    }
    found
}

/// Takes away the ends that all words around speak against. "20% off spa days bought until 14 March, use by 31 August": beside a
/// plain end (`finds`: one that no fixed words tell) the other one is of something else. True when one is gone.
fn without_what_is_spoken_against(
    candidates: &[Candidate],
    weighed: &[Weighed],
    finds: bool,
    claims: &mut Vec<Claim>,
) -> bool {
    // The most that speaks for an end that is told; nothing where its moment is none of those that were weighed.
    let speaks_for = |at: Timestamp| {
        let same = candidates.iter().zip(weighed).filter(|(candidate, _)| candidate.is_at(at));
        same.map(|(_, weighed)| weighed.end).max()
    };
    let ends = || claims.iter().flat_map(|claim| &claim.ends).filter(|end| may_go(end));
    let is_plain = |end: &ClaimedEnd| end.instant.and_then(speaks_for).is_some_and(|weight| weight >= PLAIN_WEIGHT_MIN);
    let least = if finds || ends().any(is_plain) { BESIDE_WEIGHT_MIN } else { TOLD_WEIGHT_MIN };
    let is_gone =
        |end: &ClaimedEnd| may_go(end) && end.instant.and_then(speaks_for).is_some_and(|weight| weight < least);
    let mut is_any_gone = false;
    for claim in claims.iter_mut().filter(|claim| claim.ends.iter().any(is_gone)) {
        is_any_gone = true;
        claim.ends.retain(|end| !is_gone(end));
        let is_kept = |at: Option<Timestamp>| claim.ends.iter().any(|end| end.instant == at);
        claim.deadlines.retain(|deadline| is_kept(deadline.instant));
    }
    claims.retain(|claim| !claim.ends.is_empty());
    is_any_gone
}

/// A stretch of days ends at this hour or at midnight, as people differ: there fixed words know best.
fn may_go(end: &ClaimedEnd) -> bool {
    !end.is_stretch && matches!(end.kind, DeadlineKind::Absolute | DeadlineKind::Relative)
}

/// "Two days and 5 hours": whatever fixed words have read, or told by another name, is read.
fn is_read(claims: &[Claim], candidate: &Candidate) -> bool {
    let is_same = |claim: &Claim, end: &ClaimedEnd| {
        let overlaps = end.range.start < candidate.range.end && candidate.range.start < end.range.end;
        end.instant.is_some_and(|at| candidate.is_at(at)) || claim.reading == candidate.reading && overlaps
    };
    claims.iter().any(|claim| claim.ends.iter().any(|end| end.instant.is_some() && is_same(claim, end)))
}

/// Fixed words tell that something begins, arrives or is done then: "delivered by", 11月23日送达.
fn is_something_else(reading: &Reading<'_>, candidate: &Candidate) -> bool {
    let (Some(moment), Some(sentence)) = (&candidate.moment, reading.sentences.get(candidate.sentence)) else {
        return false;
    };
    let words = reading.words(sentence);
    if reading.has_chinese() {
        let about = About::of(words, moment, None, words.len());
        return about.is_some_and(|about| about.begins() || about.begins_behind() || about.delivers());
    }
    let lead = lead_of(words, moment.range.start);
    let tail = words.get(moment.range.end..).unwrap_or_default();
    says(&ARRIVES, lead) || says(&BEGINS, tail) || says(&BEGINS_AT, lead) || is_no_end(lead, lead, tail, moment)
}

/// The claim of an end that is found.
fn claim_of(readings: &[Reading<'_>], candidate: &Candidate, at: Timestamp) -> Option<Claim> {
    let end = ClaimedEnd {
        instant: Some(at),
        kind: candidate.kind,
        range: candidate.range.clone(),
        is_stretch: candidate.is_stretch(),
        names_today: candidate.is_this_day(),
    };
    likely_claim(readings, (candidate.reading, candidate.sentence), end)
}

/// A moment that may be an end, and what is weighed of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WeighableMoment {
    /// Its end.
    pub at: Timestamp,
    /// Its begin, where it is a day.
    pub begins: Option<Timestamp>,
    /// What is known of it, each once.
    pub signs: Vec<String>,
}

/// The moments of a message, with all that is weighed of them: what the weights are fitted to.
pub(in crate::understand) fn weighable(
    now: &Zoned,
    readings: &[Reading<'_>],
    tally: Tally,
    presses: bool,
) -> Vec<WeighableMoment> {
    let candidates = candidates_in(now, readings);
    let setting = Setting::of(tally, presses, &candidates);
    let moment = |(place, candidate): (usize, &Candidate)| {
        let reading = readings.get(candidate.reading)?;
        let mut signs = Vec::new();
        setting.signs(now.timestamp(), reading, (place, candidate), |sign| signs.push(sign.to_owned()));
        signs.sort_unstable();
        signs.dedup();
        Some(WeighableMoment { at: candidate.at, begins: candidate.begins, signs })
    };
    candidates.iter().enumerate().filter_map(moment).collect()
}

#[cfg(test)]
mod tests {
    use crate::understand::sign_weights::tests::assert_weighs;

    #[test]
    fn the_files_of_weights_are_whole() {
        for file in [include_str!("../lexicon/ends-en.txt"), include_str!("../lexicon/ends-zh.txt")] {
            assert_weighs::<2>(file, 500);
        }
    }
}
