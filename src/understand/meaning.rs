//! The typed meaning of a message: what guards judge and what the decision record keeps, so that
//! `replay` can decide again without the text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, Language, Money, Span};

/// Where a statement came from, best first (design §3, *Source of an offer's facts*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Read from the text.
    Text,
    /// From a link or the catalogue.
    Link,
    /// From structured data in the mail.
    Structured,
    /// The sender said so.
    Declared,
}

/// How sure the reader is, 0 to 100; a rule states the least it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(pub u8);

impl Confidence {
    /// Declared by the sender.
    pub const CERTAIN: Confidence = Confidence(100);
}

/// What a message is for, by its words and structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sells something.
    Promotion,
    /// Asks for opinions.
    Survey,
    /// Carries a one-time code: must-send evidence.
    OneTimeCode,
    /// Order confirmation, receipt, delivery or appointment notice: must-send evidence.
    Notice,
    /// None of these could be told.
    #[default]
    Other,
}

/// Whether the wording speaks to a prospect or to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// "first order", 新人专享.
    Prospect,
    /// "thank you for your purchase", 老客户.
    Customer,
}

/// What sort of goods a product is, by the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goods {
    /// Bought again now and then: the usual window.
    #[default]
    Ordinary,
    /// Kept for years (a mattress, a phone): a later, cheaper offer hurts for longer.
    Durable,
    /// Used up and bought again (milk, ink): its price may change.
    Consumable,
    /// Bought once only (a licence, a membership).
    Single,
}

/// One product offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The product's sku, upper-cased, when known.
    pub product: Option<String>,
    /// The sender's id of the offer, when declared.
    pub id: Option<String>,
    /// What it costs here.
    pub price: Option<Money>,
    /// The struck-out or "was" price.
    pub list_price: Option<Money>,
    /// What it costs without any offer, by the catalogue: no claim of the message.
    #[serde(default)]
    pub usual_price: Option<Money>,
    /// Percent off, when that is all it says.
    pub percent_off: Option<u8>,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// The only channel it may be shown on.
    pub exclusive: Option<Channel>,
    /// How many pieces the price buys ("2 for $50", 两件99元), when it is not one.
    #[serde(default)]
    pub pieces: Option<u16>,
    /// What sort of goods, when the catalogue says.
    #[serde(default)]
    pub goods: Goods,
    /// Its category in the catalogue, lower-case, when known.
    #[serde(default)]
    pub category: Option<String>,
    /// Sketch of the offer's sentences without names, codes, numbers, dates and the talk of sales, four hashes of
    /// 16 bits: part of its family. The first is 0 when nothing else is said: the whole range is on sale.
    pub simhash: Option<u64>,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentences that make it.
    pub spans: Vec<Span>,
}

/// What sort of end a deadline claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKind {
    /// A calendar date: "until November 30", 截至11月30日.
    Absolute,
    /// Relative to now: "this weekend", "within 48 hours", 仅限今日.
    Relative,
    /// "Last chance", 最后一天, with no date.
    LastChance,
    /// Counted from the moment each person receives it: "valid for 7 days", 7天内有效. Everybody's own,
    /// so no claim to the public that a later message could contradict.
    FromReceipt,
}

/// A claimed end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// When the claim says it ends, if it says.
    pub instant: Option<Timestamp>,
    /// What sort of claim.
    pub kind: DeadlineKind,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentence that makes it; `None` when declared.
    pub span: Option<Span>,
    /// The very words that tell when: `this weekend`, 11月30日. What a rewrite replaces by the true date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Span>,
}

/// An invitation to a survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAsk {
    /// Which survey, when declared or told by its link.
    pub id: Option<String>,
    /// How long it takes, when said.
    pub minutes: Option<u32>,
    /// True when it reminds of an earlier invitation.
    #[serde(default)]
    pub reminder: bool,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The sentences or links that invite.
    pub spans: Vec<Span>,
}

/// How the message lets a person refuse more of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOut {
    /// Words or a link in the text.
    Text(Span),
    /// A List-Unsubscribe header only.
    Header,
}

/// Something that could not be read, in words for the record. Never quotes the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Doubt(pub String);

/// How a message hurries its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrgencyKind {
    /// Bare hurry: "hurry", "don't miss out", 抓紧, 手慢无.
    Hurry,
    /// "Last chance", "final hours", 最后机会, 仅限今日: the end is near, in words.
    LastChance,
    /// A clock that runs: "ends in 02:14:59", a countdown picture, 倒计时.
    Countdown,
    /// Few are left, many look: "only 3 left", 仅剩3件, "selling fast".
    Scarcity,
    /// The shop or the line closes: "closing down sale", 清仓, 撤店, 倒闭.
    Closing,
}

/// One claim of urgency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrgencyClaim {
    /// What sort.
    pub kind: UrgencyKind,
    /// How many are said to be left, when a number is said.
    pub left: Option<u32>,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The words that make it, and no more of the sentence than must go with them.
    pub spans: Vec<Span>,
}

/// How urgent a message is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// It says nothing of time or scarcity.
    #[default]
    None,
    /// It tells when the offer ends, plainly.
    Dated,
    /// It presses.
    Pressure,
}

/// What a price in the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceKind {
    /// What it costs now.
    Current,
    /// What it cost, or is said to be worth: 原价, "was", struck out.
    List,
}

/// One price an offer names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTold {
    /// How much.
    pub money: Money,
    /// Now or before.
    pub kind: PriceKind,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The figure with its currency.
    pub spans: Vec<Span>,
}

/// What is taken off, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub enum Discount {
    /// Percent off: "20% off", 8折 = 20.
    Percent(u8),
    /// An amount off: "$10 off", 立减50.
    Amount(Money),
    /// So much off from so much on: 满300减50, "$20 off orders over $100".
    Threshold {
        /// What must be spent.
        from: Money,
        /// What is taken off then.
        off: Money,
    },
    /// Percent off one more of it: 第二件半价 = 50, "buy one get one 50% off"; 买一送一 = 100.
    NextOne(u8),
    /// Carriage costs nothing: 包邮, "free shipping".
    FreeShipping,
    /// Something is given along: 赠, "free gift".
    Gift,
    /// Words of sale without a figure: 特价, "clearance".
    Unsaid,
}

/// One discount, and where it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountTold {
    /// What is taken off.
    pub discount: Discount,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// The words that tell it.
    pub spans: Vec<Span>,
}

/// What a voucher is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoucherKind {
    /// Money on a card: 礼品卡, "gift card".
    GiftCard,
    /// A voucher for goods or money: 代金券, 提货券.
    Voucher,
    /// A code that takes something off: 优惠码, "use code SAVE20".
    Coupon,
}

/// A voucher, gift card or code that a message hands over or speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherTold {
    /// What it is.
    pub kind: VoucherKind,
    /// Its code as the brand's events name it: upper-case letters and digits only. Whoever knows the code of
    /// a gift card can spend it, so it is never written to the record.
    #[serde(skip)]
    pub code: Option<String>,
    /// When it is said to expire.
    pub expires: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// Where it stands.
    pub spans: Vec<Span>,
}

/// A topic spoken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name, lower-case (`shoes`).
    pub name: String,
    /// Where it was read.
    pub source: Source,
    /// How surely.
    pub confidence: Confidence,
    /// Where it stands.
    pub spans: Vec<Span>,
}

/// Whom the wording speaks to, and where it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceTold {
    /// Whom.
    pub audience: Audience,
    /// How surely.
    pub confidence: Confidence,
    /// The words that say so.
    pub spans: Vec<Span>,
}

/// All that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meaning {
    /// The language most of it is in.
    pub language: Option<Language>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it speaks to, when the wording tells.
    pub audience: Option<Audience>,
    /// The words it was told by.
    pub audiences: Vec<AudienceTold>,
    /// What it offers.
    pub offers: Vec<Offer>,
    /// The ends it claims.
    pub deadlines: Vec<Deadline>,
    /// True when it says that an end it announced is put off: "extended until Sunday", 延长至周日.
    pub extends: bool,
    /// The surveys it invites to.
    pub surveys: Vec<SurveyAsk>,
    /// How it hurries: every claim of urgency.
    pub urgencies: Vec<UrgencyClaim>,
    /// The prices it names, in the order they stand.
    pub prices: Vec<PriceTold>,
    /// What it takes off.
    pub discounts: Vec<DiscountTold>,
    /// Vouchers, gift cards and codes.
    pub vouchers: Vec<VoucherTold>,
    /// What it is about: catalogue or lexicon topics (`shoes`, `bags`), the most spoken of first.
    pub topics: Vec<Topic>,
    /// How it can be refused.
    pub opt_out: Option<OptOut>,
    /// Fingerprint of the words a person sees ([`crate::understand::fingerprint`]); the gateway keys it.
    pub fingerprint: Option<u64>,
    /// What could not be read. Not empty: guards that need the text answer "cannot tell".
    pub doubts: Vec<Doubt>,
}

impl Meaning {
    /// True when the text is evidence that the message must be sent (design §3: "transactional"
    /// needs evidence, not only a claim).
    pub fn is_transactional(&self) -> bool {
        matches!(self.purpose, Purpose::OneTimeCode | Purpose::Notice)
    }

    /// Takes away what only the words say: one person who tells another of a sale sells nothing. Who reports of sales may
    /// still ask for opinions (`asks`).
    pub(super) fn keep_what_is_declared(&mut self, asks: bool) {
        self.offers.retain(|offer| offer.source == Source::Declared);
        self.deadlines.retain(|deadline| deadline.source == Source::Declared);
        self.surveys.retain(|survey| asks || survey.source >= Source::Link);
        self.prices.clear();
        self.discounts.clear();
        self.urgencies.clear();
        self.vouchers.clear();
    }

    /// How urgent it is in one word: pressure before a plain end.
    pub fn urgency(&self) -> Urgency {
        match (self.urgencies.is_empty(), self.deadlines.is_empty()) {
            (false, _) => Urgency::Pressure,
            (true, false) => Urgency::Dated,
            (true, true) => Urgency::None,
        }
    }
}
