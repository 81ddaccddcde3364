//! Whose a hold is: one process has the file, takes back what an earlier one had in hand, and gives way
//! to whoever has taken a hold over.

use std::path::Path;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tactgate::hold::room::Reserve;
use tactgate::hold::{Due, Held, HeldMessage, Hold, HoldError, HoldSettings, Settled, Standing, State, StoreCopy};

const LEASE: SignedDuration = SignedDuration::from_mins(3);

fn at(minutes: i64) -> Timestamp {
    "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn message(id: &str) -> HeldMessage {
    HeldMessage {
        id: id.into(),
        due: at(0),
        expires: at(600),
        must_send: false,
        priority: 500,
        parcel: Bytes::from(format!("parcel of {id}")),
        recipients: vec![0],
        decisions: Vec::new(),
    }
}

fn alone(folder: &Path) -> HoldSettings {
    HoldSettings { alone: true, copies: true, ..HoldSettings::in_folder(folder) }
}

/// Opens it as soon as the last process has let go.
async fn reopened(folder: &Path) -> Hold {
    for _ in 0..500 {
        match Hold::open(&alone(folder)) {
            Err(HoldError::InUse) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the file was not let go");
}

async fn claim(hold: &Hold, now: Timestamp) -> Option<Due> {
    hold.claim_due(now, 1, LEASE).await.unwrap().pop()
}

fn standing(attempts: u32) -> Standing {
    Standing { attempts, leaving: false, answered: false }
}

fn held(due: Option<Due>) -> Held {
    match due {
        Some(Due::Release(held)) => held,
        other => panic!("not a release: {other:?}"),
    }
}

#[tokio::test]
async fn a_second_process_is_refused_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Hold::open(&alone(folder.path())).unwrap();
    assert_eq!(Hold::open(&alone(folder.path())).unwrap_err(), HoldError::InUse);
}

#[tokio::test]
async fn what_an_earlier_process_had_claimed_is_released_at_once_and_what_may_have_left_never_again() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&alone(folder.path())).unwrap();
    for id in ["claimed", "leaving"] {
        hold.put(message(id)).await.unwrap();
    }
    let (one, two) = (held(claim(&hold, at(0)).await), held(claim(&hold, at(0)).await));
    let leaving = if one.message.id == "leaving" { &one } else { &two };
    hold.forwarding("leaving", leaving.fence, at(5)).await.unwrap();
    assert_eq!(claim(&hold, at(1)).await, None, "both are in work");
    drop(hold);

    let hold = reopened(folder.path()).await;
    assert_eq!(hold.take_back().await.unwrap(), 1);
    let mut due = hold.claim_due(at(1), 9, LEASE).await.unwrap();
    due.sort_by_key(|due| matches!(due, Due::Unknown(_)));
    let [Due::Release(again), Due::Unknown(unknown)] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((again.message.id.as_str(), unknown.message.id.as_str()), ("claimed", "leaving"));
    assert!(again.fence > one.fence.min(two.fence) + 1, "the earlier claim is void");
}

#[tokio::test]
async fn a_hold_that_another_gateway_took_over_ends_here_and_comes_back_whole() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (here, there) = (Hold::open(&alone(folder.path())).unwrap(), Hold::open(&alone(other.path())).unwrap());
    here.put(message("h-1")).await.unwrap();
    let asleep = held(claim(&here, at(0)).await);
    there.take_over(asleep.message.clone(), standing(2)).await.unwrap();
    here.moved("h-1", asleep.fence, at(1)).await.unwrap();
    assert_eq!(here.get("h-1").await.unwrap().unwrap().state, State::Moved);
    assert_eq!(claim(&here, at(9)).await, None);
    assert!(here.ended(vec!["h-1".into()]).await.unwrap().is_empty(), "it waits elsewhere: it stays listed");
    assert!(here.copies_to_remove(9).await.unwrap().is_empty(), "the copy is another's");

    let taken = held(claim(&there, at(0)).await);
    assert_eq!((&taken.message, taken.attempts, taken.copy), (&asleep.message, 2, StoreCopy::Made));
    // And back, while the first still has it in its hands.
    here.take_over(taken.message.clone(), standing(3)).await.unwrap();
    let late = here.forwarding("h-1", asleep.fence, at(5)).await;
    assert_eq!(late, Err(HoldError::Fenced), "whoever worked on it here is fenced off");
    let back = held(claim(&here, at(1)).await);
    here.settle("h-1", back.fence, Settled::Released, at(2)).await.unwrap();
    assert_eq!(here.copies_to_remove(9).await.unwrap(), ["h-1"]);
    assert_eq!(here.forget(at(99)).await.unwrap(), 0, "not before its copy is gone");
    assert!(here.copies_differ().await.unwrap(), "it is to be taken away");
    here.copy_removed("h-1").await.unwrap();
    assert!(!here.copies_differ().await.unwrap());
    assert_eq!(here.forget(at(99)).await.unwrap(), 1);

    // One whose last owner stopped while bytes may have left is told of, and not sent.
    there.take_over(message("h-2"), Standing { leaving: true, ..standing(0) }).await.unwrap();
    assert!(there.claim_due(at(1), 9, LEASE).await.unwrap().iter().any(|due| matches!(due, Due::Unknown(_))));
}

#[tokio::test]
async fn the_file_remembers_what_the_store_must_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&alone(folder.path())).unwrap();
    hold.put(message("h-1")).await.unwrap();
    let new = hold.to_copy(9).await.unwrap().remove(0);
    assert_eq!((new.copy, &new.message), (StoreCopy::Wanted, &message("h-1")));
    assert!(hold.copies_differ().await.unwrap(), "it has none yet");
    hold.copy_stands(&new, StoreCopy::Made).await.unwrap();
    assert!(hold.to_copy(9).await.unwrap().is_empty() && !hold.copies_differ().await.unwrap());
    let claimed = held(claim(&hold, at(0)).await);
    hold.requeue("h-1", claimed.fence, at(30), at(1)).await.unwrap();
    assert!(hold.copies_differ().await.unwrap(), "it is behind");
    let behind = hold.to_copy(9).await.unwrap().remove(0);
    assert_eq!((behind.copy, behind.message.due, behind.attempts), (StoreCopy::Behind, at(30), 1));
    hold.copy_stands(&new, StoreCopy::Made).await.unwrap();
    assert_eq!(hold.to_copy(9).await.unwrap().len(), 1, "that was said of an earlier time");
    drop(hold);
    let hold = reopened(folder.path()).await;
    assert_eq!(hold.to_copy(9).await.unwrap().len(), 1, "after a restart, too");
}

#[tokio::test]
async fn whose_client_was_told_stays_so_wherever_the_hold_goes() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (here, there) = (Hold::open(&alone(folder.path())).unwrap(), Hold::open(&alone(other.path())).unwrap());
    for id in ["u-1", "u-2"] {
        here.put(message(id)).await.unwrap();
    }
    let mut copied = here.to_copy(9).await.unwrap();
    copied.sort_by(|a, b| a.message.id.cmp(&b.message.id));
    assert_eq!(copied.iter().map(|held| held.answered).collect::<Vec<_>>(), [false, false]);
    here.copy_stands(&copied[0], StoreCopy::Made).await.unwrap();

    // Told after its copy was made, and while it is being made.
    here.answered("u-1").await.unwrap();
    here.answered("u-2").await.unwrap();
    here.copy_stands(&copied[1], StoreCopy::Made).await.unwrap();
    let behind = here.to_copy(9).await.unwrap();
    let behind: Vec<_> = behind.iter().map(|held| (held.copy, held.answered)).collect();
    assert_eq!(behind, [(StoreCopy::Behind, true); 2], "neither copy says so yet");
    for held in here.to_copy(9).await.unwrap() {
        here.copy_stands(&held, StoreCopy::Made).await.unwrap();
    }
    here.answered("u-1").await.unwrap();
    assert!(here.to_copy(9).await.unwrap().is_empty(), "who is told again is told nothing new");

    let first = held(claim(&here, at(0)).await);
    here.lay_back(&first.message.id, first.fence, at(1)).await.unwrap();
    drop(here);
    let here = reopened(folder.path()).await;
    let again = held(claim(&here, at(1)).await);
    assert!(again.answered && here.was_answered(&again.message.id).await.unwrap());

    let id = again.message.id.clone();
    there.take_over(again.message.clone(), Standing { answered: true, ..standing(0) }).await.unwrap();
    here.moved(&id, again.fence, at(2)).await.unwrap();
    assert!(there.was_answered(&id).await.unwrap(), "whoever takes it over knows");
    here.take_over(again.message.clone(), standing(0)).await.unwrap();
    assert!(here.was_answered(&id).await.unwrap(), "and whoever told it does not forget");
    assert!(!there.was_answered("u-9").await.unwrap(), "a hold that was never here");
}

#[tokio::test]
async fn a_file_of_the_first_format_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&alone(folder.path())).unwrap();
    hold.put(message("h-1")).await.unwrap();
    drop(hold);
    drop(reopened(folder.path()).await);
    let file = rusqlite::Connection::open(folder.path().join("hold.db")).unwrap();
    let first = "DROP INDEX hold_copy; ALTER TABLE hold DROP COLUMN copy; ALTER TABLE hold DROP COLUMN answered;";
    file.execute_batch(&format!("{first} PRAGMA user_version = 1")).unwrap();
    drop(file);
    let hold = reopened(folder.path()).await;
    let found = held(claim(&hold, at(0)).await);
    assert_eq!((&found.message, found.copy, found.answered), (&message("h-1"), StoreCopy::None, false));
}

#[tokio::test]
async fn what_is_laid_back_waits_until_then_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&alone(folder.path())).unwrap();
    hold.put(message("h-1")).await.unwrap();
    let first = held(claim(&hold, at(0)).await);
    hold.lay_back("h-1", first.fence, at(10)).await.unwrap();
    assert_eq!(claim(&hold, at(9)).await, None);
    let again = held(claim(&hold, at(10)).await);
    assert_eq!(again.attempts, first.attempts, "it was not even decided again");
    let late = hold.lay_back("h-1", first.fence, at(20)).await;
    assert_eq!(late, Err(HoldError::Fenced), "whoever had it before has it no more");
    hold.settle("h-1", again.fence, Settled::Released, at(11)).await.unwrap();
    let asked = ["h-1", "h-2"].map(str::to_owned).to_vec();
    let ended: Vec<String> = hold.ended(asked).await.unwrap().into_iter().collect();
    assert_eq!(ended, ["h-1"], "one that this file does not know has not ended");
}

#[tokio::test]
async fn those_who_wait_are_looked_through_a_page_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&alone(folder.path())).unwrap();
    for id in ["h-3", "h-1", "h-2"] {
        hold.put(message(id)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    while let Some(last) = hold.waiting_after(&after, 2).await.unwrap().last().map(|m| m.id.clone()) {
        seen.extend(hold.waiting_after(&after, 2).await.unwrap().into_iter().map(|m| m.id));
        after = last;
    }
    assert_eq!(seen, ["h-1", "h-2", "h-3"]);
}

#[tokio::test]
async fn a_disk_that_keeps_its_reserve_says_so_before_the_next_hold_comes() {
    let folder = tempfile::tempdir().unwrap();
    hold_with(folder.path(), 0).has_room().await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let refused = hold_with(other.path(), u64::MAX).has_room().await;
    assert!(matches!(refused, Err(HoldError::Reserve { .. })), "{refused:?}");
}

fn hold_with(folder: &Path, free_bytes_min: u64) -> Hold {
    let reserve = Reserve { free_bytes_min: Some(free_bytes_min), bytes_min: 1 };
    Hold::open(&HoldSettings { reserve, ..alone(folder) }).unwrap()
}
