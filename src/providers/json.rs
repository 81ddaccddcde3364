//! JSON with byte spans (RFC 8259), so that a body can be edited in place and never written anew.
//! Stricter than most readers where two readers could disagree: a name twice in one object, a lone
//! surrogate, a byte-order mark or bytes behind the value are errors, not somebody's choice.

use std::collections::HashSet;
use std::ops::Range;

use super::splice::Decoded;

/// Deepest nesting read.
pub const DEPTH_MAX: usize = 64;
/// Most values in one document.
pub const VALUES_MAX: usize = 200_000;
/// Most escapes in the strings of one document: each is remembered, so that edits find their bytes.
pub const ESCAPES_MAX: usize = 1_000_000;

/// As many names are looked through faster than a set of them is made.
const MEMBERS_SEARCHED: usize = 16;

/// Why bytes are not JSON as read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why} at byte {at}")]
pub struct NotJson {
    /// Offset of the byte that does not fit.
    pub at: usize,
    /// What is wrong.
    pub why: String,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// The kinds of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, decoded, with the way back to its bytes.
    String(Decoded),
    /// An array.
    Array(Vec<Node>),
    /// An object, in order, each name once.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, decoded.
    pub name: String,
    /// From the name's first quote to the value's end.
    pub span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The member of that name, when this is an object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members()?.iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// Members, when this is an object.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Elements, when this is an array.
    pub fn elements(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text, when this is a string.
    pub fn text(&self) -> Option<&Decoded> {
        match &self.value {
            Value::String(decoded) => Some(decoded),
            _ => None,
        }
    }

    /// The text alone, when this is a string.
    pub fn str(&self) -> Option<&str> {
        self.text().map(|decoded| decoded.text.as_str())
    }
}

/// Reads a whole document.
pub fn parse(bytes: &[u8]) -> Result<Node, NotJson> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| NotJson { at: error.valid_up_to(), why: "not UTF-8".to_owned() })?;
    let mut reader = Reader { text, bytes, at: 0, values: 0, escapes: 0 };
    reader.space();
    let node = reader.value(0)?;
    reader.space();
    match reader.at == bytes.len() {
        true => Ok(node),
        false => Err(reader.wrong("something stands behind the value")),
    }
}

/// A text as it stands between the quotes of a JSON string.
pub fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Members of an object, with commas between.
pub fn members(pairs: &[(&str, &str)]) -> String {
    let members: Vec<String> =
        pairs.iter().map(|(name, value)| format!("\"{}\":\"{}\"", escaped(name), escaped(value))).collect();
    members.join(",")
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    values: usize,
    escapes: usize,
}

impl Reader<'_> {
    fn wrong(&self, why: &str) -> NotJson {
        NotJson { at: self.at, why: why.to_owned() }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Node, NotJson> {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(self.wrong("nested too deeply or too many values"));
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => Value::Array(self.array(depth)?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node { span: start..self.at, value })
    }

    fn word(&mut self) -> Result<Value, NotJson> {
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("a value was expected"))
    }

    /// RFC 8259 §6: `[ minus ] int [ frac ] [ exp ]`, no leading zeros.
    fn number(&mut self) -> Result<String, NotJson> {
        let start = self.at;
        self.take(b'-');
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        let mut good = digits > 0 && !(zero && digits > 1);
        if self.take(b'.') {
            good &= self.digits() > 0;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            good &= self.digits() > 0;
        }
        match good {
            true => Ok(self.text[start..self.at].to_owned()),
            false => Err(self.wrong("not a number")),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node>, NotJson> {
        self.at += 1;
        let mut elements = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(elements);
        }
        loop {
            self.space();
            elements.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(elements);
            }
            if !self.take(b',') {
                return Err(self.wrong("`,` or `]` was expected"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member>, NotJson> {
        self.at += 1;
        let (mut members, mut names): (Vec<Member>, HashSet<String>) = (Vec::new(), HashSet::new());
        self.space();
        if self.take(b'}') {
            return Ok(members);
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a name in quotes was expected"));
            }
            let name = self.string()?.text;
            // RFC 8259 §4: "When the names within an object are not unique, the behavior of software
            // that receives such an object is unpredictable": the provider might read the other one.
            let twice = match members.len() {
                0..MEMBERS_SEARCHED => members.iter().any(|member| member.name == name),
                _ => {
                    if names.is_empty() {
                        names.extend(members.iter().map(|member| member.name.clone()));
                    }
                    !names.insert(name.clone())
                }
            };
            if twice {
                return Err(NotJson { at: start, why: format!("`{name}` stands twice in one object") });
            }
            self.space();
            if !self.take(b':') {
                return Err(self.wrong("`:` was expected"));
            }
            self.space();
            let value = self.value(depth + 1)?;
            members.push(Member { name, span: start..self.at, value });
            self.space();
            if self.take(b'}') {
                return Ok(members);
            }
            if !self.take(b',') {
                return Err(self.wrong("`,` or `}` was expected"));
            }
        }
    }

    fn string(&mut self) -> Result<Decoded, NotJson> {
        self.at += 1;
        let mut decoded = Decoded::starting_at(self.at);
        let mut plain = self.at;
        loop {
            self.skip_plain();
            match self.peek() {
                None => return Err(self.wrong("a string does not end")),
                Some(b'"') => {
                    decoded.push_verbatim(&self.text[plain..self.at], plain);
                    self.at += 1;
                    return Ok(decoded);
                }
                Some(b'\\') => {
                    decoded.push_verbatim(&self.text[plain..self.at], plain);
                    let start = self.at;
                    let character = self.escape()?;
                    decoded.push_atom(character.encode_utf8(&mut [0; 4]), start..self.at);
                    plain = self.at;
                }
                Some(_) => return Err(self.wrong("a control character stands in a string")),
            }
        }
    }

    /// To the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let plain = rest.get(..memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len())).unwrap_or_default();
        let is_control = |byte: &u8| *byte < 0x20;
        // Looks at every byte, without a branch: quicker than to stop at the first.
        let none = !plain.iter().fold(false, |found, byte| found | is_control(byte));
        self.at += if none { plain.len() } else { plain.iter().position(is_control).unwrap_or(plain.len()) };
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        self.escapes += 1;
        if self.escapes > ESCAPES_MAX {
            return Err(self.wrong("too many escapes"));
        }
        self.at += 1;
        let letter = self.peek().ok_or_else(|| self.wrong("a string does not end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        let second = if self.take(b'\\') && self.take(b'u') { self.hex()? } else { 0 };
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(self.wrong("half a surrogate pair"));
                        }
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    other => other,
                };
                char::from_u32(code).ok_or_else(|| self.wrong("half a surrogate pair"))?
            }
            _ => return Err(self.wrong("not an escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let code = digits
            .and_then(|four| std::str::from_utf8(four).ok())
            .and_then(|four| u32::from_str_radix(four, 16).ok())
            .ok_or_else(|| self.wrong("`\\u` wants four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => serde_json::from_str(n).unwrap(),
            Value::String(s) => s.text.clone().into(),
            Value::Array(a) => a.iter().map(plain).collect(),
            Value::Object(o) => {
                serde_json::Value::Object(o.iter().map(|m| (m.name.clone(), plain(&m.value))).collect())
            }
        }
    }

    #[test]
    fn reads_what_serde_reads() {
        for text in
            [r#" {"a":[1,-0.5e3,true,null],"b":"\u4f60\u597d \ud83d\ude00 \"\n","c":{}} "#, "[]", r#""限时优惠""#, "0"]
        {
            let node = parse(text.as_bytes()).unwrap();
            assert_eq!(plain(&node), serde_json::from_str::<serde_json::Value>(text).unwrap());
        }
    }

    #[test]
    fn refuses_what_two_readers_could_read_in_two_ways() {
        for text in [
            r#"{"to":1,"to":2}"#,
            r#"{"a":{"x":1,"\u0078":2}}"#,
            r#"["\ud800"]"#,
            r#"["\ud800\u0041"]"#,
            "\u{feff}{}",
            "{} {}",
            "{}x",
            "[1,]",
            "{\"a\":1,}",
            "[01]",
            "[1.]",
            "[+1]",
            "NaN",
            "'a'",
            "\"a\nb\"",
            "",
            "\"",
            "\"\\",
            "\"\\u12",
            "{\"a\"",
            "[",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn strings_come_back(text in "\\PC{0,40}|[\\x00-\\x20\"\\\\]{0,8}") {
            let raw = format!("[\"{}\"]", escaped(&text));
            let node = parse(raw.as_bytes()).unwrap();
            prop_assert_eq!(node.elements().unwrap()[0].str().unwrap(), text.as_str());
        }
    }
}
