//! What a gateway stands in: the clock, the network, the disk, chance. A simulation brings its own of
//! each; everybody else takes the machine's.

use std::sync::Arc;

use crate::clock::{Clock, Pause};
use crate::forward::dial::Dial;
use crate::store::Modelled;

/// The machine's by default.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The wall's, or one turned by hand.
    pub clock: Clock,
    /// Facts in memory, instead of the store that the settings name.
    pub store: Option<Modelled>,
    /// Connections to providers, instead of TCP.
    pub dial: Option<Arc<dyn Dial>>,
    /// What ids are made from, instead of the system's randomness.
    pub ids: Option<[u8; 32]>,
    /// Hold and record are written by the task that asks, after and before such a pause, instead of by
    /// threads of their own.
    pub pause: Option<Pause>,
}

impl Surroundings {
    /// The machine's, but for the clock.
    pub fn with(clock: Clock) -> Surroundings {
        Surroundings { clock, ..Surroundings::default() }
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl super::Gateway {
    /// Work that blocks: on a thread beside the runtime, or in a simulation on the calling task.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        if self.works_here { Ok(work()) } else { Ok(tokio::task::spawn_blocking(work).await?) }
    }
}
