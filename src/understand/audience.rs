//! Whom does the wording speak to: one who has not bought yet, or one who has?

use std::sync::LazyLock;

use super::expression::Expression;
use super::meaning::{Audience, AudienceTold, Confidence, Purpose};
use super::patterns::Patterns;
use super::reading::Reading;

/// Places kept; more say nothing more.
const TOLD_MAX: usize = 32;

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/audience.txt")));

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    PATTERNS.all()
}

/// The words that tell whom it speaks to. Whoever asks how it was, or tells of an order, speaks to a customer anyway:
/// "Thank you for your order" is a courtesy there, and no offer that is for some and not for others.
pub(super) fn audiences_of(readings: &[Reading<'_>], purpose: Purpose) -> Vec<AudienceTold> {
    let mut told = Vec::new();
    if !matches!(purpose, Purpose::Promotion | Purpose::Other) {
        return told;
    }
    for reading in readings {
        for sentence in &reading.sentences {
            let words = reading.words(sentence);
            for (section, audience) in [("prospect", Audience::Prospect), ("customer", Audience::Customer)] {
                for found in PATTERNS.find_all(section, &sentence.may, words) {
                    if told.len() >= TOLD_MAX {
                        return told;
                    }
                    let at = sentence.range.start + found.start..sentence.range.start + found.end;
                    told.push(AudienceTold { audience, confidence: Confidence(75), spans: reading.spans(at) });
                }
            }
        }
    }
    told
}

/// The one audience of the whole, when all that is told agrees.
pub(super) fn audience_of(told: &[AudienceTold]) -> Option<Audience> {
    let first = told.first()?.audience;
    told.iter().all(|one| one.audience == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::expression::May;

    #[test]
    fn the_file_is_whole() {
        let has = |section, words| PATTERNS.has(section, &May::ANY, words);
        assert!(has("prospect", "your first order") && has("customer", "老顾客回馈"));
    }

    #[test]
    fn newcomers_and_regulars_are_told_apart() {
        let has = |section, words| PATTERNS.has(section, &May::ANY, words);
        for prospect in [
            "10% off weekly service for new clients",
            "offer valid for new members sept 1-15",
            "never tried us? your first box is on us",
            "first lesson free at any of our schools",
            "first month just £9",
            "first class 50% off",
            "new members get 2 weeks free",
            "welcome to nimbus! here's 15% off",
            "新客首次剪发半价",
            "新会员首购折100元",
            "注册即领88元红包",
        ] {
            assert!(has("prospect", prospect), "{prospect}");
        }
        for customer in [
            "as a gold member you have early access",
            "as a thank-you for being a member, here's $25 off",
            "because you're one of our best customers",
            "renew by june and save 20%",
            "年付用户续费立享75折",
            "老学员立减300元",
            "老客户续费8.5折",
            "好久不见，送您一张券",
        ] {
            assert!(has("customer", customer), "{customer}");
        }
        for neither in [
            "new member price on toilet rolls",
            "300 founders have already signed up for the bootcamp",
            "the introductory price is available from 6 march",
            "welcome to gull cottage",
            "the nut roast is, for the first time, actually good",
            "first class seats to york from £29",
            "sign up for a 12-month membership",
            "如您不接受新价格",
            "老客户的电话一个接一个",
            "新款上市",
        ] {
            assert!(!has("prospect", neither) && !has("customer", neither), "{neither}");
        }
    }
}
