//! Two histories of one person become one. The union of both, idempotent by (key, version) of the
//! history folded in, so that whoever finishes an interrupted merge may fold again (design §6).

use super::apply::{self, SEEN_MAX};
use super::{Customer, Folded, sends};

/// Folds `loser`, frozen at `version` under `key`, into `root`. False when it was folded before.
pub fn fold(root: &mut Customer, key: &str, version: u64, loser: &Customer) -> bool {
    if root.folded.iter().any(|f| f.key == key && f.version >= version) {
        return false;
    }
    root.folded.retain(|f| f.key != key);
    root.folded.push(Folded { key: key.to_owned(), version });
    for folded in &loser.folded {
        match root.folded.iter_mut().find(|f| f.key == folded.key) {
            Some(known) => known.version = known.version.max(folded.version),
            None => root.folded.push(folded.clone()),
        }
    }
    root.folded.sort();
    root.joining.extend(loser.joining.iter().cloned());
    root.joining.retain(|joining| joining != key);
    root.joining.sort();
    root.joining.dedup();

    for member in &loser.members {
        join(root, member.clone());
    }
    if root.record_id.is_none() {
        root.record_id.clone_from(&loser.record_id);
    }
    apply::tell(&mut root.zone, &mut root.zone_told_at, loser.zone.clone(), loser.zone_told_at);
    apply::tell(&mut root.language, &mut root.language_told_at, loser.language, loser.language_told_at);
    root.last_now = root.last_now.max(loser.last_now);
    root.whole_since = root.whole_since.max(loser.whole_since);

    // The shop may have told one order of both addresses under one event id: it is one purchase.
    let told_of_both = loser.seen.iter().any(|id| root.seen.contains(id));
    for bought in &loser.purchases {
        let same = |p: &&super::Purchase| {
            p.order.is_some() && (&p.order, &p.product, p.at) == (&bought.order, &bought.product, bought.at)
        };
        if !(told_of_both && root.purchases.iter().any(|p| same(&p))) {
            root.purchases.push(bought.clone());
        }
    }
    root.purchases.sort_by(|a, b| apply::purchase_order(a).cmp(&apply::purchase_order(b)));
    for returned in &loser.returns {
        let same = |r: &&super::Return| {
            r.order.is_some() && (&r.order, &r.product, r.at) == (&returned.order, &returned.product, returned.at)
        };
        if !(told_of_both && root.returns.iter().any(|r| same(&r))) {
            root.returns.push(returned.clone());
        }
    }
    root.returns.sort_by(|a, b| apply::return_order(a).cmp(&apply::return_order(b)));
    for told in &loser.surveys {
        let same = |s: &super::SurveyFact| {
            (&s.survey, &s.department, s.step, s.minutes, s.at)
                == (&told.survey, &told.department, told.step, told.minutes, told.at)
        };
        if !(told_of_both && root.surveys.iter().any(same)) {
            root.surveys.push(told.clone());
        }
    }
    root.surveys.sort_by(|a, b| apply::survey_order(a).cmp(&apply::survey_order(b)));
    for told in &loser.experiences {
        let same = |e: &&super::Experience| {
            (e.kind, &e.product, &e.order, &e.department, e.at)
                == (told.kind, &told.product, &told.order, &told.department, told.at)
        };
        if !(told_of_both && root.experiences.iter().any(|e| same(&e))) {
            root.experiences.push(told.clone());
        }
    }
    root.experiences.sort_by(|a, b| apply::experience_order(a).cmp(&apply::experience_order(b)));
    for told in &loser.price_alerts {
        apply::wish(root, told.clone());
    }
    for told in &loser.browsed {
        apply::look(root, told.clone());
    }
    for told in &loser.complaints {
        apply::complain(root, told.clone());
    }
    for told in &loser.opt_outs {
        apply::refuse(root, told.clone());
    }
    for told in &loser.preferences {
        apply::prefer(root, told.clone());
    }
    for send in &loser.sends {
        if !sends::reserve(root, send.clone()) {
            sends::settle(root, &send.id, send.state);
        }
    }
    for held in &loser.held {
        if !root.held.iter().any(|h| h.id == held.id) {
            root.held.push(held.clone());
        }
    }
    root.held.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    for id in &loser.seen {
        if !root.seen.contains(id) {
            root.seen.push(*id);
        }
    }
    let surplus = root.seen.len().saturating_sub(2 * SEEN_MAX);
    root.seen.drain(..surplus);
    for (tag, bytes) in &loser.extra {
        root.extra.entry(*tag).or_insert_with(|| bytes.clone());
    }
    true
}

/// Adds an address to the person's, or keeps the earlier of two joinings. True when it is new.
pub fn join(customer: &mut Customer, member: super::Member) -> bool {
    let known = customer.members.iter_mut().find(|m| m.key == member.key);
    let new = known.is_none();
    match known {
        Some(known) => known.at = known.at.min(member.at),
        None => customer.members.push(member),
    }
    customer.members.sort_by(|a, b| a.key.cmp(&b.key));
    new
}

/// Takes out of `customer` what came from the addresses of `keys`, as a history of its own. What does
/// not tell its address (zone, language, holds, the record id) stays; the ids of events already
/// applied go with both, so that no repeated delivery counts twice.
pub fn split(customer: &mut Customer, keys: &[String]) -> Customer {
    let leaves = |key: &String| keys.contains(key);
    Customer {
        members: customer.members.extract_if(.., |m| leaves(&m.key)).collect(),
        purchases: customer.purchases.extract_if(.., |e| leaves(&e.from)).collect(),
        returns: customer.returns.extract_if(.., |e| leaves(&e.from)).collect(),
        surveys: customer.surveys.extract_if(.., |e| leaves(&e.from)).collect(),
        complaints: customer.complaints.extract_if(.., |e| leaves(&e.from)).collect(),
        opt_outs: customer.opt_outs.extract_if(.., |e| leaves(&e.from)).collect(),
        preferences: customer.preferences.extract_if(.., |e| leaves(&e.from)).collect(),
        experiences: customer.experiences.extract_if(.., |e| leaves(&e.from)).collect(),
        price_alerts: customer.price_alerts.extract_if(.., |e| leaves(&e.from)).collect(),
        browsed: customer.browsed.extract_if(.., |e| leaves(&e.from)).collect(),
        sends: customer.sends.extract_if(.., |e| leaves(&e.from)).collect(),
        seen: customer.seen.clone(),
        folded: customer.folded.clone(),
        last_now: customer.last_now,
        whole_since: customer.whole_since,
        ..Customer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::facts::{Event, What};

    fn bought(id: &str, second: i64) -> Event {
        let at = jiff::Timestamp::from_second(1_795_000_000 + second).unwrap();
        Event { id: id.into(), at, what: What::Purchase { product: "A".into(), price: None, order: Some("7".into()) } }
    }

    #[test]
    fn folding_twice_is_folding_once_and_nothing_is_lost() {
        let (mut root, mut loser) = (Customer::default(), Customer::default());
        apply::apply(&mut root, &bought("e1", 1), "a");
        apply::apply(&mut loser, &bought("e2", 2), "b");
        sends::reserve(&mut loser, send("d1", 3));
        assert!(fold(&mut root, "b", 4, &loser));
        let once = root.clone();
        assert!(!fold(&mut root, "b", 4, &loser));
        assert!(!fold(&mut root, "b", 3, &loser));
        assert_eq!(root, once);
        assert_eq!((root.purchases.len(), root.sends.len(), root.seen.len()), (2, 1, 2));
    }

    #[test]
    fn what_was_folded_can_be_split_again() {
        let (mut root, mut loser) = (Customer::default(), Customer::default());
        apply::apply(&mut root, &bought("e1", 1), "a");
        apply::apply(&mut loser, &bought("e2", 2), "b");
        sends::reserve(&mut loser, send("d1", 3));
        fold(&mut root, "b", 4, &loser);
        let gone = split(&mut root, &["b".to_owned()]);
        assert_eq!((gone.purchases, gone.sends.len()), (loser.purchases, 0), "the send went to `k`");
        assert_eq!((root.purchases.len(), root.sends.len()), (1, 1));
    }

    #[test]
    fn one_order_told_of_both_addresses_is_one_purchase() {
        let (mut root, mut loser) = (Customer::default(), Customer::default());
        apply::apply(&mut root, &bought("e1", 1), "a");
        apply::apply(&mut loser, &bought("e1", 1), "b");
        fold(&mut root, "b", 1, &loser);
        assert_eq!(root.purchases.len(), 1);
    }
}
