//! Writes down what was decided and done, before the reply: one line a decision, with its evidence
//! and the typed meaning; holds are on disk before their reply (design §6, *Audit*).

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::CONTENT_TYPE;

use super::item::{Fate, Item};
use super::releasing::recipients;
use super::{Errand, Gateway};
use crate::config::Brand;
use crate::decide::{Answer, Verdict};
use crate::facts::Earlier;
use crate::hold::{HeldMessage, Settled};
use crate::learn::Learnt;
use crate::message::{HttpReply, HttpRequest, Language};
use crate::policy::{PolicySet, Texts, wording};
use crate::providers::Outcome;
use crate::record::entry::{self, DecisionEntry, JournalEntry, Line, OutcomeEntry, StreamNames};

impl Gateway {
    /// Enters every item. A record that cannot be written is told loudly and counted; the messages
    /// have left by then, so the reply still tells the truth about them.
    pub(super) async fn enter(&self, errand: &Errand<'_>, items: &[Item], set: &PolicySet) {
        for item in items {
            self.count(errand, item);
            if let Some(held) = errand.held_by(item.index) {
                let unchanged = item.fate.still_waits() && *held == item.as_held(&held.id);
                if !unchanged {
                    self.enter_decision(errand, item, set).await;
                }
                let outcome = OutcomeEntry {
                    decision: held.id.clone(),
                    at: self.clock.now(),
                    outcome: release_fate(item),
                    next: (!unchanged).then(|| item.decision_id.clone()),
                    note: match item.repeats() {
                        Some(Earlier::Held { id, .. }) => {
                            Some(format!("its client came again, not having been told: that waits as {id}"))
                        }
                        Some(earlier) => Some(format!("an earlier attempt at it left as {}", earlier.id())),
                        None => unchanged.then(|| "still waits, for the same reasons".to_owned()),
                    },
                };
                self.enter_outcome(outcome).await;
            } else {
                self.enter_decision(errand, item, set).await;
                if let Some(before) = item.before.as_ref().filter(|_| matches!(item.fate, Fate::Forwarded { .. })) {
                    let (decision, at, outcome) = (before.id.clone(), self.clock.now(), fate(item));
                    let next = Some(item.decision_id.clone());
                    let note = Some("its answer was lost and it must arrive: sent once more, for the last time".into());
                    self.enter_outcome(OutcomeEntry { decision, at, outcome, next, note }).await;
                }
            }
        }
    }

    async fn enter_decision(&self, errand: &Errand<'_>, item: &Item, set: &PolicySet) {
        let line = Line::Decision(Box::new(self.entry(errand, item, set)));
        let written = match item.fate {
            Fate::Held { .. } => self.log.append_durable(&line).await,
            _ => self.log.append(&line).await,
        };
        if let Err(error) = written {
            tracing::error!(decision = item.decision_id, %error, "a decision was not recorded");
            self.metrics.record_errors(self.log.errors());
        }
        errand.walk.is_entered();
    }

    /// Enters the end of a hold that was not decided again.
    pub(super) async fn enter_ended(&self, held: &HeldMessage, settled: Settled, why: &str) {
        let outcome = match settled {
            Settled::Released => entry::Fate::Released,
            Settled::Dropped => entry::Fate::Dropped,
            Settled::Expired => entry::Fate::Expired,
            Settled::Failed => entry::Fate::Failed,
            Settled::Unknown => entry::Fate::Unknown,
        };
        for decision in recipients(held).into_values() {
            let (decision, at, note) = (decision.id, self.clock.now(), Some(why.to_owned()));
            self.enter_outcome(OutcomeEntry { decision, at, outcome, next: None, note }).await;
        }
    }

    async fn enter_outcome(&self, outcome: OutcomeEntry) {
        if let Err(error) = self.log.append(&Line::Outcome(outcome)).await {
            tracing::error!(%error, "an outcome was not recorded");
            self.metrics.record_errors(self.log.errors());
        }
    }

    fn entry(&self, errand: &Errand<'_>, item: &Item, set: &PolicySet) -> DecisionEntry {
        let stream = StreamNames {
            department: item.message.department().map(str::to_owned),
            purpose: item.message.purpose().map(str::to_owned),
            ..StreamNames::from(&item.message.stream)
        };
        DecisionEntry {
            id: item.decision_id.clone(),
            gateway: self.host_name.clone(),
            submission: errand.submission.id.clone(),
            at: item.now,
            stream,
            route: errand.route.name.clone(),
            channel: item.message.channel,
            customer: item.history.as_ref().and_then(|history| history.record_id.clone()),
            campaign: item.message.campaign().map(str::to_owned),
            verdict: item.decision.verdict.clone(),
            findings: item.decision.findings.clone(),
            reasons: self.reasons(item, set),
            must_send: item.decision.must_send,
            receipt: item.decision.receipt,
            policy: set.hash.clone(),
            without_store: item.without_store.as_deref().map(str::to_owned),
            facts_version: item.history.as_ref().map(|history| history.version),
            latency_us: item.decide_us,
            segments: item.rewritten.as_ref().and_then(|rewritten| rewritten.segments),
            outcome: Some(fate(item)),
            again: errand.held_by(item.index).map(|held| held.id.clone()).or_else(|| item.repeated_decision()),
            meaning: Arc::clone(&item.meaning),
        }
    }

    /// What the findings say, in the words of their rules.
    pub(super) fn reasons(&self, item: &Item, set: &PolicySet) -> BTreeMap<String, Texts> {
        let zone = self.zone(&item.message.stream.brand);
        let told = item.decision.findings.iter().filter_map(|finding| {
            let Answer::Objects(objection) = &finding.answer else { return None };
            let template = set.rule(&finding.rule)?.head().reason;
            let in_words = |language| {
                let reader = wording::Reader { language, zone: zone.clone(), now: item.now };
                Some(wording::reason(template, &objection.because, &reader))
            };
            Some((finding.rule.clone(), Texts { en: in_words(Language::En), zh: in_words(Language::Zh) }))
        });
        told.collect()
    }

    fn count(&self, errand: &Errand<'_>, item: &Item) {
        if item.repeats().is_none() {
            self.metrics.decision(&item.decision, item.message.channel, &item.message.stream.name);
        }
        self.metrics.outcome(&errand.route.name, fate(item));
        self.metrics.decided_in(item.decide_us as f64 / 1e6);
    }

    /// Takes events in, and journals those that were new.
    pub(super) async fn learn(&self, brand: &Brand, request: &HttpRequest) -> HttpReply {
        let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (region, now) = (brand.region.as_deref(), self.clock.now());
        let lesson = crate::learn::learn(&self.store, &brand.name, region, content_type, &request.body, now).await;
        for Learnt { brand, key, event } in lesson.learnt {
            if let Some(key) = &key {
                self.refusals.hear(key, &event);
            }
            let outcome = OutcomeEntry::told(now, &event);
            // The other address of an identity link stands in it as its key already.
            let line = JournalEntry { at: now, brand, customer: key.map(|key| key.0).unwrap_or_default(), event };
            if let Err(error) = self.log.append(&Line::Event(line)).await {
                tracing::error!(%error, "an event was not journalled");
                self.metrics.record_errors(self.log.errors());
            }
            if let Some(outcome) = outcome {
                self.enter_outcome(outcome).await;
            }
        }
        lesson.reply
    }
}

fn fate(item: &Item) -> entry::Fate {
    match &item.fate {
        Fate::Blocked => entry::Fate::Blocked,
        Fate::Orphan => entry::Fate::Dropped,
        Fate::Held { .. } => entry::Fate::Held,
        Fate::Repeated { earlier: Earlier::InFlight { .. } | Earlier::OtherContent { .. }, .. } => {
            entry::Fate::TryLater
        }
        Fate::Repeated { .. } => entry::Fate::Repeated,
        Fate::NotTaken(_) | Fate::Open => entry::Fate::TryLater,
        Fate::Forwarded { outcome, .. } => match outcome {
            Outcome::Accepted => entry::Fate::Accepted,
            Outcome::Refused => entry::Fate::Refused,
            Outcome::TryLater => entry::Fate::TryLater,
            Outcome::Unknown => entry::Fate::Unknown,
        },
    }
}

fn release_fate(item: &Item) -> entry::Fate {
    match (&item.fate, &item.decision.verdict) {
        // Assumed sent: nobody knows.
        (Fate::Repeated { earlier: Earlier::Assumed { .. }, .. }, _) => entry::Fate::Unknown,
        (Fate::Held { .. }, Verdict::Delay { .. }) => entry::Fate::Requeued,
        (Fate::Repeated { earlier: Earlier::Held { .. } | Earlier::OtherContent { .. }, .. }, _) => {
            entry::Fate::Dropped
        }
        (Fate::Blocked | Fate::Orphan, _) => entry::Fate::Dropped,
        (Fate::Forwarded { outcome: Outcome::TryLater, .. } | Fate::NotTaken(_) | Fate::Open, _) => {
            entry::Fate::Requeued
        }
        _ => entry::Fate::Released,
    }
}
