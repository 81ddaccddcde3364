//! What the files say of one person, for their own eyes: read by whoever may ask for an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use memchr::memmem;
use serde_json::Value;

use super::chain::day_files;
use super::log::{DECISIONS, JOURNAL};

const LINE_BYTES_MAX: u64 = 4 << 20;

/// The journal's lines that name one of these keys.
pub fn journal_about(folder: &Path, keys: &[String]) -> io::Result<Vec<Value>> {
    lines_naming(&folder.join(JOURNAL), keys)
}

/// The decisions about a record id.
pub fn decisions_about(folder: &Path, record_id: &str) -> io::Result<Vec<Value>> {
    let mut found = lines_naming(&folder.join(DECISIONS), &[record_id.to_owned()])?;
    for line in &mut found {
        if let Value::Object(members) = line {
            members.remove("chain");
        }
    }
    Ok(found)
}

fn lines_naming(folder: &Path, names: &[String]) -> io::Result<Vec<Value>> {
    let mut found = Vec::new();
    for path in day_files(folder)? {
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if names.iter().any(|name| memmem::find(&line, name.as_bytes()).is_some()) {
                found.extend(serde_json::from_slice::<Value>(&line));
            }
        }
    }
    Ok(found)
}
