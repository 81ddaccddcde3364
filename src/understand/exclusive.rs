//! Is it for one channel alone? "SMS exclusive", "only for email subscribers", 短信专享, 仅限邮件用户: said in an
//! offer's own sentence, or once for all offers. An invitation to join a list promises such offers and makes
//! none.

use std::sync::LazyLock;

use memchr::memmem;
use regex::Regex;

use crate::message::Channel;

use super::meaning::Offer;
use super::patterns::{pattern, says};
use super::reading::{Reading, Sentence};

/// Sentences looked at in one part.
const SENTENCES_MAX: usize = 256;

/// Marks the offers that are said to be for one channel alone.
pub(super) fn mark(readings: &[Reading<'_>], offers: &mut [Offer]) {
    if offers.is_empty() {
        return;
    }
    let mut loose: Vec<Channel> = Vec::new();
    for reading in readings {
        for sentence in sentences_of(reading) {
            let Some(only) = exclusive_in(reading.words(sentence)) else { continue };
            let spans = reading.spans(sentence.range.clone());
            let own = |offer: &Offer| offer.spans.iter().any(|own| spans.iter().any(|span| span.overlaps(own)));
            let mut found = false;
            for offer in offers.iter_mut().filter(|offer| own(offer)) {
                offer.exclusive = offer.exclusive.or(Some(only));
                found = true;
            }
            if !found {
                loose.push(only);
            }
        }
    }
    if let Some(first) = loose.first().filter(|first| loose.iter().all(|only| only == *first)) {
        for offer in offers {
            offer.exclusive = offer.exclusive.or(Some(*first));
        }
    }
}

/// The channel a sentence says something is for alone.
pub(super) fn exclusive_in(words: &str) -> Option<Channel> {
    match (says(&SMS, words), says(&EMAIL, words)) {
        (true, false) if !says(&INVITES, words) => Some(Channel::Sms),
        (false, true) if !says(&INVITES, words) => Some(Channel::Email),
        _ => None,
    }
}

/// The sentences in which a channel is named.
fn sentences_of<'r>(reading: &'r Reading<'_>) -> impl Iterator<Item = &'r Sentence> {
    let text = reading.normal.text.as_bytes();
    let chinese: &[&str] =
        if reading.has_chinese() { &["短信", "短讯", "简讯", "邮件", "电邮", "邮箱"] } else { &[] };
    let latin = ["sms", "text", "txt", "email", "e-mail"];
    let mut at: Vec<usize> = (chinese.iter().chain(&latin))
        .flat_map(|name| memmem::find_iter(text, name.as_bytes()).take(SENTENCES_MAX))
        .map(|place| reading.sentences.partition_point(|sentence| sentence.range.end <= place))
        .collect();
    at.sort_unstable();
    at.dedup();
    at.truncate(SENTENCES_MAX);
    at.into_iter().filter_map(|index| reading.sentences.get(index))
}

macro_rules! only {
    ($zh:literal, $en:literal, $noun_wanted:literal) => {
        LazyLock::new(|| {
            Regex::new(concat!(
                // 短信专享, 短信会员独享价
                "(?:", $zh, r")(?:渠道|用户|会员|客户|顾客|粉丝|订户|订阅者|订阅用户|订阅|读者|好友|专场)?(?:限定|专享|专属|独享|独家|专供|特供|特享|独有|专有|尊享|私享|才有|才享|才能享)",
                // 仅限短信用户
                r"|(?:仅限|只限|仅对|只对|仅面向|只面向|仅向|仅供|只给|仅给|专为|专给|专供|专属于?)(?:本|此|该|我们的?|收到|通过)*(?:", $zh,
                r")(?:渠道|用户|会员|客户|顾客|粉丝|订户|订阅|读者|好友|专|价|优惠|有效|领|下单|购买|抢|享|的|[ ]?[,，。!！;；)）:：]|$)",
                r"|凭(?:此|本|该)?(?:", $zh, r")(?:[^通知]|$)",
                // "SMS exclusive", "text-only offer", "text subscribers only"
                r"|(?-u:\b)", $en, r"(?:[ -]subscribers?|[ -]customers?|[ -]members?|[ -]list|[ -]readers?|[ -]insiders?|[ -]club)?[ -]exclusives?(?-u:\b)",
                r"|(?-u:\b)", $en, r"[ -](?:subscribers?|customers?|members?|list|readers?|insiders?|club)[ -]only(?-u:\b)",
                r"|(?-u:\b)", $en, "[ -]only", $noun_wanted,
                // "…, email only"
                r"|[,.:;!(][ ]?", $en, r"[ -]only(?:[.!,;:)]|$)",
                // "exclusively by text", "an exclusive price for our email subscribers"
                r"|(?-u:\b)exclusive(?:ly)?[ \n](?:(?:offer|deal|price|pricing|discount|code|savings?|treat|perk|sale|preview)s?[ \n])?(?:just[ \n]|available[ \n]|only[ \n])*(?:to|for|by|via|on|with|through|in)[ \n](?:our[ \n]|the[ \n]|this[ \n]|my[ \n])?(?:valued[ \n]|loyal[ \n]|favou?rite[ \n])?", $en, r"(?-u:\b)",
                // "available only to text subscribers", "only for email customers"
                r"|(?-u:\b)(?:available|valid|good|yours|offered)[ \n](?:only|just|exclusively)[ \n](?:to|for|by|via|on|through)[ \n](?:our[ \n]|the[ \n]|this[ \n])?", $en, r"(?-u:\b)",
                r"|(?-u:\b)(?:only|just)[ \n](?:available[ \n]|valid[ \n]|open[ \n])?(?:to|for|with)[ \n](?:our[ \n]|the[ \n]|this[ \n])?", $en, r"[ -](?:subscribers?|customers?|members?|list|readers?|insiders?|club|friends|fans|family)(?-u:\b)",
                r"|(?-u:\b)(?:show|present|mention)[ \n]this[ \n]", $en, r"(?:[ \n]message)?(?-u:\b)",
            ))
            .ok()
        })
    };
}

static SMS: LazyLock<Option<Regex>> = only!(
    "(?:手机)?(?:短信|短讯|简讯)|sms",
    "(?:sms|texts?|txt|text[ -]messages?)",
    r"(?:[ \n](?:offer|deal|price|pricing|discount|code|coupon|savings?|treat|perk|sale|special|promo|promotion|event)|[ ]?[:!])"
);
static EMAIL: LazyLock<Option<Regex>> = only!(
    "(?:电子)?邮件|电邮|邮箱|edm",
    "(?:e-?mails?|newsletter)",
    r"(?:[ \n](?:offer|deal|price|pricing|discount|code|coupon|savings?|treat|perk|sale|special|promo|promotion|event)|[ ]?[:!])"
);

/// Asks to join the list on which such offers come.
static INVITES: LazyLock<Option<Regex>> = pattern!(
    r"(?:订阅|开通|注册|加入|关注|登记)(?:我们的?|本店|品牌|会员|手机|电子)*(?:短信|短讯|简讯|邮件|电邮|邮箱)|(?:短信|邮件)订阅(?:服务|通知)",
    r"|(?-u:\b)(?:sign[ -]?(?:up|ing[ ]up)|subscribe|join|opt[ -]in|register|enrol+|text[ ][a-z0-9]+[ ]to[ ][0-9]+)(?-u:\b)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn exclusive_in_both_languages() {
        for (text, wanted) in [
            ("短信专享：BT-200只要259元", Some(Channel::Sms)),
            ("【某某】簡訊會員獨享價259元", Some(Channel::Sms)),
            ("此价仅限短信用户", Some(Channel::Sms)),
            ("凭此短信到店减20元", Some(Channel::Sms)),
            ("邮件订阅用户专享8折", Some(Channel::Email)),
            ("仅限邮件客户，259元", Some(Channel::Email)),
            ("SMS exclusive: BT-200 only $39.99", Some(Channel::Sms)),
            ("An exclusive price for our text subscribers", Some(Channel::Sms)),
            ("text-only offer", Some(Channel::Sms)),
            ("Available only to e-mail subscribers", Some(Channel::Email)),
            ("Email exclusive! 20% off", Some(Channel::Email)),
            ("Exclusively by text: $39", Some(Channel::Sms)),
            ("BT-200 for $39.99, email only.", Some(Channel::Email)),
            ("View the text-only version of this email", None),
            ("Sign up for SMS exclusive offers", None),
            ("订阅短信，享短信专享价", None),
            ("如有疑问请发邮件", None),
            ("Contact us by email only.", None),
            ("会员专享价259元", None),
            ("An exclusive offer for you", None),
        ] {
            assert_eq!(exclusive_in(&fold_phrase(text)), wanted, "{text}");
        }
    }
}
