//! Says who sends an SMS: 【某某商城】 or `Brand:` before or behind the words, where neither is. One signature
//! is enough: carriers refuse two. Refuses mails, whose sender stands in their header.

use super::super::Original;
use super::SignatureAt;
use crate::message::{Edit, Span};
use crate::policy::Texts;
use crate::providers::Unfit;

/// Longest signature; carriers in China take 2 to 20 characters between the brackets.
const CHARS_MAX: usize = 32;

pub(super) fn edits(original: &Original<'_>, text: &str, at: SignatureAt) -> Result<Vec<Edit>, Unfit> {
    let text = text.trim();
    if !fits(text) {
        return Err(Unfit("the signature is empty, too long or more than one line".to_owned()));
    }
    let [sms] = &original.content().parts[..] else {
        return Err(Unfit("only an SMS has a signature".to_owned()));
    };
    if !original.is_sms() {
        return Err(Unfit("only an SMS has a signature".to_owned()));
    }
    if is_signed(&sms.text, text) {
        return Ok(Vec::new());
    }
    let bracketed = text.ends_with('】');
    let (at, replacement) = match at {
        SignatureAt::Start => {
            let at = sms.text.len() - sms.text.trim_start().len();
            (at, format!("{text}{}", if bracketed { "" } else { " " }))
        }
        SignatureAt::End => (sms.text.trim_end().len(), format!("{}{text}", if bracketed { "" } else { " " })),
    };
    let span = Span::new(0, at..at).ok_or_else(|| Unfit("a part is too long".to_owned()))?;
    Ok(vec![Edit { span, replacement }])
}

pub(super) fn check(text: &Texts) -> Result<(), String> {
    match [&text.en, &text.zh].into_iter().flatten().find(|text| !fits(text.trim())) {
        Some(text) => Err(format!("`{text}` is no signature: one line of 1 to {CHARS_MAX} characters")),
        None => Ok(()),
    }
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= CHARS_MAX && !text.chars().any(char::is_control)
}

/// Signed in brackets, whoever by; or by this very name at either end.
fn is_signed(sms: &str, text: &str) -> bool {
    let sms = sms.trim();
    let bracketed = |open: char, close: char| {
        sms.starts_with(open) && sms.contains(close) || sms.ends_with(close) && sms.contains(open)
    };
    let name = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let words = sms.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    bracketed('【', '】') || bracketed('[', ']') || words.starts_with(&name) || words.ends_with(&name)
}
