//! The record: whole lines or none, nothing personal, and every decision explained by either id, in
//! both languages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tactgate::decide::{Answer, Evidence, Finding, Objection, Verdict};
use tactgate::facts::event::{Event, What};
use tactgate::message::{Channel, Language};
use tactgate::policy::{Place, Texts};
use tactgate::record::{
    DecisionEntry, ExplainError, Fate, JournalEntry, Line, OutcomeEntry, Record, RecordError, RecordSettings,
    StreamNames, explain, ids,
};
use tactgate::understand::Meaning;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

fn open(folder: &Path) -> Record {
    Record::open(&RecordSettings::in_folder(folder), noon()).unwrap()
}

fn day(folder: &Path, day: &str) -> PathBuf {
    folder.join("decisions").join(format!("{day}.jsonl"))
}

fn ids_at(now: Timestamp, number: u8) -> (String, String) {
    (ids::decision(now, &[number; 10]), ids::submission(now, &[number; 10]))
}

/// The third founding story: bought for 399, offered for 299 two days later.
fn blocked(now: Timestamp, number: u8) -> DecisionEntry {
    let (id, submission) = ids_at(now, number);
    let because = [
        ("product", Evidence::Name("BT-200".into())),
        ("paid", Evidence::Money("399.00 CNY".parse().unwrap())),
        ("price", Evidence::Money("299.00 CNY".parse().unwrap())),
        ("ago", Evidence::Seconds(2 * 86_400)),
    ];
    let finding = Finding {
        guard: "below_price_paid".into(),
        rule: "cheaper-after-purchase".into(),
        place: Place { file: "policies/prices.toml".into(), line: 12 },
        answer: Answer::Objects(Objection::because(because).until(at("2026-12-20T10:00:00Z"))),
        wants: Verdict::Block,
        shadow: false,
        not_removed: false,
        degraded: false,
    };
    let reason = Texts {
        en: Some("the customer paid 399.00 CNY for BT-200 2 days ago; this message offers it for 299.00 CNY".into()),
        zh: Some("该客户2天前以399.00 CNY购买了BT-200，本条消息报价299.00 CNY".into()),
    };
    DecisionEntry {
        id,
        gateway: "gw-1".into(),
        submission,
        at: now,
        stream: StreamNames { name: "promo".into(), brand: "某某商城".into(), ..StreamNames::default() },
        route: "sms".into(),
        channel: Channel::Sms,
        customer: Some("c-1".into()),
        campaign: Some("双十一".into()),
        verdict: Verdict::Block,
        findings: vec![finding],
        reasons: BTreeMap::from([("cheaper-after-purchase".to_owned(), reason)]),
        must_send: false,
        receipt: false,
        policy: "3fa9".into(),
        without_store: None,
        facts_version: Some(7),
        segments: None,
        latency_us: 812,
        outcome: Some(Fate::Blocked),
        again: None,
        meaning: Meaning::default().into(),
    }
}

fn passed(now: Timestamp, number: u8) -> DecisionEntry {
    let quiet = DecisionEntry { verdict: Verdict::Pass, outcome: Some(Fate::Accepted), ..blocked(now, number) };
    DecisionEntry { findings: Vec::new(), reasons: BTreeMap::new(), ..quiet }
}

fn line(entry: DecisionEntry) -> Line {
    Line::Decision(Box::new(entry))
}

#[tokio::test]
async fn a_decision_is_explained_by_both_ids_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let entry = blocked(noon(), 1);
    record.append(&line(passed(noon(), 2))).await.unwrap();
    record.append(&line(entry.clone())).await.unwrap();
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    for id in [&entry.id, &entry.submission] {
        let found = explain(folder.path(), id).unwrap();
        assert_eq!(found.decisions.len(), 1);
        assert_eq!(found.decisions[0].decision, entry, "every field comes back");
        let en = found.text(Language::En, &TimeZone::UTC);
        for said in [
            "blocked",
            "cheaper-after-purchase",
            "policies/prices.toml:12",
            "paid: 399.00 CNY",
            "2 days",
            "the customer paid 399.00 CNY",
            "would not object from 2026-12-20 10:00:00 UTC",
            "not sent",
        ] {
            assert!(en.contains(said), "`{said}` is not in\n{en}");
        }
        let zh = found.text(Language::Zh, &shanghai);
        for said in [
            "拦截",
            "实付：399.00 CNY",
            "距今：2天",
            "该客户2天前以399.00 CNY购买了BT-200",
            "2026-12-20 18:00:00 CST起不再反对",
            "短信",
            "未发送",
        ] {
            assert!(zh.contains(said), "`{said}` is not in\n{zh}");
        }
        assert!(found.json().unwrap().contains("below_price_paid"));
    }
    let honest = explain(folder.path(), &passed(noon(), 2).id).unwrap();
    assert!(honest.text(Language::En, &TimeZone::UTC).contains("No rule had anything to say"));
    assert!(honest.text(Language::Zh, &TimeZone::UTC).contains("没有规则提出意见"));
}

#[tokio::test]
async fn what_is_not_there_is_said_and_a_path_is_no_id() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    record.append(&line(passed(noon(), 1))).await.unwrap();
    let missing = explain(folder.path(), &ids_at(noon(), 9).0).unwrap_err();
    assert!(missing.to_string().contains("2026-11-22.jsonl"), "{missing}");
    for id in ["", "d-", "../../etc/passwd", "d-../../x", "限时", "d-00000000-0000-4000-8000-000000000000"] {
        assert!(matches!(explain(folder.path(), id), Err(ExplainError::NotAnId(_))), "{id}");
    }
}

#[tokio::test]
async fn a_hold_s_whole_story_is_found_from_any_of_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let until = noon() + SignedDuration::from_hours(72);
    let (verdict, expires) = (Verdict::Delay { until, expires: until }, until);
    assert!(expires > noon());
    let first = DecisionEntry { verdict, outcome: None, ..blocked(noon(), 1) };
    let again =
        DecisionEntry { submission: first.submission.clone(), again: Some(first.id.clone()), ..passed(until, 2) };
    record.append_durable(&line(first.clone())).await.unwrap();
    let outcome =
        |at, outcome, next| Line::Outcome(OutcomeEntry { decision: first.id.clone(), at, outcome, next, note: None });
    record.append_durable(&outcome(noon(), Fate::Held, None)).await.unwrap();
    record.append(&line(again.clone())).await.unwrap();
    record.append(&outcome(until, Fate::Released, Some(again.id.clone()))).await.unwrap();
    assert!(day(folder.path(), "2026-11-25").exists(), "the second decision stands under its own day");
    for id in [&first.id, &first.submission, &again.id] {
        let found = explain(folder.path(), id).unwrap();
        let told: Vec<&str> = found.decisions.iter().map(|e| e.decision.id.as_str()).collect();
        assert_eq!(told, [first.id.as_str(), again.id.as_str()], "{id}");
        let fates: Vec<Fate> = found.decisions[0].history.iter().map(|o| o.outcome).collect();
        assert_eq!(fates, [Fate::Held, Fate::Released]);
    }
}

#[tokio::test]
async fn midnight_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let (before, after) = (at("2026-11-22T23:59:59.999Z"), at("2026-11-23T00:00:00.001Z"));
    let entry = DecisionEntry { submission: ids_at(before, 1).1, ..blocked(after, 2) };
    record.append(&line(entry.clone())).await.unwrap();
    assert!(day(folder.path(), "2026-11-23").exists());
    assert_eq!(explain(folder.path(), &entry.submission).unwrap().decisions[0].decision, entry);
}

#[tokio::test]
async fn a_torn_line_is_put_aside_and_the_next_starts_fresh() {
    let (kept, torn, next) = (blocked(noon(), 1), blocked(noon(), 2), blocked(noon(), 3));
    let model = tempfile::tempdir().unwrap();
    let record = open(model.path());
    record.append(&line(kept.clone())).await.unwrap();
    let whole = std::fs::read(day(model.path(), "2026-11-22")).unwrap();
    record.append(&line(torn)).await.unwrap();
    let both = std::fs::read(day(model.path(), "2026-11-22")).unwrap();
    let cut_line = &both[whole.len()..];
    // Also in the middle of a Chinese character, and just before the line end.
    let hanzi = cut_line.iter().position(|byte| *byte == 0xe6).unwrap() + 1;
    for cut in [1, 20, hanzi, cut_line.len() - 1] {
        let folder = tempfile::tempdir().unwrap();
        let file = day(folder.path(), "2026-11-22");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &both[..whole.len() + cut]).unwrap();
        let record = open(folder.path());
        record.append(&line(next.clone())).await.unwrap();
        let now = std::fs::read(&file).unwrap();
        assert_eq!(&now[..whole.len()], whole, "cut at {cut}");
        let aside = file.with_file_name(format!("2026-11-22.torn-at-{}", whole.len()));
        assert_eq!(std::fs::read(&aside).unwrap(), &cut_line[..cut], "nothing is thrown away");
        for entry in [&kept, &next] {
            assert_eq!(explain(folder.path(), &entry.id).unwrap().decisions[0].decision, *entry);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_make_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let settings = RecordSettings { lines_waiting_max: 8, ..RecordSettings::in_folder(folder.path()) };
    let record = Record::open(&settings, noon()).unwrap();
    let writing: Vec<_> = (0..=255u8)
        .map(|number| {
            let record = record.clone();
            tokio::spawn(async move { record.append(&line(blocked(noon(), number))).await })
        })
        .collect();
    for write in writing {
        write.await.unwrap().unwrap();
    }
    let text = std::fs::read_to_string(day(folder.path(), "2026-11-22")).unwrap();
    let read: Result<Vec<Line>, _> = text.lines().map(serde_json::from_str).collect();
    assert_eq!(read.unwrap().len(), 258, "and the file's beginning and its first checkpoint");
}

#[tokio::test]
async fn no_address_is_ever_written() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let canaries = ["canary@example.cn", "canary@xn--fsqu00a.xn--fiqs8s", "+8613800138000"];
    for (number, canary) in (0u8..).zip(canaries) {
        // Shops put addresses where labels belong.
        let mut entry = blocked(noon(), number);
        entry.campaign = Some(format!("win back {canary}"));
        entry.stream.purpose = Some(canary.to_owned());
        entry.reasons.insert("r".into(), Texts { en: Some(format!("{canary} bought it")), zh: None });
        record.append(&line(entry)).await.unwrap();
        let purchase =
            What::Purchase { product: "BT-200".into(), price: None, order: Some(format!("order-of-{canary}")) };
        let link = What::IdentityLink { also: canary.to_owned() };
        for what in [purchase, link] {
            let event = Event { id: format!("evt {canary} 1"), at: noon(), what };
            let kept = JournalEntry::new(noon(), "某某商城", "9f00ab", event, Some("77aa"));
            record.append(&Line::Event(kept)).await.unwrap();
        }
    }
    for sub in ["decisions", "journal"] {
        let text = std::fs::read_to_string(folder.path().join(sub).join("2026-11-22.jsonl")).unwrap();
        for canary in ["canary@", "13800138000", "fsqu00a"] {
            assert!(!text.contains(canary), "{canary} stands in {sub}:\n{text}");
        }
        assert!(text.lines().all(|line| serde_json::from_str::<Line>(line).is_ok()), "{text}");
    }
    let journal = std::fs::read_to_string(folder.path().join("journal/2026-11-22.jsonl")).unwrap();
    assert!(journal.contains(r#""also":"77aa""#) && journal.contains("9f00ab"), "keys stay: {journal}");
}

#[tokio::test]
async fn a_label_cannot_draw_on_the_clerk_s_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let mut entry = blocked(noon(), 1);
    entry.campaign = Some("双十一\u{1b}[2J\n  passed as it was\u{202e}".into());
    record.append(&line(entry.clone())).await.unwrap();
    for language in [Language::En, Language::Zh] {
        let page = explain(folder.path(), &entry.id).unwrap().text(language, &TimeZone::UTC);
        assert!(!page.contains(['\u{1b}', '\u{202e}']) && page.contains("双十一"), "{page}");
        assert!(!page.lines().any(|line| line.trim() == "passed as it was"), "{page}");
    }
}

#[tokio::test]
async fn two_writers_do_not_share_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = Record::open(&RecordSettings::in_folder(folder.path()), noon());
    assert!(matches!(second, Err(RecordError::InUse(_))), "{second:?}");
    drop(first);
    open(folder.path()).append(&line(blocked(noon(), 1))).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_reported_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let file = day(folder.path(), "2026-11-23");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let record = open(folder.path());
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    let entry = blocked(noon() + SignedDuration::from_hours(24), 1);
    assert!(matches!(record.append(&line(entry.clone())).await, Err(RecordError::Io(_))));
    assert!(matches!(record.append_durable(&line(entry.clone())).await, Err(RecordError::Io(_))));
    assert_eq!(record.errors(), 2);
    std::fs::remove_file(&file).unwrap();
    record.append_durable(&line(entry.clone())).await.unwrap();
    assert_eq!(explain(folder.path(), &entry.id).unwrap().decisions.len(), 1);
}

#[tokio::test]
async fn a_line_of_rubbish_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let entry = blocked(noon(), 1);
    record.append(&line(entry.clone())).await.unwrap();
    drop(record);
    let file = day(folder.path(), "2026-11-22");
    let mut bytes = format!("{{\"line\":\"decision\",\"id\":\"{}\",\"oh\":\n", entry.id).into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\n");
    bytes.extend_from_slice(&std::fs::read(&file).unwrap());
    std::fs::write(&file, bytes).unwrap();
    let found = explain(folder.path(), &entry.id).unwrap();
    assert_eq!((found.decisions.len(), found.unreadable_lines), (1, 1));
}
