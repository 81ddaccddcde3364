//! The copies of holds in a shared store (design §6: "an encrypted copy and a due entry let others claim it
//! with a fence once the owner's heartbeat stops"). Order: the owner's disk, the message, the due entry, the
//! note; then the customer's commit. The note's version is the fence: it is written by compare-and-set
//! only, names the owner, and says whether bytes may be leaving.
//!
//! Whose word counts: the note's. A gateway that stopped for longer than its lease and goes on asks it before
//! it decides, and writes it just before the first byte leaves; when another is named there, its own row
//! ends as moved. While the store is silent a copied hold waits, since another may have it by now; only a
//! must-send message goes, which may then arrive twice (a code late is a code lost). A note that is not
//! there, and of which no end is kept, was lost with the store: then the owner's disk counts.

use jiff::{SignedDuration, Timestamp};

use super::Gateway;
use super::erasing::leave_erased_out;
use crate::hold::copy::{CopyError, CopyNote, body_name, open_body, seal_body};
use crate::hold::{Held, HoldError, StoreCopy};
use crate::store::StoreError;
use crate::store::erasures::Erasure;

/// Whose a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This gateway's.
    Here,
    /// Another's now, or ended there.
    Elsewhere,
    /// The store does not say.
    NotTold,
}

/// Lost compare-and-sets on one note before it is left for later.
const ROUNDS_MAX: usize = 5;
/// Holds looked at in one go.
const TOGETHER_MAX: usize = 64;
/// Ended holds whose copies are taken away in one go.
const ENDED_MAX: usize = 256;
/// Holds taken over in one go: between, this gateway's own are looked after.
const TAKEN_MAX: usize = 256;
/// What is kept for a hold in the store outlives it by this much.
const KEPT_LONGER: SignedDuration = SignedDuration::from_hours(48);
/// How long a copied hold waits for a silent store before it asks again.
pub(super) const STORE_WAIT: SignedDuration = SignedDuration::from_secs(10);

/// Why a copy was not made or taken.
#[derive(Debug, thiserror::Error)]
enum NotCopied {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Hold(#[from] HoldError),
}

impl Gateway {
    /// Copies a hold that was just made durable here. What fails is tried again behind the answer: the
    /// hold itself is safe on this gateway's disk.
    pub(super) async fn copy_hold(&self, held: &Held) {
        if !self.store.is_shared() {
            return;
        }
        if held.message.parcel.len() as u64 > self.config.hold.shared_body_bytes_max {
            tracing::info!(
                hold = held.message.id,
                "a held message is larger than `shared_body_bytes_max`: only this gateway can release it"
            );
            self.note_copy(held, StoreCopy::None).await;
            return;
        }
        let standing = match self.write_copy(held).await {
            Ok(Owner::Here) => StoreCopy::Made,
            Ok(_) => {
                let (id, now) = (&held.message.id, self.clock.now());
                tracing::info!(hold = id, "another gateway has taken this hold over");
                if let Err(error) = self.hold.moved(id, held.fence, now).await {
                    tracing::warn!(%error, "a hold that is another's stands here until it is looked at again");
                }
                return;
            }
            Err(NotCopied::Store(StoreError::Unknown(why))) => {
                tracing::debug!(hold = held.message.id, why, "a copy may have been made");
                StoreCopy::Behind
            }
            Err(error) => {
                tracing::debug!(hold = held.message.id, %error, "a hold is not copied yet");
                held.copy
            }
        };
        if standing != held.copy {
            self.note_copy(held, standing).await;
        }
    }

    async fn note_copy(&self, held: &Held, standing: StoreCopy) {
        if let Err(error) = self.hold.copy_stands(held, standing).await {
            tracing::warn!(%error, "how a copy stands was not noted; it is looked at again");
        }
    }

    async fn write_copy(&self, held: &Held) -> Result<Owner, NotCopied> {
        let (id, fleet) = (&held.message.id, &self.fleet);
        for _ in 0..ROUNDS_MAX {
            // One that was never copied is not there: no need to ask.
            let (version, found) = match held.copy {
                StoreCopy::Wanted => (0, None),
                _ => self.note(id).await?,
            };
            let note = match found {
                Some(note) if note.owner != fleet.id => return Ok(Owner::Elsewhere),
                Some(mut note) => {
                    note.waits(held);
                    note
                }
                None if held.copy != StoreCopy::Wanted && self.store.hold_ended_elsewhere(id).await? => {
                    return Ok(Owner::Elsewhere);
                }
                None => {
                    let (body, list) = (body_name(&held.message, &fleet.key), fleet.next_list());
                    let sealed = seal_body(&body, &held.message.parcel, &fleet.key)?;
                    self.store.keep_hold_body(&body, id, sealed, self.kept_seconds(held.message.expires)).await?;
                    self.store.list_due(&fleet.id, &list, id, held.message.due).await?;
                    CopyNote::of(held, &fleet.id, &list, &body)
                }
            };
            if self.store.write_hold_note(id, version, note.seal(id, &fleet.key)?).await? {
                return Ok(Owner::Here);
            }
        }
        Err(StoreError::Down("a note was written by others all the time".into()).into())
    }

    /// Whose a hold is that this gateway is about to work on.
    pub(super) async fn whose(&self, held: &Held) -> Owner {
        self.claim_note(held, false).await
    }

    /// The last question before the first byte leaves; from here on nobody else will send it.
    pub(super) async fn may_leave(&self, held: &Held) -> Owner {
        self.claim_note(held, true).await
    }

    async fn claim_note(&self, held: &Held, leaving: bool) -> Owner {
        if held.copy == StoreCopy::None || !self.store.is_shared() {
            return Owner::Here;
        }
        let id = &held.message.id;
        for _ in 0..ROUNDS_MAX {
            let told = match self.note(id).await {
                Ok((_, None)) => match self.store.hold_ended_elsewhere(id).await {
                    Ok(true) => return Owner::Elsewhere,
                    Ok(false) => return Owner::Here,
                    Err(error) => Err(error.into()),
                },
                Ok((_, Some(note))) if note.owner != self.fleet.id => return Owner::Elsewhere,
                Ok(_) if !leaving => return Owner::Here,
                Ok((version, Some(mut note))) => {
                    note.leaving = true;
                    match note.seal(id, &self.fleet.key) {
                        Ok(sealed) => self.store.write_hold_note(id, version, sealed).await.map_err(NotCopied::from),
                        Err(error) => Err(error.into()),
                    }
                }
                // Nobody could take over what nobody can read.
                Err(NotCopied::Copy(CopyError::Damaged)) => {
                    tracing::error!(hold = id, "the copy of a hold does not verify; this gateway's own row counts");
                    return Owner::Here;
                }
                Err(error) => Err(error),
            };
            match told {
                Ok(true) => return Owner::Here,
                // Somebody wrote in between, or the answer was lost: what stands there now says whose it is.
                Ok(false) | Err(NotCopied::Store(StoreError::Unknown(_))) => {}
                Err(error) => {
                    tracing::warn!(hold = id, %error, "whose a hold is cannot be asked");
                    // Surely never copied, or worth more twice than never.
                    let goes = held.copy == StoreCopy::Wanted || held.message.must_send;
                    return if goes { Owner::Here } else { Owner::NotTold };
                }
            }
        }
        Owner::NotTold
    }

    /// Brings the store up to date with this gateway's holds: copies that are missing or behind, and
    /// those of holds that have ended.
    pub(super) async fn tell_store_of_holds(&self) {
        if !self.store.is_shared() {
            return;
        }
        // Asked each second; mostly there is nothing.
        if matches!(self.hold.copies_differ().await, Ok(false)) {
            return;
        }
        match self.hold.to_copy(TOGETHER_MAX).await {
            Ok(waiting) => {
                for held in waiting {
                    self.copy_hold(&held).await;
                }
            }
            Err(error) => tracing::warn!(%error, "holds to copy could not be read"),
        }
        let ended = match self.hold.copies_to_remove(ENDED_MAX).await {
            Ok(ended) => ended,
            Err(error) => return tracing::warn!(%error, "ended holds could not be read"),
        };
        self.remove_copies(&ended).await;
    }

    /// Takes the copies of ended holds away; what fails is tried again.
    pub(super) async fn remove_copies(&self, ended: &[String]) {
        if !self.store.is_shared() {
            return;
        }
        for id in ended {
            match self.remove_copy(id).await {
                Ok(()) => {
                    if let Err(error) = self.hold.copy_removed(id).await {
                        tracing::warn!(%error, "that a copy is gone was not noted; it is looked at again");
                    }
                }
                Err(error) => {
                    tracing::debug!(hold = id, %error, "the copy of an ended hold still stands");
                    return;
                }
            }
        }
    }

    async fn remove_copy(&self, id: &str) -> Result<(), NotCopied> {
        for _ in 0..ROUNDS_MAX {
            let (version, note) = self.note(id).await?;
            // The note goes last: whatever stops this halfway, it is found again.
            let Some(note) = note.filter(|note| note.owner == self.fleet.id) else { return Ok(()) };
            self.store.unlist_due(&note.owner, &note.list, id).await?;
            self.store.release_hold_body(&note.body, id).await?;
            if note.moves > 0 {
                // An owner before this one may be asleep.
                self.store.keep_hold_end(id, self.kept_seconds(note.expires())).await?;
            }
            if self.store.remove_hold_note(id, version).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes over what a gateway that is gone had due, as far as there is room here.
    pub(super) async fn take_over_from(&self, gone: &str, forget: bool) {
        if self.hold.has_room().await.is_err() {
            return;
        }
        if let Err(error) = self.take_due(gone, self.clock.now(), forget).await {
            tracing::warn!(gateway = gone, %error, "the holds of a gateway that is gone could not all be taken over");
        }
    }

    /// Takes in holds that are this gateway's by their notes and that its file does not know: a takeover
    /// that stopped halfway.
    pub(super) async fn take_in_own(&self) {
        let overdue = self.clock.now().saturating_sub(STORE_WAIT).unwrap_or(Timestamp::MIN);
        if let Err(error) = self.take_due(&self.fleet.id, overdue, false).await {
            tracing::debug!(%error, "this gateway's own due lists could not be read");
        }
    }

    async fn take_due(&self, from: &str, until: Timestamp, forget: bool) -> Result<(), NotCopied> {
        let (mut taken, mut erasures) = (0, None);
        let lists = self.store.due_lists(from).await?;
        if lists.is_empty() && forget {
            self.store.forget_gateway(from).await?;
        }
        for list in lists {
            let entries = self.store.due_entries(from, &list).await?;
            if entries.is_empty() && (from != self.fleet.id || list != self.fleet.list_in_use()) {
                self.store.forget_due_list(from, &list).await?;
            }
            let mut due: Vec<String> = Vec::new();
            for (id, _) in entries.into_iter().filter(|(_, at)| *at <= until) {
                // Most of this gateway's own wait in its file.
                if from != self.fleet.id || self.unknown_here(&id).await? {
                    due.push(id);
                }
            }
            for some in due.chunks(TOGETHER_MAX) {
                if taken >= TAKEN_MAX {
                    return Ok(());
                }
                let notes = self.store.hold_notes(some).await?;
                for (id, stored) in some.iter().zip(notes) {
                    let note = stored.sealed.map(|sealed| CopyNote::open(id, &sealed, &self.fleet.key)).transpose();
                    match note {
                        Ok(Some(note)) if note.owner == from => {
                            if note.due() <= until {
                                let words = match &erasures {
                                    Some(words) => words,
                                    None => &*erasures.insert(self.words_of_erasures().await?),
                                };
                                self.take(id, stored.version, note, words).await?;
                                taken += 1;
                            }
                        }
                        // It went elsewhere, or ended, and this entry was left behind.
                        Ok(_) => self.store.unlist_due(from, &list, id).await?,
                        Err(error) => tracing::error!(hold = id, %error, "a hold cannot be taken over"),
                    }
                }
            }
        }
        Ok(())
    }

    async fn unknown_here(&self, id: &str) -> Result<bool, HoldError> {
        let status = self.hold.get(id).await?;
        Ok(status.is_none_or(|status| status.state == crate::hold::State::Moved))
    }

    /// Takes one hold: entered here first, so that it is found wherever this stops.
    async fn take(&self, id: &str, version: u64, note: CopyNote, erased: &[Erasure]) -> Result<(), NotCopied> {
        let fleet = &self.fleet;
        let Some(sealed) = self.store.hold_body(&note.body).await? else {
            tracing::error!(
                hold = id,
                "the store has a hold's note and not its message: only its owner can release it"
            );
            return Ok(());
        };
        let mut message = note.message(id, open_body(&note.body, &sealed, &fleet.key)?)?;
        let wanted = leave_erased_out(&self.config, &self.store, &mut message, erased);
        if note.owner != fleet.id {
            let list = fleet.next_list();
            self.store.list_due(&fleet.id, &list, id, note.due()).await?;
            let mine = note.moved_to(&fleet.id, &list);
            if !self.store.write_hold_note(id, version, mine.seal(id, &fleet.key)?).await? {
                // Another was faster, or its owner is back.
                self.store.unlist_due(&fleet.id, &list, id).await?;
                return Ok(());
            }
        }
        if !wanted {
            tracing::info!(hold = id, "a hold of a gateway that is gone was for an erased person only, and ends");
            self.remove_copy(id).await?;
            if note.owner != fleet.id {
                self.store.unlist_due(&note.owner, &note.list, id).await?;
            }
            return Ok(());
        }
        self.hold.take_over(message, note.stands()).await?;
        tracing::warn!(hold = id, from = note.owner, leaving = note.leaving, "a hold was taken over");
        self.metrics.hold_taken_over();
        if note.owner != fleet.id {
            self.store.unlist_due(&note.owner, &note.list, id).await?;
        }
        Ok(())
    }

    async fn note(&self, id: &str) -> Result<(u64, Option<CopyNote>), NotCopied> {
        let stored = self.store.hold_notes(&[id.to_owned()]).await?.pop().unwrap_or_default();
        let note = stored.sealed.map(|sealed| CopyNote::open(id, &sealed, &self.fleet.key)).transpose()?;
        Ok((stored.version, note))
    }

    fn kept_seconds(&self, expires: Timestamp) -> u32 {
        let kept = expires.duration_since(self.clock.now()).as_secs().saturating_add(KEPT_LONGER.as_secs());
        u32::try_from(kept.max(1)).unwrap_or(u32::MAX)
    }
}
