//! What does the message say? PURE: text in, [`Meaning`] out, with the doubts beside it; it never
//! fails. One folder or file a question; lexicons per language are data.

mod amounts;
mod audience;
mod days;
mod drafts;
mod ends;
mod exclusive;
mod expiry;
mod expression;
mod extension;
mod fingerprint;
mod goods;
mod kind;
mod lexicon;
pub mod meaning;
mod microdata;
mod needed;
mod offers;
mod optout;
mod patterns;
mod phrases;
pub mod postal;
mod reading;
mod reminders;
pub mod shown_text;
mod sign_weights;
mod signs;
mod spent;
mod structured;
mod surveys;
mod taken_off;
mod text;
mod topics;
mod urgency;
mod vouchers;
mod weights;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::message::{Channel, Content, Declared};

pub use ends::likely_ends::WeighableMoment;
pub use fingerprint::fingerprint;
pub use goods::catalogue::{Catalogue, FIELD_BYTES_MAX, ITEMS_MAX, Item, NAMES_MAX};
pub use goods::catalogue_entry::{CATALOGUE_COLUMNS, CatalogueEntry};
pub use goods::products::ProductLinks;
pub use meaning::{
    Audience, AudienceTold, Confidence, Deadline, DeadlineKind, Discount, DiscountTold, Doubt, Goods, Meaning, Offer,
    OptOut, PriceKind, PriceTold, Purpose, Source, SurveyAsk, Topic, Urgency, UrgencyClaim, UrgencyKind, VoucherKind,
    VoucherTold,
};

use ends::claim::Claim;
use kind::leaning::Leaning;
use kind::tally::Tally;
use kind::work_talk::is_talk_of_work;
use reading::Reading;
use urgency::Said;
use weights::Heard;

/// Longest part read. The doors take no larger message; a caller without doors gets a doubt.
pub const PART_BYTES_MAX: usize = 8 << 20;
/// Parts read.
pub const PARTS_MAX: usize = 256;
/// Topics kept.
const TOPICS_MAX: usize = 8;

/// What the reader must be told, since it reads no clock and no configuration.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The moment of sending: relative deadlines count from it.
    pub now: Timestamp,
    /// The brand's time zone: "November 30" ends there.
    pub zone: &'a TimeZone,
    /// The shop's product pages.
    pub links: &'a ProductLinks,
    /// The shop's catalogue; empty where none was imported.
    pub catalogue: &'a Catalogue,
}

/// Reads a message.
pub fn understand(context: &Context<'_>, channel: Channel, content: &Content, declared: &Declared) -> Meaning {
    let mut doubts: Vec<Doubt> = content.unreadable.iter().cloned().map(Doubt).collect();
    let mut readings = Vec::new();
    for (index, part) in content.parts.iter().enumerate() {
        if index >= PARTS_MAX {
            doubts.push(Doubt("the message has too many parts".into()));
            break;
        }
        if part.text.len() > PART_BYTES_MAX {
            doubts.push(Doubt(format!("part {index} is too long to read")));
            continue;
        }
        let reading = Reading::of(index, part);
        doubts.extend(reading.visible.doubts.iter().map(|doubt| Doubt(format!("part {index}: {doubt}"))));
        if reading.is_only_pictures() {
            doubts.push(Doubt(format!("part {index}: its text may stand in pictures")));
        }
        readings.push(reading);
    }
    let Hearing { chat, tally, mut claims, mut said, weighed, .. } = hear(context, &mut readings);
    // "Your upgrade runs out in 2 hrs, call 191": whoever presses says when it ends, in whatever words they sell.
    if tally != chat || weighed.presses() {
        (claims, said) = ends_and_hurry(context, &readings, tally, weighed.presses());
    }
    let now = context.now.to_zoned(context.zone.clone());
    if ends::likely_ends::settle(&now, &readings, tally, weighed.presses(), &mut claims) {
        said = urgency::said_in(context, &readings, &claims);
    }
    let surveys = surveys::surveys_of(&readings, declared);
    let mut structured = structured::structured_of(context, content, PART_BYTES_MAX);
    doubts.append(&mut structured.doubts);
    let (mut offers, prices) = offers::offers_of(context, &readings, tally, &claims, declared, &structured);
    exclusive::mark(&readings, &mut offers);
    if offers.len() >= drafts::OFFERS_MAX {
        doubts.push(Doubt("there may be more offers than are kept".into()));
    }
    if claims.iter().map(|claim| claim.deadlines.len()).sum::<usize>() >= ends::deadlines::DEADLINES_MAX {
        doubts.push(Doubt("there may be more deadlines than are kept".into()));
    }
    let mut vouchers = vouchers::vouchers_of(context, &readings, tally, &claims, &structured);
    spent::without_spent(&readings, &mut vouchers);
    let urgencies = urgency::urgencies_of(context, &readings, tally, &claims, said, &weighed);
    let ends = claims.iter().any(Claim::tells_an_instant)
        && (!readings.iter().any(Reading::has_chinese) || ends::gains_zh::are_given_to_customers(&readings, tally));
    let mut deadlines = ends::deadlines::with_declared(claims, declared);
    deadlines.extend(structured.deadlines.iter().cloned());
    let asks = surveys.iter().filter(|survey| survey.source == Source::Declared || !tally.is_personal()).count();
    let found = kind::purpose::Found {
        offers: offers.len(),
        vouchers: vouchers.len(),
        surveys: asks,
        presses: !urgencies.is_empty(),
        ends,
    };
    let purpose = kind::purpose::purpose_of(tally, found);
    // A receipt that sells stays a receipt with an offer in it (design §3); colleagues who speak of a campaign make none.
    let is_of_work = is_talk_of_work(&readings, tally);
    let speaks = is_of_work || tally.only_speaks_of_sales() && vouchers.is_empty();
    let speaks = speaks && matches!(purpose, Purpose::Promotion | Purpose::Other);
    let purpose = if speaks { Purpose::Other } else { purpose };
    let audiences = audience::audiences_of(&readings, purpose);
    let mut meaning = Meaning {
        language: text::language::language_of(readings.iter().map(|r| (r.normal.text.as_str(), r.has_chinese()))),
        purpose,
        audience: audience::audience_of(&audiences),
        extends: extension::is_extension(&readings),
        urgencies,
        deadlines,
        topics: topics::topics_of(context, &readings, &offers, TOPICS_MAX),
        discounts: taken_off::discounts::discounts_of(
            &readings,
            (tally, weighed.presses()),
            &offers,
            &prices,
            &structured,
            is_of_work,
        ),
        prices,
        vouchers,
        audiences,
        fingerprint: fingerprint::of_readings(&readings).filter(|_| doubts.is_empty()),
        opt_out: optout::opt_out_of(channel, content, &readings),
        offers,
        surveys,
        doubts,
    };
    if tally.is_personal() || tally.reports() || speaks {
        meaning.keep_what_is_declared(!tally.is_personal());
    }
    meaning
}

/// What a message says at first hearing.
struct Hearing {
    /// What its sentences do, by themselves.
    chat: Tally,
    /// The same, in view of how it presses and what ends.
    tally: Tally,
    /// The ends it tells.
    claims: Vec<Claim>,
    /// The fixed words of hurry.
    said: Said,
    /// What is known of it beside its words.
    signals: Vec<&'static str>,
    /// What its words weigh for hurry.
    weighed: urgency::Weighed,
}

/// Hears a message for the first time: whose money it names, what all words weigh, what the sentences do in view of it, what
/// ends and what presses.
fn hear(context: &Context<'_>, readings: &mut [Reading<'_>]) -> Hearing {
    amounts::whose_money::settle(context, readings);
    let heard = Heard::of(readings);
    let leaning = Leaning::of(readings, &heard);
    kind::leaning::mark(readings, &heard, leaning);
    let chat = kind::tally::tally(readings, leaning);
    let (claims, said) = ends_and_hurry(context, readings, chat, false);
    let signals = urgency::signals(context.now, chat, &claims, &said);
    let weighed = urgency::weigh(readings, &heard, chat, &signals, &said);
    let tally = chat.unless_no_chat(weighed.presses_hard(), weighed.presses_harder());
    let tally = tally.unless_it_takes_off(ends::deadlines::takes_off_until(readings, &claims));
    Hearing { chat, tally, claims, said, signals, weighed }
}

/// The ends that are told, and then what presses: a claim of hurry that names an end is told once.
fn ends_and_hurry(context: &Context<'_>, readings: &[Reading<'_>], tally: Tally, presses: bool) -> (Vec<Claim>, Said) {
    let claims = ends::deadlines::deadlines_of(context, readings, tally, presses);
    let said = urgency::said_in(context, readings, &claims);
    (claims, said)
}

/// What of a message is weighed, each once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Weighable {
    /// Words and pairs of words.
    pub phrases: Vec<String>,
    /// What else is known of it; weighed for hurry.
    pub signals: Vec<&'static str>,
    /// The moments it names.
    pub moments: Vec<WeighableMoment>,
    /// What is known of each reduction it may offer.
    pub reductions: Vec<Vec<String>>,
}

/// What of a message is weighed: what the weights are fitted to (`tests/eval/weigh`); nothing else needs it.
pub fn weighable(context: &Context<'_>, content: &Content) -> Weighable {
    let mut readings: Vec<Reading<'_>> =
        content.parts.iter().enumerate().map(|(index, part)| Reading::of(index, part)).collect();
    let Hearing { tally, signals, weighed, .. } = hear(context, &mut readings);
    let now = context.now.to_zoned(context.zone.clone());
    let moments = ends::likely_ends::weighable(&now, &readings, tally, weighed.presses());
    let reductions = taken_off::discounts::weighable(&readings, tally, weighed.presses());
    Weighable { phrases: weights::phrases_of(&readings), signals, moments, reductions }
}
