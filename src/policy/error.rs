//! What is wrong in a policy file, where, and how to put it right: one line for machines and logs
//! (`policies/quiet.toml:4:1: unknown key …`), or with the lines around it for people.

use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// One policy file's name and text.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the operator wrote it.
    pub file: String,
    /// Its text.
    pub text: Arc<String>,
}

impl Source {
    /// A file.
    pub fn new(file: &str, text: &str) -> Source {
        Source { file: file.to_owned(), text: Arc::new(text.to_owned()) }
    }

    /// One-based line and column (in characters) of a byte.
    pub fn position(&self, byte: usize) -> (u32, u32) {
        let mut at = byte.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = self.text.get(..at).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

/// An error in a policy file.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct PolicyError {
    /// The file as the operator wrote it.
    pub file: String,
    /// One-based.
    pub line: u32,
    /// One-based, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// How to put it right, where there is more to say.
    pub advice: Option<String>,
    span: Range<usize>,
    code: NamedSource<Arc<String>>,
}

impl PolicyError {
    /// An error at a place.
    pub fn at(source: &Source, span: Range<usize>, message: impl Into<String>) -> PolicyError {
        let (line, column) = source.position(span.start);
        PolicyError {
            file: source.file.clone(),
            line,
            column,
            message: message.into(),
            advice: None,
            span,
            code: NamedSource::new(&source.file, source.text.clone()),
        }
    }

    /// With advice.
    pub fn advise(mut self, advice: impl Into<String>) -> PolicyError {
        self.advice = Some(advice.into());
        self
    }

    /// With the lines around it.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
        match handler.render_report(&mut out, self) {
            Ok(()) => out,
            Err(_) => self.to_string(),
        }
    }
}

impl Diagnostic for PolicyError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.advice.as_ref().map(|advice| Box::new(advice) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new(Some("here".into()), self.span.start, self.span.len()))))
    }
}

/// Several errors, each with its place in the file, as the command line and the log show them.
pub fn rendered(errors: &[PolicyError]) -> String {
    errors.iter().map(PolicyError::render).collect::<Vec<_>>().join("\n")
}
