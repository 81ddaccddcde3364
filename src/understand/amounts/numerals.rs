//! Numbers written in Chinese characters: 一百九十九, 两百五, 三万八, 一九九; and in English words: `three`, `twelve`, `forty`.

/// What may stand in such a number.
pub(in crate::understand) const NUMERALS: &str = "零〇一二两三四五六七八九十百千万";

/// More characters than any price has.
const NUMERALS_MAX: usize = 12;

/// Its value; `None` where the characters make no number.
pub(in crate::understand) fn value_of(written: &str) -> Option<u64> {
    if written.is_empty() || written.chars().nth(NUMERALS_MAX).is_some() {
        return None;
    }
    if !written.contains(['十', '百', '千', '万']) {
        return spelled_out(written);
    }
    let (mut total, mut below, mut digit, mut last_unit) = (0u64, 0u64, None::<u64>, 1u64);
    for c in written.chars() {
        if let Some(value) = digit_of(c) {
            if digit.is_some_and(|digit| digit != 0) {
                return None;
            }
            digit = Some(value);
            // 一百零五 is 105, not 150.
            last_unit = if value == 0 { 10 } else { last_unit };
            continue;
        }
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            '万' => {
                total = (below + digit.take().unwrap_or(0)).checked_mul(10_000)?;
                (below, last_unit) = (0, 10_000);
                continue;
            }
            _ => return None,
        };
        below += digit.take().unwrap_or(1).checked_mul(unit)?;
        last_unit = unit;
    }
    // 两百五 is 250, 三万八 is 38,000; 十五 is 15.
    Some(total + below + digit.unwrap_or(0) * if last_unit > 10 { last_unit / 10 } else { 1 })
}

/// One English word of a number: `one` to `twenty`, and the tens.
pub(in crate::understand) fn english(word: &str) -> Option<u64> {
    const ONES: [&str; 20] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const TENS: [&str; 7] = ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |words: &[&str]| words.iter().position(|known| *known == word).map(|at| at as u64);
    place(&ONES).map(|at| at + 1).or_else(|| place(&TENS).map(|at| 10 * (at + 3)))
}

/// 一九九: digit by digit.
fn spelled_out(written: &str) -> Option<u64> {
    written.chars().try_fold(0u64, |value, c| value.checked_mul(10)?.checked_add(digit_of(c)?))
}

/// One digit.
pub(in crate::understand) fn digit_of(c: char) -> Option<u64> {
    let at = "零一二三四五六七八九".chars().position(|digit| digit == c);
    match c {
        '〇' => Some(0),
        '两' => Some(2),
        _ => at.and_then(|at| u64::try_from(at).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_spoken() {
        for (written, value) in [
            ("一百九十九", Some(199)),
            ("两百", Some(200)),
            ("两百五", Some(250)),
            ("一百零五", Some(105)),
            ("十", Some(10)),
            ("十五", Some(15)),
            ("九十九", Some(99)),
            ("一千二", Some(1_200)),
            ("一千九百九十九", Some(1_999)),
            ("三万八", Some(38_000)),
            ("一万二千", Some(12_000)),
            ("一九九", Some(199)),
            ("九", Some(9)),
            ("一二百", None),
            ("", None),
        ] {
            assert_eq!(value_of(written), value, "{written}");
        }
    }
}
