//! The brands' catalogues, as imported: looked for at a start and twice a minute, never while a message waits. A
//! store that does not answer leaves the ones known in place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::Gateway;
use crate::store::{CatalogueHead, Store, StoreError};
use crate::understand::{Catalogue, Item};

/// How often a new one is looked for.
const EVERY: Duration = Duration::from_secs(20);

/// What is known, by brand.
#[derive(Debug, Default)]
pub struct Catalogues {
    known: ArcSwap<BTreeMap<String, (CatalogueHead, Arc<Catalogue>)>>,
}

impl Catalogues {
    /// The brand's catalogue; an empty one when none was imported.
    pub fn of(&self, brand: &str) -> Arc<Catalogue> {
        self.known.load().get(brand).map_or_else(Arc::default, |(_, catalogue)| Arc::clone(catalogue))
    }

    /// Takes over what changed in the store. `work` compiles, beside the runtime where it may.
    async fn look(&self, store: &Store, brand: &str, items_max: usize, works_here: bool) -> Result<(), StoreError> {
        let head = store.catalogue_head(brand).await?;
        let known = self.known.load().get(brand).map(|(head, _)| head.clone());
        if head == known {
            return Ok(());
        }
        let Some(head) = head else {
            self.known.rcu(|known| without(known, brand));
            return Ok(());
        };
        // Replaced between two questions: the next look finds the new one.
        let Some(whole) = store.catalogue(brand, &head).await? else { return Ok(()) };
        let compile = move || compile(&whole, items_max);
        let compiled = if works_here {
            compile()
        } else {
            tokio::task::spawn_blocking(compile).await.map_err(|e| StoreError::Damaged(e.to_string()))?
        };
        let compiled = Arc::new(compiled.map_err(StoreError::Damaged)?);
        tracing::info!(brand, products = compiled.len(), "a catalogue was taken over");
        self.known.rcu(|known| {
            let mut known = without(known, brand);
            known.insert(brand.to_owned(), (head.clone(), Arc::clone(&compiled)));
            known
        });
        Ok(())
    }
}

impl Gateway {
    /// Looks for new catalogues until the gateway stops.
    pub async fn keep_catalogues(self: Arc<Gateway>, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => self.look_for_catalogues().await,
            }
        }
    }

    /// Looks once.
    pub(super) async fn look_for_catalogues(&self) {
        let items_max = self.config.limits.catalogue_items_max;
        for brand in &self.config.brands {
            if let Err(error) = self.catalogues.look(&self.store, &brand.name, items_max, self.works_here).await {
                tracing::warn!(brand = brand.name, %error, "the catalogue was not looked for; tried again soon");
            }
        }
    }
}

fn without(
    known: &BTreeMap<String, (CatalogueHead, Arc<Catalogue>)>,
    brand: &str,
) -> BTreeMap<String, (CatalogueHead, Arc<Catalogue>)> {
    let mut known = known.clone();
    known.remove(brand);
    known
}

fn compile(whole: &[u8], items_max: usize) -> Result<Catalogue, String> {
    let items: Vec<Item> = serde_json::from_slice(whole).map_err(|e| format!("a catalogue cannot be read: {e}"))?;
    if items.len() > items_max {
        return Err(format!("a catalogue has {} products; [limits] catalogue_items_max is {items_max}", items.len()));
    }
    Ok(Catalogue::new(items))
}
