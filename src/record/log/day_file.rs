//! One day's file, open for appending: whole lines only. A torn end (the process or the machine
//! stopped in the middle of a write, or the disk was full) is put aside, never thrown away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tracing::warn;

use crate::record::chain::{self, BeginEntry};
use crate::record::entry::Line;

/// Bytes looked at in one step backwards for the last whole line.
const LOOK_BACK_BYTES: u64 = 64 << 10;
/// What the lines of one message take, roughly.
const LINES_BYTES: usize = 4 << 10;
/// A line's end that surely holds its chain value.
const LAST_CHAIN_BYTES: u64 = 128;

/// An open day file.
#[derive(Debug)]
pub(super) struct DayFile {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// The audit chain's value at the last whole line; none in a journal, whose lines may be erased.
    chain: Option<String>,
    /// Whole lines.
    lines: u64,
    /// Written since the last sync.
    pub(super) unsynced: bool,
}

impl DayFile {
    /// Opens or makes it, mending a torn end.
    pub(super) fn open(path: &Path, chained: bool) -> io::Result<DayFile> {
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
        let chain = if chained { Some(last_chain(&mut file, whole)?) } else { None };
        let lines = if chained { count_lines(&mut file, whole)? } else { 0 };
        let mut day = DayFile { file, length: whole, chain, lines, unsynced: false };
        if whole == 0 && chained {
            day.begin(path)?;
        }
        Ok(day)
    }

    /// Where the chain stands, and after how many lines; none without a chain.
    pub(super) fn stand(&self) -> Option<(&str, u64)> {
        self.chain.as_deref().map(|chain| (chain, self.lines))
    }

    /// Appends whole lines, or nothing.
    pub(super) fn append<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let (mut chain, mut written, mut count) = (self.chain.clone(), String::with_capacity(LINES_BYTES), 0);
        for line in lines {
            match &mut chain {
                Some(chain) => {
                    *chain = chain::next(chain, line);
                    chain::chain_onto(&mut written, line, chain);
                }
                None => written.push_str(line),
            }
            written.push('\n');
            count += 1;
        }
        if let Err(error) = self.file.write_all(written.as_bytes()) {
            // A half-written line would join the next one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += written.len() as u64;
        self.chain = chain;
        self.lines += count;
        self.unsynced = true;
        Ok(())
    }

    /// Brings what was appended to disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) { self.file.sync_data() } else { Ok(()) }
    }

    /// The first line: where the newest earlier file stands now.
    fn begin(&mut self, path: &Path) -> io::Result<()> {
        let mut begin = BeginEntry { previous_file: None, previous_chain: None, receipts: true };
        let folder = path.parent().unwrap_or(Path::new("."));
        let earlier = chain::day_files(folder)?.into_iter().rfind(|other| other.as_path() < path);
        if let Some(earlier) = earlier {
            let mut file = File::open(&earlier)?;
            let length = file.metadata()?.len();
            let whole = whole_lines(&mut file, length)?;
            begin.previous_chain = Some(last_chain(&mut file, whole)?);
            begin.previous_file = Some(chain::file_name(&earlier));
        }
        let line = serde_json::to_string(&Line::Begin(begin)).map_err(io::Error::other)?;
        self.append([line.as_str()])
    }
}

/// The chain's value in the last of the whole lines, which end at `whole`; a line without one (written
/// by other hands) starts the chain anew, and `verify` tells of it.
fn last_chain(file: &mut File, whole: u64) -> io::Result<String> {
    let start = whole.saturating_sub(LAST_CHAIN_BYTES);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    Read::by_ref(file).take(whole - start).read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let value = end.strip_suffix('\n').and_then(chain::unchained).map(|(_, value)| value.to_owned());
    Ok(value.unwrap_or_else(|| chain::NOTHING_BEFORE.to_owned()))
}

fn count_lines(file: &mut File, whole: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let (mut rest, mut piece, mut lines) = (Read::by_ref(file).take(whole), vec![0; LOOK_BACK_BYTES as usize], 0);
    loop {
        match rest.read(&mut piece)? {
            0 => return Ok(lines),
            read => lines += memchr::memchr_iter(b'\n', &piece[..read]).count() as u64,
        }
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
