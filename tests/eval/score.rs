//! Precision, recall and F1 of each task, over what the reader told of the labelled texts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use tactgate::command::understand::Reader;
use tactgate::config::Brand;

use super::texts::{TASKS, Text, read};

/// Hits and misses of one task.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    /// Told, and so.
    pub right: usize,
    /// Told, and not so.
    pub invented: usize,
    /// So, and not told.
    pub missed: usize,
}

impl Score {
    /// Of what was told, how much is so.
    pub fn precision(self) -> f64 {
        share(self.right, self.right + self.invented)
    }

    /// Of what is so, how much was told.
    pub fn recall(self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// Both in one.
    pub fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.invented + self.missed)
    }

    /// Compares two sets.
    pub fn add(&mut self, so: &BTreeSet<String>, told: &BTreeSet<String>) {
        self.right += so.intersection(told).count();
        self.invented += told.difference(so).count();
        self.missed += so.difference(told).count();
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Where the two disagree.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The text's place.
    pub place: String,
    /// The task.
    pub task: &'static str,
    /// What the label says.
    pub so: BTreeSet<String>,
    /// What was told.
    pub told: BTreeSet<String>,
    /// The text.
    pub text: String,
}

/// (language, `dev` or `held`, task) and its score.
pub type Table = BTreeMap<(&'static str, &'static str, usize), Score>;

/// A reader without a shop.
pub fn with_reader<T>(work: impl FnOnce(&dyn Fn(&Value) -> Value) -> T) -> T {
    let brand = Brand::named("eval");
    let reader = Reader::of(&brand).unwrap();
    work(&|input| reader.answer(&input.to_string(), Timestamp::UNIX_EPOCH).unwrap())
}

/// Reads and compares every text.
pub fn score(texts: &[Text], understand: &dyn Fn(&Value) -> Value) -> (Table, Vec<Wrong>) {
    let (mut table, mut wrong) = (Table::new(), Vec::new());
    for text in texts {
        let told: BTreeMap<&str, BTreeSet<String>> =
            read(&understand(&text.input)).into_iter().map(|(task, told)| (task, told.unwrap_or_default())).collect();
        let split = if text.held { "held" } else { "dev" };
        for (task, so) in text.labelled() {
            let Some(so) = so else { continue };
            let at = TASKS.iter().position(|known| *known == task).unwrap();
            table.entry((text.language, split, at)).or_default().add(&so, &told[task]);
            if so != told[task] {
                let (place, text) = (text.place.clone(), text.input.to_string());
                wrong.push(Wrong { place, task, so, told: told[task].clone(), text });
            }
        }
    }
    (table, wrong)
}
