//! After a rewrite the message is understood and decided again: is the harm gone? "Harm left means
//! block, except for a must-send message, which then goes unchanged with the finding `not_removed`"
//! (design §3).

use super::{Answer, Decision, Verdict};

/// True when the rewritten message still meets an objection of a rule that wanted the rewrite, or a
/// stricter verdict than the first one. A rewrite may drop a sentence; it may not buy a way past
/// another rule.
pub fn harm_left(before: &Decision, after: &Decision) -> bool {
    // What stands beside the harm and makes it good leaves the objection as it was.
    let wanted = |rule: &str| before.rewrites.iter().any(|r| r.rule == rule) && !is_made_good(before, after, rule);
    let objected_again =
        after.findings.iter().any(|f| !f.shadow && wanted(&f.rule) && matches!(f.answer, Answer::Objects(_)));
    objected_again || after.verdict.severity() > before.verdict.severity()
}

/// True when the rule's answer to its objection was to make it good, and it objects to nothing else now.
fn is_made_good(before: &Decision, after: &Decision, rule: &str) -> bool {
    let mut answers = before.rewrites.iter().filter(|r| r.rule == rule);
    let because = |decision: &Decision| {
        decision.findings.iter().find(|f| f.rule == rule).and_then(|f| match &f.answer {
            Answer::Objects(objection) => Some(objection.because.clone()),
            _ => None,
        })
    };
    answers.any(|r| r.action.makes_good()) && because(before) == because(after)
}

/// The decision that stands once the rewritten message was decided again: `before` itself when the
/// harm is gone; else a block; else, for a must-send message, a pass of the unchanged message, with
/// its findings marked.
pub fn after_rewrite(before: Decision, after: &Decision) -> Decision {
    // What was a receipt by the words that went with the offer was none.
    let was_none = before.receipt && !(after.receipt || after.must_send);
    if before.rewrites.is_empty() || !(was_none || harm_left(&before, after)) {
        return before;
    }
    not_rewritten(before)
}

/// The decision that stands when the rewrite it asked for cannot be made, or does not help. Rules that only wanted a
/// receipt to lose what it sells let it go.
pub fn not_rewritten(before: Decision) -> Decision {
    let mut settled = before;
    let wanted: Vec<String> = settled.rewrites.drain(..).map(|r| r.rule).collect();
    let (must_send, of_offers) = (settled.must_send, std::mem::take(&mut settled.of_offers));
    let mut blocked = !must_send && of_offers.is_empty();
    for finding in settled.findings.iter_mut().filter(|f| !f.shadow && wanted.contains(&f.rule)) {
        if must_send || of_offers.contains(&finding.rule) {
            finding.not_removed = true;
            finding.wants = Verdict::Pass;
        } else {
            finding.wants = Verdict::Block;
            blocked = true;
        }
    }
    if blocked {
        settled.verdict = Verdict::Block;
    } else if settled.verdict == Verdict::Rewrite {
        settled.verdict = Verdict::Pass;
    }
    settled
}
