//! A checkpoint: "after so many lines this file's chain stood here", signed, and chained to the
//! checkpoint before it by that one's signature.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AuditKey, PublicKey};
use crate::record::entry::Line;

const SIGNED_AS: &str = "tactgate checkpoint 1";
/// How a checkpoint's JSON begins, also in the middle of a log line.
const BEGINS: &str = r#"{"line":"checkpoint""#;

/// A checkpoint, as it stands in a day file, in `audit/checkpoints.jsonl` and in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointEntry {
    /// Counted from one by each gateway, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Why now.
    pub reason: Reason,
    /// The day file it speaks of.
    pub file: String,
    /// How many lines that file had.
    pub lines: u64,
    /// The chain's value in the last of them.
    pub head: String,
    /// The signature of the checkpoint before; empty for the first.
    pub previous: String,
    /// Which key signed.
    pub key: String,
    /// Ed25519, in hexadecimal digits.
    pub signature: String,
}

/// Why a checkpoint was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The gateway started, after a clean stop or for the first time.
    Start,
    /// The gateway started, and its last run had not ended by itself.
    StartAfterCrash,
    /// So many lines.
    Lines,
    /// So much time.
    Hour,
    /// A new day's file begins.
    Day,
    /// The gateway stopped by itself.
    Stop,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Reason::Start => "start",
            Reason::StartAfterCrash => "start-after-crash",
            Reason::Lines => "lines",
            Reason::Hour => "hour",
            Reason::Day => "day",
            Reason::Stop => "stop",
        }
    }
}

impl CheckpointEntry {
    /// With its signature in place.
    pub fn signed(mut self, key: &AuditKey) -> CheckpointEntry {
        self.key = key.public().id();
        self.signature = key.sign(&self.signed_bytes());
        self
    }

    /// True when this key signed it as it stands.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key == key.id() && key.verifies(&self.signed_bytes(), &self.signature)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let CheckpointEntry { number, at, reason, file, lines, head, previous, key, .. } = self;
        let reason = reason.name();
        format!("{SIGNED_AS}\n{number}\n{at}\n{reason}\n{file}\n{lines}\n{head}\n{previous}\n{key}\n").into_bytes()
    }
}

/// The checkpoints that somebody kept: one as JSON, or a file of them, which may be the gateway's own log.
pub fn checkpoints_in(given: &str) -> Result<Vec<CheckpointEntry>, String> {
    let text = if given.trim_start().starts_with('{') {
        given.to_owned()
    } else {
        fs::read_to_string(Path::new(given)).map_err(|why| format!("{given}: {why}"))?
    };
    let found: Vec<CheckpointEntry> = text.lines().filter_map(in_line).collect();
    if found.is_empty() {
        return Err(format!("there is no checkpoint in `{}`", given.chars().take(80).collect::<String>()));
    }
    Ok(found)
}

/// The one checkpoint of a line, wherever it stands: alone, after a log's own words, or as a JSON string in
/// a JSON log.
pub(in crate::record) fn in_line(line: &str) -> Option<CheckpointEntry> {
    let read = |text: &str| {
        let first = serde_json::Deserializer::from_str(text).into_iter::<Line>().next();
        match first {
            Some(Ok(Line::Checkpoint(found))) => Some(found),
            _ => None,
        }
    };
    if let Some(at) = line.find(BEGINS) {
        return read(line.get(at..)?);
    }
    let quoted = BEGINS.replace('"', "\\\"");
    let from = line.get(line.find(&quoted)?..)?;
    read(&from.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_found_wherever_it_was_kept_and_holds_only_as_it_was_signed() {
        let dir = tempfile::tempdir().unwrap();
        let key = AuditKey::open(&dir.path().join("audit.key")).unwrap();
        let made = CheckpointEntry {
            number: 7,
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            reason: Reason::StartAfterCrash,
            file: "2026-11-22.jsonl".into(),
            lines: 12,
            head: "ab".repeat(32),
            previous: String::new(),
            key: String::new(),
            signature: String::new(),
        }
        .signed(&key);
        assert!(made.is_signed_by(key.public()));
        let changed = CheckpointEntry { lines: 11, ..made.clone() };
        assert!(!changed.is_signed_by(key.public()));
        let unsigned = CheckpointEntry { signature: String::new(), ..made.clone() };
        assert!(!unsigned.is_signed_by(key.public()));

        let json = serde_json::to_string(&Line::Checkpoint(made.clone())).unwrap();
        let kept = dir.path().join("kept");
        let in_json_log = serde_json::json!({"fields": {"message": "audit checkpoint", "checkpoint": json}});
        for text in
            [json.clone(), format!("2026 INFO audit checkpoint checkpoint={json} more"), in_json_log.to_string()]
        {
            fs::write(&kept, format!("before\n{text}\nafter\n")).unwrap();
            assert_eq!(checkpoints_in(kept.to_str().unwrap()).unwrap(), std::slice::from_ref(&made), "{text}");
        }
        assert_eq!(checkpoints_in(&json).unwrap(), [made]);
        assert!(checkpoints_in("{}").is_err() && checkpoints_in("/nowhere").is_err());
    }
}
