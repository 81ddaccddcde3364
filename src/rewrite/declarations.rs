//! What of the sender's declarations a changed text still says.

use super::{Action, Original};
use crate::decide::{Evidence, WantedRewrite};
use crate::message::{Declared, DeclaredOffer, Edit, Span};
use crate::understand::Source;

/// An offer or survey whose every sentence was taken away is no longer made; one whose price or code was
/// replaced is made at that price, by that code.
pub(super) fn still_said(original: &Original<'_>, edits: &[Edit], wanted: &[WantedRewrite]) -> Declared {
    let meaning = original.meaning;
    let gone = |spans: &[Span]| {
        !spans.is_empty()
            && spans.iter().all(|span| edits.iter().any(|e| e.replacement.is_empty() && e.span.overlaps(span)))
    };
    let mut declared = original.message.declared.clone();
    declared.offers.retain(|offer| {
        let told = meaning.offers.iter().find(|o| {
            o.source == Source::Declared && o.product.as_deref() == Some(offer.product.to_uppercase().as_str())
        });
        !told.is_some_and(|o| gone(&o.spans))
    });
    if meaning.surveys.iter().any(|s| s.source == Source::Declared && gone(&s.spans)) {
        declared.survey = None;
    }
    for wish in wanted {
        match &wish.action {
            Action::PriceAlreadyGot {} => {
                if let Some((shown, got)) = wish.action.prices(wish) {
                    for offer in named_in(&mut declared.offers, wish).filter(|offer| offer.price == Some(shown)) {
                        offer.price = Some(got);
                    }
                }
            }
            // By the channel's own code it is the channel's own offer.
            Action::ChannelCode { .. } => {
                named_in(&mut declared.offers, wish).for_each(|offer| offer.exclusive = Some(original.message.channel));
            }
            _ => {}
        }
    }
    declared
}

/// The offers of the product that the finding is about; all, when it names none.
fn named_in<'d>(
    offers: &'d mut [DeclaredOffer],
    wish: &WantedRewrite,
) -> impl Iterator<Item = &'d mut DeclaredOffer> + use<'d> {
    let product = match wish.because.get("product") {
        Some(Evidence::Name(product)) => Some(product.to_uppercase()),
        _ => None,
    };
    offers.iter_mut().filter(move |offer| product.as_ref().is_none_or(|p| *p == offer.product.to_uppercase()))
}
