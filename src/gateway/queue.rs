//! The queue behind the replies: reservations become sent or unknown in batches, with what a retry needs when
//! its reply did not reach its client. While the store is away settlements wait in memory, as many as there is
//! room for; the journal knows the rest, and the watch tells the store again what it says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::ending::{AsWritten, Settlement};
use super::latest::Latest;
use crate::facts::Customer;
use crate::record::metrics::Metrics;
use crate::store::{CustomerKey, Store, StoreError, Write, Written};

/// The queue behind the replies.
#[derive(Debug, Clone)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Settlement>,
    room: Arc<Room>,
    latest: Arc<Latest>,
}

/// How full the queue is.
#[derive(Debug)]
struct Room {
    waiting: AtomicUsize,
    /// The earliest send whose end found no room, microseconds; `i64::MAX` = none.
    overflow_us: AtomicI64,
}

/// Settlements that may wait; beyond it the journal alone remembers them.
const WAITING_MAX: usize = 20_000;
/// Settlements that may wait with their documents, some kilobytes each; further ones load theirs.
const WITH_DOCUMENTS_MAX: usize = 1_000;
/// How long they gather before they are written together: nobody waits for one, and a trip for each would
/// cost more than the mail itself.
const GATHER: Duration = Duration::from_millis(5);
/// Settlements written in one trip.
const BATCH_MAX: usize = 256;
/// Wait after the store failed: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Tries when the gateway stops: what is left then is settled from the journal at the next start.
const TRIES_AT_STOP: u32 = 5;
/// Lost compare-and-sets on one customer after which the settlement waits with the others.
const ROUNDS_MAX: u32 = 64;

impl Queue {
    /// Starts the settling task; it ends when every queue handle is gone and all is settled.
    pub fn start(store: Store, metrics: Arc<Metrics>) -> (Queue, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Room { waiting: AtomicUsize::new(0), overflow_us: AtomicI64::new(i64::MAX) });
        let latest = Arc::new(Latest::default());
        let settling = settle_all(store, metrics, receiver, Arc::clone(&room), Arc::clone(&latest));
        (Queue { sender, room, latest }, tokio::spawn(settling))
    }

    /// Puts one in; never waits, so that a walk that ends early can.
    pub fn push(&self, mut one: Settlement) {
        self.latest.remember(&one);
        let at = one.at.as_microsecond();
        let waiting = self.room.waiting.fetch_add(1, Ordering::AcqRel);
        if waiting >= WITH_DOCUMENTS_MAX {
            one.document = None;
        }
        let no_room = waiting >= WAITING_MAX;
        if no_room || self.sender.send(one).is_err() {
            self.room.waiting.fetch_sub(1, Ordering::AcqRel);
            self.room.overflow_us.fetch_min(at, Ordering::AcqRel);
        }
    }

    /// What was put in lately.
    pub fn latest(&self) -> &Latest {
        &self.latest
    }

    /// True when every end that was put in is in the store.
    pub fn is_idle(&self) -> bool {
        self.room.waiting.load(Ordering::Acquire) == 0 && self.room.overflow_us.load(Ordering::Acquire) == i64::MAX
    }

    /// The earliest send that found no room since this was last asked.
    pub fn take_overflow(&self) -> Option<Timestamp> {
        let at = self.room.overflow_us.swap(i64::MAX, Ordering::AcqRel);
        (at != i64::MAX).then(|| Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Tells it again when what it stood for could not be done.
    pub fn keep_overflow(&self, since: Timestamp) {
        self.room.overflow_us.fetch_min(since.as_microsecond(), Ordering::AcqRel);
    }
}

async fn settle_all(
    store: Store,
    metrics: Arc<Metrics>,
    mut receiver: mpsc::UnboundedReceiver<Settlement>,
    room: Arc<Room>,
    latest: Arc<Latest>,
) {
    let (mut batch, mut pause, mut tries) = (Vec::new(), PAUSE.0, 0);
    loop {
        if batch.is_empty() {
            if receiver.recv_many(&mut batch, BATCH_MAX).await == 0 {
                return;
            }
            if batch.len() < BATCH_MAX && !receiver.is_closed() {
                tokio::time::sleep(GATHER).await;
            }
        }
        while batch.len() < BATCH_MAX
            && let Ok(one) = receiver.try_recv()
        {
            batch.push(one);
        }
        let asked = batch.len();
        batch = settle_batch(&store, std::mem::take(&mut batch), &latest).await;
        room.waiting.fetch_sub(asked - batch.len(), Ordering::AcqRel);
        metrics.settlements(room.waiting.load(Ordering::Acquire), batch.len());
        if batch.is_empty() {
            (pause, tries) = (PAUSE.0, 0);
            continue;
        }
        tries += 1;
        if receiver.is_closed() && tries >= TRIES_AT_STOP {
            let left = room.waiting.load(Ordering::Acquire);
            tracing::warn!(left, "the store is away; the journal settles these sends at the next start");
            return;
        }
        tokio::time::sleep(pause).await;
        pause = PAUSE.1.min(2 * pause);
    }
}

/// Settles a batch; returns what could not be settled now.
async fn settle_batch(store: &Store, batch: Vec<Settlement>, latest: &Latest) -> Vec<Settlement> {
    let mut brands: BTreeMap<String, BTreeMap<CustomerKey, Vec<Settlement>>> = BTreeMap::new();
    let mut replies: BTreeMap<String, Vec<(String, Bytes)>> = BTreeMap::new();
    for mut one in batch {
        if let Some(reply) = one.reply.take() {
            replies.entry(one.brand.clone()).or_default().push(reply);
        }
        brands.entry(one.brand.clone()).or_default().entry(one.root.clone()).or_default().push(one);
    }
    // First: once the send is settled, a retry looks for its reply.
    for (brand, replies) in replies {
        if let Err(error) = store.keep_replies(&brand, &replies).await {
            tracing::warn!(%error, "replies were not kept; retries are answered without them");
        }
        latest.replies_kept(&replies);
    }
    let mut left = Vec::new();
    for (brand, roots) in brands {
        left.extend(settle_brand(store, &brand, roots).await);
    }
    left
}

/// One trip to load, for those whose documents are not at hand, and one to write for the whole batch; a
/// customer that somebody else wrote in between is settled alone.
async fn settle_brand(
    store: &Store,
    brand: &str,
    mut roots: BTreeMap<CustomerKey, Vec<Settlement>>,
) -> Vec<Settlement> {
    let mut alone: Vec<CustomerKey> = Vec::new();
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for (key, ends) in &mut roots {
        match AsWritten::latest(ends) {
            Some(AsWritten { version, customer, .. }) => found.push((key.clone(), version, customer)),
            None => unread.push(key.clone()),
        }
    }
    if !unread.is_empty() {
        let Ok(loaded) = store.load(brand, &unread, &[]).await else {
            return roots.into_values().flatten().collect();
        };
        for (key, loaded) in unread.into_iter().zip(loaded.customers) {
            // Two keys may have become one history since: then the second write would be stale.
            match loaded.root == key {
                true => found.push((key, loaded.version, loaded.customer)),
                false => alone.push(key),
            }
        }
    }
    let (mut writes, mut written_for) = (Vec::new(), Vec::new());
    for (key, version, mut customer) in found {
        if settle(&mut customer, version, roots.get(&key).map(Vec::as_slice).unwrap_or_default()) {
            writes.push(Write { root: key.clone(), expect: version, customer, now: None });
            written_for.push(key);
        }
    }
    match store.commit(writes).await {
        Ok(written) => {
            let stale = written.iter().zip(written_for).filter(|(one, _)| !matches!(one, Written::Done(_)));
            alone.extend(stale.map(|(_, key)| key));
        }
        Err(_) => return roots.into_values().flatten().collect(),
    }
    let mut left = Vec::new();
    for key in alone {
        let ends = roots.remove(&key).unwrap_or_default();
        if settle_root(store, brand, &key, &ends).await.is_err() {
            left.extend(ends);
        }
    }
    left
}

/// Settles one customer, again until nobody comes between.
pub(super) async fn settle_root(
    store: &Store,
    brand: &str,
    key: &CustomerKey,
    ends: &[Settlement],
) -> Result<(), StoreError> {
    for _ in 0..ROUNDS_MAX {
        let loaded = store.load(brand, std::slice::from_ref(key), &[]).await?;
        let Some(found) = loaded.customers.into_iter().next() else { break };
        let (mut customer, moved) = (found.customer, found.root != *key);
        // A history that moved has used up the version under its old key.
        let version = if moved { u64::MAX } else { found.version };
        if !settle(&mut customer, version, ends) {
            return Ok(());
        }
        let write = Write { root: found.root, expect: found.version, customer, now: None };
        if let Some(Written::Done(_)) = store.commit(vec![write]).await?.first() {
            return Ok(());
        }
    }
    Err(StoreError::Down(format!("a customer was changed by others {ROUNDS_MAX} times in a row")))
}

/// The same for one, in its document at hand when nobody has written that since.
pub(super) async fn settle_one(store: &Store, brand: &str, one: &mut Settlement) -> Result<(), StoreError> {
    if let Some(AsWritten { version, mut customer, .. }) = AsWritten::latest(std::slice::from_mut(one))
        && one.write(&mut customer, version)
    {
        let write = Write { root: one.root.clone(), expect: version, customer, now: None };
        if let Some(Written::Done(_)) = store.commit(vec![write]).await?.first() {
            return Ok(());
        }
    }
    settle_root(store, brand, &one.root, std::slice::from_ref(one)).await
}

/// True when there is something to write.
fn settle(customer: &mut Customer, version: u64, ends: &[Settlement]) -> bool {
    ends.iter().fold(false, |changed, one| one.write(customer, version) | changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::facts::{Keep, SendEvent, SendState, sends};
    use crate::gateway::reservation::Reservation;
    use crate::store::{Fault, Modelled, Trip, Way};

    struct Place {
        model: Modelled,
        store: Store,
        queue: Queue,
        settled: tokio::task::JoinHandle<()>,
        root: CustomerKey,
    }

    async fn place() -> Place {
        let (model, now) = (Modelled::default(), Timestamp::UNIX_EPOCH);
        let store = Store::modelled(model.clone(), Keep::default(), now).await.unwrap();
        let (queue, settled) = Queue::start(store.clone(), Arc::new(Metrics::new()));
        Place { model, store, queue, settled, root: CustomerKey("0".repeat(32)) }
    }

    impl Place {
        async fn write(&self, expect: u64, id: &str) -> Vec<Written> {
            let mut customer = Customer::default();
            sends::reserve(&mut customer, send(id, 0));
            let root = self.root.clone();
            self.store.commit(vec![Write { root, expect, customer, now: None }]).await.unwrap()
        }

        fn asked(&self, expect: u64, id: &str) -> Reservation {
            Reservation::asked(&self.queue, "shop", self.root.clone(), expect, send(id, 0))
        }

        async fn states(self) -> Vec<(String, SendState)> {
            drop(self.queue);
            self.settled.await.unwrap();
            let found = self.store.load("shop", &[self.root], &[]).await.unwrap().customers.remove(0);
            found.customer.sends.into_iter().map(|send| (send.id, send.state)).collect()
        }
    }

    /// Reads and writes that were asked for.
    #[derive(Debug, Default)]
    struct Counted([AtomicUsize; 2]);

    impl Way for Counted {
        fn trip(&self, writes: bool) -> Trip {
            self.0[usize::from(writes)].fetch_add(1, Ordering::Relaxed);
            Trip::default()
        }
    }

    #[tokio::test]
    async fn a_refusal_gives_back_in_the_document_at_hand_unless_somebody_wrote_it_since() {
        for (somebody, trips) in [(false, [0, 1]), (true, [1, 2])] {
            let place = place().await;
            place.write(0, "d1").await;
            let counted = Arc::new(Counted::default());
            let store = place.model.by(Arc::clone(&counted) as Arc<dyn Way>);
            let store = Store::modelled(store, Keep::default(), Timestamp::UNIX_EPOCH).await.unwrap();
            let mut reservation = place.asked(0, "d1");
            reservation.stands();
            let customer = Customer { sends: vec![send("d1", 0)], ..Customer::default() };
            reservation.stands_in(AsWritten::now(1, customer.clone()));
            if somebody {
                let customer = Customer { sends: vec![send("d1", 0), send("d2", 1)], ..customer };
                let write = Write { root: place.root.clone(), expect: 1, customer, now: None };
                place.store.commit(vec![write]).await.unwrap();
            }
            counted.0.iter().for_each(|count| count.store(0, Ordering::Relaxed));
            settle_one(&store, "shop", &mut reservation.into_back().unwrap()).await.unwrap();
            assert_eq!(counted.0.each_ref().map(|count| count.load(Ordering::Relaxed)), trips, "reads and writes");
            let left: Vec<_> = place.states().await.into_iter().map(|(id, _)| id).collect();
            assert_eq!(left, if somebody { vec!["d2"] } else { Vec::new() });
        }
    }

    #[tokio::test]
    async fn a_walk_that_ends_early_leaves_what_is_certain() {
        for (forwarding, left) in [(false, vec![]), (true, vec![("d1".to_owned(), SendState::Unknown)])] {
            let place = place().await;
            place.write(0, "d1").await;
            let mut reservation = place.asked(0, "d1");
            reservation.stands();
            if forwarding {
                reservation.forwarding();
            }
            drop(reservation);
            assert_eq!(place.states().await, left, "forwarding: {forwarding}");
        }
    }

    #[tokio::test]
    async fn a_release_that_ends_early_leaves_the_word_that_its_hold_was_accepted() {
        let place = place().await;
        place.write(0, "d1").await;
        let mut of_hold = send("d1", 0);
        of_hold.attempt.released = true;
        drop(Reservation::asked(&place.queue, "shop", place.root.clone(), 0, of_hold));
        assert_eq!(place.states().await, [("d1".to_owned(), SendState::Reserved)]);
    }

    #[tokio::test]
    async fn a_retry_that_lost_its_race_leaves_the_winner_under_their_one_id() {
        let place = place().await;
        let before = SendEvent { state: SendState::Unknown, ..send("d1", 0) };
        let customer = Customer { sends: vec![send("d1", 5)], ..Customer::default() };
        let write = Write { root: place.root.clone(), expect: 0, customer, now: None };
        place.store.commit(vec![write]).await.unwrap();
        let asked =
            || Reservation::asked(&place.queue, "shop", place.root.clone(), 0, send("d1", 7)).after(Some(&before));
        let mut lost = asked();
        assert!(lost.lost_its_race());
        drop(lost);
        assert!(place.queue.is_idle(), "nothing to give back");
        drop(asked());
        assert_eq!(place.states().await, [("d1".to_owned(), SendState::Reserved)], "it does not know");
    }

    #[tokio::test]
    async fn a_commit_that_arrives_after_it_was_given_up_loses() {
        let place = place().await;
        drop(place.asked(0, "d1"));
        while !place.queue.is_idle() {
            tokio::task::yield_now().await;
        }
        assert_eq!(place.write(0, "d1").await, [Written::Stale], "its version is used up");
        assert_eq!(place.states().await, []);
    }

    #[tokio::test]
    async fn an_end_that_comes_late_leaves_what_a_later_release_reserved_under_the_same_id() {
        let place = place().await;
        let mut given_up = place.asked(0, "d1");
        given_up.stands();
        let again = SendEvent { at: send("d1", 0).at + jiff::SignedDuration::from_secs(30), ..send("d1", 0) };
        let mut customer = Customer { sends: vec![again.clone()], ..Customer::default() };
        let write = Write { root: place.root.clone(), expect: 0, customer: customer.clone(), now: None };
        place.store.commit(vec![write]).await.unwrap();
        drop(given_up);
        place.queue.latest().catch_up(&mut customer);
        assert_eq!(customer.sends, [again], "nor is it missing where it is next decided on");
        assert_eq!(place.states().await, [("d1".to_owned(), SendState::Reserved)]);
    }

    #[tokio::test]
    async fn what_left_without_a_reservation_is_entered_once_the_store_is_back() {
        let place = place().await;
        place.model.fail(Fault::Down);
        let mut sent = Reservation::blind(&place.queue, "shop", place.root.clone(), send("d1", 0));
        sent.ended(SendState::Sent);
        sent.settle(true, None);
        drop(Reservation::blind(&place.queue, "shop", place.root.clone(), send("d2", 0)));
        tokio::time::sleep(PAUSE.0).await;
        place.model.fail(Fault::None);
        assert_eq!(place.states().await, [("d1".to_owned(), SendState::Sent)]);
    }
}
