//! Which offers are "the same offer" for the claims ledger (design §3): the declared offer id, else
//! products + discount + a SimHash of the offer sentences without names, codes, numbers and dates. A
//! campaign name alone never makes a family: a weekly newsletter has honest weekly deadlines.

use serde::{Deserialize, Serialize};

/// A family's name within one brand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Family(pub String);

impl Family {
    /// The family of an offer: `id` when declared, else product and what it costs or saves, else the
    /// wording's hash. `None` when nothing tells it apart.
    pub fn of(id: Option<&str>, product: Option<&str>, discount: Option<&str>, simhash: Option<u64>) -> Option<Family> {
        if let Some(id) = id {
            return Some(Family(format!("id:{id}")));
        }
        match (product, discount, simhash) {
            (Some(product), discount, _) => Some(Family(format!("p:{product}:{}", discount.unwrap_or("")))),
            (None, discount, Some(hash)) => Some(Family(format!("w:{hash:016x}:{}", discount.unwrap_or("")))),
            (None, _, None) => None,
        }
    }
}
