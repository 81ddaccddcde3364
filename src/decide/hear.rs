//! One rule's part in a decision: whether it speaks at all, what its guard answers, and what the rule
//! makes of that for this message.
//!
//! What a code or a receipt has to fear of a guard, when its words alone say what it is ([`Standing::Receipt`]), and
//! when its sender declared it, too ([`Standing::MustSend`]):
//!
//! | guard | by its words | declared, too |
//! |---|---|---|
//! | `suppression` (law) | stopped; over a refusal of promotions it loses its offers | goes where the rule has `spare_must_send`, without its offers |
//! | `quiet_hours`, `required_text` (law) | as the rule says; where it is for promotions, loses its offers | the same |
//! | `below_price_paid`, `price_conflict`, `exclusive_leak`, `already_bought`, `reference_price`, `false_deadline` | loses the offer; stopped if that cannot be taken out, or if no receipt is left then | loses the offer; goes unchanged if that cannot be taken out |
//! | `survey_fatigue`, `survey_experience` | loses the invitation, else as above | the same |
//! | `urgency_pressure`, `wrong_audience` | loses the words, if it sells something; else untouched | loses the words; a code is untouched |
//! | `dead_voucher` | a coupon or voucher as an offer is; over a gift card it is stopped | loses the sentence |
//! | `preference`, `open_complaint`, `frequency_cap`, `duplicate` | untouched; where the rule is for promotions, loses its offers | the same |
//!
//! A receipt that would lose its offers to a rule for promotions, and from which they cannot be taken, goes as it is.
//! Whatever is let go keeps its finding, marked `not_removed`.

use jiff::{SignedDuration, Timestamp};

use super::{Answer, Case, Finding, GuardClass, Objection, Standing, Verdict};
use crate::facts::{Facts, Why};
use crate::message::{Message, Span};
use crate::policy::{Judge, Mode, OnUnknown, Selection, Then, Window};
use crate::rewrite::Action;
use crate::understand::Meaning;

/// When a message held because something could not be told is decided again.
pub const ASK_AGAIN_AFTER: Window = Window(SignedDuration::from_mins(5));

/// How long such a message waits at most.
pub const ASK_AGAIN_AT_MOST: Window = Window::days(1);

/// A finding, and what a rewrite would do about it.
pub struct Heard<'a> {
    /// Whose it is.
    pub judge: &'a dyn Judge,
    /// What stands in the decision.
    pub finding: Finding,
    /// The actions it wants, if it wants a rewrite.
    pub actions: Vec<Action>,
    /// True when it is about what a receipt sells, not about the receipt.
    pub of_offers: bool,
}

/// Hears one rule; `None` when it is off, does not apply to this customer, or has nothing to say.
pub fn hear<'a>(judge: &'a dyn Judge, case: &Case<'_>, standing: Standing, rules: &Selection<'_>) -> Option<Heard<'a>> {
    let head = judge.head();
    let mode = rules.mode(judge);
    if mode == Mode::Off || !applies(judge, case, rules.everyone) {
        return None;
    }
    let answer = judge.examine(case);
    let must_send = standing == Standing::MustSend;
    let courtesy = judge.class() == GuardClass::Courtesy;
    let mut finding = Finding {
        guard: judge.guard().to_owned(),
        rule: head.id.to_owned(),
        place: head.place.clone(),
        answer,
        wants: Verdict::Pass,
        shadow: mode == Mode::Shadow,
        not_removed: false,
        degraded: false,
    };
    let mut actions = Vec::new();
    match &finding.answer {
        Answer::Fine => return None,
        // A fresh word may say otherwise: who can wait for it waits.
        Answer::Objects(Objection { remembered: true, .. }) if head.on_store_down == OnUnknown::Delay && !must_send => {
            finding.wants = ask_again(case.now);
        }
        Answer::Objects(objection) if courtesy && shields(standing, objection) => {
            actions = shielded_actions(head.then, standing, case.meaning, objection);
            finding.not_removed = actions.is_empty();
            finding.wants = if actions.is_empty() { Verdict::Pass } else { Verdict::Rewrite };
        }
        Answer::Objects(objection) => (finding.wants, actions) = wanted(head.then, objection, case.now),
        Answer::CannotTell(why) => {
            let down = *why == Why::StoreDown;
            let says = if down { head.on_store_down } else { head.on_unknown };
            // A one-time code that waits is a one-time code lost: only an explicit block stops it.
            let lets_go = (courtesy && standing.is_shielded()) || (must_send && says == OnUnknown::Delay);
            finding.wants = match says {
                _ if lets_go => Verdict::Pass,
                OnUnknown::Pass => Verdict::Pass,
                OnUnknown::Delay => ask_again(case.now),
                OnUnknown::Block => Verdict::Block,
            };
            finding.degraded = down && finding.wants == Verdict::Pass;
        }
    }
    Some(Heard { judge, finding, actions, of_offers: false })
}

/// Hears one rule about what a receipt sells, `case` being that of a promotion: what it objects to goes, whatever its
/// `then` says. A rule that objects to the receipt itself has said more already.
pub fn hear_offers<'a>(judge: &'a dyn Judge, case: &Case<'_>, rules: &Selection<'_>, heard: &mut Vec<Heard<'a>>) {
    let head = judge.head();
    let is_same = |other: &Heard<'_>| other.finding.rule == head.id && other.finding.guard == judge.guard();
    let said = heard.iter().position(is_same);
    let mode = rules.mode(judge);
    // A courtesy that applies to receipts as well has judged this one as what it is.
    let judged = said.is_some_and(|at| matches!(heard.get(at).map(|h| &h.finding.answer), Some(Answer::Objects(_))))
        || judge.class() == GuardClass::Courtesy && rules.judges.iter().any(|own| own.head().id == head.id);
    if judged || mode == Mode::Off || !applies(judge, case, rules.everyone) {
        return;
    }
    let Answer::Objects(mut objection) = judge.examine(case) else { return };
    objection.spans = case.meaning.offers.iter().flat_map(|offer| offer.spans.iter().copied()).collect();
    objection.spans.sort_unstable();
    objection.spans.dedup();
    let finding = Finding {
        guard: judge.guard().to_owned(),
        rule: head.id.to_owned(),
        place: head.place.clone(),
        answer: Answer::Objects(objection),
        wants: Verdict::Rewrite,
        shadow: mode == Mode::Shadow,
        not_removed: false,
        degraded: false,
    };
    if let Some(at) = said {
        heard.remove(at);
    }
    heard.push(Heard { judge, finding, actions: vec![Action::RemoveOffer {}], of_offers: true });
}

fn ask_again(now: Timestamp) -> Verdict {
    Verdict::Delay { until: ASK_AGAIN_AFTER.after(now), expires: ASK_AGAIN_AT_MOST.after(now) }
}

/// Whether the rule speaks for this customer, by its `share`.
pub fn applies(judge: &dyn Judge, case: &Case<'_>, everyone: bool) -> bool {
    let head = judge.head();
    everyone || in_share(head.id, head.share, case.message, case.facts)
}

/// What the rule's `then` makes of an objection.
fn wanted(then: &Then, objection: &Objection, now: Timestamp) -> (Verdict, Vec<Action>) {
    match then {
        Then::Block => (Verdict::Block, Vec::new()),
        Then::Delay { at_most } => match objection.free_at {
            Some(until) if until <= at_most.after(now) => {
                (Verdict::Delay { until, expires: at_most.after(now) }, Vec::new())
            }
            // Waiting does not mend it, or not in time.
            _ => (Verdict::Block, Vec::new()),
        },
        Then::Rewrite(actions) => {
            // Nothing marked means nothing can be taken away, and the harm would stay.
            let toothless = objection.spans.is_empty() && actions.contains(&Action::RemoveSentence {});
            if toothless { (Verdict::Block, Vec::new()) } else { (Verdict::Rewrite, actions.clone()) }
        }
    }
}

/// Whether what the message is protects it from a courtesy's objection. A card that cannot be used makes no receipt
/// of the mail that hands it over; who declares a receipt has a reason to send it all the same.
fn shields(standing: Standing, objection: &Objection) -> bool {
    standing.is_shielded() && !(standing == Standing::Receipt && objection.is_its_purpose)
}

/// "A receipt that carries an offer loses the offer, not the receipt" (design §3). Nothing to do means that it goes
/// as it is.
fn shielded_actions(then: &Then, standing: Standing, meaning: &Meaning, objection: &Objection) -> Vec<Action> {
    let marked = |spans: &[Span]| spans.iter().any(|span| objection.spans.iter().any(|marked| marked.overlaps(span)));
    match then {
        _ if objection.spans.is_empty() || standing.is_untouchable(meaning) => Vec::new(),
        Then::Rewrite(actions) => actions.clone(),
        Then::Block | Then::Delay { .. } if meaning.offers.iter().any(|offer| marked(&offer.spans)) => {
            vec![Action::RemoveOffer {}]
        }
        Then::Block | Then::Delay { .. } if meaning.surveys.iter().any(|survey| marked(&survey.spans)) => {
            vec![Action::RemoveSurvey {}]
        }
        Then::Block | Then::Delay { .. } => vec![Action::RemoveSentence {}],
    }
}

/// Whether the customer is among the rule's `share` of 100: the same answer every time, and another
/// hundred for another rule.
fn in_share(rule: &str, share: u8, message: &Message, facts: &Facts) -> bool {
    if share >= 100 {
        return true;
    }
    let customer = facts.customer().ok();
    let root = customer.and_then(|c| c.members.iter().map(|m| m.key.as_str()).min());
    let person =
        root.or(customer.and_then(|c| c.record_id.as_deref())).unwrap_or_else(|| message.recipient.canonical());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{rule}\0{person}").as_bytes());
    let number = digest.as_ref().iter().take(8).fold(0u64, |n, byte| (n << 8) | u64::from(*byte));
    number % 100 < u64::from(share)
}
