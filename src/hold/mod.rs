//! Not now: messages kept durably until a time, decided again when it comes (design §3, *a hold is
//! re-decided at release*). `states` is the written table, `file` keeps it in `hold.db`, `wheel`
//! turns it, `parcel` is a submission as bytes, `key` keeps those bytes unreadable at rest. `copies` is
//! what the file knows of a hold's copy in a shared store, `copy` that copy as bytes; `mending` finds
//! rows that no wheel would find, `answered` whose clients were told, `room` keeps some of the disk free, `reading` looks in beside a gateway.

mod answered;
mod copies;
pub mod copy;
pub mod error;
pub mod file;
mod forgetting;
pub mod key;
mod mending;
pub mod parcel;
mod reading;
pub mod room;
mod rows;
pub mod states;
pub mod wheel;
mod writer;

pub use copies::Standing;
pub use error::HoldError;
pub use file::{Hold, HoldSettings};
pub use key::HoldKey;
pub use reading::HoldReader;
pub use states::{
    Cancelled, Counts, Damaged, Due, HOLD_ATTEMPTS_MAX, Held, HeldDecision, HeldMessage, HoldStatus, Requeued, Settled,
    State, StoreCopy,
};
pub use wheel::WheelSettings;
