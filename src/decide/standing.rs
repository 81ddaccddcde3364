//! What a message is, by what its sender claims and by what its words bear out, and so how far a courtesy may
//! go with it (design §3, *Streams and classes*).
//!
//! | standing | claimed | words | an objection of a courtesy guard |
//! |---|---|---|---|
//! | must-send | by stream or purpose | a code or a receipt | takes what it marks away; what cannot be taken stays |
//! | receipt | no | a code or a receipt | the same, but what cannot be taken stops it, and the rest must still be a receipt |
//! | ordinary | either | anything else | does what the rule says |
//!
//! What a receipt sells is judged by the rules for promotions as well: whoever refused promotions, complains, or had
//! enough of them this week, gets the receipt without the offer ([`as_the_promotion_it_carries`]).
//!
//! A code, and a receipt by its words that sells, asks and hands over nothing, go untouched: what a guard took for
//! pressure in them ("expires in 10 minutes", 限时5分钟有效) is none.

use crate::message::{Class, Message};
use crate::understand::{Meaning, Purpose};

/// Declared purposes that claim what the stream class `must-send` claims.
pub const TRANSACTIONAL_PURPOSES: &[&str] =
    &["transactional", "one-time-code", "notice", "receipt", "order", "delivery", "security"];

/// Declared purposes that no receipt has: its sender says that it is none.
const OTHER_PURPOSES: &[&str] = &["promotion", "promotional", "marketing", "newsletter", "survey"];

/// How far a message is protected from courtesy guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Not at all.
    Ordinary,
    /// A code or a receipt by its words; nobody declared it.
    Receipt,
    /// Claimed by stream or purpose, and borne out by its words.
    MustSend,
}

impl Standing {
    /// The standing of a message with this meaning.
    pub fn of(message: &Message, meaning: &Meaning) -> Standing {
        let declared = |purposes: &[&str]| {
            message.purpose().is_some_and(|told| purposes.iter().any(|purpose| purpose.eq_ignore_ascii_case(told)))
        };
        if !meaning.is_transactional() {
            Standing::Ordinary
        } else if message.stream.class == Class::MustSend || declared(TRANSACTIONAL_PURPOSES) {
            Standing::MustSend
        } else if meaning.purpose == Purpose::OneTimeCode || !declared(OTHER_PURPOSES) {
            Standing::Receipt
        } else {
            Standing::Ordinary
        }
    }

    /// True when a courtesy guard may not stop or delay it.
    pub fn is_shielded(self) -> bool {
        self != Standing::Ordinary
    }

    /// True when nothing may be taken out of it either: there is no offer, invitation or voucher to take.
    pub fn is_untouchable(self, meaning: &Meaning) -> bool {
        let carries_nothing = meaning.offers.is_empty() && meaning.surveys.is_empty() && meaning.vouchers.is_empty();
        match self {
            Standing::Ordinary => false,
            Standing::Receipt => carries_nothing,
            Standing::MustSend => carries_nothing && meaning.purpose == Purpose::OneTimeCode,
        }
    }
}

/// What the rules for promotions judge of a receipt: its meaning, taken for that of a promotion. `None` when it sells
/// nothing that could be taken out.
pub fn as_the_promotion_it_carries(message: &Message, meaning: &Meaning) -> Option<Meaning> {
    let sells = meaning.purpose == Purpose::Notice && meaning.offers.iter().any(|offer| !offer.spans.is_empty());
    let is_receipt = sells && Standing::of(message, meaning).is_shielded();
    is_receipt.then(|| Meaning { purpose: Purpose::Promotion, ..meaning.clone() })
}

/// True when the message must be sent: claimed by its stream or purpose, and its text bears it out.
pub fn is_must_send(message: &Message, meaning: &Meaning) -> bool {
    Standing::of(message, meaning) == Standing::MustSend
}
