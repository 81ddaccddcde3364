//! Places in decoded text, and replacements at them. A span is (part, byte range in that part's
//! decoded text); every layer below keeps its own way back to the raw bytes (design §3, *Spans*).

use serde::{Deserialize, Serialize};

/// A half-open byte range of one part's decoded text, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Index into [`super::Content::parts`].
    pub part: u16,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// No place in a part: a header field. No content has this many parts.
    const HEADER: u16 = u16::MAX;

    /// The span of `range` in part number `part`; `None` when it does not fit the fields, which the
    /// doors' size limits make impossible for real messages.
    pub fn new(part: usize, range: std::ops::Range<usize>) -> Option<Span> {
        Some(Span {
            part: u16::try_from(part).ok()?,
            start: u32::try_from(range.start).ok()?,
            end: u32::try_from(range.end).ok()?,
        })
    }

    /// The byte range in the part's text.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// True when the two share a byte of the same part.
    pub fn overlaps(&self, other: &Span) -> bool {
        self.part == other.part && self.start < other.end && other.start < self.end
    }
}

/// One replacement on the decoded text of one part. Several edits of a message apply all or not at
/// all, and never overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty (start = end) to insert.
    pub span: Span,
    /// What stands there instead: for an HTML part, HTML.
    pub replacement: String,
}

impl Edit {
    /// A header field that the message is to carry, in place of those of that name. It stands at a part
    /// that no content has, so a dialect that knows no header fields refuses it like any edit that names no
    /// part of its own.
    pub fn field(name: &str, value: &str) -> Edit {
        Edit { span: Span { part: Span::HEADER, start: 0, end: 0 }, replacement: format!("{name}: {value}") }
    }

    /// The name and value, when this is a header field.
    pub fn as_field(&self) -> Option<(&str, &str)> {
        if self.span.part == Span::HEADER { self.replacement.split_once(": ") } else { None }
    }
}
