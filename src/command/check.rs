//! `tactgate check [DIR]`: what is wrong with the policies, by file, line and column.

use std::path::Path;

use super::{Arguments, FINE, FOUND, Format};
use crate::config::Config;
use crate::config::policies::PolicyFolder;
use crate::policy::{Limits, PolicySet, error::rendered};

/// Reads and checks; prints every problem.
pub fn run(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<u8> {
    let folder = folder(arguments, dir)?;
    let checked = PolicySet::load(&folder.files, &Limits::default());
    if arguments.format == Format::Json {
        let problems: Vec<_> = checked.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
        say!("{}", serde_json::json!({"hash": folder.hash, "problems": problems}));
        return Ok(if problems.is_empty() { FINE } else { FOUND });
    }
    match checked {
        Ok(set) => {
            say!("{} files, {} rules, {} cases: nothing wrong", folder.files.len(), set.rules.len(), set.cases.len());
            Ok(FINE)
        }
        Err(errors) => {
            eprintln!("{}", rendered(&errors));
            Ok(FOUND)
        }
    }
}

/// The files of the folder that was named, else of the configuration's.
pub fn folder(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<PolicyFolder> {
    let mut settings = Config::load(arguments.config.as_deref())?.policies;
    if let Some(dir) = dir {
        settings.dir = dir.to_owned();
    }
    Ok(PolicyFolder::read(&settings)?)
}

/// The set of that folder, or its problems printed.
pub fn set(arguments: &Arguments, dir: Option<&Path>) -> anyhow::Result<Option<PolicySet>> {
    match PolicySet::load(&folder(arguments, dir)?.files, &Limits::default()) {
        Ok(set) => Ok(Some(set)),
        Err(errors) => {
            eprintln!("{}", rendered(&errors));
            Ok(None)
        }
    }
}
