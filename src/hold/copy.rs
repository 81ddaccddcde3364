//! A hold's copy in a shared store, as bytes: a note that says whose it is and where it stands, and the
//! message beside it. Both are sealed with a key that every gateway of the store derives from the pepper,
//! which the store never has. First byte = format; a newer one is left alone.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Held, HeldDecision, HeldMessage, HoldError, HoldKey, Standing};
use crate::hex::hex;

const NOTE_FORMAT: u8 = 1;
/// What the shared key is derived for.
pub const KEY_PURPOSE: &str = "hold copies 1";

/// What the store knows of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyNote {
    /// The gateway whose it is.
    pub owner: String,
    /// How often it went over to another gateway.
    pub moves: u32,
    /// Which of its owner's due lists names it.
    pub list: String,
    /// Its message's name in the store.
    pub body: String,
    /// True from just before the first byte leaves: whoever takes it over then may not send it.
    pub leaving: bool,
    /// Times it was held again.
    pub attempts: u32,
    /// Its client was told that it waits. What an earlier build wrote does not say so.
    #[serde(default)]
    pub answered: bool,
    due: i64,
    expires: i64,
    must_send: bool,
    priority: u16,
    recipients: Vec<u32>,
    decisions: Vec<HeldDecision>,
}

/// Why a copy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// Written by a newer tactgate.
    #[error("the copy of a hold is of format {0}, written by a newer tactgate")]
    NewerFormat(u8),
    /// It does not verify.
    #[error("the copy of a hold does not verify")]
    Damaged,
}

impl CopyNote {
    /// A note of a message that waits.
    pub fn of(held: &Held, owner: &str, list: &str, body: &str) -> CopyNote {
        let message = &held.message;
        CopyNote {
            owner: owner.to_owned(),
            moves: 0,
            list: list.to_owned(),
            body: body.to_owned(),
            leaving: false,
            attempts: held.attempts,
            answered: held.answered,
            due: message.due.as_microsecond(),
            expires: message.expires.as_microsecond(),
            must_send: message.must_send,
            priority: message.priority,
            recipients: message.recipients.clone(),
            decisions: message.decisions.clone(),
        }
    }

    /// When it is due.
    pub fn due(&self) -> Timestamp {
        Timestamp::from_microsecond(self.due).unwrap_or(Timestamp::MIN)
    }

    /// When it is too old.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_microsecond(self.expires).unwrap_or(Timestamp::MIN)
    }

    /// Brings it up to date with a hold that waits again.
    pub fn waits(&mut self, held: &Held) {
        let (moves, list, body, owner) = (self.moves, self.list.clone(), self.body.clone(), self.owner.clone());
        // Who was told once was told.
        let answered = self.answered || held.answered;
        *self = CopyNote { moves, answered, ..CopyNote::of(held, &owner, &list, &body) };
    }

    /// What whoever takes it over has to know beside its message.
    pub fn stands(&self) -> Standing {
        Standing { attempts: self.attempts, leaving: self.leaving, answered: self.answered }
    }

    /// The note of the gateway that takes it over.
    pub fn moved_to(&self, owner: &str, list: &str) -> CopyNote {
        let moves = self.moves.saturating_add(1);
        CopyNote { owner: owner.to_owned(), list: list.to_owned(), moves, ..self.clone() }
    }

    /// The message that it is about.
    pub fn message(&self, id: &str, parcel: Bytes) -> Result<HeldMessage, CopyError> {
        let time = |micros| Timestamp::from_microsecond(micros).map_err(|_| CopyError::Damaged);
        Ok(HeldMessage {
            id: id.to_owned(),
            due: time(self.due)?,
            expires: time(self.expires)?,
            must_send: self.must_send,
            priority: self.priority,
            parcel,
            recipients: self.recipients.clone(),
            decisions: self.decisions.clone(),
        })
    }

    /// As bytes for the store.
    pub fn seal(&self, id: &str, key: &HoldKey) -> Result<Vec<u8>, HoldError> {
        let plain = rmp_serde::to_vec_named(self).map_err(|e| HoldError::File(e.to_string()))?;
        let mut bytes = vec![NOTE_FORMAT];
        bytes.extend(key.seal(&belonging("note", id), &plain)?);
        Ok(bytes)
    }

    /// From the store's bytes.
    pub fn open(id: &str, bytes: &[u8], key: &HoldKey) -> Result<CopyNote, CopyError> {
        let (format, sealed) = bytes.split_first().ok_or(CopyError::Damaged)?;
        if *format > NOTE_FORMAT {
            return Err(CopyError::NewerFormat(*format));
        }
        let plain = key.open(&belonging("note", id), sealed).ok_or(CopyError::Damaged)?;
        rmp_serde::from_slice(&plain).map_err(|_| CopyError::Damaged)
    }
}

/// The name of a message in the store: equal messages share one, up to a number of holds that the
/// store can count.
pub fn body_name(message: &HeldMessage, key: &HoldKey) -> String {
    let share = message.recipients.first().copied().unwrap_or_default() / HOLDS_OF_A_BODY;
    let mut named = key.name_of(&message.parcel);
    named.truncate(16);
    let expires = message.expires.as_microsecond();
    format!("{}-{share}-{expires}", hex(&named))
}

/// Recipients of a submission that share one body; the sets that count them are bounded.
const HOLDS_OF_A_BODY: u32 = 256;

/// The message as bytes for the store.
pub fn seal_body(name: &str, parcel: &[u8], key: &HoldKey) -> Result<Vec<u8>, HoldError> {
    key.seal(&belonging("body", name), parcel)
}

/// The message from the store's bytes.
pub fn open_body(name: &str, sealed: &[u8], key: &HoldKey) -> Result<Bytes, CopyError> {
    key.open(&belonging("body", name), sealed).map(Bytes::from).ok_or(CopyError::Damaged)
}

fn belonging(what: &str, name: &str) -> Vec<u8> {
    format!("{what} {name}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::StoreCopy;

    fn held() -> Held {
        Held { message: message(), attempts: 3, fence: 0, copy: StoreCopy::Wanted, answered: false }
    }

    fn message() -> HeldMessage {
        HeldMessage {
            id: "h-d-1".into(),
            due: Timestamp::from_second(60).unwrap(),
            expires: Timestamp::from_second(600).unwrap(),
            must_send: true,
            priority: 500,
            parcel: Bytes::from_static("致 canary@example.cn".as_bytes()),
            recipients: vec![2],
            decisions: vec![HeldDecision { id: "d-1".into(), told: 7 }],
        }
    }

    #[test]
    fn a_copy_comes_back_whole_for_whoever_has_the_pepper_and_for_nobody_else() {
        let (key, other) = (HoldKey::shared(&[1; 32]).unwrap(), HoldKey::shared(&[2; 32]).unwrap());
        let name = body_name(&message(), &key);
        let note = CopyNote::of(&held(), "g-1", "a", &name);
        let (bytes, body) = (note.seal("h-d-1", &key).unwrap(), seal_body(&name, &message().parcel, &key).unwrap());
        for sealed in [&bytes, &body] {
            assert!(!sealed.windows(6).any(|w| w == b"canary"));
        }
        let read = CopyNote::open("h-d-1", &bytes, &key).unwrap();
        assert_eq!(read, note);
        assert_eq!(read.message("h-d-1", open_body(&name, &body, &key).unwrap()).unwrap(), message());
        assert_eq!(CopyNote::open("h-d-1", &bytes, &other), Err(CopyError::Damaged));
        assert_eq!(CopyNote::open("h-d-2", &bytes, &key), Err(CopyError::Damaged), "moved under another id");
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x80;
            CopyNote::open("h-d-1", &flipped, &key).unwrap_err();
            CopyNote::open("h-d-1", &bytes[..at], &key).unwrap_err();
        }
    }

    #[test]
    fn one_mail_to_many_is_kept_few_times_and_counted_within_bounds() {
        let key = HoldKey::shared(&[1; 32]).unwrap();
        let names: std::collections::BTreeSet<String> =
            (0..1_000).map(|n| body_name(&HeldMessage { recipients: vec![n], ..message() }, &key)).collect();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn a_note_follows_its_hold_and_counts_its_owners() {
        let note = CopyNote::of(&held(), "g-1", "a", "body");
        assert_eq!((note.due(), note.expires()), (message().due, message().expires));
        let moved = note.moved_to("g-2", "b").moved_to("g-3", "c");
        assert_eq!((moved.owner.as_str(), moved.list.as_str(), moved.moves), ("g-3", "c", 2));
        assert_eq!(
            CopyNote { owner: "g-1".into(), list: "a".into(), moves: 0, ..moved.clone() },
            note,
            "else the same"
        );
        // Held again, for fewer people: whose it is and what it is called stay.
        let later = HeldMessage { due: Timestamp::from_second(90).unwrap(), recipients: vec![], ..message() };
        let mut waiting = CopyNote { leaving: true, answered: true, ..moved.clone() };
        waiting.waits(&Held { message: later, attempts: 4, ..held() });
        let wanted = CopyNote { due: 90_000_000, recipients: vec![], attempts: 4, answered: true, ..moved };
        assert_eq!(waiting, wanted, "and who was told once was told");
    }

    #[test]
    fn a_note_of_an_earlier_build_says_nothing_of_its_client() {
        let key = HoldKey::shared(&[1; 32]).unwrap();
        let note = CopyNote { answered: true, ..CopyNote::of(&held(), "g-1", "a", "body") };
        let mut earlier: std::collections::BTreeMap<String, serde_json::Value> =
            rmp_serde::from_slice(&rmp_serde::to_vec_named(&note).unwrap()).unwrap();
        assert_eq!(earlier.remove("answered"), Some(true.into()));
        let mut bytes = vec![NOTE_FORMAT];
        bytes.extend(key.seal(&belonging("note", "h-1"), &rmp_serde::to_vec_named(&earlier).unwrap()).unwrap());
        assert_eq!(CopyNote::open("h-1", &bytes, &key).unwrap(), CopyNote { answered: false, ..note });
    }
}
