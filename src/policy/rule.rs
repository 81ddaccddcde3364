//! One rule: a guard's settings and what every rule has in common.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::facts;
use crate::message::{Channel, Language};

/// Whether a rule acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Acts.
    #[default]
    Enforce,
    /// Only records what would have happened.
    Shadow,
    /// Does not speak.
    Off,
}

/// What "cannot tell" or a missing store means for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// Let go, with the finding on record.
    Pass,
    /// Hold and decide again.
    Delay,
    /// Treat as an objection.
    Block,
}

/// Where a rule stands, for errors and records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Place {
    /// The file as the operator wrote it, relative to the policy folder's parent.
    pub file: String,
    /// One-based line of the rule's table.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A sentence in both languages; what is missing falls back to the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    #[serde(default)]
    pub en: Option<String>,
    /// Chinese.
    #[serde(default)]
    pub zh: Option<String>,
}

impl Texts {
    /// In that language, else in the other, else empty.
    pub fn in_language(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::En => (&self.en, &self.zh),
            Language::Zh => (&self.zh, &self.en),
        };
        first.as_deref().or(second.as_deref()).unwrap_or("")
    }
}

/// A span of time as people write it: `30 days`, `12 hours`. A day is 24 hours: windows slide, they
/// do not follow the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window(pub SignedDuration);

impl Window {
    /// That many days.
    pub const fn days(days: i64) -> Window {
        Window(SignedDuration::from_hours(days * 24))
    }

    /// The instant this long before `now`; the beginning of time if that underflows.
    pub fn before(&self, now: jiff::Timestamp) -> jiff::Timestamp {
        now.checked_sub(self.0).unwrap_or(jiff::Timestamp::MIN)
    }

    /// The instant this long after `now`; the end of time if that overflows.
    pub fn after(&self, now: jiff::Timestamp) -> jiff::Timestamp {
        now.checked_add(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

/// What a rule does when its guard objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Do not send.
    Block,
    /// Send later: at the guard's next free instant, and not later than `at_most` from now (then block).
    Delay {
        /// How long at most.
        at_most: Window,
    },
    /// Change it by these actions, in this order, all or nothing.
    Rewrite(Vec<crate::rewrite::Action>),
}

/// To whom and what a rule applies; an absent filter lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Channels.
    pub channels: Option<Vec<Channel>>,
    /// Brands.
    pub brands: Option<Vec<String>>,
    /// Purposes, declared or understood.
    pub purposes: Option<Vec<String>>,
    /// Departments.
    pub departments: Option<Vec<String>>,
    /// Campaigns.
    pub campaigns: Option<Vec<String>>,
    /// Languages of the message.
    pub languages: Option<Vec<Language>>,
    /// Countries, states and provinces: lets through whoever may be in one of them. A phone number tells its country;
    /// a mail address tells none, so its owner may be anywhere: a law applies where it cannot be excluded.
    pub countries: Option<Vec<facts::Place>>,
}

/// A rule: common keys and the guard's own `settings`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule<S> {
    /// Unique in the set; stands in replies and records.
    pub id: String,
    /// Earlier ids, so that reports follow a renaming.
    pub formerly: Vec<String>,
    /// Whether it acts.
    pub mode: Mode,
    /// Of 100 customers, how many it applies to (canary); 100 = all.
    pub share: u8,
    /// To whom and what it applies.
    pub filters: Filters,
    /// What it does.
    pub then: Then,
    /// What "cannot tell" means.
    pub on_unknown: OnUnknown,
    /// What a missing store means.
    pub on_store_down: OnUnknown,
    /// Fact-free: stands in refusals.
    pub title: Texts,
    /// With evidence: stands in `explain`.
    pub reason: Texts,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The priority it gives to the messages it is for: higher first.
    pub priority: Option<u16>,
    /// What it rests on: the statute, the provider's page, and what kind of source that is.
    pub source: Option<String>,
    /// The day of the text it was checked against: a law has that of its publication, a judgment that of its
    /// pronouncement. A page without a date has none.
    pub checked: Option<jiff::civil::Date>,
    /// Where it stands.
    pub place: Place,
    /// The guard's own keys.
    pub settings: S,
}

impl Serialize for Window {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (days, rest) = (self.0.as_hours() / 24, self.0.as_secs() % 86_400);
        match rest {
            0 => serializer.collect_str(&format_args!("{days} days")),
            _ => serializer.collect_str(&format_args!("{} seconds", self.0.as_secs())),
        }
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
        let text = String::deserialize(deserializer)?;
        window(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a length of time: write `30 days`, `12 hours` or `15 minutes`"
            ))
        })
    }
}

fn window(text: &str) -> Option<Window> {
    let span: jiff::Span = text.trim().parse().ok()?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    (duration > SignedDuration::ZERO && duration <= SignedDuration::from_hours(24 * 3650)).then_some(Window(duration))
}
