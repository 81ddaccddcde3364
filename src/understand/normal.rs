//! One spelling for matching: full width folded (NFKC), what cannot be seen dropped, case folded,
//! traditional characters made simplified. 限時, `限<U+200B>时` and ＬＩＭＩＴＥＤ must not slip past words
//! that know 限时 and `limited`. The offsets lead back to the text as shown.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::offsets::Offsets;

/// Text made ready for matching, and the way back.
#[derive(Debug, Clone, Default)]
pub(super) struct Normal {
    /// The normalised text.
    pub text: String,
    offsets: Offsets,
}

impl Normal {
    /// Normalises `shown`.
    pub fn of(shown: &str) -> Normal {
        let mut normal = Normal { text: String::with_capacity(shown.len()), offsets: Offsets::default() };
        let mut previous = '\0';
        for (at, c) in shown.char_indices() {
            let before = normal.text.len();
            let next = || shown.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
            // １，２９９: between full-width digits the comma parts thousands.
            if c == '，' && is_wide_digit(previous) && next().is_some_and(is_wide_digit) {
                normal.text.push(',');
            } else {
                fold(c, &mut normal.text);
            }
            previous = c;
            let source = at..at + c.len_utf8();
            let exact = normal.text.get(before..) == shown.get(source.clone());
            normal.offsets.push(normal.text.len() - before, source, exact);
        }
        normal
    }

    /// The range of the shown text behind a range of the normalised.
    pub fn shown(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.offsets.whole(range)
    }
}

/// A word or phrase in the same spelling, for lexicons.
pub(super) fn fold_phrase(phrase: &str) -> String {
    Normal::of(phrase).text
}

fn fold(c: char, out: &mut String) {
    match c {
        '\n' => out.push('\n'),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        ' '..='~' => out.push(c),
        // A Chinese comma or full stop ends a clause; folded to ASCII, `199，100` would be one number.
        '，' | '！' | '？' | '；' | '。' => out.push(c),
        '‘' | '’' => out.push('\''),
        '“' | '”' => out.push('"'),
        '–' | '—' | '‐' | '‑' | '−' => out.push('-'),
        c if is_unseen(c) => {}
        c if c.is_whitespace() => out.push(' '),
        c if c.is_control() => {}
        c => {
            for folded in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
                if is_unseen(folded) {
                    continue;
                }
                let seen = if folded.is_whitespace() { ' ' } else { folded };
                out.push(SIMPLIFIED.get(&seen).copied().unwrap_or(seen));
            }
        }
    }
}

fn is_wide_digit(c: char) -> bool {
    ('０'..='９').contains(&c)
}

/// Zero-width, joining and direction characters: default-ignorable code points (UAX #44) that mail
/// and phones show as nothing.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Traditional → simplified, for the characters the lexicons use.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    include_str!("lexicon/traditional.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter_map(|pair| {
            let mut pair = pair.chars();
            Some((pair.next()?, pair.next()?))
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for (written, met) in [
            ("限時優惠", "限时优惠"),
            ("限\u{200B}时\u{FE0F}优\u{00AD}惠", "限时优惠"),
            ("ＬＩＭＩＴＥＤ ￥１９９", "limited ¥199"),
            ("Ends\u{00A0}Today", "ends today"),
            ("199，100元", "199，100元"),
        ] {
            assert_eq!(Normal::of(written).text, met);
        }
    }

    #[test]
    fn offsets_lead_back() {
        let shown = "限\u{200B}時：９９元";
        let normal = Normal::of(shown);
        let at = normal.text.find("99元").unwrap();
        assert_eq!(&shown[normal.shown(at..at + "99元".len()).unwrap()], "９９元");
    }
}
