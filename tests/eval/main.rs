//! Scores the reader: `tests/eval/run` (`--help` tells how).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken text file is told at once")]

mod outside_sets;
mod score;
mod texts;
mod weighed;

use serde_json::{Value, json};

use score::{Score, Table, score, with_reader};
use texts::{TASKS, texts};

const HELP: &str = "\
Scores what the reader understands, on labelled texts of this project and, where it lies beside it, on other data.

tests/eval/run [--format json] [--wrong [TASK]] [--held] [--own] [--of NAME]
    --format json   one JSON document instead of tables
    --wrong [TASK]  also every text that was read wrong (in this task); of the held half only with --held
    --own           only the project's texts
    --of NAME       only the texts of files with this in their names
    --floors        what tests/eval/floors.txt may be set to: a little under each figure
    --weighed       one JSON line a text: what of it may be weighed for hurry (for tests/eval/weigh)";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--help") || has("-h") {
        println!("{HELP}");
        return;
    }
    if has("--weighed") {
        weighed::print();
        return;
    }
    let of = arguments.iter().position(|argument| argument == "--of").and_then(|at| arguments.get(at + 1));
    let texts: Vec<_> = texts().into_iter().filter(|text| of.is_none_or(|name| text.place.contains(name))).collect();
    let (table, wrong) = with_reader(|understand| score(&texts, understand));
    if has("--floors") {
        floors(&table);
        return;
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--wrong") {
        let task = arguments.get(at + 1).filter(|task| TASKS.contains(&task.as_str()));
        for wrong in wrong.iter().filter(|wrong| task.is_none_or(|task| wrong.task == task)) {
            if has("--held") || !wrong.place.contains("held") {
                println!("{} {} so {:?} told {:?}\n    {}", wrong.place, wrong.task, wrong.so, wrong.told, wrong.text);
            }
        }
        return;
    }
    let others = if has("--own") || of.is_some() {
        Vec::new()
    } else {
        with_reader(|understand| outside_sets::sets(understand))
    };
    if arguments.windows(2).any(|pair| pair == ["--format", "json"]) {
        println!("{}", json!({"own": own_json(&table), "shared": others}));
        return;
    }
    print(&table);
    for row in &others {
        println!("{}", line_of(row));
    }
}

fn own_json(table: &Table) -> Value {
    let row = |((language, split, task), score): (&(&str, &str, usize), &Score)| {
        json!({"language": language, "half": split, "task": TASKS[*task], "right": score.right, "invented": score.invented,
            "missed": score.missed, "precision": score.precision(), "recall": score.recall(), "f1": score.f1()})
    };
    table.iter().map(row).collect()
}

fn print(table: &Table) {
    println!(
        "{:<4} {:<5} {:<13} {:>5} {:>8} {:>6} {:>9} {:>6} {:>6}",
        "", "half", "task", "right", "invented", "missed", "precision", "recall", "F1"
    );
    for ((language, split, task), score) in table {
        println!(
            "{language:<4} {split:<5} {:<13} {:>5} {:>8} {:>6} {:>9.3} {:>6.3} {:>6.3}",
            TASKS[*task],
            score.right,
            score.invented,
            score.missed,
            score.precision(),
            score.recall(),
            score.f1()
        );
    }
}

/// A floor is no record: a little under, so that one text read otherwise is no alarm.
fn floors(table: &Table) {
    println!("# Below these `cargo test eval` fails: language, half, task, F1.");
    for ((language, split, task), score) in table {
        println!("{language} {split} {} {:.2}", TASKS[*task], (score.f1() - 0.02).max(0.0));
    }
}

fn line_of(row: &Value) -> String {
    let fields = row.as_object().unwrap().iter().map(|(name, value)| match value.as_f64() {
        Some(number) if number.fract() != 0.0 => format!("{name} {number:.3}"),
        _ => format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    });
    fields.collect::<Vec<_>>().join("  ")
}
