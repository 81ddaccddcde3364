//! Sentences that stand across inline tags: `<b>Hurry</b>, only <i>3</i> left!` is one sentence to its reader. Cut
//! piece by piece it would leave a stub; where too little would be left of it, it goes whole.

use std::ops::Range;

use super::clauses::{Cut, cut};
use super::html::Outline;
use super::ranges::{overlap, united};

/// Tags that do not end a line of text.
const INLINE: [&str; 20] = [
    "a", "abbr", "b", "big", "code", "del", "em", "font", "i", "ins", "mark", "q", "s", "small", "span", "strong",
    "sub", "sup", "tt", "u",
];

/// The sentences of several pieces of which nothing is left without the claims, each from its first letter to its last.
pub(super) fn whole_sentences(source: &str, outline: &Outline, claims: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for line in lines(outline) {
        if line.len() < 2 || !line.iter().any(|run| claims.iter().any(|claim| !overlap(claim, run).is_empty())) {
            continue;
        }
        let Some(joined) = Joined::of(source, &line) else { continue };
        let words = united(claims.iter().flat_map(|claim| joined.within(claim)).collect(), |gap| gap.is_empty());
        for cut in cut(&joined.text, &(0..joined.text.len()), &words, false) {
            if let Cut::Whole(sentence) = cut
                && let Some((first, last)) = joined.ends(&sentence)
                && line.iter().all(|run| !(run.contains(&first) && run.contains(&last)))
            {
                found.push(first..last + 1);
            }
        }
    }
    found
}

/// Pieces of text between which only inline tags stand.
fn lines(outline: &Outline) -> Vec<Vec<Range<usize>>> {
    let mut lines: Vec<Vec<Range<usize>>> = Vec::new();
    let mut tags = outline.tags.iter().collect::<Vec<_>>();
    tags.sort_by_key(|tag| tag.place.start);
    let mut tags = tags.into_iter().peekable();
    for run in outline.runs() {
        let mut goes_on = true;
        while let Some(tag) = tags.next_if(|tag| tag.place.start < run.start) {
            goes_on &= INLINE.contains(&tag.name.as_str());
        }
        match lines.last_mut() {
            Some(line) if goes_on => line.push(run),
            _ => lines.push(vec![run]),
        }
    }
    lines
}

/// A line without its tags, and where each piece of it stands.
struct Joined {
    text: String,
    /// Where it begins in the text, and where it stands in the source.
    pieces: Vec<(usize, Range<usize>)>,
}

impl Joined {
    fn of(source: &str, line: &[Range<usize>]) -> Option<Joined> {
        let mut joined = Joined { text: String::new(), pieces: Vec::with_capacity(line.len()) };
        for run in line {
            joined.pieces.push((joined.text.len(), run.clone()));
            joined.text.push_str(source.get(run.clone())?);
        }
        Some(joined)
    }

    /// What of a place in the source stands in the text.
    fn within(&self, place: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        self.pieces.iter().filter_map(|(at, run)| {
            let shared = overlap(place, run);
            (!shared.is_empty()).then(|| at + shared.start - run.start..at + shared.end - run.start)
        })
    }

    /// Where the first and the last byte of a range of the text stand in the source.
    fn ends(&self, range: &Range<usize>) -> Option<(usize, usize)> {
        let place = |position: usize| {
            let (at, run) = self.pieces.iter().rev().find(|(at, _)| *at <= position)?;
            Some(run.start + position - at)
        };
        Some((place(range.start)?, place(range.end.checked_sub(1)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(marked: &str) -> Vec<String> {
        let start = marked.find('⟦').unwrap();
        let end = marked.find('⟧').unwrap() - '⟦'.len_utf8();
        let source = marked.replace(['⟦', '⟧'], "");
        let found = whole_sentences(&source, &Outline::read(&source).unwrap(), std::slice::from_ref(&(start..end)));
        found.into_iter().map(|range| source[range].to_owned()).collect()
    }

    #[test]
    fn a_sentence_across_inline_tags_goes_whole_where_a_stub_would_be_left() {
        for (marked, gone) in [
            ("<p><b>Hurry</b>, ⟦only <i>3</i> left⟧!</p>", vec!["Hurry</b>, only <i>3</i> left!"]),
            ("<p>New: 20% off. <b>Hurry</b>, ⟦only <i>3</i> left⟧!</p>", vec!["Hurry</b>, only <i>3</i> left!"]),
            ("<p><b>抓紧</b>，⟦仅剩<i>3</i>件⟧！</p>", vec!["抓紧</b>，仅剩<i>3</i>件！"]),
            ("<p>All shoes are <b>20% off</b>, ⟦only <i>3</i> left⟧!</p>", vec![]),
            ("<p>Only 3 left!</p><p><b>Hurry</b><br>⟦only 3 left⟧!</p>", vec![]),
            ("<ul><li>Hurry</li><li>⟦only 3 left⟧</li></ul>", vec![]),
        ] {
            assert_eq!(whole(marked), gone, "{marked}");
        }
    }
}
