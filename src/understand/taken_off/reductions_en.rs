//! What English takes off in other words than "off 20%": "knocked 70 quid off", "a fiver off", "5 sessions for the price of
//! 4", "second one for a penny", "30% below the usual tariff", "at 70% of the list price", "here's £10 to spend", "your £15
//! voucher", "kids eat free". An amount needs a currency to be told as one; without any it is a reduction without a figure.

use std::cell::LazyCell;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::message::Currency;

use crate::understand::amounts::figures_en::{figures_in, money_of};
use crate::understand::amounts::numerals::english;
use crate::understand::amounts::prices::Amount;
use crate::understand::expression::{Expression, May, expression};
use crate::understand::meaning::Discount;
use crate::understand::patterns::{pattern, says};
use crate::understand::taken_off::parts_off_en::{self, parts_off_in};
use crate::understand::taken_off::waived_en::{self, waived_in};

/// Reductions of one sort looked at in one sentence.
const FOUND_MAX: usize = 8;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&OFF, &BELOW, &KEPT, &FOR_HALF, &MORE_FOR_LESS, &PAY_FEWER, &PAY_THEN, &NEARLY_FREE, &HANDED, &FREE_TO, &NO_FEE]
        .into_iter()
        .chain(parts_off_en::asked())
        .chain(waived_en::asked())
}

/// Whether a sentence in which `may` was heard may take something off so.
pub(in crate::understand) fn may_be_told(may: &May) -> bool {
    asked().any(|expression| expression.within(may).is_some())
}

/// The reductions of one sentence's normalised words, which begin at `start` of `text`, in the words' own places.
pub(in crate::understand) fn told_in_words(
    may: &May,
    text: &str,
    sentence: &Range<usize>,
    amounts: &[Amount],
) -> Vec<(Discount, Range<usize>)> {
    let Some(words) = text.get(sentence.clone()) else { return Vec::new() };
    let mut told = Vec::new();
    let figures = LazyCell::new(|| figures_in(text, sentence.clone(), amounts));
    // A figure inside the words, in its own currency or the sentence's.
    let amount_in = |range: &Range<usize>| {
        let range = sentence.start + range.start..sentence.start + range.end;
        let figure = figures.iter().find(|one| range.start <= one.range.start && one.range.end <= range.end)?;
        let of_sentence = || amounts.first().map(|amount| amount.money.currency);
        let currency =
            figure.currency.or_else(|| unit_in(words.get(range.start - sentence.start..)?)).or_else(of_sentence);
        money_of(figure.hundredths, currency?).map(Discount::Amount)
    };
    each(&OFF, may, words, |range, _| {
        // "£14 off-peak".
        if words.get(range.end..).is_some_and(|tail| says(&OFF_SOMETHING, tail)) {
            return;
        }
        let discount = amount_in(&range).unwrap_or(Discount::Unsaid);
        told.push((discount, range));
    });
    each(&HANDED, may, words, |range, _| {
        if let Some(discount) = amount_in(&range) {
            told.push((discount, range));
        }
    });
    each(&BELOW, may, words, |range, percent| told.extend(percent.map(|percent| (Discount::Percent(percent), range))));
    each(&KEPT, may, words, |range, percent| {
        told.extend(percent.map(|percent| (Discount::Percent(100 - percent), range)));
    });
    for expression in [&MORE_FOR_LESS, &NEARLY_FREE] {
        each(expression, may, words, |range, _| told.push((Discount::NextOne(100), range)));
    }
    each_pay(may, words, |range| told.push((Discount::NextOne(100), range)));
    each(&FOR_HALF, may, words, |range, _| told.push((Discount::Percent(50), range)));
    each(&NO_FEE, may, words, |range, _| told.push((Discount::Unsaid, range)));
    each(&FREE_TO, may, words, |range, _| told.push((Discount::Gift, range)));
    told.extend(parts_off_in(may, words));
    told.extend(waived_in(may, words).into_iter().map(|range| (Discount::Unsaid, range)));
    told
}

/// Where an expression matches, with the percent in it, from 1 to 99.
fn each(expression: &Expression, may: &May, words: &str, mut found: impl FnMut(Range<usize>, Option<u8>)) {
    let Some(regex) = expression.within(may) else { return };
    for groups in regex.captures_iter(words).take(FOUND_MAX) {
        let Some(whole) = groups.get(0) else { continue };
        let percent =
            ["percent", "own", "falls", "taken", "minus", "minus_on"].into_iter().find_map(|name| groups.name(name));
        let percent = percent.and_then(|percent| percent.as_str().parse().ok());
        found(whole.range(), percent.filter(|percent| (1..=99).contains(percent)));
    }
}

/// "Resole 2 pairs, pay 1": fewer are paid than are had.
fn each_pay(may: &May, words: &str, mut found: impl FnMut(Range<usize>)) {
    let count = |written: &str| english(written).or_else(|| written.parse().ok());
    let regexes = [&PAY_FEWER, &PAY_THEN].into_iter().filter_map(|expression| expression.within(may));
    for groups in regexes.flat_map(|regex| regex.captures_iter(words).take(FOUND_MAX)) {
        let any = |names: &[&str]| names.iter().find_map(|name| groups.name(name)).and_then(|one| count(one.as_str()));
        let many = any(&["many", "many_for", "many_not"]);
        let few = any(&["few", "few_for", "few_not"]);
        if let (Some(whole), true) = (groups.get(0), few.is_some() && few < many) {
            found(whole.range());
        }
    }
}

/// "Ten quid", "two pounds": the unit behind a spelled number.
fn unit_in(words: &str) -> Option<Currency> {
    let near = words.get(..words.floor_char_boundary(32)).unwrap_or(words);
    let has = |names: &[&str]| near.split_whitespace().any(|word| names.contains(&word));
    if has(&["quid", "pound", "pounds", "pence"]) {
        Some(Currency::GBP)
    } else {
        has(&["dollar", "dollars", "bucks"]).then_some(Currency::USD)
    }
}

macro_rules! spelled {
    () => {
        r"(?:a |an )?(?:fiver|tenner|(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|eighteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:five))?)"
    };
}

/// Behind "off" that takes nothing off: "£14 off-peak", "£40 off season".
static OFF_SOMETHING: LazyLock<Option<Regex>> =
    pattern!(r"^[ -](?:peak|season|street|road|plan|site|grid|licen[cs]e|target)(?-u:\b)");
/// "Knocked 70 quid off", "I'll take a tenner off", "two quid off", "£10 comes off", "save a fiver", "less 50 cents".
static OFF: Expression = expression!(
    r"(?-u:\b)(?:knock(?:s|ed|ing)?|chop(?:s|ped|ping)?|tak(?:e|es|ing)|took|shav(?:e|es|ed|ing)|slic(?:e|ed|ing)|slash(?:ed|es|ing)?) (?:you )?(?:another |a further |about |a cool )?(?:[a-z]{0,3}[$£€₹₦₱] ?)?(?:[0-9][0-9.,]{0,6}|",
    spelled!(),
    r")(?: quid| pounds?| dollars?| bucks| euros?| pesos| rupees| rand)? (?:off|from (?:the|our|all|every|each|your))(?-u:\b)",
    r"|(?-u:\b)spend [0-9]{1,5},? (?:and )?(?:get|save) [0-9]{1,4}(?: off| back)?(?-u:\b)|(?-u:\b)[0-9]{1,4} off (?:on )?(?:your|any|every|all|each|our)(?-u:\b)|(?-u:\b)sav(?:e|es|ing) (?:you|yourself) (?:up to )?[a-z]{0,2}[$£€₹₦₱] ?[0-9][0-9.,]{0,6}",
    r"|(?-u:\b)(?:(?:a |another )?(?:fiver|tenner)|",
    spelled!(),
    r" (?:quid|pounds?|dollars?|bucks|euros?)) (?:off|cheaper|less|towards your)(?-u:\b)",
    r"|[$£€₹₦₱] ?[0-9][0-9.,]{0,6} (?:(?:comes|goes|is|will come) )?(?:straight )?off(?-u:\b)|(?-u:\b)saves? (?:you )?(?:a (?:fiver|tenner)|(?:ten|fifteen|twenty|thirty|forty|fifty)(?: quid| pounds?| dollars?| bucks)?)(?-u:\b)",
    // "Forty quid knocked off", "2 quid a kilo off", "£1.20 a case off", "£15 of points to take off a colour".
    r"|(?:[$£€₹₦₱] ?[0-9][0-9.,]{0,6}|(?-u:\b)(?:[0-9]{1,4}|",
    spelled!(),
    r") ?(?:quid|p|pounds?|pence|dollars?|bucks|cents|euros?|rupees|rand|pesos)) (?:(?:(?:is|are|gets?|being|has been) )?(?:knocked|taken|chopped|shaved|lopped|sliced|coming|comes|goes|going|come) (?:straight |clean )?off|(?:a|an|per|each|every|on each|on every) [a-z]{2,12} (?:off|cheaper|less)|(?:of|in|worth of) (?:[a-z]+ ){1,3}to (?:take|knock) off)(?-u:\b)",
    r"|(?-u:\b)less (?:[a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6}|[0-9]{1,6} (?:cents|pence|pesos|quid|dollars|rupees|rand|bucks))(?-u:\b)",
    r"|(?-u:\b)[0-9]{1,3} ?(?:p|c|cents|pence) (?:off|cheaper|less)(?-u:\b)|(?-u:\b)(?:flat|extra|instant|straight) [0-9]{2,5} off(?-u:\b)|(?-u:\b)[0-9]{2,5} off (?:above|over|min|orders?|with code|using)(?-u:\b)",
    r"|[$£€₹₦₱] ?[0-9][0-9.,]{0,6} (?:below|under|less than|cheaper than|lower than) (?:the |our |their |its |your )?(?:[a-z-]+ ){0,2}(?:price|rate|fee|fare|tariff|rrp|list|retail|sticker|charge)(?-u:\b)"
);
/// "30% below the usual tariff", "our till drops 20%", "every puppet -20%", "50% under ticket", "giving up 30% of the bill", "10% on the listed price".
static BELOW: Expression = expression!(
    r"(?-u:\b)(?P<percent>[0-9]{1,2}) ?(?:%|percent|per cent) (?:(?:below|under|lower than|cheaper than|less than) (?:the |our |their |your )?(?:usual|normal|list|listed|ticket|rack|public|standard|shop|regular|retail|rrp|street|market|marked|high street|full|summer|winter|spring|autumn|peak|flexible|walk-in)|(?:below|under|lower than|cheaper than|less than) (?:even (?:those|that|these)|what (?:you'd|you would|you|they|others) (?:pay|paid|charge|ask))(?-u:\b)|(?:on|from) (?:the |our )?(?:listed?|marked|ticket) prices?)",
    r"|(?-u:\b)(?:giv(?:e|es|ing) up|knock(?:s|ed|ing)?|tak(?:e|es|ing)|took) (?:another )?(?P<own>[0-9]{1,2}) ?% (?:of|off|from) (?:the|your|all|every)(?-u:\b)",
    r"|(?-u:\b)(?:everything(?: [a-z]+){0,3}|the lot|all prices|(?:our|the whole) (?:prices?|till|menu|shop|store|range|bar|stall|[a-z]+ prices?)) (?:drops?|falls?|comes? down|goes? down|dips?) (?:by )?(?:another )?(?P<falls>[0-9]{1,2}) ?%",
    r"|(?-u:\b)(?P<taken>[0-9]{1,2}) ?(?:%|percent|per cent) (?:(?:is|comes|goes|gets|will be|will come|coming|knocked|taken|chopped|struck) ){1,3}off(?-u:\b)",
    r"|(?-u:\b)(?:all|every|everything|any|each|entire|whole)(?: [a-z]+){0,3}[ :,]{1,2}(?:[-–−]|minus ) ?(?P<minus>[0-9]{1,2}) ?%|(?:^|[ (:])(?:[-–−]|minus )(?P<minus_on>[0-9]{1,2}) ?% (?:on|off|for) (?:all|every|everything|any|your|the whole)(?-u:\b)"
);
/// "At 70% of the list price".
static KEPT: Expression = expression!(
    r"(?-u:\b)(?:at|for|pay(?: only| just)?|charged) (?:only |just )?(?P<percent>[0-9]{1,2}) ?(?:%|percent|per cent) of (?:the |our |its |their )?(?:usual|normal|list|listed|ticket|standard|regular|retail|full|original|marked|rrp|price)"
);
/// "Whatever is left goes for half".
static FOR_HALF: Expression = expression!(
    r"(?-u:\b)(?:half (?:the )?(?:price|fare|fee|cost) of the (?:first|other)|(?:dogs|kids|children|seniors|students|under [0-9]{1,2}s|bikes|pets) half[ -](?:fare|price|fee)s?)(?-u:\b)|(?-u:\b)(?:go|goes|going|sold|sells?|selling|yours) (?:for|at) half(?: (?:the )?(?:usual |normal )?price)?(?-u:\b)|(?-u:\b)(?:at|for) half (?:of )?what(?-u:\b)|(?-u:\b)(?:is|are|at|for|pays?|go|goes|travels?|swim|ride) half[ -](?:the )?(?:price|fee|rate|cost|fare|tuition)s?(?-u:\b)|(?-u:\b)half (?:the )?(?:usual|normal|regular|standard|ticket|list) (?:price|rate|fee|cost)(?-u:\b)"
);
/// "No joining fee (was £35)", "callout free (usually 60)", "we'll pay the VAT", "at last year's prices", "at cost price".
static NO_FEE: Expression = expression!(
    r"(?-u:\b)reduced to clear(?:[:.!]|$| now| today)|(?-u:\b)no booking fees?(?:[.,;!:]|$| on| for| this| until)|(?-u:\b)(?:no|zero|nil) (?:joining|sign-?up|registration|enrol?ment|arrangement|set-?up|activation|initiation) fees?(?-u:\b)|(?-u:\b)(?:a third|a quarter|two thirds) of the (?:usual |normal |full |list )?price(?-u:\b)|(?-u:\b)free \((?:usually|normally|was|worth|rrp|norm|saves?) |[$£€]0 (?:[a-z]+ ){0,3}\((?:was|usually|normally) ",
    r"|(?-u:\b)(?:vat|gst|tax)[- ]free (?:weekends?|days?|week|[a-z]{3,6}day|shopping)(?-u:\b)|(?-u:\b)we(?:'ll| will|'re| are)? pay(?:ing)? (?:the|your) (?:vat|gst|sales tax|postage|delivery|shipping|booking fee)(?-u:\b)|(?-u:\b)(?:no|zero) (?:vat|gst|sales tax) (?:on|this|until|till|today|all)(?-u:\b)",
    r"|(?-u:\b)(?:at|sold for|back to|still) (?:last year's|last season's|last month's|(?:19|20)[0-9]{2}) prices?(?-u:\b)|(?-u:\b)last year's prices?,? (?:until|till?|while|this|today|all|on)(?-u:\b)|(?-u:\b)(?:go|goes|going|everything|sold|selling|all) at cost(?: price)?(?-u:\b)|(?-u:\b)at cost price(?-u:\b)|(?-u:\b)(?:cut|dropp?(?:ed|ing)?|slash(?:ed)?|knocked|lower(?:ed)?|reduc(?:ed|ing)) (?:all |our |the |every ){0,2}(?:[a-z]+ )?(?:prices?|rates?|fees?) by (?:a|one|two)[- ](?:third|quarter|fifth|half|tenth)s?(?-u:\b)"
);
/// "5 sessions for the price of 4", "buy 4 sticks, chop 5", "buy 10 get 2 extra".
static MORE_FOR_LESS: Expression = expression!(
    r"(?-u:\b)(?:[2-9]|1[0-9]|one|two|three|four|five|six|seven|eight|nine|ten|twelve|[0-9]{1,2}in|large|big|double|family|year|season|month)(?: [a-z]+){0,5}(?:,| for)? (?:at )?(?:the )?(?:price|cost) of (?:(?:a|an|the) )?(?:[1-9]|1[0-9]|one|two|three|four|five|six|seven|eight|nine|ten|small|medium|single|regular)(?-u:\b)",
    r"|(?-u:\b)[1-5] ?\+ ?[1-3] (?:free|offers?|deals?|on (?:all|any|every)|[a-z]{3,10}s? (?:tonight|today|on|until|till?|all|this|when|now|every|offer|deal))(?-u:\b)",
    r"|(?-u:\b)buy (?:[1-9]|one|two|three|four|five|six|ten)(?: [a-z]+){0,2},? (?:and )?(?:chop|carry|collect|take home|bring home|eat|drink|walk away with) (?:[2-9]|1[0-2]|two|three|four|five|six|seven)(?-u:\b)",
    r"|(?-u:\b)buy (?:[1-9][0-9]?|one|two|three|four|five|six|ten)(?: [a-z]+){0,2},? (?:and )?get (?:[1-9]|one|two|three) (?:extra|more|on top|on us|bonus)(?-u:\b)|(?-u:\b)(?:2-4-1|2-for-1|2for1|241|bogof)(?-u:\b)"
);
/// "Resole 2 pairs, pay 1", "all 4 fitted and you only pay for 3", "stay 3 pay 2".
static PAY_FEWER: Expression = expression!(
    r"(?-u:\b)(?P<many>[2-9]|two|three|four|five|six|seven|eight|nine)(?: [a-z']+){0,6},? (?:and |but )?(?:you |we |we'll )?(?:only |just )?(?:pay|charge) (?:you )?(?:for |only |just )*(?P<few>[1-8]|one|two|three|four|five|six|seven|eight)(?: only| nights?| days?| weeks?| games?)?(?:[.,;!?)]|$| (?:at|on|for|this|until|till?|all|with|and|in|when|if)(?-u:\b))"
);
/// "Pay for ten months, store for twelve", "10 bags of chips (wood ones) for the price of 9", "fifteen months for your £24,
/// not twelve".
static PAY_THEN: Expression = expression!(
    r"(?-u:\b)(?:pay|pays|charge|charged|paying) (?:you )?(?:for )?(?:only |just )?(?P<few>[1-9]|1[0-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven)(?: [a-z]+){0,2},? (?:and |but |then )?(?:you |we |you'll |we'll )?(?:get|gets|stay|store|play|train|ski|eat|drink|learn|swim|park|take|keep|receive|ride|enjoy|sleep|have|read|camp|carry|run|dance|ship|plant) (?:for )?(?P<many>[2-9]|1[0-9]|2[0-9]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen)(?:[.,;:!?)]|$| (?:months?|weeks?|days?|nights?|on|for|this|until|till?|all|with|in|when|if|issues|games|lessons|classes|sessions)(?-u:\b))",
    r"|(?-u:\b)(?P<many_for>[2-9]|[1-9][0-9]|two|three|four|five|six|seven|eight|nine|ten|twelve|thirteen|fifteen) [a-z][^.!?;]{2,60} for (?:the )?(?:price|cost) of (?:only |just )?(?P<few_for>[1-9][0-9]?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:[.,;:!?)]|$| )",
    r"|(?-u:\b)(?P<many_not>[2-9]|[1-9][0-9]|two|three|four|five|six|seven|eight|nine|ten|twelve|thirteen|fourteen|fifteen|eighteen) (?:months|weeks|lessons|sessions|classes|issues|nights|bottles|visits|washes)(?: for [^.!?,;]{2,24})?, not (?:the usual )?(?P<few_not>[1-9][0-9]?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:[.,;:!?)]|$| )"
);
/// "Second one for a penny", "second pair on us", "third one's on us".
static NEARLY_FREE: Expression = expression!(
    r"(?-u:\b)next [a-z]+(?: [a-z]+)?(?:'s)? (?:is )?(?:on us|on the house|on me)(?-u:\b)|(?-u:\b)free (?:second|2nd|third|3rd) [a-z]{3,10} (?:with|when|if)(?-u:\b)|(?-u:\b)(?:second|2nd|third|3rd|fourth|4th|fifth|5th|sixth|6th|tenth|10th|next (?:one|visit|order|box|round|class|cut|coffee|drink|wash|month))(?: [a-z]+){0,2}(?:'s)? (?:is |are |at |for |only |just |always )*(?:costs? (?:you )?(?:nothing|nowt)|on us|on the house|on me|a penny|1p|a quid|£1|\$1|free|for free|for nothing)(?-u:\b)"
);
/// "Here's £10 to spend", "your £15 Loft Living voucher", "£5 in your wallet", "£10 on your account towards".
static HANDED: Expression = expression!(
    r"(?-u:\b)(?:here'?s|there'?s|have|we've put|we put|you've got|you have) (?:a |your |an extra )?(?:[a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6}|fiver|tenner) (?:to spend|in your|on your account|waiting|for you|towards|on us|to put towards)(?-u:\b)",
    r"|(?-u:\b)(?:your|this|an?other) [a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6} (?:[a-z]+'?s? ){0,3}(?:vouchers?|credit|coupon|e-voucher)(?-u:\b)",
    // "Bring your old one and we'll give you £75 towards a new one", "they're worth £20 against new frames".
    r"|(?-u:\b)(?:(?:we'll|we will|will) give you|(?:it'?s|they'?re|are|is) worth) (?:an? )?(?:extra )?[a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6} (?:towards?|against) (?:your|any|a new|new|the (?:price|cost))(?-u:\b)|(?-u:\b)add an? (?:extra )?[a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6} bonus on(?-u:\b)",
    r"|(?-u:\b)(?:your|this|an?other|an?|our|one) (?:(?:free|welcome|birthday|loyalty|thank[- ]you|new|shop|store|anniversary|referral|gift|sign-?up|first|summer|christmas|special|personal|[a-z]+'s) ){1,3}(?:e-?)?(?:vouchers?|coupons?) (?:\(|(?:for|of|worth) |- |: )[a-z]{0,3}[$£€₹₦₱] ?[0-9][0-9.,]{0,6}"
);
/// "Kids eat free", "under 10s eat free", "kids meal on us with".
static FREE_TO: Expression = expression!(
    r"(?-u:\b)(?:kids?|children|child|under[- ]?[0-9]{1,2}'?s|little ones|students|nhs staff|ladies|mums|dads)(?: (?:under|below) [a-z0-9]{1,6})?(?: can)? (?:eat|eats|go|goes|stay|sleep|swim|skate|ride|play|dine|get in) (?:for )?free(?-u:\b)|(?-u:\b)(?:meal|drink|coffee|dessert|starter|side|pudding|main|pint|delivery|breakfast|lunch)s?(?:'s| is| are)? on us (?:with|when)(?-u:\b)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::amounts::prices::amounts_in;
    use crate::understand::text::normal::fold_phrase;

    fn told(text: &str) -> Vec<String> {
        let text = fold_phrase(text);
        let amounts = amounts_in(&text, 0..text.len());
        let mut told = told_in_words(&May::ANY, &text, &(0..text.len()), &amounts);
        // Of what is told twice the first counts.
        told.dedup_by(|other, first| other.0 == first.0);
        let told = told.into_iter().map(|(discount, _)| match discount {
            Discount::Percent(percent) => format!("{percent}%"),
            Discount::Amount(money) => money.to_string(),
            other => format!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn reductions_in_other_words() {
        for (text, wanted) in [
            ("I've knocked 70 quid off the pine dresser", "70.00 GBP"),
            ("knocked fifty off the full service, $130 now", "50.00 USD"),
            ("I'll take a tenner off the large", "10.00 GBP"),
            ("two quid off every loaf till 4", "2.00 GBP"),
            ("takes ten quid off anything", "10.00 GBP"),
            ("bring a mince pie, get a fiver off", "5.00 GBP"),
            ("spend £45 and £10 comes off", "10.00 GBP"),
            ("knocked 20 off a full groom", "Unsaid"),
            ("all iced drinks less 50 cents", "0.50 USD"),
            ("order 5kg up, less 500 pesos", "500.00 PHP"),
            ("any room at 30% below the usual tariff", "30%"),
            ("min 50% under ticket", "50%"),
            ("suits are charged at 70% of the list price", "30%"),
            ("5 sessions for the price of 4", "NextOne(100)"),
            ("all 4 fitted and you only pay for 3", "NextOne(100)"),
            ("buy 4 sticks, chop 5", "NextOne(100)"),
            ("stay 3 pay 2 at cove lodge", "NextOne(100)"),
            ("any 4 books, pay for 3 until sunday", "NextOne(100)"),
            ("16in pepperoni for the price of a 12", "NextOne(100)"),
            ("second one for a penny", "NextOne(100)"),
            ("Farrow's will give you £75 towards any new cordless one", "75.00 GBP"),
            ("hand them over, they're worth £20 against new frames", "20.00 GBP"),
            ("second coat half the price of the first", "50%"),
            ("dogs half fare on the Otter ferry", "50%"),
            ("reduced to clear: trees, baubles, wrapping paper", "Unsaid"),
            ("no booking fee on school-trip coaches", "Unsaid"),
            ("2 pairs from £79, second pair on us", "NextOne(100)"),
            ("2-4-1 afternoon tea", "NextOne(100)"),
            ("here's £10 to spend on anything you fancy", "10.00 GBP"),
            ("your £15 Loft Living voucher is still here", "15.00 GBP"),
            ("there's £10 on your account towards putting it right", "10.00 GBP"),
            ("whatever is on the counter goes for half", "50%"),
            ("callout free (usually 60)", "Unsaid"),
            ("£0 to join (was £35)", "Unsaid"),
            ("we've slashed a tenner from every cut", "10.00 GBP"),
            ("20 off your first clean", "Unsaid"),
            ("your fourth haircut's free", "NextOne(100)"),
            ("have your next meal on us", "NextOne(100)"),
            ("get your third bottle for nothing", "NextOne(100)"),
            ("five sessions, cost of four", "NextOne(100)"),
            ("there's a fiver waiting in your app", "5.00 GBP"),
            ("shoes at half what they cost last week", "50%"),
            ("£12.50 ticket, saves you £4 on the gate", "4.00 GBP"),
            ("£200 goes off any kitchen", "200.00 GBP"),
            ("buy 10 get 2 extra on all plants", "NextOne(100)"),
            ("free second pair when you choose frames", "NextOne(100)"),
            ("a year of chess weekly for the cost of nine issues", "NextOne(100)"),
            ("the second course is half the fee", "50%"),
            ("kids eat free tonight", "Gift"),
            ("bring a cup and it's 50c off", "Unsaid"),
            ("flat 125 off above 399", "Unsaid"),
            ("get 100 off on your first order", "Unsaid"),
            ("£26 below the winter price", "26.00 GBP"),
            ("any run at 15% below even those", "15%"),
            ("our till drops 20% now", "20%"),
            ("everything in the shop drops 15% at noon", "15%"),
            ("every puppet -20%", "20%"),
            ("-40% on all sandals", "40%"),
            ("20 per cent knocked off all rugs", "20%"),
            ("grandparents tap at half fee", "50%"),
            ("kids go half fare", "50%"),
            ("resole 2 pairs, pay 1", "NextOne(100)"),
            ("stay four nights, we only charge for three", "NextOne(100)"),
            ("3 months of chess cellar membership for the price of 1", "NextOne(100)"),
            ("your 6th class always costs nothing", "NextOne(100)"),
            ("we'll pay the vat on every sofa", "Unsaid"),
            ("still at last year's prices", "Unsaid"),
            ("we've dropped our prices by a fifth", "Unsaid"),
            ("kids meal on us with any large burger", "Gift"),
            ("wax jackets, forty quid knocked off", "40.00 GBP"),
            ("2 quid a kilo off but say it now", "2.00 GBP"),
            ("£1.20 a case off all 4ltr tubs", "1.20 GBP"),
            ("you've £15 of loyalty points to take off a colour", "15.00 GBP"),
            ("10 bags of chips (wood ones) for the price of 9, delivered", "NextOne(100)"),
            ("pay for ten months, store for twelve.", "NextOne(100)"),
            ("pay for 2 nights and stay 3", "NextOne(100)"),
            ("your £24 covers fifteen months, not twelve", "NextOne(100)"),
            ("1+1 buckets tonight", "NextOne(100)"),
            ("your welcome voucher (£5) has landed", "5.00 GBP"),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
    }

    #[test]
    fn other_things_taken_and_paid() {
        for text in [
            "He took two days off",
            "Can you add £5 towards petrol? See you Saturday",
            "Please add £20 towards the leaving gift for Sue",
            "My car was worth £3,000 against the loan",
            "Each step earns you £1 towards charity",
            "No booking fee will be refunded.",
            "The report, reduced to clear language, is attached",
            "I take Friday off",
            "Fifty of us, ten minutes off the motorway",
            "Growth is 30% below last year",
            "You pay for three licences",
            "Please pay for two tickets at the door",
            "Your balance is £15, less than last month",
            "At 70% of capacity",
            "Under 10s play at ten",
            "Next free: Mon 21 June 16:00",
            "Next free slot is 4pm",
            "Table for 4, pay 2 deposits",
            "House prices fall 3% in May",
            "Temps fall 20% below what we had",
            "Shares -3% at close",
            "Supermarkets put up prices by a third",
            "Chips are made at cost to us",
            "Parking is £14 off-peak",
            "£40 a day off season",
            "2+1 bedroom flat",
            "pay for two, meet at three",
            "pay 3 and get 2",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }
}
