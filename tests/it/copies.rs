//! A mail and its copies: what is decided for one addressee must not lose another's, and none gets it
//! twice.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use tactgate::record::entry::Fate;
use tactgate::record::explain::explain;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::attacks::{House, MORNING, NOON, mailbox};

/// A provider that takes everything and remembers it.
struct Provider {
    settings: String,
    taken: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Provider {
    async fn start() -> Provider {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = door.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let takes = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = door.accept().await {
                let takes = Arc::clone(&takes);
                tokio::spawn(async move {
                    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
                    let body = loop {
                        let read = client.read(&mut piece).await.unwrap_or(0);
                        bytes.extend_from_slice(&piece[..read]);
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                        match body.and_then(|body| serde_json::from_str(&body).ok()) {
                            Some(body) => break body,
                            None if read == 0 => return,
                            None => {}
                        }
                    };
                    takes.lock().unwrap().push(body);
                    let _ = client
                        .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        .await;
                });
            }
        });
        let settings =
            format!("[[route]]\nname = \"api\"\nprovider = \"sendgrid\"\nupstream = \"http://{upstream}\"\n");
        Provider { settings, taken }
    }

    /// Everybody that got a mail: addressees of each request's personalizations.
    fn reached(&self) -> Vec<Vec<String>> {
        let personalization = |one: &serde_json::Value| {
            let rows = ["to", "cc", "bcc"].into_iter().filter_map(|row| one[row].as_array()).flatten();
            rows.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
        };
        let taken = self.taken.lock().unwrap();
        taken.iter().flat_map(|body| body["personalizations"].as_array().unwrap()).map(personalization).collect()
    }
}

fn personalization(to: &str, copy: &str) -> String {
    let (row, copy) = copy.split_once(' ').unwrap();
    format!(
        r#"{{"personalizations":[{{"to":[{{"email":"{to}"}}],"{row}":[{{"email":"{copy}"}}]}}],"from":{{"email":"n@s.example"}},"subject":"New in","content":[{{"type":"text/plain","value":"秋装上新，全场8折。New coats are in: 20% off."}}]}}"#
    )
}

async fn send(house: &House, to: &str, copy: &str) -> String {
    house.post("/sendgrid/v3/mail/send", "content-type: application/json\r\n", &personalization(to, copy)).await
}

fn rules() -> String {
    format!("{MORNING}{}", std::fs::read_to_string("policies/suppression.toml").unwrap())
}

/// It is seven in New York: her morning has not begun.
async fn sleeps(house: &House, who: &str) {
    house.tell(&format!(r#"{{"id":"z-{who}","type":"preference","at":"2026-11-01T00:00:00Z","customer":"{who}","zone":"America/New_York"}}"#)).await;
}

async fn opts_out(house: &House, who: &str) {
    house.tell(&format!(r#"{{"id":"o-{who}","type":"opt-out","at":"2026-11-20T12:10:00Z","customer":"{who}"}}"#)).await;
}

async fn wrote(house: &House, who: &str) -> (usize, usize) {
    let customer = house.customer(&mailbox(who)).await;
    (customer.sends.len(), customer.held.len())
}

fn submission(answer: &str) -> String {
    let line = answer.lines().find(|line| line.to_lowercase().starts_with("tactgate-submission:")).unwrap();
    line.split_once(':').unwrap().1.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_waits_for_its_copy_and_a_copy_for_its_mail() {
    for (asleep, copy) in [
        ("cid@c.example", "cc cid@c.example"),
        ("ann@a.example", "cc cid@c.example"),
        ("cid@c.example", "bcc cid@c.example"),
    ] {
        let provider = Provider::start().await;
        let house = House::open(NOON, &rules(), &provider.settings).await;
        sleeps(&house, asleep).await;
        let answer = send(&house, "ann@a.example", copy).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        assert_eq!(provider.reached(), Vec::<Vec<String>>::new(), "{asleep} sleeps");
        assert_eq!(house.all_due_is_done().await.held, 1, "one mail is one hold");
        for who in ["ann@a.example", "cid@c.example"] {
            assert_eq!(wrote(&house, who).await, (0, 1), "{who}");
        }
        house.clock.turn(SignedDuration::from_mins(90));
        assert_eq!(house.all_due_is_done().await.held, 0);
        assert_eq!(provider.reached(), [["ann@a.example", "cid@c.example"]], "together, once");
        for who in ["ann@a.example", "cid@c.example"] {
            assert_eq!(wrote(&house, who).await, (1, 0), "{who}");
        }
        let data = house.folder.path().join("data");
        let all = explain(&data, &submission(&answer)).unwrap();
        let first: Vec<_> = all.decisions.iter().filter(|told| told.decision.again.is_none()).collect();
        assert_eq!(first.len(), 2);
        for told in first {
            let ends: Vec<Fate> = told.history.iter().map(|outcome| outcome.outcome).collect();
            assert_eq!(ends, [Fate::Released], "each of them is told of by their own decision");
            let story = explain(&data, &told.decision.id).unwrap();
            assert_eq!(story.decisions.len(), 2, "and is followed to their own end");
            assert_eq!(story.decisions[1].decision.outcome, Some(Fate::Accepted));
        }
        house.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_opts_out_while_waiting_is_taken_out_and_the_mail_goes() {
    let provider = Provider::start().await;
    let house = House::open(NOON, &rules(), &provider.settings).await;
    sleeps(&house, "cid@c.example").await;
    let answer = send(&house, "ann@a.example", "cc cid@c.example").await;
    opts_out(&house, "cid@c.example").await;
    house.clock.turn(SignedDuration::from_mins(90));
    assert_eq!(house.all_due_is_done().await.held, 0);
    assert_eq!(provider.reached(), [["ann@a.example"]]);
    assert_eq!((wrote(&house, "ann@a.example").await, wrote(&house, "cid@c.example").await), ((1, 0), (0, 0)));
    let all = explain(&house.folder.path().join("data"), &submission(&answer)).unwrap();
    let mut ends: Vec<Fate> = all.decisions.iter().flat_map(|told| &told.history).map(|end| end.outcome).collect();
    ends.sort();
    assert_eq!(ends, [Fate::Released, Fate::Dropped]);
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addressee_who_opts_out_while_waiting_takes_the_copies_along() {
    let provider = Provider::start().await;
    let house = House::open(NOON, &rules(), &provider.settings).await;
    sleeps(&house, "cid@c.example").await;
    let answer = send(&house, "ann@a.example", "cc cid@c.example").await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    opts_out(&house, "ann@a.example").await;
    house.clock.turn(SignedDuration::from_mins(90));
    assert_eq!(house.all_due_is_done().await.held, 0);
    assert_eq!(provider.reached(), Vec::<Vec<String>>::new());
    assert_eq!((wrote(&house, "ann@a.example").await, wrote(&house, "cid@c.example").await), ((0, 0), (0, 0)));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_in_to_and_cc_waits_and_gets_the_mail() {
    let provider = Provider::start().await;
    let house = House::open(NOON, &rules(), &provider.settings).await;
    sleeps(&house, "ann@a.example").await;
    house.tell(r#"{"id":"1","type":"identity-link","at":"2026-11-01T00:00:00Z","customer":"ann@a.example","also":"ann@b.example"}"#).await;
    send(&house, "ann@a.example", "cc ann@b.example").await;
    house.clock.turn(SignedDuration::from_mins(90));
    assert_eq!(house.all_due_is_done().await.held, 0);
    assert_eq!(provider.reached(), [["ann@a.example", "ann@b.example"]]);
    assert_eq!(wrote(&house, "ann@a.example").await, (2, 0));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_copy_must_lose_a_sentence_loses_it_for_all() {
    let rule = r#"
[[below_price_paid]]
id       = "cheaper"
within   = "30 days"
then     = "remove_sentence"
title.en = "Below the price paid"
title.zh = "低于购买价"
reason.en = "{paid}"
reason.zh = "{paid}"
"#;
    let provider = Provider::start().await;
    let house = House::open(NOON, rule, &provider.settings).await;
    house.tell(r#"{"id":"1","type":"purchase","at":"2026-11-18T00:00:00Z","customer":"cid@c.example","product":"BT-200","price":"399 CNY"}"#).await;
    let body = personalization("ann@a.example", "cc cid@c.example").replace(
        "秋装上新，全场8折。New coats are in: 20% off.",
        "Your order 4711 has been shipped. The car player BT-200 is on sale for only 299 CNY this week. Thank you.",
    );
    let answer = house.post("/sendgrid/v3/mail/send", "content-type: application/json\r\n", &body).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert_eq!(provider.reached(), [["ann@a.example", "cid@c.example"]], "neither is lost");
    assert!(!provider.taken.lock().unwrap()[0].to_string().contains("299"));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_race_for_one_person_are_neither_lost_nor_doubled() {
    for asleep in [false, true] {
        let provider = Provider::start().await;
        let house = Arc::new(House::open(NOON, &rules(), &provider.settings).await);
        if asleep {
            sleeps(&house, "cid@c.example").await;
        }
        let race = |number: usize| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { send(&house, &format!("a{number}@a.example"), "cc cid@c.example").await })
        };
        let racing: Vec<_> = (0..12).map(race).collect();
        let mut accepted = Vec::new();
        for answer in racing {
            accepted.push(answer.await.unwrap().starts_with("HTTP/1.1 202"));
        }
        let taken = accepted.iter().filter(|taken| **taken).count();
        if asleep {
            assert_eq!(house.all_due_is_done().await.held as usize, taken);
            house.clock.turn(SignedDuration::from_mins(90));
        }
        // A release that lost every round is tried again.
        for _ in 0..20 {
            if house.all_due_is_done().await.held == 0 {
                break;
            }
            house.clock.turn(SignedDuration::from_mins(16));
        }
        assert_eq!(provider.reached().len(), taken);
        assert!(provider.reached().iter().all(|mail| mail.len() == 2), "{:?}", provider.reached());
        assert_eq!(wrote(&house, "cid@c.example").await, (taken, 0));
        for (number, accepted) in accepted.into_iter().enumerate() {
            assert_eq!(wrote(&house, &format!("a{number}@a.example")).await.0, usize::from(accepted));
        }
        Arc::into_inner(house).unwrap().running.stop().await;
    }
}
