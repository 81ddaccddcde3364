//! One day's file, open for appending: whole lines only. A torn end (the process or the machine
//! stopped in the middle of a write, or the disk was full) is put aside, never thrown away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tracing::warn;

/// Bytes looked at in one step backwards for the last whole line.
const LOOK_BACK_BYTES: u64 = 64 << 10;

/// An open day file.
#[derive(Debug)]
pub(super) struct DayFile {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Written since the last sync.
    pub(super) unsynced: bool,
}

impl DayFile {
    /// Opens or makes it, mending a torn end.
    pub(super) fn open(path: &Path) -> io::Result<DayFile> {
        let fresh = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let mut file = options.open(path)?;
        if fresh && let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let length = file.metadata()?.len();
        let whole = whole_lines(&mut file, length)?;
        if whole < length {
            put_aside(&mut file, path, whole)?;
            file.set_len(whole)?;
            file.sync_data()?;
        }
        Ok(DayFile { file, length: whole, unsynced: false })
    }

    /// Appends whole lines, or nothing.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(lines) {
            // A half-written line would join the next one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        self.unsynced = true;
        Ok(())
    }

    /// Brings what was appended to disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) { self.file.sync_data() } else { Ok(()) }
    }
}

/// How many of the first `length` bytes are whole lines.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut piece = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(LOOK_BACK_BYTES);
        piece.clear();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file).take(end - start).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        if piece.is_empty() {
            break;
        }
        end = start;
    }
    Ok(0)
}

fn put_aside(file: &mut File, path: &Path, whole: u64) -> io::Result<()> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = path.with_file_name(format!("{name}.torn-at-{whole}"));
    let mut kept = OpenOptions::new().append(true).create(true).open(&aside)?;
    file.seek(SeekFrom::Start(whole))?;
    let bytes = io::copy(file, &mut kept)?;
    kept.sync_all()?;
    warn!(file = %path.display(), bytes, aside = %aside.display(), "the last line was torn; kept aside");
    Ok(())
}
