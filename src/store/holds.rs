//! Copies of held messages, for the other gateways of the store. Three things stand for a hold: its
//! message (a kept value, which equal messages share), an entry in one of its owner's due lists, and its
//! note, written by compare-and-set only: the note's version is the fence, and whoever wrote it last has
//! the hold. All of it is sealed by whoever calls; the store sees ids, instants and bytes.
//!
//! A set holds a bounded number of members, so a gateway has as many due lists as it needs and one list
//! of those.

use jiff::Timestamp;

use super::backend::{Ask, Kept, Mark, Record, RecordWrite, SET_MEMBERS_MAX, Wrote};
use super::{CustomerKey, Store, StoreError};

/// Entries in one due list: well within what a set keeps, whoever adds at the same time.
pub const DUE_LIST_MAX: usize = SET_MEMBERS_MAX / 2;

/// One note as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredNote {
    /// Its version, to be shown when it is written again; 0 = there is none.
    pub version: u64,
    /// Its bytes.
    pub sealed: Option<Vec<u8>>,
}

impl Store {
    /// Keeps a hold's message under a name, and that this hold needs it; the store may forget it after
    /// `seconds`, so one whose note never came is no one's to sweep.
    pub async fn keep_hold_body(
        &self,
        name: &str,
        hold: &str,
        sealed: Vec<u8>,
        seconds: u32,
    ) -> Result<(), StoreError> {
        let needed = Mark { set: needed_by(name), member: hold.to_owned(), at: 0 };
        // First who needs it: nobody then takes it for unneeded.
        self.inner.backend.mark(vec![needed]).await?;
        self.inner.backend.keep(vec![Kept { name: body(name), value: sealed, seconds }]).await
    }

    /// A hold's message, if the store still has it.
    pub async fn hold_body(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.inner.backend.kept(&[body(name)]).await?;
        Ok(kept.into_iter().next().flatten().filter(|bytes| !bytes.is_empty()))
    }

    /// A hold needs its message no more; the last one takes it away.
    pub async fn release_hold_body(&self, name: &str, hold: &str) -> Result<(), StoreError> {
        let set = needed_by(name);
        self.inner.backend.unmark(vec![(set.clone(), hold.to_owned())]).await?;
        let answer = self.inner.backend.read(&Ask { records: Vec::new(), sets: vec![(set, 1)] }).await?;
        if answer.sets.first().is_some_and(|needed| needed.count > 0) {
            return Ok(());
        }
        self.inner.backend.keep(vec![Kept { name: body(name), value: Vec::new(), seconds: 1 }]).await
    }

    /// Enters holds in one of a gateway's due lists.
    pub async fn list_due(&self, gateway: &str, list: &str, hold: &str, due: Timestamp) -> Result<(), StoreError> {
        let entry = Mark { set: due_list(gateway, list), member: hold.to_owned(), at: due.as_microsecond() };
        let named = Mark { set: lists_of(gateway), member: list.to_owned(), at: 0 };
        self.inner.backend.mark(vec![named, entry]).await
    }

    /// Takes a hold out of a due list.
    pub async fn unlist_due(&self, gateway: &str, list: &str, hold: &str) -> Result<(), StoreError> {
        self.inner.backend.unmark(vec![(due_list(gateway, list), hold.to_owned())]).await
    }

    /// The due lists of a gateway.
    pub async fn due_lists(&self, gateway: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.members(lists_of(gateway)).await?.into_iter().map(|(list, _)| list).collect())
    }

    /// What stands in a due list: hold and the time it was entered with, which may have moved since.
    pub async fn due_entries(&self, gateway: &str, list: &str) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let entries = self.members(due_list(gateway, list)).await?.into_iter();
        Ok(entries.map(|(hold, at)| (hold, Timestamp::from_microsecond(at).unwrap_or(Timestamp::MIN))).collect())
    }

    /// Forgets an empty due list.
    pub async fn forget_due_list(&self, gateway: &str, list: &str) -> Result<(), StoreError> {
        self.inner.backend.unmark(vec![(lists_of(gateway), list.to_owned())]).await
    }

    /// The notes of holds, in the order asked for.
    pub async fn hold_notes(&self, holds: &[String]) -> Result<Vec<StoredNote>, StoreError> {
        let records = holds.iter().map(|hold| self.note_key(hold)).collect();
        let answer = self.inner.backend.read(&Ask { records, sets: Vec::new() }).await?;
        let note = |record: Record| StoredNote { version: record.version, sealed: record.document };
        Ok(answer.records.into_iter().map(note).collect())
    }

    /// Writes a note if nobody wrote it since that version. True when it was written.
    pub async fn write_hold_note(&self, hold: &str, expect: u64, sealed: Vec<u8>) -> Result<bool, StoreError> {
        let record = Record { version: expect, document: Some(sealed), moved: None };
        let write = RecordWrite { key: self.note_key(hold), record, now: None };
        Ok(self.inner.backend.write(vec![write]).await?.first() == Some(&Wrote::Done))
    }

    /// Takes a note away if nobody wrote it since that version.
    pub async fn remove_hold_note(&self, hold: &str, version: u64) -> Result<bool, StoreError> {
        let removed = self.inner.backend.remove(vec![(self.note_key(hold), version)]).await?;
        Ok(removed.first() == Some(&true))
    }

    /// Keeps that a hold ended elsewhere than where it began: its first owner may be only asleep.
    pub async fn keep_hold_end(&self, hold: &str, seconds: u32) -> Result<(), StoreError> {
        self.inner.backend.keep(vec![Kept { name: self.end_name(hold), value: vec![1], seconds }]).await
    }

    /// Whether a hold ended elsewhere than where it began.
    pub async fn hold_ended_elsewhere(&self, hold: &str) -> Result<bool, StoreError> {
        Ok(self.inner.backend.kept(&[self.end_name(hold)]).await?.first().is_some_and(Option::is_some))
    }

    fn note_key(&self, hold: &str) -> CustomerKey {
        CustomerKey(format!("hold:{}", self.inner.pepper.hold(hold)))
    }

    fn end_name(&self, hold: &str) -> String {
        format!("{{hold-end:{}}}", self.inner.pepper.hold(hold))
    }

    async fn members(&self, set: String) -> Result<Vec<(String, i64)>, StoreError> {
        let ask = Ask { records: Vec::new(), sets: vec![(set, SET_MEMBERS_MAX)] };
        Ok(self.inner.backend.read(&ask).await?.sets.into_iter().flat_map(|marks| marks.earliest).collect())
    }
}

fn body(name: &str) -> String {
    format!("{{hold-body:{name}}}")
}

fn needed_by(name: &str) -> String {
    format!("{{hold-body:{name}}}:needed-by")
}

fn lists_of(gateway: &str) -> String {
    format!("{{holds:{gateway}}}:lists")
}

fn due_list(gateway: &str, list: &str) -> String {
    format!("{{holds:{gateway}}}:due:{list}")
}
