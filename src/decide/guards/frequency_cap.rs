//! Stops: more messages to one person than the rule allows, in any window of that length or in a day, week or month of
//! the calendar.
//! Avoids: calendar tricks (two at midnight) and averages (five in a burst): the window slides over
//! exact event times, unless the rule names the calendar. Must-send messages count only with `counts = "all"`.
//! Prefers: the next free instant, behind those already waiting who go first: a higher priority, or the same and
//! waiting already.
//! Settings: `at_most` (needed), `within` (any window of this length) or `per_calendar` (`"day"`, `"week"`, `"month"`, by
//! `clock`: the `"recipient"`'s, else the brand's, or always the `"brand"`'s; `week_starts` on monday), `per` (`"all"`
//! channels together, or each `"channel"` by itself), `counted_purposes` (only sends of these purposes count; all by
//! default), `counts` (`"ordinary"` or `"all"`), `reserve` (so many places are for messages whose priority is
//! `reserve_from` or more, 501 if not given; who had one of them keeps no other free; a priority is that of the stream,
//! or of a rule's `priority`).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::hours::Day;
use crate::decide::periods::{Period, period};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Customer, FactKind, HeldSend, SendEvent, zone};
use crate::message::{Channel, Class, PRIORITY_NORMAL};
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

/// Whose days, weeks and months are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The recipient's, when told; else the brand's.
    #[default]
    Recipient,
    /// The brand's.
    Brand,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How many.
    pub at_most: u32,
    /// In any window of this length.
    #[serde(default)]
    pub within: Option<Window>,
    /// Or in each of these.
    #[serde(default)]
    pub per_calendar: Option<Period>,
    /// By this clock.
    #[serde(default)]
    pub clock: Clock,
    /// The first day of a week.
    #[serde(default = "monday")]
    pub week_starts: Day,
    /// Which share a count.
    #[serde(default)]
    pub per: Per,
    /// Purposes that count; absent = all.
    #[serde(default)]
    pub counted_purposes: Option<Vec<String>>,
    /// Classes that count.
    #[serde(default)]
    pub counts: Counts,
    /// Places left free for messages of more weight.
    #[serde(default)]
    pub reserve: u32,
    /// The least priority that may have them.
    #[serde(default = "above_normal")]
    pub reserve_from: u16,
}

fn monday() -> Day {
    Day::Monday
}

fn above_normal() -> u16 {
    PRIORITY_NORMAL + 1
}

/// What a cap counts in.
enum Span {
    /// Any window of that length.
    Sliding(Window),
    /// Each period, from its midnight on.
    Calendar(Period, Day, TimeZone),
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        Err(why) => return Answer::CannotTell(why),
    };
    let span = settings.span(customer, case);
    let channel = case.message.channel;
    let sends = customer.sends.iter().filter(|s| counted(settings, s, channel));
    let mut taken: Vec<Taken> = sends.map(|s| settings.taken(s.at, s.priority)).collect();
    let since = span.since(case.now);
    let free = |taken: &[Taken], priority, from| span.free_from(taken, settings.places(priority), from);
    if free(&taken, case.priority, case.now) > case.now {
        let running: Vec<&Taken> = taken.iter().filter(|one| span.counts_at(one.at, case.now)).collect();
        // Those that are still kept free are not there for this message.
        let kept = settings.places(case.priority).kept.saturating_sub(running.iter().filter(|one| one.weighs).count());
        let (running, places) = (running.len(), u64::from(settings.at_most).saturating_sub(kept as u64));
        for waiting in ahead(settings, customer, channel, case) {
            let at = free(&taken, waiting.priority, waiting.due);
            taken.push(settings.taken(at, waiting.priority));
        }
        let free_at = free(&taken, case.priority, case.now);
        let within = match &span {
            Span::Sliding(window) => Evidence::Seconds(window.0.as_secs()),
            Span::Calendar(period, ..) => Evidence::Name(period.name().to_owned()),
        };
        return Answer::Objects(
            Objection::because([
                ("count", Evidence::Count(running as u64)),
                ("at_most", Evidence::Count(places)),
                ("within", within),
                ("free_at", Evidence::At(free_at)),
                ("channel", Evidence::Name(channel.to_string())),
            ])
            .until(free_at),
        );
    }
    match case.facts.since(FactKind::Sends, since) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// A cap of nothing is a block in disguise.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.at_most == 0 {
        return Err(Misfit { key: "at_most", why: "is 1 or more; to stop everything, use another guard".into() });
    }
    match (settings.within, settings.per_calendar) {
        (None, None) => {
            let why = "or `per_calendar` is needed: `within = \"7 days\"` is any seven days, `per_calendar = \"week\"` \
                       from Monday on";
            return Err(Misfit { key: "within", why: why.into() });
        }
        (Some(_), Some(_)) => {
            let why = "and `within` are two ways to count: write two rules, and the stricter one decides".into();
            return Err(Misfit { key: "per_calendar", why });
        }
        _ => {}
    }
    if settings.reserve >= settings.at_most {
        let why = "leaves no place for others: it is less than `at_most`".into();
        return Err(Misfit { key: "reserve", why });
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    let sliding = settings.within.map(|within| ("within", within));
    let calendar = settings.per_calendar.map(|period| ("per_calendar", Window::days(period.days_at_most())));
    sliding.into_iter().chain(calendar).collect()
}

/// A place that somebody has.
struct Taken {
    at: Timestamp,
    /// True when it may be one of those kept free for such messages.
    weighs: bool,
}

/// What a message may have: a place of `all`, of which so many are kept for others.
#[derive(Clone, Copy)]
struct Places {
    all: usize,
    kept: usize,
}

impl Settings {
    /// What one of that priority may have.
    fn places(&self, priority: u16) -> Places {
        let places = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let kept = if priority >= self.reserve_from { 0 } else { places(self.reserve) };
        Places { all: places(self.at_most), kept }
    }

    fn taken(&self, at: Timestamp, priority: u16) -> Taken {
        Taken { at, weighs: priority >= self.reserve_from }
    }

    fn span(&self, customer: &Customer, case: &Case<'_>) -> Span {
        let own = customer.zone.as_deref().and_then(zone).filter(|_| self.clock == Clock::Recipient);
        let clock = || own.unwrap_or_else(|| case.facts.brand_zone.clone());
        match (self.within, self.per_calendar) {
            (Some(window), _) => Span::Sliding(window),
            (None, period) => Span::Calendar(period.unwrap_or(Period::Day), self.week_starts, clock()),
        }
    }
}

impl Span {
    /// From when on history must be known.
    fn since(&self, now: Timestamp) -> Timestamp {
        match self {
            Span::Sliding(window) => window.before(now),
            Span::Calendar(each, starts, clock) => period(*each, *starts, clock, now).start,
        }
    }

    /// Whether a send at one instant still takes a place at another.
    fn counts_at(&self, at: Timestamp, now: Timestamp) -> bool {
        match self {
            Span::Sliding(window) => at > window.before(now),
            Span::Calendar(each, starts, clock) => period(*each, *starts, clock, now).contains(&at),
        }
    }

    /// The first instant, `from` or later, at which one more finds a place. Sliding: the time of the newest but as
    /// many as there are places, plus the window.
    fn free_from(&self, taken: &[Taken], places: Places, from: Timestamp) -> Timestamp {
        let open = places.all.saturating_sub(places.kept);
        match self {
            Span::Sliding(window) => {
                let newest = in_the_way(taken.iter().collect(), places.kept);
                let nth = newest.get(open.saturating_sub(1));
                nth.map_or(from, |at| window.after(*at).max(from))
            }
            Span::Calendar(each, starts, clock) => {
                let mut at = from;
                // Each further period holds at least one of the times, or is free.
                for _ in 0..=taken.len() {
                    let period = period(*each, *starts, clock, at);
                    let within: Vec<&Taken> = taken.iter().filter(|one| period.contains(&one.at)).collect();
                    if in_the_way(within, places.kept).len() < open {
                        break;
                    }
                    at = period.end;
                }
                at
            }
        }
    }
}

/// The times of those who have a place that is not kept, newest first. Of those who weigh enough, the newest have the
/// places that are: as time goes on, they are the last to give one up.
fn in_the_way(mut taken: Vec<&Taken>, kept: usize) -> Vec<Timestamp> {
    taken.sort_unstable_by_key(|one| std::cmp::Reverse(one.at));
    let mut kept = kept;
    taken.retain(|one| {
        let has_a_kept_one = one.weighs && kept > 0;
        kept -= usize::from(has_a_kept_one);
        !has_a_kept_one
    });
    taken.into_iter().map(|one| one.at).collect()
}

/// Reserved, sent and unknown count alike.
fn counted(settings: &Settings, send: &SendEvent, channel: Channel) -> bool {
    (settings.per == Per::All || send.channel == channel)
        && (settings.counts == Counts::All || send.class == Class::Ordinary)
        && settings.counted_purposes.as_ref().is_none_or(|purposes| {
            send.purpose.as_deref().is_some_and(|p| purposes.iter().any(|counted| counted.eq_ignore_ascii_case(p)))
        })
}

/// Those waiting for the same slots who go before this message, in the order they will leave: of a higher priority,
/// or of the same, since they came first. A message decided again at its release is no longer among them: the caller
/// takes its own hold out of the facts first.
fn ahead<'a>(settings: &Settings, customer: &'a Customer, channel: Channel, case: &Case<'_>) -> Vec<&'a HeldSend> {
    let waits = |h: &&HeldSend| h.expires > case.now && (settings.per == Per::All || h.channel == channel);
    let mut held: Vec<&HeldSend> = customer.held.iter().filter(waits).filter(|h| h.priority >= case.priority).collect();
    held.sort_by(|a, b| (b.priority, a.due, &a.id).cmp(&(a.priority, b.due, &b.id)));
    held
}
