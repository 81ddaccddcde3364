//! What HTML elements do to a reader: break a line, hold nothing, show nothing.

use std::borrow::Cow;

/// Elements that hold nothing.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements that begin a line of their own: a sentence does not run across them.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "button"
            | "center"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "select"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "title"
            | "tr"
            | "ul"
    )
}

/// Elements whose content no mail client shows as text.
pub(super) fn is_unseen_element(name: &str) -> bool {
    matches!(name, "head" | "script" | "style" | "template" | "noscript" | "object" | "svg" | "math" | "datalist")
}

/// True when a browser closes `open` itself because `next` begins (HTML §13.1.2.4, optional tags).
pub(super) fn closes_before(open: &str, next: &str) -> bool {
    match open {
        "p" => is_block(next) && next != "br" && next != "button",
        "li" => next == "li",
        "td" | "th" => matches!(next, "td" | "th" | "tr"),
        "tr" => next == "tr",
        "option" => next == "option",
        "dt" | "dd" => matches!(next, "dt" | "dd"),
        "head" => next == "body",
        _ => false,
    }
}

/// Inline styles that show nothing. What a style sheet hides stays visible to us: then a decoy is
/// read, which errs towards caution.
pub(super) fn hides(style: &str) -> bool {
    let mut tight = Cow::Borrowed(style);
    if style.contains(char::is_whitespace) {
        tight = style.split_whitespace().collect();
    }
    tight.split(';').any(|rule| {
        let rule = rule.trim_end_matches("!important");
        matches!(rule, "display:none" | "visibility:hidden" | "mso-hide:all" | "opacity:0" | "font-size:0")
            || (rule.starts_with("font-size:0") && rule["font-size:0".len()..].chars().all(|c| c.is_ascii_alphabetic()))
    })
}
