//! Gives the provider what may leave: recipients with identical resulting bytes together, the
//! original bytes when nothing changed. What a lost or refused answer means for each recipient's
//! reservation is settled here, too.

use std::sync::Arc;

use super::item::{Answer, Fate, Item};
use super::route::Upstream;
use super::walking::TOO_LATE;
use super::{Errand, Gateway, Tongue};
use crate::forward::NotForwarded;
use crate::message::{Edit, HttpReply, HttpRequest, MailRecipient, MailSubmission, Secret, Submission, Wire};
use crate::providers::{Batch, Outcome, Outgoing, Unfit, relay};

/// Recipients that get the same bytes.
struct Together {
    edits: Vec<(usize, Vec<Edit>)>,
    recipients: Vec<usize>,
    items: Vec<usize>,
}

impl Gateway {
    /// Forwards every item that may leave now, and notes each one's fate.
    pub(super) async fn forward_items(&self, errand: &Errand<'_>, items: &mut [Item]) {
        if let Err(error) = self.claim(errand, items).await {
            // Without its claim in the ledger an offer could be repeated unseen by other gateways.
            for item in items.iter_mut().filter(|i| i.leaves_now() && !i.families.is_empty()) {
                item.fate = Fate::NotTaken(error.to_string());
            }
        }
        for together in together(items) {
            // Batches before it may have taken the time; what would end after its client's patience is held.
            let set_out = match errand.walk.is_in_time() {
                true => self.set_out(errand, items, &together.items).await,
                false => Err(TOO_LATE.to_owned()),
            };
            if let Err(why) = set_out {
                together.items.iter().for_each(|index| items[*index].fate = Fate::NotTaken(why.clone()));
                continue;
            }
            let answers = self.forward_batch(errand, &together).await;
            fail::fail_point!(format!("forwarded {}", errand.route.name).as_str());
            for (index, (outcome, answer)) in together.items.iter().zip(answers) {
                items[*index].fate = Fate::Forwarded { outcome, answer };
            }
        }
        self.settle_items(errand, items).await;
    }

    async fn forward_batch(&self, errand: &Errand<'_>, together: &Together) -> Vec<(Outcome, Answer)> {
        let batch = Batch { recipients: &together.recipients, edits: &together.edits };
        let all = |outcome: Outcome, answer: Answer| vec![(outcome, answer); together.items.len()];
        match (&errand.submission.wire, &errand.tongue) {
            (Wire::Http(request), Tongue::Http(dialect)) => match dialect.write(request, &errand.reading, batch) {
                Ok(outgoing) => {
                    let (outcome, answer) = self.forward_http(errand, *dialect, outgoing).await;
                    all(outcome, answer)
                }
                Err(unfit) => all(Outcome::Refused, cannot_write(&unfit)),
            },
            (Wire::Smtp(mail), Tongue::Mail(read)) => {
                let trace = errand.route.trace.then(|| {
                    let Submission { peer, id, received_at, .. } = errand.submission;
                    relay::received_line(mail, *peer, &self.host_name, id, *received_at)
                });
                let written = relay::write(mail, read, batch, trace.as_deref()).and_then(|outgoing| match outgoing {
                    Outgoing::Mail { recipients, data } => Ok((recipients, self.signed(read, &together.edits, data)?)),
                    Outgoing::Http(_) => Err(Unfit("mail became a request".to_owned())),
                });
                match written {
                    Ok((recipients, data)) => {
                        let recipients: Vec<MailRecipient> =
                            recipients.iter().filter_map(|i| mail.recipients.get(*i).cloned()).collect();
                        self.forward_mail(errand, mail, &recipients, &data).await
                    }
                    Err(unfit) => all(Outcome::Refused, cannot_write(&unfit)),
                }
            }
            _ => all(Outcome::Refused, Answer::None("the submission and its dialect do not match".into())),
        }
    }

    async fn forward_http(
        &self,
        errand: &Errand<'_>,
        dialect: &'static dyn crate::providers::Dialect,
        outgoing: HttpRequest,
    ) -> (Outcome, Answer) {
        match &errand.route.upstream {
            Upstream::Http(upstream) => match upstream.send(errand.route.with_own_credentials(outgoing)).await {
                Ok(reply) => (dialect.outcome(&reply), Answer::Http(Arc::new(reply))),
                Err(failed) => not_forwarded(failed),
            },
            Upstream::Sandbox(sandbox) => {
                let id = self.ids.sandbox();
                let reply: HttpReply = sandbox.request(dialect, &outgoing, &errand.reading, &id, self.clock.now());
                (Outcome::Accepted, Answer::Http(Arc::new(reply)))
            }
            Upstream::Mail(_) => (Outcome::Refused, Answer::None("this route leads to an SMTP server".into())),
        }
    }

    async fn forward_mail(
        &self,
        errand: &Errand<'_>,
        mail: &MailSubmission,
        recipients: &[MailRecipient],
        data: &bytes::Bytes,
    ) -> Vec<(Outcome, Answer)> {
        match &errand.route.upstream {
            Upstream::Mail(relay) => match relay.send(errand.login(mail), &mail.envelope, recipients, data).await {
                Ok(answer) => answer
                    .recipients
                    .into_iter()
                    .map(|reply| (outcome_of_code(reply.code), Answer::Smtp(reply)))
                    .collect(),
                Err(failed) => vec![not_forwarded(failed); recipients.len()],
            },
            Upstream::Sandbox(sandbox) => {
                let shown = recipients.iter().map(|recipient| recipient.address.clone()).collect();
                let content =
                    errand.reading.contents.first().map(|content| content.as_ref().clone()).unwrap_or_default();
                let reply = sandbox.mail(shown, &content, &self.ids.sandbox(), self.clock.now());
                vec![(Outcome::Accepted, Answer::Smtp(reply)); recipients.len()]
            }
            Upstream::Http(_) => {
                vec![(Outcome::Refused, Answer::None("this route leads to an HTTP API".into())); recipients.len()]
            }
        }
    }
}

impl Errand<'_> {
    /// The client's login, where the route passes it on.
    pub(super) fn login<'m>(&self, mail: &'m MailSubmission) -> Option<(&'m str, &'m Secret)> {
        match (&mail.user, &mail.password) {
            (Some(user), Some(password)) if self.route.pass_credentials => Some((user.as_str(), password)),
            _ => None,
        }
    }
}

/// Groups what leaves now by the edits of its content: the same edits make the same bytes.
fn together(items: &[Item]) -> Vec<Together> {
    let mut groups: Vec<Together> = Vec::new();
    for (position, item) in items.iter().enumerate().filter(|(_, item)| item.leaves_now()) {
        let edits = if item.edits.is_empty() { Vec::new() } else { vec![(item.content, item.edits.clone())] };
        let fits = |group: &&mut Together| {
            // Unedited contents travel together; an edited one only with the same edits.
            group.edits == edits
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.recipients.push(item.index);
                group.items.push(position);
            }
            None => groups.push(Together { edits, recipients: vec![item.index], items: vec![position] }),
        }
    }
    groups
}

fn not_forwarded(failed: NotForwarded) -> (Outcome, Answer) {
    let outcome = match &failed {
        NotForwarded::NotSent(_) | NotForwarded::Busy(_) => Outcome::TryLater,
        NotForwarded::Unknown(_) => Outcome::Unknown,
    };
    (outcome, Answer::None(failed.to_string()))
}

fn cannot_write(unfit: &Unfit) -> Answer {
    Answer::None(unfit.to_string())
}

/// RFC 5321 §4.2.1: the first digit says whether it is done, later or never.
fn outcome_of_code(code: u16) -> Outcome {
    match code / 100 {
        2 => Outcome::Accepted,
        5 => Outcome::Refused,
        _ => Outcome::TryLater,
    }
}
