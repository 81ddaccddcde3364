//! PURE: may it go? `decide(now, message, meaning, facts, rules) → Decision`: every guard speaks, the
//! strictest verdict wins, all findings are kept. The same inputs give the same decision on every
//! machine and in every replay.

pub mod verdict;

pub use verdict::{Answer, Because, Decision, Evidence, Finding, GuardClass, Objection, Verdict, WantedRewrite};
