//! Who speaks, and of what: a shop that sells, a service that tells of an order, a friend. The same words
//! press in the first and not in the others.

use std::sync::LazyLock;

use jiff::SignedDuration;
use regex::Regex;

use super::{NEAR_HOURS, Needs};
use crate::message::PartKind;
use crate::understand::Context;
use crate::understand::deadlines::Claim;
use crate::understand::lexicon::Cue;
use crate::understand::meaning::{DeadlineKind, UrgencyKind};
use crate::understand::purpose::Tally;
use crate::understand::reading::{Reading, Sentence};

/// A text no longer than this with nothing of a chat in it may be a line of a shop.
const LINE_BYTES_MAX: usize = 200;

/// What is known of the whole message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    is_service: bool,
    is_personal: bool,
    sells: bool,
    is_dated: bool,
}

impl Setting {
    /// Looks at the whole message.
    pub fn of(context: &Context<'_>, readings: &[Reading<'_>], tally: Tally, claims: &[Claim]) -> Setting {
        let sentences = || readings.iter().flat_map(|reading| &reading.sentences);
        let plainly = sentences().any(is_sold);
        let is_service = tally.is_transactional();
        let is_commercial = readings.iter().any(is_signed);
        let offers = sentences().any(|sentence| sentence.cues.has(Cue::Offer) && !is_of_service(sentence));
        let chats =
            || readings.iter().any(|reading| CHAT.as_ref().is_some_and(|chat| chat.is_match(&reading.normal.text)));
        let is_short = readings.iter().map(|reading| reading.normal.text.len()).sum::<usize>() <= LINE_BYTES_MAX;
        let is_personal = !plainly && !is_commercial && chats();
        let sells = plainly || !is_personal && !is_service && offers && (is_commercial || is_short);
        Setting { is_service, is_personal, sells, is_dated: is_dated(context, claims) }
    }

    /// Whether words of that kind press in that sentence.
    pub fn allows(self, reading: &Reading<'_>, index: usize, kind: UrgencyKind, needs: Needs) -> bool {
        let Some(sentence) = reading.sentences.get(index) else { return false };
        let beside = || {
            let from = index.saturating_sub(1);
            reading.sentences.iter().skip(from).take(3).any(is_sold)
        };
        if is_of_service(sentence) && !is_sold(sentence) || sentence.is_refund {
            return false;
        }
        if self.is_service && !beside() {
            return false;
        }
        if kind == UrgencyKind::Scarcity && !is_sold(sentence) {
            let words = reading.words(sentence);
            if STOCK_KEEPING.as_ref().is_some_and(|stock| stock.is_match(words)) {
                return false;
            }
        }
        match needs {
            Needs::Nothing => !self.is_personal,
            Needs::Sold => self.sells,
            Needs::Undated => self.sells && !self.is_dated,
        }
    }

    /// Whether a picture that counts down presses here.
    pub fn may_picture(self) -> bool {
        !self.is_service && !self.is_personal
    }
}

fn is_sold(sentence: &Sentence) -> bool {
    sentence.is_plainly_a_sale() && !(is_of_service(sentence) && !sentence.cues.has(Cue::Sale))
}

/// Speaks of a bill, an order, a code or a survey.
fn is_of_service(sentence: &Sentence) -> bool {
    let cues = sentence.cues;
    cues.any(&[Cue::Billing, Cue::Notice, Cue::Code, Cue::SurveyPhrase])
        || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk)
}

/// Signed by a brand, with a way to refuse, with a link, or a mail in HTML: no friend writes so.
fn is_signed(reading: &Reading<'_>) -> bool {
    reading.kind == PartKind::Html
        || !reading.opt_outs.is_empty()
        || !reading.visible.links.is_empty()
        || reading.normal.text.contains('【')
        || reading.normal.text.ends_with(']')
}

/// Names a day on which it ends, and not this one: then "limited time" says what the limit is.
fn is_dated(context: &Context<'_>, claims: &[Claim]) -> bool {
    claims.iter().flat_map(|claim| &claim.ends).any(|end| {
        let far = end.instant.is_some_and(|at| at.duration_since(context.now) > SignedDuration::from_hours(NEAR_HOURS));
        far && !end.is_stretch && matches!(end.kind, DeadlineKind::Absolute | DeadlineKind::Relative)
    })
}

/// Words of one person to another.
static CHAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?:i|i'm|i'll|i've|i'd|im|me|my|mine|mum|mom|mommy|dad|u|ur|lol|lmao|haha[ha]*|babe|hun|luv|gonna|wanna|pls|plz|thx|dear|bro|dude|sis|honey|sweetie|darling|boss|colleagues|team)(?-u:\b)",
        r"|我(?:$|[^们司行店校院公市国])|咱|俺|哈哈|呵呵|嘿嘿|嘻嘻|老公|老婆|宝贝|妈|爸|大哥|姐|兄弟|哥们|同学们|老师|领导|同事|吧(?:$|[?。,，!！~ ])|啦|哦|噢|嗯|喔|嘛|呢(?:$|[?。,，!！~ ])",
    ))
    .ok()
});
/// A stock told to those who keep it.
static STOCK_KEEPING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"补货(?:单|申请|通知)|请[^。]{0,12}补货|尽快补货|安排补货|仓库|仓管|入库|出库|盘点|库存预警|安全库存|采购部|请[^。]{0,6}采购|店长|调货",
        r"|(?-u:\b)(?:re-?order[ \n](?:point|level|now|today|by|from)|please[ \n](?:re-?order|restock|replenish|top[ \n]up)|replenish|warehouse|stockroom|safety[ \n]stock|purchase[ \n]order|stock[ \n]?take|inventory[ \n](?:alert|report|level)|par[ \n]level|sku[ \n]|bin[ \n][a-z0-9])",
    ))
    .ok()
});
