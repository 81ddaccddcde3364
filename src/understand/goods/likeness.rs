//! Is this the same sale in other words? A sketch of an offer's wording: four hashes, each of which two
//! wordings share the likelier the more words of goods they have in common (MinHash). Names, codes, numbers,
//! dates and the talk of sales (清仓, "hurry", "everything must go") are left out, so that next week's mail with
//! a new deadline and another tone has the sketch of this week's, and shoes have not the sketch of bags. The
//! hash function is FNV-1a, fixed: the ledger of claims compares sketches of different builds and years.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;

use crate::understand::text::language::is_han;

/// Words hashed per offer.
const FEATURES_MAX: usize = 4_096;
/// Hashes of a sketch.
const BANDS: usize = 4;
/// Set in front of the sketch of a wording that is nothing but sale talk: it speaks of the whole range.
const WHOLE_RANGE: u16 = 0;

/// The sketch of some normalised sentences; `None` when they hold no words.
pub(in crate::understand) fn likeness<'a>(sentences: impl Iterator<Item = &'a str>) -> Option<u64> {
    let (mut all, mut goods) = (BTreeSet::new(), BTreeSet::new());
    for sentence in sentences {
        features_of(sentence, &Filter::Dates, &mut all);
        let Some(talk) = TALK.as_ref() else { continue };
        let mut from = 0;
        for found in talk.cuts.find_iter(sentence).filter(|found| stands_alone(sentence, found.range())) {
            features_of(sentence.get(from..found.start()).unwrap_or_default(), &Filter::Talk(&talk.stops), &mut goods);
            from = found.end();
        }
        features_of(sentence.get(from..).unwrap_or_default(), &Filter::Talk(&talk.stops), &mut goods);
    }
    if all.is_empty() {
        return None;
    }
    let mut bands: [u16; BANDS] = std::array::from_fn(|band| least(if goods.is_empty() { &all } else { &goods }, band));
    bands[0] = if goods.is_empty() { WHOLE_RANGE } else { bands[0].max(1) };
    Some(bands.iter().fold(0, |sketch, band| sketch << 16 | u64::from(*band)))
}

/// The end of the least hash under one of four orders: two sets share it as likely as they share a word.
fn least(features: &BTreeSet<u64>, band: usize) -> u16 {
    let order = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(band as u64 * 2 + 1);
    let least = features.iter().map(|feature| mixed(feature ^ order)).min().unwrap_or_default();
    (least & 0xffff) as u16
}

/// The finisher of SplitMix64: every bit of what goes in turns half of what comes out.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What is no feature.
enum Filter<'a> {
    /// Dates and numbers.
    Dates,
    /// And the talk of sales.
    Talk(&'a HashSet<&'static str>),
}

impl Filter<'_> {
    fn keeps(&self, word: &str) -> bool {
        word.chars().count() > 1 && !is_date_word(word) && !matches!(self, Filter::Talk(stops) if stops.contains(word))
    }

    fn keeps_han(&self, c: char) -> bool {
        !is_date_or_number(c) && !matches!(self, Filter::Talk(_) if FUNCTION_CHARS.contains(c))
    }
}

/// Latin words and Chinese pairs. A set, so that the text and HTML copies of a sentence count once.
fn features_of(text: &str, filter: &Filter<'_>, features: &mut BTreeSet<u64>) {
    let mut greets = false;
    for token in text.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty()) {
        if features.len() >= FEATURES_MAX {
            return;
        }
        // "Hi Anna": whose name it is makes no other sale.
        let named = std::mem::replace(&mut greets, matches!(token, "hi" | "hello" | "hey" | "dear"));
        if named {
            continue;
        }
        if token.bytes().all(|b| b.is_ascii_alphabetic()) {
            if filter.keeps(token) {
                features.insert(fnv1a(singular(token).chars()));
            }
            continue;
        }
        // A token with a digit is a code, a date, a price: only its Chinese characters are wording.
        let coded = token.chars().any(|c| c.is_ascii_digit());
        let mut latin = String::new();
        let mut previous: Option<char> = None;
        let dear = |greeting: &Finder<'_>| greeting.find(token.as_bytes());
        let greeting = if token.is_ascii() { None } else { GREETINGS.iter().find_map(dear) };
        let token = greeting.map_or(token, |at| &token[..at]);
        for c in token.chars() {
            let kept = is_han(c) && filter.keeps_han(c);
            if let (Some(first), true) = (previous, kept) {
                features.insert(fnv1a([first, c].into_iter()));
            }
            previous = kept.then_some(c);
            if c.is_alphabetic() && !is_han(c) && !coded {
                latin.push(c);
            }
        }
        if filter.keeps(&latin) {
            features.insert(fnv1a(latin.chars()));
        }
    }
}

/// What stands in front of a name.
static GREETINGS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["亲爱的", "尊敬的"].map(Finder::new));

/// `coats` and `coat`, `dresses` and `dress`.
fn singular(word: &str) -> &str {
    let cut = match word {
        _ if ["sses", "shes", "ches", "xes"].iter().any(|end| word.ends_with(end)) => 2,
        _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => 1,
        _ => 0,
    };
    word.get(..word.len() - cut).unwrap_or(word)
}

/// A Latin phrase is whole words; a Chinese one stands anywhere.
fn stands_alone(text: &str, range: std::ops::Range<usize>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (before, after) = (text.get(..range.start), text.get(range.end..));
    let found = text.get(range).unwrap_or_default();
    let outer = |edge: Option<char>, beside: Option<char>| letter(edge) && letter(beside);
    !outer(found.chars().next(), before.and_then(|text| text.chars().next_back()))
        && !outer(found.chars().next_back(), after.and_then(|text| text.chars().next()))
}

/// The talk of sales.
struct Talk {
    /// Cut out wherever they stand.
    cuts: AhoCorasick,
    /// Latin words that are no goods.
    stops: HashSet<&'static str>,
}

static TALK: LazyLock<Option<Talk>> = LazyLock::new(|| {
    const SALES: [&str; 4] = ["sale", "offer", "list-price", "current-price"];
    let talk = || words(include_str!("../lexicon/talk.txt"));
    let sales = words(include_str!("../lexicon/cues.txt")).filter(|(section, _)| SALES.contains(section));
    let hurry = words(include_str!("../lexicon/urgency.txt")).filter(|(section, _)| *section != "calm");
    let cuts = talk().filter(|(section, _)| *section == "words").chain(sales).chain(hurry);
    // A lone character is in too many words of goods.
    let cuts: Vec<String> = cuts
        .map(|(_, word)| crate::understand::text::normal::fold_phrase(word))
        .filter(|word| word.chars().count() > 1)
        .collect();
    let cuts = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(cuts).ok()?;
    let stops = talk().filter(|(section, _)| *section == "stop").map(|(_, word)| word).collect();
    Some(Talk { cuts, stops })
});

/// The words of a lexicon, with their sections.
fn words(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => {
                section = name;
                None
            }
            None => Some((section, line)),
        }
    });
    lines.flat_map(|(section, line)| {
        let words = line.split('|').map(|word| word.trim().trim_end_matches('!'));
        words.filter(|word| !word.is_empty()).map(move |word| (section, word))
    })
}

/// Characters that join words of goods and are none.
const FUNCTION_CHARS: &str = "的了在是有我你您们请将还都就也和与及为从到至起止仅只需折价卖买抢享这那此各每等吧呢吗啊哦哟啦咯呀又再更最很太够快速券省减惠抵满送赠来去去把给被让您亲让向于比多少";

fn is_date_or_number(c: char) -> bool {
    "零一二三四五六七八九十百千万两年月日号天时点分秒周元块今明后本下晚末底早夜星期礼拜凌晨这".contains(c)
}

fn is_date_word(word: &str) -> bool {
    const WORDS: [&str; 53] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "today",
        "tonight",
        "tomorrow",
        "weekend",
        "week",
        "midnight",
        "hour",
        "hours",
        "day",
        "days",
        "rmb",
        "cny",
        "usd",
        "this",
        "next",
    ];
    WORDS.contains(&word)
        || matches!(word, "am" | "pm" | "noon" | "one" | "two" | "three" | "four" | "five" | "six" | "seven")
}

fn fnv1a(chars: impl Iterator<Item = char>) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut buffer = [0u8; 4];
    for c in chars {
        for byte in c.encode_utf8(&mut buffer).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        likeness([text].into_iter()).unwrap()
    }

    fn shared(one: &str, other: &str) -> usize {
        let (one, other) = (of(one).to_be_bytes(), of(other).to_be_bytes());
        one.chunks(2).zip(other.chunks(2)).filter(|(one, other)| one == other).count()
    }

    #[test]
    fn the_same_goods_in_other_words_are_one_sale() {
        for (one, other) in [
            ("清仓大促，截至11月30日，冬季女装全场299元起", "最后机会！冬季女装低至199元，12月7日结束"),
            ("女鞋5折，本周日截止，错过不再有", "女鞋折扣最后一天，赶紧下单"),
            ("winter coats 50% off, ends november 30", "last chance: half price on every winter coat until december 7"),
            (
                "hi anna, garden furniture clearance ends sunday",
                "dear tom, our clearance of garden furniture must end sunday",
            ),
            ("clearance sale ends november 30, bt-200 $19.99", "clearance sale ends december 7, bt-300 $9.99"),
        ] {
            assert_eq!(shared(one, other), 4, "{one} / {other}");
        }
    }

    #[test]
    fn other_goods_are_another_sale() {
        for (one, other) in [
            ("女鞋5折，本周日截止", "男装5折，本周日截止"),
            ("周末清仓大促，女鞋全场低价，错过再等一年", "新书签名本预售开启，先到先得"),
            ("winter coats 50% off, ends sunday", "running shoes 50% off, ends sunday"),
            ("garden furniture clearance, ends sunday", "kitchen knives clearance, ends sunday"),
            ("全场清仓5折，本周日截止", "冬季女装5折，本周日截止"),
        ] {
            assert!(shared(one, other) <= 1, "{one} / {other}: {}", shared(one, other));
        }
    }

    #[test]
    fn talk_without_goods_is_of_the_whole_range() {
        for text in [
            "全场清仓5折，本周日截止，错过不再有",
            "清仓大甩卖，全店五折，周末结束，赶紧下单",
            "everything 50% off! sale ends sunday, don't miss out",
            "our clearance sale ends this weekend. everything must go!",
        ] {
            assert_eq!(of(text) >> 48, 0, "{text}");
        }
        assert_eq!(likeness(["2026-11-30 199"].into_iter()), None);
    }

    #[test]
    fn the_function_never_changes() {
        assert_eq!(fnv1a(['a'].into_iter()), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("winter coats"), of("coats, winter"));
    }
}
