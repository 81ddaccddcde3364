//! Stops: handing over, or reminding of, a voucher, gift card or code that buys nothing any more: used up
//! (`redeemed`), out of date (`expired`), or about to be (`expiring`), whoever held it — the gift card that
//! a clerk had already spent.
//! Avoids: judging a voucher the shop never told of ("cannot tell"); one that was filled up or given out
//! again; a reminder of one that still has its time.
//! Prefers: what the shop's events say; the message's own date needs none.
//! Settings: `least_left` (how long a voucher must still be good once the message leaves, 6 hours), `kinds`
//! (which are judged: `gift-card`, `voucher`, `coupon`; all), `confidence` (how surely it must be read, 50 of
//! 100; below it the answer is "cannot tell").

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{BrandFacts, FactKind, VoucherStep, Why};
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{VoucherKind, VoucherTold};

/// A courtesy, though refusing an agreed voucher is also price fraud (Order 56, no. 7): a receipt must not
/// be lost over a code in it.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks; lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons. Never the code: whoever knows it can spend it.
pub const PLACEHOLDERS: &[&str] = &["voucher", "kind", "when"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long it must still be good.
    pub least_left: Window,
    /// Which are judged.
    pub kinds: Vec<VoucherKind>,
    /// The least confidence in a voucher.
    pub confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            least_left: Window(SignedDuration::from_hours(6)),
            kinds: vec![VoucherKind::GiftCard, VoucherKind::Voucher, VoucherKind::Coupon],
            confidence: 50,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let judged: Vec<&VoucherTold> =
        case.meaning.vouchers.iter().filter(|told| settings.kinds.contains(&told.kind)).collect();
    if judged.is_empty() {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    }
    let brand = case.facts.brand();
    let mut doubt = None;
    for told in judged {
        match state(settings, case.now, told, brand) {
            State::Dead(kind, when) if told.confidence.0 >= settings.confidence => {
                let mut found = Objection::because([
                    ("voucher", Evidence::Name(word(told.kind).to_owned())),
                    ("kind", Evidence::Name(kind.to_owned())),
                    ("when", Evidence::At(when)),
                ])
                .at(told.spans.iter().copied());
                // Without its number the word of a gift card is no word at all.
                found.is_its_purpose = told.kind == VoucherKind::GiftCard;
                return Answer::Objects(found);
            }
            State::Dead(..) => doubt = doubt.or(Some(Why::Unread)),
            State::Good => {}
            State::Unknown(why) => doubt = doubt.or(Some(why)),
        }
    }
    // What was never told of may be due to the shop not telling of any yet.
    let known = case.facts.since(FactKind::Vouchers, case.now);
    match (doubt, known) {
        (Some(Why::NotTold), Err(why)) | (Some(why), _) => Answer::CannotTell(why),
        (None, _) => case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine),
    }
}

/// A voucher of no kind is none; confidence is a percentage.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.kinds.is_empty() {
        let why = "names none: leave it out for all, or set the rule's `mode` to \"off\"";
        return Err(Misfit { key: "kinds", why: why.into() });
    }
    if settings.confidence > 100 {
        return Err(Misfit { key: "confidence", why: "is 0 to 100".into() });
    }
    Ok(())
}

/// The brand's vouchers are no customer's history: no window.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}

enum State {
    Good,
    Dead(&'static str, Timestamp),
    Unknown(Why),
}

fn state(settings: &Settings, now: Timestamp, told: &VoucherTold, brand: Result<&BrandFacts, Why>) -> State {
    let steps = told.code.as_deref().and_then(|code| brand.ok()?.vouchers.get(code));
    let past = steps.into_iter().flatten().filter(|(_, at)| *at <= now);
    let latest = past.max_by_key(|(step, at)| (*at, *step)).copied();
    match latest {
        Some((VoucherStep::Redeemed, at)) => return State::Dead("redeemed", at),
        Some((VoucherStep::Expired, at)) => return State::Dead("expired", at),
        Some((VoucherStep::Issued, _)) | None => {}
    }
    // Its end as the message tells it, or as the shop told it ahead.
    let ahead = steps.into_iter().flatten().filter(|(step, at)| *step == VoucherStep::Expired && *at > now);
    if let Some(end) = ahead.map(|(_, at)| *at).chain(told.expires).min() {
        if end <= now {
            return State::Dead("expired", end);
        }
        if end < settings.least_left.after(now) {
            return State::Dead("expiring", end);
        }
    }
    match (latest, &told.code, brand) {
        (Some(_), _, _) => State::Good,
        (None, None, _) => State::Unknown(Why::Unread),
        (None, Some(_), Err(why)) => State::Unknown(why),
        (None, Some(_), Ok(_)) => State::Unknown(Why::NotTold),
    }
}

fn word(kind: VoucherKind) -> &'static str {
    match kind {
        VoucherKind::GiftCard => "gift-card",
        VoucherKind::Voucher => "voucher",
        VoucherKind::Coupon => "coupon",
    }
}
