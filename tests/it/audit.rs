//! The decision log as evidence: whatever is done to it afterwards shows, from the log itself where that is
//! possible and else against a checkpoint that was kept elsewhere.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tactgate::record::audit::verify::Trusted;
use tactgate::record::audit::{Reason, checkpoints_in};
use tactgate::record::{
    AuditKey, CheckpointEntry, Fate, Line, OutcomeEntry, ReceivedEntry, Record, RecordSettings, Verified, ids, verify,
};

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn settings(folder: &Path) -> RecordSettings {
    RecordSettings { checkpoint_lines: 4, ..RecordSettings::in_folder(folder) }
}

fn received(at: Timestamp, number: u8) -> Line {
    let submission = ids::submission(at, &[number; 10]);
    Line::Received(ReceivedEntry { submission, at, route: "mail".into(), recipients: 1 })
}

fn trusted(folder: &Path) -> Trusted {
    let key = AuditKey::read(&folder.join("audit.key")).unwrap().unwrap();
    Trusted { keys: vec![key.public().clone()], kept: Vec::new() }
}

fn verified(folder: &Path, trusted: &Trusted) -> Verified {
    verify(folder, trusted, |_| {}).unwrap()
}

fn day(folder: &Path, day: &str) -> PathBuf {
    folder.join("decisions").join(format!("{day}.jsonl"))
}

fn ledger(folder: &Path) -> PathBuf {
    folder.join("audit/checkpoints.jsonl")
}

/// Three days of a gateway that stops every night; ten lines a day.
async fn three_days(folder: &Path) {
    for days in 0..3 {
        let now = noon() + SignedDuration::from_hours(24 * days);
        let record = Record::open(&settings(folder), now).unwrap();
        for number in 0..10 {
            record.append(&received(now, number)).await.unwrap();
        }
        record.close().await.unwrap();
    }
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for sub in ["decisions", "journal", "audit"] {
        std::fs::create_dir(to.path().join(sub)).unwrap();
        for entry in std::fs::read_dir(from.join(sub)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.path().join(sub).join(entry.file_name())).unwrap();
        }
    }
    to
}

/// The lines of a file, with what comes after one of them chained anew: what somebody does who knows the
/// form and lacks the key.
fn rechained(lines: &[String]) -> String {
    use tactgate::record::chain::{NOTHING_BEFORE, chained, next, unchained};
    let mut chain = NOTHING_BEFORE.to_owned();
    let again = lines.iter().map(|line| {
        let body = unchained(line).map_or_else(|| line.clone(), |(body, _)| body);
        chain = next(&chain, &body);
        chained(&body, &chain) + "\n"
    });
    again.collect()
}

#[tokio::test]
async fn an_honest_record_verifies_and_says_what_it_covers() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let found = verified(dir.path(), &trusted(dir.path()));
    assert!(found.is_whole(), "{found:?}");
    assert_eq!((found.files, found.lines_after_checkpoints, found.notes.as_slice()), (3, 0, &[][..]));
    assert_eq!(found.last_checkpoint.as_ref().map(|last| last.reason), Some(Reason::Stop));
    let reasons: Vec<Reason> =
        checkpoints_in(ledger(dir.path()).to_str().unwrap()).unwrap().iter().map(|c| c.reason).collect();
    assert!(reasons.contains(&Reason::Start) && reasons.contains(&Reason::Lines), "{reasons:?}");
    assert!(!reasons.contains(&Reason::StartAfterCrash));
    let lines = std::fs::read_to_string(day(dir.path(), "2026-11-22")).unwrap().lines().count();
    assert!(lines > 12, "checkpoints stand in the day file, too");
}

#[tokio::test]
async fn what_is_changed_taken_moved_or_put_in_shows_from_the_record_itself() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let trusted = trusted(dir.path());
    for name in ["2026-11-22", "2026-11-24"] {
        let honest = std::fs::read_to_string(day(dir.path(), name)).unwrap();
        let lines: Vec<String> = honest.lines().map(str::to_owned).collect();
        let plain = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let at = lines.iter().position(|line| line.contains(r#""received""#)).unwrap() + 1;
        let without = [&lines[..at], &lines[at + 1..]].concat();
        let swapped = {
            let mut lines = lines.clone();
            lines.swap(at, at + 1);
            lines
        };
        let twice = [&lines[..at], &lines[at - 1..]].concat();
        let changed: Vec<String> =
            lines.iter().map(|l| l.replacen(r#""recipients":1"#, r#""recipients":2"#, 1)).collect();
        let tail = [&lines[..at], &changed[at..]].concat();
        let unsigned: Vec<String> = lines.iter().filter(|l| !l.contains("checkpoint")).cloned().collect();
        let forged: Vec<String> =
            lines.iter().map(|l| l.replacen(r#""signature":"#, r#""signature":"00","was":"#, 1)).collect();
        let whole = [
            (plain(&changed), "changed"),
            (plain(&without), "taken out"),
            (plain(&swapped), "reordered"),
            (plain(&twice), "put in"),
            (rechained(&tail), "a replaced tail"),
            (rechained(&without), "taken out and chained anew"),
            (rechained(&swapped), "reordered and chained anew"),
            (rechained(&unsigned), "checkpoints taken out"),
            (rechained(&forged), "checkpoints wrongly signed"),
            (plain(&lines[..lines.len() - 3]), "cut off at the end"),
            (plain(&lines[1..]), "its beginning taken out"),
            (format!("{honest}{{}}\n"), "rubbish at the end"),
        ];
        for (tampered, how) in whole {
            let there = copy(dir.path());
            assert_ne!(tampered, honest, "{how}");
            std::fs::write(day(there.path(), name), tampered).unwrap();
            let found = verified(there.path(), &trusted);
            assert!(!found.is_whole(), "{name}: {how}: {found:?}");
        }
        // A whole day taken away: the first, and the last.
        let there = copy(dir.path());
        std::fs::remove_file(day(there.path(), name)).unwrap();
        let found = verified(there.path(), &trusted);
        assert!(found.breaks.iter().any(|found| found.why.contains("removed")), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_done_to_the_checkpoints_shows() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let honest = std::fs::read_to_string(ledger(dir.path())).unwrap();
    let lines: Vec<&str> = honest.lines().collect();
    let other = tempfile::tempdir().unwrap();
    three_days(other.path()).await;
    let strangers = std::fs::read_to_string(ledger(other.path())).unwrap();
    for (tampered, how) in [
        (honest.replacen(r#""lines":"#, r#""lines":1"#, 1), "changed"),
        (honest.replacen(r#""signature":""#, r#""signature":"00"#, 1), "wrongly signed"),
        (honest.replacen(r#""signature":"#, r#""was":"#, 1), "unsigned"),
        (strangers, "signed by a stranger"),
        ("{}\n".to_owned(), "replaced by rubbish"),
    ] {
        let there = copy(dir.path());
        std::fs::write(ledger(there.path()), tampered).unwrap();
        assert!(!verified(there.path(), &trusted(dir.path())).is_whole(), "{how}");
    }
    // The file beside the record is a convenience: the record holds its checkpoints itself.
    let there = copy(dir.path());
    std::fs::write(ledger(there.path()), lines[..2].join("\n") + "\n").unwrap();
    assert!(verified(there.path(), &trusted(dir.path())).is_whole());
    // But a record that is gone on with after it was taken away shows two checkpoints of one number.
    std::fs::remove_file(ledger(there.path())).unwrap();
    std::fs::copy(dir.path().join("audit.key"), there.path().join("audit.key")).unwrap();
    drop(Record::open(&settings(there.path()), noon() + SignedDuration::from_hours(72)).unwrap());
    let found = verified(there.path(), &trusted(dir.path()));
    assert!(found.breaks.iter().any(|found| found.why.contains("begun anew")), "{found:?}");
    // Nothing is believed without the gateway's key.
    let found = verified(dir.path(), &Trusted::default());
    assert!(found.breaks.iter().any(|found| found.why.contains("not a key given")), "{found:?}");
}

/// Everything made to fit again, file and checkpoints, by somebody who has all but the key.
#[tokio::test]
async fn only_the_gateway_s_key_makes_a_checkpoint() {
    use tactgate::record::chain::{NOTHING_BEFORE, chained, next, unchained};
    let dir = tempfile::tempdir().unwrap();
    let record = Record::open(&settings(dir.path()), noon()).unwrap();
    for number in 0..10 {
        record.append(&received(noon(), number)).await.unwrap();
    }
    record.close().await.unwrap();
    drop(record);
    let file = day(dir.path(), "2026-11-22");
    let forge = |recipients: &str, signature: &dyn Fn(&CheckpointEntry) -> String| {
        let (mut chain, mut before) = (NOTHING_BEFORE.to_owned(), String::new());
        let (mut log, mut beside) = (String::new(), String::new());
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let (mut body, _) = unchained(line).unwrap();
            body = body.replace(r#""recipients":1"#, recipients);
            if let Ok(Line::Checkpoint(mut entry)) = serde_json::from_str(&body) {
                (entry.head, entry.previous) = (chain.clone(), before.clone());
                entry.signature = signature(&entry);
                before = entry.signature.clone();
                body = serde_json::to_string(&Line::Checkpoint(entry)).unwrap();
                beside += &format!("{body}\n");
            }
            chain = next(&chain, &body);
            log += &format!("{}\n", chained(&body, &chain));
        }
        let there = copy(dir.path());
        std::fs::write(day(there.path(), "2026-11-22"), log).unwrap();
        std::fs::write(ledger(there.path()), beside).unwrap();
        verified(there.path(), &trusted(dir.path()))
    };
    for (signature, how) in [("00".repeat(64), "wrongly signed"), (String::new(), "unsigned")] {
        let found = forge(r#""recipients":2"#, &|_| signature.clone());
        assert!(
            found.breaks.iter().all(|found| found.why.contains("not signed by the gateway's key")),
            "{how}: {found:?}"
        );
        assert!(!found.is_whole(), "{how}");
    }
    // The honest twin: with the key the same words fit, so nothing but the signature told.
    let key = AuditKey::read(&dir.path().join("audit.key")).unwrap().unwrap();
    let found = forge(r#""recipients":2"#, &|entry| entry.clone().signed(&key).signature);
    assert!(found.is_whole(), "{found:?}");
}

#[tokio::test]
async fn cutting_everything_off_after_a_checkpoint_shows_only_against_one_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let kept: CheckpointEntry = checkpoints_in(ledger(dir.path()).to_str().unwrap()).unwrap().pop().unwrap();
    // The last day file, and every word about it beside the record: the rest is a true record of two days.
    let there = copy(dir.path());
    std::fs::remove_file(day(there.path(), "2026-11-24")).unwrap();
    let beside = std::fs::read_to_string(ledger(there.path())).unwrap();
    let earlier: String =
        beside.lines().filter(|l| !l.contains("2026-11-24.jsonl")).map(|l| format!("{l}\n")).collect();
    std::fs::write(ledger(there.path()), earlier).unwrap();
    let alone = verified(there.path(), &trusted(dir.path()));
    assert!(alone.is_whole(), "this is the limit, said in the docs: {alone:?}");
    let against = Trusted { kept: vec![kept.clone()], ..trusted(dir.path()) };
    let found = verified(there.path(), &against);
    assert!(found.breaks.iter().any(|found| found.why.contains("removed")), "{found:?}");
    // Lines cut off the end of the file, and of the words about it.
    let there = copy(dir.path());
    let file = day(there.path(), "2026-11-24");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    std::fs::write(&file, lines[..2].join("\n") + "\n").unwrap();
    let upto = beside.lines().position(|l| l.contains("2026-11-24.jsonl")).unwrap() + 1;
    std::fs::write(ledger(there.path()), beside.lines().take(upto).map(|l| format!("{l}\n")).collect::<String>())
        .unwrap();
    assert!(verified(there.path(), &trusted(dir.path())).is_whole());
    assert!(!verified(there.path(), &against).is_whole());
    assert!(verified(dir.path(), &against).is_whole(), "the honest twin");
}

#[tokio::test]
async fn a_crash_is_a_note_and_the_next_run_says_so() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let there = copy(dir.path());
    std::fs::copy(dir.path().join("audit.key"), there.path().join("audit.key")).unwrap();
    let next_day = noon() + SignedDuration::from_hours(72);
    let record = Record::open(&settings(there.path()), next_day).unwrap();
    for number in 0..3 {
        record.append(&received(next_day, number)).await.unwrap();
    }
    // Killed: what stands there stays, without a stop; the last line is half there.
    let crashed = copy(there.path());
    std::fs::copy(dir.path().join("audit.key"), crashed.path().join("audit.key")).unwrap();
    let file = day(crashed.path(), "2026-11-25");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 40]).unwrap();
    let found = verified(crashed.path(), &trusted(dir.path()));
    assert!(found.is_whole() && found.notes.iter().any(|note| note.contains("torn")), "{found:?}");
    assert!(found.lines_after_checkpoints > 0);
    let again = Record::open(&settings(crashed.path()), next_day).unwrap();
    again.append(&received(next_day, 9)).await.unwrap();
    again.close().await.unwrap();
    let found = verified(crashed.path(), &trusted(dir.path()));
    assert!(found.is_whole() && found.notes.iter().any(|note| note.contains("put aside")), "{found:?}");
    let reasons: Vec<Reason> =
        checkpoints_in(ledger(crashed.path()).to_str().unwrap()).unwrap().iter().map(|c| c.reason).collect();
    assert_eq!(reasons[reasons.len() - 2..], [Reason::StartAfterCrash, Reason::Stop]);
}

#[tokio::test]
async fn a_late_outcome_in_an_old_file_is_covered_and_old_files_end_with_a_signed_word() {
    let dir = tempfile::tempdir().unwrap();
    three_days(dir.path()).await;
    let now = noon() + SignedDuration::from_hours(72);
    let record = Record::open(&settings(dir.path()), now).unwrap();
    // A hold of the first day is released on the fourth: its line goes to the first day's file.
    let decision = ids::decision(noon(), &[1; 10]);
    let late = OutcomeEntry { decision, at: now, outcome: Fate::Released, next: None, note: None };
    record.append(&Line::Outcome(late)).await.unwrap();
    record.close().await.unwrap();
    let found = verified(dir.path(), &trusted(dir.path()));
    assert!(found.is_whole() && found.lines_after_checkpoints == 0, "{found:?}");

    assert_eq!(record.retire(now, 1, 1).await.unwrap(), 2);
    record.close().await.unwrap();
    assert!(!day(dir.path(), "2026-11-22").exists() && day(dir.path(), "2026-11-24").exists());
    let found = verified(dir.path(), &trusted(dir.path()));
    assert!(found.is_whole() && found.retired.contains(&"2026-11-23.jsonl".to_owned()), "{found:?}");
    // Without the signed word the same is a file taken away.
    std::fs::remove_file(day(dir.path(), "2026-11-24")).unwrap();
    assert!(!verified(dir.path(), &trusted(dir.path())).is_whole());
}
