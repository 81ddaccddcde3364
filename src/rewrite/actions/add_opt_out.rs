//! Appends the way to refuse where it is missing.

use super::super::appending::{append, one_line};
use super::super::{Original, links::has_opt_out};
use crate::message::Edit;
use crate::providers::Unfit;

/// Longest link that is appended.
const URL_BYTES_MAX: usize = 2_000;

pub(super) fn edits(original: &Original<'_>, text: &str, url: Option<&str>) -> Result<Vec<Edit>, Unfit> {
    let text = one_line(text, "the opt-out text")?;
    let url = url.map(checked_url).transpose()?;
    let has = |part: &str| part.contains(text) || url.is_some_and(|url| part.contains(url)) || has_opt_out(part);
    append(original, text, url, has)
}

/// Only links that a mail may carry: no `javascript:`, no blanks or control characters.
fn checked_url(url: &str) -> Result<&str, Unfit> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let known = matches!(scheme.as_str(), "http" | "https" | "mailto") && url.len() > scheme.len() + 1;
    if !known || url.len() > URL_BYTES_MAX || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Unfit("the opt-out link is not an http, https or mailto address".to_owned()));
    }
    Ok(url)
}
