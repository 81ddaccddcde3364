//! What does the message say? PURE: text in, [`Meaning`] out, with the doubts beside it; it never
//! fails. One file a question; lexicons per language are data.

pub mod meaning;

pub use meaning::{
    Audience, Confidence, Deadline, DeadlineKind, Doubt, Meaning, Offer, OptOut, Purpose, Source, SurveyAsk,
};
