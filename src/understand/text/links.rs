//! Links written out in text.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::patterns::pattern;
use crate::understand::text::html::Link;

/// Links written out in one text that are kept.
pub(in crate::understand) const LINKS_MAX: usize = 2_000;

/// Links written out in text, with or without a scheme. ASCII only: in Chinese text a link ends where
/// the writing goes on.
pub(in crate::understand) fn bare_links(shown: &str) -> Vec<Link> {
    let Some(bare) = BARE.as_ref() else { return Vec::new() };
    let mut from = 0;
    std::iter::from_fn(|| {
        // No link is without a sign, so most of a text need not be looked at.
        let found = bare.find_at(shown, may_begin_at(shown, from)?)?;
        from = found.end();
        Some(found)
    })
    .take(LINKS_MAX)
    .filter(|found| !shown[..found.start()].ends_with('@'))
    .map(|found| {
        let url = found.as_str().trim_end_matches(['.', ',', '!', ';', ':', '?']);
        Link { url: url.to_owned(), shown: found.start()..found.start() + url.len() }
    })
    .collect()
}

/// Where the next link may begin: at the first character of the name in front of the next `://`, or
/// of a full stop with a letter after it.
fn may_begin_at(shown: &str, from: usize) -> Option<usize> {
    let bytes = shown.as_bytes();
    let is_sign = |at: usize| match bytes[at] {
        b'.' => bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || !next.is_ascii()),
        _ => bytes[at..].starts_with(b"://"),
    };
    let sign = from + memchr::memchr2_iter(b'.', b':', bytes.get(from..)?).find(|at| is_sign(from + at))?;
    // Case folding makes letters of a few characters beyond ASCII (`ſ`, `K`).
    let in_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-') || !b.is_ascii();
    let name = bytes[from..sign].iter().rev().take_while(in_name).count();
    Some(shown.floor_char_boundary(sign - name))
}

static BARE: LazyLock<Option<Regex>> = pattern!(
    r#"(?i)(?-u:\b)(?:https?://[a-z0-9.-]{3,255}|(?:[a-z0-9-]{1,63}\.){1,5}(?:com|cn|net|org|io|ly|gle|co|me|shop|store|top|hk|tw|cc|us|uk|app|link|example)(?-u:\b))(?::[0-9]{1,5})?(?:[/?#][a-z0-9%&=+_./?#~:@!*,;-]{0,2000})?"#
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_wherever_they_stand() {
        for (text, wanted) in [
            ("详情shop.example/bt200，回T退订", vec!["shop.example/bt200"]),
            ("see https://a.example/?x=1.5 or b.cn. Ask me@c.com", vec!["https://a.example/?x=1.5", "b.cn"]),
            ("e.g. 1.5 as to v2.x: nothing", vec![]),
            ("one.two.com:80/x?y#z!", vec!["one.two.com:80/x?y#z"]),
        ] {
            let found: Vec<String> = bare_links(text).into_iter().map(|link| link.url).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
