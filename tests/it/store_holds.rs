//! What the store keeps of holds and of the gateways that share it: stories of the shared contract.

use std::collections::BTreeSet;

use tactgate::store::{DUE_LIST_MAX, Store};

use crate::store::later;

pub async fn the_note_of_a_hold_has_one_writer_at_a_time(store: Store) {
    let note = async || store.hold_notes(&["h-1".to_owned()]).await.unwrap().remove(0);
    assert_eq!((note().await.version, note().await.sealed), (0, None));
    assert!(store.write_hold_note("h-1", 0, b"owner one".to_vec()).await.unwrap());
    let (version, sealed) = (note().await.version, note().await.sealed);
    assert_eq!(sealed.as_deref(), Some(&b"owner one"[..]));
    assert!(!store.write_hold_note("h-1", 0, b"late".to_vec()).await.unwrap(), "somebody wrote first");
    // Eight gateways want it at once.
    let mut wanting = tokio::task::JoinSet::new();
    for number in 0..8u8 {
        let store = store.clone();
        wanting.spawn(async move { store.write_hold_note("h-1", version, vec![number]).await.unwrap() });
    }
    assert_eq!(wanting.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert!(!store.remove_hold_note("h-1", version).await.unwrap(), "a stale owner takes nothing away");
    let newest = note().await.version;
    assert!(newest > version && store.remove_hold_note("h-1", newest).await.unwrap());
    assert_eq!((note().await.version, note().await.sealed), (0, None));
    assert!(!store.hold_ended_elsewhere("h-1").await.unwrap());
    store.keep_hold_end("h-1", 600).await.unwrap();
    assert!(store.hold_ended_elsewhere("h-1").await.unwrap() && !store.hold_ended_elsewhere("h-2").await.unwrap());
}

pub async fn the_last_hold_of_a_message_takes_it_away(store: Store) {
    for hold in ["h-1", "h-2"] {
        store.keep_hold_body("b", hold, b"sealed".to_vec(), 600).await.unwrap();
    }
    store.release_hold_body("b", "h-1").await.unwrap();
    assert_eq!(store.hold_body("b").await.unwrap().as_deref(), Some(&b"sealed"[..]));
    store.release_hold_body("b", "h-1").await.unwrap();
    assert!(store.hold_body("b").await.unwrap().is_some(), "taking it back twice counts once");
    store.release_hold_body("b", "h-2").await.unwrap();
    assert_eq!(store.hold_body("b").await.unwrap(), None);
    assert_eq!(store.hold_body("never").await.unwrap(), None);
}

pub async fn due_lists_name_what_waits_however_many(store: Store) {
    let mut expected = BTreeSet::new();
    for number in 0..DUE_LIST_MAX + 40 {
        let (list, hold) = (format!("l-{}", number / DUE_LIST_MAX), format!("h-{number}"));
        store.list_due("g-1", &list, &hold, later(number as i64)).await.unwrap();
        expected.insert(hold);
    }
    assert!(store.due_lists("g-2").await.unwrap().is_empty());
    let mut found = BTreeSet::new();
    for list in store.due_lists("g-1").await.unwrap() {
        let entries = store.due_entries("g-1", &list).await.unwrap();
        assert!(entries.is_sorted_by_key(|(_, at)| *at));
        found.extend(entries.into_iter().map(|(hold, _)| hold));
    }
    assert_eq!(found, expected);
    store.unlist_due("g-1", "l-1", &format!("h-{DUE_LIST_MAX}")).await.unwrap();
    assert_eq!(store.due_entries("g-1", "l-1").await.unwrap().len(), 39);
    store.forget_due_list("g-1", "l-0").await.unwrap();
    assert_eq!(store.due_lists("g-1").await.unwrap(), ["l-1"]);
}

pub async fn gateways_are_known_by_their_last_word(store: Store) {
    assert!(store.announced().await.unwrap().is_empty());
    for (gateway, word) in [("g-1", "a"), ("g-2", "a"), ("g-1", "b")] {
        store.announce(gateway, word, 600).await.unwrap();
    }
    let said = |gateway: &str, word: &str| (gateway.to_owned(), Some(word.to_owned()));
    let announced = store.announced().await.unwrap();
    assert_eq!(announced.into_iter().collect::<Vec<_>>(), [said("g-1", "b"), said("g-2", "a")]);
    store.forget_gateway("g-1").await.unwrap();
    assert_eq!(store.announced().await.unwrap().into_keys().collect::<Vec<_>>(), ["g-2"]);
    assert_eq!(store.derived_key("a"), store.derived_key("a"));
    assert_ne!(store.derived_key("a"), store.derived_key("b"));
}
