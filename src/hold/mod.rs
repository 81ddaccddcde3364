//! Not now: messages kept durably until a time, decided again when it comes (design §3, *a hold is
//! re-decided at release*). `states` is the written table, `file` keeps it in `hold.db`, `wheel`
//! turns it, `parcel` is a submission as bytes, `key` keeps those bytes unreadable at rest.

pub mod error;
pub mod file;
mod forgetting;
pub mod key;
pub mod parcel;
mod rows;
pub mod states;
pub mod wheel;
mod writer;

pub use error::HoldError;
pub use file::{Hold, HoldSettings};
pub use key::HoldKey;
pub use states::{
    Cancelled, Counts, Damaged, Due, HOLD_ATTEMPTS_MAX, Held, HeldDecision, HeldMessage, HoldStatus, Requeued, Settled,
    State,
};
pub use wheel::WheelSettings;
