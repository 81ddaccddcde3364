//! What is shown? From the part as it came to normalised sentences, with the way back to every byte of it.

pub(super) mod clauses;
pub(super) mod elements;
pub(super) mod entities;
pub(super) mod html;
pub(super) mod language;
pub(super) mod links;
pub(super) mod normal;
pub(super) mod offsets;
pub(super) mod sentence;
