//! A compliance officer mistypes a key: `tactgate check` names the place and the word meant, and a
//! running gateway keeps its last good rules, says so, and takes up the mended file.

use super::child::{Gate, Home, routes, until};
use super::mail_sink::MailSink;
use super::tools::{get, mail, plain_mail};

const RULE: &str = r#"
[[quiet_hours]]
id       = "whole-week"
channels = ["email"]
from     = 0
UNTIL
days     = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
zone     = "UTC"
then     = "block"
title.en = "Nothing by mail"
title.zh = "暂停邮件"
reason.en = "it is {local_time}"
reason.zh = "现在{local_time}"
"#;

#[test]
fn a_mistyped_key_has_a_place_and_a_suggestion() {
    let home = Home::new();
    home.write("policies/own.toml", &RULE.replace("UNTIL", "untill = 8"));
    let checked = home.run(&["check", "policies"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{said}");
    // Line 6, first column.
    assert!(said.contains("own.toml:6:1") && said.contains("untill"), "{said}");
    assert!(said.contains("did you mean `until`"), "{said}");

    home.write("policies/own.toml", &RULE.replace("UNTIL", "until = 8"));
    let checked = home.run(&["check", "policies"]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_keeps_the_last_good_set() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    let send = async |to: &str| {
        let raw = plain_mail(to, "上新 New in", "秋装上新。New coats are in.");
        mail(gate.smtp, "<news@shop.example>", &[&format!("<{to}>")], &raw).await
    };
    assert!(send("a@example.cn").await.starts_with("250"));
    let good = get(gate.admin, "/readyz").await.json()["policies"]["hash"].clone();

    home.write("policies/own.toml", &RULE.replace("UNTIL", "untill = 24"));
    let told = until("the error in /readyz", async || {
        let ready = get(gate.admin, "/readyz").await;
        assert_eq!(ready.status, 200, "still ready: {ready:?}");
        let policies = ready.json()["policies"].clone();
        policies["error"].is_string().then_some(policies)
    })
    .await;
    let error = told["error"].as_str().unwrap();
    assert!(error.contains("own.toml") && error.contains("did you mean `until`"), "{error}");
    assert_eq!(told["hash"], good, "the last good set stays");
    assert!(home.log().contains("policies are not accepted, the last good ones stay in use"), "{}", home.log());
    assert!(send("b@example.cn").await.starts_with("250"));

    home.write("policies/own.toml", &RULE.replace("UNTIL", "until = 24"));
    until("the mended file", async || {
        let policies = get(gate.admin, "/readyz").await.json()["policies"].clone();
        (policies["error"].is_null() && policies["hash"] != good).then_some(())
    })
    .await;
    let refused = send("c@example.cn").await;
    assert!(refused.starts_with("550 5.7.1 whole-week"), "{refused}");
    assert_eq!(sink.mails().len(), 2);
}

#[test]
fn a_gateway_does_not_start_with_a_mistyped_set() {
    let home = Home::with_policy(&RULE.replace("UNTIL", "untill = 8"));
    home.settings("");
    let ended = home.run(&["serve"]);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("did you mean `until`"), "{said}");
}
