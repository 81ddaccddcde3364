//! The send that a test begins with.

use jiff::{SignedDuration, Timestamp};
use tactgate::facts::{Attempt, SendEvent, SendState};
use tactgate::message::{Channel, Class, PRIORITY_NORMAL};

/// A reservation.
pub fn send(id: &str, at: Timestamp, channel: Channel, from: &str) -> SendEvent {
    SendEvent {
        id: id.to_owned(),
        at,
        state: SendState::Reserved,
        channel,
        class: Class::Ordinary,
        priority: PRIORITY_NORMAL,
        stream: "news".to_owned(),
        department: None,
        campaign: None,
        purpose: None,
        survey: None,
        survey_minutes: None,
        survey_reminder: false,
        content: None,
        offers: Vec::new(),
        lease_until: Some(at + SignedDuration::from_secs(180)),
        from: from.to_owned(),
        attempt: Attempt::default(),
    }
}
