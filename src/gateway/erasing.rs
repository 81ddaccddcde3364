//! Erasing a person from this gateway's own files: their lines in the journal, and the messages that wait
//! for them. The document is the store's (`store/erase.rs`); the decision log names nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::releasing::recipients;
use crate::config::Config;
use crate::hold::{HeldMessage, Hold, HoldReader, parcel};
use crate::message::{Submission, Wire};
use crate::providers::{self, Reading};
use crate::record::entry::{Fate, Line, OutcomeEntry};
use crate::record::log::{Forget, Record};
use crate::store::{CustomerKey, Refusals, Store, erasures::Erasure};

/// Held messages read together.
const PAGE: usize = 64;

/// What was erased from this gateway's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Lines of the journal.
    pub journal_lines: u64,
    /// Recipients taken out of messages that wait.
    pub held: u64,
    /// Messages that were leaving at that moment.
    pub leaving: u64,
}

/// The files of one gateway, and what is needed to read them.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// Routes and brands, to read held messages with.
    pub config: &'a Config,
    /// Whose keys they are.
    pub store: &'a Store,
    /// Messages that wait.
    pub hold: &'a Hold,
    /// Journal and decision log.
    pub log: &'a Record,
    /// The refusals that this machine remembers.
    pub refusals: &'a Refusals,
}

impl Files<'_> {
    /// Carries erasures out; doing it again changes nothing.
    pub async fn erase(&self, erasures: &[Erasure], now: Timestamp) -> anyhow::Result<Erased> {
        let mut erased = Erased::default();
        if erasures.is_empty() {
            return Ok(erased);
        }
        let mut until: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for Erasure { key, at } in erasures {
            until.entry(key).and_modify(|known| *known = (*known).max(*at)).or_insert(*at);
        }
        for key in until.keys() {
            self.refusals.erase(&CustomerKey((*key).to_owned()));
        }
        self.drop_held(&until, now, &mut erased).await?;
        let whose = |(key, at): (&&str, &Timestamp)| Forget { keys: vec![(*key).to_owned()], until: *at };
        erased.journal_lines = self.log.forget(until.iter().map(whose).collect()).await?.lines;
        Ok(erased)
    }

    async fn drop_held(
        &self,
        until: &BTreeMap<&str, Timestamp>,
        now: Timestamp,
        erased: &mut Erased,
    ) -> anyhow::Result<()> {
        let mut after = String::new();
        loop {
            let page = self.hold.waiting_after(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for message in &page {
                let theirs =
                    held_for(self.config, self.store, message, |key, at| until.get(key).is_some_and(|to| at <= *to));
                if theirs.is_empty() {
                    continue;
                }
                if !self.hold.leave_out(&message.id, theirs.clone(), now).await? {
                    erased.leaving += 1;
                    continue;
                }
                let decisions = recipients(message);
                for index in theirs {
                    erased.held += 1;
                    let Some(decision) = decisions.get(&(index as usize)) else { continue };
                    let note = Some("the person was erased".to_owned());
                    let outcome = OutcomeEntry {
                        decision: decision.id.clone(),
                        at: now,
                        outcome: Fate::Dropped,
                        next: None,
                        note,
                    };
                    self.log.append(&Line::Outcome(outcome)).await?;
                }
            }
        }
    }
}

/// Takes those who were erased out of a message that comes over from a gateway that is gone: it may have
/// stopped before it could. True when somebody is left.
pub(super) fn leave_erased_out(config: &Config, store: &Store, message: &mut HeldMessage, words: &[Erasure]) -> bool {
    let erased = |key: &str, at: Timestamp| words.iter().any(|word| word.key == key && at <= word.at);
    let theirs = if words.is_empty() { Vec::new() } else { held_for(config, store, message, erased) };
    message.leave_out(&theirs)
}

/// What waits for a person, for their own eyes: when, and by which decision; not the text, which is the
/// sender's until it is sent.
pub fn held_export(config: &Config, store: &Store, hold: &HoldReader, keys: &[String]) -> anyhow::Result<Vec<Value>> {
    let (mut after, mut found) = (String::new(), Vec::new());
    loop {
        let page = hold.waiting_after(&after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.id);
        for message in &page {
            let decisions = recipients(message);
            for index in held_for(config, store, message, |key, _| keys.iter().any(|known| known == key)) {
                let decision = decisions.get(&(index as usize)).map(|held| held.id.clone());
                found.push(json!({
                    "hold": message.id, "decision": decision, "due": message.due, "expires": message.expires,
                }));
            }
        }
    }
}

/// The recipients of a held message whose key and time are wanted.
fn held_for(
    config: &Config,
    store: &Store,
    message: &HeldMessage,
    wanted: impl Fn(&str, Timestamp) -> bool,
) -> Vec<u32> {
    let Ok(submission) = parcel::decode(&message.parcel) else { return Vec::new() };
    let Some(reading) = read(config, &submission) else { return Vec::new() };
    let brand = &submission.stream.brand;
    let is_theirs = |index: &u32| {
        let recipient = reading.recipients.get(*index as usize);
        let address = recipient.and_then(|recipient| recipient.address.as_ref().ok());
        address.is_some_and(|address| wanted(&store.key(brand, address).0, submission.received_at))
    };
    message.recipients.iter().copied().filter(is_theirs).collect()
}

fn read(config: &Config, submission: &Submission) -> Option<Reading> {
    match &submission.wire {
        Wire::Smtp(mail) => providers::relay::read(mail).ok().map(|(reading, _)| reading),
        Wire::Http(request) => {
            let of_route = config.route(&submission.route).and_then(|route| route.region.as_deref());
            let region = of_route.or(config.brand(&submission.stream.brand).and_then(|brand| brand.region.as_deref()));
            providers::dialect(&submission.dialect)?.read(request, region).ok()
        }
    }
}
