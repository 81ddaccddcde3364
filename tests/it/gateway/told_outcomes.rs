//! The provider's answer was lost, and later somebody outside knows what became of the message: found sent it
//! goes on counting, found not sent its place is free, once, and a retry is a new attempt.

use std::net::SocketAddr;

use super::child::{Home, until};
use super::http_sink::Reply;
use super::mail_sink::AtDot;
use super::retries::{SENDER, Shop, by_api, composed, shop_with};
use super::rules::ONE_A_DAY;
use super::tools::{Answer, id_in, mail, post};

/// One line to the events door.
async fn word(http: SocketAddr, event: &str, to: &str, decision: &str, outcome: &str) -> Answer {
    let line = serde_json::json!({
        "id": event, "type": "outcome", "at": jiff::Timestamp::now().to_string(),
        "customer": to, "decision": decision, "outcome": outcome,
    });
    post(http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], line.to_string().as_bytes()).await
}

/// Told until it is taken: on the heels of the reply the gateway may still be writing down that nobody knows.
async fn resolved(http: SocketAddr, event: &str, to: &str, decision: &str, outcome: &str) {
    let answer = until("the word is taken", async || {
        Some(word(http, event, to, decision, outcome).await).filter(|answer| !answer.body.contains("under way"))
    })
    .await;
    assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (200, Some(1)), "{answer:?}");
    let again = word(http, event, to, decision, outcome).await;
    assert_eq!((again.status, again.json()["duplicate"].as_u64()), (200, Some(1)), "{again:?}");
}

/// Why the gateway changed nothing at this word.
async fn changes_nothing(http: SocketAddr, event: &str, to: &str, decision: &str, outcome: &str, why: &str) {
    let answer = word(http, event, to, decision, outcome).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.json()["refused"][0]["why"].as_str().unwrap().contains(why), "{answer:?}");
}

/// Each door: sends to somebody, and says how it was answered and under which decision.
async fn first_and_lost(shop: &Shop, by_mail: bool, to: &str, text: &str) -> String {
    if by_mail {
        shop.mails.next(AtDot::Lose);
        let said = mail(shop.gate.smtp, SENDER, &[&format!("<{to}>")], &composed(0, to, text, "")).await;
        assert!(said.starts_with("451 4.4.2"), "{said}");
        decision_of(&shop.home, &id_in(&said, "s-"))
    } else {
        shop.requests.next(Reply::Lose);
        let answer = by_api(shop.gate.http, to, text, &[]).await;
        assert_eq!(answer.status, 504, "{answer:?}");
        answer.decision()
    }
}

fn decision_of(home: &Home, submission: &str) -> String {
    home.explain_json(submission)["decisions"][0]["decision"]["id"].as_str().unwrap().to_owned()
}

/// Sends, by either door: whether it was accepted, and what was said.
async fn sends(shop: &Shop, by_mail: bool, to: &str, text: &str) -> (bool, String) {
    if by_mail {
        let said = mail(shop.gate.smtp, SENDER, &[&format!("<{to}>")], &composed(1, to, text, "")).await;
        (said.starts_with("250"), said)
    } else {
        let answer = by_api(shop.gate.http, to, text, &[]).await;
        (answer.status == 202, format!("{answer:?}"))
    }
}

fn left(shop: &Shop) -> usize {
    shop.mails.mails().len() + shop.requests.requests().len()
}

const PEOPLE: [(bool, &str, &str, &str); 4] = [
    (true, "wang@example.cn", "秋装上新，全场8折。", "羽绒服五折。"),
    (true, "king@example.com", "New coats: 20% off.", "Boots: half price."),
    (false, "li@example.cn", "秋装上新，全场8折。", "羽绒服五折。"),
    (false, "lee@example.com", "New coats: 20% off.", "Boots: half price."),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_that_turns_out_sent_goes_on_counting_and_its_retry_is_answered() {
    let shop = shop_with(ONE_A_DAY, "").await;
    for (by_mail, to, text, other) in PEOPLE {
        let decision = first_and_lost(&shop, by_mail, to, text).await;
        let before = left(&shop);
        resolved(shop.gate.http, &format!("sent-{to}"), to, &decision, "sent").await;
        let (accepted, said) = sends(&shop, by_mail, to, text).await;
        assert!(accepted && said.contains(&decision) && !said.contains("assumed"), "{said}");
        assert!(!said.contains("tactgate-outcome"), "its outcome is known: {said}");
        let (accepted, said) = sends(&shop, by_mail, to, other).await;
        assert!(!accepted && said.contains("one-a-day"), "it still counts: {said}");
        assert_eq!(left(&shop), before, "{to}");
        changes_nothing(shop.gate.http, &format!("not-{to}"), to, &decision, "not_sent", "it was sent").await;
        let told = [shop.home.explain(&decision, "en"), shop.home.explain(&decision, "zh")];
        assert!(told[0].contains("an event told that the provider has it"), "{}", told[0]);
        assert!(told[1].contains("服务商已收到"), "{}", told[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_that_turns_out_not_sent_frees_its_place_once_and_its_retry_is_sent() {
    let shop = shop_with(ONE_A_DAY, "").await;
    for (by_mail, to, text, other) in PEOPLE {
        let decision = first_and_lost(&shop, by_mail, to, text).await;
        let before = left(&shop);
        changes_nothing(shop.gate.http, "whose", "else@example.cn", &decision, "not_sent", "at this customer").await;
        resolved(shop.gate.http, &format!("not-{to}"), to, &decision, "not_sent").await;
        let (accepted, said) = sends(&shop, by_mail, to, text).await;
        assert!(accepted && !said.contains("tactgate-repeats") && !said.contains("assumed"), "{said}");
        assert_eq!(left(&shop), before + 1, "a new attempt: {said}");
        // Told again by whoever else knows: its place is not given back a second time, nor is another's.
        let again = word(shop.gate.http, &format!("again-{to}"), to, &decision, "not_sent").await;
        assert_eq!((again.status, again.json()["duplicate"].as_u64()), (200, Some(1)), "{again:?}");
        changes_nothing(shop.gate.http, &format!("yes-{to}"), to, &decision, "sent", "was given back").await;
        let (accepted, said) = sends(&shop, by_mail, to, other).await;
        assert!(!accepted && said.contains("one-a-day"), "{said}");
        let told = [shop.home.explain(&decision, "en"), shop.home.explain(&decision, "zh")];
        assert!(told[0].contains("no longer counts, and a retry is sent anew"), "{}", told[0]);
        assert!(told[1].contains("服务商并未收到"), "{}", told[1]);
    }
    // How each was answered stays on the books.
    assert!(shop.home.run(&["audit", "reconcile"]).status.success());
}
