//! Load → decide → commit for the messages of one submission. Recipients that share a history are
//! decided in request order in one commit; whoever loses the compare-and-set decides again, at most
//! [`ROUNDS_MAX`] times, and is then left to the client (design §3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ending::AsWritten;
use super::item::{Fate, History, Item, Rewritten};
use super::repeating::wait_for_the_record;
use super::reservation::Reservation;
use super::{Errand, Gateway, held_send, sent_event};
use crate::decide::{self, Decision, Verdict, after_rewrite, claim_additions, decide, not_rewritten};
use crate::facts::customer::Member;
use crate::facts::{
    BrandFacts, ClaimAddition, Customer, FactKind, Facts, Family, FamilyClaims, Known, Named, SendState, Why,
};
use crate::message::Message;
use crate::policy::PolicySet;
use crate::rewrite::Original;
use crate::store::{CustomerKey, Loaded, StoreError, Write, Written};
use crate::understand::Meaning;

/// Rounds of load, decide and commit before the client is asked to try again.
pub const ROUNDS_MAX: usize = 5;

/// Items that share one history, and that history.
pub(super) struct Group {
    version: u64,
    pub(super) facts: Facts,
    pub(super) members: Vec<usize>,
    changed: bool,
    /// The latest instant one of its decisions read from the clock.
    decided_at: Option<Timestamp>,
}

impl Gateway {
    /// Decides every item, and writes the reservations and holds of those that may go.
    pub(super) async fn decide_items(&self, errand: &Errand<'_>, items: &mut [Item], rules: &PolicySet) {
        let brand = errand.submission.stream.brand.as_str();
        let named = named_by(items);
        let mut open: Vec<usize> = (0..items.len()).collect();
        for _ in 0..ROUNDS_MAX {
            if !self.may_ask_store(items, &open).await {
                self.decide_blind(errand, items, &open, rules, self.why_uncertain()).await;
                return;
            }
            let keys: Vec<CustomerKey> = open.iter().map(|i| items[*i].key.clone()).collect();
            let loaded = match self.store.load_named(brand, &keys, &named).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::warn!(%error, "deciding without the store");
                    self.metrics.store_error("load");
                    self.decide_blind(errand, items, &open, rules, error.to_string()).await;
                    return;
                }
            };
            if !self.is_certain() {
                // The connection broke and came back while this was asked, perhaps to another server.
                self.decide_blind(errand, items, &open, rules, self.why_uncertain()).await;
                return;
            }
            let mut groups = self.group(loaded, &open, self.zone(brand));
            self.remember_refusals(&groups, items);
            self.forget_ended_holds(&mut groups).await;
            if self.recognise(errand, items, &open, &mut groups).await {
                return;
            }
            for (root, group) in &mut groups {
                let listed = take_out(errand, items, group);
                for index in &group.members {
                    let item = &mut items[*index];
                    group.decided_at = group.decided_at.max(Some(self.clock.now()));
                    if item.repeats().is_none() {
                        self.decide_one(errand, item, &mut group.facts, rules, listed);
                        self.count_at_once(item, &mut group.facts);
                    }
                    item.history = Some(History {
                        root: root.clone(),
                        version: group.version,
                        record_id: record_id(&group.facts),
                    });
                }
            }
            self.share_rewrites(errand, items, &open, &mut groups, rules);
            self.keep_together(errand, items, &open);
            for group in groups.values_mut() {
                group.members.iter().for_each(|index| uncount(&items[*index], &mut group.facts));
            }
            self.hold_delayed(errand, items, &open, true).await;
            for group in groups.values_mut() {
                for index in &group.members {
                    group.changed |= self.write_down(errand, &mut items[*index], &mut group.facts);
                }
            }
            open = self.commit(errand, items, &open, groups, rules).await;
            if open.is_empty() {
                return;
            }
        }
        for index in &open {
            if !items[*index].was_to_wait() {
                items[*index].fate =
                    Fate::NotTaken("another message to this customer is being decided, try again".into());
            }
        }
        self.hold_delayed(errand, items, &open, false).await;
    }

    pub(super) fn group(&self, loaded: Loaded, open: &[usize], zone: TimeZone) -> BTreeMap<CustomerKey, Group> {
        let mut groups: BTreeMap<CustomerKey, Group> = BTreeMap::new();
        let now = self.clock.now();
        for (index, mut found) in open.iter().zip(loaded.customers) {
            self.leases.end(&mut found.customer, now, &self.identity);
            groups
                .entry(found.root)
                .or_insert_with(|| Group {
                    version: found.version,
                    facts: self.facts(
                        Known::Known(found.customer),
                        &loaded.claims,
                        &loaded.brand,
                        &loaded.known_since,
                        zone.clone(),
                    ),
                    members: Vec::new(),
                    changed: false,
                    decided_at: None,
                })
                .members
                .push(*index);
        }
        groups
    }

    fn facts(
        &self,
        customer: Known<Customer>,
        claims: &BTreeMap<Family, FamilyClaims>,
        brand: &BrandFacts,
        known_since: &BTreeMap<FactKind, Timestamp>,
        zone: TimeZone,
    ) -> Facts {
        Facts {
            claims: match &customer {
                Known::Known(_) => Known::Known(claims.clone()),
                Known::Unknown(why) => Known::Unknown(*why),
            },
            brand: match &customer {
                Known::Known(_) => Known::Known(brand.clone()),
                Known::Unknown(why) => Known::Unknown(*why),
            },
            customer,
            known_since: known_since.clone(),
            addressee: None,
            remembered: Vec::new(),
            brand_zone: zone,
        }
    }

    /// Store down: each rule's `on_store_down` speaks; what is delayed is held without a reservation.
    async fn decide_blind(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        open: &[usize],
        rules: &PolicySet,
        why: String,
    ) {
        let why: Arc<str> = why.into();
        for index in open {
            let item = &mut items[*index];
            // What its document said of it already stands, also that it does not list it.
            if item.repeats().is_some() || matches!(item.fate, Fate::Orphan) {
                continue;
            }
            item.unread = item.history.is_none();
            item.without_store = Some(Arc::clone(&why));
            if !item.was_to_wait() {
                self.decide_unknowing(errand, item, rules);
            }
            // What an earlier round wrote still stands and is settled as ever.
            item.history = item.history.take().filter(|_| item.committed);
        }
        wait_for_the_record(errand, items);
        self.keep_together(errand, items, open);
        self.hold_delayed(errand, items, open, false).await;
    }

    /// One decision without a single fact.
    pub(super) fn decide_unknowing(&self, errand: &Errand<'_>, item: &mut Item, rules: &PolicySet) {
        let zone = self.zone(&errand.submission.stream.brand);
        let nothing = Known::Unknown(Why::StoreDown);
        let mut facts = self.facts(nothing, &BTreeMap::new(), &BrandFacts::default(), &BTreeMap::new(), zone);
        facts.remembered = self.refusals.of(&item.key);
        self.decide_one(errand, item, &mut facts, rules, true);
    }

    /// One decision, and the rewrite it asks for: after a rewrite the message is understood again;
    /// harm left means block (design §3). `listed` = the document knows the hold that is being released.
    pub(super) fn decide_one(
        &self,
        errand: &Errand<'_>,
        item: &mut Item,
        facts: &mut Facts,
        rules: &PolicySet,
        listed: bool,
    ) {
        let started = Instant::now();
        item.fate = Fate::Open;
        item.stays_with_addressee = false;
        item.edits.clear();
        item.rewritten = None;
        item.paced = false;
        facts.addressee = Some(item.key.0.clone());
        if !listed && errand.must_be_listed() && !self.may_be_forgotten(errand, item) {
            item.fate = Fate::Orphan;
            return;
        }
        item.now = self.clock.now();
        if let Known::Known(customer) = &mut facts.customer {
            item.now = crate::facts::sends::now_on(customer, item.now);
        }
        item.decision =
            decide(item.now, &item.message, &item.meaning, facts, &rules.select(&item.message, &item.meaning));
        if !item.decision.rewrites.is_empty() {
            self.rewrite(item, facts, rules);
        }
        if item.decision.verdict == Verdict::Block {
            item.fate = Fate::Blocked;
        }
        item.decide_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    }

    pub(super) fn rewrite(&self, item: &mut Item, facts: &Facts, rules: &PolicySet) {
        let before = std::mem::replace(&mut item.decision, Decision::open());
        let original = Original { message: &item.message, meaning: &item.meaning, zone: &facts.brand_zone };
        match crate::rewrite::apply(&original, &before.rewrites) {
            Ok(changed) => {
                let message = Message {
                    content: std::sync::Arc::new(changed.content),
                    declared: changed.declared,
                    ..item.message.clone()
                };
                let meaning = self.understand_message(&message, item.now);
                let after = decide(item.now, &message, &meaning, facts, &rules.select(&message, &meaning));
                item.decision = after_rewrite(before, &after);
                if item.decision.verdict == Verdict::Rewrite {
                    item.edits = changed.edits;
                    let families = decide::families(&meaning);
                    item.rewritten =
                        Some(Box::new(Rewritten { message, meaning, families, segments: changed.segments }));
                }
            }
            Err(unfit) => {
                tracing::info!(decision = item.decision_id, %unfit, "the rewrite does not fit");
                item.decision = not_rewritten(before);
            }
        }
    }

    /// What was just decided counts for the next message of the same person in this submission: each
    /// is decided in request order, as if it had come alone (design §4).
    pub(super) fn count_at_once(&self, item: &Item, facts: &mut Facts) {
        let Known::Known(customer) = &mut facts.customer else { return };
        match item.decision.verdict {
            _ if !matches!(item.fate, Fate::Open) => {}
            Verdict::Pass | Verdict::Rewrite => {
                crate::facts::sends::reserve(customer, sent_event(item, item.now));
            }
            Verdict::Delay { until, .. } => customer.held.push(held_send(item, &item.decision_id, until)),
            Verdict::Block => {}
        }
    }

    /// Enters a reservation or a hold into the customer's document.
    fn write_down(&self, errand: &Errand<'_>, item: &mut Item, facts: &mut Facts) -> bool {
        let Known::Known(customer) = &mut facts.customer else { return false };
        let released = errand.hold_id().is_some();
        if let Some(before) = item.before.as_ref().filter(|_| !matches!(item.fate, Fate::Open)) {
            // It does not leave now, so what may have left before still counts.
            crate::facts::sends::reserve(customer, before.clone());
        }
        match item.fate.clone() {
            Fate::Open => {
                item.claims = new_claims(item, &facts.claims);
                let lease = item.now.saturating_add(SignedDuration::from_secs(LEASE_SECONDS)).unwrap_or(item.now);
                let mut send = sent_event(item, lease);
                send.attempt.owner = Some(self.identity.owner());
                send.attempt.released = released;
                crate::facts::sends::reserve(customer, send.clone());
                if let Some(History { root, version, .. }) = &item.history {
                    let brand = &errand.submission.stream.brand;
                    let asked = Reservation::asked(&self.settle, brand, root.clone(), *version, send)
                        .after(item.before.as_ref())
                        .instead_of(item.reservation.take());
                    item.reservation = Some(asked);
                }
            }
            Fate::Held { id, due } => {
                // Holds whose end was not told here (a lost answer, a gateway that stopped) do not pile up.
                customer.held.retain(|held| held.expires > item.now);
                let mut line = held_send(item, &id, due);
                line.attempt.unanswered &= !released || item.was_unanswered;
                customer.held.push(line);
            }
            // The document forgets a hold that was decided against or taken back.
            _ if released || item.committed || item.reservation.is_some() || !item.holds_taken_back.is_empty() => {}
            _ => return false,
        }
        customer.last_now = Some(customer.last_now.map_or(item.now, |last| last.max(item.now)));
        let member = Member { key: item.key.0.clone(), kind: item.message.recipient.kind(), at: item.now };
        crate::facts::fold::join(customer, member);
        if customer.record_id.is_none() {
            customer.record_id = Some(self.ids.record());
        }
        if let Some(history) = &mut item.history {
            history.record_id = customer.record_id.clone();
        }
        true
    }

    /// Commits what changed; returns the items whose customer somebody else wrote first, and with them
    /// those they travel with.
    async fn commit(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        open: &[usize],
        groups: BTreeMap<CustomerKey, Group>,
        rules: &PolicySet,
    ) -> Vec<usize> {
        let mut writes = Vec::new();
        let mut members = Vec::new();
        for (root, group) in groups {
            let (true, Known::Known(customer)) = (group.changed, group.facts.customer) else { continue };
            let now = group.decided_at.map(|at| self.clock.as_stored(at));
            writes.push(Write { root, expect: group.version, customer, now });
            members.push(group.members);
        }
        if writes.is_empty() {
            return Vec::new();
        }
        match self.store.commit_and_keep(&mut writes).await {
            Ok(written) => {
                let mut lost = BTreeSet::new();
                for ((one, group), write) in written.into_iter().zip(members).zip(writes) {
                    match one {
                        Written::Done(version) => {
                            group.iter().for_each(|index| items[*index].is_written());
                            if let [only] = group[..]
                                && let Some(reservation) = &mut items[only].reservation
                            {
                                reservation.stands_in(AsWritten::now(version, write.customer));
                            }
                        }
                        Written::Stale => self.metrics.store_error("stale"),
                        Written::Clock(stored) => {
                            self.metrics.store_error("clock");
                            self.clock.steer(stored.duration_since(self.clock.now()));
                        }
                    }
                    if !matches!(one, Written::Done(_)) {
                        group.iter().for_each(|index| items[*index].lost_its_race());
                        lost.extend(group.iter().map(|index| errand.leader(&items[*index])));
                    }
                }
                let again: Vec<usize> =
                    open.iter().copied().filter(|index| lost.contains(&errand.leader(&items[*index]))).collect();
                self.take_back_holds(errand, items, &again).await;
                again
            }
            Err(error) => {
                // Whether it was applied is unknown: the next round takes out what it may have written and
                // decides again; the version it asked for is used up then, so it cannot be applied later.
                tracing::warn!(%error, "a commit got no answer");
                self.metrics.store_error("commit");
                let unsure: BTreeSet<usize> =
                    members.into_iter().flatten().map(|index| errand.leader(&items[index])).collect();
                let again: Vec<usize> =
                    open.iter().copied().filter(|index| unsure.contains(&errand.leader(&items[*index]))).collect();
                self.take_back_holds(errand, items, &again).await;
                if matches!(error, StoreError::Down(_)) {
                    self.go_on_unwritten(errand, items, &again, rules, &error).await;
                    return Vec::new();
                }
                again
            }
        }
    }

    /// False when the store cannot be taken at its word now. Whose commit got no answer waits a little for
    /// certainty; everybody else is decided without the store at once.
    async fn may_ask_store(&self, items: &[Item], open: &[usize]) -> bool {
        let unsure = open.iter().any(|index| items[*index].reservation.is_some());
        let patience = Duration::from_millis(if unsure { self.config.store.answer_ms } else { 0 });
        self.is_certain() || (unsure && self.watch.certain_within(patience).await)
    }

    /// A document may list a hold that has ended: its end was written to the hold file first, and what
    /// should have told the document got no answer. Only what this gateway's own file says has ended is
    /// forgotten; holds of other gateways stay until they expire.
    pub(super) async fn forget_ended_holds(&self, groups: &mut BTreeMap<CustomerKey, Group>) {
        let customers = || groups.values().filter_map(|group| group.facts.customer().ok());
        let listed: Vec<String> = customers().flat_map(|customer| &customer.held).map(|held| held.id.clone()).collect();
        if listed.is_empty() {
            return;
        }
        match self.hold.ended(listed).await {
            Ok(ended) if ended.is_empty() => {}
            Ok(ended) => {
                for group in groups.values_mut() {
                    if let Known::Known(customer) = &mut group.facts.customer {
                        customer.held.retain(|held| !ended.contains(&held.id));
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "listed holds could not be looked up; they are taken as they stand"),
        }
    }
}

/// How long a reservation may stand without an outcome before it counts as unknown.
pub const LEASE_SECONDS: i64 = 180;

/// Takes out of a history what this walk decides anew: the hold that is being released, the reservation
/// of a release that stopped before anything left, and what an earlier round wrote. False when the
/// document knows none of it.
fn take_out(errand: &Errand<'_>, items: &[Item], group: &mut Group) -> bool {
    let members: Vec<&Item> = group.members.iter().map(|index| &items[*index]).collect();
    let committed = members.iter().any(|item| item.committed);
    let hold_id = errand.hold_id();
    let Known::Known(customer) = &mut group.facts.customer else { return true };
    let untouched = |item: &&Item| !item.committed && item.reservation.is_none() && item.holds_taken_back.is_empty();
    if hold_id.is_none() && members.iter().all(untouched) {
        return true;
    }
    let resumed = members.iter().any(|item| item.before.is_some() || item.repeats().is_some());
    let before = customer.held.len() + customer.sends.len();
    let taken_back = |id: &String| members.iter().any(|item| item.holds_taken_back.contains(id));
    customer.held.retain(|held| hold_id != Some(held.id.as_str()) && !taken_back(&held.id));
    let own = |id: &str| members.iter().any(|item| item.send_id == id && item.repeats().is_none());
    // A hold that is handed out for release has sent nothing: its reservation is taken out, also one
    // whose lease ran out while nobody had the hold.
    let undone = |state| state == SendState::Reserved || (hold_id.is_some() && state == SendState::Unknown);
    customer.sends.retain(|send| !undone(send.state) || !own(&send.id));
    committed || resumed || customer.held.len() + customer.sends.len() < before
}

/// Undoes [`Gateway::count_at_once`]: what is written down is what became of it, not what was decided.
pub(super) fn uncount(item: &Item, facts: &mut Facts) {
    let Known::Known(customer) = &mut facts.customer else { return };
    customer.sends.retain(|send| send.id != item.send_id || send.state != SendState::Reserved);
    customer.held.retain(|held| held.id != item.decision_id);
}

/// What the message claims that the ledger does not have yet.
fn new_claims(item: &Item, known: &Known<BTreeMap<Family, FamilyClaims>>) -> Vec<ClaimAddition> {
    let Known::Known(known) = known else { return Vec::new() };
    let (message, meaning, _) = item.as_shown();
    let mut additions = claim_additions(item.now, message, meaning);
    additions.retain(|addition| known.get(&addition.family).cloned().unwrap_or_default().add(addition));
    additions
}

fn record_id(facts: &Facts) -> Option<String> {
    match &facts.customer {
        Known::Known(customer) => customer.record_id.clone(),
        Known::Unknown(_) => None,
    }
}

/// What all messages together need of the brand's own facts. Recipients of one content share its meaning.
pub(super) fn named_by(items: &[Item]) -> Named {
    let mut named = Named::default();
    let mut seen: BTreeSet<*const Meaning> = BTreeSet::new();
    for item in items {
        if seen.insert(Arc::as_ptr(&item.meaning)) {
            named.join(decide::named(&item.meaning));
        }
    }
    named
}
