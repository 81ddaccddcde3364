//! How much does it cost? How money and numbers are written, whose money it is, whether somebody asks a price, and which of
//! two prices is the old one.

pub(super) mod asking;
pub(super) mod currencies;
pub(super) mod figures_en;
pub(super) mod lettered;
pub(super) mod money;
pub(super) mod numerals;
pub(super) mod pieces;
pub(super) mod price_cells;
pub(super) mod price_links_en;
pub(super) mod price_moves;
pub(super) mod price_pairs_en;
pub(super) mod price_pairs_zh;
pub(super) mod prices;
pub(super) mod whose_money;
