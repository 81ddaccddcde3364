//! The message key K (design §3): by it a client's retry is told from a new message. Keyed with the pepper,
//! so that neither a document nor a kept reply's name tells a content, a client's key or an address.

use super::Store;
use crate::facts::MessageKey;
use crate::message::{Address, AddressKind};

/// What K is made of, besides the address.
#[derive(Debug, Clone, Copy)]
pub struct KeyParts<'a> {
    /// The brand.
    pub brand: &'a str,
    /// The route: another route is another provider.
    pub route: &'a str,
    /// The stream: what two of them call by one key are two messages.
    pub stream: &'a str,
    /// The client's own key, when it gave one.
    pub given: Option<&'a str>,
    /// The digest of the content, from [`Store::digest`].
    pub content: &'a str,
}

/// One message's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// As the customer's document keeps it.
    pub short: MessageKey,
    /// Whole, as a stored reply is called by it.
    pub whole: String,
}

impl Store {
    /// The digest of a content that is fed piece by piece.
    pub fn digest(&self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
        self.inner.pepper.digest(feed)
    }

    /// The message key of what goes to `recipient`.
    pub fn message_key(&self, parts: KeyParts<'_>, recipient: &Address) -> Keyed {
        let KeyParts { brand, route, stream, given, content } = parts;
        let kind = match recipient.kind() {
            AddressKind::Email => "email",
            AddressKind::Phone => "phone",
        };
        let tag = |what: &str, of: &str| {
            self.inner.pepper.tag(&["message", brand, route, stream, what, of, kind, recipient.canonical()])
        };
        match given {
            Some(given) => {
                let whole = tag("given", given);
                Keyed { short: MessageKey::of_given(short(&whole), short(content)), whole }
            }
            None => {
                let whole = tag("content", content);
                Keyed { short: MessageKey::of_content(short(&whole)), whole }
            }
        }
    }
}

/// The first eight bytes of a hash in hex.
fn short(hex: &str) -> u64 {
    hex.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Keep;
    use crate::store::Modelled;

    async fn store() -> Store {
        Store::modelled(Modelled::default(), Keep::default(), jiff::Timestamp::UNIX_EPOCH).await.unwrap()
    }

    #[tokio::test]
    async fn each_part_makes_another_key() {
        let store = store().await;
        let (wang, li) = (Address::email("wang@example.cn").unwrap(), Address::email("li@example.cn").unwrap());
        let base = KeyParts { brand: "shop", route: "mail", stream: "news", given: None, content: "0011223344556677" };
        let of = |parts: KeyParts<'_>, to: &Address| store.message_key(parts, to);
        let key = of(base, &wang);
        assert_eq!(key, of(base, &Address::email("Wang@EXAMPLE.cn").unwrap()), "one mailbox, however it is written");
        let others = [
            of(base, &li),
            of(KeyParts { brand: "other", ..base }, &wang),
            of(KeyParts { route: "backup", ..base }, &wang),
            of(KeyParts { stream: "codes", ..base }, &wang),
            of(KeyParts { content: "0011223344556678", ..base }, &wang),
            of(KeyParts { given: Some("k1"), ..base }, &wang),
            of(KeyParts { given: Some("k2"), ..base }, &wang),
        ];
        for (at, other) in others.iter().enumerate() {
            assert!(*other != key && !others[..at].contains(other), "{at}");
            assert_ne!(other.short, key.short);
        }
        assert!(!key.short.given && others[5].short.given);
    }

    #[tokio::test]
    async fn a_given_key_stays_itself_whatever_it_is_given_to() {
        let store = store().await;
        let wang = Address::email("wang@example.cn").unwrap();
        let of = |content: &str| {
            let parts = KeyParts { brand: "shop", route: "mail", stream: "news", given: Some("k"), content };
            store.message_key(parts, &wang)
        };
        let (one, other) = (of(&store.digest(|feed| feed(b"one"))), of(&store.digest(|feed| feed(b"other"))));
        assert_eq!(one.whole, other.whole);
        assert_ne!(one.short, other.short, "but another content shows");
        assert_ne!(
            store.digest(|feed| feed(b"ab")),
            store.digest(|feed| {
                feed(b"a");
                feed(b"b")
            })
        );
    }
}
