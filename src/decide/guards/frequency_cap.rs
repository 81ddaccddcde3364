//! Stops: more messages to one person than the rule allows in any window of that length.
//! Avoids: calendar tricks (two at midnight) and averages (five in a burst): the window slides over
//! exact event times. Must-send messages count only with `counts = "all"`.
//! Prefers: the next free instant, behind those already waiting.
//! Settings: `at_most` and `within` (both needed), `per` (`"all"` channels together, or each
//! `"channel"` by itself), `counted_purposes` (only sends of these purposes count; all by default),
//! `counts` (`"ordinary"` or `"all"`).

use jiff::Timestamp;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, HeldSend, SendEvent};
use crate::message::{Channel, Class};
use crate::policy::{OnUnknown, Then, Window};

/// A courtesy.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Delays to the next free instant, two days at most; lets go when nothing is known.
pub const DEFAULTS: Defaults = Defaults {
    then: Then::Delay { at_most: Window::days(2) },
    on_unknown: OnUnknown::Pass,
    on_store_down: OnUnknown::Pass,
};

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["count", "at_most", "within", "free_at", "channel"];

/// Which messages share a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// All channels together.
    #[default]
    All,
    /// Each channel by itself.
    Channel,
}

/// Which classes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// Only what is not must-send.
    #[default]
    Ordinary,
    /// Receipts and codes too.
    All,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How many.
    pub at_most: u32,
    /// In any window of this length.
    pub within: Window,
    /// Which share a count.
    #[serde(default)]
    pub per: Per,
    /// Purposes that count; absent = all.
    #[serde(default)]
    pub counted_purposes: Option<Vec<String>>,
    /// Classes that count.
    #[serde(default)]
    pub counts: Counts,
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let channel = case.message.channel;
    let mut times: Vec<Timestamp> =
        customer.sends.iter().filter(|s| counted(settings, s, channel)).map(|s| s.at).collect();
    let running = times.iter().filter(|at| **at > settings.within.before(case.now)).count();
    if free_from(&times, settings) > case.now {
        for waiting in ahead(settings, customer, channel, case.now) {
            times.push(waiting.due.max(free_from(&times, settings)));
        }
        let free_at = free_from(&times, settings);
        return Answer::Objects(
            Objection::because([
                ("count", Evidence::Count(running as u64)),
                ("at_most", Evidence::Count(u64::from(settings.at_most))),
                ("within", Evidence::Seconds(settings.within.0.as_secs())),
                ("free_at", Evidence::At(free_at)),
                ("channel", Evidence::Name(channel.to_string())),
            ])
            .until(free_at),
        );
    }
    match case.facts.since(FactKind::Sends, settings.within.before(case.now)) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// A cap of nothing is a block in disguise.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.at_most == 0 {
        return Err(Misfit { key: "at_most", why: "is 1 or more; to stop everything, use another guard".into() });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("within", settings.within)]
}

/// From when one more is allowed: the time of the `at_most`-th newest, plus the window.
fn free_from(times: &[Timestamp], settings: &Settings) -> Timestamp {
    let mut newest: Vec<Timestamp> = times.to_vec();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    let nth = usize::try_from(settings.at_most).unwrap_or(usize::MAX).saturating_sub(1);
    newest.get(nth).map_or(Timestamp::MIN, |at| settings.within.after(*at))
}

/// Reserved, sent and unknown count alike.
fn counted(settings: &Settings, send: &SendEvent, channel: Channel) -> bool {
    (settings.per == Per::All || send.channel == channel)
        && (settings.counts == Counts::All || send.class == Class::Ordinary)
        && settings.counted_purposes.as_ref().is_none_or(|purposes| {
            send.purpose.as_deref().is_some_and(|p| purposes.iter().any(|counted| counted.eq_ignore_ascii_case(p)))
        })
}

/// Those waiting for the same slots, in the order they will leave. A message decided again at its
/// release is no longer among them: the caller takes its own hold out of the facts first.
fn ahead<'a>(settings: &Settings, customer: &'a Customer, channel: Channel, now: Timestamp) -> Vec<&'a HeldSend> {
    let mut held: Vec<&HeldSend> = customer
        .held
        .iter()
        .filter(|h| h.expires > now && (settings.per == Per::All || h.channel == channel))
        .collect();
    held.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    held
}
