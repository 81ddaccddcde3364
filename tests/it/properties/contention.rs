//! Many workers, two gateways, two channels, few people: no window of any of them ever holds more than
//! its cap, whatever dies in the middle. `tests/contention` is the long form, and shows that a store
//! which sets without comparing fails it.

use std::sync::Arc;

use jiff::SignedDuration;
use tactgate::facts::Keep;
use tactgate::store::{Fault, Modelled, Store};

use super::arena::{Arena, Load, Outcome, caps};
use super::decider;
use super::over_cap::scan;
use crate::redis::RedisServer;
use crate::store::{files, now, server};

/// Decisions of the short form that walk the whole path.
const WALKED: usize = 2_000;
/// Decisions of the short form that are loaded, decided and committed, on each store.
const DECIDED: usize = 20_000;

const WINDOW: SignedDuration = SignedDuration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_over_one_redis_never_pass_more_than_the_cap() {
    let load = Load { decisions: WALKED, customers: 40, window: WINDOW };
    holds(Arena::on_redis(&caps(WINDOW)).await.contend(load, 1).await, "two gateways, Redis");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gateway_over_its_files_never_passes_more_than_the_cap() {
    let load = Load { decisions: WALKED, customers: 40, window: WINDOW };
    holds(Arena::on_files(&caps(WINDOW)).await.contend(load, 2).await, "one gateway, files");
}

/// The long form: `tests/contention [DECISIONS]`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: tests/contention"]
async fn a_million_decisions() {
    let told = std::env::var("TACTGATE_CONTENTION_DECISIONS").ok().and_then(|text| text.parse().ok());
    let load = Load { decisions: told.unwrap_or(1_000_000), customers: 200, window: WINDOW };
    holds(Arena::on_redis(&caps(WINDOW)).await.contend(load, 3).await, "two gateways, Redis");
}

fn holds(outcome: Outcome, what: &str) {
    println!("{}", outcome.told(what));
    assert_eq!((outcome.sinks.over, outcome.documents.over), (0, 0), "over-cap");
    assert_eq!(outcome.twice, 0, "sent twice");
    assert_eq!(outcome.unknown_to_documents, 0, "every message that arrived was reserved");
    // As the documents tell the time: on a busy machine what was decided together arrives spread out.
    assert!(outcome.documents.windows_full > 20, "the caps were reached: {outcome:?}");
    assert!(outcome.blocked > 100 && outcome.killed > 10, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_real_redis_twenty_thousand_decisions_exceed_no_cap() {
    let redis = RedisServer::start_with(&["--appendfsync", "no"]);
    let dir = tempfile::tempdir().unwrap();
    // Two stores, as two gateways have them: nothing that one of them remembers may matter.
    let stores = [
        Store::open(&server(&redis, dir.path()), now()).await.unwrap(),
        Store::open(&server(&redis, dir.path()), now()).await.unwrap(),
    ];
    assert_eq!(over_cap(&stores, DECIDED).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_files_twenty_thousand_decisions_exceed_no_cap() {
    let dir = tempfile::tempdir().unwrap();
    let stores = [Store::open(&files(dir.path()), now()).await.unwrap()];
    assert_eq!(over_cap(&stores, DECIDED).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_compares_nothing_is_caught() {
    let store = async |fault| {
        let model = Modelled::default();
        model.fail(fault);
        [Store::modelled(model, Keep::default(), now()).await.unwrap()]
    };
    assert_eq!(over_cap(&store(Fault::None).await, 3_000).await, 0);
    let over = over_cap(&store(Fault::NothingCompared).await, 3_000).await;
    assert!(over > 0, "a test of races that a store without compare-and-set passes tests nothing");
}

/// Messages beyond the caps, in what left.
async fn over_cap(stores: &[Store], decisions: usize) -> usize {
    let left = decider::contend(stores, decisions, Arc::new(decider::Rules::caps(WINDOW)), WINDOW).await;
    let found = scan(&left, WINDOW, super::arena::cap_of);
    println!("{} left, {} over, windows filled exactly {}", found.arrived, found.over, found.windows_full);
    assert!(found.windows_full > 20, "the caps were reached: {found:?}");
    found.over
}
