//! The reference model: from what clients were told, what providers really have, what the shop said, and
//! what documents and decision records hold, each promise is checked by its name. It knows nothing of how
//! the gateway works inside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use tactgate::facts::{Keep, SendState};
use tactgate::message::{Address, Class};
use tactgate::record::AuditKey;
use tactgate::record::audit::{Trusted, verify};
use tactgate::store::{Modelled, Store};

use super::gateways::Machine;
use super::history::{Attempt, History, Seen, Told};
use super::plan::{Door, EPOCH, Person, Plan, TroubleKind};

/// A client's retry is known as one: no second copy of a courtesy message whatever was lost. Off: each
/// attempt is a message of its own.
const RETRIES_ARE_ONE: bool = true;
/// A reservation whose lease has run out is settled by somebody. Off: it stands as reserved and counts.
const LEASES_END: bool = true;
/// A failover that loses writes is made good from the gateways' own journals. Off: what was lost may be
/// exceeded by.
const FAILOVERS_ARE_MADE_GOOD: bool = false;

/// From a decision to the provider's having it: all waits on that way, at their longest.
const TRANSIT_MS: u64 = 30_000;

/// A promise that was not kept.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which.
    pub property: &'static str,
    /// How.
    pub what: String,
}

impl Violation {
    /// Not kept, and how.
    pub fn new(property: &'static str, what: impl Into<String>) -> Violation {
        Violation { property, what: what.into() }
    }
}

/// Everything that was promised.
pub fn judge(plan: &Plan, history: &History, machines: &[Machine], store: &Modelled) -> Vec<Violation> {
    let logs: Vec<Log> = machines.iter().map(|machine| Log::read(&machine.data())).collect();
    let people = people(plan, history, store);
    let seen = history.seen();
    let judged = Judged { plan, seen: &seen, log: Log::joined(&logs), people };
    let mut found = Vec::new();
    judged.everyone_is_answered(&mut found);
    judged.nothing_accepted_is_lost(&mut found);
    judged.nothing_is_sent_twice(&mut found);
    judged.never_over_the_cap(&mut found);
    judged.nothing_after_an_opt_out(&mut found);
    judged.usage_counts_what_was_sent(&mut found);
    judged.reservations_end(&mut found);
    judged.every_hold_ends(&mut found);
    judged.records_are_complete(&mut found);
    for machine in machines {
        let keys = AuditKey::read(&machine.data().join("audit.key")).ok().flatten();
        let keys = keys.map(|key| key.public().clone()).into_iter().collect();
        match verify(&machine.data(), &Trusted { keys, kept: Vec::new() }, |_| ()) {
            Ok(verified) if verified.is_whole() => {}
            Ok(verified) => found.push(Violation::new("the chain is whole", format!("{verified:?}"))),
            Err(error) => found.push(Violation::new("the chain is whole", error.to_string())),
        }
    }
    found
}

/// True when no hold of any gateway still waits, and no reservation for its lease.
pub fn nothing_waits(plan: &Plan, history: &History, machines: &[Machine], store: &Modelled) -> bool {
    machines.iter().all(|machine| Log::read(&machine.data()).waiting().is_empty())
        && (!LEASES_END || people(plan, history, store).iter().all(|person| person.reserved == 0))
}

/// A person's history as the store has it: one for both addresses if they are linked.
struct Document {
    addresses: Vec<String>,
    keys: Vec<String>,
    /// When each was decided, and its class.
    sends: Vec<(u64, Class)>,
    reserved: usize,
}

fn people(plan: &Plan, history: &History, store: &Modelled) -> Vec<Document> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let now = history.clock().now();
        let store = Store::modelled(store.clone(), Keep::default(), now).await.unwrap();
        let mut documents = Vec::new();
        for Person { mailbox, phone, linked } in &plan.people {
            let groups = match linked {
                true => vec![vec![mailbox.clone(), phone.clone()]],
                false => vec![vec![mailbox.clone()], vec![phone.clone()]],
            };
            for addresses in groups {
                let key = |address: &String| store.key("shop", &Address::any(address, Some("CN")).unwrap());
                let keys: Vec<_> = addresses.iter().map(key).collect();
                let loaded = store.load("shop", &keys, &[]).await.unwrap();
                let found = &loaded.customers[0];
                let sends = &found.customer.sends;
                documents.push(Document {
                    sends: sends.iter().map(|s| (history.ms_of(s.at), s.class)).collect(),
                    // One whose lease ran out is unknown to whoever loads it next.
                    reserved: sends
                        .iter()
                        .filter(|s| s.state == SendState::Reserved && s.lease_until.is_none_or(|until| until > now))
                        .count(),
                    keys: keys.iter().map(|key| key.0.clone()).collect(),
                    addresses,
                });
            }
        }
        documents
    })
}

struct Judged<'a> {
    plan: &'a Plan,
    seen: &'a Seen,
    log: Log,
    people: Vec<Document>,
}

impl Judged<'_> {
    fn everyone_is_answered(&self, found: &mut Vec<Violation>) {
        if self.seen.clients_waiting > 0 {
            let why = format!("{} clients still wait", self.seen.clients_waiting);
            found.push(Violation::new("everybody gets a final answer", why));
        }
    }

    /// Of what was answered 2xx each recipient's message is at a provider, or its end is on record.
    fn nothing_accepted_is_lost(&self, found: &mut Vec<Violation>) {
        for attempt in self.seen.attempts.iter().filter(|attempt| attempt.told == Told::Accepted) {
            let Some(id) = id_in(&attempt.words) else {
                found.push(Violation::new("every answer carries its ids", attempt.words.clone()));
                continue;
            };
            let to = self.addresses(attempt.reference);
            let there = to.iter().filter(|address| self.copies(attempt.reference, address) > 0).count();
            let ended = self.log.of_submission(id).filter(|decision| self.log.ended_unsent(decision)).count();
            if there + ended < to.len() {
                let what = format!(
                    "{} ({id}): {} recipients, {there} sent, {ended} ended on record",
                    attempt.reference,
                    to.len()
                );
                found.push(Violation::new("nothing accepted is lost", what));
            }
        }
    }

    /// A courtesy message once; a must-send one once more when an answer was lost. What the gateway answered
    /// and its client did not hear (two generals) may come as a new message.
    fn nothing_is_sent_twice(&self, found: &mut Vec<Violation>) {
        for submission in &self.plan.submissions {
            let attempts = || self.seen.attempts.iter().filter(|a| a.reference == submission.reference);
            let handed_over = attempts().filter(|a| a.told != Told::Unreached).count();
            let unheard = attempts().filter(|a| a.told == Told::Nothing && self.was_answered(a)).count();
            let once = if RETRIES_ARE_ONE { 1 + unheard } else { handed_over };
            // What must arrive leaves also while the store cannot be asked what left before: once for each such
            // attempt that may have left.
            let blind = attempts().filter(|a| id_in(&a.words).is_some_and(|id| self.log.left_blind(id))).count();
            let most = once + if submission.door == Door::Code { 1 + blind } else { 0 };
            for address in self.addresses(submission.reference) {
                let copies = self.copies(submission.reference, &address);
                let person = self.people.iter().find(|person| person.addresses.contains(&address));
                if copies > most + person.map_or(0, |person| self.lost_writes(person)) {
                    let stretches: Vec<_> = attempts().map(|a| format!("{}..{}", a.from_ms, a.until_ms)).collect();
                    let holds = self.log.decisions.iter().filter(|decision| decision.outcome == "held");
                    let holds: Vec<_> = holds.map(|hold| format!("{} {}", hold.at_ms, hold.submission)).collect();
                    let what = format!(
                        "{} for {address}: {copies} copies, {handed_over} attempts {stretches:?}, held {holds:?}",
                        submission.reference
                    );
                    found.push(Violation::new("nothing is sent twice", what));
                }
            }
        }
    }

    /// True when the provider said within the attempt that it has the message, or a hold was made of which no
    /// client heard: the reply may have been written. A gateway that nothing of its clients reaches cannot know that
    /// one has gone (seed 3770): it goes on until the way is open again.
    fn was_answered(&self, attempt: &Attempt) -> bool {
        let slow = self.plan.troubles.iter().filter(|trouble| matches!(trouble.kind, TroubleKind::SlowClients(_)));
        let unaware = slow.filter(|trouble| (trouble.from_ms..=trouble.until_ms).contains(&attempt.until_ms));
        let until_ms = unaware.map(|trouble| trouble.until_ms).fold(attempt.until_ms, u64::max);
        let within = attempt.from_ms..=until_ms;
        let mut taken = self.seen.taken.iter().filter(|taken| taken.reference == attempt.reference);
        let heard = |id: &str| self.seen.attempts.iter().any(|attempt| id_in(&attempt.words) == Some(id));
        let mut holds = self.log.decisions.iter().filter(|decision| decision.outcome == "held");
        // The line of a hold may die with its gateway, the hold does not: its release tells of it (seed 4994).
        let mut unwritten = self.log.decisions.iter().filter(|decision| self.log.repeats_what_was_lost(decision));
        taken.any(|taken| taken.answered && within.contains(&taken.at_ms))
            || holds.any(|hold| within.contains(&hold.at_ms) && !heard(&hold.submission))
            || unwritten.any(|hold| within.contains(&begun_ms(&hold.submission)) && !heard(&hold.submission))
    }

    /// At the provider (where a message may be late by its transit), and by the documents' own times.
    fn never_over_the_cap(&self, found: &mut Vec<Violation>) {
        let window = self.plan.within_minutes * 60_000;
        for person in &self.people {
            let lost = self.lost_writes(person) as u64;
            let arrived = self.arrivals(person);
            let counted: Vec<u64> =
                person.sends.iter().filter(|(_, class)| *class == Class::Ordinary).map(|(at, _)| *at).collect();
            for (times, window, where_) in [
                (&arrived, window.saturating_sub(TRANSIT_MS), "at the provider"),
                (&counted, window, "in the document"),
            ] {
                let most = most_in_any(times, window);
                if most > self.plan.at_most + lost {
                    let what = format!(
                        "{most} {where_} to {:?} within {} min, {} allowed: {times:?}",
                        person.addresses, self.plan.within_minutes, self.plan.at_most
                    );
                    found.push(Violation::new("never over the cap", what));
                }
            }
        }
    }

    fn nothing_after_an_opt_out(&self, found: &mut Vec<Violation>) {
        for taken in &self.seen.taken {
            let Some(acknowledged) = self.seen.opted_out.get(&taken.address) else { continue };
            let person = self.people.iter().find(|person| person.addresses.contains(&taken.address));
            let excused = person.is_some_and(|person| self.lost_writes(person) > 0) || self.is_code(taken.reference);
            if taken.at_ms > acknowledged + TRANSIT_MS && !excused {
                let what =
                    format!("{} for {} at {}, refused at {acknowledged}", taken.reference, taken.address, taken.at_ms);
                found.push(Violation::new("nothing after an opt-out", what));
            }
        }
    }

    /// Never less than was sent; more only where somebody was left without a clear answer.
    fn usage_counts_what_was_sent(&self, found: &mut Vec<Violation>) {
        for person in &self.people {
            let usage = person.sends.iter().filter(|(_, class)| *class == Class::Ordinary).count();
            let sent = self.arrivals(person).len();
            let lost = self.lost_writes(person);
            if usage + lost < sent {
                let what = format!("{:?}: {sent} sent, {usage} counted", person.addresses);
                found.push(Violation::new("usage counts what was sent", what));
            }
            let unclear = self.seen.attempts.iter().filter(|attempt| {
                matches!(attempt.told, Told::Nothing | Told::Later)
                    && self.addresses(attempt.reference).iter().any(|address| person.addresses.contains(address))
            });
            let doubts = unclear.count() + self.log.unknown_ends();
            if usage > sent + doubts + lost {
                let what = format!("{:?}: {usage} counted, {sent} sent, {doubts} in doubt", person.addresses);
                found.push(Violation::new("usage is no more than was sent or is in doubt", what));
            }
        }
    }

    fn reservations_end(&self, found: &mut Vec<Violation>) {
        for person in self.people.iter().filter(|person| LEASES_END && person.reserved > 0) {
            let what = format!("{:?}: {} still reserved", person.addresses, person.reserved);
            found.push(Violation::new("reservations end", what));
        }
    }

    fn every_hold_ends(&self, found: &mut Vec<Violation>) {
        let waiting = self.log.waiting();
        if !waiting.is_empty() {
            found.push(Violation::new("every hold ends", format!("{waiting:?}")));
        }
    }

    /// Whoever got an id of the gateway finds as many decisions under it as the message had recipients.
    fn records_are_complete(&self, found: &mut Vec<Violation>) {
        for attempt in &self.seen.attempts {
            let Some(id) = id_in(&attempt.words) else { continue };
            let (decided, to) = (self.log.of_submission(id).count(), self.addresses(attempt.reference).len());
            if decided != to {
                let what = format!("{} ({id}): {to} recipients, {decided} decisions", attempt.reference);
                found.push(Violation::new("records are complete", what));
            }
        }
    }

    fn submission(&self, reference: u32) -> &super::plan::Submission {
        self.plan.submissions.iter().find(|one| one.reference == reference).expect("a reference of the plan")
    }

    fn is_code(&self, reference: u32) -> bool {
        self.plan.submissions.iter().any(|one| one.reference == reference && one.door == Door::Code)
    }

    fn addresses(&self, reference: u32) -> Vec<String> {
        let submission = self.submission(reference);
        let address = |person: &Person| match submission.door {
            Door::Twilio => person.phone.clone(),
            Door::Smtp | Door::SendGrid | Door::Code => person.mailbox.clone(),
        };
        submission.to.iter().map(|person| address(&self.plan.people[*person])).collect()
    }

    fn copies(&self, reference: u32, address: &str) -> usize {
        self.seen.taken.iter().filter(|taken| taken.reference == reference && taken.address == address).count()
    }

    /// When the person's promotions arrived.
    fn arrivals(&self, person: &Document) -> Vec<u64> {
        let taken = self.seen.taken.iter();
        taken
            .filter(|taken| person.addresses.contains(&taken.address) && !self.is_code(taken.reference))
            .map(|taken| taken.at_ms)
            .collect()
    }

    fn lost_writes(&self, person: &Document) -> usize {
        match FAILOVERS_ARE_MADE_GOOD {
            true => 0,
            false => self.seen.gone_back.iter().filter(|key| person.keys.contains(key)).count(),
        }
    }
}

/// The most that lie in any window of that length.
fn most_in_any(times: &[u64], window: u64) -> u64 {
    let within = |from: &u64| times.iter().filter(|at| (*from..*from + window).contains(at)).count() as u64;
    times.iter().map(within).max().unwrap_or(0)
}

/// `s-…` in an answer.
fn id_in(words: &str) -> Option<&str> {
    let (_, rest) = words.rsplit_once("[s-").or_else(|| words.rsplit_once("[S-"))?;
    let end = rest.find(']')?;
    let from = words.len() - rest.len() - 2;
    words.get(from..from + 2 + end)
}

/// The decision records of all gateways: what stands in the files, read as JSON.
#[derive(Debug, Default)]
struct Log {
    decisions: Vec<Decision>,
    /// Decision → what became of it later, in order.
    outcomes: BTreeMap<String, Vec<(String, Option<String>)>>,
}

/// What the model reads of a line; the rest is the gateway's own affair.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    line: String,
    at: Option<Timestamp>,
    without_store: Option<String>,
    id: String,
    submission: String,
    outcome: String,
    again: Option<String>,
    decision: String,
    next: Option<String>,
}

#[derive(Debug, Clone)]
struct Decision {
    id: String,
    at_ms: u64,
    blind: bool,
    submission: String,
    outcome: String,
    /// The decision that it takes anew, or, of a client's retry, that it repeats.
    again: Option<String>,
}

/// When a submission came, as its id tells.
fn begun_ms(submission: &str) -> u64 {
    let uuid = uuid::Uuid::parse_str(submission.trim_start_matches("s-")).unwrap();
    let (seconds, nanos) = uuid.get_timestamp().unwrap().to_unix();
    let at = Timestamp::new(i64::try_from(seconds).unwrap(), i32::try_from(nanos).unwrap()).unwrap();
    u64::try_from(at.duration_since(EPOCH.parse().unwrap()).as_millis()).unwrap()
}

impl Log {
    /// True when it takes a decision anew of which there is no line.
    fn repeats_what_was_lost(&self, decision: &Decision) -> bool {
        decision.again.as_ref().is_some_and(|first| self.decisions.iter().all(|decision| decision.id != *first))
    }

    fn read(data: &Path) -> Log {
        let (mut log, epoch) = (Log::default(), EPOCH.parse::<Timestamp>().unwrap());
        let Ok(files) = std::fs::read_dir(data.join("decisions")) else { return log };
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        for line in paths.iter().flat_map(std::fs::read_to_string).collect::<String>().lines() {
            let line: Line = serde_json::from_str(line).unwrap();
            match line.line.as_str() {
                "decision" => log.decisions.push(Decision {
                    id: line.id,
                    at_ms: line.at.map_or(0, |at| u64::try_from(at.duration_since(epoch).as_millis()).unwrap_or(0)),
                    blind: line.without_store.is_some(),
                    submission: line.submission,
                    outcome: line.outcome,
                    again: line.again,
                }),
                "outcome" => log.outcomes.entry(line.decision).or_default().push((line.outcome, line.next)),
                _ => {}
            }
        }
        log
    }

    fn joined(logs: &[Log]) -> Log {
        let mut all = Log::default();
        for log in logs {
            all.decisions.extend(log.decisions.iter().cloned());
            for (decision, outcomes) in &log.outcomes {
                all.outcomes.entry(decision.clone()).or_default().extend(outcomes.iter().cloned());
            }
        }
        all
    }

    fn of_submission(&self, id: &str) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(move |decision| decision.submission == id && !self.is_release(decision))
    }

    /// True when it was decided without the store, and may have left at once.
    fn left_blind(&self, id: &str) -> bool {
        let left = |outcome: &str| ["accepted", "unknown"].contains(&outcome);
        self.of_submission(id).any(|decision| decision.blind && left(&decision.outcome))
    }

    /// True for a hold's decision taken anew; a client's retry repeats what was decided of another submission.
    fn is_release(&self, decision: &Decision) -> bool {
        let Some(again) = &decision.again else { return false };
        match self.find(again) {
            Some(held) => held.submission == decision.submission,
            // A kill came between the hold and its line: nobody was told of it, and its outcomes speak of it.
            None => self.outcomes.get(again).is_some_and(|all| {
                all.iter().any(|(outcome, next)| {
                    next.as_ref() == Some(&decision.id) && ["requeued", "released", "dropped"].contains(&&**outcome)
                })
            }),
        }
    }

    fn find(&self, id: &str) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.id == id)
    }

    /// Not at a provider, or nobody can tell, and the record says so.
    fn ended_unsent(&self, decision: &Decision) -> bool {
        let unsent = ["blocked", "refused", "unknown", "dropped", "expired", "failed"];
        if decision.outcome == "repeated" {
            // The earlier attempt's end is this one's. One that a kill left without a line is assumed sent.
            let earlier = decision.again.as_ref().and_then(|id| self.find(id));
            return earlier.is_none_or(|earlier| self.ended_unsent(earlier));
        }
        match self.end_of(&decision.id) {
            None => unsent.contains(&decision.outcome.as_str()),
            Some((outcome, next)) if outcome == "released" => {
                let next = next.as_ref().and_then(|next| self.find(next));
                next.is_some_and(|next| unsent.contains(&next.outcome.as_str()))
            }
            Some((outcome, _)) => unsent.contains(&outcome.as_str()),
        }
    }

    fn end_of(&self, decision: &str) -> Option<&(String, Option<String>)> {
        self.outcomes.get(decision)?.iter().rfind(|(outcome, _)| outcome != "requeued")
    }

    fn unknown_ends(&self) -> usize {
        let ends: BTreeSet<&String> =
            self.outcomes.iter().filter(|(_, all)| all.iter().any(|(o, _)| o == "unknown")).map(|(id, _)| id).collect();
        ends.len() + self.decisions.iter().filter(|decision| decision.outcome == "unknown").count()
    }

    /// Held, and no end on record.
    fn waiting(&self) -> Vec<&str> {
        let held = self.decisions.iter().filter(|decision| decision.outcome == "held" && !self.is_release(decision));
        let held = held.map(|decision| &decision.id);
        let without_line = self.outcomes.keys().filter(|id| self.find(id).is_none());
        held.chain(without_line).filter(|id| self.end_of(id).is_none()).map(String::as_str).collect()
    }
}
