//! When two skus mean one product: one rule, for whoever reads, remembers, judges or takes out an offer.

/// `BT-200`, `bt 200` and `BT200` are one product. `TEA-500` and `TEA-250`, `TEA-1.5KG` and `TEA-15KG`,
/// `A-1-11` and `A-11-1` are two: only a mark between a letter and a digit may be left out.
pub fn same_product(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (may_be_same(one, other) && plain(one) == plain(other))
}

/// False for most pairs, without writing either anew. From the end: the products of one line begin alike.
fn may_be_same(one: &str, other: &str) -> bool {
    fn told(sku: &str) -> impl Iterator<Item = u8> {
        sku.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase())
    }
    !one.is_ascii() || !other.is_ascii() || told(one).eq(told(other))
}

/// Upper-case, without the marks that stand between a letter and a digit.
fn plain(sku: &str) -> Vec<char> {
    let chars: Vec<char> = sku.trim().chars().flat_map(char::to_uppercase).collect();
    let is_mark = |c: char| matches!(c, '-' | '_' | ' ');
    let parts = |a: Option<&char>, b: Option<&char>| match (a, b) {
        (Some(a), Some(b)) => a.is_alphabetic() && b.is_ascii_digit() || a.is_ascii_digit() && b.is_alphabetic(),
        _ => false,
    };
    let is_left_out =
        |at: usize, c: char| is_mark(c) && parts(at.checked_sub(1).and_then(|at| chars.get(at)), chars.get(at + 1));
    chars.iter().enumerate().filter(|(at, c)| !is_left_out(*at, **c)).map(|(_, c)| *c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_may_be_left_out_where_it_parts_nothing_alike() {
        for (one, other) in [("BT-200", "bt200"), ("BT 200", "BT_200"), ("RS-100-A", "rs100a"), ("礼盒-3", "礼盒3")]
        {
            assert!(same_product(one, other), "{one} {other}");
        }
        for (one, other) in
            [("TEA-500", "TEA-250"), ("TEA-1.5KG", "TEA-15KG"), ("A-1-11", "A-11-1"), ("BT-200", "BT-2000")]
        {
            assert!(!same_product(one, other), "{one} {other}");
        }
    }
}
