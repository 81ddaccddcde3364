//! A client's retry is answered from the record (design §3, *Message key*): found in the customer's document
//! at load, never sent, reserved or held again. Two things may follow an answer that was lost: a courtesy
//! message is assumed sent; one that must arrive is sent once more under the same id.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::deciding::Group;
use super::item::{Answer, Fate, Item};
use super::{Errand, Gateway, Tongue, UNLISTED};
use crate::facts::attempts::{self, Earlier, TIMES_MAX};
use crate::facts::{Attempt, Customer, Known, SendEvent, SendState};
use crate::message::Class;
use crate::message::{HttpReply, SmtpReply, Wire};
use crate::providers::{self, mime};
use crate::record::ids;
use crate::store::{CustomerKey, KeyParts, Keyed};

impl Gateway {
    /// What all recipients of a submission share of the message key: the digest of the content.
    pub(super) fn content_digest(&self, errand: &Errand<'_>) -> String {
        self.store.digest(|feed| match (&errand.submission.wire, &errand.tongue) {
            (Wire::Smtp(mail), _) => mime::fingerprint(&mail.data, feed),
            (Wire::Http(request), Tongue::Http(dialect)) => dialect.fingerprint(request, feed),
            (Wire::Http(request), Tongue::Mail(_)) => providers::request::fingerprint(request, feed),
        })
    }

    /// The message key of one recipient.
    pub(super) fn message_key(&self, errand: &Errand<'_>, content: &str, to: &crate::message::Address) -> Keyed {
        let stream = &errand.submission.stream;
        let parts = KeyParts {
            brand: &stream.brand,
            route: &errand.route.name,
            stream: &stream.name,
            given: errand.reading.idempotency_key.as_deref(),
            content,
        };
        self.store.message_key(parts, to)
    }

    /// Finds the retries among the open items. True when the whole submission has to come again: an
    /// earlier attempt is under way, or the client's key names another content.
    pub(super) async fn recognise(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        open: &[usize],
        groups: &mut BTreeMap<CustomerKey, Group>,
    ) -> bool {
        for index in open {
            let item = &mut items[*index];
            if !item.committed && item.before.take().is_some() && errand.release.is_none() {
                item.send_id.clone_from(&item.decision_id);
            }
        }
        for group in groups.values_mut() {
            if let Some(customer) = group.facts.customer_mut() {
                self.settle.latest().catch_up(customer);
            }
        }
        for (at, earlier) in self.earlier_attempts(errand, items, groups) {
            let customer = groups.values_mut().find(|group| group.members.contains(&at));
            let customer = customer.and_then(|group| group.facts.customer_mut());
            let (item, id) = (&mut items[at], earlier.id().to_owned());
            if let (Earlier::OnceMore { .. }, Some(customer)) = (&earlier, customer) {
                item.before = taken(customer, &id);
                self.settle.latest().begun_again(&id);
                item.send_id = id;
                continue;
            }
            item.fate = Fate::Repeated { earlier, reply: None };
        }
        self.find_reply(errand, items).await;
        let waits = |item: &Item| {
            let earlier = item.repeats();
            matches!(earlier, Some(Earlier::InFlight { .. } | Earlier::OtherContent { .. }))
        };
        if !items.iter().any(waits) {
            return false;
        }
        self.take_back_holds(errand, items, open).await;
        for index in open {
            // A hold waits until it is known what becomes of the other: its message stands nowhere else.
            let in_flight = matches!(items[*index].repeats(), Some(Earlier::InFlight { .. }));
            let waits_on = errand.release.is_some() && in_flight;
            if items[*index].repeats().is_none() || waits_on {
                items[*index].fate = Fate::NotTaken(providers::IN_FLIGHT.to_owned());
            }
        }
        true
    }

    fn earlier_attempts(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        groups: &BTreeMap<CustomerKey, Group>,
    ) -> Vec<(usize, Earlier)> {
        let mut found = Vec::new();
        for group in groups.values() {
            let Ok(customer) = group.facts.customer() else { continue };
            let clock = self.clock.now();
            let now = customer.last_now.map_or(clock, |last| clock.max(last));
            for at in &group.members {
                let before = released_before(errand, &mut items[*at], customer, now);
                if before.is_some() || errand.release.is_some() && errand.held_blind().is_none() {
                    let earlier = before.or_else(|| replacement(errand, items, *at, customer, now));
                    found.extend(earlier.map(|earlier| (*at, earlier)));
                    continue;
                }
                let (item, came) = (&items[*at], errand.held_blind().unwrap_or(now));
                let (key, own) = (item.message_key.short, own(errand, items));
                let earlier = attempts::earlier(customer, key, &item.key.0, came, own, made_at);
                let earlier = earlier.filter(|it| errand.release.is_none() || !matches!(it, Earlier::OnceMore { .. }));
                let earlier = earlier.or_else(|| replacement(errand, items, *at, customer, now));
                found.extend(earlier.map(|earlier| (*at, earlier)));
            }
        }
        found
    }

    /// The reply that the one answer will repeat: that of the first who was sent to.
    async fn find_reply(&self, errand: &Errand<'_>, items: &mut [Item]) {
        let sent = |item: &&mut Item| matches!(item.repeats(), Some(Earlier::Sent { .. }));
        let Some(item) = items.iter_mut().find(sent).filter(|_| errand.release.is_none()) else { return };
        let brand = &errand.submission.stream.brand;
        if let Some(on_its_way) = self.settle.latest().reply(&item.message_key.whole)
            && let Fate::Repeated { reply, .. } = &mut item.fate
        {
            *reply = decode(&on_its_way);
            return;
        }
        let found = match self.store.kept_reply(brand, &item.message_key.whole).await {
            Ok(found) => found.and_then(|bytes| decode(&bytes)),
            Err(error) => {
                tracing::warn!(%error, "a kept reply could not be read; the retry is answered without it");
                None
            }
        };
        if let Fate::Repeated { reply, .. } = &mut item.fate {
            *reply = found;
        }
    }

    /// The client hung up before anything left: what would leave now does not (I6). What is held stays,
    /// it is durable and a retry finds it.
    pub(super) fn stay_for_nobody(&self, items: &mut [Item]) {
        for item in items.iter_mut().filter(|item| item.leaves_now()) {
            item.fate = Fate::NotTaken("the client left before anything was sent".to_owned());
        }
    }
}

/// How often something left stands in the customer's document: without it nothing is sent once more.
pub(super) fn wait_for_the_record(errand: &Errand<'_>, items: &mut [Item]) {
    for item in items.iter_mut().filter(|item| item.leaves_now() && item.history.is_none()) {
        if item.before.is_some() || errand.is_once_more() {
            item.fate = Fate::NotTaken("what became of it before cannot be looked up now".to_owned());
        }
    }
}

/// What a hold's last release left: it may have stopped halfway, or its answer was lost.
fn released_before(errand: &Errand<'_>, item: &mut Item, customer: &Customer, now: Timestamp) -> Option<Earlier> {
    let hold = customer.held.iter().find(|held| Some(held.id.as_str()) == errand.hold_id());
    item.was_unanswered |= errand.nobody_was_told() || hold.is_some_and(|held| held.attempt.unanswered);
    let send = customer.sends.iter().find(|send| send.id == item.send_id && !item.committed)?;
    let id = send.id.clone();
    match send.state {
        SendState::Sent => Some(Earlier::Sent { id }),
        // A hold that is handed out for release has sent nothing, and is decided anew: only one that must arrive
        // stays in its row when an answer was lost.
        _ if !errand.is_once_more() && send.class != Class::MustSend => None,
        // Its release stopped before anything left.
        SendState::Reserved if send.lease_until.is_some_and(|until| until > now) && !errand.is_once_more() => None,
        _ if send.attempt.times >= TIMES_MAX => Some(Earlier::Assumed { id }),
        _ => Some(Earlier::OnceMore { id }),
    }
}

/// What this walk wrote itself is nobody's earlier attempt: its sends, and the holds of each of its rounds,
/// whose ids end with the decision's.
fn own(errand: &Errand<'_>, items: &[Item]) -> impl Fn(&str) -> bool {
    move |id| errand.hold_id() == Some(id) || items.iter().any(|item| id.ends_with(item.send_id.as_str()))
}

/// A hold of which no client was told may have been replaced by the retry: decided elsewhere, and told.
fn replacement(errand: &Errand<'_>, items: &[Item], at: usize, customer: &Customer, now: Timestamp) -> Option<Earlier> {
    let item = &items[at];
    let made = errand.hold_id().and_then(made_at).filter(|_| item.was_unanswered && !item.committed)?;
    let (key, own) = (item.message_key.short, own(errand, items));
    let replaced = attempts::replacement(customer, key, &item.key.0, made, now, own, made_at);
    replaced.filter(|it| !matches!(it, Earlier::OnceMore { .. }))
}

impl Errand<'_> {
    /// When a hold was made that may have been made without the store: whether it was a retry could not be
    /// looked up then, so that is done at its release.
    fn held_blind(&self) -> Option<Timestamp> {
        self.hold_id().filter(|id| id.starts_with(UNLISTED)).and_then(made_at)
    }
}

/// Takes a send out, its outcome written down as what it is: unknown.
fn taken(customer: &mut Customer, id: &str) -> Option<SendEvent> {
    let at = customer.sends.iter().position(|send| send.id == id)?;
    let send = customer.sends.remove(at);
    Some(SendEvent { state: SendState::Unknown, lease_until: None, ..send })
}

/// When what was sent or held came: a send's id is that of its first decision, a hold's ends with it.
fn made_at(id: &str) -> Option<Timestamp> {
    let of_hold = || ids::read(id.split_once('-')?.1);
    ids::read(id).or_else(of_hold).map(|(_, at)| at)
}

impl Item {
    /// The earlier attempt that this message repeats.
    pub(super) fn repeats(&self) -> Option<&Earlier> {
        match &self.fate {
            Fate::Repeated { earlier, .. } => Some(earlier),
            _ => None,
        }
    }

    /// The decision of the earlier attempt: for the record.
    pub(super) fn repeated_decision(&self) -> Option<String> {
        let id = self.repeats().map(Earlier::id).or(self.before.as_ref().map(|send| send.id.as_str()))?;
        Some(match id.split_once("-d-") {
            Some((_, rest)) => format!("d-{rest}"),
            None => id.to_owned(),
        })
    }

    /// Whose attempt it is, as its reservation says.
    pub(super) fn attempt(&self) -> Attempt {
        let before = self.before.as_ref().map_or(0, |send| send.attempt.times.max(1));
        Attempt {
            key: Some(self.message_key.short),
            times: before + 1,
            // More retries of what was lost once may be under way.
            unanswered: self.was_unanswered || self.before.is_some(),
            ..Attempt::default()
        }
    }

    /// True when what was released must arrive, its answer was lost, and it may be sent once more.
    pub(super) fn goes_once_more(&self) -> bool {
        matches!(self.fate, Fate::Forwarded { outcome: providers::Outcome::Unknown, .. })
            && self.decision.must_send
            && self.committed
            && self.attempt().times < TIMES_MAX
    }
}

impl crate::facts::Facts {
    fn customer_mut(&mut self) -> Option<&mut Customer> {
        match &mut self.customer {
            Known::Known(customer) => Some(customer),
            Known::Unknown(_) => None,
        }
    }
}

/// A provider's reply, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
enum Stored {
    Smtp { code: u16, enhanced: Option<String>, text: String },
    Http { status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8> },
}

/// A reply as bytes; the gateway's own words are made anew.
pub(super) fn encode(answer: &Answer) -> Option<Vec<u8>> {
    let stored = match answer {
        Answer::Smtp(SmtpReply { code, enhanced, text }) => {
            Stored::Smtp { code: *code, enhanced: enhanced.clone(), text: text.clone() }
        }
        Answer::Http(reply) => Stored::Http {
            status: reply.status.as_u16(),
            headers: reply.headers.iter().map(|(n, v)| (n.as_str().to_owned(), v.as_bytes().to_vec())).collect(),
            body: reply.body.to_vec(),
        },
        Answer::None(_) => return None,
    };
    rmp_serde::to_vec(&stored).ok()
}

fn decode(bytes: &[u8]) -> Option<Answer> {
    Some(match rmp_serde::from_slice(bytes).ok()? {
        Stored::Smtp { code, enhanced, text } => Answer::Smtp(SmtpReply { code, enhanced, text }),
        Stored::Http { status, headers, body } => {
            let mut map = HeaderMap::with_capacity(headers.len());
            for (name, value) in headers {
                map.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(&value).ok()?);
            }
            let status = StatusCode::from_u16(status).ok()?;
            Answer::Http(HttpReply { status, headers: map, body: body.into(), ..HttpReply::default() }.into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_reply_comes_back_whole() {
        let smtp = Answer::Smtp(SmtpReply::new(250, "2.0.0", "queued as 4711"));
        let Some(Answer::Smtp(back)) = decode(&encode(&smtp).unwrap()) else { panic!("a reply by SMTP") };
        assert_eq!(back, SmtpReply::new(250, "2.0.0", "queued as 4711"));
        let mut reply =
            HttpReply { status: StatusCode::CREATED, body: "{\"sid\":\"SM1\"}".into(), ..HttpReply::default() };
        reply.headers.insert("x-message-id", HeaderValue::from_static("m1"));
        let Some(Answer::Http(back)) = decode(&encode(&Answer::Http(reply.clone().into())).unwrap()) else {
            panic!("a reply by HTTP")
        };
        assert_eq!((back.status, &back.headers, &back.body), (reply.status, &reply.headers, &reply.body));
        assert!(encode(&Answer::None("why".into())).is_none() && decode(b"\xff nothing").is_none());
    }

    #[test]
    fn sends_and_holds_tell_when_they_were_made() {
        let now: Timestamp = "2026-11-22T23:59:59.123Z".parse().unwrap();
        let decision = ids::decision(now, &[7; 10]);
        for prefix in ["h", "h1", "u", "u12"] {
            assert_eq!(made_at(&format!("{prefix}-{decision}")), Some(now));
        }
        assert_eq!(made_at(&decision), Some(now));
        for nonsense in ["nonsense", "h-nonsense", ""] {
            assert_eq!(made_at(nonsense), None);
        }
    }
}
