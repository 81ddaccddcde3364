//! How a case is written: a moment, what is known, a message, and what is expected. Plain data, and
//! its way into the nouns of the path.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::error::Source;
use super::{Place, Window};
use crate::facts::{ExperienceKind, FactKind, SendState, SurveyStep, VoucherStep};
use crate::message::{Channel, Class, Money};
use crate::understand::Goods;

/// A case, and where it stands.
#[derive(Debug, Clone)]
pub struct PolicyCase {
    /// What it says.
    pub spec: CaseSpec,
    /// Where its table begins.
    pub place: Place,
    /// The table's header, for a report with the lines around it.
    pub span: Range<usize>,
    /// The file.
    pub source: Source,
}

/// One `[[case]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSpec {
    /// What it shows.
    pub name: String,
    /// When the message is decided; its offset is the brand's clock unless `zone` says otherwise.
    pub now: Moment,
    /// The brand's zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// The recipient's own zone, when told.
    #[serde(default)]
    pub recipient_zone: Option<String>,
    /// Since when the gateway runs: nothing is known from before. Absent = everything always was.
    #[serde(default)]
    pub installed: Option<Moment>,
    /// Since when a kind of fact is known, by kind.
    #[serde(default)]
    pub known_since: BTreeMap<FactKind, Moment>,
    /// Kinds of fact the brand never handed over.
    #[serde(default)]
    pub never_told: Vec<FactKind>,
    /// True when the store does not answer.
    #[serde(default)]
    pub store_down: bool,
    /// True when this machine remembers the refusals of the history while the store does not answer.
    #[serde(default)]
    pub refusals_remembered: bool,
    /// What happened to this customer before.
    #[serde(default)]
    pub history: Vec<PastSpec>,
    /// What became of the brand's vouchers.
    #[serde(default)]
    pub vouchers: Vec<VoucherSpec>,
    /// How much was left, each with its `ago`.
    #[serde(default)]
    pub stock: Vec<StockSpec>,
    /// Public prices, each in force from its `ago` on.
    #[serde(default)]
    pub prices: Vec<PriceSpec>,
    /// The shop's catalogue.
    #[serde(default)]
    pub catalogue: Vec<ItemSpec>,
    /// Messages the brand sent before, to whomever, each with its `ago`: their claims stand in the ledger.
    #[serde(default)]
    pub claimed: Vec<MessageSpec>,
    /// The message.
    pub message: MessageSpec,
    /// What is expected.
    pub expect: Expect,
}

/// One event of the past: one of `purchase`, `returned`, `survey`, `complaint`, `opt_out`, `consent`,
/// `bounce`, `spam_complaint`, `wants`/`avoids`, `experience`, `price_alert`, `browsed`, `sent`, `held`, and what
/// belongs to it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the names of the events and their attributes")]
pub struct PastSpec {
    pub ago: Option<Window>,
    pub at: Option<Moment>,
    pub purchase: Option<String>,
    pub returned: Option<String>,
    pub price: Option<Money>,
    pub order: Option<String>,
    pub survey: Option<String>,
    pub step: Option<SurveyStep>,
    /// How long the survey takes.
    pub minutes: Option<u32>,
    pub department: Option<String>,
    pub complaint: Option<String>,
    /// How long ago the complaint was closed.
    pub closed: Option<Window>,
    /// `"all"`, `"email"` or `"sms"`.
    pub opt_out: Option<String>,
    /// `"all"`, `"email"` or `"sms"`.
    pub consent: Option<String>,
    pub purpose: Option<String>,
    pub bounce: Option<Channel>,
    pub spam_complaint: Option<Channel>,
    pub wants: Vec<String>,
    pub avoids: Vec<String>,
    pub experience: Option<ExperienceKind>,
    /// What an experience was of.
    pub product: Option<String>,
    /// The product whose lower price the customer asked to be told of.
    pub price_alert: Option<String>,
    pub browsed: Option<BrowsedSpec>,
    /// The purpose of a message sent before.
    pub sent: Option<String>,
    pub channel: Option<Channel>,
    pub campaign: Option<String>,
    pub class: Option<Class>,
    pub state: Option<SendState>,
    pub offers: Vec<OfferSpec>,
    /// What it said: read as a message is, for its offers, its pressure, its surveys and its words.
    pub text: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// True when it pressed about its offers, whatever is read in `text`.
    pub pressing: bool,
    /// When its offers were said to end, whatever is read in `text`.
    pub ends: Option<Moment>,
    /// True when its invitation was a reminder, whatever is read in `text`.
    pub survey_reminder: bool,
    /// A message waiting: in how long it wants to leave.
    pub held: Option<Window>,
    /// Its priority, or that of a message sent, if not the usual one.
    pub priority: Option<u16>,
}

/// What the customer looked at: one of the two, or both.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the fields of the event")]
pub struct BrowsedSpec {
    pub topic: Option<String>,
    pub product: Option<String>,
}

/// A step in the life of a voucher.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the fields of the event")]
pub struct VoucherSpec {
    pub code: String,
    pub step: VoucherStep,
    pub ago: Option<Window>,
    pub at: Option<Moment>,
}

/// A word on the stock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the fields of the event")]
pub struct StockSpec {
    pub product: String,
    pub left: u32,
    pub ago: Option<Window>,
    pub at: Option<Moment>,
}

/// A public price.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the fields of the event")]
pub struct PriceSpec {
    pub product: String,
    pub price: Money,
    pub ago: Option<Window>,
    pub at: Option<Moment>,
}

/// An item of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the fields of an item")]
pub struct ItemSpec {
    pub sku: String,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub list_price: Option<Money>,
    #[serde(default)]
    pub goods: Goods,
}

/// An offer as declared or shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the same as the fields of a declared offer")]
pub struct OfferSpec {
    pub product: String,
    pub id: Option<String>,
    pub price: Option<Money>,
    pub list_price: Option<Money>,
    pub ends: Option<Moment>,
    pub exclusive: Option<Channel>,
    /// Only while so many are left.
    pub left: Option<u32>,
}

/// A message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the same as the parts and declarations of a message")]
pub struct MessageSpec {
    pub channel: Channel,
    /// Whose it is to be; absent = a mailbox, or a mobile number in China.
    #[serde(default)]
    pub to: Option<String>,
    /// How long ago, for a message of the past.
    #[serde(default)]
    pub ago: Option<Window>,
    /// Header fields of a mail, by name in any case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub html: Option<String>,
    /// Why some of it could not be read.
    #[serde(default)]
    pub unreadable: Option<String>,
    #[serde(default)]
    pub brand: Option<String>,
    #[serde(default)]
    pub class: Class,
    /// The stream's priority.
    #[serde(default)]
    pub priority: Option<u16>,
    #[serde(default)]
    pub purpose: Option<String>,
    #[serde(default)]
    pub department: Option<String>,
    #[serde(default)]
    pub campaign: Option<String>,
    #[serde(default)]
    pub survey: Option<String>,
    /// True when its invitation is a reminder, whatever is read in the text.
    #[serde(default)]
    pub survey_reminder: bool,
    #[serde(default)]
    pub offers: Vec<OfferSpec>,
}

/// What should come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nobody stops, delays or changes it.
    Pass,
    /// This rule blocks.
    Block(String),
    /// This rule delays, and to this instant if one is given.
    Delay(String, Option<Moment>),
    /// This rule wants a change. Where it is said how parts read then: it can be made, and no harm is left.
    Rewrite(String, Reads),
    /// This rule cannot tell.
    CannotTell(String),
}

/// How the parts of a rewritten message read; those that are absent may read as they like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the parts of a message")]
pub struct Reads {
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Pass => f.write_str("pass"),
            Expect::Block(rule) => write!(f, "block by `{rule}`"),
            Expect::Delay(rule, None) => write!(f, "delay by `{rule}`"),
            Expect::Delay(rule, Some(until)) => write!(f, "delay by `{rule}` until {}", until.0),
            Expect::Rewrite(rule, reads) => {
                write!(f, "rewrite by `{rule}`")?;
                for (name, words) in [("subject", &reads.subject), ("text", &reads.text), ("html", &reads.html)] {
                    if let Some(words) = words {
                        write!(f, ", {name} {words:?}")?;
                    }
                }
                Ok(())
            }
            Expect::CannotTell(rule) => write!(f, "`{rule}` cannot tell"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    block: Option<String>,
    delay: Option<String>,
    until: Option<Moment>,
    rewrite: Option<String>,
    cannot_tell: Option<String>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Expect, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Expect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`\"pass\"`, or `{ block = \"rule-id\" }`, or one of delay, rewrite, cannot_tell")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Expect, E> {
                match word {
                    "pass" => Ok(Expect::Pass),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expect, A::Error> {
                let t = ExpectTable::deserialize(MapAccessDeserializer::new(map))?;
                let reads = Reads { subject: t.subject, text: t.text, html: t.html };
                if t.rewrite.is_none() && reads != Reads::default() {
                    return Err(A::Error::custom("`subject`, `text` and `html` go with rewrite"));
                }
                match (t.block, t.delay, t.rewrite, t.cannot_tell, t.until) {
                    (Some(rule), None, None, None, None) => Ok(Expect::Block(rule)),
                    (None, Some(rule), None, None, until) => Ok(Expect::Delay(rule, until)),
                    (None, None, Some(rule), None, None) => Ok(Expect::Rewrite(rule, reads)),
                    (None, None, None, Some(rule), None) => Ok(Expect::CannotTell(rule)),
                    _ => Err(A::Error::custom(
                        "expects one of block, delay, rewrite, cannot_tell; `until` goes with delay",
                    )),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A TOML date and time with its offset: `2026-11-20T10:00:00+08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp, pub jiff::tz::Offset);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?.to_string();
        let wrong = || Error::custom(format!("`{written}` has no offset: write `2026-11-20T10:00:00+08:00`"));
        let at: Timestamp = written.parse().map_err(|_| wrong())?;
        let pieces = jiff::fmt::temporal::Pieces::parse(&written).map_err(|_| wrong())?;
        Ok(Moment(at, pieces.to_numeric_offset().unwrap_or(jiff::tz::Offset::UTC)))
    }
}
