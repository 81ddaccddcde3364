//! Findings into one decision: the strictest wins, rewrites compose, delays find an instant that suits
//! every rule that delays. The order of findings is that of rule ids, and nothing depends on it.

use jiff::Timestamp;

use super::claims::is_from_receipt;
use super::hear::Heard;
use super::{Answer, Case, Decision, Finding, GuardClass, Standing, Verdict, WantedRewrite};
use crate::policy::{Judge, Mode, Selection, Then};
use crate::understand::DeadlineKind;

/// Rounds of asking every delaying rule about a later instant before the message is blocked.
const ROUNDS_MAX: usize = 32;

/// Adds the findings up.
pub fn combine(case: &Case<'_>, rules: &Selection<'_>, standing: Standing, mut heard: Vec<Heard<'_>>) -> Decision {
    let severity = heard.iter().filter(|h| acts(&h.finding)).map(|h| h.finding.wants.severity()).max().unwrap_or(0);
    let verdict = match severity {
        0 => Verdict::Pass,
        1 => Verdict::Rewrite,
        2 => delay(case, rules, standing, &heard).unwrap_or(Verdict::Block),
        _ => Verdict::Block,
    };
    if severity == 2 && verdict == Verdict::Block {
        // No common instant: those who wanted to wait are the ones who block.
        for heard in heard.iter_mut().filter(|h| acts(&h.finding) && h.finding.wants.severity() == 2) {
            heard.finding.wants = Verdict::Block;
        }
    }
    let rewrites = heard.iter().filter(|h| acts(&h.finding)).flat_map(wanted_rewrites).collect();
    let of_offers = heard.iter().filter(|h| h.of_offers).map(|h| h.finding.rule.clone()).collect();
    let findings = heard.into_iter().map(|h| h.finding).collect();
    let (must_send, receipt) = (standing == Standing::MustSend, standing == Standing::Receipt);
    Decision { verdict, findings, rewrites, must_send, receipt, of_offers, priority: case.priority }
}

/// Whether a finding has a say.
fn acts(finding: &Finding) -> bool {
    !finding.shadow && !finding.not_removed
}

fn wanted_rewrites(heard: &Heard<'_>) -> Vec<WantedRewrite> {
    let Answer::Objects(objection) = &heard.finding.answer else { return Vec::new() };
    let wanted = |action: &crate::rewrite::Action| WantedRewrite {
        rule: heard.finding.rule.clone(),
        action: action.clone(),
        spans: objection.spans.clone(),
        because: objection.because.clone(),
    };
    heard.actions.iter().map(wanted).collect()
}

/// The first instant at which nobody who delays would object, if it comes before anybody's patience
/// ends and before the message becomes untrue.
fn delay(case: &Case<'_>, rules: &Selection<'_>, standing: Standing, heard: &[Heard<'_>]) -> Option<Verdict> {
    let wanted = heard.iter().filter(|h| acts(&h.finding)).filter_map(|h| match h.finding.wants {
        Verdict::Delay { until, expires } => Some((until, expires)),
        _ => None,
    });
    let (mut until, mut expires) =
        wanted.reduce(|(until, expires), (later, sooner)| (until.max(later), expires.min(sooner)))?;
    // "A held 'ends today' is not sent tomorrow" (design §3).
    if let Some(horizon) = truth_horizon(case) {
        if until >= horizon {
            return None;
        }
        expires = expires.min(horizon);
    }
    let delaying: Vec<&dyn Judge> =
        rules.judges.iter().copied().filter(|judge| may_delay(*judge, case, rules, standing)).collect();
    for _ in 0..ROUNDS_MAX {
        if until > expires {
            return None;
        }
        let objections = delaying.iter().filter_map(|judge| match judge.examine(&case.at(until)) {
            Answer::Objects(objection) => Some(objection.free_at.filter(|free| *free > until)),
            Answer::Fine | Answer::CannotTell(_) => None,
        });
        // The latest free instant, or none at all when time does not mend one of them.
        match objections.reduce(|a, b| Some(a?.max(b?))) {
            None => return Some(Verdict::Delay { until, expires }),
            Some(later) => until = later?,
        }
    }
    None
}

fn may_delay(judge: &dyn Judge, case: &Case<'_>, rules: &Selection<'_>, standing: Standing) -> bool {
    rules.mode(judge) == Mode::Enforce
        && matches!(judge.head().then, Then::Delay { .. })
        && !(standing.is_shielded() && judge.class() == GuardClass::Courtesy)
        && super::hear::applies(judge, case, rules.everyone)
}

/// The earliest end the message still claims. "Valid for 7 days" counts from when each person receives it, so
/// waiting makes it no less true.
fn truth_horizon(case: &Case<'_>) -> Option<Timestamp> {
    let deadlines = case.meaning.deadlines.iter().filter(|d| d.kind != DeadlineKind::FromReceipt);
    let of_offers = case.meaning.offers.iter().filter_map(|o| o.ends);
    let of_offers = of_offers.filter(|end| !is_from_receipt(case.meaning, *end));
    deadlines.filter_map(|d| d.instant).chain(of_offers).filter(|end| *end > case.now).min()
}
