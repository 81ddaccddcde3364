//! How a store stands, for `/readyz` and `/metrics`.

use crate::breaker::BreakerState;

/// How a store stands; asking costs no round trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What the breaker in front of it lets through; with many servers, the one that lets least.
    pub breaker: BreakerState,
    /// Why the gateway is not ready although the store answers.
    pub unready: Option<String>,
    /// What an operator should know; no reason to stop.
    pub warnings: Vec<String>,
    /// How often each kind of error came up, of those that did.
    pub errors: Vec<(&'static str, u64)>,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing { breaker: BreakerState::Closed, unready: None, warnings: Vec::new(), errors: Vec::new() }
    }
}
