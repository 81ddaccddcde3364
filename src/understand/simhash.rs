//! A SimHash of wording: near wordings, near hashes. Names, codes, numbers and dates are left out, so
//! that next week's copy of a sale with a new deadline has the hash of this week's. The hash function
//! is FNV-1a, fixed: the ledger of claims compares hashes of different builds and years.

use std::collections::BTreeSet;

/// Words hashed per offer.
const FEATURES_MAX: usize = 4_096;

/// The hash of some sentences; `None` when they hold no words.
pub(super) fn simhash<'a>(sentences: impl Iterator<Item = &'a str>) -> Option<u64> {
    let mut features = BTreeSet::new();
    for sentence in sentences {
        features_of(sentence, &mut features);
    }
    if features.is_empty() {
        return None;
    }
    let mut votes = [0i32; 64];
    for feature in &features {
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += (feature >> bit & 1) as i32 * 2 - 1;
        }
    }
    Some(votes.iter().enumerate().filter(|(_, vote)| **vote > 0).fold(0, |hash, (bit, _)| hash | 1 << bit))
}

/// Latin words and Chinese pairs. A set, so that the text and HTML copies of a sentence count once.
fn features_of(sentence: &str, features: &mut BTreeSet<u64>) {
    let mut previous_han: Option<char> = None;
    for token in sentence.split(|c: char| !c.is_alphanumeric()) {
        if features.len() >= FEATURES_MAX {
            return;
        }
        if token.bytes().all(|b| b.is_ascii_alphabetic()) {
            previous_han = None;
            if token.len() > 1 && !is_date_word(token) {
                features.insert(fnv1a(token.chars()));
            }
            continue;
        }
        // A token with a digit is a code, a date, a price: only its Chinese characters are wording.
        let coded = token.chars().any(|c| c.is_ascii_digit());
        let mut latin = String::new();
        for c in token.chars() {
            if is_han(c) && !is_date_or_number(c) {
                if let Some(first) = previous_han {
                    features.insert(fnv1a([first, c].into_iter()));
                }
                previous_han = Some(c);
            } else {
                previous_han = None;
                if c.is_alphabetic() && !is_han(c) && !coded {
                    latin.push(c);
                }
            }
        }
        if latin.chars().count() > 1 && !is_date_word(&latin) {
            features.insert(fnv1a(latin.chars()));
        }
        previous_han = None;
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_date_or_number(c: char) -> bool {
    "零一二三四五六七八九十百千万两年月日号天时点分秒周元块今明后本下晚末底早夜星期礼拜凌晨这".contains(c)
}

fn is_date_word(word: &str) -> bool {
    matches!(
        word,
        "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
            | "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "mon"
            | "tue"
            | "wed"
            | "thu"
            | "fri"
            | "sat"
            | "sun"
            | "today"
            | "tonight"
            | "tomorrow"
            | "weekend"
            | "week"
            | "midnight"
            | "hour"
            | "hours"
            | "day"
            | "days"
            | "one"
            | "two"
            | "three"
            | "four"
            | "five"
            | "six"
            | "seven"
            | "rmb"
            | "cny"
            | "usd"
            | "am"
            | "pm"
            | "this"
            | "next"
    )
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
        simhash([text].into_iter()).unwrap()
    }

    #[test]
    fn a_new_deadline_is_the_same_wording() {
        assert_eq!(of("清仓大促，截至11月30日，全场299元起"), of("清仓大促，截至12月7日，全场199元起"));
        assert_eq!(
            of("clearance sale ends november 30, bt-200 $19.99"),
            of("clearance sale ends december 7, bt-300 $9.99")
        );
        let (a, b) = (of("周末清仓大促，女鞋全场低价，错过再等一年"), of("新书上市，签名本预售开启，先到先得"));
        assert!((a ^ b).count_ones() > 12, "{}", (a ^ b).count_ones());
        assert_eq!(simhash(["2026-11-30 199"].into_iter()), None);
    }

    #[test]
    fn the_function_never_changes() {
        assert_eq!(fnv1a(['a'].into_iter()), 0xaf63_dc4c_8601_ec8c);
    }
}
