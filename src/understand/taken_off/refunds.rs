//! Price protection: "BT-200 is now 299. You paid 399, so we have refunded the difference" tells a
//! buyer of money on its way back, and offers nothing, though a price went down in it.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::lexicon::Cue;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::Sentence;

/// Marks the sentences that tell of a difference paid back and, beside them, those that speak of the
/// order. "买贵退差价" promises one to whoever buys and stays a sale, as does whatever urges to buy.
pub(in crate::understand) fn mark_refunds(text: &str, sentences: &mut [Sentence]) {
    let tells = |sentence: &Sentence| {
        sentence.has_digit
            && !urges(sentence)
            && text.get(sentence.range.clone()).is_some_and(|words| says(&PAID_BACK, words))
    };
    // Cheap for the many: who pays back says how much.
    if !sentences.iter().any(|sentence| !sentence.amounts.is_empty() && tells(sentence)) {
        return;
    }
    for sentence in sentences {
        let words = || text.get(sentence.range.clone()).unwrap_or_default();
        let names_order = || says(&OF_ORDER, words());
        let of_order = !urges(sentence) && (sentence.cues.any(&[Cue::Notice, Cue::Billing]) || names_order());
        // "BT-200 is now 299 CNY. You paid 399": the price that the difference comes from.
        let of_difference = sentence.asks_little() && !sentence.cues.has(Cue::Sale) && !urges(sentence);
        sentence.is_refund = of_order || of_difference || tells(sentence);
    }
}

fn urges(sentence: &Sentence) -> bool {
    sentence.cues.has(Cue::Offer) || sentence.percent_off.is_some() || sentence.threshold_deal
}

static OF_ORDER: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:your|the)[ \n](?:recent[ \n]|last[ \n])?(?:order|purchase)(?-u:\b)|(?-u:\b)you[ \n](?:paid|bought|ordered)(?-u:\b)|您?的?订单|[您你](?:此前|之前)?(?:购买|下单)"
);
static PAID_BACK: LazyLock<Option<Regex>> = pattern!(
    r"(?:价差|差价|差额|价保(?:金额|款)?)(?:部分|金额|款)?(?:为|共计?|是|:)?[ \n]?(?:人民币|rmb|¥)?[ \n]?[0-9][^。!?]{0,40}?(?:退|返)",
    r"|已(?:为您|给您|向您)?(?:原路)?(?:退还|退回|返还|退)(?:您|给您)?(?:了)?(?:价差|差价|差额|价保)",
    r"|(?-u:\b)(?:we[ \n]have|we've|we|has[ \n]been|have[ \n]been|was|will[ \n]be)[ \n](?:also[ \n])?(?:refunded|credited|returned|paid[ \n]back)[ \n](?:you[ \n])?(?:the|your)[ \n](?:[$£€¥]?[0-9.,]{1,9}[ \n])?(?:price[ \n])?difference(?-u:\b)",
    r"|(?-u:\b)(?:the|your)[ \n](?:price[ \n])?difference[ \n]of[ \n][^!?]{0,8}[0-9][^!?]{0,60}?(?:refund|credit|return|paid[ \n]back)",
);
