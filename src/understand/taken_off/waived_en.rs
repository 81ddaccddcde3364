//! What is not charged, though it usually is: "2.9% fee waived", "fitting charge scrapped on any carpet", "voted to drop the
//! £40 cleaning fee", "for the first quarter our usual 10% is nil", "the last three months are on us". A fine or a late fee
//! that somebody lets go sells nothing, nor does a fee that is taken off a bill.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};

/// Waivers looked at in one sentence.
const FOUND_MAX: usize = 4;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&WAIVED, &ON_US].into_iter()
}

/// Where something is waived in some normalised words.
pub(in crate::understand) fn waived_in(may: &May, words: &str) -> Vec<Range<usize>> {
    let found = [&WAIVED, &ON_US].into_iter().filter_map(|expression| expression.within(may));
    let found = found.flat_map(|regex| regex.find_iter(words).take(FOUND_MAX)).map(|found| found.range());
    let is_of_a_bill = |range: &Range<usize>| {
        let (head, tail) = (words.get(..range.start), words.get(range.end..));
        tail.is_some_and(|tail| says(&FROM_A_BILL, tail)) || head.is_some_and(|head| says(&IN_DOUBT, head))
    };
    found.filter(|range| !is_of_a_bill(range)).collect()
}

macro_rules! fee_of_goods {
    () => {
        r"(?:joining|joiner'?s|induction|sign-?up|admin(?:istration)?|arrangement|booking|delivery|fitting|installation|install|set-?up|cleaning|call[- ]?out|enrol?ment|registration|balance[ -]transfer|transfer|corkage|service|postage|carriage|handling|activation|annual|course|entry|entrance|membership|cover|courier|hire|tuning|measuring|survey|valuation|management|letting|agency|tasting|packing|room|pitch|first(?: [a-z]+)?)"
    };
}
macro_rules! let_go {
    () => {
        r"(?:waived|scrapped|dropped|binned|ditched|axed|nil|zero|on us|on the house|lifted|suspended|scratched)"
    };
}

/// "Fitting charge scrapped", "drop the £40 cleaning fee", "our usual 10% is nil", "it's £0 right now".
static WAIVED: Expression = expression!(
    r"(?-u:\b)",
    fee_of_goods!(),
    r" (?:fee|charge|cost|surcharge)s? (?:(?:is|are|will|be|has|have|been|being|gets?|now|all|completely|totally) ){0,3}",
    let_go!(),
    r"(?-u:\b)|[0-9] ?% (?:[a-z]+ ){0,2}(?:fee|charge)s? (?:(?:is|are|will|be|has|been) ){0,2}",
    let_go!(),
    r"(?-u:\b)|(?-u:\b)(?:waiv(?:e|es|ing)|scrap(?:s|ping)?|drop(?:s|ping)?|bin(?:s|ning)?|ditch(?:es|ing)?|ax(?:e|es|ing)|lift(?:s|ing)?|scrapped|waived|binned|ditched|axed|dropped) (?:the |our |your |all |any |every )?(?:usual |normal )?(?:[$£€]?[0-9.,]{1,6}%? )?",
    fee_of_goods!(),
    r" (?:fee|charge|cost|surcharge)s?(?-u:\b)",
    r"|(?-u:\b)(?:usual|normal|standard) (?:[a-z]+ )?(?:of )?(?:[0-9.]{1,4} ?%|[$£€][0-9.,]{1,7})(?: [a-z]+){0,2} (?:is|are) (?:nil|zero|waived|nothing|on us|scrapped)(?-u:\b)",
    r"|(?-u:\b)(?:right now|until then|this (?:week|month|weekend)|today|tonight|for now),? (?:it'?s|it is|they'?re|you pay) (?:[$£€]0(?:[^0-9.,]|[.,](?:[^0-9]|$)|$)|nothing(?: at all)?[.,!]|nil(?-u:\b))"
);
/// "Three months of it on us", "your first class is on the house".
static ON_US: Expression = expression!(
    r"(?-u:\b)(?:[1-9]|one|two|three|six|first|last|an extra|the|your) (?:[a-z]+ )?(?:months?|weeks?|weekends?|nights?|lessons?|class(?:es)?|sessions?|hours?|treatments?|visits?|fittings?)(?: of (?:it|that|them|[a-z]{3,10}))?(?:'s| is| are)? on (?:us|the house)(?-u:\b)",
    r"|(?-u:\b)(?:charge|pay|bill|charged|paying)(?: you)?(?: only| just)? for (?:only |just )?the (?:dearer|dearest|pricier|priciest|(?:more|most) expensive|bigger|larger)(?-u:\b)|(?-u:\b)cheap(?:er|est)(?: one| item| pair| of the (?:two|three))?(?:'s| is| comes| goes| are)? (?:free|on us|for nothing)(?-u:\b)"
);

/// Behind what is taken off somebody's bill: "the late fee is waived on your March statement".
static FROM_A_BILL: LazyLock<Option<Regex>> = pattern!(
    r"^[^.!?]{0,24}(?-u:\b)(?:your|this|ur) (?:[a-z]+ )?(?:bill|account|statement|card statement|invoice|balance|file)(?-u:\b)|^ to [$£€]"
);
/// In front of a question, or of what others may do: "should we drop the booking fee?".
static IN_DOUBT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:not|never|don'?t|didn'?t|won'?t|refus(?:e|ed|es) to|should (?:we|they)|can (?:you|u|we)|could (?:you|we)|asked (?:us|them|you) to|whether to|propos(?:e|al|als|ed|es)(?: to)?|calls? to|petition to|unable to|cannot|can'?t)(?-u:\b)[^.!?:,]{0,16}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_charged_now() {
        for text in [
            "fitting charge scrapped on any carpet",
            "this weekend then never again: fitting charge scrapped",
            "we'll drop the call out charge",
            "your 0% balance transfer: 2.9% fee waived",
            "the committee has voted to drop the £40 cleaning fee on parties",
            "we're waiving all booking fees this week",
            "for the first quarter our usual 10% is nil",
            "joining fee goes back to £35 on 1 feb, right now it's £0.",
            "call-out charge has been axed until friday",
            "covers fifteen months, three months of it on us",
            "your first class is on the house",
            "pick two pairs and we charge you for the dearer one",
            "buy two, cheapest one free",
            "any three paperbacks and the cheapest one's on us",
        ] {
            assert!(!waived_in(&May::ANY, text).is_empty(), "{text}");
        }
        for text in [
            "the service charge is £40",
            "the delivery fee cannot be waived",
            "please don't drop the booking fee",
            "should we drop the booking fee?",
            "your balance is £0 today",
            "the late fee has been waived",
            "the annual fee is waived on your account",
            "entry fee dropped to £5",
            "we dropped the sofa off",
            "the burden is on us",
        ] {
            assert!(waived_in(&May::ANY, text).is_empty(), "{text}");
        }
    }
}
