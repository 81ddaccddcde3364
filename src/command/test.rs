//! `tactgate test [DIR]`: runs the cases that stand in the policies.

use std::path::Path;

use super::{Arguments, FINE, FOUND, Format, check};
use crate::policy::cases;
use crate::policy::error::{PolicyError, rendered};

/// Runs them; prints those that fail, and how many there were.
pub fn run(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<u8> {
    let Some(set) = check::set(arguments, dir)? else { return Ok(FOUND) };
    let results = cases::run_cases(&set);
    let failed: Vec<_> = results.iter().filter_map(|result| result.failure.clone()).collect();
    if arguments.format == Format::Json {
        let failures: Vec<String> = failed.iter().map(PolicyError::render).collect();
        say!("{}", serde_json::json!({"cases": results.len(), "failed": failures}));
    } else {
        if !failed.is_empty() {
            say!("{}", rendered(&failed));
        }
        say!("{} cases, {} failed", results.len(), failed.len());
    }
    Ok(if failed.is_empty() { FINE } else { FOUND })
}
