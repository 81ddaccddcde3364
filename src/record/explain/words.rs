//! An explanation in English or Chinese: what was decided, every rule that spoke with its place in the
//! policies, the evidence, what would change it, and what became of the message.

use std::fmt::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::{Explained, Explanation};
use crate::decide::{Answer, Evidence, Finding, Objection, Verdict};
use crate::facts::Why;
use crate::message::Language;
use crate::policy::wording;
use crate::record::entry::{DecisionEntry, Fate, OutcomeEntry};
use crate::record::receipt::WhyClosed;

pub(super) fn text(explanation: &Explanation, language: Language, zone: &TimeZone) -> String {
    let words = Words { language, zone };
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = words.page(&mut page, explanation);
    page
}

struct Words<'a> {
    language: Language,
    zone: &'a TimeZone,
}

impl Words<'_> {
    fn say(&self, en: &'static str, zh: &'static str) -> &'static str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    fn page(&self, out: &mut String, explanation: &Explanation) -> fmt::Result {
        if let Some(received) = &explanation.received
            && explanation.decisions.is_empty()
        {
            let (id, at) = (&received.submission, self.time(received.at));
            writeln!(out, "{} {id} · {at}", self.say("Submission", "提交"))?;
            for closed in &explanation.closed {
                writeln!(out, "  {}", self.closed(closed.why))?;
            }
            if explanation.closed.is_empty() {
                let said = self.say(
                    "taken, and never decided: it is under way, or the gateway was stopped meanwhile; its client keeps it",
                    "已收下而未作决定：仍在处理，或网关其间停止；消息仍在客户端",
                );
                writeln!(out, "  {said}")?;
            }
        }
        for (number, explained) in explanation.decisions.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            self.decision(out, explained)?;
        }
        if explanation.unreadable_lines > 0 {
            let said = self.say(
                "lines of the record could not be read; this may be incomplete",
                "行记录无法读取，以上内容可能不完整",
            );
            writeln!(out, "\n{} {said}", explanation.unreadable_lines)?;
        }
        if explanation.not_followed > 0 {
            let said = self.say("later decisions are not shown: ask for them by id", "个后续决定未列出，请按编号查询");
            writeln!(out, "\n{} {said}", explanation.not_followed)?;
        }
        Ok(())
    }

    fn closed(&self, why: WhyClosed) -> &'static str {
        match why {
            WhyClosed::Malformed => self.say("refused: it cannot be read", "已拒绝：无法读取"),
            WhyClosed::NoRoute => self.say("refused: no route takes it", "已拒绝：没有路由"),
            WhyClosed::Failed => self.say("not sent: the gateway failed on it", "未发送：网关处理时出错"),
            WhyClosed::FailedLeaving => self.say(
                "the gateway failed on it when it may have left; it counts as sent",
                "网关处理时出错，消息可能已发出，按已发送计",
            ),
        }
    }

    fn decision(&self, out: &mut String, explained: &Explained) -> fmt::Result {
        let entry = &explained.decision;
        writeln!(out, "{} {} · {}", self.say("Decision", "决定"), entry.id, self.time(entry.at))?;
        writeln!(out, "  {}", self.verdict(entry))?;
        for (name, value) in self.circumstances(entry) {
            writeln!(out, "  {} {}", pad(name, 12), one_line(&value))?;
        }
        if entry.findings.is_empty() {
            writeln!(out, "\n  {}", self.say("No rule had anything to say.", "没有规则提出意见。"))?;
        } else {
            self.findings(out, entry)?;
        }
        self.history(out, explained)
    }

    fn verdict(&self, entry: &DecisionEntry) -> String {
        match &entry.verdict {
            Verdict::Pass => self.say("passed as it was", "原样放行").to_owned(),
            Verdict::Rewrite => self.say("passed after a change", "改写后放行").to_owned(),
            Verdict::Delay { until, expires } => match self.language {
                Language::En => format!("held until {}, not sent after {}", self.time(*until), self.time(*expires)),
                Language::Zh => format!("延后至{}，{}之后不再发送", self.time(*until), self.time(*expires)),
            },
            Verdict::Block => self.say("blocked", "拦截").to_owned(),
        }
    }

    fn circumstances(&self, entry: &DecisionEntry) -> Vec<(&'static str, String)> {
        let stream = &entry.stream;
        let mut rows = vec![
            (self.say("channel", "渠道"), self.channel(entry.channel).to_owned()),
            (self.say("brand", "品牌"), stream.brand.clone()),
            (self.say("stream", "业务流"), stream.name.clone()),
        ];
        let told = [
            (self.say("department", "部门"), &stream.department),
            (self.say("purpose", "用途"), &stream.purpose),
            (self.say("campaign", "活动"), &entry.campaign),
            (self.say("customer", "客户"), &entry.customer),
        ];
        rows.extend(told.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        rows.push((self.say("submission", "提交"), entry.submission.clone()));
        rows.push((self.say("policies", "策略版本"), entry.policy.clone()));
        rows.push((self.say("decided in", "耗时"), format!("{:.1} ms", entry.latency_us as f64 / 1_000.0)));
        if let Some((before, after)) = entry.segments {
            let alphabet = match before.alphabet == after.alphabet {
                true => after.alphabet.to_string(),
                false => format!("{} → {}", before.alphabet, after.alphabet),
            };
            let said = format!("{} → {} ({alphabet})", before.count, after.count);
            rows.push((self.say("segments", "短信条数"), said));
        }
        if entry.must_send {
            let said = self.say("yes: the text is a code or a receipt", "是：内容为验证码或交易通知");
            rows.push((self.say("must send", "必达"), said.to_owned()));
        }
        if entry.receipt {
            let said = self.say(
                "yes, by its words (a code or a receipt): it may lose an offer, and is not stopped for one",
                "是（依据内容，为验证码或收据）：可去掉夹带的推销，不因推销而拦截",
            );
            rows.push((self.say("receipt", "收据"), said.to_owned()));
        }
        if entry.facts_version.is_none() {
            let said = self.say("not known: the store did not answer", "未知：存储无应答");
            let why = entry.without_store.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            rows.push((self.say("history", "客户历史"), format!("{said}{why}")));
        }
        rows
    }

    fn findings(&self, out: &mut String, entry: &DecisionEntry) -> fmt::Result {
        let columns = |f: &Finding| [f.rule.clone(), self.wants(f), f.place.to_string(), f.guard.clone()];
        let head = [("rule", "规则"), ("wants", "要求"), ("at", "位置"), ("guard", "守卫")];
        let mut rows = vec![head.map(|(en, zh)| self.say(en, zh).to_owned())];
        // What decided comes first; what could not be told, last.
        let mut findings: Vec<&Finding> = entry.findings.iter().collect();
        let is_unsure = |finding: &Finding| matches!(finding.answer, Answer::CannotTell(_));
        findings
            .sort_by_key(|finding| (finding.shadow, std::cmp::Reverse(finding.wants.severity()), is_unsure(finding)));
        rows.extend(findings.iter().map(|finding| columns(finding).map(|cell| one_line(&cell))));
        let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths = [widest(0), widest(1), widest(2)];
        writeln!(out)?;
        for (number, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| pad(cell, width)).collect();
            writeln!(out, "  {}  {}", cells.join("  "), row[3])?;
            if let Some(finding) = number.checked_sub(1).and_then(|at| findings.get(at)) {
                self.finding(out, entry, finding)?;
            }
        }
        Ok(())
    }

    fn finding(&self, out: &mut String, entry: &DecisionEntry, finding: &Finding) -> fmt::Result {
        if let Some(reason) = entry.reasons.get(&finding.rule).map(|texts| texts.in_language(self.language))
            && !reason.is_empty()
        {
            writeln!(out, "      {}", one_line(reason))?;
        }
        match &finding.answer {
            Answer::Fine => {}
            Answer::Objects(objection) => self.objection(out, objection)?,
            Answer::CannotTell(why) => writeln!(out, "      {}", self.cannot_tell(*why))?,
        }
        let remarks = [
            (finding.shadow, ("only watches: it changed nothing", "仅观察，未影响结果")),
            (finding.not_removed, ("not removed: the message must be sent", "未移除：该消息必须送达")),
            (finding.degraded, ("let go because the store was down", "存储故障，按规则放行")),
        ];
        if matches!(&finding.answer, Answer::Objects(objection) if objection.remembered) {
            let (en, zh) = (
                "the store was down: from the refusals last known on this machine",
                "存储故障：依据本机最近保存的拒收记录",
            );
            writeln!(out, "      {}", self.say(en, zh))?;
        }
        for (_, (en, zh)) in remarks.into_iter().filter(|(said, _)| *said) {
            writeln!(out, "      {}", self.say(en, zh))?;
        }
        Ok(())
    }

    fn objection(&self, out: &mut String, objection: &Objection) -> fmt::Result {
        let evidence: Vec<String> = objection.because.iter().map(|(name, value)| self.evidence(name, value)).collect();
        if !evidence.is_empty() {
            writeln!(out, "      {}", evidence.join(self.say("; ", "；")))?;
        }
        if let Some(free_at) = objection.free_at {
            match self.language {
                Language::En => writeln!(out, "      would not object from {}", self.time(free_at))?,
                Language::Zh => writeln!(out, "      {}起不再反对", self.time(free_at))?,
            }
        }
        Ok(())
    }

    fn evidence(&self, name: &str, value: &Evidence) -> String {
        let value = match value {
            Evidence::Name(name) => one_line(&wording::word(name, self.language)),
            Evidence::Money(money) => money.to_string(),
            Evidence::At(at) => self.time(*at),
            Evidence::Seconds(seconds) => self.length(*seconds),
            Evidence::Count(count) => count.to_string(),
        };
        let name = match self.language {
            Language::En => name.replace('_', " "),
            Language::Zh => evidence_in_chinese(name).to_owned(),
        };
        match self.language {
            Language::En => format!("{name}: {value}"),
            Language::Zh => format!("{name}：{value}"),
        }
    }

    fn cannot_tell(&self, why: Why) -> &'static str {
        match why {
            Why::StoreDown => self.say(
                "could not tell: the store did not answer; it would decide again once it does",
                "无法判断：存储无应答，恢复后会重新判断",
            ),
            Why::TooYoung => self.say(
                "could not tell: facts of this kind have not been known long enough for the rule's window",
                "无法判断：此类事实的积累时间短于规则的时间窗",
            ),
            Why::Unread => self.say(
                "could not tell: the message does not say enough; a declaration (Tactgate-Offer …) would",
                "无法判断：消息中信息不足，可用声明（Tactgate-Offer 等）补充",
            ),
            Why::NotTold => self.say(
                "could not tell: the shop has not told us (a time zone, say)",
                "无法判断：商家未提供所需资料（例如时区）",
            ),
        }
    }

    fn history(&self, out: &mut String, explained: &Explained) -> fmt::Result {
        let at_once = explained.decision.outcome.map(|outcome| OutcomeEntry {
            decision: explained.decision.id.clone(),
            at: explained.decision.at,
            outcome,
            next: None,
            note: None,
        });
        if at_once.is_none() && explained.history.is_empty() {
            let said = self.say("What became of it is not on record.", "没有后续结果的记录。");
            return writeln!(out, "\n  {said}");
        }
        writeln!(out, "\n  {}", self.say("What became of it", "后续"))?;
        for outcome in at_once.iter().chain(&explained.history) {
            write!(out, "  {}  {}", self.time(outcome.at), self.fate(outcome.outcome))?;
            if let Some(next) = &outcome.next {
                write!(out, " → {}", one_line(next))?;
            }
            match &outcome.note {
                Some(note) => writeln!(out, " ({})", one_line(note))?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }

    fn fate(&self, fate: Fate) -> &'static str {
        match fate {
            Fate::Accepted => self.say("the provider took it", "服务商已接收"),
            Fate::Refused => self.say("the provider refused it", "服务商拒绝"),
            Fate::TryLater => self.say("the sender was asked to try later", "已请发送方稍后重试"),
            Fate::Unknown => self.say("the provider's answer was lost; counts as sent", "服务商应答丢失，按已发送计"),
            Fate::Blocked => self.say("not sent", "未发送"),
            Fate::Held => self.say("held", "已暂存"),
            Fate::Requeued => self.say("held again", "再次暂存"),
            Fate::Released => self.say("released", "已放出"),
            Fate::Dropped => self.say("dropped at its time", "到期后未予发送"),
            Fate::Expired => self.say("too late to send", "已过期，不再发送"),
            Fate::Failed => self.say("failed: held too often or damaged", "失败：多次暂存或数据损坏"),
            Fate::Repeated => {
                self.say("a retry: answered from the record, not sent again", "客户端重试：按已有记录应答，未再次发送")
            }
            Fate::Sandboxed => self.say("sandbox: nothing left the gateway", "沙箱：未离开网关"),
            Fate::ToldSent => self.say(
                "an event told that the provider has it; it counts as sent",
                "有事件告知：服务商已收到，按已发送计",
            ),
            Fate::ToldNotSent => self.say(
                "an event told that the provider does not have it; it no longer counts, and a retry is sent anew",
                "有事件告知：服务商并未收到，不再计数，客户端重试将重新发送",
            ),
        }
    }

    fn wants(&self, finding: &Finding) -> String {
        match finding.wants {
            Verdict::Pass => self.say("pass", "放行"),
            Verdict::Rewrite => self.say("rewrite", "改写"),
            Verdict::Delay { .. } => self.say("delay", "延后"),
            Verdict::Block => self.say("block", "拦截"),
        }
        .to_owned()
    }

    fn channel(&self, channel: crate::message::Channel) -> &'static str {
        match channel {
            crate::message::Channel::Email => self.say("e-mail", "电子邮件"),
            crate::message::Channel::Sms => self.say("sms", "短信"),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    fn length(&self, seconds: i64) -> String {
        let units = [(86_400, "day", "天"), (3_600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒")];
        let magnitude = seconds.unsigned_abs();
        let (size, en, zh) = units.into_iter().find(|(size, ..)| magnitude >= *size).unwrap_or((1, "second", "秒"));
        let number = magnitude / size;
        match self.language {
            Language::En => format!("{number} {en}{}", if number == 1 { "" } else { "s" }),
            Language::Zh => format!("{number}{zh}"),
        }
    }
}

fn evidence_in_chinese(name: &str) -> &str {
    match name {
        "ago" => "距今",
        "claim" => "所称",
        "experience" => "体验",
        "left" => "剩余数量",
        "on" => "所在位置",
        "replayable" => "可否重放",
        "stock" => "库存",
        "stream" => "发送流",
        "text" => "文字",
        "at" | "when" => "时间",
        "audience" => "措辞面向",
        "bought_at" | "paid_at" => "购买时间",
        "campaign" => "活动",
        "channel" => "渠道",
        "clock" => "计时方式",
        "count" | "sent" => "次数",
        "deadline" | "end" => "截止时间",
        "deadlines" => "截止时间个数",
        "department" => "部门",
        "earlier_end" => "此前宣称的截止时间",
        "exclusive_to" => "专享渠道",
        "first" => "首次",
        "first_claimed" => "首次宣称时间",
        "open" => "可发时段",
        "free_at" => "最早可发送时间",
        "from" => "开始时刻",
        "gap" => "应有间隔",
        "goods" => "商品类型",
        "kind" => "情形",
        "limit" | "cap" | "at_most" => "上限",
        "local_time" => "当地时间",
        "lowest" => "最低价",
        "minutes" => "分钟数",
        "offered" | "price" => "本次报价",
        "other_channel" => "另一渠道",
        "other_price" => "另一报价",
        "paid" => "实付",
        "percent" => "按最低价计算的降幅（%）",
        "previous" | "earlier" => "此前",
        "product" => "产品",
        "purpose" => "用途",
        "since" => "起始时间",
        "state" => "状态",
        "stated" => "客户表示",
        "survey" => "问卷",
        "ticket" | "complaint" => "投诉单",
        "topic" => "主题",
        "until" => "结束时刻",
        "voucher" => "券种",
        "was" => "所称原价",
        "within" | "window" => "时间窗",
        "why" => "原因",
        "zone" => "时区",
        other => other,
    }
}

/// Padded to `width` columns of a terminal, where a Chinese character takes two.
fn pad(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
}

/// On one line and without what a terminal would obey: labels come from senders, and an escape sequence
/// or a turned-round line (U+202E) in a campaign's name must not rewrite what a clerk reads.
fn one_line(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guards;

    #[test]
    fn every_piece_of_evidence_has_its_name_in_chinese() {
        for guard in guards::catalogue() {
            for name in guard.placeholders {
                assert!(!evidence_in_chinese(name).is_ascii(), "{}: {name}", guard.name);
            }
        }
    }
}
