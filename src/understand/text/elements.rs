//! What HTML elements do to a reader: break a line, hold nothing, show nothing.

use std::borrow::Cow;

/// Elements that hold nothing.
pub(in crate::understand) fn is_void(name: &str) -> bool {
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
pub(in crate::understand) fn is_block(name: &str) -> bool {
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
pub(in crate::understand) fn is_unseen_element(name: &str) -> bool {
    matches!(name, "head" | "script" | "style" | "template" | "noscript" | "object" | "svg" | "math" | "datalist")
}

/// True when a browser closes `open` itself because `next` begins (HTML §13.1.2.4, optional tags).
pub(in crate::understand) fn closes_before(open: &str, next: &str) -> bool {
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
pub(in crate::understand) fn hides(style: &str) -> bool {
    let mut tight = Cow::Borrowed(style);
    if style.contains(char::is_whitespace) {
        tight = style.split_whitespace().collect();
    }
    let mut no_room = false;
    let mut cut = false;
    let hidden = tight.split(';').any(|rule| {
        let rule = rule.trim_end_matches("!important");
        let (name, value) = rule.split_once(':').unwrap_or((rule, ""));
        let none = || {
            let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
            value[..digits].parse::<f32>().is_ok_and(|size| size <= 0.01)
        };
        no_room |= matches!(name, "max-height" | "height" | "max-width" | "width") && none();
        cut |= name == "overflow" && value == "hidden";
        match name {
            "display" => value == "none",
            "visibility" => value == "hidden",
            "mso-hide" => value == "all",
            "opacity" => none(),
            // One pixel is for machines, too.
            "font-size" => none() || value == "1px" || value == "1pt",
            "color" => value == "transparent",
            "text-indent" => value.starts_with("-999"),
            _ => false,
        }
    });
    hidden || no_room && cut
}

/// Whether a picture counts down: its address says so, or it comes from a maker of such pictures.
pub(in crate::understand) fn counts_down(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let says = ["countdown", "count-down", "count_down", "daojishi"].iter().any(|word| url.contains(word));
    let makers = ["motionmailapp", "sendtric", "mailtimers", "emailclock", "gifcountdown", "timer.plus"];
    // A word of its own: `/timer.gif?end=`, `promo-timer`; not `/egg-timers/`, which are for sale.
    let is_timer = || {
        url.match_indices("timer").any(|(at, word)| {
            let bytes = url.as_bytes();
            let part = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
            !part(at.checked_sub(1)) && !part(Some(at + word.len())) && url.contains(['?', '='])
        })
    };
    says || makers.iter().any(|maker| url.contains(maker)) || is_timer()
}
