//! The end-of-data reader: from 354 to the one sequence that ends a mail, `CRLF . CRLF`. RFC 5321
//! §4.1.1.4: "the character sequence `<CR> <LF> <LF>` … MUST NOT be treated as end of mail"; nor any
//! other kin of it. A bare CR, a bare LF or a NUL is what two servers read in two ways (SMTP
//! smuggling), so it ends the session instead of the mail.

use super::reply;
use crate::message::SmtpReply;

/// What the reader takes.
#[derive(Debug, Clone, Copy)]
pub struct DataLimits {
    /// Most bytes of a mail.
    pub message_bytes_max: usize,
    /// Most bytes of a line, without CRLF.
    pub line_bytes_max: usize,
    /// What a bare CR or LF means.
    pub bare: Bare,
}

/// What the door makes of a CR or LF that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bare {
    /// The mail is refused and the session ends.
    #[default]
    Refuse,
    /// LF becomes CRLF and CR a space, for old scripts that cannot be mended themselves. Neither ever
    /// ends a mail: that stays CRLF.CRLF alone.
    Mend,
}

/// How far the reader got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Give it more.
    More,
    /// The mail, dots unstuffed, without the final dot.
    Complete(Vec<u8>),
    /// The end was seen, so the session is in sync; the mail is refused.
    Refused(SmtpReply),
    /// Where the mail ends is not known any more: refuse and close.
    Lost(SmtpReply),
}

/// Reads one mail.
#[derive(Debug)]
pub struct DataReader {
    limits: DataLimits,
    place: Place,
    body: Vec<u8>,
    line_bytes: usize,
    flaw: Option<SmtpReply>,
    discarded: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    Dot,
    DotCr,
    InLine,
    Cr,
    /// Behind a mended LF: a dot here is never the end.
    SoftStart,
    SoftDot,
}

impl DataReader {
    /// A reader at the first byte after DATA. RFC 5321 §4.1.1.4: the CRLF of the DATA command itself
    /// counts, so a lone dot as the very first line is the end of an empty mail.
    pub fn new(limits: DataLimits) -> DataReader {
        DataReader { limits, place: Place::LineStart, body: Vec::new(), line_bytes: 0, flaw: None, discarded: 0 }
    }

    /// Reads on; the number of bytes it used. It stops right behind the end of the mail.
    pub fn ingest(&mut self, input: &[u8]) -> (usize, Progress) {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            match (self.place, byte) {
                (Place::LineStart, b'.') => {
                    self.place = Place::Dot;
                    at += 1;
                }
                (Place::Dot, b'\r') => {
                    self.place = Place::DotCr;
                    at += 1;
                }
                (Place::DotCr, b'\n') => return (at + 1, self.end()),
                (Place::Cr, b'\n') => {
                    self.keep(b"\r\n");
                    self.line_bytes = 0;
                    self.place = Place::LineStart;
                    at += 1;
                }
                (Place::DotCr | Place::Cr, _) if self.limits.bare == Bare::Refuse => {
                    return (at, Progress::Lost(bare()));
                }
                (Place::DotCr | Place::Cr, _) => {
                    self.keep(b" ");
                    self.place = Place::InLine;
                }
                (Place::SoftStart, b'.') => {
                    self.place = Place::SoftDot;
                    at += 1;
                }
                (Place::SoftDot, _) => {
                    // A doubled dot was stuffed; a single one was not, whatever follows.
                    self.keep(b".");
                    self.place = Place::InLine;
                    at += usize::from(byte == b'.');
                }
                (Place::LineStart | Place::Dot | Place::InLine | Place::SoftStart, _) => {
                    let rest = &input[at..];
                    let run = memchr::memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len());
                    self.line_bytes += run;
                    if self.line_bytes > self.limits.line_bytes_max {
                        let max = self.limits.line_bytes_max;
                        self.spoil(|| reply::own(550, "5.6.0", &format!("a line is longer than {max} bytes")));
                    }
                    self.keep(&rest[..run]);
                    self.place = Place::InLine;
                    at += run;
                    match rest.get(run) {
                        None => {}
                        Some(b'\r') => {
                            self.place = Place::Cr;
                            at += 1;
                        }
                        Some(b'\n') if self.limits.bare == Bare::Refuse => return (at, Progress::Lost(bare())),
                        Some(b'\n') => {
                            self.keep(b"\r\n");
                            self.line_bytes = 0;
                            self.place = Place::SoftStart;
                            at += 1;
                        }
                        Some(_) => {
                            return (at, Progress::Lost(reply::own(550, "5.6.11", "a NUL byte is not allowed")));
                        }
                    }
                    if self.discarded > self.limits.message_bytes_max
                        && let Some(flaw) = self.flaw.take()
                    {
                        return (at, Progress::Lost(flaw));
                    }
                }
            }
        }
        (at, Progress::More)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.body.len() + bytes.len() > self.limits.message_bytes_max {
            let max = self.limits.message_bytes_max;
            self.spoil(|| reply::own(552, "5.3.4", &format!("the message is larger than {max} bytes")));
        }
        match self.flaw {
            None => self.body.extend_from_slice(bytes),
            Some(_) => self.discarded += bytes.len(),
        }
    }

    fn spoil(&mut self, flaw: impl FnOnce() -> SmtpReply) {
        if self.flaw.is_none() {
            self.flaw = Some(flaw());
            self.body = Vec::new();
        }
    }

    fn end(&mut self) -> Progress {
        match self.flaw.take() {
            Some(flaw) => Progress::Refused(flaw),
            None => Progress::Complete(std::mem::take(&mut self.body)),
        }
    }
}

/// `Received:` fields in the header section, to find loops (RFC 5321 §6.3).
pub fn hops(mail: &[u8]) -> usize {
    let header = memchr::memmem::find(mail, b"\r\n\r\n").map_or(mail, |end| &mail[..end]);
    header
        .split(|&b| b == b'\n')
        .filter(|line| line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:")))
        .count()
}

fn bare() -> SmtpReply {
    reply::own(550, "5.6.11", "a bare CR or LF is not allowed, lines end with CRLF")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: DataLimits = DataLimits { message_bytes_max: 1_000, line_bytes_max: 998, bare: Bare::Refuse };
    const MENDING: DataLimits = DataLimits { bare: Bare::Mend, ..LIMITS };

    fn read(input: &[u8]) -> (usize, Progress) {
        DataReader::new(LIMITS).ingest(input)
    }

    #[test]
    fn only_one_sequence_ends_a_mail() {
        assert_eq!(read(b".\r\n"), (3, Progress::Complete(vec![])));
        assert_eq!(read(b"A\r\n.\r\nNOOP"), (6, Progress::Complete(b"A\r\n".to_vec())));
        assert_eq!(read(b"..\r\n.a\r\n.\r\n").1, Progress::Complete(b".\r\na\r\n".to_vec()));
        for plain in ["A\r\n. \r\nB\r\n.\r\n", "A\r\n.\u{85}\r\n.\r\n", "A\r\n\u{2028}.\u{2028}\r\n.\r\n"] {
            let whole = plain.len();
            assert!(matches!(read(plain.as_bytes()), (n, Progress::Complete(_)) if n == whole), "{plain:?}");
        }
        for end in [
            "\n.\n",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r",
            "\r.\r\n",
            "\r\n.\r",
            "\n.\r",
            "\r.\n",
            "\n\r.\n\r",
            "\r\n.\r\r\n",
            "\r\r\n.\r\r\n",
            "\r\n\0.\r\n",
            "\r\n.\0\r\n",
        ] {
            let input = format!("A{end}MAIL FROM:<smug@evil.example>\r\n.\r\n");
            assert!(matches!(read(input.as_bytes()).1, Progress::Lost(r) if r.code == 550), "{end:?}");
        }
    }

    #[test]
    fn mended_lines_are_strict_and_still_end_no_mail() {
        let mended = |input: &str| DataReader::new(MENDING).ingest(input.as_bytes());
        let script = "Subject: 订单\n\n..dot\n.\nbye\n\r\n.\r\n";
        let whole = "Subject: 订单\r\n\r\n.dot\r\n.\r\nbye\r\n\r\n";
        assert_eq!(mended(script), (script.len(), Progress::Complete(whole.into())));
        for end in [
            "\n.\n",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r",
            "\r.\r\n",
            "\r\n.\r",
            "\n.\r",
            "\r.\n",
            "\n\r.\n\r",
            "\r\n.\r\r\n",
            "\r\r\n.\r\r\n",
        ] {
            let input = format!("A{end}MAIL FROM:<smug@evil.example>\r\n.\r\n");
            let (used, progress) = mended(&input);
            let Progress::Complete(body) = progress else { panic!("{end:?}: {progress:?}") };
            assert_eq!(used, input.len(), "{end:?}");
            let text = String::from_utf8(body).unwrap();
            assert!(text.contains("smug") && !text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
        }
        assert!(matches!(mended("a\r\n\0.\r\n").1, Progress::Lost(_)), "a NUL is nothing to mend");
    }

    #[test]
    fn a_mail_beyond_a_limit_is_refused_in_sync_until_it_is_too_much_even_to_skip() {
        let line = format!("{}\r\n", "a".repeat(900));
        let big = format!("{}.\r\nNOOP\r\n", line.repeat(2));
        assert!(matches!(read(big.as_bytes()), (n, Progress::Refused(r)) if r.code == 552 && n == big.len() - 6));
        assert!(matches!(read(line.repeat(9).as_bytes()).1, Progress::Lost(r) if r.code == 552));
        let long = format!("{}\r\n.\r\n", "a".repeat(999));
        assert!(matches!(read(long.as_bytes()).1, Progress::Refused(r) if r.enhanced.as_deref() == Some("5.6.0")));
        let fits = format!("{}\r\n.\r\n", "a".repeat(998));
        assert!(matches!(read(fits.as_bytes()).1, Progress::Complete(_)));
    }

    #[test]
    fn hops_are_counted_in_the_header_only() {
        assert_eq!(hops(b"Received: a\r\nRECEIVED: b\r\n c\r\nX: 1\r\n\r\nReceived: body\r\n"), 2);
        assert_eq!(hops(b""), 0);
    }

    proptest! {
        #[test]
        fn segments_make_no_difference(
            input in "[.a\r\n\0]{0,40}",
            cuts in proptest::collection::vec(1usize..5, 40),
            mend in any::<bool>(),
        ) {
            let limits = if mend { MENDING } else { LIMITS };
            let whole = DataReader::new(limits).ingest(input.as_bytes());
            let mut reader = DataReader::new(limits);
            let (mut at, mut last) = (0, Progress::More);
            for cut in cuts {
                let end = (at + cut).min(input.len());
                let (used, progress) = reader.ingest(&input.as_bytes()[at..end]);
                at += used;
                last = progress;
                if last != Progress::More || at == input.len() {
                    break;
                }
            }
            prop_assert_eq!((at, last), whole);
        }
    }
}
