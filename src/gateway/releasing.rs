//! A hold whose time has come: decided again against the then-current facts and policies (an opt-out
//! in between always wins), then forwarded, held again, or dropped with a record. Nothing is dropped
//! in silence.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::copying::{Owner, STORE_WAIT};
use super::item::{Fate, Item};
use super::{Errand, Gateway, LISTED, UNLISTED, held_send};
use crate::facts::{Customer, Earlier, HeldSend, SendEvent, SendState, sends};
use crate::hold::{Due, Held, HeldDecision, HeldMessage, HoldError, Requeued, Settled, parcel};
use crate::providers::Outcome;

/// What a release knows of the hold it works on.
#[derive(Debug, Clone)]
pub struct Release {
    /// The hold's id.
    pub id: String,
    /// Proof that this gateway has it.
    pub fence: i64,
    /// Times it was held again.
    pub attempts: u32,
    /// After this it is too old to send.
    pub expires: Timestamp,
    /// Whom it is about, each with the decision that holds them.
    pub recipients: BTreeMap<usize, HeldDecision>,
    /// True when an earlier release stopped while bytes may have left, and it must arrive: sent once more.
    pub once_more: bool,
    /// False when it was made without the store and its client, as far as this gateway knows, was not told.
    pub answered: bool,
}

/// How long a release may take before another gateway may take the hold over.
const FORWARDING_LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Shortest wait after a provider that is not taking messages.
const RETRY_MIN: SignedDuration = SignedDuration::from_secs(30);
/// Longest wait after a provider that is not taking messages.
const RETRY_MAX: SignedDuration = SignedDuration::from_mins(15);
/// A retry waits this share of the message's age: soon at first, seldom in the end.
const AGE_SHARE: i32 = 8;

impl Gateway {
    /// Deals with what the wheel hands out.
    pub async fn release(self: Arc<Gateway>, due: Due) {
        let done = match due {
            Due::Release(held) => self.release_held(held, false).await,
            Due::Unknown(held) if held.message.must_send => self.release_held(held, true).await,
            Due::Expired(held) => self.expire(held).await,
            Due::Unknown(held) => {
                self.end(&held, Settled::Unknown, "its last release stopped halfway; counts as sent").await
            }
            Due::Damaged(damaged) => {
                tracing::error!(hold = damaged.id, why = damaged.why, "a held message is damaged and was put aside");
                Ok(())
            }
        };
        if let Err(error) = done {
            // Its lease ends and it is handed out again.
            tracing::error!(%error, "a release was not finished");
        }
        if let Ok(counts) = self.hold.count().await {
            self.metrics.holds(counts);
        }
    }

    async fn release_held(&self, held: Held, once_more: bool) -> Result<(), HoldError> {
        if self.is_elsewhere(&held, self.whose(&held).await).await? {
            return Ok(());
        }
        let submission = match parcel::decode(&held.message.parcel) {
            Ok(submission) => submission,
            Err(error) => return self.end(&held, Settled::Failed, &error.to_string()).await,
        };
        let release = Release {
            id: held.message.id.clone(),
            fence: held.fence,
            attempts: held.attempts,
            expires: held.message.expires,
            recipients: recipients(&held.message),
            once_more,
            answered: !held.message.id.starts_with(UNLISTED) || self.hold.was_answered(&held.message.id).await?,
        };
        let errand = match self.errand(&submission, Some(release)) {
            Ok(errand) => errand,
            Err(refused) => return self.end(&held, Settled::Failed, &refused.to_string()).await,
        };
        let mut items = self.understand_items(&errand);
        items.retain(|item| errand.held_by(item.index).is_some());
        if items.is_empty() {
            return self.end(&held, Settled::Failed, "its recipient cannot be read any more").await;
        }
        let set = self.policies.current();
        self.decide_items(&errand, &mut items, &set).await;
        if items.iter().any(Item::leaves_now) {
            // Whoever has it now decides anew; a reservation made here in vain is the same one, or counts.
            if self.is_elsewhere(&held, self.may_leave(&held).await).await? {
                return Ok(());
            }
            let lease = self.clock.now().saturating_add(FORWARDING_LEASE).unwrap_or(Timestamp::MAX);
            self.hold.forwarding(&held.message.id, held.fence, lease).await?;
            self.forward_items(&errand, &mut items).await;
        } else {
            self.settle_items(&errand, &mut items).await;
        }
        self.settle_behind(&errand, &mut items, true);
        self.enter(&errand, &items, &set).await;
        let ended = self.after_release(held, &errand, &items).await;
        if items.iter().any(|item| item.fate.still_waits()) {
            // Its copy says that bytes may be leaving: no longer.
            self.tell_store_of_holds().await;
        }
        self.tell_of_lost(&errand, &items, &set).await;
        ended
    }

    async fn expire(&self, held: Held) -> Result<(), HoldError> {
        if self.is_elsewhere(&held, self.whose(&held).await).await? {
            return Ok(());
        }
        self.end(&held, Settled::Expired, "too old to send").await
    }

    /// False when the hold is this gateway's to deal with; else its row is dealt with here.
    async fn is_elsewhere(&self, held: &Held, owner: Owner) -> Result<bool, HoldError> {
        let (id, now) = (&held.message.id, self.clock.now());
        match owner {
            Owner::Here => return Ok(false),
            Owner::Elsewhere => {
                tracing::warn!(hold = id, "another gateway has taken this hold over; nothing is sent from here");
                self.hold.moved(id, held.fence, now).await?;
            }
            Owner::NotTold => {
                let due = now.saturating_add(STORE_WAIT).unwrap_or(Timestamp::MAX);
                self.hold.lay_back(id, held.fence, due).await?;
            }
        }
        Ok(true)
    }

    /// What became of a company as a whole. Whoever still waits stays in the hold, all others leave it.
    async fn after_release(&self, mut held: Held, errand: &Errand<'_>, items: &[Item]) -> Result<(), HoldError> {
        let now = self.clock.now();
        let waiting: Vec<&Item> =
            items.iter().filter(|item| item.fate.still_waits() || item.goes_once_more()).collect();
        if waiting.is_empty() {
            return self.hold.settle(&held.message.id, held.fence, settled(items), now).await;
        }
        let before = held.message.clone();
        held.message.recipients = waiting.iter().filter_map(|item| u32::try_from(item.index).ok()).collect();
        held.message.decisions = waiting.iter().map(|item| item.as_held(&item.send_id)).collect();
        if held.message != before {
            self.hold.amend(held.message.clone(), held.fence).await?;
        }
        let due = waiting.iter().filter_map(|item| match &item.fate {
            Fate::Held { due, .. } => Some(*due),
            _ => None,
        });
        match due.max() {
            // Whether its document lists it is still to be found out.
            Some(due) if waiting.iter().all(|item| item.unread) => {
                self.hold.lay_back(&held.message.id, held.fence, due).await
            }
            // Neither the provider's pace nor a silent store is a rule's word.
            Some(due) if waiting.iter().all(|item| item.paced || item.history.is_none()) => {
                self.hold.postpone(&held.message.id, held.fence, due).await
            }
            Some(due) => self.hold_again(&held, errand, due).await,
            None => {
                // It was accepted, so it is tried until it is too old, as mail servers do (RFC 5321 §4.5.4.1).
                let wait = (now.duration_since(errand.submission.received_at) / AGE_SHARE).clamp(RETRY_MIN, RETRY_MAX);
                let due = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                self.list_again(errand, &waiting, due).await;
                self.hold.postpone(&held.message.id, held.fence, due).await
            }
        }
    }

    /// The line of a hold went with the reservation that was given back; a retry of what nobody was told of must
    /// find it, and whoever waits behind it.
    async fn list_again(&self, errand: &Errand<'_>, waiting: &[&Item], due: Timestamp) {
        let Some(release) = &errand.release else { return };
        for item in waiting.iter().filter(|item| item.fate.failed_for_now()) {
            let Some(history) = &item.history else { continue };
            let mut line = HeldSend { expires: release.expires, ..held_send(item, &release.id, due) };
            line.attempt.unanswered = item.was_unanswered;
            let list = |customer: &mut Customer| {
                let new = customer.held.iter().all(|held| held.id != line.id);
                customer.held.extend(new.then(|| line.clone()));
                new
            };
            if let Err(error) = self.store.update(&errand.submission.stream.brand, &history.root, list).await {
                tracing::warn!(%error, hold = release.id, "a hold is listed nowhere; a retry would not find it");
            }
        }
    }

    async fn hold_again(&self, held: &Held, errand: &Errand<'_>, due: Timestamp) -> Result<(), HoldError> {
        match self.hold.requeue(&held.message.id, held.fence, due, self.clock.now()).await? {
            Requeued::Again(attempts) => {
                tracing::info!(hold = held.message.id, attempts, %due, "held again");
            }
            Requeued::GaveUp => {
                tracing::error!(hold = held.message.id, "held too often; it was not sent");
                self.enter_ended(&held.message, Settled::Failed, "held too often").await;
                self.give_up(held, errand).await;
            }
        }
        Ok(())
    }

    async fn end(&self, held: &Held, settled: Settled, why: &str) -> Result<(), HoldError> {
        tracing::warn!(hold = held.message.id, why, "a held message was not sent");
        self.enter_ended(&held.message, settled, why).await;
        let settled_row = self.hold.settle(&held.message.id, held.fence, settled, self.clock.now()).await;
        if settled_row.is_ok()
            && let Ok(submission) = parcel::decode(&held.message.parcel)
            && let Ok(errand) = self.errand(&submission, None)
        {
            match settled {
                Settled::Unknown => self.count_for_good(held, &errand).await,
                _ => self.give_up(held, &errand).await,
            }
        }
        settled_row
    }

    /// A message that was accepted and will not be sent: its customer's document forgets it, its sender
    /// is told where mail can tell (RFC 5321 §6.1: who accepts a mail takes the duty to deliver or report).
    async fn give_up(&self, held: &Held, errand: &Errand<'_>) {
        let ours = recipients(&held.message);
        let forget = |customer: &mut Customer| {
            let before = customer.held.len() + customer.sends.len();
            customer.held.retain(|one| one.id != held.message.id);
            // Nor does a release count that stopped before anything left.
            let undone = |send: &SendEvent| send.state == SendState::Reserved && send.attempt.released;
            customer.sends.retain(|send| !undone(send) || ours.values().all(|one| one.id != send.id));
            customer.held.len() + customer.sends.len() != before
        };
        self.tell_documents(held, errand, forget).await;
        self.tell_of_given_up(errand, &ours).await;
    }

    /// A hold of which nobody knows whether it arrived: its release counts, and no hold needs it any more.
    async fn count_for_good(&self, held: &Held, errand: &Errand<'_>) {
        let ours = recipients(&held.message);
        let count = |customer: &mut Customer| {
            ours.values().fold(false, |changed, one| sends::hold_ended(customer, &one.id) | changed)
        };
        self.tell_documents(held, errand, count).await;
    }

    /// Writes the end of a hold into the documents of those it is about.
    async fn tell_documents(&self, held: &Held, errand: &Errand<'_>, end: impl Fn(&mut Customer) -> bool) {
        let brand = &errand.submission.stream.brand;
        for index in &held.message.recipients {
            let recipient = errand.reading.recipients.get(*index as usize);
            let Some(Ok(address)) = recipient.map(|recipient| recipient.address.as_ref()) else { continue };
            if let Err(error) = self.store.update(brand, &self.store.key(brand, address), &end).await {
                tracing::warn!(%error, "a document still lists a hold that has ended, until it expires there");
            }
        }
    }
}

impl Errand<'_> {
    /// The hold that is being released, if it is one.
    pub(super) fn hold_id(&self) -> Option<&str> {
        self.release.as_ref().map(|release| release.id.as_str())
    }

    /// The decision that holds this recipient, when a hold is being released.
    pub(super) fn held_by(&self, recipient: usize) -> Option<&HeldDecision> {
        self.release.as_ref()?.recipients.get(&recipient)
    }

    /// True when an earlier release stopped while bytes may have left.
    pub(super) fn is_once_more(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.once_more)
    }

    /// True when a hold is being released of which no client was told, as far as its file knows.
    pub(super) fn nobody_was_told(&self) -> bool {
        self.release.as_ref().is_some_and(|release| !release.answered)
    }

    /// True when the customer's document must list this hold: else it is an orphan of a commit that
    /// never was, and is not sent. One that was leaving once had been found listed.
    pub(super) fn must_be_listed(&self) -> bool {
        let first = |release: &Release| release.attempts == 0 && !release.once_more;
        self.release.as_ref().is_some_and(|release| first(release) && release.id.starts_with(LISTED))
    }
}

/// Whom a hold is about, each with the decision that holds them.
pub(super) fn recipients(message: &HeldMessage) -> BTreeMap<usize, HeldDecision> {
    // A hold of an earlier build is about one recipient, and its id is its decision's behind a prefix.
    let of_the_id = || HeldDecision {
        id: message.id.split_once('-').map_or(message.id.as_str(), |(_, decision)| decision).to_owned(),
        told: 0,
    };
    let decision = |at: usize| message.decisions.get(at).cloned().unwrap_or_else(of_the_id);
    message.recipients.iter().enumerate().map(|(at, index)| (*index as usize, decision(at))).collect()
}

/// The end of a hold that nobody waits in any more: what is least certain says most.
fn settled(items: &[Item]) -> Settled {
    let any = |wanted: Outcome| {
        items.iter().any(|item| matches!(&item.fate, Fate::Forwarded { outcome, .. } if *outcome == wanted))
    };
    let repeats = |wanted: fn(&Earlier) -> bool| items.iter().filter_map(Item::repeats).any(wanted);
    match () {
        () if any(Outcome::Unknown) || repeats(|e| matches!(e, Earlier::Assumed { .. })) => Settled::Unknown,
        () if any(Outcome::Accepted) || repeats(|e| matches!(e, Earlier::Sent { .. })) => Settled::Released,
        () if any(Outcome::Refused) => Settled::Failed,
        () => Settled::Dropped,
    }
}
