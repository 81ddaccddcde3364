//! `tactgate demo` plays its five stories without a word of complaint.

use super::child::Home;

#[test]
fn every_verdict_is_the_one_its_story_asks_for() {
    for lang in ["en", "zh"] {
        let home = Home::new();
        let played = home.run(&["demo", "--lang", lang]);
        let said = String::from_utf8_lossy(&played.stdout).into_owned();
        assert_eq!(played.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&played.stderr));
        assert!(said.contains("every message met the verdict its story asks for"), "{said}");
        assert!(said.contains("block") && said.contains("pass"), "{said}");
    }
}
