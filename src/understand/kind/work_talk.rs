//! Do colleagues write to each other? They name sales, codes and prices as often as shops do ("The 25% off weekend brought
//! in £48k against a plan of £41k", "the discount code bug is still open. who's on it?"), and offer nobody anything. What
//! gives them away is what they count and keep (margins, footfall, rotas, sheets, sprints), which no customer is told, and
//! how they ask each other. One such word may stand in any offer ("our suppliers let us down, so it's half price"); several
//! do not.

use std::collections::BTreeSet;

use crate::understand::expression::{Expression, expression};
use crate::understand::kind::hearsay;
use crate::understand::kind::tally::Tally;
use crate::understand::reading::Reading;

/// What a word of the trade counts for, against one that colleagues only use more than others.
const OF_THE_TRADE: usize = 2;
/// From here on it is colleagues' talk.
const TALK_MIN: usize = 3;
/// Words looked at; whoever has so many has enough.
const FOUND_MAX: usize = 16;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&TRADE, &COLLEAGUES].into_iter()
}

/// True when those who sell speak among themselves: what a message says of sales is then no offer. Whoever tells how to
/// refuse more of it speaks to customers; so does whoever sells by all words together ("no minimum payment, 20% off
/// everything"), and a few words say neither.
pub(in crate::understand) fn is_talk_of_work(readings: &[Reading<'_>], tally: Tally) -> bool {
    let is_of_the_house = |reading: &Reading<'_>| hearsay::is_of_the_house(reading) || hearsay::is_to_staff(reading);
    let is_planned = || !tally.is_from_a_sender() && readings.iter().any(hearsay::plans_sales);
    tally.may_be_spoken_of()
        && (readings.iter().any(is_of_the_house) || is_planned() || is_between_colleagues(readings))
}

/// Whether all parts together read as colleagues' talk: who leads to a page talks to customers.
fn is_between_colleagues(readings: &[Reading<'_>]) -> bool {
    if readings.iter().any(|reading| !reading.visible.links.is_empty()) {
        return false;
    }
    let words = |expression: &'static Expression| {
        let mut met = BTreeSet::new();
        for reading in readings {
            if let Some(regex) = expression.within(&reading.heard.may) {
                met.extend(regex.find_iter(&reading.normal.text).take(FOUND_MAX).map(|found| found.as_str()));
            }
        }
        met.len()
    };
    words(&TRADE) * OF_THE_TRADE + words(&COLLEAGUES) >= TALK_MIN
}

/// What is counted, kept and planned where things are sold, and shown to no customer.
static TRADE: Expression = expression!(
    r"(?-u:\b)(?:spreadsheets?|deck attached|rotas?|jira|sprint [0-9]+|sprint (?:closes|ends|review)|(?:the|a|code|this) bug|post[- ]?mortem|repro(?:'?d)?|on the (?:shared )?drive|backlog|deploy(?:ed|ment)?|hotfix|(?:price|markdown|overnight|stock|new) file|mailer|countdown email|(?:landing|pricing) page|page copy|launch plan|press samples|mechanic for|skus?|shelf[- ]edge|planogram)(?-u:\b)",
    r"|(?-u:\b)(?:margins?|footfall|(?:average|avg) (?:basket|order|sale|ticket|spend|[$£€])|conversion (?:rate|was|is)|open rate|click-?through|[0-9.]+% (?:opens?|clicks?)|against a plan|plan of [$£€]|(?:on|vs|versus) last year|like[- ]for[- ]like|brought in [$£€]|targets? (?:for|is|of)|sales target|w/e|h[12] budget|sell-?through|[0-9]+ uses|costs? us|% of orders|roll(?:ing)? it out|a normal (?:week|weekend|day)|lead time|write-?offs?|unsold|returns so far|redemptions?|redeemed by|uplift|gross profit|costings?|per cover|payroll|timesheets?)(?-u:\b)"
);
/// How colleagues call and ask each other, and whom they name.
static COLLEAGUES: Expression = expression!(
    r"(?:^|\n)(?:team|all|chef|folks)[,:]|(?-u:\b)(?:(?:hi|dear|hey|morning|hello) (?:all|both|folks|team)|store managers|fyi|(?:lock up|end of shift|handover|on shift)|window vinyl|head office visit|swap the|area (?:are|is) (?:walking|visiting)|if customers (?:ring|ask)|photo to me|call me before|ok with you|unless (?:u|you) object|tell me by|(?:comments|thoughts|numbers)(?: back)? (?:to me|by)|questions welcome|who'?s on (?:it|this)|who agreed|(?:can|could) (?:you|u) (?:re-?send|check|chase|look at)|on my sheet|suggest we|i'?d keep|i recommend|happy to go through|next report|attached is|suppliers?|growers|finance has|marketing (?:want|has|have|say)s?|stores say|budget|tills?(?: over)? (?:shows?|is down|are down)|across the group|influencer|contractor|head office|area manager|night crew|we agreed|your invoice|our end|short version|in the sheet|full numbers)(?-u:\b)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};

    fn talks(text: &str) -> bool {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        is_between_colleagues(&[Reading::of(0, &part)])
    }

    #[test]
    fn colleagues_speak_of_sales() {
        for text in [
            "Team, the spring sale rota is on the wall. Targets for the day as last year.",
            "The 25% off weekend brought in £48k against a plan of £41k",
            "fyi the summer sale mailer got 31% opens",
            "Sprint closes tonight and the discount code bug is still open. who's on it??",
            "Your invoice 2209 has the 5% off we agreed missing, can you resend?",
            "Half-price pumpkins: who agreed this? The supplier is on the phone, call me before 3",
        ] {
            assert!(talks(text), "{text}");
        }
    }

    #[test]
    fn shops_speak_to_customers() {
        for text in [
            "Hi all, 25% off everything this weekend. Call me on 555 0181",
            "Our supplier let us down, so it's half price till Friday",
            "Team kits 20% off for clubs. Marketing by nobody, prices by Jean",
            "Budget flights: 30% off all seats until Sunday",
            "Trade price list attached: 10% off boards. Marketing? We do our own. Call me, Jim",
            "Loft conversions 15% off, suppliers permitting",
            "3 for 2 on paint, unsold tins go to the school",
        ] {
            assert!(!talks(text), "{text}");
        }
    }
}
