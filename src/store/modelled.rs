//! The store in memory, for policy cases and simulation: the same contract, and faults on request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::{Answer, Ask, Kept, Mark, Marks, Record, RecordWrite, Wrote, bound};
use super::{CustomerKey, StoreError};

/// The store in memory. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct Modelled {
    state: Arc<Mutex<State>>,
}

/// What the store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It does not answer and does nothing.
    Down,
    /// It does what is asked, and the answer to a write is lost.
    AnswersLost,
    /// It writes whatever it is given, whichever version stands there: get-then-set, for showing that a
    /// test of races can fail.
    NothingCompared,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<CustomerKey, Record>,
    sets: BTreeMap<String, BTreeMap<String, i64>>,
    kept: BTreeMap<String, Vec<u8>>,
    fault: Fault,
}

impl Modelled {
    /// From now on the store fails like this.
    pub fn fail(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        let state = self.up()?;
        let records = ask.records.iter().map(|key| state.records.get(key).cloned().unwrap_or_default()).collect();
        let sets = ask
            .sets
            .iter()
            .map(|(name, most)| {
                let Some(set) = state.sets.get(name) else { return Marks::default() };
                let mut earliest: Vec<(String, i64)> = set.iter().map(|(member, at)| (member.clone(), *at)).collect();
                earliest.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
                earliest.truncate(*most);
                Marks { count: set.len(), earliest }
            })
            .collect();
        Ok(Answer { records, sets })
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        let mut state = self.up()?;
        let compares = state.fault != Fault::NothingCompared;
        let mut done = Vec::with_capacity(writes.len());
        for RecordWrite { key, mut record, now: _ } in writes {
            let standing = state.records.entry(key).or_default();
            let fits = standing.version == record.version || !compares;
            if fits {
                record.version = standing.version.max(record.version) + 1;
                *standing = record;
            }
            done.push(if fits { Wrote::Done } else { Wrote::Stale });
        }
        answer(&state, done)
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        let mut state = self.up()?;
        for mark in marks {
            let set = state.sets.entry(mark.set).or_default();
            let at = set.entry(mark.member).or_insert(mark.at);
            *at = mark.at.min(*at);
            bound(set);
        }
        answer(&state, ())
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        let mut state = self.up()?;
        for (set, member) in members {
            if let Some(set) = state.sets.get_mut(&set) {
                set.remove(&member);
            }
        }
        answer(&state, ())
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        let mut state = self.up()?;
        let mut done = Vec::with_capacity(records.len());
        for (key, version) in records {
            let fits = state.records.get(&key).is_some_and(|standing| standing.version == version);
            if fits {
                state.records.remove(&key);
            }
            done.push(fits);
        }
        answer(&state, done)
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        let mut state = self.up()?;
        state.kept.extend(values.into_iter().map(|kept| (kept.name, kept.value)));
        answer(&state, ())
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let state = self.up()?;
        Ok(names.iter().map(|name| state.kept.get(name).cloned()).collect())
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.up().map(|_| ())
    }

    /// It has no clock but the gateway's.
    pub(super) async fn time(&self) -> Result<Option<jiff::Timestamp>, StoreError> {
        Ok(None)
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        match state.fault {
            Fault::Down => Err(StoreError::Down("the modelled store is down".to_owned())),
            Fault::None | Fault::AnswersLost | Fault::NothingCompared => Ok(state),
        }
    }
}

fn answer<T>(state: &State, answer: T) -> Result<T, StoreError> {
    match state.fault {
        Fault::AnswersLost => Err(StoreError::Unknown("the modelled store lost its answer".to_owned())),
        Fault::None | Fault::Down | Fault::NothingCompared => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_compares_nothing_lets_the_loser_of_a_race_write() {
        let store = Modelled::default();
        let key = CustomerKey("k".to_owned());
        let write = |document: u8| {
            let record = Record { version: 0, document: Some(vec![document]), moved: None };
            vec![RecordWrite { key: key.clone(), record, now: None }]
        };
        assert_eq!(store.write(write(1)).await, Ok(vec![Wrote::Done]));
        assert_eq!(store.write(write(2)).await, Ok(vec![Wrote::Stale]));
        store.fail(Fault::NothingCompared);
        assert_eq!(store.write(write(3)).await, Ok(vec![Wrote::Done]));
        let ask = Ask { records: vec![key], sets: Vec::new() };
        let standing = store.read(&ask).await.unwrap().records.remove(0);
        assert_eq!((standing.version, standing.document), (2, Some(vec![3])), "the first one is lost");
    }
}
