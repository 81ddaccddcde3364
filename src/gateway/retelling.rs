//! Tells the store again what this gateway's journal knows: sends that left, events that were learnt,
//! claims that were made. Everything is entered by its id, so what the store still knows changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::Gateway;
use super::ending::{End, reserved_anew};
use crate::facts::{Customer, Event, Member, SendEvent, SendState, What, apply, attempts, kind_of, sends};
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
    /// This run settled it, and knows whether its client was told.
    Ended(SendEvent),
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
                        // By its address, not by the root of then: histories move.
                        let key = CustomerKey(one.send.from.clone());
                        let told = match departures.left(&one.send.id) {
                            Some(false) => Told::Back(one.send),
                            _ => {
                                let ended = self.settle.latest().ended(&one.send.id, one.send.at);
                                let own_run = one.send.attempt.owner == Some(self.identity.owner());
                                let accepted = accepted.contains(&one.send.id);
                                as_known(one.send, ended, own_run, accepted, now)
                            }
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

/// What a send is taken to be that the store does not know, or knows as reserved. What this run settled is told as
/// it ended: its settlement may still be on its way, and a retry must find that its client was told nothing.
fn as_known(
    mut send: SendEvent,
    ended: Option<(SendState, bool)>,
    own_run: bool,
    accepted: bool,
    now: Timestamp,
) -> Told {
    if let Some((state, told)) = ended {
        send.state = state;
        send.attempt.unanswered |= !told;
        return Told::Ended(send);
    }
    send.state = match () {
        // Its walk may not be over, and settles it: whether its client is told is not known before.
        () if own_run && send.lease_until.is_some_and(|until| until > now) => SendState::Reserved,
        () if accepted => SendState::Sent,
        () => SendState::Unknown,
    };
    // Killed before it settled, it may have been killed before it answered: the client comes again.
    send.attempt.unanswered |= send.state == SendState::Sent;
    Told::Send(send)
}

/// True when something was new.
fn enter(customer: &mut Customer, key: &CustomerKey, told: Option<&[Told]>) -> bool {
    told.into_iter().flatten().fold(false, |changed, one| {
        let now = match one {
            Told::Event(event) => apply(customer, event, &key.0),
            Told::Send(send) if send.state == SendState::Reserved => sends::reserve(customer, send.clone()),
            Told::Send(send) => {
                let was_open = customer.sends.iter().any(|one| one.id == send.id && one.state == SendState::Reserved);
                let entered = sends::enter(customer, send);
                let untold = was_open && send.attempt.unanswered;
                entered | (untold && attempts::tell(customer, &send.id, false))
            }
            Told::Ended(send) => End::Enter(Box::new(send.clone())).write(customer, &send.id, send.at, u64::MAX),
            // A hold's next release reserves anew under the same id.
            Told::Back(send) => !reserved_anew(customer, &send.id, send.at) && sends::give_back(customer, &send.id),
        };
        if now && let Told::Send(send) | Told::Ended(send) = one {
            customer.last_now = customer.last_now.max(Some(send.at));
        }
        now | changed
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::facts::{Attempt, MessageKey};

    const KEY: MessageKey = MessageKey { hash: 7, given: false };

    fn reserved() -> SendEvent {
        let mut one = send("d1", 0);
        one.attempt = Attempt { key: Some(KEY), times: 1, owner: Some(1), ..Attempt::default() };
        one.lease_until = Some(one.at + SignedDuration::from_secs(180));
        one
    }

    /// What a retry finds at another gateway once the journal was told again, in a store that knows the
    /// reservation or forgot it.
    fn found(known: Told) -> Option<attempts::Earlier> {
        let mut found = [vec![reserved()], Vec::new()].map(|sends| {
            let mut customer = Customer { sends, ..Customer::default() };
            enter(&mut customer, &CustomerKey(reserved().from), Some(std::slice::from_ref(&known)));
            let later = reserved().at + SignedDuration::from_secs(3);
            attempts::earlier(&customer, KEY, &reserved().from, later, |_| false, |_| None)
        });
        assert_eq!(found[0], found[1], "the store forgot it or did not");
        found[0].take()
    }

    #[test]
    fn a_client_that_hung_up_finds_its_message_also_when_the_journal_was_told_before_its_end() {
        let (at, id) = (reserved().at, || "d1".to_owned());
        let soon = at + SignedDuration::from_secs(2);
        let known = |ended, own_run, now| as_known(reserved(), ended, own_run, true, now);
        let sent = Some(attempts::Earlier::Sent { id: id() });
        assert_eq!(found(known(Some((SendState::Sent, false)), true, soon)), sent);
        assert_eq!(found(known(Some((SendState::Sent, true)), true, soon)), None, "an equal mail is a new one");
        let under_way = Some(attempts::Earlier::InFlight { id: id() });
        assert_eq!(found(known(None, true, soon)), under_way, "its reply may still be on its way");
        let assumed = Some(attempts::Earlier::Assumed { id: id() });
        assert_eq!(found(as_known(reserved(), Some((SendState::Unknown, true)), true, false, soon)), assumed);
        // Of an earlier run nobody says it any more: it died before it settled, perhaps before it answered (seed 8004).
        assert_eq!(found(known(None, false, soon)), sent);
        assert_eq!(found(as_known(reserved(), None, false, false, soon)), assumed);
    }
}
