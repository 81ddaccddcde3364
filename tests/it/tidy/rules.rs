//! Each rule: a function over a (path, text) that gives what breaks it.

use super::code::{code, shipped};
use super::{
    EMPTY_NAMES, EMPTY_PATHS, IMPURE_WORDS, KNOW_ALL, LINES_MAX, Listed, MACHINE_TRACES, MAY_BE_LONGER, MAY_USE,
    PACKAGE_SOURCE, PURE, TOP, UNDONE, Violation, WORDS,
};

/// The first module of a path under `src`: `message` of `src/message/mod.rs`, `clock` of `src/clock.rs`.
pub fn module(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/")?;
    Some(below.split('/').next().unwrap_or(below).trim_end_matches(".rs"))
}

/// `crate::x` only of folders in the row.
pub fn uses(path: &str, text: &str) -> Vec<Violation> {
    let Some((own, may)) = module(path).and_then(|m| MAY_USE.iter().find(|(name, _)| *name == m)) else {
        return Vec::new();
    };
    let code = shipped(text);
    let mut violations = Vec::new();
    for (line, used) in crate_uses(&code) {
        if used != *own && !may.contains(&used.as_str()) && is_folder(&used) {
            violations.push(format!(
                "{path}:{line}: `{own}` uses `crate::{used}`; it may use {may:?}. Move the noun down, or the call up to the gateway"
            ));
        }
    }
    violations
}

fn is_folder(name: &str) -> bool {
    KNOW_ALL.contains(&name) || MAY_USE.iter().any(|(module, _)| *module == name)
}

/// (line, module) of every `crate::x` and `crate::{x, y::z}`.
fn crate_uses(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let line = line_of(code, at);
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut item) = (1, String::new());
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    found.push((line, word(item.trim())));
                    item.clear();
                } else {
                    item.push(c);
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.push((line, word(rest)));
        }
    }
    found
}

/// No IO, clock, randomness or async in a pure folder.
pub fn purity(path: &str, text: &str) -> Vec<Violation> {
    if !module(path).is_some_and(|m| PURE.contains(&m)) {
        return Vec::new();
    }
    let code = shipped(text);
    let mut violations = Vec::new();
    for impure in IMPURE_WORDS {
        for (at, _) in code.match_indices(impure) {
            if stands_alone(&code, at, impure) {
                let line = line_of(&code, at);
                violations.push(format!("{path}:{line}: `{impure}` in a pure folder; make it an argument"));
            }
        }
    }
    violations
}

/// The files of a folder and the words of its list are the same.
pub fn list(listed: &Listed, list_text: &str, paths: &[&str]) -> Vec<Violation> {
    let code = code(list_text);
    let Some(begin) = code.find(listed.begins) else {
        return vec![format!("{}: no `{}`", listed.list, listed.begins.trim())];
    };
    let in_list = entries(&code[begin + listed.begins.len()..]);
    let in_list: Vec<&str> = in_list.iter().map(String::as_str).collect();
    let in_folder: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix(listed.folder)?.strip_prefix('/'))
        .map(|below| below.split('/').next().unwrap_or(below).trim_end_matches(".rs"))
        .filter(|name| !listed.others.contains(name))
        .collect();
    let mut violations = Vec::new();
    for name in &in_folder {
        if !in_list.contains(name) && !listed.others.contains(&"*") {
            violations.push(format!("{}/{name}: not in the list of {}", listed.folder, listed.list));
        }
    }
    for name in &in_list {
        if !in_folder.contains(name) {
            violations.push(format!("{}: `{name}` has no file in {}", listed.list, listed.folder));
        }
    }
    violations.sort();
    violations.dedup();
    violations
}

/// The first word of each entry up to the closing bracket, as a file would be called: `AddOptOut { … }`,
/// `&sendgrid::SendGrid` and `quiet_hours` are entries.
fn entries(inside: &str) -> Vec<String> {
    let (mut depth, mut entry, mut entries) = (0, String::new(), Vec::new());
    for c in inside.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 || (depth == 0 && c == ',') {
            entries.push(segments(&word(entry.trim().trim_start_matches('&'))).join("_"));
            entry.clear();
        } else {
            entry.push(c);
        }
        if depth < 0 {
            break;
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

/// A file begins by saying what it is.
pub fn introduced(path: &str, text: &str) -> Vec<Violation> {
    match text.starts_with("//! ") {
        true => Vec::new(),
        false => vec![format!("{path}:1: a file begins with a `//!` paragraph that says what it is")],
    }
}

/// A file is one thing.
pub fn length(path: &str, text: &str) -> Vec<Violation> {
    let lines = text.lines().count();
    match lines > LINES_MAX && !MAY_BE_LONGER.iter().any(|(longer, _)| *longer == path) {
        true => vec![format!("{path}: {lines} lines; more than {LINES_MAX} are two files")],
        false => Vec::new(),
    }
}

/// No name that says nothing.
pub fn names(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let empty = |part: &&str| EMPTY_NAMES.contains(part) || EMPTY_PATHS.contains(part);
    let in_path = path.split(['/', '.', '-', '_']).find(empty);
    if let Some(part) = in_path {
        violations.push(format!("{path}: a file called `{part}` says nothing; name what it does"));
    }
    let code = code(text);
    let words: Vec<(usize, &str)> = words_of(&code);
    for pair in words.windows(2) {
        let [(_, before), (at, name)] = pair else { continue };
        let defines = ["fn", "struct", "enum", "trait", "type", "mod", "const", "static"];
        if defines.contains(before)
            && let Some(part) = segments(name).into_iter().find(|s| EMPTY_NAMES.contains(&s.as_str()))
        {
            violations.push(format!("{path}:{}: `{name}`: `{part}` says nothing", line_of(&code, *at)));
        }
    }
    violations
}

/// Nothing is left undone.
pub fn undone(path: &str, text: &str) -> Vec<Violation> {
    let code = code(text);
    let mut violations = Vec::new();
    for undone in UNDONE {
        for (at, _) in code.match_indices(undone) {
            violations.push(format!("{path}:{}: `{undone}`", line_of(&code, at)));
        }
    }
    for (number, line) in text.lines().enumerate() {
        let marked = ["FIXME", "XXX:", "TODO"].iter().find(|mark| line.contains(*mark));
        if let Some(mark) = marked
            && line.contains("//")
            && !line.contains('#')
        {
            violations.push(format!("{path}:{}: `{mark}` without the number of an issue", number + 1));
        }
    }
    violations
}

/// Words that stand nowhere.
pub fn words(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let lower = text.to_lowercase();
    for (banned, instead) in WORDS {
        if let Some(at) = lower.find(banned) {
            violations.push(format!("{path}:{}: `{banned}`; write {instead}", line_of(&lower, at)));
        }
    }
    violations
}

/// Traces of one machine.
pub fn traces(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for trace in MACHINE_TRACES {
        for (at, _) in text.match_indices(trace) {
            let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c));
            if begins || !trace.starts_with('/') {
                violations.push(format!("{path}:{}: `{trace}` means nothing elsewhere", line_of(text, at)));
            }
        }
    }
    if path == "Cargo.lock" {
        let foreign = text.lines().filter(|l| l.starts_with("source = ") && !l.contains(PACKAGE_SOURCE));
        violations.extend(foreign.map(|line| format!("{path}: {line}")));
    }
    violations
}

/// Only what the top level consists of.
pub fn top(entry: &str) -> Vec<Violation> {
    match entry.starts_with('.') || TOP.contains(&entry) {
        true => Vec::new(),
        false => vec![format!("{entry}: not at the top level")],
    }
}

/// The changelog tells of this version.
pub fn changelog(text: &str, version: &str) -> Vec<Violation> {
    match text.lines().any(|line| line.starts_with(&format!("## [{version}]"))) {
        true => Vec::new(),
        false => vec![format!("CHANGELOG.md: no `## [{version}]`")],
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The identifier that `text` begins with.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn words_of(code: &str) -> Vec<(usize, &str)> {
    let part = |c: char| !(c.is_alphanumeric() || c == '_');
    code.split(part).filter(|w| !w.is_empty()).map(|w| (w.as_ptr() as usize - code.as_ptr() as usize, w)).collect()
}

/// `HttpHandler_x` → `http`, `handler`, `x`.
fn segments(name: &str) -> Vec<String> {
    if !name.contains(|c: char| c.is_lowercase()) {
        return name.to_lowercase().split('_').map(str::to_owned).collect();
    }
    let mut segments = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            segments.push(String::new());
        }
        if c != '_'
            && let Some(last) = segments.last_mut()
        {
            last.extend(c.to_lowercase());
        }
    }
    segments.retain(|s| !s.is_empty());
    segments
}

/// True when the word at `at` is no part of a longer one.
fn stands_alone(code: &str, at: usize, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let before = word.starts_with(part) && code[..at].ends_with(part);
    let after = word.ends_with(part) && code[at + word.len()..].starts_with(part) && !word.contains("net::");
    !before && !after
}
