//! The contract below [`super::Store`]: what a place that keeps facts must do, and the visible list of
//! those that do. Two kinds of thing are kept. *Records*, one per address key, written only by
//! compare-and-set on their version. *Marks*, grow-only sets of members each with its earliest
//! instant: adding is idempotent and commutes, so any number of gateways may add at once.
//!
//! To add a backend: one file with these functions, one line in `backends!`, one line in the
//! shared contract suite.

use std::collections::BTreeMap;

use super::{CustomerKey, StoreError};

/// Members kept per set of marks; the earliest stay. Beyond the deadlines that are handed out one by
/// one (`DEADLINES_MAX`) the rest only count.
pub const SET_MEMBERS_MAX: usize = 1_024;

/// What stands under one address key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Grows by one with every write; 0 = nothing stands there.
    pub version: u64,
    /// The document; frozen when `moved` stands beside it.
    pub document: Option<Vec<u8>>,
    /// Where the history went.
    pub moved: Option<CustomerKey>,
}

/// A compare-and-set: `record.version` is the version that must stand there; one more will.
#[derive(Debug, Clone)]
pub struct RecordWrite {
    /// The key.
    pub key: CustomerKey,
    /// What to write, and the version expected.
    pub record: Record,
    /// The instant a decision took for now, in microseconds: a store with a clock of its own refuses one
    /// that is off by more than [`CLOCK_SKEW_MAX_US`]. None where no decision was taken.
    pub now: Option<i64>,
}

/// How far a decision's now may be from the store's clock (design §3: "the commit script answers `clock`
/// if its own time differs by more than 1 s").
pub const CLOCK_SKEW_MAX_US: i64 = 1_000_000;

/// What became of one compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// Done.
    Done,
    /// Another version stood there.
    Stale,
    /// Not done: the store's clock, in microseconds, is too far from the decision's.
    Clock(i64),
}

/// A value that the store keeps for a while: replies, heartbeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name, `{tag}:rest`.
    pub name: String,
    /// The value.
    pub value: Vec<u8>,
    /// When the store may throw it away, from now. Windows live in values; this only collects garbage.
    pub seconds: u32,
}

/// One member of a grow-only set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The set, `{tag}:rest`: the braces keep one brand's sets in one cluster slot.
    pub set: String,
    /// The member.
    pub member: String,
    /// When, in microseconds; of two the earlier stays.
    pub at: i64,
}

/// One member of a bounded set that may be thrown away: of two instants of a member the smaller stays, and of
/// all members the smallest `members_max`. So adding commutes, and a set whose instants run backwards keeps
/// the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The set, `{tag}:rest`; always noted with the same bounds.
    pub set: String,
    /// The member.
    pub member: String,
    /// Its place, in microseconds forwards or backwards.
    pub at: i64,
    /// Members kept.
    pub members_max: usize,
    /// When the store may throw the set away, from now: so long after its last note. This only collects
    /// garbage; the store in memory keeps it.
    pub seconds: u32,
}

/// What one round trip asks for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Records by key.
    pub records: Vec<CustomerKey>,
    /// Sets, each with how many members to hand out.
    pub sets: Vec<(String, usize)>,
}

/// One set as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// How many members there are; where one alone was asked for, whether there is any.
    pub count: usize,
    /// The earliest of them, in the order of (instant, member).
    pub earliest: Vec<(String, i64)>,
}

/// What one round trip brings.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// In the order asked for.
    pub records: Vec<Record>,
    /// In the order asked for.
    pub sets: Vec<Marks>,
}

macro_rules! backends {
    ($($(#[$doc:meta])* $name:ident($file:ident),)+) => {
        /// The places facts can live in.
        #[derive(Debug, Clone)]
        pub enum Backend {
            $($(#[$doc])* $name(super::$file::$name),)+
        }

        impl Backend {
            /// Reads, in one round trip.
            pub async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
                match self { $(Backend::$name(it) => it.read(ask).await,)+ }
            }

            /// Writes each by compare-and-set.
            pub async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
                #[cfg(feature = "naive-store")]
                let writes = super::naive::as_if_nobody_wrote(self, writes).await?;
                match self { $(Backend::$name(it) => it.write(writes).await,)+ }
            }

            /// Adds marks; acknowledged.
            pub async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.mark(marks).await,)+ }
            }

            /// Adds notes; acknowledged.
            pub async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.note(notes).await,)+ }
            }

            /// Takes members out of sets: of those sets only that are lists of what is there now.
            pub async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.unmark(members).await,)+ }
            }

            /// Deletes records at the version they were read at, for what is no customer and ends.
            pub async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
                match self { $(Backend::$name(it) => it.remove(records).await,)+ }
            }

            /// Keeps values for a while.
            pub async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.keep(values).await,)+ }
            }

            /// Reads kept values, in the order asked for.
            pub async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
                match self { $(Backend::$name(it) => it.kept(names).await,)+ }
            }

            /// Answers when the store does.
            pub async fn ping(&self) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.ping().await,)+ }
            }

            /// The store's own clock, where it has one.
            pub async fn time(&self) -> Result<Option<jiff::Timestamp>, StoreError> {
                match self { $(Backend::$name(it) => it.time().await,)+ }
            }

            /// Lets go of files and connections, after everything accepted is written.
            pub async fn close(&self) -> Result<(), StoreError> {
                match self { $(Backend::$name(it) => it.close().await,)+ }
            }
        }
    };
}

backends! {
    /// SQLite files in a directory: nothing to install.
    Embedded(embedded),
    /// A Redis or Valkey server that a fleet of gateways shares.
    Redis(redis),
    /// In memory, with faults on request: policy cases and simulation.
    Modelled(modelled),
}

/// The bound on a set, for the backends that keep it themselves.
pub(super) fn bound(set: &mut BTreeMap<String, i64>, members_max: usize) {
    if set.len() > members_max
        && let Some(last) = set.iter().max_by_key(|(member, at)| (**at, member.as_str())).map(|(m, _)| m.clone())
    {
        set.remove(&last);
    }
}
