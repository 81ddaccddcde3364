//! Not now: a delayed message is made durable before the customer's document lists it and before the
//! client is answered; when its time comes it walks the path again with fresh facts (design §3, *A
//! hold is re-decided at release*; §6, order: body, due entry, customer commit).

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::company::companies;
use super::item::{Fate, Item};
use super::{Errand, Gateway, LISTED, UNLISTED};
use crate::decide::{Answer, Verdict};
use crate::facts::{Attempt, HeldSend};
use crate::hold::{Held, HeldDecision, HeldMessage, StoreCopy, parcel};

impl Gateway {
    /// Holds what is delayed, each company in one hold. `listed` = their customers' documents will list it.
    pub(super) async fn hold_delayed(&self, errand: &Errand<'_>, items: &mut [Item], open: &[usize], listed: bool) {
        for company in companies(errand, items, open) {
            let delayed = |at: &usize| matches!(items[*at].fate, Fate::Open) && !items[*at].leaves_now();
            let waiting: Vec<usize> = company.into_iter().filter(delayed).collect();
            let Some(first) = waiting.first() else { continue };
            let Verdict::Delay { until, expires } = items[*first].decision.verdict else { continue };
            if let Some(release) = &errand.release {
                // Already held: the release settles its row, nothing is written twice.
                for at in waiting {
                    items[at].fate = Fate::Held { id: release.id.clone(), due: until };
                }
                continue;
            }
            // Where an earlier round's hold may still be listed, its retry may have been told that it waits.
            let listed_before = waiting.iter().any(|at| !items[*at].holds_taken_back.is_empty());
            if errand.walk.client_has_left() && !listed_before {
                // Its retry may have been decided, and told, while this one still waited for the store.
                for at in waiting {
                    items[at].fate = Fate::NotTaken("the client left before it was held".to_owned());
                }
                continue;
            }
            self.hold(errand, items, &waiting, until, expires, listed).await;
        }
    }

    /// Makes a company durable in one hold; their fates say whether that worked.
    pub(super) async fn hold(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        company: &[usize],
        due: Timestamp,
        expires: Timestamp,
        listed: bool,
    ) {
        let Some(first) = company.first().map(|at| &items[*at]) else { return };
        let prefix = if listed { LISTED } else { UNLISTED };
        let id = match first.times_held {
            0 => format!("{prefix}-{}", first.decision_id),
            again => format!("{prefix}{again}-{}", first.decision_id),
        };
        let held = parcel::encode(errand.submission).map(|parcel| HeldMessage {
            id: id.clone(),
            due,
            expires,
            must_send: company.iter().any(|at| items[*at].decision.must_send),
            priority: company.iter().map(|at| items[*at].decision.priority).max().unwrap_or_default(),
            parcel,
            recipients: company.iter().filter_map(|at| u32::try_from(items[*at].index).ok()).collect(),
            decisions: company.iter().map(|at| items[*at].as_held(&items[*at].decision_id)).collect(),
        });
        let fate = match held {
            Ok(held) => match self.put_in_time(held.clone()).await {
                Ok(()) => {
                    let (attempts, fence, copy) = (0, 0, StoreCopy::Wanted);
                    let new = Held { message: held, attempts, fence, copy, answered: false };
                    self.copy_hold(&new).await;
                    Fate::Held { id, due }
                }
                Err(error) => {
                    tracing::error!(%error, "a message could not be held; its sender keeps it");
                    Fate::NotTaken("the message cannot be held now, try again".into())
                }
            },
            Err(error) => Fate::NotTaken(error.to_string()),
        };
        for at in company {
            items[*at].times_held += 1;
            items[*at].fate = fate.clone();
        }
    }

    /// Takes back holds whose customers are decided anew. A hold that is being released stays in its
    /// row: its message was accepted long ago and stands nowhere else.
    pub(super) async fn take_back_holds(&self, errand: &Errand<'_>, items: &mut [Item], again: &[usize]) {
        let mut taken_back = BTreeSet::new();
        for at in again {
            let item = &mut items[*at];
            if let Fate::Held { id, .. } = &item.fate {
                if errand.release.is_none() {
                    taken_back.insert(id.clone());
                    item.holds_taken_back.push(id.clone());
                }
                item.fate = Fate::Open;
            }
        }
        for id in taken_back {
            if let Err(error) = self.hold.cancel(&id, self.clock.now()).await {
                // Its customer's document does not list it, so the release will drop it.
                tracing::warn!(%error, "a hold was not cancelled; it is an orphan and will not be sent");
            } else {
                self.remove_copies(&[id]).await;
            }
        }
    }
}

impl Item {
    /// The hold made of it, when no document was there to list it.
    pub(super) fn held_unlisted(&self) -> Option<String> {
        match &self.fate {
            Fate::Held { id, .. } if id.starts_with(UNLISTED) => Some(id.clone()),
            _ => None,
        }
    }

    /// How a hold remembers the decision that holds this recipient, and what was last told of it.
    pub(super) fn as_held(&self, decision_id: &str) -> HeldDecision {
        let mut told = DefaultHasher::new();
        (self.decision.verdict.severity(), self.paced).hash(&mut told);
        for finding in &self.decision.findings {
            let answer = match finding.answer {
                Answer::Fine => 0u8,
                Answer::Objects(_) => 1,
                Answer::CannotTell(_) => 2,
            };
            (&finding.rule, &finding.guard, answer, finding.wants.severity()).hash(&mut told);
        }
        HeldDecision { id: decision_id.to_owned(), told: told.finish() }
    }
}

/// The line in the customer's document.
pub(super) fn held_send(item: &Item, id: &str, due: Timestamp) -> HeldSend {
    let expires = match item.decision.verdict {
        Verdict::Delay { expires, .. } => expires,
        _ => due,
    };
    HeldSend {
        id: id.to_owned(),
        due,
        expires,
        channel: item.message.channel,
        priority: item.decision.priority,
        // Until it is known that its client was told.
        attempt: Attempt { key: Some(item.message_key.short), unanswered: true, ..Attempt::default() },
    }
}
