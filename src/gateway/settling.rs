//! After the provider answered: what was sent is settled behind the reply, a refusal gives its reservation back
//! before it (design §3). The brand's claims are entered before anything leaves.

use super::ending::{End, Settlement};
use super::item::{Fate, Item};
use super::queue::settle_one;
use super::reservation::Reservation;
use super::{Errand, Gateway, repeating};
use crate::facts::{Customer, SendState};
use crate::providers::Outcome;
use crate::record::{ClaimedEntry, GivenBackEntry, Line};
use crate::store::StoreError;

impl Gateway {
    /// Enters what the leaving messages claim, when the ledger does not have it yet.
    pub(super) async fn claim(&self, errand: &Errand<'_>, items: &[Item]) -> Result<(), StoreError> {
        let leaving = items.iter().filter(|item| item.leaves_now());
        let additions: Vec<_> = leaving.flat_map(|item| item.claims.iter().cloned()).collect();
        if additions.is_empty() {
            return Ok(());
        }
        let brand = &errand.submission.stream.brand;
        self.store.claim(brand, &additions).await?;
        let entry = ClaimedEntry { at: self.clock.now(), brand: brand.clone(), claims: additions };
        self.journal(&Line::Claimed(entry)).await;
        Ok(())
    }

    /// Says of the reservations of everything that was given to the provider how they ended, and gives back
    /// those of what did not reach it.
    pub(super) async fn settle_items(&self, errand: &Errand<'_>, items: &mut [Item]) {
        let (mut back, mut back_again) = (Vec::new(), Vec::new());
        for item in items.iter_mut() {
            match (&item.fate, &mut item.reservation) {
                (Fate::Forwarded { outcome: Outcome::Accepted, .. }, Some(one)) => one.ended(SendState::Sent),
                (Fate::Forwarded { outcome: Outcome::Unknown, .. }, Some(one)) => one.ended(SendState::Unknown),
                (Fate::Forwarded { .. }, Some(_)) if item.before.is_some() => back_again.push(item.send_id.clone()),
                (Fate::Forwarded { .. }, Some(_)) => back.push(item.send_id.clone()),
                _ => {}
            }
        }
        // Before the slot is free: killed in between, this gateway would enter it anew as one that set out.
        self.came_back(back).await;
        for item in items.iter_mut() {
            let left = matches!(&item.fate, Fate::Forwarded { outcome: Outcome::Accepted | Outcome::Unknown, .. });
            if let Some(one) = item.reservation.take_if(|_| !left).and_then(Reservation::into_back) {
                self.give_back(errand, one).await;
            }
        }
        // Behind it: what an earlier attempt left under the same id, perhaps elsewhere, has to stand again first.
        self.came_back(back_again).await;
    }

    /// Journals that these had set out and did not reach anybody.
    async fn came_back(&self, sends: Vec<String>) {
        if !sends.is_empty() {
            self.journal(&Line::GivenBack(GivenBackEntry { at: self.clock.now(), sends })).await;
        }
    }

    /// Settles behind the reply what was sent or held, once it is known whether the client was told.
    /// `accepts` = the reply says that it need not come again. Without a client nobody waits for a reply.
    pub(super) fn settle_behind(&self, errand: &Errand<'_>, items: &mut [Item], accepts: bool) {
        let (mut sent, mut held, mut reply) = (Vec::new(), Vec::new(), None);
        self.note_answered(errand, items, accepts);
        for item in items {
            match &item.fate {
                Fate::Forwarded { outcome: Outcome::Accepted, answer } => {
                    let Some(reservation) = item.reservation.take() else { continue };
                    // The one answer repeats the first of them.
                    if reply.is_none() {
                        reply = Some((item.message_key.clone(), answer.clone()));
                    }
                    sent.push((reservation, accepts));
                }
                Fate::Forwarded { outcome: Outcome::Unknown, .. } => {
                    sent.extend(item.reservation.take().map(|reservation| (reservation, true)));
                }
                Fate::Held { id, .. } => {
                    let Some(history) = &item.history else { continue };
                    let (brand, root) = (errand.submission.stream.brand.clone(), history.root.clone());
                    // A hold that is released and waits again was told when it was made, or never.
                    let told = accepts && !(errand.release.is_some() && item.was_unanswered);
                    let (id, at, end) = (id.clone(), item.now, End::Held { told });
                    held.push(Settlement { brand, root, id, at, end, reply: None, document: None });
                }
                _ => {}
            }
        }
        if sent.is_empty() && held.is_empty() {
            return;
        }
        let queue = self.settle.clone();
        let settle = move |told: bool| {
            // Given keys always have their reply repeated, others only one that did not reach its client.
            let wanted = reply.filter(|(key, _)| key.short.given || !(told && accepts));
            let mut reply = wanted.and_then(|(key, answer)| Some((key.whole, repeating::encode(&answer)?.into())));
            for (reservation, tells) in sent {
                reservation.settle(told && tells, reply.take());
            }
            for mut one in held {
                if let End::Held { told: said } = &mut one.end {
                    *said &= told;
                }
                queue.push(one);
            }
        };
        match errand.walk.client() {
            Some(client) => client.afterwards(settle),
            None => settle(true),
        }
    }

    /// Lists in their customers' documents the holds of what failed for now, so that a retry finds them.
    pub(super) async fn list_holds(&self, errand: &Errand<'_>, items: &mut [Item], held: &[usize]) {
        for at in held {
            let item = &items[*at];
            let (Fate::Held { id, due }, Some(history)) = (&item.fate, &item.history) else { continue };
            let line = super::held_send(item, id, *due);
            let list = |customer: &mut Customer| {
                let new = customer.held.iter().all(|held| held.id != line.id);
                if new {
                    customer.held.push(line.clone());
                }
                new
            };
            if let Err(error) = self.store.update(&errand.submission.stream.brand, &history.root, list).await {
                tracing::warn!(%error, "a hold is listed nowhere; a retry would not find it");
            }
        }
    }

    /// Before the reply, so that the client's next try finds the slot free; behind it when the store fails.
    async fn give_back(&self, errand: &Errand<'_>, mut one: Settlement) {
        // A failover may forget it: this gateway does not.
        self.settle.latest().remember(&one);
        if !self.is_certain() {
            return self.settle.push(one);
        }
        let brand = &errand.submission.stream.brand;
        if let Err(error) = settle_one(&self.store, brand, &mut one).await {
            tracing::warn!(%error, "a refused message still counts until the store is back");
            self.metrics.store_error("give-back");
            self.settle.push(one);
        }
    }

    /// Writes to the journal what only a replay needs.
    async fn journal(&self, line: &Line) {
        if let Err(error) = self.log.append(line).await {
            tracing::error!(%error, "a line of the journal was not written");
            self.metrics.record_errors(self.log.errors());
        }
    }
}
