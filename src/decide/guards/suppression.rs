//! Stops: messages to a person who refused them, to an address that does not exist, or to one who
//! reported spam; where the rule says so, also to one who is not known to have agreed.
//! Avoids: refusing what the person later agreed to; refusing a channel or purpose they did not mean.
//! Prefers: silence. A refusal has no end of its own; only a later consent of the same scope or wider
//! lifts it.
//! Settings: `causes` (which of `opt-out`, `bounce`, `spam-complaint` count; all by default),
//! `spare_must_send` (a receipt or one-time code still goes to a person who only opted out; a bounce
//! or a spam complaint stops those too), `needs_consent` (only who is known to have agreed to this channel and
//! purpose is written to; off if not given), `purchase_is_consent` (with it: a purchase so recent, and not given
//! back, is a consent; one that is older than the history kept proves nothing). `since` and `ago` are of a refusal.

use serde::Deserialize;

use super::{Case, Defaults, Misfit, is_for_purpose, understood_purpose};
use crate::decide::{Answer, Because, Evidence, GuardClass, Objection, is_must_send};
use crate::facts::{Customer, FactKind, OptOutFact, Why};
use crate::policy::{OnUnknown, Then, Window};

/// A right, not a courtesy.
pub const CLASS: GuardClass = GuardClass::Law;

/// A refusal blocks. A brand that never handed over its opt-outs is let go on, on record: nothing
/// could be sent otherwise on the day of installation. A silent store delays.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Delay };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["why", "since", "ago", "channel", "purpose"];

/// What can stand behind a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The person said so.
    OptOut,
    /// The address does not exist.
    Bounce,
    /// The person pressed "this is spam".
    SpamComplaint,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which causes count; absent = all.
    pub causes: Option<Vec<Cause>>,
    /// Whether a must-send message passes an opt-out.
    pub spare_must_send: bool,
    /// Whether it takes a consent to write at all.
    pub needs_consent: bool,
    /// A purchase so recent is one.
    pub purchase_is_consent: Option<Window>,
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let customer = match case.facts.customer() {
        Ok(customer) => customer,
        // What was last known stands until the store says otherwise.
        Err(why) => {
            let refusal = decisive(&standing(settings, &case.facts.remembered, case), case).map(|f| because(f, case));
            let remembered = |because| Objection { because, remembered: true, ..Objection::default() };
            return refusal.map_or(Answer::CannotTell(why), |because| Answer::Objects(remembered(because)));
        }
    };
    let standing = standing(settings, &customer.opt_outs, case);
    if let Some(refusal) = decisive(&standing, case) {
        return Answer::Objects(Objection { because: because(refusal, case), ..Objection::default() });
    }
    if !standing.is_empty() && case.read_whole().is_err() {
        return Answer::CannotTell(Why::Unread);
    }
    let spared = settings.spare_must_send && is_must_send(case.message, case.meaning);
    if settings.needs_consent && !spared {
        match agreed(settings, customer, case) {
            Agreed::Yes => {}
            Agreed::ToSomethingElse if case.read_whole().is_err() => return Answer::CannotTell(Why::Unread),
            Agreed::ToSomethingElse | Agreed::No => {
                return Answer::Objects(Objection::because([
                    ("why", Evidence::Name("no-consent".to_owned())),
                    ("channel", Evidence::Name(case.message.channel.to_string())),
                    ("purpose", Evidence::Name(understood_purpose(case.meaning).to_owned())),
                ]));
            }
        }
    }
    match case.facts.since(FactKind::OptOuts, case.now) {
        Ok(()) => Answer::Fine,
        Err(why) => Answer::CannotTell(why),
    }
}

/// Nothing here can be senseless but an empty list, and a consent nobody asks for.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.purchase_is_consent.is_some() && !settings.needs_consent {
        return Err(Misfit { key: "purchase_is_consent", why: "goes with `needs_consent = true`".into() });
    }
    match &settings.causes {
        Some(causes) if causes.is_empty() => {
            Err(Misfit { key: "causes", why: "an empty list stops nothing; leave the key out for all causes".into() })
        }
        _ => Ok(()),
    }
}

/// Refusals and consents are never trimmed: no window. A purchase that is no longer kept proves no consent, which
/// stops more and never less.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}

/// Refusals of this channel and address that no consent has lifted.
fn standing<'a>(settings: &Settings, told: &'a [OptOutFact], case: &Case<'_>) -> Vec<&'a OptOutFact> {
    let spared = settings.spare_must_send && is_must_send(case.message, case.meaning);
    told.iter()
        .filter(|f| {
            f.refused && f.at <= case.now && on_channel(f, case) && on_address(f, case) && counts(settings, f, spared)
        })
        .filter(|refusal| !told.iter().any(|consent| lifts(consent, refusal, case.now)))
        .collect()
}

/// Whether a person agreed.
enum Agreed {
    Yes,
    /// To another purpose on this channel, as far as the message could be read.
    ToSomethingElse,
    No,
}

fn agreed(settings: &Settings, customer: &Customer, case: &Case<'_>) -> Agreed {
    let bought = |within: Window| {
        let from = within.before(case.now);
        customer.kept_purchases().iter().any(|bought| bought.at > from && bought.at <= case.now)
    };
    if settings.purchase_is_consent.is_some_and(bought) {
        return Agreed::Yes;
    }
    let consents = || customer.opt_outs.iter().filter(|f| !f.refused && f.at <= case.now && on_channel(f, case));
    let to_this = |f: &OptOutFact| f.purpose.as_deref().is_none_or(|p| is_for_purpose(case.message, case.meaning, p));
    match (consents().any(to_this), consents().next()) {
        (true, _) => Agreed::Yes,
        (false, Some(_)) => Agreed::ToSomethingElse,
        (false, None) => Agreed::No,
    }
}

/// The one that says best why this message may not go: the newest; ties are broken by the words, so that
/// order never matters.
fn decisive<'a>(standing: &[&'a OptOutFact], case: &Case<'_>) -> Option<&'a OptOutFact> {
    let applies = |f: &&&OptOutFact| f.purpose.as_deref().is_none_or(|p| is_for_purpose(case.message, case.meaning, p));
    standing.iter().filter(applies).max_by_key(|f| (f.at, &f.why, &f.purpose)).copied()
}

fn on_channel(fact: &OptOutFact, case: &Case<'_>) -> bool {
    fact.channel.is_none_or(|channel| channel == case.message.channel)
}

/// An address that does not exist says nothing of the person's others; what a person says, they say
/// for all of them.
fn on_address(fact: &OptOutFact, case: &Case<'_>) -> bool {
    fact.why != "bounce" || case.facts.addressee.as_ref().is_none_or(|addressee| *addressee == fact.from)
}

fn counts(settings: &Settings, fact: &OptOutFact, spared: bool) -> bool {
    let cause = match fact.why.as_str() {
        "bounce" => Cause::Bounce,
        "spam-complaint" => Cause::SpamComplaint,
        // Any other word is a refusal in the person's own name: never less than an opt-out.
        _ => Cause::OptOut,
    };
    !(spared && cause == Cause::OptOut) && settings.causes.as_ref().is_none_or(|causes| causes.contains(&cause))
}

/// A later consent lifts a refusal of the same scope or narrower.
fn lifts(consent: &OptOutFact, refusal: &OptOutFact, now: jiff::Timestamp) -> bool {
    !consent.refused
        && consent.at > refusal.at
        && consent.at <= now
        && (consent.channel.is_none() || consent.channel == refusal.channel)
        && (consent.purpose.is_none() || consent.purpose == refusal.purpose)
}

fn because(refusal: &OptOutFact, case: &Case<'_>) -> Because {
    let ago = case.now.duration_since(refusal.at).as_secs();
    let mut because = Because::from([
        ("why".to_owned(), Evidence::Name(refusal.why.clone())),
        ("since".to_owned(), Evidence::At(refusal.at)),
        ("ago".to_owned(), Evidence::Seconds(ago)),
        ("channel".to_owned(), Evidence::Name(case.message.channel.to_string())),
    ]);
    let purpose = refusal.purpose.clone().unwrap_or_else(|| "all".to_owned());
    because.insert("purpose".to_owned(), Evidence::Name(purpose));
    because
}
