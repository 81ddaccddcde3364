//! The refusals this gateway last knew of, kept on its own machine for when the store is away: whoever
//! must be sent to then is still not sent to against their word (design §3, *must-send passes with the
//! last local suppression snapshot*). Keyed hashes and words of the shop, no addresses; bounded, and what
//! was touched longest ago leaves first. The store stays the truth: every load corrects what stands here.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use super::CustomerKey;
use crate::facts::{Customer, Event, OptOutFact, What, apply};

/// The file in the data folder.
pub const FILE: &str = "refusals.jsonl";

/// Words about refusals kept of one address: its refusals before its consents, the newest first.
const FACTS_MAX: usize = 32;
/// A purpose longer than this is kept as "all purposes", which protects more.
const PURPOSE_BYTES_MAX: usize = 64;
/// A longer line is not ours.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Changes that may wait for the file; when there are more the whole is written anew.
const WAITING_MAX: usize = 4_096;
/// Lines beyond two for each address, after which the file is written anew.
const SURPLUS_LINES_MAX: usize = 4_096;

/// The refusals last known of.
#[derive(Debug)]
pub struct Refusals {
    known: Arc<Known>,
    max: usize,
    file: Mutex<Option<(SyncSender<Line>, JoinHandle<()>)>>,
}

#[derive(Debug, Default)]
struct Known {
    table: RwLock<Table>,
    /// How many there are, to pass by the table when there are none.
    count: AtomicUsize,
    /// The file lags behind the table.
    behind: AtomicBool,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<String, (u64, Box<[OptOutFact]>)>,
    by_age: BTreeMap<u64, String>,
    next: u64,
}

/// One line: what is known of an address now; an empty list = nothing any more.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    key: String,
    facts: Vec<OptOutFact>,
}

impl Refusals {
    /// Opens the file in `dir`, keeping at most `max` addresses. Lines that cannot be read are left out,
    /// loudly: they name nobody.
    pub fn open(dir: &Path, max: usize) -> io::Result<Refusals> {
        let path = dir.join(FILE);
        let known = Arc::new(Known::default());
        let unreadable = read(&path, &known, max)?;
        if unreadable > 0 {
            tracing::error!(unreadable, file = %path.display(), "lines of the local refusals cannot be read");
        }
        if let Err(error) = write_anew(&path, &known) {
            // A full disk is no reason not to start: what was read stands.
            tracing::error!(%error, "the local refusals were not written");
            known.behind.store(true, Ordering::Release);
        }
        let (sender, lines) = sync_channel(WAITING_MAX);
        let kept = Arc::clone(&known);
        let writer = std::thread::Builder::new().name("refusals".into()).spawn(move || write(&path, &kept, &lines))?;
        Ok(Refusals { known, max, file: Mutex::new(Some((sender, writer))) })
    }

    /// What is known of this address.
    pub fn of(&self, key: &CustomerKey) -> Vec<OptOutFact> {
        let table = self.known.table.read().unwrap_or_else(PoisonError::into_inner);
        table.entries.get(&key.0).map(|(_, facts)| facts.to_vec()).unwrap_or_default()
    }

    /// What a load showed of a customer, for all their addresses.
    pub fn correct<'a>(&self, customer: &'a Customer, asked: impl Iterator<Item = &'a CustomerKey>) {
        let any = customer.opt_outs.iter().any(|fact| fact.refused);
        if !any && self.known.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let facts = if any { bounded(customer.opt_outs.clone()) } else { Vec::new() };
        let members = customer.members.iter().map(|member| member.key.as_str());
        for key in members.chain(asked.map(|key| key.0.as_str())) {
            self.set(key, facts.clone());
        }
    }

    /// An event that was taken in.
    pub fn hear(&self, key: &CustomerKey, event: &Event) {
        if !matches!(event.what, What::OptOut { .. } | What::Bounce { .. } | What::Consent { .. }) {
            return;
        }
        let mut customer = Customer { opt_outs: self.of(key), ..Customer::default() };
        apply(&mut customer, event, &key.0);
        self.correct(&customer, std::iter::once(key));
    }

    /// A person was erased: of an address stays what they refused, under its keyed hash; consents, and
    /// earlier lines of the file, go.
    pub fn erase(&self, key: &CustomerKey) {
        let mut facts = self.of(key);
        let before = facts.len();
        facts.retain(|fact| fact.refused);
        if facts.len() < before {
            self.known.behind.store(true, Ordering::Release);
            self.set(&key.0, facts);
        }
    }

    /// Writes what waits and closes the file.
    pub fn close(&self) {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, writer)) = file {
            drop(sender);
            if writer.join().is_err() {
                tracing::error!("the local refusals were not written to their end");
            }
        }
    }

    fn set(&self, key: &str, facts: Vec<OptOutFact>) {
        {
            let table = self.known.table.read().unwrap_or_else(PoisonError::into_inner);
            let same = match table.entries.get(key) {
                Some((_, known)) => **known == *facts,
                None => facts.is_empty(),
            };
            if same {
                return;
            }
        }
        self.known.put(key, facts.clone(), self.max);
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, _)) = &*file
            && let Err(TrySendError::Full(_)) = sender.try_send(Line { key: key.to_owned(), facts })
        {
            self.known.behind.store(true, Ordering::Release);
        }
    }
}

impl Drop for Refusals {
    fn drop(&mut self) {
        self.close();
    }
}

impl Known {
    fn put(&self, key: &str, facts: Vec<OptOutFact>, max: usize) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((age, _)) = table.entries.remove(key) {
            table.by_age.remove(&age);
        }
        if !facts.is_empty() && max > 0 {
            while table.entries.len() >= max {
                let Some((_, oldest)) = table.by_age.pop_first() else { break };
                table.entries.remove(&oldest);
            }
            let age = table.next;
            table.next += 1;
            table.by_age.insert(age, key.to_owned());
            table.entries.insert(key.to_owned(), (age, facts.into_boxed_slice()));
        }
        self.count.store(table.entries.len(), Ordering::Release);
    }

    /// All of it, oldest first.
    fn lines(&self) -> Vec<Line> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let line = |key: &String| {
            let (_, facts) = table.entries.get(key)?;
            Some(Line { key: key.clone(), facts: facts.to_vec() })
        };
        table.by_age.values().filter_map(line).collect()
    }
}

fn bounded(mut facts: Vec<OptOutFact>) -> Vec<OptOutFact> {
    for fact in &mut facts {
        if fact.purpose.as_ref().is_some_and(|purpose| purpose.len() > PURPOSE_BYTES_MAX) {
            fact.purpose = None;
        }
    }
    if facts.len() > FACTS_MAX {
        facts.sort_by_key(|fact| (!fact.refused, std::cmp::Reverse(fact.at)));
        facts.truncate(FACTS_MAX);
    }
    facts
}

/// Returns how many lines could not be read.
fn read(path: &Path, known: &Known, max: usize) -> io::Result<usize> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let (mut reader, mut text, mut unreadable) = (BufReader::new(file), Vec::new(), 0);
    loop {
        text.clear();
        if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut text)? == 0 {
            return Ok(unreadable);
        }
        match serde_json::from_slice::<Line>(&text) {
            Ok(line) => known.put(&line.key, bounded(line.facts), max),
            Err(_) => unreadable += 1,
        }
    }
}

fn write(path: &Path, known: &Known, lines: &Receiver<Line>) {
    let mut written = known.count.load(Ordering::Acquire);
    while let Ok(first) = lines.recv() {
        let waiting: Vec<Line> = std::iter::once(first).chain(lines.try_iter()).collect();
        written += waiting.len();
        let surplus = written > 2 * known.count.load(Ordering::Acquire) + SURPLUS_LINES_MAX;
        let done = if known.behind.swap(false, Ordering::AcqRel) || surplus {
            written = known.count.load(Ordering::Acquire);
            write_anew(path, known)
        } else {
            append(path, &waiting)
        };
        if let Err(error) = done {
            // The table in memory is whole; the file is tried again as a whole with the next change.
            known.behind.store(true, Ordering::Release);
            tracing::error!(%error, "the local refusals were not written");
        }
    }
}

fn append(path: &Path, lines: &[Line]) -> io::Result<()> {
    private(OpenOptions::new().append(true).create(true)).open(path)?.write_all(&text(lines)?)
}

/// Beside it, then renamed: whole or as before.
fn write_anew(path: &Path, known: &Known) -> io::Result<()> {
    let beside: PathBuf = path.with_extension("part");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
    file.write_all(&text(&known.lines())?)?;
    file.sync_data()?;
    fs::rename(beside, path)
}

fn text(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn event(id: &str, second: i64, what: What) -> Event {
        Event { id: id.into(), at: Timestamp::from_second(1_795_000_000 + second).unwrap(), what }
    }

    fn key(name: &str) -> CustomerKey {
        CustomerKey(name.to_owned())
    }

    fn refused(facts: &[OptOutFact]) -> usize {
        facts.iter().filter(|fact| fact.refused).count()
    }

    #[test]
    fn refusals_outlast_a_restart_and_are_lifted_by_what_a_load_shows() {
        let dir = tempfile::tempdir().unwrap();
        let refusals = Refusals::open(dir.path(), 10).unwrap();
        let no = What::OptOut { channel: None, purpose: None };
        refusals.hear(&key("a"), &event("1", 0, no.clone()));
        refusals.hear(&key("b"), &event("2", 0, no));
        refusals.hear(&key("b"), &event("3", 1, What::Consent { channel: None, purpose: None }));
        drop(refusals);
        let refusals = Refusals::open(dir.path(), 10).unwrap();
        assert_eq!(refused(&refusals.of(&key("a"))), 1);
        assert_eq!(refusals.of(&key("b")).len(), 2, "the consent stands beside the refusal it lifts");
        refusals.correct(&Customer::default(), [key("a")].iter());
        drop(refusals);
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(text.lines().last().unwrap().contains(r#""facts":[]"#), "{text}");
        assert!(Refusals::open(dir.path(), 10).unwrap().of(&key("a")).is_empty());
    }

    #[test]
    fn of_the_erased_the_refusal_stays_and_no_consent_in_any_line() {
        let dir = tempfile::tempdir().unwrap();
        let refusals = Refusals::open(dir.path(), 10).unwrap();
        let (channel, purpose) = (None, Some("wedding-list".to_owned()));
        refusals.hear(&key("a"), &event("1", 0, What::OptOut { channel: None, purpose: None }));
        refusals.hear(&key("a"), &event("2", 1, What::Consent { channel, purpose }));
        refusals.erase(&key("a"));
        refusals.close();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(!text.contains("wedding"), "{text}");
        let left = Refusals::open(dir.path(), 10).unwrap().of(&key("a"));
        assert_eq!((left.len(), refused(&left)), (1, 1));
    }

    #[test]
    fn it_is_bounded_and_damage_names_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let refusals = Refusals::open(dir.path(), 3).unwrap();
        for n in 0..5 {
            let what = What::Bounce { channel: crate::message::Channel::Email };
            refusals.hear(&key(&format!("k{n}")), &event(&format!("e{n}"), n, what));
        }
        assert!(refusals.of(&key("k1")).is_empty() && !refusals.of(&key("k2")).is_empty());
        drop(refusals);
        let path = dir.path().join(FILE);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"\xff\xfe not a line\n{\"key\":\"x\"");
        std::fs::write(&path, text).unwrap();
        let refusals = Refusals::open(dir.path(), 3).unwrap();
        assert!((2..5).all(|n| refused(&refusals.of(&key(&format!("k{n}")))) == 1));
        let mut many = Customer::default();
        for n in 0..100 {
            apply(
                &mut many,
                &event(&n.to_string(), n, What::OptOut { channel: None, purpose: Some(format!("p{n}")) }),
                "m",
            );
        }
        refusals.correct(&many, [key("m")].iter());
        assert_eq!(refusals.of(&key("m")).len(), FACTS_MAX);
    }
}
