//! The outline of an HTML part: where its tags and its visible text stand. Read with lol_html, which
//! is linear and bounded; nothing is serialised, because a part that is not edited must keep its bytes.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use lol_html::html_content::TextType;
use lol_html::{HtmlRewriter, MemorySettings, Settings, doc_comments, doc_text, element, end_tag};

use crate::providers::Unfit;

/// What the parser may hold at once; a mail's elements nest a few dozen deep.
const PARSER_BYTES_MAX: usize = 1024 * 1024;
/// Tags looked at.
const TAGS_MAX: usize = 200_000;

/// Tags and text of an HTML source, in the order of the source.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Tags and comments, ascending.
    pub(super) tags: Vec<Tag>,
    /// Visible text, ascending.
    pub(super) texts: Vec<Range<usize>>,
}

/// A tag or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Where it stands.
    pub(super) place: Range<usize>,
    /// Lower-case; empty for a comment.
    pub(super) name: String,
    pub(super) kind: TagKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TagKind {
    /// With where its end tag stands, if it has one.
    Start(Option<Range<usize>>),
    /// With where its start tag stands.
    End(Range<usize>),
    /// `<br>`, `<img>`: never has content.
    Void,
    Comment,
}

impl Outline {
    /// Reads it.
    pub(super) fn read(source: &str) -> Result<Outline, Unfit> {
        let outline = Rc::new(RefCell::new(Outline::default()));
        let (tags, comments, texts) = (Rc::clone(&outline), Rc::clone(&outline), Rc::clone(&outline));
        let too_many = || -> lol_html::HandlerResult { Err("too many tags".into()) };
        let settings = Settings::new()
            .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(PARSER_BYTES_MAX))
            .append_element_content_handler(element!("*", move |element| {
                let place = element.source_location().bytes();
                let name = element.tag_name();
                let kind = if element.can_have_content() { TagKind::Start(None) } else { TagKind::Void };
                let index = tags.borrow().tags.len();
                if index >= TAGS_MAX {
                    return too_many();
                }
                tags.borrow_mut().tags.push(Tag { place: place.clone(), name: name.clone(), kind });
                if element.can_have_content() {
                    let tags = Rc::clone(&tags);
                    element.on_end_tag(end_tag!(move |end| {
                        let end_place = end.source_location().bytes();
                        let mut outline = tags.borrow_mut();
                        if let Some(start) = outline.tags.get_mut(index) {
                            start.kind = TagKind::Start(Some(end_place.clone()));
                        }
                        let kind = TagKind::End(place.clone());
                        outline.tags.push(Tag { place: end_place, name: name.clone(), kind });
                        Ok(())
                    }))?;
                }
                Ok(())
            }))
            .append_document_content_handler(doc_comments!(move |comment| {
                let place = comment.source_location().bytes();
                comments.borrow_mut().tags.push(Tag { place, name: String::new(), kind: TagKind::Comment });
                Ok(())
            }))
            .append_document_content_handler(doc_text!(move |text| {
                let place = text.source_location().bytes();
                if matches!(text.text_type(), TextType::Data | TextType::PlainText) && !place.is_empty() {
                    texts.borrow_mut().texts.push(place);
                }
                Ok(())
            }));
        let unreadable = |_| Unfit("the HTML cannot be read safely".to_owned());
        let mut parser = HtmlRewriter::new(settings, |_: &[u8]| {});
        parser.write(source.as_bytes()).map_err(unreadable)?;
        parser.end().map_err(unreadable)?;
        let outline = outline.take();
        let whole =
            outline.tags.iter().map(|t| &t.place).chain(&outline.texts).all(|p| source.get(p.clone()).is_some());
        if whole { Ok(outline) } else { Err(Unfit("the HTML cannot be read safely".to_owned())) }
    }

    /// The visible text, a blank between pieces.
    pub(super) fn shown(&self, source: &str) -> String {
        let mut shown = String::new();
        for place in &self.texts {
            shown.push_str(source.get(place.clone()).unwrap_or_default());
            shown.push('\n');
        }
        shown
    }

    /// Stretches of text with no tag inside: the parser gives long ones in pieces.
    pub(super) fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for text in &self.texts {
            match runs.last_mut() {
                Some(run) if run.end == text.start => run.end = text.end,
                _ => runs.push(text.clone()),
            }
        }
        runs
    }

    /// Where new content goes at the end: before `</body>`, else before `</html>`, else behind everything.
    pub(super) fn end_of_body(&self, source: &str) -> usize {
        let last = |name: &str| {
            self.tags.iter().rev().find(|t| t.name == name && matches!(t.kind, TagKind::End(_))).map(|t| t.place.start)
        };
        last("body").or_else(|| last("html")).unwrap_or(source.len())
    }
}

/// Characters that are not blank; `&nbsp;` is.
pub(super) fn visible(text: &str) -> usize {
    text.replace("&nbsp;", "").chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).count()
}

/// Zero-width characters and fillers.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{034f}')
}
