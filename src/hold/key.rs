//! The key that keeps held messages unreadable at rest: AES-256-GCM, a random nonce for each box,
//! and what the box belongs to authenticated with it, so that a box moved to another row does not
//! open. The key file stands outside the store and only its owner may read it.

use std::fs;
use std::io;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;

use super::HoldError;
use crate::hex::{hex, unhex};
use crate::secret_file;

const KEY_BYTES: usize = 32;
const KEY_FILE_FORMAT: &str = "tactgate-hold-key-1";

/// The key of one hold file.
pub struct HoldKey {
    seal: RandomizedNonceKey,
    name: hmac::Key,
}

impl HoldKey {
    /// Reads the key file.
    pub fn read(path: &Path) -> Result<HoldKey, HoldError> {
        secret_file::refuse_open_to_others(path).map_err(|e| unusable(path, &e.to_string()))?;
        let text = fs::read_to_string(path).map_err(|e| unusable(path, &e.to_string()))?;
        let wrong = || unusable(path, "is not a hold key: one line, `tactgate-hold-key-1` and 64 hexadecimal digits");
        let digits = text.trim().strip_prefix(KEY_FILE_FORMAT).ok_or_else(wrong)?.trim();
        let bytes = unhex(digits).filter(|bytes| bytes.len() == KEY_BYTES).ok_or_else(wrong)?;
        HoldKey::of(&bytes)
    }

    /// Makes a key file, readable by its owner alone, durable before it is used.
    pub fn generate(path: &Path) -> Result<HoldKey, HoldError> {
        let io = |e: io::Error| unusable(path, &e.to_string());
        let bytes = secret_file::drawn::<KEY_BYTES>().map_err(io)?;
        match secret_file::make(path, &format!("{KEY_FILE_FORMAT} {}\n", hex(&bytes))).map_err(io)? {
            true => HoldKey::of(&bytes),
            // Somebody who started just now made one first.
            false => HoldKey::read(path),
        }
    }

    /// The key that gateways of one store share, from a secret that they share and the store does not have.
    pub fn shared(secret: &[u8; KEY_BYTES]) -> Result<HoldKey, HoldError> {
        HoldKey::of(secret)
    }

    /// Nonce, then ciphertext with its tag. `belongs_to` is authenticated, not stored.
    pub fn seal(&self, belongs_to: &[u8], plain: &[u8]) -> Result<Vec<u8>, HoldError> {
        let mut boxed = plain.to_vec();
        let nonce = self
            .seal
            .seal_in_place_append_tag(Aad::from(belongs_to), &mut boxed)
            .map_err(|_| HoldError::File("the message could not be sealed".into()))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + boxed.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&boxed);
        Ok(sealed)
    }

    /// What was sealed; `None` when a bit differs, in the box or in what it belongs to.
    pub fn open(&self, belongs_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, boxed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut boxed = boxed.to_vec();
        let plain = self.seal.open_in_place(nonce, Aad::from(belongs_to), &mut boxed).ok()?.len();
        boxed.truncate(plain);
        Some(boxed)
    }

    /// A name for equal bytes that tells nothing about them without the key.
    pub fn name_of(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.name, bytes).as_ref().to_vec()
    }

    fn of(bytes: &[u8]) -> Result<HoldKey, HoldError> {
        let master = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let derived = |purpose: &[u8]| hmac::sign(&master, purpose);
        let seal = RandomizedNonceKey::new(&AES_256_GCM, derived(b"hold seal 1").as_ref())
            .map_err(|_| HoldError::File("the hold key has the wrong length".into()))?;
        Ok(HoldKey { seal, name: hmac::Key::new(hmac::HMAC_SHA256, derived(b"hold name 1").as_ref()) })
    }
}

impl std::fmt::Debug for HoldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HoldKey(hidden)")
    }
}

fn unusable(path: &Path, why: &str) -> HoldError {
    HoldError::KeyFile { path: path.display().to_string(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_opens_only_whole_and_only_where_it_belongs() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hold.key");
        let key = HoldKey::generate(&path).unwrap();
        let sealed = key.seal(b"d-1", "验证码 482913".as_bytes()).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"482913"));
        let again = HoldKey::read(&path).unwrap();
        assert_eq!(again.open(b"d-1", &sealed).unwrap(), "验证码 482913".as_bytes());
        assert_eq!(again.open(b"d-2", &sealed), None, "moved to another row");
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert_eq!(again.open(b"d-1", &flipped), None, "bit of byte {at}");
            assert_eq!(again.open(b"d-1", &sealed[..at]), None, "cut at {at}");
        }
        assert_ne!(sealed, key.seal(b"d-1", "验证码 482913".as_bytes()).unwrap(), "a new nonce each time");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hold.key");
        HoldKey::generate(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(HoldKey::read(&path).unwrap_err().to_string().contains("chmod 600"));
        fs::write(&path, "hello").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(HoldKey::read(&path).is_err());
    }
}
