//! What is the message for, and who writes it? A notice, a code, an offer, a survey; a firm, a friend, somebody who tells what
//! others sell.

pub(super) mod codes;
pub(super) mod hearsay;
pub(super) mod joining;
pub(super) mod leaning;
pub(super) mod purpose;
pub(super) mod sale_words;
pub(super) mod sender_name;
pub(super) mod tally;
pub(super) mod voice;
pub(super) mod work_talk;
