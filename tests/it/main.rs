//! One binary of integration tests (one link, one run): each module is one kind of story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is how a test speaks")]

mod learn;
mod redis;
mod store;
mod store_faults;
