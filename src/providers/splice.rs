//! Editing bytes in place: where decoded text came from in the raw bytes, and a set of replacements
//! applied at once. Whatever no edit names stays the client's own bytes.

use std::ops::Range;

use bytes::Bytes;

/// Decoded text that knows which raw bytes each of its characters came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    origin: usize,
    runs: Vec<Run>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    decoded: Range<usize>,
    raw: Range<usize>,
    /// One byte here is one byte there; else the run is replaced as a whole or not at all.
    verbatim: bool,
}

impl Decoded {
    /// Empty text whose raw bytes begin at `origin`.
    pub fn starting_at(origin: usize) -> Decoded {
        Decoded { text: String::new(), origin, runs: Vec::new() }
    }

    /// Where the raw bytes begin.
    pub fn origin(&self) -> usize {
        self.origin
    }

    /// Text that stands in the raw bytes as it is, from `raw_start` on.
    pub fn push_verbatim(&mut self, text: &str, raw_start: usize) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let (decoded, raw) = (start..self.text.len(), raw_start..raw_start + text.len());
        match self.runs.last_mut() {
            Some(run) if run.verbatim && run.raw.end == raw_start => {
                run.decoded.end = decoded.end;
                run.raw.end = raw.end;
            }
            _ => self.runs.push(Run { decoded, raw, verbatim: true }),
        }
    }

    /// Text that stands for `raw` as a whole: an escape, a placeholder.
    pub fn push_atom(&mut self, text: &str, raw: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(text);
        self.runs.push(Run { decoded: start..self.text.len(), raw, verbatim: false });
    }

    /// The raw bytes behind a range of the text; `None` when it cuts an atom or is out of bounds.
    pub fn raw(&self, range: Range<usize>) -> Option<Range<usize>> {
        let inside = range.start <= range.end && range.end <= self.text.len();
        if !inside || !self.text.is_char_boundary(range.start) || !self.text.is_char_boundary(range.end) {
            return None;
        }
        let start = self.raw_start(range.start)?;
        let end = if range.is_empty() { start } else { self.raw_end(range.end)? };
        (start <= end).then_some(start..end)
    }

    fn raw_start(&self, at: usize) -> Option<usize> {
        let after = self.runs.partition_point(|run| run.decoded.start <= at);
        let Some(run) = after.checked_sub(1).and_then(|index| self.runs.get(index)) else {
            return Some(self.origin);
        };
        match at {
            _ if at == run.decoded.end && !run.decoded.is_empty() => Some(run.raw.end),
            _ if run.verbatim => Some(run.raw.start + (at - run.decoded.start)),
            _ => (at == run.decoded.start).then_some(run.raw.start),
        }
    }

    fn raw_end(&self, at: usize) -> Option<usize> {
        let run = self.runs.get(self.runs.partition_point(|run| run.decoded.end < at))?;
        match run.verbatim {
            true => Some(run.raw.start + (at - run.decoded.start)),
            false => (at == run.decoded.end).then_some(run.raw.end),
        }
    }
}

/// Replacements on raw bytes, applied together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Splice {
    edits: Vec<(Range<usize>, String)>,
}

impl Splice {
    /// Replaces a range. The same replacement named twice counts once.
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        let edit = (range, with.into());
        if !self.edits.contains(&edit) {
            self.edits.push(edit);
        }
    }

    /// Takes a range away.
    pub fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// True when nothing changes.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The bytes with all edits made; `None` when two overlap or one is out of bounds: a change is
    /// made whole or not at all. Without edits the very same bytes.
    pub fn apply(mut self, raw: &Bytes) -> Option<Bytes> {
        if self.edits.is_empty() {
            return Some(raw.clone());
        }
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = Vec::with_capacity(raw.len() + self.edits.iter().map(|(_, with)| with.len()).sum::<usize>());
        let mut at = 0;
        for (range, with) in &self.edits {
            out.extend_from_slice(raw.get(at..range.start)?);
            if range.end < range.start {
                return None;
            }
            out.extend_from_slice(with.as_bytes());
            at = range.end;
        }
        out.extend_from_slice(raw.get(at..)?);
        Some(Bytes::from(out))
    }
}

/// What to take out of a comma-separated row so that the members not `gone` stay a well-formed row.
/// `spans` are the members' own bytes, in order.
pub fn without(spans: &[Range<usize>], gone: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut kept_before = false;
    let mut ranges = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        if !gone(index) {
            kept_before = true;
        } else if kept_before {
            let before = index.checked_sub(1).and_then(|i| spans.get(i)).map_or(span.start, |s| s.end);
            ranges.push(before..span.end);
        } else {
            ranges.push(span.start..spans.get(index + 1).map_or(span.end, |next| next.start));
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_text_finds_its_way_back() {
        // raw: `a\u4f60b`, decoded: `a你b`
        let mut decoded = Decoded::starting_at(10);
        decoded.push_verbatim("a", 10);
        decoded.push_atom("你", 11..17);
        decoded.push_verbatim("b", 17);
        assert_eq!(decoded.text, "a你b");
        assert_eq!(decoded.raw(0..5), Some(10..18));
        assert_eq!(decoded.raw(1..4), Some(11..17));
        assert_eq!(decoded.raw(4..4), Some(17..17));
        assert_eq!(decoded.raw(5..5), Some(18..18));
        assert_eq!(decoded.raw(1..2), None, "inside a character");
        assert_eq!(decoded.raw(0..6), None);
        assert_eq!(Decoded::starting_at(3).raw(0..0), Some(3..3));
    }

    #[test]
    fn an_atom_goes_whole_or_not_at_all() {
        let mut decoded = Decoded::starting_at(0);
        decoded.push_verbatim("Hi ", 0);
        decoded.push_atom("Ann", 3..9);
        assert_eq!(decoded.raw(3..6), Some(3..9));
        assert_eq!(decoded.raw(0..4), None);
        assert_eq!(decoded.raw(4..6), None);
    }

    #[test]
    fn rows_stay_rows() {
        let raw = Bytes::from_static(b"[a, b ,c]");
        let spans = [1..2, 4..5, 7..8];
        for (gone, left) in [
            (&[0][..], "[b ,c]"),
            (&[1], "[a ,c]"),
            (&[2], "[a, b]"),
            (&[0, 1], "[c]"),
            (&[0, 2], "[b]"),
            (&[1, 2], "[a]"),
            (&[0, 1, 2], "[]"),
        ] {
            let mut splice = Splice::default();
            without(&spans, |i| gone.contains(&i)).into_iter().for_each(|range| splice.remove(range));
            assert_eq!(splice.apply(&raw).unwrap(), left.as_bytes(), "{gone:?}");
        }
    }

    #[test]
    fn overlapping_edits_are_refused_whole() {
        let raw = Bytes::from_static(b"abcdef");
        let mut splice = Splice::default();
        splice.replace(1..3, "x");
        splice.replace(2..4, "y");
        assert_eq!(splice.apply(&raw), None);
        let mut beyond = Splice::default();
        beyond.remove(5..9);
        assert_eq!(beyond.apply(&raw), None);
    }
}
