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

use crate::understand::amounts::figures_en::{Figure, figures_in};
use crate::understand::amounts::numerals::english;
use crate::understand::amounts::price_links_en::{
    A_LIST, AFTER, BESIDE, BILLED, BUNDLE, BY_THE_MONTH, COUNT, DEARER, DEPOSIT, DOES_IT, DOWN_LINK, EACH_TAIL,
    EARLY_LEAD, EARLY_TAIL, ELSEWHERE, FINISHED, FOR_THE_EARLY, GOODS_ARE, GOODS_FOR, IF_TAIL, IN_BRACKETS, INSTEAD,
    ITS, KEEPS, KNOWN_GOODS, LATE_LEAD, LATE_TAIL, LATER_LEAD, LATER_LINK, MONEY_WORDS, NEXT_DAY, NO_BARGAIN, NO_GOODS,
    NOT_LINK, NOW, NOW_LINK, OF_THE_READER, OLD_LEAD, OLD_LINK, OLD_TAIL, ONES_OWN, OTHER_GOODS, OTHER_PEOPLE, PAID,
    PAID_IN_PARTS, RAISED, RANGES, RECEIPT, RISES, SINGLE, SPOKEN_OF, STILL, TO_COME, UNTIL, asked,
};
use crate::understand::amounts::prices::{Amount, AmountKind};
use crate::understand::expression::May;
use crate::understand::lexicon::Cue;
use crate::understand::meaning::Discount;
use crate::understand::patterns::says;
use crate::understand::reading::Sentence;
use crate::understand::taken_off::reductions::Off;
use crate::understand::text::language::is_han;

/// How much stands between two prices of one thing.
const BETWEEN_BYTES_MAX: usize = 120;
/// How far beside a pair the words stand that make it one.
const BESIDE_BYTES_MAX: usize = 48;
/// Who comes early pays no less than this part of a price.
const EARLY_TIMES_MAX: u64 = 3;
/// Of two figures without a sign of money one is no more than so many times the other, or they are of two things.
const BARE_TIMES_MAX: u64 = 6;

/// Marks the pairs of a part: the prices get their kinds, and the sentence what is taken off.
pub(in crate::understand) fn mark_pairs(text: &str, sentences: &mut [Sentence]) {
    // Who rises a price and says how to have the old one offers that.
    let keeps = LazyCell::new(|| KEEPS.is_in(&May::ANY, text));
    let is_receipt = LazyCell::new(|| says(&RECEIPT, text));
    for index in 0..sentences.len() {
        let Some(own) = sentences.get(index).filter(|own| has_figure(own)) else {
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
        if says(&BILLED, words) || says(&OF_THE_READER, words) || *is_receipt {
            continue;
        }
        let mut figures = figures_in(text, own.range.clone(), &own.amounts);
        let mut may = own.may;
        // "From 1 May it goes back to £1,149": what it costs until then stands in the sentence before.
        let mut carried = 0;
        if let Some(before) = before
            && !figures.is_empty()
            && has_figure(before)
            && !before.is_past
        {
            let last = figures_in(text, before.range.clone(), &before.amounts).into_iter().next_back();
            // Of two sentences one price at least must be told as money.
            if let Some(last) = last.filter(|last| last.currency.is_some() && !is_taken_off(last, &before.amounts)) {
                figures.insert(0, Figure { amount: None, ..last });
                (carried, may) = (1, may.or(before.may));
            }
        }
        let rises =
            figures.len() > 1 && (words.contains('→') || says(&RISES, words_from(text, &figures, own))) && *keeps;
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

/// "They have been nine" follows "pints are four bucks", and there is no digit in either.
fn has_figure(sentence: &Sentence) -> bool {
    sentence.has_digit || sentence.cues.has(Cue::MayCost) || MONEY_WORDS.within(&sentence.may).is_some()
}

/// Whether anything of a pair may stand in it.
fn may_pair(sentence: &Sentence) -> bool {
    sentence.amounts.len() > 1 || asked().any(|expression| expression.within(&sentence.may).is_some())
}

/// Words that are looked for.
type Words = LazyLock<Option<Regex>>;

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
        let before = |back: usize| at.checked_sub(back).and_then(|at| figures.get(at));
        // "They were £85 to £120, now they're £45": the words in front of a range are those in front of its end.
        let range =
            before(1).filter(|low| text.get(low.range.end..one.range.start).is_some_and(|to| says(&RANGES, to)));
        let free = before(if range.is_some() { 2 } else { 1 }).map_or(0, |before| before.range.end);
        let start = range.map_or(one.range.start, |low| low.range.start);
        let next = figures.get(at + 2).map_or(end, |next| next.range.start).max(other.range.end);
        let around = Around::of(text, start..one.range.end, other, free, next);
        let Some(around) = around else { continue };
        if says(&SPOKEN_OF, &around.lead)
            || says(&DEPOSIT, &around.lead)
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
    fn of(text: &str, one: Range<usize>, other: &Figure, free: usize, next: usize) -> Option<Around> {
        let link = text.get(one.end..other.range.start).filter(|link| link.len() <= BETWEEN_BYTES_MAX)?;
        // Of "EC$12 a bar not EC$18" the letters belong to the sign.
        let has_sign = text.get(other.range.start..).is_some_and(|figure| figure.starts_with('$'));
        let link = if has_sign { link.trim_end_matches(|c: char| c.is_ascii_alphabetic()) } else { link };
        let before = text.get(..one.start)?;
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
        if says(&FINISHED, &self.link) || says(&OTHER_PEOPLE, &self.link) || says(&A_LIST, &self.link) {
            return false;
        }
        let is_told = is_money || !says(&NO_GOODS, &self.head);
        if is_told && (OLD_LINK.is_in(may, &self.link) || NOT_LINK.is_in(may, &self.link)) {
            return is_near;
        }
        if says(&RANGES, &self.link) {
            return false;
        }
        if says(&ITS, &self.link) && (OLD_TAIL.is_in(may, &self.tail) || says(&NEXT_DAY, &self.tail)) {
            return is_near;
        }
        let is_both = one.currency.is_some() && other.currency.is_some();
        let in_brackets = is_money && IN_BRACKETS.is_in(may, &self.link) && !says(&OTHER_GOODS, &self.link);
        let later = LATER_LINK.is_in(may, &self.link) && !says(&RAISED, &self.lead);
        // "45 till Sunday, 58 after."
        let after = says(&UNTIL, &self.link) && says(&AFTER, &self.tail);
        after && is_near && !says(&NO_GOODS, &self.head)
            || later && (is_money || self.tail.starts_with(" again")) && is_near
            || is_money && OLD_TAIL.is_in(may, &self.tail) && says(&BESIDE, &self.link)
            || is_both && (self.link == " (" && self.tail.starts_with(')') || self.link == " from ")
            || in_brackets && is_near
            || is_money && is_near && self.is_for_the_late(&EARLY_LEAD, &EARLY_TAIL, &LATE_LEAD, &LATE_TAIL)
    }

    /// "Was 55 now 40", "usually 45, today 30", "$15 gate, ten if you text me".
    fn first_is_old(&self, may: &May, one: &Figure, other: &Figure) -> bool {
        let is_money = one.currency.is_some() || other.currency.is_some();
        let is_near = is_money || one.hundredths <= other.hundredths * BARE_TIMES_MAX && !says(&NO_GOODS, &self.head);
        let old = OLD_LEAD.is_in(may, &self.lead) && says(&NOW, &self.link);
        let early = || {
            says(&FOR_THE_EARLY, &self.link)
                && !says(&PAID_IN_PARTS, &self.tail)
                && one.hundredths <= other.hundredths * EARLY_TIMES_MAX
        };
        let falls =
            || early() || DOES_IT.is_in(may, &self.link) || DOWN_LINK.is_in(may, &self.link) || self.asks_less_if(may);
        let late =
            || self.is_for_the_late(&LATE_LEAD, &LATE_TAIL, &EARLY_LEAD, &EARLY_TAIL) || says(&ELSEWHERE, &self.link);
        // "After that you'll pay £240 instead of £175."
        let later = || says(&LATER_LEAD, &self.lead) && (says(&INSTEAD, &self.link) || says(&NOW_LINK, &self.link));
        is_near && (old || is_money && (falls() || late() || later())) || self.is_struck_out(one, other)
    }

    /// "$12 pumpkin pies for $7", "all calendars £9 £4": the first is no price of anything else.
    fn is_struck_out(&self, one: &Figure, other: &Figure) -> bool {
        let is_both = one.currency.is_some() && other.currency.is_some();
        let bought = || {
            one.hundredths <= other.hundredths * BARE_TIMES_MAX
                && (says(&GOODS_FOR, &self.link) || says(&GOODS_ARE, &self.link) && says(&KNOWN_GOODS, &self.lead))
                && !says(&ONES_OWN, &self.lead)
                && !says(&NO_BARGAIN, &self.link)
                && !says(&BY_THE_MONTH, &self.tail)
        };
        let beside = self.link == " "
            && self.lead.trim_end_matches(' ').ends_with(|c: char| c.is_ascii_lowercase())
            && !self.tail.trim_start().starts_with(|c: char| c.is_ascii_digit() || "$£€".contains(c));
        is_both && (bought() || beside)
    }

    /// "Advance £12 / door £16", "£12 adv, £16 otd": the words of the first buyer beside the first, of the second beside the
    /// second.
    fn is_for_the_late(&self, lead: &Words, tail: &Words, next_lead: &Words, next_tail: &Words) -> bool {
        (says(lead, &self.lead) || says(tail, &self.link))
            && (says(next_lead, &self.link) || says(next_tail, &self.tail))
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
        // What one costs is no old price of the several.
        let none = |figure: &Figure| Figure { amount: None, ..figure.clone() };
        let number = |count: &str| english(count).or_else(|| count.parse().ok());
        let bundle = BUNDLE.as_ref()?.captures(&self.link);
        if let Some(count) = bundle.and_then(|groups| {
            let count = groups.name("each").or(groups.name("or")).or(groups.name("are"))?;
            number(count.as_str())
        }) {
            let apart = one.hundredths.checked_mul(count)?;
            let is_bargain = one.hundredths < other.hundredths && other.hundredths < apart;
            let is_money = one.currency.is_some() && other.currency.is_some();
            let discount = between(other, &Figure { hundredths: apart, ..one.clone() });
            return discount.filter(|_| is_bargain && is_money).map(|discount| (none(other), none(one), discount));
        }
        let count = COUNT.as_ref()?.captures(&self.head)?;
        let count = count.get(1).map(|written| written.as_str())?;
        let count = number(count)?;
        let apart = other.hundredths.checked_mul(count)?;
        let told =
            (EACH_TAIL.is_in(may, &self.tail) || SINGLE.is_in(may, &self.link)) && one.hundredths > other.hundredths;
        let discount =
            between(one, &Figure { hundredths: apart, ..other.clone() }).filter(|_| apart > one.hundredths)?;
        told.then(|| (none(one), none(other), discount))
    }
}

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
            ("founders price (£25/mo not £39) shuts tonight", "14.00 GBP"),
            ("strong white 1.5kg: £2.10 (last month £2.65)", "0.55 GBP"),
            ("body + 35mm + bag £899. Bought one by one they'd set you back £1,040.", "141.00 GBP"),
            ("barbecue packs again, £18 each or 2 for £30 if ordered by 4 July", "6.00 GBP"),
            ("honey from my hives, £6 a jar or 2 for £10", "2.00 GBP"),
            ("apples £6 a crate or ten for £50", "10.00 GBP"),
            ("one picture framed is £40, three are £100.", "20.00 GBP"),
            ("eight Mondays, £160. Members who book by 12 March pay £140.", "20.00 GBP"),
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
            ("was $128++, now $98++ per pax", "30.00 USD"),
            ("tier 1 tix £89 finish at 9am Mon, tier 2 £109 thereafter", "20.00 GBP"),
            ("Annual plan Rs.1499, kal se Rs.2999", "1500.00 INR"),
            ("Standard fee: £1,450 + VAT. Early booking fee: £1,190 + VAT", "260.00 GBP"),
            ("Sewing machine £179 (new £349)", "170.00 GBP"),
            ("£95 each (£199 new)", "104.00 GBP"),
            ("Bought one by one on our site they come to £146. In the roll they're £99", "47.00 GBP"),
            ("They were £85 to £120, now they're £45", "75.00 GBP"),
            ("Hosting at £4 → £6 tonight. Lock in today's price", "2.00 GBP"),
            ("pay £84 per night, compared with our flexible rate of £112", "28.00 GBP"),
            ("EC$12 a bar not EC$18", "6.00 USD"),
            ("$210 a night knocked to $160", "50.00 USD"),
            ("Tickets NOK 150 (ord. 220)", "70.00 NOK"),
            ("All 2026 calendars £9 £4", "5.00 GBP"),
            ("On the site it's $1,150. To you it is $870", "280.00 USD"),
            ("a bunch is a fiver not eight", "3.00 GBP"),
            ("Cuts are twelve euro where they used to be nineteen", "7.00 EUR"),
            ("Pints are four bucks. They have been nine since 2022", "5.00 USD"),
            ("£29 a bottle (later £36) for orders in by June", "7.00 GBP"),
            ("Rs 199, earlier Rs 320", "121.00 INR"),
            ("Spring rate is £58 (winter rate £79)", "21.00 GBP"),
            ("Kente bags GHS 85 from GHS 110", "25.00 GHS"),
            ("$12 large pumpkin pies for $7", "5.00 USD"),
            ("Our £45 facial is £30 on Tuesdays", "15.00 GBP"),
            ("Advance £12 / door £16", "4.00 GBP"),
            ("£12 adv, £16 otd", "4.00 GBP"),
            ("Standard £60, early bird £45", "15.00 GBP"),
            ("Everyone else pays £40, you pay £28", "12.00 GBP"),
            ("They'd set you back £80 in the shops. Here, £45", "35.00 GBP"),
            ("a bucket is R480 (normally R560)", "80.00 ZAR"),
            ("£30 insted of £45 but just for today", "15.00 GBP"),
            ("£95 in May as opposed to £140", "45.00 GBP"),
            ("Entry is £42 up to noon on Friday 15 October; the ordinary £52 entry then stays open", "10.00 GBP"),
            ("The mattress is £399 (£649 before).", "250.00 GBP"),
            ("Spa for two, £89 (£130 at any other time of year).", "41.00 GBP"),
            ("Early: $399, through August 31. After that: $549", "150.00 USD"),
            ("After that you'll pay £240 instead of £175.", "65.00 GBP"),
            ("Early entry £18, or £22 on and after 1 May.", "4.00 GBP"),
            ("The chair is £499, down from £620, because we found a cheaper warehouse.", "121.00 GBP"),
            ("Premium is £5 a month tonight, it's £12 every other night.", "7.00 GBP"),
            ("The novel is £0.99 tonight. It's £7.99 when you wake up.", "7.00 GBP"),
            ("In February it says £39.99 a month. Right now it says £24.99.", "15.00 GBP"),
            ("This month's board is £32; it's £39 in the shop.", "7.00 GBP"),
            ("Full groom £30. By tomorrow that price is history and its £38 again like it always was", "8.00 GBP"),
            ("£95 for papers that get to us before December and £140 for papers that get to us later.", "45.00 GBP"),
            ("Our 2-for-£15 table: paperbacks that are normally £9.99 each", "4.98 GBP"),
            ("Sarongs Rp 60.000 each, was Rp 110.000", "50000.00 IDR"),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
    }

    #[test]
    fn two_prices_of_two_things_or_of_none() {
        for text in [
            "Lunch £12, dinner from 6 pm £18",
            "Adults £12, children £6",
            "Sofa £900. If you order by 1 Dec it's £75 a month",
            "Annual plan £120. If you pay by card until 5pm the deposit is only £20.",
            "Course £300. If you book by Friday it's £100 now and £200 in May",
            "Spa day £99. If you book a massage by Friday it's £30",
            "Gym £40. When you join before 1 Jan the induction is £10",
            "We raised £2,000 for the hospice, last year £3,000.",
            "Your gas usage: £64.20 this month, last month £81.10",
            "Return by train £50. By car it would cost you £120.",
            "Theatre tickets £25. With dinner at the Ivy they would come to £60.",
            "Delivery £4. Any 3 for £9 on ready meals this weekend",
            "Coffee £3 and 2 for £5 cakes all week",
            "Soup £5 and 3 for £12 desserts",
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
            "Child £5 (adult rate £9)",
            "Room £90 (weekly rate £540)",
            "£250,000 cover for £12 a month",
            "I sold my £300 bike for £120",
            "I got a £40 jumper for £15 at the charity shop",
            "A £5 note for £4? No chance",
            "Large £4 small £3",
            "Starter £9 main £19",
            "See you at seven not eight",
            "It was nine not eight",
            "Tier 1 £10, tier 2 £20",
            "Deposit £20, later £100",
            "Monday £8, Tuesday £9",
            "Half day £20, full day £35",
            "Your plan: £10 → £14 from 1 May",
            "Deposits of £30 for camp are due on 4 March. Full price is £185",
            "On your next renewal the Team plan moves from $9 to $10.50. Yearly customers keep the old price",
            "Rents are £46 full, £23 half. Plots unpaid go to the waiting list, 41 on it!",
            "Got the panto tix, £17 each not 25",
            "The hall is £14 an hour for residents, £19 for everybody else",
            "Your intro price of £24.99 has finished, from next month it's £39.99",
            "Pay £50 by Friday and £150 in June",
            "In February it was £40, right now it says £45",
            "From Monday the fee is £240, up from £175",
            "Parking £3 before noon, £5 at the stadium",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }
}
