//! One mail on one connection: MAIL, every RCPT and DATA in one write where PIPELINING is offered
//! (RFC 2920), and a fate for each recipient.

use std::time::Duration;

use super::peer::{Failure, Offers, Peer};
use crate::forward::MailAnswer;
use crate::message::path::{is_mailbox, is_xtext};
use crate::message::{MailEnvelope, MailRecipient, SmtpReply};

/// Commands in one write. Their replies must fit the buffers of both sides, else two peers that
/// both write and do not read wait for each other (RFC 2920 §3.1).
const GROUP_MAX: usize = 64;

/// What is to be sent.
pub(super) struct Mail<'a> {
    pub envelope: &'a MailEnvelope,
    pub recipients: &'a [MailRecipient],
    /// Content with dots stuffed and the final dot.
    pub wire: &'a [u8],
    pub size: usize,
    pub eight_bit: bool,
    pub utf8_header: bool,
    pub data_wait: Duration,
}

impl Mail<'_> {
    /// Sends it. Local refusals (what the provider cannot carry) are certain and need no round trip.
    pub async fn send(&self, peer: &mut Peer) -> Result<MailAnswer, Failure> {
        if let Some(refusal) = self.unfit(&peer.offers) {
            return Ok(self.all(refusal));
        }
        let mut fates: Vec<Option<SmtpReply>> =
            self.recipients.iter().map(|recipient| unfit_recipient(recipient, &peer.offers)).collect();
        let sent: Vec<usize> = (0..fates.len()).filter(|&n| fates[n].is_none()).collect();
        if sent.is_empty() {
            return Ok(settled(fates, None));
        }
        let mut commands = vec![self.mail_line(&peer.offers)];
        commands.extend(sent.iter().map(|&n| rcpt_line(&self.recipients[n], &peer.offers)));
        commands.push("DATA\r\n".to_owned());
        let replies = self.converse(peer, &commands).await?;

        let (Some(mail), last) = (replies.first(), replies.get(commands.len() - 1)) else {
            return Err(Failure::Lost("no answer to MAIL".to_owned()));
        };
        if !mail.is_positive() {
            // A 354 without a sender: nothing sent now would mean what it should.
            peer.usable &= last.is_none_or(|reply| reply.code != 354);
            return Ok(self.all(mail.clone()));
        }
        let mut accepted = Vec::new();
        let mut gone: Option<&SmtpReply> = None;
        for (&n, place) in sent.iter().zip(1..commands.len()) {
            match replies.get(place).or(gone) {
                Some(reply) if reply.is_positive() => accepted.push(n),
                Some(reply) => {
                    fates[n] = Some(reply.clone());
                    if reply.code == 421 {
                        gone = Some(reply);
                    }
                }
                None => return Err(Failure::Lost("no answer to RCPT".to_owned())),
            }
        }
        match last {
            Some(go) if go.code == 354 && !accepted.is_empty() => {
                let answer = self.content(peer).await?;
                for n in accepted {
                    fates[n] = Some(answer.clone());
                }
                Ok(settled(fates, Some(answer)))
            }
            Some(go) if go.code == 354 => {
                // RFC 2920 §3.1: "If the DATA command was accepted … the client SHOULD send a single
                // dot." Whatever is answered to it accepts nothing.
                if peer.ask(".\r\n").await.is_err() {
                    peer.usable = false;
                }
                Ok(settled(fates, None))
            }
            Some(refusal) if refusal.code >= 400 => {
                for n in accepted {
                    fates[n] = Some(refusal.clone());
                }
                peer.reset().await;
                Ok(settled(fates, None))
            }
            Some(_) => {
                peer.usable = false;
                Err(Failure::Lost("the answer to DATA makes no sense".to_owned()))
            }
            None => match gone.cloned() {
                Some(closing) => {
                    for n in accepted {
                        fates[n] = Some(closing.clone());
                    }
                    Ok(settled(fates, None))
                }
                None => {
                    peer.reset().await;
                    Ok(settled(fates, None))
                }
            },
        }
    }

    /// Sends the commands group by group; as many replies as were given before the provider closed.
    async fn converse(&self, peer: &mut Peer, commands: &[String]) -> Result<Vec<SmtpReply>, Failure> {
        let group_max = if peer.offers.pipelining { GROUP_MAX } else { 1 };
        let mut replies: Vec<SmtpReply> = Vec::with_capacity(commands.len());
        let mut rest = commands;
        while !rest.is_empty() {
            let (group, later) = rest.split_at(group_max.min(rest.len()));
            rest = later;
            let refused = replies.first().is_some_and(|mail| !mail.is_positive());
            let only_data = group.len() == 1 && rest.is_empty();
            let nobody = only_data && !replies.iter().skip(1).any(SmtpReply::is_positive);
            if refused || nobody || !peer.usable {
                break;
            }
            let heard_closing = |replies: &[SmtpReply]| replies.last().is_some_and(|reply| reply.code == 421);
            peer.write(group.concat().as_bytes()).await?;
            for _ in group {
                match peer.reply().await {
                    Ok(reply) if reply.code / 100 == 3 && reply.code != 354 => {
                        peer.usable = false;
                        return Err(Failure::Lost("an answer makes no sense".to_owned()));
                    }
                    Ok(reply) => replies.push(reply),
                    Err(_) if heard_closing(&replies) => return Ok(replies),
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(replies)
    }

    async fn content(&self, peer: &mut Peer) -> Result<SmtpReply, Failure> {
        if let Err(failure) = peer.write_content(self.wire).await {
            // A provider that refuses in the middle says so before it closes.
            return match (failure, peer.reply_within(Duration::from_millis(500)).await) {
                (Failure::Lost(_), Ok(reply)) if reply.code >= 400 => Ok(reply),
                (failure, _) => Err(failure),
            };
        }
        match peer.reply_within(self.data_wait).await {
            Ok(reply) if reply.code / 100 != 3 => Ok(reply),
            Ok(_) => {
                peer.usable = false;
                Err(Failure::Unknown("the answer to the mail makes no sense".to_owned()))
            }
            Err(Failure::Lost(why)) => Err(Failure::Unknown(why)),
            Err(other) => Err(other),
        }
    }

    fn unfit(&self, offers: &Offers) -> Option<SmtpReply> {
        let envelope = self.envelope;
        if !envelope.sender.is_empty() && !is_mailbox(&envelope.sender) {
            return Some(SmtpReply::new(553, "5.1.7", "the sender is not local@domain"));
        }
        let wrong_ret = envelope.ret.as_deref().is_some_and(|ret| ret != "FULL" && ret != "HDRS");
        if wrong_ret || envelope.envid.as_deref().is_some_and(|envid| !is_xtext(envid)) {
            return Some(SmtpReply::new(501, "5.5.4", "RET or ENVID is not valid"));
        }
        if let Some(max) = offers.size.filter(|&max| max > 0 && self.size > max) {
            return Some(SmtpReply::new(552, "5.3.4", format!("the provider takes at most {max} bytes")));
        }
        if self.eight_bit && !offers.eight_bit {
            return Some(SmtpReply::new(554, "5.6.3", "the provider does not take 8-bit content"));
        }
        let needs = !envelope.sender.is_ascii() || (envelope.smtputf8 && self.utf8_header);
        if needs && !offers.smtputf8 {
            return Some(SmtpReply::new(550, "5.6.7", "the provider does not take SMTPUTF8"));
        }
        None
    }

    fn mail_line(&self, offers: &Offers) -> String {
        let envelope = self.envelope;
        let mut line = format!("MAIL FROM:<{}>", envelope.sender);
        if offers.size.is_some() {
            line.push_str(&format!(" SIZE={}", self.size));
        }
        if offers.eight_bit && (self.eight_bit || envelope.eight_bit) {
            line.push_str(" BODY=8BITMIME");
        }
        let utf8 = envelope.smtputf8
            || !envelope.sender.is_ascii()
            || self.recipients.iter().any(|recipient| !recipient.address.is_ascii());
        if offers.smtputf8 && utf8 {
            line.push_str(" SMTPUTF8");
        }
        if offers.dsn {
            if let Some(ret) = &envelope.ret {
                line.push_str(&format!(" RET={ret}"));
            }
            if let Some(envid) = &envelope.envid {
                line.push_str(&format!(" ENVID={envid}"));
            }
        }
        line.push_str("\r\n");
        line
    }

    fn all(&self, reply: SmtpReply) -> MailAnswer {
        MailAnswer { recipients: vec![reply; self.recipients.len()], data: None }
    }
}

fn unfit_recipient(recipient: &MailRecipient, offers: &Offers) -> Option<SmtpReply> {
    if !is_mailbox(&recipient.address) {
        return Some(SmtpReply::new(553, "5.1.3", "the address is not local@domain"));
    }
    if !recipient.address.is_ascii() && !offers.smtputf8 {
        return Some(SmtpReply::new(550, "5.6.7", "the provider does not take SMTPUTF8"));
    }
    let words = |notify: &str| notify.split(',').all(|w| matches!(w, "NEVER" | "SUCCESS" | "FAILURE" | "DELAY"));
    let typed = |orcpt: &str| {
        let (kind, text) = orcpt.split_once(';').unwrap_or_default();
        !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && is_xtext(text)
    };
    if recipient.notify.as_deref().is_some_and(|n| !words(n)) || recipient.orcpt.as_deref().is_some_and(|o| !typed(o)) {
        return Some(SmtpReply::new(501, "5.5.4", "NOTIFY or ORCPT is not valid"));
    }
    None
}

fn rcpt_line(recipient: &MailRecipient, offers: &Offers) -> String {
    let mut line = format!("RCPT TO:<{}>", recipient.address);
    if offers.dsn {
        if let Some(notify) = &recipient.notify {
            line.push_str(&format!(" NOTIFY={notify}"));
        }
        if let Some(orcpt) = &recipient.orcpt {
            line.push_str(&format!(" ORCPT={orcpt}"));
        }
    }
    line.push_str("\r\n");
    line
}

fn settled(fates: Vec<Option<SmtpReply>>, data: Option<SmtpReply>) -> MailAnswer {
    let unsaid = || SmtpReply::new(451, "4.3.0", "the provider said nothing of this recipient");
    MailAnswer { recipients: fates.into_iter().map(|fate| fate.unwrap_or_else(unsaid)).collect(), data }
}
