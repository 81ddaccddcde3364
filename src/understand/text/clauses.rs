//! A receipt and an offer in one sentence: 您的订单已发货，BT-300限时199元抢购. The stretch that sells is an offer,
//! and all of it that a rewrite may take away; the rest of the sentence is the receipt's.

use std::ops::Range;

use crate::understand::amounts::prices::AmountKind;
use crate::understand::kind::codes::speaks_of_paying;
use crate::understand::lexicon::{Cue, Cues, heard_in};
use crate::understand::meaning::Discount;
use crate::understand::reading::Sentence;
use crate::understand::taken_off::cuts_zh::doubles_a_deposit;

/// Clauses looked at in one sentence.
const CLAUSES_MAX: usize = 64;

/// The clauses of a sentence that sell, from the first to the last of a run, in the normalised text; `None`
/// where the sentence speaks of one thing only.
pub(in crate::understand) fn selling_stretch(text: &str, sentence: &Sentence) -> Option<Range<usize>> {
    // 您正在支付，仅299元，验证码482913: the price of what the code confirms.
    let confirms = || sentence.cues.has(Cue::Code) && text.get(sentence.range.clone()).is_some_and(speaks_of_paying);
    if !is_mixed(sentence) || sentence.is_refund || confirms() {
        return None;
    }
    let clauses = clauses_of(text, sentence.range.clone());
    let says: Vec<Says> = clauses.iter().map(|clause| says(text, sentence, clause)).collect();
    let first = says.iter().position(|says| *says == Says::Sells)?;
    // Of the clauses after it all that speak of nothing else belong to it.
    let run = says.iter().skip(first).take_while(|says| **says != Says::Tells).count();
    let tells = says.iter().enumerate().any(|(at, says)| *says == Says::Tells && !(first..first + run).contains(&at));
    let (from, to) = (clauses.get(first)?, clauses.get(first + run - 1)?);
    tells.then_some(from.start..to.end)
}

/// Only where both may be spoken of is it worth a closer look.
fn is_mixed(sentence: &Sentence) -> bool {
    sentence.cues.any(&[Cue::Billing, Cue::Notice, Cue::Code])
        && (sentence.is_plainly_a_sale() || sentence.asks_little() || sentence.cues.has(Cue::Offer))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Sells,
    /// Of an order, a payment, a code.
    Tells,
    Nothing,
}

fn says(text: &str, sentence: &Sentence, clause: &Range<usize>) -> Says {
    let words = text.get(clause.clone()).unwrap_or_default();
    let heard = heard_in(words).cues(std::slice::from_ref(&(0..words.len())));
    let cues: Cues = heard.first().map(|(cues, _)| *cues).unwrap_or_default();
    let inside = |range: &Range<usize>| clause.start <= range.start && range.end <= clause.end;
    // 3月出行航班8折起: a journey is spoken of, and a figure taken off it.
    let lowers = || {
        !cues.any(&[Cue::Billing, Cue::Code])
            && sentence.offs.iter().any(|off| matches!(off.discount, Discount::Percent(_)) && inside(&off.range))
    };
    if cues.any(&[Cue::Billing, Cue::Notice, Cue::Code]) && !doubles_a_deposit(words) && !lowers() {
        return Says::Tells;
    }
    let price = |little: bool| {
        let mut amounts = sentence.amounts.iter().filter(|amount| inside(&amount.range));
        amounts.any(|amount| amount.kind == AmountKind::Price && (!little || amount.little))
    };
    let sells = cues.has(Cue::Sale)
        || sentence.offs.iter().any(|off| off.is_figure() && inside(&off.range))
        || sentence.is_paired && price(false)
        || cues.has(Cue::Offer) && price(false)
        || price(true);
    if sells { Says::Sells } else { Says::Nothing }
}

/// The clauses, without the marks between them.
fn clauses_of(text: &str, sentence: Range<usize>) -> Vec<Range<usize>> {
    let words = text.get(sentence.clone()).unwrap_or_default();
    let mut clauses = Vec::new();
    let mut start = 0;
    let mut marks = words.char_indices().peekable();
    while let Some((at, c)) = marks.next() {
        let next = marks.peek().map(|(_, c)| *c);
        let parts = match c {
            '，' | '；' | '。' | '！' | '？' | '(' | ')' | '\n' => true,
            ',' | ';' | ':' | '-' | '.' | '!' => {
                let blank_before = words[..at].ends_with(' ');
                next.is_some_and(|c| c == ' ' || !c.is_ascii()) && (c != '-' || blank_before)
            }
            _ => false,
        };
        if parts && clauses.len() < CLAUSES_MAX {
            clauses.push(start..at + c.len_utf8());
            start = at + c.len_utf8();
        }
    }
    clauses.push(start..words.len());
    clauses.retain(|clause| words.get(clause.clone()).is_some_and(|words| words.chars().any(char::is_alphanumeric)));
    clauses.into_iter().map(|clause| sentence.start + clause.start..sentence.start + clause.end).collect()
}
