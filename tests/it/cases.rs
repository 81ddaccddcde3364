//! The five stories the project is founded on: each folder of `tests/cases` is one mistake, told as
//! cases against all the shipped rules, with an honest twin for every harm.

use std::fs;
use std::path::Path;

use tactgate::policy::{Limits, PolicySet, Scope, run_case, run_cases};

use crate::policies::shipped;

#[test]
fn the_five_stories_stay_true() {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files = shipped();
    for folder in fs::read_dir(&stories).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(&stories).unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    let set = PolicySet::load(&files, &Limits::default())
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|e| e.render()).collect::<String>()));
    let told: Vec<_> = set.cases.iter().filter(|case| !case.place.file.starts_with("policies/")).collect();
    for number in 1..=5 {
        let of = told.iter().filter(|case| case.place.file.starts_with(&format!("{number}-"))).count();
        assert!(of >= 4, "story {number} has only {of} cases");
    }
    let failures: Vec<String> =
        told.iter().filter_map(|case| run_case(&set, case, Scope::Set).failure).map(|f| f.render()).collect();
    assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), told.len(), failures.join("\n"));
}

#[test]
fn the_guards_finer_points() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guards");
    let mut failures = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let set = PolicySet::load(&[(name, fs::read_to_string(&path).unwrap())], &Limits::default())
            .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|e| e.render()).collect::<String>()));
        failures.extend(run_cases(&set).into_iter().filter_map(|result| result.failure).map(|f| f.render()));
    }
    assert!(failures.is_empty(), "{} cases fail\n{}", failures.len(), failures.join("\n"));
}
