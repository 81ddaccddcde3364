//! What is left to go by when the store is away: the refusals this machine remembers, and each rule's
//! `on_store_down`.

use std::collections::BTreeMap;

use super::deciding::Group;
use super::item::{Fate, Item};
use super::{Errand, Gateway};
use crate::policy::PolicySet;
use crate::store::{CustomerKey, StoreError};

impl Gateway {
    /// What was just loaded is the newest word: remembered for when nothing can be loaded.
    pub(super) fn remember_refusals(&self, groups: &BTreeMap<CustomerKey, Group>, items: &[Item]) {
        for group in groups.values() {
            if let Ok(customer) = group.facts.customer() {
                let asked = group.members.iter().filter_map(|at| items.get(*at)).map(|item| &item.key);
                self.refusals.correct(customer, asked);
            }
        }
    }

    /// The store could be read and takes nothing: what these would leave in their customers' documents
    /// cannot be written. What was to wait waits; what was to leave is decided by each rule's
    /// `on_store_down`, too, for it will not be counted.
    pub(super) async fn go_on_unwritten(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        unwritten: &[usize],
        rules: &PolicySet,
        error: &StoreError,
    ) {
        for at in unwritten {
            let Some(item) = items.get_mut(*at) else { continue };
            if item.leaves_now() {
                item.without_store = Some(error.to_string().into());
                self.decide_unknowing(errand, item, rules);
            }
            if matches!(item.fate, Fate::Open) {
                item.history = item.history.take().filter(|_| item.committed);
            }
        }
        self.keep_together(errand, items, unwritten);
        self.hold_delayed(errand, items, unwritten, false).await;
    }
}
