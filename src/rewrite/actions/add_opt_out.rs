//! Appends the way to refuse where it is missing: behind the words of an SMS, as a last line of a text
//! part, as a last paragraph of an HTML part.

use super::super::html::Outline;
use super::{has_opt_out, is_sms, newline};
use crate::message::{Content, Edit, Language, Part, PartKind, Span};
use crate::providers::Unfit;

/// Longest words and link that are appended.
const TEXT_CHARS_MAX: usize = 300;
const URL_BYTES_MAX: usize = 2_000;

pub(super) fn edits(content: &Content, text: &str, url: Option<&str>, language: Language) -> Result<Vec<Edit>, Unfit> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(unfit("the opt-out text is empty, too long or more than one line"));
    }
    let url = url.map(checked_url).transpose()?;
    let sms = is_sms(content);
    let mut edits = Vec::new();
    let mut places = 0;
    for (index, part) in content.parts.iter().enumerate() {
        if part.kind == PartKind::Subject {
            continue;
        }
        places += 1;
        if has_already(part, text, url) {
            continue;
        }
        let (at, replacement) = match part.kind {
            PartKind::Html => (Outline::read(&part.text)?.end_of_body(&part.text), paragraph(text, url)),
            _ if sms => suffix(&part.text, text, language),
            _ => line(&part.text, text, url),
        };
        let span = Span::new(index, at..at).ok_or_else(|| unfit("a part is too long"))?;
        edits.push(Edit { span, replacement });
    }
    if places == 0 { Err(unfit("the message has no text to append to")) } else { Ok(edits) }
}

fn has_already(part: &Part, text: &str, url: Option<&str>) -> bool {
    part.text.contains(text) || url.is_some_and(|url| part.text.contains(url)) || has_opt_out(&part.text)
}

/// Before a signature at the end (【…】 stands first or last), with a comma or full stop where none is.
fn suffix(sms: &str, text: &str, language: Language) -> (usize, String) {
    let end = sms.trim_end().len();
    let signature = sms[..end].strip_suffix('】').and_then(|body| body.rfind('【')).filter(|at| *at > 0);
    let at = signature.map_or(end, |at| sms[..at].trim_end().len());
    let before = sms[..at].chars().next_back();
    let closed = before.is_none_or(|c| "。，！？；：、,.!?;:】)）]".contains(c));
    let opened = text.starts_with(['，', ',', '。', '.', ' ', '；', ';', '(', '（', '[']);
    let joint = match (opened, closed, language) {
        (true, ..) | (_, true, Language::Zh) => "",
        (_, true, Language::En) => " ",
        (_, false, Language::Zh) => "，",
        (_, false, Language::En) => ". ",
    };
    (at, format!("{joint}{text}"))
}

fn line(part: &str, text: &str, url: Option<&str>) -> (usize, String) {
    let newline = newline(part);
    let at = part.trim_end().len();
    let url = url.map(|url| format!(": {url}")).unwrap_or_default();
    let lead = if at == 0 { String::new() } else { newline.repeat(2) };
    let tail = if part[at..].is_empty() { newline } else { "" };
    (at, format!("{lead}{text}{url}{tail}"))
}

fn paragraph(text: &str, url: Option<&str>) -> String {
    let text = escaped(text);
    match url {
        Some(url) => format!("<p><a href=\"{}\">{text}</a></p>", escaped(url)),
        None => format!("<p>{text}</p>"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Only links that a mail may carry: no `javascript:`, no blanks or control characters.
fn checked_url(url: &str) -> Result<&str, Unfit> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let known = matches!(scheme.as_str(), "http" | "https" | "mailto") && url.len() > scheme.len() + 1;
    if !known || url.len() > URL_BYTES_MAX || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(unfit("the opt-out link is not an http, https or mailto address"));
    }
    Ok(url)
}

fn unfit(why: &str) -> Unfit {
    Unfit(why.to_owned())
}
