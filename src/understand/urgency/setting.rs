//! Who speaks, and of what: a shop that sells, a service that tells of an order, a friend. The same words
//! press in the first and not in the others.

use std::sync::LazyLock;

use jiff::SignedDuration;
use regex::Regex;

use super::{NEAR_HOURS, Needs};
use crate::message::PartKind;
use crate::understand::Context;
use crate::understand::ends::claim::Claim;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::{Cue, heard_in};
use crate::understand::meaning::{DeadlineKind, UrgencyKind};
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};

/// A text no longer than this with nothing of a chat in it may be a line of a shop.
const LINE_BYTES_MAX: usize = 200;

/// What is known of the whole message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    is_code: bool,
    is_service: bool,
    is_personal: bool,
    sells: bool,
    /// It may be a line of a shop: English and no more than "Only 3 left", or signed in Chinese by nobody
    /// who speaks to parents, tenants or candidates.
    may_be_a_shop: bool,
    is_dated: bool,
}

/// What is known of one sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    /// It speaks of no bill, order, plan or code, unless it sells.
    is_open: bool,
    /// It is for those who keep the stock.
    is_kept: bool,
}

impl Setting {
    /// Looks at the whole message.
    pub fn of(context: &Context<'_>, readings: &[Reading<'_>], tally: Tally, claims: &[Claim]) -> Setting {
        let sentences = || readings.iter().flat_map(|reading| &reading.sentences);
        let plainly = sentences().any(is_sold);
        let is_account = || {
            readings.iter().any(|reading| {
                tells_of_a_plan(&reading.normal.text)
                    || !plainly && reading.opt_outs.is_empty() && tells_of_a_service(&reading.normal.text)
            })
        };
        let is_service = tally.is_transactional() || is_account();
        let is_commercial = tally.is_of_a_firm() || readings.iter().any(is_signed);
        let priced = |sentence: &Sentence| !sentence.amounts.is_empty() && !sentence.cues.has(Cue::Billing);
        let offers = readings.iter().any(|reading| {
            let is_offer =
                |sentence: &Sentence| sentence.cues.has(Cue::Offer) && !only_hurries(reading.words(sentence));
            reading.sentences.iter().any(|here| (is_offer(here) || priced(here)) && !is_of_service(here))
        });
        // Whoever must say how to refuse more of it promotes.
        let refusable = readings.iter().any(|reading| !reading.opt_outs.is_empty());
        let chats = || readings.iter().any(|reading| says(&CHAT, &reading.normal.text));
        // In Chinese a shop signs; in English a line of a shop has only its words.
        let is_latin = !readings.iter().any(Reading::has_chinese);
        let is_short =
            is_latin && readings.iter().map(|reading| reading.normal.text.len()).sum::<usize>() <= LINE_BYTES_MAX;
        let is_public = || readings.iter().any(|reading| says(&PUBLIC, &reading.normal.text));
        let may_be_a_shop = is_latin || is_commercial && !is_public();
        let is_personal = !plainly && !is_commercial && chats();
        let sells = plainly
            || !is_personal && !is_service && (tally.promotes() || refusable || offers && (is_commercial || is_short));
        Setting {
            is_code: tally.is_code(),
            is_service,
            is_personal,
            sells,
            may_be_a_shop,
            is_dated: is_dated(context, claims),
        }
    }

    /// Whether the message sells.
    pub fn sells(self) -> bool {
        self.sells
    }

    /// Looks at one sentence of it.
    pub fn words_of(self, reading: &Reading<'_>, index: usize) -> Here {
        let Some(sentence) = reading.sentences.get(index) else { return Here { is_open: false, is_kept: false } };
        let words = reading.words(sentence);
        let is_sold_here = is_sold(sentence);
        let beside = || reading.sentences.iter().skip(index.saturating_sub(1)).take(3).any(is_sold);
        let is_other = is_of_service(sentence) && !is_sold_here || sentence.is_refund || tells_of_a_plan(words);
        let is_kept = !is_sold_here && says(&STOCK_KEEPING, words);
        Here { is_open: !is_other && (!self.is_service || beside()), is_kept }
    }

    /// Whether words of that kind press in such a sentence.
    pub fn allows(self, here: Here, kind: UrgencyKind, needs: Needs) -> bool {
        match needs {
            _ if self.is_code => false,
            Needs::Itself => !self.is_personal,
            Needs::Weighed => true,
            _ if !here.is_open || kind == UrgencyKind::Scarcity && here.is_kept => false,
            Needs::Nothing => self.sells || self.may_be_a_shop && !self.is_personal,
            Needs::Sold => self.sells,
            Needs::Undated => self.sells && !self.is_dated,
        }
    }

    /// Whether a picture that counts down presses here.
    pub fn may_picture(self) -> bool {
        !self.is_service && !self.is_personal
    }
}

/// Tells what is left of a plan: minutes, megabytes, messages, never goods.
pub(in crate::understand) fn tells_of_a_plan(words: &str) -> bool {
    says(&ACCOUNT, words)
}

/// "The last one is a rotten egg, hurry": without that word nothing is offered.
fn only_hurries(words: &str) -> bool {
    let offers = |words: &str| {
        let all = 0..words.len();
        heard_in(words).cues(std::slice::from_ref(&all)).iter().any(|(cues, _)| cues.has(Cue::Offer))
    };
    words.len() <= LINE_BYTES_MAX && words.contains("hurry") && !offers(&words.replace("hurry", " "))
}

/// Tells of a session, a link, a form: of what ends without anybody selling it.
pub(in crate::understand) fn tells_of_a_service(words: &str) -> bool {
    says(&OF_SERVICE, words)
}

fn is_sold(sentence: &Sentence) -> bool {
    sentence.is_plainly_a_sale() && (sentence.cues.has(Cue::Sale) || !is_of_service(sentence))
}

/// Speaks of a bill, an order, a code or a survey.
fn is_of_service(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Billing, Cue::Notice, Cue::Code]) || sentence.asks_for_opinion()
}

/// Signed by a brand, with a way to refuse, with a link, or a mail in HTML: no friend writes so.
fn is_signed(reading: &Reading<'_>) -> bool {
    reading.kind == PartKind::Html
        || !reading.opt_outs.is_empty()
        || !reading.visible.links.is_empty()
        || ["【", "详询", "热线", "垂询", "咨询电话", "订购电话", "专线"]
            .iter()
            .any(|sign| reading.normal.text.contains(sign))
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
static CHAT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:i|i'm|i'll|i've|i'd|im|me|my|mine|mum|my[ \n]mom|mom[ \n]says|grandma|mommy|dad|u|ur|lol|lmao|haha[ha]*|babe|hun|luv|gonna|wanna|pls|plz|thx|dear|bro|dude|sis|honey|sweetie|darling|boss|colleagues|team|bus|homework|exam|lunch|dinner|raffle|anyone|any1)(?-u:\b)|[:;]-?[)(dp](?:$|[ \n])|(?-u:\b)(?:want|need|fancy)[ \n](?:one|some|it|them|to[ \n]come)\?",
    r"|我(?:$|[^们司行店校院公市国])|咱|俺|哈哈|呵呵|嘿嘿|嘻嘻|老公|老婆|宝贝|妈|爸|大哥|姐|兄弟|哥们|同学们|老师|领导|同事|吧(?:$|[?。,，!！~ ])|啦|哦|噢|嗯|喔|嘛|呢(?:$|[?。,，!！~ ])",
);
/// Schools, clinics, landlords and offices: their last places and days are no sale.
static PUBLIC: LazyLock<Option<Regex>> = pattern!(
    r"家长|居民|业主|住户|学员|同学|考生|考试|村民|市民|选民|疫苗|接种|核酸|体检报告|集合|出团通知|上课|放假|社区|居委|缴费|办事|请尽快登记|提交材料"
);
/// What is told of by whoever keeps an account, a link or a form.
static OF_SERVICE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:your|the|this)[ \n](?:[a-z]{1,12}[ \n])?(?:session|link|code|passcode|pin|token|invitation|parking|meter|trial|domain|account|password|sign-?up|bid|form|application|document|coverage|leave|sick[ \n]days)(?-u:\b)|(?-u:\b)(?:code|pin|passcode)[ \n][0-9]{4,8}(?-u:\b)"
);
/// What is left of a plan, in minutes, megabytes and messages; 套餐还剩3份 is left of a dinner.
static ACCOUNT: LazyLock<Option<Regex>> = pattern!(
    r"(?:流量|语音|短信|通话|话费|余量)[^。!?]{0,12}(?:剩余|已使用|还剩|共有)|套餐[^。!?]{0,12}(?:剩余|已使用|还剩|共有)(?:$|[^0-9一二两三四五六七八九十]|[0-9.]{1,7}[ ]?(?:[a-z]|分|条|元|天|兆|小时))|(?:剩余|已使用)[^。!?]{0,10}(?:流量|语音|短信|[0-9]mb|[0-9]kb|[0-9]gb)|可用余额|用量提醒|(?-u:\b)[0-9][ \n]?[mg]b[ \n](?:left|remaining|of[ \n]data)|data[ \n](?:usage|allowance)"
);
/// A stock told to those who keep it.
static STOCK_KEEPING: LazyLock<Option<Regex>> = pattern!(
    r"补货(?:单|申请|通知)|请[^。]{0,12}补货|尽快补货|安排补货|仓库|仓管|入库|出库|盘点|库存预警|安全库存|采购部|请[^。]{0,6}采购|店长|调货",
    r"|(?-u:\b)(?:re-?order[ \n](?:point|level|now|today|by|from)|please[ \n](?:re-?order|restock|replenish|top[ \n]up)|replenish|warehouse|stockroom|safety[ \n]stock|purchase[ \n]order|stock[ \n]?take|inventory[ \n](?:alert|report|level)|par[ \n]level|sku[ \n]|bin[ \n][a-z0-9])",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_plan_is_no_hurry() {
        for told in ["套餐还剩300mb", "套餐内剩余5gb", "套餐剩余流量3gb", "套餐还剩20分钟", "流量还剩3gb"]
        {
            assert!(tells_of_a_plan(told), "{told}");
        }
        for sold in ["双人套餐还剩3份", "年夜饭套餐还剩两桌", "火锅双人套餐仅剩3份"] {
            assert!(!tells_of_a_plan(sold), "{sold}");
        }
    }
}
