//! DKIM (RFC 6376), PURE: what a signature covers, whether a change breaks it, and the field of a new one.
//! Header canonicalisation relaxed, body simple. The time is an argument, and so is whoever holds the key.
//!
//! A broken signature goes with the change that broke it. RFC 6376 §4.2 says that a signer SHOULD NOT remove
//! signatures even if they cannot be verified: their remains tell of who handled a mail in transit. This is not
//! transit: the gateway stands before the sender's own provider, the mail that was signed never existed for anybody
//! else, and a signature that fails is held against the sender by those who count. ARC fields stay as they came:
//! they are a chain of custody of earlier hops, and one link taken out cannot be told from tampering, while a chain
//! that does not verify is worth no less than none (RFC 8617 §5.2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::field::{Field, fields, unfold};
use crate::providers::Unfit;

/// What is signed where it stands, once more than it stands where an addition would be read (§8.15). RFC 8058
/// §4: the List-Unsubscribe fields "need to be covered".
const SIGNED: [(&str, bool); 16] = [
    ("from", true),
    ("to", true),
    ("cc", false),
    ("subject", true),
    ("date", true),
    ("message-id", false),
    ("reply-to", false),
    ("in-reply-to", false),
    ("references", false),
    ("mime-version", false),
    ("content-type", false),
    ("content-transfer-encoding", false),
    ("list-id", false),
    ("list-unsubscribe", false),
    ("list-unsubscribe-post", false),
    ("sender", false),
];
/// Characters of base64 on a line.
const BASE64_LINE: usize = 72;

/// Whose signature it is.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// `d=`
    pub domain: &'a str,
    /// `s=`
    pub selector: &'a str,
    /// `a=`: `rsa-sha256` or `ed25519-sha256`.
    pub algorithm: &'a str,
}

/// The `DKIM-Signature` field of a mail, its CRLF included, to be put in front. `sign` makes the signature
/// of the bytes it is given.
pub fn signature(
    data: &[u8],
    signer: Signer<'_>,
    now: Timestamp,
    sign: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<String, Unfit> {
    let (fields, body) = fields(data, 0);
    let hash = STANDARD.encode(digest(&SHA256, &simple_body(&data[body.min(data.len())..])).as_ref());
    let (mut names, mut signed) = (Vec::new(), Vec::new());
    for (name, again) in SIGNED {
        // "Signers MUST sign such header fields in order from the bottom of the header field block to the top" (§5.4.2).
        for field in fields.iter().rev().filter(|field| field.name == name) {
            names.push(name);
            relaxed(&mut signed, data, field);
            signed.extend_from_slice(b"\r\n");
        }
        if again {
            names.push(name);
        }
    }
    if !fields.iter().any(|field| field.name == "from") {
        return Err(Unfit("a mail without From cannot be signed".to_owned()));
    }
    let head = format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/simple;\r\n\td={}; s={}; t={};\r\n\th={};\r\n\tbh={};\r\n\tb=",
        signer.algorithm,
        signer.domain,
        signer.selector,
        now.as_second(),
        folded(&names),
        hash,
    );
    let own = format!("{head}\r\n");
    let (own_fields, _) = self::fields(own.as_bytes(), 0);
    let own_field = own_fields.first().ok_or_else(|| Unfit("the signature is no field".to_owned()))?;
    relaxed(&mut signed, own.as_bytes(), own_field);
    let signature = sign(&signed).ok_or_else(|| Unfit("the key does not sign".to_owned()))?;
    Ok(format!("{head}{}\r\n", lines(&STANDARD.encode(signature))))
}

/// The domain of a From field: that which a signature must be of to count (RFC 7489 §3.1.1).
pub fn from_domain(from: &str) -> Option<String> {
    let address = match (from.rfind('<'), from.rfind('>')) {
        (Some(open), Some(close)) if open < close => &from[open + 1..close],
        _ => from,
    };
    let (_, domain) = address.trim().rsplit_once('@')?;
    let domain = domain.trim().to_ascii_lowercase();
    let plain = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    plain.then_some(domain)
}

/// True when a change breaks this signature: the body's hash, or a field that it covers.
pub(super) fn is_broken(value: &[u8], body_changes: bool, changed: &[String]) -> bool {
    let value = String::from_utf8_lossy(&unfold(value)).into_owned();
    let covered = value.split(';').find_map(|tag| {
        let (name, list) = tag.split_once('=')?;
        (name.trim() == "h").then(|| list.split(':').map(|name| name.trim().to_ascii_lowercase()).collect::<Vec<_>>())
    });
    // What lists nothing is no signature that could hold.
    body_changes || covered.is_none_or(|covered| covered.iter().any(|name| changed.contains(name)))
}

/// §3.4.2: name in lower case, unfolded, blanks run together, none at the ends.
fn relaxed(into: &mut Vec<u8>, data: &[u8], field: &Field) {
    into.extend_from_slice(field.name.as_bytes());
    into.push(b':');
    let mut blank = false;
    let start = into.len();
    for &byte in data.get(field.value.clone()).unwrap_or_default() {
        match byte {
            b'\r' | b'\n' => {}
            b' ' | b'\t' => blank = true,
            _ => {
                if blank && into.len() > start {
                    into.push(b' ');
                }
                blank = false;
                into.push(byte);
            }
        }
    }
}

/// §3.4.3: empty lines at the end go; a body ends with CRLF, an empty one is a CRLF.
fn simple_body(body: &[u8]) -> Vec<u8> {
    let mut end = body.len();
    while body[..end].ends_with(b"\r\n") {
        end -= 2;
    }
    let mut canonical = body[..end].to_vec();
    canonical.extend_from_slice(b"\r\n");
    canonical
}

fn folded(names: &[&str]) -> String {
    let mut list = String::new();
    let mut line = 0;
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            list.push(':');
        }
        if line + name.len() > BASE64_LINE {
            list.push_str("\r\n\t ");
            line = 0;
        }
        line += name.len() + 1;
        list.push_str(name);
    }
    list
}

fn lines(base64: &str) -> String {
    let pieces: Vec<&str> =
        base64.as_bytes().chunks(BASE64_LINE).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
    pieces.join("\r\n\t ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_are_those_of_the_standard() {
        // RFC 6376 §3.4.5, with the body of the first example.
        let data = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (found, body) = fields(data, 0);
        let mut canonical = Vec::new();
        for field in &found {
            relaxed(&mut canonical, data, field);
            canonical.extend_from_slice(b"\r\n");
        }
        assert_eq!(canonical, b"a:X\r\nb:Y Z\r\n");
        assert_eq!(simple_body(&data[body..]), b" C \r\nD \t E\r\n");
        assert_eq!(simple_body(b""), b"\r\n");
        assert_eq!(
            STANDARD.encode(digest(&SHA256, &simple_body(b"")).as_ref()),
            "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="
        );
    }

    #[test]
    fn a_signature_holds_what_it_does_not_cover() {
        let value = b" v=1; a=rsa-sha256; h=From:To:\r\n\tSubject; b=abc";
        for (body, changed, broken) in [(true, "", true), (false, "subject", true), (false, "list-unsubscribe", false)]
        {
            assert_eq!(is_broken(value, body, &[changed.to_owned()]), broken, "{changed}");
        }
        assert!(is_broken(b" v=1; b=", false, &[]));
        assert_eq!(from_domain("某某商城 <news@Mail.Shop.example>").as_deref(), Some("mail.shop.example"));
        assert_eq!(from_domain("nobody"), None);
    }
}
