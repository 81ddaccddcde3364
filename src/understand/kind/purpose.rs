//! What is the message for? A one-time code needs a code and code words and nothing for sale beside it; a
//! receipt that also carries an offer stays a receipt (design §3: it loses the offer, not the receipt), if it has
//! something of its own to tell: a number, a time, an amount. A promotion with a code-like word in it does not
//! become must-send.

use crate::understand::kind::leaning::Look;
use crate::understand::kind::tally::Tally;
use crate::understand::meaning::Purpose;

/// What else was found in a message.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::understand) struct Found {
    /// Offers.
    pub offers: usize,
    /// Vouchers and their codes.
    pub vouchers: usize,
    /// Invitations to tell an opinion.
    pub surveys: usize,
    /// It presses.
    pub presses: bool,
    /// It tells when an offer ends: nobody but a shop or a club gives until a day.
    pub ends: bool,
}

/// The purpose, given what else was found.
pub(in crate::understand) fn purpose_of(tally: Tally, found: Found) -> Purpose {
    if tally.is_code() {
        return Purpose::OneTimeCode;
    }
    // "Your order 123 was delivered. Rate us!" asks; a receipt whose last line asks stays a receipt.
    let receipt = tally.tells_a_notice() && tally.referenced > 0 && tally.notice > tally.ended + tally.survey;
    if found.surveys > 0 && tally.sale <= tally.survey && !receipt {
        return Purpose::Survey;
    }
    if tally.tells_a_notice() && tally.notice > 0 {
        return Purpose::Notice;
    }
    // What merely looks like a notice and offers something is no notice.
    if tally.look == Look::Surely || tally.look == Look::Likely && found.offers == 0 && !found.presses {
        return Purpose::Notice;
    }
    // All its words tell, and none of them sell much: "the £15 discount we agreed will be on the invoice".
    if tally.leans_to_a_notice(found.offers + found.vouchers > 0) {
        return Purpose::Notice;
    }
    let sells = found.offers > 0 || tally.promotes() || tally.sells > 1;
    match (sells, found.surveys) {
        (true, _) if tally.is_personal() || tally.reports() || tally.warns && tally.sale <= 1 => Purpose::Other,
        (true, _) => Purpose::Promotion,
        (false, 1..) => Purpose::Survey,
        (false, 0) if tally.seems_to_sell(found.presses) => Purpose::Promotion,
        // "Free underlay with every room ordered 2 January-29 February": whoever gives until a day sells.
        (false, 0) if found.ends && !tally.is_personal() && !tally.reports() && !tally.warns => Purpose::Promotion,
        (false, 0) => Purpose::Other,
    }
}
