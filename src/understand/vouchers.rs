//! Which vouchers, gift cards and codes does it hand over? A code stands behind words that name it (卡号,
//! "use code"), before "at checkout", or alone in the next sentence, line or cell. One-time codes, parcel
//! codes, order numbers are none.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::{Timestamp, Zoned};
use regex::Regex;

use super::Context;
use super::ends::claim::Claim;
use super::expiry::expiry_in;
use super::expression::{Expression, May, expression};
use super::kind::tally::Tally;
use super::lexicon::Cue;
use super::meaning::{Confidence, Source, VoucherKind, VoucherTold};
use super::patterns::{pattern, says};
use super::reading::{Reading, Sentence};
use super::structured::Structured;

/// Vouchers kept of one message.
const VOUCHERS_MAX: usize = 64;
/// Bytes of a code, without what parts its groups.
const CODE_BYTES: std::ops::RangeInclusive<usize> = 3..=32;
/// Sentences after a code in which its expiry is looked for.
const EXPIRY_SENTENCES: usize = 3;

/// Every voucher, each code once.
pub(super) fn vouchers_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    claims: &[Claim],
    structured: &Structured,
) -> Vec<VoucherTold> {
    // "Gate 3, code 90Q4": a code that nobody names a coupon is one where something is sold.
    let sells = !tally.is_transactional()
        && (tally.promotes() || readings.iter().any(|reading| reading.sentences.iter().any(|s| !s.offs.is_empty())));
    let now = context.now.to_zoned(context.zone.clone());
    let mut told: Vec<VoucherTold> = structured.vouchers.clone();
    for (at, reading) in readings.iter().enumerate() {
        let mut spoken: Option<VoucherKind> = None;
        let mut awaited: Option<VoucherKind> = None;
        for (index, sentence) in reading.sentences.iter().enumerate() {
            let words = reading.words(sentence);
            if !sentence.cues.any(&[Cue::MayBeCode, Cue::MayTakeOff, Cue::Sale]) && awaited.is_none() {
                continue;
            }
            let expires = || expiry(&now, reading, index).or_else(|| claimed(claims, at, index));
            if let Some(kind) = awaited.take()
                && let Some(range) = lone_code(reading, sentence, words)
            {
                push(&mut told, voucher(reading, kind, words, sentence, range, expires()));
                continue;
            }
            let other = OTHER_CODE.is_in(&sentence.may, words);
            let named = kind_in(&sentence.may, words);
            spoken = named.or(spoken);
            let proves = || sentence.offs.iter().all(|off| !off.is_figure()) && PROVES.is_in(&sentence.may, words);
            if sentence.cues.has(Cue::Code) || other && named.is_none() || proves() {
                continue;
            }
            let mut found = false;
            for (range, sure) in codes_in(reading, sentence, words) {
                if named.is_none() && spoken.is_none() && !sells {
                    continue;
                }
                let kind = named.or(spoken.filter(|_| sure)).unwrap_or(VoucherKind::Coupon);
                push(&mut told, voucher(reading, kind, words, sentence, range, expires()));
                found = true;
            }
            if !found && ENDS_OPEN.is_in(&sentence.may, words) {
                awaited = named.or(spoken).or(Some(VoucherKind::Coupon));
            }
            if !found
                && let Some(kind) = named
                && hands_over(kind, sentence, words)
                && told.iter().all(|known| known.kind != kind)
            {
                let spans = reading.spans(sentence.range.clone());
                let (expires, confidence) = (expires(), Confidence(55));
                let source = Source::Text;
                push(&mut told, Some(VoucherTold { kind, code: None, expires, source, confidence, spans }));
            }
        }
    }
    // What is spoken of without a code is the one whose code stands elsewhere.
    let coded: Vec<VoucherKind> = told.iter().filter(|one| one.code.is_some()).map(|one| one.kind).collect();
    told.retain(|one| one.code.is_some() || !coded.contains(&one.kind));
    told
}

/// Where the codes of a sentence stand, in the normalised text: no model numbers.
pub(super) fn codes_of(reading: &Reading<'_>, sentence: &Sentence) -> Vec<Range<usize>> {
    if !sentence.cues.any(&[Cue::MayBeCode, Cue::MayTakeOff]) {
        return Vec::new();
    }
    let words = reading.words(sentence);
    let start = sentence.range.start;
    let codes = codes_in(reading, sentence, words);
    codes.into_iter().map(|(range, _)| start + range.start..start + range.end).collect()
}

/// What every sentence that names a voucher has one of, beside the signs of a code and of a reduction.
pub(super) fn voucher_signs() -> Vec<String> {
    ["卡", "券", "卷", "码", "redeem", "e-gift", "egift", "gift", "pin", "card number", "certificate", "certificates"]
        .map(str::to_owned)
        .to_vec()
}

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    [
        &GIFT_CARD,
        &VOUCHER,
        &COUPON,
        &OTHER_CODE,
        &NAMED,
        &BEFORE_CHECKOUT,
        &ENDS_OPEN,
        &HANDS_OVER,
        &HELD,
        &TO_BE_WON,
        &PROVES,
    ]
    .into_iter()
}

/// A code as the brand's events name it: upper-case letters and digits only.
pub(super) fn code_of(written: &str) -> Option<String> {
    let code: String =
        written.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).take(64).collect();
    CODE_BYTES.contains(&code.len()).then_some(code)
}

fn push(told: &mut Vec<VoucherTold>, one: Option<VoucherTold>) {
    let Some(one) = one else { return };
    if let Some(known) = told.iter_mut().find(|known| one.code.is_some() && known.code == one.code) {
        known.expires = known.expires.or(one.expires);
        known.confidence = known.confidence.max(one.confidence);
        if known.spans.len() < VOUCHERS_MAX {
            known.spans.extend(one.spans);
        }
    } else if told.len() < VOUCHERS_MAX {
        told.push(one);
    }
}

fn voucher(
    reading: &Reading<'_>,
    kind: VoucherKind,
    words: &str,
    sentence: &Sentence,
    range: Range<usize>,
    expires: Option<Timestamp>,
) -> Option<VoucherTold> {
    let code = code_of(words.get(range.clone())?)?;
    let at = sentence.range.start + range.start..sentence.range.start + range.end;
    let spans = reading.spans(at);
    Some(VoucherTold { kind, code: Some(code), expires, source: Source::Text, confidence: Confidence(80), spans })
}

/// Told with the code or right after it.
fn expiry(now: &Zoned, reading: &Reading<'_>, sentence: usize) -> Option<Timestamp> {
    let near = reading.sentences.iter().skip(sentence).take(EXPIRY_SENTENCES);
    near.filter(|sentence| sentence.has_digit).find_map(|sentence| expiry_in(now, reading.words(sentence)))
}

fn claimed(claims: &[Claim], reading: usize, sentence: usize) -> Option<Timestamp> {
    let first = claims.partition_point(|claim| (claim.reading, claim.sentence) < (reading, sentence));
    let near = claims.iter().skip(first);
    near.take_while(|claim| claim.reading == reading && claim.sentence < sentence + EXPIRY_SENTENCES)
        .flat_map(|claim| &claim.deadlines)
        .find_map(|deadline| deadline.instant)
}

/// Whether words give one into the reader's hand that has no code; a prize and points are none.
fn hands_over(kind: VoucherKind, sentence: &Sentence, words: &str) -> bool {
    let holds = if kind == VoucherKind::Coupon { &HELD } else { &HANDS_OVER };
    holds.is_in(&sentence.may, words) && !TO_BE_WON.is_in(&sentence.may, words)
}

fn kind_in(may: &May, words: &str) -> Option<VoucherKind> {
    let says = |expression: &Expression| expression.is_in(may, words);
    if says(&GIFT_CARD) {
        Some(VoucherKind::GiftCard)
    } else if says(&VOUCHER) {
        Some(VoucherKind::Voucher)
    } else if says(&COUPON) {
        Some(VoucherKind::Coupon)
    } else {
        None
    }
}

/// Codes in a sentence: where, and whether the words before it name a code.
fn codes_in(reading: &Reading<'_>, sentence: &Sentence, words: &str) -> Vec<(Range<usize>, bool)> {
    let mut found: Vec<(Range<usize>, bool)> = Vec::new();
    for (pattern, sure) in [(&NAMED, true), (&BEFORE_CHECKOUT, false)] {
        let Some(pattern) = pattern.within(&sentence.may) else { continue };
        for groups in pattern.captures_iter(words).take(VOUCHERS_MAX) {
            let Some(code) = (1..groups.len()).find_map(|group| groups.get(group)) else { continue };
            let mut range = code.range();
            let fresh = found.iter().all(|(known, _)| known.end <= range.start || range.end <= known.start);
            let is_code = |range: &Range<usize>| looks_like_a_code(reading, sentence, words, range);
            // "Code MAY15 thru 5/17": the next word is no group of it.
            if !is_code(&range)
                && let Some(blank) = code.as_str().find(' ')
            {
                range.end = range.start + blank;
            }
            if fresh && is_code(&range) {
                found.push((range, sure));
            }
        }
    }
    found
}

/// A sentence that is a code and nothing else.
fn lone_code(reading: &Reading<'_>, sentence: &Sentence, words: &str) -> Option<Range<usize>> {
    let range = LONE.as_ref()?.captures(words)?.get(1)?.range();
    looks_like_a_code(reading, sentence, words, &range).then_some(range)
}

/// Has a digit, or is written in capitals; and is no amount, date or telephone number.
fn looks_like_a_code(reading: &Reading<'_>, sentence: &Sentence, words: &str, range: &Range<usize>) -> bool {
    let Some(code) = words.get(range.clone()) else { return false };
    let tail = &words[range.end..];
    if tail.starts_with(['%', '元', '折', '年', '月', '日', '张', '天', '个', '次'])
        || tail.starts_with('.') && tail[1..].starts_with(|c: char| c.is_ascii_alphanumeric())
        || tail.starts_with("://")
    {
        return false;
    }
    let letters = code.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if letters + digits < *CODE_BYTES.start() {
        return false;
    }
    if letters == 0 {
        // "Your code is 482913": figures alone are a voucher's only where one is named.
        return digits >= 4 && (kind_in(&sentence.may, words).is_some() || says(&LONE, words));
    }
    if digits > 0 && !code.contains(' ') {
        return letters + digits >= 4 || digits < letters + digits;
    }
    let at = sentence.range.start + range.start..sentence.range.start + range.end;
    let shown = reading.normal.shown(at).and_then(|shown| reading.visible.text.get(shown)).unwrap_or_default();
    shown.chars().all(|c| !c.is_lowercase())
}

macro_rules! code {
    () => {
        r"([0-9a-z]{4,8}(?:[- ][0-9a-z]{4,8}){1,5}(?-u:\b)|[0-9a-z](?:[0-9a-z_-]{1,34}[0-9a-z]))"
    };
}

static GIFT_CARD: Expression = expression!(
    r"礼品卡|购物卡|储值卡|e卡|礼金卡|卡密|充值卡|加油卡|(?-u:\b)e?-?gift[ -]?(?:cards?|certificates?)(?-u:\b)"
);
static VOUCHER: Expression = expression!(
    r"代金券|代金卷|提货券|提货卡|兑换券|现金券|抵用券|礼券|电子券|消费券|购物券|体验券|兑换码|礼品券|卡券|蛋糕券|月饼券|(?-u:\b)(?:reward|gift) certificates?(?-u:\b)|(?-u:\b)(?:e-?)?vouchers?(?-u:\b)|(?-u:\b)(?:redemption|claim) code|(?-u:\b)redeem(?-u:\b)"
);
static COUPON: Expression = expression!(
    r"优惠码|折扣码|优惠券|折扣券|满减券|红包码|口令|暗号|邀请码|促销码|券码|专属码|打车券|[折元]券|(?-u:\b)(?:promo(?:tion(?:al)?)?|discount|coupon|offer|savings|referral)[ ]codes?|(?-u:\b)coupons?(?-u:\b)|(?-u:\b)(?:use|with|enter|apply|using)[ ](?:the[ ]|your[ ]|promo[ ]|this[ ])?code(?-u:\b)"
);
/// Codes of another sort.
static OTHER_CODE: Expression = expression!(
    r"取件码|取货码|提货码|取餐码|取票码|核验码|运单|快递单号|订单|单号|流水号|验证码|校验码|动态码|手机号|尾号|房间|航班|工号|学号|身份证|邮编|区号|健康码|二维码|密码(?:重置|已|修改)",
    r"|(?-u:\b)(?:order|tracking|confirmation|booking|reference|invoice|ticket|case|flight|account|zip|postal|area|country|dress|source|qr|pickup|pick-up|locker|collection|parcel|delivery|room|lock|key|gift box|wi-?fi|member|customer|patient|student|policy|verification|security|access|login|reset|error|status|door|entry|gate)[ ](?:code|number|no\.?|id|#)",
);
static NAMED: Expression = expression!(
    r"(?:优惠码|折扣码|促销码|兑换码|券码|券号|卡密|卡号|激活码|邀请码|专属码|口令|暗号|序列号|礼品码|(?:礼品卡|购物卡|提货券|提货卡|代金券|兑换券|优惠券|电子券|礼券)(?:号码?|编号|码)?|码)[ ]?(?:[:]|是|为|输入|填写|[“「『\x22'\[【(])*[ ]?",
    code!(),
    r"|(?-u:\b)(?:codes?|(?:vouchers?|coupons?|gift[ -]?cards?|certificates?)(?:[ ](?:numbers?|no\.?|codes?|pin))?|(?:gift[ ]?)?card[ ](?:number|no\.?)|pin|redeem(?:[ ](?:it|with|using|the|this|your|code))*)(?:[ ](?:is|was|of|below))?[ ]?[:#=]?[ ]?[\x22'\[(“]*",
    code!(),
);
static BEFORE_CHECKOUT: Expression = expression!(
    r"(?-u:\b)(?:enter|use|apply|quote|show|mention|text|type)[ ][\x22'\[(“]*",
    code!(),
    r"[\x22'\])”]*[ ](?:at (?:the )?(?:checkout|till|counter)|in (?:store|basket)|when (?:ordering|booking|you order)|to (?:get|save|claim|redeem|receive|unlock))",
    r"|(?-u:\b)(?:use|apply|quote)[ ]([a-z]{3,12}[0-9]{1,3})(?:[.,!)]|$|[ ](?:at|for|by|to|before|until|till|thru|through|when|online|today|tonight|and|now)(?-u:\b))",
    r"|(?:结账|结帐|结算|付款|下单)(?:时|页)?请?(?:输入|填写|使用)[ ]?[“「\x22'【]*",
    code!(),
    r"|(?:输入|填写|凭|使用|报)[ ]?[“「\x22'【]*",
    code!(),
    r"[”」\x22'】]*[ ]?(?:立减|即减|减|享|打|抵|可|即可|兑换|下单|领取|优惠|立享)",
);
/// A coupon that the reader has, without a code.
static HELD: Expression = expression!(
    r"[您你](?:有|的)[^。！!]{0,16}券|账户(?:里|内|中)的?[^。！!]{0,10}券|券[^。，,]{0,6}(?:已(?:放入|到账|发放|存入|派发)|到账|待领取|待使用)|券[^。！!]{0,4}(?:将于|即将)[^。！!]{0,20}(?:过期|失效|到期)",
    r"|(?-u:\b)(?:attached|enclosed)[ ]coupons?(?-u:\b)|(?-u:\b)your[ ](?:[$£€]?[0-9]+%?[ ])?(?:[a-z]+[ ])?coupon(?-u:\b)|(?-u:\b)(?:send|e-?mail|text)[ ]you[ ]an?[ ](?:[a-z]+[ ])?coupon(?-u:\b)",
);
/// What may be won, and what is paid in points.
static TO_BE_WON: Expression = expression!(
    r"抽奖|抽取|有机会|赢取|积分兑换|(?-u:\b)(?:to win|win an?|wins?|chance|prize draw|raffle|[0-9]+ points|entered)(?-u:\b)"
);
/// A code that proves who someone is, or opens a gate.
static PROVES: Expression = expression!(
    r"(?-u:\b)to[ \n](?:verify|complete|confirm|sign|log|finish|unlock|continue|reset|authenticate|link|approve|authori[sz]e|activate|enter|collect)(?-u:\b)|(?-u:\b)code[ \n](?:dies|expires|is valid|lasts)[ \n](?:in|for)[ \n][0-9]{1,2}[ ]?min|(?-u:\b)(?:e-?ticket|gate|locker|wi-?fi)(?-u:\b)",
);
static LONE: LazyLock<Option<Regex>> = pattern!(r"^[\x22'\[(“「*_>· -]*", code!(), r"[\x22'\])”」*_.!。！ -]*$",);
/// A code is to follow.
static ENDS_OPEN: Expression = expression!(
    r"(?:优惠码|折扣码|促销码|兑换码|券码|券号|卡密|卡号|激活码|口令|礼品码|礼品卡|购物卡|提货券|代金券|优惠券|码|密码)[ ]?(?:如下|为|是)?[ ]?[:]?$",
    r"|(?-u:\b)(?:codes?|vouchers?|coupons?|gift[ -]?cards?|card number|pin|certificate)(?:[ ](?:is|below|number|at checkout))*[ ]?:?$|(?-u:\b)(?:use|with|enter|apply)[ ](?:the[ ]|this[ ]|your[ ]|promo[ ]|discount[ ]|coupon[ ])*code(?-u:\b)",
);
/// Words that give it into the reader's hand.
static HANDS_OVER: Expression = expression!(
    r"您的|你的|送您|赠您|为您|给您|已到账|已发放|一张|有效期|到期|过期|兑换|请查收|领取|凭|致谢|答谢|限量|账户|失效|(?-u:\b)(?:your|get an?|collect|earned|here's|here is|you have|you've|sent you|received|redeem|expires?|expiring|enclosed|attached|claim)(?-u:\b)",
);
