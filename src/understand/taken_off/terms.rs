//! How a thing is sold: taxes that are in its price, what need not be paid, how it is carried, returned and invoiced. The
//! words are those of bills and of notices: "tax included", "no deposit", 7天无理由退货, 快递到家.

use std::borrow::Cow;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::lexicon::{Cue, last_cue_in};

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&TERMS, &OF_SALE, &OF_AN_ORDER].into_iter()
}

/// The words without the terms of a sale in English: "$29, tax included" speaks of no tax to pay.
pub(in crate::understand) fn without_terms<'w>(may: &May, words: &'w str) -> Cow<'w, str> {
    TERMS.within(may).map_or(Cow::Borrowed(words), |terms| terms.replace_all(words, " "))
}

/// True when a sentence bills, or tells a notice, in nothing but terms of sale: 售价299元，快递到家, "$29, no deposit".
/// 您的快递已到 is of the reader's own.
pub(in crate::understand) fn is_only_by_terms(may: &May, words: &str, cue: Cue) -> bool {
    let mut rest = without_terms(may, words);
    let of_sale = OF_SALE.within(may).filter(|of_sale| of_sale.is_match(words) && !OF_AN_ORDER.is_in(may, words));
    if let Some(of_sale) = of_sale {
        rest = Cow::Owned(of_sale.replace_all(&rest, " ").into_owned());
    }
    // Nothing was taken away: the cue stands in other words.
    if matches!(rest, Cow::Borrowed(_)) {
        return false;
    }
    last_cue_in(&rest, &[cue]).is_none()
}

static TERMS: Expression = expression!(
    r"(?-u:\b)in stock(?-u:\b)|(?-u:\b)(?:all )?(?:fees|tax(?:es)?)(?: and (?:fees|tax(?:es)?))? (?:are )?(?:included|incl\.?|inclusive)|(?-u:\b)(?:incl(?:uding|uded|uding all|\.)?|inclusive of|plus|before|excl(?:uding|\.)?|\+) (?:all )?(?:sales )?tax(?:es)?(?-u:\b)",
    r"|(?-u:\b)(?:no|zero|without(?: a| any)?) (?:deposit|delivery fees?|booking fees?|hidden fees|interest|admin fees?|service fees?|cancellation fees?|late fees?)(?-u:\b)|(?-u:\b)(?:delivery|booking|admin|service) fees? (?:is |are )?(?:waived|free|on us)(?-u:\b)|(?-u:\b)(?:cash|card|paypal)(?: or|,) (?:bank )?transfer(?-u:\b)",
);

static OF_SALE: Expression =
    expression!(r"快递(?:到家|包邮|送|直达|发货)|无理由退|退货|换货|退换|自提|发票|包邮到家|送货到家");

static OF_AN_ORDER: Expression = expression!(r"您|你的|已|订单|单号|取件|预约|请于|请在|退款|货到付|尾号|验证码");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn terms_of_a_sale_are_no_bill() {
        for (text, wanted) in [
            ("Mats in stock, $29", "mats  , $29"),
            ("$29, tax included", "$29,  "),
            ("$29 plus tax", "$29  "),
            ("$29, all fees included", "$29,  "),
            ("$29, no deposit", "$29,  "),
            ("delivery fee waived", " "),
            ("a late fee of $6", "a late fee of $6"),
            ("road tax is due", "road tax is due"),
            ("your deposit of $50", "your deposit of $50"),
        ] {
            let text = fold_phrase(text);
            let folded = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(folded(&without_terms(&May::ANY, &text)), folded(wanted), "{text}");
        }
    }

    #[test]
    fn how_it_is_sold_is_no_news_of_an_order() {
        for (sold, cue) in [
            ("售价299元，快递到家", Cue::Notice),
            ("299元，可自提，快递送", Cue::Notice),
            ("299元，可开电子发票", Cue::Billing),
            ("$29.99, no deposit", Cue::Billing),
            ("$29.99 plus tax", Cue::Billing),
            ("$29.99, all fees included", Cue::Billing),
        ] {
            assert!(is_only_by_terms(&May::ANY, sold, cue), "{sold}");
        }
        for (told, cue) in [
            ("您的快递到家了，运费12元", Cue::Notice),
            ("退货已受理，退款299元", Cue::Notice),
            ("发票已开，应付299元", Cue::Billing),
            ("amount due $29.99, no late fee", Cue::Billing),
            ("your deposit of $50", Cue::Billing),
        ] {
            assert!(!is_only_by_terms(&May::ANY, told, cue), "{told}");
        }
    }
}
