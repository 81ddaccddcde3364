//! Writes that must survive the loss of a master: opt-outs, complaints, consents. A Redis answers before
//! its replicas have a write, so one that fails just then has lost it; here the answer waits for as many
//! replicas as `[store] replicas_acknowledge` says. Where there are no replicas both do as ever.

use super::{CustomerKey, Standing, Store, StoreError, Write, Written};

impl Store {
    /// [`Store::commit`] whose answer counts for good. [`StoreError::Unknown`] when it was written but too
    /// few replicas said so in time: whoever told us tells it again, and meets [`Store::is_safe`] then.
    pub async fn commit_safe(&self, mut writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        self.commit_trimmed(&mut writes, true).await
    }

    /// Answers when all that was written for these customers until now is as safe as after
    /// [`Store::commit_safe`]: what is told again changes nothing, but must not be answered sooner.
    pub async fn is_safe(&self, keys: &[CustomerKey]) -> Result<(), StoreError> {
        self.inner.backend.barrier(keys).await
    }

    /// How the store stands: breaker, warnings, what went wrong how often. Costs no round trip.
    pub fn standing(&self) -> Standing {
        self.inner.backend.standing()
    }
}
