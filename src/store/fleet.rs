//! Who else serves from this store: each gateway announces itself every few seconds, and whoever sees no
//! new announcement for long enough takes it for gone. What is announced is a word that changes each time:
//! observers compare it with the last one they saw, by their own stopwatch, so no two clocks are compared.

use std::collections::BTreeMap;

use super::backend::{Ask, Kept, Mark, SET_MEMBERS_MAX};
use super::{Store, StoreError};

/// The gateways of the store.
const FLEET_SET: &str = "{fleet}:gateways";

impl Store {
    /// True when other gateways may serve from it.
    pub fn is_shared(&self) -> bool {
        !self.inner.backend.is_own()
    }

    /// A secret for one purpose, the same for every gateway of the store: from the pepper, which the
    /// store never has.
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.inner.pepper.derived(purpose)
    }

    /// Announces a gateway. `word` differs from the last one; the store may forget it after `seconds`.
    pub async fn announce(&self, gateway: &str, word: &str, seconds: u32) -> Result<(), StoreError> {
        let beat = Kept { name: beat(gateway), value: word.as_bytes().to_vec(), seconds };
        self.inner.backend.keep(vec![beat]).await?;
        self.inner.backend.mark(vec![Mark { set: FLEET_SET.to_owned(), member: gateway.to_owned(), at: 0 }]).await
    }

    /// The gateways that announced themselves, each with its last word while the store has it.
    pub async fn announced(&self) -> Result<BTreeMap<String, Option<String>>, StoreError> {
        let ask = Ask { records: Vec::new(), sets: vec![(FLEET_SET.to_owned(), SET_MEMBERS_MAX)] };
        let answer = self.inner.backend.read(&ask).await?;
        let gateways: Vec<String> =
            answer.sets.into_iter().flat_map(|set| set.earliest).map(|(gateway, _)| gateway).collect();
        let names: Vec<String> = gateways.iter().map(|gateway| beat(gateway)).collect();
        let words = self.inner.backend.kept(&names).await?;
        let word = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(gateways.into_iter().zip(words.into_iter().map(|kept| kept.map(word))).collect())
    }

    /// Forgets a gateway that is gone and has nothing left. One that comes back announces itself anew.
    pub async fn forget_gateway(&self, gateway: &str) -> Result<(), StoreError> {
        self.inner.backend.unmark(vec![(FLEET_SET.to_owned(), gateway.to_owned())]).await
    }
}

fn beat(gateway: &str) -> String {
    format!("{{fleet}}:beat:{gateway}")
}
