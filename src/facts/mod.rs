//! What we know of a customer and of a brand's claims: plain data, history as events. PURE. A
//! missing fact is never read as "no history": see [`Known`] and [`Facts::since`].

pub mod apply;
pub mod attempts;
pub mod brand;
pub mod claims;
pub mod customer;
pub mod event;
pub mod family;
pub mod fold;
pub mod north_america;
pub mod outcomes;
pub mod place;
pub mod sends;
pub mod trim;
pub mod zone;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use apply::{apply, kind_of};
pub use attempts::Earlier;
pub use brand::{BrandFacts, Named};
pub use claims::{ClaimAddition, FamilyClaims};
pub use customer::{
    Attempt, Browsed, Complaint, Customer, Experience, Folded, HeldSend, Member, MessageKey, OptOutFact, Parting,
    Preference, PriceAlert, Purchase, Return, SendEvent, SendState, ShownOffer, SurveyFact, SurveyStep,
};
pub use event::{Event, ExperienceKind, VoucherStep, What, WhetherSent};
pub use family::Family;
pub use fold::{fold, split};
pub use place::Place;
pub use sends::{Proof, end_leases, enter, give_back, reserve, settle};
pub use trim::{Keep, trim};
pub use zone::{zone, zone_of_phone, zones_of_phone};

/// A fact, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known<T> {
    /// Known, possibly empty.
    Known(T),
    /// Not known.
    Unknown(Why),
}

/// Why a fact is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The store did not answer: the rule's `on_store_down` says what that means.
    StoreDown,
    /// Facts of this kind are known only since later than the window asks.
    TooYoung,
    /// The message does not say enough (no product, no price, unreadable text).
    Unread,
    /// The customer's document does not say (no zone, say).
    NotTold,
}

/// Kinds of fact, each with its own `known_since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactKind {
    /// What the gateway itself sent: known since installation.
    Sends,
    /// Purchases and returns.
    Purchases,
    /// Survey contacts: those the gateway sent, known since installation.
    Surveys,
    /// Complaints.
    Complaints,
    /// Opt-outs and hard bounces.
    OptOuts,
    /// Preferences.
    Preferences,
    /// The brand's ledger of claims: known since installation.
    Claims,
    /// What people went through.
    Experiences,
    /// What became of the brand's vouchers.
    Vouchers,
    /// How much is left.
    Stock,
    /// The public prices.
    Prices,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [FactKind; 11] = [
        FactKind::Sends,
        FactKind::Purchases,
        FactKind::Surveys,
        FactKind::Complaints,
        FactKind::OptOuts,
        FactKind::Preferences,
        FactKind::Claims,
        FactKind::Experiences,
        FactKind::Vouchers,
        FactKind::Stock,
        FactKind::Prices,
    ];

    /// Its name, as policy cases write it.
    pub fn name(self) -> &'static str {
        match self {
            FactKind::Sends => "sends",
            FactKind::Purchases => "purchases",
            FactKind::Surveys => "surveys",
            FactKind::Complaints => "complaints",
            FactKind::OptOuts => "opt-outs",
            FactKind::Preferences => "preferences",
            FactKind::Claims => "claims",
            FactKind::Experiences => "experiences",
            FactKind::Vouchers => "vouchers",
            FactKind::Stock => "stock",
            FactKind::Prices => "prices",
        }
    }
}

/// Everything one decision may look at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The person, empty if never heard of; unknown if the store is down.
    pub customer: Known<Customer>,
    /// The brand's claims, for the families of this message.
    pub claims: Known<BTreeMap<Family, FamilyClaims>>,
    /// The brand's own facts, for what this message names ([`Named`]).
    pub brand: Known<BrandFacts>,
    /// Since when each kind is known for this brand. Absent = never told.
    pub known_since: BTreeMap<FactKind, Timestamp>,
    /// The key of the address the message goes to, one of the person's; `None` where nobody tells (a
    /// policy case): then what befell one address is taken to befall this one.
    pub addressee: Option<String>,
    /// What this machine remembers of the address's refusals, when the store is away.
    pub remembered: Vec<OptOutFact>,
    /// The brand's zone, for dates in texts and calendar words.
    pub brand_zone: jiff::tz::TimeZone,
}

impl Facts {
    /// Facts for a customer nobody has heard of, in a store that has always known everything: the
    /// start of every policy case.
    pub fn of(customer: Customer) -> Facts {
        Facts {
            customer: Known::Known(customer),
            claims: Known::Known(BTreeMap::new()),
            brand: Known::Known(BrandFacts::default()),
            known_since: BTreeMap::new(),
            addressee: None,
            remembered: Vec::new(),
            brand_zone: jiff::tz::TimeZone::UTC,
        }
        .always_known()
    }

    fn always_known(mut self) -> Facts {
        for kind in FactKind::ALL {
            self.known_since.insert(kind, Timestamp::UNIX_EPOCH);
        }
        self
    }

    /// The customer, or why not.
    pub fn customer(&self) -> Result<&Customer, Why> {
        match &self.customer {
            Known::Known(customer) => Ok(customer),
            Known::Unknown(why) => Err(*why),
        }
    }

    /// The brand's own facts, or why not.
    pub fn brand(&self) -> Result<&BrandFacts, Why> {
        match &self.brand {
            Known::Known(brand) => Ok(brand),
            Known::Unknown(why) => Err(*why),
        }
    }

    /// `Ok` when facts of `kind` are known for the whole window that starts at `from`. A guard that
    /// found its objection need not ask; one that found nothing must, before it says "fine".
    pub fn since(&self, kind: FactKind, from: Timestamp) -> Result<(), Why> {
        let trimmed = matches!(kind, FactKind::Sends | FactKind::Purchases | FactKind::Surveys | FactKind::Experiences);
        if let (true, Known::Known(customer)) = (trimmed, &self.customer)
            && customer.whole_since.is_some_and(|whole| from <= whole)
        {
            return Err(Why::TooYoung);
        }
        match self.known_since.get(&kind) {
            Some(since) if *since <= from => Ok(()),
            _ => Err(Why::TooYoung),
        }
    }
}
