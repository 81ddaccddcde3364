//! What a file of `tests/stories` may say: facts told as a shop tells them, time that passes, messages as a
//! realistic tool sends them with nothing declared, and what must come of each.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it is about, in both languages.
    pub title: InBoth<String>,
    /// Where the brand is.
    #[serde(default = "shanghai")]
    pub zone: String,
    /// The instant it begins at, by a clock turned by hand; without it the built binary plays it, by the machine's.
    pub begin: Option<toml::value::Datetime>,
    /// The shop's products, imported before.
    #[serde(default)]
    pub catalogue: Vec<BTreeMap<String, String>>,
    /// The doors it is played on, each by itself.
    #[serde(default = "all_doors")]
    pub doors: Vec<Door>,
    /// What happens, in order.
    pub step: Vec<Step>,
}

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// A mail server's submission.
    Smtp,
    /// SendGrid's JSON.
    Sendgrid,
    /// Twilio's form.
    Twilio,
}

/// The same thing in English and in Chinese.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InBoth<T> {
    /// English.
    pub en: T,
    /// Chinese.
    pub zh: T,
}

impl<T> InBoth<T> {
    /// In one of them.
    pub fn of(&self, lang: &str) -> &T {
        if lang == "zh" { &self.zh } else { &self.en }
    }
}

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: Option<String>,
    /// Whom it is about.
    #[serde(default = "customer")]
    pub who: String,
    /// Time passes: "7 days", "12 hours".
    pub later: Option<String>,
    /// An event, with `ago` in place of `at`; `{cny}` and the like need no place here: prices are those of `en` or `zh`.
    pub told: Option<toml::Table>,
    /// A message.
    pub sent: Option<InBoth<Words>>,
    /// Only through this door, whichever the story is played on.
    pub door: Option<Door>,
    /// Only where the story is played on one of these.
    pub only: Option<Vec<Door>>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expect,
    /// What an officer must read in `explain`; `a|b` is one or the other, where prices are those of the play.
    #[serde(default)]
    pub explain: Option<InBoth<Vec<String>>>,
}

/// A message's words for mail and for SMS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Of a mail.
    #[serde(default)]
    pub subject: String,
    /// The plain text of a mail.
    pub text: Option<String>,
    /// Its HTML, beside the plain text.
    pub html: Option<String>,
    /// Of an SMS.
    pub sms: Option<String>,
    /// What may not be left of it where it is changed.
    #[serde(default)]
    pub gone: Vec<String>,
    /// What must be left of it where it is changed.
    #[serde(default)]
    pub kept: Vec<String>,
}

/// What must become of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Expect {
    /// It arrives byte for byte, but for the one `Received:` line of SMTP.
    #[default]
    Pass,
    /// It does not arrive, and all these rules block it.
    Block(Vec<String>),
    /// It arrives without what is to be gone, by these rules.
    Rewrite(Vec<String>),
    /// It waits, by these rules.
    Delay(Vec<String>),
    /// Blocked, or changed: what is to be gone does not arrive.
    Stopped(Vec<String>),
}

impl Story {
    /// The instant it begins at, if a hand turns its clock.
    pub fn begins(&self) -> Option<Timestamp> {
        self.begin.map(|at| at.to_string().parse().unwrap())
    }
}

impl Step {
    /// Whether it is part of the play on this door.
    pub fn is_played_on(&self, door: Door) -> bool {
        self.only.as_ref().is_none_or(|doors| doors.contains(&door))
    }

    /// The event as the events door takes it, but for its id.
    pub fn event(&self, now: Timestamp, lang: &str, customer: &str) -> Option<serde_json::Value> {
        let mut told = self.told.clone()?;
        let ago = told.remove("ago").map_or(SignedDuration::ZERO, |ago| length(ago.as_str().unwrap()));
        // A value of each language: prices are in its money.
        for value in told.iter_mut().map(|(_, value)| value) {
            if let Some(own) = value.as_table().and_then(|both| both.get(lang)) {
                *value = own.clone();
            }
        }
        let mut event = serde_json::to_value(told).unwrap();
        event["at"] = (now - ago).to_string().into();
        event["customer"] = customer.into();
        Some(event)
    }
}

/// "7 days", "12 hours".
pub fn length(words: &str) -> SignedDuration {
    let (number, unit) = words.split_once(' ').unwrap();
    let hours = match unit.trim_end_matches('s') {
        "day" => 24,
        "hour" => 1,
        other => panic!("`{other}` is no unit of a story"),
    };
    SignedDuration::from_hours(number.parse::<i64>().unwrap() * hours)
}

fn shanghai() -> String {
    "Asia/Shanghai".to_owned()
}

fn customer() -> String {
    "customer".to_owned()
}

fn all_doors() -> Vec<Door> {
    vec![Door::Smtp, Door::Sendgrid, Door::Twilio]
}
