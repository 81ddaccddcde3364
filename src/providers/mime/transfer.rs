//! Transfer encodings both ways (RFC 2045 §6). Writing keeps the lines that an edit does not touch.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// "encoded output … must be represented in lines of no more than 76 characters each" (RFC 2045 §6.8).
const ENCODED_LINE_BYTES_MAX: usize = 76;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a part's bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    /// 7bit, 8bit, binary or nothing said: as they are.
    Identity,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    /// The encoding a Content-Transfer-Encoding names; none for names nobody knows (`x-uuencode`).
    pub(super) fn named(name: &str) -> Option<Transfer> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Some(Transfer::Identity),
            "base64" => Some(Transfer::Base64),
            "quoted-printable" => Some(Transfer::QuotedPrintable),
            _ => None,
        }
    }

    /// The name to write.
    pub(super) fn name(self) -> &'static str {
        match self {
            Transfer::Identity => "8bit",
            Transfer::Base64 => "base64",
            Transfer::QuotedPrintable => "quoted-printable",
        }
    }

    /// The bytes meant by the raw ones. Never fails: what is no code stands for itself (quoted-printable)
    /// or is skipped (base64), as readers do.
    pub(super) fn decode(self, raw: &[u8]) -> Vec<u8> {
        match self {
            Transfer::Identity => raw.to_vec(),
            Transfer::Base64 => decode_base64(raw),
            Transfer::QuotedPrintable => decode_quoted(raw).into_iter().map(|(byte, _)| byte).collect(),
        }
    }

    /// The raw bytes for `bytes`, given the raw ones they replace.
    pub(super) fn encode_like(self, raw: &[u8], bytes: &[u8]) -> Vec<u8> {
        match self {
            Transfer::Identity => bytes.to_vec(),
            Transfer::Base64 => base64_like(raw, bytes),
            Transfer::QuotedPrintable => quoted_like(raw, bytes),
        }
    }
}

fn decode_base64(raw: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(raw.len() / 4 * 3);
    for run in raw.split(|&b| b == b'=') {
        let mut codes: Vec<u8> =
            run.iter().copied().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).collect();
        if codes.len() % 4 == 1 {
            codes.pop();
        }
        if let Ok(bytes) = LENIENT.decode(&codes) {
            decoded.extend_from_slice(&bytes);
        }
    }
    decoded
}

/// In lines as long as the original's, with the blank lines around it kept.
fn base64_like(raw: &[u8], bytes: &[u8]) -> Vec<u8> {
    let core = raw.trim_ascii();
    let lead = raw.len() - raw.trim_ascii_start().len();
    let tail = if core.is_empty() { raw.len() } else { lead + core.len() };
    let first = core.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end().len();
    let fits = first < core.len() && first > 0 && first <= ENCODED_LINE_BYTES_MAX && first.is_multiple_of(4);
    let width = if fits { first } else { ENCODED_LINE_BYTES_MAX };
    let codes = LENIENT.encode(bytes);
    let mut encoded = raw[..lead].to_vec();
    for (index, line) in codes.as_bytes().chunks(width).enumerate() {
        if index > 0 {
            encoded.extend_from_slice(b"\r\n");
        }
        encoded.extend_from_slice(line);
    }
    encoded.extend_from_slice(&raw[tail..]);
    encoded
}

/// Each decoded byte with the place of its first raw byte.
fn decode_quoted(raw: &[u8]) -> Vec<(u8, usize)> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let line_end = raw[at..].iter().position(|&b| b == b'\n').map_or(raw.len(), |n| at + n);
        let has_newline = line_end < raw.len();
        let break_start =
            if has_newline && line_end > at && raw[line_end - 1] == b'\r' { line_end - 1 } else { line_end };
        // "any trailing white space … must be deleted" (RFC 2045 §6.7 (3)).
        let text_end = at + raw[at..break_start].trim_ascii_end().len();
        let soft = has_newline && text_end > at && raw[text_end - 1] == b'=';
        let text_end = if soft { text_end - 1 } else { text_end };
        let mut place = at;
        while place < text_end {
            let code = raw.get(place + 1..place + 3).filter(|_| raw[place] == b'=' && place + 3 <= text_end);
            match code.and_then(|code| Some(hex(code[0])? * 16 + hex(code[1])?)) {
                Some(byte) => {
                    decoded.push((byte, place));
                    place += 3;
                }
                None => {
                    decoded.push((raw[place], place));
                    place += 1;
                }
            }
        }
        if has_newline && !soft {
            for (place, byte) in raw.iter().enumerate().take(line_end + 1).skip(break_start) {
                decoded.push((*byte, place));
            }
        }
        at = line_end + 1;
    }
    decoded
}

fn hex(code: u8) -> Option<u8> {
    u8::try_from(char::from(code).to_digit(16)?).ok()
}

/// Encodes again only the lines that differ; all of them when the original is in our own style, which
/// makes undoing an edit give back the original.
fn quoted_like(raw: &[u8], bytes: &[u8]) -> Vec<u8> {
    let decoded = decode_quoted(raw);
    let old: Vec<u8> = decoded.iter().map(|(byte, _)| *byte).collect();
    if quoted(&old, 0) == raw {
        return quoted(bytes, 0);
    }
    let mut start = old.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    let same_after = old[start..].iter().rev().zip(bytes[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut end = old.len() - same_after;
    // A CRLF is never cut in two.
    if start > 0 && old[start - 1] == b'\r' {
        start -= 1;
    }
    if end > 0 && end < old.len() && old[end] == b'\n' && old[end - 1] == b'\r' {
        end += 1;
    }
    let place = |index: usize| decoded.get(index).map_or(raw.len(), |(_, place)| *place);
    let raw_start = raw[..place(start)].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    let newline = raw[place(end)..].iter().position(|&b| b == b'\n').map(|n| place(end) + n);
    let line_end = newline.unwrap_or(raw.len());
    let text_end = raw[..line_end].trim_ascii_end().len().max(raw_start);
    let soft = newline.is_some() && text_end > raw_start && raw[text_end - 1] == b'=';
    let raw_end = if soft {
        text_end - 1
    } else if line_end > raw_start && raw[line_end - 1] == b'\r' {
        line_end - 1
    } else {
        line_end
    };
    let first = decoded.partition_point(|(_, place)| *place < raw_start);
    let after = decoded.partition_point(|(_, place)| *place < raw_end).max(end.min(old.len()));
    let new_end = bytes.len() - (old.len() - after);
    let mut encoded = raw[..raw_start].to_vec();
    encoded.extend_from_slice(&quoted(&bytes[first.min(new_end)..new_end], usize::from(soft)));
    encoded.extend_from_slice(&raw[raw_end..]);
    encoded
}

/// Quoted-printable in lines of at most 76 characters; the last leaves `room` for what follows it.
fn quoted(bytes: &[u8], room: usize) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len() + bytes.len() / 4);
    let mut rest = bytes;
    loop {
        let line_end = rest.windows(2).position(|pair| pair == b"\r\n");
        let line = &rest[..line_end.unwrap_or(rest.len())];
        let room = if line_end.is_none() { room } else { 0 };
        let mut column = 0;
        for (index, &byte) in line.iter().enumerate() {
            let last = index + 1 == line.len();
            let literal = matches!(byte, 33..=60 | 62..=126) || (matches!(byte, b' ' | b'\t') && !last);
            let width = if literal { 1 } else { 3 };
            let most = if last { ENCODED_LINE_BYTES_MAX - room } else { ENCODED_LINE_BYTES_MAX - 1 };
            if column + width > most {
                encoded.extend_from_slice(b"=\r\n");
                column = 0;
            }
            if literal {
                encoded.push(byte);
            } else {
                encoded.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
            }
            column += width;
        }
        match line_end {
            Some(end) => {
                encoded.extend_from_slice(b"\r\n");
                rest = &rest[end + 2..];
            }
            None => return encoded,
        }
    }
}

fn digit(value: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(value & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_touched_lines_of_a_foreign_style_change() {
        // Lower-case codes and an odd line break: not our style, so it must stay where untouched.
        let raw = b"first =e4=b8=\r\n=ad line\r\nlimited = offer=\r\n today\r\nlast=3a line  \r\n";
        let old = Transfer::QuotedPrintable.decode(raw);
        let new = String::from_utf8(old).unwrap().replace("offer today", "gone").into_bytes();
        let spliced = Transfer::QuotedPrintable.encode_like(raw, &new);
        assert_eq!(
            String::from_utf8(spliced).unwrap(),
            "first =e4=b8=\r\n=ad line\r\nlimited =3D gone\r\nlast=3a line  \r\n"
        );
    }

    #[test]
    fn quoted_lines_stay_within_76_and_come_back() {
        for text in ["", "a", "退订", "a b \r\n\tc \r\n\r\n", "=\r\n", "\rlone\n", " "] {
            for times in [1, 7, 40] {
                let bytes = text.repeat(times).into_bytes();
                let raw = quoted(&bytes, 0);
                assert_eq!(Transfer::QuotedPrintable.decode(&raw), bytes, "{text:?}");
                assert!(raw.split(|&b| b == b'\n').all(|line| line.trim_ascii_end().len() <= 76));
            }
        }
    }

    #[test]
    fn base64_keeps_its_width_and_survives_junk() {
        let raw = b"5LiJ5LiJ\r\n5LiJ5LiJ\r\n5Li!J\r\n\r\n";
        let bytes = Transfer::Base64.decode(raw);
        assert_eq!(bytes, "三三三三三".as_bytes());
        assert_eq!(Transfer::Base64.encode_like(raw, &bytes), b"5LiJ5LiJ\r\n5LiJ5LiJ\r\n5LiJ\r\n\r\n");
        assert_eq!(Transfer::Base64.decode(b"YQ==\r\nYg==A"), b"ab");
    }
}
