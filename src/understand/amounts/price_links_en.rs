//! Which words tell the usual, the old or the later price of one thing from the one that is asked now? Those between both
//! ("instead of", "was", "from Monday they're"), those in front of the first and those behind the second; and the words of
//! what is no price at all ("class size is 20 not 25").

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, expression};
use crate::understand::patterns::pattern;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&OLD_LINK, &NOT_LINK, &LATER_LINK, &SINGLE, &DOES_IT, &KEEPS, &OLD_TAIL, &OLD_LEAD, &IF_TAIL, &EACH_TAIL]
        .into_iter()
        .chain([&IN_BRACKETS, &DOWN_LINK, &MONEY_WORDS])
}

macro_rules! usual_price {
    () => {
        r"(?:usual|normal|standard|regular|full|public|list|listed|old|ordinary|walk-in|high street|shop|counter|gate|door|rack|website|ticket|retail|original|published|advertised|everyday|non-member|previous|market|store|sticker|actual|flexible|peak|high[- ]season|winter|summer|spring|autumn|visitors?'?|non-resident|box office|menu|weekend|saturday|sunday|holiday|evening|in-store|catalogue|guest|on-the-day|last-minute|reg\.?|norm|std) (?:price|rate|fee|fare|tariff|cost|charge)s?"
    };
}
macro_rules! when {
    () => {
        r"from (?:the )?(?:[0-9]{1,2}(?:st|nd|rd|th)? )?(?:(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}|(?:mon|tues?|wednes|wed|thurs?|fri|satur|sat|sun)(?:day)?|tomorrow|tmrw|then|next)(?-u:\b)"
    };
}

/// Between the price and the one that is told to be old.
pub(in crate::understand) static OLD_LINK: Expression = expression!(
    r"(?-u:\b)(?:ins?te?a?e?d of|in stead of|instead ov|inst of|as opposed to|rather than|in place of|in lieu of|down from|reduced from|cut from|(?:compared (?:to|with)|against|versus|vs\.?) (?:the |our |their )(?:[a-z-]+ ){1,2}(?:price|rate|fee|fare|tariff|charge|cost)s?(?: of)?|compared (?:to|with)|against|versus|vs\.?|was|were|usually|usual|normally|normal|norm|ordinarily|ordinary|regularly|regular|reg\.?|ord\.?|orig\.?|originally|earlier|once|pehle|compared? at|retail|list|mrp|rrp|srp|msrp|u\.? ?p\.?|used to be|previously|formerly|otherwise|elsewhere|(?:i|we|they)(?:'d| would)? (?:was |were |normally |usually )?charg(?:e|es|ed|ing)(?: you)?|(?:it's|it has|they've|they have|its|has|have|had) been|e go be|back (?:up )?to|(?:normally |usually |ordinarily )?(?:sells?|sold|retails?|retailed|went|priced) (?:for|at)|(?:i|we)(?:'d|'ll)? (?:normally |usually |otherwise )(?:want|ask|take|get|pay|do (?:it|them) for)|(?:non-?members?|everyone else|everybody else|others|walk-ins|the public)(?:(?: will)? pays?)?|(?:we|i) had (?:it|them) at|(?:late|later|all other|other|subsequent) (?:bookings?|entries|entry|orders|sign-?ups|applicants|payments?|joiners)(?: are| is| costs?| pays?| will be|:)?|you(?:'d|'ll| would| will)? (?:normally |usually |otherwise )?(?:have )?(?:pay|paid)|(?:price|rate|fee) (?:after|before|otherwise|elsewhere)|(?:one by one|separately|apart|on their own|individually),? (?:they|it|that|you)(?:'d| would) (?:have )?(?:set you back|cost(?: you)?|come to|pay)|",
    usual_price!(),
    r"(?: is| are| was| were| of|:)?),? ?(?:the |a |an |about |around |nearly |at |for |usual |normal )*[:(]?[ ]?$"
);
/// "Are 12 not 18", "£4 a bunch, not £9".
pub(in crate::understand) static NOT_LINK: Expression =
    expression!(r"^(?:/[a-z]{1,6}| [a-z/]{1,8}){0,2},? ?\(?not (?:the usual )?$");
/// "£1, then £11", "£129. On Monday at 9am they become £159", "9k, e go be 12k from Monday".
pub(in crate::understand) static LATER_LINK: Expression = expression!(
    r"(?-u:\b)(?:(?:then|after that|afterwards?|thereafter)(?:,? (?:it'?s|they'?re|back at))?|(?:goes|go|going|went|jumps?|climbs?|rises?|shoots?) (?:straight )?(?:back )?(?:up )?to|(?:it|they|that)(?:'ll| will) be(?: back at)?|back (?:up )?to|reverts? (?:back )?to|returns? to|becomes?|(?:joins|books|buys|comes) (?:tomorrow|later|after|next [a-z]+) pays?|tomorrow,?(?: it'?s| they'?re| it is)?|tmrw|(?:at|from|on|after) [^£$€.]{2,28} (?:(?:it|they|that|the (?:price|fee|rate|fare)|prices?|e)(?:'s| is| are|'ll be| will be| will cost| would be|'d be| go be|s)|becomes?|will be|will cost)|(?:no|without an?y?) [a-z]{3,12} ?[=:]|,? e go be|kal se|",
    when!(),
    r"(?: (?:it'?s|they'?re|it is|only|(?:it|they) (?:would|will) (?:be|cost)))?)[,:]? ?(?:up )?(?:the |a )?$"
);
/// Behind the second: "£70 after that", "(£149 if you book them apart)", "£12 without".
pub(in crate::understand) static OLD_TAIL: Expression = expression!(
    r"^(?: ?/ ?[a-z]{1,6}| (?:a|an|per) [a-z]{2,8}| each| quid)?(?:,| -)? ?\(?(?:after(?:wards| that| then)?(?:[.,;!)]|$)|thereafter|otherwise|without(?: (?:it|one|the|a|code))?[).,;!]|before(?:[.,;!)]|$| (?:that|this|now)(?-u:\b))|tomorrow|tmrw|elsewhere|separately|(?:if )?(?:you )?(?:book|buy|bought|booked|get|got|sold|taken)? ?(?:them |it |each )?(?:apart|separately|singly|individually|one by one)|on the (?:door|day|gate|night|website|shelf|high street)|at the (?:door|gate)|(?:at )?(?:every|any|all) other (?:day|night|time|evening|morning|weekend|week|month|season)s?|again(?: (?:like|as|after|from|on|then|for|until)(?-u:\b)|[.,;!)]|$)|(?:on (?:and|or) )?after (?:the )?(?:[0-9]{1,2}(?:st|nd|rd|th)?|first|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|midnight|noon|christmas|easter|new year)|(?:the )?rest of the|as a rule|most days|any other|public rate|",
    usual_price!(),
    r"|full price|rrp|usually|normally|later|(?:when |brand )?new\)|next (?:week|month|year|term)|",
    when!(),
    r"|in (?:spring|summer|autumn|fall|winter|(?:the |our )?shops?(?-u:\b)|(?:the )?stores?(?-u:\b))|(?:standard|regular|full|late|door|gate|walk-in)(?: (?:rate|price|fee|entry))?(?:[.,;!)]|$)|(?:for|to) (?:everyone|everybody|anyone|others|non-members|the rest)|this morning|yesterday|last (?:week|month|year|time))"
);
/// In front of the first, when that is the old one.
pub(in crate::understand) static OLD_LEAD: Expression = expression!(
    r"(?-u:\b)(?:was|were|usually|usual|normally|normal|norm|used to be|ordinarily|regularly|regular|reg\.?|orig\.?|mrp|rrp|originally|full price|charging|",
    usual_price!(),
    r"(?: is| are| was| were| of|:)?|(?:on|in) the (?:site|website|shops?|stores?|high street|app|catalogue),?(?: (?:it's|it is|they're|they are|that's))?|(?:bought|sold|taken|booked|ordered|purchased) (?:separately|singly|one by one|individually|apart|on their own)[^.!?$£€0-9]{0,28}|(?:everyone|everybody) else(?: pays)?|others pay|non-?members(?: pay)?) ?(?:about |around )?[:(]?[ ]?$"
);
/// In front of the first, where that is the later one: "in February it says £39.99", "after that you'll pay £240".
pub(in crate::understand) static LATER_LEAD: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:in (?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}|(?:from|come|on|by) (?:tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next [a-z]+)|tomorrow|next (?:week|month|year)|after (?:that|this|then|the (?:[0-9]{1,2}(?:st|nd|rd|th)|weekend|sale|deadline))|afterwards|thereafter|(?:leave|miss) (?:it|this)[^.!?]{0,16}),?(?: (?:and )?(?:it|they|you|you'll|it'll|it's|that|the price|prices?|seats?|places?|tickets?|entry|everyone)(?:'s|'ll| will)?(?: (?:says?|be|is|are|pay|pays|costs?|reads?|goes (?:back )?to|will cost|back (?:at|to)))?)? (?:back (?:at|to) )?$"
);
/// Behind that one, in front of what it is now: "Right now it says £24.99", "£240 instead of £175".
pub(in crate::understand) static NOW_LINK: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:right now|now|today|tonight|until then|till then|for now|this (?:week|weekend|month))(?:,? (?:it|they|you|that)(?:'s|'re|'ll)?(?: (?:says?|is|are|pay|costs?|only|just))?)?,? (?:only |just )?$"
);
pub(in crate::understand) static INSTEAD: LazyLock<Option<Regex>> =
    pattern!(r"^ (?:[a-z]+ )?(?:instead of|rather than|not|up from|as opposed to) (?:the |today's )?$");
/// Who pays less for who they are, and for good: "£14 for residents, £19 for everybody else".
pub(in crate::understand) static OTHER_PEOPLE: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:residents|locals|villagers|parishioners|charities|tenants|ratepayers)(?-u:\b)[^.!?]{0,24}$");
/// Behind the second that is told to be its own: "99p tonight. It's £7.99 when you wake up".
pub(in crate::understand) static NEXT_DAY: LazyLock<Option<Regex>> =
    pattern!(r"^ (?:when you (?:wake|get up)|in the morning|by (?:the )?morning|at breakfast|come (?:the )?morning)");
/// Behind a list that is none of prices: "plots go to the waiting list, 41 on it".
pub(in crate::understand) static A_LIST: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:waiting|wait|guest|mailing|reserve|wish|shopping|to-do|short|my|your|the|a) list,? ?\(?$");
/// What is over: "your intro price has finished, from next month it's £39.99".
pub(in crate::understand) static FINISHED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:has|have|is|are) (?:now |just )?(?:finished|ended|expired|over|come to an end|run out)(?-u:\b)"
);
/// Behind the second, lower one: "ten if you text me".
pub(in crate::understand) static IF_TAIL: Expression = expression!(
    r"^(?: (?:quid|each|only|pp|per person))? (?:if (?:you|u|ur|your|paid|booked|bought)|in advance|when you|for (?:the first|members|text))(?-u:\b)"
);
/// Behind what one costs, in front of what several do: "£18 each or 2 for £30", "one framed is £40, three are £100".
pub(in crate::understand) static BUNDLE: LazyLock<Option<Regex>> = pattern!(
    r"^ ?(?:each|ea|apiece|singly|per [a-z]{2,10}|an? [a-z]{2,10})[.,;:]? ?\(?(?:or |and )?(?:any )?(?P<each>[2-9]|1[0-2]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) for (?:just |only )?$",
    r"|^,? or (?:any )?(?P<or>[2-9]|1[0-2]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) for (?:just |only )?$",
    r"|^[,;]? (?:and )?(?P<are>[2-9]|1[0-2]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) are (?:just |only )?$",
);
/// Between the price and that of whoever comes early: "£160. Members who book by 12 March pay £140".
pub(in crate::understand) static FOR_THE_EARLY: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:those|members|anyone|anybody|everyone|everybody|customers|friends) who|if you|when you) (?:book|order|join|enrol|register|sign up|reserve|renew)(?: it| early| online| now| a place| your place)? (?:by|before) (?:[a-z0-9]+ ){1,3}(?:(?:you |they )?pays? |it'?s |it is )(?:only |just )?$"
);
/// Behind it: what is paid so is a part, or for something else.
pub(in crate::understand) static PAID_IN_PARTS: LazyLock<Option<Regex>> =
    pattern!(r"^ ?(?:/|a |per |each |deposit|down(?-u:\b)|now and|now, |more|extra|to [a-z])");
/// Behind what one of several costs.
pub(in crate::understand) static EACH_TAIL: Expression = expression!(
    r"^ ?(?:each|apiece|ea(?-u:\b)|a (?:piece|go|pop)|singly|individually|separately|on (?:its|their) own)"
);

/// "It's 65 on the website", told beside another price.
pub(in crate::understand) static ITS: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:it'?s|they'?re|that'?s|thats|theyre|is)[ ]$");
/// From one to the other, or one beside the other.
pub(in crate::understand) static RANGES: LazyLock<Option<Regex>> =
    pattern!(r"^ ?(?:to|-|→|->|=>|and|or|&|~|/|\+|plus) ?$|(?-u:\b)(?:up to|plus) $");
/// "Your fee rises from £10": what follows is dearer for whoever has it already.
pub(in crate::understand) static RAISED: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:from|rises?|rose|increases?|increased|goes up|go up|went up)(?-u:\b)[^.]{0,12}$");
/// The second stands so near that the words behind it are of both.
pub(in crate::understand) static BESIDE: LazyLock<Option<Regex>> = pattern!(
    r"^[^.!?]{0,60}[,;(–-]? ?\(?$|^[^!?]{0,24}\. ?(?:it'?s|they'?re|it is|it was|then|and|but)?,? ?(?:that'?s )?$"
);
/// What a lower price is told by, behind the old one.
pub(in crate::understand) static NOW: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:now|today|tonight|it'?s|it is|they'?re|is|this|for|just|only|together|here|to|doing|down|at|yours|we'll|i'll|pay|til|till|until|but|are|from|on|as of)(?-u:\b)|(?-u:\b)(?:early[ -](?:bird|booking)|members?'?|students?'?|trade|company|corporate|group|advance|online|launch|intro(?:ductory)?|club|pre-?order|offer|sale|promo(?:tional)?|discounted|reduced|special) (?:booking )?(?:price|rate|fee|fare|tariff|ticket)s?(?: is| are)?:? ?$|^ ?(?:->|→|=>|[,;:/)-]|\.\.+)? ?$"
);
/// "£640 all in. Say yes by the 25th and I can do it for £580".
pub(in crate::understand) static DOES_IT: Expression = expression!(
    r"(?-u:\b)(?:i|we)(?:'ll| can| could| will|'m|'re)? (?:do|doing|let|make) (?:it|them|that|this|you|u|both)(?: it| one| go)? (?:for|at) $"
);
/// "$15 gate, ten if": the dearer way.
pub(in crate::understand) static DEARER: LazyLock<Option<Regex>> = pattern!(
    r"^ ?(?:on the |at the )?(?:gate|door|list|otherwise|full price|normally|usually|on the day|walk-?in|cash)?[a-z ]{0,12}, ?(?:or |but |only )?(?:it's )?$"
);
/// "Your monthly price will be £41.50": a bill that changes.
pub(in crate::understand) static OF_THE_READER: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:your|ur)[ \n](?:[a-z]+[ \n]){0,3}(?:bills?|premiums?|payments?|rent|subscription|tariff|instal?ments?|direct debit|mortgage|policy|monthly price|renewal (?:price|premium|quote)|(?:plan|price) (?:will|rises|goes|changes|increases|is going)|charges?|next renewal|workspace)(?-u:\b)"
);
/// "Deposits of £30 are due on 4 March. Full price is £185".
pub(in crate::understand) static DEPOSIT: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:deposits?|down ?payments?|holding fee|instal?ments?)(?: (?:of|is|are|only|just))?:? $");
/// "£60 due by 2 May, thereafter £100".
pub(in crate::understand) static BILLED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:due (?:by|on|in|now|before)|balance (?:is|was|of)|fines?|fined|penalty|owed?|debt|arrears|overdue|(?:phone|electric(?:ity)?|gas|water|heating|energy|broadband|our|my) bills?|refund|deposited|debited)(?-u:\b)"
);
/// Worded as done: "you saved £5", and not "it was thirty two before we got the second chair".
pub(in crate::understand) static PAID: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:saved|paid|bought|applied|redeemed|expired|ended|over|ordered|found|i got|total|receipt|included|deducted)(?-u:\b)"
);
/// A receipt tells what was struck out, too.
pub(in crate::understand) static RECEIPT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:receipt(?:$|[.,:!\n]| (?:no|for|from|of))|your receipt|subtotal|order (?:no\.? ?|number |#)?#?[0-9]{3,}|paid (?:by (?:card|visa|cash|paypal|direct|mastercard)|with (?:card|visa)|in full)|(?:total|amount) paid|total:? [$£€]|thanks? (?:you )?for your (?:order|purchase)|invoice (?:no|number|#|[0-9])|your invoice)"
);
/// "2 plates for 20, single plate 13".
pub(in crate::understand) static SINGLE: Expression =
    expression!(r"(?-u:\b)(?:singles?|one|each|single [a-z]{2,12}|one [a-z]{2,12})[: ]{1,2}$");
/// The end of "was £99, now £49": somebody's wording, or a slip of the hand.
pub(in crate::understand) static SPOKEN_OF: LazyLock<Option<Regex>> = pattern!(
    r#"["']\s?(?:was |were )?$|(?-u:\b)(?:typed|wrote|entered|paid|charged you|i scored|i earn) $|^(?:just |finally )?(?:got|bought|picked up|managed to get) (?:the|us|our|2|3|4|two|three|four|those|them) [^.!?]{0,40}$"#
);
/// "Passes bought before then are £80", "keep the old price", "at the current rate".
pub(in crate::understand) static KEEPS: Expression = expression!(
    r"(?-u:\b)(?:at|keeps?|locks? in|hold|pays?|gets?|secure|fix|freeze) (?:the |this |your |our )?(?:current|old|existing|present|today's|this year's) (?:price|rate|fee|tariff|cost)s?(?-u:\b)|(?-u:\b)(?:bought|booked|ordered|paid for|placed|confirmed|reserved|received) (?:before|by) (?:then|that|the)(?-u:\b)|(?-u:\b)beat the (?:price )?(?:rise|increase|hike)(?-u:\b)|(?-u:\b)(?:before|by) [^.!?$£€]{3,28} (?:pays?|keeps?|gets? it for|is|are|stays? at) [$£€][0-9]|(?-u:\b)you (?:keep|still pay|only pay|lock in) [$£€]"
);
pub(in crate::understand) static RISES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:goes|go|going|rises?|rising|increases?|will (?:be|cost|go|rise|increase|become)|moves?|changes?)(?-u:\b)"
);
pub(in crate::understand) static TO_COME: LazyLock<Option<Regex>> =
    pattern!(r"^(?: (?:a|an|per) [a-z]{2,8}|/[a-z]{1,6})? ?(?:(?:up )?to|→|->|=>) ?$");
pub(in crate::understand) static STILL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:instead of|rather than|(?:it's|it has|they've|its) been|currently|now|still|today(?: it's)?|they're|it's) $"
);
/// What is counted or measured, and not sold: "class size is 20 not 25".
pub(in crate::understand) static NO_GOODS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:table for|size|speed|limit|temperature|temps?|degrees|weights?|weigh(?:ed|s)?|scor(?:e|ed|es|ing)|marks?|exams?|tests?|grades?|meeting|room|flight|train|bus|gate|people|aged?|budget|salary|pressure|mph|steps|points|rank(?:ed)?|capacity|sleeps|attendance|votes|we are|there (?:are|were)|turnout|numbers|i got|i'm on|won|lost|led|beat|kick-?off|doors|bills?)(?-u:\b)|(?-u:\b)(?:she'?s|he'?s|i'm|am|ur) $"
);
pub(in crate::understand) static UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:until|till?|before|by|up to|if)(?-u:\b)[^.]{2,40}[,;(/-] ?$|(?-u:\b)for [^.]{2,60}(?-u:\b)(?:until|till?|before|by|up to)(?-u:\b)[^.]{2,24} and $"
);
pub(in crate::understand) static AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^ (?:after(?:wards)?|thereafter)(?:[.,;!)]|$)|^ for (?:[a-z']+ ){1,7}(?:later|after(?:wards| that| then)?|thereafter)(?:[.,;!)]|$)"
);
pub(in crate::understand) static COUNT: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)([2-9]|1[0-9]|two|three|four|five|six)(?: [a-z]{2,12}){0,2}[ -]for[ -]?$");
/// "£58 (winter rate £79)", "£179 (new £349)", "£29 a bottle (later £36)": what brackets name beside a price is the dearer way.
pub(in crate::understand) static IN_BRACKETS: Expression = expression!(
    r"\((?:(?:when |brand |bought )?new|later|after|then|last (?:month|week|year|season)|(?:[a-z-]+ ){1,2}(?:price|rate|fee|fare|tariff)s?):? $"
);
/// Another buyer or another measure, and not another time: "child £5 (adult rate £9)", "£9 (weekly rate £45)".
pub(in crate::understand) static OTHER_GOODS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:adults?|child(?:ren)?|family|double|single|couples?|commercial|business|daily|weekly|monthly|annual|yearly|hourly|half-day|full-day|late|interest|exchange|large|small|xl)(?-u:\b)"
);
/// "$210 a night knocked to $160", "£60, cut to £45".
pub(in crate::understand) static DOWN_LINK: Expression = expression!(
    r"(?-u:\b)(?:knocked|cut|chopped|reduced|slashed|dropped|drops|marked|brought|trimmed|lowered|shaved|comes down|goes down|coming down|going down)(?: down| back)? to (?:just |only |a )?$"
);
/// "$12 pumpkin pies for $7", "£40 of plants for £25".
pub(in crate::understand) static GOODS_FOR: LazyLock<Option<Regex>> =
    pattern!(r"^ (?:worth of |of )?[a-z][a-z' -]{2,40} for (?:just |only )?$");
/// What is worth more than it costs without being cheaper: cover, a loan, a bet; and what is paid by the month.
pub(in crate::understand) static NO_BARGAIN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:cover|insurance|loans?|credit|limit|deposits?|bets?|prizes?|jackpot|fines?|bills?|fees?|salary|invoice|refund|payment|cheque|transfer|budget|damage|down|paid|sold|sells?|notes?|coins?)(?-u:\b)"
);
pub(in crate::understand) static BY_THE_MONTH: LazyLock<Option<Regex>> = pattern!(
    r"^ ?(?:/|a |an |per |p/?)(?:month|mth|mo|week|wk|year|yr|m|w|day|hour|pound|pack|lb|kg|ticket|year)(?-u:\b)"
);
/// "Our £45 facial is £30 on Tuesdays".
pub(in crate::understand) static GOODS_ARE: LazyLock<Option<Regex>> =
    pattern!(r"^ [a-z][a-z' -]{2,32} (?:is|are|costs?|now|yours for|yours at)(?: just| only| now| yours for)? $");
pub(in crate::understand) static KNOWN_GOODS: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:our|the|an?|this|that|these|those|any|every|all)(?: [a-z]+)? $");
/// A bargain of one's own: "I sold my £300 bike for £120".
pub(in crate::understand) static ONES_OWN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:i|i'd|i've|my|he|she|his|her|mum|mom|dad|got|bought|sold|swapped|found|paid|won)(?-u:\b)[^.!?]{0,20}$"
);
/// Who buys early, or belongs: "advance £12 / door £16", "£12 adv, £16 otd". In front of a price, and behind it.
pub(in crate::understand) static EARLY_LEAD: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:early[ -]?birds?|early|adv|advance|in advance|pre-?(?:book(?:ed|ing)?|orders?|sale)|members?)(?: (?:entry|tickets?|price|rate|fee|booking))?:? $"
);
pub(in crate::understand) static EARLY_TAIL: LazyLock<Option<Regex>> = pattern!(
    r"^ (?:early[ -]?birds?|adv|advance|in advance|pre-?(?:booked|booking|orders?|sale)|(?:for )?members)(?-u:\b)"
);
/// And who does not.
pub(in crate::understand) static LATE_LEAD: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:standard|regular|door|gate|otd|on the (?:day|door|night)|at the (?:door|gate)|walk-?ins?|late|full price|general(?: admission)?|non-?members?)(?: (?:entry|tickets?|price|rate|fee|booking))?:? $"
);
pub(in crate::understand) static LATE_TAIL: LazyLock<Option<Regex>> =
    pattern!(r"^ (?:standard|otd|on the (?:day|door|night)|at the (?:door|gate)|walk-?in|non-?members?)(?-u:\b)");
/// Behind the dearer: "£80 in the shops. Here, £45", "£146 bought separately".
pub(in crate::understand) static ELSEWHERE: LazyLock<Option<Regex>> = pattern!(
    r"^(?: each)?,? \(?(?:in (?:the )?shops|on the high street|elsewhere|(?:(?:if )?(?:bought|sold) )?(?:separately|singly|one by one)|when new|new)(?-u:\b)"
);
/// Money in words.
pub(in crate::understand) static MONEY_WORDS: Expression =
    expression!(r"(?-u:\b)(?:fiver|tenner|quid|bucks|pounds?|dollars?|euros?)(?-u:\b)");
