//! Reasons in words: a rule's template and a finding's evidence become a sentence in English or
//! Chinese. For `explain` and the console only: a refusal carries the rule's fact-free title.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{Texts, topics};
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

/// Evidence that tells when something ends: midnight is then the end of the day before.
const ENDS: &[&str] = &["end", "earlier_end", "when"];

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
                Some(Evidence::At(at)) if ENDS.contains(&name) => out.push_str(&end(*at, reader)),
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
        Evidence::Name(name) => word(name, reader.language).into_owned(),
        Evidence::Money(money) => money.to_string(),
        Evidence::Count(count) => count.to_string(),
        Evidence::Seconds(seconds) => length(*seconds, reader.language),
        Evidence::At(at) => {
            let local = reader.zone.to_datetime(*at);
            format!("{} {}", date(local.date(), reader), local.strftime("%H:%M"))
        }
    }
}

/// `2026-08-16 24:00`, 2026年8月16日 24:00: what ends with a Sunday does not end on Monday.
fn end(at: Timestamp, reader: &Reader) -> String {
    let local = reader.zone.to_datetime(at);
    match local.date().yesterday() {
        Ok(day) if local.time() == Time::midnight() => format!("{} 24:00", date(day, reader)),
        _ => evidence(&Evidence::At(at), reader),
    }
}

fn date(day: Date, reader: &Reader) -> String {
    match reader.language {
        Language::En => day.strftime("%Y-%m-%d").to_string(),
        Language::Zh => day.strftime("%Y年%-m月%-d日").to_string(),
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

/// The guards' own words, which are not the shop's, as a reader of that language says them. Several topics stand
/// with commas between them.
pub fn word(name: &str, language: Language) -> Cow<'_, str> {
    if language == Language::Zh && name.split(", ").any(|topic| topics::in_chinese(topic).is_some()) {
        let topics = name.split(", ").map(|topic| topics::in_chinese(topic).unwrap_or(topic));
        return topics.collect::<Vec<_>>().join("、").into();
    }
    one_word(name, language).into()
}

fn one_word(name: &str, language: Language) -> &str {
    if language == Language::En {
        return match name {
            "email" => "e-mail",
            "sms" => "SMS",
            "?" => "not told",
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
            "no-consent" => "no consent is known",
            "one-time-code" => "one-time code",
            other => surveys_en(other).unwrap_or(other),
        };
    }
    if let Some(words) = own_words_zh(name) {
        return words;
    }
    match name {
        "email" => "邮件",
        "sms" => "短信",
        "?" => "未注明",
        "opt-out" => "退订",
        "bounce" => "硬退信",
        "spam-complaint" => "垃圾信息投诉",
        "no-consent" => "没有同意的记录",
        "promotion" => "营销",
        "survey" => "调查",
        "all" => "全部",
        "open" => "未关闭",
        "closed" => "已关闭",
        "unwanted" => "不想要",
        "extended" => "延期",
        "relaunched" => "到期后又重来",
        "expired" => "已过期",
        "evergreen" => "永不结束",
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

/// What the guards of surveys and of urgency found, in English: their names are short, a reader's are not.
fn surveys_en(name: &str) -> Option<&'static str> {
    Some(match name {
        "invited_any" => "last invitation",
        "invited_same" => "last invitation to this very survey",
        "invited_department" => "last invitation by this department",
        "answered_any" => "last answered survey",
        "answered_same" => "last answer to this very survey",
        "declined" => "last refusal of a survey",
        "minutes" => "minutes asked for",
        "department_at_most" => "invitations by this department",
        "ignored" => "invitations left unanswered",
        "reminder_early" => "reminder too soon",
        "reminder_again" => "a second reminder",
        "reminder_answered" => "reminder after an answer",
        "reminder_complaint" => "reminder after a complaint",
        "not-yet" => "not experienced yet",
        "not-delivered" => "bought and not delivered yet",
        "nothing" => "nothing experienced",
        "stale" => "too long ago",
        "asked-already" => "asked about it already",
        "complaining" => "a complaint is open",
        "complained" => "a complaint was closed only recently",
        "stay-ended" => "stay ended",
        "ticket-closed" => "ticket closed",
        "no-end" => "no end is told",
        "early" => "too early",
        "repeated" => "said before to this person",
        "still-closing" => "the closing sale never closes",
        "restocked" => "new stock came in",
        "uncounted" => "nobody counted",
        "more-left" => "more are left",
        "hurry" => "words of hurry",
        "last-chance" => "last chance",
        "countdown" => "a countdown",
        "scarcity" => "so few left",
        "closing" => "closing sale",
        "not-replayable" => "judged on the text, not replayable",
        "way-to-refuse" => "way to refuse",
        "postal-address" => "postal address",
        "list-unsubscribe" => "List-Unsubscribe header",
        "one-click" => "one-click List-Unsubscribe headers (RFC 8058)",
        "list-id" => "List-Id header",
        "headers" => "header fields",
        "calendar-day" => "one calendar day",
        "calendar-week" => "one calendar week",
        "calendar-month" => "one calendar month",
        _ => return None,
    })
}

/// The same in Chinese.
fn own_words_zh(name: &str) -> Option<&'static str> {
    Some(match name {
        "invited_any" => "上次邀请",
        "invited_same" => "同一问卷上次邀请",
        "invited_department" => "本部门上次邀请",
        "answered_any" => "上次填写",
        "answered_same" => "上次填写同一问卷",
        "declined" => "上次拒绝调查",
        "minutes" => "占用的分钟数",
        "department_at_most" => "本部门邀请次数",
        "ignored" => "多次邀请未获回应",
        "reminder_early" => "提醒过早",
        "reminder_again" => "再次提醒",
        "reminder_answered" => "已填写仍提醒",
        "reminder_complaint" => "投诉后仍提醒",
        "not-yet" => "尚未体验",
        "not-delivered" => "已购买，尚未送达",
        "nothing" => "没有可评价的体验",
        "stale" => "时隔过久",
        "asked-already" => "已就此次体验邀请过",
        "complaining" => "投诉未关闭",
        "complained" => "投诉刚关闭不久",
        "delivered" => "已送达",
        "used" => "已使用",
        "stay-ended" => "入住结束",
        "ticket-closed" => "工单关闭",
        "visited" => "到店",
        "none" => "无",
        "late" => "收到时即将或已经结束",
        "no-end" => "没有说明截止时间",
        "early" => "言之过早",
        "repeated" => "已对该客户说过",
        "still-closing" => "清仓迟迟不结束",
        "restocked" => "又补了货",
        "uncounted" => "没有库存依据",
        "more-left" => "实际库存更多",
        "hurry" => "催促",
        "last-chance" => "最后机会",
        "countdown" => "倒计时",
        "scarcity" => "所剩不多",
        "closing" => "清仓",
        "signature" => "短信签名【】",
        "way-to-refuse" => "退订方式",
        "postal-address" => "通信地址",
        "list-unsubscribe" => "List-Unsubscribe 邮件头",
        "one-click" => "一键退订邮件头（RFC 8058）",
        "list-id" => "List-Id 邮件头",
        "headers" => "邮件头",
        "calendar-day" => "一个自然日",
        "calendar-week" => "一个自然周",
        "calendar-month" => "一个自然月",
        "missing" => "缺少",
        "not-replayable" => "依据原文判断，无法重放",
        "forbidden" => "不得出现",
        "message" => "全文",
        "subject" => "主题",
        "body" => "正文",
        _ => return None,
    })
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
        let because = Because::from([("end".to_owned(), Evidence::At("2026-08-16T16:00:00Z".parse().unwrap()))]);
        let template = Texts { en: Some("ends {end}, {now}".into()), zh: Some("{end}截止".into()) };
        assert_eq!(
            reason(&template, &because, &reader(Language::En)),
            "Ends 2026-08-16 24:00, 1970-01-01 08:00",
            "what ends with a Sunday does not end on Monday"
        );
        assert_eq!(reason(&template, &because, &reader(Language::Zh)), "2026年8月16日 24:00截止");
    }
}
