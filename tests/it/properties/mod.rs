//! What holds whatever comes: caps under contention, histories that have a serial order, and properties
//! of the pure parts under generated input. The long forms: `tests/contention` and `tests/properties`.

mod amounts;
mod arena;
mod combining;
mod contention;
mod decider;
mod dice;
mod documents;
mod histories;
mod isolation;
mod linear;
mod live_sets;
mod openings;
mod over_cap;
mod pairs;
mod serial_order;
mod spellings;
mod twice_decided;
mod windows;
mod zones;

use proptest::test_runner::{Config, FileFailurePersistence};

/// How many cases a property is tried on; what once failed is kept as text beside the tests and tried first.
fn config(cases: u32) -> Config {
    let kept = FileFailurePersistence::Direct("tests/it/properties/regressions.txt");
    Config { cases, failure_persistence: Some(Box::new(kept)), ..Config::default() }
}
