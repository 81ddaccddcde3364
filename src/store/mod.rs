//! Where facts live. One contract, kept by one shared suite against every backend: load → decide →
//! commit, a compare-and-set on the customer's version. Never in a script what can be decided
//! outside it.

pub mod backend;
mod brand;
mod canary;
mod catalogue;
mod claims;
pub mod document;
pub mod embedded;
mod erase;
pub mod erasures;
mod fleet;
mod holds;
mod link;
pub mod message_key;
pub mod modelled;
#[cfg(feature = "naive-store")]
mod naive;
pub mod pepper;
mod redirects;
pub mod redis;
pub mod refusals;
mod replies;
mod safety;
pub mod settings;
pub mod standing;
mod unlink;
mod watched;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use self::backend::Backend;
pub use self::backend::Kept;
use self::backend::{Ask, Mark, Record, RecordWrite, Wrote};
pub use self::catalogue::{CATALOGUE_BYTES_MAX, CatalogueHead};
pub use self::holds::{DUE_LIST_MAX, StoredNote};
pub use self::link::{Linked, Steps};
pub use self::message_key::{KeyParts, Keyed};
pub use self::modelled::{Fault, Modelled, Trip, Way};
pub use self::pepper::Pepper;
use self::redirects::Redirects;
pub use self::refusals::Refusals;
pub use self::settings::{OpenError, Servers, StoreKind, StoreSettings};
pub use self::standing::Standing;
use self::watched::Watched;
use crate::clock::Clock;
use crate::facts::{self, BrandFacts, Customer, FactKind, Family, FamilyClaims, Keep, Named};
use crate::message::Address;

/// The keyed hash of (brand, address): hex, 32 digits. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerKey(pub String);

impl fmt::Display for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the store did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, too slow, or refusing: nothing was read. For a write: see `Unknown`.
    #[error("the store does not answer: {0}")]
    Down(String),
    /// A write was asked for and the answer is lost: it may have been applied.
    #[error("the store's answer was lost: {0}")]
    Unknown(String),
    /// The document is of a newer format than this build reads: treated as down, never overwritten.
    #[error("a document in format {0} was written by a newer tactgate")]
    NewerFormat(u8),
    /// The stored bytes cannot be read.
    #[error("a document cannot be read: {0}")]
    Damaged(String),
}

/// One customer as loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCustomer {
    /// The root under which the history is kept (the key asked for, or where it moved).
    pub root: CustomerKey,
    /// Version to compare at commit; 0 = not there yet.
    pub version: u64,
    /// The document; empty when not there yet.
    pub customer: Customer,
}

/// One round trip's worth of facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// In the order of the keys asked for; two keys of one person give the same root twice.
    pub customers: Vec<LoadedCustomer>,
    /// Claims of the families asked for; absent = never claimed.
    pub claims: BTreeMap<Family, FamilyClaims>,
    /// The brand's own facts of what was named; absent = never told.
    pub brand: BrandFacts,
    /// Since when each kind of fact is known for this brand.
    pub known_since: BTreeMap<FactKind, Timestamp>,
}

/// A compare-and-set of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The root.
    pub root: CustomerKey,
    /// The version that was loaded.
    pub expect: u64,
    /// The new document.
    pub customer: Customer,
    /// What the clock said when it was decided, by the store's offset; none where nothing was decided.
    pub now: Option<Timestamp>,
}

/// What became of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Done; the new version.
    Done(u64),
    /// Somebody else wrote first: load and decide again.
    Stale,
    /// Not written: the store's clock, told here, is too far from the `now` that was decided with.
    Clock(Timestamp),
}

/// Lost compare-and-sets after which an update gives up: far more than any one customer's doors.
const UPDATE_ROUNDS_MAX: u32 = 64;
/// Redirects followed from one address key; merging keeps chains at one, a crash may leave a few.
const REDIRECTS_MAX: usize = 8;

/// Where facts live. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Watched,
    pepper: Pepper,
    keep: Keep,
    redirects: Redirects,
}

impl Inner {
    fn new(backend: Watched, pepper: Pepper, keep: Keep) -> Inner {
        Inner { backend, pepper, keep, redirects: Redirects::default() }
    }
}

impl Store {
    /// Opens the store that the settings name. `now` becomes the instant of installation when the
    /// store is new: what the gateway itself sends is known from then on.
    pub async fn open(settings: &StoreSettings, now: Timestamp) -> Result<Store, OpenError> {
        let backend = match settings.kind {
            StoreKind::Embedded => {
                let dir = settings.dir.clone();
                let answer = Duration::from_millis(settings.answer_ms.max(settings::FILES_ANSWER_MS_MIN));
                let opening = tokio::task::spawn_blocking(move || embedded::Embedded::open(&dir, answer));
                Backend::Embedded(opening.await.map_err(|e| StoreError::Down(e.to_string()))??)
            }
            StoreKind::Redis => Backend::Redis(redis::Redis::open(settings).await?),
        };
        let path = settings.pepper_path();
        let stored = stored_canary(&backend).await?;
        let pepper = match (Pepper::read(&path)?, &stored) {
            (Some(pepper), _) => pepper,
            (None, None) => Pepper::generate(&path)?,
            // A new pepper beside an old store would hide every opt-out in it.
            (None, Some(stored)) => {
                let stored = key_id(stored);
                return Err(OpenError::OtherPepper { path, ours: "none".to_owned(), stored });
            }
        };
        if stored.is_none() {
            let at = now.as_microsecond();
            let mark = |set: &str, member: String| Mark { set: set.to_owned(), member, at };
            backend.mark(vec![mark(PEPPER_SET, pepper.canary()), mark(INSTALLED_SET, "at".to_owned())]).await?;
        }
        match stored_canary(&backend).await? {
            Some(stored) if stored != pepper.canary() => {
                let (ours, stored) = (pepper.id().to_owned(), key_id(&stored));
                Err(OpenError::OtherPepper { path, ours, stored })
            }
            _ => {
                let watched = Watched::new(backend, settings);
                Ok(Store { inner: Arc::new(Inner::new(watched, pepper, settings.keep())) })
            }
        }
    }

    /// A store in memory that was installed at `now`.
    pub async fn modelled(model: Modelled, keep: Keep, now: Timestamp) -> Result<Store, StoreError> {
        let backend = Backend::Modelled(model);
        let at = now.as_microsecond();
        backend.mark(vec![Mark { set: INSTALLED_SET.to_owned(), member: "at".to_owned(), at }]).await?;
        Ok(Store { inner: Arc::new(Inner::new(Watched::unguarded(backend), Pepper::fixed(), keep)) })
    }

    /// The key under which facts about an address are kept for a brand.
    pub fn key(&self, brand: &str, address: &Address) -> CustomerKey {
        self.inner.pepper.key(brand, address)
    }

    /// How much history is kept; rules with longer windows are load errors.
    pub fn history_kept(&self) -> Keep {
        self.inner.keep
    }

    /// Brings everything one decision needs, in one round trip (a moved history costs a second, the
    /// first time). A merge that somebody left unfinished is finished first.
    pub async fn load(&self, brand: &str, keys: &[CustomerKey], families: &[Family]) -> Result<Loaded, StoreError> {
        self.load_named(brand, keys, &Named::families(families)).await
    }

    /// The same, with all that a message names of the brand's own facts.
    pub async fn load_named(&self, brand: &str, keys: &[CustomerKey], named: &Named) -> Result<Loaded, StoreError> {
        let tag = self.inner.pepper.brand(brand);
        let families = &named.families;
        let roots: Vec<CustomerKey> = keys.iter().map(|key| self.inner.redirects.guess(key)).collect();
        let mut ask = Ask { records: roots.clone(), sets: Vec::with_capacity(2 + 2 * families.len()) };
        ask.sets.push((INSTALLED_SET.to_owned(), 1));
        ask.sets.push((claims::since_set(&tag), 16));
        for family in families {
            ask.sets.extend(claims::family_sets(&tag, family));
        }
        ask.sets.extend(self.brand_sets(brand, &tag, named));
        let answer = self.inner.backend.read(&ask).await?;
        let mut loaded = Loaded { known_since: claims::known_since(&answer.sets), ..Loaded::default() };
        let sets = answer.sets.get(2..).unwrap_or_default();
        let (of_families, of_brand) = sets.split_at_checked(2 * families.len()).unwrap_or_default();
        loaded.brand = brand::of_sets(named, of_brand);
        for (family, sets) in families.iter().zip(of_families.chunks(2)) {
            if let Some(known) = claims::of_sets(sets) {
                loaded.claims.insert(family.clone(), known);
            }
        }
        loaded.customers = self.follow(keys, roots, answer.records).await?;
        Ok(loaded)
    }

    /// Writes each customer if nobody wrote it since it was loaded.
    pub async fn commit(&self, mut writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        self.commit_trimmed(&mut writes, false).await
    }

    /// The same for one who goes on with what he wrote: each customer is left as it now stands in the store.
    pub async fn commit_and_keep(&self, writes: &mut [Write]) -> Result<Vec<Written>, StoreError> {
        self.commit_trimmed(writes, false).await
    }

    async fn commit_trimmed(&self, writes: &mut [Write], safe: bool) -> Result<Vec<Written>, StoreError> {
        let mut records = Vec::with_capacity(writes.len());
        let mut versions = Vec::with_capacity(writes.len());
        for Write { root, expect, customer, now: decided_at } in writes {
            if let Some(now) = customer.last_now {
                facts::trim(customer, now, self.inner.keep);
            }
            let document = Some(document::encode(customer)?);
            versions.push(*expect + 1);
            let record = Record { version: *expect, document, moved: None };
            records.push(RecordWrite { key: root.clone(), record, now: decided_at.map(|at| at.as_microsecond()) });
        }
        let done = match safe {
            true => self.inner.backend.write_safe(records).await?,
            false => self.inner.backend.write(records).await?,
        };
        let written = |(wrote, version)| match wrote {
            Wrote::Done => Ok(Written::Done(version)),
            Wrote::Stale => Ok(Written::Stale),
            Wrote::Clock(micros) => Timestamp::from_microsecond(micros)
                .map(Written::Clock)
                .map_err(|e| StoreError::Damaged(format!("the store's clock: {e}"))),
        };
        done.into_iter().zip(versions).map(written).collect()
    }

    /// Changes one customer by load and compare-and-set, again until nobody comes between. `change`
    /// answers false when there is nothing to change. True when something was written.
    pub async fn update(
        &self,
        brand: &str,
        key: &CustomerKey,
        mut change: impl FnMut(&mut Customer) -> bool,
    ) -> Result<bool, StoreError> {
        for _ in 0..UPDATE_ROUNDS_MAX {
            let loaded = self.load(brand, std::slice::from_ref(key), &[]).await?;
            let Some(found) = loaded.customers.into_iter().next() else { break };
            let mut customer = found.customer;
            if !change(&mut customer) {
                return Ok(false);
            }
            let write = Write { root: found.root, expect: found.version, customer, now: None };
            if let Some(Written::Done(_)) = self.commit(vec![write]).await?.first() {
                return Ok(true);
            }
        }
        Err(StoreError::Down(format!("a customer was changed by others {UPDATE_ROUNDS_MAX} times in a row")))
    }

    /// How far the store's clock is ahead of the gateway's, measured at the middle of one round trip:
    /// gateways whose clocks differ must still agree on one customer's windows. Zero where the store
    /// has no clock of its own.
    pub async fn clock_offset(&self, clock: &Clock) -> Result<SignedDuration, StoreError> {
        let before = clock.now();
        let Some(time) = self.inner.backend.time().await? else { return Ok(SignedDuration::ZERO) };
        let middle = before + clock.now().duration_since(before) / 2;
        Ok(time.duration_since(middle))
    }

    /// Keeps values for a while, for whoever knows their names.
    pub async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        self.inner.backend.keep(values).await
    }

    /// Values kept earlier, in the order asked for.
    pub async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.inner.backend.kept(names).await
    }

    /// Answers when the store does.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.backend.ping().await
    }

    /// Answers when everything accepted before is written.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.backend.close().await
    }

    /// From records to customers: follows redirects, finishes merges (from either side), decodes.
    async fn follow(
        &self,
        keys: &[CustomerKey],
        roots: Vec<CustomerKey>,
        records: Vec<Record>,
    ) -> Result<Vec<LoadedCustomer>, StoreError> {
        let mut guessed: Vec<bool> = keys.iter().zip(&roots).map(|(key, root)| key != root).collect();
        let mut places: Vec<(CustomerKey, Record)> = roots.into_iter().zip(records).collect();
        let mut found: Vec<Option<LoadedCustomer>> = vec![None; keys.len()];
        for _ in 0..REDIRECTS_MAX {
            let mut again: Vec<usize> = Vec::new();
            for (at, (key, record)) in places.iter_mut().enumerate() {
                if found[at].is_some() {
                    continue;
                }
                if let Some(root) = record.moved.take() {
                    if record.document.is_some() {
                        self.finish_merge(key, &mut { Steps::ALL }).await?;
                    }
                    *key = root;
                    again.push(at);
                    continue;
                }
                let customer = decoded(key.clone(), std::mem::take(record))?;
                if !customer.customer.parting.is_empty() {
                    self.finish_parting(&customer.root).await?;
                    *key = keys[at].clone();
                    again.push(at);
                    continue;
                }
                if std::mem::take(&mut guessed[at]) && !customer.customer.members.iter().any(|m| m.key == keys[at].0) {
                    // The guess was wrong: the address has been taken out of that history.
                    self.inner.redirects.forget(&keys[at]);
                    *key = keys[at].clone();
                    again.push(at);
                    continue;
                }
                if customer.customer.joining.is_empty() {
                    self.inner.redirects.learn(&keys[at], &customer.root);
                    found[at] = Some(customer);
                    continue;
                }
                for joining in customer.customer.joining {
                    self.unite(&[key.clone(), CustomerKey(joining)], None, &mut { Steps::ALL }).await?;
                }
                again.push(at);
            }
            if again.is_empty() {
                return Ok(found.into_iter().flatten().collect());
            }
            let records = again.iter().map(|at| places[*at].0.clone()).collect();
            let answer = self.inner.backend.read(&Ask { records, sets: Vec::new() }).await?;
            for (at, record) in again.into_iter().zip(answer.records) {
                places[at].1 = record;
            }
        }
        Err(StoreError::Down(format!("a customer was moved or joined more than {REDIRECTS_MAX} times in a row")))
    }
}

/// Set of the store's own: the canary of the pepper it was written with.
const PEPPER_SET: &str = "{store}:pepper";
/// Set of the store's own: when it was installed.
const INSTALLED_SET: &str = "{store}:installed";

async fn stored_canary(backend: &Backend) -> Result<Option<String>, StoreError> {
    let ask = Ask { records: Vec::new(), sets: vec![(PEPPER_SET.to_owned(), 1)] };
    let answer = backend.read(&ask).await?;
    Ok(answer.sets.into_iter().next().and_then(|set| set.earliest.into_iter().next()).map(|(member, _)| member))
}

fn key_id(canary: &str) -> String {
    canary.split(':').next().unwrap_or(canary).to_owned()
}

fn decoded(root: CustomerKey, record: Record) -> Result<LoadedCustomer, StoreError> {
    let customer = record.document.as_deref().map(document::decode).transpose()?.unwrap_or_default();
    Ok(LoadedCustomer { root, version: record.version, customer })
}
