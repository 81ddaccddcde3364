//! A rule with its guard's type forgotten: what a decision, an index and a report need of it.

use std::fmt::Debug;

use super::{Filters, Mode, OnUnknown, Place, Rule, Texts, Then};
use crate::decide::guards::Guard;
use crate::decide::{Answer, Case, GuardClass};

/// What all rules have in common.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the same as the fields of `Rule`")]
pub struct Head<'a> {
    pub id: &'a str,
    pub formerly: &'a [String],
    pub mode: Mode,
    pub share: u8,
    pub filters: &'a Filters,
    pub then: &'a Then,
    pub on_unknown: OnUnknown,
    pub on_store_down: OnUnknown,
    pub title: &'a Texts,
    pub reason: &'a Texts,
    pub owner: Option<&'a str>,
    pub priority: Option<u16>,
    pub source: Option<&'a str>,
    pub checked: Option<jiff::civil::Date>,
    pub place: &'a Place,
}

/// A rule of any guard.
pub trait Judge: Debug + Send + Sync {
    /// The guard's name.
    fn guard(&self) -> &'static str;

    /// Law or courtesy.
    fn class(&self) -> GuardClass;

    /// The common part.
    fn head(&self) -> Head<'_>;

    /// What the guard answers under this rule's settings.
    fn examine(&self, case: &Case<'_>) -> Answer;
}

impl<G: Guard> Judge for Rule<G> {
    fn guard(&self) -> &'static str {
        G::NAME
    }

    fn class(&self) -> GuardClass {
        G::CLASS
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            formerly: &self.formerly,
            mode: self.mode,
            share: self.share,
            filters: &self.filters,
            then: &self.then,
            on_unknown: self.on_unknown,
            on_store_down: self.on_store_down,
            title: &self.title,
            reason: &self.reason,
            owner: self.owner.as_deref(),
            priority: self.priority,
            source: self.source.as_deref(),
            checked: self.checked,
            place: &self.place,
        }
    }

    fn examine(&self, case: &Case<'_>) -> Answer {
        self.settings.examine(case)
    }
}
