//! A reservation in a walk's hands. It ends in exactly one way: settled, or given back. Where the walk
//! itself ends early (a panic, a deadline, a lost answer) the reservation ends by what is certain: never
//! forwarded is given back, forwarding begun is unknown, which counts as sent. That of a hold's release
//! stands on until the hold is handed out again: given back alone, nothing would say that the hold was
//! accepted.

use bytes::Bytes;

use super::ending::{AsWritten, End, Settlement};
use super::queue::Queue;
use crate::facts::{SendEvent, SendState};
use crate::store::CustomerKey;

/// A send on its way, and whether the customer's document lists it.
#[derive(Debug)]
pub struct Reservation {
    open: Option<Open>,
    queue: Queue,
}

#[derive(Debug)]
struct Open {
    brand: String,
    root: CustomerKey,
    send: SendEvent,
    stands: Stands,
    forwarding: bool,
    /// How it ended, once that is known.
    outcome: Option<SendState>,
    /// What an earlier attempt left under the same id.
    before: Option<Box<SendEvent>>,
    /// An earlier round of the walk asked, too, and what became of that is not known.
    asked_before: bool,
    /// The document that lists it, as it was written.
    document: Option<Box<AsWritten>>,
}

/// Whether a document lists a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It was asked to, at this version; the answer is not there yet, or lost.
    Asked(u64),
    Yes,
    No,
}

impl Reservation {
    /// One that the store is about to be asked for, at the version that was loaded.
    pub fn asked(queue: &Queue, brand: &str, root: CustomerKey, version: u64, send: SendEvent) -> Reservation {
        Reservation::new(queue, brand, root, send, Stands::Asked(version))
    }

    /// A send that leaves without one, because the store is down; it is entered when the store is back.
    pub fn blind(queue: &Queue, brand: &str, key: CustomerKey, send: SendEvent) -> Reservation {
        Reservation::new(queue, brand, key, send, Stands::No)
    }

    fn new(queue: &Queue, brand: &str, root: CustomerKey, send: SendEvent, stands: Stands) -> Reservation {
        let open = Open {
            brand: brand.to_owned(),
            root,
            send,
            stands,
            forwarding: false,
            outcome: None,
            before: None,
            asked_before: false,
            document: None,
        };
        Reservation { open: Some(open), queue: queue.clone() }
    }

    /// The document lists it.
    pub fn stands(&mut self) {
        if let Some(open) = &mut self.open {
            open.stands = Stands::Yes;
        }
    }

    /// The document that lists it, for whoever settles it soon.
    pub fn stands_in(&mut self, document: AsWritten) {
        if let Some(open) = self.open.as_mut().filter(|open| open.stands == Stands::Yes) {
            open.document = Some(Box::new(document));
        }
    }

    /// From now on bytes may leave.
    pub fn forwarding(&mut self) {
        if let Some(open) = &mut self.open {
            open.forwarding = true;
        }
    }

    /// Its customer's root and what stands in the document, for the journal.
    pub fn line(&self) -> Option<(&str, &SendEvent)> {
        self.open.as_ref().map(|open| (open.root.0.as_str(), &open.send))
    }

    /// It takes the place of what an earlier attempt left: given back, that stands again.
    pub fn after(mut self, before: Option<&SendEvent>) -> Reservation {
        if let Some(open) = &mut self.open {
            open.before = before.cloned().map(Box::new);
        }
        self
    }

    /// It takes the place of what an earlier round of the same walk asked for: that is taken out with it.
    pub fn instead_of(mut self, earlier: Option<Reservation>) -> Reservation {
        if let (Some(open), Some(earlier)) = (&mut self.open, earlier) {
            open.asked_before = earlier.open.is_some();
            earlier.forget();
        }
        self
    }

    /// Somebody else wrote first. True when no document can list it then, so that there is nothing to give
    /// back: what stands under its id is another's.
    pub fn lost_its_race(&mut self) -> bool {
        self.open.take_if(|open| !open.asked_before).is_some() || self.open.is_none()
    }

    /// The provider has it, or may have it. To be settled once it is known whether the client was told.
    pub fn ended(&mut self, state: SendState) {
        if let Some(open) = &mut self.open {
            open.outcome = Some(state);
        }
    }

    /// Settles what has ended, with the reply that a retry is to be given.
    pub fn settle(mut self, told: bool, reply: Option<(String, Bytes)>) {
        if let Some(open) = self.open.take() {
            let state = open.outcome.unwrap_or(SendState::Unknown);
            self.queue.push(Settlement { reply, ..open.settled(state, told) });
        }
    }

    /// Nothing left, or the provider refused it: what is to be done before the reply; none when no document
    /// can list it.
    pub fn into_back(mut self) -> Option<Settlement> {
        self.open.take().and_then(Open::given_back)
    }

    /// Its place in the document was taken out again by a later round of the same walk.
    pub fn forget(mut self) {
        self.open = None;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        let end = match open.outcome {
            Some(state) => Some(open.settled(state, false)),
            None if open.forwarding => Some(open.settled(SendState::Unknown, false)),
            None if open.send.attempt.released => None,
            None => open.given_back(),
        };
        if let Some(end) = end {
            self.queue.push(end);
        }
    }
}

impl Open {
    fn settled(self, state: SendState, told: bool) -> Settlement {
        let (id, at) = (self.send.id.clone(), self.send.at);
        let end = match self.stands {
            Stands::Yes => End::Is { state, told },
            Stands::Asked(_) | Stands::No => {
                let mut send = SendEvent { state, ..self.send };
                send.attempt.unanswered |= !told;
                End::Enter(Box::new(send))
            }
        };
        Settlement { brand: self.brand, root: self.root, id, at, end, reply: None, document: self.document }
    }

    fn given_back(self) -> Option<Settlement> {
        let end = match self.stands {
            Stands::Yes => End::Back(self.before),
            Stands::Asked(version) => End::BackFrom(version, self.before),
            Stands::No => return None,
        };
        let (id, at) = (self.send.id, self.send.at);
        Some(Settlement { brand: self.brand, root: self.root, id, at, end, reply: None, document: self.document })
    }
}
