//! An address in the one spelling under which facts are kept: mail addresses split at the last `@`
//! with an IDNA domain and a case-folded local part, phone numbers in E.164. What cannot be brought
//! to that spelling is [`Unaddressable`], never guessed.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::Channel;

/// Longest address accepted, in bytes (RFC 5321 §4.5.3.1: 64 + 1 + 255, and room for UTF-8).
pub const ADDRESS_BYTES_MAX: usize = 512;

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressKind {
    /// A mailbox.
    Email,
    /// A phone number.
    Phone,
}

/// A canonical address.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    kind: AddressKind,
    canonical: String,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unaddressable {
    /// Not of the form local@domain.
    #[error("not an e-mail address")]
    NotEmail,
    /// The domain is not a valid host name (UTS 46, strict).
    #[error("the domain of the e-mail address is not valid")]
    BadDomain,
    /// Not a phone number.
    #[error("not a phone number")]
    NotPhone,
    /// National form, and no region to read it in.
    #[error("a phone number without `+` and country code needs `region` in the configuration")]
    NoRegion,
    /// Longer than [`ADDRESS_BYTES_MAX`].
    #[error("the address is too long")]
    TooLong,
}

impl Address {
    /// Reads a mailbox `local@domain` (no display name, no brackets). The local part is NFC and
    /// lower-cased: RFC 5321 §2.4 lets hosts tell case apart, but no provider that people use does,
    /// and two histories of one person are the greater harm. Dots and `+tags` are kept.
    pub fn email(text: &str) -> Result<Address, Unaddressable> {
        let text = seen(text);
        let text = text.trim();
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(Unaddressable::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Unaddressable::NotEmail)?;
        // First of all: some signs are another one in NFC, the Greek question mark a semicolon.
        let local: String = local.nfc().collect();
        let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
        let unfit = |c: char| c.is_control() || (!quoted && (c.is_whitespace() || "<>()[]\\,;:\"@".contains(c)));
        if local.is_empty() || domain.is_empty() || local.chars().any(unfit) {
            return Err(Unaddressable::NotEmail);
        }
        let domain = if domain.starts_with('[') && domain.ends_with(']') {
            domain.to_ascii_lowercase()
        } else {
            let folded =
                idna::domain_to_ascii_strict(domain.trim_end_matches('.')).map_err(|_| Unaddressable::BadDomain)?;
            if folded.is_empty() {
                return Err(Unaddressable::BadDomain);
            }
            folded
        };
        let local = match local.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            // RFC 5321 §4.1.2: a local part is quoted only where it must be; `"li"@x` and `li@x` are one mailbox.
            Some(inner) if quoted && is_dot_string(inner) => inner,
            _ => local.as_str(),
        };
        // Lower case may be spelt apart where the upper was not to be joined (J with a caron): NFC again.
        let local: String = local.chars().flat_map(char::to_lowercase).nfc().collect();
        Ok(Address { kind: AddressKind::Email, canonical: format!("{local}@{domain}") })
    }

    /// Reads a phone number. With `+` the region is not looked at (design §8: "numbers with + take no
    /// default region"); without, `region` (ISO 3166, `CN`) says how to read it.
    pub fn phone(text: &str, region: Option<&str>) -> Result<Address, Unaddressable> {
        let text: String = seen(text).trim().nfkc().collect();
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(Unaddressable::TooLong);
        }
        let text = match text.get(..4) {
            // RFC 3966 §3: the scheme is read in any case.
            Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => text.get(4..).unwrap_or_default(),
            _ => &text,
        };
        let text = text.strip_prefix("00").map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
        let region = match (text.starts_with('+'), region) {
            (true, _) => None,
            (false, Some(region)) => Some(region.parse::<Region>().map_err(|_| Unaddressable::NoRegion)?),
            (false, None) => return Err(Unaddressable::NoRegion),
        };
        let parsed = PHONE_NUMBER_UTIL.parse(&text, region);
        let number = parsed.map_err(|_| Unaddressable::NotPhone)?;
        let canonical = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
        Ok(Address { kind: AddressKind::Phone, canonical })
    }

    /// Reads an address for a channel.
    pub fn for_channel(channel: Channel, text: &str, region: Option<&str>) -> Result<Address, Unaddressable> {
        match channel {
            Channel::Email => Address::email(text),
            Channel::Sms => Address::phone(text, region),
        }
    }

    /// Reads whichever it looks like: with `@` a mailbox, else a phone number.
    pub fn any(text: &str, region: Option<&str>) -> Result<Address, Unaddressable> {
        if text.contains('@') { Address::email(text) } else { Address::phone(text, region) }
    }

    /// What kind of address it is.
    pub fn kind(&self) -> AddressKind {
        self.kind
    }

    /// The canonical spelling. Personal data: never in logs, metrics or records.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// The text without the marks that nobody sees: copied from contacts and web pages they come along, and
/// would make a second person of everybody. Zero-width marks, soft hyphens, signs of direction.
fn seen(text: &str) -> String {
    let unseen = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars().filter(|c| !unseen(c)).collect()
}

/// RFC 5321 §4.1.2: atoms with dots between them; what is beyond ASCII is an atom's, too (RFC 6531 §3.3).
fn is_dot_string(local: &str) -> bool {
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    !local.is_empty() && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

/// Debug output goes to logs; logs never show an address.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}, hidden)", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_fold_together() {
        let one = Address::email("zhang.wei@example.cn").unwrap();
        for spelling in ["Zhang.Wei@Example.CN", " zhang.wei@example.cn ", "zhang.wei@example.cn."] {
            assert_eq!(Address::email(spelling).unwrap(), one, "{spelling}");
        }
        assert_eq!(Address::email("王@例子.中国").unwrap().canonical(), "王@xn--fsqu00a.xn--fiqs8s");
        assert_ne!(Address::email("zhangwei@example.cn").unwrap(), one);
        assert!(Address::email("a..b@docomo.ne.jp").is_ok(), "they exist in Japan");
        assert_eq!(Address::email("J\u{30c}@b.cn").unwrap(), Address::email("\u{1f0}@b.cn").unwrap());
        let refused = ["", "a", "@b", "a@", "Zhang <a@b.cn>", "a b@c.cn", "a@b@c.cn", "a\u{0}@b.cn", "a@b c"];
        for refused in refused.into_iter().chain(["\u{37e}@b.cn"]) {
            assert!(Address::email(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn spellings_of_one_phone_fold_together() {
        let one = Address::phone("+8613800138000", None).unwrap();
        for spelling in
            ["+86 138 0013 8000", "＋８６１３８００１３８０００", "008613800138000", "tel:+86-138-0013-8000"]
        {
            assert_eq!(Address::phone(spelling, Some("US")).unwrap(), one, "{spelling}");
        }
        assert_eq!(Address::phone("13800138000", Some("CN")).unwrap(), one);
        assert_eq!(Address::phone("13800138000", None), Err(Unaddressable::NoRegion));
        for refused in ["", "+", "hello", "+86abc"] {
            assert!(Address::phone(refused, Some("CN")).is_err(), "{refused}");
        }
    }
}
