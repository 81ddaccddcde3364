//! What is the message for? A one-time code needs a code and code words; a receipt that also carries
//! an offer stays a receipt (design §3: it loses the offer, not the receipt), but a promotion with a
//! code-like word in it does not become must-send.

use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::Cue;
use super::meaning::Purpose;
use super::reading::{Reading, Sentence};

/// How many sentences do what, over all parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    code: usize,
    notice: usize,
    /// A notice sentence with a reference in it: an order number, an amount, a time.
    referenced: usize,
    sale: usize,
    survey: usize,
}

/// Counts; needs nothing but the sentences.
pub(super) fn tally(readings: &[Reading<'_>]) -> Tally {
    let mut tally = Tally::default();
    for reading in readings {
        let has_code = reading.sentences.iter().any(|sentence| sentence.has_digit && is_code(reading.words(sentence)));
        for sentence in &reading.sentences {
            let cues = sentence.cues;
            tally.code += usize::from(has_code && is_code_sentence(reading, sentence));
            // "Shop now: your order ships free" sells; a notice tells of something done.
            let notice = (cues.has(Cue::Notice) || sentence.is_refund) && !sentence.is_plainly_a_sale();
            tally.notice += usize::from(notice);
            tally.referenced +=
                usize::from(notice && reading.words(sentence).bytes().filter(u8::is_ascii_digit).count() >= 2);
            tally.sale += usize::from(sentence.is_plainly_a_sale());
            tally.survey += usize::from(cues.has(Cue::SurveyPhrase));
        }
    }
    tally
}

impl Tally {
    /// True when it looks like something that must be sent; then an offer needs plain words of sale.
    pub fn is_transactional(self) -> bool {
        (self.code > 0 && self.code >= self.sale) || (self.notice > 0 && self.notice >= self.sale)
    }
}

/// The purpose, given what else was found.
pub(super) fn purpose_of(tally: Tally, offers: usize, surveys: usize) -> Purpose {
    if tally.code > 0 && tally.code >= tally.sale {
        return Purpose::OneTimeCode;
    }
    let notice = tally.notice > 0 && tally.notice >= tally.sale;
    // "Your order 123 was delivered. Rate us!" asks; a receipt whose last line asks stays a receipt.
    if surveys > 0 && offers == 0 && !(notice && tally.referenced > 0 && tally.notice > tally.survey) {
        return Purpose::Survey;
    }
    if notice {
        return Purpose::Notice;
    }
    match (offers, surveys, tally.sale) {
        (0, 1.., _) => Purpose::Survey,
        (1.., _, _) | (_, _, 1..) => Purpose::Promotion,
        _ => Purpose::Other,
    }
}

/// A code that confirms a payment names its price, too: 您正在支付299元, "to pay $29". It stays a code.
pub(super) fn speaks_of_paying(words: &str) -> bool {
    let paying =
        ["支付", "付款", "转账", "扣款", "交易", "消费", "payment", "pay ", "paying", "purchase", "transaction"];
    paying.iter().any(|word| words.contains(word))
}

fn is_code_sentence(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    sentence.cues.has(Cue::MayBeCode)
        && !sentence.cues.has(Cue::Sale)
        && CODE_WORDS.as_ref().is_some_and(|words| words.is_match(reading.words(sentence)))
}

fn is_code(words: &str) -> bool {
    CODE.as_ref().is_some_and(|code| code.is_match(words))
}

/// What every sentence that speaks of a code has one of.
pub(super) fn code_signs() -> Vec<String> {
    ["码", "口令", "code", "password", "otp", "is your", "is\nyour"].map(str::to_owned).to_vec()
}

/// 4 to 8 digits on their own (`123 456` and `123-456` too), or `G-123456`; money has a sign or a unit.
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9¥$€£.,])(?:[0-9]{4,8}|[0-9]{3}[- ][0-9]{3})(?:$|[^0-9元块.,%]|[.,](?:$|[^0-9]))").ok()
});

static CODE_WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A new alternative needs its sign in `code_signs`.
    Regex::new(concat!(
        r"验证码|校验码|动态码|动态密码|短信口令|确认码|登录码|随机码|一次性密码|动态口令",
        r"|(?-u:\b)(?:verification|security|one[- ]time|login|log-in|sign-in|access|authentication|confirmation|two-factor|2fa)[ \n](?:pass)?(?:code|password)",
        r"|(?-u:\b)otp(?-u:\b)|(?-u:\b)passcode(?-u:\b)|(?-u:\b)code[ \n]is[ \n]?:?[ \n]?[a-z]?-?[0-9]|(?-u:\b)[0-9]{4,8}[ \n]is[ \n]your(?-u:\b)",
    ))
    .ok()
});
