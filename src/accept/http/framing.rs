//! Where one HTTP/1 message ends and the next begins, decided once and strictly, before any other
//! reader sees a byte. Two servers that disagree about that are how requests are smuggled, and hyper
//! takes several forms it should not: `Content-Length` beside `Transfer-Encoding`, two codings, bare
//! line feeds, equal lengths twice, any Host. A bad head is replaced by a small request of our own
//! that carries the refusal, so that it is answered in its turn and the connection then closes.

use http::StatusCode;

use super::target;

/// The field by which a refusal travels to the exchange; a client that sends it is refused.
pub const REFUSAL_FIELD: &str = "tactgate-door-refusal";

/// Longest line that announces a chunk, extensions included.
const CHUNK_LINE_BYTES_MAX: usize = 256;
/// Most fields in one head.
const FIELDS_MAX: usize = 100;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// With which status.
    pub status: StatusCode,
    /// In which words: no byte of the client's is in them.
    pub why: &'static str,
}

/// Follows one connection.
#[derive(Debug)]
pub struct Framing {
    state: State,
    head: Vec<u8>,
    head_bytes_max: usize,
    heads: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Head,
    Body(u64),
    ChunkLine(Vec<u8>),
    ChunkData(u64),
    /// The CRLF behind a chunk's data; how much of it was seen.
    ChunkEnd(u8),
    /// The CRLF behind the last chunk.
    LastEnd(u8),
    /// HTTP/2: h2 refuses malformed frames itself.
    Through,
    Refused,
}

impl Framing {
    /// Of a new connection.
    pub fn new(head_bytes_max: usize) -> Framing {
        Framing { state: State::Head, head: Vec::new(), head_bytes_max, heads: 0 }
    }

    /// True once a first head was whole.
    pub fn begun(&self) -> bool {
        self.heads > 0
    }

    /// True when the client may still be sending what nobody will read.
    pub fn unfinished(&self) -> bool {
        !matches!(self.state, State::Head | State::Through)
    }

    /// Takes what arrived; `out` gets what may be passed on.
    pub fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let used = match &mut self.state {
                State::Head => self.head(input, out),
                State::Body(left) => {
                    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *left -= used as u64;
                    out.extend_from_slice(&input[..used]);
                    if *left == 0 {
                        self.state = State::Head;
                    }
                    used
                }
                State::Through => {
                    out.extend_from_slice(input);
                    input.len()
                }
                State::Refused => input.len(),
                _ => self.chunked(input, out),
            };
            input = input.get(used..).unwrap_or_default();
        }
    }

    fn head(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        for (index, &byte) in input.iter().enumerate() {
            self.head.push(byte);
            // RFC 9112 §2.2: "a server [...] SHOULD ignore at least one empty line (CRLF) received
            // prior to the request-line".
            if self.head == b"\r\n" {
                self.head.clear();
            }
            if byte == b'\n' && !self.head.is_empty() && !self.head.ends_with(b"\r\n") {
                self.refuse(Refused { status: StatusCode::BAD_REQUEST, why: "a line ends with a bare LF" }, out);
                return index + 1;
            }
            if self.head.len() > self.head_bytes_max {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                self.refuse(Refused { status, why: "the header section is too large" }, out);
                return index + 1;
            }
            if self.head.ends_with(b"\r\n\r\n") {
                self.whole_head(out);
                return index + 1;
            }
        }
        input.len()
    }

    fn whole_head(&mut self, out: &mut Vec<u8>) {
        if self.heads == 0 && self.head == PREFACE {
            out.append(&mut self.head);
            self.state = State::Through;
        } else {
            match body_of(&self.head) {
                Ok(body) => {
                    out.append(&mut self.head);
                    self.state = body;
                }
                Err(refused) => self.refuse(refused, out),
            }
        }
        self.heads += 1;
        self.head = Vec::new();
    }

    fn refuse(&mut self, refused: Refused, out: &mut Vec<u8>) {
        // The first segment lets the refusal be worded in the dialect that was asked for.
        let path = self.head.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        let segment: String = path
            .strip_prefix(b"/")
            .into_iter()
            .flatten()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .take(64)
            .map(|&byte| char::from(byte))
            .collect();
        let (status, why) = (refused.status.as_u16(), refused.why);
        let head = format!(
            "GET /{segment} HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n{REFUSAL_FIELD}: {status} {why}\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        self.heads += 1;
        self.head = Vec::new();
        self.state = State::Refused;
    }

    fn chunked(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(&byte) = input.first() else { return 0 };
        let (next, used) = match &mut self.state {
            State::ChunkData(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= used as u64;
                (if *left == 0 { Some(State::ChunkEnd(0)) } else { None }, used)
            }
            State::ChunkLine(line) => {
                line.push(byte);
                let next = match byte {
                    b'\n' => Some(chunk(line)),
                    _ if line.len() > CHUNK_LINE_BYTES_MAX => Some(State::Refused),
                    _ => None,
                };
                (next, 1)
            }
            State::ChunkEnd(seen) | State::LastEnd(seen) if *seen == 0 && byte == b'\r' => {
                *seen = 1;
                (None, 1)
            }
            State::ChunkEnd(1) if byte == b'\n' => (Some(State::ChunkLine(Vec::new())), 1),
            State::LastEnd(1) if byte == b'\n' => (Some(State::Head), 1),
            // Trailers included: nothing that arrives behind a body may change what was decided on.
            _ => (Some(State::Refused), 1),
        };
        match next {
            // Not a hexadecimal digit, not a CRLF, not a trailer: the reader behind us fails on it and closes.
            Some(State::Refused) => out.extend_from_slice(b"\0\r\n\r\n"),
            _ => out.extend_from_slice(&input[..used]),
        }
        if let Some(next) = next {
            self.state = next;
        }
        used
    }
}

/// RFC 9112 §7.1: `chunk-size [ chunk-ext ] CRLF`.
fn chunk(line: &[u8]) -> State {
    let Some(line) = line.strip_suffix(b"\r\n") else { return State::Refused };
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extension) = line.split_at(digits);
    let strange = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
    if !(extension.is_empty() || extension.starts_with(b";")) || extension.iter().any(strange) || digits > 15 {
        return State::Refused;
    }
    let size = std::str::from_utf8(size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
    match size {
        None => State::Refused,
        Some(0) => State::LastEnd(0),
        Some(size) => State::ChunkData(size),
    }
}

/// How the body of a message with this head is delimited, when the head leaves no doubt.
fn body_of(head: &[u8]) -> Result<State, Refused> {
    let bad = |why| Refused { status: StatusCode::BAD_REQUEST, why };
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(bad("the header section does not end"))?;
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let request_line = lines.next().unwrap_or_default();
    let mut words = request_line.split(|&byte| byte == b' ');
    let (method, path, version) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(method), Some(path), Some(version), None) => (method, path, version),
        _ => return Err(bad("the request line is not `method target version`")),
    };
    if method.is_empty() || !method.iter().all(u8::is_ascii_uppercase) {
        return Err(bad("not a method"));
    }
    let old = match version {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        _ => return Err(Refused { status: StatusCode::HTTP_VERSION_NOT_SUPPORTED, why: "not HTTP/1.1" }),
    };
    target::method(method)?;
    target::path_and_query(path)?;
    let (mut lengths, mut codings, mut hosts) = (Vec::new(), Vec::new(), Vec::new());
    for (count, line) in lines.enumerate() {
        if count >= FIELDS_MAX {
            return Err(Refused { status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why: "too many header fields" });
        }
        let (name, value) = field(line).ok_or(bad("a header field is malformed"))?;
        match name.as_str() {
            "content-length" => lengths.push(value),
            "transfer-encoding" => codings.push(value),
            "host" => hosts.push(value),
            "expect" if !value.eq_ignore_ascii_case(b"100-continue") => {
                return Err(Refused { status: StatusCode::EXPECTATION_FAILED, why: "unknown expectation" });
            }
            REFUSAL_FIELD => return Err(bad("a header field is reserved")),
            // Servers that fold `_` to `-` would read another field than we do.
            _ if name.contains('_') && target::delicate(&name.replace('_', "-")) => {
                return Err(bad("a header field is spelt with `_`"));
            }
            "connection" if target::nominates_delicate(value) => {
                return Err(bad("`Connection` names an end-to-end field"));
            }
            _ => {}
        }
    }
    match hosts.as_slice() {
        [] if old => {}
        [host] => target::host(host)?,
        _ => return Err(bad("exactly one Host is required")),
    }
    let body = match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => State::Head,
        ([length], []) => {
            let digits = !length.is_empty() && length.len() <= 18 && length.iter().all(u8::is_ascii_digit);
            let text = std::str::from_utf8(length).ok().filter(|_| digits);
            match text.and_then(|text| text.parse::<u64>().ok()).ok_or(bad("Content-Length is not a number"))? {
                0 => State::Head,
                length => State::Body(length),
            }
        }
        ([], [coding]) if !old && coding.eq_ignore_ascii_case(b"chunked") => State::ChunkLine(Vec::new()),
        // RFC 9112 §6.1: "A server MAY reject a request that contains both Content-Length and
        // Transfer-Encoding"; every such request is somebody trying, or a broken peer.
        _ => return Err(bad("the length of the body is ambiguous")),
    };
    if matches!(method, b"GET" | b"HEAD") && body != State::Head {
        return Err(bad("a reading request has a body"));
    }
    Ok(body)
}

/// `name ":" OWS value OWS`, without folding; the name in lower case.
fn field(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let unfit = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
    if name.is_empty() || !name.iter().all(token) || value.iter().any(unfit) {
        return None;
    }
    Some((String::from_utf8_lossy(name).to_ascii_lowercase(), value.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passed(input: &[u8], step: usize) -> String {
        let (mut framing, mut out) = (Framing::new(1_000), Vec::new());
        input.chunks(step).for_each(|chunk| framing.push(chunk, &mut out));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn honest_requests_pass_byte_for_byte() {
        for request in [
            "GET /sendgrid/v3/templates?x=1 HTTP/1.1\r\nHost: a.example:8700\r\n\r\n",
            "POST /twilio/x HTTP/1.1\r\nHost: [::1]:1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: b\r\n\r\n",
            "POST /a HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0",
        ] {
            for step in [1, 2, 7, 1_000] {
                assert_eq!(passed(request.as_bytes(), step), request, "in steps of {step}");
            }
        }
        assert_eq!(passed(b"\r\nGET / HTTP/1.0\r\n\r\n", 1), "GET / HTTP/1.0\r\n\r\n");
    }

    #[test]
    fn doubtful_heads_are_replaced_and_nothing_behind_them_passes() {
        for head in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding : chunked",
            "Transfer_Encoding: chunked",
            "Content-Length: 3\r\nContent-Length: 3",
            "Content-Length: 3,3",
            "Content-Length: +3",
            "Content-Length: -1",
            "Content-Length: 0x3",
            "Content-Length: ",
            "Content-Length: 99999999999999999999",
            "Host: b",
            "Expect: 200-ok",
            "X: a\r\n folded",
            "X: a\nY: b",
            "X: a\0",
            "Bad name: x",
            "NoColon",
            "Tactgate-Door-Refusal: 200 fine",
            "Connection: close, Tactgate-Campaign",
        ] {
            let request =
                format!("POST /sendgrid/x HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\nabcGET /smuggled HTTP/1.1\r\n");
            for step in [1, 5, 1_000] {
                let out = passed(request.as_bytes(), step);
                assert!(out.starts_with("GET /sendgrid HTTP/1.1\r\nhost: refused\r\n"), "{head}: {out}");
                assert!(!out.contains("smuggled"), "{head}");
            }
        }
    }

    #[test]
    fn doubtful_chunks_end_the_connection() {
        for chunks in [
            "0x3\r\nabc",
            "+3\r\nabc",
            "3\nabc",
            "3\r\nabcX",
            "3 \r\nabc",
            "\r\n",
            "0\r\nX: y\r\n\r\n",
            "fffffffffffffffff\r\n",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}smuggled");
            let out = passed(request.as_bytes(), 1);
            assert!(out.ends_with("\0\r\n\r\n") && !out.contains("smuggled"), "{chunks:?}: {out:?}");
        }
    }

    proptest! {
        #[test]
        fn steps_do_not_matter(input in "(GET|POST|\\r\\n|/| |HTTP/1\\.1|Host: a|Content-Length: 2|0|[a-z]){0,30}", step in 1_usize..9) {
            prop_assert_eq!(passed(input.as_bytes(), step), passed(input.as_bytes(), 10_000));
        }
    }
}
