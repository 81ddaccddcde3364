//! Replies that a retry may ask for again: kept by the message key for a day, under a key derived from the
//! pepper, since a provider's reply repeats addresses and text. Only the brand, stream and route that made
//! the key can name one, and a box moved to another name does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use bytes::Bytes;

use super::{Kept, Store, StoreError};

/// How long a reply is kept.
const REPLY_SECONDS: u32 = 24 * 3_600;
/// Longest reply that is kept; a longer one is told anew in the dialect's own words.
pub const REPLY_BYTES_MAX: usize = 16 * 1024;

impl Store {
    /// Keeps replies, each under the message key that `Keyed::whole` gives. What is too long is left out.
    pub async fn keep_replies(&self, brand: &str, replies: &[(String, Bytes)]) -> Result<(), StoreError> {
        let mut values = Vec::with_capacity(replies.len());
        for (key, reply) in replies.iter().filter(|(_, reply)| reply.len() <= REPLY_BYTES_MAX) {
            let name = self.reply_name(brand, key);
            let mut boxed = reply.to_vec();
            let nonce = self
                .reply_key()?
                .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut boxed)
                .map_err(|_| StoreError::Damaged("a reply could not be sealed".to_owned()))?;
            let mut value = nonce.as_ref().to_vec();
            value.extend_from_slice(&boxed);
            values.push(Kept { name, value, seconds: REPLY_SECONDS });
        }
        if values.is_empty() { Ok(()) } else { self.keep(values).await }
    }

    /// The reply kept under a message key; `None` when there is none, or none that this pepper opens.
    pub async fn kept_reply(&self, brand: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = self.reply_name(brand, key);
        let found = self.kept(std::slice::from_ref(&name)).await?.into_iter().next().flatten();
        let key = self.reply_key()?;
        Ok(found.and_then(|value| {
            let (nonce, boxed) = value.split_at_checked(NONCE_LEN)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut boxed = boxed.to_vec();
            let length = key.open_in_place(nonce, Aad::from(name.as_bytes()), &mut boxed).ok()?.len();
            boxed.truncate(length);
            Some(boxed)
        }))
    }

    fn reply_name(&self, brand: &str, key: &str) -> String {
        format!("{{{}}}:reply:{key}", self.inner.pepper.brand(brand))
    }

    fn reply_key(&self) -> Result<RandomizedNonceKey, StoreError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.inner.pepper.derived("reply seal 1").as_ref())
            .map_err(|_| StoreError::Damaged("the key of replies has the wrong length".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Keep;
    use crate::store::Modelled;

    #[tokio::test]
    async fn a_reply_is_read_by_its_key_alone_and_shows_nothing() {
        let store = Store::modelled(Modelled::default(), Keep::default(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        let reply = Bytes::from("201 {\"to\":\"+8613800138000\",\"body\":\"验证码 482913\"}");
        let long = Bytes::from(vec![b'x'; REPLY_BYTES_MAX + 1]);
        store.keep_replies("shop", &[("k1".into(), reply.clone()), ("k2".into(), long)]).await.unwrap();
        assert_eq!(store.kept_reply("shop", "k1").await.unwrap(), Some(reply.to_vec()));
        assert_eq!(store.kept_reply("other", "k1").await.unwrap(), None, "another brand");
        assert_eq!(store.kept_reply("shop", "k2").await.unwrap(), None, "too long to keep");
        let name = store.reply_name("shop", "k1");
        let value = store.kept(std::slice::from_ref(&name)).await.unwrap().remove(0).unwrap();
        assert!(!value.windows(6).any(|window| window == b"482913"));
        // Moved to another name it does not open.
        let moved = Kept { name: store.reply_name("shop", "k3"), value, seconds: 60 };
        store.keep(vec![moved]).await.unwrap();
        assert_eq!(store.kept_reply("shop", "k3").await.unwrap(), None);
    }
}
