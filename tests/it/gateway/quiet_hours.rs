//! Quiet hours, with everything that can go wrong meanwhile: the message is answered as accepted, the
//! gateway is killed with it, and it leaves when the hours end; but not to somebody who opted out while
//! it waited.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{get, id_in, mail, plain_mail, sms, tell};

/// Quiet until the end of this minute; of the next one when this one is nearly over.
fn quiet_until_soon() -> (String, jiff::Timestamp) {
    let now = jiff::Timestamp::now().as_second();
    let end = (now + 12).div_euclid(60) * 60 + 60;
    let clock = |second: i64| jiff::Timestamp::from_second(second).unwrap().strftime("%H:%M").to_string();
    let rule = format!(
        r#"
        [[quiet_hours]]
        id       = "night"
        channels = ["sms", "email"]
        from     = "{}"
        until    = "{}"
        zone     = "UTC"
        title.en = "Not at night"
        title.zh = "夜间不发送"
        reason.en = "it is {{local_time}}"
        reason.zh = "现在{{local_time}}"
        "#,
        clock(end - 2 * 3600),
        clock(end)
    );
    (rule, jiff::Timestamp::from_second(end).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_quiet_hours_outlives_the_gateway_and_an_opt_out_outranks_it() {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    home.settings(&routes(Some(&mails), Some(&texts)));
    let (rule, end) = quiet_until_soon();
    home.write("policies/pressure.toml", &rule);
    let gate = Gate::start(&home);

    let wanted = sms(gate.http, "+8613800138040", "【某某商城】秋装上新，全场8折，回T退订", &[]).await;
    let refused_later = sms(gate.http, "+8613800138041", "【某某商城】秋装上新，全场8折，回T退订", &[]).await;
    for answer in [&wanted, &refused_later] {
        assert_eq!(answer.status, 201, "{answer:?}");
        let body = answer.json();
        assert!(body["sid"].as_str().unwrap().starts_with("SM") && body["status"] == "queued", "{answer:?}");
    }
    let raw = plain_mail("king@example.com", "New in", "New coats: 20% off all of them.");
    let by_mail = mail(gate.smtp, "<news@shop.example>", &["<king@example.com>"], &raw).await;
    assert!(by_mail.starts_with("250 2.0.0 accepted, held until"), "{by_mail}");
    assert!(jiff::Timestamp::now() < end, "this machine is too slow for the story");
    assert!(mails.mails().is_empty() && texts.requests().is_empty());
    gate.kill();

    let gate = Gate::start(&home);
    let out = r#"{"type":"opt-out","customer":"+8613800138041","channel":"sms"}"#;
    tell(gate.http, "out", out).await;
    let now = jiff::Timestamp::now();
    if now < end {
        // Sleeps for as long as the hours last, so that the wait below is short.
        tokio::time::sleep((end - now).try_into().unwrap()).await;
    }
    assert!(mails.wait_for(1).await[0].data.ends_with(&raw));
    let text = texts.wait_for(1).await.remove(0);
    assert_eq!(text.form("To").as_deref(), Some("+8613800138040"));
    assert_eq!(text.header("authorization"), Some("Basic QUMxOnRva2Vu"), "the client's credentials were kept with it");

    let id = refused_later.decision();
    let told = super::child::until("the second decision", async || {
        Some(home.explain(&id, "en")).filter(|told| told.contains("opted-out"))
    })
    .await;
    assert!(told.contains("night"), "both decisions: {told}");
    let chinese = home.explain(&id, "zh");
    assert!(chinese.contains("opted-out") && chinese.contains("night"), "{chinese}");
    let decisions = home.explain_json(&id)["decisions"].as_array().map(Vec::len);
    assert_eq!(decisions, Some(2), "{}", home.explain_json(&id));
    assert_eq!(texts.requests().len(), 1, "who opted out gets nothing");
    assert!(home.explain(&id_in(&by_mail, "s-"), "en").contains("night"));
    assert_eq!(get(gate.admin, "/readyz").await.status, 200);
}
