//! From events to the store: links first, then every customer's events in one compare-and-set, many
//! customers in one round trip. Whoever loses to another writer is loaded and applied again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::read::{Refused, Told};
use crate::facts::apply::is_applied;
use crate::facts::customer::ADDRESSES_PER_CUSTOMER_MAX;
use crate::facts::fold::join;
use crate::facts::outcomes::{Moot, moot};
use crate::facts::sends::end_lease_of;
use crate::facts::{Event, Member, What, apply, kind_of, trim};
use crate::store::{CustomerKey, Linked, LoadedCustomer, Store, StoreError, Write, Written};

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

impl Taken {
    fn join(&mut self, other: Taken) {
        self.learnt.extend(other.learnt);
        self.duplicate += other.duplicate;
        self.refused.extend(other.refused);
    }
}

/// One person in a round: the document to be written, and what becomes of the lines about them if it is.
struct Person {
    write: Write,
    from: Vec<CustomerKey>,
    taken: Taken,
}

impl Person {
    fn of(found: LoadedCustomer) -> Person {
        let write = Write { root: found.root, expect: found.version, customer: found.customer, now: None };
        Person { write, from: Vec::new(), taken: Taken::default() }
    }

    /// Applies one line; true when it was new.
    fn hears(&mut self, brand: &str, key: &CustomerKey, told: &Told, now: Timestamp) -> bool {
        let (event, customer) = (&told.event, &mut self.write.customer);
        if let What::Outcome { decision, outcome } = &event.what
            && !is_applied(customer, &event.id)
        {
            // What nobody settled within its lease is unknown, whoever finds that out.
            end_lease_of(customer, decision, now);
            match moot(customer, decision, *outcome) {
                None => {}
                Some(Moot::Known) => {
                    self.taken.duplicate += 1;
                    return false;
                }
                Some(why) => {
                    tracing::warn!(decision, ?outcome, %why, "an event about an outcome changed nothing");
                    self.taken.refused.push(Refused { line: told.line, why: why.to_string() });
                    return false;
                }
            }
        }
        if !apply(customer, event, &key.0) {
            self.taken.duplicate += 1;
            return false;
        }
        join(customer, Member { key: key.0.clone(), kind: told.addresses[0].kind(), at: event.at });
        self.taken.learnt.push(Learnt { brand: brand.to_owned(), key: Some(key.clone()), event: event.clone() });
        true
    }
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
        let mut people: BTreeMap<CustomerKey, Person> = BTreeMap::new();
        let mut kinds = BTreeSet::new();
        for (key, found) in left.iter().zip(loaded.customers) {
            let person = people.entry(found.root.clone()).or_insert_with(|| Person::of(found));
            person.from.push(key.clone());
            for told in waiting.get(key).map(Vec::as_slice).unwrap_or_default() {
                if person.hears(brand, key, told, now) {
                    kinds.extend(kind_of(&told.event.what).filter(|kind| !loaded.known_since.contains_key(kind)));
                }
            }
            trim(&mut person.write.customer, now, store.history_kept());
        }
        let (news, known): (Vec<_>, Vec<_>) = people.into_values().partition(|p| !p.taken.learnt.is_empty());
        let writes = news.iter().map(|person| person.write.clone()).collect();
        let law = |person: &Person| {
            person.from.iter().flat_map(|key| waiting.get(key)).flatten().any(|told| is_law(&told.event.what))
        };
        let written = match news.iter().any(law) {
            true => store.commit_safe(writes).await?,
            false => store.commit(writes).await?,
        };
        // Told again, perhaps because the first answer was "not safe yet".
        let again: Vec<CustomerKey> =
            known.iter().filter(|person| law(person)).map(|person| person.write.root.clone()).collect();
        store.is_safe(&again).await?;
        known.into_iter().for_each(|person| taken.join(person.taken));
        left.clear();
        for (person, written) in news.into_iter().zip(written) {
            match written {
                Written::Done(_) => taken.join(person.taken),
                Written::Stale | Written::Clock(_) => left.extend(person.from),
            }
        }
        // Known from when the first was told, not from when it happened: what came before it was not told.
        for kind in kinds {
            store.mark_known(brand, kind, now).await?;
        }
    }
    Err(StoreError::Down(format!("customers were changed by others {ROUNDS_MAX} times in a row")))
}
