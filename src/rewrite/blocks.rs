//! The block around a place: the card, row, list item or paragraph that is all about one offer (or one
//! invitation), with its picture and its button, and no more. What stands beside it stays.

use std::ops::Range;

use super::html::{Outline, TagKind, visible};
use super::links::{Goes, belongs, has_opt_out};
use super::ranges::overlap;
use crate::providers::Unfit;

/// Elements that may be a block.
const BOXES: [&str; 25] = [
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "p",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];
/// Of these the content goes and the box stays: it holds the layout.
const CELLS: [&str; 2] = ["td", "th"];
/// A heading or a bold word that names what follows is no longer than this.
const CAPTION_CHARS_MAX: usize = 40;
/// Words around an address in a text that belong to it.
const LINK_LINE_CHARS_MAX: usize = 48;

/// What goes, and how its own is told from what is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken<'a> {
    pub(super) goes: Goes,
    /// Where it stands in the part, ascending.
    pub(super) mine: &'a [Range<usize>],
    /// Where others of its kind stand.
    pub(super) others: &'a [Range<usize>],
    /// Lower-case words that name it.
    pub(super) names: &'a [String],
}

/// The ranges of an HTML part that go with it.
pub(super) fn in_html(source: &str, taken: &Taken<'_>) -> Result<Vec<Range<usize>>, Unfit> {
    let outline = Outline::read(source)?;
    let page = Page { source, nodes: nodes(&outline), outline: &outline, taken };
    let (Some(first), Some(last)) = (taken.mine.first(), taken.mine.last()) else { return Ok(Vec::new()) };
    if let Some(block) = page.block(&(first.start..last.end)) {
        return Ok(vec![page.with_companions(block)]);
    }
    // Scattered, or among other words: each place by itself.
    let each = taken.mine.iter().map(|place| page.with_companions(page.block(place).unwrap_or_else(|| place.clone())));
    Ok(each.collect())
}

/// The ranges of a plain text that go with it: with the address that follows, on its line or the next.
pub(super) fn in_plain(text: &str, taken: &Taken<'_>) -> Vec<Range<usize>> {
    taken.mine.iter().map(|place| with_link_lines(text, place.clone(), taken)).collect()
}

struct Node {
    name: String,
    outer: Range<usize>,
    inner: Range<usize>,
    parent: Option<usize>,
}

/// Elements as a tree; those that overlap others without standing in them are left out.
fn nodes(outline: &Outline) -> Vec<Node> {
    let mut pairs: Vec<(Range<usize>, Range<usize>, &str)> = outline
        .tags
        .iter()
        .filter_map(|tag| match &tag.kind {
            TagKind::Start(Some(end)) => Some((tag.place.start..end.end, tag.place.end..end.start, tag.name.as_str())),
            TagKind::Void => Some((tag.place.clone(), tag.place.end..tag.place.end, tag.name.as_str())),
            _ => None,
        })
        .filter(|(outer, inner, _)| outer.start < outer.end && inner.start <= inner.end)
        .collect();
    pairs.sort_by_key(|(outer, ..)| (outer.start, std::cmp::Reverse(outer.end)));
    let mut nodes: Vec<Node> = Vec::with_capacity(pairs.len());
    let mut open: Vec<usize> = Vec::new();
    for (outer, inner, name) in pairs {
        while open.last().is_some_and(|at| nodes[*at].outer.end <= outer.start) {
            open.pop();
        }
        let parent = open.last().copied();
        if parent.is_some_and(|at| nodes[at].outer.end < outer.end) {
            continue;
        }
        open.push(nodes.len());
        nodes.push(Node { name: name.to_owned(), outer, inner, parent });
    }
    nodes
}

struct Page<'a> {
    source: &'a str,
    outline: &'a Outline,
    nodes: Vec<Node>,
    taken: &'a Taken<'a>,
}

impl Page<'_> {
    /// The largest element around a place that holds nothing else.
    fn block(&self, place: &Range<usize>) -> Option<Range<usize>> {
        let holds = |node: &Node| node.inner.start <= place.start && place.end <= node.inner.end;
        let smallest = (0..self.nodes.len())
            .filter(|at| BOXES.contains(&self.nodes[*at].name.as_str()) && holds(&self.nodes[*at]))
            .min_by_key(|at| self.nodes[*at].outer.len())?;
        let mut block = self.is_its_own(smallest).then_some(smallest)?;
        let mut above = self.nodes[block].parent;
        while let Some(at) = above {
            if BOXES.contains(&self.nodes[at].name.as_str()) {
                if !self.is_its_own(at) {
                    break;
                }
                block = at;
            }
            above = self.nodes[at].parent;
        }
        let node = &self.nodes[block];
        Some(if CELLS.contains(&node.name.as_str()) { node.inner.clone() } else { node.outer.clone() })
    }

    /// True when the element is about nothing else and is not the whole page.
    fn is_its_own(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let shares = |range: &Range<usize>| !overlap(range, &node.outer).is_empty();
        if self.taken.others.iter().any(shares) || has_opt_out(&self.source[node.outer.clone()]) {
            return false;
        }
        let outside = |text: &Range<usize>| text.end <= node.outer.start || text.start >= node.outer.end;
        if !self.outline.texts.iter().any(|text| outside(text) && visible(&self.source[text.clone()]) > 0) {
            return false;
        }
        self.is_one_of_several(at) || self.foreign(&node.inner).all(|text| self.is_of_it(&text))
    }

    /// Beside it, in the same parent, stands the like with another offer in it: a card among cards.
    fn is_one_of_several(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let alike = self.nodes.iter().filter(|other| other.parent == node.parent && other.name == node.name);
        alike
            .filter(|other| other.outer != node.outer)
            .any(|other| self.taken.others.iter().any(|place| !overlap(place, &other.inner).is_empty()))
    }

    /// Visible text in a range that is not what goes.
    fn foreign<'s>(&'s self, range: &'s Range<usize>) -> impl Iterator<Item = Range<usize>> + 's {
        let first = self.outline.texts.partition_point(|text| text.end <= range.start);
        let texts = self.outline.texts.iter().skip(first).take_while(|text| text.start < range.end);
        texts
            .filter(|text| {
                let mine: usize = self.taken.mine.iter().map(|place| overlap(place, text).len()).sum();
                let words = &self.source[(*text).clone()];
                visible(words) > 0 && mine < words.trim().len() && words.chars().any(char::is_alphanumeric)
            })
            .cloned()
    }

    /// The words of its own link, or a caption.
    fn is_of_it(&self, text: &Range<usize>) -> bool {
        if let Some(link) = self.around(text, |name| name == "a") {
            return self.is_its_link(link);
        }
        let words = self.source[text.clone()].trim();
        let named = self.taken.names.iter().any(|name| words.to_lowercase().contains(name));
        let captions = |name: &str| matches!(name, "h2" | "h3" | "h4" | "h5" | "h6" | "b" | "strong" | "s" | "del");
        let short = words.chars().count() <= CAPTION_CHARS_MAX && !words.ends_with(['。', '.', '！', '!', '？', '?']);
        short && (named || self.around(text, captions).is_some())
    }

    fn around(&self, text: &Range<usize>, is: impl Fn(&str) -> bool) -> Option<usize> {
        let last = self.nodes.partition_point(|node| node.outer.start <= text.start);
        let mut at = last.checked_sub(1);
        while let Some(index) = at {
            let node = &self.nodes[index];
            if node.inner.start <= text.start && text.end <= node.inner.end && is(&node.name) {
                return Some(index);
            }
            at = node.parent;
        }
        None
    }

    fn is_its_link(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let tag = &self.source[node.outer.start..node.inner.start];
        let words: String = self.texts_in(&node.inner).map(|text| &self.source[text]).collect();
        belongs(self.taken.goes, &words, tag, self.taken.names)
    }

    fn texts_in<'s>(&'s self, range: &'s Range<usize>) -> impl Iterator<Item = Range<usize>> + 's {
        let first = self.outline.texts.partition_point(|text| text.end <= range.start);
        let texts = self.outline.texts.iter().skip(first).take_while(|text| text.start < range.end);
        texts.map(|text| overlap(text, range))
    }

    /// With the pictures and buttons right beside it.
    fn with_companions(&self, mut range: Range<usize>) -> Range<usize> {
        loop {
            let next = self.nodes.partition_point(|node| node.outer.start < range.end);
            match self.nodes.get(next) {
                Some(node) if self.is_bare(range.end..node.outer.start) && self.is_companion(next) => {
                    range.end = node.outer.end;
                }
                Some(node) if node.name == "br" && self.is_bare(range.end..node.outer.start) => {
                    // A button may stand on the next line.
                    let behind = self.nodes.get(next + 1).filter(|button| {
                        self.is_bare(node.outer.end..button.outer.start) && self.is_companion(next + 1)
                    });
                    match behind {
                        Some(button) => range.end = button.outer.end,
                        None => break,
                    }
                }
                _ => break,
            }
        }
        let before = self.nodes.iter().enumerate().filter(|(_, node)| node.outer.end <= range.start);
        if let Some((at, node)) = before.max_by_key(|(_, node)| (node.outer.end, node.outer.len()))
            && self.is_bare(node.outer.end..range.start)
            && self.is_picture_of_it(at)
        {
            range.start = node.outer.start;
        }
        range
    }

    /// Nothing but blanks: no tag, no comment, no text.
    fn is_bare(&self, range: Range<usize>) -> bool {
        self.source.get(range).is_some_and(|gap| gap.trim().is_empty())
    }

    /// All it shows are its own links.
    fn is_companion(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        if self.taken.others.iter().any(|place| !overlap(place, &node.outer).is_empty()) {
            return false;
        }
        let mut links = 0;
        for text in self.texts_in(&node.outer).filter(|text| visible(&self.source[text.clone()]) > 0) {
            match self.around(&text, |name| name == "a") {
                Some(link) if self.is_its_link(link) => links += 1,
                _ => return false,
            }
        }
        links > 0 || self.is_picture_of_it(at)
    }

    /// A picture that names it, alone or in a link.
    fn is_picture_of_it(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let shown = self.texts_in(&node.outer).any(|text| visible(&self.source[text]) > 0);
        let pictures = || self.nodes.iter().filter(|n| n.name == "img" && !overlap(&n.outer, &node.outer).is_empty());
        let named = |picture: &Node| {
            let tag = self.source[picture.outer.clone()].to_lowercase();
            self.taken.names.iter().any(|name| tag.contains(name))
        };
        !shown && pictures().next().is_some() && pictures().all(named)
    }
}

/// With an address on the rest of the line, and with lines right below that are only an address.
fn with_link_lines(text: &str, mut range: Range<usize>, taken: &Taken<'_>) -> Range<usize> {
    let limit = |from: usize| {
        let next = taken.others.iter().map(|other| other.start).filter(|start| *start >= from).min();
        next.unwrap_or(text.len())
    };
    let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at).min(limit(range.end));
    let rest = &text[range.end..line_end];
    let rest = refusal_at(rest).map_or(rest, |at| &rest[..at]);
    if is_link_line(rest, taken) {
        range.end += rest.trim_end().len();
    }
    while text[range.end..].starts_with(['\r', '\n']) {
        let start = range.end + (text[range.end..].len() - text[range.end..].trim_start_matches(['\r', '\n']).len());
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[start..end].trim_end();
        if start - range.end > 4 || end > limit(range.end) || !is_link_line(line, taken) {
            break;
        }
        range.end = start + line.len();
    }
    range
}

/// Where the way to refuse begins, after the comma before it.
fn refusal_at(rest: &str) -> Option<usize> {
    let pieces = rest.split_inclusive(['，', ',', '。', '.', ' ', '；', ';']);
    let mut at = 0;
    for piece in pieces {
        let refusing = ["退订", "退訂", "拒收", "回T", "回复T", "回TD", "STOP", "stop", "nsubscribe"];
        if refusing.iter().any(|word| piece.contains(word)) {
            return Some(at);
        }
        at += piece.len();
    }
    None
}

/// An address with few words, which are of what goes.
fn is_link_line(line: &str, taken: &Taken<'_>) -> bool {
    let is_address = |word: &str| word.contains("://") || word.starts_with("www.") || is_short_link(word);
    let Some(address) = line.split_whitespace().find(|word| is_address(word)) else { return false };
    let words: String = line.split_whitespace().filter(|word| !is_address(word)).collect::<Vec<_>>().join(" ");
    let bare = words.chars().filter(|c| c.is_alphanumeric()).count() == 0;
    words.chars().count() <= LINK_LINE_CHARS_MAX
        && !has_opt_out(line)
        && (bare || belongs(taken.goes, &words, address, taken.names))
}

/// `t.cn/A6x`, `点t.cn/A6x`: a host and a path without a scheme.
fn is_short_link(word: &str) -> bool {
    let Some((host, path)) = word.split_once('/') else { return false };
    let host = host.trim_start_matches(|c: char| !c.is_ascii());
    host.contains('.') && host.is_ascii() && !path.is_empty() && path.is_ascii()
}
