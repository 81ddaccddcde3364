//! What is it the end of? Of an offer, where somebody sells, gives or asks a price; not of an answer among colleagues.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::PartKind;

use crate::understand::amounts::prices::AmountKind;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::kind::tally::Tally;
use crate::understand::kind::voice::Voice;
use crate::understand::lexicon::{Cue, heard_in};
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};

/// "Re: minutes of last meeting": an answer, of nobody who sends to many.
pub(in crate::understand) fn is_headed_as_answer(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(Reading::is_headed_as_answer)
}

/// The same, or begun as colleagues begin.
pub(in crate::understand) fn is_an_answer(readings: &[Reading<'_>]) -> bool {
    let is_told_off = || {
        let sentences = || readings.iter().flat_map(|reading| &reading.sentences);
        let amounts = sentences().flat_map(|sentence| &sentence.amounts);
        let priced = |kind: AmountKind| amounts.clone().any(|amount| amount.kind == kind);
        sentences().any(|sentence| sentence.percent_off.is_some() || sentence.takes_off_a_figure())
            || priced(AmountKind::ListPrice) && priced(AmountKind::Price)
    };
    let greets = |reading: &Reading<'_>| {
        reading.kind == PartKind::Plain
            && COLLEAGUES.iter().any(|sign| reading.normal.text.trim_start().starts_with(sign))
    };
    (is_headed_as_answer(readings) || readings.iter().any(greets) && !is_told_off())
        && readings.iter().all(|reading| reading.kind != PartKind::Html && reading.visible.links.is_empty())
}

/// True when a text begins as colleagues begin, and its words together do not sell: "Hi both, rerun the margin at 20% off".
pub(in crate::understand) fn greets_colleagues(readings: &[Reading<'_>], tally: Tally) -> bool {
    let greets = |reading: &Reading<'_>| {
        reading.kind == PartKind::Plain
            && COLLEAGUES.iter().any(|sign| reading.normal.text.trim_start().starts_with(sign))
    };
    !tally.sells_plainly() && readings.iter().any(greets)
}

/// How colleagues begin.
const COLLEAGUES: [&str; 19] = [
    "morning both",
    "staff:",
    "staff,",
    "hi staff",
    "hi team",
    "hi both",
    "hello both",
    "hi folks",
    "hello team",
    "hey team",
    "team,",
    "hi all",
    "hello all",
    "dear all",
    "all,",
    "everyone,",
    "hi everyone",
    "dear colleagues",
    "各位同事",
];

pub(in crate::understand) fn names_a_price(readings: &[Reading<'_>]) -> bool {
    let is_price = |sentence: &Sentence| sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price);
    readings.iter().flat_map(|reading| &reading.sentences).any(is_price)
}

/// Names a price, or takes something off, or speaks of goods more than of anything else; not as friends do.
pub(in crate::understand) fn is_priced_by_a_firm(readings: &[Reading<'_>], tally: Tally) -> bool {
    if tally.is_personal() || tally.is_transactional() {
        return false;
    }
    let priced = |sentence: &Sentence| {
        !sentence.cues.any(&[Cue::Billing, Cue::Notice])
            && (!sentence.offs.is_empty() || sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price))
    };
    let speaks = || voice_of(readings).says() >= GOODS_SAYS;
    let is_latin = || !readings.iter().any(Reading::has_chinese);
    (is_a_mail(readings) || tally.is_of_a_firm() || is_latin()) && speaks()
        || readings.iter().flat_map(|reading| &reading.sentences).any(priced)
}

/// "1-for-1 kopi until 14 June": a sentence that speaks of goods, in a message that does not otherwise; in a receipt only
/// one that says what a price does.
pub(in crate::understand) fn speaks_of_goods(words: &str, tally: Tally) -> bool {
    if says(&PRICE_DOES, words) || says(&TAKEN_UNTIL, words) {
        return true;
    }
    !tally.is_transactional() && (says(&ORDERED_UNTIL, words) || heard_in(words).voices.says() >= GOODS_SAYS)
}

/// "Prices rise at midnight", "earn triple points on flights booked before …".
static PRICE_DOES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:prices?|fares?|rates|offer|sale|deals?|discount|promo|promotion|pre-?sale|pricing|early[ -]bird)[ \n](?:will[ \n])?(?:rises?|goes?[ \n](?:back[ \n])?up|ends?|increases?|expires?|jumps?|finish(?:es)?)(?-u:\b)|(?-u:\b)earn[ \n][a-z0-9, ]{1,16}points(?-u:\b)"
);

/// "Bookings received before 1 June", "order no later than 14 December", "the voucher must be redeemed before 15 November": what
/// a shop takes until then, and nobody else.
static TAKEN_UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:bookings?|orders|pre-?orders|reservations|passes|tickets)[ \n](?:for[ \n][a-z]{3,14}[ \n])?(?:will[ \n]be[ \n]|are[ \n]|is[ \n]|can[ \n]be[ \n])?(?:received|taken|made|placed|confirmed|bought|accepted)[ \n](?:[a-z]{2,8}[ \n]){0,3}(?:before|by|until|till?|to|through)[ \n]",
    r"|^order[ \n](?:now[ \n]|online[ \n])?(?:by|before|on[ \n]or[ \n]before|no[ \n]later[ \n]than)[ \n]|(?-u:\b)(?:voucher|coupon|gift[ \n]card)(?-u:\b)[^.!?]{0,48}(?-u:\b)(?:redeemed|used|spent|claimed)[ \n](?:[a-z]{2,8}[ \n]){0,2}(?:before|by|until)[ \n]"
);
/// "A ten-class pass will cost £92 from 6 September", "entries close on Friday".
static ORDERED_UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:pass|passes|class|course|membership|ticket|tickets|set|session|workshop|box|fee|price|it)[ \n](?:will[ \n](?:cost|be)|goes[ \n](?:up[ \n])?to|becomes)[ \n][$£€₹][0-9]",
    r"|(?-u:\b)if[ \n](?:you|u)[ \n](?:order|book|pay|join|buy|enrol|sign[ \n]up)(?-u:\b)[^.!?]{0,24}(?-u:\b)(?:by|before)[ \n][^.!?]{2,32}(?:off|free|[$£€₹][0-9])",
    r"|(?-u:\b)(?:bookings?|orders|pre-?orders|reservations|sign-?ups|ticket[ \n]sales)[ \n](?:are[ \n]|will[ \n])?(?:clos(?:e|es|ing)|shut|end|stop|open[ \n]until)[ \n]"
);
/// True when a text closes its orders, "orders closing at noon tomorrow my loves", or makes a price of them: "it's 3600 if you
/// pay by Saturday". Whoever writes so sells, however warmly.
pub(in crate::understand) fn sells_until(may: &May, text: &str) -> bool {
    CLOSES_ORDERS.is_in(may, text) || PRICED_IF.is_in(may, text)
}

/// True when a text tells what others sell: "did you see they have a sale on".
pub(in crate::understand) fn gossips(may: &May, text: &str) -> bool {
    GOSSIP.is_in(may, text) || tells_of_others(may, text)
}

/// The same, in words that no seller writes.
pub(in crate::understand) fn tells_of_others(may: &May, text: &str) -> bool {
    OTHERS.is_in(may, text)
}

static OTHERS: Expression = expression!(
    r"(?-u:\b)(?:did (?:you|u) (?:see|hear)|just (?:seen|saw|noticed|heard) (?:that )?(?:[a-z&']{2,14} ){1,3}(?:is |are |r )?(?:doing|having|has|have|got)|(?:mum|mam|mom|dad|sis|bro|nan|coach|(?:my|your) (?:father|mother|wife|husband|sister|brother)) (?:says?|said|reckons?|told)|want (?:me|us) to (?:get|grab|pick|buy|order|book)|get down here|shall we go|wanna go|(?:he|she|they)(?:'s|s|'ve) got (?:a|an|another) offer)(?-u:\b)"
);

static PRICED_IF: Expression = expression!(
    r"(?-u:\b)[0-9]{2,5}(?: all in)? if (?:you|u|ya|you're|ur) (?:[a-z]{2,8} ){0,2}(?:pay|book|booked|order|join|signed up|sign up|buy|enrol|re-?enrol|confirm|say yes)[^.!?]{0,24} (?:by|before|b4) ",
    r"|(?-u:\b)if (?:you|u|ya) (?:can )?(?:pay|book|order|join|sign up|buy|enrol|re-?enrol|confirm|say yes)[^.!?]{0,32} (?:by|before|b4) [^.!?]{2,32}(?:for|it's|take|knock|you get|you save|you pay|is) (?:an? |only )?[$£€₹]?(?:[0-9]{2,5}|tenner|fiver)(?-u:\b)"
);
static GOSSIP: Expression = expression!(
    r"(?-u:\b)(?:did (?:you|u) (?:see|know|hear)|(?:has|have|having|got) (?:a|an|their) (?:sale|offer)|(?:you|u) wanted|shall we|should we|wanna go|let's go|(?:you|u) going|apparently|they've got|call me|(?:mum|dad|they|he|she|hes|shes|sis|bro) (?:says?|said|reckons?|told)|(?:is|are|r) (?:doing|having) (?:a |an )?(?:[0-9]|half|sale|free|2)|want (?:me|us) to|(?:u|you) some|haha|hahaha|lol|lmk|get down here|swap|shift|commission|meet (?:at|me)|pick me|on my way|see (?:u|you) (?:there|later|soon|at))(?-u:\b)|^mate(?-u:\b)|(?-u:\b)(?:mum|mam|mom|dad|nan|gran)(?: x+)?[.!]?$"
);

static CLOSES_ORDERS: Expression = expression!(
    r"(?-u:\b)(?:orders|ticket sales|bookings|sign-?ups|reservations)[ \n](?:are[ \n]|will[ \n])?(?:clos(?:e|es|ing)|shut(?:s|ting)?|must be in)[ \n](?:at|on|by|tonight|today|tomorrow|this|noon|[0-9])"
);

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&CLOSES_ORDERS, &PRICED_IF, &GOSSIP, &OTHERS].into_iter()
}

pub(in crate::understand) fn voice_of(readings: &[Reading<'_>]) -> Voice {
    readings.iter().fold(Voice::default(), |all, reading| all.with(reading.heard.voices))
}

pub(in crate::understand) fn is_a_mail(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(|reading| reading.kind == PartKind::Subject)
}

/// What a text says that has two words of goods and none of duties.
const GOODS_SAYS: i32 = 3;

/// Hands over a reward or a voucher: its end is an offer's, too.
pub(in crate::understand) fn hands_over(readings: &[Reading<'_>], text: &str) -> bool {
    // Nor is the last day of a survey one, whatever it hands over.
    if readings.iter().flat_map(|reading| &reading.sentences).any(Sentence::asks_for_opinion) {
        return false;
    }
    if says(&YOUR_CREDIT, text) {
        return true;
    }
    // What points are left is told by whoever keeps the account.
    !text.contains("points")
        && ["reward", "redeem", "voucher", "gift card", "券"].iter().any(|word| text.contains(word))
}

/// "Your £10 Christmas credit is ticking".
static YOUR_CREDIT: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)your[ \n][$£€₹][0-9]{1,4}[ \n](?:[a-z]{3,12}[ \n]){0,2}(?:credit|bonus|treat|gift)(?-u:\b)");

pub(in crate::understand) fn sells(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Sale, Cue::Offer])
        || sentence.percent_off.is_some()
        || sentence.threshold_deal
        || sentence.amounts.iter().any(|amount| amount.said) && !sentence.cues.has(Cue::Billing)
}

/// "Ends 30 Nov": a line with nothing else, as shops write it over a picture.
pub(in crate::understand) fn is_only_an_end(text: &str) -> bool {
    text.len() <= ONLY_BYTES_MAX
        && ["ends ", "ending ", "offer ends", "sale ends", "截止", "截至", "活动截止"]
            .iter()
            .any(|end| text.trim_start().starts_with(end))
}

/// A line longer than this has more in it than an end.
pub(in crate::understand) const ONLY_BYTES_MAX: usize = 48;

/// It takes something off, or has a word of sale.
pub(in crate::understand) fn takes_off(sentence: &Sentence) -> bool {
    !sentence.offs.is_empty() || sentence.cues.has(Cue::Sale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_seller_closes_orders() {
        for text in [
            "Orders closing at noon tomorrow my loves",
            "Pre orders shut at 6 this eve",
            "Bookings close on 13 November",
            "8 class pack usually 4500, its 3600 if u pay by Sat",
            "If you can say yes by the 25th I can do it for £580",
            "If you book by Friday I'll take 20 off",
        ] {
            assert!(sells_until(&May::ANY, &fold_phrase(text)), "{text}");
        }
        for text in [
            "If you come by at 8 we'll order pizza",
            "Your order will be closed",
            "Can you book the room by Friday?",
            "If you pay by Friday I'll be happy",
        ] {
            assert!(!sells_until(&May::ANY, &fold_phrase(text)), "{text}");
        }
    }

    #[test]
    fn friends_tell_what_others_sell() {
        for text in [
            "Did you see M&J have a sale on?",
            "Dad says it's 50% off til tomoz, want me to grab u some?",
            "hes got another offer and it ends tonight",
            "just seen threadbare doing 50% off today only",
        ] {
            assert!(tells_of_others(&May::ANY, &fold_phrase(text)), "{text}");
        }
        for text in ["Did you know? 20% off ends Sunday", "Call me on 07700 900177, £20 off till Friday"] {
            assert!(!tells_of_others(&May::ANY, &fold_phrase(text)), "{text}");
        }
    }

    #[test]
    fn a_shop_takes_orders_until_then() {
        for text in [
            "Bookings received before 1 June are invoiced at the current rate",
            "Order no later than 14 December please",
            "The voucher code is NCR and it must be redeemed before 15 November",
            "Reservations for Georgia will be taken until 14 January",
        ] {
            assert!(says(&TAKEN_UNTIL, &fold_phrase(text)), "{text}");
        }
        for text in ["Your order will be delivered by Friday", "Your reservation is held until 6pm"] {
            assert!(!says(&TAKEN_UNTIL, &fold_phrase(text)), "{text}");
        }
    }
}
