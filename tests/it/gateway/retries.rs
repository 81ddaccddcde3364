//! A client that did not hear how its message fared sends it again, as it must; the customer gets it once.
//! What must arrive is tried twice, visibly, when nobody can know.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::child::{Gate, Home, PATIENCE, routes, until};
use super::http_sink::{HttpSink, Reply};
use super::mail_sink::{AtDot, MailSink};
use super::tools::{Answer, get, id_in, mail, plain_mail, post, sendgrid_mail};

pub(super) const SENDER: &str = "<news@shop.example>";
const CODE: &str = "Your verification code is 482913. Do not share it.";
const CODE_ZH: &str = "您的验证码是482913，5分钟内有效，请勿泄露。";

pub(super) struct Shop {
    pub mails: MailSink,
    pub requests: HttpSink,
    pub home: Home,
    pub gate: Gate,
}

/// A gateway without a rule that would stop a second message: only the record does.
async fn shop(more: &str) -> Shop {
    shop_with("", more).await
}

/// The same with these rules.
pub(super) async fn shop_with(policy: &str, more: &str) -> Shop {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(policy);
    home.settings(&format!("{}{more}", routes(Some(&mails), Some(&requests))));
    let gate = Gate::start(&home);
    Shop { mails, requests, home, gate }
}

/// Composed anew at each attempt, as tools do.
pub(super) fn composed(attempt: usize, to: &str, text: &str, more: &str) -> Vec<u8> {
    let mut mail = format!("Date: Sun, 22 Nov 2026 10:00:{attempt:02} +0800\r\nMessage-ID: <{attempt}@tool>\r\n{more}");
    mail += std::str::from_utf8(&plain_mail(to, "上新", text)).unwrap();
    mail.into_bytes()
}

pub(super) async fn by_api(http: SocketAddr, to: &str, text: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")];
    all.extend_from_slice(headers);
    post(http, "/sendgrid/v3/mail/send", &all, sendgrid_mail(to, "上新", text).to_string().as_bytes()).await
}

/// Sends until it is accepted, as a queue does.
async fn until_accepted(what: &str, mut send: impl AsyncFnMut(usize) -> (bool, String)) -> String {
    let mut attempt = 0;
    until(what, async || {
        attempt += 1;
        let (accepted, said) = send(attempt).await;
        accepted.then_some(said)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_retries_after_a_lost_answer_sends_an_offer_once() {
    let Shop { mails, requests, home, gate } = shop("").await;
    for (to, text) in [("wang@example.cn", "秋装上新，全场8折。"), ("king@example.com", "New coats: 20% off.")]
    {
        let (before_mails, before_requests) = (mails.mails().len(), requests.requests().len());
        mails.next(AtDot::Lose);
        let first = mail(gate.smtp, SENDER, &[&format!("<{to}>")], &composed(0, to, text, "")).await;
        assert!(first.starts_with("451 4.4.2"), "{first}");
        requests.next(Reply::Lose);
        let answer = by_api(gate.http, to, text, &[]).await;
        assert_eq!((answer.status, answer.headers["tactgate-outcome"].as_str()), (504, "unknown"), "{answer:?}");
        let first = answer.decision();

        let mut storm = tokio::task::JoinSet::new();
        for attempt in 1..=20 {
            let (smtp, http, to, text) = (gate.smtp, gate.http, to.to_owned(), text.to_owned());
            storm.spawn(async move {
                let raw = composed(attempt, &to, &text, "");
                (mail(smtp, SENDER, &[&format!("<{to}>")], &raw).await, by_api(http, &to, &text, &[]).await)
            });
        }
        for (said, answer) in storm.join_all().await {
            assert!(said.starts_with("250 2.0.0 assumed sent") && said.contains("answer was lost"), "{said}");
            assert_eq!(answer.status, 202, "{answer:?}");
            assert_eq!(answer.headers["tactgate-outcome"], "unknown");
            assert_eq!(answer.headers["tactgate-repeats"], first);
        }
        assert_eq!((mails.mails().len(), requests.requests().len()), (before_mails + 1, before_requests + 1));
        let again = by_api(gate.http, to, text, &[]).await;
        let (en, zh) = (home.explain(&again.decision(), "en"), home.explain(&again.decision(), "zh"));
        assert!(en.contains("a retry: answered from the record, not sent again") && en.contains(&first), "{en}");
        assert!(zh.contains("客户端重试"), "{zh}");
    }
    let metrics = get(gate.admin, "/metrics").await.body;
    assert!(metrics.contains("repeated"), "{metrics}");
    // Each of them is on the books, beside the four that nobody knows the end of.
    assert_eq!(on_the_books(&home), [86, 82, 4]);
}

/// All that was taken, answered from the record, and of unknown end; the books balance.
fn on_the_books(home: &Home) -> [u64; 3] {
    let told = home.run(&["audit", "reconcile", "--format", "json"]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{said}");
    let books: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = books["rows"].as_array().unwrap();
    ["received", "repeated", "unknown"].map(|what| rows.iter().map(|row| row[what].as_u64().unwrap()).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_arrive_is_sent_once_more_and_no_more() {
    let Shop { mails, requests, home, gate } = shop("").await;
    let codes = [("wang@example.cn", CODE_ZH), ("king@example.com", CODE)];
    for (to, text) in codes {
        let (before_mails, before_requests) = (mails.mails().len(), requests.requests().len());
        let declared = "Tactgate-Purpose: one-time-code\r\n";
        mails.next(AtDot::Lose);
        let said = mail(gate.smtp, SENDER, &[&format!("<{to}>")], &composed(0, to, text, declared)).await;
        assert!(said.starts_with("451 4.4.2"), "{said}");
        let first =
            home.explain_json(&id_in(&said, "s-"))["decisions"][0]["decision"]["id"].as_str().unwrap().to_owned();
        requests.next(Reply::Lose);
        assert_eq!(by_api(gate.http, to, text, &[("Tactgate-Purpose", "one-time-code")]).await.status, 504);

        let mut storm = tokio::task::JoinSet::new();
        for attempt in 1..=20 {
            let (smtp, http, to, text) = (gate.smtp, gate.http, to.to_owned(), text.to_owned());
            storm.spawn(async move {
                loop {
                    let raw = composed(attempt, &to, &text, declared);
                    let said = mail(smtp, SENDER, &[&format!("<{to}>")], &raw).await;
                    assert!(said.starts_with("250") || said.starts_with("451 4.3.0"), "{said}");
                    if said.starts_with("250") {
                        break;
                    }
                }
                loop {
                    let answer = by_api(http, &to, &text, &[("Tactgate-Purpose", "one-time-code")]).await;
                    assert!(answer.status == 202 || answer.headers.contains_key("retry-after"), "{answer:?}");
                    if answer.status == 202 {
                        break;
                    }
                }
            });
        }
        tokio::time::timeout(PATIENCE, storm.join_all()).await.unwrap();
        assert_eq!((mails.mails().len(), requests.requests().len()), (before_mails + 2, before_requests + 2));
        let told = home.explain(&first, "en");
        assert!(told.contains("sent once more, for the last time"), "{told}");
    }
    // Both answers lost: the third attempt is answered, nothing leaves a third time.
    let before = mails.mails().len();
    mails.next(AtDot::Lose);
    mails.next(AtDot::Lose);
    let send = async |attempt| {
        let raw = composed(attempt, "li@example.cn", CODE_ZH, "Tactgate-Purpose: one-time-code\r\n");
        mail(gate.smtp, SENDER, &["<li@example.cn>"], &raw).await
    };
    assert!(send(1).await.starts_with("451 4.4.2") && send(2).await.starts_with("451 4.4.2"));
    let said = send(3).await;
    assert!(said.starts_with("250 2.0.0 assumed sent"), "{said}");
    assert_eq!(mails.mails().len(), before + 2);
    let [received, repeated, unknown] = on_the_books(&home);
    assert!(received > 80 && repeated > 70 && unknown == 6, "{received} {repeated} {unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_equal_newsletter_is_a_new_message_once_the_first_was_answered() {
    let Shop { mails, requests, gate, home: _home } = shop("").await;
    for round in 1..=3 {
        for (to, text) in [("wang@example.cn", "秋装上新，全场8折。"), ("king@example.com", "New coats: 20% off.")]
        {
            // On the heels of a reply the gateway may not yet know that it was written.
            let said = until_accepted("a mail", async |_| {
                let said = mail(gate.smtp, SENDER, &[&format!("<{to}>")], &composed(round, to, text, "")).await;
                (!said.contains("under way"), said)
            })
            .await;
            assert!(said.starts_with("250 2.0.0 queued as 4711"), "{said}");
            let answer = until("a request", async || {
                Some(by_api(gate.http, to, text, &[]).await).filter(|answer| answer.status != 503)
            })
            .await;
            assert!(answer.status == 202 && !answer.headers.contains_key("tactgate-repeats"), "{answer:?}");
        }
        assert_eq!((mails.mails().len(), requests.requests().len()), (2 * round, 2 * round));
    }
}

/// Says so much of a mail, then hangs up without a word.
async fn hang_up_after(smtp: SocketAddr, steps: usize, raw: &[u8]) {
    let mut tcp = TcpStream::connect(smtp).await.unwrap();
    let mut buffer = [0; 4_096];
    let mut content = raw.to_vec();
    content.extend_from_slice(b".\r\n");
    let half = content.split_off(content.len() / 2);
    let said: [&[u8]; 7] = [
        b"EHLO tool.example\r\n",
        b"MAIL FROM:<news@shop.example>\r\n",
        b"RCPT TO:<wang@example.cn>\r\n",
        b"DATA\r\n",
        &content,
        &half,
        b"",
    ];
    for (at, words) in said.into_iter().take(steps).enumerate() {
        // A reply stands before each of the first five, and after the last dot.
        if at < 5 || at == 6 {
            assert!(tcp.read(&mut buffer).await.unwrap() > 0);
        }
        tcp.write_all(words).await.unwrap();
    }
    if steps == 6 {
        // Until the gateway has it, and while the provider thinks.
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_client_that_hangs_up_at_any_step_and_comes_back_sends_once() {
    let Shop { mails, gate, home: _home, .. } = shop("").await;
    for steps in 0..=6 {
        let before = mails.mails().len();
        let text = format!("秋装上新第{steps}期，全场8折。");
        mails.next(AtDot::AfterMs(250));
        hang_up_after(gate.smtp, steps, &composed(0, "wang@example.cn", &text, "")).await;
        let said = until_accepted("the retry", async |attempt| {
            let raw = composed(attempt, "wang@example.cn", &text, "");
            let said = mail(gate.smtp, SENDER, &["<wang@example.cn>"], &raw).await;
            assert!(said.starts_with("250") || said.starts_with("451 4.3.0"), "{said}");
            (said.starts_with("250"), said)
        })
        .await;
        assert_eq!(mails.mails().len(), before + 1, "hung up after {steps} steps: {said}");
        if steps == 6 {
            assert!(said.contains("queued at last"), "the provider's own reply: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_client_that_hangs_up_at_any_step_and_comes_back_sends_once() {
    let Shop { requests, gate, home: _home, .. } = shop("").await;
    for share in [0, 30, 60, 90, 100] {
        let before = requests.requests().len();
        let text = format!("New coats, part {share}: 20% off.");
        let body = sendgrid_mail("wang@example.cn", "上新", &text).to_string();
        let said = format!(
            "POST /sendgrid/v3/mail/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Authorization: Bearer SG.key\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        requests.next(Reply::AfterMs(250));
        let mut tcp = TcpStream::connect(gate.http).await.unwrap();
        tcp.write_all(&said.as_bytes()[..said.len() * share / 100]).await.unwrap();
        if share == 100 {
            until("the provider has it", async || (requests.requests().len() > before).then_some(())).await;
        }
        drop(tcp);
        until_accepted("the retry", async |_| {
            let answer = by_api(gate.http, "wang@example.cn", &text, &[]).await;
            assert!(answer.status == 202 || answer.status == 503, "{answer:?}");
            (answer.status == 202, answer.body)
        })
        .await;
        assert_eq!(requests.requests().len(), before + 1, "hung up after {share} %");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_recipients_of_random_fates_get_it_once_each() {
    // What fails for now cannot be held: a body longer than the hold file may be.
    let Shop { mails, gate, home: _home, .. } = shop("[hold]\nfile_bytes_max = 65536\n").await;
    let mut drawn = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move |of: u64| {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (drawn >> 33) % of
    };
    for (round, long) in [true, false].into_iter().enumerate() {
        let before = mails.mails().len();
        let name = |n: usize, kind: u64| match kind {
            0 | 1 => format!("<full{n}-{round}@example.cn>"),
            2 => format!("<nobody{n}-{round}@example.cn>"),
            _ => format!("<wang{n}-{round}@example.cn>"),
        };
        let to: Vec<String> = (0..100).map(|n| name(n, draw(6))).collect();
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        let text = format!("秋装上新。\r\n{}", if long { "羽绒服八折。\r\n".repeat(6_000) } else { String::new() });
        if long {
            mails.next(AtDot::AfterMs(10));
            mails.next(AtDot::Lose);
        }
        let mut answers = Vec::new();
        until_accepted("all are seen to", async |attempt| {
            let said = mail(gate.smtp, "<>", &to, &composed(attempt, "list", &text, "")).await;
            assert!(said.starts_with("250") || said.starts_with("45"), "{said}");
            answers.push(said.clone());
            (said.starts_with("250"), said)
        })
        .await;
        assert_eq!(answers.len() > 2, long, "{answers:?}");
        let owed = to.iter().filter(|to| !to.contains("nobody")).count();
        // Those who wait in the hold are due after half a minute; what they are owed is durable.
        let now = to.iter().filter(|to| to.contains("wang") || long && to.contains("full")).count();
        let mut got: BTreeMap<String, usize> = BTreeMap::new();
        for mail in &mails.mails()[before..] {
            for recipient in &mail.recipients {
                *got.entry(recipient.split(' ').next().unwrap().to_owned()).or_default() += 1;
            }
        }
        assert!(got.values().all(|times| *times == 1), "{got:?} after {answers:?}");
        assert_eq!(got.len(), now, "of {owed}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_key_names_one_message() {
    let Shop { requests, gate, home: _home, .. } = shop("").await;
    let http = gate.http;
    let text = "New coats: 20% off.";
    let once = async |key: &str, text: &str| by_api(http, "wang@example.cn", text, &[("Idempotency-Key", key)]).await;
    // On the heels of a reply the gateway may not yet know that it was written.
    let keyed = async |key: &str, text: &str| {
        until("it is no longer under way", async || Some(once(key, text).await).filter(|answer| answer.status != 409))
            .await
    };

    // Under way: 409; afterwards the same reply again, with the provider's own id.
    requests.next(Reply::AfterMs(1_500));
    let (first, early) = tokio::join!(once("key-1", text), async {
        until("the provider has it", async || (!requests.requests().is_empty()).then_some(())).await;
        once("key-1", text).await
    });
    assert_eq!((first.status, first.headers["x-message-id"].as_str()), (202, "sink-1"), "{first:?}");
    assert_eq!((early.status, early.headers["retry-after"].as_str()), (409, "5"), "{early:?}");
    assert!(early.json()["errors"][0]["message"].as_str().unwrap().contains("under way"));
    for _ in 0..3 {
        let again = keyed("key-1", text).await;
        assert_eq!((again.status, again.headers["x-message-id"].as_str()), (202, "sink-1"), "{again:?}");
        assert_eq!(again.headers["tactgate-repeats"], first.decision());
    }
    assert_eq!(requests.requests().len(), 1);

    // Another content under that key is the client's mistake; another key or none is another message.
    let other = keyed("key-1", "Old coats: 50% off.").await;
    assert_eq!(other.status, 422, "{other:?}");
    assert!(other.json()["errors"][0]["message"].as_str().unwrap().contains("idempotency key"));
    assert_eq!(requests.requests().len(), 1);
    assert_eq!(keyed("key-2", text).await.status, 202);
    until("a new one", async || (by_api(http, "wang@example.cn", text, &[]).await.status == 202).then_some(())).await;
    let invocation = [("amz-sdk-invocation-id", "8d0b1b5e-6b67-4c8e-8d0f-2a9d6d0f3c11")];
    for _ in 0..2 {
        let send = async || (by_api(http, "wang@example.cn", text, &invocation).await.status == 202).then_some(());
        until("it is accepted", send).await;
    }
    assert_eq!(requests.requests().len(), 4);

    let long = "k".repeat(257);
    for bad in [
        &[("Idempotency-Key", "")][..],
        &[("Idempotency-Key", "two words")],
        &[("Idempotency-Key", &long)],
        &[("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    ] {
        let answer = by_api(http, "wang@example.cn", text, bad).await;
        assert_eq!(answer.status, 400, "{bad:?}: {answer:?}");
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key", "{answer:?}");
    }
    let form = b"To=%2B14155550130&From=%2B15005550006&Body=New+coats";
    let twilio = async |key: &str, form: &[u8]| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Idempotency-Key", key)];
        let send = async || post(http, "/twilio/2010-04-01/Accounts/AC1/Messages.json", &headers, form).await;
        until("it is no longer under way", async || Some(send().await).filter(|answer| answer.status != 409)).await
    };
    let (one, again) = (twilio("key-1", form).await, twilio("key-1", form).await);
    assert_eq!((one.status, again.status, &one.body), (201, 201, &again.body), "{again:?}");
    let other = twilio("key-1", b"To=%2B14155550130&From=%2B15005550006&Body=Old+coats").await;
    assert_eq!((other.status, other.json()["code"].as_u64()), (422, Some(20422)), "{other:?}");
    assert_eq!(requests.requests().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_reply_belongs_to_its_stream_and_outlives_the_gateway() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy("");
    let streams = r#"
        [[stream]]
        name = "news"
        brand = "shop"
        credentials = [{ user = "AC1", secret = "news-secret" }]
        [[stream]]
        name = "other-news"
        brand = "shop"
        credentials = [{ user = "AC2", secret = "other-secret" }]
    "#;
    home.settings(&format!("{streams}{}", routes(Some(&mails), Some(&requests))));
    let form = b"To=%2B14155550130&From=%2B15005550006&Body=New+coats";
    let send = async |gate: &Gate, user: &str| {
        use base64::Engine as _;
        let login = base64::engine::general_purpose::STANDARD.encode(user);
        let login = format!("Basic {login}");
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Idempotency-Key", "key-1"),
            ("Authorization", login.as_str()),
        ];
        post(gate.http, "/twilio/2010-04-01/Accounts/AC1/Messages.json", &headers, form).await
    };
    let gate = Gate::start(&home);
    let first = send(&gate, "AC1:news-secret").await;
    assert_eq!(first.status, 201, "{first:?}");
    let other = send(&gate, "AC2:other-secret").await;
    assert!(other.status == 201 && !other.headers.contains_key("tactgate-repeats"), "{other:?}");
    assert_eq!(requests.requests().len(), 2, "what two streams call by one key are two messages");
    gate.terminate();
    assert_eq!(gate.ended().await, 0);
    let gate = Gate::start(&home);
    let again = send(&gate, "AC1:news-secret").await;
    assert_eq!((again.status, &again.body), (201, &first.body), "{again:?}");
    assert_eq!(again.headers["tactgate-repeats"], first.decision());
    assert_eq!(requests.requests().len(), 2);
}
