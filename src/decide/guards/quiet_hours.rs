//! Stops: messages at night, on a Sunday or a day off, by the recipient's own clock.
//! Avoids: wrong hours around a change of summer time: only civil times are compared, and the free
//! instant is found by the zone's own rules; a law of a state for people who are not in it.
//! Prefers: the next opening.
//! Settings: `from` and `until` (`"21:00"` or 21: the quiet time; may run over midnight; 24 is the end of the day) with
//! `days` (the days on which the quiet time begins; all by default), or instead of them `open` (a list of
//! `{ days = ["sunday"], from = "12:00", until = "21:00" }`: when it may be sent; at no other time). `holidays`
//! (`us-federal`, `us-alabama`: nothing is sent on these days). `places` (countries `US`, states and provinces `US-TX`:
//! the rule is only for those who may be there, by their clock; a number without a known area code may be in any state,
//! a mail address anywhere; where it lies in several zones it must be open in all). `zone` (where the recipient's zone
//! is not known; else the brand's, or for a brand without a zone that of the phone's country or area code; with `places`:
//! must be open by this clock, too, where it is open to doubt whose clock counts), `needs_zone` (without a zone of the
//! recipient's own and no `zone`, the answer is "cannot tell" instead of the brand's clock).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::holidays::Holidays;
use crate::decide::hours::{Calendar, ClockTime, Day, Hours, Stretch};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{Place, Why, zone, zones_of_phone};
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

/// Names for reasons: `from` and `until` bound the quiet time, `open` is when it may be sent on that day.
pub const PLACEHOLDERS: &[&str] = &["from", "until", "open", "local_time", "zone", "free_at"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// When quiet begins.
    #[serde(default)]
    pub from: Option<ClockTime>,
    /// When it ends.
    #[serde(default)]
    pub until: Option<ClockTime>,
    /// The days on which it begins.
    #[serde(default)]
    pub days: Option<Vec<Day>>,
    /// When it may be sent, instead.
    #[serde(default)]
    pub open: Vec<Stretch>,
    /// Days off.
    #[serde(default)]
    pub holidays: Vec<Holidays>,
    /// Only for those who may be in one of them; none = for all.
    #[serde(default)]
    pub places: Vec<Place>,
    /// The zone of those whose own is not known.
    #[serde(default)]
    pub zone: Option<String>,
    /// Whether the brand's clock will not do.
    #[serde(default)]
    pub needs_zone: bool,
}

/// By which clocks it must be open, and whether they are surely the recipient's.
struct Clocks {
    all: Vec<TimeZone>,
    certain: bool,
    unknown: Why,
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let quiet = settings.quiet();
    let hours = match &quiet {
        Some(quiet) => Hours::Quiet(quiet),
        None => Hours::Open(&settings.open),
    };
    let calendar = Calendar { hours, off: &settings.holidays };
    let Some(clocks) = clocks(settings, case) else { return Answer::Fine };
    let closed = clocks.all.iter().find(|clock| !calendar.is_open(clock.to_datetime(case.now)));
    let Some(clock) = closed else {
        // Open by the clock at hand; by the recipient's own it may be night.
        return if clocks.certain { Answer::Fine } else { Answer::CannotTell(clocks.unknown) };
    };
    if !clocks.certain && settings.needs_zone {
        return Answer::CannotTell(clocks.unknown);
    }
    Answer::Objects(objection(&calendar, quiet.as_ref(), clock, case.now, calendar.next_opening(&clocks.all, case.now)))
}

fn objection(
    calendar: &Calendar<'_>,
    quiet: Option<&Stretch>,
    clock: &TimeZone,
    now: Timestamp,
    free_at: Option<Timestamp>,
) -> Objection {
    let local = clock.to_datetime(now);
    let wall = |at: jiff::civil::DateTime| at.strftime("%H:%M").to_string();
    let (from, until) = match quiet {
        Some(quiet) => (quiet.from.to_string(), quiet.until.to_string()),
        None => {
            (wall(calendar.closed_since(local)), free_at.map_or_else(|| "?".into(), |at| wall(clock.to_datetime(at))))
        }
    };
    let open = match calendar.openings_on(local.date()) {
        openings if openings.is_empty() => "none".to_owned(),
        openings => openings.join(", "),
    };
    let mut found = Objection::because([
        ("from", Evidence::Name(from)),
        ("until", Evidence::Name(until)),
        ("open", Evidence::Name(open)),
        ("local_time", Evidence::Name(wall(local))),
        ("zone", Evidence::Name(clock.iana_name().unwrap_or("UTC").to_owned())),
        ("free_at", Evidence::At(free_at.unwrap_or(now))),
    ]);
    found.free_at = free_at;
    found
}

/// `None` when the rule is for places where the recipient is not.
fn clocks(settings: &Settings, case: &Case<'_>) -> Option<Clocks> {
    let (told, unknown) = match case.facts.customer() {
        Ok(customer) => (customer.zone.as_deref().and_then(zone), Why::NotTold),
        Err(why) => (None, why),
    };
    let recipient = &case.message.recipient;
    let fallback = settings.zone.as_deref().and_then(zone);
    if !settings.places.is_empty() {
        let of = |place: &Place| place.clocks(recipient, told.as_ref(), case.now);
        let mut all: Vec<TimeZone> = settings.places.iter().filter_map(of).reduce(|a, b| [a, b].concat())?;
        all.sort_unstable_by(|a, b| a.iana_name().cmp(&b.iana_name()));
        all.dedup();
        all.extend(fallback);
        // What was told is not known while the store is away: by the number alone nobody can be sure.
        let certain = !all.is_empty() && unknown == Why::NotTold;
        if all.is_empty() {
            all.push(case.facts.brand_zone.clone());
        }
        return Some(Clocks { all, certain, unknown });
    }
    // A brand that has not said where it is (UTC): then a phone's country says more than its clock.
    let homeless = case.facts.brand_zone == TimeZone::UTC && settings.zone.is_none();
    let mut all: Vec<TimeZone> = told.into_iter().collect();
    if all.is_empty() && homeless && recipient.kind() == AddressKind::Phone {
        all = zones_of_phone(recipient.canonical());
    }
    let certain = !all.is_empty() || (unknown == Why::NotTold && (fallback.is_some() || !settings.needs_zone));
    if all.is_empty() {
        all.push(fallback.unwrap_or_else(|| case.facts.brand_zone.clone()));
    }
    Some(Clocks { all, certain, unknown })
}

/// A beginning, an end, and a zone that exists; or opening times; and places whose clocks are known.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    let one = "or `open` is needed: `from` and `until` say when it is quiet, `open` when it may be sent".to_owned();
    match (settings.from, settings.until, settings.open.as_slice()) {
        (None, None, []) => return Err(Misfit { key: "from", why: one }),
        (Some(_), None, []) => return Err(Misfit { key: "from", why: "needs an `until`".into() }),
        (None, Some(_), []) => return Err(Misfit { key: "until", why: "needs a `from`".into() }),
        (None, None, _) if settings.days.is_none() => {}
        (Some(_), Some(_), []) => {}
        _ => {
            let why = "says all: no `from`, `until` and `days` beside it, but inside of it".into();
            return Err(Misfit { key: "open", why });
        }
    }
    if let Some(quiet) = settings.quiet() {
        if let Some((key, why)) = quiet.fault() {
            return Err(Misfit { key, why: why.into() });
        }
        if quiet.is_always() {
            return Err(Misfit { key: "days", why: "is needed where all day is quiet: name the quiet days".into() });
        }
    }
    if let Some((key, why)) = settings.open.iter().find_map(Stretch::fault) {
        return Err(Misfit { key: "open", why: format!("has a `{key}` that {why}") });
    }
    if settings.open.iter().any(Stretch::is_always) && settings.holidays.is_empty() {
        return Err(Misfit { key: "open", why: "is always: no time is quiet".into() });
    }
    if let Some(place) = settings.places.iter().find(|place| place.zones().is_empty())
        && settings.zone.is_none()
    {
        let why = format!("has `{place}`, of whose clocks no list is kept: give a `zone`");
        return Err(Misfit { key: "places", why });
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

impl Settings {
    /// The quiet time, when that is how the rule is written.
    fn quiet(&self) -> Option<Stretch> {
        Some(Stretch { days: self.days.clone(), from: self.from?, until: self.until? })
    }
}
