//! Code without its comments and strings, so that a rule on code is not broken by a sentence.

/// The text with comments, strings and character literals blanked; every line keeps its number.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The code that ships: without the tests that stand last in a file.
pub fn shipped(text: &str) -> String {
    let code = code(text);
    match code.find("#[cfg(test)]\nmod ") {
        Some(at) if code[at..].lines().nth(1).is_some_and(|line| line.ends_with('{')) => code[..at].to_owned(),
        _ => code,
    }
}

/// Where the comment or literal that begins at `at` ends; `at` when none begins there.
fn literal_end(chars: &[char], at: usize) -> usize {
    let is = |offset: usize, c: char| chars.get(at + offset) == Some(&c);
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if is(1, '/') => find(chars, at, |rest| rest[0] == '\n'),
        '/' if is(1, '*') => (find(chars, at + 2, |rest| rest.starts_with(&['*', '/'])) + 2).min(chars.len()),
        '"' => string_end(chars, at + 1),
        'r' | 'b' | 'c' if !after_word => {
            let prefix = chars[at..].iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
            let raw = chars[at..at + prefix].contains(&'r');
            let hashes = chars[at + prefix..].iter().take_while(|c| **c == '#').count();
            let quote = at + prefix + hashes;
            match chars.get(quote) {
                Some('"') if raw => {
                    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                    (find(chars, quote + 1, |rest| rest.starts_with(&close)) + close.len()).min(chars.len())
                }
                Some('"') if hashes == 0 => string_end(chars, quote + 1),
                _ => at,
            }
        }
        // A lifetime has no closing quote.
        '\'' if is(1, '\\') => (find(chars, at + 3, |rest| rest[0] == '\'') + 1).min(chars.len()),
        '\'' if is(2, '\'') => at + 3,
        _ => at,
    }
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn find(chars: &[char], from: usize, is: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| is(&chars[*at..])).unwrap_or(chars.len())
}
