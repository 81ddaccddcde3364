//! Walks one submission along the path: accept → understand → decide → rewrite → forward | hold →
//! record. The only module that knows all folders; each step below is one of them.

mod answering;
mod asking;
mod catalogues;
mod company;
mod copying;
mod deciding;
mod departing;
pub mod ending;
mod entering;
pub mod erasing;
pub mod fleet;
mod forwarding;
mod holding;
pub mod identity;
pub mod inside;
pub mod item;
mod keeping;
mod latest;
mod leases;
pub mod opening;
pub mod places;
pub mod queue;
mod receiving;
mod releasing;
mod remembering;
mod repeating;
pub mod reservation;
mod retelling;
mod route;
mod settling;
mod signing;
pub mod surroundings;
mod unlisting;
pub mod viewing;
mod walking;
pub mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::accept::Admission;
use crate::clock::Clock;
use crate::config::watch::Live;
use crate::config::{Brand, Config};
use crate::decide::guards::understood_purpose;
use crate::decide::{Decision, Verdict, families, shown_offers};
use crate::facts::{SendEvent, SendState};
use crate::hold::Hold;
use crate::message::{Class, HttpReply, Message, SmtpReply, Submission, Wire};
use crate::policy::PolicySet;
use crate::providers::{self, Dialect, Malformed, Reading, mime};
use crate::record::ids::Ids;
use crate::record::log::Record;
use crate::record::metrics::Metrics;
use crate::store::{Refusals, Store};
use crate::understand::{Context, Meaning, ProductLinks, Purpose, understand};
use holding::held_send;
use item::{Fate, Item};
pub use releasing::Release;
pub use route::{Route, Upstream};
use walking::Walk;

/// What the ids of holds begin with that their customer's document lists: `h-` and the decision's id, or
/// `h1-` and so on when the decision lost a race and was taken anew (a hold's id is used once).
pub const LISTED: &str = "h";
/// The same for holds that no document lists: made without the store, or for a provider that would not
/// take them yet.
pub const UNLISTED: &str = "u";

/// Everything a submission meets on its way.
#[derive(Debug)]
pub struct Gateway {
    /// Settings, checked.
    pub config: Config,
    /// What this gateway calls itself.
    pub host_name: String,
    /// The wall, or a hand-turned clock.
    pub clock: Clock,
    /// Where facts live.
    pub store: Store,
    /// Refusals last known of, for when the store is away.
    pub refusals: Refusals,
    /// The rules of the moment.
    pub policies: Arc<Live<PolicySet>>,
    /// Messages that wait.
    pub hold: Hold,
    /// The gateways that share the store.
    pub fleet: fleet::Fleet,
    /// Decisions and events, written down.
    pub log: Record,
    /// Counted.
    pub metrics: Arc<Metrics>,
    /// Who is taken in when more comes than can be carried.
    pub admission: Admission,
    routes: BTreeMap<String, Route>,
    links: BTreeMap<String, ProductLinks>,
    catalogues: catalogues::Catalogues,
    ids: Ids,
    settle: queue::Queue,
    /// Who this gateway is, in this run.
    identity: Arc<identity::Identity>,
    /// True in a simulation: no work on threads beside the runtime.
    works_here: bool,
    leases: leases::Leases,
    watch: watching::Watch,
}

/// One submission's walk: what was read, and by which way it leaves.
#[derive(Debug)]
struct Errand<'a> {
    submission: &'a Submission,
    tongue: Tongue,
    reading: Reading,
    route: &'a Route,
    release: Option<Release>,
    /// Its time, and what would have to be undone.
    walk: Walk,
    /// For each recipient the first of the company it travels in: itself, when it travels alone.
    leaders: Vec<usize>,
}

/// The dialect a submission speaks.
enum Tongue {
    Http(&'static dyn Dialect),
    Mail(Box<mime::Mail>),
}

impl std::fmt::Debug for Tongue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Tongue::Http(dialect) => dialect.name(),
            Tongue::Mail(_) => "relay",
        })
    }
}

/// Why a submission does not start its walk.
#[derive(Debug, thiserror::Error)]
enum NotStarted {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No route takes it.
    #[error("{0}")]
    NoRoute(String),
}

/// Where a submission ended: its items, and the rules that were in force.
struct Walked<'a> {
    errand: Errand<'a>,
    items: Vec<Item>,
    set: Arc<PolicySet>,
}

impl Gateway {
    /// The walk. What it returns is already recorded; only the reply is left to write.
    async fn walk<'a>(&'a self, submission: &'a Submission, walk: &Walk) -> Result<Walked<'a>, NotStarted> {
        let taken = self.taken(submission, walk);
        let errand = match self.errand(submission, None) {
            Ok(errand) => Errand { walk: walk.clone(), ..errand },
            Err(refused) => {
                taken.not_started(&refused).await;
                return Err(refused);
            }
        };
        taken.read(&errand).await;
        let mut items = self.understand_items(&errand);
        let set = self.policies.current();
        self.decide_items(&errand, &mut items, &set).await;
        walk.note(&submission.stream.brand, &items);
        fail::fail_point!(format!("decided {}", submission.route).as_str());
        if walk.goes_on() {
            if walk.client_has_left() {
                self.stay_for_nobody(&mut items);
            }
            self.forward_items(&errand, &mut items).await;
            if !walk.client_has_left() {
                self.hold_the_rest(&errand, &mut items).await;
            }
        } else {
            self.unwind(&errand, &mut items).await;
        }
        self.unlist_taken_back(&errand, &items).await;
        walk.is_settled();
        self.enter(&errand, &items, &set).await;
        self.tell_of_lost(&errand, &items, &set).await;
        Ok(Walked { errand, items, set })
    }

    /// Reads a submission in its dialect and finds its way out.
    fn errand<'a>(&'a self, submission: &'a Submission, release: Option<Release>) -> Result<Errand<'a>, NotStarted> {
        let route = self
            .routes
            .get(&submission.route)
            .ok_or_else(|| NotStarted::NoRoute(format!("there is no route `{}` any more", submission.route)))?;
        let region = route.region.as_deref().or(self.brand(&submission.stream.brand).and_then(|b| b.region.as_deref()));
        let (tongue, reading) = match &submission.wire {
            Wire::Smtp(mail) => {
                let (reading, read) = providers::relay::read(mail)?;
                (Tongue::Mail(Box::new(read)), reading)
            }
            Wire::Http(request) => {
                let dialect = providers::dialect(&submission.dialect)
                    .ok_or_else(|| NotStarted::NoRoute(format!("`{}` is not a dialect", submission.dialect)))?;
                (Tongue::Http(dialect), dialect.read(request, region)?)
            }
        };
        for (index, recipient) in reading.recipients.iter().enumerate() {
            if let Err(why) = &recipient.address {
                // Whom it is for cannot be told, so nothing can be looked up: refused, never guessed.
                let field = match (&tongue, &submission.wire) {
                    (Tongue::Http(dialect), Wire::Http(request)) => dialect.recipient_field(request, index),
                    _ => format!("recipient {}", index + 1),
                };
                return Err(Malformed::Field { field, why: why.to_string() }.into());
            }
        }
        let leaders = company::leaders(&tongue, &submission.wire, reading.recipients.len());
        Ok(Errand { submission, tongue, reading, route, release, walk: Walk::unhurried(), leaders })
    }

    fn brand(&self, name: &str) -> Option<&Brand> {
        self.config.brand(name)
    }

    /// The zone of a brand's dates and hours.
    fn zone(&self, brand: &str) -> TimeZone {
        self.brand(brand).map_or(TimeZone::UTC, |brand| brand.zone.clone())
    }

    /// What does each message say? Contents shared by many recipients are read once.
    fn understand_items(&self, errand: &Errand<'_>) -> Vec<Item> {
        let now = self.clock.now();
        let stream = &errand.submission.stream;
        let content = self.content_digest(errand);
        let mut read: Vec<(usize, crate::message::Declared, Arc<Meaning>)> = Vec::new();
        let mut items = Vec::with_capacity(errand.reading.recipients.len());
        for (index, recipient) in errand.reading.recipients.iter().enumerate() {
            let Some(message) = errand.reading.message(index, stream) else { continue };
            let same = read.iter().find(|(c, d, _)| *c == recipient.content && *d == recipient.declared);
            let meaning = match same {
                Some((_, _, meaning)) => Arc::clone(meaning),
                None => {
                    let meaning = Arc::new(self.understand_message(&message, now));
                    read.push((recipient.content, recipient.declared.clone(), Arc::clone(&meaning)));
                    meaning
                }
            };
            let decision_id = self.ids.decision(now);
            items.push(Item {
                index,
                content: recipient.content,
                send_id: errand.held_by(index).map_or_else(|| decision_id.clone(), |held| held.id.clone()),
                decision_id,
                key: self.store.key(&stream.brand, &message.recipient),
                message_key: self.message_key(errand, &content, &message.recipient),
                before: None,
                was_unanswered: false,
                families: families(&meaning),
                message,
                meaning,
                decision: Decision::open(),
                now,
                history: None,
                without_store: None,
                unread: false,
                stays_with_addressee: false,
                times_held: 0,
                committed: false,
                holds_taken_back: Vec::new(),
                paced: false,
                rewritten: None,
                edits: Vec::new(),
                claims: Vec::new(),
                reservation: None,
                fate: Fate::Open,
                decide_us: 0,
            });
        }
        items
    }

    fn understand_message(&self, message: &Message, now: Timestamp) -> Meaning {
        let utc = jiff::tz::TimeZone::UTC;
        let none = ProductLinks::default();
        let brand = message.stream.brand.as_str();
        let catalogue = self.catalogues.of(brand);
        let context = Context {
            now,
            zone: self.brand(brand).map_or(&utc, |brand| &brand.zone),
            links: self.links.get(brand).unwrap_or(&none),
            catalogue: &catalogue,
        };
        let mut meaning = understand(&context, message.channel, &message.content, &message.declared);
        meaning.fingerprint = meaning.fingerprint.map(|fingerprint| self.store.keyed_fingerprint(fingerprint));
        meaning
    }

    /// When some recipients of one submission were taken and others failed for now, the client
    /// cannot be asked to send it all again: the rest is held (design §4).
    async fn hold_the_rest(&self, errand: &Errand<'_>, items: &mut [Item]) {
        let done = items.iter().any(Item::is_seen_to);
        if !done {
            return;
        }
        let all: Vec<usize> = (0..items.len()).collect();
        for company in company::companies(errand, items, &all) {
            let failed: Vec<usize> = company.into_iter().filter(|at| items[*at].fate.failed_for_now()).collect();
            let Some(first) = failed.first() else { continue };
            let now = items[*first].now;
            let due = now.saturating_add(self.retry_after()).unwrap_or(now);
            let expires = due.saturating_add(self.hold_at_most()).unwrap_or(due);
            for at in &failed {
                items[*at].decision.verdict = Verdict::Delay { until: due, expires };
            }
            self.hold(errand, items, &failed, due, expires, false).await;
            self.list_holds(errand, items, &failed).await;
        }
    }

    /// How long a message may wait at most.
    fn hold_at_most(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_hours(i64::from(self.config.hold.wait_hours_max))
    }

    /// How long after a failure for now the gateway tries again.
    fn retry_after(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(30)
    }

    /// The HTTP reply to a submission.
    async fn answer_http(&self, submission: &Submission, walk: &Walk) -> Result<HttpReply, NotStarted> {
        let mut walked = self.walk(submission, walk).await?;
        let reply = self.http_reply(&walked.errand, &walked.items, &walked.set);
        self.settle_behind(&walked.errand, &mut walked.items, reply.status.is_success());
        Ok(reply)
    }

    /// The SMTP reply to a submission.
    async fn answer_smtp(&self, submission: &Submission, walk: &Walk) -> Result<SmtpReply, NotStarted> {
        let mut walked = self.walk(submission, walk).await?;
        let reply = self.smtp_reply(&walked.errand, &walked.items, &walked.set);
        self.settle_behind(&walked.errand, &mut walked.items, reply.is_positive());
        Ok(reply)
    }
}

/// The reservation a message leaves in its customer's document: attributes, never rule ids.
fn sent_event(item: &Item, lease_until: Timestamp) -> SendEvent {
    let (message, meaning, _) = item.as_shown();
    let survey = meaning.surveys.first();
    SendEvent {
        id: item.send_id.clone(),
        at: item.now,
        state: SendState::Reserved,
        channel: message.channel,
        class: if item.decision.must_send { Class::MustSend } else { Class::Ordinary },
        priority: item.decision.priority,
        stream: message.stream.name.clone(),
        department: message.department().map(str::to_owned),
        campaign: message.campaign().map(str::to_owned),
        purpose: Some(sent_as(message, meaning)),
        survey: survey.map(|survey| survey.id.clone().unwrap_or_else(|| "?".to_owned())),
        survey_minutes: survey.and_then(|survey| survey.minutes),
        survey_reminder: survey.is_some_and(|survey| survey.reminder),
        content: meaning.fingerprint,
        offers: shown_offers(meaning),
        lease_until: Some(lease_until),
        from: item.key.0.clone(),
        attempt: item.attempt(),
    }
}

/// What a message counts as: what its text was understood to be, where that could be told, so that a
/// code sent by the newsletter's stream uses up no promotion, and a promotion called a notice does; else
/// what was declared. A notice that sells is a promotion.
fn sent_as(message: &Message, meaning: &Meaning) -> String {
    let understood = understood_purpose(meaning);
    let word = match meaning.purpose {
        Purpose::Notice if !meaning.offers.is_empty() => "promotion",
        Purpose::Other => message.purpose().unwrap_or(understood),
        _ => understood,
    };
    word.to_owned()
}
