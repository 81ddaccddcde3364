//! A fingerprint of the words a person sees: the same words, the same number, whatever their case, width,
//! spacing, punctuation and markup, simplified or traditional. Digits count: another code, price or order is
//! another message. Of a mail with both, the HTML is what is seen. FNV-1a, fixed: histories compare the
//! fingerprints of different builds and years.

use crate::message::{Content, PartKind};

use super::reading::Reading;
use super::{PART_BYTES_MAX, PARTS_MAX};

/// The fingerprint of a content; `None` when it shows no words, or could not be read whole.
pub fn fingerprint(content: &Content) -> Option<u64> {
    let parts = &content.parts;
    let readable = parts.len() <= PARTS_MAX && parts.iter().all(|part| part.text.len() <= PART_BYTES_MAX);
    if !(readable && content.unreadable.is_empty()) {
        return None;
    }
    let readings: Vec<Reading<'_>> = parts.iter().enumerate().map(|(index, part)| Reading::of(index, part)).collect();
    of_readings(&readings)
}

/// The same of parts that were read already.
pub(super) fn of_readings(readings: &[Reading<'_>]) -> Option<u64> {
    let html = readings.iter().any(|reading| reading.kind == PartKind::Html && has_words(&reading.normal.text));
    let seen = readings.iter().filter(|reading| reading.kind != PartKind::Plain || !html);
    let mut hash = Words::default();
    for reading in seen {
        hash.take(&reading.normal.text);
    }
    hash.any.then_some(hash.hash)
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The hash so far.
struct Words {
    hash: u64,
    any: bool,
    /// The last character was a Latin letter or a digit.
    in_word: bool,
}

impl Default for Words {
    fn default() -> Words {
        Words { hash: 0xcbf2_9ce4_8422_2325, any: false, in_word: false }
    }
}

impl Words {
    /// Letters and digits; between two Latin words one blank, between Chinese characters none, so that a
    /// line broken elsewhere says the same.
    fn take(&mut self, normalised: &str) {
        let mut gap = true;
        for c in normalised.chars() {
            match u8::try_from(c).ok().filter(u8::is_ascii) {
                Some(byte) if byte.is_ascii_alphanumeric() => {
                    if gap && self.in_word {
                        self.push(b' ');
                    }
                    (gap, self.in_word, self.any) = (false, true, true);
                    self.push(byte);
                }
                None if c.is_alphanumeric() => {
                    (gap, self.in_word, self.any) = (false, false, true);
                    let mut buffer = [0; 4];
                    c.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push(byte));
                }
                _ => gap = true,
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Part;

    fn of(kind: PartKind, text: &str) -> Option<u64> {
        fingerprint(&Content { parts: vec![Part { kind, text: text.into() }], ..Content::default() })
    }

    #[test]
    fn the_same_words_are_one_message_however_they_are_written() {
        for (one, other) in [
            ("限时优惠：BT-200只要299元！回T退订", "限時優惠:BT-200 只要２９９元 回T退订"),
            ("Only 3 left. Hurry!", "ONLY 3 LEFT -- hurry"),
            ("周末\n清仓", "周末清仓"),
            ("限\u{200b}时优惠", "限时优惠"),
        ] {
            assert_eq!(of(PartKind::Plain, one), of(PartKind::Plain, other), "{one}");
        }
        assert_eq!(of(PartKind::Html, "<p>Only <b>3</b> left</p>"), of(PartKind::Plain, "only 3 left"));
    }

    #[test]
    fn another_number_or_word_is_another_message() {
        for (one, other) in [
            ("您的验证码是482913", "您的验证码是482914"),
            ("Order 12 3 shipped", "Order 1 23 shipped"),
            ("BT-200 299元", "BT-200 199元"),
            ("see you at the shop", "see you at the stop"),
        ] {
            assert_ne!(of(PartKind::Plain, one), of(PartKind::Plain, other), "{one}");
        }
        assert_eq!((of(PartKind::Plain, " …！"), of(PartKind::Plain, "")), (None, None));
    }

    #[test]
    fn of_a_mail_with_both_the_html_is_seen_and_the_subject_counts() {
        let mail = |subject: &str, plain: &str| {
            let part = |kind, text: &str| Part { kind, text: text.into() };
            let parts = vec![
                part(PartKind::Subject, subject),
                part(PartKind::Plain, plain),
                part(PartKind::Html, "<p>新品</p>"),
            ];
            fingerprint(&Content { parts, ..Content::default() })
        };
        assert_eq!(mail("周报", "text only"), mail("周报", "other text"));
        assert_ne!(mail("周报", ""), mail("日报", ""));
    }

    #[test]
    fn the_function_never_changes() {
        assert_eq!(of(PartKind::Plain, "a"), Some(0xaf63_dc4c_8601_ec8c));
    }
}
