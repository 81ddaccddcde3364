//! What no message may do to the reader: take for ever, panic, or tell of places that are not there.

use proptest::prelude::*;
use tactgate::message::{Declared, Part, PartKind, Span};
use tactgate::understand::OptOut;

use super::understand::{check_spans, html, plain, read};

#[test]
fn hostile_messages_are_read_in_bounded_time_without_a_panic() {
    let many = |piece: &str, count: usize| piece.repeat(count);
    for text in [
        many("9", 1 << 20),
        many("¥9", 60_000),
        many("9元", 60_000),
        many("1,", 60_000),
        many("\u{200b}", 60_000),
        many("限\u{200b}", 30_000),
        many("回T退订", 15_000),
        many("退订", 15_000),
        many("BT-200 ", 15_000),
        many("BT-200-", 15_000),
        many("until ", 30_000),
        many("截至", 30_000),
        many("https://a.example/?sku=1 ", 8_000),
        many("a.", 60_000),
        many("【", 30_000),
        many("sale! ", 15_000),
        many("survey please. ", 8_000),
        many("满300减50", 15_000),
        many("立减", 30_000),
        many("九", 60_000),
        many("code ", 30_000),
        many("卡号", 30_000),
        many("$1 to ", 30_000),
        many("valid until ", 15_000),
        many("送", 30_000),
        many("buy one get ", 8_000),
        many("限时", 30_000),
        many("仅剩3件", 15_000),
        many("hurry, only 3 left in stock ", 8_000),
        many("ends in 02:14:59 ", 8_000),
        many("11月30日至", 15_000),
        many("Nov 30 - ", 15_000),
        many("限.", 30_000),
        many("L I ", 30_000),
        many("20% off, 48 hours: ", 8_000),
        many("at nine the needle gets put away ", 4_000),
    ] {
        let (content, meaning) = plain(&text);
        check_spans(&content, &meaning);
        assert!(meaning.offers.len() <= 128);
        let (content, meaning) = html(&text);
        check_spans(&content, &meaning);
    }
    for source in [
        many("<div>", 100_000),
        many("<b>限时299元", 15_000),
        many("</b>", 30_000),
        many("<p>BT-200 限时299元</p>", 5_000),
        many("<a href='https://a.example/?sku=1'>x", 8_000),
        many("&", 60_000),
        many("&#", 60_000),
        many("&#x110000;&#0;&#99999999999;", 8_000),
        many("<!--", 15_000),
        many("<img alt='限时299元'>", 5_000),
        many("<s>9元</s>", 8_000),
        many("<script type='application/ld+json'>", 5_000),
        many("<script type='application/ld+json'>[{}]</script>", 5_000),
        many("<i itemscope itemtype='https://schema.org/Offer' itemprop='price'>", 5_000),
        many("<img src='/countdown.gif?a=1'>", 8_000),
        many("<b>hurry</b>, sale! ", 8_000),
        // Many moments in one sentence, in many pieces.
        format!("<b>20% off {}", many("<i>4</i><i>8</i> <i>h</i>ours: ", 400)),
        "<".into(),
        "<p style='display:none".into(),
        "<script>BT-200 299元".into(),
    ] {
        let (content, meaning) = html(&source);
        check_spans(&content, &meaning);
        assert!(meaning.deadlines.len() <= 5_000, "{}", meaning.deadlines.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any mixture of the words and marks that matter: no panic, and every span on boundaries.
    #[test]
    fn every_span_lies_on_boundaries(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        for kind in [PartKind::Plain, PartKind::Html, PartKind::Subject] {
            let (content, meaning) = read(vec![Part { kind, text: text.clone() }], false, &Declared::default());
            check_spans(&content, &meaning);
            if let Some(OptOut::Text(span)) = meaning.opt_out {
                prop_assert!(content.parts[0].text.get(span.range()).is_some());
            }
        }
    }

    /// Taking an offer's spans out never unbalances well-formed HTML.
    #[test]
    fn deleting_spans_keeps_tags_balanced(words in prop::collection::vec(word(), 1..12)) {
        let source = format!("<div>{}</div>", words.concat());
        let (content, meaning) = html(&source);
        let mut spans: Vec<Span> = meaning.offers.iter().flat_map(|offer| offer.spans.clone()).collect();
        spans.sort();
        spans.dedup();
        let mut text = content.parts[0].text.clone();
        for span in spans.iter().rev() {
            text.replace_range(span.range(), "");
        }
        let mut open = Vec::new();
        for tag in regex::Regex::new("<(/?)([a-z]+)[^>]*>").unwrap().captures_iter(&text) {
            if tag[1].is_empty() { open.push(tag[2].to_owned()); } else {
                let opened = open.pop();
                prop_assert_eq!(opened.as_deref(), Some(&tag[2]), "{}", text);
            }
        }
        prop_assert!(open.is_empty(), "{}", text);
    }

    /// Whatever bytes stand in it.
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        let (content, meaning) = plain(&text);
        check_spans(&content, &meaning);
        let (content, meaning) = html(&text);
        check_spans(&content, &meaning);
    }
}

fn piece() -> impl Strategy<Value = String> {
    let known = [
        "限时",
        "特价",
        "299元",
        "¥199",
        "BT-200",
        "。",
        "！",
        "，",
        "截至11月30日",
        "until Nov 30",
        "ends tonight",
        "回T退订",
        "unsubscribe",
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<s>",
        "</s>",
        "&yen;",
        "&#8203;",
        "&#",
        "\u{200b}",
        "\u{feff}",
        "問卷",
        "请填写",
        "take our survey",
        " ",
        "\n",
        "5折",
        "满199减50",
        "ｓａｌｅ",
        "<td>",
        "<img alt='9元'>",
        "<!-- x -->",
        "<!--",
        "<",
        ">",
        "é",
        "𝐅",
        "https://shop.example/p/a",
        "【",
        "】",
        "最后3天",
        "24点",
        "验证码",
        "立减50",
        "第二件半价",
        "九块九",
        "code: ",
        "礼品卡卡号：AB12",
        "1,299.00",
        "€12,50",
        "buy one get one",
        "<script type='application/ld+json'>{}</script>",
        "123456",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

fn word() -> impl Strategy<Value = String> {
    let known = [
        "BT-200 ",
        "限时",
        "299元",
        "only $19 ",
        "。",
        "! ",
        "Hello. ",
        "<b>BT-300</b>",
        "<i>only <b>$9</b></i>",
        "<p>sale</p>",
        "<a href='https://shop.example/p/x'>Buy now</a>",
        "<span>5折！再见</span>",
        "<u>截至11月30日。</u>",
        "<b>a. BT-9000</b>",
        "<!-- x -->",
    ];
    prop::sample::select(known.to_vec()).prop_map(str::to_owned)
}
