//! Reasons in words: a rule's template and a finding's evidence become a sentence in English or
//! Chinese. For `explain` and the console only: a refusal carries the rule's fact-free title.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Texts;
use crate::decide::guards::Guard;
use crate::decide::{Because, Evidence};
use crate::message::Language;

/// Names that are always there.
pub const ALWAYS: &[&str] = &["customer", "now"];

/// For whom and when a reason is written.
#[derive(Debug, Clone)]
pub struct Reader {
    /// In this language.
    pub language: Language,
    /// With times by this clock.
    pub zone: TimeZone,
    /// When the decision was made.
    pub now: Timestamp,
}

/// The sentence. A name without evidence (an old record under a new template) is shown as `?`.
pub fn reason(template: &Texts, because: &Because, reader: &Reader) -> String {
    let mut out = String::new();
    for piece in pieces(template.in_language(reader.language)) {
        match piece {
            Piece::Plain(text) => out.push_str(text),
            Piece::Name("customer") => out.push_str(match reader.language {
                Language::En => "this customer",
                Language::Zh => "该客户",
            }),
            Piece::Name("now") => out.push_str(&evidence(&Evidence::At(reader.now), reader)),
            Piece::Name(name) => match because.get(name) {
                Some(value) => out.push_str(&evidence(value, reader)),
                None => out.push('?'),
            },
        }
    }
    let mut letters = out.chars();
    match letters.next() {
        // A sentence that opens with "this customer" still opens with a capital.
        Some(first) if reader.language == Language::En => first.to_uppercase().chain(letters).collect(),
        _ => out,
    }
}

/// The names a template uses.
pub fn placeholders(template: &str) -> Vec<String> {
    pieces(template)
        .filter_map(|piece| if let Piece::Name(name) = piece { Some(name.to_owned()) } else { None })
        .collect()
}

/// Whether a reason of this guard may use the name.
pub fn is_known<G: Guard>(name: &str) -> bool {
    ALWAYS.contains(&name) || G::PLACEHOLDERS.contains(&name)
}

/// One piece of evidence in words.
pub fn evidence(value: &Evidence, reader: &Reader) -> String {
    match value {
        Evidence::Name(name) => word(name, reader.language).to_owned(),
        Evidence::Money(money) => money.to_string(),
        Evidence::Count(count) => count.to_string(),
        Evidence::Seconds(seconds) => length(*seconds, reader.language),
        Evidence::At(at) => {
            let local = reader.zone.to_datetime(*at);
            match reader.language {
                Language::En => local.strftime("%Y-%m-%d %H:%M").to_string(),
                Language::Zh => local.strftime("%Y年%-m月%-d日 %H:%M").to_string(),
            }
        }
    }
}

enum Piece<'a> {
    Plain(&'a str),
    Name(&'a str),
}

/// An opening brace without a closing one is a name as well: an unknown one, and so an error at load.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            rest = tail;
            return Some(Piece::Name(name));
        }
        let (plain, tail) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
        rest = tail;
        Some(Piece::Plain(plain))
    })
}

/// `2 days`, `2天`: the largest unit that fills at least one, rounded down.
fn length(seconds: i64, language: Language) -> String {
    let seconds = seconds.unsigned_abs();
    let units = [(86_400, "day", "天"), (3_600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒")];
    let fits = units.iter().find(|(unit, ..)| seconds >= *unit).unwrap_or(&units[3]);
    let number = seconds / fits.0;
    match language {
        Language::En => format!("{number} {}{}", fits.1, if number == 1 { "" } else { "s" }),
        Language::Zh => format!("{number}{}", fits.2),
    }
}

/// The guards' own words, which are not the shop's, as a reader of that language says them.
pub fn word(name: &str, language: Language) -> &str {
    if language == Language::En {
        return match name {
            "email" => "e-mail",
            "sms" => "SMS",
            "invited_any" => "last invitation",
            "answered_any" => "last answered survey",
            "same_department" => "last invitation by this department",
            "same_survey" => "last time for this very survey",
            "gift-card" => "gift card",
            "redeemed" => "used up",
            "expiring" => "about to expire",
            "leaving" => "on the wrong channel",
            "shown_after" => "shown on another channel after all",
            "shown_before" => "shown on another channel before",
            "single" => "bought once only",
            "prospect" => "a new customer",
            "customer" => "a customer of long standing",
            "was" => "was-price",
            "percent" => "percentage",
            "opt-out" => "opted out",
            "bounce" => "does not exist",
            "spam-complaint" => "reported as spam",
            "one-time-code" => "one-time code",
            other => other,
        };
    }
    match name {
        "email" => "邮件",
        "sms" => "短信",
        "opt-out" => "退订",
        "bounce" => "硬退信",
        "spam-complaint" => "垃圾信息投诉",
        "promotion" => "营销",
        "survey" => "调查",
        "all" => "全部",
        "open" => "未关闭",
        "closed" => "已关闭",
        "unwanted" => "不想要",
        "extended" => "延期",
        "relaunched" => "重新上架",
        "expired" => "已过期",
        "evergreen" => "永不结束",
        "early" => "言之过早",
        "invited_any" => "上次邀请",
        "answered_any" => "上次填写",
        "same_department" => "本部门上次邀请",
        "same_survey" => "同一问卷上次邀请",
        "one-time-code" => "验证码",
        "notice" => "通知",
        "transactional" => "交易通知",
        "other" => "其他",
        "gift-card" => "礼品卡",
        "voucher" => "代金券",
        "coupon" => "优惠码",
        "redeemed" => "已被使用",
        "expiring" => "即将过期",
        "leaving" => "走错渠道",
        "shown_after" => "事后在另一渠道展示",
        "shown_before" => "此前已在另一渠道展示",
        "ordinary" => "普通商品",
        "durable" => "耐用品",
        "consumable" => "消耗品",
        "single" => "一次性购买的商品",
        "prospect" => "新客",
        "customer" => "老客户",
        "was" => "原价",
        "percent" => "折扣幅度",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_evidence_reads_well_in_both_languages() {
        let because = Because::from([
            ("ago".to_owned(), Evidence::Seconds(2 * 86_400 + 5)),
            ("paid".to_owned(), Evidence::Money("399 CNY".parse().unwrap())),
            ("end".to_owned(), Evidence::At("2026-11-30T15:59:00Z".parse().unwrap())),
        ]);
        let template = Texts {
            en: Some("{customer} paid {paid} {ago} ago; ends {end}; {lost}".into()),
            zh: Some("{customer}{ago}前支付{paid}，截止{end}".into()),
        };
        let zone = crate::facts::zone("Asia/Shanghai").unwrap();
        let reader = |language| Reader { language, zone: zone.clone(), now: Timestamp::UNIX_EPOCH };
        assert_eq!(
            reason(&template, &because, &reader(Language::En)),
            "This customer paid 399.00 CNY 2 days ago; ends 2026-11-30 23:59; ?"
        );
        assert_eq!(
            reason(&template, &because, &reader(Language::Zh)),
            "该客户2天前支付399.00 CNY，截止2026年11月30日 23:59"
        );
    }
}
