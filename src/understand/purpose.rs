//! What is the message for? A one-time code needs a code and code words and nothing for sale beside it; a
//! receipt that also carries an offer stays a receipt (design §3: it loses the offer, not the receipt), if it has
//! something of its own to tell: a number, a time, an amount. A promotion with a code-like word in it does not
//! become must-send.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::PartKind;

use super::expression::{Expression, May, expression};
use super::lexicon::Cue;
use super::meaning::Purpose;
use super::patterns::Patterns;
use super::prices::AmountKind;
use super::reading::{Reading, Sentence};
use super::surveys;

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/purposes.txt")));

/// Words looked at of one sentence; no honest one that tells what it is for is longer.
const WORDS_BYTES_MAX: usize = 1_024;

/// What people write to people is short.
const PERSONAL_BYTES_MAX: usize = 640;

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    PATTERNS.all().chain([&CODE_WORDS, &OPENS, &DOING, &KEPT_SECRET])
}

/// How many sentences do what, over all parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    code: usize,
    notice: usize,
    /// A notice sentence with a reference in it: an order number, an amount, a time.
    referenced: usize,
    /// A notice of something that is over, as surveys begin.
    ended: usize,
    sale: usize,
    /// Invites to buy, with or without a price.
    sells: usize,
    survey: usize,
    /// Written as people write to people.
    is_personal: bool,
    /// Signed 【某某】, or it can be refused, or it leads to a page: no person writes so to a friend.
    is_from_a_sender: bool,
    /// It has a subject line.
    is_mail: bool,
    /// It is signed, or worded as firms word it.
    is_of_a_firm: bool,
    /// It tells how to refuse more of its kind.
    is_refusable: bool,
    /// It names an amount that is no bill.
    is_priced: bool,
    /// Speaks about the tricks of sales, as warnings do.
    warns: bool,
}

/// Counts; needs nothing but the sentences.
pub(super) fn tally(readings: &[Reading<'_>]) -> Tally {
    let mut tally = Tally::default();
    for reading in readings {
        tally.is_refusable |= !reading.opt_outs.is_empty();
        tally.is_from_a_sender |= tally.is_refusable || !reading.visible.links.is_empty();
        let text = &reading.normal.text;
        tally.is_of_a_firm |= names_its_sender(text);
        tally.is_mail |= reading.kind == PartKind::Subject;
        tally.is_personal |= text.len() <= PERSONAL_BYTES_MAX && PATTERNS.has("personal", &reading.heard.may, text);
        let has_code = reading.sentences.iter().any(|sentence| sentence.has_digit && is_code(reading.words(sentence)));
        for sentence in &reading.sentences {
            let cues = sentence.cues;
            let all = reading.words(sentence);
            let words = all.get(..all.floor_char_boundary(WORDS_BYTES_MAX)).unwrap_or(all);
            // A signature names the sender, whatever it is called: 【双11狂欢购】.
            if words.starts_with('【') {
                tally.is_from_a_sender = true;
                if words.ends_with('】') {
                    continue;
                }
            }
            tally.is_of_a_firm |= cues.has(Cue::Sender);
            let may = |section: &str| PATTERNS.has(section, &sentence.may, words);
            let code = has_code && is_code_sentence(reading, sentence);
            let plainly = sentence.is_plainly_a_sale() && !code;
            let tells = may("notice");
            // "Plan Special 20: 58 MB left" tells, though the plan's name sells.
            let named_only = tells && !is_priced_down(sentence) && !cues.has(Cue::Offer) && digits(words) >= 2;
            // 抢购活动验证，请勿泄露: nobody asks for a sale to be kept secret.
            let secret = || KEPT_SECRET.is_in(&sentence.may, words);
            let names_what_for = plainly && tally.code > 0 && !is_priced_down(sentence) && secret();
            let sale = plainly && !named_only && !names_what_for;
            // "Shop now: your order ships free" sells; a notice tells of something done.
            // 运费券已到账: what has arrived invites to spend.
            let given =
                || ["券", "红包", "福利", "礼包", "免费领", "coupon", "reward"].iter().any(|word| words.contains(word));
            let notice = (tells || cues.has(Cue::Notice) || sentence.is_refund) && !sale && !code && !given();
            tally.code += usize::from(code);
            tally.notice += usize::from(notice);
            tally.ended += usize::from(notice && may("ended"));
            tally.referenced += usize::from(notice && digits(words) >= 2);
            tally.sale += usize::from(sale);
            tally.sells += usize::from(!sale && !notice && !code && may("sells"));
            tally.survey += usize::from(surveys::may_ask(sentence));
            // 3999元，定金可退: what can be refused and is no notice speaks of deposits as a shop does.
            tally.is_priced |= sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price)
                && (!cues.any(&[Cue::Billing, Cue::Notice]) || tally.is_refusable && !notice);
            tally.warns |= may("warns");
        }
    }
    tally
}

impl Tally {
    /// True when it looks like something that must be sent; then an offer needs plain words of sale.
    pub fn is_transactional(self) -> bool {
        self.is_code() || self.is_notice()
    }

    /// What is known of it, by name: weighed beside its words (see `urgency/signals.rs`).
    pub fn signals(self) -> [(&'static str, bool); 12] {
        [
            ("mail", self.is_mail),
            ("from-a-sender", self.is_from_a_sender),
            ("of-a-firm", self.is_of_a_firm),
            ("refusable", self.is_refusable),
            ("priced", self.is_priced),
            ("sale", self.sale > 0),
            ("sale-twice", self.sale > 1),
            ("invites", self.sells > 0),
            ("notice", self.is_notice()),
            ("code", self.code > 0),
            ("personal", self.is_personal),
            ("warns", self.warns),
        ]
    }

    /// True when it tells how to refuse more of its kind.
    pub fn is_refusable(self) -> bool {
        self.is_refusable
    }

    /// The same; a message that presses hard and shows who sells is no friend's, however chatty.
    #[must_use]
    pub fn unless_no_chat(mut self, presses_hard: bool) -> Tally {
        self.is_of_a_firm |= self.is_personal && presses_hard && self.shows_a_seller();
        self
    }

    /// True when something in it is written by those who sell, and by no friend: a subject line, a link, a way to refuse,
    /// a price, a word of sale, a signature. Chat has turns that weigh as much as hurry does.
    pub fn shows_a_seller(self) -> bool {
        self.is_mail || self.is_from_a_sender || self.is_of_a_firm || self.is_priced || self.sale > 0 || self.sells > 0
    }

    /// True when it reads as one person writing to another: nobody is sold anything.
    pub fn is_personal(self) -> bool {
        self.is_personal && !self.is_from_a_sender && !self.is_of_a_firm
    }

    /// True when a sender invites to buy, with a word of sale or without any: a price in a message that tells how
    /// to refuse more of its kind is an offer.
    pub fn promotes(self) -> bool {
        if self.is_transactional() || self.is_personal() {
            return false;
        }
        let is_public = self.is_from_a_sender || self.is_of_a_firm;
        self.sale > 0 || self.sells > 0 && is_public || self.is_priced && (self.is_refusable || self.is_of_a_firm)
    }

    /// True when it is signed, or worded as firms word it.
    pub fn is_of_a_firm(self) -> bool {
        self.is_of_a_firm
    }

    /// True when it is a one-time code, and no disguise of a sale.
    pub fn is_code(self) -> bool {
        // A code in a sentence of its own beside an offer is a disguise.
        self.code > 0 && self.sale == 0
    }

    fn is_notice(self) -> bool {
        let told = self.notice + self.code;
        // "Your order 1234 is done. New arrivals! Come in, gifts for all. Reply STOP": who tells how to refuse more of
        // its kind, and courts more than it tells, sends no notice.
        let courts = self.is_refusable && self.sells > told;
        !courts && told > 0 && told >= self.sale && (self.sale == 0 || self.referenced > 0)
    }
}

/// "Hopsmith: …", "… -Greene's Lawns", and the last line of a mail: a name in front or behind. A name alone, without
/// the words that people chat in, is a firm's.
fn names_its_sender(text: &str) -> bool {
    const NAME_BYTES_MAX: usize = 40;
    const NAME_WORDS_MAX: usize = 4;
    let text = text.trim();
    let is_name = |name: &str| {
        let name = name.trim();
        let is_word = |word: &str| word.chars().any(char::is_alphabetic);
        let is_other = |word: &str| NO_NAMES.contains(&word.trim_matches('.'));
        !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && name.split_whitespace().count() <= NAME_WORDS_MAX
            && name.split_whitespace().all(|word| !is_other(word))
            && is_word(name)
            && !name.contains(['!', '?', '/'])
    };
    let head = || text.split_once(": ").is_some_and(|(name, rest)| is_name(name) && rest.len() > NAME_BYTES_MAX);
    let tail = || {
        let dash = text.rsplit_once(" -").map(|(_, name)| name);
        dash.is_some_and(|name| {
            !name.starts_with([' ', '-']) && is_name(name) && !name.contains(|c: char| c.is_ascii_digit())
        })
    };
    head() || tail()
}

/// Words before a colon that are no name of a firm: of people, of offices, of a report.
const NO_NAMES: &[&str] = &[
    "i",
    "me",
    "my",
    "you",
    "u",
    "mum",
    "mom",
    "dad",
    "love",
    "x",
    "xx",
    "re",
    "fw",
    "fwd",
    "ps",
    "p.s",
    "note",
    "tip",
    "update",
    "reminder",
    "alert",
    "notice",
    "warehouse",
    "team",
    "hr",
    "payroll",
    "project",
    "status",
    "meeting",
    "summary",
    "subject",
    "from",
    "to",
    "date",
    "news",
    "weather",
    "traffic",
    "score",
    "final",
    "result",
    "agenda",
    "minutes",
    "stocks",
    "in",
    "is",
    "if",
    "when",
    "what",
    "who",
    "so",
    "says",
    "said",
];

/// The purpose, given what else was found.
pub(super) fn purpose_of(tally: Tally, offers: usize, surveys: usize) -> Purpose {
    if tally.is_code() {
        return Purpose::OneTimeCode;
    }
    // "Your order 123 was delivered. Rate us!" asks; a receipt whose last line asks stays a receipt.
    let receipt = tally.is_notice() && tally.referenced > 0 && tally.notice > tally.ended + tally.survey;
    if surveys > 0 && tally.sale <= tally.survey && !receipt {
        return Purpose::Survey;
    }
    if tally.is_notice() && tally.notice > 0 {
        return Purpose::Notice;
    }
    let sells = offers > 0 || tally.promotes() || tally.sells > 1;
    match (sells, surveys) {
        (true, _) if tally.is_personal() || tally.warns && tally.sale <= 1 => Purpose::Other,
        (true, _) => Purpose::Promotion,
        (false, 1..) => Purpose::Survey,
        (false, 0) => Purpose::Other,
    }
}

/// More than a word of sale: a figure off, or a price to hurry for.
fn is_priced_down(sentence: &Sentence) -> bool {
    let said = |kinds: &[AmountKind]| sentence.amounts.iter().any(|amount| amount.said && kinds.contains(&amount.kind));
    sentence.percent_off.is_some() || sentence.threshold_deal || said(&[AmountKind::Price, AmountKind::Saving])
}

/// A code that is guarded as codes are, without a price: 验证码1234，用于领取优惠券，请勿告诉他人. A figure may stand
/// where it says what the reader is doing: 您正在领取满300减50优惠券.
pub(super) fn is_guarded_code(may: &May, words: &str, sentence: &Sentence) -> bool {
    (!is_priced_down(sentence) || DOING.is_in(may, words))
        && is_code(words)
        && CODE_WORDS.is_in(may, words)
        && PATTERNS.has("secret", may, words)
}

fn digits(words: &str) -> usize {
    words.bytes().filter(u8::is_ascii_digit).count()
}

/// A code that confirms a payment names its price, too: 您正在支付299元, "to pay $29". It stays a code.
pub(super) fn speaks_of_paying(words: &str) -> bool {
    let paying =
        ["支付", "付款", "转账", "扣款", "交易", "消费", "payment", "pay ", "paying", "purchase", "transaction"];
    paying.iter().any(|word| words.contains(word))
}

fn is_code_sentence(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    sentence.cues.has(Cue::MayBeCode)
        && !OPENS.is_in(&sentence.may, reading.words(sentence))
        && (!sentence.cues.has(Cue::Sale)
            || is_guarded_code(&reading.heard.may, reading.words_and_next(sentence), sentence))
        && CODE_WORDS.is_in(&sentence.may, reading.words(sentence))
}

fn is_code(words: &str) -> bool {
    CODE.as_ref().is_some_and(|code| code.is_match(words))
}

/// What every sentence that speaks of a code has one of.
pub(super) fn code_signs() -> Vec<String> {
    [
        "码",
        "口令",
        "输入",
        "填写",
        "code",
        "password",
        "otp",
        "is your",
        "is\nyour",
        "pin is",
        "use ",
        "enter ",
        "type ",
        "to verify",
        "to confirm",
        "to sign",
        "to log",
        "to reset",
        "to auth",
        "to approve",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A code that opens a locker or a door proves nobody's identity.
static OPENS: Expression =
    expression!(r"(?-u:\b)(?:locker|pick-?up|collection|parcel|door|gate|room)[ \n](?:pass)?codes?(?-u:\b)");

/// 4 to 8 digits on their own (`123 456` and `123-456` too), or `G-123456`; money has a sign or a unit.
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9¥$€£.,])(?:[0-9]{4,8}|[0-9]{3}[- ][0-9]{3}|[0-9]{2}-[0-9]{2}-[0-9]{2})(?:$|[^0-9元块.,%]|[.,](?:$|[^0-9]))").ok()
});

/// What the reader is about to do with a code.
static DOING: Expression = expression!(
    r"(?:您|你)?正在(?:领取|参与|参加|使用|兑换|申请|办理|登录|支付|购买|抢购)|用于(?:领取|参与|参加|兑换|申请|办理|登录|支付|购买)|(?-u:\b)(?:verification|security|one[- ]time|log-?in|sign-in|access|authentication)[ \n](?:pass)?(?:code|password)(?-u:\b)|(?-u:\b)code[ \n]to[ \n](?:claim|join|redeem|enter|use|access|unlock|verify|confirm)(?-u:\b)"
);

static KEPT_SECRET: Expression = expression!(
    r"(?:请勿|切勿|勿|不要|别|千万别).{0,8}(?:泄露|泄漏|告诉|告知|转发|提供|透露|外泄|他人|别人)",
    r"|(?-u:\b)(?:do[ \n]not|don't|never)[ \n](?:share|give|tell|forward|disclose)(?-u:\b)",
);

static CODE_WORDS: Expression = expression!(
    r"验证码|验证代码|校验码|校验代码|动态码|动态密码|短信口令|确认码|登录码|随机码|一次性密码|动态口令",
    r"|(?-u:\b)(?:verification|security|one[- ]time|login|log-in|sign-in|access|authentication|confirmation|two-factor|2fa)[ \n](?:pass)?(?:code|password)",
    r"|(?:输入|填写)[ ]?[0-9]{4,8}[^0-9]{0,8}(?:登录|验证|注册|确认)|(?-u:\b)otp(?-u:\b)|(?-u:\b)passcode(?-u:\b)|(?-u:\b)code:[ ]?[0-9]{2}[0-9-]{2,8}(?-u:\b)|(?-u:\b)code[ \n]is[ \n]?:?[ \n]?[a-z]?-?[0-9]|(?-u:\b)[0-9]{4,8}[ \n]is[ \n]your(?-u:\b)|(?-u:\b)(?:use|enter|type)[ \n](?:the[ \n]|this[ \n])?(?:(?:code|pin):?[ \n])?[0-9]{3}[- ]?[0-9]{1,5}[ \n](?:to|and)[ \n](?:[a-z]{2,9}[ \n]){0,3}(?:sign|signing|log|logging|verify|confirm|access|activat|reset|authenticat|approve|authori[sz]e|set|continue)",
    r"|(?-u:\b)your[ \n](?:[a-z]{1,20}[ \n])?pin[ \n]is[ \n]?:?[ \n]?[0-9]",
);
