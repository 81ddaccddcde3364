//! Delivery status notifications (RFC 3461, 3464, 6522) for recipients that guards blocked while
//! others of the same mail went: one SMTP answer covers all recipients, so the sender is told by
//! mail. lettre composes. It says rule, fact-free title and decision id, never what is known of the
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
use crate::message::{Declared, Language, MailEnvelope, MailRecipient, Secret};
use crate::policy::Texts;

/// Most bytes of the original headers given back.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// RFC 5322 §2.1.1: "Each line of characters MUST be no more than 998 characters".
const LINE_BYTES_MAX: usize = 998;

/// One recipient the mail did not go to.
#[derive(Debug, Clone, Copy)]
pub struct Undelivered<'a> {
    /// Who.
    pub recipient: &'a MailRecipient,
    /// The rule's id.
    pub rule: &'a str,
    /// The rule's fact-free title.
    pub title: &'a Texts,
    /// For `tactgate explain`.
    pub decision: &'a str,
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
    let report = MultiPart::builder()
        .header(ContentType::parse(&kind).map_err(unwritable)?)
        .singlepart(SinglePart::plain(words(&owed)))
        .singlepart(part("message/delivery-status", status(host, envelope, &owed), true)?)
        .singlepart(part("text/rfc822-headers; charset=utf-8", headers(original), false)?);
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
    let list = |language: Language, decision: &str| {
        let line = |u: &&Undelivered<'_>| {
            let title = one_line(u.title.in_language(language));
            let title = if title.is_empty() { String::new() } else { format!("{title}, ") };
            format!(
                "  <{}>\n    {}: {title}{decision} {}\n",
                one_line(&u.recipient.address),
                one_line(u.rule),
                one_line(u.decision)
            )
        };
        owed.iter().map(line).collect::<String>()
    };
    format!(
        "您的邮件未发送给以下收件人，因为发送策略不允许。其他收件人不受影响。\n\n{}\n\
         可用 `tactgate explain 编号` 查看原因。\n\n\
         Your mail was not sent to the recipients below, because a sending policy stopped it.\n\
         The other recipients are not affected.\n\n{}\n\
         `tactgate explain ID` shows why.\n",
        list(Language::Zh, "决定编号"),
        list(Language::En, "decision"),
    )
}

/// The fields of RFC 3464 §2, ASCII alone; addresses beyond it in the form of RFC 6533 §3.
fn status(host: &str, envelope: &MailEnvelope, owed: &[&Undelivered<'_>]) -> String {
    let mut text = format!("Reporting-MTA: dns; {}\n", ascii(host));
    if let Some(envid) = &envelope.envid {
        text.push_str(&format!("Original-Envelope-Id: {}\n", ascii(&from_xtext(envid))));
    }
    for undelivered in owed {
        let recipient = undelivered.recipient;
        let kind = if recipient.address.is_ascii() { "rfc822" } else { "utf-8" };
        text.push('\n');
        if let Some((kind, original)) = recipient.orcpt.as_deref().and_then(|o| o.split_once(';')) {
            text.push_str(&format!("Original-Recipient: {}; {}\n", ascii(kind), ascii(&from_xtext(original))));
        }
        text.push_str(&format!("Final-Recipient: {kind}; {}\n", ascii(&recipient.address)));
        text.push_str("Action: failed\nStatus: 5.7.1\n");
        let (rule, decision) = (ascii(undelivered.rule), ascii(undelivered.decision));
        text.push_str(&format!("Diagnostic-Code: smtp; 550 5.7.1 {rule} (decision {decision})\n"));
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

fn part(kind: &str, text: String, must_be_7bit: bool) -> Result<SinglePart, DsnError> {
    let fits = text.is_ascii() && text.lines().all(|line| line.len() <= LINE_BYTES_MAX);
    let body = match (fits, must_be_7bit) {
        // lettre calls 7bit only what has lines of 76; a diagnostic with its decision's id is longer,
        // and RFC 5322 §2.1.1 allows 998.
        (true, _) => {
            let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
            Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
        }
        (false, true) => return Err(unwritable("a field is too long")),
        (false, false) => Body::new(text),
    };
    let kind = ContentType::parse(kind).map_err(unwritable)?;
    Ok(SinglePart::builder().header(kind).body(body))
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
        let undelivered: Vec<Undelivered<'_>> = recipients
            .iter()
            .map(|recipient| Undelivered {
                recipient,
                rule: "cheaper",
                title: &title,
                decision: "d-01a2019c-58c8-71c0-ab04-6a31e1ea8634",
            })
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
}
