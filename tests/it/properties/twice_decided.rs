//! A rewritten message is decided again, perhaps with other facts and other rules: whatever the two decisions are, no
//! harm that a rule wanted to take away leaves, and what must be sent leaves as it came or not changed by halves. Judged
//! by what the rules see and say, not by what the first decision wrote down.

use proptest::prelude::*;
use tactgate::decide::{Answer, Decision, Verdict, after_rewrite, harm_left, not_rewritten};
use tactgate::message::{Class, Message};
use tactgate::policy::Mode;
use tactgate::understand::Meaning;

use super::combining::{Sight, Told, decided, message, rules, told, wants};

/// The same rules before and after: most stand as they were and see something else, some are other rules by then.
fn pairs() -> impl Strategy<Value = (Vec<Told>, Vec<Told>)> {
    rules().prop_flat_map(|before| {
        let anew = prop::collection::vec((told(), 0..4u8), before.len());
        (Just(before), anew).prop_map(|(before, anew)| {
            let after = before.iter().zip(anew).map(|(rule, (new, how))| match how {
                0 => rule.clone(),
                1 => Told { id: rule.id.clone(), ..new },
                2 => Told { sight: Sight::Fine, ..rule.clone() },
                _ => Told { sight: new.sight, ..rule.clone() },
            });
            let after = after.collect();
            (before, after)
        })
    })
}

/// The rules whose rewrite was asked for.
fn wanting<'a>(rules: &'a [Told], must: bool, message: &(Message, Meaning)) -> Vec<&'a str> {
    let acting = rules.iter().filter(|rule| rule.mode == Mode::Enforce);
    acting.filter(|rule| wants(rule, must, message) == Some(Verdict::Rewrite)).map(|rule| rule.id.as_str()).collect()
}

/// Whether one of them still objects, and may.
fn still_objects(wanting: &[&str], after: &Decision, rules: &[Told]) -> bool {
    let objected = |rule: &&Told| {
        after.findings.iter().any(|found| found.rule == rule.id && matches!(found.answer, Answer::Objects(_)))
    };
    let acting = rules.iter().filter(|rule| rule.mode == Mode::Enforce && wanting.contains(&rule.id.as_str()));
    acting.filter(objected).count() > 0
}

proptest! {
    #![proptest_config(super::config(1_024))]

    #[test]
    fn no_harm_leaves_after_a_rewrite((rules, again) in pairs(), must in any::<bool>()) {
        let message = message(must);
        let (before, after) = (decided(&rules, &message), decided(&again, &message));
        let wanting = wanting(&rules, must, &message);
        let settled = after_rewrite(before.clone(), &after);
        let stricter = after.verdict.severity() > before.verdict.severity();
        let harm = stricter || still_objects(&wanting, &after, &again);
        prop_assert_eq!(harm_left(&before, &after), harm, "{:?} then {:?}", before, after);
        prop_assert_eq!(settled.must_send, must);
        if wanting.is_empty() || !harm {
            // Nothing was asked for, or it helped.
            prop_assert_eq!(settled, before);
            return Ok(());
        }
        prop_assert!(settled.rewrites.is_empty(), "a change that does not help is not made: {:?}", settled);
        if must {
            // Unchanged, and if somebody else wants it later or not at all, so it is.
            let otherwise = if before.verdict == Verdict::Rewrite { Verdict::Pass } else { before.verdict.clone() };
            prop_assert_eq!(&settled.verdict, &otherwise);
        } else {
            prop_assert_eq!(&settled.verdict, &Verdict::Block);
            prop_assert!(settled.decisive().is_some(), "a block that nobody wants: {:?}", settled);
        }
    }

    #[test]
    fn what_cannot_be_rewritten_says_so_in_the_findings_that_wanted_it(rules in rules(), must in any::<bool>()) {
        let message = message(must);
        let before = decided(&rules, &message);
        let wanting = wanting(&rules, must, &message);
        let settled = not_rewritten(before.clone());
        prop_assert_eq!(settled.findings.len(), before.findings.len());
        for (then, now) in before.findings.iter().zip(&settled.findings) {
            if !wanting.contains(&then.rule.as_str()) {
                prop_assert_eq!(then, now);
            } else if must {
                prop_assert!(now.not_removed && now.wants == Verdict::Pass, "{:?}", now);
            } else {
                prop_assert!(!now.not_removed && now.wants == Verdict::Block, "{:?}", now);
            }
        }
        // Said twice it is the same: the decision that stands has nothing left to rewrite.
        prop_assert_eq!(&not_rewritten(settled.clone()), &settled);
        prop_assert_eq!(message.0.stream.class == Class::MustSend, must);
    }
}
