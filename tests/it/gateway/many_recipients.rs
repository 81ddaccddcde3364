//! One submission, several people: each is decided on its own, who may be written to is, and the sender
//! learns of the rest in the way the protocol allows.

use jiff::SignedDuration;
use tactgate::config::Protocol;

use super::child::{Gate, Home, routes};
use super::hand_clock::by_hand;
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

#[tokio::test(flavor = "multi_thread")]
async fn one_full_mailbox_does_not_cost_the_others_their_mail_nor_itself_its_own() {
    let mails = MailSink::start().await;
    let home = Home::new();
    let (running, _) = by_hand(&home, &routes(Some(&mails), None)).await;
    let raw = plain_mail("list", "上新", "秋装上新。");
    let smtp = running.door(Protocol::Smtp).unwrap();
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>", "<full@example.cn>"], &raw).await;
    assert!(said.starts_with("250"), "{said}");
    assert_eq!(mails.mails()[0].recipients, ["<a@example.cn>"]);
    running.gateway.clock.turn(SignedDuration::from_secs(31));
    let arrived = mails.wait_for(2).await;
    assert_eq!(arrived[1].recipients, ["<full@example.cn>"]);
    assert!(arrived[1].data.ends_with(&raw));
    running.stop().await;
    assert_eq!(mails.mails().len(), 2, "once each");
}

const MEND: &str = r#"
[[below_price_paid]]
id       = "mend"
within   = "30 days"
then     = { remove_sentence = {} }
title.en = "Offer below the price paid"
title.zh = "报价低于购买价"
reason.en = "{paid} for {product}, now {price}"
reason.zh = "{product}曾付{paid}，现{price}"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn who_bought_gets_the_mended_mail_and_the_others_the_mail_as_it_is() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(MEND);
    home.settings(&format!("{}trace = false\n{}", routes(Some(&mails), None), routes(None, Some(&requests))));
    let gate = Gate::start(&home);
    let event = r#"{"type":"purchase","customer":"buyer@example.cn","product":"BT-200","price":"399 CNY"}"#;
    tell(gate.http, "order", event).await;
    let text = "您好，您上个月累积的会员积分已到账，可以在会员中心查看。BT-200限时特价299元！";
    let raw = plain_mail("list", "积分", text);
    let to = ["<a@example.cn>", "<buyer@example.cn>", "<b@example.cn>"];
    let said = mail(gate.smtp, "<news@shop.example>", &to, &raw).await;
    assert!(said.starts_with("250"), "{said}");
    let mut arrived = mails.wait_for(2).await;
    arrived.sort_by_key(|m| m.recipients.len());
    assert_eq!(
        (&arrived[0].recipients[..], &arrived[1].recipients[..]),
        (&["<buyer@example.cn>".to_owned()][..], &["<a@example.cn>".to_owned(), "<b@example.cn>".to_owned()][..])
    );
    assert_eq!(arrived[1].data, raw);
    let mended = String::from_utf8_lossy(&arrived[0].data);
    assert!(mended.contains("会员中心查看") && !mended.contains("299"), "{mended}");

    let body = serde_json::json!({
        "personalizations": [{"to": [{"email": "a@example.cn"}]}, {"to": [{"email": "buyer@example.cn"}]}],
        "from": {"email": "news@shop.example"}, "subject": "积分", "content": [{"type": "text/plain", "value": text}],
    });
    let answer = sendgrid(gate.http, &body, &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let mut arrived = requests.wait_for(2).await;
    arrived.sort_by_key(|r| r.text().contains("buyer"));
    assert!(arrived[0].text().contains("a@example.cn") && arrived[0].text().contains("299"), "{}", arrived[0].text());
    assert!(!arrived[1].text().contains("a@example.cn") && !arrived[1].text().contains("299"), "{}", arrived[1].text());
}
