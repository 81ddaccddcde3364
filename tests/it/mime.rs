//! Mails as they come: what is read of them, and that a change leaves every other byte alone.

use base64::Engine;
use bytes::Bytes;
use encoding_rs::Encoding;
use proptest::prelude::*;
use tactgate::message::{Edit, PartKind, Span};
use tactgate::providers::Malformed;
use tactgate::providers::mime::{self, Mail};

/// The charsets, with the harmful sentence and its neighbours in words each can hold.
const CHARSETS: [(&str, [&str; 4]); 9] = [
    ("gb18030", ["张伟您好，", "本周末清仓，过期不候！", "祝好。😀", "很快结束。"]),
    ("gbk", ["張偉您好，", "本周末清倉，過期不候！", "祝好。", "很快结束。"]),
    ("gb2312", ["张伟您好，", "本周末清仓，过期不候！", "祝好。", "很快结束。"]),
    ("utf-8", ["Dear 张伟，", "Clearance ends this weekend! 过期不候！", "Best 祝好。", "It ends soon."]),
    ("big5", ["張偉您好，", "本週末清倉，過期不候！", "祝好。", "很快結束。"]),
    ("iso-2022-jp", ["田中様、", "今週末で終了します！", "敬具。", "まもなく終了。"]),
    ("shift_jis", ["田中様、", "今週末で終了します！", "敬具。", "まもなく終了。"]),
    ("euc-kr", ["김철수님,", "이번 주말에 끝납니다!", "감사합니다.", "곧 끝납니다."]),
    ("iso-8859-1", ["Chère Anne,", "Dernière chance, fin ce week-end!", "À bientôt.", "Bientôt terminé."]),
];

#[test]
fn one_sentence_changes_and_nothing_else_in_any_charset_and_encoding() {
    for (charset, words) in CHARSETS {
        for transfer in ["base64", "quoted-printable", "8bit"] {
            let story = format!("{charset} {transfer}");
            let original = newsletter(charset, transfer, words[1], words);
            let mail = mime::read(&original).unwrap();
            assert_eq!(mail.content.unreadable, Vec::<String>::new(), "{story}");
            let kinds: Vec<PartKind> = mail.content.parts.iter().map(|p| p.kind).collect();
            assert_eq!(kinds, [PartKind::Subject, PartKind::Plain, PartKind::Html], "{story}");
            assert!(mail.content.parts[1].text.contains(words[0]), "{story}");

            let changed = replace(&original, &mail, words[1], words[3]);
            assert_eq!(shown(&changed), shown(&newsletter(charset, transfer, words[3], words)), "{story}");

            let undone = replace(&changed, &mime::read(&changed).unwrap(), words[3], words[1]);
            assert_eq!(shown(&undone), shown(&original), "{story}: undoing gives the original bytes");
        }
    }
}

#[test]
fn what_a_charset_cannot_hold_moves_that_part_alone_to_utf_8() {
    for (charset, transfer) in [
        ("big5", "8bit"),
        ("gb2312", "base64"),
        ("shift_jis", "quoted-printable"),
        ("iso-2022-jp", "8bit"),
        ("iso-8859-1", "quoted-printable"),
    ] {
        let words = CHARSETS.iter().find(|(name, _)| *name == charset).unwrap().1;
        let original = newsletter(charset, transfer, words[1], words);
        let mail = mime::read(&original).unwrap();
        let text = &mail.content.parts[1].text;
        let at = text.find(words[1]).unwrap();
        let edit = Edit { span: Span::new(1, at..at).unwrap(), replacement: "😀退订 €".to_owned() };
        let written = mime::write(&original, &mail, &[edit], None).unwrap();
        let again = mime::read(&written).unwrap();
        assert!(again.content.parts[1].text.contains(&format!("😀退订 €{}", words[1])), "{charset}");
        let (old, new) = (shown(&original), shown(&written));
        assert!(new.contains("text/plain;\r\n\tcharset=\"utf-8\"; format=flowed"), "{charset}: {new}");
        let html = |text: &str| text[text.find("--inner\r\nContent-Type: text/html").unwrap()..].to_owned();
        assert_eq!(html(&old), html(&new), "{charset}: the other part is untouched");
    }
}

#[test]
fn a_seven_bit_mail_gets_the_fields_that_new_words_need() {
    for (head, expected) in [
        ("Subject: Hi\r\n\r\n", "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"),
        (
            "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        ),
    ] {
        let original = Bytes::from(format!("{head}A plain message about your order, as it always was.\r\n"));
        let mail = mime::read(&original).unwrap();
        let written = replace(&original, &mail, "order", "order 退订");
        assert!(shown(&written).contains(expected), "{}", shown(&written));
        assert!(written.is_ascii(), "no eight-bit byte where none was");
    }
}

#[test]
fn declarations_never_leave_and_are_read() {
    let original = Bytes::from_static(
        b"Received: x\r\nTACTGATE-Offer: \"BT-200\";price=\"299.00 CNY\";\r\n\tends=@1767139200\r\nSubject: Hi\r\n there\r\n\
          tactgate-campaign:  spring \r\n\r\nTactgate-Offer: in the body\r\n",
    );
    let mail = mime::read(&original).unwrap();
    assert_eq!(mail.declared.campaign.as_deref(), Some("spring"));
    assert_eq!(mail.declared.offers[0].product, "BT-200");
    assert_eq!(mail.content.header("tactgate-campaign"), None);
    assert_eq!(mail.content.header("subject"), Some("Hi there"));
    let written = mime::write(&original, &mail, &[], Some("Received: from a\r\n\tby b\r\n")).unwrap();
    assert_eq!(
        shown(&written),
        "Received: from a\r\n\tby b\r\nReceived: x\r\nSubject: Hi\r\n there\r\n\r\nTactgate-Offer: in the body\r\n"
    );
    for wrong in ["Tactgate-Offer: BT 200", "Tactgate-Ofer: \"BT-200\"", "Tactgate-Survey: a;minutes=x"] {
        let refused = mime::read(&Bytes::from(format!("{wrong}\r\n\r\nx\r\n")));
        assert!(matches!(refused, Err(Malformed::Declaration(_))), "{wrong}: {refused:?}");
    }
}

#[test]
fn a_trace_line_that_is_more_than_one_field_is_refused() {
    let original = Bytes::from_static(b"Subject: Hi\r\n\r\nx\r\n");
    let mail = mime::read(&original).unwrap();
    for bad in ["Received: a", "Received: a\r\nBcc: b\r\n", "Received: a\r\n\r\n", "R: a\nB: c\r\n", " a\r\n"] {
        assert!(mime::write(&original, &mail, &[], Some(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn subjects_read_in_both_languages_and_change_within_their_charset() {
    let gb18030 = |text: &str| {
        let (bytes, _, _) = encoding_rs::GB18030.encode(text);
        // Split inside a character, as careless senders do.
        let (a, b) = bytes.split_at(3);
        let code = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("=?gb18030?B?{}?=\r\n =?GB18030?B?{}?=", code(a), code(b))
    };
    for (value, text, harm) in [
        (gb18030("清仓今日结束！您的订单"), "清仓今日结束！您的订单", "清仓今日结束！"),
        ("=?utf-8?B?6ZmQ5g==?=\r\n =?utf-8?B?l7Y=?= Sale".to_owned(), "限时 Sale", "限时"),
        ("Sale ends tonight! Your order".to_owned(), "Sale ends tonight! Your order", "Sale ends tonight!"),
    ] {
        let original = Bytes::from(format!("From: a@b.cn\r\nSubject: {value}\r\nX-Odd:  kept \r\n\r\nbody\r\n"));
        let mail = mime::read(&original).unwrap();
        assert_eq!(mail.content.parts[0].text, text);
        let written = replace(&original, &mail, harm, "");
        assert_eq!(mime::read(&written).unwrap().content.parts[0].text, text.replacen(harm, "", 1).trim());
        assert!(shown(&written).starts_with("From: a@b.cn\r\nSubject: "));
        assert!(shown(&written).ends_with("\r\nX-Odd:  kept \r\n\r\nbody\r\n"));
    }
    let hidden = Bytes::from_static(b"Subject: Hi\r\n\r\nx\r\n");
    let mail = mime::read(&hidden).unwrap();
    let edit = Edit { span: Span::new(0, 0..2).unwrap(), replacement: "a\r\nBcc: x@y\r\n\r\nz".to_owned() };
    let written = mime::write(&hidden, &mail, &[edit], None).unwrap();
    assert_eq!(mime::read(&written).unwrap().content.headers.len(), 1, "{}", shown(&written));
}

#[test]
fn what_cannot_be_read_is_a_doubt_and_still_leaves_untouched() {
    let torture: [(&str, String); 12] = [
        ("empty", String::new()),
        ("no header", "\r\njust text\r\n".to_owned()),
        ("no body", "Subject: Hi\r\n".to_owned()),
        ("unknown charset", typed("text/plain; charset=x-martian") + "x\r\n"),
        ("utf-7", typed("text/plain; charset=utf-7") + "x\r\n"),
        ("missing boundary", typed("multipart/mixed")),
        ("boundary never there", typed("multipart/mixed; boundary=b")),
        ("unclosed", format!("{}--b\r\n\r\ntext\r\n", typed("multipart/mixed; boundary=b"))),
        ("encrypted", format!("{}--b\r\n\r\ntext\r\n--b--\r\n", typed("multipart/encrypted; boundary=b"))),
        ("forwarded", format!("{}Subject: inner\r\n\r\ninner\r\n", typed("message/rfc822"))),
        ("two types", "Content-Type: text/html\r\nContent-Type: text/plain\r\n\r\nx\r\n".to_owned()),
        ("uuencode", "Content-Transfer-Encoding: x-uuencode\r\n\r\nx\r\n".to_owned()),
    ];
    for (story, mail) in torture {
        let original = Bytes::from(mail);
        let mail = mime::read(&original).unwrap();
        assert_eq!(mime::write(&original, &mail, &[], None).unwrap(), original, "{story}");
        let fine = ["no header", "no body", "unclosed"].contains(&story);
        assert_eq!(mail.content.unreadable.is_empty(), fine, "{story}: {:?}", mail.content);
    }
}

#[test]
fn attachments_are_not_read() {
    let original = Bytes::from(format!(
        "{}--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b\r\n\
         Content-Disposition: attachment; filename=a.txt\r\n\r\nhidden\r\n--b--\r\n",
        typed("multipart/mixed; boundary=b")
    ));
    let mail = mime::read(&original).unwrap();
    assert!(mail.content.parts.is_empty() && mail.content.unreadable.is_empty(), "{:?}", mail.content);
    let bare = Bytes::from_static(b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n");
    assert!(mime::read(&bare).unwrap().content.parts.is_empty());
}

#[test]
fn signed_parts_are_not_changed_and_dkim_is_told() {
    let original = Bytes::from(format!(
        "DKIM-Signature: v=1\r\n{}--b\r\n\r\nOffer!\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
        typed("multipart/signed; boundary=b")
    ));
    let mail = mime::read(&original).unwrap();
    assert!(mail.is_signed());
    let edit = Edit { span: Span::new(0, 0..6).unwrap(), replacement: String::new() };
    assert!(mime::write(&original, &mail, &[edit], None).is_err());
    assert!(!mime::read(&Bytes::from_static(b"Subject: x\r\n\r\n")).unwrap().is_signed());
}

#[test]
fn only_limits_refuse() {
    let nested = |levels: usize| {
        let mut mail = String::new();
        for level in 0..levels {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
        }
        mail.push_str("\r\ntext\r\n");
        Bytes::from(mail)
    };
    let forwarded = |levels: usize| Bytes::from("Content-Type: message/rfc822\r\n\r\n".repeat(levels) + "\r\nx\r\n");
    let parts = |count: usize| {
        Bytes::from(typed("multipart/mixed; boundary=b") + &"--b\r\n\r\nx\r\n".repeat(count) + "--b--\r\n")
    };
    let fields = |count: usize| Bytes::from("A: b\r\n".repeat(count) + "\r\nx\r\n");
    for fine in [nested(30), forwarded(20), parts(900), fields(500)] {
        assert!(mime::read(&fine).is_ok());
    }
    let wide = Bytes::from(format!("A: {}\r\n\r\nx\r\n", "b".repeat(70_000)));
    let parameters = Bytes::from(format!("Content-Type: text/plain{}\r\n\r\nx", ";\r\n a*0=b".repeat(50_000)));
    let total = Bytes::from(format!("A: {}\r\n", "b".repeat(60_000)).repeat(5) + "\r\n");
    for bomb in [
        nested(40),
        nested(1_500),
        nested(100_000),
        forwarded(40),
        forwarded(100_000),
        parts(1_100),
        parts(100_000),
        fields(501),
        fields(200_000),
        wide,
        parameters,
        total,
    ] {
        assert!(matches!(mime::read(&bomb), Err(Malformed::TooMuch { .. })));
    }
}

#[test]
fn an_edit_that_would_change_the_structure_is_refused() {
    let original = Bytes::from(format!(
        "{}--b\r\n\r\nOne line.\r\n--b\r\n\r\nTwo.\r\n--b--\r\n",
        typed("multipart/mixed; boundary=b")
    ));
    let mail = mime::read(&original).unwrap();
    let edit = |range: std::ops::Range<usize>, text: &str| Edit {
        span: Span::new(0, range).unwrap(),
        replacement: text.to_owned(),
    };
    for bad in [edit(0..3, "a\r\n--b--\r\n"), edit(0..3, "a\r\n--b\r\n\r\nb"), edit(0..300, ""), edit(0..1, "\0")] {
        assert!(mime::write(&original, &mail, std::slice::from_ref(&bad), None).is_err(), "{bad:?}");
    }
    assert!(mime::write(&original, &mail, &[edit(0..3, ""), edit(2..5, "")], None).is_err());
    assert!(mime::write(&original, &mail, &[edit(0..3, "Won")], None).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edits_means_the_same_bytes(head in proptest::collection::vec(any::<u8>(), 0..300), body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut data = head;
        data.extend_from_slice(b"\r\n\r\n");
        data.extend_from_slice(&body);
        let data = Bytes::from(data);
        if let Ok(mail) = mime::read(&data) {
            prop_assert_eq!(mime::write(&data, &mail, &[], None).unwrap(), data);
        }
    }

    #[test]
    fn mutated_mails_neither_panic_nor_change(
        which in 0..CHARSETS.len(), transfer in 0..3_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let (charset, words) = CHARSETS[which];
        let mut data = newsletter(charset, ["base64", "quoted-printable", "8bit"][transfer], words[1], words).to_vec();
        for (place, byte) in changes {
            let place = place.index(data.len());
            data[place] = byte;
        }
        data.truncate(data.len() - cut.index(data.len()) / 4);
        let data = Bytes::from(data);
        let Ok(mail) = mime::read(&data) else { return Ok(()) };
        let declared = mail.declared != Default::default();
        prop_assert!(declared || mime::write(&data, &mail, &[], None).unwrap() == data);
        // Either the change is made as asked, or refused.
        for (index, part) in mail.content.parts.iter().enumerate() {
            let end = part.text.char_indices().nth(5).map_or(part.text.len(), |(at, _)| at);
            let edit = Edit { span: Span::new(index, 0..end).unwrap(), replacement: "变 changed".to_owned() };
            if let Ok(written) = mime::write(&data, &mail, &[edit], None) {
                let expected = format!("变 changed{}", &part.text[end..]);
                let again = mime::read(&written).unwrap();
                prop_assert_eq!(again.content.parts[index].text.trim(), expected.trim());
            }
        }
    }
}

/// A newsletter of text, HTML and PDF with odd headers, preamble and epilogue; `words` are greeting,
/// (harm, given apart), farewell.
fn newsletter(charset: &str, transfer: &str, harm: &str, words: [&str; 4]) -> Bytes {
    let filler = if charset == "iso-2022-jp" {
        "ここに長い説明があります。"
    } else {
        "A long line of plain words = 100%. "
    };
    let text = format!("{}\r\n{}{harm}\r\n{}\r\n\r\n-- \r\nshop\r\n", words[0], filler.repeat(3), words[2]);
    let html = format!(
        "<html><body><p>{}</p>\r\n<p>{}<b>{harm}</b></p>\r\n<p>{}</p></body></html>",
        words[0],
        filler.repeat(4),
        words[2]
    );
    let mut mail = b"X-ODD:   spaces \t kept\r\nFrom: =?utf-8?q?Shop?= <a@shop.example>\r\nTo: b@c.cn\r\n\
        Subject: =?UTF-8?B?5pys5ZGo?= news\r\nDATE : Sun, 22 Nov 2026 04:05:06 +0800\r\nMIME-version: 1.0\r\n\
        Content-Type: multipart/mixed;\r\n boundary=\"outer\"\r\n\r\nPreamble \xff\r\n--outer\r\n\
        Content-Type: multipart/alternative; boundary=inner\r\n\r\n"
        .to_vec();
    for (kind, extra, body) in [("plain", "; format=flowed", text), ("html", "", html)] {
        mail.extend_from_slice(
            format!(
                "--inner\r\nContent-Type: text/{kind};\r\n\tcharset=\"{charset}\"{extra}\r\n\
                 Content-Transfer-Encoding: {transfer}\r\nX-Part: kept  \r\n\r\n"
            )
            .as_bytes(),
        );
        mail.extend_from_slice(&encoded(charset, transfer, &body));
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(
        b"--inner--\r\n\r\nbetween\r\n--outer  \r\nContent-Type: application/pdf; name=a.pdf\r\n\
          Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\nJVBERi0x\r\nLjQK\r\n--outer--\r\nEpilogue \xfe\r\n",
    );
    Bytes::from(mail)
}

/// The body in a sender's encoding, written apart from the code under test.
fn encoded(charset: &str, transfer: &str, text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = Encoding::for_label(charset.as_bytes()).unwrap().encode(text);
    assert!(!unmappable, "{charset}: {text}");
    match transfer {
        "base64" => {
            let codes = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let lines: Vec<&str> = codes.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
            lines.join("\r\n").into_bytes()
        }
        "quoted-printable" => {
            let mut lines = Vec::new();
            let text = bytes.iter().map(|b| char::from(*b)).collect::<String>();
            for line in text.split("\r\n") {
                let chars: Vec<char> = line.chars().collect();
                let mut written = String::new();
                for (index, c) in chars.iter().enumerate() {
                    let last = index + 1 == chars.len();
                    let code = if (' '..='~').contains(c) && *c != '=' && !(last && *c == ' ') {
                        c.to_string()
                    } else {
                        format!("={:02X}", u32::from(*c))
                    };
                    if written.len() + code.len() > if last { 76 } else { 75 } {
                        lines.push(format!("{written}="));
                        written.clear();
                    }
                    written.push_str(&code);
                }
                lines.push(written);
            }
            lines.join("\r\n").into_bytes()
        }
        _ => bytes.into_owned(),
    }
}

fn replace(data: &Bytes, mail: &Mail, old: &str, new: &str) -> Bytes {
    let edits: Vec<Edit> = mail
        .content
        .parts
        .iter()
        .enumerate()
        .filter_map(|(index, part)| {
            let at = part.text.find(old)?;
            Some(Edit { span: Span::new(index, at..at + old.len()).unwrap(), replacement: new.to_owned() })
        })
        .collect();
    assert!(!edits.is_empty(), "{old} is not in {:?}", mail.content.parts);
    mime::write(data, mail, &edits, None).unwrap()
}

fn typed(content_type: &str) -> String {
    format!("Content-Type: {content_type}\r\n\r\n")
}

/// Bytes as text, one character a byte, so that a failed comparison can be read.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}
