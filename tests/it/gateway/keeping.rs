//! Nothing stays longer than it says: at its start, and every day, a gateway removes the whole day files that
//! are past their time, and its log says so, signed.

use jiff::{SignedDuration, Timestamp};
use tactgate::facts::event::{Event, What};
use tactgate::record::{JournalEntry, Line, ReceivedEntry, Record, RecordSettings, ids};

use super::child::{Home, until};
use super::hand_clock::by_hand;

fn day(at: Timestamp) -> String {
    at.strftime("%F.jsonl").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_old_day_files_go_and_the_log_says_so() {
    let home = Home::with_policy("");
    let now = Timestamp::now();
    let ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    for days in [500, 402, 390, 3] {
        let record = Record::open(&RecordSettings::in_folder(home.path("data")), ago(days)).unwrap();
        let submission = ids::submission(ago(days), &[7; 10]);
        let received = ReceivedEntry { submission, at: ago(days), route: "mail".into(), recipients: 1 };
        record.append(&Line::Received(received)).await.unwrap();
        let what = What::Purchase { product: "BT-200".into(), price: None, order: None };
        let event = Event { id: format!("e-{days}"), at: ago(days), what };
        let told = JournalEntry::new(ago(days), "shop", "00ff", event, None);
        record.append(&Line::Event(told)).await.unwrap();
        record.close().await.unwrap();
    }
    let there = |folder: &str, days: i64| home.path(&format!("data/{folder}/{}", day(ago(days)))).exists();
    assert!(there("decisions", 500) && there("journal", 500));
    let (running, _) = by_hand(&home, "").await;
    until("the oldest gone", async || (!there("journal", 500)).then_some(())).await;
    assert!(!there("decisions", 500) && !there("decisions", 402) && there("decisions", 390) && there("decisions", 3));
    assert!(there("journal", 402), "the journal is kept for the 400 days of history, and a week");
    running.stop().await;
    let told = home.run(&["audit", "verify"]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success() && said.contains("removed by the retention"), "{said}");
    // The honest twin: the same, without the signed word, is a file taken away.
    std::fs::remove_file(home.path(&format!("data/decisions/{}", day(ago(390))))).unwrap();
    assert_eq!(home.run(&["audit", "verify"]).status.code(), Some(1));
}
