//! Character references in HTML (`&yen;`, `&#8203;`, `&#x31;`), decoded piece by piece so that every
//! piece keeps its place in the source.

use std::ops::Range;

/// The longest reference looked at; beyond it an ampersand is an ampersand.
const REFERENCE_BYTES_MAX: usize = 12;

/// Calls `each(decoded, range in text, exact)` for every piece: blanks one by one, references
/// decoded, everything else as it stands.
pub(in crate::understand) fn decode_entities(text: &str, mut each: impl FnMut(&str, Range<usize>, bool)) {
    let mut plain = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    let mut buffer = [0u8; 4];
    while at < bytes.len() {
        let (decoded, len) = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => (Some(' '), 1),
            b'&' => match reference(&text[at..]) {
                Some((c, len)) => (Some(c), len),
                None => (None, 1),
            },
            _ => (None, 1),
        };
        if let Some(c) = decoded {
            if plain < at {
                each(&text[plain..at], plain..at, true);
            }
            each(c.encode_utf8(&mut buffer), at..at + len, false);
            plain = at + len;
        }
        at += len;
    }
    if plain < at {
        each(&text[plain..at], plain..at, true);
    }
}

fn reference(text: &str) -> Option<(char, usize)> {
    let body = text.get(1..)?;
    let len = body.bytes().take(REFERENCE_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    let name = body.get(..len)?;
    let closed = body.as_bytes().get(len) == Some(&b';');
    let total = 1 + len + usize::from(closed);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{FFFD}'), total));
    }
    // Without `;` only the legacy names count, and a link's `&copy=1` must not become `©=1`.
    let known = NAMED.iter().find(|(known, _)| *known == name)?;
    (closed
        || (matches!(name, "nbsp" | "amp" | "lt" | "gt" | "quot" | "yen" | "pound" | "cent")
            && body.as_bytes().get(len) != Some(&b'=')))
    .then_some((known.1, total))
}

/// The named references that mail uses; an unknown one stays as it is written, as browsers do.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("AMP", '&'),
    ("yen", '¥'),
    ("euro", '€'),
    ("pound", '£'),
    ("cent", '¢'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("num", '#'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("times", '×'),
    ("divide", '÷'),
    ("plus", '+'),
    ("minus", '−'),
    ("plusmn", '±'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("hellip", '…'),
    ("mldr", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("hyphen", '‐'),
    ("dash", '‐'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("middot", '·'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("shy", '\u{ad}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("hairsp", '\u{200a}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("NoBreak", '\u{2060}'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("colon", ':'),
    ("semi", ';'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("bsol", '\\'),
    ("excl", '!'),
    ("quest", '?'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("lowbar", '_'),
    ("commat", '@'),
    ("ast", '*'),
    ("equals", '='),
    ("rarr", '→'),
    ("larr", '←'),
    ("check", '✓'),
    ("star", '☆'),
    ("starf", '★'),
    ("hearts", '♥'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("auml", 'ä'),
    ("szlig", 'ß'),
    ("ntilde", 'ñ'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("sect", '§'),
    ("para", '¶'),
];
