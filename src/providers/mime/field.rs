//! Header fields with their places: names, unfolded values, and the parameters of Content-Type with
//! the exact bytes they stand on (RFC 5322 §2.2, RFC 2045 §5.1).

use std::ops::Range;

/// One header field, as places in the mail.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Lower-case, blanks around it dropped.
    pub(super) name: String,
    /// The whole field: all its lines, the last CRLF included.
    pub(super) whole: Range<usize>,
    /// After the colon, up to the last CRLF.
    pub(super) value: Range<usize>,
}

/// The fields of the header that starts at `from`, and where its body starts (after the empty line).
/// Lines that are no field are skipped.
pub(super) fn fields(data: &[u8], from: usize) -> (Vec<Field>, usize) {
    let mut found: Vec<Field> = Vec::new();
    let mut at = from;
    let mut in_field = false;
    while at < data.len() {
        let end = data[at..].iter().position(|&b| b == b'\n').map_or(data.len(), |n| at + n + 1);
        let line = &data[at..end];
        let text_end = at + trim_line_end(line).len();
        if text_end == at {
            return (found, end);
        }
        if matches!(line[0], b' ' | b'\t') {
            if let (true, Some(field)) = (in_field, found.last_mut()) {
                field.whole.end = end;
                field.value.end = text_end;
            }
        } else if let Some(colon) = line.iter().position(|&b| b == b':') {
            let name = line[..colon].trim_ascii();
            in_field = !name.is_empty();
            if in_field {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                found.push(Field { name, whole: at..end, value: (at + colon + 1).min(text_end)..text_end });
            }
        } else {
            in_field = false;
        }
        at = end;
    }
    (found, data.len())
}

/// A value on one line: the CRLF of each fold dropped (RFC 5322 §2.2.3), blanks around it dropped.
pub(super) fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut value: Vec<u8> = raw.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    value.truncate(value.trim_ascii_end().len());
    let lead = value.len() - value.trim_ascii_start().len();
    value.drain(..lead);
    value
}

/// One parameter, as it stands in the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Lower-case.
    pub(super) name: String,
    /// Without quotes and backslashes.
    pub(super) value: String,
    /// The bytes of the value, quotes included, relative to the field's value.
    pub(super) place: Range<usize>,
}

/// The leading word of a value (`text/html`), lower-case and without blanks and comments, and the
/// parameters after it.
pub(super) fn parameters(value: &[u8]) -> (String, Vec<Parameter>) {
    let mut reader = Reader { value, at: 0 };
    let mut word = String::new();
    loop {
        reader.skip_blanks();
        match reader.peek() {
            None | Some(b';') => break,
            Some(b) => {
                word.push(char::from(b.to_ascii_lowercase()));
                reader.at += 1;
            }
        }
    }
    let mut found = Vec::new();
    while reader.peek().is_some() {
        reader.at += 1;
        reader.skip_blanks();
        let start = reader.at;
        while reader.peek().is_some_and(|b| !matches!(b, b';' | b'=') && !b.is_ascii_whitespace()) {
            reader.at += 1;
        }
        let name = String::from_utf8_lossy(&value[start..reader.at]).to_ascii_lowercase();
        reader.skip_blanks();
        if reader.peek() == Some(b'=') {
            reader.at += 1;
            reader.skip_blanks();
            let start = reader.at;
            let text = reader.value();
            found.push(Parameter { name, value: text, place: start..reader.at });
        }
        while reader.peek().is_some_and(|b| b != b';') {
            reader.at += 1;
        }
    }
    (word, found)
}

struct Reader<'a> {
    value: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    /// Skips blanks, folds and (nested) comments.
    fn skip_blanks(&mut self) {
        let mut depth = 0_usize;
        while let Some(b) = self.peek() {
            match b {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => self.at += 1,
                _ if depth > 0 || b.is_ascii_whitespace() => {}
                _ => return,
            }
            self.at += 1;
        }
        self.at = self.at.min(self.value.len());
    }

    fn value(&mut self) -> String {
        let mut text = Vec::new();
        if self.peek() == Some(b'"') {
            self.at += 1;
            while let Some(b) = self.peek() {
                self.at += 1;
                match b {
                    b'"' => break,
                    b'\\' => {
                        text.extend(self.peek());
                        self.at = (self.at + 1).min(self.value.len());
                    }
                    b'\r' | b'\n' => {}
                    _ => text.push(b),
                }
            }
        } else {
            while let Some(b) = self.peek().filter(|b| !matches!(b, b';' | b'(') && !b.is_ascii_whitespace()) {
                text.push(b);
                self.at += 1;
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_with_its_bytes_however_it_is_written() {
        for (value, place) in [
            ("text/plain; charset=gb2312", "gb2312"),
            ("text/plain;\r\n\tcharset=\"gb2312\"; format=flowed", "\"gb2312\""),
            ("Text / Plain (a;b) ; CHARSET =\r\n \"gb\\2312\" (c)", "\"gb\\2312\""),
        ] {
            let (word, found) = parameters(value.as_bytes());
            assert_eq!(word, "text/plain", "{value}");
            let charset = found.iter().find(|p| p.name == "charset").unwrap();
            assert_eq!(charset.value, "gb2312", "{value}");
            assert_eq!(&value[charset.place.clone()], place);
        }
        for odd in ["", ";", "a;b", "a;=", "a;b=\"", "a;b=\"\\", "(((", "a;b=(\\"] {
            parameters(odd.as_bytes());
        }
    }

    #[test]
    fn fields_keep_their_lines_and_junk_is_skipped() {
        let data = b"A: 1\r\n  2\r\njunk\r\n more\r\nTactgate-Offer : x\r\n\r\nB: body";
        let (found, body) = fields(data, 0);
        assert_eq!(found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a", "tactgate-offer"]);
        assert_eq!(unfold(&data[found[0].value.clone()]), b"1  2");
        assert_eq!(&data[found[0].whole.clone()], b"A: 1\r\n  2\r\n");
        assert_eq!(&data[body..], b"B: body");
    }
}
