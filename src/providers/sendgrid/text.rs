//! SendGrid's substitutions: words of the text that stand for something else in each personalization.
//! The text a person reads is made here, with the way back to the words in the body.

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::providers::splice::Decoded;

/// A text as one personalization shows it: over the template string in the body.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The text after substitution; its raw positions are those of `template.text`.
    pub shown: Decoded,
    template: Arc<Decoded>,
}

impl Shown {
    /// Where the template begins in the body: the same for all who share it.
    pub fn origin(&self) -> usize {
        self.template.origin()
    }

    /// The body's bytes behind a range of the shown text; `None` when it cuts a substituted word.
    pub fn raw(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.template.raw(self.shown.raw(range)?)
    }
}

/// The tags of one personalization, ready to be put in place.
#[derive(Debug, Default)]
pub struct Substitutions {
    search: Option<AhoCorasick>,
    words: Vec<String>,
    /// A word holds another tag: what SendGrid makes of it depends on its order.
    pub nested: bool,
}

impl Substitutions {
    /// From `(tag, word)` pairs; `None` when a tag is empty or there are too many to search for.
    pub fn new(pairs: Vec<(String, String)>) -> Option<Substitutions> {
        if pairs.is_empty() {
            return Some(Substitutions::default());
        }
        if pairs.iter().any(|(tag, _)| tag.is_empty()) {
            return None;
        }
        let (tags, words): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&tags).ok()?;
        let nested = words.iter().any(|word| search.is_match(word));
        Some(Substitutions { search: Some(search), words, nested })
    }

    /// The text as it will be read.
    pub fn apply(&self, template: &Arc<Decoded>) -> Shown {
        let text = template.text.as_str();
        let mut shown = Decoded::starting_at(0);
        let mut at = 0;
        for found in self.search.iter().flat_map(|search| search.find_iter(text)) {
            shown.push_verbatim(&text[at..found.start()], at);
            let word = self.words.get(found.pattern().as_usize()).map_or("", String::as_str);
            shown.push_atom(word, found.range());
            at = found.end();
        }
        shown.push_verbatim(&text[at..], at);
        Shown { shown, template: Arc::clone(template) }
    }
}
