//! Stops: pressing people to buy. Words of hurry without an end that is real (`no-end`); "last chance" days
//! before the end (`early`), or a second time to one person about one offer (`repeated`); a closing sale that
//! never closes (`still-closing`) or whose goods were stocked up (`restocked`); "only 3 left" where nobody counted
//! (`uncounted`), or where more are left (`more-left`).
//! Avoids: honest urgency. A plain date never presses; hurry with an end told beside it, one last reminder on the
//! last day, a counted stock and a closing sale that closes are fine. Whether the end itself is true is the
//! business of `false_deadline`.
//! Prefers: taking out the pressing words and leaving the offer, the subject first; a message that is nothing
//! else is blocked.
//! Settings: `kinds` (which claims are judged: `hurry`, `last-chance`, `countdown`, `scarcity`, `closing`; all),
//! `last_chance_at_most` (how long before the end it is the last chance, 24 hours), `pressing_at_most` (how often
//! one person is pressed about one offer, 1) within `pressing_within` (30 days), `closing_at_most` (how long a
//! closing sale closes, 60 days) with `closing_gap` (unseen for so long it is another one, 28 days),
//! `stock_fresh_for` (how old a stock figure may be, 1 hour), `confidence` (how surely a claim must be read, 50 of
//! 100; below it the answer is "cannot tell"), `hurry_confidence` (how surely bare words of hurry must be, 80: 限时
//! and "limited time" alone press nobody).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::claims::{claimed_ends, families, seen_since};
use crate::decide::shown::presses;
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::{FactKind, Family, FamilyClaims, Known, Why};
use crate::message::Span;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::{Deadline, DeadlineKind, UrgencyClaim, UrgencyKind};

/// A courtesy by class, though laws name it too (UCPD Annex I no. 7): a receipt must not be lost over it.
pub const CLASS: GuardClass = GuardClass::Courtesy;

/// Blocks (a rule that takes the words out says so); lets go when nothing is known.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["kind", "claim", "end", "since", "ago", "left", "stock", "product", "count"];

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which claims are judged.
    pub kinds: Vec<UrgencyKind>,
    /// How long before the end it is the last chance.
    pub last_chance_at_most: Window,
    /// How often one person is pressed about one offer.
    pub pressing_at_most: u32,
    /// Within this.
    pub pressing_within: Window,
    /// How long a closing sale closes.
    pub closing_at_most: Window,
    /// Unseen for so long it is another one.
    pub closing_gap: Window,
    /// How old a stock figure may be.
    pub stock_fresh_for: Window,
    /// The least confidence in a claim.
    pub confidence: u8,
    /// The least confidence in bare words of hurry.
    pub hurry_confidence: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        use UrgencyKind::{Closing, Countdown, Hurry, LastChance, Scarcity};
        Settings {
            kinds: vec![Hurry, LastChance, Countdown, Scarcity, Closing],
            last_chance_at_most: Window::days(1),
            pressing_at_most: 1,
            pressing_within: Window::days(30),
            closing_at_most: Window::days(60),
            closing_gap: Window::days(28),
            stock_fresh_for: Window(SignedDuration::from_hours(1)),
            confidence: 50,
            hurry_confidence: 80,
        }
    }
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let mild =
        |claim: &UrgencyClaim| claim.kind == UrgencyKind::Hurry && claim.confidence.0 < settings.hurry_confidence;
    let judged = |claim: &&UrgencyClaim| settings.kinds.contains(&claim.kind) && !mild(claim);
    let claims: Vec<&UrgencyClaim> = case.meaning.urgencies.iter().filter(judged).collect();
    let Some(surest) = claims.iter().map(|claim| claim.confidence.0).max() else {
        return case.read_whole().map_or_else(Answer::CannotTell, |()| Answer::Fine);
    };
    if surest < settings.confidence {
        return Answer::CannotTell(Why::Unread);
    }
    let sight = Sight::of(case);
    let (mut harms, mut doubt): (Vec<Harm<'_>>, Option<Why>) = (Vec::new(), None);
    for claim in claims.into_iter().filter(|claim| claim.confidence.0 >= settings.confidence) {
        match harm(settings, case, &sight, claim) {
            Ok(harm) => harms.extend(harm),
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    // One reason stands for all: the worst. The words of all of them are to go.
    let Some(worst) = harms.iter().min_by_key(|harm| harm.kind) else {
        let read = case.read_whole().err();
        return doubt.or(read).map_or(Answer::Fine, Answer::CannotTell);
    };
    let waits = harms.iter().map(|harm| harm.free_at).reduce(|one, other| Some(one?.max(other?))).flatten();
    let mut spans: Vec<Span> = harms.iter().flat_map(|harm| harm.claim.spans.iter().copied()).collect();
    spans.sort_unstable();
    spans.dedup();
    let mut found = worst.objection().at(spans);
    found.free_at = waits;
    Answer::Objects(found)
}

/// Something to judge, and percentages that are some.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    if settings.kinds.is_empty() {
        let why = "names at least one of hurry, last-chance, countdown, scarcity, closing".into();
        return Err(Misfit { key: "kinds", why });
    }
    for (key, percent) in [("confidence", settings.confidence), ("hurry_confidence", settings.hurry_confidence)] {
        if percent > 100 {
            return Err(Misfit { key, why: "is 0 to 100".into() });
        }
    }
    Ok(())
}

/// How far back.
pub fn windows(settings: &Settings) -> Vec<(&'static str, Window)> {
    vec![("pressing_within", settings.pressing_within)]
}

/// What is wrong, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    StillClosing,
    Restocked,
    MoreLeft,
    Uncounted,
    Early,
    Repeated,
    NoEnd,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::StillClosing => "still-closing",
            Kind::Restocked => "restocked",
            Kind::MoreLeft => "more-left",
            Kind::Uncounted => "uncounted",
            Kind::Early => "early",
            Kind::Repeated => "repeated",
            Kind::NoEnd => "no-end",
        }
    }
}

/// A claim that does harm, and how that is known.
struct Harm<'a> {
    kind: Kind,
    claim: &'a UrgencyClaim,
    evidence: Vec<(&'static str, Evidence)>,
    free_at: Option<Timestamp>,
}

impl<'a> Harm<'a> {
    fn of(kind: Kind, claim: &'a UrgencyClaim) -> Harm<'a> {
        Harm { kind, claim, evidence: Vec::new(), free_at: None }
    }

    fn with(mut self, name: &'static str, evidence: Evidence) -> Harm<'a> {
        self.evidence.push((name, evidence));
        self
    }

    fn objection(&self) -> Objection {
        let claim = match self.claim.kind {
            UrgencyKind::Hurry => "hurry",
            UrgencyKind::LastChance => "last-chance",
            UrgencyKind::Countdown => "countdown",
            UrgencyKind::Scarcity => "scarcity",
            UrgencyKind::Closing => "closing",
        };
        let mut found = Objection::because([
            ("kind", Evidence::Name(self.kind.name().to_owned())),
            ("claim", Evidence::Name(claim.to_owned())),
        ]);
        found.because.extend(self.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        found
    }
}

/// What the claims of one message are held against.
struct Sight {
    families: Vec<(usize, Family)>,
    /// Ends told or known, and still to come.
    next_end: Option<Timestamp>,
    /// Why it is not known whether an end was announced before.
    ledger_away: Option<Why>,
}

impl Sight {
    fn of(case: &Case<'_>) -> Sight {
        let meaning = case.meaning;
        let families = families(meaning);
        let told = meaning.deadlines.iter().filter_map(|deadline| deadline.instant);
        let of_offers =
            meaning.offers.iter().flat_map(|offer| claimed_ends(meaning, offer).into_iter().chain(offer.ends));
        let of_vouchers = meaning.vouchers.iter().filter_map(|voucher| voucher.expires);
        let to_come = |end: &Timestamp| *end > case.now;
        let mut next_end = told.chain(of_offers).chain(of_vouchers).filter(to_come).min();
        let mut ledger_away = None;
        match &case.facts.claims {
            Known::Unknown(why) => ledger_away = Some(*why),
            Known::Known(claims) => {
                let announced = families.iter().filter(|(_, family)| !family.is_seen());
                let announced = announced.filter_map(|(_, family)| claims.get(family)).flat_map(|ledger| {
                    // Rounded in the ledger: an end of this very minute is still one.
                    ledger.deadlines.keys().copied()
                });
                next_end = next_end.or_else(|| announced.filter(to_come).min());
            }
        }
        Sight { families, next_end, ledger_away }
    }
}

/// The harm a claim does, if any; `Err` when that cannot be told.
fn harm<'a>(
    settings: &Settings,
    case: &Case<'a>,
    sight: &Sight,
    claim: &'a UrgencyClaim,
) -> Result<Option<Harm<'a>>, Why> {
    match claim.kind {
        UrgencyKind::Closing => closing(settings, case, sight, claim),
        UrgencyKind::Scarcity => match claim.left {
            Some(left) => match scarce(settings, case, claim, left)? {
                Some(harm) => Ok(Some(harm)),
                None => repeated(settings, case, sight, claim),
            },
            // "While supplies last" is a condition, not a count.
            None => Ok(None),
        },
        UrgencyKind::Hurry | UrgencyKind::LastChance | UrgencyKind::Countdown => {
            let Some(end) = sight.next_end else {
                return sight.ledger_away.map_or_else(|| Ok(Some(Harm::of(Kind::NoEnd, claim))), Err);
            };
            if claim.kind == UrgencyKind::LastChance && is_early(settings, case, claim, end) {
                let mut early = Harm::of(Kind::Early, claim).with("end", Evidence::At(end));
                early.free_at = Some(settings.last_chance_at_most.before(end));
                return Ok(Some(early));
            }
            if presses(claim) { repeated(settings, case, sight, claim) } else { Ok(None) }
        }
    }
}

/// Bytes around the words of an end that belong to them: "this weekend *only*", *仅限*本周.
const AROUND_BYTES: u32 = 8;

/// Long before the end; words that are the end themselves ("this weekend only") say no more than when it is.
fn is_early(settings: &Settings, case: &Case<'_>, claim: &UrgencyClaim, end: Timestamp) -> bool {
    let far = settings.last_chance_at_most.after(case.now) < end;
    let tells_the_end = |span: &Span| {
        let dated = case.meaning.deadlines.iter().filter(|deadline| deadline.instant.is_some());
        dated.flat_map(|deadline| places_of(deadline).map(move |place| (deadline.kind, place))).any(|(kind, place)| {
            let around = span.start.saturating_add(AROUND_BYTES) >= place.start
                && span.end <= place.end.saturating_add(AROUND_BYTES);
            let holds = kind == DeadlineKind::Relative && span.start <= place.start && place.end <= span.end;
            place.part == span.part && (around || holds)
        })
    };
    far && (claim.spans.is_empty() || !claim.spans.iter().all(tells_the_end))
}

/// Where an end is told: its words, else its sentence.
fn places_of(deadline: &Deadline) -> impl Iterator<Item = Span> + '_ {
    let sentence = deadline.span.filter(|_| deadline.words.is_empty());
    deadline.words.iter().copied().chain(sentence)
}

/// This person was pressed about this offer before.
fn repeated<'a>(
    settings: &Settings,
    case: &Case<'a>,
    sight: &Sight,
    claim: &'a UrgencyClaim,
) -> Result<Option<Harm<'a>>, Why> {
    let customer = case.facts.customer()?;
    let from = settings.pressing_within.before(case.now);
    let ours: Vec<&Family> = sight.families.iter().map(|(_, family)| family).filter(|f| !f.is_seen()).collect();
    let pressed = customer.sends.iter().filter(|send| send.at > from && send.at <= case.now).filter(|send| {
        let of_offer = |family: &String| ours.iter().any(|own| own.meets(&Family(family.clone())));
        send.offers.iter().filter(|offer| offer.pressing).filter_map(|offer| offer.family.as_ref()).any(of_offer)
    });
    let times: Vec<Timestamp> = pressed.map(|send| send.at).collect();
    let last = times.iter().max().copied();
    if let (Some(last), true) = (last, times.len() as u64 >= u64::from(settings.pressing_at_most)) {
        let harm = Harm::of(Kind::Repeated, claim).with("count", Evidence::Count(times.len() as u64));
        return Ok(Some(harm.with("ago", Evidence::Seconds(case.now.duration_since(last).as_secs()))));
    }
    case.facts.since(FactKind::Sends, from).map(|()| None)
}

/// "Only 3 left": counted by the sender, or by a fresh figure of the stock.
fn scarce<'a>(
    settings: &Settings,
    case: &Case<'a>,
    claim: &'a UrgencyClaim,
    left: u32,
) -> Result<Option<Harm<'a>>, Why> {
    let declared = case.message.declared.offers.iter().filter_map(|offer| offer.left).min();
    let brand = match case.facts.brand() {
        Ok(brand) => brand,
        // The sender's own count stands where nobody can contradict it.
        Err(_) if declared.is_some_and(|declared| declared <= left) => return Ok(None),
        Err(why) => return Err(why),
    };
    let products = case.meaning.offers.iter().filter_map(|offer| offer.product.as_deref());
    let counted = products.filter_map(|sku| Some((sku, brand.stock.get(sku)?)));
    let fresh = counted.filter(|(_, (at, _))| settings.stock_fresh_for.after(*at) > case.now);
    let fewest = fresh.map(|(sku, (_, stock))| (*stock, sku)).min();
    let harm = |kind| Harm::of(kind, claim).with("left", Evidence::Count(u64::from(left)));
    Ok(match (fewest, declared) {
        (Some((stock, sku)), _) if stock > left => Some(
            harm(Kind::MoreLeft)
                .with("stock", Evidence::Count(u64::from(stock)))
                .with("product", Evidence::Name(sku.to_owned())),
        ),
        (Some(_), _) => None,
        (None, Some(declared)) if declared <= left => None,
        (None, Some(declared)) => Some(harm(Kind::MoreLeft).with("stock", Evidence::Count(u64::from(declared)))),
        (None, None) => Some(harm(Kind::Uncounted)),
    })
}

/// A closing sale that has closed for months, or whose goods came in anew.
fn closing<'a>(
    settings: &Settings,
    case: &Case<'a>,
    sight: &Sight,
    claim: &'a UrgencyClaim,
) -> Result<Option<Harm<'a>>, Why> {
    let Known::Known(claims) = &case.facts.claims else { return Err(sight.ledger_away.unwrap_or(Why::StoreDown)) };
    let mut since: Option<(Timestamp, usize)> = None;
    for (at, family) in sight.families.iter().filter(|(_, family)| family.is_closing()) {
        let weeks: Option<&FamilyClaims> = claims.get(&family.seen());
        let begun = weeks.and_then(|weeks| seen_since(weeks, settings.closing_gap, case.now));
        since = since.into_iter().chain(begun.map(|begun| (begun, *at))).min();
    }
    let Some((since, _)) = since else { return Ok(None) };
    let harm = |kind| Harm::of(kind, claim).with("since", Evidence::At(since));
    if settings.closing_at_most.after(since) <= case.now {
        return Ok(Some(harm(Kind::StillClosing)));
    }
    let brand = case.facts.brand()?;
    let products = case.meaning.offers.iter().filter_map(|offer| offer.product.as_deref());
    let mut restocked = products.filter(|sku| brand.restocked.get(*sku).is_some_and(|at| *at > since));
    let sku = restocked.next();
    Ok(sku.map(|sku| harm(Kind::Restocked).with("product", Evidence::Name(sku.to_owned()))))
}
