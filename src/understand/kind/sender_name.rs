//! Who sends it, by its own words: a name in front ("Hopsmith: …"), behind ("-Greene's Lawns"), or at the end, as shops
//! sign.

/// "Hopsmith: …", "… -Greene's Lawns", and the last line of a mail: a name in front or behind. A name alone, without
/// the words that people chat in, is a firm's.
pub(in crate::understand) fn is_told(text: &str) -> bool {
    const NAME_BYTES_MAX: usize = 40;
    const NAME_WORDS_MAX: usize = 4;
    // With its blanks.
    const NEAR_BYTES: usize = 2 * NAME_BYTES_MAX;
    let text = text.trim();
    let is_name = |name: &str| {
        let name = name.trim();
        let is_word = |word: &str| word.chars().any(char::is_alphabetic);
        let is_other = |word: &str| NO_NAMES.contains(&word.trim_matches('.'));
        !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && name.split_whitespace().count() <= NAME_WORDS_MAX
            && name.split_whitespace().all(|word| !is_other(word))
            && is_word(name)
            && !name.contains(['!', '?', '/'])
    };
    // A name is short: what lies further from an end is none.
    let head = || {
        let near = text.get(..text.floor_char_boundary(NEAR_BYTES)).unwrap_or(text);
        near.split_once(": ").is_some_and(|(name, _)| is_name(name) && text.len() - name.len() > NAME_BYTES_MAX + 2)
    };
    let tail = || {
        let near = text.get(text.floor_char_boundary(text.len().saturating_sub(NEAR_BYTES))..).unwrap_or(text);
        let dash = near.rsplit_once(" -").map(|(_, name)| name);
        dash.is_some_and(|name| {
            !name.starts_with([' ', '-']) && is_name(name) && !name.contains(|c: char| c.is_ascii_digit())
        })
    };
    head() || tail()
}

/// [优选商城], （优选商城） or ——优选商城 at either end: a shop's name, set apart otherwise than by 【】. Friends end with
/// [微笑] and ——老王, so the name must be one of a trade.
pub(in crate::understand) fn is_set_apart(text: &str) -> bool {
    const NAME_CHARS_MAX: usize = 16;
    let text = text.trim();
    let is_name = |name: &str| {
        let is_short = name.chars().take(NAME_CHARS_MAX + 1).count() <= NAME_CHARS_MAX;
        is_short && name.chars().all(char::is_alphanumeric) && TRADES.iter().any(|trade| name.ends_with(trade))
    };
    let bare = text.trim_end_matches(['。', '.', '!', '！', ' ']);
    [('[', ']'), ('(', ')'), ('「', '」'), ('『', '』'), ('<', '>'), ('〔', '〕')].iter().any(|&(open, close)| {
        let head = text.strip_prefix(open).and_then(|rest| rest.split_once(close)).map(|(name, _)| name);
        let tail = bare.strip_suffix(close).and_then(|rest| rest.rsplit_once(open)).map(|(_, name)| name);
        head.is_some_and(is_name) || tail.is_some_and(is_name)
    }) || bare.rsplit_once("--").is_some_and(|(_, name)| is_name(name.trim()))
}

/// What the names of shops end with.
const TRADES: &[&str] = &[
    "商城",
    "店",
    "馆",
    "坊",
    "超市",
    "公司",
    "集团",
    "中心",
    "餐厅",
    "火锅",
    "影城",
    "影院",
    "健身",
    "美容",
    "美发",
    "汽车",
    "服饰",
    "鞋业",
    "家居",
    "家具",
    "电器",
    "数码",
    "珠宝",
    "眼镜",
    "药房",
    "诊所",
    "培训",
    "旅游",
    "航空",
    "地产",
    "会所",
    "俱乐部",
    "商场",
    "百货",
    "广场",
    "农场",
    "果园",
    "花艺",
    "烘焙",
    "咖啡",
    "奶茶",
    "酒业",
    "生鲜",
    "优选",
    "严选",
    "官方",
    "商行",
    "连锁",
];

/// Words before a colon that are no name of a firm: of people, of offices, of a report.
const NO_NAMES: &[&str] = &[
    "i",
    "me",
    "my",
    "you",
    "u",
    "mum",
    "mom",
    "dad",
    "love",
    "x",
    "xx",
    "re",
    "fw",
    "fwd",
    "ps",
    "p.s",
    "note",
    "tip",
    "update",
    "reminder",
    "alert",
    "notice",
    "warehouse",
    "team",
    "hr",
    "payroll",
    "project",
    "status",
    "meeting",
    "summary",
    "subject",
    "from",
    "to",
    "date",
    "news",
    "weather",
    "traffic",
    "score",
    "final",
    "result",
    "agenda",
    "minutes",
    "stocks",
    "in",
    "is",
    "if",
    "when",
    "what",
    "who",
    "so",
    "says",
    "said",
];

/// The name a text as shown ends with: one to six words behind the last full stop, each with a capital.
pub(in crate::understand) fn signature(shown: &str) -> Option<&str> {
    const WORDS_MAX: usize = 6;
    const NAME_BYTES_MAX: usize = 60;
    const NO_SIGNATURES: [&str; 12] =
        ["Thanks", "Thank", "Love", "Bye", "Cheers", "Ok", "OK", "Yes", "No", "Sorry", "Please", "Call"];
    let text = shown.trim_end().trim_end_matches(['.', '!']);
    let from = text.floor_char_boundary(text.len().saturating_sub(NAME_BYTES_MAX));
    let tail = &text[from..];
    let (at, mark) = tail.char_indices().rev().find(|(_, c)| matches!(c, '.' | '!' | '?' | '\n' | ':'))?;
    let name = tail[at + mark.len_utf8()..].trim_start_matches(['-', '–', '—', ' ']);
    let is_capital = |word: &str| {
        let first = word.chars().find(|c| c.is_alphanumeric());
        first.is_none_or(|first| first.is_uppercase() || first.is_numeric()) || word.len() <= 3
    };
    let is_word = |word: &str| word.starts_with(|c: char| c.is_uppercase()) && word.len() > 1;
    let is_name = name.is_ascii()
        && name.split_whitespace().count() <= WORDS_MAX
        && name.split_whitespace().all(is_capital)
        && name.split_whitespace().next().is_some_and(|first| is_word(first) && !NO_SIGNATURES.contains(&first));
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shops_set_their_names_apart() {
        for signed in [
            "[优选商城]全场运动鞋5折",
            "（优选商城）全场运动鞋5折",
            "全场运动鞋5折[优选商城]",
            "全场运动鞋5折。——优选商城",
            "小树书店「小树书店」",
        ] {
            assert!(is_set_apart(&crate::understand::text::normal::fold_phrase(signed)), "{signed}");
        }
        for unsigned in ["全场5折[微笑]", "你在哪家店", "晚上吃饭——老王", "[捂脸]我到了", "今天去商城（你懂的）"]
        {
            assert!(!is_set_apart(&crate::understand::text::normal::fold_phrase(unsigned)), "{unsigned}");
        }
    }

    #[test]
    fn shops_and_offices_sign_with_a_name() {
        for signed in
            ["Leg it. ATTIC VINTAGE, Cockburn St", "No action needed. FairBank SG", "AED 145.\nThe Abra House"]
        {
            assert!(signature(signed).is_some(), "{signed}");
        }
        for unsigned in ["See you at 7. Bring wine", "ok. Thanks", "Running late, save me a seat!", "you coming? Yes"] {
            assert!(signature(unsigned).is_none(), "{unsigned}");
        }
    }
}
