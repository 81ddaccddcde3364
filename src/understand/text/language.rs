//! Which language most of a text is in.

use crate::message::Language;

/// A Chinese character carries about what three Latin letters do.
const LETTERS_PER_CHARACTER: usize = 3;

/// The language, by the writing; `None` without letters. With each text, whether there is Chinese in it.
pub(in crate::understand) fn language_of<'a>(texts: impl Iterator<Item = (&'a str, bool)>) -> Option<Language> {
    let (mut han, mut latin) = (0usize, 0usize);
    for (text, has_chinese) in texts {
        latin += letters_in(text.as_bytes());
        if has_chinese {
            han += text.chars().filter(|c| is_han(*c)).count();
        }
    }
    match (han, latin) {
        (0, 0) => None,
        _ if han * LETTERS_PER_CHARACTER >= latin => Some(Language::Zh),
        _ => Some(Language::En),
    }
}

/// Whether a Chinese character is in a text.
pub(in crate::understand) fn has_han(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_han)
}

/// Counted in bytes while they fit one: many are counted at a time.
fn letters_in(text: &[u8]) -> usize {
    let of_block = |block: &[u8]| usize::from(block.iter().map(|b| u8::from(b.is_ascii_alphabetic())).sum::<u8>());
    text.chunks(usize::from(u8::MAX)).map(of_block).sum()
}

/// Whether it is a Chinese character, of whichever block.
pub(in crate::understand) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writing_tells() {
        let of = |text: &'static str| language_of([(text, has_han(text))].into_iter());
        assert_eq!(of("蓝牙车载播放器 Bluetooth BT-200"), Some(Language::Zh));
        assert_eq!(of("Your 分寸 code is ready to be used today"), Some(Language::En));
        assert_eq!(of("12345 !"), None);
    }
}
