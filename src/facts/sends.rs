//! The life of a send in a customer's document: reserved at the decision, settled when the provider
//! answered, given back when it refused (design §3: "A reservation is a send event"). Each step is
//! idempotent by the send's id, so a step repeated after a lost answer changes nothing.

use jiff::Timestamp;

use super::{Customer, SendEvent, SendState};

/// Adds a send; it counts at once. False when a send of that id stands there already.
pub fn reserve(customer: &mut Customer, send: SendEvent) -> bool {
    if customer.sends.iter().any(|s| s.id == send.id) {
        return false;
    }
    customer.sends.push(send);
    sort(customer);
    true
}

/// Writes down what became of a send. A later "unknown" never unsays a "sent", and neither goes back
/// to "reserved". False when nothing changed.
pub fn settle(customer: &mut Customer, id: &str, state: SendState) -> bool {
    let Some(send) = customer.sends.iter_mut().find(|s| s.id == id) else { return false };
    if certainty(state) <= certainty(send.state) {
        return false;
    }
    send.state = state;
    send.lease_until = None;
    true
}

/// Takes a send out again: the provider refused it, so it never reached the person. What was already
/// settled as sent stays. False when nothing changed.
pub fn give_back(customer: &mut Customer, id: &str) -> bool {
    let before = customer.sends.len();
    customer.sends.retain(|s| s.id != id || s.state == SendState::Sent);
    customer.sends.len() != before
}

/// Reservations whose lease ran out become unknown, which counts as sent. False when nothing changed.
pub fn expire_leases(customer: &mut Customer, now: Timestamp) -> bool {
    let mut changed = false;
    for send in &mut customer.sends {
        if send.state == SendState::Reserved && send.lease_until.is_some_and(|until| until <= now) {
            send.state = SendState::Unknown;
            send.lease_until = None;
            changed = true;
        }
    }
    changed
}

/// How much is known of a send: reserved < unknown < sent. Of two words the surer one stands.
pub(super) fn certainty(state: SendState) -> u8 {
    match state {
        SendState::Reserved => 0,
        SendState::Unknown => 1,
        SendState::Sent => 2,
    }
}

pub(super) fn sort(customer: &mut Customer) {
    customer.sends.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::facts::Attempt;
    use crate::message::{Channel, Class};

    pub(crate) fn send(id: &str, second: i64) -> SendEvent {
        SendEvent {
            id: id.into(),
            at: Timestamp::from_second(1_795_000_000 + second).unwrap(),
            state: SendState::Reserved,
            channel: Channel::Email,
            class: Class::Ordinary,
            stream: "news".into(),
            department: None,
            campaign: None,
            purpose: None,
            survey: None,
            survey_minutes: None,
            offers: Vec::new(),
            lease_until: Timestamp::from_second(1_795_000_060 + second).ok(),
            from: "k".into(),
            attempt: Attempt::default(),
        }
    }

    #[test]
    fn settling_and_giving_back_twice_is_once() {
        let mut customer = Customer::default();
        assert!(reserve(&mut customer, send("d1", 0)));
        assert!(!reserve(&mut customer, send("d1", 5)));
        assert!(settle(&mut customer, "d1", SendState::Sent));
        assert!(!settle(&mut customer, "d1", SendState::Sent));
        assert!(!settle(&mut customer, "d1", SendState::Unknown), "sent is not unsaid");
        assert!(!give_back(&mut customer, "d1"), "what arrived is not given back");
        assert!(reserve(&mut customer, send("d2", 1)));
        assert!(give_back(&mut customer, "d2"));
        assert!(!give_back(&mut customer, "d2"));
        assert!(!settle(&mut customer, "d2", SendState::Sent), "given back, no slot is taken again");
        assert_eq!(customer.sends.len(), 1);
    }

    #[test]
    fn a_lease_that_ran_out_counts_as_sent_until_it_is_known_better() {
        let mut customer = Customer::default();
        reserve(&mut customer, send("d1", 0));
        assert!(!expire_leases(&mut customer, Timestamp::from_second(1_795_000_059).unwrap()));
        assert!(expire_leases(&mut customer, Timestamp::from_second(1_795_000_060).unwrap()));
        assert_eq!(customer.sends[0].state, SendState::Unknown);
        assert!(settle(&mut customer, "d1", SendState::Sent));
    }
}
