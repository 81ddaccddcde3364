//! PURE: may it go? `decide(now, message, meaning, facts, rules) → Decision`: every guard speaks, the
//! strictest verdict wins, all findings are kept. The same inputs give the same decision on every
//! machine and in every replay.

pub mod claims;
pub mod combine;
pub mod goods;
pub mod guards;
pub mod hear;
pub mod holidays;
pub mod hours;
pub mod invited;
pub mod periods;
pub mod recheck;
pub mod shown;
pub mod standing;
pub mod verdict;

use jiff::Timestamp;

pub use claims::{claim_additions, families};
pub use guards::Case;
pub use recheck::{after_rewrite, harm_left, not_rewritten};
pub use shown::{named, shown_offers};
pub use standing::{Standing, TRANSACTIONAL_PURPOSES, as_the_promotion_it_carries, is_must_send};
pub use verdict::{Answer, Because, Decision, Evidence, Finding, GuardClass, Objection, Verdict, WantedRewrite};

use crate::facts::Facts;
use crate::message::{Message, PRIORITY_NORMAL};
use crate::policy::{Judge, Mode, Selection};
use crate::understand::Meaning;

/// Decides about one message. `rules` are those that apply to it ([`crate::policy::PolicySet::select`]).
/// A message decided again at its release: take its own hold out of `facts` first.
pub fn decide(now: Timestamp, message: &Message, meaning: &Meaning, facts: &Facts, rules: &Selection<'_>) -> Decision {
    let standing = Standing::of(message, meaning);
    let case = Case { now, message, meaning, facts, priority: PRIORITY_NORMAL };
    let case = Case { priority: priority(&case, standing, rules), ..case };
    let mut heard: Vec<hear::Heard<'_>> =
        rules.judges.iter().filter_map(|judge| hear::hear(*judge, &case, standing, rules)).collect();
    if let Some(sold) = as_the_promotion_it_carries(message, meaning) {
        for judge in &rules.of_offers {
            hear::hear_offers(*judge, &Case { meaning: &sold, ..case }, rules, &mut heard);
        }
    }
    // The order of files, rules and guards never matters: from here on there is only this one.
    heard.sort_by(|a, b| (&a.finding.rule, &a.finding.guard).cmp(&(&b.finding.rule, &b.finding.guard)));
    combine::combine(&case, rules, standing, heard)
}

/// The priority of a message: the highest that a rule in force gives it, else its stream's. What must be sent goes
/// before all that need not.
fn priority(case: &Case<'_>, standing: Standing, rules: &Selection<'_>) -> u16 {
    let in_force = |judge: &dyn Judge| rules.mode(judge) == Mode::Enforce && hear::applies(judge, case, rules.everyone);
    // Few rules give one: the others are not asked whether they are in force.
    let giving = rules.judges.iter().filter_map(|judge| Some((*judge, judge.head().priority?)));
    let given = giving.filter(|(judge, _)| in_force(*judge)).map(|(_, priority)| priority).max();
    let priority = given.unwrap_or(case.message.stream.priority);
    if standing == Standing::MustSend { priority.max(PRIORITY_MUST_SEND) } else { priority }
}

/// The least priority of what must be sent.
const PRIORITY_MUST_SEND: u16 = 900;
