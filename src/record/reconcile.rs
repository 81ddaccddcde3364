//! Do the books balance? For each day and route: received = passed + rewritten + blocked + held + refused +
//! unknown. The left side comes from the `received` lines, written before anything was understood; the right
//! side from decisions and from what ended without one. What a stopped gateway left without an answer is
//! derived and shown, not hidden: its client got no answer either, and keeps its message.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::audit::Reason;
use super::chain::{day_files, file_name};
use super::entry::{DecisionEntry, Fate, Line, OutcomeEntry};
use super::ids;
use super::log::{DECISIONS, day_of};
use super::receipt::{ClosedEntry, ReceivedEntry, WhyClosed};
use crate::decide::Verdict;

const LINE_BYTES_MAX: u64 = 4 << 20;
/// A submission may be under way for so long before it counts as lost.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(15);

/// Days to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

/// The books of some days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Books {
    /// One row a day and route, in that order.
    pub rows: Vec<Row>,
    /// Decisions from before there were `received` lines, left out.
    pub before_receipts: u64,
    /// Lines that could not be read; `audit verify` says where.
    pub unreadable_lines: u64,
}

/// One route's day, in recipients.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Row {
    /// The UTC day the submissions were taken.
    pub day: Date,
    /// The way out; empty for what no route takes.
    pub route: String,
    /// Taken.
    pub received: u64,
    /// Given to the provider as they came, and taken there.
    pub passed: u64,
    /// Given to the provider changed, and taken there.
    pub rewritten: u64,
    /// Not sent, by decision.
    pub blocked: u64,
    /// Held; how they ended stands in `holds`.
    pub held: u64,
    /// Refused, for good or for now; why stands in `refusals`.
    pub refused: u64,
    /// Given to the provider, whose answer was lost, or on their way when the gateway failed.
    pub unknown: u64,
    /// Retries, answered from the record.
    pub repeated: u64,
    /// Taken, and never answered: the gateway was stopped meanwhile, or they are under way.
    pub unanswered: u64,
    /// Received less all of these. Nought, or something is missing.
    pub difference: i64,
    /// Refusals by reason: by the provider, come again, malformed, no route, failed here.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Where the held ones stand now.
    pub holds: BTreeMap<&'static str, u64>,
}

impl Books {
    /// True when every row does.
    pub fn balance(&self) -> bool {
        self.rows.iter().all(|row| row.difference == 0) && self.unreadable_lines == 0
    }
}

/// Reads the decision log under `folder`. Later days are looked into as well: a submission of the last
/// minute before midnight may be decided after it.
pub fn reconcile(folder: &Path, days: Days, now: Timestamp, mut progress: impl FnMut(u64)) -> io::Result<Books> {
    let mut reading = Reading::of(days);
    let last = days.to.tomorrow().unwrap_or(days.to);
    for path in day_files(&folder.join(DECISIONS))? {
        let day = file_name(&path).strip_suffix(".jsonl").and_then(|day| day.parse::<Date>().ok());
        // A hold of these days may end in any later file; its end is written beside its decision.
        if day.is_some_and(|day| day >= days.from.yesterday().unwrap_or(days.from) && day <= last) {
            reading.file(&path)?;
        } else if day.is_some_and(|day| day > last) {
            reading.later_file(&path)?;
        }
        progress(path.metadata().map_or(0, |file| file.len()));
    }
    Ok(reading.books(now))
}

struct Reading {
    days: Days,
    rows: BTreeMap<(Date, String), Row>,
    /// Submissions whose recipients are not all accounted for: what is still owed, and since when.
    open: BTreeMap<String, Open>,
    /// Held decisions, and how they stand.
    holds: BTreeMap<String, Held>,
    /// When runs ended: true = by itself.
    ends: BTreeMap<Timestamp, bool>,
    before_receipts: u64,
    unreadable_lines: u64,
}

struct Open {
    at: Timestamp,
    route: String,
    owed: i64,
    /// A `received` line was seen.
    taken: bool,
}

struct Held {
    day: Date,
    route: String,
    submission: String,
    stands: &'static str,
}

impl Reading {
    fn of(days: Days) -> Reading {
        Reading {
            days,
            rows: BTreeMap::new(),
            open: BTreeMap::new(),
            holds: BTreeMap::new(),
            ends: BTreeMap::new(),
            before_receipts: 0,
            unreadable_lines: 0,
        }
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        // In a file that an earlier build began, decisions before the first receipt have none.
        let mut receipts = false;
        each_line(path, |line| match line {
            Some(Line::Begin(begin)) => receipts = begin.receipts,
            Some(Line::Checkpoint(checkpoint)) => match checkpoint.reason {
                Reason::Stop => drop(self.ends.insert(checkpoint.at, true)),
                Reason::StartAfterCrash => drop(self.ends.insert(checkpoint.at, false)),
                _ => {}
            },
            Some(Line::Received(received)) => {
                receipts = true;
                self.received(received);
            }
            Some(Line::Closed(closed)) => self.closed(&closed),
            Some(Line::Decision(entry)) if receipts => self.decided(&entry),
            Some(Line::Decision(_)) => self.before_receipts += 1,
            Some(Line::Outcome(outcome)) => self.ended(&outcome),
            Some(_) => {}
            None => self.unreadable_lines += 1,
        })
    }

    /// Only what happened to holds of the days asked for.
    fn later_file(&mut self, path: &Path) -> io::Result<()> {
        if self.holds.is_empty() {
            return Ok(());
        }
        each_line(path, |line| match line {
            Some(Line::Decision(entry)) if entry.again.is_some() => self.decided(&entry),
            _ => {}
        })
    }

    fn received(&mut self, received: ReceivedEntry) {
        let Some(day) = self.day_asked_for(&received.submission, received.at) else { return };
        self.row(day, &received.route).received += u64::from(received.recipients);
        let owed = i64::from(received.recipients);
        self.owe(received.submission, received.at, &received.route, owed, true);
    }

    fn closed(&mut self, closed: &ClosedEntry) {
        let Some(day) = self.day_asked_for(&closed.submission, closed.at) else { return };
        let count = u64::from(closed.recipients);
        let row = self.row(day, &closed.route);
        match closed.why {
            WhyClosed::FailedLeaving => row.unknown += count,
            why => {
                row.refused += count;
                *row.refusals.entry(why.name()).or_default() += count;
            }
        }
        self.owe(closed.submission.clone(), closed.at, &closed.route, -i64::from(closed.recipients), false);
    }

    fn decided(&mut self, entry: &DecisionEntry) {
        if let Some(first) = &entry.again
            && self.is_of_a_hold(first, &entry.submission)
        {
            // Taken up again at the end of a hold: the submission was counted when it was held.
            if let Some(held) = self.holds.get_mut(first) {
                held.stands = stands_after(entry);
            }
            return;
        }
        let Some(day) = self.day_asked_for(&entry.submission, entry.at) else { return };
        let row = self.row(day, &entry.route);
        match entry.outcome {
            Some(Fate::Accepted | Fate::Sandboxed | Fate::Released) => match entry.verdict {
                Verdict::Rewrite => row.rewritten += 1,
                _ => row.passed += 1,
            },
            Some(Fate::Blocked | Fate::Dropped) => row.blocked += 1,
            Some(Fate::Held | Fate::Requeued) => {
                row.held += 1;
                let route = entry.route.clone();
                self.holds.insert(
                    entry.id.clone(),
                    Held { day, route, submission: entry.submission.clone(), stands: "waiting" },
                );
            }
            Some(Fate::Refused | Fate::Expired | Fate::Failed) => {
                row.refused += 1;
                *row.refusals.entry("by-provider").or_default() += 1;
            }
            Some(Fate::TryLater) => {
                row.refused += 1;
                *row.refusals.entry("come-again").or_default() += 1;
            }
            Some(Fate::Repeated) => row.repeated += 1,
            // What an event told later stands beside the books: this is how it was answered.
            Some(Fate::Unknown | Fate::ToldSent | Fate::ToldNotSent) | None => row.unknown += 1,
        }
        self.owe(entry.submission.clone(), entry.at, &entry.route, -1, false);
    }

    /// A decision that follows an earlier one is taken at the end of a hold, or for a client's retry: a retry
    /// is a submission of its own.
    fn is_of_a_hold(&self, first: &str, submission: &str) -> bool {
        match self.holds.get(first) {
            Some(held) => held.submission == submission,
            None => !self.open.contains_key(submission),
        }
    }

    fn ended(&mut self, outcome: &OutcomeEntry) {
        let Some(held) = self.holds.get_mut(&outcome.decision) else { return };
        match outcome.outcome {
            Fate::Dropped | Fate::Expired | Fate::Failed | Fate::Unknown => held.stands = outcome.outcome.name(),
            Fate::Requeued | Fate::Held => held.stands = "waiting",
            Fate::ToldSent | Fate::ToldNotSent => {}
            // The decision that released it says what the provider answered; in a later file it may follow.
            _ if held.stands == "waiting" => held.stands = "released",
            _ => {}
        }
    }

    /// Both sides of one submission; what comes out even is forgotten.
    fn owe(&mut self, submission: String, at: Timestamp, route: &str, owed: i64, taken: bool) {
        let open = self.open.entry(submission.clone()).or_insert_with(|| Open {
            at,
            route: route.to_owned(),
            owed: 0,
            taken: false,
        });
        open.owed += owed;
        open.taken |= taken;
        if open.owed == 0 {
            self.open.remove(&submission);
        }
    }

    fn row(&mut self, day: Date, route: &str) -> &mut Row {
        let new = || Row { day, route: route.to_owned(), ..Row::default() };
        self.rows.entry((day, route.to_owned())).or_insert_with(new)
    }

    /// The day of a submission, by its id, when it is one of those asked for.
    fn day_asked_for(&self, submission: &str, at: Timestamp) -> Option<Date> {
        let day = day_of(ids::read(submission).map_or(at, |(_, made)| made));
        (day >= self.days.from && day <= self.days.to).then_some(day)
    }

    fn books(mut self, now: Timestamp) -> Books {
        for (submission, open) in std::mem::take(&mut self.open) {
            // Unanswered is what was taken and has too few answers, with a reason: the run it belonged to
            // was killed, or it is still under way. Anything else stays a difference.
            let killed = self.ends.range(open.at..).next().map(|(_, by_itself)| !by_itself);
            let under_way = killed.is_none() && now.duration_since(open.at) <= UNDER_WAY;
            if open.taken && open.owed > 0 && (killed == Some(true) || under_way) {
                let day = day_of(ids::read(&submission).map_or(open.at, |(_, made)| made));
                self.row(day, &open.route).unanswered += open.owed.unsigned_abs();
            }
        }
        for held in std::mem::take(&mut self.holds).into_values() {
            *self.row(held.day, &held.route).holds.entry(held.stands).or_default() += 1;
        }
        let rows = self.rows.into_values().map(balanced).collect();
        Books { rows, before_receipts: self.before_receipts, unreadable_lines: self.unreadable_lines }
    }
}

fn balanced(mut row: Row) -> Row {
    let Row { passed, rewritten, blocked, held, refused, unknown, repeated, unanswered, .. } = row;
    let right = passed + rewritten + blocked + held + refused + unknown + repeated + unanswered;
    row.difference = i64::try_from(i128::from(row.received) - i128::from(right)).unwrap_or(i64::MAX);
    row
}

/// Where a hold stands after it was decided again.
fn stands_after(entry: &DecisionEntry) -> &'static str {
    match entry.outcome {
        Some(Fate::Accepted | Fate::Sandboxed | Fate::Released) => match entry.verdict {
            Verdict::Rewrite => "rewritten",
            _ => "passed",
        },
        // An earlier release had sent it.
        Some(Fate::Repeated) => "passed",
        Some(Fate::Blocked | Fate::Dropped) => "dropped",
        Some(Fate::Refused) => "refused",
        Some(Fate::Unknown | Fate::ToldSent | Fate::ToldNotSent) => "unknown",
        Some(Fate::Expired) => "expired",
        Some(Fate::Failed) => "failed",
        Some(Fate::Held | Fate::Requeued | Fate::TryLater) | None => "waiting",
    }
}

/// Gives each whole line; nothing for one that cannot be read. Chain values are no concern here.
fn each_line(path: &Path, mut give: impl FnMut(Option<Line>)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 || !line.ends_with(b"\n") {
            // What stands after the last line end is being written, or torn: no line yet.
            return Ok(());
        }
        give(serde_json::from_slice(&line).ok());
    }
}
