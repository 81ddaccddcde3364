//! One recipient of a submission on its way along the path: what was understood, decided, done.

use std::sync::Arc;

use jiff::Timestamp;

use super::reservation::Reservation;
use crate::decide::{Decision, Verdict};
use crate::facts::{ClaimAddition, Earlier, Family, SendEvent};
use crate::message::{Edit, HttpReply, Message, SmtpReply};
use crate::providers::Outcome;
use crate::store::{CustomerKey, Keyed};
use crate::understand::Meaning;

/// One message of a submission.
#[derive(Debug)]
pub struct Item {
    /// Its recipient's index in the reading.
    pub index: usize,
    /// Which content it shows.
    pub content: usize,
    /// The decision's id.
    pub decision_id: String,
    /// The id of its reservation: the decision's, or at a release that of the decision that held it,
    /// so that a release begun twice reserves once.
    pub send_id: String,
    /// What guards judge.
    pub message: Message,
    /// What it says.
    pub meaning: Arc<Meaning>,
    /// The families of its offers.
    pub families: Vec<(usize, Family)>,
    /// The key of the address it goes to.
    pub key: CustomerKey,
    /// By it a retry is told from a new message.
    pub message_key: Keyed,
    /// The send of an earlier attempt, whose answer was lost, that this one repeats under its id.
    pub before: Option<SendEvent>,
    /// True when it was held and its client was not told so.
    pub was_unanswered: bool,
    /// What was decided, once it was.
    pub decision: Decision,
    /// The moment the decision took for now.
    pub now: Timestamp,
    /// The customer's history: its root, the version decided on, the random id for the record.
    pub history: Option<History>,
    /// Why it was decided without its customer's history: what the store said, or did not.
    pub without_store: Option<Arc<str>>,
    /// True when this walk never read its customer's document, so that it wrote nothing there either.
    pub unread: bool,
    /// True when guards let it go but the addressee it is a copy for may not be written to.
    pub stays_with_addressee: bool,
    /// How often it was put into the hold: a decision that loses its race takes its hold back.
    pub times_held: u32,
    /// True when an earlier round of this walk wrote it into its customer's document, and somebody it
    /// travels with lost the race: it is decided again, too.
    pub committed: bool,
    /// Holds of earlier rounds, taken back since: its document may list them.
    pub holds_taken_back: Vec<String>,
    /// True when it is delayed for its provider's pace alone, not by a rule.
    pub paced: bool,
    /// What a rewritten message says in place of `meaning`: this is what the person is shown.
    pub rewritten: Option<Box<Rewritten>>,
    /// Edits of its content, when the verdict is rewrite.
    pub edits: Vec<Edit>,
    /// What it claims that the brand's ledger does not have yet.
    pub claims: Vec<ClaimAddition>,
    /// Its reservation, from the moment the store is asked for it until it is settled or given back.
    pub reservation: Option<Reservation>,
    /// What became of it.
    pub fate: Fate,
    /// How long the decision took, microseconds.
    pub decide_us: u64,
}

/// A message after its rewrite.
#[derive(Debug)]
pub struct Rewritten {
    /// As it leaves.
    pub message: Message,
    /// What it still says.
    pub meaning: Meaning,
    /// The families of the offers it still makes.
    pub families: Vec<(usize, Family)>,
}

/// Where a customer's history stood when it was decided on.
#[derive(Debug, Clone)]
pub struct History {
    /// The root key.
    pub root: CustomerKey,
    /// The version decided on.
    pub version: u64,
    /// The customer's random id, as the record names them.
    pub record_id: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Default)]
pub enum Fate {
    /// Nothing yet.
    #[default]
    Open,
    /// Guards refused it.
    Blocked,
    /// Durable in the hold, until then.
    Held {
        /// The hold's id.
        id: String,
        /// When it will be decided again.
        due: Timestamp,
    },
    /// A hold whose customer's document does not list it: the commit of its delay never was, so its
    /// sender was told to come again. Not sent.
    Orphan,
    /// A client's retry: answered from the record, never sent, reserved or held again.
    Repeated {
        /// What became of the earlier attempt.
        earlier: Earlier,
        /// The reply it had, where it was kept.
        reply: Option<Answer>,
    },
    /// The gateway could neither send nor hold it: the client keeps it.
    NotTaken(String),
    /// Given to the provider.
    Forwarded {
        /// What the answer means for this recipient.
        outcome: Outcome,
        /// The answer, or the gateway's own words when there was none.
        answer: Answer,
    },
}

/// A provider's answer for one recipient.
#[derive(Debug, Clone)]
pub enum Answer {
    /// From an SMTP server.
    Smtp(SmtpReply),
    /// From an HTTP API.
    Http(Arc<HttpReply>),
    /// None came, and why.
    None(String),
}

impl Fate {
    /// True when it neither left nor waits, for no reason of its own.
    pub fn failed_for_now(&self) -> bool {
        matches!(self, Fate::NotTaken(_) | Fate::Open | Fate::Forwarded { outcome: Outcome::TryLater, .. })
    }

    /// True when a hold that was to be released is still needed for it.
    pub fn still_waits(&self) -> bool {
        matches!(self, Fate::Held { .. }) || self.failed_for_now()
    }
}

impl Item {
    /// True when the decision lets it leave now.
    pub fn leaves_now(&self) -> bool {
        matches!(self.decision.verdict, Verdict::Pass | Verdict::Rewrite) && matches!(self.fate, Fate::Open)
    }

    /// The message, its meaning and families as the person is shown them.
    pub fn as_shown(&self) -> (&Message, &Meaning, &[(usize, Family)]) {
        match &self.rewritten {
            Some(rewritten) => (&rewritten.message, &rewritten.meaning, &rewritten.families),
            None => (&self.message, &self.meaning, &self.families),
        }
    }

    /// What was written down of it stands in its customer's document.
    pub(super) fn is_written(&mut self) {
        self.committed = true;
        match (&self.fate, &mut self.reservation) {
            (Fate::Open, Some(reservation)) => reservation.stands(),
            // A later round decided against it and took out what an earlier one reserved.
            _ => self.reservation.take().into_iter().for_each(Reservation::forget),
        }
    }

    /// Somebody else wrote into its customer's document first.
    pub(super) fn lost_its_race(&mut self) {
        self.reservation.take_if(Reservation::lost_its_race);
    }

    /// True when its client need not come again: it was taken, waits, or was taken by an earlier attempt.
    pub fn is_seen_to(&self) -> bool {
        let of_the_record =
            |earlier: &Earlier| !matches!(earlier, Earlier::InFlight { .. } | Earlier::OtherContent { .. });
        self.is_accepted() || matches!(self.fate, Fate::Held { .. }) || self.repeats().is_some_and(of_the_record)
    }

    /// True when the provider took it.
    pub fn is_accepted(&self) -> bool {
        matches!(self.fate, Fate::Forwarded { outcome: Outcome::Accepted, .. })
    }
}
