//! The short form of `tests/eval/run`: no task falls below its floor (`tests/eval/floors.txt`).

#[path = "../eval/score.rs"]
mod score;
#[path = "../eval/texts.rs"]
mod texts;

use score::{score, with_reader};
use texts::{TASKS, texts};

#[test]
fn no_task_falls_below_its_floor() {
    let texts = texts();
    for language in ["zh", "en"] {
        assert!(texts.iter().filter(|text| text.language == language).count() >= 200, "{language}");
    }
    let (table, wrong) = with_reader(|understand| score(&texts, understand));
    let mut below = Vec::new();
    let mut floors = 0;
    for line in include_str!("../eval/floors.txt").lines().filter(|line| !line.starts_with('#')) {
        let [language, half, task, floor] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let at = TASKS.iter().position(|known| *known == task).unwrap_or_else(|| panic!("{line}"));
        let scored = table.iter().find(|((l, h, t), _)| *l == language && *h == half && *t == at);
        let (_, score) = scored.unwrap_or_else(|| panic!("nothing is scored for {line}"));
        floors += 1;
        if score.f1() < floor.parse().unwrap() {
            // What was read wrong of the held half is nobody's business: whoever looks tunes to it.
            let may_be_told = |one: &&score::Wrong| half == "dev" && !one.place.contains("-held");
            let is_of_it = |one: &&score::Wrong| one.task == task && one.place.starts_with(language);
            let worst = wrong.iter().filter(is_of_it).filter(may_be_told);
            let told = |one: &score::Wrong| format!("{} so {:?} told {:?}: {}", one.place, one.so, one.told, one.text);
            let worst: Vec<_> = worst.map(told).collect();
            let (precision, recall) = (score.precision(), score.recall());
            let worst = worst.join("\n  ");
            below.push(format!("{line}: {:.3} (precision {precision:.3}, recall {recall:.3})\n  {worst}", score.f1()));
        }
    }
    assert_eq!(floors, TASKS.len() * 4, "every task has a floor in each half of each language");
    assert!(below.is_empty(), "below the floor:\n{}", below.join("\n"));
}

/// Without the reader every task but those of nothing said fails: the floors measure it.
#[test]
fn a_reader_that_tells_nothing_is_below() {
    let silent = |_: &serde_json::Value| serde_json::json!({});
    let (table, _) = score(&texts(), &silent);
    assert!(table.values().all(|score| score.f1() < 0.5));
}
