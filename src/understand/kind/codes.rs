//! One-time codes: digits, the words that say what they are, and how they are guarded.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::kind::tally::is_guarded;
use crate::understand::lexicon::Cue;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};

/// What tells of a code by weaker signs is short.
const TEXT_BYTES_MAX: usize = 1_024;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&CODE_WORDS, &OPENS, &DOING, &KEPT_SECRET].into_iter()
}

/// 请勿泄露, "never share it".
pub(in crate::understand) fn is_kept_secret(may: &May, words: &str) -> bool {
    KEPT_SECRET.is_in(may, words)
}

/// True when something written as codes are stands in a message that guards it as codes are guarded, whatever it is
/// called: "Type 7Y2-PPL to unlock your tickets. Code dies in 4 min". A code for the till or a locker proves nothing.
pub(in crate::understand) fn looks_like_code(reading: &Reading<'_>) -> bool {
    let text = &reading.normal.text;
    text.len() <= TEXT_BYTES_MAX
        && reading.sentences.iter().any(|sentence| sentence.cues.has(Cue::MayBeCode))
        && (says(&NAMED, text) && (says(&GUARD, text) || says(&ONCE, text))
            || says(&WRITTEN, text) && says(&MEANT, text) && says(&GUARD, text))
        && !says(&FOR_SOMETHING, text)
        && !OPENS.is_in(&reading.heard.may, text)
}

/// The same, and the code stands beside what it is called: "one-time PIN: 70 44 19". Then phrases of notices around it
/// tell what it is for: "your PIN reset", 异地登录.
pub(in crate::understand) fn names_a_code(reading: &Reading<'_>) -> bool {
    says(&NAMED, &reading.normal.text) && looks_like_code(reading)
}

/// A code that is guarded as codes are, without a price: 验证码1234，用于领取优惠券，请勿告诉他人. A figure may stand
/// where it says what the reader is doing: 您正在领取满300减50优惠券.
pub(in crate::understand) fn is_guarded_code(may: &May, words: &str, sentence: &Sentence) -> bool {
    (!sentence.is_priced_down() || DOING.is_in(may, words))
        && is_code(words)
        && CODE_WORDS.is_in(may, words)
        && is_guarded(may, words)
}

/// A code that confirms a payment names its price, too: 您正在支付299元, "to pay $29". It stays a code.
pub(in crate::understand) fn speaks_of_paying(words: &str) -> bool {
    let paying =
        ["支付", "付款", "转账", "扣款", "交易", "消费", "payment", "pay ", "paying", "purchase", "transaction"];
    paying.iter().any(|word| words.contains(word))
}

/// Whether a sentence speaks of a code that proves who somebody is.
pub(in crate::understand) fn is_code_sentence(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    sentence.cues.has(Cue::MayBeCode)
        && !OPENS.is_in(&sentence.may, reading.words(sentence))
        && (!sentence.cues.has(Cue::Sale)
            || is_guarded_code(&reading.heard.may, reading.words_and_next(sentence), sentence))
        && CODE_WORDS.is_in(&sentence.may, reading.words(sentence))
}

/// Whether it has what a code looks like.
pub(in crate::understand) fn is_code(words: &str) -> bool {
    says(&CODE, words)
}

/// What every sentence that speaks of a code has one of.
pub(in crate::understand) fn code_signs() -> Vec<String> {
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
        "pin:",
        "one-time",
        "one time",
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
        "sign in",
        "log in",
        "unlock",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A code that opens a locker or a door proves nobody's identity.
static OPENS: Expression =
    expression!(r"(?-u:\b)(?:locker|pick-?up|collection|parcel|door|gate|room)[ \n](?:pass)?codes?(?-u:\b)");

/// 4 to 8 digits on their own (`123 456` and `123-456` too), or `G-123456`; money has a sign or a unit.
static CODE: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[^0-9¥$€£.,])(?:[0-9]{4,8}|[0-9]{3}[- ][0-9]{3}|[0-9]{2}-[0-9]{2}-[0-9]{2})(?:$|[^0-9元块.,%]|[.,](?:$|[^0-9]))"
);

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

/// Digits in one or in groups, letters and digits: `318457`, `7-7-3-1-0-8`, `20 91 54`, `7Y2-PPL`, `PT-3091`.
static WRITTEN: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[^0-9a-z¥$€£₹₦₱.,/:])(?:[0-9](?:[ -]?[0-9]){3,9}|[a-z]{1,3}-?[0-9]{3,6}|[a-z]{1,3}[0-9]{1,3}-[a-z0-9]{2,5}|[0-9]{1,3}[a-z]{1,3}[0-9]{0,3}-[a-z0-9]{2,5})(?:$|[^0-9a-z%元折])"
);

/// Digits beside what they are called: "PIN: 70 44 19", "code is 30 91 66", "830 415: your one-time PIN".
static NAMED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:codes?|pin|otp|passcode|password)(?:[ \n](?:[a-z-]+[ \n]){0,9}is)?:?[ \n]?[0-9](?:[ -]?[0-9]){3,7}(?:$|[^0-9a-z%:/])",
    r"|(?:^|[^0-9a-z.,/:-])[0-9](?:[ -]?[0-9]){3,7}(?:[ ]is|:|[ ]-|[ ]to)[ ](?:your|the|be[ ]your)(?-u:\b)[^.!?]{0,40}(?-u:\b)(?:code|pin|otp|passcode|password)(?-u:\b)",
    r"|(?-u:\b)(?:enter|type|key[ ]in|input)[ ][0-9](?:[ -]?[0-9]){3,7}[ ](?:on|in|to|at|when|into)(?-u:\b)",
    r"|(?:验证码|校验码|动态码|确认码|口令|动态密码)[为是:： ]{0,3}[0-9](?:[ -]?[0-9]){3,7}(?:$|[^0-9a-z%元])"
);

/// A name that says that it is good for once.
static ONCE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)one[ -]time[ ](?:pin|code|password|passcode)(?-u:\b)|(?-u:\b)(?:reset|verification|security|log-?in|sign-?in|authentication|2fa)[ ](?:code|pin)(?-u:\b)|(?-u:\b)otp(?-u:\b)|验证码|动态密码"
);

/// What it is called, or what it is for.
static MEANT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:codes?|otp|passcode|password|pin|token|one[ -]time|2fa|verify|sign[ -]?in|log[ -]?in|unlock)(?-u:\b)|码|口令|密码"
);

/// It lasts for minutes, is for nobody else, or was perhaps not asked for.
static GUARD: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:expires?|expiring|valid|good|lapses?|works?|working|active|dies|usable|runs[ ]out|use[ ]it|use|enter[ ]it)[ \n](?:only[ ])?(?:for|in|within|until)?[ \n]?(?:the[ ]next[ ])?(?:[0-9]{1,3}|one|two|three|five|ten|fifteen|thirty)[ \n-]?(?:m|mins?|minutes?|s|secs?|seconds?|hrs?|hours?)(?-u:\b)",
    r"|(?-u:\b)exp(?:ires?)?\.?[ ](?:at[ ])?[0-9]{1,2}:[0-9]{2}|(?-u:\b)(?:[0-9]{1,2}|five|ten|fifteen|thirty)[ ]min(?:ute)?s?,?[ ](?:one|then|only)",
    r"|(?-u:\b)(?:do[ ]not|don't|never|huwag)[ \n](?:ever[ ]|be[ ]|you[ ])?(?:share|give|tell|forward|disclose|pass|read|show|ibigay)(?-u:\b)|(?-u:\b)(?:nobody|no[ ]one|never|won't|will[ ]not|don't)(?-u:\b)[^.!?]{0,40}(?-u:\b)(?:request|asks?|call|phone|ring|text)(?-u:\b)[ ](?:you[ ])?(?:for[ ])?(?:it|this|the|your|codes?)(?-u:\b)|(?-u:\b)keep[ ](?:it|this)[ ](?:secret|private|safe|to[ ]yourself)|(?-u:\b)only[ ]for[ ]you(?-u:\b)|asking[ ]for[ ]it",
    r"|(?-u:\b)(?:didn't|did[ ]not|haven't)[ \n](?:you[ ])?(?:request|ask|start|try|make)|(?-u:\b)(?:not|wasn't)[ ]you\?|(?-u:\b)ignore[ ]this",
    r"|(?:[0-9]{1,3}|[一二三五十]{1,2})(?:秒|分钟|小时)(?:之?内|有效|后失效)|(?:勿|不要|切莫|别)[^。]{0,6}(?:转发|泄|告|透露|提供|他人|别人)|非本人|(?:不是|并非)您?本人"
);

/// It takes something off, fetches or opens something.
static FOR_SOMETHING: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:off|discounts?|vouchers?|coupons?|promo|checkout|basket|cart|gift|offers?|deals?|sale|free|save|prices?|rewards?|points|collection|range|store|shop|prizes?|draw|win|menu|wi-?fi|locker|parcel|pick[ -]?up|doors?|gates?)(?-u:\b)|优惠|折|券|红包|兑换|礼|领取|提货|取件|取餐|门禁|开门"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};

    #[test]
    fn codes_are_known_by_how_they_are_guarded() {
        let looks = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            looks_like_code(&Reading::of(0, &part))
        };
        for told in [
            "4 4 1 9 0 2 is your Quill&Co sign in code. Ten minutes, one go.",
            "Tap the bell or type 7Y2-PPL to unlock your account. Code dies in 4 min",
            "GeckoPay code: 7-7-3-1-0-8. It's only for you.",
            "Sign in to the bank with 6644-19. Nobody from the bank will request it",
            "Your one time pin to register on the eFiling site is 8 3 0 1 7 7",
            "Your SimplyPass one-time PIN: 70 44 19. For 2FA only. Expires 60s.",
            "Dear subscriber, your PIN reset code is 30 91 66. Ignore if you no request am.",
            "830 415: your SingaKey one-time PIN for Medisafe. Expires 18:25. Never share.",
            "enter 119 284 on the screen to finish. we're Pollen, we don't phone for codes",
            "您的账号正在异地登录，验证码 61 93 20，若非本人请勿提供给任何人。",
            "Your code to view the payslip is PT-3091. Expires 12:00",
            "OTP for e-KYC is 20 91 54. It lapses in 10 minutes.",
            "Here's the code you asked for: 318457. Didn't ask? Ignore this e-mail.",
            "【云盘】您的动态密码是 48 27 16，请在60秒内输入",
            "您的登录验证码为 QX7-42M，如果这不是您本人的操作，请忽略",
        ] {
            assert!(looks(told), "{told}");
        }
        for silent in [
            "Use code SAVE-2026 at checkout, valid for 24 hours",
            "Your exclusive code 4821: 20% off, don't tell anyone",
            "Your PIN was changed on 12 Nov 2026. Not you? Call 0800 123 456",
            "Your booking code is 482913, quote it at the desk",
            "Door code 8841, works for 24 hours, don't share it",
            "Don't forget to ask about the 2027 trip, bring the password",
            "验证码482913：请勿转发，凭此领取优惠券",
            "取件码 8-2-3041，请在24小时内取件",
        ] {
            assert!(!looks(silent), "{silent}");
        }
    }
}
