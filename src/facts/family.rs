//! Which offers are "the same offer" for the claims ledger (design §3): the declared offer id, else the product
//! and what it costs or saves, else the wording and what it saves. A campaign name alone never makes a family: a
//! weekly newsletter has honest weekly deadlines.
//!
//! A wording is a sketch of four hashes (see `understand::likeness`). Told in other words it keeps most of them,
//! so an offer is also entered under what remains when one is left out: two wordings that share three hashes
//! meet under one of these names. All names are known from the message alone, so that one pipeline reads them.

use serde::{Deserialize, Serialize};

/// A family's name within one brand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Family(pub String);

/// The names of a closing sale: whatever it takes off, it can end only once.
const CLOSING: &str = "c:";
/// The names under which the weeks are kept in which a closing sale was seen.
const SEEN: &str = "s:";

impl Family {
    /// The family of an offer: `id` when declared, else product and what it costs or saves, else the
    /// wording. `None` when nothing tells it apart.
    pub fn of(id: Option<&str>, product: Option<&str>, discount: Option<&str>, wording: Option<u64>) -> Option<Family> {
        if let Some(id) = id {
            return Some(Family(format!("id:{id}")));
        }
        match (product, discount, wording) {
            (Some(product), discount, _) => Some(Family(format!("p:{product}:{}", discount.unwrap_or("")))),
            (None, discount, Some(hash)) => Some(Family(format!("w:{hash:016x}:{}", discount.unwrap_or("")))),
            (None, _, None) => None,
        }
    }

    /// The names under which an offer without a product meets the same offer in other words.
    pub fn near(wording: u64, discount: Option<&str>) -> Vec<Family> {
        let said = discount.unwrap_or("");
        let bands = bands(wording);
        match (speaks_of_all(wording), discount) {
            // "Everything at half price" is one offer, however it is told.
            (true, Some(_)) => vec![Family(format!("a:{said}"))],
            // Of bare sale talk only a near copy is the same.
            (true, None) => without_one(&bands[1..]).map(|name| Family(format!("t{name}"))).collect(),
            (false, _) => without_one(&bands).map(|name| Family(format!("n{name}:{said}"))).collect(),
        }
    }

    /// The names of a closing sale of these goods.
    pub fn closing(product: Option<&str>, wording: Option<u64>) -> Vec<Family> {
        let name = |name: String| Family(format!("{CLOSING}{name}"));
        match (product, wording) {
            (Some(product), _) => vec![name(format!("p:{product}"))],
            (None, Some(wording)) if !speaks_of_all(wording) => {
                without_one(&bands(wording)).map(|bands| name(format!("n{bands}"))).collect()
            }
            (None, _) => vec![name("a".to_owned())],
        }
    }

    /// Where the weeks are kept in which this closing sale was seen: not ends, but stored as such.
    pub fn seen(&self) -> Family {
        Family(format!("{SEEN}{}", self.0))
    }

    /// True for a closing sale.
    pub fn is_closing(&self) -> bool {
        self.0.starts_with(CLOSING)
    }

    /// True for the weeks of one.
    pub fn is_seen(&self) -> bool {
        self.0.starts_with(SEEN)
    }

    /// True when the two are one offer: of one name, or of wordings that are near.
    pub fn meets(&self, other: &Family) -> bool {
        self == other
            || match (self.wording(), other.wording()) {
                (Some((one, saves)), Some((two, saves_too))) if saves == saves_too => {
                    let near = Family::near(two, saves_too);
                    Family::near(one, saves).iter().any(|name| near.contains(name))
                }
                _ => false,
            }
    }

    fn wording(&self) -> Option<(u64, Option<&str>)> {
        let (hash, saves) = self.0.strip_prefix("w:")?.split_once(':')?;
        Some((u64::from_str_radix(hash, 16).ok()?, Some(saves).filter(|saves| !saves.is_empty())))
    }
}

/// True when the wording names no goods: the whole range is meant.
fn speaks_of_all(wording: u64) -> bool {
    bands(wording)[0] == 0
}

fn bands(wording: u64) -> [u16; 4] {
    let bytes = wording.to_be_bytes();
    std::array::from_fn(|band| u16::from_be_bytes([bytes[2 * band], bytes[2 * band + 1]]))
}

/// Each choice of all bands but one, told with which one is missing.
fn without_one(bands: &[u16]) -> impl Iterator<Item = String> + '_ {
    (0..bands.len()).map(|missing| {
        let rest = bands.iter().enumerate().filter(|(band, _)| *band != missing);
        let rest: String = rest.map(|(_, bits)| format!("{bits:04x}")).collect();
        format!("{missing}:{rest}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDING: u64 = 0x1111_2222_3333_4444;

    #[test]
    fn wordings_that_share_three_hashes_of_four_meet() {
        let family = |wording: u64, saves| Family::of(None, None, saves, Some(wording)).unwrap();
        let one = family(WORDING, Some("-50%"));
        assert!(one.meets(&family(0x1111_2222_9999_4444, Some("-50%"))));
        assert!(!one.meets(&family(0x1111_2222_9999_8888, Some("-50%"))));
        assert!(!one.meets(&family(WORDING, Some("-20%"))), "another discount is another offer");
        assert!(!one.meets(&Family("p:BT-200:-50%".into())));
    }

    #[test]
    fn of_the_whole_range_the_discount_tells() {
        let all = |wording: u64, saves| Family::of(None, None, saves, Some(wording)).unwrap();
        assert!(all(0x0000_2222_3333_4444, Some("-50%")).meets(&all(0x0000_7777_8888_9999, Some("-50%"))));
        assert!(!all(0x0000_2222_3333_4444, None).meets(&all(0x0000_7777_8888_9999, None)));
        assert!(all(0x0000_2222_3333_4444, None).meets(&all(0x0000_2222_3333_9999, None)));
    }

    #[test]
    fn a_closing_sale_is_of_its_goods_whatever_it_saves() {
        let near = Family::closing(None, Some(WORDING));
        assert_eq!(near.len(), 4);
        assert!(near.iter().all(|family| family.is_closing() && !family.is_seen() && family.seen().is_seen()));
        assert_eq!(Family::closing(None, Some(0x0000_2222_3333_4444)), Family::closing(None, None));
        assert_eq!(Family::closing(Some("BT-200"), Some(WORDING)), [Family("c:p:BT-200".into())]);
    }

    proptest::proptest! {
        /// Meeting is mutual, and every name of an offer is known from it alone.
        #[test]
        fn to_meet_is_mutual(one: u64, flipped in 0u64..=u64::MAX, saves in proptest::option::of("-[1-9]0%")) {
            let family = |wording: u64| Family::of(None, None, saves.as_deref(), Some(wording)).unwrap();
            let (a, b) = (family(one), family(one ^ (flipped & 0xffff_0000)));
            proptest::prop_assert_eq!(a.meets(&b), b.meets(&a));
            proptest::prop_assert!(a.meets(&a) && a.meets(&b), "one hash apart");
        }
    }
}
