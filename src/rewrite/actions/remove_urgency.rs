//! Takes a claim of urgency away, in the subject as in the text: its clause is cut so that the rest reads
//! well; where nothing is left of the sentence, the sentence goes. Pictures of a running clock go whole.
//! Refuses when a subject would be empty or too little of the message would be left.

use std::ops::Range;

use super::super::Original;
use super::super::clauses::{Cut, cut};
use super::super::html::Outline;
use super::super::joined::whole_sentences;
use super::super::ranges::overlap;
use super::super::removal::{Share, take_away};
use crate::decide::WantedRewrite;
use crate::message::{Edit, PartKind, Span};
use crate::providers::Unfit;

/// A message that was mostly pressure is blocked.
const SHARE: Share = Share { percent_max: 60, must_say_something: true };

pub(super) fn edits(original: &Original<'_>, wishes: &[&WantedRewrite]) -> Result<Vec<Edit>, Unfit> {
    let (claims, whole) = claims(original, wishes);
    if claims.is_empty() && whole.is_empty() {
        return Err(Unfit("the finding names no place to take away".to_owned()));
    }
    let mut gone = whole;
    let mut edits = Vec::new();
    for (index, part) in original.content().parts.iter().enumerate() {
        let mut here: Vec<Range<usize>> =
            claims.iter().filter(|span| usize::from(span.part) == index).map(Span::range).collect();
        if here.is_empty() {
            continue;
        }
        let in_subject = part.kind == PartKind::Subject;
        let runs = match part.kind {
            PartKind::Html => {
                let outline = Outline::read(&part.text)?;
                let sentences = whole_sentences(&part.text, &outline, &here);
                here.retain(|claim| sentences.iter().all(|sentence| overlap(claim, sentence).is_empty()));
                gone.extend(sentences.into_iter().filter_map(|sentence| Span::new(index, sentence)));
                outline.runs()
            }
            _ => std::iter::once(0..part.text.len()).collect(),
        };
        for run in runs.into_iter().filter(|run| here.iter().any(|claim| !overlap(claim, run).is_empty())) {
            for cut in cut(&part.text, &run, &here, in_subject) {
                match cut {
                    Cut::Whole(range) => gone.extend(Span::new(index, range)),
                    Cut::Rest(range, rest) if !range.is_empty() => {
                        edits.extend(Span::new(index, range).map(|span| Edit { span, replacement: rest }));
                    }
                    Cut::Rest(..) => {}
                }
            }
        }
    }
    gone.sort_unstable();
    gone.dedup();
    if !gone.is_empty() {
        edits.extend(take_away(original.content(), &gone, SHARE)?);
    }
    Ok(edits)
}

/// The very words of the claims that the findings are about, and what has to go whole: a finding's place in
/// which no words were told apart, and pictures.
fn claims(original: &Original<'_>, wishes: &[&WantedRewrite]) -> (Vec<Span>, Vec<Span>) {
    let meaning = original.meaning;
    let pressing = meaning.urgencies.iter().flat_map(|claim| claim.spans.iter().copied());
    let dated = meaning.deadlines.iter().flat_map(|deadline| deadline.words.iter().copied());
    let told: Vec<Span> = pressing.chain(dated).collect();
    let places: Vec<Span> = wishes.iter().flat_map(|wish| wish.spans.iter().copied()).collect();
    let found = |span: &Span| places.is_empty() || places.iter().any(|place| place.overlaps(span));
    let (mut claims, mut whole) = (Vec::new(), Vec::new());
    for span in told.iter().copied().filter(found) {
        let is_markup = original.text(&span).is_some_and(|text| text.starts_with('<'));
        if is_markup { whole.push(span) } else { claims.push(span) }
    }
    whole.extend(places.iter().copied().filter(|place| told.iter().all(|span| !span.overlaps(place))));
    claims.sort_unstable();
    claims.dedup();
    (claims, whole)
}
