//! `tactgate explain ID`: why a message was passed, changed, delayed or refused, and what came of it.

use super::{Arguments, FINE, FOUND, Format, Lang};
use crate::config::Config;
use crate::record::explain::{ExplainError, explain};

/// Looks the id up in the record and tells.
pub fn run(arguments: &Arguments, id: &str, lang: Lang) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let explanation = match explain(&config.data_dir, id) {
        Ok(explanation) => explanation,
        Err(nothing @ (ExplainError::NotAnId(_) | ExplainError::NotFound { .. })) => {
            eprintln!("tactgate: {nothing}");
            return Ok(FOUND);
        }
        Err(error) => return Err(error.into()),
    };
    match arguments.format {
        Format::Json => say!("{}", explanation.json()?),
        Format::Text => {
            let brand = explanation.decisions.first().map(|found| found.decision.stream.brand.as_str());
            let zone =
                brand.and_then(|name| config.brand(name)).or(config.brands.first()).map(|brand| brand.zone.clone());
            say!("{}", explanation.text(lang.into(), &zone.unwrap_or(jiff::tz::TimeZone::UTC)).trim_end());
        }
    }
    Ok(FINE)
}
