//! The stored form of what sends and survey contacts learnt to say later: beside them, and only of those that
//! have something to say.

use super::wire::Micros;
use crate::facts::{SendEvent, SurveyFact};
use crate::message::PRIORITY_NORMAL;

/// Position among the sends, content, reminder, and of its offers those with an end or pressure.
pub(super) type WireShown = (u32, Option<u64>, bool, Vec<WirePressed>);
/// Position among the offers, end, pressing.
pub(super) type WirePressed = (u32, Option<Micros>, bool);
/// Position among the survey contacts, minutes.
pub(super) type WireMinutes = (u32, u32);

/// What is to be written of the sends.
pub(super) fn wire(sends: &[SendEvent]) -> Vec<WireShown> {
    let shown = sends.iter().enumerate().map(|(at, send)| {
        let offers = send.offers.iter().enumerate();
        let pressed = offers.filter(|(_, offer)| offer.ends.is_some() || offer.pressing);
        let pressed = pressed.map(|(at, offer)| (at as u32, offer.ends.map(Micros), offer.pressing));
        (at as u32, send.content, send.survey_reminder, pressed.collect::<Vec<_>>())
    });
    shown.filter(|(_, content, reminder, pressed)| content.is_some() || *reminder || !pressed.is_empty()).collect()
}

/// Puts what was read where it belongs; false when there is no such place.
pub(super) fn unwire(written: Vec<WireShown>, sends: &mut [SendEvent]) -> bool {
    written.into_iter().all(|(at, content, reminder, pressed)| {
        let Some(send) = sends.get_mut(at as usize) else { return false };
        (send.content, send.survey_reminder) = (content, reminder);
        pressed.into_iter().all(|(at, ends, pressing)| {
            let Some(offer) = send.offers.get_mut(at as usize) else { return false };
            (offer.ends, offer.pressing) = (ends.map(|micros| micros.0), pressing);
            true
        })
    })
}

/// The priority of those that have another than the usual one, by their position.
pub(super) fn weights(sends: &[SendEvent]) -> Vec<(u32, u16)> {
    let weights = sends.iter().enumerate().map(|(at, send)| (at as u32, send.priority));
    weights.filter(|(_, priority)| *priority != PRIORITY_NORMAL).collect()
}

/// The same as [`unwire`], for priorities.
pub(super) fn unweights(written: Vec<(u32, u16)>, sends: &mut [SendEvent]) -> bool {
    written.into_iter().all(|(at, priority)| sends.get_mut(at as usize).map(|send| send.priority = priority).is_some())
}

/// What is to be written of the survey contacts.
pub(super) fn minutes(surveys: &[SurveyFact]) -> Vec<WireMinutes> {
    surveys.iter().enumerate().filter_map(|(at, told)| Some((at as u32, told.minutes?))).collect()
}

/// The same as [`unwire`], for survey contacts.
pub(super) fn unminutes(written: Vec<WireMinutes>, surveys: &mut [SurveyFact]) -> bool {
    written
        .into_iter()
        .all(|(at, minutes)| surveys.get_mut(at as usize).map(|told| told.minutes = Some(minutes)).is_some())
}
