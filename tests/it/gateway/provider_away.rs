//! The provider is down, says no, or hangs up before its answer: the client hears it in its own dialect,
//! and a message that did not leave does not count.

use std::net::{SocketAddr, TcpListener};

use jiff::SignedDuration;
use tactgate::config::Protocol;
use tactgate::hold::State;

use super::child::{Gate, Home, routes, until};
use super::hand_clock::by_hand;
use super::http_sink::{HttpSink, Reply};
use super::mail_sink::{AtDot, MailSink};
use super::rules::{NO_MAIL_AT_NOON, ONE_A_DAY};
use super::tools::{id_in, mail, plain_mail, sendgrid, sendgrid_mail, sms};

/// A port at which nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn send(gate: &Gate, to: &str) -> String {
    mail(gate.smtp, "<news@shop.example>", &[&format!("<{to}>")], &plain_mail(to, "上新", "秋装上新，全场8折。")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_costs_the_customer_nothing() {
    let (smtp, http) = (nobody(), nobody());
    let home = Home::with_policy(ONE_A_DAY);
    let mut text =
        format!("[[route]]\nname = \"mail\"\nprovider = \"relay\"\nupstream = \"smtp://{smtp}\"\ntls = \"off\"\n");
    for provider in ["sendgrid", "twilio"] {
        text += &format!("[[route]]\nname = \"{provider}\"\nprovider = \"{provider}\"\nupstream = \"http://{http}\"\n");
    }
    home.settings(&text);
    let gate = Gate::start(&home);
    let by_api = async || sendgrid(gate.http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
    let by_sms = async || sms(gate.http, "+14155550130", "New coats: 20% off. Reply STOP to opt out", &[]).await;

    let said = send(&gate, "a@example.cn").await;
    assert!(said.starts_with("451 4."), "{said}");
    let answer = by_api().await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.headers.contains_key("retry-after") && answer.json()["errors"][0]["message"].is_string(),
        "{answer:?}"
    );
    let answer = by_sms().await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (503, Some(20503)), "{answer:?}");

    // The provider is back: the same customers have their one message still, and then no more.
    let (mails, requests) = (MailSink::start_at(smtp).await, HttpSink::start_at(http).await);
    let said = send(&gate, "a@example.cn").await;
    assert!(said.starts_with("250"), "{said}");
    assert_eq!((by_api().await.status, by_sms().await.status), (202, 201));
    assert!(send(&gate, "a@example.cn").await.starts_with("550 5.7.1 one-a-day"));
    assert_eq!((by_api().await.status, by_sms().await.status), (400, 400));
    assert_eq!((mails.mails().len(), requests.requests().len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_says_goes_back_as_it_said_it() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(Some(&mails), Some(&requests)));
    let gate = Gate::start(&home);

    for (line, code) in [
        ("554 5.7.9 we do not like it", "554 5.7.9 we do not like it"),
        ("452 4.2.2 mailbox full", "452 4.2.2 mailbox full"),
    ] {
        mails.next(AtDot::Say(line));
        let said = send(&gate, "a@example.cn").await;
        assert!(said.starts_with(code), "{said}");
    }
    let said =
        mail(gate.smtp, "<news@shop.example>", &["<nobody@example.cn>"], &plain_mail("nobody", "上新", "秋装上新。"))
            .await;
    assert!(said.starts_with("550 5.1.1 no such mailbox"), "{said}");
    assert!(send(&gate, "a@example.cn").await.starts_with("250"), "what was refused did not count");

    let own = r#"{"errors":[{"message":"The from address does not match a verified Sender Identity","field":"from","help":"x"}]}"#;
    for status in ["403 Forbidden", "429 Too Many Requests", "500 Internal Server Error"] {
        requests.next(Reply::Say(status, own));
        let answer = sendgrid(gate.http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
        assert_eq!((answer.status.to_string().as_str(), answer.body.as_str()), (&status[..3], own), "{answer:?}");
    }
    let answer = sendgrid(gate.http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_counts_as_sent() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(Some(&mails), Some(&requests)));
    let gate = Gate::start(&home);

    mails.next(AtDot::Lose);
    let said = send(&gate, "a@example.cn").await;
    assert!(said.starts_with("451 4.4.2") && said.contains("may have been sent"), "{said}");
    requests.next(Reply::Lose);
    let answer = sendgrid(gate.http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
    assert_eq!(answer.status, 504, "{answer:?}");
    let told = home.explain(&answer.decision(), "en");
    assert!(told.contains("answer was lost; counts as sent"), "{told}");
    // Their one message may have reached them: no second one.
    let other = plain_mail("a@example.cn", "上新", "冬装上新，全场8折。");
    let said = mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &other).await;
    assert!(said.starts_with("550 5.7.1 one-a-day"), "{said}");
    let answer = sendgrid(gate.http, &sendgrid_mail("b@example.cn", "上新", "冬装上新，全场8折。"), &[]).await;
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_is_not_waited_for_without_end() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    let routes = routes(Some(&mails), Some(&requests));
    home.settings(&routes.replace("upstream", "timeouts = { reply_ms = 400 }\nupstream"));
    let gate = Gate::start(&home);
    mails.next(AtDot::Hang);
    let said = send(&gate, "a@example.cn").await;
    assert!(said.starts_with("451 4.4.2"), "{said}");
    requests.next(Reply::Hang);
    let answer = sms(gate.http, "+14155550131", "New coats: 20% off. Reply STOP to opt out", &[]).await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (504, Some(20504)), "{answer:?}");
    let other = plain_mail("a@example.cn", "上新", "冬装上新，全场8折。");
    let said = mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &other).await;
    assert!(said.starts_with("550 5.7.1 one-a-day"), "it may have been sent: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_outlasts_a_provider_that_is_away_for_hours() {
    let address = nobody();
    let home = Home::with_policy(NO_MAIL_AT_NOON);
    let route =
        format!("[[route]]\nname = \"mail\"\nprovider = \"relay\"\nupstream = \"smtp://{address}\"\ntls = \"off\"\n");
    let (running, _) = by_hand(&home, &route).await;
    let (gateway, smtp) = (&running.gateway, running.door(Protocol::Smtp).unwrap());
    let raw = plain_mail("a@example.cn", "上新", "秋装上新，全场8折。");
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &raw).await;
    assert!(said.starts_with("250 2.0.0 accepted, held until"), "{said}");
    let decision =
        home.explain_json(&id_in(&said, "s-"))["decisions"][0]["decision"]["id"].as_str().unwrap().to_owned();
    let hold = format!("h-{decision}");
    gateway.clock.turn(SignedDuration::from_mins(61));
    // More tries than a message is held again for its own sake.
    for _ in 0..8 {
        until("another try", async || {
            let held = gateway.hold.get(&hold).await.unwrap().unwrap();
            (held.state == State::Held && held.due > gateway.clock.now()).then_some(())
        })
        .await;
        gateway.clock.turn(SignedDuration::from_mins(6));
    }
    let sink = MailSink::start_at(address).await;
    gateway.clock.turn(SignedDuration::from_mins(6));
    assert!(sink.wait_for(1).await[0].data.ends_with(&raw));
    running.stop().await;
    assert_eq!(sink.mails().len(), 1);
}
