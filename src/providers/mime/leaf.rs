//! One text part: where its bytes stand, and how edits on its text become edits on those bytes.

use std::ops::Range;

use super::charset::Charset;
use super::transfer::Transfer;
use super::{LINE_BYTES_MAX, field};
use crate::providers::Unfit;

/// A text part's places, all absolute in the mail.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// Its header, the empty line included.
    pub(super) header: Range<usize>,
    /// Its body.
    pub(super) body: Range<usize>,
    pub(super) transfer: Transfer,
    pub(super) charset: Charset,
    /// Inside multipart/signed: its bytes are what the signature covers.
    pub(super) sealed: bool,
    /// It is the whole mail.
    pub(super) alone: bool,
}

/// A replacement on the part's decoded text.
pub(super) type TextEdit = (Range<usize>, String);

/// A replacement on the mail's bytes.
pub(super) type Splice = (Range<usize>, Vec<u8>);

impl Leaf {
    /// The replacements that make `edits` (ascending, on the decoded text).
    pub(super) fn splices(&self, data: &[u8], edits: &[TextEdit]) -> Result<Vec<Splice>, Unfit> {
        if self.sealed {
            return Err(Unfit("the part is covered by a signature".to_owned()));
        }
        let raw = data.get(self.body.clone()).unwrap_or_default();
        let old = self.transfer.decode(raw);
        let (mut text, unread) = self.charset.decode(&old);
        for (range, replacement) in edits.iter().rev() {
            text.replace_range(range.clone(), replacement);
        }
        let mut splices = Vec::new();
        let kept = self.charset.splice(&old, edits).filter(|bytes| self.charset.decode(bytes).0 == text);
        let new = match kept {
            Some(new) => new,
            None if unread > 0 => {
                return Err(Unfit("the text holds bytes outside its charset and cannot change charset".to_owned()));
            }
            None => {
                splices.push(self.label(data, "content-type", Some("charset"), "utf-8"));
                text.into_bytes()
            }
        };
        // A part that was ASCII may travel where eight bits may not (RFC 6152); long lines travel nowhere.
        let unfit_as_is =
            (old.is_ascii() && !new.is_ascii()) || longest_line(&new) > LINE_BYTES_MAX.max(longest_line(&old));
        let body = if self.transfer == Transfer::Identity && unfit_as_is {
            let ascii = new.iter().filter(|b| b.is_ascii()).count();
            let transfer = if ascii * 2 > new.len() { Transfer::QuotedPrintable } else { Transfer::Base64 };
            splices.push(self.label(data, "content-transfer-encoding", None, transfer.name()));
            let mut body = transfer.encode_like(b"", &new);
            if transfer == Transfer::Base64 && raw.ends_with(b"\r\n") {
                body.extend_from_slice(b"\r\n");
            }
            body
        } else {
            self.transfer.encode_like(raw, &new)
        };
        splices.push((self.body.clone(), body));
        Ok(merge_insertions(splices))
    }

    /// The replacement that gives the header field `name` (or its parameter) a new value, or adds it.
    fn label(&self, data: &[u8], name: &str, parameter: Option<&str>, value: &str) -> Splice {
        let (fields, _) = field::fields(data.get(..self.header.end).unwrap_or_default(), self.header.start);
        let Some(found) = fields.iter().find(|f| f.name == name) else {
            let at = fields.last().map_or(self.header.start, |f| f.whole.end);
            let shown = if name == "content-type" {
                "Content-Type: text/plain; charset="
            } else {
                "Content-Transfer-Encoding: "
            };
            let versioned = !self.alone || fields.iter().any(|f| f.name == "mime-version");
            let version = if versioned { "" } else { "MIME-Version: 1.0\r\n" };
            return (at..at, format!("{version}{shown}{value}\r\n").into_bytes());
        };
        let raw = &data[found.value.clone()];
        let blank_end = found.value.start + raw.trim_ascii_end().len();
        let Some(parameter) = parameter else {
            let lead = raw.len() - raw.trim_ascii_start().len();
            return ((found.value.start + lead).min(blank_end)..blank_end, value.as_bytes().to_vec());
        };
        let (_, parameters) = field::parameters(raw);
        match parameters.iter().find(|p| p.name == parameter) {
            Some(p) => {
                let quoted = raw.get(p.place.start) == Some(&b'"');
                let value = if quoted { format!("\"{value}\"") } else { value.to_owned() };
                (found.value.start + p.place.start..found.value.start + p.place.end, value.into_bytes())
            }
            None => (blank_end..blank_end, format!("; {parameter}={value}").into_bytes()),
        }
    }
}

/// Two fields added at the same place become one insertion, with one MIME-Version.
fn merge_insertions(splices: Vec<Splice>) -> Vec<Splice> {
    let mut merged: Vec<Splice> = Vec::with_capacity(splices.len());
    for (range, bytes) in splices {
        match merged.iter_mut().find(|(other, _)| range.is_empty() && *other == range) {
            Some((_, before)) => {
                before.extend_from_slice(bytes.strip_prefix(b"MIME-Version: 1.0\r\n").unwrap_or(&bytes));
            }
            None => merged.push((range, bytes)),
        }
    }
    merged
}

fn longest_line(bytes: &[u8]) -> usize {
    bytes.split(|&b| b == b'\n').map(|line| line.trim_ascii_end().len()).max().unwrap_or(0)
}
