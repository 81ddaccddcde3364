//! Tells the store again what this gateway's journal knows: sends that left, events that were learnt,
//! claims that were made. Everything is entered by its id, so what the store still knows changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::Gateway;
use super::settling::reserved_anew;
use crate::facts::{Customer, Event, Member, SendEvent, SendState, What, apply, kind_of, sends};
use crate::message::{AddressKind, Channel};
use crate::record::journal::{self, Departures};
use crate::record::{JournalEntry, Line};
use crate::store::{CustomerKey, StoreError, Write, Written};

/// Customers in one round trip.
const CUSTOMERS_PER_TRIP: usize = 256;
/// Events that are a brand's own, in one round trip.
const BRAND_EVENTS_PER_TRIP: usize = 500;
/// Lines read ahead of the store.
const LINES_AHEAD: usize = 1_024;
/// How far back the decision log is asked whether the provider took a message; before, it counts as
/// sent either way.
const ACCEPTED_HOURS: i64 = 1;

/// What the journal says of one customer.
#[derive(Debug, Clone)]
enum Told {
    Send(SendEvent),
    /// It set out and came back: what was reserved for it is given back.
    Back(SendEvent),
    Event(Event),
}

/// What waits for the next trip.
#[derive(Debug, Default)]
struct Batch {
    customers: BTreeMap<(String, CustomerKey), Vec<Told>>,
    of_brand: BTreeMap<String, Vec<Event>>,
    brand_events: usize,
    marked: BTreeSet<(String, crate::facts::FactKind)>,
    /// Which addresses were written to as what: a link's line names keys only.
    phones: BTreeSet<String>,
    told: u64,
}

/// The reading of the journal, under way.
type Reading = tokio::task::JoinHandle<std::io::Result<()>>;

impl Gateway {
    /// Tells the store what happened since; returns how many things were told.
    pub(super) async fn retell(&self, since: Timestamp) -> anyhow::Result<u64> {
        let now = self.clock.now();
        let history = SignedDuration::from_hours(24 * i64::from(self.store.history_kept().history_days));
        let since = since.max(now.checked_sub(history).unwrap_or(since));
        let recent = since.max(now.checked_sub(SignedDuration::from_hours(ACCEPTED_HOURS)).unwrap_or(since));
        let folder = self.config.data_dir.clone();
        let known = self.blocking(move || {
            let mut departures = Departures::default();
            journal::since(&folder, since, |line| departures.count(&line))?;
            Ok::<_, std::io::Error>((departures, journal::accepted_since(&folder, recent)?))
        });
        let (departures, accepted) = known.await??;
        let (mut receiver, reading) = self.lines_since(since)?;
        let mut batch = Batch::default();
        while let Some(line) = receiver.recv().await {
            match line {
                Line::Forwarding(entry) => {
                    for one in entry.sends {
                        if one.send.channel == Channel::Sms {
                            batch.phones.insert(one.send.from.clone());
                        }
                        let state = self.state_of(&one.send, accepted.contains(&one.send.id), now);
                        // By its address, not by the root of then: histories move.
                        let key = CustomerKey(one.send.from.clone());
                        let told = match departures.left(&one.send.id) {
                            Some(false) => Told::Back(one.send),
                            _ => Told::Send(SendEvent { state, ..one.send }),
                        };
                        batch.customers.entry((entry.brand.clone(), key)).or_default().push(told);
                    }
                }
                Line::Event(entry) => self.retell_event(&mut batch, entry).await?,
                Line::Claimed(entry) => self.store.claim(&entry.brand, &entry.claims).await?,
                _ => {}
            }
            if batch.customers.len() >= CUSTOMERS_PER_TRIP || batch.brand_events >= BRAND_EVENTS_PER_TRIP {
                self.tell(&mut batch).await?;
            }
        }
        if let Some(reading) = reading {
            reading.await??;
        }
        self.tell(&mut batch).await?;
        Ok(batch.told)
    }

    /// The journal's lines, read on a thread beside the runtime a little ahead of their telling; in a
    /// simulation all at once.
    fn lines_since(&self, since: Timestamp) -> anyhow::Result<(mpsc::Receiver<Line>, Option<Reading>)> {
        let folder = self.config.data_dir.clone();
        if self.works_here {
            let mut lines = Vec::new();
            journal::since(&folder, since, |line| lines.push(line))?;
            let (sender, receiver) = mpsc::channel(lines.len().max(1));
            lines.into_iter().for_each(|line| drop(sender.try_send(line)));
            return Ok((receiver, None));
        }
        let (sender, receiver) = mpsc::channel(LINES_AHEAD);
        // When the store fails the receiver goes, and what is still read goes nowhere.
        let reading = move || journal::since(&folder, since, |line| drop(sender.blocking_send(line)));
        Ok((receiver, Some(tokio::task::spawn_blocking(reading))))
    }

    /// What a send is taken to be that the store does not know.
    fn state_of(&self, send: &SendEvent, accepted: bool, now: Timestamp) -> SendState {
        let own_run = send.attempt.owner == Some(self.identity.owner());
        match () {
            () if accepted => SendState::Sent,
            // Its walk may not be over, and settles it.
            () if own_run && send.lease_until.is_some_and(|until| until > now) => SendState::Reserved,
            () => SendState::Unknown,
        }
    }

    async fn retell_event(&self, batch: &mut Batch, entry: JournalEntry) -> Result<(), StoreError> {
        let JournalEntry { at, brand, customer, event } = entry;
        if let Some(kind) = kind_of(&event.what)
            && batch.marked.insert((brand.clone(), kind))
        {
            self.store.mark_known(&brand, kind, at).await?;
        }
        if event.what.is_of_brand() {
            batch.of_brand.entry(brand).or_default().push(event);
            batch.brand_events += 1;
            return Ok(());
        }
        let What::IdentityLink { also } = &event.what else {
            batch.customers.entry((brand, CustomerKey(customer))).or_default().push(Told::Event(event));
            return Ok(());
        };
        // What was told before the link goes to whom it was told of.
        self.tell(batch).await?;
        let member = |key: &String| {
            let kind = if batch.phones.contains(key) { AddressKind::Phone } else { AddressKind::Email };
            Member { key: key.clone(), kind, at: event.at }
        };
        if !also.is_empty() && *also != customer {
            self.store.link_keys(&[member(&customer), member(also)]).await?;
        }
        batch.told += 1;
        Ok(())
    }

    /// One trip to load and one to write; whom somebody else wrote in between alone.
    async fn tell(&self, batch: &mut Batch) -> Result<(), StoreError> {
        for (brand, events) in std::mem::take(&mut batch.of_brand) {
            batch.told += events.len() as u64;
            self.store.learn_of_brand(&brand, &events).await?;
        }
        batch.brand_events = 0;
        let mut brands: BTreeMap<String, BTreeMap<CustomerKey, Arc<Vec<Told>>>> = BTreeMap::new();
        for ((brand, key), told) in std::mem::take(&mut batch.customers) {
            batch.told += told.len() as u64;
            brands.entry(brand).or_default().insert(key, Arc::new(told));
        }
        for (brand, customers) in brands {
            let keys: Vec<CustomerKey> = customers.keys().cloned().collect();
            let loaded = self.store.load(&brand, &keys, &[]).await?;
            let mut roots: BTreeMap<CustomerKey, (Write, Vec<CustomerKey>, bool)> = BTreeMap::new();
            for (key, found) in keys.into_iter().zip(loaded.customers) {
                let write =
                    Write { root: found.root.clone(), expect: found.version, customer: found.customer, now: None };
                let (write, of, changed) = roots.entry(found.root).or_insert((write, Vec::new(), false));
                *changed |= enter(&mut write.customer, &key, customers.get(&key).map(|told| told.as_slice()));
                of.push(key);
            }
            let (writes, of): (Vec<_>, Vec<_>) =
                roots.into_values().filter(|(.., changed)| *changed).map(|(write, of, _)| (write, of)).unzip();
            let written = self.store.commit(writes).await?;
            let stale = written.into_iter().zip(of).filter(|(one, _)| !matches!(one, Written::Done(_)));
            for key in stale.flat_map(|(_, of)| of) {
                let told = customers.get(&key).cloned();
                let again = |customer: &mut Customer| enter(customer, &key, told.as_ref().map(|told| told.as_slice()));
                self.store.update(&brand, &key, again).await?;
            }
        }
        Ok(())
    }
}

/// True when something was new.
fn enter(customer: &mut Customer, key: &CustomerKey, told: Option<&[Told]>) -> bool {
    told.into_iter().flatten().fold(false, |changed, one| {
        let now = match one {
            Told::Event(event) => apply(customer, event, &key.0),
            Told::Send(send) if send.state == SendState::Reserved => sends::reserve(customer, send.clone()),
            Told::Send(send) => sends::enter(customer, send),
            // A hold's next release reserves anew under the same id.
            Told::Back(send) => !reserved_anew(customer, &send.id, send.at) && sends::give_back(customer, &send.id),
        };
        if now && let Told::Send(send) = one {
            customer.last_now = customer.last_now.max(Some(send.at));
        }
        now | changed
    })
}
