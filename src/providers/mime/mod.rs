//! RFC 5322 mail with MIME, PURE: bytes → the text people read, and edits on that text → bytes in
//! which everything else is the sender's own. Nothing is ever composed anew: a part that is edited is
//! encoded again in its own transfer encoding and charset, all other bytes stay (design §4,
//! *Unmodified*).

mod charset;
mod dkim;
mod encoded_word;
mod field;
mod fingerprint;
mod leaf;
mod limits;
mod read;
mod transfer;
mod write;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::message::{Content, Declared, Edit};
use crate::providers::{Malformed, Unfit};

pub use dkim::{Signer, from_domain, signature};
pub use fingerprint::fingerprint;
pub use limits::{
    FIELD_BYTES_MAX, FIELDS_MAX, HEADER_BYTES_MAX, LINE_BYTES_MAX, NESTED_MAX, PARTS_MAX, TEXT_BYTES_MAX,
};

/// A mail, read.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The subject first, then the text/plain and text/html leaves in the order of the wire.
    pub content: Arc<Content>,
    /// What its `Tactgate-*` fields say.
    pub declared: Declared,
    /// Where each part of `content` stands in the bytes; same order, same length.
    places: Vec<Place>,
    /// The `Tactgate-*` fields, whole lines, ascending: they never leave.
    declarations: Vec<Range<usize>>,
    signed: bool,
}

/// Where one part of the content stands.
#[derive(Debug, Clone)]
enum Place {
    /// The subject's value: after the colon, up to the line's end, folds included.
    Subject(Range<usize>),
    /// A body part.
    Leaf(leaf::Leaf),
}

impl Mail {
    /// True when it carries a DKIM signature. What a rewrite breaks goes; DMARC alignment may be lost with it
    /// unless the gateway or the provider signs again.
    pub fn is_signed(&self) -> bool {
        self.signed
    }
}

/// Reads a mail. What cannot be read becomes a doubt in [`Content::unreadable`]; only limits and wrong
/// declarations are errors, so that no mail is lost because it is odd.
pub fn read(data: &Bytes) -> Result<Mail, Malformed> {
    read::read(data)
}

/// The bytes that may leave: declarations taken out, `edits` made (and DKIM signatures that they break taken
/// out), `prepend` (a finished `Received:`
/// line, its CRLF included) put in front. All or nothing; without edits nothing else changes.
pub fn write(data: &Bytes, mail: &Mail, edits: &[Edit], prepend: Option<&str>) -> Result<Bytes, Unfit> {
    write::write(data, mail, edits, prepend)
}
