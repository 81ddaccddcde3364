//! Reads the journal back: after a crash to learn what left, after a store lost writes to tell them
//! again. Lines that cannot be read (a newer build's, a damaged one) are counted, never guessed.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::chain::day_files;
use super::entry::{Fate, Line};
use super::log::{DECISIONS, JOURNAL, day_path};

/// A line longer than this is none of ours.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Which sends left, as far back as was read: for each id how often it set out, less how often it came
/// back.
#[derive(Debug, Default)]
pub struct Departures {
    net: HashMap<u64, i32>,
    /// From when on every line was read; none when there is no line.
    pub from: Option<Timestamp>,
    /// The day of the oldest file, when every file was read whole.
    pub whole_since: Option<Date>,
    /// The last line's instant.
    pub until: Option<Timestamp>,
}

impl Departures {
    /// Reads the end of the journal, at most so many bytes of it.
    pub fn read(folder: &Path, bytes_max: u64) -> io::Result<Departures> {
        let mut departures = Departures::default();
        let (mut left, mut oldest, mut cut) = (bytes_max, None, false);
        for path in day_files(&folder.join(JOURNAL))?.into_iter().rev() {
            let mut file = File::open(&path)?;
            let length = file.metadata()?.len();
            let start = length.saturating_sub(left);
            cut |= start > 0;
            oldest = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
            file.seek(SeekFrom::Start(start))?;
            let mut reader = BufReader::new(file);
            if start > 0 {
                reader.skip_until(b'\n')?;
            }
            let mut first = None;
            lines(&mut reader, |line| {
                let Some(at) = at_of(&line) else { return };
                first = first.or(Some(at));
                departures.until = departures.until.max(Some(at));
                departures.count(&line);
            })?;
            departures.from = first.or(departures.from);
            left = left.saturating_sub(length);
            if left == 0 {
                cut = true;
                break;
            }
        }
        departures.whole_since = oldest.filter(|_| !cut);
        Ok(departures)
    }

    /// Takes one line into account.
    pub fn count(&mut self, line: &Line) {
        match line {
            Line::Forwarding(entry) => {
                entry.sends.iter().for_each(|one| *self.net.entry(short(&one.send.id)).or_default() += 1);
            }
            Line::GivenBack(entry) => {
                entry.sends.iter().for_each(|id| *self.net.entry(short(id)).or_default() -= 1);
            }
            _ => {}
        }
    }

    /// Whether a send set out and did not come back; none when no line speaks of it.
    pub fn left(&self, id: &str) -> Option<bool> {
        self.net.get(&short(id)).map(|net| *net > 0)
    }
}

/// Every line of the journal since an instant, in the order written.
pub fn since(folder: &Path, from: Timestamp, mut each: impl FnMut(Line)) -> io::Result<()> {
    let folder = folder.join(JOURNAL);
    let first = day_path(&folder, super::log::day_of(from));
    for path in day_files(&folder)?.into_iter().filter(|path| *path >= first) {
        lines(&mut BufReader::new(File::open(&path)?), |line| {
            if at_of(&line).is_some_and(|at| at >= from) {
                each(line);
            }
        })?;
    }
    Ok(())
}

/// The decisions since an instant whose message the provider is known to have taken.
pub fn accepted_since(folder: &Path, from: Timestamp) -> io::Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Told {
        id: Option<String>,
        outcome: Option<Fate>,
    }
    let folder = folder.join(DECISIONS);
    let first = day_path(&folder, super::log::day_of(from));
    let mut accepted = BTreeSet::new();
    for path in day_files(&folder)?.into_iter().filter(|path| *path >= first) {
        each_line(&mut BufReader::new(File::open(&path)?), |line| {
            if let Ok(Told { id: Some(id), outcome: Some(Fate::Accepted) }) = serde_json::from_slice(line)
                && super::ids::read(&id).is_some_and(|(_, at)| at >= from)
            {
                accepted.insert(id);
            }
        })?;
    }
    Ok(accepted)
}

fn at_of(line: &Line) -> Option<Timestamp> {
    match line {
        Line::Event(entry) => Some(entry.at),
        Line::Forwarding(entry) => Some(entry.at),
        Line::GivenBack(entry) => Some(entry.at),
        Line::Claimed(entry) => Some(entry.at),
        _ => None,
    }
}

fn lines(reader: &mut impl BufRead, mut each: impl FnMut(Line)) -> io::Result<()> {
    let mut unread = 0u64;
    each_line(reader, |text| match serde_json::from_slice(text) {
        Ok(line) => each(line),
        Err(_) => unread += 1,
    })?;
    if unread > 0 {
        tracing::warn!(lines = unread, "lines of the journal could not be read");
    }
    Ok(())
}

/// Whole lines only: what has no end was never answered as written.
fn each_line(reader: &mut impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        match line.strip_suffix(b"\n") {
            Some(whole) => each(whole),
            None => {
                reader.skip_until(b'\n')?;
            }
        }
    }
}

/// An id in eight bytes: an index of a million sends stays small.
fn short(id: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    id.hash(&mut hash);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::record::log::{Record, RecordSettings};
    use crate::record::sends::GivenBackEntry;

    #[tokio::test]
    async fn what_set_out_and_came_back_did_not_leave() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let record = Record::open(&RecordSettings::in_folder(dir.path()), now).unwrap();
        let sends = [send("d1", 0), send("d2", 0)];
        record.forwarding(now, "shop", sends.iter().map(|send| ("root", send))).await.unwrap();
        record.append(&Line::GivenBack(GivenBackEntry { at: now, sends: vec!["d2".into()] })).await.unwrap();
        let departures = Departures::read(dir.path(), 1 << 20).unwrap();
        assert_eq!(["d1", "d2", "d3"].map(|id| departures.left(id)), [Some(true), Some(false), None]);
        assert_eq!((departures.from, departures.until), (Some(now), Some(now)));
        let mut read = Vec::new();
        since(dir.path(), now, |line| read.push(line)).unwrap();
        let Line::Forwarding(entry) = &read[0] else { panic!("{read:?}") };
        assert_eq!((&entry.sends[0].send, entry.sends[1].customer.as_str()), (&sends[0], "root"));
        let mut later = 0;
        since(dir.path(), now + jiff::SignedDuration::from_secs(1), |_| later += 1).unwrap();
        assert_eq!(later, 0);
    }
}
