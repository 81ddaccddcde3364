//! `tactgate check [DIR]`: what is wrong with the policies, by file, line and column. What it accepts the
//! gateway accepts: the cases that stand in the files are tried, too.

use std::path::Path;

use super::{Arguments, FINE, FOUND, Format};
use crate::config::policies::PolicyFolder;
use crate::config::{Config, PolicySettings};
use crate::policy::{Limits, PolicyError, PolicySet, Window, cases, error::rendered};

/// Reads, checks and tries; prints every problem.
pub fn run(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<u8> {
    let (folder, limits) = folder(arguments, dir)?;
    let (files, mut shown) = (folder.files.len(), String::new());
    let problems: Vec<PolicyError> = match PolicySet::load(&folder.files, &limits) {
        Ok(set) => {
            shown = format!("{files} files, {} rules, {} cases: nothing wrong", set.rules.len(), set.cases.len());
            cases::run_cases(&set).into_iter().filter_map(|result| result.failure).collect()
        }
        Err(errors) => errors,
    };
    match arguments.format {
        Format::Json => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            say!("{}", serde_json::json!({"hash": folder.hash, "problems": problems}));
        }
        Format::Text if problems.is_empty() => say!("{shown}"),
        Format::Text => eprintln!("{}", rendered(&problems)),
    }
    if files == 0 {
        eprintln!("tactgate: there is no *.toml file in the folder, so nothing would be stopped");
    }
    Ok(if problems.is_empty() { FINE } else { FOUND })
}

/// The files of the folder that was named, else of the configuration's. A named folder is read without
/// the configuration: whoever edits policies need not have the gateway's secrets. With the limits that
/// the gateway will hold the rules to.
fn folder(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<(PolicyFolder, Limits)> {
    let (settings, limits) = match dir {
        Some(dir) => (PolicySettings { dir: dir.to_owned(), ..PolicySettings::default() }, Limits::default()),
        None => {
            let config = Config::load(arguments.config.as_deref())?;
            let history = Window::days(i64::from(config.store.history_days));
            (config.policies, Limits { history })
        }
    };
    Ok((PolicyFolder::read(&settings)?, limits))
}

/// The set of that folder, or its problems printed.
pub fn set(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<Option<PolicySet>> {
    let (folder, limits) = folder(arguments, dir)?;
    match PolicySet::load(&folder.files, &limits) {
        Ok(set) => Ok(Some(set)),
        Err(errors) => {
            eprintln!("{}", rendered(&errors));
            Ok(None)
        }
    }
}
