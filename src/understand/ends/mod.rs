//! When is the offer over? Which sentences may tell it, which of their moments are ends, what is none, and what several of them
//! tell together. One file a question and language; `deadlines` asks them all.

pub(super) mod beside_en;
pub(super) mod claim;
pub(super) mod closes_zh;
pub(super) mod deadlines;
pub(super) mod does_en;
pub(super) mod duties;
pub(super) mod end_of_what;
pub(super) mod end_signs;
pub(super) mod ends_en;
pub(super) mod ends_zh;
pub(super) mod gains_en;
pub(super) mod gains_zh;
pub(super) mod happens_en;
pub(super) mod joined_en;
pub(super) mod likely_ends;
pub(super) mod may_end;
pub(super) mod no_end_en;
pub(super) mod one_end;
pub(super) mod open_days_zh;
pub(super) mod other_days_zh;
pub(super) mod periods_en;
pub(super) mod plain_ends;
pub(super) mod sale_days_zh;
pub(super) mod same_day_en;
pub(super) mod stretches_en;
pub(super) mod stretches_zh;
pub(super) mod turned_zh;
pub(super) mod turns_en;
pub(super) mod until_zh;
pub(super) mod uses_zh;
pub(super) mod weak_ends;
