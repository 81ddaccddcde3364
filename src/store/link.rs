//! Two known customers turn out to be one person. No store writes two keys at once (a cluster keeps
//! them on two machines), so a merge is four compare-and-sets, each of which may be the last one this
//! gateway ever makes:
//!
//! 1. *claim*: the root takes the loser's addresses into its list and notes the loser as `joining`, or
//!    the link is refused as too many;
//! 2. *freeze*: the loser becomes `moved = root` and keeps its document; commits in flight lose;
//! 3. *fold*: the root takes in the frozen document, once, by (key, version), and the note goes;
//! 4. *drop*: the loser lets go of its frozen document.
//!
//! The smaller key is always the root, so chains are short and never circular. Whoever meets a note or
//! a frozen document, from either side, finishes the merge before reading on.

use jiff::Timestamp;

use super::backend::{Ask, Record, RecordWrite, Wrote};
use super::{CustomerKey, LoadedCustomer, REDIRECTS_MAX, Store, StoreError, UPDATE_ROUNDS_MAX, document};
use crate::facts::customer::ADDRESSES_PER_CUSTOMER_MAX;
use crate::facts::fold::join;
use crate::facts::{Member, fold};
use crate::message::Address;

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// One history now, under this root.
    Joined(CustomerKey),
    /// It was one history before.
    Already(CustomerKey),
    /// Together they would have more than [`ADDRESSES_PER_CUSTOMER_MAX`] addresses: nothing was done.
    TooMany {
        /// How many they would have.
        addresses: usize,
    },
    /// Stopped by [`Steps`]; whoever reads next finishes what began to move.
    Interrupted,
}

/// How many writes a link may make: the gateway that dies in the middle, for tests and simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps(usize);

impl Steps {
    /// As many as it takes.
    pub const ALL: Steps = Steps(usize::MAX);

    /// At most `writes`.
    pub fn at_most(writes: usize) -> Steps {
        Steps(writes)
    }

    pub(super) fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

impl Store {
    /// Joins the histories of two addresses of one person.
    pub async fn link(&self, brand: &str, a: &Address, b: &Address, at: Timestamp) -> Result<Linked, StoreError> {
        self.link_within(brand, a, b, at, Steps::ALL).await
    }

    /// The same, stopped after a number of writes.
    pub async fn link_within(
        &self,
        brand: &str,
        a: &Address,
        b: &Address,
        at: Timestamp,
        mut steps: Steps,
    ) -> Result<Linked, StoreError> {
        let members = [a, b].map(|address| Member { key: self.key(brand, address).0, kind: address.kind(), at });
        let linked =
            self.unite(&members.clone().map(|member| CustomerKey(member.key)), Some(&members), &mut steps).await?;
        if linked == Linked::Interrupted {
            tracing::warn!("a link stopped half-way; the next reader finishes it");
        }
        Ok(linked)
    }

    /// Makes one history of two keys. Without `members` it finishes what a note asks for: the addresses
    /// are on the root's list already and were counted then.
    pub(super) async fn unite(
        &self,
        keys: &[CustomerKey; 2],
        members: Option<&[Member; 2]>,
        steps: &mut Steps,
    ) -> Result<Linked, StoreError> {
        for _ in 0..UPDATE_ROUNDS_MAX {
            let mut root = self.settled(&keys[0]).await?;
            let mut loser = self.settled(&keys[1]).await?;
            if root.root == loser.root {
                let notes = root.customer.joining.len();
                root.customer.joining.retain(|key| *key != keys[0].0 && *key != keys[1].0);
                if root.customer.joining.len() < notes && !self.write_customer(&root).await? {
                    continue;
                }
                return Ok(Linked::Already(root.root));
            }
            if loser.root < root.root {
                std::mem::swap(&mut root, &mut loser);
            }
            let unchanged = root.customer.clone();
            for member in members.into_iter().flatten() {
                join(&mut root.customer, member.clone());
            }
            for member in &loser.customer.members {
                join(&mut root.customer, member.clone());
            }
            let addresses = root.customer.members.len();
            let noted = root.customer.joining.contains(&loser.root.0);
            if addresses > ADDRESSES_PER_CUSTOMER_MAX && !noted {
                return Ok(Linked::TooMany { addresses });
            }
            if !noted {
                root.customer.joining.push(loser.root.0.clone());
                root.customer.joining.sort();
            }
            if root.customer != unchanged {
                if !steps.take() {
                    return Ok(Linked::Interrupted);
                }
                if !self.write_customer(&root).await? {
                    continue;
                }
            }
            if !steps.take() {
                return Ok(Linked::Interrupted);
            }
            let document = Some(document::encode(&loser.customer)?);
            let frozen = Record { version: loser.version, document, moved: Some(root.root.clone()) };
            if !self.write_one(loser.root.clone(), frozen).await? {
                continue;
            }
            let finished = self.finish_merge(&loser.root, steps).await?;
            return Ok(if finished { Linked::Joined(root.root) } else { Linked::Interrupted });
        }
        Err(StoreError::Down(format!("a link met other writers {UPDATE_ROUNDS_MAX} times in a row")))
    }

    /// Steps 3 and 4 for a frozen document. False when `steps` ran out.
    pub(super) async fn finish_merge(&self, loser: &CustomerKey, steps: &mut Steps) -> Result<bool, StoreError> {
        for _ in 0..UPDATE_ROUNDS_MAX {
            let frozen = self.read_one(loser).await?;
            let (Some(bytes), Some(towards)) = (&frozen.document, &frozen.moved) else { return Ok(true) };
            let mut root = self.settled(towards).await?;
            if fold(&mut root.customer, &loser.0, frozen.version, &document::decode(bytes)?) {
                if !steps.take() {
                    return Ok(false);
                }
                if !self.write_customer(&root).await? {
                    continue;
                }
            }
            if !steps.take() {
                return Ok(false);
            }
            let dropped = Record { version: frozen.version, document: None, moved: frozen.moved.clone() };
            // Lost only to somebody who finished the same merge.
            self.write_one(loser.clone(), dropped).await?;
            return Ok(true);
        }
        Err(StoreError::Down(format!("a merge met other writers {UPDATE_ROUNDS_MAX} times in a row")))
    }

    /// The customer where a chain of redirects ends. What is frozen on the way is folded first, so that
    /// a history folded into the end is not folded there a second time through a link of the chain.
    pub(super) async fn settled(&self, start: &CustomerKey) -> Result<LoadedCustomer, StoreError> {
        let mut key = start.clone();
        for _ in 0..REDIRECTS_MAX {
            let record = self.read_one(&key).await?;
            let Some(next) = record.moved.clone() else {
                let found = super::decoded(key, record)?;
                if found.customer.parting.is_empty() {
                    return Ok(found);
                }
                self.finish_parting(&found.root).await?;
                key = start.clone();
                continue;
            };
            if record.document.is_some() {
                Box::pin(self.finish_merge(&key, &mut { Steps::ALL })).await?;
            }
            key = next;
        }
        Err(StoreError::Damaged(format!("a customer was moved more than {REDIRECTS_MAX} times")))
    }

    pub(super) async fn write_customer(&self, found: &LoadedCustomer) -> Result<bool, StoreError> {
        let document = Some(document::encode(&found.customer)?);
        self.write_one(found.root.clone(), Record { version: found.version, document, moved: None }).await
    }

    pub(super) async fn read_one(&self, key: &CustomerKey) -> Result<Record, StoreError> {
        let answer = self.inner.backend.read(&Ask { records: vec![key.clone()], sets: Vec::new() }).await?;
        Ok(answer.records.into_iter().next().unwrap_or_default())
    }

    pub(super) async fn write_one(&self, key: CustomerKey, record: Record) -> Result<bool, StoreError> {
        let done = self.inner.backend.write(vec![RecordWrite { key, record, now: None }]).await?;
        Ok(done.first() == Some(&Wrote::Done))
    }
}
