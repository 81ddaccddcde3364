//! AUTH PLAIN and LOGIN (RFC 4954, RFC 4616), line by line. CRAM-MD5 is not offered: it would need
//! the secret stored in a recoverable form, and clients choose it first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::reply;
use crate::message::{Secret, SmtpReply};

/// RFC 4954 §4: "The AUTH command … maximum length … 12288 octets."
pub const LINE_BYTES_MAX: usize = 12_288;
/// Longest user name or password, in bytes.
const CREDENTIAL_BYTES_MAX: usize = 1_024;

/// The two mechanisms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// One message: authzid NUL authcid NUL password.
    Plain,
    /// Two questions.
    Login,
}

/// What follows a line of the exchange.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Ask on with `334` and this base64 challenge.
    Ask(&'static str),
    /// Everything is there.
    Credentials {
        /// Who.
        user: String,
        /// The secret.
        password: Secret,
    },
    /// The exchange is over.
    Refused(SmtpReply),
}

/// One exchange.
#[derive(Debug)]
pub struct Exchange {
    mechanism: Mechanism,
    user: Option<String>,
}

impl Exchange {
    /// Begins, perhaps with an initial response.
    pub fn begin(mechanism: Mechanism, initial: Option<&str>) -> (Exchange, Progress) {
        let mut exchange = Exchange { mechanism, user: None };
        let progress = match (initial, mechanism) {
            // RFC 4954 §4: a single "=" is an initial response of no bytes.
            (Some("="), _) => exchange.answer(""),
            (Some(line), _) => exchange.answer(line),
            (None, Mechanism::Plain) => Progress::Ask(""),
            (None, Mechanism::Login) => Progress::Ask("VXNlcm5hbWU6"),
        };
        (exchange, progress)
    }

    /// The client's next line.
    pub fn answer(&mut self, line: &str) -> Progress {
        if line == "*" {
            return Progress::Refused(reply::own(501, "5.7.0", "authentication cancelled"));
        }
        let Some(text) = decode(line) else {
            return Progress::Refused(reply::own(501, "5.5.2", "the response is not valid"));
        };
        let parts: Vec<&str> = match self.mechanism {
            Mechanism::Plain => text.split('\0').collect(),
            Mechanism::Login if text.contains('\0') => Vec::new(),
            Mechanism::Login => match self.user.take() {
                None if is_credential(&text) => {
                    self.user = Some(text);
                    return Progress::Ask("UGFzc3dvcmQ6");
                }
                None => Vec::new(),
                Some(user) => return credentials(&user, &text),
            },
        };
        match parts[..] {
            // Acting for somebody else (authzid) is nothing this gateway knows.
            [authzid, user, password] if authzid.is_empty() || authzid == user => credentials(user, password),
            _ => Progress::Refused(reply::own(501, "5.5.2", "the response is not valid")),
        }
    }
}

fn credentials(user: &str, password: &str) -> Progress {
    if is_credential(user) && is_credential(password) {
        Progress::Credentials { user: user.to_owned(), password: Secret::new(password) }
    } else {
        Progress::Refused(reply::own(501, "5.5.2", "the response is not valid"))
    }
}

/// Line ends inside a credential could reach a log or a back end as lines of their own.
fn is_credential(text: &str) -> bool {
    !text.is_empty() && text.len() <= CREDENTIAL_BYTES_MAX && !text.chars().any(char::is_control)
}

fn decode(line: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(line).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(mechanism: Mechanism, initial: &[u8]) -> Progress {
        Exchange::begin(mechanism, Some(&STANDARD.encode(initial))).1
    }

    #[test]
    fn both_mechanisms_find_the_credentials() {
        let right = Progress::Credentials { user: "店铺".into(), password: Secret::new("秘密") };
        assert_eq!(begun(Mechanism::Plain, "\0店铺\0秘密".as_bytes()), right);
        let (mut login, asked) = Exchange::begin(Mechanism::Login, None);
        assert_eq!(asked, Progress::Ask("VXNlcm5hbWU6"));
        assert_eq!(login.answer(&STANDARD.encode("店铺")), Progress::Ask("UGFzc3dvcmQ6"));
        assert_eq!(login.answer(&STANDARD.encode("秘密")), right);
    }

    #[test]
    fn what_is_not_a_credential_is_refused() {
        for wrong in ["", "user", "\0user", "\0\0pw", "\0user\0", "other\0user\0pw", "\0u\r\nX\0pw", "\0u\0p\0q"] {
            assert!(
                matches!(begun(Mechanism::Plain, wrong.as_bytes()), Progress::Refused(r) if r.code == 501),
                "{wrong:?}"
            );
        }
        for line in ["*", "%%%", "a", "=", "dXNlcg"] {
            let (mut plain, _) = Exchange::begin(Mechanism::Plain, None);
            assert!(matches!(plain.answer(line), Progress::Refused(r) if r.code == 501), "{line}");
        }
        assert!(matches!(begun(Mechanism::Login, b"a\0b"), Progress::Refused(_)));
    }
}
