//! `[store]` of `tactgate.toml`, and why a store cannot be opened.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::facts::Keep;
use crate::message::Secret;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Files in a directory.
    #[default]
    Embedded,
    /// A Redis or Valkey server.
    Redis,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `"embedded"` or `"redis"`.
    pub kind: StoreKind,
    /// The directory of the embedded store, and of the pepper file.
    pub dir: PathBuf,
    /// The pepper file, when it is not `pepper` in `dir`. Every gateway on one store has the same.
    pub pepper: Option<PathBuf>,
    /// `redis://` or `rediss://` (TLS). May hold a password, so it is never shown.
    pub url: Option<Secret>,
    /// PEM file of the authority behind a `rediss://` server, when the system does not know it.
    pub ca: Option<PathBuf>,
    /// What every Redis key begins with.
    pub prefix: String,
    /// How long a connection may take.
    pub connect_ms: u64,
    /// How long an answer may take.
    pub answer_ms: u64,
    /// Days of history kept; a rule with a longer window is a load error.
    pub history_days: u32,
    /// Events kept per customer.
    pub events_max: usize,
}

impl Default for StoreSettings {
    fn default() -> StoreSettings {
        let keep = Keep::default();
        StoreSettings {
            kind: StoreKind::Embedded,
            dir: PathBuf::from("data"),
            pepper: None,
            url: None,
            ca: None,
            prefix: "tg1:".to_owned(),
            connect_ms: 1_000,
            answer_ms: 500,
            history_days: keep.history_days,
            events_max: keep.events_max,
        }
    }
}

impl StoreSettings {
    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        Keep { history_days: self.history_days, events_max: self.events_max }
    }

    /// Where the pepper is.
    pub fn pepper_path(&self) -> PathBuf {
        self.pepper.clone().unwrap_or_else(|| self.dir.join("pepper"))
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings contradict themselves.
    #[error("[store] {0}")]
    Settings(String),
    /// Another process has the directory.
    #[error("the store in `{dir}` is in use by another tactgate; stop it, or give this one its own directory")]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The files cannot be used.
    #[error("the store in `{dir}` cannot be opened: {why}")]
    Embedded {
        /// The directory.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// The server cannot be used.
    #[error("the Redis store cannot be opened: {why}")]
    Redis {
        /// Why; never the URL.
        why: String,
    },
    /// The server forgets when it is full.
    #[error(
        "the Redis server evicts keys when it is full (maxmemory-policy {policy}), so opt-outs could vanish; set maxmemory-policy to noeviction"
    )]
    Evicting {
        /// Its policy.
        policy: String,
    },
    /// The pepper file cannot be used.
    #[error("the pepper file `{path}` {why}")]
    Pepper {
        /// The file.
        path: PathBuf,
        /// Why, in words that follow the path.
        why: String,
    },
    /// The store was written with another pepper: under this one every customer would be a stranger.
    #[error(
        "the store was written with pepper {stored}, but `{path}` holds {ours}; bring back that file (every gateway on one store needs the same)"
    )]
    OtherPepper {
        /// The file.
        path: PathBuf,
        /// Its key id, or `none` when the file does not exist.
        ours: String,
        /// The store's key id.
        stored: String,
    },
    /// The store is there but does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}
