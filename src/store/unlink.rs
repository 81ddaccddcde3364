//! Two people were taken for one: an address leaves the history with what came from it. Like a merge,
//! over two keys that no store writes at once:
//!
//! 1. *repoint*: other addresses whose way leads past the one that leaves are sent the right way;
//! 2. *part*: the root takes the events out and keeps them beside itself as `parting`;
//! 3. *stand*: they are written under their own key, in place of its redirect, once, by its version;
//! 4. *clear*: the root lets go of what was parting.
//!
//! When the root's own address leaves, everybody else goes to the smallest key among them instead: the
//! smaller key stays the root. Whoever meets a parting history finishes steps 3 and 4 first.

use super::backend::{Ask, Record};
use super::link::Steps;
use super::{CustomerKey, Store, StoreError, UPDATE_ROUNDS_MAX, document};
use crate::facts::{Parting, split};
use crate::message::Address;

impl Store {
    /// Takes an address out of the history it was linked to. False when it stands alone.
    pub async fn unlink(&self, brand: &str, address: &Address) -> Result<bool, StoreError> {
        self.unlink_within(brand, address, Steps::ALL).await.map(|unlinked| unlinked.unwrap_or(true))
    }

    /// The same, stopped after a number of writes: `None` when it was.
    pub async fn unlink_within(
        &self,
        brand: &str,
        address: &Address,
        mut steps: Steps,
    ) -> Result<Option<bool>, StoreError> {
        let key = self.key(brand, address);
        'again: for _ in 0..UPDATE_ROUNDS_MAX {
            let loaded = self.load(brand, std::slice::from_ref(&key), &[]).await?.customers;
            let Some(mut root) = loaded.into_iter().next() else { return Ok(Some(false)) };
            let others: Vec<String> =
                root.customer.members.iter().map(|m| m.key.clone()).filter(|other| *other != key.0).collect();
            let Some(smallest) = others.iter().min().cloned() else { return Ok(Some(false)) };
            // Who goes, and to which key.
            let (leaving, home) =
                if root.root == key { (others.clone(), smallest) } else { (vec![key.0.clone()], key.0.clone()) };
            let home = CustomerKey(home);
            let right_way = if root.root == key { &home } else { &root.root };
            let records: Vec<CustomerKey> = others.into_iter().map(CustomerKey).collect();
            let found = self.inner.backend.read(&Ask { records: records.clone(), sets: Vec::new() }).await?;
            for (other, record) in records.into_iter().zip(found.records) {
                let astray = record.moved.as_ref().is_some_and(|to| to != right_way) && other != home;
                if !astray {
                    continue;
                }
                if !steps.take() {
                    return Ok(None);
                }
                let record = Record { moved: Some(right_way.clone()), ..record };
                if !self.write_one(other, record).await? {
                    continue 'again;
                }
            }
            let version = self.read_one(&home).await?.version;
            let customer = split(&mut root.customer, &leaving);
            root.customer.parting.push(Parting { key: home.0.clone(), version, customer });
            if !steps.take() {
                return Ok(None);
            }
            if !self.write_customer(&root).await? {
                continue;
            }
            let finished = self.finish_parting_within(&root.root, &mut steps).await?;
            return Ok(finished.then_some(true));
        }
        Err(StoreError::Down(format!("an unlink met other writers {UPDATE_ROUNDS_MAX} times in a row")))
    }

    /// Steps 3 and 4 for everything that is leaving this root.
    pub(super) async fn finish_parting(&self, root: &CustomerKey) -> Result<(), StoreError> {
        self.finish_parting_within(root, &mut { Steps::ALL }).await.map(|_| ())
    }

    async fn finish_parting_within(&self, root: &CustomerKey, steps: &mut Steps) -> Result<bool, StoreError> {
        for _ in 0..UPDATE_ROUNDS_MAX {
            let mut found = super::decoded(root.clone(), self.read_one(root).await?)?;
            if found.customer.parting.is_empty() {
                return Ok(true);
            }
            for parting in std::mem::take(&mut found.customer.parting) {
                if !steps.take() {
                    return Ok(false);
                }
                let document = Some(document::encode(&parting.customer)?);
                let record = Record { version: parting.version, document, moved: None };
                // Lost only to somebody who wrote the same.
                self.write_one(CustomerKey(parting.key), record).await?;
            }
            if !steps.take() {
                return Ok(false);
            }
            if self.write_customer(&found).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Down(format!("an unlink met other writers {UPDATE_ROUNDS_MAX} times in a row")))
    }
}
