//! What happened and why: `log` keeps decisions, learned events and sends as JSON lines, one file a UTC day;
//! `explain` reads one decision back for people; `metrics` counts. No address and no text of a
//! message is ever written here.

pub mod audit;
pub mod chain;
pub mod entry;
pub mod explain;
pub mod ids;
pub mod impersonal;
pub mod journal;
pub mod log;
pub mod metrics;
pub mod person;
pub mod receipt;
pub mod reconcile;
pub mod sends;

pub use audit::{AuditKey, Break, CheckpointEntry, Verified, verify};
pub use chain::BeginEntry;
pub use entry::{DecisionEntry, Fate, JournalEntry, Line, OutcomeEntry, StreamNames};
pub use explain::{ExplainError, Explained, Explanation, explain};
pub use log::{Record, RecordError, RecordSettings};
pub use metrics::Metrics;
pub use receipt::{ClosedEntry, ReceivedEntry, RetiredEntry, WhyClosed};
pub use reconcile::{Books, Days, Row, reconcile};
pub use sends::{ClaimedEntry, ForwardedSend, ForwardingEntry, GivenBackEntry};
