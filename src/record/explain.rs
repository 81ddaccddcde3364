//! Why did this message go, change, wait or stop? Finds a decision by its own id or its submission's:
//! the id's time names the day's file, so years of record cost no more than a day's.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::entry::{DecisionEntry, Line, OutcomeEntry};
use super::ids::{self, Kind};
use super::log::{DECISIONS, day_of, day_path};
use super::receipt::{ClosedEntry, ReceivedEntry};
use crate::message::Language;

mod words;

/// A longer line is no decision of ours.
const LINE_BYTES_MAX: usize = 4 << 20;
/// Decisions followed from one to the next: a hold and its re-holds, with room to spare.
const FOLLOWED_MAX: usize = 16;

/// All that is on record about an id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The id asked for.
    pub id: String,
    /// The decisions, oldest first: one per recipient, and those taken again at the end of a hold.
    pub decisions: Vec<Explained>,
    /// When it was taken, where a submission was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<ReceivedEntry>,
    /// What of it ended without a decision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<ClosedEntry>,
    /// Lines in those files that could not be read: the answer may be incomplete.
    pub unreadable_lines: usize,
    /// Later decisions of the same messages that were not looked up, being too many: ask for them by
    /// the ids in the histories.
    pub not_followed: usize,
}

/// One decision and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// The decision.
    pub decision: DecisionEntry,
    /// What became of it, oldest first.
    pub history: Vec<OutcomeEntry>,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Not an id of ours.
    #[error("`{0}` is not an id: it starts with `d-` or `s-`, as in the answer to the sender")]
    NotAnId(String),
    /// Nothing on record.
    #[error("nothing is on record under {id}; it would stand in {place}")]
    NotFound {
        /// The id.
        id: String,
        /// Where it would be.
        place: String,
    },
    /// A file cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// Looks an id up in the record under `folder` (the one with `decisions/` in it).
pub fn explain(folder: &Path, id: &str) -> Result<Explanation, ExplainError> {
    let (_, made) = ids::read(id).ok_or_else(|| ExplainError::NotAnId(id.to_owned()))?;
    let folder = folder.join(DECISIONS);
    let mut found = Explanation {
        id: id.to_owned(),
        decisions: Vec::new(),
        received: None,
        closed: Vec::new(),
        unreadable_lines: 0,
        not_followed: 0,
    };
    let mut seen = BTreeSet::new();
    let mut wanted = vec![id.to_owned()];
    while let Some(next) = wanted.pop() {
        if !seen.insert(next.clone()) {
            continue;
        }
        if seen.len() > FOLLOWED_MAX {
            found.not_followed += 1;
            continue;
        }
        for explained in look_up(&folder, &next, &mut found)? {
            wanted.extend(explained.history.iter().filter_map(|outcome| outcome.next.clone()));
            wanted.extend(explained.decision.again.clone());
            if found.decisions.iter().all(|known| known.decision.id != explained.decision.id) {
                found.decisions.push(explained);
            }
        }
    }
    if found.decisions.is_empty() && found.received.is_none() {
        let place = day_path(&folder, day_of(made)).display().to_string();
        return Err(ExplainError::NotFound { id: id.to_owned(), place });
    }
    found.decisions.sort_by(|a, b| (a.decision.at, &a.decision.id).cmp(&(b.decision.at, &b.decision.id)));
    Ok(found)
}

impl Explanation {
    /// For people, in their language, with times in their zone.
    pub fn text(&self, language: Language, zone: &TimeZone) -> String {
        words::text(self, language, zone)
    }

    /// For programs.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// The decisions under one id, from its day's file and the two beside it (a submission that came
/// before midnight may be decided after it, and clocks differ).
fn look_up(folder: &Path, id: &str, whole: &mut Explanation) -> Result<Vec<Explained>, ExplainError> {
    let Some((kind, made)) = ids::read(id) else { return Ok(Vec::new()) };
    let mut found: Vec<Explained> = Vec::new();
    for path in files_beside(folder, made) {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
            Err(why) => return Err(ExplainError::File { path, why }),
        };
        each_line(file, |line| match line {
            Some(line) if concerns(line, kind, id) => match serde_json::from_slice::<Line>(line) {
                Ok(Line::Received(received)) if received.submission == id => whole.received = Some(received),
                Ok(Line::Closed(closed)) if closed.submission == id => whole.closed.push(closed),
                Ok(line) => take(&mut found, line, kind, id),
                Err(_) => whole.unreadable_lines += 1,
            },
            Some(_) => {}
            None => whole.unreadable_lines += 1,
        })
        .map_err(|why| ExplainError::File { path, why })?;
    }
    Ok(found)
}

fn files_beside(folder: &Path, made: Timestamp) -> impl Iterator<Item = PathBuf> {
    let day = day_of(made);
    let days = [day.yesterday().ok(), Some(day), day.tomorrow().ok()];
    days.into_iter().flatten().map(|day| day_path(folder, day)).collect::<Vec<_>>().into_iter()
}

/// Cheap look before parsing. An outcome names its decision, not the submission.
fn concerns(line: &[u8], kind: Kind, id: &str) -> bool {
    let outcome = kind == Kind::Submission && line.starts_with(br#"{"line":"outcome""#);
    outcome || line.windows(id.len()).any(|window| window == id.as_bytes())
}

fn take(found: &mut Vec<Explained>, line: Line, kind: Kind, id: &str) {
    match line {
        Line::Decision(entry) => {
            let named = if kind == Kind::Decision { &entry.id } else { &entry.submission };
            if named == id {
                found.push(Explained { decision: *entry, history: Vec::new() });
            }
        }
        // The decision's line stands before it in the same file: both go where the decision's id says.
        Line::Outcome(outcome) => {
            if let Some(decided) = found.iter_mut().find(|e| e.decision.id == outcome.decision) {
                decided.history.push(outcome);
            }
        }
        _ => {}
    }
}

/// Gives each line; nothing for one that is too long.
fn each_line(file: File, mut give: impl FnMut(Option<&[u8]>)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut line, mut too_long) = (Vec::new(), false);
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            // What stands after the last line end is being written, or torn: no line yet.
            return Ok(());
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(piece.len(), |end| end + 1);
        too_long |= line.len() + taken > LINE_BYTES_MAX;
        if !too_long {
            line.extend_from_slice(&piece[..end.unwrap_or(taken)]);
        }
        reader.consume(taken);
        if end.is_some() {
            give((!too_long).then_some(line.as_slice()));
            line.clear();
            too_long = false;
        }
    }
}
