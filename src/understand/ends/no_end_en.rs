//! What is told in the words of an end and is none: "we can't restock before Christmas", "you can change it until Friday",
//! "Sam's last day is today", "out for delivery today", "the final one before Christmas", "closed until Monday".

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// True when what stands before a moment says that nothing is over then. `lead`, `first`: the words before it and before the
/// beginning of its stretch.
pub(in crate::understand) fn is_no_end(lead: &str, first: &str, tail: &str, moment: &Moment) -> bool {
    says(&DENIED, lead)
        || says(&DENIED, first)
        || says(&UNDONE, lead)
        || says(&DELIVERED, first)
        || says(&WAS_SO, tail)
        || is_last_day_of_somebody(lead)
        || is_season(lead, moment)
        || moment.is_name && says(&OF_A_SEASON, tail)
        || says(&OF_A_ROW, tail)
}

/// "Final slots b4 xmas", "grooming on weekdays before Easter": when it is used or made, not until when it is sold.
fn is_season(lead: &str, moment: &Moment) -> bool {
    let is_holiday = moment.is_name && moment.kind == DeadlineKind::Absolute;
    is_holiday && says(&BEFORE_A_SEASON, lead) && !says(&ORDERED_BEFORE, lead)
}

/// "It's Joseph's last day today".
fn is_last_day_of_somebody(lead: &str) -> bool {
    const NOBODY: [&str; 7] = ["it's", "that's", "here's", "today's", "tomorrow's", "sale's", "offer's"];
    let found = LAST_DAY_OF.as_ref().and_then(|last| last.captures(lead)).and_then(|found| found.get(1));
    found.is_some_and(|whose| !NOBODY.contains(&whose.as_str()))
}

/// "Before Black Friday even starts": nothing ends there.
pub(in crate::understand) static BEGINS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:(?:even|really|officially|finally|actually)[ \n])?(?:starts?|begins?|kicks[ \n]off|launches|arrives|opens|gets[ \n]here|comes(?:[ \n](?:round|around|along)|[^a-z \n]|$)|rolls|is[ \n](?:here|on|coming|almost|nearly))(?-u:\b)"
);
/// The day a parcel arrives is the courier's promise, not the offer's end.
pub(in crate::understand) static ARRIVES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:deliver(?:y|ed|s)?|arriv(?:es?|ing|al)|ships?|shipped|shipping|get[ \n](?:it|them|yours)|receive(?:[ \n](?:it|them|yours))?|back[ \n]in[ \n]stock|in[ \n]time[ \n]for|here)[ \n](?:[a-z']{1,12}[ \n]){0,2}(?:by|before|on|until)[ \n](?:the[ \n])?$"
);
static LAST_DAY_OF: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)([a-z]{2,15}'s|my|his|her|their)[ \n](?:very[ \n])?(?:last|final)[ \n](?:work(?:ing)?[ \n])?(?:day|shift|week)(?:[ \n](?:is|at|on|here|with|us|the|work|office|company)){0,4}[ \n]$"
);
/// "We can't restock before Christmas": nothing ends there.
static DENIED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:due|payable|owed|overdue)(?:[ \n]back)?[ \n](?:by|before|on|in|until)[ \n](?:the[ \n])?$|(?-u:\b)(?:can't|cannot|won't|don't|doesn't|didn't|isn't|cant|wont|dont|doesnt|didnt|isnt|not|never|unable[ \n]to)[ \n](?:[a-z]{2,12}[ \n]){1,4}(?:before|until|till|by)[ \n](?:the[ \n])?$|(?-u:\b)(?:expect|expects|expected|expecting|likely)[ \n](?:[a-z]{2,12}[ \n]){1,5}by[ \n](?:the[ \n])?$",
    r"|(?-u:\b)(?:no[ \n]need[ \n]to|needn't|don't[ \n](?:have|need)[ \n]to|nothing[ \n]to)[ \n](?:[a-z0-9']{1,12}[ \n]){1,7}(?:before|until|till|by)[ \n](?:the[ \n])?$|(?-u:\b)(?:don't|never|won't)[ \n](?:do|run|have|play|use|shout)[ \n][^a-z]{0,2}(?:sale|offer|deal)s?[ \n]ends?[ \n](?:on[ \n])?$",
    // "The seats made between January and March 2026": called back, not sold.
    r"|(?-u:\b)(?:seats?|cars?|batch(?:es)?|units?|models?|products?|items?|vehicles?|packs?|packets|jars|lots?|cases|toys?|chargers?|those|ones)[ \n](?:(?:that|which)?[ \n]?(?:were|was)[ \n])?(?:made|manufactured|produced|built|issued)[ \n](?:between|from|in)[ \n](?:the[ \n])?$"
);
/// What can be undone until then was bought before: "you can cancel until 19 April", "returns extended to 31 January"; and
/// what is asked of colleagues: "questions to HR before Friday".
static UNDONE: LazyLock<Option<Regex>> = pattern!(
    // "Unworn items may be exchanged right through to 30 September", "returns to 31 January".
    r"(?-u:\b)(?:be|are|is)[ \n](?:[a-z]{2,8}[ \n])?(?:returned|exchanged|refunded|cancell?ed|changed|amended|swapped|sent[ \n]back)(?:[ \n][a-z]{2,8}){0,3}[ \n](?:until|till?|up[ \n]to|to|by|before|within)[ \n](?:the[ \n])?$|(?-u:\b)(?:returns?|exchanges?|refunds?)[ \n](?:accepted[ \n])?(?:to|until|through)[ \n](?:the[ \n])?$",
    // "I answer, mostly before 9am", "since last April", "they went by bonfire night".
    r"|(?-u:\b)(?:usually|normally|mostly|typically|generally|often|sometimes)[ \n](?:by|before|until|till?|within|at)[ \n]$|(?-u:\b)since[ \n](?:last[ \n])?$|(?-u:\b)(?:went|gone|sold[ \n]out|sold|all[ \n]went|disappeared|flew)[ \n](?:out[ \n])?(?:by|before)[ \n]$",
    // "Desk shuts at 00.30", "lines are staffed tonight till 8", "phones back on 29 December": hours of a house.
    r"|(?:^|[.,;:!?(][ \n]|(?-u:\b)(?:the|our)[ \n])(?:reception|phones?|switchboard|helpline|lines?|phone[ \n]lines?|office|boarding|gates?)[ \n](?:(?:is|are|will[ \n]be)[ \n])?(?:staffed|manned|answered|back|reopens?|opens?[^.!?]{1,16}and[ \n]closes)[ \n](?:(?:on|at|until|till?|tonight|today|from|between|the)[ \n])*$",
    // "Consent is needed by Friday", "open til 4, shut Sun & Mon", "it's the day before Mother's Day".
    r"|(?-u:\b)(?:is|are)[ \n](?:needed|required|wanted)(?:[ \n]back)?[ \n](?:by|before)[ \n]$|(?:[,;&(][ \n]?|we're[ \n]|we[ \n]are[ \n])(?:closed|shut)[ \n](?:on[ \n]|all[ \n])?(?:(?:mon|tues?|wed|thu|fri|sat|sun)[a-z]{0,6}[ \n](?:&|and)[ \n])?$|(?-u:\b)(?:it's|its|is|was)[ \n]the[ \n]day[ \n]before[ \n]$",
    r"|(?:^|[.,;:!?(][ \n])(?:(?:the|our)[ \n])?(?:desk|office|bag[ \n]drop|check-?in|reception|gates?|boarding)[ \n](?:closes?|shuts?)[ \n](?:at|on)[ \n]$|(?-u:\b)(?:fell|went|was|were|came|got)[ \n]over[ \n]on[ \n]$|(?-u:\b)(?:roll(?:s|ed)?|carr(?:y|ies|ied)|moved?)[ \n]over[ \n](?:to|until)[ \n]$",
    r"|",
    r"(?-u:\b)(?:change|amend|edit|cancel|reschedule|withdraw|opt[ \n]out|return|exchange)(?:[ \n](?:it|them|this|your[ \n][a-z]+|free|for[ \n]free|at[ \n]no[ \n]cost|of[ \n]charge|any[ \n]?time|details|unwanted[ \n][a-z]+))*[ \n](?:until|till?|up[ \n]to|by|before)[ \n](?:the[ \n])?$",
    r"|(?-u:\b)for[ \n](?:[a-z']{3,12}[ \n])?delivery:[ \n][^.!?]{0,48}(?-u:\b)by[ \n]$|(?:^|[.!?][ \n])(?:please[ \n])?(?:collect|held)[ \n](?:it[ \n])?(?:by|before|until|till?)[ \n]$|(?-u:\b)(?:wait(?:ing)?|come[ \n]back|be[ \n](?:home|there|back))[ \n](?:[a-z]{1,8}[ \n]){0,2}(?:till?|until|by|before)[ \n]$|(?-u:\b)dated[ \n](?:the[ \n])?$|(?-u:\b)forms?[ \n](?:received|returned)[ \n](?:by|before)[ \n]$|(?-u:\b)early[ \n]closing[ \n](?:on[ \n])?$|(?-u:\b)(?:details[ \n]please|lmk)[ \n]by[ \n]$|(?-u:\b)(?:centre|center|library|office|school|branch|surgery|pool|gym|clinic|road|park)[ \n]will[ \n]close[ \n](?:early[ \n])?(?:at[ \n]|on[ \n])?$|(?:day|mon|tue|wed|thu|fri|sat|sun)s?[ \n]closed,[ \n]$|(?-u:\b)returns?(?:[ \n](?:period|window|policy|are|is|now|have|been))*[ \n](?:extended[ \n](?:to|until|till?)|until|till?|by)[ \n](?:the[ \n])?$|(?-u:\b)(?:we|we'll|we[ \n]will|can)[ \n]keep[ \n](?:it|them|your[ \n][a-z]+)[ \n](?:until|till?)[ \n]$",
    r"|(?-u:\b)(?:isn't|isnt|not|aren't|arent|wasn't|wasnt|won't[ \n]be|wont[ \n]be)[ \n](?:until|till?)[ \n](?:the[ \n])?$|(?-u:\b)(?:questions?|comments|motions?|nominations?|timesheets?|slides|expenses|minutes|reports?|wrong,?)[ \n](?:[a-z]{1,14}[ \n]){0,7}(?:by|before|until)[ \n](?:the[ \n])?$",
    r"|(?-u:\b)(?:is|are|be|we're|being|remains?|stays?)[ \n](?:shut|closed)(?:[ \n](?:on|from|until|till?|all|this|for|the|all[ \n]day))*[ \n]$|(?-u:\b)no[ \n]more[ \n](?:[a-z]{1,12}[ \n]){0,3}(?:until|till?)[ \n]$|(?-u:\b)(?:was|were)[ \n](?:due|meant|supposed|set|going|originally)[ \n](?:[a-z]{1,10}[ \n]){1,5}$|(?-u:\b)(?:moves?|moved|rescheduled|postponed)[ \n](?:from[ \n])?(?:[a-z0-9]+[ \n]){0,3}to[ \n]$"
);
/// "Out for delivery today 11:20-12:20", "order for delivery Tuesday to Friday".
static DELIVERED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:out[ \n]for|for|your|next)[ \n]delivery|delivery[ \n]slot|deliver(?:ing)?|courier|driver|unavailable|offline|maintenance|disruption|outage)[ \n](?:is[ \n])?(?:on[ \n]|today[ \n]|tonight[ \n]|from[ \n]|between[ \n])*$"
);
/// "By lunchtime today there were 31".
static WAS_SO: LazyLock<Option<Regex>> = pattern!(
    r"^,?[ \n](?:there[ \n](?:were|was)|(?:was|were|wasn't|weren't|leaves|departs)(?-u:\b)|to[ \n](?:end|stop|cancel|avoid|opt)(?-u:\b)|(?:we|they|it|all|most)[ \n](?:had|were|was|sold))(?-u:\b)"
);
/// "Our last Xmas delivery date", "extended Christmas returns", "before the Easter rush".
static OF_A_SEASON: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:deliver(?:y|ies)|returns|rush|post|posting|shopping|orders|party|parties|menus?|dinner|lunch|fortnight|holidays?|hols|presents?|gifts?|cards?|trees?)(?-u:\b)"
);
/// "Before the 1st ball": one of a row, and no day.
static OF_A_ROW: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n](?:ball|half|match|game|race|visit|order|purchase|person|lesson|class|course|quarter|year|attempt)(?-u:\b)"
);
static BEFORE_A_SEASON: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:last|final|only|one[ \n]more|day)[ \n](?:[a-z]{1,12}[ \n]){0,4}|(?:weekdays|weekends|days?|weeks?|nights?|slots?|mornings|evenings|sorted|ready|one|appointments?|appts?|rush|busy|chaos|time|shift)[ \n](?:[a-z]{4,6}[ \n])?)(?:before|b4)[ \n]$"
);
static ORDERED_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:orders?|ordered|orderin?g?|bookings?|book|booked|buy|chance|day|date|call|bought|signed?)[ \n](?:[a-z]{1,12}[ \n]){0,3}(?:before|b4)[ \n]$"
);

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use crate::understand::ends::ends_en::{Around, ends_in};
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn nothing_ends_there() {
        // A Tuesday.
        let now: Zoned = "2026-01-20T10:00:00+00:00[Europe/London]".parse().unwrap();
        let around = Around { takes_off: true, offers: true, beside: true, gives: true, ..Around::default() };
        for text in [
            "you can change it until 11pm on tuesday",
            "you can cancel at no cost until 19 april",
            "cancel your box by 3 may",
            "returns extended to 31 january",
            "returns until 31 january",
            "we keep it until 7 april",
            "the next one isn't until february",
            "questions to hr before the end of the month",
            "if they are wrong, call us by 20 february",
            "nominations must reach the secretary by 22 march",
            "for christmas delivery: overseas by wed 8 dec, uk by sat 18 dec",
            "collect by 16 aug",
            "if we wait till 7:04 we save nine bucks",
            "please come back by 2:20",
            "text off before midnight to end",
            "oct 12-14 wasn't included",
            "despite reminders dated 2 and 16 may",
            "it will be unavailable tonight from 11pm to 3am",
            "held til 10 feb",
            "solicitor details please by friday",
            "the leisure centre will close at 2pm on friday 24 january",
            "easter hrs: fri closed, sat 8-4",
            "the shop is shut sunday",
            "we're closed until 5 february",
            "the sale was due to wrap up today",
            "your parcel is out for delivery today 11:20-12:20",
            "order online for delivery tuesday to friday",
            "your sofa moves from today to tue 29 jan",
            "by lunchtime today there were 31",
            "the final one before christmas",
            "final nails slots b4 xmas",
            "£8 off grooming on weekdays before easter weekend",
            "it's joseph's last day today",
            "unworn items with tags can be exchanged right through to 30 september",
            "unsold stock may be returned by 28 february",
            "returns to 31 january",
            "i answer, mostly before 9am",
            "you've been with us since last april",
            "last year they went by bonfire night",
            "lines are staffed tonight till 8",
            "late? desk shuts at 00.30",
            "tickets roll over to sun 8 nov",
            "the money is needed by 3pm on wednesday",
            "we're open til 4, shut sun & mon",
            "viewing 10am to 5pm, closed tuesday",
            "it's the day before mother's day",
            "extended christmas returns",
            "3 days til our last xmas delivery date",
            "order before the 1st ball",
            "his birthday isnt til march",
        ] {
            let ends = ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around);
            assert!(ends.is_empty(), "{text}: {ends:?}");
        }
        for text in [
            "last orders before christmas",
            "order before easter and save 20%",
            "your last chance to book before christmas",
            "free delivery until thursday",
            "our sale is on until friday",
            "half price until the kitchen closes at 9",
            "orders for the box close on tuesday",
            "the offer goes pop on friday",
            "we lock the doors at 5pm today",
        ] {
            assert!(!ends_in(&now, &May::ANY, &fold_phrase(text), (true, true), around).is_empty(), "{text}");
        }
    }
}
