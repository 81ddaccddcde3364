//! Counters for machines (`/metrics`), in the OpenMetrics text form. Labels come from closed lists or
//! from the configuration; what a client can write freely is never a label, an address least of all.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::entry::Fate;
use crate::decide::Decision;
use crate::message::{Channel, Class};

/// Names of streams, rules and routes shown; what comes after is counted under `other` (policies
/// reloaded for years must not make a page of a million lines).
const LABELS_MAX: usize = 2_000;
const LABEL_BYTES_MAX: usize = 200;

/// A submission's labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SubmissionLabels {
    /// `smtp`, `http`.
    pub door: &'static str,
    /// `smtp`, `sendgrid`, `twilio` … from the list of dialects; `other` for what is not on it.
    pub dialect: &'static str,
}

/// A decision's labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DecisionLabels {
    /// The verdict.
    pub verdict: &'static str,
    /// The channel.
    pub channel: &'static str,
    /// The stream's name in the configuration.
    pub stream: String,
}

/// A finding's labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FindingLabels {
    /// The guard.
    pub guard: String,
    /// The rule's id.
    pub rule: String,
    /// `true` when the rule only watches.
    pub shadow: &'static str,
}

/// An outcome's labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// The route's name in the configuration.
    pub route: String,
    /// What became of the message.
    pub outcome: &'static str,
}

/// Who was turned away, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ShedLabels {
    /// `smtp`, `http`.
    pub door: &'static str,
    /// `ordinary`, `must-send`.
    pub class: &'static str,
}

/// A class of messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ClassLabels {
    /// `ordinary`, `must-send`.
    pub class: &'static str,
}

/// A route's label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// The route's name in the configuration.
    pub route: String,
}

/// What was tried with the store or the policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabels {
    /// `ok`, or the kind of failure.
    pub result: &'static str,
}

/// A kind of error of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StoreErrorLabels {
    /// `timeout`, `read-only`, `breaker-open` … from the store's own list.
    pub kind: &'static str,
}

/// Every number the gateway keeps.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    known: RwLock<BTreeSet<String>>,
    submissions: Family<SubmissionLabels, Counter>,
    decisions: Family<DecisionLabels, Counter>,
    findings: Family<FindingLabels, Counter>,
    outcomes: Family<OutcomeLabels, Counter>,
    store_setbacks: Family<ResultLabels, Counter>,
    store_errors: Family<StoreErrorLabels, Counter>,
    store_breaker: Gauge,
    reloads: Family<ResultLabels, Counter>,
    breakers: Family<RouteLabels, Gauge>,
    degraded: Family<ClassLabels, Counter>,
    shed: Family<ShedLabels, Counter>,
    in_work: Gauge,
    record_errors: Gauge<u64, AtomicU64>,
    holds: Gauge,
    holds_quarantined: Gauge,
    settlements_waiting: Gauge,
    settlements_retried: Counter,
    holds_taken_over: Counter,
    decide_seconds: Histogram,
    total_seconds: Histogram,
}

impl Metrics {
    /// All at nought.
    pub fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("tactgate"),
            known: RwLock::default(),
            submissions: Family::default(),
            decisions: Family::default(),
            findings: Family::default(),
            outcomes: Family::default(),
            store_setbacks: Family::default(),
            store_errors: Family::default(),
            store_breaker: Gauge::default(),
            reloads: Family::default(),
            breakers: Family::default(),
            degraded: Family::default(),
            shed: Family::default(),
            in_work: Gauge::default(),
            record_errors: Gauge::default(),
            holds: Gauge::default(),
            holds_quarantined: Gauge::default(),
            settlements_waiting: Gauge::default(),
            settlements_retried: Counter::default(),
            holds_taken_over: Counter::default(),
            decide_seconds: Histogram::new(DECIDE_SECONDS),
            total_seconds: Histogram::new(TOTAL_SECONDS),
        };
        metrics.register();
        metrics
    }

    /// A submission came in at a door.
    pub fn submission(&self, door: &'static str, dialect: &'static str) {
        self.submissions.get_or_create(&SubmissionLabels { door, dialect }).inc();
    }

    /// A decision was taken, with all it found.
    pub fn decision(&self, decision: &Decision, channel: Channel, stream: &str) {
        let stream = self.bounded(stream);
        let labels = DecisionLabels { verdict: decision.verdict.name(), channel: channel_name(channel), stream };
        self.decisions.get_or_create(&labels).inc();
        for finding in &decision.findings {
            let labels = FindingLabels {
                guard: finding.guard.clone(),
                rule: self.bounded(&finding.rule),
                shadow: if finding.shadow { "true" } else { "false" },
            };
            self.findings.get_or_create(&labels).inc();
        }
        if decision.findings.iter().any(|finding| finding.degraded) {
            let class = class_name(if decision.must_send { Class::MustSend } else { Class::Ordinary });
            self.degraded.get_or_create(&ClassLabels { class }).inc();
        }
    }

    /// It is known what became of a message.
    pub fn outcome(&self, route: &str, outcome: Fate) {
        let route = self.bounded(route);
        self.outcomes.get_or_create(&OutcomeLabels { route, outcome: outcome.name() }).inc();
    }

    /// A step of the path could not be done with the store; `step` names it, not the error's words.
    pub fn store_error(&self, step: &'static str) {
        self.store_setbacks.get_or_create(&ResultLabels { result: step }).inc();
    }

    /// How the store stands: whether a breaker is open, and how often each kind of error came up.
    pub fn store(&self, breaker_open: bool, errors: &[(&'static str, u64)]) {
        self.store_breaker.set(i64::from(breaker_open));
        for (kind, count) in errors {
            self.store_errors.get_or_create(&StoreErrorLabels { kind }).inner().store(*count, Ordering::Relaxed);
        }
    }

    /// A submission was turned away for want of room.
    pub fn shed(&self, door: &'static str, class: Class) {
        self.shed.get_or_create(&ShedLabels { door, class: class_name(class) }).inc();
    }

    /// Submissions in work.
    pub fn in_work(&self, submissions: usize) {
        self.in_work.set(i64::try_from(submissions).unwrap_or(i64::MAX));
    }

    /// The policies were read again: `ok`, `refused`.
    pub fn reload(&self, result: &'static str) {
        self.reloads.get_or_create(&ResultLabels { result }).inc();
    }

    /// A route's breaker: 0 closed, 1 half open, 2 open.
    pub fn breaker(&self, route: &str, level: i64) {
        let route = self.bounded(route);
        self.breakers.get_or_create(&RouteLabels { route }).set(level);
    }

    /// What waits in the hold file.
    pub fn holds(&self, counts: crate::hold::Counts) {
        let shown = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.holds.set(shown(counts.held.saturating_add(counts.claimed)));
        self.holds_quarantined.set(shown(counts.quarantined));
    }

    /// Ends of reservations that wait for the store, and how many of them it just failed to take.
    pub fn settlements(&self, waiting: usize, failed: usize) {
        self.settlements_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.settlements_retried.inc_by(failed as u64);
    }

    /// A hold was taken over from a gateway that is gone.
    pub fn hold_taken_over(&self) {
        self.holds_taken_over.inc();
    }

    /// Lines the record could not write, as [`super::Record::errors`] tells.
    pub fn record_errors(&self, errors: u64) {
        self.record_errors.set(errors);
    }

    /// How long deciding took.
    pub fn decided_in(&self, seconds: f64) {
        self.decide_seconds.observe(seconds);
    }

    /// How long it took from the last byte of a submission to the reply.
    pub fn answered_in(&self, seconds: f64) {
        self.total_seconds.observe(seconds);
    }

    /// The page `/metrics`.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        match text::encode(&mut page, &self.registry) {
            Ok(()) => page,
            // Writing to a string fails only when a label cannot be written; half a page would lie.
            Err(error) => format!("# not encoded: {error}\n# EOF\n"),
        }
    }

    fn bounded(&self, label: &str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).contains(label);
        if known || self.learnt(label) { label.to_owned() } else { "other".to_owned() }
    }

    fn learnt(&self, label: &str) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let room = known.len() < LABELS_MAX && label.len() <= LABEL_BYTES_MAX;
        if room {
            known.insert(label.to_owned());
        }
        room
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("submissions", "Submissions taken, by door and dialect", self.submissions.clone());
        r.register("decisions", "Decisions, by verdict, channel and stream", self.decisions.clone());
        r.register("findings", "Findings, by guard and rule", self.findings.clone());
        r.register("outcomes", "What became of messages, by route", self.outcomes.clone());
        r.register("store_setbacks", "Steps the store failed at, by step", self.store_setbacks.clone());
        r.register("store_errors", "Errors of the store, by kind", self.store_errors.clone());
        r.register("store_breaker_open", "1 while a server of the store is left alone", self.store_breaker.clone());
        r.register("policy_reloads", "Reloads of the policies, by result", self.reloads.clone());
        r.register("breaker_state", "0 closed, 1 half-open, 2 open", self.breakers.clone());
        r.register("degraded", "Decisions let go although the store was down, by class", self.degraded.clone());
        r.register("shed", "Submissions turned away for want of room, by door and class", self.shed.clone());
        r.register("in_work", "Submissions in work", self.in_work.clone());
        r.register("record_errors", "Record lines that could not be written", self.record_errors.clone());
        r.register("holds", "Messages held", self.holds.clone());
        r.register("holds_quarantined", "Held messages found damaged", self.holds_quarantined.clone());
        let (waiting, retried) = (self.settlements_waiting.clone(), self.settlements_retried.clone());
        r.register("settlements_waiting", "Ends of reservations the store does not know yet", waiting);
        r.register("settlements_retried", "Ends of reservations the store failed to take", retried);
        r.register("holds_taken_over", "Holds taken over from gateways that are gone", self.holds_taken_over.clone());
        let (decide, total) = (self.decide_seconds.clone(), self.total_seconds.clone());
        r.register_with_unit("decide_duration", "Time to decide", Unit::Seconds, decide);
        r.register_with_unit("total_duration", "From the last byte to the reply", Unit::Seconds, total);
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

const DECIDE_SECONDS: [f64; 10] = [5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2];
const TOTAL_SECONDS: [f64; 14] = [2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5, 2.0, 10.0, 60.0];

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Ordinary => "ordinary",
        Class::MustSend => "must-send",
    }
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "sms",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{Answer, Finding, Objection, Verdict};
    use crate::policy::Place;

    fn decision(rule: &str, shadow: bool) -> Decision {
        let finding = Finding {
            guard: "below_price_paid".into(),
            rule: rule.into(),
            place: Place { file: "policies/prices.toml".into(), line: 3 },
            answer: Answer::Objects(Objection::default()),
            wants: Verdict::Block,
            shadow,
            not_removed: false,
            degraded: true,
        };
        Decision { verdict: Verdict::Block, findings: vec![finding], ..Decision::open() }
    }

    #[test]
    fn the_page_counts_by_closed_labels() {
        let metrics = Metrics::new();
        metrics.submission("http", "sendgrid");
        metrics.decision(&decision("刚买就降价", false), Channel::Sms, "促销");
        metrics.outcome("main", Fate::Blocked);
        metrics.breaker("main", 2);
        metrics.holds(crate::hold::Counts { held: 2, claimed: 1, quarantined: 0 });
        metrics.decided_in(0.000_012);
        metrics.store(true, &[("timeout", 5)]);
        let page = metrics.encode();
        for line in [
            r#"tactgate_submissions_total{door="http",dialect="sendgrid"} 1"#,
            r#"tactgate_decisions_total{verdict="block",channel="sms",stream="促销"} 1"#,
            r#"tactgate_findings_total{guard="below_price_paid",rule="刚买就降价",shadow="false"} 1"#,
            r#"tactgate_outcomes_total{route="main",outcome="blocked"} 1"#,
            r#"tactgate_breaker_state{route="main"} 2"#,
            r#"tactgate_degraded_total{class="ordinary"} 1"#,
            r#"tactgate_store_errors_total{kind="timeout"} 5"#,
            "tactgate_store_breaker_open 1",
            "tactgate_holds 3",
            "tactgate_decide_duration_seconds_count 1",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} not in\n{page}");
        }
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let metrics = Metrics::new();
        for number in 0..LABELS_MAX + 500 {
            metrics.decision(&decision(&format!("rule-{number}"), true), Channel::Email, "promo");
        }
        let page = metrics.encode();
        let lines = page.lines().filter(|line| line.starts_with("tactgate_findings_total")).count();
        assert!(lines <= LABELS_MAX + 1, "{lines}");
        assert!(page.contains(r#"rule="other",shadow="true"} 501"#), "the stream took one name");
    }
}
