//! When the writer signs: at a start, after so many lines or an hour, before a new day's file begins, and
//! at a clean stop.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::thread::Writer;
use super::{DECISIONS, RecordSettings, day_path};
use crate::record::audit::Reason;
use crate::record::audit::ledger::{Ledger, Stand};
use crate::record::chain::{day_files, file_name};

/// The longest that a line stays uncovered.
const EVERY: Duration = Duration::from_secs(3_600);
/// After a checkpoint that could not be made.
const AGAIN: Duration = Duration::from_secs(30);

/// What is still to be signed.
pub(super) struct Signing {
    pub(super) ledger: Ledger,
    lines_max: u64,
    /// Lines since the last checkpoint, by day file.
    uncovered: BTreeMap<Date, u64>,
    /// When the first of them must be covered.
    due: Option<Instant>,
    /// The day file signed last.
    last: Option<Date>,
    opened: (Timestamp, Instant),
}

impl Signing {
    pub(super) fn open(settings: &RecordSettings, now: Timestamp) -> io::Result<Signing> {
        Ok(Signing {
            ledger: Ledger::open(&settings.folder, &settings.key_path)?,
            lines_max: settings.checkpoint_lines.max(1),
            uncovered: BTreeMap::new(),
            due: None,
            last: None,
            opened: (now, Instant::now()),
        })
    }

    /// Lines were written.
    pub(super) fn written(&mut self, folder: &str, day: Date, lines: usize) {
        if folder == DECISIONS {
            *self.uncovered.entry(day).or_default() += lines as u64;
            self.due.get_or_insert_with(|| Instant::now() + EVERY);
        }
    }

    /// True when so many lines are uncovered that the next one has to wait for a checkpoint.
    pub(super) fn is_due(&self) -> bool {
        self.uncovered.values().sum::<u64>() >= self.lines_max
    }

    /// How long nothing has to be signed for the time that has passed.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// What the gateway's clock said at the opening, and what has passed since.
    pub(super) fn now(&self) -> Timestamp {
        let (at, since) = self.opened;
        let passed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::ZERO);
        at.saturating_add(passed).unwrap_or(at)
    }
}

impl Writer {
    /// Lines that a crash tore stand before others no longer: every file ends whole before this run begins.
    pub(super) fn mend_all(&mut self) -> io::Result<()> {
        for path in day_files(&self.root.join(DECISIONS))? {
            let mut file = File::open(&path)?;
            let mut last = [b'\n'];
            if file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            let day = file_name(&path).strip_suffix(".jsonl").and_then(|day| day.parse::<Date>().ok());
            if let (Some(day), true) = (day, last != *b"\n") {
                self.file(DECISIONS, day)?;
            }
        }
        Ok(())
    }

    /// This run's first checkpoint says how the last one ended. A full disk keeps no gateway from starting.
    pub(super) fn sign_start(&mut self, today: Date) {
        let reason = self.signing.ledger.reason_to_start();
        self.sign_or_say(&[today], reason);
    }

    /// This run's last.
    pub(super) fn sign_stop(&mut self) {
        let mut days: Vec<Date> = self.signing.uncovered.keys().copied().collect();
        if days.is_empty() {
            days.extend(self.signing.last);
        }
        self.sign_or_say(&days, Reason::Stop);
    }

    /// What must be covered by now.
    pub(super) fn sign_when_due(&mut self) {
        let over = self.signing.due.is_some_and(|due| due <= Instant::now());
        let many = self.signing.is_due();
        let reason = if over { Reason::Hour } else { Reason::Lines };
        if over || many {
            let days: Vec<Date> = self.signing.uncovered.keys().copied().collect();
            self.sign_or_say(&days, reason);
        }
    }

    /// A new day's file says where the one before stands: after its checkpoint.
    pub(super) fn sign_before(&mut self, folder: &str, day: Date) {
        let begins = folder == DECISIONS && !day_path(&self.root.join(folder), day).exists();
        if begins && !self.signing.uncovered.is_empty() {
            let days: Vec<Date> = self.signing.uncovered.keys().copied().filter(|earlier| *earlier < day).collect();
            self.sign_or_say(&days, Reason::Day);
        }
    }

    /// Signs where a day's file stands; what it speaks of is on disk before.
    pub(super) fn sign(&mut self, day: Date, reason: Reason) -> io::Result<()> {
        let file = self.file(DECISIONS, day)?;
        file.sync()?;
        let Some((head, lines)) = file.stand() else { return Ok(()) };
        let stand = Stand { file: format!("{day}.jsonl"), lines, head: head.to_owned() };
        let at = self.signing.now();
        let line = self.signing.ledger.sign(stand, reason, at)?;
        let file = self.file(DECISIONS, day)?;
        file.append([line.as_str()])?;
        file.sync()?;
        self.signing.uncovered.remove(&day);
        self.signing.last = Some(day);
        if self.signing.uncovered.is_empty() {
            self.signing.due = None;
        }
        Ok(())
    }

    fn sign_or_say(&mut self, days: &[Date], reason: Reason) {
        for day in days {
            if let Err(why) = self.sign(*day, reason) {
                self.failed(1, &format!("no checkpoint: {why}"));
                self.signing.due = Some(Instant::now() + AGAIN);
                return;
            }
        }
    }
}
