//! `application/x-www-form-urlencoded` with byte spans, so that a body can be edited in place. What
//! two readers could read in two ways (bad percent, over-long UTF-8) is an error.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::splice::Decoded;

/// Most fields in one form.
pub const FIELDS_MAX: usize = 1_000;
/// Longest form, in bytes; a text message is shorter by three orders of magnitude.
pub const FORM_BYTES_MAX: usize = 1 << 20;

/// One `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, decoded.
    pub name: String,
    /// The whole pair's bytes.
    pub span: Range<usize>,
    /// The value, with the way back to its bytes.
    pub value: Decoded,
}

/// Why bytes are not a form as read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotForm(pub String);

/// Reads a whole form.
pub fn parse(bytes: &[u8]) -> Result<Vec<Field>, NotForm> {
    if bytes.len() > FORM_BYTES_MAX {
        return Err(NotForm(format!("longer than {FORM_BYTES_MAX} bytes")));
    }
    let mut fields = Vec::new();
    let mut start = 0;
    for pair in bytes.split(|&byte| byte == b'&') {
        let span = start..start + pair.len();
        start = span.end + 1;
        if pair.is_empty() {
            continue;
        }
        if fields.len() == FIELDS_MAX {
            return Err(NotForm(format!("more than {FIELDS_MAX} fields")));
        }
        let name_len = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let name = decoded(bytes, span.start..span.start + name_len)?.text;
        let value = decoded(bytes, (span.start + name_len + 1).min(span.end)..span.end)?;
        fields.push(Field { name, span, value });
    }
    Ok(fields)
}

/// A text as a form value. `%20` rather than `+`: every reader takes it for a space.
pub fn escaped(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

/// The bytes to take out so that the fields not `gone` stay a form.
pub fn without(fields: &[Field], gone: impl Fn(&Field) -> bool) -> Vec<Range<usize>> {
    let spans: Vec<_> = fields.iter().map(|field| field.span.clone()).collect();
    super::splice::without(&spans, |index| fields.get(index).is_some_and(&gone))
}

fn decoded(bytes: &[u8], range: Range<usize>) -> Result<Decoded, NotForm> {
    let bad = || NotForm("a `%` is not followed by two hexadecimal digits".to_owned());
    let mut decoded = Decoded::starting_at(range.start);
    let mut at = range.start;
    while at < range.end {
        // One character, which may be several bytes, each as itself or as %XX.
        let (first, mut next) = octet(bytes, at, range.end).ok_or_else(bad)?;
        let mut character = vec![first];
        let more = match first {
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            _ => 0,
        };
        for _ in 0..more {
            if next < range.end {
                let (byte, after) = octet(bytes, next, range.end).ok_or_else(bad)?;
                character.push(byte);
                next = after;
            }
        }
        let text = std::str::from_utf8(&character).map_err(|_| NotForm("a value is not UTF-8".to_owned()))?;
        match next - at == text.len() && bytes.get(at) != Some(&b'+') {
            true => decoded.push_verbatim(text, at),
            false => decoded.push_atom(text, at..next),
        }
        at = next;
    }
    Ok(decoded)
}

/// One octet of decoded text and where the next begins.
fn octet(bytes: &[u8], at: usize, end: usize) -> Option<(u8, usize)> {
    match *bytes.get(at)? {
        b'+' => Some((b' ', at + 1)),
        b'%' => {
            let digits = bytes.get(at + 1..(at + 3).min(end)).filter(|two| two.len() == 2)?;
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
            Some((digit(digits[0])? << 4 | digit(digits[1])?, at + 3))
        }
        byte => Some((byte, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_both_ways_of_writing_a_space() {
        let fields = parse("To=%2B14155550100&Body=Hi+%E4%BD%A0%20x&Empty=&Bare".as_bytes()).unwrap();
        let read: Vec<_> = fields.iter().map(|f| (f.name.as_str(), f.value.text.as_str())).collect();
        assert_eq!(read, [("To", "+14155550100"), ("Body", "Hi 你 x"), ("Empty", ""), ("Bare", "")]);
        assert_eq!(fields[1].value.raw(3..6), Some(26..35));
    }

    #[test]
    fn refuses_what_two_readers_could_read_in_two_ways() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%c0%af", "a=%e4%bd", "a=%ff", "a=%+1"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse("a=1&".repeat(1_001).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn values_come_back_as_another_reader_reads_them(text in "\\PC{0,30}") {
            let raw = format!("Body={}&x=1", escaped(&text));
            prop_assert_eq!(&parse(raw.as_bytes()).unwrap()[0].value.text, &text);
            let other: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
            prop_assert_eq!(other[0].1.as_ref(), text.as_str());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes);
        }
    }
}
