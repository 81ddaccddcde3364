//! A mail that was changed is signed again, where a key of its sender's domain is configured.

use bytes::Bytes;

use super::Gateway;
use crate::message::Edit;
use crate::providers::Unfit;
use crate::providers::mime::{self, Mail, Signer};

impl Gateway {
    /// The mail with a signature in front, when it was changed and there is a key. An unchanged mail keeps
    /// its own, byte for byte.
    pub(super) fn signed(&self, mail: &Mail, edits: &[(usize, Vec<Edit>)], data: Bytes) -> Result<Bytes, Unfit> {
        if edits.iter().all(|(_, edits)| edits.is_empty()) {
            return Ok(data);
        }
        let from = mail.content.header("from").and_then(mime::from_domain);
        // The most exact domain first.
        let keys = self.config.dkim.iter().filter(|key| from.as_deref().is_some_and(|from| key.signs(from)));
        let Some(key) = keys.max_by_key(|key| key.domain.len()) else {
            if mail.is_signed() {
                tracing::warn!(
                    from,
                    "a signed mail was changed and leaves without a signature: no [[dkim]] key is of its domain"
                );
            }
            return Ok(data);
        };
        let signer = Signer { domain: &key.domain, selector: &key.selector, algorithm: key.algorithm() };
        let field = mime::signature(&data, signer, self.clock.now(), |bytes| key.sign(bytes))?;
        Ok([field.as_bytes(), &data].concat().into())
    }
}
