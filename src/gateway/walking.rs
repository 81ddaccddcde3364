//! One submission's time. Until something leaves it may be given up: at its deadline, or because it
//! panicked; then its reservations are given back (each knows how it ends: see `reservation`), its holds
//! cancelled, and it is never sent later ("if the work took longer than the client waits, unwind the
//! reception and answer 451"). Once something has left it is finished and recorded, however long that
//! takes. The clock is the monotonic one.

use std::collections::BTreeSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::ending::{End, Settlement};
use super::item::{Fate, Item};
use super::queue::settle_root;
use super::{Errand, Gateway};
use crate::accept::Client;
use crate::hold::{HeldMessage, HoldError};
use crate::record::{ClosedEntry, WhyClosed};

/// What a client hears whose submission was given up.
pub(super) const TOO_LATE: &str = "this took too long and was not sent, try again";

/// How long a hold may take to reach the disk.
const HOLD_WAIT: Duration = Duration::from_secs(3);

/// One submission on its way. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The last instant at which something may begin to leave: what then takes its longest still ends in time.
    start_by: Option<Instant>,
    /// Who waits for its reply.
    client: Option<Client>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    stage: Stage,
    /// Holds it made that nobody has been told of yet.
    holds: Vec<Made>,
    /// What would close the books on it: the recipients of whom no decision is recorded yet.
    owed: Option<ClosedEntry>,
}

/// A hold that a walk made.
#[derive(Debug)]
struct Made {
    id: String,
    /// The customer's document that lists it; none for one made without the store.
    line: Option<Settlement>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has left and nothing was promised.
    #[default]
    Deciding,
    /// Something may have left, or a hold is being answered as accepted.
    Leaving,
    /// The client was told that it was not taken.
    GivenUp,
}

/// A walk under way. In a place of its own from the start: it is many kilobytes large, and every future and
/// task that had it inside would be copied with it.
pub(super) type Going<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How a walk ended.
#[derive(Debug)]
pub(super) enum Ended<T> {
    /// With an answer.
    Answered(T),
    /// It was given up; the client comes again.
    TooLate,
    /// It panicked.
    Failed,
}

impl Walk {
    /// One that must begin to leave within this.
    pub fn starting_within(start: Duration) -> Walk {
        Walk { start_by: Some(Instant::now() + start), ..Walk::unhurried() }
    }

    /// One that nobody waits for: a hold's release.
    pub fn unhurried() -> Walk {
        Walk { start_by: None, client: None, state: Arc::default() }
    }

    /// The same, with whoever waits for its reply.
    pub fn for_client(self, client: &Client) -> Walk {
        Walk { client: Some(client.clone()), ..self }
    }

    /// Who waits for its reply.
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// True when its client hung up, or was told something else, before its reply.
    pub fn client_has_left(&self) -> bool {
        self.client.as_ref().is_some_and(Client::has_left)
    }

    /// Asked once, when all is decided: true when it goes on, false when it was given up meanwhile.
    pub fn goes_on(&self) -> bool {
        let mut state = self.lock();
        if state.stage == Stage::Deciding {
            state.stage = if self.is_in_time() { Stage::Leaving } else { Stage::GivenUp };
        }
        state.stage == Stage::Leaving
    }

    /// True while another batch may still begin to leave.
    pub fn is_in_time(&self) -> bool {
        self.start_by.is_none_or(|start_by| Instant::now() < start_by)
    }

    /// Remembers what was held, until all is settled.
    pub fn note(&self, brand: &str, items: &[Item]) {
        self.lock().holds = items.iter().filter_map(|item| Made::by(brand, item)).collect();
    }

    /// All is settled: nothing would have to be undone any more.
    pub fn is_settled(&self) {
        self.lock().holds.clear();
    }

    /// What its `received` line says has to be found again.
    pub fn owes(&self, closed: ClosedEntry) {
        self.lock().owed = Some(closed);
    }

    /// The decision on one recipient is recorded.
    pub fn is_entered(&self) {
        if let Some(owed) = &mut self.lock().owed {
            owed.recipients = owed.recipients.saturating_sub(1);
        }
    }

    /// What nobody will decide any more.
    fn unentered(&self) -> Option<ClosedEntry> {
        let mut state = self.lock();
        let why = if state.stage == Stage::Leaving { WhyClosed::FailedLeaving } else { WhyClosed::Failed };
        let owed = state.owed.take().filter(|owed| owed.recipients > 0);
        owed.map(|owed| ClosedEntry { why, ..owed })
    }

    fn give_up(&self) -> bool {
        let mut state = self.lock();
        if state.stage == Stage::Deciding {
            state.stage = Stage::GivenUp;
        }
        state.stage == Stage::GivenUp
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// Runs a walk to its answer. What is given up goes on by itself until it finds that out, and undoes
    /// what it did; a panic costs this one submission.
    pub(super) async fn in_time<T: Send + 'static>(self: &Arc<Self>, walk: &Walk, going: Going<T>) -> Ended<T> {
        let mut going = AssertUnwindSafe(going).catch_unwind();
        let first = match walk.start_by {
            Some(start_by) => tokio::time::timeout_at(start_by, &mut going).await.ok(),
            None => Some((&mut going).await),
        };
        let ended = match first {
            Some(ended) => ended,
            None if walk.give_up() => {
                let (gateway, walk) = (Arc::clone(self), walk.clone());
                tokio::spawn(async move {
                    if going.await.is_err() {
                        gateway.undo(&walk).await;
                    }
                });
                return Ended::TooLate;
            }
            None => going.await,
        };
        match ended {
            Ok(answer) => Ended::Answered(answer),
            Err(_) => {
                tracing::error!("a submission panicked; what it had reserved is given back");
                self.undo(walk).await;
                Ended::Failed
            }
        }
    }

    /// Decided, but too late for its client: nothing of it will be sent.
    pub(super) async fn unwind(&self, errand: &Errand<'_>, items: &mut [Item]) {
        let brand = &errand.submission.stream.brand;
        let made = items.iter().filter_map(|item| Made::by(brand, item)).collect();
        let unlisted = self.unlist(made).await;
        let back = |item: &Item| matches!(&item.fate, Fate::Held { id, .. } if unlisted.contains(id));
        let held: Vec<usize> = (0..items.len()).filter(|at| back(&items[*at])).collect();
        self.take_back_holds(errand, items, &held).await;
        for item in items.iter_mut().filter(|item| matches!(item.fate, Fate::Open)) {
            item.fate = Fate::NotTaken(TOO_LATE.to_owned());
        }
        self.settle_items(errand, items).await;
    }

    /// Takes the lines of holds out of their customers' documents, before the holds go: a retry elsewhere that
    /// found the line of a hold that is gone would be told that its message waits. The holds that no document
    /// lists any more; where the store does not say, line and hold stay together, and the retry finds both.
    async fn unlist(&self, made: Vec<Made>) -> BTreeSet<String> {
        let (mut unlisted, mut listed) = (BTreeSet::new(), BTreeSet::new());
        for Made { id, line } in made {
            let gone = match &line {
                None => true,
                Some(_) if !self.is_certain() => false,
                Some(line) => match settle_root(&self.store, &line.brand, &line.root, slice::from_ref(line)).await {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::warn!(%error, hold = id, "a hold that came too late stays: its retry finds it");
                        false
                    }
                },
            };
            if gone {
                unlisted.insert(id)
            } else {
                listed.insert(id)
            };
        }
        unlisted.difference(&listed).cloned().collect()
    }

    /// Puts a hold on disk, or leaves it: a hold that comes too late is taken back, so that nobody is told
    /// "not now" of a message that is sent after all.
    pub(super) async fn put_in_time(&self, held: HeldMessage) -> Result<(), HoldError> {
        let (hold, clock, id) = (self.hold.clone(), self.clock.clone(), held.id.clone());
        let mut putting = Box::pin(async move { hold.put(held).await });
        if let Ok(put) = tokio::time::timeout(HOLD_WAIT, &mut putting).await {
            return put;
        }
        let hold = self.hold.clone();
        tokio::spawn(async move {
            if putting.await.is_ok()
                && let Err(error) = hold.cancel(&id, clock.now()).await
            {
                tracing::error!(%error, hold = id, "a hold that came too late was not cancelled");
            }
        });
        Err(HoldError::Busy)
    }

    /// After a panic its holds are as if they had never been; its reservations ended with it, and the books
    /// on it are closed.
    async fn undo(&self, walk: &Walk) {
        if let Some(closed) = walk.unentered() {
            self.closed(closed).await;
        }
        let made = std::mem::take(&mut walk.lock().holds);
        for hold in self.unlist(made).await {
            match self.hold.cancel(&hold, self.clock.now()).await {
                Ok(_) => self.remove_copies(&[hold]).await,
                Err(error) => {
                    tracing::error!(%error, hold, "a hold of a submission that panicked was not cancelled");
                }
            }
        }
    }
}

impl Made {
    fn by(brand: &str, item: &Item) -> Option<Made> {
        let Fate::Held { id, .. } = &item.fate else { return None };
        let line = item.history.as_ref().map(|history| Settlement {
            brand: brand.to_owned(),
            root: history.root.clone(),
            id: id.clone(),
            at: item.now,
            end: End::NotHeld,
            reply: None,
            document: None,
        });
        Some(Made { id: id.clone(), line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_never_goes_on_and_what_goes_on_is_never_given_up() {
        let late = Walk::starting_within(Duration::from_millis(10));
        tokio::time::advance(Duration::from_millis(11)).await;
        assert!(!late.goes_on() && late.give_up(), "its client was told to come again");
        let given_up = Walk::starting_within(Duration::from_secs(10));
        assert!(given_up.give_up() && !given_up.goes_on());
        let leaving = Walk::starting_within(Duration::from_millis(10));
        assert!(leaving.goes_on());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!leaving.give_up() && leaving.goes_on() && !leaving.is_in_time());
        assert!(Walk::unhurried().goes_on() && Walk::unhurried().is_in_time());
    }
}
