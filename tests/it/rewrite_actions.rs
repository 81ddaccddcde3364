//! Actions that put something in place of something else, or add what is missing: what they say, in both
//! languages, and what they refuse. Those that take away are told as cases in `tests/guards/rewrites.toml`.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tactgate::decide::{Because, Evidence, WantedRewrite};
use tactgate::facts::zone;
use tactgate::message::{Address, Channel, Content, Declared, HttpRequest, Message, Part, PartKind, Span, Stream};
use tactgate::policy::Texts;
use tactgate::providers::{Batch, Unfit, dialect, mime};
use tactgate::rewrite::actions::SignatureAt;
use tactgate::rewrite::{Action, Original, Rewritten};
use tactgate::understand::{Catalogue, Context, Meaning, ProductLinks, understand};

const NOW: &str = "2026-11-20T02:00:00Z"; // a Friday, ten in the morning in Shanghai

#[test]
fn a_relative_end_becomes_the_date_that_was_meant() {
    for (place, text, left) in [
        (
            "Asia/Shanghai",
            "【某某商城】秋季新鞋8折，本周末截止，回T退订",
            "【某某商城】秋季新鞋8折，2026年11月22日截止（北京时间），回T退订",
        ),
        (
            "Asia/Shanghai",
            "【某某商城】秋季新鞋8折，仅限今日，回T退订",
            "【某某商城】秋季新鞋8折，截至2026年11月20日（北京时间），回T退订",
        ),
        (
            "Asia/Tokyo",
            "【某某商城】秋季新鞋8折，截至本周日，回T退订",
            "【某某商城】秋季新鞋8折，截至2026年11月22日（UTC+9），回T退订",
        ),
        (
            "UTC",
            "Shoes are 20% off this weekend only. Reply STOP to opt out",
            "Shoes are 20% off until November 22, 2026 (UTC). Reply STOP to opt out",
        ),
        (
            "America/New_York",
            "Sale ends Sunday: shoes 20% off. Reply STOP to opt out",
            "Sale ends November 22, 2026 (UTC-5): shoes 20% off. Reply STOP to opt out",
        ),
        (
            "UTC",
            "Shoes 20% off until tonight. Reply STOP to opt out",
            "Shoes 20% off until November 20, 2026 (UTC). Reply STOP to opt out",
        ),
    ] {
        let clock = zone(place).unwrap();
        let sms = sms(text);
        let before = read(&sms, &clock);
        let changed = apply_in(&sms, &[wish(Action::TrueDate {})], &clock).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(changed.content.parts[0].text, left);
        let after = read(&Message { content: Arc::new(changed.content), ..sms }, &clock);
        let ends = |meaning: &Meaning| meaning.deadlines.iter().filter_map(|d| d.instant).collect::<Vec<_>>();
        assert_eq!(ends(&after), ends(&before), "{left}: read again, it is the same end");
        assert!(!ends(&after).is_empty(), "{left}");
    }
}

#[test]
fn no_date_is_invented() {
    let clock = zone("Asia/Shanghai").unwrap();
    for text in ["【某某商城】秋季新鞋8折，最后机会，回T退订", "【某某商城】秋季新鞋8折，11月30日截止，回T退订"]
    {
        assert!(apply_in(&sms(text), &[wish(Action::TrueDate {})], &clock).is_err(), "{text}");
    }
    // The finding knows another end than the text says: nothing here tells which is true.
    let other = Evidence::At("2026-12-24T00:00:00Z".parse().unwrap());
    let wanted = WantedRewrite { because: Because::from([("end".to_owned(), other)]), ..wish(Action::TrueDate {}) };
    assert!(apply_in(&sms("【某某商城】秋季新鞋8折，本周末截止，回T退订"), &[wanted], &clock).is_err());
}

#[test]
fn the_channels_own_code_stands_in_words_and_links() {
    let codes = [(Channel::Sms, "SMS20".to_owned())].into();
    let wanted = wish(Action::ChannelCode { codes });
    for (text, left) in [
        (
            "Shoes 20% off with code MAIL15 at https://s.example/?code=mail15 Reply STOP to opt out",
            "Shoes 20% off with code SMS20 at https://s.example/?code=SMS20 Reply STOP to opt out",
        ),
        ("【某某商城】新鞋8折，优惠码MAIL15，回T退订", "【某某商城】新鞋8折，优惠码SMS20，回T退订"),
    ] {
        let changed = apply(&sms(text), std::slice::from_ref(&wanted)).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(changed.content.parts[0].text, left);
    }
    assert!(apply(&sms("【某某商城】新鞋8折，回T退订"), std::slice::from_ref(&wanted)).is_err(), "no code to replace");
    let mail = mail("Shoes 20% off with code MAIL15");
    assert!(apply(&mail, &[wanted]).is_err(), "the rule has no code for mail");
}

#[test]
fn an_sms_is_signed_once() {
    for (at, text, left) in [
        (SignatureAt::Start, "您的订单已发出", "【某某商城】您的订单已发出"),
        (SignatureAt::End, "您的订单已发出", "您的订单已发出【某某商城】"),
        (SignatureAt::Start, "您的订单已发出【某某商城】", "您的订单已发出【某某商城】"),
        (SignatureAt::Start, "Your order has left", "Shop: Your order has left"),
        (SignatureAt::End, "Your order has left", "Your order has left Shop:"),
        (SignatureAt::Start, "SHOP: your order has left", "SHOP: your order has left"),
    ] {
        let text_of = Texts { en: Some("Shop:".into()), zh: Some("【某某商城】".into()) };
        let changed = apply(&sms(text), &[wish(Action::AddSignature { text: text_of, at })]).unwrap();
        assert_eq!(changed.content.parts[0].text, left);
    }
    let text = Texts { en: Some("Shop:".into()), zh: None };
    assert!(apply(&mail("Hello"), &[wish(Action::AddSignature { text, at: SignatureAt::Start })]).is_err());
}

#[test]
fn segments_are_counted_and_a_dearer_sms_is_refused() {
    let long = format!("【某某商城】{}", "新".repeat(60));
    let opt_out = || wish(opt_out());
    let changed = apply(&sms(&long), &[opt_out()]).unwrap();
    let (before, after) = changed.segments.unwrap();
    assert_eq!((before.count, after.count, after.alphabet.to_string()), (1, 2, "UCS-2".to_owned()));
    let limit = |max_more| wish(Action::LimitSegments { max_more });
    assert!(apply(&sms(&long), &[opt_out(), limit(1)]).is_ok());
    assert!(apply(&sms(&long), &[opt_out(), limit(0)]).is_err());
}

#[test]
fn what_one_rule_takes_away_another_need_not_put_right() {
    let text = "您的订单4711已发出，预计周一送达。BT-200现价299元，欢迎选购。";
    let message = sms(text);
    let at = text.find("BT-200").unwrap();
    let money = |text: &str| Evidence::Money(text.parse().unwrap());
    let because = Because::from([("price".to_owned(), money("299 CNY")), ("paid".to_owned(), money("399 CNY"))]);
    let spans = vec![Span::new(0, at..text.len()).unwrap()];
    let take = WantedRewrite { rule: "a".into(), spans: spans.clone(), ..wish(Action::RemoveSentence {}) };
    let replace = WantedRewrite { rule: "b".into(), spans, because, ..wish(Action::PriceAlreadyGot {}) };
    for wanted in [[take.clone(), replace.clone()], [replace, take]] {
        let changed = apply(&message, &wanted).unwrap();
        assert_eq!(changed.content.parts[0].text, "您的订单4711已发出，预计周一送达。");
    }
}

const ONE_CLICK: &str = "https://s.example/u?who={recipient}&list=news";
const FIELD: &str = "<https://s.example/u?who=ann%40example.com&list=news>";

#[test]
fn a_mail_gets_the_fields_of_one_click_and_nothing_else_changes() {
    for (head, left) in [
        (
            "Subject: New in",
            format!(
                "Subject: New in\r\nList-Unsubscribe: {FIELD}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
            ),
        ),
        // An address for mail stays; one of the web that takes no POST goes.
        (
            "List-Unsubscribe: <mailto:u@s.example>,\r\n <https://s.example/old>\r\nSubject: New in",
            format!(
                "Subject: New in\r\nList-Unsubscribe: {FIELD},\r\n <mailto:u@s.example>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
            ),
        ),
        (
            "List-Unsubscribe: <https://s.example/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "List-Unsubscribe: <https://s.example/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned(),
        ),
    ] {
        let raw = bytes::Bytes::from(format!("{head}\r\n\r\nNew shoes  are in.\r\n"));
        let read = mime::read(&raw).unwrap();
        let changed = apply(&with(&read.content), &[one_click()]).unwrap();
        let written = mime::write(&raw, &read, &changed.edits, None).unwrap();
        assert_eq!(String::from_utf8_lossy(&written), format!("{left}\r\n\r\nNew shoes  are in.\r\n"));
    }
    assert!(apply(&sms("New shoes"), &[one_click()]).is_err(), "an SMS has no header");
    for url in ["http://s.example/{recipient}", "https://s.example/u", "https://s.example/{recipient}>", "https://"] {
        let action = Action::AddListUnsubscribe { url: url.to_owned(), mailto: None };
        assert!(action.check().is_err(), "{url}");
    }
}

#[test]
fn json_requests_carry_the_fields_where_their_provider_reads_them() {
    let field = "\"List-Unsubscribe\":\"<https://s.example/u?who=ann%40example.com&list=news>\",\"List-Unsubscribe-Post\":\"List-Unsubscribe=One-Click\"";
    for (name, path, before, after) in [
        (
            "sendgrid",
            "/v3/mail/send",
            r#"{"personalizations":[{"to":[{"email":"ann@example.com"}]}],"from":{"email":"a@s.example"},"subject":"New","content":[{"type":"text/plain","value":"New shoes are in."}]}"#.to_owned(),
            format!(r#"{{"personalizations":[{{"headers":{{{field}}},"to":[{{"email":"ann@example.com"}}]}}],"from":{{"email":"a@s.example"}},"subject":"New","content":[{{"type":"text/plain","value":"New shoes are in."}}]}}"#),
        ),
        (
            "sendgrid",
            "/v3/mail/send",
            r#"{"headers":{"list-unsubscribe":"<mailto:x@y>","X-A":"1"},"personalizations":[{"headers":{"Tactgate-Campaign":"c"}, "to":[{"email":"ann@example.com"}]}],"from":{"email":"a@s.example"},"subject":"New","content":[{"type":"text/plain","value":"New shoes are in."}]}"#.to_owned(),
            format!(r#"{{"headers":{{"X-A":"1"}},"personalizations":[{{"headers":{{{}}}, "to":[{{"email":"ann@example.com"}}]}}],"from":{{"email":"a@s.example"}},"subject":"New","content":[{{"type":"text/plain","value":"New shoes are in."}}]}}"#, field.replace("list=news>", "list=news>, <mailto:x@y>")),
        ),
        (
            "tactgate",
            "/v1/messages",
            r#"{"channel":"email","to":"ann@example.com","text":"New shoes are in."}"#.to_owned(),
            format!(r#"{{"headers":{{{field}}},"channel":"email","to":"ann@example.com","text":"New shoes are in."}}"#),
        ),
        (
            "tactgate",
            "/v1/messages",
            r#"{"channel":"email","to":"ann@example.com","text":"New shoes are in.","headers":{"X-A":"1"}}"#.to_owned(),
            format!(r#"{{"channel":"email","to":"ann@example.com","text":"New shoes are in.","headers":{{{field},"X-A":"1"}}}}"#),
        ),
    ] {
        let dialect = dialect(name).unwrap();
        let mut request = HttpRequest { method: http::Method::POST, path: path.to_owned(), body: before.into(), ..HttpRequest::default() };
        request.headers.insert("content-type", "application/json".parse().unwrap());
        let reading = dialect.read(&request, None).unwrap();
        let changed = apply(&with(&reading.contents[0]), &[one_click()]).unwrap();
        let edits = [(0, changed.edits)];
        let written = dialect.write(&request, &reading, Batch { recipients: &[0], edits: &edits }).unwrap();
        assert_eq!(String::from_utf8_lossy(&written.body), after, "{name}");
    }
}

#[test]
fn a_sendgrid_request_whose_headers_are_null_takes_a_field_where_there_is_room() {
    let request = |root: &str, own: &str| {
        format!(
            r#"{{{root}"personalizations":[{{{own}"to":[{{"email":"ann@example.com"}}]}}],"from":{{"email":"a@s.example"}},"subject":"New","content":[{{"type":"text/plain","value":"New shoes are in."}}]}}"#
        )
    };
    let write = |before: &str| {
        let dialect = dialect("sendgrid").unwrap();
        let mut request = HttpRequest {
            method: http::Method::POST,
            path: "/v3/mail/send".to_owned(),
            body: before.to_owned().into(),
            ..HttpRequest::default()
        };
        request.headers.insert("content-type", "application/json".parse().unwrap());
        let reading = dialect.read(&request, None).unwrap();
        let edits = apply(&with(&reading.contents[0]), &[one_click()]).unwrap().edits;
        let untouched = dialect.write(&request, &reading, Batch { recipients: &[0], edits: &[] }).unwrap();
        assert_eq!(untouched.body, before.as_bytes(), "nothing to add: byte for byte");
        dialect.write(&request, &reading, Batch { recipients: &[0], edits: &[(0, edits)] })
    };
    // For all: the field stands with its person, and what was null for all stays so.
    let written = write(&request(r#""headers":null,"#, "")).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&written.body).unwrap();
    assert_eq!((&body["headers"], body.as_object().unwrap().len()), (&serde_json::Value::Null, 5));
    let own = &body["personalizations"][0]["headers"];
    assert_eq!(own["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click", "{body}");
    // The person's own: a second member of that name would be read by nobody knows whom.
    let why = write(&request("", r#""headers":null,"#)).unwrap_err();
    assert!(why.to_string().contains("`headers` is null"), "{why}");
}

#[test]
fn a_claim_across_inline_tags_leaves_no_stub() {
    for (html, left) in [
        (
            "<p>New coats are in.</p><p><b>Hurry</b>, only <i>3</i> left!</p><p>See them in our shops.</p>",
            "<p>New coats are in.</p><p>See them in our shops.</p>",
        ),
        (
            "<p>New coats are in: 20% off. <b>Hurry</b>, only <i>3</i> left!</p><p>See them in our shops.</p>",
            "<p>New coats are in: 20% off. </p><p>See them in our shops.</p>",
        ),
        (
            "<p>秋装上新。</p><p><b>手慢无</b>，仅剩<i>3</i>件！</p><p>欢迎到店选购。</p>",
            "<p>秋装上新。</p><p>欢迎到店选购。</p>",
        ),
        (
            "<p>秋装上新，全场8折。<b>抓紧</b>，仅剩<i>3</i>件！</p><p>欢迎到店选购。</p>",
            "<p>秋装上新，全场8折。</p><p>欢迎到店选购。</p>",
        ),
    ] {
        let part = Part { kind: PartKind::Html, text: html.to_owned() };
        let message = with(&Content { parts: vec![part], ..Content::default() });
        let spans = read(&message, &TimeZone::UTC).urgencies.into_iter().flat_map(|claim| claim.spans).collect();
        let wanted = WantedRewrite { spans, ..wish(Action::RemoveUrgency {}) };
        let changed = apply(&message, &[wanted]).unwrap_or_else(|why| panic!("{html}: {why}"));
        assert_eq!(changed.content.parts[0].text, left, "{html}");
        let after = read(&Message { content: Arc::new(changed.content), ..message }, &TimeZone::UTC);
        assert!(after.urgencies.is_empty(), "{left}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn odd_pages_never_panic(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<p>", "</p>", "<b", ">", "</b>", "<!--", "-->", "<td>", "</td>", "<table>", "<tr>", "<li>", "</li>", "BT-200 限时299元", "清仓，",
            "ends tonight, ", "only 3 left! ", "&nbsp;", "<br>", "<img alt='BT-200'>", "<a href='https://s.example/BT-200'>", "</a>",
            "</div>", "<div>", "buy", "\r\n", "'", "<", "é", "- ", "满意度调查问卷", "回T退订", "https://s.example/x", "🎉",
        ]), 0..40),
        places in proptest::collection::vec((0..300_usize, 0..40_usize), 0..4), html in proptest::prelude::any::<bool>(),
    ) {
        let text = pieces.concat();
        let spans: Vec<Span> = places.iter().filter_map(|(start, length)| Span::new(0, *start..start + length)).collect();
        let kind = if html { PartKind::Html } else { PartKind::Plain };
        let message = with(&Content { parts: vec![Part { kind, text }], ..Content::default() });
        for action in [Action::RemoveOffer {}, Action::RemoveSurvey {}, Action::RemoveUrgency {}, Action::TrueDate {}] {
            let wanted = WantedRewrite { spans: spans.clone(), ..wish(action) };
            if let Ok(changed) = apply(&message, &[wanted, wish(opt_out())]) {
                proptest::prop_assert!(changed.edits.windows(2).all(|pair| !pair[0].span.overlaps(&pair[1].span)));
            }
        }
    }
}

fn wish(action: Action) -> WantedRewrite {
    WantedRewrite { rule: "rule".to_owned(), action, spans: Vec::new(), because: Because::new() }
}

fn one_click() -> WantedRewrite {
    wish(Action::AddListUnsubscribe { url: ONE_CLICK.to_owned(), mailto: None })
}

fn opt_out() -> Action {
    Action::AddOptOut {
        text: Texts { en: Some("Reply STOP to opt out".into()), zh: Some("拒收请回复R".into()) },
        url: None,
    }
}

fn sms(text: &str) -> Message {
    let content = Content { parts: vec![Part { kind: PartKind::Plain, text: text.to_owned() }], ..Content::default() };
    Message {
        channel: Channel::Sms,
        recipient: Address::phone("+8613800138000", None).unwrap(),
        content: Arc::new(content),
        declared: Declared::default(),
        stream: Stream::default(),
    }
}

fn with(content: &Content) -> Message {
    let recipient = Address::email("ann@example.com").unwrap();
    Message { channel: Channel::Email, recipient, content: Arc::new(content.clone()), ..sms("") }
}

fn mail(text: &str) -> Message {
    with(&sms(text).content)
}

fn read(message: &Message, clock: &TimeZone) -> Meaning {
    let now: Timestamp = NOW.parse().unwrap();
    let context = Context { now, zone: clock, links: &ProductLinks::default(), catalogue: Catalogue::none() };
    understand(&context, message.channel, &message.content, &message.declared)
}

fn apply(message: &Message, wanted: &[WantedRewrite]) -> Result<Rewritten, Unfit> {
    apply_in(message, wanted, &TimeZone::UTC)
}

fn apply_in(message: &Message, wanted: &[WantedRewrite], clock: &TimeZone) -> Result<Rewritten, Unfit> {
    let meaning = read(message, clock);
    tactgate::rewrite::apply(&Original { message, meaning: &meaning, zone: clock }, wanted)
}
