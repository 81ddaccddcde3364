//! How does it hurry? Pressure, last chances, countdowns, scarcity and closing sales, each with its words.
//! Urgency is of an offer: the last day to pay a bill, a parcel's hours and "hurry up, I'm waiting" press
//! nobody to buy. A plain end ("until 30 November") is a deadline and no pressure.

mod clause;
mod counts;
mod setting;
mod signals;
mod turns;
mod weighing;

use std::ops::Range;

use jiff::SignedDuration;

use super::Context;
use super::ends::claim::Claim;
use super::expression::Expression;
use super::kind::tally::Tally;
use super::meaning::{Confidence, DeadlineKind, Source, UrgencyClaim, UrgencyKind};
use super::reading::Reading;
use crate::message::Span;

use clause::clause_of;
use counts::counted_in;
use setting::{Here, Setting};
use turns::turns_in;

pub(super) use setting::{tells_of_a_plan, tells_of_a_service};
pub(super) use signals::signals;
pub(super) use weighing::{Weighed, weigh};

/// Claims kept of one message.
pub(super) const URGENCIES_MAX: usize = 64;
/// An end this near presses by itself; told from the moment of sending.
const NEAR_HOURS: i64 = 24;

/// What words need around them to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Needs {
    /// Nothing, not even a sentence that speaks of no order: "your cart is reserved for 9 minutes".
    Itself,
    /// Nothing: they are said to sell.
    Nothing,
    /// A text whose words weigh enough together (see `weighing`), that tells of no order and no code.
    Weighed,
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

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    counts::asked().chain(turns::asked())
}

/// Words that hurry, where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    kind: UrgencyKind,
    needs: Needs,
    range: Range<usize>,
    left: Option<u32>,
}

/// The fixed words that hurry in a message, whoever says them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Reading, sentence and words.
    hits: Vec<(usize, usize, Hit)>,
    /// Words that look like hurry and are none: "no rush".
    has_calm: bool,
}

/// Finds them.
pub(super) fn said_in(context: &Context<'_>, readings: &[Reading<'_>], claims: &[Claim]) -> Said {
    let mut said = Said::default();
    for (at, reading) in readings.iter().enumerate() {
        said.has_calm |= reading.heard.urges.iter().any(|(urge, _)| urge.kind.is_none());
        let hits = hits_in(context, reading, claims.iter().filter(|claim| claim.reading == at));
        said.hits.extend(hits.into_iter().map(|(sentence, hit)| (at, sentence, hit)));
    }
    said
}

/// Every claim of urgency.
pub(super) fn urgencies_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    claims: &[Claim],
    said: Said,
    weighed: &Weighed,
) -> Vec<UrgencyClaim> {
    let is_pictured = readings.iter().any(|reading| !reading.visible.countdowns.is_empty());
    if said.hits.is_empty() && weighed.sentences.is_empty() && !is_pictured {
        return Vec::new();
    }
    let setting = Setting::of(context, readings, tally, claims);
    let mut urgencies: Vec<UrgencyClaim> = Vec::new();
    let mut group: Option<Group> = None;
    let mut last: Option<((usize, usize), Here)> = None;
    // What fixed words tell is told; all words are weighed where those say nothing.
    let asked = weighed.sentences.iter().filter_map(|&(at, index)| {
        let range = readings.get(at)?.sentences.get(index)?.range.clone();
        Some((at, index, Hit { kind: UrgencyKind::Hurry, needs: Needs::Weighed, range, left: None }))
    });
    let mut is_told = false;
    for (at, index, hit) in said.hits.into_iter().chain(asked) {
        if hit.needs == Needs::Weighed && is_told {
            break;
        }
        let may_be_calm = match hit.needs {
            Needs::Weighed | Needs::Itself => false,
            // "Last chance! BT-200 only $39.99" presses, however calm the rest; "it's not a limited-time thing" does not.
            Needs::Nothing => !setting.sells() || weighed.is_all_calm(),
            Needs::Sold | Needs::Undated => true,
        };
        if may_be_calm && weighed.is_calm((at, index)) {
            continue;
        }
        let Some(reading) = readings.get(at) else { continue };
        let here = match last {
            Some((known, words)) if known == (at, index) => words,
            _ => setting.words_of(reading, index),
        };
        last = Some(((at, index), here));
        if !setting.allows(here, hit.kind, hit.needs) {
            continue;
        }
        is_told |= hit.needs != Needs::Weighed;
        match &mut group {
            Some(group) if (group.reading, group.sentence, group.kind) == (at, index, hit.kind) => group.add(&hit),
            _ => {
                urgencies.extend(group.take().and_then(|group| group.claim(readings)));
                group = Some(Group::of(at, index, &hit));
            }
        }
        if urgencies.len() >= URGENCIES_MAX {
            return urgencies;
        }
    }
    urgencies.extend(group.and_then(|group| group.claim(readings)));
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

/// One way in which a sentence presses, with all words that do.
struct Group {
    reading: usize,
    sentence: usize,
    kind: UrgencyKind,
    surely: bool,
    left: Option<u32>,
    ranges: Vec<Range<usize>>,
}

impl Group {
    fn of(reading: usize, sentence: usize, hit: &Hit) -> Group {
        let mut group = Group { reading, sentence, kind: hit.kind, surely: false, left: None, ranges: Vec::new() };
        group.add(hit);
        group
    }

    fn add(&mut self, hit: &Hit) {
        self.surely |= hit.needs <= Needs::Nothing;
        self.left = self.left.or(hit.left);
        // In order of their beginnings: what overlaps is one.
        match self.ranges.last_mut() {
            Some(last) if hit.range.start <= last.end => last.end = last.end.max(hit.range.end),
            _ => self.ranges.push(hit.range.clone()),
        }
    }

    fn claim(self, readings: &[Reading<'_>]) -> Option<UrgencyClaim> {
        let reading = readings.get(self.reading)?;
        let sentence = reading.sentences.get(self.sentence)?;
        let mut clauses: Vec<Range<usize>> = Vec::new();
        for range in &self.ranges {
            let clause = clause_of(reading, sentence, range);
            match clauses.last_mut() {
                Some(last) if clause.start <= last.end => last.end = last.end.max(clause.end),
                _ => clauses.push(clause),
            }
        }
        let spans = clauses.into_iter().flat_map(|clause| reading.spans(clause)).collect();
        let confidence = Confidence(if self.surely { 85 } else { 70 });
        Some(UrgencyClaim { kind: self.kind, left: self.left, source: Source::Text, confidence, spans })
    }
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
        let holds = |sentence: &Range<usize>| sentence.start <= range.start && range.end <= sentence.end;
        if !is_calm && reading.sentences.get(index).is_some_and(|sentence| holds(&sentence.range)) {
            hits.push((index, Hit { kind, needs: urge.needs, range: range.clone(), left: None }));
        }
    }
    for (index, sentence) in reading.sentences.iter().enumerate() {
        let told = counted_in(reading, sentence).into_iter().chain(turns_in(reading, sentence));
        hits.extend(told.map(|hit| (index, hit)));
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
    drop_what_is_inside(&mut hits);
    hits.sort_by_key(|(index, hit)| (*index, hit.kind, hit.range.start, hit.needs));
    hits
}

/// 限时 in 限时24小时 says no more than the whole. In order, so that each looks at those just before it.
fn drop_what_is_inside(hits: &mut Vec<(usize, Hit)>) {
    let mut wholes: Vec<Range<usize>> =
        hits.iter().filter(|(_, hit)| hit.needs != Needs::Undated).map(|(_, hit)| hit.range.clone()).collect();
    wholes.sort_by_key(|whole| whole.start);
    hits.retain(|(_, hit)| {
        let before = wholes.partition_point(|whole| whole.start <= hit.range.start);
        let inside = wholes[..before].iter().rev().take(4).any(|whole| hit.range.end <= whole.end);
        hit.needs != Needs::Undated || !inside
    });
}
