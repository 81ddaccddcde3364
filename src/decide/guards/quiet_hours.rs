//! Stops: messages at night, by the recipient's own clock.
//! Avoids: wrong hours around a change of summer time: only civil times are compared, and the free
//! instant is found by the zone's own rules.
//! Prefers: the next opening.
//! Settings: `from` and `until` (`"21:00"` or 21; may run over midnight; 24 is the end of the day),
//! `days` (the days on which the quiet time begins; all by default), `zone` (where the recipient's zone
//! is not known; else the brand's, or for a brand without a zone that of the phone's country), `needs_zone` (without a zone of the recipient's own and no `zone`,
//! the answer is "cannot tell" instead of the brand's clock).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Why, zone, zone_of_phone};
use crate::message::AddressKind;
use crate::policy::{OnUnknown, Then, Window};

/// In many places hours are law (47 CFR 64.1200(c)(1), Florida 501.616, carriers in China).
pub const CLASS: GuardClass = GuardClass::Law;

/// Delays to the opening. Without the recipient's clock or the store it waits too.
pub const DEFAULTS: Defaults = Defaults {
    then: Then::Delay { at_most: Window::days(2) },
    on_unknown: OnUnknown::Delay,
    on_store_down: OnUnknown::Delay,
};

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["from", "until", "local_time", "zone", "free_at"];

/// Rounds of "open again, but quiet again at once" before giving up.
const ROUNDS_MAX: usize = 16;

/// Minutes since midnight, 0 to 1440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(u16);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// When quiet begins.
    pub from: ClockTime,
    /// When it ends.
    pub until: ClockTime,
    /// The days on which it begins.
    #[serde(default)]
    pub days: Option<Vec<Day>>,
    /// The zone of those whose own is not known.
    #[serde(default)]
    pub zone: Option<String>,
    /// Whether the brand's clock will not do.
    #[serde(default)]
    pub needs_zone: bool,
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let (told, unknown) = match case.facts.customer() {
        Ok(customer) => (customer.zone.as_deref().and_then(zone), Why::NotTold),
        Err(why) => (None, why),
    };
    // A brand that has not said where it is (UTC): then a phone's country says more than its clock.
    let recipient = &case.message.recipient;
    let homeless = case.facts.brand_zone == TimeZone::UTC && settings.zone.is_none();
    let by_phone = || match recipient.kind() {
        AddressKind::Phone if homeless => zone_of_phone(recipient.canonical()),
        _ => None,
    };
    let own = told.or_else(by_phone);
    let fallback = settings.zone.as_deref().and_then(zone);
    let certain = own.is_some() || (unknown == Why::NotTold && (fallback.is_some() || !settings.needs_zone));
    let clock = own.or(fallback).unwrap_or_else(|| case.facts.brand_zone.clone());
    let local = clock.to_datetime(case.now);
    let Some(end) = quiet_until(settings, local) else {
        // Open by the clock at hand; by the recipient's own it may be night.
        return if certain { Answer::Fine } else { Answer::CannotTell(unknown) };
    };
    if !certain && settings.needs_zone {
        return Answer::CannotTell(unknown);
    }
    let free_at = next_opening(settings, &clock, case.now, end);
    let mut found = Objection::because([
        ("from", Evidence::Name(settings.from.to_string())),
        ("until", Evidence::Name(settings.until.to_string())),
        ("local_time", Evidence::Name(local.strftime("%H:%M").to_string())),
        ("zone", Evidence::Name(clock.iana_name().unwrap_or("UTC").to_owned())),
        ("free_at", Evidence::At(free_at.unwrap_or(case.now))),
    ]);
    found.free_at = free_at;
    Answer::Objects(found)
}

/// A beginning, an end, and a zone that exists.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.from == settings.until {
        return Err(Misfit { key: "until", why: "is the same as `from`: no time is quiet, or all is".into() });
    }
    if settings.from.0 == 1440 {
        return Err(Misfit { key: "from", why: "is 00:00 to 23:59; only `until` may be 24:00".into() });
    }
    if settings.from.0 == 0 && settings.until.0 == 1440 && settings.days.is_none() {
        return Err(Misfit { key: "days", why: "is needed where all day is quiet: name the quiet days".into() });
    }
    if settings.days.as_ref().is_some_and(Vec::is_empty) {
        return Err(Misfit { key: "days", why: "an empty list is no day; leave the key out for every day".into() });
    }
    match settings.zone.as_deref() {
        Some(name) if zone(name).is_none() => {
            let why = format!("is no time zone there is: `{name}`; write `Asia/Shanghai`, `America/New_York`");
            Err(Misfit { key: "zone", why })
        }
        _ => Ok(()),
    }
}

/// It looks at no history.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}

/// The civil end of the quiet time that `local` lies in.
fn quiet_until(settings: &Settings, local: DateTime) -> Option<DateTime> {
    let today = local.date();
    let begins = [today.yesterday().ok(), Some(today)];
    begins
        .into_iter()
        .flatten()
        .filter(|day| settings.days.as_ref().is_none_or(|days| days.contains(&weekday(*day))))
        .filter_map(|day| {
            let over_midnight = settings.until <= settings.from;
            let end_day = if over_midnight { day.tomorrow().ok()? } else { day };
            Some((settings.from.on(day)?, settings.until.on(end_day)?))
        })
        .filter(|(start, end)| *start <= local && local < *end)
        .map(|(_, end)| end)
        .max()
}

/// The first instant after `now` at which it is not quiet; `None` if none comes within a few rounds.
fn next_opening(settings: &Settings, clock: &TimeZone, now: Timestamp, end: DateTime) -> Option<Timestamp> {
    let (mut from, mut end) = (now, end);
    for _ in 0..ROUNDS_MAX {
        let target = clock.to_ambiguous_zoned(end).compatible().ok()?.timestamp();
        // Where clocks jump over the end, it is open from the jump on.
        let jumps = clock.following(from).map(|t| t.timestamp()).take_while(|t| *t < target).take(ROUNDS_MAX);
        for jump in jumps {
            if jump > now && quiet_until(settings, clock.to_datetime(jump)).is_none() {
                return Some(jump);
            }
        }
        // Clocks set back may put the end before `now`: an hour is lived twice.
        let candidate = if target > now { target } else { clock.to_ambiguous_zoned(end).later().ok()?.timestamp() };
        match quiet_until(settings, clock.to_datetime(candidate)) {
            None => return Some(candidate),
            Some(next) => (from, end) = (candidate, next),
        }
    }
    None
}

fn weekday(day: Date) -> Day {
    match day.weekday() {
        Weekday::Monday => Day::Monday,
        Weekday::Tuesday => Day::Tuesday,
        Weekday::Wednesday => Day::Wednesday,
        Weekday::Thursday => Day::Thursday,
        Weekday::Friday => Day::Friday,
        Weekday::Saturday => Day::Saturday,
        Weekday::Sunday => Day::Sunday,
    }
}

impl ClockTime {
    fn on(self, day: Date) -> Option<DateTime> {
        let start = day.to_datetime(Time::midnight());
        start.checked_add(i64::from(self.0).minutes()).ok()
    }

    fn read(text: &str) -> Option<ClockTime> {
        let (hours, minutes) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
        let number = |s: &str| (s.len() <= 2).then(|| s.parse::<u16>().ok()).flatten();
        ClockTime::of(number(hours)?, number(minutes)?)
    }

    fn of(hours: u16, minutes: u16) -> Option<ClockTime> {
        let at = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && at <= 1440).then_some(ClockTime(at))
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ClockTime, D::Error> {
        struct Written;
        impl serde::de::Visitor<'_> for Written {
            type Value = ClockTime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a time of day: `\"21:00\"`, or a whole hour from 0 to 24")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ClockTime, E> {
                ClockTime::read(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, hour: i64) -> Result<ClockTime, E> {
                let read = u16::try_from(hour).ok().and_then(|hour| ClockTime::of(hour, 0));
                read.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(hour), &self))
            }
        }
        deserializer.deserialize_any(Written)
    }
}
