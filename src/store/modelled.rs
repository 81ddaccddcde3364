//! The store in memory, for policy cases and simulation: the same contract, and faults on request. A
//! simulation gives each gateway a way to it of its own, on which operations are late, are lost, or
//! arrive while the answer is lost; and a failover that forgets the last writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::backend::{Answer, Ask, Kept, Mark, Marks, Note, Record, RecordWrite, SET_MEMBERS_MAX, Wrote, bound};
use super::{CustomerKey, StoreError};

/// Writes a failover can take back.
const UNDOABLE_MAX: usize = 256;

/// The store in memory. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct Modelled {
    state: Arc<Mutex<State>>,
    way: Option<Arc<dyn Way>>,
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
    /// It does nothing, and of a write nobody can tell.
    WritesLost,
    /// It writes whatever it is given, whichever version stands there: get-then-set, for showing that a
    /// test of races can fail.
    NothingCompared,
}

/// The way between one gateway and the store: asked at each operation.
pub trait Way: std::fmt::Debug + Send + Sync {
    /// How this operation fares.
    fn trip(&self, writes: bool) -> Trip;

    /// A compare-and-set as it arrives. What comes back is done instead; nothing = it is said to be done
    /// and is not. Only a test that must catch a broken build changes anything here.
    fn arriving(&self, standing: &Record, write: RecordWrite) -> Option<RecordWrite> {
        let _ = standing;
        Some(write)
    }
}

/// How one operation fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trip {
    /// Until it arrives.
    pub there: Duration,
    /// What goes wrong.
    pub fault: Fault,
    /// Until the answer is back.
    pub back: Duration,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<CustomerKey, Record>,
    sets: BTreeMap<String, BTreeMap<String, i64>>,
    kept: BTreeMap<String, Vec<u8>>,
    fault: Fault,
    undoable: VecDeque<Undo>,
}

/// What stood before a write.
#[derive(Debug)]
enum Undo {
    Record(CustomerKey, Option<Record>),
    Mark(String, String, Option<i64>),
}

impl Modelled {
    /// From now on the store fails like this.
    pub fn fail(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    /// The same store at the end of this way.
    pub fn by(&self, way: Arc<dyn Way>) -> Modelled {
        Modelled { state: Arc::clone(&self.state), way: Some(way) }
    }

    /// The replica has heard of everything so far: no failover forgets it.
    pub fn replicated(&self) {
        self.lock().undoable.clear();
    }

    /// A failover to a replica that had not heard of the last `writes`; returns the keys of records that
    /// went back to what they were.
    pub fn forget_last(&self, writes: usize) -> Vec<CustomerKey> {
        let mut state = self.lock();
        let mut gone_back = Vec::new();
        for _ in 0..writes {
            match state.undoable.pop_back() {
                None => break,
                Some(Undo::Record(key, before)) => {
                    match before {
                        Some(before) => state.records.insert(key.clone(), before),
                        None => state.records.remove(&key),
                    };
                    gone_back.push(key);
                }
                Some(Undo::Mark(set, member, before)) => {
                    let set = state.sets.entry(set).or_default();
                    match before {
                        Some(before) => set.insert(member, before),
                        None => set.remove(&member),
                    };
                }
            }
        }
        gone_back
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        self.go(false, |state| {
            let records = ask.records.iter().map(|key| state.records.get(key).cloned().unwrap_or_default()).collect();
            let sets = ask
                .sets
                .iter()
                .map(|(name, most)| {
                    let Some(set) = state.sets.get(name) else { return Marks::default() };
                    let mut earliest: Vec<(String, i64)> = set.iter().map(|(m, at)| (m.clone(), *at)).collect();
                    earliest.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
                    earliest.truncate(*most);
                    Marks { count: set.len(), earliest }
                })
                .collect();
            Answer { records, sets }
        })
        .await
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.go(true, |state| writes.into_iter().map(|write| self.compare_and_set(state, write)).collect()).await
    }

    fn compare_and_set(&self, state: &mut State, write: RecordWrite) -> Wrote {
        let standing = state.records.get(&write.key).cloned().unwrap_or_default();
        let arrived = match &self.way {
            Some(way) => way.arriving(&standing, write),
            None => Some(write),
        };
        let Some(RecordWrite { key, mut record, now: _ }) = arrived else { return Wrote::Done };
        if standing.version != record.version && state.fault != Fault::NothingCompared {
            return Wrote::Stale;
        }
        record.version = standing.version.max(record.version) + 1;
        let before = state.records.insert(key.clone(), record);
        state.remember(Undo::Record(key, before));
        Wrote::Done
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        self.go(true, |state| {
            for mark in marks {
                let set = state.sets.entry(mark.set.clone()).or_default();
                let before = set.get(&mark.member).copied();
                set.insert(mark.member.clone(), before.map_or(mark.at, |before| before.min(mark.at)));
                bound(set, SET_MEMBERS_MAX);
                state.remember(Undo::Mark(mark.set, mark.member, before));
            }
        })
        .await
    }

    pub(super) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        self.go(true, |state| {
            for note in notes {
                let set = state.sets.entry(note.set.clone()).or_default();
                let before = set.get(&note.member).copied();
                set.insert(note.member.clone(), before.map_or(note.at, |before| before.min(note.at)));
                bound(set, note.members_max);
                state.remember(Undo::Mark(note.set, note.member, before));
            }
        })
        .await
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        self.go(true, |state| {
            for (set, member) in members {
                let before = state.sets.get_mut(&set).and_then(|set| set.remove(&member));
                state.remember(Undo::Mark(set, member, before));
            }
        })
        .await
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        self.go(true, |state| {
            let mut done = Vec::with_capacity(records.len());
            for (key, version) in records {
                let fits = state.records.get(&key).is_some_and(|standing| standing.version == version);
                if fits {
                    let before = state.records.remove(&key);
                    state.remember(Undo::Record(key, before));
                }
                done.push(fits);
            }
            done
        })
        .await
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        self.go(true, |state| state.kept.extend(values.into_iter().map(|kept| (kept.name, kept.value)))).await
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.go(false, |state| names.iter().map(|name| state.kept.get(name).cloned()).collect()).await
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.go(false, |_| ()).await
    }

    /// It has no clock but the gateway's.
    pub(super) async fn time(&self) -> Result<Option<jiff::Timestamp>, StoreError> {
        Ok(None)
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// One operation: there, done, and back.
    async fn go<T>(&self, writes: bool, act: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let trip = match &self.way {
            Some(way) => way.trip(writes),
            None => Trip { fault: self.lock().fault, ..Trip::default() },
        };
        pass(trip.there).await;
        let done = match trip.fault {
            Fault::None | Fault::AnswersLost | Fault::NothingCompared => Some(act(&mut self.lock())),
            Fault::Down | Fault::WritesLost => None,
        };
        pass(trip.back).await;
        match (done, trip.fault) {
            (Some(done), Fault::None | Fault::NothingCompared) => Ok(done),
            (Some(done), _) if !writes => Ok(done),
            (None, Fault::Down) => Err(StoreError::Down("the modelled store is down".to_owned())),
            (None, _) if !writes => Err(StoreError::Down("the modelled store's answer was lost".to_owned())),
            _ => Err(StoreError::Unknown("the modelled store lost its answer".to_owned())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(&mut self, undo: Undo) {
        if self.undoable.len() >= UNDOABLE_MAX {
            self.undoable.pop_front();
        }
        self.undoable.push_back(undo);
    }
}

/// No timer is asked for nothing: policy cases run without a runtime of tokio's.
async fn pass(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_compares_nothing_lets_the_loser_of_a_race_write() {
        let store = Modelled::default();
        let key = CustomerKey("k".to_owned());
        let write = |document: u8| vec![write("k", 0, document)];
        assert_eq!(store.write(write(1)).await, Ok(vec![Wrote::Done]));
        assert_eq!(store.write(write(2)).await, Ok(vec![Wrote::Stale]));
        store.fail(Fault::NothingCompared);
        assert_eq!(store.write(write(3)).await, Ok(vec![Wrote::Done]));
        let ask = Ask { records: vec![key], sets: Vec::new() };
        let standing = store.read(&ask).await.unwrap().records.remove(0);
        assert_eq!((standing.version, standing.document), (2, Some(vec![3])), "the first one is lost");
    }

    fn write(key: &str, version: u64, byte: u8) -> RecordWrite {
        let record = Record { version, document: Some(vec![byte]), moved: None };
        RecordWrite { key: CustomerKey(key.to_owned()), record, now: None }
    }

    async fn standing(model: &Modelled, key: &str) -> Option<Vec<u8>> {
        let ask = Ask { records: vec![CustomerKey(key.to_owned())], sets: Vec::new() };
        model.read(&ask).await.unwrap().records.remove(0).document
    }

    #[tokio::test]
    async fn a_failover_forgets_the_last_writes_and_no_others() {
        let model = Modelled::default();
        for (key, version, byte) in [("a", 0, 1), ("b", 0, 2), ("a", 1, 3), ("b", 1, 4)] {
            assert_eq!(model.write(vec![write(key, version, byte)]).await.unwrap(), [Wrote::Done]);
        }
        assert_eq!(model.forget_last(2), [CustomerKey("b".into()), CustomerKey("a".into())]);
        assert_eq!((standing(&model, "a").await, standing(&model, "b").await), (Some(vec![1]), Some(vec![2])));
        assert_eq!(model.write(vec![write("a", 2, 5)]).await.unwrap(), [Wrote::Stale], "version 2 never was");
        assert_eq!(model.forget_last(9).len(), 2, "what there is");
        assert_eq!(standing(&model, "a").await, None);
    }

    #[derive(Debug)]
    struct Always(Fault);

    impl Way for Always {
        fn trip(&self, _writes: bool) -> Trip {
            Trip { fault: self.0, ..Trip::default() }
        }
    }

    #[tokio::test]
    async fn a_lost_write_and_a_lost_answer_look_alike_and_are_not() {
        let model = Modelled::default();
        for (fault, left) in [(Fault::WritesLost, None), (Fault::AnswersLost, Some(vec![1]))] {
            let by = model.by(Arc::new(Always(fault)));
            let error = by.write(vec![write("a", 0, 1)]).await.unwrap_err();
            assert!(matches!(error, StoreError::Unknown(_)), "{error}");
            assert_eq!(standing(&model, "a").await, left);
        }
    }
}
