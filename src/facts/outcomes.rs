//! Word from outside of a send whose answer was lost: the provider's own list, a delivery report. Until then it
//! counts as sent; found sent it goes on counting, found not sent its place is free and a retry of it is a new
//! attempt. Nothing but an unknown outcome is changed by such a word.

use super::apply::{remember, short_hash};
use super::event::WhetherSent;
use super::{Customer, SendState, sends};

/// Why a word of an outcome changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Moot {
    /// The same is known already.
    #[error("the same is known already")]
    Known,
    /// The provider took it, or somebody said so before.
    #[error("it is known that it was sent: the provider's answer or an earlier event said so")]
    WasSent,
    /// An earlier event said so, and its place has been given back.
    #[error("an earlier event said that it was not sent, and its place was given back")]
    WasNotSent,
    /// Its gateway still works on it.
    #[error("it is under way; its outcome is not unknown before three minutes are over")]
    UnderWay,
    /// Its release stopped halfway, or is to be done once more.
    #[error("it is held, and released again by itself")]
    Held,
    /// It never left, was refused, is too old, or is another customer's.
    #[error("no message of that decision has an unknown outcome at this customer")]
    NotOnRecord,
}

/// Why the word changes nothing; none when it does. Leases that ran out have been ended before.
pub fn moot(customer: &Customer, decision: &str, said: WhetherSent) -> Option<Moot> {
    let Some(send) = customer.sends.iter().find(|send| send.id == decision) else {
        return Some(match said {
            _ if !was_not_sent(customer, decision) => {
                match customer.held.iter().any(|held| is_of(&held.id, decision)) {
                    true => Moot::Held,
                    false => Moot::NotOnRecord,
                }
            }
            WhetherSent::NotSent => Moot::Known,
            WhetherSent::Sent => Moot::WasNotSent,
        });
    };
    match (send.state, said) {
        (SendState::Sent, WhetherSent::Sent) => Some(Moot::Known),
        (SendState::Sent, WhetherSent::NotSent) => Some(Moot::WasSent),
        (SendState::Reserved, _) => Some(Moot::UnderWay),
        // What it stands for would be lost with it: that its hold was accepted.
        (SendState::Unknown, WhetherSent::NotSent) if send.attempt.released => Some(Moot::Held),
        (SendState::Unknown, _) => None,
    }
}

/// Settles an unknown send as what it was. Idempotent.
pub(super) fn resolve(customer: &mut Customer, decision: &str, said: WhetherSent) {
    let unknown = customer.sends.iter().position(|send| send.id == decision && send.state == SendState::Unknown);
    match said {
        WhetherSent::Sent => {
            sends::settle(customer, decision, SendState::Sent);
            if let Some(send) = unknown.and_then(|at| customer.sends.get_mut(at)) {
                // Its client was told that nobody knows, so it may come again, and is answered from the record.
                send.attempt.unanswered = true;
            }
        }
        WhetherSent::NotSent => {
            if let Some(at) = unknown.filter(|at| customer.sends.get(*at).is_some_and(|send| !send.attempt.released)) {
                customer.sends.remove(at);
            }
            remember(customer, mark(decision));
        }
    }
}

/// True when somebody outside said so: no journal that knows only of its leaving brings it back.
pub fn was_not_sent(customer: &Customer, id: &str) -> bool {
    customer.seen.contains(&mark(id))
}

/// Stands among the hashes of event ids, which no shop begins with a space.
fn mark(decision: &str) -> u64 {
    short_hash(&format!(" not sent: {decision}"))
}

/// A hold's id ends with its decision's, behind a prefix.
fn is_of(hold: &str, decision: &str) -> bool {
    hold.split_once('-').is_some_and(|(_, of)| of == decision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::attempts::{Earlier, earlier};
    use crate::facts::sends::tests::send;
    use crate::facts::{Attempt, Event, HeldSend, MessageKey, SendEvent, What, apply, enter};
    use crate::message::Class;

    const KEY: MessageKey = MessageKey { hash: 7, given: false };

    fn customer(state: SendState) -> Customer {
        let attempt = Attempt { key: Some(KEY), times: 1, ..Attempt::default() };
        let one = SendEvent { state, lease_until: None, attempt, ..send("d-1", 0) };
        Customer { sends: vec![send("d-0", -60), one], ..Customer::default() }
    }

    fn told(customer: &mut Customer, id: &str, decision: &str, outcome: WhetherSent) -> bool {
        let (at, decision) = (send("", 30).at, decision.to_owned());
        apply(customer, &Event { id: id.into(), at, what: What::Outcome { decision, outcome } }, "k")
    }

    fn state(customer: &Customer) -> Option<SendState> {
        customer.sends.iter().find(|send| send.id == "d-1").map(|send| send.state)
    }

    fn retried(customer: &Customer) -> Option<Earlier> {
        earlier(customer, KEY, "k", send("", 60).at, |_| false, |_| None)
    }

    #[test]
    fn found_sent_it_goes_on_counting_and_its_retry_is_answered_from_the_record() {
        let mut customer = customer(SendState::Unknown);
        assert_eq!(retried(&customer), Some(Earlier::Assumed { id: "d-1".into() }));
        assert_eq!(moot(&customer, "d-1", WhetherSent::Sent), None);
        assert!(told(&mut customer, "e1", "d-1", WhetherSent::Sent));
        assert_eq!(
            (state(&customer), retried(&customer)),
            (Some(SendState::Sent), Some(Earlier::Sent { id: "d-1".into() }))
        );
        assert_eq!(moot(&customer, "d-1", WhetherSent::Sent), Some(Moot::Known));
        assert_eq!(moot(&customer, "d-1", WhetherSent::NotSent), Some(Moot::WasSent));
        let once = customer.clone();
        assert!(!told(&mut customer, "e1", "d-1", WhetherSent::Sent));
        assert_eq!(customer, once);
    }

    #[test]
    fn found_not_sent_its_place_is_free_once_and_a_retry_is_a_new_attempt() {
        let mut customer = customer(SendState::Unknown);
        assert_eq!(moot(&customer, "d-1", WhetherSent::NotSent), None);
        assert!(told(&mut customer, "e1", "d-1", WhetherSent::NotSent));
        assert_eq!(
            (customer.sends.len(), state(&customer), retried(&customer)),
            (1, None, None),
            "no other is touched"
        );
        assert_eq!(moot(&customer, "d-1", WhetherSent::NotSent), Some(Moot::Known), "by another event's id");
        assert_eq!(moot(&customer, "d-1", WhetherSent::Sent), Some(Moot::WasNotSent));
        let once = customer.clone();
        assert!(!told(&mut customer, "e1", "d-1", WhetherSent::NotSent));
        assert_eq!(customer, once);
    }

    #[test]
    fn what_is_told_again_after_a_loss_stays_given_back_in_any_order() {
        let left = SendEvent { state: SendState::Unknown, ..send("d-1", 0) };
        for send_first in [true, false] {
            let mut customer = Customer::default();
            if send_first {
                enter(&mut customer, &left);
            }
            told(&mut customer, "e1", "d-1", WhetherSent::NotSent);
            assert!(!enter(&mut customer, &left), "{send_first}");
            assert_eq!(customer.sends, [], "{send_first}");
        }
    }

    #[test]
    fn only_what_is_unknown_is_changed() {
        use WhetherSent::{NotSent, Sent};
        for (state, said, why) in [
            (SendState::Sent, NotSent, Moot::WasSent),
            (SendState::Reserved, NotSent, Moot::UnderWay),
            (SendState::Reserved, Sent, Moot::UnderWay),
        ] {
            assert_eq!(moot(&customer(state), "d-1", said), Some(why), "{state:?} {said:?}");
        }
        let mut elsewhere = customer(SendState::Unknown);
        assert_eq!(moot(&elsewhere, "d-2", NotSent), Some(Moot::NotOnRecord));
        let (due, expires, channel) = (send("", 90).at, send("", 900).at, crate::message::Channel::Email);
        let attempt = Attempt::default();
        elsewhere.held.push(HeldSend { id: "h1-d-2".into(), due, expires, channel, priority: 500, attempt });
        assert_eq!(moot(&elsewhere, "d-2", NotSent), Some(Moot::Held));
    }

    #[test]
    fn what_its_hold_still_needs_is_not_given_back() {
        let mut stopped = customer(SendState::Unknown);
        stopped.sends[1].attempt.released = true;
        assert_eq!(moot(&stopped, "d-1", WhetherSent::NotSent), Some(Moot::Held));
        assert_eq!(moot(&stopped, "d-1", WhetherSent::Sent), None, "its next release finds that it arrived");
        assert!(sends::hold_ended(&mut stopped, "d-1") && !sends::hold_ended(&mut stopped, "d-1"));
        assert_eq!(moot(&stopped, "d-1", WhetherSent::NotSent), None);
        // A code leaves its hold once more by itself.
        let mut code = customer(SendState::Reserved);
        (code.sends[1].class, code.sends[1].attempt.released) = (Class::MustSend, true);
        sends::settle(&mut code, "d-1", SendState::Unknown);
        assert_eq!(moot(&code, "d-1", WhetherSent::NotSent), Some(Moot::Held));
        (code.sends[1].state, code.sends[1].attempt.times) = (SendState::Reserved, 2);
        sends::settle(&mut code, "d-1", SendState::Unknown);
        assert_eq!(moot(&code, "d-1", WhetherSent::NotSent), None, "that was the last time");
    }
}
