//! Two prices told for one thing, in English: "£6 each instead of 8.50", "was 55 now 40", "£55 if you book before 15 May,
//! £70 after that", "£399 up to 30 April. From 1 May it goes back to £1,149". The lower one is asked now, and the other is
//! the usual, the old or the later one, whatever it is called; a figure needs no sign of money where the words between
//! both leave no doubt: "skin fades are 12 not 18".
//!
//! Two prices with nothing between them but goods ("lunch £12, dinner £18") are two things, and a price that merely rises
//! ("from £31.99 to £34.99") lowers nothing.

use std::cell::LazyCell;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::expression::{Expression, May, expression};
use super::figures_en::{Figure, figures_in};
use super::language::is_han;
use super::lexicon::Cue;
use super::meaning::Discount;
use super::patterns::{pattern, says};
use super::prices::{Amount, AmountKind};
use super::reading::Sentence;
use super::reductions::Off;

/// How much stands between two prices of one thing.
const BETWEEN_BYTES_MAX: usize = 120;
/// How far beside a pair the words stand that make it one.
const BESIDE_BYTES_MAX: usize = 48;
/// Of two figures without a sign of money one is no more than so many times the other, or they are of two things.
const BARE_TIMES_MAX: u64 = 6;

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&OLD_LINK, &NOT_LINK, &LATER_LINK, &SINGLE, &DOES_IT, &KEEPS, &OLD_TAIL, &OLD_LEAD, &IF_TAIL, &EACH_TAIL]
        .into_iter()
}

/// Marks the pairs of a part: the prices get their kinds, and the sentence what is taken off.
pub(super) fn mark_pairs(text: &str, sentences: &mut [Sentence]) {
    // Who rises a price and says how to have the old one offers that.
    let keeps = LazyCell::new(|| KEEPS.is_in(&May::ANY, text));
    let is_receipt = LazyCell::new(|| says(&RECEIPT, text));
    for index in 0..sentences.len() {
        let Some(own) = sentences.get(index).filter(|own| own.has_digit || own.cues.has(Cue::MayCost)) else {
            continue;
        };
        let before = index.checked_sub(1).and_then(|before| sentences.get(before));
        // "Standard price £32. Tonight's diners pay £24."
        let beside = |before: &Sentence| !before.amounts.is_empty() && !own.amounts.is_empty() && may_pair(before);
        if !may_pair(own) && !before.is_some_and(beside) {
            continue;
        }
        let Some(words) = text.get(own.range.clone()) else { continue };
        if own.is_past && says(&PAID, words) || own.is_refund || own.cues.has(Cue::Code) || words.chars().any(is_han) {
            continue;
        }
        let is_billed = says(&BILLED, words) || says(&OF_THE_READER, words);
        let mut figures = figures_in(text, own.range.clone(), &own.amounts);
        let mut may = own.may;
        // "From 1 May it goes back to £1,149": what it costs until then stands in the sentence before.
        let mut carried = 0;
        if let Some(before) = before
            && !figures.is_empty()
            && before.has_digit
            && !before.is_past
        {
            let last = figures_in(text, before.range.clone(), &before.amounts).into_iter().next_back();
            // Of two sentences one price at least must be told as money.
            if let Some(last) = last.filter(|last| last.currency.is_some() && !is_taken_off(last, &before.amounts)) {
                figures.insert(0, Figure { amount: None, ..last });
                (carried, may) = (1, may.or(before.may));
            }
        }
        if is_billed || *is_receipt {
            continue;
        }
        let rises = figures.len() > 1 && says(&RISES, words_from(text, &figures, own)) && *keeps;
        let pairs = pairs_of(&may, text, &figures, &own.amounts, own.range.end, rises);
        let Some(own) = sentences.get_mut(index) else { continue };
        for pair in pairs {
            let mut set = |figure: &Figure, kind: AmountKind| {
                let amount = figure.amount.and_then(|at| own.amounts.get_mut(at));
                if let Some(amount) = amount.filter(|amount| amount.kind != kind) {
                    (amount.kind, amount.said) = (kind, true);
                    amount.asks |= kind == AmountKind::Price;
                }
            };
            set(&pair.now, AmountKind::Price);
            set(&pair.then, AmountKind::ListPrice);
            let start = if carried > 0 { pair.range.start.max(own.range.start) } else { pair.range.start };
            let off = Off { discount: pair.discount, range: start..pair.range.end, is_pair: true };
            let taken = |known: &Off| known.is_figure() && !known.is_pair;
            if !own.offs.iter().any(taken) {
                own.offs.retain(|known| known.discount != Discount::Unsaid);
                own.offs.push(off);
            }
        }
        own.offs.sort_by_key(|off| off.range.start);
        if own.percent_off.is_none() {
            own.percent_off = own.offs.iter().find_map(|off| match off.discount {
                Discount::Percent(percent) => Some(percent),
                _ => None,
            });
        }
    }
}

/// Whether anything of a pair may stand in it.
fn may_pair(sentence: &Sentence) -> bool {
    sentence.amounts.len() > 1 || asked().any(|expression| expression.within(&sentence.may).is_some())
}

struct Pair {
    now: Figure,
    then: Figure,
    discount: Discount,
    range: Range<usize>,
}

fn pairs_of(may: &May, text: &str, figures: &[Figure], amounts: &[Amount], end: usize, rises: bool) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for at in 0..figures.len().saturating_sub(1) {
        let (Some(one), Some(other)) = (figures.get(at), figures.get(at + 1)) else { break };
        let free = at.checked_sub(1).and_then(|at| figures.get(at)).map_or(0, |before| before.range.end);
        let next = figures.get(at + 2).map_or(end, |next| next.range.start).max(other.range.end);
        let around = Around::of(text, one, other, free, next);
        let Some(around) = around else { continue };
        if says(&SPOKEN_OF, &around.lead)
            || !one.is_like(other)
            || is_taken_off(one, amounts)
            || is_taken_off(other, amounts)
        {
            continue;
        }
        let lowered = if one.hundredths < other.hundredths {
            around.second_is_old(may, one, other).then_some((one, other))
        } else if one.hundredths > other.hundredths {
            around.first_is_old(may, one, other).then_some((other, one))
        } else {
            None
        };
        let lowered = lowered.or_else(|| rises.then(|| around.kept(one, other)).flatten());
        let told = lowered.and_then(|(now, then)| Some((now.clone(), then.clone(), between(now, then)?)));
        let told = told.or_else(|| around.several(may, one, other));
        if let Some((now, then, discount)) = told {
            pairs.push(Pair { now, then, discount, range: one.range.start..other.range.end });
        }
    }
    pairs
}

/// The sentence, with the one before it where a price was carried over from there.
fn words_from<'t>(text: &'t str, figures: &[Figure], own: &Sentence) -> &'t str {
    let start = figures.first().map_or(own.range.start, |first| first.range.start.min(own.range.start));
    let start = text.floor_char_boundary(start.saturating_sub(BESIDE_BYTES_MAX));
    text.get(start..own.range.end).unwrap_or_default()
}

/// Savings and thresholds are no prices, whatever stands beside them.
fn is_taken_off(figure: &Figure, amounts: &[Amount]) -> bool {
    let kind = figure.amount.and_then(|at| amounts.get(at)).map(|amount| amount.kind);
    matches!(kind, Some(AmountKind::Saving | AmountKind::Threshold))
}

/// What is taken off: an amount where the currency is known, else percent.
fn between(now: &Figure, then: &Figure) -> Option<Discount> {
    if let Some(off) = now.below(then) {
        return Some(Discount::Amount(off));
    }
    let off = then.hundredths.checked_sub(now.hundredths)?.checked_mul(100)?;
    let percent = (off + then.hundredths / 2) / then.hundredths.max(1);
    u8::try_from(percent.clamp(1, 99)).ok().map(Discount::Percent)
}

/// The words around two figures.
struct Around {
    /// As far as it may tell how many are bought.
    head: String,
    /// Behind the figure before.
    lead: String,
    link: String,
    tail: String,
}

impl Around {
    fn of(text: &str, one: &Figure, other: &Figure, free: usize, next: usize) -> Option<Around> {
        let link = text.get(one.range.end..other.range.start).filter(|link| link.len() <= BETWEEN_BYTES_MAX)?;
        let before = text.get(..one.range.start)?;
        let from = before.ceil_char_boundary(before.len().saturating_sub(BESIDE_BYTES_MAX));
        let (head, lead) = (before.get(from..)?, before.get(from.max(free)..)?);
        let tail = text.get(other.range.end..next)?;
        let tail = tail.get(..tail.floor_char_boundary(BESIDE_BYTES_MAX))?;
        let flat = |words: &str| words.replace('\n', " ");
        Some(Around { head: flat(head), lead: flat(lead), link: flat(link), tail: flat(tail) })
    }

    /// "12 not 18", "£60 a kid (£85 from Monday)".
    fn second_is_old(&self, may: &May, one: &Figure, other: &Figure) -> bool {
        let is_money = one.currency.is_some() || other.currency.is_some();
        let is_near = is_money || other.hundredths <= one.hundredths * BARE_TIMES_MAX;
        let is_told = is_money || !says(&NO_GOODS, &self.head);
        if is_told && (OLD_LINK.is_in(may, &self.link) || NOT_LINK.is_in(may, &self.link)) {
            return is_near;
        }
        if says(&RANGES, &self.link) {
            return false;
        }
        if says(&ITS, &self.link) && OLD_TAIL.is_in(may, &self.tail) {
            return is_near;
        }
        let is_both = one.currency.is_some() && other.currency.is_some();
        let later = LATER_LINK.is_in(may, &self.link) && !says(&RAISED, &self.lead);
        // "45 till Sunday, 58 after."
        let after = says(&UNTIL, &self.link) && says(&AFTER, &self.tail);
        after && is_near && !says(&NO_GOODS, &self.head)
            || later && (is_money || self.tail.starts_with(" again")) && is_near
            || is_money && OLD_TAIL.is_in(may, &self.tail) && says(&BESIDE, &self.link)
            || is_both && self.link == " (" && self.tail.starts_with(')')
    }

    /// "Was 55 now 40", "usually 45, today 30", "$15 gate, ten if you text me".
    fn first_is_old(&self, may: &May, one: &Figure, other: &Figure) -> bool {
        let is_money = one.currency.is_some() || other.currency.is_some();
        let is_near = is_money || one.hundredths <= other.hundredths * BARE_TIMES_MAX && !says(&NO_GOODS, &self.head);
        let old = OLD_LEAD.is_in(may, &self.lead) && says(&NOW, &self.link);
        is_near && (old || is_money && (DOES_IT.is_in(may, &self.link) || self.asks_less_if(may)))
    }

    fn asks_less_if(&self, may: &May) -> bool {
        says(&DEARER, &self.link) && IF_TAIL.is_in(may, &self.tail)
    }

    /// "Colour goes from $110 to $125", "a pass will cost £92. It's been £80": the lower price, and the one to come, where the
    /// lower one can still be had.
    fn kept<'f>(&self, one: &'f Figure, other: &'f Figure) -> Option<(&'f Figure, &'f Figure)> {
        one.currency.or(other.currency)?;
        if one.hundredths < other.hundredths {
            return says(&TO_COME, &self.link).then_some((one, other));
        }
        (one.hundredths > other.hundredths && says(&STILL, &self.link)).then_some((other, one))
    }

    /// "Any three for £20 (they're £8.99 each)": so many for less than so many times one.
    fn several(&self, may: &May, one: &Figure, other: &Figure) -> Option<(Figure, Figure, Discount)> {
        let count = COUNT.as_ref()?.captures(&self.head)?;
        let spelled = ["two", "three", "four", "five", "six"];
        let count = count.get(1).map(|written| written.as_str())?;
        let count: u64 = spelled
            .iter()
            .position(|known| *known == count)
            .map_or_else(|| count.parse().ok(), |at| Some(at as u64 + 2))?;
        let apart = other.hundredths.checked_mul(count)?;
        let told =
            (EACH_TAIL.is_in(may, &self.tail) || SINGLE.is_in(may, &self.link)) && one.hundredths > other.hundredths;
        let discount =
            between(one, &Figure { hundredths: apart, ..other.clone() }).filter(|_| apart > one.hundredths)?;
        // What one costs is no old price of the several.
        let none = |figure: &Figure| Figure { amount: None, ..figure.clone() };
        told.then(|| (none(one), none(other), discount))
    }
}

macro_rules! usual_price {
    () => {
        r"(?:usual|normal|standard|regular|full|public|list|listed|old|ordinary|walk-in|high street|shop|counter|gate|door|rack|website|ticket|retail|original|published|advertised|everyday|non-member|previous|market|store|sticker|actual|box office|menu|weekend|saturday|sunday|holiday|evening|in-store|catalogue|guest|on-the-day|last-minute|reg\.?|norm|std) (?:price|rate|fee|fare|tariff|cost|charge)s?"
    };
}
macro_rules! when {
    () => {
        r"from (?:the )?(?:[0-9]{1,2}(?:st|nd|rd|th)? )?(?:(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}|(?:mon|tues?|wednes|wed|thurs?|fri|satur|sat|sun)(?:day)?|tomorrow|tmrw|then|next)(?-u:\b)"
    };
}

/// Between the price and the one that is told to be old.
static OLD_LINK: Expression = expression!(
    r"(?-u:\b)(?:instead of|rather than|in place of|in lieu of|down from|reduced from|cut from|compared (?:to|with)|against|versus|vs\.?|was|were|usually|usual|normally|normal|norm|ordinarily|regularly|regular|reg\.?|orig\.?|originally|list|mrp|rrp|srp|msrp|u\.? ?p\.?|used to be|previously|formerly|otherwise|elsewhere|(?:i|we|they)(?:'d| would)? (?:was |were |normally |usually )?charg(?:e|es|ed|ing)(?: you)?|(?:it's|it has|they've|its) been|e go be|back (?:up )?to|(?:normally |usually |ordinarily )?(?:sells?|sold|retails?|retailed|went|priced) (?:for|at)|(?:i|we)(?:'d|'ll)? (?:normally |usually |otherwise )(?:want|ask|take|get|pay|do (?:it|them) for)|(?:non-?members?|everyone else|everybody else|others|walk-ins|the public)(?:(?: will)? pays?)?|(?:we|i) had (?:it|them) at|(?:late|later|all other|other|subsequent) (?:bookings?|entries|entry|orders|sign-?ups|applicants|payments?|joiners)(?: are| is| costs?| pays?| will be|:)?|you(?:'d|'ll| would| will)? (?:normally |usually |otherwise )?(?:have )?(?:pay|paid)|(?:price|rate|fee) (?:after|before|otherwise|elsewhere)|",
    usual_price!(),
    r"(?: is| are| was| were| of|:)?),? ?(?:the |a |an |about |around |nearly |at |for |usual |normal )*[:(]?[ ]?$"
);
/// "Are 12 not 18", "£4 a bunch, not £9".
static NOT_LINK: Expression = expression!(r"^(?: [a-z/]{1,8}){0,2},? ?\(?not (?:the usual )?$");
/// "£1, then £11", "£129. On Monday at 9am they become £159", "9k, e go be 12k from Monday".
static LATER_LINK: Expression = expression!(
    r"(?-u:\b)(?:(?:then|after that|afterwards?|thereafter)(?:,? (?:it'?s|they'?re|back at))?|(?:goes|go|going|went|jumps?|climbs?|rises?|shoots?) (?:straight )?(?:back )?(?:up )?to|(?:it|they|that)(?:'ll| will) be(?: back at)?|back (?:up )?to|reverts? (?:back )?to|returns? to|becomes?|(?:joins|books|buys|comes) (?:tomorrow|later|after|next [a-z]+) pays?|tomorrow,?(?: it'?s| they'?re| it is)?|tmrw|(?:at|from|on|after) [^£$€.]{2,28} (?:(?:it|they|that|the (?:price|fee|rate|fare)|prices?|e)(?:'s| is| are|'ll be| will be| will cost| would be|'d be| go be|s)|becomes?|will be|will cost)|(?:no|without an?y?) [a-z]{3,12} ?[=:]|,? e go be|",
    when!(),
    r"(?: (?:it'?s|they'?re|it is|only|(?:it|they) (?:would|will) (?:be|cost)))?),? ?(?:up )?(?:the |a )?$"
);
/// Behind the second: "£70 after that", "(£149 if you book them apart)", "£12 without".
static OLD_TAIL: Expression = expression!(
    r"^(?: ?/ ?[a-z]{1,6}| (?:a|an|per) [a-z]{2,8}| each| quid)?(?:,| -)? ?\(?(?:after(?:wards| that| then)?(?:[.,;!)]|$)|thereafter|otherwise|without(?: (?:it|one|the|a|code))?[).,;!]|tomorrow|tmrw|elsewhere|separately|(?:if )?(?:you )?(?:book|buy|bought|booked|get|got|sold|taken)? ?(?:them |it |each )?(?:apart|separately|singly|individually|one by one)|on the (?:door|day|gate|night|website|shelf|high street)|at the (?:door|gate)|every other (?:day|week|month)|(?:the )?rest of the|as a rule|most days|any other|public rate|",
    usual_price!(),
    r"|full price|rrp|usually|normally|later|next (?:week|month|year|term)|",
    when!(),
    r"|in (?:spring|summer|autumn|fall|winter|the shops|store)|(?:standard|regular|full|late|door|gate|walk-in)(?: (?:rate|price|fee|entry))?(?:[.,;!)]|$)|(?:for|to) (?:everyone|everybody|anyone|others|non-members|the rest)|this morning|yesterday|last (?:week|month|year|time))"
);
/// In front of the first, when that is the old one.
static OLD_LEAD: Expression = expression!(
    r"(?-u:\b)(?:was|were|usually|usual|normally|normal|norm|used to be|ordinarily|regularly|regular|reg\.?|orig\.?|mrp|rrp|originally|full price|charging|",
    usual_price!(),
    r"(?: is| are| was| were| of|:)?) ?(?:about |around )?[:(]?[ ]?$"
);
/// Behind the second, lower one: "ten if you text me".
static IF_TAIL: Expression = expression!(
    r"^(?: (?:quid|each|only|pp|per person))? (?:if (?:you|u|ur|your|paid|booked|bought)|in advance|when you|for (?:the first|members|text))(?-u:\b)"
);
/// Behind what one of several costs.
static EACH_TAIL: Expression = expression!(
    r"^ ?(?:each|apiece|ea(?-u:\b)|a (?:piece|go|pop)|singly|individually|separately|on (?:its|their) own)"
);

/// "It's 65 on the website", told beside another price.
static ITS: LazyLock<Option<Regex>> = pattern!(r"(?-u:\b)(?:it'?s|they'?re|that'?s|thats|theyre|is)[ ]$");
/// From one to the other, or one beside the other.
static RANGES: LazyLock<Option<Regex>> = pattern!(r"^ ?(?:to|-|and|or|&|~|/|\+|plus) ?$|(?-u:\b)(?:up to|plus) $");
/// "Your fee rises from £10": what follows is dearer for whoever has it already.
static RAISED: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:from|rises?|rose|increases?|increased|goes up|go up|went up)(?-u:\b)[^.]{0,12}$");
/// The second stands so near that the words behind it are of both.
static BESIDE: LazyLock<Option<Regex>> = pattern!(
    r"^[^.!?]{0,60}[,;(–-]? ?\(?$|^[^!?]{0,24}\. ?(?:it'?s|they'?re|it is|it was|then|and|but)?,? ?(?:that'?s )?$"
);
/// What a lower price is told by, behind the old one.
static NOW: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:now|today|tonight|it'?s|it is|is|this|for|just|only|to|doing|down|at|yours|we'll|i'll|pay|til|till|until|but|are|from|on|as of)(?-u:\b)|^ ?(?:->|→|=>|[,;:/)-]|\.\.+)? ?$"
);
/// "£640 all in. Say yes by the 25th and I can do it for £580".
static DOES_IT: Expression = expression!(
    r"(?-u:\b)(?:i|we)(?:'ll| can| could| will|'m|'re)? (?:do|doing|let|make) (?:it|them|that|this|you|u|both)(?: it| one| go)? (?:for|at) $"
);
/// "$15 gate, ten if": the dearer way.
static DEARER: LazyLock<Option<Regex>> = pattern!(
    r"^ ?(?:on the |at the )?(?:gate|door|list|otherwise|full price|normally|usually|on the day|walk-?in|cash)?[a-z ]{0,12}, ?(?:or |but |only )?(?:it's )?$"
);
/// "Your monthly price will be £41.50": a bill that changes.
static OF_THE_READER: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:your|ur)[ \n](?:[a-z]+[ \n]){0,3}(?:bills?|premiums?|payments?|rent|subscription|tariff|instal?ments?|direct debit|mortgage|policy|monthly price|renewal (?:price|premium|quote)|(?:plan|price) (?:will|rises|goes|changes|increases|is going)|charges?)(?-u:\b)"
);
/// "£60 due by 2 May, thereafter £100".
static BILLED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:due (?:by|on|in|now|before)|balance (?:is|was|of)|fines?|fined|penalty|owed?|debt|arrears|overdue|(?:phone|electric(?:ity)?|gas|water|heating|energy|broadband|our|my) bills?|refund|deposited|debited)(?-u:\b)"
);
/// Worded as done: "you saved £5", and not "it was thirty two before we got the second chair".
static PAID: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:saved|paid|bought|applied|redeemed|expired|ended|over|ordered|found|i got|total|receipt|included|deducted)(?-u:\b)"
);
/// A receipt tells what was struck out, too.
static RECEIPT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:receipt(?:$|[.,:!\n]| (?:no|for|from|of))|your receipt|subtotal|order (?:no\.? ?|number |#)?#?[0-9]{3,}|paid (?:by (?:card|visa|cash|paypal|direct|mastercard)|with (?:card|visa)|in full)|(?:total|amount) paid|total:? [$£€]|thanks? (?:you )?for your (?:order|purchase)|invoice (?:no|number|#|[0-9])|your invoice)"
);
/// "2 plates for 20, single plate 13".
static SINGLE: Expression = expression!(r"(?-u:\b)(?:singles?|one|each|single [a-z]{2,12}|one [a-z]{2,12})[: ]{1,2}$");
/// The end of "was £99, now £49": somebody's wording, or a slip of the hand.
static SPOKEN_OF: LazyLock<Option<Regex>> =
    pattern!(r#"["']\s?(?:was |were )?$|(?-u:\b)(?:typed|wrote|entered|paid|charged you|i scored|i earn) $"#);
/// "Passes bought before then are £80", "keep the old price", "at the current rate".
static KEEPS: Expression = expression!(
    r"(?-u:\b)(?:at|keeps?|locks? in|hold|pays?|gets?|secure|fix|freeze) (?:the |this |your |our )?(?:current|old|existing|present|today's|this year's) (?:price|rate|fee|tariff|cost)s?(?-u:\b)|(?-u:\b)(?:bought|booked|ordered|paid for|placed|confirmed|reserved|received) (?:before|by) (?:then|that|the)(?-u:\b)|(?-u:\b)beat the (?:price )?(?:rise|increase|hike)(?-u:\b)|(?-u:\b)(?:before|by) [^.!?$£€]{3,28} (?:pays?|keeps?|gets? it for|is|are|stays? at) [$£€][0-9]|(?-u:\b)you (?:keep|still pay|only pay|lock in) [$£€]"
);
static RISES: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:goes|go|going|rises?|rising|increases?|will (?:be|cost|go|rise|increase|become)|moves?|changes?)(?-u:\b)"
);
static TO_COME: LazyLock<Option<Regex>> = pattern!(r"^(?: (?:a|an|per) [a-z]{2,8})? (?:up )?to $");
static STILL: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:instead of|rather than|(?:it's|it has|they've|its) been|currently|now|still|today(?: it's)?|they're|it's) $"
);
/// What is counted or measured, and not sold: "class size is 20 not 25".
static NO_GOODS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:table for|size|speed|limit|temperature|temps?|degrees|weights?|weigh(?:ed|s)?|scor(?:e|ed|es|ing)|marks?|exams?|tests?|grades?|meeting|room|flight|train|bus|gate|people|aged?|budget|salary|pressure|mph|steps|points|rank(?:ed)?|capacity|sleeps|attendance|votes|we are|there (?:are|were)|turnout|numbers|i got|i'm on|won|lost|led|beat|kick-?off|doors|bills?)(?-u:\b)|(?-u:\b)(?:she'?s|he'?s|i'm|am|ur) $"
);
static UNTIL: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:until|till?|before|by|up to|if)(?-u:\b)[^.]{2,40}[,;(/-] ?$");
static AFTER: LazyLock<Option<Regex>> = pattern!(r"^ (?:after(?:wards)?|thereafter)(?:[.,;!)]|$)");
static COUNT: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)([2-9]|1[0-9]|two|three|four|five|six)(?: [a-z]{2,12}){0,2} for ?$");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::reading::Reading;

    fn told(text: &str) -> Vec<String> {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        let reading = Reading::of(0, &part);
        let offs = reading.sentences.iter().flat_map(|sentence| &sentence.offs);
        offs.filter(|off| off.is_pair)
            .map(|off| match off.discount {
                Discount::Percent(percent) => format!("{percent}%"),
                Discount::Amount(money) => money.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn two_prices_of_one_thing() {
        for (text, wanted) in [
            ("Rump steaks £6 each instead of 8.50 until we close", "2.50 GBP"),
            ("Sofa £399 up to 30 April. From 1 May it goes back to £1,149.", "750.00 GBP"),
            ("Service is £55 if you book before 15 May, £70 after that.", "15.00 GBP"),
            ("Cut + wash $18 nett, U.P. $25", "7.00 USD"),
            ("kaju katli 1 kg 947 only (MRP 1250)", "24%"),
            ("every one before that is 1.50 rather than 2.20", "32%"),
            ("6ft nordmann was 55 now 40", "27%"),
            ("bouquets usually 45, today 30", "33%"),
            ("8 class pack usually 4500, its 3600 if u pay by Sat", "20%"),
            ("£82 B&B at any inn vs £105 public rate", "23.00 GBP"),
            ("MOT + service £99 (£149 if you book them apart)", "50.00 GBP"),
            ("ex-showroom armchairs £195 (orig. £540)", "345.00 GBP"),
            ("cover for £11.20 a month; the public price is £15.80.", "4.60 GBP"),
            ("Haircut + beard 25, it was thirty two before", "22%"),
            ("cleaned + reproofed 12 quid (I charge 16 in autumn)", "4.00 GBP"),
            ("skin fades are 12 not 18", "33%"),
            ("1st month £1, then £11/mo", "10.00 GBP"),
            ("camp: £60 a kid (£85 from Monday).", "25.00 GBP"),
            ("£9.50/mth for Aug sign ups, £14 after.", "4.50 GBP"),
            ("7 days £6 with your plan (£12 without).", "6.00 GBP"),
            ("knotless medium 18k, I was charging 25k in Dec", "28%"),
            ("Passes are at £129. On Monday at 9am they become £159.", "30.00 GBP"),
            ("mobile massage 45 for the hr, its 65 on the website", "31%"),
            ("$15 gate, ten if you text me back", "5.00 USD"),
            ("any three for £20 (they're £8.99 each)", "6.97 GBP"),
            ("perennials, 5 for £20 (£5.50 each)", "7.50 GBP"),
            ("From 1 March colour goes from $110 to $125. Book by then and keep the old price.", "15.00 USD"),
            ("From Monday a pass will cost £92. It's been £80. Passes bought before then are £80.", "12.00 GBP"),
            ("Your quote stands at £9,840; from April it would be £10,430.", "590.00 GBP"),
            ("Couch to 5K plan. $9.99. It normally sells for $24.99.", "15.00 USD"),
            ("15 quid for 2hrs, I'd usually want 25.", "10.00 GBP"),
            ("Unlimited yoga 79 dollars a month. Non-members pay 110.", "31.00 USD"),
            ("Season ticket £310 early bird / £380 standard.", "70.00 GBP"),
            ("£22 a month for a year (price after: £34)", "12.00 GBP"),
            ("Standard price £32 per person. Tonight's diners pay £24.", "8.00 GBP"),
            ("massage is 40 til thursday then its 55 again", "27%"),
            ("sarees from 799 onwards, actual price 1499", "47%"),
            ("Full service forty quid, down from sixty", "20.00 GBP"),
            ("Members book at £9 a seat; the box office price is £14.", "5.00 GBP"),
            ("The weekend costs £140 if paid by 3 March. Later bookings are £165.", "25.00 GBP"),
            ("nail clips are a fiver this month (they're £8 as a rule)", "3.00 GBP"),
            ("The usual £75 eye test is £35 for teachers", "40.00 GBP"),
            ("Colour goes from $110 to $125. Whoever books before 1 March pays $110 for it.", "15.00 USD"),
            ("hampers 45 till sunday, 58 after.", "22%"),
            ("Taster £12 this Sunday. It'll be £20 once the season starts", "8.00 GBP"),
            ("Garden bench £89, we had it at £120 all spring.", "31.00 GBP"),
            ("2 plates for 20 until noon, single plate 13 all day", "23%"),
            ("6 yards now 9k, e go be 12k from Monday", "25%"),
            ("- Kilim, 140 x 200, £190 (£380)", "190.00 GBP"),
            ("whole house used to be 50, I'm doing it for 38", "24%"),
            ("£640 all in, fitted. Say yes by the 25th and I can do it for £580.", "60.00 GBP"),
            ("all day brekkie £6 (its £8.50 every other day of the yr)", "2.50 GBP"),
            ("10 day plan 1900, used to be 2200", "14%"),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
    }

    #[test]
    fn two_prices_of_two_things_or_of_none() {
        for text in [
            "Lunch £12, dinner from 6 pm £18",
            "Adults £12, children £6",
            "Rooms from £80 to £120",
            "Your bill will be £34 a month instead of £26",
            "Your price rises from £31.99 to £34.99 from 1 April",
            "Let's meet at 5 instead of 6",
            "We scored 12 not 18",
            "Usually 10 mins, today 30 mins",
            "The 7.30 train was at 7.50",
            "Room 12 rather than 14",
            "Your balance was £55 and is now £40",
            "Seats £20 or £25",
            "She's 34 not 43",
            "My phone bill was 45 now 28",
            "Electric bill £84 down from £97",
            "Rooms: single £60, double £85, family £110",
            "Swim lessons are £6 each or £55 for ten",
            "Class size is 20 not 25 this term",
            "Table for 6 not 8 now",
            "Temperature was 30 now 22",
            "Mum paid 45 for it, was 60 last year",
            "Your renewal price is £299, last year it was £340",
            "We charged you £40 instead of £30",
            "From 1 March the fee goes from £110 to £125.",
            "Inside: the end of \"was £99, now £49\"",
            "I typed $18 instead of $81",
            "Receipt: order 4821. Boots $59.99 (was $89.99). Total $59.99. Thanks!",
            "Parking notice: £60 due by 2 May, thereafter £100",
            "Membership is £30 a year and £15 for students",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }
}
