//! What belongs to the brand and to nobody in particular: what became of its vouchers, how much is left, what
//! things publicly cost. And which of it a message needs, so that no more is fetched than is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Family, VoucherStep};
use crate::message::Money;

/// Vouchers, and products, looked up for one message; beyond it the rest is not known.
pub const NAMED_MAX: usize = 64;

/// The brand's own facts, for what a message names. What is absent was never told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BrandFacts {
    /// By code (see [`code`]): what became of the voucher, oldest first. Of each step the first and the
    /// latest time stand there.
    pub vouchers: BTreeMap<String, Vec<(VoucherStep, Timestamp)>>,
    /// By sku: when the stock was last told, and how much there was.
    pub stock: BTreeMap<String, (Timestamp, u32)>,
    /// By sku: the public prices, oldest first; each is in force until the next. One price told several
    /// times in one day stands there once, with the latest time. The prices of a window are known when one
    /// stands at or before its beginning.
    pub prices: BTreeMap<String, Vec<(Timestamp, Money)>>,
}

impl BrandFacts {
    /// Where a voucher stands: its latest step; of two at one instant the later in its life.
    pub fn voucher(&self, code: &str) -> Option<(VoucherStep, Timestamp)> {
        self.vouchers.get(code)?.iter().copied().max_by_key(|(step, at)| (*at, *step))
    }

    /// The lowest public price between two instants, and since when: that in force at the first, and all
    /// told after it. `None` when it is not known for the whole of it, or told in another currency.
    pub fn lowest_price(&self, sku: &str, from: Timestamp, until: Timestamp) -> Option<(Timestamp, Money)> {
        let told = self.prices.get(sku)?;
        let in_force = told.iter().rfind(|(at, _)| *at <= from)?;
        let mut lowest = *in_force;
        for (at, price) in told.iter().filter(|(at, _)| *at > from && *at <= until) {
            if price.compare(&lowest.1)? == std::cmp::Ordering::Less {
                lowest = (*at, *price);
            }
        }
        Some(lowest)
    }
}

/// What of the brand's facts a message needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Families of its offers.
    pub families: BTreeSet<Family>,
    /// Codes of its vouchers (see [`code`]).
    pub vouchers: BTreeSet<String>,
    /// Products of which it says that few are left, or that it hurries for.
    pub stock: BTreeSet<String>,
    /// Products whose price it sets beside another one.
    pub prices: BTreeSet<String>,
}

impl Named {
    /// Only families.
    pub fn families(families: &[Family]) -> Named {
        Named { families: families.iter().cloned().collect(), ..Named::default() }
    }

    /// Adds what another message needs.
    pub fn join(&mut self, other: Named) {
        self.families.extend(other.families);
        self.vouchers.extend(other.vouchers);
        self.stock.extend(other.stock);
        self.prices.extend(other.prices);
    }
}

/// A voucher's code as it is compared: letters and digits only, upper-case, so that `gift-12 34` in a mail is
/// the `GIFT1234` of the shop's events. Empty when there is nothing of the kind in it.
pub fn code(written: &str) -> String {
    written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}
