//! Logistics asks for an opinion today, after-sales tomorrow: the second department is refused, however
//! it asks. Days pass by a clock that the test turns, in the same process.

use jiff::SignedDuration;
use tactgate::config::Protocol;

use super::child::{Home, routes};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{mail, plain_mail, post, sms};

struct Person {
    mailbox: &'static str,
    phone: &'static str,
    subject: &'static str,
    by_mail: &'static str,
    by_sms: &'static str,
}

const PEOPLE: [Person; 2] = [
    Person {
        mailbox: "sun@example.cn",
        phone: "+8613800138020",
        subject: "您对配送满意吗",
        by_mail: "诚邀您参加满意度调查，只需3分钟：https://s.example/q?id=88",
        by_sms: "【某某商城】诚邀您参加满意度调查，只需3分钟：https://s.example/q?id=89 回T退订",
    },
    Person {
        mailbox: "miller@example.com",
        phone: "+14155550120",
        subject: "How did we do?",
        by_mail: "Please take our 5-minute survey about your visit: https://s.example/q?id=88",
        by_sms: "Please take our 2-minute survey: https://s.example/q?id=89 Reply STOP to opt out",
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn another_department_does_not_ask_again_tomorrow() {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    let (running, begin) = by_hand(&home, &routes(Some(&mails), Some(&texts))).await;
    let (smtp, http) = (running.door(Protocol::Smtp).unwrap(), running.door(Protocol::Http).unwrap());
    let turn = |hours: i64| running.gateway.clock.turn(SignedDuration::from_hours(hours));
    for Person { mailbox, phone, .. } in &PEOPLE {
        let link = format!(
            r#"{{"id":"link-{phone}","at":"{begin}","type":"identity-link","customer":"{mailbox}","also":"{phone}"}}"#
        );
        let told =
            post(http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], link.as_bytes()).await;
        assert_eq!(told.status, 200, "{told:?}");
    }
    let ask_by_mail = async |person: &Person, department: &str, to: &str| {
        let mut raw = format!("Tactgate-Department: {department}\r\n").into_bytes();
        raw.extend_from_slice(&plain_mail(to, person.subject, person.by_mail));
        mail(smtp, "<voice@shop.example>", &[&format!("<{to}>")], &raw).await
    };
    let ask_by_sms = async |person: &Person, department: &str| {
        sms(http, person.phone, person.by_sms, &[("Tactgate-Department", department)]).await
    };

    for person in &PEOPLE {
        assert!(ask_by_mail(person, "logistics", person.mailbox).await.starts_with("250"));
    }
    let sent = mails.wait_for(2).await;
    assert!(sent.iter().all(|m| !String::from_utf8_lossy(&m.data).contains("Tactgate-")), "declarations stay here");

    turn(24);
    for person in &PEOPLE {
        let refused = ask_by_sms(person, "after-sales").await;
        assert_eq!(refused.json()["code"], 21610, "{refused:?}");
        assert!(refused.body.contains("too-many-surveys"), "{refused:?}");
        // The department that asked does not ask again either.
        let refused = ask_by_mail(person, "logistics", person.mailbox).await;
        assert!(refused.starts_with("550 5.7.1 too-many-surveys"), "{refused}");
        // Somebody whom nobody asked may be asked.
        let fresh = format!("fresh-{}", person.mailbox);
        assert!(ask_by_mail(person, "after-sales", &fresh).await.starts_with("250"));
    }
    assert_eq!((mails.mails().len(), texts.requests().len()), (4, 0));

    turn(24 * 31);
    for person in &PEOPLE {
        let answer = ask_by_sms(person, "after-sales").await;
        assert_eq!(answer.status, 201, "a month later it may: {answer:?}");
    }
    running.stop().await;
}
