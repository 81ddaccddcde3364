//! How an event changes a customer's document. Idempotent by the event's id and commuting with every
//! other event: lists stay sorted, of two words about one thing the later *in its own time* stands, so
//! late, repeated and reordered deliveries end in the same document (design §3, *Events, not folds*).

use jiff::Timestamp;

use super::{
    Browsed, Complaint, Customer, Event, Experience, FactKind, OptOutFact, Preference, PriceAlert, Purchase, Return,
    SurveyFact, What,
};

/// Event ids remembered per customer. A repeat that comes after this many newer events counts again.
pub const SEEN_MAX: usize = 512;
/// Refusals and consents of distinct scope kept per customer. Law facts are never trimmed, so past
/// this number a refusal is kept in its widest scope and a new consent is not kept: both protect.
pub const REFUSALS_MAX: usize = 512;
/// Complaints kept open or closed per customer; past it the oldest *closed* ones go.
pub const COMPLAINTS_MAX: usize = 256;
/// Topics kept per customer; past it the oldest word goes.
pub const PREFERENCES_MAX: usize = 256;
/// Products whose lower price a customer asked for; past it the oldest wish goes.
pub const PRICE_ALERTS_MAX: usize = 64;
/// Things looked at, each with its latest time; past it the oldest goes.
pub const BROWSED_MAX: usize = 64;

/// Applies `event`, told of the address whose key is `from`. False when it was applied before.
///
/// An [`What::IdentityLink`] joins two documents, which is the store's work; here it is only noted as seen.
/// The brand's own events ([`What::is_of_brand`]) stand in nobody's document and change none.
pub fn apply(customer: &mut Customer, event: &Event, from: &str) -> bool {
    if event.what.is_of_brand() {
        return false;
    }
    let id = short_hash(&event.id);
    if customer.seen.contains(&id) {
        return false;
    }
    remember(customer, id);
    let (at, from) = (event.at, from.to_owned());
    match &event.what {
        What::Purchase { product, price, order } => {
            let product = product.trim().to_uppercase();
            customer.purchases.push(Purchase { order: order.clone(), product, price: *price, at, from });
            customer.purchases.sort_by(|a, b| purchase_order(a).cmp(&purchase_order(b)));
        }
        What::Return { product, order } => {
            let product = product.trim().to_uppercase();
            customer.returns.push(Return { order: order.clone(), product, at, from });
            customer.returns.sort_by(|a, b| return_order(a).cmp(&return_order(b)));
        }
        What::Survey { survey, step, department, minutes } => {
            let (survey, department) = (survey.clone(), department.clone());
            customer.surveys.push(SurveyFact { survey, department, step: *step, minutes: *minutes, at, from });
            customer.surveys.sort_by(|a, b| survey_order(a).cmp(&survey_order(b)));
        }
        What::Experience { kind, product, order, department } => {
            let (product, order) = (product.as_deref().map(|sku| sku.trim().to_uppercase()), order.clone());
            let department = department.clone();
            customer.experiences.push(Experience { kind: *kind, product, order, department, at, from });
            customer.experiences.sort_by(|a, b| experience_order(a).cmp(&experience_order(b)));
        }
        What::PriceAlert { product } => {
            wish(customer, PriceAlert { product: product.trim().to_uppercase(), at, from });
        }
        What::Browse { topic, product } => {
            let topic = topic.as_deref().map(|topic| topic.trim().to_lowercase());
            let product = product.as_deref().map(|sku| sku.trim().to_uppercase());
            look(customer, Browsed { topic, product, at, from });
        }
        What::ComplaintOpened { ticket } => {
            complain(customer, Complaint { id: ticket.clone(), opened_at: Some(at), closed_at: None, from });
        }
        What::ComplaintClosed { ticket } => {
            complain(customer, Complaint { id: ticket.clone(), opened_at: None, closed_at: Some(at), from });
        }
        What::OptOut { channel, purpose } => {
            let (channel, purpose, why) = (*channel, purpose.clone(), "opt-out".to_owned());
            refuse(customer, OptOutFact { channel, purpose, refused: true, why, at, from });
        }
        What::Consent { channel, purpose } => {
            let (channel, purpose, why) = (*channel, purpose.clone(), "consent".to_owned());
            refuse(customer, OptOutFact { channel, purpose, refused: false, why, at, from });
        }
        What::Bounce { channel } => {
            let why = "bounce".to_owned();
            refuse(customer, OptOutFact { channel: Some(*channel), purpose: None, refused: true, why, at, from });
        }
        What::Preference { wants, avoids, zone, language } => {
            for (topics, wanted) in [(wants, true), (avoids, false)] {
                for topic in topics {
                    prefer(customer, Preference { topic: topic.trim().to_lowercase(), wanted, at, from: from.clone() });
                }
            }
            tell(&mut customer.zone, &mut customer.zone_told_at, zone.clone(), Some(at));
            tell(&mut customer.language, &mut customer.language_told_at, *language, Some(at));
        }
        What::Outcome { decision, outcome } => super::outcomes::resolve(customer, decision, *outcome),
        What::IdentityLink { .. } | What::Voucher { .. } | What::Stock { .. } | What::Price { .. } => {}
    }
    true
}

/// True when an event of that id was applied before.
pub fn is_applied(customer: &Customer, id: &str) -> bool {
    customer.seen.contains(&short_hash(id))
}

/// Keeps a hash among those of the latest.
pub(super) fn remember(customer: &mut Customer, hash: u64) {
    if customer.seen.contains(&hash) {
        return;
    }
    customer.seen.push(hash);
    if customer.seen.len() > SEEN_MAX {
        customer.seen.remove(0);
    }
}

/// Which kind of fact an event feeds; `None` for one that feeds no `known_since`.
pub fn kind_of(what: &What) -> Option<FactKind> {
    match what {
        What::Purchase { .. } | What::Return { .. } => Some(FactKind::Purchases),
        What::Survey { .. } => Some(FactKind::Surveys),
        What::ComplaintOpened { .. } | What::ComplaintClosed { .. } => Some(FactKind::Complaints),
        What::OptOut { .. } | What::Consent { .. } | What::Bounce { .. } => Some(FactKind::OptOuts),
        What::Preference { .. } => Some(FactKind::Preferences),
        What::Experience { .. } => Some(FactKind::Experiences),
        What::Voucher { .. } => Some(FactKind::Vouchers),
        What::Stock { .. } => Some(FactKind::Stock),
        What::Price { .. } => Some(FactKind::Prices),
        What::PriceAlert { .. } | What::Browse { .. } | What::Outcome { .. } | What::IdentityLink { .. } => None,
    }
}

/// The hash kept of an event's id: 64 bits of FNV-1a. Not a secret and not against an adversary: the
/// shop gives the ids, and a collision would only drop one of its own events.
pub fn short_hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Joins what is told of one ticket: the latest opening and the latest closing count, and a closing
/// before the latest opening says nothing any more. So reopening works, in any order of arrival.
pub(super) fn complain(customer: &mut Customer, told: Complaint) {
    if let Some(known) = customer.complaints.iter_mut().find(|c| c.id == told.id) {
        known.opened_at = known.opened_at.max(told.opened_at);
        known.closed_at = known.closed_at.max(told.closed_at);
        if known.closed_at < known.opened_at {
            known.closed_at = None;
        }
        if told.from < known.from {
            known.from = told.from;
        }
    } else {
        customer.complaints.push(told);
    }
    let order = |c: &Complaint| (c.opened_at.or(c.closed_at), c.id.clone());
    customer.complaints.sort_by_key(order);
    if customer.complaints.len() > COMPLAINTS_MAX
        && let Some(at) = customer.complaints.iter().position(|c| c.closed_at.is_some())
    {
        customer.complaints.remove(at);
    }
}

/// Keeps the latest word per scope, reason and address.
pub(super) fn refuse(customer: &mut Customer, mut told: OptOutFact) {
    let same = |a: &OptOutFact, b: &OptOutFact| {
        (a.channel, &a.purpose, a.refused, &a.why, &a.from) == (b.channel, &b.purpose, b.refused, &b.why, &b.from)
    };
    if customer.opt_outs.len() >= REFUSALS_MAX && !customer.opt_outs.iter().any(|known| same(known, &told)) {
        if !told.refused {
            return;
        }
        told.purpose = None;
    }
    match customer.opt_outs.iter_mut().find(|known| same(known, &told)) {
        Some(known) => known.at = known.at.max(told.at),
        None => customer.opt_outs.push(told),
    }
    let order = |o: &OptOutFact| (o.at, o.channel, o.purpose.clone(), o.refused, o.why.clone(), o.from.clone());
    customer.opt_outs.sort_by_key(order);
}

/// Keeps the latest word per topic and address; of two at one instant, "not wanted" stands.
pub(super) fn prefer(customer: &mut Customer, told: Preference) {
    match customer.preferences.iter_mut().find(|known| known.topic == told.topic && known.from == told.from) {
        Some(known) if (told.at, !told.wanted) > (known.at, !known.wanted) => *known = told,
        Some(_) => {}
        None => customer.preferences.push(told),
    }
    let order = |p: &Preference| (p.at, !p.wanted, p.topic.clone(), p.from.clone());
    customer.preferences.sort_by_key(order);
    if customer.preferences.len() > PREFERENCES_MAX {
        customer.preferences.remove(0);
    }
}

/// Keeps the latest wish per product and address.
pub(super) fn wish(customer: &mut Customer, told: PriceAlert) {
    match customer.price_alerts.iter_mut().find(|known| known.product == told.product && known.from == told.from) {
        Some(known) => known.at = known.at.max(told.at),
        None => customer.price_alerts.push(told),
    }
    customer.price_alerts.sort_by(|a, b| (a.at, &a.product, &a.from).cmp(&(b.at, &b.product, &b.from)));
    if customer.price_alerts.len() > PRICE_ALERTS_MAX {
        customer.price_alerts.remove(0);
    }
}

/// Keeps the latest look per thing and address.
pub(super) fn look(customer: &mut Customer, told: Browsed) {
    let same = |a: &Browsed, b: &Browsed| (&a.topic, &a.product, &a.from) == (&b.topic, &b.product, &b.from);
    match customer.browsed.iter_mut().find(|known| same(known, &told)) {
        Some(known) => known.at = known.at.max(told.at),
        None => customer.browsed.push(told),
    }
    let order = |b: &Browsed| (b.at, b.topic.clone(), b.product.clone(), b.from.clone());
    customer.browsed.sort_by_key(order);
    if customer.browsed.len() > BROWSED_MAX {
        customer.browsed.remove(0);
    }
}

/// The latest word stands; of two at one instant the greater, so that order does not matter.
pub(super) fn tell<T: Ord>(
    known: &mut Option<T>,
    known_at: &mut Option<Timestamp>,
    told: Option<T>,
    told_at: Option<Timestamp>,
) {
    if told.is_some() && (told_at, &told) > (*known_at, known) {
        *known = told;
        *known_at = told_at;
    }
}

pub(super) fn purchase_order(p: &Purchase) -> impl Ord + '_ {
    (p.at, &p.product, &p.order, p.price.map(|m| (m.minor, m.currency.code())), &p.from)
}

pub(super) fn return_order(r: &Return) -> impl Ord + '_ {
    (r.at, &r.product, &r.order, &r.from)
}

pub(super) fn survey_order(s: &SurveyFact) -> impl Ord + '_ {
    (s.at, &s.survey, s.step as u8, &s.department, s.minutes, &s.from)
}

pub(super) fn experience_order(e: &Experience) -> impl Ord + '_ {
    (e.at, e.kind, &e.product, &e.order, &e.department, &e.from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Channel;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn event(id: &str, second: i64, what: What) -> Event {
        Event { id: id.into(), at: at(second), what }
    }

    #[test]
    fn the_same_event_twice_is_one_purchase() {
        let bought = event("订单-1", 0, What::Purchase { product: "bt-200".into(), price: None, order: None });
        let mut customer = Customer::default();
        assert!(apply(&mut customer, &bought, "k"));
        let once = customer.clone();
        assert!(!apply(&mut customer, &bought, "k"));
        assert_eq!(customer, once);
        assert_eq!(customer.purchases[0].product, "BT-200");
    }

    #[test]
    fn a_reopened_complaint_is_open_in_every_order_of_arrival() {
        let events = [
            event("a", 1, What::ComplaintOpened { ticket: "投诉7".into() }),
            event("b", 2, What::ComplaintClosed { ticket: "投诉7".into() }),
            event("c", 3, What::ComplaintOpened { ticket: "投诉7".into() }),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut customer = Customer::default();
            for i in order {
                apply(&mut customer, &events[i], "k");
            }
            let only = &customer.complaints[0];
            assert_eq!((only.opened_at, only.closed_at), (Some(at(3)), None), "{order:?}");
        }
    }

    #[test]
    fn refusals_beyond_the_limit_widen_and_consents_do_not_push_them_out() {
        let mut customer = Customer::default();
        for n in 0..REFUSALS_MAX {
            let what = What::OptOut { channel: Some(Channel::Sms), purpose: Some(format!("p{n}")) };
            apply(&mut customer, &event(&format!("o{n}"), n as i64, what), "k");
        }
        let what = What::OptOut { channel: Some(Channel::Sms), purpose: Some("one more".into()) };
        apply(&mut customer, &event("more", 9_000, what), "k");
        let last = customer.opt_outs.last().unwrap();
        assert_eq!((last.channel, last.purpose.as_deref(), last.refused), (Some(Channel::Sms), None, true));
        let count = customer.opt_outs.len();
        apply(&mut customer, &event("yes", 9_001, What::Consent { channel: None, purpose: None }), "k");
        assert_eq!(customer.opt_outs.len(), count);
    }
}
