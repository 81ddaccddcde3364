//! Servers that die while customers write: a master behind sentinels, a master of a cluster, a slot on the
//! move. What was acknowledged as safe is there afterwards, and service comes back by itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tactgate::facts::{Event, What, apply};
use tactgate::learn::learn;
use tactgate::message::Secret;
use tactgate::store::{Store, StoreError, StoreKind, StoreSettings, Write, Written};

use crate::redis::RedisServer;
use crate::redis_groups::{Cluster, Sentinels, said, until};
use crate::store::{BRAND, bought, clustered, customer, files, mail, now, products, server};

/// Customers who write.
const CUSTOMERS: usize = 12;

/// Fewer than a document keeps, slowly enough to last through the whole story.
const EVENTS_MAX: usize = 480;
const PACE: Duration = Duration::from_millis(60);

/// Tells events one after the other, each until it is acknowledged as safe, as a shop does.
struct Shop {
    told: Arc<Mutex<BTreeMap<usize, Vec<String>>>>,
    count: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
    tellers: tokio::task::JoinSet<()>,
}

impl Shop {
    fn open(store: &Store) -> Shop {
        let (told, count, enough) = (Arc::default(), Arc::default(), Arc::default());
        let mut shop = Shop { told, count, enough, tellers: tokio::task::JoinSet::new() };
        for person in 0..CUSTOMERS {
            let (store, told) = (store.clone(), Arc::clone(&shop.told));
            let (count, enough) = (Arc::clone(&shop.count), Arc::clone(&shop.enough));
            shop.tellers.spawn(async move {
                for number in 0.. {
                    if enough.load(Ordering::SeqCst) || number == EVENTS_MAX {
                        return;
                    }
                    let id = format!("{person}-{number}");
                    let mut tries = 0;
                    while !tell_safely(&store, person, &id).await {
                        tries += 1;
                        assert!(tries < 3_000, "{id}: service did not come back");
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    told.lock().unwrap().entry(person).or_default().push(format!("P-{id}"));
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(PACE).await;
                }
            });
        }
        shop
    }

    /// Until so many more were acknowledged.
    async fn goes_on(&self, more: usize) {
        let begin = self.count.load(Ordering::SeqCst);
        for _ in 0..6_000 {
            if self.count.load(Ordering::SeqCst) >= begin + more {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not go on");
    }

    async fn closes(mut self) -> BTreeMap<usize, Vec<String>> {
        self.enough.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tellers.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

/// One compare-and-set; true when it is done and safe, now or before.
async fn tell_safely(store: &Store, person: usize, id: &str) -> bool {
    let key = store.key(BRAND, &mail(person));
    let Ok(loaded) = store.load(BRAND, std::slice::from_ref(&key), &[]).await else { return false };
    let mut found = loaded.customers.into_iter().next().unwrap();
    if !apply(&mut found.customer, &bought(id, 0), &key.0) {
        // An attempt without an answer was done after all.
        return store.is_safe(&[key]).await.is_ok();
    }
    let write = Write { root: found.root, expect: found.version, customer: found.customer, now: None };
    matches!(store.commit_safe(vec![write]).await.as_deref(), Ok([Written::Done(_)]))
}

async fn all_there(store: &Store, told: BTreeMap<usize, Vec<String>>) {
    assert_eq!(told.len(), CUSTOMERS);
    for (person, mut events) in told {
        events.sort();
        let found = customer(store, &mail(person)).await;
        let kept = products(&found);
        for event in &events {
            assert!(kept.contains(&event.to_uppercase().as_str()), "{event} was acknowledged and is lost");
        }
        let mut once = kept.clone();
        once.dedup();
        assert_eq!(once.len(), kept.len(), "nothing stands there twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_behind_sentinels_dies_and_nothing_acknowledged_is_lost() {
    let group = Sentinels::start(2, 3);
    let dir = tempfile::tempdir().unwrap();
    let sentinels = group.ports.iter().map(|port| Secret::new(format!("127.0.0.1:{port}"))).collect();
    let settings = StoreSettings {
        kind: StoreKind::Redis,
        sentinels,
        master: Some("brand".to_owned()),
        answer_ms: 2_000,
        replicas_acknowledge: 1,
        ..files(dir.path())
    };
    let store = Store::open(&settings, now()).await.unwrap();
    let shop = Shop::open(&store);
    shop.goes_on(100).await;
    group.kill_master();
    shop.goes_on(100).await;
    all_there(&store, shop.closes().await).await;
    let unwatched = StoreSettings { master: Some("nobody".to_owned()), connect_ms: 100, ..settings };
    let refused = Store::open(&unwatched, now()).await.unwrap_err().to_string();
    assert!(refused.contains("no sentinel names a master `nobody`"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move_and_a_master_of_a_cluster_dies_and_nothing_acknowledged_is_lost() {
    let cluster = Cluster::start(2_000);
    let dir = tempfile::tempdir().unwrap();
    let nodes = cluster.places().into_iter().map(Secret::new).collect();
    let settings =
        StoreSettings { kind: StoreKind::Redis, nodes, answer_ms: 2_000, replicas_acknowledge: 1, ..files(dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    let shop = Shop::open(&store);
    shop.goes_on(60).await;
    // Half the slots that somebody writes to go to another master, key by key, while they write.
    for person in 0..CUSTOMERS / 2 {
        let key = format!("tg1:{{{}}}", store.key(BRAND, &mail(person)));
        migrate(&cluster, &key, async || {
            let (key, event) = (store.key(BRAND, &mail(person)), bought(&format!("between-{person}"), 0));
            assert_eq!(store.update(BRAND, &key, |c| apply(c, &event, &key.0)).await, Ok(true), "not once refused");
        })
        .await;
    }
    shop.goes_on(60).await;
    let met = |kind: &str| store.standing().errors.iter().any(|(known, _)| *known == kind);
    assert!(met("moved") && met("ask"), "the slots moved under the writers: {:?}", store.standing());
    let (port, _) = cluster.masters().remove(1);
    cluster.kill(port);
    until("its replica takes over", || {
        let masters = cluster.masters();
        masters.len() == 3 && masters.iter().all(|(master, _)| *master != port)
    });
    // Everybody can be read and written again; as safe as before only once the new master has a replica.
    for person in 0..CUSTOMERS {
        let key = store.key(BRAND, &mail(person));
        let mut tries = 0;
        while store.update(BRAND, &key, |c| apply(c, &bought(&format!("meanwhile-{person}"), 0), &key.0)).await.is_err()
        {
            tries += 1;
            assert!(tries < 1_000, "service did not come back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    cluster.revive(port);
    shop.goes_on(100).await;
    all_there(&store, shop.closes().await).await;
}

/// Moves a key's slot to the next master, as `redis-cli --cluster reshard` does, with something `between` that must go well.
async fn migrate(cluster: &Cluster, key: &str, between: impl AsyncFn()) {
    let masters = cluster.masters();
    let slot = said(masters[0].0, &["cluster", "keyslot", key]).trim().to_owned();
    let number: usize = slot.parse().unwrap();
    let owner = |port: u16| {
        let told = said(port, &["cluster", "nodes"]);
        let own = told.lines().find(|line| line.contains("myself")).unwrap().to_owned();
        own.split(' ').skip(8).any(|range| {
            let mut ends = range.split('-').map(|end| end.parse::<usize>());
            match (ends.next(), ends.next()) {
                (Some(Ok(first)), Some(Ok(last))) => (first..=last).contains(&number),
                (Some(Ok(only)), None) => only == number,
                _ => false,
            }
        })
    };
    let at = masters.iter().position(|(port, _)| owner(*port)).unwrap();
    let (from, to) = (&masters[at], &masters[(at + 1) % masters.len()]);
    said(to.0, &["cluster", "setslot", &slot, "importing", &from.1]);
    said(from.0, &["cluster", "setslot", &slot, "migrating", &to.1]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let keys = said(from.0, &["cluster", "getkeysinslot", &slot, "100"]);
    let place = to.0.to_string();
    for key in keys.lines().filter(|key| !key.is_empty()) {
        said(from.0, &["migrate", "127.0.0.1", &place, key, "0", "5000"]);
    }
    // Now its keys are there, and only ASK says so.
    between().await;
    for (port, _) in [to, from] {
        said(*port, &["cluster", "setslot", &slot, "node", &to.1]);
    }
}

#[tokio::test]
async fn an_opt_out_that_no_replica_has_is_not_answered_as_kept() {
    let master = RedisServer::start();
    let mut replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &master.port().to_string()]);
    until("the replica follows", || said(master.port(), &["info", "replication"]).contains("state=online"));
    let dir = tempfile::tempdir().unwrap();
    let settings = StoreSettings { answer_ms: 2_000, replicas_acknowledge: 1, ..server(&master, dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    let tell = async |id: &str, what: &str| {
        let line = format!(r#"{{"id":"{id}","at":"{}","customer":"a@example.cn",{what}}}"#, now());
        learn(&store, BRAND, None, "application/x-ndjson", line.as_bytes(), now()).await.reply.status.as_u16()
    };
    let opt_out = r#""type":"opt-out","channel":"email""#;
    let purchase = r#""type":"purchase","product":"BT-200""#;
    assert_eq!(tell("first", opt_out).await, 200);
    replica.stop();
    until("the master notices", || said(master.port(), &["info", "replication"]).contains("connected_slaves:0"));
    assert_eq!(tell("bought", purchase).await, 200, "the master's word is enough for a purchase");
    assert_eq!(tell("second", opt_out).await, 503, "written, but not safe");
    assert_eq!(tell("second", opt_out).await, 503, "told again it changes nothing, and is still not safe");
    replica.begin();
    until("the replica follows", || said(master.port(), &["info", "replication"]).contains("state=online"));
    assert_eq!(tell("second", opt_out).await, 200, "now it is");
    let wanted = StoreSettings { replicas_acknowledge_sends: true, ..settings };
    replica.stop();
    let strict = Store::open(&wanted, now()).await.unwrap();
    let key = strict.key(BRAND, &mail(1));
    let event = Event { id: "s".to_owned(), at: now(), what: What::OptOut { channel: None, purpose: None } };
    let told = strict.update(BRAND, &key, |customer| apply(customer, &event, &key.0)).await;
    assert!(matches!(&told, Err(StoreError::Unknown(why)) if why.starts_with("few-replicas")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_over_all_masters_comes_back_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&clustered(dir.path()), now()).await.unwrap();
    let keys: Vec<_> = (0..1_000).map(|n| store.key(BRAND, &mail(n))).collect();
    let writes = keys.iter().enumerate().map(|(n, key)| {
        let mut customer = tactgate::facts::Customer::default();
        apply(&mut customer, &bought(&n.to_string(), 0), &key.0);
        Write { root: key.clone(), expect: 0, customer, now: None }
    });
    let written = store.commit(writes.collect()).await.unwrap();
    assert!(written.iter().all(|one| *one == Written::Done(1)));
    let loaded = store.load(BRAND, &keys, &[]).await.unwrap().customers;
    for (n, found) in loaded.iter().enumerate() {
        assert_eq!(products(&found.customer), [format!("P-{n}")]);
    }
}
