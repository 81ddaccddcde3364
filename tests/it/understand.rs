//! What messages say, in both languages: `tests/understand/*.txt`, and what no message may do to the
//! reader.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use tactgate::message::{Channel, Content, Declared, Part, PartKind, Span};
use tactgate::understand::{Context, DeadlineKind, Meaning, OptOut, ProductLinks, Purpose, Source, understand};

#[derive(Default, Debug)]
struct Case {
    line: usize,
    parts: Vec<Part>,
    sms: bool,
    expected: Vec<(String, String)>,
}

fn cases(file: &str) -> Vec<Case> {
    let mut cases = vec![Case::default()];
    for (number, line) in file.lines().enumerate() {
        if line.trim().is_empty() {
            cases.push(Case::default());
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        let last = cases.last_mut().unwrap();
        let kind = match key {
            "text" | "plain" => Some(PartKind::Plain),
            "subject" => Some(PartKind::Subject),
            "html" => Some(PartKind::Html),
            _ => None,
        };
        match kind {
            Some(kind) => {
                last.sms |= key == "text";
                last.line = number + 1;
                last.parts.push(Part { kind, text: value.to_owned() });
            }
            None => last.expected.push((key.to_owned(), value.to_owned())),
        }
    }
    cases.retain(|case| !case.parts.is_empty());
    cases
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn read(parts: Vec<Part>, sms: bool, declared: &Declared) -> (Content, Meaning) {
    let content = Content { parts, ..Content::default() };
    let links = ProductLinks::new(&["https://shop.example/p/{sku}".into()]).unwrap();
    let zone = zone();
    let context = Context {
        now: "2026-11-20T10:00:00+08:00".parse().unwrap(),
        zone: &zone,
        links: &links,
        catalogue: tactgate::understand::Catalogue::none(),
    };
    let channel = if sms { Channel::Sms } else { Channel::Email };
    let meaning = understand(&context, channel, &content, declared);
    (content, meaning)
}

fn plain(text: &str) -> (Content, Meaning) {
    read(vec![Part { kind: PartKind::Plain, text: text.into() }], true, &Declared::default())
}

fn html(text: &str) -> (Content, Meaning) {
    read(vec![Part { kind: PartKind::Html, text: text.into() }], false, &Declared::default())
}

fn slice(content: &Content, span: Span) -> &str {
    &content.parts[usize::from(span.part)].text[span.range()]
}

/// What was understood, in the words of the test files.
fn told(content: &Content, meaning: &Meaning) -> Vec<(String, String)> {
    let local = |at: jiff::Timestamp| at.to_zoned(zone()).strftime("%Y-%m-%dT%H:%M").to_string();
    let mut told: Vec<(String, String)> = Vec::new();
    let mut tell = |key: &str, value: String| {
        let line = (key.to_owned(), value);
        if !told.contains(&line) {
            told.push(line);
        }
    };
    let kebab = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    tell("purpose", kebab(serde_json::to_value(meaning.purpose).unwrap()));
    if let Some(audience) = meaning.audience {
        tell("audience", kebab(serde_json::to_value(audience).unwrap()));
    }
    for offer in &meaning.offers {
        let mut words = vec![offer.product.clone().unwrap_or("-".into())];
        words.extend(offer.price.map(|price| price.to_string()));
        words.extend(offer.list_price.map(|price| format!("was {price}")));
        words.extend(offer.percent_off.map(|percent| format!("-{percent}%")));
        words.extend(offer.ends.map(|at| format!("until {}", local(at))));
        words.extend(offer.exclusive.map(|channel| format!("{channel}-only")));
        tell("offer", words.join(" "));
    }
    for deadline in &meaning.deadlines {
        let kind = kebab(serde_json::to_value(deadline.kind).unwrap());
        tell("deadline", deadline.instant.map_or(kind.clone(), |at| format!("{kind} {}", local(at))));
    }
    for claim in &meaning.urgencies {
        let kind = kebab(serde_json::to_value(claim.kind).unwrap());
        let left = claim.left.map(|left| format!(" {left}")).unwrap_or_default();
        let words: Vec<&str> = claim.spans.iter().map(|span| slice(content, *span).trim()).collect();
        tell("urgency", format!("{kind}{left}: {}", words.join(" … ")));
    }
    for survey in &meaning.surveys {
        let id = survey.id.clone().unwrap_or("-".into());
        tell("survey", survey.minutes.map_or(id.clone(), |minutes| format!("{id} {minutes}min")));
    }
    match &meaning.opt_out {
        Some(OptOut::Text(span)) => tell("opt-out", slice(content, *span).to_owned()),
        Some(OptOut::Header) => tell("opt-out", "header".into()),
        None => {}
    }
    told
}

fn run(name: &str, file: &str) -> usize {
    let cases = cases(file);
    let mut wrong = Vec::new();
    for case in &cases {
        let (content, meaning) = read(case.parts.clone(), case.sms, &Declared::default());
        check_spans(&content, &meaning);
        let (topics, expected): (Vec<_>, Vec<_>) = case.expected.iter().cloned().partition(|(key, _)| key == "topic");
        let told = told(&content, &meaning);
        if told != expected {
            wrong.push(format!("{name}:{}\n  expected {expected:?}\n  told     {told:?}", case.line));
        }
        for (_, topic) in topics {
            if !meaning.topics.iter().any(|told| told.name == topic) {
                wrong.push(format!("{name}:{} topic {topic} not in {:?}", case.line, meaning.topics));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

/// Every span lies on character boundaries of its part.
fn check_spans(content: &Content, meaning: &Meaning) {
    let spans = meaning
        .offers
        .iter()
        .flat_map(|offer| &offer.spans)
        .chain(meaning.surveys.iter().flat_map(|survey| &survey.spans))
        .chain(meaning.deadlines.iter().filter_map(|deadline| deadline.span.as_ref()))
        .chain(meaning.deadlines.iter().flat_map(|deadline| &deadline.words))
        .chain(meaning.urgencies.iter().flat_map(|claim| &claim.spans));
    for span in spans {
        let text = &content.parts[usize::from(span.part)].text;
        assert!(text.get(span.range()).is_some_and(|words| !words.is_empty()), "{span:?}");
    }
}

#[test]
fn chinese_messages_say_what_they_say() {
    assert!(run("zh.txt", include_str!("../understand/zh.txt")) >= 45);
}

#[test]
fn english_messages_say_what_they_say() {
    assert!(run("en.txt", include_str!("../understand/en.txt")) >= 35);
}

#[test]
fn the_sentence_alone_goes_and_the_rest_stays() {
    let (content, meaning) = plain("【某某商城】您好。蓝牙车载播放器BT-200限时299元，回T退订");
    let span = meaning.offers[0].spans[0];
    assert_eq!(slice(&content, span), "蓝牙车载播放器BT-200限时299元，");
    assert_eq!(meaning.deadlines.len(), 0);
}

/// Deleting all spans of an offer leaves HTML whose tags still match.
#[test]
fn html_stays_whole_when_an_offer_is_taken_out() {
    for (source, left) in [
        (
            "<p>Hello. <b>BT-200</b> now <i>only &#36;29.99</i>! Bye for now.</p>",
            "<p>Hello. <b></b><i></i> Bye for now.</p>",
        ),
        ("<p>Hello.</p><p>Get the <b>BT-200</b> for only $29!</p>", "<p>Hello.</p><p></p>"),
        ("<b>Hello. BT-200 now</b> only <i>$29</i>.", "<b>Hello. </b><i></i>"),
        ("<p>您好。<span>BT-200</span>现价<b>299</b>元！再见。</p>", "<p>您好。<span></span><b></b>再见。</p>"),
    ] {
        let (content, meaning) = html(source);
        assert_eq!(meaning.offers.len(), 1, "{source}: {meaning:?}");
        let mut spans = meaning.offers[0].spans.clone();
        spans.sort();
        let mut text = content.parts[0].text.clone();
        for span in spans.iter().rev() {
            text.replace_range(span.range(), "");
        }
        let tags = |text: &str| text.matches('<').count() - 2 * text.matches("</").count();
        assert_eq!(tags(&text), 0, "{text}");
        assert_eq!(without_tags(&text), without_tags(left), "{text}");
    }
}

fn without_tags(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn text_and_html_copies_are_one_offer_with_spans_in_both() {
    let parts = vec![
        Part { kind: PartKind::Subject, text: "只要299元！".into() },
        Part { kind: PartKind::Plain, text: "BT-200限时299元，11月30日截止。".into() },
        Part { kind: PartKind::Html, text: "<p>BT-200限时<b>299</b>元，11月30日截止。</p>".into() },
    ];
    let (_, meaning) = read(parts, false, &Declared::default());
    assert_eq!(meaning.offers.len(), 1, "{:?}", meaning.offers);
    let parts: Vec<u16> = meaning.offers[0].spans.iter().map(|span| span.part).collect();
    assert_eq!(parts, [0, 1, 2]);
    assert_eq!(meaning.deadlines.len(), 2);
}

#[test]
fn what_is_declared_stands_first_and_finds_its_sentences() {
    let mut declared = Declared::default();
    declared.take("Tactgate-Offer", r#""BT-200";price="299.00 CNY";id=spring;exclusive=sms"#).unwrap();
    declared.take("Tactgate-Survey", "nps;minutes=3").unwrap();
    let parts = vec![Part {
        kind: PartKind::Plain, text: "限时特价！bt-200到手价299元。BT-300仅需399元。".into()
    }];
    let (_, meaning) = read(parts, true, &declared);
    let first = &meaning.offers[0];
    assert_eq!((first.source, first.confidence.0, first.id.as_deref()), (Source::Declared, 100, Some("spring")));
    assert!(!first.spans.is_empty() && first.exclusive == Some(Channel::Sms));
    assert_eq!(meaning.offers[1].product.as_deref(), Some("BT-300"));
    assert_eq!((meaning.surveys[0].id.as_deref(), meaning.surveys[0].minutes), (Some("nps"), Some(3)));
}

#[test]
fn next_week_s_copy_of_a_sale_has_the_same_hash() {
    let hash = |text: &str| plain(text).1.offers[0].simhash.unwrap();
    assert_eq!(
        hash("Clearance sale ends this weekend! All boots must go."),
        hash("Clearance sale ends December 7! All boots must go.")
    );
    assert_eq!(hash("清仓大促本周末截止，女靴全部低价！"), hash("清仓大促12月7日截止，女靴全部低价！"));
}

#[test]
fn what_cannot_be_read_is_told() {
    let content = Content { unreadable: vec!["template d-1 is not in the request".into()], ..Content::default() };
    let zone = zone();
    let links = ProductLinks::default();
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: &zone,
        links: &links,
        catalogue: tactgate::understand::Catalogue::none(),
    };
    let meaning = understand(&context, Channel::Email, &content, &Declared::default());
    assert_eq!(meaning.doubts.len(), 1);
    assert_eq!(meaning.purpose, Purpose::Other);
    let (_, meaning) = html("<body><img src=a.png><img src=b.png></body>");
    assert_eq!(meaning.doubts.len(), 1);
    let (_, meaning) = html("<body><img src=a.png alt='BT-200 限时299元，今晚24点截止'></body>");
    assert_eq!(meaning.offers.len(), 1);
    assert_eq!(meaning.deadlines[0].kind, DeadlineKind::Relative);
}

#[test]
fn a_catalogue_beyond_the_limit_is_told() {
    let lines: String = (0..300).map(|n| format!("<p>XK-{n:03} now ${}</p>", n + 1)).collect();
    let (content, meaning) = html(&lines);
    check_spans(&content, &meaning);
    assert_eq!((meaning.offers.len(), meaning.doubts.len()), (128, 1));
}

#[test]
fn a_header_is_a_way_to_refuse() {
    let content = Content {
        parts: vec![Part { kind: PartKind::Plain, text: "Big sale".into() }],
        headers: vec![("list-unsubscribe".into(), "<https://a.example/u>".into())],
        ..Content::default()
    };
    let zone = zone();
    let links = ProductLinks::default();
    let context = Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: &zone,
        links: &links,
        catalogue: tactgate::understand::Catalogue::none(),
    };
    let meaning = understand(&context, Channel::Email, &content, &Declared::default());
    assert_eq!(meaning.opt_out, Some(OptOut::Header));
}

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
        "<".into(),
        "<p style='display:none".into(),
        "<script>BT-200 299元".into(),
    ] {
        let (content, meaning) = html(&source);
        check_spans(&content, &meaning);
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
