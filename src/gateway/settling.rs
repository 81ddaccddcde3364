//! After the provider answered: reservations become sent or unknown in batches behind the reply; a
//! refusal gives its reservation back before the reply (design §3). The brand's claims are entered
//! before anything leaves.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::item::{Fate, Item};
use super::{Errand, Gateway};
use crate::facts::{Customer, SendState, sends};
use crate::providers::Outcome;
use crate::store::{CustomerKey, Store, StoreError};

/// One reservation's end.
#[derive(Debug)]
pub struct Settlement {
    brand: String,
    root: CustomerKey,
    id: String,
    state: SendState,
}

/// The queue behind the replies.
#[derive(Debug, Clone)]
pub struct Queue {
    sender: mpsc::Sender<Settlement>,
}

/// Settlements that may wait; beyond it replies wait for room, so nothing is dropped.
const WAITING_MAX: usize = 10_000;

impl Queue {
    /// Starts the settling task; it ends when every queue handle is gone and all is settled.
    pub fn start(store: Store) -> (Queue, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Queue { sender }, tokio::spawn(settle_all(store, receiver)))
    }
}

async fn settle_all(store: Store, mut receiver: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, 256).await > 0 {
        let mut by_root: BTreeMap<(String, CustomerKey), Vec<(String, SendState)>> = BTreeMap::new();
        for one in batch.drain(..) {
            by_root.entry((one.brand, one.root)).or_default().push((one.id, one.state));
        }
        let updates = by_root.into_iter().map(|((brand, root), ends)| {
            let store = store.clone();
            async move {
                let settle = |customer: &mut Customer| {
                    ends.iter().fold(false, |changed, (id, state)| sends::settle(customer, id, *state) | changed)
                };
                if let Err(error) = store.update(&brand, &root, settle).await {
                    // The reservation stands and counts; its lease makes it unknown, never lost.
                    tracing::warn!(%error, "a reservation was not settled");
                }
            }
        });
        futures_util::future::join_all(updates).await;
    }
}

impl Gateway {
    /// Enters what the leaving messages claim, when the ledger does not have it yet.
    pub(super) async fn claim(&self, errand: &Errand<'_>, items: &[Item]) -> Result<(), StoreError> {
        let leaving = items.iter().filter(|item| item.leaves_now());
        let additions: Vec<_> = leaving.flat_map(|item| item.claims.iter().cloned()).collect();
        if additions.is_empty() {
            return Ok(());
        }
        self.store.claim(&errand.submission.stream.brand, &additions).await
    }

    /// Settles the reservations of everything that was given to the provider.
    pub(super) async fn settle_items(&self, errand: &Errand<'_>, items: &mut [Item]) {
        for item in items.iter_mut() {
            let Some(history) = item.history.as_ref().filter(|history| history.written) else { continue };
            let state = match &item.fate {
                Fate::Forwarded { outcome: Outcome::Accepted, .. } => Some(SendState::Sent),
                Fate::Forwarded { outcome: Outcome::Unknown, .. } => Some(SendState::Unknown),
                Fate::Forwarded { .. } | Fate::NotTaken(_) => None,
                Fate::Open | Fate::Blocked | Fate::Orphan | Fate::Held { .. } => continue,
            };
            let brand = errand.submission.stream.brand.clone();
            match state {
                Some(state) => {
                    let one = Settlement { brand, root: history.root.clone(), id: item.send_id.clone(), state };
                    if self.settle.sender.send(one).await.is_err() {
                        tracing::warn!("the settling task has stopped; the reservation's lease settles it");
                    }
                }
                None => {
                    let id = item.send_id.clone();
                    let back = |customer: &mut Customer| sends::give_back(customer, &id);
                    if let Err(error) = self.store.update(&brand, &history.root, back).await {
                        tracing::warn!(%error, "a refused message still counts: its reservation was not given back");
                        self.metrics.store_error("give-back");
                    }
                }
            }
        }
    }
}
