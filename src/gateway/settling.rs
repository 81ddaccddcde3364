//! After the provider answered: reservations become sent or unknown in batches behind the reply, with
//! what a retry needs when that reply did not reach its client; a refusal gives its reservation back
//! before the reply (design §3). The brand's claims are entered before anything leaves.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::item::{Fate, Item};
use super::{Errand, Gateway, repeating};
use crate::accept::Client;
use crate::facts::{Customer, SendEvent, SendState, attempts, sends};
use crate::providers::Outcome;
use crate::store::{CustomerKey, Store, StoreError, Write, Written};

/// One reservation's end.
#[derive(Debug)]
pub struct Settlement {
    brand: String,
    root: CustomerKey,
    end: End,
    /// The reply that a retry will be given, by its message key.
    reply: Option<(String, Bytes)>,
}

/// How one send ended, or that its hold was told of.
#[derive(Debug, Clone)]
enum End {
    /// What became of a send, and whether its client was told.
    Send { id: String, state: SendState, told: bool },
    /// Whether the client of a hold was told.
    Hold { id: String, told: bool },
    /// It did not reach the person: neither the send nor holds taken back since stand any more; what an
    /// earlier attempt left does.
    Back { id: String, holds: Vec<String>, before: Option<Box<SendEvent>> },
}

/// The queue behind the replies.
#[derive(Debug, Clone)]
pub struct Queue {
    sender: mpsc::Sender<Settlement>,
    latest: Arc<Mutex<Latest>>,
}

/// The latest ends handed over. A document loaded meanwhile may not say them yet, and an equal message
/// that follows on the reply's heels must not be taken for a retry of something still in flight.
#[derive(Debug, Default)]
struct Latest {
    ends: HashMap<String, End>,
    order: VecDeque<String>,
    /// Replies on their way to the store, by message key.
    replies: HashMap<String, Bytes>,
}

/// Ends remembered: more than are ever in the queue and under way.
const LATEST_MAX: usize = 2 * WAITING_MAX;

/// Settlements that may wait; beyond it replies wait for room, so nothing is dropped.
const WAITING_MAX: usize = 10_000;
/// Settlements written in one trip.
const BATCH_MAX: usize = 256;

/// After this long what could not be settled is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Queue {
    /// Starts the settling task; it ends when every queue handle is gone and all is settled.
    pub fn start(store: Store) -> (Queue, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let latest = Arc::default();
        (Queue { sender, latest: Arc::clone(&latest) }, tokio::spawn(settle_all(store, receiver, latest)))
    }

    /// Hands over without waiting; where there is no room a task of its own waits for it.
    fn hand_over(&self, settlements: Vec<Settlement>) {
        self.latest().remember(&settlements);
        for settlement in settlements {
            match self.sender.try_send(settlement) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(settlement)) => {
                    let sender = self.sender.clone();
                    tokio::spawn(async move {
                        if sender.send(settlement).await.is_err() {
                            stopped();
                        }
                    });
                }
                Err(mpsc::error::TrySendError::Closed(_)) => stopped(),
            }
        }
    }

    /// Writes into a document just loaded what this gateway has handed over of it.
    pub(super) fn catch_up(&self, customer: &mut Customer) {
        let sends = customer.sends.iter().filter(|send| send.state == SendState::Reserved).map(|send| &send.id);
        let held = customer.held.iter().filter(|held| held.attempt.unanswered).map(|held| &held.id);
        let open: Vec<String> = sends.chain(held).cloned().collect();
        if open.is_empty() {
            return;
        }
        let latest = self.latest();
        for end in open.iter().filter_map(|id| latest.ends.get(id)) {
            end.write(customer);
        }
    }

    /// A reply that is on its way to the store.
    pub(super) fn reply(&self, message_key: &str) -> Option<Bytes> {
        self.latest().replies.get(message_key).cloned()
    }

    /// That send is begun again: its end is to come.
    pub(super) fn begun_again(&self, send: &str) {
        self.latest().ends.remove(send);
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        locked(&self.latest)
    }
}

impl Latest {
    fn remember(&mut self, settlements: &[Settlement]) {
        for settlement in settlements {
            let id = settlement.end.id().to_owned();
            self.order.push_back(id.clone());
            self.ends.insert(id, settlement.end.clone());
            self.replies.extend(settlement.reply.clone());
        }
        while self.order.len() > LATEST_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.ends.remove(&oldest);
            }
        }
    }
}

fn locked(latest: &Mutex<Latest>) -> MutexGuard<'_, Latest> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped() {
    tracing::warn!("the settling task has stopped; the reservation's lease settles it");
}

async fn settle_all(store: Store, mut receiver: mpsc::Receiver<Settlement>, latest: Arc<Mutex<Latest>>) {
    let mut failed: Vec<Settlement> = Vec::new();
    loop {
        let mut batch = Vec::new();
        let more = async { receiver.recv_many(&mut batch, BATCH_MAX).await > 0 };
        let open = match failed.is_empty() {
            true => more.await,
            false => tokio::time::timeout(AGAIN_AFTER, more).await.unwrap_or(true),
        };
        if !open && failed.is_empty() {
            return;
        }
        batch.splice(0..0, failed);
        failed = settle_batch(&store, batch, &latest).await;
        if !open || failed.len() > WAITING_MAX {
            if !failed.is_empty() {
                // They stand and count; their leases make them unknown, never lost.
                tracing::warn!(count = failed.len(), "reservations were not settled");
            }
            failed.clear();
        }
    }
}

/// Settles what can be; gives back what the store did not answer for.
async fn settle_batch(store: &Store, batch: Vec<Settlement>, latest: &Mutex<Latest>) -> Vec<Settlement> {
    let mut brands: BTreeMap<String, BTreeMap<CustomerKey, Vec<End>>> = BTreeMap::new();
    let mut replies: BTreeMap<String, Vec<(String, Bytes)>> = BTreeMap::new();
    for one in batch {
        if let Some(reply) = one.reply {
            replies.entry(one.brand.clone()).or_default().push(reply);
        }
        brands.entry(one.brand).or_default().entry(one.root).or_default().push(one.end);
    }
    // First: once the send is settled, a retry looks for its reply.
    for (brand, replies) in replies {
        if let Err(error) = store.keep_replies(&brand, &replies).await {
            tracing::warn!(%error, "replies were not kept; retries are answered without them");
        }
        let mut latest = locked(latest);
        for (key, _) in replies {
            latest.replies.remove(&key);
        }
    }
    let mut failed = Vec::new();
    for (brand, roots) in brands {
        for (root, ends) in settle_brand(store, &brand, roots).await {
            let one = |end| Settlement { brand: brand.clone(), root: root.clone(), end, reply: None };
            failed.extend(ends.into_iter().map(one));
        }
    }
    failed
}

/// One trip to load and one to write for the whole batch; a customer that somebody else wrote in
/// between is settled alone. Gives back whom the store did not answer for.
async fn settle_brand(
    store: &Store,
    brand: &str,
    mut roots: BTreeMap<CustomerKey, Vec<End>>,
) -> Vec<(CustomerKey, Vec<End>)> {
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
    let mut failed = Vec::new();
    for key in alone {
        let ends = roots.remove(key).unwrap_or_default();
        if let Err(error) = store.update(brand, key, |customer| settle(customer, &ends)).await {
            tracing::debug!(%error, "a reservation was not settled yet");
            failed.push((key.clone(), ends));
        }
    }
    failed
}

fn settle(customer: &mut Customer, ends: &[End]) -> bool {
    ends.iter().fold(false, |changed, end| end.write(customer) | changed)
}

impl End {
    fn id(&self) -> &str {
        match self {
            End::Send { id, .. } | End::Hold { id, .. } | End::Back { id, .. } => id,
        }
    }

    /// Idempotent: a step repeated after a lost answer changes nothing.
    fn write(&self, customer: &mut Customer) -> bool {
        match self {
            End::Send { id, state, told } => {
                let settled = sends::settle(customer, id, *state);
                settled | attempts::tell(customer, id, *told)
            }
            End::Hold { id, told } => attempts::tell(customer, id, *told),
            End::Back { id, holds, before } => {
                let listed = customer.held.len();
                customer.held.retain(|held| !holds.contains(&held.id));
                let unlisted = customer.held.len() != listed;
                match before {
                    Some(before) => {
                        let stands = customer
                            .sends
                            .iter()
                            .any(|send| **before == *send || send.state == SendState::Sent && send.id == *id);
                        if !stands {
                            sends::give_back(customer, id);
                            sends::reserve(customer, SendEvent::clone(before));
                        }
                        !stands | unlisted
                    }
                    None => sends::give_back(customer, id) | unlisted,
                }
            }
        }
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

    /// Gives back the reservations of what the provider refused and of what was not given to it.
    pub(super) async fn settle_items(&self, errand: &Errand<'_>, items: &mut [Item]) {
        for item in items.iter_mut() {
            let Some(history) = item.history.as_ref().filter(|history| history.written) else { continue };
            match &item.fate {
                Fate::Forwarded { outcome: Outcome::Accepted | Outcome::Unknown, .. } => continue,
                Fate::Forwarded { .. } | Fate::NotTaken(_) => {}
                Fate::Open | Fate::Blocked | Fate::Orphan | Fate::Held { .. } | Fate::Repeated { .. } => continue,
            }
            let brand = errand.submission.stream.brand.clone();
            let end = End::Back {
                id: item.send_id.clone(),
                holds: item.holds_taken_back.clone(),
                before: item.before.clone().map(Box::new),
            };
            let back = |customer: &mut Customer| end.write(customer);
            let given_back = self.store.update(&brand, &history.root, back).await;
            let back = vec![Settlement { brand, root: history.root.clone(), end, reply: None }];
            match given_back {
                // A commit whose answer was lost may still arrive, and must not look like one in flight.
                Ok(_) => self.settle.latest().remember(&back),
                Err(error) => {
                    tracing::warn!(%error, "a refused message counts until the store answers: then it is given back");
                    self.metrics.store_error("give-back");
                    self.settle.hand_over(back);
                }
            }
        }
    }

    /// Settles behind the reply what was sent or held, once it is known whether the client was told.
    /// `accepts` = the reply says that it need not come again. Without a client nobody waits for a reply.
    pub(super) fn settle_behind(&self, errand: &Errand<'_>, items: &[Item], client: Option<&Client>, accepts: bool) {
        let mut settled = Vec::with_capacity(items.len());
        let mut reply = None;
        for item in items {
            let Some(history) = item.history.as_ref().filter(|history| history.written) else { continue };
            let id = item.send_id.clone();
            let end = match &item.fate {
                Fate::Forwarded { outcome: Outcome::Accepted, answer } => {
                    // The one answer repeats the first of them.
                    if reply.is_none() {
                        reply = Some((item.message_key.clone(), answer.clone()));
                    }
                    End::Send { id, state: SendState::Sent, told: accepts }
                }
                Fate::Forwarded { outcome: Outcome::Unknown, .. } => {
                    End::Send { id, state: SendState::Unknown, told: true }
                }
                Fate::Held { id, .. } => End::Hold { id: id.clone(), told: accepts },
                _ => continue,
            };
            let (brand, root) = (errand.submission.stream.brand.clone(), history.root.clone());
            settled.push(Settlement { brand, root, end, reply: None });
        }
        if settled.is_empty() {
            return;
        }
        let queue = self.settle.clone();
        let hand_over = move |told: bool| {
            for one in &mut settled {
                match &mut one.end {
                    End::Send { told: said, .. } | End::Hold { told: said, .. } => *said &= told,
                    End::Back { .. } => {}
                }
            }
            // Given keys always have their reply repeated, others only one that did not reach its client.
            let wanted = reply.filter(|(key, _)| key.short.given || !(told && accepts));
            if let (Some((key, answer)), Some(first)) = (wanted, settled.first_mut()) {
                first.reply = repeating::encode(&answer).map(|reply| (key.whole, reply.into()));
            }
            queue.hand_over(settled);
        };
        match client {
            Some(client) => client.afterwards(hand_over),
            None => hand_over(true),
        }
    }

    /// Lists in their customers' documents the holds of what failed for now, so that a retry finds them.
    pub(super) async fn list_holds(&self, errand: &Errand<'_>, items: &mut [Item], held: &[usize]) {
        for at in held {
            let item = &mut items[*at];
            let Fate::Held { id, due } = &item.fate else { continue };
            let Some(history) = &item.history else { continue };
            let line = super::held_send(item, id, *due);
            let list = |customer: &mut Customer| {
                let new = customer.held.iter().all(|held| held.id != line.id);
                if new {
                    customer.held.push(line.clone());
                }
                new
            };
            match self.store.update(&errand.submission.stream.brand, &history.root, list).await {
                Ok(_) => {
                    if let Some(history) = &mut item.history {
                        history.written = true;
                    }
                }
                Err(error) => tracing::warn!(%error, "a hold is listed nowhere; a retry would not find it"),
            }
        }
    }
}
