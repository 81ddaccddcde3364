//! Policy files. Bad ones: each folder of `tests/bad-policies` holds a `policy.toml` and the errors it
//! must give, one a line; `TACTGATE_BLESS=1` writes them anew, for a person to read before committing.

use std::fs;
use std::path::{Path, PathBuf};

use tactgate::config::{PolicyFolder, PolicySettings};
use tactgate::policy::{Limits, PolicySet, run_cases};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The shipped policies, as the binary would name them.
pub fn shipped() -> Vec<(String, String)> {
    let settings = PolicySettings { dir: folder("policies"), ..PolicySettings::default() };
    PolicyFolder::read(&settings).unwrap().files
}

#[test]
fn bad_policies_are_refused_in_these_words() {
    let mut checked = 0;
    for entry in fs::read_dir(folder("tests/bad-policies")).unwrap() {
        let dir = entry.unwrap().path();
        let text = fs::read_to_string(dir.join("policy.toml")).unwrap();
        let errors = match PolicySet::load(&[("policy.toml".to_owned(), text)], &Limits::default()) {
            Err(errors) => errors,
            Ok(set) => run_cases(&set).into_iter().filter_map(|result| result.failure).collect(),
        };
        let got: String = errors.iter().map(|error| format!("{error}\n")).collect();
        let path = dir.join("expected-error");
        if std::env::var_os("TACTGATE_BLESS").is_some() {
            fs::write(&path, &got).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(!got.is_empty(), "{} is not refused at all", dir.display());
        assert_eq!(got, expected, "{}", dir.display());
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} bad policies");
}

/// What `tests/bad-policies/settings-out-of-range` is refused for, one step nearer.
#[test]
fn settings_at_the_edge_of_their_range_are_taken() {
    const EDGES: &[(&str, &str)] = &[
        ("already_bought", "confidence = 100"),
        ("below_price_paid", "tolerance_percent = 99\nconfidence = 100"),
        ("dead_voucher", "confidence = 100"),
        ("exclusive_leak", "confidence = 100"),
        ("false_deadline", "ends_at_most = 1\nextension_percent = 100\nconfidence = 100"),
        ("frequency_cap", "at_most = 3\nreserve = 2\nwithin = \"7 days\""),
        ("price_conflict", "tolerance_percent = 99\nconfidence = 100"),
        ("reference_price", "tolerance_percent = 99\nconfidence = 100"),
        ("survey_experience", "confidence = 100\nafter_delivery = \"29 days\"\nfresh_for = \"30 days\""),
        (
            "survey_fatigue",
            "invited_any = \"30 days\"\nminutes_at_most = 1\nignored_doubles = 1\nignored_stops = 2\nconfidence = 100",
        ),
        ("wrong_audience", "confidence = 100"),
    ];
    for (guard, settings) in EDGES {
        let text = format!("[[{guard}]]\nid = \"edge\"\ntitle.en = \"t\"\n{settings}\n");
        let set = PolicySet::load(&[("policy.toml".to_owned(), text)], &Limits::default());
        set.unwrap_or_else(|errors| panic!("{guard}: {}", errors.iter().map(|e| e.render()).collect::<String>()));
    }
}

#[test]
fn an_error_shows_the_line_it_speaks_of() {
    let text = fs::read_to_string(folder("tests/bad-policies/misspelt-key/policy.toml")).unwrap();
    let errors = PolicySet::load(&[("policies/quiet.toml".to_owned(), text)], &Limits::default()).unwrap_err();
    let shown = errors[0].render();
    for part in ["policies/quiet.toml:4:1", "did you mean `until`?", "untill   = 8"] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
}

#[test]
fn the_shipped_policies_load_and_their_cases_hold() {
    let set = match PolicySet::load(&shipped(), &Limits::default()) {
        Ok(set) => set,
        Err(errors) => panic!("{}", errors.iter().map(|e| e.render()).collect::<String>()),
    };
    let results = run_cases(&set);
    let failures: Vec<String> = results.iter().filter_map(|r| r.failure.as_ref().map(|f| f.render())).collect();
    assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), results.len(), failures.join("\n"));
    for rule in &set.rules {
        let head = rule.head();
        for text in [head.title, head.reason] {
            assert!(text.en.is_some() && text.zh.is_some(), "{} speaks one language only", head.id);
        }
        let named = format!("\"{}\"", head.id);
        let cases = set.cases.iter().filter(|case| format!("{:?}", case.spec.expect).contains(&named)).count();
        assert!(cases >= 2, "{} has {cases} cases that name it: one in each language at least", head.id);
    }
}

#[test]
fn the_same_id_in_two_files_is_an_error() {
    let rule = "[[suppression]]\nid = \"opted-out\"\ntitle.en = \"Opted out\"\n";
    let files = [("a.toml".to_owned(), rule.to_owned()), ("b.toml".to_owned(), rule.to_owned())];
    let errors = PolicySet::load(&files, &Limits::default()).unwrap_err();
    assert_eq!(errors[0].to_string(), "b.toml:2:6: the id `opted-out` is taken: a.toml:2 has it too");
}

#[test]
fn the_hash_names_the_set_whatever_the_order_of_files() {
    let file =
        |name: &str, id: &str| (name.to_owned(), format!("[[suppression]]\nid = \"{id}\"\ntitle.en = \"Opted out\"\n"));
    let load = |files: &[(String, String)]| PolicySet::load(files, &Limits::default()).unwrap().hash;
    let (a, b) = (file("a.toml", "one"), file("b.toml", "two"));
    let both = load(&[a.clone(), b.clone()]);
    assert_eq!(both, load(&[b, a.clone()]));
    assert_ne!(both, load(&[a, file("b.toml", "three")]));
    assert_eq!(both.len(), 64);
}

#[test]
fn no_text_makes_the_reader_panic() {
    use proptest::prelude::*;
    let files = shipped();
    let texts: Vec<String> = files.into_iter().map(|(_, text)| text).collect();
    let damage = (prop::sample::select(texts), any::<prop::sample::Index>(), any::<prop::sample::Index>(), "\\PC{0,6}");
    proptest!(ProptestConfig::with_cases(96), |((text, from, to, put) in damage)| {
        let chars: Vec<char> = text.chars().collect();
        let (a, b) = (from.index(chars.len()), to.index(chars.len()));
        let (a, b) = (a.min(b), b.max(a).min(a.min(b) + 40));
        let damaged: String = chars[..a].iter().copied().chain(put.chars()).chain(chars[b..].iter().copied()).collect();
        if let Err(errors) = PolicySet::load(&[("p.toml".to_owned(), damaged)], &Limits::default()) {
            for error in errors {
                prop_assert!(error.line >= 1 && error.column >= 1 && !error.render().is_empty());
            }
        }
    });
}

#[test]
fn a_rule_that_is_switched_off_or_watches_keeps_its_cases() {
    for mode in ["off", "shadow"] {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/offers.toml")).unwrap();
        let id = "id        = \"cheaper-after-purchase\"";
        assert!(text.contains(id), "the shipped rule");
        let text = text.replace(id, &format!("{id}\nmode = \"{mode}\""));
        let set = PolicySet::load(&[("policies/offers.toml".to_owned(), text)], &Limits::default()).unwrap();
        let failed: Vec<_> = run_cases(&set).into_iter().filter_map(|result| result.failure).collect();
        assert!(failed.is_empty(), "{mode}: {failed:?}");
    }
}
