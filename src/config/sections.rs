//! The tables that stand once: `[hold]`, `[record]`, `[policies]`, `[admin]`, `[events]`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use toml::Spanned;

use super::known_brand;
use super::problem::Problems;
use super::secret::SecretHash;
use super::stream::{Brand, hash_of};
use crate::message::Secret;

/// `[hold]`: messages that wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HoldSettings {
    /// The longest a message may wait, whatever its rule says.
    pub wait_hours_max: u32,
    /// How many due messages leave in one second.
    pub releases_per_second: u32,
    /// Bytes of the hold file; when it is full, what would be held is answered "try later".
    pub file_bytes_max: u64,
    /// How often a message may be held again, beside waiting for a provider, before it is reported as
    /// failed.
    pub reholds_max: u32,
    /// Bytes of the disk that stay free: beyond that, what would be held is answered "try later", and what
    /// passes goes on. Absent = a tenth of the disk, at most 1 GiB, at least one and a half of the largest message.
    pub free_bytes_min: Option<u64>,
    /// In a shared store, messages up to this size are copied there, so that another gateway can release
    /// them when this one is gone; larger ones wait for this one.
    pub shared_body_bytes_max: u64,
    /// In a shared store, how long a gateway is silent before the others take its holds over.
    pub takeover_seconds: NonZeroU32,
    /// The key that held messages are encrypted with; absent = `hold.key` in the data folder. On another
    /// volume, a copy of the data folder alone is unreadable.
    pub key_file: Option<PathBuf>,
}

const TAKEOVER_SECONDS: NonZeroU32 = match NonZeroU32::new(30) {
    Some(seconds) => seconds,
    None => NonZeroU32::MIN,
};

impl Default for HoldSettings {
    fn default() -> HoldSettings {
        HoldSettings {
            wait_hours_max: 7 * 24,
            releases_per_second: 50,
            file_bytes_max: 4 << 30,
            reholds_max: 5,
            free_bytes_min: None,
            shared_body_bytes_max: 1024 * 1024,
            takeover_seconds: TAKEOVER_SECONDS,
            key_file: None,
        }
    }
}

/// `[record]`: what happened and why, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSettings {
    /// At most this long between a decision and its being on disk.
    pub fsync_ms: u64,
    /// Whole days that the decision log is kept.
    pub decisions_days: Spanned<u32>,
    /// Whole days that the journal is kept; absent = `[store] history_days` and a week.
    pub journal_days: Option<Spanned<u32>>,
    /// A signed checkpoint after so many lines, besides one an hour, a day, a stop.
    pub checkpoint_lines: u64,
    /// The key that signs checkpoints; absent = `audit.key` in the data folder.
    pub key_file: Option<PathBuf>,
}

/// Thirteen months: a year's comparison with the same month of the year before.
const DECISIONS_DAYS: u32 = 396;
/// What the journal is kept beyond the history that may have to be mended from it.
const JOURNAL_BEYOND_DAYS: u32 = 7;

impl RecordSettings {
    /// Days that the journal is kept beside this much history.
    pub fn journal_days(&self, history_days: u32) -> u32 {
        self.journal_days.as_ref().map_or(history_days.saturating_add(JOURNAL_BEYOND_DAYS), |days| *days.get_ref())
    }

    /// Days that the decision log is kept.
    pub fn decisions_days(&self) -> u32 {
        *self.decisions_days.get_ref()
    }

    pub(super) fn check(&self, history_days: u32, wait_hours_max: u32, problems: &mut Problems) {
        if self.decisions_days() <= wait_hours_max.div_ceil(24) {
            let why = format!("the decision log must be kept longer than a message may wait: {wait_hours_max} hours");
            problems.add(self.decisions_days.span(), why);
        }
        if let Some(days) = &self.journal_days
            && *days.get_ref() < history_days
        {
            let why =
                format!("the journal must be kept as long as the history that rules look at: {history_days} days");
            problems.add(days.span(), why);
        }
    }
}

impl Default for RecordSettings {
    fn default() -> RecordSettings {
        RecordSettings {
            fsync_ms: 1_000,
            decisions_days: Spanned::new(0..0, DECISIONS_DAYS),
            journal_days: None,
            checkpoint_lines: 50_000,
            key_file: None,
        }
    }
}

/// `[policies]`: where the rules are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySettings {
    /// The folder of `*.toml` files.
    pub dir: PathBuf,
    /// Files at most.
    pub files_max: usize,
    /// Bytes of one file at most.
    pub file_bytes_max: u64,
    /// How often the folder's content is compared, where the file system tells nothing (NFS, bind mounts).
    pub poll_seconds: u64,
}

impl Default for PolicySettings {
    fn default() -> PolicySettings {
        PolicySettings {
            dir: PathBuf::from("./policies"),
            files_max: 500,
            file_bytes_max: 1024 * 1024,
            poll_seconds: 30,
        }
    }
}

/// `[admin]`: the door for people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdminSettings {
    /// Whoever shows this token may look; without it only where the listener's networks allow.
    pub token: Option<SecretHash>,
}

impl AdminSettings {
    /// True when this `Authorization` field shows the token: as a bearer token, or as the password of
    /// Basic, which is what a browser can send.
    pub fn admits(&self, field: &str) -> bool {
        let Some(token) = &self.token else { return false };
        let Some((scheme, rest)) = field.split_once(' ') else { return false };
        if scheme.eq_ignore_ascii_case("bearer") {
            return token.matches(&Secret::new(rest.trim()));
        }
        let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password = decoded.as_deref().and_then(|text| text.split_once(':')).map(|(_, password)| password);
        scheme.eq_ignore_ascii_case("basic") && password.is_some_and(|password| token.matches(&Secret::new(password)))
    }
}

/// One token of `[events]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventToken {
    /// Who holds it, for records.
    pub name: String,
    /// The token.
    pub token: SecretHash,
    /// The only brand it may speak of; `None` = any.
    pub brand: Option<String>,
}

/// `[events]`: who may tell facts and ask for decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventSettings {
    /// The tokens.
    pub tokens: Vec<EventToken>,
}

impl EventSettings {
    /// The token's entry. Looks at every token, so that the time taken tells nothing.
    pub fn holder(&self, shown: &Secret) -> Option<&EventToken> {
        let mut found = None;
        for entry in &self.tokens {
            if entry.token.matches(shown) {
                found = Some(entry);
            }
        }
        found
    }
}

/// As written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdmin {
    token_sha256: Option<Spanned<String>>,
}

impl RawAdmin {
    pub(super) fn is_open(&self) -> bool {
        self.token_sha256.is_none()
    }

    pub(super) fn check(&self, problems: &mut Problems) -> AdminSettings {
        let hash = |text: &Spanned<String>| hash_of(text.get_ref(), text.span(), "token_sha256", problems);
        AdminSettings { token: self.token_sha256.as_ref().and_then(hash) }
    }
}

/// As written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEvents {
    tokens: Vec<RawToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawToken {
    name: String,
    sha256: Spanned<String>,
    brand: Option<Spanned<String>>,
}

impl RawEvents {
    pub(super) fn check(&self, brands: &[Brand], problems: &mut Problems) -> EventSettings {
        let mut settings = EventSettings::default();
        for raw in &self.tokens {
            if let Some(brand) = &raw.brand {
                known_brand(brand, brands, problems);
            }
            if let Some(token) = hash_of(raw.sha256.get_ref(), raw.sha256.span(), "sha256", problems) {
                let brand = raw.brand.as_ref().map(|b| b.get_ref().clone());
                settings.tokens.push(EventToken { name: raw.name.clone(), token, brand });
            }
        }
        settings
    }
}
