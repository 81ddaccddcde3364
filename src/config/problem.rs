//! What is wrong with a settings file, each with its place: file, line, column, a frame of the text
//! and a suggestion.

use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In one sentence.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Byte range in the text; `None` when it has no place (a file that cannot be read).
    pub span: Option<Range<usize>>,
}

/// All that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file as the operator named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            f.write_str(self.frame(problem).trim_end())?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl ConfigErrors {
    /// One error line per problem, `file:line:column: message`, for programs and for logs.
    pub fn lines(&self) -> Vec<String> {
        self.problems.iter().map(|p| format!("{}{}", self.place(p), p.message)).collect()
    }

    fn place(&self, problem: &Problem) -> String {
        match &problem.span {
            Some(span) => {
                let (line, column) = line_and_column(&self.text, span.start);
                format!("{}:{line}:{column}: ", self.file)
            }
            None => format!("{}: ", self.file),
        }
    }

    fn frame(&self, problem: &Problem) -> String {
        let labels = problem.span.clone().map(|span| vec![LabeledSpan::underline(span)]);
        let mut diagnostic = miette::MietteDiagnostic::new(format!("{}{}", self.place(problem), problem.message));
        if let Some(help) = &problem.help {
            diagnostic = diagnostic.with_help(help.clone());
        }
        if let Some(labels) = labels {
            diagnostic = diagnostic.with_labels(labels);
        }
        let report = miette::Report::new(diagnostic).with_source_code(NamedSource::new(&self.file, masked(&self.text)));
        let mut out = String::new();
        let frames = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
        match frames.render_report(&mut out, report.as_ref()) {
            Ok(()) => out,
            Err(_) => format!("{}{}", self.place(problem), problem.message),
        }
    }
}

/// The text with secrets as stars, every byte in its place: frames go to logs. What counts is any value
/// of a key that ends in `secret`, and what stands between `//` and `@`.
fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for pattern in [r#"secret"?\s*=\s*["']+([^"'\n]+)"#, r#"//([^/@"'\s]+)@"#] {
        let Ok(pattern) = regex::Regex::new(pattern) else { return String::new() };
        let places: Vec<Range<usize>> =
            pattern.captures_iter(&masked).filter_map(|found| found.get(1)).map(|secret| secret.range()).collect();
        for place in places {
            let stars = "*".repeat(place.len());
            masked.replace_range(place, &stars);
        }
    }
    masked
}

/// Gathers problems while a file is checked.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.0.push(Problem { message: message.into(), help: None, span: Some(span) });
    }

    pub(super) fn add_with_help(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Problem { message: message.into(), help: Some(help.into()), span: Some(span) });
    }
}

/// "did you mean `x`?" when one of the known names is near enough.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min()
        .map(|(_, name)| format!("did you mean `{name}`?"))
}

/// A problem out of what the TOML reader says. Its words for an unknown key list all known ones, from
/// which the nearest is suggested.
pub(super) fn from_toml(error: &toml::de::Error) -> Problem {
    let message = error.message().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let help = match message.starts_with("unknown ") {
        true => quoted.next().and_then(|word| did_you_mean(word, quoted)),
        false => None,
    };
    Problem { message, help, span: error.span() }
}

/// One-based, in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
