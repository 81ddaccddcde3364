//! Stops: the same words to the same person again within a day: by another tool, through another door, on
//! another channel, or by a client that sends twice.
//! Avoids: calling alike what differs in a number (another order, another code), and messages that must be sent.
//! Retries of one request are recognised before any guard speaks.
//! Prefers: the instant from which the words may be sent again, where the rule delays.
//! Settings: `within` (24 hours), `channels_apart` (true: the same words on another channel are no duplicate;
//! false), `transactional` (true: order and delivery notices are judged too, false).

use jiff::SignedDuration;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::FactKind;
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["ago", "channel", "stream", "count", "free_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long the same words rest.
    pub within: Window,
    /// Each channel by itself.
    pub channels_apart: bool,
    /// Order and delivery notices too.
    pub transactional: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { within: Window(SignedDuration::from_hours(24)), channels_apart: false, transactional: false }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    if case.meaning.is_transactional() && !settings.transactional {
        return Answer::Fine;
    }
    let Some(words) = case.meaning.fingerprint else {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    };
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let from = settings.within.before(case.now);
    let same = customer.sends.iter().filter(|send| {
        send.at > from
            && send.at <= case.now
            && send.content == Some(words)
            && (!settings.channels_apart || send.channel == case.message.channel)
    });
    let count = same.clone().count() as u64;
    if let Some(last) = same.max_by_key(|send| (send.at, &send.id)) {
        let free_at = settings.within.after(last.at);
        return Answer::Objects(
            Objection::because([
                ("ago", Evidence::Seconds(case.now.duration_since(last.at).as_secs())),
                ("channel", Evidence::Name(last.channel.to_string())),
                ("stream", Evidence::Name(last.stream.clone())),
                ("count", Evidence::Count(count)),
                ("free_at", Evidence::At(free_at)),
            ])
            .until(free_at),
        );
    }
    case.facts.since(FactKind::Sends, from).map_or_else(Answer::CannotTell, |()| Answer::Fine)
}

/// Nothing can be wrong with it.
pub fn check(_: &Settings) -> Result<(), Misfit> {
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("within", settings.within)]
}
