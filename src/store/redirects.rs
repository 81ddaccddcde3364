//! Where moved histories went, remembered so that they cost one round trip like all others. Only a
//! guess: the root that is read must list the address among its members, else the key itself is read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::CustomerKey;

/// Redirects remembered; beyond it all are forgotten and learnt anew, which costs a round trip each.
const REDIRECTS_KEPT_MAX: usize = 65_536;

/// The memory of one gateway.
#[derive(Debug, Default)]
pub(super) struct Redirects {
    known: Mutex<HashMap<CustomerKey, CustomerKey>>,
}

impl Redirects {
    /// Where to look first.
    pub(super) fn guess(&self, key: &CustomerKey) -> CustomerKey {
        self.lock().get(key).unwrap_or(key).clone()
    }

    /// Remembers where a history was found.
    pub(super) fn learn(&self, key: &CustomerKey, root: &CustomerKey) {
        if key == root {
            return;
        }
        let mut known = self.lock();
        if known.len() >= REDIRECTS_KEPT_MAX {
            known.clear();
        }
        if known.get(key) != Some(root) {
            known.insert(key.clone(), root.clone());
        }
    }

    /// Forgets a wrong guess.
    pub(super) fn forget(&self, key: &CustomerKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CustomerKey, CustomerKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
