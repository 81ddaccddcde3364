//! Replies as bytes: whatever text comes in, no reply can carry a line end of its own, a control
//! character, or (without SMTPUTF8) a byte beyond ASCII.

use crate::message::SmtpReply;

/// RFC 5321 §4.5.3.1.5: "The maximum total length of a reply line including the reply code and the
/// `<CRLF>` is 512 octets."
const LINE_BYTES_MAX: usize = 512;
/// Lines of one reply: what is beyond is left out.
const LINES_MAX: usize = 32;

/// A reply of the door's own.
pub(super) fn own(code: u16, enhanced: &str, text: &str) -> SmtpReply {
    SmtpReply::new(code, enhanced, text)
}

/// Appends `reply` to `out`. RFC 6531 §3.7.4.2 allows UTF-8 in replies only after SMTPUTF8; else a
/// character is written as `\x{4F60}`, the escape of RFC 6533 §3.
pub(super) fn write(out: &mut Vec<u8>, reply: &SmtpReply, utf8: bool) {
    let code = if (200..600).contains(&reply.code) { reply.code } else { 451 };
    let enhanced = match &reply.enhanced {
        Some(given) if is_enhanced(given, code) => format!("{given} "),
        // RFC 2034 §3: with ENHANCEDSTATUSCODES every 2xx, 4xx and 5xx reply carries one.
        _ if code / 100 != 3 => format!("{}.0.0 ", code / 100),
        _ => String::new(),
    };
    let room = LINE_BYTES_MAX - "250-".len() - enhanced.len() - "\r\n".len();
    let mut lines: Vec<String> = reply.text.split(['\n', '\r']).flat_map(|line| wrapped(line, room, utf8)).collect();
    lines.retain(|line| !line.is_empty());
    lines.truncate(LINES_MAX);
    if lines.is_empty() {
        lines.push(if code < 400 { "OK" } else { "refused" }.to_owned());
    }
    for (n, line) in lines.iter().enumerate() {
        let separator = if n + 1 == lines.len() { ' ' } else { '-' };
        out.extend_from_slice(format!("{code}{separator}{enhanced}{line}\r\n").as_bytes());
    }
}

fn wrapped(line: &str, room: usize, utf8: bool) -> Vec<String> {
    let mut lines = vec![String::new()];
    for c in line.chars() {
        let piece = match c {
            '\t' => " ".to_owned(),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => "?".to_owned(),
            c if c.is_ascii() || utf8 => c.to_string(),
            c => format!("\\x{{{:X}}}", u32::from(c)),
        };
        if let Some(last) = lines.last_mut() {
            if last.len() + piece.len() <= room {
                last.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

/// `5.7.1`, of the same class as the code (RFC 3463 §2).
fn is_enhanced(text: &str, code: u16) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    let digits = |n: &&str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(digits) && numbers[0] == (code / 100).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: SmtpReply, utf8: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, &reply, utf8);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_refusal_in_either_language_stays_one_reply() {
        let zh = SmtpReply::new(550, "5.7.1", "cheaper: 报价低于购买价 (decision 1)");
        assert_eq!(text(zh.clone(), true), "550 5.7.1 cheaper: 报价低于购买价 (decision 1)\r\n");
        let ascii = text(zh, false);
        assert!(ascii.is_ascii() && ascii.starts_with("550 5.7.1 cheaper: \\x{62A5}"), "{ascii}");
        let two = text(SmtpReply::new(550, "5.7.1", "one\ntwo"), false);
        assert_eq!(two, "550-5.7.1 one\r\n550 5.7.1 two\r\n");
    }

    #[test]
    fn nothing_is_injected_and_nothing_is_too_long() {
        let sly = SmtpReply { code: 250, enhanced: Some("2.0.0\r\n250".into()), text: "a\r\n354 go\r\0b".into() };
        assert_eq!(text(sly, true), "250-2.0.0 a\r\n250-2.0.0 354 go\r\n250 2.0.0 ?b\r\n");
        for utf8 in [true, false] {
            let long = text(SmtpReply::new(451, "4.0.0", "慢".repeat(2_000)), utf8);
            assert!(long.lines().count() <= LINES_MAX && long.split_inclusive("\r\n").all(|l| l.len() <= 512));
        }
        assert_eq!(text(SmtpReply { code: 0, enhanced: None, text: String::new() }, true), "451 4.0.0 refused\r\n");
    }
}
