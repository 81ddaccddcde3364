//! What was seen from outside: by the clients, by the providers, by the shop. The reference model judges
//! this, and its hash is the run's fingerprint.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use tactgate::clock::Clock;

use super::plan::EPOCH;

/// What a client was told at the end of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// 2xx.
    Accepted,
    /// A final no.
    Refused,
    /// Come again.
    Later,
    /// The connection was not made, so nothing was handed over.
    Unreached,
    /// No answer, or half of one.
    Nothing,
}

/// One attempt of a client.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub reference: u32,
    pub from_ms: u64,
    pub until_ms: u64,
    pub told: Told,
    pub words: String,
}

/// A message that a provider has.
#[derive(Debug, Clone)]
pub struct Taken {
    pub at_ms: u64,
    /// It said so, whole and at once.
    pub answered: bool,
    pub reference: u32,
    pub address: String,
}

/// Everything.
#[derive(Debug, Default)]
pub struct Seen {
    pub lines: Vec<String>,
    pub attempts: Vec<Attempt>,
    pub taken: Vec<Taken>,
    /// Address → when its opt-out was acknowledged.
    pub opted_out: BTreeMap<String, u64>,
    /// Keys of records that a failover took back.
    pub gone_back: Vec<String>,
    /// The shop's links are acknowledged.
    pub linked: bool,
    pub clients_waiting: usize,
    pub crashes: usize,
}

/// A handle for all hosts of a run.
#[derive(Debug, Clone)]
pub struct History {
    seen: Arc<Mutex<Seen>>,
    clock: Clock,
    epoch: Timestamp,
}

impl History {
    /// An empty one, and the clock that the run turns.
    pub fn new() -> History {
        let epoch: Timestamp = EPOCH.parse().unwrap();
        History { seen: Arc::default(), clock: Clock::standing_at(epoch), epoch }
    }

    /// The clock of all gateways.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Since the beginning.
    pub fn now_ms(&self) -> u64 {
        self.ms_of(self.clock.now())
    }

    /// When that was.
    pub fn ms_of(&self, at: Timestamp) -> u64 {
        u64::try_from(at.duration_since(self.epoch).as_millis()).unwrap_or(0)
    }

    /// Writes a line of the trace.
    pub fn say(&self, line: impl std::fmt::Display) {
        let line = format!("{:>7} {line}", self.now_ms());
        if std::env::var_os("SIMULATION_TRACE").is_some() {
            eprintln!("{line}");
        }
        self.seen().lines.push(line);
    }

    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// The same for the same run.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.seen().lines.hash(&mut hasher);
        hasher.finish()
    }
}
