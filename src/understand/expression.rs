//! A regular expression that is asked of sentences, and only of those that may hold a match: the lexicon hears
//! the words that it needs (`needed`) when it hears everything else.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use regex::{Captures, Regex, RegexBuilder};

use super::needed::needed_words;

/// Room for one compiled expression: the longest sections of patterns need some megabytes.
const COMPILED_BYTES_MAX: usize = 16 << 20;

/// One expression, compiled when it is first tried.
pub(super) struct Expression {
    written: Cow<'static, str>,
    /// `None` inside when it is no expression; a test compiles them all.
    compiled: OnceLock<Option<Regex>>,
    /// Its place among those that the lexicon listens for.
    place: OnceLock<usize>,
}

/// An expression written in pieces.
macro_rules! expression {
    ($($piece:expr),+ $(,)?) => {
        $crate::understand::expression::Expression::new(concat!($($piece),+))
    };
}
pub(super) use expression;

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.written).finish()
    }
}

impl Expression {
    /// One written in the code.
    pub const fn new(written: &'static str) -> Expression {
        Expression { written: Cow::Borrowed(written), compiled: OnceLock::new(), place: OnceLock::new() }
    }

    /// One put together from data.
    pub fn of(written: String) -> Expression {
        Expression { written: Cow::Owned(written), compiled: OnceLock::new(), place: OnceLock::new() }
    }

    /// Compiled; `None` when it is no expression.
    pub fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let mut builder = RegexBuilder::new(&self.written);
            builder.size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build().ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    /// The same, if a text in which `may` was heard can hold a match.
    pub fn within(&self, may: &May) -> Option<&Regex> {
        if self.place.get().is_none_or(|place| may.has(*place)) { self.regex() } else { None }
    }

    /// Whether it matches in words of a text in which `may` was heard.
    pub fn is_in(&self, may: &May, words: &str) -> bool {
        self.within(may).is_some_and(|regex| regex.is_match(words))
    }

    /// Where it first matches there.
    pub fn find(&self, may: &May, words: &str) -> Option<Range<usize>> {
        self.within(may)?.find(words).map(|found| found.range())
    }

    /// Its groups, where it first matches there.
    pub fn groups<'w>(&self, may: &May, words: &'w str) -> Option<Captures<'w>> {
        self.within(may)?.captures(words)
    }

    /// Gives it a place among those listened for, and tells the words it needs; none for one that needs no
    /// word worth listening for, and is tried always.
    pub(super) fn listened_for_at(&self, place: usize) -> Option<Vec<String>> {
        let words = needed_words(&self.written)?;
        (place < May::PLACES_MAX && self.place.set(place).is_ok()).then_some(words)
    }
}

/// The places of expressions that are asked together: most sentences hold nothing of a whole group.
pub(super) struct Places(OnceLock<May>);

impl Places {
    /// Not known yet.
    pub const fn new() -> Places {
        Places(OnceLock::new())
    }

    /// Whether one of them may match in a text in which `may` was heard.
    pub fn any_in<'e, E: Iterator<Item = &'e Expression>>(&self, may: &May, group: impl FnOnce() -> E) -> bool {
        let places = self.0.get_or_init(|| {
            let mut places = May::ALWAYS;
            for expression in group() {
                let Some(place) = expression.place.get() else { return May::ANY };
                places.add(*place);
            }
            places
        });
        *places == May::ANY || places.meets(may)
    }
}

/// Which expressions may match in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct May([u64; 6]);

impl May {
    /// Expressions that can be listened for.
    pub const PLACES_MAX: usize = 384;
    /// Nothing was listened for: any may match.
    pub const ANY: May = May([u64::MAX; 6]);
    /// Nothing was heard: only what needs no word may match.
    pub const ALWAYS: May = May([0; 6]);

    /// Words of the expression at that place were heard.
    pub fn add(&mut self, place: usize) {
        if let Some(bits) = self.0.get_mut(place / 64) {
            *bits |= 1 << (place % 64);
        }
    }

    /// What is in one of both.
    #[must_use]
    pub fn or(mut self, other: May) -> May {
        self.0.iter_mut().zip(other.0).for_each(|(bits, more)| *bits |= more);
        self
    }

    fn meets(&self, other: &May) -> bool {
        self.0.iter().zip(other.0).any(|(bits, more)| bits & more != 0)
    }

    fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_none_or(|bits| bits & (1 << (place % 64)) != 0)
    }
}
