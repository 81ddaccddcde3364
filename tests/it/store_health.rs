//! A Redis that may not be believed: answers that belong to somebody else, bytes that are none, eviction
//! switched on behind our back, a clock that is wrong; and one that hangs, before which the breaker opens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tactgate::breaker::BreakerState;
use tactgate::facts::Customer;
use tactgate::message::Secret;
use tactgate::store::{Store, StoreError, StoreSettings, Write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::redis::RedisServer;
use crate::redis_groups::said;
use crate::store::{BRAND, bought, customer, mail, now, products, server, tell};

const HONEST: u8 = 0;
/// The answer before the last one comes once more, before the right one.
const REPEATS: u8 = 1;
const BABBLES: u8 = 2;
/// The connection ends where the answer should be.
const HANGS_UP: u8 = 3;

/// Stands between the store and a server, and does wrong once when told to.
async fn liar(to: u16) -> (u16, Arc<AtomicU8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mood = Arc::new(AtomicU8::new(HONEST));
    let moods = Arc::clone(&mood);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mood, server) = (Arc::clone(&moods), TcpStream::connect(("127.0.0.1", to)).await.unwrap());
            let ((mut heard, mut say), (mut answers, mut ask)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut heard, &mut ask).await });
            tokio::spawn(async move {
                let (mut buffer, mut before) = (vec![0; 65_536], Vec::new());
                while let Ok(count @ 1..) = answers.read(&mut buffer).await {
                    match mood.swap(HONEST, Ordering::SeqCst) {
                        REPEATS => say.write_all(&before).await.unwrap(),
                        BABBLES => say.write_all(b"!what\r\n?").await.unwrap(),
                        HANGS_UP => return,
                        _ => {}
                    }
                    if say.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                    before = buffer[..count].to_vec();
                }
            });
        }
    });
    (port, mood)
}

fn through(port: u16, real: &RedisServer, dir: &std::path::Path) -> StoreSettings {
    StoreSettings { url: Some(Secret::new(format!("redis://127.0.0.1:{port}/"))), ..server(real, dir) }
}

#[tokio::test]
async fn no_answer_of_one_customer_is_given_to_another() {
    let real = RedisServer::start();
    let (port, mood) = liar(real.port()).await;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&through(port, &real, dir.path()), now()).await.unwrap();
    for n in [1, 2] {
        tell(&store, &mail(n), bought(&format!("e{n}"), 0)).await;
    }
    let load = async |n| {
        let key = store.key(BRAND, &mail(n));
        store.load(BRAND, &[key], &[]).await.map(|mut loaded| loaded.customers.remove(0).customer)
    };
    let back = async || {
        let mut tries = 0;
        while store.ping().await.is_err() {
            tries += 1;
            assert!(tries < 1_000, "it did not connect again");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    for _ in 0..5 {
        assert_eq!(products(&load(1).await.unwrap()), ["P-E1"]);
        // The other's answer is in the way; a keep-alive may meet it first, which is as good.
        mood.store(REPEATS, Ordering::SeqCst);
        match load(2).await {
            Err(StoreError::Down(why)) => assert!(why.starts_with("wrong-bytes") || why.starts_with("lost"), "{why}"),
            Err(other) => panic!("{other:?}"),
            Ok(found) => assert_eq!(products(&found), ["P-E2"], "never the other's"),
        }
        back().await;
        assert_eq!(products(&load(2).await.unwrap()), ["P-E2"]);
    }
    assert!(store.standing().errors.iter().any(|(kind, _)| *kind == "wrong-bytes"), "{:?}", store.standing());
    for wrong in [REPEATS, BABBLES, HANGS_UP] {
        let key = store.key(BRAND, &mail(9));
        mood.store(wrong, Ordering::SeqCst);
        let write = Write { root: key, expect: 0, customer: Customer::default(), now: None };
        match store.commit(vec![write]).await {
            Err(StoreError::Unknown(why)) => {
                assert!(why.starts_with("wrong-bytes") || why.starts_with("lost"), "{why}")
            }
            told => panic!("it may have been done: {told:?}"),
        }
        back().await;
        said(real.port(), &["del", &format!("tg1:{{{}}}", store.key(BRAND, &mail(9)))]);
    }
}

#[tokio::test]
async fn questions_given_up_half_way_leave_no_answer_behind() {
    let real = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&real, dir.path()), now()).await.unwrap();
    for n in 0..8 {
        tell(&store, &mail(n), bought(&format!("e{n}"), 0)).await;
    }
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = store.clone();
        asking.spawn(async move {
            let key = store.key(BRAND, &mail(n));
            for round in 0..250_u64 {
                let load = store.load(BRAND, std::slice::from_ref(&key), &[]);
                // Given up at one point or another: sooner, later, or not at all.
                let patience = Duration::from_micros((round * 37 + n as u64 * 11) % 400);
                if let Ok(loaded) = tokio::time::timeout(patience, load).await {
                    let found = loaded.unwrap().customers.remove(0).customer;
                    assert_eq!(products(&found), [format!("P-E{n}")]);
                }
            }
        });
    }
    asking.join_all().await;
    for n in 0..8 {
        assert_eq!(products(&customer(&store, &mail(n)).await), [format!("P-E{n}")]);
    }
}

#[tokio::test]
async fn a_server_that_begins_to_evict_is_not_used_until_it_stops() {
    let real = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let settings = StoreSettings { check_seconds: 1, ..server(&real, dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    said(real.port(), &["config", "set", "maxmemory-policy", "volatile-ttl"]);
    let key = store.key(BRAND, &mail(1));
    let reading = async || store.load(BRAND, std::slice::from_ref(&key), &[]).await.map(|_| ());
    let becomes = async |wanted: bool| {
        let mut tries = 0;
        while reading().await.is_ok() != wanted {
            tries += 1;
            assert!(tries < 3_000, "usable: {wanted} never came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    becomes(false).await;
    let told = reading().await.unwrap_err().to_string();
    assert!(told.contains("volatile-ttl") && told.contains("noeviction"), "{told}");
    assert!(store.ping().await.is_err(), "not ready, and says why");
    said(real.port(), &["config", "set", "maxmemory-policy", "noeviction"]);
    becomes(true).await;
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
}

#[tokio::test]
async fn a_server_without_its_file_is_used_with_a_warning() {
    let real = RedisServer::start_with(&["--appendonly", "no"]);
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&real, dir.path()), now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    let standing = store.standing();
    assert!(standing.warnings.iter().any(|warning| warning.contains("append-only file is off")), "{standing:?}");
    assert_eq!(standing.unready, None);
    let kept = RedisServer::start();
    let other = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&kept, other.path()), now()).await.unwrap();
    assert_eq!(store.standing().warnings, [""; 0]);
}

#[tokio::test]
async fn before_a_server_that_hangs_the_breaker_opens_and_nobody_waits_any_more() {
    let real = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let settings = StoreSettings { answer_ms: 100, breaker_failures: 5, ..server(&real, dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    let key = store.key(BRAND, &mail(1));
    let reading = async || store.load(BRAND, std::slice::from_ref(&key), &[]).await;
    real.signal("-STOP");
    let count = |kind: &str| {
        let errors = store.standing().errors;
        errors.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count)
    };
    let mut tries = 0;
    while store.standing().breaker == BreakerState::Closed {
        assert!(reading().await.is_err());
        tries += 1;
        assert!(tries <= 10, "it opens after a few failures");
    }
    let waited = count("timeout");
    for _ in 0..2_000 {
        let told = reading().await.unwrap_err().to_string();
        assert!(told.contains("breaker-open"), "{told}");
    }
    assert_eq!(count("timeout"), waited, "not one of two thousand waited for an answer");
    real.signal("-CONT");
    let mut tries = 0;
    while reading().await.is_err() {
        tries += 1;
        assert!(tries < 1_000, "it did not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
    assert_eq!(store.standing().breaker, BreakerState::Closed);
}
