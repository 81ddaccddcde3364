//! How does it hurry? Pressure, last chances, countdowns, scarcity and closing sales, each with its words.
//! Urgency is of an offer: the last day to pay a bill, a parcel's hours and "hurry up, I'm waiting" press
//! nobody to buy. A plain end ("until 30 November") is a deadline and no pressure.

mod clause;
mod counts;
mod setting;

use std::ops::Range;

use jiff::SignedDuration;

use super::Context;
use super::deadlines::Claim;
use super::meaning::{Confidence, DeadlineKind, Source, UrgencyClaim, UrgencyKind};
use super::purpose::Tally;
use super::reading::Reading;
use crate::message::Span;

use clause::clause_of;
use counts::counted_in;
use setting::Setting;

pub(super) use counts::signs;

/// Claims kept of one message.
pub(super) const URGENCIES_MAX: usize = 64;
/// An end this near presses by itself; told from the moment of sending.
const NEAR_HOURS: i64 = 24;

/// What words need around them to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Needs {
    /// Nothing: they are said to sell.
    Nothing,
    /// A message that sells.
    Sold,
    /// A message that sells and names no day on which it ends: "limited time" without its limit.
    Undated,
}

/// Words that hurry, as the lexicon tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Urge {
    /// What sort; `None` takes the meaning from whatever stands inside.
    pub kind: Option<UrgencyKind>,
    /// What they need.
    pub needs: Needs,
}

impl Urge {
    /// The meaning of a section of the lexicon.
    pub fn of_section(name: &str) -> Option<Urge> {
        let (kind, needs) = name.split_once(' ').unwrap_or((name, ""));
        let kind = match kind {
            "hurry" => Some(UrgencyKind::Hurry),
            "last-chance" => Some(UrgencyKind::LastChance),
            "countdown" => Some(UrgencyKind::Countdown),
            "scarcity" => Some(UrgencyKind::Scarcity),
            "closing" => Some(UrgencyKind::Closing),
            "calm" => None,
            _ => return None,
        };
        let needs = match needs {
            "" => Needs::Nothing,
            "sold" => Needs::Sold,
            "undated" => Needs::Undated,
            _ => return None,
        };
        Some(Urge { kind, needs })
    }
}

/// Words that hurry, where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    kind: UrgencyKind,
    needs: Needs,
    range: Range<usize>,
    left: Option<u32>,
}

/// Every claim of urgency.
pub(super) fn urgencies_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    claims: &[Claim],
) -> Vec<UrgencyClaim> {
    let mut found: Vec<(usize, usize, Hit)> = Vec::new();
    for (at, reading) in readings.iter().enumerate() {
        for (sentence, hit) in hits_in(context, reading, claims.iter().filter(|claim| claim.reading == at)) {
            found.push((at, sentence, hit));
        }
    }
    let is_pictured = readings.iter().any(|reading| !reading.visible.countdowns.is_empty());
    if found.is_empty() && !is_pictured {
        return Vec::new();
    }
    let setting = Setting::of(context, readings, tally, claims);
    let mut urgencies: Vec<UrgencyClaim> = Vec::new();
    let mut last: Option<(usize, usize, UrgencyKind)> = None;
    for (at, index, hit) in found {
        let Some(reading) = readings.get(at) else { continue };
        if !setting.allows(reading, index, hit.kind, hit.needs) {
            continue;
        }
        let Some(sentence) = reading.sentences.get(index) else { continue };
        let spans = reading.spans(clause_of(reading, sentence, &hit.range));
        let sure = if hit.needs == Needs::Nothing { 85 } else { 70 };
        // One claim for each way in which a sentence presses.
        if last == Some((at, index, hit.kind))
            && let Some(same) = urgencies.last_mut()
        {
            same.left = same.left.or(hit.left);
            same.spans.extend(spans);
            same.spans.sort();
            same.spans.dedup();
            continue;
        }
        if urgencies.len() >= URGENCIES_MAX {
            break;
        }
        last = Some((at, index, hit.kind));
        let confidence = Confidence(sure);
        urgencies.push(UrgencyClaim { kind: hit.kind, left: hit.left, source: Source::Text, confidence, spans });
    }
    if setting.may_picture() {
        for reading in readings {
            let spans: Vec<Span> = pictures_of(reading).take(URGENCIES_MAX).collect();
            if !spans.is_empty() {
                let (kind, source) = (UrgencyKind::Countdown, Source::Link);
                urgencies.push(UrgencyClaim { kind, left: None, source, confidence: Confidence(80), spans });
            }
        }
    }
    urgencies
}

fn pictures_of<'a>(reading: &'a Reading<'_>) -> impl Iterator<Item = Span> + 'a {
    reading.visible.countdowns.iter().filter_map(|tag| Span::new(reading.part, tag.clone()))
}

/// What hurries in one part, sentence by sentence, each kind of a sentence together.
fn hits_in<'c>(
    context: &Context<'_>,
    reading: &Reading<'_>,
    claims: impl Iterator<Item = &'c Claim>,
) -> Vec<(usize, Hit)> {
    let mut hits: Vec<(usize, Hit)> = Vec::new();
    let calm: Vec<&Range<usize>> =
        reading.heard.urges.iter().filter(|(urge, _)| urge.kind.is_none()).map(|(_, range)| range).collect();
    for (urge, range) in &reading.heard.urges {
        let Some(kind) = urge.kind else { continue };
        // Calm words are few and in order: those that may hold this one begin not after it.
        let before = calm.partition_point(|calm| calm.start <= range.start);
        let is_calm = calm[..before].iter().rev().take(4).any(|calm| calm.end >= range.end);
        let index = reading.sentences.partition_point(|sentence| sentence.range.end <= range.start);
        if !is_calm && reading.sentences.get(index).is_some_and(|sentence| sentence.range.start <= range.start) {
            hits.push((index, Hit { kind, needs: urge.needs, range: range.clone(), left: None }));
        }
    }
    for (index, sentence) in reading.sentences.iter().enumerate() {
        for counted in counted_in(reading, sentence) {
            hits.push((index, counted));
        }
    }
    for claim in claims {
        for end in &claim.ends {
            let near = end.instant.is_some_and(|at| {
                at.duration_since(context.now) <= SignedDuration::from_hours(NEAR_HOURS) && at > context.now
            });
            if near && !end.is_stretch && end.kind == DeadlineKind::Relative && end.names_today {
                let (kind, needs) = (UrgencyKind::LastChance, Needs::Sold);
                hits.push((claim.sentence, Hit { kind, needs, range: end.range.clone(), left: None }));
            }
        }
    }
    hits.sort_by_key(|(index, hit)| (*index, hit.kind, hit.range.start, hit.needs));
    hits
}
