//! The way back: which source bytes a stretch of derived text came from. Each layer (HTML → visible
//! text → normalised text) keeps one of these, so that a span can always be told in the bytes given.

use std::ops::Range;

/// One stretch of output. When both lengths agree it maps byte by byte, else only as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    output: usize,
    output_len: usize,
    source: usize,
    source_len: usize,
    exact: bool,
}

/// Output offsets → source ranges; both grow from left to right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::understand) struct Offsets {
    runs: Vec<Run>,
    output_len: usize,
}

impl Offsets {
    /// Notes that the next `output_len` bytes stand for `source`. `exact`: the very same bytes.
    pub fn push(&mut self, output_len: usize, source: Range<usize>, exact: bool) {
        if output_len == 0 {
            return;
        }
        let run = Run {
            output: self.output_len,
            output_len,
            source: source.start,
            source_len: source.len(),
            exact: exact && source.len() == output_len,
        };
        self.output_len += output_len;
        if let Some(last) = self.runs.last_mut()
            && last.exact
            && run.exact
            && last.source + last.source_len == run.source
        {
            last.output_len += run.output_len;
            last.source_len += run.source_len;
            return;
        }
        self.runs.push(run);
    }

    /// Lets the last output stand for more source (a run of blanks shown as one).
    pub fn widen_last(&mut self, source_end: usize) {
        if let Some(last) = self.runs.last_mut()
            && !last.exact
        {
            last.source_len = source_end.saturating_sub(last.source);
        }
    }

    /// The source ranges behind `output`, in order, adjoining ones joined, empty ones left out.
    pub fn pieces(&self, output: Range<usize>) -> Vec<Range<usize>> {
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for source in self.sources(output) {
            match pieces.last_mut() {
                Some(last) if last.end == source.start => last.end = source.end,
                _ => pieces.push(source),
            }
        }
        pieces
    }

    /// From the first to the last source byte behind `output`; `None` when nothing is.
    pub fn whole(&self, output: Range<usize>) -> Option<Range<usize>> {
        let mut sources = self.sources(output);
        let first = sources.next()?;
        Some(first.start..sources.last().map_or(first.end, |last| last.end))
    }

    /// What each run gives to `output`, where it gives anything.
    fn sources(&self, output: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let first = self.runs.partition_point(|run| run.output + run.output_len <= output.start);
        let (start, end) = (output.start, output.end);
        let runs = self.runs.get(first..).unwrap_or_default().iter().take_while(move |run| run.output < end);
        runs.map(move |run| {
            if run.exact {
                let from = start.saturating_sub(run.output);
                let to = (end - run.output).min(run.output_len);
                run.source + from..run.source + to
            } else {
                run.source..run.source + run.source_len
            }
        })
        .filter(|source| !source.is_empty())
    }
}
