//! From events to the store: links first, then every customer's events in one compare-and-set, many
//! customers in one round trip. Whoever loses to another writer is loaded and applied again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::read::{Refused, Told};
use crate::facts::customer::ADDRESSES_PER_CUSTOMER_MAX;
use crate::facts::fold::join;
use crate::facts::{Event, Member, What, apply, kind_of, trim};
use crate::store::{CustomerKey, Linked, Store, StoreError, Write, Written};

/// Events that are the brand's own, in one round trip.
const EVENTS_PER_TRIP: usize = 1_000;
/// Customers in one round trip.
const CUSTOMERS_PER_TRIP: usize = 500;
/// Lost rounds after which the client is asked to come again.
const ROUNDS_MAX: usize = 32;

/// One event that was new, for the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// The brand it was told for.
    pub brand: String,
    /// The key of the address it was told of; none for an event that is the brand's own.
    pub key: Option<CustomerKey>,
    /// The event; an identity link names the other address by its key, a voucher's code is hashed.
    pub event: Event,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// New.
    pub learnt: Vec<Learnt>,
    /// Known before.
    pub duplicate: usize,
    /// Not taken.
    pub refused: Vec<Refused>,
}

/// Applies what could be read.
pub(super) async fn take(
    store: &Store,
    brand: &str,
    lines: Vec<Result<Told, Refused>>,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let mut taken = Taken::default();
    let mut waiting: BTreeMap<CustomerKey, Vec<Told>> = BTreeMap::new();
    let mut of_brand: Vec<Event> = Vec::new();
    for line in lines {
        let told = match line {
            Ok(told) => told,
            Err(refused) => {
                taken.refused.push(refused);
                continue;
            }
        };
        if told.event.what.is_of_brand() {
            of_brand.push(told.event);
            continue;
        }
        if let Some(told) = link(store, brand, told, &mut taken).await? {
            waiting.entry(store.key(brand, &told.addresses[0])).or_default().push(told);
        }
    }
    let keys: Vec<CustomerKey> = waiting.keys().cloned().collect();
    for trip in keys.chunks(CUSTOMERS_PER_TRIP) {
        apply_to(store, brand, trip, &waiting, now, &mut taken).await?;
    }
    for trip in of_brand.chunks(EVENTS_PER_TRIP) {
        take_of_brand(store, brand, trip, now, &mut taken).await?;
    }
    taken.refused.sort_by_key(|refused| refused.line);
    Ok(taken)
}

/// What is the brand's own: two equal events of one body are both new, and the same thing.
async fn take_of_brand(
    store: &Store,
    brand: &str,
    events: &[Event],
    now: Timestamp,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let mut kinds = BTreeSet::new();
    for (event, new) in events.iter().zip(store.learn_of_brand(brand, events).await?) {
        if new {
            kinds.extend(kind_of(&event.what));
            taken.learnt.push(Learnt { brand: brand.to_owned(), key: None, event: store.without_code(brand, event) });
        } else {
            taken.duplicate += 1;
        }
    }
    for kind in kinds {
        store.mark_known(brand, kind, now).await?;
    }
    Ok(())
}

/// Joins the addresses of one event. `None` when nothing is left to apply.
async fn link(store: &Store, brand: &str, told: Told, taken: &mut Taken) -> Result<Option<Told>, StoreError> {
    let mut joined = false;
    for other in told.addresses.iter().skip(1) {
        match store.link(brand, &told.addresses[0], other, told.event.at).await? {
            Linked::Joined(_) => {
                joined = true;
                // A refusal told with it must be found from both sides, whichever server keeps them.
                if is_law(&told.event.what) {
                    let keys = [store.key(brand, &told.addresses[0]), store.key(brand, other)];
                    store.is_safe(&keys).await?;
                }
            }
            Linked::Already(_) => {}
            Linked::TooMany { .. } => {
                let why = format!("the person would have more than {ADDRESSES_PER_CUSTOMER_MAX} addresses");
                taken.refused.push(Refused { line: told.line, why });
                return Ok(None);
            }
            Linked::Interrupted => return Err(StoreError::Unknown("a link was interrupted".to_owned())),
        }
    }
    if !matches!(told.event.what, What::IdentityLink { .. }) {
        return Ok(Some(told));
    }
    if joined {
        let other = told.addresses.get(1).map(|address| store.key(brand, address).0);
        let event = super::for_journal(&told.event, other);
        let key = Some(store.key(brand, &told.addresses[0]));
        taken.learnt.push(Learnt { brand: brand.to_owned(), key, event });
    } else {
        taken.duplicate += 1;
    }
    Ok(None)
}

/// What the law asks us to remember: it must survive the loss of a server.
fn is_law(what: &What) -> bool {
    matches!(what, What::OptOut { .. } | What::Consent { .. } | What::ComplaintOpened { .. })
}

async fn apply_to(
    store: &Store,
    brand: &str,
    keys: &[CustomerKey],
    waiting: &BTreeMap<CustomerKey, Vec<Told>>,
    now: Timestamp,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let mut left: Vec<CustomerKey> = keys.to_vec();
    for _ in 0..ROUNDS_MAX {
        if left.is_empty() {
            return Ok(());
        }
        let loaded = store.load(brand, &left, &[]).await?;
        // Two keys of one person come back with one root: one document, one write.
        let mut people: BTreeMap<CustomerKey, (Write, Vec<CustomerKey>, Vec<Learnt>, usize)> = BTreeMap::new();
        let mut kinds = BTreeSet::new();
        for (key, found) in left.iter().zip(loaded.customers) {
            let root = found.root.clone();
            let write = Write { root: found.root, expect: found.version, customer: found.customer, now: None };
            let (write, from, learnt, duplicate) = people.entry(root).or_insert((write, Vec::new(), Vec::new(), 0));
            from.push(key.clone());
            for told in waiting.get(key).map(Vec::as_slice).unwrap_or_default() {
                let (address, event) = (&told.addresses[0], &told.event);
                if apply(&mut write.customer, event, &key.0) {
                    join(&mut write.customer, Member { key: key.0.clone(), kind: address.kind(), at: event.at });
                    kinds.extend(kind_of(&event.what).filter(|kind| !loaded.known_since.contains_key(kind)));
                    learnt.push(Learnt { brand: brand.to_owned(), key: Some(key.clone()), event: event.clone() });
                } else {
                    *duplicate += 1;
                }
            }
            trim(&mut write.customer, now, store.history_kept());
        }
        let (news, known): (Vec<_>, Vec<_>) = people.into_values().partition(|(_, _, learnt, _)| !learnt.is_empty());
        taken.duplicate += known.iter().map(|(_, _, _, duplicate)| duplicate).sum::<usize>();
        let writes = news.iter().map(|(write, ..)| write.clone()).collect();
        let law = |from: &[CustomerKey]| {
            from.iter().flat_map(|key| waiting.get(key)).flatten().any(|told| is_law(&told.event.what))
        };
        let written = match news.iter().any(|(_, from, ..)| law(from)) {
            true => store.commit_safe(writes).await?,
            false => store.commit(writes).await?,
        };
        // Told again, perhaps because the first answer was "not safe yet".
        let again: Vec<CustomerKey> =
            known.iter().filter(|(_, from, ..)| law(from)).map(|(write, ..)| write.root.clone()).collect();
        store.is_safe(&again).await?;
        left.clear();
        for ((_, from, learnt, duplicate), written) in news.into_iter().zip(written) {
            match written {
                Written::Done(_) => {
                    taken.learnt.extend(learnt);
                    taken.duplicate += duplicate;
                }
                Written::Stale | Written::Clock(_) => left.extend(from),
            }
        }
        // Known from when the first was told, not from when it happened: what came before it was not told.
        for kind in kinds {
            store.mark_known(brand, kind, now).await?;
        }
    }
    Err(StoreError::Down(format!("customers were changed by others {ROUNDS_MAX} times in a row")))
}
