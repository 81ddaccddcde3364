//! What is it about? The categories of the catalogue, what links say, and words. A word inside a longer word
//! of another topic is not meant (电饭煲 is no 饭): the longest word at a place tells.

use std::ops::Range;

use super::meaning::{Confidence, Offer, Source, Topic};
use super::reading::Reading;
use super::{Context, lexicon};

/// Places kept of one topic.
const SPANS_MAX: usize = 16;
/// Links whose address is read for what it is about.
const LINKS_MAX: usize = 64;

/// The topics: of the catalogue first, then the most spoken of.
pub(super) fn topics_of(_: &Context<'_>, readings: &[Reading<'_>], offers: &[Offer], topics_max: usize) -> Vec<Topic> {
    let mut topics: Vec<(Topic, usize)> = Vec::new();
    for offer in offers {
        if let Some(category) = &offer.category {
            let told = Topic {
                name: category.clone(),
                source: offer.source,
                confidence: Confidence(90),
                spans: offer.spans.clone(),
            };
            add(&mut topics, told, usize::MAX / 2);
        }
    }
    for reading in readings {
        for (topic, at) in told_by_words(reading) {
            let Some(name) = lexicon::topic_name(topic) else { continue };
            let sells = sentence_sells(reading, &at);
            let confidence = Confidence(if sells { 70 } else { 55 });
            let told = Topic { name: name.to_owned(), source: Source::Text, confidence, spans: reading.spans(at) };
            add(&mut topics, told, if sells { 3 } else { 1 });
        }
        for link in reading.visible.links.iter().take(LINKS_MAX) {
            for topic in lexicon::topics_in(&words_of(&link.url)) {
                let Some(name) = lexicon::topic_name(topic) else { continue };
                let spans = reading.spans_of_link(link);
                add(
                    &mut topics,
                    Topic { name: name.to_owned(), source: Source::Link, confidence: Confidence(65), spans },
                    1,
                );
            }
        }
    }
    topics.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    topics.into_iter().take(topics_max).map(|(topic, _)| topic).collect()
}

/// The longest word of any topic at each place; what stands in a way to refuse is about nothing.
fn told_by_words(reading: &Reading<'_>) -> Vec<(usize, Range<usize>)> {
    let mut words = reading.heard.topics.clone();
    words.sort_by_key(|(_, at)| (at.start, std::cmp::Reverse(at.end)));
    let mut kept: Vec<(usize, Range<usize>)> = Vec::new();
    for (topic, at) in words {
        let inside = kept.iter().rev().take(4).any(|(_, known)| known.start <= at.start && at.end <= known.end);
        let refuses = reading.opt_outs.iter().any(|clause| clause.start < at.end && at.start < clause.end);
        if !inside && !refuses {
            kept.push((topic, at));
        }
    }
    kept
}

fn sentence_sells(reading: &Reading<'_>, at: &Range<usize>) -> bool {
    let index = reading.sentences.partition_point(|sentence| sentence.range.end <= at.start);
    reading
        .sentences
        .get(index)
        .is_some_and(|sentence| sentence.range.start <= at.start && sentence.is_plainly_a_sale())
}

fn add(topics: &mut Vec<(Topic, usize)>, told: Topic, weight: usize) {
    match topics.iter_mut().find(|(known, _)| known.name == told.name) {
        Some((known, sum)) => {
            *sum = sum.saturating_add(weight);
            known.confidence = known.confidence.max(told.confidence);
            known.source = known.source.max(told.source);
            for span in told.spans {
                if known.spans.len() < SPANS_MAX && !known.spans.contains(&span) {
                    known.spans.push(span);
                }
            }
        }
        None => topics.push((told, weight)),
    }
}

/// The path of an address as words: `/winter-boots/sale` is about boots. The host is the sender, not the topic.
fn words_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.chars().take(200).map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect()
}
