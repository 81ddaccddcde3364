//! The way between one gateway and the store: late, cut, answers lost; and the broken builds that the
//! model must find out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tactgate::facts::SendState;
use tactgate::store::backend::{Record, RecordWrite};
use tactgate::store::{Fault, Trip, Way, document};

use super::chance::Chance;
use super::history::History;
use super::plan::{CALM_SECONDS, Plan};

/// A build with one mechanism taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Broken {
    /// None is.
    #[default]
    Nothing,
    /// The store sets what was got before, without comparing.
    DoesNotCompare,
    /// Reservations are said to be written and are not.
    ReservationNotWritten,
    /// A send whose outcome is unknown is given back.
    UnknownGivenBack,
    /// A hold is answered before it is on disk: a kill takes the last of it.
    HoldNotDurable,
}

/// One gateway's way.
#[derive(Debug, Clone)]
pub struct StoreWay {
    chance: Chance,
    history: History,
    faults: u64,
    cut: Arc<AtomicBool>,
    broken: Broken,
}

impl StoreWay {
    /// As the plan wants it.
    pub fn new(plan: &Plan, gateway: usize, history: &History, broken: Broken) -> StoreWay {
        StoreWay {
            chance: Chance::of(plan.seed, &format!("store of gateway {gateway}")),
            history: history.clone(),
            faults: plan.store_faults,
            cut: Arc::default(),
            broken,
        }
    }

    /// Cuts or mends it.
    pub fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }
}

impl Way for StoreWay {
    fn trip(&self, _writes: bool) -> Trip {
        let calm = self.history.now_ms() >= CALM_SECONDS * 1_000;
        let (there, back) = (self.chance.millis(1, 60), self.chance.millis(1, 30));
        if self.cut.load(Ordering::Relaxed) {
            return Trip { there: Duration::from_millis(100), fault: Fault::Down, back };
        }
        if calm || !self.chance.permille(self.faults) {
            return Trip { there, fault: Fault::None, back };
        }
        match self.chance.between(0, 5) {
            0 => Trip { there, fault: Fault::Down, back },
            1 => Trip { there, fault: Fault::AnswersLost, back },
            2 => Trip { there, fault: Fault::WritesLost, back },
            3 => Trip { there: self.chance.millis(500, 4_000), fault: Fault::None, back },
            _ => Trip { there, fault: Fault::AnswersLost, back: self.chance.millis(100, 1_000) },
        }
    }

    fn arriving(&self, standing: &Record, mut write: RecordWrite) -> Option<RecordWrite> {
        match self.broken {
            Broken::Nothing | Broken::HoldNotDurable => {}
            Broken::DoesNotCompare => write.record.version = standing.version,
            Broken::ReservationNotWritten => {
                let reserves = |record: &Record| sends(record, |state| state == SendState::Reserved);
                if write.record.version == standing.version && reserves(&write.record) > reserves(standing) {
                    return None;
                }
            }
            Broken::UnknownGivenBack => {
                if let Some(mut customer) = write.record.document.as_deref().and_then(|d| document::decode(d).ok()) {
                    customer.sends.retain(|send| send.state != SendState::Unknown);
                    write.record.document = document::encode(&customer).ok();
                }
            }
        }
        Some(write)
    }
}

fn sends(record: &Record, wanted: impl Fn(SendState) -> bool) -> usize {
    let customer = record.document.as_deref().and_then(|document| document::decode(document).ok());
    customer.map_or(0, |customer| customer.sends.iter().filter(|send| wanted(send.state)).count())
}
