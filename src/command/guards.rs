//! `tactgate guards`: what each guard stops, and its settings.

use super::{Arguments, FINE, Format};
use crate::decide::guards::SOURCES;

/// Prints the list.
pub fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    if arguments.format == Format::Json {
        let guard = |(name, class, source): &(&str, _, &str)| serde_json::json!({"name": name, "class": class, "about": about(source)});
        let guards: Vec<_> = SOURCES.iter().map(guard).collect();
        say!("{}", serde_json::Value::Array(guards));
        return Ok(FINE);
    }
    for (name, _, source) in SOURCES {
        say!("{name}");
        for line in about(source).lines() {
            say!("    {line}");
        }
        say!("");
    }
    Ok(FINE)
}

/// A guard says in the first lines of its file what it stops; this is that paragraph.
fn about(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
