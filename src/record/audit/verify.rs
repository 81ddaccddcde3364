//! Reads the decision log again, line by line, and tells what does not fit: with itself (the chain), with
//! the checkpoints in it and beside it, and with those that somebody kept elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checkpoint::{CheckpointEntry, in_line};
use super::{AUDIT, CHECKPOINTS, PublicKey};
use crate::record::chain::{NOTHING_BEFORE, day_files, file_name, next, unchained};
use crate::record::entry::Line;
use crate::record::log::DECISIONS;

/// Breaks told in one verification; more are counted only.
const BREAKS_TOLD_MAX: usize = 100;
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Lines after which the progress is told.
const LINES_A_STEP: u64 = 4_096;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verified {
    /// Files read.
    pub files: usize,
    /// Whole lines that fit.
    pub lines: u64,
    /// Lines after the last checkpoint that covers them: their end could be cut off unseen.
    pub lines_after_checkpoints: u64,
    /// Checkpoints whose signature and content fit.
    pub checkpoints: u64,
    /// The last of them: kept elsewhere, it proves later that nothing before it was cut off.
    pub last_checkpoint: Option<CheckpointEntry>,
    /// Day files removed by the retention, as the chain itself says.
    pub retired: Vec<String>,
    /// Where the chains stand now, by file.
    pub heads: BTreeMap<String, String>,
    /// What is worth knowing and is no break.
    pub notes: Vec<String>,
    /// Where something does not fit, the first hundred.
    pub breaks: Vec<Break>,
    /// How many there are.
    pub breaks_count: u64,
}

/// A place where something does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The file.
    pub file: String,
    /// The line, from one; nought for the file as a whole.
    pub line: u64,
    /// What does not fit.
    pub why: String,
}

/// What a record is held against.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    /// Public halves of the keys that may have signed.
    pub keys: Vec<PublicKey>,
    /// Checkpoints that somebody kept elsewhere.
    pub kept: Vec<CheckpointEntry>,
}

/// Reads the decision log under `folder` and tells where it does not fit. `progress` hears how many bytes
/// were read.
pub fn verify(folder: &Path, trusted: &Trusted, mut progress: impl FnMut(u64)) -> io::Result<Verified> {
    let mut reading = Reading {
        trusted,
        verified: Verified::default(),
        said: BTreeMap::new(),
        claims: BTreeMap::new(),
        retired_before: None,
    };
    let beside = folder.join(AUDIT).join(CHECKPOINTS);
    reading.ledger(&beside)?;
    for kept in &trusted.kept {
        reading.claim("a checkpoint kept elsewhere", 0, kept);
    }
    let files = day_files(&folder.join(DECISIONS))?;
    let mut stood = reading.stood(&files)?;
    let mut there = BTreeMap::new();
    for path in &files {
        let name = file_name(path);
        let values = stood.remove(&name).unwrap_or_default();
        there.insert(name, reading.file(path, values, &mut progress)?);
    }
    reading.missing_files(&there, &stood, files.first().map(PathBuf::as_path));
    reading.sequence(&beside);
    reading.put_aside(&folder.join(DECISIONS))?;
    Ok(reading.end(&there))
}

impl Verified {
    /// True when everything fits.
    pub fn is_whole(&self) -> bool {
        self.breaks_count == 0
    }

    fn breaks(&mut self, file: &str, line: u64, why: String) {
        self.breaks_count += 1;
        if self.breaks.len() < BREAKS_TOLD_MAX {
            self.breaks.push(Break { file: file.to_owned(), line, why });
        }
    }
}

struct Reading<'a> {
    trusted: &'a Trusted,
    verified: Verified,
    /// What checkpoints say, by file and number of lines.
    said: BTreeMap<String, BTreeMap<u64, Vec<CheckpointEntry>>>,
    /// Every checkpoint by its number.
    claims: BTreeMap<u64, CheckpointEntry>,
    /// The retention removed the files before this one.
    retired_before: Option<String>,
}

/// What was read of one file.
#[derive(Default)]
struct FileRead {
    lines: u64,
    /// The last line that a checkpoint covers, or that is one.
    covered: u64,
    /// Written by a build that makes checkpoints.
    signs: bool,
}

impl Reading<'_> {
    /// The checkpoints' own file.
    fn ledger(&mut self, path: &Path) -> io::Result<()> {
        let shown = path.display().to_string();
        let bytes = match fs::read(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes?,
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            self.verified.notes.push(format!("{shown}: the last line is torn (a crash); it was no checkpoint yet"));
        }
        for (number, line) in (1..).zip(bytes[..whole].split(|byte| *byte == b'\n')) {
            if line.is_empty() && number > 1 {
                continue;
            }
            match std::str::from_utf8(line).ok().and_then(in_line) {
                Some(entry) => self.claim(&shown, number, &entry),
                None => self.verified.breaks(&shown, number, "this is no signed checkpoint".to_owned()),
            }
        }
        Ok(())
    }

    /// Takes what a checkpoint says, when its signature is good.
    fn claim(&mut self, file: &str, line: u64, entry: &CheckpointEntry) {
        let Some(key) = self.trusted.keys.iter().find(|key| key.id() == entry.key) else {
            let why = format!("checkpoint {} is signed with key {}, which is not a key given", entry.number, entry.key);
            return self.verified.breaks(file, line, why);
        };
        if !entry.is_signed_by(key) {
            let why = format!("checkpoint {} is not signed by the gateway's key", entry.number);
            return self.verified.breaks(file, line, why);
        }
        match self.claims.get(&entry.number) {
            Some(known) if known == entry => return,
            Some(_) => {
                let why =
                    format!("there are two different checkpoints number {}: the record was begun anew", entry.number);
                return self.verified.breaks(file, line, why);
            }
            None => {}
        }
        self.claims.insert(entry.number, entry.clone());
        self.said.entry(entry.file.clone()).or_default().entry(entry.lines).or_default().push(entry.clone());
    }

    /// Which values later files say each file has held.
    fn stood(&mut self, files: &[PathBuf]) -> io::Result<BTreeMap<String, BTreeSet<String>>> {
        let mut stood: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in files {
            let mut first = String::new();
            let mut file = BufReader::new(File::open(path)?.take(LINE_BYTES_MAX));
            if file.read_line(&mut first).is_err() {
                continue; // not text: told when the file is verified
            }
            let Ok(Line::Begin(begin)) = serde_json::from_str(&first) else { continue };
            if let Some((name, chain)) = begin.previous_file.zip(begin.previous_chain) {
                stood.entry(name).or_default().insert(chain);
            }
        }
        Ok(stood)
    }

    fn file(
        &mut self,
        path: &Path,
        mut stood: BTreeSet<String>,
        progress: &mut impl FnMut(u64),
    ) -> io::Result<FileRead> {
        let (shown, name) = (path.display().to_string(), file_name(path));
        self.verified.files += 1;
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
        let (mut chain, mut number, mut line) = (NOTHING_BEFORE.to_owned(), 0, Vec::new());
        let (mut read, mut bytes) = (FileRead::default(), 0);
        loop {
            line.clear();
            if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            bytes += line.len() as u64;
            if number % LINES_A_STEP == 0 {
                progress(std::mem::take(&mut bytes));
            }
            let Some(whole) = line.strip_suffix(b"\n") else {
                self.verified
                    .notes
                    .push(format!("{shown}: the last line is torn: a crash, not yet put aside by a start"));
                break;
            };
            number += 1;
            match std::str::from_utf8(whole).ok().and_then(unchained) {
                None => self.verified.breaks(&shown, number, "the line has no chain value".to_owned()),
                Some((body, value)) => {
                    if next(&chain, &body) == value {
                        self.verified.lines += 1;
                    } else {
                        let why = "the line, or the one before it, is not the one that was written";
                        self.verified.breaks(&shown, number, why.to_owned());
                    }
                    self.special(&shown, &name, number, &chain, &body, &mut read);
                    // On from what stands there: one change is told once.
                    chain = value.to_owned();
                    stood.remove(value);
                }
            }
            for entry in self.said.get(&name).and_then(|said| said.get(&number)).into_iter().flatten() {
                if entry.head == chain {
                    read.covered = number;
                } else {
                    let why = format!(
                        "checkpoint {} says that the chain stood elsewhere here: lines before it were replaced",
                        entry.number
                    );
                    self.verified.breaks(&shown, number, why);
                }
            }
        }
        progress(bytes);
        if !stood.is_empty() {
            let why = "a later file says that this one once ended otherwise: lines were cut off or replaced";
            self.verified.breaks(&shown, 0, why.to_owned());
        }
        self.verified.heads.insert(name, chain);
        read.lines = number;
        Ok(read)
    }

    /// Lines that speak of the record itself.
    fn special(&mut self, shown: &str, name: &str, number: u64, chain: &str, body: &str, read: &mut FileRead) {
        if !(body.starts_with(r#"{"line":"checkpoint""#) || body.starts_with(r#"{"line":"retired""#) || number == 1) {
            return;
        }
        match serde_json::from_str(body) {
            Ok(Line::Begin(begin)) => read.signs = begin.receipts,
            Ok(Line::Retired(retired)) => {
                if self.retired_before.as_ref().is_none_or(|known| *known < retired.before) {
                    self.retired_before = Some(retired.before);
                }
            }
            Ok(Line::Checkpoint(entry)) => {
                if entry.file != name || entry.lines + 1 != number || entry.head != chain {
                    let why = format!("checkpoint {} does not speak of what stands before it", entry.number);
                    self.verified.breaks(shown, number, why);
                }
                // Its own place was read just now; what else it says is held against the rest.
                self.claim(shown, number, &entry);
                if self.claims.get(&entry.number) == Some(&entry) {
                    read.covered = number;
                }
            }
            Ok(_) => {}
            Err(why) => self.verified.breaks(shown, number, format!("the line cannot be read: {why}")),
        }
    }

    /// Files that checkpoints or later files speak of, and lines that are no longer there.
    fn missing_files(
        &mut self,
        there: &BTreeMap<String, FileRead>,
        stood: &BTreeMap<String, BTreeSet<String>>,
        oldest: Option<&Path>,
    ) {
        let mut missing: BTreeMap<String, String> = BTreeMap::new();
        for name in stood.keys() {
            missing.insert(name.clone(), "the file after it says that it was there".to_owned());
        }
        let mut short = Vec::new();
        for (name, said) in &self.said {
            let Some((lines, entries)) = said.last_key_value() else { continue };
            let number = entries.first().map_or(0, |entry| entry.number);
            match there.get(name) {
                None => {
                    missing.insert(name.clone(), format!("checkpoint {number} says that it had {lines} lines"));
                }
                Some(read) if read.lines < *lines => {
                    short.push((
                        name.clone(),
                        format!("checkpoint {number} says that it had {lines} lines; {} are there", read.lines),
                    ));
                }
                Some(_) => {}
            }
        }
        for (name, why) in short {
            self.verified.breaks(&name, 0, format!("lines were cut off: {why}"));
        }
        let oldest = oldest.map(file_name);
        for (name, why) in missing {
            let retired = self.retired_before.as_ref().is_some_and(|before| name < *before);
            if retired && oldest.as_ref().is_none_or(|oldest| name < *oldest) {
                self.verified.retired.push(name);
            } else {
                self.verified.breaks(&name, 0, format!("this day file was removed: {why}"));
            }
        }
    }

    /// Numbers without gaps, each with the signature of the one before.
    fn sequence(&mut self, beside: &Path) {
        let shown = beside.display().to_string();
        let claims: Vec<&CheckpointEntry> = self.claims.values().collect();
        let mut wrong = Vec::new();
        if let Some(first) = claims.first()
            && first.number > 1
            && self.retired_before.is_none()
        {
            wrong.push(format!("checkpoints 1 to {} are missing", first.number - 1));
        }
        for pair in claims.windows(2) {
            let [before, after] = pair else { continue };
            if after.number == before.number + 1 {
                if after.previous != before.signature {
                    wrong.push(format!("checkpoint {} does not follow checkpoint {}", after.number, before.number));
                }
            } else {
                wrong.push(format!("checkpoints {} to {} are missing", before.number + 1, after.number - 1));
            }
        }
        for why in wrong {
            self.verified.breaks(&shown, 0, why);
        }
    }

    fn put_aside(&mut self, folder: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let name = file_name(&entry?.path());
            if name.contains(".torn-at-") {
                self.verified.notes.push(format!("{name}: the torn end of a line, put aside after a crash"));
            }
        }
        self.verified.notes.sort();
        Ok(())
    }

    fn end(mut self, there: &BTreeMap<String, FileRead>) -> Verified {
        let newest = there.keys().next_back();
        for (name, read) in there {
            let after = read.lines.saturating_sub(read.covered);
            self.verified.lines_after_checkpoints += after;
            if read.signs && read.covered == 0 && Some(name) != newest {
                self.verified.breaks(name, 0, "no checkpoint covers this day file: they were taken out".to_owned());
            } else if after > 0 {
                self.verified.notes.push(format!("{name}: the last {after} lines are not covered by a checkpoint"));
            }
        }
        self.verified.checkpoints = self.claims.len() as u64;
        self.verified.last_checkpoint = self.claims.into_values().next_back();
        self.verified
    }
}
