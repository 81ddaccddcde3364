//! Holds: what was answered "held" is there after anything, is released once, by one owner, in order,
//! and unreadable to whoever has the file without the key.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tactgate::clock::Clock;
use tactgate::hold::{
    Cancelled, Due, HOLD_ATTEMPTS_MAX, Held, HeldDecision, HeldMessage, Hold, HoldError, HoldSettings, Requeued,
    Settled, State, WheelSettings, wheel,
};

const CHILD_FOLDER: &str = "TACTGATE_TEST_HOLD_FOLDER";
const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

fn later(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

fn message(id: &str) -> HeldMessage {
    HeldMessage {
        id: id.into(),
        due: noon(),
        expires: later(120),
        must_send: false,
        priority: 0,
        parcel: Bytes::from("【某某商城】canary-text 致 canary@example.cn"),
        recipients: vec![0],
        decisions: Vec::new(),
    }
}

fn settings(folder: &Path) -> HoldSettings {
    HoldSettings::in_folder(&folder.join("data"))
}

fn release(due: Due) -> Held {
    match due {
        Due::Release(held) => held,
        other => panic!("not a release: {other:?}"),
    }
}

async fn claim_one(hold: &Hold, now: Timestamp) -> Held {
    release(hold.claim_due(now, 1, LEASE).await.unwrap().pop().expect("one is due"))
}

#[tokio::test]
async fn a_held_message_comes_back_whole_and_is_gone_once_sent() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    let put = HeldMessage { recipients: vec![0, 2], ..message("d-1") };
    hold.put(put.clone()).await.unwrap();
    assert_eq!(hold.put(put.clone()).await, Err(HoldError::Exists));
    assert!(hold.claim_due(later(-1), 9, LEASE).await.unwrap().is_empty(), "not yet due");
    let held = claim_one(&hold, noon()).await;
    assert_eq!(held.message, put);
    assert!(hold.claim_due(noon(), 9, LEASE).await.unwrap().is_empty(), "claimed once");
    hold.forwarding("d-1", held.fence, later(2)).await.unwrap();
    hold.settle("d-1", held.fence, Settled::Released, later(1)).await.unwrap();
    let status = hold.get("d-1").await.unwrap().unwrap();
    assert_eq!((status.state, status.settled_at), (State::Released, Some(later(1))));
    assert_eq!(
        hold.settle("d-1", held.fence, Settled::Released, later(1)).await,
        Err(HoldError::WrongState(State::Released))
    );
    assert!(hold.claim_due(later(60), 9, LEASE).await.unwrap().is_empty());
    assert_eq!(hold.forget(later(2)).await.unwrap(), 1);
    assert_eq!(hold.get("d-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_hold_goes_on_for_those_who_still_wait() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    let held_by = |id: &str| HeldDecision { id: id.into(), told: 7 };
    let decisions = vec![held_by("d-1"), held_by("d-2")];
    hold.put(HeldMessage { recipients: vec![0, 2], decisions, ..message("d-1") }).await.unwrap();
    let held = claim_one(&hold, noon()).await;
    let fewer = HeldMessage { recipients: vec![2], decisions: vec![held_by("d-2")], ..held.message.clone() };
    assert_eq!(hold.amend(fewer.clone(), held.fence + 1).await, Err(HoldError::Fenced));
    hold.amend(fewer.clone(), held.fence).await.unwrap();
    hold.postpone("d-1", held.fence, later(9)).await.unwrap();
    let again = claim_one(&hold, later(9)).await;
    assert_eq!(again.message, HeldMessage { due: later(9), ..fewer });
}

#[tokio::test]
async fn the_order_is_must_send_then_priority_then_time() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    for (id, minutes, priority, must_send) in
        [("late", 3, 0, false), ("early", 1, 0, false), ("weighty", 4, 7, false), ("code", 5, 0, true)]
    {
        let put = HeldMessage { due: later(minutes), priority, must_send, ..message(id) };
        hold.put(put).await.unwrap();
    }
    let due = hold.claim_due(later(10), 9, LEASE).await.unwrap();
    let order: Vec<String> = due.into_iter().map(|due| release(due).message.id).collect();
    assert_eq!(order, ["code", "weighty", "early", "late"]);
}

#[tokio::test]
async fn a_message_that_is_too_old_is_handed_out_as_expired_never_for_release() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    // "Ends today", held beyond today: the wheel looks at its expiry, before its due time.
    hold.put(HeldMessage { due: later(600), expires: later(30), ..message("d-1") }).await.unwrap();
    assert_eq!(hold.next_wake().await.unwrap(), Some(later(30)));
    let due = hold.claim_due(later(31), 9, LEASE).await.unwrap();
    let [Due::Expired(held)] = due.as_slice() else { panic!("{due:?}") };
    hold.settle("d-1", held.fence, Settled::Expired, later(31)).await.unwrap();
    assert_eq!(hold.get("d-1").await.unwrap().unwrap().state, State::Expired);
}

#[tokio::test]
async fn a_stale_owner_is_stopped_by_its_fence() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Hold::open(&settings(folder.path())).unwrap(), Hold::open(&settings(folder.path())).unwrap());
    one.put(message("d-1")).await.unwrap();
    let stale = claim_one(&one, noon()).await;
    // The first owner sleeps longer than its lease; a second gateway takes over.
    let newest = claim_one(&two, later(5)).await;
    assert!(newest.fence > stale.fence);
    assert_eq!(one.forwarding("d-1", stale.fence, later(9)).await, Err(HoldError::Fenced));
    assert_eq!(one.settle("d-1", stale.fence, Settled::Released, later(6)).await, Err(HoldError::Fenced));
    assert_eq!(one.requeue("d-1", stale.fence, later(9), later(6)).await, Err(HoldError::Fenced));
    two.forwarding("d-1", newest.fence, later(9)).await.unwrap();
    two.settle("d-1", newest.fence, Settled::Released, later(7)).await.unwrap();
}

#[tokio::test]
async fn what_may_have_left_is_never_released_again() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    hold.put(message("d-1")).await.unwrap();
    let held = claim_one(&hold, noon()).await;
    hold.forwarding("d-1", held.fence, later(2)).await.unwrap();
    drop(hold); // the gateway dies with the bytes on their way
    let hold = Hold::open(&settings(folder.path())).unwrap();
    assert!(hold.claim_due(later(1), 9, LEASE).await.unwrap().is_empty());
    let due = hold.claim_due(later(3), 9, LEASE).await.unwrap();
    let [Due::Unknown(held)] = due.as_slice() else { panic!("{due:?}") };
    hold.settle("d-1", held.fence, Settled::Unknown, later(3)).await.unwrap();
    assert!(hold.claim_due(later(60), 9, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_hold_is_held_again_five_times_and_then_fails() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    hold.put(HeldMessage { expires: later(10_000), ..message("d-1") }).await.unwrap();
    for again in 1..=HOLD_ATTEMPTS_MAX {
        let now = later(i64::from(again) * 10);
        let held = claim_one(&hold, now).await;
        assert_eq!(held.attempts, again - 1);
        let due = now + SignedDuration::from_mins(5);
        assert_eq!(hold.requeue("d-1", held.fence, due, now).await, Ok(Requeued::Again(again)));
        assert!(hold.claim_due(now, 9, LEASE).await.unwrap().is_empty(), "not before its new time");
    }
    let held = claim_one(&hold, later(100)).await;
    assert_eq!(hold.requeue("d-1", held.fence, later(200), later(100)).await, Ok(Requeued::GaveUp));
    assert_eq!(hold.get("d-1").await.unwrap().unwrap().state, State::Failed);
}

#[tokio::test]
async fn a_cancelled_hold_is_not_sent_even_by_the_owner_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    hold.put(message("d-1")).await.unwrap();
    let held = claim_one(&hold, noon()).await;
    assert_eq!(hold.cancel("d-1", noon()).await, Ok(Cancelled::Dropped));
    assert_eq!(hold.forwarding("d-1", held.fence, later(1)).await, Err(HoldError::Fenced));
    assert_eq!(hold.cancel("d-1", noon()).await, Ok(Cancelled::TooLate(State::Dropped)));
    assert_eq!(hold.cancel("d-9", noon()).await, Ok(Cancelled::NoSuch));
    hold.put(message("d-2")).await.unwrap();
    let held = claim_one(&hold, noon()).await;
    hold.forwarding("d-2", held.fence, later(1)).await.unwrap();
    assert_eq!(hold.cancel("d-2", noon()).await, Ok(Cancelled::TooLate(State::Forwarding)));
}

#[tokio::test]
async fn the_file_tells_nothing_without_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let place = settings(folder.path());
    let hold = Hold::open(&place).unwrap();
    hold.put(message("d-1")).await.unwrap();
    hold.put(message("d-2")).await.unwrap();
    drop(hold);
    for file in std::fs::read_dir(folder.path().join("data")).unwrap() {
        // The writer may still be closing: its log file goes when it has.
        let Ok(bytes) = std::fs::read(file.unwrap().path()) else { continue };
        for canary in ["canary-text", "canary@example.cn", "某某商城"] {
            assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} stands in a file");
        }
    }
    let kept = folder.path().join("kept.key");
    std::fs::rename(&place.key_path, &kept).unwrap();
    let missing = Hold::open(&place).unwrap_err();
    assert!(matches!(missing, HoldError::KeyFile { .. }), "{missing}");
    assert!(!place.key_path.exists(), "no key is made that fits nothing");
    tactgate::hold::HoldKey::generate(&place.key_path).unwrap();
    assert_eq!(Hold::open(&place).unwrap_err(), HoldError::WrongKey);
    std::fs::remove_file(&place.key_path).unwrap();
    std::fs::rename(&kept, &place.key_path).unwrap();
    let hold = Hold::open(&place).unwrap();
    assert_eq!(hold.count().await.unwrap().held, 2);
}

#[tokio::test]
async fn a_body_shared_by_many_is_stored_once_and_goes_with_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let place = settings(folder.path());
    let hold = Hold::open(&place).unwrap();
    for number in 0..20u32 {
        hold.put(HeldMessage { recipients: vec![number], ..message(&format!("d-{number}")) }).await.unwrap();
    }
    let look = rusqlite::Connection::open(&place.path).unwrap();
    let bodies = || look.query_row("SELECT count(*) FROM body", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(bodies(), 1);
    for due in hold.claim_due(noon(), 20, LEASE).await.unwrap() {
        assert_eq!(bodies(), 1);
        let held = release(due);
        assert_eq!(held.message.id, format!("d-{}", held.message.recipients[0]));
        hold.settle(&held.message.id, held.fence, Settled::Dropped, noon()).await.unwrap();
    }
    assert_eq!(bodies(), 0);
}

#[tokio::test]
async fn damaged_rows_are_quarantined_and_the_honest_ones_go() {
    let folder = tempfile::tempdir().unwrap();
    let place = settings(folder.path());
    let hold = Hold::open(&place).unwrap();
    let ids = ["flipped", "swapped", "later", "bodiless", "untimely", "honest"];
    for id in ids {
        let parcel = Bytes::from(format!("text of {id}"));
        hold.put(HeldMessage { parcel, ..message(id) }).await.unwrap();
    }
    let tamper = rusqlite::Connection::open(&place.path).unwrap();
    for change in [
        "UPDATE body SET sealed = CAST(substr(sealed, 1, 20) || x'00' || substr(sealed, 22) AS BLOB)
            WHERE name = (SELECT body FROM hold WHERE id = 'flipped')",
        "UPDATE hold SET body = (SELECT body FROM hold WHERE id = 'honest') WHERE id = 'swapped'",
        "UPDATE hold SET expires = expires + 86400000000 WHERE id = 'later'",
        "DELETE FROM body WHERE name = (SELECT body FROM hold WHERE id = 'bodiless')",
        "UPDATE hold SET due = 9223372036854775807 WHERE id = 'untimely'",
    ] {
        assert_eq!(tamper.execute(change, []).unwrap(), 1, "{change}");
    }
    let due = hold.claim_due(noon(), 9, LEASE).await.unwrap();
    let damaged: Vec<&str> =
        due.iter().filter_map(|due| if let Due::Damaged(d) = due { Some(d.id.as_str()) } else { None }).collect();
    let released: Vec<&Due> = due.iter().filter(|due| matches!(due, Due::Release(_))).collect();
    assert_eq!((damaged.len(), released.len()), (5, 1), "{due:?}");
    let counts = hold.count().await.unwrap();
    assert_eq!((counts.quarantined, counts.claimed), (5, 1), "kept, not lost");
    assert!(hold.claim_due(later(60), 9, LEASE).await.unwrap().iter().all(|d| !matches!(d, Due::Damaged(_))));
}

#[tokio::test]
async fn a_full_file_refuses_and_heals_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = HoldSettings { file_bytes_max: 256 << 10, ..settings(folder.path()) };
    let hold = Hold::open(&place).unwrap();
    let big = |id: &str| HeldMessage { parcel: Bytes::from(id.repeat(20_000)), ..message(id) };
    let mut kept = Vec::new();
    let refused = loop {
        let id = format!("d-{}", kept.len());
        match hold.put(big(&id)).await {
            Ok(()) => kept.push(id),
            Err(refused) => break refused,
        }
        assert!(kept.len() < 100, "never full");
    };
    assert_eq!(refused, HoldError::Full);
    assert_eq!(hold.count().await.unwrap().held, kept.len() as u64, "nothing half-written shows");
    let first = claim_one(&hold, noon()).await;
    hold.settle(&first.message.id, first.fence, Settled::Released, noon()).await.unwrap();
    hold.put(HeldMessage { id: "d-again".into(), ..big("d-0") }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_kept_and_one_that_is_too_big_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = HoldSettings { file_bytes_max: 1 << 20, ..settings(folder.path()) };
    let hold = Hold::open(&place).unwrap();
    let puts = (0..100).map(|number| {
        let hold = hold.clone();
        let parcel = if number == 50 { Bytes::from(vec![7u8; 2 << 20]) } else { Bytes::from("小") };
        tokio::spawn(async move { hold.put(HeldMessage { parcel, ..message(&format!("d-{number}")) }).await })
    });
    let mut refused = 0;
    for put in puts.collect::<Vec<_>>() {
        refused += u32::from(put.await.unwrap().is_err());
    }
    assert_eq!((refused, hold.count().await.unwrap().held), (1, 99));
}

/// Not a test by itself: the process that `what_was_acknowledged_survives_kill_9` kills.
#[test]
fn child_that_holds_until_killed() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hold = Hold::open(&settings(Path::new(&folder))).unwrap();
        for number in 0.. {
            let id = format!("d-{number}");
            hold.put(HeldMessage { parcel: Bytes::from(id.repeat(500)), ..message(&id) }).await.unwrap();
            println!("kept {id}");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3u64 {
        let folder = folder.path().join(round.to_string());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["hold::child_that_holds_until_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD_FOLDER, &folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut kept = Vec::new();
        for line in lines {
            let line = line.unwrap();
            kept.extend(line.split_once("kept ").map(|(_, id)| id.to_owned()));
            if kept.len() as u64 == 40 * round {
                child.kill().unwrap(); // SIGKILL; what it wrote before dying is still read below
            }
        }
        child.wait().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let hold = Hold::open(&settings(&folder)).unwrap();
            let due = hold.claim_due(noon(), 1_000_000, LEASE).await.unwrap();
            let there: std::collections::BTreeMap<String, Bytes> =
                due.into_iter().map(release).map(|held| (held.message.id, held.message.parcel)).collect();
            for id in kept {
                assert_eq!(there.get(&id), Some(&Bytes::from(id.repeat(500))), "{id} was acknowledged");
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wheels_release_each_hold_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = settings(folder.path());
    let hold = Hold::open(&place).unwrap();
    for number in 0..60 {
        hold.put(message(&format!("d-{number}"))).await.unwrap();
    }
    let sent = Arc::new(Mutex::new(Vec::new()));
    let stop = tokio_util::sync::CancellationToken::new();
    let turning = WheelSettings { sweep_ms: 20, release_per_second: 10_000, ..WheelSettings::default() };
    let mut wheels = Vec::new();
    for _ in 0..4 {
        let own = Hold::open(&place).unwrap();
        let (inside, sent) = (own.clone(), Arc::clone(&sent));
        let on_due = move |due: Due| {
            let (hold, sent) = (inside.clone(), Arc::clone(&sent));
            async move {
                let held = release(due);
                let id = &held.message.id;
                if hold.forwarding(id, held.fence, later(10)).await.is_ok() {
                    sent.lock().unwrap().push(id.clone());
                    hold.settle(id, held.fence, Settled::Released, noon()).await.unwrap();
                }
            }
        };
        let stop = stop.clone().cancelled_owned();
        wheels.push(tokio::spawn(wheel::run(own, Clock::standing_at(noon()), turning.clone(), stop, on_due)));
    }
    for _ in 0..1_000 {
        if sent.lock().unwrap().len() >= 60 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    for wheel in wheels {
        wheel.await.unwrap();
    }
    let mut sent = sent.lock().unwrap().clone();
    sent.sort();
    let before = sent.len();
    sent.dedup();
    assert_eq!((before, sent.len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wheel_wakes_for_a_message_put_while_it_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let stop = tokio_util::sync::CancellationToken::new();
    let turning = WheelSettings { sweep_ms: 3_600_000, ..WheelSettings::default() };
    let on_due = move |due: Due| {
        let tell = tell.clone();
        async move { tell.send(release(due).message.id).await.unwrap() }
    };
    let running = wheel::run(hold.clone(), Clock::standing_at(noon()), turning, stop.clone().cancelled_owned(), on_due);
    let running = tokio::spawn(running);
    tokio::time::sleep(Duration::from_millis(50)).await;
    hold.put(message("d-1")).await.unwrap();
    let woken = tokio::time::timeout(Duration::from_secs(20), told.recv()).await;
    assert_eq!(woken.unwrap().as_deref(), Some("d-1"));
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_wheel_finishes_what_it_holds_and_a_panic_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    hold.put(HeldMessage { must_send: true, ..message("panics") }).await.unwrap();
    hold.put(message("slow")).await.unwrap();
    let (begun, mut has_begun) = tokio::sync::mpsc::channel(1);
    let (go_on, may_go_on) = tokio::sync::watch::channel(false);
    let inside = hold.clone();
    let on_due = move |due: Due| {
        let (hold, begun, mut go_on) = (inside.clone(), begun.clone(), may_go_on.clone());
        async move {
            let held = release(due);
            assert_ne!(held.message.id, "panics", "on purpose");
            begun.send(()).await.unwrap();
            go_on.wait_for(|go| *go).await.unwrap();
            hold.settle("slow", held.fence, Settled::Released, noon()).await.unwrap();
        }
    };
    let stop = tokio_util::sync::CancellationToken::new();
    let turning = WheelSettings { release_per_second: 1_000, ..WheelSettings::default() };
    let stopping = stop.clone().cancelled_owned();
    let running = tokio::spawn(wheel::run(hold.clone(), Clock::standing_at(noon()), turning, stopping, on_due));
    has_begun.recv().await.unwrap();
    stop.cancel();
    go_on.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(hold.get("slow").await.unwrap().unwrap().state, State::Released);
    assert_eq!(claim_one(&hold, later(10)).await.message.id, "panics", "handed out again after its lease");
}

/// One step of a random life.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, i64, i64),
    Claim,
    Forwarding(u8),
    Settle(u8),
    Requeue(u8, i64),
    Cancel(u8),
    Wait(i64),
}

fn step() -> impl proptest::strategy::Strategy<Value = Step> {
    use proptest::prelude::*;
    prop_oneof![
        (0..6u8, -5..20i64, 1..60i64).prop_map(|(id, due, life)| Step::Put(id, due, life)),
        Just(Step::Claim),
        (0..6u8).prop_map(Step::Forwarding),
        (0..6u8).prop_map(Step::Settle),
        (0..6u8, 0..20i64).prop_map(|(id, due)| Step::Requeue(id, due)),
        (0..6u8).prop_map(Step::Cancel),
        (1..10i64).prop_map(Step::Wait),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 48, ..Default::default() })]

    /// Whatever happens in whatever order, with owners that forget, come late or act twice: a hold is let
    /// through to the provider at most once, never early, never after its expiry was told, and is never
    /// lost: it is live or has an end.
    #[test]
    fn no_life_of_a_hold_sends_twice_or_loses_it(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(steps));
    }
}

async fn live(steps: Vec<Step>) {
    use std::collections::{BTreeMap, BTreeSet};
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&settings(folder.path())).unwrap();
    let mut now = noon();
    // Fences as their owners remember them, stale ones too; and who was told he may release.
    let (mut fences, mut may_release) = (BTreeMap::<u8, Vec<i64>>::new(), BTreeSet::new());
    let (mut put, mut left) = (BTreeSet::new(), BTreeMap::<u8, u32>::new());
    let id = |number: u8| format!("d-{number}");
    for step in steps {
        match step {
            Step::Put(number, due, life) => {
                let (due, expires) = (now + SignedDuration::from_mins(due), now + SignedDuration::from_mins(life));
                let fresh = hold.put(HeldMessage { due, expires, ..message(&id(number)) }).await.is_ok();
                assert_eq!(fresh, put.insert(number), "an id is used once");
            }
            Step::Claim => {
                for due in hold.claim_due(now, 2, LEASE).await.unwrap() {
                    let (Due::Release(held) | Due::Expired(held) | Due::Unknown(held)) = &due else {
                        panic!("damage out of nothing")
                    };
                    let number: u8 = held.message.id[2..].parse().unwrap();
                    fences.entry(number).or_default().push(held.fence);
                    match due {
                        Due::Release(held) => {
                            assert!(held.message.due <= now && now < held.message.expires);
                            assert!(!left.contains_key(&number), "handed out for release after it may have left");
                            may_release.insert((number, held.fence));
                        }
                        Due::Unknown(_) => assert!(left.contains_key(&number)),
                        _ => {}
                    }
                }
            }
            Step::Forwarding(number) => {
                // Every owner who was told to release tries, the stale ones first.
                for fence in fences.get(&number).cloned().unwrap_or_default() {
                    let until = now + LEASE;
                    let allowed = may_release.remove(&(number, fence));
                    if allowed && hold.forwarding(&id(number), fence, until).await.is_ok() {
                        *left.entry(number).or_default() += 1;
                    }
                }
            }
            Step::Settle(number) => {
                for fence in fences.get(&number).cloned().unwrap_or_default() {
                    let _ = hold.settle(&id(number), fence, Settled::Released, now).await;
                }
            }
            Step::Requeue(number, due) => {
                // An honest owner holds again only what has not left.
                if let (false, Some(fence)) = (left.contains_key(&number), fences.get(&number).and_then(|f| f.last())) {
                    let due = now + SignedDuration::from_mins(due);
                    let _ = hold.requeue(&id(number), *fence, due, now).await;
                }
            }
            Step::Cancel(number) => {
                let _ = hold.cancel(&id(number), now).await.unwrap();
            }
            Step::Wait(minutes) => now += SignedDuration::from_mins(minutes),
        }
    }
    assert!(left.values().all(|times| *times == 1), "sent twice: {left:?}");
    let counts = hold.count().await.unwrap();
    let mut ended = 0;
    for number in &put {
        let status = hold.get(&id(*number)).await.unwrap().expect("never lost");
        ended += u64::from(!status.state.is_live());
    }
    assert_eq!(counts.held + counts.claimed + ended, put.len() as u64);
}
