//! What a person may ask of a store: to see what is kept about them, and to have it erased.

use serde_json::{Value, json};

use super::backend::Record;
use super::{CustomerKey, Store, StoreError, UPDATE_ROUNDS_MAX, document};
use crate::facts::Customer;
use crate::message::Address;

impl Store {
    /// Everything kept about the person behind an address; `None` when nothing is.
    pub async fn customer_export(&self, brand: &str, address: &Address) -> Result<Option<Value>, StoreError> {
        let key = self.key(brand, address);
        let loaded = self.load(brand, std::slice::from_ref(&key), &[]).await?;
        let Some(found) = loaded.customers.into_iter().next().filter(|found| found.version > 0) else {
            return Ok(None);
        };
        let facts = serde_json::to_value(&found.customer).map_err(|e| StoreError::Damaged(e.to_string()))?;
        Ok(Some(json!({ "brand": brand, "key": found.root.0, "version": found.version, "facts": facts })))
    }

    /// Erases the person behind an address: everything but their refusals, which must go on being
    /// honoured, and the keyed hashes those stand under. The random record id goes with it, so the
    /// decision record no longer leads anywhere. A decision in flight loses its commit. False when
    /// nothing was kept.
    pub async fn customer_erase(&self, brand: &str, address: &Address) -> Result<bool, StoreError> {
        let key = self.key(brand, address);
        for _ in 0..UPDATE_ROUNDS_MAX {
            let loaded = self.load(brand, std::slice::from_ref(&key), &[]).await?;
            let Some(found) = loaded.customers.into_iter().next().filter(|found| found.version > 0) else {
                return Ok(false);
            };
            let document = Some(document::encode(&erased(found.customer))?);
            let record = Record { version: found.version, document, moved: None };
            if self.write_one(CustomerKey(found.root.0), record).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Down(format!("a customer was changed by others {UPDATE_ROUNDS_MAX} times in a row")))
    }
}

/// The seen event ids stay too: without them a repeated delivery of an old event would bring the
/// erased history back.
fn erased(customer: Customer) -> Customer {
    let opt_outs = customer.opt_outs.into_iter().filter(|fact| fact.refused).collect();
    Customer {
        members: customer.members,
        folded: customer.folded,
        joining: customer.joining,
        parting: customer.parting,
        seen: customer.seen,
        opt_outs,
        ..Customer::default()
    }
}
