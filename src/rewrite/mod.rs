//! PURE: change a message, all or nothing. An action makes edits on decoded text; the dialect that
//! read the message carries them into its bytes.

pub mod actions;

pub use actions::Action;
