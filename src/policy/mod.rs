//! PURE: (path, text) → rules: parse, check, select, cases. Reading and watching files is `config`'s.

mod case_facts;
pub mod case_spec;
pub mod cases;
pub mod error;
pub mod judge;
pub mod keys;
pub mod parse;
pub mod rule;
pub mod select;
pub mod then;
mod topics;
pub mod wording;

use std::collections::BTreeMap;

pub use case_spec::PolicyCase;
pub use cases::{CaseResult, Scope, run_case, run_cases};
pub use error::PolicyError;
pub use judge::{Head, Judge};
pub use rule::{Filters, Mode, OnUnknown, Place, Rule, Texts, Then, Window};
pub use select::Selection;

use crate::decide::as_the_promotion_it_carries;
use crate::hex::hex;
use crate::message::Message;
use crate::understand::Meaning;

/// What a set of policies may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long history is kept: no rule may look back further.
    pub history: Window,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { history: Window::days(400) }
    }
}

/// All rules in force, and the cases they were written with.
#[derive(Debug, Default)]
pub struct PolicySet {
    /// The rules, in the order of files and lines (which decides nothing).
    pub rules: Vec<Box<dyn Judge>>,
    /// The cases.
    pub cases: Vec<PolicyCase>,
    /// SHA-256 (hex) over the sorted files: names the set in records.
    pub hash: String,
    /// The files, sorted.
    pub files: Vec<String>,
    index: select::Index,
}

impl PolicySet {
    /// Reads the files (path as the operator writes it, text). Every error of every file, or a set
    /// without any.
    pub fn load(files: &[(String, String)], limits: &Limits) -> Result<PolicySet, Vec<PolicyError>> {
        let mut files: Vec<&(String, String)> = files.iter().collect();
        files.sort();
        let mut errors = Vec::new();
        let mut set = PolicySet::default();
        let mut ids: BTreeMap<String, (String, u32)> = BTreeMap::new();
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for (path, text) in files {
            // Lengths in front: no two sets run together into the same bytes.
            digest.update(format!("{}:{path}\n{}:", path.len(), text.len()).as_bytes());
            digest.update(text.as_bytes());
            let source = error::Source::new(path, text);
            let file = parse::parse(&source, limits, &mut errors);
            for (id, span) in file.ids {
                let (line, _) = source.position(span.start);
                if let Some((other, at)) = ids.get(&id) {
                    let message = format!("the id `{id}` is taken: {other}:{at} has it too");
                    errors.push(PolicyError::at(&source, span, message));
                } else {
                    ids.insert(id, (path.clone(), line));
                }
            }
            set.rules.extend(file.rules);
            set.cases.extend(file.cases);
            set.files.push(path.clone());
        }
        if !errors.is_empty() {
            errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
            return Err(errors);
        }
        set.hash = hex(digest.finish().as_ref());
        set.index = select::Index::of(&set.rules);
        Ok(set)
    }

    /// The rules that apply to a message.
    pub fn select(&self, message: &Message, meaning: &Meaning) -> Selection<'_> {
        let applying = |meaning: &Meaning| {
            let candidates = self.index.candidates(message, meaning);
            let judges = candidates.into_iter().filter_map(|at| self.rules.get(at)).map(|judge| judge.as_ref());
            judges.filter(|judge| select::applies(judge.head().filters, message, meaning)).collect()
        };
        let of_offers = as_the_promotion_it_carries(message, meaning).map(|sold| applying(&sold));
        let of_offers = of_offers.unwrap_or_default();
        Selection { judges: applying(meaning), of_offers, everyone: false, rehearsal: false }
    }

    /// The rule of that id, now or formerly: what `explain` words a finding with.
    pub fn rule(&self, id: &str) -> Option<&dyn Judge> {
        let all = || self.rules.iter().map(|judge| judge.as_ref());
        let once_named = |judge: &&dyn Judge| judge.head().formerly.iter().any(|former| former == id);
        all().find(|judge| judge.head().id == id).or_else(|| all().find(once_named))
    }
}
