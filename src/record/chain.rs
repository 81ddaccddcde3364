//! The audit chain: every line ends with a hash over itself and the line before, so that a line taken
//! out, changed or put in between shows. A day's file begins with the hash where an earlier file
//! stood. Nothing in it depends on who a customer is: erasing a person leaves the chain whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::entry::Line;
use super::log::{DECISIONS, JOURNAL};

/// Where a chain without a line before starts.
pub const NOTHING_BEFORE: &str = "";
/// Breaks told in one verification; more are counted only.
const BREAKS_TOLD_MAX: usize = 100;
const LINE_BYTES_MAX: u64 = 4 << 20;

const OPENING: &str = ",\"chain\":\"";
const CLOSING: &str = "\"}";
const HEX_DIGITS: usize = 64;

/// The first line of a day's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginEntry {
    /// The newest earlier file when this one was begun.
    pub previous_file: Option<String>,
    /// The chain's value there at that time.
    pub previous_chain: Option<String>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verified {
    /// Files read.
    pub files: usize,
    /// Whole lines that fit.
    pub lines: u64,
    /// Files before the first one there (kept elsewhere, or past their time).
    pub begins_after: Vec<String>,
    /// Where the chains stand now, by file: note them elsewhere to prove later that nothing was cut off.
    pub heads: BTreeMap<String, String>,
    /// Where something does not fit, the first hundred.
    pub breaks: Vec<Break>,
    /// How many there are.
    pub breaks_count: u64,
}

/// A place where the chain does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The file.
    pub file: String,
    /// The line, from one; nought for the file as a whole.
    pub line: u64,
    /// What does not fit.
    pub why: String,
}

/// The next value of the chain.
pub fn next(previous: &str, line: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(previous.as_bytes());
    hash.update(line.as_bytes());
    hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A JSON object's line with the chain's value as its last member.
pub fn chained(line: &str, chain: &str) -> String {
    let open = line.strip_suffix('}').unwrap_or(line);
    format!("{open}{OPENING}{chain}{CLOSING}")
}

/// A line as it was before [`chained`], and the value; `None` when it has none.
pub fn unchained(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_suffix(CLOSING)?;
    let at = rest.len().checked_sub(HEX_DIGITS).filter(|at| rest.is_char_boundary(*at))?;
    let (open, chain) = rest.split_at(at);
    let open = open.strip_suffix(OPENING)?;
    chain.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| (format!("{open}}}"), chain))
}

/// Reads the whole record under `folder` and tells where it does not fit.
pub fn verify(folder: &Path) -> io::Result<Verified> {
    let mut verified = Verified::default();
    for name in [DECISIONS, JOURNAL] {
        let files = day_files(&folder.join(name))?;
        let mut wanted = wanted_values(&files, &mut verified)?;
        for path in files {
            verified.file(&path, wanted.remove(&file_name(&path)).unwrap_or_default())?;
        }
    }
    Ok(verified)
}

/// The day files of a folder, oldest first.
pub(super) fn day_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    files.sort();
    Ok(files)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Which values later files say each file has held.
fn wanted_values(files: &[PathBuf], verified: &mut Verified) -> io::Result<BTreeMap<String, BTreeSet<String>>> {
    let there: BTreeSet<String> = files.iter().map(|path| file_name(path)).collect();
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files {
        let mut first = String::new();
        let mut file = BufReader::new(File::open(path)?.take(LINE_BYTES_MAX));
        if file.read_line(&mut first).is_err() {
            continue; // not text: told when the file is verified
        }
        let Ok(Line::Begin(begin)) = serde_json::from_str(&first) else { continue };
        let Some((name, chain)) = begin.previous_file.zip(begin.previous_chain) else { continue };
        if there.contains(&name) {
            wanted.entry(name).or_default().insert(chain);
        } else if there.first().is_some_and(|oldest| *oldest < name) {
            verified.breaks(path, 0, &format!("the file before it, {name}, is missing"));
        } else {
            verified.begins_after.push(name);
        }
    }
    Ok(wanted)
}

impl Verified {
    /// True when everything fits.
    pub fn is_whole(&self) -> bool {
        self.breaks_count == 0
    }

    fn file(&mut self, path: &Path, mut wanted: BTreeSet<String>) -> io::Result<()> {
        self.files += 1;
        let mut reader = BufReader::new(File::open(path)?);
        let (mut chain, mut number, mut line) = (NOTHING_BEFORE.to_owned(), 0, Vec::new());
        loop {
            line.clear();
            if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            let Some(whole) = line.strip_suffix(b"\n") else {
                self.breaks(path, number, "the last line is torn");
                break;
            };
            match std::str::from_utf8(whole).ok().and_then(unchained) {
                None => self.breaks(path, number, "the line has no chain value"),
                Some((body, value)) => {
                    if next(&chain, &body) == value {
                        self.lines += 1;
                    } else {
                        self.breaks(path, number, "the line, or the one before it, is not the one that was written");
                    }
                    // On from what stands there: one change is told once.
                    chain = value.to_owned();
                    wanted.remove(value);
                }
            }
        }
        if !wanted.is_empty() {
            self.breaks(path, 0, "a later file says that this one once ended otherwise: lines were cut off");
        }
        let folder = path.parent().map(file_name).unwrap_or_default();
        self.heads.insert(format!("{folder}/{}", file_name(path)), chain);
        Ok(())
    }

    fn breaks(&mut self, path: &Path, line: u64, why: &str) {
        self.breaks_count += 1;
        if self.breaks.len() < BREAKS_TOLD_MAX {
            self.breaks.push(Break { file: path.display().to_string(), line, why: why.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_chained_and_taken_apart_again() {
        let line = r#"{"campaign":"双十一"}"#;
        let value = next(NOTHING_BEFORE, line);
        let written = chained(line, &value);
        assert_eq!(unchained(&written), Some((line.to_owned(), value.as_str())));
        assert_ne!(next(&value, line), value, "the line before counts");
        for odd in ["", "}", "\"}", line, "限时限时限时限时限时限时限时限时限时限时限时限时限时限时限时限时限时限时\"}"]
        {
            assert_eq!(unchained(odd), None, "{odd}");
        }
    }
}
