//! Secrets in settings: as a hash when they are only compared, from a file or the environment when
//! they must be sent. None of them is ever shown.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use aws_lc_rs::{constant_time, digest};

use super::problem::Problems;
use crate::hex::unhex;
use crate::message::Secret;

/// A secret file is a line, not a book.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The SHA-256 of a secret: enough to recognise it, for keys and tokens of full entropy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Of this secret.
    pub fn of(secret: &Secret) -> SecretHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, secret.reveal().as_bytes()).as_ref());
        SecretHash(hash)
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Option<SecretHash> {
        unhex(text)?.try_into().ok().map(SecretHash)
    }

    /// True when this is the secret's hash; in a time that does not depend on where they differ.
    pub fn matches(&self, secret: &Secret) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &SecretHash::of(secret).0).is_ok()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(hidden)")
    }
}

/// Where a secret is to be found. At most one of them may be given.
#[derive(Default)]
pub(super) struct SecretSource {
    pub(super) inline: Option<Secret>,
    pub(super) file: Option<PathBuf>,
    pub(super) env: Option<String>,
}

impl SecretSource {
    /// Fetches it; `Ok(None)` when no source is given. Problems never quote the secret.
    pub(super) fn fetch(
        self,
        span: Range<usize>,
        what: &str,
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) -> Option<Secret> {
        let given =
            usize::from(self.inline.is_some()) + usize::from(self.file.is_some()) + usize::from(self.env.is_some());
        if given > 1 {
            problems.add(span, format!("{what}: give the secret in one way only: file, environment or inline"));
            return None;
        }
        if let Some(secret) = self.inline {
            warnings.push(format!(
                "{what}: the secret stands in the settings file; `secret_file` or `secret_env` would keep it out of backups and repositories"
            ));
            return Some(secret);
        }
        let fetched = match (self.file, self.env) {
            (Some(file), _) => read_file(&file).map_err(|why| format!("secret_file {}: {why}", file.display())),
            (_, Some(name)) => std::env::var(&name).map_err(|_| format!("secret_env {name}: not set, or not text")),
            _ => return None,
        };
        match fetched.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()) {
            Ok(text) if text.is_empty() => problems.add(span, format!("{what}: the secret is empty")),
            Ok(text) => return Some(Secret::new(text)),
            Err(why) => problems.add(span, format!("{what}: {why}")),
        }
        None
    }
}

fn read_file(path: &std::path::Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > SECRET_BYTES_MAX {
        return Err(format!("larger than {SECRET_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_secret_and_no_other() {
        let hash = SecretHash::of(&Secret::new("SG.abc"));
        assert!(hash.matches(&Secret::new("SG.abc")));
        assert!(!hash.matches(&Secret::new("SG.abd")));
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, "abc"
        assert!(SecretHash::from_hex(hex).unwrap().matches(&Secret::new("abc")));
        assert!(SecretHash::from_hex("ba78").is_none());
        assert!(SecretHash::from_hex(&"é".repeat(32)).is_none());
        assert_eq!(format!("{hash:?}"), "SecretHash(hidden)");
    }
}
