//! A hold whose time has come: decided again against the then-current facts and policies (an opt-out
//! in between always wins), then forwarded, held again, or dropped with a record. Nothing is dropped
//! in silence.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::item::{Fate, Item};
use super::{Errand, Gateway, LISTED};
use crate::hold::{Due, Held, HoldError, Requeued, Settled, parcel};
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
}

/// How long a release may take before another gateway may take the hold over.
const FORWARDING_LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Waits after a provider that is not taking messages: half of the message's age, at least and at most.
const RETRY_FIRST: SignedDuration = SignedDuration::from_secs(30);
const RETRY_LAST: SignedDuration = SignedDuration::from_mins(5);

impl Gateway {
    /// Deals with what the wheel hands out.
    pub async fn release(self: Arc<Gateway>, due: Due) {
        let done = match due {
            Due::Release(held) => self.release_held(held).await,
            Due::Expired(held) => self.end(&held, Settled::Expired, "too old to send").await,
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

    async fn release_held(&self, held: Held) -> Result<(), HoldError> {
        let submission = match parcel::decode(&held.message.parcel) {
            Ok(submission) => submission,
            Err(error) => return self.end(&held, Settled::Failed, &error.to_string()).await,
        };
        let release = Release {
            id: held.message.id.clone(),
            fence: held.fence,
            attempts: held.attempts,
            expires: held.message.expires,
        };
        let errand = match self.errand(&submission, Some(release)) {
            Ok(errand) => errand,
            Err(refused) => return self.end(&held, Settled::Failed, &refused.to_string()).await,
        };
        let mut items = self.understand_items(&errand);
        items.retain(|item| held.message.recipients.contains(&u32::try_from(item.index).unwrap_or(u32::MAX)));
        if items.is_empty() {
            return self.end(&held, Settled::Failed, "its recipient cannot be read any more").await;
        }
        let set = self.policies.current();
        self.decide_items(&errand, &mut items, &set).await;
        if items.iter().any(Item::leaves_now) {
            let lease = self.clock.now().saturating_add(FORWARDING_LEASE).unwrap_or(Timestamp::MAX);
            self.hold.forwarding(&held.message.id, held.fence, lease).await?;
            self.forward_items(&errand, &mut items).await;
        }
        self.enter(&errand, &items, &set).await;
        let ended = self.after_release(&held, submission.received_at, &items[0]).await;
        self.tell_of_lost(&errand, &items, &set).await;
        ended
    }

    async fn after_release(&self, held: &Held, received_at: Timestamp, item: &Item) -> Result<(), HoldError> {
        let settled = match &item.fate {
            Fate::Forwarded { outcome: Outcome::Accepted, .. } => Settled::Released,
            Fate::Forwarded { outcome: Outcome::Unknown, .. } => Settled::Unknown,
            Fate::Forwarded { outcome: Outcome::Refused, .. } => Settled::Failed,
            Fate::Blocked | Fate::Orphan => Settled::Dropped,
            // Neither the provider's pace nor a silent store is the message's own fault.
            Fate::Held { due, .. } if item.paced || item.history.is_none() => {
                return self.hold.postpone(&held.message.id, held.fence, *due, false).await;
            }
            Fate::Held { due, .. } => return self.hold_again(held, *due).await,
            Fate::Forwarded { outcome: Outcome::TryLater, .. } | Fate::NotTaken(_) | Fate::Open => {
                let now = self.clock.now();
                let wait = (now.duration_since(received_at) / 2).clamp(RETRY_FIRST, RETRY_LAST);
                let due = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                tracing::warn!(hold = held.message.id, %due, "the provider does not take a held message; later again");
                return self.hold.postpone(&held.message.id, held.fence, due, true).await;
            }
        };
        self.hold.settle(&held.message.id, held.fence, settled, self.clock.now()).await
    }

    async fn hold_again(&self, held: &Held, due: Timestamp) -> Result<(), HoldError> {
        match self.hold.requeue(&held.message.id, held.fence, due, self.clock.now()).await? {
            Requeued::Again(attempts) => {
                tracing::info!(hold = held.message.id, attempts, %due, "held again");
            }
            Requeued::GaveUp => {
                tracing::error!(hold = held.message.id, "held too often; it was not sent");
            }
        }
        Ok(())
    }

    async fn end(&self, held: &Held, settled: Settled, why: &str) -> Result<(), HoldError> {
        tracing::warn!(hold = held.message.id, why, "a held message was not sent");
        self.enter_ended(&held.message.id, settled, why).await;
        self.hold.settle(&held.message.id, held.fence, settled, self.clock.now()).await
    }
}

impl Errand<'_> {
    /// The hold that is being released, if it is one.
    pub(super) fn hold_id(&self) -> Option<&str> {
        self.release.as_ref().map(|release| release.id.as_str())
    }

    /// True when the customer's document must list this hold: else it is an orphan of a commit that
    /// never was, and is not sent.
    pub(super) fn must_be_listed(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.attempts == 0 && release.id.starts_with(LISTED))
    }
}
