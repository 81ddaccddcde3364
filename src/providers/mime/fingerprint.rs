//! What two attempts at one mail have in common: its bytes without what a tool writes anew each time it
//! composes the same mail (design §3, *Message key*: "hash of the content without Date, Message-ID,
//! boundaries").

use std::ops::Range;

use super::field::{self, Field};

/// Fields that an attempt has of its own: its date and ids, the trace of its way, and the signatures over
/// them.
const PER_ATTEMPT: [&str; 9] = [
    "date",
    "message-id",
    "resent-date",
    "resent-message-id",
    "received",
    "dkim-signature",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
];
/// Boundaries told apart; a mail with more of them is compared by its bytes from there on.
const BOUNDARIES_MAX: usize = 256;

/// Gives `feed` the mail piece by piece: everything but the fields of an attempt, and in place of each
/// boundary its number. Equal pieces, equal mail.
pub fn fingerprint(data: &[u8], feed: &mut dyn FnMut(&[u8])) {
    let mut run = Run { data, from: 0, feed, boundaries: Vec::new() };
    let (fields, mut at) = field::fields(data, 0);
    run.fields(&fields, true);
    while !run.boundaries.is_empty() && at < data.len() {
        let end = data[at..].iter().position(|&b| b == b'\n').map_or(data.len(), |n| at + n + 1);
        let opens = run.delimiter(at, end);
        at = end;
        if opens {
            let (fields, body) = field::fields(data, at);
            run.fields(&fields, false);
            at = body;
        }
    }
    run.pass(data.len()..data.len());
}

/// The pieces so far: what stands from `from` on has not been fed.
struct Run<'a> {
    data: &'a [u8],
    from: usize,
    feed: &'a mut dyn FnMut(&[u8]),
    boundaries: Vec<Vec<u8>>,
}

impl Run<'_> {
    /// Feeds what stands before `gone` and passes over that.
    fn pass(&mut self, gone: Range<usize>) {
        if let Some(piece) = self.data.get(self.from..gone.start).filter(|piece| !piece.is_empty()) {
            (self.feed)(piece);
        }
        self.from = gone.end;
    }

    /// Feeds the number of a boundary in its place.
    fn number(&mut self, place: Range<usize>, boundary: usize) {
        self.pass(place);
        (self.feed)(format!("\0boundary {boundary}").as_bytes());
    }

    fn fields(&mut self, fields: &[Field], of_the_mail: bool) {
        for field in fields {
            if of_the_mail && PER_ATTEMPT.contains(&field.name.as_str()) {
                self.pass(field.whole.clone());
                continue;
            }
            if field.name != "content-type" {
                continue;
            }
            let (_, parameters) = field::parameters(&self.data[field.value.clone()]);
            let named = parameters.into_iter().find(|parameter| parameter.name == "boundary");
            if let Some(boundary) = named.filter(|_| self.boundaries.len() < BOUNDARIES_MAX) {
                let start = field.value.start;
                self.number(start + boundary.place.start..start + boundary.place.end, self.boundaries.len());
                self.boundaries.push(boundary.value.into_bytes());
            }
        }
    }

    /// True when the line opens a part; a line that ends one is a delimiter, too.
    fn delimiter(&mut self, at: usize, end: usize) -> bool {
        let Some(rest) = self.data[at..end].strip_prefix(b"--").map(<[u8]>::trim_ascii_end) else { return false };
        let is = |text: &[u8]| self.boundaries.iter().position(|known| known.as_slice() == text);
        let (number, opens) = match (is(rest), rest.strip_suffix(b"--").and_then(is)) {
            (Some(number), _) => (number, true),
            (None, Some(number)) => (number, false),
            (None, None) => return false,
        };
        let length = self.boundaries[number].len();
        self.number(at + 2..at + 2 + length, number);
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(mail: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        fingerprint(mail, &mut |piece| {
            all.extend_from_slice(&(piece.len() as u64).to_be_bytes());
            all.extend_from_slice(piece);
        });
        all
    }

    fn mail(date: &str, id: &str, outer: &str, inner: &str) -> String {
        format!(
            "Received: from a by b; {date}\r\nFrom: news@shop.example\r\nDate: {date}\r\nSubject: =?utf-8?q?=E4=B8=8A?=\r\n\
             Message-ID: <{id}@tool>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"{outer}\"\r\n\r\n\
             preamble\r\n--{outer}\r\nContent-Type: multipart/alternative; boundary={inner}\r\n\r\n--{inner}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n秋装上新，全场8折。\r\n--{inner}\r\nContent-Type: text/html\r\n\r\n\
             <p>Date: today</p>\r\n--{inner}--\r\n--{outer}--\r\nepilogue\r\n"
        )
    }

    proptest! {
        #[test]
        fn date_ids_and_boundaries_do_not_change_it(
            date in "[A-Za-z0-9 :+]{1,30}", id in "[a-z0-9.]{1,30}",
            outer in "[A-Za-z0-9=_]{8,30}", inner in "[A-Za-z0-9'_]{8,30}",
        ) {
            prop_assume!(outer != inner);
            let other = mail(&date, &id, &outer, &inner);
            prop_assert_eq!(pieces(other.as_bytes()), pieces(mail("D", "i", "outer-1", "inner-1").as_bytes()));
        }

        #[test]
        fn any_other_byte_does(at in 0_usize..1_000, to in any::<u8>()) {
            let mail = mail("D", "i", "OUTER-BOUNDARY", "INNER-BOUNDARY");
            let mut other = mail.clone().into_bytes();
            let at = at % other.len();
            prop_assume!(other[at] != to);
            other[at] = to;
            let free = ["Received: from a by b; D\r\n", "Date: D\r\n", "Message-ID: <i@tool>\r\n", "OUTER-BOUNDARY", "INNER-BOUNDARY"];
            let in_free = free.iter().any(|text| mail.match_indices(text).any(|(from, _)| (from..from + text.len()).contains(&at)));
            if !in_free {
                prop_assert_ne!(pieces(&other), pieces(mail.as_bytes()), "byte {} of {}", at, mail);
            }
        }

        #[test]
        fn no_bytes_panic(mail in proptest::collection::vec(any::<u8>(), 0..300)) {
            pieces(&mail);
            let mut multipart = b"Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n".to_vec();
            multipart.extend_from_slice(&mail);
            pieces(&multipart);
        }
    }

    #[test]
    fn a_line_that_only_looks_like_a_field_or_a_boundary_counts() {
        let base = mail("D", "i", "outer-1", "inner-1");
        for (from, to) in [
            ("<p>Date: today</p>", "<p>Date: monday</p>"),
            ("preamble", "preamble\r\n--outer-2"),
            ("text/html", "text/html; x=inner-1"),
            ("\r\n--inner-1--", "\r\n --inner-1--"),
        ] {
            assert_ne!(pieces(base.replacen(from, to, 1).as_bytes()), pieces(base.as_bytes()), "{to}");
        }
    }
}
