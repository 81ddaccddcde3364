//! How can it be refused? Words (回T退订, `reply STOP`), a link, or a List-Unsubscribe header.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Match, Regex};

use crate::message::{Channel, Content};

use super::meaning::OptOut;
use super::reading::Reading;

/// Ways to refuse counted in one text; no honest message tells it so often.
const CLAUSES_MAX: usize = 50;

/// The way to refuse, the first that is found: text before header, since a reader sees the text. A
/// header is a way in mail only (RFC 2369 §3.2).
pub(super) fn opt_out_of(channel: Channel, content: &Content, readings: &[Reading<'_>]) -> Option<OptOut> {
    let in_words = readings.iter().find_map(|reading| {
        let clause = reading.opt_outs.first()?.clone();
        let index = reading.sentences.partition_point(|sentence| sentence.range.end <= clause.start);
        let range = reading.sentences.get(index).map_or(clause, |sentence| sentence.range.clone());
        reading.spans(range).into_iter().next()
    });
    let in_links = || {
        readings.iter().find_map(|reading| {
            let link = reading.visible.links.iter().find(|link| is_unsubscribe_link(&link.url))?;
            let pieces = reading.visible.offsets.pieces(link.shown.clone());
            crate::message::Span::new(reading.part, pieces.into_iter().next()?)
        })
    };
    let in_header = || {
        let value = content.header("list-unsubscribe").filter(|_| channel == Channel::Email)?;
        (!value.trim().is_empty()).then_some(OptOut::Header)
    };
    in_words.or_else(in_links).map(OptOut::Text).or_else(in_header)
}

/// Where a normalised text says how to refuse, given where the signs of it begin.
pub(super) fn opt_out_clauses(text: &str, signs: &[usize]) -> Vec<Range<usize>> {
    let Some(words) = WORDS.as_ref() else { return Vec::new() };
    let mut clauses: Vec<Range<usize>> = Vec::new();
    let found = telling(words, text, signs)
        .filter(|found| {
            let after = &text[found.end()..];
            let before = &text[..found.start()];
            // "您已退订", "you have been unsubscribed", 无法退订 tell of a refusal, they offer none.
            !["成功", "已", "了", "费", "生效"].iter().any(|past| after.starts_with(past))
                && !["已", "无法", "不能", "已经", "been ", "already ", "cannot ", "can't ", "have ", "确认", "订单"]
                    .iter()
                    .any(|past| before.ends_with(past))
        })
        .take(CLAUSES_MAX)
        .map(|found| found.range());
    for clause in found {
        // "Reply STOP to opt out" is one clause.
        match clauses.last_mut() {
            Some(last)
                if clause.start - last.end <= 12 && !text[last.end..clause.start].contains(['.', '。', '\n', '!']) =>
            {
                last.end = clause.end;
            }
            _ => clauses.push(clause),
        }
    }
    clauses
}

/// Every match, as `find_iter` gives them, but looked for only around the words no match is without:
/// most of a mail has none of them.
fn telling<'t>(words: &'static Regex, text: &'t str, signs: &[usize]) -> impl Iterator<Item = Match<'t>> {
    let (mut from, mut signs) = (0, signs.iter());
    std::iter::from_fn(move || {
        let sign = signs.find(|sign| **sign >= from)?;
        let start = from.max(text.floor_char_boundary(sign.saturating_sub(BEFORE_SIGN_BYTES_MAX)));
        let found = words.find_at(text, start)?;
        from = found.end();
        Some(found)
    })
}

fn is_unsubscribe_link(url: &str) -> bool {
    static SIGNS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let signs =
            ["unsubscribe", "opt-out", "optout", "opt_out", "tuiding", "email-preferences", "email_preferences"];
        AhoCorasick::builder().ascii_case_insensitive(true).build(signs).ok()
    });
    SIGNS.as_ref().is_some_and(|signs| signs.is_match(url))
}

static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A new alternative needs its sign in `signs`.
    Regex::new(concat!(
        r"(?:请?直?接?(?:回复?|发送?|复)[ \n]?[“”\x22'「]?[a-z0-9]{1,4}[“”\x22'」]?[ \n]?(?:即可|可|以)?(?:退订|拒收|取消订阅|谢绝))",
        r"|(?:(?:如需|若需|如不需要?请?|要)?(?:退订|拒收|谢绝)(?:本?短信|信息|消息|此类[^，。]{1,4}|请|可|或|,|，|:|[ \n])*(?:回复?|发送?|复|点击|致电|按|戳)[\x22'「“]?[a-z0-9]{0,4})",
        r"|(?:[a-z]{1,2}退订)|(?:取消订阅)|(?:(?:点击|在此|此处|这里)退订)|(?:退订(?:链接|地址|邮件|本邮件|此邮件|请|(?m:$)))",
        r"|(?-u:\b)unsubscribe(?-u:\b)|(?-u:\b)opt[ -]?out(?-u:\b)|(?-u:\b)(?:reply|text|txt|send)[ \n][\x22']?(?:stop|end|quit|cancel|unsub(?:scribe)?)(?-u:\b)[\x22']?",
        r"|(?-u:\b)stop[ \n]?(?:to|2)[ \n]?(?:end|quit|cancel|opt|unsub|stop|[0-9]{4,6})|(?-u:\b)stop[ \n]?=|(?-u:\b)stoptoend|[.!][ \n]stop\.?$",
        r"|(?-u:\b)(?:manage|update|change)[ \n](?:your[ \n])?(?:e-?mail[ \n])?(?:subscription|preferences|e-?mail settings)",
    ))
    .ok()
});

/// No clause begins further before its sign; the longest are `请直接发送 "abcd" 即可退订` (42 bytes) and
/// `change your e-mail preferences` (19).
const BEFORE_SIGN_BYTES_MAX: usize = 64;

/// What every clause has one of.
pub(super) fn signs() -> Vec<String> {
    let mut signs: Vec<String> = [
        "退订",
        "拒收",
        "谢绝",
        "订阅",
        "unsubscribe",
        "opt out",
        "opt-out",
        "optout",
        "subscription",
        "preferences",
        "mail settings",
    ]
    .map(str::to_owned)
    .to_vec();
    for blank in ["", " ", "\n"] {
        signs.extend(["to", "2"].map(|to| format!("stop{blank}{to}")));
    }
    signs.extend(["stop=", "stop =", ". stop", ".\nstop", "! stop", "!\nstop"].map(str::to_owned));
    for send in ["reply", "text", "txt", "send"] {
        for mark in [" ", "\n", " \"", "\n\"", " '", "\n'"] {
            signs.extend(["stop", "end", "quit", "cancel", "unsub"].map(|stop| format!("{send}{mark}{stop}")));
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::lexicon::heard_in;
    use crate::understand::text::normal::fold_phrase;

    fn clauses(text: &str) -> Vec<Range<usize>> {
        let text = fold_phrase(text);
        opt_out_clauses(&text, &heard_in(&text).opt_out_signs)
    }

    #[test]
    fn refusals_are_found_and_reports_of_refusals_are_not() {
        for told in [
            "回T退订",
            "拒收请回复R",
            "退订回TD",
            "回复TD退订",
            "退訂請回T",
            "Reply STOP to opt out",
            "Unsubscribe",
            "Text STOP to 12345",
            "STOP to end",
            "如需退订请点击",
            "退订",
            "回复“T”退订",
            "拒收回R",
        ] {
            assert!(!clauses(told).is_empty(), "{told}");
        }
        for silent in
            ["您已退订成功", "You have been unsubscribed.", "The bus will stop to the left", "我已退订酒店", "回家吃饭"]
        {
            assert!(clauses(silent).is_empty(), "{silent}");
        }
    }
}
