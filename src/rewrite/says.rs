//! Does what is left still say something? A signature, a greeting, links and the way to refuse are no
//! message.

use super::links::has_opt_out;

/// Letters that make a statement: `Your order has left`, 订单已发出. A Chinese character counts for three.
const LETTERS_MIN: usize = 12;

/// Words that a letter begins or ends with.
const FRAME: [&str; 30] = [
    "dear ",
    "hi ",
    "hi,",
    "hi!",
    "hello",
    "hey",
    "good morning",
    "good afternoon",
    "thank you",
    "thanks",
    "regards",
    "best wishes",
    "yours",
    "cheers",
    "see you",
    "亲爱的",
    "親愛的",
    "尊敬的",
    "您好",
    "你好",
    "此致",
    "敬礼",
    "敬禮",
    "谢谢",
    "謝謝",
    "感谢",
    "感謝",
    "祝您",
    "顺祝",
    "順祝",
];

/// True when a statement is among the sentences.
pub(super) fn says_something(text: &str) -> bool {
    let text = without_signatures(&text.to_lowercase());
    let sentences = text.split(['\n', '。', '！', '？', '!', '?', '，', ';', '；']).flat_map(|line| line.split(". "));
    sentences.filter(|sentence| !is_frame(sentence.trim())).map(letters).sum::<usize>() >= LETTERS_MIN
}

fn is_frame(sentence: &str) -> bool {
    has_opt_out(sentence) || FRAME.iter().any(|word| sentence.starts_with(word)) || is_short_refusal(sentence)
}

/// 回T退订, 拒收回R, `txt stop`: what is left of the way to refuse once commas part it.
fn is_short_refusal(sentence: &str) -> bool {
    let few = sentence.chars().count() <= 16;
    few && ["回复", "回復", "拒收", "stop"].iter().any(|word| sentence.contains(word))
}

fn letters(sentence: &str) -> usize {
    let words = sentence.split_whitespace().filter(|word| !word.contains("://") && !word.starts_with("www."));
    words.flat_map(str::chars).map(|c| if !c.is_alphanumeric() { 0 } else { if c > '\u{2e7f}' { 3 } else { 1 } }).sum()
}

/// Without 【…】.
fn without_signatures(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('【') {
        left.push_str(before);
        left.push('\n');
        let Some((_, tail)) = after.split_once('】') else {
            rest = after;
            continue;
        };
        rest = tail;
    }
    left.push_str(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_a_signature_and_the_way_to_refuse_say_nothing() {
        for empty in [
            "",
            "【某某商城】，回T退订",
            "亲爱的会员，您好！回复TD退订",
            "Hi Ann!\n\nReply STOP to opt out",
            "Dear customer,\nhttps://a.example/x\nThanks, Anna",
        ] {
            assert!(!says_something(empty), "{empty}");
        }
        for said in ["【某某商城】您的订单已发出，回T退订", "Hi Ann! Your parcel comes on Monday.", "订单已发出"]
        {
            assert!(says_something(said), "{said}");
        }
    }
}
