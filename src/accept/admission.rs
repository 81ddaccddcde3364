//! Who is taken in when more comes than can be carried: a bound on submissions in work, over all doors.
//! Ordinary messages may take only their share of it, so that a campaign never stands in the way of a
//! one-time code ("shed non-critical first, 20 % reserved for critical"). Decided at once, by counting:
//! nobody waits in line for an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::HeaderMap;

use crate::message::{Class, Secret, SmtpReply};

/// Seconds after which a client that was turned away may come back.
pub const RETRY_AFTER_SECONDS: u32 = 5;

/// Room for submissions in work; clones share it.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    taken: AtomicUsize,
    ordinary_max: usize,
    max: usize,
    stopping: AtomicBool,
}

/// A place in work; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    admission: Option<Admission>,
}

/// Why a submission is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// There is no room for its class now.
    Full,
    /// It came on one of the last connections, which are kept for must-send messages.
    Crowded,
    /// The gateway is stopping.
    Stopping,
}

/// Whose submission it is, as far as it can be told before its body.
#[derive(Debug, Clone, Copy)]
pub enum Sender<'a> {
    /// A mail session's login, if there was one.
    Mail(Option<(&'a str, &'a Secret)>),
    /// A request: the first segment of its path, and its header.
    Request(&'a str, &'a HeaderMap),
}

/// Which classes find no room now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shedding {
    /// None.
    #[default]
    Nothing,
    /// Ordinary messages.
    Ordinary,
    /// All.
    Everything,
}

impl Admission {
    /// Room for so many, of which `reserve_percent` are kept for must-send messages.
    pub fn new(max: usize, reserve_percent: usize) -> Admission {
        let ordinary_max = share(max, reserve_percent);
        let (taken, stopping) = (AtomicUsize::new(0), AtomicBool::new(false));
        Admission(Arc::new(Inner { taken, ordinary_max, max, stopping }))
    }

    /// A place. `class` is asked only when it makes a difference.
    pub fn enter(&self, class: impl FnOnce() -> Class) -> Result<Place, Shed> {
        let take = |max: usize| move |taken: usize| (taken < max).then_some(taken + 1);
        let taken = |max| self.0.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, take(max)).is_ok();
        if taken(self.limit(Class::Ordinary)) || (class() == Class::MustSend && taken(self.limit(Class::MustSend))) {
            return Ok(Place { admission: Some(self.clone()) });
        }
        Err(Shed::Full)
    }

    /// Why a submission would be turned away now; asked before its body is read.
    pub fn turns_away(&self, class: impl FnOnce() -> Class) -> Option<Shed> {
        let taken = self.in_work();
        let full = taken >= self.limit(Class::Ordinary)
            && (class() != Class::MustSend || taken >= self.limit(Class::MustSend));
        match self.0.stopping.load(Ordering::Acquire) {
            true => Some(Shed::Stopping),
            false => full.then_some(Shed::Full),
        }
    }

    /// Submissions in work.
    pub fn in_work(&self) -> usize {
        self.0.taken.load(Ordering::Acquire)
    }

    /// Which classes find no room now.
    pub fn shedding(&self) -> Shedding {
        match self.in_work() {
            taken if taken >= self.limit(Class::MustSend) => Shedding::Everything,
            taken if taken >= self.limit(Class::Ordinary) => Shedding::Ordinary,
            _ => Shedding::Nothing,
        }
    }

    /// From now on everybody is sent away; who has a place keeps it.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// True once the gateway was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    fn limit(&self, class: Class) -> usize {
        match class {
            Class::MustSend => self.0.max,
            Class::Ordinary => self.0.ordinary_max,
        }
    }
}

impl Place {
    /// A place where nothing is bounded: a door that stands alone.
    pub fn unbounded() -> Place {
        Place { admission: None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(Admission(inner)) = &self.admission {
            inner.taken.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Shed {
    /// What an SMTP client hears; with 421 the connection ends (RFC 5321 §4.2.2: "service not available,
    /// closing transmission channel").
    pub fn smtp(self) -> SmtpReply {
        match self {
            Shed::Full => SmtpReply::new(451, "4.3.2", "too much is being carried, try again"),
            Shed::Crowded => SmtpReply::new(421, "4.3.2", "too many connections, try again"),
            Shed::Stopping => SmtpReply::new(421, "4.3.2", "the server is stopping"),
        }
    }
}

/// What is left of `max` for ordinary messages: at least one, whatever the reserve.
pub fn share(max: usize, reserve_percent: usize) -> usize {
    (max.saturating_mul(100_usize.saturating_sub(reserve_percent)) / 100).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_messages_leave_a_fifth_to_those_that_must_be_sent() {
        let admission = Admission::new(10, 20);
        let (ordinary, must_send) = (|| Class::Ordinary, || Class::MustSend);
        let held: Vec<Place> = (0..8).map(|_| admission.enter(ordinary).unwrap()).collect();
        assert_eq!(admission.enter(ordinary).unwrap_err(), Shed::Full);
        assert_eq!((admission.turns_away(ordinary), admission.turns_away(must_send)), (Some(Shed::Full), None));
        assert_eq!(admission.shedding(), Shedding::Ordinary);
        let last = [admission.enter(must_send).unwrap(), admission.enter(must_send).unwrap()];
        assert_eq!((admission.enter(must_send).unwrap_err(), admission.in_work()), (Shed::Full, 10));
        assert_eq!(admission.shedding(), Shedding::Everything);
        drop(held);
        drop(last);
        assert!(admission.enter(ordinary).is_ok() && admission.in_work() == 0, "places are given back");
    }

    #[test]
    fn who_is_stopping_turns_everybody_away() {
        let admission = Admission::new(10, 20);
        assert_eq!(admission.turns_away(|| Class::MustSend), None);
        admission.stop();
        assert_eq!(admission.turns_away(|| Class::MustSend), Some(Shed::Stopping));
    }
}
