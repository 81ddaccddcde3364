//! The writer's side of checkpoints: number and signature of the last one, and their own file. A
//! checkpoint goes there first and then into its day file: whichever of the two a crash leaves out,
//! what it says of the day file is true.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tracing::info;

use super::checkpoint::{CheckpointEntry, Reason, in_line};
use super::{AUDIT, AuditKey, CHECKPOINTS};
use crate::record::entry::Line;

/// A checkpoint's line is some 500 bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Where the checkpoints of one gateway stand.
#[derive(Debug)]
pub(in crate::record) struct Ledger {
    path: PathBuf,
    key: AuditKey,
    last: Option<CheckpointEntry>,
}

/// What a checkpoint is to say of its day file.
pub(in crate::record) struct Stand {
    pub(in crate::record) file: String,
    pub(in crate::record) lines: u64,
    pub(in crate::record) head: String,
}

impl Ledger {
    /// Finds where the checkpoints stand; a torn last line was never one.
    pub(in crate::record) fn open(folder: &Path, key_path: &Path) -> io::Result<Ledger> {
        let key = AuditKey::open(key_path).map_err(io::Error::other)?;
        fs::create_dir_all(folder.join(AUDIT))?;
        let path = folder.join(AUDIT).join(CHECKPOINTS);
        let ledger = Ledger { last: read(&path)?.pop(), path, key };
        ledger.mend()?;
        Ok(ledger)
    }

    /// How this run begins: did the last one end by itself?
    pub(in crate::record) fn reason_to_start(&self) -> Reason {
        match &self.last {
            Some(last) if last.reason != Reason::Stop => Reason::StartAfterCrash,
            _ => Reason::Start,
        }
    }

    /// Signs and keeps; the line to write into the day file. What it speaks of is on disk already.
    pub(in crate::record) fn sign(&mut self, stand: Stand, reason: Reason, at: Timestamp) -> io::Result<String> {
        let Stand { file, lines, head } = stand;
        let (number, previous) = match &self.last {
            Some(last) => (last.number + 1, last.signature.clone()),
            None => (1, String::new()),
        };
        let unsigned = CheckpointEntry {
            number,
            at,
            reason,
            file,
            lines,
            head,
            previous,
            key: String::new(),
            signature: String::new(),
        };
        let entry = unsigned.signed(&self.key);
        let line = serde_json::to_string(&Line::Checkpoint(entry.clone())).map_err(io::Error::other)?;
        let fresh = !self.path.exists();
        let mut file = self.appending()?;
        let before = file.metadata()?.len();
        let written = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
        if let Err(why) = written {
            file.set_len(before)?;
            return Err(why);
        }
        if fresh && let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        // Kept by whoever keeps the log: only such a copy shows later that everything after it was cut off.
        info!(checkpoint = %line, "audit checkpoint");
        self.last = Some(entry);
        Ok(line)
    }

    /// Leaves out the oldest checkpoints, up to the first of a day file that stays: what is left has no gap.
    pub(in crate::record) fn retire(&self, before: &str) -> io::Result<()> {
        let all = read(&self.path)?;
        let stays = |entry: &CheckpointEntry| entry.file.as_str() >= before;
        let first = all.iter().position(stays).unwrap_or(all.len().saturating_sub(1));
        let kept = all.get(first..).unwrap_or_default();
        if kept.len() == all.len() {
            return Ok(());
        }
        let mut text = String::new();
        for entry in kept {
            text.push_str(&serde_json::to_string(&Line::Checkpoint(entry.clone())).map_err(io::Error::other)?);
            text.push('\n');
        }
        super::super::log::replace(&self.path, text.as_bytes())
    }

    fn appending(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        options.open(&self.path)
    }

    /// A crash in the middle of a line: the next must not join it.
    fn mend(&self) -> io::Result<()> {
        let Ok(text) = fs::read(&self.path) else { return Ok(()) };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            OpenOptions::new().write(true).open(&self.path)?.set_len(whole as u64)?;
        }
        Ok(())
    }
}

/// The checkpoints in a file, in its order; none when there is no file.
pub(in crate::record) fn read(path: &Path) -> io::Result<Vec<CheckpointEntry>> {
    let file = match File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let (mut reader, mut found, mut line) = (BufReader::new(file), Vec::new(), Vec::new());
    loop {
        line.clear();
        if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        if line.ends_with(b"\n") {
            found.extend(std::str::from_utf8(&line).ok().and_then(in_line));
        }
    }
}
