//! The guards: one file each, one line in the list below. A guard answers for one message — fine, an
//! objection with its evidence, or "cannot tell" — and knows nothing of other guards, of the rule's
//! mode, or of what becomes of its answer.
//!
//! To add one: write `x.rs` with `Settings`, `CLASS`, `DEFAULTS`, `PLACEHOLDERS`, `examine`, `check`
//! and `windows`, then add `pub mod x;` and `x` in the list.

use serde::de::DeserializeOwned;

use super::{Answer, GuardClass};
use crate::facts::{Facts, Why};
use crate::message::{Message, Money};
use crate::policy::keys::keys_of;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{Meaning, Offer};

pub mod already_bought;
pub mod below_price_paid;
pub mod dead_voucher;
pub mod duplicate;
pub mod exclusive_leak;
pub mod false_deadline;
pub mod frequency_cap;
pub mod open_complaint;
pub mod preference;
pub mod price_conflict;
pub mod quiet_hours;
pub mod reference_price;
pub mod required_text;
pub mod suppression;
pub mod survey_experience;
pub mod survey_fatigue;
pub mod urgency_pressure;
pub mod wrong_audience;

macro_rules! guards {
    ($($name:ident),* $(,)?) => {
        /// Every guard's name, in the order of the list (which decides nothing).
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Every guard's name, class, and the file that says what it stops, in its first lines.
        pub const SOURCES: &[(&str, GuardClass, &str)] =
            &[$((stringify!($name), $name::CLASS, include_str!(concat!(stringify!($name), ".rs")))),*];

        $(impl Guard for $name::Settings {
            const NAME: &'static str = stringify!($name);
            const CLASS: GuardClass = $name::CLASS;
            const DEFAULTS: Defaults = $name::DEFAULTS;
            const PLACEHOLDERS: &'static [&'static str] = $name::PLACEHOLDERS;

            fn examine(&self, case: &Case<'_>) -> Answer {
                $name::examine(self, case)
            }

            fn check(&self) -> Result<(), Misfit> {
                $name::check(self)
            }

            fn windows(&self) -> Vec<(&'static str, Window)> {
                $name::windows(self)
            }
        })*

        /// What each guard is, for people: the opening words of its file.
        pub fn catalogue() -> Vec<About> {
            vec![$(About::of::<$name::Settings>(include_str!(concat!(stringify!($name), ".rs")))),*]
        }

        /// Runs `what` for the guard of that name; `None` when there is no such guard.
        pub fn for_guard<W: ForGuard>(name: &str, what: W) -> Option<W::Out> {
            match name {
                $(stringify!($name) => Some(what.run::<$name::Settings>()),)*
                _ => None,
            }
        }
    };
}

guards! {
    suppression,
    open_complaint,
    preference,
    below_price_paid,
    price_conflict,
    exclusive_leak,
    already_bought,
    reference_price,
    dead_voucher,
    wrong_audience,
    survey_fatigue,
    survey_experience,
    false_deadline,
    urgency_pressure,
    frequency_cap,
    quiet_hours,
    duplicate,
    required_text,
}

/// All that a guard may look at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// When the decision is made.
    pub now: jiff::Timestamp,
    /// The message to one customer.
    pub message: &'a Message,
    /// What it says.
    pub meaning: &'a Meaning,
    /// What is known.
    pub facts: &'a Facts,
    /// The message's priority: higher first.
    pub priority: u16,
}

impl Case<'_> {
    /// The same case at another instant.
    pub fn at(self, now: jiff::Timestamp) -> Self {
        Case { now, ..self }
    }

    /// `Err` when some of the text could not be read: a guard that found nothing cannot say "fine".
    pub fn read_whole(&self) -> Result<(), Why> {
        if self.meaning.doubts.is_empty() { Ok(()) } else { Err(Why::Unread) }
    }
}

/// What a rule of a guard does unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// On an objection.
    pub then: Then,
    /// When it cannot be told.
    pub on_unknown: OnUnknown,
    /// When the store is down.
    pub on_store_down: OnUnknown,
}

/// A setting that is typed right and still makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The key.
    pub key: &'static str,
    /// What is wrong, and how it is put right.
    pub why: String,
}

/// A guard, as its settings: what the list makes of each file.
pub trait Guard: DeserializeOwned + std::fmt::Debug + Send + Sync + 'static {
    /// The name of its tables in policy files.
    const NAME: &'static str;
    /// Law or courtesy.
    const CLASS: GuardClass;
    /// What its rules do by default.
    const DEFAULTS: Defaults;
    /// The names a reason may use in braces, besides `customer` and `now`.
    const PLACEHOLDERS: &'static [&'static str];

    /// Its answer.
    fn examine(&self, case: &Case<'_>) -> Answer;

    /// What makes no sense in these settings.
    fn check(&self) -> Result<(), Misfit>;

    /// How far back it looks, by key: no further than history is kept.
    fn windows(&self) -> Vec<(&'static str, Window)>;
}

/// A guard as people read of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct About {
    /// The name of its tables.
    pub name: &'static str,
    /// Law or courtesy.
    pub class: GuardClass,
    /// What it stops, avoids and prefers, and its settings, in words.
    pub words: String,
    /// Its own keys.
    pub keys: Vec<&'static str>,
    /// What its reasons may name.
    pub placeholders: Vec<&'static str>,
}

impl About {
    fn of<G: Guard>(file: &str) -> About {
        let words = file.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
        About {
            name: G::NAME,
            class: G::CLASS,
            words: words.collect::<Vec<_>>().join("\n"),
            keys: keys_of::<G>().to_vec(),
            placeholders: G::PLACEHOLDERS.to_vec(),
        }
    }
}

/// Something to do for one guard, whichever a name turns out to mean.
pub trait ForGuard {
    /// What comes of it.
    type Out;
    /// Do it.
    fn run<G: Guard>(self) -> Self::Out;
}

/// The message's own purpose, as stated and as understood: a rule or a refusal that names either, applies.
pub fn is_for_purpose(message: &Message, meaning: &Meaning, purpose: &str) -> bool {
    message.purpose().is_some_and(|p| p.eq_ignore_ascii_case(purpose))
        || understood_purpose(meaning).eq_ignore_ascii_case(purpose)
}

/// The word for what the text was understood to be.
pub fn understood_purpose(meaning: &Meaning) -> &'static str {
    use crate::understand::Purpose::*;
    match meaning.purpose {
        Promotion => "promotion",
        Survey => "survey",
        OneTimeCode => "one-time-code",
        Notice => "notice",
        Other => "other",
    }
}

/// What the offer makes a person pay: its price, else its list price less the percentage.
pub(crate) fn effective_price(offer: &Offer) -> Option<Money> {
    offer.price.or_else(|| {
        let (list, off) = (offer.list_price?, i64::from(offer.percent_off?.min(100)));
        Some(Money::new(list.minor.checked_mul(100 - off)? / 100, list.currency))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_guard_file_once() {
        let mods = include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        let mut listed = NAMES.to_vec();
        listed.sort_unstable();
        assert_eq!(mods.collect::<Vec<_>>(), listed);
    }

    #[test]
    fn every_guard_says_what_it_stops_and_lists_its_keys() {
        for about in catalogue() {
            for word in ["Stops:", "Avoids:", "Prefers:", "Settings:"] {
                assert!(about.words.contains(word), "{} does not say {word}", about.name);
            }
            assert!(!about.keys.is_empty() && !about.placeholders.is_empty(), "{}", about.name);
            for key in about.keys {
                assert!(about.words.contains(&format!("`{key}`")), "{} does not explain `{key}`", about.name);
            }
        }
    }
}
