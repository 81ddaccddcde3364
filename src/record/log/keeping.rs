//! What does not stay: day files past their time, and one person's lines in the journal. The writer goes
//! on meanwhile; it stops only to put a file in another's place.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use super::thread::Writer;
use super::{DECISIONS, JOURNAL, Record, RecordError, day_of};
use crate::record::audit::Reason;
use crate::record::chain::{day_files, file_name};
use crate::record::entry::Line;
use crate::record::receipt::RetiredEntry;

const LINE_BYTES_MAX: u64 = 4 << 20;
/// What ends the names of day files, and of torn ends put aside.
const DAY_DIGITS: usize = "2026-11-22".len();

/// Whose lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// All address keys of the person.
    pub keys: Vec<String>,
    /// Lines written later stay: they are of a new acquaintance.
    pub until: Timestamp,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Files rewritten or removed.
    pub files: usize,
    /// Lines that went.
    pub lines: u64,
}

impl Record {
    /// Removes whole day files that are older than so many days. The decision log says so in a signed line
    /// first: a day file that is missing without such a line was taken.
    pub async fn retire(&self, now: Timestamp, decisions_days: u32, journal_days: u32) -> Result<usize, RecordError> {
        let retired = self.task(move |writer| writer.retire(now, decisions_days, journal_days)).await?;
        retired.map_err(|why| RecordError::Io(why.to_string()))
    }

    /// Takes people's lines out of the journal, today's file too.
    pub async fn forget(&self, people: Vec<Forget>) -> Result<Forgotten, RecordError> {
        let io = |why: io::Error| RecordError::Io(why.to_string());
        let folder = self.folder.join(JOURNAL);
        let mut forgotten = Forgotten::default();
        for path in journal_files(&folder).map_err(io)? {
            let (there, whose) = (path.clone(), people.clone());
            let without = tokio::task::spawn_blocking(move || Without::of(&there, &whose));
            let without = without.await.map_err(|why| RecordError::Io(why.to_string()))?.map_err(io)?;
            let whose = people.clone();
            let done = self.task(move |writer| writer.put_in_place(&path, without, &whose)).await?.map_err(io)?;
            forgotten.files += usize::from(done > 0);
            forgotten.lines += done;
        }
        Ok(forgotten)
    }
}

impl Writer {
    fn retire(&mut self, now: Timestamp, decisions_days: u32, journal_days: u32) -> io::Result<usize> {
        let today = day_of(now);
        let back = |days: u32| today.checked_sub(Span::new().days(i64::from(days))).unwrap_or(today);
        let old_decisions = older(&self.root.join(DECISIONS), back(decisions_days))?;
        let old_journal = older(&self.root.join(JOURNAL), back(journal_days))?;
        if !old_decisions.is_empty() {
            let before = format!("{}.jsonl", back(decisions_days));
            let entry = RetiredEntry { at: now, before: before.clone() };
            let line = serde_json::to_string(&Line::Retired(entry)).map_err(io::Error::other)?;
            self.file(DECISIONS, today)?.append([line.as_str()])?;
            self.sign(today, Reason::Day)?;
            self.remove(DECISIONS, &old_decisions)?;
            self.signing.ledger.retire(&before)?;
        }
        self.remove(JOURNAL, &old_journal)?;
        Ok(old_decisions.len() + old_journal.len())
    }

    fn remove(&mut self, folder: &'static str, paths: &[PathBuf]) -> io::Result<()> {
        for path in paths {
            if let Some(day) = day_in(path) {
                self.let_go(folder, day)?;
            }
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// The file's newest lines, written while the others were looked through, go the same way.
    fn put_in_place(&mut self, path: &Path, without: Without, people: &[Forget]) -> io::Result<u64> {
        let Some(day) = day_in(path) else { return Ok(0) };
        self.let_go(JOURNAL, day)?;
        let Without { mut kept, mut gone, read_bytes } = without;
        let rest = || -> io::Result<BufReader<File>> {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(read_bytes))?;
            Ok(BufReader::new(file))
        };
        if gone > 0 {
            gone += sift(rest()?, people, &mut kept, Last::Any)?.gone;
        } else if sift(rest()?, people, &mut io::sink(), Last::Any)?.gone > 0 {
            kept.clear();
            gone = sift(BufReader::new(File::open(path)?), people, &mut kept, Last::Any)?.gone;
        }
        match gone {
            0 => return Ok(0),
            _ if kept.is_empty() => fs::remove_file(path)?,
            _ => super::replace(path, &kept)?,
        }
        Ok(gone)
    }
}

/// A journal file's lines without some people's; nothing is kept here where none of them is in it.
struct Without {
    kept: Vec<u8>,
    gone: u64,
    read_bytes: u64,
}

impl Without {
    fn of(path: &Path, people: &[Forget]) -> io::Result<Without> {
        let open = || io::Result::Ok(BufReader::with_capacity(1 << 16, File::open(path)?));
        // Most files hold nothing of the person: those are not copied.
        let looked = sift(open()?, people, &mut io::sink(), Last::Whole)?;
        let mut kept = Vec::new();
        let sifted = if looked.gone == 0 { looked } else { sift(open()?, people, &mut kept, Last::Whole)? };
        Ok(Without { kept, gone: sifted.gone, read_bytes: sifted.read_bytes })
    }
}

/// What a file may end with: while it is written its last line may be half there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Whole,
    Any,
}

struct Sifted {
    read_bytes: u64,
    gone: u64,
}

/// Writes the lines that stay.
fn sift(mut from: impl BufRead, people: &[Forget], to: &mut impl Write, last: Last) -> io::Result<Sifted> {
    let (mut line, mut sifted) = (Vec::new(), Sifted { read_bytes: 0, gone: 0 });
    loop {
        line.clear();
        let read = from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 || (last == Last::Whole && !line.ends_with(b"\n")) {
            return Ok(sifted);
        }
        sifted.read_bytes += read as u64;
        if people.iter().any(|person| person.is_in(&line)) {
            sifted.gone += 1;
        } else {
            to.write_all(&line)?;
        }
    }
}

impl Forget {
    /// Is this line one of theirs? Any line that names one of their keys, whatever its kind.
    fn is_in(&self, line: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct At {
            at: Timestamp,
        }
        let named = self.keys.iter().any(|key| memchr::memmem::find(line, key.as_bytes()).is_some());
        named && serde_json::from_slice::<At>(line).map_or(true, |line| line.at <= self.until)
    }
}

/// Day files and torn ends from before a day.
fn older(folder: &Path, before: Date) -> io::Result<Vec<PathBuf>> {
    let mut old = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if day_in(&path).is_some_and(|day| day < before) {
            old.push(path);
        }
    }
    old.sort();
    Ok(old)
}

/// Day files and torn ends of the journal: a torn line may name somebody, too.
fn journal_files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files: BTreeSet<PathBuf> = day_files(folder)?.into_iter().collect();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if file_name(&path).contains(".torn-at-") {
            files.insert(path);
        }
    }
    Ok(files)
}

/// The day in the name of a file of ours.
fn day_in(path: &Path) -> Option<Date> {
    let name = file_name(path);
    let (day, rest) = name.split_at_checked(DAY_DIGITS)?;
    (rest == ".jsonl" || rest.starts_with(".torn-at-")).then(|| day.parse().ok()).flatten()
}
