//! A newsletter tool that knows nothing but Python's smtplib sends through the gateway: what harms
//! nobody arrives byte for byte; what insults the one who just bought is refused, and the gateway can
//! say what was bought, when and for how much.

use super::child::{Gate, Home, routes};
use super::mail_sink::MailSink;
use super::tools::{id_in, mail, plain_mail, python, tell};

const SENDMAIL: &str = r#"
import smtplib, sys
host, port, to, file = sys.argv[1:]
try:
    with smtplib.SMTP(host, int(port), timeout=20) as server:
        server.sendmail("news@shop.example", [to], open(file, "rb").read(), mail_options=["BODY=8BITMIME"])
    print("sent")
except smtplib.SMTPDataError as refused:
    print(refused.smtp_code, refused.smtp_error.decode())
"#;

/// Sends raw bytes with smtplib; "sent", or the refusal.
async fn sendmail(gate: &Gate, home: &Home, to: &str, raw: &[u8]) -> String {
    let file = home.path("mail.eml");
    std::fs::write(&file, raw).unwrap();
    let (host, port) = (gate.smtp.ip().to_string(), gate.smtp.port().to_string());
    python(SENDMAIL, &[&host, &port, to, file.to_str().unwrap()]).await.trim().to_owned()
}

/// A mail whose text is in another charset or encoding.
fn encoded(header: &str, text: &[u8]) -> Vec<u8> {
    let mut raw =
        format!("From: news@shop.example\r\nSubject: =?utf-8?b?5paw5ZOB?=\r\nMIME-Version: 1.0\r\n{header}\r\n\r\n")
            .into_bytes();
    raw.extend_from_slice(text);
    raw.extend_from_slice(b"\r\n");
    raw
}

fn gb18030(text: &str) -> Vec<u8> {
    let header = "Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: 8bit";
    encoded(header, &encoding_rs::GB18030.encode(text).0)
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    let header = "Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: base64";
    encoded(header, base64::engine::general_purpose::STANDARD.encode(text).as_bytes())
}

fn plain(text: &str) -> Vec<u8> {
    encoded("X-Odd:  two  spaces \r\nContent-Type: text/plain; charset=us-ascii", text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_harms_nobody_arrives_byte_for_byte() {
    for trace in [true, false] {
        let sink = MailSink::start().await;
        let home = Home::new();
        home.settings(&format!("{}trace = {trace}\n", routes(Some(&sink), None)));
        let gate = Gate::start(&home);
        let mails = [
            gb18030("尊敬的会员：秋装已经上新，欢迎到店试穿。\r\n.以点开头的一行"),
            base64("尊敬的會員：秋裝已經上新，歡迎到店試穿。"),
            plain("The new coats are in: come and try them on.\r\n.\r\n..a line with dots\r\n\r\n"),
        ];
        for (index, raw) in mails.iter().enumerate() {
            assert_eq!(sendmail(&gate, &home, &format!("li{index}@example.cn"), raw).await, "sent");
            let arrived = sink.wait_for(index + 1).await.remove(index);
            assert_eq!(arrived.recipients, [format!("<li{index}@example.cn>")]);
            if trace {
                let added = arrived.data.strip_suffix(raw.as_slice()).expect("the mail's own bytes come last");
                let added = std::str::from_utf8(added).unwrap();
                assert!(added.starts_with("Received: ") && added.ends_with("\r\n"), "{added}");
                assert!(added.lines().skip(1).all(|line| line.starts_with([' ', '\t'])), "one field: {added}");
            } else {
                assert_eq!(arrived.data, *raw);
            }
        }
    }
}

struct Told {
    name: &'static str,
    price: &'static str,
    first: Vec<u8>,
    cheaper: Vec<u8>,
    title: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_product_just_bought_is_not_offered_for_less_and_explain_says_why() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    let bought = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(49);
    let stories = [
        Told {
            name: "zhang",
            price: "399 CNY",
            first: gb18030("您的蓝牙车载播放器BT-200已发货，感谢购买。"),
            cheaper: gb18030("蓝牙车载播放器BT-200限时特价299元，欢迎选购。"),
            title: "Offer below the price this customer paid",
        },
        Told {
            name: "wang",
            price: "1299 TWD",
            first: base64("新品預告：敬請期待。"),
            cheaper: base64("藍牙車載播放器BT-200限時特價NT$999，歡迎選購。"),
            title: "Offer below the price this customer paid",
        },
        Told {
            name: "smith",
            price: "59.99 USD",
            first: plain("A word of thanks from all of us."),
            cheaper: plain("The BT-200 car player, now only $39.99."),
            title: "Offer below the price this customer paid",
        },
    ];
    let mut arrived = 0;
    for Told { name, price, first, cheaper, title } in stories {
        let (buyer, other) = (format!("{name}@example.com"), format!("not-{name}@example.com"));
        let event = format!(
            r#"{{"type":"purchase","at":"{bought}","customer":"{buyer}","product":"BT-200","price":"{price}"}}"#
        );
        tell(gate.http, &format!("order-{name}"), &event).await;
        assert_eq!(sendmail(&gate, &home, &buyer, &first).await, "sent");

        let refused = sendmail(&gate, &home, &buyer, &cheaper).await;
        let id = id_in(&refused, "d-");
        assert!(refused.starts_with("550 5.7.1 cheaper-after-purchase"), "{refused}");
        assert!(refused.contains(title), "{refused}");
        // The id is random hexadecimal, and may hold any number by chance.
        let said = refused.replace(&id, "");
        assert!(!said.contains("399") && !said.contains("59.99"), "doors learn little: {refused}");
        // The honest twin did not buy.
        assert_eq!(sendmail(&gate, &home, &other, &cheaper).await, "sent");
        arrived += 2;
        let mails = sink.wait_for(arrived).await;
        assert_eq!(mails.len(), arrived, "the refused mail never left");
        assert!(mails.last().unwrap().recipients[0].contains("not-"));

        let paid = price.split(' ').next().unwrap();
        let (english, chinese) = (home.explain(&id, "en"), home.explain(&id, "zh"));
        for told in [&english, &chinese] {
            assert!(
                told.contains("BT-200") && told.contains(paid) && told.contains("cheaper-after-purchase"),
                "{told}"
            );
            assert!(!told.contains(&buyer), "no address: {told}");
        }
        assert!(english.contains("2 days"), "{english}");
        assert!(chinese.contains("2天"), "{chinese}");
        let json = home.explain_json(&id).to_string();
        assert!(json.contains("BT-200") && json.contains("cheaper-after-purchase") && json.contains(&id), "{json}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_can_show_chinese_is_refused_in_the_mails_language() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    tell(gate.http, "out", r#"{"type":"opt-out","customer":"li@example.cn","channel":"email"}"#).await;
    let raw = plain_mail("li@example.cn", "上新", "秋装上新，欢迎选购。");
    let refused = mail(gate.smtp, "<news@shop.example> SMTPUTF8", &["<li@example.cn>"], &raw).await;
    assert!(refused.starts_with("550 5.7.1 opted-out: 收件人已拒收此类消息"), "{refused}");
    let refused = mail(gate.smtp, "<news@shop.example>", &["<li@example.cn>"], &raw).await;
    assert!(refused.is_ascii() && refused.contains("The recipient has refused"), "{refused}");
}
