//! Every error a Redis can give, produced by a real one, and what it means to whoever asked: what the
//! server refused was not done (`Down`), what may have been done is `Unknown`, and when the trouble is
//! over the store works again by itself.
//!
//! For a message that is one of two things. Nothing could be loaded: the law's rules delay, courtesy lets
//! go, a code goes (`gateway::redis_away` lives that through). Or the reservation could not be written:
//! nothing leaves, the client keeps its message.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tactgate::facts::apply;
use tactgate::store::redis::refusal;
use tactgate::store::{CustomerKey, Store, StoreError, StoreSettings};

use crate::redis::{RedisServer, free_port};
use crate::redis_groups::{Cluster, said};
use crate::store::{BRAND, bought, clustered, customer, mail, now, products, server, tell};

/// A store on a server, with one customer in it.
struct Place {
    server: RedisServer,
    store: Store,
    _dir: tempfile::TempDir,
}

impl Place {
    async fn with(options: &[&str]) -> Place {
        let server_process = RedisServer::start_with(options);
        let dir = tempfile::tempdir().unwrap();
        // A breaker that never opens: here each answer counts by itself.
        let settings = StoreSettings { breaker_failures: 1_000_000, ..server(&server_process, dir.path()) };
        let store = Store::open(&settings, now()).await.unwrap();
        tell(&store, &mail(1), bought("before", 0)).await;
        Place { server: server_process, store, _dir: dir }
    }

    fn says(&self, command: &[&str]) -> String {
        said(self.server.port(), command)
    }

    fn key(&self) -> CustomerKey {
        self.store.key(BRAND, &mail(1))
    }

    /// A script that does not end, seen at work: the server answers no read any more.
    async fn busy_with(&self, script: &str) -> std::process::Child {
        let endless = std::process::Command::new("redis-cli")
            .args(["-p", &self.server.port().to_string(), "eval", script, "0"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut read = self.reading().await;
        for _ in 0..500 {
            if read.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            read = self.reading().await;
        }
        is_down(&read, "busy");
        endless
    }

    async fn reading(&self) -> Result<(), StoreError> {
        self.store.load(BRAND, &[self.key()], &[]).await.map(|_| ())
    }

    /// A write, on what was read before the trouble began.
    async fn writing(&self, id: &str) -> Result<(), StoreError> {
        let event = bought(id, 1);
        let key = self.key();
        let loaded = self.store.load(BRAND, std::slice::from_ref(&key), &[]).await;
        let Ok(loaded) = loaded else {
            let write = tactgate::store::Write {
                root: key.clone(),
                expect: 1,
                customer: tactgate::facts::Customer::default(),
                now: None,
            };
            return self.store.commit(vec![write]).await.map(|_| ());
        };
        let mut found = loaded.customers.into_iter().next().unwrap();
        apply(&mut found.customer, &event, &key.0);
        let write =
            tactgate::store::Write { root: found.root, expect: found.version, customer: found.customer, now: None };
        self.store.commit(vec![write]).await.map(|_| ())
    }

    /// It works again, with what was there before and nothing that was refused.
    async fn works_again(&self, refused: &str) {
        let mut tries = 0;
        while self.reading().await.is_err() || self.store.ping().await.is_err() {
            tries += 1;
            assert!(tries < 2_000, "it did not come back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = customer(&self.store, &mail(1)).await;
        assert!(products(&found).contains(&"P-BEFORE"), "{found:?}");
        let refused = format!("P-{}", refused.to_uppercase());
        assert!(!products(&found).contains(&refused.as_str()), "refused is not done");
        self.writing("after").await.unwrap();
    }
}

fn is_down(told: &Result<(), StoreError>, kind: &str) {
    assert!(matches!(told, Err(StoreError::Down(why)) if why.starts_with(kind)), "{kind}: {told:?}");
}

async fn raw(port: u16) -> MultiplexedConnection {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// What the server's answer would mean to the store, that itself never asks so: whether it read or wrote.
async fn refused(wire: &mut MultiplexedConnection, command: &str, words: &[&str]) -> [StoreError; 2] {
    let mut asked = redis::pipe();
    asked.cmd(command).arg(words);
    let answers = wire.send_packed_commands(&asked, 0, 1).await.unwrap();
    match &answers[..] {
        [redis::Value::ServerError(error)] => refusal(error),
        other => panic!("it was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn loading_its_file() {
    let mut place = Place::with(&["--appendonly", "no"]).await;
    let filled = place.says(&["eval", "for i=1,3000 do redis.call('SET', 'f:'..i, i) end return 1", "0"]);
    assert_eq!(filled.trim(), "1");
    place.says(&["save"]);
    place.server.stop();
    // 3,000 keys of a millisecond each; commands are heard every kilobyte.
    let slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
    place.server.begin_unanswered(&slowly);
    let mut seen = false;
    for _ in 0..3_000 {
        let (read, write) = (place.reading().await, place.writing("x").await);
        if matches!(&read, Err(StoreError::Down(why)) if why.starts_with("loading")) {
            assert!(matches!(write, Err(StoreError::Down(_))), "{write:?}");
            seen = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(seen, "a server that loads says LOADING");
    place.works_again("x").await;
}

#[tokio::test]
async fn a_script_without_end() {
    let place = Place::with(&["--busy-reply-threshold", "1"]).await;
    let mut endless = place.busy_with("while true do end").await;
    is_down(&place.writing("x").await, "busy");
    place.says(&["script", "kill"]);
    endless.wait().unwrap();
    place.works_again("x").await;
}

#[tokio::test]
async fn a_script_without_end_that_has_written() {
    let mut place = Place::with(&["--busy-reply-threshold", "1"]).await;
    let mut wire = raw(place.server.port()).await;
    let mut endless = place.busy_with("redis.call('set', 'x', 1) while true do end").await;
    // UNKILLABLE: ended now, it would be half done.
    for told in refused(&mut wire, "SCRIPT", &["KILL"]).await {
        assert!(told.to_string().contains("already executed write commands"), "{told}");
        is_down(&Err(told), "busy");
    }
    is_down(&place.writing("x").await, "busy");
    place.server.stop();
    endless.wait().unwrap();
    place.server.begin();
    place.works_again("x").await;
}

#[tokio::test]
async fn full() {
    let place = Place::with(&[]).await;
    place.says(&["config", "set", "maxmemory", "1"]);
    assert_eq!(place.reading().await, Ok(()), "what is there is read");
    is_down(&place.writing("x").await, "out-of-memory");
    place.says(&["config", "set", "maxmemory", "0"]);
    place.works_again("x").await;
}

#[tokio::test]
async fn a_file_it_cannot_write() {
    let place = Place::with(&["--appendonly", "no", "--save", "3600 1"]).await;
    // The snapshot is written beside, then given its name: a folder has it already.
    std::fs::create_dir(place.server.dir().join("dump.rdb")).unwrap();
    place.says(&["bgsave"]);
    crate::redis_groups::until("the snapshot fails", || {
        place.says(&["info", "persistence"]).contains("rdb_last_bgsave_status:err")
    });
    assert_eq!(place.reading().await, Ok(()));
    is_down(&place.writing("x").await, "misconfigured");
    std::fs::remove_dir(place.server.dir().join("dump.rdb")).unwrap();
    place.says(&["bgsave"]);
    crate::redis_groups::until("the snapshot succeeds", || {
        place.says(&["info", "persistence"]).contains("rdb_last_bgsave_status:ok")
    });
    place.works_again("x").await;
}

#[tokio::test]
async fn a_master_that_became_a_replica() {
    let place = Place::with(&[]).await;
    // A replica of nobody who answers: it keeps what it has.
    place.says(&["replicaof", "127.0.0.1", &free_port().to_string()]);
    is_down(&place.writing("x").await, "read-only");
    // Reading what is behind could miss an opt-out: it is not read for long.
    let mut read = place.reading().await;
    for _ in 0..1_000 {
        if read.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        read = place.reading().await;
    }
    is_down(&read, "unfit: it is a replica");
    place.says(&["replicaof", "no", "one"]);
    place.works_again("x").await;
}

#[tokio::test]
async fn too_few_replicas_for_its_own_taste() {
    let place = Place::with(&[]).await;
    place.says(&["config", "set", "min-replicas-to-write", "1"]);
    assert_eq!(place.reading().await, Ok(()));
    is_down(&place.writing("x").await, "no-replicas");
    place.says(&["config", "set", "min-replicas-to-write", "0"]);
    place.works_again("x").await;
}

#[tokio::test]
async fn a_forgotten_script_is_told_again_and_nobody_notices() {
    let place = Place::with(&[]).await;
    for round in 0..3 {
        place.says(&["script", "flush"]);
        place.writing(&format!("round{round}")).await.unwrap();
    }
    assert_eq!(products(&customer(&place.store, &mail(1)).await).len(), 4);
    assert!(place.store.standing().errors.iter().any(|(kind, count)| *kind == "no-script" && *count >= 3));
}

#[tokio::test]
async fn a_password_nobody_told_us() {
    let place = Place::with(&[]).await;
    place.says(&["config", "set", "requirepass", "geheim"]);
    let with = |command: &[&str]| place.says(&[&["-a", "geheim", "--no-auth-warning"], command].concat());
    with(&["client", "kill", "type", "normal", "skipme", "yes"]);
    // What was under way met a broken connection; from then on the server says why.
    let mut read = place.reading().await;
    for _ in 0..1_000 {
        if matches!(&read, Err(StoreError::Down(why)) if why.starts_with("no-auth")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        read = place.reading().await;
    }
    is_down(&read, "no-auth");
    is_down(&place.writing("x").await, "no-auth");
    with(&["config", "set", "requirepass", ""]);
    place.works_again("x").await;
}

#[tokio::test]
async fn a_user_who_may_not_and_one_who_may_just_enough() {
    let place = Place::with(&[]).await;
    place.says(&["acl", "setuser", "default", "-evalsha"]);
    assert_eq!(place.reading().await, Ok(()));
    is_down(&place.writing("x").await, "no-permission");
    place.says(&["acl", "setuser", "default", "+evalsha"]);
    place.works_again("x").await;
    // The rights the documented example names are enough.
    let rights = "~tg1:* +@read +@write +eval +evalsha +echo +ping +time +wait +info +role +asking +cluster|slots";
    let example = std::fs::read_to_string("docs/tactgate.example.toml").unwrap();
    assert!(example.contains(rights), "documented as tried here");
    let user = ["acl", "setuser", "tactgate", "on", ">geheim"];
    let made = place.says(&user.into_iter().chain(rights.split(' ')).collect::<Vec<_>>());
    assert_eq!(made.trim(), "OK");
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(place._dir.path().join("pepper"), dir.path().join("pepper")).unwrap();
    let settings = StoreSettings {
        user: Some("tactgate".to_owned()),
        password: Some(tactgate::message::Secret::new("geheim")),
        ..server(&place.server, dir.path())
    };
    let store = Store::open(&settings, now()).await.unwrap();
    tell(&store, &mail(2), bought("e", 0)).await;
    assert_eq!(products(&customer(&store, &mail(2)).await), ["P-E"]);
    let wrong = StoreSettings { password: Some(tactgate::message::Secret::new("falsch")), ..settings };
    let refused = Store::open(&wrong, now()).await.unwrap_err().to_string();
    assert!(refused.contains("no-auth") && !refused.contains("falsch"), "{refused}");
}

#[tokio::test]
async fn another_applications_value_harms_one_customer_only() {
    let place = Place::with(&[]).await;
    tell(&place.store, &mail(2), bought("e", 0)).await;
    place.says(&["set", &format!("tg1:{{{}}}", place.store.key(BRAND, &mail(2))), "theirs"]);
    let key = place.store.key(BRAND, &mail(2));
    let read = place.store.load(BRAND, std::slice::from_ref(&key), &[]).await;
    assert!(matches!(&read, Err(StoreError::Damaged(why)) if why.starts_with("wrong-type")), "{read:?}");
    assert_eq!(place.reading().await, Ok(()), "the others are served");
    place.writing("more").await.unwrap();
}

#[tokio::test]
async fn one_server_of_a_cluster_is_not_the_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let nodes = clustered(dir.path());
    drop(Store::open(&nodes, now()).await.unwrap());
    // The same cluster, but taken for one server: what lives elsewhere is refused, never guessed.
    let url = Some(tactgate::message::Secret::new(format!("redis://{}/", Cluster::shared().places()[0])));
    let alone = StoreSettings { nodes: Vec::new(), url, ..nodes };
    let told = match Store::open(&alone, now()).await {
        Err(why) => why.to_string(),
        Ok(store) => {
            let keys: Vec<CustomerKey> = (0..50).map(|n| store.key(BRAND, &mail(n))).collect();
            store.load(BRAND, &keys, &[]).await.unwrap_err().to_string()
        }
    };
    assert!(told.contains("moved: "), "{told}");
}

#[tokio::test]
async fn a_cluster_without_its_slots() {
    let bus = free_port().to_string();
    let place = RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
    let dir = tempfile::tempdir().unwrap();
    let refused = Store::open(&server(&place, dir.path()), now()).await.unwrap_err().to_string();
    assert!(refused.contains("cluster-down"), "{refused}");
    assert_eq!(said(place.port(), &["cluster", "addslotsrange", "0", "16383"]).trim(), "OK");
    crate::redis_groups::until("the cluster is whole", || {
        said(place.port(), &["cluster", "info"]).contains("cluster_state:ok")
    });
    let nodes = vec![tactgate::message::Secret::new(format!("127.0.0.1:{}", place.port()))];
    let settings = StoreSettings { url: None, nodes, ..server(&place, dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    tell(&store, &mail(1), bought("e", 0)).await;
    said(place.port(), &["cluster", "delslotsrange", "0", "16383"]);
    let key = store.key(BRAND, &mail(1));
    let read = store.load(BRAND, &[key], &[]).await.map(|_| ());
    assert!(matches!(&read, Err(StoreError::Down(why)) if why.starts_with("cluster-down")), "{read:?}");
}

#[tokio::test]
async fn two_slots_in_one_command_and_a_slot_on_two_servers() {
    let start = || {
        let bus = free_port().to_string();
        (RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus]), bus)
    };
    let ((from, _), (to, bus)) = (start(), start());
    let tell = |server: &RedisServer, command: &[&str]| {
        assert_eq!(said(server.port(), command).trim(), "OK", "{command:?}");
    };
    tell(&from, &["cluster", "addslotsrange", "0", "16383"]);
    tell(&from, &["cluster", "meet", "127.0.0.1", &to.port().to_string(), &bus]);
    for server in [&from, &to] {
        crate::redis_groups::until("both know each other", || {
            said(server.port(), &["cluster", "info"]).contains("cluster_state:ok")
                && said(server.port(), &["cluster", "info"]).contains("cluster_known_nodes:2")
        });
    }
    let mut wire = raw(from.port()).await;
    for told in refused(&mut wire, "MSET", &["{a}1", "1", "{b}1", "1"]).await {
        is_down(&Err(told), "cross-slot");
    }
    tell(&from, &["mset", "{a}1", "1", "{a}2", "2"]);
    let slot = said(from.port(), &["cluster", "keyslot", "a"]).trim().to_owned();
    let name = |server: &RedisServer| said(server.port(), &["cluster", "myid"]).trim().to_owned();
    tell(&to, &["cluster", "setslot", &slot, "importing", &name(&from)]);
    tell(&from, &["cluster", "setslot", &slot, "migrating", &name(&to)]);
    let moves = |key: &str| tell(&from, &["migrate", "127.0.0.1", &to.port().to_string(), key, "0", "5000"]);
    moves("{a}1");
    // One of the two is here, the other there.
    for (command, words) in [("MGET", vec!["{a}1", "{a}2"]), ("MSET", vec!["{a}1", "1", "{a}2", "2"])] {
        for told in refused(&mut wire, command, &words).await {
            is_down(&Err(told), "try-again");
        }
    }
    moves("{a}2");
    for told in refused(&mut wire, "MGET", &["{a}1", "{a}2"]).await {
        is_down(&Err(told), "ask");
    }
}

#[tokio::test]
async fn a_server_killed_in_the_middle() {
    let mut place = Place::with(&[]).await;
    place.server.signal("-STOP");
    let (store, key) = (place.store.clone(), place.key());
    let write =
        tactgate::store::Write { root: key, expect: 1, customer: tactgate::facts::Customer::default(), now: None };
    let writing = tokio::spawn(async move { store.commit(vec![write]).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    place.server.stop();
    let told = writing.await.unwrap();
    assert!(
        matches!(&told, Err(StoreError::Unknown(why)) if why.starts_with("lost")),
        "it may have been done: {told:?}"
    );
    let down = place.writing("x").await;
    assert!(matches!(down, Err(StoreError::Down(_))), "never sent: {down:?}");
    place.server.begin();
    place.works_again("x").await;
}
