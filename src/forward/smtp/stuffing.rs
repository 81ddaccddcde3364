//! Content → what stands on the wire after 354: every dot at a line's start doubled, the final dot
//! added. Content that holds a bare CR, a bare LF or a NUL is not sent at all: what this gateway
//! would pass on, another server could read as the end of the mail.

use memchr::{memchr, memchr3};

/// Where the content is not strict CRLF lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content holds a bare CR, a bare LF or a NUL at byte {0}")]
pub struct NotLines(pub usize);

/// Stuffs. A last line without CRLF gets one: DATA cannot say otherwise.
pub fn stuffed(content: &[u8]) -> Result<Vec<u8>, NotLines> {
    let mut wire = Vec::with_capacity(content.len() + content.len() / 64 + 16);
    let mut at = 0;
    while at < content.len() {
        let rest = &content[at..];
        if rest[0] == b'.' {
            wire.push(b'.');
        }
        match memchr3(b'\r', b'\n', 0, rest) {
            Some(end) if rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n') => {
                wire.extend_from_slice(&rest[..end + 2]);
                at += end + 2;
            }
            Some(end) => return Err(NotLines(at + end)),
            None => {
                wire.extend_from_slice(rest);
                wire.extend_from_slice(b"\r\n");
                break;
            }
        }
    }
    wire.extend_from_slice(b".\r\n");
    Ok(wire)
}

/// True when a byte beyond ASCII is in the content: then it needs 8BITMIME.
pub fn is_eight_bit(content: &[u8]) -> bool {
    !content.is_ascii()
}

/// True when a byte beyond ASCII is in the header section: then, said SMTPUTF8, it needs SMTPUTF8.
pub fn has_utf8_header(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        if line == b"\r" {
            return false;
        }
        if !line.is_ascii() {
            return true;
        }
        rest = &rest[end + 1..];
    }
    !rest.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::accept::smtp::data::{Bare, DataLimits, DataReader, Progress};

    #[test]
    fn lone_dots_are_doubled_and_nothing_else_changes() {
        assert_eq!(stuffed(b"").unwrap(), b".\r\n");
        assert_eq!(stuffed(b".\r\n").unwrap(), b"..\r\n.\r\n");
        assert_eq!(stuffed(b"a.b\r\n..\r\n").unwrap(), b"a.b\r\n...\r\n.\r\n");
        assert_eq!(stuffed("你好".as_bytes()).unwrap(), "你好\r\n.\r\n".as_bytes());
        for bad in [&b"a\nb"[..], b"a\r", b"\r\r\n", b"a\0", b"\n.\r\n", b"\r\n.\r\r\n"] {
            assert!(stuffed(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_header_ends_at_the_empty_line() {
        assert!(!has_utf8_header("Subject: a\r\n\r\n正文\r\n".as_bytes()));
        assert!(has_utf8_header("Subject: 主题\r\n\r\nb\r\n".as_bytes()));
    }

    proptest! {
        #[test]
        fn what_the_door_reads_back_is_what_was_given(lines in proptest::collection::vec("[.a报]{0,6}", 0..12)) {
            let content: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
            let wire = stuffed(content.as_bytes()).unwrap();
            let limits = DataLimits { message_bytes_max: 10_000, line_bytes_max: 998, bare: Bare::Refuse };
            let (used, progress) = DataReader::new(limits).ingest(&wire);
            prop_assert_eq!(used, wire.len());
            prop_assert_eq!(progress, Progress::Complete(content.into_bytes()));
        }
    }
}
