//! Concurrent decisions, settlements and give-backs about one customer have a serial order, on every
//! backend: 1,000 random runs, some of whose commits are abandoned in the middle. A backend that compares
//! nothing has none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tactgate::facts::{Customer, Keep, SendState, give_back, reserve, settle};
use tactgate::message::Channel;
use tactgate::store::{CustomerKey, Fault, Modelled, Store, StoreError, Write, Written};

use super::dice::Dice;
use super::serial_order::{Op, Register, Step, is_explained};
use crate::redis::RedisServer;
use crate::sends::send;
use crate::store::{BRAND, files, mail, now, server};

const CLIENTS: u64 = 4;
const OPS_EACH: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_histories_in_memory_have_a_serial_order() {
    let stores = [Store::modelled(Modelled::default(), Keep::default(), now()).await.unwrap()];
    assert_eq!(unexplained(&stores, 600).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_histories_on_files_have_a_serial_order() {
    let dir = tempfile::tempdir().unwrap();
    let stores = [Store::open(&files(dir.path()), now()).await.unwrap()];
    assert_eq!(unexplained(&stores, 200).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_histories_on_redis_have_a_serial_order() {
    let redis = RedisServer::start_with(&["--appendfsync", "no"]);
    let dir = tempfile::tempdir().unwrap();
    let open = async || Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    let stores = [open().await, open().await];
    assert_eq!(unexplained(&stores, 200).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_compares_nothing_has_histories_without_one() {
    let model = Modelled::default();
    let stores = [Store::modelled(model.clone(), Keep::default(), now()).await.unwrap()];
    model.fail(Fault::NothingCompared);
    assert!(unexplained(&stores, 100).await > 10);
}

/// Histories that no serial order explains.
async fn unexplained(stores: &[Store], runs: usize) -> usize {
    let mut unexplained = 0;
    for run in 0..runs {
        let history = history(stores, run).await;
        if !is_explained(&Register::default(), &history) {
            unexplained += 1;
            if unexplained == 1 {
                println!("run {run}: {history:#?}");
            }
        }
    }
    unexplained
}

/// One run: clients that know one customer and do as they please.
async fn history(stores: &[Store], run: usize) -> Vec<Step> {
    let key = stores[0].key(BRAND, &mail(run));
    let counter = Arc::new(AtomicU64::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let client_of = Client {
            store: stores[client as usize % stores.len()].clone(),
            key: key.clone(),
            counter: Arc::clone(&counter),
            dice: Dice(run as u64 * 1_000 + client),
            next_id: client as u32 * 100,
        };
        clients.spawn(client_of.run());
    }
    let mut history: Vec<Step> = clients.join_all().await.into_iter().flatten().collect();
    // What stands in the end is part of what must be explained.
    let asked = counter.fetch_add(1, Ordering::SeqCst);
    let found = stores[0].load(BRAND, &[key], &[]).await.unwrap().customers.remove(0);
    let seen = register(found.version, &found.customer);
    history.push(Step { asked, answered: counter.fetch_add(1, Ordering::SeqCst), op: Op::Read(seen) });
    history
}

struct Client {
    store: Store,
    key: CustomerKey,
    counter: Arc<AtomicU64>,
    dice: Dice,
    next_id: u32,
}

impl Client {
    async fn run(mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut known = Customer::default();
        let mut version = 0;
        for _ in 0..OPS_EACH {
            let asked = self.tick();
            let op = match self.dice.roll(6) {
                // More commits than anything else, on what was last read, however old that is.
                0..=2 => self.commit(version, known.clone()).await,
                3 => {
                    let found = self.store.load(BRAND, std::slice::from_ref(&self.key), &[]).await.unwrap();
                    let found = found.customers.into_iter().next().unwrap();
                    (version, known) = (found.version, found.customer);
                    Op::Read(register(version, &known))
                }
                4 => {
                    let id = self.someone(&known);
                    let changed = |c: &mut Customer| settle(c, &id.to_string(), SendState::Sent);
                    Op::Settle(id, self.store.update(BRAND, &self.key, changed).await.unwrap())
                }
                _ => {
                    let id = self.someone(&known);
                    let changed = |c: &mut Customer| give_back(c, &id.to_string());
                    Op::GiveBack(id, self.store.update(BRAND, &self.key, changed).await.unwrap())
                }
            };
            let answered = if matches!(op, Op::Lost(..)) { u64::MAX } else { self.tick() };
            steps.push(Step { asked, answered, op });
            tokio::task::yield_now().await;
        }
        steps
    }

    async fn commit(&mut self, expect: u64, mut customer: Customer) -> Op {
        self.next_id += 1;
        assert!(reserve(&mut customer, send(&self.next_id.to_string(), now(), Channel::Sms, &self.key.0)));
        let sends = register(0, &customer).sends;
        let write = Write { root: self.key.clone(), expect, customer, now: None };
        // One in eight hangs up while it waits: whether it was written nobody knows.
        let patience = match self.dice.roll(8) {
            0 => Duration::from_micros(self.dice.roll(400)),
            _ => Duration::from_secs(60),
        };
        match tokio::time::timeout(patience, self.store.commit(vec![write])).await {
            Ok(Ok(written)) => match written[..] {
                [Written::Done(version)] => Op::Commit(expect, sends, Some(version)),
                _ => Op::Commit(expect, sends, None),
            },
            Err(_) | Ok(Err(StoreError::Unknown(_))) => Op::Lost(expect, sends),
            Ok(Err(other)) => panic!("{other}"),
        }
    }

    /// A send that may be there.
    fn someone(&mut self, known: &Customer) -> u32 {
        match known.sends.len() as u64 {
            0 => self.dice.roll(CLIENTS) as u32 * 100 + 1,
            sends => known.sends[self.dice.roll(sends) as usize].id.parse().unwrap(),
        }
    }

    fn tick(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }
}

fn register(version: u64, customer: &Customer) -> Register {
    let sends: BTreeMap<u32, SendState> = customer.sends.iter().map(|s| (s.id.parse().unwrap(), s.state)).collect();
    Register { version, sends }
}
