//! The key that signs checkpoints: Ed25519 (RFC 8032), made once, in a file that only its owner may
//! read. Who verifies needs the public half alone: `tactgate audit key` prints it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::hex::{hex, unhex};
use crate::secret_file;

const FIRST_LINE: &str = "tactgate audit key 1";
const SEED_BYTES: usize = 32;
const PUBLIC_BYTES: usize = 32;
const ID_DIGITS: usize = 16;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[error("the audit key {path}: {why}")]
pub struct KeyError {
    path: String,
    why: String,
}

/// The signing key. Its `Debug` shows the key id only.
pub struct AuditKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// The half that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    bytes: Vec<u8>,
}

impl AuditKey {
    /// Reads the key file, or makes it: durable, and its owner's alone, before it signs anything.
    pub fn open(path: &Path) -> Result<AuditKey, KeyError> {
        match AuditKey::read(path)? {
            Some(key) => Ok(key),
            None => AuditKey::generate(path),
        }
    }

    /// Reads the key file; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<AuditKey>, KeyError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(unfit(path, &why.to_string())),
        };
        secret_file::refuse_open_to_others(path).map_err(|why| unfit(path, &why.to_string()))?;
        let mut lines = text.lines();
        let seed = (lines.next() == Some(FIRST_LINE))
            .then(|| lines.find_map(|line| line.strip_prefix("secret ")).and_then(unhex))
            .flatten();
        let seed =
            seed.ok_or_else(|| unfit(path, "is not a key: it needs the lines `tactgate audit key 1`, `secret …`"))?;
        AuditKey::of(&seed).map(Some).map_err(|why| unfit(path, why))
    }

    /// Signs.
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex(self.pair.sign(bytes).as_ref())
    }

    /// The half that verifies.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn generate(path: &Path) -> Result<AuditKey, KeyError> {
        let io = |why: io::Error| unfit(path, &why.to_string());
        let seed = secret_file::drawn::<SEED_BYTES>().map_err(io)?;
        let key = AuditKey::of(&seed).map_err(|why| unfit(path, why))?;
        let text = format!("{FIRST_LINE}\nid {}\npublic {}\nsecret {}\n", key.public.id(), key.public, hex(&seed));
        match secret_file::make(path, &text).map_err(io)? {
            true => Ok(key),
            // Somebody who started just now made one first.
            false => AuditKey::read(path)?.ok_or_else(|| unfit(path, "vanished while it was made")),
        }
    }

    fn of(seed: &[u8]) -> Result<AuditKey, &'static str> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| "the secret has the wrong length")?;
        let public = PublicKey { bytes: pair.public_key().as_ref().to_vec() };
        Ok(AuditKey { pair, public })
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditKey({})", self.public.id())
    }
}

impl PublicKey {
    /// From the 64 hexadecimal digits that `tactgate audit key` prints.
    pub fn from_hex(text: &str) -> Option<PublicKey> {
        unhex(text.trim()).filter(|bytes| bytes.len() == PUBLIC_BYTES).map(|bytes| PublicKey { bytes })
    }

    /// How checkpoints name it: the beginning of its SHA-256.
    pub fn id(&self) -> String {
        let mut id = hex(digest::digest(&digest::SHA256, &self.bytes).as_ref());
        id.truncate(ID_DIGITS);
        id
    }

    /// True when the signature, in hexadecimal digits, is this key's over these bytes.
    pub fn verifies(&self, bytes: &[u8], signature: &str) -> bool {
        unhex(signature).is_some_and(|it| UnparsedPublicKey::new(&ED25519, &self.bytes).verify(bytes, &it).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.bytes))
    }
}

fn unfit(path: &Path, why: &str) -> KeyError {
    KeyError { path: path.display().to_string(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_is_its_owner_s_alone_and_signs_what_its_public_half_verifies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/audit.key");
        assert!(AuditKey::read(&path).unwrap().is_none());
        let made = AuditKey::open(&path).unwrap();
        let again = AuditKey::open(&path).unwrap();
        assert_eq!(made.public(), again.public());
        let signature = made.sign(b"head");
        let public = PublicKey::from_hex(&again.public().to_string()).unwrap();
        assert!(public.verifies(b"head", &signature));
        assert!(!public.verifies(b"other", &signature));
        assert!(!public.verifies(b"head", "") && !public.verifies(b"head", "限时"));
        assert!(!format!("{made:?}").contains(&made.public().to_string()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(AuditKey::open(&path).unwrap_err().to_string().contains("chmod 600"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        for broken in
            ["", "tactgate audit key 1\n", "tactgate audit key 1\nsecret zz\n", "tactgate audit key 1\nsecret 00\n"]
        {
            fs::write(&path, broken).unwrap();
            assert!(AuditKey::open(&path).is_err(), "{broken}");
        }
    }
}
