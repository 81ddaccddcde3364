//! The life of a send in a customer's document: reserved at the decision, settled when the provider
//! answered, given back when it refused (design §3: "A reservation is a send event"). Each step is
//! idempotent by the send's id, so a step repeated after a lost answer changes nothing.

use jiff::{SignedDuration, Timestamp};

use super::attempts::TIMES_MAX;
use super::outcomes::was_not_sent;
use super::{Customer, SendEvent, SendState};
use crate::message::Class;

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
    end(send, state);
    true
}

/// Whose it was matters no longer once it is settled. A hold that is released once more by itself still needs the
/// word that it was accepted.
fn end(send: &mut SendEvent, state: SendState) {
    let once_more = send.class == Class::MustSend && send.attempt.times < TIMES_MAX;
    send.state = state;
    send.lease_until = None;
    send.attempt.owner = None;
    send.attempt.released &= state == SendState::Unknown && once_more;
}

/// The hold whose release this send was has ended, and nobody knows what became of it: it counts, and stands for
/// no hold any more. False when nothing changed.
pub fn hold_ended(customer: &mut Customer, id: &str) -> bool {
    let Some(send) = customer.sends.iter_mut().find(|send| send.id == id) else { return false };
    let before = (send.state, send.attempt);
    if send.state == SendState::Reserved {
        end(send, SendState::Unknown);
    }
    send.attempt.released = false;
    (send.state, send.attempt) != before
}

/// Takes a send out again: the provider refused it, so it never reached the person. What was already
/// settled as sent stays. False when nothing changed.
pub fn give_back(customer: &mut Customer, id: &str) -> bool {
    let before = customer.sends.len();
    customer.sends.retain(|s| s.id != id || s.state == SendState::Sent);
    customer.sends.len() != before
}

/// Adds a send that left, or takes what is known of it now: for what was let go without a reservation, and
/// for what a store lost. What is known not to have been sent stays out. False when nothing changed.
pub fn enter(customer: &mut Customer, send: &SendEvent) -> bool {
    if customer.sends.iter().any(|known| known.id == send.id) {
        return settle(customer, &send.id, send.state);
    }
    if was_not_sent(customer, &send.id) {
        return false;
    }
    let mut entered = send.clone();
    end(&mut entered, send.state);
    reserve(customer, entered)
}

/// What is proven of a reservation whose gateway no longer works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing left: it never reached the person.
    NothingLeft,
    /// Something may have left.
    MayHaveLeft,
    /// Nothing is proven: its lease says when it counts as sent for good.
    None,
}

/// Ends the reservations that nobody will settle: given back where it is proven that nothing left, else
/// unknown, which counts as sent, once the lease ran out. False when nothing changed.
pub fn end_leases(customer: &mut Customer, now: Timestamp, proof: impl Fn(&SendEvent) -> Proof) -> bool {
    let (before, mut changed) = (customer.sends.len(), false);
    customer.sends.retain_mut(|send| {
        if send.state != SendState::Reserved {
            return true;
        }
        match proof(send) {
            Proof::NothingLeft => return false,
            Proof::None if !is_expired(send, now) => return true,
            Proof::None | Proof::MayHaveLeft => {}
        }
        give_over(send);
        changed = true;
        true
    });
    changed || customer.sends.len() < before
}

/// Ends the lease of one send, if it ran out.
pub fn end_lease_of(customer: &mut Customer, id: &str, now: Timestamp) {
    let open = |send: &&mut SendEvent| send.id == id && send.state == SendState::Reserved && is_expired(send, now);
    if let Some(send) = customer.sends.iter_mut().find(open) {
        give_over(send);
    }
}

fn is_expired(send: &SendEvent, now: Timestamp) -> bool {
    send.lease_until.is_some_and(|until| until <= now)
}

/// Unknown from now on. Whoever is handed its hold later decides it anew.
fn give_over(send: &mut SendEvent) {
    let released = send.attempt.released;
    end(send, SendState::Unknown);
    send.attempt.released = released;
}

/// How far a document may be ahead of the clock before it is taken for the trace of a clock that was
/// wrong: more than any honest skew, zone mistake or summer time.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// The instant a decision on this history goes by: never before the last one, so that windows only move
/// forward. A history that is ahead by more than [`AHEAD_MAX`] was written under a clock that was far
/// wrong; waiting for it would silence the customer for as long. Then the clock of now is believed, and
/// what was sent "in the future" counts as sent now: later than it was, so no cap opens early.
pub fn now_on(customer: &mut Customer, now: Timestamp) -> Timestamp {
    let Some(last) = customer.last_now else { return now };
    if last.duration_since(now) <= AHEAD_MAX {
        return now.max(last);
    }
    for send in &mut customer.sends {
        send.at = send.at.min(now);
        send.lease_until = send.lease_until.map(|until| until.min(now));
    }
    sort(customer);
    customer.last_now = Some(now);
    now
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
    use crate::message::{Channel, PRIORITY_NORMAL};

    pub(crate) fn send(id: &str, second: i64) -> SendEvent {
        SendEvent {
            id: id.into(),
            at: Timestamp::from_second(1_795_000_000 + second).unwrap(),
            state: SendState::Reserved,
            channel: Channel::Email,
            class: Class::Ordinary,
            priority: PRIORITY_NORMAL,
            stream: "news".into(),
            department: None,
            campaign: None,
            purpose: None,
            survey: None,
            survey_minutes: None,
            survey_reminder: false,
            content: None,
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
    fn a_refusal_takes_out_its_own_send_and_no_other() {
        let mut customer = Customer::default();
        for (id, second) in [("refused", 0), ("in-flight", 1), ("late-refusal", 2)] {
            reserve(&mut customer, send(id, second));
        }
        settle(&mut customer, "late-refusal", SendState::Unknown);
        assert!(give_back(&mut customer, "refused"));
        assert!(give_back(&mut customer, "late-refusal"), "what was unknown is known now: it never arrived");
        assert!(!give_back(&mut customer, "somebody-else's"));
        let left: Vec<_> = customer.sends.iter().map(|send| send.id.as_str()).collect();
        assert_eq!(left, ["in-flight"]);
    }

    #[test]
    fn what_left_without_a_reservation_is_entered_once_and_as_surely_as_it_is_known() {
        let mut customer = Customer::default();
        reserve(&mut customer, send("beside", 1));
        let unknown = SendEvent { state: SendState::Unknown, ..send("d1", 0) };
        assert!(enter(&mut customer, &unknown));
        assert!(!enter(&mut customer, &unknown), "told twice is once");
        assert!(enter(&mut customer, &SendEvent { state: SendState::Sent, ..send("d1", 9) }));
        let [entered, beside] = &customer.sends[..] else { panic!("{:?}", customer.sends) };
        assert_eq!((entered.state, entered.at, entered.lease_until), (SendState::Sent, unknown.at, None));
        assert_eq!((beside.state, beside.lease_until.is_some()), (SendState::Reserved, true));
    }

    #[test]
    fn a_lease_that_ran_out_counts_as_sent_until_it_is_known_better() {
        let mut customer = Customer::default();
        reserve(&mut customer, send("d1", 0));
        let none = |_: &SendEvent| Proof::None;
        assert!(!end_leases(&mut customer, Timestamp::from_second(1_795_000_059).unwrap(), none));
        assert!(end_leases(&mut customer, Timestamp::from_second(1_795_000_060).unwrap(), none));
        assert_eq!(customer.sends[0].state, SendState::Unknown);
        assert!(settle(&mut customer, "d1", SendState::Sent));
    }

    #[test]
    fn only_proof_gives_a_reservation_back_and_it_need_not_wait() {
        let mut customer = Customer::default();
        for (id, second) in [("never-left", 0), ("left", 1), ("who-knows", 2), ("settled", 3)] {
            reserve(&mut customer, send(id, second));
        }
        settle(&mut customer, "settled", SendState::Sent);
        let proof = |send: &SendEvent| match send.id.as_str() {
            "never-left" | "settled" => Proof::NothingLeft,
            "left" => Proof::MayHaveLeft,
            _ => Proof::None,
        };
        assert!(end_leases(&mut customer, Timestamp::from_second(1_795_000_010).unwrap(), proof));
        let left: Vec<_> = customer.sends.iter().map(|send| (send.id.as_str(), send.state)).collect();
        use SendState::{Reserved, Sent, Unknown};
        assert_eq!(left, [("left", Unknown), ("who-knows", Reserved), ("settled", Sent)]);
    }

    #[test]
    fn a_document_from_the_future_is_waited_for_only_so_long() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let hours = SignedDuration::from_hours;
        let mut customer = Customer { last_now: Some(now + hours(2)), ..Customer::default() };
        assert_eq!(now_on(&mut customer, now), now + hours(2), "windows never move back");
        reserve(&mut customer, SendEvent { at: now + hours(9_600), ..send("d1", 0) });
        customer.last_now = Some(now + hours(9_600));
        assert_eq!(now_on(&mut customer, now), now);
        assert_eq!((customer.sends[0].at, customer.last_now), (now, Some(now)), "it counts from now, not in a year");
    }
}
