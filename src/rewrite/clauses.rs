//! Cuts a claim out of its sentence so that the rest reads well: the clause with its comma, the words that
//! would dangle (`Sale ends`, 截止), and the whole sentence where too little would be left.

use std::ops::Range;

use super::ranges::overlap;

/// What becomes of one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    /// The sentence goes.
    Whole(Range<usize>),
    /// It says this instead.
    Rest(Range<usize>, String),
}

/// A rest of fewer letters than this, and without a figure, is no sentence. A Chinese character counts for three.
const REST_LETTERS_MIN: usize = 15;

/// Words that cannot end a clause once what they led to is gone.
const DANGLING_END: [&str; 58] = [
    "ends", "end", "ending", "until", "till", "til", "by", "before", "through", "thru", "on", "at", "only", "just",
    "for", "in", "and", "but", "so", "closes", "close", "closing", "expires", "expire", "expiring", "hurry", "starts",
    "is", "are", "it's", "valid", "within", "the", "this", "&", "截止", "截至", "结束", "結束", "仅限", "僅限", "只限",
    "限", "至", "于", "於", "将于", "將於", "将在", "將在", "即将", "即將", "最后", "最後", "还有", "還有", "到", "仅",
];
/// Words that cannot begin one.
const DANGLING_START: [&str; 18] = [
    "and", "but", "so", "only", "or", "left", "截止", "结束", "結束", "为止", "為止", "止", "前", "内", "內", "起",
    "的", "后",
];
/// What names a sale and says nothing of it.
const BARE: [&str; 40] = [
    "sale",
    "the sale",
    "our sale",
    "this sale",
    "offer",
    "the offer",
    "this offer",
    "our offer",
    "deal",
    "the deal",
    "this",
    "it",
    "act",
    "order now",
    "shop now",
    "buy now",
    "act now",
    "order",
    "shop",
    "now",
    "活动",
    "活動",
    "优惠",
    "優惠",
    "促销",
    "促銷",
    "大促",
    "特价",
    "特價",
    "本次活动",
    "本次活動",
    "此优惠",
    "此優惠",
    "抢购",
    "搶購",
    "马上",
    "立即",
    "赶快",
    "快来",
    "速来",
];

/// Cuts the claims out of `text`, sentence by sentence within `bounds`. `in_subject` = a few words are enough.
pub(super) fn cut(text: &str, bounds: &Range<usize>, claims: &[Range<usize>], in_subject: bool) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for sentence in sentences(text, bounds) {
        let mine: Vec<Range<usize>> =
            claims.iter().map(|claim| overlap(claim, &sentence)).filter(|claim| !claim.is_empty()).collect();
        if !mine.is_empty() {
            cuts.push(cut_sentence(text, sentence, &mine, in_subject));
        }
    }
    cuts
}

/// Where sentences stand, their closing marks included, blanks around them not.
fn sentences(text: &str, bounds: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(words) = text.get(bounds.clone()) else { return found };
    let mut start = 0;
    let mut characters = words.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let end = at + c.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let ends = match c {
            '。' | '！' | '？' | '；' | '】' => !next.is_some_and(|n| matches!(n, '。' | '！' | '？' | '!' | '?')),
            '!' | '?' => !next.is_some_and(|n| matches!(n, '!' | '?' | '！' | '？')),
            '.' => next.is_none_or(char::is_whitespace) && !is_short_word(&words[start..at]),
            '\n' => true,
            _ => false,
        };
        if ends {
            push_trimmed(words, start..end, bounds.start, &mut found);
            start = end;
        } else if c == '【' {
            push_trimmed(words, start..at, bounds.start, &mut found);
            start = at;
        }
    }
    push_trimmed(words, start..words.len(), bounds.start, &mut found);
    found
}

/// `Nov.`, `a.m.`, `No.`
fn is_short_word(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let months =
        ["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "no", "a", "p", "m"];
    months.contains(&word.to_ascii_lowercase().as_str())
}

fn push_trimmed(words: &str, range: Range<usize>, offset: usize, found: &mut Vec<Range<usize>>) {
    let piece = &words[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    if start < end {
        found.push(offset + start..offset + end);
    }
}

/// A clause: its words, and the mark that parts it from the next.
struct Clause<'a> {
    words: String,
    mark: &'a str,
    touched: bool,
}

fn cut_sentence(text: &str, sentence: Range<usize>, claims: &[Range<usize>], in_subject: bool) -> Cut {
    let whole = &text[sentence.clone()];
    let body = whole.trim_end_matches(['。', '！', '？', '；', '!', '?', '.', ';', '~', '～']);
    let close = &whole[body.len()..];
    let mut clauses = clauses(text, sentence.start..sentence.start + body.len(), claims);
    let fallback = clauses.iter().filter(|clause| clause.touched).map(|c| c.words.clone()).max_by_key(String::len);
    clauses.retain(|clause| !clause.touched || !is_bare(&clause.words));
    let mut rest = String::new();
    let count = clauses.len();
    for (at, clause) in clauses.iter().enumerate() {
        rest.push_str(clause.words.trim());
        if at + 1 < count {
            rest.push_str(clause.mark);
        }
    }
    if rest.trim().is_empty() && in_subject {
        // "Sale ends tonight": a subject may be one word, and must be something.
        rest = fallback.unwrap_or_default().trim().to_owned();
    }
    let enough = letters(&rest) >= REST_LETTERS_MIN || rest.chars().any(|c| c.is_ascii_digit());
    if rest.trim().is_empty() || !(enough || in_subject && letters(&rest) >= 2) {
        return Cut::Whole(sentence);
    }
    let was_upper = whole.starts_with(|c: char| c.is_ascii_uppercase());
    if was_upper && rest.starts_with(|c: char| c.is_ascii_lowercase()) {
        let first: String = rest.drain(..1).collect();
        rest.insert_str(0, &first.to_ascii_uppercase());
    }
    // A cry loses its mark with what was cried, if that was its end.
    rest.push_str(close);
    if rest == whole { Cut::Rest(sentence.start..sentence.start, String::new()) } else { Cut::Rest(sentence, rest) }
}

/// The clauses with the claims cut out of their words, and nothing left dangling.
fn clauses<'t>(text: &'t str, body: Range<usize>, claims: &[Range<usize>]) -> Vec<Clause<'t>> {
    let words = &text[body.clone()];
    let mut found = Vec::new();
    let mut start = 0;
    let marks = words.char_indices().filter(|(at, c)| is_mark(words, *at, *c)).map(|(at, c)| (at, at + c.len_utf8()));
    for (at, after) in marks.chain([(words.len(), words.len())]) {
        let after = after + (words[after..].len() - words[after..].trim_start().len());
        let place = body.start + start..body.start + at;
        let inside: Vec<Range<usize>> =
            claims.iter().map(|claim| overlap(claim, &place)).filter(|claim| !claim.is_empty()).collect();
        let touched = !inside.is_empty();
        let left = if touched { without_claims(text, &place, &inside) } else { text[place].to_owned() };
        let mark = &words[at..after];
        // The blank before a dash belongs to it.
        let lead = left.len() - left.trim_end().len();
        let mark_with_lead = if touched { mark } else { &words[at - lead..after] };
        found.push(Clause { words: left, mark: mark_with_lead, touched });
        start = after;
    }
    found
}

fn without_claims(text: &str, place: &Range<usize>, claims: &[Range<usize>]) -> String {
    let mut pieces = Vec::new();
    let mut at = place.start;
    for claim in claims.iter().chain([&(place.end..place.end)]) {
        pieces.push(text[at..claim.start.max(at)].to_owned());
        at = claim.end.max(at);
    }
    let count = pieces.len();
    let mut left = String::new();
    for (number, piece) in pieces.into_iter().enumerate() {
        let mut piece = piece.as_str();
        if number > 0 {
            piece = trim_start_words(piece);
        }
        if number + 1 < count {
            piece = trim_end_words(piece);
        }
        let joins = left.ends_with(|c: char| c.is_ascii_alphanumeric())
            && piece.starts_with(|c: char| c.is_ascii_alphanumeric());
        if joins {
            left.push(' ');
        }
        left.push_str(piece);
    }
    left
}

fn trim_end_words(mut piece: &str) -> &str {
    loop {
        let trimmed = piece.trim_end().trim_end_matches(['-', '–', '—', '(', '（', ':', '：', '|']).trim_end();
        let shorter = DANGLING_END.iter().find_map(|word| strip_end(trimmed, word)).unwrap_or(trimmed);
        if shorter.len() == piece.len() {
            return piece;
        }
        piece = shorter;
    }
}

fn trim_start_words(mut piece: &str) -> &str {
    loop {
        let trimmed = piece.trim_start().trim_start_matches(['-', '–', '—', ')', '）', ':', '：', '|']).trim_start();
        let shorter = DANGLING_START.iter().find_map(|word| strip_start(trimmed, word)).unwrap_or(trimmed);
        if shorter.len() == piece.len() {
            return piece;
        }
        piece = shorter;
    }
}

/// Without that last word; an English one only as a whole word.
fn strip_end<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(word.len())?;
    let head = text.get(..at).filter(|_| text[at..].eq_ignore_ascii_case(word))?;
    let apart = !word.is_ascii() || !head.ends_with(|c: char| c.is_ascii_alphanumeric());
    apart.then_some(head)
}

fn strip_start<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let tail = text.get(word.len()..).filter(|_| text[..word.len()].eq_ignore_ascii_case(word))?;
    let apart = !word.is_ascii() || !tail.starts_with(|c: char| c.is_ascii_alphanumeric());
    apart.then_some(tail)
}

/// Marks between clauses; a comma, point or colon between figures is none, nor is a hyphen inside a word.
fn is_mark(words: &str, at: usize, c: char) -> bool {
    let before = words[..at].chars().next_back();
    let after = words[at + c.len_utf8()..].chars().next();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    match c {
        '，' | '、' | '；' | '：' | ';' | '|' | '—' | '–' | '·' | '!' | '！' | '?' | '？' => true,
        ',' | ':' => !(digit(before) && digit(after)) && after != Some('/'),
        '-' => before.is_some_and(char::is_whitespace) && after.is_some_and(char::is_whitespace),
        _ => false,
    }
}

/// True when nothing is left but the name of a sale.
fn is_bare(words: &str) -> bool {
    let words = words.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    words.is_empty() || BARE.contains(&words.as_str())
}

fn letters(words: &str) -> usize {
    words.chars().filter(|c| c.is_alphanumeric()).map(|c| if c > '\u{2e7f}' { 3 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_reads_well_in_both_languages() {
        for (marked, left, in_subject) in [
            ("⟦Last chance⟧: 20% off shoes", "20% off shoes", true),
            ("20% off shoes, ⟦ends tonight⟧!", "20% off shoes!", true),
            ("20% off shoes ends ⟦tonight⟧", "20% off shoes", true),
            ("Shoes for autumn – ⟦this weekend only⟧", "Shoes for autumn", true),
            ("⟦Hurry⟧, shoes are 20% off", "Shoes are 20% off", true),
            ("Sale ends ⟦Sunday⟧", "Sale", true),
            ("BT-200 is now $29.99, but ⟦only until Sunday⟧.", "BT-200 is now $29.99.", false),
            ("⟦今晚截止⟧：秋季新鞋8折", "秋季新鞋8折", true),
            ("秋季新鞋8折，⟦本周末⟧截止！", "秋季新鞋8折！", true),
            ("秋季新鞋8折⟦仅限今日⟧", "秋季新鞋8折", true),
            ("秋季新鞋，⟦最后一天⟧，全场8折", "秋季新鞋，全场8折", true),
            ("活动⟦今晚⟧截止", "活动", true),
            ("蓝牙播放器只要299元，⟦仅限今日⟧。", "蓝牙播放器只要299元。", false),
            ("活动⟦今晚⟧截止！", "", false),
            ("Our sale ⟦ends tonight⟧!", "", false),
            ("⟦Only 3 left⟧!", "", false),
        ] {
            let start = marked.find('⟦').unwrap();
            let end = marked.find('⟧').unwrap() - '⟦'.len_utf8();
            let text = marked.replace(['⟦', '⟧'], "");
            let cuts = cut(&text, &(0..text.len()), std::slice::from_ref(&(start..end)), in_subject);
            let rest = match &cuts[..] {
                [Cut::Whole(range)] => text.replacen(&text[range.clone()], "", 1),
                [Cut::Rest(range, rest)] => text.replacen(&text[range.clone()], rest, 1),
                other => panic!("{marked}: {other:?}"),
            };
            assert_eq!(rest, left, "{marked}");
        }
    }

    #[test]
    fn other_sentences_are_not_touched() {
        let text = "Hello. Shoes 20% off, hurry! Bye.";
        let at = text.find("hurry").unwrap();
        let cuts = cut(text, &(0..text.len()), std::slice::from_ref(&(at..at + 5)), false);
        assert_eq!(cuts, [Cut::Rest(7..28, "Shoes 20% off!".to_owned())]);
    }
}
