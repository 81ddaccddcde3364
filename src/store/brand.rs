//! The brand's own facts in the store: what became of its vouchers, its stock, its public prices. Bounded sets
//! whose members commute, named by keyed or plain hashes, so that no code of a voucher stands in the store; in
//! one cluster slot with the ledger of claims and read in the same round trip. Each is thrown away so long
//! after its last word.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::backend::{Ask, Marks, Note};
use super::claims::{hashed, instant};
use super::{Store, StoreError};
use crate::facts::brand::{code, restocked};
use crate::facts::{BrandFacts, Event, Named, VoucherStep, What};
use crate::message::{Currency, Money};

/// The first and the latest time of each step.
const VOUCHER_MEMBERS: usize = 6;
/// Latest words on a product's stock: one counts, the rest shows that a late word is late.
const STOCK_MEMBERS: usize = 4;
/// Latest public prices of a product: one a day and price, so months even of a price that changes twice a day.
const PRICE_MEMBERS: usize = 256;
const DAY_SECONDS: u32 = 86_400;
/// A gift card may be good for years.
const VOUCHER_SECONDS: u32 = 5 * 366 * DAY_SECONDS;
/// A stock nobody spoke of for so long is not known.
const STOCK_SECONDS: u32 = 30 * DAY_SECONDS;
/// Two years: a price may stand for long.
const PRICE_SECONDS: u32 = 732 * DAY_SECONDS;
/// What a hashed code begins with; no code a shop writes does (see [`code`]).
const HASHED: char = '#';

impl Store {
    /// Takes in events that are the brand's own; true for each that was new. Others are none of its business
    /// and answered false. Idempotent, in any order, acknowledged when it returns.
    pub async fn learn_of_brand(&self, brand: &str, events: &[Event]) -> Result<Vec<bool>, StoreError> {
        let notes: Vec<Vec<Note>> = events.iter().map(|event| self.notes(brand, event)).collect();
        let flat = || notes.iter().flatten();
        let sets = flat().map(|note| (note.set.clone(), note.members_max)).collect();
        let answer = self.inner.backend.read(&Ask { records: Vec::new(), sets }).await?;
        // What stands there already need not be written, nor what the bound would throw away at once.
        let mut fresh = flat().zip(&answer.sets).map(|(note, set)| {
            let known = set.earliest.iter().any(|(member, at)| *member == note.member && *at <= note.at);
            let last = set.earliest.get(note.members_max.saturating_sub(1));
            !known && last.is_none_or(|(member, at)| (note.at, &note.member) < (*at, member))
        });
        let fresh: Vec<Vec<bool>> = notes.iter().map(|notes| fresh.by_ref().take(notes.len()).collect()).collect();
        let write = notes.into_iter().flatten().zip(fresh.iter().flatten()).filter(|(_, fresh)| **fresh);
        let write: Vec<Note> = write.map(|(note, _)| note).collect();
        if !write.is_empty() {
            self.inner.backend.note(write).await?;
        }
        Ok(fresh.into_iter().map(|fresh| fresh.contains(&true)).collect())
    }

    /// The event as it may be written down: whoever knows the code of a gift card can spend it, so the code
    /// is replaced by its keyed hash, by which [`Store::learn_of_brand`] knows it again.
    pub fn without_code(&self, brand: &str, event: &Event) -> Event {
        let mut event = event.clone();
        if let What::Voucher { code, .. } = &mut event.what {
            *code = format!("{HASHED}{}", self.hashed_code(brand, code));
        }
        event
    }

    /// The fingerprint of a text with the pepper in it: a short text can be guessed from a plain one.
    pub fn keyed_fingerprint(&self, fingerprint: u64) -> u64 {
        let tag = self.inner.pepper.tag(&["fingerprint", &fingerprint.to_string()]);
        tag.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(fingerprint)
    }

    fn hashed_code(&self, brand: &str, written: &str) -> String {
        match written.strip_prefix(HASHED) {
            Some(hash) => hash.to_owned(),
            None => self.inner.pepper.tag(&["voucher", brand, &code(written)]),
        }
    }

    /// The sets that a load asks for: vouchers, stock, prices, each in the order of their names.
    pub(super) fn brand_sets(&self, brand: &str, tag: &str, named: &Named) -> Vec<(String, usize)> {
        let vouchers =
            named.vouchers.iter().map(|code| (voucher_set(tag, &self.hashed_code(brand, code)), VOUCHER_MEMBERS));
        let stock = named.stock.iter().map(|sku| (stock_set(tag, sku), STOCK_MEMBERS));
        let prices = named.prices.iter().map(|sku| (price_set(tag, sku), PRICE_MEMBERS));
        vouchers.chain(stock).chain(prices).collect()
    }

    fn notes(&self, brand: &str, event: &Event) -> Vec<Note> {
        let (tag, at) = (self.inner.pepper.brand(brand), event.at.as_microsecond());
        // Backwards, so that the latest comes first and the bound throws away the oldest.
        let backwards = -at;
        match &event.what {
            What::Voucher { step, code } => {
                let set = voucher_set(&tag, &self.hashed_code(brand, code));
                let (members_max, seconds) = (VOUCHER_MEMBERS, VOUCHER_SECONDS);
                let note = |member: String, at| Note { set: set.clone(), member, at, members_max, seconds };
                let step = step_name(*step);
                vec![note(format!("{step}{FIRST}"), at), note(step.to_owned(), backwards)]
            }
            What::Stock { product, left } => {
                let (set, member) = (stock_set(&tag, &sku(product)), format!("{at} {left}"));
                vec![Note { set, member, at: backwards, members_max: STOCK_MEMBERS, seconds: STOCK_SECONDS }]
            }
            What::Price { product, price } => {
                let day = event.at.as_second().div_euclid(i64::from(DAY_SECONDS));
                let member = format!("{day} {} {}", price.minor, price.currency.code());
                let (set, members_max) = (price_set(&tag, &sku(product)), PRICE_MEMBERS);
                vec![Note { set, member, at: backwards, members_max, seconds: PRICE_SECONDS }]
            }
            _ => Vec::new(),
        }
    }
}

/// The brand's facts from the sets of [`Store::brand_sets`].
pub(super) fn of_sets(named: &Named, sets: &[Marks]) -> BrandFacts {
    let mut sets = sets.iter();
    let mut facts = BrandFacts::default();
    for (code, set) in named.vouchers.iter().zip(&mut sets) {
        let mut steps: Vec<(Timestamp, VoucherStep)> = set.earliest.iter().filter_map(told_step).collect();
        steps.sort_unstable();
        steps.dedup();
        if !steps.is_empty() {
            facts.vouchers.insert(code.clone(), steps.into_iter().map(|(at, step)| (step, at)).collect());
        }
    }
    for (sku, set) in named.stock.iter().zip(&mut sets) {
        if let Some(told) = set.earliest.first().and_then(told_stock) {
            facts.stock.insert(sku.clone(), told);
        }
        let mut told: Vec<(Timestamp, u32)> = set.earliest.iter().filter_map(told_stock).collect();
        told.sort_unstable();
        facts.restocked.extend(restocked(&told).map(|at| (sku.clone(), at)));
    }
    let mut prices = BTreeMap::new();
    for (sku, set) in named.prices.iter().zip(&mut sets) {
        let told: Vec<(Timestamp, Money)> = set.earliest.iter().rev().filter_map(told_price).collect();
        if !told.is_empty() {
            prices.insert(sku.clone(), told);
        }
    }
    BrandFacts { prices, ..facts }
}

/// What a step's name ends with in the member that keeps its first time.
const FIRST: &str = " first";

fn step_name(step: VoucherStep) -> &'static str {
    match step {
        VoucherStep::Issued => "issued",
        VoucherStep::Redeemed => "redeemed",
        VoucherStep::Expired => "expired",
    }
}

fn told_step((member, at): &(String, i64)) -> Option<(Timestamp, VoucherStep)> {
    let (name, at) = match member.strip_suffix(FIRST) {
        Some(name) => (name, *at),
        None => (member.as_str(), -at),
    };
    let steps = [VoucherStep::Issued, VoucherStep::Redeemed, VoucherStep::Expired];
    Some((instant(at)?, steps.into_iter().find(|step| step_name(*step) == name)?))
}

fn told_stock((member, at): &(String, i64)) -> Option<(Timestamp, u32)> {
    let (_, left) = member.split_once(' ')?;
    Some((instant(-at)?, left.parse().ok()?))
}

fn told_price((member, at): &(String, i64)) -> Option<(Timestamp, Money)> {
    let mut words = member.split(' ').skip(1);
    let minor = words.next()?.parse().ok()?;
    Some((instant(-at)?, Money::new(minor, Currency::from_code(words.next()?)?)))
}

fn sku(written: &str) -> String {
    written.trim().to_uppercase()
}

fn voucher_set(tag: &str, hashed_code: &str) -> String {
    format!("{{{tag}}}:voucher:{hashed_code}")
}

fn stock_set(tag: &str, sku: &str) -> String {
    format!("{{{tag}}}:stock:{}", hashed(sku))
}

fn price_set(tag: &str, sku: &str) -> String {
    format!("{{{tag}}}:price:{}", hashed(sku))
}
