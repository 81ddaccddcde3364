//! The contract of the store, told once and kept by every backend: files, a real Redis, memory.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tactgate::facts::{
    ClaimAddition, Customer, Event, FactKind, Family, Keep, SendState, What, apply, give_back, reserve, settle,
};
use tactgate::message::{Address, Channel, Secret};
use tactgate::store::erasures::Erasure;
use tactgate::store::{CustomerKey, Linked, Modelled, Steps, Store, StoreKind, StoreSettings, Write, Written};

use crate::redis::RedisServer;
use crate::redis_groups::{Cluster, Sentinels};
use crate::sends::send;
use crate::store_brand::{
    a_busy_feed_stays_small, a_vouchers_life_is_told_in_any_order, stock_is_its_latest_word_and_prices_are_a_history,
};
use crate::store_holds::{
    due_lists_name_what_waits_however_many, gateways_are_known_by_their_last_word,
    the_last_hold_of_a_message_takes_it_away, the_note_of_a_hold_has_one_writer_at_a_time,
};

pub(crate) const BRAND: &str = "某某商城";

/// Tells each story to each backend.
macro_rules! contract {
    ($($story:ident,)+) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(&super::files(dir.path()), super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let server = super::RedisServer::start();
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(&super::server(&server, dir.path()), super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
        mod with_sentinels {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(&super::watched(dir.path()), super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
        mod on_a_cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(&super::clustered(dir.path()), super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
        mod on_valkey {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let Some(server) = super::RedisServer::start_valkey() else { return };
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(&super::server(&server, dir.path()), super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
        mod modelled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let keep = super::Keep::default();
                let store = super::Store::modelled(super::Modelled::default(), keep, super::now()).await.unwrap();
                super::$story(store).await;
            })+
        }
    };
}

contract! {
    the_loser_of_a_race_is_told_and_nothing_of_it_is_kept,
    a_batch_is_judged_customer_by_customer,
    brands_share_nothing,
    two_addresses_become_one_person_whichever_is_named_first,
    an_interrupted_merge_is_finished_by_whoever_reads_next,
    a_commit_in_flight_loses_to_a_merge,
    three_histories_merge_in_any_order_to_one,
    merges_that_race_lose_nothing,
    the_seventeenth_address_is_refused,
    an_address_leaves_with_what_came_from_it_wherever_the_gateway_dies,
    claims_add_up_in_any_order,
    known_since_is_the_earliest_word,
    a_cap_holds_under_contention_and_a_naive_store_would_break_it,
    an_erased_customer_is_forgotten_but_not_their_refusal,
    word_of_an_erasure_is_found_by_everybody_and_ends,
    the_note_of_a_hold_has_one_writer_at_a_time,
    the_last_hold_of_a_message_takes_it_away,
    due_lists_name_what_waits_however_many,
    gateways_are_known_by_their_last_word,
    a_vouchers_life_is_told_in_any_order,
    stock_is_its_latest_word_and_prices_are_a_history,
    a_busy_feed_stays_small,
}

pub(crate) fn now() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub(crate) fn files(dir: &Path) -> StoreSettings {
    // Patience, not speed, is what these stories need of a busy machine.
    StoreSettings { dir: dir.to_owned(), answer_ms: 20_000, ..StoreSettings::default() }
}

pub(crate) fn server(server: &RedisServer, dir: &Path) -> StoreSettings {
    StoreSettings { kind: StoreKind::Redis, url: Some(Secret::new(server.url())), ..files(dir) }
}

/// Behind the shared sentinels, under a prefix of its own.
pub(crate) fn watched(dir: &Path) -> StoreSettings {
    let sentinels = Sentinels::shared().ports.iter().map(|port| Secret::new(format!("127.0.0.1:{port}"))).collect();
    let master = Some("brand".to_owned());
    StoreSettings { kind: StoreKind::Redis, sentinels, master, prefix: own_prefix(), ..files(dir) }
}

/// On the shared cluster, under a prefix of its own.
pub(crate) fn clustered(dir: &Path) -> StoreSettings {
    let nodes = Cluster::shared().places().into_iter().map(Secret::new).collect();
    StoreSettings { kind: StoreKind::Redis, nodes, prefix: own_prefix(), ..files(dir) }
}

pub(crate) fn own_prefix() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    format!("t{}:", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

pub(crate) fn mail(n: usize) -> Address {
    Address::email(&format!("顾客{n}@example.cn")).unwrap()
}

fn phone() -> Address {
    Address::phone("+8613800138000", None).unwrap()
}

pub(crate) fn bought(id: &str, seconds: i64) -> Event {
    let what = What::Purchase { product: format!("P-{id}"), price: "399.00 CNY".parse().ok(), order: None };
    Event { id: id.to_owned(), at: later(seconds), what }
}

pub(crate) async fn tell(store: &Store, address: &Address, event: Event) {
    let key = store.key(BRAND, address);
    assert!(store.update(BRAND, &key, |customer| apply(customer, &event, &key.0)).await.unwrap());
}

pub(crate) async fn customer(store: &Store, address: &Address) -> Customer {
    let key = store.key(BRAND, address);
    store.load(BRAND, &[key], &[]).await.unwrap().customers.remove(0).customer
}

pub(crate) fn products(customer: &Customer) -> Vec<&str> {
    let mut products: Vec<&str> = customer.purchases.iter().map(|p| p.product.as_str()).collect();
    products.sort_unstable();
    products
}

async fn the_loser_of_a_race_is_told_and_nothing_of_it_is_kept(store: Store) {
    let key = store.key(BRAND, &mail(1));
    for round in 0..3u64 {
        let found = store.load(BRAND, std::slice::from_ref(&key), &[]).await.unwrap().customers.remove(0);
        assert_eq!((&found.root, found.version), (&key, round));
        let mut first = found.customer.clone();
        let mut second = found.customer.clone();
        apply(&mut first, &bought(&format!("first{round}"), 0), &key.0);
        apply(&mut second, &bought(&format!("second{round}"), 0), &key.0);
        let write = |customer| vec![Write { root: key.clone(), expect: round, customer, now: None }];
        assert_eq!(store.commit(write(first.clone())).await, Ok(vec![Written::Done(round + 1)]));
        assert_eq!(store.commit(write(second)).await, Ok(vec![Written::Stale]));
        assert_eq!(customer(&store, &mail(1)).await, first);
    }
}

async fn a_batch_is_judged_customer_by_customer(store: Store) {
    tell(&store, &mail(2), bought("e", 0)).await;
    let keys: Vec<CustomerKey> = (1..=3).map(|n| store.key(BRAND, &mail(n))).collect();
    let loaded = store.load(BRAND, &keys, &[]).await.unwrap().customers;
    assert_eq!(loaded.iter().map(|found| found.version).collect::<Vec<_>>(), [0, 1, 0]);
    let writes = keys
        .iter()
        .map(|key| {
            let mut customer = Customer::default();
            apply(&mut customer, &bought("new", 1), &key.0);
            Write { root: key.clone(), expect: 0, customer, now: None }
        })
        .collect();
    let written = store.commit(writes).await.unwrap();
    assert_eq!(written, [Written::Done(1), Written::Stale, Written::Done(1)]);
    assert_eq!(products(&customer(&store, &mail(2)).await), ["P-E"]);
    assert_eq!(store.commit(Vec::new()).await, Ok(Vec::new()));
    assert!(store.load(BRAND, &[], &[]).await.unwrap().customers.is_empty());
}

async fn brands_share_nothing(store: Store) {
    tell(&store, &mail(1), bought("e", 0)).await;
    let other = store.key("another", &mail(1));
    assert_ne!(other, store.key(BRAND, &mail(1)));
    let loaded = store.load("another", &[other], &[]).await.unwrap();
    assert!(loaded.customers[0].customer.is_unheard_of());
}

async fn two_addresses_become_one_person_whichever_is_named_first(store: Store) {
    for (n, mail_first) in [(1, true), (2, false)] {
        let phone = Address::phone(&format!("+861380013800{n}"), None).unwrap();
        tell(&store, &mail(n), bought("by mail", 0)).await;
        tell(&store, &phone, bought("by phone", 1)).await;
        let (a, b) = if mail_first { (mail(n), phone.clone()) } else { (phone.clone(), mail(n)) };
        let root = store.key(BRAND, &a).min(store.key(BRAND, &b));
        assert_eq!(store.link(BRAND, &a, &b, now()).await, Ok(Linked::Joined(root.clone())));
        assert_eq!(store.link(BRAND, &b, &a, now()).await, Ok(Linked::Already(root.clone())));
        let keys = [store.key(BRAND, &a), store.key(BRAND, &b)];
        let loaded = store.load(BRAND, &keys, &[]).await.unwrap().customers;
        assert_eq!(loaded[0], loaded[1], "two keys of one person give the same root twice");
        assert_eq!((&loaded[0].root, loaded[0].customer.members.len()), (&root, 2));
        assert_eq!(products(&loaded[0].customer), ["P-BY MAIL", "P-BY PHONE"]);
        tell(&store, &phone, bought("after", 2)).await;
        assert_eq!(customer(&store, &mail(n)).await.purchases.len(), 3);
    }
    // Strangers can be linked, too: the shop knows them, we do not yet.
    assert!(matches!(store.link(BRAND, &mail(8), &mail(9), now()).await, Ok(Linked::Joined(_))));
    tell(&store, &mail(8), bought("e", 0)).await;
    assert_eq!(products(&customer(&store, &mail(9)).await), ["P-E"]);
}

async fn an_interrupted_merge_is_finished_by_whoever_reads_next(store: Store) {
    for steps in 0..=4 {
        let (a, b) = (mail(100 + steps), mail(200 + steps));
        let (key_a, key_b) = (store.key(BRAND, &a), store.key(BRAND, &b));
        tell(&store, &a, bought("one", 0)).await;
        tell(&store, &b, bought("two", 1)).await;
        for key in [&key_a, &key_b] {
            let held = send(&format!("d-{key}"), later(2), Channel::Sms, &key.0);
            assert!(store.update(BRAND, key, |c| reserve(c, held.clone())).await.unwrap());
        }
        let linked = store.link_within(BRAND, &a, &b, now(), Steps::at_most(steps)).await.unwrap();
        assert_eq!(linked == Linked::Interrupted, steps < 4, "{steps}: {linked:?}");
        // Before anything moved both stand for themselves; afterwards the first reader finishes.
        for (reader, alone) in [(&b, "P-TWO"), (&a, "P-ONE"), (&b, "P-TWO")] {
            let found = customer(&store, reader).await;
            if steps == 0 || (steps == 1 && found.purchases.len() == 1) {
                assert_eq!(products(&found), [alone], "{steps}");
            } else {
                assert_eq!(products(&found), ["P-ONE", "P-TWO"], "{steps}");
                assert_eq!(found.sends.len(), 2, "{steps}");
            }
        }
        if steps > 0 {
            assert_eq!(customer(&store, &a).await, customer(&store, &b).await, "once both were read, {steps}");
        }
        // Linking again completes what was never begun, and changes nothing that is done.
        store.link(BRAND, &a, &b, now()).await.unwrap();
        let found = customer(&store, &a).await;
        assert_eq!((products(&found), found.sends.len()), (vec!["P-ONE", "P-TWO"], 2), "{steps}");
        assert_eq!(found, customer(&store, &b).await);
        // A repeated event is still known as one.
        assert!(!store.update(BRAND, &key_b, |c| apply(c, &bought("one", 0), &key_b.0)).await.unwrap());
        assert!(store.update(BRAND, &key_b, |c| settle(c, &format!("d-{key_a}"), SendState::Sent)).await.unwrap());
        assert!(!store.update(BRAND, &key_a, |c| give_back(c, &format!("d-{key_a}"))).await.unwrap());
        assert!(store.update(BRAND, &key_a, |c| give_back(c, &format!("d-{key_b}"))).await.unwrap());
        assert!(!store.update(BRAND, &key_a, |c| give_back(c, &format!("d-{key_b}"))).await.unwrap());
    }
}

async fn a_commit_in_flight_loses_to_a_merge(store: Store) {
    tell(&store, &mail(1), bought("one", 0)).await;
    tell(&store, &mail(2), bought("two", 0)).await;
    let keys = [store.key(BRAND, &mail(1)), store.key(BRAND, &mail(2))];
    let loaded = store.load(BRAND, &keys, &[]).await.unwrap().customers;
    store.link(BRAND, &mail(1), &mail(2), now()).await.unwrap();
    for found in loaded {
        let write = Write { root: found.root, expect: found.version, customer: found.customer, now: None };
        assert_eq!(store.commit(vec![write]).await, Ok(vec![Written::Stale]));
    }
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-ONE", "P-TWO"]);
}

async fn three_histories_merge_in_any_order_to_one(store: Store) {
    let orders = [[(0, 1), (1, 2)], [(1, 2), (0, 1)], [(0, 2), (1, 2)], [(2, 0), (1, 0)], [(2, 1), (2, 0)]];
    for (round, links) in orders.into_iter().enumerate() {
        let people: Vec<Address> = (0..3).map(|n| mail(10 * round + n)).collect();
        for (n, person) in people.iter().enumerate() {
            tell(&store, person, bought(&format!("e{n}"), n as i64)).await;
        }
        // The first of the two links dies in the middle.
        let (a, b) = links[0];
        store.link_within(BRAND, &people[a], &people[b], now(), Steps::at_most(2)).await.unwrap();
        let (a, b) = links[1];
        store.link(BRAND, &people[a], &people[b], now()).await.unwrap();
        for person in &people {
            let found = customer(&store, person).await;
            assert_eq!(products(&found), ["P-E0", "P-E1", "P-E2"], "{links:?}");
            assert_eq!(found.members.len(), 3);
        }
    }
}

async fn merges_that_race_lose_nothing(store: Store) {
    let people: Vec<Address> = (0..6).map(mail).collect();
    for (n, person) in people.iter().enumerate() {
        tell(&store, person, bought(&format!("e{n}"), n as i64)).await;
    }
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..people.len() {
        let (store, a, b) = (store.clone(), people[n].clone(), people[(n + 1) % people.len()].clone());
        racing.spawn(async move {
            store.link(BRAND, &a, &b, now()).await.unwrap();
            tell(&store, &a, bought(&format!("late{n}"), 100)).await;
        });
    }
    while let Some(done) = racing.join_next().await {
        done.unwrap();
    }
    let found = customer(&store, &people[3]).await;
    let expected = ["P-E0", "P-E1", "P-E2", "P-E3", "P-E4", "P-E5"];
    let late = ["P-LATE0", "P-LATE1", "P-LATE2", "P-LATE3", "P-LATE4", "P-LATE5"];
    assert_eq!(products(&found), [expected, late].concat());
    assert_eq!(found.members.len(), 6);
}

async fn the_seventeenth_address_is_refused(store: Store) {
    for n in 1..16 {
        assert!(matches!(store.link(BRAND, &mail(0), &mail(n), now()).await, Ok(Linked::Joined(_))), "{n}");
    }
    tell(&store, &mail(16), bought("alone", 0)).await;
    let refused = store.link(BRAND, &mail(3), &mail(16), now()).await;
    assert_eq!(refused, Ok(Linked::TooMany { addresses: 17 }));
    assert_eq!(products(&customer(&store, &mail(16)).await), ["P-ALONE"]);
    assert!(customer(&store, &mail(3)).await.purchases.is_empty());
    assert!(matches!(store.link(BRAND, &mail(3), &mail(15), now()).await, Ok(Linked::Already(_))));
}

async fn an_address_leaves_with_what_came_from_it_wherever_the_gateway_dies(store: Store) {
    for (steps, leaver) in (0..6).flat_map(|steps| (0..3).map(move |leaver| (steps, leaver))) {
        let people: Vec<Address> = (0..3).map(|n| mail(1_000 * steps + 10 * leaver + n)).collect();
        for (n, person) in people.iter().enumerate() {
            tell(&store, person, bought(&format!("e{n}"), n as i64)).await;
        }
        // A chain, so that one way may lead past the one that leaves.
        store.link(BRAND, &people[0], &people[1], now()).await.unwrap();
        store.link(BRAND, &people[1], &people[2], now()).await.unwrap();
        for person in &people {
            assert_eq!(customer(&store, person).await.purchases.len(), 3, "the way is remembered");
        }
        let gone = store.unlink_within(BRAND, &people[leaver], Steps::at_most(steps)).await.unwrap();
        if gone.is_none() {
            let purchases = customer(&store, &people[(leaver + 1) % 3]).await.purchases.len();
            assert!([2, 3].contains(&purchases), "all or nothing: {purchases}");
            store.unlink(BRAND, &people[leaver]).await.unwrap();
        }
        assert_eq!(store.unlink(BRAND, &people[leaver]).await, Ok(false), "alone");
        for (n, person) in people.iter().enumerate() {
            let expected: Vec<String> =
                (0..3).filter(|m| (*m == leaver) == (n == leaver)).map(|m| format!("P-E{m}")).collect();
            assert_eq!(products(&customer(&store, person).await), expected, "{steps} writes, {leaver} leaves");
            let key = store.key(BRAND, person);
            let again = bought(&format!("e{n}"), 0);
            assert!(!store.update(BRAND, &key, |c| apply(c, &again, &key.0)).await.unwrap(), "still seen");
        }
        tell(&store, &people[leaver], bought("alone", 9)).await;
        assert!(matches!(
            store.link(BRAND, &people[leaver], &people[(leaver + 2) % 3], now()).await,
            Ok(Linked::Joined(_))
        ));
        for person in &people {
            let found = customer(&store, person).await;
            assert_eq!(products(&found), ["P-ALONE", "P-E0", "P-E1", "P-E2"], "{steps} writes, {leaver} came back");
            assert_eq!(found.members.len(), 3);
        }
    }
}

async fn claims_add_up_in_any_order(store: Store) {
    let (family, other) = (Family("id:双十一".to_owned()), Family("id:other".to_owned()));
    let end = later(86_400);
    let one = ClaimAddition {
        family: family.clone(),
        at: later(50),
        deadline: Some(end),
        price: Some((Channel::Sms, "299.00 CNY".parse().unwrap())),
    };
    let earlier = ClaimAddition { at: later(10), price: None, ..one.clone() };
    store.claim(BRAND, &[one.clone(), earlier.clone()]).await.unwrap();
    let families = [family.clone(), other.clone()];
    let first = store.load(BRAND, &[], &families).await.unwrap().claims;
    store.claim(BRAND, &[earlier, one]).await.unwrap();
    let again = store.load(BRAND, &[], &families).await.unwrap().claims;
    assert_eq!(first, again);
    let claims = &again[&family];
    assert_eq!(claims.deadlines.get(&end), Some(&later(10)));
    assert_eq!(claims.prices, [(Channel::Sms, "299.00 CNY".parse().unwrap(), later(50))]);
    assert_eq!(claims.first_seen, Some(later(10)));
    assert!(!again.contains_key(&other), "never claimed is not there");
    assert!(store.load("another", &[], &families).await.unwrap().claims.is_empty());
    let many: Vec<ClaimAddition> = (0..100)
        .map(|n| ClaimAddition { family: other.clone(), at: later(n), deadline: Some(later(1_000 + n)), price: None })
        .collect();
    store.claim(BRAND, &many).await.unwrap();
    store.claim(BRAND, &many[40..]).await.unwrap();
    let counted = &store.load(BRAND, &[], &families).await.unwrap().claims[&other];
    assert_eq!((counted.deadlines.len(), counted.deadlines_more), (64, 36));
}

async fn known_since_is_the_earliest_word(store: Store) {
    let known = store.load(BRAND, &[], &[]).await.unwrap().known_since;
    assert_eq!(known.get(&FactKind::Sends), Some(&now()), "since the installation");
    assert_eq!(known.get(&FactKind::Purchases), None, "nobody told us of any");
    store.mark_known(BRAND, FactKind::Purchases, later(50)).await.unwrap();
    store.mark_known(BRAND, FactKind::Purchases, later(-50)).await.unwrap();
    store.mark_known(BRAND, FactKind::Purchases, later(9)).await.unwrap();
    let known = store.load(BRAND, &[], &[]).await.unwrap().known_since;
    assert_eq!(known.get(&FactKind::Purchases), Some(&later(-50)));
    let other = store.load("another", &[], &[]).await.unwrap().known_since;
    assert_eq!(other.get(&FactKind::Purchases), None);
}

async fn a_cap_holds_under_contention_and_a_naive_store_would_break_it(store: Store) {
    const CAP: usize = 5;
    const DOORS: usize = 16;
    for (naive, address) in [(false, mail(1)), (true, phone())] {
        let key = store.key(BRAND, &address);
        let together = Arc::new(tokio::sync::Barrier::new(DOORS));
        let mut doors = tokio::task::JoinSet::new();
        for door in 0..DOORS {
            let (store, key, together) = (store.clone(), key.clone(), together.clone());
            doors.spawn(async move {
                let mut sent = 0;
                for n in 0..3 {
                    let event = send(&format!("{door}-{n}"), later(0), Channel::Sms, &key.0);
                    let fits = |c: &mut Customer| c.sends.len() < CAP && reserve(c, event.clone());
                    if naive {
                        let mut seen = store.load(BRAND, std::slice::from_ref(&key), &[]).await.unwrap().customers;
                        together.wait().await;
                        if fits(&mut seen[0].customer) {
                            // What a get and a set do: write what was decided on what was read then.
                            let added = event.clone();
                            sent +=
                                usize::from(store.update(BRAND, &key, |c| reserve(c, added.clone())).await.unwrap());
                        }
                    } else {
                        sent += usize::from(store.update(BRAND, &key, fits).await.unwrap());
                    }
                }
                sent
            });
        }
        let sent: usize = doors.join_all().await.into_iter().sum();
        assert_eq!(customer(&store, &address).await.sends.len(), sent);
        if naive {
            assert!(sent > CAP, "the naive store must fail this test, or it tests nothing: {sent}");
        } else {
            assert_eq!(sent, CAP);
        }
    }
}

async fn an_erased_customer_is_forgotten_but_not_their_refusal(store: Store) {
    tell(&store, &mail(1), bought("e1", 0)).await;
    let refusal = What::OptOut { channel: Some(Channel::Sms), purpose: None };
    tell(&store, &phone(), Event { id: "r".to_owned(), at: later(1), what: refusal }).await;
    store.link(BRAND, &mail(1), &phone(), now()).await.unwrap();
    let shown = store.customer_export(BRAND, &phone()).await.unwrap().unwrap().to_string();
    assert!(shown.contains("P-E1") && !shown.contains("13800138000"), "{shown}");
    let key = store.key(BRAND, &mail(1));
    let in_flight = store.load(BRAND, &[key], &[]).await.unwrap().customers.remove(0);
    assert!(store.customer_erase(BRAND, &mail(1)).await.unwrap());
    let write = Write { root: in_flight.root, expect: in_flight.version, customer: in_flight.customer, now: None };
    assert_eq!(store.commit(vec![write]).await, Ok(vec![Written::Stale]));
    let left = customer(&store, &phone()).await;
    assert!(left.purchases.is_empty() && left.record_id.is_none());
    assert_eq!(left.opt_outs.len(), 1);
    assert!(!store.customer_erase(BRAND, &mail(7)).await.unwrap(), "nothing was kept");
    assert_eq!(store.customer_export(BRAND, &mail(7)).await.unwrap(), None);
}

async fn word_of_an_erasure_is_found_by_everybody_and_ends(store: Store) {
    let word = |key: &str, seconds: i64| Erasure { key: key.to_owned(), at: later(seconds) };
    let left = vec![word("00ff", 0), word("a0ff", 0), word("00ff", 60)];
    store.leave_erasures(&left).await.unwrap();
    store.leave_erasures(&left).await.unwrap();
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut found = store.erasures(&[today.yesterday().unwrap(), today]).await.unwrap();
    found.sort();
    assert_eq!(found, [word("00ff", 0), word("00ff", 60), word("a0ff", 0)], "the later one of a key counts, too");
    assert_eq!(store.erasures(&[today.tomorrow().unwrap()]).await.unwrap(), []);
    store.end_erasures(today).await.unwrap();
    assert_eq!(store.erasures(&[today]).await.unwrap(), []);
}
