//! Hurry that no fixed phrase tells: "Four coats left, three hooks empty, one hour till we lock up." Whether a text
//! presses is weighed from all its words and pairs of words. The weights (`lexicon/weights.txt`) are fitted to labelled
//! texts by `tests/eval/weigh`; the sentences that weigh most are what presses.

use std::ops::Range;
use std::sync::LazyLock;

use crate::message::PartKind;
use crate::understand::lexicon::phrases;
use crate::understand::reading::Reading;

const FILE: &str = include_str!("../lexicon/weights.txt");

/// A longer text is weighed stretch by stretch: the weights were fitted to short ones.
const STRETCH_BYTES: usize = 900;
/// What a stretch of a longer text must weigh: there are more of them to be wrong about. Hundredths.
const STRETCH_WEIGHT_MIN: i32 = 100;
/// Sentences told of one text.
const SENTENCES_MAX: usize = 3;

/// One phrase of the file: its number and its weight in hundredths of a logit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::understand) struct Weight {
    number: u16,
    hundredths: i16,
}

/// Every phrase with its weight.
pub(in crate::understand) fn weights() -> impl Iterator<Item = (&'static str, Weight)> {
    phrases(FILE).filter(|(section, _)| *section == "weights").enumerate().filter_map(|(at, (_, line))| {
        let (hundredths, phrase) = line.split_once(' ')?;
        Some((phrase, Weight { number: u16::try_from(at).ok()?, hundredths: hundredths.parse().ok()? }))
    })
}

/// What a text without any known word weighs, in Latin and in Chinese.
static INTERCEPTS: LazyLock<[i32; 2]> = LazyLock::new(|| {
    ["intercept-latin", "intercept-han"].map(|name| {
        let line = phrases(FILE).find(|(section, _)| *section == name).map(|(_, line)| line);
        line.and_then(|line| line.parse().ok()).unwrap_or(i32::MIN / 2)
    })
});

/// What was weighed of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::understand) struct Weighed {
    /// The sentences that press, as indexes of reading and sentence; none where the text does not.
    pub(super) sentences: Vec<(usize, usize)>,
    /// What it weighs, in hundredths of a logit; none where it has too few words.
    weight: Option<i32>,
    /// It has no Chinese, and words enough to speak against the fixed ones.
    may_calm: bool,
}

impl Weighed {
    /// True when its words press so much that chat seldom does.
    pub fn presses_hard(&self) -> bool {
        !self.sentences.is_empty() && self.weight.is_some_and(|weight| weight >= HARD_WEIGHT_MIN)
    }

    /// True when all its words together speak so much against hurry that the fixed ones mean something else:
    /// "act now to protect your life", "6 units remaining" in a stock alert.
    pub fn is_calm(&self) -> bool {
        self.may_calm && self.weight.is_some_and(|weight| weight < CALM_WEIGHT_MAX)
    }
}

/// So much only one in sixty chat messages weighs.
const HARD_WEIGHT_MIN: i32 = 330;
/// Odds of seven to one against: of the labelled texts that press in fixed words one in two hundred is lighter.
const CALM_WEIGHT_MAX: i32 = -200;
/// Fewer bytes never speak against fixed words: "New coats are in. Hurry, only 3 left!".
const CALM_BYTES_MIN: usize = 96;
/// Fewer bytes are too few words to be weighed: "Only 3 left!" presses by its fixed ones or not at all.
const WEIGHED_BYTES_MIN: usize = 56;
/// What a text must weigh more than to press, in Latin and in Chinese: more than even odds, since what is wrongly told
/// to press may be blocked.
const WEIGHTS_MIN: [i32; 2] = [50, 100];

/// Weighs a message.
pub(in crate::understand) fn weigh(readings: &[Reading<'_>]) -> Weighed {
    // A subject goes with every text; alone it is the text.
    let head = readings.iter().position(|reading| reading.kind == PartKind::Subject).filter(|_| readings.len() > 1);
    let is_chinese: Vec<bool> = readings.iter().map(Reading::has_chinese).collect();
    let mut weighed = Weighed::default();
    let mut met = Met::new();
    for (at, reading) in readings.iter().enumerate() {
        if reading.kind == PartKind::Subject && readings.len() > 1 {
            continue;
        }
        let subject = head.and_then(|head| readings.get(head));
        let bytes = reading.normal.text.len() + subject.map_or(0, |subject| subject.normal.text.len());
        if bytes < WEIGHED_BYTES_MIN {
            continue;
        }
        let language = usize::from([Some(at), head].into_iter().flatten().any(|one| is_chinese[one]));
        let (weight, stretch, least) = heaviest_stretch(reading, subject, language, &mut met);
        weighed.weight = weighed.weight.max(Some(weight));
        if weight <= least {
            continue;
        }
        let mut sentences = heaviest(reading, at, &stretch, &mut met);
        if let (Some(subject), Some(head)) = (subject, head) {
            sentences.extend(heaviest(subject, head, &(0..subject.normal.text.len()), &mut met));
        }
        let most = sentences.iter().map(|(weight, ..)| *weight).max().unwrap_or(0);
        sentences.retain(|(weight, ..)| *weight > 0 && *weight * 2 >= most);
        sentences.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
        let told = sentences.into_iter().take(SENTENCES_MAX);
        weighed.sentences.extend(told.map(|(_, reading, sentence)| (reading, sentence)));
    }
    weighed.sentences.sort_unstable();
    weighed.sentences.dedup();
    let bytes: usize = readings.iter().map(|reading| reading.normal.text.len()).sum();
    weighed.may_calm = bytes >= CALM_BYTES_MIN && !is_chinese.contains(&true);
    weighed
}

/// The stretch of the text that weighs most, what it weighs, and what it must weigh more than to press.
fn heaviest_stretch(
    reading: &Reading<'_>,
    subject: Option<&Reading<'_>>,
    language: usize,
    met: &mut Met,
) -> (i32, Range<usize>, i32) {
    let intercept = INTERCEPTS[language];
    let text = &reading.normal.text;
    let head: Vec<Weight> = subject.into_iter().flat_map(|subject| &subject.heard.weights).map(|one| one.0).collect();
    let mut weigh = |stretch: Range<usize>| (weighed(reading, &head, &stretch, met) + intercept, stretch);
    let (mut weight, mut stretch) = weigh(0..text.len().min(STRETCH_BYTES));
    if text.len() <= STRETCH_BYTES {
        return (weight, stretch, WEIGHTS_MIN[language]);
    }
    for start in (0..text.len()).step_by(STRETCH_BYTES / 2).skip(1) {
        let next = weigh(start..(start + STRETCH_BYTES).min(text.len()));
        // Of equals the first.
        if next.0 > weight {
            (weight, stretch) = next;
        }
    }
    (weight, stretch, STRETCH_WEIGHT_MIN)
}

/// What the phrases in a stretch and the subject's weigh, each counted once.
fn weighed(reading: &Reading<'_>, head: &[Weight], stretch: &Range<usize>, met: &mut Met) -> i32 {
    met.begin();
    let all = head.iter().copied().chain(inside(reading, stretch));
    all.filter(|weight| met.is_first(weight.number)).map(|weight| i32::from(weight.hundredths)).sum()
}

/// Which phrases were met in the stretch that is weighed: a stamp a phrase, so that nothing is cleared between two.
struct Met {
    stamps: Vec<u32>,
    now: u32,
}

impl Met {
    fn new() -> Met {
        Met { stamps: vec![0; *PHRASES], now: 0 }
    }

    fn begin(&mut self) {
        self.now += 1;
    }

    fn is_first(&mut self, number: u16) -> bool {
        let now = self.now;
        self.stamps.get_mut(usize::from(number)).is_some_and(|stamp| std::mem::replace(stamp, now) != now)
    }
}

/// How many phrases there are.
static PHRASES: LazyLock<usize> = LazyLock::new(|| weights().count());

fn inside(reading: &Reading<'_>, stretch: &Range<usize>) -> impl Iterator<Item = Weight> {
    let weights = &reading.heard.weights;
    // In the order of their ends, as the automaton hears them.
    let from = weights.partition_point(|(_, at)| at.end <= stretch.start);
    let (start, end) = (stretch.start, stretch.end);
    let till = weights.iter().skip(from).take_while(move |(_, at)| at.end <= end);
    till.filter(move |(_, at)| at.start >= start).map(|(weight, _)| *weight)
}

/// The sentences in a stretch with what each of them adds.
fn heaviest(reading: &Reading<'_>, at: usize, stretch: &Range<usize>, met: &mut Met) -> Vec<(i32, usize, usize)> {
    let first = reading.sentences.partition_point(|sentence| sentence.range.start < stretch.start);
    let inside = reading.sentences.iter().enumerate().skip(first);
    let inside = inside.take_while(|(_, sentence)| sentence.range.start < stretch.end);
    let refuses = |range: &Range<usize>| reading.opt_outs.iter().any(|at| at.start < range.end && range.start < at.end);
    let told = inside.filter(|(_, sentence)| !refuses(&sentence.range));
    told.map(|(index, sentence)| (weighed(reading, &[], &sentence.range, met), at, index)).collect()
}
