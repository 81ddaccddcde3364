//! What goes wrong with a store: restarts, other peppers, newer documents, and a Redis that evicts,
//! stops, hangs, fills up or is not the one we trust.

use tactgate::clock::Clock;
use tactgate::facts::{Customer, FactKind, Keep, apply};
use tactgate::store::{Fault, Modelled, OpenError, Store, StoreError, StoreSettings, Write};

use crate::redis::RedisServer;
use crate::store::{BRAND, bought, customer, files, later, mail, now, products, server, tell};

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&files(dir.path()), now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    assert!(matches!(Store::open(&files(dir.path()), now()).await, Err(OpenError::InUse { .. })), "one process");
    store.close().await.unwrap();
    drop(store);
    let store = Store::open(&files(dir.path()), later(9)).await.unwrap();
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
    let known = store.load(BRAND, &[], &[]).await.unwrap().known_since;
    assert_eq!(known.get(&FactKind::Sends), Some(&now()), "the first opening counts");
}

#[tokio::test]
async fn another_pepper_refuses_to_open() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(&files(dir.path()), now()).await.unwrap());
    let pepper = dir.path().join("pepper");
    let kept = std::fs::read(&pepper).unwrap();
    std::fs::remove_file(&pepper).unwrap();
    let lost = Store::open(&files(dir.path()), now()).await.unwrap_err();
    assert!(matches!(lost, OpenError::OtherPepper { .. }), "{lost}");
    assert!(!pepper.exists(), "no new pepper beside an old store");
    tactgate::store::Pepper::generate(&pepper).unwrap();
    let other = Store::open(&files(dir.path()), now()).await.unwrap_err();
    assert!(other.to_string().contains("bring back that file"), "{other}");
    std::fs::write(&pepper, kept).unwrap();
    Store::open(&files(dir.path()), now()).await.unwrap();
}

#[tokio::test]
async fn a_document_of_a_newer_build_is_neither_read_nor_overwritten() {
    let server_process = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let settings = server(&server_process, dir.path());
    let store = Store::open(&settings, now()).await.unwrap();
    let key = store.key(BRAND, &mail(1));
    tell(&store, &mail(1), bought("e1", 0)).await;
    let client = redis::Client::open(server_process.url()).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let name = format!("tg1:{{{key}}}");
    let () = redis::cmd("HSET").arg(&name).arg("d").arg(b"\x09from the future").query_async(&mut wire).await.unwrap();
    let loaded = store.load(BRAND, std::slice::from_ref(&key), &[]).await;
    assert_eq!(loaded, Err(StoreError::NewerFormat(9)));
    let told = store.update(BRAND, &key, |c| apply(c, &bought("e2", 0), &key.0)).await;
    assert_eq!(told, Err(StoreError::NewerFormat(9)));
    assert_eq!(store.link(BRAND, &mail(1), &mail(2), now()).await, Err(StoreError::NewerFormat(9)));
    assert_eq!(store.customer_erase(BRAND, &mail(1)).await, Err(StoreError::NewerFormat(9)));
    let kept: Vec<u8> = redis::cmd("HGET").arg(&name).arg("d").query_async(&mut wire).await.unwrap();
    assert_eq!(kept, b"\x09from the future");
}

#[tokio::test]
async fn a_redis_that_evicts_is_refused() {
    let evicting = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru"]);
    let dir = tempfile::tempdir().unwrap();
    let refused = Store::open(&server(&evicting, dir.path()), now()).await.unwrap_err();
    assert!(matches!(&refused, OpenError::Evicting { policy } if policy == "allkeys-lru"), "{refused}");
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_we_trust_and_with_no_other() {
    let tls = RedisServer::start_tls();
    let dir = tempfile::tempdir().unwrap();
    let trusting = StoreSettings { ca: Some(tls.ca()), ..server(&tls, dir.path()) };
    let store = Store::open(&trusting, now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
    let stranger = Store::open(&server(&tls, dir.path()), now()).await;
    assert!(matches!(stranger, Err(OpenError::Redis { .. })), "{stranger:?}");
}

#[tokio::test]
async fn a_redis_that_stops_is_down_and_one_that_comes_back_is_used_again() {
    let mut redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    redis.stop();
    let key = store.key(BRAND, &mail(1));
    for _ in 0..3 {
        let loaded = store.load(BRAND, std::slice::from_ref(&key), &[]).await;
        assert!(matches!(loaded, Err(StoreError::Down(_))), "{loaded:?}");
    }
    assert!(store.ping().await.is_err());
    redis.begin();
    let mut tries = 0;
    while store.ping().await.is_err() {
        tries += 1;
        assert!(tries < 500, "it did not come back");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
    tell(&store, &mail(1), bought("e2", 0)).await;
}

#[tokio::test]
async fn a_full_redis_refuses_a_write_and_loses_nothing() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    tell(&store, &mail(1), bought("e1", 0)).await;
    let client = redis::Client::open(redis.url()).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("CONFIG").arg(&["SET", "maxmemory", "1"]).query_async(&mut wire).await.unwrap();
    let key = store.key(BRAND, &mail(1));
    let full = store.update(BRAND, &key, |c| apply(c, &bought("e2", 0), &key.0)).await;
    assert!(matches!(full, Err(StoreError::Down(_))), "{full:?}");
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"]);
}

#[tokio::test]
async fn a_redis_that_hangs_is_down_for_reads_and_unknown_for_writes() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let settings = StoreSettings { answer_ms: 700, ..server(&redis, dir.path()) };
    let store = Store::open(&settings, now()).await.unwrap();
    let key = store.key(BRAND, &mail(1));
    let signal = |name: &str| {
        assert!(std::process::Command::new("kill").args([name, &redis.pid().to_string()]).status().unwrap().success());
    };
    signal("-STOP");
    let write = Write { root: key.clone(), expect: 0, customer: Customer::default(), now: None };
    let written = store.commit(vec![write]).await;
    let loaded = store.load(BRAND, &[key], &[]).await;
    signal("-CONT");
    assert!(matches!(written, Err(StoreError::Unknown(_))), "it may have been applied: {written:?}");
    assert!(matches!(loaded, Err(StoreError::Down(_))), "{loaded:?}");
}

#[tokio::test]
async fn the_modelled_store_fails_as_a_real_one_does() {
    let model = Modelled::default();
    let store = Store::modelled(model.clone(), Keep::default(), now()).await.unwrap();
    let key = store.key(BRAND, &mail(1));
    model.fail(Fault::AnswersLost);
    let lost = store.update(BRAND, &key, |c| apply(c, &bought("e1", 0), &key.0)).await;
    assert!(matches!(lost, Err(StoreError::Unknown(_))), "{lost:?}");
    model.fail(Fault::Down);
    assert!(matches!(store.load(BRAND, &[key], &[]).await, Err(StoreError::Down(_))));
    model.fail(Fault::None);
    assert_eq!(products(&customer(&store, &mail(1)).await), ["P-E1"], "the write had been applied");
}

#[tokio::test]
async fn the_stores_clock_is_measured() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    let same = store.clock_offset(&Clock::Wall).await.unwrap();
    assert!(same.abs() < jiff::SignedDuration::from_secs(30), "one machine, one clock: {same}");
    let behind = Clock::standing_at(jiff::Timestamp::UNIX_EPOCH);
    assert!(store.clock_offset(&behind).await.unwrap() > jiff::SignedDuration::from_hours(24 * 365));
}

#[tokio::test]
async fn two_gateways_on_one_redis_see_each_others_links_and_partings() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let settings = server(&redis, dir.path());
    let (here, there) =
        (Store::open(&settings, now()).await.unwrap(), Store::open(&settings, later(60)).await.unwrap());
    for n in [1, 2] {
        tell(&here, &mail(n), bought(&format!("e{n}"), 0)).await;
    }
    there.link(BRAND, &mail(1), &mail(2), now()).await.unwrap();
    for n in [1, 2] {
        assert_eq!(products(&customer(&here, &mail(n)).await), ["P-E1", "P-E2"], "here the way is learnt");
    }
    assert!(there.unlink(BRAND, &mail(2)).await.unwrap());
    for n in [1, 2] {
        assert_eq!(products(&customer(&here, &mail(n)).await), [format!("P-E{n}")], "and forgotten again");
    }
    // A fleet needs one pepper: a gateway that brings its own is kept out.
    let other = tempfile::tempdir().unwrap();
    let stranger = Store::open(&server(&redis, other.path()), now()).await;
    assert!(matches!(&stranger, Err(OpenError::OtherPepper { ours, .. }) if ours == "none"), "{stranger:?}");
}

#[tokio::test]
async fn a_redis_that_forgot_everything_is_not_read_as_no_history() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    assert!(store.load(BRAND, &[], &[]).await.unwrap().known_since.contains_key(&FactKind::Sends));
    let client = redis::Client::open(redis.url()).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut wire).await.unwrap();
    assert!(store.load(BRAND, &[], &[]).await.unwrap().known_since.is_empty(), "guards cannot tell");
}

#[test]
fn settings_are_read_and_a_misspelt_one_is_an_error() {
    let read = |text: &str| toml::from_str::<StoreSettings>(text);
    let settings = read("kind = \"redis\"\nurl = \"rediss://:geheim@db:6379\"\nhistory_days = 30").unwrap();
    assert_eq!(settings.keep().history_days, 30);
    assert!(!format!("{settings:?}").contains("geheim"), "a password is never shown");
    assert!(read("kind = \"mysql\"").is_err());
    assert!(read("histroy_days = 30").is_err());
}
