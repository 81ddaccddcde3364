//! HTML source → the text a reader sees, with the way back to the source. Hidden elements, scripts,
//! styles and comments are not visible; block elements break sentences; link targets, struck-out text
//! and image descriptions are kept. Memory, depth and counts are bounded; beyond a bound there is a
//! doubt, never a silent cut.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use lol_html::html_content::{Element, TextType};
use lol_html::{HtmlRewriter, MemorySettings, Settings, doc_text, element};

use crate::understand::text::elements::{closes_before, counts_down, hides, is_block, is_unseen_element, is_void};
use crate::understand::text::entities::decode_entities;
use crate::understand::text::offsets::Offsets;

/// Open elements followed; mail clients themselves give up far earlier.
const DEPTH_MAX: usize = 256;
/// What the parser may hold besides the source.
const PARSER_BYTES_MAX: usize = 16 << 20;
/// Links and image descriptions kept.
const LINKS_MAX: usize = 2_000;

/// A link and the visible text it stands under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Link {
    /// Where it leads, entities decoded.
    pub url: String,
    /// Its text, as a range of the visible text.
    pub shown: Range<usize>,
}

/// What a reader sees of a part.
#[derive(Debug, Clone, Default)]
pub(in crate::understand) struct Visible {
    /// The text; `\n` where a block begins or ends.
    pub text: String,
    /// Back to the source.
    pub offsets: Offsets,
    /// Links, in order of their ends.
    pub links: Vec<Link>,
    /// Struck-out stretches of `text` (`del`, `s`, `strike`, line-through).
    pub struck: Vec<Range<usize>>,
    /// Source ranges of tags, in order.
    pub tags: Vec<Range<usize>>,
    /// How many pictures there are.
    pub images: usize,
    /// Source ranges of pictures that count down, by where they come from.
    pub countdowns: Vec<Range<usize>>,
    /// What could not be read.
    pub doubts: Vec<&'static str>,
}

impl Visible {
    /// Plain text is all visible.
    pub fn plain(text: &str) -> Visible {
        let mut visible = Visible { text: text.to_owned(), ..Visible::default() };
        visible.offsets.push(text.len(), 0..text.len(), true);
        visible
    }

    /// Reads HTML source.
    pub fn html(source: &str) -> Visible {
        let reader = Rc::new(RefCell::new(Reader::default()));
        let parsed = parse(source, &reader);
        let mut visible = {
            let mut reader = reader.borrow_mut();
            reader.flush(source);
            reader.close_all();
            std::mem::take(&mut reader.visible)
        };
        if parsed.is_err() {
            visible.doubts.push("the HTML is beyond what the reader may hold");
        }
        visible
    }
}

fn parse(source: &str, reader: &Rc<RefCell<Reader>>) -> Result<(), lol_html::errors::RewritingError> {
    let settings = Settings::new()
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(PARSER_BYTES_MAX))
        .with_strict(false)
        .append_element_content_handler(element!("*", |element: &mut Element<'_, '_>| {
            let mut state = reader.borrow_mut();
            state.flush(source);
            let opened = state.start(element);
            drop(state);
            if opened && element.can_have_content() {
                let reader = Rc::clone(reader);
                // One closing tag may close several elements (`<p>` left open): each is told, in turn.
                element.on_end_tag(Box::new(move |tag| {
                    let name = tag.name();
                    reader.borrow_mut().ends.push((name, tag.source_location().bytes()));
                    Ok(())
                }))?;
            }
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|chunk| {
            let mut state = reader.borrow_mut();
            let at = chunk.source_location().bytes();
            let visible = matches!(chunk.text_type(), TextType::Data | TextType::RCData | TextType::CDataSection);
            if visible {
                state.text(source, at);
            }
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(source.as_bytes())?;
    rewriter.end()
}

struct Open {
    name: String,
    hidden: bool,
    struck_from: Option<usize>,
    link: Option<(String, usize)>,
}

#[derive(Default)]
struct Reader {
    visible: Visible,
    open: Vec<Open>,
    hidden: usize,
    beyond: usize,
    /// Text not decoded yet: an entity may be cut by the parser's chunks, never by a tag.
    pending: Option<Range<usize>>,
    /// Closing tags seen since the last flush.
    ends: Vec<(String, Range<usize>)>,
    blank: bool,
    /// The closing tag seen last has closed its element.
    popped: bool,
}

impl Reader {
    fn text(&mut self, source: &str, at: Range<usize>) {
        if !self.ends.is_empty() {
            self.flush(source);
        }
        match &mut self.pending {
            Some(pending) if pending.end == at.start => pending.end = at.end,
            _ => {
                self.flush(source);
                self.pending = Some(at);
            }
        }
    }

    /// Brings everything seen so far into the visible text, in order.
    fn flush(&mut self, source: &str) {
        if let Some(at) = self.pending.take()
            && self.hidden == 0
        {
            match source.get(at.clone()) {
                Some(text) => self.show(text, at.start),
                None => self.doubt("the HTML could not be mapped to its source"),
            }
        }
        let mut ends = std::mem::take(&mut self.ends);
        for (name, at) in ends.drain(..) {
            self.end(&name, at);
        }
        // Given back for the next ones.
        self.ends = ends;
    }

    fn show(&mut self, text: &str, start: usize) {
        decode_entities(text, |decoded, at, exact| {
            let source = start + at.start..start + at.end;
            if decoded.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')) {
                if self.blank || self.visible.text.is_empty() {
                    self.visible.offsets.widen_last(source.end);
                } else {
                    self.visible.text.push(' ');
                    self.visible.offsets.push(1, source, false);
                    self.blank = true;
                }
                return;
            }
            self.visible.text.push_str(decoded);
            self.visible.offsets.push(decoded.len(), source, exact);
            self.blank = false;
        });
    }

    fn start(&mut self, element: &Element<'_, '_>) -> bool {
        let at = element.source_location().bytes();
        let name = element.tag_name();
        self.visible.tags.push(at.clone());
        if is_block(&name) {
            self.break_line(at.start);
        }
        if name == "img" {
            self.visible.images += 1;
            if self.hidden == 0 {
                self.describe(element);
                if element.get_attribute("src").is_some_and(|url| counts_down(&url)) {
                    self.visible.countdowns.push(at.clone());
                }
            }
        }
        if !element.can_have_content() || is_void(&name) {
            return false;
        }
        if let Some(open) = self.open.last()
            && closes_before(&open.name, &name)
        {
            let sibling = open.name.clone();
            self.pop(&sibling);
        }
        if self.open.len() >= DEPTH_MAX {
            self.beyond += 1;
            self.doubt("the HTML is nested too deep");
            return true;
        }
        let here = self.visible.text.len();
        let mut hidden = is_unseen_element(&name);
        let mut struck = matches!(name.as_str(), "del" | "s" | "strike");
        // `<b>` and its like have no attributes to look for.
        if at.len() > name.len() + "<>".len() {
            let mut style = element.get_attribute("style").unwrap_or_default();
            style.make_ascii_lowercase();
            hidden |= hides(&style) || element.has_attribute("hidden");
            struck |= style.contains("line-through");
        }
        let link = if name == "a" { element.get_attribute("href") } else { None };
        self.hidden += usize::from(hidden);
        self.open.push(Open {
            name,
            hidden,
            struck_from: struck.then_some(here),
            link: link.map(|url| (decoded(&url), here)),
        });
        true
    }

    /// The text shown when pictures are off is read as a block of its own.
    fn describe(&mut self, element: &Element<'_, '_>) {
        let Some(alt) = element.attributes().iter().find(|a| a.name() == "alt") else { return };
        let Some(at) = alt.value_source_location().map(|l| l.bytes()) else { return };
        let value = alt.value();
        if value.trim().is_empty() || value.len() != at.len() {
            return;
        }
        self.break_line(at.start);
        self.show(&value, at.start);
        self.break_line(at.end);
    }

    /// One closing tag is told once for every element it closes.
    fn end(&mut self, name: &str, at: Range<usize>) {
        let again = self.visible.tags.last() == Some(&at);
        if !again {
            if is_block(name) {
                self.break_line(at.start);
            }
            self.visible.tags.push(at);
            self.popped = false;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if !self.popped {
            self.popped = true;
            self.pop(name);
        }
    }

    /// Closes the innermost `name` and all that is open inside it.
    fn pop(&mut self, name: &str) {
        let Some(depth) = self.open.iter().rposition(|open| open.name == name) else { return };
        while self.open.len() > depth {
            self.pop_one();
        }
    }

    fn pop_one(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.hidden -= usize::from(open.hidden);
        let here = self.visible.text.len();
        if let Some(from) = open.struck_from
            && from < here
        {
            self.visible.struck.push(from..here);
        }
        if let Some((url, from)) = open.link {
            if self.visible.links.len() < LINKS_MAX {
                self.visible.links.push(Link { url, shown: from..here });
            } else {
                self.doubt("the HTML has too many links");
            }
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.pop_one();
        }
    }

    fn break_line(&mut self, at: usize) {
        if self.hidden == 0 && !self.visible.text.is_empty() && !self.visible.text.ends_with('\n') {
            self.visible.text.push('\n');
            self.visible.offsets.push(1, at..at, false);
            self.blank = true;
        }
    }

    fn doubt(&mut self, doubt: &'static str) {
        if !self.visible.doubts.contains(&doubt) {
            self.visible.doubts.push(doubt);
        }
    }
}

fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    decode_entities(text, |decoded, _, _| out.push_str(decoded));
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_is_read() {
        let source = "<head><title>x</title></head><style>p{}</style><p>BT-200 &yen;<b>299</b> <!-- 9 --><span \
                      style='display: none'>hidden</span><s>&#165;399</s></p><div hidden>no</div><script>no</script>\
                      <a href='https://x.example/?a=1&amp;sku=BT-200'>Buy</a><img alt='限时&#x32;99元'>";
        let visible = Visible::html(source);
        assert_eq!(visible.text.trim(), "BT-200 ¥299 ¥399\nBuy\n限时299元");
        assert_eq!(visible.links[0].url, "https://x.example/?a=1&sku=BT-200");
        assert_eq!(&visible.text[visible.struck[0].clone()], "¥399");
        assert!(visible.doubts.is_empty());
        let at = visible.text.find("¥299").unwrap();
        assert_eq!(visible.offsets.whole(at..at + "¥299".len()).map(|r| &source[r]), Some("&yen;<b>299"));
    }

    #[test]
    fn an_element_left_open_hides_no_more_than_a_browser_hides() {
        let visible = Visible::html("<p style='display:none'>preheader<p>seen<ul><li hidden>a<li>b</ul>c");
        assert_eq!(visible.text.trim(), "seen\nb\nc");
    }

    #[test]
    fn depth_is_bounded_and_told() {
        let visible = Visible::html(&format!("{}deep{}after", "<div>".repeat(5_000), "</div>".repeat(5_000)));
        assert!(visible.text.contains("deep") && visible.text.contains("after"));
        assert_eq!(visible.doubts, ["the HTML is nested too deep"]);
    }
}
