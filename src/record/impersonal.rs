//! The last look before a line is written: shops put addresses where labels belong (an order called
//! `zhang@example.cn-17`, a campaign called `+8613800138000`), and the record holds none.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What stands in an address's place.
pub const REMOVED: &str = "(address removed)";

/// A JSON line without anything in its strings that reads as a mailbox or an international phone
/// number. Names of members stay: they are ours and the policies'.
pub fn impersonal(line: String) -> Result<String, serde_json::Error> {
    // Full width they begin with this byte, in UTF-8.
    const FULL_WIDTH: u8 = 0xef;
    let suspicious = |at: usize| matches!(line.as_bytes().get(at), Some(b'@' | b'+'));
    let mut places = memchr::memchr3_iter(b'@', b'+', FULL_WIDTH, line.as_bytes());
    let full_width = |at: usize| line.get(at..).is_some_and(|rest| rest.starts_with(['＠', '＋']));
    if !places.any(|at| suspicious(at) || full_width(at)) {
        return Ok(line);
    }
    // In the decoded strings: in the text of the line a pattern would reach into an escape (`\u0000a@b.cn`).
    let mut value: Value = serde_json::from_str(&line)?;
    cleanse(&mut value);
    serde_json::to_string(&value)
}

fn cleanse(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let (Some(address), true) = (ADDRESS.as_ref(), text.contains(['@', '+', '＠', '＋'])) {
                *text = address.replace_all(text, REMOVED).into_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(cleanse),
        Value::Object(members) => members.values_mut().for_each(cleanse),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let mailbox = r#"[^\s"\\@＠<>(),;:\[\]{}\p{Cc}]{1,64}[@＠][^\s"\\@＠<>(),;:\[\]{}\p{Cc}]{1,255}"#;
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
            (r#"{"a":"\u0000y@z"}"#, r#"{"a":"\u0000(address removed)"}"#),
            (r#"{"simhash":18446744073709551615,"a":"@"}"#, r#"{"simhash":18446744073709551615,"a":"@"}"#),
            (r#"{"campaign":"春季大促","price":"299.00 CNY"}"#, r#"{"campaign":"春季大促","price":"299.00 CNY"}"#),
            (r#"{"a":"A+B 2026+1"}"#, r#"{"a":"A+B 2026+1"}"#),
            (
                r#"{"at":"2026-11-22T12:00:00Z","order":"202611221234567"}"#,
                r#"{"at":"2026-11-22T12:00:00Z","order":"202611221234567"}"#,
            ),
        ] {
            let after = impersonal(given.to_owned()).unwrap();
            assert_eq!(after, kept);
            assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok(), "{after}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_label_stays_readable_and_loses_its_address(before in ".{0,40}", after in ".{0,40}") {
            for address in ["canary@example.cn", "+8613800138000"] {
                let line = serde_json::json!({ "a": format!("{before}{address}{after}"), "b": 7 }).to_string();
                let kept = impersonal(line).unwrap();
                let read: serde_json::Value = serde_json::from_str(&kept).unwrap();
                assert_eq!(&read["b"], 7);
                assert!(!kept.contains("canary@") && !kept.contains("13800138000"), "{kept}");
            }
        }
    }
}
