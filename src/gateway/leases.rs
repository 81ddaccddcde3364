//! Leases that end by proof (design §3): a reservation of an earlier run of this gateway is given back
//! when the journal proves that nothing left, and is unknown when something did; everybody else's becomes
//! unknown, which counts as sent, when its lease ran out. What this run reserves is settled by its
//! [`super::reservation::Reservation`], not here.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::deciding::LEASE_SECONDS;
use super::identity::Identity;
use crate::facts::{Customer, Proof, SendEvent, end_leases};
use crate::record::ids;
use crate::record::journal::Departures;

/// How much of the journal is read at a start: some hundred thousand sends.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// An empty journal of a gateway older than this proves nothing: its files may be past their time.
const NOTHING_LEFT_AT_MOST: SignedDuration = SignedDuration::from_hours(24);

/// What this gateway can prove about reservations.
#[derive(Debug)]
pub struct Leases {
    departures: Departures,
    /// Reservations made in this time are known whole: left or not left.
    whole: Option<(Timestamp, Timestamp)>,
}

impl Leases {
    /// Reads the end of the journal of earlier runs. Blocking.
    pub fn open(folder: &Path, identity: &Identity, now: Timestamp) -> std::io::Result<Leases> {
        let departures = Departures::read(folder, JOURNAL_BYTES_MAX)?;
        let lease = SignedDuration::from_secs(LEASE_SECONDS);
        let since = identity.before.since;
        let never_trimmed = match (departures.from, departures.whole_since) {
            // No line at all: nothing ever left, or what did is so old that its day was deleted.
            (None, _) => now.duration_since(since) < NOTHING_LEFT_AT_MOST,
            (Some(_), oldest) => oldest.is_some_and(|oldest| oldest <= TimeZone::UTC.to_datetime(since).date()),
        };
        let after_first_line = departures.from.and_then(|from| from.checked_add(lease).ok());
        let from = if never_trimmed { Some(since) } else { after_first_line };
        let until = match identity.same_boot {
            true => Some(Timestamp::MAX),
            // After a power loss a line may be missing that was not on disk yet. What is on disk was written
            // in order: a send whose lease had ended before the last line has its own line there, if it has one.
            false => departures.until.and_then(|last| last.checked_sub(lease).ok()),
        };
        Ok(Leases { departures, whole: from.zip(until) })
    }

    /// Ends what can be ended in a document that was just loaded. False when nothing changed.
    pub fn end(&self, customer: &mut Customer, now: Timestamp, identity: &Identity) -> bool {
        end_leases(customer, now, |send| self.proof(send, identity))
    }

    fn proof(&self, send: &SendEvent, identity: &Identity) -> Proof {
        if !send.attempt.owner.is_some_and(|owner| identity.is_earlier_run(owner)) {
            return Proof::None;
        }
        let made = ids::read(&send.id).map(|(_, made)| made);
        let known = self.whole.zip(made).is_some_and(|((from, until), made)| from <= made && made < until);
        match self.departures.left(&send.id) {
            Some(true) => Proof::MayHaveLeft,
            // Whoever is handed its hold takes it out and decides anew; without it the hold would be taken for
            // one that was never accepted.
            _ if send.attempt.released => Proof::None,
            Some(false) => Proof::NothingLeft,
            None if known => Proof::NothingLeft,
            None => Proof::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sends::tests::send;

    #[test]
    fn an_earlier_runs_reservation_goes_back_and_that_of_a_release_stays_for_its_hold() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let first = Identity::open(folder.path(), now, 7 << 8).unwrap();
        let second = Identity::open(folder.path(), now, 7 << 8).unwrap();
        let leases = Leases::open(folder.path(), &second, now).unwrap();
        let left = |released| {
            let mut one = send(&ids::decision(now, &[7; 10]), 0);
            one.lease_until = now.checked_add(SignedDuration::from_mins(3)).ok();
            (one.attempt.owner, one.attempt.released) = (Some(first.owner()), released);
            let mut customer = Customer { sends: vec![one], ..Customer::default() };
            leases.end(&mut customer, now, &second);
            customer.sends.len()
        };
        assert_eq!((left(false), left(true)), (0, 1));
    }
}
