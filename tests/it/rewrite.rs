//! Rewrites as stories: the harm goes, the rest holds together, and what cannot be done well is not
//! done at all. A place is written between ⟦ and ⟧.

use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;
use tactgate::decide::{Because, WantedRewrite};
use tactgate::message::{Address, Channel, Content, Declared, Language, Message, Part, PartKind, Span, Stream};
use tactgate::policy::Texts;
use tactgate::providers::Unfit;
use tactgate::providers::mime;
use tactgate::rewrite::{Action, Original, Rewritten};
use tactgate::understand::Meaning;

#[test]
fn a_sentence_goes_with_the_blanks_and_lines_it_would_leave() {
    for (text, left) in [
        (
            "Your order has left. ⟦Clearance ends tonight!⟧ It comes on Monday.",
            "Your order has left. It comes on Monday.",
        ),
        ("您的订单已发出。⟦清仓今日结束！⟧预计周一送达。", "您的订单已发出。预计周一送达。"),
        ("您的訂單已發出。\r\n⟦清倉今日結束！⟧\r\n預計週一送達。\r\n", "您的訂單已發出。\r\n預計週一送達。\r\n"),
        ("One thing here.\r\n\r\n⟦Hurry!⟧\r\n\r\nTwo things here.\r\n", "One thing here.\r\n\r\nTwo things here.\r\n"),
        (
            "Items in your box:\n- a shirt\n- ⟦only today: shoes!⟧\n- a bag\n",
            "Items in your box:\n- a shirt\n- a bag\n",
        ),
        ("清单如下，请查收：\n1、衬衫一件\n2、⟦仅限今日：鞋！⟧\n", "清单如下，请查收：\n1、衬衫一件\n"),
        ("It is on its way to you. ⟦Hurry!⟧ ⟦Last day!⟧\r\nBye\r\n", "It is on its way to you.\r\nBye\r\n"),
        ("It is on its way to you.⟦\r\nHurry!\r\n⟧Bye\r\n", "It is on its way to you.\r\nBye\r\n"),
        ("⟦Hurry!⟧ Your parcel is on its way.", "Your parcel is on its way."),
        ("Your parcel is on its way. ⟦Hurry!⟧", "Your parcel is on its way."),
    ] {
        let (content, wanted) = story(&[(PartKind::Plain, text)]);
        assert_eq!(apply(&content, &wanted, Language::En).unwrap().content.parts[0].text, left, "{text}");
    }
}

#[test]
fn html_keeps_its_tags_in_pairs_and_drops_what_is_emptied() {
    for (source, left) in [
        ("<p>Your order <b>has left</b>. ⟦Ends <i>tonight</i>!⟧</p>", "<p>Your order <b>has left</b>. </p>"),
        ("<ul><li>您的订单已发出</li><li>⟦清仓今日结束！⟧</li></ul>", "<ul><li>您的订单已发出</li></ul>"),
        (
            "<p>您的订单已发出，请留意查收</p><p><a href=\"x\"><b>⟦清仓今日结束！⟧</b></a>&nbsp;</p>",
            "<p>您的订单已发出，请留意查收</p>",
        ),
        // The sentence begins inside the bold words and ends outside: only text goes, no tag is cut.
        ("<p>It has left us now. <b>Good. ⟦Ends</b> tonight!⟧ Bye</p>", "<p>It has left us now. <b>Good. </b> Bye</p>"),
        ("<div>It has left us now.<br>⟦Ends tonight!⟧<br>Bye</div>", "<div>It has left us now.<br>Bye</div>"),
        ("<td>It has left us now.</td><td>⟦Ends tonight!⟧</td>", "<td>It has left us now.</td><td></td>"),
        // Half of a conditional comment, and an element that is never closed, stay.
        (
            "<p>It has left us now ⟦Ends<!--[if mso]> tonight!⟧<![endif]--></p>",
            "<p>It has left us now <!--[if mso]> tonight!<![endif]--></p>",
        ),
        ("<p>It has left us now <p>⟦Ends <div>tonight!⟧ Good day", "<p>It has left us now <p><div> Good day"),
        ("<p>a &lt; b has left us &amp; now ⟦50&nbsp;&#37; off!⟧</p>", "<p>a &lt; b has left us &amp; now </p>"),
    ] {
        let (content, wanted) = story(&[(PartKind::Html, source)]);
        let left_over = apply(&content, &wanted, Language::En).unwrap().content.parts[0].text.clone();
        assert_eq!(left_over, left, "{source}");
    }
}

#[test]
fn what_cannot_be_taken_away_well_is_not_taken_away() {
    for (kind, text) in [
        (PartKind::Plain, "【某某商城】⟦蓝牙车载播放器限时299元，仅此一天！⟧"),
        (PartKind::Plain, "【某某商城】您的订单已经发出，预计周一送达。⟦限时299元，回T退订⟧"),
        (PartKind::Plain, "Your order 4711 has left our warehouse. ⟦Ends tonight! Reply STOP to end⟧"),
        (
            PartKind::Html,
            "<p>Your order has left our warehouse and is on its way.</p>⟦<p>Sale! <a href=\"https://s.example/unsubscribe?x\">Bye</a></p>⟧",
        ),
        (PartKind::Html, "<p>Hi</p><p>⟦The whole letter is about a clearance that ends tonight!⟧</p>"),
        (PartKind::Subject, "⟦限时清仓！⟧"),
        (PartKind::Html, "<title>⟦限时清仓！⟧</title><p>您的订单已经发出，预计周一送达。</p>"),
    ] {
        let (content, wanted) = story(&[(kind, text)]);
        assert!(apply(&content, &wanted, Language::Zh).is_err(), "{text}");
    }
    let (content, mut wanted) = story(&[(PartKind::Plain, "清仓")]);
    assert!(apply(&content, &wanted, Language::Zh).is_err(), "no place");
    for span in [Span::new(0, 1..2), Span::new(0, 0..99), Span::new(7, 0..1)] {
        wanted[0].spans = vec![span.unwrap()];
        assert!(apply(&content, &wanted, Language::Zh).is_err(), "{span:?}");
    }
}

#[test]
fn an_sms_gets_its_opt_out_once_in_its_language_and_before_a_last_signature() {
    for (sms, language, left) in [
        ("【某某商城】新品上市，欢迎光临", Language::Zh, "【某某商城】新品上市，欢迎光临，拒收请回复R"),
        ("新品上市，欢迎光临！【某某商城】", Language::Zh, "新品上市，欢迎光临！拒收请回复R【某某商城】"),
        ("New shoes are in", Language::En, "New shoes are in. Reply STOP to opt out"),
        ("New shoes are in!", Language::En, "New shoes are in! Reply STOP to opt out"),
        ("New shoes are in! Txt STOP2END to opt out", Language::En, "New shoes are in! Txt STOP2END to opt out"),
        ("【某某商城】新品上市，回T退订", Language::Zh, "【某某商城】新品上市，回T退订"),
    ] {
        let content = sms_content(sms);
        let rewritten = apply(&content, &[opt_out(None)], language).unwrap();
        assert_eq!(rewritten.content.parts[0].text, left);
        let again = apply(&rewritten.content, &[opt_out(None)], language).unwrap();
        assert_eq!(again.edits, [], "{sms}: once is enough");
    }
}

#[test]
fn a_mail_gets_its_opt_out_in_text_and_html_escaped() {
    let (content, _) = story(&[
        (PartKind::Subject, "新品"),
        (PartKind::Plain, "新品上市\r\n"),
        (PartKind::Html, "<html><body><p>新品上市</p></body></html>\r\n"),
    ]);
    let url = "https://s.example/u?a=1&b=\"x\"";
    let rewritten = apply(&content, &[opt_out(Some(url))], Language::Zh).unwrap();
    let texts: Vec<&str> = rewritten.content.parts.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(texts[0], "新品");
    assert_eq!(texts[1], "新品上市\r\n\r\n拒收请回复R: https://s.example/u?a=1&b=\"x\"\r\n");
    assert_eq!(
        texts[2],
        "<html><body><p>新品上市</p><p><a href=\"https://s.example/u?a=1&amp;b=&quot;x&quot;\">拒收请回复R</a></p></body></html>\r\n"
    );
    for url in ["javascript:alert(1)", "data:x", "https:", "https://a b", "https://a\r\nb", "//a", ""] {
        assert!(apply(&content, &[opt_out(Some(url))], Language::Zh).is_err(), "{url}");
    }
    let empty = Texts::default();
    let wanted = WantedRewrite { action: Action::AddOptOut { text: empty, url: None }, ..opt_out(None) };
    assert!(apply(&content, &[wanted], Language::Zh).is_err());
}

#[test]
fn wishes_of_several_rules_become_one_list_of_edits_in_any_order() {
    let (content, mut wanted) = story(&[(PartKind::Plain, "Your parcel is on its way to you. ⟦Ends tonight!⟧ Bye")]);
    let mut wider = wanted[0].clone();
    wider.rule = "other".to_owned();
    wider.spans[0].start += 5;
    wanted.push(wider);
    wanted.push(opt_out(None));
    let Rewritten { edits, content: changed, .. } = apply(&content, &wanted, Language::En).unwrap();
    assert_eq!(changed.parts[0].text, "Your parcel is on its way to you. Bye\r\n\r\nReply STOP to opt out\r\n");
    assert!(edits.windows(2).all(|pair| !pair[0].span.overlaps(&pair[1].span)));
    wanted.reverse();
    assert_eq!(apply(&content, &wanted, Language::En).unwrap().content, changed);

    let (content, mut wanted) = story(&[(PartKind::Plain, "Your parcel is on its way.\r\n⟦Ends tonight!⟧\r\n")]);
    wanted.push(opt_out(None));
    let ended = apply(&content, &wanted, Language::En).unwrap().content.parts[0].text.clone();
    assert_eq!(ended, "Your parcel is on its way.\r\n\r\n\r\nReply STOP to opt out\r\n");
}

#[test]
fn a_receipt_loses_the_offer_and_not_the_receipt() -> Result<(), Unfit> {
    let words = "您的订单4711已发出，预计周一送达，请注意查收。";
    let (text, html) = (format!("{words}清仓今日结束！\r\n"), format!("<p>{words}</p><p>清仓今日结束！</p>"));
    let body = |charset: &str, kind: &str, text: &str| {
        let (bytes, _, _) = encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap().encode(text);
        let head =
            format!("--b\r\nContent-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
        [head.as_bytes(), &bytes, b"\r\n"].concat()
    };
    let mail = |text: &str, html: &str| {
        let head = "Subject: Order 4711\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n";
        Bytes::from(
            [head.as_bytes(), &body("gb18030", "plain", text), &body("gbk", "html", html), b"--b--\r\n"].concat(),
        )
    };
    let original = mail(&text, &html);
    let read = mime::read(&original).unwrap();
    let harm = "清仓今日结束！";
    let spans = read.content.parts.iter().enumerate().filter_map(|(index, part)| {
        let at = part.text.find(harm)?;
        Span::new(index, at..at + harm.len())
    });
    let wanted = WantedRewrite {
        rule: "false-deadline".to_owned(),
        action: Action::RemoveSentence {},
        spans: spans.collect(),
        ..opt_out(None)
    };
    let rewritten = apply(&read.content, &[wanted], Language::Zh)?;
    let written = mime::write(&original, &read, &rewritten.edits, None)?;
    assert_eq!(written, mail(&format!("{words}\r\n"), &format!("<p>{words}</p>")));
    assert_eq!(*mime::read(&written).unwrap().content, rewritten.content);
    Ok(())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn odd_html_and_odd_places_never_panic(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<p>", "</p>", "<b", ">", "</b>", "<!--", "-->", "<td>", "<table>", "清仓", "sale ends ", "&nbsp;", "<br>", "<script>",
            "</script>", "<svg>", "</body>", "\r\n", "<a href='", "'", "]]>", "<", "é", "- ",
        ]), 0..40),
        places in proptest::collection::vec((0..200_usize, 0..40_usize), 1..4), html in proptest::prelude::any::<bool>(),
    ) {
        let text = pieces.concat();
        let spans = places.iter().filter_map(|(start, length)| Span::new(0, *start..start + length)).collect();
        let kind = if html { PartKind::Html } else { PartKind::Plain };
        let content = Content { parts: vec![Part { kind, text }], ..Content::default() };
        let remove = WantedRewrite { rule: "r".to_owned(), action: Action::RemoveSentence {}, spans, ..opt_out(None) };
        if let Ok(rewritten) = apply(&content, &[remove, opt_out(None)], Language::En) {
            proptest::prop_assert!(rewritten.edits.windows(2).all(|pair| !pair[0].span.overlaps(&pair[1].span)));
        }
    }
}

/// A mail's content and the wish to take away what stands between the brackets.
fn story(parts: &[(PartKind, &str)]) -> (Content, Vec<WantedRewrite>) {
    let mut content = Content { headers: vec![("from".to_owned(), "a@b.cn".to_owned())], ..Content::default() };
    let mut spans = Vec::new();
    for (index, (kind, marked)) in parts.iter().enumerate() {
        let (mut text, mut start) = (String::new(), 0);
        for c in marked.chars() {
            match c {
                '⟦' => start = text.len(),
                '⟧' => spans.extend(Span::new(index, start..text.len())),
                _ => text.push(c),
            }
        }
        content.parts.push(Part { kind: *kind, text });
    }
    (
        content,
        vec![WantedRewrite { rule: "harm".to_owned(), action: Action::RemoveSentence {}, spans, ..opt_out(None) }],
    )
}

fn sms_content(text: &str) -> Content {
    Content { parts: vec![Part { kind: PartKind::Plain, text: text.to_owned() }], ..Content::default() }
}

fn opt_out(url: Option<&str>) -> WantedRewrite {
    let text = Texts { en: Some("Reply STOP to opt out".to_owned()), zh: Some("拒收请回复R".to_owned()) };
    WantedRewrite {
        rule: "opt-out".to_owned(),
        action: Action::AddOptOut { text, url: url.map(str::to_owned) },
        spans: Vec::new(),
        because: Because::new(),
    }
}

/// The change of a message that nothing was understood of: a mail where header fields stand, else an SMS.
fn apply(content: &Content, wanted: &[WantedRewrite], language: Language) -> Result<Rewritten, Unfit> {
    let mail = !content.headers.is_empty() || content.parts.len() > 1 || content.parts[0].kind != PartKind::Plain;
    let (channel, recipient) = match mail {
        true => (Channel::Email, Address::email("ann@example.com").unwrap()),
        false => (Channel::Sms, Address::phone("+8613800138000", None).unwrap()),
    };
    let (declared, stream) = (Declared::default(), Stream::default());
    let message = Message { channel, recipient, content: Arc::new(content.clone()), declared, stream };
    let meaning = Meaning { language: Some(language), ..Meaning::default() };
    tactgate::rewrite::apply(&Original { message: &message, meaning: &meaning, zone: &TimeZone::UTC }, wanted)
}
