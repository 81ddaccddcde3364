//! What is taken off? Percent, amounts, one more for less, so much off from so much on, and what was taken off before or is
//! only told of.

pub(super) mod bundles_zh;
pub(super) mod bygone;
pub(super) mod cuts_zh;
pub(super) mod discounts;
pub(super) mod offered;
pub(super) mod parts_off_en;
pub(super) mod reductions;
pub(super) mod reductions_en;
pub(super) mod refunds;
pub(super) mod terms;
pub(super) mod thresholds_zh;
pub(super) mod waived_en;
