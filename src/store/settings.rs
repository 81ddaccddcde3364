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
    /// One server: `redis://` or `rediss://` (TLS). May hold a password, so it is never shown.
    pub url: Option<Secret>,
    /// Or the sentinels (`host:port` or a URL) that know where `master` is.
    pub sentinels: Vec<Secret>,
    /// The name of the master at the sentinels.
    pub master: Option<String>,
    /// Or some servers of a cluster (`host:port` or a URL); they name the rest.
    pub nodes: Vec<Secret>,
    /// Login at the servers, where their URL brings none.
    pub user: Option<String>,
    /// Its password; never shown.
    pub password: Option<Secret>,
    /// PEM file of the authority behind a `rediss://` server, when the system does not know it.
    pub ca: Option<PathBuf>,
    /// What every Redis key begins with.
    pub prefix: String,
    /// How long a connection may take.
    pub connect_ms: u64,
    /// How long an answer of a server may take, with everything that getting it takes. Files are given at
    /// least [`FILES_ANSWER_MS_MIN`].
    pub answer_ms: u64,
    /// Failures in a row after which a server, or the files, are left alone for half a second.
    pub breaker_failures: u32,
    /// How often the servers are examined: eviction, role, version, persistence, clock.
    pub check_seconds: u64,
    /// Replicas that must have an opt-out, a complaint or a consent before the shop is answered; 0 = the
    /// master's word is enough.
    pub replicas_acknowledge: u32,
    /// Whether reservations wait for those replicas, too.
    pub replicas_acknowledge_sends: bool,
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
            sentinels: Vec::new(),
            master: None,
            nodes: Vec::new(),
            user: None,
            password: None,
            ca: None,
            prefix: "tg1:".to_owned(),
            connect_ms: 1_000,
            answer_ms: 100,
            breaker_failures: 5,
            check_seconds: 30,
            replicas_acknowledge: 0,
            replicas_acknowledge_sends: false,
            history_days: keep.history_days,
            events_max: keep.events_max,
        }
    }
}

/// Milliseconds that files are given at least: a busy disk is slow, but it is there.
pub const FILES_ANSWER_MS_MIN: u64 = 500;

/// Which servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers<'a> {
    /// One.
    One(&'a Secret),
    /// The master of this name, as sentinels tell.
    Sentinels(&'a [Secret], &'a str),
    /// A cluster, by some of its servers.
    Cluster(&'a [Secret]),
}

impl StoreSettings {
    /// Which servers `kind = "redis"` means: exactly one of the three ways.
    pub fn servers(&self) -> Result<Servers<'_>, OpenError> {
        let given = [
            ("url", self.url.is_some()),
            ("sentinels", !self.sentinels.is_empty() || self.master.is_some()),
            ("nodes", !self.nodes.is_empty()),
        ];
        let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        match (given.as_slice(), &self.url, &self.master) {
            (["url"], Some(url), _) => Ok(Servers::One(url)),
            (["sentinels"], _, Some(master)) if !self.sentinels.is_empty() => {
                Ok(Servers::Sentinels(&self.sentinels, master))
            }
            (["sentinels"], ..) => {
                Err(OpenError::Settings("`sentinels` and `master` go together: who to ask, and for what".to_owned()))
            }
            (["nodes"], ..) => Ok(Servers::Cluster(&self.nodes)),
            ([], ..) => Err(OpenError::Settings(format!("kind = \"redis\" needs {WAYS}"))),
            (many, ..) => Err(OpenError::Settings(format!("{} exclude each other: give {WAYS}", many.join(" and ")))),
        }
    }

    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        Keep { history_days: self.history_days, events_max: self.events_max }
    }

    /// Where the pepper is.
    pub fn pepper_path(&self) -> PathBuf {
        self.pepper.clone().unwrap_or_else(|| self.dir.join("pepper"))
    }
}

const WAYS: &str = "one of `url`, `sentinels` with `master`, or `nodes`";

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
