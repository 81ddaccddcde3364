//! What does a message look like that uses no phrase we know? Signs too weak to tell alone are weighed together:
//! "Load shedding Stage 2 from 16:00 today until 05:00 tomorrow. Check your schedule in the app" names a service, an
//! hour, something of the reader's, and sells nothing: it is a notice, though nobody listed its words.
//!
//! A weight is what a sign adds to the odds, in tenths of their logarithm; they were fitted to the labelled texts with a
//! logistic regression and rounded. `lexicon/signs-*.txt` has the signs.

use std::sync::LazyLock;

use super::patterns::Patterns;
use super::reading::Reading;

static NOTICE: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/signs-notice.txt")));
static OFFER: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/signs-offer.txt")));

/// Longer messages tell what they are in phrases, or are read by nobody to the end.
const TEXT_BYTES_MAX: usize = 6_144;

/// A section of the lexicon and what it weighs, in English and in Chinese.
type Sign = (&'static str, i32, i32);

/// What is said in notices first, heaviest first: most messages are found to be none after a few signs.
const OF_NOTICE: &[Sign] = &[
    ("own", 18, 10),
    ("duty", 13, 19),
    ("help", 17, 2),
    ("state", 12, 8),
    ("rise", 10, 14),
    ("service", 10, 12),
    ("reference", 12, 3),
    ("account", 9, 8),
    ("office", 7, 4),
    ("time", 7, 6),
    ("cause", 7, 4),
    ("warning", 12, 5),
    ("closed", 7, 0),
    ("address", 2, 6),
    ("hurry", -12, -4),
    ("chat", -9, -8),
    ("asks-little", -10, -3),
    ("loud", -7, -3),
    ("wares", -8, -6),
    ("invite", -6, -2),
    ("price", -4, -3),
    ("news", -3, 0),
];

const OF_OFFER: &[Sign] = &[
    ("goods", 8, 4),
    ("ours", 8, 7),
    ("sum", 7, 3),
    ("each", 6, 2),
    ("where", 7, 6),
    ("little", 7, 5),
    ("loud", 6, 2),
    ("call", 5, 2),
    ("few", 2, 2),
    ("notice", -10, -4),
    ("chat", -8, -3),
    ("work", -6, -3),
    ("news", -3, -5),
];

/// Signs must weigh so much in English and in Chinese.
const NOTICE_MIN: (i32, i32) = (27, 35);
/// So much, and words that might sell mean something else: the price of a plan that rises.
const SURELY_NOTICE_MIN: (i32, i32) = (42, 45);
/// What has a phrase of a notice is one, unless much speaks against it; a sum alone does not.
const PHRASED_NOTICE_MIN: (i32, i32) = (-8, -4);
const PRICED_NOTICE_MIN: (i32, i32) = (-16, -8);
const OFFER_MIN: (i32, i32) = (26, 22);

/// What a message looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Anything but that.
    Against,
    /// Nothing of the kind.
    #[default]
    Other,
    /// Likely so.
    Likely,
    /// Hardly anything else.
    Surely,
}

/// What is known of a message beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// It has a subject line.
    pub is_mail: bool,
    /// It is signed, or worded as firms word it.
    pub is_of_a_firm: bool,
    /// It is signed 【某某】, or leads to a page, or tells how to refuse it.
    pub is_from_a_sender: bool,
    /// It tells how to refuse more of its kind.
    pub is_refusable: bool,
    /// It names an amount that is no bill.
    pub is_priced: bool,
    /// It invites to buy.
    pub invites: bool,
    /// It has turns of people writing to people.
    pub is_personal: bool,
    /// It ends with a name, as shops and offices sign: "Leg it. ATTIC VINTAGE, Cockburn St".
    pub is_signed: bool,
    /// It tells whom to ring.
    pub is_reached: bool,
    /// It presses.
    pub presses: bool,
}

/// Whether it looks like a notice.
///
/// Who speaks of wares and invites, gives or praises sells, however many words of a notice stand around: "your account
/// has been updated, ref 48213: our new spring menu is ready". Words of bills can be put into any message.
pub(super) fn notice_in(readings: &[Reading<'_>], known: Known) -> Look {
    let marks = [NOTICE_MIN, SURELY_NOTICE_MIN];
    let reached = reached(readings, &NOTICE, OF_NOTICE, &beside_notice(known), &marks).unwrap_or(0);
    let is_chinese = readings.iter().any(Reading::has_chinese);
    let has = |section: &str| readings.iter().any(|r| NOTICE.has_one_of(section, is_chinese, &r.normal.text));
    if reached > 0 && has("wares") && (known.invites || known.is_refusable || has("asks-little") || has("invite")) {
        return Look::Other;
    }
    match reached {
        0 => Look::Other,
        1 => Look::Likely,
        _ => Look::Surely,
    }
}

/// What else speaks for or against what has a phrase of a notice: much against "Hurry in! FREE tote for the first 50.
/// Doors open 10am".
pub(super) fn beside_a_phrase(readings: &[Reading<'_>], known: Known) -> Look {
    let least = if known.is_priced { PRICED_NOTICE_MIN } else { PHRASED_NOTICE_MIN };
    match reached(readings, &NOTICE, OF_NOTICE, &beside_notice(known), &[least, NOTICE_MIN]) {
        Some(0) => Look::Against,
        Some(1) => Look::Other,
        Some(_) | None => Look::Likely,
    }
}

/// What is known beside the words, and what it weighs for a notice.
fn beside_notice(known: Known) -> [(bool, i32, i32); 6] {
    [
        (known.is_mail, -6, 0),
        (known.is_of_a_firm, 4, 0),
        (known.is_priced, -7, -3),
        (known.invites, -6, -3),
        (known.is_personal, -11, -4),
        (known.is_signed && !known.is_of_a_firm, 3, 0),
    ]
}

/// Whether somebody seems to sell something, though in no word of sale.
pub(super) fn is_like_an_offer(readings: &[Reading<'_>], known: Known) -> bool {
    let signals = [
        (known.is_priced, 11, 8),
        (known.is_mail, 8, 5),
        (known.is_of_a_firm, 7, 0),
        (known.is_from_a_sender, 7, 7),
        (known.is_refusable, 5, 6),
        (known.invites, 1, 3),
        (known.is_personal, -5, -6),
        (known.is_signed && !known.is_of_a_firm, 6, 0),
        (known.is_reached, 6, 0),
        (known.presses, 8, 6),
    ];
    // "Pleased to meet you at the tea shop" names a shop, and nothing that it asks or gives.
    let is_chinese = readings.iter().any(Reading::has_chinese);
    let has = |section: &str| readings.iter().any(|r| OFFER.has_one_of(section, is_chinese, &r.normal.text));
    let is_open = known.is_mail || known.is_from_a_sender || known.is_priced;
    if !is_open && !has("sum") && !has("each") && !(has("little") && (has("few") || has("call"))) {
        return false;
    }
    reached(readings, &OFFER, OF_OFFER, &signals, &[OFFER_MIN]) == Some(1)
}

/// How many of the marks the signs reach together, the lowest mark first; `None` for what is too long to be weighed.
///
/// What is left is not looked for once it can change nothing: most messages are decided after a few signs.
fn reached(
    readings: &[Reading<'_>],
    patterns: &Patterns,
    signs: &[Sign],
    signals: &[(bool, i32, i32)],
    marks: &[(i32, i32)],
) -> Option<usize> {
    if readings.iter().map(|reading| reading.normal.text.len()).sum::<usize>() > TEXT_BYTES_MAX {
        return None;
    }
    let is_chinese = readings.iter().any(Reading::has_chinese);
    let of = |english: i32, chinese: i32| if is_chinese { chinese } else { english };
    let passed = |weight: i32| marks.iter().filter(|(english, chinese)| weight >= of(*english, *chinese)).count();
    let mut weight: i32 =
        signals.iter().filter(|(is, ..)| *is).map(|(_, english, chinese)| of(*english, *chinese)).sum();
    let weights = || signs.iter().map(|(_, english, chinese)| of(*english, *chinese));
    let mut more: i32 = weights().map(|here| here.max(0)).sum();
    let mut less: i32 = weights().map(|here| here.min(0)).sum();
    for ((section, ..), here) in signs.iter().zip(weights()) {
        if passed(weight + less) == passed(weight + more) {
            break;
        }
        more -= here.max(0);
        less -= here.min(0);
        let has = |reading: &Reading<'_>| patterns.has_one_of(section, is_chinese, &reading.normal.text);
        if here != 0 && readings.iter().any(has) {
            weight += here;
        }
    }
    Some(passed(weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::expression::May;

    fn notice(text: &str) -> Look {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        notice_in(&[Reading::of(0, &part)], Known::default())
    }

    #[test]
    fn every_sign_is_in_the_lexicon() {
        for (patterns, signs) in [(&NOTICE, OF_NOTICE), (&OFFER, OF_OFFER)] {
            for expression in patterns.all() {
                assert!(expression.regex().is_some(), "{expression:?}");
            }
            for (section, ..) in signs {
                assert!(patterns.lines_of(section) > 0, "{section}");
            }
        }
        assert!(NOTICE.has("own", &May::ANY, "your parcel"));
    }

    #[test]
    fn notices_that_use_no_known_phrase_are_told_by_their_signs() {
        for told in [
            "Load shedding Stage 2 from 16:00 today until 05:00 tomorrow. Check your schedule on the app.",
            "Dear Parent, school will remain closed on 22.03.2027 on account of Holi. Please note that tests begin on 24.03.2027.",
            "We tried to deliver parcel H00HXA77 but you weren't in. We'll try again tomorrow. This is attempt 2 of 3.",
            "Your landlord has asked us to inspect the flat on 4 May at 10am. Please make sure somebody is in.",
            "Fine ref 26/0098812. £220 outstanding. Pay within 10 days or your case may be passed to enforcement agents.",
            "From 1 March your plan will increase from $18 to $20. You may cancel without penalty by 28 Feb.",
            "Library: 2 items on your card must be returned by 9 June or a fine applies.",
            "HR: your payslip for March has been corrected. No action needed.",
            "【湖畔学校】各位家长：3月9日起执行春季作息，早读7:50开始，请合理安排接送时间。",
            "【车管所】您的小型汽车检验有效期至2026年4月30日，请及时办理年检。",
            "【图书馆】您借的两本书将于5月3日到期，请按时归还，逾期每天罚款0.1元。",
            "【燃气公司】定于5月12日对您所在小区入户安检，届时请留人。",
        ] {
            assert!(notice(told) > Look::Other, "{told}");
        }
        for silent in [
            "Dear Customer, your account has been updated: our new spring menu is ready. Ref 48213. Please visit any branch.",
            "Order update: your favourite boots have been restocked, available from 9am on 3 Dec. Please check your size, order now.",
            "【某某商城】尊敬的用户：您的账户已更新，女鞋新品将于11月20日到店，欢迎及时选购，免费试穿",
            "Sixty enamel pans, hand-dipped in Wrexham. Thirty-eight went to the mailing list before breakfast.",
            "Only 3 spots left in Tuesday's class! Book your place before it's gone.",
            "I'll be at your place at 7, don't forget the tickets",
            "Shares of retailers fell 8% on weak holiday sales, analysts said.",
            "Our new menu is here: venison pie, £12. Come in and try it.",
            "【潮玩局】隐藏款出了！全城仅12只，人到才卖。",
            "你明天几点到？我去车站接你",
            "【朗阅英语】暑期班报名，送教材一套，欢迎到店试听。",
        ] {
            assert!(notice(silent) <= Look::Other, "{silent}");
        }
    }

    #[test]
    fn what_is_sold_without_a_word_of_sale_looks_like_an_offer() {
        let like = |text: &str, known: Known| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            is_like_an_offer(&[Reading::of(0, &part)], known)
        };
        let priced = Known { is_priced: true, is_of_a_firm: true, ..Known::default() };
        for told in [
            "Hand-tied flies, $24 a dozen, mixed box. Mail anywhere. Doc Sorensen",
            "Yum cha HK$38 per basket before 11:30am at all our branches",
            "【海底世界】暑期亲子票228元，网上订票免排队",
        ] {
            assert!(like(told, priced), "{told}");
        }
        let unknown = Known::default();
        for silent in ["the vet called, bill is 210", "Meeting moved to 3, slides attached", "晚上吃饺子，早点回来"]
        {
            assert!(!like(silent, unknown), "{silent}");
        }
    }
}
