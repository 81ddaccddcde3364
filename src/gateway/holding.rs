//! Not now: a delayed message is made durable before the customer's document lists it and before the
//! client is answered; when its time comes it walks the path again with fresh facts (design §3, *A
//! hold is re-decided at release*; §6, order: body, due entry, customer commit).

use jiff::{SignedDuration, Timestamp};

use super::item::{Fate, Item};
use super::{Errand, Gateway, LISTED, UNLISTED};
use crate::decide::Verdict;
use crate::facts::HeldSend;
use crate::hold::{HeldMessage, parcel};

impl Gateway {
    /// Turns what may leave now into a delay when the route's rate is used up: pacing overflow holds,
    /// it does not answer 429 (design §4).
    pub(super) fn pace(&self, errand: &Errand<'_>, items: &mut [Item], open: &[usize]) {
        let Some(pace) = &errand.route.pace else { return };
        for index in open {
            let item = &mut items[*index];
            if !item.leaves_now() {
                continue;
            }
            // What is released had its turn told when it was held.
            let asked = if errand.release.is_some() { pace.ready(1) } else { pace.turn() };
            if let Err(wait) = asked {
                let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
                let until = item.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                let expires = match &errand.release {
                    Some(release) => release.expires,
                    None => item.now.saturating_add(self.hold_at_most()).unwrap_or(until),
                };
                if errand.release.is_none() && until > expires {
                    item.fate = Fate::NotTaken("more messages wait for this provider than it takes in time".into());
                    continue;
                }
                item.decision.verdict = Verdict::Delay { until, expires };
                item.paced = true;
                tracing::debug!(route = errand.route.name, "held for the provider's pace");
            }
        }
    }

    /// Holds an item whose verdict is delay. `listed` = its customer's document will list it.
    pub(super) async fn hold_if_delayed(&self, errand: &Errand<'_>, item: &mut Item, listed: bool) {
        let Verdict::Delay { until, expires } = item.decision.verdict else { return };
        if let Some(release) = &errand.release {
            // Already held: the release settles its row, nothing is written twice.
            item.fate = Fate::Held { id: release.id.clone(), due: until };
            return;
        }
        self.hold(errand, item, until, expires, listed).await;
    }

    /// Makes it durable; the fate says whether that worked.
    pub(super) async fn hold(
        &self,
        errand: &Errand<'_>,
        item: &mut Item,
        due: Timestamp,
        expires: Timestamp,
        listed: bool,
    ) {
        let prefix = if listed { LISTED } else { UNLISTED };
        let id = match item.times_held {
            0 => format!("{prefix}-{}", item.decision_id),
            again => format!("{prefix}{again}-{}", item.decision_id),
        };
        item.times_held += 1;
        let parcel = match parcel::encode(errand.submission) {
            Ok(parcel) => parcel,
            Err(error) => {
                item.fate = Fate::NotTaken(error.to_string());
                return;
            }
        };
        let recipients = u32::try_from(item.index).into_iter().collect();
        let must_send = item.decision.must_send;
        let held =
            HeldMessage { id: id.clone(), due, expires, must_send, priority: priority(item), parcel, recipients };
        item.fate = match self.hold.put(held).await {
            Ok(()) => Fate::Held { id, due },
            Err(error) => {
                tracing::error!(%error, "a message could not be held; its sender keeps it");
                Fate::NotTaken("the message cannot be held now, try again".into())
            }
        };
    }

    /// Takes back a hold whose customer was decided anew. A hold that is being released stays in its
    /// row: its message was accepted long ago and stands nowhere else.
    pub(super) async fn take_back_hold(&self, errand: &Errand<'_>, item: &mut Item) {
        if errand.release.is_some() {
            if matches!(item.fate, Fate::Held { .. }) {
                item.fate = Fate::Open;
            }
            return;
        }
        if let Fate::Held { id, .. } = &item.fate {
            if let Err(error) = self.hold.cancel(id, self.clock.now()).await {
                // Its customer's document does not list it, so the release will drop it.
                tracing::warn!(%error, "a hold was not cancelled; it is an orphan and will not be sent");
            }
            item.fate = Fate::Open;
        }
    }
}

/// Must-send messages are released first.
fn priority(item: &Item) -> u16 {
    if item.decision.must_send { 900 } else { 500 }
}

/// The line in the customer's document.
pub(super) fn held_send(item: &Item, id: &str, due: Timestamp) -> HeldSend {
    let expires = match item.decision.verdict {
        Verdict::Delay { expires, .. } => expires,
        _ => due,
    };
    HeldSend { id: id.to_owned(), due, expires, channel: item.message.channel, priority: priority(item) }
}
