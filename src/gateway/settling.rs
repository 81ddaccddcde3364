//! After the provider answered: reservations become sent or unknown in batches behind the reply; a
//! refusal gives its reservation back before the reply (design §3). The brand's claims are entered
//! before anything leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use super::item::{Fate, Item};
use super::{Errand, Gateway};
use crate::facts::{Customer, SendState, sends};
use crate::providers::Outcome;
use crate::store::{CustomerKey, Store, StoreError, Write, Written};

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

/// Settlements that may wait.
const WAITING_MAX: usize = 10_000;
/// Settlements written in one trip.
const BATCH_MAX: usize = 256;

/// How the reservations of one customer ended, by their ids.
type Ends = Vec<(String, SendState)>;

/// How long one waits for room in the queue: then the reservation's lease settles it.
const ROOM_WAIT: Duration = Duration::from_millis(250);

impl Settlement {
    /// How the reservation of that id ended.
    pub fn new(brand: String, root: CustomerKey, id: String, state: SendState) -> Settlement {
        Settlement { brand, root, id, state }
    }
}

impl Queue {
    /// Puts one in. A queue that does not move does not hold up its replies: what finds no room is
    /// settled by its lease, and counts until then.
    pub async fn give(&self, one: Settlement) {
        if let Err(error) = self.sender.send_timeout(one, ROOM_WAIT).await {
            tracing::warn!(%error, "a reservation is left to its lease");
        }
    }

    /// True when there is no room: new submissions stay with their senders.
    pub fn is_full(&self) -> bool {
        self.sender.capacity() == 0
    }

    /// Starts the settling task; it ends when every queue handle is gone and all is settled.
    pub fn start(store: Store) -> (Queue, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Queue { sender }, tokio::spawn(settle_all(store, receiver)))
    }
}

async fn settle_all(store: Store, mut receiver: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut brands: BTreeMap<String, BTreeMap<CustomerKey, Ends>> = BTreeMap::new();
        for one in batch.drain(..) {
            brands.entry(one.brand).or_default().entry(one.root).or_default().push((one.id, one.state));
        }
        for (brand, roots) in brands {
            settle_brand(&store, &brand, roots).await;
        }
    }
}

/// One trip to load and one to write for the whole batch; a customer that somebody else wrote in
/// between is settled alone.
async fn settle_brand(store: &Store, brand: &str, roots: BTreeMap<CustomerKey, Ends>) {
    let keys: Vec<CustomerKey> = roots.keys().cloned().collect();
    let mut alone: Vec<&CustomerKey> = Vec::new();
    match store.load(brand, &keys, &[]).await {
        Ok(loaded) => {
            let (mut writes, mut written_for) = (Vec::new(), Vec::new());
            for (key, found) in keys.iter().zip(loaded.customers) {
                let (mut customer, ends) = (found.customer, roots.get(key).map(Vec::as_slice).unwrap_or_default());
                // Two keys may have become one history since: then the second write would be stale.
                let moved = found.root != *key;
                if moved {
                    alone.push(key);
                } else if settle(&mut customer, ends) {
                    writes.push(Write { root: found.root, expect: found.version, customer, now: None });
                    written_for.push(key);
                }
            }
            match store.commit(writes).await {
                Ok(written) => {
                    let stale = written.iter().zip(written_for).filter(|(one, _)| !matches!(one, Written::Done(_)));
                    alone.extend(stale.map(|(_, key)| key));
                }
                Err(_) => alone.extend(written_for),
            }
        }
        Err(_) => alone.extend(&keys),
    }
    for key in alone {
        let ends = roots.get(key).map(Vec::as_slice).unwrap_or_default();
        if let Err(error) = store.update(brand, key, |customer| settle(customer, ends)).await {
            // The reservation stands and counts; its lease makes it unknown, never lost.
            tracing::warn!(%error, "a reservation was not settled");
        }
    }
}

fn settle(customer: &mut Customer, ends: &[(String, SendState)]) -> bool {
    ends.iter().fold(false, |changed, (id, state)| sends::settle(customer, id, *state) | changed)
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
                    let one = Settlement::new(brand, history.root.clone(), item.send_id.clone(), state);
                    self.settle.give(one).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_does_not_move_holds_no_reply_up() {
        let (sender, mut receiver) = mpsc::channel(1);
        let queue = Queue { sender };
        let one = |id: &str| Settlement::new("shop".into(), CustomerKey("k".into()), id.into(), SendState::Sent);
        queue.give(one("first")).await;
        assert!(queue.is_full());
        // With nobody to take them, this would wait for ever.
        queue.give(one("left to its lease")).await;
        assert_eq!(receiver.recv().await.map(|settled| settled.id).as_deref(), Some("first"));
        assert!(!queue.is_full());
    }
}
