//! Refuses a change after which an SMS costs more segments than the rule allows.

use crate::message::Segments;
use crate::providers::Unfit;

pub(super) fn check(max_more: u32, before: Segments, after: Segments) -> Result<(), Unfit> {
    if after.count <= before.count.saturating_add(max_more) {
        return Ok(());
    }
    let (from, to) = (before.count, after.count);
    Err(Unfit(format!("the SMS would take {to} segments in place of {from}, which is more than the rule allows")))
}
