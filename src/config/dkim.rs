//! `[[dkim]]`: the keys that a changed mail is signed with, so that it arrives as the brand's own. A key file
//! is read once, at the start, and may not be open to others.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use toml::Spanned;

use super::problem::Problems;

/// A key file is a page, not a book.
const KEY_BYTES_MAX: u64 = 64 * 1024;
/// RFC 8301 §3.2: "Signers MUST use RSA keys of at least 1024 bits … SHOULD use … at least 2048".
const RSA_BYTES_MIN: usize = 128;

/// A key and the name it signs by.
#[derive(Clone)]
pub struct DkimKey {
    /// Mail from this domain and those below it is signed.
    pub domain: String,
    /// Under which the public key stands in the DNS.
    pub selector: String,
    key: Arc<Key>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl DkimKey {
    /// From a private key in PEM: PKCS#8 or PKCS#1 for RSA, PKCS#8 for Ed25519.
    pub fn from_pem(domain: &str, selector: &str, pem: &[u8]) -> Result<DkimKey, String> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "no private key in PEM stands in it".to_owned())?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(Key::Rsa),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let rsa = RsaKeyPair::from_pkcs8(der).ok().map(Key::Rsa);
                rsa.or_else(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Key::Ed25519))
            }
            _ => None,
        };
        match key {
            None => Err("the key is neither RSA nor Ed25519, or too short".to_owned()),
            Some(Key::Rsa(rsa)) if rsa.public_modulus_len() < RSA_BYTES_MIN => {
                Err("the RSA key is too short".to_owned())
            }
            Some(key) => {
                Ok(DkimKey { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key: Arc::new(key) })
            }
        }
    }

    /// `a=`
    pub fn algorithm(&self) -> &'static str {
        match *self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The signature of these bytes.
    pub fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match &*self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
                Some(signature)
            }
            // RFC 8463 §3: the signature is of the hash.
            Key::Ed25519(key) => Some(key.sign(digest(&SHA256, bytes).as_ref()).as_ref().to_vec()),
        }
    }

    /// True when mail from that domain is signed with it: DMARC takes the organisation's domain for those below.
    pub fn signs(&self, from: &str) -> bool {
        from == self.domain || from.strip_suffix(&self.domain).is_some_and(|below| below.ends_with('.'))
    }
}

impl PartialEq for DkimKey {
    fn eq(&self, other: &DkimKey) -> bool {
        (&self.domain, &self.selector) == (&other.domain, &other.selector)
    }
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({} {}, key hidden)", self.domain, self.selector)
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDkim {
    domain: Spanned<String>,
    selector: Spanned<String>,
    key_file: Spanned<PathBuf>,
}

impl RawDkim {
    pub(super) fn check(&self, problems: &mut Problems) -> Option<DkimKey> {
        let before = problems.0.len();
        for (name, what) in [(&self.domain, "domain"), (&self.selector, "selector")] {
            let text = name.get_ref();
            let labels = || text.split('.');
            let plain = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            };
            if text.len() > 253 || !labels().all(plain) || what == "domain" && labels().count() < 2 {
                problems.add(name.span(), format!("`{text}` is no {what} as it stands in the DNS"));
            }
        }
        let (path, span) = (self.key_file.get_ref(), self.key_file.span());
        let key =
            read_closed(path).and_then(|pem| DkimKey::from_pem(self.domain.get_ref(), self.selector.get_ref(), &pem));
        match key {
            Ok(key) => (problems.0.len() == before).then_some(key),
            Err(why) => {
                problems.add(span, format!("key_file {}: {why}", path.display()));
                None
            }
        }
    }
}

fn read_closed(path: &std::path::Path) -> Result<Vec<u8>, String> {
    let meta = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if meta.len() > KEY_BYTES_MAX {
        return Err(format!("larger than {KEY_BYTES_MAX} bytes"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o007 != 0 {
        return Err("it is open to every user of this machine: chmod 640, or 600".to_owned());
    }
    std::fs::read(path).map_err(|e| e.to_string())
}
