//! The dialect of a plain SMTP relay: the envelope names the recipients, the mail is the content. What
//! leaves is the mail as it came, edited in place, for some of them.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::mime::{self, Mail};
use super::{Batch, Malformed, Outgoing, Reading, Recipient, Unfit};
use crate::message::{Address, Channel, MailSubmission};

/// Longest domain (RFC 5321 §4.5.3.1.2).
const DOMAIN_BYTES_MAX: usize = 255;

/// Reads a mail: one content for all recipients of the envelope, who are the only ones that matter;
/// To and Cc are words to be shown.
pub fn read(submission: &MailSubmission) -> Result<(Reading, Mail), Malformed> {
    let mail = mime::read(&submission.data)?;
    let recipients = submission
        .recipients
        .iter()
        .map(|recipient| Recipient {
            given: recipient.address.clone(),
            address: Address::email(&recipient.address),
            content: 0,
            declared: mail.declared.clone(),
        })
        .collect();
    let reading = Reading {
        channel: Channel::Email,
        contents: vec![Arc::clone(&mail.content)],
        recipients,
        idempotency_key: None,
    };
    Ok((reading, mail))
}

/// The mail for the batch's recipients. `trace` is [`received_line`]'s, or none where the route says
/// `trace = false`.
pub fn write(
    submission: &MailSubmission,
    mail: &Mail,
    batch: Batch<'_>,
    trace: Option<&str>,
) -> Result<Outgoing, Unfit> {
    if batch.recipients.is_empty() || batch.recipients.iter().any(|&r| r >= submission.recipients.len()) {
        return Err(Unfit("the batch names no recipient of the mail".to_owned()));
    }
    let edits = match batch.edits {
        [] => &[][..],
        [(0, edits)] => edits,
        _ => return Err(Unfit("a mail has one content".to_owned())),
    };
    let data = mime::write(&submission.data, mail, edits, trace)?;
    Ok(Outgoing::Mail { recipients: batch.recipients.to_vec(), data })
}

/// The trace field (RFC 5321 §4.4): "an SMTP server … MUST insert trace information at the beginning
/// of the message content". No `for` clause: it would show one recipient to another (§7.6). `host` is
/// the gateway's name, `id` the submission's.
pub fn received_line(submission: &MailSubmission, peer: IpAddr, host: &str, id: &str, now: Timestamp) -> String {
    // RFC 3848: ESMTP, with A after a login, with S under TLS.
    let with = match (submission.tls, submission.user.is_some()) {
        (false, false) => "ESMTP",
        (false, true) => "ESMTPA",
        (true, false) => "ESMTPS",
        (true, true) => "ESMTPSA",
    };
    let peer = match peer {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("IPv6:{v6}"),
    };
    let date = now.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000");
    let (helo, host, id) = (domain(&submission.helo), domain(host), word(id));
    format!("Received: from {helo} ([{peer}])\r\n\tby {host} with {with} id {id};\r\n\t{date}\r\n")
}

/// A domain or address literal: nothing that ends a line, opens a comment or starts a new clause gets
/// into the field.
fn domain(text: &str) -> String {
    keep(text, |c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
}

fn word(text: &str) -> String {
    keep(text, |c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn keep(text: &str, fit: impl Fn(char) -> bool) -> String {
    let kept: String = text.chars().filter(|c| fit(*c)).take(DOMAIN_BYTES_MAX).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MailRecipient;

    fn submission() -> MailSubmission {
        let to = |address: &str| MailRecipient { address: address.to_owned(), ..MailRecipient::default() };
        MailSubmission {
            helo: "shop.example.cn".to_owned(),
            recipients: vec![to("Wang@Example.cn"), to("not an address")],
            data: "Subject: Hi\r\nTactgate-Campaign: spring\r\n\r\nHello\r\n".into(),
            ..MailSubmission::default()
        }
    }

    #[test]
    fn recipients_come_from_the_envelope_and_leave_in_a_batch() {
        let submission = submission();
        let (reading, mail) = read(&submission).unwrap();
        assert_eq!(reading.recipients[0].address.as_ref().unwrap().canonical(), "wang@example.cn");
        assert!(reading.recipients[1].address.is_err());
        assert_eq!(reading.recipients[0].declared.campaign.as_deref(), Some("spring"));
        let batch = Batch { recipients: &[0], edits: &[] };
        let Outgoing::Mail { recipients, data } = write(&submission, &mail, batch, None).unwrap() else {
            panic!("a mail goes out as a mail")
        };
        assert_eq!((recipients, &data[..]), (vec![0], &b"Subject: Hi\r\n\r\nHello\r\n"[..]));
        assert!(write(&submission, &mail, Batch { recipients: &[2], edits: &[] }, None).is_err());
        assert!(write(&submission, &mail, Batch { recipients: &[], edits: &[] }, None).is_err());
    }

    #[test]
    fn the_trace_line_is_one_field_whatever_the_client_calls_itself() {
        let now = "2026-11-22T04:05:06Z".parse().unwrap();
        let mut submission = submission();
        let peer = "203.0.113.7".parse().unwrap();
        assert_eq!(
            received_line(&submission, peer, "gate.example", "s-1", now),
            "Received: from shop.example.cn ([203.0.113.7])\r\n\tby gate.example with ESMTP id s-1;\r\n\tSun, 22 Nov 2026 04:05:06 +0000\r\n"
        );
        submission.helo = "evil\r\nBcc: x@y\r\n\r\n<html> (".to_owned();
        let line = received_line(&submission, "2001:db8::1".parse().unwrap(), "", "", now);
        assert!(line.starts_with("Received: from evilBcc:xyhtml ([IPv6:2001:db8::1])\r\n\tby unknown"), "{line}");
        let (_, mail) = read(&submission).unwrap();
        assert!(write(&submission, &mail, Batch { recipients: &[0], edits: &[] }, Some(&line)).is_ok());
    }
}
