//! What messages say, in both languages: `tests/understand/*.txt`.

use jiff::tz::TimeZone;
use tactgate::message::{Channel, Content, Declared, Part, PartKind, Span};
use tactgate::understand::{
    Catalogue, Context, DeadlineKind, Discount, Goods, Item, Meaning, OptOut, PriceKind, ProductLinks, Purpose, Source,
    Urgency, understand,
};

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

pub(crate) fn read(parts: Vec<Part>, sms: bool, declared: &Declared) -> (Content, Meaning) {
    let content = Content { parts, ..Content::default() };
    let links = ProductLinks::new(&["https://shop.example/p/{sku}".into()]).unwrap();
    let zone = zone();
    let context = Context {
        now: "2026-11-20T10:00:00+08:00".parse().unwrap(),
        zone: &zone,
        links: &links,
        catalogue: Catalogue::none(),
    };
    let channel = if sms { Channel::Sms } else { Channel::Email };
    let meaning = understand(&context, channel, &content, declared);
    (content, meaning)
}

pub(crate) fn plain(text: &str) -> (Content, Meaning) {
    read(vec![Part { kind: PartKind::Plain, text: text.into() }], true, &Declared::default())
}

pub(crate) fn html(text: &str) -> (Content, Meaning) {
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
        words.extend(offer.pieces.map(|pieces| format!("x{pieces}")));
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
    for price in &meaning.prices {
        let was = if price.kind == PriceKind::List { "was " } else { "" };
        tell("price", format!("{was}{}", price.money));
    }
    for told in &meaning.discounts {
        let words = match told.discount {
            Discount::Percent(percent) => format!("{percent}%"),
            Discount::Amount(money) => money.to_string(),
            Discount::Threshold { from, off } => format!("{off} from {from}"),
            Discount::NextOne(percent) => format!("next {percent}%"),
            Discount::FreeShipping => "free-shipping".to_owned(),
            Discount::Gift => "gift".to_owned(),
            Discount::Unsaid => "unsaid".to_owned(),
        };
        tell("discount", words);
    }
    for voucher in &meaning.vouchers {
        let mut words = vec![kebab(serde_json::to_value(voucher.kind).unwrap())];
        words.push(voucher.code.clone().unwrap_or("-".into()));
        words.extend(voucher.expires.map(|at| format!("until {}", local(at))));
        tell("voucher", words.join(" "));
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
        let mut told = told(&content, &meaning);
        told.retain(|(key, _)| !OF_OFFERS.contains(&key.as_str()));
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

/// Keys that only the cases of offers name.
const OF_OFFERS: [&str; 3] = ["price", "discount", "voucher"];

/// Cases that name only what they are about: each key named is compared as a whole, `-` is none.
fn run_named(name: &str, file: &str) -> usize {
    let cases = cases(file);
    let mut wrong = Vec::new();
    for case in &cases {
        let (content, meaning) = read(case.parts.clone(), case.sms, &Declared::default());
        check_spans(&content, &meaning);
        let all = told(&content, &meaning);
        let mut keys: Vec<&str> = case.expected.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let of_key = |lines: &[(String, String)]| {
                let mut values: Vec<String> =
                    lines.iter().filter(|(k, v)| k == key && v != "-").map(|(_, value)| value.clone()).collect();
                values.sort_unstable();
                values
            };
            let (expected, told) = (of_key(&case.expected), of_key(&all));
            if expected != told {
                wrong.push(format!("{name}:{} {key}\n  expected {expected:?}\n  told     {told:?}", case.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

#[test]
fn offers_in_chinese_are_read_whatever_their_form() {
    assert!(run_named("offers.zh.txt", include_str!("../understand/offers.zh.txt")) >= 50);
}

#[test]
fn offers_in_english_are_read_whatever_their_form() {
    assert!(run_named("offers.en.txt", include_str!("../understand/offers.en.txt")) >= 45);
}

/// A name, a link or a number leads to the shop's own product, and brings what sort of goods it is.
#[test]
fn the_catalogue_names_what_is_offered() {
    let item = Item {
        sku: "BT-200".into(),
        names: vec!["蓝牙车载播放器".into(), "Bluetooth car player".into()],
        category: Some("car".into()),
        url: Some("https://shop.example/car-player".into()),
        list_price: None,
        goods: Goods::Durable,
    };
    let catalogue = Catalogue::new([item]);
    let zone = zone();
    let links = ProductLinks::default();
    let context = Context {
        now: "2026-11-20T10:00:00+08:00".parse().unwrap(),
        zone: &zone,
        links: &links,
        catalogue: &catalogue,
    };
    for (kind, text) in [
        (PartKind::Plain, "藍牙車載播放器限時299元"),
        (PartKind::Plain, "The Bluetooth Car Player, now 299 CNY"),
        (PartKind::Plain, "bt 200 only 299 CNY"),
        (PartKind::Html, "<p><a href='https://www.shop.example/car-player?utm=7'>Buy now</a> for only ¥299</p>"),
        (PartKind::Html, "<tr><td>蓝牙车载播放器</td><td>黑色，三年保修</td><td>¥299</td></tr>"),
    ] {
        let content = Content { parts: vec![Part { kind, text: text.into() }], ..Content::default() };
        let meaning = understand(&context, Channel::Email, &content, &Declared::default());
        let offer = meaning.offers.first().unwrap_or_else(|| panic!("{text}: {meaning:?}"));
        assert_eq!(offer.product.as_deref(), Some("BT-200"), "{text}");
        assert_eq!(offer.price.map(|price| price.to_string()).as_deref(), Some("299.00 CNY"), "{text}");
        assert_eq!((offer.goods, offer.category.as_deref()), (Goods::Durable, Some("car")), "{text}");
        assert_eq!(offer.source, Source::Link, "{text}");
    }
}

/// Data beside the text that cannot be read is a doubt, and nothing of the rest is lost.
#[test]
fn broken_structured_data_is_told() {
    let (_, meaning) = html("<script type='application/ld+json'>{\"@type\": oops</script><p>BT-200 now $29</p>");
    assert_eq!((meaning.offers.len(), meaning.doubts.len()), (1, 1));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let (_, meaning) = html(&format!("<script type='application/ld+json'>{deep}</script>"));
    assert_eq!(meaning.doubts.len(), 1);
}

/// Every span lies on character boundaries of its part.
pub(crate) fn check_spans(content: &Content, meaning: &Meaning) {
    let spans = meaning
        .offers
        .iter()
        .flat_map(|offer| &offer.spans)
        .chain(meaning.surveys.iter().flat_map(|survey| &survey.spans))
        .chain(meaning.prices.iter().flat_map(|price| &price.spans))
        .chain(meaning.discounts.iter().flat_map(|discount| &discount.spans))
        .chain(meaning.vouchers.iter().flat_map(|voucher| &voucher.spans))
        .chain(meaning.topics.iter().flat_map(|topic| &topic.spans))
        .chain(meaning.audiences.iter().flat_map(|told| &told.spans))
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

/// What a rewrite replaces by the true date, and no more.
#[test]
fn a_deadline_knows_the_words_that_tell_it() {
    for (text, words) in [
        ("20% off coats, ends this weekend!", "this weekend"),
        ("20% off coats, ends in 2 days", "ends in 2 days"),
        ("全场8折，本周末截止", "本周末"),
        ("全场8折，最后3天！", "最后3天"),
        ("全場8折，截至１１月３０日", "１１月３０日"),
    ] {
        let (content, meaning) = plain(text);
        let told: Vec<&str> = meaning.deadlines[0].words.iter().map(|span| slice(&content, *span)).collect();
        assert_eq!(told, [words], "{text}");
    }
}

/// However the words are spelt, they press.
#[test]
fn spellings_that_hide_urgency_do_not() {
    for text in [
        "Hurry! 20% off coats",
        "Hu\u{200b}rry! 20% off coats",
        "Hu\u{ad}rry! 20% off coats",
        "Ｈｕｒｒｙ! 20% off coats",
        "Нurrу! 20% off coats",
        "Hürrý! 20% off coats",
        "𝐇𝐮𝐫𝐫𝐲! 20% off coats",
        "H u r r y! 20% off coats",
        "H-u-r-r-y! 20% off coats",
        "ʜᴜʀʀʏ! 20% off coats",
        "外套8折，手慢无",
        "外套8折，手慢無",
        "外套8折，手\u{200b}慢\u{2060}无",
        "外套8折，手 慢 无",
        "外套8折，手.慢.无",
        "外套8折，手🔥慢★无",
        "外套8折，手\u{fe0f}慢\u{202e}无",
    ] {
        assert_eq!(plain(text).1.urgency(), Urgency::Pressure, "{text}");
    }
    for source in
        ["<p>外套8折，手<b>慢</b>无</p>", "<p>外套8折，手&#8203;慢&zwnj;无</p>", "<p>20% off. H<!-- x -->urry!</p>"]
    {
        assert_eq!(html(source).1.urgency(), Urgency::Pressure, "{source}");
    }
    for source in [
        "<p>外套8折。</p><p style='display:none'>手慢无</p>",
        "<p>外套8折。</p><div style='max-height:0;overflow:hidden'>手慢无</div>",
        "<p>外套8折。</p><span style='font-size:0px'>手慢无</span>",
    ] {
        assert_eq!(html(source).1.urgency(), Urgency::None, "{source}");
    }
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
    let context =
        Context { now: jiff::Timestamp::UNIX_EPOCH, zone: &zone, links: &links, catalogue: Catalogue::none() };
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
    let context =
        Context { now: jiff::Timestamp::UNIX_EPOCH, zone: &zone, links: &links, catalogue: Catalogue::none() };
    let meaning = understand(&context, Channel::Email, &content, &Declared::default());
    assert_eq!(meaning.opt_out, Some(OptOut::Header));
}
