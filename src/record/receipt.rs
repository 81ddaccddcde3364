//! The other side of the books: what was taken, written before anything is understood, and what ended
//! without a decision. `reconcile` holds the two sides against each other.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A submission was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedEntry {
    /// `s-…`.
    pub submission: String,
    /// When.
    pub at: Timestamp,
    /// By which way it is to leave; empty when none takes it.
    pub route: String,
    /// For how many; one where that cannot be read.
    pub recipients: u32,
}

/// A submission, or some of its recipients, ended without a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedEntry {
    /// `s-…`.
    pub submission: String,
    /// When.
    pub at: Timestamp,
    /// The route, as in the submission's `received` line.
    pub route: String,
    /// How many recipients ended so.
    pub recipients: u32,
    /// Why.
    pub why: WhyClosed,
}

/// Why a submission ended without a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyClosed {
    /// It cannot be read.
    Malformed,
    /// No route takes it.
    NoRoute,
    /// The gateway failed on it before anything of it left.
    Failed,
    /// The gateway failed on it when it may have left: it counts as sent.
    FailedLeaving,
}

/// Whole day files were removed: their time was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredEntry {
    /// When.
    pub at: Timestamp,
    /// Files named before this one are gone.
    pub before: String,
}

impl WhyClosed {
    /// The stable word for it.
    pub fn name(self) -> &'static str {
        match self {
            WhyClosed::Malformed => "malformed",
            WhyClosed::NoRoute => "no-route",
            WhyClosed::Failed => "failed",
            WhyClosed::FailedLeaving => "failed-leaving",
        }
    }
}
