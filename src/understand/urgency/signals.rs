//! What is weighed beside the words: whether it is a mail, is signed, leads to a page, names a price, tells of an order,
//! and whether fixed words of hurry are in it. The same words press in a shop's message and not in a friend's.

use crate::understand::meaning::UrgencyKind;
use crate::understand::purpose::Tally;
use crate::understand::reading::Reading;

/// The names of the signals of a message, as the files of weights have them.
pub(super) fn signals(readings: &[Reading<'_>], tally: Tally) -> Vec<&'static str> {
    let said = |kind: Option<UrgencyKind>| {
        readings.iter().any(|reading| reading.heard.urges.iter().any(|(urge, _)| urge.kind == kind))
    };
    let fixed = [
        ("says-hurry", Some(UrgencyKind::Hurry)),
        ("says-last-chance", Some(UrgencyKind::LastChance)),
        ("says-countdown", Some(UrgencyKind::Countdown)),
        ("says-scarcity", Some(UrgencyKind::Scarcity)),
        ("says-closing", Some(UrgencyKind::Closing)),
        ("says-calm", None),
    ];
    let told = tally.signals().into_iter().filter(|(_, is)| *is).map(|(name, _)| name);
    told.chain(fixed.into_iter().filter(|(_, kind)| said(*kind)).map(|(name, _)| name)).collect()
}
