//! One spelling for matching: full width folded (NFKC), what cannot be seen dropped, case folded,
//! traditional characters made simplified. 限時, `限<U+200B>时` and ＬＩＭＩＴＥＤ must not slip past words
//! that know 限时 and `limited`. The offsets lead back to the text as shown.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;

use crate::understand::text::language::is_han;
use crate::understand::text::offsets::Offsets;

/// Text made ready for matching, and the way back.
#[derive(Debug, Clone, Default)]
pub(in crate::understand) struct Normal {
    /// The normalised text.
    pub text: String,
    offsets: Offsets,
}

impl Normal {
    /// Normalises `shown`.
    pub fn of(shown: &str) -> Normal {
        let mut normal = Normal { text: String::with_capacity(shown.len()), offsets: Offsets::default() };
        let (mut before_previous, mut previous) = (' ', ' ');
        let mut at = 0;
        let blanks = spacing_of_letters(shown);
        while let Some(c) = shown.get(at..).and_then(|rest| rest.chars().next()) {
            let blank_after_han = c == ' ' && is_han(previous);
            if is_han(previous) && is_ornament(c) && parts_a_word(shown, at, !is_han(before_previous)) {
                at += c.len_utf8();
                continue;
            }
            // A letter's blank stands right behind it: runs of ASCII go up to the next one.
            let blank = blanks.partition_point(|blank| *blank < at);
            if blanks.get(blank) == Some(&at) {
                at += c.len_utf8();
                continue;
            }
            let run = blanks.get(blank).map_or(shown.len(), |blank| *blank);
            let plain = plain_run(&shown.as_bytes()[at..run]);
            if plain > 0 && !blank_after_han {
                normal.push_plain(shown, at..at + plain);
                let mut last = shown.as_bytes()[at..at + plain].iter().rev().map(|b| char::from(*b));
                (previous, before_previous) = (last.next().unwrap_or(' '), last.next().unwrap_or(previous));
                at += plain;
                continue;
            }
            let before = normal.text.len();
            let source = at..at + c.len_utf8();
            at = source.end;
            let next = || shown.get(source.end..).and_then(|rest| rest.chars().next());
            // １，２９９: between full-width digits the comma parts thousands.
            if c == '，' && is_wide_digit(previous) && next().is_some_and(is_wide_digit) {
                normal.text.push(',');
            } else if blank_after_han && is_spaced_out(before_previous, shown, source.start) {
                (before_previous, previous) = (previous, c);
                continue;
            } else {
                fold(c, &mut normal.text);
            }
            if !is_unseen(c) {
                (before_previous, previous) = (previous, c);
            }
            let exact = normal.text.get(before..) == shown.get(source.clone());
            normal.offsets.push(normal.text.len() - before, source, exact);
        }
        normal
    }

    /// Takes over characters that only lose their case: byte for byte.
    fn push_plain(&mut self, shown: &str, source: Range<usize>) {
        let before = self.text.len();
        self.text.push_str(&shown[source.clone()]);
        self.text[before..].make_ascii_lowercase();
        self.offsets.push(source.len(), source, true);
    }

    /// The range of the shown text behind a range of the normalised.
    pub fn shown(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.offsets.whole(range)
    }
}

/// A word or phrase in the same spelling, for lexicons.
pub(in crate::understand) fn fold_phrase(phrase: &str) -> String {
    Normal::of(phrase).text
}

fn fold(c: char, out: &mut String) {
    match c {
        '\n' => out.push('\n'),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        ' '..='~' => out.push(c),
        // Unified ideographs are their own NFKC and have no case.
        '\u{4E00}'..='\u{9FFF}' => out.push(simplified(c)),
        // A Chinese comma or full stop ends a clause; folded to ASCII, `199，100` would be one number.
        '，' | '！' | '？' | '；' | '。' => out.push(c),
        '‘' | '’' => out.push('\''),
        '“' | '”' => out.push('"'),
        '–' | '—' | '‐' | '‑' | '−' => out.push('-'),
        // Capitals whose small letters look like others: Η is drawn like H, η like n.
        'Η' | 'Н' => out.push('h'),
        'Ν' => out.push('n'),
        'Υ' => out.push('y'),
        'Β' | 'В' => out.push('b'),
        'Μ' => out.push('m'),
        'Ζ' => out.push('z'),
        c if is_unseen(c) => {}
        c if c.is_whitespace() => out.push(' '),
        c if c.is_control() => {}
        c => {
            for folded in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
                if is_unseen(folded) {
                    continue;
                }
                let seen = if folded.is_whitespace() { ' ' } else { folded };
                out.push(look_alike(simplified(seen)));
            }
        }
    }
}

/// How many bytes from the start are ASCII that [`fold`] keeps or makes lower-case.
fn plain_run(bytes: &[u8]) -> usize {
    let plain = |b: &u8| matches!(b, b'\n' | b' '..=b'~');
    // Whole blocks first: each is one comparison for the machine.
    let blocks = bytes.chunks_exact(32).take_while(|block| block.iter().fold(true, |all, b| all & plain(b))).count();
    blocks * 32 + bytes[blocks * 32..].iter().take_while(|b| plain(b)).count()
}

/// Traditional → simplified, for the characters the lexicons use.
pub(in crate::understand) fn simplified(c: char) -> char {
    let known = (c as usize).checked_sub(HAN_FIRST).and_then(|at| SIMPLIFIED.get(at));
    known.and_then(|known| char::from_u32(u32::from(*known))).unwrap_or(c)
}

/// Letters drawn like plain Latin ones: `lіmited` with a Ukrainian і, `lïmited`, `ʟɪᴍɪᴛᴇᴅ`, 🅛.
fn look_alike(c: char) -> char {
    const ALIKE: &str = "аеорсхуіѕјһԁԛԝѵгкмтвпиёɡıοανικρτυχεηγβσωʟɪᴍᴛᴇᴅᴀʙᴄꜰɢʜᴊᴋɴᴏᴘǫʀꜱᴜᴠᴡʏᴢłø";
    const LATIN: &str = "aeopcxyisjhdqwvrkmtbnuegioavikptuxenybowlimtedabcfghjknopqrsuvwyzlo";
    match c {
        // Latin with marks: the letter is the first of its decomposition.
        '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => {
            let mut first = None;
            decompose_canonical(c, |part| first = first.or(Some(part)));
            let plain = first.filter(char::is_ascii).unwrap_or(c);
            if plain == c {
                ALIKE.chars().zip(LATIN.chars()).find(|(known, _)| *known == c).map_or(c, |(_, latin)| latin)
            } else {
                plain
            }
        }
        '\u{250}'..='\u{52F}' | '\u{1D00}'..='\u{1D7F}' | '\u{A720}'..='\u{A7FF}' => {
            ALIKE.chars().zip(LATIN.chars()).find(|(known, _)| *known == c).map_or(c, |(_, latin)| latin)
        }
        '\u{1F150}'..='\u{1F169}' => letter(u32::from(c) - 0x1F150),
        '\u{1F170}'..='\u{1F189}' => letter(u32::from(c) - 0x1F170),
        '\u{1F1E6}'..='\u{1F1FF}' => letter(u32::from(c) - 0x1F1E6),
        _ => c,
    }
}

fn letter(at: u32) -> char {
    u8::try_from(at).map_or(' ', |at| char::from(b'a' + at))
}

/// Marks and pictures that say nothing between two characters: 限.时, 限⏰时, 限★时.
fn is_ornament(c: char) -> bool {
    matches!(c,
        '.' | '*' | '_' | '^' | '`' | '·' | '•' | '・' | '‧' | '∙' | '＊' | '．' | '＿' | '丶'
        | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1F14F}' | '\u{1F18A}'..='\u{1F1E5}' | '\u{1F200}'..='\u{1FAFF}')
}

/// Whether the ornament at `at`, behind a character, has another one behind it. A point may end a
/// clause: it parts a word only where a character stands alone beside it.
fn parts_a_word(shown: &str, at: usize, is_alone: bool) -> bool {
    let mut rest = shown.get(at..).unwrap_or_default().chars().filter(|c| !is_unseen(*c));
    let mut has_point = false;
    for _ in 0..6 {
        match rest.next() {
            Some(c) if is_ornament(c) => has_point |= c == '.',
            Some(c) if is_han(c) => return !has_point || is_alone || rest.next().is_none_or(|next| !is_han(next)),
            _ => return false,
        }
    }
    false
}

/// Where blanks stand that only part the letters of a word: `L I M I T E D`, `Ｆ　Ｒ　Ｅ　Ｅ`, `h-u-r-r-y`.
fn spacing_of_letters(shown: &str) -> Vec<usize> {
    let bytes = shown.as_bytes();
    // Three letters alone between the same marks: what every such word has.
    let alone = |window: &[u8]| {
        window[0] == window[2]
            && window[2] == window[4]
            && window[1].is_ascii_alphabetic()
            && window[3].is_ascii_alphabetic()
            && window[5].is_ascii_alphabetic()
            && !window[0].is_ascii_alphanumeric()
    };
    let wide = !shown.is_ascii() && shown.contains(|c| ('Ａ'..='ｚ').contains(&c));
    if !wide && !bytes.windows(6).any(alone) {
        return Vec::new();
    }
    let mut blanks = Vec::new();
    let mut run: Vec<usize> = Vec::new();
    let mut mark = None;
    let (mut before, mut letter) = (' ', None);
    for (at, c) in shown.char_indices() {
        let is_letter = c.is_ascii_alphabetic() || ('Ａ'..='Ｚ').contains(&c) || ('ａ'..='ｚ').contains(&c);
        match letter {
            // A letter by itself, and a mark behind it: the same one all along.
            Some(())
                if matches!(c, ' ' | '.' | '-' | '_' | '*' | '·' | '\u{3000}') && mark.is_none_or(|mark| mark == c) =>
            {
                mark = Some(c);
                run.push(at);
                letter = None;
            }
            None if is_letter && (run.is_empty() && !before.is_alphanumeric() || mark == Some(before)) => {
                letter = Some(())
            }
            _ => {
                // Two blanks part spaced-out words: one of them stays.
                let again = run.len() > SPACED_MIN && letter.is_none() && mark == Some(c);
                end_of_run(&mut blanks, &mut run, is_letter && letter.is_some(), letter.is_some());
                if again {
                    blanks.push(at);
                }
                mark = None;
                letter = (is_letter && !before.is_alphanumeric()).then_some(());
            }
        }
        before = c;
    }
    end_of_run(&mut blanks, &mut run, false, letter.is_some());
    blanks
}

/// Keeps the blanks of a run of letters that is long enough to be a word.
fn end_of_run(blanks: &mut Vec<usize>, run: &mut Vec<usize>, in_word: bool, on_letter: bool) {
    // What stands behind the last blank is a whole word: that blank parts words.
    if in_word || !on_letter {
        run.pop();
    }
    if run.len() >= SPACED_MIN {
        blanks.append(run);
    }
    run.clear();
}

/// Blanks between single letters from which they are the letters of one word.
const SPACED_MIN: usize = 3;

/// 限 时 特 价: single characters set apart. A blank between words (299元 回T退订) stays.
fn is_spaced_out(before_previous: char, shown: &str, blank: usize) -> bool {
    let mut ahead = shown.get(blank + 1..).unwrap_or_default().chars().filter(|c| !is_unseen(*c));
    let next = ahead.next().is_some_and(is_han);
    next && (before_previous == ' ' || ahead.next().is_none_or(|c| c == ' '))
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

/// The first unified ideograph.
const HAN_FIRST: usize = 0x4E00;

/// For every unified ideograph its simplified one: a table, since it is asked for every character.
static SIMPLIFIED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table: Vec<u16> = (0x4E00..=0x9FFF).collect();
    for pair in pairs() {
        if let (Some(entry), Ok(simple)) =
            ((pair.0 as usize).checked_sub(HAN_FIRST).and_then(|at| table.get_mut(at)), u16::try_from(pair.1 as u32))
        {
            *entry = simple;
        }
    }
    table
});

/// The pairs of the lexicon.
fn pairs() -> impl Iterator<Item = (char, char)> {
    include_str!("../lexicon/traditional.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter_map(|pair| {
            let mut pair = pair.chars();
            Some((pair.next()?, pair.next()?))
        })
}

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
            ("限 时 优惠 BT", "限时优惠 bt"),
            ("Lіmіtеd tіmе", "limited time"),
            ("Lïmited tîme", "limited time"),
            ("ʟɪᴍɪᴛᴇᴅ 🅻🅸🅼🅸🆃", "limited limit"),
            ("fгее", "free"),
            ("限.时限⏰时", "限时限时"),
            ("限★时，省.5元", "限时，省.5元"),
            ("L I M I T E D  T I M E", "limited time"),
            ("a b c", "a b c"),
            ("Ｆ　Ｒ　Ｅ　Ｅ gift", "free gift"),
            ("𝐅𝐑𝐄𝐄", "free"),
            ("h-u-r-r-y now", "hurry now"),
        ] {
            assert_eq!(Normal::of(written).text, met);
        }
    }

    #[test]
    fn the_table_holds_every_pair() {
        let is_unified = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        assert!(pairs().all(|(from, to)| is_unified(from) && is_unified(to) && look_alike(to) == to));
        assert_eq!(simplified('優'), '优');
        assert_eq!(simplified('优'), '优');
    }

    #[test]
    fn offsets_lead_back() {
        let shown = "限\u{200B}時：９９元";
        let normal = Normal::of(shown);
        let at = normal.text.find("99元").unwrap();
        assert_eq!(&shown[normal.shown(at..at + "99元".len()).unwrap()], "９９元");
    }

    proptest::proptest! {
        /// Whatever stretch of normalised text is taken, it leads to shown text that normalises to it.
        #[test]
        fn every_stretch_leads_back(shown in "(\\PC|[限時 优惠￥２９，９a\u{200b}ﬁ½]){0,24}", from in 0usize..24, len in 1usize..8) {
            let normal = Normal::of(&shown);
            let bounds: Vec<usize> = normal.text.char_indices().map(|(at, _)| at).chain([normal.text.len()]).collect();
            let start = bounds[from.min(bounds.len() - 1)];
            let end = bounds[(from + len).min(bounds.len() - 1)];
            if start < end {
                let range = normal.shown(start..end).unwrap();
                let slice = shown.get(range).unwrap();
                let apart: String = slice.chars().map(|c| fold_phrase(&c.to_string())).collect();
                let words = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
                let wanted = words(&normal.text[start..end]);
                proptest::prop_assert!(words(&apart).contains(&wanted), "{slice:?} {wanted:?}");
            }
        }
    }
}
