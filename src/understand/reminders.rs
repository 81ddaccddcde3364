//! Does an invitation remind of an earlier one? "We haven't heard from you yet", 您尚未填写问卷. Only asked of
//! messages that invite: an appointment's reminder reminds of no survey.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::{pattern, says};
use super::reading::Reading;

/// Bytes of a part that are looked at: who reminds says so in the beginning.
const BYTES_MAX: usize = 4_096;

/// True when the subject or the beginning of a part says so.
pub(super) fn is_reminder(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(|reading| {
        let text = &reading.normal.text;
        text.get(..text.floor_char_boundary(BYTES_MAX.min(text.len()))).is_some_and(says_so)
    })
}

fn says_so(words: &str) -> bool {
    says(&REMINDS, words)
}

static REMINDS: LazyLock<Option<Regex>> = pattern!(
    r"(?:^|[\n.!:>-][ \n]*)(?:a |just a |your |our )?(?:(?:friendly|gentle|quick|kind|final|last|second|survey) ){0,2}reminder\b",
    r"|\b(?:this is|here is|here's|just)[ \n](?:a |your )?(?:(?:friendly|gentle|quick|kind|final|last|second) ){0,2}reminder\b",
    r"|\bremind(?:ing)? you\b[^.!?]{0,60}\b(?:survey|questionnaire|feedback|review|opinion|rate)",
    r"|\b(?:have ?n[o']t|haven't|not|did ?n[o']t|didn't)[ \n](?:yet[ \n])?(?:heard|responded|replied|answered|completed|filled|had a chance|taken|shared|finished)\b",
    r"|\bstill (?:time|waiting|open)\b[^.!?]{0,60}\b(?:survey|feedback|share|respond|hear)",
    r"|\b(?:survey|feedback|invitation)\b[^.!?]{0,40}\b(?:we sent|sent you|last week|earlier)\b|\bwe (?:recently )?(?:sent|invited) you\b[^.!?]{0,60}\b(?:survey|feedback|questionnaire)",
    r"|(?:温馨|友情|再次|特此)提醒[^。！？!?]{0,40}(?:问卷|调查|调研|评价|评分|打分|反馈|填写)",
    r"|(?:尚未|还没有?|仍未|未曾?)(?:填写|完成|提交|参与|参加|评价|收到您的(?:反馈|回复|评价|意见))",
    r"|再次(?:诚邀|邀请|恳请)|(?:此前|之前|日前|上周|前几天)[^。！？!?]{0,12}(?:发送|邀请|发出)[^。！？!?]{0,16}(?:问卷|调查|调研|评价)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_says_that_it_is_one() {
        for words in [
            "reminder: how did we do?",
            "hello. just a friendly reminder to take our survey",
            "we haven't heard from you yet. please take our survey",
            "last week we sent you a survey about your visit",
            "there is still time to share your feedback",
            "温馨提醒：诚邀您参加满意度调查",
            "您尚未填写本次服务问卷",
            "再次邀请您为我们打分",
            "此前我们向您发送了一份问卷",
        ] {
            assert!(says_so(words), "{words}");
        }
        for words in [
            "how did we do? please take our survey",
            "诚邀您参加满意度调查，只需3分钟",
            "what do you think of our calendar and its reminders",
        ] {
            assert!(!says_so(words), "{words}");
        }
    }
}
