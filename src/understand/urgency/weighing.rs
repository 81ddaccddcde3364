//! Hurry that no fixed phrase tells: "Four coats left, three hooks empty, one hour till we lock up." Whether a text
//! presses is weighed from all its words and pairs of words (see `weights`); the sentences that weigh most are what
//! presses.

use std::ops::Range;

use super::Said;
use crate::message::PartKind;
use crate::understand::kind::tally::Tally;
use crate::understand::reading::Reading;
use crate::understand::weights::{Heard, Met, Model};

/// A longer text is weighed stretch by stretch: the weights were fitted to short ones.
const STRETCH_BYTES: usize = 900;
/// What a stretch of a longer text must weigh: there are more of them to be wrong about. Hundredths.
const STRETCH_WEIGHT_MIN: i32 = 100;
/// Sentences told of one text.
const SENTENCES_MAX: usize = 3;

/// What was weighed of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::understand) struct Weighed {
    /// The sentences that press, as indexes of reading and sentence; none where the text does not.
    pub(super) sentences: Vec<(usize, usize)>,
    /// What it weighs, in hundredths of a logit; none where it has too few words.
    weight: Option<i32>,
    /// The sentences whose fixed words mean something else.
    calm: Vec<(usize, usize)>,
}

impl Weighed {
    /// True when its words press.
    pub fn presses(&self) -> bool {
        !self.sentences.is_empty()
    }

    /// True when its words press so much that chat seldom does.
    pub fn presses_hard(&self) -> bool {
        self.presses_by(HARD_WEIGHT_MIN)
    }

    /// True when they press so much that chat does not.
    pub fn presses_harder(&self) -> bool {
        self.presses_by(CHATTY_WEIGHT_MIN)
    }

    fn presses_by(&self, least: i32) -> bool {
        self.presses() && self.weight.is_some_and(|weight| weight >= least)
    }

    /// True when all words of the message speak against hurry, hardly to be doubted.
    pub fn is_all_calm(&self) -> bool {
        self.weight.is_some_and(|weight| weight < ALL_CALM_WEIGHT_MAX)
    }

    /// True when all words of the message speak so much against hurry, and those of the sentence not for it, that the fixed
    /// ones mean something else: "act now to protect your life".
    pub fn is_calm(&self, sentence: (usize, usize)) -> bool {
        self.calm.contains(&sentence)
    }
}

/// So much only one in two hundred chat messages weighs.
const HARD_WEIGHT_MIN: i32 = 100;
/// Odds of twelve to one against: then fixed words need a sentence that presses.
const CALM_WEIGHT_MAX: i32 = -250;
/// Odds of a hundred to one against: then the same goes for words that else need nothing.
const ALL_CALM_WEIGHT_MAX: i32 = -450;
/// What the phrases of such a sentence must weigh: "Last chance!".
const PRESSING_MIN: i32 = 20;
/// Fewer bytes are too few words to be weighed: "Only 3 left!" presses by its fixed ones or not at all.
const WEIGHED_BYTES_MIN: usize = 56;
/// What a message that shows who sells must weigh more than to press: even odds.
const SOLD_WEIGHT_MIN: i32 = 0;
/// The same where a plain end is told that is more than a day ahead.
const DATED_WEIGHT_MIN: i32 = -25;
/// What one must that shows nobody who sells: one in a thousand of what people write to people weighs so much.
const UNSOLD_WEIGHT_MIN: i32 = 150;
/// The same with Chinese, where chat weighs less.
const CHINESE_UNSOLD_WEIGHT_MIN: i32 = 50;
/// What one must that is worded as people chat: sellers who write to their customers by name do, too.
const CHATTY_WEIGHT_MIN: i32 = 250;

/// Weighs a message.
pub(in crate::understand) fn weigh(
    readings: &[Reading<'_>],
    heard: &Heard,
    tally: Tally,
    signals: &[&str],
    said: &Said,
) -> Weighed {
    let is_chinese = readings.iter().any(Reading::has_chinese);
    let ends = |when: &[&str]| signals.iter().any(|signal| when.contains(signal));
    let weight_min = if tally.shows_a_seller() {
        let is_dated = ends(&["ends-this-week", "ends-later"]) && !ends(&["ends-soon"]);
        if is_dated { DATED_WEIGHT_MIN } else { SOLD_WEIGHT_MIN }
    } else if tally.is_personal() {
        CHATTY_WEIGHT_MIN
    } else if is_chinese {
        CHINESE_UNSOLD_WEIGHT_MIN
    } else {
        UNSOLD_WEIGHT_MIN
    };
    // Who sells nothing hurries nobody to buy: "beautiful tomorrow never comes, don't waste your today".
    let weight_min = weight_min + tally.speaks_against_selling();
    let scales = Scales { base: heard.intercept(Model::Hurry) + heard.weigh_signals(signals), weight_min, heard };
    // A subject goes with every text; alone it is the text.
    let head = readings.iter().position(|reading| reading.kind == PartKind::Subject).filter(|_| readings.len() > 1);
    let mut weighed = Weighed::default();
    let mut met = heard.met();
    for (at, reading) in readings.iter().enumerate() {
        if reading.kind == PartKind::Subject && readings.len() > 1 {
            continue;
        }
        let subject = head.and_then(|head| readings.get(head));
        let bytes = reading.normal.text.len() + subject.map_or(0, |subject| subject.normal.text.len());
        if bytes < WEIGHED_BYTES_MIN {
            continue;
        }
        let (weight, stretch, least) = scales.heaviest_stretch(reading, at, head, &mut met);
        weighed.weight = weighed.weight.max(Some(weight));
        if weight <= least {
            continue;
        }
        let mut sentences = scales.heaviest(reading, at, &stretch, &mut met);
        if let (Some(subject), Some(head)) = (subject, head) {
            sentences.extend(scales.heaviest(subject, head, &(0..subject.normal.text.len()), &mut met));
        }
        let most = sentences.iter().map(|(weight, ..)| *weight).max().unwrap_or(0);
        sentences.retain(|(weight, ..)| *weight > 0 && *weight * 2 >= most);
        sentences.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
        let told = sentences.into_iter().take(SENTENCES_MAX);
        weighed.sentences.extend(told.map(|(_, reading, sentence)| (reading, sentence)));
    }
    weighed.sentences.sort_unstable();
    weighed.sentences.dedup();
    if weighed.weight.is_some_and(|weight| weight < CALM_WEIGHT_MAX) {
        let mut speaks_against = |at: usize, index: usize| {
            let sentence = readings.get(at).and_then(|reading| reading.sentences.get(index));
            sentence.is_none_or(|sentence| scales.weighed(at, None, &sentence.range, &mut met) < PRESSING_MIN)
        };
        let said = said.hits.iter().map(|(at, index, _)| (*at, *index));
        weighed.calm = said.filter(|(at, index)| speaks_against(*at, *index)).collect();
        weighed.calm.dedup();
    }
    weighed
}

/// A message on the scales.
struct Scales<'h> {
    /// What it weighs whatever its words.
    base: i32,
    /// What a short text must weigh more than to press.
    weight_min: i32,
    /// The known phrases of each part.
    heard: &'h Heard,
}

impl Scales<'_> {
    /// The stretch of the text that weighs most, what it weighs, and what it must weigh more than to press.
    fn heaviest_stretch(
        &self,
        reading: &Reading<'_>,
        at: usize,
        head: Option<usize>,
        met: &mut Met,
    ) -> (i32, Range<usize>, i32) {
        let text = &reading.normal.text;
        let mut weigh = |stretch: Range<usize>| (self.weighed(at, head, &stretch, met) + self.base, stretch);
        let (mut weight, mut stretch) = weigh(0..text.len().min(STRETCH_BYTES));
        if text.len() <= STRETCH_BYTES {
            return (weight, stretch, self.weight_min);
        }
        for start in (0..text.len()).step_by(STRETCH_BYTES / 2).skip(1) {
            let next = weigh(start..(start + STRETCH_BYTES).min(text.len()));
            // Of equals the first.
            if next.0 > weight {
                (weight, stretch) = next;
            }
        }
        (weight, stretch, self.weight_min.max(STRETCH_WEIGHT_MIN))
    }

    /// What the phrases in a stretch and the subject's weigh, each counted once.
    fn weighed(&self, at: usize, head: Option<usize>, stretch: &Range<usize>, met: &mut Met) -> i32 {
        met.begin();
        let head = head.and_then(|head| self.heard.parts.get(head)).into_iter().flatten().map(|(phrase, _)| *phrase);
        let all = head.chain(self.heard.inside(at, stretch));
        all.filter(|phrase| met.is_first(phrase)).map(|phrase| phrase.weight(Model::Hurry)).sum()
    }

    /// The sentences in a stretch with what each of them adds.
    fn heaviest(
        &self,
        reading: &Reading<'_>,
        at: usize,
        stretch: &Range<usize>,
        met: &mut Met,
    ) -> Vec<(i32, usize, usize)> {
        let first = reading.sentences.partition_point(|sentence| sentence.range.start < stretch.start);
        let inside = reading.sentences.iter().enumerate().skip(first);
        let inside = inside.take_while(|(_, sentence)| sentence.range.start < stretch.end);
        let refuses =
            |range: &Range<usize>| reading.opt_outs.iter().any(|at| at.start < range.end && range.start < at.end);
        let told = inside.filter(|(_, sentence)| !refuses(&sentence.range));
        told.map(|(index, sentence)| (self.weighed(at, None, &sentence.range, met), at, index)).collect()
    }
}
