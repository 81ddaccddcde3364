//! One submission, several people: each is decided on its own, who may be written to is, and the sender
//! learns of the rest in the way the protocol allows.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{mail, plain_mail, sendgrid, tell};

const REFUSED: [&str; 3] = ["refused@example.cn", "refused-too@example.cn", "refused-three@example.cn"];

async fn started() -> (MailSink, HttpSink, Home, Gate) {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    home.settings(&routes(Some(&mails), Some(&requests)));
    let gate = Gate::start(&home);
    for mailbox in REFUSED {
        tell(gate.http, mailbox, &format!(r#"{{"type":"opt-out","customer":"{mailbox}","channel":"email"}}"#)).await;
    }
    (mails, requests, home, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_get_the_mail_and_the_sender_is_told_of_the_third() {
    let (mails, _requests, _home, gate) = started().await;
    let raw = plain_mail("list@shop.example", "Autumn 上新", "New coats are in. 秋装上新。");
    let to = ["<a@example.cn>", "<refused@example.cn>", "<b@example.cn>"];
    let said = mail(gate.smtp, "<news@shop.example>", &to, &raw).await;
    assert!(said.starts_with("250"), "{said}");
    let arrived = mails.wait_for(2).await;
    let sent = arrived.iter().find(|m| m.sender.starts_with("<news@shop.example>")).unwrap();
    let mut got: Vec<&str> = sent.recipients.iter().map(|r| r.split(' ').next().unwrap()).collect();
    got.sort_unstable();
    assert_eq!(got, ["<a@example.cn>", "<b@example.cn>"]);
    assert!(sent.data.ends_with(&raw), "their bytes are the client's");
    let told = arrived.iter().find(|m| m.sender.starts_with("<>")).expect("a notification with the null sender");
    assert!(told.recipients[0].starts_with("<news@shop.example>"), "{told:?}");
    let text = String::from_utf8_lossy(&told.data);
    for part in [
        "multipart/report",
        "report-type=delivery-status",
        "refused@example.cn",
        "5.7.1",
        "opted-out",
        "Auto-Submitted: auto-replied",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("a@example.cn>") && !text.contains("b@example.cn>"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_who_did_not_ask() {
    let (mails, _requests, _home, gate) = started().await;
    let raw = plain_mail("list@shop.example", "Autumn 上新", "New coats are in. 秋装上新。");
    // A null sender, then NOTIFY=NEVER.
    let said = mail(gate.smtp, "<>", &["<a@example.cn>", "<refused@example.cn>"], &raw).await;
    assert!(said.starts_with("250"), "{said}");
    let quiet = "<refused-too@example.cn> NOTIFY=NEVER";
    let said = mail(gate.smtp, "<news@shop.example>", &["<b@example.cn>", quiet], &raw).await;
    assert!(said.starts_with("250"), "{said}");
    // A last one whose notification does come shows that nothing else was on its way before it.
    let loud = "<refused-three@example.cn>";
    let said = mail(gate.smtp, "<last@shop.example>", &["<c@example.cn>", loud], &raw).await;
    assert!(said.starts_with("250"), "{said}");
    let arrived = mails.wait_for(4).await;
    assert_eq!(arrived.len(), 4, "three mails, one notification");
    let told: Vec<_> =
        arrived.iter().filter(|m| String::from_utf8_lossy(&m.data).contains("multipart/report")).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].recipients[0].starts_with("<last@shop.example>"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_refused_is_a_plain_refusal() {
    let (mails, _requests, _home, gate) = started().await;
    let raw = plain_mail("list@shop.example", "上新", "秋装上新。");
    let said =
        mail(gate.smtp, "<news@shop.example>", &["<refused@example.cn>", "<refused-too@example.cn>"], &raw).await;
    assert!(said.starts_with("550 5.7.1 opted-out"), "{said}");
    assert!(mails.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn sendgrid_loses_the_refused_one_and_keeps_every_other_byte() {
    let (_mails, requests, _home, gate) = started().await;
    // Odd spacing and escapes on purpose: what stays is not written anew.
    let body = r#"{ "personalizations" : [
  {"to":[{"email":"a@example.cn","name":"\u738b"},{"email":"refused@example.cn"}], "cc":[{"email":"refused-too@example.cn"},{"email":"c@example.cn"}]},
  {"to":[{"email":"refused-three@example.cn"}]},
  {"to":[{"email":"b@example.cn"}],"subject":"For you \/ 给您"}
 ], "from":{"email":"news@shop.example"},"subject":"Autumn","content":[{"type":"text/plain","value":"New coats are in. 秋装上新。"}] }"#;
    let answer = super::tools::post(
        gate.http,
        "/sendgrid/v3/mail/send",
        &[("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")],
        body.as_bytes(),
    )
    .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let request = requests.wait_for(1).await.remove(0);
    let text = request.text();
    let expected = body
        .replace(r#",{"email":"refused@example.cn"}"#, "")
        .replace(r#"{"email":"refused-too@example.cn"},"#, "")
        .replace("\n  {\"to\":[{\"email\":\"refused-three@example.cn\"}]},", "");
    let blank = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(blank(text), blank(&expected), "{text}");
    for kept in
        [r#"{"email":"a@example.cn","name":"\u738b"}"#, r#""subject":"For you \/ 给您""#, r#"{ "personalizations" : ["#]
    {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_does_not_leave_without_its_addressee() {
    let (_mails, requests, _home, gate) = started().await;
    let body = serde_json::json!({
        "personalizations": [{"to": [{"email": REFUSED[0]}], "cc": [{"email": "boss@example.cn"}]}],
        "from": {"email": "news@shop.example"}, "subject": "上新",
        "content": [{"type": "text/plain", "value": "秋装上新。"}],
    });
    let answer = sendgrid(gate.http, &body, &[]).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.json()["errors"][0]["message"].as_str().unwrap().contains("opted-out"), "{answer:?}");
    assert!(requests.requests().is_empty());
}
