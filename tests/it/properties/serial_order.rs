//! Is there an order, one after another, that explains what everybody saw? A history is what clients of
//! one customer's document asked and were answered, with when; it is explained when some order of the
//! operations, which never puts one that ended before another began after it, gives every answer (Herlihy
//! and Wing's linearizability; the search is Wing and Gong's, remembering states seen as Lowe does).

use std::collections::{BTreeMap, HashSet};

use tactgate::facts::SendState;

/// The part of a document that the operations touch: its version, and where each send stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Register {
    /// The store's version.
    pub version: u64,
    /// Sends by id.
    pub sends: BTreeMap<u32, SendState>,
}

/// What was asked, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A load brought this.
    Read(Register),
    /// A commit on that version, of these sends, and the version that came of it; none = stale.
    Commit(u64, BTreeMap<u32, SendState>, Option<u64>),
    /// A settlement: true when it changed something.
    Settle(u32, bool),
    /// A give-back: true when it changed something.
    GiveBack(u32, bool),
    /// A commit whose answer nobody heard: it happened at some time after it was asked, or never.
    Lost(u64, BTreeMap<u32, SendState>),
}

/// One operation of a history: when it was asked and when it was answered, on one counter.
#[derive(Debug, Clone)]
pub struct Step {
    /// Asked.
    pub asked: u64,
    /// Answered; `u64::MAX` when never.
    pub answered: u64,
    /// What.
    pub op: Op,
}

/// True when some serial order explains the history, which begins with `start`.
pub fn is_explained(start: &Register, history: &[Step]) -> bool {
    assert!(history.len() <= 64, "the search is for short histories");
    let must: u64 = mask(history, |op| !matches!(op, Op::Lost(..)));
    search(history, must, 0, start, &mut HashSet::new())
}

fn mask(history: &[Step], wanted: impl Fn(&Op) -> bool) -> u64 {
    history.iter().enumerate().filter(|(_, step)| wanted(&step.op)).fold(0, |mask, (at, _)| mask | 1 << at)
}

fn search(history: &[Step], must: u64, done: u64, state: &Register, seen: &mut HashSet<(u64, Register)>) -> bool {
    if done & must == must {
        return true;
    }
    if !seen.insert((done, state.clone())) {
        return false;
    }
    let open = || history.iter().enumerate().filter(|(at, _)| done & (1 << at) == 0);
    // Nothing may be put after what was asked only when it had been answered already.
    let first_answered = open().map(|(_, step)| step.answered).min().unwrap_or(u64::MAX);
    open()
        .filter(|(_, step)| step.asked <= first_answered)
        .any(|(at, step)| after(state, &step.op).is_some_and(|next| search(history, must, done | 1 << at, &next, seen)))
}

/// The state after an operation, when its answer fits the state before it.
fn after(state: &Register, op: &Op) -> Option<Register> {
    let changed = |sends: BTreeMap<u32, SendState>| Register { version: state.version + 1, sends };
    match op {
        Op::Read(seen) => (seen == state).then(|| state.clone()),
        Op::Commit(expect, _, None) => (state.version != *expect).then(|| state.clone()),
        Op::Commit(expect, sends, Some(version)) => {
            (state.version == *expect && *version == expect + 1).then(|| changed(sends.clone()))
        }
        Op::Lost(expect, sends) => (state.version == *expect).then(|| changed(sends.clone())),
        Op::Settle(id, told) => {
            let fits = state.sends.get(id).is_some_and(|known| *known != SendState::Sent);
            (fits == *told).then(|| match fits {
                true => {
                    let mut sends = state.sends.clone();
                    sends.insert(*id, SendState::Sent);
                    changed(sends)
                }
                false => state.clone(),
            })
        }
        Op::GiveBack(id, told) => {
            let fits = state.sends.get(id).is_some_and(|known| *known != SendState::Sent);
            (fits == *told).then(|| match fits {
                true => {
                    let mut sends = state.sends.clone();
                    sends.remove(id);
                    changed(sends)
                }
                false => state.clone(),
            })
        }
    }
}

#[test]
fn an_order_is_found_where_there_is_one_and_only_there() {
    let sends = |ids: &[u32]| ids.iter().map(|id| (*id, SendState::Reserved)).collect::<BTreeMap<_, _>>();
    let step = |asked, answered, op| Step { asked, answered, op };
    let start = Register::default();
    let read = |version, ids: &[u32]| Op::Read(Register { version, sends: sends(ids) });
    // Two commits on one version: one of them must have lost.
    let race = |second: Option<u64>| {
        [step(1, 4, Op::Commit(0, sends(&[1]), Some(1))), step(2, 3, Op::Commit(0, sends(&[2]), second))]
    };
    assert!(is_explained(&start, &race(None)));
    assert!(!is_explained(&start, &race(Some(1))), "both won: one update is lost");
    // What was answered before must be seen by whoever asks afterwards.
    let stale_read = [step(1, 2, Op::Commit(0, sends(&[1]), Some(1))), step(3, 4, read(0, &[]))];
    assert!(!is_explained(&start, &stale_read));
    let overlapping = [step(1, 4, Op::Commit(0, sends(&[1]), Some(1))), step(2, 3, read(0, &[]))];
    assert!(is_explained(&start, &overlapping));
    // An answer nobody heard: done or not, but not undone.
    let lost = step(1, u64::MAX, Op::Lost(0, sends(&[1])));
    assert!(is_explained(&start, &[lost.clone(), step(2, 3, read(0, &[])), step(4, 5, read(1, &[1]))]));
    assert!(!is_explained(&start, &[lost, step(2, 3, read(1, &[1])), step(4, 5, read(0, &[]))]));
    let twice = [
        step(1, 2, Op::Commit(0, sends(&[1]), Some(1))),
        step(3, 6, Op::GiveBack(1, true)),
        step(4, 5, Op::GiveBack(1, true)),
    ];
    assert!(!is_explained(&start, &twice), "given back twice");
}
