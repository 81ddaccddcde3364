//! Lines of holds that are gone. A commit that got no answer may have listed a hold that the next round took
//! back: whoever comes again must not be told that it waits. So what was to wait waits in another hold, and
//! the line of what was not taken at all is taken out before its client hears so. And of what no document
//! lists, the hold file notes whose client was told.

use super::ending::{End, Settlement};
use super::item::{Fate, Item};
use super::queue::settle_root;
use super::{Errand, Gateway};
use crate::decide::Verdict;

impl Gateway {
    /// Takes out the lines of holds that were taken back, of whatever the client is to bring again.
    pub(super) async fn unlist_taken_back(&self, errand: &Errand<'_>, items: &[Item]) {
        let brand = &errand.submission.stream.brand;
        for item in items.iter().filter(|item| !item.is_seen_to() && !item.committed) {
            for id in &item.holds_taken_back {
                let (brand, root, id) = (brand.clone(), item.key.clone(), id.clone());
                let line = Settlement { brand, root, id, at: item.now, end: End::NotHeld, reply: None, document: None };
                let unlisted = match self.is_certain() {
                    true => settle_root(&self.store, &line.brand, &line.root, std::slice::from_ref(&line)).await,
                    false => {
                        self.settle.push(line.clone());
                        Ok(())
                    }
                };
                if let Err(error) = unlisted {
                    tracing::warn!(%error, hold = line.id, "a hold that was taken back is listed until the store is back");
                    self.settle.push(line);
                }
            }
        }
    }

    /// Notes on disk of which holds, made without the store, the client was told: no document says it.
    pub(super) fn note_answered(&self, errand: &Errand<'_>, items: &[Item], accepts: bool) {
        let Some(client) = errand.walk.client().filter(|_| accepts) else { return };
        let mut made: Vec<String> = items.iter().filter_map(Item::held_unlisted).collect();
        made.dedup();
        if made.is_empty() {
            return;
        }
        let (hold, runtime) = (self.hold.clone(), tokio::runtime::Handle::current());
        client.afterwards(move |told| {
            if !told {
                return;
            }
            runtime.spawn(async move {
                for id in made {
                    if let Err(error) = hold.answered(&id).await {
                        tracing::warn!(%error, hold = id, "that its client was told of a hold is not on disk");
                    }
                }
            });
        });
    }
}

impl Item {
    /// True when it was decided that it waits, by what was known then, and the line of its hold may stand: its
    /// retry may have been told so, whatever the rules say without the store.
    pub(super) fn was_to_wait(&self) -> bool {
        let delayed = matches!(self.decision.verdict, Verdict::Delay { .. });
        delayed && !self.holds_taken_back.is_empty() && matches!(self.fate, Fate::Open)
    }
}
