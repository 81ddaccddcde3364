//! Tactgate (分寸): a sending gateway proxy for e-mail and SMS. The modules stand in the order of a
//! message's path: accept → understand → decide → rewrite → forward | hold → record.

/// Shared nouns: message, channel, envelope, address, money, spans.
pub mod message;

/// Sockets in: SMTP and HTTP doors.
pub mod accept;

/// Dialects: bytes ↔ messages ↔ replies, pure.
pub mod providers;

/// What does the message say? Pure.
pub mod understand;

/// What we know of a customer and of a brand's claims: plain data.
pub mod facts;

/// Doors for facts: the events API and imports.
pub mod learn;

/// Where facts live: embedded or Redis, one contract.
pub mod store;

/// Policy files → rules, pure.
pub mod policy;

/// May it go? Pure.
pub mod decide;

/// Change it, all or nothing, pure.
pub mod rewrite;

/// Sockets out: SMTP, HTTP, pacing, the sandbox.
pub mod forward;

/// Not now: durable holds and their release.
pub mod hold;

/// What happened and why: journal, decision log, metrics, explain.
pub mod record;

/// When to stop asking what does not answer.
pub mod breaker;

/// Bytes as hexadecimal digits.
pub mod hex;

/// Files with a secret in them.
pub mod secret_file;

/// The clock, the wall's or a hand-turned one.
pub mod clock;

/// `tactgate.toml`.
pub mod config;

/// Walks one submission along the path; knows all folders.
pub mod gateway;

/// What the binary's subcommands do.
pub mod command;
