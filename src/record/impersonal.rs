//! The last look before a line is written: shops put addresses where labels belong (an order called
//! `zhang@example.cn-17`, a campaign called `+8613800138000`), and the record holds none.

use std::sync::LazyLock;

use regex::Regex;

/// What stands in an address's place.
pub const REMOVED: &str = "(address removed)";

/// The line without anything that reads as a mailbox or an international phone number. JSON in, JSON
/// out: neither pattern can reach over a quote or a backslash.
pub fn impersonal(line: String) -> String {
    let suspicious = line.bytes().any(|byte| matches!(byte, b'@' | b'+')) || line.contains(['＠', '＋']);
    match ADDRESS.as_ref() {
        Some(address) if suspicious => address.replace_all(&line, REMOVED).into_owned(),
        _ => line,
    }
}

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let mailbox = r#"[^\s"\\@＠<>(),;:\[\]{}]{1,64}[@＠][^\s"\\@＠<>(),;:\[\]{}]{1,255}"#;
    let phone = r"[+＋][\d０-９](?:[ \-]?[\d０-９]){6,14}";
    Regex::new(&format!("{mailbox}|{phone}")).ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_and_labels_stay() {
        for (given, kept) in [
            (r#"{"order":"zhang@example.cn-17"}"#, r#"{"order":"(address removed)"}"#),
            (r#"{"a":"王＠例子.中国","b":1}"#, r#"{"a":"(address removed)","b":1}"#),
            (r#"{"a":"call +86 138 0013 8000 now"}"#, r#"{"a":"call (address removed) now"}"#),
            (r#"{"a":"x\"y@z\"w"}"#, r#"{"a":"x\"(address removed)\"w"}"#),
            (r#"{"campaign":"春季大促","price":"299.00 CNY"}"#, r#"{"campaign":"春季大促","price":"299.00 CNY"}"#),
            (r#"{"a":"A+B 2026+1"}"#, r#"{"a":"A+B 2026+1"}"#),
            (
                r#"{"at":"2026-11-22T12:00:00Z","order":"202611221234567"}"#,
                r#"{"at":"2026-11-22T12:00:00Z","order":"202611221234567"}"#,
            ),
        ] {
            let after = impersonal(given.to_owned());
            assert_eq!(after, kept);
            assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok(), "{after}");
        }
    }
}
