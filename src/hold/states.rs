//! The life of a hold, as a written table (as qmail's INTERNALS does for its queue). Every step is one
//! transaction of `hold.db`, so a crash leaves the state before it or the state after it.
//!
//! | from | step | to | who may |
//! |---|---|---|---|
//! | (nothing) | `put` | held | anyone, while the disk's reserve is whole; durable when answered |
//! | held, due | `claim_due` | claimed, with a new fence | a wheel |
//! | claimed, lease over | `claim_due` | claimed, with a new fence | a wheel |
//! | claimed, at start | `take_back` | held, with a new fence | the only process on the file (`hold.lock`) |
//! | claimed | `forwarding` | forwarding | the newest fence, before the first byte leaves |
//! | claimed, forwarding | `settle` | released, dropped, expired, failed, unknown | the newest fence |
//! | claimed, forwarding | `requeue` | held (`requeued` on record), or failed after 5 | the newest fence |
//! | claimed, forwarding | `postpone` | held: the provider's pace or silence, not the message, is why | the newest fence |
//! | claimed | `lay_back` | held as it was: the store does not say whose it is | the newest fence |
//! | claimed, forwarding | `amend` | the same, about fewer recipients | the newest fence |
//! | forwarding, lease over or at start | `claim_due` | forwarding, handed out as [`Due::Unknown`] | a wheel |
//! | held, claimed | `cancel` | dropped; the old fence is void | anyone |
//! | held, claimed | `leave_out` | held, about fewer recipients; dropped with the last; the old fence is void | an erasure |
//! | any live, damaged | `claim_due`, `mend` | quarantined: kept, reported, never sent | a wheel |
//! | claimed | `moved` | moved: another gateway's, nothing is told here | the newest fence, when the note names another |
//! | (nothing), any | `take_over` | held, or forwarding if it was leaving; the old fence is void | who wrote the note |
//! | any live | `answered` | the same: its client was told, and its copy is to say so | who answered |
//!
//! A settled hold loses its sealed bytes at once; its row stays a while for status calls.
//!
//! **In a shared store** a hold has a copy: its message (`hold-body`), an entry in one of its owner's due
//! lists, and a note that names the owner and is written by compare-and-set only. Steps, what is where
//! when each is done, and what a crash just after it leaves:
//!
//! | step | on this disk | in the store | a crash here leaves |
//! |---|---|---|---|
//! | 1 `put` | held, copy wanted | nothing | a hold only this gateway can release; copied at its next start |
//! | 2 message | " | message, counted | the same; the store forgets the message when the hold is too old |
//! | 3 due entry | " | + entry | the same; an entry without a note is taken out by whoever meets it |
//! | 4 note, owner A | copy made | + note | a hold that others can take; nobody was answered yet, and the customer's document does not list it: at release it is an orphan and dropped |
//! | 5 customer's commit | " | document lists it | a hold, and a client that was told nothing or "accepted" |
//! | 6 `claim_due` by A | claimed | note of A | back at A's start, or with another once A is silent for its lease |
//! | 7 decided, committed | " | document: reservation in place of the hold | the same: the reservation of that hold is taken out and decided anew |
//! | 8 note says leaving | " | note of A, leaving | at A's start released (its own row says that nothing left); with another told of as unknown |
//! | 9 `forwarding` | forwarding | " | unknown: it counts as sent, is told of, and never sent again |
//! | 10 the provider answered | " | " | the same |
//! | 11 `settle` | ended, copy to remove | " | the copy is removed at A's start; until then it says leaving, so nobody sends it |
//! | 12 copy removed | ended | nothing (if it ever moved: that it ended) | nothing left to do |
//!
//! B takes over from a silent A: its own due entry, the note by compare-and-set (from here on it is B's), its
//! own row, then A's entry out. A crash of B between note and row leaves a note of B without a row: B takes it
//! in at its next look, or C takes it over from B. A, awake again, reads the note before it decides and
//! writes it before the first byte leaves: it is B's, so A's row ends as moved. The customer's document is
//! the second fence: a listed hold that it no longer lists is not sent.
//!
//! While the store is silent a copied hold waits (`lay_back`), for another may have it by now. A must-send
//! message goes all the same and may arrive twice. One that was surely never copied is this gateway's.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Times a hold may be decided "not now" again after its first, unless `[hold] reholds_max` says
/// otherwise; then it is failed and reported (design §3).
pub const HOLD_ATTEMPTS_MAX: u32 = 5;

/// Where a hold stands. The numbers are written in `hold.db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for its time.
    Held = 0,
    /// A wheel decides about it again.
    Claimed = 1,
    /// Bytes may be leaving: never released a second time.
    Forwarding = 2,
    /// Sent.
    Released = 3,
    /// Decided against, or cancelled.
    Dropped = 4,
    /// Its time passed before it could be sent.
    Expired = 5,
    /// Held again too often, or refused by the provider.
    Failed = 6,
    /// The provider's answer was lost: counts as sent.
    Unknown = 7,
    /// Its bytes do not verify: kept for people to look at.
    Quarantined = 8,
    /// Another gateway has taken it over: nothing to be done here.
    Moved = 9,
}

impl State {
    /// From the number in the file.
    pub fn from_number(number: i64) -> Option<State> {
        use State::*;
        [Held, Claimed, Forwarding, Released, Dropped, Expired, Failed, Unknown, Quarantined, Moved]
            .into_iter()
            .find(|state| *state as i64 == number)
    }

    /// Still to be dealt with by a wheel.
    pub fn is_live(self) -> bool {
        self <= State::Forwarding
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Held => "held",
            State::Claimed => "claimed",
            State::Forwarding => "forwarding",
            State::Released => "released",
            State::Dropped => "dropped",
            State::Expired => "expired",
            State::Failed => "failed",
            State::Unknown => "unknown",
            State::Quarantined => "quarantined",
            State::Moved => "moved",
        })
    }
}

/// A message to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldMessage {
    /// The hold's id, unique; the decision's id does well.
    pub id: String,
    /// Not before.
    pub due: Timestamp,
    /// Not after: then it is handed out as [`Due::Expired`].
    pub expires: Timestamp,
    /// Must-send messages are released before all others.
    pub must_send: bool,
    /// Higher first.
    pub priority: u16,
    /// The submission as bytes ([`super::parcel::encode`]); equal bytes are stored once.
    pub parcel: Bytes,
    /// Which recipients of the submission this hold is about.
    pub recipients: Vec<u32>,
    /// The decision that holds each of them, in the same order. Empty in a hold of an earlier build,
    /// whose one decision its id names.
    pub decisions: Vec<HeldDecision>,
}

/// The decision that holds one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDecision {
    /// Its id.
    pub id: String,
    /// Hash of the verdict and findings last written to the record: what is still so is not told again.
    pub told: u64,
}

/// A hold handed out, with the fence that its owner must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The message, as it was put (with the due time it was last given).
    pub message: HeldMessage,
    /// Times it was held again.
    pub attempts: u32,
    /// Proof of ownership: grows with every claim.
    pub fence: i64,
    /// Whether the store has a copy that another gateway may have taken.
    pub copy: StoreCopy,
    /// Whether its client was told that it waits, as far as this file knew when it was read.
    pub answered: bool,
}

/// How a hold's copy in a shared store stands. The numbers are written in `hold.db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreCopy {
    /// None is wanted: no shared store, or too large for it.
    None = 0,
    /// Wanted, and surely not made: nobody else can have the hold.
    Wanted = 1,
    /// Made and up to date.
    Made = 2,
    /// Made, or perhaps made, and behind this row.
    Behind = 3,
    /// The hold has ended here; its copy is to be taken away.
    Ended = 4,
}

impl StoreCopy {
    /// From the number in the file. One that is not known asks for most care.
    pub fn from_number(number: i64) -> StoreCopy {
        let all = [StoreCopy::None, StoreCopy::Wanted, StoreCopy::Made, StoreCopy::Behind, StoreCopy::Ended];
        all.into_iter().find(|copy| *copy as i64 == number).unwrap_or(StoreCopy::Behind)
    }
}

/// What a wheel must deal with; its owner settles or requeues every one but `Damaged`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Its time has come: decide again with fresh facts.
    Release(Held),
    /// Too old to send: record it, settle it as expired.
    Expired(Held),
    /// An owner stopped while bytes may have left: counts as sent. Record it and settle it as unknown;
    /// only a must-send message may be sent once more.
    Unknown(Held),
    /// Its bytes do not verify; already quarantined. Report it.
    Damaged(Damaged),
}

/// A hold whose bytes do not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its id.
    pub id: String,
    /// What does not fit.
    pub why: String,
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// Sent.
    Released,
    /// Decided against at release.
    Dropped,
    /// Too late.
    Expired,
    /// Refused for good.
    Failed,
    /// The provider's answer was lost.
    Unknown,
}

impl From<Settled> for State {
    fn from(settled: Settled) -> State {
        match settled {
            Settled::Released => State::Released,
            Settled::Dropped => State::Dropped,
            Settled::Expired => State::Expired,
            Settled::Failed => State::Failed,
            Settled::Unknown => State::Unknown,
        }
    }
}

/// What became of a wish to hold again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeued {
    /// Held for this time.
    Again(u32),
    /// Held [`HOLD_ATTEMPTS_MAX`] times again already: failed, to be reported.
    GaveUp,
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be sent.
    Dropped,
    /// It stands thus already.
    TooLate(State),
    /// No such hold.
    NoSuch,
}

/// A hold without its bytes, for status calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldStatus {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Not before.
    pub due: Timestamp,
    /// Not after.
    pub expires: Timestamp,
    /// Must-send.
    pub must_send: bool,
    /// Priority.
    pub priority: u16,
    /// Times it was held again.
    pub attempts: u32,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Waiting.
    pub held: u64,
    /// In a wheel's hands.
    pub claimed: u64,
    /// Damaged.
    pub quarantined: u64,
}
