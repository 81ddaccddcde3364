//! Does it ask for opinions? By a sentence that does (`lexicon/surveys.txt`), by two weaker signs together
//! ("How was your stay?" and a link to `/feedback`), or by a link to a survey host.

use std::sync::LazyLock;

use crate::message::{Declared, PartKind};

use super::amounts::numerals::english;
use super::expression::{Expression, May, expression};
use super::lexicon::Cue;
use super::meaning::{Confidence, Source, SurveyAsk};
use super::patterns::Patterns;
use super::reading::{Reading, Sentence};
use super::reminders::is_reminder;

/// Hosts that serve surveys, some only under a path.
const HOSTS: &[(&str, &str)] = &[
    ("surveymonkey.com", "/"),
    ("typeform.com", "/"),
    ("qualtrics.com", "/"),
    ("wjx.cn", "/"),
    ("wjx.com", "/"),
    ("wjx.top", "/"),
    ("wenjuan.com", "/"),
    ("wj.qq.com", "/"),
    ("forms.gle", "/"),
    ("docs.google.com", "/forms"),
    ("forms.office.com", "/"),
    ("jinshuju.net", "/f"),
    ("jinshuju.com", "/f"),
    ("surveysparrow.com", "/"),
    ("alchemer.com", "/"),
    ("delighted.com", "/"),
    ("jotform.com", "/"),
    ("smartsurvey.co.uk", "/"),
    ("getfeedback.com", "/"),
    ("nicereply.com", "/"),
    ("medallia.com", "/"),
    ("wenjuan.pub", "/"),
    ("survey.alibaba.com", "/"),
    ("tp.wjx.top", "/"),
    ("surveygizmo.com", "/"),
];

/// Sentences kept of one invitation.
const SPANS_MAX: usize = 64;
/// Words without a question in them ask for nothing; what is longer than this is no such sentence.
const WORDS_BYTES_MAX: usize = 1_024;

/// Weak signs: two different ones in a message make an invitation.
const SIGNS: [(&str, Cue); 4] = [
    ("question", Cue::SurveyQuestion),
    ("feedback", Cue::SurveyFeedback),
    ("improve", Cue::SurveyImprove),
    ("scale", Cue::SurveyScale),
];

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("lexicon/surveys.txt")));

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    PATTERNS.all().chain([&MINUTES, &SECONDS])
}

/// Marks the sentences that ask ([`Cue::SurveyPhrase`]) and those that have a weak sign of it.
///
/// "Five stars and 5 yuan back" (好评返现) asks for nothing: it names the answer and buys it. It is a promotion.
pub(super) fn mark_surveys(text: &str, sentences: &mut [Sentence]) {
    for sentence in sentences {
        let end = text.floor_char_boundary(sentence.range.end.min(sentence.range.start + WORDS_BYTES_MAX));
        let Some(words) = text.get(sentence.range.start..end) else { continue };
        let may = sentence.may;
        let has = |section: &str, words: &str| PATTERNS.has(section, &may, words);
        let found = |words: &str| has("asks", words) || SIGNS.iter().any(|(section, _)| has(section, words));
        if !found(words) {
            continue;
        }
        // "Please rate us. Thank you for your feedback": the thanks come first only when it is over.
        let past = PATTERNS.find("past", &may, words);
        if past.as_ref().and_then(|past| words.get(past.end..)).is_some_and(|tail| begs(&has, tail)) {
            sentence.cues.add(Cue::SurveyPhrase);
        }
        let words = past.and_then(|past| words.get(..past.start)).unwrap_or(words);
        if has("asks", words) {
            sentence.cues.add(Cue::SurveyPhrase);
        }
        for (section, sign) in SIGNS {
            if has(section, words) {
                sentence.cues.add(sign);
            }
        }
    }
}

/// "Thank you for your feedback, please take our survey", 感谢您的反馈，请填写问卷: what comes behind the thanks, in a clause
/// of its own, asks if it begs.
fn begs(has: &impl Fn(&str, &str) -> bool, tail: &str) -> bool {
    const BEGS: [&str; 9] = ["请", "诚邀", "邀您", "邀请您", "please", "pls", "take our", "take this", "take a"];
    let mark = tail.find([',', '，', '-', '!', ':', ';', '；']);
    let asked = mark.and_then(|at| tail.get(at..)).unwrap_or_default();
    BEGS.iter().any(|beg| asked.contains(beg)) && has("asks", asked) && !has("past", asked)
}

/// True when the sentence asks for an opinion, or has a weak sign of it.
pub(super) fn may_ask(sentence: &Sentence) -> bool {
    sentence.cues.has(Cue::SurveyPhrase) || SIGNS.iter().any(|(_, sign)| sentence.cues.has(*sign))
}

/// The invitations: the declared one with the sentences that make it, else the one the text makes.
pub(super) fn surveys_of(readings: &[Reading<'_>], declared: &Declared) -> Vec<SurveyAsk> {
    let mut found = SurveyAsk {
        id: None,
        minutes: None,
        reminder: false,
        source: Source::Text,
        confidence: Confidence(0),
        spans: Vec::new(),
    };
    let all = || readings.iter().flat_map(|reading| reading.sentences.iter().map(move |sentence| (reading, sentence)));
    let asks = all().any(|(_, sentence)| sentence.cues.has(Cue::SurveyPhrase));
    let by_host = all().any(|(reading, sentence)| survey_link(reading, sentence).is_some());
    let weak = SIGNS.iter().filter(|(_, sign)| all().any(|(_, sentence)| sentence.cues.has(*sign))).count();
    let linked =
        weak > 0 && readings.iter().any(|reading| reading.visible.links.iter().any(|link| is_asking_link(&link.url)));
    let is_asked = asks || by_host || weak + usize::from(linked) >= 2 && readings.iter().any(speaks_for_a_sender);
    for reading in readings {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            let link = survey_link(reading, sentence);
            let cues = sentence.cues;
            let words = cues.has(Cue::SurveyPhrase) || is_asked && may_ask(sentence);
            if link.is_none() && !words {
                continue;
            }
            let sure = match (&link, cues.has(Cue::SurveyPhrase)) {
                (Some(_), _) => 90,
                (None, true) => 80,
                (None, false) if asks || by_host => 0,
                (None, false) if is_asked => 60,
                (None, false) => continue,
            };
            found.confidence = found.confidence.max(Confidence(sure));
            if link.is_some() {
                found.source = Source::Link;
                found.id = found.id.take().or(link);
            }
            if found.spans.len() < SPANS_MAX {
                found.spans.extend(reading.spans(sentence.range.clone()));
            }
            let around = [Some(index), index.checked_add(1), index.checked_sub(1)];
            found.minutes = found.minutes.or_else(|| {
                around
                    .into_iter()
                    .flatten()
                    .filter_map(|i| reading.sentences.get(i))
                    .find_map(|s| minutes_in(&s.may, reading.words(s)))
            });
        }
    }
    found.reminder = (declared.survey.is_some() || found.confidence > Confidence(0)) && is_reminder(readings);
    match &declared.survey {
        Some(said) => vec![SurveyAsk {
            id: Some(said.id.clone()),
            minutes: said.minutes.or(found.minutes),
            reminder: found.reminder,
            source: Source::Declared,
            confidence: Confidence::CERTAIN,
            spans: found.spans,
        }],
        None if found.confidence > Confidence(0) => vec![found],
        None => Vec::new(),
    }
}

fn survey_link(reading: &Reading<'_>, sentence: &Sentence) -> Option<String> {
    reading.links(sentence).find_map(|link| survey_id(&link.url))
}

/// 这家店评价怎么样，好吃吗 is what friends ask; who asks a customer says 您, signs, or leads to a page.
fn speaks_for_a_sender(reading: &Reading<'_>) -> bool {
    let text = &reading.normal.text;
    !reading.has_chinese()
        || reading.kind != PartKind::Plain
        || !reading.visible.links.is_empty()
        || !reading.opt_outs.is_empty()
        || ["您", "我们", "【", "[", "回复"].iter().any(|sign| text.contains(sign))
}

/// A page whose address says that it asks.
fn is_asking_link(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let named = [
        "survey",
        "feedback",
        "questionnaire",
        "/rate",
        "/review",
        "review/",
        "/poll",
        "rating",
        "/nps",
        "csat",
        "wenjuan",
        "pingjia",
    ];
    named.iter().any(|name| url.contains(name))
}

/// The survey behind a link, without its query, which may name the person: `wj.qq.com/s2/1`.
pub(super) fn survey_id(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default().to_ascii_lowercase();
    let known = HOSTS.iter().any(|(known, under)| {
        (host == *known || host.strip_suffix(known).is_some_and(|sub| sub.ends_with('.')))
            && (*under == "/" || path.starts_with(under))
    });
    known.then(|| format!("{host}{}", path.trim_end_matches('/')).chars().take(120).collect())
}

/// The longest time it says: "3 to 5 minutes" may take five.
fn minutes_in(may: &May, words: &str) -> Option<u32> {
    let minutes = MINUTES.within(may);
    let mut all = minutes.into_iter().flat_map(|minutes| minutes.captures_iter(words)).filter_map(|found| {
        let (whole, number) = (found.get(0)?, found.get(1)?.as_str());
        let (before, after) = (&words[..whole.start()], &words[whole.end()..]);
        // "Delivered 10 minutes ago", 5分钟内有效, "within 5 minutes": no time that anything takes.
        let elsewhere = ["前", "内", "后", "之", "以", " ago", " after", " before", " left"]
            .iter()
            .any(|word| after.starts_with(word))
            || ["within ", "in the last ", "every ", "延长", "提前"].iter().any(|word| before.ends_with(word));
        (!elsewhere).then(|| number_of(number)).flatten()
    });
    let seconds = || SECONDS.is_in(may, words).then_some(1);
    all.next().or_else(seconds)
}

fn number_of(written: &str) -> Option<u32> {
    if let Ok(number) = written.parse() {
        return Some(number).filter(|minutes| *minutes > 0);
    }
    if written == "几" {
        return None;
    }
    if let Some(number) = if written == "a" { Some(1) } else { english(written) } {
        return u32::try_from(number).ok();
    }
    let digit =
        |c: char| "零一二三四五六七八九".chars().position(|known| known == c).and_then(|at| u32::try_from(at).ok());
    let (tens, ones) = written.split_once('十').unwrap_or(("零", written));
    let value = |part: &str, empty: u32| match part {
        "" => Some(empty),
        "两" | "俩" => Some(2),
        part => part.chars().next().and_then(digit),
    };
    let (tens, ones) = if written.contains('十') { (value(tens, 1)?, value(ones, 0)?) } else { (0, value(ones, 0)?) };
    Some(tens * 10 + ones).filter(|minutes| *minutes > 0)
}

static MINUTES: Expression = expression!(
    r"(?:[0-9]{1,3}[ \n]?(?:-|~|至|到|to)[ \n]?)?",
    r"([0-9]{1,3}|(?-u:\b)(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)|[一二三四五六七八九]?十[一二三四五六七八九]?|[一两俩二三四五六七八九])",
    r"(?:[ \n](?:couple[ \n]of|short|quick|brief|spare))?[ \n]?(?:个)?[- ]?(?:分钟|minutes?(?-u:\b)|mins?(?-u:\b))",
);

static SECONDS: Expression = expression!(r"[0-9]{1,2}[ \n]?-?(?:秒|seconds?(?-u:\b)|secs?(?-u:\b))");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survey_links_are_named_without_their_query() {
        for (url, wanted) in [
            ("https://wj.qq.com/s2/123/?uid=9", Some("wj.qq.com/s2/123")),
            ("https://brand.typeform.com/to/Ab1", Some("brand.typeform.com/to/Ab1")),
            ("https://docs.google.com/forms/d/e/1/viewform", Some("docs.google.com/forms/d/e/1/viewform")),
            ("https://docs.google.com/document/d/1", None),
            ("https://notwjx.cn/vm/1", None),
        ] {
            assert_eq!(survey_id(url).as_deref(), wanted, "{url}");
        }
    }

    #[test]
    fn thanks_alone_ask_for_nothing() {
        for text in [
            "感谢您填写问卷，请留意后续通知",
            "感谢您的参与，请放心，您的问卷已提交",
            "Thank you for completing our survey, please allow five days for your voucher",
        ] {
            assert!(!asks(text), "{text}");
        }
    }

    fn asks(text: &str) -> bool {
        let part = crate::message::Part { kind: PartKind::Plain, text: text.to_owned() };
        !surveys_of(&[Reading::of(0, &part)], &Declared::default()).is_empty()
    }

    #[test]
    fn opinions_are_asked_for_in_many_ways() {
        for told in [
            "Help us choose the new playground. The feedback form is short (around 3 minutes).",
            "Survey time! 6 min about ur last 3 rides",
            "Hiya, did Craig leave your carpets as you hoped? Text back GREAT, OK or HMM",
            "Pls rate your delivery boy: reply 1 poor 2 ok 3 excellent",
            "Would you rate Tuck from 1 paddle to 5 paddles?",
            "Got a sec? Parks & Rec wants 3 min of opinions",
            "How was your experience today? Reply 1-Excellent 2-Good 3-Fair 4-Poor.",
            "Wanted: your opinion on the new timetable. The form has nine questions.",
            "Your evaluation of our onboarding session is still open. Two clicks and you're done.",
            "How would u rate ur driver out of 5?",
            "Did we get your order right? 👍 or 👎 to tell us. -Taco Pronto #42",
            "Was everything in order? 👍 Yes 👎 No",
            "Pls take 2 mins to answer: forms.example/psh",
            "Thinking of your visit, how was our service? Very good, good, poor, very poor",
            "Call 080 4555 0155 if you are satisfied with our service, 080 4555 0156 if you are not",
            "What's the one thing you would change? Hit reply; a real person reads every answer.",
            "Score us out of ten for last night's dinner",
            "Were our fitters up to scratch? Text GOOD or BAD",
            "How did Sam get on with your boiler? Reply GOOD, OK or POOR",
            "Mark her 0 to 10 for today's lesson",
            "Have a minute? We'd love your take on the new app",
            "麻烦您花两分钟填一下问卷",
            "感谢您的反馈，请填写满意度问卷，1分钟即可",
            "Thank you for your feedback, please take our 2-minute survey",
            "这次住得怎么样？给我们打个分吧",
            "请您对本次服务评价，1非常满意 2满意 3不满意",
        ] {
            assert!(asks(told), "{told}");
        }
        for silent in [
            "Results of our reader survey: 9 in 10 would recommend us to a friend",
            "Thank you to the 1,840 of you who completed our survey. Here's what you told us",
            "Thanks for completing our survey",
            "Thanks for telling us what you think",
            "Your answers have been received and help us to improve our stores.",
            "Did your sister like the scarf?",
            "Did you make this purchase? Reply YES or NO",
            "The mortgage rate rises to 5 percent",
            "A new poll shows the minister ahead",
            "Reply YES or NO to confirm your appointment",
            "Your table is ready, see you in about 5 mins",
            "多謝您參與「顧客服務問卷2026」，您的意見已成功提交",
            "调查显示，本月消费价格上涨",
            "让您10分满意",
        ] {
            assert!(!asks(silent), "{silent}");
        }
    }

    #[test]
    fn minutes_are_read_in_both_languages() {
        for (words, wanted) in [
            ("约3分钟", Some(3)),
            ("a 5-minute survey", Some(5)),
            ("two minutes", Some(2)),
            ("一分钟", Some(1)),
            ("约十五分钟", Some(15)),
            ("两三分钟", Some(3)),
            ("3-5 minutes", Some(5)),
            ("it only takes a minute", Some(1)),
            ("10分钟前已送达", None),
            ("delivered 10 minutes ago", None),
            ("几分钟", None),
            ("soon", None),
        ] {
            assert_eq!(minutes_in(&May::ANY, words), wanted, "{words}");
        }
    }
}
