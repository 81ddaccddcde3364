//! One binary of integration tests (one link, one run): each module is one kind of story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is how a test speaks")]
mod asking;
mod attacks;
mod audit;
mod config;
mod copies;
mod hold;
mod hold_damage;
mod hold_owner;
mod reload;
mod tidy;

mod mime;

mod cases;
mod decide;
mod law_packs;
mod policies;
mod slow_clients;
mod smtp_dialogues;
mod smtp_door;
mod smtp_relay;

mod dialects;
mod eval;
mod http_door;
mod record;
mod rewrite;
mod rewrite_actions;

mod understand;
mod understand_any_text;
mod understand_command;

mod gateway;
mod http_forward;
mod learn;
mod prices;
mod priorities;
mod properties;
mod redis;
mod redis_groups;
mod sends;
mod simulation;
mod store;
mod store_brand;
mod store_errors;
mod store_failover;
mod store_faults;
mod store_health;
mod store_holds;
mod store_kept;
mod who_may;
