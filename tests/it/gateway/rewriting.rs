//! A rule that mends instead of refusing: the harmful sentence goes, a way to opt out comes, and every
//! other byte stays as the tool wrote it.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{mail, post, tell};

const MEND: &str = r#"
[[below_price_paid]]
id       = "mend"
within   = "30 days"
then     = [{ remove_sentence = {} }, { add_opt_out = { text.en = "Reply STOP to opt out", text.zh = "回T退订" } }]
title.en = "Offer below the price paid"
title.zh = "报价低于购买价"
reason.en = "{paid} for {product}, now {price}"
reason.zh = "{product}曾付{paid}，现{price}"
"#;

async fn started(policy: Option<&str>) -> (MailSink, HttpSink, Home, Gate) {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = policy.map_or_else(Home::new, Home::with_policy);
    home.settings(&format!("{}trace = false\n{}", routes(Some(&mails), None), routes(None, Some(&texts))));
    let gate = Gate::start(&home);
    for (customer, price) in [
        ("+8613800138060", "399 CNY"),
        ("+14155550160", "59.99 USD"),
        ("li@example.cn", "399 CNY"),
        ("king@example.com", "59.99 USD"),
    ] {
        let event = format!(r#"{{"type":"purchase","customer":"{customer}","product":"BT-200","price":"{price}"}}"#);
        tell(gate.http, customer, &event).await;
    }
    (mails, texts, home, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_loses_the_offer_and_gains_a_way_out() {
    let (_mails, texts, home, gate) = started(Some(MEND)).await;
    let stories = [
        (
            "%2B8613800138060",
            "%E3%80%90%E6%9F%90%E6%9F%90%E5%95%86%E5%9F%8E%E3%80%91",
            "【某某商城】您好，您上个月累积的会员积分已到账，可以在会员中心查看，也可以到任意门店兑换礼品。蓝牙车载播放器BT-200限时299元！",
            "会员积分已到账，可以",
            "299",
            "回T退订",
        ),
        (
            "%2B14155550160",
            "Your",
            "Your points of last month have arrived. See them in your account, or bring them to any of our stores and choose a present. The BT-200 car player is now only $39.99!",
            "choose a present.",
            "39.99",
            "Reply STOP to opt out",
        ),
    ];
    for (index, (to, _, text, kept, gone, added)) in stories.into_iter().enumerate() {
        // Written as no serializer would: lower case escapes, an empty field, a field nobody knows.
        let body: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let before = format!("To={to}&From=%2b15005550006&");
        let after = "&StatusCallback=https%3a%2f%2fshop.example%2Fcb&X-Unknown=&";
        let form = format!("{before}Body={body}{after}");
        let answer = post(
            gate.http,
            "/twilio/2010-04-01/Accounts/AC1/Messages.json",
            &[("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic QUMxOnRva2Vu")],
            form.as_bytes(),
        )
        .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let request = texts.wait_for(index + 1).await.remove(index);
        let sent = request.text();
        assert!(sent.starts_with(&before) && sent.ends_with(after), "every other byte: {sent}");
        let text = request.form("Body").unwrap();
        assert!(text.contains(kept) && text.contains(added) && !text.contains(gone), "{text}");
        let told = home.explain(&answer.decision(), "en");
        assert!(told.contains("mend") && told.contains("segments") && told.contains(" → "), "{told}");
    }
}

/// A mail of three parts; what is written in `text` and `html` is all that may change.
fn three_parts(text: &str, html: &str) -> (Vec<u8>, [String; 3]) {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let head = "From: Shop <news@shop.example>\r\nTo: <li@example.cn>\r\nSubject: =?utf-8?q?=E6=96=B0?=\r\nX-Odd:   spaces  \r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out er\"\r\n\r\npreamble\r\n--out er\r\n\
         Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
        .to_owned();
    let between =
        "\r\n--in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".to_owned();
    let tail = "\r\n--in--\r\n\r\n--out er\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         iVBORw0KGgoAAAANSUhEUg==\r\n--out er--\r\nepilogue\r\n"
        .to_owned();
    let raw = format!("{head}{encoded}{between}{html}{tail}").into_bytes();
    (raw, [head, between, tail])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_text_and_html_loses_the_offer_in_both() {
    let (mails, _texts, _home, gate) = started(Some(MEND)).await;
    let stories = [
        (
            "li@example.cn",
            "您好，您上个月累积的会员积分已到账，可以在会员中心查看，也可以到任意门店兑换礼品。蓝牙车载播放器BT-200限时299元！",
            "<html><body><p>您好，您上个月累积的会员积分已到账，可以在会员中心查看，也可以到任意门店兑换礼品。</p><p>蓝牙车载播放器BT-200限时299元！</p><img src=\"a.png\"></body></html>",
            "会员积分已到账，可以",
            "299",
            "退订",
        ),
        (
            "king@example.com",
            "Your points of last month have arrived. See them in your account, or bring them to any of our stores and choose a present. The BT-200 car player is now only $39.99!",
            "<html><body><p>Your points of last month have arrived. See them in your account, or bring them to any of our stores and choose a present.</p><p>The BT-200 car player is now only $39.99!</p><img src=\"a.png\"></body></html>",
            "choose a present.",
            "39.99",
            "STOP",
        ),
    ];
    for (index, (to, text, html, kept, gone, added)) in stories.into_iter().enumerate() {
        let (raw, [head, between, tail]) = three_parts(text, html);
        let said = mail(gate.smtp, "<news@shop.example>", &[&format!("<{to}>")], &raw).await;
        assert!(said.starts_with("250"), "{said}");
        let sent = String::from_utf8(mails.wait_for(index + 1).await.remove(index).data).unwrap();
        let inner =
            sent.strip_prefix(&head).and_then(|rest| rest.strip_suffix(&tail)).unwrap_or_else(|| panic!("{sent}"));
        let (plain, html) = inner.split_once(&between).unwrap_or_else(|| panic!("{sent}"));
        use base64::Engine as _;
        let plain: String = plain.split_whitespace().collect();
        let plain = base64::engine::general_purpose::STANDARD.decode(plain).unwrap();
        for part in [&String::from_utf8(plain).unwrap(), html] {
            assert!(part.contains(kept) && part.contains(added) && !part.contains(gone), "{part}");
        }
        assert!(html.starts_with("<html><body><p>") && html.contains("<img src=\"a.png\">"), "{html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_loses_its_offer_and_arrives() {
    // The shipped policies: they block such an offer, but never a receipt.
    let (mails, _texts, home, gate) = started(None).await;
    let stories = [
        (
            "li@example.cn",
            "您的订单20261120001已发货，实付399元，顺丰单号SF1234567，预计后天送达。",
            "BT-200限时特价299元！",
        ),
        (
            "king@example.com",
            "Your order 112233 has shipped, total $59.99. It will reach you the day after tomorrow.",
            "Flash sale: the BT-200 is only $39.99!",
        ),
    ];
    for (index, (to, receipt, offer)) in stories.into_iter().enumerate() {
        let raw = format!(
            "Tactgate-Purpose: receipt\r\nSubject: order\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{receipt}\r\n\r\n{offer}\r\n"
        );
        let said = mail(gate.smtp, "<orders@shop.example>", &[&format!("<{to}>")], raw.as_bytes()).await;
        assert!(said.starts_with("250"), "{said}\n{}", home.explain(&super::tools::id_in(&said, "d-"), "en"));
        let sent = String::from_utf8(mails.wait_for(index + 1).await.remove(index).data).unwrap();
        let why = || home.explain(&super::tools::id_in(&said, "s-"), "en");
        assert!(sent.contains(receipt) && !sent.contains("BT-200"), "{sent}\n{}", why());
        assert!(sent.starts_with("Subject: order\r\n"), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_mail_stays_in_its_own_charset() {
    let (mails, _texts, _home, gate) = started(Some(MEND)).await;
    let kept = "您好，您上个月累积的会员积分已到账，可以在会员中心查看，也可以到任意门店兑换礼品。";
    let head = "Subject: =?gb18030?b?0MLGtw==?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=gb18030\r\n\
                Content-Transfer-Encoding: 8bit\r\n\r\n";
    let body = encoding_rs::GB18030.encode(&format!("{kept}蓝牙车载播放器BT-200限时299元！\r\n")).0.into_owned();
    let said = mail(gate.smtp, "<news@shop.example>", &["<li@example.cn>"], &[head.as_bytes(), &body].concat()).await;
    assert!(said.starts_with("250"), "{said}");
    let sent = mails.wait_for(1).await.remove(0).data;
    let body = sent.strip_prefix(head.as_bytes()).expect("the header is as it was");
    let (text, _, wrong) = encoding_rs::GB18030.decode(body);
    assert!(!wrong && text.starts_with(kept) && text.contains("退订") && !text.contains("299"), "{text}");
}
