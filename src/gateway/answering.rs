//! From fates to one reply, in the door's own shape. The provider's answer goes back unchanged, with
//! the gateway's ids beside it; the gateway's own no is worded as the provider would (design §4).

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::item::{Answer, Fate, Item};
use super::{Errand, Gateway, Tongue, Upstream};
use crate::facts::Earlier;
use crate::forward::dsn::{self, Cause, Notification, Undelivered};
use crate::hold::HeldDecision;
use crate::message::{HttpReply, Language, MailSubmission, SmtpReply, Wire};
use crate::policy::{PolicySet, Texts};
use crate::providers::{self, BlockedBecause, Dialect, Outcome, Refusal, mime, smtp_refusal};

/// Seconds after which a client may come back when nothing better is known.
const RETRY_AFTER_SECONDS: u32 = 30;
/// How long a notification may take: whoever sent the mail waits for its answer meanwhile.
const NOTIFICATION_WAIT: Duration = Duration::from_secs(10);
/// The same while an earlier attempt is under way.
const IN_FLIGHT_RETRY_AFTER_SECONDS: u32 = 5;
/// Names the decision of the earlier attempt that a retry is answered from.
const REPEATS_FIELD: &str = "tactgate-repeats";
/// Says that the provider's answer was lost, also where the dialect's own words cannot.
const OUTCOME_FIELD: &str = "tactgate-outcome";
/// What is said of a copy whose addressee may not be written to.
const COPY_RULE: &str = "copy";
const COPY_TITLE: Said = Said {
    en: "A copy does not leave without the addressee it was made for",
    zh: "主收件人未获准发送，抄送随之停发",
};
/// A block whose rule is not on record would be a fault of the gateway; it is still answered.
const UNKNOWN_RULE: &str = "policy";

const NO_TITLE: Texts = Texts { en: None, zh: None };

/// A sentence of the gateway's own, in both languages.
struct Said {
    en: &'static str,
    zh: &'static str,
}

impl Said {
    fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }
}

impl Gateway {
    /// The reply to an HTTP request.
    pub(super) fn http_reply(&self, errand: &Errand<'_>, items: &[Item], set: &PolicySet) -> HttpReply {
        let (Wire::Http(request), Tongue::Http(dialect)) = (&errand.submission.wire, &errand.tongue) else {
            return HttpReply::default();
        };
        let mut reply = match decisive(items) {
            Some(Item { fate: Fate::Forwarded { answer: Answer::Http(reply), .. }, .. }) => HttpReply::clone(reply),
            Some(item) => match &item.fate {
                Fate::Held { id, .. } => dialect.accepted(request, &errand.reading, id, self.clock.now()),
                Fate::Blocked => {
                    let why = blocked_because(item, set);
                    dialect.refused(request, &Refusal::Blocked { recipient: item.index, why: &why })
                }
                Fate::Repeated { earlier, reply } => {
                    self.repeated_http(errand, *dialect, item, earlier, reply.as_ref())
                }
                fate => dialect.refused(request, &refusal_of(fate)),
            },
            None => dialect.refused(request, &Refusal::NoRoute("there is no recipient")),
        };
        with_ids(&mut reply, &errand.submission.id, items);
        if items.iter().any(is_of_unknown_outcome) {
            put(&mut reply, OUTCOME_FIELD, "unknown");
        }
        reply
    }

    /// A retry's answer by HTTP: what the first attempt was answered, or the provider's own words for
    /// "taken" with the same id.
    fn repeated_http(
        &self,
        errand: &Errand<'_>,
        dialect: &'static dyn Dialect,
        item: &Item,
        earlier: &Earlier,
        reply: Option<&Answer>,
    ) -> HttpReply {
        let Wire::Http(request) = &errand.submission.wire else { return HttpReply::default() };
        let retry_after_seconds = IN_FLIGHT_RETRY_AFTER_SECONDS;
        let mut said = match (earlier, reply) {
            (Earlier::InFlight { .. }, _) if item.message_key.short.given => {
                dialect.refused(request, &Refusal::InFlight { retry_after_seconds })
            }
            // Who gave no key expects no conflict.
            (Earlier::InFlight { .. }, _) => {
                dialect.refused(request, &Refusal::TryLater { why: providers::IN_FLIGHT, retry_after_seconds })
            }
            (Earlier::OtherContent { .. }, _) => dialect.refused(request, &Refusal::OtherContent),
            (Earlier::Sent { .. }, Some(Answer::Http(reply))) => HttpReply::clone(reply),
            (earlier, _) => dialect.accepted(request, &errand.reading, earlier.id(), self.clock.now()),
        };
        put(&mut said, REPEATS_FIELD, &item.repeated_decision().unwrap_or_default());
        said
    }

    /// The reply to the end of data: one answer covers all recipients.
    pub(super) fn smtp_reply(&self, errand: &Errand<'_>, items: &[Item], set: &PolicySet) -> SmtpReply {
        let submission = &errand.submission.id;
        match decisive(items) {
            Some(Item { fate: Fate::Repeated { earlier, reply }, .. }) => {
                repeated_smtp(earlier, reply.as_ref(), submission)
            }
            Some(Item { fate: Fate::Forwarded { outcome: Outcome::Unknown, answer: Answer::None(_) }, .. }) => {
                let SmtpReply { text, .. } = smtp_refusal(&Refusal::OutcomeUnknown);
                SmtpReply { text: format!("{text} [{submission}]"), ..smtp_refusal(&Refusal::OutcomeUnknown) }
            }
            Some(Item { fate: Fate::Forwarded { answer: Answer::Smtp(reply), .. }, .. }) => {
                SmtpReply { text: format!("{} [{submission}]", reply.text), ..reply.clone() }
            }
            Some(Item { fate: Fate::Held { due, .. }, .. }) => {
                SmtpReply::new(250, "2.0.0", held_until(*due, submission))
            }
            Some(item) if matches!(item.fate, Fate::Blocked) => {
                // A session without SMTPUTF8 can only be told in ASCII (RFC 6531 §3.7.4).
                let utf8 = matches!(&errand.submission.wire, Wire::Smtp(mail) if mail.envelope.smtputf8);
                let language = if utf8 { item.meaning.language.unwrap_or_default() } else { Language::En };
                smtp_refusal(&Refusal::Blocked { recipient: item.index, why: &blocked_in(item, set, language) })
            }
            Some(item) => smtp_refusal(&refusal_of(&item.fate)),
            None => smtp_refusal(&Refusal::NoRoute("there is no recipient")),
        }
    }

    /// Tells the sender by DSN of recipients that an accepted mail did not reach.
    pub(super) async fn tell_of_lost(&self, errand: &Errand<'_>, items: &[Item], set: &PolicySet) {
        let (Wire::Smtp(mail), true) = (&errand.submission.wire, errand.route.dsn) else { return };
        let accepted = errand.release.is_some() || decisive(items).is_some_and(Item::is_seen_to);
        if !accepted || mail.envelope.sender.is_empty() {
            return;
        }
        let undelivered: Vec<Undelivered<'_>> = items.iter().filter_map(|item| lost(item, mail, set)).collect();
        self.notify(errand, mail, undelivered).await;
    }

    /// Tells the sender of mail that was held and could not be sent in the end.
    pub(super) async fn tell_of_given_up(&self, errand: &Errand<'_>, recipients: &BTreeMap<usize, HeldDecision>) {
        let (Wire::Smtp(mail), true) = (&errand.submission.wire, errand.route.dsn) else { return };
        let undelivered: Vec<Undelivered<'_>> = recipients
            .iter()
            .filter_map(|(index, held)| Some((mail.recipients.get(*index)?, held.id.as_str())))
            .map(|(recipient, decision)| Undelivered { recipient, why: Cause::TooOld, decision })
            .collect();
        self.notify(errand, mail, undelivered).await;
    }

    async fn notify(&self, errand: &Errand<'_>, mail: &MailSubmission, mut undelivered: Vec<Undelivered<'_>>) {
        undelivered.retain(|one| dsn::is_owed(&mail.envelope, one.recipient));
        if undelivered.is_empty() {
            return;
        }
        let notification = Notification {
            host: &self.host_name,
            envelope: &mail.envelope,
            undelivered: &undelivered,
            original: &mail.data,
            now: self.clock.now(),
            id: &errand.submission.id,
        };
        let sent = tokio::time::timeout(NOTIFICATION_WAIT, self.send_notification(errand, mail, &notification)).await;
        if let Err(why) = sent.unwrap_or_else(|_| Err("it took too long".to_owned())) {
            tracing::error!(submission = errand.submission.id, why, "a delivery status notification was not sent");
        }
    }

    async fn send_notification(
        &self,
        errand: &Errand<'_>,
        mail: &MailSubmission,
        notification: &Notification<'_>,
    ) -> Result<(), String> {
        let composed = dsn::compose(notification).map_err(|error| error.to_string())?;
        match &errand.route.upstream {
            Upstream::Mail(relay) => {
                let sent = dsn::send(relay, errand.login(mail), &mail.envelope, &composed).await;
                let answer = sent.map_err(|error| error.to_string())?;
                match answer.recipients.iter().find(|reply| !reply.is_positive()) {
                    None => Ok(()),
                    // Its words may repeat the address; logs do not.
                    Some(refused) => Err(format!("the next server answered {}", refused.code)),
                }
            }
            Upstream::Sandbox(sandbox) => {
                let read = mime::read(&composed).map_err(|error| error.to_string())?;
                let sender = vec![mail.envelope.sender.clone()];
                sandbox.mail(sender, &read.content, &self.ids.sandbox(), self.clock.now());
                Ok(())
            }
            Upstream::Http(_) => Err("the route leads to no mail server".to_owned()),
        }
    }
}

/// The item whose fate the one reply tells. Whatever the client has to send again comes first (it was not
/// held, so nobody else has it; what did leave is told from it when it comes again), then what the
/// provider took now or before, what is held, what failed for good, and last what guards refused.
fn decisive(items: &[Item]) -> Option<&Item> {
    let rank = |item: &&Item| match &item.fate {
        Fate::Repeated { earlier: Earlier::OtherContent { .. }, .. } => 0,
        Fate::Repeated { earlier: Earlier::InFlight { .. }, .. } => 1,
        Fate::Forwarded { outcome: Outcome::Unknown, .. } => 2,
        Fate::Forwarded { outcome: Outcome::TryLater, .. } | Fate::NotTaken(_) | Fate::Open => 3,
        Fate::Forwarded { outcome: Outcome::Accepted, .. } => 4,
        Fate::Repeated { earlier: Earlier::Sent { .. }, .. } => 5,
        Fate::Repeated { earlier: Earlier::Assumed { .. } | Earlier::OnceMore { .. }, .. } => 6,
        Fate::Held { .. } | Fate::Repeated { earlier: Earlier::Held { .. }, .. } => 7,
        Fate::Forwarded { outcome: Outcome::Refused, .. } => 8,
        Fate::Blocked | Fate::Orphan => 9,
    };
    items.iter().min_by_key(rank)
}

/// True when the provider's answer about it was lost, now or at the earlier attempt that it repeats.
fn is_of_unknown_outcome(item: &Item) -> bool {
    matches!(item.fate, Fate::Forwarded { outcome: Outcome::Unknown, .. })
        || matches!(item.repeats(), Some(Earlier::Assumed { .. }))
}

/// A retry's answer by SMTP: what the first attempt was answered, or should have been.
fn repeated_smtp(earlier: &Earlier, reply: Option<&Answer>, submission: &str) -> SmtpReply {
    let accepted = |text: String| SmtpReply::new(250, "2.0.0", text);
    match (earlier, reply) {
        (Earlier::InFlight { .. }, _) => {
            smtp_refusal(&Refusal::InFlight { retry_after_seconds: IN_FLIGHT_RETRY_AFTER_SECONDS })
        }
        (Earlier::OtherContent { .. }, _) => smtp_refusal(&Refusal::OtherContent),
        (Earlier::Held { due, .. }, _) => accepted(held_until(*due, submission)),
        (Earlier::Sent { .. }, Some(Answer::Smtp(reply))) => {
            SmtpReply { text: format!("{} [{submission}]", reply.text), ..reply.clone() }
        }
        (Earlier::Sent { id }, _) => accepted(format!("accepted before as {id} [{submission}]")),
        (Earlier::Assumed { id } | Earlier::OnceMore { id }, _) => accepted(format!(
            "assumed sent as {id}: the provider's answer was lost; it is not sent again [{submission}]"
        )),
    }
}

fn held_until(due: jiff::Timestamp, submission: &str) -> String {
    format!("accepted, held until {} [{submission}]", due.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

fn refusal_of(fate: &Fate) -> Refusal<'_> {
    match fate {
        Fate::Forwarded { outcome: Outcome::Unknown, .. } => Refusal::OutcomeUnknown,
        Fate::Forwarded { outcome: Outcome::Refused, answer: Answer::None(why) } => Refusal::NoRoute(why),
        Fate::Forwarded { answer: Answer::None(why), .. } | Fate::NotTaken(why) => {
            Refusal::TryLater { why, retry_after_seconds: RETRY_AFTER_SECONDS }
        }
        _ => Refusal::TryLater { why: "not now", retry_after_seconds: RETRY_AFTER_SECONDS },
    }
}

/// What a door may say of a block: rule, fact-free title, decision id.
fn blocked_because(item: &Item, set: &PolicySet) -> BlockedBecause {
    blocked_in(item, set, item.meaning.language.unwrap_or_default())
}

fn blocked_in(item: &Item, set: &PolicySet, language: Language) -> BlockedBecause {
    let decision = item.decision_id.clone();
    if item.stays_with_addressee {
        let title = COPY_TITLE.in_language(language).to_owned();
        return BlockedBecause { rule: COPY_RULE.to_owned(), title, decision };
    }
    let rule = item.decision.decisive().map_or(UNKNOWN_RULE, |finding| finding.rule.as_str());
    BlockedBecause {
        rule: rule.to_owned(),
        title: set.rule(rule).map(|judge| judge.head().title.in_language(language).to_owned()).unwrap_or_default(),
        decision,
    }
}

fn lost<'a>(item: &'a Item, mail: &'a MailSubmission, set: &'a PolicySet) -> Option<Undelivered<'a>> {
    let recipient = mail.recipients.get(item.index)?;
    let why = match &item.fate {
        Fate::Blocked => {
            let rule = item.decision.decisive().map_or(UNKNOWN_RULE, |finding| finding.rule.as_str());
            Cause::Policy { rule, title: set.rule(rule).map_or(&NO_TITLE, |judge| judge.head().title) }
        }
        Fate::Forwarded { outcome: Outcome::Refused, answer } => match answer {
            Answer::Smtp(reply) => Cause::NextServer(reply),
            Answer::None(why) => Cause::Gateway(why),
            Answer::Http(_) => Cause::Gateway("this route leads to no mail server"),
        },
        _ => return None,
    };
    Some(Undelivered { recipient, why, decision: &item.decision_id })
}

/// Every answer carries its ids: `Tactgate-Submission` and, for one recipient, `Tactgate-Decision`.
fn with_ids(reply: &mut HttpReply, submission: &str, items: &[Item]) {
    put(reply, "tactgate-submission", submission);
    if let [item] = items {
        put(reply, "tactgate-decision", &item.decision_id);
    }
}

fn put(reply: &mut HttpReply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers.insert(HeaderName::from_static(name), value);
    }
}
