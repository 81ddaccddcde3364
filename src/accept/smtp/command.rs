//! One command line → what is asked for. smtp-proto reads verbs and parameter values; paths, ENVID
//! and ORCPT are taken as they were written, because what is forwarded must be what was said.

use smtp_proto::{
    AUTH_LOGIN, AUTH_PLAIN, MAIL_BODY_8BITMIME, MAIL_BODY_BINARYMIME, MAIL_RET_FULL, MAIL_RET_HDRS, MAIL_SMTPUTF8,
    RCPT_NOTIFY_DELAY, RCPT_NOTIFY_FAILURE, RCPT_NOTIFY_NEVER, RCPT_NOTIFY_SUCCESS, Request,
};

use super::auth::Mechanism;
use super::reply;
use crate::message::path::{is_mailbox, is_xtext};
use crate::message::{Address, MailEnvelope, MailRecipient, SmtpReply};

/// A command understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// EHLO (true) or HELO (false) with the client's name, printable ASCII.
    Hello { name: String, extended: bool },
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth { mechanism: Mechanism, initial: Option<String> },
    /// MAIL FROM, and the size it announced.
    Mail { envelope: MailEnvelope, size: usize },
    /// RCPT TO.
    Rcpt(MailRecipient),
    /// DATA.
    Data,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// VRFY.
    Vrfy,
    /// HELP.
    Help,
    /// QUIT.
    Quit,
}

/// A command refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// Answered; the session goes on.
    Say(SmtpReply),
    /// Answered and closed: what follows may not be commands at all.
    Close(SmtpReply),
}

/// Verbs of HTTP: a browser was made to speak to this port.
const HTTP_VERBS: [&str; 9] = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH"];

/// Reads one line, without its CRLF.
pub(super) fn parse(line: &[u8]) -> Result<Command, Refused> {
    let verb_end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    let verb = String::from_utf8_lossy(&line[..verb_end]).to_ascii_uppercase();
    if let "EHLO" | "HELO" = verb.as_str() {
        return hello(&line[verb_end..], verb == "EHLO");
    }
    if HTTP_VERBS.contains(&verb.as_str()) {
        return Err(Refused::Close(reply::own(421, "4.7.0", "this is a mail server")));
    }
    if let "BDAT" | "BURL" = verb.as_str() {
        // Not offered; the chunk that follows would be read as commands.
        return Err(Refused::Close(reply::own(502, "5.5.1", "command not implemented")));
    }
    let Ok(line) = std::str::from_utf8(line) else {
        return Err(say(500, "5.5.2", "the command is not UTF-8"));
    };
    match verb.as_str() {
        "MAIL" => mail(line),
        "RCPT" => rcpt(line),
        "DATA" | "RSET" | "QUIT" | "STARTTLS" if line.trim_ascii_end().len() != verb.len() => {
            Err(say(501, "5.5.4", "no parameters allowed"))
        }
        _ => other(line),
    }
}

fn hello(rest: &[u8], extended: bool) -> Result<Command, Refused> {
    let name = rest.trim_ascii();
    if name.is_empty() || name.len() > 255 || name.contains(&b' ') {
        return Err(say(501, "5.5.4", "EHLO wants one host name"));
    }
    // Chinese Windows greets with its computer's name, in GBK: kept countable, not readable.
    let name = name.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '?' }).collect();
    Ok(Command::Hello { name, extended })
}

fn mail(line: &str) -> Result<Command, Refused> {
    let (sender, parameters) = path(line, "MAIL FROM:")?;
    let (mut envid, mut size) = (None, 0);
    for (key, value) in known(parameters, &["SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"])? {
        if key == "SIZE" {
            // RFC 1870 §3: 1*20DIGIT. smtp-proto's own reading starts again from 0 where it overflows.
            let digits = value.filter(|v| (1..=20).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_digit()));
            size = digits.ok_or_else(|| say(501, "5.5.4", "SIZE is a number"))?.parse().unwrap_or(usize::MAX);
        }
        if key == "ENVID" {
            let valid = value.filter(|v| v.len() <= 100 && is_xtext(v));
            envid = Some(valid.ok_or_else(|| say(501, "5.5.4", "ENVID is not xtext"))?.to_owned());
        }
    }
    let others: Vec<&str> = parameters.split(' ').filter(|p| !p.to_ascii_uppercase().starts_with("SIZE=")).collect();
    let text = format!("MAIL FROM:<> {}\r\n", others.join(" "));
    let Ok(Request::Mail { from }) = Request::parse(&mut text.as_bytes().iter()) else {
        return Err(say(501, "5.5.4", "a parameter of MAIL is not valid"));
    };
    if from.flags & MAIL_BODY_BINARYMIME != 0 {
        return Err(say(501, "5.5.4", "BODY=BINARYMIME is not offered"));
    }
    let smtputf8 = from.flags & MAIL_SMTPUTF8 != 0;
    if !sender.is_empty() {
        mailbox(sender, smtputf8, "5.1.7")?;
    }
    let ret = match from.flags & (MAIL_RET_FULL | MAIL_RET_HDRS) {
        MAIL_RET_FULL => Some("FULL".to_owned()),
        MAIL_RET_HDRS => Some("HDRS".to_owned()),
        _ => None,
    };
    let eight_bit = from.flags & MAIL_BODY_8BITMIME != 0;
    let envelope = MailEnvelope { sender: sender.to_owned(), eight_bit, smtputf8, ret, envid };
    Ok(Command::Mail { envelope, size })
}

fn rcpt(line: &str) -> Result<Command, Refused> {
    let (address, parameters) = path(line, "RCPT TO:")?;
    let mut orcpt = None;
    let mut checked = String::from("RCPT TO:<a@b>");
    for (key, value) in known(parameters, &["NOTIFY", "ORCPT"])? {
        if key == "ORCPT" {
            let valid = value.filter(|v| {
                let (kind, text) = v.split_once(';').unwrap_or(("", ""));
                let atom = |c: char| c.is_ascii_alphanumeric() || c == '-';
                v.len() <= 500 && !kind.is_empty() && kind.chars().all(atom) && is_xtext(text)
            });
            orcpt = Some(valid.ok_or_else(|| say(501, "5.5.4", "ORCPT is not type;xtext"))?.to_owned());
        } else if let Some(value) = value {
            checked.push_str(&format!(" {key}={value}"));
        }
    }
    checked.push_str("\r\n");
    let Ok(Request::Rcpt { to }) = Request::parse(&mut checked.as_bytes().iter()) else {
        return Err(say(501, "5.5.4", "a parameter of RCPT is not valid"));
    };
    // That an address beyond ASCII needs SMTPUTF8 on MAIL is the session's to check.
    mailbox(address, true, "5.1.3")?;
    let words = [
        (RCPT_NOTIFY_NEVER, "NEVER"),
        (RCPT_NOTIFY_SUCCESS, "SUCCESS"),
        (RCPT_NOTIFY_FAILURE, "FAILURE"),
        (RCPT_NOTIFY_DELAY, "DELAY"),
    ];
    let said: Vec<&str> = words.iter().filter(|(flag, _)| to.flags & flag != 0).map(|(_, word)| *word).collect();
    if said.len() > 1 && said[0] == "NEVER" {
        return Err(say(501, "5.5.4", "NOTIFY=NEVER stands alone"));
    }
    let notify = Some(said.join(",")).filter(|n| !n.is_empty());
    Ok(Command::Rcpt(MailRecipient { address: address.to_owned(), notify, orcpt }))
}

fn other(line: &str) -> Result<Command, Refused> {
    let text = format!("{line}\r\n");
    Ok(match Request::parse(&mut text.as_bytes().iter()) {
        Ok(Request::StartTls) => Command::StartTls,
        Ok(Request::Auth { mechanism, initial_response }) => {
            let mechanism = match mechanism {
                AUTH_PLAIN => Mechanism::Plain,
                AUTH_LOGIN => Mechanism::Login,
                _ => return Err(say(504, "5.5.4", "the mechanism is not offered")),
            };
            if line.split_ascii_whitespace().count() > 3 {
                return Err(say(501, "5.5.4", "AUTH mechanism [initial-response]"));
            }
            let initial = Some(initial_response.into_owned()).filter(|r| !r.is_empty());
            Command::Auth { mechanism, initial }
        }
        Ok(Request::Data) => Command::Data,
        Ok(Request::Rset) => Command::Rset,
        Ok(Request::Noop { .. }) => Command::Noop,
        Ok(Request::Vrfy { .. }) => Command::Vrfy,
        Ok(Request::Help { .. }) => Command::Help,
        Ok(Request::Quit) => Command::Quit,
        Ok(_) => return Err(say(502, "5.5.1", "command not implemented")),
        Err(smtp_proto::Error::SyntaxError { syntax }) => return Err(say(501, "5.5.4", syntax)),
        Err(_) => return Err(say(500, "5.5.2", "command not recognised")),
    })
}

/// Splits `MAIL FROM:<path> parameters`. The path ends at the first `>` outside quotes.
fn path<'a>(line: &'a str, prefix: &str) -> Result<(&'a str, &'a str), Refused> {
    let wrong = || say(501, "5.5.4", if prefix.starts_with('M') { "MAIL FROM:<address>" } else { "RCPT TO:<address>" });
    let head = line.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).ok_or_else(wrong)?;
    let rest = line[head.len()..].trim_start_matches(' ').strip_prefix('<').ok_or_else(wrong)?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in rest.char_indices() {
        match (quoted, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, false, '"') => quoted = !quoted,
            (false, _, '>') => {
                let parameters = &rest[at + 1..];
                return if parameters.is_empty() || parameters.starts_with(' ') {
                    Ok((&rest[..at], parameters.trim_end()))
                } else {
                    Err(wrong())
                };
            }
            _ => {}
        }
    }
    Err(wrong())
}

/// The parameters as (KEY, value), each once and each offered.
fn known<'a>(parameters: &'a str, offered: &[&str]) -> Result<Vec<(String, Option<&'a str>)>, Refused> {
    let mut found: Vec<(String, Option<&str>)> = Vec::new();
    for word in parameters.split(' ').filter(|w| !w.is_empty()) {
        let (key, value) = word.split_once('=').map_or((word, None), |(k, v)| (k, Some(v)));
        let key = key.to_ascii_uppercase();
        if !offered.contains(&key.as_str()) {
            // RFC 5321 §4.1.1.11: "555 MAIL FROM/RCPT TO parameters not recognized or not implemented".
            return Err(say(555, "5.5.4", "a parameter is not offered"));
        }
        if found.iter().any(|(k, _)| *k == key) || (value.is_none() && key != "SMTPUTF8") {
            return Err(say(501, "5.5.4", "a parameter is not valid"));
        }
        found.push((key, value));
    }
    Ok(found)
}

fn mailbox(path: &str, smtputf8: bool, enhanced: &str) -> Result<(), Refused> {
    if !path.is_ascii() && !smtputf8 {
        return Err(say(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8"));
    }
    if !is_mailbox(path) || Address::email(path).is_err() {
        return Err(say(553, enhanced, "the address is not local@domain"));
    }
    Ok(())
}

fn say(code: u16, enhanced: &str, text: &str) -> Refused {
    Refused::Say(reply::own(code, enhanced, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> u16 {
        match parse(line.as_bytes()) {
            Ok(_) => 250,
            Err(Refused::Say(r) | Refused::Close(r)) => r.code,
        }
    }

    #[test]
    fn envelopes_are_kept_as_they_were_said() {
        let line = "mail from: <王@例子.中国> SIZE=12 body=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ+2B1";
        let Ok(Command::Mail { envelope, size }) = parse(line.as_bytes()) else {
            panic!("{:?}", parse(line.as_bytes()))
        };
        assert_eq!((envelope.sender.as_str(), size), ("王@例子.中国", 12));
        assert!(envelope.eight_bit && envelope.smtputf8);
        assert_eq!((envelope.ret.as_deref(), envelope.envid.as_deref()), (Some("HDRS"), Some("QQ+2B1")));
        let line = "RCPT TO:<\"a>b\"@example.cn> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2Bx@example.cn";
        let Ok(Command::Rcpt(to)) = parse(line.as_bytes()) else { panic!("{:?}", parse(line.as_bytes())) };
        assert_eq!(to.address, "\"a>b\"@example.cn");
        assert_eq!(to.notify.as_deref(), Some("SUCCESS,FAILURE"));
        assert_eq!(to.orcpt.as_deref(), Some("rfc822;Bob+2Bx@example.cn"));
        assert_eq!(code("RCPT TO:<a..b@docomo.ne.jp>"), 250);
    }

    #[test]
    fn wrong_parameters_and_paths_are_refused() {
        for (line, wants) in [
            ("MAIL FROM:<a@b> SIZE=-1", 501),
            ("MAIL FROM:<a@b> SIZE=1 SIZE=2", 501),
            ("MAIL FROM:<a@b> SIZE=99999999999999999999999999", 501),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", 501),
            ("MAIL FROM:<a@b> REQUIRETLS", 555),
            ("MAIL FROM:<a@b> ENVID=a+0Ab", 501),
            ("MAIL FROM:<王@例子.中国>", 553),
            ("MAIL FROM:a@b", 501),
            ("MAIL FROM:<a@b>SIZE=1", 501),
            ("RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS", 501),
            ("RCPT TO:<a@b> ORCPT=rfc822;a+0D", 501),
            ("RCPT TO:<a@b> X=1", 555),
            ("RCPT TO:<>", 553),
            ("RCPT TO:<postmaster>", 553),
            ("RCPT TO:<@allowed:u@evil>", 553),
            ("RCPT TO:<u@evil@allowed>", 553),
            ("RCPT TO:u@evil", 501),
            ("DATA now", 501),
            ("STARTTLS now", 501),
            ("AUTH CRAM-MD5", 504),
            ("AUTH", 501),
            ("EXPN list", 502),
            ("LHLO a", 502),
            ("XCLIENT ADDR=1", 500),
            ("EHLO", 501),
            ("GET / HTTP/1.1", 421),
            ("BDAT 5 LAST", 502),
        ] {
            assert_eq!(code(line), wants, "{line}");
        }
    }
}
