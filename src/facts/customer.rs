//! One customer's document: events, not folds, so that late, repeated and returned events commute
//! (design §3). Law facts (opt-outs, consents, complaints) are never trimmed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::ExperienceKind;
use crate::message::{AddressKind, Channel, Class, Language, Money, PRIORITY_NORMAL, same_product};

/// Members a customer may have before a link is refused (design §6).
pub const ADDRESSES_PER_CUSTOMER_MAX: usize = 16;

/// One address of the customer, as its keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The address key (hex), never the address.
    pub key: String,
    /// Mailbox or phone.
    pub kind: AddressKind,
    /// When it joined.
    pub at: Timestamp,
}

/// Something bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The order, so that a return finds it.
    pub order: Option<String>,
    /// The product's sku, upper-cased.
    pub product: String,
    /// What was paid for one.
    pub price: Option<Money>,
    /// When.
    pub at: Timestamp,
    /// The source address's key, so that `unlink` can split.
    pub from: String,
}

/// Something given back or cancelled: takes the matching purchase out of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The order, when told.
    pub order: Option<String>,
    /// The product's sku, upper-cased.
    pub product: String,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// How far a survey contact got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SurveyStep {
    /// Invited, by somebody else than this gateway.
    Invited,
    /// Answered.
    Answered,
    /// Declined.
    Declined,
}

/// A survey contact the shop told us of. Invitations this gateway sent stand among the sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyFact {
    /// Which survey.
    pub survey: String,
    /// Whose.
    pub department: Option<String>,
    /// How far it got.
    pub step: SurveyStep,
    /// How many minutes it asked for, when told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// A complaint or ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// The ticket's id.
    pub id: String,
    /// When it was opened (unknown when only its closing was told).
    pub opened_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The source address's key.
    pub from: String,
}

/// A refusal of more messages, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOutFact {
    /// The channel refused; `None` = all.
    pub channel: Option<Channel>,
    /// The purpose refused (`promotion`, `survey`); `None` = all.
    pub purpose: Option<String>,
    /// True for an opt-out or hard bounce, false for a later consent that lifts it.
    pub refused: bool,
    /// `opt-out`, `bounce`, `spam-complaint`, `consent`.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// A stated interest or disinterest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// The topic, lower-case (`shoes`).
    pub topic: String,
    /// Wanted or not.
    pub wanted: bool,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// Something the person went through, and may have an opinion of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experience {
    /// What sort.
    pub kind: ExperienceKind,
    /// The product's sku, upper-cased, when told.
    pub product: Option<String>,
    /// The order, stay or ticket, when told.
    pub order: Option<String>,
    /// Whose it was, when told.
    pub department: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// The person asked to be told of a lower price: the latest time they did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceAlert {
    /// The product's sku, upper-cased.
    pub product: String,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// The person looked at something: the latest time they did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browsed {
    /// The topic, lower-case, when told.
    pub topic: Option<String>,
    /// The product's sku, upper-cased, when told.
    pub product: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The source address's key.
    pub from: String,
}

/// Where a send stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SendState {
    /// Decided, not yet answered by the provider: counts at once.
    Reserved,
    /// Accepted by the provider.
    Sent,
    /// No answer: counts as sent.
    Unknown,
}

/// An offer as this customer was shown it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShownOffer {
    /// The sku.
    pub product: Option<String>,
    /// At what price, for one piece.
    pub price: Option<Money>,
    /// Said to be exclusive to this channel.
    pub exclusive: Option<Channel>,
    /// Its family.
    pub family: Option<String>,
    /// When it was said to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// True when the person was pressed about it: "last chance", 仅限今日, "only 3 left", a running clock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pressing: bool,
}

/// What tells a client's retry of a message from a new one (design §3, *Message key*): the message key K,
/// shortened to what one customer's few sends need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageKey {
    /// The first eight bytes of K; of a given key the last three are the content's, see
    /// [`MessageKey::of_given`].
    pub hash: u64,
    /// True when the client gave it (an idempotency key, an invocation id); false when it was made from the
    /// content, which is a retry only within minutes.
    pub given: bool,
}

/// Whose attempt a send is, and what its client has been told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt {
    /// The message key, while a retry of it may still come.
    pub key: Option<MessageKey>,
    /// The gateway whose journal knows whether anything left.
    pub owner: Option<u32>,
    /// How often bytes may have left: an unknown must-send message is tried once more.
    pub times: u8,
    /// True when its reply did not reach the client: a retry is answered from the record.
    pub unanswered: bool,
    /// True while a hold is being released by it: it stands where the document listed the hold, so until
    /// it is settled it is also the word that the hold was accepted.
    pub released: bool,
}

impl Attempt {
    /// True when there is nothing to say of it.
    pub fn is_bare(&self) -> bool {
        *self == Attempt::default()
    }
}

/// A message this gateway let go to the customer: attributes, never rule ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEvent {
    /// The reservation's id (the decision id): idempotent settling and giving back.
    pub id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Where it stands.
    pub state: SendState,
    /// How it travelled.
    pub channel: Channel,
    /// Ordinary, or must-send by evidence.
    pub class: Class,
    /// How much it weighed: whether it may have had a place that a cap keeps free.
    #[serde(default = "normal", skip_serializing_if = "is_normal")]
    pub priority: u16,
    /// Stream name.
    pub stream: String,
    /// Department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Declared or stream purpose, else what the text was understood to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The survey invited to (`?` when the id is unknown).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<String>,
    /// The survey's minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey_minutes: Option<u32>,
    /// True when the invitation was a reminder of an earlier one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub survey_reminder: bool,
    /// Fingerprint of the words a person saw ([`crate::understand::fingerprint`]), for `duplicate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<u64>,
    /// Offers shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<ShownOffer>,
    /// Until when the reservation may stand before it becomes unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// The address key it went to.
    pub from: String,
    /// Whose attempt it is.
    #[serde(default, skip_serializing_if = "Attempt::is_bare")]
    pub attempt: Attempt,
}

fn normal() -> u16 {
    PRIORITY_NORMAL
}

fn is_normal(priority: &u16) -> bool {
    *priority == PRIORITY_NORMAL
}

/// A message held for this customer: takes no cap slot, but the next free instant counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSend {
    /// The hold's id.
    pub id: String,
    /// When it wants to leave.
    pub due: Timestamp,
    /// When it is too old to send.
    pub expires: Timestamp,
    /// How it will travel.
    pub channel: Channel,
    /// Higher first.
    pub priority: u16,
    /// Whose attempt it is.
    #[serde(default)]
    pub attempt: Attempt,
}

/// A history that was folded into this one when two known customers turned out to be one person. Kept
/// so that folding the same history again, by whoever finishes an interrupted merge, changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Folded {
    /// The key it stood under.
    pub key: String,
    /// The version that was frozen and folded.
    pub version: u64,
}

/// A history on its way out of this one, because two people were taken for one. It counts no longer
/// here and stands here only until it stands under its own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parting {
    /// The key it goes to.
    pub key: String,
    /// The version that key's redirect has until the history stands there.
    pub version: u64,
    /// The history.
    pub customer: Customer,
}

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// A random id for the decision record; erasing the customer drops it and leaves the chain whole.
    pub record_id: Option<String>,
    /// Addresses joined in this history.
    pub members: Vec<Member>,
    /// IANA zone name the customer lives in, when told.
    pub zone: Option<String>,
    /// When the zone was told: the latest word stands, whatever the order it arrives in.
    pub zone_told_at: Option<Timestamp>,
    /// Language, when told.
    pub language: Option<Language>,
    /// When the language was told.
    pub language_told_at: Option<Timestamp>,
    /// Greatest `now` any decision about this customer used (design §3, *Time*).
    pub last_now: Option<Timestamp>,
    /// Bought.
    pub purchases: Vec<Purchase>,
    /// Given back.
    pub returns: Vec<Return>,
    /// Survey contacts told to us.
    pub surveys: Vec<SurveyFact>,
    /// Complaints.
    pub complaints: Vec<Complaint>,
    /// Refusals and consents.
    pub opt_outs: Vec<OptOutFact>,
    /// Interests.
    pub preferences: Vec<Preference>,
    /// Gone through.
    pub experiences: Vec<Experience>,
    /// Lower prices asked to be told of.
    pub price_alerts: Vec<PriceAlert>,
    /// Looked at.
    pub browsed: Vec<Browsed>,
    /// Sent by this gateway.
    pub sends: Vec<SendEvent>,
    /// Held by this gateway.
    pub held: Vec<HeldSend>,
    /// Short hashes of event ids already applied, oldest first.
    pub seen: Vec<u64>,
    /// When events had to be dropped for their number (`events_max`): the history is whole only after
    /// this instant, and an earlier window is "cannot tell" (see [`super::Facts::since`]).
    pub whole_since: Option<Timestamp>,
    /// Histories folded into this one.
    pub folded: Vec<Folded>,
    /// Keys of histories about to be folded in: whoever loads this one sees to it first.
    pub joining: Vec<String>,
    /// Histories on their way out: whoever loads this one sees to them first.
    pub parting: Vec<Parting>,
    /// Sections a newer build wrote, kept untouched (tag → bytes).
    pub extra: BTreeMap<u8, Vec<u8>>,
}

impl Customer {
    /// Purchases not returned since, newest first.
    pub fn kept_purchases(&self) -> Vec<&Purchase> {
        let mut kept: Vec<&Purchase> = self.purchases.iter().collect();
        for returned in &self.returns {
            let matches = |p: &&Purchase| {
                same_product(&p.product, &returned.product)
                    && p.at <= returned.at
                    && (returned.order.is_none() || p.order == returned.order)
            };
            if let Some(at) = kept.iter().rposition(matches) {
                kept.remove(at);
            }
        }
        kept.sort_by_key(|p| std::cmp::Reverse(p.at));
        kept
    }

    /// True when nothing at all is known.
    pub fn is_unheard_of(&self) -> bool {
        *self
            == Customer {
                last_now: self.last_now,
                record_id: self.record_id.clone(),
                members: self.members.clone(),
                folded: self.folded.clone(),
                joining: self.joining.clone(),
                parting: self.parting.clone(),
                ..Customer::default()
            }
    }
}
