//! PURE: may it go? `decide(now, message, meaning, facts, rules) → Decision`: every guard speaks, the
//! strictest verdict wins, all findings are kept. The same inputs give the same decision on every
//! machine and in every replay.

pub mod claims;
pub mod combine;
pub mod goods;
pub mod guards;
pub mod hear;
pub mod invited;
pub mod recheck;
pub mod shown;
pub mod verdict;

use jiff::Timestamp;

pub use claims::{claim_additions, families};
pub use guards::Case;
pub use recheck::{after_rewrite, harm_left, not_rewritten};
pub use shown::{named, shown_offers};
pub use verdict::{Answer, Because, Decision, Evidence, Finding, GuardClass, Objection, Verdict, WantedRewrite};

use crate::facts::Facts;
use crate::message::{Class, Message};
use crate::policy::Selection;
use crate::understand::Meaning;

/// Declared purposes that claim what the stream class `must-send` claims.
pub const TRANSACTIONAL_PURPOSES: &[&str] =
    &["transactional", "one-time-code", "notice", "receipt", "order", "delivery", "security"];

/// Decides about one message. `rules` are those that apply to it ([`crate::policy::PolicySet::select`]).
/// A message decided again at its release: take its own hold out of `facts` first.
pub fn decide(now: Timestamp, message: &Message, meaning: &Meaning, facts: &Facts, rules: &Selection<'_>) -> Decision {
    let case = Case { now, message, meaning, facts };
    let must_send = is_must_send(message, meaning);
    let mut heard: Vec<hear::Heard<'_>> =
        rules.judges.iter().filter_map(|judge| hear::hear(*judge, &case, must_send, rules)).collect();
    // The order of files, rules and guards never matters: from here on there is only this one.
    heard.sort_by(|a, b| (&a.finding.rule, &a.finding.guard).cmp(&(&b.finding.rule, &b.finding.guard)));
    combine::combine(&case, rules, must_send, heard)
}

/// True when the message must be sent: claimed by its stream or purpose, and its text bears it out.
pub fn is_must_send(message: &Message, meaning: &Meaning) -> bool {
    let claimed = message.stream.class == Class::MustSend
        || message.purpose().is_some_and(|p| TRANSACTIONAL_PURPOSES.iter().any(|t| t.eq_ignore_ascii_case(p)));
    claimed && meaning.is_transactional()
}
