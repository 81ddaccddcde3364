//! Bytes → [`Mail`]. mail-parser finds the parts; their fields, transfer encodings and charsets are
//! read here, because every decoded character needs a way back to its bytes.

use std::sync::Arc;

use bytes::Bytes;
use mail_parser::{MessageParser, MessagePart, MimeHeaders, PartType};

use super::charset::Charset;
use super::field::{self, Field};
use super::leaf::Leaf;
use super::limits::{self, too_much};
use super::transfer::Transfer;
use super::{
    FIELD_BYTES_MAX, FIELDS_MAX, HEADER_BYTES_MAX, Mail, NESTED_MAX, PARTS_MAX, Place, TEXT_BYTES_MAX, encoded_word,
};
use crate::message::{Content, Declared, Part, PartKind};
use crate::providers::Malformed;

pub(super) fn read(data: &Bytes) -> Result<Mail, Malformed> {
    limits::check_lines(data)?;
    let (fields, body) = field::fields(data, 0);
    if body > HEADER_BYTES_MAX && fields.last().is_some_and(|f| f.whole.end > HEADER_BYTES_MAX) {
        return Err(too_much("the header", HEADER_BYTES_MAX, "bytes"));
    }
    if fields.len() > FIELDS_MAX {
        return Err(too_much("the number of header fields", FIELDS_MAX, "fields"));
    }
    if fields.iter().any(|f| f.whole.len() > FIELD_BYTES_MAX) {
        return Err(too_much("a header field", FIELD_BYTES_MAX, "bytes"));
    }
    let mut reader = Reader { data, content: Content::default(), places: Vec::new(), text_bytes: 0, parts: 0 };
    let mut mail = Mail {
        content: Arc::default(),
        declared: Declared::default(),
        places: Vec::new(),
        declarations: Vec::new(),
        signed: fields.iter().any(|f| f.name == "dkim-signature"),
    };
    for field in &fields {
        let decoded = encoded_word::decode(&field::unfold(&data[field.value.clone()]));
        if Declared::is_declaration(&field.name) {
            mail.declared.take(&field.name, &decoded.text)?;
            mail.declarations.push(field.whole.clone());
            continue;
        }
        if field.name == "subject" {
            reader.subject(field, &decoded);
        }
        reader.content.headers.push((field.name.clone(), decoded.text));
    }
    reader.structure(body)?;
    mail.content = Arc::new(reader.content);
    mail.places = reader.places;
    Ok(mail)
}

struct Reader<'a> {
    data: &'a Bytes,
    content: Content,
    places: Vec<Place>,
    text_bytes: usize,
    parts: usize,
}

/// What a part inherits from those around it.
#[derive(Clone, Copy)]
struct Around {
    depth: usize,
    sealed: bool,
    alone: bool,
    forwarded: bool,
}

impl Reader<'_> {
    fn doubt(&mut self, why: impl Into<String>) {
        self.content.unreadable.push(why.into());
    }

    fn subject(&mut self, field: &Field, decoded: &encoded_word::Decoded) {
        if !decoded.readable {
            self.doubt("the subject is in a charset that cannot be read");
        }
        if !self.places.is_empty() {
            // "must occur at most once" (RFC 5322 §3.6): readers differ in which one they show.
            self.doubt("the mail has more than one subject");
            return;
        }
        self.content.parts.push(Part { kind: PartKind::Subject, text: decoded.text.clone() });
        self.places.push(Place::Subject(field.value.clone()));
    }

    fn structure(&mut self, body: usize) -> Result<(), Malformed> {
        let data = self.data;
        // The parser has known panics on corrupt nested messages (stalwartlabs/mail-parser#120); a mail
        // that it cannot read is a doubt, never lost. Nothing is shared with it but the bytes.
        let parsed = std::panic::catch_unwind(|| {
            MessageParser::new().with_mime_headers().default_header_ignore().parse(&data[..])
        });
        let Ok(Some(message)) = parsed else {
            self.doubt("the structure of the mail cannot be read");
            return Ok(());
        };
        let Some(root) = message.parts.first() else {
            self.doubt("the mail has no parts");
            return Ok(());
        };
        if root.offset_body as usize != body {
            self.doubt("readers disagree on where the header ends");
        }
        let alone = !matches!(root.body, PartType::Multipart(_));
        self.walk(&message.parts, 0, Around { depth: 0, sealed: false, alone, forwarded: false })
    }

    /// Reads part `index` and those inside it, in the order of the wire.
    fn walk(&mut self, parts: &[MessagePart<'_>], index: usize, around: Around) -> Result<(), Malformed> {
        if around.depth > NESTED_MAX {
            return Err(too_much("the nesting of MIME parts", NESTED_MAX, "levels"));
        }
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(too_much("the number of MIME parts", PARTS_MAX, "parts"));
        }
        let Some(part) = parts.get(index) else { return Ok(()) };
        let number = self.parts;
        let inside = Around { depth: around.depth + 1, ..around };
        match &part.body {
            PartType::Multipart(children) => {
                let subtype = part.content_type().and_then(|c| c.subtype()).unwrap_or_default();
                if subtype.eq_ignore_ascii_case("encrypted") && !around.forwarded {
                    self.doubt(format!("part {number} is encrypted"));
                }
                let sealed = around.sealed || subtype.eq_ignore_ascii_case("signed");
                for child in children {
                    // A child stands after its parent; anything else is a loop in a corrupt tree.
                    let child = *child as usize;
                    if child > index {
                        self.walk(parts, child, Around { sealed, ..inside })?;
                    }
                }
                Ok(())
            }
            PartType::Message(inner) => {
                if !is_attachment(part) && !around.forwarded {
                    self.doubt(format!("part {number} is a message inside the message"));
                }
                // Only the limits are of interest: what a forwarded message says is not the sender's own
                // text, and its places are not places of this mail.
                if !inner.parts.is_empty() {
                    self.walk(&inner.parts, 0, Around { forwarded: true, ..inside })?;
                }
                Ok(())
            }
            PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_) => {
                if !around.forwarded {
                    self.leaf(part, number, around);
                }
                Ok(())
            }
        }
    }

    fn leaf(&mut self, part: &MessagePart<'_>, number: usize, around: Around) {
        let (header, body) = (
            part.offset_header as usize..part.offset_body as usize,
            part.offset_body as usize..part.offset_end as usize,
        );
        let (Some(head), Some(raw)) = (self.data.get(..header.end), self.data.get(body.clone())) else {
            return self.doubt(format!("part {number} has no place in the mail"));
        };
        // The parser takes a boundary inside a line for one; other readers show what follows as text.
        let behind = &self.data[body.end..];
        let delimited = behind.starts_with(b"\r\n--") || behind.starts_with(b"\n--") || raw.ends_with(b"\n");
        if !(behind.is_empty() || raw.is_empty() || delimited) {
            self.doubt(format!("part {number} ends inside a line"));
        }
        let (fields, _) = field::fields(head, header.start);
        let named = |name: &str| fields.iter().filter(|f| f.name == name).collect::<Vec<_>>();
        let (types, transfers) = (named("content-type"), named("content-transfer-encoding"));
        let (kind, parameters) =
            types.first().map(|f| field::parameters(&self.data[f.value.clone()])).unwrap_or_default();
        let kind = match kind.as_str() {
            "" | "text/plain" | "text" => PartKind::Plain,
            // What some readers show in place of text/html.
            "text/html" | "text/x-amp-html" | "text/watch-html" => PartKind::Html,
            multipart if multipart.starts_with("multipart/") => {
                return self.doubt(format!("part {number} is a multipart whose boundary is not found"));
            }
            _ => return,
        };
        if is_attachment(part) {
            return;
        }
        // Readers differ in which of two they take.
        if types.len() > 1 || transfers.len() > 1 {
            self.doubt(format!("part {number} says twice how it is to be read"));
        }
        if raw.is_empty() && around.alone {
            return;
        }
        let transfer = match transfers.first() {
            None => Some(Transfer::Identity),
            Some(f) => Transfer::named(&field::parameters(&self.data[f.value.clone()]).0),
        };
        let Some(transfer) = transfer else {
            return self.doubt(format!("part {number} is in a transfer encoding that is not known"));
        };
        if raw.len() > TEXT_BYTES_MAX * 3 || self.text_bytes + raw.len() / 3 > TEXT_BYTES_MAX {
            return self.doubt(format!("part {number} is more text than is read"));
        }
        let bytes = transfer.decode(raw);
        let label = parameters.iter().find(|p| p.name == "charset").map(|p| p.value.as_str());
        let charset = match label.filter(|label| !label.trim().is_empty()) {
            None if std::str::from_utf8(&bytes).is_err() && kind == PartKind::Html => meta_charset(&bytes),
            None => Some(Charset::UNNAMED),
            Some(label) => Charset::named(label),
        };
        let Some(charset) = charset else {
            return self.doubt(format!("part {number} is in a charset that cannot be read"));
        };
        let (text, unread) = charset.decode(&bytes);
        if unread * 100 > text.chars().count() {
            self.doubt(format!("part {number} holds bytes outside its charset"));
        }
        self.text_bytes += text.len();
        if self.text_bytes > TEXT_BYTES_MAX {
            return self.doubt(format!("part {number} is more text than is read"));
        }
        self.content.parts.push(Part { kind, text });
        let leaf = Leaf { header, body, transfer, charset, sealed: around.sealed, alone: around.alone };
        self.places.push(Place::Leaf(leaf));
    }
}

fn is_attachment(part: &MessagePart<'_>) -> bool {
    part.content_disposition().is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment"))
}

/// The charset that HTML names for itself, where its part names none.
fn meta_charset(bytes: &[u8]) -> Option<Charset> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1_024)]).to_ascii_lowercase();
    let at = head.find("charset=")? + "charset=".len();
    let label: String = head[at..]
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c))
        .collect();
    Charset::named(&label)
}
