//! One purchase, two channels, two tools: the shop links a mailbox and a phone, and the offer below the
//! price paid is refused on both, whichever store keeps the facts.

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{mail, plain_mail, sms, tell};

async fn story(store: &str) {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    home.settings(&format!("{}{store}", routes(Some(&mails), Some(&texts))));
    let gate = Gate::start(&home);
    let people = [
        (
            "zhao@example.cn",
            "+8613800138010",
            "qian@example.cn",
            "+8613800138011",
            "399 CNY",
            "BT-200特价",
            "蓝牙车载播放器BT-200限时特价299元。",
            "【某某商城】蓝牙车载播放器BT-200限时299元，回T退订",
        ),
        (
            "jones@example.com",
            "+14155550110",
            "brown@example.com",
            "+14155550111",
            "59.99 USD",
            "BT-200 now $39.99",
            "The BT-200 car player, now only $39.99.",
            "BT-200 car player now only $39.99. Reply STOP to opt out",
        ),
    ];
    for (mailbox, phone, other, other_phone, price, subject, text, short) in people {
        for (a, b) in [(mailbox, phone), (other, other_phone)] {
            let link = format!(r#"{{"type":"identity-link","customer":"{a}","also":"{b}"}}"#);
            tell(gate.http, &format!("link-{a}"), &link).await;
        }
        // Bought under the phone number: the mailbox knows it by the link.
        let bought = format!(r#"{{"type":"purchase","customer":"{phone}","product":"BT-200","price":"{price}"}}"#);
        tell(gate.http, &format!("order-{phone}"), &bought).await;

        let (before_mails, before_texts) = (mails.mails().len(), texts.requests().len());
        let by_mail =
            mail(gate.smtp, "<news@shop.example>", &[&format!("<{mailbox}>")], &plain_mail(mailbox, subject, text))
                .await;
        assert!(by_mail.starts_with("550 5.7.1 cheaper-after-purchase"), "{store}: {by_mail}");
        let by_sms = sms(gate.http, phone, short, &[]).await;
        assert_eq!(by_sms.json()["code"], 21610, "{store}: {by_sms:?}");
        assert!(by_sms.body.contains("cheaper-after-purchase"), "{by_sms:?}");

        let by_mail =
            mail(gate.smtp, "<news@shop.example>", &[&format!("<{other}>")], &plain_mail(other, subject, text)).await;
        assert!(by_mail.starts_with("250"), "{store}: {by_mail}");
        let by_sms = sms(gate.http, other_phone, short, &[]).await;
        assert_eq!(by_sms.status, 201, "{store}: {by_sms:?}");
        assert_eq!((mails.mails().len(), texts.requests().len()), (before_mails + 1, before_texts + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_embedded_store() {
    story("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_redis() {
    let redis = RedisServer::start();
    story(&format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url())).await;
}
