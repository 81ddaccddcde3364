//! What part of a price is taken off, in English: "a third off", "with a quarter taken off", "first invoice halved", "the
//! second learns for half", "25% below our weekend rate", "minus 30 percent", "flat 25% on cottons", "here's 10% for your
//! first order". Halves, thirds and percents are of many other things, too ("half the street", "a third off sick", "2% on
//! your savings"): the words behind tell.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::understand::expression::{Expression, May, expression};
use crate::understand::meaning::Discount;
use crate::understand::patterns::{pattern, says};

/// Reductions of one sort looked at in one sentence.
const FOUND_MAX: usize = 8;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&PART_OFF, &HALVED, &HALF_FOR, &BELOW_PRICE, &SPELLED, &GIVEN, &SECOND_AT].into_iter()
}

/// The reductions of some normalised words, in the words' own places.
pub(in crate::understand) fn parts_off_in(may: &May, words: &str) -> Vec<(Discount, Range<usize>)> {
    let mut told = Vec::new();
    let mut each = |expression: &Expression, takes: fn(&Captures<'_>, &str) -> Option<Discount>| {
        let Some(regex) = expression.within(may) else { return };
        told.extend(regex.captures_iter(words).take(FOUND_MAX).filter_map(|groups| {
            let whole = groups.get(0)?.range();
            let tail = words.get(whole.end..).unwrap_or_default();
            takes(&groups, tail).map(|discount| (discount, whole))
        }));
    };
    each(&PART_OFF, |groups, tail| part_in(groups).filter(|_| !says(&AWAY, tail)).map(Discount::Percent));
    each(&HALVED, |_, tail| (!says(&HALVED_SINCE, tail)).then_some(Discount::Percent(50)));
    each(&HALF_FOR, |_, tail| says(&HALF_ENDS, tail).then_some(Discount::Percent(50)));
    each(&BELOW_PRICE, |groups, _| percent_in(groups).map(Discount::Percent));
    each(&SPELLED, |groups, _| percent_in(groups).or_else(|| spelled_percent(groups)).map(Discount::Percent));
    each(&GIVEN, |groups, tail| percent_in(groups).filter(|_| !says(&OF_MONEY, tail)).map(Discount::Percent));
    each(&SECOND_AT, |groups, _| Some(Discount::NextOne(100 - percent_in(groups)?)));
    told
}

fn percent_in(groups: &Captures<'_>) -> Option<u8> {
    let percent = ["percent", "minus", "given", "got"].into_iter().find_map(|name| groups.name(name))?;
    percent.as_str().parse().ok().filter(|percent| (1..=99).contains(percent))
}

/// "A third", "two fifths".
fn part_in(groups: &Captures<'_>) -> Option<u8> {
    let part = ["part", "bare", "by"].into_iter().find_map(|name| groups.name(name))?.as_str();
    let sizes = [("half", 50), ("third", 33), ("quarter", 25), ("fifth", 20), ("sixth", 17), ("tenth", 10)];
    let (_, once) = sizes.into_iter().find(|(name, _)| *name == part)?;
    let is_two = groups.name("two").is_some();
    Some(if is_two { once * 2 + u8::from(part == "third") } else { once })
}

/// "Twenty percent", "twenty-five per cent".
fn spelled_percent(groups: &Captures<'_>) -> Option<u8> {
    const TENS: [(&str, u8); 11] = [
        ("five", 5),
        ("ten", 10),
        ("fifteen", 15),
        ("twenty", 20),
        ("thirty", 30),
        ("forty", 40),
        ("fifty", 50),
        ("sixty", 60),
        ("seventy", 70),
        ("eighty", 80),
        ("ninety", 90),
    ];
    let spelled = groups.name("spelled")?.as_str();
    let (tens, unit) = spelled.split_once(['-', ' ']).map_or((spelled, 0), |(tens, _)| (tens, 5));
    TENS.iter().find(|(name, _)| *name == tens).map(|(_, tens)| tens + unit)
}

macro_rules! price_word {
    () => {
        r"(?:prices?|rates?|fees?|fares?|tickets?|tariffs?|tags?|costs?|rrp|retail|sticker|charges?|quotes?)"
    };
}
macro_rules! taken {
    () => {
        r"(?:(?:is|are|has|have|been|was|gets?|being|will|be|now|straight|comes?|coming|goes|going|taken|knocked|chopped|lopped|shaved|sliced|cut|trimmed) ){0,4}"
    };
}

/// "With a quarter taken off", "takes a tenth off", "firs, third off", "two thirds off".
static PART_OFF: Expression = expression!(
    r"(?-u:\b)(?:a|one|at least a|nearly a|over a|another|an extra|(?P<two>two))[ -](?P<part>third|quarter|fifth|sixth|tenth)s? ",
    taken!(),
    r"(?:off|cheaper)(?-u:\b)|(?:^|[,.:;!(–-] ?)(?P<bare>third|quarter|fifth|tenth|half) off(?-u:\b)",
    r"|(?-u:\b)(?:every|all|any|everything|prices?|the lot)(?: [a-z]+){0,3} (?:(?:is|are|now|just) )*(?:reduced|cut|slashed|discounted|marked down|down|cheaper) by (?:a|one) (?P<by>third|quarter|fifth|sixth|tenth|half)(?-u:\b)"
);
/// Behind "a third off": people and places, and no price. "A third off sick", "third off the tee".
static AWAY: LazyLock<Option<Regex>> = pattern!(
    r"^[ -](?:sick|work|school|ill|duty|target|course|today with|with|on (?:leave|holiday|strike)|peak|the (?:tee|grid|line|mark|bench|rank|coast|road|target|boat|field))(?-u:\b)"
);

/// "First invoice halved", "your first month is cut in two", "prices slashed in half", "we've halved the fee".
static HALVED: Expression = expression!(
    r"(?-u:\b)(?:(?:first|next|second|opening|joining|entry|set-?up|delivery|booking|registration|enrol?ment|arrangement|admission|course|ticket|seat|room|all|our|every) (?:[a-z]+'?s? ){0,2})(?:invoice|month|fee|price|rate|charge|cost|fare|bill|payment|instal?ment|order|box|term|tickets?|lesson|session|visit|subscription|membership)s? (?:(?:is|are|has|have|been|will|be|gets?|being|now) ){0,3}(?:halved|cut in (?:half|two)|slashed in (?:half|two)|chopped in (?:half|two))(?-u:\b)",
    r"|(?-u:\b)half the (?:price|cost) (?:you'd|you would|they|(?:of|in) (?:the |a |an )?(?:high street|shops?|supermarkets?|agency|agents?|dealers?|new|gym|salon))(?-u:\b)",
    r"|(?-u:\b)(?:prices?|fares?|fees?|everything|tickets) (?:(?:is|are|has|have|been|will|be|gets?|being|now|just) ){0,3}(?:halved|cut in half|slashed in half|chopped in half)(?-u:\b)|(?-u:\b)(?:we|i)(?:'ve|'ll|'re|'m| have| will| are)? (?:just |also |now )?(?:halv(?:e|ed|ing) (?:the |all |our |your |every )?(?:[a-z]+ ){0,2}(?:prices?|fees?|fares?|rates?|charges?|invoice|bill)|cut(?:ting)? (?:the |all |our |your |every )?(?:[a-z]+ ){0,2}(?:prices?|fees?|fares?|rates?|charges?|invoice|bill) in (?:half|two))(?-u:\b)"
);
/// "House prices halved since 2008" tells of what was.
static HALVED_SINCE: LazyLock<Option<Regex>> =
    pattern!(r"^ (?:since|last year|in (?:19|20)[0-9]{2}|over the (?:last|past)|year on year)(?-u:\b)");

/// "The second learns for half", "bring a friend and she pays half", "every bed under half", "everything at half".
static HALF_FOR: Expression = expression!(
    r"(?-u:\b)(?:second|2nd|third|3rd|other|another|next)(?: (?:one|[a-z]{3,12})){0,2} (?:(?:for|at|is|costs|only|just) ){1,2}half(?-u:\b)",
    r"|(?-u:\b)(?:bring|refer|book|come|with|and) (?:in |with |for )?(?:a |your |any |an? ?other )(?:[a-z]+ )?(?:friends?|mates?|mums?|dads?|sisters?|brothers?|partners?|neighbou?rs?|colleagues?|kids?|child|guests?|pals?|buddy|plus one)[^.!?]{0,48} (?:pays?|pay only|gets? (?:it|in|one) (?:for|at)|comes? (?:in )?(?:for|at)|goes (?:for|at)|eats? (?:for|at)|is|are) half(?-u:\b)",
    r"|(?-u:\b)(?:every|all|any|everything|the lot)(?: (?:the )?[a-z]+){0,3} (?:(?:at|for|under|below|less than|now) ){1,2}half(?-u:\b)",
    r"|(?-u:\b)half (?:of )?(?:our|the|their|its|my|his|her|what's the) (?:usual|normal|regular|standard|full|old|list|weekend|ticket|shop|high street) (?:[$£€][0-9]|price|rate|fee|cost|charge|fare)[0-9a-z]*"
);
/// Behind a half that is one of the price, and not "half an hour", "half the rent", "half now".
static HALF_ENDS: LazyLock<Option<Regex>> = pattern!(
    r"^(?:$|[.,;:!?)…]| (?:-|–|—)| (?:price|fee|fare|rate|cost|tuition|till?|until|on|with|when|if|at|from|before|all|this|today|tonight|tomorrow|for (?:the|a|one|all|as)|what|of what|the (?:price|fee|rate|cost|usual)|as well|too|while)(?-u:\b))"
);

/// "25% below our weekend rate", "40% under the price of firsts", "30 to 70% below the original ticket".
static BELOW_PRICE: Expression = expression!(
    r"(?-u:\b)(?P<percent>[0-9]{1,2}) ?(?:%|percent|per cent) (?:below|under|less than|lower than|cheaper than|off) (?:(?:the|our|their|your|its|any|what) )?(?:(?:usual|normal|list|listed|original|standard|shop|regular|retail|full|weekend|weekday|saturday|sunday|peak|summer|winter|spring|autumn|high|low|season|street|door|gate|box|office|walk-in|new|brand|brand-new|book|published|advertised|agency|dealer|showroom|supermarket|high-street|one-to-one|adult|single|daily|guest|public|online|website|catalogue|menu|current|old|previous) ){0,3}",
    price_word!(),
    r"(?-u:\b)"
);

/// "Every whole cake minus 30 percent", "twenty percent comes off", "fifteen per cent less".
static SPELLED: Expression = expression!(
    r"(?-u:\b)(?:all|every|everything|any|each|entire|whole)(?: [a-z]+){0,3}[ :,]{1,2}(?:less|minus) ?(?P<minus>[0-9]{1,2}) ?(?:%|percent|per cent|pct)",
    r"|(?-u:\b)(?P<spelled>(?:five|ten|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]five)?) (?:percent|per cent|pct) ",
    taken!(),
    r"(?:off|cheaper)(?-u:\b)"
);

/// "Flat 25% on cottons", "here's 10% for your first order", "the 15% you get off parts", "I can sign off 22% on the licence".
static GIVEN: Expression = expression!(
    r"(?-u:\b)(?:flat|straight|instant|extra|additional|a further|another) (?P<percent>[0-9]{1,2}) ?(?:%|percent|per cent) (?:on|across|for|when|with|this|today|over|all)(?-u:\b)",
    r"|(?-u:\b)(?:here(?:'s| is)|have|take|enjoy|claim|grab|knock|sign off|(?:i|we)(?:'ll| will| can)? (?:give|do|offer|get) (?:you|u)|giv(?:es|ing) (?:you|u)|you(?:'ve got| have|'ll get| get)) (?:an? )?(?:extra |further |whole |cool )?(?P<given>[0-9]{1,2}) ?(?:%|percent|per cent) (?:for|on|towards|across|with) (?:your|the|all|any|every|everything|our|anything|a|first|next)(?-u:\b)",
    r"|(?-u:\b)(?P<got>[0-9]{1,2}) ?(?:%|percent|per cent) (?:that |which )?(?:you|u|members|we|they|friends)(?:'ll| will| can| always)? (?:get|gets|have|receive|take|give|gave) (?:you )?off(?-u:\b)"
);
/// Behind a share that money brings or costs: "5% on your savings", "flat 2% on all transactions".
static OF_MONEY: LazyLock<Option<Regex>> = pattern!(
    r"^(?: [a-z'-]+){0,3} (?:transactions?|earnings|income|withdrawals?|transfers?|sales|gains|profits?|deposits?|balances?|savings|interest|turnover|salary|tax|imports?|loans?|mortgage|exam|test|paper|battery|report|project|investments?|pension|returns?|wages|funds?)(?-u:\b)"
);

/// "Take the second at 50%": what is kept of its price.
static SECOND_AT: Expression = expression!(
    r"(?-u:\b)(?:buy|take|get|grab|order|pick|book|with|when)(?-u:\b)[^.!?]{0,48}(?-u:\b)(?:second|2nd|third|3rd|other|cheaper|cheapest|next)(?: (?:one|pair|item|[a-z]{3,10}))? (?:is |comes |goes |are )?(?:at|for) (?:just |only )?(?P<percent>[0-9]{1,2}) ?(?:%|percent|per cent)(?:[.,;!?)–-]|$| (?:-|–)| (?:of|for|on|until|till?|this|when|with|today|all)(?-u:\b))"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let told = parts_off_in(&May::ANY, text).into_iter().map(|(discount, _)| match discount {
            Discount::Percent(percent) => format!("{percent}%"),
            Discount::NextOne(percent) => format!("next {percent}%"),
            other => format!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn parts_of_a_price() {
        for (text, wanted) in [
            ("real nordmann firs, third off", "33%"),
            ("framing with a quarter taken off", "25%"),
            ("the café takes a tenth off for friends", "10%"),
            ("a fifth has been knocked off every rug", "20%"),
            ("two thirds off all coats", "67%"),
            ("office cleaning: first invoice halved", "50%"),
            ("your first invoice is cut in two", "50%"),
            ("all prices cut in half till sunday", "50%"),
            ("we've halved the joining fee", "50%"),
            ("book two and the second learns for half:", "50%"),
            ("bring a friend on a thursday and she pays half.", "50%"),
            ("come with a mate, they get in for half", "50%"),
            ("every bed under half.", "50%"),
            ("everything at half until we close", "50%"),
            ("half our usual £50, battery and lights", "50%"),
            ("nights are 25% below our weekend rate", "25%"),
            ("all 40% under the price of firsts", "40%"),
            ("shoes at 30 to 70% below the original ticket", "70%"),
            ("15 per cent less than the agency fee", "15%"),
            ("every whole cake minus 30 percent for 48 hrs", "30%"),
            ("twenty percent comes off the firm", "20%"),
            ("twenty-five per cent off all kilims", "25%"),
            ("flat 25% on cottons", "25%"),
            ("every rug reduced by a third", "33%"),
            ("half the price of the high street: reading glasses", "50%"),
            ("here's 10% for your first order: hello10", "10%"),
            ("i can sign off 22% on the annual licence", "22%"),
            ("have 15% on your next bouquet", "15%"),
            ("the 15% you get off parts is for keeps", "15%"),
            ("buy any pair and take the second at 50% – for friday", "next 50%"),
        ] {
            let found = told(text);
            assert!(found.iter().any(|one| one == wanted), "{text}: {found:?}");
        }
    }

    #[test]
    fn parts_of_something_else() {
        for text in [
            "a third off sick this week",
            "she came third off the tee",
            "a third of members voted",
            "half the street is out",
            "the second lasts for half an hour",
            "the second goes on for half the night",
            "bring a friend and she pays half the rent",
            "all of them left at half past six",
            "all swim for half an hour",
            "you pay half now and half later",
            "waiting times halved",
            "emissions cut by a third",
            "half the price of the roof is raised",
            "our carbon was halved",
            "rates are 2% below the bank of england base rate",
            "sold at 5% below the asking price",
            "temperatures 20% below average",
            "we can offer you 5% on your savings",
            "a flat 2% on all transactions",
            "you have 10% on the battery",
            "you get 60% for the exam",
            "the 0.9% fee",
            "88% sold and 91% funded",
            "twenty percent of customers",
            "the second quarter at 50% of target",
            "every tank is half full",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }
}
