//! Which product is spoken of: by a link the shop's patterns know, or by a token that looks like a
//! model number (BT-200) in a sentence that offers something.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use crate::understand::goods::catalogue::Catalogue;
use crate::understand::patterns::pattern;

/// Longest sku taken from a link or a text.
const SKU_BYTES_MAX: usize = 64;
/// Shortest model number taken from a text.
const MODEL_BYTES_MIN: usize = 4;
/// Model numbers looked at in one sentence.
const TOKENS_MAX: usize = 32;

/// The shop's product pages: patterns such as `https://shop.example/p/{sku}` and
/// `*.shop.cn/item?id={sku}`. A generic `?sku=` is always known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductLinks {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// Lower-case; of `*.shop.cn` only `shop.cn`.
    host: String,
    any_subdomain: bool,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Between these two in the path.
    Path { before: String, after: String },
    /// The value of this query key, under this path.
    Query { path: String, key: String },
}

impl ProductLinks {
    /// Compiles the patterns. The scheme is optional and not compared; `*.` in front of the host
    /// stands for any subdomains, also none; `{sku}` stands once, in the path or as a query value.
    pub fn new(patterns: &[String]) -> Result<ProductLinks, String> {
        let patterns = patterns.iter().map(|pattern| compile(pattern)).collect::<Result<_, _>>()?;
        Ok(ProductLinks { patterns })
    }

    /// The sku a link leads to, upper-cased.
    pub fn sku_of(&self, url: &str) -> Option<String> {
        let (host, path, query) = split_url(url);
        let known = self.patterns.iter().find_map(|pattern| {
            let fits = host == pattern.host
                || (pattern.any_subdomain && host.strip_suffix(&pattern.host).is_some_and(|sub| sub.ends_with('.')));
            if !fits {
                return None;
            }
            match &pattern.place {
                Place::Path { before, after } => {
                    let rest = path.strip_prefix(before.as_str())?;
                    let end = if after.is_empty() {
                        rest.find('/').unwrap_or(rest.len())
                    } else {
                        rest.find(after.as_str())?
                    };
                    sku(&rest[..end])
                }
                Place::Query { path: wanted, key } => (path == wanted).then(|| value_of(query, key))?,
            }
        });
        known.or_else(|| value_of(query, "sku"))
    }
}

/// A product named by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::understand) struct Named {
    /// Upper-cased.
    pub sku: String,
    /// Where, in the normalised text.
    pub range: Range<usize>,
    /// The catalogue has it.
    pub known: bool,
}

/// Tokens of the normalised text that look like model numbers: letters and digits, perhaps hyphens, written
/// in capitals as `shown`; or those the catalogue has, however written. Units, formats and standards that
/// look the same are left out.
pub(in crate::understand) fn model_numbers_in<'s>(
    text: &str,
    sentence: Range<usize>,
    catalogue: &Catalogue,
    shown: impl Fn(Range<usize>) -> &'s str,
) -> Vec<Named> {
    let Some(words) = text.get(sentence.clone()) else { return Vec::new() };
    tokens_in(words)
        .filter_map(|token| {
            let written = words.get(token.clone())?;
            let place = sentence.start + token.start..sentence.start + token.end;
            if !catalogue.is_empty()
                && let Some(item) = catalogue.item(written)
            {
                return Some(Named { sku: item.sku.clone(), range: place, known: true });
            }
            let cased = cased(written, shown(place.clone()));
            if !is_joined(words, &token) && MODEL.as_ref()?.is_match(&cased) && !is_no_model(&cased) {
                return Some(Named { sku: cased.to_ascii_uppercase(), range: place, known: false });
            }
            None
        })
        .take(TOKENS_MAX)
        .collect()
}

/// `BT 200`: the blank is part of the number where the letters before it are written in capitals. Only the
/// catalogue tells it from `TOP 100`.
fn with_letters_before(words: &str, digits: &Range<usize>) -> Option<Range<usize>> {
    let head = words.get(..digits.start)?.strip_suffix(' ')?;
    let letters = head.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    (1..=6).contains(&letters).then(|| head.len() - letters..digits.end)
}

/// The token in the case it was written in, when it can be told.
fn cased(token: &str, shown: &str) -> String {
    if shown.is_ascii() && shown.len() == token.len() {
        return shown.to_owned();
    }
    let written: String = shown.chars().nfkc().filter(|c| c.is_ascii_alphanumeric()).collect();
    let mut letters = written.chars();
    let same = written.len() == token.bytes().filter(u8::is_ascii_alphanumeric).count();
    if !same {
        return token.to_owned();
    }
    token.chars().map(|c| if c.is_ascii_alphanumeric() { letters.next().unwrap_or(c) } else { c }).collect()
}

/// Part of an address, a path or a longer name.
fn is_joined(words: &str, token: &Range<usize>) -> bool {
    let joins = |c: char| matches!(c, '_' | '/' | '@' | '#' | '&' | '=' | '$');
    let head = words[..token.start].chars().next_back();
    let tail = words[token.end..].chars().next();
    head.is_some_and(|c| joins(c) || c == '.') || tail.is_some_and(joins)
}

/// The longest stretches of letters, digits and hyphens, of those in which a model number may stand: it
/// has both a letter and a digit and no fewer bytes than [`MODEL_BYTES_MIN`].
fn tokens_in(words: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = words.as_bytes();
    let in_token = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    // Looks at every byte, without a branch: quicker than to stop at the first digit.
    let mut at = if bytes.iter().fold(false, |any, b| any | b.is_ascii_digit()) { 0 } else { bytes.len() };
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(in_token)?;
        at = start + bytes[start..].iter().take_while(|b| in_token(b)).count();
        Some(start..at)
    })
    .filter_map(move |token| {
        let inside = &bytes[token.clone()];
        if !inside.iter().any(u8::is_ascii_digit) {
            return None;
        }
        if inside.iter().any(u8::is_ascii_alphabetic) {
            return Some(token);
        }
        with_letters_before(words, &token)
    })
    .filter(|token| token.len() >= MODEL_BYTES_MIN)
}

static MODEL: LazyLock<Option<Regex>> = pattern!(
    r"^(?:[A-Z][A-Z0-9]{0,11}(?:-[A-Z0-9]{1,12}){0,3}|[a-z]{2,6}-[0-9]{2,6}[a-z]?|[a-z]{2,4}[0-9]{3,4}|[0-9]{1,4}[A-Z]{1,4}-[A-Z0-9]{1,8})$"
);

/// `MP3`, `USB3`, `4K`, `PM2`, `SAVE20`: letters with digits that name no product.
fn is_no_model(token: &str) -> bool {
    let letters: String = token.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
    let digits = token.chars().filter(char::is_ascii_digit).count();
    digits == 0
        || letters.is_empty() && !token.contains('-')
        || (digits < 2 && !token.contains('-'))
        || token.len() < MODEL_BYTES_MIN
        // COMEBACK25 is a code to type in.
        || letters.len() >= 5 && digits <= 3 && !token.contains('-')
        || NO_MODELS.contains(letters.as_str())
        || token.bytes().any(|b| b == b'-')
            && letters.is_empty()
            && token.bytes().filter(u8::is_ascii_alphabetic).count() < 1
}

/// Words, currencies, units, formats and months that stand before figures.
static NO_MODELS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "SAVE GET CODE SALE OFF EXTRA TAKE WELCOME SPRING SUMMER AUTUMN FALL WINTER COVID UTC GMT \
                         RMB CNY USD HKD NTD TWD JPY EUR GBP AUD CAD SGD CHF ISO IP USB HDMI WIFI MP HTTP TOP NO TD \
                         AM PM Q VIP DAY UTF SHA B G FY JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC \
                         MM CM KM ML KG GB MB TB HZ KHZ MHZ MAH WIN IOS QQ TEL EXT ROOM GATE FLIGHT ORDER REF PIN \
                         PCS HR HRS MIN SEC APP ID"
        .split_whitespace()
        .collect()
});

fn compile(pattern: &str) -> Result<Pattern, String> {
    let refuse = |why: &str| format!("product link `{pattern}`: {why}");
    if pattern.matches("{sku}").count() != 1 {
        return Err(refuse("wants `{sku}` exactly once, as in `https://shop.example/p/{sku}`"));
    }
    let (host, path, query) = split_url(pattern);
    let (host, any_subdomain) = match host.strip_prefix("*.") {
        Some(host) => (host.to_owned(), true),
        None => (host, false),
    };
    if host.is_empty() || !host.contains('.') || host.contains(['*', '{', '}']) {
        return Err(refuse("starts with a host; `*.` may stand in front of it, and nowhere else"));
    }
    let place = if let Some((before, after)) = path.split_once("{sku}") {
        Place::Path { before: before.to_owned(), after: after.to_owned() }
    } else {
        let key = query
            .split('&')
            .find_map(|pair| pair.strip_suffix("={sku}"))
            .filter(|key| !key.is_empty())
            .ok_or_else(|| refuse("in the query `{sku}` is a whole value, as in `?id={sku}`"))?;
        Place::Query { path: path.to_owned(), key: key.to_owned() }
    };
    Ok(Pattern { host, any_subdomain, place })
}

/// Host without port and user, lower-case; path; query.
fn split_url(url: &str) -> (String, &str, &str) {
    let rest = url.trim().split_once("://").map_or(url.trim(), |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (host, path, query)
}

fn value_of(query: &str, key: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == key).then(|| sku(value))?
    })
}

fn sku(written: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(written).decode_utf8().ok()?;
    let decoded = decoded.trim();
    let fits =
        !decoded.is_empty() && decoded.len() <= SKU_BYTES_MAX && !decoded.chars().any(|c| c.is_control() || c == '/');
    fits.then(|| decoded.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::goods::catalogue::Item;
    use crate::understand::meaning::Goods;
    use crate::understand::text::normal::Normal;

    #[test]
    fn links_lead_to_products() {
        let links = ProductLinks::new(&[
            "https://shop.example/p/{sku}".into(),
            "*.shop.cn/item?id={sku}".into(),
            "m.example/{sku}.html".into(),
        ])
        .unwrap();
        for (url, wanted) in [
            ("https://shop.example/p/bt-200?utm_source=mail", Some("BT-200")),
            ("https://SHOP.example/p/BT-200/reviews", Some("BT-200")),
            ("http://m.shop.cn/item?x=1&id=bt%2D200#top", Some("BT-200")),
            ("shop.cn/item?id=9", Some("9")),
            ("https://m.example/abc.html", Some("ABC")),
            ("https://other.example/?sku=X1", Some("X1")),
            ("https://evil.example/p/BT-200", None),
            ("https://notshop.cn/item?id=9", None),
            ("https://shop.example/p/", None),
            ("https://user@shop.example:443/p/A", Some("A")),
        ] {
            assert_eq!(links.sku_of(url).as_deref(), wanted, "{url}");
        }
        for wrong in
            ["https://shop.example/p/", "/p/{sku}", "shop.*/{sku}", "a.example/?x=a{sku}", "a.example/{sku}/{sku}"]
        {
            assert!(ProductLinks::new(&[wrong.into()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn model_numbers_are_told_from_other_tokens() {
        let names = |shown: &str, catalogue: &Catalogue| {
            let normal = Normal::of(shown);
            let cut = |range: Range<usize>| normal.shown(range).and_then(|range| shown.get(range)).unwrap_or_default();
            let found = model_numbers_in(&normal.text, 0..normal.text.len(), catalogue, cut);
            found.into_iter().map(|n| n.sku).collect::<Vec<_>>()
        };
        let none = Catalogue::none();
        assert_eq!(names("蓝牙车载播放器BT-200限时", none), ["BT-200"]);
        assert_eq!(names("The BT200 and WH-1000XM5 now", none), ["BT200", "WH-1000XM5"]);
        assert_eq!(names("B\u{200b}T\u{2011}2\u{200b}00 ＢＴ－３００ bt400", none), ["BT-200", "BT-300", "BT400"]);
        for no in [
            "MP3播放",
            "4K TV",
            "use code SAVE20",
            "UTC+8",
            "iPhone",
            "A3 B5",
            "回TD",
            "CNY199",
            "nov30",
            "TOP 100",
            "rmb199",
            "10gb",
            "shop.example/bt-200",
        ] {
            assert!(names(no, none).is_empty(), "{no}: {:?}", names(no, none));
        }
        let item = Item {
            sku: "BT-200".into(),
            names: Vec::new(),
            category: None,
            url: None,
            list_price: None,
            goods: Goods::Ordinary,
        };
        let catalogue = Catalogue::new([item]);
        for spelled in ["BT-200", "bt200", "BT 200", "bt-200"] {
            assert_eq!(names(spelled, &catalogue), ["BT-200"], "{spelled}");
        }
    }
}
