//! Retries of what waits in the hold, and releases whose outcome nobody knows: an offer counts as sent, a
//! code is sent once more.

use jiff::SignedDuration;
use tactgate::command::serve::Running;
use tactgate::config::Protocol;
use tactgate::facts::{Attempt, reserve};
use tactgate::hold::{Due, State};
use tactgate::message::{Address, Channel};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::sends::send;

use super::child::{Home, routes, until};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::mail_sink::{AtDot, MailSink};
use super::rules::NO_MAIL_AT_NOON;
use super::tools::{mail, plain_mail, post, sendgrid_mail};

const SENDER: &str = "<news@shop.example>";

async fn holds(running: &Running) -> u64 {
    running.gateway.hold.count().await.unwrap().held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_what_is_held_is_held_once() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(NO_MAIL_AT_NOON);
    let (running, _) = by_hand(&home, &routes(Some(&mails), Some(&requests))).await;
    let (smtp, http) = (running.door(Protocol::Smtp).unwrap(), running.door(Protocol::Http).unwrap());

    // By a key, as often as it likes; without one an equal mail that was answered is another mail.
    let body = sendgrid_mail("wang@example.cn", "上新", "秋装上新，全场8折。").to_string();
    let keyed = async |key: &[(&str, &str)]| {
        let headers = [&[("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")], key].concat();
        until("it is no longer under way", async || {
            let answer = post(http, "/sendgrid/v3/mail/send", &headers, body.as_bytes()).await;
            (answer.status == 202).then(|| answer.headers["x-message-id"].clone())
        })
        .await
    };
    let first = keyed(&[("Idempotency-Key", "key-1")]).await;
    assert_eq!(keyed(&[("Idempotency-Key", "key-1")]).await, first);
    assert!(first.starts_with("h-") && holds(&running).await == 1, "{first}");
    let other = keyed(&[]).await;
    until("an equal mail", async || Some(keyed(&[]).await).filter(|id| *id != other)).await;
    assert_eq!(holds(&running).await, 3);

    // The client says its last dot and is gone.
    let raw = plain_mail("wang@example.cn", "上新", "冬装上新，全场8折。");
    let mut tcp = TcpStream::connect(smtp).await.unwrap();
    let mut buffer = [0; 1_024];
    for words in ["EHLO t\r\n", "MAIL FROM:<news@shop.example>\r\n", "RCPT TO:<wang@example.cn>\r\n", "DATA\r\n"] {
        assert!(tcp.read(&mut buffer).await.unwrap() > 0);
        tcp.write_all(words.as_bytes()).await.unwrap();
    }
    assert!(tcp.read(&mut buffer).await.unwrap() > 0);
    tcp.write_all(&[&raw[..], b".\r\n"].concat()).await.unwrap();
    drop(tcp);
    let said = until("the retry is accepted", async || {
        let said = mail(smtp, SENDER, &["<wang@example.cn>"], &raw).await;
        assert!(said.starts_with("250") || said.starts_with("451"), "{said}");
        said.starts_with("250").then_some(said)
    })
    .await;
    assert!(said.starts_with("250 2.0.0 accepted, held until"), "{said}");
    assert_eq!(holds(&running).await, 4, "one more, not two");
    running.gateway.clock.turn(SignedDuration::from_mins(61));
    mails.wait_for(1).await;
    requests.wait_for(3).await;
    until("all are released", async || (holds(&running).await == 0).then_some(())).await;
    // What was released is still the message of its key.
    keyed(&[("Idempotency-Key", "key-1")]).await;
    running.stop().await;
    assert_eq!((mails.mails().len(), requests.requests().len()), (1, 3));
}

const CODE: &str = "您的验证码是482913，5分钟内有效，请勿泄露。";
const OFFER: &str = "New coats: 20% off.";

/// Two mails that each wait for half a minute, since one of their mailboxes is full.
async fn waiting(more: &str) -> (MailSink, Home, Running) {
    let mails = MailSink::start().await;
    let home = Home::with_policy("");
    let (running, _) = by_hand(&home, &format!("{}{more}", routes(Some(&mails), None))).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    for (name, text, declared) in [("code", CODE, "Tactgate-Purpose: one-time-code\r\n"), ("offer", OFFER, "")] {
        let raw = [declared.as_bytes(), &plain_mail("list", "上新", text)].concat();
        let to = [format!("<{name}@example.cn>"), format!("<full-{name}@example.cn>")];
        let said = mail(smtp, SENDER, &[&to[0], &to[1]], &raw).await;
        assert!(said.starts_with("250"), "{said}");
    }
    assert_eq!(holds(&running).await, 2);
    (mails, home, running)
}

fn sent_to(mails: &MailSink, name: &str) -> usize {
    mails.mails().iter().filter(|mail| mail.recipients.iter().any(|to| to.contains(name))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_code_whose_answer_is_lost_leaves_once_more_and_an_offer_does_not() {
    let (mails, _home, running) = waiting("").await;
    for _ in 0..3 {
        mails.next(AtDot::Lose);
    }
    running.gateway.clock.turn(SignedDuration::from_secs(31));
    until("both were tried", async || {
        (sent_to(&mails, "full-code") == 1 && sent_to(&mails, "full-offer") == 1).then_some(())
    })
    .await;
    until("the offer has ended", async || (running.gateway.hold.count().await.unwrap().claimed == 0).then_some(()))
        .await;
    for _ in 0..4 {
        running.gateway.clock.turn(SignedDuration::from_mins(16));
        until("nothing is under way", async || {
            let counts = running.gateway.hold.count().await.unwrap();
            (counts.claimed == 0 && (counts.held == 0 || sent_to(&mails, "full-code") < 2)).then_some(())
        })
        .await;
    }
    until("the code was sent once more", async || (sent_to(&mails, "full-code") == 2).then_some(())).await;
    until("nothing waits", async || (holds(&running).await == 0).then_some(())).await;
    running.stop().await;
    assert_eq!(
        (sent_to(&mails, "full-code"), sent_to(&mails, "full-offer")),
        (2, 1),
        "both answers of the code were lost"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_stopped_halfway_is_taken_up_for_a_code_only() {
    let (mails, _home, running) = waiting("").await;
    let hold = &running.gateway.hold;
    // A gateway claims both, begins to forward, and is never heard of again.
    let then = running.gateway.clock.now() + SignedDuration::from_secs(40);
    let due = hold.claim_due(then, 2, SignedDuration::from_secs(5)).await.unwrap();
    let mut ids = Vec::new();
    for due in due {
        let Due::Release(held) = due else { panic!("{due:?}") };
        hold.forwarding(&held.message.id, held.fence, then + SignedDuration::from_secs(5)).await.unwrap();
        ids.push((held.message.id, held.message.must_send));
    }
    running.gateway.clock.turn(SignedDuration::from_secs(60));
    until("both have ended", async || {
        let counts = hold.count().await.unwrap();
        (counts.held + counts.claimed == 0).then_some(())
    })
    .await;
    assert_eq!((sent_to(&mails, "full-code"), sent_to(&mails, "full-offer")), (1, 0));
    for (id, must_send) in ids {
        let state = hold.get(&id).await.unwrap().unwrap().state;
        assert_eq!(state, if must_send { State::Released } else { State::Unknown });
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_that_stopped_halfway_left_may_be_told_once_its_hold_has_ended() {
    let (_mails, _home, running) = waiting("").await;
    let (gateway, http) = (&running.gateway, running.door(Protocol::Http).unwrap());
    // A gateway claims the offer, writes its reservation down, begins to forward, and is never heard of again.
    let then = gateway.clock.now() + SignedDuration::from_secs(40);
    let due = gateway.hold.claim_due(then, 2, SignedDuration::from_secs(5)).await.unwrap();
    let offer = due.into_iter().find_map(|due| match due {
        Due::Release(held) if !held.message.must_send => Some(held),
        _ => None,
    });
    let held = offer.unwrap();
    let decision = held.message.decisions[0].id.clone();
    let key = gateway.store.key("shop", &Address::email("full-offer@example.cn").unwrap());
    let mut reserved = send(&decision, gateway.clock.now(), Channel::Email, &key.0);
    reserved.attempt = Attempt { times: 1, released: true, ..Attempt::default() };
    gateway
        .store
        .update("shop", &key, |customer| {
            customer.held.clear();
            reserve(customer, reserved.clone())
        })
        .await
        .unwrap();
    gateway.hold.forwarding(&held.message.id, held.fence, then + SignedDuration::from_secs(5)).await.unwrap();
    let word = async |event: &str| {
        let line = format!(
            r#"{{"id":"{event}","type":"outcome","at":"{}","customer":"full-offer@example.cn","decision":"{decision}","outcome":"not_sent"}}"#,
            gateway.clock.now()
        );
        post(http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], line.as_bytes()).await
    };
    let early = word("early").await;
    assert!(early.status == 400 && early.body.contains("under way"), "{early:?}");
    gateway.clock.turn(SignedDuration::from_mins(5));
    until("its hold has ended", async || {
        let state = gateway.hold.get(&held.message.id).await.unwrap().unwrap().state;
        (state == State::Unknown).then_some(())
    })
    .await;
    let told = until("its document says so", async || {
        Some(word("told").await).filter(|answer| !answer.body.contains("released again"))
    })
    .await;
    assert_eq!((told.status, told.json()["accepted"].as_u64()), (200, Some(1)), "{told:?}");
    let customer = gateway.store.load("shop", &[key], &[]).await.unwrap().customers.remove(0).customer;
    assert!(customer.sends.is_empty(), "{:?}", customer.sends);
    running.stop().await;
}
