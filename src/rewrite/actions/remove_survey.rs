//! Takes an invitation to a survey away: the sentences that invite, and the link or button that leads
//! there. Refuses when nothing would be left to say: a message that only asks is blocked.

use super::super::Original;
use super::super::links::Goes;
use super::super::removal::{Share, take_away};
use super::remove_offer::blocks_of;
use crate::decide::WantedRewrite;
use crate::message::{Edit, Span};
use crate::providers::Unfit;

/// A receipt may be shorter than the invitation in it.
const SHARE: Share = Share { percent_max: 90, must_say_something: true };

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
    let meaning = original.meaning;
    let asked = meaning.surveys.iter().flat_map(|survey| survey.spans.iter().copied());
    let mut mine: Vec<Span> = asked.chain(wishes.iter().flat_map(|wish| wish.spans.iter().copied())).collect();
    mine.sort_unstable();
    mine.dedup();
    let others: Vec<Span> = meaning.offers.iter().flat_map(|offer| offer.spans.iter().copied()).collect();
    let others: Vec<Span> = others.into_iter().filter(|span| mine.iter().all(|own| !own.overlaps(span))).collect();
    let names: Vec<String> =
        meaning.surveys.iter().filter_map(|survey| survey.id.as_ref().map(|id| id.to_lowercase())).collect();
    let spans = blocks_of(original, &mine, &others, &names, Goes::Survey)?;
    take_away(original.content(), &spans, SHARE)
}
