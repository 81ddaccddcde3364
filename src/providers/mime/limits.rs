//! Limits of a mail's structure, looked at before and after the parser (reliability §3.4: content
//! bombs). Only these refuse a mail.

use crate::providers::Malformed;

/// Header fields of a mail.
pub const FIELDS_MAX: usize = 500;
/// Bytes of one header field, folds included.
pub const FIELD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the mail's header.
pub const HEADER_BYTES_MAX: usize = 256 * 1024;
/// Multiparts and messages inside each other.
pub const NESTED_MAX: usize = 32;
/// Parts of a mail, multiparts counted.
pub const PARTS_MAX: usize = 1_000;
/// Decoded text that is read; what is beyond stays unread, which is a doubt.
pub const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of one line without its CRLF (RFC 5321 §4.5.3.1.6: "1000 octets" with it).
pub const LINE_BYTES_MAX: usize = 998;

/// Looks at the lines before the parser does. Each level of nesting needs a Content-Type field of its
/// own, so their number bounds the parser's recursion; and a field's length bounds the work on its
/// parameters, which is more than linear.
pub(super) fn check_lines(data: &[u8]) -> Result<(), Malformed> {
    let (mut types, mut field_bytes) = (0_usize, None::<usize>);
    for line in data.split(|&b| b == b'\n') {
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        if folded {
            if let Some(bytes) = &mut field_bytes {
                *bytes += line.len() + 1;
                if *bytes > FIELD_BYTES_MAX {
                    return Err(too_much("a header field", FIELD_BYTES_MAX, "bytes"));
                }
            }
            continue;
        }
        field_bytes = None;
        if starts_with_name(line, b"content-") {
            field_bytes = Some(line.len());
            if line.len() > FIELD_BYTES_MAX {
                return Err(too_much("a header field", FIELD_BYTES_MAX, "bytes"));
            }
        }
        if starts_with_name(line, b"content-type") {
            types += 1;
            if types > 2 * PARTS_MAX {
                return Err(too_much("the number of MIME parts", PARTS_MAX, "parts"));
            }
        }
    }
    Ok(())
}

/// The error for a limit.
pub(super) fn too_much(what: &str, max: usize, unit: &str) -> Malformed {
    Malformed::TooMuch { what: what.to_owned(), max: format!("{max} {unit}") }
}

/// Compares a name at the line's start without case, blanks inside it skipped as the parser does.
fn starts_with_name(line: &[u8], name: &[u8]) -> bool {
    let mut wanted = name.iter();
    for byte in line.iter().filter(|b| !b.is_ascii_whitespace()) {
        match wanted.next() {
            None => return true,
            Some(w) if *w == byte.to_ascii_lowercase() => {}
            Some(_) => return false,
        }
    }
    wanted.next().is_none()
}
