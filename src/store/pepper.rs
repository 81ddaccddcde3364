//! The pepper: the secret behind every customer key. Phone numbers are few enough to try all of them,
//! so a plain hash would hide nothing; a keyed hash does, as long as the key lives apart from the
//! store. It is a generated file, readable by its owner alone, with a key id; the store keeps a canary
//! made with it, because under another pepper every customer, opt-outs and all, would be a stranger.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use aws_lc_rs::hmac;

use super::CustomerKey;
use super::settings::OpenError;
use crate::hex::{hex, unhex};
use crate::message::{Address, AddressKind};
use crate::secret_file;

const FIRST_LINE: &str = "tactgate pepper 1";

/// The secret. Its `Debug` shows the key id only.
#[derive(Clone)]
pub struct Pepper {
    id: String,
    key: hmac::Key,
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper({})", self.id)
    }
}

impl Pepper {
    /// Reads the file; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Pepper>, OpenError> {
        let unfit = |why: String| OpenError::Pepper { path: path.to_owned(), why };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(unfit(format!("cannot be read: {e}"))),
        };
        if secret_file::is_open_to_others(path).unwrap_or(false) {
            tracing::warn!(path = %path.display(), "the pepper file can be read by others: chmod 600 it");
        }
        let mut lines = text.lines();
        let broken =
            || unfit("is not a pepper file: it needs the lines `tactgate pepper 1`, `id …`, `secret …`".into());
        if lines.next() != Some(FIRST_LINE) {
            return Err(broken());
        }
        let id = lines.next().and_then(|line| line.strip_prefix("id ")).ok_or_else(broken)?;
        let secret = lines.next().and_then(|line| line.strip_prefix("secret ")).and_then(unhex).ok_or_else(broken)?;
        if secret.len() < 32 || id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(broken());
        }
        Ok(Some(Pepper { id: id.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, &secret) }))
    }

    /// Makes a new one and its file, never over an existing one.
    pub fn generate(path: &Path) -> Result<Pepper, OpenError> {
        let unfit = |why: String| OpenError::Pepper { path: path.to_owned(), why };
        let drawn = secret_file::drawn::<40>().map_err(|e| unfit(format!("cannot be made: {e}")))?;
        let (id, secret) = (hex(&drawn[..8]), hex(&drawn[8..]));
        let text = format!(
            "{FIRST_LINE}\nid {id}\nsecret {secret}\n\nKeep this file safe and apart from the store. Without it the store is unreadable.\n"
        );
        if !secret_file::make(path, &text).map_err(|e| unfit(format!("cannot be written: {e}")))? {
            return Err(unfit("cannot be made: there is one already".to_owned()));
        }
        Pepper::read(path)?.ok_or_else(|| unfit("vanished while it was written".to_owned()))
    }

    /// A fixed one, for the store in memory.
    pub fn fixed() -> Pepper {
        Pepper { id: "fixed".to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]) }
    }

    /// Its key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the store keeps to know the pepper again: the id and a mac.
    pub fn canary(&self) -> String {
        format!("{}:{}", self.id, self.tag(&["canary"]))
    }

    /// The key of an address within a brand.
    pub fn key(&self, brand: &str, address: &Address) -> CustomerKey {
        let kind = match address.kind() {
            AddressKind::Email => "email",
            AddressKind::Phone => "phone",
        };
        CustomerKey(self.tag(&["customer", brand, kind, address.canonical()]))
    }

    /// The name of a brand in the store.
    pub fn brand(&self, brand: &str) -> String {
        self.tag(&["brand", brand])
    }

    /// The name of a hold in the store.
    pub fn hold(&self, id: &str) -> String {
        self.tag(&["hold", id])
    }

    /// A secret of its own for one purpose; no tag of any kind can be told from it, nor it from them.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let mac = self.mac(&["derived key", purpose]);
        let mut secret = [0; 32];
        secret.iter_mut().zip(mac.as_ref()).for_each(|(byte, drawn)| *byte = *drawn);
        secret
    }

    /// A keyed hash of what `feed` gives piece by piece, whatever its length.
    pub fn digest(&self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
        let mut mac = hmac::Context::with_key(&self.key);
        let mut take = |piece: &[u8]| {
            mac.update(&(piece.len() as u64).to_be_bytes());
            mac.update(piece);
        };
        take(b"digest");
        feed(&mut take);
        hex(mac.sign().as_ref())
    }

    /// HMAC-SHA-256 over the parts, each with its length before it so that no two lists of parts look
    /// alike; the first 128 bits in hex.
    pub(super) fn tag(&self, parts: &[&str]) -> String {
        hex(&self.mac(parts).as_ref()[..16])
    }

    fn mac(&self, parts: &[&str]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&self.key);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.sign()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_one_brand_and_one_address() {
        let pepper = Pepper::fixed();
        let wang = Address::email("王@例子.中国").unwrap();
        let li = Address::phone("+8613800138000", None).unwrap();
        let key = pepper.key("某某商城", &wang);
        assert_eq!((key.0.len(), &key), (32, &pepper.key("某某商城", &wang)));
        assert_ne!(key, pepper.key("other", &wang));
        assert_ne!(key, pepper.key("某某商城", &li));
        assert!(!format!("{pepper:?}").contains("07"));
    }

    #[test]
    fn the_file_is_read_back_never_overwritten_and_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/pepper");
        assert!(Pepper::read(&path).unwrap().is_none());
        let made = Pepper::generate(&path).unwrap();
        assert_eq!(Pepper::read(&path).unwrap().unwrap().canary(), made.canary());
        assert!(matches!(Pepper::generate(&path), Err(OpenError::Pepper { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for broken in ["", "tactgate pepper 1\nid a\nsecret zz\n", "tactgate pepper 1\nid a\nsecret 00\n", "x"] {
            std::fs::write(&path, broken).unwrap();
            assert!(matches!(Pepper::read(&path), Err(OpenError::Pepper { .. })), "{broken}");
        }
    }
}
