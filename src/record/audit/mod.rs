//! Proof that the decision log is what was written: a key of the gateway's own signs checkpoints over
//! the chain's head; `verify` reads it all again and tells what does not fit. Whoever keeps a
//! checkpoint elsewhere (the gateway also logs each one) can prove later that nothing was cut off.

pub mod checkpoint;
pub mod key;
pub(super) mod ledger;
pub mod verify;

pub use checkpoint::{CheckpointEntry, Reason, checkpoints_in};
pub use key::{AuditKey, KeyError, PublicKey};
pub use verify::{Break, Trusted, Verified, verify};

/// Folder of the checkpoints' own file.
pub(super) const AUDIT: &str = "audit";
/// All checkpoints, one a line, beside the day files that hold them, too.
pub(super) const CHECKPOINTS: &str = "checkpoints.jsonl";
