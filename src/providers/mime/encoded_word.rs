//! Encoded words in header fields (RFC 2047), both ways. Words that stand side by side are joined
//! before the charset is undone: many senders split a multibyte character between two words, though
//! §5 forbids it, and mail readers show the text.

use base64::Engine;

use super::charset::{Charset, UTF8};
use super::transfer::Transfer;

/// "An 'encoded-word' may not be more than 75 characters long" (RFC 2047 §2), and the line it stands
/// on not more than 76, `Subject: ` included.
const WORD_BYTES_MAX: usize = 66;
const LINE_BYTES_WISHED: usize = 76;
/// Longest word that is read: senders exceed the 75, and the search for a word's end has an end itself.
const READ_BYTES_MAX: usize = 4 * 1024;

/// A value decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// False when some of it could not be read and stands as it came.
    pub(super) readable: bool,
}

/// Decodes an unfolded value.
pub(super) fn decode(value: &[u8]) -> Decoded {
    let mut readable = std::str::from_utf8(value).is_ok();
    let value = String::from_utf8_lossy(value);
    let mut text = String::with_capacity(value.len());
    let mut run: Option<Run<'_>> = None;
    let mut rest: &str = &value;
    while let Some(start) = rest.find("=?") {
        let Some((word, raw)) = word(&rest[start..]) else {
            flush(&mut run, &mut text, &mut readable);
            text.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        // "white space between adjacent 'encoded-word's is ignored" (RFC 2047 §6.2).
        if run.is_none() || !between.trim().is_empty() {
            flush(&mut run, &mut text, &mut readable);
            text.push_str(between);
        }
        rest = &rest[start + raw.len()..];
        match &mut run {
            Some(open) if open.label.eq_ignore_ascii_case(word.label) => {
                open.bytes.extend_from_slice(&word.bytes);
                open.raw.push_str(raw);
            }
            _ => {
                flush(&mut run, &mut text, &mut readable);
                run = Some(Run { label: word.label, bytes: word.bytes, raw: raw.to_owned() });
            }
        }
    }
    flush(&mut run, &mut text, &mut readable);
    text.push_str(rest);
    // Decoded words may hide line breaks (reliability §3.3): a value is one line.
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Decoded { text, readable }
}

/// The label of the first encoded word, as written.
pub(super) fn label(value: &[u8]) -> Option<String> {
    let value = String::from_utf8_lossy(value);
    value.match_indices("=?").find_map(|(at, _)| word(&value[at..])).map(|(word, _)| word.label.to_owned())
}

/// The folded value for `text`, in `label`'s charset if that can hold it, else in UTF-8. ASCII stays
/// plain. The first line has room for `Subject: `.
pub(super) fn encode(text: &str, label: Option<&str>) -> String {
    let plain = text.chars().all(|c| matches!(c, ' '..='~')) && !text.contains("=?");
    if let Some(folded) = plain.then(|| fold(text)).flatten() {
        return folded;
    }
    let labelled = label.and_then(|label| Some((label, Charset::named(label)?)));
    let words = labelled.and_then(|(label, charset)| words(text, label, &charset));
    words.or_else(|| words_utf8(text)).unwrap_or_default().join("\r\n ")
}

struct Word<'a> {
    label: &'a str,
    bytes: Vec<u8>,
}

struct Run<'a> {
    label: &'a str,
    bytes: Vec<u8>,
    raw: String,
}

/// The encoded word that `text` starts with.
fn word(text: &str) -> Option<(Word<'_>, &str)> {
    let window = (0..=text.len().min(READ_BYTES_MAX)).rev().find(|at| text.is_char_boundary(*at))?;
    let inner = text[..window].strip_prefix("=?")?;
    let (label, inner) = inner.split_once('?')?;
    let (how, inner) = inner.split_once('?')?;
    let payload = &inner[..inner.find("?=")?];
    let fit = |c: char| c.is_ascii_graphic();
    if label.is_empty() || !label.chars().all(fit) || payload.contains('?') || !payload.is_ascii() {
        return None;
    }
    let bytes = match how {
        "B" | "b" => Transfer::Base64.decode(payload.as_bytes()),
        "Q" | "q" => {
            // The same codes as quoted-printable, but blanks are written `_` and no line is broken.
            let spaced = payload.replace([' ', '_'], "=20");
            Transfer::QuotedPrintable.decode(spaced.as_bytes())
        }
        _ => return None,
    };
    let length = 2 + label.len() + 1 + how.len() + 1 + payload.len() + 2;
    // "charset*language" (RFC 2231 §5).
    let label = label.split('*').next().unwrap_or(label);
    Some((Word { label, bytes }, &text[..length]))
}

fn flush(run: &mut Option<Run<'_>>, text: &mut String, readable: &mut bool) {
    let Some(run) = run.take() else { return };
    match Charset::named(run.label) {
        Some(charset) => {
            let (decoded, unread) = charset.decode(&run.bytes);
            *readable &= unread == 0;
            text.push_str(&decoded);
        }
        None => {
            *readable = false;
            text.push_str(&run.raw);
        }
    }
}

fn fold(text: &str) -> Option<String> {
    let mut folded = String::with_capacity(text.len() + 16);
    let mut column = "Subject: ".len();
    for (index, piece) in text.split(' ').enumerate() {
        if piece.len() >= super::LINE_BYTES_MAX - LINE_BYTES_WISHED {
            return None;
        }
        // A fold before an empty piece would make a line of blanks only (RFC 5322 §3.2.2).
        let fold_here = index > 0 && column + 1 + piece.len() > LINE_BYTES_WISHED && !piece.is_empty();
        if fold_here {
            folded.push_str("\r\n");
            column = 0;
        }
        if index > 0 {
            folded.push(' ');
            column += 1;
        }
        folded.push_str(piece);
        column += piece.len();
    }
    Some(folded)
}

fn words(text: &str, label: &str, charset: &Charset) -> Option<Vec<String>> {
    let frame = "=??B??=".len() + label.len();
    let bytes_max = WORD_BYTES_MAX.checked_sub(frame)? / 4 * 3;
    let mut words = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let mut best: Option<(usize, Vec<u8>)> = None;
        for (offset, c) in text[start..].char_indices() {
            let end = start + offset + c.len_utf8();
            let bytes = charset.encode(&text[start..end])?;
            if bytes.len() > bytes_max {
                break;
            }
            best = Some((end, bytes));
        }
        let (end, bytes) = best?;
        words.push(format!("=?{label}?B?{}?=", base64::engine::general_purpose::STANDARD.encode(bytes)));
        start = end;
    }
    Some(words)
}

fn words_utf8(text: &str) -> Option<Vec<String>> {
    words(text, "utf-8", &UTF8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_side_by_side_are_one_text_even_when_a_character_is_split() {
        // 限时 in UTF-8 is E9 99 90 E6 97 B6, cut after the fourth byte; in GB18030 CF DE CA B1, after the third.
        for (value, text) in [
            ("=?utf-8?B?6ZmQ5g==?= =?UTF-8?B?l7Y=?= BT-200", "限时 BT-200"),
            ("=?gb18030?Q?=CF=DE=CA?=  =?gb18030?Q?=B1_a?=", "限时 a"),
            ("Re: =?utf-8?q?a?= b =?utf-8?q?c?=", "Re: a b c"),
            ("=?us-ascii*en?Q?Last_chance?=", "Last chance"),
            ("=?utf-8?q?a=0d=0aBcc:x?=", "a  Bcc:x"),
            ("50% off =? really ?=", "50% off =? really ?="),
        ] {
            assert_eq!(decode(value.as_bytes()), Decoded { text: text.to_owned(), readable: true }, "{value}");
        }
        assert!(!decode(b"=?x-martian?B?6ZmQ?=").readable);
        assert!(!decode(b"\xcf\xde").readable);
    }

    #[test]
    fn what_is_written_reads_the_same_and_keeps_its_lines_short() {
        for text in ["Hello", "限时优惠，仅此一天", "=?hidden", "Sale \u{1f381} ends tonight", &"很长的标题".repeat(40)]
        {
            for label in [None, Some("gb18030"), Some("iso-2022-jp"), Some("us-ascii"), Some("x")] {
                let value = encode(text, label);
                assert!(value.split("\r\n").all(|line| line.len() <= LINE_BYTES_WISHED), "{value}");
                let unfolded = value.replace("\r\n", "");
                assert_eq!(decode(unfolded.as_bytes()).text, text, "{label:?}");
            }
        }
        let long = "word ".repeat(60);
        assert_eq!(encode(long.trim(), None).replace("\r\n", ""), long.trim());
    }
}
