//! PURE: (path, text) → rules: parse, check, select, cases. Reading and watching files is `config`'s.

pub mod rule;

pub use rule::{Filters, Mode, OnUnknown, Place, Rule, Texts, Then, Window};
