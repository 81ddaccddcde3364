//! Delivery status notifications (RFC 3461, 3464, 6522) for recipients whom an accepted mail did not
//! reach, since guards blocked it, the next server refused it, or it waited too long: one SMTP answer
//! covers all recipients, so the sender is told by mail. lettre composes. It says rule, fact-free title and decision id, never what is known of the
//! customer, and gives back the mail's headers, not its text.

use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::smtp::Relay;
use super::{MailAnswer, NotForwarded};
use crate::message::path::is_mailbox;
use crate::message::{Declared, Language, MailEnvelope, MailRecipient, Secret, SmtpReply};
use crate::policy::Texts;

/// Most bytes of the original headers given back.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// RFC 5322 §2.1.1: "Each line of characters MUST be no more than 998 characters".
const LINE_BYTES_MAX: usize = 998;
/// Most bytes told on of what the next server said.
const REMOTE_BYTES_MAX: usize = 400;

/// One recipient the mail did not go to.
#[derive(Debug, Clone, Copy)]
pub struct Undelivered<'a> {
    /// Who.
    pub recipient: &'a MailRecipient,
    /// Why not.
    pub why: Cause<'a>,
    /// For `tactgate explain`.
    pub decision: &'a str,
}

/// Why a mail did not reach somebody.
#[derive(Debug, Clone, Copy)]
pub enum Cause<'a> {
    /// A rule stopped it.
    Policy {
        /// The rule's id.
        rule: &'a str,
        /// The rule's fact-free title.
        title: &'a Texts,
    },
    /// The next server refused it for good.
    NextServer(&'a SmtpReply),
    /// The gateway itself could not pass it on; its own words.
    Gateway(&'a str),
    /// It was held, and could not be sent in time.
    TooOld,
}

/// All that a notification is made of.
#[derive(Debug, Clone, Copy)]
pub struct Notification<'a> {
    /// The gateway's host name.
    pub host: &'a str,
    /// The original mail's envelope: its sender is who is told.
    pub envelope: &'a MailEnvelope,
    /// Who did not get it.
    pub undelivered: &'a [Undelivered<'a>],
    /// The original mail.
    pub original: &'a [u8],
    /// When this is written.
    pub now: Timestamp,
    /// A new unique id without brackets or host: the submission's, say.
    pub id: &'a str,
}

/// Why a notification cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DsnError {
    /// RFC 3464 §2: never in answer to a notification, and not to who asked for none.
    #[error("nobody is owed a notification")]
    NotOwed,
    /// An address, host name or id would break the mail.
    #[error("the notification cannot be composed: {0}")]
    Unwritable(String),
}

/// True when the sender is to be told: not the null sender, and NOTIFY absent or with FAILURE
/// (RFC 3461 §4.1: "NEVER" and lists without "FAILURE" ask for silence).
pub fn is_owed(envelope: &MailEnvelope, recipient: &MailRecipient) -> bool {
    let wanted = recipient.notify.as_deref().is_none_or(|n| n.split(',').any(|w| w.eq_ignore_ascii_case("FAILURE")));
    !envelope.sender.is_empty() && wanted
}

/// Writes the notification: pure, the same arguments give the same bytes.
pub fn compose(notification: &Notification<'_>) -> Result<Bytes, DsnError> {
    let Notification { host, envelope, undelivered, original, now, id } = *notification;
    let owed: Vec<&Undelivered<'_>> = undelivered.iter().filter(|u| is_owed(envelope, u.recipient)).collect();
    if owed.is_empty() {
        return Err(DsnError::NotOwed);
    }
    let word = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if !is_mailbox(&envelope.sender) || id.is_empty() || !id.chars().all(word) {
        return Err(unwritable("the sender or the id is not valid"));
    }
    let from = Address::new("mailer-daemon", host).map_err(unwritable)?;
    // Only the composed bytes are used; the way they go is the relay's.
    let to_itself = lettre::address::Envelope::new(None, vec![from.clone()]).map_err(unwritable)?;
    let kind = format!("multipart/report; report-type=delivery-status; boundary=\"tactgate-dsn-{id}\"");
    let (status_kind, status_text) = status_part(host, envelope, &owed);
    let report = MultiPart::builder()
        .header(ContentType::parse(&kind).map_err(unwritable)?)
        .singlepart(SinglePart::plain(words(&owed)))
        .singlepart(part(status_kind, status_text)?)
        .singlepart(part("text/rfc822-headers; charset=utf-8", headers(original))?);
    let plain = |name: &'static str, value: &str| {
        HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.to_owned(), value.to_owned())
    };
    let message = Message::builder()
        .envelope(to_itself)
        .from(Mailbox::new(Some("Tactgate".to_owned()), from))
        // Checked above; lettre's own address type knows no `a..b@docomo.ne.jp`.
        .raw_header(plain("To", &format!("<{}>", envelope.sender)))
        .subject("部分收件人未送达 / Not delivered to some recipients")
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{id}.dsn@{host}>")))
        // RFC 3834 §5: so that no responder answers it.
        .raw_header(plain("Auto-Submitted", "auto-replied"))
        .multipart(report)
        .map_err(unwritable)?;
    Ok(message.formatted().into())
}

/// Sends a notification the route's way, with the null sender (RFC 3464 §2: "the return address …
/// MUST be set to the null address").
pub async fn send(
    relay: &Relay,
    login: Option<(&str, &Secret)>,
    original: &MailEnvelope,
    notification: &Bytes,
) -> Result<MailAnswer, NotForwarded> {
    let envelope = MailEnvelope { smtputf8: !original.sender.is_ascii(), ..MailEnvelope::default() };
    let recipient = MailRecipient { address: original.sender.clone(), ..MailRecipient::default() };
    relay.send(login, &envelope, &[recipient], notification).await
}

fn words(owed: &[&Undelivered<'_>]) -> String {
    let list = |language: Language| {
        let line = |u: &&Undelivered<'_>| {
            let why = u.why.in_words(language);
            let decision = match language {
                Language::Zh => "决定编号",
                Language::En => "decision",
            };
            format!("  <{}>\n    {why} ({decision} {})\n", one_line(&u.recipient.address), one_line(u.decision))
        };
        owed.iter().map(line).collect::<String>()
    };
    format!(
        "您的邮件未送达以下收件人：\n\n{}\n\
         可用 `tactgate explain 编号` 查看原因。\n\n\
         Your mail did not reach the recipients below:\n\n{}\n\
         `tactgate explain ID` shows why.\n",
        list(Language::Zh),
        list(Language::En),
    )
}

impl Cause<'_> {
    fn in_words(&self, language: Language) -> String {
        let zh = language == Language::Zh;
        let said = |en: &str, zh_words: &str, what: &str| match (zh, what.is_empty()) {
            (true, false) => format!("{zh_words}：{what}"),
            (false, false) => format!("{en}: {what}"),
            (true, true) => zh_words.to_owned(),
            (false, true) => en.to_owned(),
        };
        match self {
            Cause::Policy { rule, title } => {
                let title = one_line(title.in_language(language));
                let rule = one_line(rule);
                let what = if title.is_empty() { rule } else { format!("{rule}: {title}") };
                said("a sending policy stopped it", "发送策略不允许", &what)
            }
            Cause::NextServer(reply) => {
                let what = format!("{} {}", reply.code, limited(&one_line(&reply.text), str::len));
                said("the next server refused it", "下一跳服务器拒收", what.trim_end())
            }
            Cause::Gateway(why) => {
                said("the gateway could not pass it on", "网关未能转发", limited(&one_line(why), str::len))
            }
            Cause::TooOld => said("held, and could not be sent in time", "已暂存，但未能在有效期内发出", ""),
        }
    }

    /// The status code (RFC 3463) and the reply (RFC 3464 §2.3.6) it stands for.
    fn coded(&self, decision: &str) -> (String, String) {
        match self {
            Cause::Policy { rule, .. } => {
                ("5.7.1".to_owned(), format!("550 5.7.1 {} (decision {})", ascii(rule), ascii(decision)))
            }
            Cause::NextServer(reply) => {
                let own = reply.enhanced.as_deref().filter(|status| is_failure(status));
                let status =
                    own.map_or_else(|| format!("{}.0.0", if reply.code / 100 == 4 { 4 } else { 5 }), str::to_owned);
                let text = one_line(&reply.text);
                let text = ascii(limited(&text, |c| ascii(c).len()));
                // What the server said, with nothing it did not say.
                let said = own.map(|status| format!("{status} ")).unwrap_or_default();
                (status, format!("{} {said}{text}", reply.code).trim_end().to_owned())
            }
            Cause::Gateway(why) => {
                let why = one_line(why);
                ("5.3.0".to_owned(), format!("550 5.3.0 {}", ascii(limited(&why, |c| ascii(c).len()))))
            }
            // RFC 3463 §3.5, X.4.7: "The message was considered too old by the rejecting system".
            Cause::TooOld => ("4.4.7".to_owned(), format!("451 4.4.7 held too long (decision {})", ascii(decision))),
        }
    }
}

/// RFC 3463 §2: class "." subject "." detail; of the classes, those that say it did not arrive.
fn is_failure(status: &str) -> bool {
    let mut parts = status.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(parts.next(), Some("4" | "5")) && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

/// The status part: ASCII, which every reader of bounces knows; where an escaped address is longer than
/// a line may be, the form of RFC 6533 §4.2, which holds UTF-8 and may be transfer-encoded.
fn status_part(host: &str, envelope: &MailEnvelope, owed: &[&Undelivered<'_>]) -> (&'static str, String) {
    let text = status(host, envelope, owed, ascii);
    match text.lines().all(|line| line.len() <= LINE_BYTES_MAX) {
        true => ("message/delivery-status", text),
        false => ("message/global-delivery-status", status(host, envelope, owed, one_line)),
    }
}

/// The fields of RFC 3464 §2; addresses beyond ASCII in the form of RFC 6533 §3.
fn status(host: &str, envelope: &MailEnvelope, owed: &[&Undelivered<'_>], written: fn(&str) -> String) -> String {
    let mut text = format!("Reporting-MTA: dns; {}\n", ascii(host));
    if let Some(envid) = &envelope.envid {
        text.push_str(&format!("Original-Envelope-Id: {}\n", ascii(&from_xtext(envid))));
    }
    for undelivered in owed {
        let recipient = undelivered.recipient;
        let kind = if recipient.address.is_ascii() { "rfc822" } else { "utf-8" };
        text.push('\n');
        if let Some((kind, original)) = recipient.orcpt.as_deref().and_then(|o| o.split_once(';')) {
            text.push_str(&format!("Original-Recipient: {}; {}\n", ascii(kind), written(&from_xtext(original))));
        }
        text.push_str(&format!("Final-Recipient: {kind}; {}\n", written(&recipient.address)));
        let (status, diagnostic) = undelivered.why.coded(undelivered.decision);
        text.push_str(&format!("Action: failed\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n"));
    }
    text
}

/// The header section without the sender's declarations, which never leave the gateway.
fn headers(original: &[u8]) -> String {
    let end = memchr::memmem::find(original, b"\r\n\r\n").map_or(original.len(), |end| end + 2);
    let mut kept = String::new();
    let mut dropping = false;
    for line in String::from_utf8_lossy(&original[..end]).lines() {
        if !line.starts_with([' ', '\t']) {
            // What is no field could be read as a boundary of this very mail.
            dropping = Declared::is_declaration(line) || line.starts_with('-') || !line.contains(':');
        }
        if kept.len() + line.len() > HEADER_BYTES_MAX {
            break;
        }
        if !dropping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn part(kind: &str, text: String) -> Result<SinglePart, DsnError> {
    let body = if text.is_ascii() && text.lines().all(|line| line.len() <= LINE_BYTES_MAX) {
        // lettre calls 7bit only what has lines of 76; a diagnostic with its decision's id is longer,
        // and RFC 5322 §2.1.1 allows 998.
        let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    };
    let kind = ContentType::parse(kind).map_err(unwritable)?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// As much of what somebody else wrote as is told on; `cost` = how long a piece becomes when written.
fn limited(text: &str, cost: impl Fn(&str) -> usize) -> &str {
    let mut length = 0;
    let end = text.char_indices().find(|(at, c)| {
        length += cost(&text[*at..*at + c.len_utf8()]);
        length > REMOTE_BYTES_MAX
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

fn ascii(text: &str) -> String {
    let escaped = |c: char| match c {
        c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
        c if c.is_ascii() => " ".to_owned(),
        c => format!("\\x{{{:X}}}", u32::from(c)),
    };
    text.chars().map(escaped).collect()
}

/// RFC 3461 §4: "+41" is "A". What is not valid stays as it stands.
fn from_xtext(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('+') {
        out.push_str(head);
        match tail.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if byte.is_ascii() => {
                out.push(char::from(byte));
                rest = &tail[2..];
            }
            _ => {
                out.push('+');
                rest = tail;
            }
        }
    }
    out + rest
}

fn unwritable(why: impl std::fmt::Display) -> DsnError {
    DsnError::Unwritable(why.to_string())
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;

    fn texts() -> Texts {
        Texts { en: Some("Offer below the price paid".into()), zh: Some("报价低于购买价".into()) }
    }

    fn recipient(address: &str, notify: Option<&str>) -> MailRecipient {
        let orcpt = Some("rfc822;Zhang+2BWei@example.cn".to_owned());
        MailRecipient { address: address.into(), notify: notify.map(str::to_owned), orcpt }
    }

    fn written(sender: &str, recipients: &[MailRecipient], original: &str) -> Result<String, DsnError> {
        let title = texts();
        because(Cause::Policy { rule: "cheaper", title: &title }, sender, recipients, original)
    }

    fn because(why: Cause<'_>, sender: &str, recipients: &[MailRecipient], original: &str) -> Result<String, DsnError> {
        let undelivered: Vec<Undelivered<'_>> = recipients
            .iter()
            .map(|recipient| Undelivered { recipient, why, decision: "d-01a2019c-58c8-71c0-ab04-6a31e1ea8634" })
            .collect();
        let envelope = MailEnvelope { sender: sender.into(), envid: Some("Q+2B1".into()), ..MailEnvelope::default() };
        let notification = Notification {
            host: "gate.example",
            envelope: &envelope,
            undelivered: &undelivered,
            original: original.as_bytes(),
            now: Timestamp::from_second(1_795_320_000).unwrap(),
            id: "0192-abc",
        };
        assert_eq!(compose(&notification), compose(&notification), "pure");
        compose(&notification).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn a_notification_is_read_by_machines_and_by_people_in_both_languages() {
        let original = "Subject: 优惠\r\nTactgate-Campaign: spring\r\n summer\r\nX-Own: 1\r\n\r\nsecret text\r\n";
        let people = [recipient("zhang@example.cn", None), recipient("王@例子.中国", Some("FAILURE,DELAY"))];
        let text = written("shop@example.cn", &people, original).unwrap();
        assert!(!text.contains("secret text") && !text.to_lowercase().contains("tactgate-campaign"));
        assert!(text.contains("\r\nTo: <shop@example.cn>\r\n") && text.contains("Auto-Submitted: auto-replied\r\n"));
        assert!(text.contains("Date: Sun, 22 Nov 2026 "), "{text}");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        let kind = mail.content_type().unwrap();
        assert_eq!(kind.ctype(), "multipart");
        assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
        let words = mail.body_text(0).unwrap();
        for said in [
            "报价低于购买价",
            "Offer below the price paid",
            "决定编号 d-01a2019c-58c8-71c0-ab04-6a31e1ea8634",
            "<王@例子.中国>",
        ] {
            assert!(words.contains(said), "{said} in {words}");
        }
        for field in [
            "Reporting-MTA: dns; gate.example\r\n",
            "Original-Envelope-Id: Q+1\r\n",
            "Original-Recipient: rfc822; Zhang+Wei@example.cn\r\nFinal-Recipient: rfc822; zhang@example.cn\r\n",
            "Final-Recipient: utf-8; \\x{738B}@\\x{4F8B}\\x{5B50}.\\x{4E2D}\\x{56FD}\r\n",
            "Action: failed\r\nStatus: 5.7.1\r\n",
        ] {
            assert!(text.contains(field), "{field} in {text}");
        }
        let headers = mail.parts[3].text_contents().unwrap();
        assert!(headers.contains("Subject: 优惠") && headers.contains("X-Own: 1") && !headers.contains("summer"));
        assert!(crate::forward::smtp::stuffing::stuffed(text.as_bytes()).is_ok(), "strict lines");
    }

    #[test]
    fn nobody_is_told_who_must_not_be() {
        let people = [recipient("a@x.cn", Some("NEVER")), recipient("b@x.cn", Some("SUCCESS"))];
        assert_eq!(written("shop@example.cn", &people, ""), Err(DsnError::NotOwed));
        assert_eq!(written("", &[recipient("a@x.cn", None)], ""), Err(DsnError::NotOwed));
        assert!(written("a..b@docomo.ne.jp", &[recipient("a@x.cn", None)], "").is_ok());
    }

    #[test]
    fn nothing_is_injected() {
        for sender in ["a@b\r\nBcc: x@evil", "a@b>, <x@evil", "a@b c"] {
            assert!(matches!(written(sender, &[recipient("a@x.cn", None)], ""), Err(DsnError::Unwritable(_))));
        }
        let mut sly = recipient("a@x.cn\r\nAction: delivered", None);
        sly.orcpt = Some("rfc822;x+0D+0AStatus:+202.0.0".into());
        let text = written("shop@example.cn", &[sly], "X: 1\r\n--tactgate-dsn-0192-abc--\r\n\r\n").unwrap();
        assert!(!text.contains("\nAction: delivered") && !text.contains("\nStatus: 2"), "{text}");
        assert_eq!(text.matches("\n--tactgate-dsn-0192-abc--\r\n").count(), 1, "{text}");
    }

    #[test]
    fn what_the_next_server_said_is_told_on_and_no_policy_is_blamed() {
        let said = |code, enhanced: Option<&str>, text: &str| {
            let reply = SmtpReply { code, enhanced: enhanced.map(str::to_owned), text: text.to_owned() };
            because(Cause::NextServer(&reply), "shop@example.cn", &[recipient("a@x.cn", None)], "").unwrap()
        };
        let text = said(550, Some("5.1.1"), "no such user\nhere 查无此人\r\nStatus: 2.0.0");
        assert!(text.contains("Status: 5.1.1\r\n") && !text.contains("\nStatus: 2"), "{text}");
        assert!(text.contains("Diagnostic-Code: smtp; 550 5.1.1 no such user here \\x{67E5}"), "{text}");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        let words = mail.body_text(0).unwrap();
        assert!(words.contains("the next server refused it: 550 no such user here 查无此人"), "{words}");
        assert!(words.contains("下一跳服务器拒收：550") && !words.contains("policy") && !words.contains("策略"));
        assert!(said(554, None, "gone").contains("Status: 5.0.0\r\nDiagnostic-Code: smtp; 554 gone\r\n"));
        assert!(said(550, Some("2.0.0\r\nX: y"), "gone").contains("Status: 5.0.0\r\n"), "a code that is none");
        for long in ["长".repeat(5_000), "x".repeat(5_000)] {
            let text = said(550, Some("5.7.26"), &long);
            assert!(text.lines().all(|line| line.len() <= LINE_BYTES_MAX) && text.len() < 6_000, "{}", text.len());
        }
    }

    #[test]
    fn a_mail_that_waited_too_long_is_told_so() {
        let text = because(Cause::TooOld, "shop@example.cn", &[recipient("a@x.cn", None)], "").unwrap();
        assert!(text.contains("Action: failed\r\nStatus: 4.4.7\r\nDiagnostic-Code: smtp; 451 4.4.7 "), "{text}");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        let words = mail.body_text(0).unwrap();
        assert!(words.contains("could not be sent in time") && words.contains("未能在有效期内发出"), "{words}");
        assert!(!words.contains("policy") && !words.contains("策略"), "{words}");
    }

    #[test]
    fn an_address_too_long_for_an_escaped_line_is_told_in_utf_8() {
        let long = format!("{}@例子.中国", "ж".repeat(150));
        let text = written("shop@example.cn", &[recipient(&long, None)], "").unwrap();
        assert!(text.lines().all(|line| line.len() <= LINE_BYTES_MAX), "{text}");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        let status = mail
            .parts
            .iter()
            .find(|part| part.content_type().and_then(|kind| kind.subtype()) == Some("global-delivery-status"));
        let status = String::from_utf8_lossy(status.unwrap().contents()).into_owned();
        assert!(status.contains(&format!("Final-Recipient: utf-8; {long}")), "{status}");
    }
}
