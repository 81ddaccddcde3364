//! What does an English sentence give, in no word of sale? "Free underlay with every room", "triple points on diesel", "the
//! joining fee is waived", "£30 before 1 February and £36 thereafter". Whoever gives so names the end of an offer where a
//! period stands beside it, however much the rest reads like a letter.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::PartKind;

use crate::understand::ends::ends_en::lead_of;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Reading;

/// Gifts looked at in one sentence.
const GIFTS_MAX: usize = 8;
/// How far behind a gift the words stand that make it none.
const TAIL_BYTES_MAX: usize = 32;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&GIVES, &ASKS_TO_TAKE].into_iter()
}

/// True when normalised words give something.
pub(in crate::understand) fn gives(may: &May, words: &str) -> bool {
    let Some(pattern) = GIVES.within(may) else { return false };
    pattern.find_iter(words).take(GIFTS_MAX).any(|gift| {
        let tail = words.get(gift.end()..).unwrap_or_default();
        let tail = &tail[..tail.floor_char_boundary(TAIL_BYTES_MAX)];
        let lead = lead_of(words, gift.start());
        let is_given = gift.as_str().starts_with("waiv") || !says(&NOT_GIVEN_BEFORE, lead);
        is_given && (!says(&NOT_GIVEN_AFTER, tail) || says(&GIVEN_THEN, lead))
    })
}

/// True when normalised words ask to take what is given: "gifts may be made from 1 to 31 May", "new applications until 12 May".
pub(in crate::understand) fn asks_to_take(may: &May, words: &str) -> bool {
    ASKS_TO_TAKE.is_in(may, words)
}

/// Which sentences of a message give something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::understand) struct Gains {
    /// By part and sentence.
    given: Vec<Vec<bool>>,
    /// The subject line does.
    in_subject: bool,
}

impl Gains {
    /// Of all parts.
    pub fn of(readings: &[Reading<'_>]) -> Gains {
        let of_part = |reading: &Reading<'_>| -> Vec<bool> {
            reading.sentences.iter().map(|sentence| gives(&sentence.may, reading.words(sentence))).collect()
        };
        let given: Vec<Vec<bool>> = readings.iter().map(of_part).collect();
        let mut parts = readings.iter().zip(&given);
        let in_subject = parts.any(|(reading, given)| reading.kind == PartKind::Subject && given.contains(&true));
        Gains { given, in_subject }
    }

    /// Whether any sentence gives.
    pub fn any(&self) -> bool {
        self.given.iter().flatten().any(|gives| *gives)
    }

    /// Whether that sentence gives.
    pub fn here(&self, part: usize, sentence: usize) -> bool {
        self.given.get(part).and_then(|given| given.get(sentence)).is_some_and(|gives| *gives)
    }

    /// Whether it gives, or one beside it, or the subject line.
    pub fn beside(&self, part: usize, sentence: usize) -> bool {
        let near = [sentence.checked_sub(1), Some(sentence), sentence.checked_add(1)];
        self.in_subject || near.into_iter().flatten().any(|near| self.here(part, near))
    }
}

static GIVES: Expression = expression!(
    r"(?-u:\b)(?:free|complimentary|on us|on the house|with our compliments|at no (?:extra |additional |further )?(?:cost|charge)|(?:no|without) charge|waive[sd]?|waiving",
    r"|(?:no|zero|nil|half|carry no) (?:[a-z-]{2,12} ){0,2}(?:fees?|charges?|commission|deposit|interest)|interest[- ]free|(?:drops?|waives?) the (?:[a-z-]{2,12} ){0,2}fee",
    // More of what is counted.
    r"|(?:double|doubled|triple|tripled|quadruple|twice|bonus|extra) (?:the )?(?:[a-z]{2,10} ){0,3}(?:points?|pts|miles|stamps?|data|minutes|credits?|rewards?|seeds|xp|coins|tokens|gems|loot|entries|gb|months?|weeks|nights?|cash ?back)|bonus|gifts? (?:is |are |will be )?(?:doubled|matched)|(?:double|match|doubles|matches) (?:every|any|each|all|your) (?:[a-z]{2,12} )?(?:gifts?|donations?|pounds?|dollars?|deposits?)",
    r"|(?:eat|stay|sleep|travel|go|ride|play|swim) (?:for )?half price|(?:[2-9]|10|two|three|four|five|six|ten) ?for ?(?:the price of )?(?:[1-8]|one|two|three|four|five|eight)|bogof?|pay (?:for )?(?:only|just|no|one|two|1|2|3|half)|months? (?:for (?:the price of )?|rather than |instead of )(?:[0-9]|one|two|three|six|ten|eleven|twelve)",
    r"|(?:is|are|be|breakfast|lunch|dinner|parking|wifi|delivery) included|(?:we'll|we will|we shall|i'll|i will) (?:also |even )?(?:include|throw in|add|knock|take [^a-z]{0,3}[0-9])|throw in|thrown in",
    // Less than else.
    r"|thereafter|after that date|from that date|(?:price|rate|fee|tariff|fare|fees|rates|fares)s? (?:is |are |will be |stays? )?(?:held|frozen|kept|locked|reduced|lowered)|(?:at|pay|keep|keeps) (?:(?:the|our|your) (?:current|existing|present|old)|today's) (?:price|rate|fee|tariff)s?|(?:at|pay|keep|this|last) (?:this|last) year's (?:price|rate|fee|tariff)s?|year's (?:price|rate|fee)s?",
    r"|(?:half|reduced|special|introductory|early(?:[- ](?:bird|booking|payment|entry))?|lower|preferential|promotional|advance|concessionary|preview|pre-?launch|launch|summer|winter|spring|autumn|fall|off[- ]?season|low[- ]season|off[- ]?peak|new[- ]member|founder|founding|partner|trade) (?:price|rate|fee|fare|tariff|admission|entry|lettings|ticket|pricing)s?|introductory terms|we (?:also |even )?(?:include|grant)|(?:price|rate|fee|offer)s? appl(?:y|ies) to (?:all )?(?:bookings|orders|purchases)|same (?:price|rate|fee) as|halved|half the (?:usual|normal|regular|standard)|covered by us|we(?:\'ll| will)? (?:cover|pay) (?:the|your|half)|fixed (?:[a-z]{3,12} )?(?:fee|price)|buy one|for (?:each|every) (?:[a-z]{2,12} ){1,5}you buy|save|saves|saving|savings|cash ?back",
    r"|offers?|promo|promotion|specials|gift with|(?:goody|goodie|gift) bag|(?:repair|starter|roller|travel) (?:kit|set)|bursary",
    r"|(?:tariff|scheme|rate|bond|plan) (?:is|are|remains?|stays?) (?:open|available) (?:to|till|until|for)|(?:midweek|weekend|winter|summer|spring|autumn|lunch|dinner|breakfast|holiday|half[- ]term|monthly|school) specials?|(?:for|only|just) [0-9]{1,3}\.(?:99|95|49|50|00))(?-u:\b)",
    r"|(?:(?-u:\b)and|&) (?:get|receive|earn) (?:an?|up to|[^a-z ]?[0-9]+)(?-u:\b)",
    r"|[0-9] ?%(?: p\.?a\.?| apr| aer| interest| more| extra| back| less| off| cash ?back| bonus|\+?vat)|(?-u:\b)0% |(?-u:\b)[2-9]x (?:the )?(?:points?|pts|miles|stamps|rewards|xp)|241|342",
    r"|(?-u:\b)(?:instead of|in place of|rather than|down from|usually|normally|norm|usual fee|usual price|otherwise|standard fee is) ?\(?(?:[a-z]{0,3}[$£€₹] ?)?[0-9]",
    // "£38 after", "then £15", "£79 from 1 March": dearer then.
    r"|[$£€][0-9][0-9.,]{0,8}(?: (?:a|per|each) ?[a-z]{0,8})? (?:after|aft|afterwards|thereafter|otherwise|from (?:the )?[0-9]{1,2})(?-u:\b)|(?-u:\b)(?:then|after(?:wards| that)?|thereafter|from then),? (?:(?:it's|it is|it goes to|back to|at) )?[$£€][0-9]|(?-u:\b)(?:get|receive|earn|claim|pocket) (?:up to )?[$£€][0-9]",
    r"|(?-u:\b)(?:below|under|less than|cheaper than) (?:the|our) (?:usual|normal|regular|list|shop|shelf|spring|summer|autumn|winter|standard|public) (?:price|rate|fee)|(?-u:\b)(?:these|this|the|our) (?:terms?|quotes?|quotation|estimate|prices?|rates?|fees?) (?:will )?(?:stands?|holds?|remains? open)(?-u:\b)|(?-u:\b)special ?[:-]",
    r"|[$£€][0-9]{1,4}(?:\.[0-9]{2})? (?:off|onboard|on-board|credit|store credit|waiting|to (?:use|spend|put)|back|towards|welcome|for new)(?-u:\b)",
);

static ASKS_TO_TAKE: Expression = expression!(
    r"(?-u:\b)(?:book(?:ed|ings?)?|orders?|ordered|join(?:ing|ed|s)?|apply|applies|applications?|applied|register(?:ed)?|registrations?|sign(?:ed|ing|s)?|enrol(?:l|led|ment|ments)?|subscribe|reserv(?:e|ed|ations?)|buy|bought|purchases?|purchased|shop|open|available|valid|offers?|offering|offered|promo|promotion|ends|ending|gifts?|donat(?:e|ions?)|claim|redeem|use|used|membership|members|appointments?|tickets?|switch|renew|renewed|collect|earn|activate|received|participating|price|prices|fee|rate|scheme|tariff|deal|come in|runs?|running|stays?|stay|fly|travel|visit)(?-u:\b)"
);

/// "Are you free", "cancel free", "sugar free": nothing is given.
static NOT_GIVEN_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:i|im|i'm|you|u|we|we're|you're|they|they're|he's|she's|who's|who|everyone|anyone|anybody|feel|get|got|break|set|keep|r)(?:[ \n](?:am|are|is|be|was|will[ \n]be|all|both|not|also|r|u|you)){0,3}|be|(?:cancel|cancell?ed|cancell?ation|change[ds]?|changing|amend(?:ed)?|amendments?|returns?|returned|exchange[ds]?|rebook(?:ed)?|refunds?|refunded|stored?|kept|held)(?:[ \n][a-z]{1,8}){0,2}|(?:sugar|gluten|dairy|fat|duty|tax|toll|risk|hassle|stress|hands|care|contact|smoke|debt|plastic|cruelty|nut|ad|lead|fee|rent)[ \n-]?|job|whatever|no|not|don't|isn't|aren't|your[ \n]existing)[ \n-]?$"
);
/// "Kids eat free tonight", "entry free today".
static GIVEN_THEN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:eats?|kids|children|under[ -][0-9]{1,2}s|entry|admission|delivery|parking|desserts?|drinks?|coffee|tickets)[ \n](?:(?:is|are|go|goes|get[ \n]in)[ \n])?$"
);
/// "Free to choose", "free on Friday", "your free trial ends".
static NOT_GIVEN_AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[ \n](?:to[ \n]|trial[ \n](?:ends|expires|period)|slots?(?-u:\b)|time(?-u:\b)|period(?-u:\b)|cancell?ation|returns?(?-u:\b)|up[ \n](?:to|until)[ \n]|of[ \n](?:errors|charge[ \n](?:up|until|within)|the)(?-u:\b)|tonight|tomorrow|today|later|agent|will(?-u:\b)|speech|school[ \n]meals)|phone|-?range|-?standing|lance|[ \n](?:letter|in[ \n]compromise))"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_gift_is_told_in_many_words() {
        for text in [
            "Free underlay with every room ordered",
            "Kids eat free tonight",
            "We are waiving our £250 arrangement fee",
            "Orders paid now stay at the current price",
            "Children under twelve sleep free in our family rooms",
            "Get a complimentary glass of fizz",
            "We'll add a second month at no cost",
            "The joining fee is waived",
            "Nil processing charge on loans",
            "Staff can join with no joining fee",
            "Earn twice the usual miles",
            "Every pack comes w/ double seeds",
            "2x points on all sports nutrition",
            "The trust will match every gift",
            "Gifts doubled in December",
            "Stay 3 pay 2",
            "Your membership runs for fifteen months rather than twelve",
            "The classic drinks package is included",
            "£30 if you join in January and £36 thereafter",
            "Listings stay at this year's price",
            "The deposit is £99 instead of £250",
            "A deposit of just £25 (usually £75)",
            "$100 onboard credit for past guests",
            "Here's $10 to use on a $50 purchase",
            "Earn 7.75% p.a. on deposits",
            "Dessert and coffee on the house",
            "Lessons at the summer rate",
            "Preview pricing is open to registered guests",
            "Same price as last term",
            "The guest fee is halved",
            "The exam fee is covered by us",
            "Four hours for £90. It's £130 after",
            "£6 a month for six months, then £15",
            "£25 by August, £50 from 16 August",
            "Get $25 when you open an account",
            "Group tickets 6 for 5",
            "Diwali special: making charges at 8%",
            "R180 a ton below the spring price, or under the list price",
            "These terms stand for a month",
        ] {
            assert!(gives(&May::ANY, &fold_phrase(text)), "{text}");
        }
    }

    #[test]
    fn what_is_merely_free_gives_nothing() {
        for text in [
            "Are you free on Friday",
            "I'm free until 5",
            "Feel free to call",
            "You can cancel free of charge until 5 March",
            "Your free trial ends on 5 May",
            "Our sugar free range is here",
            "The road is closed from 3 to 9 May",
            "Your appointment is on 4 June",
            "Term dates: 3 September to 12 December",
            "Autumn term begins on 3 September",
            "The fees apply from 1 May",
        ] {
            assert!(!gives(&May::ANY, &fold_phrase(text)), "{text}");
        }
    }
}
