//! How many segments an SMS takes (3GPP TS 23.038 and 23.040): what it costs. 160 septets of the GSM
//! alphabet or 70 units of UCS-2 in one; 153 or 67 in each of several, since a header joins them. A
//! character of the extension table takes two septets and, like a surrogate pair, stands in one segment.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an SMS is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Alphabet {
    /// GSM 03.38, seven bits.
    #[serde(rename = "gsm-7")]
    Gsm7,
    /// UCS-2, sixteen bits: one character outside the GSM alphabet makes the whole message so.
    #[serde(rename = "ucs-2")]
    Ucs2,
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::Gsm7 => "GSM-7",
            Alphabet::Ucs2 => "UCS-2",
        })
    }
}

/// What a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segments {
    /// How it is written.
    pub alphabet: Alphabet,
    /// How many segments; an empty text takes one.
    pub count: u32,
}

/// What this text takes.
pub fn segments(text: &str) -> Segments {
    let septets = |c: char| match c {
        _ if BASIC.contains(c) => Some(1),
        _ if EXTENSION.contains(c) => Some(2),
        _ => None,
    };
    if text.chars().all(|c| septets(c).is_some()) {
        return Segments { alphabet: Alphabet::Gsm7, count: packed(text, 160, 153, |c| septets(c).unwrap_or(1)) };
    }
    Segments { alphabet: Alphabet::Ucs2, count: packed(text, 70, 67, char::len_utf16) }
}

/// The basic table of GSM 03.38; the escape character itself is none of a text's.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
                     ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Whole characters into segments, as they are sent: what does not fit begins the next one.
fn packed(text: &str, one: usize, each: usize, units: impl Fn(char) -> usize) -> u32 {
    if text.chars().map(&units).sum::<usize>() <= one {
        return 1;
    }
    let (mut count, mut room) = (1_u32, each);
    for units in text.chars().map(units) {
        if units > room {
            count = count.saturating_add(1);
            room = each;
        }
        room -= units.min(room);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_phones_join_them() {
        let (a, you, euro, face) = ("a", "你", "€", "😀");
        for (text, alphabet, count) in [
            (String::new(), Alphabet::Gsm7, 1),
            (a.repeat(160), Alphabet::Gsm7, 1),
            (a.repeat(161), Alphabet::Gsm7, 2),
            (a.repeat(306), Alphabet::Gsm7, 2),
            (a.repeat(307), Alphabet::Gsm7, 3),
            (euro.repeat(80), Alphabet::Gsm7, 1),
            (euro.repeat(81), Alphabet::Gsm7, 2),
            // 152 septets and half of an extension character do not make 153.
            (format!("{}{euro}{}", a.repeat(152), a.repeat(151)), Alphabet::Gsm7, 2),
            (format!("{}{euro}{}", a.repeat(152), a.repeat(152)), Alphabet::Gsm7, 3),
            ("Ünïcode".to_owned(), Alphabet::Ucs2, 1),
            (you.repeat(70), Alphabet::Ucs2, 1),
            (you.repeat(71), Alphabet::Ucs2, 2),
            (you.repeat(134), Alphabet::Ucs2, 2),
            (you.repeat(135), Alphabet::Ucs2, 3),
            (face.repeat(35), Alphabet::Ucs2, 1),
            // 66 units and half of a pair do not make 67.
            (face.repeat(66), Alphabet::Ucs2, 2),
            (face.repeat(67), Alphabet::Ucs2, 3),
            // One curly quotation mark doubles the bill.
            (format!("{}’", a.repeat(70)), Alphabet::Ucs2, 2),
        ] {
            assert_eq!(segments(&text), Segments { alphabet, count }, "{} of {:?}", text.len(), text.chars().next());
        }
    }
}
