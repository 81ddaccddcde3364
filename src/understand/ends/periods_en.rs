//! Periods of offers in English, told without `until`: "in May", "throughout July", "in June, July & August", "every Tuesday in
//! November", "price held to 31 January", "before 15 January". And what is told in the same words and is no period: hours of
//! every week ("Tue-Sat"), what is to be had all the time ("any day March to November").

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::ends::ends_en::Around;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// "Every Sunday this May", "throughout June", "in Aug & Sept", "this month": a month that is the offer's.
pub(in crate::understand) fn is_whole_month(lead: &str, own: &str, moment: &Moment, around: Around) -> bool {
    if says(&LEFT, lead) {
        return false;
    }
    if moment.month_begins.is_none() {
        return own == "this month" && !lead.ends_with("from ") && (around.takes_off || around.gives);
    }
    // "20% off all October".
    let is_all = own.starts_with("all ") && (around.takes_off || around.gives || around.beside);
    let is_this = ["this ", "throughout ", "thruout ", "whole of ", "rest of ", "duration of ", "during "];
    let is_said = is_this.iter().any(|word| lead.ends_with(word)) || is_all;
    is_said || is_in_month(lead, around)
}

/// "Sold in Aug & Sept", "kids eat free every Tue in May", "in the months of October and November"; not "opens in May".
fn is_in_month(lead: &str, around: Around) -> bool {
    let Some(found) = IN_MONTH.as_ref().and_then(|month| month.find(lead)) else { return false };
    let before = &lead[..found.start()];
    !says(&HAPPENS, before)
        && (around.uses || !says(&USED_IN, before))
        && (around.takes_off || around.gives || says(&BOUGHT, before))
}

/// "June, July & August": the second of two months named together.
pub(in crate::understand) fn is_month_after(gap: &str, moment: &Moment, before: &Moment) -> bool {
    let is_month = |moment: &Moment| moment.month_begins.is_some();
    is_month(moment) && is_month(before) && matches!(gap.trim(), "," | "and" | "&" | ", and" | "/" | "or" | "n")
}

/// "Tuesday to Saturday" is when a shop is open; "Friday to Sunday" may be the days of a sale.
pub(in crate::understand) fn are_days_of_every_week(
    words: &str,
    first: &Moment,
    last: &Moment,
    around: Around,
) -> bool {
    const MOST_DAYS: i64 = 4;
    const WEEK: i64 = 7;
    let apart = last.at.duration_since(first.at).as_hours() + 1;
    let days = apart.div_euclid(24).rem_euclid(WEEK);
    words.get(first.range.clone()).is_some_and(|own| own.contains("mon")) || !around.takes_off && days >= MOST_DAYS
}

/// "Barges can be hired any day March to November", "every fortnight from now till April": no end of an offer, unless
/// something is taken off or given.
pub(in crate::understand) fn is_always_to_be_had(first: &str, around: Around) -> bool {
    let always = || says(&ALWAYS, first) || !around.offers && says(&EVERY_DAY_UNTIL, first);
    !around.takes_off && !around.gives && always()
}

/// "On the last Friday of each month", "over the coming year", "through the year", "available today in all sizes".
pub(in crate::understand) fn is_no_day(lead: &str, own: &str, tail: &str, moment: &Moment, around: Around) -> bool {
    // "It's been here since March and may well be here next March".
    let is_verb = own == "may" && says(&MAY_WELL, tail);
    is_verb
        || moment.month_begins.is_some() && says(&OF_A_MONTH, tail)
        || says(&OF_EACH, tail)
        || own.ends_with("year") && !own.contains("end") && says(&MEANWHILE, lead)
        || moment.is_this_day && lead.ends_with("available ") && !around.takes_off
}

/// "Price held to 31 January", "bookings to 5 March".
pub(in crate::understand) fn is_held_to(lead: &str) -> bool {
    says(&HELD_TO, lead)
}

/// "Before 15 January" is over when that day begins; "on or before" is not.
pub(in crate::understand) fn begin_if_before(lead: &str, own: &str, moment: &Moment) -> Option<Timestamp> {
    let is_date = moment.kind == DeadlineKind::Absolute
        && (own.contains(|c: char| c.is_ascii_digit()) || moment.is_name && own.ends_with("day"));
    let is_day = is_date && !moment.is_range && moment.month_begins.is_none();
    let begins = moment.begins.filter(|begins| moment.at.duration_since(*begins) <= SignedDuration::from_hours(25))?;
    (is_day && says(&BEFORE, lead) && !says(&ON_OR_BEFORE, lead)).then_some(begins)
}

/// "Only 4 slots left this month": so many, not so long.
pub(in crate::understand) static LEFT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:left|remaining|remain|available|sold|booked|used|new|so[ \n]far|free[ \n](?:weeks?|nights?|dates?|slots?|spaces?|places?|spots?|beds?)[ \n]in)[ \n](?:for[ \n])?(?:this[ \n])?$"
);
static IN_MONTH: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:in|during|throughout|within|for|over)[ \n](?:the[ \n])?(?:(?:whole|months?|rest)[ \n]of[ \n])?(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?[ \n](?:(?:and|&|or)[ \n])?)*$"
);
/// What happens in a month is no offer of that month.
static HAPPENS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:start|begin|open(?:s|ing)|launch|arriv|return|back|due|deliver|ship|held|tak(?:es?|ing)[ \n]place|publish|releas|travel|fly|flying|sail|depart|born|happen|mov(?:e|ing)|com(?:es?|ing)|next|ready|planned|planning|finish|end|expir|bloom|last|introduc|renew|chang|increas|ris|clos|was|were|been|visit(?:ed|ing)|join(?:ed|ing[ \n]us)|came|less|cheaper|dearer|list[ \n]goes[ \n]up|concert|sent|wrote|gave|met|lapsed|festival|conference|intake|resum|review|announc|trip|tours?|due[ \n]out|on[ \n]sale)[a-z]{0,4}(?:[ \n][a-z]{1,12}){0,2}[ \n]?$"
);
/// What is bought then, at whatever price.
static BOUGHT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:made|placed|booked|ordered|sold|signed|opened|bought|purchased|any[ \n]?time|(?:every|each|any|all)[ \n][a-z]{2,12}|(?:if|when|for[ \n]anyone[ \n]who|who)[ \n](?:(?:you|u|ya)[ \n])?(?:buy|book|join|order|sign[ \n]up|open|get|take[ \n]out|enrol|enroll|register|switch|start)s?(?:[ \n][a-z-]{1,12}){0,4}|(?:mon|tues?|wed|thurs?|fri|sat|sun)[ \n](?:nights?|evenings?|lunch(?:es)?)|weekdays|weekends|on[ \n](?:mon|tues|wednes|thurs|fri|satur|sun)days)[ \n]$"
);
/// "15% off all flights in January": bought before.
static USED_IN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:flights?|fares?|sailings?|departures|crossings|journeys|trains?|holidays?|cruises?|breaks?|stays?|nights?|travel|weeks?|tours?|trips?|retreats?|workshops?|cottages?|lodges?|cabins?)[ \n](?:free[ \n])?(?:in[ \n]|for[ \n])?$"
);
static ALWAYS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:any|every|each|most)[ \n](?:other[ \n])?(?:day|week|fortnight|weekend|month|morning|evening|afternoon|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)(?:[ \n](?:from|of|between|the|year)(?:[ \n](?:now|the|year|until|till?|through))*)?[ \n]$|(?-u:\b)(?:books[ \n]are[ \n]open|open|here|hours|season)[ \n](?:for|from)[ \n]$"
);
/// "Trees every day till Xmas eve"; "soup £3 every weekday until 1 September" is a price of that time.
static EVERY_DAY_UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:any|every|each|most)[ \n](?:other[ \n])?(?:day|week|fortnight|weekend|month|morning|evening|afternoon|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)[ \n](?:until|till?|through)[ \n]$"
);
static OF_EACH: LazyLock<Option<Regex>> =
    pattern!(r"^(?:s(?-u:\b)|[ \n](?:of|in)[ \n](?:each|every|the[ \n]month(?-u:\b)))");
/// "The Jan intake", "our June batch", "the May issue".
static OF_A_MONTH: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:(?:[0-9]{4}[ \n])?(?:batch|intakes?|class(?:es)?|cohort|edition|issue|start|departures?|sailings?|weddings?|newsletter|statement|bill|invoice|half[ -]term|exams?|sitting|trip|course|bootcamp|programme))(?-u:\b)"
);
static MAY_WELL: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:well|be|not|also|have|still|even|never|need|take|vary|differ|get|go|come|ask|apply|change|contain|cause|[a-z]{2,10}ly)(?-u:\b)"
);
static MEANWHILE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:over|through|throughout|during|in|for|all|across|within|of|lasts?|lasting)[ \n](?:the[ \n])?$"
);
static HELD_TO: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:held|frozen|fixed|kept|authori[sz]ed|honou?red|bookings?|reservations|orders?|applications|open|available|prices?|rates?|offers?|applies|apply|valid|good|on|on[ \n]sale|sale|taken|received|online|in[ \n](?:store|shop)|deposit|deposits|good|so)[ \n](?:at[ \n][^ \n]{1,10}[ \n])?(?:up[ \n])?to[ \n](?:the[ \n])?$"
);
static BEFORE: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:before|b4)[ \n](?:the[ \n])?$");
static ON_OR_BEFORE: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:on|by|or|and|at|&)[ \n/]{1,2}(?:before|b4)[ \n](?:the[ \n])?$");

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::*;
    use crate::understand::ends::ends_en::ends_in;
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    fn ends(text: &str, around: Around) -> Vec<String> {
        // A Tuesday.
        let now: Zoned = "2026-01-20T10:00:00+00:00[Europe/London]".parse().unwrap();
        let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
        ends.iter().map(|end| end.at.to_zoned(now.time_zone().clone()).strftime("%Y-%m-%d").to_string()).collect()
    }

    const GIVEN: Around = Around {
        takes_off: false,
        offers: true,
        beside: true,
        gives: true,
        only_gives: false,
        sells: false,
        uses: false,
    };

    #[test]
    fn a_gift_is_given_until_its_period_is_over() {
        for (text, wanted) in [
            ("kids eat free every tue and wed in may with any adult main", "2026-06-01"),
            ("free 1st service on all demo models sold in aug & sept 2026", "2026-10-01"),
            ("stay 3 pay 2 during june, july & august", "2026-09-01"),
            ("in the months of october and november breakfast is included", "2026-12-01"),
            ("throughout july every member can bring one guest, free", "2026-08-01"),
            ("double data for anyone who joins in feb.", "2026-03-01"),
            ("anyone joining during may pays no entrance fee", "2026-06-01"),
            ("test rides run all of may, free", "2026-06-01"),
            ("3 books for 2 in the shop each sat in november", "2026-12-01"),
            ("free 5-piece set, 1 to 31 may", "2026-06-01"),
            ("every pack comes w/ double seeds, 20 sep-11 oct", "2026-10-12"),
            ("any large for 9.99, mon 2nd to sun 15th march", "2026-03-16"),
            ("join between 10 and 24 august and we'll add a month", "2026-08-25"),
            ("weekly flyer thu apr 9-wed apr 22", "2026-04-23"),
            ("free underlay 2 jan-29 feb", "2026-03-01"),
            ("15% off any course thru oct 15 w/ code fall15", "2026-10-16"),
            ("price held to end of jan", "2026-02-01"),
            ("10% off if paid in full by the first of march", "2026-03-02"),
            ("listings renewed before 15 february stay at this year's price", "2026-02-15"),
            ("renew on or before 15 february and save", "2026-02-16"),
            ("full set 35 instead of 45 b4 the 20th of december", "2026-12-20"),
            ("no fee between tuesday 10 and sunday 22 march", "2026-03-23"),
            ("$10 to use on a $50 purchase btwn 2/2 & 3/31", "2026-04-01"),
            ("new bookings made by close of business on 27 february", "2026-02-28"),
            ("20% off vintage, now through end of term 13 dec", "2026-12-14"),
            ("every purchase between july 1 and august 25 comes with a tote, free", "2026-08-26"),
            ("pay for 1 during half term (24-28 may)", "2026-05-29"),
            ("$6.99 meal deal every day in march", "2026-04-01"),
            ("ordered for delivery from now until 15 march", "2026-03-16"),
            ("shortbread is £6 until hogmanay", "2027-01-01"),
            ("any set bought before hallowe'en", "2026-11-01"),
            ("10 swims for £35 if u buy the card in jan.", "2026-02-01"),
            ("starting any wk in sept or oct", "2026-11-01"),
            ("full groom £28 thruout jan n feb", "2026-03-01"),
            ("r5 off, every day til the end of june", "2026-07-01"),
            ("$2 tacos every tues thru nov 25", "2026-11-26"),
            ("soup £3 every weekday until 1 september", "2026-09-02"),
            ("£300 instead of £450 on weekdays, all this month", "2026-02-01"),
            ("free porter, on sale to 15 nov", "2026-11-16"),
            ("all cakes ordered between june 3 and june 16 for father's day", "2026-06-17"),
            ("from 3 march until the 9th", "2026-03-10"),
            ("all of november up to the 23rd", "2026-11-24"),
            ("from 25 march to the 3rd", "2026-04-04"),
            ("our workshop is on 12 oct and booking is open till the 5th", "2026-10-06"),
            ("rm199 for sign ups 1/12/26 hingga 31/12/26", "2027-01-01"),
            ("15 aug 2026 t/m 15 sept 2026", "2026-09-16"),
            ("before the end of freshers' month (31 october)", "2026-11-01"),
            ("booked by eofy (30 june)", "2026-07-01"),
            ("from now to the end of the holidays (2 september)", "2026-09-03"),
            ("up to mid-term, friday 23 october", "2026-10-24"),
            ("ends with bookings taken on 28 november", "2026-11-29"),
            ("until w/e 28 march", "2026-03-29"),
            ("prices apply w/e 28 march", "2026-03-29"),
        ] {
            assert_eq!(ends(text, Around { takes_off: text.contains("off"), ..GIVEN }), [wanted], "{text}");
        }
    }

    #[test]
    fn what_happens_in_a_month_ends_nothing() {
        let priced = Around { gives: false, ..GIVEN };
        for text in [
            "our free clinic opens in may",
            "the new menu starts in june",
            "your free gift will be delivered in march",
            "the course begins in september",
            "tours in july from £400",
            "set lunch £19, tue-sat",
            "he's here tuesday to saturday",
            "barges can be hired any day march to nov, £30",
            "it comes every fortnight from now till april, £24 for 10kg",
            "on the last friday of each month",
            "a few at a time, over the coming year",
            "it's €49, available today in sizes xs to 4xl",
            "we run tours on most afternoons through the year",
            "back from this week",
            "your bill is due in march",
            "a place in the june batch for £30",
            "the card lasts the year",
            "dont leave it till tomorrow",
            "it's been here since march and may well be here next march",
            "no need to sort your house before xmas",
            "we don't do \"sale ends sunday\"",
            "the car seats made between january and march",
            "flights in january from £30",
            "same sofa was 20 quid less in march",
            "four lodges still have a free week in august",
        ] {
            assert!(ends(text, priced).is_empty(), "{text}: {:?}", ends(text, priced));
        }
    }

    #[test]
    fn days_of_use_are_those_of_the_offer_where_nothing_else_ends() {
        let text = "register once for double miles, then fly between 1 march and 30 april 2026";
        assert!(ends(text, GIVEN).is_empty());
        assert_eq!(ends(text, Around { uses: true, ..GIVEN }), ["2026-05-01"]);
    }
}
