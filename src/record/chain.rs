//! The audit chain of the decision log: every line ends with a hash over itself and the line before, so that a line taken
//! out, changed or put in between shows. A day's file begins with the hash where an earlier file
//! stood. Nothing in it depends on who a customer is: erasing a person leaves the chain whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::hex::hex;

/// Where a chain without a line before starts.
pub const NOTHING_BEFORE: &str = "";

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
    /// True when every submission decided in this file has its `received` line, and checkpoints are made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub receipts: bool,
}

/// The next value of the chain.
pub fn next(previous: &str, line: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(previous.as_bytes());
    hash.update(line.as_bytes());
    hex(hash.finish().as_ref())
}

/// A JSON object's line with the chain's value as its last member.
pub fn chained(line: &str, chain: &str) -> String {
    let mut written = String::new();
    chain_onto(&mut written, line, chain);
    written
}

/// The same, behind other lines.
pub(super) fn chain_onto(written: &mut String, line: &str, chain: &str) {
    let open = line.strip_suffix('}').unwrap_or(line);
    [open, OPENING, chain, CLOSING].into_iter().for_each(|piece| written.push_str(piece));
}

/// A line as it was before [`chained`], and the value; `None` when it has none.
pub fn unchained(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_suffix(CLOSING)?;
    let at = rest.len().checked_sub(HEX_DIGITS).filter(|at| rest.is_char_boundary(*at))?;
    let (open, chain) = rest.split_at(at);
    let open = open.strip_suffix(OPENING)?;
    chain.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| (format!("{open}}}"), chain))
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
