//! Does it ask for opinions? By words (问卷, `take our survey`) or by a link to a survey host.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::Declared;

use super::lexicon::Cue;
use super::meaning::{Confidence, Source, SurveyAsk};
use super::reading::Reading;

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
    for reading in readings {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            let link = reading.links(sentence).find_map(|link| survey_id(&link.url));
            let cues = sentence.cues;
            let past = cues.has(Cue::SurveyPast);
            let words = !past && (cues.has(Cue::SurveyPhrase) || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk));
            if link.is_none() && !words {
                continue;
            }
            let sure = match (&link, cues.has(Cue::SurveyPhrase)) {
                (Some(_), _) => 90,
                (None, true) => 80,
                (None, false) => 65,
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
                    .find_map(|s| minutes_in(reading.words(s)))
            });
        }
    }
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

fn minutes_in(words: &str) -> Option<u32> {
    let found = MINUTES.as_ref()?.captures(words)?.get(1)?.as_str();
    let spelled = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let chinese = ["一", "两", "三", "四", "五", "六", "七", "八", "九", "十"];
    let position = spelled.iter().position(|w| *w == found).or_else(|| chinese.iter().position(|w| *w == found));
    position.and_then(|at| u32::try_from(at + 1).ok()).or_else(|| found.parse().ok()).filter(|minutes| *minutes > 0)
}

static MINUTES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"([0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|[一两三四五六七八九十])[ \n]?(?:个)?[- ]?(?:分钟|minutes?(?-u:\b)|mins?(?-u:\b))",
    )
    .ok()
});

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
    fn minutes_are_read_in_both_languages() {
        for (words, wanted) in [
            ("约3分钟", Some(3)),
            ("a 5-minute survey", Some(5)),
            ("two minutes", Some(2)),
            ("一分钟", Some(1)),
            ("soon", None),
        ] {
            assert_eq!(minutes_in(words), wanted, "{words}");
        }
    }
}
