//! One binary of integration tests (one link, one run): each module is one kind of story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is how a test speaks")]
mod config;
mod hold;
mod reload;
mod tidy;

mod mime;

mod smtp_dialogues;
mod smtp_relay;
mod policies;

mod http_door;
mod rewrite;
mod record;

mod understand;
