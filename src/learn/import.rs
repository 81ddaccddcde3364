//! A file of events, for the first day: the same NDJSON as the events door, read in bounded pieces.

use std::io::{BufRead, Read};

use jiff::Timestamp;

use super::read::{self, LINE_BYTES_MAX, Reading, Refused};
use super::take::{Learnt, take};
use crate::facts::FactKind;
use crate::store::{Store, StoreError};

/// Lines applied together.
const LINES_PER_STEP: usize = 500;
/// Refused lines kept for the report; the rest is only counted.
pub const REFUSED_SHOWN_MAX: usize = 100;

/// How far an import is, after each piece.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Bytes read so far.
    pub bytes: u64,
    /// Lines read so far.
    pub lines: usize,
    /// What this piece taught, for the journal.
    pub learnt: &'a [Learnt],
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// New events.
    pub accepted: usize,
    /// Known before.
    pub duplicate: usize,
    /// Lines not taken.
    pub refused_count: usize,
    /// The first of them.
    pub refused: Vec<Refused>,
}

/// Why an import stopped. What was applied stays; the same file may be imported again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports a file. `whole_since` declares that the file tells everything of these kinds since then,
/// so that guards may read "nothing" as "nothing happened".
pub async fn import(
    store: &Store,
    brand: &str,
    reading: Reading<'_>,
    mut file: impl BufRead,
    whole_since: &[(FactKind, Timestamp)],
    mut progress: impl FnMut(Progress<'_>),
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let (mut bytes, mut lines, mut line) = (0, 0, Vec::new());
    let mut piece = Vec::with_capacity(LINES_PER_STEP);
    loop {
        let ended = !next_line(&mut file, &mut line, &mut bytes)?;
        if !ended {
            lines += 1;
            let text = if lines == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
            if !text.trim_ascii().is_empty() {
                let read = read::line(text, reading).map(|told| read::Told { line: lines, ..told });
                piece.push(read.map_err(|why| Refused { line: lines, why }));
            }
        }
        if piece.len() >= LINES_PER_STEP || (ended && !piece.is_empty()) {
            let taken = take(store, brand, std::mem::take(&mut piece), reading.now).await?;
            progress(Progress { bytes, lines, learnt: &taken.learnt });
            imported.accepted += taken.learnt.len();
            imported.duplicate += taken.duplicate;
            imported.refused_count += taken.refused.len();
            let room = REFUSED_SHOWN_MAX.saturating_sub(imported.refused.len());
            imported.refused.extend(taken.refused.into_iter().take(room));
        }
        if ended {
            break;
        }
    }
    for (kind, since) in whole_since {
        store.mark_known(brand, *kind, *since).await?;
    }
    Ok(imported)
}

/// Reads one line, of which at most one byte more than the limit is kept: enough to be refused.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>, bytes: &mut u64) -> std::io::Result<bool> {
    line.clear();
    let most = LINE_BYTES_MAX as u64 + 1;
    let mut read = file.by_ref().take(most).read_until(b'\n', line)? as u64;
    if read == 0 {
        return Ok(false);
    }
    if read == most && line.last() != Some(&b'\n') {
        read += file.skip_until(b'\n')? as u64;
    }
    *bytes += read;
    Ok(true)
}
