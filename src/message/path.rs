//! What may stand between the angle brackets of MAIL FROM and RCPT TO (RFC 5321 §4.1.2, RFC 6531
//! §3.3). Read strictly where a loose reading means another mailbox to another server, loosely where
//! real mailboxes are (`a..b@docomo.ne.jp` exists).

/// Longest path accepted, in bytes (RFC 5321 §4.5.3.1.3 says 256; room for UTF-8).
pub const PATH_BYTES_MAX: usize = 320;

/// True when `path` is `local@domain` and nothing a server could read in another way: no source
/// route, no second unquoted `@`, no control character, no trailing dot.
pub fn is_mailbox(path: &str) -> bool {
    if path.len() > PATH_BYTES_MAX || path.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return false;
    }
    let Some((local, domain)) = path.rsplit_once('@') else { return false };
    is_local(local) && is_domain(domain)
}

/// True when `text` is xtext whose meaning is printable (RFC 3461 §4): "+0A" would put a line feed
/// into somebody's report.
pub fn is_xtext(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => {
                let hex = |b: Option<u8>| b.filter(|b| !b.is_ascii_lowercase()).and_then(|b| (b as char).to_digit(16));
                match (hex(bytes.next()), hex(bytes.next())) {
                    (Some(high), Some(low)) if high * 16 + low >= 32 && high * 16 + low != 127 => {}
                    _ => return false,
                }
            }
            b'=' => return false,
            b'!'..=b'~' => {}
            _ => return false,
        }
    }
    !text.is_empty()
}

fn is_local(local: &str) -> bool {
    if let Some(quoted) = local.strip_prefix('"') {
        let Some(inner) = quoted.strip_suffix('"') else { return false };
        let mut escaped = false;
        for c in inner.chars() {
            match (escaped, c) {
                (true, _) => escaped = false,
                (false, '\\') => escaped = true,
                (false, '"') => return false,
                _ => {}
            }
        }
        return !escaped;
    }
    let atext = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    !local.is_empty() && local.chars().all(|c| atext(c) && !c.is_whitespace())
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) {
        let ip = literal.strip_prefix("IPv6:").map_or_else(
            || literal.parse::<std::net::Ipv4Addr>().is_ok(),
            |six| six.parse::<std::net::Ipv6Addr>().is_ok(),
        );
        return ip;
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || (!c.is_ascii() && !c.is_whitespace());
    domain.split('.').all(|label| !label.is_empty() && label.chars().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_that_people_have_are_paths() {
        for path in [
            "zhang.wei@example.cn",
            "王伟@例子.中国",
            "陳@例子.台灣",
            "a..b@docomo.ne.jp",
            ".dot@docomo.ne.jp",
            "\"zhang wei\"@example.cn",
            "\"a\\\"b\"@example.cn",
            "u@[127.0.0.1]",
            "u@[IPv6:::1]",
            "a+tag%x!y@example.com",
        ] {
            assert!(is_mailbox(path), "{path}");
        }
    }

    #[test]
    fn what_two_servers_read_in_two_ways_is_not() {
        for path in [
            "",
            "postmaster",
            "u",
            "@b",
            "u@",
            "u@evil@allowed",
            "@allowed:u@evil",
            "@evil,@allowed:u@x",
            "\"u@evil\"",
            "\"u\"x@evil",
            "u@allowed.",
            "u@.allowed",
            "u@a b",
            "u\r\n@a",
            "u@a\0.evil",
            "u@a>",
            "<u@a",
            "u@a> SIZE=1",
            "u@[127.0.0.1",
            "u@[evil]",
            "u\u{2028}@a",
            "\"u\r\nRCPT\"@a",
        ] {
            assert!(!is_mailbox(path), "{path:?}");
        }
        assert!(!is_mailbox(&format!("{}@a", "u".repeat(PATH_BYTES_MAX))));
    }

    #[test]
    fn xtext_hides_no_line_end() {
        assert!(is_xtext("QQ314159") && is_xtext("a+2Bb+3Dc"));
        for text in ["", "a b", "a+0Ab", "a+0", "a+2b", "a=b", "王", "a+7F"] {
            assert!(!is_xtext(text), "{text}");
        }
    }
}
