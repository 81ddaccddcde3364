//! Where words are put that a message lacks: behind the words of an SMS (before its signature and before
//! the way to refuse, which carriers want last), as a last line of a text part, as a last paragraph of an
//! HTML part.

use super::Original;
use super::html::Outline;
use crate::message::{Edit, Language, PartKind, Span};
use crate::providers::Unfit;
use crate::understand::OptOut;

/// Longest words that are appended.
const TEXT_CHARS_MAX: usize = 300;

/// The words as they may be appended: one line, not too long.
pub(super) fn one_line<'t>(text: &'t str, what: &str) -> Result<&'t str, Unfit> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Unfit(format!("{what} is empty, too long or more than one line")));
    }
    Ok(text)
}

/// Appends the words to every part that does not have them: `has` is given each part's text.
pub(super) fn append(
    original: &Original<'_>,
    text: &str,
    url: Option<&str>,
    has: impl Fn(&str) -> bool,
) -> Result<Vec<Edit>, Unfit> {
    let mut edits = Vec::new();
    let mut places = 0;
    for (index, part) in original.content().parts.iter().enumerate() {
        if part.kind == PartKind::Subject {
            continue;
        }
        places += 1;
        if has(&part.text) {
            continue;
        }
        let (at, replacement) = match part.kind {
            PartKind::Html => (Outline::read(&part.text)?.end_of_body(&part.text), paragraph(text, url)),
            _ if original.is_sms() => behind_sms(original, &part.text, text),
            _ => line(&part.text, text, url),
        };
        let span = Span::new(index, at..at).ok_or_else(|| Unfit("a part is too long".to_owned()))?;
        edits.push(Edit { span, replacement });
    }
    if places == 0 { Err(Unfit("the message has no text to append to".to_owned())) } else { Ok(edits) }
}

/// Before a signature at the end (【…】 stands first or last) and before the way to refuse, with a comma
/// or full stop where none is.
fn behind_sms(original: &Original<'_>, sms: &str, text: &str) -> (usize, String) {
    let language = original.language();
    let end = sms.trim_end().len();
    let signature = sms[..end].strip_suffix('】').and_then(|body| body.rfind('【')).filter(|at| *at > 0);
    let mut at = signature.map_or(end, |at| sms[..at].trim_end().len());
    let mut before_refusal = false;
    if let Some(OptOut::Text(refusal)) = original.meaning.opt_out
        && refusal.end as usize >= at
        && (1..at).contains(&(refusal.start as usize))
    {
        at = refusal.start as usize;
        before_refusal = true;
    }
    let before = sms[..at].trim_end().chars().next_back();
    let closed = before.is_none_or(|c| "。，！？；：、,.!?;:】)）]".contains(c));
    let opened = text.starts_with(['，', ',', '。', '.', ' ', '；', ';', '(', '（', '[']);
    let spaced = sms[..at].ends_with(char::is_whitespace);
    let joint = match (opened, closed, language) {
        (true, ..) | (_, true, Language::Zh) => "",
        (_, true, Language::En) if spaced => "",
        (_, true, Language::En) => " ",
        (_, false, Language::Zh) => "，",
        (_, false, Language::En) => ". ",
    };
    let tail = match (before_refusal, text.ends_with(['。', '，', '！', '.', '!', ','])) {
        (false, _) => "",
        (true, ended) => match (ended, language) {
            (true, Language::Zh) => "",
            (true, Language::En) => " ",
            (false, Language::Zh) => "，",
            (false, Language::En) => ". ",
        },
    };
    (at, format!("{joint}{text}{tail}"))
}

fn line(part: &str, text: &str, url: Option<&str>) -> (usize, String) {
    let newline = newline(part);
    let at = part.trim_end().len();
    let url = url.map(|url| format!(": {url}")).unwrap_or_default();
    let lead = if at == 0 { String::new() } else { newline.repeat(2) };
    let tail = if part[at..].is_empty() { newline } else { "" };
    (at, format!("{lead}{text}{url}{tail}"))
}

/// The line break a part uses.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") || !text.contains('\n') { "\r\n" } else { "\n" }
}

fn paragraph(text: &str, url: Option<&str>) -> String {
    let text = escaped(text);
    match url {
        Some(url) => format!("<p><a href=\"{}\">{text}</a></p>", escaped(url)),
        None => format!("<p>{text}</p>"),
    }
}

/// Text as it stands in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
