//! Redis goes away in the middle of a day: what the law asks about waits durably and leaves when Redis
//! is back; a one-time code goes at once; nothing is lost. Five minutes pass at the turn of a hand.

use jiff::SignedDuration;
use tactgate::config::Protocol;

use crate::redis::RedisServer;

use super::child::{Home, routes, until};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{get, mail, plain_mail, post, sms};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_law_asks_about_waits_and_a_code_goes_at_once() {
    let mut redis = RedisServer::start();
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    let routes = routes(Some(&mails), Some(&texts));
    let (running, begin) =
        by_hand(&home, &format!("{routes}[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url()))
            .await;
    let door = |protocol| running.door(protocol).unwrap();
    let (smtp, http, admin) = (door(Protocol::Smtp), door(Protocol::Http), door(Protocol::Admin));
    let tell = async |id: &str, customer: &str, what: &str| {
        let line = format!(r#"{{"id":"{id}","at":"{begin}","customer":"{customer}",{what}}}"#);
        post(http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], line.as_bytes()).await
    };
    assert_eq!(tell("out", "+8613800138051", r#""type":"opt-out","channel":"sms""#).await.status, 200);

    redis.stop();
    let offer = "【某某商城】秋装上新，全场8折，回T退订";
    for phone in ["+8613800138050", "+8613800138051"] {
        let answer = sms(http, phone, offer, &[]).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let raw = plain_mail("king@example.com", "New in", "New coats: 20% off all of them.");
    let said = mail(smtp, "<news@shop.example>", &["<king@example.com>"], &raw).await;
    assert!(said.starts_with("250 2.0.0 accepted, held until"), "{said}");
    assert!(texts.requests().is_empty() && mails.mails().is_empty(), "nothing leaves undecided");

    for (index, code) in [
        "【某某商城】您的验证码是482913，5分钟内有效，请勿泄露。",
        "Your verification code is 482913. Do not share it.",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = sms(http, "+8613800138052", code, &[("Tactgate-Purpose", "one-time-code")]).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let sent = texts.wait_for(index + 1).await;
        assert_eq!(sent[index].form("Body").as_deref(), Some(code));
        let told = home.explain(&answer.decision(), "en");
        assert!(told.contains("store"), "on record as decided without the store: {told}");
    }
    let answer = tell("late", "+8613800138050", r#""type":"purchase","product":"BT-200""#).await;
    assert_eq!(answer.status, 503, "the shop tells it again later: {answer:?}");
    assert_eq!(get(admin, "/readyz").await.status, 503);

    redis.begin();
    until("Redis is back", async || (get(admin, "/readyz").await.status == 200).then_some(())).await;
    assert!(texts.requests().len() == 2 && mails.mails().is_empty(), "not before they are due");
    running.gateway.clock.turn(SignedDuration::from_mins(6));
    assert!(mails.wait_for(1).await[0].data.ends_with(&raw));
    let sent = texts.wait_for(3).await;
    assert_eq!(sent[2].form("To").as_deref(), Some("+8613800138050"));
    until("the last hold is settled", async || {
        let counts = running.gateway.hold.count().await.unwrap();
        (counts.held + counts.claimed == 0).then_some(())
    })
    .await;
    assert_eq!(texts.requests().len(), 3, "who opted out before the outage gets nothing");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_answered_as_accepted_arrives_though_redis_comes_and_goes() {
    let mut redis = RedisServer::start();
    let mails = MailSink::start().await;
    let home = Home::new();
    let store = format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url());
    let (running, _) = by_hand(&home, &format!("{}{store}", routes(Some(&mails), None))).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    let mut tools = tokio::task::JoinSet::new();
    for tool in 0..4 {
        tools.spawn(async move {
            let mut accepted = Vec::new();
            for index in 0..25 {
                let to = format!("<tool{tool}-{index}@example.cn>");
                let said = mail(smtp, "<news@shop.example>", &[&to], &plain_mail("list", "上新", "秋装上新。")).await;
                assert!(said.starts_with("250") || said.starts_with("451"), "{said}");
                if said.starts_with("250") {
                    accepted.push(to);
                }
            }
            accepted
        });
    }
    until("some load", async || (mails.mails().len() >= 8).then_some(())).await;
    redis.stop();
    let accepted: Vec<String> = tools.join_all().await.into_iter().flatten().collect();
    redis.begin();
    let admin = running.door(Protocol::Admin).unwrap();
    until("Redis is back", async || (get(admin, "/readyz").await.status == 200).then_some(())).await;
    running.gateway.clock.turn(SignedDuration::from_mins(6));
    until("no more holds", async || {
        let counts = running.gateway.hold.count().await.unwrap();
        (counts.held + counts.claimed == 0).then_some(())
    })
    .await;
    let arrived: Vec<String> = mails.mails().into_iter().flat_map(|m| m.recipients).collect();
    for to in &accepted {
        assert_eq!(arrived.iter().filter(|r| *r == to).count(), 1, "{to}");
    }
    assert!(accepted.len() > arrived.len() / 2, "most were accepted");
    running.stop().await;
}
