//! Latencies of many requests, and the value that a share of them does not exceed.

use std::time::Duration;

/// Latencies in milliseconds.
#[derive(Debug, Default)]
pub struct Latencies(Vec<f64>);

impl Latencies {
    /// One more.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1000.0);
    }

    /// Those of another load.
    pub fn add(&mut self, other: Latencies) {
        self.0.extend(other.0);
    }

    /// What this share of them does not exceed, in milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(index).copied().unwrap_or(f64::NAN)
    }
}
