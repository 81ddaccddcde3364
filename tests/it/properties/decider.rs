//! Load, decide, commit and settle by hand: what a gateway does to a store and nothing else, so that
//! thousands of decisions a second meet on it. The clock is turned by hand, by everybody.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use tactgate::clock::Clock;
use tactgate::decide::{Verdict, decide};
use tactgate::facts::{Facts, Known, SendState, give_back, reserve, settle};
use tactgate::message::{Address, Channel, Content, Declared, Message, Part, PartKind, Stream};
use tactgate::policy::{Limits, PolicySet};
use tactgate::store::{Store, Write, Written};
use tactgate::understand::{Context, Meaning, ProductLinks, understand};

use super::arena::{WORKERS, cap_of, caps};
use super::dice::Dice;
use super::over_cap::Arrival;
use crate::sends::send;
use crate::store::{BRAND, now};

/// Rounds of load, decide and commit before giving up, as in the gateway.
const ROUNDS_MAX: usize = 5;
/// Customers that are written to.
const CUSTOMERS: usize = 25;
/// Requests in a row, over all workers, that go to the same person.
const BURST: usize = WORKERS;
/// One in so many is refused by its provider, and given back.
const REFUSED_ONE_IN: u64 = 5;
/// One in so many is never heard of again.
const LOST_ONE_IN: u64 = 50;

/// A policy set and a message for each kind of person and channel, understood once.
pub struct Rules {
    set: PolicySet,
    messages: Vec<(Message, Meaning)>,
}

impl Rules {
    /// The five caps.
    pub fn caps(window: SignedDuration) -> Rules {
        let set = PolicySet::load(&[("policies/caps.toml".to_owned(), caps(window))], &Limits::default());
        let set = set.unwrap_or_else(|errors| panic!("{errors:?}"));
        let kinds = (1..=5).flat_map(|cap| [(cap, Channel::Email), (cap, Channel::Sms)]);
        Rules { set, messages: kinds.map(|(cap, channel)| message(cap, channel)).collect() }
    }

    fn message(&self, cap: usize, channel: Channel) -> &(Message, Meaning) {
        &self.messages[2 * (cap - 1) + usize::from(channel == Channel::Sms)]
    }
}

fn message(cap: usize, channel: Channel) -> (Message, Meaning) {
    let text = "【某某商城】新品到店，欢迎光临";
    let content = Content { parts: vec![Part { kind: PartKind::Plain, text: text.into() }], ..Content::default() };
    let recipient = match channel {
        Channel::Email => Address::email("guke@example.cn").unwrap(),
        Channel::Sms => Address::phone("+8613800138000", None).unwrap(),
    };
    let declared = Declared { campaign: Some(format!("cap-{cap}")), ..Declared::default() };
    let stream = Stream { name: "news".into(), brand: BRAND.into(), ..Stream::default() };
    let message = Message { channel, recipient, content: Arc::new(content), declared, stream };
    let (zone, links) = (jiff::tz::TimeZone::UTC, ProductLinks::default());
    let context =
        Context { now: now(), zone: &zone, links: &links, catalogue: tactgate::understand::Catalogue::none() };
    let meaning = understand(&context, channel, &message.content, &message.declared);
    (message, meaning)
}

/// Lets workers loose on the stores, which are all the same one; gives what left.
pub async fn contend(stores: &[Store], decisions: usize, rules: Arc<Rules>, window: SignedDuration) -> Vec<Arrival> {
    let addresses: Vec<[Address; 2]> = (0..CUSTOMERS).map(addresses).collect();
    for [mailbox, phone] in &addresses {
        stores[0].link(BRAND, mailbox, phone, now()).await.unwrap();
    }
    let (next, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let clock = Clock::standing_at(now());
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (store, rules, addresses) = (stores[worker % stores.len()].clone(), rules.clone(), addresses.clone());
        let (next, left, clock) = (next.clone(), left.clone(), clock.clone());
        let mut dice = Dice(worker as u64 * 7_919 + 1);
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= decisions {
                    return;
                }
                if number.is_multiple_of(BURST) {
                    clock.turn(window / 8);
                }
                let customer = Dice((number / BURST) as u64).roll(CUSTOMERS as u64) as usize;
                let channel = if dice.roll(2) == 0 { Channel::Email } else { Channel::Sms };
                let address = &addresses[customer][usize::from(channel == Channel::Sms)];
                let id = format!("n-{number}");
                let message = rules.message(cap_of(customer), channel);
                let Some(at) = one(&store, &rules.set, message, address, &clock, &id).await else { continue };
                if dice.roll(LOST_ONE_IN) == 0 {
                    // Nobody settles it: it may have left.
                    left.lock().unwrap().push(Arrival { customer, after: at, before: at });
                    continue;
                }
                let key = store.key(BRAND, address);
                if dice.roll(REFUSED_ONE_IN) == 0 {
                    assert!(store.update(BRAND, &key, |c| give_back(c, &id)).await.is_ok());
                } else {
                    left.lock().unwrap().push(Arrival { customer, after: at, before: at });
                    assert!(store.update(BRAND, &key, |c| settle(c, &id, SendState::Sent)).await.is_ok());
                }
            }
        });
    }
    workers.join_all().await;
    std::mem::take(&mut *left.lock().unwrap())
}

fn addresses(customer: usize) -> [Address; 2] {
    let mailbox = Address::email(&format!("guke{customer}@example.cn")).unwrap();
    [mailbox, Address::phone(&format!("+861380{customer:07}"), None).unwrap()]
}

/// One decision; when it passed, the instant it was taken at.
async fn one(
    store: &Store,
    set: &PolicySet,
    (message, meaning): &(Message, Meaning),
    address: &Address,
    clock: &Clock,
    id: &str,
) -> Option<Timestamp> {
    let key = store.key(BRAND, address);
    for _ in 0..ROUNDS_MAX {
        let mut loaded = store.load(BRAND, std::slice::from_ref(&key), &[]).await.unwrap();
        let found = loaded.customers.remove(0);
        // A gateway does something between reading and writing.
        tokio::task::yield_now().await;
        let now = found.customer.last_now.map_or(clock.now(), |last| last.max(clock.now()));
        let facts = Facts { known_since: loaded.known_since, ..Facts::of(found.customer.clone()) };
        if decide(now, message, meaning, &facts, &set.select(message, meaning)).verdict != Verdict::Pass {
            return None;
        }
        let Known::Known(mut customer) = facts.customer else { return None };
        assert!(reserve(&mut customer, send(id, now, message.channel, &key.0)));
        customer.last_now = Some(now);
        let write = Write { root: found.root, expect: found.version, customer, now: None };
        if let [Written::Done(_)] = store.commit(vec![write]).await.unwrap()[..] {
            return Some(now);
        }
    }
    None
}
