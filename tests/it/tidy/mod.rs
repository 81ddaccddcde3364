//! The rules of the house, as a test. The tables below are the rules; `rules.rs` applies them to one
//! (path, text) at a time; `planted.rs` shows that each of them catches what it is for.

mod code;
mod planted;
mod rules;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that do no IO, read no clock, draw no randomness and are not async.
const PURE: &[&str] = &["message", "understand", "facts", "policy", "decide", "rewrite", "providers"];

/// What a pure folder does not contain.
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::net::ToSocketAddrs",
    "std::process",
    "std::thread",
    "std::env",
    "tokio",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "now_v7",
    "rand",
    "RandomState",
    "async fn",
    ".await",
    "async move",
];

/// Which folders a folder may use (`crate::x`). A module not named here may use all: the gateway, the
/// commands, `main.rs` and `lib.rs`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("message", &[]),
    ("clock", &[]),
    ("breaker", &[]),
    ("hex", &[]),
    ("secret_file", &["hex"]),
    ("facts", &["message"]),
    ("understand", &["message"]),
    ("providers", &["message"]),
    ("rewrite", &["message", "providers", "understand", "policy", "decide"]),
    ("policy", &["message", "facts", "understand", "decide", "rewrite", "hex"]),
    ("decide", &["message", "facts", "understand", "policy", "rewrite"]),
    ("accept", &["message", "providers", "clock", "config"]),
    ("forward", &["message", "providers", "policy", "clock", "config", "breaker"]),
    ("store", &["message", "facts", "clock", "config", "breaker", "hex", "secret_file"]),
    ("learn", &["message", "facts", "store", "clock", "config"]),
    ("hold", &["message", "clock", "config", "hex", "secret_file"]),
    (
        "record",
        &[
            "message",
            "facts",
            "understand",
            "policy",
            "decide",
            "providers",
            "forward",
            "hold",
            "clock",
            "hex",
            "secret_file",
        ],
    ),
    ("config", &["message", "clock", "store", "hex"]),
];

/// Modules that know all folders.
const KNOW_ALL: &[&str] = &["gateway", "command", "main", "lib"];

/// A visible list and the folder whose files stand in it.
struct Listed {
    /// Where the files are.
    folder: &'static str,
    /// The file with the list.
    list: &'static str,
    /// The text after which the list begins; it ends at the matching bracket.
    begins: &'static str,
    /// Files of the folder that are not such things; `*` = any, where the list makes the modules' use.
    others: &'static [&'static str],
}

const LISTS: &[Listed] = &[
    Listed { folder: "src/decide/guards", list: "src/decide/guards/mod.rs", begins: "\nguards! {", others: &["mod"] },
    Listed {
        folder: "src/providers",
        list: "src/providers/mod.rs",
        begins: "DIALECTS: &[&dyn Dialect] = &[",
        // What dialects are made of; and mail, which is read by one reader whatever relay it goes to.
        others: &["mod", "form", "json", "mime", "relay", "request", "splice"],
    },
    Listed {
        folder: "src/rewrite/actions",
        list: "src/rewrite/actions/mod.rs",
        begins: "pub enum Action {",
        others: &["mod"],
    },
    Listed {
        folder: "src/store",
        list: "src/store/backend.rs",
        begins: "\nbackends! {",
        others: &["*"], // the file is named in the list itself
    },
];

/// Lines of code in one file; beyond `LINES_LOOK_AGAIN` the test prints a warning.
const LINES_MAX: usize = 600;
const LINES_LOOK_AGAIN: usize = 400;

/// Files that may be longer, with the reason.
const MAY_BE_LONGER: &[(&str, &str)] = &[];

/// Names that say nothing: no path and no item is called so.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "misc", "handler", "handlers", "stuff"];

/// Names that say nothing of a file; of an item ("what they have in common") they may.
const EMPTY_PATHS: &[&str] = &["common", "shared", "base", "core", "lib2", "new", "old"];

/// Words that stand nowhere, and what to write instead.
const WORDS: &[(&str, &str)] =
    &[("blacklist", "`blocked`, `denied`"), ("whitelist", "`allowed`"), ("sanity check", "`check`")];

/// Macros that leave something undone.
const UNDONE: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// What the top level consists of, beside dot-files.
const TOP: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "docs",
    "policies",
    "src",
    "tests",
];

/// What lies in a working copy and is no part of the project (see `.gitignore`).
const NOT_OURS: &[&str] = &[".git", "target", "data", "tactgate.toml"];

/// Traces of one machine: they mean nothing on any other.
const MACHINE_TRACES: &[&str] = &[
    "/home/",
    "/Users/",
    "/root/",
    "/work/",
    "C:\\Users",
    "index-url",
    "[source.crates-io]",
    "replace-with",
    "proxy =",
];

/// The only place packages come from.
const PACKAGE_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A rule broken: where, and what would mend it.
type Violation = String;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Path from the root with `/`, and bytes.
type File = (String, Vec<u8>);

/// Every file of the project, sorted; and every folder with how much is in it.
fn walk() -> (Vec<File>, Vec<(String, usize)>) {
    let (mut files, mut folders, mut left) = (Vec::new(), Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = left.pop() {
        let mut entries = 0;
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let name = path.to_str().unwrap().to_owned();
            if NOT_OURS.contains(&name.as_str()) || name.ends_with("__pycache__") {
                continue;
            }
            entries += 1;
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => left.push(path),
                kind if kind.is_file() => files.push((name, std::fs::read(entry.path()).unwrap())),
                _ => {}
            }
        }
        folders.push((folder.to_str().unwrap().to_owned(), entries));
    }
    files.sort();
    (files, folders)
}

/// The project's text files; other bytes (fixtures in other charsets) are left out.
fn texts() -> Vec<(String, String)> {
    let (files, _) = walk();
    files.into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect()
}

fn rust_texts() -> Vec<(String, String)> {
    texts().into_iter().filter(|(path, _)| path.ends_with(".rs")).collect()
}

fn none(violations: Vec<Violation>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn each_folder_uses_only_the_folders_it_may() {
    none(rust_texts().iter().flat_map(|(path, text)| rules::uses(path, text)).collect());
}

#[test]
fn pure_folders_do_no_io_and_read_no_clock() {
    none(rust_texts().iter().flat_map(|(path, text)| rules::purity(path, text)).collect());
}

#[test]
fn every_module_of_the_tree_has_its_row() {
    let mut modules = BTreeSet::new();
    for (path, _) in rust_texts() {
        modules.extend(rules::module(&path).map(str::to_owned));
    }
    let known = |name: &String| MAY_USE.iter().any(|(m, _)| m == name) || KNOW_ALL.contains(&name.as_str());
    none(modules.into_iter().filter(|m| !known(m)).map(|m| format!("src/{m}: add a row to MAY_USE")).collect());
}

#[test]
fn what_is_in_a_folder_is_in_its_list() {
    let files = rust_texts();
    let mut violations = Vec::new();
    for listed in LISTS {
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        if !paths.iter().any(|path| path.strip_prefix(listed.folder).is_some_and(|below| below.starts_with('/'))) {
            continue;
        }
        match files.iter().find(|(path, _)| path == listed.list) {
            Some((_, list)) => violations.extend(rules::list(listed, list, &paths)),
            None => violations.push(format!("{} is missing", listed.list)),
        }
    }
    none(violations);
}

#[test]
fn files_are_short_named_and_introduced() {
    let mut violations = Vec::new();
    for (path, text) in rust_texts() {
        violations.extend(rules::introduced(&path, &text));
        violations.extend(rules::names(&path, &text));
        if !path.starts_with("tests/it/tidy/") {
            violations.extend(rules::undone(&path, &text));
        }
        violations.extend(rules::length(&path, &text));
        if text.lines().count() > LINES_LOOK_AGAIN {
            println!("look again: {path} has {} lines", text.lines().count());
        }
    }
    none(violations);
}

#[test]
fn words_and_traces_that_stand_nowhere() {
    let mut violations = Vec::new();
    for (path, text) in texts() {
        if path.starts_with("tests/it/tidy/") {
            continue; // the lists themselves
        }
        violations.extend(rules::words(&path, &text));
        violations.extend(rules::traces(&path, &text));
    }
    none(violations);
}

#[test]
fn the_top_level_is_what_it_says_and_no_folder_is_empty() {
    let (files, folders) = walk();
    let mut violations: Vec<Violation> =
        folders.iter().filter(|(_, entries)| *entries == 0).map(|(path, _)| format!("{path} is empty")).collect();
    let top: BTreeSet<&str> = files.iter().filter_map(|(path, _)| path.split('/').next()).collect();
    violations.extend(top.into_iter().flat_map(rules::top));
    none(violations);
}

#[test]
fn the_changelog_has_this_version() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    none(rules::changelog(&changelog, env!("CARGO_PKG_VERSION")));
}

/// `cargo fmt` does not see files that a macro names, so each file is given to rustfmt by name.
#[test]
fn every_file_is_formatted() {
    let files: Vec<String> = rust_texts().into_iter().map(|(path, _)| path).collect();
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024", "--color", "never", "-l"]).args(&files).current_dir(root());
    match rustfmt.output() {
        Ok(done) => assert!(
            done.status.success(),
            "not formatted (cargo fmt):\n{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        ),
        Err(error) => println!("skipped: rustfmt cannot be run ({error}); `rustup component add rustfmt`"),
    }
}

/// "Each promise … names the test that fails when the mechanism is taken out."
#[test]
fn every_test_that_a_guarantee_names_exists() {
    let page = std::fs::read_to_string(root().join("docs/guarantees.md")).unwrap();
    let sources: String = rust_texts().into_iter().map(|(_, text)| text).collect();
    let is_test = |name: &&str| name.matches('_').count() >= 3 && !name.contains(['/', ' ', '=']);
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 50, "the page names its tests");
    // Some are told once for every store, and named in a macro.
    let exists = |name: &&&str| sources.contains(&format!("fn {name}(")) || sources.contains(&format!("{name},"));
    let missing: Vec<&&str> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
