//! Many callers share one connection, and hang up in the middle of what they asked: nobody ever gets
//! another one's document (reliability I24: an answer taken for the answer to another question showed
//! people each other's histories elsewhere).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tactgate::facts::Customer;
use tactgate::store::Store;

use super::dice::Dice;
use crate::redis::RedisServer;
use crate::store::{BRAND, files, mail, now, server};

const CUSTOMERS: usize = 40;
const ASKED: usize = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_on_redis_leaves_no_answer_to_the_next() {
    let redis = RedisServer::start_with(&["--appendfsync", "no"]);
    let dir = tempfile::tempdir().unwrap();
    nobody_gets_anothers(Store::open(&server(&redis, dir.path()), now()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_on_files_leaves_no_answer_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    nobody_gets_anothers(Store::open(&files(dir.path()), now()).await.unwrap()).await;
}

/// What is planted in one customer's document.
fn planted(customer: usize) -> String {
    format!("c-{customer}")
}

async fn nobody_gets_anothers(store: Store) {
    for customer in 0..CUSTOMERS {
        let key = store.key(BRAND, &mail(customer));
        let plant = |document: &mut Customer| {
            document.record_id = Some(planted(customer));
            true
        };
        assert!(store.update(BRAND, &key, plant).await.unwrap());
    }
    let (left, dropped, answered) =
        (Arc::new(AtomicUsize::new(ASKED)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..48u64 {
        let store = store.clone();
        let (left, dropped, answered) = (left.clone(), dropped.clone(), answered.clone());
        let mut dice = Dice(caller + 1);
        callers.spawn(async move {
            while left.fetch_sub(1, Ordering::SeqCst) < usize::MAX / 2 {
                // One to three people in one question, some of them twice.
                let asked: Vec<usize> = (0..=dice.roll(3)).map(|_| dice.roll(CUSTOMERS as u64) as usize).collect();
                let keys: Vec<_> = asked.iter().map(|customer| store.key(BRAND, &mail(*customer))).collect();
                let patience = match dice.roll(3) {
                    0 => Duration::from_micros(dice.roll(1_500)),
                    _ => Duration::from_secs(60),
                };
                if dice.roll(8) == 0 {
                    // A write, too, may be left alone.
                    let touch = |document: &mut Customer| {
                        document.last_now = Some(now());
                        document.seen.push(caller);
                        document.seen.truncate(9);
                        true
                    };
                    let wrote = tokio::time::timeout(patience, store.update(BRAND, &keys[0], touch)).await;
                    dropped.fetch_add(usize::from(wrote.is_err()), Ordering::SeqCst);
                    continue;
                }
                match tokio::time::timeout(patience, store.load(BRAND, &keys, &[])).await {
                    Err(_) => _ = dropped.fetch_add(1, Ordering::SeqCst),
                    Ok(loaded) => {
                        let customers = loaded.unwrap().customers;
                        assert_eq!(customers.len(), asked.len());
                        for ((found, key), customer) in customers.iter().zip(&keys).zip(&asked) {
                            assert_eq!(&found.root, key);
                            assert_eq!(found.customer.record_id, Some(planted(*customer)), "another one's document");
                        }
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        });
    }
    callers.join_all().await;
    let (dropped, answered) = (dropped.load(Ordering::SeqCst), answered.load(Ordering::SeqCst));
    assert!(dropped > 200 && answered > 1_000, "{dropped} hung up, {answered} were answered");
}
