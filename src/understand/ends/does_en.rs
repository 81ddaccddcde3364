//! What does an offer do then, in English? "This deal melts at noon", "the code conks out on Friday", "it switches itself off at
//! 11.59pm": it ends, whatever the verb, unless that is one of beginning.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::ends_en::Around;
use crate::understand::patterns::{pattern, says};

/// Whether what stands before a moment tells that an offer does something then; `None` where it does nothing.
pub(in crate::understand) fn offer_does(words: &str, lead: &str, around: Around) -> Option<bool> {
    if let Some(found) = OFFER_DOES.as_ref()?.captures(lead) {
        return Some(!BEGINS_VERBS.contains(&found.get(1)?.as_str()));
    }
    let names_it = || says(&OFFER, words);
    let found = if around.beside || names_it() { IT_DOES.as_ref()?.captures(lead)? } else { return None };
    let verb = found.get(1)?.as_str();
    let is_other = BEGINS_VERBS.contains(&verb) || HAPPENS_VERBS.contains(&verb) || says(&IN_NO_TIME, lead);
    Some(!is_other)
}

static OFFER_DOES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:offer|deal|sale|price|pricing|discount|code|coupon|promo|promotion|event|savings|fare|rate|reward|window|chance)s?[ \n](?:(?:will|is|are|officially|really)[ \n])?(?:self[ \n-])?([a-z]{3,12})(?:[ \n](?:away|out|off|up|for[ \n]good|into[ \n]an?[ \n][a-z]{3,10}|it(?:self|s)[ \n][a-z]{2,8}))?[ \n](?:at|on|by|this|@)[ \n](?:the[ \n])?$"
);
/// "A week today this offer packs its bags": the same, told behind the moment.
pub(in crate::understand) fn then_does(tail: &str) -> bool {
    let verb = THEN_DOES.as_ref().and_then(|does| does.captures(tail)).and_then(|found| found.get(1));
    verb.is_some_and(|verb| !BEGINS_VERBS.contains(&verb.as_str()) && !HAPPENS_VERBS.contains(&verb.as_str()))
}

static OFFER: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:offer|deal|code|coupon|voucher|discount|sale|promo)(?:'s)?(?-u:\b)|[0-9]%");
static THEN_DOES: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n](?:the|this|our|your)[ \n](?:offer|sale|deal|code|discount|coupon|voucher|promo)[ \n](?:self[ \n-])?([a-z]{3,12}s)(?-u:\b)"
);
/// "It conks out on Wednesday night", "this sets with the sun on Sunday".
static IT_DOES: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[.,;!:(]|(?-u:\b)(?:and|&|then|but|because|as)[ \n])[ \n]?(?:it|this)[ \n](?:self[ \n-])?([a-z]{3,13}s)(?:[ \n][a-z'-]{1,12}){0,4}[ \n](?:on|at)[ \n](?:the[ \n])?$"
);
/// "It looks great on Friday", "it meets every week on".
static IN_NO_TIME: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:every|each|usually|normally|always|free|great)(?-u:\b)");
/// What an offer does when it begins, or all the time.
const BEGINS_VERBS: [&str; 27] = [
    "starts",
    "start",
    "begins",
    "begin",
    "opens",
    "open",
    "launches",
    "launch",
    "drops",
    "lands",
    "arrives",
    "returns",
    "works",
    "applies",
    "apply",
    "goes",
    "kicks",
    "comes",
    "unlocks",
    "valid",
    "available",
    "live",
    "starting",
    "coming",
    "rail",
    "rack",
    "tag",
];
/// What things do on a day, and offers do not.
const HAPPENS_VERBS: [&str; 40] = [
    "happens",
    "meets",
    "plays",
    "sits",
    "airs",
    "shows",
    "screens",
    "ships",
    "delivers",
    "leaves",
    "departs",
    "fits",
    "flies",
    "sails",
    "lasts",
    "takes",
    "gets",
    "makes",
    "does",
    "has",
    "was",
    "looks",
    "means",
    "needs",
    "wants",
    "says",
    "costs",
    "falls",
    "seats",
    "sounds",
    "feels",
    "gives",
    "helps",
    "reads",
    "lets",
    "covers",
    "includes",
    "features",
    "continues",
    "moves",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_offer_does_ends_it() {
        let beside = Around { beside: true, ..Around::default() };
        for (lead, does) in [
            ("this deal self destructs on ", Some(true)),
            ("this deal melts at ", Some(true)),
            ("code halfbox and it conks out on ", Some(true)),
            ("it switches itself off at ", Some(true)),
            ("it sets with the sun on ", Some(true)),
            ("the price leaves on ", Some(true)),
            ("your code turns into a pumpkin at ", Some(true)),
            ("the offer starts on ", Some(false)),
            ("it opens on ", Some(false)),
            ("it happens on ", Some(false)),
            ("we meet on ", None),
            ("the sale rail in store on ", None),
        ] {
            assert_eq!(offer_does(lead, lead, beside), does, "{lead}");
        }
        assert_eq!(offer_does("it conks out on ", "it conks out on ", Around::default()), None);
    }
}
