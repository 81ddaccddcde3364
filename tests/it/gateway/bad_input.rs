//! Tools make mistakes: broken mails, bodies without end, addresses that are none, fields left out,
//! declarations that say nothing. Each gets a clear answer in its door's own words; the gateway lives.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{Answer, get, mail, plain_mail, post, sendgrid, sendgrid_mail, sms};

const HUNDRED_MB: usize = 100 << 20;

async fn started() -> (MailSink, HttpSink, Home, Gate) {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    home.settings(&format!("{}trace = false\n{}", routes(Some(&mails), None), routes(None, Some(&requests))));
    let gate = Gate::start(&home);
    (mails, requests, home, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_mail_passes_as_it_is_or_is_refused_in_words() {
    let (mails, _requests, home, gate) = started().await;
    let broken: [&[u8]; 9] = [
        b"Content-Type: multipart/mixed; boundary=never\r\n\r\nno boundary at all\r\n",
        b"Content-Type: multipart/alternative\r\n\r\n--x\r\n\r\n\xff\xfe\x00\r\n--x--\r\n",
        b"Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64###\r\n",
        b"Content-Type: text/html; charset=no-such-charset\r\n\r\n<p<<<>>>&#x110000;<b>\xd6\xd0\xce\xc4\r\n",
        b"Subject: =?utf-8?b?5paw?= =?gb2312?q?=?=\r\n : no name\r\n\r\n\r\n",
        b"\r\n",
        b"no header, no colon\r\n",
        b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n=ZZ=\r\n=E6=96\r\n",
    ];
    let mut passed = 0;
    for (index, raw) in broken.into_iter().enumerate() {
        let said = mail(gate.smtp, "<news@shop.example>", &[&format!("<li{index}@example.cn>")], raw).await;
        match said.get(..3) {
            Some("250") => {
                passed += 1;
                assert_eq!(mails.wait_for(passed).await[passed - 1].data, raw, "unchanged: {index}");
            }
            Some("550" | "554") => assert!(said.len() > 20, "{index}: {said}"),
            _ => panic!("{index}: {said}"),
        }
    }
    assert!(passed >= 6, "what cannot be read is let go, on record");
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_while_it_arrives() {
    let (mails, requests, home, gate) = started().await;
    // Announced: refused at once.
    let announced = format!("<news@shop.example> SIZE={HUNDRED_MB}");
    let said = mail(gate.smtp, &announced, &["<a@example.cn>"], b"\r\n").await;
    assert!(said.starts_with("552 5.3.4"), "{said}");
    // Not announced: refused when it is too much.
    let mut endless = plain_mail("a@example.cn", "long", "");
    let line = [&[b'x'; 998][..], b"\r\n"].concat();
    endless.extend(line.iter().cycle().take(HUNDRED_MB / 1_000 * 1_000));
    let said = mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &endless).await;
    assert!(said.starts_with("552 5.3.4"), "{said}");
    // The providers' own shapes.
    let json = [("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")];
    let body = format!(r#"{{"subject":"{}"}}"#, "x".repeat(HUNDRED_MB));
    let answer = post(gate.http, "/sendgrid/v3/mail/send", &json, body.as_bytes()).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.json()["errors"][0]["message"].as_str().unwrap().contains("larger"), "{answer:?}");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let path = "/twilio/2010-04-01/Accounts/AC1/Messages.json";
    let answer = post(gate.http, path, &form, body.as_bytes()).await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (413, Some(20413)), "{answer:?}");
    assert!(mails.mails().is_empty() && requests.requests().is_empty());
    // And the next one is served.
    let said =
        mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &plain_mail("a", "上新", "秋装上新。")).await;
    assert!(said.starts_with("250"), "{said}");
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

fn error_of_sendgrid(answer: &Answer) -> (u16, String, String) {
    let error = &answer.json()["errors"][0];
    (
        answer.status,
        error["field"].as_str().unwrap_or_default().to_owned(),
        error["message"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_fields_and_declarations_that_are_none() {
    let (mails, requests, home, gate) = started().await;
    let raw = plain_mail("a@example.cn", "上新", "秋装上新。");
    for to in
        ["<a b@example.cn>", "<@example.cn>", "a@example.cn", "<a@example.cn> NOTIFY=PERHAPS", "<a@exa mple.cn>", "<>"]
    {
        let said = mail(gate.smtp, "<news@shop.example>", &[to], &raw).await;
        assert!(said.starts_with('5') && said.len() > 12, "{to}: {said}");
    }
    let (status, field, why) =
        error_of_sendgrid(&sendgrid(gate.http, &sendgrid_mail("not an address", "x", "x"), &[]).await);
    assert_eq!((status, field.as_str()), (400, "personalizations.0.to.0.email"), "{why}");
    let answer = sms(gate.http, "12 ab", "【某某商城】秋装上新", &[]).await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(21211)), "{answer:?}");

    let without = |name: &str| {
        let mut mail = sendgrid_mail("a@example.cn", "x", "x");
        mail.as_object_mut().unwrap().remove(name);
        mail
    };
    for name in ["personalizations", "content"] {
        let (status, field, why) = error_of_sendgrid(&sendgrid(gate.http, &without(name), &[]).await);
        assert_eq!((status, field.as_str()), (400, name), "{why}");
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let path = "/twilio/2010-04-01/Accounts/AC1/Messages.json";
    let answer = post(gate.http, path, &form, b"To=%2B8613800138000&From=%2B15005550006").await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(21602)), "{answer:?}");
    let json = [("Content-Type", "application/json")];
    for body in [&b"{\"personalizations\": ["[..], b"", b"[]", b"\xff\xfe", b"{\"a\":1,\"a\":2}"] {
        let answer = post(gate.http, "/sendgrid/v3/mail/send", &json, body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(!error_of_sendgrid(&answer).2.is_empty(), "{answer:?}");
    }

    let declared = ("Tactgate-Offer", "\"BT-200\";price=\"a lot\"");
    let (status, _, why) =
        error_of_sendgrid(&sendgrid(gate.http, &sendgrid_mail("a@example.cn", "x", "x"), &[declared]).await);
    assert!(status == 400 && why.to_lowercase().contains("tactgate-offer"), "{status} {why}");
    let answer = sms(gate.http, "+8613800138000", "【某某商城】秋装上新", &[("Tactgate-Department", "\"half")]).await;
    assert!(answer.status == 400 && answer.body.to_lowercase().contains("tactgate-department"), "{answer:?}");
    let sly = [b"Tactgate-Survey: \"half\r\n".to_vec(), raw.clone()].concat();
    let said = mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &sly).await;
    assert!(said.starts_with("550 5.6.0") && said.to_lowercase().contains("tactgate-survey"), "{said}");

    let answer = post(gate.http, "/nobody/v1/send", &json, b"{}").await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let answer =
        post(gate.http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], b"{\"id\":\"1\"}").await;
    assert!(answer.status == 400 && answer.body.contains("line"), "{answer:?}");
    assert!(mails.mails().is_empty() && requests.requests().is_empty(), "nothing of it left");
    assert!(!home.log().contains("panicked"), "{}", home.log());
    assert_eq!(get(gate.admin, "/readyz").await.status, 200);
}
