//! What a document forgets: history beyond `history_days`, and the oldest events beyond `events_max`.
//! Law facts (opt-outs, consents, complaints) are never trimmed (design §3).

use jiff::{SignedDuration, Timestamp};

use super::Customer;

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days; a rule with a longer window is a load error.
    pub history_days: u32,
    /// Purchases, returns, surveys, experiences and sends of one customer, together.
    pub events_max: usize,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep { history_days: 400, events_max: 500 }
    }
}

/// Forgets what is too old or too much. Dropping for number is written down in `whole_since`, so that
/// no guard takes the gap for "no history"; dropping for age is not, no rule looks that far.
pub fn trim(customer: &mut Customer, now: Timestamp, keep: Keep) -> bool {
    let days = SignedDuration::from_hours(24 * i64::from(keep.history_days));
    let oldest = now.saturating_sub(days).unwrap_or(Timestamp::MIN);
    let mut dropped = drop_before(customer, |at| at < oldest);
    dropped |= forget_wishes(customer, oldest);
    dropped |= super::attempts::forget(customer, now);
    let mut times = times(customer);
    if times.len() > keep.events_max {
        times.sort_unstable();
        // Everything up to this instant goes, also its equals: which of two events of one instant is
        // kept must not depend on the order they came in.
        let last = times[times.len() - keep.events_max - 1];
        drop_before(customer, |at| at <= last);
        customer.whole_since = customer.whole_since.max(Some(last));
        dropped = true;
    }
    dropped
}

/// Wishes and looks are bounded apart: no window of a rule depends on all of them being there, and whoever
/// looks around a lot must not lose purchases for it.
fn forget_wishes(customer: &mut Customer, oldest: Timestamp) -> bool {
    let before = (customer.price_alerts.len(), customer.browsed.len());
    customer.price_alerts.retain(|e| e.at >= oldest);
    customer.browsed.retain(|e| e.at >= oldest);
    (customer.price_alerts.len(), customer.browsed.len()) != before
}

fn times(customer: &Customer) -> Vec<Timestamp> {
    let bought = customer.purchases.iter().map(|e| e.at).chain(customer.returns.iter().map(|e| e.at));
    let met = customer.surveys.iter().map(|e| e.at).chain(customer.experiences.iter().map(|e| e.at));
    bought.chain(met).chain(customer.sends.iter().map(|e| e.at)).collect()
}

fn drop_before(customer: &mut Customer, gone: impl Fn(Timestamp) -> bool) -> bool {
    let before = times(customer).len();
    customer.purchases.retain(|e| !gone(e.at));
    customer.returns.retain(|e| !gone(e.at));
    customer.surveys.retain(|e| !gone(e.at));
    customer.experiences.retain(|e| !gone(e.at));
    customer.sends.retain(|e| !gone(e.at));
    times(customer).len() != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Event, FactKind, Facts, What, Why, apply};

    #[test]
    fn the_oldest_go_the_gap_is_said_and_refusals_stay() {
        let start = Timestamp::from_second(1_795_000_000).unwrap();
        let mut customer = Customer::default();
        let refusal = Event { id: "r".into(), at: start, what: What::OptOut { channel: None, purpose: None } };
        apply(&mut customer, &refusal, "k");
        for n in 1..=10 {
            let at = start + SignedDuration::from_hours(24 * n);
            let what = What::Purchase { product: format!("P{n}"), price: None, order: None };
            apply(&mut customer, &Event { id: format!("e{n}"), at, what }, "k");
        }
        let now = start + SignedDuration::from_hours(24 * 11);
        assert!(trim(&mut customer, now, Keep { history_days: 5, events_max: 3 }));
        let kept: Vec<&str> = customer.purchases.iter().map(|p| p.product.as_str()).collect();
        assert_eq!(kept, ["P8", "P9", "P10"]);
        assert_eq!(customer.opt_outs.len(), 1);
        let seventh = start + SignedDuration::from_hours(24 * 7);
        assert_eq!(customer.whole_since, Some(seventh));
        let facts = Facts::of(customer.clone());
        assert_eq!(facts.since(FactKind::Purchases, seventh), Err(Why::TooYoung));
        assert_eq!(facts.since(FactKind::OptOuts, seventh), Ok(()));
        assert_eq!(facts.since(FactKind::Purchases, now), Ok(()));
        assert!(!trim(&mut customer, now, Keep { history_days: 5, events_max: 3 }));
    }
}
