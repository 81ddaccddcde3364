//! What an earlier attempt left for a client's retry (design §3, *Message key*). A key that the client
//! gave names a message for a day; a key made from the content is a retry only within minutes, and only
//! while the earlier outcome is in flight, unknown, or was never told: an equal message after that is
//! a new one.

use jiff::{SignedDuration, Timestamp};

use super::{Attempt, Customer, HeldSend, MessageKey, SendEvent, SendState};
use crate::message::Class;

/// How long a key made from the content can be a retry's.
pub const CONTENT_KEY_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How long a key that the client gave can be a retry's; and how long a content's is kept, for holds of a
/// gateway that was gone meanwhile.
pub const GIVEN_KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// The clocks of two gateways agree so far (design §3, *Time*), and a client may come again at once.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_secs(1);
/// How often a must-send message may leave while its outcome is unknown.
pub const TIMES_MAX: u8 = 2;
/// The bits of a given key's hash that tell its content: a retry with another one is the client's mistake.
const CONTENT_BITS: u64 = 0xff_ffff;

/// What became of the earlier attempt that a message repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// Under way: the retry has to wait for its end.
    InFlight {
        /// Its send.
        id: String,
    },
    /// Taken by the provider.
    Sent {
        /// Its send.
        id: String,
    },
    /// The provider's answer was lost, and it may not be sent again: assumed sent.
    Assumed {
        /// Its send.
        id: String,
    },
    /// The provider's answer was lost; a message that must arrive is sent once more under the same id.
    OnceMore {
        /// Its send.
        id: String,
    },
    /// Held until then.
    Held {
        /// The hold.
        id: String,
        /// When it wants to leave.
        due: Timestamp,
    },
    /// The client gave this key to a message that says something else.
    OtherContent {
        /// That message's send or hold.
        id: String,
    },
}

impl Earlier {
    /// The send or hold it speaks of.
    pub fn id(&self) -> &str {
        match self {
            Earlier::InFlight { id }
            | Earlier::Sent { id }
            | Earlier::Assumed { id }
            | Earlier::OnceMore { id }
            | Earlier::Held { id, .. }
            | Earlier::OtherContent { id } => id,
        }
    }
}

impl MessageKey {
    /// A key made from the content.
    pub fn of_content(hash: u64) -> MessageKey {
        MessageKey { hash, given: false }
    }

    /// A key that the client gave, and the content that it gave it to.
    pub fn of_given(given: u64, content: u64) -> MessageKey {
        MessageKey { hash: (given & !CONTENT_BITS) | (content & CONTENT_BITS), given: true }
    }

    /// How long a retry of it may come.
    pub fn lasts(self) -> SignedDuration {
        if self.given { GIVEN_KEY_LASTS } else { CONTENT_KEY_LASTS }
    }

    /// True when both name one message; it may still say something else.
    fn names_the_same(self, other: MessageKey) -> bool {
        let mask = if self.given { !CONTENT_BITS } else { u64::MAX };
        self.given == other.given && self.hash & mask == other.hash & mask
    }
}

/// The earlier attempt of a message to the address `from` that came at `now`, if it is a retry. `own` are sends of
/// the walk itself; `made_at` tells by its id when what was sent or held came: a hold's send bears the time of its
/// release. A hold made without the store asks at its release, when later messages in the same words may stand
/// there: those are no earlier attempts at it, whatever became of them (see [`replacement`]), unless the client gave
/// all of them one key.
pub fn earlier(
    customer: &Customer,
    key: MessageKey,
    from: &str,
    now: Timestamp,
    own: impl Fn(&str) -> bool,
    made_at: impl Fn(&str) -> Option<Timestamp>,
) -> Option<Earlier> {
    let recent = |at: Timestamp| now.duration_since(at) <= key.lasts();
    let before = |came: Timestamp| key.given || now.duration_since(came) >= -CLOCKS_AGREE;
    let same = |attempt: &Attempt| attempt.key.is_some_and(|other| key.names_the_same(other));
    let sends = customer.sends.iter().filter(|send| {
        let open = recent(send.at) && before(came(send, &made_at)) && may_be_repeated(send, key);
        same(&send.attempt) && send.from == from && open && !own(&send.id)
    });
    let held = customer.held.iter().filter(|held| {
        let made = made_at(&held.id).map_or(key.given, |at| recent(at) && before(at));
        let open = made && held.expires > now && !own(&held.id);
        same(&held.attempt) && open && (key.given || held.attempt.unanswered)
    });
    // While the store was away each attempt left under an id of its own.
    let times = sends.clone().filter(|send| send.attempt.key == Some(key)).map(|send| send.attempt.times.max(1));
    let times = times.fold(0, u8::saturating_add);
    let of_sends = sends.map(|send| (send.attempt.key, of_send(send, now, times)));
    let of_holds = held.map(|held| (held.attempt.key, of_hold(held)));
    let told = of_sends.chain(of_holds).map(|(other, earlier)| match other == Some(key) {
        true => earlier,
        false => Earlier::OtherContent { id: earlier.id().to_owned() },
    });
    told.min_by_key(rank)
}

/// What took the place of a hold that was made at that time and of which no client was told: its retry was
/// decided by a gateway that did not see the hold, and told as well.
pub fn replacement(
    customer: &Customer,
    key: MessageKey,
    from: &str,
    made: Timestamp,
    now: Timestamp,
    own: impl Fn(&str) -> bool,
    made_at: impl Fn(&str) -> Option<Timestamp>,
) -> Option<Earlier> {
    let came_again = |at: Timestamp| {
        let after = at.duration_since(made);
        after >= -CLOCKS_AGREE && after <= key.lasts()
    };
    let same = |attempt: &Attempt, id: &str| attempt.key == Some(key) && !own(id);
    let sends = customer.sends.iter();
    let sends = sends.filter(|send| send.from == from && same(&send.attempt, &send.id));
    let sends = sends.filter(|send| came_again(came(send, &made_at)));
    let held = customer.held.iter().filter(|held| {
        same(&held.attempt, &held.id) && held.expires > now && made_at(&held.id).is_some_and(came_again)
    });
    sends.map(|send| of_send(send, now, TIMES_MAX)).chain(held.map(of_hold)).min_by_key(rank)
}

/// When its message came: one that waited in a hold is sent later than that, under the id it had from the first.
fn came(send: &SendEvent, made_at: impl Fn(&str) -> Option<Timestamp>) -> Timestamp {
    made_at(&send.id).map_or(send.at, |made| made.min(send.at))
}

/// A message of a content's key whose reply was told is done with; a given key stands for its message.
fn may_be_repeated(send: &SendEvent, key: MessageKey) -> bool {
    key.given || send.attempt.unanswered || send.state != SendState::Sent
}

/// `times` = how often all of that message left.
fn of_send(send: &SendEvent, now: Timestamp, times: u8) -> Earlier {
    let id = send.id.clone();
    let lease_is_over = send.lease_until.is_some_and(|until| until <= now);
    match send.state {
        SendState::Sent => Earlier::Sent { id },
        SendState::Reserved if !lease_is_over => Earlier::InFlight { id },
        _ if send.class == Class::MustSend && times < TIMES_MAX => Earlier::OnceMore { id },
        _ => Earlier::Assumed { id },
    }
}

fn of_hold(held: &HeldSend) -> Earlier {
    Earlier::Held { id: held.id.clone(), due: held.due }
}

/// Of several earlier attempts the one that forbids most.
fn rank(earlier: &Earlier) -> u8 {
    match earlier {
        Earlier::InFlight { .. } => 0,
        Earlier::Held { .. } => 1,
        Earlier::Sent { .. } => 2,
        Earlier::Assumed { .. } => 3,
        Earlier::OnceMore { .. } => 4,
        Earlier::OtherContent { .. } => 5,
    }
}

/// Writes down whether the reply of a send or a hold reached its client. Once it did not, that stays: more
/// retries may be under way. False when nothing changed.
pub fn tell(customer: &mut Customer, id: &str, told: bool) -> bool {
    if let Some(send) = customer.sends.iter_mut().find(|send| send.id == id) {
        let before = send.attempt;
        send.attempt.unanswered |= !told;
        let done = send.state == SendState::Sent && !send.attempt.unanswered;
        if done && send.attempt.key.is_none_or(|key| !key.given) {
            // The key stays: a hold that nobody was told of asks for it.
            send.attempt = Attempt { key: send.attempt.key, ..Attempt::default() };
        }
        return send.attempt != before;
    }
    let Some(held) = customer.held.iter_mut().find(|held| held.id == id) else { return false };
    let before = held.attempt;
    held.attempt.unanswered = !told;
    held.attempt != before
}

/// Drops what is only there for retries that can no longer come. False when nothing changed.
pub fn forget(customer: &mut Customer, now: Timestamp) -> bool {
    let mut changed = false;
    for send in customer.sends.iter_mut().filter(|send| send.state != SendState::Reserved) {
        if send.attempt.key.is_some() && now.duration_since(send.at) > GIVEN_KEY_LASTS {
            send.attempt = Attempt::default();
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;
    use crate::message::Channel;

    const KEY: MessageKey = MessageKey { hash: 0x0123_4567_89ab_cdef, given: false };
    const GIVEN: MessageKey = MessageKey { hash: 0x0123_4567_89ab_cdef, given: true };

    fn customer(state: SendState, key: MessageKey, change: impl Fn(&mut SendEvent)) -> Customer {
        let mut one = send("d1", 0);
        one.state = state;
        one.lease_until = one.lease_until.filter(|_| state == SendState::Reserved);
        one.attempt = Attempt { key: Some(key), times: 1, ..Attempt::default() };
        change(&mut one);
        Customer { sends: vec![one], ..Customer::default() }
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn found(customer: &Customer, key: MessageKey, seconds: i64) -> Option<Earlier> {
        let made_at = |id: &str| id.starts_with("h-").then(|| after(0));
        earlier(customer, key, "k", after(seconds), |_| false, made_at)
    }

    #[test]
    fn an_equal_content_is_a_retry_only_while_its_outcome_was_not_told() {
        use SendState::*;
        let id = || "d1".to_owned();
        let as_is = |_: &mut SendEvent| {};
        assert_eq!(found(&customer(Reserved, KEY, as_is), KEY, 5), Some(Earlier::InFlight { id: id() }));
        assert_eq!(found(&customer(Reserved, KEY, as_is), KEY, 60), Some(Earlier::Assumed { id: id() }));
        assert_eq!(found(&customer(Unknown, KEY, as_is), KEY, 600), Some(Earlier::Assumed { id: id() }));
        assert_eq!(found(&customer(Unknown, KEY, as_is), KEY, 601), None, "after ten minutes it is a new message");
        assert_eq!(found(&customer(Sent, KEY, as_is), KEY, 1), None, "told: an equal one is a new message");
        let lost = |one: &mut SendEvent| one.attempt.unanswered = true;
        assert_eq!(found(&customer(Sent, KEY, lost), KEY, 600), Some(Earlier::Sent { id: id() }));
        assert_eq!(found(&customer(Sent, KEY, lost), KEY, 601), None);
        let other = MessageKey { hash: KEY.hash ^ 1, ..KEY };
        assert_eq!(found(&customer(Unknown, KEY, as_is), other, 1), None);
        assert_eq!(found(&customer(Unknown, KEY, as_is), GIVEN, 1), None);
        let elsewhere = |one: &mut SendEvent| one.from = "another address".into();
        assert_eq!(found(&customer(Unknown, KEY, elsewhere), KEY, 1), None);
        let own = earlier(&customer(Reserved, KEY, as_is), KEY, "k", after(1), |id| id == "d1", |_| None);
        assert_eq!(own, None, "what this walk wrote is no earlier attempt");
    }

    #[test]
    fn a_given_key_names_one_message_for_a_day_and_no_other() {
        let sent = customer(SendState::Sent, GIVEN, |_| {});
        assert_eq!(found(&sent, GIVEN, 86_400), Some(Earlier::Sent { id: "d1".into() }));
        assert_eq!(found(&sent, GIVEN, 86_401), None);
        let content = |hash| MessageKey::of_given(GIVEN.hash, hash);
        assert_eq!(found(&sent, content(1), 5), Some(Earlier::OtherContent { id: "d1".into() }));
        assert_eq!(found(&sent, MessageKey { hash: GIVEN.hash ^ 1 << 24, ..GIVEN }, 5), None, "another key");
    }

    #[test]
    fn an_equal_message_that_came_later_is_no_earlier_attempt_unless_both_have_one_key() {
        for state in [SendState::Reserved, SendState::Unknown, SendState::Sent] {
            let later = |key| {
                customer(state, key, |one: &mut SendEvent| {
                    (one.at, one.lease_until) = (after(300), one.lease_until.map(|_| after(480)));
                    one.attempt.unanswered = true;
                })
            };
            assert_eq!(found(&later(KEY), KEY, 0), None, "{state:?}: it came when the first had long been answered");
            assert_eq!(found(&later(KEY), KEY, 298), None);
            assert!(found(&later(KEY), KEY, 299).is_some(), "{state:?}: by another clock");
            assert!(found(&later(GIVEN), GIVEN, 0).is_some(), "{state:?}: one key is one message");
        }
        // Sent from a hold, later than it came: the other hold of one client, which was told of one of them only.
        let released = customer(SendState::Sent, KEY, |one: &mut SendEvent| {
            one.at = after(300);
            one.attempt.unanswered = true;
        });
        let came = |at| earlier(&released, KEY, "k", after(12), |_| false, move |_| Some(after(at)));
        assert_eq!((came(0), came(14)), (Some(Earlier::Sent { id: "d1".into() }), None));
        let took_its_place = |at| {
            let told = customer(SendState::Sent, KEY, |one: &mut SendEvent| one.at = after(900));
            replacement(&told, KEY, "k", after(0), after(901), |_| false, move |_| Some(after(at)))
        };
        assert_eq!((took_its_place(12).is_some(), took_its_place(601)), (true, None), "however late it was released");
        let mut customer = Customer::default();
        let attempt = Attempt { key: Some(KEY), unanswered: true, ..Attempt::default() };
        let (id, channel) = ("h-d2".to_owned(), Channel::Email);
        customer.held.push(HeldSend { id, due: after(400), expires: after(900), channel, priority: 500, attempt });
        let made = |at| earlier(&customer, KEY, "k", after(0), |_| false, |_| Some(after(at)));
        assert_eq!((made(2), made(1).is_some()), (None, true));
    }

    #[test]
    fn what_must_arrive_is_tried_twice_in_all() {
        let must = |times| {
            move |one: &mut SendEvent| {
                one.class = Class::MustSend;
                one.attempt.times = times;
            }
        };
        let id = || "d1".to_owned();
        let unknown = |times| customer(SendState::Unknown, KEY, must(times));
        assert_eq!(found(&unknown(1), KEY, 5), Some(Earlier::OnceMore { id: id() }));
        assert_eq!(found(&unknown(2), KEY, 5), Some(Earlier::Assumed { id: id() }));
        let mut apart = unknown(1);
        apart.sends.push(SendEvent { id: "d2".into(), ..apart.sends[0].clone() });
        assert_eq!(found(&apart, KEY, 5), Some(Earlier::Assumed { id: id() }), "each under an id of its own");
    }

    #[test]
    fn a_hold_is_repeated_until_its_reply_was_told() {
        let mut customer = Customer::default();
        let attempt = Attempt { key: Some(KEY), unanswered: true, ..Attempt::default() };
        customer.held.push(HeldSend {
            id: "h-d1".into(),
            due: after(1_000),
            expires: after(2_000),
            channel: Channel::Email,
            priority: 500,
            attempt,
        });
        let held = Some(Earlier::Held { id: "h-d1".into(), due: after(1_000) });
        assert_eq!(found(&customer, KEY, 5), held);
        assert_eq!(found(&customer, KEY, 601), None);
        assert!(tell(&mut customer, "h-d1", true) && !tell(&mut customer, "h-d1", true));
        let told = Attempt { key: Some(KEY), ..Attempt::default() };
        assert_eq!((found(&customer, KEY, 5), customer.held[0].attempt), (None, told));
        customer.held[0].attempt = Attempt { key: Some(GIVEN), ..attempt };
        assert!(tell(&mut customer, "h-d1", true));
        assert_eq!(found(&customer, GIVEN, 1_500), held);
    }

    #[test]
    fn what_was_told_elsewhere_takes_the_place_of_a_hold_that_nobody_was_told_of() {
        let replaced = |customer: &Customer, made: i64, now: i64| {
            let made_at = |id: &str| (id != "d1").then(|| after(0));
            replacement(customer, KEY, "k", after(made), after(now), |id| id == "u-own", made_at)
        };
        let mut sent = customer(SendState::Sent, KEY, |_| {});
        assert!(tell(&mut sent, "d1", true));
        let told = Some(Earlier::Sent { id: "d1".into() });
        assert_eq!(replaced(&sent, -5, 300), told);
        assert_eq!(replaced(&sent, -600, 80_000), told, "however late its own gateway comes back");
        assert_eq!(replaced(&sent, -601, 300), None, "a retry comes within ten minutes");
        assert_eq!(replaced(&sent, 1, 300), told, "by another clock");
        assert_eq!(replaced(&sent, 2, 300), None, "what was told before it was made is another message");
        let mut other = sent.clone();
        other.sends[0].attempt.key = Some(MessageKey { hash: 1, ..KEY });
        assert_eq!(replaced(&other, -5, 300), None);
        let mut held = Customer::default();
        held.held.push(HeldSend {
            id: "u-own".into(),
            due: after(1_000),
            expires: after(2_000),
            channel: Channel::Email,
            priority: 500,
            attempt: Attempt { key: Some(KEY), ..Attempt::default() },
        });
        assert_eq!(replaced(&held, -5, 300), None, "its own line");
        held.held[0].id = "h-d2".into();
        assert_eq!(replaced(&held, -5, 300), Some(Earlier::Held { id: "h-d2".into(), due: after(1_000) }));
    }

    #[test]
    fn nothing_is_kept_for_retries_that_cannot_come() {
        let mut told = customer(SendState::Sent, KEY, |_| {});
        assert!(tell(&mut told, "d1", true));
        assert_eq!(told.sends[0].attempt, Attempt { key: Some(KEY), ..Attempt::default() });
        let mut lost = customer(SendState::Sent, KEY, |_| {});
        assert!(tell(&mut lost, "d1", false));
        assert!(!tell(&mut lost, "d1", true), "another retry may be under way");
        assert!(!forget(&mut lost, after(86_400)) && forget(&mut lost, after(86_401)));
        assert_eq!(lost.sends[0].attempt, Attempt::default());
        let mut given = customer(SendState::Sent, GIVEN, |_| {});
        assert!(!tell(&mut given, "d1", true));
        assert!(!forget(&mut given, after(86_400)) && forget(&mut given, after(86_401)));
        let mut open = customer(SendState::Reserved, KEY, |_| {});
        assert!(!forget(&mut open, after(99_999)), "its owner may still have to be asked");
    }
}
