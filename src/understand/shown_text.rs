//! What a person sees, as text to be searched: markup gone, in the spelling of the lexicons, blanks as one blank.
//! For rules that want words in a message, or out of it.

use serde::{Deserialize, Deserializer};

use super::text::html::Visible;
use super::text::normal::{Normal, fold_phrase};
use super::{PART_BYTES_MAX, PARTS_MAX};
use crate::message::{Content, PartKind};

/// Characters a `*` stands for.
const GAP_CHARS_MAX: usize = 40;

/// The parts of a message as a person sees them.
#[derive(Debug, Clone, Default)]
pub struct ShownText {
    parts: Vec<(PartKind, String)>,
}

impl ShownText {
    /// Reads them.
    pub fn of(content: &Content) -> ShownText {
        let readable = content.parts.iter().take(PARTS_MAX).filter(|part| part.text.len() <= PART_BYTES_MAX);
        let parts = readable.map(|part| {
            let visible = match part.kind {
                PartKind::Html => Visible::html(&part.text),
                PartKind::Subject | PartKind::Plain => Visible::plain(&part.text),
            };
            (part.kind, squeezed(&Normal::of(&visible.text).text))
        });
        ShownText { parts: parts.collect() }
    }

    /// The subject, of a mail.
    pub fn subject(&self) -> Option<&str> {
        self.parts.iter().find(|(kind, _)| *kind == PartKind::Subject).map(|(_, text)| text.as_str())
    }

    /// Text and HTML.
    pub fn bodies(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(|(kind, _)| *kind != PartKind::Subject).map(|(_, text)| text.as_str())
    }

    /// True when there is one.
    pub fn has_body(&self) -> bool {
        self.bodies().next().is_some()
    }
}

/// Where in a part words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Anywhere.
    #[default]
    Anywhere,
    /// At its beginning.
    Start,
    /// At its end.
    End,
    /// At its beginning or its end.
    Edge,
}

/// Words to be looked for; `*` stands for a few characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// As it was written.
    pub said: String,
    pieces: Vec<String>,
}

impl Phrase {
    /// Makes it ready.
    pub fn of(said: &str) -> Phrase {
        let pieces = said.split('*').map(|piece| squeezed(&fold_phrase(piece))).filter(|piece| !piece.is_empty());
        Phrase { said: said.to_owned(), pieces: pieces.collect() }
    }

    /// True when it says nothing.
    pub fn is_blank(&self) -> bool {
        self.pieces.is_empty()
    }

    /// True when the (squeezed) text says it there.
    pub fn is_in(&self, text: &str, place: Place) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return false };
        match place {
            Place::Start => text.starts_with(first.as_str()) && ends_of(text, first.len(), rest).is_some(),
            Place::End => self.each(text, first, rest).any(|end| end == text.len()),
            Place::Anywhere => self.each(text, first, rest).next().is_some(),
            Place::Edge => self.is_in(text, Place::Start) || self.is_in(text, Place::End),
        }
    }

    /// Where it ends, each time it is said.
    fn each<'a>(&self, text: &'a str, first: &'a str, rest: &'a [String]) -> impl Iterator<Item = usize> + 'a {
        text.match_indices(first).filter_map(move |(at, _)| ends_of(text, at + first.len(), rest))
    }
}

/// Where the further pieces end, each within a few characters of the one before.
fn ends_of(text: &str, from: usize, rest: &[String]) -> Option<usize> {
    rest.iter().try_fold(from, |from, piece| {
        let after = text.get(from..)?;
        let reach = after.char_indices().nth(GAP_CHARS_MAX).map_or(after.len(), |(at, _)| at);
        let reach = after.ceil_char_boundary((reach + piece.len()).min(after.len()));
        Some(from + after.get(..reach)?.find(piece.as_str())? + piece.len())
    })
}

/// Blanks and line ends as one blank, none at the ends.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

impl<'de> Deserialize<'de> for Phrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Phrase, D::Error> {
        String::deserialize(deserializer).map(|said| Phrase::of(&said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Part;

    fn shown(kind: PartKind, text: &str) -> String {
        let content = Content { parts: vec![Part { kind, text: text.into() }], ..Content::default() };
        ShownText::of(&content).parts.remove(0).1
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        for (phrase, text, place) in [
            ("【*】", "【某某商城】您好", Place::Start),
            ("【*】", "您好【某某商城】", Place::Edge),
            ("回T退订", "优惠。回Ｔ退訂", Place::End),
            ("回T退订", "回\u{200b}T退订", Place::Anywhere),
            ("1 Main Street, Springfield", "Shop Ltd.\r\n1 Main  Street,\r\nSpringfield", Place::End),
            ("re:", "Re: your order", Place::Start),
        ] {
            assert!(Phrase::of(phrase).is_in(&shown(PartKind::Plain, text), place), "{phrase} in {text}");
        }
        assert!(Phrase::of("Opt out").is_in(&shown(PartKind::Html, "<p>opt <b>out</b></p>"), Place::Anywhere));
        for (phrase, text, place) in [
            ("【*】", "您好【某某商城】再见", Place::Edge),
            ("re:", "About re: zero", Place::Start),
            ("a*b", &format!("a{}b", "x".repeat(41)), Place::Anywhere),
            ("", "anything", Place::Anywhere),
        ] {
            assert!(!Phrase::of(phrase).is_in(&shown(PartKind::Plain, text), place), "{phrase} in {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_without_harm(text in "(\\PC|[【】限時 *]){0,40}", phrase in "(\\PC|[【】*]){0,8}") {
            let shown = shown(PartKind::Plain, &text);
            for place in [Place::Anywhere, Place::Start, Place::End, Place::Edge] {
                let _ = Phrase::of(&phrase).is_in(&shown, place);
            }
            let whole = Phrase::of(&text.replace('*', " "));
            if !text.contains('*') && !whole.is_blank() {
                proptest::prop_assert!(whole.is_in(&shown, Place::Start) && whole.is_in(&shown, Place::End));
            }
        }
    }
}
